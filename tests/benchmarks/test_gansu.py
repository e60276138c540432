"""What the peer is given of the Gansu study is what gridopt dispatches."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.cases.gansu import collect
from gridopt.study.load import load_study


@pytest.fixture(scope="module")
def both():
    case = load_study(Path("gansu-2025"), {}, (0, 24)).case
    return case, collect(case)


def test_fixed_injections_are_load_must_run_agreed_exchange_and_least_dc(both):
    """Only buses without thermal units, exchange and DC ends: minus the load."""
    case, data = both
    taken = np.concatenate([data["thermal_bus"], data["dc_from"], data["dc_to"], case.position("bus", case.table("exchange")["bus"])])
    free = np.setdiff1d(np.arange(len(data["bus"])), taken)
    table = case.table("load")
    each = table["mean_mw"].to_numpy(float)[:, None] * case.series(table["profile"], 1.0) * case.of_year("load_scale", 1.0)
    load = np.zeros_like(data["fixed"])
    np.add.at(load, case.position("bus", table["bus"]), each * case.in_service("load"))
    assert len(free) > 5 and data["fixed"][free] == pytest.approx(-load[free])


def test_water_takes_the_time_of_the_table(both):
    """JDX sends to LJX in 12 h; MJB to BIK in 3 h."""
    case, data = both
    plant = case.table("reservoir").index
    feeds = {(plant[data["hydro_store"][s]], plant[r]): h for r, s, h in data["feed"].T}
    assert feeds["JDX", "LJX"] == 12 and feeds["MJB", "BIK"] == 3
    assert feeds["LJX", "YGX"] == 1 and feeds["LJX", "BPX"] == 2


def test_reactances_and_limits_are_those_of_the_branches(both):
    case, data = both
    line = case.table("line").iloc[0]
    kv = case.table("bus")["voltage_kv"][line["from_bus"]]
    ohm = line["length_km"] * line["reactance_ohm_per_km"] / line["circuits"]
    assert data["branch_x"][0] == pytest.approx(ohm / kv**2)
    assert data["branch_here"].all() and len(data["branch_x"]) == len(case.table("line")) + len(case.table("transformer"))


def test_a_case_that_the_peer_cannot_hold_is_refused():
    from tests.support.small import case

    other = case(bus=[{"bus": "A", "voltage_kv": 110}], generator=[{"generator": "G", "bus": "A", "power_max_mw": 1}])
    with pytest.raises(ValueError, match="thermal units"):
        collect(other)
