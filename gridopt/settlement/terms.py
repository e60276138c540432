"""Rows of the tables of settlement with their dates: when they hold, and how their energy is spread over time.

    κ[t] = (F(end of t) - F(begin of t)) / (F(last) - F(first)),   both cut to the dates;   F rises by 1 a day along a curve     (H1)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from gridopt.case.case import Case
from gridopt.case.tables_contracts import CURVES, HOURS

HOUR_S = 3600.0
RULED = ("mechanism", "guaranteed", "capacity")
"""Tables whose dates say since when and until when a rule of the province holds."""
DATED = (*RULED, "contract", "ftr")


@dataclass(frozen=True)
class Terms:
    """One row: its name, cells, and the instants between which it holds (open dates: those of the studied period); inside (T,): part of
    each period in which it holds."""

    name: str
    cells: dict[str, Any]
    first: np.datetime64
    last: np.datetime64
    inside: np.ndarray

    def __getitem__(self, column: str) -> Any:
        return self.cells[column]

    def given(self, column: str) -> bool:
        """Whether a cell with a number or date holds one."""
        value = self.cells[column]
        return value == value

    def spread(self, case: Case, curve: str = "flat") -> np.ndarray:
        """(H1), (T,); nan where the curve has no energy at all between the dates."""
        rise = cumulated(hourly(case, curve))
        begin, end = (rise(np.clip(t, self.first, self.last)) for t in (case.time.start, case.time.end))
        total = rise(np.array([self.last]))[0] - rise(np.array([self.first]))[0]
        return (end - begin) / total if total > 0 else np.full(len(begin), np.nan)


def terms(case: Case, name: str) -> list[Terms]:
    """The rows of a table; an end date is included."""
    table = case.table(name)
    begin, end = (table[c].to_numpy("datetime64[s]") for c in ("start_date", "end_date"))
    end = end + np.timedelta64(86400, "s")
    inside = case.time.share_between(begin, end) if len(case.time) else np.zeros((len(table), len(case.time)))
    found = []
    for i, (key, cells) in enumerate(zip(table.index, table.to_dict("records"), strict=True)):
        first = case.time.start[0] if np.isnat(begin[i]) else begin[i]
        last = case.time.end[-1] if np.isnat(end[i]) else end[i]
        found.append(Terms(str(key), cells, first, last, inside[i]))
    return found


def as_of(case: Case, day: date | None) -> Case:
    """The case with the rules that hold from `day` on, as if the studied period began then: dates of RULED move by as many days; None: the
    case itself. Contracts and rights keep their dates, plants the day on which they were built."""
    if day is None or not len(case.time):
        return case
    apart = case.time.start[0].astype("datetime64[D]") - np.datetime64(day, "D")
    moved = {n: case.table(n).assign(**{c: case.table(n)[c] + apart for c in ("start_date", "end_date")}) for n in RULED}
    return replace(case, tables={**case.tables, **moved})


def in_force(case: Case, day: date | None = None) -> dict[str, list]:
    """Columns of table `terms`, a row for each table that has some: how many, how many hold in the studied period, when the next begins and
    when the last of those that are over ended; day: that of `as_of`, whose rules these are."""
    found: dict[str, list] = {n: [] for n in ("table", "rows", "holding", "begins", "ended", "as_of")}
    none, begin = np.timedelta64(0, "D"), case.time.start[0].astype("datetime64[D]") if len(case.time) else None
    for name in DATED if begin is not None else ():
        rows, ruled = terms(case, name), day is not None and name in RULED
        back = np.datetime64(day, "D") - begin if ruled else none
        idle = [r for r in rows if not r.inside.any()]
        later = [r.first.astype("datetime64[D]") for r in idle if r.first >= case.time.end[-1]]
        over = [r.last.astype("datetime64[D]") - 1 for r in idle if r.last <= case.time.start[0]]
        ends = (str(min(later) + back) if later else "", str(max(over) + back) if over else "")
        if rows:
            values = (name, len(rows), len(rows) - len(idle), *ends, str(day) if ruled else "")
            for column, value in zip(found.values(), values, strict=True):
                column.append(value)
    return found


def hourly(case: Case, curve: str) -> np.ndarray:
    """Part of a day's energy in each hour (24,): of table contract_curve, or one that is always there."""
    table = case.table("contract_curve")
    mine = table[table["curve"] == curve]
    if not len(mine):
        shape = np.array(CURVES[curve], float)
        return shape / shape.sum()
    found = np.zeros(HOURS)
    found[mine["hour"].to_numpy(int)] = mine["share"].to_numpy(float)
    return found


def cumulated(part: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """F of (H1) at instants (n,): each day brings 1, its hours `part` (24,)."""
    knots = np.append(0.0, np.cumsum(part))

    def rise(instant: np.ndarray) -> np.ndarray:
        day = instant.astype("datetime64[D]")
        hour = (instant.astype("datetime64[s]") - day.astype("datetime64[s]")).astype(float) / HOUR_S
        return day.astype(float) + np.interp(hour, np.arange(HOURS + 1), knots)

    return rise
