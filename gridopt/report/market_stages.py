"""Day-ahead against real time: prices by zone, how far they are apart, volumes and what differs from day-ahead."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridopt.report.figures import ALARM, INK, SERIES, axis, figure, time_axis
from gridopt.report.folder import Run
from gridopt.report.market_data import Prices, market_table, prices, spanned
from gridopt.report.market_names import pair_words, quality, rule_words, run_words
from gridopt.report.market_parties import PLANT_KINDS, class_of, class_words
from gridopt.report.pack import Page, token
from gridopt.report.parts import Parts
from gridopt.report.technologies import technology_order
from gridopt.report.text import Both, unit_price

BINS = 30
AHEAD, REAL = "DA", "RT"
Rules = tuple[str, str]
"""Of the day ahead and of real time."""


def stages(run: Run, page: Page) -> dict | None:
    """Figures `mk_stages`, `mk_spread`, `mk_volumes`, and {zones, volumes, note}; None unless both runs have prices."""
    found = prices(run)
    both = _both(found) if found is not None else []
    if found is None or not both:
        return None
    unit = page.name(unit_price(run.currency))
    rows = [row for rules in both for row in _zones(found, rules, several=len(both) > 1)]
    page.figures["mk_stages"] = _lines(page, found, both, unit)
    page.figures["mk_spread"] = _spread(page, found, both, unit)
    return {"zones": rows, "volumes": _volumes(run, page, found), "note": quality(market_table(run, "prices"), market_table(run, "dispatch"))}


def _both(found: Prices) -> list[Rules]:
    """Rules that price both runs; where none does, the first of each: real time may have another than the day ahead."""
    ahead, real = ([r for r, stage in found.pairs if stage == one] for one in (AHEAD, REAL))
    return [(r, r) for r in ahead if r in real] or list(zip(ahead[:1], real[:1], strict=False))


def _two(found: Prices, rules: Rules) -> tuple[np.ndarray, np.ndarray]:
    """Prices day-ahead and in real time (series, T)."""
    ahead, real = (found.series[found.rules.index(r), found.runs.index(stage)] for r, stage in zip(rules, (AHEAD, REAL), strict=True))
    return ahead, real


def _name(rule: str, zone: Both, several: bool) -> Both:
    return (f"{rule_words(rule)[0]} · {zone[0]}", f"{rule_words(rule)[1]} · {zone[1]}") if several else zone


def _zones(found: Prices, rules: Rules, several: bool) -> list[dict]:
    """Mean prices of each zone, mean and deviation of what real time differs, and the share of time in which it is dearer."""
    out = []
    for zone, ahead, real in zip(found.series_names, *_two(found, rules), strict=True):
        some = np.isfinite(ahead) & np.isfinite(real)
        if some.any():
            hours, apart = found.hours[some], (real - ahead)[some]
            mean = float(np.average(apart, weights=hours))
            out.append(
                {
                    "name": _name(rules[0], zone, several), "ahead": float(np.average(ahead[some], weights=hours)),
                    "real": float(np.average(real[some], weights=hours)), "apart": mean,
                    "deviation": float(np.sqrt(np.average((apart - mean) ** 2, weights=hours))),
                    "dearer": float(hours[apart > 0.005].sum() / hours.sum()),
                }
            )  # fmt: skip
    return out


def _lines(page: Page, found: Prices, both: list[Rules], unit: str) -> dict:
    """Both prices over time; rule and zone are chosen with a selector."""
    parts, traces, options = Parts.of(found.period), [], []
    for rules in both:
        for z, zone in enumerate(found.series_names):
            pick = f"{rules[0]}-{z}"
            options.append([pick, page.name(_name(rules[0], zone, len(both) > 1))])
            traces += [
                {
                    "type": "scatter", "mode": "lines" if len(parts.label) > 1 else "markers",
                    "name": page.name(pair_words(rule, stage, sorted(set(rules)), [AHEAD, REAL])), "x": parts.label,
                    "y": np.round(parts.mean(y[z]), 2).astype(np.float32), "line": {"width": 2, "color": colour}, "meta": {"pick": pick},
                    "hovertemplate": f"%{{x}}: %{{y:,.1f}} {unit}<extra>%{{fullData.name}}</extra>",
                }
                for rule, stage, y, colour in zip(rules, (AHEAD, REAL), _two(found, rules), (SERIES[0], SERIES[1]), strict=True)
            ]  # fmt: skip
    layout = {"xaxis": time_axis(parts.days), "yaxis": axis(unit)}
    return figure(traces, layout, height=340, control={"kind": "pick", "options": options})


def _spread(page: Page, found: Prices, both: list[Rules], unit: str) -> dict:
    """How often real time differs by how much from day-ahead, as a share of time."""
    traces, options = [], []
    for rules in both:
        for z, (zone, ahead, real) in enumerate(zip(found.series_names, *_two(found, rules), strict=True)):
            pick, some = f"{rules[0]}-{z}", np.isfinite(ahead) & np.isfinite(real)
            if not some.any():
                continue
            apart = (real - ahead)[some]
            low, high = (float(v) for v in np.percentile(apart, [0.5, 99.5]))
            wide = max(high - low, 1.0)
            edge = np.linspace(low - 0.02 * wide, high + 0.02 * wide, BINS + 1)
            share, _ = np.histogram(np.clip(apart, edge[0], edge[-1]), bins=edge, weights=found.hours[some])
            options.append([pick, page.name(_name(rules[0], zone, len(both) > 1))])
            middle = (edge[1:] + edge[:-1]) / 2
            traces.append(
                {
                    "type": "bar", "x": np.round(middle, 2), "y": share / max(share.sum(), 1e-12), "meta": {"pick": pick}, "showlegend": False,
                    "width": float(edge[1] - edge[0]) * 0.94, "marker": {"color": np.where(middle > 0, SERIES[1], SERIES[0]).tolist()},
                    "hovertemplate": f"%{{x:,.1f}} {unit}: %{{y:.1%}}<extra></extra>",
                }  # fmt: skip
            )
    layout = {"xaxis": axis(f"{token('mk_apart')}, {unit}"), "yaxis": axis(token("share_of_time"), tickformat=".0%"), "bargap": 0.05}
    return figure(traces, layout, height=340, control={"kind": "pick", "options": options})


def _volumes(run: Run, page: Page, found: Prices) -> list[dict]:
    """Energy of each technology in both runs MWh, and what differs, up and down; figure `mk_volumes`. [] without the table of dispatch."""
    frame = market_table(run, "dispatch")
    if len(frame):
        frame = frame[frame["run"].isin((AHEAD, REAL)) & frame["unit"].astype(str).str.partition(" ")[0].isin(list(PLANT_KINDS))]
    if not len(frame) or frame["run"].nunique() < 2:
        return []
    unit, units = pd.factorize(frame["unit"].astype(str))
    at = found.period.get_indexer(pd.DatetimeIndex(frame["period"]))
    power = np.full((2, len(units), len(found.period)), np.nan)
    keep = at >= 0
    power[(frame["run"] == REAL).to_numpy(int)[keep], unit[keep], at[keep]] = frame["mw"].to_numpy(float)[keep]
    for n, stage in enumerate((AHEAD, REAL)):
        own = pd.DatetimeIndex(frame.loc[frame["run"] == stage, "period"].unique()).sort_values()
        power[n] = spanned(power[n], own, found.period)
    apart = np.where(np.isfinite(power).all(axis=0), power[1] - power[0], 0.0)
    if len(found.period) > 1:
        page.figures["mk_volumes"] = _over_time(page, found, np.nansum(power, axis=1), apart)
    kind = [class_of(run, str(u)) for u in units]
    energy = np.nansum(power * found.hours, axis=2)
    rows = []
    for k in technology_order(kind):
        mine = [i for i, own in enumerate(kind) if own == k]
        up, down = (np.maximum(sign * apart[mine], 0.0) @ found.hours for sign in (1.0, -1.0))
        rows.append({"name": class_words(k), "ahead": energy[0, mine].sum(), "real": energy[1, mine].sum(), "up": up.sum(), "down": down.sum()})
    return rows


def _over_time(page: Page, found: Prices, total: np.ndarray, apart: np.ndarray) -> dict:
    """Output of all plants in both runs, and what differs from day-ahead, up and down."""
    parts = Parts.of(found.period)

    def mean(row: np.ndarray) -> np.ndarray:
        return np.round(parts.mean(row), 1)

    bars = [
        {
            "type": "bar", "name": token(f"mk_{key}"), "x": parts.label, "y": mean(row),
            "marker": {"color": colour, "line": {"width": 0}}, "yaxis": "y2",
            "hovertemplate": "%{x}: %{y:,.0f} MW<extra>%{fullData.name}</extra>",
        }
        for key, row, colour in (("up", np.maximum(apart, 0.0).sum(axis=0), SERIES[1]), ("down", np.minimum(apart, 0.0).sum(axis=0), ALARM))
    ]  # fmt: skip
    lines = [
        {
            "type": "scatter", "mode": "lines", "name": page.name(run_words(stage)), "x": parts.label, "y": mean(total[i]), "line": {"width": 2,
            "color": colour},
            "hovertemplate": "%{x}: %{y:,.0f} MW<extra>%{fullData.name}</extra>",
        }
        for i, (stage, colour) in enumerate(((AHEAD, SERIES[0]), (REAL, INK)))
    ]  # fmt: skip
    layout = {
        "barmode": "relative", "bargap": 0, "xaxis": time_axis(parts.days, anchor="y2"), "yaxis": axis(token("mk_all_plants"),
        domain=[0.45, 1]),
        "yaxis2": axis(token("mk_imbalance"), domain=[0, 0.36]),
    }  # fmt: skip
    return figure([*lines, *bars], layout, height=440)
