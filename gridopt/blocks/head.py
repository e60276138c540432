"""Head: what a hydro plant makes of its water depends on how full its reservoir is, by zones of volume.

Sets        z zone of a reservoir, from volume lo[z] up to the next zone's (the last one: up to Vmax); t step
Data        k[z] = power_mw_per_m3s in the zone, k that of table reservoir, power_max_mw P
Columns     head.zone y [1], head.flow f [m3/s], head.volume W [hm3] by zone and step; only in cases with decisions

    sum_z y = 1,   sum_z f = q,   sum_z W[t] = V[t-1]                     (J1)  head.one, head.turbine, head.level
    lo[z] y <= W <= hi[z] y,   0 <= f <= (P / k[z]) y                     (J2)  head.above, head.below, head.through

Ports       injection, reservoir_output: (k[z] - k) f, so that the plant gives sum_z k[z] f;  draws on reservoir_turbine: q and
            reservoir_volume: V
Assumes     the head of a step is that of the volume at its beginning, and constant within a zone; exact so with whole y. With y between 0
            and 1 the zones span their convex hull, an outer estimate. Without decisions the head is fixed: k
Source      zones of constant head: the disjunctive (convex hull) form of a union of boxes, Balas, 1998, doi:10.1016/S0166-218X(98)00136-X
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridopt.case.rivers import head_zones


class Columns(NamedTuple):
    """of int (z,): plant of each zone; begin, end hm3, rate MW/(m3/s) (z,); zone, flow, volume int (z, T)."""

    of: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    rate: np.ndarray
    zone: np.ndarray
    flow: np.ndarray
    volume: np.ndarray


def declare(case, b):
    """Columns and what they add to the output. The volume before the first step is data, and so is its zone."""
    plant, here = case.table("reservoir"), case.in_service("reservoir")
    of, begin, end, rate = head_zones(case)
    start = plant["volume_start_hm3"].to_numpy(float)[of]
    may = np.ones((len(of), len(case.time)))
    may[:, :1] = ((begin <= start) & (start <= end))[:, None]
    number = np.arange(len(of)) - np.searchsorted(of, of)
    names = np.array([f"{plant.index[r]}/{z}" for r, z in zip(of, number, strict=True)], object)
    over = {"zone": names, "time": case.time.index}
    zone = b.columns("head.zone", unit="1", over=over, upper=may, integer=case.commitment == "exact")
    most = (plant["power_max_mw"].to_numpy(float)[of] / rate)[:, None] * here[of]
    flow = b.columns("head.flow", unit="m3/s", over=over, upper=most)
    volume = b.columns("head.volume", unit="hm3", over=over, upper=end[:, None])
    more = (rate - plant["power_mw_per_m3s"].to_numpy(float)[of])[:, None]
    b.port("injection").add(case.position("bus", plant["bus"])[of], flow, more)
    b.port("reservoir_output").add(of, flow, more)
    return Columns(of, begin, end, rate, zone, flow, volume)


def constrain(case, b, columns):
    """Rows (J1) and (J2)."""
    of, zone, flow, volume = columns.of, columns.zone, columns.flow, columns.volume
    if not len(of):
        return
    plant, here = case.table("reservoir"), case.in_service("reservoir")
    some, place = np.unique(of, return_inverse=True)
    over = {"reservoir": plant.index[some], "time": case.time.index}
    row_of = np.full(len(plant), -1)
    row_of[some] = np.arange(len(some))
    row = b.rows("head.one", unit="1", over=over, equal=1.0)
    b.term(row[place], zone)
    row = b.rows("head.turbine", unit="m3/s", over=over, equal=0.0)
    b.term(row[place], flow)
    for at, cols, coef in b.port("reservoir_turbine").offers():
        mine = row_of[at] >= 0
        b.term(row[row_of[at[mine]]], cols[mine], -coef[mine])
    start = np.zeros(row.shape)
    start[:, 0] = plant["volume_start_hm3"].to_numpy(float)[some]
    row = b.rows("head.level", unit="hm3", over=over, equal=start)
    b.term(row[place], volume)
    for at, cols, coef in b.port("reservoir_volume").offers():
        mine = row_of[at] >= 0
        b.term(row[row_of[at[mine]], 1:], cols[mine, :-1], -coef[mine, :-1])
    over = {"zone": next(f for f in b.column_families if f.name == "head.zone").over["zone"], "time": case.time.index}
    most = (plant["power_max_mw"].to_numpy(float)[of] / columns.rate)[:, None] * here[of]
    for name, unit, what, limit, side in (
        ("above", "hm3", volume, columns.begin[:, None], "lower"), ("below", "hm3", volume, columns.end[:, None], "upper"),
        ("through", "m3/s", flow, most, "upper"),
    ):  # fmt: skip
        row = b.rows(f"head.{name}", unit=unit, over=over, **{side: 0.0})
        b.term(row, what)
        b.term(row, zone, -limit)
