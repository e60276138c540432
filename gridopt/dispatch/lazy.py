"""The lazy loop: solve a relaxed program, evaluate every lazy family for all steps, add what is broken, re-solve, until nothing is.

Columns that are normally zero (shedding, over-generation) are left out in the same way and priced back: one joins when its reduced
cost is negative, all join when the program without them is infeasible. On exit every row holds and every column prices out, so the
result is exact; `dual_bound` proves it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp

from gridopt.program.builder import LazyFamily
from gridopt.program.highs import BASIC, LOWER, Highs
from gridopt.program.solution import Infeasible, Solution, SolverFailed
from gridopt.program.standard_form import Rows, StandardForm, dual_bound, extend, stack

FEASIBLE = 1e-6
"""MW by which a row may be broken."""
ROUNDS = 200


class Relaxed:
    """A program with the rows written so far and the columns in use. `place[f]`: (element, step, row) of the written rows of family f."""

    def __init__(self, form: StandardForm, families: list[LazyFamily]):
        self.form, self.families = form, families
        self.core = len(form.row_lower)
        self.used = ~form.optional & ((form.lower != 0) | (form.upper != 0))
        if not self.used.any():
            self.used[:] = True  # HiGHS calls a program without columns empty, whatever its rows ask for
        self.written = {f.family.name: np.zeros(f.lower.shape, bool) for f in families}
        self.added: dict[str, np.ndarray] = {}

    def broken(self, x: np.ndarray) -> dict[str, tuple[np.ndarray, ...]]:
        """(element, step) of the rows that x breaks and that are not written yet, by family."""
        result = {}
        for f in self.families:
            activity = f.activity(x)
            wrong = ((activity > f.upper + FEASIBLE) | (activity < f.lower - FEASIBLE)) & ~self.written[f.family.name]
            if wrong.any():
                result[f.family.name] = np.nonzero(wrong)
        return result

    def write(self, chosen: dict[str, tuple[np.ndarray, ...]]) -> Rows:
        """Writes the chosen rows out, adds them to the form and returns them."""
        parts, first = [], len(self.form.row_lower)
        for f in self.families:
            if f.family.name not in chosen:
                continue
            element, step = chosen[f.family.name]
            parts.append(_rows(f, element, step, len(self.form.cost)))
            self.written[f.family.name][element, step] = True
            ids = np.arange(first, first + len(element))
            first += len(element)
            old = self.added.get(f.family.name, np.zeros((3, 0), int))
            self.added[f.family.name] = np.concatenate([old, np.array([element, step, ids])], axis=1)
        rows = stack(parts, len(self.form.cost))
        self.form = extend(self.form, rows)
        return rows

    def wanted(self, y: np.ndarray) -> np.ndarray:
        """Unused columns whose reduced cost at duals y is negative, as a mask."""
        spare = np.flatnonzero(~self.used & (self.form.upper > 0))
        reduced = self.form.cost[spare] - self._spare_matrix(spare) @ y
        mask = np.zeros(len(self.used), bool)
        mask[spare[reduced < -1e-7 * np.maximum(1.0, np.abs(self.form.cost[spare]))]] = True
        return mask

    def _spare_matrix(self, spare):
        return sp.csr_array(self.form.matrix.tocsc()[:, spare].T)

    @property
    def rows_added(self) -> int:
        return len(self.form.row_lower) - self.core


def _rows(f: LazyFamily, element, step, columns) -> Rows:
    row, col, coef, constant = f.expand(element, step)
    matrix = sp.csr_array((coef, (row, col)), shape=(len(element), columns))
    matrix.sum_duplicates()
    return Rows(f.lower[element, step] - constant, f.upper[element, step] - constant, step, matrix)


class Loaded:
    """A Relaxed program inside HiGHS; `columns`, `rows`: builder ids in the order of HiGHS, (n,) and (m,)."""

    def __init__(self, relaxed: Relaxed, highs: Highs, columns: np.ndarray, rows: np.ndarray):
        self.highs, self.columns, self.rows = highs, columns, rows
        self.size = len(relaxed.form.cost)
        self.rank = np.full(self.size, -1)
        self.rank[columns] = np.arange(len(columns))

    @classmethod
    def load(cls, relaxed: Relaxed, log: str, basis: tuple[np.ndarray, np.ndarray] | None = None) -> Loaded:
        """Used columns and all rows step by step in time: neighbours in time are neighbours in memory. `basis`: statuses by builder id."""
        form = relaxed.form
        used = np.flatnonzero(relaxed.used)
        columns, rows = used[np.argsort(form.column_step[used], kind="stable")], np.argsort(form.row_step, kind="stable")
        highs = Highs(log, simplex_dual_edge_weight_strategy=1)
        matrix = sp.csr_array(form.matrix[rows][:, columns])
        highs.load(form.cost[columns], form.lower[columns], form.upper[columns], matrix, form.row_lower[rows], form.row_upper[rows])
        if basis is not None:
            highs.set_basis(basis[0][columns], basis[1][rows])
        return cls(relaxed, highs, columns, rows)

    def add(self, rows: Rows) -> None:
        """Appends rows; parts on columns that are not loaded do not matter, for those are zero."""
        coo = rows.matrix.tocoo()
        place = self.rank[coo.coords[1]]
        here = place >= 0
        shape = (len(rows), len(self.columns))
        self.highs.add_rows(rows.lower, rows.upper, sp.csr_array((coo.data[here], (coo.coords[0][here], place[here])), shape=shape))
        self.rows = np.concatenate([self.rows, np.arange(len(self.rows), len(self.rows) + len(rows))])

    def values(self, form: StandardForm) -> tuple[np.ndarray, np.ndarray]:
        """Columns and row duals by builder id; columns that are not loaded are zero."""
        x, y = np.zeros(self.size), np.zeros(len(form.row_lower))
        x[self.columns], y[self.rows] = self.highs.solution()
        return x, y

    def basis(self) -> tuple[np.ndarray, np.ndarray]:
        """Statuses by builder id; columns that are not loaded sit at their lower bound."""
        column, row = self.highs.basis()
        columns, rows = np.full(self.size, LOWER, np.int32), np.full(len(self.rows), BASIC, np.int32)
        columns[self.columns], rows[self.rows] = column, row
        return columns, rows


def solve(relaxed: Relaxed, *, log: str = "", loaded: Loaded | None = None, progress: Callable[[str], None] = lambda text: None) -> Solution:
    """Runs the loop to its end, from nothing or from a program that is `loaded` already with a basis.

    Raises Infeasible when even shedding and over-generation do not help.
    """
    loaded, iterations = loaded or Loaded.load(relaxed, log), 0
    for number in range(1, ROUNDS + 1):
        try:
            loaded.highs.solve()
        except Infeasible:
            spare = ~relaxed.used & (relaxed.form.upper > 0)
            if not spare.any():
                raise
            start = loaded.basis()
            relaxed.used |= spare
            loaded = Loaded.load(relaxed, log, start)
            progress(f"round {number}: short somewhere; load shedding and over-generation join")
            continue
        iterations += loaded.highs.iterations
        x, y = loaded.values(relaxed.form)
        chosen, wanted = relaxed.broken(x), relaxed.wanted(y)
        count = sum(len(e) for e, _ in chosen.values())
        progress(f"round {number}: {count} broken rows, {int(wanted.sum())} columns asked for, {loaded.highs.iterations} iterations")
        if not count and not wanted.any():
            bound = dual_bound(relaxed.form, y)
            return Solution(relaxed.form, x, y, bound, number, relaxed.added, {"iterations": iterations, "basis": loaded.basis()})
        rows = relaxed.write(chosen)
        if wanted.any():
            columns, old = loaded.basis()
            relaxed.used |= wanted
            loaded = Loaded.load(relaxed, log, (columns, np.concatenate([old, np.full(len(rows), BASIC, np.int32)])))
        else:
            loaded.add(rows)
    raise SolverFailed(f"rows were still broken after {ROUNDS} rounds")
