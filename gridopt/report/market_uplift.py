"""Uplift: the units with most of it, make-whole payment against lost opportunity cost, and who pays."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridopt.report.figures import axis, figure
from gridopt.report.folder import Run
from gridopt.report.market_data import market_table
from gridopt.report.market_names import pair_words, party_words, quality
from gridopt.report.market_rules import OPEN
from gridopt.report.pack import Page, token
from gridopt.report.text import money_unit

TOP, MOST_ROWS = 15, 400
LEAST = 0.005
"""Amounts below half a cent are rounding."""
SUMMED = ("revenue", "cost", "profit", "best_profit", "mwp", "loc", "paid")


def uplift(run: Run, page: Page) -> dict | None:
    """Figure `mk_units` and {rows, payers, size, unit, count, note}; None without a table, or where nothing is left open."""
    frame = market_table(run, "uplift")
    if not len(frame):
        return None
    by = frame.groupby(["rule", "run", "unit"], sort=False)[list(SUMMED)].sum(min_count=1).reset_index()
    by = by[(by["mwp"].abs() > LEAST) | (by["loc"].abs() > LEAST) | (by["paid"].abs() > LEAST)]
    size, unit = money_unit(float(by[["mwp", "loc"]].abs().max().max()) if len(by) else 0.0, run.currency)
    rules, runs = ([str(v) for v in frame[c].unique()] for c in ("rule", "run"))
    by = by.assign(order=-by[["mwp", "loc"]].fillna(0.0).sum(axis=1)).sort_values(["order", "unit"], kind="stable")
    if len(by):
        _top(run, page, by, (rules, runs), size, page.name(unit))
    rows = [
        {"name": party_words(run, str(r["unit"])), "rule": pair_words(str(r["rule"]), str(r["run"]), rules,
            runs)} | {k: _known(r[k]) for k in SUMMED}
        for r in by.head(MOST_ROWS).to_dict("records")
    ]
    return {
        "rows": rows, "count": len(by), "payers": _payers(run, frame, rules, runs), "size": size, "unit": unit, "note": quality(frame),
        "several": len(rules) > 1 or len(runs) > 1,
    }  # fmt: skip


def _top(run: Run, page: Page, by: pd.DataFrame, known: tuple[list[str], list[str]], size: float, money: str) -> None:
    """The TOP units of each rule and run, MWP beside LOC."""
    traces, options = [], []
    for (rule, stage), part in by.groupby(["rule", "run"], sort=False):
        pick = f"{known[0].index(rule)}-{known[1].index(stage)}"
        options.append([pick, page.name(pair_words(rule, stage, *known))])
        top = part.head(TOP)
        labels = page.tokens(_apart([party_words(run, str(u)) for u in top["unit"]], [str(u) for u in top["unit"]]))
        traces += [
            {
                "type": "bar", "orientation": "h", "name": token(f"mk_{key}"), "y": labels, "x": top[key].fillna(0.0).to_numpy() / size,
                "marker": {"color": colour}, "meta": {"pick": pick},
                "hovertemplate": f"%{{y}}<br>%{{x:,.4f}} {money}<extra>%{{fullData.name}}</extra>",
            }
            for key, colour in OPEN[:2] if by[key].notna().any()
        ]  # fmt: skip
    options.sort()
    layout = {
        "barmode": "group", "bargap": 0.3, "xaxis": axis(money),
        "yaxis": axis("", showgrid=False, zeroline=False, autorange="reversed", type="category", dtick=1),
    }  # fmt: skip
    most = int(by.groupby(["rule", "run"]).size().clip(upper=TOP).max())
    page.figures["mk_units"] = figure(traces, layout, height=100 + 30 * most, control={"kind": "pick", "options": options})


def _apart(names: list[tuple[str, str]], ids: list[str]) -> list[tuple[str, str]]:
    """Names, with their id where two are alike: bars of one name would lie on each other."""
    return [n if names.count(n) == 1 else (f"{n[0]} ({i})", f"{n[1]}（{i}）") for n, i in zip(names, ids, strict=True)]


def _payers(run: Run, frame: pd.DataFrame, rules: list[str], runs: list[str]) -> list[dict]:
    """What each payer pays under each rule, largest first."""
    paid = frame[frame["paid"].abs() > LEAST].groupby(["rule", "run", "payer"], sort=False)["paid"].sum().reset_index()
    return [
        {"name": party_words(run, str(r["payer"])), "rule": pair_words(str(r["rule"]), str(r["run"]), rules, runs), "paid": float(r["paid"])}
        for r in paid.sort_values("paid", ascending=False, kind="stable").to_dict("records")
    ]


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
