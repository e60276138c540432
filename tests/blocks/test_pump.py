"""Pumps between reservoirs: water lifted in cheap hours, travel time, whole units, service."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from gridopt.dispatch.single import dispatch
from gridopt.dispatch.whole import Search
from tests.support.block_cases import BLOCK_CASES, buses, load, power_case, unit
from tests.support.certify import certificate
from tests.support.optimum import solve

UNITS = [unit("A", 10, 20), unit("A", 90, 200)]


def rows(**pump):
    """Upper lake, 0.5 MW/(m3/s), above a lower one without turbines; both end as high as they began but the lower."""
    up = dict(reservoir="up", bus="A", power_max_mw=45.0, power_mw_per_m3s=0.5, volume_max_hm3=9.0, volume_start_hm3=1.0, volume_end_hm3=1.0)
    low = dict(reservoir="low", bus="A", power_max_mw=0.0, power_mw_per_m3s=0.1, volume_max_hm3=9.0, volume_start_hm3=1.0)
    made = dict(pump="P", bus="A", from_reservoir="low", to_reservoir="up", power_max_mw=30.0, flow_m3s_per_mw=1.6) | pump
    return dict(bus=buses("A"), unit=UNITS, load=[load("A", "d")], reservoir=[up | dict(downstream="low"), low], pump=[made])


@pytest.mark.parametrize("minutes", [60, 30, 15, 5])
def test_K1_cheap_hours_lift_water(minutes):
    """10 then 60 MW: 10 MW lift 16 m3/s for an hour, 8 MW in the next: 20*10 + 20*10 + 32*90 = 3280. A hm3 above is worth 12,500."""
    d = solve(power_case(2, minutes, series={"d": [10, 60]}, **rows()))
    assert d.solution.objective == pytest.approx(3280)
    assert d.quantities["pump_power"].values[0] @ d.case.time.hours == pytest.approx(10)
    assert d.quantities["reservoir_water_value"].values[0, -1] == pytest.approx(12500)
    assert certificate(d).passed


def test_K2_pumps_at_full_power_or_not():
    """Two of 6 MW. One: 16*10 + 200 + 35.2*90 = 3528; both: 20*10 + 2*90 + 200 + (40 - 9.6)*90 = 3316. Any power: 3280."""
    made = power_case(2, series={"d": [10, 60]}, **rows(power_max_mw=12.0, units=2))
    cost = {"off": 3280, "relaxed": 3280, "exact": 3316}
    for commitment, least in cost.items():
        d = dispatch(replace(made, commitment=commitment))
        assert d.solution.objective == pytest.approx(least)
        assert certificate(d).passed


def test_K1_water_on_its_way():
    """90 min up: of what is pumped in the first of three hours half arrives in the second, half in the third; the last third of the rest
    is under way at the end. Pumped at 10 MW in hours 1, 2: 16 m3/s; +0, +8, +16 m3/s arrive."""
    series = {"d": [10, 10, 60]}
    d = solve(power_case(3, series=series, **rows(delay_h=1.5)))
    volume, output = d.quantities["reservoir_volume"].values[0], d.quantities["hydro_output"].values[0]
    assert np.diff(volume, prepend=1.0) == pytest.approx(0.0036 * (np.array([0, 8, 16]) - 2 * output), abs=1e-9)
    assert output == pytest.approx([0, 0, 12])
    assert certificate(d).passed


def test_K1_water_lifted_before_the_first_step():
    """90 min up: 10 MW from 2 h to 1 h before lift 16 m3/s, of which half an hour arrives in the first step, 8 m3/s; 5 MW in the hour
    before arrive half in the first, half in the second: 4 and 4."""
    past = [dict(pump="P", begin_h=h, power_mw=p) for h, p in ((2.0, 10.0), (1.0, 5.0))]
    for minutes in (60, 30):
        made = power_case(3, minutes, series={"d": [20, 20, 20]}, **rows(delay_h=1.5, power_max_mw=0.0), pump_past=past)
        d = solve(made)
        came = np.diff(d.quantities["reservoir_volume"].values[0], prepend=1.0) / (0.0036 * made.time.hours)
        came += 2 * d.quantities["hydro_output"].values[0]
        assert came.reshape(3, -1).mean(axis=1) == pytest.approx([12, 4, 0], abs=1e-9)
        assert certificate(d).passed


def test_pump_out_of_service():
    d = solve(power_case(2, series={"d": [10, 60]}, **rows(in_service="2026-01-01")))
    assert d.solution.objective == pytest.approx(100 + 200 + 40 * 90)


def test_a_pump_that_retires_and_one_that_enters_at_midnight():
    assert certificate(solve(BLOCK_CASES["pump"].build(15))).passed
    assert certificate(dispatch(replace(BLOCK_CASES["pump"].build(), commitment="exact"))).passed


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(0, 60), min_size=3, max_size=3), st.integers(1, 3), st.integers(3, 9), st.floats(0.8, 1.9))
def test_K2_against_all_schedules(demand, units, size, flow):
    """Least cost of three hours over all numbers of running pumps, each a linear program written here."""
    made = power_case(3, series={"d": demand}, **rows(power_max_mw=float(units * size), units=units, flow_m3s_per_mw=flow))
    found = dispatch(replace(made, commitment="exact"), search=Search(gap=1e-9))
    best = np.inf
    lower = np.tril(np.ones((3, 3)))
    for running in product(range(units + 1), repeat=3):
        pumping = np.array(running) * float(size)
        # Columns: output at 10, at 90, of the turbines; water 2 m3/s a MW may be used once it is up, and all that is lifted is.
        power = np.hstack([-np.eye(3)] * 3)
        water = np.hstack([np.zeros((3, 6)), 2.0 * lower])
        room = 1.0 / 0.0036
        lifted = np.cumsum(flow * pumping)
        limits = np.vstack([power, water, -water, np.hstack([np.zeros((1, 6)), np.full((1, 3), 2.0)])])
        most = np.concatenate([-(np.array(demand) + pumping), lifted + room, room - lifted, [lifted[-1]]])
        done = linprog(np.repeat([10.0, 90.0, 0.0], 3), limits, most, bounds=[(0, 20)] * 3 + [(0, 200)] * 3 + [(0, 45)] * 3)
        best = min(best, done.fun) if done.status == 0 else best
    assert found.solution.objective == pytest.approx(best, abs=1e-5)
