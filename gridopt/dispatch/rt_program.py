"""Windows of a horizon as one linear program whose part moves: bounds change, coefficients and basis stay.

The horizon is formulated twice, with what is expected and with what comes; both have the same columns, rows and coefficients. Window k
holds the steps k..e. Of its columns only what can still be moved is free; all others stay at the plan, what lies before k at what was done:

    bound of step t = actual + w[t-k] (expected - actual)        for bounds of columns, limits of rows, constants of lazy rows   (V1)
    row  low - A x[plan, past] <= A x[free, window] <= high - A x[plan, past]                                        (V2)

A window begins with the statuses that the one before ended with, those of its new last step with those of the step before.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import scipy.sparse as sp

from gridopt.case.check import CaseError
from gridopt.dispatch.formulate import Model
from gridopt.dispatch.lazy import FEASIBLE
from gridopt.program.builder import LazyFamily
from gridopt.program.highs import BASIC, LOWER, OPTIMAL, Highs
from gridopt.program.standard_form import StandardForm

FREE = (
    "commitment.above", "commitment.segment", "thermal.low", "thermal.high", "generator.band", "renewable.curtailment", "demand.shedding",
    "demand.surplus", "reserve.award", "reserve.offline", "reserve.shortage", "reserve.largest", "overload.forward", "overload.backward",
    "commitment.firing", "ramping.",
)  # fmt: skip
"""Beginnings of the names of families whose columns real time may move; stores, water and DC links keep to their schedules."""
ROUNDS = 60


@dataclass
class Lazy:
    """Lazy rows of one family (its number) in a window: element, step, status int (k,), dual (k,)."""

    pair: int
    element: np.ndarray
    step: np.ndarray
    status: np.ndarray
    dual: np.ndarray = field(default_factory=lambda: np.zeros(0))


@dataclass
class Window:
    """first, last: its steps; y: duals of the rows `rows` (builder ids); lazy rows; cost of its free columns; form and x: its program and
    values, rows in this order."""

    first: int
    last: int
    rows: np.ndarray
    y: np.ndarray
    lazy: list[Lazy]
    cost: float
    form: StandardForm
    x: np.ndarray

    def with_duals(self, y: np.ndarray) -> Window:
        """The window with other duals (m,) of all its rows."""
        place, lazy = len(self.rows), []
        for known in self.lazy:
            lazy.append(replace(known, dual=y[place : place + len(known.element)]))
            place += len(known.element)
        return replace(self, y=y[: len(self.rows)], lazy=lazy)


class Moving:
    """The program of all windows. x (n,): the plan, and what was done so far."""

    def __init__(self, actual: Model, expected: Model, plan: np.ndarray, weights: tuple[float, ...]):
        self.model, self.weights, self.x = actual, np.asarray(weights, float), plan.copy()
        check_alike(actual, expected)
        self.form, other = actual.builder.form(), expected.builder.form()
        if self.form.square.any():
            raise CaseError(["real time knows straight cost curves only; give blocks or points in place of a quadratic cost."])
        self.steps = actual.builder.steps
        self._order(other)
        self.families = [self._pair(a, e) for a, e in zip(actual.builder.lazy_families, expected.builder.lazy_families, strict=True)]
        self.highs = Highs()
        self.column_status = np.full(len(self.form.cost), LOWER, np.int32)
        self.row_status = np.full(len(self.form.row_lower), BASIC, np.int32)
        self.lazy: dict[int, Lazy] = {}
        self.warm = False

    def _order(self, other) -> None:
        """Free columns and the rows that they are in, step by step, with their bounds in both programs."""
        form = self.form
        free = np.zeros(len(form.cost), bool)
        for family in self.model.builder.column_families:
            if family.name.startswith(FREE) and "time" in family.over:
                free[family.ids.ravel()] = True
        free &= form.column_step >= 0
        ids = np.flatnonzero(free)
        self.columns = ids[np.argsort(form.column_step[ids], kind="stable")]
        self.is_free = free
        part = form.matrix[:, self.columns].tocoo()
        at = np.full(len(form.row_lower), -1)
        np.maximum.at(at, part.coords[0], form.column_step[self.columns][part.coords[1]])
        step = np.where(form.row_step >= 0, np.maximum(form.row_step, at), -1)
        rows = np.flatnonzero((at >= 0) & (step >= 0))
        self.rows = rows[np.argsort(step[rows], kind="stable")]
        self.matrix = sp.csr_array(form.matrix[self.rows][:, self.columns])
        row_step, column_step = step[self.rows], form.column_step[self.columns]
        edges = np.arange(self.steps + 1)
        self.row_at, self.column_at = np.searchsorted(row_step, edges), np.searchsorted(column_step, edges)
        body = self.matrix.tocoo()
        self.reach = int((row_step[body.coords[0]] - column_step[body.coords[1]]).max(initial=0))
        held = np.where(free, 0.0, self.x)
        self.given = (form.matrix @ held)[self.rows]
        self.low, self.high = form.row_lower[self.rows], form.row_upper[self.rows]
        self.lower, self.upper = form.lower[self.columns], form.upper[self.columns]
        self.low_more, self.high_more = _more(self.low, other.row_lower[self.rows]), _more(self.high, other.row_upper[self.rows])
        self.lower_more, self.upper_more = _more(self.lower, other.lower[self.columns]), _more(self.upper, other.upper[self.columns])
        self.row_step, self.column_step = row_step, column_step

    def _pair(self, actual: LazyFamily, expected: LazyFamily) -> tuple[LazyFamily, LazyFamily, np.ndarray | None]:
        """A lazy family in both programs, and by how much its activity differs (elements, T), None where it is not evaluated row by row."""
        if actual.activity is None or expected.activity is None or not actual.family.size:
            return actual, expected, None
        shape = (-1, self.steps)
        return actual, expected, (expected.activity(self.x) - actual.activity(self.x)).reshape(shape)

    def weight(self, step: np.ndarray, first: int) -> np.ndarray:
        """w of (V1) for steps of a window that begins at `first`."""
        return self.weights[np.minimum(step - first, len(self.weights) - 1)]

    def solve(self, first: int, last: int) -> Window | None:
        """Steps first..last-1, and what was found written into x; None where nothing satisfies all limits."""
        rows, cols = slice(self.row_at[first], self.row_at[last]), slice(self.column_at[first], self.column_at[last])
        before = slice(self.column_at[max(first - self.reach, 0)], self.column_at[first])
        part = self.matrix[rows]
        given = self.given[rows] + part[:, before] @ self.x[self.columns[before]]
        w_row, w_col = self.weight(np.maximum(self.row_step[rows], first), first), self.weight(self.column_step[cols], first)
        low = self.low[rows] + w_row * self.low_more[rows] - given
        high = self.high[rows] + w_row * self.high_more[rows] - given
        lower, upper = (b[cols] + w_col * m[cols] for b, m in ((self.lower, self.lower_more), (self.upper, self.upper_more)))
        ids = self.columns[cols]
        self.rank = np.full(len(self.form.cost), -1)
        self.rank[ids] = np.arange(len(ids))
        chunks = self._carried(first, last)
        more = self._written(chunks, first)
        matrix = sp.csr_array(sp.vstack([part[:, cols], more[2]], format="csr"))
        self.highs.load(self.form.cost[ids], lower, np.maximum(lower, upper), matrix, np.append(low, more[0]), np.append(high, more[1]))
        if self.warm:
            self.highs.set_basis(*self._basis(ids, self.rows[rows], chunks))
        for _ in range(ROUNDS):
            if self.highs.run() != OPTIMAL:
                return None
            self.x[ids] = self.highs.solution()[0]
            found = self._broken(chunks, first, last)
            if not found:
                break
            self.highs.add_rows(*self._written(found, first))
            chunks += found
        limits = part[:, cols], low, high, lower, np.maximum(lower, upper)
        return self._ended(first, last, ids, self.rows[rows], chunks, limits)

    def _carried(self, first: int, last: int) -> list[Lazy]:
        """Lazy rows of the elements that were full in the window before, at all steps of this one."""
        carried = []
        for pair, known in self.lazy.items():
            element = np.unique(known.element[known.dual != 0])
            if len(element):
                e, s = (v.ravel() for v in np.meshgrid(element, np.arange(first, last), indexing="ij"))
                status = np.full(len(e), BASIC, np.int32)
                code = known.element * self.steps + known.step
                order = np.argsort(code)
                wanted = e * self.steps + np.where(s == last - 1, s - 1, s)
                at = np.minimum(np.searchsorted(code[order], wanted), len(code) - 1)
                same = code[order][at] == wanted
                status[same] = known.status[order[at[same]]]
                carried.append(Lazy(pair, e, s, status))
        return carried

    def _written(self, chunks: list[Lazy], first: int) -> tuple[np.ndarray, np.ndarray, sp.csr_array]:
        """Low and high (k,), matrix (k, columns of the window) of lazy rows in their order."""
        columns = int((self.rank >= 0).sum())
        parts, lows, highs = [sp.csr_array((0, columns))], [np.zeros(0)], [np.zeros(0)]
        for mine in chunks:
            actual, expected, _ = self.families[mine.pair]
            row, col, coef, constant = actual.expand(mine.element, mine.step)
            w = self.weight(mine.step, first)
            if (w > 0).any():
                constant = constant + w * (expected.expand(mine.element, mine.step)[3] - constant)
            here = self.rank[col] >= 0
            constant = constant + np.bincount(row[~here], (coef * self.x[col])[~here], len(mine.element))
            matrix = sp.csr_array((coef[here], (row[here], self.rank[col[here]])), shape=(len(mine.element), columns))
            matrix.sum_duplicates()
            known, then = actual.limits(mine.element, mine.step), expected.limits(mine.element, mine.step)
            low, high = (a + w * _more(a, b) for a, b in zip(known, then, strict=True))
            parts.append(matrix)
            lows.append(low - constant)
            highs.append(high - constant)
        return np.concatenate(lows), np.concatenate(highs), sp.csr_array(sp.vstack(parts, format="csr"))

    def _broken(self, chunks: list[Lazy], first: int, last: int) -> list[Lazy]:
        """Lazy rows of the window that x breaks, that are not written, and that something free is in."""
        result = []
        for pair, (actual, expected, more) in enumerate(self.families):
            if not actual.family.size:
                continue
            if more is None:
                element, step = actual.broken(self.x, FEASIBLE * actual.sharp, slice(first, last))
            else:
                element, step = self._over(actual, expected, more, slice(first, last))
            written = [c.element * self.steps + c.step for c in chunks if c.pair == pair]
            if written and len(element):
                new = ~np.isin(element * self.steps + step, np.concatenate(written))
                element, step = element[new], step[new]
            if len(element):
                row, col, _, _ = actual.expand(element, step)
                moved = np.unique(row[self.rank[col] >= 0])
                element, step = element[moved], step[moved]
            if len(element):
                result.append(Lazy(pair, element, step, np.full(len(element), BASIC, np.int32)))
        return result

    def _over(self, actual: LazyFamily, expected: LazyFamily, more: np.ndarray, steps: slice) -> tuple[np.ndarray, np.ndarray]:
        """Rows that x breaks, by what is expected at the steps ahead."""
        assert actual.activity is not None
        w = self.weight(np.arange(steps.start, steps.stop), steps.start)
        size = len(more)
        activity = actual.activity(self.x, steps).reshape(size, -1) + w * more[:, steps]
        low, high = (
            a.reshape(size, -1)[:, steps] + w * _more(a.reshape(size, -1)[:, steps], b.reshape(size, -1)[:, steps])
            for a, b in ((actual.lower, expected.lower), (actual.upper, expected.upper))
        )
        element, step = np.nonzero(np.maximum(activity - high, low - activity) > FEASIBLE * actual.sharp)
        return element, step + steps.start

    def _basis(self, ids: np.ndarray, rows: np.ndarray, chunks: list[Lazy]) -> tuple[np.ndarray, np.ndarray]:
        """Statuses with as many basic ones as rows."""
        column = self.column_status[ids]
        row = np.concatenate([self.row_status[rows], *(c.status for c in chunks)]).astype(np.int32)
        surplus = int((column == BASIC).sum() + (row == BASIC).sum()) - len(row)
        if surplus > 0:
            column[np.flatnonzero(column == BASIC)[-surplus:]] = LOWER
        elif surplus < 0:
            row[np.flatnonzero(row != BASIC)[surplus:]] = BASIC
        return column, row

    def _ended(self, first: int, last: int, ids: np.ndarray, rows: np.ndarray, chunks: list[Lazy], limits: tuple) -> Window:
        """What the window leaves, and the statuses of the next one."""
        dual, (column, row) = self.highs.solution()[1], self.highs.basis()
        self.column_status[ids], self.row_status[rows] = column, row[: len(rows)]
        for status, mine, step in ((self.column_status, ids, self.form.column_step), (self.row_status, rows, self.form.row_step)):
            end = mine[step[mine] == last - 1]  # steps are the last coordinate of a family: the id after is the next step
            end = end[(end + 1 < len(step)) & (step[np.minimum(end + 1, len(step) - 1)] == last)]
            status[end + 1] = status[end]
        place = len(rows)
        for chunk in chunks:
            part = slice(place, place + len(chunk.element))
            chunk.dual, chunk.status = dual[part], row[part]
            place = part.stop
        self.lazy = {pair: _joined([c for c in chunks if c.pair == pair]) for pair in sorted({c.pair for c in chunks})}
        self.warm = True
        known, (core, low, high, lower, upper), cost = list(self.lazy.values()), limits, self.form.cost[ids]
        more = self._written(known, first)
        step = np.concatenate([self.form.row_step[rows], *(c.step for c in known)])
        form = StandardForm(
            cost, np.zeros(len(ids)), 0.0, lower, upper, np.zeros(len(ids), bool), np.append(low, more[0]), np.append(high, more[1]),
            sp.csr_array(sp.vstack([core, more[2]], format="csr")), self.form.column_step[ids], step,
        )  # fmt: skip
        return Window(first, last, rows, dual[: len(rows)], known, float(cost @ self.x[ids]), form, self.x[ids].copy())


def _joined(chunks: list[Lazy]) -> Lazy:
    """Lazy rows of one family as one."""
    parts = (np.concatenate([getattr(c, name) for c in chunks]) for name in ("element", "step", "status", "dual"))
    return Lazy(chunks[0].pair, *parts)


def _more(actual: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """expected - actual, 0 where one of the two is no number: an open limit stays as it comes."""
    both = np.isfinite(actual) & np.isfinite(expected)
    return np.where(both, np.where(both, expected, 0.0) - np.where(both, actual, 0.0), 0.0)


def check_alike(actual: Model, expected: Model) -> None:
    """Raises CaseError where the two programs do not have the same columns and rows."""
    for kind in ("column_families", "row_families"):
        one, two = ([(f.name, f.shape) for f in getattr(m.builder, kind)] for m in (actual, expected))
        if one != two:
            names = sorted({n for n, _ in set(one) ^ set(two)})
            raise CaseError([f"what is expected and what comes differ in more than figures ({', '.join(names)}). Give both the same elements."])
