"""Zones of head: what a flow makes by the volume at the beginning of the step; all courses through the zones tried."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from gridopt.dispatch.single import dispatch
from gridopt.dispatch.whole import Search
from tests.support.block_cases import buses, load, power_case, unit
from tests.support.certify import certificate
from tests.support.optimum import assert_optimal

ZONES = [dict(reservoir="R", volume_from_hm3=v, power_mw_per_m3s=k) for v, k in ((0.0, 0.4), (1.0, 0.5))]


def lake(demand, start, end, commitment="exact", zones=ZONES, minutes=60):
    """20 MW at 10 and 200 MW at 90 beside a lake of 0 to 10 hm3 that knows 0.45 MW/(m3/s) for all volumes; its certificate passes."""
    plant = dict(reservoir="R", bus="A", power_max_mw=45.0, power_mw_per_m3s=0.45, volume_max_hm3=10.0)
    plant |= dict(volume_start_hm3=start, volume_end_hm3=end)
    rows = dict(bus=buses("A"), unit=[unit("A", 10, 20), unit("A", 90, 200)], load=[load("A", "d")], reservoir=[plant], head_zone=zones)
    d = dispatch(replace(power_case(len(demand), minutes, series={"d": demand}, **rows), commitment=commitment), search=Search(gap=1e-9))
    assert certificate(d).passed, certificate(d).failed
    assert_optimal(d)
    return d


@pytest.mark.parametrize("minutes", [60, 30, 15, 5])
def test_J2_low_head_makes_less_of_the_water(minutes):
    """0.18 hm3, 50 m3/s for an hour: 20 MW from 0.9 hm3: 200 + 20*90; 25 from 1.5: 200 + 15*90. Without decisions 22.5 either way."""
    for start, output in ((0.9, 20.0), (1.5, 25.0)):
        d = lake([60], start, start - 0.18, minutes=minutes)
        assert d.solution.objective == pytest.approx(200 + (40 - output) * 90)
        assert lake([60], start, start - 0.18, "off", minutes=minutes).solution.objective == pytest.approx(200 + 17.5 * 90)


def test_J1_the_head_is_kept_for_the_second_hour():
    """From 1.05 hm3, 0.288 (80 m3/s h) may be used in two dear hours. Whole first hour: 40 MW at 0.5. To keep the head, 0.05 hm3 or 6.94 MW
    in the first: then 66.1 m3/s, 33.06 MW in the second: 40 as well. Hours of 24 and 100 MW: 4 MW (8 m3/s) at 90 in the first, 36 in the
    second still at 0.5: 20*10 + 20*10 + 44*90."""
    d = lake([24, 100], 1.05, 1.05 - 0.288)
    assert d.solution.objective == pytest.approx(400 + 44 * 90)
    assert d.quantities["reservoir_volume"].values[0, 0] >= 1.0 - 1e-6


def test_J1_relaxed_head_lies_in_the_hull():
    """Never dearer than whole zones, never cheaper than the best head for all water."""
    demand, levels = [40, 55, 90], (1.3, 0.7)
    whole, between = (lake(demand, *levels, c).solution.objective for c in ("exact", "relaxed"))
    best = lake(demand, *levels, zones=[ZONES[1] | dict(volume_from_hm3=0.0)]).solution.objective
    assert best - 1e-6 <= between <= whole + 1e-6


def test_a_better_head_than_the_figure_for_all_may_pass_more_or_less():
    """Full power of 45 MW takes 112.5 m3/s at 0.4 and 90 at 0.5."""
    assert lake([300], 0.9, 0.0).quantities["reservoir_turbine"].values[0] == pytest.approx([112.5])
    assert lake([300], 1.9, 0.0).quantities["reservoir_turbine"].values[0] == pytest.approx([90.0])


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.integers(10, 120), min_size=3, max_size=3), st.floats(0.2, 2.5), st.floats(0.1, 0.9),
    st.lists(st.floats(0.2, 0.8), min_size=3, max_size=3),
)  # fmt: skip
def test_against_all_courses(demand, start, part, rates):
    """Least cost of three hours over all courses through three zones, each a linear program written here."""
    edge = [0.0, 0.6, 1.4, 10.0]
    zones = [dict(reservoir="R", volume_from_hm3=v, power_mw_per_m3s=k) for v, k in zip(edge, rates, strict=False)]
    found = lake(demand, start, part * start, zones=zones)
    used, best = 0.0036 * np.tril(np.ones((3, 3))), np.inf
    first = [z for z in range(3) if edge[z] <= start <= edge[z + 1]]
    for course in product(first, range(3), range(3)):
        # Columns: at 10, at 90, turbine flow, spill.
        rate = np.array([rates[z] for z in course])
        level = np.hstack([np.zeros((3, 6)), used, used])
        low = np.array([edge[course[1]], edge[course[2]], part * start])
        high = np.array([edge[course[1] + 1], edge[course[2] + 1], 10.0])
        balance = np.hstack([np.eye(3), np.eye(3), np.diag(rate), np.zeros((3, 3))])
        limits, most = np.vstack([level, -level]), np.concatenate([start - low, high - start])
        bounds = [(0, 20)] * 3 + [(0, 200)] * 3 + [(0, 45.0 / k) for k in rate] + [(0, None)] * 3
        done = linprog(np.repeat([10.0, 90.0, 0.0, 0.0], 3), limits, most, balance, np.array(demand, float), bounds)
        best = min(best, done.fun) if done.status == 0 else best
    assert found.solution.objective == pytest.approx(best, abs=1e-3)
