"""Lines: lazy rows that were tight in one window are written in the next from the start, so that its relaxation takes no second round.

    tight    rows of the last linear program of a window that are not basic                                          (G1)
    guess    of the next window: the rows tight at the same time, or a day before                                    (G2)

A row too many or too few costs pivots and changes no result. Rows after outages are found anew: whether there is one depends on what is in
service.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gridopt.case.time import TimeGrid
from gridopt.dispatch.formulate import Model
from gridopt.program.family import Found
from gridopt.program.highs import BASIC
from gridopt.program.solution import Solution

DAY_H = 24.0


@dataclass(frozen=True)
class Lines:
    """(G1) of a window on the steps `time`. tight: family -> element and step, int (2, k)."""

    tight: Mapping[str, np.ndarray]
    time: TimeGrid

    def guess(self, model: Model) -> dict[str, Found]:
        """(G2): family -> element and step of rows of `model`."""
        new, chosen = model.case.time, {}
        at = [_same(self.time, new, earlier) for earlier in (0.0, DAY_H)]
        for family in (z.family for z in model.builder.lazy_families):
            element, step = self.tight.get(family.name, np.zeros((2, 0), int))
            if family.size and len(family.shape) == 2 and element.max(initial=-1) < family.size // family.shape[-1]:
                found = [np.nonzero(step[:, None] == place) for place in at]
                pairs = np.concatenate([np.array([element[k], t]) for k, t in found], axis=1)
                if pairs.size:
                    chosen[family.name] = tuple(np.unique(pairs, axis=1))
        return chosen


def tight(solution: Solution) -> dict[str, np.ndarray]:
    """(G1)."""
    status = solution.statistics["basis"][1]
    return {name: found[:2, status[found[2]] != BASIC] for name, found in solution.added.items()}


def _same(old: TimeGrid, new: TimeGrid, earlier_h: float) -> np.ndarray:
    """Step of `old` in which the middle of each step of `new` lies, so many hours earlier; -1 where none does, int (T,)."""
    shift = (new.start[0] - old.start[0]) / np.timedelta64(1, "s") / 3600.0 - earlier_h
    middle, end = np.cumsum(new.hours) - new.hours / 2 + shift, np.cumsum(old.hours)
    return np.where((middle > 0) & (middle < end[-1]), np.searchsorted(end, middle), -1)
