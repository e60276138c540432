"""Guide: what the whole horizon as one linear program says about what lies beyond a window.

A window that knows only a few days would empty every reservoir and send a year's contract as it pleases. The whole horizon, as a
linear program in longer steps, is solved once; of its optimum these are kept, at the ends of its steps (instants e, hours from
the start):

    volume[r,e] hm3, water_value[r,e] CNY/hm3     of reservoirs: dual of hydro.water_balance of the step that ends then
    energy[s,e] MWh                               of stores
    sent[c,e], bundled[c,e] MWh                   of contracts, within their periods, from the start
    fuel[s,e] tce                                 of fuel stocks
    called[i,e] h                                 of interruptible loads, from the start, called power over their power
    aim                                           whether limits of contracts were drawn in (`aimed`), bool ()
    burnt[k,e] tce, emitted[k,e] t                of fuel budgets and emission caps, within their periods, from the start
    budget_mwh[b,e], budget_hm3[b,e]              energy and release of hydro budgets, within their periods, from the start
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace

import numpy as np
import pandas as pd

from gridopt.case.case import Case
from gridopt.case.pools import pools, studied
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.single import LONG_H, dispatch
from gridopt.program.solution import Infeasible

STEP_H = 1.0
"""Length of the steps of a long horizon, where the study has shorter ones. Longer steps would promise more bundled energy than hours give."""
AIM = 0.005
"""Share by which limits of contracts are drawn in until their end is in sight: hours and whole steps miss what was planned by a little."""
RESERVES = ("reserve", "reserve_nesting", "reserve_offer", "reserve_shortage")
DAY = np.timedelta64(86400, "s")


@dataclass(frozen=True)
class Guide:
    """`hours` float (E,); arrays (element, E) in the order of the case's tables (contracts of dc_contract)."""

    hours: np.ndarray
    volume: np.ndarray
    water_value: np.ndarray
    energy: np.ndarray
    sent: np.ndarray
    bundled: np.ndarray
    fuel: np.ndarray
    burnt: np.ndarray
    emitted: np.ndarray
    budget_mwh: np.ndarray
    budget_hm3: np.ndarray
    called: np.ndarray
    aim: np.ndarray
    cost: float

    def at(self, name: str, hour: float) -> np.ndarray:
        """An array at an instant, (element,), straight between the instants that are known."""
        return np.array([np.interp(hour, self.hours, row) for row in getattr(self, name)]).reshape(-1)

    def arrays(self) -> dict[str, np.ndarray]:
        return {name: np.asarray(value) for name, value in asdict(self).items()}

    @classmethod
    def read(cls, arrays: Mapping[str, np.ndarray]) -> Guide:
        return cls(**{name: arrays[name] for name in cls.__dataclass_fields__ if name != "cost"}, cost=float(arrays["cost"]))


def make_guide(case: Case, workers: int, progress: Callable[[str], None], aim: bool) -> Guide:
    """Solves the whole horizon as a linear program (plain_case); aim: with limits of contracts drawn in, where it has an optimum then.
    Raises as `dispatch` does."""
    plain, contract = plain_case(case), case.table("dc_contract")
    drawn = aimed(contract, np.full(len(contract), aim))
    try:
        found = dispatch(replace(plain, tables={**plain.tables, "dc_contract": drawn}), workers=workers, progress=progress)
    except Infeasible:
        if drawn.equals(contract):
            raise
        found, aim = dispatch(plain, workers=workers, progress=progress), False
    values, quantities = found.values, found.quantities
    store = (case.table("reservoir")["volume_max_hm3"] > case.table("reservoir")["volume_min_hm3"]).to_numpy()
    volume = _with_start(case.table("reservoir")["volume_start_hm3"].to_numpy(float), quantities["reservoir_volume"].values)
    worth = np.zeros(volume.shape)
    if store.any():
        worth[store, 1:] = values.dual("hydro.water_balance")
        worth[:, 0] = worth[:, 1]
    energy = quantities["storage_energy"].values
    start = np.where(case.table("storage")["cyclic"].to_numpy(bool), energy[:, -1], np.nan)
    inside, link = in_period(plain), case.position("dc_link", case.table("dc_contract")["dc_link"])
    sent, bundled = (_with_start(0.0, np.cumsum(inside * v[link], axis=1)) for v in (link_power(found), quantities["dc_bundled"].values))
    hours = np.append(0.0, np.cumsum(plain.time.hours))
    stock = quantities["fuel_stock_level"].values if len(case.table("fuel_stock")) else np.zeros((0, len(plain.time)))
    fuel = _with_start(case.table("fuel_stock")["stock_start_tce"].to_numpy(float), stock)
    burnt, emitted = (_with_start(0.0, np.cumsum(v, axis=1)) for v in spent_of(found))
    power, called = case.table("interruptible")["power_max_mw"].to_numpy(float)[:, None], np.zeros((0, len(plain.time)))
    if len(power):
        called = quantities["interruptible_called"].values / np.where(power > 0, power, 1.0) * plain.time.hours
    called = _with_start(0.0, np.cumsum(called, axis=1))
    given, released = (_with_start(0.0, np.cumsum(v, axis=1)) for v in hydro_of(found))
    levels = volume, worth, _with_start(start, energy)
    used = sent, bundled, fuel, burnt, emitted, given, released, called
    return Guide(hours, *levels, *used, np.asarray(aim), found.solution.objective)


