"""The certificate passes what the model solves, and each of its checks finds the fault it is there for.

Faults are made in the reported arrays or, where that leaves everything else untouched, in a limit of the tables that the
certificate reads: the dispatch then breaks that limit and nothing else. `W` is a bus where, in a `free_step`, wind is spilled and
energy has no price: `w1` there can make up for a change without touching cost or rent.
"""

from __future__ import annotations

import copy
import dataclasses
import json

import numpy as np
import pytest

from gridopt.dispatch import certificate_network
from gridopt.dispatch.certificate import certify
from gridopt.dispatch.certificate_check import TABLE_OF
from gridopt.dispatch.single import dispatch
from tests.support.certified_case import ROWS, build
from tests.support.certify import evidence

FAULTS = {}


def fault(*broken: str):
    """Registers a function that spoils the evidence so that exactly the checks `broken` fail."""

    def register(spoil):
        FAULTS[spoil.__name__] = (spoil, set(broken))
        return spoil

    return register


@pytest.fixture(scope="module", params=[60, 15])
def sound(request) -> dict:
    return evidence(dispatch(build(request.param)))


@pytest.fixture
def found(sound) -> dict:
    """A copy of the evidence that a test may spoil."""
    return sound | {k: copy.deepcopy(sound[k]) for k in ("quantities", "prices")}


def row(e: dict, table: str, name: str) -> int:
    return e["case"].table(table).index.get_loc(name)


def branches(e: dict) -> np.ndarray:
    return np.concatenate([e["case"].table(t).index for t in ("line", "transformer", "ac_branch")])


def free_step(e: dict) -> int:
    """A step in which bus W has price zero and w1 runs and is curtailed, each by more than 2 MW; not the first or last."""
    q, w1 = e["quantities"], row(e, "renewable", "w1")
    spare = np.minimum(q["renewable_curtailed"][w1], q["renewable_output"][w1])
    good = (np.abs(e["prices"]["price"][row(e, "bus", "W")]) < 1e-9) & (spare > 2.0)
    return int(np.flatnonzero(good[1:-1])[0]) + 1


def wind(e: dict, t: int, mw: float) -> None:
    """w1 gives `mw` more in step t."""
    e["quantities"]["renewable_output"][row(e, "renewable", "w1"), t] += mw
    e["quantities"]["renewable_curtailed"][row(e, "renewable", "w1"), t] -= mw


def cell(e: dict, table: str, name, column: str, value) -> None:
    """Another value in a table that the certificate reads; `value` may be a function of the old one."""
    frame = e["case"].tables[table].copy()
    old = frame.loc[name, column]
    frame.loc[name, column] = value(old) if callable(value) else value
    e["case"] = dataclasses.replace(e["case"], tables={**e["case"].tables, table: frame})


@fault("bus.load")
def load_is_not_what_the_series_say(e):
    t = free_step(e)
    e["quantities"]["load"][row(e, "bus", "W"), t] += 1.0
    wind(e, t, 1.0)


@fault("bus.balance")
def free_wind_less_than_balances(e):
    wind(e, free_step(e), -1.0)


@fault("bus.balance", "cost", "rent")
def unit_one_megawatt_more(e):
    e["quantities"]["unit_output"][row(e, "unit", "gas"), free_step(e)] += 1.0


@fault("branch.flow")
def flow_round_the_loop(e):
    e["quantities"]["flow"][:3, free_step(e)] += 0.5


@fault("bus.balance", "branch.flow")
def flow_with_wrong_sign(e):
    e["quantities"]["flow"][1, 2] *= -1.0


@fault("bus.balance", "branch.flow")
def flow_on_a_line_that_is_out(e):
    e["quantities"]["flow"][3, -1] = 1.0


@fault("branch.flow", "price.network", "contingency.limit")
def reactance_of_another_line(e):
    cell(e, "line", "CE", "length_km", 15.0)


@fault("branch.limit", "contingency.limit")
def rating_exceeded(e):
    cell(e, "line", "CE", "rating_mw", lambda _: np.abs(e["quantities"]["flow"][1]).max() - 0.01)


@fault("branch.limit", "contingency.limit")
def transformer_overloaded(e):
    cell(e, "transformer", "ET", "rating_mw", 8.9)


@fault("interface.flow")
def section_flow_forgets_the_link(e):
    e["quantities"]["interface_flow"][0] -= 0.5 * e["quantities"]["dc_sent"][0]


