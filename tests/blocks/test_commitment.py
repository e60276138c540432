"""Commitment by hand: minimum times, starts, ramps at both ends, history, stations, clusters, fuel curves. No schedule is a tie."""

from dataclasses import replace

import numpy as np
import pytest

from gridopt.dispatch.formulate import formulate
from gridopt.dispatch.single import dispatch
from gridopt.dispatch.whole import Search
from gridopt.program.solution import Infeasible
from tests.support.block_cases import FUEL, UNIT_TYPE, buses
from tests.support.certify import certificate
from tests.support.optimum import assert_optimal
from tests.support.small import case


def generator(name: str = "g", **kw) -> dict:
    return dict(dict(generator=name, bus="A", power_min_mw=10.0, power_max_mw=50.0, cost_cny_per_mwh=10.0), **kw)


def committed(name: str = "g", **kw) -> dict:
    return dict(kind="generator", element=name, **kw)


LAST = generator("last", power_min_mw=0.0, power_max_mw=200.0, cost_cny_per_mwh=100.0)
"""Not switched: whatever is missing costs 100 CNY/MWh."""


def built(load, generators, commitment, minutes=60, mode="exact", status=(), **rows):
    """`status`: series s, for status_profile."""
    tables = dict(bus=buses("A", surplus_allowed=False), fuel=FUEL, unit_type=UNIT_TYPE, generator=[*generators, LAST],
                  commitment=commitment, load=[dict(load="d", bus="A", mean_mw=1.0, profile="d", sheddable=False)])  # fmt: skip
    return replace(case(len(load), minutes, series=dict(d=load, s=status or [0.5] * len(load)), **tables | rows), commitment=mode)


def solved(*args, **kw):
    found = dispatch(built(*args, **kw), search=Search(gap=0.0))
    assert_optimal(found)
    verdict = certificate(found)
    assert verdict.passed, verdict.failed
    return found


def on(found, table="generator", row=0):
    return found.quantities[f"{table}_on"].values[row].tolist()


def test_U1_a_start_pays_where_it_saves_more():
    """Load 20 MW for two hours: on, 20 x 10 + 50 an hour = 250 and a start of 900, 1400 in all; last alone: 2 x 20 x 100 = 4000.
    With a start of 4000 the generator stays off: 4000."""
    given = generator(cost_cny_per_h=50.0)
    assert solved([20, 20], [given], [committed(initial_h=-9.0, start_cny=900.0)]).solution.objective == pytest.approx(1400.0)
    dear = solved([20, 20], [given], [committed(initial_h=-9.0, start_cny=4000.0)])
    assert dear.solution.objective == pytest.approx(4000.0)
    assert on(dear) == [0, 0]


def test_price_is_of_the_schedule_that_stands():
    """Load 60 MW: the generator gives 50, last 10; a MWh more costs 100. Load 30: a MWh more costs 10, whatever the start cost."""
    found = solved([60, 30], [generator()], [committed(initial_h=-9.0, start_cny=900.0)])
    assert found.port_price("injection")[0] == pytest.approx([100.0, 10.0])


def test_U2_minimum_up_time_and_what_it_ran_before():
    """Load 10: an hour on costs 10 x 10 and 300 fixed, an hour of last 10 x 100; on throughout, 4 x 400 = 1600. With 1000 fixed it stops
    as soon as it may: on for 1 h, minimum 3 h, two more hours, 2 x 1100 + 2 x 1000 = 4200."""
    given = generator(cost_cny_per_h=300.0)
    assert solved([10] * 4, [given], [committed(initial_h=1.0, min_up_h=3.0)]).solution.objective == pytest.approx(1600.0)
    dear = generator(cost_cny_per_h=1000.0)
    found = solved([10] * 4, [dear], [committed(initial_h=1.0, min_up_h=3.0)])
    assert on(found) == [1, 1, 0, 0]
    assert found.solution.objective == pytest.approx(2 * 1100.0 + 2 * 1000.0)


def test_U3_minimum_down_time_and_what_it_was_off_before():
    """Off for 1 h, minimum 3 h: off for two more hours, last gives 20 MW x 100; then 20 x 10. Cost 2 x 2000 + 2 x 200 = 4400."""
    found = solved([20] * 4, [generator()], [committed(initial_h=-1.0, min_down_h=3.0)])
    assert on(found) == [0, 0, 1, 1]
    assert found.solution.objective == pytest.approx(4400.0)


