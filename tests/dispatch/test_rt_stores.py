"""Stores and water in real time: what was held is given before load is shed, and only where it gains more than the margin."""

from dataclasses import replace

import numpy as np
import pytest

from gridopt.case.actual import without_ends
from gridopt.case.time import TimeGrid
from gridopt.dispatch.attempts import Search
from gridopt.dispatch.real_time import RealTimeRule, run_real_time
from gridopt.dispatch.single import dispatch
from tests.support.block_cases import FUEL, UNIT_TYPE, buses, line, load, unit
from tests.support.certify import certificate
from tests.support.small import case

SHED = [dict(tier="all", share=1.0, cost_cny_per_mwh=5000.0)]
BATTERY = dict(storage="s", bus="A", power_max_mw=20.0, energy_max_mwh=80.0, energy_start_fraction=0.5, wear_cny_per_mwh=0.01)
WEAR = 0.02
"""CNY/MWh that wear may move a price by; it is there so that a store in the plan moves for a gain alone."""


def pair(expected, comes, **rows):
    """A case by what is expected, and the same by what comes, of a load at A."""
    base = dict(bus=buses("A"), fuel=FUEL, unit_type=UNIT_TYPE, unit=[unit("A", 20, 100.0)], load=[load("A", "d")], shedding_tier=SHED,
                storage=[BATTERY])  # fmt: skip
    return tuple(case(len(expected), series={"d": v}, **(base | rows)) for v in (expected, comes))


def ran(expected, comes, intervals=2, weights=(0.0, 1.0), **kw):
    """What is expected stays so until it comes."""
    return run_real_time(dispatch(expected, search=Search(0.0)), comes, RealTimeRule(intervals, weights, **kw))


EXPECTED, COMES = [80, 80, 95, 80], [80, 110, 95, 80]


def test_a_store_gives_before_load_is_shed_and_is_filled_again():
    """100 MW at 20, a store of 20 MW with 40 of 80 MWh. 110 MW come where 80 were expected: the store gives 10, of which 5 can come back within
    the two hours that the window sees; the others are worth 20 and 5 of margin: 25 is the price. By the end it holds 40 MWh again, from the
    unit at 20. No load is shed."""
    done = ran(*pair(EXPECTED, COMES), margin=5.0)
    q = done.dispatch.quantities
    assert q["shedding"].values.sum() == pytest.approx(0.0)
    assert q["storage_discharge"].values[0] == pytest.approx([0, 10, 0, 0])
    assert q["storage_charge"].values[0].sum() == pytest.approx(10)
    assert q["storage_energy"].values[0, -1] == pytest.approx(40)
    assert done.prices.price[0] == pytest.approx([20, 25, 20, 20], abs=WEAR)
    assert certificate(done.dispatch).passed


def test_held_to_its_schedule_a_store_lets_load_be_shed():
    done = ran(*pair(EXPECTED, COMES), stores=False)
    assert done.dispatch.quantities["shedding"].values[0] == pytest.approx([0, 10, 0, 0])
    assert done.prices.price[0, 1] == pytest.approx(5000)


@pytest.mark.parametrize(("margin", "price"), [(15.0, 30.0), (5.0, 25.0)])
def test_a_gain_below_the_margin_moves_no_store(margin, price):
    """A dearer unit of 30 MW at 30; 110 and 105 MW come in hours 1 and 2, 5 MW of which the plan takes from the store. The other 10 MWh come
    from the unit at 30, for the store would ask 20 and 15; with a margin of 5 they come from the store at 25."""
    given = pair([80, 80, 105, 80], [80, 110, 105, 80], unit=[unit("A", 20, 100.0), unit("A", 30, 30.0)])
    assert ran(*given, margin=margin).prices.price[0, 1] == pytest.approx(price, abs=WEAR)


def test_reserve_that_a_store_holds_is_given_at_the_price_of_missing_it():
    """20 MW of the store are the reserve of 20 MW. 110 MW come: it gives 10 of them, 10 are missing at 300: 20 + 5 + 300 is the price of
    energy, 300 that of reserve; then it holds them again. No load is shed."""
    rows = dict(
        reserve=[dict(reserve="r", product="spinning_up", requirement_mw=20.0)],
        reserve_offer=[dict(reserve="r", kind="storage")], reserve_shortage=[dict(reserve="r", cost_cny_per_mwh=300.0)],
    )  # fmt: skip
    done = ran(*pair(EXPECTED, COMES, **rows), margin=5.0)
    q = done.dispatch.quantities
    assert q["shedding"].values.sum() == pytest.approx(0.0)
    assert q["reserve_shortage"].values[0] == pytest.approx([0, 10, 0, 0])
    assert done.prices.price[0, 1] == pytest.approx(325, abs=WEAR)
    assert done.dispatch.reserve_price[0, 1] == pytest.approx(300, abs=WEAR)


