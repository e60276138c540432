"""One stretch of a long horizon as a program of its own, held to the estimate at its end.

What reaches beyond the stretch is held, not only priced: levels at its end sit where the estimate has them (H1), and links that reach
across keep to the estimate's share, the "budget" (H2). At prices alone a stretch would as soon use too much as too little.

    x[end levels] = estimate                                              (H1)
    sum over the stretch of A[i,j] x[j]  >= (or <=)  the same sum at the estimate, links i with a positive (negative) dual     (H2)

So stretches can be solved side by side, and put together their bases are a basis of the whole that is optimal but for what was held.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from gridopt.dispatch.lazy import broken
from gridopt.dispatch.plan import LazyRows, Plan
from gridopt.program.family import Found
from gridopt.program.highs import BASIC, DEVEX, LOWER, OPTIMAL, Highs


@dataclass
class Piece:
    """Steps first..last-1: values and reduced costs of the columns, statuses of columns, core rows, lazy rows and links (by number)."""

    first: int
    last: int
    x: np.ndarray
    reduced: np.ndarray
    column: np.ndarray
    row: np.ndarray
    lazy: LazyRows
    link: dict[int, int]


@dataclass
class Arrays:
    """cost, lower, upper (n,); matrix (m, n); low, high (m,): the links, then the core rows, then lazy rows."""

    cost: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    matrix: sp.csr_array
    low: np.ndarray
    high: np.ndarray


def stretch(plan: Plan, first: int, last: int, held: bool) -> tuple[Arrays, np.ndarray]:
    """Steps first..last-1 with the estimate before them, and the numbers of the links that are rows of it.

    Without `held`, only links inside are rows, and what lies beyond the end is worth its dual.
    """
    form, cols, core, known = plan.relaxed.form, plan.cols(first, last), plan.core(first, last), plan.known
    ids, row_ids = plan.columns[cols], plan.rows[core]
    inside, across = plan.links_of(first, last)
    across = across if held else across[:0]
    links = np.concatenate([inside, across])
    past, after = plan.cols(max(first - plan.reach, 0), first), plan.core(last, min(last + plan.reach, plan.steps))
    shares = plan.matrix[links][:, cols]
    cost = form.cost[ids] - plan.link_cost[cols] + shares.T @ known.y[links] - plan.matrix[after][:, cols].T @ known.y[after]
    lower, upper = form.lower[ids].copy(), form.upper[ids].copy()
    if held and last < plan.steps:
        end = plan.levels_before(last) - cols.start
        lower[end] = upper[end] = np.clip(known.x[end + cols.start], lower[end], upper[end])
    price, share = known.y[across], plan.matrix[across][:, cols] @ known.x[cols]
    here = plan.matrix[core]
    given = here[:, past] @ known.x[past]
    low = np.concatenate([form.row_lower[plan.rows[inside]], np.where(price > 0, share, -np.inf), form.row_lower[row_ids] - given])
    high = np.concatenate([form.row_upper[plan.rows[inside]], np.where(price < 0, share, np.inf), form.row_upper[row_ids] - given])
    return Arrays(cost, lower, upper, sp.csr_array(sp.vstack([shares, here[:, cols]], format="csr")), low, high), links


def solve_piece(plan: Plan, first: int, last: int, before: Piece | None = None) -> Piece:
    """The stretch held to the estimate; where that is out of reach, at prices alone; where that is too, a piece that knows nothing.

    It starts from the statuses of the piece `before` it, if given, else from the estimate's. They can be singular here: then the piece
    starts from nothing.
    """
    for held, warm in ((True, True), (True, False), (False, False)):
        arrays, links = stretch(plan, first, last, held)
        program = Program(plan, first, last, arrays, links)
        if warm:
            column, row, lazy = estimated(plan, first, last) if before is None else later(plan, first, last, before)
            program.begin(*squared(column, row, lazy, len(links)))
        else:
            program.begin()
        if program.finish():
            return program.piece()
    cols, core = plan.cols(first, last), plan.core(first, last)
    nothing = np.full(cols.stop - cols.start, LOWER, np.int32), np.full(core.stop - core.start, BASIC, np.int32)
    return Piece(first, last, plan.known.x[cols], np.zeros(cols.stop - cols.start), *nothing, {}, {})


Statuses = tuple[np.ndarray, np.ndarray, LazyRows]
"""Of the columns, core rows and lazy rows of a stretch."""


def estimated(plan: Plan, first: int, last: int) -> Statuses:
    """The estimate's statuses of a stretch."""
    lazy = {}
    for name, (element, step, status) in plan.known.lazy.items():
        mine = (step >= first) & (step < last)
        if mine.any():
            lazy[name] = (element[mine], step[mine], status[mine])
    return plan.known.column[plan.cols(first, last)].copy(), plan.known.row[plan.core(first, last)].copy(), lazy


