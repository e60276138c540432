"""Neighbourhood search: the best values so far, with all steps of some elements free at once.

Elements are taken in the order of how little the linear relaxation decides about them: the sum over their steps of |reduced cost|. A
window slides over this order, from the least decided on; where a pass over all of it finds nothing, it grows.
"""

from __future__ import annotations

import threading

import numpy as np

from gridopt.dispatch.attempts import Attempts

SIZES = (12, 20, 30, 50, 80)
"""Elements that are free at once."""
SECONDS = 30.0
"""Time of one window, at most."""


def improve(attempts: Attempts, reduced: np.ndarray, stop: threading.Event) -> None:
    """Betters the values that `attempts` has until its gap is met, `stop` is set, or the widest windows find nothing.

    reduced: reduced costs of the decisions (k,) at the duals of the linear relaxation.
    """
    order = np.argsort(np.bincount(attempts.element, np.abs(reduced)), kind="stable")
    order = order[np.isin(order, attempts.element[~attempts.lone])]
    for size in SIZES:
        for first in range(0, max(len(order) - size // 2, 1), size // 2):
            if attempts.over or stop.is_set() or attempts.x is None:
                return
            held = ~np.isin(attempts.element, order[first : first + size]) & ~attempts.lone
            attempts.attempt("neighbourhood", held, attempts.whole(attempts.x), gap=0.1 * attempts.search.gap, seconds=SECONDS, stop=stop)