@fault("interface.limit")
def section_exceeded_after_its_limit_fell(e):
    cell(e, "interface_limit", 1, "forward_mw", 63.9)


@fault("interface.limit")
def section_exceeded_backwards(e):
    cell(e, "interface_limit", 2, "backward_mw", -9.5)


@fault("branch.overload")
def overload_of_a_hard_limit(e):
    e["quantities"]["branch_overload"] = np.zeros_like(e["quantities"]["flow"])
    e["quantities"]["branch_overload"][list(e["case"].table("line").index).index("CE"), 0] = 1.0


@fault("interface.overload")
def overload_of_a_hard_section(e):
    e["quantities"]["interface_overload"] = np.zeros_like(e["quantities"]["interface_flow"])
    e["quantities"]["interface_overload"][1, 0] = 1.0


@fault("unit.output")
def one_of_two_alike_above_its_rating(e):
    move = np.array([[-1.0], [1.0]])
    e["quantities"]["unit_output"][:2, :1] += move


@fault("unit.output")
def below_must_run_output(e):
    cell(e, "unit", "chp", "must_run_fraction", 0.6)


@fault("unit.output")
def above_what_heat_allows(e):
    cell(e, "unit_type", "chp", "heat_max_fraction", 0.75)


@fault("unit.ramp")
def faster_than_the_ramp(e):
    kinds = e["quantities"]["unit_output"][row(e, "unit", "gas")]
    per_minute = np.abs(np.diff(kinds)).max() / 80.0 / (60.0 * e["case"].time.hours[0])
    cell(e, "unit_type", "gas", "ramp_fraction_per_min", 0.99 * per_minute)


@fault("generator.output")
def generator_below_its_least_output(e):
    at = row(e, "generator", "square")
    cell(e, "generator", "square", "power_min_mw", lambda _: e["quantities"]["generator_output"][at].min() + 0.01)


@fault("generator.ramp")
def generator_faster_than_its_ramp(e):
    fastest = np.abs(np.diff(e["quantities"]["generator_output"][row(e, "generator", "curve")])).max()
    cell(e, "generator", "curve", "ramp_fraction_per_min", 0.99 * fastest / 45.0 / (60.0 * e["case"].time.hours[0]))


@fault("cost")
def generator_on_another_curve(e):
    cell(e, "cost_point", 1, "cost_cny_per_h", 161.0)


@fault("branch.shift")
def shift_outside_its_range(e):
    cell(e, "ac_branch", "G12", "shift_min_deg", lambda _: e["quantities"]["phase_shift"].min() + 0.01)


@fault("branch.limit")
def angle_too_wide(e):
    flow = e["quantities"]["flow"][list(branches(e)).index("G23")]
    cell(e, "ac_branch", "G23", "angle_max_deg", np.rad2deg(flow.max() * 0.1 * 1.05 / 100.0) - 0.001)


@fault("contingency.overload")
def overload_after_outages_without_a_step(e):
    e["quantities"]["branch_overload_after"] = np.zeros_like(e["quantities"]["flow"])
    e["quantities"]["branch_overload_after"][0, 0] = 0.01


@fault("contingency.limit")
def overloaded_after_an_outage(e):
    """Without G23 all that G2 gives flows over G12."""
    cell(e, "ac_branch", "G12", "rating_emergency_mw", e["quantities"]["generator_output"][row(e, "generator", "square")].max() - 0.01)


@fault("renewable.available")
def more_wind_than_the_series_say(e):
    for name in ("renewable_available", "renewable_curtailed"):
        e["quantities"][name][row(e, "renewable", "w1"), 2] += 1.0


@fault("renewable.curtailed")
def curtailment_left_out(e):
    e["quantities"]["renewable_curtailed"][row(e, "renewable", "w1"), free_step(e)] -= 1.0


@fault("renewable.output", "renewable.curtailed")
def plant_above_what_it_has(e):
    q = e["quantities"]
    w1, other = row(e, "renewable", "w1"), row(e, "renewable", "w2")
    move = q["renewable_curtailed"][w1, -1] + 0.01
    for plant, sign in ((w1, 1.0), (other, -1.0)):
        q["renewable_output"][plant, -1] += sign * move
        q["renewable_curtailed"][plant, -1] -= sign * move


@fault("bus.shedding", "cost")
def negative_shedding(e):
    t = free_step(e)
    e["quantities"]["shedding"][row(e, "bus", "W"), t] -= 0.5
    wind(e, t, 0.5)


