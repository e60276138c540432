"""Every check of what is switched finds a fault put into the results of a dispatch that passes."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from gridopt.dispatch.certificate import certify
from gridopt.dispatch.single import dispatch
from gridopt.dispatch.whole import Search
from tests.blocks.test_commitment import built, committed, generator
from tests.support.certify import evidence

COLD = [dict(kind="generator", element="g", offline_h=h, cost_cny=c) for h, c in ((0.0, 20.0), (3.0, 50.0))]
SIX_AN_HOUR = 6 / 60 / 50


@cache
def given():
    """Generator g starts in hour 1 and stops at hour 4 of 6; h is on throughout."""
    rows = [committed("g", initial_h=-1.0, min_up_h=3.0, min_down_h=2.0, start_ramp_mw=20.0, stop_ramp_mw=20.0, station="S",
                      max_changes_per_day=2, max_starts_per_week=1, status_profile="s"),
            committed("h", initial_h=5.0, initial_mw=20.0, must_run=True)]  # fmt: skip
    both = [generator(cost_cny_per_h=20.0), generator("h", ramp_fraction_per_min=SIX_AN_HOUR, cost_cny_per_mwh=30.0)]
    made = built([30, 40, 50, 50, 30, 30], both, rows, start_cost=COLD, status=[0, 0.5, 0.5, 0.5, 0, 0])
    return dispatch(made, search=Search(gap=0.0))


def failed(**change) -> set[str]:
    """Names of the checks that fail with changed arrays: name -> (row, step, what is added)."""
    e = evidence(given())
    for name, changes in change.items():
        for row, step, amount in changes:
            e["quantities"][f"generator_{name}"][row, step] += amount
    return {c.name for c in certify(**e).failed}


def test_the_case():
    assert given().quantities["generator_on"].values[:2].tolist() == [[0, 1, 1, 1, 0, 0], [1] * 6]
    assert failed() == set()


@pytest.mark.parametrize(
    ("finds", "change"),
    [
        ("commitment.status", dict(start=[(0, 2, 1.0)])),
        ("commitment.status", dict(on=[(0, 2, -0.5)], stop=[(0, 2, 0.5), (0, 4, -1.0)], start=[(0, 3, 0.5)])),
        ("commitment.calendar", dict(on=[(1, 5, -1.0)], stop=[(1, 5, 1.0)], output=[(1, 5, -30.0)])),
        ("commitment.calendar", dict(on=[(0, 0, 1.0)], start=[(0, 0, 1.0), (0, 1, -1.0)])),
        ("commitment.min_up", dict(on=[(0, 3, -1.0)], stop=[(0, 3, 1.0), (0, 4, -1.0)])),
        ("commitment.min_down", dict(on=[(0, 5, 1.0)], start=[(0, 5, 1.0)])),
        ("commitment.output", dict(output=[(0, 1, 1.0)])),
        ("commitment.output", dict(output=[(0, 3, 1.0)])),
        ("commitment.output", dict(output=[(0, 2, 41.0)])),
        ("commitment.output", dict(output=[(0, 4, 1.0)])),
        ("commitment.ramp", dict(output=[(1, 2, 20.0)])),
        ("commitment.ramp", dict(output=[(1, 0, -15.0)])),
        ("commitment.day", dict(on=[(0, 5, 1.0)], start=[(0, 5, 1.0)])),
        ("commitment.week", dict(on=[(0, 5, 1.0)], start=[(0, 5, 1.0)])),
        ("cost", dict(on=[(0, 0, 1.0)], start=[(0, 0, 1.0), (0, 1, -1.0)], output=[(0, 0, 10.0)])),
        ("cost", dict(output=[(0, 2, -1.0), (1, 2, 1.0)])),
    ],
)
def test_a_fault_is_found(finds, change):
    assert finds in failed(**change)


def test_status_that_is_missing():
    """Without the arrays nothing can be checked, and the certificate fails."""
    e = evidence(given())
    del e["quantities"]["generator_on"]
    assert "commitment.status" in {c.name for c in certify(**e).failed}


def test_start_costs_by_hours_off():
    """The start in hour 1 after 2 h off line costs 20; had it been off for 3 h, 50."""
    e = evidence(given())
    frame = e["case"].tables["commitment"].copy()
    frame.loc[0, "initial_h"] = -2.0
    e["case"] = replace(e["case"], tables=e["case"].tables | {"commitment": frame})
    assert {c.name for c in certify(**e).failed} == {"cost"}
    assert np.isclose(given().costs["commitment.start"], 20.0)
