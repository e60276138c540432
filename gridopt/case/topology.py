"""Topology: which branches exist when, what is connected, and how injections become flows (DC power flow).

    flow = b (angle_from - angle_to - shift),  injection = A' flow,  b in MW/rad                  (T1)
    PTDF: flow = H injection + offset; H from a sparse factorisation, only the rows that are asked for     (T2)
    offset: flows of the fixed shifts without any injection; shifts that are chosen enter as
    d flow[l] / d shift[k] = b[k] (H[l, from k] - H[l, to k] - [l = k])                           (T3)
    LODF: flow[l] after the outage of k = flow[l] + LODF[l,k] flow[k],
    LODF[l,k] = (H[l, from k] - H[l, to k]) / (1 - H[k, from k] + H[k, to k])                     (T4)
    several at once, K: flow[l] + sum_k LODF[l,k] flow[k] with LODF = D[l,K] (I - D[K,K])^-1, D[l,k] = H[l, from k] - H[l, to k]

An outage that cuts buses off (a bridge: D[k,k] = 1) has no LODF; it is told from the graph, not from the numbers.

Within a synchronous area injections add up to zero, so a constant may be taken off a row of H. Rows are shifted by their most
frequent entry: the buses on the far side of a cut then have exact zeros, and a limit touches few columns.
Branches are lines, then transformers, then ac_branch. Angles are limited by limits of the flow (T1). An epoch
is a stretch of time with the same branches in service.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import breadth_first_order, connected_components
from scipy.sparse.linalg import splu

BRANCH_TABLES = ("line", "transformer", "ac_branch")
"""The tables whose rows are branches, in the order of every array over branches."""
WIDTH = 16
"""Right-hand sides that are solved for together: for more, SuperLU's small products go to several threads and take ten times as long."""
DROP = 1e-9
"""PTDF entries below this are rounding of zero."""


@dataclass(frozen=True)
class Branches:
    """ids (L,), from_bus, to_bus int (L,), susceptance MW/rad (L,); rating, emergency MW (L,), inf where there is none; shift rad (L,),
    the fixed one; angle rad (2, L): least and largest, infinite where there is none; chosen int (K,): branches whose shift is a
    decision, range rad (2, K)."""

    ids: np.ndarray
    from_bus: np.ndarray
    to_bus: np.ndarray
    susceptance: np.ndarray
    rating: np.ndarray
    emergency: np.ndarray
    shift: np.ndarray
    angle: np.ndarray
    chosen: np.ndarray
    range: np.ndarray

    def angle_limits(self) -> tuple[np.ndarray, np.ndarray]:
        """Limits of the flow MW (L,) that keep the angles in their range (T1)."""
        ends = self.susceptance * (self.angle - self.shift)
        return ends.min(axis=0), ends.max(axis=0)