@pytest.mark.parametrize("minutes", [60, 30, 15, 5])
def test_minimum_times_are_hours(minutes):
    """The same two cases on steps of any length."""
    found = solved([20] * 4, [generator()], [committed(initial_h=-1.0, min_down_h=3.0)], minutes=minutes)
    assert found.solution.objective == pytest.approx(4400.0)
    found = solved([10] * 4, [generator(cost_cny_per_h=1000.0)], [committed(initial_h=1.0, min_up_h=3.0)], minutes=minutes)
    assert found.solution.objective == pytest.approx(2 * 1100.0 + 2 * 1000.0)


def test_U4_U5_U6_start_and_stop_within_reach():
    """Start at most 15 MW, before a stop at most 20; ramps 20 MW/h. Load 50; off in hours 0 and 4 by schedule, so that it gives 15, 35
    and 20 MW between: 70 MWh x 10 + (5 x 50 - 70) x 100 = 700 + 18000."""
    found = solved([50] * 5, [generator(ramp_fraction_per_min=20 / 60 / 50)],
                   [committed(initial_h=-9.0, start_ramp_mw=15.0, stop_ramp_mw=20.0, status_profile="s")],
                   status=[0, 0.5, 0.5, 0.5, 0])  # fmt: skip
    assert found.solution.objective == pytest.approx(700.0 + 18000.0)


def test_first_step_follows_the_output_before():
    """12 MW before, 6 MW/h: at most 18 MW in hour 0, 24 in hour 1 of a load of 40: (18 + 24) x 10 + (22 + 16) x 100 = 4220."""
    found = solved([40, 40], [generator(ramp_fraction_per_min=6 / 60 / 50)], [committed(initial_h=9.0, initial_mw=12.0)])
    assert found.solution.objective == pytest.approx(4220.0)


def test_first_step_reaches_limits_that_have_moved():
    """12 MW before, 6 MW/h, but the least output is 30 MW now: it gives 30, then 36 at most, of a load of 40: (30 + 36) x 10 + 14 x 100."""
    found = solved([40, 40], [generator(ramp_fraction_per_min=6 / 60 / 50, power_min_mw=30.0)],
                   [committed(initial_h=9.0, initial_mw=12.0)])  # fmt: skip
    assert found.solution.objective == pytest.approx(660.0 + 1400.0)


def test_U8_starts_by_hours_off_line():
    """A start costs 20, after 2 h off line 50, after 5 h 700. Nobody takes 10 MW in hours 1 to 3: off for 3 h, 50. Off for 4 h before the
    first step, a start in hour 0 costs 50, one in hour 1 costs 700."""
    given = generator(cost_cny_per_h=40.0)
    kinds = [dict(kind="generator", element="g", offline_h=h, cost_cny=c) for h, c in ((0.0, 20.0), (2.0, 50.0), (5.0, 700.0))]
    found = solved([20, 0, 0, 0, 20], [given], [committed(initial_h=4.0)], start_cost=kinds)
    assert on(found) == [1, 0, 0, 0, 1]
    assert found.costs["commitment.start"] == pytest.approx(50.0)
    before = solved([0, 20], [given], [committed(initial_h=-4.0)], start_cost=kinds)
    assert before.costs["commitment.start"] == pytest.approx(700.0)
    warm = solved([20, 20], [given], [committed(initial_h=-4.0)], start_cost=kinds)
    assert warm.costs["commitment.start"] == pytest.approx(50.0)


def test_U8_what_no_stop_is_long_enough_ago_for_is_no_start():
    """Off for 3 h at least; categories up to 2 h, up to 5 h, and longer. On before: no start within 2 h of a stop ever, one within 5 h from
    hour 3 on. Off for 4 h before: one within 5 h in hour 0 without any stop, and from hour 3 on with one. All else is no column and no row."""
    kinds = [dict(kind="generator", element="g", offline_h=h, cost_cny=c) for h, c in ((0.0, 20.0), (2.0, 50.0), (5.0, 700.0))]
    for before, may in ((4.0, [0, 0, 0, 1, 1, 1]), (-4.0, [1, 0, 0, 1, 1, 1])):
        builder = formulate(built([20] * 6, [generator()], [committed(initial_h=before, min_down_h=3.0)], start_cost=kinds)).builder
        form, family = builder.form(), {f.name: f for f in (*builder.column_families, *builder.row_families)}
        assert form.upper[family["commitment.start_kind"].ids].tolist() == [[0] * 6, may, [1] * 6]
        assert (form.row_upper[family["commitment.kind"].ids] == 0.0).tolist() == [[False] * 6, [False] * 3 + [True] * 3]
        assert np.isinf(form.row_upper[family["commitment.kind"].ids][0]).all()


