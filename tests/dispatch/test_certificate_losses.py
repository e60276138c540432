"""Each check of losses finds the fault it is there for; what is sound passes."""

from __future__ import annotations

import copy
import dataclasses

import numpy as np
import pytest

from gridopt.dispatch.certificate import certify
from gridopt.dispatch.single import dispatch
from tests.support.block_cases import BLOCK_CASES
from tests.support.certify import evidence


@pytest.fixture(scope="module")
def sound() -> dict:
    return evidence(dispatch(BLOCK_CASES["losses"].build()))


@pytest.fixture
def found(sound) -> dict:
    return sound | {k: copy.deepcopy(sound[k]) for k in ("quantities", "prices")}


def failed(e: dict) -> set[str]:
    return {c.name for c in certify(**e).failed}


def branch(e: dict, name: str) -> int:
    return e["case"].grid.branches.ids.tolist().index(name)


def test_sound(found):
    assert failed(found) == set()
    assert {"loss.none", "loss.square", "loss.artificial", "loss.price"} <= {c.name for c in certify(**found).checks}


def test_too_little_loss(found):
    """1 kW of loss left out: the square is not reached, and both ends have energy that went nowhere."""
    found["quantities"]["branch_loss"][branch(found, "AB"), 1] -= 0.001
    assert failed(found) == {"bus.balance", "loss.square", "loss.artificial", "rent"}


def test_a_loss_without_resistance(found):
    found["quantities"]["branch_loss"][branch(found, "CD"), 1] += 0.01
    assert failed(found) == {"bus.balance", "loss.none", "loss.artificial", "rent"}


def test_a_loss_on_a_line_that_is_out(found):
    found["quantities"]["branch_loss"][branch(found, "AC"), 3] += 0.01
    assert failed(found) == {"bus.balance", "loss.none", "loss.artificial", "rent"}


def test_artificial_loss_kept_quiet(found):
    found["quantities"]["branch_artificial_loss"][:] = 0.0
    assert failed(found) == {"loss.artificial"}


def test_artificial_loss_below_zero(found):
    found["quantities"]["branch_artificial_loss"][0, 0] = -0.01
    assert failed(found) == {"loss.artificial"}


def test_resistance_of_another_line(found):
    line = found["case"].table("line").copy()
    line.loc["AB", "resistance_ohm_per_km"] *= 1.05
    found["case"] = dataclasses.replace(found["case"], tables={**found["case"].tables, "line": line})
    assert failed(found) == {"loss.square", "loss.artificial", "loss.price"}


@pytest.mark.parametrize("factor", [0.95, 1.05])
def test_price_of_losses(found, factor):
    found["quantities"]["branch_loss_price"] *= factor
    assert failed(found) == {"loss.price", "price.network", "rent"}


def test_price_of_losses_where_energy_is_worth_nothing(found):
    at = branch(found, "XW")
    assert found["quantities"]["branch_loss_price"][at, 0] == pytest.approx(0, abs=1e-9)
    found["quantities"]["branch_loss_price"][at, 0] = 0.01
    assert failed(found) == {"loss.price", "price.network", "rent"}


@pytest.mark.parametrize("name", ["branch_loss", "branch_artificial_loss", "branch_loss_price"])
def test_missing_and_misshapen_arrays(found, name):
    whole = found["quantities"].pop(name)
    with pytest.raises(ValueError, match=name):
        certify(**found)
    found["quantities"][name] = whole[:, :-1]
    with pytest.raises(ValueError, match=name):
        certify(**found)


def test_no_number_is_taken_on_trust(found):
    found["quantities"]["branch_loss"][0, 0] = np.nan
    assert {"bus.balance", "loss.square", "loss.artificial"} <= failed(found)