class Topology:
    """One epoch: `buses` nodes and the branches of `inside` (bool (L,))."""

    def __init__(self, branches: Branches, buses: int, inside: np.ndarray):
        self.branches, self.buses, self.inside = branches, buses, inside
        live = np.flatnonzero(inside)
        sign = np.ones(len(live))
        ends = (np.tile(np.arange(len(live)), 2), np.concatenate([branches.from_bus[live], branches.to_bus[live]]))
        self._incidence = sp.csr_array((np.concatenate([sign, -sign]), ends), shape=(len(live), buses))
        self._live = live
        self._b = branches.susceptance[live]
        link = sp.csr_array((sign, (branches.from_bus[live], branches.to_bus[live])), shape=(buses, buses))
        count, self.area = connected_components(link, directed=False)
        first = np.full(count, buses)
        np.minimum.at(first, self.area, np.arange(buses))
        self.root = first[self.area]
        """(B,): the first bus of each bus's area; it names the area."""
        self._rows: dict[int, np.ndarray] = {}

    @cached_property
    def _place(self) -> np.ndarray:
        """Row of each branch (L,) in the incidence, -1 while it is out."""
        place = np.full(len(self.inside), -1)
        place[self._live] = np.arange(len(self._live))
        return place

    @cached_property
    def _factor(self):
        laplacian = (self._incidence.T * self._b) @ self._incidence
        free = np.flatnonzero(self.root != np.arange(self.buses))
        return free, (splu(sp.csc_matrix(laplacian)[free][:, free]) if len(free) else None)

    def _solve(self, right: np.ndarray) -> np.ndarray:
        """Angles of the free buses (F, n) for injections there (F, n)."""
        factor, angle = self._factor[1], np.empty(right.shape, order="F")
        for first in range(0, right.shape[1], WIDTH):
            angle[:, first : first + WIDTH] = factor.solve(np.asfortranarray(right[:, first : first + WIDTH]))
        return angle

    def flows(self, injection: np.ndarray, shift: np.ndarray | None = None) -> np.ndarray:
        """Flows MW (L, T) of injections MW (B, T) that balance in every area, and shifts rad (L, T), none if left out (T1)."""
        free, factor = self._factor
        angle = np.zeros(injection.shape)
        pushed = self._b[:, None] * shift[self._live] if shift is not None else np.zeros((len(self._live), injection.shape[1]))
        if factor is not None:
            angle[free] = self._solve((injection + self._incidence.T @ pushed)[free])
        result = np.zeros((len(self.inside), injection.shape[1]))
        result[self._live] = self._b[:, None] * (self._incidence @ angle) - pushed
        return result

    @cached_property
    def offset(self) -> np.ndarray:
        """Flows MW (L,) of the fixed shifts alone."""
        shift = self.branches.shift[:, None]
        return self.flows(np.zeros((self.buses, 1)), shift)[:, 0] if shift.any() else np.zeros(len(self.inside))

    def ptdf(self, branches: np.ndarray) -> np.ndarray:
        """Rows of H (k, B) for the given branches, shifted (T2); zero for branches that are out and for buses of other areas."""
        missing = np.array([b for b in np.unique(branches) if b not in self._rows], dtype=int)
        for b, row in zip(missing, self.ptdf_once(missing), strict=True):
            self._rows[int(b)] = self._shift(row, self.root == self.root[self.branches.from_bus[b]])
        return np.array([self._rows[b] for b in branches]).reshape(len(branches), self.buses)

    def ptdf_once(self, branches: np.ndarray) -> np.ndarray:
        """Rows of H (k, B) without a shift, not kept: for scans that need every row once."""
        free, factor = self._factor
        rows = np.zeros((len(branches), self.buses))
        some = np.flatnonzero(self._place[branches] >= 0)
        if len(some) and factor is not None:
            at = self._place[branches[some]]
            right = (self._incidence[at][:, free].toarray() * self._b[at][:, None]).T
            rows[np.ix_(some, free)] = self._solve(right).T
        return rows

    def transfer(self, branches: np.ndarray) -> np.ndarray:
        """D (L, n): flows per MW sent from the from_bus to the to_bus of each of the given branches, all in service."""
        free = self._factor[0]
        flow, ends = np.zeros((len(self.inside), len(branches))), self._incidence[self._place[branches]][:, free].T
        if len(branches):
            flow[self._live] = sp.csr_array(self._incidence[:, free] * self._b[:, None]) @ self._solve(ends.toarray(order="F"))
        return flow

    def lodf(self, out: np.ndarray) -> np.ndarray:
        """LODF (C, m, L) of C outages of m branches each, `out` int (C, m), all in service and none that cuts buses off (T4)."""
        count, m = out.shape
        d = self.transfer(out.ravel()).reshape(len(self.inside), count, m)
        own = d[out[:, :, None], np.arange(count)[:, None, None], np.arange(m)]
        beside, through = (np.eye(m) - own).transpose(0, 2, 1), d.transpose(1, 2, 0)
        return through / beside if m == 1 else np.linalg.solve(beside, through)

    @cached_property
    def bridges(self) -> np.ndarray:
        """Whether the outage of each branch alone cuts buses off, bool (L,)."""
        start, end = self.branches.from_bus[self._live], self.branches.to_bus[self._live]
        roots, top = np.unique(self.root), self.buses
        ends = (np.concatenate([start, np.full(len(roots), top)]), np.concatenate([end, roots]))
        order, parent = breadth_first_order(sp.csr_array((np.ones(len(ends[0])), ends), shape=(top + 1, top + 1)), top, directed=False)
        child = np.where(parent[end] == start, end, np.where(parent[start] == end, start, -1))
        tree = np.unique(child, return_index=True)[1][int((child < 0).any()) :]
        # Each branch off the tree closes a loop and marks it with a number of its own, added modulo 2 (xor) along its way through the
        # tree: a tree branch whose mark is zero lies on no loop.
        mark, number = np.zeros(top + 1, np.int64), np.random.default_rng(1).integers(1, 2**62, len(start))
        number[tree] = 0
        for side in (start, end):
            np.bitwise_xor.at(mark, side, number)
        marks, above = mark.tolist(), parent.tolist()
        for bus in order[:0:-1].tolist():
            marks[above[bus]] ^= marks[bus]
        result = np.zeros(len(self.inside), bool)
        result[self._live[tree]] = np.array(marks)[child[tree]] == 0
        return result

    def cut_off(self, out: np.ndarray) -> np.ndarray:
        """Buses that an outage of branches `out` int (m,) parts from the largest rest of their area, bool (B,)."""
        stays = self.inside.copy()
        stays[out] = False
        link = sp.csr_array((np.ones(stays.sum()), (self.branches.from_bus[stays], self.branches.to_bus[stays])), shape=(self.buses,) * 2)
        part = connected_components(link, directed=False)[1]
        size = np.bincount(part)[part]
        largest = np.zeros(self.buses, int)
        np.maximum.at(largest, self.root, size * self.buses - part)  # of parts of one size, the one with the least number
        return largest[self.root] != size * self.buses - part

    @staticmethod
    def _shift(row: np.ndarray, mine: np.ndarray) -> np.ndarray:
        """The row less its most frequent entry inside the area; ties by the smaller value."""
        if not mine.any():
            return np.where(np.abs(row) < DROP, 0.0, row)
        _, where, counts = np.unique(row[mine].round(9), return_index=True, return_counts=True)
        # By the entry itself: a rounded one would leave residues of 5e-10 that are then dropped, and flows off by 1e-8 MW.
        shifted = np.where(mine, row - row[mine][where[np.argmax(counts)]], 0.0)
        return np.where(np.abs(shifted) < DROP, 0.0, shifted)