@fault("bus.surplus", "cost")
def negative_surplus(e):
    t = free_step(e)
    e["quantities"]["surplus"][row(e, "bus", "W"), t] -= 0.5
    wind(e, t, -0.5)


@fault("storage.power", "storage.both")
def one_of_two_alike_charges_too_much(e):
    e["quantities"]["storage_charge"][:2, 2:3] += np.array([[5.0], [-5.0]])


@fault("storage.written_off", "storage.balance")
def energy_of_a_store_that_stays_written_off(e):
    e["quantities"]["storage_written_off"][row(e, "storage", "pump"), 2] += 0.5


@fault("storage.spill", "storage.balance")
def spill_of_a_store_without_inflow(e):
    e["quantities"]["storage_spill"][row(e, "storage", "pump"), 2] += 0.5


@fault("storage.both")
def power_destroyed_is_told_wrong(e):
    e["quantities"]["storage_both"][2, 4] += 0.5


@fault("storage.power")
def charges_above_its_own_limit(e):
    cell(e, "storage", "pump", "charge_max_mw", lambda _: e["quantities"]["storage_charge"][2].max() - 0.01)


@fault("storage.balance")
def inflow_not_counted(e):
    cell(e, "storage", "pump", "inflow_profile", "in")


@fault("storage.end")
def store_leaves_less_than_it_must(e):
    cell(e, "storage", "pump", "energy_end_fraction", lambda _: e["quantities"]["storage_energy"][2, -1] / 40.0 + 1e-4)


@fault("storage.energy")
def store_overfull(e):
    cell(e, "storage", "pump", "energy_max_mwh", lambda _: e["quantities"]["storage_energy"][2].max() - 0.1)


@fault("storage.balance")
def stored_energy_shifted(e):
    e["quantities"]["storage_energy"][2, 4] -= 0.5


@fault("storage.balance")
def other_efficiency(e):
    cell(e, "storage", "pump", "discharge_efficiency", 0.99)


@fault("storage.balance", "storage.end")
def store_ends_lower(e):
    e["quantities"]["storage_energy"][:2, -1] -= 0.1


@fault("reservoir.balance")
def other_travel_time(e):
    cell(e, "reservoir", "top", "delay_h", 1.7)


@fault("reservoir.balance")
def volume_shifted(e):
    e["quantities"]["reservoir_volume"][0, 3] += 1e-4


@fault("reservoir.balance")
def water_vanishes_on_its_way(e):
    for name in ("reservoir_release", "reservoir_spill"):
        e["quantities"][name][row(e, "reservoir", "foot"), -1] -= 0.1


@fault("reservoir.balance")
def another_release_before_the_first_step(e):
    cell(e, "release_past", 1, "release_m3s", 20.0)


@fault("cost")
def a_missing_end_volume_is_not_paid(e):
    cell(e, "reservoir", "top", "volume_end_hm3", 2.1)
    cell(e, "reservoir", "top", "end_short_cny_per_hm3", 1e4)


@fault("reservoir.volume")
def ends_below_the_target(e):
    cell(e, "reservoir", "top", "volume_end_hm3", 2.001)


@fault("reservoir.release")
def outside_the_band_of_the_season(e):
    cell(e, "release_band", 0, "release_max_m3s", lambda _: e["quantities"]["reservoir_release"][0].max() - 0.01)


@fault("reservoir.spill")
def spill_not_counted(e):
    e["quantities"]["reservoir_spill"][row(e, "reservoir", "foot")] = 0.0


@fault("hydro.output")
def hydro_above_its_rating(e):
    cell(e, "reservoir", "top", "power_max_mw", lambda _: e["quantities"]["hydro_output"][0].max() - 0.01)


@fault("hydro.water")
def more_through_the_turbine_than_flows(e):
    """top gives 0.05 MW more than its water, foot less; spill is told accordingly."""
    q = e["quantities"]
    t = int(np.argmin(q["reservoir_release"][0]))
    move = 0.4 * q["reservoir_spill"][0, t] + 0.05
    for plant, k, sign in ((0, 0.4, 1.0), (2, 0.2, -1.0)):
        q["hydro_output"][plant, t] += sign * move
        q["reservoir_turbine"][plant, t] += sign * move / k
        q["reservoir_spill"][plant, t] -= sign * move / k


@fault("hydro.head")
def other_head(e):
    cell(e, "reservoir", "side", "power_mw_per_m3s", 0.11)


