"""Guided search: the linear relaxation decides most; only what it leaves open, and the steps around, is searched.

A decision is open where its relaxed value is no whole number. All rows are kept, so that whatever is found is feasible for the whole
program, and the relaxation's bound tells how far it is from the best. Where too little is found, the steps around grow.
"""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from gridopt.dispatch.attempts import Attempts
from gridopt.program.solution import Infeasible

OPEN = 1e-6
"""By how much a value must miss a whole number to be open."""
WIDER = (1, 3, 9)
"""Reaches to try, in units of the first: two steps, or an hour in a day of shorter ones."""
SECONDS = 60.0
"""Time of one reach, at most."""


def guided(attempts: Attempts, relaxed: np.ndarray, wide: bool) -> None:
    """Searches around the values `relaxed` (n,) of the linear relaxation, until the gap is met.

    wide: on to the widest reach; else to the first that finds anything, for where a search of everything is quick as well.
    """
    whole, undecided = attempts.whole(relaxed), undecided_of(attempts, relaxed)
    if attempts.x is not None:  # where values are known, what they have otherwise is open, too: so that the search may start from them
        undecided |= attempts.whole(attempts.x) != whole
    first = max(2, int(attempts.step.max(initial=0) + 1) // 24)
    for factor in WIDER:
        free = near(undecided, attempts.element, first * factor) | (attempts.step < 0) | attempts.lone
        with suppress(Infeasible):  # too much was held
            found = attempts.attempt("guided search", ~free, whole, gap=0.25 * attempts.search.gap, seconds=SECONDS if wide else SECONDS / 3)
            if not found.done:
                return  # a wider search would end even less
        if attempts.over or free.all() or (attempts.x is not None and not wide):
            return


def undecided_of(attempts: Attempts, relaxed: np.ndarray) -> np.ndarray:
    """Decisions that the relaxation leaves open, bool (k,)."""
    return np.abs(attempts.implied(relaxed)[attempts.ids] - attempts.whole(relaxed)) > OPEN


def near(marked: np.ndarray, element: np.ndarray, reach: int) -> np.ndarray:
    """Decisions at most `reach` steps away from one of the same element that is marked, bool (k,)."""
    found = marked.copy()
    for k in range(1, min(reach, len(marked) - 1) + 1):
        same = element[k:] == element[:-k]
        found[k:] |= marked[:-k] & same
        found[:-k] |= marked[k:] & same
    return found
