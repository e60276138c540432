"""Ramping: limits from the output before the first step, costs of a rise and a fall, what ramps add to a price, service."""

import pytest

from gridopt.dispatch.lmp import price
from tests.support.block_cases import buses, load, power_case
from tests.support.certify import certificate
from tests.support.optimum import solve


def generator(name, power, cost, **kw):
    return dict(dict(generator=name, bus="A", power_max_mw=float(power), cost_cny_per_mwh=float(cost)), **kw)


def found(ramping, loads, *generators, **rows):
    """Dispatch of one bus, its optimum proven and certified."""
    series = dict(d=loads)
    d = solve(power_case(len(loads), series=series, bus=buses("A"), generator=list(generators), load=[load("A", "d")], ramping=ramping, **rows))
    checked = certificate(d)
    assert checked.passed, checked.failed
    return d


def test_X1_temporal_prices():
    """G1 at 25 and G2 at 30, both 500 MW; G2 changes by 50 MW an hour, from 50; load 420, 590, 590.

    In hour 2 G1 gives its 500 and G2 90, so 40 at least in hour 1: price 25 there, but 5 less than G2 costs; one more MWh of load in
    hour 2 needs one more from G2 in hour 1, where it replaces one at 25: 30 + 30 - 25 = 35. G2 sees 30 in all hours.
    """
    rows = [dict(kind="generator", element="G2", up_mw_per_min=50 / 60, down_mw_per_min=50 / 60, initial_mw=50.0)]
    d = found(rows, [420, 590, 590], generator("G1", 500, 25), generator("G2", 500, 30))
    assert d.quantities["generator_output"].values[1] == pytest.approx([40, 90, 90])
    assert price(d).price[0] == pytest.approx([25, 35, 30])
    assert price(d).price[0] + d.quantities["generator_ramp_price"].values[1] == pytest.approx([30, 30, 30])
    assert d.quantities["generator_ramp_price"].values[0] == pytest.approx([0, 0, 0])


def test_X2_costs_of_rise_and_fall():
    """g at 10 follows 30, 50, 20 from 30 if that is cheap: 20 x 2 up and 30 x 1 down. h at 40 would take the peak for 30 more per MWh."""
    rows = [dict(kind="generator", element="g", up_cost_cny_per_mw=2.0, down_cost_cny_per_mw=1.0, initial_mw=30.0)]
    d = found(rows, [30, 50, 20], generator("g", 100, 10), generator("h", 100, 40))
    assert d.costs["ramping.rise"] == pytest.approx(40)
    assert d.costs["ramping.fall"] == pytest.approx(30)
    assert d.solution.objective == pytest.approx(100 * 10 + 70)


def test_X2_a_dear_rise_is_left_to_another():
    """At 31 up and 1 down the peak of 20 MW costs 32 per MW with g, 30 more with h: h gives it. g falls from 30 to 20: 10."""
    rows = [dict(kind="generator", element="g", up_cost_cny_per_mw=31.0, down_cost_cny_per_mw=1.0, initial_mw=30.0)]
    d = found(rows, [30, 50, 20], generator("g", 100, 10), generator("h", 100, 40))
    assert d.quantities["generator_output"].values[1] == pytest.approx([0, 20, 0])
    assert d.solution.objective == pytest.approx(80 * 10 + 20 * 40 + 10)


def test_X1_what_is_not_known_before_costs_nothing():
    d = found([dict(kind="generator", element="g", up_cost_cny_per_mw=2.0)], [30, 20], generator("g", 100, 10))
    assert d.costs["ramping.rise"] == pytest.approx(0)


def test_X1_entering_and_leaving_service_is_no_ramp():
    """g is out in hour 2: it falls and rises without cost or limit."""
    rows = [dict(kind="generator", element="g", up_mw_per_min=0.1, down_mw_per_min=0.1, up_cost_cny_per_mw=5.0, initial_mw=30.0)]
    outage = [dict(kind="generator", element="g", start_time="2025-01-01 01:00", end_time="2025-01-01 02:00")]
    d = found(rows, [30, 50, 50], generator("g", 100, 10), generator("h", 100, 40), outage=outage)
    assert d.quantities["generator_output"].values[0] == pytest.approx([30, 0, 50])
    assert d.solution.objective == pytest.approx(80 * 10 + 50 * 40)


def test_X2_minutes_between_steps_of_two_lengths():
    """1 MW/min: 30 minutes in a first step of half an hour, 30 more between two such."""
    rows = [dict(kind="generator", element="g", up_mw_per_min=1.0, initial_mw=0.0)]
    d = solve(
        power_case(
            1, 30, bus=buses("A"), generator=[generator("g", 100, 10), generator("h", 100, 40)], load=[load("A", mean=100.0)], ramping=rows
        )
    )
    assert d.quantities["generator_output"].values[0] == pytest.approx([30, 60])


def test_a_store_that_may_not_change_fast():
    """40 MW in an hour from 0: a battery of 80 MW that would give 80 at the peak gives 40."""
    store = [dict(storage="B", bus="A", power_max_mw=80.0, energy_max_mwh=200.0, energy_start_fraction=1.0, energy_end_fraction=0.0)]
    rows = [dict(kind="storage", element="B", up_mw_per_min=40 / 60, initial_mw=0.0)]
    d = found(rows, [100.0], generator("g", 100, 10), storage=store)
    assert d.quantities["storage_discharge"].values[0] == pytest.approx([40])
