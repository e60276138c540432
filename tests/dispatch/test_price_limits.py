"""Floor and cap of prices: cut off after the clearing, or kept by penalties of a pricing run."""

import numpy as np
import pytest

from gridopt.case.penalties import with_penalties, with_prices_of_penalties
from gridopt.case.pricing_options import Selected
from gridopt.dispatch.lmp import price
from gridopt.dispatch.price_limits import clipped, pricing_run
from gridopt.dispatch.single import dispatch
from gridopt.pricing.ip import price as marginal
from gridopt.settlement.uplift import uplift
from tests.support.block_cases import FUEL, UNIT_TYPE, buses, line, load, unit
from tests.support.certify import certificate
from tests.support.small import case

SHED = [dict(tier="all", share=1.0, cost_cny_per_mwh=10000.0)]


def one_bus(demand):
    return case(1, bus=buses("A"), fuel=FUEL, unit_type=UNIT_TYPE, unit=[unit("A", 20, 100.0), unit("A", 50, 100.0)],
                load=[load("A", mean=demand)], shedding_tier=SHED)  # fmt: skip


def test_prices_are_cut_off_and_lost_opportunity_is_measured_at_what_is_left():
    """220 MW, 200 there: 20 are shed, LMP 10000, cut off at 650. At 650 both units still give all they have: no opportunity is lost, and
    the shift is -9350."""
    found = dispatch(one_bus(220.0))
    cut = clipped(marginal(found.case, found), 40.0, 650.0)
    assert cut.price == pytest.approx(np.array([[650.0]])) and cut.shift == pytest.approx(np.array([[-9350.0]]))
    left = uplift(found, cut)
    place = [n for n, name in enumerate(left.names) if str(name).startswith("unit")]
    assert left.loc[place] == pytest.approx([0, 0], abs=1e-6)
    assert left.revenue[place].sum() == pytest.approx(650 * 200)


def test_the_floor_lifts_prices_and_what_is_within_the_limits_is_left():
    found = dispatch(one_bus(50.0))
    plain = marginal(found.case, found)
    assert clipped(plain, 40.0, 650.0).price == pytest.approx(np.array([[40.0]]))
    assert clipped(plain, 10.0, 650.0) is plain


def behind_a_line():
    """B needs 150 MW: 100 by the line from A at 20, and 20 MW of its own at 90."""
    units = [unit("A", 20, 500.0), unit("B", 90, 20.0)]
    return with_penalties(
        case(1, bus=buses("A", "B"), line=[line("A", "B", 100.0)], fuel=FUEL, unit_type=UNIT_TYPE, unit=units,
             load=[load("B", mean=150.0)], shedding_tier=SHED), 100000.0, 60000.0, 40000.0)  # fmt: skip


def test_a_limit_is_passed_before_load_is_shed_and_its_price_is_the_penalty():
    """100 + 20 MW reach 120 of 150: the line carries 130, 30 too much, at 60000 each: price of B 20 + 60000."""
    found = dispatch(behind_a_line())
    assert found.flow[0] == pytest.approx([130]) and found.quantities["shedding"].values.sum() == pytest.approx(0)
    assert price(found).price[:, 0] == pytest.approx([20, 60020])


def by_choice(base, choice):
    return marginal(base.case, base, Selected(selection=choice)).price[:, 0]


def test_in_the_pricing_run_a_violated_limit_is_relaxed_and_its_price_is_at_most_the_penalty():
    """With 3000 in place of 60000 and the limit at 130: the unit of B gives all its 20 MW, so that B is worth 90 at least, and one more MW
    by the line 20 + 3000 at most."""
    found = dispatch(behind_a_line())
    base = pricing_run(found, with_prices_of_penalties(found.case, 5000.0, 3000.0, 2000.0))
    assert base.flow[0] == pytest.approx([130])
    assert by_choice(base, "lower") == pytest.approx([20, 90]) and by_choice(base, "upper") == pytest.approx([20, 3020])
    prices = marginal(base.case, base)
    low, high = prices.span
    assert low[1] == pytest.approx(90) and high[1] == pytest.approx(3020)
    left = uplift(found, prices)
    assert left.loc == pytest.approx(np.zeros(len(left.loc)), abs=1e-6) and left.shortfall.sum() == pytest.approx(0, abs=1e-6)


