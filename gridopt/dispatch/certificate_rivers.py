"""Certificate, rivers: water and output of hydro plants.

    V[t] = V[t-1] + 0.0036 h (inflow + arriving + pumped - release); a plant without volume passes all     reservoir.balance
    Vmin <= V <= Vmax, V at the end >= Vend unless what is missing has a cost;  bands    reservoir.volume, reservoir.release
    0 <= turbine <= release;  spill = release - turbine                              hydro.water, reservoir.spill
    0 <= output <= Pmax;  output = k turbine, k by the volume before the step where zones of head hold (between the least and the
        largest k of the plant where decisions are not exact)                        hydro.output, hydro.head
    0 <= pump <= Pmax, of whole units where decisions are exact                      pump.power, pump.units
    energy and release of a period within its budget times the share of it studied, or with what was given outside the study within
        the whole                                                                    hydro_budget.energy, hydro_budget.release

Arriving water is the difference of the running volume that has passed the plant above, a travel time ago, at the two ends of the
step: nothing is lost whatever the travel time. Before the first step the plant above passed what release_past says, and before that
release_before.
"""

from __future__ import annotations

import numpy as np

from gridopt.dispatch.certificate_check import PERIOD, POWER, RELATIVE, WATER, Check, Evidence, flow_since, outside


def arriving(e: Evidence) -> np.ndarray:
    """Water from the plants above, mean over each step m3/s (n, T), from the reported releases."""
    plant, hours, release = e.case.table("reservoir"), e.case.time.hours, e["reservoir_release"]
    clock = np.append(0.0, np.cumsum(hours))
    result = np.zeros(release.shape)
    for r, below in enumerate(e.case.position("reservoir", plant["downstream"])):
        if below >= 0:
            passed = np.append(0.0, np.cumsum(release[r] * hours))
            ago = clock - float(plant["delay_h"].iloc[r])
            run = np.interp(ago, clock, passed) + _earlier(e, r, ago)
            result[below] += np.diff(run) / hours
    return result


def _earlier(e: Evidence, r: int, ago: np.ndarray) -> np.ndarray:
    """Water that passes plant r from instants `ago` (h, below 0: before the first step) to the first step, as a negative m3/s h."""
    base, past = float(e.case.table("reservoir")["release_before_m3s"].iloc[r]), e.case.table("release_past")
    mine = past[past["reservoir"] == e.case.table("reservoir").index[r]]
    beyond = mine.assign(release_m3s=mine["release_m3s"].to_numpy(float) - base)
    return np.minimum(ago, 0.0) * base - flow_since(beyond, "release_m3s", ago)


def pumped(e: Evidence) -> np.ndarray:
    """Water that pumps bring less what they take, mean over each step m3/s (n, T)."""
    pump, past, hours = e.case.table("pump"), e.case.table("pump_past"), e.case.time.hours
    clock, flow = np.append(0.0, np.cumsum(hours)), e.number("pump", "flow_m3s_per_mw") * e["pump_power"]
    result = np.zeros(e["reservoir_release"].shape)
    for i in range(len(pump)):
        lifted = np.append(0.0, np.cumsum(flow[i] * hours))
        result[e.case.position("reservoir", pump["from_reservoir"])[i]] -= flow[i]
        ago = clock - float(pump["delay_h"].iloc[i])
        before = flow_since(past[past["pump"] == pump.index[i]], "power_mw", ago)
        came = np.interp(ago, clock, lifted, left=0.0) - pump["flow_m3s_per_mw"].iloc[i] * before
        result[e.case.position("reservoir", pump["to_reservoir"])[i]] += np.diff(came) / hours
    return result


def _bands(e: Evidence) -> tuple[np.ndarray, np.ndarray]:
    case, band = e.case, e.case.table("release_band")
    low, high = np.zeros(e["reservoir_release"].shape), np.full(e["reservoir_release"].shape, np.inf)
    now = case.in_season(band["season"]) == 1.0
    for i, r in enumerate(case.position("reservoir", band["reservoir"])):
        low[r] = np.fmax(low[r], np.where(now[i], float(band["release_min_m3s"].iloc[i]), np.nan))
        high[r] = np.fmin(high[r], np.where(now[i], float(band["release_max_m3s"].iloc[i]), np.nan))
    return low, high


def end_cost(e: Evidence) -> np.ndarray:
    """Cost CNY (n, T) of what is missing at the end, less the worth of what is more than asked for."""
    more = e["reservoir_volume"][:, -1:] - e.number("reservoir", "volume_end_hm3")
    stores = e.number("reservoir", "volume_max_hm3") > e.number("reservoir", "volume_min_hm3")
    short, worth = np.nan_to_num(e.number("reservoir", "end_short_cny_per_hm3")), e.number("reservoir", "end_value_cny_per_hm3")
    cost = np.zeros(e["reservoir_volume"].shape)
    cost[:, -1:] = np.where(stores, short * np.maximum(-more, 0.0) - worth * np.maximum(more, 0.0), 0.0)
    return cost


