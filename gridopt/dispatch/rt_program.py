"""Windows of a horizon as one linear program whose part moves: bounds change, coefficients and basis stay.

The horizon is formulated twice, with what is expected and with what comes; both have the same columns, rows and coefficients. Window k
holds the steps k..e. Of its columns only what can still be moved is free; all others stay at the plan, what lies before k at what was done:

    bound of step t = actual + w[t-k] (expected - actual)        for bounds of columns, limits of rows, constants of lazy rows   (V1)
    row  low - A x[plan, past] <= A x[free, window] <= high - A x[plan, past]                                        (V2)

    prices   the window once more at other costs, what passes a limit at least what it was: (L2) of price_limits.py             (V5)

What stores hold at the end of a window has a worth (rt_stores.py); what can be started in time is decided first (rt_starts.py); rows over
no step stand in every window that can move what they count (rt_budgets.py).
Equal offers at one bus share alike in all steps of a window (fair_offers.py), so that the next one begins from what was shared.
A window begins with the statuses that the one before ended with, those of its new last step with those of the step before.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import scipy.sparse as sp

from gridopt.case.check import CaseError
from gridopt.dispatch.fair_offers import Offers, spread
from gridopt.dispatch.formulate import Model, formulate
from gridopt.dispatch.lazy import FEASIBLE, squared
from gridopt.dispatch.price_limits import OVERLOAD
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.rt_budgets import Budgets
from gridopt.dispatch.rt_starts import GAP, Starts
from gridopt.dispatch.rt_stores import Stores
from gridopt.program.family import LazyFamily
from gridopt.program.highs import BASIC, LOWER, OPTIMAL, Highs
from gridopt.program.solution import Infeasible, SolverFailed
from gridopt.program.standard_form import StandardForm

FREE = (
    "commitment.above", "commitment.segment", "thermal.low", "thermal.high", "generator.band", "renewable.curtailment", "demand.shedding",
    "demand.surplus", "reserve.award", "reserve.offline", "reserve.shortage", "reserve.largest", "overload.forward", "overload.backward",
    "commitment.firing", "ramping.",
)  # fmt: skip
"""Beginnings of the names of families whose columns real time may move, besides those of rt_stores.py and rt_starts.py; solar thermal
plants, pumped storage and DC links keep to their schedules."""
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
    values, rows in this order; frame: the same without lazy rows; tied: places of the columns that have a copy after all others
    (rt_stores.py)."""

    first: int
    last: int
    rows: np.ndarray
    y: np.ndarray
    lazy: list[Lazy]
    cost: float
    form: StandardForm
    x: np.ndarray
    frame: Frame
    tied: np.ndarray = field(default_factory=lambda: np.zeros(0, int))

    def with_duals(self, y: np.ndarray) -> Window:
        """The window with other duals (m,) of all its rows."""
        place, lazy = len(self.rows), []
        for known in self.lazy:
            lazy.append(replace(known, dual=y[place : place + len(known.element)]))
            place += len(known.element)
        return replace(self, y=y[: len(self.rows)], lazy=lazy)


@dataclass
class Frame:
    """Program of the steps first..last-1 without lazy rows: ids of its columns (n,) and rows (m,); tied: places of the columns that have a
    copy, which follow all others; cost, lower, upper (n + k,); low, high (m,); matrix CSR (m, n + k)."""

    first: int
    last: int
    ids: np.ndarray
    rows: np.ndarray
    tied: np.ndarray
    cost: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    low: np.ndarray
    high: np.ndarray
    matrix: sp.csr_array


