"""Pump: water lifted from one reservoir into another, such as pump-back in a cascade.

Sets        i pump, t step of length h[t] hours
Data        power_max_mw P (while in service), f = flow_m3s_per_mw, travel time of the water, number n of equal units that run at full
            power or not at all (none: any power)
Columns     pump.power p [MW] taken from the bus; pump.running m [1] of pumps with units, only in cases with decisions

    0 <= p <= P                                                           (K1)
    p - (power_max_mw / n) m = 0,   m in {0 .. n}                         (K2)  pump.units

Ports       injection: -p;  reservoir_water: -f p where the water is taken, +f p where it arrives, a travel time later (what arrives in a
            step comes from earlier ones in proportion to the overlap of the shifted step with them; what was lifted before the first step:
            table pump_past)
Assumes     fixed head
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridopt.case.rivers import arrival, lifted
from gridopt.program.labels import Quantity


class Columns(NamedTuple):
    """power (n, T); stepped int (k,): pumps with units; running (k, T)."""

    power: np.ndarray
    stepped: np.ndarray
    running: np.ndarray


def declare(case, b):
    """Columns (K1), injections, water."""
    table, here = case.table("pump"), case.in_service("pump")
    most = table["power_max_mw"].to_numpy(float)[:, None] * here
    power = b.columns("pump.power", unit="MW", over={"pump": table.index, "time": case.time.index}, upper=most)
    units = table["units"].to_numpy(float)
    stepped = np.flatnonzero(~np.isnan(units) & (case.commitment != "off"))
    running = b.columns(
        "pump.running", unit="1", over={"pump": table.index[stepped], "time": case.time.index},
        upper=np.floor(units[stepped, None] * here[stepped] + 1e-9), integer=case.commitment == "exact",
    )  # fmt: skip
    b.port("injection").add(case.position("bus", table["bus"]), power, -1.0)
    flow, water = table["flow_m3s_per_mw"].to_numpy(float), b.port("reservoir_water")
    water.add(case.position("reservoir", table["from_reservoir"]), power, -flow[:, None])
    for i, r in enumerate(case.position("reservoir", table["to_reservoir"])):
        delay = float(table["delay_h"].iloc[i])
        water.add([r], constant=flow[i] * lifted(case, table.index[i], delay))
        shift = arrival(case.time, delay).tocoo()
        t, s = shift.coords
        for late in np.unique(t - s):
            some = t - s == late
            share = np.zeros(len(case.time))
            share[t[some]] = shift.data[some]
            water.add([r], np.roll(power[i], late)[None], flow[i] * share)
    return Columns(power, stepped, running)


def constrain(case, b, columns):
    """Rows (K2)."""
    table = case.table("pump").iloc[columns.stepped]
    row = b.rows("pump.units", unit="MW", over={"pump": table.index, "time": case.time.index}, equal=0.0)
    b.term(row, columns.power[columns.stepped])
    b.term(row, columns.running, -(table["power_max_mw"] / table["units"]).to_numpy(float)[:, None])


def results(case, columns, values) -> dict[str, Quantity]:
    """Power of each pump."""
    return {"pump_power": Quantity(("pump", "time"), values["pump.power"], "MW", "power of pumps", "抽水功率", "positive: taken from the bus")}