def check_rivers(e: Evidence) -> list[Check]:
    """The checks named at the head of this file."""
    case, table, hours = e.case, e.case.table("reservoir"), e.case.time.hours
    output, volume, release, turbine = (e[n] for n in ("hydro_output", "reservoir_volume", "reservoir_release", "reservoir_turbine"))
    k, most = e.number("reservoir", "power_mw_per_m3s"), e.number("reservoir", "power_max_mw") * case.in_service("reservoir")
    low, high = e.number("reservoir", "volume_min_hm3"), e.number("reservoir", "volume_max_hm3")
    stores = high > low
    before = np.concatenate([e.number("reservoir", "volume_start_hm3"), volume[:, :-1]], axis=1)
    gained = 0.0036 * hours * (case.series(table["profile"], 0.0) + arriving(e) + pumped(e) - release)
    balance = np.where(stores, before + gained - volume, gained)
    least = np.broadcast_to(low, volume.shape).copy()
    hard = np.isnan(e.number("reservoir", "end_short_cny_per_hm3"))
    least[:, -1:] = np.where(hard, np.maximum(low, e.number("reservoir", "volume_end_hm3")), low)
    bounds = np.where(stores, outside(volume, least, high), np.abs(volume))
    band_low, band_high = _bands(e)
    banded = np.where(stores, outside(release, band_low, band_high), 0.0)
    names, near = table.index, WATER + RELATIVE * high
    return [
        e.judge("reservoir.balance", "hm3", np.abs(balance), near, names),
        e.judge("reservoir.volume", "hm3", bounds, near, names),
        e.judge("reservoir.release", "m3/s", banded, POWER, names),
        e.judge("reservoir.spill", "m3/s", np.abs(e["reservoir_spill"] - (release - turbine)), POWER, names),
        e.judge("hydro.output", "MW", outside(output, 0.0, most), POWER, names),
        e.judge("hydro.water", "m3/s", outside(turbine, 0.0, np.maximum(release, 0.0)), POWER, names),
        e.judge("hydro.head", "MW", outside(output, *(rate * turbine for rate in _rates(e, k, before))), POWER, names),
        *_pumps(e),
        *_budgets(e),
    ]


def _rates(e: Evidence, k: np.ndarray, before: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least and largest power per flow (n, T) that the volume `before` each step (n, T) allows: both, where two zones meet."""
    low, high = np.broadcast_to(k, before.shape).copy(), np.broadcast_to(k, before.shape).copy()
    table, plant = e.case.table("head_zone"), e.case.table("reservoir")
    for name, zones in table.groupby("reservoir") if e.case.commitment != "off" else ():
        r = plant.index.get_loc(name)
        zones = zones.sort_values("volume_from_hm3")
        begin, rate = zones["volume_from_hm3"].to_numpy(float), zones["power_mw_per_m3s"].to_numpy(float)
        if e.case.commitment == "exact":
            near = WATER + RELATIVE * float(plant["volume_max_hm3"].iloc[r])
            ends = [rate[np.clip(np.searchsorted(begin, before[r] + d, "right") - 1, 0, None)] for d in (-near, near)]
            low[r], high[r] = np.minimum(*ends), np.maximum(*ends)
        else:
            low[r], high[r] = rate.min(), rate.max()
    return low, high


def _pumps(e: Evidence) -> list[Check]:
    table, power = e.case.table("pump"), e["pump_power"]
    if not len(table):
        return []
    most = e.number("pump", "power_max_mw")
    checks = [e.judge("pump.power", "MW", outside(power, 0.0, most * e.case.in_service("pump")), POWER, table.index)]
    if e.case.commitment == "exact":
        one = most / e.number("pump", "units")
        apart = np.abs(power - one * np.round(power / one))
        checks.append(e.judge("pump.units", "MW", np.nan_to_num(apart), POWER, table.index))
    return checks


def _budgets(e: Evidence) -> list[Check]:
    case, table = e.case, e.case.table("hydro_budget")
    if not len(table):
        return []
    day = np.timedelta64(1, "D")
    begin, end = (table[c].to_numpy("datetime64[s]") + more for c, more in (("start_date", 0 * day), ("end_date", day)))
    hours = case.time.share_between(begin, end) * case.time.hours
    part = hours.sum(axis=1) / ((end - begin) / np.timedelta64(1, "h"))
    plant, checks = case.position("reservoir", table["reservoir"]), []
    for name, unit, given in (("energy", "MWh", e["hydro_output"]), ("release", "hm3", 0.0036 * e["reservoir_release"])):
        total = (given[plant] * hours).sum(axis=1)
        outside = table[f"{name}_outside_{unit.lower()}"].to_numpy(float)
        total = total + np.nan_to_num(outside)
        low, high = (table[f"{name}_{c}_{unit.lower()}"].to_numpy(float) * np.where(np.isnan(outside), part, 1.0) for c in ("min", "max"))
        over = np.fmax(np.where(part > 0, np.fmax(low - total, total - high), 0.0), 0.0)
        checks.append(e.judge(f"hydro_budget.{name}", unit, over, PERIOD if unit == "MWh" else WATER, table.index))
    return checks