def test_U9_one_change_of_a_station_in_a_day():
    """Two generators of one station, off; each would save (100 - 10) x 20 x 4 h. One change a day: only one starts.
    Cost 4 h x (50 x 10 + 10 x 100) = 6000."""
    both = [generator("a"), generator("b")]
    rows = [committed(n, initial_h=-9.0, station="S", max_changes_per_day=1) for n in "ab"]
    found = solved([60] * 4, both, rows)
    assert found.solution.objective == pytest.approx(6000.0)
    assert found.quantities["generator_start"].values.sum() == 1


def test_U9_one_start_in_a_week():
    """Load 20, 0, 20, 0, 20: without the limit the generator starts three times; with one start it runs in one of the three hours."""
    load = [20, 0, 20, 0, 20]
    assert on(solved(load, [generator()], [committed(initial_h=-9.0)])) == [1, 0, 1, 0, 1]
    once = solved(load, [generator()], [committed(initial_h=-9.0, max_starts_per_week=1)])
    assert sum(on(once)) == 1
    assert once.solution.objective == pytest.approx(200.0 + 2 * 2000.0)


def test_three_alike_units_in_a_row():
    """Three units of 10 to 50 MW, all off, a start 100 each. Load 95: two of them, 950 + 200; they stay on for two hours, 20 MW: 200."""
    found = solved([95, 20], [generator()], [committed(count=3, initial_h=-9.0, start_cny=100.0, min_up_h=2.0)])
    assert on(found) == [2, 2]
    assert found.solution.objective == pytest.approx(1350.0)
    assert found.quantities["generator_output"].values[0] == pytest.approx([95.0, 20.0])


def test_must_run_outage_and_fixed_status():
    """Must run, but out of service in hour 1 and fixed off in hour 3: on in 0 and 2. No minimum time holds it off after the outage."""
    out = [dict(kind="generator", element="g", start_time="2025-01-01 01:00", end_time="2025-01-01 02:00")]
    found = solved([20] * 4, [generator(cost_cny_per_h=5000.0)], [committed(initial_h=9.0, must_run=True, min_down_h=2.0,
                   status_profile="s")], outage=out, status=[0.5, 0.5, 0.5, 0])  # fmt: skip
    assert on(found) == [1, 0, 1, 0]


def test_fuel_curve_of_a_unit():
    """100 MW, least 30, 1 tce/MWh at full load, +0.1 at half, +0.3 at 30 %: burnt at 30, 50, 100 MW: 39, 55, 100 tce/h; slopes 0.8 and 0.9.
    Price 10: load 40 costs (39 + 8) x 10 = 470, load 80: (55 + 27) x 10 = 820. Emission 2 t/tce at 3 CNY/t: 6 CNY per tce more."""
    kind = dict(unit_type="k", min_load_fraction=0.3, fuel_rate_full_tce_per_mwh=1.0, fuel_rate_extra_half_tce_per_mwh=0.1,
                fuel_rate_extra_low_tce_per_mwh=0.3)  # fmt: skip
    fuel = dict(fuel="dirty", price_cny_per_tce=10.0, co2_t_per_tce=2.0)
    unit = dict(unit="u", bus="A", unit_type="k", fuel="dirty", power_max_mw=100.0)
    found = solved([40, 80], [], [], unit_type=[kind], fuel=[fuel], unit=[unit], year=[dict(year=2025, carbon_price_cny_per_t=3.0)])
    assert found.costs["thermal.fuel"] == pytest.approx(470.0 + 820.0)
    assert found.costs["carbon.allowance"] == pytest.approx(6.0 * (47.0 + 82.0))
    assert found.port_price("injection")[0] == pytest.approx([8.0 + 4.8, 9.0 + 5.4])


