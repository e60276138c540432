"""Unit commitment cases of the Power Grid Library (PGLib-UC), JSON, plain or compressed: steps of an hour, one bus, one reserve.

Thermal generators become rows of `generator` that `commitment` switches; their ramps are MW per hour of output above the minimum, also in
the steps of a start and a stop, as (19) and (20) hold in all steps:

    p <= min(SU, m + RU) in the step of a start, p <= min(SD, m + RD) in that before a stop

Renewable generators become rows of `generator` between two series. Demand cannot be shed, and nothing takes a surplus. The spinning
reserve comes from thermal generators, within capacity and ramp. The file has no dates; its first step is given one.

Source: IEEE PES Task Force on Benchmarks for Validation of Emerging Power System Algorithms, https://github.com/power-grid-lib/pglib-uc,
MODEL.pdf: equations (2), (3) demand and reserve; (4), (5) initial state; (8) to (10), (17) to (20) limits and ramps; (15) start costs.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gridopt.case.case_rows import CaseRows, totals
from gridopt.case.check import CaseError
from gridopt.case.complete import complete
from gridopt.case.imported import Imported, ImportReport
from gridopt.case.json_file import REQUIRED, Record, read_object
from gridopt.case.one_bus import BUS, START, one_bus
from gridopt.case.start_lags import check_first_lag

RESERVE = "spinning"
FILE = {"time_periods", "demand", "reserves", "thermal_generators", "renewable_generators"}
RENEWABLE = {"name", "power_output_minimum", "power_output_maximum"}
THERMAL = RENEWABLE | {
    "must_run", "ramp_up_limit", "ramp_down_limit", "ramp_startup_limit", "ramp_shutdown_limit", "time_up_minimum", "time_down_minimum",
    "power_output_t0", "unit_on_t0", "time_up_t0", "time_down_t0", "startup", "piecewise_production",
}  # fmt: skip
SAME = 1e-6
"""MW by which the ends of a cost curve may miss the limits of output."""


def read(path: Path, branch_model: str) -> Imported:
    """The case in the file; it has no branches, whatever their model. Raises CaseError with every fault."""
    file = read_object(path)
    rows = one_bus(file, sheddable=False)
    thermal = file.records("thermal_generators", "thermal generator")
    renewable = file.records("renewable_generators", "renewable generator")
    file.only(FILE)
    said: dict[str, list[str]] = {}
    for name, item in thermal.items():
        _thermal(name, item, rows, said)
    for name, item in renewable.items():
        _renewable(rows.free("generator", name, "renewable"), item, rows)
    reserve = file.series("reserves", len(rows.time), 0.0, least=0.0)
    if reserve.any():
        required = rows.profiles.add("reserves", reserve)
        rows.add("reserve", reserve=RESERVE, product="spinning_up", profile=required, shares_ramp="true")
        rows.add("reserve_offer", reserve=RESERVE, kind="generator", technology="thermal")
    if file.faults:
        raise CaseError(file.faults)
    tables = complete(rows.frames(), lambda table: f"{path.name} as table {table}")
    found = {"thermal generators": len(thermal), "renewable generators": len(renewable), "steps": len(rows.time)}
    kept = {name: len(table) for name, table in tables.items() if len(table)}
    sums = totals(tables, rows.source(), rows.time) | {"reserve_mw_h": float(reserve.sum())}
    changes = [f"The file has no dates: its steps of an hour follow each other from {START.replace('T', ' ')}."]
    changes += [f"{what}: {', '.join(names)}." for what, names in said.items()]
    return Imported(tables, rows.time, rows.source(), "$", ImportReport(f"PGLib-UC case {path.name}", found, kept, sums, changes))


def _thermal(name: str, item: Record, rows: CaseRows, said: dict[str, list[str]]) -> None:
    """A row of generator and what belongs to it. A ramp that spans the whole range is no limit."""
    item.only(THERMAL)
    least, most = (item.number(f"power_output_{side}", least=0.0) for side in ("minimum", "maximum"))
    rise, fall = (item.number(f"ramp_{way}_limit", least=0.0) for way in ("up", "down"))
    if min(rise, fall) >= most - least:
        rise = fall = np.nan
    curve = _pairs(item, "piecewise_production", "mw", "cost")
    if len(curve) and not (abs(curve[0, 0] - least) <= SAME and abs(curve[-1, 0] - most) <= SAME):
        reach, rule = f"{curve[0, 0]:g} to {curve[-1, 0]:g} MW", f"must reach from {least:g} to {most:g} MW, the limits of output"
        item.fault("piecewise_production", reach, rule, "Correct the points.")
    rows.add(
        "generator", generator=name, bus=BUS, technology="thermal", power_min_mw=least, power_max_mw=most,
        ramp_fraction_per_min=rise / (60.0 * most) if most > 0 else None,
        ramp_down_fraction_per_min=fall / (60.0 * most) if most > 0 else None,
        cost_cny_per_h=float(curve[0, 1]) if len(curve) == 1 else 0.0,
    )  # fmt: skip
    for power, cost in curve if len(curve) > 1 else ():
        rows.add("cost_point", generator=name, power_mw=power, cost_cny_per_h=cost)
    start, stop = (item.number(f"ramp_{way}_limit", least=0.0) for way in ("startup", "shutdown"))
    if least + fall < min(stop, most):
        what = "Generators that stop from no more than their ramp down, reserve included, which the reference model holds output alone to"
        said.setdefault(what, []).append(name)
    room = {"start_ramp_mw": np.fmin(start, least + rise), "stop_ramp_mw": np.fmin(stop, least + fall)}
    _commitment(name, item, room, rows, said)


def _commitment(name: str, item: Record, room: dict[str, float], rows: CaseRows, said: dict[str, list[str]]) -> None:
    on = item.number("unit_on_t0", least=0.0, most=1.0) > 0.5
    up, down = item.number("time_up_t0", least=0.0), item.number("time_down_t0", least=0.0)
    kinds, least_down = _pairs(item, "startup", "lag", "cost"), item.number("time_down_minimum", least=0.0)
    check_first_lag(item, "startup", kinds[:, 0], least_down, 1.0)
    for lag, cost in kinds:
        rows.add("start_cost", kind="generator", element=name, offline_h=lag, cost_cny=cost)
    since, power = up if on else down, item.number("power_output_t0", least=0.0)
    if since == 0:
        key = "time_up_t0" if on else "time_down_t0"
        item.fault(key, 0, f"must be above 0 where unit_on_t0 is {int(on)}", "Give the hours before the first step.")
    if not on and power > 0:
        what = "Generators that are off before the first step, of which power_output_t0 says nothing, as in the reference model"
        said.setdefault(what, []).append(name)
    rows.add(
        "commitment", kind="generator", element=name,
        min_up_h=item.number("time_up_minimum", least=0.0), min_down_h=least_down,
        **room, initial_h=since if on else -since, initial_mw=power if on else 0.0,
        must_run="true" if item.number("must_run", 0.0, 0.0, 1.0) > 0.5 else "false",
    )  # fmt: skip


def _pairs(item: Record, key: str, first: str, second: str) -> np.ndarray:
    """A list of objects with two numbers each, `first` rising, as an array (k, 2); empty where that is a fault."""
    given = item.get(key, REQUIRED)
    if not isinstance(given, list) or not given or not all(isinstance(g, dict) for g in given):
        if given is not None:
            item.fault(key, given, f"is not a list of objects with {first} and {second}", "Correct it.")
        return np.zeros((0, 2))
    before = len(item.faults)
    parts = [Record(g, f"{item.place}, {key} {k + 1}", item.faults) for k, g in enumerate(given)]
    found = np.array([(p.number(first, least=0.0), p.number(second)) for p in parts])
    if len(item.faults) == before and (np.diff(found[:, 0]) <= 0).any():
        item.fault(key, found[:, 0].tolist(), f"must rise in {first} from one to the next", "Sort them.")
    return found if len(item.faults) == before else np.zeros((0, 2))


def _renewable(name: str, item: Record, rows: CaseRows) -> None:
    """Least and largest output as shares of one figure, so that those that are equal stay equal."""
    item.only(RENEWABLE)
    least = item.series("power_output_minimum", len(rows.time), 0.0, least=0.0)
    most = item.series("power_output_maximum", len(rows.time), least=0.0)
    wrong = np.flatnonzero(least > most)
    if len(wrong):
        t = wrong[0]
        rule = f"must be at most power_output_maximum, {most[t]:g}"
        item.fault("power_output_minimum", f"{least[t]:g} in step {t + 1}", rule, "Correct it.")
    peak = max(float(most.max()), SAME)
    rows.add(
        "generator", generator=name, bus=BUS, technology="renewable", power_min_mw=peak if least.any() else 0.0, power_max_mw=peak,
        min_profile=rows.profiles.add(f"{name} least", least / peak) if least.any() else "",
        profile=rows.profiles.add(f"{name} largest", most / peak),
    )  # fmt: skip
