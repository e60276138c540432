"""Participants: a cleared program cut along the rows that its participants share, and what each would rather do at given prices.

    min  sum_g c_g x_g    over  x_g in X_g,   L <= sum_g A_g x_g <= U                                         (P1)

The shared rows (L, U) are balance, limits of the network and reserve requirements: those that draw on the ports `injection` and
`reserve`. What the other rows and the whole values of a group of columns leave is the private set X_g; a group is what hangs together
by such rows or belongs to one element. With prices y of the shared rows (y > 0 at L, y < 0 at U):

    best_g(y) = min over X_g of (c_g - A_g' y) x_g,   q(y) = sum_g best_g(y) + sum over rows of y L (y > 0) or y U (y < 0)    (P2)
    LOC_g = (c_g - A_g' y) x*_g - best_g(y) >= 0                                                              (P3)
    PRS   = sum over rows of y (A x* - L) (y > 0) or y (A x* - U) (y < 0) >= 0                                (P4)
    sum_g LOC_g + PRS = cost(x*) - q(y)                                                                       (P5)

Best answers: answers.py.
Source: Gribik, Hogan and Pope, Market-clearing electricity prices and energy uplift, 2007; Schiro et al., 2016.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
import scipy.sparse as sp

from gridopt.dispatch.answers import WHOLE, Answer, Answers, Programs
from gridopt.dispatch.elements import by_period, element_labels, groups, named
from gridopt.dispatch.formulate import implied
from gridopt.dispatch.lazy import FEASIBLE, broken, written
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.unit_paths import COLUMNS, ROWS, Paths, units_of
from gridopt.program.family import Found, LazyFamily
from gridopt.program.solution import Solution
from gridopt.program.standard_form import Rows, StandardForm, extend, stack

SHARED_PORTS, BALANCE = ("injection", "reserve"), "network.balance"

@dataclass
class Participants:
    """The program with whole values demanded again and every private row written.

    shared: ids of shared rows (k,); part: participant of each column (n,); names (g,): its elements as 'table id'; x: cleared values (n,);
    families: lazy shared rows, added: those written, as in a Solution; balance: the row that requires the injection of each bus and
    step (B, T); steady: shared rows that are always there, by family; follow: values (n,) in which whole values that follow from the
    others are set; known: duals of the rows (m,) that hold with the cleared whole values, and statuses of columns and rows then, if they
    were kept.
    """

    form: StandardForm
    shared: np.ndarray
    part: np.ndarray
    names: np.ndarray
    x: np.ndarray
    families: list[LazyFamily]
    added: dict[str, np.ndarray]
    balance: np.ndarray
    steady: dict[str, np.ndarray]
    follow: Callable[[np.ndarray], np.ndarray]
    known: tuple[np.ndarray, tuple[np.ndarray, np.ndarray] | None]
    paths: Paths | None = None

    @classmethod
    def of(cls, dispatch: Dispatch) -> Participants:
        """Participants of a solved dispatch."""
        builder, solution = dispatch.model.builder, dispatch.solution
        given = builder.form()
        form = _as_given(solution, given)
        steady = {f.name: f.ids.ravel() for f in builder.row_families if f.name in (BALANCE, *builder.shared_rows)}
        shared, rest = list(steady.values()), []
        for lazy in builder.lazy_families:
            known = solution.added.get(lazy.family.name, np.zeros((3, 0), int))
            if lazy.port in SHARED_PORTS:
                shared.append(known[2])
            else:
                rest.append(_rest(lazy, known, len(form.cost)))
        form = extend(form, stack(rest, len(form.cost)))
        rows = np.unique(np.concatenate([*shared, np.zeros(0, int)]).astype(int))
        names, label = element_labels(builder)
        part = groups(form, rows, label)
        families = [f for f in builder.lazy_families if f.port in SHARED_PORTS]
        added = {f.family.name: solution.added[f.family.name] for f in families if f.family.name in solution.added}
        balance, (number, whose) = builder.balance_rows["injection"], named(part, label, names)
        follow, paths = partial(implied, dispatch.model), _paths(dispatch, form, rows, number)
        dual = np.append(solution.y, np.zeros(len(form.row_lower) - len(solution.y)))
        optimum = dual, solution.statistics.get("basis")
        return cls(form, rows, number, whose, solution.x, families, added, balance, steady, follow, optimum, paths)

    @cached_property
    def private(self) -> np.ndarray:
        """Ids of the rows that are not shared; those without a limit hold nobody, and may go through several participants."""
        limited = np.isfinite(self.form.row_lower) | np.isfinite(self.form.row_upper)
        return np.setdiff1d(np.flatnonzero(limited), self.shared)

    @property
    def start(self) -> np.ndarray:
        """Duals (k,) of the shared rows that hold with the cleared whole values."""
        known = self.known[0]
        return np.append(known, np.zeros(len(self.form.row_lower) - len(known)))[self.shared]

    @property
    def binding(self) -> np.ndarray:
        """Rows (m,) that have a dual with the cleared whole values."""
        known = self.known[0]
        return np.append(known, np.zeros(len(self.form.row_lower) - len(known))) != 0

    @property
    def kept(self) -> bool:
        """Whether the cleared values keep all rows."""
        activity = self.form.matrix @ self.x
        return bool(((activity >= self.form.row_lower - FEASIBLE) & (activity <= self.form.row_upper + FEASIBLE)).all())

    def held(self, who: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Bounds (n,) with the whole values of participants `who` at the cleared ones."""
        lower, upper = self.form.lower.copy(), self.form.upper.copy()
        whole = self.form.integer[np.isin(self.part[self.form.integer], who)]
        lower[whole] = upper[whole] = np.clip(np.round(self.x[whole]), lower[whole], upper[whole])
        return lower, upper

    @cached_property
    def lumpy(self) -> np.ndarray:
        """Participants with whole values, sorted."""
        return np.unique(self.part[self.form.integer])

    def reduced(self, y: np.ndarray) -> np.ndarray:
        """c - A' y for prices y of the shared rows (k,), (n,)."""
        return self.form.cost - self.form.matrix[self.shared].T @ y

    def settled(self, x: np.ndarray, cost: np.ndarray) -> np.ndarray:
        """Values x (n,) with the whole values of each participant as they follow from its others, where its rows still hold then and its
        cost at `cost` (n,) is no more."""
        form, follow = self.form, self.follow(x)
        moved = np.zeros(len(x), bool)
        moved[form.integer] = follow[form.integer] != x[form.integer]
        matrix, part = self.own
        activity = matrix @ np.where(moved, follow, x)
        rows = self.private
        wrong = (activity < form.row_lower[rows] - FEASIBLE) | (activity > form.row_upper[rows] + FEASIBLE)
        worse = self.by_part(np.where(moved, cost * (follow - x), 0.0)) > 0
        worse[part[wrong]] = True
        return np.where(moved & ~worse[self.part], follow, x)

    @cached_property
    def own(self) -> tuple[sp.csr_array, np.ndarray]:
        """The private rows, and the participant of each (0 where nothing is in it)."""
        matrix = sp.csr_array(self.form.matrix[self.private])
        first = np.minimum(matrix.indptr[:-1], max(matrix.nnz - 1, 0))
        return matrix, self.part[matrix.indices[first]] if matrix.nnz else np.zeros(matrix.shape[0], int)

    def signed(self, y: np.ndarray) -> np.ndarray:
        """Prices y (k,) without what rounding has left of them on a side where the row has no limit."""
        low, high = self.form.row_lower[self.shared], self.form.row_upper[self.shared]
        return np.where((np.abs(y) <= WHOLE * np.abs(y).max(initial=0.0)) & np.isinf(np.where(y > 0, low, high)), 0.0, y)

    def by_part(self, values: np.ndarray) -> np.ndarray:
        """Sum of values (n,) over each participant (g,)."""
        return np.bincount(self.part, values, len(self.names))

    def by_period(self, values: np.ndarray, hours: np.ndarray) -> np.ndarray:
        """Sum of values (n,) over each participant and period (g, T); of columns over no period by hours (T,)."""
        return by_period(values, self.part, len(self.names), self.form.column_step, hours)

    def worth(self, y: np.ndarray) -> float:
        """Sum over the shared rows of y times the limit that it holds (the last part of P2)."""
        low, high = self.form.row_lower[self.shared], self.form.row_upper[self.shared]
        edge = np.where(y > 0, low, high)
        return float(np.sum(y[y != 0] * edge[y != 0]))

    def lost(self, y: np.ndarray, answer: Answer) -> np.ndarray:
        """Lost opportunity cost of each participant (P3), (g,)."""
        return self.by_part(self.reduced(y) * self.x) - answer.best

    def shortfall(self, y: np.ndarray) -> np.ndarray:
        """Product revenue shortfall of each shared row (P4), (k,)."""
        low, high = self.form.row_lower[self.shared], self.form.row_upper[self.shared]
        activity, y = self.form.matrix[self.shared] @ self.x, self.signed(y)
        slack = activity - np.where(y > 0, low, np.where(y < 0, high, activity))
        return y * slack

    def payment(self, weight: np.ndarray) -> np.ndarray:
        """What one unit of each shared row's dual adds to the sum of weight (B, T) x price x hours, (k,)."""
        found = np.zeros(len(self.form.row_lower))
        np.add.at(found, self.balance, weight)
        for lazy in self.families:
            element, step, row = self.added.get(lazy.family.name, np.zeros((3, 0), int))
            if lazy.port == "injection" and lazy.sensitivity is not None:
                for t in np.unique(step):
                    some = np.flatnonzero(step == t)
                    found[row[some]] += self.drawn(lazy, element[some], t) @ weight[:, t]
        return found[self.shared]

    def drawing(self, t: int) -> sp.csc_array:
        """How each row draws on the injection of each bus at a step, (rows, B): what one more MW of load there asks of it."""
        buses = np.arange(len(self.balance))
        row, bus, value = [self.balance[:, t]], [buses], [np.ones(len(buses))]
        for lazy in self.families:
            element, step, ids = self.added.get(lazy.family.name, np.zeros((3, 0), int))
            if lazy.port == "injection" and lazy.sensitivity is not None:
                some = np.flatnonzero(step == t)
                row.append(np.repeat(ids[some], len(buses)))
                bus.append(np.tile(buses, len(some)))
                value.append(self.drawn(lazy, element[some], t).ravel())
        at = np.concatenate(row), np.concatenate(bus)
        return sp.csc_array((np.concatenate(value), at), shape=(len(self.form.row_lower), len(buses)))

    @staticmethod
    def drawn(lazy: LazyFamily, element: np.ndarray, t: int) -> np.ndarray:
        """How rows of a lazy family draw on the buses at a step, (k, B)."""
        assert lazy.sensitivity is not None
        if lazy.draw is None:
            return lazy.sensitivity(element, t)
        row, place, factor = lazy.draw(element, np.full(len(element), t))
        through = lazy.sensitivity(place, t)
        total = np.zeros((len(element), through.shape[1]))
        np.add.at(total, row, factor[:, None] * through)
        return total

    def write_broken(self, x: np.ndarray) -> Rows:
        """Writes the shared rows that values x (n,) break and returns them; they stand last among `shared`."""
        return self._write(broken(self.families, x, self.added))

    def _write(self, found: dict[str, Found]) -> Rows:
        parts, first = [], len(self.form.row_lower)
        for lazy in self.families:
            if lazy.family.name in found:
                element, step = found[lazy.family.name]
                parts.append(written(lazy, element, step, len(self.form.cost)))
                ids = np.arange(first, first + len(element))
                first += len(element)
                old = self.added.get(lazy.family.name, np.zeros((3, 0), int))
                self.added[lazy.family.name] = np.concatenate([old, np.array([element, step, ids])], axis=1)
                self.shared = np.append(self.shared, ids)
        rows = stack(parts, len(self.form.cost))
        self.form = extend(self.form, rows)
        return rows

    def aligned(self, other: Participants, y: np.ndarray) -> np.ndarray:
        """Duals (k,) of these shared rows out of duals y of those of `other`, of the same network; rows that are missing are written."""
        theirs = np.zeros(len(other.form.row_lower))
        theirs[other.shared[: len(y)]] = y
        placed = [(self.steady[name], theirs[other.steady[name]]) for name in self.steady.keys() & other.steady.keys()]
        for lazy in self.families:
            element, step, row = other.added.get(lazy.family.name, np.zeros((3, 0), int))
            some = theirs[row] != 0
            placed.append((self._rows_of(lazy, element[some], step[some]), theirs[row[some]]))
        duals = np.zeros(len(self.form.row_lower))
        for rows, values in placed:
            duals[rows] = values
        return duals[self.shared]

    def _rows_of(self, lazy: LazyFamily, element: np.ndarray, step: np.ndarray) -> np.ndarray:
        """Ids of rows of a lazy family; those that are missing are written."""
        size, known = lazy.family.shape[-1], self.added.get(lazy.family.name, np.zeros((3, 0), int))
        new = ~np.isin(element * size + step, known[0] * size + known[1])
        self._write({lazy.family.name: (element[new], step[new])} if new.any() else {})
        known = self.added.get(lazy.family.name, np.zeros((3, 0), int))
        order = np.argsort(known[0] * size + known[1])
        return known[2][order[np.searchsorted((known[0] * size + known[1])[order], element * size + step)]]

    def changed(self, lower: np.ndarray, upper: np.ndarray) -> Participants:
        """The same participants with other bounds of their columns (n,)."""
        return self.like(form=replace(self.form, lower=lower, upper=upper), paths=None)

    def like(self, **changes) -> Participants:
        """The same participants with other fields, but for their private rows and whole values."""
        made = replace(self, added=dict(self.added), **changes)
        made.__dict__.update(private=self.private, lumpy=self.lumpy, own=self.own)
        return made

    def again(self) -> Participants:
        """The same participants for a rule that writes further shared rows. The programs of their answers are shared: what best answers are
        worth is the same whoever asked before, but which of several they are is not; see alone()."""
        made = self.like()
        made.__dict__["programs"] = self.programs
        return made

    def alone(self) -> None:
        """From now on answers that do not depend on what was asked before; nothing of that is kept."""
        for name in ("programs", "_asked", "own"):
            self.__dict__.pop(name, None)

    def long(self, y: np.ndarray) -> np.ndarray:
        """Prices (k,) of the shared rows that there are now: those written since had none."""
        return np.append(y, np.zeros(len(self.shared) - len(y)))

    @property
    def answers(self) -> Answers:
        """What finds best answers. It is not kept: what holds these participants would never be given back."""
        return Answers(self, self.programs, self._asked)

    @cached_property
    def programs(self) -> Programs:
        """What best answers are found by, and what is known from those who asked before."""
        return Programs(self)

    @cached_property
    def _asked(self) -> list[tuple[np.ndarray, np.ndarray, Answer]]:
        return []


