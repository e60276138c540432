"""Why prices of a case are what they are: clear it, or take up a schedule that was cleared, and explain chosen prices."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gridopt.case.case import Case
from gridopt.case.check import CaseError, nearest
from gridopt.case.pricing_options import RULES, unknown

DAY_AHEAD, REAL_TIME, HULL = "DA", "RT", "chp"
"""How the stages of day-ahead clearings begin; the stage of real time; and the rule whose prices are those of hulls."""
MARGINAL = ("ip", "ip_full", "zonal_avg")
"""Rules whose prices of energy are those that are explained."""

HELD = {
    True: "statuses as decided before its prices, links as planned, and stores and reservoirs by their worth in the plan",
    False: "statuses as decided before its prices, and links, stores and reservoirs as planned",
}
"""What a window of real time holds, by whether stores may leave their plan."""


def place_of(case: Case, text: str) -> tuple[int, int]:
    """Positions of bus and step of 'BUS@TIME'; TIME as 2025-01-01T08:00, or the number of the period, from 1. Raises CaseError."""
    name, sign, when = text.rpartition("@")
    if not sign:
        raise CaseError([f"--price {text}: is not BUS@TIME. Write, for example, {case.table('bus').index[0]}@1."])
    faults, buses = [], case.table("bus").index.astype(str)
    if name not in buses:
        faults.append(f"--price {text}: bus '{name}' is not known{nearest(name, buses) or '.'} Give the name of a bus.")
    step = int(when) - 1 if when.isdecimal() else _step(case, when)
    if not 0 <= step < len(case.time):
        first, last = (str(t)[:16] for t in case.time.start[[0, -1]])
        cure = f"Give a time from {first} to {last}, or a number from 1 to {len(case.time)}."
        faults.append(f"--price {text}: no period begins at '{when}'. {cure}")
    if faults:
        raise CaseError(faults)
    return int(np.flatnonzero(buses == name)[0]), step


def _step(case: Case, when: str) -> int:
    """Step that holds an instant, -1 if none."""
    try:
        instant = np.datetime64(when, "s")
    except ValueError:
        return -1
    inside = np.flatnonzero((case.time.start <= instant) & (instant < case.time.end))
    return int(inside[0]) if len(inside) else -1


def explain_file(
    path: Path, prices: Sequence[str], overrides: dict[str, str], progress: Callable[[str], None], stop: threading.Event | None = None
) -> dict:
    """Explains prices 'BUS@TIME' of a case, cleared first, or of the clearings that a result folder keeps: marginal ones, those of hulls
    where the rule is chp (of the market, or key 'rule'), of real time with key 'stage' RT. The document for JSON. Raises CaseError with a
    sentence for each price that is not there, Infeasible, LimitReached."""
    rule = overrides.get("rule")
    if overrides.get("stage") == REAL_TIME:
        if rule is not None:
            raise CaseError(["key 'rule': has no effect on prices of real time, which are those of its windows. Remove the key."])
        return _real_time(path, prices, {k: v for k, v in overrides.items() if k != "stage"}, progress, stop)
    if rule is not None and rule not in RULES:
        raise CaseError([f"key 'rule': '{rule}' {unknown(rule)}."])
    overrides = {k: v for k, v in overrides.items() if k != "rule"}
    from gridopt.analysis.explain_detail import explain_one
    from gridopt.analysis.explain_price import Explanation
    from gridopt.study.market_case import selection_of, settled_by, to_be_priced
    from gridopt.study.priced import check_rules, clearing_of, quality

    document: dict = {"status": "explained", "prices": [None] * len(prices)}
    faults: list[str] = []
    for settings, some in _by_clearing(path, prices, overrides):
        cleared = clearing_of(path, settings, progress, stop)
        solved, places = cleared.solved, {}
        for k in some:
            try:
                places[k] = place_of(solved.case, prices[k])
            except CaseError as error:
                faults += error.faults
        if faults:
            continue
        base = solved if cleared.market is None else to_be_priced(solved, cleared.market)
        own = rule or (cleared.market.rule if cleared.market else MARGINAL[0])
        if own == HULL:
            check_rules([HULL], base.case, cleared.pricing)
            document["prices"] = [one or two for one, two in zip(document["prices"], _hulls(base, cleared, places, len(prices)), strict=True)]
        else:
            check_rules([], base.case, cleared.pricing)
            found = Explanation(base.optimum, selection_of(cleared.pricing, cleared.market), slack=cleared.pricing.slack)
            limits = None if cleared.market is None else settled_by(found.prices.price, cleared.market)
            for k, (bus, t) in places.items():
                document["prices"][k] = _of_rule(explain_one(found, bus, t, limits), own)
        proven = quality(solved)
        document |= {"case": cleared.name, "currency": cleared.currency, **cleared.origin}
        document |= {"gap": max(proven["gap"], document.get("gap", 0.0)), "exact": proven["exact"] and document.get("exact", True)}
    if faults:
        raise CaseError(faults)
    return document


def _of_rule(one: dict, rule: str) -> dict:
    """The explanation of a marginal price, with a sentence where the rule makes other prices out of the schedule."""
    if rule not in MARGINAL:
        one["words"].insert(1, f"The rule is {rule}, which makes other prices; this is the marginal price of the same schedule.")
    return one


def _hulls(base: Any, cleared: Any, places: dict[int, tuple[int, int]], count: int) -> list[dict | None]:
    """Explanations of hull prices, in their places."""
    from gridopt.analysis.explain_hull import explain_hull
    from gridopt.dispatch.bus_weights import referred
    from gridopt.pricing import chp
    from gridopt.study.market_case import settled_by

    def rule(dispatch: Any) -> Any:
        return referred(chp.price(dispatch.case, dispatch, cleared.pricing.chp), dispatch, cleared.pricing.slack)

    prices = rule(base)
    settled = None if cleared.market is None else settled_by(prices.price, cleared.market)
    found: list[dict | None] = [None] * count
    for k, (bus, t) in places.items():
        found[k] = explain_hull(base, prices, bus, t, rule, settled)
    return found


def _real_time(
    path: Path, prices: Sequence[str], overrides: dict[str, str], progress: Callable[[str], None], stop: threading.Event | None
) -> dict:
    """Explains prices of real time of a study or case: its days are cleared, then the windows up to that of the price."""
    from gridopt.analysis.explain_detail import explain_one
    from gridopt.analysis.explain_price import Explanation
    from gridopt.dispatch.rt_explained import windows_of
    from gridopt.study.load import load_study
    from gridopt.study.market import physical_schedule
    from gridopt.study.market_case import market_of, rule_of, settled_by
    from gridopt.study.market_schema import Market
    from gridopt.study.priced import is_run, quality

    if is_run(path):
        cure = "Give the study: gridopt explain STUDY --set stage=RT."
        raise CaseError([f"key 'stage': the windows of real time are not kept in {path}; they are cleared again. {cure}"])
    loaded = load_study(path, overrides, None)
    market = market_of(loaded.study, loaded.case) or Market()
    if market.real_time.mode == "expost":
        raise CaseError(["key 'market.real_time.mode': prices after the fact (expost) are not those of a window. Write first or tlmp."])
    places = [place_of(loaded.case, text) for text in prices]
    plan, comes, rule = physical_schedule(loaded, market, stop, progress)
    found: list[dict] = [{} for _ in places]
    for window in windows_of(plan, comes, rule, {t for _, t in places}):
        why = Explanation(window.dispatch, rule.selection, window.dual, loaded.study.pricing.slack)
        settled, end = settled_by(why.prices.price, market), str(comes.time.end[window.last - 1])[:16]
        for k, (bus, t) in enumerate(places):
            if t == window.first:
                one = found[k] = _of_rule(explain_one(why, bus, t, settled), rule_of(market, REAL_TIME))
                one["window"] = {"begin": one["time"], "end": end}
                said = f"It is the price of the window of real time from {one['time']} to {end}, of which only the first interval binds"
                one["words"].insert(1, f"{said}: by what was then expected, with {HELD[rule.stores]}.")
    about = {"case": loaded.name, "currency": loaded.study.currency, "stage": REAL_TIME}
    return {"status": "explained", "prices": found, **about, **quality(plan)}


def _by_clearing(path: Path, prices: Sequence[str], overrides: dict[str, str]) -> list[tuple[dict[str, str], list[int]]]:
    """Settings of each clearing that is asked for, and the places of its prices: of a market run, the last day that begins before them."""
    from gridopt.study.clearing import stages
    from gridopt.study.priced import is_run

    days = {}
    if is_run(path) and "stage" not in overrides:
        days = {np.datetime64(s.start): s.stage for s in stages(path) if s.stage.startswith(DAY_AHEAD)}
    found: dict[str, list[int]] = {}
    for k, text in enumerate(prices):
        before = [start for start in days if start <= _instant(text.rpartition("@")[2])]
        found.setdefault(days[max(before)] if before else "", []).append(k)
    return [({**overrides, "stage": stage} if stage else overrides, some) for stage, some in found.items()]


def _instant(when: str) -> np.datetime64:
    """An instant; that of 'not a time' for a number, or what is none."""
    try:
        return np.datetime64("NaT" if when.isdecimal() else when, "s")
    except ValueError:
        return np.datetime64("NaT", "s")
