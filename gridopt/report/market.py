"""Prices and congestion: price by bus and day, by hour of day, duration curves by zone, what congestion was worth where."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridopt.report.branches import branch_names
from gridopt.report.bus_prices import MOST_BUSES, spread_figures
from gridopt.report.figures import PRICE_SCALE, SERIES, axis, colour_bar, figure, time_axis
from gridopt.report.folder import Run, cell, names, number, pair, table, values
from gridopt.report.links import day_hour
from gridopt.report.pack import Page, pack, token
from gridopt.report.text import WORDS, unit_price
from gridopt.report.zones import built, inside, zone_name, zone_prices

CURVE_POINTS, MOST_CONSTRAINTS = 400, 200


def prices(run: Run, page: Page) -> bool:
    """Figures `price_days` and `price_hours`, at more than MOST_BUSES `price_band` and `price_spread`, and `price_duration`.

    A single step has no duration and no days. False without prices.
    """
    price = values(run, "price")
    if price is None:
        return False
    keep = built(inside(run, price[0])[0], price[1])
    if not keep:
        return False
    ids, rows = [price[0][i] for i in keep], price[1][keep]
    label = page.tokens(names(run, "bus", ids))
    unit = page.name(unit_price(run.currency))
    low, high = (float(v) for v in np.nanpercentile(rows, [1, 99]))
    span = (low, high) if high - low > 1e-6 else (low - 1, high + 1)
    by_zone = zone_prices(run)
    spread_figures(run, page, rows)
    if len(run.time) < 2:
        return True
    page.figures["price_duration"] = _duration(page, unit, by_zone)
    if len(ids) <= MOST_BUSES:
        page.figures["price_days"] = _days(run, label, rows, span, unit)
    if run.days <= 1:
        return True
    shown = len(ids) if len(ids) <= MOST_BUSES else 0
    page.arrays["price"] = pack(np.vstack([*by_zone.values(), rows[:shown]]))
    options = [[i, name] for i, name in enumerate([*(zone_name(page, z) for z in by_zone), *label[:shown]])]
    page.figures["price_hours"] = day_hour(run.days, "price", options, unit, PRICE_SCALE, span)
    return True


def congestion(run: Run) -> list[dict]:
    """At most MOST_CONSTRAINTS constraints that bound, dearest first: name, kind, hours, mean shadow price, rent, share of the largest rent."""
    frame = table(run, "congestion")
    if not {"constraint", "rent_cny"} <= set(frame.columns):
        return []
    frame = frame[frame.hours_binding > 0] if "hours_binding" in frame else frame
    frame = frame.assign(size=frame.rent_cny.abs()).sort_values(["size", "constraint"], ascending=[False, True])
    top = float(frame["size"].max()) if len(frame) else 1.0
    out = []
    for row in frame.to_dict("records"):
        key, kind = str(row["constraint"]), cell(row, "kind")
        both = pair(cell(row, "name"), cell(row, "name_zh"), key)
        if cell(row, "name") in ("", key) and kind in ("interface", "branch", "line", "transformer", "dc_link"):
            own = names(run, kind, [key])[0] if kind in ("interface", "dc_link") else branch_names(run, [key])[0]
            both = (own[0], cell(row, "name_zh") or own[1])
        out.append(
            {
                "name": both,
                "kind": WORDS.get(f"kind_{kind}", (kind, kind)),
                "hours": number(row, "hours_binding"),
                "rent": number(row, "rent_cny"),
                "shadow": number(row, "mean_shadow_price"),
                "loading": number(row, "max_loading"),
                "share": row["size"] / top if top else 0.0,
            }
        )
    return out[:MOST_CONSTRAINTS]


def _days(run: Run, label: list[str], rows: np.ndarray, span: tuple[float, float], unit: str) -> dict:
    """Mean price of each day (or of each step of a short run) by bus."""
    stamp = run.time.normalize() if len(run.time) > 24 * 31 else run.time
    day, index = np.unique(stamp.to_numpy(), return_inverse=True)
    start = np.searchsorted(index, np.arange(len(day)))
    mean = np.add.reduceat(rows, start, axis=1) / np.diff(np.append(start, len(index)))
    y = list(range(len(label)))
    trace = {
        "type": "heatmap",
        "x": [str(pd.Timestamp(d)) for d in day],
        "y": y,
        "z": mean.astype(np.float32),
        "colorscale": PRICE_SCALE,
        "zmin": span[0],
        "zmax": span[1],
        "colorbar": colour_bar(unit),
        "hovertemplate": f"%{{x}}<br>%{{z:,.1f}} {unit}<extra>%{{y}}</extra>",
    }
    layout = {
        "xaxis": time_axis(run.days, showgrid=False),
        "yaxis": axis(showgrid=False, zeroline=False, tickvals=y, ticktext=label, autorange="reversed"),
    }
    return figure([trace], layout, height=110 + 18 * len(label))


def _duration(page: Page, unit: str, by_zone: dict[str, np.ndarray]) -> dict:
    """Prices in falling order against the share of time."""
    traces = []
    for i, (zone, row) in enumerate(by_zone.items()):
        falling = np.sort(row)[::-1]
        at = np.unique(np.linspace(0, len(falling) - 1, min(CURVE_POINTS, len(falling))).round().astype(int))
        x = (at + 0.5) / len(falling)
        traces.append(
            {
                "type": "scatter",
                "mode": "lines" if len(x) > 1 else "markers",
                "name": zone_name(page, zone),
                "x": x,
                "y": falling[at],
                "line": {"width": 2.4, "color": SERIES[i % len(SERIES)]},
                "hovertemplate": f"%{{x:.0%}}: %{{y:,.1f}} {unit}<extra>%{{fullData.name}}</extra>",
            }
        )
    return figure(
        traces,
        {"xaxis": axis(token("share_of_time"), tickformat=".0%", range=[0, 1]), "yaxis": axis(unit)},
        height=300,
    )