def _paths(dispatch: Dispatch, form: StandardForm, shared: np.ndarray, part: np.ndarray) -> Paths | None:
    """Units whose best schedules are found without a search: participants with columns and rows of the usual families alone."""
    committed, builder = dispatch.committed, dispatch.model.builder
    if committed is None or dispatch.case.commitment != "exact":
        return None
    other_columns, other_rows = np.ones(len(form.cost), bool), np.ones(len(form.row_lower), bool)
    for f in builder.column_families:
        if f.name in COLUMNS:
            other_columns[f.ids.ravel()] = False
    for f in builder.row_families:
        if f.name in ROWS:
            other_rows[f.ids.ravel()] = False
    other_rows[shared] = False
    odd = np.bincount(part, other_columns | (form.square > 0), part.max(initial=-1) + 1) > 0
    odd[part[form.matrix[np.flatnonzero(other_rows)].indices]] = True
    alone = np.bincount(part[committed.on[:, 0]], minlength=len(odd)) == 1
    plain = (~odd & alone)[part[committed.on[:, 0]]]
    units = units_of(committed, form, dispatch.case.time.hours, plain)
    return Paths(committed, form, dispatch.case.time.hours, units) if units else None


def _as_given(solution: Solution, given: StandardForm) -> StandardForm:
    """The program of a solution with the bounds that the case gives, without whole values that were held; and with the rows that were open
    because of what was held, but for those that its values break."""
    form, core = solution.form, len(given.row_lower)
    activity = given.matrix @ solution.x
    low, high = form.row_lower.copy(), form.row_upper.copy()
    back = np.isinf(low[:core]) & np.isinf(high[:core])
    back &= (activity >= given.row_lower - FEASIBLE) & (activity <= given.row_upper + FEASIBLE)
    low[:core][back], high[:core][back] = given.row_lower[back], given.row_upper[back]
    return replace(form, lower=given.lower, upper=given.upper, row_lower=low, row_upper=high)


def _rest(lazy: LazyFamily, known: np.ndarray, columns: int) -> Rows:
    """The rows of a private lazy family that are not written yet; known: (element, step, row) of those that are."""
    element, step = lazy.every()
    size = lazy.family.shape[-1]
    new = ~np.isin(element * size + step, known[0] * size + known[1])
    element, step = element[new], step[new]
    return written(lazy, element, step, columns) if len(element) else stack([], columns)
