"""Pumped storage unit by unit: whole machines, ranges, reservoirs, modes and the time between them."""

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
STEPS = pytest.mark.parametrize("minutes", [60, 30, 15, 5])


def hours(demand, minutes=60, fleet=UNITS, commitment="off", **kw):
    """One bus and a plant of two machines of 6 MW that pump at 6 MW with 0.8; its certificate passes."""
    plant = dict(pumped="P", bus="A", units=2, power_max_mw=6.0, pump_mw=6.0, pump_efficiency=0.8, upper_max_mwh=100.0) | kw
    case = power_case(len(demand), minutes, series={"d": demand}, bus=buses("A"), unit=fleet, load=[load("A", "d")], pumped=[plant])
    d = dispatch(replace(case, commitment=commitment), search=Search(gap=1e-9))
    assert certificate(d).passed, certificate(d).failed
    return d


@STEPS
def test_G2_cheap_energy_is_pumped_up(minutes):
    """10 then 60 MW: pumps 10 MW at 10, generates 8 in place of 90: 20*10 + 20*10 + 32*90 = 3280; a MWh above is worth 90."""
    d = hours([10, 60], minutes)
    assert d.solution.objective == pytest.approx(3280)
    assert d.quantities["pumped_energy_value"].values == pytest.approx(90)


@pytest.mark.parametrize("minutes", [60, 30])
def test_G3_machines_pump_at_full_power_or_not(minutes):
    """One for an hour: 16*10 + 200 + (40 - 4.8)*90 = 3528; both: 20*10 + 2*90 + 200 + (40 - 9.6)*90 = 3316.

    In half hours too: half an hour of both and one of one are 100 + 90 + 80 + 200 + (40 - 7.2)*90 = 3422."""
    assert hours([10, 60], minutes, commitment="exact").solution.objective == pytest.approx(3316)
    assert hours([10, 60], minutes, commitment="relaxed").solution.objective == pytest.approx(3280)


def test_G4_machines_generate_in_their_range():
    """Both pump, 9.6 MWh above; both together give at least 10, one at most 6: 20*10 + 2*90 + 200 + 34*90 = 3640. Less than that is
    gained by pumping with one: 4.8 MWh are below the least output of 5. Pumping with both then costs 280 more and saves 540."""
    d = hours([10, 60], commitment="exact", power_min_mw=5.0, upper_end_mwh=0.0)
    assert d.solution.objective == pytest.approx(3640)
    assert d.quantities["pumped_generating"].values[0] == pytest.approx([0, 1])


def test_G1_lower_reservoir_holds_what_is_not_above():
    """10 MWh above, 7 below, room for 12 there: 5 come down in place of 90: 200 + 35*90. With nothing above, 7 go up and come down."""
    plant = dict(upper_start_mwh=10.0, upper_end_mwh=0.0, lower_max_mwh=12.0, lower_start_mwh=7.0)
    d = hours([60], **plant)
    assert d.quantities["pumped_lower"].values[0] == pytest.approx([12])
    assert d.solution.objective == pytest.approx(200 + 35 * 90)
    up = hours([0, 60], **plant | dict(upper_start_mwh=0.0, pump_efficiency=1.0))
    assert up.quantities["pumped_upper"].values[0] == pytest.approx([7, 0])


def test_G1_value_of_what_is_left():
    """Worth 20 a MWh: pumps 10 MW at 10 (8 MWh, 16 a MWh pumped), not at 90. 200 - 160."""
    d = hours([10], end_value_cny_per_mwh=20.0)
    assert d.solution.objective == pytest.approx(200 - 160)
    assert d.costs["pumped.end_value"] == pytest.approx(-160)


THREE = [unit("A", 10, 20), unit("A", 30, 30), unit("A", 90, 200)]


def test_G6_time_between_pumping_and_generating():
    """10, 60, 45 MW; two machines lift 12 MW in the first hour (20*10 + 2*30 = 260), 9.6 MWh. Without a wait they replace 90 in the
    second: 200 + 900 + 0.4*90 and 200 + 25*30: 260 + 1136 + 950 = 2346. An hour between: 30 in the third, 15.4*30: 260 + 2000 + 662."""
    at_once = hours([10, 60, 45], fleet=THREE, commitment="exact")
    assert at_once.solution.objective == pytest.approx(260 + 1136 + 950)
    waits = hours([10, 60, 45], fleet=THREE, commitment="exact", mode_change_h=1.0)
    assert waits.solution.objective == pytest.approx(260 + 2000 + 662)
    assert hours([10, 60, 45], fleet=THREE, mode_change_h=1.0).solution.objective == pytest.approx(2346)


def test_G6_never_both_ways_in_one_step():
    """Energy at -20 CNY/MWh: without modes both ways burn; with them the reservoir fills and that is all."""
    source = dict(generator="g", bus="A", power_max_mw=50.0, cost_cny_per_mwh=-20.0)
    plant = dict(pumped="P", bus="A", units=2, power_max_mw=6.0, pump_mw=6.0, pump_efficiency=0.8, upper_max_mwh=4.8)
    case = power_case(1, bus=buses("A"), generator=[source], load=[load("A", mean=20.0)], pumped=[plant])
    assert dispatch(case).solution.objective == pytest.approx(-20 * (20 + 12 - 4.8))
    exact = dispatch(replace(case, commitment="exact"))
    assert exact.solution.objective == pytest.approx(-20 * (20 + 6))
    assert certificate(exact).passed


