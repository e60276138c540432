"""Egret's ModelData (JSON, plain or .gz): unit commitment where it has time keys, else one optimal power flow.

Beside it in `case/`: generators `egret_units.py`; buses, loads, branches, storage `egret_network.py`; reserves `egret_reserves.py`;
fuel supplies `egret_fuel.py`; keys that are known `egret_keys.py`. Egret:
https://github.com/grid-parity-exchange/Egret
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gridopt.case.case_rows import CaseRows, totals
from gridopt.case.check import CaseError
from gridopt.case.complete import complete
from gridopt.case.egret_fuel import supplied
from gridopt.case.egret_keys import check_keys
from gridopt.case.egret_network import branches, buses, contingencies, dc_branches, interfaces, loads, security_constraints, storage
from gridopt.case.egret_reserves import penalty, reserves
from gridopt.case.egret_units import generators
from gridopt.case.imported import BRANCH_MODELS, Imported, ImportReport
from gridopt.case.json_file import Record, read_object
from gridopt.case.time import TimeGrid

MODELS = tuple(m for m in BRANCH_MODELS if m != "powermodels-dcp")
ELEMENTS = ("bus", "load", "shunt", "generator", "storage", "branch", "dc_branch", "interface", "area", "zone", "fuel_supply",
            "security_constraint", "contingency")  # fmt: skip
PLURAL = {"bus": "buses", "branch": "branches", "dc_branch": "dc_branches", "storage": "storage", "fuel_supply": "fuel_supplies",
          "contingency": "contingencies"}  # fmt: skip
START = "2025-01-01T00:00"


def read(path: Path, branch_model: str) -> Imported:
    """Tables, steps and series of the model. Raises CaseError with every fault."""
    if branch_model not in MODELS:
        raise CaseError([f"branch model '{branch_model}': is not one of Egret's. Choose one of {', '.join(MODELS)}."])
    file = read_object(path)
    file.only({"system", "elements"})
    system, elements = file.record("system"), file.record("elements")
    time, committed = _time(system)
    elements.only(ELEMENTS)
    found = {kind: elements.records(kind, kind) for kind in ELEMENTS}
    check_keys(system, found)
    for records in found.values():
        for record in records.values():
            plain_series(record, len(time))
    plain_series(system, len(time))
    rows, changes = CaseRows(time), [f"The model has no dates: its steps follow each other from {START.replace('T', ' ')}."]
    here = {kind: _in_service(kind, records, changes) for kind, records in found.items()}
    _write(here, system, branch_model, committed, rows, changes)
    if file.faults:
        raise CaseError(file.faults)
    tables = complete(rows.frames(), lambda name: f"{path.name} as table {name}")
    kept = {name: len(table) for name, table in tables.items() if len(table)}
    counts = {"periods": len(time), **{PLURAL.get(kind, f"{kind}s"): len(records) for kind, records in found.items()}}
    kind = f"Egret {'unit commitment' if committed else 'optimal power flow'} {path.name}, branch model {branch_model}"
    report = ImportReport(kind, counts, kept, totals(tables, rows.source(), time), changes)
    return Imported(tables, time, rows.source(), "USD", report)


def _write(here: dict, system: Record, model: str, committed: bool, rows: CaseRows, changes: list[str]) -> None:
    """All rows, and sentences on what was left out."""
    base = system.number("baseMVA", 100.0, 0.0)
    buses(here["bus"], rows, committed)
    loads(here["load"], here["shunt"], rows, committed)
    branches(here["branch"], model, base, bool(here["contingency"]), rows, changes)
    cost = penalty(system, "contingency_flow_violation_cost") if committed else None
    contingencies(here["contingency"], here["branch"], model, cost, rows, changes)
    dc_branches(here["dc_branch"], model, rows, changes)
    interfaces(here["interface"], model, rows, changes)
    fuel = supplied(here["generator"], here["fuel_supply"], len(rows.time), float(rows.time.hours[0])) if committed else {}
    if fuel:
        changes.append(f"Fuel supplies of units, which bound their output and when they may be on: {len(fuel)}.")
    generators(here["generator"], committed, fuel, rows, changes)
    security_constraints(here["security_constraint"], rows)
    if committed:
        reserves(system, {kind: here[kind] for kind in ("area", "zone")}, here["generator"], rows, changes)
    storage(here["storage"], rows, changes)
    if committed:
        mismatch = penalty(system, "load_mismatch_cost")
        rows.add("shedding_tier", tier="mismatch", share=1.0, cost_cny_per_mwh=mismatch)
        changes.append(f"Load that is missed and generation in excess cost load_mismatch_cost, {mismatch:g} per MWh.")


def plain_series(record: Record, steps: int) -> None:
    """Puts the list of values in the place of each time series of the record."""
    for key, value in record.entries.items():
        if isinstance(value, dict) and value.get("data_type") == "time_series" and key != "fixed_commitment":
            values = value.get("values")
            if not isinstance(values, list) or len(values) != steps:
                record.fault(key, "the time series", f"must have one value for each of the {steps} steps", "Correct it.")
                values = [0.0] * steps
            record.entries[key] = values


def _time(system: Record) -> tuple[TimeGrid, bool]:
    """Steps, and whether there are any; without time keys one step of an hour."""
    keys = system.get("time_keys", [])
    if not isinstance(keys, list):
        system.fault("time_keys", keys, "is not a list", "Give a key for each step.")
        keys = []
    minutes = system.number("time_period_length_minutes", 60.0, 1.0, 1440.0)
    seconds = 3600 if np.isnan(minutes) or not keys else int(round(minutes * 60))
    count = max(len(keys), 1)
    start = np.datetime64(START, "s") + np.arange(count) * np.timedelta64(seconds, "s")
    return TimeGrid(start, np.full(count, seconds / 3600.0)), bool(keys)


def _in_service(kind: str, records: dict[str, Record], changes: list[str]) -> dict[str, Record]:
    kept = {name: record for name, record in records.items() if record.flag("in_service", True)}
    if len(kept) < len(records):
        changes.append(f"Left out, since in_service is false: {kind}, {len(records) - len(kept)}.")
    return kept
