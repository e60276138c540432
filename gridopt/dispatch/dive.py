"""Dive: whole values straight from the linear relaxation, a few decisions at a time, each time by a few pivots from the last optimum.

    open decisions (guided.py) in the order of how near they are to a whole number; the nearest SHARE of them are held at it; the
    linear program is solved again from its basis; and so on until none is open                                    (P1)
    no optimum: the last ones are let go and half as many are held; one alone goes to the other side                (P2)
    last, every decision is held at its whole number: only values that fit it count                                 (P3)
    whole numbers above one (steps of a schedule) are not dived in: the relaxation changes them by a part of a step each hour, and the
    nearest whole numbers change too often. Once nothing else is open, they are held at the nearest schedule (nearest.py), and what
    that opens is dived in. Where that misses the gap, all of them are searched, with all else as it was before       (P4)

What moves because others are held is not held itself, so minimum times and ramps find their way. A dive proves nothing: the bound is
that of the relaxation, and what misses the gap is where the searches begin.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from gridopt.dispatch.attempts import Attempts
from gridopt.dispatch.lazy import Loaded, solve
from gridopt.dispatch.nearest import nearest
from gridopt.program.highs import Highs
from gridopt.program.solution import Infeasible, LimitReached, SolverFailed

SHARE = 0.4
"""Part of the open decisions that is held at once."""
STEADY: dict[str, Any] = {"dual_simplex_cost_perturbation_multiplier": 0.0}
"""The next optimum lies a few pivots away: to disturb all costs and to undo it takes longer than what ties may cost."""
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
    """Offers what a dive from the optimum x (n,) of the relaxation that is `loaded` finds; whether any values are known then."""
    form, ids, least = attempts.relaxed.form, attempts.ids, 0.5 * attempts.left  # half of the time is for what finds a schedule more surely
    held, stepped = Held(attempts, loaded), form.upper[ids] - form.lower[ids] > 1.0 + OPEN
    loaded.highs.set(**STEADY)
    settled = _settled(held, x, stepped, least)
    if settled is None:
        return attempts.x is not None
    value = attempts.implied(settled)[ids]
    if not (np.abs(value - np.round(value))[stepped] > OPEN).any():
        _last(held, settled)
        return attempts.x is not None
    _scheduled(held, settled, stepped, least)
    if not attempts.met:
        with suppress(Infeasible):  # what does not fit is found by the search, quicker than by pivots from the last optimum
            attempts.attempt("dive", ~stepped & ~attempts.lone, np.round(value), gap=0.25 * attempts.search.gap, seconds=SECONDS)
    return attempts.x is not None


def _settled(held: Held, x: np.ndarray, but: np.ndarray, least: float) -> np.ndarray | None:
    """(P1), (P2): an optimum (n,) in which no decision is open, save those of the mask `but` (k,); None if it finds none.

    x: the optimum that is loaded; least: seconds that must be left."""
    attempts, count = held.attempts, 0
    for _ in range(SOLVES):
        if attempts.stop.is_set() or attempts.left < least:
            return None
        value = attempts.implied(x)[attempts.ids]
        miss = np.abs(value - np.round(value))
        free = np.flatnonzero((miss > OPEN) & ~held.held & ~but)
        if not len(free):
            return x
        count = count or max(int(SHARE * len(free)), 1)
        some = free[np.argsort(miss[free], kind="stable")[:count]]
        found = held.hold(some, np.round(value[some]))
        if found is None and len(some) == 1:
            other = np.floor(value[some]) + np.ceil(value[some]) - np.round(value[some])
            found = held.hold(some, other)
            if found is None:
                return None
        # A batch that does not fit is tried again in halves; the next one after a success has its usual size.
        count = 0 if found is not None else max(len(some) // 2, 1)
        x = x if found is None else found
    return None


def _scheduled(held: Held, x: np.ndarray, stepped: np.ndarray, least: float) -> None:
    """The first half of (P4), from an optimum x (n,)."""
    attempts = held.attempts
    form, fixed = attempts.relaxed.form, attempts.ids[held.held]
    lower, upper = form.lower.copy(), form.upper.copy()
    lower[fixed] = upper[fixed] = np.round(x[fixed])
    known = replace(form, lower=lower, upper=upper)
    found = nearest(known, x, attempts.ids[stepped], attempts.program, attempts.left, attempts.stop)
    if found is None:
        return
    some = np.flatnonzero(np.isin(attempts.ids, found[0]) & ~held.held)
    fits = held.hold(some, found[1][np.searchsorted(found[0], attempts.ids[some])])
    settled = None if fits is None else _settled(held, fits, np.zeros(len(stepped), bool), least)
    if settled is not None:
        _last(held, settled)


def _last(held: Held, x: np.ndarray) -> None:
    """(P3)."""
    attempts, rest = held.attempts, np.flatnonzero(~held.held)
    found = held.hold(rest, np.round(attempts.implied(x)[attempts.ids[rest]]))
    if found is not None:
        attempts.offer(attempts.implied(found), "dive")


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
