"""What keeping charge and discharge apart has saved: the same decisions, but stores may do both at once where that had been ruled out.

The linear program that is left once all decisions are made is solved once more without the rows `storage.apart`; what its stores destroy
by charging and discharging at once is energy that would have been destroyed for money (negative prices, must-run output).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridopt.blocks import storage
from gridopt.dispatch.formulate import BLOCKS, Model
from gridopt.dispatch.lazy import Program, Relaxed, solve
from gridopt.program.solution import Solution, Values

ROWS = "storage.apart"


def spared(model: Model, solution: Solution, program: Program) -> float:
    """MWh that stores would have destroyed; 0 where no row was needed, at no cost then."""
    rows = solution.added.get(ROWS, np.zeros((3, 0), int))[2]
    if not len(rows):
        return 0.0
    lower, upper = solution.form.row_lower.copy(), solution.form.row_upper.copy()
    lower[rows], upper[rows] = -np.inf, np.inf
    free = Relaxed(replace(solution.form, row_lower=lower, row_upper=upper), [f for f in model.builder.lazy_families if f.family.name != ROWS])
    free.added = {name: found for name, found in solution.added.items() if name != ROWS}
    case, columns = model.case, model.columns[BLOCKS.index(storage)]
    found = storage.results(case, columns, Values(model.builder, solve(free, program=program)))
    return float((found["storage_both"].values @ case.time.hours).sum())
