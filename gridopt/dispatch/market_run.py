"""One run of the market as settlement, metrics and reports see it: plain arrays, no model.

    output[g,t] = what plant g gives to the network at its bus; charging, pumping and export are negative          [MW]     (M1)
    load[b,t]   = served demand: load - shedding + response of demand                                              [MW]     (M2)
    rent[k,t]   = mu flow h,   mu = worth of one more MW of the limit, signed like the flow it holds down           [CNY]    (M3)
    lost[b,t] = sum over plants at b of output - load - what b gives to the network: losses taken out there, and surplus    [MW]     (M4)

What is paid beside energy (dispatch/besides.py) stands in `besides`. A DC link is two plants, one at each end; only the first bears its
cost. Alike elements that share a column share its cost by their part of the output.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

import numpy as np

from gridopt.blocks import renewable, storage, thermal
from gridopt.dispatch.besides import Beside, awards, by_plant, of_schedule
from gridopt.dispatch.besides import joined as joined_besides
from gridopt.dispatch.elements import by_period, element_labels, element_name
from gridopt.dispatch.formulate import BLOCKS
from gridopt.dispatch.lmp import Prices, priced_by
from gridopt.dispatch.market_tables import FAR
from gridopt.dispatch.participants import Participants
from gridopt.dispatch.result import Dispatch

PLANTS = (
    ("unit", "unit_output", 1.0), ("generator", "generator_output", 1.0), ("renewable", "renewable_output", 1.0), ("csp", "csp_output", 1.0),
    ("reservoir", "hydro_output", 1.0), ("pump", "pump_power", -1.0), ("exchange", "exchange_export", -1.0),
)  # fmt: skip
"""Table, quantity, sign of what it gives to its bus."""
BY_TIME = (
    "output", "available", "cost", "load", "lost", "lmp", "energy", "congestion", "loss", "load_price", "settled", "flow", "limit", "mu",
)  # fmt: skip
PAIRS = ("span", "bought")


@dataclass(frozen=True)
class MarketRun:
    """stage DA or RT; start (T,), hours (T,); bus, zone (B,); plant 'table id', plant_bus, technology (g,); output, available MW and cost
    CNY (g, T); load and lost MW, lmp and its parts, load_price (what users pay), settled (what plants get) CNY/MWh (B, T); constraint (k,);
    flow, limit MW, mu CNY/MWh (k, T); gap and exact of the clearing; plant_price CNY/MWh (g, T): what each plant gets where that is not what
    is settled at its bus; span: lowest and highest price that are right CNY/MWh (B, T), where they are known; besides: payments beside
    energy; bought: part of the load that users buy by bids MW, and what that is worth to them CNY, (B, T) each, where they do; slack: by what
    the parts of the LMP are split; load_weights: by what load_price is a mean."""

    stage: str
    start: np.ndarray
    hours: np.ndarray
    bus: np.ndarray
    zone: np.ndarray
    plant: np.ndarray
    plant_bus: np.ndarray
    technology: np.ndarray
    output: np.ndarray
    available: np.ndarray
    cost: np.ndarray
    load: np.ndarray
    lost: np.ndarray
    lmp: np.ndarray
    energy: np.ndarray
    congestion: np.ndarray
    loss: np.ndarray
    load_price: np.ndarray
    settled: np.ndarray
    constraint: np.ndarray
    flow: np.ndarray
    limit: np.ndarray
    mu: np.ndarray
    gap: float = 0.0
    exact: bool = True
    plant_price: np.ndarray | None = None
    span: tuple[np.ndarray, np.ndarray] | None = None
    besides: tuple[Beside, ...] = ()
    bought: tuple[np.ndarray, np.ndarray] | None = None
    slack: str = "load"
    load_weights: str = "load"

    @property
    def rent(self) -> np.ndarray:
        """(M3), (k, T)."""
        return np.where(self.mu != 0, self.mu * self.flow * self.hours, 0.0)

    @property
    def price_at_plant(self) -> np.ndarray:
        """What each plant gets CNY/MWh (g, T)."""
        return self.settled[self.plant_bus] if self.plant_price is None else self.plant_price

    @property
    def paid_besides(self) -> np.ndarray:
        """What each plant earns beside energy CNY (g, T); others that are paid, such as users that decide, are not among them."""
        return by_plant(of_schedule(self.besides), self.plant, len(self.start))

    @classmethod
    def of(cls, dispatch: Dispatch, prices: Prices, stage: str, settled: np.ndarray | None = None) -> MarketRun:
        """A cleared dispatch, or the schedule that the rule pays in its place, at the prices of a rule; `settled` (B, T): what plants get
        where a floor or cap changes it."""
        dispatch = prices.paid(dispatch)
        case, solution = dispatch.case, dispatch.solution
        plants = plants_of(dispatch)
        load = dispatch.served
        given = np.zeros(load.shape)
        np.add.at(given, plants.bus, plants.output)
        constraint, flow, limit, mu = limits_of(dispatch, prices)
        moved = prices.change.paid if prices.settled and prices.change is not None else ()
        return cls(
            stage, case.time.start, case.time.hours, case.table("bus").index.to_numpy(str), case.table("bus")["zone"].to_numpy(str),
            plants.name, plants.bus, plants.technology, plants.output, plants.available, costs_of(dispatch, plants), load,
            given - load - dispatch.injection, prices.lmp, prices.energy, prices.congestion, prices.loss,
            prices.price if prices.load_price is None else prices.load_price, prices.price if settled is None else settled,
            constraint, flow, limit, mu, max(solution.gap, 0.0), bool(solution.finished and solution.gap <= 1e-9), span=prices.span,
            besides=(*paid_besides(dispatch, prices), *(prices.uplift or ()), *moved), slack=prices.slack, load_weights=prices.load_weights,
        )  # fmt: skip

    def part(self, first: int, last: int) -> MarketRun:
        """Periods first..last-1 of the run."""
        cut = {f.name: getattr(self, f.name)[..., first:last] for f in fields(self) if f.name in (*BY_TIME, "start", "hours")}
        own = None if self.plant_price is None else self.plant_price[:, first:last]
        pairs: dict[str, Any] = {n: v and tuple(one[:, first:last] for one in v) for n, v in ((n, getattr(self, n)) for n in PAIRS)}
        return replace(self, **cut, **pairs, plant_price=own, besides=tuple(b.part(first, last) for b in self.besides))

    @classmethod
    def joined(cls, runs: Sequence[MarketRun]) -> MarketRun:
        """Runs that follow each other as one; constraints that a run does not name have no price in it, its flow there is nan."""
        first = runs[0]
        names = list(dict.fromkeys(n for r in runs for n in r.constraint))
        place = {n: i for i, n in enumerate(names)}
        spread = {f: [_spread(getattr(r, f), [place[n] for n in r.constraint], len(names), f) for r in runs] for f in ("flow", "limit", "mu")}
        for r in runs[1:]:
            if not np.array_equal(r.plant, first.plant) or not np.array_equal(r.bus, first.bus):
                raise ValueError("runs of different networks cannot be joined")
        parts = {f.name: [getattr(r, f.name) for r in runs] for f in fields(cls) if f.name in (*BY_TIME, "start", "hours")}
        joined = {k: np.concatenate(spread.get(k, v), axis=-1) for k, v in parts.items()}
        kept = {f.name: getattr(first, f.name) for f in fields(cls)}
        if any(r.plant_price is not None for r in runs):
            kept["plant_price"] = np.concatenate([r.price_at_plant for r in runs], axis=1)
        for name in PAIRS:
            pairs = [getattr(r, name) for r in runs]
            kept[name] = None if None in pairs else tuple(np.concatenate(ends, axis=1) for ends in zip(*pairs, strict=True))
        kept["besides"] = joined_besides([(r.besides, len(r.start)) for r in runs])
        whole = {"constraint": np.array(names, dtype=object), "gap": max(r.gap for r in runs), "exact": all(r.exact for r in runs)}
        return cls(**(kept | joined | whole))


def _spread(values: np.ndarray, place: list[int], size: int, name: str) -> np.ndarray:
    """Rows (k, T) at their places among (size, T)."""
    found = np.full((size, values.shape[1]), 0.0 if name == "mu" else np.nan)
    found[place] = values
    return found


class Given(NamedTuple):
    """Output that no column of a participant shows, as the available output of a wind farm whose column is what it curtails.

    part, bus int (n,): whose and where; power (n, T) MW, parts of it negative; cost (g, T) CNY of each participant that no column changes."""

    part: np.ndarray
    bus: np.ndarray
    power: np.ndarray
    cost: np.ndarray

    def revenue(self, price: np.ndarray, hours: np.ndarray) -> np.ndarray:
        """What it earns at prices (B, T) CNY/MWh, by participant (g, T) CNY."""
        found = np.zeros(self.cost.shape)
        np.add.at(found, self.part, self.power * price[self.bus] * hours)
        return found


def given(dispatch: Dispatch, people: Participants) -> Given:
    """Output and cost of participants beyond what their columns show: the whole less what these offer."""
    plants, builder, x = plants_of(dispatch), dispatch.model.builder, dispatch.solution.x
    place = {name: g for g, text in enumerate(people.names) for name in str(text).split(" + ")}
    leader = plants.name[_leaders(dispatch, plants.name)]
    of = np.array([place.get(n.removesuffix(FAR), -1) for n in leader], int)
    known = np.bincount(of[of >= 0], minlength=len(people.names)) > 0
    parts = [(of[of >= 0], plants.bus[of >= 0], plants.output[of >= 0])]
    for at, columns, coef in builder.port("injection").offers():
        part = people.part[columns[:, 0]] if columns.size else np.zeros(len(at), int)  # an element is one participant at all times
        mine = known[part]
        parts.append((part[mine], at[mine], -(coef * x[columns])[mine]))
    cost = np.zeros((len(people.names), len(dispatch.case.time)))
    for name, dim, labels, amount in builder.fixed_parts:
        g = np.array([place.get(element_name(name, dim, v), -1) for v in labels], int)
        np.add.at(cost, g[g >= 0], amount[g >= 0])
    part, bus, power = (np.concatenate(p) for p in zip(*parts, strict=True))
    return Given(part, bus, power, cost)


class Plants(NamedTuple):
    """Elements of one kind: names, bus, technology (n,); output and what was available MW (n, T)."""

    name: np.ndarray
    bus: np.ndarray
    technology: np.ndarray
    output: np.ndarray
    available: np.ndarray


def plants_of(dispatch: Dispatch) -> Plants:
    """All plants, kind by kind."""
    case, q, ports = dispatch.case, dispatch.quantities, dispatch.model.builder.ports

    def of(table: str, output: np.ndarray, most: np.ndarray, at: str = "bus", suffix: str = "") -> Plants:
        rows = case.table(table)
        kind = rows["technology"] if "technology" in rows else np.full(len(rows), table, dtype=object)
        names = np.array([f"{table} {i}{suffix}" for i in rows.index], dtype=object)
        return Plants(names, case.position("bus", rows[at]), np.asarray(kind, dtype=object), output, np.maximum(most, output))

    found = []
    for table, quantity, sign in PLANTS:
        output, port = sign * q[quantity].values, ports.get(f"{table}_available")
        most = q["renewable_available"].values if table == "renewable" else output
        found.append(of(table, output, most if port is None else port.value(dispatch.solution.x)))
    sent, received = q["dc_sent"].values, q["dc_received"].values
    found += [
        of("storage", q["storage_discharge"].values - q["storage_charge"].values, _power(case, "storage")),
        of("pumped", q["pumped_generate"].values - q["pumped_pump"].values, _power(case, "pumped")),
        of("dc_link", -sent, -sent, "from_bus"), of("dc_link", received, received, "to_bus", FAR),
    ]  # fmt: skip
    if "dc_market_sold" in q:
        sold, table = q["dc_market_sold"].values, case.table("dc_market")
        bus = case.position("bus", case.table("dc_link")["to_bus"].reindex(table["dc_link"]))
        names = np.array([f"dc_market {i}" for i in table.index], dtype=object)
        found.append(Plants(names, bus, np.full(len(table), "dc_market", dtype=object), -sold, np.zeros_like(sold)))
    name, bus, kind, output, able = (np.concatenate(p) for p in zip(*found, strict=True))
    return Plants(name, bus.astype(int), kind, output, able)


def _power(case, table: str) -> np.ndarray:
    """Largest power of the elements of a table while in service MW (n, T)."""
    return case.table(table)["power_max_mw"].to_numpy(float)[:, None] * case.in_service(table)


def costs_of(dispatch: Dispatch, plants: Plants) -> np.ndarray:
    """Cost of each plant at its offers CNY (g, T); what is over no step is spread over all hours."""
    builder, x = dispatch.model.builder, dispatch.solution.x
    worth = np.zeros(len(x))
    for parts, power in ((builder.costs, 1), (builder.squares, 2)):
        for column, rate in (pair for pairs in parts.values() for pair in pairs):
            np.add.at(worth, column, rate * x[column] ** power)
    found = _by_element(dispatch, worth)
    for part, dim, labels, amount in builder.fixed_parts:
        for key, values in zip((element_name(part, dim, v) for v in labels), amount, strict=True):
            found[key] = found.get(key, 0.0) + values
    return _shared(dispatch, plants.name, plants.output, found)


def of_plants(dispatch: Dispatch, worth: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Worth (n,) CNY of columns by plant and period (g, T), of alike plants by weight (g, T); of columns over no period by hours."""
    return _shared(dispatch, plants_of(dispatch).name, weight, _by_element(dispatch, worth))


