"""The table of ratios as text for the terminal, and docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

HEAD = ("case", "contender", "wall s", "CPU s", "peak MB", "objective", "difference", "wall ×", "CPU ×", "memory ×", "remark")
SAME = 1e-6
"""Relative difference up to which two objectives are those of the same problem."""
MEASURES = ("wall_s", "cpu_s", "peak_mb")
TEXT = {
    "forty_bus": "A synthetic grid of 40 buses, 64 lines, 120 units and 8 stores, hour by hour (`benchmarks/cases/forty_bus.py`).",
    "gansu": "The shipped Gansu network with the series of 2025. PyPSA gets the same numbers; what its components cannot express "
    "(ramps of must-run units, cascades with travel times, contracts, bundles, interfaces) is written with linopy.",
    "growth": "The synthetic grid with more buses; lines, units and stores grow in proportion.",
    "dcopf": "One step of DC optimal power flow. Every program reads the same MATPOWER file.",
    "n-1": "A day of the 118-bus case such that every single outage of a branch that leaves the network whole can be withstood.",
    "uc": "Unit commitment of PGLib-UC over 48 hours: to a relative gap, with several seeds of HiGHS. EGRET with its tight formulation and "
    "the same HiGHS. Costs may differ by the gaps. gridopt writes tables, prices and certificate here, but no report page.",
    "changed_day": "The synthetic grid once more after the load of one day has risen by 3 %. Both start from nothing.",
}
INTRODUCTION = """# Benchmarks

Written by `python3 benchmarks/run.py`; do not edit. Every line is a process of its own: wall time from its start to its end, processor
time and peak memory with all its children. `gridopt run` goes from the files to the written report, with prices, causes of curtailment
and the certificate; `gridopt dispatch` and the peers stop when the optimum is known. Ratios are those of a contender over `gridopt run`
in the same run: above 1, `gridopt run` takes less. `difference` is that of the objectives, relative.
"""


def rows(results: Sequence[Mapping]) -> list[tuple[str, ...]]:
    """Cells of the table, ratios by the first contender of each case and size."""
    first = {}
    for r in results:
        first.setdefault((r["case"], r["size"]), r)
    return [_cells(r, first[r["case"], r["size"]]) for r in results]


def _cells(r: Mapping, own: Mapping) -> tuple[str, ...]:
    done, comparable = r["status"] == "done", own["status"] == "done"
    ratios = [f"{r[m] / own[m]:.2f}" if comparable and own[m] else "" for m in MEASURES]
    if r["status"] in ("time", "memory"):
        ratios = [f"> {x}" if x else "" for x in ratios]
    if r["status"] == "failed":
        ratios = [""] * 3
    gap = difference(r["objective"], own["objective"])
    allowed = SAME + (r.get("gap") or 0.0) + (own.get("gap") or 0.0)
    remark = r["remark"] if gap is None or abs(gap) <= allowed else "not the same optimum"
    if r["case"] == "uc" and done and r.get("gap") is not None:
        remark = "; ".join(filter(None, (f"gap {100 * r['gap']:.3f} %", remark)))
    return (
        f"{r['case']} {r['size']}", r["contender"], f"{r['wall_s']:.2f}", f"{r['cpu_s']:.2f}", f"{r['peak_mb']:.0f}",
        f"{r['objective']:,.3f}" if done and r["objective"] is not None else "", "" if gap is None else f"{gap:+.1e}", *ratios, remark,
    )  # fmt: skip


def difference(objective: float | None, own: float | None) -> float | None:
    """Relative difference of an objective to ours; None where there is none."""
    return None if objective is None or own is None else (objective - own) / max(abs(own), 1.0)


def plain(cells: Sequence[Sequence[str]]) -> str:
    """The table in columns."""
    table = [HEAD, *cells]
    width = [max(len(row[i]) for row in table) for i in range(len(HEAD))]
    left = (0, 1, len(HEAD) - 1)
    lines = ([c.ljust(w) if i in left else c.rjust(w) for i, (c, w) in enumerate(zip(row, width, strict=True))] for row in table)
    return "\n".join("  ".join(line).rstrip() for line in lines)


def growth(results: Sequence[Mapping]) -> list[str]:
    """How much wall time and memory grow from the smallest to the largest size that a contender solved; cases of commitment are no sizes."""
    lines: list[str] = []
    results = [r for r in results if r["case"] != "uc"]
    for name in dict.fromkeys(r["contender"] for r in results):
        mine = [r for r in results if r["contender"] == name and r["status"] == "done"]
        if len(mine) > 1:
            small, large = mine[0], mine[-1]
            factors = f"wall × {large['wall_s'] / small['wall_s']:.1f}, memory × {large['peak_mb'] / small['peak_mb']:.1f}"
            lines.append(f"- {name}, from {small['size']} to {large['size']}: {factors}")
    return lines


def write(path: Path, results: Sequence[Mapping], versions: Mapping[str, Mapping[str, str]]) -> None:
    """docs/benchmarks.md from all results at hand."""
    parts = [INTRODUCTION]
    parts += [f"- {name}: " + ", ".join(f"{k} {v}" for k, v in found.items()) for name, found in versions.items()]
    for case in dict.fromkeys(r["case"] for r in results):
        mine = [r for r in results if r["case"] == case]
        dates = " and ".join(sorted({r["date"] for r in mine}))
        machines = " and ".join(sorted({r["machine"] for r in mine}))
        head = f"| {' | '.join(HEAD)} |\n|{'---|' * 2}{'--:|' * 8}---|"
        body = "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows(mine))
        parts += ["", f"## {case}", "", f"{TEXT[case]} Run on {dates}, {machines}.", "", f"{head}\n{body}"]
        more = growth(mine)
        parts += (["", "Growth:", "", *more] if more else [])
    path.write_text("\n".join(parts) + "\n", encoding="utf-8")
