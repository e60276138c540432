"""Real time: window after window over the physical schedule, of which only the first interval binds.

    interval k   SCED over k .. k+H-1 (rt_program.py): DC links as planned, statuses as planned but for what can be started in time
                 (rt_starts.py), stores and water by what they are worth in the plan (rt_stores.py), output before k as it was done,
                 expectations that come closer to what comes                                                              (R1)
    price        of k from its own window                                                         first                   (R2)
                 for one plant: price at its bus + sum over its ramp rows of dual x coefficient    tlmp                    (R3)
                 of one program over all that has come, statuses as they were; what stores and
                 reservoirs hold after the last interval stays                                      expost                  (R4)

Where penalties of pricing are given, the prices of a window, or after the fact, are those of a pricing run (price_limits.py), which leaves
the schedule as it is. Prices of a window need not support the dispatch of the windows together: an output that was held up for a price to
come may lose money.
Source: E. Ela, M. O'Malley, 2016; B. Hua et al., Pricing in multi-interval real-time markets, 2019, doi:10.1109/TPWRS.2019.2891541
(first, expost); C. Chen, L. Tong, Pricing real-time stochastic storage operations, and Y. Guo et al., 2021 (TLMP).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from gridopt.blocks import demand
from gridopt.case.case import Case
from gridopt.case.check import CaseError
from gridopt.case.penalties import with_prices_of_penalties
from gridopt.dispatch.attempts import Search
from gridopt.dispatch.fair import even_out
from gridopt.dispatch.formulate import BLOCKS, Model, formulate, outline
from gridopt.dispatch.lazy import written
from gridopt.dispatch.lmp import Prices, from_duals
from gridopt.dispatch.market_run import MarketRun
from gridopt.dispatch.participants import Participants
from gridopt.dispatch.price_limits import Repriced, relaxed_limits
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.right_duals import choose, within
from gridopt.dispatch.rt_program import Moving, Window
from gridopt.dispatch.rt_stores import Stores
from gridopt.dispatch.secured import GIVEN, Limits, bounded
from gridopt.program.highs import give_back_memory
from gridopt.program.solution import Infeasible, Solution, SolverFailed
from gridopt.program.standard_form import StandardForm, extend, stack, value

Progress = Callable[[str], None]
RAMPS = ("commitment.ramp_up", "commitment.ramp_down", "thermal.ramp", "generator.ramp", "ramping.")
VIOLATIONS = ("demand.shedding", "demand.surplus")
MAIN = {"commitment.above": "", "generator.band": "generator ", "thermal.high": "unit "}
"""Families of columns of which one is the output of a plant, and what stands before its label."""


@dataclass(frozen=True)
class RealTimeRule:
    """intervals of a window; weights (V1), the last one goes on; mode first, tlmp or expost; selection: which prices, where several
    are right (lower, upper, mid), or `solver`: those that it ends with. stores: whether stores and reservoirs may leave their plan;
    margin CNY/MWh that this has to gain. penalties: those of a pricing run CNY/MWh: of the balance, of limits, of limits after outages."""

    intervals: int = 8
    weights: tuple[float, ...] = (0.0,)
    mode: str = "first"
    selection: str = "lower"
    stores: bool = True
    margin: float = 50.0
    penalties: tuple[float, float, float] | None = None

    def pricing(self, actual: Case) -> tuple[Case, np.ndarray] | None:
        """The case of the pricing run, and what its columns cost (n,); None where the windows make the prices."""
        if self.penalties is None:
            return None
        case = with_prices_of_penalties(actual, *self.penalties)
        return case, outline(case).builder.outline().cost


@dataclass(frozen=True)
class RealTime:
    """dispatch: what was done, with the duals of (R2); prices by the rule's mode; advisory price CNY/MWh (T, H, B), nan beyond the end;
    advisory output of plants in it, MW (T, H, g), by `plants`; tlmp: CNY/MWh (p, T) by tlmp_plants; window_cost: what the columns of each
    window cost CNY (T,); seconds a window takes; unchosen: intervals whose prices are right, but none that the selection asks for could be
    found."""

    dispatch: Dispatch
    prices: Prices
    plants: np.ndarray
    advisory_price: np.ndarray
    advisory_output: np.ndarray
    tlmp_plants: np.ndarray
    tlmp: np.ndarray
    window_cost: np.ndarray
    seconds: float
    mode: str = "first"
    stage: str = "RT"
    unchosen: tuple[int, ...] = ()

    def run(self, settled: np.ndarray | None = None) -> MarketRun:
        """What was done as a run of the market; settled (B, T): prices after floor and cap."""
        run = MarketRun.of(self.dispatch, self.prices, self.stage, settled)
        if self.mode != "tlmp":
            return run
        price, place = run.price_at_plant.copy(), {n: i for i, n in enumerate(run.plant)}
        for name, own in zip(self.tlmp_plants, self.tlmp, strict=True):
            price[place[name]] = own
        return replace(run, plant_price=price)


def run_real_time(plan: Dispatch, actual: Case, rule: RealTimeRule, progress: Progress = lambda text: None) -> RealTime:
    """Real time over all steps of `plan`; `actual` is its case with what comes in place of what was expected.

    Raises CaseError where the cases differ in more than figures or have losses of AC lines, Infeasible with the interval in words.
    """
    check_real_time(actual)
    model, began = formulate(actual), time.perf_counter()
    stores = Stores(model, plan, rule.margin) if rule.stores else None
    moving, steps = Moving(model, plan, rule.weights, stores), len(actual.time)
    kept, pricing = _Kept(model, moving, steps, rule.intervals), rule.pricing(actual)
    priced = kept if pricing is None else _Kept(model, moving, steps, rule.intervals)
    give_back_memory()
    for k in range(steps):
        window = moving.solve(k, min(k + rule.intervals, steps))
        if window is None:
            raise unsolved(actual, k)
        if pricing is not None:
            kept.take(window)
            window = moving.priced(window, pricing[1])
        priced.take(priced.chosen(window, rule.selection))
        if (k + 1) % 96 == 0:
            progress(f"real time: {k + 1} of {steps} intervals, {(time.perf_counter() - began) / (k + 1):.3f} s each")
    done = kept.dispatch(moving, plan)
    seconds = (time.perf_counter() - began) / steps
    base = done if pricing is None else _repriced(priced.dispatch(moving, plan), *pricing)
    prices, unchosen = _binding(base), tuple(priced.unchosen)
    if rule.mode == "expost":
        prices, unchosen = _expost(base, moving, rule.selection)
    return RealTime(done, prices, kept.plants, priced.price, kept.output, kept.names, priced.tlmp, kept.cost, seconds, rule.mode,
                    unchosen=unchosen)  # fmt: skip


def _repriced(done: Dispatch, case: Case, cost: np.ndarray) -> Repriced:
    """What was done, with the duals that it has here, in the case of the pricing run with its costs (n,)."""
    return Repriced(case, done.model, replace(done.solution, form=replace(done.solution.form, cost=cost)))


def check_real_time(actual: Case) -> None:
    """Raises CaseError with a sentence for each thing of a case that windows of real time do not know."""
    faults = []
    if actual.losses != "off":
        faults.append("key 'losses': windows of real time know no losses of AC lines. Write off, or market.real_time.enabled: false.")
    square = actual.table("generator")["cost_quadratic_cny_per_mw2h"]
    faults += [
        f"table generator, '{name}': cost_quadratic_cny_per_mw2h {value:g}: real time knows straight cost curves only. Give blocks or points "
        "in its place, or market.real_time.enabled: false."
        for name, value in square[square != 0].items()
    ]  # fmt: skip
    if faults:
        raise CaseError(faults)


def unsolved(actual: Case, k: int) -> Infeasible:
    """Window `k` in words, where nothing satisfies its limits."""
    when, what = str(actual.time.start[k]).replace("T", " ")[:16], "no output, and no start that can be ordered in time, satisfies all limits"
    cure = "Let limits be passed at a price (table limit_penalty, key market.penalties_dispatch)."
    return Infeasible(f"real time, {when}: {what}. {cure}")


def _binding(done: Dispatch) -> Prices:
    """(R2), with the duals of shared rows."""
    people = done.participants
    return from_duals(done, people, done.solution.y[people.shared])


def _moved(moving: Moving) -> np.ndarray:
    """Columns (n,) that prices after the fact leave free: without worth, what is left at the end would all be given."""
    free = moving.is_free & ~moving.status
    if moving.stores is not None:
        free[moving.stores.left] = False
    return free


def _expost(done: Dispatch, moving: Moving, selection: str) -> tuple[Prices, tuple[int, ...]]:
    """(R4): prices of the program of all intervals with what has come, its columns free where real time moves them, by the selection; the
    schedule stays. Intervals without prices of the selection: all or none."""
    held, free = relaxed_limits(done) if isinstance(done, Repriced) else {}, _moved(moving)
    for family in done.model.builder.column_families:
        if family.size and not free[family.ids].all():
            value, moves = done.solution.x[family.ids], free[family.ids]
            held[family.name] = (np.where(moves, -np.inf, value), np.where(moves, np.inf, value))
    whole = bounded(done.case, Limits(held), Search(), open_rows=GIVEN)
    y = whole.solution.y
    unchosen: tuple[int, ...] = ()
    if selection != "solver":
        try:
            y = within(whole, whole.solution.form, selection, np.flatnonzero(_idle(done.model, moving.form, free)))
        except SolverFailed:  # those of the program are right, too
            unchosen = tuple(range(len(done.case.time)))
    people, other = done.participants, whole.participants
    return from_duals(done, people, people.aligned(other, y[other.shared])), unchosen


class _Kept:
    """What the windows leave: duals of the binding intervals, advisory prices and outputs, prices with ramps."""

    def __init__(self, model: Model, moving: Moving, steps: int, intervals: int):
        self.model, self.moving, b = model, moving, model.builder
        self.balance = b.balance_rows["injection"]
        self.y = np.zeros(len(moving.form.row_lower))
        self.lazy: dict[int, list[np.ndarray]] = {}
        self.tables = [t for t in ("unit", "generator", "renewable") if f"{t}_output" in b.ports]
        names = [f"{t} {n}" for t in self.tables for n in model.case.table(t).index]
        self.plants = np.array(names, object)
        self.price = np.full((steps, intervals, len(self.balance)), np.nan)
        self.output = np.full((steps, intervals, len(names)), np.nan, np.float32)
        self.ramp_row = np.zeros(len(moving.form.row_lower), bool)
        for family in b.row_families:
            if family.name.startswith(RAMPS):
                self.ramp_row[family.ids.ravel()] = True
        self.load = model.columns[BLOCKS.index(demand)].load
        self.idle = _idle(model, moving.form, moving.is_free)
        self.names, self.column, self.bus = _outputs(model)
        self.tlmp, self.cost = np.zeros((len(self.names), steps)), np.zeros(steps)
        self.unchosen: list[int] = []

    def chosen(self, window: Window, selection: str) -> Window:
        """The window with the duals that the selection takes, by what the load of its binding interval pays."""
        if selection == "solver":
            return window
        k, row = window.first, np.zeros(len(self.y))
        bus = np.arange(len(self.balance))
        second = 1.0 + (np.sqrt(2.0) * (bus + 1.0) + np.sqrt(3.0) * (k + 1.0)) % 1.0
        found = []
        for weight in (self.load[:, k], second):
            row[:] = 0.0
            np.add.at(row, self.balance[:, k], weight)
            parts = [row[window.rows]]
            for lazy in window.lazy:
                family, own = self.moving.families[lazy.pair][0], np.zeros(len(lazy.element))
                now = np.flatnonzero(lazy.step == k)
                if family.port == "injection" and family.sensitivity is not None and len(now):
                    own[now] = Participants.drawn(family, lazy.element[now], k) @ weight
                parts.append(own)
            found.append(np.concatenate(parts))
        idle = np.flatnonzero(self.idle[window.rows])
        try:
            return window.with_duals(choose(window.form, window.x, found[0], found[1], selection, idle))
        except SolverFailed:  # those that the window ended with are right, too
            self.unchosen.append(k)
            return window

    def take(self, window: Window) -> None:
        """Notes a window."""
        k, hours, form = window.first, self.model.case.time.hours, self.moving.form
        self.cost[k] = window.cost
        binding = form.row_step[window.rows] == k
        self.y[window.rows[binding]] = window.y[binding]
        y = np.zeros(len(form.row_lower))
        y[window.rows] = window.y
        steps = np.arange(k, window.last)
        price = y[self.balance[:, steps]]
        ramp = np.zeros(len(form.cost))
        rows = window.rows[self.ramp_row[window.rows]]
        part = form.matrix[rows]
        np.add.at(ramp, part.indices, part.data * np.repeat(y[rows], np.diff(part.indptr)))
        for lazy in window.lazy:
            family = self.moving.families[lazy.pair][0]
            some = np.flatnonzero(lazy.dual != 0)
            if family.port == "injection" and family.sensitivity is not None:
                for t in np.unique(lazy.step[some]):
                    mine = some[lazy.step[some] == t]
                    price[:, t - k] += Participants.drawn(family, lazy.element[mine], t).T @ lazy.dual[mine]
            if family.family.name.startswith(RAMPS) and len(some):
                row, col, coef, _ = family.expand(lazy.element[some], lazy.step[some])
                np.add.at(ramp, col, coef * lazy.dual[some][row])
            now = some[lazy.step[some] == k]
            if len(now):
                self.lazy.setdefault(lazy.pair, []).append(np.array([lazy.element[now], lazy.step[now], lazy.dual[now]]))
        self.price[k, : len(steps)] = (price / hours[steps]).T
        self.tlmp[:, k] = price[self.bus, 0] / hours[k] + ramp[self.column[:, k]] / hours[k]
        self.output[k, : len(steps)] = self._output(self.moving.x, slice(k, window.last))

    def _output(self, x: np.ndarray, steps: slice) -> np.ndarray:
        """Output of the plants at values x (n,), MW (T, g)."""
        parts = [self.model.builder.port(f"{t}_output").value(x, steps) for t in self.tables]
        return np.concatenate([np.zeros((0, len(self.cost[steps]))), *parts]).T

    def dispatch(self, moving: Moving, plan: Dispatch) -> Dispatch:
        """What was done as a dispatch: values and duals of the binding intervals, curtailment of plants that are tied shared (fair.py), which
        no later window has begun from."""
        added, duals = {}, [self.y]
        for pair, parts in self.lazy.items():
            element, step, dual = np.concatenate(parts, axis=1)
            rows = np.arange(len(dual)) + sum(len(d) for d in duals)
            added[moving.families[pair][0].family.name] = np.array([element, step, rows]).astype(int)
            duals.append(dual)
        solution = even_out(self.model, _solution(moving, added, np.concatenate(duals), plan))
        self.output[:, 0] = self._output(solution.x, slice(None))
        return Dispatch(self.model.case, self.model, solution)


def _solution(moving: Moving, added: dict[str, np.ndarray], y: np.ndarray, plan: Dispatch) -> Solution:
    """A solution with the lazy rows that bound written. Every window is an optimum for what it saw: the gap is that of the decisions of the
    plan, and nothing is proven across windows."""
    form = moving.form
    used = [f[0] for f in moving.families if f[0].family.name in added]
    parts = [written(f, added[f.family.name][0], added[f.family.name][1], len(form.cost)) for f in used]
    place, rows = np.zeros(len(y)), len(form.row_lower)
    place[:rows], again = y[:rows], {}
    for name in (f.family.name for f in used):
        element, step, ids = added[name]
        new = np.arange(rows, rows + len(ids))
        place[new], again[name] = y[ids], np.array([element, step, new])
        rows += len(ids)
    form = extend(form, stack(parts, len(form.cost)))
    whole = form.integer
    lower, upper = form.lower.copy(), form.upper.copy()
    lower[whole] = upper[whole] = np.round(moving.x[whole])
    form = replace(form, lower=lower, upper=upper)
    cost = value(form, moving.x)
    bound = cost - max(plan.solution.gap, 0.0) * max(abs(cost), 1.0)
    return Solution(form, moving.x, place, cost, 1, again, {}, bound, plan.solution.finished)


def _idle(model: Model, form: StandardForm, free: np.ndarray) -> np.ndarray:
    """Rows of the balance in which nothing that is free (n,) can move but violations (m,), as at the far end of a link that keeps to its
    schedule: no price is made there, and the smallest is taken."""
    moves = free.copy()
    for family in model.builder.column_families:
        if family.name in VIOLATIONS:
            moves[family.ids.ravel()] = False
    found = np.zeros(len(form.row_lower), bool)
    found[model.builder.balance_rows["injection"].ravel()] = True
    steered = np.zeros(len(found), bool)
    steered[form.matrix[:, np.flatnonzero(moves)].tocoo().coords[0]] = True
    return found & ~steered


def _outputs(model: Model) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Plants with a column of output of their own: names (p,), that column (p, T), bus (p,)."""
    names: list[str] = []
    columns: list[np.ndarray] = []
    for family in model.builder.column_families:
        if family.name in MAIN and family.size:
            labels = next(iter(family.over.values()))
            for i, label in enumerate(labels):
                text = str(label).rsplit("/", 1)[0] if family.name == "generator.band" else str(label)
                name = MAIN[family.name] + text
                if name not in names:
                    names.append(name)
                    columns.append(family.ids[i])
    bus = np.zeros(len(names), int)
    for i, name in enumerate(names):
        table, _, element = name.partition(" ")
        bus[i] = model.case.position("bus", [model.case.table(table).at[element, "bus"]])[0] if element in model.case.table(table).index else 0
    size = (len(names), len(model.case.time))
    return np.array(names, object), np.array(columns, int).reshape(size), bus
