"""Equal offers at one bus are taken in proportion, where nothing else is in the way."""

import numpy as np
import pytest

from gridopt.dispatch.attempts import Search
from gridopt.dispatch.fair_offers import share_ties
from gridopt.dispatch.secured import Limits, bounded
from gridopt.dispatch.single import dispatch
from gridopt.study.load import load_study
from tests.support.certify import certificate

CASE = """
periods: {periods}
demand_mw: {demand}
generators:
  - {{id: A, p_max: 100, marginal_cost: 50{a}}}
  - {{id: B, p_max: 300, marginal_cost: 50{b}}}
  - {{id: C, p_max: 80, marginal_cost: 20}}
"""


def read(tmp_path, demand, a="", b="", text=CASE):
    path = tmp_path / "case.yaml"
    path.write_text(text.format(periods=len(demand), demand=demand, a=a, b=b), encoding="utf-8")
    return load_study(path, {}, None).case


def both(tmp_path, demand, a="", b="", text=CASE):
    """Outputs (g, T) before and after."""
    before = dispatch(read(tmp_path, demand, a, b, text), search=Search(0.0))
    after = share_ties(before)
    assert after.solution.objective == pytest.approx(before.solution.objective)
    assert after.injection == pytest.approx(before.injection)
    assert certificate(after).passed
    return before.quantities["generator_output"].values, after.quantities["generator_output"].values


def shared(tmp_path, demand, a="", b="", text=CASE):
    return both(tmp_path, demand, a, b, text)[1]


def test_equal_offers_share_in_proportion_to_what_they_offer(tmp_path):
    """280 MW: 80 of C at 20; 200 of the 400 that A and B offer at 50: half of each, 50 and 150."""
    assert shared(tmp_path, [280]) == pytest.approx(np.array([[50], [150], [80.0]]))


def test_plants_that_are_switched_share_what_they_offer_above_their_least_output(tmp_path):
    """A and B are on for 40 and 60 MW at least; 280 - 80 - 100 = 100 of 60 + 240 above: a third: 20 and 80."""
    on = ", p_min: {}, must_run: true, initially_on: true"
    assert shared(tmp_path, [280], on.format(40), on.format(60)) == pytest.approx(np.array([[60], [140], [80.0]]))


def test_a_ramp_keeps_the_steps_that_it_ties_as_they_were_found(tmp_path):
    """A may change by 10 MW an hour from 0 MW: 50 in the first hour would break that. Ramps hold, and the cost is the same."""
    output = shared(tmp_path, [280, 280], ", ramp_mw_per_h: 10, initial_mw: 0")
    assert output[0, 0] <= 10 + 1e-6 and output[:2].sum(axis=0) == pytest.approx([200, 200])


def test_offers_at_other_buses_and_of_users_are_apart(tmp_path):
    """The same price at b, from where no more than 20 MW can come, and a user who pays 50: the plants at a share among themselves alone,
    and the others stay. Together with C, 80 MW at b would have to give more than half."""
    text = """
buses: [{{id: a, load_mw: {demand}}}, {{id: b}}]
lines: [{{id: ab, from: a, to: b, limit_mw: 20}}]
generators:
  - {{id: A, bus: a, p_max: 100, marginal_cost: 50{a}}}
  - {{id: B, bus: a, p_max: 300, marginal_cost: 50{b}}}
  - {{id: C, bus: b, p_max: 80, marginal_cost: 50}}
bids: [{{id: u, bus: a, blocks: [[40, 50]]}}]
"""
    before, output = both(tmp_path, [280], text=text)
    assert output[1, 0] == pytest.approx(3.0 * output[0, 0]) and output[:2].sum() == pytest.approx(before[:2].sum())
    assert output[2:] == pytest.approx(before[2:])


def test_a_least_output_of_an_earlier_stage_holds(tmp_path):
    """A share of 100 of 300 MW above the least would be 20 MW for A; 50 MW were promised: the split stays as it was found."""
    on = ", p_min: {}, must_run: true, initially_on: true"
    case = read(tmp_path, [280], on.format(40), on.format(60))
    least = np.array([[50.0], [0.0]])
    before = bounded(case, Limits({"commitment.above": (least, np.full((2, 1), np.inf))}), Search(0.0))
    assert np.array_equal(share_ties(before).solution.x, before.solution.x)
    assert before.quantities["generator_output"].values[0, 0] >= 90.0


def test_square_costs_are_no_equal_offers(tmp_path):
    """280 MW: 80 of C at 20; A at 50 and 0.1 a MW more, B at 50 flat, D at 50 flat: A gives nothing, and is left with it; B and D share."""
    text = CASE.replace("marginal_cost: 50{a}", "cost: {{c1: 50, c2: 0.05}}{a}") + "  - {{id: D, p_max: 100, marginal_cost: 50}}\n"
    assert shared(tmp_path, [280], text=text) == pytest.approx(np.array([[0], [150], [80.0], [50]]), abs=1e-5)


@pytest.mark.parametrize("demand", [[80.0], [480.0], [20.0]])
def test_where_all_or_nothing_is_taken_nothing_changes(tmp_path, demand):
    part = min(max(demand[0] - 80.0, 0.0) / 400.0, 1.0)
    assert shared(tmp_path, demand)[:2] == pytest.approx(np.array([[100 * part], [300 * part]]))
