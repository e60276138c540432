"""A market study: clear day by day, price, in real time as well, and write what settlement, metrics and the report read.

    case ─► trade of provinces, where asked for (pre_clearing.py) ─► bids ─► day-ahead and reliability (dispatch/sequence.py)
    ─► real time (dispatch/real_time.py) ─► runs (MarketRun) ─► tables
"""

from __future__ import annotations

import importlib
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gridopt.case.actual import ForecastError, actual, expected, without_ends
from gridopt.case.case import Case
from gridopt.case.check import CaseError
from gridopt.dispatch.as_offered import of_run
from gridopt.dispatch.attempts import Search
from gridopt.dispatch.bus_weights import referred
from gridopt.dispatch.lmp import Prices
from gridopt.dispatch.market_run import MarketRun
from gridopt.dispatch.market_tables import PREFIX
from gridopt.dispatch.province_trade import Matched
from gridopt.dispatch.real_time import RealTime, RealTimeRule, check_real_time, run_real_time
from gridopt.dispatch.regulation import Regulation, cleared_after, requirement
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.sequence import DayRule, Days, clear_days
from gridopt.dispatch.withheld import Kept, joined, kept_by
from gridopt.pricing.admin import administered
from gridopt.pricing.zonal_avg import averaged
from gridopt.program.solution import Infeasible
from gridopt.settlement.agc import Service
from gridopt.settlement.book import settle
from gridopt.settlement.rules import Settlement
from gridopt.study.load import Loaded, load_study
from gridopt.study.market_again import again
from gridopt.study.market_case import (
    REAL_TIME,
    after_energy,
    check_figures,
    limited,
    market_cases,
    market_of,
    options_within,
    own_names,
    paid_once,
    pricing_penalties,
    rule_of,
    to_be_priced,
    told,
)
from gridopt.study.market_causes import Own, curtailment_table
from gridopt.study.market_doubts import doubts
from gridopt.study.market_figures import explanations, figures
from gridopt.study.market_frames import (
    advisory_table,
    agc_table,
    constraint_table,
    dispatch_table,
    load_table,
    plant_details,
    price_table,
    zone_table,
)
from gridopt.study.market_schema import Market
from gridopt.study.market_uplift import opportunities, with_opportunities
from gridopt.study.pre_clearing import pre_cleared, trade_table, traded
from gridopt.study.priced import check_rules, unselected
from gridopt.study.run import CertificateFailed, Clock, check_free, move

Progress = Callable[[str], None]
LACKING = 1e-6
"""MW of regulation from which it is told to be short."""


