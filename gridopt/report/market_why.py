"""Why is the price this? All prices by bus and period, and for each what makes it up, packed for the page to put into words.

    price = energy + congestion + loss = sum over marginal plants of weight x offer + what other periods add                     [CNY/MWh]

The page shows terms of the table `explain` where they add up to the price that is shown, else the parts of the price and the limits that bind.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridopt.report.figures import PRICE_SCALE, axis, colour_bar, figure, time_axis
from gridopt.report.folder import Run, names
from gridopt.report.market_data import Prices, market_table, prices
from gridopt.report.market_names import element_words, pair_words, party_words, quality
from gridopt.report.pack import Page, pack, pack_times
from gridopt.report.text import Both, unit_price

MOST_CELLS, MOST_TERMS, MOST_FINE = 1_000_000, 250_000, 200_000
"""Prices, and terms of explanations, that a page holds; of longer runs the first periods. Up to MOST_FINE prices are kept in full."""
STEP, FINE, WHOLE = 0.02, 1e-6, 0.9
"""Precision of prices [CNY/MWh] where they are many, of other amounts, and of whole numbers [1] in the page."""
SAME = 0.01


def why(run: Run, page: Page) -> dict | None:
    """Figure `mk_why`, arrays why_*, data `why`, and {shown, count, note}; None without prices."""
    found = prices(run)
    if found is None or not found.pairs:
        return None
    count = max(1, min(len(found.period), MOST_CELLS // (len(found.bus) * len(found.pairs))))
    page.data["why_limits"] = labels = dict[str, list[str]]()
    combos = [_combo(run, page, found, (rule, stage), count, labels) for rule, stage in found.pairs]
    explained = _terms(run, page, found, count)
    start = _first_shown(found, count, explained)
    page.data["why"] = {
        "times": pack_times(found.period[:count]), "bus": page.tokens(names(run, "bus", found.bus)), "combos": combos, "start": start,
        "explained": sorted(set(explained % len(found.bus))), "used": np.flatnonzero(found.used),
    }  # fmt: skip
    page.figures["mk_why"] = _figure(run, page, found, count)
    note = quality(market_table(run, "prices"), market_table(run, "explain"))
    return {"shown": count, "count": len(found.period), "note": note}


def _combo(run: Run, page: Page, found: Prices, pair: tuple[str, str], count: int, labels: dict) -> dict:
    """Prices of a rule and run: lmp, energy and congestion as arrays, bounds and settled prices where they differ; the limits that bind."""
    rule, stage = pair
    r, s = found.rules.index(rule), found.runs.index(stage)
    key = f"{r}_{s}"
    lmp = found.cube("lmp")[r, s, :, :count]
    step = FINE if count * len(found.bus) * len(found.pairs) <= MOST_FINE else STEP
    for name in ("energy", "congestion"):
        value = found.cube(name)[r, s, :, :count]
        alike = len(value) > 0 and np.nanmax(np.abs(value - value[:1]), initial=0.0) < SAME
        page.arrays[f"why_{name}_{key}"] = pack(value[:1] if alike else value, step)
    page.arrays[f"why_lmp_{key}"] = pack(lmp, step)
    for name in ("settled", "lmp_lo", "lmp_hi"):
        value = found.cube(name)[r, s, :, :count]
        if np.nanmax(np.abs(value - lmp), initial=0.0) > SAME:
            page.arrays[f"why_{name}_{key}"] = pack(value, step)
    labels[key] = _limits(run, page, found, pair, count)
    frame = market_table(run, "prices")
    note = quality(frame[(frame["rule"] == rule) & (frame["run"] == stage)])
    return {
        "key": key, "name": page.name(pair_words(rule, stage, found.rules, found.runs)), "note": None if note is None else page.name(note),
        "span": _span(lmp[found.used]),
    }  # fmt: skip


def _span(lmp: np.ndarray) -> list[float]:
    """Prices between which colours change."""
    return [float(v) for v in np.nanpercentile(lmp, [1, 99])] if np.isfinite(lmp).any() else [0.0, 1.0]


def _limits(run: Run, page: Page, found: Prices, pair: tuple[str, str], count: int) -> list[str]:
    """Limits that bind, by period: how many in each, which, flow, limit and price; returns the tokens of their names."""
    key = f"{found.rules.index(pair[0])}_{found.runs.index(pair[1])}"
    frame = market_table(run, "constraints")
    frame = frame[(frame["rule"] == pair[0]) & (frame["run"] == pair[1])] if len(frame) else pd.DataFrame(columns=["period"])
    at = found.period[:count].get_indexer(pd.DatetimeIndex(frame["period"]))
    frame, at = frame[at >= 0], at[at >= 0]
    if not len(frame):
        return []
    order = np.lexsort((-frame["mu"].abs().to_numpy(float), at))
    frame, at = frame.iloc[order], at[order]
    both = pd.MultiIndex.from_arrays([frame["element"].astype(str), frame["contingency"].fillna("").astype(str)])
    name, distinct = pd.factorize(both)
    page.arrays[f"why_count_{key}"] = pack(np.bincount(at, minlength=count), WHOLE)
    page.arrays[f"why_element_{key}"] = pack(name, WHOLE)
    for column in ("flow", "limit", "mu"):
        page.arrays[f"why_{column}_{key}"] = pack(frame[column].to_numpy(float), FINE)
    return page.tokens([element_words(run, *one) for one in distinct])


def _terms(run: Run, page: Page, found: Prices, count: int) -> np.ndarray:
    """Terms of the table `explain`, by period and bus: how many each has, their kind and source, weight and value. Returns the places
    period x buses + bus that have some, int (n,)."""
    frame = market_table(run, "explain")
    if not len(frame):
        return np.zeros(0, int)
    at = found.period[:count].get_indexer(pd.DatetimeIndex(frame["period"]))
    bus = pd.Index(found.bus).get_indexer(frame["bus"].astype(str))
    keep = np.flatnonzero((at >= 0) & (bus >= 0))
    place = at[keep].astype(np.int64) * len(found.bus) + bus[keep]
    order = np.lexsort((-frame["contribution"].abs().to_numpy(float)[keep], place))[:MOST_TERMS]
    if not len(order):
        return np.zeros(0, int)
    # The last price of a list that is cut would lack terms.
    last = place[order[-1]]
    order = order[place[order] < last] if len(keep) > MOST_TERMS else order
    frame, place = frame.iloc[keep[order]], place[order]
    both, when, label, kinds = _sources(run, page, frame)
    page.data["why_terms"] = {"label": label, "kind": kinds}
    page.arrays["why_terms"] = pack(np.bincount(place, minlength=count * len(found.bus)), WHOLE)
    page.arrays["why_source"] = pack(both, WHOLE)
    other = found.period[:count].get_indexer(when)
    if (other >= 0).any():
        page.arrays["why_when"] = pack(other, WHOLE)
    page.arrays["why_weight"] = pack(frame["weight"].to_numpy(float), FINE)
    page.arrays["why_value"] = pack(frame["value"].to_numpy(float), FINE)
    return np.unique(place)


def _sources(run: Run, page: Page, frame: pd.DataFrame) -> tuple[np.ndarray, pd.DatetimeIndex, list[str], list[str]]:
    """Index of each row among the distinct terms and sources, the other period it names, and token and kind of each distinct one.

    A source that reaches in from another period is written 'family label @ time'.
    """
    text, distinct = pd.factorize(frame["source"].astype(str))
    cut = [str(t).partition(" @ ") for t in distinct]
    when = pd.to_datetime(pd.Series([c[2] or None for c in cut], dtype=object), errors="coerce", format="ISO8601")
    name = np.array([c[0] for c in cut], dtype=object)[text]
    code, both = pd.factorize(pd.MultiIndex.from_arrays([frame["term"].astype(str), name]))
    label = [page.name(_source_words(run, str(term), str(source))) for term, source in both]
    return code, pd.DatetimeIndex(when)[text], label, [str(term) for term, _ in both]


def _source_words(run: Run, term: str, source: str) -> Both:
    """Name of a plant, of a limit, or of what ties periods: 'family label'."""
    if term == "congestion":
        return element_words(run, source)
    family, _, label = source.partition(" ")
    return party_words(run, f"{family.split('.')[0]} {label}" if label else source)


def _first_shown(found: Prices, count: int, explained: np.ndarray) -> list[int]:
    """[combo, bus, period] the page opens with: of the prices of buses with load that are explained, or of all of them where none is, the
    highest of the period whose prices are furthest apart."""
    rule, stage = found.pairs[0]
    lmp = found.cube("lmp")[found.rules.index(rule), found.runs.index(stage), :, :count]
    known = np.isfinite(lmp) & found.used[:, None]
    told = np.zeros(lmp.shape[::-1], bool)
    told.flat[explained] = True
    known = known & told.T if (known & told.T).any() else known
    if not known.any():
        return [0, 0, 0]
    high, low = np.where(known, lmp, -np.inf), np.where(known, lmp, np.inf)
    t = int(np.argmax(high.max(axis=0) - low.min(axis=0)))
    return [0, int(np.argmax(high[:, t])), t]


def _figure(run: Run, page: Page, found: Prices, count: int) -> dict:
    unit = page.name(unit_price(run.currency))
    trace = {
        "type": "heatmap", "x": [], "y": [], "z": [[]], "colorscale": PRICE_SCALE, "colorbar": colour_bar(unit), "hoverongaps": False,
        "hovertemplate": f"%{{y}}<br>%{{x}}<br>%{{z:,.1f}} {unit}<extra></extra>",
    }  # fmt: skip
    days = float((found.period[count - 1] - found.period[0]) / pd.Timedelta(days=1))
    label = page.tokens(names(run, "bus", found.bus))
    layout = {
        "xaxis": time_axis(days, showgrid=False),
        "yaxis": axis("", showgrid=False, zeroline=False, tickvals=list(range(len(label))), ticktext=label, autorange="reversed",
        tickfont={"size": 10}),
    }
    return figure([trace], layout, height=120 + 15 * min(max(len(label), 4), 60), control={"kind": "why"})
