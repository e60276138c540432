"""One window of real time as a dispatch of its own, so that its prices can be explained and solved again.

    columns that the window may move lie within its limits, by what was expected then; all others are held at what was done before it, or
    at the physical schedule; rows of other periods hold nothing                                                            (V3)
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridopt.case.case import Case
from gridopt.dispatch.formulate import formulate
from gridopt.dispatch.lazy import written
from gridopt.dispatch.real_time import RealTimeRule, _Kept
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.rt_program import Moving, Window
from gridopt.program.solution import Infeasible, Solution
from gridopt.program.standard_form import Rows, extend, stack, value


def window_of(plan: Dispatch, actual: Case, rule: RealTimeRule, step: int) -> tuple[Dispatch, np.ndarray, int]:
    """The window whose first interval is `step`, after all windows before it; its duals (m,) by the rule; the step after its last. Raises
    Infeasible."""
    model = formulate(actual)
    moving, steps = Moving(model, plan.model, plan.solution.x, rule.weights), len(actual.time)
    kept = _Kept(model, moving, steps, rule.intervals)
    for k in range(step + 1):
        window = moving.solve(k, min(k + rule.intervals, steps))
        if window is None:
            raise Infeasible(f"real time, {str(actual.time.start[k])[:16]}: no output satisfies all limits with statuses as planned.")
        if k == step:
            chosen = kept.chosen(window, rule.selection)
            found = _dispatch(moving, chosen, plan)
            return found, found.solution.y, chosen.last
    raise ValueError(f"step {step} is none of the {steps} of the plan")


def _dispatch(moving: Moving, window: Window, plan: Dispatch) -> Dispatch:
    """(V3) with the duals of the window."""
    form, x, own = moving.form, moving.x.copy(), window.form
    ids = moving.columns[moving.column_at[window.first] : moving.column_at[window.last]]
    x[ids] = window.x
    lower, upper, held = x.copy(), x.copy(), x.copy()
    lower[ids], upper[ids], held[ids] = own.lower, own.upper, 0.0
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
    made = replace(form, lower=lower, upper=upper, row_lower=low, row_upper=high)
    made = extend(made, stack(parts, len(x)))
    cost = value(made, x)
    return Dispatch(moving.model.case, moving.model, Solution(made, x, np.concatenate(duals), cost, 1, added, {}, cost, plan.solution.finished))