def test_start_costs_of_a_type():
    """Off for 12 h: warm (10 to 72 h), 110 CNY, unless table start_cost says otherwise."""
    kind = dict(unit_type="k", min_load_fraction=0.3, fuel_rate_full_tce_per_mwh=1.0, start_hot_cny=60.0, start_warm_cny=110.0,
                start_cold_cny=210.0)  # fmt: skip
    unit = dict(unit="u", bus="A", unit_type="k", fuel="c10", power_max_mw=100.0)
    row = [dict(kind="unit", element="u", initial_h=-12.0)]
    tables = dict(unit_type=[kind], unit=[unit])
    assert solved([40, 80], [], row, **tables).costs["commitment.start"] == pytest.approx(110.0)
    own = [dict(kind="unit", element="u", offline_h=0.0, cost_cny=7.0)]
    assert solved([40, 80], [], row, start_cost=own, **tables).costs["commitment.start"] == pytest.approx(7.0)


def test_relaxed_costs_no_more_and_off_leaves_everything_as_it_was():
    """Relaxed, half a unit may be on; off, the generator always is, and units follow their linear form."""
    args = ([60, 5, 30], [generator(cost_cny_per_h=50.0)], [committed(initial_h=-9.0, start_cny=900.0)])
    exact, relaxed = solved(*args), solved(*args, mode="relaxed")
    assert relaxed.solution.objective < exact.solution.objective
    off = dispatch(built([60, 25, 30], *args[1:], mode="off"))
    assert "generator_on" not in off.quantities and "commitment.start" not in off.costs


def test_no_schedule_serves():
    """Off for 1 h of 3, and nothing else that could serve."""
    with pytest.raises(Infeasible):
        made = built([20], [generator()], [committed(initial_h=-1.0, min_down_h=3.0)])
        none = made.tables | {"generator": made.table("generator").drop("last")}
        dispatch(replace(made, tables=none))


def test_too_little_to_give():
    """Largest output 5 MW, least 10 in hours 1 and 2: it must stop, and last gives 20 MW x 100."""
    found = solved([20] * 4, [generator(profile="s")], [committed()], status=[1, 0.1, 0.1, 1])
    assert on(found) == [1, 0, 0, 1]
    assert found.solution.objective == pytest.approx(2 * 200.0 + 2 * 2000.0)


EXTRACTION = dict(kind="generator", element="g", heat_max_mw=20.0, power_per_heat_min=1.5, power_lost_per_heat=0.5)


@pytest.mark.parametrize("mode", ["exact", "off"])
def test_extraction_turbine(mode):
    """Heat 20, 10, 0 MW: at least 1.5 x 20 = 30, 15, 10 MW (its own least), at most 50 - 0.5 x 20 = 40, 45, 50. At 10 CNY/MWh against
    100 it gives 40, 45, 50 of a load of 60; at 200 against 100, 30 and 15, and where there is no heat it stops, if it may."""
    args = dict(chp=[EXTRACTION | dict(profile="s")], status=[1, 0.5, 0], mode=mode)
    cheap = solved([60] * 3, [generator()], [committed()], **args)
    assert cheap.quantities["generator_output"].values[0] == pytest.approx([40.0, 45.0, 50.0])
    dear = solved([60] * 3, [generator(cost_cny_per_mwh=200.0)], [committed()], **args)
    assert dear.quantities["generator_output"].values[0] == pytest.approx([30.0, 15.0, 0.0 if mode == "exact" else 10.0])


def test_heat_from_elsewhere_lets_a_plant_stop():
    """The same at 200 CNY/MWh, but the heat may come from elsewhere: off."""
    dear = generator(cost_cny_per_mwh=200.0)
    found = solved([60] * 3, [dear], [committed()], chp=[EXTRACTION | dict(other_heat=True)])
    assert on(found) == [0, 0, 0]


def test_back_pressure_turbine_in_its_season():
    """0.4 MW per MW of heat, 50 MW: 20 MW while the season lasts; after it nothing, whatever it costs."""
    chp = [dict(kind="generator", element="g", mode="back_pressure", heat_max_mw=50.0, power_per_heat=0.4, season="heat")]
    season = [dict(season="heat", start_day="11-01", end_day="12-31")]
    made = replace(built([60] * 4, [generator()], [committed()], chp=chp, season=season))
    late = replace(made, time=made.time.__class__.regular("2024-12-31T22:00", "2025-01-01T02:00"))
    hourly = replace(late, source=made.source.__class__(late.time, dict(d=[60.0] * 4)))
    found = dispatch(hourly, search=Search(gap=0.0))
    assert certificate(found).passed
    assert found.quantities["generator_output"].values[0] == pytest.approx([20.0, 20.0, 0.0, 0.0])


