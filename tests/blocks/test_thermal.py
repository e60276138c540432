"""Thermal units: heat-rate curve, must-run output by season and date, ramps."""

from dataclasses import replace

import numpy as np
import pytest

from gridopt.blocks import thermal
from gridopt.case.time import TimeGrid
from gridopt.dispatch.formulate import formulate
from gridopt.dispatch.lmp import price
from tests.support.block_cases import UNIT_TYPE, buses, load, power_case, unit
from tests.support.optimum import solve
from tests.support.small import tables

CURVE = dict(
    unit_type="t",
    min_load_fraction=0.3,
    fuel_rate_full_tce_per_mwh=0.3,
    fuel_rate_extra_half_tce_per_mwh=0.02,
    fuel_rate_extra_low_tce_per_mwh=0.06,
    vom_cny_per_mwh=5.0,
)
FUEL = [dict(fuel="coal", price_cny_per_tce=1000.0, co2_t_per_tce=2.5)]
COAL = dict(unit="u", bus="A", unit_type="t", fuel="coal", power_max_mw=100.0)


@pytest.mark.parametrize(
    ("mw", "fuel", "marginal"), [(31, 11060, 265), (40, 13400, 265), (49, 15740, 265), (80, 24400, 285), (99, 29720, 285)]
)
def test_G1_G2_unit_that_must_run_follows_its_curve(mw, fuel, marginal):
    """q r(q) = 0.3*0.36 = 0.108, 0.5*0.32 = 0.16, 1*0.3 = 0.3; slopes 0.26 and 0.28 tce/MWh; 1000 CNY/tce; 100 MW.

    At 80 MW: 108*100 + 20*260 + 30*280 = 24400 CNY of fuel; price 280 + 5 of other costs.
    """
    d = solve(
        power_case(
            bus=buses("A"), fuel=FUEL, unit_type=[CURVE], unit=[COAL | dict(must_run="always")], load=[load("A", mean=float(mw))]
        )
    )
    assert d.costs["thermal.fuel"] == pytest.approx(fuel, abs=0.01)
    assert d.costs["thermal.variable"] == pytest.approx(5 * mw, abs=0.01)
    assert price(d).price == pytest.approx(marginal)


def test_G2_unit_that_may_stop_pays_its_full_load_rate():
    """40 MW at 0.3 tce/MWh and 1000 CNY/tce: 12000 + 5*40."""
    d = solve(power_case(bus=buses("A"), fuel=FUEL, unit_type=[CURVE], unit=[COAL], load=[load("A", mean=40.0)]))
    assert d.solution.objective == pytest.approx(12200)
    assert price(d).price == pytest.approx(305)


def test_G1_limits_by_season_date_and_availability():
    """Heating ends at midnight: 0.5..0.8 of 90 MW (100 x 0.9), then 0.3..1 (always) or 0..1 (heating).

    A fraction of the unit's own goes before that of its type.
    """
    kind = CURVE | dict(heat_min_fraction=0.5, heat_max_fraction=0.8)
    common = COAL | dict(unit_type="t", available_fraction=0.9, heating_season="heat")
    case = power_case(
        2,
        start="2025-03-31T23:00",
        bus=buses("A"),
        fuel=FUEL,
        unit_type=[kind],
        season=[dict(season="heat", start_day="11-01", end_day="03-31")],
        unit=[
            common | dict(unit="a", must_run="always"),
            common | dict(unit="h", must_run="heating"),
            common | dict(unit="n"),
            common | dict(unit="own", must_run="always", must_run_fraction=0.2),
            common | dict(unit="new", must_run="always", in_service="2025-04-01"),
        ],
    )
    least, largest = thermal.limits(case)
    assert least == pytest.approx(np.array([[45, 27], [45, 0], [0, 0], [18, 18], [0, 27]]))
    assert largest == pytest.approx(np.array([[72, 90], [72, 90], [72, 90], [72, 90], [0, 90]]))


def ramp_case(hours=2, minutes=60, loads=(20, 80), rate=0.005):
    """100 MW at 10 CNY/MWh with a ramp of rate x 100 MW/min, 100 MW at 90 without one."""
    slow = UNIT_TYPE[0] | dict(unit_type="slow", ramp_fraction_per_min=rate)
    return power_case(
        hours,
        minutes,
        series={"d": loads},
        bus=buses("A"),
        unit_type=[*UNIT_TYPE, slow],
        unit=[unit("A", 10, 100, unit_type="slow"), unit("A", 90, 100)],
        load=[load("A", "d")],
    )


def test_G3_rise_binds():
    """0.5 MW/min = 30 MW per hour; loads 20 and 80: output 20 and 50, the rest at 90.

    20*10 + 50*10 + 30*90 = 3400. One more MWh in hour 1 costs 10 and lifts hour 2 by one: 10 - 80 = -70; price 90 then; dual -80.
    """
    d = solve(ramp_case())
    assert d.solution.objective == pytest.approx(3400)
    assert price(d).price[0] == pytest.approx([-70, 90])
    assert d.values.dual("thermal.ramp")[0] == pytest.approx([0, -80])


def test_G3_fall_binds():
    """Loads 80 and 20: hour 2 takes 20 at most, so hour 1 makes 50: same cost 3400; prices 90 and -70; dual +80."""
    d = solve(ramp_case(loads=(80, 20)))
    assert d.solution.objective == pytest.approx(3400)
    assert price(d).price[0] == pytest.approx([90, -70])
    assert d.values.dual("thermal.ramp")[0] == pytest.approx([0, 80])


