"""Hydro plants: water values, spill, travel times, plants in a row."""

import numpy as np
import pytest

from gridopt.case.rivers import arrival, under_way
from gridopt.case.time import TimeGrid
from tests.support.block_cases import buses, load, power_case, unit
from tests.support.certify import certificate
from tests.support.optimum import solve

UNITS = [unit("A", 10, 20), unit("A", 90, 200)]
SEASON = [dict(season="all", start_day="01-01", end_day="12-31")]


def plant(name, power=45.0, k=0.5, **kw):
    return dict(reservoir=name, bus="A", power_max_mw=power, power_mw_per_m3s=k, **kw)


def lake(name="R", start=1.0, end=0.0, **kw):
    return plant(name, **dict(dict(volume_max_hm3=10.0, volume_start_hm3=start, volume_end_hm3=end), **kw))


def fixed(name, flow):
    return dict(reservoir=name, season="all", release_min_m3s=flow, release_max_m3s=flow)


def test_H1_water_goes_where_it_saves_most():
    """0.288 hm3 may be used: 80 m3/s for an hour, 40 MWh at 0.5 MW/(m3/s). Loads 30 and 60, 20 MW at 10, 10 + 40 MWh at 90.

    10*90 + 40*10 = 1300. One hm3 is 1/0.0036 = 277.78 m3/s h, 138.89 MWh, 12,500 CNY.
    """
    d = solve(
        power_case(
            2, series={"d": [30, 60]}, bus=buses("A"), unit=UNITS, load=[load("A", "d")], reservoir=[lake(end=1.0 - 0.288)]
        )
    )
    assert d.solution.objective == pytest.approx(1300)
    assert d.values.dual("hydro.water_balance") == pytest.approx(12500)
    assert d.quantities["hydro_output"].values.sum() == pytest.approx(40)
    assert d.quantities["reservoir_volume"].values[0, -1] == pytest.approx(0.712)


def test_H2_least_release_above_the_turbines_is_spilled():
    """45 MW pass 90 m3/s; at least 100 must go: 10 spilled; 60 - 45 = 15 MW at 10. Inflow 100 keeps the volume at 1."""
    d = solve(
        power_case(
            series={"i": [100.0]},
            bus=buses("A"),
            unit=UNITS,
            load=[load("A", mean=60.0)],
            season=SEASON,
            reservoir=[lake(end=1.0, profile="i")],
            release_band=[fixed("R", 100.0)],
        )
    )
    assert d.solution.objective == pytest.approx(150)
    assert d.quantities["reservoir_spill"].values == pytest.approx(10)
    assert d.quantities["reservoir_release"].values == pytest.approx(100)
    assert d.quantities["reservoir_volume"].values == pytest.approx(1)


def test_H3_plant_without_reservoir_uses_what_comes():
    """Inflow 30 and 120 m3/s at 0.5: 15 MW, then 45 (limit) and 30 m3/s spilled; load 60: 20*10 + 25*90 + 15*10 = 2600."""
    d = solve(
        power_case(
            2,
            series={"i": [30.0, 120.0]},
            bus=buses("A"),
            unit=UNITS,
            load=[load("A", mean=60.0)],
            reservoir=[plant("R", profile="i")],
        )
    )
    assert d.quantities["hydro_output"].values[0] == pytest.approx([15, 45])
    assert d.quantities["reservoir_spill"].values[0] == pytest.approx([0, 30])
    assert d.solution.objective == pytest.approx(20 * 10 + 25 * 90 + 15 * 10)


def test_H3_travel_time_of_one_and_a_half_hours():
    """The lake must release 40 m3/s; 10 m3/s are under way at the start: 10, (10+40)/2, 40 m3/s arrive, plus 2 of its own.

    At 0.5 MW/(m3/s): 6, 13.5, 21 MW; the lake itself 20.
    """
    d = solve(
        power_case(
            3,
            series={"i": [2.0] * 3},
            bus=buses("A"),
            unit=UNITS,
            load=[load("A", mean=100.0)],
            season=SEASON,
            reservoir=[lake("top", downstream="low", delay_h=1.5, release_before_m3s=10.0), plant("low", profile="i")],
            release_band=[fixed("top", 40.0)],
        )
    )
    assert d.quantities["hydro_output"].values == pytest.approx(np.array([[20, 20, 20], [6, 13.5, 21]]))
    assert d.quantities["reservoir_release"].values[1] == pytest.approx([12, 27, 42])