class Moving:
    """The program of all windows. x (n,): the plan, and what was done so far. stores: what moves of them, None: they keep to the plan."""

    def __init__(self, actual: Model, plan: Dispatch, weights: tuple[float, ...], stores: Stores | None = None):
        self.model, self.weights, self.x = actual, np.asarray(weights, float), plan.solution.x.copy()
        # Of a plan put together from windows there is an outline alone, which has no limits of rows.
        expected = formulate(plan.case) if plan.model.builder.outlined else plan.model
        check_alike(actual, expected)
        self.form, other = actual.builder.form(), expected.builder.form()
        self.steps, self.stores, self.starts = actual.builder.steps, stores, Starts(actual, self.x)
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
        if self.stores is not None:
            free |= self.stores.free
        free[self.starts.ids] = True
        free &= form.column_step >= 0
        ids = np.flatnonzero(free)
        self.columns = ids[np.argsort(form.column_step[ids], kind="stable")]
        self.is_free, self.overload = free, np.zeros(len(form.cost), bool)
        for family in self.model.builder.column_families:
            if family.name.startswith(OVERLOAD):
                self.overload[family.ids.ravel()] = True
        self.status = np.zeros(len(form.cost), bool)
        self.status[self.starts.ids] = True
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
        if self.stores is not None:
            self.lower = self.stores.reach(form.lower)[self.columns]
            self.lower_more[np.isin(self.columns, self.stores.left)] = 0.0  # the plan's end has a worth, and no other limit than the case's
        self.row_step, self.column_step = row_step, column_step
        self.budgets, self.offers = Budgets(self.model, self.columns), Offers(self.model)

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
        frame, chunks = self._frame(first, last), self._carried(first, last)
        if len(self.starts):
            if not self._decided(frame, chunks):
                return None
            held = self.status[frame.ids]
            frame.lower[: len(held)][held] = frame.upper[: len(held)][held] = self.x[frame.ids[held]]
        self._load(frame, chunks)
        if self.warm:
            self.highs.set_basis(*self._basis(frame, chunks))
        return self._ended(frame, chunks) if self._solved(frame, chunks) else None

    def _solved(self, frame: Frame, chunks: list[Lazy]) -> bool:
        """Solves what is loaded, its values into x; lazy rows that these break are added to `chunks`. False: nothing satisfies all limits."""
        for _ in range(ROUNDS):
            if self.highs.run() != OPTIMAL:
                return False
            self._take(frame, self.highs.solution()[0])
            found = self._broken(chunks, frame.first, frame.last)
            if not found:
                break
            self.highs.add_rows(*self._written(found, frame))
            chunks += found
        return True

    def priced(self, window: Window, cost: np.ndarray) -> Window:
        """(V5): the window that was solved last, at costs (n,) of all columns; what was found before stays in x. Raises SolverFailed."""
        frame, size = window.frame, len(window.frame.ids)
        own, lower = frame.cost.copy(), frame.lower.copy()
        own[:size] += (cost - self.form.cost)[frame.ids]
        over = np.flatnonzero(self.overload[frame.ids])
        lower[over] = window.x[over]
        frame, chunks = replace(frame, cost=own, lower=lower), [replace(c) for c in window.lazy]
        self._load(frame, chunks)
        self.highs.set_basis(*self._basis(frame, chunks))
        if not self._solved(frame, chunks):
            raise SolverFailed("the pricing run of a window of real time has no optimum")
        value, dual = self.highs.solution()
        self._take(frame, window.x)
        return self._window(frame, _by_pair(chunks, dual, len(frame.rows)), value, dual)

    def _frame(self, first: int, last: int) -> Frame:
        """The program of a window without its lazy rows (V1), (V2)."""
        rows, cols = slice(self.row_at[first], self.row_at[last]), slice(self.column_at[first], self.column_at[last])
        before = slice(self.column_at[max(first - self.reach, 0)], self.column_at[first])
        part = self.matrix[rows]
        given = self.given[rows] + part[:, before] @ self.x[self.columns[before]]
        w_row, w_col = self.weight(np.maximum(self.row_step[rows], first), first), self.weight(self.column_step[cols], first)
        low = self.low[rows] + w_row * self.low_more[rows] - given
        high = self.high[rows] + w_row * self.high_more[rows] - given
        lower, upper = (b[cols] + w_col * m[cols] for b, m in ((self.lower, self.lower_more), (self.upper, self.upper_more)))
        budget = self.budgets.of(cols, self.x)
        low, high = np.append(low, budget.low), np.append(high, budget.high)
        matrix = sp.vstack([part[:, cols], budget.matrix], format="csr")
        ids, upper = self.columns[cols], np.maximum(lower, upper)
        self.rank = np.full(len(self.form.cost), -1)
        self.rank[ids] = np.arange(len(ids))
        cost, tied = self.form.cost[ids], np.zeros(0, int)
        if self.stores is not None:
            end = self.stores.end(last, ids, self.rank)
            tied, cost = end.tied, np.append(cost + end.cost, end.copies)
            below = np.clip(end.plan, lower[tied], upper[tied])
            lower, upper = np.append(lower, np.zeros(len(tied))), np.append(upper, upper[tied] - below)
            upper[tied] = below
        return Frame(first, last, ids, np.append(self.rows[rows], budget.rows), tied, cost, lower, upper, low, high, _doubled(matrix, tied))

    def _load(self, frame: Frame, chunks: list[Lazy]) -> None:
        more = self._written(chunks, frame)
        matrix = sp.csr_array(sp.vstack([frame.matrix, more[2]], format="csr"))
        self.highs.load(frame.cost, frame.lower, frame.upper, matrix, np.append(frame.low, more[0]), np.append(frame.high, more[1]))

    def _take(self, frame: Frame, value: np.ndarray) -> None:
        """Values of a window into x, and on which side stores are."""
        size = len(frame.ids)
        self.x[frame.ids] = value[:size]
        self.x[frame.ids[frame.tied]] += value[size:]
        if self.stores is not None:
            self.stores.sides(self.x, slice(frame.first, frame.last))

    def _decided(self, frame: Frame, chunks: list[Lazy]) -> bool:
        """Whole statuses of the window into x; the lazy rows that were broken on the way are added to `chunks`. False: there are none."""
        ids, lower, upper = self.starts.bounds(frame.first, frame.last, self.x)
        at = self.rank[ids]
        frame.lower[at], frame.upper[at] = lower, upper
        whole = at[self.starts.integer[ids]]
        self._load(frame, chunks)
        self.highs.whole(whole)
        for _ in range(ROUNDS):
            try:
                best = self.highs.search(gap=GAP)
            except Infeasible:
                return False
            if best.x is None:
                return False
            self._take(frame, best.x)
            found = self._broken(chunks, frame.first, frame.last)
            if not found:
                break
            self.highs.add_rows(*self._written(found, frame))
            chunks += found
        self.highs.set(presolve="off")
        self.starts.settle(frame.first, frame.last, self.x)
        return True

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

    def _written(self, chunks: list[Lazy], frame: Frame) -> tuple[np.ndarray, np.ndarray, sp.csr_array]:
        """Low and high (k,), matrix (k, columns of the window) of lazy rows in their order."""
        columns, first = len(frame.ids), frame.first
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
        return np.concatenate(lows), np.concatenate(highs), _doubled(sp.csr_array(sp.vstack(parts, format="csr")), frame.tied)

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

    def _basis(self, frame: Frame, chunks: list[Lazy]) -> tuple[np.ndarray, np.ndarray]:
        """Statuses with as many basic ones as rows."""
        column = np.append(self.column_status[frame.ids], np.full(len(frame.tied), LOWER))
        row = np.concatenate([self.row_status[frame.rows], *(c.status for c in chunks)]).astype(np.int32)
        return squared(column, row)

    def _ended(self, frame: Frame, chunks: list[Lazy]) -> Window:
        """What the window leaves, and the statuses of the next one."""
        value, dual = self.highs.solution()
        column, row = self.highs.basis()
        ids, rows, last = frame.ids, frame.rows, frame.last
        self.column_status[ids], self.row_status[rows] = column[: len(ids)], row[: len(rows)]
        for status, mine, step in ((self.column_status, ids, self.form.column_step), (self.row_status, rows, self.form.row_step)):
            end = mine[step[mine] == last - 1]  # steps are the last coordinate of a family: the id after is the next step
            end = end[(end + 1 < len(step)) & (step[np.minimum(end + 1, len(step) - 1)] == last)]
            status[end + 1] = status[end]
        place = len(rows)
        for chunk in chunks:
            chunk.status = row[place : place + len(chunk.element)]
            place += len(chunk.element)
        known = _by_pair(chunks, dual, len(rows))
        self.lazy, self.warm = {c.pair: c for c in known}, True
        window = self._window(frame, known, value, dual)
        return replace(window, x=self._shared(frame, known, window.form, value))

    def _window(self, frame: Frame, known: list[Lazy], value: np.ndarray, dual: np.ndarray) -> Window:
        """A window with its lazy rows, one part for each family, and the duals of its rows before these."""
        ids, rows, last, more = frame.ids, frame.rows, frame.last, self._written(known, frame)
        step = np.concatenate([self.form.row_step[rows], *(c.step for c in known)])
        none, columns = np.zeros(len(frame.cost)), self.form.column_step[np.append(ids, ids[frame.tied])]
        form = StandardForm(
            frame.cost, none, 0.0, frame.lower, frame.upper, none > 0, np.append(frame.low, more[0]), np.append(frame.high, more[1]),
            sp.csr_array(sp.vstack([frame.matrix, more[2]], format="csr")), columns, step,
        )  # fmt: skip
        cost = float(self.form.cost[ids] @ self.x[ids])
        return Window(frame.first, last, rows, dual[: len(rows)], known, cost, form, value, frame, frame.tied)

    def _shared(self, frame: Frame, chunks: list[Lazy], form: StandardForm, value: np.ndarray) -> np.ndarray:
        """Values of the window with equal offers shared, and x with them."""

        def beside(made: np.ndarray) -> np.ndarray:
            self._take(frame, made)
            found = [self.families[c.pair][0].expand(c.element, c.step)[1] for c in self._broken(chunks, frame.first, frame.last)]
            return self.rank[np.concatenate([np.zeros(0, int), *found])]

        tied = self.offers.tied(form, value, slice(frame.first, frame.last), self.x, self.rank)
        value = spread(form, value, tied, beside)
        self._take(frame, value)
        return value


def _doubled(matrix: sp.csr_array, tied: np.ndarray) -> sp.csr_array:
    """The matrix (m, n) with copies of some of its columns after all others (m, n + k)."""
    return sp.csr_array(sp.hstack([matrix, matrix[:, tied]], format="csr")) if len(tied) else sp.csr_array(matrix)


def _by_pair(chunks: list[Lazy], dual: np.ndarray, first: int) -> list[Lazy]:
    """Lazy rows with their duals, which begin at `first`, one part for each family."""
    for chunk in chunks:
        chunk.dual = dual[first : first + len(chunk.element)]
        first += len(chunk.element)
    return [_joined([c for c in chunks if c.pair == pair]) for pair in sorted({c.pair for c in chunks})]


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
