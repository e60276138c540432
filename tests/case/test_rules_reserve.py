"""Reserves: zones, offers, nesting, steps of shortage."""

import pytest

from tests.case.test_rules import KIND, UNIT, faults, one

UP = dict(reserve="up", product="spinning_up", requirement_mw=10)
OFFER = dict(reserve="up", kind="unit", element="u")
BASE = dict(unit_type=[KIND], unit=[UNIT])
RIVER = dict(reservoir="r", bus="A", power_max_mw=10, power_mw_per_m3s=0.5)


def rows(reserve=(UP,), offer=(OFFER,), **kw):
    return BASE | dict(reserve=list(reserve), reserve_offer=list(offer)) | kw


def test_sound_reserves():
    lower = dict(reserve="all", product="non_spinning", largest_unit="true")
    general = dict(reserve="all", kind="unit", technology="coal", offline_max_mw=5)
    steps = [dict(reserve="up", share=0.5, cost_cny_per_mwh=100), dict(reserve="all", cost_cny_per_mwh=100)]
    nested = [dict(reserve="up", counts_for="all")]
    assert not faults(**rows([UP, lower], [OFFER, general], reserve_shortage=steps, reserve_nesting=nested))


def test_zone_that_no_bus_has():
    buses = [dict(bus="A", voltage_kv=330, zone="west")]
    one(["column zone: 'wst'", "did you mean 'west'"], **rows([UP | dict(zone="wst")], (), bus=buses))


def test_loss_of_a_unit_asks_for_upward_reserve():
    one(["column largest_unit", "spinning_down", "upward"], **rows([UP | dict(product="spinning_down", largest_unit="true")]))


def test_awards_count_in_their_own_direction():
    down = dict(reserve="down", product="spinning_down")
    one(["reserve_nesting.csv, row 2", "'down' moves down", "'up' (spinning_up) do not"],
        **rows([UP, down], reserve_nesting=[dict(reserve="up", counts_for="down")]))  # fmt: skip
    both = dict(reserve="agc", product="regulation")
    assert not faults(**rows([UP, down, both], reserve_nesting=[dict(reserve="agc", counts_for=q) for q in ("up", "down")]))


def test_nesting_runs_in_no_circle():
    other = UP | dict(reserve="other")
    nested = [dict(reserve="up", counts_for="other"), dict(reserve="other", counts_for="up")]
    found = faults(**rows([UP, other], reserve_nesting=nested))
    assert len(found) == 2 and all("leads back" in f for f in found)


def test_steps_of_shortage():
    one(["reserve_shortage.csv, row 2, column share", "beside power_mw"],
        **rows(reserve_shortage=[dict(reserve="up", power_mw=1, share=0.1, cost_cny_per_mwh=1)]))  # fmt: skip
    for part in (dict(largest_unit="true"), dict(largest_pole_share=0.5), dict(renewable_basis="output", wind_share=0.1)):
        one(["column share: '0.1'", "depends on the dispatch", "power_mw instead"],
            **rows([UP | part], reserve_shortage=[dict(reserve="up", share=0.1, cost_cny_per_mwh=1)]))  # fmt: skip


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (dict(element="v"), ["column element: 'v'", "is not in table unit"]),
        (dict(technology="coal"), ["column technology: 'coal'", "stands beside element 'u'"]),
        (dict(element="", technology="cole"), ["'cole'", "technology of no unit; did you mean 'coal'"]),
        (dict(offline_max_mw=5), ["offline_max_mw: '5'", "not for unit and spinning_up"]),
        (dict(reserve="upp"), ["'upp'", "is not in table reserve"]),
    ],
)
def test_offers(change, words):
    one(words, **rows(offer=[OFFER | change]))


def test_ranges_and_shares_of_ramps():
    one(["column range_max_mw: '5'", "a renewable does not have"],
        **rows(offer=[dict(reserve="up", kind="renewable", range_max_mw=5)]))  # fmt: skip
    one(["column range_min_mw: '9'", "above range_max_mw, 5"], **rows(offer=[OFFER | dict(range_min_mw=9, range_max_mw=5)]))
    one(["column ramp_min: '10'", "beside shares_ramp = false"], **rows([UP | dict(ramp_min=10)]))
    one(["column ramp_mean: 'true'", "beside shares_ramp = false"], **rows([UP | dict(ramp_mean="true")]))
    assert not faults(**rows([UP | dict(ramp_min=10, ramp_mean="true", shares_ramp="true")], [OFFER | dict(range_min_mw=5, range_max_mw=5)]))


def test_kind_without_technologies():
    one(["technology of no reservoir", "Leave it empty"],
        **rows(offer=[dict(reserve="up", kind="reservoir", technology="dam")], reservoir=[RIVER]))  # fmt: skip


def test_element_outside_the_zone():
    buses = [dict(bus="A", voltage_kv=330, zone="west"), dict(bus="B", voltage_kv=330, zone="east")]
    one(["stands at bus 'A' outside zone 'east' of reserve 'up'"], **rows([UP | dict(zone="east")], bus=buses))
    buses[0]["role"] = "external"
    one(["outside the internal system"], **rows([UP], bus=buses))


def test_water_that_cannot_wait():
    offer = dict(reserve="up", kind="reservoir", element="r")
    one(["has no volume", "downward"], **rows(offer=[offer], reservoir=[RIVER]))
    assert not faults(**rows([UP | dict(product="spinning_down")], [offer], reservoir=[RIVER]))
    assert not faults(**rows(offer=[offer], reservoir=[RIVER | dict(volume_max_hm3=5)]))
