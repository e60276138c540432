"""Contingencies: what was withstood, which of them shape the dispatch, and where."""

from __future__ import annotations

from collections.abc import Callable

from gridopt.report.branches import branch_names
from gridopt.report.folder import Run, cell, number, table
from gridopt.report.text import WORDS, Both, join

MOST_ROWS = 60


def contingencies(run: Run) -> dict | None:
    """{columns, rows, count, binding, islanding}: table `contingencies`, those that bind longest first; None where the run
    has none.

    A column that no row fills, a repeated one and the time of a single step are left out; one without a word keeps its name.
    """
    frame = table(run, "contingencies")
    if frame.empty:
        return None
    records = frame.to_dict("records")
    records.sort(key=lambda r: (-(number(r, "hours_binding") or 0.0), -(number(r, "worst_loading") or 0.0), str(r["contingency"])))
    columns = [c for c in frame.columns if any(cell(r, c) for r in records)]
    same = "elements" in columns and all(cell(r, "elements") == cell(r, "contingency") for r in records)
    columns = [c for c in columns if not (c == "elements" and same) and not (c == "time" and len(run.time) == 1)]
    return {
        "columns": [{"name": _head(c), "number": c in NUMBERS} for c in columns],
        "rows": [[_shown(run, r, c) for c in columns] for r in records[:MOST_ROWS]],
        "count": len(records),
        "binding": sum((number(r, "hours_binding") or 0.0) > 0 for r in records),
        "islanding": sum(_true(r.get("islanding")) for r in records),
    }


NUMBERS: dict[str, Callable[[float], str]] = {
    "hours_binding": "{:,.0f}".format,
    "hours_checked": "{:,.0f}".format,
    "worst_loading": lambda share: f"{100 * share:.1f} %",
}


def _head(column: str) -> Both:
    plain = column.replace("_", " ")
    words = WORDS.get(f"c_after_{column}") or WORDS.get(f"c_{column}")
    return words or (plain[:1].upper() + plain[1:],) * 2


def _shown(run: Run, row: dict, column: str) -> Both:
    """A cell as text in both languages."""
    text = cell(row, column)
    if column in NUMBERS:
        value = number(row, column)
        return ("–" if value is None else NUMBERS[column](value),) * 2
    if column == "islanding":
        return WORDS["yes"] if _true(row.get(column)) else WORDS["no"]
    if column == "kind":
        return join([WORDS.get(f"kind_{kind}") or (kind, kind) for kind in text.split("+")], (" + ", "＋"))
    if column in ("contingency", "where") and text:
        return branch_names(run, [text])[0]
    return (text[:16] if column == "time" else text,) * 2


def _true(value: object) -> bool:
    return str(value).lower() in ("true", "1", "1.0", "yes")
