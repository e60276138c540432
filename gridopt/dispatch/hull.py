"""Convex hull prices by column generation: the prices that leave the least lost opportunity cost and revenue shortfall.

    master    min  sum_i C[i] theta[i] + c_v x_v   over  X_v of the participants without whole values,
              L <= sum_i A x[i] theta[i] + A_v x_v <= U  (dual y),   sum_i theta[g,i] = 1  (dual s_g),   theta >= 0       (H1)
    answer    best_g(y) of every participant; its schedule joins where best_g < s_g                                      (H2)
    bound     q(y) <= hull <= cost of (H1);  done when nothing joins and the two are within GAP of each other            (H3)
    box       |y - b| <= d on every shared row, b: the prices with the best bound so far. In (H1) the row may be helped at b + d a unit
              and relieved at b - d; what it then costs is no bound of the hull, unless no help is taken                  (H5)
    choice    among the prices that reach the hull, those by the rule of right_duals.py on the master's duals; schedules that show that
              such prices do not reach it join, and it is asked again                                                    (H4)

x[i] are schedules: the cleared one and the best answers so far. Prices early on are wild, so the box begins narrow, at prices of a
relaxation; it doubles where a step at its edge gave what the master had hoped for, and halves where a step gave little. Shared rows that
the mean schedule breaks are written, for a limit that does not bind in the dispatch may bind here.
Source: Gribik, Hogan and Pope, 2007; Andrianesis et al., Dantzig-Wolfe decomposition for convex hull prices, 2022; box: Marsten,
Hogan and Blankenship, The boxstep method, 1975.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from gridopt.dispatch.participants import Answer, Participants
from gridopt.dispatch.right_duals import Duals, spread
from gridopt.program.highs import PRIMAL, Highs
from gridopt.program.solution import SolverFailed
from gridopt.program.standard_form import StandardForm

GAP, ROUNDS, CHOICES = 1e-7, 500, 40
NARROW, GOOD, UNUSED, PART = 0.01, 0.25, 1e-7, 0.1
"""Width of the first box over the mean price, part of what was hoped for that makes a step good, MW of help that is none, and part of what
may be left of the gap of all below which a schedule need not join."""


@dataclass(frozen=True)
class Hull:
    """Prices y of the shared rows (k,), the least cost over the convex hulls, its proven bound, how many schedules it took, and whether y
    was chosen by the rule where several are right."""

    y: np.ndarray
    cost: float
    bound: float
    schedules: int
    selected: bool = True


class Optimum(NamedTuple):
    """Prices y of the shared rows (k,), duals s of the participants with whole values, cost, and MW of help taken (H5)."""

    y: np.ndarray
    s: np.ndarray
    cost: float
    help: float


class Master:
    """(H1), loaded; columns of participants without whole values first, then schedules."""

    def __init__(self, people: Participants):
        self.people, form = people, people.form
        lumpy = np.isin(people.part, people.lumpy)
        self.smooth = np.flatnonzero(~lumpy)
        self.rank = np.full(len(people.names), -1)
        self.rank[people.lumpy] = np.arange(len(people.lumpy))
        private = sp.csr_array(form.matrix[people.private][:, self.smooth])
        some = np.flatnonzero(np.diff(private.indptr))
        rows = people.private[some]
        self.shared = list(range(len(people.shared)))
        shared = sp.csr_array(form.matrix[people.shared][:, self.smooth])
        one = sp.csr_array((len(people.lumpy), len(self.smooth)))
        self.first = len(people.shared)
        self.program = Highs(simplex_strategy=PRIMAL)  # costs change and columns come: what was feasible stays so
        ones = np.ones(len(people.lumpy))
        self.cost, self.matrix = form.cost[self.smooth], sp.csr_array(sp.vstack([shared, one, private[some]], format="csr"))
        self.low = np.concatenate([form.row_lower[people.shared], ones, form.row_lower[rows]])
        self.high = np.concatenate([form.row_upper[people.shared], ones, form.row_upper[rows]])
        self.program.load(self.cost, form.lower[self.smooth], form.upper[self.smooth], self.matrix, self.low, self.high)
        self.boxed = len(people.shared)
        self._help()
        self.schedules = sp.csc_array((len(form.cost), 0))
        self.owner = np.zeros(0, int)

    def _help(self) -> None:
        """Columns (H5), closed: help and relief of every shared row that there is now."""
        k, none = self.boxed, np.zeros(2 * self.boxed)
        unit = sp.eye_array(self.program.rows, k, format="csc")
        matrix = sp.csc_array(sp.hstack([unit, -unit], format="csc"))
        self.program.add_columns(none, none, none, matrix)
        self.cost, self.matrix = np.append(self.cost, none), sp.csr_array(sp.hstack([self.matrix, matrix], format="csr"))
        self.first_schedule = len(self.smooth) + 2 * k
        self.helped = np.arange(len(self.smooth), self.first_schedule)

    def box(self, center: np.ndarray | None, width: float = 0.0) -> None:
        """Holds the duals of the shared rows to `center` (k,) +- width; None: to nothing."""
        if center is not None:
            middle = center[: self.boxed]
            self.cost[self.helped] = np.append(middle + width, width - middle)
            self.program.change_costs(self.cost)
        most = np.full(len(self.helped), 0.0 if center is None else np.inf)
        self.program.bound(self.helped, np.zeros(len(most)), most)

    def join(self, x: np.ndarray, who: np.ndarray) -> None:
        """Schedules of participants `who` (w,) out of the values x (n,) of all."""
        people, form = self.people, self.people.form
        keep = np.isin(people.part, who)
        columns = np.flatnonzero(keep & (x != 0))
        place = np.searchsorted(who, people.part[columns])
        picked = sp.csc_array((x[columns], (columns, place)), shape=(len(x), len(who)))
        coef = sp.coo_array(form.matrix[people.shared] @ picked)
        row = np.concatenate([np.array(self.shared, int)[coef.coords[0]], self.first + self.rank[who]])
        col, value = np.concatenate([coef.coords[1], np.arange(len(who))]), np.concatenate([coef.data, np.ones(len(who))])
        matrix = sp.csc_array((value, (row, col)), shape=(self.program.rows, len(who)))
        cost = np.asarray(picked.T @ form.cost).ravel()
        self.program.add_columns(cost, np.zeros(len(who)), np.full(len(who), np.inf), matrix)
        self.cost, self.matrix = np.append(self.cost, cost), sp.csr_array(sp.hstack([self.matrix, matrix], format="csr"))
        self.schedules = sp.csc_array(sp.hstack([self.schedules, picked], format="csc"))
        self.owner = np.append(self.owner, who)

    def solve(self) -> Optimum:
        """The optimum of (H1), with (H5) where there is a box."""
        people = self.people
        while True:
            self.program.solve()
            value, dual = self.program.solution()
            x = np.zeros(len(people.form.cost))
            x[self.smooth] = value[: len(self.smooth)]
            x += self.schedules @ value[self.first_schedule :]
            rows = people.write_broken(x)
            if not len(rows):
                cost, held = float(self.cost @ value) + people.form.offset, float(value[self.helped].sum())
                return Optimum(people.signed(dual[self.shared]), dual[self.first : self.first + len(people.lumpy)], cost, held)
            self._write(rows)

    def _write(self, rows) -> None:
        none = sp.csr_array((len(rows), len(self.helped)))
        matrix = sp.hstack([rows.matrix[:, self.smooth], none, sp.csr_array(rows.matrix @ self.schedules)], format="csr")
        self.shared += list(range(self.program.rows, self.program.rows + len(rows)))
        self.program.add_rows(rows.lower, rows.upper, sp.csr_array(matrix))
        self.matrix = sp.csr_array(sp.vstack([self.matrix, matrix], format="csr"))
        self.low, self.high = np.append(self.low, rows.lower), np.append(self.high, rows.upper)

    def chosen(self, load: np.ndarray, choice: str) -> tuple[np.ndarray, np.ndarray]:
        """(y, s) of the master's optimum by the rule `choice` on the payment of load (B, T)."""
        form, more = self.people.form, len(self.cost) - self.first_schedule
        shut = np.zeros(len(self.helped))
        lower = np.concatenate([form.lower[self.smooth], shut, np.zeros(more)])
        upper = np.concatenate([form.upper[self.smooth], shut, np.full(more, np.inf)])
        none, steps = np.zeros(len(self.cost)), np.zeros(len(self.low), int)
        mine = StandardForm(self.cost, none, 0.0, lower, upper, none.astype(bool), self.low, self.high, self.matrix, none, steps)
        weights = np.zeros((2, len(self.low)))
        weights[0, self.shared], weights[1, self.shared] = self.people.payment(load), self.people.payment(spread(load.shape))
        duals = Duals(mine, self.program.solution()[0])
        found = [duals.least(sign * weights[0], weights[1]) for sign, name in ((1.0, "lower"), (-1.0, "upper")) if choice in (name, "mid")]
        dual = np.mean(found, axis=0)
        return dual[self.shared], dual[self.first : self.first + len(self.people.lumpy)]


