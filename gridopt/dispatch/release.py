"""The whole horizon from its pieces: what they held is let go, step by step.

First each held value may move within a narrow band around the estimate (levels of a few hours freely), as bounds of columns and as rows
for budgets; then the bands follow the solution and widen until none binds. Released at once, a reservoir would first be drained, for the
dual simplex method moves every column to the bound that its price asks for.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from gridopt.dispatch.lazy import Loaded
from gridopt.dispatch.piece import Piece, Program, stretch
from gridopt.dispatch.plan import CLEAR, Estimate, Plan
from gridopt.program.highs import BASIC, LOWER, OPTIMAL, UPPER, Highs

BAND, WIDER, TRIES = 0.002, 4.0, 8
"""How far a held value may move at first, as a share of its range; by how much the band grows each time, and how often."""
CHANGE = 0.25
"""Columns whose reduced cost would keep its sign if all prices changed by this share are left out at first: they stay where they are."""

SEAM = 12
"""Steps on both sides of a cut where every column is kept: there prices may still change by much."""


class Whole:
    """All steps, started from pieces. `program`: the program in HiGHS; budgets are rows behind the core and first lazy rows while held.

    x, column, y, row: values and statuses of the columns of `program`, duals and statuses of its rows, once solved.
    """

    def __init__(self, plan: Plan, pieces: list[Piece], change: float = CHANGE, log: str = ""):
        self.plan = plan
        arrays, links = stretch(plan, 0, plan.steps, held=True)
        self.program = Program(plan, 0, plan.steps, arrays, links, log)
        del arrays  # the program has smaller ones as soon as columns are left out
        column, row, lazy, link = _together(pieces)
        status = np.array([link.get(int(i), BASIC) for i in links], np.int32)
        self._hold(pieces)
        self.out, self.rest = self._settled(pieces, change)
        self.program.leave_out(self.out, self.rest)
        # Where pieces meet, the values show which further rows are needed, those of the first steps above all.
        x = np.concatenate([p.x for p in pieces])[~self.out]
        row = np.concatenate([status, row, self.program.add(lazy), self.program.add_broken(x)])
        self.arrays = self.program.arrays
        self.true = self.arrays.lower, self.arrays.upper
        self._load(column[~self.out], row)

    def _hold(self, pieces: list[Piece]) -> None:
        """Levels at the ends of the pieces, and the budgets of links that several pieces share."""
        plan = self.plan
        self.level = np.concatenate([np.zeros(0, int), *(plan.levels_before(p.last) for p in pieces[:-1])])
        self.slow = np.isin(self.level, plan.slow)
        number, count = np.unique(np.concatenate([np.zeros(0, int), *(list(p.link) for p in pieces)]).astype(int), return_counts=True)
        shared = set(number[count > 1].tolist())
        rows, self.status, self.links, size = [], [], [], plan.matrix.shape[1]
        for p in pieces:
            mine, cols = [i for i in p.link if i in shared], plan.cols(p.first, p.last)
            some = sp.csr_array(plan.matrix[mine][:, cols])
            rows.append(sp.csr_array((some.data, some.indices + cols.start, some.indptr), shape=(len(mine), size)))
            self.status += [p.link[i] for i in mine]
            self.links += mine
        self.budget = sp.csr_array(sp.vstack([sp.csr_array((0, size)), *rows], format="csr"))
        self.sign = np.sign(plan.known.y[self.links])

    def _settled(self, pieces: list[Piece], change: float) -> tuple[np.ndarray, np.ndarray]:
        """Columns that are clearly at one of their bounds and not near a cut, as a mask, and at which value."""
        plan = self.plan
        clear = change * np.maximum(plan.worth, CLEAR)
        reduced, column = (np.concatenate(v) for v in ([p.reduced for p in pieces], [p.column for p in pieces]))
        out = ((column == LOWER) & (reduced > clear)) | ((column == UPPER) & (reduced < -clear))
        out[self.level] = False
        for p in pieces[:-1]:
            out[plan.cols(max(p.last - SEAM, p.first), min(p.last + SEAM, plan.steps))] = False
        return out, np.concatenate([p.x for p in pieces])[out]

    def _load(self, column, row) -> None:
        """Loads with narrow bands. Every row is given two bounds, so that `flip` makes any basis dual feasible: about half the pivots."""
        a, known = self.arrays, self.plan.known
        held = self.budget @ known.x
        given = self.budget[:, self.out] @ self.rest
        self.budget = self.budget[:, ~self.out]
        self.at = (np.cumsum(~self.out) - 1)[self.level]
        matrix = sp.csr_array(sp.vstack([a.matrix, self.budget], format="csr"))
        least, most = _reach(matrix, *self.true)
        self.room = (most - least)[len(a.low) :]
        self.bounds, (low, high) = self._bounds(BAND, known.x[self.level], held - given)
        room = 1.0 + 1e-3 * np.maximum(np.abs(least), np.abs(most))
        self.far = least - room, most + room
        low, high = self._closed(np.append(a.low, low), np.append(a.high, high), 0)
        self.program.highs.load(a.cost, self.bounds[0], self.bounds[1], matrix, low, high)
        self.program.highs.set_basis(column, np.append(row, np.array(self.status, np.int32)))
        flip(self.program.highs, matrix, a.cost, self.bounds, (low, high))
        a.matrix = sp.csr_array((0, 0))  # HiGHS has it now, and for a year it is large
        self.plan.forget()

    def _closed(self, low, high, first: int):
        """Open sides of rows first.. closed by what the columns' boxes allow at most, and room to spare, so that they never bind."""
        return np.where(np.isinf(low), self.far[0][first:], low), np.where(np.isinf(high), self.far[1][first:], high)

    def _bounds(self, band: float, value: np.ndarray, use: np.ndarray):
        """Bounds of the columns and of the budget rows when held values may move by `band` around value and use."""
        lower, upper = (b.copy() for b in self.true)
        width = np.where(self.slow, band, 1.0) * (upper[self.at] - lower[self.at])
        lower[self.at] = np.maximum(lower[self.at], value - width)
        upper[self.at] = np.minimum(upper[self.at], value + width)
        room = band * self.room
        return (lower, upper), (np.where(self.sign > 0, use - room, -np.inf), np.where(self.sign < 0, use + room, np.inf))

    def let_go(self) -> bool:
        """Moves and widens the bands, and adds the rows that are broken, until nothing is; False if there is no optimum."""
        highs, band, first = self.program.highs, BAND, len(self.arrays.low)
        last = first + len(self.links)
        for _ in range(TRIES):
            if highs.run() != OPTIMAL:
                return False
            (x, y), (column, row) = highs.solution(), highs.basis()
            side, at, (lower, upper) = column[self.at], self.at, self.bounds
            edge = ((side == LOWER) & (lower[at] > self.true[0][at])) | ((side == UPPER) & (upper[at] < self.true[1][at]))
            held = edge.any() or (row[first:last] != BASIC).any()
            self.x, self.column = x, column
            self.y, self.row = (np.delete(v, slice(first, last)) for v in (y, row))
            if not self.program.extend(x) and not held:
                break
            if held:
                band *= WIDER
                self.bounds, (low, high) = self._bounds(band, x[at], self.budget @ x)
                highs.change_bounds(*self.bounds)
                highs.change_row_bounds(first, *(v[: last - first] for v in self._closed(low, high, first)))
        highs.change_bounds(*self.true)
        highs.delete_rows(first, last)
        return True

    def loaded(self) -> Loaded:
        """The program for the lazy loop, its lazy rows written into the relaxed one and the columns left out here left out there."""
        relaxed, plan, program = self.plan.relaxed, self.plan, self.program
        relaxed.write({n: (w[0], w[1]) for n, w in program.written.items()})
        relaxed.leave_out(plan.columns[self.out], self.rest)
        rows = np.concatenate([plan.rows[program.links], plan.rows[plan.links :], np.zeros(program.highs.rows - relaxed.core, int)])
        for name, (_, _, place) in program.written.items():
            rows[place] = relaxed.added[name][2]
        return Loaded(relaxed, program.highs, program.ids, rows)

    def estimate(self) -> Estimate:
        """What is known of the optimum once all is let go, by builder id."""
        plan, form, program = self.plan, self.plan.relaxed.form, self.program
        x, y = np.zeros(len(form.cost)), np.zeros(plan.relaxed.core)
        column, row = np.full(len(x), LOWER, np.int32), np.full(len(y), BASIC, np.int32)
        x[plan.columns[self.out]] = self.rest
        column[plan.columns[self.out]] = np.where(self.rest > form.lower[plan.columns[self.out]], UPPER, LOWER)
        x[program.ids], column[program.ids] = self.x, self.column
        rows = np.concatenate([plan.rows[program.links], plan.rows[plan.links :]])
        y[rows], row[rows] = self.y[: len(rows)], self.row[: len(rows)]
        known = {n: place < len(self.row) for n, (_, _, place) in program.written.items()}
        lazy = {n: (w[0][known[n]], w[1][known[n]], self.row[w[2][known[n]]]) for n, w in program.written.items()}
        return Estimate(x, y, column, row, lazy)


