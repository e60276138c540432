"""Certificate, stores: batteries and pumped hydro, rivers, solar thermal plants.

    0 <= charge <= C, 0 <= discharge <= P while in service;  0 <= energy <= E by date          storage.power, storage.energy
    energy[t] = (1-l)^h energy[t-1] + h (a charge - discharge / b + inflow - spill) - written off    storage.balance (sums of alike)
    energy before the first step: a share of E, of cyclic stores that after the last; after the last at least its share of E, as
    before the first where none is given                                                           storage.end (sums of alike)
    0 <= written off <= room of the stores that retire in the step;  0 <= spill <= inflow    storage.written_off, storage.spill
    V[t] = V[t-1] + 0.0036 h (inflow + arriving - release); a plant without volume passes all     reservoir.balance
    Vmin <= V <= Vmax, V at the end >= Vend;  bands of release                       reservoir.volume, reservoir.release
    0 <= output <= Pmax;  output <= k release;  spill = release - output / k         hydro.output, hydro.water, reservoir.spill
    p <= Pmax, 0 <= store <= S;  heat needed <= heat of the field                    csp.output, csp.store, csp.heat

Arriving water is the difference of the running volume that has passed the plant above, a travel time ago, at the two ends of the
step: nothing is lost whatever the travel time. For heat: with D = store[t] - (1-l)^h store[t-1] the least field heat that permits
output p is p/n + D/(a h) when the store fills (none is drawn) and p/n + D/h when it empties (none is put in); putting in and
drawing at once only loses heat, so the condition is exact. Filling needs D/(a h) <= field_heat_max, emptying -D/h <= Pmax/n.
"""

from __future__ import annotations

import numpy as np

from gridopt.case.case import Case
from gridopt.dispatch.certificate_check import POWER, RELATIVE, WATER, Check, Evidence, gather, outside

ALIKE = ["bus", "technology", "charge_efficiency", "discharge_efficiency", "standing_loss_per_h", "energy_start_fraction",
         "energy_end_fraction", "cyclic", "wear_cny_per_mwh", "charging_cost_cny_per_mwh"]  # fmt: skip


def check_stores(e: Evidence) -> list[Check]:
    """The checks named at the head of this file."""
    return [*_storage(e), *_rivers(e), *_solar_thermal(e)]


def _storage(e: Evidence) -> list[Check]:
    case, hours = e.case, e.case.time.hours
    charge, discharge, energy, lost, spill = (e[f"storage_{n}"] for n in ("charge", "discharge", "energy", "written_off", "spill"))
    here, room = case.in_service("storage"), e.number("storage", "energy_max_mwh") * case.commissioned("storage")
    power, pull = e.number("storage", "power_max_mw"), e.number("storage", "charge_max_mw")
    pull = np.where(np.isnan(pull), power, pull)
    inflow = case.series(case.table("storage")["inflow_profile"], 0.0) * case.commissioned("storage")
    kind = _alike(case)
    first = np.unique(kind, return_index=True)[1]
    merge = gather(kind, len(first))
    a, b, loss, begin, end, cyclic = (e.number("storage", c)[first] for c in ALIKE[2:8])
    total, limit = merge @ energy, merge @ room
    start = np.where(cyclic > 0, total[:, -1:], begin * limit[:, :1])
    least = np.where(cyclic > 0, 0.0, np.minimum(start, limit[:, -1:]))
    least = np.where(np.isnan(end), least, end * np.where(cyclic > 0, np.minimum(limit[:, :1], limit[:, -1:]), limit[:, -1:]))
    before = np.concatenate([start, total[:, :-1]], axis=1)
    gained = a * (merge @ charge) - (merge @ discharge) / b + merge @ (inflow - spill)
    due = (1.0 - loss) ** hours * before + hours * gained - merge @ lost
    leaving = np.concatenate([room[:, :1], room[:, :-1]], axis=1) - room
    both = np.maximum(outside(charge, 0.0, pull * here), outside(discharge, 0.0, power * here))
    names = case.table("storage").index
    return [
        e.judge("storage.power", "MW", both, POWER, names),
        e.judge("storage.energy", "MWh", outside(energy, 0.0, room), POWER + RELATIVE * room, names),
        e.judge("storage.balance", "MWh", np.abs(total - due), POWER + RELATIVE * limit, names[first]),
        e.judge("storage.written_off", "MWh", outside(lost, 0.0, np.maximum(leaving, 0.0)), POWER + RELATIVE * room, names),
        e.judge("storage.end", "MWh", (least - total[:, -1:])[:, 0], POWER + RELATIVE * limit[:, -1], names[first]),
        e.judge("storage.spill", "MW", outside(spill, 0.0, np.maximum(inflow, 0.0)), POWER, names),
    ]