def hull(people: Participants, start: np.ndarray, load: np.ndarray | None = None, choice: str = "lower") -> Hull:
    """Convex hull prices, begun from prices `start` (k,) of the shared rows; where several are right, by the rule `choice` on the payment
    of load MW (B, T), if it is given. Raises SolverFailed where ROUNDS are not enough."""
    master, lumpy = Master(people), people.lumpy
    first = people.answers.at(start)
    best, center = first.bound, start
    width = NARROW * max(float(np.abs(start[start != 0]).mean()) if start.any() else 0.0, 1.0)
    for x in (people.x, first.x):
        master.join(x, lumpy)
    for _ in range(ROUNDS):
        master.box(center, width)
        y, s, cost, helped = master.solve()
        allowed = GAP * max(abs(cost), 1.0)
        center = np.append(center, np.zeros(len(y) - len(center)))
        if cost - best <= allowed and helped <= UNUSED:
            return _found(master, y, cost, best, load, choice)
        answer = people.answers.at(y, enough=_enough(people, s, allowed))
        who, hoped, gained = _gaining(people, y, s, answer, allowed), cost - best, answer.bound - best
        if gained > 0:
            best, center = answer.bound, y
        if helped > UNUSED and (gained >= GOOD * hoped or hoped <= allowed or not len(who)):
            width *= 2.0
        elif gained < 0:
            width *= 0.5
        if len(who):
            master.join(answer.x, who)
        elif helped <= UNUSED:
            if cost - best <= allowed:
                return _found(master, y, cost, best, load, choice)
            break
    raise SolverFailed(f"convex hull prices were not proven: {cost - best:g} are left between cost and bound")


