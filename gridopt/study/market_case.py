"""From a case by costs to the cases that the market clears, by the rules of key `market`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from gridopt.case.bid_rule import BidRule, with_generated_bids
from gridopt.case.case import Case
from gridopt.case.offers import with_demand_bids, with_offers
from gridopt.case.rules_bids import BidLimits, check_bids
from gridopt.dispatch.market_run import MarketRun
from gridopt.study.market_schema import Market


def limits_of(market: Market) -> BidLimits:
    """What bids may look like."""
    o = market.offers
    return BidLimits(o.floor_cny_per_mwh, o.cap_cny_per_mwh, o.segments, o.least_share, o.demand_segments, o.agc_cap_cny_per_mw,
                     o.agc_tick_cny_per_mw)  # fmt: skip


def market_cases(case: Case, market: Market) -> tuple[Case, Case]:
    """(the case with bids, the same with the load forecast in place of bids of users). Raises CaseError with every bid that is refused."""
    if market.dc_sets_price:
        case = replace(case, tables={**case.tables, "dc_market": case.table("dc_market").assign(sets_price=True)})
    if market.bids == "cost":
        return case, case
    check_bids(case, limits_of(market))
    if market.bids == "generated":
        g, o = market.generated, market.offers
        rule = BidRule(tuple(g.shares), tuple(g.prices_cny_per_mwh), g.scale, g.cost_spread, o.segments, g.price_step_cny_per_mwh,
                       o.floor_cny_per_mwh, o.cap_cny_per_mwh)  # fmt: skip
        case = with_generated_bids(case, rule)
    return with_demand_bids(with_offers(case))


def own_names(plants: Iterable[str], case: Case) -> list[str]:
    """Names of plants by the case by costs: a unit that bids is a unit again, a segment of a renewable plant that plant."""
    unit, renewable, found = case.table("unit").index, case.table("renewable").index, []
    for plant in plants:
        table, _, name = plant.partition(" ")
        base = name.rpartition(" segment ")[0]
        if table == "generator" and name in unit:
            plant = f"unit {name}"
        elif table == "renewable" and base in renewable:
            plant = f"renewable {base}"
        found.append(plant)
    return found


def told(run: MarketRun, case: Case) -> MarketRun:
    """A run by the names of the case by costs: units that bid are units again, segments of a renewable one plant, and what users bought is load
    at their bus."""
    bids = case.table("demand_bid")
    bought = {f"generator {n} segment {k:g}" for n, k in bids[["load", "segment"]].drop_duplicates().itertuples(index=False)}
    name = own_names(run.plant, case)
    mine = np.array([n in bought for n in run.plant], bool)
    served = run.load.copy()
    np.add.at(served, run.plant_bus[mine], -run.output[mine])
    kept = list(dict.fromkeys(n for n, m in zip(name, mine, strict=True) if not m))
    place = {n: i for i, n in enumerate(kept)}
    of = np.array([place.get(n, -1) for n in name], int)
    first = np.array([name.index(n) for n in kept], int)
    sums: dict[str, Any] = {}
    for what in ("output", "available", "cost"):
        total = np.zeros((len(kept), len(run.start)))
        np.add.at(total, of[~mine], getattr(run, what)[~mine])
        sums[what] = total
    return replace(run, plant=np.array(kept, object), plant_bus=run.plant_bus[first], technology=run.technology[first], load=served, **sums)
