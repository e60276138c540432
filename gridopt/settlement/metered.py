"""What is settled: who was there, how much energy day-ahead and in real time, at what price.

    Q[g,t] = output h,   Q[u,t] = share[u] load h                                                          [MWh]     (V1)
    price of a plant: `settled` at its bus;   of a user: `load_price` there                                                (V2)
    paid as offered, day-ahead: what plants are paid (dispatch/as_offered.py) over energy, without energy `idle` [CNY]      (V3)

Without a run in real time the day-ahead schedule is what happened. Plants and users stand in one order in all arrays. Paid as offered, a
plant that takes energy, such as an export, pays what users pay at its bus.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from gridopt.case.case import Case
from gridopt.dispatch.as_offered import LEAST_MWH, of_run, offers
from gridopt.dispatch.besides import Beside
from gridopt.dispatch.market_run import MarketRun
from gridopt.settlement.ledger import horizon
from gridopt.settlement.rules import Settlement


@dataclass(frozen=True)
class Stage:
    """One run (day-ahead or real time) in energy: plants MWh (g, T), users MWh (u, T), prices CNY/MWh of both; lost MWh at each bus, lmp, its
    energy and congestion parts, and what plants get (B, T); cost CNY and available MWh (g, T); idle: paid as offered without energy CNY
    (g, T); besides: payments beside energy."""

    plant: np.ndarray
    user: np.ndarray
    plant_price: np.ndarray
    user_price: np.ndarray
    lost: np.ndarray
    lmp: np.ndarray
    energy: np.ndarray
    congestion: np.ndarray
    settled: np.ndarray
    cost: np.ndarray
    available: np.ndarray
    idle: np.ndarray
    besides: tuple[Beside, ...] = ()


@dataclass(frozen=True)
class Metered:
    """start, hours (T,); bus, zone (B,); plant, plant_bus, technology (g,); user, user_bus, guaranteed, regulated price (u,); da, rt."""

    start: np.ndarray
    hours: np.ndarray
    bus: np.ndarray
    zone: np.ndarray
    plant: np.ndarray
    plant_bus: np.ndarray
    technology: np.ndarray
    user: np.ndarray
    user_bus: np.ndarray
    guaranteed: np.ndarray
    regulated: np.ndarray
    da: Stage
    rt: Stage

    def run(self, stage: str) -> Stage:
        """The run called DA or RT."""
        return self.rt if stage == "RT" else self.da

    def horizon(self, name: str) -> np.ndarray:
        """Number of the horizon of each period, int (T,)."""
        return horizon(self.start, name)

    @cached_property
    def kind(self) -> np.ndarray:
        """Table of each plant (g,)."""
        return np.array([str(p).partition(" ")[0] for p in self.plant], dtype=object)

    def plants_of(self, kind: str, element: str, technology: str) -> np.ndarray:
        """Positions of the plants that a row of a table names, int; those that are not in the run are left out."""
        if element:
            return np.flatnonzero(self.plant == f"{kind} {element}")
        far = np.array([str(p).endswith(" far end") for p in self.plant], bool)
        mine = (self.kind == kind) & ~far
        return np.flatnonzero(mine & (self.technology == technology) if technology else mine)

    def users_of(self, buyer: str) -> np.ndarray:
        """Positions of users: of the one called so, of the rest of the load of a bus, or of all ('')."""
        if not buyer:
            return np.arange(len(self.user))
        mine = np.flatnonzero(self.user == f"user {buyer}")
        return mine if len(mine) else np.flatnonzero(self.user == f"load {buyer}")


def metered(day_ahead: MarketRun, real_time: MarketRun | None, case: Case, rules: Settlement) -> Metered:
    """(V1), (V2). Raises ValueError for runs of different networks or periods."""
    real = day_ahead if real_time is None else _aligned(day_ahead, real_time)
    if real_time is not None:
        day_ahead = _aligned(real_time, day_ahead, real.plant)
        real = _aligned(day_ahead, real, real.plant)
    user, bus, share, guaranteed, regulated = _users(day_ahead, real, case)

    def stage(run: MarketRun) -> Stage:
        output = run.output * run.hours
        return Stage(
            output, share[:, None] * run.load[bus] * run.hours, run.price_at_plant, run.load_price[bus], run.lost * run.hours,
            run.lmp, run.energy, run.congestion, run.settled, run.cost, run.available * run.hours, np.zeros_like(run.cost), run.besides,
        )  # fmt: skip

    da = stage(day_ahead)
    rt = da if real_time is None else stage(real)
    if rules.plants == "offer":
        idle = np.where(np.abs(da.plant) > LEAST_MWH, 0.0, offers(real.plant, da.plant, da.cost))
        da = replace(da, plant_price=of_run(day_ahead).price_at_plant, idle=idle)
    return Metered(
        day_ahead.start, day_ahead.hours, day_ahead.bus, day_ahead.zone, real.plant, real.plant_bus, real.technology, user, bus, guaranteed,
        regulated, da, rt,
    )  # fmt: skip


def _aligned(first: MarketRun, second: MarketRun, order: np.ndarray | None = None) -> MarketRun:
    """`second` with the plants of `first`, then those that only it has (or in `order`); a plant that a run does not know gives nothing."""
    if not np.array_equal(first.bus, second.bus):
        raise ValueError("day-ahead and real time have different buses")
    if not (np.array_equal(first.start, second.start) and np.array_equal(first.hours, second.hours)):
        raise ValueError("day-ahead and real time have different periods")
    known = {p: i for i, p in enumerate(second.plant)}
    of_first = {p: i for i, p in enumerate(first.plant)}
    names = list(dict.fromkeys([*first.plant, *second.plant])) if order is None else list(order)
    if names == list(second.plant):
        return second
    place = np.array([known.get(n, -1) for n in names], int)
    there = place >= 0

    def spread(values: np.ndarray) -> np.ndarray:
        found = np.zeros((len(names), values.shape[1]))
        found[there] = values[place[there]]
        return found

    def either(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.array([a[known[n]] if n in known else b[of_first[n]] for n in names], dtype=a.dtype)

    bus = either(second.plant_bus, first.plant_bus)
    price = None
    if second.plant_price is not None:
        price = second.settled[bus]
        price[there] = second.plant_price[place[there]]
    return replace(
        second, plant=np.array(names, dtype=object), plant_bus=bus, technology=either(second.technology, first.technology),
        output=spread(second.output), available=spread(second.available), cost=spread(second.cost), plant_price=price,
    )  # fmt: skip


def _users(day_ahead: MarketRun, real: MarketRun, case: Case) -> tuple[np.ndarray, ...]:
    """Names, bus, share of its load, whether guaranteed, and regulated price (u,): those of table user, then the rest of each bus."""
    table = case.table("user")
    place = {b: i for i, b in enumerate(day_ahead.bus)}
    bus = np.array([place[b] for b in table["bus"]], int)
    share = table["share"].to_numpy(float)
    rest = np.ones(len(day_ahead.bus))
    np.subtract.at(rest, bus, share)
    # A rest below rounding is none: the shares of a bus are checked to add up to at most 1.
    buys = np.isin(day_ahead.bus, case.table("contract")["buyer"].to_numpy(str))
    open_ = np.flatnonzero((rest > 1e-9) & (((day_ahead.load != 0) | (real.load != 0)).any(axis=1) | buys))
    names = [f"user {u}" for u in table.index] + [f"load {b}" for b in day_ahead.bus[open_]]
    guaranteed = np.concatenate([(table["use"] == "guaranteed").to_numpy(bool), np.zeros(len(open_), bool)])
    price = np.concatenate([np.nan_to_num(table["price_cny_per_mwh"].to_numpy(float)), np.zeros(len(open_))])
    return np.array(names, dtype=object), np.concatenate([bus, open_]), np.concatenate([share, rest[open_]]), guaranteed, price
