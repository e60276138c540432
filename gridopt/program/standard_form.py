"""StandardForm: min c x + offset,  row_lower <= A x <= row_upper,  lower <= x <= upper, as arrays.

Ids are those of the builder. The solver sees columns and rows step by step (`column_order`, `row_order`): neighbours in time are
neighbours in memory, which makes factorisations of long horizons cheaper.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp


@dataclass(frozen=True)
class StandardForm:
    """cost, lower, upper, optional, column_step (n,); row_lower, row_upper, row_step (m,); matrix CSR (m, n)."""

    cost: np.ndarray
    offset: float
    lower: np.ndarray
    upper: np.ndarray
    optional: np.ndarray
    row_lower: np.ndarray
    row_upper: np.ndarray
    matrix: sp.csr_array
    column_step: np.ndarray
    row_step: np.ndarray


@dataclass(frozen=True)
class Rows:
    """Further rows: lower, upper, step (k,) and matrix CSR (k, n)."""

    lower: np.ndarray
    upper: np.ndarray
    step: np.ndarray
    matrix: sp.csr_array

    def __len__(self) -> int:
        return len(self.lower)


def assemble(*, cost, offset, lower, upper, optional, row_lower, row_upper, terms, column_step, row_step) -> StandardForm:
    """Form from coefficient triplets; several coefficients of one place are added up."""
    row, col, coef = terms
    matrix = sp.csr_array((coef, (row, col)), shape=(len(row_lower), len(cost)))
    matrix.sum_duplicates()
    return StandardForm(cost, float(offset), lower, upper, optional, row_lower, row_upper, matrix, column_step, row_step)


def extend(form: StandardForm, rows: Rows) -> StandardForm:
    """The form with further rows at its end."""
    return StandardForm(
        form.cost, form.offset, form.lower, form.upper, form.optional,
        np.concatenate([form.row_lower, rows.lower]), np.concatenate([form.row_upper, rows.upper]),
        sp.csr_array(sp.vstack([form.matrix, rows.matrix], format="csr")),
        form.column_step, np.concatenate([form.row_step, rows.step]),
    )  # fmt: skip


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
    """Proven lower bound on the least cost from any row duals y: the duals' value plus the box minimum of the reduced costs.

    Duals of a sign for which a row has no bound are set to zero first; columns without a bound on the needed side give -inf.
    """
    y = np.where((y > 0) & np.isinf(form.row_lower), 0.0, y)
    y = np.where((y < 0) & np.isinf(form.row_upper), 0.0, y)
    reduced = form.cost - form.matrix.T @ y

    def least(d, lower, upper):
        edge = np.where(d > 0, lower, upper)
        used = d != 0
        return float(np.sum(d[used] * edge[used]))

    return form.offset + least(y, form.row_lower, form.row_upper) + least(reduced, form.lower, form.upper)
