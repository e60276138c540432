"""Curtailment of wind and solar: which plants, which causes, which months, which hours of the day."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridopt.report.branches import branch_names
from gridopt.report.energy import curtailed, long_enough, month_sum, months, technology_name, wind_and_solar
from gridopt.report.figures import AMOUNT_SCALE, CAUSE, SOFT, axis, colour_bar, figure
from gridopt.report.folder import Run, brief, cell, names, number, pair, table, values
from gridopt.report.labels import shortened
from gridopt.report.pack import Page, token
from gridopt.report.technologies import technology_colour
from gridopt.report.text import WORDS

PLANTS_SHOWN = 25
CAUSES_SHOWN = 9
OTHER = "(other)"


def causes(run: Run) -> list[dict]:
    """Causes by energy, largest first: {cause, name (English, Chinese), kind, mwh}."""
    frame = table(run, "curtailment_by_cause")
    if not {"cause", "curtailed_mwh"} <= set(frame.columns):
        return []
    total = frame.groupby(frame.cause.astype(str), sort=True).curtailed_mwh.sum().sort_values(ascending=False, kind="stable")
    first = {str(r["cause"]): r for r in frame.drop_duplicates("cause").to_dict("records")}
    known = {str(r.get("constraint")): r for r in table(run, "congestion").to_dict("records")}
    return [
        {"cause": c, "name": cause_name(run, c, first[c], known.get(c, {})), "kind": cell(first[c], "kind"), "mwh": float(mwh)}
        for c, mwh in total.items()
        if mwh > 1e-6
    ]


def cause_name(run: Run, cause: str, row: dict, constraint: dict) -> tuple[str, str]:
    """Both names of a cause: a general cause from the words, a named constraint from its table."""
    if f"cause_{cause}" in WORDS:
        return WORDS[f"cause_{cause}"]
    kind = cell(row, "kind")
    en = cell(row, "cause_name") or cell(constraint, "name") or cause
    zh = cell(row, "cause_zh") or cell(constraint, "name_zh") or en
    word = WORDS.get(f"kind_{kind}")
    branch = cause.removeprefix("branch:")
    if branch != cause and en in (branch, cause):
        own = branch_names(run, [branch])[0]
        return f"{WORDS['kind_branch'][0]} {own[0]}", f"{WORDS['kind_branch'][1]} {own[1]}"
    if word and not cell(row, "cause_name") and word[0].lower() not in en.lower():
        en = f"{word[0]} {en}"
    return brief((en[:1].upper() + en[1:], zh))


def by_plant_and_cause(run: Run, page: Page) -> bool:
    """Figures `plants` and `causes`. False where nothing was curtailed."""
    found = causes(run)
    frame = table(run, "curtailment_by_cause")
    if not found or sum(c["mwh"] for c in found) < 1e-3:
        return False
    shown = [c["cause"] for c in found[:CAUSES_SHOWN]]
    frame = frame.assign(cause=frame.cause.astype(str).where(frame.cause.astype(str).isin(shown), OTHER))
    page.figures["causes"] = _causes_figure(run, page, found, frame)
    page.figures["plants"] = _plants_figure(run, page, found, frame)
    return True


def legend(page: Page, found: list[dict]) -> dict[str, tuple[str, str]]:
    """Cause -> (name token, colour) for the causes shown, the rest under one name."""
    out = {c["cause"]: (page.name(c["name"]), CAUSE[i]) for i, c in enumerate(found[:CAUSES_SHOWN])}
    if len(found) > CAUSES_SHOWN:
        out[OTHER] = (token("other_causes"), CAUSE[-1])
    return out


def _causes_figure(run: Run, page: Page, found: list[dict], frame: pd.DataFrame) -> dict:
    look = legend(page, found)
    total = frame.curtailed_mwh.sum()
    sums = frame.groupby(["cause", "technology"]).curtailed_mwh.sum().unstack(fill_value=0.0).reindex(list(look), fill_value=0.0)
    y = list(range(len(look)))[::-1]
    traces: list[dict] = [
        {
            "type": "bar",
            "orientation": "h",
            "name": technology_name(page, str(t)),
            "y": y,
            "x": sums[t].to_numpy() / 1e3,
            "marker": {"color": technology_colour(run, str(t))},
            "customdata": [n for n, _ in look.values()],
            "hovertemplate": "%{customdata}<br>%{x:,.1f} GWh<extra>%{fullData.name}</extra>",
        }
        for t in sums.columns
    ]
    whole = sums.sum(axis=1).to_numpy()
    traces.append(_totals(whole / 1e3, y, [f"{v / total:.0%}" for v in whole]))
    return figure(
        traces,
        {
            "barmode": "stack",
            "bargap": 0.35,
            "xaxis": axis(token("curtailed_gwh"), range=[0, 1.1e-3 * float(whole.max())]),
            "yaxis": axis(
                tickvals=y, ticktext=[n for n, _ in look.values()], showgrid=False, zeroline=False, tickfont={"size": 12.5}
            ),
        },
        height=110 + 36 * len(look),
    )


def _plants_figure(run: Run, page: Page, found: list[dict], frame: pd.DataFrame) -> dict:
    """The plants that lose most, under the bus they are connected to; one bar per cause, the rate at its end."""
    rows = _top_plants(run, frame)
    look = legend(page, found)
    plant_row = [(i, r) for i, r in enumerate(rows) if "renewable" in r]
    y = [-i for i, _ in plant_row]
    label = [page.name(r["name"]) for _, r in plant_row]
    share = frame.groupby(["renewable", "cause"]).curtailed_mwh.sum().unstack(fill_value=0.0)
    traces: list[dict] = []
    for cause, (name, colour) in look.items():
        if cause in share:
            amount = share[cause].reindex([r["renewable"] for _, r in plant_row], fill_value=0.0).to_numpy()
            traces.append(
                {
                    "type": "bar",
                    "orientation": "h",
                    "name": name,
                    "y": y,
                    "x": amount / 1e3,
                    "marker": {"color": colour},
                    "customdata": label,
                    "hovertemplate": "%{customdata}<br>%{x:,.1f} GWh<extra>%{fullData.name}</extra>",
                }
            )
    text = ["" if r["rate"] is None else f"{r['rate']:.0%}" for _, r in plant_row]
    traces.append(_totals(np.array([r["mwh"] for _, r in plant_row]) / 1e3, y, text))
    short = [page.name((shortened(r["name"][0]), shortened(r["name"][1]))) for r in rows]
    ticks = [name if "renewable" in r else f"<b>{name}</b>" for name, r in zip(short, rows, strict=True)]
    return figure(
        traces,
        {
            "barmode": "stack",
            "bargap": 0.25,
            "xaxis": axis(token("curtailed_gwh"), range=[0, 1.1e-3 * max(r["mwh"] for _, r in plant_row)], side="top"),
            "yaxis": axis(
                tickvals=[-i for i in range(len(rows))],
                ticktext=ticks,
                showgrid=False,
                zeroline=False,
                range=[-len(rows) + 0.4, 0.6],
            ),
            "margin": {"t": 40, "b": 12},
            "legend": {"y": -0.01, "yanchor": "top"},
        },
        height=130 + 19 * len(rows),
    )


def _top_plants(run: Run, frame: pd.DataFrame) -> list[dict]:
    """Rows from top to bottom: a heading per bus, then its plants, buses and plants by curtailed energy."""
    total = frame.groupby("renewable").curtailed_mwh.sum().sort_values(ascending=False, kind="stable").head(PLANTS_SHOWN)
    total = total[total > 1e-3]
    plants = {str(r["renewable"]): r for r in table(run, "renewable").to_dict("records")}
    bus_of = dict(zip(frame.renewable.astype(str), frame.bus.astype(str), strict=True))
    by_bus = total.groupby([bus_of[str(i)] for i in total.index]).sum().sort_values(ascending=False, kind="stable")
    title = dict(zip(by_bus.index, names(run, "bus", list(by_bus.index)), strict=True))
    out: list[dict] = []
    for bus in by_bus.index:
        out.append({"name": title[bus]})
        for plant, mwh in total.items():
            if bus_of[str(plant)] == bus:
                row = plants.get(str(plant), {})
                could = number(row, "available_mwh")
                out.append(
                    {
                        "renewable": str(plant),
                        "name": pair(cell(row, "name"), cell(row, "name_zh"), str(plant)),
                        "mwh": float(mwh),
                        "rate": float(mwh) / could if could else None,
                    }
                )
    return out


def by_month(run: Run, page: Page) -> bool:
    """Figure `cause_months`: curtailed energy by month, one part per cause. False without the hourly causes or below a week."""
    path = run.folder / "tables" / "curtailment_cause_hourly.parquet"
    found = causes(run)
    if not path.is_file() or not found:
        return False
    hourly = pd.read_parquet(path, columns=["time", "cause", "mw"])
    if hourly.empty:
        return False
    _, labels = months(run)
    if not long_enough(run):
        return False
    stamp = hourly.time.dt.year.to_numpy() * 12 + hourly.time.dt.month.to_numpy()
    first = run.time.year.to_numpy() * 12 + run.time.month.to_numpy()
    position = np.searchsorted(np.unique(first), stamp)
    cause = hourly.cause.astype("category").cat
    # Hours of the step in which a row lies: that of the label which covers it, shared by the steps of a block.
    label = np.clip(np.searchsorted(run.time.to_numpy(), hourly.time.to_numpy(), side="right") - 1, 0, len(run.time) - 1)
    step = run.hours[label] / run.block
    grid = np.bincount(
        position * len(cause.categories) + cause.codes.to_numpy(),
        weights=hourly.mw.to_numpy(dtype=float) * step,
        minlength=len(labels) * len(cause.categories),
    ).reshape(len(labels), -1)
    column = {str(c): i for i, c in enumerate(cause.categories)}
    look = legend(page, found)
    traces = []
    for key, (name, colour) in look.items():
        members = [column[c] for c in column if (c not in look if key == OTHER else c == key)]
        traces.append(
            {
                "type": "bar",
                "name": name,
                "x": list(range(len(labels))),
                "y": grid[:, members].sum(1) / 1e3,
                "customdata": labels,
                "marker": {"color": colour},
                "hovertemplate": "%{customdata}<br>%{y:,.1f} GWh<extra>%{fullData.name}</extra>",
            }
        )
    page.figures["cause_months"] = figure(
        traces,
        {
            "barmode": "stack",
            "bargap": 0.3,
            "xaxis": axis(showgrid=False, zeroline=False, tickvals=list(range(len(labels))), ticktext=labels),
            "yaxis": axis(token("curtailed_gwh")),
        },
        height=420,
    )
    return True


def by_hour(run: Run, page: Page) -> bool:
    """Figure `when`: mean curtailed power by month and hour of day. False below a week or without curtailment."""
    lost, _ = curtailed(run)
    if not lost or len(run.time) < 24 or not long_enough(run) or sum(r.sum() for r in lost.values()) <= 0:
        return False
    month, labels = months(run)
    cell_of = month * 24 + run.time.hour.to_numpy()
    total = month_sum(np.sum(list(lost.values()), axis=0), cell_of, len(labels) * 24)
    count = np.bincount(cell_of, minlength=len(labels) * 24)
    mean = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0).reshape(len(labels), 24)
    page.figures["when"] = figure(
        [
            {
                "type": "heatmap",
                "z": mean.T,
                "x": list(range(len(labels))),
                "y": list(range(24)),
                "colorscale": AMOUNT_SCALE,
                "xgap": 1,
                "ygap": 1,
                "colorbar": colour_bar("MW"),
                "customdata": [labels] * 24,
                "hovertemplate": "%{customdata}, %{y}:00<br>%{z:,.0f} MW<extra></extra>",
            }
        ],
        {
            "xaxis": axis(showgrid=False, zeroline=False, tickvals=list(range(len(labels))), ticktext=labels),
            "yaxis": axis(
                token("hour_of_day"), showgrid=False, zeroline=False, tickvals=[0, 3, 6, 9, 12, 15, 18, 21], autorange="reversed"
            ),
        },
        height=420,
    )
    return True


def curtailed_total(run: Run) -> tuple[float, float]:
    """Curtailed and available wind and solar energy [MWh]."""
    lost, could = curtailed(run)
    return float((wind_and_solar(lost) * run.hours).sum()), float((wind_and_solar(could) * run.hours).sum())


def by_bus(run: Run, buses: list[str], variable: str) -> np.ndarray | None:
    """Sum over plants at each bus (bus, label) [MW] of a variable of renewable plants."""
    found, plants = values(run, variable), table(run, "renewable")
    if found is None or "bus" not in plants:
        return None
    at = dict(zip(plants.renewable.astype(str), plants.bus.astype(str), strict=True))
    position = {b: i for i, b in enumerate(buses)}
    out = np.zeros((len(buses), found[1].shape[1]), dtype=np.float32)
    rows = np.array([position.get(at.get(i, ""), -1) for i in found[0]])
    np.add.at(out, rows[rows >= 0], found[1][rows >= 0])
    return out


def _totals(x: np.ndarray, y: list[int], text: list[str]) -> dict:
    """Text at the end of stacked bars."""
    return {
        "type": "scatter",
        "mode": "text",
        "x": x,
        "y": y,
        "text": [f" {t}" for t in text],
        "textposition": "middle right",
        "showlegend": False,
        "textfont": {"size": 11.5, "color": SOFT},
        "hoverinfo": "skip",
        "cliponaxis": False,
    }
