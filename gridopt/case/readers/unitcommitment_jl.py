"""Instances of UnitCommitment.jl (JSON, plain or .gz, versions 0.2 to 0.5) as deterministic unit commitment with network security.

Beside it in `case/`: generators and price-sensitive loads `ucjl_units.py`; buses, lines, contingencies `ucjl_network.py`; storage
`ucjl_storage.py`; reserves `ucjl_reserves.py`. Format: https://anl-ceeesa.github.io/UnitCommitment.jl/dev/guides/format/
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gridopt.case.case_rows import CaseRows, totals
from gridopt.case.check import CaseError
from gridopt.case.complete import complete
from gridopt.case.imported import BRANCH_MODELS, Imported, ImportReport
from gridopt.case.json_file import Record, read_object
from gridopt.case.time import TimeGrid
from gridopt.case.ucjl_network import SILENT, buses, contingencies, interfaces, lines
from gridopt.case.ucjl_reserves import OLD, reserves
from gridopt.case.ucjl_storage import storage
from gridopt.case.ucjl_units import RAMPS, generators, price_sensitive

MODELS = tuple(m for m in BRANCH_MODELS if m != "powermodels-dcp")
SECTIONS = {
    "Buses": "bus", "Generators": "generator", "Storage units": "storage unit", "Price-sensitive loads": "price-sensitive load",
    "Transmission lines": "line", "Interfaces": "interface", "Contingencies": "contingency",
}  # fmt: skip
SCENARIO = ("Scenario weight", "Investment cost weight")
"""Parameters that say nothing of one scenario and where nothing is built."""
OLD_PENALTY = "Reserve shortfall penalty ($/MW)"
"""Of version 0.2, whose one reserve is 'Spinning (MW)'."""
PARAMETERS = {
    "Version", "Time horizon (h)", "Time horizon (min)", "Time (h)", "Time step (min)", "Power balance penalty ($/MW)", "Scenario name",
    *SCENARIO, OLD_PENALTY,
}  # fmt: skip
HORIZON = ("Time horizon (min)", "Time horizon (h)", "Time (h)")
"""Keys of the length of the instance; the last one is of version 0.2."""
DOWNWARD = (
    "Upward reserve is not counted against downward ramps, as the document of UnitCommitment.jl has it; its code counts it. "
    "In the step before a stop it is counted."
)
MOST_STEPS = 100_000
START = "2025-01-01T00:00"


def read(path: Path, branch_model: str) -> Imported:
    """Tables, steps and series of the instance. Raises CaseError with every fault."""
    if branch_model not in MODELS:
        raise CaseError([f"branch model '{branch_model}': is not one of UnitCommitment.jl. Choose one of {', '.join(MODELS)}."])
    file = read_object(path)
    file.only({"Parameters", *SECTIONS, "Reserves", "SOURCE", "Source"})
    parameters = file.record("Parameters")
    parameters.only(PARAMETERS)
    time = _time(parameters)
    found = {section: file.records(section, single) for section, single in SECTIONS.items()}
    rows, changes = CaseRows(time), [f"The instance has no dates: its steps follow each other from {START.replace('T', ' ')}."]
    buses(found["Buses"], _penalty(parameters, len(time)), rows)
    lines(found["Transmission lines"], branch_model, rows, changes)
    interfaces(found["Interfaces"], branch_model, rows, changes)
    contingencies(found["Contingencies"], branch_model, rows, changes)
    generators(found["Generators"], rows)
    price_sensitive(found["Price-sensitive loads"], rows)
    storage(found["Storage units"], rows, changes)
    section = file.record("Reserves")
    count = reserves(section, found["Generators"], parameters, rows)
    if any(RAMPS[1] in u and (u.get("Reserve eligibility", []) or u.get(OLD, False)) for u in found["Generators"].values()):
        changes.append(DOWNWARD)
    unused = [key for key in SCENARIO if key in parameters]
    unused += [OLD_PENALTY] if OLD_PENALTY in parameters and "Spinning (MW)" not in section else []
    unused += [key for key in SILENT if any(key in line for line in found["Transmission lines"].values())]
    if unused:
        changes.append(f"Left out, as they say nothing of this instance: {', '.join(unused)}.")
    if file.faults:
        raise CaseError(file.faults)
    tables = complete(rows.frames(), lambda name: f"{path.name} as table {name}")
    kept = {name: len(table) for name, table in tables.items() if len(table)}
    counts, sums = _counts(found, count, len(time)), totals(tables, rows.source(), time)
    report = ImportReport(f"UnitCommitment.jl {path.name}", counts, kept, sums, changes)
    return Imported(tables, time, rows.source(), "USD", report)


def _time(parameters: Record) -> TimeGrid:
    """Steps of equal length; raises CaseError where the horizon is not a number of them."""
    minutes = parameters.number("Time step (min)", 60.0, 1.0, 60.0)
    given = [key for key in HORIZON if key in parameters]
    if len(given) != 1:
        rule = "are both given" if given else "are both missing"
        raise CaseError([f"{parameters.place}: {' and '.join(given or HORIZON[:2])} {rule}. Give one.", *parameters.faults])
    horizon = parameters.number(given[0], least=0.0) * (1.0 if given[0] == HORIZON[0] else 60.0)
    if 60.0 % minutes != 0 or not 1 <= horizon / minutes <= MOST_STEPS or horizon % minutes:
        rule = f"{horizon:g} min are no whole number, up to {MOST_STEPS:,}, of steps of {minutes:g} min that divide an hour"
        raise CaseError(parameters.faults or [f"{parameters.place}: {rule}. Correct them."])
    steps = int(horizon / minutes)
    start = np.datetime64(START, "s") + np.arange(steps) * np.timedelta64(int(minutes * 60), "s")
    return TimeGrid(start, np.full(steps, minutes / 60.0))


def _penalty(parameters: Record, steps: int) -> float:
    key = "Power balance penalty ($/MW)"
    values = parameters.series(key, steps, 1000.0, 0.0)
    if not (values == values[0]).all():
        parameters.fault(key, "a series", "changes over time, which is not modelled", "Give one value.")
    return float(values[0])


def _counts(found: dict[str, dict[str, Record]], reserves: int, steps: int) -> dict[str, int]:
    """Elements in the file by kind."""
    profiled = sum(str(u.entries.get("Type", "")).lower() == "profiled" for u in found["Generators"].values())
    return {
        "periods": steps,
        "buses": len(found["Buses"]),
        "lines": len(found["Transmission lines"]),
        "thermal_units": len(found["Generators"]) - profiled,
        "profiled_units": profiled,
        "storage_units": len(found["Storage units"]),
        "price_sensitive_loads": len(found["Price-sensitive loads"]),
        "interfaces": len(found["Interfaces"]),
        "reserves": reserves,
        "contingencies": len(found["Contingencies"]),
    }