def _alike(case: Case) -> np.ndarray:
    """Number of the sum that each store belongs to, int (n,): alike in ALIKE and in proportions, without inflow and outages."""
    table, outage = case.table("storage"), case.table("outage")
    power = table["power_max_mw"].replace(0.0, 1.0)
    single = table["inflow_profile"].ne("") | table.index.isin(outage.loc[outage["kind"] == "storage", "element"])
    keys = table.assign(
        deep=(table["energy_max_mwh"] / power).round(9),
        pull=(table["charge_max_mw"].fillna(table["power_max_mw"]) / power).round(9),
        alone=np.where(single, np.arange(len(table)), -1),
    )
    return keys.groupby([*ALIKE, "deep", "pull", "alone"], dropna=False, sort=False).ngroup().to_numpy()


def arriving(e: Evidence) -> np.ndarray:
    """Water from the plants above, mean over each step m3/s (n, T), from the reported releases."""
    plant, hours, release = e.case.table("reservoir"), e.case.time.hours, e["reservoir_release"]
    clock = np.append(0.0, np.cumsum(hours))
    result = np.zeros(release.shape)
    for r, below in enumerate(e.case.position("reservoir", plant["downstream"])):
        if below >= 0:
            passed = np.append(0.0, np.cumsum(release[r] * hours))
            ago = clock - float(plant["delay_h"].iloc[r])
            run = np.interp(ago, clock, passed) + np.minimum(ago, 0.0) * float(plant["release_before_m3s"].iloc[r])
            result[below] += np.diff(run) / hours
    return result


def _bands(e: Evidence) -> tuple[np.ndarray, np.ndarray]:
    case, band = e.case, e.case.table("release_band")
    low, high = np.zeros(e["reservoir_release"].shape), np.full(e["reservoir_release"].shape, np.inf)
    now = case.in_season(band["season"]) == 1.0
    for i, r in enumerate(case.position("reservoir", band["reservoir"])):
        low[r] = np.fmax(low[r], np.where(now[i], float(band["release_min_m3s"].iloc[i]), np.nan))
        high[r] = np.fmin(high[r], np.where(now[i], float(band["release_max_m3s"].iloc[i]), np.nan))
    return low, high


def _rivers(e: Evidence) -> list[Check]:
    case, table, hours = e.case, e.case.table("reservoir"), e.case.time.hours
    output, volume, release = e["hydro_output"], e["reservoir_volume"], e["reservoir_release"]
    k, most = e.number("reservoir", "power_mw_per_m3s"), e.number("reservoir", "power_max_mw") * case.in_service("reservoir")
    low, high = e.number("reservoir", "volume_min_hm3"), e.number("reservoir", "volume_max_hm3")
    stores = high > low
    before = np.concatenate([e.number("reservoir", "volume_start_hm3"), volume[:, :-1]], axis=1)
    gained = 0.0036 * hours * (case.series(table["profile"], 0.0) + arriving(e) - release)
    balance = np.where(stores, before + gained - volume, gained)
    least = np.broadcast_to(low, volume.shape).copy()
    least[:, -1:] = np.maximum(low, e.number("reservoir", "volume_end_hm3"))
    bounds = np.where(stores, outside(volume, least, high), np.abs(volume))
    band_low, band_high = _bands(e)
    banded = np.where(stores, outside(release, band_low, band_high), 0.0)
    names, near = table.index, WATER + RELATIVE * high
    return [
        e.judge("reservoir.balance", "hm3", np.abs(balance), near, names),
        e.judge("reservoir.volume", "hm3", bounds, near, names),
        e.judge("reservoir.release", "m3/s", banded, POWER, names),
        e.judge("reservoir.spill", "m3/s", np.abs(e["reservoir_spill"] - (release - output / k)), POWER, names),
        e.judge("hydro.output", "MW", outside(output, 0.0, most), POWER, names),
        e.judge("hydro.water", "MW", output - k * np.maximum(release, 0.0), POWER, names),
    ]


def _solar_thermal(e: Evidence) -> list[Check]:
    case, table, hours = e.case, e.case.table("csp"), e.case.time.hours
    here = case.in_service("csp")
    most, field, room = (e.number("csp", c) for c in ("power_max_mw", "field_heat_max_mw", "store_heat_max_mwh"))
    n, a, loss = (e.number("csp", c) for c in ("efficiency", "store_efficiency", "standing_loss_per_h"))
    power, store = e["csp_output"], e["csp_store"]
    before = np.concatenate([np.zeros((len(table), 1)), store[:, :-1]], axis=1)
    rate = (store - (1.0 - loss) ** hours * before) / hours
    need = power / n + np.where(rate > 0, rate / a, rate)
    short = need - field * case.series(table["profile"], 1.0) * here
    heat = np.maximum(short, np.maximum(rate / a - field * here, -rate - most / n * here))
    near = POWER / hours + RELATIVE * room / hours
    return [
        e.judge("csp.output", "MW", outside(power, 0.0, most * here), POWER, table.index),
        e.judge("csp.store", "MWh", outside(store, 0.0, room * here), POWER + RELATIVE * room, table.index),
        e.judge("csp.heat", "MW", heat, np.broadcast_to(near, heat.shape), table.index),
    ]
