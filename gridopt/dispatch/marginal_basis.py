"""The basis behind prices: which columns of an optimum move when a requirement grows a little, and by how much.

    x optimal in  min c x + x' diag(q) x,  L <= A x <= U,  with duals y;   rows R that stand at a limit, columns inside their bounds or at
    one of them with a reduced cost of zero can move;  B square of such columns (and of limits without a price):

    dx = B^-1 dr     change of the columns for a change dr of the limits that R hold                            (M1)
    c dx = y dr      wherever only priced limits hold and B holds columns alone                                 (M2)

Columns inside their bounds come first, those at a bound fill up what is missing, and an artificial one stands for a priced limit that no
column can answer: then the prices are no vertex (a mean of two sets of prices, say), and (M2) leaves a rest that is reported. Where more
columns are inside their bounds than B holds, as among plants that are tied or have square costs, all of them move:

    dx = the one with the least sum of D dx^2 among all with A dx = dr,   D = 2 q, or 1 / width where no cost is square    (M3)

so that square costs share as they do at the optimum, and ties in proportion to what is offered.
Source: sensitivity of linear programs, e.g. Bertsimas and Tsitsiklis, Introduction to Linear Optimization, 1997, ch. 5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import SuperLU, splu

from gridopt.dispatch.right_duals import EDGE, standing
from gridopt.program.highs import BASIC, LOWER, Highs
from gridopt.program.solution import SolverFailed
from gridopt.program.standard_form import StandardForm

FREE_REDUCED, NO_PRICE = 1e-6, 1e-7
"""Reduced cost, and dual, up to which a column or a limit counts as free to move (relative to the terms of it; to the largest dual)."""
SLIGHT = 1e-7
"""D of a column with a straight cost beside square ones, relative to the least of these."""
SEED = 1
SPARE, ARTIFICIAL = 1.0, 1e4
"""What a column at its bound, and an artificial one, cost in the search for a basis in which those inside their bounds come first."""


@dataclass(frozen=True)
class MarginalBasis:
    """rows int (k,): the rows R; columns int (j,): columns of the program that move; factor: of B, or of the equations of (M3), with the
    rows after `begin` others; None where k is 0."""

    rows: np.ndarray
    columns: np.ndarray
    begin: int
    matrix: sp.csc_array
    factor: SuperLU | None

    @classmethod
    def of(cls, form: StandardForm, x: np.ndarray, y: np.ndarray) -> MarginalBasis:
        """Basis for x (n,) optimal in `form` and duals y (m,) that are right for it. Raises SolverFailed where they are not."""
        rows, inside, edge, loose = _free(form, x, y)
        columns = np.concatenate([inside, edge])
        part = sp.csc_array(form.matrix[rows][:, columns])
        basic, slack = _basis(part, len(inside), loose)
        more = np.setdiff1d(np.arange(len(inside)), basic)
        moving = np.concatenate([basic, more])
        matrix = sp.hstack([part[:, moving], sp.eye_array(len(rows), format="csc")[:, slack]], format="csc")
        begin = 0
        if len(more):
            weight = np.append(_weights(form, columns[moving]), np.zeros(len(slack)))
            matrix = sp.block_array([[sp.diags_array(weight), matrix.T], [matrix, None]], format="csc")
            begin = len(weight)
        return cls(rows, columns[moving], begin, sp.csc_array(matrix), splu(sp.csc_matrix(matrix)) if len(rows) else None)

    def move(self, change: sp.sparray) -> np.ndarray:
        """(M1), (M3): change of the columns (j, q) for changes (m, q) of the limits."""
        if self.factor is None:
            return np.zeros((len(self.columns), change.shape[1]))
        right = np.zeros((self.matrix.shape[0], change.shape[1]))
        right[self.begin :] = sp.csr_array(change)[self.rows].todense()
        found = self.factor.solve(right)
        found += self.factor.solve(right - self.matrix @ found)  # once more for what rounding has left
        return found[: len(self.columns)]


def _weights(form: StandardForm, columns: np.ndarray) -> np.ndarray:
    """D of (M3), (j,)."""
    square = 2.0 * form.square[columns]
    width = form.upper[columns] - form.lower[columns]
    share = 1.0 / np.where(np.isfinite(width), width, 1.0)
    if not square.any():
        return share / share.max(initial=1e-300)
    return np.where(square > 0, square, SLIGHT * square[square > 0].min() * share / share.max())


def _free(form: StandardForm, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, ...]:
    """Rows at a limit int (k,); columns inside their bounds; columns at a bound that may leave it; whether a limit has no price (k,)."""
    at_low, at_high = standing(form, x)
    rows = np.flatnonzero(at_low | at_high)
    cost = form.cost + 2.0 * form.square * x
    reduced = cost - form.matrix.T @ y
    movable = form.lower < form.upper
    span = EDGE * np.maximum(1.0, np.abs(x))
    inside = movable & (x > form.lower + span) & (x < form.upper - span)
    scale = np.abs(cost) + abs(form.matrix).T @ np.abs(y)  # duals are as exact as a solver makes them
    edge = movable & ~inside & (np.abs(reduced) <= FREE_REDUCED * np.maximum(1.0, scale))
    priced = np.abs(y[rows]) > NO_PRICE * max(1.0, float(np.abs(y).max(initial=0.0)))
    return rows, np.flatnonzero(inside), np.flatnonzero(edge), ~priced & (form.row_lower[rows] < form.row_upper[rows])


def _basis(part: sp.csc_array, first: int, loose: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Basic columns of `part` (k, j), the first of which are free, and rows whose slack is basic: as little as may be of the others.

    Requirements of no pattern are met by a vertex without zeros in its basis, so that no row is left to itself.
    """
    k, j = part.shape
    if not k:
        return np.zeros(0, int), np.zeros(0, int)
    eye = sp.eye_array(k, format="csr")
    spare = part[:, first:]
    matrix = sp.csr_array(sp.hstack([part, -spare, eye, -eye], format="csr"))
    price = np.where(loose, SPARE, ARTIFICIAL)
    cost = np.concatenate([np.zeros(first), np.full(2 * (j - first), SPARE), price, price])
    lower = np.concatenate([np.full(first, -np.inf), np.zeros(len(cost) - first)])
    need = np.random.default_rng(SEED).uniform(1.0, 2.0, k)
    program = Highs()
    program.load(cost, lower, np.full(len(cost), np.inf), matrix, need, need)
    status = np.full(len(cost), LOWER)
    status[:first] = BASIC
    program.set_basis(status, np.full(k, LOWER))
    program.solve()
    basic = np.flatnonzero(program.basis()[0] == BASIC)
    own = basic[basic < 2 * j - first]
    columns, slack = np.where(own < j, own, own - j + first), (basic[len(own) :] - (2 * j - first)) % k
    if len(columns) + len(slack) != k:
        raise SolverFailed(f"no basis was found behind the prices: {len(columns) + len(slack)} columns for {k} limits")
    return columns, slack
