"""Each check of reserves and of ramping finds the fault it is there for; what is sound passes."""

from __future__ import annotations

import copy
import dataclasses

import numpy as np
import pytest

from gridopt.dispatch.certificate import certify
from gridopt.dispatch.single import dispatch
from gridopt.dispatch.whole import Search
from tests.support.block_cases import BLOCK_CASES, buses, load, power_case
from tests.support.certify import evidence

SWITCHED = dict(
    bus=buses("A"),
    generator=[dict(generator="g", bus="A", power_min_mw=60.0, power_max_mw=100.0, cost_cny_per_mwh=30.0),
               dict(generator="h", bus="A", power_max_mw=100.0, cost_cny_per_mwh=20.0, ramp_fraction_per_min=0.005)],
    load=[load("A", "d")],
    reserve=[dict(reserve="all", product="non_spinning", requirement_mw=60.0, shares_ramp=True)],
    reserve_offer=[dict(reserve="all", kind="generator", element="g", offline_max_mw=40.0, cost_cny_per_mwh=3.0),
                   dict(reserve="all", kind="generator", element="h")],
    commitment=[dict(kind="generator", element="g"), dict(kind="generator", element="h")],
)  # fmt: skip


def _switched():
    case = dataclasses.replace(power_case(2, series=dict(d=[50, 60]), **SWITCHED), commitment="exact")
    return evidence(dispatch(case, search=Search(gap=1e-9)))


@pytest.fixture(scope="module")
def sound() -> dict[str, dict]:
    made = {name: evidence(dispatch(BLOCK_CASES[name].build())) for name in ("reserve", "headroom", "ramping")}
    return made | {"switched": _switched()}


@pytest.fixture
def found(sound):
    """A copy of the evidence of a case that a test may spoil."""
    return lambda name: sound[name] | {k: copy.deepcopy(sound[name][k]) for k in ("quantities", "prices")}


def failed(e: dict) -> set[str]:
    return {c.name for c in certify(**e).failed}


def offer(e: dict, name: str) -> np.ndarray:
    """Awards of an offer (T,), to be changed in place."""
    return e["quantities"]["reserve_award"][e["case"].reserve_offers.name.tolist().index(name)]


def cells(e: dict, table: str, **changes) -> None:
    """Other values in a column of a table that the certificate reads."""
    frame = e["case"].tables[table].copy()
    for column, values in changes.items():
        frame[column] = values
    e["case"] = dataclasses.replace(e["case"], tables={**e["case"].tables, table: frame})


@pytest.mark.parametrize("name", ["reserve", "headroom", "ramping", "switched"])
def test_sound(found, name):
    assert failed(found(name)) == set()


def test_award_above_its_largest(found):
    e = found("reserve")
    offer(e, "agc/generator/h")[1] += 0.01
    assert "reserve.award" in failed(e)


def test_award_below_zero(found):
    e = found("reserve")
    offer(e, "down/unit/peak")[0] = -0.01
    assert "reserve.award" in failed(e)


def test_awards_that_do_not_cover_the_requirement(found):
    e = found("headroom")
    offer(e, "up/storage/B")[2] -= 0.01
    assert failed(e) == {"reserve.balance", "cost"}


def test_more_reserve_than_room(found):
    """The store holds less than a longer award would take; a unit at its largest output has nothing left."""
    e = found("headroom")
    cells(e, "reserve", duration_h=[2.1, 4.0])
    assert failed(e) == {"reserve.store"}
    e = found("headroom")
    cells(e, "reserve", duration_h=[2.0, 4.1])
    assert failed(e) == {"reserve.store"}
    e = found("headroom")
    offer(e, "up/reservoir/r")[:] += 0.01
    assert "reserve.headroom" in failed(e)


def test_more_than_a_ramp_delivers(found):
    """agc within half a minute at 8 MW/min: 4 MW; with 7 MW/min 3.5."""
    e = found("reserve")
    table = e["case"].tables["generator"]
    cells(e, "generator", ramp_fraction_per_min=[0.17, table["ramp_fraction_per_min"].iloc[1]])
    assert "reserve.award" in failed(e)


def test_requirement_that_the_tables_do_not_give(found):
    e = found("reserve")
    e["quantities"]["reserve_requirement"][1, 0] += 0.01
    assert failed(e) == {"reserve.requirement"}
    e = found("reserve")
    cells(e, "reserve", requirement_mw=[4.0, 0.0, 0.1, 0.0])
    assert "reserve.requirement" in failed(e)


def test_shortage_beyond_its_steps_or_kept_quiet(found):
    e = found("reserve")
    step = e["case"].tables["reserve_shortage"]
    cells(e, "reserve_shortage", power_mw=[5.0, 1.0, np.nan], share=step["share"])
    assert "reserve.shortage" in failed(e)
    e = found("reserve")
    e["quantities"]["reserve_shortage"][:] = 0.0
    assert {"reserve.balance", "cost"} <= failed(e)


