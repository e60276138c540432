"""The lazy loop: solve a relaxed program, evaluate every lazy family for all steps, add what is broken, re-solve, until nothing is.

Columns that are normally zero (shedding, over-generation) are left out in the same way and priced back: one joins when its reduced
cost is negative, all join when the program without them is infeasible. On exit every row holds and every column prices out, so the
result is exact; `dual_bound` proves it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp

from gridopt.dispatch.tangents import CLOSE, PROVEN, Tangents, exact, gap
from gridopt.program.family import Found, LazyFamily
from gridopt.program.highs import BASIC, LOWER, UPPER, Highs
from gridopt.program.solution import Infeasible, Solution, SolverFailed
from gridopt.program.standard_form import Rows, StandardForm, dual_bound, extend, stack

FEASIBLE = 1e-6
"""MW by which a row may be broken."""
ROUNDS = 200
MANY = 1_000_000
"""Columns from which those that are normally zero are left out: they cost memory then. A smaller program is quicker with them where they
are needed, and no slower where they are not."""

SCALE = -14
"""Power of two by which the cost of the relaxation of a program with decisions is scaled: at costs of millions the dual simplex method
disturbs prices by too much, and takes half as many pivots again. Any duals prove a bound; prices come from programs that are not scaled."""


Program = Callable[[], Any]
"""Makes an empty program with the methods of Highs that Loaded calls: HiGHS itself, or any solver through PuLP."""


class Relaxed:
    """A program with the rows written so far and the columns in use. `added[f]`: (element, step, row) of the written rows of family f.

    rest (n,): where each column that is not in use stays, at one of its bounds; zero for those in use.
    """

    def __init__(self, form: StandardForm, families: list[LazyFamily]):
        self.form, self.families = form, families
        self.core = len(form.row_lower)
        self.used = (form.lower != 0) | (form.upper != 0)
        if len(form.cost) > MANY:
            self.used &= ~form.optional
        if not self.used.any():
            self.used[:] = True  # HiGHS calls a program without columns empty, whatever its rows ask for
        self.rest = np.zeros(len(form.cost))
        self.added: dict[str, np.ndarray] = {}

    def apart(self) -> Relaxed:
        """The same program; rows that are written from now on are not the other's."""
        made = copy.copy(self)
        made.used, made.rest, made.added = self.used.copy(), self.rest.copy(), dict(self.added)
        return made

    def broken(self, x: np.ndarray) -> dict[str, Found]:
        """(element, step) of the rows that x breaks and that are not written yet, by family."""
        return broken(self.families, x, self.added)

    def write(self, chosen: dict[str, Found]) -> Rows:
        """Writes the chosen rows out, adds them to the form and returns them."""
        parts, first = [], len(self.form.row_lower)
        for f in self.families:
            if f.family.name not in chosen:
                continue
            element, step = chosen[f.family.name]
            parts.append(written(f, element, step, len(self.form.cost)))
            ids = np.arange(first, first + len(element))
            first += len(element)
            old = self.added.get(f.family.name, np.zeros((3, 0), int))
            self.added[f.family.name] = np.concatenate([old, np.array([element, step, ids])], axis=1)
        rows = stack(parts, len(self.form.cost))
        self.form = extend(self.form, rows)
        return rows

    def take(self, other: Relaxed) -> None:
        """Writes the rows that `other`, the same program, has and this one has not."""
        chosen: dict[str, Found] = {}
        for f in self.families:
            theirs, mine = (r.added.get(f.family.name, np.zeros((3, 0), int)) for r in (other, self))
            size = f.family.shape[-1]
            new = ~np.isin(theirs[0] * size + theirs[1], mine[0] * size + mine[1])
            if new.any():
                chosen[f.family.name] = theirs[0][new], theirs[1][new]
        self.write(chosen)

    @property
    def spare(self) -> np.ndarray:
        """Columns that are not in use and could be, as a mask."""
        return ~self.used & (self.form.upper > self.form.lower)

    def leave_out(self, columns: np.ndarray, values: np.ndarray) -> None:
        """Takes columns out of use; they stay at `values`."""
        self.used[columns], self.rest[columns] = False, values

    def join(self, columns: np.ndarray) -> None:
        """Takes columns (a mask) into use."""
        self.used |= columns
        self.rest[columns] = 0.0

    def wanted(self, y: np.ndarray) -> np.ndarray:
        """Unused columns that could save cost at duals y, as a mask."""
        reduced = self.form.cost - self.form.matrix.T @ y
        gain = np.where(self.rest > self.form.lower, -reduced, reduced)
        return self.spare & (gain < -1e-7 * np.maximum(1.0, np.abs(self.form.cost)))

    @property
    def limited(self) -> np.ndarray:
        """Rows that have a limit, as a mask."""
        return np.isfinite(self.form.row_lower) | np.isfinite(self.form.row_upper)

    @property
    def rows_added(self) -> int:
        return len(self.form.row_lower) - self.core


