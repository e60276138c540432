"""Cost and fuel curves of Egret's ModelData: square ones, and those by points.

A curve by points reaches from the least p_min to the largest p_max: a point that is given twice counts once, what lies beyond is cut off,
and where the points end before, the outer segments go on, which is told. Its slopes rise within these limits; what they do beyond says
nothing. Source: validate_and_clean_cost_curve in egret/model_library/transmission/tx_utils.py of Egret.
"""

from __future__ import annotations

import numpy as np

from gridopt.case.json_file import Record

NEGLIGIBLE = 1e-6
"""MW by which figures that say the same may differ."""
SAME = 1e-9
"""Share of a cost by which costs that say the same may differ."""
EXTENDED = "Units whose points of p_cost or p_fuel do not reach p_min or p_max, where the outer segments go on, as in Egret"
Curve = tuple[np.ndarray, np.ndarray]


def limits(unit: Record, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """p_min and p_max MW (T,)."""
    return unit.series("p_min", steps, 0.0), unit.series("p_max", steps, 0.0)


def polynomial(unit: Record) -> list[float]:
    """Constant, linear and square coefficient; zeros where the cost is no polynomial."""
    if "p_fuel" in unit or "p_cost" not in unit:
        return [0.0, 0.0, 0.0]
    cost = unit.record("p_cost")
    if cost.text("data_type", "cost_curve", ("cost_curve",)) and cost.entries.get("cost_curve_type") != "polynomial":
        return [0.0, 0.0, 0.0]
    values = cost.record("values")
    values.only({"0", "1", "2"})
    return [values.number(k, 0.0) for k in "01"] + [values.number("2", 0.0, 0.0)]


def points(unit: Record, low: float, high: float, fuel_only: bool = False) -> tuple[Curve, bool] | None:
    """Powers MW and costs per hour (K,) of a curve by points from `low` to `high`, or fuel per hour, and whether its outer segments went
    on; None where there is none."""
    fuel = "p_fuel" in unit
    if not fuel and (fuel_only or "p_cost" not in unit):
        return None
    curve = unit.record("p_fuel" if fuel else "p_cost")
    if not fuel and curve.text("cost_curve_type", among=("piecewise", "polynomial")) != "piecewise":
        return None
    given = curve.get("values", None)
    if not isinstance(given, list) or not given or not all(isinstance(p, list) and len(p) == 2 for p in given):
        curve.fault("values", given, "is not a list of points [MW, cost]", "Give the points of the curve.")
        return None
    pairs = Record({"power": [p[0] for p in given], "cost": [p[1] for p in given]}, f"{curve.place}, values", curve.faults)
    power, cost = pairs.numbers("power"), pairs.numbers("cost") * (unit.number("fuel_cost") if fuel and not fuel_only else 1.0)
    if not np.isfinite(power + cost).all() or not low <= high:
        return (power, cost), False
    once = np.append(True, (np.diff(power) > NEGLIGIBLE) | (abs(np.diff(cost)) > SAME * abs(cost[1:])))
    power, cost = power[once], cost[once]
    if (np.diff(power) <= 0).any():
        curve.fault("values", "the curve", "does not rise from point to point", "Sort its points.")
    elif len(power) > 1:
        return _within(power, cost, low, high)
    elif max(abs(power[0] - low), abs(power[0] - high)) > NEGLIGIBLE:
        rule = f"at {power[0]:g} MW is the only point of a unit with outputs from {low:g} to {high:g} MW"
        curve.fault("values", "the curve", rule, "Give points from p_min to p_max.")
    return (power, cost), False


def _within(power: np.ndarray, cost: np.ndarray, low: float, high: float) -> tuple[Curve, bool]:
    """The curve between two outputs; ends that are those of a point but for rounding stay as they are."""
    extended = bool(low < power[0] - NEGLIGIBLE or high > power[-1] + NEGLIGIBLE)
    slope = np.diff(cost) / np.diff(power)

    def at(output: float) -> float:
        k = np.clip(np.searchsorted(power, output, "right") - 1, 0, len(slope) - 1)
        return float(cost[k] + slope[k] * (output - power[k]))

    inner = (power > low + NEGLIGIBLE) & (power < high - NEGLIGIBLE)
    ends = [[(power[k], cost[k]) for k in np.flatnonzero(abs(power - x) <= NEGLIGIBLE)[:1]] or [(x, at(x))] for x in (low, high)]
    found = ends[0] + list(zip(power[inner], cost[inner], strict=True)) + (ends[1] if high > low + NEGLIGIBLE else [])
    return (np.array([p for p, _ in found]), np.array([c for _, c in found])), extended
