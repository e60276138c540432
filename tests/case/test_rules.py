"""Rules that look at more than one cell: each names row, column, value and cure, and lets be what does no harm."""

import pandas as pd
import pytest

from gridopt.case.check import CaseError
from gridopt.case.complete import complete

KIND = dict(unit_type="t", min_load_fraction=0.3, fuel_rate_full_tce_per_mwh=0.3)
UNIT = dict(unit="u", bus="A", unit_type="t", fuel="coal", power_max_mw=100)
SOUND = dict(
    bus=[dict(bus="A", voltage_kv=330), dict(bus="B", voltage_kv=330)],
    season=[dict(season="heat", start_day="11-01", end_day="03-31")],
    fuel=[dict(fuel="coal", price_cny_per_tce=800, co2_t_per_tce=2.7)],
)
LINE = dict(line="L1", from_bus="A", to_bus="B", length_km=10, reactance_ohm_per_km=0.3)
LINK = dict(dc_link="D", from_bus="A", to_bus="B", power_max_mw=100)


def faults(**rows) -> list[str]:
    """Faults of the sound tables with these rows besides, or none."""
    raw = {name: pd.DataFrame(r).fillna("").astype(str) for name, r in (SOUND | rows).items()}
    try:
        complete(raw, lambda name: f"{name}.csv")
    except CaseError as error:
        return error.faults
    return []


def one(words: list[str], **rows) -> None:
    found = faults(**rows)
    assert len(found) == 1, found
    for word in words:
        assert word in found[0], found[0]


# ---------------------------------------------------------------------------------------------------------- fuel curves
def curve(half, low):
    return KIND | dict(fuel_rate_extra_half_tce_per_mwh=half, fuel_rate_extra_low_tce_per_mwh=low)


def test_curve_that_bends_downwards():
    """r = 0.3, 0.35, 0.36: slopes (0.5*0.35 - 0.3*0.36)/0.2 = 0.335 and (0.3 - 0.175)/0.5 = 0.25; straight at 0.05*7/3."""
    one(
        [
            "unit_type.csv, row 2 (unit_type 't'), column fuel_rate_extra_half_tce_per_mwh: '0.05'",
            "0.335 tce/MWh from 30 % to 50 % load, only 0.25 above",
            "'u' must run",
            "fuel_rate_extra_low_tce_per_mwh 0.116667 or more",
        ],
        unit_type=[curve(0.05, 0.06)],
        unit=[UNIT | dict(must_run="always")],
    )
    assert not faults(unit_type=[curve(0.05, 0.116667)], unit=[UNIT | dict(must_run="always")])


def test_straight_curve_is_no_bend():
    """0.07 = 0.03 * 7/3: equal slopes but for rounding."""
    assert not faults(unit_type=[curve(0.03, 0.07)], unit=[UNIT | dict(must_run="always")])


@pytest.mark.parametrize(
    "unit",
    [
        dict(must_run="no"),
        dict(must_run="always", must_run_fraction=0.5),
        dict(must_run="always", must_run_fraction=0),
        dict(must_run="heating", heating_season="heat", must_run_fraction=0.7),
    ],
)
def test_bend_that_no_unit_meets(unit):
    """May stop: pays one rate. From 50 % up, or at least output 0: one segment."""
    assert not faults(unit_type=[curve(0.05, 0.06)], unit=[UNIT | unit])


def test_bend_met_only_outside_the_heating_season():
    """Least output 0.55 in the season, 0.3 outside: a unit that must run always meets it, one that must run for heat does not."""
    kind = curve(0.05, 0.06) | dict(heat_min_fraction=0.55)
    assert not faults(unit_type=[kind], unit=[UNIT | dict(must_run="heating", heating_season="heat")])
    assert len(faults(unit_type=[kind], unit=[UNIT | dict(must_run="always", heating_season="heat")])) == 1


def test_bend_out_of_reach_in_the_heating_season():
    """At most half of the rated output in the season: the upper segment is never used."""
    kind = curve(0.05, 0.06) | dict(heat_max_fraction=0.5)
    assert not faults(unit_type=[kind], unit=[UNIT | dict(must_run="heating", heating_season="heat")])


def test_bend_names_three_units_and_counts_the_rest():
    units = [UNIT | dict(unit=f"u{n}", must_run="always") for n in range(5)]
    one(["'u0', 'u1', 'u2' and 2 more must run"], unit_type=[curve(0.05, 0.06)], unit=units)


# -------------------------------------------------------------------------------------------------------- heating seasons
def test_heating_without_season():
    one(
        ["unit.csv, row 2 (unit 'u'), column heating_season: ''", "must_run is 'heating'", "Name a season"],
        unit_type=[KIND],
        unit=[UNIT | dict(must_run="heating")],
    )