def written(f: LazyFamily, element: np.ndarray, step: np.ndarray, columns: int) -> Rows:
    """Chosen rows of a lazy family, (k,), over so many columns."""
    row, col, coef, constant = f.expand(element, step)
    # Wide indices would widen those of the whole program, below which these rows are put.
    matrix = sp.csr_array((coef, (row.astype(np.int32), col.astype(np.int32))), shape=(len(element), columns))
    matrix.sum_duplicates()
    lower, upper = f.limits(element, step)
    return Rows(lower - constant, upper - constant, step, matrix)


def broken(
    families: list[LazyFamily], x: np.ndarray, written: Mapping[str, np.ndarray], steps: slice = slice(None), seam: bool = False
) -> dict[str, Found]:
    """Rows that x breaks at a slice of the steps, by family, but for those `written`: (element, step, ...) by family.

    seam: without the rows that look back beyond the slice, where x is only an estimate that they might be unable to follow.
    """
    result = {}
    for f in families:
        element, step = f.broken(x, FEASIBLE * f.sharp, steps)
        if seam and f.looks_back:
            inside = step > (steps.start or 0)
            element, step = element[inside], step[inside]
        if f.family.name in written:
            size = f.family.shape[-1]
            have = written[f.family.name]
            new = ~np.isin(element * size + step, have[0] * size + have[1])
            element, step = element[new], step[new]
        if len(element):
            result[f.family.name] = (element, step)
    return result


