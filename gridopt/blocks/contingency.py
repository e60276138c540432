"""Contingency: after every outage the flows stay inside the emergency ratings (N-1), without any action but (K2).

Sets        k contingency: branches B[k], elements i (units, generators, plants, DC links) that fail together; l branch, b bus, a area, t step
Data        emergency rating E[l,t] [MW]; LODF; share s[i] of the element that is lost; available output R[b,t] [MW] of the units and
            generators at b that k leaves whole
Ports       draws on injection, phase_shift (flow f), <table>_output, dc_flow, dc_received (d: what i injects),
            branch_overload o[l,t], branch_overload_after q[l,t];
            reads unit_available, generator_available

    -E[l,t] <= g[l,t] + sum_j in B[k] LODF[l,j] g[j,t] - o[l,t] - q[l,t] <= E[l,t],  l not in B[k]
                                                                             written only when broken                    (K1)  contingency.limit
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

from gridopt.case.aftermath import BLOCK, Aftermath, Response, pairs
from gridopt.case.contingencies import contingencies_of
from gridopt.program.port import drawn

LOST = {
    "unit": (("unit_output", "bus", 1.0),), "generator": (("generator_output", "bus", 1.0),),
    "renewable": (("renewable_output", "bus", 1.0),),
    "dc_link": (("dc_flow", "from_bus", -1.0), ("dc_received", "to_bus", 1.0)),
}  # fmt: skip
"""What an element injects: port, column of the bus, sign."""
PLANTS = ("unit", "generator")
"""What takes over."""


class Lost(NamedTuple):
    """Injections that contingencies take away (M,): of, contingency; port; place in it; bus; coef = s sign."""

    of: np.ndarray
    port: np.ndarray
    place: np.ndarray
    bus: np.ndarray
    coef: np.ndarray


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
    """Flows after every contingency, from the ports. `some`: branches with an emergency rating, int (n,); `listed`: the contingencies."""

    def __init__(self, case, ports):
        self.case, self.ports, self.grid, self.listed = case, ports, case.grid, contingencies_of(case)
        self.some = np.flatnonzero(np.isfinite(self.grid.emergency).any(axis=1))

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
    def aftermath(self) -> Aftermath:
        """The flows of (K1) and (K2); the units and generators in service share what is lost."""
        tables, listed = [self.case.table(k) for k in PLANTS], self.listed
        bus = self.case.position("bus", np.concatenate([t["bus"].to_numpy(object) for t in tables]))
        each = np.maximum(np.concatenate([self.ports[f"{k}_available"].constant for k in PLANTS]), 0.0)
        total = np.zeros((len(self.case.table("bus")), len(self.case.time)))
        np.add.at(total, bus, each)
        hit = np.flatnonzero(np.isin(listed.kind, PLANTS))
        at = listed.place[hit] + np.where(listed.kind[hit] == PLANTS[1], len(tables[0]), 0)
        return Aftermath(self.grid, listed, self.lost.of, self.lost.bus, Response(total, listed.of[hit], bus[at], each[at]), self.some)

    def after(self, x: np.ndarray, steps: slice = slice(None)) -> Iterator[tuple[np.ndarray, ...]]:
        """Block by block: contingencies (C,), steps (S,), and flows MW of the branches `some` before (n, S) and after (C, n, S), 0 where
        there is no row."""
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
                for number, block in enumerate(self.aftermath.plan(e)[0]):
                    wide = max(len(self.some), self.grid.each[e].buses * block.loses, 1)
                    size = max(BLOCK // (len(block.which) * wide), 1)
                    for at in np.split(mine, np.arange(size, len(mine), size)):
                        given = lost[:, at] if block.loses else None
                        then = self.aftermath.flows(e, number, flow[:, at], given, begin + at)
                        yield block.which, begin + at, flow[self.some][:, at], then

    def find(self, x: np.ndarray, tolerance: float, steps: slice = slice(None)) -> tuple[np.ndarray, np.ndarray]:
        """(element, step): of every branch, step and direction that some outage overloads the worst one.

        An outage that leaves a flow as it is asks nothing that the rating does not ask (unless the emergency rating is the lower one).
        """
        first, last, _ = steps.indices(len(self.case.time))
        limit = self.grid.emergency[self.some, first:last] + tolerance
        worst, which = np.array([limit, limit]), np.full((2, *limit.shape), -1)
        asks = self.grid.emergency[self.some] < self.grid.rating[self.some]
        over = sum((p.value(x, steps)[self.some] for p in self._soft()), np.zeros(limit.shape))
        for number, step, before, flow in self.after(x, steps):
            for side, peak in enumerate((flow.max(axis=0), -flow.min(axis=0))):
                changed = asks[:, step] | (peak > before * (1 - 2 * side) + tolerance)
                strain = peak - over[:, step - first] * (1 - 2 * side)
                n, s = np.nonzero(changed & (strain > worst[side][:, step - first]))
                at = (side, n, step[s] - first)
                worst[at] = strain[n, s]
                which[at] = number[(flow[:, n, s] * (1 - 2 * side)).argmax(axis=0)]
        _, n, step = np.nonzero(which >= 0)
        return which[which >= 0] * len(self.grid.branches.ids) + self.some[n], step + first

    def _soft(self) -> list:
        """Ports of overloads that there are."""
        return [p for p in (self.ports["branch_overload"], self.ports["branch_overload_after"]) if p.entries]

    def draws(self, element: np.ndarray, step: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """How rows (n,) depend on injections (n, B) and chosen shifts (n, S), and their constant part MW (n,)."""
        k, branch = np.divmod(element, len(self.grid.branches.ids))
        return self.grid.draws(self.aftermath.weights(k, branch, step), np.arange(len(element)), step)

    def expand(self, element: np.ndarray, step: np.ndarray):
        """Rows (K1) written out, see LazyFamily; a part at a time, for a row has as many weights as there are buses."""
        size = max(BLOCK // len(self.case.table("bus")), 1)
        starts = range(0, max(len(element), 1), size)
        row, column, value, constant = zip(*(self._expand(element[i : i + size], step[i : i + size]) for i in starts), strict=True)
        rows = [r + i for r, i in zip(row, starts, strict=True)]
        return np.concatenate(rows), np.concatenate(column), np.concatenate(value), np.concatenate(constant)

    def _expand(self, element: np.ndarray, step: np.ndarray):
        at_bus, at_shift, constant = self.draws(element, step)
        parts = [(self.ports["injection"], at_bus), (self.ports["phase_shift"], at_shift)]
        (k, branch), lost = np.divmod(element, len(self.grid.branches.ids)), self.lost
        parts += [(soft, -np.eye(soft.size)[branch]) for soft in self._soft()]
        row, i = pairs(k, lost.of)
        if len(row):
            mean = self.aftermath.mean(at_bus, k, step)
            value = -lost.coef[i] * (at_bus[row, lost.bus[i]] - mean[row, lost.bus[i]])
            for name in np.unique(lost.port[i].astype(str)):
                port, own = self.ports[name], lost.port[i] == name
                drawn_on = np.zeros((len(element), port.size))
                np.add.at(drawn_on, (row[own], lost.place[i[own]]), value[own])
                parts.append((port, drawn_on))
        return drawn(parts, step, constant)
