"""Prices by rule: the average day, day by day, duration curves; what load pays and what each rule leaves open."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridopt.report.figures import SERIES, SPARE, axis, figure, time_axis
from gridopt.report.folder import Run
from gridopt.report.market_data import Prices, market_table, paid_besides, prices
from gridopt.report.market_names import pair_words, quality, rule_words, run_words
from gridopt.report.pack import Page, token
from gridopt.report.parts import Parts
from gridopt.report.text import Both, money_unit, unit_price

CURVE_POINTS = 200
"""Points of a duration curve."""
COLOURS = (*SERIES, *SPARE)
OPEN = (("mwp", "#a3123a"), ("loc", "#e08a3c"), ("prs", "#33598f"), ("besides", "#4d8f5b"))
"""What a rule leaves open, and what it pays beside energy, with its colour."""


def rules(run: Run, page: Page) -> dict | None:
    """Figures `mk_day`, `mk_over_time`, `mk_duration`, `mk_payment`, `mk_open` and {rows, unit, weighted, note}; None without prices."""
    found = prices(run)
    if found is None:
        return None
    unit = page.name(unit_price(run.currency))
    if len(found.period) > 1:
        _lines(page, found, "mk_day", _average_day(found), axis(token("hour_of_day"), dtick=3, range=[0, 24]), unit)
        parts = Parts.of(found.period)
        _lines(page, found, "mk_over_time", (parts.label, parts.mean(found.series)), time_axis(parts.days), unit)
        _lines(page, found, "mk_duration", _duration(found), axis(token("share_of_time"), tickformat=".0%", range=[0, 1]), unit)
    rows = _rows(run, found)
    size, money = money_unit(max((abs(r["payment"] or 0.0) for r in rows), default=0.0), run.currency)
    _bars(page, rows, size, page.name(money))
    notes = quality(*(market_table(run, n) for n in ("prices", "zone_prices", "uplift", "product_shortfall")))
    return {"rows": rows, "size": size, "unit": money, "weighted": found.weighted, "note": notes, "several": len(found.rules) > 1,
            "open": [key for key, _ in OPEN if any(r[key] is not None for r in rows)]}  # fmt: skip


def _average_day(found: Prices) -> tuple[np.ndarray, np.ndarray]:
    """Hours of day (H,) and the mean price by them (rule, run, series, H), a step for each period of a day."""
    clock = found.period.hour + found.period.minute / 60.0
    hour, place = np.unique(np.asarray(clock), return_inverse=True)
    known, total = (np.zeros((*found.series.shape[:3], len(hour))) for _ in range(2))
    for h in range(len(hour)):
        mine = found.series[..., place == h]
        total[..., h], known[..., h] = np.nansum(mine, axis=-1), np.isfinite(mine).sum(axis=-1)
    return hour, np.divide(total, known, out=np.full(total.shape, np.nan), where=known > 0)


def _duration(found: Prices) -> tuple[np.ndarray, np.ndarray]:
    """Shares of time and prices in falling order; missing ones come last."""
    falling = -np.sort(-found.series, axis=-1)
    count = falling.shape[-1]
    at = np.unique(np.linspace(0, count - 1, min(CURVE_POINTS, count)).round().astype(int))
    return (at + 0.5) / count, falling[..., at]


def _lines(page: Page, found: Prices, name: str, curve: tuple[np.ndarray, np.ndarray], across: dict, unit: str) -> None:
    """A figure with a line for each rule; run and zone are chosen with a selector."""
    x, y = curve
    traces, options = [], []
    for s, stage in enumerate(found.runs):
        for z, zone in enumerate(found.series_names):
            pick = f"{s}-{z}"
            lines = [
                {
                    "type": "scatter", "mode": "lines" if len(x) > 1 else "markers", "name": page.name(rule_words(rule)), "x": x,
                    "y": np.round(y[r, s, z], 2).astype(np.float32), "line": {"width": 2.2, "color": COLOURS[r % len(COLOURS)],
                    "dash": _dash(r)},
                    "hovertemplate": f"%{{x}}: %{{y:,.1f}} {unit}<extra>%{{fullData.name}}</extra>", "meta": {"pick": pick}, "showlegend": True,
                }
                for r, rule in enumerate(found.rules) if np.isfinite(y[r, s, z]).any()
            ]  # fmt: skip
            traces += lines
            if lines:
                options.append([pick, page.name(_both_names(found, stage, zone))])
    page.figures[name] = figure(traces, {"xaxis": across, "yaxis": axis(unit), "hovermode": "closest"}, height=300 + 17 * len(found.rules),
                                control={"kind": "pick", "options": options})  # fmt: skip


def _both_names(found: Prices, stage: str, zone: Both) -> Both:
    """Zone, with the run before it where there are several."""
    return (f"{run_words(stage)[0]} · {zone[0]}", f"{run_words(stage)[1]} · {zone[1]}") if len(found.runs) > 1 else zone


def _dash(r: int) -> str:
    """Rules beyond the first few are told apart by their dashes as well."""
    return ("solid", "dash", "dot")[r // 5 % 3]


def _rows(run: Run, found: Prices) -> list[dict]:
    """A row for each run and rule: mean price, load payment, MWP, LOC, PRS, what is paid beside energy, what it was cleared to."""
    uplift, shortfall = (market_table(run, n) for n in ("uplift", "product_shortfall"))
    besides, out = paid_besides(run), []
    for rule, stage in found.pairs:
        r, s = found.rules.index(rule), found.runs.index(stage)
        lmp = found.cube("lmp")[r, s][found.used]
        paid = np.nansum(found.user_price[r, s] * found.weight[s] * found.hours) if found.weighted else None
        mine = _of(uplift, rule, stage)
        loc, prs = _sum(mine, "loc"), _sum(_of(shortfall, rule, stage), "prs")
        out.append(
            {
                "name": pair_words(rule, stage, found.rules, found.runs), "mean": _finite(np.nanmean(found.series[r, s, 0])),
                "low": _finite(np.nanmin(lmp)), "high": _finite(np.nanmax(lmp)),
                "payment": None if paid is None else float(paid), "mwp": _sum(mine, "mwp"), "loc": loc,
                "prs": 0.0 if prs is None and loc is not None else prs, "besides": besides.get((rule, stage)) or None,
                "note": quality(*(_of(market_table(run, n), rule, stage) for n in ("prices", "uplift"))),
            }
        )  # fmt: skip
    return out


def _of(frame: pd.DataFrame, rule: str, stage: str) -> pd.DataFrame:
    return frame[(frame["rule"] == rule) & (frame["run"] == stage)] if len(frame) else frame


def _sum(frame: pd.DataFrame, column: str) -> float | None:
    """Sum of a column; None where nothing of it is known."""
    return float(frame[column].sum()) if len(frame) and frame[column].notna().any() else None


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _bars(page: Page, rows: list[dict], size: float, money: str) -> None:
    """`mk_payment`: what load pays; `mk_open`: MWP, LOC and PRS, a scale of their own, for they are much smaller."""
    y, labels = list(range(len(rows))), page.tokens([r["name"] for r in rows])
    height = 90 + 30 * len(rows)
    down = axis(showgrid=False, zeroline=False, tickvals=y, ticktext=labels, autorange="reversed")
    if any(r["payment"] is not None for r in rows):
        paid = np.array([r["payment"] or 0.0 for r in rows]) / size
        trace = {
            "type": "bar", "orientation": "h", "y": y, "x": paid, "marker": {"color": SERIES[0]}, "text": [f"{v:,.2f}" for v in paid],
            "textposition": "auto", "insidetextanchor": "end", "insidetextfont": {"color": "#ffffff"}, "hoverinfo": "skip",
        }  # fmt: skip
        span = [min(0.0, 1.2 * float(paid.min())), max(1.15 * float(paid.max()), 1e-9)]
        page.figures["mk_payment"] = figure([trace], {"xaxis": axis(money, range=span), "yaxis": down, "bargap": 0.35}, height=height)
    bars = [
        {
            "type": "bar", "orientation": "h", "name": token(f"mk_{key}"), "y": y,
            "x": [None if r[key] is None else r[key] / size for r in rows],
            "marker": {"color": colour}, "hovertemplate": f"%{{x:,.4f}} {money}<extra>%{{fullData.name}}</extra>",
        }
        for key, colour in OPEN if any(r[key] is not None for r in rows)
    ]  # fmt: skip
    if bars:
        layout = {"xaxis": axis(money), "yaxis": down, "barmode": "group", "bargap": 0.25}
        page.figures["mk_open"] = figure(bars, layout, height=height + 26 * len(rows))
