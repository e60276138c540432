"""Figures of the market in tables by theme, each with a sentence that says how to read it."""

from __future__ import annotations

import re

from gridopt.report.folder import Run, cell, names, number
from gridopt.report.market_data import market_table
from gridopt.report.market_names import party_words, rule_words, run_quality, run_words
from gridopt.report.technologies import technology_words
from gridopt.report.text import WORDS, Both, join, unit_money, unit_price
from gridopt.report.zones import zone_words

THEMES = (
    ("concentration", r"hhi|rsi|pivotal|lerner|mark_?up|conduct|impact|structural|share_of_largest|largest"),
    ("capture", r"capture|value_factor|cannibal"),
    ("money", r"surplus|welfare|rent|payment|revenue|profit|uplift|mwp|loc|prs|missing|adequacy|cost|ftr"),
    ("price", r"price|spread|lmp|floor|cap\b|at_cap|negative|volatil|sigma|deviation|range"),
    ("curtailment", r"curtail|unserved|shed"),
)
"""Themes with what is found in the names of their figures; the first that fits."""
OTHER = "other"
UNITS = (
    (r"_cny_per_mwh$|_per_mwh$", "price"), (r"_cny$", "money"), (r"_mwh$", "MWh"), (r"_mw$", "MW"),
        (r"_share$|^share_|_factor$|_rate$|^lerner", "share"),
    (r"_hours$|_h$", "h"), (r"price|lmp|spread", "price"),
)  # fmt: skip
FACTORS = re.compile(r"value_factor|rsi")
MOST_ROWS = 400


def metrics(run: Run) -> dict | None:
    """{groups: [(theme, rows)], note}; a row is {scope, name, value, unit, key}; None without a table."""
    frame = market_table(run, "metrics")
    if not len(frame):
        return None
    rows = [_row(run, r) for r in frame.to_dict("records")]
    themes = [*(t for t, _ in THEMES), OTHER]
    groups = [(t, [r for r in rows if r["theme"] == t][:MOST_ROWS]) for t in themes]
    order = {"concentration": 1, "capture": 2, "price": 0, "money": 3, "curtailment": 4}
    return {"groups": sorted([(t, some) for t, some in groups if some], key=lambda g: order.get(g[0], 9)), "note": run_quality(run, frame)}


def _row(run: Run, row: dict) -> dict:
    name, value = cell(row, "name"), number(row, "value")
    theme = next((t for t, pattern in THEMES if re.search(pattern, name)), OTHER)
    kind = None if FACTORS.search(name) else next((u for pattern, u in UNITS if re.search(pattern, name)), None)
    unit: Both = {"price": unit_price(run.currency), "money": unit_money(run.currency), "share": ("%", "%"), None: ("", "")}.get(kind,
        (str(kind),) * 2)
    shown = None if value is None else 100.0 * value if kind == "share" else value
    return {"theme": theme, "scope": scope_words(run, cell(row, "scope")), "name": metric_words(name), "key": name, "value": shown,
        "unit": unit}


def metric_words(name: str) -> Both:
    """Name of a figure; one without words of its own is spelt out, the unit at its end left off."""
    if f"mk_metric_{name}" in WORDS:
        return WORDS[f"mk_metric_{name}"]
    plain = re.sub(r"_cny_per_mwh$|_cny$|_mwh$|_mw$", "", name).replace("_", " ")
    return (plain[:1].upper() + plain[1:],) * 2


def scope_words(run: Run, scope: str) -> Both:
    """'market', 'zone Hexi', 'technology wind', 'owner X', 'unit X', 'bus X', with a rule or run where they name one."""
    kind, _, key = scope.partition(" ")
    if not key:
        return WORDS.get(f"mk_scope_{kind}") or (rule_words(kind) if f"mk_rule_{kind}" in WORDS else run_words(kind))
    if kind in ("zone", "technology", "owner", "bus", "rule", "run"):
        both = {
            "zone": zone_words, "technology": technology_words, "owner": lambda k: (k, k), "bus": lambda k: names(run, "bus", [k])[0],
            "rule": rule_words, "run": run_words,
        }[kind](key)  # fmt: skip
        return both if kind != "owner" else join([WORDS["mk_scope_owner"], both], (" ", " "))
    return party_words(run, scope)
