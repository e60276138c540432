"""Rows over no step in windows of real time, such as budgets of fuel and caps on emissions.

    low - A x[others] <= A x[window] <= high - A x[others],   others: what was done before, and what the plan does after             (Y1)

Where that leaves less than the window has used already, it need not use less. What DC contracts ask for is kept by the schedule of their
links, which stays.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from gridopt.dispatch.formulate import Model
from gridopt.dispatch.secured import GIVEN


class Part(NamedTuple):
    """Of a window: ids of rows (k,), matrix CSR (k, columns of the window), low, high (k,)."""

    rows: np.ndarray
    matrix: sp.csr_array
    low: np.ndarray
    high: np.ndarray


class Budgets:
    """columns (n,): those that real time may move, in the order of their steps."""

    def __init__(self, model: Model, columns: np.ndarray):
        self.form, self.columns = model.builder.form(), columns
        counted = np.zeros(len(self.form.row_lower), bool)
        for family in model.builder.row_families:
            if "time" not in family.over and not family.name.startswith(GIVEN):
                counted[family.ids.ravel()] = True
        part = sp.csr_array(self.form.matrix[:, columns])
        self.rows = np.flatnonzero(counted & (np.diff(part.indptr) > 0))
        self.part, self.whole = part[self.rows], self.form.matrix[self.rows]

    def of(self, window: slice, x: np.ndarray) -> Part:
        """(Y1) for the columns at places `window`, x (n,): all columns of the program as they are known."""
        here = self.part[:, window]
        some = np.flatnonzero(np.diff(here.indptr))
        rows, here, activity = self.rows[some], here[some], self.whole[some] @ x
        others = activity - here @ x[self.columns[window]]
        low, high = np.minimum(self.form.row_lower[rows], activity), np.maximum(self.form.row_upper[rows], activity)
        return Part(rows, here, low - others, high - others)
