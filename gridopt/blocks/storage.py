"""Storage: batteries and pumped hydro at one bus.

Sets        s group of stores of one bus, hours of storage and efficiency; t step of length h[t] hours
Data        power_max_mw P, energy_max_mwh E (by date), charge_efficiency a, discharge_efficiency b, share lost per hour l,
            energy before the first step e0, wear w and charging cost g [CNY/MWh]
Columns     storage.charge c [MW], storage.discharge d [MW], storage.energy e [MWh], storage.written_off x [MWh] of groups with
            stores that retire: what these still hold leaves with them, unpaid

    0 <= c, d <= P,   0 <= e <= E,   e[last] >= min(e0, E[last])          (S1)
    (1-l)^h[t] e[t-1] + a h[t] c[t] - h[t] d[t] / b - x[t] - e[t] = 0, e[-1] = e0     (S2)  storage.energy_balance
    0 <= x[t] <= max(0, E[t-1] - E[t]),   x[0] = 0                        (S3)

Cost        storage.wear = w h d;  storage.charging = g h c
Ports       injection: d - c
Dual        storage.energy_balance: value of one more stored MWh [CNY/MWh]
Assumes     nothing here keeps charge and discharge apart; energy lost by doing both is reported (storage_both)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridopt.case.groups import Groups, group_by
from gridopt.program.labels import Quantity

SAME = ("bus", "technology", "charge_efficiency", "discharge_efficiency", "standing_loss_per_h", "energy_start_fraction",
        "wear_cny_per_mwh", "charging_cost_cny_per_mwh")  # fmt: skip


class Columns(NamedTuple):
    groups: Groups
    power: np.ndarray
    charge: np.ndarray
    discharge: np.ndarray
    energy: np.ndarray
    start: np.ndarray
    room: np.ndarray
    retiring: np.ndarray
    written_off: np.ndarray


def declare(case, b):
    """Columns of (S1) and (S3), their cost and injection. Stores are alike when they also hold the same hours of their power."""
    unit, hours = case.table("storage"), case.time.hours
    depth = (unit["energy_max_mwh"] / unit["power_max_mw"].where(unit["power_max_mw"] > 0, 1.0)).round(9)
    groups = group_by(unit, SAME, (depth,))
    one, active = unit.iloc[groups.first], case.in_service("storage")
    power = unit["power_max_mw"].to_numpy(float)[:, None] * active
    room = unit["energy_max_mwh"].to_numpy(float)[:, None] * active
    most = groups.sum(room)
    start = most[:, 0] * one["energy_start_fraction"].to_numpy(float) if most.shape[1] else np.zeros(0)
    least = np.zeros_like(most)
    least[:, -1:] = start[:, None]
    over = {"group": groups.name, "time": case.time.index}
    charge = b.columns("storage.charge", unit="MW", over=over, upper=groups.sum(power))
    discharge = b.columns("storage.discharge", unit="MW", over=over, upper=groups.sum(power))
    energy = b.columns("storage.energy", unit="MWh", over=over, lower=np.minimum(least, most), upper=most)
    retiring = np.unique(groups.of[_retires(case)])
    over = {"group": groups.name[retiring], "time": case.time.index}
    written_off = b.columns("storage.written_off", unit="MWh", over=over, upper=_falls(most[retiring]))
    b.cost("storage.wear", discharge, one["wear_cny_per_mwh"].to_numpy(float)[:, None] * hours)
    b.cost("storage.charging", charge, one["charging_cost_cny_per_mwh"].to_numpy(float)[:, None] * hours)
    at = case.position("bus", one["bus"])
    b.port("injection").add(at, discharge)
    b.port("injection").add(at, charge, -1.0)
    return Columns(groups, power, charge, discharge, energy, start, room, retiring, written_off)


def _falls(room: np.ndarray) -> np.ndarray:
    """Room MWh that is lost from step to step, (n, T)."""
    return np.maximum(-np.diff(room, axis=1, prepend=room[:, :1]), 0.0)


def _retires(case) -> np.ndarray:
    """Stores that retire within the period: by date, so that longer steps have the same columns."""
    date, time = case.table("storage")["retirement"].to_numpy("datetime64[s]"), case.time
    return (date > time.start[0]) & (date < time.end[-1]) if len(time) else np.zeros(len(date), bool)


def constrain(case, b, columns):
    """Rows (S2); the level before the first step is data."""
    groups, charge, discharge, energy = columns.groups, columns.charge, columns.discharge, columns.energy
    if not len(groups):
        return
    one, hours = case.table("storage").iloc[groups.first], case.time.hours
    keep = (1.0 - one["standing_loss_per_h"].to_numpy(float)[:, None]) ** hours
    given = np.zeros(energy.shape)
    given[:, 0] = keep[:, 0] * columns.start
    row = b.rows("storage.energy_balance", unit="MWh", over={"group": groups.name, "time": case.time.index}, equal=-given)
    b.term(row[:, 1:], energy[:, :-1], keep[:, 1:])
    b.term(row, charge, one["charge_efficiency"].to_numpy(float)[:, None] * hours)
    b.term(row, discharge, -hours / one["discharge_efficiency"].to_numpy(float)[:, None])
    b.term(row, energy, -1.0)
    b.term(row[columns.retiring], columns.written_off, -1.0)


def results(case, columns, values) -> dict[str, Quantity]:
    """Charge, discharge and stored energy by store, shared by power and room; energy written off by the room that leaves."""
    split = columns.groups.split
    charge, discharge = (split(values[f"storage.{n}"], columns.power) for n in ("charge", "discharge"))
    energy = split(values["storage.energy"], columns.room)
    lost = np.zeros(columns.energy.shape)
    lost[columns.retiring] = values["storage.written_off"]
    lost = split(lost, _falls(columns.room))
    dims, left = ("storage", "time"), "stored energy that left with retired stores"
    return {
        "storage_charge": Quantity(dims, charge, "MW", "charging", "充电功率", "positive: taken from the bus"),
        "storage_discharge": Quantity(dims, discharge, "MW", "discharging", "放电功率", "positive: given to the bus"),
        "storage_energy": Quantity(dims, energy, "MWh", "stored energy at the end of the step", "储能电量"),
        "storage_written_off": Quantity(dims, lost, "MWh", left, "随退役储能离开的电量", "positive: lost"),
    }
