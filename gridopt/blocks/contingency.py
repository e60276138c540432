"""Contingency: after every outage the flows stay inside the emergency ratings (N-1), without any action but (K2).

Sets        k contingency: branches B[k] and elements i (units, generators, DC links) that fail together; l branch, b bus, a area, t step
Data        emergency rating E[l,t] [MW]; LODF; share s[i] of the element that is lost; available output R[b,t] [MW] of the units and
            generators at b that k leaves whole
Ports       draws on injection, phase_shift (flow f), unit_output, generator_output, dc_flow, dc_received (d: what i injects);
            reads unit_available, generator_available

    -E[l,t] <= g[l,t] + sum_j in B[k] LODF[l,j] g[j,t] <= E[l,t],  l not in B[k]      written only when broken      (K1)  contingency.limit
    g[l,t] = f[l,t] - sum_i s[i] d[i,t] (H[l,b[i]] - sum_b in a[i] H[l,b] R[b,t] / sum_b in a[i] R[b,t])             (K2)

(K2): what is lost is taken over by the other units and generators of the same area in proportion to what is available of them, whatever
they give. A DC link loses its withdrawal at from_bus and its injection at to_bus.
Dual        contingency.limit: <= 0 at E, >= 0 at -E [CNY/MW over the step]
Assumes     DC power flow; angle limits are none after an outage; a chosen shift stays. No rows: outages that cut buses off, losses that
            nothing in the area can take over, branches that are out anyway. analysis/contingencies.py lists them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from gridopt.case.contingencies import contingencies_of
from gridopt.program.builder import drawn

BLOCK = 2_000_000
"""Numbers in the largest arrays of a scan: 16 MB each."""
KEPT = 8_000_000
"""LODF kept from scan to scan, numbers; beyond that they are solved for again."""
LOST = {
    "unit": (("unit_output", "bus", 1.0),), "generator": (("generator_output", "bus", 1.0),),
    "dc_link": (("dc_flow", "from_bus", -1.0), ("dc_received", "to_bus", 1.0)),
}  # fmt: skip
"""What an element injects: port, column of the bus, sign."""
PLANTS = ("unit", "generator")
"""What takes over."""
SMALL = 1e-6
"""MW of available output that take over nothing."""


class Lost(NamedTuple):
    """Injections that contingencies take away (M,): of, contingency; port; place in it; bus; coef = s sign."""

    of: np.ndarray
    port: np.ndarray
    place: np.ndarray
    bus: np.ndarray
    coef: np.ndarray


class Outages(NamedTuple):
    """Contingencies of one epoch with the same number m of live branches: which int (C,), out int (C, m), whether they lose injections."""

    which: np.ndarray
    out: np.ndarray
    loses: bool


def declare(case, b):
    """No columns; what the scan needs, read from the ports once they are full."""
    return Security(case, b.ports)


def constrain(case, b, security):
    """Lazy family (K1). An element is contingency x branches + branch, never laid out: each scan names the worst outage of a branch."""
    listed, grid = security.listed, case.grid
    if not len(listed):
        return
    over = {"contingency": listed.name, "branch": grid.branches.ids, "time": case.time.index}
    b.lazy(
        "contingency.limit", unit="MW", over=over, bounds=(-grid.emergency, grid.emergency), expand=security.expand, find=security.find,
        port="injection", sensitivity=lambda element, step: security.draws(element, np.full(len(element), step))[0],
    )  # fmt: skip


class Security:
    """Flows after every contingency. `some`: branches with an emergency rating, int (n,); `listed`: the contingencies."""

    def __init__(self, case, ports):
        self.case, self.ports, self.grid, self.listed = case, ports, case.grid, contingencies_of(case)
        self.some = np.flatnonzero(np.isfinite(self.grid.emergency).any(axis=1))
        self._kept: dict[tuple[int, int], np.ndarray] = {}
        self._plans: dict[int, tuple[list[Outages], np.ndarray]] = {}

    @cached_property
    def lost(self) -> Lost:
        listed, parts = self.listed, []
        for kind, offers in LOST.items():
            mine = np.flatnonzero(listed.kind == kind)
            place = listed.place[mine]
            for port, column, sign in offers:
                bus = self.case.position("bus", self.case.table(kind)[column])[place]
                parts.append((listed.of[mine], np.full(len(mine), port, object), place, bus, sign * listed.share[mine]))
        return Lost(*(np.concatenate(p) for p in zip(*parts, strict=True)))

    @cached_property
    def _available(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Available output by bus MW (B, T); what contingencies hit of it: contingency, bus int (H,) and MW (H, T)."""
        tables = [self.case.table(k) for k in PLANTS]
        bus = self.case.position("bus", np.concatenate([t["bus"].to_numpy(object) for t in tables]))
        each = np.maximum(np.concatenate([self.ports[f"{k}_available"].constant for k in PLANTS]), 0.0)
        total = np.zeros((len(self.case.table("bus")), len(self.case.time)))
        np.add.at(total, bus, each)
        listed = self.listed
        hit = np.flatnonzero(np.isin(listed.kind, PLANTS))
        at = listed.place[hit] + np.where(listed.kind[hit] == PLANTS[1], len(tables[0]), 0)
        return total, listed.of[hit], bus[at], each[at]

    def plan(self, epoch: int) -> tuple[list[Outages], np.ndarray]:
        """Blocks of contingencies that have rows in an epoch, and which cut buses off, bool (K,)."""
        if epoch not in self._plans:
            topology, size = self.grid.each[epoch], len(self.listed)
            loses = np.bincount(self.lost.of, minlength=size) > 0
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

    def _lodf(self, epoch: int, number: int) -> np.ndarray:
        """LODF (C, n, m) of a block, onto the branches `some`."""
        if (epoch, number) in self._kept:
            return self._kept[epoch, number]
        found = self.grid.each[epoch].lodf(self.plan(epoch)[0][number].out)[:, :, self.some].transpose(0, 2, 1).copy()
        if found.size + sum(v.size for v in self._kept.values()) <= KEPT:
            self._kept[epoch, number] = found
        return found

    def after(self, x: np.ndarray, steps: slice = slice(None)) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Block by block: contingencies (C,), steps (S,), and flows MW of the branches `some` after them (C, n, S), 0 where there is no
        row."""
        first, last, _ = steps.indices(len(self.case.time))
        length = max(BLOCK // max(len(self.grid.branches.ids), 1), 1)
        for begin in range(first, last, length):
            part = slice(begin, min(begin + length, last))
            flow = self.grid.flows(self.ports["injection"].value(x, part), self.ports["phase_shift"].value(x, part), part)
            values = {p: self.ports[p].value(x, part) for p in np.unique(self.lost.port.astype(str))}
            lost = np.array([c * values[p][i] for p, i, c in zip(self.lost.port, self.lost.place, self.lost.coef, strict=True)])
            epoch = self.grid.epoch[part]
            for e in np.unique(epoch):
                mine = np.flatnonzero(epoch == e)
                for number, block in enumerate(self.plan(e)[0]):
                    size = max(BLOCK // (len(block.which) * max(len(self.some), 1)), 1)
                    for at in np.split(mine, np.arange(size, len(mine), size)):
                        given = lost[:, at] if block.loses else None
                        yield block.which, begin + at, self._flows(e, number, flow[:, at], given, begin + at)

    def _flows(self, epoch: int, number: int, flow: np.ndarray, lost: np.ndarray | None, steps: np.ndarray) -> np.ndarray:
        """(K1) for a block at steps (S,): flow MW (L, S) before, lost MW (M, S)."""
        block, topology = self.plan(epoch)[0][number], self.grid.each[epoch]
        count, base, through = len(block.which), flow[self.some], flow[block.out]
        if lost is not None:
            which, step = (v.ravel() for v in np.meshgrid(block.which, np.arange(len(steps)), indexing="ij"))
            change, settled = self._change(which, steps[step], lost[:, step], topology)
            moved = topology.flows(change).reshape(len(flow), count, len(steps))
            base = base + moved[self.some].transpose(1, 0, 2)
            through = through + moved[block.out, np.arange(count)[:, None]]
        found = self._lodf(epoch, number) @ through
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

    def _change(self, which: np.ndarray, step: np.ndarray, lost: np.ndarray, topology) -> tuple[np.ndarray, np.ndarray]:
        """Change of injections MW (B, n) by contingencies (n,) at steps (n,), lost (M, n) each; whether anything takes it over (n,)."""
        row, i = _pairs(which, self.lost.of)
        change = np.zeros((topology.buses, len(which)))
        np.subtract.at(change, (self.lost.bus[i], row), lost[i, row])
        share, settled = self._shares(which, step, topology)
        area = sp.csr_array((np.ones(topology.buses), (topology.area, np.arange(topology.buses))))
        return change - share * (area @ change)[topology.area], settled

    def _shares(self, which: np.ndarray, step: np.ndarray, topology) -> tuple[np.ndarray, np.ndarray]:
        """Share of each bus in what its area takes over (B, n); whether all that is lost is taken over, bool (n,)."""
        total, of, bus, mw = self._available
        others = total[:, step]
        row, i = _pairs(which, of)
        np.subtract.at(others, (bus[i], row), mw[i, step[row]])
        area = sp.csr_array((np.ones(topology.buses), (topology.area, np.arange(topology.buses))))
        able = area @ others
        row, i = _pairs(which, self.lost.of)
        # In an area without branches nothing flows, whoever takes over.
        settled = np.ones(len(which), bool)
        at = topology.area[self.lost.bus[i]]
        settled[row[(able[at, row] <= SMALL) & (np.bincount(topology.area)[at] > 1)]] = False
        return others / np.where(able > SMALL, able, np.inf)[topology.area], settled

    def find(self, x: np.ndarray, tolerance: float, steps: slice = slice(None)) -> tuple[np.ndarray, np.ndarray]:
        """(element, step): of every branch, step and direction that some outage overloads the worst one."""
        first, last, _ = steps.indices(len(self.case.time))
        limit = self.grid.emergency[self.some, first:last] + tolerance
        worst, which = np.array([limit, limit]), np.full((2, *limit.shape), -1)
        for number, step, flow in self.after(x, steps):
            for side, peak in enumerate((flow.max(axis=0), -flow.min(axis=0))):
                n, s = np.nonzero(peak > worst[side][:, step - first])
                at = (side, n, step[s] - first)
                worst[at] = peak[n, s]
                which[at] = number[(flow[:, n, s] * (1 - 2 * side)).argmax(axis=0)]
        _, n, step = np.nonzero(which >= 0)
        return which[which >= 0] * len(self.grid.branches.ids) + self.some[n], step + first

    def weights(self, element: np.ndarray, step: np.ndarray) -> sp.csr_array:
        """Rows (n,) as sums of flows before the outage, sparse (n, L); empty where there is no such row."""
        size = len(self.grid.branches.ids)
        k, branch = np.divmod(element, size)
        row, column, value = [np.zeros(0, int)], [np.zeros(0, int)], [np.zeros(0)]
        for e in np.unique(self.grid.epoch[step]):
            mine = np.flatnonzero(self.grid.epoch[step] == e)
            for block in self.plan(e)[0]:
                here = mine[np.isin(k[mine], block.which)]
                if block.loses and len(here):
                    here = here[self._shares(k[here], step[here], self.grid.each[e])[1]]
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
        return sp.csr_array((np.concatenate(value), at), shape=(len(element), size))

    def draws(self, element: np.ndarray, step: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """How rows (n,) depend on injections (n, B) and chosen shifts (n, S), and their constant part MW (n,)."""
        return self.grid.draws(self.weights(element, step), np.arange(len(element)), step)

    def expand(self, element: np.ndarray, step: np.ndarray):
        """Rows (K1) written out, see LazyFamily."""
        at_bus, at_shift, constant = self.draws(element, step)
        parts = [(self.ports["injection"], at_bus), (self.ports["phase_shift"], at_shift)]
        k = element // len(self.grid.branches.ids)
        row, i = _pairs(k, self.lost.of)
        if len(row):
            mean = np.zeros((len(element), len(self.case.table("bus"))))
            for e in np.unique(self.grid.epoch[step]):
                mine, topology = np.flatnonzero(self.grid.epoch[step] == e), self.grid.each[e]
                area = sp.csr_array((np.ones(topology.buses), (topology.area, np.arange(topology.buses))))
                share = self._shares(k[mine], step[mine], topology)[0]
                mean[mine] = (area @ (share * at_bus[mine].T))[topology.area].T
            value = -self.lost.coef[i] * (at_bus[row, self.lost.bus[i]] - mean[row, self.lost.bus[i]])
            for name in np.unique(self.lost.port[i].astype(str)):
                port, own = self.ports[name], self.lost.port[i] == name
                drawn_on = np.zeros((len(element), port.size))
                np.add.at(drawn_on, (row[own], self.lost.place[i[own]]), value[own])
                parts.append((port, drawn_on))
        return drawn(parts, step, constant)


def _pairs(which: np.ndarray, of: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(row, i) of all pairs with which[row] = of[i]."""
    order = np.argsort(of, kind="stable")
    first, last = (np.searchsorted(of[order], which, side) for side in ("left", "right"))
    row = np.repeat(np.arange(len(which)), last - first)
    inside = np.arange(len(row)) - np.repeat(np.cumsum(last - first) - (last - first), last - first)
    return row, order[first[row] + inside]