def later(plan: Plan, first: int, last: int, before: Piece) -> Statuses:
    """The statuses of another piece so many steps later that both end together, its lazy rows included."""
    shift = last - before.last
    column, row, _ = estimated(plan, first, last)
    form, start = plan.relaxed.form, max(first, before.first + shift)
    for mine, ids, steps, theirs, status in (
        (column, plan.columns[plan.cols(first, last)], form.column_step, plan.columns[plan.cols(before.first, before.last)], before.column),
        (row, plan.rows[plan.core(first, last)], form.row_step, plan.rows[plan.core(before.first, before.last)], before.row),
    ):
        known = np.full(len(steps), -1, np.int32)
        known[theirs] = status
        at = np.flatnonzero(steps[ids] >= start)
        found = known[ids[at] - shift]  # steps are the last coordinate of a family, so its ids follow each other in time
        mine[at[found >= 0]] = found[found >= 0]
    lazy = {}
    for name, (element, step, status) in before.lazy.items():
        inside = step + shift >= first
        lazy[name] = (element[inside], step[inside] + shift, status[inside])
    return column, row, lazy


def squared(column: np.ndarray, row: np.ndarray, lazy: LazyRows, links: int) -> Statuses:
    """Statuses with as many basic ones as rows; the slacks of the links, which come first, are basic."""
    surplus = int((column == BASIC).sum() + (row == BASIC).sum()) - len(row) - sum(int((v[2] != BASIC).sum()) for v in lazy.values())
    if surplus > 0:
        column[np.flatnonzero(column == BASIC)[-surplus:]] = LOWER
    elif surplus < 0:
        row[np.flatnonzero(row != BASIC)[:-surplus]] = BASIC
    return column, np.concatenate([np.full(links, BASIC, np.int32), row]), lazy


