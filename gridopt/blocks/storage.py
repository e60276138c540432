"""Storage: batteries and pumped hydro at one bus.

Sets        s group of stores that are alike in bus, hours of storage, efficiency, series and rules of start and end; a store with
            outages or inflow is alone in its group; t step of length h[t] hours, D calendar day
Data        limits of charging and discharging C, P [MW] (times series, while in service), room E [MWh] (by date; an outage keeps what
            is stored) and the shares k, K of it that must and may be held (series), charge_efficiency a, discharge_efficiency b,
            share lost per hour l, energy before the first step e0, least energy at the end: E[last] times energy_end_fraction, without
            one min(e0, E[last]), of stores that are cyclic or whose last energy has a value 0; inflow w [MW] into the store (by date),
            wear and charging cost [CNY/MWh], value of energy at the end g [CNY/MWh], largest number n of cycles per day
Columns     storage.charge c [MW], storage.discharge d [MW], storage.energy e [MWh], storage.written_off x [MWh] of groups with
            stores that retire: what these still hold leaves with them, unpaid; storage.spill y [MW] of groups with inflow;
            storage.charging z [1], 1: may charge, 0: may discharge; only in cases with decisions

    0 <= c <= C,   0 <= d <= P,   k E <= e <= K E,   e[last] >= least energy at the end     (S1)
    (1-l)^h[t] e[t-1] + a h[t] c[t] - h[t] d[t] / b + h[t] (w[t] - y[t]) - x[t] - e[t] = 0, e[-1] = e0     (S2)  storage.energy_balance
    0 <= x[t] <= max(0, E[t-1] - E[t]),   x[0] = 0                        (S3)
    e[-1] = e[last] <= E[0] in (S2) for cyclic stores                     (S4)
    0 <= y <= max(0, w)                                                   (S5)
    sum over D of h d  <=  n (mean of E over D) (hours of D studied) / 24     (S6)  storage.cycles
    c <= C z,   d <= P (1 - z)      written only where a store does both  (S7)  storage.apart

Cost        storage.wear = wear h d;  storage.charging = charging cost h c;  storage.end_value = -g e[last]
Ports       injection: d - c;  where there are reserves or ramping also, by store, storage_output d - c, storage_available P, storage_least -C,
            storage_stored, storage_stored_before: what it can still give at the bus after and before the step, b (e - least) [MWh],
            storage_room, storage_room_before: what it can still take, (E - e) / a
Dual        storage.energy_balance: value of one more stored MWh [CNY/MWh] (storage_energy_value)
Assumes     without decisions nothing keeps charge and discharge apart; what is lost by doing both is reported (storage_both)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridopt.case.groups import Groups, alike_stores
from gridopt.program.labels import Quantity

ONE_SIDE = 1e-6
"""MW from which a store charges or discharges."""


class Columns(NamedTuple):
    """power, charging MW, room MWh, inflow MW of each store (n, T); start MWh (g,); retiring, fed, cyclic: numbers of groups.

    side (g, T): columns z of (S7), (0, T) in a case without decisions."""

    groups: Groups
    power: np.ndarray
    charging: np.ndarray
    room: np.ndarray
    inflow: np.ndarray
    start: np.ndarray
    retiring: np.ndarray
    fed: np.ndarray
    cyclic: np.ndarray
    charge: np.ndarray
    discharge: np.ndarray
    energy: np.ndarray
    written_off: np.ndarray
    spill: np.ndarray
    side: np.ndarray


def declare(case, b):
    """Columns of (S1), (S3), (S5) and (S7), their cost and injection."""
    unit, hours = case.table("storage"), case.time.hours
    groups = alike_stores(case)
    one, active, known = unit.iloc[groups.first], case.in_service("storage"), case.commissioned("storage")
    power = unit["power_max_mw"].to_numpy(float)[:, None] * active * case.series(unit["discharge_profile"], 1.0)
    charging = unit["charge_max_mw"].fillna(unit["power_max_mw"]).to_numpy(float)[:, None] * active
    charging = charging * case.series(unit["charge_profile"], 1.0)
    room, inflow = unit["energy_max_mwh"].to_numpy(float)[:, None] * known, case.series(unit["inflow_profile"], 0.0) * known
    start, least, most = _levels(case, one, groups.sum(room))
    over = {"group": groups.name, "time": case.time.index}
    charge = b.columns("storage.charge", unit="MW", over=over, upper=groups.sum(charging))
    discharge = b.columns("storage.discharge", unit="MW", over=over, upper=groups.sum(power))
    energy = b.columns("storage.energy", unit="MWh", over=over, lower=least, upper=most)
    retiring, fed = (np.unique(groups.of[some]) for some in (_retires(case), (unit["inflow_profile"] != "").to_numpy()))
    over = {"group": groups.name[retiring], "time": case.time.index}
    written_off = b.columns("storage.written_off", unit="MWh", over=over, upper=_falls(groups.sum(room)[retiring]))
    over = {"group": groups.name[fed], "time": case.time.index}
    spill = b.columns("storage.spill", unit="MW", over=over, upper=np.maximum(groups.sum(inflow)[fed], 0.0))
    b.cost("storage.wear", discharge, one["wear_cny_per_mwh"].to_numpy(float)[:, None] * hours)
    b.cost("storage.charging", charge, one["charging_cost_cny_per_mwh"].to_numpy(float)[:, None] * hours)
    worth = one["end_value_cny_per_mwh"].fillna(0.0).to_numpy(float)
    if worth.any():
        b.cost("storage.end_value", energy[:, -1], -worth)
    at = case.position("bus", one["bus"])
    b.port("injection").add(at, discharge)
    b.port("injection").add(at, charge, -1.0)
    cyclic = np.flatnonzero(one["cyclic"].to_numpy(bool))
    over = {"group": groups.name[slice(None) if case.commitment != "off" else slice(0)], "time": case.time.index}
    side = b.columns("storage.charging", unit="1", over=over, upper=1.0, integer=case.commitment == "exact")
    made = Columns(groups, power, charging, room, inflow, start, retiring, fed, cyclic, charge, discharge, energy, written_off, spill, side)
    if len(case.table("reserve")) or len(case.table("ramping")):
        limits = [case.series(unit[f"energy_{c}_profile"], e) for c, e in (("min", 0.0), ("max", 1.0))]
        _offer_by_store(b, unit, made, (limits[0], limits[1]))
    return made


def _offer_by_store(b, unit, columns: Columns, limits: tuple[np.ndarray, np.ndarray]) -> None:
    """What reserves draw on: the group's columns, shared as in the results; energies at the bus, after and before each step.

    limits: least and largest share of its room that a store may hold (n, T), but for those of the end; before the first step it may lie
    outside them. What alike stores hold before a step is shared by those that are there in it, of which new ones have their part.
    """
    groups, of, every, shape = columns.groups, columns.groups.of, np.arange(len(unit)), columns.power.shape
    one = np.ones((len(groups), shape[1]))
    power, charging, energy = (groups.split(one, w) for w in (columns.power, columns.charging, columns.room))
    gives, takes = unit["discharge_efficiency"].to_numpy(float)[:, None], 1.0 / unit["charge_efficiency"].to_numpy(float)[:, None]
    port = b.port("storage_output", len(unit))
    port.add(every, columns.discharge[of], power)
    port.add(every, columns.charge[of], -charging)
    b.port("storage_available", len(unit)).add(every, constant=columns.power)
    b.port("storage_least", len(unit)).add(every, constant=-columns.charging)
    start, fixed = np.zeros(shape), ~np.isin(of, columns.cyclic)
    start[:, :1] = np.where(fixed, columns.start[of], 0.0)[:, None] * energy[:, :1]
    together = groups.sum(columns.room)
    together = np.maximum(together, np.roll(together, 1, axis=1))[of]  # what retires takes its part along
    later = np.divide(columns.room, together, out=np.zeros(shape), where=together > 0)
    later[:, :1] = np.where(fixed[:, None], 0.0, energy[:, -1:])
    held, most = (columns.room * v for v in limits)
    first, top = (columns.room * np.concatenate([v[:, :1], v[:, :-1]], axis=1) for v in limits)
    first[:, :1] = np.where(fixed[:, None], np.minimum(first[:, :1], start[:, :1]), first[:, :1])
    top[:, :1] = np.where(fixed[:, None], np.maximum(top[:, :1], start[:, :1]), top[:, :1])
    after, before = (columns.energy, energy, 0.0, held, most), (np.roll(columns.energy, 1, axis=1), later, start, first, top)
    for when, (level, share, known, low, high) in (("", after), ("_before", before)):
        b.port(f"storage_stored{when}", len(unit)).add(every, level[of], gives * share, gives * (known - low))
        b.port(f"storage_room{when}", len(unit)).add(every, level[of], -takes * share, takes * (high - known))


def _levels(case, one, room: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Energy before the first step (g,), least and largest energy at the end of each step (g, T), all MWh; `one`: a store of each group."""
    least, most = (room * case.series(one[f"energy_{c}_profile"], e) for c, e in (("min", 0.0), ("max", 1.0)))
    if not room.shape[1]:
        return np.zeros(len(room)), least, most
    cyclic, share = one["cyclic"].to_numpy(bool), one["energy_end_fraction"].to_numpy(float)
    start = np.where(cyclic, 0.0, room[:, 0] * one["energy_start_fraction"].to_numpy(float))
    most[cyclic, -1] = np.minimum(room[:, 0], room[:, -1])[cyclic]
    free = one["end_value_cny_per_mwh"].notna().to_numpy()
    end = np.where(np.isnan(share), np.where(free, 0.0, start), share * room[:, -1])
    least[:, -1] = np.maximum(least[:, -1], np.minimum(end, most[:, -1]))
    return start, least, most