class Topologies:
    """All epochs of a case. `epoch` int (T,): epoch of each step; `each`: Topology per epoch; `rating`, `emergency` MW (L, T), inf:
    none; `lower`, `upper` MW (L, T): limits of the flow by rating and angle."""

    def __init__(self, branches: Branches, buses: int, inside: np.ndarray, factor: np.ndarray | float = 1.0):
        self.branches = branches
        patterns, self.epoch = np.unique(inside, axis=1, return_inverse=True)
        self.epoch = self.epoch.ravel()
        self.each = [Topology(branches, buses, patterns[:, e]) for e in range(patterns.shape[1])]
        self.rating, self.emergency = (np.broadcast_to(r[:, None] * factor, inside.shape) for r in (branches.rating, branches.emergency))
        low, high = branches.angle_limits()
        self.lower, self.upper = np.maximum(-self.rating, low[:, None]), np.minimum(self.rating, high[:, None])
        self.root = np.array([t.root for t in self.each]).T
        """(B, E): area of each bus in each epoch, named by its first bus."""

    def flows(self, injection: np.ndarray, chosen: np.ndarray | None = None, steps: slice = slice(None)) -> np.ndarray:
        """Flows MW (L, T) of injections MW (B, T) and chosen shifts deg (K, T), each step in its epoch; both may be parts at a slice
        of the steps."""
        result = np.zeros((len(self.branches.ids), injection.shape[1]))
        shift = None
        if self.branches.shift.any() or len(self.branches.chosen):
            shift = np.repeat(self.branches.shift[:, None], injection.shape[1], axis=1)
            shift[self.branches.chosen] = np.deg2rad(chosen) if chosen is not None else 0.0
        epoch = self.epoch[steps]
        for e in np.unique(epoch):
            mine = np.flatnonzero(epoch == e)
            result[:, mine] = self.each[e].flows(injection[:, mine], None if shift is None else shift[:, mine])
        return result

    def sensitivity(self, weights: sp.csr_array, rows: np.ndarray, epoch: int) -> np.ndarray:
        """Change of sum(weights * flow) per MW injected, (len(rows), B), for rows of `weights` (K, L) in one epoch."""
        part = weights[rows]
        needed = np.unique(part.indices)
        if not len(needed):
            return np.zeros((len(rows), self.root.shape[0]))
        return part[:, needed] @ self.each[epoch].ptdf(needed)

    def draws(self, weights: sp.csr_array, rows: np.ndarray, step: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """How sum(weights * flow) of rows (n,) of `weights` at steps (n,) depends on injections, per MW (n, B), and on chosen shifts, per
        deg (n, K), and its part that nothing changes, MW (n,)."""
        at_bus, at_shift = np.zeros((len(rows), self.root.shape[0])), np.zeros((len(rows), len(self.branches.chosen)))
        constant = np.zeros(len(rows))
        for e in np.unique(self.epoch[step]):
            mine = np.flatnonzero(self.epoch[step] == e)
            at_bus[mine] = self.sensitivity(weights, rows[mine], e)
            at_shift[mine] = self._by_shift(at_bus[mine], weights[rows[mine]], e)
            constant[mine] = weights[rows[mine]] @ self.each[e].offset
        return at_bus, at_shift, constant

    def _by_shift(self, at_bus: np.ndarray, weights: sp.csr_array, epoch: int) -> np.ndarray:
        """(T3) summed with weights (n, L), per deg (n, K)."""
        k = self.branches.chosen
        through = at_bus[:, self.branches.from_bus[k]] - at_bus[:, self.branches.to_bus[k]] - weights[:, k].toarray()
        return through * np.deg2rad(self.branches.susceptance[k] * self.each[epoch].inside[k])


def branches_of(tables) -> Branches:
    """Branch arrays from the tables line, transformer and ac_branch.

    b = n V^2 / (x km) for lines, n S / u_k for transformers, base / (x tap) for ac_branch.
    """
    bus, parts = tables["bus"], tuple(tables[t] for t in BRANCH_TABLES)
    line, transformer, branch = parts
    none = np.zeros(len(line) + len(transformer))
    at = {c: [bus.index.get_indexer(t[c]) for t in parts] for c in ("from_bus", "to_bus")}
    kv = bus["voltage_kv"].to_numpy(float)[at["from_bus"][0]]
    ohm = (line["reactance_ohm_per_km"] * line["length_km"]).to_numpy(float)
    group = (transformer["units"] * transformer["rated_mva"] / transformer["reactance_fraction"]).to_numpy(float)
    own = (branch["base_mva"] / (branch["reactance_pu"] * branch["tap_ratio"])).to_numpy(float)
    circuits, single = line["circuits"].to_numpy(float), np.ones(len(transformer) + len(branch))
    rating = np.concatenate([t["rating_mw"].to_numpy(float) for t in parts])
    emergency = np.concatenate([t["rating_emergency_mw"].to_numpy(float) for t in parts])
    emergency = np.where(np.isnan(emergency), rating, emergency)
    shift, low, high, angle_min, angle_max = (
        np.concatenate([none, np.deg2rad(branch[c].to_numpy(float))])
        for c in ("shift_deg", "shift_min_deg", "shift_max_deg", "angle_min_deg", "angle_max_deg")
    )
    angle_min, angle_max = (np.where(np.arange(len(a)) < len(none), np.nan, a) for a in (angle_min, angle_max))
    chosen = len(none) + np.flatnonzero(branch["shift_min_deg"].notna().to_numpy())
    shift[chosen] = 0.0
    return Branches(
        ids=np.concatenate([t.index.to_numpy(object) for t in parts]),
        from_bus=np.concatenate(at["from_bus"]),
        to_bus=np.concatenate(at["to_bus"]),
        susceptance=np.concatenate([circuits * kv**2 / ohm, group, own]),
        rating=np.nan_to_num(rating * np.concatenate([circuits, single]), nan=np.inf),
        emergency=np.nan_to_num(emergency * np.concatenate([circuits, single]), nan=np.inf),
        shift=shift,
        angle=np.array([np.nan_to_num(angle_min, nan=-np.inf), np.nan_to_num(angle_max, nan=np.inf)]),
        chosen=chosen,
        range=np.array([low[chosen], high[chosen]]),
    )