def test_H1_lake_below_receives_what_was_spilled_above():
    """60 m3/s released, the turbines take 20 (10 MW at 0.5), all 60 reach the lower lake in the same hour: + 0.0036*60 hm3."""
    d = solve(
        power_case(
            bus=buses("A"),
            unit=UNITS,
            load=[load("A", mean=10.0)],
            season=SEASON,
            reservoir=[lake("top", power=10.0, downstream="low"), lake("low", end=1.216)],
            release_band=[fixed("top", 60.0)],
        )
    )
    assert d.quantities["reservoir_spill"].values[0] == pytest.approx(40)
    assert d.quantities["reservoir_volume"].values[:, 0] == pytest.approx([1 - 0.216, 1.216])


def test_H3_row_of_plants_without_reservoir():
    """a (inflow 10, 20, 30; 1 h) -> b (inflow 1; 1 h) -> c; 4 below a and 6 below b under way: b 5, 11, 21; c 6, 5, 11."""
    d = solve(
        power_case(
            3,
            series={"i": [10.0, 20.0, 30.0], "j": [1.0] * 3},
            bus=buses("A"),
            unit=UNITS,
            load=[load("A", mean=100.0)],
            reservoir=[
                plant("c"),
                plant("b", profile="j", downstream="c", delay_h=1.0, release_before_m3s=6.0),
                plant("a", profile="i", downstream="b", delay_h=1.0, release_before_m3s=4.0),
            ],
        )
    )
    assert d.quantities["reservoir_release"].values == pytest.approx(np.array([[6, 5, 11], [5, 11, 21], [10, 20, 30]]))
    assert d.quantities["hydro_output"].values == pytest.approx(0.5 * np.array([[6, 5, 11], [5, 11, 21], [10, 20, 30]]))


def test_H3_two_rivers_meet_and_pass_a_plant_on_the_way():
    """Lakes x (30) and y (50 m3/s), both must release; x passes p (1 h), both meet at q (x: 2 h in all, y: at once)."""
    d = solve(
        power_case(
            3,
            bus=buses("A"),
            unit=UNITS,
            load=[load("A", mean=200.0)],
            season=SEASON,
            reservoir=[
                lake("x", downstream="p", delay_h=1.0),
                lake("y", downstream="q"),
                plant("p", downstream="q", delay_h=1.0),
                plant("q"),
            ],
            release_band=[fixed("x", 30.0), fixed("y", 50.0)],
        )
    )
    assert d.quantities["reservoir_release"].values[2:] == pytest.approx(np.array([[0, 30, 30], [50, 50, 80]]))


def test_H4_bands_by_season():
    """At most 20 m3/s in December (ice), at least 60 in January; loads 60, 10, 60.

    150 m3/s h to use: all 20 in December, no more than 60 in the hour without need, the other 70 in the last.
    """
    bands = [dict(reservoir="R", season="ice", release_max_m3s=20.0), dict(reservoir="R", season="rest", release_min_m3s=60.0)]
    season = [dict(season="ice", start_day="12-01", end_day="12-31"), dict(season="rest", start_day="01-01", end_day="11-30")]
    d = solve(
        power_case(
            3,
            start="2024-12-31T23:00",
            series={"d": [60, 10, 60]},
            bus=buses("A"),
            unit=UNITS,
            load=[load("A", "d")],
            season=season,
            reservoir=[lake(end=1.0 - 0.0036 * 150)],
            release_band=bands,
        )
    )
    assert d.quantities["reservoir_release"].values[0] == pytest.approx([20, 60, 70])
    assert d.quantities["hydro_output"].values[0] == pytest.approx([10, 10, 35])


def past_case(grid, delay, past):
    """A plant that released 7 m3/s before, and what release_past says."""
    found = power_case(1, bus=buses("A"), reservoir=[plant("R", release_before_m3s=7.0), plant("S")], release_past=past)
    return found.on_time(grid)


@pytest.mark.parametrize("minutes", [60, 30, 15, 5])
def test_releases_before_the_first_step_arrive_in_their_hours(minutes):
    """Three hours to travel; 7 m3/s until 2.5 h before the start, then 20, in the last hour 40.

    Hour 0 receives what passed 3 to 2 h ago, half of it 7 and half 20: 13.5; hour 1 the 20 of 2 to 1 h ago; hour 2 the 40.
    """
    past = [dict(reservoir="R", begin_h=b, release_m3s=f) for b, f in ((2.5, 20.0), (1.0, 40.0))]
    grid = TimeGrid.regular("2025-01-01T00:00", "2025-01-01T05:00", minutes)
    old = under_way(past_case(grid, 3.0, past), "R", 3.0).reshape(5, -1).mean(axis=1)
    assert old == pytest.approx([13.5, 20, 40, 0, 0])


