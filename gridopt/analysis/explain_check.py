"""How far a price holds, and whether it is what another MW costs.

    holds from -a to +b MW of load at a bus: the largest steps along dx = B^-1 e (explain_price.py) before a basic column meets a bound or
    a row a limit, those of rows that were never written included                                                (K1)
    cost(load + d) - cost(load) = LMP d for d inside; between the costs of less and of more where a and b are zero   (K2)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from gridopt.analysis.explain_price import Explanation
from gridopt.dispatch.lazy import written
from gridopt.dispatch.right_duals import EDGE, Duals
from gridopt.dispatch.row_names import row_names
from gridopt.program.highs import Highs
from gridopt.program.solution import Infeasible, SolverFailed

STILL, LEAST_MW, TRIAL_MW = 1e-9, 1e-3, 1e-2
BETWEEN, BOTH = 1e-5, "price between that of less and that of more"
AGREES = 1e-5
"""Relative difference between what a MW costs and its price that is rounding."""


class Reach(NamedTuple):
    """down, up: MW of load, >= 0, by which the price holds; what ends it there ('' where nothing does)."""

    down: float
    up: float
    below: str
    above: str


class Check(NamedTuple):
    """delta MW of load, change of the cost CNY, what the price says of it; whether they agree."""

    delta: float
    cost: float
    expected: float
    agrees: bool


def reach(found: Explanation, bus: int, t: int) -> Reach:
    """(K1) for the price of one bus and step."""
    change = sp.csc_array(found.dispatch.participants.drawing(t)[:, [bus]])
    step = np.zeros(len(found.x))
    basic = found.basis.columns
    step[basic] = found.basis.move(change)[:, 0]
    price = float(found.prices.price[bus, t] * found.hours[t])
    if abs(float(found.cost @ step) - price) > BETWEEN * max(abs(price), 1.0):
        return Reach(0.0, 0.0, BOTH, BOTH)
    form, rows = found.form, len(found.form.row_lower)
    activity, moved = form.matrix @ found.x, form.matrix @ step - np.asarray(change.todense())[:rows, 0]
    limits = [
        (found.x[basic], step[basic], form.lower[basic], form.upper[basic], lambda k: found.names[found.label[basic[k]]]),
        (activity, moved, form.row_lower, form.row_upper, lambda k: _name(found, int(k))),
        *_unwritten(found, step, bus, t),
    ]
    ends = {}
    for sign in (1.0, -1.0):
        ends[sign] = min(((*_room(value, sign * way, low, high), name) for value, way, low, high, name in limits), key=lambda e: e[0])
    (up, k, above), (down, j, below) = ends[1.0], ends[-1.0]
    return Reach(down, up, below(j) if np.isfinite(down) else "", above(k) if np.isfinite(up) else "")


def _room(value: np.ndarray, way: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[float, int]:
    """How far values (k,) may go along `way` inside their limits, and which stops first."""
    limit = np.where(way > STILL, high, np.where(way < -STILL, low, np.inf))
    still = ~np.isfinite(limit)
    room = np.where(still, 1.0, np.abs(limit - value))
    room = np.where(room <= EDGE * np.maximum(1.0, np.abs(np.where(still, 1.0, limit))), 0.0, room)
    length = np.where(still, np.inf, room / np.where(still, 1.0, np.abs(way)))
    k = int(np.argmin(length)) if len(length) else -1
    return (float(length[k]), k) if k >= 0 else (np.inf, -1)


def _unwritten(found: Explanation, step: np.ndarray, bus: int, t: int):
    """(value, change, lower, upper, namer) of rows of lazy families that are not written, in steps where something moves. Families too
    large to be looked at row by row are left out."""
    dispatch, n = found.dispatch, len(found.x)
    moving = np.unique(np.append(found.form.column_step[np.abs(step) > STILL], t))
    for lazy in dispatch.model.builder.lazy_families:
        if lazy.activity is None:
            continue
        element, at = lazy.every()
        known = dispatch.solution.added.get(lazy.family.name, np.zeros((3, 0), int))
        size = lazy.family.shape[-1]
        some = (np.isin(at, moving) | (lazy.looks_back & np.isin(at - 1, moving))) & ~np.isin(element * size + at, known[0] * size + known[1])
        element, at = element[some], at[some]
        if not len(element):
            continue
        rows = written(lazy, element, at, n)
        moved = rows.matrix @ step
        if lazy.port == "injection" and lazy.sensitivity is not None and lazy.draw is None:
            now = at == t
            moved[now] -= lazy.sensitivity(element[now], t)[:, bus]
        labels = lazy.family.labels(element)
        yield rows.matrix @ found.x, moved, rows.lower, rows.upper, lambda k, labels=labels, lazy=lazy: f"{lazy.family.name} {labels[k]}"


def _name(found: Explanation, row: int) -> str:
    one = row_names(found.dispatch, np.array([row]))[0]
    return f"{one.family} {one.label}".strip()


def check(found: Explanation, bus: int, t: int, held: Reach) -> Check | None:
    """(K2) by solving once more; None for square costs, where a price holds at a point only."""
    if found.form.square.any():
        return None
    price = float(found.prices.price[bus, t] * found.hours[t])
    delta = min(1.0, held.up) if held.up >= LEAST_MW else -min(1.0, held.down) if held.down >= LEAST_MW else 0.0
    if delta:
        cost = cost_of(found, bus, t, delta)
        room = AGREES * max(abs(price * delta), abs(cost), LEAST_MW) + 1e-9 * abs(found.dispatch.solution.objective)
        return Check(delta, cost, price * delta, abs(cost - price * delta) <= room)
    more, less = (cost_of(found, bus, t, d) for d in (TRIAL_MW, -TRIAL_MW))
    room = AGREES * max(abs(more), abs(less)) + 1e-9 * abs(found.dispatch.solution.objective)
    return Check(TRIAL_MW, more, price * TRIAL_MW, -less - room <= price * TRIAL_MW <= more + room)


def cost_of(found: Explanation, bus: int, t: int, delta: float) -> float:
    """What `delta` MW more load at a bus in one step cost, whole values held; inf where nothing can serve it."""
    form = found.form
    change = delta * np.asarray(found.dispatch.participants.drawing(t)[:, [bus]].todense())[: len(form.row_lower), 0]
    program = Highs()
    program.load(form.cost, form.lower, form.upper, form.matrix, form.row_lower + change, form.row_upper + change)
    basis = found.dispatch.solution.statistics.get("basis")
    if basis is not None and [len(b) for b in basis] == [len(form.cost), len(form.row_lower)]:
        program.set_basis(*basis)
    try:
        program.solve()
    except Infeasible:
        return np.inf
    return float(form.cost @ (program.solution()[0] - found.x))


def right_prices(found: Explanation, bus: int, t: int) -> tuple[float, float]:
    """Lowest and highest price of one bus and step that are right, CNY/MWh; infinite where nothing bounds them."""
    weight = np.asarray(found.dispatch.participants.drawing(t)[:, [bus]].todense())[: len(found.form.row_lower), 0]
    polyhedron, ends = Duals(found.form, found.x), []
    for sign in (1.0, -1.0):
        try:
            ends.append(float(weight @ polyhedron.least(sign * weight) / found.hours[t]))
        except SolverFailed:
            ends.append(-sign * np.inf)
    return ends[0], ends[1]
