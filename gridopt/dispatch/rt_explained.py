"""Windows of real time as dispatches of their own, so that their prices can be explained and solved again.

    columns that the window may move lie within its limits, by what was expected then; all others are held at what was done before it, or
    at the physical schedule; rows of other periods hold nothing                                                            (V3)
    a column whose value at the end has two prices (rt_stores.py) has that of the side on which it is, and none at the plan  (V4)
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from gridopt.case.case import Case
from gridopt.dispatch.formulate import formulate
from gridopt.dispatch.lazy import written
from gridopt.dispatch.real_time import RealTimeRule, _Kept, unsolved
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.rt_program import Moving, Window
from gridopt.dispatch.rt_stores import Stores
from gridopt.program.solution import Solution
from gridopt.program.standard_form import Rows, extend, stack, value

SIDE = 1e-7
"""MW, MWh or hm3 by which a value lies beside that of the plan."""


class Seen(NamedTuple):
    """first: the interval that binds; dispatch: the window as one; dual (m,): by the rule; last: the step after its last."""

    first: int
    dispatch: Dispatch
    dual: np.ndarray
    last: int


def windows_of(plan: Dispatch, actual: Case, rule: RealTimeRule, steps: Collection[int]) -> Iterator[Seen]:
    """The windows whose first intervals are `steps`, in order, each after all windows before it. Raises Infeasible."""
    model = formulate(actual)
    stores = Stores(model, plan, rule.margin) if rule.stores else None
    moving, end = Moving(model, plan, rule.weights, stores), len(actual.time)
    kept, pricing = _Kept(model, moving, end, rule.intervals), rule.pricing(actual)
    for k in range(max(steps) + 1):
        window = moving.solve(k, min(k + rule.intervals, end))
        if window is None:
            raise unsolved(actual, k)
        if k in steps:
            window = window if pricing is None else moving.priced(window, pricing[1])
            chosen = kept.chosen(window, rule.selection)
            found = _dispatch(moving, chosen, plan)
            yield Seen(k, found, found.solution.y, chosen.last)


def _dispatch(moving: Moving, window: Window, plan: Dispatch) -> Dispatch:
    """(V3), (V4) with the duals of the window."""
    form, x, own, ids = moving.form, moving.x.copy(), window.form, window.frame.ids
    x[ids] = window.x[: len(ids)]
    x[ids[window.tied]] += window.x[len(ids) :]
    lower, upper, held, cost = x.copy(), x.copy(), x.copy(), form.cost.copy()
    cost[ids], lower[ids], upper[ids] = _sides(window, len(ids))
    held[ids] = 0.0
    low, high = np.full((2, len(form.row_lower)), [[-np.inf], [np.inf]])
    count, given = len(window.rows), (form.matrix @ held)[window.rows]
    low[window.rows], high[window.rows] = own.row_lower[:count] + given, own.row_upper[:count] + given
    dual = np.zeros(len(low))
    dual[window.rows] = window.y
    parts, duals, added, place, first = [], [dual], {}, count, len(low)
    for known in window.lazy:
        family = moving.families[known.pair][0]
        rows = written(family, known.element, known.step, len(x))
        here, beside = slice(place, place + len(known.element)), rows.matrix @ held
        parts.append(Rows(own.row_lower[here] + beside, own.row_upper[here] + beside, rows.step, rows.matrix))
        duals.append(known.dual)
        added[family.family.name] = np.array([known.element, known.step, np.arange(first, first + len(known.element))])
        place, first = here.stop, first + len(known.element)
    made = replace(form, cost=cost, lower=lower, upper=upper, row_lower=low, row_upper=high)
    made = extend(made, stack(parts, len(x)))
    total = value(made, x)
    solution = Solution(made, x, np.concatenate(duals), total, 1, added, {}, total, plan.solution.finished)
    return Dispatch(moving.model.case, moving.model, solution)


def _sides(window: Window, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cost, lower and upper bounds (n,) of the columns of a window by (V4)."""
    own, tied = window.form, window.tied
    cost, lower, upper = own.cost[:size].copy(), own.lower[:size].copy(), own.upper[:size].copy()
    planned, above = upper[tied].copy(), window.x[size:] > SIDE
    below = window.x[:size][tied] < planned - SIDE
    lower[tied] = np.where(below, lower[tied], planned)
    upper[tied] = np.where(above, planned + own.upper[size:], planned)
    cost[tied] = np.where(above, own.cost[size:], cost[tied])
    return cost, lower, upper
