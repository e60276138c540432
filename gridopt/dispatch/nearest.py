"""Nearest: whole values of some decisions that obey every row that they settle among themselves.

    S    the decisions to be made whole, such as levels of a schedule, and the same levels in all other steps
    C    the columns of rows that S is in, such as powers; further decisions in rows of those and of decisions alone, such as changes
    R    rows without a free column outside of C: steps, what may change, how often a day, energy of a contract

    min sum over S of |n - n*|,  rows R, bounds, cuts over decisions in C, decisions in C whole                    (N1)

n* are the values of the linear relaxation. Columns over no step, such as what a contract may miss at a price, stay as they are in it: what
they cost is not seen here. For links a few hundred columns: solved at once, where a search of the whole program for as much
takes seconds. It proves nothing, and rows beyond R may be broken: a linear program tells.
"""

from __future__ import annotations

import threading
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from gridopt.dispatch.lazy import Program
from gridopt.program.solution import Infeasible, SolverFailed
from gridopt.program.standard_form import StandardForm

SECONDS = 2.0
"""Time of (N1), at most: schedules of links take hundredths of a second; rows of many alike units may take longer."""


class Cuts(NamedTuple):
    """Further rows: slope (c, n) over decisions in C alone; at most (c,)."""

    slope: np.ndarray
    most: np.ndarray


def nearest(
    form: StandardForm, x: np.ndarray, some: np.ndarray, program: Program, seconds: float = SECONDS, stop: threading.Event | None = None,
    cuts: Cuts | None = None,
) -> tuple[np.ndarray, np.ndarray] | None:  # fmt: skip
    """(N1): integer columns in C, int (k,) in ascending order, and whole values for them (k,); None if nothing fits.

    form: what is held has its value as both bounds; x (n,): values of the relaxation; some: decisions of S (m,), those over no step are left
    out.
    """
    timed, by_column = form.column_step >= 0, sp.csc_array(form.matrix)
    free = (form.upper > form.lower) & timed
    same = np.arange(len(free)) - form.column_step  # a family over time counts its ids step by step
    some = np.flatnonzero(free & np.isin(same, same[some[timed[some]]]))
    if not len(some):
        return None
    inside, decided = np.zeros((2, len(free)), bool)
    inside[form.matrix[np.unique(by_column[:, some].indices)].indices] = inside[some] = decided[form.integer] = True
    for known in (inside | decided, inside):  # the first time those of decisions alone, which join; then R
        rows = np.unique(by_column[:, np.flatnonzero(inside & free)].indices)
        rows = rows[form.matrix[rows].astype(bool) @ (free & ~known) == 0]
        part = form.matrix[rows]
        inside[part.indices] = True
    columns = np.flatnonzero(inside & free)
    given = part @ np.where(free, 0.0, np.where(timed, form.lower, x))  # what does not move
    away = sp.csr_array((np.ones(len(some)), (np.arange(len(some)), np.searchsorted(columns, some))), shape=(len(some), len(columns)))
    one, none = sp.eye_array(len(some)), np.zeros(2 * len(some))
    highs = program()
    highs.load(
        np.append(np.zeros(len(columns)), none + 1.0), np.append(form.lower[columns], none), np.append(form.upper[columns], none + np.inf),
        sp.csr_array(sp.block_array([[part[:, columns], None, None], [away, one, -one]])),
        np.append(form.row_lower[rows] - given, x[some]), np.append(form.row_upper[rows] - given, x[some]),
    )  # fmt: skip
    if cuts is not None and len(cuts.most):
        slope = cuts.slope[:, columns]
        size = np.maximum(np.abs(slope).max(axis=1), 1e-9)[:, None]  # costs of millions, beside distances of some steps
        wide = sp.csr_array(np.hstack([slope / size, np.zeros((len(slope), 2 * len(some)))]))
        highs.add_rows(np.full(len(slope), -np.inf), cuts.most / size[:, 0], wide)
    whole = np.flatnonzero(np.isin(columns, form.integer))
    highs.whole(whole)
    try:
        found = highs.search(gap=0.0, seconds=min(seconds, SECONDS), stop=stop).x
    except (Infeasible, SolverFailed):
        return None
    return None if found is None else (columns[whole], np.round(found[whole]))
