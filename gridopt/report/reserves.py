"""Reserves: what was required, awarded and missing, what it was worth, who provided it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridopt.report.figures import ALARM, INK, SERIES, axis, figure, time_axis
from gridopt.report.folder import Run, cell, number, pair, table, values
from gridopt.report.pack import Page, token
from gridopt.report.text import WORDS, Both, unit_price

FIGURES = ("required_mwh", "awarded_mwh", "shortage_mwh", "shortage_h", "price_mean")


def reserves(run: Run, page: Page) -> list[dict] | None:
    """Figure `reserve` (requirement, shortage and price over time, by reserve) and the rows of the table; None without reserves."""
    frame = table(run, "reserves")
    required = values(run, "reserve_requirement")
    if frame.empty or required is None:
        return None
    if len(run.time) > 1:
        page.figures["reserve"] = _over_time(run, page, required)
    return [
        {"name": _name(run, cell(r, "reserve")), "providers": _providers(run, cell(r, "reserve"))}
        | {c: number(r, c) for c in FIGURES}
        for r in frame.to_dict("records")
    ]


def _over_time(run: Run, page: Page, required: tuple[list[str], np.ndarray]) -> dict:
    """By step in a run of three days or less, else daily means."""
    day, index = np.unique((run.time.normalize() if run.days > 3 else run.time).to_numpy(), return_inverse=True)
    x, hours = [str(d)[: 10 if run.days > 3 else 16] for d in day], np.bincount(index, weights=run.hours)
    short, price = values(run, "reserve_shortage"), values(run, "reserve_price")
    traces: list[dict] = []
    for i, key in enumerate(required[0]):
        meta = {"pick": key}

        def mean(found: tuple[list[str], np.ndarray] | None, row: int = i) -> np.ndarray:
            return np.zeros(len(day)) if found is None else np.bincount(index, weights=found[1][row] * run.hours) / hours

        line = {"type": "scatter", "mode": "lines", "x": x, "meta": meta, "hovertemplate": "%{y:,.0f} MW"}
        traces += [
            line | {"name": token("reserve_required"), "y": mean(required), "line": {"color": INK, "width": 2, "shape": "hv"}},
            {"type": "bar", "name": token("reserve_missing"), "x": x, "y": mean(short), "marker": {"color": ALARM}, "meta": meta,
             "hovertemplate": "%{y:,.0f} MW"},
            line | {"name": token("reserve_price"), "y": mean(price), "yaxis": "y2", "hovertemplate": "%{y:,.1f}",
                    "line": {"color": SERIES[1], "width": 1.6, "shape": "hv"}},
        ]  # fmt: skip
    layout = {
        "hovermode": "x unified",
        "xaxis": time_axis(run.days),
        "yaxis": axis(token("power_mw"), rangemode="tozero"),
        "yaxis2": axis(page.name(unit_price(run.currency)), overlaying="y", side="right", rangemode="tozero", showgrid=False),
    }
    control = {"kind": "pick", "options": [[k, page.name(_name(run, k))] for k in required[0]]}
    return figure(traces, layout, height=340, control=control)


def _name(run: Run, reserve: str) -> Both:
    known = {cell(r, "reserve"): r for r in table(run, "reserves").to_dict("records")}
    row = known.get(reserve, {})
    return pair(cell(row, "name"), cell(row, "name_zh"), reserve)


def _providers(run: Run, reserve: str) -> list[tuple[Both, float]]:
    """Kinds of elements that provided a reserve and their share of it, largest first."""
    frame = table(run, "reserve_providers")
    if frame.empty:
        return []
    mine: pd.Series = frame[frame["reserve"].astype(str) == reserve].groupby("kind")["awarded_mwh"].sum()
    total = float(mine.sum())
    kinds = mine.sort_values(ascending=False)
    return [(WORDS.get(f"kind_{k}") or (str(k),) * 2, float(v) / total) for k, v in kinds.items()] if total > 0 else []
