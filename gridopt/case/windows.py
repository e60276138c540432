"""Windows of hours that end at a step, on steps of any length."""

from __future__ import annotations

import numpy as np

INSTANT = 1e-6
"""Hours within which two instants are one."""


def begins(case) -> np.ndarray:
    """Begin of each step in hours after the first, (T,)."""
    start = case.time.start
    return (start - start[:1]).astype("timedelta64[s]").astype(float) / 3600.0


def since(begin: np.ndarray, hours: np.ndarray) -> np.ndarray:
    """First step that began less than `hours` (n,) before each step, int (n, T); the step itself where that is none."""
    limit = begin - np.asarray(hours, float)[:, None] + INSTANT
    return np.minimum(np.searchsorted(begin, limit, "right"), np.arange(len(begin)))


def returned(here: np.ndarray) -> np.ndarray:
    """First step of the time in service that each step lies in, by whether elements are in service (n, T); the step itself while out."""
    step = np.arange(here.shape[1])
    return np.minimum(np.maximum.accumulate(np.where(here, 0, step + 1), axis=1), step)


def until(begin: np.ndarray, hours: np.ndarray) -> np.ndarray:
    """Last step before each step that began at least `hours` (n,) before it, int (n, T); -1 where there is none."""
    limit = begin - np.asarray(hours, float)[:, None] + INSTANT
    return np.minimum(np.searchsorted(begin, limit, "right"), np.arange(len(begin))) - 1


def spread(first: np.ndarray, last: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whole numbers first..last of each range (m,): (number of the range, value), empty ranges have none."""
    length = np.maximum(last - first + 1, 0)
    of = np.repeat(np.arange(len(length)), length)
    return of, np.arange(len(of)) - np.repeat(np.cumsum(length) - length, length) + first[of]