def spent_of(found: Dispatch) -> tuple[np.ndarray, np.ndarray]:
    """In each step inside the period: fuel burnt of each budget tce (k, T), and CO2 under each cap t (k, T)."""
    case, port, x = found.case, found.model.builder.port, found.solution.x
    (within, _), (under, _) = (studied(case, case.table(t)) for t in ("fuel_budget", "emission_cap"))
    burnt = port("fuel", len(pools(case))).value(x)[: len(within)]
    return within * burnt * case.time.hours, under * port("emission", 1).value(x) * case.time.hours


def hydro_of(found: Dispatch) -> tuple[np.ndarray, np.ndarray]:
    """In each step inside the period of each hydro budget: energy MWh and release hm3 (b, T)."""
    case, table, quantities = found.case, found.case.table("hydro_budget"), found.quantities
    hours, plant = budgeted(case) * case.time.hours, case.position("reservoir", table["reservoir"])
    return hours * quantities["hydro_output"].values[plant], 0.0036 * hours * quantities["reservoir_release"].values[plant]


def plain_case(case: Case) -> Case:
    """The case that the guide solves: without losses of AC branches, decisions left out, but relaxed where generators are switched: those
    would always be on otherwise. With decisions go reserves: where everything is on there is reserve enough, and the rows that say so make
    a year twice as large."""
    time = case.time
    group = max(round(STEP_H / time.hours.max()), 1) if time.hours.sum() >= LONG_H else 1
    switched = case.commitment != "off" and (case.table("commitment")["kind"] == "generator").any()
    bare = {} if case.commitment == "off" else {n: case.table(n).iloc[:0] for n in RESERVES}
    plain = replace(case, tables={**case.tables, **bare}, commitment="relaxed" if switched else "off", losses="off")
    return plain.on_time(time.coarsen(group))


def aimed(table: pd.DataFrame, some: np.ndarray) -> pd.DataFrame:
    """Table dc_contract with the limits of some contracts, bool (k,), drawn in by AIM of what is left of them to send and to bundle, of
    energy no further than to their middle."""
    columns = ("energy_min_mwh", "energy_max_mwh", "renewable_share_min", "bundled_outside_mwh")
    low, high, share, bundled = (table[c].to_numpy(float) for c in columns)
    outside, middle = table["sent_outside_mwh"].fillna(0.0).to_numpy(float), 0.5 * (low + high)
    part = np.minimum(share * AIM, 1.0 - share)
    drawn = (
        np.fmin(low + AIM * np.maximum(low - outside, 0.0), middle), np.fmax(high - AIM * np.maximum(high - outside, 0.0), middle),
        share + part, bundled + part * outside,
    )  # fmt: skip
    return table.assign(**{c: np.where(some, v, table[c].to_numpy(float)) for c, v in zip(columns, drawn, strict=True)})


def in_period(case: Case) -> np.ndarray:
    """Hours of each step inside the period of each contract, (C, T)."""
    begin, end = (case.table("dc_contract")[c].to_numpy("datetime64[s]") for c in ("start_date", "end_date"))
    return case.time.share_between(begin, end + DAY) * case.time.hours if len(begin) else np.zeros((0, len(case.time)))


def budgeted(case: Case) -> np.ndarray:
    """Share of each step inside the period of each hydro budget (b, T)."""
    begin, end = (case.table("hydro_budget")[c].to_numpy("datetime64[s]") for c in ("start_date", "end_date"))
    return case.time.share_between(begin, end + DAY) if len(begin) else np.zeros((0, len(case.time)))


def link_power(found: Dispatch) -> np.ndarray:
    """Power of DC links at their sending ends, positive from from_bus to to_bus, MW (D, T)."""
    quantities = found.quantities
    return quantities["dc_power" if "dc_power" in quantities else "dc_sent"].values


def _with_start(start, values: np.ndarray) -> np.ndarray:
    first = np.broadcast_to(np.asarray(start, float), len(values))
    return np.concatenate([first[:, None], values], axis=1)
