"""Shiftable load: energy that is consumed earlier or later inside a window of hours.

Sets        i part of one load, t step of length h[t] hours, w window: windows of its hours follow each other from midnight on
Data        powers less and more [MW], load D[i,t], rebound r, energy per window E [MWh], price c [CNY/MWh]
Columns     shiftable.less d, shiftable.more u [MW]

    0 <= d <= min(power less, D),  0 <= u <= power more                   (F4)
    sum of h u over w = r x sum of h d over w                             (F5)  shiftable.window
    sum of h d over w <= E                                                (F6)  shiftable.energy

Cost        shiftable.payment = c h d
Ports       injection: d - u at the load's bus;  demand_change: u - d
Assumes     a step belongs to the window it begins in; of a window that the study cuts, the part inside is balanced by itself
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridopt.case.demands import bus_of, load_of
from gridopt.program.labels import Quantity


class Columns(NamedTuple):
    less: np.ndarray
    more: np.ndarray


def declare(case, b):
    """Columns (F4), cost and injections."""
    table = case.table("shiftable")
    over = {"shiftable": table.index, "time": case.time.index}
    most = np.minimum(table["power_less_mw"].to_numpy(float)[:, None], load_of(case, "shiftable"))
    less = b.columns("shiftable.less", unit="MW", over=over, upper=most)
    most = table["power_more_mw"].to_numpy(float)[:, None] * case.in_service("shiftable")
    more = b.columns("shiftable.more", unit="MW", over=over, upper=most)
    if len(table):
        b.cost("shiftable.payment", less, table["cost_cny_per_mwh"].to_numpy(float)[:, None] * case.time.hours)
    bus = bus_of(case, "shiftable")
    for cols, sign in ((less, 1.0), (more, -1.0)):
        b.port("injection").add(bus, cols, sign)
        b.port("demand_change", len(case.table("bus"))).add(bus, cols, -sign)
    return Columns(less, more)


def windows(case) -> list[tuple[np.ndarray, np.ndarray]]:
    """For each row the windows that the steps begin in, as hours since 1970 (w,), and which of them each step belongs to (T,)."""
    begin = case.time.start.astype("datetime64[s]").astype(float) / 3600.0
    length = case.table("shiftable")["window_h"].to_numpy(float)
    return [np.unique(np.floor(begin / hours + 1e-9) * hours, return_inverse=True) for hours in length]


def constrain(case, b, columns):
    """Rows (F5) and (F6), a window after the other."""
    table, hours = case.table("shiftable"), case.time.hours
    found = windows(case)
    labels = [f"{name} {w:g}" for name, (each, _) in zip(table.index, found, strict=True) for w in each]
    first = np.cumsum([0, *(len(each) for each, _ in found)])
    most = np.repeat(table["energy_max_mwh"].fillna(np.inf).to_numpy(float), np.diff(first))
    window = b.rows("shiftable.window", unit="MWh", over={"window": np.array(labels, object)}, equal=0.0)
    energy = b.rows("shiftable.energy", unit="MWh", over={"window": np.array(labels, object)}, upper=most)
    for i, (_, of) in enumerate(found):
        row = first[i] + of
        b.term(window[row], columns.more[i], hours)
        b.term(window[row], columns.less[i], -table["rebound"].iloc[i] * hours)
        b.term(energy[row], columns.less[i], hours)


def results(case, columns, values) -> dict[str, Quantity]:
    """What is consumed less and more than without shifting."""
    if not len(columns.less):
        return {}
    dims = ("shiftable", "time")
    return {
        "shiftable_less": Quantity(dims, values["shiftable.less"], "MW", "load put off or done before", "转移负荷减少", "positive: less"),
        "shiftable_more": Quantity(dims, values["shiftable.more"], "MW", "load made up or done ahead", "转移负荷增加", "positive: more"),
    }
