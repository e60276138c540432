"""A market study: clear day by day, price, in real time as well, and write what settlement, metrics and the report read.

    case ─► trade of provinces, where asked for (pre_clearing.py) ─► bids ─► day-ahead and reliability (dispatch/sequence.py)
    ─► real time (dispatch/real_time.py) ─► runs (MarketRun) ─► tables
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import inf
from pathlib import Path

import numpy as np
import pandas as pd

from gridopt.case.actual import ForecastError, actual, expected, without_ends
from gridopt.case.case import Case
from gridopt.dispatch.as_offered import of_run
from gridopt.dispatch.attempts import Search
from gridopt.dispatch.bus_weights import referred
from gridopt.dispatch.market_run import MarketRun
from gridopt.dispatch.province_trade import Matched
from gridopt.dispatch.real_time import RealTime, RealTimeRule, check_real_time, run_real_time
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.sequence import DayRule, Days, clear_days
from gridopt.pricing.admin import administered
from gridopt.pricing.zonal_avg import averaged
from gridopt.settlement.book import settle
from gridopt.study.load import Loaded, load_study
from gridopt.study.market_again import again
from gridopt.study.market_case import (
    REAL_TIME,
    check_figures,
    limited,
    market_cases,
    market_of,
    options_within,
    paid_once,
    pricing_penalties,
    rule_of,
    told,
)
from gridopt.study.market_causes import Own, curtailment_table
from gridopt.study.market_doubts import doubts
from gridopt.study.market_figures import explanations, figures
from gridopt.study.market_folder import write_market
from gridopt.study.market_frames import (
    advisory_table,
    constraint_table,
    dispatch_table,
    load_table,
    plant_details,
    price_table,
    zone_table,
)
from gridopt.study.market_regulation import regulation, service_of
from gridopt.study.market_rule import check_rule, pricing, runs_real_time, settlement_rules
from gridopt.study.market_schema import Market
from gridopt.study.market_uplift import opportunities, with_opportunities
from gridopt.study.pre_clearing import pre_cleared, trade_table, traded
from gridopt.study.priced import check_rules, unselected
from gridopt.study.run import Clock, check_free, move

Progress = Callable[[str], None]


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
        document = write_market(found, clock, unfinished, target)
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