def _falls(room: np.ndarray) -> np.ndarray:
    """Room MWh that is lost from step to step, (n, T)."""
    return np.maximum(-np.diff(room, axis=1, prepend=room[:, :1]), 0.0)


def _retires(case) -> np.ndarray:
    """Stores that retire within the period: by date, so that longer steps have the same columns."""
    date, time = case.table("storage")["retirement"].to_numpy("datetime64[s]"), case.time
    return (date > time.start[0]) & (date < time.end[-1]) if len(time) else np.zeros(len(date), bool)


def constrain(case, b, columns):
    """Rows (S2), (S6) and (S7); the level before the first step is data or that of the last (S4)."""
    groups, charge, discharge, energy = columns.groups, columns.charge, columns.discharge, columns.energy
    if not len(groups):
        return
    one, hours, cyclic = case.table("storage").iloc[groups.first], case.time.hours, columns.cyclic
    keep = (1.0 - one["standing_loss_per_h"].to_numpy(float)[:, None]) ** hours
    given = hours * groups.sum(columns.inflow)
    given[:, 0] += keep[:, 0] * columns.start
    row = b.rows("storage.energy_balance", unit="MWh", over={"group": groups.name, "time": case.time.index}, equal=-given)
    b.term(row[:, 1:], energy[:, :-1], keep[:, 1:])
    b.term(row[cyclic, 0], energy[cyclic, -1], keep[cyclic, 0])
    b.term(row, charge, one["charge_efficiency"].to_numpy(float)[:, None] * hours)
    b.term(row, discharge, -hours / one["discharge_efficiency"].to_numpy(float)[:, None])
    b.term(row, energy, -1.0)
    b.term(row[columns.retiring], columns.written_off, -1.0)
    b.term(row[columns.fed], columns.spill, -hours)
    _cycles(case, b, columns)
    if len(columns.side):
        _apart(case, b, columns)