def _by_element(dispatch: Dispatch, worth: np.ndarray) -> dict[str, np.ndarray]:
    """Worth (n,) CNY of columns by name of element, (T,) each; columns that a rule has added, such as exchanges, are no element's."""
    names, label = element_labels(dispatch.model.builder)
    step, hours = dispatch.solution.form.column_step[: len(label)], dispatch.case.time.hours
    return dict(zip(names, by_period(worth[: len(label)], label, len(names), step, hours), strict=True))


def _shared(dispatch: Dispatch, plant: np.ndarray, part: np.ndarray, found: dict[str, np.ndarray]) -> np.ndarray:
    """Amounts (T,) by name of elements, by plant (g, T): awards are those of the plant that gives them; alike plants that are one element
    share by `part` (g, T), of either sign."""
    of, place = _leaders(dispatch, plant), {n: i for i, n in enumerate(plant)}
    offers, nothing = dispatch.case.reserve_offers, np.zeros(len(dispatch.case.time))
    for name, kind, i in zip(offers.name, offers.kind, offers.place, strict=True):  # the cost of an award is one of the element that gives it
        key = plant[of[place[f"{kind} {dispatch.case.table(kind).index[i]}"]]]
        found[key] = found.get(key, nothing) + found.pop(f"award {name}", nothing)
    shared = np.zeros(part.shape)
    for lead in np.unique(of):
        mine = np.flatnonzero(of == lead)
        weight = np.abs(part[mine])
        weight = np.where(weight.sum(axis=0) > 0, weight, 1.0)
        shared[mine] = weight / weight.sum(axis=0) * found.get(plant[lead], 0.0)
    return shared


