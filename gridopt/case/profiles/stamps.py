"""Time stamps of series files: text to instants, zones, and the check that they form a regular axis.

Instants are datetime64[s] in the local civil time of the network. A stamp marks the start of its step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gridopt.case.check import CaseError

Row = Callable[[int], str]
"""How a fault calls datum number i, for example 'row 15'."""
ZONED = r"(?:[zZ]|[+-]\d\d:?\d\d)$"
FORMATS = ("%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y%m%d %H:%M", "%Y%m%d%H%M", "%Y年%m月%d日 %H:%M")
"""Tried in this order after ISO 8601; all begin with the year, so that day and month cannot be confused."""
SHOWN = 3
"""Faults of one kind shown for one file; the rest are counted."""


@dataclass(frozen=True)
class Axis:
    """Regular steps: `start` datetime64[s] (N,), `step` in seconds."""

    start: np.ndarray
    step: int

    @property
    def edges(self) -> np.ndarray:
        """Seconds since 1970 of the N + 1 borders."""
        first = self.start.astype("int64")
        return np.append(first, first[-1] + self.step)


def shown(instant: np.datetime64 | np.int64) -> str:
    """An instant, or seconds since 1970, as people write it: '2025-01-01 13:00'."""
    return pd.Timestamp(instant, unit="s").strftime("%Y-%m-%d %H:%M")


def parse(texts: Sequence[str], zone: str, naive_zone: str, file: str, row: Row) -> np.ndarray:
    """Instants (N,) in `zone` from text; stamps without an offset are in `naive_zone`. CaseError names unreadable rows."""
    text = pd.Series(list(texts), dtype="string").fillna("").str.strip()
    zoned = text.str.contains(ZONED).to_numpy(dtype=bool)
    dated = text.str.len().to_numpy() > 0
    if zoned.any() and not zoned[dated].all():
        first = int(np.flatnonzero(dated & (zoned != zoned[dated][0]))[0])
        rule = "differs from the rows above: some stamps have a UTC offset and some have none. Write all of them one way."
        raise CaseError([f"{file}, {row(first)}, time: '{text.iloc[first]}' {rule}"])
    if zoned.any():
        naive_zone = "UTC"
        instants = pd.to_datetime(text, format="ISO8601", utc=True, errors="coerce").dt.tz_localize(None)
    else:
        instants = _naive(text)
    bad = np.flatnonzero(instants.isna().to_numpy())
    if len(bad):
        faults = [
            f"{file}, {row(i)}, time: '{text.iloc[i]}' cannot be read as a time. {_cure(text.iloc[i])}" for i in bad.tolist()
        ]
        raise CaseError(_few(faults, file))
    return to_zone(instants.to_numpy().astype("datetime64[s]"), naive_zone, zone, file)


def _naive(text: pd.Series) -> pd.Series:
    best = pd.to_datetime(text, format="ISO8601", errors="coerce")
    for style in FORMATS:
        if not best.isna().any():
            break
        best = best.fillna(pd.to_datetime(text, format=style, errors="coerce"))
    return best


def _cure(text: str) -> str:
    if not text:
        return "The cell is empty: fill it, or remove the row."
    if "24:00" in text:
        return "Write 00:00 of the next day; if stamps mark the ends of steps, shift all back by one step: the start is expected."
    if text.replace(".", "", 1).isdigit():
        return "It looks like a number of days or hours: format the column as a date, written 2025-01-31 13:00."
    return "Write it as 2025-01-31 13:00."


def to_zone(instants: np.ndarray, source: str, target: str, file: str) -> np.ndarray:
    """Instants datetime64[s] (N,) of zone `source` as local time of `target`, both IANA names such as 'Asia/Shanghai'."""
    if source == target or not len(instants):
        return instants
    try:
        local = pd.DatetimeIndex(instants).tz_localize(source, ambiguous="raise", nonexistent="raise")
        return local.tz_convert(target).tz_localize(None).to_numpy().astype("datetime64[s]")
    except (KeyError, ValueError, OSError) as error:
        why = " ".join(str(error).split())[:120]
        rule = f"cannot be brought from zone '{source}' to '{target}' ({why}). Give stamps in UTC or in local time."
        raise CaseError([f"{file}, time: {rule}"]) from error


def regular(instants: np.ndarray, file: str, row: Row) -> Axis:
    """The axis the instants form; CaseError for rows out of order, repeated, missing or irregular."""
    if len(instants) < 2:
        rule = "at least 2 are needed to know the length of a step. Give the whole period."
        raise CaseError([f"{file}: has {len(instants)} rows of data; {rule}"])
    gap = np.diff(instants).astype("int64")
    positive = gap[gap > 0]
    if not len(positive):
        raise CaseError([f"{file}, {row(1)}, time: {shown(instants[1])} is not after the row above. Sort the rows by time."])
    sizes, counts = np.unique(positive, return_counts=True)
    step = int(sizes[counts.argmax()])
    faults = [
        f"{file}, {row(i + 1)}, time: {_irregular(instants, i, int(gap[i]), step)}" for i in np.flatnonzero(gap != step).tolist()
    ]
    if faults:
        raise CaseError(_few(faults, file))
    return Axis(instants, step)


def _irregular(instants: np.ndarray, i: int, gap: int, step: int) -> str:
    now, before = shown(instants[i + 1]), shown(instants[i])
    if gap == 0:
        return f"{now} is given twice. Remove one of the rows (where clocks are set back: give the stamps with their UTC offset)."
    if gap < 0:
        return f"{now} is before the row above ({before}). Sort the rows by time."
    if gap % step == 0:
        lost = gap // step - 1
        return f"the data jump from {before} to {now}, {lost} row{'s'[: lost > 1]} missing. Add them; no gap is filled."
    return f"{now} is {gap / 60:g} min after the row above, most steps last {step / 60:g} min. Bring the rows to equal steps."


def _few(faults: list[str], file: str) -> list[str]:
    more = len(faults) - SHOWN
    return (
        faults
        if more <= 0
        else [*faults[:SHOWN], f"{file}, time: {more} more rows have faults of this kind. Correct them alike."]
    )