def together(plan: Plan, pieces: list[Piece], log: str = "") -> Whole | None:
    """The whole with nothing held any more, None if there is no optimum. Where the columns left out are needed, all are kept."""
    for change in (CHANGE, np.inf):
        whole = Whole(plan, pieces, change, log)
        if whole.let_go():
            return whole
    return None


def _together(pieces: list[Piece]):
    """Statuses of the pieces one after the other. A link in one piece keeps its status, one in several begins with its slack basic.

    Lazy rows that do not bind are left behind: chains gather many, and in the whole they cost memory.
    """
    seen: dict[int, list[int]] = {}
    found: dict[str, list] = {}
    for p in pieces:
        for i, status in p.link.items():
            seen.setdefault(i, []).append(status)
        for name, some in p.lazy.items():
            tight = some[2] != BASIC
            found.setdefault(name, []).append(tuple(v[tight] for v in some))
    lazy: dict[str, tuple[np.ndarray, ...]] = {}
    for name, parts in found.items():
        lazy[name] = tuple(np.concatenate(values) for values in zip(*parts, strict=True))
    link = {i: s[0] for i, s in seen.items() if len(s) == 1}
    return np.concatenate([p.column for p in pieces]), np.concatenate([p.row for p in pieces]), lazy, link


def _reach(matrix: sp.csr_array, lower, upper) -> tuple[np.ndarray, np.ndarray]:
    """Least and largest value that each row can take inside the columns' boxes."""
    rise, fall = matrix.maximum(0), matrix.minimum(0)
    return rise @ lower + fall @ upper, rise @ upper + fall @ lower


def flip(highs: Highs, matrix, cost, bounds, row_bounds) -> None:
    """Moves nonbasic columns and rows with two bounds to the one that the sign of their reduced cost asks for."""
    y = highs.basic_duals(cost)
    column, row = highs.basis()
    for status, sign, (low, high) in ((column, cost - matrix.T @ y, bounds), (row, y, row_bounds)):
        free = (status != BASIC) & np.isfinite(low) & np.isfinite(high)
        status[free & (sign > CLEAR)] = LOWER
        status[free & (sign < -CLEAR)] = UPPER
    highs.set_basis(column, row)