def test_an_end_that_could_not_be_reached_any_more_is_not_left():
    """As above, but the 110 MW come in the last hour: what the store gives could not come back, so 10 MW are shed."""
    done = ran(*pair([80, 80, 80, 80], [80, 80, 80, 110]), margin=5.0)
    assert done.dispatch.quantities["shedding"].values[0] == pytest.approx([0, 0, 0, 10])
    assert done.dispatch.quantities["storage_energy"].values[0, -1] == pytest.approx(40)


def test_with_an_open_end_what_is_left_is_worth_what_it_was_in_the_plan():
    """The same with the end left open in real time: a MWh less than the plan wants at the end costs 20 and 5 of margin: no load is shed at
    5000, the store ends 10 MWh lower, 25 is the price."""
    expected, comes = pair([80, 80, 80, 80], [80, 80, 80, 110])
    done = ran(expected, without_ends(comes), margin=5.0)
    assert done.dispatch.quantities["shedding"].values.sum() == pytest.approx(0.0)
    assert done.dispatch.quantities["storage_energy"].values[0, -1] == pytest.approx(30)
    assert done.prices.price[0] == pytest.approx([20, 20, 20, 25], abs=WEAR)
    assert certificate(done.dispatch).passed


LAKE = dict(
    reservoir="x", bus="A", power_max_mw=20.0, power_mw_per_m3s=1.0, volume_min_hm3=0.0, volume_max_hm3=1.0, volume_start_hm3=0.5,
    volume_end_hm3=0.5,
)  # fmt: skip


@pytest.mark.parametrize("rows", [{}, dict(storage=[], reservoir=[LAKE])], ids=["store", "lake"])
def test_prices_after_the_fact_leave_what_is_left(rows):
    """70 MW at 20, the other 10 at 50. A store or a lake of 20 MW keeps what it has for the 50 that it is worth after the end, which is open
    in real time. Prices of all that has come are 50 as well; if it were given away, 20 would be one of them."""
    units = dict(unit=[unit("A", 20, 70.0), unit("A", 50, 100.0)])
    expected, comes = pair([80, 80], [80, 80], **units, **rows)
    done = ran(expected, without_ends(comes), margin=5.0, mode="expost")
    assert done.prices.price[0] == pytest.approx([50, 50])


def test_water_is_worth_what_it_does_downstream_after_the_window():
    """A lake of 1 MW per m3/s above a plant of 1 MW per m3/s that its water reaches two hours later, 12 m3/s for an hour to give. All hours
    cost 50 at the margin, so that the water must go within the first four hours for both plants to give 12 MWh, whatever comes: the windows
    of two hours see that what passes the lake is worth 50 more two hours later."""
    rows = dict(
        unit=[unit("A", 20, 30.0), unit("A", 50, 100.0)], storage=[],
        reservoir=[
            dict(reservoir="top", bus="A", power_max_mw=20.0, power_mw_per_m3s=1.0, volume_min_hm3=0.0, volume_max_hm3=1.0,
                 volume_start_hm3=0.5, volume_end_hm3=0.5 - 0.0036 * 12, downstream="low", delay_h=2.0),
            dict(reservoir="low", bus="A", power_max_mw=20.0, power_mw_per_m3s=1.0),
        ],
    )  # fmt: skip
    given = pair([60.0] * 6, [60, 65, 60, 60, 60, 60.0], **rows)
    done = ran(*given, margin=1.0)
    assert done.prices.price[0] == pytest.approx(np.full(6, 50.0))
    made = done.dispatch.quantities["hydro_output"].values.sum(axis=1)
    assert made == pytest.approx([12, 12])
    assert done.dispatch.solution.objective == pytest.approx(dispatch(given[1]).solution.objective)