@dataclass
class Cleared:
    """Everything that a market study has cleared: the days, the runs that are settled, and tables by name of market_tables."""

    loaded: Loaded
    market: Market
    days: Days
    day_ahead: MarketRun
    real_time: MarketRun | None = None
    physical: RealTime | None = None
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)
    _own: dict[int, Own] = field(default_factory=dict)

    def own(self, dispatch: Dispatch) -> Own:
        """What the duals of one of these clearings, or of the whole schedule, say of it; worked out once."""
        if id(dispatch) not in self._own:
            self._own[id(dispatch)] = Own.of(dispatch)
        return self._own[id(dispatch)]


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
    market = market_of(loaded.study, loaded.case) or Market()
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
    trade: Matched | None = None
    comes: Case | None = None
    check_figures(loaded.case, market)
    if market.pre_clearing.enabled:
        with clock("pre_clearing", "pre-clearing and trade between provinces"):
            case, trade = pre_cleared(loaded.case, market, clock.detail)
            loaded = replace(loaded, case=case)
    if runs_real_time(loaded, market):
        check_rule(loaded, market)
        comes = what_comes(loaded.case, market)
        check_real_time(comes)  # before anything is cleared that real time could not follow
    with clock("day_ahead", f"day-ahead market, {len(loaded.case.time)} periods"):
        days = day_ahead_of(loaded, market, stop, clock.detail)
    day_ahead = settled_run(MarketRun.joined([c.run() for c in days.day_ahead]), loaded.case, market)
    if settlement_rules(market).plants == "offer":
        day_ahead = of_run(day_ahead)
    warnings = [*doubts(days.day_ahead[0].dispatch.case, market), *days.notes, *_unselected(days, market)]
    found = Cleared(loaded, market, days, day_ahead, warnings=warnings)
    if comes is not None:
        found.physical = real_time(found, comes, clock)
        found.real_time = settled_run(found.physical.run(), loaded.case, market)
        if rule_of(market, REAL_TIME) != market.rule:
            found.warnings.append(f"rule {market.rule} prices the day ahead; real time settles at marginal prices of its windows (rule ip)")
    runs = [day_ahead] if found.real_time is None else [day_ahead, found.real_time]
    kept = [(found.own(c.dispatch).causes, c.window.kept - c.window.first) for c in days.day_ahead]
    lost = [curtailment_table(day_ahead, kept)]
    if found.physical is not None:
        lost.append(curtailment_table(runs[-1], [(found.own(found.physical.dispatch).causes, len(loaded.case.time))]))
    causes = pd.concat(lost, ignore_index=True)

    def by_rule(make: Callable[[str, list[MarketRun]], pd.DataFrame]) -> pd.DataFrame:
        return pd.concat([make(rule_of(market, r.stage), [r]) for r in runs], ignore_index=True)

    found.tables = ({} if trade is None else {"trade": trade_table(trade, loaded.case.time.start)}) | {
        "prices": by_rule(price_table), "zone_prices": by_rule(zone_table),
        "constraints": by_rule(constraint_table), "dispatch": dispatch_table(runs, details(found), causes),
        "load": load_table(runs), "curtailment": causes,
    }  # fmt: skip
    if found.physical is not None:
        found.tables["advisory"] = advisory_table(found.physical)
    with clock("settle", "settlement"):
        done, last = regulation(found), runs[-1]
        service = None if done is None else service_of(last, done)
        rules, real_rule = settlement_rules(market), rule_of(market, REAL_TIME)
        books = settle(day_ahead, found.real_time, loaded.case, rules, service, market.rule, trade, real_rule)
    found.tables |= books.tables
    found.figures = books.figures
    if market.lost_opportunity:
        with clock("opportunities", "lost opportunities"):
            lost, short, unknown = opportunities(found)
        by = market.settlement.make_whole.horizon
        found.tables |= {"lost_opportunity": lost, "product_shortfall": short}
        found.tables["uplift"] = with_opportunities(found.tables["uplift"], lost, runs, by, unknown)
    with clock("figures", "explanation of prices and figures"):
        found.tables["explain"] = explanations(found)
        found.tables["metrics"] = figures(found, again(found, stop, clock.detail))
    return found


def day_ahead_of(loaded: Loaded, market: Market, stop: threading.Event | None, progress: Progress) -> Days:
    """Days cleared one after the other, priced by the rule. Raises CaseError where the rule cannot price what is bid."""
    ahead, search = market.day_ahead, search_of(loaded, market, stop)
    rule = DayRule(
        ahead.look_ahead_h, ahead.look_ahead_step_h, ahead.commitment_step_minutes / 60.0, search, loaded.study.workers, ahead.reliability
    )  # fmt: skip
    bid, forecast = market_cases(expected(loaded.case, ForecastError(**market.forecast.model_dump())), market)
    check_rules([market.rule], bid, loaded.study.pricing)
    return clear_days(bid, forecast, rule, pricing(loaded, market), progress)


def search_of(loaded: Loaded, market: Market, stop: threading.Event | None) -> Search:
    """How long statuses are looked for: what the part of the market says goes before what the whole study says."""
    ahead, study = market.day_ahead, loaded.study
    own, given = ahead.model_fields_set, study.model_fields_set
    gap, seconds = (getattr(study if k in given and k not in own else ahead, k) for k in ("mip_gap", "time_limit_s"))
    return Search(gap, seconds or inf, stop, study.seed, money=study.mip_gap_cny)


def _unselected(days: Days, market: Market) -> list[str]:
    """A warning that names the days whose prices are right, but not those that the selection asks for."""
    begins = [str(d.dispatch.case.time.start[0]).replace("T", " ")[:16] for d in days.day_ahead if not d.prices.selected]
    return [f"{unselected(market.rule)} (days from {', '.join(begins)})"] if begins else []


def physical_schedule(
    loaded: Loaded, market: Market, stop: threading.Event | None, progress: Progress
) -> tuple[Dispatch, Case, RealTimeRule]:
    """The schedule that real time begins from, the case with what comes, and the rule of real time; trade between provinces comes first where
    the market says so."""
    check_rule(loaded, market)
    loaded = replace(loaded, case=traded(loaded.case, market, progress))
    days = day_ahead_of(loaded, market, stop, progress)
    return days.plan, what_comes(loaded.case, market), real_time_rule(market)


def check_rule(loaded: Loaded, market: Market) -> None:
    """Raises CaseError for a rule that pays a schedule which is not the one that real time begins from."""
    if getattr(loaded.study.pricing, market.rule).own_schedule:
        whose = f"key 'market.rule': '{market.rule}' pays a schedule of its own, from which real time does not deviate"
        raise CaseError([f"{whose}. Write another rule, or market.real_time.enabled: false."])


