"""Each check of DC schedules, reversals and markets finds the fault it is there for, and no other does."""

import copy
import dataclasses

import numpy as np
import pytest

from gridopt.dispatch.certificate import certify
from gridopt.dispatch.single import dispatch
from gridopt.dispatch.whole import Search
from tests.blocks.test_dc_reversal import tie
from tests.blocks.test_dc_schedule import published
from tests.support.block_cases import BLOCK_CASES
from tests.support.certify import evidence

E13 = dict(hold_h=1.0, changes_per_day=2)


@pytest.fixture(scope="module")
def sound() -> dict:
    turns = dict(commitment="exact", rule=dict(may_stop=True, reversal_h=1.0), loss_linear_fraction=0.01)
    found = {
        "E13": published(**E13),
        "blocks": BLOCK_CASES["dc_schedule"].build(),
        "market": BLOCK_CASES["dc_market"].build(15),
        "turns": tie((20, 20, 40, 20), (40, 20, 18, 20), **turns),
    }
    return {name: evidence(dispatch(case, search=Search(gap=0.0))) for name, case in found.items()}


def cell(e, table, name, column, value) -> None:
    frame = e["case"].tables[table].copy()
    frame.loc[name, column] = value
    e["case"] = dataclasses.replace(e["case"], tables={**e["case"].tables, table: frame})


FAULTS = {
    "another_step": ("E13", ("dc_schedule", "L", "step_mw", 500.0), {"dc_schedule.step"}),
    "another_instant": ("E13", ("dc_schedule", "L", "change_minutes", 120.0), {"dc_schedule.instant"}),
    "smaller_changes": ("E13", ("dc_schedule", "L", "steps_per_change", 1), {"dc_schedule.size"}),
    "longer_hold": ("E13", ("dc_schedule", "L", "hold_h", 1.5), {"dc_schedule.hold"}),
    "hold_before_the_first_step": ("E13", ("dc_link", "L", "initial_hold_h", 0.5), {"dc_schedule.hold"}),
    "fewer_changes": ("E13", ("dc_schedule", "L", "changes_per_day", 1), {"dc_schedule.changes"}),
    "changes_before": ("E13", ("dc_schedule", "L", "initial_changes", 1), {"dc_schedule.changes"}),
    "another_start": ("E13", ("dc_link", "L", "initial_mw", 1600.0), {"dc_schedule.size"}),
    "larger_least_power": ("E13", ("dc_link", "L", "power_min_mw", 2900.0), {"dc_link.sent"}),
    "longer_time_before_a_reversal": ("turns", ("dc_schedule", "R", "reversal_h", 1.5), {"dc_schedule.reversal"}),
    "smaller_back": ("turns", ("dc_link", "R", "power_reverse_max_mw", 10.0), {"dc_link.sent"}),
    "narrower_demand": ("market", ("dc_market", "low", "power_max_mw", 20.0), {"dc_market.sold"}),
    "lower_price": ("market", ("dc_market", "low", "price_cny_per_mwh", 4.0), {"cost"}),
}  # fmt: skip


def failed(e) -> set[str]:
    return {c.name for c in certify(**e).failed}


@pytest.mark.parametrize("name", ["E13", "blocks", "market", "turns"])
def test_passes_what_the_model_solves(sound, name):
    assert not failed(sound[name])


@pytest.mark.parametrize("name", FAULTS)
def test_finds_exactly_the_fault(sound, name):
    which, change, broken = FAULTS[name]
    given = dict(sound[which])
    cell(given, *change)
    assert failed(given) == broken


def test_both_ends_tell_the_same_power(sound):
    given = sound["turns"] | {"quantities": copy.deepcopy(sound["turns"]["quantities"])}
    given["quantities"]["dc_power"][0, 0] += 0.5
    assert "dc_link.power" in failed(given)


@pytest.mark.parametrize(("which", "name"), [("turns", "dc_power"), ("turns", "dc_sent"), ("turns", "dc_received"), ("E13", "dc_on"),
                                             ("E13", "dc_sent"), ("market", "dc_market_sold")])  # fmt: skip
def test_no_number_can_change_unnoticed(sound, which, name):
    given = sound[which] | {"quantities": copy.deepcopy(sound[which]["quantities"])}
    values, draw = given["quantities"][name], np.random.default_rng(3)
    for _ in range(4):
        at = tuple(draw.integers(0, n) for n in values.shape)
        old = values[at]
        values[at] = 0.97 * old + 0.01
        assert failed(given), (name, at)
        values[at] = old
