"""Contingencies: what was withstood, which of them shape the dispatch, and where."""

from __future__ import annotations

from gridopt.report.folder import Run, cell, number, table
from gridopt.report.text import WORDS, Both

MOST_ROWS = 60
NUMBERS = {"hours_binding": "whole", "worst_loading": "share", "lost_mw": "whole"}


def contingencies(run: Run) -> dict | None:
    """{columns, rows, count, binding, islanding}: table `contingencies`, those that bind first; None where the run has none.

    Columns are shown as the table has them; those without a word keep their name, so that a further one is not lost.
    """
    frame = table(run, "contingencies")
    if frame.empty:
        return None
    records = frame.to_dict("records")
    records.sort(key=lambda r: (-(number(r, "hours_binding") or 0.0), -(number(r, "worst_loading") or 0.0), str(r["contingency"])))
    columns = [c for c in frame.columns if any(cell(r, c) for r in records)]
    return {
        "columns": [{"name": _head(c), "number": c in NUMBERS} for c in columns],
        "rows": [[_shown(r, c) for c in columns] for r in records[:MOST_ROWS]],
        "count": len(records),
        "binding": sum((number(r, "hours_binding") or 0.0) > 0 for r in records),
        "islanding": sum(_true(r.get("islanding")) for r in records),
    }


def _head(column: str) -> Both:
    plain = column.replace("_", " ")
    return WORDS.get(f"c_{column}") or (plain[:1].upper() + plain[1:],) * 2


def _shown(row: dict, column: str) -> Both:
    """A cell as text in both languages."""
    value, text = number(row, column), cell(row, column)
    if column in NUMBERS:
        whole = "–" if value is None else f"{100 * value:.1f} %" if NUMBERS[column] == "share" else f"{value:,.0f}"
        return whole, whole
    if column == "islanding":
        return WORDS["yes"] if _true(row.get(column)) else WORDS["no"]
    return WORDS.get(f"kind_{text}") or (text, text)


def _true(value: object) -> bool:
    return str(value).lower() in ("true", "1", "1.0", "yes")
