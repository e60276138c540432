"""Generators and price-sensitive loads of UnitCommitment.jl as tables generator, cost_point, commitment and start_cost.

    thermal    on: between the first and the last point of its production cost curve, cost along the curve; ramps from step to step,
               start-up and shutdown limits, minimum times, start-up costs by hours off, initial status, must run, fixed status   (J1)
               ramps hold for what is above the least output m, also at a start and a stop, where m never changes:
               p <= min(SU, m + RU) in the step of a start, p <= min(SD, m + RD) in that before a stop                            (J1a)
    profiled   between two series of power, cost per MW                                                                         (J2)
    price-sensitive load: consumption up to its demand, which earns its revenue                                                 (J3)

Costs of the format count per time step, whatever its length; the tables want them per hour.
https://anl-ceeesa.github.io/UnitCommitment.jl/dev/guides/problem/
"""

from __future__ import annotations

import numpy as np

from gridopt.case.case_rows import CaseRows
from gridopt.case.json_file import Record
from gridopt.case.start_lags import check_first_lag
from gridopt.case.ucjl_network import refuse_expansion

UNLIMITED_MW = 1e6
"""Limits of ramps, starts and stops at or beyond this stand for none."""
THERMAL = {
    "Bus", "Type", "Production cost curve (MW)", "Production cost curve ($)", "Startup costs ($)", "Startup delays (h)",
    "Shutdown cost ($)", "Minimum uptime (h)", "Minimum downtime (h)", "Ramp up limit (MW)", "Ramp down limit (MW)",
    "Startup limit (MW)", "Shutdown limit (MW)", "Initial status (h)", "Initial power (MW)", "Must run?", "Reserve eligibility",
    "Provides spinning reserves?", "Non-spinning reserve capacity (MW)", "Commitment status", "Investment cost ($)",
    "Maximum daily energy (MWh)", "Maximum daily starts",
}  # fmt: skip
PROFILED = {"Bus", "Type", "Cost ($/MW)", "Minimum power (MW)", "Maximum power (MW)", "Investment cost ($)"}
LOAD = {"Bus", "Revenue ($/MW)", "Demand (MW)"}
RAMPS = ("Ramp up limit (MW)", "Ramp down limit (MW)")
NOT_MODELLED = ("Maximum daily energy (MWh)", "Maximum daily starts")


def generators(units: dict[str, Record], rows: CaseRows) -> None:
    """Rows of (J1) and (J2); faults go to the records."""
    for name, unit in units.items():
        if unit.text("Type", "Thermal", ("Thermal", "Profiled")).lower() == "profiled":
            _profiled(name, unit, rows)
        else:
            _thermal(name, unit, rows)


def price_sensitive(loads: dict[str, Record], rows: CaseRows) -> None:
    """Rows of (J3)."""
    hours = rows.time.hours
    for name, load in loads.items():
        load.only(LOAD)
        demand = load.series("Demand (MW)", len(hours), least=0.0)
        limits = rows.limits(f"load {name}", -demand, np.zeros(len(hours)))
        price = rows.price(f"load {name}", load.series("Revenue ($/MW)", len(hours)) / hours)
        name = rows.free("generator", name, "load")
        rows.add("generator", generator=name, bus=load.text("Bus"), technology="price-sensitive load", **limits, **price)


def _profiled(name: str, unit: Record, rows: CaseRows) -> None:
    unit.only(PROFILED)
    refuse_expansion(unit)
    hours = rows.time.hours
    low, high = unit.series("Minimum power (MW)", len(hours), 0.0), unit.series("Maximum power (MW)", len(hours))
    if (low > high).any():
        unit.fault("Minimum power (MW)", low.max(), "is above the maximum power at some step", "Swap or correct them.")
    price = rows.price(name, unit.series("Cost ($/MW)", len(hours)) / hours)
    limits = rows.limits(name, low, high)
    rows.add("generator", generator=name, bus=unit.text("Bus"), technology="profiled", **limits, **price)


def _thermal(name: str, unit: Record, rows: CaseRows) -> None:
    unit.only(THERMAL)
    refuse_expansion(unit)
    for key in NOT_MODELLED:
        if key in unit:
            unit.fault(key, unit.entries[key], "limits a day, which is not modelled", "Remove it.")
    power, cost = (_curve(unit, f"Production cost curve ({part})", len(rows.time)) for part in ("MW", "$"))
    ramps = tuple(unit.number(key, UNLIMITED_MW, 0.0) for key in RAMPS)
    if len(power) != len(cost):
        rule = f"has {len(power)} points, but 'Production cost curve ($)' has {len(cost)}"
        unit.fault("Production cost curve (MW)", "the curve", rule, "Give one cost for each power.")
    elif len(power) and np.isfinite(power).all() and np.isfinite(cost).all():
        if (np.diff(power, axis=0) < 0).any():
            unit.fault("Production cost curve (MW)", "the curve", "falls from one point to the next", "Sort its points.")
        else:
            _on_curve(name, unit, rows, power, cost / rows.time.hours, ramps)
    _commitment(name, unit, rows, power, ramps)


def _curve(unit: Record, key: str, steps: int) -> np.ndarray:
    """Points over time (K, T)."""
    given = unit.get(key, None)
    if not isinstance(given, list) or not given:
        unit.fault(key, given, "is not a list of points", "Give the points of the curve.")
        return np.zeros((0, steps))
    parts = Record({f"{key}, point {k + 1}": v for k, v in enumerate(given)}, unit.place, unit.faults)
    return np.array([parts.series(f"{key}, point {k + 1}", steps) for k in range(len(given))])


