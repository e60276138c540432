"""Damaged unit commitment files (UnitCommitment.jl, Egret) through `gridopt run` and `gridopt check`: see test_malformed_files."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.end_to_end.test_malformed_files import ENCODINGS, INVALID, OK, PLACE, folder, judge, many, mutated, mutations

UCJL = {
    "Parameters": {"Version": "0.4", "Time horizon (h)": 2, "Time step (min)": 60, "Power balance penalty ($/MW)": 900},
    "Buses": {"b1": {"Load (MW)": [60, 70]}, "b2": {"Load (MW)": 20}, "b3": {"Load (MW)": 0}},
    "Generators": {
        "g1": {
            "Bus": "b1", "Type": "Thermal", "Production cost curve (MW)": [10, 50, 90], "Production cost curve ($)": [200, 900, 1800],
            "Startup costs ($)": [100, 300], "Startup delays (h)": [1, 4], "Ramp up limit (MW)": 40, "Ramp down limit (MW)": 50,
            "Startup limit (MW)": 60, "Shutdown limit (MW)": 60, "Minimum uptime (h)": 2, "Minimum downtime (h)": 1,
            "Initial status (h)": 5, "Initial power (MW)": 40, "Must run?": False, "Reserve eligibility": ["r1"],
        },
        "g2": {
            "Bus": "b2", "Type": "Thermal", "Production cost curve (MW)": [0, 60], "Production cost curve ($)": [0, 3000],
            "Initial status (h)": -3, "Initial power (MW)": 0, "Commitment status": [None, True],
        },
        "sun": {"Bus": "b3", "Type": "Profiled", "Maximum power (MW)": [10, 20], "Cost ($/MW)": 1},
    },
    "Price-sensitive loads": {"ps": {"Bus": "b3", "Revenue ($/MW)": 60, "Demand (MW)": 15}},
    "Transmission lines": {
        "l1": {"Source bus": "b1", "Target bus": "b2", "Susceptance (S)": 20, "Normal flow limit (MW)": 80, "Emergency flow limit (MW)": 90},
        "l2": {"Source bus": "b2", "Target bus": "b3", "Susceptance (S)": 20, "Normal flow limit (MW)": [60, 50]},
        "l3": {"Source bus": "b1", "Target bus": "b3", "Susceptance (S)": 10},
    },
    "Contingencies": {"c1": {"Affected lines": ["l3"]}},
    "Reserves": {"r1": {"Type": "Spinning", "Amount (MW)": [5, 6], "Shortfall penalty ($/MW)": 400}},
    "Storage units": {
        "s": {
            "Bus": "b3", "Maximum level (MWh)": 20, "Charge cost ($/MW)": 1, "Discharge cost ($/MW)": 2, "Charge efficiency": 0.9,
            "Maximum charge rate (MW)": 5, "Maximum discharge rate (MW)": 5, "Initial level (MWh)": 10, "Loss factor": 0.01,
        }
    },
}  # fmt: skip
SERIES = {"data_type": "time_series", "values": [60.0, 70.0]}
EGRET = {
    "system": {"time_keys": ["1", "2"], "time_period_length_minutes": 60, "baseMVA": 100.0, "load_mismatch_cost": 1000.0,
               "reserve_requirement": 5.0, "spinning_reserve_requirement": 2.0},
    "elements": {
        "bus": {"A": {"base_kv": 220}, "B": {}},
        "load": {"d": {"bus": "A", "p_load": SERIES}, "ps": {"bus": "B", "p_load": 10.0, "p_price": 55.0}},
        "branch": {"ab": {"from_bus": "A", "to_bus": "B", "reactance": 0.05, "rating_long_term": 50, "in_service": True}},
        "security_constraint": {"s": {"security_constraint_type": "pg", "upper_bound": 70, "violation_penalty": 20.0,
                                      "coefs": {"data_type": "coefs", "values": {"generator": {"g": 1.5, "h": -0.5}}}}},
        "dc_branch": {"dc": {"from_bus": "B", "to_bus": "A", "rating_long_term": 10.0}},
        "generator": {
            "g": {
                "generator_type": "thermal", "bus": "A", "fuel": "G", "p_min": 10, "p_max": 80, "ramp_up_60min": 50, "ramp_down_60min": 50,
                "startup_capacity": 40, "shutdown_capacity": 40, "min_up_time": 2, "min_down_time": 1, "initial_status": -2,
                "initial_p_output": 0, "startup_cost": [[1, 100], [4, 200]], "shutdown_cost": 0.0,
                "p_cost": {"data_type": "cost_curve", "cost_curve_type": "polynomial", "values": {"0": 50, "1": 20, "2": 0.01}},
            },
            "h": {
                "generator_type": "thermal", "bus": "B", "p_min": 0, "p_max": 60, "min_up_time": 1, "min_down_time": 1, "initial_status": 3,
                "initial_p_output": 20, "fixed_commitment": 1,
                "p_cost": {"data_type": "cost_curve", "cost_curve_type": "piecewise", "values": [[0, 0], [30, 900], [60, 2100]]},
            },
            "w": {"generator_type": "renewable", "bus": "B", "fuel": "W", "p_min": 0.0, "p_max": SERIES},
        },
    },
}  # fmt: skip
FILES = {"ucjl": UCJL, "egret": EGRET}
VALUES = (None, 0, -1, 1e308, -1e16, 1e-300, "abc", "", True, [], [1, 2], [1, 2, 3], {}, 99, 2.5, 10**400, ["l9"], {"data_type": "time_series"})


def places(value: Any, path: tuple = ()) -> list[tuple]:
    """Paths to everything inside a document."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [p for key, part in inside for p in ((*path, key), *places(part, (*path, key)))]


def damaged(document: dict, kind: str, place: int, other: int) -> dict:
    """The document with one entry replaced, removed or renamed."""
    result = json.loads(json.dumps(document))
    *path, last = places(result)[place % len(places(result))]
    holder = result
    for key in path:
        holder = holder[key]
    if kind == "replace" or isinstance(holder, list):
        holder[last] = VALUES[other % len(VALUES)]
    elif kind == "remove":
        del holder[last]
    else:
        holder[f"{last}x"] = holder.pop(last)
    return result


@many(150)
@given(st.sampled_from(sorted(FILES)), st.sampled_from(("replace", "replace", "remove", "rename")), PLACE, PLACE)
def test_entries(which, kind, place, other):
    with folder() as case:
        (case / "case.json").write_text(json.dumps(damaged(FILES[which], kind, place, other)))
        judge(case / "case.json")


@many(60)
@given(st.sampled_from(sorted(FILES)), mutations, st.sampled_from(ENCODINGS))
def test_text(which, chosen, encoding):
    with folder() as case:
        (case / "case.json").write_bytes(mutated(json.dumps(FILES[which], indent=0), chosen).encode(encoding, "replace"))
        judge(case / "case.json")


@many(15)
@given(st.sampled_from(sorted(FILES)), PLACE)
def test_compressed_and_cut_off(which, place):
    data = gzip.compress(json.dumps(FILES[which]).encode())
    with folder() as case:
        (case / "case.json.gz").write_bytes(data[: place % len(data)])
        assert judge(case / "case.json.gz") == INVALID


@pytest.mark.parametrize("which", sorted(FILES))
@pytest.mark.parametrize("name", ["case.json", "case.json.gz"])
def test_without_damage_it_is_solved(which, name):
    data = json.dumps(FILES[which]).encode()
    with folder() as case:
        (case / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
        assert judge(case / name) == OK