class Program:
    """A stretch inside HiGHS. `written`: family -> (element, step, row in HiGHS)."""

    def __init__(self, plan: Plan, first: int, last: int, arrays: Arrays, links: np.ndarray, log: str = ""):
        self.plan, self.first, self.last, self.arrays, self.links = plan, first, last, arrays, links
        self.highs = Highs(log, **(DEVEX if last - first == plan.steps else {}))
        self.ids = plan.columns[plan.cols(first, last)]
        self.rank = np.full(len(plan.relaxed.form.cost), -1, np.int32)
        self.rank[self.ids] = np.arange(len(self.ids))
        past = plan.cols(max(first - plan.reach - 1, 0), first)
        self.full = np.zeros(len(self.rank))
        self.full[plan.columns[past]] = plan.known.x[past]
        self.rows = len(arrays.low)
        self.written: dict[str, np.ndarray] = {}

    def leave_out(self, out: np.ndarray, values: np.ndarray) -> None:
        """Takes columns (a mask) out of the arrays, before anything is loaded; they stay at `values`."""
        a, gone = self.arrays, self.ids[out]
        stays = np.zeros(len(out))
        stays[out] = values
        given = a.matrix @ stays
        self.arrays = Arrays(a.cost[~out], a.lower[~out], a.upper[~out], a.matrix[:, ~out], a.low - given, a.high - given)
        self.ids, self.full[gone], self.rank[gone] = self.ids[~out], values, -1
        self.rank[self.ids] = np.arange(len(self.ids))

    def add(self, lazy: LazyRows) -> np.ndarray:
        """Adds lazy rows to the arrays, before they are loaded; returns their statuses in order."""
        if not lazy:
            return np.zeros(0, np.int32)
        a = self.arrays
        matrix, low, high = self._lazy_rows({n: v[:2] for n, v in lazy.items()})
        self.arrays = Arrays(a.cost, a.lower, a.upper, sp.csr_array(sp.vstack([a.matrix, matrix], format="csr")),
                             np.append(a.low, low), np.append(a.high, high))  # fmt: skip
        return np.concatenate([lazy[f.family.name][2] for f in self.plan.relaxed.families if f.family.name in lazy])

    def begin(self, column=None, row=None, lazy: LazyRows | None = None) -> None:
        """Loads the program, with a basis and lazy rows if given."""
        statuses = self.add(lazy or {})
        a = self.arrays
        self.highs.load(a.cost, a.lower, a.upper, a.matrix, a.low, a.high)
        if column is not None:
            self.highs.set_basis(column, np.concatenate([row, statuses]))

    def finish(self) -> bool:
        """Solves until no lazy row is broken; False if there is no optimum."""
        while self.highs.run() == OPTIMAL:
            if not self.extend(self.highs.solution()[0]):
                return True
        return False

    def extend(self, x: np.ndarray) -> bool:
        """Adds the lazy rows that x breaks to the loaded program; False if there is none."""
        chosen = self._broken(x)
        if chosen:
            matrix, low, high = self._lazy_rows(chosen)
            self.highs.add_rows(low, high, matrix)
        return bool(chosen)

    def add_broken(self, x: np.ndarray) -> np.ndarray:
        """Adds the lazy rows that x breaks, before they are loaded; returns their statuses."""
        return self.add({n: (e, s, np.full(len(e), BASIC, np.int32)) for n, (e, s) in self._broken(x).items()})

    def piece(self) -> Piece:
        """Statuses of the solved program."""
        column, row = self.highs.basis()
        core = self.plan.core(self.first, self.last)
        count = len(self.links)
        lazy = {n: (w[0], w[1], row[w[2]]) for n, w in self.written.items()}
        link = {int(i): int(s) for i, s in zip(self.links, row[:count], strict=True)}
        x, reduced = self.highs.solution()[0], self.highs.reduced_costs()
        return Piece(self.first, self.last, x, reduced, column, row[count : count + core.stop - core.start], lazy, link)

    def _broken(self, x: np.ndarray) -> dict[str, Found]:
        """Lazy rows of the stretch that x breaks and that are not written in it."""
        self.full[self.ids] = x
        return broken(self.plan.relaxed.families, self.full, self.written, slice(self.first, self.last), seam=self.first > 0)

    def _lazy_rows(self, chosen):
        """Matrix and bounds of lazy rows, noted as written; their parts on earlier columns go to the bounds."""
        parts, low, high = [], [], []
        for f in self.plan.relaxed.families:
            if f.family.name not in chosen:
                continue
            element, step = chosen[f.family.name]
            row, col, coef, constant = f.expand(element, step)
            here = self.rank[col] >= 0
            constant = constant + np.bincount(row[~here], (coef * self.full[col])[~here], len(element))
            matrix = sp.csr_array((coef[here], (row[here], self.rank[col[here]])), shape=(len(element), len(self.ids)))
            matrix.sum_duplicates()
            parts.append(matrix)
            lower, upper = f.limits(element, step)
            low.append(lower - constant)
            high.append(upper - constant)
            new = np.array([element, step, np.arange(self.rows, self.rows + len(element))])
            self.rows += len(element)
            self.written[f.family.name] = np.concatenate([self.written.get(f.family.name, np.zeros((3, 0), int)), new], axis=1)
        return sp.csr_array(sp.vstack(parts, format="csr")), np.concatenate(low), np.concatenate(high)