def test_what_the_schedule_costs_and_what_is_lost_by_it_are_those_of_the_clearing():
    """150 MW wanted, 100 at 20: 50 at 90 run rather than be missed at 100000. The pricing run sheds them at the cap of 65: they lack 50 x 25 =
    1250, and would rather not run; the unit at 20 earns all it can."""
    given = case(1, bus=buses("A"), fuel=FUEL, unit_type=UNIT_TYPE, unit=[unit("A", 20, 100.0), unit("A", 90, 100.0)],
                 load=[load("A", mean=150.0)], shedding_tier=SHED)  # fmt: skip
    found = dispatch(with_penalties(given, 100000.0, 60000.0, 40000.0))
    base = pricing_run(found, with_prices_of_penalties(found.case, 65.0, 3000.0, 2000.0))
    prices = marginal(base.case, base)
    assert prices.price == pytest.approx(np.array([[65.0]])) and base.optimum.quantities["shedding"].values.sum() == pytest.approx(50)
    left = uplift(found, prices)
    dear = list(left.cost.round(6)).index(4500.0)
    assert left.mwp[dear] == pytest.approx(1250) and left.loc[dear] == pytest.approx(1250)
    assert left.mwp.sum() == pytest.approx(1250) and left.loc.sum() == pytest.approx(1250)


def test_a_shortage_is_priced_at_the_penalty_of_the_pricing_run():
    """20 MW are shed, at 650 in the pricing run."""
    found = dispatch(with_penalties(one_bus(220.0), 100000.0, 60000.0, 40000.0))
    assert price(found).price == pytest.approx(np.array([[100000.0]]))
    base = pricing_run(found, with_prices_of_penalties(found.case, 650.0, 3000.0, 2000.0))
    assert base.quantities["shedding"].values.sum() == pytest.approx(20)
    assert marginal(base.case, base).price == pytest.approx(np.array([[650.0]]))


def secured(demand=60.0):
    """Two lines of 50 MW from A (20) to B (90, 20 MW of its own): after the outage of one the other may carry 50: so may both together."""
    lines = [dict(line("A", "B", 50.0), line=n) for n in ("p", "q")]
    given = case(1, bus=buses("A", "B"), line=lines, contingency=[dict(contingency=n, kind="line", element=n) for n in ("p", "q")], fuel=FUEL,
                 unit_type=UNIT_TYPE, unit=[unit("A", 20, 500.0), unit("B", 90, 20.0)], load=[load("B", mean=demand)],
                 shedding_tier=SHED)  # fmt: skip
    return with_penalties(given, 100000.0, 60000.0, 40000.0)


def test_security_is_given_up_before_limits_are_passed_and_those_before_load_is_shed():
    """80 MW: 50 secure, 20 of B, and 10 more by the lines, by which both limits after an outage are passed at 40000 each: B 20 + 80000. 130 MW:
    100 by the lines within their limits, 20 of B; the last 10 would pass each limit by half a MW each, 60000, and that after an outage by
    as much beyond it, 40000: 20 + 100000 is dearer than to shed them."""
    found = dispatch(secured(80.0))
    assert found.flow == pytest.approx(np.array([[30.0], [30.0]])) and found.overload == pytest.approx(np.zeros((2, 1)))
    assert found.quantities["branch_overload_after"].values == pytest.approx(np.array([[10.0], [10.0]]))
    assert price(found).price[:, 0] == pytest.approx([20, 80020])
    found = dispatch(secured(130.0))
    assert found.quantities["shedding"].values.sum() == pytest.approx(10.0)
    assert found.overload == pytest.approx(np.zeros((2, 1)))
    assert certificate(found).passed


def test_in_the_pricing_run_security_has_a_price_of_its_own():
    """The 80 MW with 2000 in place of 40000 for each limit after an outage, relaxed to 60: B 90 at least, 20 + 4000 at most."""
    found = dispatch(secured(80.0))
    base = pricing_run(found, with_prices_of_penalties(found.case, 650000.0, 3000.0, 2000.0))
    assert by_choice(base, "lower") == pytest.approx([20, 90]) and by_choice(base, "upper") == pytest.approx([20, 4020])