def mixed(seed, steps=8, **cells):
    """Two buses, a line with a limit, units with ramps, wind, two stores of unlike efficiency (with further cells), three reservoirs of which
    one feeds another two hours later."""
    r = np.random.default_rng(seed)
    series = {n: r.uniform(0.4, 1.0, steps) for n in ("a", "b", "w")} | {"i": r.uniform(5.0, 15.0, steps)}
    lake = dict(power_max_mw=25.0, power_mw_per_m3s=0.9, volume_min_hm3=0.0, volume_max_hm3=2.0, volume_start_hm3=1.0, volume_end_hm3=0.95)
    return case(
        steps, series=series, bus=buses("A", "B"), line=[line("A", "B", 55.0)], fuel=FUEL, unit_type=UNIT_TYPE,
        unit=[unit("A", 20, 60.0), unit("A", 30, 60.0), unit("B", 50, 80.0), unit("B", 90, 120.0)],
        load=[load("A", "a", 90.0), load("B", "b", 170.0)],
        renewable=[dict(renewable="w", bus="A", technology="wind", power_max_mw=60.0, profile="w")],
        storage=[dict(BATTERY, charge_efficiency=0.9, discharge_efficiency=0.95, wear_cny_per_mwh=2.0, **cells),
                 dict(BATTERY, storage="t", bus="B", energy_max_mwh=30.0, charge_efficiency=0.85, standing_loss_per_h=0.01, **cells)],
        reservoir=[dict(lake, reservoir="x", bus="A", downstream="y", delay_h=2.0, profile="i"), dict(lake, reservoir="y", bus="B"),
                   dict(reservoir="z", bus="B", power_max_mw=9.0, power_mw_per_m3s=0.5, profile="i")],
        shedding_tier=SHED,
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("ahead", [1, 3])
def test_where_nothing_comes_otherwise_no_store_leaves_its_plan(seed, ahead):
    """The worth at the end of each window is that of the plan, water under way included: with any margin the plan is the best of each
    window."""
    given = mixed(seed)
    plan = dispatch(given)
    done = run_real_time(plan, given, RealTimeRule(ahead, (0.0,), margin=1.0))
    assert done.dispatch.solution.objective == pytest.approx(plan.solution.objective, rel=1e-9)


@pytest.mark.parametrize("cells", [{}, dict(cyclic=True), dict(cycles_per_day=1.0), dict(energy_end_fraction=0.9)])
@pytest.mark.parametrize("seed", range(4))
def test_whatever_comes_the_schedule_passes_the_check_and_sheds_no_more_than_with_stores_held(seed, cells):
    given, r = mixed(seed, **cells), np.random.default_rng(seed)
    comes = {n: v * r.uniform(0.9, 1.3, len(v)) if n != "i" else v for n, v in given.source.values.items()}
    comes["w"] = np.minimum(comes["w"], 1.0)
    actual = replace(given, source=type(given.source)(given.time, comes))
    plan = dispatch(given)
    free, held = (run_real_time(plan, actual, RealTimeRule(3, (0.0, 0.5, 1.0), stores=s, margin=5.0)) for s in (True, False))
    assert certificate(free.dispatch).passed
    shed = [d.dispatch.quantities["shedding"].values.sum() for d in (free, held)]
    assert shed[0] <= shed[1] + 1e-6
    assert np.isfinite(free.prices.price).all()


@pytest.mark.parametrize("minutes", [60, 30, 15])
def test_the_length_of_steps_changes_no_price(minutes):
    """110 MW come in the first hour, 95 in the next two, of which windows of two hours see too little to refill 10 MWh: what the store gives
    comes at 25 whatever the steps."""
    given = [c.on_time(TimeGrid.regular("2025-01-01", "2025-01-01T05:00", minutes))
             for c in pair([80, 95, 95, 80, 80], [110, 95, 95, 80, 80])]  # fmt: skip
    steps = 60 // minutes
    done = ran(*given, intervals=2 * steps, weights=(0.0,), margin=5.0)
    assert done.prices.price[0, :steps] == pytest.approx(np.full(steps, 25.0), abs=WEAR)
    assert done.dispatch.quantities["storage_discharge"].values[0, :steps] == pytest.approx(np.full(steps, 10.0))


def test_a_store_with_a_limit_of_cycles_keeps_to_the_plan():
    done = ran(*pair(EXPECTED, COMES, storage=[dict(BATTERY, cycles_per_day=1.0)]), margin=5.0)
    assert done.dispatch.quantities["storage_discharge"].values[0] == pytest.approx(np.zeros(4))
    assert certificate(done.dispatch).passed


def test_a_store_that_would_do_both_at_once_is_on_one_side():
    """A generator that must give 60 MW where 40 are needed: prices are below 0, and a store that charges and discharges at once would burn
    power. With decisions it charges alone: 20 MW at a store of efficiency 0.8."""
    base = dict(
        unit=[], generator=[dict(generator="g", bus="A", power_min_mw=60.0, power_max_mw=100.0, cost_cny_per_mwh=20.0)],
        storage=[dict(BATTERY, charge_efficiency=0.8, energy_end_fraction=0.0)],
    )  # fmt: skip
    given = [replace(c, commitment="exact") for c in pair([70, 70, 70, 70], [70, 40, 70, 70], **base)]
    done = ran(*given, margin=5.0)
    q = done.dispatch.quantities
    assert (np.minimum(q["storage_charge"].values, q["storage_discharge"].values) <= 1e-6).all()
    assert certificate(done.dispatch).passed
