"""How far each price could lie from the one that was chosen: the lowest and the highest that are right, bus by bus and step by step.

    lowest[b,t] = min of price[b,t], highest[b,t] = max of price[b,t]  over all duals that are right (D1), (D2) of right_duals.py     (V1)

Each end is a linear program of its own, so that large markets go without: there are two for every bus and step.
"""

from __future__ import annotations

import numpy as np

from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.right_duals import Duals, schedule_rows
from gridopt.program.solution import SolverFailed

MOST = 400
"""Buses times steps up to which ranges are found."""


def price_range(dispatch: Dispatch) -> tuple[np.ndarray, np.ndarray] | None:
    """(V1) in CNY/MWh, (B, T) each, infinite where nothing bounds a price; None above MOST prices."""
    shape, hours = dispatch.quantities["load"].values.shape, dispatch.case.time.hours
    if shape[0] * shape[1] > MOST:
        return None
    people, form, best = dispatch.participants, dispatch.solution.form, dispatch.optimum
    right = Duals(form, best.solution.x)
    right.calm(schedule_rows(best))
    ends = np.zeros((2, *shape))
    for b, t in np.ndindex(shape):
        one, weight = np.zeros(shape), np.zeros(len(form.row_lower))
        one[b, t] = 1.0 / hours[t]
        weight[people.shared] = people.payment(one)
        for end, sign in ((0, 1.0), (1, -1.0)):
            try:
                ends[end, b, t] = weight @ right.least(sign * weight)
            except SolverFailed:
                ends[end, b, t] = -sign * np.inf
    return ends[0], ends[1]