def real_time_rule(market: Market) -> RealTimeRule:
    asked = market.real_time
    free, margin = asked.stores == "free", asked.stores_margin_cny_per_mwh
    weights, penalties = tuple(asked.forecast_weights), pricing_penalties(market)
    return RealTimeRule(asked.intervals, weights, asked.mode, asked.selection, free, margin, penalties)


def what_comes(case: Case, market: Market) -> Case:
    """The case with bids of what real time brings; what is to be left at the end is open where stores are free."""
    comes = market_cases(actual(case), market)[1]
    return without_ends(comes) if market.real_time.stores == "free" else comes


def settled_run(run: MarketRun, case: Case, market: Market) -> MarketRun:
    """A run as it is settled: names of the case by costs, floor and cap, nothing paid twice."""
    return limited(paid_once(told(run, case), case, market), market)


def details(found: Cleared) -> list[list[dict[str, np.ndarray]]]:
    """Status, starts and reserve of plants in each run, part by part."""
    case = found.loaded.case
    parts = [[plant_details(c.prices.paid(c.dispatch), case, c.window.kept - c.window.first) for c in found.days.day_ahead]]
    if found.physical is not None:
        parts.append([plant_details(found.physical.dispatch, case, len(case.time))])
    return parts


def runs_real_time(loaded: Loaded, market: Market) -> bool:
    """Whether real time is cleared: where it is asked for, or where something comes otherwise than expected."""
    asked, f = market.real_time.enabled, market.forecast
    return asked if asked is not None else bool(len(loaded.case.table("real_time")) or f.wind or f.solar or f.load)


def real_time(found: Cleared, comes: Case, clock: Clock) -> RealTime:
    """Real time with what comes, over the physical schedule, at the prices by which it is settled (`rule_of`)."""
    market, loaded = found.market, found.loaded
    rule = real_time_rule(market)
    with clock("real_time", f"real time, {len(loaded.case.time)} windows of {rule.intervals} intervals"):
        done = run_real_time(found.days.plan, comes, rule, clock.detail)
    if done.unchosen:
        at = comes.time.start[done.unchosen[0]]
        many = f"in {len(done.unchosen)} intervals (the first at {at})"
        found.warnings.append(f"real time: {many} prices are right, but not chosen by the selection")
    done = replace(done, prices=referred(done.prices, done.dispatch, loaded.study.pricing.slack))
    if market.rule == "zonal_avg":
        means = options_within(loaded.study.pricing.zonal_avg, market)
        return replace(done, prices=averaged(comes, done.dispatch, done.prices, means))
    if market.rule == "admin":  # at one price for all at a bus, plants with prices of their own among them
        return replace(done, prices=administered(comes, done.prices, loaded.study.pricing.admin), mode="first")
    return done


def settlement_rules(market: Market) -> Settlement:
    """The rules of settlement of a study: where everyone is paid as offered, plants are."""
    return market.settlement.model_copy(update={"plants": "offer"}) if market.rule == "pab" else market.settlement


def pricing(loaded: Loaded, market: Market) -> Callable[[Dispatch], Prices]:
    """The rule as a function of a dispatch."""
    module = importlib.import_module(f"gridopt.pricing.{market.rule}")
    options = options_within(getattr(loaded.study.pricing, market.rule), market)

    def price(dispatch: Dispatch) -> Prices:
        base = to_be_priced(dispatch, market)
        prices = module.price(base.case, base, options)
        if prices.settled and prices.change is not None and prices.change.after is None:
            begin = str(dispatch.case.time.start[0]).replace("T", " ")[:16]
            raise Infeasible(f"from {begin}: no redispatch makes the network carry the schedule of rule {market.rule}")
        return referred(prices, dispatch, loaded.study.pricing.slack)

    return price


def regulation(found: Cleared) -> Regulation | None:
    """Regulation cleared after energy of the last stage, with table agc; None where it is cleared with it, or not at all."""
    case, market = found.loaded.case, found.market
    if not after_energy(case, market):
        return None
    run = found.day_ahead if found.real_time is None else found.real_time
    kept = _kept_for(found, market.agc.reserve) if market.agc.withhold else {}
    done = cleared_after(run, case.table("agc_offer"), requirement(case, market.agc.reserve), kept)
    if done.missing.max(initial=0.0) > LACKING:
        worst, times = int(np.argmax(done.missing)), int((done.missing > LACKING).sum())
        found.warnings.append(f"regulation is short in {times} periods, by {done.missing[worst]:.1f} MW at {run.start[worst]}")
    found.tables["agc"] = agc_table(run, done)
    return done


