"""Data centres: a part of the work may wait, for a while.

Sets        i data centre, t step of length h[t] hours that ends at E[t]
Data        load D[i,t] as work comes, flexible part f, least consumption m over D, largest consumption P [MW], waiting time W [h], work
            q0 that waits before the first step [MWh]
Columns     data_centre.put_off d, data_centre.made_up u [MW];  data_centre.waiting q [MWh]

    0 <= d <= min(f, 1 - m) D;  u - d <= P - D                            (C4)  data_centre.most
    q[t-1] + h d - h u - q[t] = 0,  q[-1] = q0,  q[last] = 0              (C5)  data_centre.balance
    q[t] <= energy put off in the W hours before E[t], also before the first step: as table data_centre_past says, else q0 just before it
                                                                          (C6)  data_centre.deferral

Ports       injection: d - u at the load's bus;  demand_change: u - d
Dual        data_centre.balance: cost of one more MWh that waits [CNY/MWh]
Assumes     work that waits is done first come, first served; consumption without it is D; nothing waits at the end
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridopt.case.demands import HOUR, bus_of, load_of, waited_since
from gridopt.program.labels import Quantity


class Columns(NamedTuple):
    put_off: np.ndarray
    made_up: np.ndarray
    waiting: np.ndarray


def declare(case, b):
    """Columns of (C4) and (C5), injections."""
    table = case.table("data_centre")
    over, demand = {"data_centre": table.index, "time": case.time.index}, load_of(case, "data_centre")
    part = np.minimum(table["flexible_fraction"], 1.0 - table["least_fraction"]).to_numpy(float)[:, None]
    room = np.maximum(table["power_max_mw"].to_numpy(float)[:, None] * case.in_service("data_centre") - demand, 0.0)
    put_off = b.columns("data_centre.put_off", unit="MW", over=over, upper=part * demand)
    made_up = b.columns("data_centre.made_up", unit="MW", over=over, upper=room + part * demand)
    most = np.full(demand.shape, np.inf)
    most[:, -1:] = 0.0
    waiting = b.columns("data_centre.waiting", unit="MWh", over=over, upper=most)
    bus = bus_of(case, "data_centre")
    for cols, sign in ((put_off, 1.0), (made_up, -1.0)):
        b.port("injection").add(bus, cols, sign)
        b.port("demand_change", len(case.table("bus"))).add(bus, cols, -sign)
    return Columns(put_off, made_up, waiting)


def constrain(case, b, columns):
    """Rows (C4) to (C6)."""
    table, time = case.table("data_centre"), case.time
    if not len(table):
        return
    put_off, made_up, waiting = columns
    over = {"data_centre": table.index, "time": time.index}
    room = np.maximum(table["power_max_mw"].to_numpy(float)[:, None] * case.in_service("data_centre") - load_of(case, "data_centre"), 0.0)
    row = b.rows("data_centre.most", unit="MW", over=over, upper=room)
    b.term(row, made_up)
    b.term(row, put_off, -1.0)
    start = table["waiting_mwh"].to_numpy(float)
    given = np.zeros(waiting.shape)
    given[:, 0] = start
    row = b.rows("data_centre.balance", unit="MWh", over=over, equal=-given)
    b.term(row[:, 1:], waiting[:, :-1])
    b.term(row, put_off, time.hours)
    b.term(row, made_up, -time.hours)
    b.term(row, waiting, -1.0)
    wait = table["deferral_h"].to_numpy(float)
    row = b.rows("data_centre.deferral", unit="MWh", over=over, upper=waited_since(case))
    b.term(row, waiting)
    for i in range(len(table)):
        later, earlier, hours = recent(time, wait[i])
        b.term(row[i, later], put_off[i, earlier], -hours)


def recent(time, hours: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(step t, step s <= t, hours of s inside the `hours` before the end of t) of all such pairs, (k,) each."""
    begin = time.end - np.timedelta64(round(hours * 3600), "s")
    first, steps = np.searchsorted(time.end, begin, "right"), np.arange(len(time))
    count = steps - first + 1
    t = np.repeat(steps, count)
    s = first[t] + np.arange(len(t)) - np.repeat(np.cumsum(count) - count, count)
    return t, s, (time.end[s] - np.maximum(time.start[s], begin[t])) / HOUR


def results(case, columns, values) -> dict[str, Quantity]:
    """Consumption put off and made up, and the work that waits."""
    if not len(columns.waiting):
        return {}
    dims = ("data_centre", "time")
    return {
        "data_centre_put_off": Quantity(dims, values["data_centre.put_off"], "MW", "work put off", "算力负荷推迟", "positive: less"),
        "data_centre_made_up": Quantity(dims, values["data_centre.made_up"], "MW", "work made up", "算力负荷补做", "positive: more"),
        "data_centre_waiting": Quantity(dims, values["data_centre.waiting"], "MWh", "work that waits, as energy", "待处理算力电量"),
    }
