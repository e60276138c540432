"""The program in order of time, so that a stretch of steps is a slice of its columns and rows, and what is known of its optimum.

An estimate comes from the same program over longer steps: values x of the columns, duals y of the rows (what stored energy, water and
contracts are worth) and a basis; `lay_out` puts arrays by coarse id onto the ids of the finer program. Rows without a step ("links": an
energy contract of a month, a yearly share) come first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp

from gridopt.dispatch.lazy import Relaxed
from gridopt.program.builder import Builder
from gridopt.program.family import Family
from gridopt.program.highs import BASIC

STOCKS = ("MWh", "hm3", "t", "tce")
"""Units of an amount: a row that balances one has a dual that does not depend on the length of a step, a column that holds one is a level."""
CLEAR = 1e-6
"""A dual (money per unit of a row) beyond this means that the row binds."""

LazyRows = Mapping[str, tuple[np.ndarray, ...]]
"""family -> (element, step, status)"""


@dataclass
class Estimate:
    """What is known of an optimum, by builder id: values x, duals y and statuses of the columns (n,) and core rows (m,); lazy rows."""

    x: np.ndarray
    y: np.ndarray
    column: np.ndarray
    row: np.ndarray
    lazy: LazyRows


def lay_out(values: np.ndarray, coarse: list[Family], fine: list[Family], inside: np.ndarray, rate=1.0, otherwise=0.0) -> np.ndarray:
    """Values by coarse id laid onto the ids of the same families over finer steps; `inside` (T,): coarse step of each fine one.

    What balances a rate (not an amount) is scaled by `rate`, for duals the length of the fine step over that of the coarse one.
    """
    known = {f.name: f for f in coarse}
    result = np.full(sum(f.size for f in fine), otherwise, values.dtype)
    for family in fine:
        other = known[family.name]
        if family.shape[:-1] != other.shape[:-1]:
            # Dates inside a long step can give it other members (islands, seasons): nothing is known of this family then.
            continue
        part = values[other.ids]
        if "time" in family.over:
            part = part[..., inside] * (1 if family.unit in STOCKS else rate)
        result[family.ids] = part
    return result


def refine(known: Estimate, coarse: Builder, fine: Builder, inside: np.ndarray, rate: np.ndarray) -> Estimate:
    """The estimate on finer steps. Each step inside a long one begins with its statuses."""
    columns, rows = (coarse.column_families, fine.column_families, inside), (coarse.row_families, fine.row_families, inside)
    x, column = lay_out(known.x, *columns), lay_out(known.column, *columns)
    y, row = lay_out(known.y, *rows, rate), lay_out(known.row, *rows, otherwise=BASIC)
    begin, count = np.searchsorted(inside, np.arange(coarse.steps)), np.bincount(inside, minlength=coarse.steps)
    lazy: dict[str, tuple[np.ndarray, ...]] = {}
    for name, (element, step, status) in known.lazy.items():
        tight = np.flatnonzero(status != BASIC)
        each = np.repeat(tight, count[step[tight]])
        within = np.arange(len(each)) - np.repeat(np.cumsum(count[step[tight]]) - count[step[tight]], count[step[tight]])
        lazy[name] = (element[each], begin[step[each]] + within, status[each])
    return Estimate(x, y, column, row, lazy)


def levels(families: list[Family]) -> np.ndarray:
    """Ids of the columns that hold an amount from step to step."""
    return np.concatenate([np.zeros(0, int), *(f.ids.ravel() for f in families if f.unit in STOCKS and "time" in f.over)])


@dataclass
class Plan:
    """columns, rows: builder ids of used columns and core rows by step.

    col_at, row_at (T+2,): where step t-1 begins. reach: steps back that rows look. levels, slow: places of levels, and of those that
    follow the seasons. span (2, k): first and last steps of the links. known: the estimate, its arrays by place. link_cost: what the
    links cost each column. worth: what its rows can be worth to each column, all with one sign.
    """

    relaxed: Relaxed
    columns: np.ndarray
    rows: np.ndarray
    col_at: np.ndarray
    row_at: np.ndarray
    reach: int
    levels: np.ndarray
    slow: np.ndarray
    span: np.ndarray
    known: Estimate
    link_cost: np.ndarray
    worth: np.ndarray

    @cached_property
    def matrix(self) -> sp.csr_array:
        """The rows by the columns; made anew when asked for after `forget`."""
        return sp.csr_array(self.relaxed.form.matrix[self.rows][:, self.columns])

    def forget(self) -> None:
        """Gives up the matrix, for a year some 40 MB, once a program holds it."""
        self.__dict__.pop("matrix", None)

    @property
    def steps(self) -> int:
        return len(self.col_at) - 2

    @property
    def links(self) -> int:
        return int(self.row_at[1])

    def cols(self, first: int, last: int) -> slice:
        """Places of the columns of steps first..last-1."""
        return slice(self.col_at[first + 1], self.col_at[last + 1])

    def core(self, first: int, last: int) -> slice:
        """Places of the core rows of steps first..last-1."""
        return slice(self.row_at[first + 1], self.row_at[last + 1])

    def levels_before(self, cut: int) -> np.ndarray:
        """Places of the levels at the end of the step before `cut`."""
        cols = self.cols(cut - 1, cut)
        return self.levels[slice(*np.searchsorted(self.levels, (cols.start, cols.stop)))]

    def links_of(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        """Links that lie inside steps first..last-1, and those that bind and reach into them from outside."""
        low, high = self.span
        inside = (low >= first) & (high < last) & ((low <= high) | (last - first == self.steps))
        across = (low < last) & (high >= first) & ~inside & (np.abs(self.known.y[: self.links]) > CLEAR)
        return np.flatnonzero(inside), np.flatnonzero(across)


def plan(relaxed: Relaxed, builder: Builder, known: Estimate) -> Plan:
    """Orders the used columns and the core rows by step. known: by builder id."""
    form, steps = relaxed.form, builder.steps
    used = np.flatnonzero(relaxed.used)
    columns = used[np.argsort(form.column_step[used], kind="stable")]
    place = np.full(len(form.cost), -1)
    place[columns] = np.arange(len(columns))
    rows = np.argsort(form.row_step[: relaxed.core], kind="stable")
    matrix = sp.csr_array(form.matrix[rows][:, columns])
    edges = np.arange(-1, steps + 1)
    col_at, row_at = (np.searchsorted(s, edges) for s in (form.column_step[columns], form.row_step[rows]))
    step, links = form.column_step[columns], int(row_at[1])
    body = matrix[links:].tocoo()
    reach = int((form.row_step[rows][links:][body.coords[0]] - step[body.coords[1]]).max(initial=0))
    touched = [step[matrix.indices[matrix.indptr[i] : matrix.indptr[i + 1]]] for i in range(links)]
    span = np.array([[t.min(initial=steps) for t in touched], [t.max(initial=-1) for t in touched]], int).reshape(2, links)
    here = Estimate(known.x[columns], known.y[rows], known.column[columns], known.row[rows], known.lazy)
    level, slow = (np.sort(place[ids[relaxed.used[ids]]]) for ids in (levels(builder.column_families), builder.slow_columns))
    worth = abs(matrix).T @ _scale(known.y, builder.row_families)[rows]
    found = Plan(relaxed, columns, rows, col_at, row_at, reach, level, slow, span, here, matrix[:links].T @ here.y[:links], worth)
    found.matrix = matrix
    return found


def _scale(y: np.ndarray, families: list[Family]) -> np.ndarray:
    """Size of the dual of each row, not less than the mean of its element: a dual that is zero now may be anything an hour later."""
    scale = np.abs(y)
    for family in families:
        if "time" in family.over and family.size:
            part = scale[family.ids]
            scale[family.ids] = np.maximum(part, part.mean(axis=-1, keepdims=True))
    return scale