def _on_curve(name: str, unit: Record, rows: CaseRows, power: np.ndarray, cost: np.ndarray, ramps: tuple[float, ...]) -> None:
    """Row of table generator and its cost points; power MW and cost $/h (K, T), ramps up and down MW per step."""
    step = 60.0 * rows.time.hours[0]
    cells = rows.limits(name, power[0], power[-1])
    most = float(cells["power_max_mw"])
    for column, limit in zip(("ramp_fraction_per_min", "ramp_down_fraction_per_min"), ramps, strict=True):
        cells[column] = limit / step / most if limit < UNLIMITED_MW and most > 0 else None
    if cells["ramp_fraction_per_min"] is not None and cells["ramp_down_fraction_per_min"] is None:
        cells["ramp_down_fraction_per_min"] = UNLIMITED_MW / step / most  # an empty fall would be as the rise
    cells |= _costs(name, unit, rows, power, cost)
    rows.add("generator", generator=name, bus=unit.text("Bus"), technology="thermal", **cells)


def _costs(name: str, unit: Record, rows: CaseRows, power: np.ndarray, cost: np.ndarray) -> dict[str, object]:
    """Cost columns of table generator, or rows of cost_point where a curve that never changes has more than two points."""
    fixed = (power == power[:, :1]).all() and (cost == cost[:, :1]).all()
    keep = np.append(True, (np.diff(power, axis=0) > 0).any(axis=1))
    power, cost = power[keep], cost[keep]
    if len(power) == 1:
        base, slope = cost[0], np.zeros(power.shape[1])
    else:
        width = np.diff(power[[0, -1]], axis=0)[0]
        slope = np.diff(cost[[0, -1]], axis=0)[0] / np.where(width > 0, width, 1.0)
        base = cost[0] - slope * power[0]
    if len(power) > 2 and fixed:
        for p, c in zip(power[:, 0], cost[:, 0], strict=True):
            rows.add("cost_point", generator=name, power_mw=p, cost_cny_per_h=c)
        return {"cost_cny_per_h": 0.0}
    if len(power) > 2 or not np.allclose(base, base[0], rtol=1e-12, atol=1e-9):
        rule = "changes over time in a way that is not modelled; limits and slopes may, of curves with two points"
        unit.fault("Production cost curve ($)", "the curve", rule, "Give curves that do not change.")
    return {"cost_cny_per_h": float(base[0]), **rows.price(name, slope)}


def _commitment(name: str, unit: Record, rows: CaseRows, power: np.ndarray, ramps: tuple[float, ...]) -> None:
    delays = unit.numbers("Startup delays (h)", [1.0], 0.0)
    costs = unit.numbers("Startup costs ($)", [0.0], 0.0)
    down = unit.number("Minimum downtime (h)", 1.0, 0.0)
    if len(delays) != len(costs) or not len(delays) or (np.diff(delays) <= 0).any():
        unit.fault("Startup delays (h)", list(delays), "must rise and be as many as the startup costs", "Correct them.")
    else:
        check_first_lag(unit, "Startup delays (h)", delays, down, float(rows.time.hours[0]))
    for delay, cost in zip(delays, costs, strict=False):
        rows.add("start_cost", kind="generator", element=name, offline_h=delay, cost_cny=cost)
    start, stop = (unit.number(f"{what} limit (MW)", UNLIMITED_MW, 0.0) for what in ("Startup", "Shutdown"))
    if len(power) and (power[0] == power[0, 0]).all():
        start, stop = (float(np.fmin(limit, power[0, 0] + ramp)) for limit, ramp in zip((start, stop), ramps, strict=True))
    initial, before = _initial(unit)
    rows.add(
        "commitment", kind="generator", element=name, min_up_h=unit.number("Minimum uptime (h)", 1.0, 0.0), min_down_h=down,
        start_ramp_mw=start if start < UNLIMITED_MW else None, stop_ramp_mw=stop if stop < UNLIMITED_MW else None,
        stop_cny=unit.number("Shutdown cost ($)", 0.0), initial_h=initial, initial_mw=before, **_status(name, unit, rows),
    )  # fmt: skip


def _initial(unit: Record) -> tuple[float | None, float | None]:
    """Hours and power before the first step, empty where the file leaves them open."""
    keys = ("Initial status (h)", "Initial power (MW)")
    if not any(key in unit for key in keys):
        return None, None
    status, power = unit.number(keys[0]), unit.number(keys[1])
    if status == 0:
        unit.fault(keys[0], 0, "is neither on nor off", "Give hours on, or hours off as a negative number.")
    if status < 0 and power > 1e-3:
        unit.fault(keys[1], power, "is above 0, but the unit is off", "Correct one of them.")
    return status, max(power, 0.0)


def _status(name: str, unit: Record, rows: CaseRows) -> dict[str, object]:
    """Cells must_run and status_profile: 1 on, 0 off, 0.5 free."""
    steps, must, given = len(rows.time), unit.get("Must run?", False), unit.get("Commitment status", None)
    given = given if isinstance(given, list) else [given] * steps
    always = must if isinstance(must, list) else [must] * steps
    for key, values, known in (("Commitment status", given, (None, True, False)), ("Must run?", always, (True, False))):
        if len(values) != steps or any(v not in known for v in values):
            unit.fault(key, values, f"must be true or false for each of the {steps} steps", "Correct it.")
            return {}
    if any(m and s is False for m, s in zip(always, given, strict=True)):
        unit.fault("Commitment status", "false", "contradicts 'Must run?' at some step", "Correct one of them.")
    if all(s is None for s in given) and all(bool(m) == bool(always[0]) for m in always):
        return {"must_run": "true" if always[0] else "false"}
    values = [1.0 if m or s else 0.5 if s is None else 0.0 for m, s in zip(always, given, strict=True)]
    return {"must_run": "false", "status_profile": rows.profiles.add(f"{name} status", np.array(values))}
