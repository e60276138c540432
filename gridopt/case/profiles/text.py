"""CSV files of series: a header row, the time in the first column, one column per series.

UTF-8 with or without byte-order mark, or GBK. Files of renewables.ninja are known by their comment lines; their times are UTC.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gridopt.case.check import CaseError
from gridopt.case.profiles import stamps
from gridopt.case.profiles.table import Source, Table


def open_csv(path: Path, source: Source, zone: str) -> Table:
    """Header and stamps of a CSV file; `zone` is the network's local time."""
    lines = _lines(path)
    skip = next((i for i, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")), len(lines))
    if skip >= len(lines):
        raise CaseError([f"{path}: is empty. Give a header row and data."])
    header = [cell.strip() for cell in next(csv.reader([lines[skip]]))]
    ninja = any("renewables.ninja" in line.lower() for line in lines[:skip])

    def row(i: int) -> str:
        return f"row {skip + 2 + i}"

    faults = _shape(path, header, lines[skip + 1 :], skip, row)
    if faults:
        raise CaseError(faults)
    body = io.StringIO("\n".join(lines[skip + 1 :]))
    options: dict[str, Any] = {"header": None, "names": range(len(header)), "keep_default_na": False, "skip_blank_lines": False}
    first = pd.read_csv(body, usecols=[0], dtype=str, **options)[0]
    instants = stamps.parse(first.tolist(), zone, source.zone or ("UTC" if ninja else zone), str(path), row)

    def read(columns: list[str]) -> np.ndarray:
        return _numbers(path, skip, header, columns, row)

    columns = [name for name in header[1:] if not (ninja and name == "local_time")]
    return Table(str(path), stamps.regular(instants, str(path), row), columns, read, row, source.any_year)


def _numbers(path: Path, skip: int, header: list[str], columns: list[str], row: Callable[[int], str]) -> np.ndarray:
    """Columns as numbers, float (n, N); an empty cell is nan, any other text a fault."""
    place = [header.index(c) for c in columns]
    options: dict[str, Any] = {"header": None, "names": range(len(header)), "usecols": place, "skip_blank_lines": False}
    text = "\n".join(_lines(path)[skip + 1 :])
    try:
        frame = pd.read_csv(io.StringIO(text), dtype=dict.fromkeys(place, float), float_precision="round_trip", **options)
    except ValueError:
        frame = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False, **options)
        raise CaseError(_not_numbers(frame[place], columns, str(path), row)) from None
    return frame[place].to_numpy(float).T


def _lines(path: Path) -> list[str]:
    """Lines of a text file without the empty ones at its end: UTF-8, else GB 18030 (which holds GBK and GB 2312)."""
    data = path.read_bytes()
    for code in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(code)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        return text.rstrip().splitlines()
    raise CaseError([f"{path}: is not text in UTF-8 or GBK. Save it as CSV (UTF-8)."])


def _shape(path: Path, header: list[str], lines: list[str], skip: int, row: Callable[[int], str]) -> list[str]:
    """Faults of header and of rows whose number of cells differs from it."""
    if re.match(r"\d{4}\D?\d", header[0]):
        return [
            f"{path}, row {skip + 1}: '{header[0]}' is a time, not a name. Put a header row above the data: time, then names."
        ]
    if len(header) < 2:
        other = next((name for mark, name in ((";", "semicolons"), ("\t", "tabs")) if mark in header[0]), "")
        seen = f", cells seem to be separated by {other}" if other else ""
        return [f"{path}: the header has one column{seen}. Separate cells by commas: the time, then one column per series."]
    faults = [f"{path}, header: column '{c}' is given twice. Rename one." for c in dict.fromkeys(header) if header.count(c) > 1]
    faults += [f"{path}, header: column {i + 1} has no name. Name it or remove it." for i, c in enumerate(header) if not c]
    cells = [len(next(csv.reader([line]))) if '"' in line else line.count(",") + bool(line.strip()) for line in lines]
    wrong = [i for i, count in enumerate(cells) if count != len(header)]
    more = f" {len(wrong) - 1} more rows are like it." if len(wrong) > 1 else ""
    if wrong:
        rule = f"has {cells[wrong[0]]} cells, the header has {len(header)}"
        faults.append(f"{path}, {row(wrong[0])}: {rule}. Remove empty lines and decimal or thousands commas.{more}")
    return faults


def _not_numbers(frame: pd.DataFrame, columns: list[str], file: str, row: Callable[[int], str]) -> list[str]:
    faults = []
    for column, cells in zip(columns, (frame[c].str.strip() for c in frame), strict=True):
        bad = np.flatnonzero((pd.to_numeric(cells, errors="coerce").isna() & (cells != "")).to_numpy())
        if len(bad):
            more = f" {len(bad) - 1} more rows of it are not numbers." if len(bad) > 1 else ""
            rule = f"is not a number. Write a plain number such as 0.53, without units.{more}"
            faults.append(f"{file}, {row(int(bad[0]))}, column {column}: '{cells.iloc[bad[0]]}' {rule}")
    return faults
