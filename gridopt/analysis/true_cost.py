"""What output costs plants by the tables of the case, where they have offered something else.

    true[g,t] = cost at offers - offer over output h + C[g,t](output) h                                                [CNY]       (C1)
    C(p): a unit: fuel, other cost and carbon beyond its free allowance;  a generator: its cost curve and carbon;
          a renewable plant: its cost;  a store: its wear, and what charging costs it                                  [CNY/h]     (C2)
    a segment of an offer fails the conduct test where price > r + min(threshold, share x r),
          r = (C(end) - C(begin)) / width, the mean true cost of the segment                                           [CNY/MWh]   (C3)

Starts and awards of reserve are in the cost at offers and are taken to be true; bands of deep output are not counted.
Source of (C3): conduct tests of the market monitors of US system operators.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gridopt.analysis import strategy
from gridopt.analysis.price_statistics import Figures
from gridopt.case import generators, units
from gridopt.case.case import Case
from gridopt.case.fleet import switched
from gridopt.case.offers import Offer
from gridopt.case.tables_bids import BUY, SELL
from gridopt.dispatch.market_run import MarketRun

Offers = Mapping[tuple[str, str, str], Offer]
"""What is offered, by kind, element and side."""
ROUNDING = 1e-6


def offers_of(case: Case) -> Offers:
    """Offers of table bid of a case."""
    return {key: Offer.read(case, rows) for key, rows in case.table("bid").groupby(["kind", "element", "side"], sort=False)}


def true_cost(run: MarketRun, case: Case, offers: Offers) -> np.ndarray | None:
    """(C1) CNY (g, T) for the periods of a run by the names of the case by costs; None where nobody offers anything else than its cost."""
    if not offers:
        return None
    found, place = run.cost.copy(), {str(p): g for g, p in enumerate(run.plant)}
    for kind, side in dict.fromkeys((k, s) for k, _, s in offers):
        mine = {e: o for (k, e, s), o in offers.items() if (k, s) == (kind, side) and f"{kind} {e}" in place}
        at = np.array([place[f"{kind} {e}"] for e in mine], int)
        power = np.maximum(run.output[at] if side == SELL else -run.output[at], 0.0)
        asked = np.array([_over(o, p) for o, p in zip(mine.values(), power, strict=True)]).reshape(power.shape)
        found[at] += (energy_cost(case, kind, side, list(mine), power) - (asked if side == SELL else -asked)) * run.hours
    return found


def conduct(case: Case, offers: Offers, threshold: float, share: float | None) -> Figures:
    """(C3): MW of each plant that fail, mean over the periods, and of the market."""
    found: Figures = []
    hours = case.time.hours
    for kind in dict.fromkeys(k for k, _, s in offers if s == SELL):
        mine = {e: o for (k, e, s), o in offers.items() if (k, s) == (kind, SELL)}
        most = max(len(w) for o in mine.values() for w in o.width)
        width, price = np.zeros((2, len(mine), most, len(hours)))
        for g, o in enumerate(mine.values()):
            for c, (w, p) in enumerate(zip(o.width, o.price, strict=True)):
                width[g, : len(w), o.of == c], price[g, : len(w), o.of == c] = w, p
        end = np.cumsum(width, axis=1)
        at_end = np.stack([energy_cost(case, kind, SELL, list(mine), end[:, k]) for k in range(most)], axis=1)
        cost = np.diff(at_end, axis=1, prepend=0.0)
        reference = np.divide(cost, width, out=np.zeros_like(cost), where=width > 0)
        failed = np.where(strategy.conduct(price, reference + ROUNDING, threshold, np.inf if share is None else share), width, 0.0)
        fails = (failed.sum(axis=1) @ hours) / hours.sum()
        found += [(f"unit {kind} {e}", "conduct_failed_mw", float(mw)) for e, mw in zip(mine, fails, strict=True) if mw > 0]
    return [*found, ("market", "conduct_failed_mw", sum(mw for _, _, mw in found))]


def energy_cost(case: Case, kind: str, side: str, names: list[str], power: np.ndarray) -> np.ndarray:
    """(C2) of elements of a kind at power MW (n, T), given or, of the side to buy, taken; nothing where there is none."""
    at, table = case.position(kind, names), case.table(kind)
    carbon = case.of_year("carbon_price_cny_per_t", 0.0)
    if kind == "unit":
        fire, able = units.burning(case, at), units.capacity(case)[at]
        curved = switched(case, "unit")[at][:, None] | (units.limits(case)[0][at] > 0)  # else one rate for all output: blocks/thermal.py
        burnt = np.where(curved, fire.burnt(power, able), fire.full * power)
        free = case.of_year("carbon_benchmark_t_per_mwh", 0.0)
        cost = burnt * (fire.price + carbon * fire.per_tce) + power * (fire.variable + carbon * (fire.per_mwh - free))
    elif kind == "generator":
        output = np.zeros((len(table), power.shape[1]))
        output[at] = power
        extra = case.series(table["price_profile"], 0.0) + carbon * table["co2_t_per_mwh"].to_numpy(float)[:, None]
        cost = (generators.cost_at(case, output) + extra * output)[at]
    else:
        rate = {"renewable": "cost_cny_per_mwh", "storage": "charging_cost_cny_per_mwh" if side == BUY else "wear_cny_per_mwh"}[kind]
        cost = table[rate].to_numpy(float)[at][:, None] * power
    return np.where(power > 0, cost, 0.0)


def _over(offer: Offer, power: np.ndarray) -> np.ndarray:
    """What an offer asks for power MW (T,), CNY/h."""
    found = np.zeros(len(power))
    for c, (width, price) in enumerate(zip(offer.width, offer.price, strict=True)):
        begin = np.append(0.0, np.cumsum(width)[:-1])
        found = np.where(offer.of == c, price @ np.clip(power - begin[:, None], 0.0, width[:, None]), found)
    return found
