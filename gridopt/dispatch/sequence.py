"""The market from day to day: day-ahead clearing, reliability run, state of the next day.

    day k   case with bids, from the state at the beginning of the day -> SCUC, SCED (secured.py) -> prices     day-ahead run, financial   (Q1)
            case with the forecast of the dispatcher, u >= u(Q1), p >= p(Q1) -> SCUC, SCED                      physical schedule          (Q2)
            the state at the end of (Q2) is that of day k+1; equal offers at one bus share alike (fair_offers.py)                          (Q3)

p >= p(Q1) holds for units, generators and renewables, in the steps in which the forecast is not below the cleared load; in the longer
steps of SCUC on average. Where nothing keeps it, u >= u(Q1) alone is asked for, which is noted. Where both cases are the same, (Q2) is (Q1).
Each day looks ahead in longer steps; only its own steps are kept. A case of less than a day is one day.
Source: Electricity Spot Market Practice (National Dispatch Centre), ch. 20 Gansu.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from gridopt.blocks import generator
from gridopt.case.case import Case
from gridopt.case.time import TimeGrid
from gridopt.dispatch.attempts import Search
from gridopt.dispatch.fair_offers import share_ties
from gridopt.dispatch.formulate import BLOCKS, outline
from gridopt.dispatch.guide import Guide, make_guide
from gridopt.dispatch.infeasible import reasons
from gridopt.dispatch.laid import Horizon
from gridopt.dispatch.lmp import Prices
from gridopt.dispatch.market_run import MarketRun
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.rolled import Record, Rolled, kept_part
from gridopt.dispatch.rough import some_schedule
from gridopt.dispatch.secured import Limits, family_of, joined_steps, sced, scuc
from gridopt.dispatch.state import State, begun, handed
from gridopt.dispatch.window import Window, check_rows, check_shifts, check_sight, cut
from gridopt.program.highs import give_back_memory
from gridopt.program.solution import Infeasible, LimitReached, SolverFailed

Progress = Callable[[str], None]
Pricing = Callable[[Dispatch], Prices]
DAY_H = 24.0
KEY = "market.day_ahead"
GUIDE_H = 1.0
"""Length of the steps of the guide, where those of the market are shorter."""
LESS = 1e-6
"""MW by which a forecast may lie below the cleared load."""
OUTPUT, CURTAILED = ("commitment.above", "thermal.low", "thermal.high", "generator.band"), "renewable.curtailment"
"""Families of columns of output above the least, and of what renewables do not give."""


@dataclass(frozen=True)
class DayRule:
    """How days are cleared. commitment_h: steps in which SCUC decides (0: those of the market); reliability: whether (Q2) is run."""

    look_ahead_h: float = 48.0
    look_ahead_step_h: float = 3.0
    commitment_h: float = 0.0
    search: Search = Search()
    workers: int = 2
    reliability: bool = True


@dataclass(frozen=True)
class Schedule:
    """One day of one stage: its dispatch (the look-ahead included), and the window of the horizon that it kept."""

    stage: str
    dispatch: Dispatch
    window: Window


@dataclass(frozen=True)
class Clearing(Schedule):
    """A schedule that is priced, and its prices; what is paid is it, or the schedule of a rule that has its own."""

    prices: Prices

    def run(self, settled: np.ndarray | None = None) -> MarketRun:
        """What it kept as a run of the market; settled (B, T): prices after floor and cap."""
        run = MarketRun.of(self.dispatch, self.prices, self.stage, settled)
        return run.part(0, self.window.kept - self.window.first)


@dataclass(frozen=True)
class Days:
    """day_ahead, physical: day by day (the same where nothing tells them apart); plan: the physical schedule of the whole horizon
    as one dispatch; notes: sentences on what was not as it should be."""

    day_ahead: list[Clearing]
    physical: Sequence[Schedule]
    plan: Dispatch
    notes: list[str] = field(default_factory=list)


def clear_days(bid: Case, forecast: Case, rule: DayRule, price: Pricing, progress: Progress = lambda text: None) -> Days:
    """(Q1) to (Q3) over all days of `bid`; `forecast` is the same case with the load that the dispatcher expects.

    Raises CaseError for look-aheads that do not suit the case, Infeasible, LimitReached, SolverFailed with the day in words.
    """
    day_h = min(DAY_H, float(bid.time.hours.sum()))
    windows = cut(bid.time, day_h, rule.look_ahead_h if len(bid.time) and bid.time.hours.sum() > DAY_H else 0.0)
    if bid.commitment != "off":
        check_sight(bid, day_h + rule.look_ahead_h, KEY)
    if len(windows) > 1:
        check_rows(bid)
        check_shifts(bid, day_h, rule.look_ahead_h, KEY)
    same = bid is forecast
    physical = _horizon(forecast, windows, rule, progress)
    financial = physical if same else replace(_horizon(bid, windows[:1], rule, progress), guide=physical.guide)
    record, state = Record(physical.model, physical.form), begun(forecast, physical.model)
    paid: list[Clearing] = []
    done: list[Schedule] = []
    rows: list[dict[str, Any]] = []
    notes: list[str] = []
    for number, window in enumerate(windows):
        began = time.perf_counter()
        first = _day(financial, window, state, rule, price, notes)
        second = first if same or not rule.reliability else _reliable(physical, window, state, rule, first, notes)
        paid.append(first)
        done.append(second)
        record.take(kept_part(second.dispatch, physical.model, physical.form.upper, window), window)
        state = handed(state, second.dispatch, window.kept - window.first)
        rows.append(_figures(forecast, window, second.dispatch, time.perf_counter() - began))
        give_back_memory()
        progress(f"day {number + 1} of {len(windows)}: {rows[-1]['seconds']:.1f} s, gap {rows[-1]['gap']:.2%}")
    table = pd.DataFrame(rows)
    table.insert(0, "window", np.arange(1, len(rows) + 1))
    return Days(paid, done, _whole(record, table, done), notes)


def _whole(record: Record, table: pd.DataFrame, days: Sequence[Schedule]) -> Dispatch:
    """The physical schedule of all days as one dispatch."""
    if len(days) == 1:
        return days[0].dispatch
    seams = pd.DataFrame(columns=["time", "hours", "planned_cny", "decided_cny", "lost_cny"])
    plan: Rolled = record.rolled(table, seams, {"build": 0.0, "solve": float(table["seconds"].sum())})
    return plan


def _horizon(case: Case, windows: list[Window], rule: DayRule, progress: Progress) -> Horizon:
    """The whole horizon, with a guide where some day does not see its end."""
    model = outline(case)
    guide: Guide | None = None
    if len(windows) > 1 and (windows[0].last < len(case.time) or case.table("storage")["cyclic"].any()):
        progress("guide: the whole horizon as a linear program")
        guide = make_guide(_for_guide(case), rule.workers, lambda text: None, aim=windows[0].last < len(case.time))
    return Horizon(case, model, model.builder.outline(), guide, rule.look_ahead_step_h)


def _for_guide(case: Case) -> Case:
    """The case of the guide: by the hour, and as a linear program in which generators that are switched may give anything down to nothing,
    unless they must run."""
    group = max(round(GUIDE_H / float(case.time.hours.max())), 1)
    given, table = case.table("commitment"), case.table("generator")
    mine = (given["kind"] == "generator").to_numpy()
    free = table.index.isin(given["element"][mine & ~given["must_run"].to_numpy(bool)])
    least = table["power_min_mw"].where(~free, np.minimum(table["power_min_mw"], 0.0))
    tables = {**case.tables, "generator": table.assign(power_min_mw=least), "commitment": given[~mine]}
    return replace(case, tables=tables, commitment="off").on_time(case.time.coarsen(group))


def _day(horizon: Horizon, window: Window, state: State, rule: DayRule, price: Pricing, notes: list[str]) -> Clearing:
    """(Q1) of one day."""
    case = horizon.window_case(window, state)
    with _named(horizon, window, case):
        decided = _decided(case, window.kept - window.first, rule, None, notes)
        found = share_ties(sced(case, decided, rule.search))
    return Clearing("DA", found, window, price(found))


def _decided(case: Case, near: int, rule: DayRule, limits: Limits | None, notes: list[str]) -> Dispatch:
    """SCUC; a rough schedule where the limit of time came before any, which is noted."""

    def told(gap: float) -> None:
        notes.append(f"{str(case.time.start[0])[:10]}: no schedule within {rule.search.seconds:g} s; one within {gap:.0%} was taken")

    return some_schedule(lambda search: scuc(case, near, rule.commitment_h, search, rule.workers, limits), rule.search, told)


def _reliable(horizon: Horizon, window: Window, state: State, rule: DayRule, first: Clearing, notes: list[str]) -> Schedule:
    """(Q2) of one day; nobody is paid by it."""
    case, near = horizon.window_case(window, state), window.kept - window.first
    steps = joined_steps(case.time, near, rule.commitment_h) if rule.commitment_h > 0 else case.time
    status, output = _at_least(first.dispatch, near, steps), _above(first.dispatch, case, near)

    def cleared(output: Limits) -> Dispatch:
        decided = _decided(case, near, rule, Limits({**status.of, **_on_average(output, case.time, steps).of}), notes)
        return share_ties(sced(case, decided, rule.search, output if len(steps) < len(case.time) else None))

    with _named(horizon, window, case):
        try:
            found = cleared(output)
        except Infeasible:
            notes.append(f"{window.named(horizon.case.time)}: the day-ahead outputs cannot be kept as least outputs with the load forecast")
            found = cleared(Limits({}))
    return Schedule("RUC", found, window)


def _at_least(dispatch: Dispatch, near: int, steps: TimeGrid) -> Limits:
    """u >= u(DA) in the first `near` steps, on `steps` that hold those of the dispatch."""
    family = family_of(dispatch.model, "commitment.on")
    if family is None:
        return Limits({})
    inside = np.searchsorted(steps.end, dispatch.case.time.start, side="right")[:near]
    low = np.zeros((family.shape[0], len(steps)))
    on = np.round(dispatch.solution.x[family.ids])[:, :near]
    np.maximum.at(low.T, inside, on.T)
    return Limits({family.name: (low, np.full(low.shape, np.inf))})


def _above(dispatch: Dispatch, forecast: Case, near: int) -> Limits:
    """p >= p(DA) of plants, as output above the least and as largest curtailment, in the near steps in which the forecast is not below the
    cleared load. What generators may draw is no output."""
    expected = load_of(forecast).sum(axis=0)
    holds = expected >= cleared_load(dispatch).sum(axis=0) - LESS
    holds[near:] = False
    plain, found = dispatch.model.columns[BLOCKS.index(generator)], {}
    for name, family in ((n, family_of(dispatch.model, n)) for n in (*OUTPUT, CURTAILED)):
        if family is None:
            continue
        value = dispatch.solution.x[family.ids]
        none, any_ = np.zeros(value.shape), np.full(value.shape, np.inf)
        mine = holds & (plain.least[plain.of] >= 0.0) if name == "generator.band" else holds
        found[name] = (none, np.where(mine, value, any_)) if name == CURTAILED else (np.where(mine, value, none), any_)
    return Limits(found)


def _on_average(limits: Limits, time: TimeGrid, steps: TimeGrid) -> Limits:
    """Limits of power on `steps` that hold those of `time`: their means."""
    inside = np.searchsorted(steps.end, time.start, side="right")
    share = time.hours / steps.hours[inside]

    def mean(bound: np.ndarray) -> np.ndarray:
        found = np.zeros((len(bound), len(steps)))
        np.add.at(found.T, inside, (bound * share).T)
        return found

    return Limits({name: (mean(low), mean(high)) for name, (low, high) in limits.of.items()})


def load_of(case: Case) -> np.ndarray:
    """Load of a case MW, before any is shed, by row of table load (n, T)."""
    table = case.table("load")
    each = table["mean_mw"].to_numpy(float)[:, None] * case.series(table["profile"], 1.0) * case.of_year("load_scale", 1.0)
    return each * case.in_service("load")


def cleared_load(dispatch: Dispatch) -> np.ndarray:
    """Served load and what demand has bought MW by bus (B, T)."""
    q, case = dispatch.quantities, dispatch.case
    served = q["load"].values - q["shedding"].values
    bought = np.maximum(-q["generator_output"].values, 0.0)
    np.add.at(served, case.position("bus", case.table("generator")["bus"]), bought)
    return served


class _named:
    """Names the day in what ends a clearing."""

    def __init__(self, horizon: Horizon, window: Window, case: Case):
        self.what, self.case = window.named(horizon.case.time), case

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind, error, trace) -> None:
        if isinstance(error, Infeasible):
            raise Infeasible(f"{self.what}:", *(error.faults or reasons(self.case))) from None
        if isinstance(error, LimitReached | SolverFailed):
            raise type(error)(f"{self.what}: {error}") from None


def _figures(case: Case, window: Window, found: Dispatch, seconds: float) -> dict[str, Any]:
    """A row of table windows."""
    solution, time_ = found.solution, case.time
    edge = np.append(0.0, np.cumsum(time_.hours))
    price_gap = (solution.objective - solution.bound) / max(abs(solution.objective), 1.0)
    proven = solution.least_cost
    return {
        "start": time_.start[window.first], "end": time_.end[window.kept - 1], "kept_h": edge[window.kept] - edge[window.first],
        "seen_h": edge[window.last] - edge[window.first], "cost_cny": solution.objective, "bound_cny": proven,
        "gap": max(solution.gap, 0.0), "price_gap": price_gap, "seconds": seconds, "rounds": solution.rounds,
        "finished": bool(solution.finished),
    }  # fmt: skip

