"""What the file of another program held and what became of it, as the reader reported it."""

from __future__ import annotations

from gridopt.report.folder import Run
from gridopt.report.text import WORDS, Both


def import_report(run: Run) -> dict | None:
    """{format, found, kept, totals, changes} with names in both languages; None where the network is a folder of gridopt."""
    report = run.imported
    if not report:
        return None
    return {
        "format": str(report.get("format") or ""),
        "found": [(_word(k), f"{n:,}") for k, n in (report.get("found") or {}).items() if n],
        "kept": [(_word(k), f"{n:,}") for k, n in (report.get("kept") or {}).items() if n],
        "totals": [(_word(k), f"{v:,.6g}" if abs(v) < 1e6 else f"{v:,.0f}") for k, v in (report.get("totals") or {}).items()],
        "changes": [str(c) for c in report.get("changes") or []],
    }


def _word(key: str) -> Both:
    """The name of a kind of element, a table or a total; one without a word keeps its own."""
    plain = key.replace("_", " ")
    return WORDS.get(f"el_{key}") or (plain[:1].upper() + plain[1:],) * 2
