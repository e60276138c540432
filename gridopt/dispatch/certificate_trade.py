"""Certificate, trade: contracts of DC links, what is sold at their ends, and exchanges.

    Emin <= energy sent in the period <= Emax, both times the studied share of the period          dc_contract.energy
    bundled energy of the period >= share x energy sent                                           dc_contract.share
        where it is known what is sent and bundled in the rest of the period: of the whole period instead; where a contract may be
        late, it may miss both, at the price of that; what is sent back then counts as missing, too
    0 <= sold <= width of the step of demand                                                     dc_market.sold
    agreed - import band <= export <= agreed + export band                                       exchange.export
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridopt.dispatch.certificate_check import PERIOD, POWER, RELATIVE, Check, Evidence, outside
from gridopt.dispatch.certificate_links import bundle, link_power

DAY = np.timedelta64(86400, "s")


def check_trade(e: Evidence) -> list[Check]:
    """The checks named at the head of this file."""
    return [*_contracts(e), *_markets(e), _exchanges(e)]


class Kept(NamedTuple):
    """By contract (k,), MWh: what its energy and its share miss of their limits (below zero: spare); energy; what is sent back."""

    wrong: np.ndarray
    short: np.ndarray
    energy: np.ndarray
    back: np.ndarray


def _kept(e: Evidence) -> Kept:
    case, table, time = e.case, e.case.table("dc_contract"), e.case.time
    first, last = (table[c].to_numpy("datetime64[s]") for c in ("start_date", "end_date"))
    weight = time.share_between(first, last + DAY) * time.hours
    link = case.position("dc_link", table["dc_link"])
    touched = (weight * case.in_service("dc_link")[link]).sum(axis=1) > 0
    sent = link_power(e)
    green = np.minimum(np.maximum(sent, 0.0), bundle(e))
    energy, covered = ((weight * v[link]).sum(axis=1) for v in (sent, green))
    outside = table["sent_outside_mwh"].to_numpy(float)
    studied = np.where(np.isnan(outside), weight.sum(axis=1) * 3600.0 / (last + DAY - first).astype(float), 1.0)
    energy, covered = energy + np.nan_to_num(outside), covered + table["bundled_outside_mwh"].to_numpy(float)
    low, high = (table[f"energy_{c}_mwh"].to_numpy(float) * studied for c in ("min", "max"))
    wrong = np.fmax(np.fmax(low - energy, energy - high), 0.0)
    short = np.where(table["renewable_share_min"] > 0, table["renewable_share_min"] * energy - covered, 0.0)
    back = (weight * np.maximum(-sent, 0.0)[link]).sum(axis=1)
    return Kept(np.where(touched, wrong, 0.0), np.where(touched, short, 0.0), energy, back)


def _contracts(e: Evidence) -> list[Check]:
    table = e.case.table("dc_contract")
    if not len(table):
        none = np.zeros(0)
        return [e.judge(f"dc_contract.{n}", "MWh", none, PERIOD, ()) for n in ("energy", "share")]
    kept, hard = _kept(e), np.isnan(e.case.late_prices)
    near = PERIOD + RELATIVE * np.abs(kept.energy)
    return [
        e.judge("dc_contract.energy", "MWh", np.where(hard, kept.wrong, 0.0), near, table.index),
        e.judge("dc_contract.share", "MWh", np.where(hard, kept.short, 0.0), near, table.index),
    ]


def late_cost(e: Evidence) -> np.ndarray:
    """Cost of what contracts miss at the end of a window, CNY (k,)."""
    if not e.case.late:
        return np.zeros(0)
    kept, shared = _kept(e), e.case.table("dc_contract")["renewable_share_min"].to_numpy(float) > 0
    behind = np.where(shared, np.maximum(kept.short + kept.back, 0.0), 0.0)
    return np.nan_to_num(e.case.late_prices) * (kept.wrong + behind)


def _markets(e: Evidence) -> list[Check]:
    if not len(e.case.table("dc_market")):
        return []
    width = e.number("dc_market", "power_max_mw") * e.case.in_service("dc_market")
    return [e.judge("dc_market.sold", "MW", outside(e["dc_market_sold"], 0.0, width), POWER, e.case.table("dc_market").index)]


def paid_at_ends(e: Evidence) -> np.ndarray:
    """Price of received energy by step of demand CNY/MWh (n, T)."""
    table = e.case.table("dc_market")
    return e.number("dc_market", "price_cny_per_mwh") + e.case.series(table["price_profile"], 0.0)


def agreed(e: Evidence) -> np.ndarray:
    """Agreed export MW (n, T)."""
    case = e.case
    return case.series(case.table("exchange")["schedule"], 0.0) * e.number("exchange", "scale") * case.in_service("exchange")


def _exchanges(e: Evidence) -> Check:
    band = {c: e.number("exchange", f"{c}_flexible_mw") * e.case.in_service("exchange") for c in ("import", "export")}
    base = agreed(e)
    excess = outside(e["exchange_export"], base - band["import"], base + band["export"])
    return e.judge("exchange.export", "MW", excess, POWER + RELATIVE * np.abs(base), e.case.table("exchange").index)