def test_least_output_of_the_unit_above_the_largest_of_the_season():
    kind = KIND | dict(heat_max_fraction=0.8)
    unit = UNIT | dict(must_run="always", must_run_fraction=0.9, heating_season="heat")
    one(
        ["unit.csv, row 2 (unit 'u'), column must_run_fraction: '0.9' is above 0.8", "heat_max_fraction of 't'", "Lower"],
        unit_type=[kind],
        unit=[unit],
    )
    assert not faults(unit_type=[kind], unit=[unit | dict(heating_season="")])
    assert not faults(unit_type=[kind], unit=[unit | dict(must_run="no")])
    assert not faults(unit_type=[kind], unit=[unit | dict(must_run_fraction=0.8)])


def test_least_output_of_the_type_above_the_largest_of_the_season():
    kind = KIND | dict(heat_min_fraction=0.9, heat_max_fraction=0.8)
    words = ["row 2 (unit 'u'), column unit_type: 't' has a least output of 0.9, above 0.8"]
    one(words, unit_type=[kind], unit=[UNIT | dict(must_run="heating", heating_season="heat")])


# ------------------------------------------------------------------------------------------------------------------ rivers
def test_release_band_of_a_plant_without_volume():
    plant = dict(reservoir="R", bus="A", power_max_mw=10, power_mw_per_m3s=0.5)
    band = dict(reservoir="R", season="heat", release_min_m3s=5)
    one(
        ["release_band.csv, row 2, column reservoir: 'R' has no volume", "reservoir.csv, row 2", "or remove the band"],
        reservoir=[plant],
        release_band=[band],
    )
    assert not faults(reservoir=[plant | dict(volume_max_hm3=1)], release_band=[band])


# --------------------------------------------------------------------------------------------------------------- contracts
def contract(energy, **dates):
    return dict(dict(contract="c", dc_link="D", start_date="2025-01-01", end_date="2025-01-10", energy_min_mwh=energy), **dates)


def test_contract_above_what_the_link_can_send():
    """100 MW for ten days: 24000 MWh."""
    words = ["dc_contract.csv, row 2 (dc_contract 'c'), column energy_min_mwh: '24001.0'", "'D'", "24000 MWh (100 MW x 240 h"]
    one([*words, "Correct"], dc_link=[LINK], dc_contract=[contract(24001)])
    assert not faults(dc_link=[LINK], dc_contract=[contract(24000)])


def test_contract_of_a_link_that_enters_in_the_period():
    """In service for the last four of ten days: 9600 MWh. A link that is not there in the period has no contract to keep."""
    late = [LINK | dict(in_service="2025-01-07")]
    one(["9600 MWh (100 MW x 96 h in service)"], dc_link=late, dc_contract=[contract(9601)])
    assert not faults(dc_link=late, dc_contract=[contract(9600)])
    assert not faults(dc_link=[LINK | dict(retirement="2025-01-01")], dc_contract=[contract(9601)])


# ----------------------------------------------------------------------------------------------------------------- members
def test_member_without_sign():
    member = dict(interface="S", kind="line", element="L1", coefficient=0)
    one(
        ["interface_member.csv, row 2, column coefficient: '0'", "count for nothing", "or remove the row"],
        line=[LINE],
        interface=[dict(interface="S")],
        interface_member=[member],
    )


def test_support_of_a_limit_that_is_not_there():
    support = dict(interface="S", limit="backward", kind="generator", element="g", mw_per_unit=3)
    rows = dict(generator=[dict(generator="g", bus="A", power_max_mw=1)], interface=[dict(interface="S")], interface_support=[support])
    limit = dict(interface="S", forward_mw=3)
    words = ["interface_support.csv, row 2, column limit: 'backward'", "interface 'S' does not have", "in interface_limit.csv, or remove"]
    one(words, interface_limit=[limit], **rows)
    assert not faults(interface_limit=[limit | dict(backward_mw=3)], **rows)


@pytest.mark.parametrize("name", ["line", "transformer"])
def test_id_shared_by_a_branch_and_a_dc_link(name):
    """A member is named by its id alone."""
    group = dict(transformer="T1", from_bus="A", to_bus="B", rated_mva=100, reactance_fraction=0.1)
    other = (LINE, group)[name == "transformer"]
    one(
        [f"dc_link.csv, row 2 (dc_link '{other[name]}'), column dc_link", f"also the id of a {name}", "must differ"],
        **{name: [other]},
        dc_link=[LINK | dict(dc_link=other[name])],
    )


def test_a_cyclic_store_has_no_end_to_value():
    store = dict(storage="s", bus="A", power_max_mw=1, energy_max_mwh=2, cyclic="true", end_value_cny_per_mwh=30)
    one(["storage.csv, row 2 (storage 's'), column end_value_cny_per_mwh: '30'", "cyclic"], storage=[store])


