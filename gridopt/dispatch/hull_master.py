"""The master of convex hull prices: every participant as cleared in its whole values, or a mean of that and of further schedules.

    x_g in P_g = {l <= x <= u, b <= B x <= b', whole values as cleared: w}                                       (G1)
    loose:      b <= B x + v (b - B w),  B x + v (b' - B w) <= b',  x + v u <= u,  x + v l >= l  for what is not whole,
                v = sum_i theta[i];   w counts 1 - v times, each schedule x[i] theta[i] times                   (G2)

(G2) says that x is 1 - v times a point of P_g. It is one column v and a few rows beside those of (G1), and leaves the basis as it is. The
program is kept as a whole, for the choice of its duals, and as a kernel that is solved.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from gridopt.dispatch.kernel import Kernel
from gridopt.dispatch.participants import Participants
from gridopt.dispatch.right_duals import Duals, spread
from gridopt.program.standard_form import Rows, extend

NO_COLUMNS = np.zeros(0, int)


class Optimum(NamedTuple):
    """Prices y of the shared rows (k,), values x (n,) of the participants' columns, cost, and MW of help taken."""

    y: np.ndarray
    x: np.ndarray
    cost: float
    help: float


class Master:
    """loose: participants of (G2); schedules: how many joined."""

    def __init__(self, people: Participants):
        self.people, self.size = people, len(people.form.cost)
        lower, upper = people.held(people.lumpy)
        self.form = replace(people.form, lower=lower, upper=upper)
        self.shared = people.shared.copy()
        self.loose, self.helped = NO_COLUMNS, NO_COLUMNS
        self._away, self._link = NO_COLUMNS, NO_COLUMNS
        self._whole: list[np.ndarray] = []
        self._joined, self._schedule = NO_COLUMNS, sp.csc_array((self.size, 0))
        self._kernel: Kernel | None = None
        self._value = np.zeros(0)

    @property
    def schedules(self) -> int:
        return len(self._joined)

    def _widen(self, cost: np.ndarray, lower: np.ndarray, upper: np.ndarray, matrix: sp.csc_array) -> np.ndarray:
        """Further columns (k,); their ids."""
        form, k, first = self.form, len(cost), len(self.form.cost)
        self.form = replace(
            form, cost=np.append(form.cost, cost), square=np.append(form.square, np.zeros(k)), lower=np.append(form.lower, lower),
            upper=np.append(form.upper, upper), optional=np.append(form.optional, np.zeros(k, bool)),
            matrix=sp.csr_array(sp.hstack([form.matrix, matrix], format="csr")), column_step=np.append(form.column_step, np.full(k, -1)),
        )  # fmt: skip
        return np.arange(first, first + k)

    def _deepen(self, lower: np.ndarray, upper: np.ndarray, matrix: sp.csr_array) -> np.ndarray:
        """Further rows (k,); their ids."""
        first = len(self.form.row_lower)
        self.form = extend(self.form, Rows(lower, upper, np.zeros(len(lower), int), matrix))
        return np.arange(first, first + len(lower))

    def box(self, center: np.ndarray, width: float) -> None:
        """(H5): holds the duals of the shared rows to `center` (k,) +- width."""
        if not len(self.helped):
            k, none = len(self.shared), np.zeros(2 * len(self.shared))
            unit = sp.csc_array((np.ones(k), (self.shared, np.arange(k))), shape=(len(self.form.row_lower), k))
            both = sp.csc_array(sp.hstack([unit, -unit], format="csc"))
            self.helped = self._widen(none, none, np.full(2 * k, np.inf), both)
        middle = center[: len(self.helped) // 2]
        self.form.cost[self.helped] = np.append(middle + width, width - middle)

    def join(self, x: np.ndarray, who: np.ndarray) -> None:
        """Schedules of participants `who` (w,) out of the values x (n,) of all."""
        for g in who[~np.isin(who, self.loose)]:
            self._loosen(int(g))
        people, form = self.people, self.people.form
        picked = self._picked(x, who)
        coef = sp.coo_array(form.matrix[people.shared] @ picked)
        link = self._link[np.searchsorted(self.loose, who)]
        row = np.concatenate([self.shared[coef.coords[0]], link])
        col, value = np.concatenate([coef.coords[1], np.arange(len(who))]), np.concatenate([coef.data, np.full(len(who), -1.0)])
        matrix = sp.csc_array((value, (row, col)), shape=(len(self.form.row_lower), len(who)))
        cost = np.asarray(picked.T @ form.cost).ravel()
        ids = self._widen(cost, np.zeros(len(who)), np.full(len(who), np.inf), matrix)
        self._joined = np.append(self._joined, ids)
        self._schedule = sp.csc_array(sp.hstack([self._schedule, picked], format="csc"))

    def _picked(self, x: np.ndarray, who: np.ndarray) -> sp.csc_array:
        """Columns (n, w): the values x (n,) of each of the participants `who`."""
        place = np.full(len(self.people.names), -1)
        place[who] = np.arange(len(who))
        columns = np.flatnonzero((place[self.people.part] >= 0) & (x != 0))
        return sp.csc_array((x[columns], (columns, place[self.people.part[columns]])), shape=(len(x), len(who)))

    def _loosen(self, g: int) -> None:
        """(G2)."""
        people, form = self.people, self.form
        mine = np.flatnonzero(people.part == g)
        held = mine[form.lower[mine] == form.upper[mine]]
        free = np.setdiff1d(mine, held)
        whole = np.zeros(len(form.cost))
        whole[held] = form.lower[held]
        given = form.matrix @ whole
        own = np.setdiff1d(np.flatnonzero(np.diff(sp.csr_array(form.matrix[:, mine]).indptr)), self.shared)
        low, high = form.row_lower[own], form.row_upper[own]
        coef = np.zeros(len(form.row_lower))
        coef[own] = np.where(np.isfinite(low), low, np.where(np.isfinite(high), high, given[own])) - given[own]
        coef[self.shared] = -given[self.shared]
        away = self._widen(-form.cost[None, :] @ whole, np.zeros(1), np.ones(1), sp.csc_array(coef[:, None]))[0]
        range_ = own[np.isfinite(low) & np.isfinite(high) & (low < high)]
        upper, lower = form.upper[free], form.lower[free]
        most, least = free[np.isfinite(upper)], free[np.isfinite(lower) & (lower != 0)]
        edge = np.concatenate([form.row_upper[range_] - given[range_], form.upper[most], form.lower[least]])
        one = sp.eye_array(len(self.form.cost), format="csr")
        left = sp.vstack([form.matrix[range_], one[most][:, :-1], one[least][:, :-1]], format="csr")
        rows = sp.csr_array(sp.hstack([left, sp.csr_array(edge[:, None])], format="csr"))
        limits = np.concatenate([form.row_upper[range_], form.upper[most]]), form.lower[least]
        self.form.lower[free], self.form.upper[free] = np.minimum(lower, 0.0), np.maximum(upper, 0.0)
        self._deepen(
            np.append(np.full(len(limits[0]), -np.inf), limits[1]), np.append(limits[0], np.full(len(limits[1]), np.inf)), rows
        )  # fmt: skip
        one = sp.csr_array(([1.0], ([0], [away])), shape=(1, len(self.form.cost)))
        link = self._deepen(np.zeros(1), np.zeros(1), one)[0]
        order = int(np.searchsorted(self.loose, g))
        self.loose, self._away, self._link = (
            np.insert(known, order, new) for known, new in ((self.loose, g), (self._away, away), (self._link, link))
        )  # fmt: skip
        self._whole.insert(order, held)
        if self._kernel is not None:
            self._kernel.bound(free, self.form.lower[free], self.form.upper[free])

    def solve(self) -> Optimum:
        """The optimum of the master, with (H5)."""
        people = self.people
        while True:
            if self._kernel is None:
                self._kernel = Kernel(self.form, people.known[1], self._near())
            else:
                self._kernel.grow(self.form)
                self._kernel.costs(self.form.cost)
            value, dual = self._kernel.solve()
            x = self._mean(value)
            rows = people.write_broken(x)
            if not len(rows):
                self._value = value
                cost, held = float(self.form.cost @ value) + people.form.offset, float(value[self.helped].sum())
                return Optimum(people.signed(dual[self.shared]), x, cost, held)
            self._write(rows)

    def _near(self) -> np.ndarray:
        """Rows to begin with: those that had a dual, those of loose participants, and all that may be helped."""
        near = np.ones(len(self.form.row_lower), bool)
        near[: len(self.people.form.row_lower)] = self.people.binding
        near[self.shared] = True
        return near

    def _mean(self, value: np.ndarray) -> np.ndarray:
        """Values (n,) of the participants' columns that values of the master's mean."""
        x = value[: self.size].copy()
        for away, held in zip(self._away, self._whole, strict=True):
            x[held] *= 1.0 - value[away]
        return x + self._schedule @ value[self._joined]

    def _write(self, rows: Rows) -> None:
        """Shared rows that were written beside the participants' own."""
        further = sp.lil_array((len(rows), len(self.form.cost) - self.size))
        for away, held in zip(self._away, self._whole, strict=True):
            further[:, [away - self.size]] = -(rows.matrix[:, held] @ self.form.lower[held])[:, None]
        further[:, self._joined - self.size] = (rows.matrix @ self._schedule).toarray()
        matrix = sp.csr_array(sp.hstack([rows.matrix, further.tocsr()], format="csr"))
        self.shared = np.append(self.shared, self._deepen(rows.lower, rows.upper, matrix))

    def duals(self, x: np.ndarray) -> Duals:
        """The duals of the master at its optimum, whose mean is x (n,), ready to be asked."""
        form, value = self.form, self._value
        upper = form.upper.copy()
        upper[self.helped] = 0.0
        return Duals(replace(form, upper=upper), value if len(value) else x)

    def chosen(self, duals: Duals, load: np.ndarray, choice: str) -> np.ndarray:
        """Prices y (k,) among `duals` by the rule `choice` on the payment of load (B, T)."""
        weights = np.zeros((2, len(self.form.row_lower)))
        weights[0, self.shared], weights[1, self.shared] = self.people.payment(load), self.people.payment(spread(load.shape))
        signs = [sign for sign, name in ((1.0, "lower"), (-1.0, "upper")) if choice in (name, "mid")]
        return np.mean([duals.least(sign * weights[0], weights[1]) for sign in signs], axis=0)[self.shared]

    def cut(self, duals: Duals, answer: np.ndarray, x: np.ndarray, who: np.ndarray) -> None:
        """Takes those out of `duals` at which the schedules of `who` in `answer` (n,) cost less than x (n,)."""
        people, better = self.people, self._picked(answer - x, who)
        coef = sp.coo_array(people.form.matrix[people.shared] @ better)
        shape = (len(who), len(self.form.row_lower))
        matrix = sp.csr_array((coef.data, (coef.coords[1], self.shared[coef.coords[0]])), shape=shape)
        duals.at_most(matrix, np.asarray(better.T @ people.form.cost).ravel())
