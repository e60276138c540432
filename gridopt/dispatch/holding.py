"""Held: a linear relaxation that stays loaded while decisions are held at whole values and let go again, a few pivots each time."""

from __future__ import annotations

from typing import Any

import numpy as np

from gridopt.dispatch.attempts import Attempts
from gridopt.dispatch.lazy import Loaded, solve
from gridopt.program.highs import BASIC
from gridopt.program.solution import Infeasible, LimitReached, SolverFailed
from gridopt.program.standard_form import value

STEADY: dict[str, Any] = {"dual_simplex_cost_perturbation_multiplier": 0.0}
"""The next optimum lies a few pivots away: to disturb all costs and to undo it takes longer than what ties may cost."""
OPEN = 1e-6
"""By how much a value must miss a whole number to be open."""


class Held:
    """The relaxation with some decisions held; held: which, bool (k,); stepped: those of whole numbers above one, bool (k,)."""

    def __init__(self, attempts: Attempts, loaded: Loaded):
        self.attempts, self.loaded, self.held = attempts, loaded, np.zeros(len(attempts.ids), bool)
        form = attempts.relaxed.form
        self.stepped = form.upper[attempts.ids] - form.lower[attempts.ids] > 1.0 + OPEN
        self._place = loaded.rank[attempts.ids]
        self._root, self._dual = loaded.highs.basis(), np.zeros(0)
        loaded.highs.set(**STEADY)

    def hold(self, some: np.ndarray, values: np.ndarray, floor: np.ndarray | None = None, most: float = np.inf) -> np.ndarray | None:
        """The optimum (n,) with further decisions held at values, and no other below `floor` (k,); None, and they are let go again, if
        there is none or it costs more than `most`."""
        before, form, ids = self.loaded.highs.basis(), self.attempts.relaxed.form, self.attempts.ids
        raised = np.zeros(0, int) if floor is None else np.flatnonzero(~self.held & (floor > form.lower[ids]))
        if floor is not None:
            self._bound(raised, floor[raised], form.upper[ids[raised]])
        self._bound(some, values, values)
        self._no_more_than(most)
        try:
            found = solve(self.attempts.relaxed, program=self.attempts.program, loaded=self.loaded)
            x, self._dual = found.x, found.y
        except (Infeasible, LimitReached, SolverFailed):
            x = None
        self._no_more_than(np.inf)
        if x is None or value(self.attempts.relaxed.form, x) > most:
            self.release(np.append(some, raised))
            self.begin(before)
            return None
        self.held[some] = True
        return x

    def _no_more_than(self, cost: float) -> None:
        """The dual simplex method ends as soon as it knows that the optimum costs more."""
        self.loaded.highs.set(objective_bound=float(np.ldexp(cost - self.attempts.relaxed.form.offset, self.loaded.scale)))

    def slopes(self, some: np.ndarray) -> np.ndarray:
        """What the last optimum that was found would cost more for a unit more of decisions that are held, by column (n,)."""
        form, slope = self.attempts.relaxed.form, np.zeros(len(self.attempts.relaxed.form.cost))
        columns = self.attempts.ids[some]
        slope[columns] = (form.cost - form.matrix.T @ self._dual)[columns]
        return slope

    def other_side(self, one: np.ndarray, now: np.ndarray, most: float) -> np.ndarray | None:
        """The optimum (n,) with one decision, (1,), held at the whole number on the far side of `now`, where the near one costs more than
        `most` or fits nothing; where both do, at that which costs less."""
        near = np.round(now)
        far = np.where(near > now, near - 1.0, near + 1.0)
        x = self.hold(one, far, most=most)
        if x is not None or most == np.inf:
            return x
        before = self.loaded.highs.basis()
        x = self.hold(one, far)
        cost = np.inf if x is None else value(self.attempts.relaxed.form, x)
        if x is not None:
            self.release(one)
            self.begin(before)
        other = self.hold(one, near, most=cost)
        return self.hold(one, far) if other is None and x is not None else other

    def begin(self, basis: tuple[np.ndarray, np.ndarray]) -> None:
        """Goes back to a basis, with all rows that have been written since: what proves that there is no optimum is a poor start."""
        column, row = basis
        self.loaded.highs.set_basis(column, np.append(row, np.full(self.loaded.highs.rows - len(row), BASIC, row.dtype)))

    def begin_again(self) -> None:
        """Back to where the relaxation was, nothing held, with the rows that searches have written since."""
        self.release(np.flatnonzero(self.held))
        self.loaded.catch_up()
        self.begin(self._root)

    def release(self, some: np.ndarray) -> None:
        """Lets decisions go."""
        form, ids = self.attempts.relaxed.form, self.attempts.ids[some]
        self._bound(some, form.lower[ids], form.upper[ids])
        self.held[some] = False

    def _bound(self, some: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> None:
        here = self._place[some] >= 0
        self.loaded.highs.bound(self._place[some][here], lower[here], upper[here])