@fault("csp.on", "csp.output")
def told_off_though_it_runs(e):
    e["quantities"]["csp_on"][0] = 0.0


@fault("csp.start")
def told_to_start(e):
    e["quantities"]["csp_start"][0, 2] = 1.0


@fault("csp.output")
def tower_above_its_rating(e):
    cell(e, "csp", "tower", "power_max_mw", lambda old: old - 0.01)


@fault("csp.store")
def tower_overfull(e):
    cell(e, "csp", "tower", "store_heat_max_mwh", 34.9)


@fault("csp.heat")
def heat_before_the_first_step_that_was_not_there(e):
    cell(e, "csp", "tower", "store_start_mwh", 0.0)


@fault("csp.heat")
def heat_from_nowhere(e):
    e["quantities"]["csp_store"][0, int(np.argmax(e["quantities"]["csp_store"][0] > 1.0)) - 1] += 1.0


@fault("csp.heat")
def more_heat_than_the_field_gives(e):
    cell(e, "csp", "tower", "field_heat_max_mw", 38.0)


@fault("dc_link.sent", "dc_link.received")
def link_after_its_retirement(e):
    cell(e, "dc_link", "L", "retirement", np.datetime64("2025-01-01T02:00"))


@fault("dc_link.sent")
def below_least_power(e):
    """A least power half a watt above 6 MW moves no knot of the loss curve by more than the tolerance; 6 MW is sent in step 0."""
    cell(e, "dc_link", "L", "power_min_mw", 6.0 + 5e-4)


@fault("dc_link.received")
def less_loss_than_the_curve(e):
    cell(e, "dc_link", "L", "loss_linear_fraction", 0.0105)


@fault("dc_link.received")
def more_loss_than_the_chords(e):
    cell(e, "dc_link", "L", "loss_linear_fraction", 0.009)


@fault("dc_link.received", "dc_link.artificial_loss")
def artificial_loss_below_zero(e):
    e["quantities"]["dc_artificial_loss"][0, 2] = -0.5


@fault("dc_link.received", "dc_link.artificial_loss")
def artificial_loss_beyond_the_chords(e):
    e["quantities"]["dc_artificial_loss"][0, 2] += 0.06 * e["quantities"]["dc_sent"][0, 2]


@fault("dc_link.ramp")
def link_too_fast(e):
    fastest = np.abs(np.diff(e["quantities"]["dc_sent"][0])).max() / 30.0 / (60.0 * e["case"].time.hours[0])
    cell(e, "dc_link", "L", "ramp_fraction_per_min", 0.99 * fastest)


@fault("dc_link.bundled")
def bundle_counted_twice(e):
    q = e["quantities"]
    green = q["renewable_output"][row(e, "renewable", "green")]
    q["dc_bundled"][0] = np.minimum(q["dc_sent"][0], 2.0 * green)


@fault("dc_link.bundled", "dc_contract.share")
def bundle_without_its_plant(e):
    cell(e, "dc_bundle", "green", "dc_link", "none")


@fault("dc_contract.energy")
def contract_not_met(e):
    """Four of the day's 24 hours are studied, hence a sixth of its energy."""
    sent = (e["quantities"]["dc_sent"][0] * e["case"].time.hours)[e["case"].time.year == 2024].sum()
    cell(e, "dc_contract", "old", "energy_min_mwh", 6.0 * (sent + 0.1))


@fault("dc_contract.energy")
def contract_exceeded(e):
    sent = (e["quantities"]["dc_sent"][0] * e["case"].time.hours)[e["case"].time.year == 2025].sum()
    cell(e, "dc_contract", "new", "energy_max_mwh", 6.0 * (sent - 0.1))


@fault("dc_contract.share")
def share_not_met(e):
    cell(e, "dc_contract", "new", "renewable_share_min", 0.9)


@fault("exchange.export")
def import_above_the_band(e):
    cell(e, "exchange", "X", "import_flexible_mw", 5.9)


@fault("cost")
def cost_told_a_little_high(e):
    e["objective"] *= 1.0 + 1e-5
    e["bound"] *= 1.0 + 1e-5


@fault("cost")
def other_carbon_price(e):
    cell(e, "year", 2025, "carbon_price_cny_per_t", 8.1)


@fault("cost")
def shedding_in_the_wrong_tier(e):
    cell(e, "shedding_tier", "soft", "share", 0.05)


@fault("cost")
def fuel_curve_of_another_unit(e):
    cell(e, "unit_type", "coal", "fuel_rate_extra_half_tce_per_mwh", 0.11)


