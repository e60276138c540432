"""A market study: clear day by day, price, in real time as well, and write what settlement, metrics and the report read.

    case ─► bids ─► day-ahead and reliability (dispatch/sequence.py) ─► real time (dispatch/real_time.py) ─► runs (MarketRun) ─► tables
"""

from __future__ import annotations

import importlib
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gridopt.dispatch.attempts import Search
from gridopt.dispatch.lmp import Prices
from gridopt.dispatch.market_run import MarketRun
from gridopt.dispatch.market_tables import PREFIX, frame
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.sequence import DayRule, Days, clear_days
from gridopt.settlement.book import settle
from gridopt.study.load import Loaded, load_study
from gridopt.study.market_case import market_cases, told
from gridopt.study.market_figures import explanations, figures
from gridopt.study.market_schema import Market
from gridopt.study.priced import known_rules
from gridopt.study.run import CertificateFailed, Clock, check_free, move
from gridopt.study.settlement_schema import Settlement

Progress = Callable[[str], None]


@dataclass
class Cleared:
    """Everything that a market study has cleared: the days, the runs that are settled, and tables by name of market_tables."""

    loaded: Loaded
    market: Market
    days: Days
    day_ahead: MarketRun
    real_time: MarketRun | None = None
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)


def market_study(
    what: Path,
    *,
    overrides: dict[str, str],
    hours: tuple[int, int] | None = None,
    output: Path | None = None,
    stop: threading.Event | None = None,
    progress: Progress = lambda text: None,
) -> dict:
    """Clears, prices and writes a market study; the summary document. Results are moved into place only when everything has passed.

    Raises CaseError, NotFound, Infeasible, LimitReached, CertificateFailed.
    """
    from gridopt.study.store import place

    clock = Clock(progress)
    with clock("read", "reading network and series"):
        loaded = load_study(what, overrides, hours)
    market = loaded.study.market or Market()
    known_rules(market.rule)
    target = output if output is not None else place(loaded, hours)
    check_free(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.parent / f".unfinished-{target.name}"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    try:
        found = clear(loaded, market, stop, clock)
        document = _write(found, clock, unfinished, target)
        for warning in document["warnings"]:
            progress(f"warning: {warning}")
        move(unfinished, target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    progress(f"done in {clock.total:.1f} s: {target}")
    return document


def clear(loaded: Loaded, market: Market, stop: threading.Event | None, clock: Clock) -> Cleared:
    """All clearings of a study, their prices and tables."""
    search = Search(market.day_ahead.mip_gap, market.day_ahead.time_limit_s or inf, stop, loaded.study.seed)
    ahead = market.day_ahead
    rule = DayRule(
        ahead.look_ahead_h, ahead.look_ahead_step_h, ahead.commitment_step_minutes / 60.0, search, loaded.study.workers, ahead.reliability
    )  # fmt: skip
    bid, forecast = market_cases(loaded.case, market)
    with clock("day_ahead", f"day-ahead market, {len(loaded.case.time)} periods"):
        days = clear_days(bid, forecast, rule, pricing(market.rule), clock.detail)
    day_ahead = told(MarketRun.joined([c.run() for c in days.day_ahead]), loaded.case)
    found = Cleared(loaded, market, days, day_ahead, warnings=list(days.notes))
    found.tables = {
        "prices": price_table(found, [day_ahead]), "zone_prices": zone_table(found, [day_ahead]),
        "constraints": constraint_table(found, [day_ahead]), "dispatch": dispatch_table([day_ahead]),
    }  # fmt: skip
    with clock("settle", "settlement"):
        books = settle(day_ahead, found.real_time, loaded.case, settlement_rules(market), rule=market.rule)
    found.tables |= books.tables
    found.figures = books.figures
    with clock("figures", "explanation of prices and figures"):
        found.tables["explain"] = explanations(found)
        found.tables["metrics"] = figures(found)
    return found


def settlement_rules(market: Market) -> Settlement:
    """The rules of settlement of a study: where everyone is paid as offered, plants are."""
    return market.settlement.model_copy(update={"plants": "offer"}) if market.rule == "pab" else market.settlement


def pricing(rule: str) -> Callable[[Dispatch], Prices]:
    """The rule as a function of a dispatch."""
    module = importlib.import_module(f"gridopt.pricing.{rule}")
    return lambda dispatch: module.price(dispatch.case, dispatch)


def price_table(found: Cleared, runs: list[MarketRun]) -> pd.DataFrame:
    """Prices by bus and period."""
    parts = []
    for run in runs:
        bus, period = (v.ravel() for v in np.meshgrid(run.bus, run.start, indexing="ij"))
        columns = {n: getattr(run, n).ravel() for n in ("energy", "congestion", "loss", "lmp", "settled")}
        parts.append(frame("prices", rule=found.market.rule, run=run.stage, period=period, bus=bus, lmp_lo=np.nan, lmp_hi=np.nan,
                           weights="load", gap=run.gap, exact=run.exact, **columns))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def zone_table(found: Cleared, runs: list[MarketRun]) -> pd.DataFrame:
    """What users of each zone pay, the mean by load."""
    parts = []
    for run in runs:
        names, of = np.unique(run.zone, return_inverse=True)
        load, paid = np.zeros((2, len(names), len(run.start)))
        np.add.at(load, of, run.load)
        np.add.at(paid, of, run.load * run.load_price)
        price = np.divide(paid, load, out=np.full(load.shape, np.nan), where=load > 0)
        zone, period = (v.ravel() for v in np.meshgrid(names, run.start, indexing="ij"))
        parts.append(frame("zone_prices", rule=found.market.rule, run=run.stage, period=period, zone=zone, weights="load",
                           price=price.ravel(), gap=run.gap, exact=run.exact))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def constraint_table(found: Cleared, runs: list[MarketRun]) -> pd.DataFrame:
    """Limits that have a price, and those that are passed."""
    parts = []
    for run in runs:
        beyond = np.maximum(np.abs(run.flow) - np.abs(run.limit), 0.0)
        k, t = np.nonzero((np.abs(run.mu) > 1e-9) | (np.nan_to_num(beyond) > 1e-6))
        name, _, after = np.char.partition(run.constraint[k].astype(str), "|").T if len(k) else np.zeros((3, 0), str)
        mu, flow = run.mu[k, t], run.flow[k, t]
        way = np.where(np.where(mu != 0, mu, flow) >= 0, "forward", "backward")
        parts.append(frame("constraints", rule=found.market.rule, run=run.stage, period=run.start[t], element=name, contingency=after,
                           direction=way, flow=flow, limit=run.limit[k, t], slack=np.nan_to_num(beyond[k, t]), mu=mu,
                           rent=run.rent[k, t], gap=run.gap, exact=run.exact))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def dispatch_table(runs: list[MarketRun]) -> pd.DataFrame:
    """Output, what was available and what was not used, by participant and period."""
    parts = []
    for run in runs:
        unit, period = (v.ravel() for v in np.meshgrid(run.plant, run.start, indexing="ij"))
        left = np.where((run.technology == "wind") | (run.technology == "solar") | (run.technology == "hydro_ror"), 1.0, 0.0)
        curtailed = left[:, None] * np.maximum(run.available - run.output, 0.0)
        parts.append(frame("dispatch", run=run.stage, period=period, unit=unit, mw=run.output.ravel(), reserve=np.nan, on=np.nan,
                           start=np.nan, available=run.available.ravel(), curtailed=curtailed.ravel(), cause="", gap=run.gap,
                           exact=run.exact))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _write(found: Cleared, clock: Clock, folder: Path, target: Path) -> dict:
    """Everything into the folder: results of the physical schedule, tables of the market, certificate, manifest."""
    from gridopt.study import store
    from gridopt.study.evidence import analyse, certified

    plan, loaded = found.days.plan, found.loaded
    with clock("certify", "independent check of every clearing"):
        certificates = [certified(c.dispatch, c.prices, analyse(c.dispatch, c.prices)) for c in _clearings(found.days)]
    failed = [check for one in certificates for check in one.failed]
    if failed:
        raise CertificateFailed("the independent check refused the result: " + "; ".join(f"{c.name} ({c.where})" for c in failed))
    with clock("write", "writing results"):
        prices = _prices_of(plan)
        summary = analyse(plan, prices)
        store.write_results(loaded, plan, prices, summary, folder)
        for name, table in found.tables.items():
            table.to_parquet(folder / "tables" / f"{PREFIX}{name}.parquet", index=False)
            if loaded.study.csv and len(table) <= store.CSV_ROWS:
                table.to_csv(folder / "tables" / f"{PREFIX}{name}.csv", index=False, encoding="utf-8-sig")
    document = store.write_documents(loaded, plan, summary, certificates[-1], clock.seconds, folder, target)
    document |= {"market": _summary(found), "warnings": [*document["warnings"], *found.warnings]}
    document["certificates"] = [{"stage": c.stage, "start": str(c.dispatch.case.time.start[0]), **one.to_dict()}
                                for c, one in zip(_clearings(found.days), certificates, strict=True)]  # fmt: skip
    last = certificates[-1].to_dict()["checks"]
    store.dump(folder / "certificate.json", {"passed": True, "clearings": document["certificates"], "checks": last})
    if loaded.study.report:
        with clock("report", "writing the report"):
            from gridopt.report.page import write

            write(folder)
    return store.finish(document, clock, folder, target)


def _clearings(days: Days) -> list:
    """Every clearing once."""
    same = days.day_ahead[0] is days.physical[0]
    return days.day_ahead if same else [*days.day_ahead, *days.physical]


def _prices_of(plan: Dispatch) -> Prices:
    from gridopt.dispatch.lmp import price

    return price(plan)


def _summary(found: Cleared) -> dict[str, Any]:
    """Main figures of each run."""
    figures = {}
    for run in [r for r in (found.day_ahead, found.real_time) if r is not None]:
        energy = (run.load * run.hours).sum()
        figures[run.stage] = {
            "load_mwh": float(energy), "mean_price": float((run.load * run.hours * run.lmp).sum() / energy) if energy > 0 else None,
            "load_payment": float((run.load * run.hours * run.load_price).sum()), "cost": float(run.cost.sum()),
            "congestion_rent": float(run.rent.sum()), "gap": run.gap, "exact": run.exact,
        }  # fmt: skip
    accounts = found.tables["residuals"].groupby("account", sort=False)["amount"].sum()
    rights = {k: v for k, v in found.figures.items() if v == v}
    return {"rule": found.market.rule, "runs": figures, "residuals": accounts.to_dict(), "settlement": rights}
