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


def solved(name: str, commitment: str = "off") -> dict:
    """Evidence of a block's case that passes."""
    found = evidence(dispatch(dataclasses.replace(BLOCK_CASES[name].build(), commitment=commitment)))
    assert not failed(found)
    return found


@pytest.mark.parametrize(
    ("name", "table", "row", "column", "value", "broken"),
    [
        ("hydro", "release_past", 0, "release_m3s", 21.0, "reservoir.balance"),
        ("hydro", "release_past", 1, "begin_h", 0.6, "reservoir.balance"),
        ("head", "head_zone", 0, "power_mw_per_m3s", 0.43, "hydro.head"),
        ("head", "head_zone", 1, "volume_from_hm3", 0.5, "hydro.head"),
        ("pump", "pump", "p1", "flow_m3s_per_mw", 1.51, "reservoir.balance"),
        ("pump", "pump", "p1", "delay_h", 0.6, "reservoir.balance"),
        ("pump", "pump", "p1", "power_max_mw", 5.9, "pump.power"),
        ("pump", "pump", "p2", "in_service", np.datetime64("2025-01-01T02:00"), "pump.power"),
        ("pumped", "pumped", "P", "generate_efficiency", 0.91, "pumped.balance"),
        ("pumped", "pumped", "P", "lower_max_mwh", 11.0, "pumped.levels"),
        ("pumped", "pumped", "P", "upper_end_mwh", 29.0, "pumped.levels"),
        ("pumped", "pumped", "P", "cost_cny_per_mwh", 1.1, "cost"),
        ("pumped", "pumped", "Q", "end_value_cny_per_mwh", 32.0, "cost"),
        ("pumped", "pumped", "Q", "in_service", np.datetime64("2025-01-01T03:00"), "pumped.power"),
        ("hydro_budget", "hydro_budget", "most", "energy_max_mwh", 299.0, "hydro_budget.energy"),
        ("hydro_budget", "hydro_budget", "water", "release_min_hm3", 0.71, "hydro_budget.release"),
    ],
)
def test_water_that_breaks_a_rule(name, table, row, column, value, broken):
    e = solved(name, "exact" if name == "head" else "off")
    cell(e, table, row, column, value)
    assert failed(e) == {broken}


def test_power_that_a_pump_does_not_take():
    e = solved("pump")
    e["quantities"]["pump_power"][0, 0] += 0.5
    assert "reservoir.balance" in failed(e)


def test_a_pump_that_is_not_whole():
    e = solved("pump", "exact")
    cell(e, "pump", "p2", "power_max_mw", 5.3)
    assert failed(e) == {"pump.units"}


def test_machines_that_do_not_fit():
    e = solved("pumped", "exact")
    for column, value in (("pump_mw", 4.9), ("power_max_mw", 1.0), ("power_min_mw", 5.9)):
        changed = e | {}
        cell(changed, "pumped", "P", column, value)
        assert "pumped.units" in failed(changed), column


def test_modes_too_close():
    e = solved("pumped", "exact")
    cell(e, "pumped", "P", "mode_change_h", 12.0)
    assert failed(e) == {"pumped.modes"}
    e = solved("pumped", "exact")
    first = "generate" if e["quantities"]["pumped_pump"][0, 0] > 0 else "pump"
    cell(e, "pumped", "P", "mode_change_h", 0.5)
    cell(e, "pumped", "P", "mode_before", first)
    assert "pumped.modes" in failed(e)


@pytest.mark.parametrize(
    ("column", "value", "broken"),
    [
        ("min_up_h", 9.0, "csp.times"), ("start_heat_mwh", 9.0, "csp.heat"), ("ramp_fraction_per_min", 0.01, "csp.ramp"),
        ("power_min_mw", 9.9, "csp.output"), ("start_cny", 1.0, "cost"), ("initial_h", -9.0, "csp.start"),
    ],
)  # fmt: skip
def test_a_power_block_that_breaks_a_rule(column, value, broken):
    """Off after the second hour, on again in the fifth for two hours."""
    made = BLOCK_CASES["power_block"]
    sun, load = [0.3, 0.2, 0.0, 0.0, 0.5, 0.4], [60.0, 60.0, 10.0, 0.0, 60.0, 50.0]
    made = dataclasses.replace(made, series=dict(sun=sun, a=load), hours=6)
    e = evidence(dispatch(dataclasses.replace(made.build(), commitment="exact")))
    assert not failed(e)
    cell(e, "csp", "tower", column, value)
    assert broken in failed(e)


def test_a_power_block_told_on_or_starting():
    e = solved("power_block", "exact")
    for name in ("csp_on", "csp_start"):
        spoilt = e | dict(quantities=e["quantities"] | {name: e["quantities"][name] + 0.5})
        assert name.replace("_", ".") in failed(spoilt)
