"""An infeasible case is told in words, with repairs that were tried."""

from dataclasses import replace

import pytest

from gridopt.dispatch.infeasible import reasons
from gridopt.dispatch.single import dispatch
from gridopt.program.solution import Infeasible, LimitReached
from tests.support.block_cases import FUEL, UNIT_TYPE, buses, line, load, power_case, unit
from tests.support.small import case, tables


def hard(hours=1, rating=None, ramp=None, power=50.0, **series):
    """Bus A with a generator, bus B with a load of 40 MW that must be served."""
    return case(
        hours, series=series,
        bus=[dict(bus=n, voltage_kv=330.0, surplus_allowed="false") for n in "AB"],
        line=[line("A", "B", rating)],
        generator=[dict(generator="g", bus="A", power_max_mw=power, cost_cny_per_mwh=10.0, ramp_fraction_per_min=ramp)],
        load=[load("B", "d" if series else "", 1.0 if series else 40.0, sheddable="false")],
    )  # fmt: skip


def told(one):
    with pytest.raises(Infeasible):
        dispatch(one)
    return reasons(one)


def test_a_line_that_is_too_small():
    """40 MW through 30 MW: 10 MW short, or 10 MW beyond the limit; nothing is said of ramps in one step."""
    first, shed, free = told(hard(rating=30.0))
    assert first == "no dispatch satisfies all limits"
    assert shed == "  with load shedding and surplus allowed there is one; 10.0 MW are not served at 2025-01-01 00:00 (bus B: 10.0 MW)"
    assert free == "  without limits of branches, angles and sections there is one; flows then exceed limits (branch AB: 10.0 MW)"


def test_too_little_power_is_not_the_network():
    _, shed, free = told(hard(power=25.0))
    assert "15.0 MW are not served" in shed and free.endswith("there is none either")


def test_a_ramp_that_is_too_slow():
    """From 10 to 40 MW in an hour with 20 MW/h: 10 MW short in the second hour, none without ramps."""
    *_, free, ramps = told(hard(2, ramp=20.0 / 50.0 / 60.0, d=[10.0, 40.0]))
    assert free.endswith("there is none either") and ramps == "  without ramps there is one"


def test_an_outage_that_cannot_be_withstood():
    """Two equal lines of 25 MW carry 40 MW together, one alone does not."""
    rows = dict(line=[line("A", "B", 25.0), dict(line("A", "B", 25.0), line="AB2")],
                contingency=[dict(contingency="one", kind="line", element="AB")])  # fmt: skip
    both = case(
        bus=[dict(bus=n, voltage_kv=330.0, surplus_allowed="false") for n in "AB"],
        generator=[dict(generator="g", bus="A", power_max_mw=50.0)], load=[load("B", "", 40.0, sheddable="false")], **rows,
    )  # fmt: skip
    _, secure, shed, _ = told(both)
    assert secure == "  without outages to withstand (N-1) there is one" and "15.0 MW are not served" in shed


def test_a_reserve_that_nobody_can_give():
    """50 MW of power, 40 of load: 10 MW are left of the 15 that must be there. Shedding 5 MW of load would do as well."""
    one = hard()
    rows = dict(
        reserve=[dict(reserve="up", product="spinning_up", requirement_mw=15.0)], reserve_offer=[dict(reserve="up", kind="generator")]
    )
    one = replace(one, tables={**one.tables, **{k: v for k, v in tables(**rows).items() if k in rows}})
    _, shed, free, missing = told(one)
    assert "5.0 MW are not served" in shed and free.endswith("there is none either")
    assert missing == "  with reserves that may be missing there is one; then missing at 2025-01-01 00:00: reserve up: 5.0 MW"


def test_a_contract_that_the_ramp_forbids():
    """30 MW from 0 at 0.5 MW/min: 30 MWh in the hour, 40 of the contract's day asked for: 10 missing without it."""
    rows = dict(
        bus=[dict(bus="A", voltage_kv=330.0), dict(bus="S", voltage_kv=800.0, role="sink")],
        generator=[dict(generator="g", bus="A", power_max_mw=500.0, cost_cny_per_mwh=10.0)],
        dc_link=[dict(dc_link="L", from_bus="A", to_bus="S", power_max_mw=100.0, ramp_fraction_per_min=0.005, initial_mw=0.0)],
        dc_contract=[dict(contract="c", dc_link="L", start_date="2025-01-01", end_date="2025-01-01", energy_min_mwh=960.0)],
        exchange=[dict(exchange="M", bus="S", export_flexible_mw=100.0, price_profile="p")],
    )
    found = told(case(1, series={"p": [50.0]}, **rows))
    assert "  without ramps there is one" in found
    missed = "  without contracts of DC links there is one; the energy sent then misses contracts (contract c: 10.0 MWh)"
    assert missed in found


def test_a_schedule_that_no_instant_serves():
    """8 MW must go to B in each hour, in steps of 5 MW: 5 are too few, and of 10 two have no use."""
    rows = dict(
        bus=[dict(bus=n, voltage_kv=330.0, surplus_allowed="false") for n in "AB"],
        generator=[dict(generator="g", bus="A", power_max_mw=50.0, cost_cny_per_mwh=10.0)],
        load=[load("B", "", 8.0, sheddable="false")],
        dc_link=[dict(dc_link="L", from_bus="A", to_bus="B", power_max_mw=20.0)],
        dc_schedule=[dict(dc_link="L", step_mw=5.0)],
    )
    found = told(replace(case(1, **rows), commitment="exact"))
    assert "  without schedules of DC links there is one" in found


def test_fuel_that_is_not_there():
    rows = dict(
        bus=[dict(bus="A", voltage_kv=330.0, surplus_allowed="false")], unit_type=UNIT_TYPE, fuel=FUEL, unit=[unit("A", 10, 50)],
        load=[load("A", "", 8.0, sheddable="false")], fuel_stock=[dict(fuel_stock="s", fuel="c10", stock_start_tce=5.0)],
    )  # fmt: skip
    assert "  without budgets and stocks of fuel and caps on CO2 there is one" in told(case(1, **rows))


def test_what_must_run_and_what_was_off():
    """Load 5 MW and a generator that must give 10: it may stop, or somebody takes 5 MW. Off for 1 h of 3 with a load of 20: without its
    minimum time it serves."""
    only = dict(generator=[dict(generator="g", bus="A", power_min_mw=10.0, power_max_mw=50.0, cost_cny_per_mwh=10.0),
                           dict(generator="small", bus="A", power_max_mw=6.0, cost_cny_per_mwh=20.0)],
                bus=buses("A", surplus_allowed=False))  # fmt: skip

    def case_of(mean, **row):
        needs = [dict(load="d", bus="A", mean_mw=mean, sheddable=False)]
        return replace(case(1, **only, load=needs, commitment=[dict(kind="generator", element="g", **row)]), commitment="exact")

    found = reasons(case_of(5.0, must_run=True))
    assert "  with units free to be on or off at any time there is one; on or off against its rule: generator 'g'" in found
    assert "  without minimum times and the status before the first step there is none either" in found
    found = reasons(case_of(20.0, initial_h=-1.0, min_down_h=3.0))
    assert "  without minimum times and the status before the first step there is one" in found


def test_a_repair_that_was_not_decided_is_not_called_none():
    def late(case):
        raise LimitReached("a limit was reached before any feasible schedule was found")

    found = reasons(power_case(1, bus=buses("A"), unit=[unit("A", 10, 5)], load=[load("A", mean=10.0, sheddable=False)]), late)
    assert len(found) > 1 and all("there may be one: not decided, a limit was reached" in line for line in found[1:])