def test_G7_mode_before_the_first_step():
    """It pumped until the first step and must wait an hour: nothing is generated in the first of two dear hours, 8 MWh in the second."""
    before = dict(upper_start_mwh=20.0, upper_end_mwh=0.0, mode_change_h=1.0, mode_before="pump")
    d = hours([60, 60], commitment="exact", **before)
    assert d.quantities["pumped_generate"].values[0] == pytest.approx([0, 12])
    long_ago = hours([60, 60], commitment="exact", **before | dict(mode_before_h=1.0))
    assert long_ago.quantities["pumped_generate"].values[0] @ [1, 1] == pytest.approx(20)


@pytest.mark.parametrize("commitment", ["off", "relaxed", "exact"])
def test_reserve_of_machines_that_generate(commitment):
    """5 MW of spinning reserve from the plant alone: 12 - 5 = 7 MW generated: 200 + 33*90 = 3170; without 2720. Sustained for an hour:
    20 - 7 MWh are enough; 10 above leave 10 - p >= 5: 5 MW, 200 + 35*90."""
    rules = dict(reserve=[dict(reserve="spin", product="spinning_up", requirement_mw=5.0)], reserve_offer=[dict(reserve="spin", kind="pumped")])
    for above, cost in ((20.0, 3170), (10.0, 3350)):
        plant = dict(pumped="P", bus="A", units=2, power_max_mw=6.0, pump_mw=6.0, upper_max_mwh=100.0, upper_start_mwh=above, upper_end_mwh=0.0)
        case = power_case(1, bus=buses("A"), unit=UNITS, load=[load("A", mean=60.0)], pumped=[plant], **rules)
        d = dispatch(replace(case, commitment=commitment), search=Search(gap=1e-9))
        assert d.solution.objective == pytest.approx(cost)
        assert certificate(d).passed, certificate(d).failed


def test_reserve_of_machines_that_pump():
    """Whole machines that pump cannot stop for a call: one generates at its least, 1 MW, and 5 of its 6 MW are held. With nothing above
    none can, and all 5 MW are missed."""
    plant = dict(pumped="P", bus="A", units=2, power_max_mw=6.0, pump_mw=6.0, upper_max_mwh=100.0, upper_start_mwh=50.0, upper_end_mwh=0.0)
    rules = dict(reserve=[dict(reserve="spin", product="spinning_up", requirement_mw=5.0)], reserve_offer=[dict(reserve="spin", kind="pumped")],
                 reserve_shortage=[dict(reserve="spin", cost_cny_per_mwh=1000.0)])  # fmt: skip
    case = power_case(1, bus=buses("A"), unit=UNITS, load=[load("A", mean=10.0)], pumped=[plant | dict(power_min_mw=1.0)], **rules)
    for commitment in ("off", "exact"):
        d = dispatch(replace(case, commitment=commitment), search=Search(gap=1e-9))
        assert certificate(d).passed, certificate(d).failed
        assert d.quantities["reserve_award"].values[0] == pytest.approx([5.0])
    empty = replace(case, tables={**case.tables, "pumped": case.tables["pumped"].assign(upper_start_mwh=0.0)})
    d = dispatch(replace(empty, commitment="exact"), search=Search(gap=1e-9))
    assert certificate(d).passed, certificate(d).failed
    assert d.quantities["reserve_award"].values[0] == pytest.approx([0.0])


def test_plants_that_enter_service_and_empty_table():
    for commitment in ("off", "relaxed", "exact"):
        assert certificate(dispatch(replace(BLOCK_CASES["pumped"].build(30), commitment=commitment))).passed
        assert dispatch(replace(power_case(2, bus=buses("A")), commitment=commitment)).solution.objective == 0.0
    solve(replace(BLOCK_CASES["pumped"].build(30), commitment="relaxed"))


@settings(max_examples=10, deadline=None)
@given(
    st.lists(st.integers(0, 70), min_size=3, max_size=3), st.integers(1, 2), st.floats(0.6, 1.0), st.floats(0.0, 5.0), st.integers(0, 14),
    st.integers(0, 2),
)  # fmt: skip
def test_against_all_schedules(demand, machines, turn, least, start, wait):
    """Least cost of three hours over all numbers of machines that pump or generate, each a linear program written here."""
    plant = dict(units=machines, pump_efficiency=turn, power_min_mw=least, upper_start_mwh=float(start))
    found = hours(demand, commitment="exact", mode_change_h=float(wait), upper_max_mwh=15.0, upper_end_mwh=0.0, **plant)
    level = np.hstack([np.zeros((3, 6)), np.tril(np.ones((3, 3))), np.zeros((3, 3))])
    balance = np.hstack([np.eye(3), np.eye(3), np.eye(3), -np.eye(3)])
    cost, best = np.repeat([10.0, 90.0, 0.0, 10000.0], 3), np.inf  # what nobody can take vanishes at the price of lost load
    for n in product(range(-machines, machines + 1), repeat=3):
        if any(n[s] * n[t] < 0 and t - s - 1 < wait for s in range(3) for t in range(s + 1, 3)):
            continue
        pumping = 6.0 * np.maximum(-np.array(n), 0)
        filled = start + turn * np.cumsum(pumping)
        bounds = [(0, 20)] * 3 + [(0, 200)] * 3 + [(least * k, 6.0 * k) for k in np.maximum(n, 0)] + [(0, None)] * 3
        limits, most = np.vstack([level, -level]), np.concatenate([filled, 15.0 - filled])
        done = linprog(cost, limits, most, balance, np.array(demand) + pumping, bounds)
        best = min(best, done.fun) if done.status == 0 else best
    assert found.solution.objective == pytest.approx(best, abs=1e-4)
