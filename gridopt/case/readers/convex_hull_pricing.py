"""Cases of ConvexHullPricing.jl (JSON): one bus, thermal generators with one price each, nothing known before the first period.

Costs count by period, whatever its length, so a period is taken as an hour: no-load cost, price and ramp are per period, as in the file.
A start or a stop is at the least output. Status and output before the first and after the last period are free; a minimum time that is
longer than the periods with one before and one after them holds nowhere. Demand that is not served costs LOST.

Source: Tanji, Stevens, Papavasiliou and others, https://github.com/SofianeTanji/ConvexHullPricing.jl, Belgian and Californian cases.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gridopt.case.case_rows import CaseRows, totals
from gridopt.case.check import CaseError
from gridopt.case.complete import complete
from gridopt.case.imported import Imported, ImportReport
from gridopt.case.json_file import Record, read_object
from gridopt.case.one_bus import BUS, START, one_bus

LOST = 3000.0
FILE = {"time_periods", "demand", "thermal_generators"}
THERMAL = {
    "power_output_minimum", "power_output_maximum", "ramp_up_limit", "ramp_down_limit", "time_up_minimum", "time_down_minimum",
    "no_load_consumption", "startup", "piecewise_production",
}  # fmt: skip


def read(path: Path, branch_model: str) -> Imported:
    """The case in the file; it has no branches, whatever their model. Raises CaseError with every fault."""
    file = read_object(path)
    rows = one_bus(file, sheddable=True)
    thermal = file.records("thermal_generators", "thermal generator")
    file.only(FILE)
    rows.add("shedding_tier", tier="all", share=1.0, cost_cny_per_mwh=LOST)
    for name, item in thermal.items():
        _thermal(name, item, rows)
    if file.faults:
        raise CaseError(file.faults)
    tables = complete(rows.frames(), lambda table: f"{path.name} as table {table}")
    kept = {name: len(table) for name, table in tables.items() if len(table)}
    said = [f"Costs are per period, so periods are taken as hours, from {START.replace('T', ' ')}.", f"Lost load costs {LOST:g} per MWh."]
    found = {"thermal generators": len(thermal), "steps": len(rows.time)}
    report = ImportReport(f"ConvexHullPricing case {path.name}", found, kept, totals(tables, rows.source(), rows.time), said)
    return Imported(tables, rows.time, rows.source(), "EUR", report)


def _thermal(name: str, item: Record, rows: CaseRows) -> None:
    """A row of generator and one of commitment. A ramp that spans the whole range is no limit."""
    item.only(THERMAL)
    least, most = (item.number(f"power_output_{side}", least=0.0) for side in ("minimum", "maximum"))
    rise, fall = (item.number(f"ramp_{way}_limit", least=0.0) for way in ("up", "down"))
    if least > most:
        item.fault("power_output_minimum", least, f"is above power_output_maximum, {most:g}", "Swap or correct them.")
    if most <= 0:
        item.fault("power_output_maximum", most, "must be above 0", "Leave the generator out.")
        return
    ramps = {}
    for column, limit in (("ramp_fraction_per_min", rise), ("ramp_down_fraction_per_min", fall)):
        ramps[column] = limit / (60.0 * most) if limit < most - least else None
    rows.add(
        "generator", generator=name, bus=BUS, technology="thermal", power_min_mw=least, power_max_mw=most,
        cost_cny_per_h=item.number("no_load_consumption", least=0.0), cost_cny_per_mwh=_cost(item, "piecewise_production"), **ramps,
    )  # fmt: skip
    longest = len(rows.time) + 2
    times = [item.number(f"time_{side}_minimum", least=0.0) for side in ("up", "down")]
    up, down = (0.0 if t > longest else t for t in times)
    rows.add(
        "commitment", kind="generator", element=name, min_up_h=up, min_down_h=down, start_ramp_mw=least, stop_ramp_mw=least,
        start_cny=_cost(item, "startup"), must_run="false",
    )  # fmt: skip


def _cost(item: Record, key: str) -> float:
    """The one cost in a list of one object."""
    given = item.get(key, None)
    if not isinstance(given, list) or len(given) != 1 or not isinstance(given[0], dict):
        item.fault(key, given, "is not a list of one object with its cost", "Write it as [{cost: 20}].")
        return np.nan
    part = Record(given[0], f"{item.place}, {key} 1", item.faults)
    part.only({"cost"})
    return part.number("cost", least=0.0)
