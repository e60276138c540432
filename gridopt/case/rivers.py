"""Water on its way: what passed a plant reaches the next one a travel time later, on steps of any length.

What passed before the first step is data: table release_past, and before what it tells reservoir.release_before_m3s.
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
    past = case.table("release_past")
    mine = past[past["reservoir"] == plant].sort_values("begin_h", ascending=False)
    edge = np.append(0.0, np.cumsum(case.time.hours))
    begin, flow = -mine["begin_h"].to_numpy(float), mine["release_m3s"].to_numpy(float)
    knots = np.concatenate([[min(begin.min(initial=0.0), -delay_h) - 1.0], begin, [0.0]])
    flows = np.append(float(case.table("reservoir").at[plant, "release_before_m3s"]), flow)
    passed = np.append(0.0, np.cumsum(flows * np.diff(knots)))
    return np.diff(np.interp(np.minimum(edge - delay_h, 0.0), knots, passed)) / case.time.hours


def downstream_order(below: np.ndarray) -> list[int]:
    """Plants such that each comes before the plant below it; below int (n,), -1: none."""
    depth = []
    for r in range(len(below)):
        d, n = below[r], 0
        while d >= 0:
            d, n = below[d], n + 1
        depth.append(-n)
    return list(np.argsort(depth, kind="stable"))
