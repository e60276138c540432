"""Names of rules, runs, participants, accounts and limits, and what is said of a clearing that is not proven to be the best."""

from __future__ import annotations

import pandas as pd

from gridopt.dispatch.market_tables import FAR
from gridopt.report.branches import branch_names
from gridopt.report.folder import Run, names
from gridopt.report.market_data import market_table
from gridopt.report.text import WORDS, Both, join, say
from gridopt.report.zones import zone_words

NETWORK_KINDS = ("branch", "interface", "reserve", "dc_link")


def rule_words(rule: str) -> Both:
    """Name of a pricing rule, with its short name."""
    known = WORDS.get(f"mk_rule_{rule}")
    return (rule, rule) if known is None else known


def run_words(run: str) -> Both:
    return WORDS.get(f"mk_run_{run}") or (run, run)


def pair_words(rule: str, stage: str, rules: list[str], runs: list[str]) -> Both:
    """Rule and run, the one that is always the same left out."""
    parts = [rule_words(rule)] if len(rules) > 1 or len(runs) < 2 else []
    return join([*parts, run_words(stage)] if len(runs) > 1 else parts, (" · ", " · "))


def party_words(run: Run, party: str) -> Both:
    """Name of a participant 'table id', an account, a zone or whoever else pays and is paid."""
    if f"mk_party_{party}" in WORDS:
        return WORDS[f"mk_party_{party}"]
    if party.endswith(FAR):
        return say("mk_far_end", name=party_words(run, party.removesuffix(FAR)))
    kind, _, key = party.partition(" ")
    if not key:
        known = names(run, "bus", [party])[0]
        return known if known != (party, party) else zone_words(party)
    if kind == "account":
        return account_words(key)
    if kind == "zone":
        return zone_words(key)
    if kind in ("load", "user"):
        return say("mk_users_of", name=names(run, "bus", [key])[0])
    known = names(run, kind, [key])[0]
    if known != (key, key):
        return known
    word = WORDS.get(f"kind_{kind}")
    return (f"{key} ({word[0].lower()})", f"{key}（{word[1]}）") if word else (party, party)


def account_words(account: str) -> Both:
    """Name of a residual account."""
    return WORDS.get(f"mk_account_{account}") or (account.replace("_", " "),) * 2


def element_words(run: Run, element: str, contingency: str = "") -> Both:
    """Name of a branch, section or reserve, with the outage after which its limit holds."""
    element, _, after = element.partition("|")
    kind, _, key = element.partition(" ")
    kind, key = (kind, key) if key else ("", element)
    found: Both = (element, element)
    for table_name in [kind] if kind in NETWORK_KINDS else NETWORK_KINDS:
        own = branch_names(run, [key])[0] if table_name == "branch" else names(run, table_name, [key])[0]
        if own != (key, key):
            found = own
            break
    outage = contingency or after
    return say("mk_after", name=found, outage=element_words(run, outage)) if outage and outage != element else found


def quality(*frames: pd.DataFrame) -> Both | None:
    """What is to be said where a table comes from a clearing that is not proven to be the best; None where all are."""
    open_ones = [f[~f["exact"].astype(bool)] for f in frames if len(f) and "exact" in f]
    open_ones = [f for f in open_ones if len(f)]
    if not open_ones:
        return None
    gaps = [float(f["gap"].max()) for f in open_ones if "gap" in f and f["gap"].notna().any()]
    if not gaps:
        return WORDS["mk_not_exact"]
    return say("mk_gap", gap=gap_words(max(gaps)))


def run_quality(run: Run, *frames: pd.DataFrame) -> Both | None:
    """As `quality`, for tables that tell no gap: with the gap of the prices of the run."""
    note = quality(*frames)
    return note if note is None else quality(market_table(run, "prices")) or note


def gap_words(gap: float) -> Both:
    """0.3 %, with two figures that count: a gap of 0.0003 is 0.03 %, not 0.0 %."""
    text = f"{100 * gap:.2g}" if gap < 0.1 else f"{100 * gap:.0f}"
    return f"{text} %", f"{text}%"
