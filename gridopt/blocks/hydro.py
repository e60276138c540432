"""Hydro: plants along rivers, with and without a reservoir.

Sets        r plant, u(r) plants directly above it, t step of length h[t] hours
Data        inflow I[r,t] between the plants above and r, k = power_mw_per_m3s, travel time of water from u to r,
            volume bounds, start and least end volume, what a hm3 missing from it costs and one above it is worth,
            release bands by season (ecology, ice, irrigation)
Columns     hydro.turbine q [m3/s] of every plant; hydro.release R [m3/s] and hydro.volume V [hm3] of plants with a reservoir;
            hydro.end_short a, hydro.end_spare b [hm3] of reservoirs whose end has a price, 0 but in the last step

    V[t-1] + 0.0036 h[t] (I[t] + arriving[t] + added[t] - R[t]) - V[t] = 0     (H1)  hydro.water_balance
    q[t] - R[t] <= 0, the rest is spilled                                 (H2)  hydro.through_turbine
    q[t] - arriving[t] <= I[t]    without reservoir: all water passes     (H3)  hydro.run_of_river
    Rmin <= R <= Rmax,  Vmin <= V <= Vmax,  V[last] >= Vend,  0 <= k q <= power_max_mw    (H4)  (by zone where head varies)
    V[last] + a - b >= Vend    where a hm3 missing (then without (H4)) or above has a price      (H5)  hydro.end_volume

    arriving[r,t] = sum over u of the water that passed u a travel time earlier; a step receives from each earlier step in
    proportion to the overlap of the shifted step with it. Water under way at the start: release_past, before that release_before_m3s.

Cost        hydro.end_short = cost x a;  hydro.end_value = -worth x b
Ports       injection: k q;  reservoir_output: k q;  reservoir_turbine: q;  reservoir_release: R;  reservoir_volume: V;
            draws on reservoir_water: added [m3/s];  where there are reserves also reservoir_available: the smaller of power_max_mw and
            k Rmax, reservoir_least 0, reservoir_stored, reservoir_stored_before: k (V - Vmin) / 0.0036 after and before the step [MWh]
Dual        hydro.water_balance: value of one more hm3 [CNY/hm3] (reservoir_water_value)
Assumes     fixed head, but for plants with zones of head (block head); no evaporation
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from gridopt.case.rivers import arrival, downstream_order, least_rate, under_way
from gridopt.program.labels import Quantity

FLOW_MAX = 30000.0
"""m3/s; above any release of the rivers modelled: keeps every column in a box."""


SLOW_H = 168.0
"""A reservoir that its turbines cannot empty in this time follows the seasons."""


class Columns(NamedTuple):
    """store: plants with a reservoir; ended: those of them, by place among them, whose end volume has a price."""

    turbine: np.ndarray
    release: np.ndarray
    volume: np.ndarray
    ended: np.ndarray
    end_short: np.ndarray
    end_spare: np.ndarray
    store: np.ndarray
    inflow: np.ndarray


def declare(case, b):
    """Columns with the bounds (H4), costs of (H5), and injections."""
    plant, time = case.table("reservoir"), case.time.index
    k = plant["power_mw_per_m3s"].to_numpy(float)[:, None]
    able = plant["power_max_mw"].to_numpy(float)[:, None] * case.in_service("reservoir")
    through = able / least_rate(case)[:, None]
    store = np.flatnonzero(plant["volume_max_hm3"] > plant["volume_min_hm3"])
    turbine = b.columns("hydro.turbine", unit="m3/s", over={"reservoir": plant.index, "time": time}, upper=through)
    over = {"store": plant.index[store], "time": time}
    low, high = _bands(case)
    release = b.columns("hydro.release", unit="m3/s", over=over, lower=low[store], upper=high[store])
    edges = (plant[f"volume_{c}_hm3"].to_numpy(float)[store, None] for c in ("min", "max"))
    v_low, v_high = (np.repeat(v, len(time), axis=1) for v in edges)
    hard = plant["end_short_cny_per_hm3"].isna().to_numpy()[store, None]
    v_low[:, -1:] = np.where(hard, np.maximum(v_low[:, -1:], plant["volume_end_hm3"].to_numpy(float)[store, None]), v_low[:, -1:])
    volume = b.columns("hydro.volume", unit="hm3", over=over, lower=v_low, upper=v_high)
    room = plant["volume_max_hm3"] - plant["volume_min_hm3"]
    hours_to_empty = room * plant["power_mw_per_m3s"] / (0.0036 * plant["power_max_mw"])
    b.slow(volume[(hours_to_empty.to_numpy(float)[store] > SLOW_H)])
    b.port("injection").add(case.position("bus", plant["bus"]), turbine, k)
    every = np.arange(len(plant))
    for port, at, columns, coef in (("output", every, turbine, k), ("turbine", every, turbine, 1.0), ("release", store, release, 1.0),
                                    ("volume", store, volume, 1.0)):  # fmt: skip
        b.port(f"reservoir_{port}", len(plant)).add(at, columns, coef)
    b.port("reservoir_water", len(plant))
    if len(case.table("reserve")):
        _offer_by_plant(case, b, turbine, np.minimum(able, k * high), (store, volume))
    return Columns(turbine, release, volume, *_ends(case, b, plant.iloc[store]), store, case.series(plant["profile"], 0.0))


def _ends(case, b, plant):
    """Places of the reservoirs of (H5), and its columns."""
    cost, worth = (plant[f"end_{c}_cny_per_hm3"].to_numpy(float) for c in ("short", "value"))
    ended = np.flatnonzero(~np.isnan(cost) | (worth > 0))
    over, found = {"store": plant.index[ended], "time": case.time.index}, []
    room = np.zeros((len(ended), len(case.time)))
    room[:, -1:] = plant["volume_max_hm3"].to_numpy(float)[ended, None]
    for name, may, price in (("end_short", ~np.isnan(cost), np.nan_to_num(cost)), ("end_spare", worth > 0, -worth)):
        found.append(b.columns(f"hydro.{name}", unit="hm3", over=over, upper=np.where(may[ended, None], room, 0.0)))
        if may.any():
            b.cost("hydro.end_short" if name == "end_short" else "hydro.end_value", found[-1], price[ended, None])
    return ended, *found


def _offer_by_plant(case, b, turbine: np.ndarray, most: np.ndarray, stores: tuple[np.ndarray, np.ndarray]) -> None:
    """What reserves draw on; water above the least volume as the energy it makes."""
    plant, (store, volume) = case.table("reservoir"), stores
    k, least, start = (plant[c].to_numpy(float)[:, None] for c in ("power_mw_per_m3s", "volume_min_hm3", "volume_start_hm3"))
    every, mwh = np.arange(len(plant)), np.broadcast_to(k / 0.0036, turbine.shape)
    for name, value in (("available", most), ("least", 0.0)):
        b.port(f"reservoir_{name}", len(plant)).add(every, constant=value)
    later, before = mwh[store].copy(), -mwh * least
    later[:, :1] = 0.0
    before[:, :1] += mwh[:, :1] * start
    b.port("reservoir_stored", len(plant)).add(store, volume, mwh[store], (-mwh * least)[store])
    b.port("reservoir_stored_before", len(plant)).add(store, np.roll(volume, 1, axis=1), later, before[store])


def _bands(case) -> tuple[np.ndarray, np.ndarray]:
    """Least and largest release m3/s (n, T): the tightest of the bands in force."""
    plant, band = case.table("reservoir"), case.table("release_band")
    low = np.zeros((len(plant), len(case.time)))
    high = np.full(low.shape, FLOW_MAX)
    now = case.in_season(band["season"]) > 0.5
    limits = zip(case.position("reservoir", band["reservoir"]), band["release_min_m3s"], band["release_max_m3s"], strict=True)
    for i, (r, least, most) in enumerate(limits):
        low[r] = np.where(now[i], np.maximum(low[r], least), low[r])
        high[r] = np.where(now[i] & ~np.isnan(most), np.minimum(high[r], most), high[r])
    return low, high


def constrain(case, b, columns):
    """Rows (H1) to (H3) and (H5). Water passing a plant without reservoir is what arrives plus its inflow, so it needs no column."""
    turbine, release, volume, store = columns.turbine, columns.release, columns.volume, columns.store
    plant, hours, time = case.table("reservoir"), case.time.hours, case.time.index
    if not len(plant):
        return
    water, given = _arriving(case, columns)
    given = given + b.port("reservoir_water").constant
    n, place = len(time), {r: i for i, r in enumerate(store)}
    to_hm3 = 0.0036 * hours
    start = np.zeros((len(store), n))
    start[:, 0] = plant["volume_start_hm3"].to_numpy(float)[store]
    over = {"store": plant.index[store], "time": time}
    balance = b.rows("hydro.water_balance", unit="hm3", over=over, equal=-start - to_hm3 * given[store])
    b.term(balance[:, 1:], volume[:, :-1])
    b.term(balance, volume, -1.0)
    b.term(balance, release, -to_hm3)
    row_of = np.full(len(plant), -1)
    row_of[store] = np.arange(len(store))
    for at, cols, coef in b.port("reservoir_water").offers():
        b.term(balance[row_of[at]], cols, coef * to_hm3)
    limit = b.rows("hydro.through_turbine", unit="m3/s", over=over, upper=0.0)
    b.term(limit, turbine[store], 1.0)
    b.term(limit, release, -1.0)
    fed = np.array([r for r in range(len(plant)) if r not in place and r in water], dtype=int)
    plain = b.rows("hydro.run_of_river", unit="m3/s", over={"plant": plant.index[fed], "time": time}, upper=given[fed])
    b.term(plain, turbine[fed], 1.0)
    for r, (t, cols, share) in water.items():
        if r in place:
            b.term(balance[place[r]][t], cols, share * to_hm3[t])
        else:
            b.term(plain[np.flatnonzero(fed == r)[0]][t], cols, -share)
    _end_rows(case, b, columns)
    _bound_unfed(case, b, columns, given, sorted(set(range(len(plant))) - set(place) - set(fed)))


def _end_rows(case, b, columns) -> None:
    """Rows (H5); those before the last step ask for nothing."""
    plant = case.table("reservoir").iloc[columns.store[columns.ended]]
    least = np.full(columns.end_short.shape, -np.inf)
    least[:, -1:] = plant["volume_end_hm3"].to_numpy(float)[:, None]
    row = b.rows("hydro.end_volume", unit="hm3", over={"store": plant.index, "time": case.time.index}, lower=least)
    b.term(row, columns.volume[columns.ended])
    b.term(row, columns.end_short)
    b.term(row, columns.end_spare, -1.0)


def _arriving(case, columns):
    """Water that reaches each plant: `water` r -> (steps, release columns, share) triplets, and the given part m3/s (n, T)."""
    plant = case.table("reservoir")
    below = plant.index.get_indexer(plant["downstream"].where(plant["downstream"] != "", None))
    place = {r: i for i, r in enumerate(columns.store)}
    given = columns.inflow.copy()
    water: dict[int, tuple] = {}
    for r in downstream_order(below):
        d = below[r]
        if d < 0:
            continue
        delay = float(plant["delay_h"].iloc[r])
        shift, old = arrival(case.time, delay), under_way(case, plant.index[r], delay)
        if r in place:
            coo = shift.tocoo()
            part = (coo.coords[0], columns.release[place[r]][coo.coords[1]], coo.data)
            given[d] += old
        else:
            passed = water.get(r)
            given[d] += old + shift @ given[r]
            part = None if passed is None else _again(shift, passed, len(case.time))
        if part is not None:
            water[d] = part if d not in water else tuple(np.concatenate(p) for p in zip(water[d], part, strict=True))
    return water, given


def _again(shift, passed, steps):
    """Water that passed one plant without reservoir, a further travel time later."""
    t, cols, share = passed
    coo = (shift @ sp.csr_array((share, (t, np.arange(len(t)))), shape=(steps, len(t)))).tocoo()
    return coo.coords[0], cols[coo.coords[1]], coo.data


def _bound_unfed(case, b, columns, given, plants):
    """Plants whose water is all given: (H3) is a bound on the turbine."""
    if plants:
        b.tighten(columns.turbine[plants], upper=np.maximum(given[plants], 0.0))


def results(case, columns, values) -> dict[str, Quantity]:
    """Output, volume, release, turbine flow and spill by plant; the value of water."""
    q = values["hydro.turbine"]
    passed, volume, worth = _passed(case, columns, values), np.zeros_like(q), np.zeros_like(q)
    if len(columns.store):
        volume[columns.store], worth[columns.store] = values["hydro.volume"], values.dual("hydro.water_balance")
    output = values.builder.port("reservoir_output").value(values.solution.x)
    dims, down, value = ("reservoir", "time"), "positive: downstream", "value of one more hm3"
    return {
        "hydro_output": Quantity(dims, output, "MW", "hydro output", "水电出力", "positive: generation"),
        "reservoir_volume": Quantity(dims, volume, "hm3", "volume at the end of the step", "水库蓄水量", ""),
        "reservoir_release": Quantity(dims, passed, "m3/s", "water passed on, turbines and spill", "下泄流量", down),
        "reservoir_turbine": Quantity(dims, q, "m3/s", "water through the turbines", "发电流量", down),
        "reservoir_spill": Quantity(dims, np.maximum(passed - q, 0.0), "m3/s", "water spilled", "弃水流量", down),
        "reservoir_water_value": Quantity(dims, worth, "CNY/hm3", value, "水库水价值"),
    }


def _passed(case, columns, values) -> np.ndarray:
    water, given = _arriving(case, columns)
    passed = given.copy()
    for r, (t, cols, share) in water.items():
        np.add.at(passed[r], t, share * values.solution.x[cols])
    passed[columns.store] = values["hydro.release"]
    return passed
