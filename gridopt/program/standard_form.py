"""StandardForm: min c x + x' diag(square) x + offset,  row_lower <= A x <= row_upper,  lower <= x <= upper, as arrays.

Ids are those of the builder. The solver sees columns and rows step by step (`column_order`, `row_order`): neighbours in time are
neighbours in memory, which makes factorisations of long horizons cheaper.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import scipy.sparse as sp


@dataclass(frozen=True)
class StandardForm:
    """cost, square, lower, upper, optional, column_step (n,); row_lower, row_upper, row_step (m,); matrix CSR (m, n).

    integer: ids of the columns that take whole values only, (k,); bounds from duals hold for the program without that demand.
    """

    cost: np.ndarray
    square: np.ndarray
    offset: float
    lower: np.ndarray
    upper: np.ndarray
    optional: np.ndarray
    row_lower: np.ndarray
    row_upper: np.ndarray
    matrix: sp.csr_array
    column_step: np.ndarray
    row_step: np.ndarray
    integer: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))


    @property
    def size(self) -> dict[str, int]:
        """Columns, rows and nonzeros of the matrix."""
        rows, columns = self.matrix.shape
        return {"columns": columns, "rows": rows, "nonzeros": int(self.matrix.nnz)}


@dataclass(frozen=True)
class Outline:
    """A program without its rows: cost, square, lower, upper (n,), offset; how many rows and coefficients were written (several of one
    place count each). What is known of its values and duals can be read by it; it cannot be solved."""

    cost: np.ndarray
    square: np.ndarray
    offset: float
    lower: np.ndarray
    upper: np.ndarray
    rows: int
    coefficients: int

    @property
    def size(self) -> dict[str, int]:
        """Columns, rows and coefficients."""
        return {"columns": len(self.cost), "rows": self.rows, "nonzeros": self.coefficients}


@dataclass(frozen=True)
class Rows:
    """Further rows: lower, upper, step (k,) and matrix CSR (k, n)."""

    lower: np.ndarray
    upper: np.ndarray
    step: np.ndarray
    matrix: sp.csr_array

    def __len__(self) -> int:
        return len(self.lower)


def assemble(
    *, cost, square, offset, lower, upper, optional, row_lower, row_upper, terms, column_step, row_step, integer=(), before=None
) -> StandardForm:
    """Form from coefficient triplets, on top of a smaller matrix `before`; several coefficients of one place are added up."""
    row, col, coef = terms
    matrix = sp.csr_array((coef, (row, col)), shape=(len(row_lower), len(cost)))
    if before is not None:
        known = before.copy()
        known.resize(matrix.shape)
        matrix = matrix + known
    matrix.sum_duplicates()
    whole = np.asarray(integer, np.int64)
    return StandardForm(cost, square, float(offset), lower, upper, optional, row_lower, row_upper, matrix, column_step, row_step, whole)


def extend(form: StandardForm, rows: Rows) -> StandardForm:
    """The form with further rows at its end."""
    if not len(rows):
        return form
    return replace(
        form,
        row_lower=np.concatenate([form.row_lower, rows.lower]),
        row_upper=np.concatenate([form.row_upper, rows.upper]),
        matrix=sp.csr_array(sp.vstack([form.matrix, rows.matrix], format="csr")),
        row_step=np.concatenate([form.row_step, rows.step]),
    )


def stack(parts: list[Rows], columns: int) -> Rows:
    """Several sets of rows one under the other."""
    if not parts:
        return Rows(np.zeros(0), np.zeros(0), np.zeros(0, int), sp.csr_array((0, columns)))
    return Rows(
        np.concatenate([p.lower for p in parts]),
        np.concatenate([p.upper for p in parts]),
        np.concatenate([p.step for p in parts]),
        sp.csr_array(sp.vstack([p.matrix for p in parts], format="csr")),
    )


def dual_bound(form: StandardForm, y: np.ndarray) -> float:
    """Proven lower bound on the least cost from any row duals y: the duals' value plus the least over the box of the rest.

    Duals of a sign for which a row has no bound are set to zero first; columns without a bound on the needed side give -inf.
    """
    y = np.where((y > 0) & np.isinf(form.row_lower), 0.0, y)
    y = np.where((y < 0) & np.isinf(form.row_upper), 0.0, y)
    reduced = form.cost - form.matrix.T @ y
    curved = form.square > 0
    bent = least_points(form, y, np.flatnonzero(curved))
    return (
        form.offset
        + _least(y, form.row_lower, form.row_upper)
        + _least(reduced[~curved], form.lower[~curved], form.upper[~curved])
        + float(np.sum(reduced[curved] * bent + form.square[curved] * bent**2))
    )


def least_points(form: StandardForm, y: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Where in its bounds each of `columns` (with a square cost) is best at row duals y."""
    reduced = form.cost[columns] - form.matrix.T[columns] @ y
    return np.clip(-reduced / (2.0 * form.square[columns]), form.lower[columns], form.upper[columns])


def _least(d: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> float:
    """Least of d z over the box lower <= z <= upper."""
    edge = np.where(d > 0, lower, upper)
    used = d != 0
    return float(np.sum(d[used] * edge[used]))


def value(form: StandardForm | Outline, x: np.ndarray) -> float:
    """The objective at x."""
    return float(form.cost @ x + form.square @ x**2 + form.offset)
