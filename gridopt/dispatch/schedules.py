"""Schedules: whole numbers above one, such as levels of links, where a dive has settled all else.

    V(n)    least cost with levels n, what the dive holds kept, all else relaxed. It is convex:
            V(n) >= V(m) + d(m) (n - m),  d(m) reduced costs of levels held at m                                     (S1)
    first   the schedule nearest to the relaxation that keeps its own rules (nearest.py)                             (S2)
    next    the nearest of those that by (S1) of all schedules tried may cost no more than the aim                   (S3)
    aim     a cost that meets the gap, less what it last cost to settle the decisions that levels open               (S4)
    last    all levels are searched, all else as the dive left it                                                    (S5)

What opens is settled at the first schedule, at those that may meet the gap, and at the cheapest of all that were tried. Each is a small
program and some hundred pivots, 0.1 to 0.5 s, where (S5) takes 5 to 10 s. Where none is left in (S3), no levels suit what the dive holds,
and (S5) is not worth its time.
Source: Lemarechal, Nemirovskii and Nesterov, New variants of bundle methods, 1995 (projection onto a level set of a cutting plane model).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import numpy as np

from gridopt.dispatch.holding import Held
from gridopt.dispatch.nearest import Cuts, nearest
from gridopt.program.solution import Infeasible
from gridopt.program.standard_form import value

TRIES, SEARCHED = 12, 12.0
"""Schedules that are tried, at most; seconds of (S5)."""


def scheduled(held: Held, x: np.ndarray, settle: Callable[[np.ndarray], float]) -> bool:
    """Tries schedules (S2) to (S4) from an optimum x (n,), until the gap is met; whether (S5) may find one that does, where it is not.

    settle: dives in what levels have opened in an optimum (n,), and offers what it finds; its cost, inf where there is nothing."""
    attempts, before = held.attempts, held.held.copy()
    form, fixed = attempts.relaxed.form, attempts.ids[before]
    lower, upper = form.lower.copy(), form.upper.copy()
    lower[fixed] = upper[fixed] = np.round(x[fixed])
    known, stepped = replace(form, lower=lower, upper=upper), attempts.ids[held.stepped]
    slopes, heights, least, aim = np.zeros((0, len(x))), np.zeros(0), np.inf, np.inf
    cheapest = np.inf, np.zeros(0, int), np.zeros(0)
    for _ in range(TRIES):
        found = nearest(known, x, stepped, attempts.program, attempts.left, attempts.enough, Cuts(slopes, aim - heights))
        if found is None:
            break
        some = np.flatnonzero(np.isin(attempts.ids, found[0]) & ~before)
        values = found[1][np.searchsorted(found[0], attempts.ids[some])]
        fits = held.hold(some, values)
        if fits is None:
            break
        cost, slope = value(form, fits), held.slopes(some)
        slopes, heights = np.vstack([slopes, slope]), np.append(heights, cost - slope @ fits)
        cheapest = min(cheapest, (cost, some, values), key=lambda one: one[0])
        if len(heights) == 1 or cost <= min(attempts.target, least):
            least, settled = cost, settle(fits)
            if attempts.over or settled == np.inf:
                return True
            aim = attempts.target - max(settled - cost, 0.0)
        held.release(np.flatnonzero(held.held & ~before))
    if cheapest[0] < least and not attempts.over and (fits := held.hold(*cheapest[1:])) is not None:
        settle(fits)
    return found is not None or not len(heights)


def levels(held: Held, whole: np.ndarray) -> None:
    """(S5), all else as in `whole` (k,)."""
    attempts = held.attempts
    with suppress(Infeasible):  # what does not fit is found by the search, quicker than by pivots from the last optimum
        attempts.attempt("levels", ~held.stepped & ~attempts.lone, whole, gap=0.25 * attempts.search.gap, seconds=SEARCHED)
