"""Figures of a market run: surpluses, uplift, prices, concentration, market power, revenue adequacy; one table (scope, name, value).

    CS = sum of value of load - price of load x served h,   value = V (served - bought) h + bids x bought h              (I1)
    PS = sum of price x output h + paid besides - cost at offers
    rent = sum of mu x flow h,   loss surplus = (payment of load at its bus - revenue at LMP) - rent                     (I2)
    zone spread = payment of load - that at its bus,   cap adjust = revenue at LMP - revenue of energy                   (I3)
    welfare = CS + PS + rent + loss surplus + zone spread + cap adjust - paid besides - redispatch = value of load - cost  (I4)
    uplift share = (MWP + paid LOC + PRS + paid for decisions and being constrained) / payment of load                   (I5)
    missing money of a unit = fixed cost of the periods - sum over periods of (price x output h - cost)+                 (I6)
    Lerner index = (revenue - cost) / revenue;   mark-up = (cost at offers - cost) / energy sold                         (I7)

Cost of a unit is that at its offers where true costs are not given. V is the value of served load, CNY/MWh, bought what users buy by bids of
their own (table demand_bid); bids that are plants of the run stand in PS with their value as negative cost.
Scopes: market, zone NAME, zones A to B, technology NAME, owner NAME, unit NAME. Money CNY, energies MWh, prices CNY/MWh,
shares 0 to 1. Paid besides: reserve awarded with energy, decisions that have a price, and being constrained. Where a rule pays a schedule
that the network does not carry, cost is that of the schedule, and redispatch what the plants that are moved are paid.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from gridopt.analysis.concentration import concentration
from gridopt.analysis.network_rsi import figures as network_figures
from gridopt.analysis.network_rsi import network_rsi
from gridopt.analysis.owners import Owners
from gridopt.analysis.price_statistics import Figures, captured, day_ahead_spreads, statistics, zone_spreads
from gridopt.case.case import Case
from gridopt.case.tables_plants import WEATHER
from gridopt.case.time import TimeGrid
from gridopt.dispatch.besides import COMMITMENT, MOVED, NETWORK, UPLIFT
from gridopt.dispatch.market_run import MarketRun
from gridopt.dispatch.market_tables import frame

YEAR_H = 8760.0
NOTHING: Figures = []


@dataclass(frozen=True)
class MetricRules:
    """floor and cap of prices; value of load CNY/MWh (None: mean of the shedding tiers); fixed cost by technology CNY/kW and year."""

    floor: float = 40.0
    cap: float = 650.0
    value_of_load: float | None = None
    fixed_cost: Mapping[str, float] = field(default_factory=dict)


def metrics(
    day_ahead: MarketRun, real_time: MarketRun | None, case: Case, *, rules: MetricRules = MetricRules(),
    tables: Mapping[str, pd.DataFrame] | None = None, figures: Mapping[str, float] | None = None, true_cost: np.ndarray | None = None,
    more: Figures = NOTHING,
) -> pd.DataFrame:
    """Table `metrics` of a run. Physical figures are those of real time where there is one, prices and payments those of the day before.

    tables: those of the market that are made already (uplift, product_shortfall, curtailment). figures: others of the whole market by name,
    such as those of settlement. true_cost (g, T): what the output of plants costs them CNY, where offers are something else. more: further
    rows of the table.
    """
    tables, physical = tables or {}, real_time or day_ahead
    money = surplus(day_ahead, value_of_load(case, rules))
    found: Figures = [("market", n, v) for n, v in money.items()]
    found += statistics(day_ahead, rules.floor, rules.cap) + zone_spreads(day_ahead) + captured(day_ahead)
    if real_time is not None:
        found += day_ahead_spreads(day_ahead, real_time)
    owners = Owners.of_run(day_ahead, case)
    own_time = case.on_time(TimeGrid(day_ahead.start, day_ahead.hours))
    found += concentration(day_ahead, owners) + network_figures(network_rsi(day_ahead, own_time, owners), owners)
    found += units(day_ahead, owners.capacity, rules, true_cost)
    found += curtailed(physical) + by_cause(tables.get("curtailment"), physical)
    found += uplift(tables, money["load_payment"], day_ahead) + [("market", n, float(v)) for n, v in (figures or {}).items()] + more
    scope, name, value = (list(v) for v in zip(*found, strict=True))
    exact = day_ahead.exact and (real_time is None or real_time.exact)
    return frame("metrics", scope=scope, name=name, value=np.array(value, float), exact=exact)


def value_of_load(case: Case, rules: MetricRules) -> float:
    """Value of served load CNY/MWh."""
    if rules.value_of_load is not None:
        return rules.value_of_load
    tier = case.table("shedding_tier")
    return float((tier["share"] * tier["cost_cny_per_mwh"]).sum())


def surplus(run: MarketRun, value: float) -> dict[str, float]:
    """(I1) to (I4) by name."""
    hours = run.hours
    served = float((run.load @ hours).sum())
    bought, worth = (0.0, 0.0) if run.bought is None else (float((run.bought[0] @ hours).sum()), float(run.bought[1].sum()))
    paid, at_bus = (float(((run.load * p) @ hours).sum()) for p in (run.load_price, run.lmp))
    at_lmp, revenue = (float(((run.output * p) @ hours).sum()) for p in (run.lmp[run.plant_bus], run.price_at_plant))
    cost, rent, besides = float(run.cost.sum()), float(np.nansum(run.rent)), float(run.paid_besides.sum())
    found = {
        "load_mwh": served, "load_payment": paid, "revenue": revenue, "cost": cost, "value_of_load": value,
        "consumer_surplus": value * (served - bought) + worth - paid, "producer_surplus": revenue + besides - cost, "congestion_rent": rent,
        "loss_surplus": at_bus - at_lmp - rent, "zone_spread": paid - at_bus, "cap_adjust": at_lmp - revenue,
    }  # fmt: skip
    parts = ("consumer_surplus", "producer_surplus", "congestion_rent", "loss_surplus", "zone_spread", "cap_adjust")
    moved = sum(float(b.amount.sum()) for b in run.besides if (b.account, b.name) == (NETWORK, MOVED))
    more = {n: v for n, v in (("paid_besides", besides), ("redispatch_cost", moved)) if v}
    return found | more | {"welfare": sum(found[n] for n in parts) - besides - moved}


def units(run: MarketRun, capacity: np.ndarray, rules: MetricRules, true_cost: np.ndarray | None = None) -> Figures:
    """Of every plant that sells or buys something: revenue, cost, profit, (I6), (I7); true_cost (g, T) CNY: of the same output."""
    revenue = run.output * run.price_at_plant * run.hours + run.paid_besides
    borne = run.cost if true_cost is None else true_cost
    earned, offered, cost = revenue.sum(axis=1), run.cost.sum(axis=1), borne.sum(axis=1)
    rent = np.maximum(revenue - borne, 0.0).sum(axis=1)
    sold = np.maximum(run.output, 0.0) @ run.hours
    found: Figures = []
    for g in np.flatnonzero(np.abs(run.output).max(axis=1, initial=0.0) > 0):
        figures = {"revenue": earned[g], "cost": cost[g], "profit": earned[g] - cost[g]}
        if earned[g] > 0:
            figures["lerner"] = (earned[g] - cost[g]) / earned[g]
        if true_cost is not None and sold[g] > 0:
            figures["markup"] = (offered[g] - cost[g]) / sold[g]
        if (fixed := rules.fixed_cost.get(str(run.technology[g]))) is not None:
            figures["missing_money"] = fixed * 1000.0 * capacity[g] * run.hours.sum() / YEAR_H - rent[g]
        found += [(f"unit {run.plant[g]}", n, float(v)) for n, v in figures.items()]
    return found


def curtailed(run: MarketRun) -> Figures:
    """What renewable plants could have given and did not."""
    found: Figures = []
    for technology in WEATHER:
        mine = run.technology == technology
        able = float((run.available[mine] @ run.hours).sum())
        if able > 0:
            lost = able - float((run.output[mine] @ run.hours).sum())
            found += [(f"technology {technology}", "curtailed_mwh", lost), (f"technology {technology}", "curtailed_share", lost / able)]
    return found


def by_cause(table: pd.DataFrame | None, run: MarketRun) -> Figures:
    """Curtailed MWh by cause out of table curtailment, of the last run."""
    if table is None or not len(table):
        return []
    last = table[table["run"] == run.stage]
    hours = pd.Series(run.hours, index=pd.DatetimeIndex(run.start)).reindex(pd.DatetimeIndex(last["period"])).fillna(0.0).to_numpy()
    lost = last["curtailed"].fillna(0.0).to_numpy() * hours
    total = pd.Series(lost, index=last["cause"].to_numpy(str)).groupby(level=0).sum()
    return [("market", f"curtailed_mwh by {cause}", float(v)) for cause, v in total.items() if cause and v > 0]


def uplift(tables: Mapping[str, pd.DataFrame], payment: float, run: MarketRun) -> Figures:
    """(I5) and the make-whole payment of each unit over its revenue; run: the one that is paid for decisions and being constrained."""
    table, short = tables.get("uplift"), tables.get("product_shortfall")
    if table is None:
        return []
    mwp, paid = float(table["mwp"].sum()), table["paid"].fillna(0.0)
    beyond = float(np.maximum(paid - table["mwp"], 0.0).sum())
    prs = 0.0 if short is None else float(short["prs"].sum())
    loc = float(table["loc"].sum(min_count=1))
    found: Figures = [("market", n, v) for n, v in (("mwp", mwp), ("loc", loc), ("loc_paid", beyond), ("prs", prs))]
    decided, constrained = (float(sum(b.amount.sum() for b in run.besides if b.account == a)) for a in (COMMITMENT, UPLIFT))
    found += [("market", n, v) for n, v in (("decisions_paid", decided), ("constrained_paid", constrained)) if v]
    if payment > 0:
        found.append(("market", "uplift_share", (mwp + beyond + prs + decided + constrained) / payment))
    by_unit = table.groupby("unit", sort=False)[["mwp", "revenue"]].sum()
    by_unit = by_unit[(by_unit["mwp"] > 0) & (by_unit["revenue"] > 0)]
    return found + [(f"unit {n}", "mwp_share", float(m / r)) for n, m, r in by_unit.itertuples()]