@pytest.mark.parametrize("minutes", [60, 30, 15, 5])
def test_H5_an_end_out_of_reach_is_told_by_its_price(minutes):
    """Hour of 60 MW; 50 m3/s must go, 0.18 hm3, 25 MW; end volume 1 is missed by 0.18 at 1,000: 180 + 20*10 + 15*90 = 1730."""
    case = power_case(1, minutes, bus=buses("A"), unit=UNITS, load=[load("A", mean=60.0)], season=SEASON,
                      reservoir=[lake(end=1.0, end_short_cny_per_hm3=1000.0)], release_band=[fixed("R", 50.0)])  # fmt: skip
    d = solve(case)
    assert d.solution.objective == pytest.approx(1730)
    assert d.costs["hydro.end_short"] == pytest.approx(180)


@pytest.mark.parametrize(("worth", "cost"), [(0.0, 875.0), (12600.0, 2000.0 - 12600.0 * 0.09)])
def test_H5_water_above_the_end_volume_is_kept_where_it_is_worth_more(worth, cost):
    """0.09 hm3 above the end volume are 12.5 MWh that save 90 each, 1,125 or 12,500 per hm3: kept from 12,501 on.

    An hour of 40 MW, 20 of them at 10: without the water 20 at 90, 2000 in all; with it 7.5 at 90, 875.
    """
    case = power_case(1, bus=buses("A"), unit=UNITS, load=[load("A", mean=40.0)],
                      reservoir=[lake(end=0.91, end_value_cny_per_hm3=worth)])  # fmt: skip
    d = solve(case)
    assert d.solution.objective == pytest.approx(cost)


@pytest.mark.parametrize("delay", [0.0, 0.25, 1.0, 1.5, 2.7, 9.0])
@pytest.mark.parametrize("hours", [[1.0] * 6, [0.5, 1.0, 0.25, 2.0, 1.5, 0.75], [1 / 12] * 72])
def test_arrival_keeps_water(hours, delay):
    """Every step is fed in full, by earlier steps or water under way; what leaves arrives, but for what is still under way."""
    grid = TimeGrid(np.zeros(len(hours), "datetime64[s]"), np.array(hours))
    share, old = arrival(grid, delay), under_way(past_case(grid, delay, []), "R", delay)
    assert share.sum(axis=1) + old / 7.0 == pytest.approx(1)
    end = np.cumsum(hours)
    late = np.clip(end - np.maximum(end - hours, end[-1] - delay), 0, None)
    assert share.T @ grid.hours == pytest.approx(grid.hours - late)


def test_H1_worth_of_what_is_left():
    """A hm3 left is worth 10,000, or 72 CNY/MWh: water replaces 90 (10 and 40 MWh, 0.36 hm3), never 10. 400 - 0.64 x 10,000."""
    rows = dict(series={"d": [30, 60]}, bus=buses("A"), unit=UNITS, load=[load("A", "d")])
    d = solve(power_case(2, **rows, reservoir=[lake(end_value_cny_per_hm3=10000.0)]))
    assert d.solution.objective == pytest.approx(400 - 6400)
    assert d.costs["hydro.end_value"] == pytest.approx(-6400)
    assert d.quantities["reservoir_water_value"].values == pytest.approx(10000)
    assert certificate(d).passed
    dear = solve(power_case(2, **rows, reservoir=[lake(end_value_cny_per_hm3=13000.0)]))
    assert not dear.quantities["hydro_output"].values.any()


def test_H3_a_window_that_is_told_what_passed_before_goes_on_like_the_whole():
    """Four hours at once, and the last two alone with volume and releases of the first two as data: the same dispatch."""
    series = {"i": [20.0, 26.0, 10.0, 14.0], "d": [40.0, 60.0, 35.0, 90.0]}
    rows = dict(bus=buses("A"), unit=UNITS, load=[load("A", "d")], season=SEASON, release_band=[fixed("top", 30.0)])
    up = lake("top", downstream="low", delay_h=1.3, release_before_m3s=10.0, profile="i")
    whole = solve(power_case(4, series=series, reservoir=[up, plant("low")], **rows))
    begun = whole.quantities["reservoir_release"].values[0, :2]
    up |= dict(volume_start_hm3=float(whole.quantities["reservoir_volume"].values[0, 1]))
    past = [dict(reservoir="top", begin_h=2.0 - i, release_m3s=float(v)) for i, v in enumerate(begun)]
    late = {k: v[2:] for k, v in series.items()}
    part = solve(power_case(2, start="2025-01-01T02:00", series=late, reservoir=[up, plant("low")], release_past=past, **rows))
    assert part.quantities["hydro_output"].values == pytest.approx(whole.quantities["hydro_output"].values[:, 2:])
    assert certificate(part).passed
