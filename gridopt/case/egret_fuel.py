"""Fuel supplies of Egret's ModelData: what a unit may burn in each step bounds its output and when it may be on.

    a unit with a supply F of its own: fuel(p) + fuel of a start <= F in each step                                                 (G13)

That is said by the largest output with fuel(p) <= F, and by steps in which the unit must be off: those where the least output burns more
than F, and those after them until F is enough for a start as well. A start that F would bound otherwise cannot be said.
"""

from __future__ import annotations

import numpy as np

from gridopt.case.egret_curves import Curve, limits, points
from gridopt.case.egret_times import in_steps
from gridopt.case.egret_units import Supplied, starts
from gridopt.case.json_file import Record

NEGLIGIBLE = 1e-9


def supplied(units: dict[str, Record], supplies: dict[str, Record], steps: int, hours: float) -> dict[str, Supplied]:
    """By unit with a fuel supply; faults go to the records."""
    users: dict[str, list[str]] = {}
    for name, unit in units.items():
        if "fuel_supply" in unit:
            users.setdefault(unit.text("fuel_supply"), []).append(name)
    found = {}
    for supply, names in users.items():
        if supply not in supplies:
            units[names[0]].fault("fuel_supply", supply, "is not among the fuel supplies", "Add it or correct the name.")
            continue
        record = supplies[supply]
        record.text("fuel_supply_type", "instantaneous", ("instantaneous",))
        if len(names) > 1:
            record.fault("generators", ", ".join(names), "share one supply, which is not modelled", "Give each a supply of its own.")
            continue
        given = record.get("fuel_available", None)
        # Supplies without a limit are written as 1e100.
        fuel = np.broadcast_to(np.asarray(given, float), steps) if _numbers(given, steps) else None
        low, high = limits(units[names[0]], steps)
        curve = points(units[names[0]], float(low.min()), float(high.max()), fuel_only=True)
        if fuel is None or curve is None:
            record.fault("fuel_available", given, "is not fuel by step for a generator with a p_fuel curve", "Correct it.")
            continue
        found[names[0]] = _bounds(units[names[0]], fuel, curve[0], hours)
    return found


def _numbers(given: object, steps: int) -> bool:
    values = given if isinstance(given, list) else [given]
    good = all(isinstance(v, int | float) and not isinstance(v, bool) and v >= 0 for v in values)
    return good and len(values) in (1, steps)


def _bounds(unit: Record, fuel: np.ndarray, curve: Curve, hours: float) -> Supplied:
    """(G13); a fault where a start is bound in a way that cannot be said."""
    power, burnt = curve
    able, start = fuel >= burnt[0] - NEGLIGIBLE, [cost for _, cost in starts(unit, priced=False)] or [0.0]
    status = unit.number("initial_status", np.nan)
    for t in range(len(fuel)):
        before = able[t - 1] if t else status > 0
        able[t] &= bool(before) or fuel[t] >= burnt[0] + min(start) - NEGLIGIBLE
    most, after = (np.interp(fuel - taken, burnt, power, left=-np.inf) for taken in (0.0, max(start)))
    tight = able & (after < np.minimum(most, unit.number("startup_capacity", power[-1])))
    for t in np.flatnonzero(tight & _may_start(unit, able, status, hours))[:1]:
        rule = f"bounds what a start in step {t + 1} may give, or whether there may be one, which is not modelled"
        unit.fault("fuel_supply", unit.entries["fuel_supply"], rule, "Raise the fuel of the step, or fix the commitment.")
    return Supplied(np.maximum(most, power[0]), able)


def _may_start(unit: Record, able: np.ndarray, status: float, hours: float) -> np.ndarray:
    """Steps in which minimum times leave room for a start, bool (T,)."""
    up, down = (int(round(in_steps(unit.number(f"min_{way}_time", 0.0, 0.0), hours) / hours)) for way in ("up", "down"))
    off = 0 if not status < 0 else int(round(-status / hours))
    step = np.arange(len(able))
    stays = np.array([able[t : t + up].all() for t in step])
    return stays & (step + off >= down)