LAKE = dict(bus="A", power_max_mw=10, power_mw_per_m3s=0.5, volume_max_hm3=5)
RIVER = [LAKE | dict(reservoir="up", downstream="low"), LAKE | dict(reservoir="low"), LAKE | dict(reservoir="ror", volume_max_hm3=0)]


def pump(**kw):
    return dict(dict(pump="p", bus="A", from_reservoir="low", to_reservoir="up", power_max_mw=3, flow_m3s_per_mw=1.5), **kw)


def test_pumps_lift_from_one_volume_into_another():
    assert not faults(reservoir=RIVER, pump=[pump()])
    one(["pump.csv, row 2 (pump 'p'), column to_reservoir: 'low'", "takes its water from"], reservoir=RIVER, pump=[pump(to_reservoir="low")])
    one(["column from_reservoir: 'ror'", "no volume"], reservoir=RIVER, pump=[pump(from_reservoir="ror")])


def test_a_pump_is_no_source_of_energy():
    """0.5 MW per m3/s down, 2.5 m3/s per MW up: 1.25 MW for one."""
    one(["column flow_m3s_per_mw: '2.5'", "1.25 times", "At most 2"], reservoir=RIVER, pump=[pump(flow_m3s_per_mw=2.5)])


def test_budgets_of_plants():
    """10 MW over two days give 480 MWh at most."""
    days = dict(budget="b", reservoir="up", start_date="2025-01-01", end_date="2025-01-02")
    assert not faults(reservoir=RIVER, hydro_budget=[days | dict(energy_min_mwh=480, release_max_hm3=3)])
    one(["hydro_budget.csv, row 2", "energy_min_mwh: '481'", "480 MWh"], reservoir=RIVER, hydro_budget=[days | dict(energy_min_mwh=481)])
    ror = days | dict(reservoir="ror", release_max_hm3=3)
    one(["column release_max_hm3: '3'", "no volume"], reservoir=RIVER, hydro_budget=[ror])


def test_reservoirs_of_pumped_storage():
    """Room for 8 above and 6 below; 7 and 9 at the start are too much; 7 and 2 cannot end with 10 above, nor can 12 be held there."""
    plant = dict(pumped="p", bus="A", units=2, power_max_mw=3, pump_mw=3, upper_max_mwh=12, upper_start_mwh=7, lower_max_mwh=6)
    assert not faults(pumped=[plant | dict(lower_start_mwh=2, upper_end_mwh=9)])
    over = plant | dict(upper_max_mwh=8, lower_max_mwh=6, lower_start_mwh=6, upper_start_mwh=8)
    assert not faults(pumped=[over])
    one(["column upper_end_mwh: '10'", "9 MWh"], pumped=[plant | dict(lower_start_mwh=2, upper_end_mwh=10)])
    assert any("lower_start_mwh" in f for f in faults(pumped=[plant | dict(lower_start_mwh=7)]))
    empty_lower = {k: v for k, v in plant.items() if k != "lower_max_mwh"} | dict(lower_start_mwh=18)
    one(["column lower_start_mwh: '18'", "25 MWh", "24 MWh"], pumped=[empty_lower])


def test_power_blocks_before_the_first_step():
    tower = dict(csp="t", bus="A", power_max_mw=10, efficiency=0.4, field_heat_max_mw=60, store_heat_max_mwh=9, power_min_mw=3)
    assert not faults(csp=[tower | dict(initial_h=2, initial_mw=3)])
    one(["csp.csv, row 2 (csp 't'), column initial_mw: '4'", "was off"], csp=[tower | dict(initial_h=-2, initial_mw=4)])
    one(["column initial_mw: '2'", "below power_min_mw, 3"], csp=[tower | dict(initial_h=2, initial_mw=2)])


def test_zones_of_head():
    def zones(*begins, name="up"):
        return [dict(reservoir=name, volume_from_hm3=v, power_mw_per_m3s=0.5) for v in begins]

    lakes = [r | dict(volume_min_hm3=1) if r["reservoir"] == "up" else r for r in RIVER]
    assert not faults(reservoir=lakes, head_zone=zones(1, 3))
    one(["head_zone.csv, row 3", "column volume_from_hm3: '5'", "largest volume, 5 hm3"], reservoir=lakes, head_zone=zones(0, 5))
    one(["head_zone.csv, row 2", "column volume_from_hm3: '2'", "least volume, 1 hm3"], reservoir=lakes, head_zone=zones(2, 3))
    one(["column reservoir: 'ror'", "no volume"], reservoir=lakes, head_zone=zones(0, name="ror"))
    steep = [dict(reservoir="up", volume_from_hm3=0, power_mw_per_m3s=0.8)]
    one(["flow_m3s_per_mw: '1.5'", "1.2 times"], reservoir=lakes, head_zone=steep, pump=[pump()])
