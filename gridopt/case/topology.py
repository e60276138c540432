"""Topology: which branches exist when, what is connected, and how injections become flows (DC power flow).

    flow = b (angle_from - angle_to),  injection = A' flow,  b in MW/rad                          (T1)
    PTDF: flow = H injection; H from a sparse factorisation, only the rows that are asked for     (T2)

Within a synchronous area injections add up to zero, so a constant may be taken off a row of H. Rows are shifted by their most
frequent entry: the buses on the far side of a cut then have exact zeros, and a limit touches few columns.
Branches are lines, then transformers. An epoch is a stretch of time with the same branches in service.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu

DROP = 1e-9
"""PTDF entries below this are rounding of zero."""


@dataclass(frozen=True)
class Branches:
    """ids (L,), from_bus, to_bus int (L,), susceptance MW/rad (L,), rating MW (L,) with inf where there is none."""

    ids: np.ndarray
    from_bus: np.ndarray
    to_bus: np.ndarray
    susceptance: np.ndarray
    rating: np.ndarray


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
    def _factor(self):
        laplacian = (self._incidence.T * self._b) @ self._incidence
        free = np.flatnonzero(self.root != np.arange(self.buses))
        return free, (splu(sp.csc_matrix(laplacian)[free][:, free]) if len(free) else None)

    def flows(self, injection: np.ndarray) -> np.ndarray:
        """Flows MW (L, T) of injections MW (B, T) that balance in every area (T1)."""
        free, factor = self._factor
        angle = np.zeros(injection.shape)
        if factor is not None:
            angle[free] = factor.solve(np.ascontiguousarray(injection[free]))
        result = np.zeros((len(self.inside), injection.shape[1]))
        result[self._live] = self._b[:, None] * (self._incidence @ angle)
        return result

    def ptdf(self, branches: np.ndarray) -> np.ndarray:
        """Rows of H (k, B) for the given branches, shifted (T2); zero for branches that are out and for buses of other areas."""
        missing = [b for b in np.unique(branches) if b not in self._rows]
        if missing:
            self._solve(np.array(missing))
        return np.array([self._rows[b] for b in branches]).reshape(len(branches), self.buses)

    def _solve(self, wanted: np.ndarray) -> None:
        free, factor = self._factor
        place = {b: i for i, b in enumerate(self._live)}
        rows = np.zeros((len(wanted), self.buses))
        live = np.array([i for i, b in enumerate(wanted) if b in place], dtype=int)
        if len(live) and factor is not None:
            at = np.array([place[wanted[i]] for i in live])
            right = (self._incidence[at][:, free].toarray() * self._b[at][:, None]).T
            rows[np.ix_(live, free)] = factor.solve(right).T
        for b, row in zip(wanted, rows, strict=True):
            self._rows[int(b)] = self._shift(row, self.root == self.root[self.branches.from_bus[b]])

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
    """All epochs of a case. `epoch` int (T,): epoch of each step; `each`: Topology per epoch; `rating` MW (L, T), inf: none."""

    def __init__(self, branches: Branches, buses: int, inside: np.ndarray):
        self.branches = branches
        patterns, self.epoch = np.unique(inside, axis=1, return_inverse=True)
        self.epoch = self.epoch.ravel()
        self.each = [Topology(branches, buses, patterns[:, e]) for e in range(patterns.shape[1])]
        self.rating = np.broadcast_to(branches.rating[:, None], inside.shape)
        self.root = np.array([t.root for t in self.each]).T
        """(B, E): area of each bus in each epoch, named by its first bus."""

    def flows(self, injection: np.ndarray, steps: slice = slice(None)) -> np.ndarray:
        """Flows MW (L, T) of injections MW (B, T), each step in its epoch; both may be parts at a slice of the steps."""
        result = np.zeros((len(self.branches.ids), injection.shape[1]))
        epoch = self.epoch[steps]
        for e in np.unique(epoch):
            mine = np.flatnonzero(epoch == e)
            result[:, mine] = self.each[e].flows(injection[:, mine])
        return result

    def sensitivity(self, weights: sp.csr_array, rows: np.ndarray, epoch: int) -> np.ndarray:
        """Change of sum(weights * flow) per MW injected, (len(rows), B), for rows of `weights` (K, L) in one epoch."""
        part = weights[rows]
        needed = np.unique(part.indices)
        if not len(needed):
            return np.zeros((len(rows), self.root.shape[0]))
        return part[:, needed] @ self.each[epoch].ptdf(needed)


def branches_of(tables) -> Branches:
    """Branch arrays from the tables line and transformer: b = n V^2 / (x km) for lines, n S / u_k for transformers."""
    bus, line, transformer = tables["bus"], tables["line"], tables["transformer"]
    at = {c: [bus.index.get_indexer(t[c]) for t in (line, transformer)] for c in ("from_bus", "to_bus")}
    kv = bus["voltage_kv"].to_numpy(float)[at["from_bus"][0]]
    ohm = (line["reactance_ohm_per_km"] * line["length_km"]).to_numpy(float)
    group = (transformer["units"] * transformer["rated_mva"] / transformer["reactance_fraction"]).to_numpy(float)
    susceptance = (line["circuits"].to_numpy(float) * kv**2 / ohm, group)
    rating = ((line["rating_mw"] * line["circuits"]).to_numpy(float), transformer["rating_mw"].to_numpy(float))
    return Branches(
        np.concatenate([line.index.to_numpy(object), transformer.index.to_numpy(object)]),
        np.concatenate(at["from_bus"]),
        np.concatenate(at["to_bus"]),
        np.concatenate(susceptance),
        np.nan_to_num(np.concatenate(rating), nan=np.inf),
    )