def _cycles(case, b, columns):
    """Rows (S6) of the groups that have a limit."""
    groups = columns.groups
    most = case.table("storage")["cycles_per_day"].to_numpy(float)[groups.first]
    some = np.flatnonzero(~np.isnan(most))
    if not len(some):
        return
    day, inside = case.time.by_day()
    room = groups.sum(columns.room)[some] @ inside.T
    row = b.rows("storage.cycles", unit="MWh", over={"group": groups.name[some], "day": day}, upper=most[some, None] * room / 24.0)
    part = inside.tocoo()
    (d, t), length = part.coords, part.data
    b.term(row[:, d], columns.discharge[some][:, t], length)


def _apart(case, b, columns):
    """Lazy family (S7): both rows of a group and step that charges and discharges at once while one of them is broken."""
    charge, discharge, side = columns.charge, columns.discharge, columns.side
    pull, push = columns.groups.sum(columns.charging), columns.groups.sum(columns.power)

    def find(x, tolerance, steps=slice(None)):
        c, d, z = (x[cols[:, steps]] for cols in (charge, discharge, side))
        over = np.maximum(c - pull[:, steps] * z, d - push[:, steps] * (1.0 - z))
        group, step = np.nonzero((np.minimum(c, d) > tolerance) & (over > tolerance))
        return np.concatenate([group, group + len(side)]), np.tile(step + (steps.start or 0), 2)

    def expand(element, step):
        group, charges = element % len(side), element < len(side)
        power = np.where(charges, charge[group, step], discharge[group, step])
        limit = np.where(charges, -pull[group, step], push[group, step])
        n, one = np.arange(len(element)), np.ones(len(element))
        return np.tile(n, 2), np.concatenate([power, side[group, step]]), np.concatenate([one, limit]), np.zeros(len(element))

    over = {"side": np.array(["charge", "discharge"], object), "group": columns.groups.name, "time": case.time.index}
    b.lazy("storage.apart", unit="MW", over=over, bounds=(-np.inf, np.stack([0.0 * push, push])), expand=expand, find=find)


