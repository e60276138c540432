"""Kernel: a linear program without the rows that do not bind, begun from what is known of its optimum.

    min c x,   L <= A x <= U,   l <= x <= u                                                              (Z1)
    loaded: columns that may ever move; rows of the basis that is known, equalities, and every row that an optimum has broken since  (Z2)

Rows that are broken join until none is, so that the optimum is that of (Z1). Most rows of units and stores never bind: what is left is a
fraction of the program, and pivots cost accordingly. Columns, rows and costs may be added and changed between two solves; the basis stays.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from gridopt.dispatch.lazy import FEASIBLE
from gridopt.program.highs import BASIC, EITHER, LOWER, Highs
from gridopt.program.solution import Infeasible, SolverFailed
from gridopt.program.standard_form import StandardForm

ROUNDS = 200
"""Solves in which all broken rows should have joined."""
Basis = tuple[np.ndarray, np.ndarray]
"""Statuses of columns and rows; those that came later stand at their lower bound, and are basic."""


class Kernel:
    """(Z1) of `form`, which may grow at its end."""

    def __init__(self, form: StandardForm, basis: Basis | None, near: np.ndarray):
        """near bool (m,): rows that are likely to bind, beside those that the basis says do."""
        self.form = form
        fixed = form.lower == form.upper
        self.columns, self.rest = np.flatnonzero(~fixed), np.where(fixed, form.lower, 0.0)
        self.given = form.matrix @ self.rest
        some = np.diff(sp.csr_array(form.matrix[:, self.columns]).indptr) > 0
        row = np.full(len(form.row_lower), BASIC)
        if basis is not None:
            row[: len(basis[1])] = basis[1]
        self.rows = np.flatnonzero(some & (near | (row != BASIC) | (form.row_lower == form.row_upper)))
        self.program = Highs(simplex_strategy=EITHER) if basis is not None else Highs(presolve="on")
        matrix = sp.csr_array(form.matrix[self.rows][:, self.columns])
        cost, lower, upper = (v[self.columns] for v in (form.cost, form.lower, form.upper))
        self.program.load(cost, lower, upper, matrix, *self._limits(self.rows))
        if basis is not None:
            column = np.full(len(form.cost), LOWER)
            column[: len(basis[0])] = basis[0]
            self.program.set_basis(column[self.columns], row[self.rows])

    def _limits(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.form.row_lower[rows] - self.given[rows], self.form.row_upper[rows] - self.given[rows]

    def bound(self, columns: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> None:
        """New bounds of columns (k,) that may move."""
        self.program.bound(np.searchsorted(self.columns, columns), lower, upper)

    def costs(self, cost: np.ndarray) -> None:
        """New costs (n,)."""
        self.program.change_costs(cost[self.columns])

    def grow(self, form: StandardForm) -> None:
        """Takes up the columns and rows that `form` has at its end beyond those known; new rows are loaded at once."""
        n, m = len(self.form.cost), len(self.form.row_lower)
        columns, old = np.arange(n, len(form.cost)), self.rows
        self.form = form
        self.rest = np.append(self.rest, np.zeros(len(columns)))
        self.given = form.matrix @ self.rest
        matrix = sp.csc_array(form.matrix[old][:, columns])
        self.program.add_columns(form.cost[columns], form.lower[columns], form.upper[columns], matrix)
        self.columns = np.append(self.columns, columns)
        self._join(np.arange(m, len(form.row_lower)))

    def _join(self, rows: np.ndarray) -> None:
        if len(rows):
            self.program.add_rows(*self._limits(rows), sp.csr_array(self.form.matrix[rows][:, self.columns]))
            self.rows = np.append(self.rows, rows)

    def solve(self) -> tuple[np.ndarray, np.ndarray]:
        """Values (n,) and duals of the rows (m,). Raises Infeasible, SolverFailed."""
        form = self.form
        if not len(self.columns):
            return self.rest, np.zeros(len(form.row_lower))
        for _ in range(ROUNDS):
            try:
                self.program.solve()
            except (SolverFailed, Infeasible):  # without its rows a column may have no end
                rest = np.setdiff1d(np.arange(len(form.row_lower)), self.rows)
                if not len(rest):
                    raise
                self._join(rest)
                continue
            self.program.set(presolve="off", simplex_strategy=EITHER)
            x, (value, dual) = self.rest.copy(), self.program.solution()
            x[self.columns] = value
            activity = form.matrix @ x
            wrong = (activity < form.row_lower - FEASIBLE) | (activity > form.row_upper + FEASIBLE)
            wrong[self.rows] = False
            if not wrong.any():
                y = np.zeros(len(form.row_lower))
                y[self.rows] = dual
                return x, y
            self._join(np.flatnonzero(wrong))
        raise SolverFailed(f"rows were still broken after {ROUNDS} rounds")
