"""Applies the declarations of `tables.py` to text as it was read. Gathers every fault, then raises once.

A reader of large files may give a column as float numbers instead, NaN for an empty cell: they are checked at once, by the same rules.
"""

from __future__ import annotations

import difflib
import math
import re
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from gridopt.case.schema import Column, Table

KINDS = {
    "number": "a number",
    "whole": "a whole number",
    "date": "a date (YYYY-MM-DD)",
    "time": "a local time (YYYY-MM-DD HH:MM)",
    "flag": "true or false",
    "text": "a text",
}
CONTROL = re.compile(r"[\x00-\x1f]")


class CaseError(Exception):
    """Input that cannot be used. `faults`: one sentence each, with file, row, column, value, rule and cure."""

    def __init__(self, faults: list[str]):
        super().__init__("\n".join(faults))
        self.faults = list(faults)


def nearest(word: str, among) -> str:
    """'; did you mean X?' for the closest of `among`, or ''."""
    match = difflib.get_close_matches(str(word), [str(a) for a in among], n=1, cutoff=0.6)
    return f"; did you mean '{match[0]}'?" if match else ""


@dataclass
class Checked:
    """One table after conversion: typed frame, its file name, row number in the file of each row, and faults so far."""

    table: Table
    file: str
    frame: pd.DataFrame
    rows: np.ndarray
    faults: list[str] = field(default_factory=list)

    def fault(self, row: int | np.integer, column: str, value: object, rule: str, cure: str) -> None:
        """Fault of row number `row` of the frame."""
        which = ""
        if self.table.identifier and self.table.identifier in self.frame:
            which = f" ({self.table.name} '{self.frame[self.table.identifier].iloc[row]}')"
        self.faults.append(f"{self.file}, row {self.rows[row]}{which}, column {column}: {show(value)} {rule}. {cure}")


def show(value: object) -> str:
    text = str(value)
    return f"'{text[:60]}…'" if len(text) > 60 else f"'{text}'"


def convert(table: Table, raw: pd.DataFrame, file: str) -> Checked:
    """Typed frame of `table` from cells of text, or float columns; the row of cell (i, c) in the file is i + 2."""
    result = Checked(table, file, pd.DataFrame(index=range(len(raw))), np.arange(len(raw)) + 2)
    known = [c.name for c in table.columns]
    for name in raw.columns:
        if name not in known:
            result.faults.append(
                f"{file}, column '{name}': is not a column of table {table.name}{nearest(name, known)} "
                f"Known columns: {', '.join(known)}. Rename or remove it."
            )
    if table.needs_rows and not len(raw):
        result.faults.append(f"{file}: the table is empty; a network needs at least one {table.name}. Add rows.")
    for column in table.columns:
        if column.name not in raw.columns:
            if column.required and (len(raw) or len(raw.columns)):
                what = column.meaning or column.unit or column.kind
                result.faults.append(f"{file}, column '{column.name}': is missing ({what}). Add the column.")
            result.frame[column.name] = _defaults(column, len(raw))
        else:
            given = raw[column.name]
            typed = given.dtype == float and column.kind == "number"
            read = _numbers(result, column, given) if typed else _cells(result, column, given.astype(str).str.strip())
            result.frame[column.name] = read
    _order_and_keys(result)
    return result


def _defaults(column: Column, count: int):
    if column.kind in ("date", "time"):
        return pd.Series([pd.NaT] * count, dtype="datetime64[s]")
    if column.kind in ("number", "whole"):
        missing = column.required or column.default is None
        return pd.Series([np.nan if missing else column.default] * count, dtype=float)
    if column.kind == "flag":
        return pd.Series([bool(column.default) if not column.required else False] * count, dtype=bool)
    return pd.Series(["" if column.required else column.default] * count, dtype=object)


def _cells(result: Checked, column: Column, text: pd.Series):
    values = _defaults(column, len(text))
    empty = (text == "").to_numpy()
    if column.required:
        for i in np.flatnonzero(empty):
            result.fault(i, column.name, "", "is empty", f"Give {_wanted(column)}.")
    if column.kind == "text" and not any(_text(column, word)[1] for word in set(text)):
        return pd.Series(np.where(empty, values.to_numpy(object), text.to_numpy(object)), dtype=object)
    parse = {"number": _number, "whole": _whole, "date": _date, "time": _time, "flag": _flag, "text": _text}[column.kind]
    good = []
    for i in np.flatnonzero(~empty):
        value, rule = parse(column, text.iloc[i])
        if rule:
            result.fault(i, column.name, text.iloc[i], rule, _cure(column, text.iloc[i]))
        else:
            good.append((i, value))
    if good:
        place, filled = zip(*good, strict=True)
        # In seconds, because pandas' nanoseconds end in 2262 and "never" is often written 9999-12-31.
        values.iloc[list(place)] = np.array(filled, "datetime64[s]") if column.kind in ("date", "time") else list(filled)
    return values