class Loaded:
    """A Relaxed program inside a solver; `columns`, `rows`: builder ids in the order of HiGHS, (n,) and (m,), -1 for a tangent.

    Columns for square costs follow after `columns`. Rows without a limit are not loaded: each costs time in every pivot. scale: power of two
    by which the cost in the solver is scaled.
    """

    def __init__(self, relaxed: Relaxed, highs: Highs, columns: np.ndarray, rows: np.ndarray, tangents: Tangents | None = None):
        self.relaxed, self.highs, self.columns, self.rows, self.tangents = relaxed, highs, columns, rows, tangents
        self.size, self.scale = len(relaxed.form.cost), 0
        self.rank = np.full(self.size, -1)
        self.rank[columns] = np.arange(len(columns))

    @classmethod
    def load(cls, relaxed: Relaxed, program: Program, basis: tuple[np.ndarray, np.ndarray] | None = None) -> Loaded:
        """Used columns and all rows step by step in time: neighbours in time are neighbours in memory. `basis`: statuses by builder id."""
        form = relaxed.form
        used, limited = np.flatnonzero(relaxed.used), np.flatnonzero(relaxed.limited)
        columns, rows = (ids[np.argsort(step[ids], kind="stable")] for ids, step in ((used, form.column_step), (limited, form.row_step)))
        tangents = Tangents.begin(form, columns) if form.square.any() else None
        highs = program()
        matrix = sp.csr_array(form.matrix[rows][:, columns])
        extra = 0 if tangents is None else len(tangents.ids)
        matrix.resize((len(rows), len(columns) + extra))
        given = (form.matrix @ relaxed.rest)[rows]
        highs.load(
            np.append(form.cost[columns], np.ones(extra)), np.append(form.lower[columns], np.zeros(extra)),
            np.append(form.upper[columns], np.full(extra, np.inf)), matrix, form.row_lower[rows] - given, form.row_upper[rows] - given,
        )  # fmt: skip
        made = cls(relaxed, highs, columns, rows, tangents)
        if tangents is not None:
            made.bend(0)
        elif basis is not None:
            highs.set_basis(*squared(basis[0][columns], basis[1][rows]))
        return made

    def bend(self, first: int) -> None:
        """Appends the tangents from number `first` on."""
        if self.tangents is not None:
            lower, matrix = self.tangents.rows(first, self.rank, len(self.columns))
            self.highs.add_rows(lower, np.full(len(lower), np.inf), matrix)
            self.rows = np.append(self.rows, np.full(len(lower), -1))

    def catch_up(self) -> None:
        """Appends the rows that others have written into the relaxed program since."""
        form = self.relaxed.form
        missing = np.setdiff1d(np.flatnonzero(self.relaxed.limited), self.rows)
        if len(missing):
            self.add(Rows(form.row_lower[missing], form.row_upper[missing], form.row_step[missing], form.matrix[missing]), missing)

    def add(self, rows: Rows, ids: np.ndarray | None = None) -> None:
        """Appends rows of the relaxed program, those with `ids` or the ones that it has been given last; their parts on columns that are not
        loaded go to the bounds."""
        ids = len(self.relaxed.form.row_lower) - len(rows) + np.arange(len(rows)) if ids is None else ids
        coo, given = rows.matrix.tocoo(), rows.matrix @ self.relaxed.rest
        place = self.rank[coo.coords[1]]
        here = place >= 0
        shape = (len(rows), self.highs.columns)
        matrix = sp.csr_array((coo.data[here], (coo.coords[0][here], place[here])), shape=shape)
        self.highs.add_rows(rows.lower - given, rows.upper - given, matrix)
        self.rows = np.append(self.rows, ids)

    def join(self, wanted: np.ndarray, program: Program) -> Loaded:
        """The program with more columns (a mask), each at the bound that its price asks for: so the basis stays dual feasible."""
        ids, rest = np.flatnonzero(wanted), self.relaxed.rest[wanted]
        if self.tangents is not None or not isinstance(self.highs, Highs):
            start = self.basis()
            self.relaxed.join(wanted)
            return Loaded.load(self.relaxed, program, start)
        self.relaxed.join(wanted)
        form, (column, row) = self.relaxed.form, self.highs.basis()
        matrix = form.matrix[:, ids][self.rows]
        touched = np.flatnonzero(abs(matrix) @ np.abs(rest))
        own = self.rows[touched]
        given = form.matrix[own] @ self.relaxed.rest
        for place, low, high in zip(touched, form.row_lower[own] - given, form.row_upper[own] - given, strict=True):
            self.highs.change_row_bounds(int(place), [low], [high])
        self.highs.add_columns(form.cost[ids], form.lower[ids], form.upper[ids], sp.csc_array(matrix))
        at_upper = (rest <= form.lower[ids]) & np.isfinite(form.upper[ids])
        self.highs.set_basis(np.append(column, np.where(at_upper, UPPER, LOWER)), row)
        self.columns = np.append(self.columns, ids)
        self.rank[self.columns] = np.arange(len(self.columns))
        return self

    def values(self, form: StandardForm) -> tuple[np.ndarray, np.ndarray]:
        """Columns and row duals by builder id."""
        x, y = self.relaxed.rest.copy(), np.zeros(len(form.row_lower))
        values, duals = self.highs.solution()
        x[self.columns], y[self.rows[self.rows >= 0]] = values[: len(self.columns)], duals[self.rows >= 0]
        return x, y

    def basis(self) -> tuple[np.ndarray, np.ndarray]:
        """Statuses by builder id."""
        column, row = self.highs.basis()
        own = self.rows >= 0
        columns = np.where(self.relaxed.rest > self.relaxed.form.lower, UPPER, LOWER).astype(np.int32)
        rows = np.full(len(self.relaxed.form.row_lower), BASIC, np.int32)
        columns[self.columns], rows[self.rows[own]] = column[: len(self.columns)], row[own]
        return columns, rows

    def curved(self, form: StandardForm, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, bool]:
        """(x, y, whether it is the optimum): the exact optimum once the tangents are close, else more tangents."""
        if self.tangents is None or gap(form, x, y) <= 1e-3 * PROVEN:
            return x, y, True
        if gap(form, x, y) <= CLOSE:
            column, row = self.basis()
            found = exact(form, x, y, row, column, self.columns)
            if found is not None:
                return *found, True
        first = len(self.tangents.column)
        if not self.tangents.refine(form, x, y):
            return x, y, True
        self.bend(first)
        return x, y, False