def acting(dispatch: Dispatch) -> dict[str, str]:
    """By name of a plant the element that decides for it: the first of alike ones, the link of a far end, mostly itself."""
    plant = plants_of(dispatch).name
    return {str(n): str(lead).removesuffix(FAR) for n, lead in zip(plant, plant[_leaders(dispatch, plant)], strict=True)}


def _leaders(dispatch: Dispatch, plant: np.ndarray) -> np.ndarray:
    """Plant that bears the name of the columns of each plant, int (g,)."""
    place, of = {n: i for i, n in enumerate(plant)}, np.arange(len(plant))
    for table, block in (("unit", thermal), ("renewable", renewable), ("storage", storage)):
        columns, ids = dispatch.model.columns[BLOCKS.index(block)], dispatch.case.table(table).index
        rows = columns.rows if block is thermal else np.arange(len(ids))
        for row, group in zip(rows, columns.groups.of, strict=True):
            of[place[f"{table} {ids[row]}"]] = place[f"{table} {columns.groups.name[group]}"]
    return of


class _Limits(NamedTuple):
    """Constraints of one kind: names (k,); flow, lower and upper limit MW, signed mu CNY/MWh (k, T)."""

    name: np.ndarray
    flow: np.ndarray
    low: np.ndarray
    high: np.ndarray
    mu: np.ndarray


