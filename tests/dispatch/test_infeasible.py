"""An infeasible case is told in words, with repairs that were tried."""

from dataclasses import replace

import pytest

from gridopt.dispatch.infeasible import reasons
from gridopt.dispatch.single import dispatch
from gridopt.program.solution import Infeasible
from tests.support.block_cases import line, load
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
