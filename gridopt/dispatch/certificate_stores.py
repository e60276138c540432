"""Certificate, stores: batteries and pumped hydro at one bus.

    0 <= charge <= C, 0 <= discharge <= P while in service, times series                              storage.power
    k E <= energy <= K E, E by date, k and K series                                                  storage.energy
    energy[t] = (1-l)^h energy[t-1] + h (a charge - discharge / b + inflow - spill) - written off    storage.balance (sums of alike)
    energy before the first step: a share of E, of cyclic stores that after the last; after the last at least its share of E, as
    before the first where none is given, nothing where what is left has a value                   storage.end (sums of alike)
    0 <= written off <= room of the stores that retire in the step;  0 <= spill <= inflow    storage.written_off, storage.spill
    power destroyed = what both ways lose beyond the one way that leads to the same energy             storage.both
    energy discharged in a calendar day <= n x (mean of E) x (hours of the day studied) / 24         storage.cycles (sums of alike)
    never both ways at once, where decisions are exact                                               storage.apart
"""

from __future__ import annotations

import numpy as np

from gridopt.case.case import Case
from gridopt.dispatch.certificate_check import POWER, RELATIVE, Check, Evidence, gather, outside

ALIKE = ["bus", "technology", "charge_efficiency", "discharge_efficiency", "standing_loss_per_h", "energy_start_fraction",
         "energy_end_fraction", "cyclic", "wear_cny_per_mwh", "charging_cost_cny_per_mwh", "end_value_cny_per_mwh", "cycles_per_day",
         "charge_profile", "discharge_profile", "energy_max_profile", "energy_min_profile"]  # fmt: skip


def check_stores(e: Evidence) -> list[Check]:
    """The checks named at the head of this file."""
    case, hours = e.case, e.case.time.hours
    charge, discharge, energy, lost, spill = (e[f"storage_{n}"] for n in ("charge", "discharge", "energy", "written_off", "spill"))
    here, room = case.in_service("storage"), e.number("storage", "energy_max_mwh") * case.commissioned("storage")
    power, pull = e.number("storage", "power_max_mw"), e.number("storage", "charge_max_mw")
    pull = np.where(np.isnan(pull), power, pull) * e.series("storage", "charge_profile", 1.0)
    power = power * e.series("storage", "discharge_profile", 1.0)
    held = room * e.series("storage", "energy_min_profile", 0.0)
    most = room * e.series("storage", "energy_max_profile", 1.0)
    inflow = case.series(case.table("storage")["inflow_profile"], 0.0) * case.commissioned("storage")
    kind = alike(case)
    first = np.unique(kind, return_index=True)[1]
    merge = gather(kind, len(first))
    a, b, loss, begin, end, cyclic = (e.number("storage", c)[first] for c in ALIKE[2:8])
    total, limit, top = merge @ energy, merge @ room, merge @ most
    start = np.where(cyclic > 0, total[:, -1:], begin * limit[:, :1])
    free = (cyclic > 0) | ~np.isnan(e.number("storage", "end_value_cny_per_mwh")[first])
    last = np.where(cyclic > 0, np.minimum(limit[:, :1], top[:, -1:]), top[:, -1:])
    least = np.where(np.isnan(end), np.where(free, 0.0, start), end * limit[:, -1:])
    least = np.maximum(np.minimum(least, last), (merge @ held)[:, -1:])
    before = np.concatenate([start, total[:, :-1]], axis=1)
    gained = a * (merge @ charge) - (merge @ discharge) / b + merge @ (inflow - spill)
    due = (1.0 - loss) ** hours * before + hours * gained - merge @ lost
    leaving = np.concatenate([room[:, :1], room[:, :-1]], axis=1) - room
    both = np.maximum(outside(charge, 0.0, pull * here), outside(discharge, 0.0, power * here))
    turn = e.number("storage", "charge_efficiency") * e.number("storage", "discharge_efficiency")
    burnt = np.minimum(charge * turn, discharge) * (1.0 / turn - 1.0)
    names = case.table("storage").index
    return [
        e.judge("storage.power", "MW", both, POWER, names),
        e.judge("storage.energy", "MWh", outside(energy, held, most), POWER + RELATIVE * room, names),
        e.judge("storage.balance", "MWh", np.abs(total - due), POWER + RELATIVE * limit, names[first]),
        e.judge("storage.written_off", "MWh", outside(lost, 0.0, np.maximum(leaving, 0.0)), POWER + RELATIVE * room, names),
        e.judge("storage.end", "MWh", (least - total[:, -1:])[:, 0], POWER + RELATIVE * limit[:, -1], names[first]),
        e.judge("storage.spill", "MW", outside(spill, 0.0, np.maximum(inflow, 0.0)), POWER, names),
        e.judge("storage.both", "MW", np.abs(e["storage_both"] - burnt), POWER, names),
        *_rules(e, merge, first, room),
    ]


def _rules(e: Evidence, merge, first: np.ndarray, room: np.ndarray) -> list[Check]:
    """Cycles where any store has a limit; charging and discharging apart in cases with decisions that are exact."""
    case, checks, names = e.case, [], e.case.table("storage").index
    cycles = e.number("storage", "cycles_per_day")[first]
    if not np.isnan(cycles).all():
        days = np.arange(case.time.start[0].astype("datetime64[D]"), case.time.end[-1].astype("datetime64[D]") + 1)
        inside = case.time.share_between(days, days + np.timedelta64(1, "D")) * case.time.hours
        given, able = (merge @ e["storage_discharge"]) @ inside.T, (merge @ room) @ inside.T / 24.0
        over = np.where(np.isnan(cycles), 0.0, given - cycles * able).max(axis=1)
        checks.append(e.judge("storage.cycles", "MWh", over, POWER + RELATIVE * able.max(axis=1), names[first]))
    if case.commitment == "exact":
        checks.append(e.judge("storage.apart", "MW", np.minimum(e["storage_charge"], e["storage_discharge"]), POWER, names))
    return checks


def alike(case: Case) -> np.ndarray:
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