def _found(master: Master, y: np.ndarray, cost: float, best: float, load: np.ndarray | None, choice: str) -> Hull:
    """The result, its prices chosen among those that are right."""
    if load is None:
        return Hull(y, cost, best, master.schedules.shape[1], selected=False)
    master.box(None)
    y, selected = _choose(master, master.solve().y, cost, GAP * max(abs(cost), 1.0), load, choice)
    return Hull(y, cost, best, master.schedules.shape[1], selected)


def _enough(people: Participants, s: np.ndarray, allowed: float) -> np.ndarray:
    """Values (g,) below which an answer of a participant would join: what it is worth in the master, s, less what may be left."""
    found = np.full(len(people.names), np.inf)
    found[people.lumpy] = s - PART * allowed / max(len(people.lumpy), 1)
    return found


def _gaining(people: Participants, y: np.ndarray, s: np.ndarray, answer: Answer, allowed: float) -> np.ndarray:
    """Participants whose schedules in `answer` would lower the cost at the master's prices y and duals s."""
    lumpy = people.lumpy
    gain = (s - people.by_part(people.reduced(y) * answer.x)[lumpy]) if len(lumpy) else np.zeros(0)
    return lumpy[gain > PART * allowed / max(len(lumpy), 1)]


def _choose(master: Master, y: np.ndarray, cost: float, allowed: float, load: np.ndarray, choice: str) -> tuple[np.ndarray, bool]:
    """(H4) and True; y itself, which is right as well, and False where that does not come to an end or the solver cannot tell the duals
    apart."""
    people = master.people
    for _ in range(CHOICES):
        try:
            asked, s = master.chosen(load, choice)
        except SolverFailed:
            return y, False
        answer = people.answers.at(asked, enough=_enough(people, s, allowed))
        if cost - answer.bound <= allowed:
            return asked, True
        who = _gaining(people, asked, s, answer, allowed)
        if not len(who):
            break
        master.join(answer.x, who)
        y, _, cost, _ = master.solve()
    return y, False