def squared(column: np.ndarray, row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Statuses with as many basic ones as rows, where they come from a program with a few other columns and rows."""
    surplus = int((column == BASIC).sum() + (row == BASIC).sum()) - len(row)
    column, row = column.copy(), row.copy()
    if surplus > 0:
        column[np.flatnonzero(column == BASIC)[-surplus:]] = LOWER
    elif surplus < 0:
        row[np.flatnonzero(row != BASIC)[:-surplus]] = BASIC
    return column, row


def scaled(loaded: Loaded) -> Loaded:
    """The program with a scaled cost, where HiGHS has it (SCALE)."""
    if isinstance(loaded.highs, Highs):
        loaded.scale = SCALE
        loaded.highs.set(user_objective_scale=SCALE)
    return loaded


def solve(
    relaxed: Relaxed, *, program: Program = Highs, loaded: Loaded | None = None, progress: Callable[[str], None] = lambda text: None
) -> Solution:
    """Runs the loop to its end, from nothing or from a program that is `loaded` already with a basis. `program` makes an empty one.

    Raises Infeasible when even shedding and over-generation do not help.
    """
    loaded, iterations = loaded or Loaded.load(relaxed, program), 0
    for number in range(1, ROUNDS + 1):
        try:
            loaded.highs.solve()
        except Infeasible:
            spare = relaxed.spare
            if not spare.any():
                raise
            start = loaded.basis()
            relaxed.join(spare)
            loaded = Loaded.load(relaxed, program, start)
            progress(f"round {number}: short somewhere; load shedding and over-generation join")
            continue
        iterations += loaded.highs.iterations
        x, y = loaded.values(relaxed.form)
        chosen, wanted = relaxed.broken(x), relaxed.wanted(y)
        if not chosen and not wanted.any():
            x, y, done = loaded.curved(relaxed.form, x, y)
            chosen = relaxed.broken(x) if done else {}
            if done and not chosen:
                bound = dual_bound(relaxed.form, y)
                progress(f"round {number}: optimal, {loaded.highs.iterations} iterations")
                return Solution(relaxed.form, x, y, bound, number, relaxed.added, {"iterations": iterations, "basis": loaded.basis()})
        count = sum(len(e) for e, _ in chosen.values())
        progress(f"round {number}: {count} broken rows, {int(wanted.sum())} columns asked for, {loaded.highs.iterations} iterations")
        loaded.add(relaxed.write(chosen))
        if wanted.any():
            loaded = loaded.join(wanted, program)
    raise SolverFailed(f"rows were still broken after {ROUNDS} rounds")