def test_prices(found):
    """A price where more is there than required; below the step that is in use; above one that has room."""
    e = found("reserve")
    e["prices"]["reserve_price"][1, 1] = 1.0
    assert failed(e) == {"reserve.price"}
    e = found("reserve")
    e["prices"]["reserve_price"][2, 2] = 899.0
    assert failed(e) == {"reserve.price"}
    e = found("reserve")
    e["prices"]["reserve_price"][0, 0] = 151.0
    assert failed(e) == {"reserve.price"}


def test_cost_of_an_offer(found):
    e = found("headroom")
    cells(e, "reserve_offer", cost_cny_per_mwh=e["case"].tables["reserve_offer"]["cost_cny_per_mwh"] + 0.01)
    assert failed(e) == {"cost"}


def test_arrays_that_do_not_fit(found):
    e = found("reserve")
    e["quantities"]["reserve_award"] = e["quantities"]["reserve_award"][1:]
    assert "reserve.offers" in failed(e)
    e = found("reserve")
    del e["prices"]["reserve_price"]
    with pytest.raises(ValueError, match="reserve_price"):
        certify(**e)


def test_award_of_a_unit_that_is_off(found):
    e = found("switched")
    e["quantities"]["reserve_offline"][:] = 0.0
    assert failed(e) == {"reserve.headroom"}
    e = found("switched")
    cells(e, "reserve_offer", offline_max_mw=[5.0, 0.0])
    assert failed(e) == {"reserve.offline"}


def test_award_that_leaves_no_ramp(found):
    """h rises by 10 and holds 20 of its 30 MW in an hour; at 29 MW in an hour that is too much."""
    e = found("switched")
    assert offer(e, "all/generator/h")[1] == pytest.approx(20)
    cells(e, "generator", ramp_fraction_per_min=[np.nan, 29 / 6000])
    assert failed(e) == {"reserve.ramp"}


def test_ramping(found):
    e = found("ramping")
    cells(e, "ramping", up_mw_per_min=[18 / 60 - 0.001, *e["case"].tables["ramping"]["up_mw_per_min"][1:]])
    assert failed(e) == {"ramping.limit"}
    e = found("ramping")
    cells(e, "ramping", initial_mw=[41.9, *e["case"].tables["ramping"]["initial_mw"][1:]])
    assert failed(e) == {"cost"}


RANGED = dict(
    bus=buses("A"),
    generator=[dict(generator="g", bus="A", power_max_mw=100.0, cost_cny_per_mwh=10.0, ramp_fraction_per_min=0.01, initial_mw=50.0),
               dict(generator="h", bus="A", power_max_mw=100.0, cost_cny_per_mwh=30.0)],
    load=[load("A", "d")],
    reserve=[dict(reserve="agc", product="regulation_up", requirement_mw=3.0),
             dict(reserve="quick", product="non_spinning", requirement_mw=2.0, shares_ramp=True, ramp_min=10.0, ramp_mean=True)],
    reserve_offer=[dict(reserve="agc", kind="generator", element="g", range_min_mw=20.0, range_max_mw=60.0, award_max_mw=3.0),
                   dict(reserve="quick", kind="generator", element="g")],
    commitment=[dict(kind="generator", element="g", initial_h=5.0, initial_mw=50.0)],
)  # fmt: skip


@pytest.mark.parametrize("commitment", ["exact", "relaxed"])
def test_more_than_the_range_of_an_offer_or_the_ramp_leaves(commitment):
    """g regulates below 60 MW: it gives 55, and holds 5. With the ends of the range elsewhere, or 20 times the ramp for a MW, it may not."""
    case = dataclasses.replace(power_case(2, series=dict(d=[70, 99]), **RANGED), commitment=commitment)
    e = evidence(dispatch(case, search=Search(gap=1e-9)))
    assert failed(e) == set()
    spoilt = copy.copy(e)
    cells(spoilt, "reserve_offer", range_max_mw=[59.0, np.nan])
    assert failed(spoilt) == {"reserve.range"}
    spoilt = copy.copy(e)
    cells(spoilt, "reserve_offer", range_min_mw=[99.0, np.nan])
    assert failed(spoilt) == {"reserve.range"}
    spoilt = copy.copy(e)
    cells(spoilt, "reserve", ramp_min=[np.nan, 0.5])
    assert failed(spoilt) == {"reserve.ramp"}


def test_more_than_units_give_together_that_are_off(found):
    e = found("switched")
    cells(e, "reserve_offer", offline_max_mw=[1.0, 0.0])
    assert "reserve.offline" in failed(e)