def test_G3_limit_per_hour_does_not_depend_on_the_step():
    """30 MW per hour between the middles of steps: 30, 7.5 and 2.5 MW at 60, 15 and 5 min; 22.5 between 60 and 30 min."""
    for minutes, width in ((60, 30.0), (15, 7.5), (5, 2.5)):
        ramp = formulate(ramp_case(minutes=minutes)).builder.lazy_families
        upper = next(f for f in ramp if f.family.name == "thermal.ramp").upper
        assert upper[0, 1:] == pytest.approx(width) and upper[0, 0] == np.inf
    start = np.array(["2025-01-01T00:00", "2025-01-01T01:00", "2025-01-01T01:30"], "datetime64[s]")
    mixed = formulate(ramp_case().on_time(TimeGrid(start, np.array([1.0, 0.5, 0.5])))).builder.lazy_families
    assert next(f for f in mixed if f.family.name == "thermal.ramp").upper[0, 1:] == pytest.approx([22.5, 15.0])


def test_G3_a_unit_that_enters_service_does_not_ramp():
    """New unit from midnight, ramp 30 MW per hour: it may start at 80 MW at once, afterwards it must ramp (80 to 50 to 20)."""
    slow = UNIT_TYPE[0] | dict(unit_type="slow", ramp_fraction_per_min=0.005)
    d = solve(
        power_case(
            4,
            start="2024-12-31T23:00",
            series={"d": [80, 80, 50, 20]},
            bus=buses("A"),
            unit_type=[*UNIT_TYPE, slow],
            unit=[unit("A", 10, 100, unit_type="slow", in_service="2025-01-01"), unit("A", 90, 100)],
            load=[load("A", "d")],
        )
    )
    assert d.quantities["unit_output"].values == pytest.approx(np.array([[0, 80, 50, 20], [80, 0, 0, 0]]))


def test_identical_units_share_by_room():
    """Two units of 30 and 60 MW alike: 45 MW is split 15 and 30; cost 45*10."""
    d = solve(
        power_case(bus=buses("A"), unit=[unit("A", 10, 30), unit("A", 10, 60) | dict(unit="big")], load=[load("A", mean=45.0)])
    )
    assert d.quantities["unit_output"].values[:, 0] == pytest.approx([15, 30])
    assert d.solution.objective == pytest.approx(450)


def test_fuel_price_of_the_year():
    """5 MWh at 10, then at 10 x 1.2."""
    d = solve(
        power_case(
            2,
            start="2024-12-31T23:00",
            bus=buses("A"),
            unit=[unit("A", 10, 30)],
            load=[load("A", mean=5.0)],
            year=[dict(year=2025, fuel_price_scale=1.2)],
        )
    )
    assert d.solution.objective == pytest.approx(110)
    assert price(d).price[0] == pytest.approx([10, 12])


def test_G3_the_first_step_ramps_from_the_output_before_it():
    """Ramp 30 MW an hour from 10 MW: 40 at 10 CNY/MWh, the other 40 at 90, then 70: 400 + 3600 + 700 + 900 = 5600."""
    case = ramp_case(loads=(80, 80))
    unit = case.table("unit").assign(initial_mw=[10.0, float("nan")])
    d = solve(replace(case, tables={**case.tables, "unit": unit}))
    assert d.quantities["unit_output"].values[0] == pytest.approx([40, 70])
    assert d.solution.objective == pytest.approx(5600)


def test_G3_E2_what_is_out_of_service_in_the_first_step_has_no_ramp_there():
    """80 MW before, ramp 30 MW an hour, out of service in hour 1: no output then, the 20 MW cost 90; in hour 2 it enters service, which is
    no ramp: 80 MW at 10. 1800 + 800 = 2600, for a unit and for a generator."""
    gone = dict(start_time="2025-01-01T00:00", end_time="2025-01-01T01:00")
    case = ramp_case()
    away = tables(outage=[dict(kind="unit", element="A10", **gone)])["outage"]
    before = case.table("unit").assign(initial_mw=[80.0, float("nan")])
    d = solve(replace(case, tables={**case.tables, "unit": before, "outage": away}))
    assert d.quantities["unit_output"].values[0] == pytest.approx([0, 80])
    assert d.solution.objective == pytest.approx(2600)
    given = dict(generator="g", bus="A", power_max_mw=100.0, cost_cny_per_mwh=10.0, ramp_fraction_per_min=0.005, initial_mw=80.0)
    other = dict(generator="h", bus="A", power_max_mw=100.0, cost_cny_per_mwh=90.0)
    d = solve(power_case(2, series={"d": (20, 80)}, bus=buses("A"), generator=[given, other], load=[load("A", "d")],
                         outage=[dict(kind="generator", element="g", **gone)]))  # fmt: skip
    assert d.quantities["generator_output"].values[0] == pytest.approx([0, 80])
    assert d.solution.objective == pytest.approx(2600)


def test_G3_one_of_two_alike_units_out_of_service_in_the_first_step():
    """Two alike units gave 40 MW each, one leaves service at once: the other may give what it can, for alike units ramp together and a
    change of what is there is no ramp. Load 60 in hour 1, 120 in hour 2, when both are there: 60 x 10 + 120 x 10 = 1800."""
    gone = dict(start_time="2025-01-01T00:00", end_time="2025-01-01T01:00")
    case = ramp_case(loads=(60, 120))
    twin = case.table("unit").iloc[[0, 0, 1]].assign(initial_mw=[40.0, 40.0, float("nan")])
    twin.index = ["A10", "B10", "A90"]
    away = tables(outage=[dict(kind="unit", element="B10", **gone)])["outage"]
    d = solve(replace(case, tables={**case.tables, "unit": twin, "outage": away}))
    assert d.solution.objective == pytest.approx(1800)
