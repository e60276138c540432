"""What windows of real time said of the periods ahead, against the price that came.

    error[k] = price that a window said of a period k minutes after its begin - price of that period by its own window     [CNY/MWh]

mean over windows and users' buses, by load where it is known.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridopt.report.figures import SERIES, axis, figure, time_axis
from gridopt.report.folder import Run
from gridopt.report.market_data import Prices, market_table, prices
from gridopt.report.pack import Page, token
from gridopt.report.parts import Parts
from gridopt.report.text import say, unit_price

REAL = "RT"


def advisory(run: Run, page: Page) -> dict | None:
    """Figures `mk_ahead_error` and `mk_ahead_lines`, and {rows: lead in minutes, mean, size, periods; weighted: by load}; None without a table
    of windows that look ahead."""
    frame, found = market_table(run, "advisory"), prices(run)
    if not len(frame) or found is None or REAL not in found.runs:
        return None
    lead, said, came = _arrays(frame, found)
    if len(lead) < 2:
        return None
    apart = said[1:] - came
    some = np.isfinite(apart).any(axis=1)
    rows = [
        {"lead": int(k), "mean": float(np.nanmean(row)), "size": float(np.nanmean(np.abs(row))), "periods": int(np.isfinite(row).sum())}
        for k, row in zip(lead[1:][some], apart[some], strict=True)
    ]
    if not rows:
        return None
    unit = page.name(unit_price(run.currency))
    page.figures["mk_ahead_error"] = _errors(rows, unit)
    if len(found.period) > 1:
        page.figures["mk_ahead_lines"] = _lines(page, found, lead, said, came, unit)
    return {"rows": rows, "weighted": found.weighted}


def _arrays(frame: pd.DataFrame, found: Prices) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Leads in minutes (k,), 0 first; mean price of users said of each period so long before (k, T); that which came (T,)."""
    minutes = ((pd.DatetimeIndex(frame["period"]) - pd.DatetimeIndex(frame["window"])) / pd.Timedelta(minutes=1)).to_numpy().round().astype(int)
    lead, of = np.unique(minutes, return_inverse=True)
    weight = np.where(found.used[:, None], found.weight[found.runs.index(REAL)], 0.0)
    weight = np.where(weight.sum(axis=0) > 0, weight, found.used[:, None].astype(float))
    bus, at = pd.Index(found.bus).get_indexer(frame["bus"].astype(str)), found.period.get_indexer(pd.DatetimeIndex(frame["period"]))
    keep = (bus >= 0) & (at >= 0)
    total, parts = np.zeros((2, len(lead), len(found.period)))
    share = weight[bus[keep], at[keep]]
    np.add.at(total, (of[keep], at[keep]), share * frame["lmp"].to_numpy(float)[keep])
    np.add.at(parts, (of[keep], at[keep]), share)
    said = np.divide(total, parts, out=np.full(total.shape, np.nan), where=parts > 0)
    return (lead, said, said[0]) if len(lead) and lead[0] == 0 else (lead[:0], said, np.full(len(found.period), np.nan))


def _errors(rows: list[dict], unit: str) -> dict:
    """Mean and mean size of the error by lead."""
    x = [r["lead"] for r in rows]
    traces = [
        {
            "type": "bar", "name": token(f"mk_ahead_{key}"), "x": x, "y": [round(r[key], 3) for r in rows], "marker": {"color": colour},
            "hovertemplate": f"%{{x}} min: %{{y:,.2f}} {unit}<extra>%{{fullData.name}}</extra>",
        }
        for key, colour in (("mean", SERIES[0]), ("size", SERIES[1]))
    ]  # fmt: skip
    layout = {"barmode": "group", "bargap": 0.3, "xaxis": axis(token("mk_ahead_lead"), type="category"), "yaxis": axis(unit)}
    return figure(traces, layout, height=320)


def _lines(page: Page, found: Prices, lead: np.ndarray, said: np.ndarray, came: np.ndarray, unit: str) -> dict:
    """The price that came and that which was said of it, so long before; the lead is chosen with a selector."""
    parts, traces, options = Parts.of(found.period), [], []
    for k, row in zip(lead[1:], said[1:], strict=True):
        if not np.isfinite(row).any():
            continue
        pick = str(int(k))
        options.append([pick, page.name(say("mk_ahead_before", n=(pick, pick)))])
        traces += [
            {
                "type": "scatter", "mode": "lines", "name": token(f"mk_ahead_{key}"), "x": parts.label, "y": np.round(parts.mean(y), 2),
                "meta": {"pick": pick},
                "line": {"width": 2, "color": colour}, "hovertemplate": f"%{{x}}: %{{y:,.1f}} {unit}<extra>%{{fullData.name}}</extra>",
            }
            for key, y, colour in (("came", came, SERIES[1]), ("said", row, SERIES[0]))
        ]  # fmt: skip
    layout = {"xaxis": time_axis(parts.days), "yaxis": axis(unit)}
    return figure(traces, layout, height=340, control={"kind": "pick", "options": options})
