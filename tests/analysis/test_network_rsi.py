"""Residual supply within the limits of the network: by hand, against the plain index, and against clearings without an owner."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridopt.analysis.concentration import rsi
from gridopt.analysis.market_metrics import metrics
from gridopt.analysis.network_rsi import NetworkRsi, figures, network_rsi, tightest
from gridopt.analysis.offer_change import without
from gridopt.analysis.owners import Owners
from gridopt.dispatch.lmp import price
from gridopt.dispatch.market_run import MarketRun
from gridopt.dispatch.single import dispatch
from tests.support.market import RING, priced
from tests.support.meshed import meshed

BEHIND_A_LINE = """
buses: [{id: a}, {id: b, load_mw: 150}]
lines: [{id: ab, from: a, to: b, limit_mw: 100}]
generators:
  - {id: A, bus: a, p_max: 300, marginal_cost: 200}
  - {id: B, bus: b, p_max: 80, marginal_cost: 300}
  - {id: D, bus: b, p_max: 60, marginal_cost: 400}
"""


def of(text: str):
    outcome = priced(text, "ip")
    run, case = MarketRun.of(outcome.solved, outcome.priced.prices, "DA"), outcome.solved.case
    owners = Owners.of_run(run, case)
    found = network_rsi(run, case, owners, np.array([0]))
    return {n: (r[0], m[0]) for n, r, m in zip(owners.name, found.rsi, found.needed, strict=True)}, run, owners


def test_C3_C4_a_line_makes_an_owner_needed():
    """150 MW at b, 100 come over the line. Without A 140 are left: 0.9333, 10 MW of it are needed. Without B 160, without D 180; without
    both 100, and 50 MW of them are needed. 300 MW are left without B and D, a plain index of 2."""
    found, run, owners = of(BEHIND_A_LINE)
    assert found["A"] == pytest.approx((140 / 150, 10)) and found["B"] == pytest.approx((160 / 150, 0))
    assert found["D"] == pytest.approx((1.2, 0))
    found, run, owners = of(BEHIND_A_LINE + "owners: {Both: [B, D]}\n")
    assert found["Both"] == pytest.approx((100 / 150, 50))
    assert rsi(run, owners)[list(owners.name).index("Both"), 0] == pytest.approx(2.0)


def test_C3_in_a_ring():
    """Without C3: 0.5 W1 + 0.25 (C2 - 100 x) + 0.25 x 300 x <= 300 with C4 at 400, C2 at 350 and W1 what is left, 900 x - 750:
    500 x - 287.5 <= 300, x = 1.175, while 1350 MW are there for 900: 1.5."""
    found, run, owners = of(RING)
    assert found["C3"] == pytest.approx((1.175, 0))
    assert rsi(run, owners)[list(owners.name).index("C3"), 0] == pytest.approx(1.5)


def test_figures_of_owners_stand_among_the_others():
    outcome = priced(BEHIND_A_LINE, "ip")
    run = MarketRun.of(outcome.solved, outcome.priced.prices, "DA")
    table = metrics(run, None, outcome.solved.case)
    mine = table[table["scope"] == "owner A"].set_index("name")["value"]
    assert mine[["network_rsi_min", "network_pivotal_share", "needed_mw"]].to_list() == pytest.approx([140 / 150, 1.0, 10.0])


def test_the_tightest_period_of_each_day_is_tested():
    """Demand 10, 30 | 20, 5, the same power: periods 2 and 3. A day without demand has none."""
    text = "periods: 4\nperiod_h: 12\ndemand_mw: [10, 30, 20, 5]\ngenerators: [{id: A, p_max: 50, marginal_cost: 1}]\n"
    outcome = priced(text, "ip")
    run = MarketRun.of(outcome.solved, outcome.priced.prices, "DA")
    owners = Owners.of_run(run, outcome.solved.case)
    assert tightest(run, owners).tolist() == [1, 2]
    none = replace(run, load=run.load * np.array([1, 1, 0, 0.0]))
    assert tightest(none, owners).tolist() == [1]
    assert np.isnan(network_rsi(replace(run, load=0 * run.load), outcome.solved.case, owners, np.array([0])).rsi).all()


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10**6))
def test_an_owner_that_is_pivotal_is_one_whose_absence_sheds_load(seed):
    """Random meshes with limits of lines and sections: below 1 load is shed when the owner is away; 1 or above, none. Without limits the
    index is the plain one."""
    d = dispatch(meshed(seed, hours=1))
    run = MarketRun.of(d, price(d), "DA")
    owners = Owners.of_run(run, d.case)
    demand = replace(run, load=d.quantities["load"].values, lost=np.zeros_like(run.lost))
    found = network_rsi(demand, d.case, owners, np.array([0]))
    for o in range(0, len(owners.name), 3):
        mine = [str(p) for p, of in zip(run.plant, owners.of, strict=True) if of == o]
        shed = dispatch(without(d.case, mine)).quantities["shedding"].values.sum()
        assert (shed > 1e-6) == (found.rsi[o, 0] < 1.0 - 1e-7), (seed, owners.name[o])
    wide = meshed(seed, hours=1, interface=[], interface_limit=[], interface_member=[],
                  line=[r | dict(rating_mw=None) for r in d.case.table("line").reset_index()[["line", "from_bus", "to_bus", "length_km",
                        "reactance_ohm_per_km"]].to_dict("records")])  # fmt: skip
    plain = network_rsi(demand, wide, owners, np.array([0])).rsi
    assert plain == pytest.approx(rsi(demand, owners), rel=1e-6)


@pytest.mark.parametrize(("needed", "most"), [([10.0, 0.0], 10.0), ([0.0, np.nan], np.nan), ([np.nan, np.nan], np.nan)])
def test_what_is_needed_is_not_known_where_nothing_satisfies_the_limits_even_with_the_owner(needed, most):
    """An index below 1, and no answer to how much must come from the owner: that is not none."""
    owners = Owners(np.array(["A"], object), np.array([0]), np.array([50.0]))
    index = np.where(np.array([needed]) == 0.0, 1.2, 0.9)
    found = figures(NetworkRsi(np.arange(2), index, np.array([needed])), owners)
    assert {n: v for _, n, v in found}["needed_mw"] == pytest.approx(most, nan_ok=True)


def test_where_nothing_competes_there_is_no_index():
    outcome = priced(BEHIND_A_LINE, "ip")
    run = MarketRun.of(outcome.solved, outcome.priced.prices, "DA")
    idle = replace(run, available=0 * run.available, output=0 * run.output)
    owners = Owners.of_run(idle, outcome.solved.case)
    assert network_rsi(idle, outcome.solved.case, owners).rsi.shape == (0, 1)
