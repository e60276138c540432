"""What flows after contingencies: LODF for branches that are out, and who takes over what is lost (K1), (K2) of blocks/contingency.py.

Everything is done in blocks of contingencies with the same number of branches, so that no array is over branches x contingencies x steps.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from gridopt.case.contingencies import Contingencies
from gridopt.case.topology import Topologies, Topology

BLOCK = 2_000_000
"""Numbers in the largest arrays of a scan: 16 MB each."""
KEPT = 8_000_000
"""LODF kept from scan to scan, numbers; beyond that they are solved for again."""
SMALL = 1e-6
"""MW of available output that take over nothing."""


class Outages(NamedTuple):
    """Contingencies of one epoch with the same number m of live branches: which int (C,), out int (C, m), whether they lose injections."""

    which: np.ndarray
    out: np.ndarray
    loses: bool


class Response(NamedTuple):
    """available MW (B, T): output that could take over; what contingencies hit of it: `of` int (H,), bus int (H,), mw (H, T)."""

    available: np.ndarray
    of: np.ndarray
    bus: np.ndarray
    mw: np.ndarray


@dataclass
class Aftermath:
    """grid; the contingencies; what they lose: `of` int (M,) and bus int (M,); who takes over; some: branches to look at, int (n,)."""

    grid: Topologies
    listed: Contingencies
    of: np.ndarray
    bus: np.ndarray
    response: Response
    some: np.ndarray
    _kept: dict[tuple[int, int], np.ndarray] = field(default_factory=dict)
    _plans: dict[int, tuple[list[Outages], np.ndarray]] = field(default_factory=dict)

    def plan(self, epoch: int) -> tuple[list[Outages], np.ndarray]:
        """Blocks of contingencies that have rows in an epoch, and which cut buses off, bool (K,)."""
        if epoch not in self._plans:
            topology, size = self.grid.each[epoch], len(self.listed)
            loses = np.bincount(self.of, minlength=size) > 0
            live = sp.csr_array(self.listed.branches * topology.inside)
            live.eliminate_zeros()
            live.sort_indices()
            count = np.diff(live.indptr)
            splits = np.zeros(size, bool)
            single = np.flatnonzero(count == 1)
            splits[single] = topology.bridges[live.indices[live.indptr[single]]]
            for k in np.flatnonzero(count > 1):
                splits[k] = topology.cut_off(live.indices[live.indptr[k] : live.indptr[k + 1]]).any()
            blocks = []
            for m, losing in np.unique(np.array([count, loses])[:, ~splits & ((count > 0) | loses)], axis=1).T:
                which = np.flatnonzero((count == m) & (loses == losing) & ~splits)
                step = max(BLOCK // max(m * len(topology.inside), topology.buses * losing, 1), 1)
                for part in np.split(which, np.arange(step, len(which), step)):
                    out = live.indices[live.indptr[part][:, None] + np.arange(m)]
                    blocks.append(Outages(part, out.astype(int), bool(losing)))
            self._plans[epoch] = blocks, splits
        return self._plans[epoch]

    def lodf(self, epoch: int, number: int) -> np.ndarray:
        """LODF (C, n, m) of a block, onto the branches `some`."""
        if (epoch, number) in self._kept:
            return self._kept[epoch, number]
        found = self.grid.each[epoch].lodf(self.plan(epoch)[0][number].out)[:, :, self.some].transpose(0, 2, 1).copy()
        if found.size + sum(v.size for v in list(self._kept.values())) <= KEPT:
            self._kept[epoch, number] = found
        return found

    def flows(self, epoch: int, number: int, flow: np.ndarray, lost: np.ndarray | None, steps: np.ndarray) -> np.ndarray:
        """Flows MW (C, n, S) of the branches `some` after a block of contingencies at steps (S,), 0 where there is no row.

        flow MW (L, S): before; lost MW (M, S), None for a block that loses nothing.
        """
        block, topology = self.plan(epoch)[0][number], self.grid.each[epoch]
        count, base, through = len(block.which), flow[self.some], flow[block.out]
        if lost is not None:
            which, step = (v.ravel() for v in np.meshgrid(block.which, np.arange(len(steps)), indexing="ij"))
            change, settled = self._change(which, steps[step], lost[:, step], topology)
            moved = topology.flows(change).reshape(len(flow), count, len(steps))
            base = base + moved[self.some].transpose(1, 0, 2)
            through = through + moved[block.out, np.arange(count)[:, None]]
        found = self.lodf(epoch, number) @ through
        found += base
        c, j = np.nonzero(self._position[block.out] >= 0)
        found[c, self._position[block.out[c, j]]] = 0.0
        if lost is not None:
            found *= settled.reshape(count, 1, len(steps))
        return found

    @cached_property
    def _position(self) -> np.ndarray:
        """Place of each branch (L,) in `some`, -1 where it has no emergency rating."""
        position = np.full(len(self.grid.branches.ids), -1)
        position[self.some] = np.arange(len(self.some))
        return position

    def _change(self, which: np.ndarray, step: np.ndarray, lost: np.ndarray, topology: Topology) -> tuple[np.ndarray, np.ndarray]:
        """Change of injections MW (B, n) by contingencies (n,) at steps (n,), lost (M, n) each; whether anything takes it over (n,)."""
        row, i = pairs(which, self.of)
        change = np.zeros((topology.buses, len(which)))
        np.subtract.at(change, (self.bus[i], row), lost[i, row])
        share, settled = self.shares(which, step, topology)
        return change - share * (_by_area(topology) @ change)[topology.area], settled

    def shares(self, which: np.ndarray, step: np.ndarray, topology: Topology) -> tuple[np.ndarray, np.ndarray]:
        """Share of each bus in what its area takes over (B, n); whether all that is lost is taken over, bool (n,)."""
        total, of, bus, mw = self.response
        others = total[:, step]
        row, i = pairs(which, of)
        np.subtract.at(others, (bus[i], row), mw[i, step[row]])
        able = _by_area(topology) @ others
        row, i = pairs(which, self.of)
        # In an area without branches nothing flows, whoever takes over.
        settled = np.ones(len(which), bool)
        at = topology.area[self.bus[i]]
        settled[row[(able[at, row] <= SMALL) & (np.bincount(topology.area)[at] > 1)]] = False
        return others / np.where(able > SMALL, able, np.inf)[topology.area], settled

    def weights(self, k: np.ndarray, branch: np.ndarray, step: np.ndarray) -> sp.csr_array:
        """Flows of branches (n,) after contingencies k (n,) at steps (n,) as sums of flows before, sparse (n, L); empty where no row is."""
        row, column, value = [np.zeros(0, int)], [np.zeros(0, int)], [np.zeros(0)]
        for e in np.unique(self.grid.epoch[step]):
            mine = np.flatnonzero(self.grid.epoch[step] == e)
            for block in self.plan(e)[0]:
                here = mine[np.isin(k[mine], block.which)]
                if block.loses and len(here):
                    here = here[self.shares(k[here], step[here], self.grid.each[e])[1]]
                some, of = np.unique(k[here], return_inverse=True)
                out = block.out[np.searchsorted(block.which, some)]
                stays = (out[of] != branch[here][:, None]).all(axis=1)
                here, of = here[stays], of[stays]
                if len(here):
                    lodf = self.grid.each[e].lodf(out)[of, :, branch[here]]
                    row += [here, np.repeat(here, out.shape[1])]
                    column += [branch[here], out[of].ravel()]
                    value += [np.ones(len(here)), lodf.ravel()]
        at = np.concatenate(row), np.concatenate(column)
        return sp.csr_array((np.concatenate(value), at), shape=(len(k), len(self.grid.branches.ids)))

    def settled(self, which: np.ndarray, steps: np.ndarray) -> np.ndarray:
        """Whether what contingencies (C,) lose at steps (S,) of one epoch is taken over, bool (C, S)."""
        k, t = (v.ravel() for v in np.meshgrid(which, steps, indexing="ij"))
        return self.shares(k, t, self.grid.each[self.grid.epoch[steps[0]]])[1].reshape(len(which), len(steps))

    def mean(self, at_bus: np.ndarray, k: np.ndarray, step: np.ndarray) -> np.ndarray:
        """Mean of values by bus (n, B) over who takes over in each bus's area, (n, B)."""
        mean = np.zeros(at_bus.shape)
        for e in np.unique(self.grid.epoch[step]):
            mine, topology = np.flatnonzero(self.grid.epoch[step] == e), self.grid.each[e]
            share = self.shares(k[mine], step[mine], topology)[0]
            mean[mine] = (_by_area(topology) @ (share * at_bus[mine].T))[topology.area].T
        return mean


def _by_area(topology: Topology) -> sp.csr_array:
    """Sums values by bus over areas, (A, B)."""
    return sp.csr_array((np.ones(topology.buses), (topology.area, np.arange(topology.buses))))


def pairs(which: np.ndarray, of: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(row, i) of all pairs with which[row] = of[i]."""
    order = np.argsort(of, kind="stable")
    first, last = (np.searchsorted(of[order], which, side) for side in ("left", "right"))
    row = np.repeat(np.arange(len(which)), last - first)
    inside = np.arange(len(row)) - np.repeat(np.cumsum(last - first) - (last - first), last - first)
    return row, order[first[row] + inside]
