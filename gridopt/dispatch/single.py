"""One case, one program: formulate, solve exactly, share ties fairly.

Short horizons go straight to the lazy loop. Long ones climb a ladder: the same case in day-long steps, then in 6-hour steps, then as
asked for. Each rung tells the next what stored energy, water and contracts are worth, so that windows of it (windows.py) give a
starting basis close to the optimum. If a rung fails, the next one starts from nothing; the result is the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from gridopt.case.case import Case
from gridopt.dispatch.fair import even_out
from gridopt.dispatch.formulate import Model, formulate
from gridopt.dispatch.lazy import Relaxed, solve
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.windows import lay_out, start
from gridopt.program.solution import Infeasible, LimitReached, Solution, SolverFailed

LONG_H = 1500.0
"""Hours from which the ladder pays."""
RUNGS_H = (168.0, 24.0, 6.0)
WINDOW_H, LEAST_WINDOW, STRIDE = 216.0, 36, 7 / 9
"""Length of a window in hours, and at least so many steps; from one window to the next as a share of it."""

Progress = Callable[[str], None]


def dispatch(case: Case, *, log: str = "", workers: int = 2, progress: Progress = lambda text: None) -> Dispatch:
    """Least-cost dispatch of `case`. Raises Infeasible, LimitReached or SolverFailed; never returns unproven numbers."""
    below = None
    hours = case.time.hours
    if hours.sum() >= LONG_H and np.ptp(hours) == 0:
        for rung in RUNGS_H:
            group = round(rung / hours[0])
            if group >= 2:
                below = _rung(case.on_time(case.time.coarsen(group)), below, workers, progress)
    model, solution = _solve(case, below, workers, progress, log)
    return Dispatch(case, model, even_out(model, solution))


def _rung(case: Case, below, workers: int, progress: Progress) -> tuple[Model, Solution] | None:
    progress(f"approach in steps of {case.time.hours[0]:g} h")
    try:
        return _solve(case, below, workers, progress, "")
    except (Infeasible, LimitReached, SolverFailed):
        return None


def _solve(case: Case, below, workers: int, progress: Progress, log: str) -> tuple[Model, Solution]:
    begun = time.perf_counter()
    model = formulate(case)
    relaxed = Relaxed(model.builder.form(), model.builder.lazy_families)
    built = time.perf_counter()
    basis = None if below is None else _basis(case, model, relaxed, below, workers, progress)
    del below
    solution = _from_basis(relaxed, basis, log, progress) if basis is not None else None
    if solution is None:
        relaxed = Relaxed(model.builder.form(), model.builder.lazy_families) if basis is not None else relaxed
        solution = solve(relaxed, log=log, progress=progress)
    solution.statistics["seconds"] = {"build": built - begun, "solve": time.perf_counter() - built}
    return model, solution


def _from_basis(relaxed: Relaxed, basis, log: str, progress: Progress) -> Solution | None:
    for boxed in (True, False):
        try:
            return solve(relaxed, log=log, basis=basis, boxed=boxed, progress=progress)
        except SolverFailed:
            if len(relaxed.form.row_lower) != len(basis[1]):
                break
    progress("the starting basis did not serve; starting from nothing")
    return None


def _basis(case: Case, model: Model, relaxed: Relaxed, below: tuple[Model, Solution], workers: int, progress: Progress):
    """Starting basis from the rung below: its duals and values laid onto these steps, then windows."""
    coarse, first = below
    hours, longer = case.time.hours, coarse.case.time.hours
    inside = np.searchsorted(np.cumsum(longer) - 1e-9, np.cumsum(hours) - hours / 2)
    rate = hours / longer[inside]
    duals = lay_out(first.y, coarse.builder.row_families, model.builder.row_families, inside, rate)
    guess = lay_out(first.x, coarse.builder.column_families, model.builder.column_families, inside)
    length = max(round(WINDOW_H / hours[0]), LEAST_WINDOW)
    stride = round(length * STRIDE)
    progress(f"windows of {length} steps every {stride}, {workers} side by side")
    return start(relaxed, len(hours), duals, guess, model.builder.slow_columns, length=length, stride=stride, workers=workers)