@fault("gap")
def optimum_not_proven(e):
    e["bound"] *= 1.0 - 1e-5


@fault("gap")
def bound_above_the_cost(e):
    e["bound"] *= 1.0 + 1e-8


@fault("price.parts")
def parts_do_not_add_up(e):
    e["prices"]["price_loss"][row(e, "bus", "C"), 3] = 0.01


@fault("price.parts", "price.network", "rent")
def price_is_no_number(e):
    e["prices"]["price"][row(e, "bus", "C"), 3] = np.nan


@fault("price.network")
def price_of_a_bus_that_takes_nothing(e):
    e["prices"]["price"][row(e, "bus", "Z"), 3] += 0.01
    e["prices"]["price_congestion"][row(e, "bus", "Z"), 3] += 0.01


@fault("price.binding", "price.network", "rent")
def limit_with_a_price_that_does_not_bind(e):
    e["prices"]["branch_shadow_price"][2, int(np.argmin(np.abs(e["quantities"]["flow"][2])))] = 5.0


@fault("price.network", "rent")
def half_the_shadow_price(e):
    e["prices"]["interface_shadow_price"] *= 0.5


@fault("price.binding", "price.network", "rent")
def shadow_price_with_wrong_sign(e):
    e["prices"]["branch_shadow_price"] *= -1.0


@fault("curtailment.causes")
def cause_forgotten(e):
    e["causes"] = {"section": e["quantities"]["renewable_curtailed"] * 0.999}


@fault()
def causes_complete(e):
    e["causes"] = {k: e["quantities"]["renewable_curtailed"] * share for k, share in (("section", 0.4), ("surplus", 0.6))}


def test_passes_what_the_model_solves(sound):
    result = certify(**sound)
    assert result.passed, result.failed
    assert result.failed == []


@pytest.mark.parametrize("name", FAULTS)
def test_finds_exactly_the_fault(found, name):
    spoil, broken = FAULTS[name]
    spoil(found)
    result = certify(**found)
    assert {c.name for c in result.failed} == broken, result.failed
    assert result.passed == (not broken)


def test_large_networks_are_solved_sparse(sound, monkeypatch):
    monkeypatch.setattr(certificate_network, "DENSE", 0)
    assert certify(**sound).passed


def test_every_check_has_its_fault(found):
    causes_complete(found)
    assert {c.name for c in certify(**found).checks} == set().union(*(broken for _, broken in FAULTS.values()))


INEXACT = {"csp_store"}
"""Heat may be dumped: another level of the store is no contradiction by itself."""
PRESENT = {name for name, table in TABLE_OF.items() if table == "branch" or table in ROWS}


@pytest.mark.parametrize("name", sorted({*PRESENT, "phase_shift"} - INEXACT))
def test_no_number_can_change_unnoticed(found, name):
    """Any entry of any array, told 0.5 % and 0.01 units higher, is found by some check."""
    values = (found["quantities"] if name in found["quantities"] else found["prices"])[name]
    draw = np.random.default_rng(len(name))
    for _ in range(2):
        at = tuple(draw.integers(0, n) for n in values.shape)
        old = values[at]
        values[at] = 1.005 * old + 0.01
        assert not certify(**found).passed, (name, at)
        values[at] = old


def test_tells_the_place(found):
    t = 5 * len(found["case"].time) // 8
    found["quantities"]["surplus"][row(found, "bus", "E"), t] = -2.0
    worst = next(c for c in certify(**found).checks if c.name == "bus.surplus")
    assert (worst.worst, worst.unit, worst.where) == (2.0, "MW", "E 2025-01-01 01:00")


def test_json_has_no_invalid_numbers(found):
    found["prices"]["price"][0, 0] = np.nan
    document = json.loads(json.dumps(certify(**found).to_dict(), allow_nan=False))
    assert document["passed"] is False
    assert {"name", "worst", "unit", "tolerance", "passed", "where"} == set(document["checks"][0])
    assert next(c for c in document["checks"] if c["name"] == "price.parts")["worst"] is None


def test_missing_and_misshapen_arrays_are_all_named(found):
    del found["quantities"]["flow"]
    found["quantities"]["load"] = found["quantities"]["load"][:, 1:]
    del found["prices"]["price_energy"]
    with pytest.raises(ValueError, match=r"'load' has shape.*'flow' is missing.*'price_energy'"):
        certify(**found)
