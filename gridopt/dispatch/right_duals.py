"""Which prices, where more than one set is right: the duals of an optimum form a polyhedron, and a stated rule picks from it.

For an optimal x, prices y of the shared rows and duals z of the others are right if they satisfy complementary slackness:

    d = c - A' y - B' z:   d_j = 0 inside its bounds, d_j >= 0 at the lower one, d_j <= 0 at the upper one              (D1)
    y, z = 0 on rows that do not bind, >= 0 at a lower limit, <= 0 at an upper one                                      (D2)
    payment(y) = sum over buses and steps of demand x price x hours,   demand: load that is served, and what users buy by bids

    lower: least payment; upper: largest; mid: the mean of the two, which is right as well                             (D3)

What (D3) leaves open is settled by one more sum of prices, with weights that depend on bus and step alone and are no multiples of each
other. The result does not depend on the solver or on the order of rows.
Source: market practice; see also Hogan, Electricity market price formation and price uniqueness, 2012.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from gridopt.dispatch.export_price import schedule_rows
from gridopt.dispatch.result import Dispatch
from gridopt.program.highs import Highs
from gridopt.program.solution import Infeasible, SolverFailed
from gridopt.program.standard_form import StandardForm

CHOICES = ("lower", "upper", "mid")
NO_ROWS = np.zeros(0, int)
EDGE = 1e-6
"""How close to a limit counts as at it, relative to its size."""


def choose(
    form: StandardForm, x: np.ndarray, payment: np.ndarray, order: np.ndarray, choice: str, calm: np.ndarray = NO_ROWS
) -> np.ndarray:
    """Duals (m,) of all rows by the rule `choice`, for x (n,) optimal in the linear program `form`.

    payment (m,): what one unit of a row's dual adds to the payment of the load; order (m,): what it adds to the second sum; calm: rows
    whose duals are to be as small as may be, before all else.
    Raises ValueError for an unknown choice, SolverFailed where x is not optimal.
    """
    if choice not in CHOICES:
        raise ValueError(f"choice of prices '{choice}' is none of {CHOICES}")
    polyhedron = Duals(form, x)
    polyhedron.calm(calm)
    if choice == "mid":
        return 0.5 * (polyhedron.least(payment, order) + polyhedron.least(-payment, order))
    return polyhedron.least(payment if choice == "lower" else -payment, order)


def marginal(dispatch: Dispatch, choice: str = "lower") -> np.ndarray:
    """Duals (m,) of all rows of a dispatch, its whole values held; by the rule `choice` where several are right."""
    known = dispatch.marginal_duals
    if choice not in known:
        known[choice] = within(dispatch, dispatch.solution.form, choice)
    return known[choice]


def within(dispatch: Dispatch, form: StandardForm, choice: str, calm: np.ndarray = NO_ROWS) -> np.ndarray:
    """The same where the columns of the dispatch have the bounds that `form` gives them; calm: further rows as in `choose`."""
    people, load, best = dispatch.participants, demand(dispatch), dispatch.optimum
    payment, order = np.zeros(len(form.row_lower)), np.zeros(len(form.row_lower))
    payment[people.shared], order[people.shared] = people.payment(load), people.payment(spread(load.shape))
    return choose(form, best.solution.x, payment, order, choice, np.union1d(schedule_rows(best), calm))


def demand(dispatch: Dispatch) -> np.ndarray:
    """Demand that pays MW (B, T): load that is served, and what users buy by bids, which are generators that take."""
    found, generator = dispatch.served.copy(), dispatch.case.table("generator")
    taken = np.maximum(-dispatch.quantities["generator_output"].values, 0.0)
    np.add.at(found, dispatch.case.position("bus", generator["bus"]), taken)
    return found


def spread(shape: tuple[int, int]) -> np.ndarray:
    """Weights of buses and steps (B, T) for the second sum, none a multiple of another: 1 plus the fraction of k sqrt(2) + t sqrt(3)."""
    bus, step = (np.arange(n) + 1.0 for n in shape)
    return 1.0 + (np.sqrt(2.0) * bus[:, None] + np.sqrt(3.0) * step) % 1.0


class Duals:
    """The right duals of an optimum (D1), (D2), ready to be asked."""

    def __init__(self, form: StandardForm, x: np.ndarray):
        at_low, at_high = standing(form, x)
        columns = np.flatnonzero(form.lower < form.upper)
        alone = np.diff(sp.csr_array(form.matrix[:, columns]).indptr) == 0  # nothing is decided there, as at a bus not yet built: no price
        self.rows = np.flatnonzero((at_low | at_high) & ~alone)
        low = np.where(at_high[self.rows], -np.inf, 0.0)
        high = np.where(at_low[self.rows], np.inf, 0.0)
        down, up = _at(x, form.lower)[columns], _at(x, form.upper)[columns]
        matrix = sp.csr_array(form.matrix[self.rows][:, columns].T)
        cost = (form.cost + 2.0 * form.square * x)[columns]
        self.size, self.program, self.further = len(form.row_lower), Highs(presolve="on"), 0
        self.program.load(
            np.zeros(len(self.rows)), low, high, matrix,
            np.where(down, -np.inf, cost), np.where(up, np.inf, cost),
        )  # fmt: skip

    def calm(self, rows: np.ndarray) -> None:
        """Narrows the duals down to those with the least sum of sizes over `rows`."""
        at = np.flatnonzero(np.isin(self.rows, rows))
        if not len(at):
            return
        program, k, n = self.program, len(at), len(self.rows)
        program.add_columns(np.zeros(k), np.zeros(k), np.full(k, np.inf), sp.csc_array((program.rows, k)))
        size = sp.csr_array((np.ones(k), (np.arange(k), n + np.arange(k))), shape=(k, n + k))
        dual = sp.csr_array((np.ones(k), (np.arange(k), at)), shape=(k, n + k))
        for sign in (1.0, -1.0):
            program.add_rows(np.zeros(k), np.full(k, np.inf), sp.csr_array(size + sign * dual))
        self.further = k
        weight = np.append(np.zeros(n), np.ones(k))
        program.change_costs(weight)
        self._solve()
        most = float(program.solution()[0][n:].sum())
        program.add_rows(np.array([-np.inf]), np.array([most + 1e-9 * max(most, 1.0)]), sp.csr_array(weight[None, :]))

    def at_most(self, matrix: sp.csr_array, most: np.ndarray) -> None:
        """Narrows the duals y down to those with matrix y <= most, for matrix (k, m)."""
        wide = sp.csr_array(matrix[:, self.rows])
        wide.resize((len(most), len(self.rows) + self.further))
        self.program.add_rows(np.full(len(most), -np.inf), most, wide)

    def least(self, weight: np.ndarray, then: np.ndarray | None = None) -> np.ndarray:
        """The duals (m,) with the least sum of weight x dual; among several those with the least sum of then x dual. Raises SolverFailed."""
        program, weight = self.program, self._wide(weight)
        program.change_costs(weight)
        self._solve()
        y = program.solution()[0]
        if then is not None:
            least = float(weight @ y)
            room = 1e-9 * max(abs(least), 1.0)
            row = sp.csr_array(weight[None, :])
            program.add_rows(np.array([-np.inf]), np.array([least + room]), row)
            program.change_costs(self._wide(then))
            self._solve()
            y = program.solution()[0]
            program.delete_rows(program.rows - 1, program.rows)
        found = np.zeros(self.size)
        found[self.rows] = y[: len(self.rows)]
        return found

    def _solve(self) -> None:
        try:
            self.program.solve()
        except Infeasible:
            self._solve_plainly()

    def _solve_plainly(self) -> None:
        """Without presolve: it takes rows that nearly say the same, such as tangents of losses close to each other, for a contradiction."""
        self.program.set(presolve="off")
        self.program.begin_again()
        try:
            self.program.solve()
        except Infeasible:  # the dual simplex method does not say which of the two
            raise SolverFailed("no duals suit these values, or their sum has no end") from None
        finally:
            self.program.set(presolve="on")

    def _wide(self, weight: np.ndarray) -> np.ndarray:
        """Weights (m,) on the columns of the program."""
        return np.append(weight[self.rows], np.zeros(self.further))


def standing(form: StandardForm, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whether each row stands at its lower and at its upper limit (m,)."""
    activity = form.matrix @ x
    return _at(activity, form.row_lower), _at(activity, form.row_upper)


def _at(value: np.ndarray, limit: np.ndarray) -> np.ndarray:
    """Whether a value stands at its limit."""
    finite = np.isfinite(limit)
    near = np.zeros(len(value), bool)
    near[finite] = np.abs(value[finite] - limit[finite]) <= EDGE * np.maximum(1.0, np.abs(limit[finite]))
    return near
