"""Water on its way: what passed a plant reaches the next one a travel time later, on steps of any length.

What passed before the first step is data: table release_past, and before what it tells reservoir.release_before_m3s; of pumps table
pump_past.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp


def arrival(time, delay_h: float) -> sp.csr_array:
    """(T, T) share of the water that passed in step s that arrives in t.

    Row t holds the overlaps of [start - delay, end - delay) with earlier steps over the length of t, so that water is kept.
    """
    edge = np.append(0.0, np.cumsum(time.hours))
    begin, end = edge[:-1] - delay_h, edge[1:] - delay_h
    first = np.clip(np.searchsorted(edge, begin, side="right") - 1, 0, len(time) - 1)
    last = np.clip(np.searchsorted(edge, end, side="left") - 1, -1, len(time) - 1)
    row, col, val = [], [], []
    for offset in range(int((last - first).max(initial=-1)) + 1):
        s = first + offset
        t = np.flatnonzero(s <= last)
        overlap = np.minimum(end[t], edge[s[t] + 1]) - np.maximum(begin[t], edge[s[t]])
        keep = overlap > 1e-12
        row.append(t[keep])
        col.append(s[t][keep])
        val.append(overlap[keep] / time.hours[t][keep])
    if not row:
        return sp.csr_array((len(time), len(time)))
    return sp.csr_array((np.concatenate(val), (np.concatenate(row), np.concatenate(col))), shape=(len(time), len(time)))


def under_way(case, plant: str, delay_h: float) -> np.ndarray:
    """Mean flow m3/s (T,) that reaches the next plant in each step of water that passed `plant` before the first step."""
    past, before = case.table("release_past"), float(case.table("reservoir").at[plant, "release_before_m3s"])
    mine = past[past["reservoir"] == plant]
    return _coming(case.time, mine["begin_h"].to_numpy(float), mine["release_m3s"].to_numpy(float), before, delay_h)


def lifted(case, pump: str, delay_h: float) -> np.ndarray:
    """Mean power MW (T,) at which `pump` lifted, before the first step, the water that arrives in each step."""
    past = case.table("pump_past")
    mine = past[past["pump"] == pump]
    return _coming(case.time, mine["begin_h"].to_numpy(float), mine["power_mw"].to_numpy(float), 0.0, delay_h)


def _coming(time, begin_h: np.ndarray, rate: np.ndarray, before: float, delay_h: float) -> np.ndarray:
    """Mean over each step (T,) of what arrives `delay_h` late of rates that began `begin_h` hours before the first step (k,), and of
    `before` until the first of them."""
    order, edge = np.argsort(-begin_h), np.append(0.0, np.cumsum(time.hours))
    begin = -begin_h[order]
    knots = np.concatenate([[min(begin.min(initial=0.0), -delay_h) - 1.0], begin, [0.0]])
    passed = np.append(0.0, np.cumsum(np.append(before, rate[order]) * np.diff(knots)))
    return np.diff(np.interp(np.minimum(edge - delay_h, 0.0), knots, passed)) / time.hours


def downstream_order(below: np.ndarray) -> list[int]:
    """Plants such that each comes before the plant below it; below int (n,), -1: none."""
    depth = []
    for r in range(len(below)):
        d, n = below[r], 0
        while d >= 0:
            d, n = below[d], n + 1
        depth.append(-n)
    return list(np.argsort(depth, kind="stable"))


def head_zones(case) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Zones of head by plant and volume: plant int (z,), begin and end hm3, power per flow MW/(m3/s), (z,) each; none in a case without
    decisions. The first zone of a plant reaches down to its least volume, the last one up to its largest."""
    table, plant = case.table("head_zone"), case.table("reservoir")
    if case.commitment == "off" or not len(table):
        return np.zeros(0, int), *np.zeros((3, 0))
    of, begin = case.position("reservoir", table["reservoir"]), table["volume_from_hm3"].to_numpy(float)
    order = np.lexsort((begin, of))
    of, begin, rate = of[order], begin[order], table["power_mw_per_m3s"].to_numpy(float)[order]
    last = np.append(of[1:] != of[:-1], True)
    end = np.where(last, plant["volume_max_hm3"].to_numpy(float)[of], np.append(begin[1:], 0.0))
    return of, begin, end, rate


def least_rate(case) -> np.ndarray:
    """Least power per flow MW/(m3/s) of each plant (n,): over its zones of head, where it has some."""
    rate = case.table("reservoir")["power_mw_per_m3s"].to_numpy(float).copy()
    of, _, _, zone = head_zones(case)
    rate[of] = np.inf
    np.minimum.at(rate, of, zone)
    return rate