def limits_of(dispatch: Dispatch, prices: Prices) -> tuple[np.ndarray, ...]:
    """Names (k,), flow MW, limit MW and signed mu CNY/MWh (k, T) of branches and interfaces with a limit, of limits after outages that have
    a price, at the prices of a rule, and of the limits of trade that a rule has in their place."""
    solved = _priced_by(dispatch, prices)
    parts = [_branches(solved), *_interfaces(solved), _after_outages(solved), *_margins(prices)]
    name, flow, low, high, mu = (np.concatenate(p) for p in zip(*parts, strict=True))
    return name, flow, np.where(mu < 0, low, np.where(mu > 0, high, np.where(flow < 0, low, high))), mu


def _branches(solved: Dispatch) -> _Limits:
    grid = solved.case.grid
    some = np.flatnonzero((np.isfinite(grid.upper) | np.isfinite(grid.lower)).any(axis=1))
    mu = solved.branch_shadow_price * np.where(solved.pushes["branch_forward"], 1.0, -1.0)
    return _Limits(grid.branches.ids.astype(object)[some], solved.flow[some], grid.lower[some], grid.upper[some], mu[some])


def _interfaces(solved: Dispatch) -> list[_Limits]:
    if not len(solved.case.table("interface")):
        return []
    low, high = solved.interface_limits
    some = np.flatnonzero((np.isfinite(low) | np.isfinite(high)).any(axis=1))
    mu = -solved.interface_dual / solved.case.time.hours
    name = solved.case.table("interface").index.to_numpy(object)
    return [_Limits(name[some], solved.interface_flow[some], low[some], high[some], mu[some])]


