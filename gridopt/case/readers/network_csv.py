"""Reads a network folder: one CSV file per table, UTF-8 (with or without BOM) or GBK."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd

from gridopt.case.check import CaseError, nearest
from gridopt.case.complete import complete
from gridopt.case.tables import TABLES


def read_network(folder: Path) -> dict[str, pd.DataFrame]:
    """Complete, checked tables by name, each indexed by its identifier where it has one.

    Raises CaseError with every fault found in any table. A file that is absent is an empty table.
    """
    if not folder.is_dir():
        raise CaseError([f"{folder}: there is no such network folder. Give the folder that holds bus.csv."])
    faults = [
        f"{folder.name}/{p.name}: is not a table of a network{nearest(p.stem, TABLES)} Rename or remove it."
        for p in sorted(folder.glob("*.csv"))
        if p.stem not in TABLES and p.name != "SOURCES.csv"
    ]
    raw = {}
    for name in TABLES:
        path = folder / f"{name}.csv"
        if path.exists():
            raw[name], problems = _read_text(path, f"{folder.name}/{path.name}")
            faults += problems
    return complete(raw, lambda name: f"{folder.name}/{name}.csv", faults)


def _read_text(path: Path, label: str) -> tuple[pd.DataFrame, list[str]]:
    """Cells as text. Faults: undecodable, no header, repeated column, row of a wrong length."""
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = data.decode("gbk")
        except UnicodeDecodeError:
            return pd.DataFrame(), [f"{label}: is neither UTF-8 nor GBK text. Save it as CSV (UTF-8)."]
    try:
        rows = list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error as error:
        return pd.DataFrame(), [f"{label}: cannot be read as CSV ({error}). Is a quote left open?"]
    if not rows or not any(cell.strip() for cell in rows[0]):
        return pd.DataFrame(), [f"{label}: has no header row. The first row must name the columns."]
    header = [h.strip() for h in rows[0]]
    twice = sorted({h for h in header if header.count(h) > 1})
    faults = [f"{label}, column '{h}': stands twice in the header. Remove one." for h in twice]
    body = []
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(header) and any(cell.strip() for cell in row):
            counts = f"has {len(row)} cells, the header has {len(header)}"
            faults.append(f"{label}, row {number}: {counts}. Is a comma missing or one too many?")
        body.append((row + [""] * len(header))[: len(header)])
    while body and not any(cell.strip() for cell in body[-1]):
        body.pop()
    keep = [header.index(h) for h in dict.fromkeys(header)]
    cells = [[row[k] for k in keep] for row in body]
    return pd.DataFrame(cells, columns=[header[k] for k in keep], dtype=object), faults
