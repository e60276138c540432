"""Ahead: the relaxation of the next window, solved beside all of this one, so that its own takes a few pivots.

    plan     the state in which the next window will begin, as the window before this one has planned it in its look-ahead  (G1)
    solved   the next window's relaxation from that state, beside; its basis and its lazy rows are the start              (G2)
    window   the same program from the state that was decided: other bounds, the same matrix, the basis of the start      (G3)

A plan that was changed, or has no optimum, costs pivots and changes no bound. Plan and start are kept with the window that made them, for a
run that goes on from there must take the same pivots. Lines that are full in the start of this window are written from the start.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from gridopt.case.case import Case
from gridopt.case.check import CaseError
from gridopt.case.time import TimeGrid
from gridopt.dispatch.formulate import Model, formulate
from gridopt.dispatch.lazy import Loaded, Relaxed, scaled, solve
from gridopt.program.builder import Found
from gridopt.program.highs import BASIC, Highs
from gridopt.program.solution import Infeasible, LimitReached, Solution, SolverFailed

DAY_H = 24.0


@dataclass(frozen=True)
class Start:
    """Statuses of the columns (n,) and core rows (m,), int8; lazy: family -> int (3, k) element, step and status of the rows written."""

    column: np.ndarray
    row: np.ndarray
    lazy: Mapping[str, np.ndarray]

    @classmethod
    def of(cls, solution: Solution) -> Start:
        column, row = solution.statistics["basis"]
        core = len(row) - sum(found.shape[1] for found in solution.added.values())
        lazy = {name: np.array([element, step, row[ids]]) for name, (element, step, ids) in solution.added.items()}
        return cls(column.astype(np.int8), row[:core].astype(np.int8), lazy)

    @property
    def tight(self) -> dict[str, np.ndarray]:
        """Lazy rows that are tight: family -> (element, step), int (2, k)."""
        return {name: found[:2, found[2] != BASIC] for name, found in self.lazy.items()}

    def arrays(self) -> dict[str, np.ndarray]:
        return {"column": self.column, "row": self.row} | {f"lazy/{name}": found for name, found in self.lazy.items()}

    @classmethod
    def read(cls, arrays: Mapping[str, np.ndarray]) -> Start | None:
        """None where there is none."""
        if not arrays:
            return None
        return cls(arrays["column"], arrays["row"], {n.removeprefix("lazy/"): v for n, v in arrays.items() if n.startswith("lazy/")})

    def laid(self, relaxed: Relaxed) -> tuple[np.ndarray, np.ndarray] | None:
        """Statuses by builder id, the lazy rows being written then; None where the program has another size."""
        sizes = {f.family.name: f.family.size // f.family.shape[-1] for f in relaxed.families if f.family.size}
        known = all(found[0].max(initial=-1) < sizes.get(name, 0) for name, found in self.lazy.items())
        if not known or (len(self.column), len(self.row)) != (len(relaxed.form.cost), relaxed.core) or relaxed.rows_added:
            return None
        relaxed.write({name: (found[0], found[1]) for name, found in self.lazy.items()})
        row = np.append(self.row, np.full(relaxed.rows_added, BASIC)).astype(np.int32)
        for name, found in self.lazy.items():
            row[relaxed.added[name][2]] = found[2]
        return self.column.astype(np.int32), row


def start_of(make: Callable[[], Case], before: Start | None, old: TimeGrid) -> Start | None:
    """Start of the relaxation of the case that is made, with the rows written that were tight in `before`, a start on the steps `old` (G2);
    None if the plan makes no case, or one without an optimum."""
    try:
        model, lines = formulate(make()), {} if before is None else before.tight
        relaxed = Relaxed(model.builder.form(), model.builder.lazy_families)
        relaxed.used |= relaxed.form.upper > 0
        relaxed.write(guess(model, lines, old))
        program = partial(Highs, presolve="on")
        return Start.of(solve(relaxed, program=program, loaded=scaled(Loaded.load(relaxed, program))))
    except (CaseError, Infeasible, LimitReached, SolverFailed):
        return None


def guess(model: Model, lines: Mapping[str, np.ndarray], old: TimeGrid) -> dict[str, Found]:
    """Lazy rows of a model that may be tight: those that were at the same time in steps of `old`, and those of a day before."""
    new, chosen = model.case.time, {}
    at = [_same(old, new, earlier) for earlier in (0.0, DAY_H)]
    for family in (z.family for z in model.builder.lazy_families):
        element, step = lines.get(family.name, np.zeros((2, 0), int))
        if family.size and element.max(initial=-1) < family.size // family.shape[-1]:
            found = [np.nonzero(step[:, None] == place) for place in at]
            pairs = np.concatenate([np.array([element[k], t]) for k, t in found], axis=1)
            if pairs.size:
                chosen[family.name] = tuple(np.unique(pairs, axis=1))
    return chosen


def _same(old: TimeGrid, new: TimeGrid, earlier_h: float) -> np.ndarray:
    """Step of `old` in which the middle of each step of `new` lies, so many hours earlier; -1 where none does, int (T,)."""
    shift = (new.start[0] - old.start[0]) / np.timedelta64(1, "s") / 3600.0 - earlier_h
    middle, end = np.cumsum(new.hours) - new.hours / 2 + shift, np.cumsum(old.hours)
    return np.where((middle > 0) & (middle < end[-1]), np.searchsorted(end, middle), -1)
