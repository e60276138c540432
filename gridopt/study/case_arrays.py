"""A case as plain arrays and back: what a file of NumPy's holds without pickled objects.

Tables that are empty are left out; columns of text become one JSON list each, all others are arrays. Series are those that the tables
name, on the steps of the case.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd

from gridopt.case.case import Case
from gridopt.case.check import convert
from gridopt.case.complete import indexed
from gridopt.case.series import GivenSeries
from gridopt.case.tables import TABLES
from gridopt.case.time import TimeGrid

HELD = ("tables", "time", "source")
Arrays = dict[str, np.ndarray]


def arrays_of(case: Case) -> Arrays:
    """The case by name of array. Raises TypeError for a field that is neither an array nor plain data."""
    found: Arrays = {"time/start": case.time.start, "time/hours": case.time.hours}
    layout: dict[str, Any] = {}
    for name, table in case.tables.items():
        if len(table):
            columns = {"": table.index, **{c: table[c] for c in table.columns}}
            layout[name] = [str(table.index.name or ""), {c: str(v.dtype) for c, v in columns.items()}]
            for column, values in columns.items():
                plain = values.to_numpy()
                found[f"table/{name}/{column}"] = _text(plain.tolist()) if plain.dtype == object or plain.dtype.kind in "UST" else plain
    names = _series_named(case)
    found["series/values"] = case.source.on_grid(names, case.time.start, case.time.hours)
    plain_fields: dict[str, Any] = {}
    for field in fields(case):
        value = getattr(case, field.name)
        if isinstance(value, np.ndarray):
            found[f"field/{field.name}"] = value
        elif field.name not in HELD:
            plain_fields[field.name] = value
    found["layout"] = _text({"tables": layout, "series": names, "fields": plain_fields})
    return found


def case_of(arrays: Mapping[str, np.ndarray]) -> Case:
    """The case that `arrays_of` took apart."""
    layout = json.loads(str(arrays["layout"]))
    tables = {name: indexed(convert(table, pd.DataFrame(), name).frame, table.identifier) for name, table in TABLES.items()}
    for name, (index, columns) in layout["tables"].items():
        read = {c: _values(arrays[f"table/{name}/{c}"], dtype) for c, dtype in columns.items()}
        own = read.pop("")
        tables[name] = _with_defaults(name, pd.DataFrame(read).set_index(pd.Index(own, name=index or None)), tables[name])
    grid = TimeGrid(arrays["time/start"], arrays["time/hours"])
    source = GivenSeries(grid, dict(zip(layout["series"], arrays["series/values"], strict=True)))
    kept: dict[str, Any] = {key.removeprefix("field/"): value for key, value in arrays.items() if key.startswith("field/")}
    return Case(tables, grid, source, **(layout["fields"] | kept))


def _with_defaults(name: str, frame: pd.DataFrame, empty: pd.DataFrame) -> pd.DataFrame:
    """The table with columns that were declared only after it was kept, at their defaults."""
    new = [c for c in TABLES[name].columns if c.name in empty and c.name not in frame]
    values = {c.name: pd.Series([c.default] * len(frame), index=frame.index, dtype=object).astype(empty[c.name].dtype) for c in new}
    return frame.assign(**values)


def _text(value: Any) -> np.ndarray:
    return np.array(json.dumps(value, ensure_ascii=False))


def _values(array: np.ndarray, dtype: str) -> pd.Series:
    return pd.Series(json.loads(str(array)) if array.ndim == 0 else array, dtype=dtype)


def _series_named(case: Case) -> list[str]:
    """Names of the series that the tables name."""
    if isinstance(case.source, GivenSeries):
        return sorted(case.source.values)
    columns = [(t.name, c.name) for t in TABLES.values() for c in t.columns if c.name == "schedule" or c.name.endswith("profile")]
    return sorted({str(n) for table, column in columns for n in case.table(table)[column] if n})
