"""From a case by costs to the cases that the market clears, by the rules of key `market`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from gridopt.analysis.owners import SELLING
from gridopt.case.bid_rule import BidRule, with_generated_bids
from gridopt.case.case import Case
from gridopt.case.check import CaseError, nearest
from gridopt.case.offers import segments_of_users, with_demand_bids, with_offers
from gridopt.case.ordc import blocks_of_curve, with_reserve_demand
from gridopt.case.penalties import with_penalties, with_prices_of_penalties
from gridopt.case.pricing_options import Options, Pricing
from gridopt.case.rules_bids import BidLimits, check_bids
from gridopt.dispatch.besides import RESERVE
from gridopt.dispatch.lmp import Prices
from gridopt.dispatch.market_run import MarketRun
from gridopt.dispatch.price_limits import clipped, pricing_run
from gridopt.dispatch.result import Dispatch
from gridopt.study.market_schema import Market, Penalties
from gridopt.study.schema import Study

Section = TypeVar("Section", bound=Options)
DAY_AHEAD, REAL_TIME = "DA", "RT"
"""Stages of a market that settle."""


def limits_of(market: Market) -> BidLimits:
    """What bids may look like."""
    o = market.offers
    return BidLimits(o.floor_cny_per_mwh, o.cap_cny_per_mwh, o.segments, o.least_share, o.demand_segments, o.agc_cap_cny_per_mw,
                     o.agc_tick_cny_per_mw)  # fmt: skip


def market_cases(case: Case, market: Market) -> tuple[Case, Case]:
    """(the case with bids, the same with the load forecast in place of bids of users). Raises CaseError with every bid that is refused."""
    if market.dc_sets_price:
        case = replace(case, tables={**case.tables, "dc_market": case.table("dc_market").assign(sets_price=True)})
    case = _with_reserves(case, market)
    penalties = penalties_of(market)
    if penalties is not None:
        case = with_penalties(case, penalties.balance, penalties.line, penalties.after_outages)
    if market.bids == "cost":
        return case, case
    check_bids(case, limits_of(market))
    return with_demand_bids(with_offers(bidding(case, market)))


def bidding(case: Case, market: Market) -> Case:
    """The case with everything that is bid in its table `bid`."""
    if market.bids != "generated":
        return case
    g, o = market.generated, market.offers
    rule = BidRule(tuple(g.shares), tuple(g.prices_cny_per_mwh), g.scale, g.cost_spread, o.segments, g.price_step_cny_per_mwh,
                   o.floor_cny_per_mwh, o.cap_cny_per_mwh)  # fmt: skip
    return with_generated_bids(case, rule)


def penalties_of(market: Market) -> Penalties | None:
    """What violations cost in the clearing; None where limits are hard and load is shed at the tiers of the network."""
    return market.penalties_dispatch or (Penalties() if market.price.mode == "penalty" else None)


def market_of(study: Study, case: Case) -> Market | None:
    """The rules of a market by which a case is cleared: those of the study; the usual ones where the case brings bids; else none."""
    bids = any(len(case.table(name)) for name in ("bid", "demand_bid"))
    return study.market or (Market() if bids else None)


def check_figures(case: Case, market: Market) -> None:
    """Raises CaseError for technologies that figures are asked of and no plant is of."""
    asked, renewable = market.figures, set(case.table("renewable")["technology"])
    known = renewable.union(*(case.table(t)["technology"] for t in SELLING if "technology" in case.table(t)))
    wanted = [("fixed_cost_cny_per_kw_year", t, known) for t in asked.fixed_cost_cny_per_kw_year]
    wanted += [("cannibalisation.technology", asked.cannibalisation.technology, renewable)] if asked.cannibalisation else []
    faults = [
        f"key 'market.figures.{key}': no plant is of the technology '{t}'{nearest(t, of)} Correct it." for key, t, of in wanted if t not in of
    ]
    if faults:
        raise CaseError(faults)


def paid_once(run: MarketRun, case: Case, market: Market) -> MarketRun:
    """A run without what it pays for the reserve of regulation, where that is cleared and paid after energy."""
    if not after_energy(case, market):
        return run
    return replace(run, besides=tuple(b for b in run.besides if (b.account, b.name) != (RESERVE, market.agc.reserve)))


def ends(market: Market) -> tuple[float, float] | None:
    """Lowest and highest price CNY/MWh at which the market settles, None where prices are not cut off after the clearing."""
    limit = market.price
    return (limit.floor_cny_per_mwh, limit.cap_cny_per_mwh) if limit.mode == "clip" else None


def limited(run: MarketRun, market: Market) -> MarketRun:
    """A run at the prices at which it settles."""
    edge = ends(market)
    if edge is None:
        return run
    own = None if run.plant_price is None else np.clip(run.plant_price, *edge)
    return replace(run, settled=np.clip(run.settled, *edge), load_price=np.clip(run.load_price, *edge), plant_price=own)


def priced_within(prices: Prices, market: Market) -> Prices:
    """Prices of a rule as they are settled."""
    edge = ends(market)
    return prices if edge is None else clipped(prices, *edge)


def options_within(options: Section, market: Market) -> Section:
    """Options of a rule in this market."""
    edge = ends(market)
    return options if edge is None else options.within(*edge)


def rule_of(market: Market, stage: str) -> str:
    """The rule that makes the prices of a stage. Real time has marginal prices of its windows whatever prices the day ahead, of which users
    pay means of zones where they do so the day before; a market that is suspended is so in real time, too."""
    return market.rule if stage == DAY_AHEAD or market.rule in ("zonal_avg", "admin") else "ip"


def selection_of(pricing: Pricing, market: Market | None) -> str:
    """Which prices are taken where several are right, by the rule of the market; without one, or where the rule does not say, by `ip`."""
    return getattr(getattr(pricing, market.rule if market else "ip"), "selection", pricing.ip.selection)


def settled_by(price: np.ndarray, market: Market) -> np.ndarray | None:
    """Prices as they are settled; None where nothing cuts them off."""
    edge = ends(market)
    return None if edge is None else np.clip(price, *edge)


def to_be_priced(dispatch: Dispatch, market: Market) -> Dispatch:
    """The dispatch of which the prices are taken: with the duals of a pricing run, where prices are limited by penalties."""
    penalties = pricing_penalties(market)
    return dispatch if penalties is None else pricing_run(dispatch, with_prices_of_penalties(dispatch.case, *penalties))


def pricing_penalties(market: Market) -> tuple[float, float, float] | None:
    """What violations of the balance, of limits and of limits after outages cost in a pricing run CNY/MWh; None without one."""
    if market.price.mode != "penalty":
        return None
    given, cap = market.penalties_pricing, market.price.cap_cny_per_mwh
    return cap if given.balance is None else given.balance, given.line, given.after_outages


def after_energy(case: Case, market: Market) -> bool:
    """Whether regulation is cleared after energy: where the study says so and there are offers."""
    return market.agc.mode == "sequential" and bool(len(case.table("agc_offer"))) and market.agc.reserve in case.table("reserve").index


def _with_reserves(case: Case, market: Market) -> Case:
    """Curves in place of requirements; regulation left out where it is cleared after energy, or not at all."""
    known = case.table("reserve").index
    wrong = [c.reserve for c in market.reserve_curves if c.reserve not in known]
    if wrong:
        raise CaseError([f"key 'market.reserve_curves': '{n}' is not a reserve{nearest(n, known)} Correct it." for n in wrong])
    for c in market.reserve_curves:
        edges = np.linspace(0.0, c.to_mw, c.blocks + 1)
        blocks = blocks_of_curve(edges, c.value_of_lost_load, c.least_mw, c.mean_mw, c.deviation_mw)
        case = with_reserve_demand(case, c.reserve, blocks)
    agc, tables = market.agc, dict(case.tables)
    if after_energy(case, market) and agc.withhold:
        offer = tables["reserve_offer"]
        tables["reserve_offer"] = offer.assign(cost_cny_per_mwh=offer["cost_cny_per_mwh"].where(offer["reserve"] != agc.reserve, 0.0))
    elif after_energy(case, market) or agc.mode == "off":
        tables["reserve"] = tables["reserve"].drop(index=agc.reserve, errors="ignore")
        for name in ("reserve_offer", "reserve_shortage"):
            tables[name] = tables[name][tables[name]["reserve"] != agc.reserve]
        nested = tables["reserve_nesting"]
        tables["reserve_nesting"] = nested[(nested["reserve"] != agc.reserve) & (nested["counts_for"] != agc.reserve)]
    return replace(case, tables=tables)


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
    at their bus, worth what they bid."""
    bought = {f"generator {n}" for n in segments_of_users(case)}
    name = own_names(run.plant, case)
    mine = np.array([n in bought for n in run.plant], bool)
    energy, worth = np.zeros((2, *run.load.shape))
    np.add.at(energy, run.plant_bus[mine], -run.output[mine])
    np.add.at(worth, run.plant_bus[mine], -run.cost[mine])
    kept = list(dict.fromkeys(n for n, m in zip(name, mine, strict=True) if not m))
    place = {n: i for i, n in enumerate(kept)}
    of = np.array([place.get(n, -1) for n in name], int)
    first = np.array([name.index(n) for n in kept], int)
    sums: dict[str, Any] = {}
    for what in ("output", "available", "cost"):
        total = np.zeros((len(kept), len(run.start)))
        np.add.at(total, of[~mine], getattr(run, what)[~mine])
        sums[what] = total
    if run.plant_price is not None:
        sums["plant_price"] = run.plant_price[first]
    besides = tuple(replace(b, who=np.array(own_names(b.who, case), object)) for b in run.besides)
    return replace(
        run, plant=np.array(kept, object), plant_bus=run.plant_bus[first], technology=run.technology[first], load=run.load + energy,
        bought=(energy, worth) if mine.any() else None, besides=besides, **sums,
    )  # fmt: skip