def test_heat_of_units():
    """A unit of 100 MW, least 30: heat 40 MW, c_b = 1 and c_v = 0.25: 40 to 90 MW, and it runs, which at 20 CNY/MWh pays at least once."""
    kind = dict(unit_type="k", min_load_fraction=0.3, fuel_rate_full_tce_per_mwh=1.0)
    unit = dict(unit="u", bus="A", unit_type="k", fuel="c20", power_max_mw=100.0)
    chp = [dict(kind="unit", element="u", heat_max_mw=40.0, power_per_heat_min=1.0, power_lost_per_heat=0.25)]
    for mode in ("exact", "off"):
        found = solved([40, 120], [], [], chp=chp, unit_type=[kind], unit=[unit], mode=mode)
        assert found.quantities["unit_output"].values[0] == pytest.approx([40.0, 90.0])


DEEP = [dict(kind="generator", element="g", down_to_fraction=f, cost_cny_per_mwh=c, firing_cny_per_h=h)
        for f, c, h in ((0.3, 5.0, 0.0), (0.2, 20.0, 100.0))]  # fmt: skip
"""Normal least 20 of 50 MW; down to 15 MW at 5 CNY per MWh below 20, down to 10 MW at 20 CNY per MWh below 15 and 100 CNY an hour."""


def test_U10_deep_bands():
    """Cost at 10 CNY/MWh: 20 MW 200; 16 MW 160 + 4 x 5 = 180; 12 MW 120 + 5 x 5 + 3 x 20 + 100 = 305; 10 MW 100 + 25 + 100 + 100 = 325.
    It must run; loads 20, 16, 12, 10 are what it gives. A start would cost 900 and last 100 CNY/MWh."""
    given = generator(power_min_mw=20.0)
    found = solved([20, 16, 12, 10], [given], [committed(must_run=True)], deep_band=DEEP)
    assert found.quantities["generator_output"].values[0] == pytest.approx([20.0, 16.0, 12.0, 10.0])
    assert found.costs["generator.deep"] == pytest.approx(20.0 + 25.0 + 60.0 + 25.0 + 100.0)
    assert found.costs["commitment.firing"] == pytest.approx(200.0)
    assert found.solution.objective == pytest.approx(200.0 + 180.0 + 305.0 + 325.0)


@pytest.mark.parametrize("mode", ["exact", "relaxed"])
def test_deep_bands_of_a_row_of_units(mode):
    """Two alike units of a row, load 30: 15 each, 300 + 2 x 25 = 350; or one alone, 300: so one, but both must run."""
    given = generator(power_min_mw=20.0)
    found = solved([30, 26], [given], [committed(must_run=True, count=2)], deep_band=DEEP, mode=mode)
    assert found.costs["generator.deep"] == pytest.approx(50.0 + 50.0 + 4 * 20.0)
    # 26 MW: four below 15 each. Exact: both fire, or one alone at 15 + 11; 11 and 15 is as cheap a band and one fires.
    assert found.costs["commitment.firing"] == pytest.approx(100.0 if mode == "exact" else 100.0 * 4 / 5)


def test_deep_bands_of_a_type_in_and_out_of_the_heating_season():
    """Normal least 30 MW, deep 20 MW at 7 CNY per MWh; in the heating season least 40 MW, and no band."""
    kind = dict(unit_type="k", min_load_fraction=0.3, heat_min_fraction=0.4, fuel_rate_full_tce_per_mwh=1.0)
    unit = dict(unit="u", bus="A", unit_type="k", fuel="c10", power_max_mw=100.0, must_run="always")
    tables = dict(unit_type=[kind], unit=[unit], deep_band=[dict(kind="unit_type", element="k", down_to_fraction=0.2, cost_cny_per_mwh=7.0)])
    found = solved([20, 26], [], [], **tables)
    assert found.costs["thermal.deep"] == pytest.approx(7.0 * (10.0 + 4.0))
    season = [dict(season="heat", start_day="01-01", end_day="01-31")]
    warm = solved([40, 46], [], [], **(tables | dict(unit=[unit | dict(heating_season="heat")], season=season)))
    assert warm.costs.get("thermal.deep", 0.0) == 0.0
    with pytest.raises(Infeasible):
        dispatch(built([26], [], [], **(tables | dict(unit=[unit | dict(heating_season="heat")], season=season))))