def _after_outages(solved: Dispatch) -> _Limits:
    """Names 'branch|contingency'; a flow is known (not nan) where its row has a price."""
    case, solution = solved.case, solved.solution
    lazy = next((f for f in solved.model.builder.lazy_families if f.family.name == "contingency.limit"), None)
    element, step, row = solution.added.get("contingency.limit", np.zeros((3, 0), int))
    used = solution.y[row] != 0
    some, place = np.unique(element[used], return_inverse=True)
    if lazy is None or not len(some):
        none = np.zeros((0, len(case.time)))
        return _Limits(np.array([], dtype=object), none, none, none, none)
    label, row, step = lazy.family.labels(some), row[used], step[used]
    position = {b: i for i, b in enumerate(case.grid.branches.ids)}
    limit = case.grid.emergency[[position[branch] for _, branch in label]]
    flow, mu = np.full(limit.shape, np.nan), np.zeros(limit.shape)
    flow[place, step] = limit[place, step] - solution.form.row_upper[row] + solution.form.matrix[row] @ solution.x
    mu[place, step] = -solution.y[row] / case.time.hours[step]
    name = np.empty(len(some), dtype=object)
    name[:] = [f"{branch}|{outage}" for outage, branch in label]
    return _Limits(name, flow, -limit, limit, mu)


def _margins(prices: Prices) -> list[_Limits]:
    """Limits of trade between zones."""
    if not prices.margins:
        return []
    name, flow, limit, mu = zip(*prices.margins, strict=True)
    return [_Limits(np.array(name, dtype=object), np.array(flow), np.array(limit), np.array(limit), np.array(mu))]


def paid_besides(dispatch: Dispatch, prices: Prices) -> tuple[Beside, ...]:
    """What a rule pays beside energy; where it pays as offered, awards have no price of their own."""
    return (*awards(dispatch, _priced_by(dispatch, prices).solution.y), *prices.besides)


def _priced_by(dispatch: Dispatch, prices: Prices) -> Dispatch:
    """The dispatch with the duals that prices are made of; no limit has a price where they are made of none (paid as offered)."""
    y = np.zeros(0) if prices.dual is None else prices.dual
    return dispatch if prices.people is None else priced_by(dispatch, prices.people, y)
