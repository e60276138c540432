"""Figures of the market: those of the whole market by theme, those of zones, technologies, owners and units as a table each.

Each comes with a sentence that says how to read it. Scopes are market, zone NAME, zones A to B, technology NAME, owner NAME, unit NAME.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from gridopt.report.folder import Run, names
from gridopt.report.market_data import market_table
from gridopt.report.market_names import party_words, rule_words, run_quality, run_words
from gridopt.report.market_parties import PLANT_KINDS
from gridopt.report.technologies import technology_words
from gridopt.report.text import WORDS, Both, say, unit_money, unit_price
from gridopt.report.zones import zone_words

THEMES = (
    ("concentration", r"hhi|rsi|pivotal|lerner|mark_?up|largest|conduct|impact"),
    ("curtailment", r"curtail|unserved|shed"),
    ("price", r"^price|spread_mean|spread_size|^base|at_floor|at_cap|negative|daily_range"),
    ("money",
     r"surplus|welfare|rent|paid|payment|revenue|profit|uplift|mwp|loc|prs|miss|adequacy|cost|ftr|zone_spread|cap_adjust|value_of|load_m"),
)
"""Themes of figures of the whole market, with what their names hold; the first that fits."""
OTHER = "other"
SCOPES = ("zone", "zones", "technology", "owner", "unit")
"""Kinds of scopes that have a table of their own, a row for each scope and a column for each figure."""
UNITS = (
    (r"_factor|rsi|hhi|adequacy", ""), (r"_mwh\b", "MWh"), (r"_mw\b", "MW"), (r"share|lerner|_rate$", "share"), (r"_hours$|_h$", "h"),
    (r"_per_mwh$|^price|^impact|price$|daily_range|spread_mean|spread_size|^base|value_of_load|lmp", "price"),
    (r"surplus|welfare|rent|payment|revenue|profit|mwp|^loc|^prs|missing|cost|paid|zone_spread|cap_adjust|_cny$", "money"), (r"", ""),
)  # fmt: skip
"""Unit of a figure by its name; the first that fits."""
DIGITS = {"price": 2, "money": 0, "share": 1, "MWh": 0, "MW": 0}
MOST_ROWS = 600


def metrics(run: Run) -> dict | None:
    """{market: [(theme, rows)], tables: [(kind, columns, rows)], note}; None without a table.

    A row of the market is {name, value, unit, key}; a column {name, unit, key}; a row of a table {name, values}.
    """
    frame = market_table(run, "metrics")
    if not len(frame):
        return None
    kind = frame["scope"].astype(str).str.partition(" ")[0]
    whole = frame[~kind.isin(SCOPES)]
    by: dict[str, list[dict]] = {t: [] for t in ("price", "money", "concentration", "curtailment", OTHER)}
    for scope, name, value in zip(whole["scope"].astype(str), whole["name"].astype(str), whole["value"], strict=True):
        by[_theme(name)].append(_row(run, scope, name, value))
    tables = [_table(run, k, frame[kind == k]) for k in SCOPES if (kind == k).any()]
    return {"market": [(t, rows) for t, rows in by.items() if rows], "tables": tables, "note": run_quality(run, frame)}


def _theme(name: str) -> str:
    return next((t for t, pattern in THEMES if re.search(pattern, name)), OTHER)


def _row(run: Run, scope: str, name: str, value: float) -> dict:
    """A figure of the whole market, with its scope in the name where it is another."""
    kind, both = _kind(name), metric_words(name)
    if scope not in ("market", "system"):
        found = WORDS.get(f"mk_rule_{scope}") and rule_words(scope) or run_words(scope)
        both = (f"{both[0]}, {found[0]}", f"{both[1]}，{found[1]}")
    return {"name": both, "key": name, "value": _shown(value, kind), "unit": _unit(run, kind)}


def _table(run: Run, kind: str, frame: pd.DataFrame) -> tuple[str, list[dict], list[dict]]:
    """Kind, columns and rows of one kind of scopes; those whose first money or energy is largest come first."""
    figures, scopes = list(dict.fromkeys(frame["name"].astype(str))), list(dict.fromkeys(frame["scope"].astype(str)))
    value = np.full((len(scopes), len(figures)), np.nan)
    value[pd.Index(scopes).get_indexer(frame["scope"].astype(str)),
        pd.Index(figures).get_indexer(frame["name"].astype(str))] = frame["value"].astype(float)
    kinds = [_kind(n) for n in figures]
    sized = next((i for i, k in enumerate(kinds) if k in ("money", "MWh", "MW")), None)
    order = np.arange(len(scopes)) if sized is None else np.argsort(-np.abs(np.nan_to_num(value[:, sized])), kind="stable")
    columns = [{"name": metric_words(n), "unit": _unit(run, k), "key": n} for n, k in zip(figures, kinds, strict=True)]
    rows = [
        {"name": scope_words(run, scopes[i]), "values": [_shown(v, k) for v, k in zip(value[i], kinds, strict=True)]} for i in order[:MOST_ROWS]
    ]
    return kind, columns, rows


def _kind(name: str) -> str:
    return next(kind for pattern, kind in UNITS if re.search(pattern, name))


def _unit(run: Run, kind: str) -> Both:
    return {"price": unit_price(run.currency), "money": unit_money(run.currency), "share": ("%", "%")}.get(kind, (kind, kind))


def _shown(value: float, kind: str) -> str:
    """Value in the unit of its kind; a dash where it is no number, or without bound."""
    if not np.isfinite(value):
        return "–"
    if kind in DIGITS:
        return f"{round(float(value) * (100.0 if kind == 'share' else 1.0), DIGITS[kind]) + 0.0:,.{DIGITS[kind]}f}"
    size = abs(value)
    digits = 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 10 else 3
    return f"{value:,.{digits}f}"


def metric_words(name: str) -> Both:
    """Name of a figure; one without words of its own is spelt out, the unit at its end left off."""
    if f"mk_metric_{name}" in WORDS:
        return WORDS[f"mk_metric_{name}"]
    stem, by, cause = name.partition(" by ")
    if by:
        return say("mk_metric_by", name=metric_words(stem), cause=WORDS.get(f"cause_{cause}") or (cause, cause))
    plain = re.sub(r"_cny_per_mwh$|_cny$|_mwh$|_mw$", "", name).replace("_", " ")
    return (plain[:1].upper() + plain[1:],) * 2


def scope_words(run: Run, scope: str) -> Both:
    """Name of what a figure is of, without the kind of it."""
    kind, _, key = scope.partition(" ")
    if kind == "zones":
        a, _, b = key.partition(" to ")
        return say("mk_between", a=zone_words(a), b=zone_words(b))
    if kind == "zone":
        return zone_words(key)
    if kind == "technology":
        return technology_words(key)
    if kind == "unit" and " " in key:
        return party_words(run, key)
    if kind == "unit":
        return party_words(run, scope)
    # A plant that is not listed owns itself.
    own = (names(run, table, [key])[0] for table in PLANT_KINDS)
    return next((both for both in own if both != (key, key)), (key, key))
