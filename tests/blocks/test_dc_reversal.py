"""DC links that reverse, planned schedules and pole outages, against calculation by hand."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridopt.dispatch.single import dispatch
from gridopt.dispatch.whole import Search
from tests.blocks.test_dc_link import contract, link_case
from tests.support.block_cases import buses, load, power_case, unit
from tests.support.certify import certificate
from tests.support.optimum import solve
from tests.support.small import tables

PROVEN = Search(gap=0.0)


def tie(a=(20.0, 20.0), b=(20.0, 20.0), cheap=("A", "B"), commitment="off", rule=None, minutes=60, **kw):
    """Loads a at A and b at B; 30 MW at 20 at each of `cheap`, any at 90 at both; a link of 20 MW that way and 16 MW back."""
    rows = dict(
        bus=buses("A", "B"),
        unit=[*(dict(unit(x, 20, 30)) for x in cheap), unit("A", 90, 100), unit("B", 90, 100)],
        load=[load("A", "a"), load("B", "b")],
        dc_link=[dict(dict(dc_link="R", from_bus="A", to_bus="B", power_max_mw=20.0, power_reverse_max_mw=16.0), **kw)],
    )  # fmt: skip
    if rule is not None:
        rows["dc_schedule"] = [dict(dc_link="R", **rule)]
    return replace(power_case(len(a), minutes, series={"a": list(a), "b": list(b)}, **rows), commitment=commitment)


@pytest.mark.parametrize("commitment", ["off", "relaxed", "exact"])
def test_L2_losses_are_those_of_the_way(commitment):
    """Hour 1: 10 MW are sent to B, 20 needed there besides its 30: 5 % lost. Hour 2 the other way: A takes out 9.5 of 10 from B.

    loss 5 %: hour 1 A 20 + 10 = 30 MW at 20, B 30 + 9.5 arrive, 10.5 at 90 of 50 needed; hour 2 mirrored.
    Cost 2 x (60 x 20 + 10.5 x 90) = 4290.
    """
    d = dispatch(tie((20, 50), (50, 20), commitment=commitment, loss_linear_fraction=0.05), search=PROVEN)
    assert d.solution.objective == pytest.approx(2 * (60 * 20 + 10.5 * 90))
    assert d.quantities["dc_sent"].values[0] == pytest.approx([10, -9.5])
    assert d.quantities["dc_received"].values[0] == pytest.approx([9.5, -10])
    assert d.quantities["dc_power"].values[0] == pytest.approx([10, -10])
    assert certificate(d).passed, certificate(d).failed


@pytest.mark.parametrize("commitment", ["off", "exact"])
def test_L2_curve_and_no_load_both_ways(commitment):
    """10 % at full load squared over 20 MW, knots 5, 10, 15, 20: at 10 MW 0.5 lost, and 1 % of 20 MW whenever the link is there.

    Back: knots 4, 8, 12, 16 lose 0.08, 0.32, 0.72, 1.28; 10 MW: 0.52. Without decisions the no-load loss is B's (to_bus).
    """
    losses = dict(loss_no_load_fraction=0.01, loss_quadratic_fraction=0.1)
    d = dispatch(tie((20, 50), (50, 20), commitment=commitment, **losses), search=PROVEN)
    lost = (d.quantities["dc_sent"].values - d.quantities["dc_received"].values)[0]
    power = np.abs(d.quantities["dc_power"].values[0])
    back = 10.0 if commitment == "exact" else 9.8  # B has 0.2 MW less to send
    assert power == pytest.approx([10, back])
    assert lost == pytest.approx([0.2 + 0.5, 0.2 + 0.32 + (back - 8) * 0.1])
    assert certificate(d).passed, certificate(d).failed


def test_L4_least_power_both_ways_or_nothing():
    """5 MW least, 1 % lost. Hour 1 B lacks 2 MW: 5 are sent, 4.95 arrive, for 5 x 20 < 2 x 90; hour 2 nobody lacks.

    Hour 1: A makes 25, B 32 - 4.95 = 27.05; hour 2: 20 + 20 MW, all at 20, link at rest.
    """
    losses = dict(loss_linear_fraction=0.01, power_min_mw=5.0)
    d = dispatch(tie((20, 20), (32, 20), commitment="exact", rule=dict(may_stop=True), **losses), search=PROVEN)
    assert d.quantities["dc_power"].values[0] == pytest.approx([5, 0])
    assert d.solution.objective == pytest.approx((52.05 + 40) * 20)
    assert d.quantities["dc_on"].values[0] == pytest.approx([1, 0])
    assert certificate(d).passed


def test_L4_a_link_that_may_not_stop_sends_one_way_or_the_other():
    """1 % lost at no load (0.2 MW), least power 5: with nothing to gain it is sent all the same, and 0.2 MW are made at 20."""
    d = dispatch(tie((20,), (20,), commitment="exact", power_min_mw=5.0, loss_no_load_fraction=0.01), search=PROVEN)
    assert np.abs(d.quantities["dc_power"].values[0, 0]) >= 5 - 1e-9
    assert d.solution.objective == pytest.approx(40.2 * 20)
    assert certificate(d).passed


@pytest.mark.parametrize(("gap", "minutes"), [(0.0, 60), (0.5, 30), (1.0, 60), (1.0, 30), (1.5, 60), (5.0, 60)])
def test_J5_time_before_a_reversal(gap, minutes):
    """1 % lost. Hour 1: A can send 10 MW, 9.9 of which serve B: 9.9 x 90 - 200 = 691 saved. Hour 3: B sends 10.101, A gets 10: 698 saved.

    An hour lies between; where more is asked for, only the second is worth its reversal.
    """
    a, b = (20, 20, 40, 20), (40, 20, 18, 20)
    made = tie(a, b, commitment="exact", rule=dict(may_stop=True, reversal_h=gap), minutes=minutes, loss_linear_fraction=0.01)
    d = dispatch(made, search=PROVEN)
    hourly = [10 if gap <= 1.0 else 0, 0, -10 / 0.99, 0]
    assert d.quantities["dc_power"].values[0] == pytest.approx(np.repeat(hourly, 60 // minutes), abs=1e-6)
    assert certificate(d).passed


def test_J5_direction_before_the_first_step():
    """Sent to B until now; two hours must pass: B's cheap energy stays in hours 1 and 2, A buys 10 MW at 90."""
    rule = dict(may_stop=True, reversal_h=2.0)
    made = tie((40, 40, 40), (20, 20, 20), commitment="exact", rule=rule, initial_mw=5.0, ramp_fraction_per_min=1.0)
    d = dispatch(made, search=PROVEN)
    assert d.quantities["dc_power"].values[0] == pytest.approx([0, 0, -10])
    assert d.solution.objective == pytest.approx(2 * (50 * 20 + 10 * 90) + 60 * 20)
    assert certificate(d).passed


