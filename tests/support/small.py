"""Small cases written as dictionaries of rows; every cell that is left out takes its declared default."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from gridopt.case.case import Case
from gridopt.case.check import convert
from gridopt.case.complete import indexed
from gridopt.case.series import GivenSeries
from gridopt.case.tables import TABLES
from gridopt.case.time import TimeGrid


def tables(**rows: list[dict]) -> dict[str, pd.DataFrame]:
    """Checked tables from rows; a fault in them fails the test."""
    result = {}
    for name, table in TABLES.items():
        if name not in rows:
            result[name] = _empty(name)
            continue
        raw = pd.DataFrame(rows.get(name, []), dtype=object)
        raw = raw.map(_text) if len(raw) else raw
        checked = convert(table, raw, f"{name}.csv")
        assert not checked.faults, checked.faults
        result[name] = indexed(checked.frame, table.identifier)
    return result


def _text(value: object) -> str:
    if value is None or value != value:
        return ""
    return repr(float(value)) if isinstance(value, float) else str(value)


@cache
def _empty(name: str) -> pd.DataFrame:
    return indexed(convert(TABLES[name], pd.DataFrame(), f"{name}.csv").frame, TABLES[name].identifier)


def case(hours: int = 1, minutes: int = 60, start: str = "2025-01-01", series: dict | None = None, **rows: list[dict]) -> Case:
    """A case of `hours` hours in steps of `minutes`; `series` are hourly values."""
    begin = np.datetime64(start, "s")
    hourly = TimeGrid(begin + np.arange(hours) * np.timedelta64(3600, "s"), np.ones(hours))
    grid = TimeGrid.regular(start, str(begin + np.timedelta64(hours * 3600, "s")), minutes)
    return Case(tables(**rows), grid, GivenSeries(hourly, series or {}))
