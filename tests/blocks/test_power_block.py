"""Power blocks of solar thermal plants: heat of a start, least output, minimum times, ramps, and all schedules tried."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from gridopt.dispatch.single import dispatch
from gridopt.dispatch.whole import Search
from gridopt.program.solution import Infeasible
from tests.support.block_cases import BLOCK_CASES, buses, load, power_case, unit
from tests.support.certify import certificate
from tests.support.optimum import assert_optimal

TOWER = dict(csp="t", bus="A", power_max_mw=10.0, efficiency=0.4, field_heat_max_mw=60.0, store_heat_max_mwh=100.0, profile="sun")
STEPS = pytest.mark.parametrize("minutes", [60, 30, 15, 5])


def tower(sun, demand, minutes=60, commitment="exact", out=(), **change):
    """30 MW at 10 and 100 MW at 90 beside the tower, which is out of service in some hours; its certificate passes."""
    outage = [dict(kind="csp", element="t", start_time=f"2025-01-01 {h:02d}:00", end_time=f"2025-01-01 {h + 1:02d}:00") for h in out]
    rows = dict(bus=buses("A"), unit=[unit("A", 10, 30), unit("A", 90, 100)], load=[load("A", "d")], csp=[TOWER | change], outage=outage)
    case = power_case(len(sun), minutes, series={"sun": sun, "d": demand}, **rows)
    d = dispatch(replace(case, commitment=commitment), search=Search(gap=1e-9))
    assert certificate(d).passed, certificate(d).failed
    assert_optimal(d)
    return d


@STEPS
def test_C2_a_start_takes_heat(minutes):
    """15 MWh of heat in an hour, off before; a start takes 5, the other 10 make 4 MWh: 30*10 + 26*90 = 2640, however long the steps."""
    d = tower([0.25], [60], minutes, start_heat_mwh=5.0, initial_h=-10.0)
    assert d.solution.objective == pytest.approx(2640)
    assert d.quantities["csp_start"].values.sum() == pytest.approx(1)


def test_C2_relaxed_and_without_decisions():
    """Half a block: 25 u + 5 u = 15: 5 MW: 300 + 25*90 = 2550. Without decisions 15 MWh make 6: 300 + 24*90 = 2460."""
    rules = dict(start_heat_mwh=5.0, initial_h=-10.0)
    assert tower([0.25], [60], commitment="relaxed", **rules).solution.objective == pytest.approx(2550)
    assert tower([0.25], [60], commitment="off", **rules).solution.objective == pytest.approx(2460)


def test_B3_least_output():
    """5 MW take 12.5 MWh, with the start 17.5, more than the 15 there are: 30*10 + 30*90. On before, 15 MWh make 6 MW."""
    rules = dict(start_heat_mwh=5.0, power_min_mw=5.0)
    assert tower([0.25], [60], **rules, initial_h=-10.0).solution.objective == pytest.approx(3000)
    assert tower([0.25], [60], **rules, initial_h=1.0).solution.objective == pytest.approx(2460)
    assert tower([0.25], [60], **rules).solution.objective == pytest.approx(2460)  # free: on before, if that is better


def test_B2_minimum_time_on():
    """15 MWh in the first hour, least 2 MW, 2 hours on: 5 for the start, 2 MW in each: 300 + 28*90 + 28*10 = 3100. One hour: 4 in the
    first, 300 + 26*90 + 300 = 2940."""
    rules = dict(start_heat_mwh=5.0, power_min_mw=2.0, initial_h=-10.0)
    assert tower([0.25, 0.0], [60, 30], **rules).solution.objective == pytest.approx(2940)
    assert tower([0.25, 0.0], [60, 30], **rules, min_up_h=2.0).solution.objective == pytest.approx(3100)


@STEPS
def test_B2_minimum_time_off_from_before(minutes):
    """Off for an hour, 3 at least: on from the third hour, 10 MW: 3000 twice, then 30*10 + 20*90 = 2100."""
    d = tower([0.5, 0.5, 0.5], [60, 60, 60], minutes, min_down_h=3.0, initial_h=-1.0)
    assert d.solution.objective == pytest.approx(2 * 3000 + 2100)


def test_B2_minimum_time_on_from_before():
    """On for an hour, 3 at least, 4 MW at least: two more hours, though energy costs nothing there; 8 of 60 MWh of heat are enough."""
    source = dict(generator="g", bus="A", power_max_mw=50.0)
    rules = dict(power_min_mw=4.0, min_up_h=3.0, initial_h=1.0)
    rows = dict(bus=buses("A"), generator=[source], load=[load("A", mean=3.0)], csp=[TOWER | rules])
    d = dispatch(replace(power_case(3, series={"sun": [0.5] * 3}, **rows), commitment="exact"))
    assert d.quantities["csp_on"].values[0, :2] == pytest.approx([1, 1])
    assert certificate(d).passed


@STEPS
def test_B2_a_start_before_an_outage_is_forgotten_after_it(minutes):
    """Four hours on at least, out of service in hour 2: 10 MW in the two hours before and the two after, 300 + 20*90 each, 3000 in it."""
    d = tower([1.0] * 5, [60] * 5, minutes, out=[2], min_up_h=4.0, initial_h=-10.0)
    assert d.solution.objective == pytest.approx(4 * 2100 + 3000)


def test_B2_what_was_on_before_need_not_return_from_an_outage():
    """On for an hour, six at least, 4 MW at least where 3 MW are asked for that cost nothing: on until the outage in hour 2, not after it."""
    source = dict(generator="g", bus="A", power_max_mw=50.0)
    out = [dict(kind="csp", element="t", start_time="2025-01-01 02:00", end_time="2025-01-01 03:00")]
    rows = dict(bus=buses("A"), generator=[source], load=[load("A", mean=3.0)], outage=out)
    tables = rows | dict(csp=[TOWER | dict(power_min_mw=4.0, min_up_h=6.0, initial_h=1.0)])
    d = dispatch(replace(power_case(5, series={"sun": [0.5] * 5}, **tables), commitment="exact"))
    assert d.quantities["csp_on"].values[0] == pytest.approx([1, 1, 0, 0, 0])
    assert certificate(d).passed


@STEPS
def test_B6_ramp_without_decisions(minutes):
    """1 MW an hour from 2 MW before: on steps of h hours 2 + 60 h R after the first step, then R for every hour between the middles."""
    d = tower([1.0, 1.0], [60, 60], minutes, "off", ramp_fraction_per_min=1 / 600, initial_mw=2.0)
    assert d.quantities["csp_output"].values[0] == pytest.approx(2 + (np.arange(120 // minutes) + 1) * minutes / 60)


def test_B4_B5_a_start_and_a_stop_reach_the_least_output():
    """Least output 3, 1 MW an hour: 3, 4 MW after the start; before a stop 3 again: 3, 4, 3 of three hours, off in the fourth."""
    rules = dict(ramp_fraction_per_min=1 / 600, power_min_mw=3.0, initial_h=-5.0)
    free = tower([1.0, 1.0, 1.0], [60, 60, 60], **rules)
    assert free.quantities["csp_output"].values[0] == pytest.approx([3, 4, 5])
    source = dict(generator="g", bus="A", power_max_mw=58.0, price_profile="p")
    rows = dict(bus=[dict(bus="A", voltage_kv=330.0, surplus_allowed=False)], generator=[source], load=[load("A", "d")])
    case = power_case(4, series={"sun": [1.0] * 4, "d": [60, 60, 60, 0], "p": [90.0] * 4}, csp=[TOWER | rules], **rows)
    d = dispatch(replace(case, commitment="exact"))
    assert d.quantities["csp_output"].values[0] == pytest.approx([3, 4, 3, 0])
    assert certificate(d).passed


def test_costs_of_starts_and_worth_of_heat():
    """A start for 300 that saves 10 MW x 80: hour of 30 + 10; heat left, 30 - 25 MWh, is worth 7 each."""
    d = tower([0.5], [40], start_cny=300.0, initial_h=-1.0, end_value_cny_per_mwh=7.0)
    assert d.solution.objective == pytest.approx(300 + 300 - 35)
    assert tower([0.5], [40], start_cny=900.0, initial_h=-1.0).solution.objective == pytest.approx(300 + 900)
    assert d.costs["power_block.start"] == pytest.approx(300)


@STEPS
def test_an_outage_keeps_the_heat_and_stops_the_block(minutes):
    """30 MWh of heat in hour 1, block and field out in hour 2, 25 of them used in hour 3. 30*10 + 20*90 where it runs, 3000 where not.

    Sun in the first hour alone: 10 MW then would take 25 MWh, which save 90 in either hour."""
    out = dict(kind="csp", element="t", start_time="2025-01-01 01:00", end_time="2025-01-01 02:00")
    rows = dict(bus=buses("A"), unit=[unit("A", 10, 30), unit("A", 90, 100)], load=[load("A", "d")], csp=[TOWER], outage=[out])
    d = dispatch(power_case(3, minutes, series={"sun": [0.5, 1.0, 0.0], "d": [30, 60, 60]}, **rows))
    assert d.solution.objective == pytest.approx(30 * 10 - 20 + 3000 + 2100)
    assert certificate(d).passed, certificate(d).failed


def test_hydro_and_pumped_storage_out_of_service():
    hour = dict(start_time="2025-01-01 00:00", end_time="2025-01-01 01:00")
    out = [hour | dict(kind=k, element=e) for k, e in (("pumped", "P"), ("reservoir", "R"))]
    lake = dict(reservoir="R", bus="A", power_max_mw=20.0, power_mw_per_m3s=0.5, volume_max_hm3=9.0, volume_start_hm3=5.0)
    plant = dict(pumped="P", bus="A", units=1, power_max_mw=6.0, pump_mw=6.0, upper_max_mwh=9.0, upper_start_mwh=9.0, upper_end_mwh=0.0)
    rows = dict(bus=buses("A"), unit=[unit("A", 10, 30), unit("A", 90, 100)], load=[load("A", mean=60.0)])
    d = dispatch(power_case(2, reservoir=[lake], pumped=[plant], outage=out, **rows))
    assert d.quantities["hydro_output"].values[0] == pytest.approx([0, 20])
    assert d.quantities["pumped_generate"].values[0] == pytest.approx([0, 6])
    assert certificate(d).passed, certificate(d).failed


def test_blocks_that_enter_service():
    for commitment in ("off", "relaxed", "exact"):
        for minutes in (60, 30):
            d = dispatch(replace(BLOCK_CASES["power_block"].build(minutes), commitment=commitment), search=Search(gap=1e-9))
            assert certificate(d).passed, certificate(d).failed


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.sampled_from([0.0, 0.1, 0.3, 0.6]), min_size=4, max_size=4), st.lists(st.integers(0, 60), min_size=4, max_size=4),
    st.floats(0.0, 8.0), st.integers(0, 6), st.integers(0, 3), st.integers(0, 3), st.sampled_from([-3, -1, 1, 3]), st.integers(0, 6),
)  # fmt: skip
def test_against_all_schedules(sun, demand, heat, least, up, down, before, out):
    """Least cost of four hours over all 16 schedules, each a linear program written here; `out`: hour out of service, none after the last."""
    rules = dict(start_heat_mwh=heat, power_min_mw=float(least), min_up_h=float(up), min_down_h=float(down), initial_h=float(before))
    if not heat + least + up + down:
        rules["start_cny"] = 1.0
    try:
        found = tower(sun, demand, out=[out] if out < 4 else [], store_efficiency=0.9, **rules).solution.objective
    except Infeasible:
        found = np.inf  # it must stay on from before, and there is no heat
    best, one, none = np.inf, np.eye(4), np.zeros((4, 4))
    level, here = np.tril(np.ones((4, 4))), np.arange(4) != out
    for on in product((0, 1), repeat=4):
        state = [int(before > 0)] * abs(before) + list(on)
        changes = [0, *(np.flatnonzero(np.diff(state)) + 1)]
        runs = [(state[a], b - a) for a, b in zip(changes[:-1], changes[1:], strict=True) if not (state[a] and b - abs(before) == out)]
        if any(length < (up if value else down) for value, length in runs) or (np.array(on, bool) & ~here).any():
            continue
        start = np.maximum(np.diff([int(before > 0), *on]), 0)
        # Columns: at 10, at 90, tower, into the store, out of it; surplus at 10000.
        balance = np.hstack([one, one, one, none, none, -one])
        field = np.hstack([none, none, one / 0.4, one, -one, none])
        store = np.hstack([none, none, none, 0.9 * level, -level, none])
        limits = np.vstack([field, store, -store])
        most = np.concatenate([60.0 * np.array(sun) * here - heat * start, np.full(4, 100.0), np.zeros(4)])
        bounds = [(0, 30)] * 4 + [(0, 100)] * 4 + [(least * u, 10.0 * u) for u in on] + [(0, 60 * h) for h in here]
        bounds += [(0, (25.0 + heat * v) * h) for v, h in zip(start, here, strict=True)] + [(0, None)] * 4
        cost = np.repeat([10.0, 90.0, 0.0, 0.0, 0.0, 10000.0], 4)
        done = linprog(cost, limits, most, balance, np.array(demand, float), bounds)
        if done.status == 0:
            best = min(best, done.fun + rules.get("start_cny", 0.0) * start.sum())
    assert found == pytest.approx(best, abs=1e-4)