@pytest.mark.parametrize("nothing", [1e-9, -1e-9])
def test_J5_what_a_solver_has_left_of_nothing_goes_no_way(nothing):
    """No power before the first step, but for rounding: B sends its cheap 10 MW from the first hour on, all 60 MW are made at 20."""
    rule = dict(may_stop=True, reversal_h=2.0)
    made = tie((40, 40, 40), (20, 20, 20), commitment="exact", rule=rule, initial_mw=nothing, ramp_fraction_per_min=1.0)
    d = dispatch(made, search=PROVEN)
    assert d.quantities["dc_power"].values[0] == pytest.approx([-10, -10, -10])
    assert d.solution.objective == pytest.approx(3 * 60 * 20)
    assert certificate(d).passed


def test_O1_contract_counts_what_comes_back():
    """At least 240/12 = 20 MWh net in two hours, 10 % lost: 2 MW are made at 20 to no other end."""
    made = tie((20, 20), (20, 20), loss_linear_fraction=0.1)
    agreed = tables(dc_contract=[dict(contract("c", energy_min_mwh=240.0), dc_link="R")])["dc_contract"]
    d = solve(replace(made, tables={**made.tables, "dc_contract": agreed}))
    assert d.quantities["dc_power"].values.sum() == pytest.approx(20)
    assert d.solution.objective == pytest.approx((80 + 2) * 20)
    assert certificate(d).passed


@pytest.mark.parametrize("commitment", ["off", "exact"])
def test_schedule_fixes_the_power_and_loses_in_order(commitment):
    """60 MW agreed, then 30; the curve loses 3.75 at 60 MW (knots 50: 2.5, 75: 5.625 -> 2.5 + 10 x 0.125) and 0.625 + 5 x 0.075."""
    made = link_case(2, prices=(-50.0, 100.0), more=dict(series={"s": [60.0, 30.0]}), loss_quadratic_fraction=0.1, schedule="s")
    d = dispatch(replace(made, commitment=commitment))
    assert d.quantities["dc_sent"].values[0] == pytest.approx([60, 30])
    assert d.quantities["dc_received"].values[0] == pytest.approx([60 - 3.75, 30 - 1.0])
    assert d.quantities["dc_artificial_loss"].values == pytest.approx(0, abs=1e-9)
    assert d.solution.objective == pytest.approx(60 * 50 + 56.25 * 50 + 30 * 50 - 29 * 100)
    assert certificate(d).passed


