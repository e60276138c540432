"""Storage: arbitrage, wear, start and end energy, cycles, inflow, standing loss, outages, grouping."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from gridopt.case.time import TimeGrid
from gridopt.dispatch import single
from gridopt.dispatch.attempts import Search
from gridopt.dispatch.formulate import formulate
from gridopt.dispatch.lazy import Relaxed
from gridopt.dispatch.lazy import solve as solve_plainly
from gridopt.dispatch.lmp import price
from tests.support.block_cases import buses, load, power_case, unit
from tests.support.certify import certificate
from tests.support.optimum import assert_optimal, solve

UNITS = [unit("A", 10, 20), unit("A", 90, 100)]


def battery(name="B", power=8.0, energy=100.0, **kw):
    return dict(storage=name, bus="A", power_max_mw=power, energy_max_mwh=energy, **kw)


def test_S2_battery_carries_cheap_energy():
    """One bus, two hours, 10 then 30 MW; 20 MW at 10 and 100 MW at 90; battery 8 MW, charge efficiency 0.9, wear 2 CNY/MWh.

    Charge 8 MW (stores 7.2), discharge 7.2: 18*10 + 20*10 + 2.8*90 + 7.2*2 = 646.40; prices 10 and 90; stored energy 90 - 2 = 88.
    """
    d = solve(
        power_case(
            2,
            series={"d": [10, 30]},
            bus=buses("A"),
            unit=UNITS,
            load=[load("A", "d")],
            storage=[battery(charge_efficiency=0.9, wear_cny_per_mwh=2.0)],
        )
    )
    assert d.solution.objective == pytest.approx(646.40)
    assert price(d).price[0] == pytest.approx([10, 90])
    assert d.values.dual("storage.energy_balance") == pytest.approx(88)
    assert d.quantities["storage_energy"].values[0] == pytest.approx([7.2, 0])


def test_S2_all_losses_and_costs():
    """As above with discharge efficiency 0.8, charging cost 3: 7.2 stored gives 5.76.

    18*10 + 20*10 + (10 - 5.76)*90 + 5.76*2 + 8*3 = 180 + 200 + 381.6 + 11.52 + 24 = 797.12; stored MWh worth 0.8*88 = 70.4.
    """
    d = solve(
        power_case(
            2,
            series={"d": [10, 30]},
            bus=buses("A"),
            unit=UNITS,
            load=[load("A", "d")],
            storage=[
                battery(charge_efficiency=0.9, discharge_efficiency=0.8, wear_cny_per_mwh=2.0, charging_cost_cny_per_mwh=3.0)
            ],
        )
    )
    assert d.solution.objective == pytest.approx(797.12)
    assert d.values.dual("storage.energy_balance") == pytest.approx(70.4)


def test_S1_energy_limit_binds():
    """5 MWh of room: charges 5, discharges 5: 15*10 + 20*10 + 5*90 = 800; a stored MWh is worth 10 first, 90 after."""
    d = solve(
        power_case(2, series={"d": [10, 30]}, bus=buses("A"), unit=UNITS, load=[load("A", "d")], storage=[battery(energy=5.0)])
    )
    assert d.solution.objective == pytest.approx(800)
    assert d.values.dual("storage.energy_balance")[0] == pytest.approx([10, 90])


def test_S1_ends_no_lower_than_it_began():
    """40 of 100 MWh before; dear hour first (30 MW), cheap hour after (10 MW): lends 8 MWh, gets them back.

    20*10 + 2*90 + 18*10 = 560; energy 32, then 40.
    """
    d = solve(
        power_case(
            2,
            series={"d": [30, 10]},
            bus=buses("A"),
            unit=UNITS,
            load=[load("A", "d")],
            storage=[battery(energy_start_fraction=0.4)],
        )
    )
    assert d.solution.objective == pytest.approx(560)
    assert d.quantities["storage_energy"].values[0] == pytest.approx([32, 40])


@pytest.mark.parametrize("minutes", [60, 30, 15, 5])
def test_S2_standing_loss_of_idle_energy_at_any_step(minutes):
    """50 MWh idle for 4 h at 2 % per hour: 50*(1 - 0.98^4) = 3.881592 MWh to replace at 10 CNY/MWh, in the last step only.
    Wear of 1000 keeps it from selling early what it would lose anyway.

    4 h x 10 MW x 10 = 400; 438.81592 in all. A MWh stored an hour earlier is worth 0.98 of one.
    """
    d = solve(
        power_case(
            4,
            minutes,
            bus=buses("A"),
            unit=[unit("A", 10, 200)],
            load=[load("A", mean=10.0)],
            storage=[battery(power=100.0, energy_start_fraction=0.5, standing_loss_per_h=0.02, wear_cny_per_mwh=1000.0)],
        )
    )
    assert d.solution.objective == pytest.approx(400 + 10 * 50 * (1 - 0.98**4), rel=1e-9)
    value = d.values.dual("storage.energy_balance")[0, 60 // minutes - 1 :: 60 // minutes]
    assert value[1:] / value[:-1] == pytest.approx(1 / 0.98)


def test_S2_standing_loss_over_steps_of_unequal_length():
    """Charge 8 MW in an hour, idle for 2 h (one step, or one of 90 and one of 30 min), give back 8*0.9^3 in the last hour.

    Hour 1: 10 MW of load; idle hours 20 MW; last 30 MW: (18 + 40 + 20)*10 + (10 - 5.832)*90 = 1155.12.
    """
    case = power_case(
        4,
        series={"d": [10, 20, 20, 30]},
        bus=buses("A"),
        unit=UNITS,
        load=[load("A", "d")],
        storage=[battery(standing_loss_per_h=0.1)],
    )
    for cuts in ([0, 60, 120, 180, 240], [0, 60, 180, 240], [0, 60, 150, 180, 240]):
        start = case.time.start[0] + np.array(cuts[:-1]) * np.timedelta64(60, "s")
        assert solve(case.on_time(TimeGrid(start, np.diff(cuts) / 60.0))).solution.objective == pytest.approx(1155.12)


def test_stores_of_equal_hours_are_one_and_share_by_power():
    """2 and 6 MW of four hours each: together 8 MW; they share 1 : 3 in power and energy."""
    stores = [battery("B1", 2.0, 8.0), battery("B2", 6.0, 24.0), battery("B3", 1.0, 0.0)]
    d = solve(power_case(2, series={"d": [10, 30]}, bus=buses("A"), unit=UNITS, load=[load("A", "d")], storage=stores))
    assert d.solution.objective == pytest.approx(18 * 10 + 20 * 10 + 2 * 90)
    assert d.quantities["storage_charge"].values[:, 0] == pytest.approx([2, 6, 0])
    assert d.quantities["storage_energy"].values[:, 0] == pytest.approx([2, 6, 0])


def test_S1_store_that_retires_is_emptied_before():
    """Retires at midnight of hour 2: what it holds is used in hour 1 (8 MW), not in the dearer hour after."""
    d = solve(
        power_case(
            2,
            start="2024-12-31T23:00",
            series={"d": [25, 60]},
            bus=buses("A"),
            unit=UNITS,
            load=[load("A", "d")],
            storage=[battery(energy=5.0, energy_start_fraction=1.0, retirement="2025-01-01")],
        )
    )
    assert d.quantities["storage_discharge"].values[0] == pytest.approx([5, 0])
    assert d.solution.objective == pytest.approx(20 * 10 + 20 * 10 + 40 * 90)


@pytest.mark.parametrize("minutes", [60, 30, 15])
def test_S3_what_a_retiring_store_cannot_give_leaves_with_it(minutes):
    """60 MWh at 23:00, 8 MW, retires at midnight: gives 8, writes 52 off. 17*10 in hour 1; 20*10 + 40*90 in hour 2 = 3970."""
    d = solve(
        power_case(
            2,
            minutes,
            start="2024-12-31T23:00",
            series={"d": [25, 60]},
            bus=buses("A"),
            unit=UNITS,
            load=[load("A", "d")],
            storage=[battery(energy_start_fraction=0.6, retirement="2025-01-01")],
        )
    )
    assert d.solution.objective == pytest.approx(17 * 10 + 20 * 10 + 40 * 90)
    assert d.quantities["storage_written_off"].values.sum() == pytest.approx(52)
    assert d.quantities["storage_written_off"].values[0, 60 // minutes] == pytest.approx(52)
    assert certificate(d).passed


def test_S3_store_that_retires_within_a_step_and_one_alike_that_stays():
    """Two of 8 MW and 16 MWh, full, no load: one retires at midnight, in the middle of the second of three steps of 2 h.

    Room of the two 32, 24, 16 MWh: 8 leave in the second step, 8 in the third; all from the one that retires.
    """
    stores = [battery("B1", energy=16.0, energy_start_fraction=1.0), battery("B2", energy=16.0, energy_start_fraction=1.0)]
    stores[0]["retirement"] = "2025-01-01"
    d = solve(power_case(6, 120, start="2024-12-31T21:00", bus=buses("A"), unit=UNITS, storage=stores))
    assert d.solution.objective == pytest.approx(0)
    assert d.quantities["storage_written_off"].values == pytest.approx(np.array([[0, 8, 8], [0, 0, 0]]))
    assert d.quantities["storage_energy"].values.sum(axis=0) == pytest.approx([32, 24, 16])
    assert certificate(d).passed


def test_S3_no_energy_leaves_otherwise():
    """A store that stays or enters has no column for it."""
    stores = [battery(), battery("late", in_service="2025-01-02"), battery("long", retirement="2026-01-01")]
    d = solve(power_case(48, bus=buses("A"), unit=UNITS, load=[load("A", mean=5.0)], storage=stores))
    assert d.values["storage.written_off"].size == 0
    assert not d.quantities["storage_written_off"].values.any()


def test_S3_the_room_of_another_store_is_no_way_out():
    """A store of another bus that retires does not let this one lose energy: 50 of 100 MWh, power 0, stay."""
    stores = [battery(power=0.0, energy_start_fraction=0.5), dict(battery("C", energy_start_fraction=1.0), bus="C")]
    stores[1]["retirement"] = "2025-01-01"
    load_c = load("C", mean=8.0)
    d = solve(power_case(2, start="2024-12-31T23:00", bus=buses("A", "C"), unit=UNITS, load=[load_c], storage=stores))
    assert d.quantities["storage_energy"].values == pytest.approx(np.array([[50, 50], [92, 0]]))
    assert d.quantities["storage_written_off"].values == pytest.approx(np.array([[0, 0], [0, 92]]))
    assert certificate(d).passed


def two_hours(first: float, second: float, minutes: int = 60, more: dict | None = None, series: dict | None = None, **kw):
    """One bus, a load of two hours, 20 MW at 10 and 100 MW at 90 CNY/MWh, one battery; its certificate passes."""
    rows = dict(bus=buses("A"), unit=UNITS, load=[load("A", "d")], storage=[battery(**kw)]) | (more or {})
    d = solve(power_case(2, minutes, series={"d": [first, second]} | (series or {}), **rows))
    assert certificate(d).passed, certificate(d).failed
    return d


STEPS = pytest.mark.parametrize("minutes", [60, 30, 15, 5])


@STEPS
def test_S1_energy_that_must_be_left(minutes):
    """4 of 100 MWh must be left: charges 8, gives 4: 18*10 + 20*10 + 6*90 = 920."""
    d = two_hours(10, 30, minutes, energy_end_fraction=0.04)
    assert d.solution.objective == pytest.approx(920)
    assert d.quantities["storage_energy"].values[0, -1] == pytest.approx(4)


def test_S1_nothing_need_be_left():
    """40 MWh before, none after: 8 MW in both hours: 20*10 + 2*90 + 2*10 = 400."""
    d = two_hours(30, 10, energy_start_fraction=0.4, energy_end_fraction=0.0)
    assert d.solution.objective == pytest.approx(400)
    assert d.quantities["storage_energy"].values[0] == pytest.approx([32, 24])


@STEPS
def test_S1_charging_has_its_own_limit(minutes):
    """Charges 4 MW, discharges 8 at most but has 4: 14*10 + 20*10 + 6*90 = 880. The other way round 12 MW would be charged."""
    d = two_hours(10, 30, minutes, charge_max_mw=4.0)
    assert d.solution.objective == pytest.approx(880)
    assert d.quantities["storage_charge"].values.max() == pytest.approx(4)
    assert two_hours(5, 30, power=8.0, charge_max_mw=12.0, energy_end_fraction=0.04).solution.objective == pytest.approx(
        17 * 10 + 20 * 10 + 2 * 90
    )


@STEPS
def test_S4_cyclic_store_lends_what_it_gets_back(minutes):
    """Dear hour first. 8 MW charged in the second hour store 7.2 and give 5.76 in the first of the next round, which is this one:
    20*10 + (10 - 5.76)*90 + 18*10 = 761.60. The share before the first step does not count."""
    d = two_hours(30, 10, minutes, cyclic=True, charge_efficiency=0.9, discharge_efficiency=0.8, energy_start_fraction=0.0)
    assert d.solution.objective == pytest.approx(761.6)
    energy = d.quantities["storage_energy"].values[0]
    assert energy[-1] - energy[60 // minutes - 1] == pytest.approx(7.2)


def test_S4_standing_loss_from_the_last_step_to_the_first():
    """10 % per hour: 8 MWh at the end are 7.2 after the first hour: 20*10 + 2.8*90 + 18*10 = 632. Worth 90 in the first hour, 81 before."""
    d = two_hours(30, 10, cyclic=True, standing_loss_per_h=0.1)
    assert d.solution.objective == pytest.approx(632)
    assert d.quantities["storage_energy"].values[0] == pytest.approx([0, 8])
    assert d.values.dual("storage.energy_balance")[0] == pytest.approx([90, 81])


def test_S4_cyclic_store_that_must_hold_something_at_the_ends():
    """At least 30 of 100 MWh before and after; 10 % per hour lost: 30 -> 27 - d -> 0.9 (27 - d) + c = 30; charges its 8 MW:
    27 - d = 22/0.9 = 24.444, d = 2.556. 20*10 + (10 - 2.5556)*90 + 18*10 = 1050."""
    d = two_hours(30, 10, cyclic=True, standing_loss_per_h=0.1, energy_end_fraction=0.3)
    assert d.solution.objective == pytest.approx(1050)
    assert d.quantities["storage_energy"].values[0] == pytest.approx([22 / 0.9, 30])


def test_S4_one_step():
    """What is charged in the only step is what is given in it: nothing is gained."""
    d = solve(power_case(1, bus=buses("A"), unit=UNITS, load=[load("A", mean=30.0)], storage=[battery(cyclic=True)]))
    assert d.solution.objective == pytest.approx(20 * 10 + 10 * 90)
    assert certificate(d).passed


def test_S4_cyclic_store_that_comes_later_starts_and_ends_empty():
    """In service from the second hour: nothing can have been held before the first, so nothing is owed and nothing is lent."""
    at = dict(start="2024-12-31T23:00", bus=buses("A"), unit=UNITS, load=[load("A", mean=30.0)])
    d = solve(power_case(2, **at, storage=[battery(cyclic=True, energy_end_fraction=0.5, in_service="2025-01-01")]))
    assert d.quantities["storage_energy"].values[0] == pytest.approx([0, 0])
    assert certificate(d).passed


@STEPS
def test_S5_inflow_is_stored_given_or_spilt(minutes):
    """20 MW flow into 5 MWh of room in the first hour: 8 given, 5 kept, 7 spilt; 3 MW in the second: 8 given. Charging at 50 % is no
    matter. 2*10 + 20*10 + 2*90 = 400."""
    d = two_hours(10, 30, minutes, series={"w": [20, 3]}, energy=5.0, inflow_profile="w", charge_efficiency=0.5)
    assert d.solution.objective == pytest.approx(400)
    assert d.quantities["storage_spill"].values[0] @ d.case.time.hours == pytest.approx(7)


def test_S5_full_store_without_use_spills_all():
    d = two_hours(0, 0, series={"w": [3, 1]}, energy_start_fraction=1.0, inflow_profile="w")
    assert d.quantities["storage_spill"].values[0] == pytest.approx([3, 1])
    assert d.solution.objective == pytest.approx(0)


def test_S5_inflow_into_a_cyclic_store():
    """2 MW for two hours are all that can be given, in the dear first hour: 20*10 + 6*90 + 10*10 = 840."""
    d = two_hours(30, 10, series={"w": [2, 2]}, cyclic=True, inflow_profile="w", charge_max_mw=0.0)
    assert d.solution.objective == pytest.approx(840)


@pytest.mark.parametrize("minutes", [60, 30, 15])
def test_an_outage_keeps_what_is_stored(minutes):
    """8 MWh charged in the first hour (180). Out for half of the second: 4 given there, 4 in the third: 200 + 6*90 + 20*10 = 940.
    Out for all of it, 8 given in the third, now of 30 MW: 200 + 10*90 + 200 + 2*90 = 1480.
    """
    whole = dict(kind="storage", element="B", start_time="2025-01-01 01:00", end_time="2025-01-01 02:00")
    half = whole | dict(start_time="2025-01-01 01:15", end_time="2025-01-01 01:45")
    for outage, last, held, cost in ((half, 24, 4, 940), (whole, 30, 8, 1480)):
        d = solve(
            power_case(3, minutes, series={"d": [10, 30, last]}, bus=buses("A"), unit=UNITS, load=[load("A", "d")],
                       storage=[battery()], outage=[outage])
        )  # fmt: skip
        assert d.solution.objective == pytest.approx(180 + cost)
        assert d.quantities["storage_energy"].values[0, 120 // minutes - 1] == pytest.approx(held)
        assert certificate(d).passed


@pytest.mark.parametrize(
    ("other", "groups"),
    [
        ({}, 1),
        (dict(charge_max_mw=8.0), 1),  # what it is anyway
        (dict(charge_max_mw=4.0), 2),
        (dict(cyclic=True), 2),
        (dict(energy_end_fraction=0.0), 2),
        (dict(inflow_profile="d"), 2),
    ],
)
def test_only_alike_stores_are_merged(other, groups):
    stores = [battery("B1"), battery("B2", **other)]
    d = solve(power_case(2, series={"d": [10, 30]}, bus=buses("A"), unit=UNITS, load=[load("A", "d")], storage=stores))
    assert len(d.values["storage.charge"]) == groups
    assert certificate(d).passed


def test_stores_with_inflow_or_outages_are_alone():
    """Two with the same series: each keeps its own water. One of three out of service: its energy is not that of the others."""
    rows = dict(bus=buses("A"), unit=UNITS, load=[load("A", "d")])
    fed = [battery("B1", inflow_profile="d"), battery("B2", 4.0, 50.0, inflow_profile="d")]
    d = solve(power_case(2, series={"d": [10, 30]}, storage=fed, **rows))
    assert len(d.values["storage.charge"]) == 2 and certificate(d).passed
    outage = [dict(kind="storage", element="B1", start_time="2025-01-01 00:00", end_time="2025-01-01 01:00")]
    d = solve(power_case(2, series={"d": [10, 30]}, storage=[battery(f"B{n}") for n in range(3)], outage=outage, **rows))
    assert len(d.values["storage.charge"]) == 2 and certificate(d).passed
    assert d.quantities["storage_discharge"].values[1] == pytest.approx([0, 0])


def test_merged_stores_share_charging_by_its_limit():
    """2 and 6 MW that charge at half of it: 1 : 3."""
    stores = [battery("B1", 2.0, 8.0, charge_max_mw=1.0), battery("B2", 6.0, 24.0, charge_max_mw=3.0)]
    d = solve(power_case(2, series={"d": [10, 30]}, bus=buses("A"), unit=UNITS, load=[load("A", "d")], storage=stores))
    assert d.quantities["storage_charge"].values[:, 0] == pytest.approx([1, 3])


def test_S4_S5_long_horizon_climbs_the_ladder():
    """1600 h in four pieces with seasonal and daily cyclic stores, inflow and another rule of the end: the optimum of the plain loop, and
    the way up serves: the last program starts at the optimum."""
    hours, rng = 1600, np.random.default_rng(3)
    day, season = np.sin(np.arange(hours) * 2 * np.pi / 24), np.sin(np.arange(hours) * 2 * np.pi / hours)
    pumped = dict(technology="pumped_hydro", inflow_profile="w", charge_max_mw=1.0, cyclic=True)
    case = power_case(
        hours,
        series={"d": 60 + 15 * day - 20 * season + rng.uniform(0, 5, hours), "w": 2 + 1.5 * season},
        bus=buses("A"),
        unit=[unit("A", 10, 35), unit("A", 30, 25), unit("A", 50, 20), unit("A", 90, 100)],
        load=[load("A", "d")],
        storage=[battery("day", 8.0, 30.0, cyclic=True, charge_efficiency=0.9),
                 battery("end", 5.0, 20.0, energy_start_fraction=0.5, energy_end_fraction=0.9, charge_efficiency=0.8),
                 *(dict(battery(f"dam{n}", 6.0, 1000.0 + n, charge_efficiency=0.9 - n / 50), **pumped) for n in range(3))],
    )  # fmt: skip
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(single, "WEEK_H", 400.0)
        d = single.dispatch(case, progress=said.append)
    assert_optimal(d)
    assert said.count("4 pieces, 2 side by side") >= 1
    assert next(s for s in said if s.startswith("round 1")).endswith(" 0 iterations")
    model = formulate(case)
    assert d.solution.objective == pytest.approx(solve_plainly(Relaxed(model.builder.form(), model.builder.lazy_families)).objective)
    energy = d.quantities["storage_energy"].values
    assert np.ptp(energy[2]) > 300 and energy[1, -1] == pytest.approx(18)
    assert certificate(d).passed


@STEPS
def test_S1_limits_that_vary(minutes):
    """May charge half its 8 MW in the first hour and hold 5 %, 6 % of 100 MWh; in the second it may give 3/8 and must keep 2 MWh.

    4 charged; 4 - 2 = 2 given though 3 could be: 14*10 + 20*10 + 8*90 = 1060.
    """
    series = {"c": [0.5, 1.0], "g": [1.0, 0.375], "most": [0.05, 0.06], "least": [0.0, 0.02]}
    names = dict(charge_profile="c", discharge_profile="g", energy_max_profile="most", energy_min_profile="least")
    d = two_hours(10, 30, minutes, series=series, **names)
    assert d.solution.objective == pytest.approx(1060)
    less = two_hours(10, 30, minutes, series=series | {"least": [0.0, 0.005]}, **names)
    assert less.solution.objective == pytest.approx(13.5 * 10 + 20 * 10 + 7 * 90)
    full = two_hours(10, 30, minutes, series=series | {"most": [0.03, 1.0], "least": [0.0, 0.0]}, **names)
    assert full.solution.objective == pytest.approx(13 * 10 + 20 * 10 + 7 * 90)


@STEPS
def test_S1_value_of_what_is_left(minutes):
    """Energy at the end is worth 25: 10 MW are cheap in the second hour of 10 MW load: charges 8 for 80, worth 200. In the first hour
    the 40 MWh before are worth 90 against 25: 8 given. 20*10 + 2*90 + 18*10 = 560, less 40 x 25 = -440; nothing is sold below 25.
    """
    d = two_hours(30, 10, minutes, energy_start_fraction=0.4, end_value_cny_per_mwh=25.0)
    assert d.solution.objective == pytest.approx(560 - 40 * 25)
    assert d.quantities["storage_energy_value"].values == pytest.approx(25.0)
    assert d.costs["storage.end_value"] == pytest.approx(-1000)
    worthless = two_hours(30, 10, minutes, energy_start_fraction=0.4, end_value_cny_per_mwh=0.0)
    assert worthless.solution.objective == pytest.approx(20 * 10 + 2 * 90 + 2 * 10)


@STEPS
def test_S6_cycles_in_a_day(minutes):
    """48 MWh of room, half full, at most 1.5 cycles a day: the last hour of one day and the first of the next give 1.5 x 48 / 24 = 3 MWh
    each, whatever the length of steps: (27 + 27)*... 30 MW: 20*10 + 7*90 in each hour."""
    d = solve(
        power_case(
            2,
            minutes,
            start="2024-12-31T23:00",
            bus=buses("A"),
            unit=UNITS,
            load=[load("A", mean=30.0)],
            storage=[battery(energy=48.0, energy_start_fraction=0.5, energy_end_fraction=0.0, cycles_per_day=1.5)],
        )
    )
    assert d.solution.objective == pytest.approx(2 * (20 * 10 + 7 * 90))
    assert d.values.dual("storage.cycles") == pytest.approx(-90)
    assert certificate(d).passed


def test_S6_a_step_over_midnight():
    """One step of 2 h, an hour in each day: 3 MWh may be given in each, at one power."""
    rows = dict(bus=buses("A"), unit=UNITS, load=[load("A", mean=30.0)])
    store = battery(energy=48.0, energy_start_fraction=0.5, energy_end_fraction=0.0, cycles_per_day=1.5)
    d = solve(power_case(2, 120, start="2024-12-31T23:00", storage=[store], **rows))
    assert d.quantities["storage_discharge"].values[0] == pytest.approx([3.0])


def paid_to_take(commitment: str, **kw):
    """One hour, load 4 MW; 50 MW are to be had at -20 CNY/MWh; 5 MW, 2 MWh of room, 0.9 each way."""
    source = dict(generator="g", bus="A", power_max_mw=50.0, cost_cny_per_mwh=-20.0)
    store = battery(power=5.0, energy=2.0, charge_efficiency=0.9, discharge_efficiency=0.9) | kw
    made = power_case(1, bus=buses("A"), generator=[source], load=[load("A", mean=4.0)], storage=[store])
    return replace(made, commitment=commitment)


def test_S7_energy_is_not_destroyed_for_money():
    """Nothing keeps them apart: charges 5, stores 4.5, gives (4.5 - 2)*0.9 = 2.25: takes 2.75 instead of 2/0.9 = 2.2222 MW.

    -20 x 6.75 = -135, 0.5278 MW destroyed. Kept apart -20 x 6.2222 = -124.444.
    """
    off = single.dispatch(paid_to_take("off"))
    assert off.solution.objective == pytest.approx(-135)
    assert off.quantities["storage_both"].values == pytest.approx(2.75 - 2 / 0.9)
    exact = single.dispatch(paid_to_take("exact"))
    assert exact.solution.objective == pytest.approx(-20 * (4 + 2 / 0.9))
    assert exact.quantities["storage_both"].values == pytest.approx(0.0)
    assert exact.solution.added["storage.apart"].shape[1] == 2
    assert exact.solution.statistics["storage_spared_mwh"] == pytest.approx(2.75 - 2 / 0.9)
    assert certificate(exact).passed


def test_S7_relaxed_sides_share_the_hour():
    """c/5 + d/5 <= 1 and 0.9 c - d/0.9 = 2: c = (2 + 5/0.9)/(0.9 + 1/0.9) = 3.7569, d = 1.2431; takes 2.5138 MW: between the two."""
    d = solve(paid_to_take("relaxed"))
    charge = (2 + 5 / 0.9) / (0.9 + 1 / 0.9)
    assert d.solution.objective == pytest.approx(-20 * (4 + 2 * charge - 5))


def test_S7_binaries_only_where_a_store_does_both():
    """Five hours, in one of them it pays to destroy: one row pair; without any, none."""
    source = dict(generator="g", bus="A", power_max_mw=50.0, price_profile="p")
    rows = dict(bus=buses("A"), generator=[source], load=[load("A", mean=4.0)])
    store = battery(power=5.0, energy=2.0, charge_efficiency=0.9, discharge_efficiency=0.9)
    for price_now, pairs in ((-20.0, 1), (20.0, 0)):
        case = power_case(5, series={"p": [30.0, 20.0, price_now, 20.0, 30.0]}, storage=[store], **rows)
        d = single.dispatch(replace(case, commitment="exact"))
        assert d.solution.added.get("storage.apart", np.zeros((3, 0))).shape[1] == 2 * pairs


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(-40, 60), min_size=4, max_size=4), st.integers(1, 8), st.floats(0.6, 1.0), st.integers(0, 3))
def test_S7_against_all_sides(prices, room, turn, start):
    """Least cost of four hours over all 16 choices of side, each a linear program written here."""
    store = battery(power=3.0, energy=float(room), charge_efficiency=turn, discharge_efficiency=0.9)
    share = min(start / room, 1.0)
    store |= dict(energy_start_fraction=share, energy_end_fraction=0.0)
    source = dict(generator="g", bus="A", power_max_mw=50.0, price_profile="p")
    rows = dict(bus=buses("A"), generator=[source], load=[load("A", mean=4.0)], storage=[store])
    case = replace(power_case(4, series={"p": [float(p) for p in prices]}, **rows), commitment="exact")
    found = single.dispatch(case, search=Search(gap=1e-9))
    best = np.inf
    net = np.array([*np.eye(4), *-np.eye(4)]).T  # charge less discharge
    level = np.tril(np.ones((4, 4))) @ np.hstack([turn * np.eye(4), -np.eye(4) / 0.9])
    for sides in product((0.0, 1.0), repeat=4):
        bounds = [(0.0, 3.0 * z) for z in sides] + [(0.0, 3.0 * (1.0 - z)) for z in sides]
        limits = np.vstack([level, -level, -net])
        most = np.concatenate([np.full(4, room - share * room), np.full(4, share * room), np.full(4, 4.0)])
        done = linprog(np.array(prices, float) @ net, limits, most, bounds=bounds)
        best = min(best, done.fun + 4.0 * sum(prices)) if done.status == 0 else best
    assert found.solution.objective == pytest.approx(best, abs=1e-5)
    assert (np.minimum(found.values["storage.charge"], found.values["storage.discharge"]) < 1e-5).all()
