"""A long time in equal parts: lines and bars over time show the mean of each, so that a year stays a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

MOST_POINTS = 1500
"""Most points of a line over time."""


@dataclass(frozen=True)
class Parts:
    """start int (n,): the first period of each part; label (n,): when it begins; days of the whole."""

    start: np.ndarray
    label: np.ndarray
    days: float

    @classmethod
    def of(cls, period: pd.DatetimeIndex) -> Parts:
        """At most MOST_POINTS parts of one or more periods."""
        start = np.arange(0, len(period), -(-len(period) // MOST_POINTS))
        label = period[start].to_numpy().astype("M8[m]").astype(str)
        return cls(start, label, float((period[-1] - period[0]) / pd.Timedelta(days=1)))

    def mean(self, value: np.ndarray) -> np.ndarray:
        """Mean of values (..., T) over each part (..., n); of what is known of them, nan where nothing is."""
        known = np.isfinite(value)
        total = np.add.reduceat(np.where(known, value, 0.0), self.start, axis=-1)
        count = np.add.reduceat(known.astype(float), self.start, axis=-1)
        return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
