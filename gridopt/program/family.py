"""Families: columns or rows of one kind with their coordinates, and rows that are written only when broken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

WORST = 25
"""Rows of a lazy family that are written in one step and round, at least; a 25th of the family if that is more."""


@dataclass(frozen=True)
class Family:
    """A set of columns or rows of one kind: name, unit, coordinates (dimension -> labels) and first id."""

    name: str
    unit: str
    over: Mapping[str, np.ndarray]
    start: int

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(len(v) for v in self.over.values())

    @property
    def size(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def ids(self) -> np.ndarray:
        return np.arange(self.start, self.start + self.size).reshape(self.shape)

    def labels(self, elements: np.ndarray) -> np.ndarray:
        """Labels of elements, places in all coordinates but the last, counted through: a label, a tuple where there are several; (k,)."""
        at = np.unravel_index(elements, self.shape[:-1])
        parts = [labels[i] for labels, i in zip(self.over.values(), at, strict=False)]
        if len(parts) == 1:
            return parts[0]
        found = np.empty(len(elements), object)
        found[:] = list(zip(*parts, strict=True))
        return found

    def step(self, steps: int) -> np.ndarray:
        """Step of each id, int (size,); -1 where the family is not over time."""
        if "time" not in self.over:
            return np.full(self.size, -1)
        return np.tile(np.arange(steps), self.size // steps) if steps else np.zeros(0, int)


Found = tuple[np.ndarray, np.ndarray]
"""(element, step) of rows, int (k,) each."""


@dataclass(frozen=True)
class LazyFamily:
    """Rows that are written only when broken. lower, upper, activity: shaped like the family, time last; views where they repeat.

    An element is a place in all coordinates but time, counted through. `activity(x, steps)` evaluates every row at a slice of the
    steps; `expand(element, step)` writes the chosen ones: triplets (row number, column, coefficient) and the constant part of each.
    `sensitivity(elements, step)` (k, places): how the rows draw on `port` at a step, for prices. `looks_back`: whether a row also
    draws on columns of the step before.

    A family too large to be evaluated row by row brings `find(x, tolerance, steps)`, which names broken rows itself. Rows that draw
    through few things bring `draw(element, step)`: triplets (row number, place, factor), a row draws as the sum of factor x
    sensitivity of places of its first coordinate. `sharp`: part of the tolerance at which the loop writes a row.
    """

    family: Family
    lower: np.ndarray
    upper: np.ndarray
    activity: Callable[..., np.ndarray] | None
    expand: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]
    port: str = ""
    sensitivity: Callable[[np.ndarray, int], np.ndarray] | None = None
    looks_back: bool = False
    find: Callable[[np.ndarray, float, slice], Found] | None = None
    draw: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]] | None = None
    sharp: float = 1.0

    def broken(self, x: np.ndarray, tolerance: float, steps: slice = slice(None)) -> Found:
        """Rows that x breaks by more than `tolerance`, at a slice of the steps: of many in one step, the worst by their limit.

        On a wide mesh a first optimum breaks a quarter of all limits, and most of them hold by themselves once the worst do.
        """
        if self.find is not None:
            return self.find(x, tolerance, steps)
        assert self.activity is not None, "a family evaluates its rows or finds the broken ones itself"
        activity, low, high = (v.reshape(-1, v.shape[-1]) for v in (self.activity(x, steps), self.lower[..., steps], self.upper[..., steps]))
        over = np.maximum(activity - high, low - activity)
        wrong = over > tolerance
        most = max(WORST, len(over) // 25)
        full = np.flatnonzero(wrong.sum(axis=0) > most)
        if len(full):
            scale = np.where(activity[:, full] > high[:, full], high[:, full], low[:, full])
            rank = np.where(wrong[:, full], over[:, full] / np.maximum(np.abs(scale), 1.0), 0.0)
            wrong[:, full] &= rank >= np.partition(rank, -most, axis=0)[-most]
        element, step = np.nonzero(wrong)
        return element, step + (steps.start or 0)

    def limits(self, element: np.ndarray, step: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(lower, upper) of chosen rows, (k,) each."""
        at = (*np.unravel_index(element, self.family.shape[:-1]), step)
        return self.lower[at], self.upper[at]

    def every(self) -> Found:
        """All rows that have a limit."""
        limited = np.isfinite(self.lower) | np.isfinite(self.upper)
        element, step = np.nonzero(limited.reshape(-1, limited.shape[-1]))
        return element, step
