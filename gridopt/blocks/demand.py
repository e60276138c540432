"""Demand: loads, load shedding in tiers, and over-generation as the last resort.

Sets        b bus, k tier, t step of length h[t] hours; shedding only at buses with a load, surplus where anything is connected
            besides branches and the bus allows it
Data        load D[b,t] = sum of mean_mw x series x load_scale of the year, D' its sheddable part; tier share s[k], cost c[k]
Columns     demand.shedding u [MW], demand.surplus w [MW]                 (left out of the solver until they pay)

    0 <= u[k,b,t] <= s[k] D'[b,t]                                         (D1)
    0 <= w[b,t] <= W, W above any injection the case can make             (D2)

Cost        demand.shedding = c h u;  demand.surplus = max(c) h w
Ports       injection: -D + sum_k u - w;  shedding: sum_k u
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridopt.case.demands import loads
from gridopt.program.labels import Quantity

CONNECTED = (("load", "bus"), ("unit", "bus"), ("generator", "bus"), ("renewable", "bus"), ("csp", "bus"),
             ("reservoir", "bus"), ("storage", "bus"), ("exchange", "bus"), ("dc_link", "from_bus"), ("dc_link", "to_bus"))  # fmt: skip
"""Table and column of all that injects at a bus or withdraws there."""
TIERS = (np.array(["all"], dtype=object), np.array([1.0]), np.array([10000.0]))
"""One tier at 10,000 per MWh where the network names none."""


class Columns(NamedTuple):
    """load (B, T); `loaded`, `busy`: buses that shedding (k, n, T) and surplus (n, T) belong to."""

    load: np.ndarray
    loaded: np.ndarray
    busy: np.ndarray
    shedding: np.ndarray
    surplus: np.ndarray


def shedding_tiers(case) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Names, shares of the load and costs CNY/MWh of the tiers, (k,)."""
    table = case.table("shedding_tier")
    return (table.index.to_numpy(), *(table[c].to_numpy(float) for c in ("share", "cost_cny_per_mwh"))) if len(table) else TIERS


def declare(case, b):
    """Columns (D1), (D2); the load itself is a constant."""
    bus, hours = case.table("bus").index, case.time.hours
    load, soft = (np.zeros((len(bus), len(case.time))) for _ in range(2))
    at, each, sheddable = case.position("bus", case.table("load")["bus"]), loads(case), case.table("load")["sheddable"].to_numpy(bool)
    np.add.at(load, at, each)
    np.add.at(soft, at[sheddable], each[sheddable])
    names, share, cost = shedding_tiers(case)
    loaded, busy = _buses(case, CONNECTED[:1]), _buses(case, CONNECTED)
    busy = busy if len(busy) else np.arange(len(bus))  # a program needs a column, even for bare buses
    busy = busy[case.table("bus")["surplus_allowed"].to_numpy(bool)[busy]]
    over = {"tier": names, "bus": bus[loaded], "time": case.time.index}
    most = share[:, None, None] * np.maximum(soft[loaded], 0.0)
    u = b.columns("demand.shedding", unit="MW", over=over, upper=most, optional=True)
    # Large enough never to bind: everything that can inject at once, and the load for good measure.
    most = load.sum(axis=0).max(initial=0.0) + _all_power(case)
    over = {"bus": bus[busy], "time": case.time.index}
    w = b.columns("demand.surplus", unit="MW", over=over, upper=most, optional=True)
    b.cost("demand.shedding", u, cost[:, None, None] * hours)
    b.cost("demand.surplus", w, cost.max() * hours)
    port = b.port("injection", len(bus))
    port.add(np.arange(len(bus)), constant=-load)
    shed = b.port("shedding", len(bus))
    for k in range(len(names)):
        port.add(loaded, u[k])
        shed.add(loaded, u[k])
    port.add(busy, w, -1.0)
    return Columns(load, loaded, busy, u, w)


def _buses(case, places) -> np.ndarray:
    """Positions of the buses that the tables and columns `places` name, sorted."""
    return np.unique(np.concatenate([case.position("bus", case.table(t)[c]) for t, c in places])).astype(int)


def _all_power(case) -> float:
    tables = ("unit", "renewable", "csp", "reservoir", "storage", "dc_link")
    power = sum(case.table(t)["power_max_mw"].sum() for t in tables)
    power += np.abs(case.table("generator")[["power_min_mw", "power_max_mw"]].to_numpy(float)).sum()
    exchange = case.table("exchange")
    agreed = np.abs(case.series(exchange["schedule"], 0.0)) * exchange["scale"].to_numpy(float)[:, None]
    return float(power + exchange["import_flexible_mw"].sum() + agreed.sum(axis=0).max(initial=0.0))


def constrain(case, b, columns):
    """No rows: bounds say it all."""


def results(case, columns, values) -> dict[str, Quantity]:
    """Load, shedding and surplus by bus."""
    shedding, surplus = np.zeros_like(columns.load), np.zeros_like(columns.load)
    shedding[columns.loaded] = values["demand.shedding"].sum(axis=0)
    surplus[columns.busy] = values["demand.surplus"]
    dims = ("bus", "time")
    return {
        "load": Quantity(dims, columns.load, "MW", "demand", "负荷", "positive: consumption"),
        "shedding": Quantity(dims, shedding, "MW", "load not served", "切负荷", "positive: not served"),
        "surplus": Quantity(dims, surplus, "MW", "over-generation that nothing takes", "过剩出力", "positive: excess"),
    }
