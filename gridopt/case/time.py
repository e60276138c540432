"""The time axis of a case: steps, their starts and their lengths.

A step may have any length; nothing else in the program may assume an hour. Starts are local civil time without zone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp


@dataclass(frozen=True)
class TimeGrid:
    """`start` datetime64[s] (T,), first instant of each step; `hours` float (T,), its length in hours."""

    start: np.ndarray
    hours: np.ndarray

    @classmethod
    def regular(cls, start: str, end: str, minutes: int = 60) -> TimeGrid:
        """Steps of equal length from `start` (included) to `end` (excluded), both ISO dates or times."""
        first, last = np.datetime64(start, "s"), np.datetime64(end, "s")
        begins = np.arange(first, last, np.timedelta64(minutes * 60, "s"))
        return cls(begins, np.full(len(begins), minutes / 60.0))

    def __len__(self) -> int:
        return len(self.start)

    @property
    def index(self) -> np.ndarray:
        return self.start

    @property
    def end(self) -> np.ndarray:
        """Last instant of each step, datetime64[s] (T,)."""
        return self.start + (self.hours * 3600).round().astype("timedelta64[s]")

    def part(self, first: int, last: int) -> TimeGrid:
        """Steps first..last-1."""
        return TimeGrid(self.start[first:last], self.hours[first:last])

    def coarsen(self, group: int) -> TimeGrid:
        """Every `group` neighbouring steps made one (the last group may be shorter)."""
        first = np.arange(0, len(self), group)
        return TimeGrid(self.start[first], np.add.reduceat(self.hours, first))

    def share_between(self, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Share of each step inside [begin, end), float (n, T), for instants datetime64 (n,); NaT means open. In whole seconds, so that a
        step that lies inside has the share 1, even where its hours are a sum of fractions."""
        lo = np.where(np.isnat(begin), self.start[0], begin.astype("datetime64[s]"))[:, None]
        hi = np.where(np.isnat(end), self.end[-1], end.astype("datetime64[s]"))[:, None]
        overlap = np.minimum(self.end, hi) - np.maximum(self.start, lo)
        return np.clip(overlap.astype("timedelta64[s]").astype(float) / (self.end - self.start).astype(float), 0.0, 1.0)

    def by_day(self) -> tuple[np.ndarray, sp.csr_array]:
        """Calendar days that the steps touch, datetime64[D] (D,), and the hours of each step inside each of them, (D, T)."""
        first, last = self.start.astype("datetime64[D]"), (self.end - np.timedelta64(1, "s")).astype("datetime64[D]")
        if not len(self):
            return first, sp.csr_array((0, 0))
        days = np.arange(first[0], last[-1] + 1)
        row, col = [first - days[0]], [np.arange(len(self))]
        for more in range(1, int((last - first).astype(int).max()) + 1):
            some = np.flatnonzero((last - first).astype(int) >= more)
            row.append(first[some] - days[0] + more)
            col.append(some)
        d, t = np.concatenate(row).astype(int), np.concatenate(col)
        begin = np.maximum(self.start[t], days[d].astype("datetime64[s]"))
        end = np.minimum(self.end[t], (days[d] + 1).astype("datetime64[s]"))
        return days, sp.csr_array(((end - begin).astype(float) / 3600.0, (d, t)), shape=(len(days), len(self)))

    @property
    def day(self) -> np.ndarray:
        """Number of the calendar day in which each step begins, from 0, int (T,)."""
        return np.unique(self.start.astype("datetime64[D]"), return_inverse=True)[1]

    def daily(self, values: np.ndarray) -> np.ndarray:
        """Sums of values (n, T) over the steps that begin in each calendar day (n, D)."""
        return np.add.reduceat(values, np.flatnonzero(np.diff(self.day, prepend=-1)), axis=1)

    @property
    def year(self) -> np.ndarray:
        """Calendar year of each step, int (T,)."""
        return self.start.astype("datetime64[Y]").astype(int) + 1970

    @property
    def month(self) -> np.ndarray:
        """Months since 1970-01 of each step, int (T,)."""
        return self.start.astype("datetime64[M]").astype(int)

    @property
    def month_day(self) -> np.ndarray:
        """Month * 100 + day of each step, int (T,)."""
        day = (self.start.astype("datetime64[D]") - self.start.astype("datetime64[M]").astype("datetime64[D]")).astype(int) + 1
        return (self.month % 12 + 1) * 100 + day
