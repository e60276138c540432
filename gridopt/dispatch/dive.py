"""Dive: whole values straight from the linear relaxation, a few decisions at a time, each time by a few pivots from the last optimum.

    open decisions (guided.py) in the order of how near they are to a whole number; the nearest SHARE of them are held at it; the
    linear program is solved again from its basis; and so on until none is open                                    (P1)
    no optimum: the last ones are let go and half as many are held; one alone goes to the other side                (P2)
    last, every decision is held at its whole number: only values that fit it count                                 (P3)
    whole numbers above one (steps of a schedule) are not dived in: the relaxation changes them by a part of a step each hour, and the
    nearest whole numbers change too often. Where one is open, all of them are searched, with all else held          (P4)

What moves because others are held is not held itself, so minimum times and ramps find their way. A dive proves nothing: the bound is
that of the relaxation, and what misses the gap is where the searches begin.
"""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from gridopt.dispatch.attempts import Attempts
from gridopt.dispatch.lazy import Loaded, solve
from gridopt.program.highs import Highs
from gridopt.program.solution import Infeasible, LimitReached, SolverFailed

SHARE = 0.4
"""Part of the open decisions that is held at once."""
OPEN = 1e-6
"""By how much a value must miss a whole number to be open."""
SOLVES, SECONDS = 120, 20.0
"""Linear programs of one dive, at most; time of the search of (P4)."""


def dives(loaded: Loaded) -> bool:
    """Whether a program can be dived in: hot starts are HiGHS' alone, and tangents of square costs would be left behind."""
    relaxed = loaded.relaxed
    complete = len(loaded.rows) == relaxed.limited.sum() and len(loaded.columns) == relaxed.used.sum()
    return isinstance(loaded.highs, Highs) and loaded.tangents is None and bool(complete)


def dive(attempts: Attempts, loaded: Loaded, x: np.ndarray) -> bool:
    """Offers what a dive from the optimum x (n,) of the relaxation that is `loaded` finds; False if it finds nothing."""
    held, count, least = Held(attempts, loaded), 0, 0.5 * attempts.left
    form, ids = attempts.relaxed.form, attempts.ids
    stepped = form.upper[ids] - form.lower[ids] > 1.0 + OPEN
    for _ in range(SOLVES):
        if attempts.stop.is_set() or attempts.left < least:  # half of the time is left to what finds a schedule more surely
            return False
        value = attempts.implied(x)[attempts.ids]
        miss = np.abs(value - np.round(value))
        free = np.flatnonzero((miss > OPEN) & ~held.held & ~stepped)
        if not len(free):
            return _last(attempts, held, value, stepped)
        count = count or max(int(SHARE * len(free)), 1)
        some = free[np.argsort(miss[free], kind="stable")[:count]]
        found = held.hold(some, np.round(value[some]))
        if found is None and len(some) == 1:
            other = np.floor(value[some]) + np.ceil(value[some]) - np.round(value[some])
            found = held.hold(some, other)
            if found is None:
                return False
        # A batch that does not fit is tried again in halves; the next one after a success has its usual size.
        count = 0 if found is not None else max(len(some) // 2, 1)
        x = x if found is None else found
    return False


def _last(attempts: Attempts, held: Held, value: np.ndarray, stepped: np.ndarray) -> bool:
    """(P3), (P4)."""
    whole = np.round(value)
    if (np.abs(value - whole)[stepped] > OPEN).any():
        with suppress(Infeasible):  # what does not fit is found by the search, quicker than by pivots from the last optimum
            attempts.attempt("dive", ~stepped & ~attempts.lone, whole, gap=0.25 * attempts.search.gap, seconds=SECONDS)
        return attempts.x is not None
    rest = np.flatnonzero(~held.held)
    found = held.hold(rest, whole[rest])
    if found is not None:
        attempts.offer(attempts.implied(found), "dive")
    return found is not None


class Held:
    """The relaxation with some decisions held; held: which, bool (k,)."""

    def __init__(self, attempts: Attempts, loaded: Loaded):
        self.attempts, self.loaded, self.held = attempts, loaded, np.zeros(len(attempts.ids), bool)
        self._place = loaded.rank[attempts.ids]

    def hold(self, some: np.ndarray, values: np.ndarray) -> np.ndarray | None:
        """The optimum (n,) with further decisions held at values (k,); None, and they are let go again, if there is none."""
        before = self.loaded.highs.basis()
        self._bound(some, values, values)
        try:
            x = solve(self.attempts.relaxed, program=self.attempts.program, loaded=self.loaded).x
        except (Infeasible, LimitReached, SolverFailed):
            self.release(some)
            if len(before[1]) == self.loaded.highs.rows:  # what proves that there is none is a poor start
                self.loaded.highs.set_basis(*before)
            return None
        self.held[some] = True
        return x

    def release(self, some: np.ndarray) -> None:
        """Lets decisions go."""
        form, ids = self.attempts.relaxed.form, self.attempts.ids[some]
        self._bound(some, form.lower[ids], form.upper[ids])
        self.held[some] = False

    def _bound(self, some: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> None:
        here = self._place[some] >= 0
        self.loaded.highs.bound(self._place[some][here], lower[here], upper[here])