def _numbers(result: Checked, column: Column, given: pd.Series) -> np.ndarray:
    """`_cells` for float numbers: all that hold the limits at once, faults one by one."""
    values, number = _defaults(column, len(given)).to_numpy(), given.to_numpy()
    empty = np.isnan(number)
    if column.required:
        for i in np.flatnonzero(empty):
            result.fault(i, column.name, "", "is empty", f"Give {_wanted(column)}.")
    good = np.isfinite(number)
    for limit, holds in ((column.above, np.greater), (column.at_least, np.greater_equal), (column.at_most, np.less_equal)):
        if limit is not None:
            good &= holds(number, limit)
    for i in np.flatnonzero(~good & ~empty):
        text = repr(float(number[i]))
        result.fault(i, column.name, text, _number(column, text)[1], _cure(column, text))
    return np.where(good, number, values)


def _text(column: Column, text: str):
    if column.choices and text not in column.choices:
        return None, f"is not one of {', '.join(column.choices)}{nearest(text, column.choices)}"
    if CONTROL.search(text):
        return None, "contains a control character"
    return text, ""


def _number(column: Column, text: str):
    try:
        value = float(text if "_" not in text else "")  # Python would read 1_00 as 100
    except ValueError:
        return None, "is not a number"
    if not math.isfinite(value):
        return None, "is not a finite number"
    limits = (("above", column.above, float.__gt__), ("at least", column.at_least, float.__ge__), ("at most", column.at_most, float.__le__))
    for words, limit, holds in limits:
        if limit is not None and not holds(value, float(limit)):
            return None, f"must be {words} {limit:g} {column.unit if column.unit != '1' else ''}".rstrip()
    return value, ""


def _whole(column: Column, text: str):
    value, rule = _number(column, text)
    return (value, "is not a whole number") if not rule and value != int(value) else (value, rule)


def _date(column: Column, text: str):
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return None, "is not a date written YYYY-MM-DD"
    try:
        return pd.Timestamp(text), ""
    except ValueError:
        return None, "is not a day of the calendar"


def _time(column: Column, text: str):
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2})?)?", text):
        return None, "is not a time written YYYY-MM-DD HH:MM"
    try:
        return pd.Timestamp(text), ""
    except ValueError:
        return None, "is not a time of the calendar"


def _flag(column: Column, text: str):
    known = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    return (known[text.lower()], "") if text.lower() in known else (None, "is not true or false")


def _wanted(column: Column) -> str:
    what = f"one of {', '.join(column.choices)}" if column.choices else KINDS[column.kind]
    unit = f" in {column.unit}" if column.unit not in ("", "1") else ""
    return f"{what}{unit}{f': {column.meaning}' if column.meaning else ''}"


def _cure(column: Column, text: str) -> str:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if column.unit == "1" and column.at_most == 1.0 and 1.0 < value <= 100.0:
        return f"Was a percentage given for a fraction? Write {value / 100:g}."
    if value < 0 and (column.at_least or 0.0) >= 0.0 and column.kind == "number":
        return f"Was the sign lost? Give {_wanted(column)}."
    return f"Give {_wanted(column)}."


def _order_and_keys(result: Checked) -> None:
    table, frame = result.table, result.frame
    for small, large in (*table.orders, *((("in_service", "retirement"),) if table.dated else ())):
        wrong = (frame[small] > frame[large]).to_numpy()
        for i in np.flatnonzero(wrong):
            rule = f"is larger than {large} {show(frame[large].iloc[i])}"
            result.fault(i, small, frame[small].iloc[i], rule, "Swap or correct them.")
    if table.key and len(frame):
        keys = frame[list(table.key)].astype(object)
        keys = keys.where(keys.notna(), "")  # an empty cell equals an empty cell
        for i in np.flatnonzero(keys.duplicated().to_numpy()):
            first = np.flatnonzero((keys == keys.iloc[i]).all(axis=1).to_numpy())[0]
            key = ", ".join(str(v) for v in keys.iloc[i])
            rule = f"was used before, in row {result.rows[first]}"
            result.fault(i, "+".join(table.key), key, rule, "Give each row its own identifier.")


def check_keys(tables: dict[str, Checked]) -> None:
    """Every cell with `key_to` names an existing element; the fault lists the nearest name."""
    for checked in tables.values():
        for column in checked.table.columns:
            if not column.key_to:
                continue
            target = tables[column.key_to]
            known = set(target.frame[target.table.identifier])
            for i, value in enumerate(checked.frame[column.name]):
                if value and value not in known:
                    checked.fault(i, column.name, value, f"is not in table {column.key_to}{nearest(value, known)}",
                                  f"Add it to {target.file} or correct the name.")  # fmt: skip
