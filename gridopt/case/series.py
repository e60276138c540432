"""Series in memory, and how they are laid onto the steps of a case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from gridopt.case.profiles import overlap
from gridopt.case.time import TimeGrid


class SeriesSource(Protocol):
    """Whatever can lay named series onto steps: files (`readers/series.py`) or arrays (`GivenSeries`)."""

    def on_grid(self, names: Sequence[str], starts: np.ndarray, hours: np.ndarray) -> np.ndarray:
        """Values float (len(names), T); a coarser step takes the time-weighted mean, a finer one repeats."""
        ...


class GivenSeries:
    """Arrays on one grid, piecewise constant."""

    def __init__(self, grid: TimeGrid, values: Mapping[str, np.ndarray]):
        self.grid, self.values = grid, {k: np.asarray(v, float) for k, v in values.items()}

    def on_grid(self, names: Sequence[str], starts: np.ndarray, hours: np.ndarray) -> np.ndarray:
        if not len(names):
            return np.zeros((0, len(starts)))
        table = np.array([self.values[n] for n in names])
        return resample(table, self.grid, TimeGrid(starts, hours))


class Layered:
    """Series of one source, and further ones that go before those of the same name."""

    def __init__(self, below: SeriesSource, above: GivenSeries):
        self.below, self.above = below, above

    def on_grid(self, names: Sequence[str], starts: np.ndarray, hours: np.ndarray) -> np.ndarray:
        own = np.array([n in self.above.values for n in names], bool)
        found = np.zeros((len(names), len(starts)))
        for source, mine in ((self.above, own), (self.below, ~own)):
            if mine.any():
                found[mine] = source.on_grid([n for n, m in zip(names, mine, strict=True) if m], starts, hours)
        return found


def resample(values: np.ndarray, source: TimeGrid, target: TimeGrid) -> np.ndarray:
    """Time-weighted means of piecewise-constant `values` (n, S) over the steps of `target`, (n, T).

    Both grids must be gapless and `source` must cover `target`. A step within one value gets that value, as a status of 1 must stay 1.
    """
    if len(source) == len(target) and (source.start == target.start).all():
        return values
    end = target.end
    last = max(source.end[-1], end.max())  # ends of steps that are no whole seconds are rounded
    edges = np.append(source.start, last).astype("int64")
    return overlap.mean(values, edges, target.start.astype("int64"), end.astype("int64"))
