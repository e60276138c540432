"""Cost curves in MATPOWER's layout (gencost) as gridopt's: linear, quadratic, or straight between points.

    model 2: f(p) = c[n-1] p^(n-1) + ... + c[0];  model 1: straight between n points (p, f), the outer pieces go on           (K1)
    convex on [least, most]: f'' >= 0 there (model 2), slopes that do not fall over the pieces that meet the range (model 1)  (K2)
    a higher power than 2 becomes SEGMENTS pieces between points on the curve, at most max f'' d^2 / 8 above it, d = piece     (K3)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.polynomial import polynomial as poly

from gridopt.case.ppc_arrays import COST

PIECEWISE, POLYNOMIAL = 1, 2
SEGMENTS = 50
BEND = 1e-4
"""Slopes may fall by this share, the rounding of printed heat rates and costs; the points that bend so are left out."""


@dataclass
class Curves:
    """constant, linear, quadratic: coefficients by row of gen (G,); owner (row of gen), power MW, cost: points (K,); rounded: curves
    with points left out."""

    constant: np.ndarray
    linear: np.ndarray
    quadratic: np.ndarray
    owner: np.ndarray = field(default_factory=lambda: np.zeros(0, int))
    power: np.ndarray = field(default_factory=lambda: np.zeros(0))
    cost: np.ndarray = field(default_factory=lambda: np.zeros(0))
    rounded: int = 0
    faults: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)


def cost_curves(gencost: np.ndarray, least: np.ndarray, most: np.ndarray, some: np.ndarray, place: Callable[[str, int], str]) -> Curves:
    """Curves of the generators `some` (bool (G,)) with outputs in [least, most]; the others get none."""
    size = len(least)
    curves = Curves(np.zeros(size), np.zeros(size), np.zeros(size))
    model, count = (gencost[:size, c] for c in (COST.model, COST.size))
    room = gencost.shape[1] - COST.first
    polynomial = some & (model == POLYNOMIAL) & (count >= 1) & (count <= room)
    for i in np.flatnonzero(some & ~polynomial & ~((model == PIECEWISE) & (count >= 2) & (2 * count <= room))):
        curves.faults.append(_unusable(place("gencost", int(i)), model[i], count[i], room))
    degree = _low_degrees(gencost[:size], polynomial, curves)
    points: list[tuple[int, np.ndarray, np.ndarray]] = []
    for i in np.flatnonzero(polynomial & ((degree > 2) | (curves.quadratic < 0))):
        _bent(int(i), gencost[i, COST.first : COST.first + int(count[i])][::-1], (least[i], most[i]), curves, points, place)
    for i in np.flatnonzero(some & (model == PIECEWISE) & (count >= 2) & (2 * count <= room)):
        pairs = gencost[i, COST.first : COST.first + 2 * int(count[i])]
        _pieces(int(i), pairs[0::2], pairs[1::2], (least[i], most[i]), curves, points, place)
    if points:
        curves.owner = np.repeat([i for i, *_ in points], [len(p) for _, p, _ in points])
        curves.power, curves.cost = np.concatenate([p for _, p, _ in points]), np.concatenate([c for *_, c in points])
    if curves.rounded:
        share = f"{100 * BEND:g} %"
        curves.changes.append(f"Cost curves whose slope falls by less than {share}, points that bend so left out: {curves.rounded}.")
    starts = int((gencost[:size][some][:, [COST.startup, COST.shutdown]] != 0).any(axis=1).sum())
    if starts:
        curves.changes.append(f"Costs of starting and stopping are left out, since whoever is in service runs: {starts} generators.")
    return curves


def _unusable(where: str, model: float, count: float, room: int) -> str:
    if model not in (PIECEWISE, POLYNOMIAL):
        return f"{where}, column model: '{model:g}' is neither 1 (piecewise linear) nor 2 (polynomial). Correct it."
    needed = "2 n values for n >= 2 points" if model == PIECEWISE else "n values for n >= 1 coefficients"
    return f"{where}, column n: '{count:g}' does not fit, {needed} must follow and the row has room for {room}. Correct n or the row."


def _low_degrees(gencost: np.ndarray, polynomial: np.ndarray, curves: Curves) -> np.ndarray:
    """Coefficients up to the square of all polynomials at once; the degree of each (G,), 0 for constants."""
    row = np.arange(len(gencost))
    count = np.where(polynomial, gencost[:, COST.size], 0).astype(int)
    for degree, target in enumerate((curves.constant, curves.linear, curves.quadratic)):
        has = polynomial & (count > degree)
        target[has] = gencost[row[has], COST.first + count[has] - 1 - degree]
    offset = np.arange(gencost.shape[1] - COST.first)
    power = count[:, None] - 1 - offset
    return np.where((power >= 0) & (gencost[:, COST.first :] != 0), power, 0).max(axis=1, initial=0)


def _bent(i: int, c: np.ndarray, ends: tuple[float, float], curves: Curves, points: list, place: Callable[[str, int], str]) -> None:
    """Polynomial `c` (rising powers) of a power above 2 or with a negative square (K2), (K3)."""
    curves.constant[i] = curves.linear[i] = curves.quadratic[i] = 0.0
    low, high = ends
    if low == high:
        curves.constant[i] = poly.polyval(low, c)
        return
    second = poly.polyder(c, 2)
    turns = poly.polyroots(np.trim_zeros(poly.polyder(second), "b")) if len(second) > 2 else np.zeros(0)
    turns = np.clip(turns[np.isreal(turns)].real, low, high)
    bend = poly.polyval(np.concatenate([turns, [low, high]]), second)
    if bend.min() < 0:
        rule = f"has a cost curve that bends downwards between {low:g} and {high:g} MW (second derivative {bend.min():g})"
        curves.faults.append(f"{place('gencost', i)}: {rule}. Give a convex curve: costs must not rise ever more slowly.")
        return
    power = np.linspace(low, high, SEGMENTS + 1)
    points.append((i, power, poly.polyval(power, c)))
    error = bend.max() * ((high - low) / SEGMENTS) ** 2 / 8
    name = place("gencost", i)
    curves.changes.append(f"{name}: the polynomial of power {len(np.trim_zeros(c, 'b')) - 1} becomes {SEGMENTS} straight pieces, at most "
                          f"{error:.3g} per hour above it.")  # fmt: skip


def _pieces(i: int, power: np.ndarray, cost: np.ndarray, ends: tuple[float, float], curves: Curves, points: list,
            place: Callable[[str, int], str]) -> None:  # fmt: skip
    """Curve by points (K2); a single piece is a line."""
    low, high = ends
    if len(power) == 2 and power[0] == power[1] == low == high:
        curves.constant[i] = cost[0]
        return
    step = np.diff(power)
    if (step <= 0).any():
        k = int(np.argmax(step <= 0))
        rule = f"gives point {k + 2} at {power[k + 1]:g} MW, which is not above point {k + 1} at {power[k]:g} MW"
        curves.faults.append(f"{place('gencost', i)}: {rule}. Order the points by output.")
        return
    # Pieces outside the range of outputs do not count, but the outer ones go on beyond the points.
    inner = power[1:-1]
    first = int(np.searchsorted(inner, low, side="right"))
    last = max(int(np.searchsorted(inner, high, side="left")), first)
    power, cost = power[first : last + 2], cost[first : last + 2]
    slope = np.diff(cost) / np.diff(power)
    if (np.diff(slope) < 0).any():
        curves.rounded += 1
    falls = slope[1:] < slope[:-1] - BEND * np.maximum(np.abs(slope[:-1]), 1e-3)
    if falls.any():
        k = int(np.argmax(falls))
        rule = f"bends downwards at {power[k + 1]:g} MW: the slope falls from {slope[k]:g} to {slope[k + 1]:g}"
        curves.faults.append(f"{place('gencost', i)}: the cost curve {rule}. Give a convex curve: slopes must not fall.")
        return
    power, cost = _hull(power, cost)
    if len(power) == 2:
        slope = np.diff(cost) / np.diff(power)
        curves.linear[i], curves.constant[i] = slope[0], cost[0] - slope[0] * power[0]
    else:
        points.append((i, power, cost))


def _hull(power: np.ndarray, cost: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The points at which the slope rises or stays."""
    kept: list[int] = []
    for k in range(len(power)):
        while len(kept) > 1 and (cost[k] - cost[kept[-1]]) * (power[kept[-1]] - power[kept[-2]]) < (cost[kept[-1]] - cost[kept[-2]]) * (
            power[k] - power[kept[-1]]
        ):
            kept.pop()
        kept.append(k)
    return power[kept], cost[kept]
