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
