"""Prices bus by bus: a table where there are few, else how they are spread over buses and time, and the extremes."""

from __future__ import annotations

import numpy as np

from gridopt.report.figures import SERIES, axis, figure, time_axis
from gridopt.report.folder import Run, names, values
from gridopt.report.pack import Page, token
from gridopt.report.text import unit_price
from gridopt.report.zones import inside

MOST_BUSES = 60
EXTREMES = 10
BINS = 40
SAME = 5e-3
"""Money/MWh; what differs by less is one price."""
BANDS = ((0, "c_min", SERIES[6]), (5, "p_low", SERIES[0]), (50, "p_median", SERIES[3]), (95, "p_high", SERIES[1]), (100, "c_max", SERIES[4]))
PARTS = ("price_congestion", "price_loss")


def bus_prices(run: Run) -> dict | None:
    """{rows, count, parts, steps}: all buses, or of more than MOST_BUSES the EXTREMES at either end.

    None where zones say enough, and for many buses of one price.
    """
    price = values(run, "price")
    if price is None or not (run.imported or len(run.time) == 1):
        return None
    ids, series = price
    mean, load = series.astype(float) @ run.hours / run.hours.sum(), values(run, "load")
    taken = dict(zip(load[0], load[1].astype(float) @ run.hours / run.hours.sum(), strict=True)) if load else {}
    parts = {p: found[1].astype(float) @ run.hours / run.hours.sum() for p in PARTS if (found := values(run, p)) is not None}
    parts = {p: v for p, v in parts.items() if np.nanmax(np.abs(v)) > 5e-4}
    keep = sorted(i for i in inside(run, ids)[0] if np.isfinite(mean[i]))
    shown = keep
    if len(keep) > MOST_BUSES:
        if np.ptp(mean[keep]) < SAME:
            return None
        order = sorted(keep, key=lambda i: (-mean[i], i))
        shown = order[:EXTREMES] + order[-EXTREMES:]
    rows = [
        {
            "name": both,
            "mean": float(mean[i]),
            "low": float(np.nanmin(series[i])),
            "high": float(np.nanmax(series[i])),
            "load": float(taken.get(ids[i], 0.0)),
            "parts": [float(v[i]) for v in parts.values()],
        }
        for i, both in zip(shown, names(run, "bus", [ids[i] for i in shown]), strict=True)
    ]
    return {"rows": rows, "count": len(keep), "parts": [f"c_{p}" for p in parts], "steps": len(run.time)}


def spread_figures(run: Run, page: Page, rows: np.ndarray) -> None:
    """Of prices (bus, label) at many buses: figure `price_spread`, buses by mean price, and over several steps `price_band`."""
    unit = page.name(unit_price(run.currency))
    mean = rows.astype(float) @ run.hours / run.hours.sum()
    mean = mean[np.isfinite(mean)]
    if len(mean) > MOST_BUSES and np.ptp(mean) > SAME:
        page.figures["price_spread"] = _histogram(mean, unit)
    if len(run.time) > 1 and len(rows) > MOST_BUSES:
        page.figures["price_band"] = _band(run, rows, unit)


def _histogram(mean: np.ndarray, unit: str) -> dict:
    """Number of buses by mean price; what lies outside the middle 98 % stands in the first and last bar."""
    low, high = (float(v) for v in np.percentile(mean, [1, 99]))
    if high - low < 1e-3:
        low, high = float(mean.min()), float(mean.max())
    count, edge = np.histogram(np.clip(mean, low, high), bins=BINS, range=(low, high))
    label = [f"{a:,.2f} – {b:,.2f}" for a, b in zip(edge[:-1], edge[1:], strict=True)]
    label[0] = f"{mean.min():,.2f} – {edge[1]:,.2f}"
    label[-1] = f"{edge[-2]:,.2f} – {mean.max():,.2f}"
    trace = {
        "type": "bar",
        "x": (edge[:-1] + edge[1:]) / 2,
        "y": count,
        "customdata": label,
        "marker": {"color": SERIES[0]},
        "hovertemplate": f"%{{customdata}} {unit}: %{{y:,}}<extra></extra>",
    }
    return figure([trace], {"bargap": 0.06, "xaxis": axis(unit), "yaxis": axis(token("number_of_buses"))}, height=300)


def _band(run: Run, rows: np.ndarray, unit: str) -> dict:
    """Lowest, median and highest price over the buses, and the middle 90 %, step by step (by day in a long run)."""
    stamp = run.time.normalize() if len(run.time) > 24 * 31 else run.time
    day, index = np.unique(stamp.to_numpy(), return_inverse=True)
    start = np.searchsorted(index, np.arange(len(day)))
    mean = np.add.reduceat(rows, start, axis=1) / np.diff(np.append(start, len(index)))
    levels = np.nanpercentile(mean, [level for level, _, _ in BANDS], axis=0)
    x = [str(d)[:19] for d in day]
    traces = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": token(word),
            "x": x,
            "y": row,
            "line": {"width": 2.4 if level == 50 else 1.6, "color": colour, "dash": "dot" if level in (0, 100) else "solid"},
            "hovertemplate": f"%{{y:,.1f}} {unit}",
        }
        for (level, word, colour), row in zip(BANDS, levels, strict=True)
    ]
    return figure(traces, {"hovermode": "x unified", "xaxis": time_axis(run.days), "yaxis": axis(unit)}, height=300)