def test_schedule_may_reverse():
    """20 MW to B, then 10 MW back: 2 % lost at the end that receives."""
    made = tie((20, 20), (20, 20), loss_linear_fraction=0.02, schedule="s")
    made.source.values["s"] = np.array([20.0, -10.0])
    d = solve(made)
    assert d.quantities["dc_sent"].values[0] == pytest.approx([20, -9.8])
    assert d.quantities["dc_received"].values[0] == pytest.approx([19.6, -10])
    assert certificate(d).passed


def test_one_pole_out_halves_the_link():
    """One pole of two is out in hour 2: least 10 of 20 MW, largest 50 of 100; the pole left loses at 50 MW what it lost at 100 of both,

    half of 1 + 10 MW (no load 1 %, square 10 %). Sold at 1000, made at 50.
    """
    lost = dict(kind="dc_link", element="L", start_time="2025-01-01 01:00", end_time="2025-01-01 02:00", share=0.5)
    more = dict(outage=[lost])
    d = solve(link_case(2, prices=(1000.0,) * 2, more=more, power_min_mw=20.0, loss_no_load_fraction=0.01, loss_quadratic_fraction=0.1))
    assert d.quantities["dc_sent"].values[0] == pytest.approx([100, 50])
    assert d.quantities["dc_received"].values[0] == pytest.approx([89, 44.5])
    assert certificate(d).passed
    d = solve(link_case(2, prices=(1.0,) * 2, more=more, power_min_mw=20.0, loss_no_load_fraction=0.01, loss_quadratic_fraction=0.1))
    assert d.quantities["dc_sent"].values[0] == pytest.approx([20, 10])
    assert certificate(d).passed


def test_L3_ramp_from_the_power_before():
    """0.5 % of 100 MW per min: 30 MW per hour from 20 MW: 50, then 80, then 100 are reached where 100 would pay at once."""
    d = solve(link_case(3, prices=(1000.0,) * 3, ramp_fraction_per_min=0.005, initial_mw=20.0))
    assert d.quantities["dc_sent"].values[0] == pytest.approx([50, 80, 100])
    assert certificate(d).passed


def test_L5_back_loses_in_order():
    """Wind of 12 MW at B that must not be curtailed is worth less than nothing at A: 12 MW back lose 0.72 of 16, not more."""
    wind = [dict(renewable="w", bus="B", technology="wind", power_max_mw=12.0, curtailment_cost_cny_per_mwh=200.0)]
    link = dict(dc_link="R", from_bus="A", to_bus="B", power_max_mw=20.0, power_reverse_max_mw=16.0, loss_quadratic_fraction=0.1)
    rows = dict(bus=[*buses("A"), *buses("B", surplus_allowed=False)], renewable=wind, dc_link=[link],
                exchange=[dict(exchange="M", bus="A", export_flexible_mw=50.0, price_profile="p")])  # fmt: skip
    made = replace(power_case(1, series={"p": [-50.0]}, **rows), commitment="exact")
    d = dispatch(made, search=PROVEN)
    assert d.quantities["dc_power"].values == pytest.approx(-12)
    assert d.quantities["dc_sent"].values == pytest.approx(-12 + 0.72)
    assert d.quantities["dc_artificial_loss"].values == pytest.approx(0, abs=1e-9)
    assert certificate(d).passed


WAYS = (-10, 0, 10, 20)


