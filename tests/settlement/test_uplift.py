"""Uplift: lost opportunities by hand, and best answers that are none."""

from dataclasses import replace

import numpy as np
import pytest

from gridopt.case.pricing_options import Ordc
from gridopt.dispatch.answers import Answers
from gridopt.dispatch.single import dispatch
from gridopt.program.solution import SolverFailed
from gridopt.settlement.uplift import uplift
from gridopt.study.priced import price_by
from tests.support.block_cases import FUEL, UNIT_TYPE, buses, load, unit
from tests.support.market import ONE_PERIOD, cleared
from tests.support.small import case


def by_name(left):
    return {str(n).partition(" ")[2]: g for g, n in enumerate(left.names)}


def test_what_a_unit_that_is_held_back_loses():
    """Load 350: A 300 MW at 250 is full or B 100 at least at 300 with 9000 an hour: A 250, B 100. Price 250, of A. B at 250 would rather
    be off: profit -100 x 50 - 9000 = -14000, best 0, lost 14000. A earns nothing either way."""
    cleared_case = cleared(ONE_PERIOD)
    left = uplift(cleared_case, price_by("ip", cleared_case).prices)
    of = by_name(left)
    assert left.loc[of["B"]] == pytest.approx(14000) and left.mwp[of["B"]] == pytest.approx(14000)
    assert left.loc[of["A"]] == pytest.approx(0, abs=1e-6) and left.best[of["A"]] == pytest.approx(0, abs=1e-6)


TWO_DAYS = """
periods: 2
period_h: 24
demand_mw: [100, 200]
generators:
  - {id: G, p_min: 50, p_max: 50, marginal_cost: 25, must_run: true, initially_on: true}
  - {id: cheap, p_max: 100, marginal_cost: 20}
  - {id: dear, p_max: 100, marginal_cost: 35}
"""


def test_T2_a_day_does_not_make_up_for_another():
    """G must give 1200 MWh a day at 25. The first day's price is 20, that of the second 35: -6000, then 12000. The first is made whole."""
    solved = cleared(TWO_DAYS)
    prices = price_by("ip", solved).prices
    left = uplift(solved, prices)
    of = by_name(left)["G"]
    assert prices.price[0] == pytest.approx([20, 35])
    assert (left.profit[of], left.mwp[of], left.paid[of]) == pytest.approx((6000, 6000, 6000)) and left.mwp.sum() == pytest.approx(6000)


def test_T2_what_is_looked_ahead_at_does_not_count():
    """Of the first day alone G earns 24000 for 30000; the best answer is the same, for it must run."""
    solved = cleared(TWO_DAYS)
    left = uplift(solved, price_by("ip", solved).prices, kept=1)
    of = by_name(left)["G"]
    found = [v[of] for v in (left.revenue, left.cost, left.profit, left.best, left.mwp, left.loc)]
    assert found == pytest.approx([24000, 30000, -6000, -6000, 6000, 0], abs=1e-6) and left.lost.shape[1] == 1


def test_commitment_that_is_settled_counts_by_day():
    """With every decision at its own price nobody lacks anything on any day."""
    solved = cleared(TWO_DAYS)
    assert price_by("ip_full", solved).uplift.mwp.sum() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("worse, refused", [(0.1, False), (100.0, True)])
def test_a_best_answer_that_is_worse_than_the_schedule_is_an_error(monkeypatch, worse, refused):
    """A takes in and spends 250 x 250 = 62500 CNY: a best answer that is 100 CNY worse is refused, one that is 0.10 CNY worse is rounding."""
    cleared_case, right = cleared(ONE_PERIOD), Answers.at

    def wrong(self, y, beside=0.0):
        found = right(self, y, beside)
        return replace(found, best=found.best + worse * np.char.endswith(self.people.names.astype(str), " A"))

    monkeypatch.setattr(Answers, "at", wrong)
    if refused:
        with pytest.raises(SolverFailed, match="its schedule earns .* more than the best answer"):
            uplift(cleared_case, price_by("ip", cleared_case).prices)
    else:
        uplift(cleared_case, price_by("ip", cleared_case).prices)


def test_an_adder_is_earned_once_by_wind_that_nobody_curtails():
    """30 MW of wind beside a unit that gives 10 of 100 MW at 20: no reserve is enough, the adder is 800 - 20, and wind earns 30 x 800."""
    given = case(1, bus=buses("A"), fuel=FUEL, unit_type=UNIT_TYPE, unit=[unit("A", 20, 100.0)], load=[load("A", mean=40.0)],
                 renewable=[dict(renewable="w", bus="A", technology="wind", power_max_mw=30.0)])  # fmt: skip
    found = dispatch(given)
    left = uplift(found, price_by("ordc", found, Ordc(voll_cny_per_mwh=800, minimum_mw=1000)).prices)
    assert left.revenue[by_name(left)["w"]] == pytest.approx(30 * 800) and left.loc.sum() == pytest.approx(0, abs=1e-6)
