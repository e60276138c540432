"""Neighbourhood search: the best values so far, with all steps of some elements free at once, or all elements in some steps.

Elements are taken in the order of how little the linear relaxation decides about them: the sum over their steps of |reduced cost|. A
window slides over this order, from the least decided on; where a pass over all of it finds nothing, it grows.
"""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from gridopt.dispatch.attempts import Attempts
from gridopt.program.solution import Infeasible

SIZES = (12, 20, 30, 50, 80)
"""Elements that are free at once."""
SECONDS, IN_TIME_S = 30.0, 20.0
"""Time of one window of elements, of steps, at most."""
LENGTH, PARTS, ENOUGH = 8, 6, 0.1
"""Steps of a window, at least; windows side by side in all steps, at most; part of what is missing that a pass must take away."""


def improve(attempts: Attempts, reduced: np.ndarray) -> None:
    """Betters the values that `attempts` has until its gap is met, or the widest windows find nothing.

    reduced: reduced costs of the decisions (k,) at the duals of the linear relaxation.
    """
    order = np.argsort(np.bincount(attempts.element, np.abs(reduced)), kind="stable")
    order = order[np.isin(order, attempts.element[~attempts.lone])]
    for size in SIZES:
        for first in range(0, max(len(order) - size // 2, 1), size // 2):
            if attempts.over or attempts.x is None:
                return
            held = ~np.isin(attempts.element, order[first : first + size]) & ~attempts.lone
            with suppress(Infeasible):  # values that hold but for rounding
                attempts.attempt("neighbourhood", held, attempts.whole(attempts.x), gap=0.1 * attempts.search.gap, seconds=SECONDS)


def in_time(attempts: Attempts) -> None:
    """Betters the values that `attempts` has by windows of steps, all elements free in them: a window slides over the steps, again while a
    pass takes away a part ENOUGH of what is missing."""
    steps, before = int(attempts.step.max(initial=0)) + 1, np.inf
    length = max(LENGTH, steps // PARTS)
    begins = range(0, max(steps - length // 2, 1), length // 2)
    while attempts.x is not None and attempts.gained(before, ENOUGH):
        before = attempts.cost
        for first in begins:
            if attempts.over:
                return
            free = ((attempts.step >= first) & (attempts.step < first + length)) | (attempts.step < 0) | attempts.lone
            with suppress(Infeasible):  # values that hold but for rounding
                attempts.attempt("steps", ~free, attempts.whole(attempts.x), gap=0.1 * attempts.search.gap, seconds=IN_TIME_S)