def enumerated(a, b, before, reversal_h, hold_h, changes):
    """Least cost over all sequences of powers of a link of 20 MW that way and 10 back, 5 % lost, in hours; plain Python."""

    def made(p):
        return 20 * min(p, 30) + 90 * max(p - 30, 0) if p >= 0 else 10000 * -p

    best = np.inf
    for powers in itertools.product(WAYS, repeat=len(a)):
        jumps = [t for t, (p, q) in enumerate(itertools.pairwise((before, *powers))) if p != q]
        bad = len(jumps) > changes or any(s - t < hold_h for t, s in itertools.pairwise(jumps))
        sent = [(t, np.sign(p)) for t, p in enumerate((before, *powers), -1) if p]
        bad |= any(x != y and t - s - 1 < reversal_h for (s, x), (t, y) in itertools.pairwise(sent))
        if not bad:
            arrives = [0.95 * abs(p) for p in powers]
            cost = sum(made(x + (p if p > 0 else -r)) + made(y - (r if p > 0 else p)) for x, y, p, r in zip(a, b, powers, arrives, strict=True))
            best = min(best, cost)
    return best


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_J_enumeration_both_ways(data):
    a, b = ([data.draw(st.integers(12, 45)) + 0.5 for _ in range(4)] for _ in range(2))
    reversal, hold, changes = (data.draw(st.sampled_from(v)) for v in ((0.0, 1.0, 2.0), (0.0, 2.0), (1, 2, 4)))
    before = float(data.draw(st.sampled_from(WAYS)))
    rule = dict(may_stop=True, step_mw=10.0, reversal_h=reversal, hold_h=hold, changes_per_day=changes)
    made = tie(a, b, commitment="exact", rule=rule, initial_mw=before, power_reverse_max_mw=10.0, loss_linear_fraction=0.05)
    d = dispatch(made, search=PROVEN)
    assert d.solution.objective == pytest.approx(enumerated(a, b, before, reversal, hold, changes))
    assert certificate(d).passed, certificate(d).failed


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_energy_out_is_never_above_energy_in_whatever_it_is_worth(data):
    """Random losses, limits, pole outages and prices below zero at both ends: with whole values a link loses exactly what its curve says."""
    number = lambda low, high: float(data.draw(st.integers(low, high)))  # noqa: E731
    least = number(0, 5)
    link = dict(dc_link="R", from_bus="A", to_bus="B", power_max_mw=20.0, power_reverse_max_mw=number(6, 16), power_min_mw=least,
                loss_no_load_fraction=number(0, 2) / 100, loss_linear_fraction=number(0, 3) / 100, loss_quadratic_fraction=number(0, 10) / 100)
    pole = dict(kind="dc_link", element="R", start_time="2025-01-01 01:00", end_time="2025-01-01 02:00", share=0.5)
    wind = [dict(renewable=f"w{x}", bus=x, technology="wind", power_max_mw=number(0, 30), curtailment_cost_cny_per_mwh=number(0, 90))
            for x in "AB"]  # fmt: skip
    trade = [dict(exchange=f"M{x}", bus=x, export_flexible_mw=50.0, import_flexible_mw=50.0, price_profile=f"p{x}") for x in "AB"]
    prices = {f"p{x}": [number(-80, 60) for _ in range(3)] for x in "AB"}
    rows = dict(bus=buses("A", "B"), dc_link=[link], outage=[pole], renewable=wind, exchange=trade)
    if data.draw(st.booleans()):
        rows["dc_schedule"] = [dict(dc_link="R", may_stop=True)]
    made = power_case(3, series=prices, **rows)
    cost = {}
    for commitment in ("off", "relaxed", "exact"):
        d = dispatch(replace(made, commitment=commitment), search=PROVEN)
        sent, received = (d.quantities[f"dc_{n}"].values for n in ("sent", "received"))
        assert (received <= sent + 1e-7).all()
        assert certificate(d).passed, (commitment, certificate(d).failed)
        cost[commitment] = d.solution.objective
    assert d.quantities["dc_artificial_loss"].values == pytest.approx(0, abs=1e-5)
    assert cost["relaxed"] <= cost["exact"] + 1e-6 * max(abs(cost["exact"]), 1.0)


def test_a_reversal_waits_at_no_power_of_a_link_that_may_not_stop():
    """A: load 50, power at 30; a link of 20 MW to B, where power is worth 200, 0, -100, -100; an hour between the ways, least power 0.

    20 MW are sent in hour 0, none in hour 1, 20 come back in hours 2 and 3: 30 * (70 + 50 + 30 + 30) - 200 * 20 - 100 * 40 = -2600.
    """
    case = power_case(
        4, series=dict(p=[200, 0, -100, -100]), bus=buses("A", "B"), load=[load("A", mean=50.0)],
        generator=[dict(generator="g", bus="A", power_max_mw=100.0, cost_cny_per_mwh=30.0)],
        dc_link=[dict(dc_link="l", from_bus="A", to_bus="B", power_max_mw=20.0, power_reverse_max_mw=20.0)],
        dc_schedule=[dict(dc_link="l", reversal_h=1.0)],
        exchange=[dict(exchange="x", bus="B", price_profile="p", import_flexible_mw=50.0, export_flexible_mw=50.0)],
    )  # fmt: skip
    d = dispatch(replace(case, commitment="exact"))
    assert d.solution.objective == pytest.approx(-2600)
    assert d.quantities["dc_power"].values[0] == pytest.approx([20, 0, -20, -20])
    assert not certificate(d).failed
