"""Certificate of rules that only some stores have: what the model solves passes, and each check finds its fault."""

import dataclasses

import numpy as np
import pytest

from gridopt.dispatch.certificate import certify
from gridopt.dispatch.single import dispatch
from tests.support.block_cases import BLOCK_CASES
from tests.support.certify import evidence


def failed(e: dict) -> set[str]:
    return {c.name for c in certify(**e).failed}


def cell(e: dict, table: str, name, column: str, value) -> None:
    """Another value in a table that the certificate reads."""
    frame = e["case"].tables[table].copy()
    frame.loc[name, column] = value
    e["case"] = dataclasses.replace(e["case"], tables={**e["case"].tables, table: frame})


@pytest.fixture(params=["off", "relaxed", "exact"])
def stores(request) -> dict:
    found = evidence(dispatch(dataclasses.replace(BLOCK_CASES["storage"].build(), commitment=request.param)))
    found["case"].source.values.update({"none": np.zeros(6), "half": np.full(6, 0.2), "high": np.full(6, 0.5)})
    return found


@pytest.mark.parametrize(
    ("column", "value", "broken"),
    [
        ("cycles_per_day", 0.2, "storage.cycles"),
        ("charge_profile", "none", "storage.power"),
        ("discharge_profile", "none", "storage.power"),
        ("energy_max_profile", "half", "storage.energy"),
        ("energy_min_profile", "high", "storage.energy"),
        ("end_value_cny_per_mwh", 38.0, "cost"),
        ("energy_end_fraction", 0.99, "storage.end"),
    ],
)
def test_a_limit_that_the_dispatch_breaks(stores, column, value, broken):
    assert not failed(stores)
    cell(stores, "storage", "V", column, value)
    assert broken in failed(stores)


def test_both_ways_at_once():
    e = evidence(dispatch(dataclasses.replace(BLOCK_CASES["storage"].build(), commitment="exact")))
    assert not failed(e)
    t = int(np.argmax(e["quantities"]["storage_charge"][0]))
    e["quantities"]["storage_discharge"][0, t] = 1.0
    assert "storage.apart" in failed(e)
