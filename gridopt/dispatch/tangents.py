"""Square costs exactly, by linear programs: each curved column x has a column z for its square cost, held up by tangents.

    z >= q x0 (2 x - x0)      a tangent of q x^2 at x0; more of them where the last optimum lies and where its duals would have it    (A1)

Tangents lie below the curve, so every optimum on the way is a lower bound. Once the tangents show which bounds and rows are active, the
optimum itself solves linear equations, the conditions of stationarity on what is active:

    c + 2 q x - A' y = 0 on free columns,   A x = b on active rows                                      (A2)

A solution of (A2) counts only if every bound, row and sign holds and its own dual bound proves it; otherwise tangents go on.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import MatrixRankWarning, spsolve

from gridopt.program.highs import BASIC
from gridopt.program.standard_form import StandardForm, dual_bound, least_points, value

FIRST = 9
"""Tangents of each column to begin with, evenly over its range."""
CLOSE, PROVEN = 1e-3, 1e-9
"""Gap (relative) from which (A2) is tried, and gap at which an optimum counts as proven."""
FEASIBLE = 1e-7


@dataclass
class Tangents:
    """Tangents of the curved columns `ids` (builder ids, (k,)) with square costs q in [low, high]. `column`, `point`: number of the
    column among them and x0 of each."""

    ids: np.ndarray
    q: np.ndarray
    low: np.ndarray
    high: np.ndarray
    column: np.ndarray = field(default_factory=lambda: np.zeros(0, int))
    point: np.ndarray = field(default_factory=lambda: np.zeros(0))

    @classmethod
    def begin(cls, form: StandardForm, columns: np.ndarray) -> Tangents:
        """With evenly spread first tangents. Raises ValueError for a curved column without finite bounds."""
        ids = columns[form.square[columns] > 0]
        low, high = form.lower[ids], form.upper[ids]
        if not (np.isfinite(low) & np.isfinite(high)).all():
            raise ValueError("a column with a square cost needs finite bounds")
        made = cls(ids, form.square[ids], low, high)
        share = np.linspace(0.0, 1.0, FIRST)
        made.note(np.repeat(np.arange(len(ids)), FIRST), (low[:, None] + (high - low)[:, None] * share).ravel())
        return made

    def note(self, column: np.ndarray, point: np.ndarray) -> None:
        self.column, self.point = np.append(self.column, column), np.append(self.point, point)

    def rows(self, first: int, place: np.ndarray, size: int) -> tuple[np.ndarray, sp.csr_array]:
        """(A1) from tangent number `first` on: lower bounds (t,), matrix (t, size + k) with z after `size` columns; `place`: id -> column."""
        column, point = self.column[first:], self.point[first:]
        q, row = self.q[column], np.arange(len(column))
        at = (np.tile(row, 2), np.concatenate([size + column, place[self.ids[column]]]))
        matrix = sp.csr_array((np.concatenate([np.ones(len(row)), -2.0 * q * point]), at), shape=(len(row), size + len(self.ids)))
        return -q * point**2, matrix

    def refine(self, form: StandardForm, x: np.ndarray, y: np.ndarray) -> bool:
        """Tangents at x and where duals y would have the columns, unless they stand there; whether there are any."""
        here, best = x[self.ids], least_points(form, y, self.ids)
        grain = 1e-12 + 1e-9 * (self.high - self.low)
        off = np.flatnonzero(np.abs(here - best) * self.q > PROVEN * 1e-3 * (1.0 + np.abs(form.cost[self.ids])))
        count = len(self.column)
        for point in (here, best):
            near = np.full(len(self.ids), np.inf)
            np.minimum.at(near, self.column, np.abs(self.point - point[self.column]))
            new = off[near[off] > grain[off]]
            self.note(new, point[new])
        return len(self.column) > count


def exact(form: StandardForm, x: np.ndarray, y: np.ndarray, row_status: np.ndarray, column_status: np.ndarray, used: np.ndarray):
    """(x, y) that solves (A2) for what is active at the optimum x, y of the tangents; None if it is not the optimum.

    used: ids of the columns that may differ from 0; statuses by id.
    """
    curved = form.square > 0
    edge = 1e-7 * (1.0 + np.abs(x))
    inside = (x > form.lower + edge) & (x < form.upper - edge)
    free = used[np.where(curved[used], inside[used], column_status[used] == BASIC)]
    active = np.flatnonzero(row_status != BASIC)
    part = form.matrix[active]
    held = x.copy()
    held[free] = 0.0
    a = sp.csr_array(part[:, free])
    activity = part @ x
    near_upper = np.abs(activity - form.row_upper[active]) <= np.abs(activity - form.row_lower[active])
    target = np.where(near_upper, form.row_upper[active], form.row_lower[active])
    system = sp.block_array([[sp.diags_array(2.0 * form.square[free]), -a.T], [a, None]], format="csc")
    right = np.concatenate([-form.cost[free], target - part @ held])
    with warnings.catch_warnings():
        warnings.simplefilter("error", MatrixRankWarning)
        try:
            found = spsolve(system, right)
        except (MatrixRankWarning, RuntimeError):
            return None
    if not np.isfinite(found).all():
        return None
    held[free] = found[: len(free)]
    duals = np.zeros(len(y))
    duals[active] = found[len(free) :]
    return (held, duals) if proves(form, held, duals) else None


def proves(form: StandardForm, x: np.ndarray, y: np.ndarray) -> bool:
    """Whether x is feasible and y proves it optimal."""
    activity = form.matrix @ x
    worst = max(float(v.max(initial=0.0)) for v in (form.lower - x, x - form.upper, form.row_lower - activity, activity - form.row_upper))
    return worst <= FEASIBLE and gap(form, x, y) <= PROVEN


def gap(form: StandardForm, x: np.ndarray, y: np.ndarray) -> float:
    """(cost of x - bound of y) over the cost."""
    cost = value(form, x)
    return abs(cost - dual_bound(form, y)) / max(abs(cost), 1.0)
