"""Demand: loads, load shedding in tiers, and over-generation as the last resort.

Sets        b bus, k tier, t step of length h[t] hours
Data        load D[b,t] = sum of mean_mw x series x load_scale of the year; tier share s[k], cost c[k]
Columns     demand.shedding u [MW], demand.surplus w [MW]                 (left out of the solver until they pay)

    0 <= u[k,b,t] <= s[k] D[b,t]                                          (D1)
    0 <= w[b,t] <= W, W above any injection the case can make             (D2)

Cost        demand.shedding = c h u;  demand.surplus = max(c) h w
Ports       injection: -D + sum_k u - w
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridopt.program.labels import Quantity

TIERS = (np.array(["all"], dtype=object), np.array([1.0]), np.array([10000.0]))
"""One tier at 10,000 per MWh where the network names none."""


class Columns(NamedTuple):
    load: np.ndarray
    shedding: np.ndarray
    surplus: np.ndarray


def loads(case) -> np.ndarray:
    """Demand by load MW (n, T)."""
    table = case.table("load")
    shape = case.series(table["profile"], 1.0) * case.of_year("load_scale", 1.0)
    return table["mean_mw"].to_numpy(float)[:, None] * shape * case.in_service("load")


def declare(case, b):
    """Columns (D1), (D2); the load itself is a constant."""
    bus, hours = case.table("bus").index, case.time.hours
    load = np.zeros((len(bus), len(case.time)))
    np.add.at(load, case.position("bus", case.table("load")["bus"]), loads(case))
    table = case.table("shedding_tier")
    tiers = (table.index.to_numpy(), *(table[c].to_numpy(float) for c in ("share", "cost_cny_per_mwh"))) if len(table) else TIERS
    names, share, cost = tiers
    over = {"tier": names, "bus": bus, "time": case.time.index}
    u = b.columns("demand.shedding", unit="MW", over=over, upper=share[:, None, None] * np.maximum(load, 0.0), optional=True)
    # Large enough never to bind: everything that can inject at once, and the load for good measure.
    most = load.sum(axis=0).max(initial=0.0) + _all_power(case)
    w = b.columns("demand.surplus", unit="MW", over={"bus": bus, "time": case.time.index}, upper=most, optional=True)
    b.cost("demand.shedding", u, cost[:, None, None] * hours)
    b.cost("demand.surplus", w, cost.max() * hours)
    port, at = b.port("injection", len(bus)), np.arange(len(bus))
    port.add(at, constant=-load)
    for k in range(len(names)):
        port.add(at, u[k])
    port.add(at, w, -1.0)
    return Columns(load, u, w)


def _all_power(case) -> float:
    tables = ("unit", "renewable", "csp", "reservoir", "storage", "dc_link")
    power = sum(case.table(t)["power_max_mw"].sum() for t in tables)
    exchange = case.table("exchange")
    agreed = np.abs(case.series(exchange["schedule"], 0.0)) * exchange["scale"].to_numpy(float)[:, None]
    return float(power + exchange["import_flexible_mw"].sum() + agreed.sum(axis=0).max(initial=0.0))


def constrain(case, b, columns):
    """No rows: bounds say it all."""


def results(case, columns, values) -> dict[str, Quantity]:
    """Load, shedding and surplus by bus."""
    dims = ("bus", "time")
    return {
        "load": Quantity(dims, columns.load, "MW", "demand", "负荷", "positive: consumption"),
        "shedding": Quantity(dims, values["demand.shedding"].sum(axis=0), "MW", "load not served", "切负荷", "positive: not served"),
        "surplus": Quantity(dims, values["demand.surplus"], "MW", "over-generation that nothing takes", "过剩出力", "positive: excess"),
    }