def implied(columns, x: np.ndarray) -> None:
    """Sets z of (S7) at values x to the side that each store is on, where it is on one: its rows may not be written, and then nothing
    else says so. Where a store does both, its rows are, and z is what they say."""
    if len(columns.side):
        charge, discharge = x[columns.charge], x[columns.discharge]
        x[columns.side] = np.where(np.minimum(charge, discharge) > ONE_SIDE, x[columns.side], charge > discharge)


def results(case, columns, values) -> dict[str, Quantity]:
    """Charge, discharge and stored energy by store, shared by power and room; energy written off by the room that leaves; spill;
    what charging and discharging at once destroys; the value of stored energy."""
    split = columns.groups.split
    charge, discharge = split(values["storage.charge"], columns.charging), split(values["storage.discharge"], columns.power)
    energy = split(values["storage.energy"], columns.room)
    lost, spilt = np.zeros(columns.energy.shape), np.zeros(columns.energy.shape)
    lost[columns.retiring], spilt[columns.fed] = values["storage.written_off"], values["storage.spill"]
    lost, spilt = split(lost, _falls(columns.room)), split(spilt, np.maximum(columns.inflow, 0.0))
    turn = _turn(case)
    both = (1.0 - turn) * np.minimum(charge, discharge / turn)
    worth = values.dual("storage.energy_balance")[columns.groups.of] if len(columns.groups) else np.zeros(energy.shape)
    dims, left, unused = ("storage", "time"), "stored energy that left with retired stores", "inflow that was not stored"
    burnt, value = "power destroyed by charging and discharging at once", "value of one more stored MWh"
    return {
        "storage_charge": Quantity(dims, charge, "MW", "charging", "充电功率", "positive: taken from the bus"),
        "storage_discharge": Quantity(dims, discharge, "MW", "discharging", "放电功率", "positive: given to the bus"),
        "storage_energy": Quantity(dims, energy, "MWh", "stored energy at the end of the step", "储能电量"),
        "storage_written_off": Quantity(dims, lost, "MWh", left, "随退役储能离开的电量", "positive: lost"),
        "storage_spill": Quantity(dims, spilt, "MW", unused, "弃入库能量", "positive: lost"),
        "storage_both": Quantity(dims, both, "MW", burnt, "同时充放电损失功率", "positive: lost"),
        "storage_energy_value": Quantity(dims, worth, "CNY/MWh", value, "储能电量价值"),
    }


def _turn(case) -> np.ndarray:
    """Energy given back per energy taken, (n, 1)."""
    table = case.table("storage")
    return (table["charge_efficiency"] * table["discharge_efficiency"]).to_numpy(float)[:, None]
