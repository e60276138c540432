"""The market of frequency regulation: who regulates when, at which price of mileage, and what it is paid."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridopt.report.figures import INK, axis, figure, time_axis
from gridopt.report.folder import Run
from gridopt.report.market_data import market_table, prices
from gridopt.report.market_names import party_words, run_quality, run_words
from gridopt.report.market_parties import class_of, class_words
from gridopt.report.pack import Page, token
from gridopt.report.parts import Parts
from gridopt.report.technologies import palette, technology_order
from gridopt.report.text import Both, money, money_unit, say, unit_money

MOST_ROWS = 300


def agc(run: Run, page: Page) -> dict | None:
    """Figure `mk_agc` and {rows, size, unit, sum, note}; None without a table, or where nothing regulates."""
    frame = market_table(run, "agc")
    if not len(frame):
        return None
    period, hours = _periods(run, frame)
    at = period.get_indexer(pd.DatetimeIndex(frame["period"]))
    frame = frame.assign(at=at, energy=frame["award"].to_numpy(float) * hours[at])
    if len(period) > 1:
        page.figures["mk_agc"] = _over_time(run, page, frame, period)
    by = frame.groupby(frame["unit"].astype(str), sort=False).agg(
        hours=("at", lambda a: float(hours[a].sum())), energy=("energy", "sum"), most=("award", "max"), mileage=("mileage", "sum"),
        performance=("performance", "mean"), pay=("pay", "sum"),
    )  # fmt: skip
    by = by.sort_values(["pay", "mileage"], ascending=False, kind="stable")
    size, unit = money_unit(float(by["pay"].max()), run.currency)
    mileage, paid = f"{by['mileage'].sum():,.0f}", money(float(by["pay"].sum()), run.currency)
    rows = [
        {"name": party_words(run, str(u)), "hours": r["hours"], "mean": r["energy"] / r["hours"], "most": r["most"], "mileage": r["mileage"],
         "performance": r["performance"], "pay": r["pay"]}
        for u, r in zip(by.index[:MOST_ROWS], by.head(MOST_ROWS).to_dict("records"), strict=True)
    ]  # fmt: skip
    words = say("mk_agc_sum", mileage=(mileage, mileage), money=paid, run=run_words(str(frame["run"].iloc[0])))
    return {"rows": rows, "size": size, "unit": unit, "sum": words, "note": run_quality(run, frame)}


def _periods(run: Run, frame: pd.DataFrame) -> tuple[pd.DatetimeIndex, np.ndarray]:
    """Periods of the market and their hours; those in which somebody regulates where there are no prices."""
    found = prices(run)
    if found is not None and pd.DatetimeIndex(frame["period"]).isin(found.period).all():
        return found.period, found.hours
    own = pd.DatetimeIndex(frame["period"].unique()).sort_values()
    step = np.diff(own.to_numpy()) / np.timedelta64(1, "h") if len(own) > 1 else np.array([float(run.hours[0])])
    return own, np.full(len(own), float(np.median(step)))


def _over_time(run: Run, page: Page, frame: pd.DataFrame, period: pd.DatetimeIndex) -> dict:
    """Awards by technology, one on the other, and below them the price of mileage."""
    parts = Parts.of(period)
    kind = {u: class_of(run, u) for u in frame["unit"].astype(str).unique()}
    of = frame["unit"].astype(str).map(kind).to_numpy(str)
    order, colour = technology_order(list(kind.values())), palette(list(dict.fromkeys(kind.values())))

    def mean(rows: np.ndarray, values: np.ndarray) -> np.ndarray:
        total = np.zeros(len(period))
        np.add.at(total, rows, values)
        return np.round(parts.mean(total), 2)

    award, at = frame["award"].to_numpy(float), frame["at"].to_numpy(int)
    traces: list[dict] = [
        {
            "type": "bar", "name": page.name(class_words(k)), "x": parts.label, "y": mean(at[of == k], award[of == k]),
            "marker": {"color": colour[k], "line": {"width": 0}},
            "hovertemplate": "%{x}: %{y:,.0f} MW<extra>%{fullData.name}</extra>",
        }
        for k in order
    ]  # fmt: skip
    price = np.zeros(len(period))
    price[at] = frame["price"].to_numpy(float)
    unit = page.name(_unit(run))
    traces.append({
        "type": "scatter", "mode": "lines", "name": token("mk_agc_price"), "x": parts.label, "y": np.round(parts.mean(price), 3),
        "line": {"width": 2, "color": INK, "shape": "hv"}, "yaxis": "y2",
        "hovertemplate": f"%{{x}}: %{{y:,.2f}} {unit}<extra>%{{fullData.name}}</extra>",
    })  # fmt: skip
    layout = {
        "barmode": "stack", "bargap": 0, "xaxis": time_axis(parts.days, anchor="y2"), "yaxis": axis(token("mk_agc_award"),
        domain=[0.45, 1]), "yaxis2": axis(unit, domain=[0, 0.36], rangemode="tozero"),
    }  # fmt: skip
    return figure(traces, layout, height=420)


def _unit(run: Run) -> Both:
    """Unit of the price of mileage."""
    en, zh = unit_money(run.currency)
    return f"{en}/MW", f"{zh}/MW"
