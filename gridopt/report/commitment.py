"""Commitment: which units are on when, how far they are loaded, how often they start."""

from __future__ import annotations

from collections import Counter

import numpy as np

from gridopt.report.figures import LEVEL_SCALE, axis, colour_bar, figure, week_axis
from gridopt.report.folder import Run, cell, names, number, pair, table, values
from gridopt.report.pack import Page, pack, token

KINDS = ("unit", "generator", "csp")
ROW_PX, MOST_ROWS = 15, 140
"""Height of a unit in the picture, and so many units at most: those that start most often."""


def commitment(run: Run, page: Page) -> dict | None:
    """Figure `gantt` (load of every unit that is on) and {rows, count, starts, stops}; None where nothing was committed."""
    by_kind = {kind: _units(run, kind) for kind in KINDS}
    if not any(r["starts"] for r in by_kind["csp"]):
        by_kind["csp"] = []  # a block that never starts was not decided: without commitment all of them are on throughout
    rows = [row for found in by_kind.values() for row in found]
    if not rows:
        return None
    # Rows of one name would be drawn as one.
    count = Counter(r["name"] for r in rows)
    rows = [r | {"name": r["name"] if count[r["name"]] == 1 else r["whole"]} for r in rows]
    rows.sort(key=lambda r: (-r["starts"], -r["hours"]))
    shown = sorted(rows[:MOST_ROWS], key=lambda r: (r["station"], r["id"]))
    if len(run.time) > 1:
        page.arrays["gantt"] = pack(np.array([r["load"] for r in shown]))
        page.figures["gantt"] = _gantt(run, page.tokens([r["name"] for r in shown]))
    return {"rows": rows, "count": len(rows), "starts": sum(r["starts"] for r in rows), "stops": sum(r["stops"] for r in rows)}


def _units(run: Run, kind: str) -> list[dict]:
    """A row for each committed element of a table: name, hours on, starts, stops, load over rated power while on (NaN while off)."""
    on, output = values(run, f"{kind}_on"), values(run, f"{kind}_output")
    if on is None or output is None:
        return []
    start, stop = (values(run, f"{kind}_{n}") for n in ("start", "stop"))
    known = {str(r[kind]): r for r in table(run, kind).to_dict("records") if kind in r}
    place = {key: i for i, key in enumerate(output[0])}
    found = []
    for i, (key, name) in enumerate(zip(on[0], names(run, kind, on[0]), strict=True)):
        most = number(known.get(key, {}), "power_max_mw") or 0.0
        if key not in place or most <= 0 or not np.isfinite(on[1][i]).any():
            continue
        running, power = on[1][i] > 0.5, output[1][place[key]].astype(float)
        found.append(
            {
                "id": key,
                "name": name,
                "whole": pair(cell(known.get(key, {}), "name"), cell(known.get(key, {}), "name_zh"), key),
                "station": cell(known.get(key, {}), "plant") or cell(known.get(key, {}), "bus"),
                "hours": float(on[1][i].astype(float) @ run.hours),
                "share_of_time": float(running @ run.hours / run.hours.sum()),
                "starts": _count(start, i, run.block),
                "stops": _count(stop, i, run.block) if stop is not None else _falls(running),
                "mwh": float(power @ run.hours),
                "load": np.where(running, power / most, np.nan),
                "mean_load": float((power * running) @ run.hours / (most * (running @ run.hours))) if running.any() else None,
            }
        )
    return found


def _count(found: tuple[list[str], np.ndarray] | None, row: int, block: int) -> int:
    """Number of starts or stops; labels of several steps hold means over them."""
    return 0 if found is None else int(round(float(found[1][row].sum()) * block))


def _falls(running: np.ndarray) -> int:
    """Stops of an element whose stops are not kept: how often it is off after being on."""
    return int((running[:-1] & ~running[1:]).sum())


def _gantt(run: Run, labels: list[str]) -> dict:
    trace = {
        "type": "heatmap",
        "x": [],
        "y": labels,
        "z": [[]],
        "zmin": 0.0,
        "zmax": 1.0,
        "xgap": 0,
        "ygap": 1,
        "hoverongaps": False,
        "colorscale": LEVEL_SCALE,
        "meta": {"array": "gantt"},
        "colorbar": colour_bar(token("load_of_rated")) | {"tickformat": ".0%"},
        "hovertemplate": "%{y}<br>%{x}<br>%{z:.0%}<extra></extra>",
    }
    layout = {
        "xaxis": week_axis(run.days, showgrid=False),
        "yaxis": axis("", showgrid=False, zeroline=False, autorange="reversed", dtick=1, tickfont={"size": 10}),
        "plot_bgcolor": "#ffffff",
    }
    return figure([trace], layout, height=90 + ROW_PX * len(labels), control={"kind": "rows"})
