"""What an owner could do to prices: raise offers, withhold power, or be away. Every question is answered by clearing again.

    profit[i] = what the rule pays its plants for energy and beside it - their cost by the offers of before             (G1)
    best x    = the change on a grid with the largest profit of its owner; small for one that is not pivotal             (G2)
    pivotal   = without i some load cannot be served, or the price reaches the cap                                       (G3)
    needed[t] = output of i where its offers are dearer than everything but shedding                                     (G4)
    impact    = fall of the price where offers that fail the conduct test (offer > reference + threshold) are mitigated  (G5)
    slope     = change of a technology's capture price per added MW of it                                                (G6)

Source: structural, conduct and impact tests as in the market monitoring of US system operators.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from gridopt.analysis.offer_change import Change, changed, without
from gridopt.analysis.owners import owners_of
from gridopt.analysis.price_statistics import captured
from gridopt.case.case import Case
from gridopt.case.check import CaseError, nearest
from gridopt.dispatch.attempts import Search
from gridopt.dispatch.besides import MOVED, NETWORK, by_plant
from gridopt.dispatch.lmp import Prices
from gridopt.dispatch.market_run import MarketRun
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.single import dispatch
from gridopt.pricing import ip
from gridopt.settlement.book import of_rule
from gridopt.settlement.metered import metered
from gridopt.settlement.rules import Settlement

Rule = Callable[[Case, Dispatch], Prices]
DEAR = 0.9
"""Part of the value of lost load at which offers stand for (G4)."""
SHED_MW = 1e-6


@dataclass(frozen=True)
class Cleared:
    """A case cleared and priced once more: the run, MWh that are shed, cost of the reserve that each plant holds CNY (g, T)."""

    case: Case
    run: MarketRun
    shed_mwh: float
    held: np.ndarray


@dataclass(frozen=True)
class Market:
    """How a case is cleared and priced again: the rule, the search, floor and cap of settled prices, rules of settlement, and what becomes of a
    run before it is settled."""

    rule: Rule = ip.price
    search: Search = Search(gap=0.0)
    floor: float = -np.inf
    cap: float = np.inf
    settlement: Settlement = Settlement()
    settled: Callable[[MarketRun], MarketRun] = lambda run: run

    def clear(self, case: Case) -> Cleared:
        """The case as this market clears it. Raises Infeasible, LimitReached, SolverFailed."""
        solved = dispatch(case, search=self.search)
        prices = self.rule(case, solved)
        shed = float((solved.quantities["shedding"].values @ case.time.hours).sum())
        run = MarketRun.of(solved, prices, "DA")
        settled, paid = (np.clip(p, self.floor, self.cap) for p in (run.settled, run.load_price))
        run = self.settled(replace(run, settled=settled, load_price=paid))
        return Cleared(case, run, shed, _held(prices.paid(solved), run.plant))


def _held(solved: Dispatch, plant: np.ndarray) -> np.ndarray:
    """Cost of awards of reserve by plant CNY (g, T)."""
    case, found, place = solved.case, np.zeros((len(plant), len(solved.case.time))), {n: g for g, n in enumerate(plant)}
    if len(case.table("reserve")):
        offers, award = case.reserve_offers, solved.quantities["reserve_award"].values
        at = np.array([place[f"{k} {case.table(k).index[i]}"] for k, i in zip(offers.kind, offers.place, strict=True)], int)
        np.add.at(found, at, offers.cost[:, None] * award * case.time.hours)
    return found


@dataclass(frozen=True)
class Outcome:
    """One clearing as its owner sees it: profit (G1), revenue, own output MWh, mean price at its output, mean price of load, what load pays
    for energy and for what is paid beside it."""

    change: Change
    profit: float
    revenue: float
    sold_mwh: float
    own_price: float
    load_price: float
    load_payment: float


def plants_of(case: Case, owner: str) -> list[str]:
    """Plants 'table id' of an owner, or of one plant by its id. Raises CaseError where there is none."""
    names = np.array([f"{t} {i}" for t in ("unit", "generator", "renewable", "storage") for i in case.table(t).index], object)
    owners = owners_of(case, names)
    mine = names[owners == owner]
    if not len(mine):
        known = sorted(set(owners))
        raise CaseError([f"owner '{owner}': owns no plant of the case{nearest(owner, known) or '.'} Known: {', '.join(known[:20])}."])
    return [str(n) for n in mine]


def outcome(found: Cleared, plants: Sequence[str], change: Change, rules: Settlement) -> Outcome:
    """(G1) of a clearing at changed offers. What plants are paid for redispatch is a cost that they have as well."""
    run = found.run
    mine, m = np.isin(run.plant, plants), metered(run, None, found.case, rules)
    balance = of_rule(m, found.case, rules).balances()
    revenue, paid = (sum(balance.get(str(n), 0.0) for n in names) for names in (run.plant[mine], m.user))
    moved = [b for b in run.besides if (b.account, b.name) == (NETWORK, MOVED)]
    volumes = [replace(b, price=np.ones_like(b.price)) for b in moved]
    dearer, more = (by_plant(b, run.plant, len(run.start))[mine] for b in (moved, volumes))
    energy = m.da.plant[mine]
    cost = float(change.true_cost(run.cost[mine] + dearer, energy + more, found.held[mine]).sum())
    sold, served = float(energy.sum()), float((run.load @ run.hours).sum())
    earned, spent = float((energy * m.da.plant_price[mine]).sum()), float(((run.load * run.load_price) @ run.hours).sum())
    own, mean = (a / b if b > 0 else np.nan for a, b in ((earned, sold), (spent, served)))
    return Outcome(change, revenue - cost, revenue, sold, own, mean, -paid)


def strategies(case: Case, plants: Sequence[str], changes: Sequence[Change], market: Market = Market()) -> pd.DataFrame:
    """Outcome of each change and what it differs by from no change: raise_share, raise_cny, withhold_mw, profit, d_profit, own_price,
    load_price, d_price (of load), load_payment, d_payment, sold_mwh; best: (G2). Raises CaseError, Infeasible, LimitReached."""
    base = outcome(market.clear(case), plants, Change(), market.settlement)
    rows = []
    for change in changes:
        again = change != Change()
        found = outcome(market.clear(changed(case, plants, change)), plants, change, market.settlement) if again else base
        rows.append({
            **vars(change), "profit": found.profit, "d_profit": found.profit - base.profit, "own_price": found.own_price,
            "load_price": found.load_price, "d_price": found.load_price - base.load_price, "load_payment": found.load_payment,
            "d_payment": found.load_payment - base.load_payment, "sold_mwh": found.sold_mwh,
        })  # fmt: skip
    return _best(pd.DataFrame(rows)) if rows else pd.DataFrame()


def _best(table: pd.DataFrame) -> pd.DataFrame:
    """The table with (G2); of equal profits the smallest change, for rounding alone makes nobody raise an offer."""
    room = 1e-9 * max(float(table["profit"].abs().max()), 1.0)
    size = table["raise_share"].abs() + table["raise_cny"].abs() + table["withhold_mw"]
    return table.assign(best=table.index == size[table["profit"] >= table["profit"].max() - room].idxmin())


@dataclass(frozen=True)
class Absence:
    """A clearing without some plants: MWh shed, highest price by period (T,), whether that makes the owner pivotal in it, bool (T,)."""

    shed_mwh: float
    highest: np.ndarray
    pivotal: np.ndarray
    run: MarketRun


def absence(case: Case, plants: Sequence[str], cap: float, market: Market = Market()) -> Absence:
    """(G3) of plants that are away."""
    solved = dispatch(without(case, plants), search=market.search)
    prices = market.rule(solved.case, solved)
    shed = solved.quantities["shedding"].values.sum(axis=0)
    highest = prices.price.max(axis=0, initial=-np.inf)
    run = MarketRun.of(solved, prices, "DA")
    return Absence(float(shed @ case.time.hours), highest, (shed > SHED_MW) | (highest >= cap - 1e-6), run)


def needed(case: Case, plants: Sequence[str], market: Market = Market()) -> np.ndarray:
    """(G4) MW (T,): the least that the network needs of plants, their least outputs while on included."""
    tier = case.table("shedding_tier")["cost_cny_per_mwh"]
    dear = DEAR * float(tier.min()) if len(tier) else 1e4
    run = replace(market, rule=ip.price).clear(changed(case, plants, Change(raise_cny=dear))).run
    return run.output[np.isin(run.plant, plants)].sum(axis=0)


def conduct(offer: np.ndarray, reference: np.ndarray, threshold: float, share: float = np.inf) -> np.ndarray:
    """Whether offers CNY/MWh (g,) are above reference + the smaller of threshold and share x reference, bool (g,)."""
    return offer > reference + np.minimum(threshold, np.where(np.isfinite(share), share * np.abs(reference), np.inf)) + 1e-9


def impact(offered: Case, mitigated: Case, market: Market = Market()) -> np.ndarray:
    """(G5) by bus and period CNY/MWh (B, T): price as offered less price as mitigated."""
    return market.clear(offered).run.lmp - market.clear(mitigated).run.lmp


def cannibalisation(case: Case, technology: str, added_mw: Sequence[float], market: Market = Market()) -> tuple[np.ndarray, float]:
    """Capture price CNY/MWh with so many MW more of a technology of renewable plants, spread over them, (k,); and (G6), CNY/MWh per MW."""
    prices = []
    for added in added_mw:
        run = market.clear(more_of(case, technology, added)).run
        found = {n: v for scope, n, v in captured(run) if scope == f"technology {technology}"}
        prices.append(found.get("capture_price", np.nan))
    capture = np.array(prices, float)
    known = np.isfinite(capture)
    slope = float(np.polyfit(np.asarray(added_mw, float)[known], capture[known], 1)[0]) if known.sum() > 1 else np.nan
    return capture, slope


def more_of(case: Case, technology: str, added_mw: float) -> Case:
    """The case with so many MW more of a technology of renewable plants, spread over them and what they bid. Raises CaseError for one that no
    plant is of."""
    table, bids = case.table("renewable").copy(), case.table("bid").copy()
    mine = (table["technology"] == technology).to_numpy()
    have = float(table["power_max_mw"][mine].sum())
    if have <= 0:
        raise CaseError([f"technology '{technology}': no renewable plant is of it. Known: {', '.join(sorted(set(table['technology'])))}."])
    table.loc[mine, "power_max_mw"] *= 1.0 + added_mw / have
    bids.loc[((bids["kind"] == "renewable") & bids["element"].isin(table.index[mine])).to_numpy(), "power_mw"] *= 1.0 + added_mw / have
    return replace(case, tables={**case.tables, "renewable": table, "bid": bids}, loss_points=None)
