"""Budgets of energy and release: prorated by the hours studied, at any length of step."""

import pytest

from tests.support.block_cases import buses, load, power_case, unit
from tests.support.certify import certificate
from tests.support.optimum import solve

LAKE = dict(reservoir="R", bus="A", power_max_mw=45.0, power_mw_per_m3s=0.5, volume_max_hm3=10.0, volume_start_hm3=5.0)


def budgeted(minutes: int = 60, first: float = 30, second: float = 60, **kw):
    budget = dict(budget="b", reservoir="R", start_date="2025-01-01", end_date="2025-01-02") | kw
    rows = dict(bus=buses("A"), unit=[unit("A", 10, 20), unit("A", 90, 200)], load=[load("A", "d")], reservoir=[LAKE], hydro_budget=[budget])
    d = solve(power_case(2, minutes, series={"d": [first, second]}, **rows))
    assert certificate(d).passed
    return d


STEPS = pytest.mark.parametrize("minutes", [60, 30, 15, 5])


@STEPS
def test_W1_energy_at_most(minutes):
    """480 MWh in two days, two hours of which are studied: 20 MWh, all in place of 90: 400 + 30*90 = 3100."""
    d = budgeted(minutes, energy_max_mwh=480.0)
    assert d.solution.objective == pytest.approx(400 + 30 * 90)
    assert d.values.dual("hydro_budget.energy") == pytest.approx(-90)


@STEPS
def test_W1_energy_at_least(minutes):
    """Water is free, so it would give all; with a worth of 20,000 (144 CNY/MWh) nothing but what it must: 12 MWh in place of 90."""
    budget = dict(budget="b", reservoir="R", start_date="2025-01-01", end_date="2025-01-02", energy_min_mwh=288.0)
    rows = dict(bus=buses("A"), unit=[unit("A", 10, 20), unit("A", 90, 200)], load=[load("A", "d")], hydro_budget=[budget])
    lake = LAKE | dict(end_value_cny_per_hm3=20000.0)
    d = solve(power_case(2, minutes, series={"d": [30, 60]}, reservoir=[lake], **rows))
    assert d.quantities["hydro_output"].values.sum(axis=0) @ d.case.time.hours == pytest.approx(12)
    assert d.values.dual("hydro_budget.energy") == pytest.approx(144 - 90)
    assert certificate(d).passed


@STEPS
def test_W2_release_at_most(minutes):
    """48 hours x 0.072 hm3: in two hours 0.144 hm3, 40 m3/s h, 20 MWh."""
    d = budgeted(minutes, release_max_hm3=48 * 0.072)
    assert d.solution.objective == pytest.approx(400 + 30 * 90)
    assert d.values.dual("hydro_budget.release") == pytest.approx(-12500)


def test_W1_what_was_given_outside_the_study_is_known():
    """Of 480 MWh in two days 470 have been given: 10 are left, all in place of 90: 400 + 40*90 = 4000."""
    d = budgeted(energy_max_mwh=480.0, energy_outside_mwh=470.0)
    assert d.solution.objective == pytest.approx(400 + 40 * 90)
    d = budgeted(release_max_hm3=1.0, release_outside_hm3=1.0 - 0.072)
    assert d.solution.objective == pytest.approx(400 + 40 * 90)


def test_a_period_that_is_not_studied_asks_nothing():
    d = budgeted(start_date="2025-02-01", end_date="2025-02-02", energy_max_mwh=0.0)
    assert d.solution.objective == pytest.approx(20 * 10 * 0 + 45 * 0 + 15 * 10)


def test_a_period_that_begins_within_the_study():
    """From midnight on: 24 MWh in a day, one hour of it studied: 1 MWh then; in the hour before as much as the load, 30."""
    budget = dict(budget="b", reservoir="R", start_date="2025-01-01", end_date="2025-01-01", energy_max_mwh=24.0)
    rows = dict(bus=buses("A"), unit=[unit("A", 10, 20), unit("A", 90, 200)], load=[load("A", "d")], hydro_budget=[budget])
    d = solve(power_case(2, start="2024-12-31T23:00", series={"d": [30, 60]}, reservoir=[LAKE], **rows))
    assert d.quantities["hydro_output"].values[0] == pytest.approx([30, 1])
    assert d.solution.objective == pytest.approx(200 + 39 * 90)
