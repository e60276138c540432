"""A schedule all the same where the limit of time came before any was found: a day on a busy machine costs no year and no market."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from gridopt.dispatch.attempts import Search
from gridopt.dispatch.result import Dispatch
from gridopt.program.solution import LimitReached

ROUGH = 0.05
"""Gap of the first schedule where none was found within the limit of time."""


def some_schedule(
    solve: Callable[[Any], Dispatch], search: Search | None, told: Callable[[float], None] = lambda gap: None
) -> Dispatch:
    """What `solve` finds by `search`; where its time is up before there is any, the first within a rough gap, however long that takes, which
    is `told`. Raises LimitReached where the search was stopped, or has no such limit."""
    try:
        return solve(search)
    except LimitReached:
        if search is None or (search.stop is not None and search.stop.is_set()):
            raise
    rough = replace(search, gap=max(search.gap, ROUGH), seconds=np.inf)
    told(rough.gap)
    found = solve(rough)
    finished = search.enough(found.solution.objective, found.solution.least_cost)
    return replace(found, solution=replace(found.solution, finished=finished))
