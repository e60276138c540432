"""What prices of a market leave open: lost opportunities by participant and period, shortfalls of limits and reserves by period.

Each clearing answers for itself: the best answers of participants are those to the prices of its whole window, the look-ahead included, from
the state at its begin; of what they lose the periods that are kept are told. In real time plants may move output while on and awards of
reserve; status, stores, water and links keep to what was done. Prices of one plant (tlmp) count for that plant.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gridopt.case.case import Case
from gridopt.dispatch.besides import NETWORK, UPLIFT, by_plant, of_schedule
from gridopt.dispatch.lmp import Prices
from gridopt.dispatch.market_run import MarketRun
from gridopt.dispatch.market_tables import frame
from gridopt.dispatch.real_time import RealTime
from gridopt.dispatch.row_names import row_names
from gridopt.dispatch.rt_program import FREE
from gridopt.dispatch.sequence import Clearing
from gridopt.program.highs import give_back_memory
from gridopt.program.solution import SolverFailed
from gridopt.settlement.ledger import horizon, sums
from gridopt.settlement.uplift import Uplift, uplift
from gridopt.study.market_case import REAL_TIME, own_names, priced_within, rule_of, settled_by

if TYPE_CHECKING:
    from gridopt.study.market import Cleared

LEAST = 1e-6
"""CNY below which money is rounding."""


def opportunities(found: Cleared) -> tuple[pd.DataFrame, pd.DataFrame, set[str]]:
    """Tables `lost_opportunity` and `product_shortfall` of all runs, and the runs whose prices say nothing of opportunities (as offered)."""
    market, case = found.market, found.loaded.case
    nothing = {"period": np.zeros(0, "datetime64[s]"), "gap": 0.0, "exact": True}
    lost = [frame("lost_opportunity", rule="", run="", unit=[], loc=[], **nothing)]
    short = [frame("product_shortfall", rule="", run="", element=[], mu=[], unused=[], prs=[], **nothing)]
    unknown: set[str] = set()
    answers: list[tuple[MarketRun, Any, int, Callable[[], tuple[Uplift, Prices]]]] = []
    for day in found.days.day_ahead:
        answers.append((found.day_ahead, day.dispatch, day.window.kept - day.window.first, partial(of_day, day, market)))
    if found.real_time is not None and found.physical is not None:
        done = found.physical
        answers.append((found.real_time, done.dispatch, len(found.real_time.start), partial(of_real_time, done, market)))
    for run, solved, kept, answer in answers:
        try:
            left, prices = answer()
        except SolverFailed as fault:  # everything else of the run stands without it
            found.warnings.append(f"lost opportunities of {run.stage} from {str(solved.case.time.start[0])[:16]} are not known: {fault}")
            unknown.add(run.stage)
            continue
        unknown |= {run.stage} if np.isnan(left.lost).any() else set()
        rule = rule_of(market, run.stage)
        lost.append(lost_table(rule, run, left, case, solved.case.time.start[:kept]))
        short.append(shortfall_table(rule, solved, prices, left, run, kept))
        for people in (solved.participants, prices.people, *(prices.answering or ())[:1]):  # nobody asks them again
            if people is not None:
                people.alone()
        give_back_memory()
    return pd.concat(lost, ignore_index=True), pd.concat(short, ignore_index=True), unknown


def of_day(day: Clearing, market: Any) -> tuple[Uplift, Prices]:
    """What a day-ahead clearing leaves open at the prices of the rule, within floor and cap, and those prices."""
    prices = priced_within(day.prices, market)
    return uplift(day.dispatch, prices), prices


def of_real_time(done: RealTime, market: Any) -> tuple[Uplift, Prices]:
    """What the binding intervals leave open at the prices of the mode, within floor and cap, and those prices."""
    people = done.prices.people or done.dispatch.participants
    lower, upper = people.x.copy(), people.x.copy()
    for family in done.dispatch.model.builder.column_families:
        if family.name.startswith(FREE):
            ids = family.ids.ravel()
            lower[ids], upper[ids] = people.form.lower[ids], people.form.upper[ids]
    whole = people.form.integer
    lower[whole] = upper[whole] = people.x[whole]
    prices = priced_within(done.prices, market)
    if prices.dual is None:
        return uplift(done.dispatch, prices), prices
    prices = replace(prices, people=people.changed(np.minimum(lower, people.x), np.maximum(upper, people.x)))
    return uplift(done.dispatch, prices, _of_plants(done, prices, market) if done.mode == "tlmp" else 0.0), prices


def _of_plants(done: RealTime, prices: Prices, market: Any) -> np.ndarray:
    """What one unit of each column (n,) is paid beside the price at its bus where plants have prices of their own, CNY."""
    case, own = done.dispatch.case, settled_by(done.tlmp, market)
    found, place = np.zeros(len(done.dispatch.solution.x)), {n: p for p, n in enumerate(done.tlmp_plants)}
    own = done.tlmp if own is None else own
    for table in ("unit", "generator"):
        rows = case.table(table)
        known = np.array([place.get(f"{table} {n}", -1) for n in rows.index], int)
        more = np.where((known >= 0)[:, None], own[known] - prices.price[case.position("bus", rows["bus"])], 0.0) * case.time.hours
        for at, columns, coef in done.dispatch.model.builder.port(f"{table}_output", len(rows)).offers():
            np.add.at(found, columns, coef * more[at])
    return found


def lost_table(rule: str, run: MarketRun, left: Uplift, case: Case, start: np.ndarray) -> pd.DataFrame:
    """Table `lost_opportunity` of the periods that begin at `start`, by the names of the case by costs; elements that only act together are
    named together."""
    names = np.array([" + ".join(dict.fromkeys(own_names(str(n).split(" + "), case))) for n in left.names], object)
    unit, of = np.unique(names.astype(str), return_inverse=True)
    lost = np.zeros((len(unit), len(start)))
    np.add.at(lost, of, left.lost[:, : len(start)])
    g, t = np.nonzero(np.abs(np.nan_to_num(lost)) > LEAST)
    return frame("lost_opportunity", rule=rule, run=run.stage, period=start[t], unit=unit.astype(object)[g], loc=lost[g, t], gap=run.gap,
                 exact=run.exact)  # fmt: skip


def shortfall_table(rule: str, solved: Any, prices: Prices, left: Uplift, run: MarketRun, kept: int) -> pd.DataFrame:
    """Table `product_shortfall` of the first `kept` periods: limits and reserves whose price promises more than is collected."""
    solved = prices.paid(solved)
    people, start = prices.people or solved.participants, solved.case.time.start
    rows = np.flatnonzero(np.nan_to_num(left.shortfall) > LEAST)
    ids, always = people.shared[rows], sum(f.size for f in solved.model.builder.row_families)
    written = np.concatenate([np.zeros(0, int), *(added[2] for added in people.added.values())])
    rows = rows[(ids < always) | np.isin(ids, written)]  # those of another network have no name here
    names = row_names(replace(solved, solution=replace(solved.solution, added=people.added)), people.shared[rows])
    step = np.array([n.step for n in names], int)
    some = np.flatnonzero(step < kept)
    rows, step, hours = rows[some], step[some], solved.case.time.hours
    length = np.where(step >= 0, hours[step], 1.0) if len(step) else np.zeros(0)
    mu, amount = (prices.dual[rows] / length, left.shortfall[rows]) if len(rows) and prices.dual is not None else (np.zeros(0), np.zeros(0))
    unused = np.divide(amount, np.abs(mu) * length, out=np.zeros(len(mu)), where=mu != 0)
    element = np.array([f"{names[k].family.partition('.')[0]} {names[k].label}".strip() for k in some], object)
    return frame("product_shortfall", rule=rule, run=run.stage, period=start[step], element=element, mu=mu, unused=unused, prs=amount,
                 gap=run.gap, exact=run.exact)  # fmt: skip


def with_opportunities(
    table: pd.DataFrame, lost: pd.DataFrame, runs: list[MarketRun], by: str, unknown: Collection[str] = ()
) -> pd.DataFrame:
    """Table `uplift` with lost opportunities and best profits of `runs` by horizon (named by its first period), but of those `unknown`;
    participants that are never made whole, such as wind farms and stores, have rows of their own where what they lose is not zero. What a
    rule pays for what is lost at its prices, or for being moved, is no part of what could be earned at them."""
    told = [r for r in runs if r.stage not in unknown]
    known = {(r.run, r.unit, r.horizon): k for k, r in enumerate(table.itertuples())}
    loc, rows, lifted = np.where(table["run"].isin([r.stage for r in told]), 0.0, np.nan), [], np.zeros(len(table))
    for run in runs:
        group = horizon(run.start, by)
        first = run.start[np.unique(group, return_index=True)[1]].astype(str)
        place, plant = {t: int(g) for t, g in zip(pd.DatetimeIndex(run.start), group, strict=True)}, {n: g for g, n in enumerate(run.plant)}
        beside, cost = sums(run.paid_besides, group), sums(run.cost, group)
        apart = [b for b in of_schedule(run.besides) if b.account in (UPLIFT, NETWORK)]
        uplift = sums(by_plant(apart, run.plant, len(run.start)), group)
        for g, h in zip(*np.nonzero(uplift), strict=True):  # what real time earns in the table has that of the day ahead in it
            for key in {(stage, run.plant[g], first[h]) for stage in (run.stage, REAL_TIME)} & known.keys():
                lifted[known[key]] += uplift[g, h]
        if run.stage in unknown:
            continue
        earned = sums(run.output * run.price_at_plant * run.hours, group) + beside
        mine = lost[lost["run"] == run.stage]
        total = mine.assign(horizon=mine["period"].map(place)).groupby(["unit", "horizon"], sort=False)["loc"].sum()
        for (unit, h), amount in total.items():
            key = (run.stage, unit, first[h])
            if key in known:
                loc[known[key]] = amount
            elif abs(amount) > LEAST:
                revenue, more, borne, paid = (v[plant[unit], h] if unit in plant else np.nan for v in (earned, beside, cost, uplift))
                rows.append((run.stage, unit, first[h], revenue, more, borne, revenue - borne, revenue - borne - paid + amount, amount))
    found = table.assign(loc=loc, best_profit=table["profit"] + loc - lifted)
    if not rows:
        return found
    stage, unit, when, revenue, more, borne, profit, best, amount = (list(v) for v in zip(*rows, strict=True))
    rule = dict(zip(lost["run"], lost["rule"], strict=True))
    further = frame(
        "uplift", rule=[rule[s] for s in stage], run=stage, unit=unit, horizon=when, revenue=revenue, besides=more, cost=borne, profit=profit,
        best_profit=best, mwp=0.0, loc=amount, paid=0.0, payer="", gap=max(r.gap for r in runs), exact=all(r.exact for r in runs),
    )  # fmt: skip
    return pd.concat([found, further], ignore_index=True)
