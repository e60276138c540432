"""Figures of a market for which its day ahead is cleared again: with offers at cost that fail the conduct test, with more of a technology.

    impact[b,t] = price of load less the same with the offers of all plants that fail at their costs                  [CNY/MWh]     (M1)
    slope       = change of a technology's capture price per MW of it that is added, least squares               [CNY/MWh per MW]   (M2)

The impact test is failed in a period in which a price of load falls by more than a threshold.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gridopt.analysis.price_statistics import Figures, captured
from gridopt.analysis.strategy import more_of
from gridopt.case.case import Case
from gridopt.dispatch.market_run import MarketRun
from gridopt.study.market_case import bidding

if TYPE_CHECKING:
    from gridopt.study.market import Cleared

SERVED_MW = 1e-6
Again = Callable[[Case], MarketRun]
"""Clears the day ahead of a case with its bids again."""


def again(found: Cleared, stop: threading.Event | None, progress: Callable[[str], None]) -> Again:
    """What clears the day ahead of another case by the same rules; its table bid holds all bids."""
    from gridopt.study.market import day_ahead_of, settled_run

    market = found.market
    given = market.model_copy(update={"bids": "given"}) if market.bids == "generated" else market

    def clear(case: Case) -> MarketRun:
        days = day_ahead_of(replace(found.loaded, case=case), given, stop, progress)
        return settled_run(MarketRun.joined([d.run() for d in days.day_ahead]), case, given)

    return clear


def impact(found: Cleared, fails: list[str], threshold: float, clear: Again) -> Figures:
    """(M1) of plants 'table id' that fail: mean by load, largest, and the share of time in which the test is failed."""
    case, run = bidding(found.loaded.case, found.market), found.day_ahead
    bids = case.table("bid")
    kept = ~(bids["kind"] + " " + bids["element"]).isin(fails)
    other = clear(replace(case, tables={**case.tables, "bid": bids[kept.to_numpy()]})) if fails else run
    fall, served = run.load_price - other.load_price, run.load > SERVED_MW
    worst = np.where(served, fall, 0.0).max(axis=0, initial=0.0)
    weight = np.where(served, run.load, 0.0) * run.hours
    mean = float((fall * weight).sum() / weight.sum()) if weight.sum() > 0 else 0.0
    share = float(run.hours[worst > threshold].sum() / run.hours.sum())
    return [("market", "impact_mean", mean), ("market", "impact_max", float(worst.max(initial=0.0))), ("market", "impact_share", share)]


def cannibalisation(found: Cleared, technology: str, added_mw: list[float], clear: Again) -> Figures:
    """(M2) of a technology, what there is counting as nothing added. Raises CaseError for one that no plant is of."""
    case, scope = bidding(found.loaded.case, found.market), f"technology {technology}"
    runs = [found.day_ahead, *(clear(more_of(case, technology, added)) for added in added_mw)]
    prices = np.array([{n: v for s, n, v in captured(r) if s == scope}.get("capture_price", np.nan) for r in runs])
    known = np.isfinite(prices)
    slope = float(np.polyfit(np.append(0.0, added_mw)[known], prices[known], 1)[0]) if known.sum() > 1 else np.nan
    return [(scope, "capture_slope", slope)]


def failing(figures: Figures) -> list[str]:
    """Plants that fail the conduct test, out of its figures."""
    return [scope.removeprefix("unit ") for scope, _, value in figures if scope.startswith("unit ") and value > 0]
