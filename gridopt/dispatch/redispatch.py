"""Redispatch: a schedule that the network does not carry is changed until it does.

    min  sum_g c_g x_g + sum (a+ U[g,t] + a- D[g,t]) h[t]   over the true network                                        (Y1)
    P[g,t] - P0[g,t] = U[g,t] - D[g,t],   U, D >= 0        P: injection of participant g, P0: that of the schedule       (Y2)
    cost of redispatch = (Y1) - cost of the schedule

Steps at which the network carries the schedule stay as they are, unless nothing fits to that. At cost a+ = a- = 0; at bids the operator
buys at the offer + a+ and sells back at the offer - a-. Whole values are those of the schedule, or free. Counter-trade does not choose
units by where they stand: the operator buys D[t] in the zone that imports most and sells it in the one that exports most, zones clear
again by price with their positions moved so, and D[t] is raised until flows hold. Where no such trade makes them hold, all zones take part,
in proportion to what they export and import:

    sum_b in z P[b,t] = N0[z,t] - D[t] w[z,t],   w = 1 and -1 of these two;  then  w = N0[z,t] / sum over z of max(N0[z,t], 0)     (Y3)

D[t] is the first of TRIES even parts of the trade at which flows hold, made sharper by bisection. Plants that move are paid what it costs
them, so that they keep what the schedule earns, and at bids the adders besides:

    paid[g,t] = C - C0  +  (a+ max(0, M) + a- max(0, -M)) h,   C, C0 cost and M MW more of plant g in t                  (Y4)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import scipy.sparse as sp

from gridopt.case.pricing_options import Redispatch
from gridopt.dispatch.attempts import Search
from gridopt.dispatch.besides import MOVED, NETWORK, Beside
from gridopt.dispatch.formulate import implied
from gridopt.dispatch.lazy import Relaxed, broken
from gridopt.dispatch.lmp import LOSSES
from gridopt.dispatch.market_run import costs_of, plants_of
from gridopt.dispatch.other_network import Network, clear, zones_of
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.whole import decide
from gridopt.program.solution import Infeasible
from gridopt.program.standard_form import Rows, StandardForm, extend

TRIES, SHARPER = 40, 40
"""Even parts that are tried, and bisections."""
NO_ADDERS = (0.0, 0.0)
STILL, LEAST = 1e-6, 1e-6
"""MWh up to which a plant has not moved; CNY below which a change costs nothing."""


@dataclass(frozen=True)
class Change:
    """after: the schedule that the network carries, None where none was found; cost CNY that the operator bears (nan then); volume MWh
    bought (as much is sold where nothing is lost); power MW (B, T): change of injection by bus; traded MW (T,): D of a counter-trade; paid:
    what the network pays to plants (Y4)."""

    after: Dispatch | None
    cost: float
    volume: float
    power: np.ndarray
    traded: np.ndarray
    paid: tuple[Beside, ...] = ()


def redispatched(dispatch: Dispatch, schedule: Dispatch, options: Redispatch) -> Change:
    """What it takes to make `schedule` (of the offers of `dispatch`, on another network) one that the network of `dispatch` carries."""
    good = _holds(dispatch, schedule)
    if good.all():
        return _change(schedule, schedule, 0.0, np.zeros(len(good)))
    try:
        if options.mode == "counter_trade":
            return _counter_traded(dispatch, schedule, good)
        try:
            after, cost = _moved(dispatch, schedule, options, good)
        except Infeasible:
            after, cost = _moved(dispatch, schedule, options, np.zeros(len(good), bool))
    except Infeasible:
        nothing = np.full(schedule.injection.shape, np.nan)
        return Change(None, np.nan, np.nan, nothing, np.zeros(len(dispatch.case.time)))
    return _change(schedule, after, cost, np.zeros(len(dispatch.case.time)), _adders(options))


def _change(schedule: Dispatch, after: Dispatch, cost: float, traded: np.ndarray, adders: tuple[float, float] = NO_ADDERS) -> Change:
    power = after.injection - schedule.injection
    volume = float((np.maximum(power, 0.0) @ schedule.case.time.hours).sum())
    return Change(after, cost, volume, power, traded, _payments(schedule, after, adders))


def _adders(options: Redispatch) -> tuple[float, float]:
    """a+ and a-, of bids alone."""
    return (options.up_adder_cny_per_mwh, options.down_adder_cny_per_mwh) if options.mode == "bid" else NO_ADDERS


def _payments(schedule: Dispatch, after: Dispatch, adders: tuple[float, float]) -> tuple[Beside, ...]:
    """(Y4): MWh moved at what each costs, a change that moves nothing as one amount; then the adders."""
    before, later = plants_of(schedule), plants_of(after)
    moved = (later.output - before.output) * schedule.case.time.hours
    moved = np.where(np.abs(moved) > STILL, moved, 0.0)
    cost = costs_of(after, later) - costs_of(schedule, before)
    cost = np.where(np.abs(cost) > LEAST, cost, 0.0)
    quantity = np.where((moved == 0) & (cost != 0), 1.0, moved)
    price = np.divide(cost, quantity, out=np.zeros_like(cost), where=quantity != 0)
    found = [Beside(NETWORK, MOVED, before.name, quantity, price)]
    if any(adders):
        found.append(Beside(NETWORK, "adder", before.name, np.abs(moved), np.where(moved > 0, *adders)))
    return tuple(found)


def _moved(dispatch: Dispatch, schedule: Dispatch, options: Redispatch, good: np.ndarray) -> tuple[Dispatch, float]:
    """(Y1), (Y2): the schedule after it, and its cost; steps `good`, a mask (T,), stay."""
    model, size = dispatch.model, dispatch.model.builder.column_count
    form, start = model.builder.form(), schedule.solution.x[:size]
    adders = _adders(options)
    if any(adders):
        form = _with_bids(dispatch, form, start, adders)
    whole, lower, upper = form.integer, form.lower.copy(), form.upper.copy()
    stays = np.flatnonzero(np.append(good, False)[form.column_step[:size]])
    lower[stays] = upper[stays] = np.clip(start[stays], lower[stays], upper[stays])
    if options.commitment == "held":
        lower[whole] = upper[whole] = np.round(start[whole])
    form = replace(form, lower=lower, upper=upper)
    relaxed = Relaxed(form, model.builder.lazy_families)
    solution = decide(relaxed, Search.again(dispatch.solution), implied=partial(implied, model))
    return Dispatch(dispatch.case, model, solution), solution.objective - schedule.solution.objective


def _with_bids(dispatch: Dispatch, form: StandardForm, start: np.ndarray, adders: tuple[float, float]) -> StandardForm:
    """The form with columns and rows (Y2) and what they cost."""
    people, hours = dispatch.participants, dispatch.case.time.hours
    steps, n = len(hours), len(form.cost)
    row, col, coef = [np.zeros(0, int)], [np.zeros(0, int)], [np.zeros(0)]
    for _, columns, factor in dispatch.model.builder.port("injection").offers():
        row.append((people.part[columns] * steps + np.arange(steps)).ravel())
        col.append(columns.ravel())
        coef.append(factor.ravel())
    rows, columns, values = (np.concatenate(v) for v in (row, col, coef))
    used, rank = np.unique(rows, return_inverse=True)
    k, one = len(used), np.ones(len(used))
    step = used % steps
    up, down = n + np.arange(k), n + k + np.arange(k)
    place = (np.concatenate([rank, np.arange(k), np.arange(k)]), np.concatenate([columns, up, down]))
    matrix = sp.csr_array((np.concatenate([values, -one, one]), place), shape=(k, n + 2 * k))
    given = np.bincount(rank, values * start[columns], k)
    wide = form.matrix.copy()
    wide.resize((wide.shape[0], n + 2 * k))
    none = np.zeros(2 * k)
    most = np.full(2 * k, np.abs(given).max(initial=0.0) + dispatch.model.builder.most("injection").max(initial=0.0))
    wider = replace(
        form, cost=np.append(form.cost, np.concatenate([adders[0] * hours[step], adders[1] * hours[step]])), matrix=wide,
        square=np.append(form.square, none), lower=np.append(form.lower, none), upper=np.append(form.upper, most),
        optional=np.append(form.optional, none.astype(bool)), column_step=np.append(form.column_step, np.tile(step, 2)),
    )  # fmt: skip
    return extend(wider, Rows(given, given, step, matrix))


def _counter_traded(dispatch: Dispatch, schedule: Dispatch, good: np.ndarray) -> Change:
    """(Y3)."""
    case = dispatch.case
    names, zone = zones_of(case)
    position = np.zeros((len(names), len(case.time)))
    np.add.at(position, zone, schedule.injection)
    way, low, high, found, good = np.zeros(position.shape), np.zeros(len(good)), np.zeros(len(good)), schedule, good.copy()

    def at(traded: np.ndarray) -> Dispatch:
        moved = position - way * traded
        return clear(dispatch, _positions(len(names), zone, moved), held=schedule.solution.x).schedule

    for share, most in _ways(position):
        way, low, high = np.where(good, way, share), np.where(good, low, 0.0), np.where(good, high, 0.0)
        for part in range(1, TRIES + 1):
            if good.all():
                break
            low, high = np.where(good, low, high), np.where(good, high, most * part / TRIES)
            found = at(high)
            good |= _holds(dispatch, found)
    if not good.all():
        raise Infeasible("no trade between zones makes flows hold")
    for _ in range(SHARPER):
        middle = 0.5 * (low + high)
        holds = _holds(dispatch, at(middle))
        low, high = np.where(holds, low, middle), np.where(holds, middle, high)
    found = at(high)
    if not _holds(dispatch, found).all():
        raise Infeasible("no trade between zones makes flows hold")
    return _change(schedule, found, found.solution.objective - schedule.solution.objective, high)


def _ways(position: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Weights w of (Y3) (Z, T) and largest trade MW (T,), by net positions MW (Z, T): two zones, then all."""
    steps, pair = np.arange(position.shape[1]), np.zeros(position.shape)
    seller, buyer = position.argmax(axis=0), position.argmin(axis=0)
    between = np.maximum(np.minimum(position[seller, steps], -position[buyer, steps]), 0.0)
    pair[seller, steps] += 1.0
    pair[buyer, steps] -= 1.0
    sold = np.maximum(position, 0.0).sum(axis=0)
    return [(pair, between), (np.divide(position, sold, out=np.zeros(position.shape), where=sold > 0), sold)]


def _positions(count: int, zone: np.ndarray, moved: np.ndarray) -> Network:
    """Zones (Z, B) held to positions MW (Z, T)."""
    steps = moved.shape[1]
    member = np.tile((np.arange(count)[:, None] == zone).astype(float), (steps, 1))
    given, none = moved.T.ravel(), np.zeros((0, steps))
    return Network(member, np.zeros((len(given), 0)), np.repeat(np.arange(steps), count), given, given, [], none, none)


def _holds(dispatch: Dispatch, schedule: Dispatch) -> np.ndarray:
    """Whether the network carries a schedule, (T,): no limit of a branch, a section or after an outage is broken."""
    builder = dispatch.model.builder
    limits = [f for f in builder.lazy_families if f.port == "injection" and f.family.name.split(".")[0] not in LOSSES]
    found = broken(limits, schedule.solution.x[: builder.column_count], {})
    good = np.ones(len(dispatch.case.time), bool)
    for _, step in found.values():
        good[step] = False
    return good
