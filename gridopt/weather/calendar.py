"""The hours of a calendar year in local civil time, and smooth seasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np

Value = TypeVar("Value")


@dataclass(frozen=True)
class Year:
    """Hours of calendar year `number`, 8760 or 8784; attributes are arrays (T,)."""

    number: int

    @cached_property
    def start(self) -> np.ndarray:
        """First instant of each hour, datetime64[s]."""
        return np.arange(f"{self.number}-01-01", f"{self.number + 1}-01-01", dtype="datetime64[h]").astype("datetime64[s]")

    def __len__(self) -> int:
        return len(self.start)

    @cached_property
    def hour(self) -> np.ndarray:
        """Hour of the day 0..23."""
        return np.arange(len(self)) % 24

    @cached_property
    def day(self) -> np.ndarray:
        """Day of the year 0..365."""
        return np.arange(len(self)) // 24

    @cached_property
    def month(self) -> np.ndarray:
        """Month 0..11."""
        return self.start.astype("datetime64[M]").astype(int) % 12

    @cached_property
    def weekday(self) -> np.ndarray:
        """Day of the week, Monday 0."""
        return (self.start.astype("datetime64[D]").astype(int) + 3) % 7

    def seasonal(self, months: np.ndarray) -> np.ndarray:
        """A curve (..., T) with the monthly means (..., 12) given: straight lines between mid-months, around the year."""
        return np.linalg.solve(self._means, np.asarray(months, float)[..., None])[..., 0] @ self._hats

    @cached_property
    def _means(self) -> np.ndarray:
        """Mean in month i of the hat over month j, (12, 12)."""
        return monthly(self._hats, self.month).T

    @cached_property
    def _hats(self) -> np.ndarray:
        """Hats (12, T): 1 at the middle of their month, falling to 0 at those of its neighbours."""
        edges = np.arange(f"{self.number}-01", f"{self.number + 1}-02", dtype="datetime64[M]").astype("datetime64[h]")
        edge = (edges - edges[0]).astype(float)
        middle = (edge[1:] + edge[:-1]) / 2
        knots = np.concatenate([[middle[-1] - edge[-1]], middle, [middle[0] + edge[-1]]])
        at = np.arange(len(self)) + 0.5
        left = np.searchsorted(knots, at, side="right") - 1
        share = (at - knots[left]) / (knots[left + 1] - knots[left])
        ring = np.arange(-1, 13) % 12
        return (ring[left] == np.arange(12)[:, None]) * (1 - share) + (ring[left + 1] == np.arange(12)[:, None]) * share

    def summer(self) -> np.ndarray:
        """0 at mid-January, 1 at mid-July."""
        return 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(len(self)) / 24 - 15) / 365.25)


def monthly(values: np.ndarray, month: np.ndarray) -> np.ndarray:
    """Means by month (..., 12) of hourly values (..., T)."""
    count = np.bincount(month, minlength=12)
    member = (month[:, None] == np.arange(12)).astype(float)
    return values @ member / count


def from_year_on(table: Mapping[int, Value], year: int, before: Value | None = None) -> Value:
    """Entry of the latest year not after `year`; earlier than all: `before`, or the first entry."""
    past = [y for y in table if y <= year]
    if past:
        return table[max(past)]
    return table[min(table)] if before is None else before