@pytest.mark.parametrize(("before", "status"), [(0, [1, 1]), (1, [0, 0])])
def test_U9_changes_and_starts_before_the_first_step_count(before, status):
    """30 MW for two hours: 600 from g, 6000 without it; one change a day, one start a week, of which `before` were made."""
    for limit, made in (("max_changes_per_day", "initial_changes"), ("max_starts_per_week", "initial_starts")):
        found = solved([30, 30], [generator()], [committed(initial_h=-9.0, **{limit: 1, made: before})])
        assert on(found) == status


@pytest.mark.parametrize(("outage", "status"), [(True, [1, 1, 1]), (False, [0, 0, 1])])
def test_U3_what_was_off_by_an_outage_need_not_stay_off(outage, status):
    """Off for an hour, at least three: two more hours, unless it was out of service."""
    found = solved([30, 30, 30], [generator()], [committed(initial_h=-1.0, min_down_h=3.0, initial_outage=outage)])
    assert on(found) == status


def away(hour: int, element: str = "g", kind: str = "generator") -> list[dict]:
    """An outage of one hour."""
    return [dict(kind=kind, element=element, start_time=f"2025-01-01 {hour:02d}:00", end_time=f"2025-01-01 {hour + 1:02d}:00")]


@pytest.mark.parametrize("minutes", [60, 30])
def test_U2_a_start_before_an_outage_is_forgotten_after_it(minutes):
    """Out of service in hour 2, minimum time 4 h: on in hours 0 and 1 all the same, 20 MW at 10 in place of 100. With 1000 an hour
    besides, 20 MW save 800 an hour and 10 MW lose 100: a start in hour 3 lasts for its four hours, 800 less 3 x 100."""
    found = solved([20] * 5, [generator()], [committed(initial_h=-9.0, min_up_h=4.0)], minutes, outage=away(2))
    each = 60 // minutes
    assert on(found) == np.repeat([1, 1, 0, 1, 1], each).tolist()
    assert found.solution.objective == pytest.approx(4 * 200.0 + 2000.0)
    again = solved([20, 20, 20, 20, 10, 10, 10, 0], [generator(cost_cny_per_h=1000.0)], [committed(initial_h=-9.0, min_up_h=4.0)], minutes,
                   outage=away(2))  # fmt: skip
    assert on(again) == np.repeat([1, 1, 0, 1, 1, 1, 1, 0], each).tolist()


@pytest.mark.parametrize("minutes", [60, 30])
def test_U2_what_was_on_before_need_not_return_from_an_outage(minutes):
    """On for an hour, six at least, 5000 an hour besides what 20 MW cost: on for two hours more, until the outage or the fixed status
    ends it, not after it: 2 x 5200 + 3 x 2000."""
    rules, given = dict(initial_h=1.0, min_up_h=6.0), generator(cost_cny_per_h=5000.0)
    fixed = dict(commitment=[committed(status_profile="s", **rules)], status=[0.5, 0.5, 0, 0.5, 0.5])
    for how in (dict(commitment=[committed(**rules)], outage=away(2)), fixed):
        found = solved([20] * 5, [given], minutes=minutes, **how)
        assert on(found) == np.repeat([1, 1, 0, 0, 0], 60 // minutes).tolist()
        assert found.solution.objective == pytest.approx(2 * 5200.0 + 3 * 2000.0)


def test_U3_what_was_off_before_may_stay_on_once_its_fixed_status_is_over():
    """Off for an hour, six at least, but fixed on in hour 2: on from then."""
    rows = [committed(initial_h=-1.0, min_down_h=6.0, status_profile="s")]
    assert on(solved([20] * 5, [generator()], rows, status=[0.5, 0.5, 1, 0.5, 0.5])) == [0, 0, 1, 1, 1]


def test_U2_U3_of_rows_that_look_back_to_one_step_the_last_is_written():
    """Four hours, minimum up time a day, down time 2 h: all rows of (U2) look back to the first step, so one is left; rows of (U3) look
    back to steps 0, 0, 1, 2, so three."""
    model = formulate(built([10.0] * 4, [generator()], [committed(initial_h=9.0, min_up_h=24.0, min_down_h=2.0)]))
    form, rows = model.builder.form(), {f.name: f.ids for f in model.builder.row_families}
    assert (form.row_upper[rows["commitment.min_up"][0]] < float("inf")).tolist() == [False, False, False, True]
    assert (form.row_upper[rows["commitment.min_down"][0]] < float("inf")).tolist() == [False, True, True, True]
