"""Tables of the runs of a market: prices, zones, limits, dispatch, what windows said in advance (columns: dispatch/market_tables.py)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridopt.case.case import Case
from gridopt.dispatch.market_run import MarketRun
from gridopt.dispatch.market_tables import frame
from gridopt.dispatch.real_time import RealTime
from gridopt.dispatch.regulation import Regulation
from gridopt.dispatch.result import Dispatch
from gridopt.pricing.zonal_avg import zone_means
from gridopt.study.market_case import own_names
from gridopt.study.market_causes import curtailed, main_causes


def price_table(rule: str, runs: list[MarketRun]) -> pd.DataFrame:
    """Prices by bus and period."""
    parts = []
    for run in runs:
        bus, period = (v.ravel() for v in np.meshgrid(run.bus, run.start, indexing="ij"))
        columns = {n: getattr(run, n).ravel() for n in ("energy", "congestion", "loss", "lmp", "settled")}
        low, high = (np.nan, np.nan) if run.span is None else (v.ravel() for v in run.span)
        parts.append(frame("prices", rule=rule, run=run.stage, period=period, bus=bus, lmp_lo=low, lmp_hi=high,
                           weights=run.slack, gap=run.gap, exact=run.exact, **columns))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def zone_table(rule: str, runs: list[MarketRun]) -> pd.DataFrame:
    """What users of each zone pay, or would pay where there are none: the mean of its buses by load, plain without any."""
    parts = []
    for run in runs:
        names, of = np.unique(run.zone, return_inverse=True)
        price = zone_means(run.load_price, run.load, of)[np.unique(of, return_index=True)[1]]
        zone, period = (v.ravel() for v in np.meshgrid(names, run.start, indexing="ij"))
        parts.append(frame("zone_prices", rule=rule, run=run.stage, period=period, zone=zone, weights=run.load_weights,
                           price=price.ravel(), gap=run.gap, exact=run.exact))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def constraint_table(rule: str, runs: list[MarketRun]) -> pd.DataFrame:
    """Limits that have a price, and those that are passed."""
    parts = []
    for run in runs:
        beyond = np.maximum(np.abs(run.flow) - np.abs(run.limit), 0.0)
        k, t = np.nonzero((np.abs(run.mu) > 1e-9) | (np.nan_to_num(beyond) > 1e-6))
        name, _, after = np.char.partition(run.constraint[k].astype(str), "|").T if len(k) else np.zeros((3, 0), str)
        mu, flow = run.mu[k, t], run.flow[k, t]
        way = np.where(np.where(mu != 0, mu, flow) >= 0, "forward", "backward")
        parts.append(frame("constraints", rule=rule, run=run.stage, period=run.start[t], element=name, contingency=after,
                           direction=way, flow=flow, limit=run.limit[k, t], slack=np.nan_to_num(beyond[k, t]), mu=mu,
                           rent=run.rent[k, t], gap=run.gap, exact=run.exact))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def plant_details(dispatch: Dispatch, case: Case, kept: int) -> dict[str, np.ndarray]:
    """Status, starts and reserve MW (3, kept) of plants by their names in the case by costs; status and starts nan where nothing is
    switched."""
    found: dict[str, np.ndarray] = {}
    q, own, columns = dispatch.quantities, dispatch.case, dispatch.committed

    def add(name: str, rows: list[np.ndarray]) -> None:
        known = found.setdefault(own_names([name], case)[0], np.vstack([np.full((2, kept), np.nan), np.zeros(kept)]))
        for row, values in enumerate(rows):
            known[row] = np.where(np.isnan(known[row]), 0.0, known[row]) + values[:kept]

    if columns is not None:
        for table, row, name in zip(columns.fleet.table, columns.fleet.row, columns.fleet.name, strict=True):
            add(f"{table} {name}", [q[f"{table}_on"].values[row], q[f"{table}_start"].values[row]])
    if len(own.table("reserve")):
        offers, award = own.reserve_offers, q["reserve_award"].values
        for o in range(len(offers)):
            name = f"{offers.kind[o]} {own.table(offers.kind[o]).index[offers.place[o]]}"
            add(name, [])
            found[own_names([name], case)[0]][2] += award[o, :kept]
    return found


def dispatch_table(runs: list[MarketRun], details: list[list[dict[str, np.ndarray]]], causes: pd.DataFrame) -> pd.DataFrame:
    """Output, status, reserve, what was available and what was not used, by participant and period; details of each run, part by part;
    causes: table `curtailment`."""
    parts = []
    for run, mine in zip(runs, details, strict=True):
        unit, period = (v.ravel() for v in np.meshgrid(run.plant, run.start, indexing="ij"))
        why = main_causes(causes, run).ravel()
        lengths = [next(iter(d.values())).shape[1] if d else 0 for d in mine]
        nothing = [np.vstack([np.full((2, n), np.nan), np.zeros(n)]) for n in lengths]
        if sum(lengths) == len(run.start):
            more = np.array([np.hstack([d.get(p, none) for d, none in zip(mine, nothing, strict=True)]) for p in run.plant])
        else:
            more = np.full((len(run.plant), 3, len(run.start)), np.nan)
        on, start, reserve = (more[:, k].ravel() for k in range(3))
        parts.append(
            frame("dispatch", run=run.stage, period=period, unit=unit, mw=run.output.ravel(), reserve=reserve, on=on, start=start,
                  available=run.available.ravel(), curtailed=curtailed(run).ravel(), cause=why, gap=run.gap, exact=run.exact)
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def load_table(runs: list[MarketRun]) -> pd.DataFrame:
    """Served load by bus and period, of buses that have any."""
    parts = []
    for run in runs:
        here = (run.load != 0).any(axis=1)
        bus, period = (v.ravel() for v in np.meshgrid(run.bus[here], run.start, indexing="ij"))
        parts.append(frame("load", run=run.stage, period=period, bus=bus, mw=run.load[here].ravel(), gap=run.gap, exact=run.exact))
    return pd.concat(parts, ignore_index=True)


def advisory_table(done: RealTime) -> pd.DataFrame:
    """Marginal prices that every window said of all its intervals."""
    case = done.dispatch.case
    start, bus = case.time.start, case.table("bus").index.to_numpy(str)
    k, ahead, b = np.nonzero(np.isfinite(done.advisory_price))
    lmp = done.advisory_price[k, ahead, b]
    return frame("advisory", rule="ip", window=start[k], period=start[k + ahead], bus=bus[b], lmp=lmp, exact=True)


def agc_table(run: MarketRun, done: Regulation) -> pd.DataFrame:
    """What each plant regulates."""
    a, t = np.nonzero(done.award > 0)
    mileage = done.award[a, t] * done.mileage_per_mw[a] * run.hours[t]
    k, price = done.performance[a], done.price[t]
    return frame("agc", run=run.stage, period=run.start[t], unit=done.plant[a], award=done.award[a, t], mileage=mileage, price=price,
                 performance=k, pay=mileage * price * k)  # fmt: skip
