"""Generators of Egret's ModelData as tables generator, cost_point, renewable, commitment and start_cost.

    thermal    on: between p_min and p_max; cost along p_cost, or fuel_cost times p_fuel, plus non_fuel_no_load_cost; ramps per 60 min;
               start-up and shut-down capacity, minimum times, start-up costs by hours off                                        (G1)
               a square curve becomes two chords of equal width where units are committed, and stays square where they are not    (G2)
    renewable  between p_min and p_max over time, cost p_cost per MWh                                                             (G3)

The room that start-up and shut-down capacity leave above p_min is scaled with the length of the step; without them it is half a
60 min ramp. Both are those of the first step where p_min changes, and so are the ends of the chords, which is said.
Curves: `egret_curves.py`; hours in whole steps: `egret_times.py`.
Data: egret/data/model_data.py; unit commitment: egret/model_library/unit_commitment (params.py) of Egret.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridopt.case.case_rows import CaseRows
from gridopt.case.egret_curves import EXTENDED, NEGLIGIBLE, Curve, limits, points, polynomial
from gridopt.case.egret_keys import refuse
from gridopt.case.egret_times import before, in_steps, is_rounded
from gridopt.case.json_file import Record
from gridopt.case.start_lags import check_first_lag

CHORDS = 2
FUELS = {"W": "wind", "WIND": "wind", "S": "solar", "SOLAR": "solar", "H": "hydro_ror", "HYDRO": "hydro_ror"}
LARGEST_RENEWABLE_COST = 10000.0
ROUNDED = "Units whose minimum times, hours off of starts or hours before the first step are rounded to whole steps, as in Egret"
BOTH = "Units with startup_fuel beside startup_cost, which alone says what a start costs, as in Egret"


class Supplied(NamedTuple):
    """What the fuel of a unit allows: most MW (T,): largest output; able bool (T,): whether it may be on."""

    most: np.ndarray
    able: np.ndarray


def generators(units: dict[str, Record], committed: bool, fuel: dict[str, Supplied], rows: CaseRows, changes: list[str]) -> None:
    """Rows of (G1) to (G3); `committed`: the file is a unit commitment, not one optimal power flow; `fuel`: of the units whose fuel is
    limited. Faults go to the records."""
    said: dict[str, list[str]] = {}
    for name, unit in units.items():
        if unit.text("generator_type", "thermal", ("thermal", "renewable")).lower() == "renewable":
            _renewable(name, unit, rows)
        else:
            _thermal(name, unit, committed, fuel.get(name), rows, said)
    changes += [f"{what}: {', '.join(names)}." for what, names in said.items()]


def _renewable(name: str, unit: Record, rows: CaseRows) -> None:
    hours = rows.time.hours
    low, high = unit.series("p_min", len(hours), 0.0), unit.series("p_max", len(hours), 0.0)
    cost = unit.series("p_cost", len(hours), 0.0)
    if (low > high + 1e-9).any():
        unit.fault("p_min", low.max(), "is above p_max at some time", "Swap or correct them.")
    technology = FUELS.get(unit.text("fuel", "").upper(), "")
    plain = (cost == cost[0]).all() and 0 <= cost[0] <= LARGEST_RENEWABLE_COST and not low.any() and (high >= 0).all()
    if technology and plain and high.max() > 0:
        most, profile = rows.figure(f"{name} available", high)
        rows.add("renewable", renewable=name, bus=unit.text("bus"), technology=technology, power_max_mw=most, profile=profile,
                 cost_cny_per_mwh=cost[0])  # fmt: skip
        return
    limits = rows.limits(name, np.minimum(low, high), high)
    rows.add("generator", generator=name, bus=unit.text("bus"), technology=technology or "other", **limits, **rows.price(name, cost))


def _thermal(name: str, unit: Record, committed: bool, fuel: Supplied | None, rows: CaseRows, said: dict[str, list[str]]) -> None:
    steps = len(rows.time)
    refuse(unit)
    low, high = limits(unit, steps)
    if (low > high).any():
        unit.fault("p_min", low.max(), "is above p_max at some time", "Swap or correct them.")
        return
    if committed:
        _frozen(name, unit, low, high, float(rows.time.hours[0]), said)
    reach, rated = (float(low.min()), float(high.max())), float(high[0])
    if fuel is not None:
        high = np.maximum(np.minimum(high, fuel.most), low)
    cells = rows.limits(name, low, high)
    most = float(cells["power_max_mw"])
    if committed:
        for column, key in (("ramp_fraction_per_min", "ramp_up_60min"), ("ramp_down_fraction_per_min", "ramp_down_60min")):
            limit = unit.number(key, np.nan, 0.0)
            cells[column] = limit / 60.0 / most if limit > 0 and most > 0 else None
            if limit == 0:
                unit.fault(key, 0, "would hold the output for ever", "Leave it out for no limit.")
        _commitment(name, unit, None if fuel is None else fuel.able, rows, said)
    curve = points(unit, *reach)
    if curve is not None and curve[1]:
        said.setdefault(EXTENDED, []).append(name)
    cells |= _cost(name, unit, committed, (float(low[0]), rated), None if curve is None else curve[0], rows)
    rows.add("generator", generator=name, bus=unit.text("bus"), technology=unit.text("fuel", "") or "thermal", **cells)


def _frozen(name: str, unit: Record, low: np.ndarray, high: np.ndarray, hours: float, said: dict[str, list[str]]) -> None:
    """Adds the unit to what is said where limits of output that change would move figures that have one value here."""
    rises, moves = (low != low[0]).any(), (low != low[0]).any() or (high != high[0]).any()
    if rises and (hours != 1.0 or "startup_capacity" not in unit or "shutdown_capacity" not in unit):
        what = "Units whose p_min changes, in Egret with start-up and shut-down capacity along it, here with that of the first step"
        said.setdefault(what, []).append(name)
    if moves and polynomial(unit)[2] != 0:
        what = "Units whose p_min or p_max changes, in Egret with the two chords of their square cost between them, here with those of the"
        said.setdefault(f"{what} first step", []).append(name)


def _cost(name: str, unit: Record, committed: bool, ends: tuple[float, float], curve: Curve | None, rows: CaseRows) -> dict[str, object]:
    """Cost columns of table generator; rows of cost_point where the curve has segments. `ends`: of the chords of a square curve."""
    fixed = unit.number("non_fuel_no_load_cost", 0.0) if committed else 0.0
    square, (low, high) = polynomial(unit), ends
    if curve is not None:
        power, cost = curve
        if len(power) < 2:
            return {"cost_cny_per_h": float(cost[0]) + fixed if len(cost) else fixed}
    elif square[2] == 0 or not committed:
        return {"cost_cny_per_h": square[0] + fixed, "cost_cny_per_mwh": square[1], "cost_quadratic_cny_per_mw2h": square[2]}
    else:
        power = np.linspace(low, high, CHORDS + 1) if high > low else np.array([low, low + 1.0])
        cost = np.polynomial.polynomial.polyval(power, square)
    for p, c in zip(power, cost + fixed, strict=True):
        rows.add("cost_point", generator=name, power_mw=p, cost_cny_per_h=c)
    return {"cost_cny_per_h": 0.0}


def _commitment(name: str, unit: Record, able: np.ndarray | None, rows: CaseRows, said: dict[str, list[str]]) -> None:
    hours = float(rows.time.hours[0])
    up, down = (unit.number(f"min_{way}_time", 0.0, 0.0) for way in ("up", "down"))
    status = unit.number("initial_status", np.nan)
    known = before(status, up if status > 0 else down, hours)
    lags = _start_costs(name, unit, down, rows, said)
    if any(is_rounded(x, hours) for x in (up, down, *lags)) or abs(known - status) > NEGLIGIBLE:
        said.setdefault(ROUNDED, []).append(name)
    if status == 0:
        unit.fault("initial_status", 0, "is neither on nor off", "Give hours on, or hours off as a negative number.")
    low = float(unit.series("p_min", len(rows.time), 0.0)[0])
    room, whole = {}, {}
    for key, ramp in (("startup_capacity", "ramp_up_60min"), ("shutdown_capacity", "ramp_down_60min")):
        half = unit.number(ramp, np.nan, 0.0) / 2.0
        capacity = unit.number(key, low + half, 0.0)
        if capacity < low:
            unit.fault(key, capacity, f"is below p_min, {low:g} MW", "Raise it to p_min.")
        room[key], whole[key] = low + (capacity - low) * hours, capacity
    for key, same in (("initial_p_min", low), ("initial_shutdown_capacity", whole["shutdown_capacity"])):
        if status > 0 and abs(unit.number(key, same, 0.0) - same) > NEGLIGIBLE:
            unit.fault(key, unit.entries[key], f"differs from the {same:g} MW of the first step, which is not modelled", "Remove it.")
    output = unit.number("initial_p_output", np.nan, 0.0)
    if status < 0 and output > NEGLIGIBLE:
        unit.fault("initial_p_output", output, "is above 0, but the unit is off", "Correct one of them.")
    rows.add(
        "commitment", kind="generator", element=name, min_up_h=in_steps(up, hours), min_down_h=in_steps(down, hours),
        start_ramp_mw=room["startup_capacity"], stop_ramp_mw=room["shutdown_capacity"], stop_cny=unit.number("shutdown_cost", 0.0),
        initial_h=known, initial_mw=output if status > 0 else 0.0 if status < 0 else None, **_status(name, unit, able, rows),
    )  # fmt: skip


def _start_costs(name: str, unit: Record, down: float, rows: CaseRows, said: dict[str, list[str]]) -> list[float]:
    """Rows of start_cost by hours off in whole steps; the hours off as they are given. `down`: minimum down time h."""
    step, fixed, pairs = float(rows.time.hours[0]), unit.number("non_fuel_startup_cost", 0.0), starts(unit)
    lags = [float(lag) for lag, _ in pairs]
    if "startup_cost" in unit and "startup_fuel" in unit:
        said.setdefault(BOTH, []).append(name)
    key = "startup_cost" if "startup_cost" in unit else "startup_fuel"
    check_first_lag(unit, key, lags, down, step)
    whole = [in_steps(lag, step) for lag in lags]
    if len(set(whole)) < len(whole) and len(set(lags)) == len(lags):
        unit.fault(key, lags, f"has hours off that round to the same number of steps of {step:g} h", "Leave one of them out.")
        return lags
    for lag, (_, cost) in zip(whole or [0.0], pairs or [(0.0, 0.0)], strict=True):
        rows.add("start_cost", kind="generator", element=name, offline_h=lag, cost_cny=cost + fixed)
    return lags


def starts(unit: Record, priced: bool = True) -> list[tuple[float, float]]:
    """Hours off and cost of each category of start; without `priced` the fuel, where it takes some."""
    fuel = "startup_fuel" in unit and "startup_cost" not in unit if priced else True
    key = "startup_fuel" if fuel else "startup_cost"
    given = unit.get(key, [])
    if not isinstance(given, list):
        return [(0.0, unit.number(key, least=0.0))]
    if not all(isinstance(p, list) and len(p) == 2 for p in given):
        unit.fault(key, given, "is not a list of pairs [hours off, cost]", "Correct it.")
        return []
    parts = Record({"hours": [p[0] for p in given], "cost": [p[1] for p in given]}, f"{unit.place}, {key}", unit.faults)
    lag, cost = parts.numbers("hours", least=0.0), parts.numbers("cost", least=0.0)
    if (np.diff(lag) <= 0).any():
        unit.fault(key, "the hours off", "do not rise from pair to pair", "Sort them.")
    return list(zip(lag, cost * (unit.number("fuel_cost") if fuel and priced else 1.0), strict=True))


def _status(name: str, unit: Record, able: np.ndarray | None, rows: CaseRows) -> dict[str, object]:
    """Cells must_run and status_profile from must_run and fixed_commitment: 1 on, 0 off, empty: free; `able` (T,): where it may be on."""
    steps = len(rows.time)
    must = unit.get("must_run", 0)
    if must not in (0, 1, True, False):
        unit.fault("must_run", must, "is neither 0 nor 1", "Correct it.")
    given = unit.get("fixed_commitment", None)
    values = given["values"] if isinstance(given, dict) and isinstance(given.get("values"), list) else [given] * steps
    if len(values) != steps or any(v not in (None, 0, 1) for v in values):
        unit.fault("fixed_commitment", given, f"must be 0, 1 or nothing for each of the {steps} steps", "Correct it.")
        return {}
    if able is not None:
        contradicted = [t for t, v in enumerate(values) if v == 1 and not able[t]]
        if contradicted:
            unit.fault("fixed_commitment", 1, f"contradicts the fuel supply in step {contradicted[0] + 1}", "Correct one of them.")
        values = [v if can else 0 for v, can in zip(values, able, strict=True)]
    if all(v is None for v in values):
        return {"must_run": "true" if must else "false"}
    numbers = np.array([0.5 if v is None else float(v) for v in values])
    return {"must_run": "true" if must else "false", "status_profile": rows.profiles.add(f"{name} status", numbers)}