def _kept_for(found: Cleared, reserve: str) -> dict[str, Kept]:
    """What the clearing of the last stage holds for a reserve, by plant."""
    case = found.loaded.case
    if found.physical is not None:
        parts = [(found.physical.dispatch, len(case.time))]
    else:
        parts = [(c.dispatch, c.window.kept - c.window.first) for c in found.days.day_ahead]
    runs = [kept_by(d, reserve, lambda plant: own_names([plant], case)[0]) for d, _ in parts]
    return joined(runs, [periods for _, periods in parts])


def service_of(run: MarketRun, done: Regulation) -> Service:
    """What regulation is settled by: mileage, its price, performance, and what was withheld at which offer."""
    mileage = done.award * done.mileage_per_mw[:, None] * run.hours
    return Service(done.plant, mileage, done.price, done.performance, done.withheld, done.offer)


def _write(found: Cleared, clock: Clock, folder: Path, target: Path) -> dict:
    """Everything into the folder: results of what was done last, tables of the market, certificate, manifest."""
    from gridopt.study import clearing, store
    from gridopt.study.evidence import analyse, certified

    plan, loaded = found.days.plan if found.physical is None else found.physical.dispatch, found.loaded
    with clock("certify", "independent check of every clearing"):
        certificates = [certified(c.dispatch, *found.own(c.dispatch)) for c in _clearings(found)]
    failed = [check for one in certificates for check in one.failed]
    if failed:
        raise CertificateFailed("the independent check refused the result: " + "; ".join(f"{c.name} ({c.where})" for c in failed))
    with clock("write", "writing results"):
        own = found.own(plan)
        prices = own.prices if found.physical is None else found.physical.prices
        summary = analyse(plan, prices, causes=own.causes)
        loaded = replace(loaded, case=plan.case)
        store.write_results(loaded, plan, prices, summary, folder)
        for number, day in enumerate(found.days.day_ahead):
            clearing.save(folder, "DA" if len(found.days.day_ahead) == 1 else f"DA{number + 1}", day.dispatch,
                          day.window.kept - day.window.first)  # fmt: skip
        for name, table in found.tables.items():
            table.to_parquet(folder / "tables" / f"{PREFIX}{name}.parquet", index=False)
            if loaded.study.csv and len(table) <= store.CSV_ROWS:
                table.to_csv(folder / "tables" / f"{PREFIX}{name}.csv", index=False, encoding="utf-8-sig")
    document = store.write_documents(loaded, plan, summary, certificates[-1], clock.seconds, folder, target)
    document |= {"market": _summary(found), "warnings": [*document["warnings"], *found.warnings]}
    document["certificates"] = [{"stage": c.stage, "start": str(c.dispatch.case.time.start[0]), **one.to_dict()}
                                for c, one in zip(_clearings(found), certificates, strict=True)]  # fmt: skip
    last = certificates[-1].to_dict()["checks"]
    store.dump(folder / "certificate.json", {"passed": True, "clearings": document["certificates"], "checks": last})
    if loaded.study.report:
        with clock("report", "writing the report"):
            from gridopt.report.page import write

            write(folder)
    return store.finish(document, clock, folder, target)


def _clearings(found: Cleared) -> list[Any]:
    """Every clearing once. They are checked with the prices that their own duals make, which prove their schedules; a rule may pick others that
    are right as well, or pay otherwise: as offered, by another schedule, by hulls."""
    days = found.days
    clearings = list(days.day_ahead) if days.day_ahead[0] is days.physical[0] else [*days.day_ahead, *days.physical]
    return clearings if found.physical is None else [*clearings, found.physical]


def _summary(found: Cleared) -> dict[str, Any]:
    """Main figures of each run."""
    figures = {}
    for run in [r for r in (found.day_ahead, found.real_time) if r is not None]:
        energy, paid = (run.load * run.hours).sum(), (run.load * run.hours * run.load_price).sum()
        figures[run.stage] = {
            "load_mwh": float(energy), "mean_price": float(paid / energy) if energy > 0 else None,
            "load_payment": float(paid), "cost": float(run.cost.sum()),
            "congestion_rent": float(run.rent.sum()), "gap": run.gap, "exact": run.exact,
        }  # fmt: skip
    accounts = found.tables["residuals"].groupby("account", sort=False)["amount"].sum()
    rights = {k: v for k, v in found.figures.items() if v == v}
    return {"rule": found.market.rule, "runs": figures, "residuals": accounts.to_dict(), "settlement": rights}
