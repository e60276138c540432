"""Certificate, contingencies: every outage is played through on the reported results.

    without the branches that fail, the DC power flow of what is injected then stays inside the emergency ratings, or beyond them by
    no more than the overload of the branch and that of it after outages                                              contingency.limit
    the latter is no wider than its steps of table limit_penalty                                                      contingency.overload

What is injected then: the reported injections, less the share of units, generators, plants and DC links that fail, and more of the other units
and generators of the area, each in proportion to its largest output in the step. Outages that cut buses off, and losses that nothing in
the area can take over, are no rule. Flows are solved for anew without the branches; where that would be long, outages of single
branches by what a transfer between their ends does to the angles.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import splu

from gridopt.dispatch.certificate_check import BRANCHES, POWER, RELATIVE, Check, Evidence
from gridopt.dispatch.certificate_network import Wires, angles, islands, spans, widths, wires
from gridopt.dispatch.certificate_plants import generator_limits, unit_limits

ANEW = 1e6
"""Outages x buses squared up to which every one is solved for anew."""
CHUNK = 16
"""Outages whose transfers are solved for together: few enough for one thread, for which the solver is fastest."""
WEAK = 1e-6
"""Share of a transfer that flows beside a branch, below which it is asked whether its outage cuts buses off."""
NOBODY = 1e-6
"""MW of largest output that take over nothing."""


@dataclass(frozen=True)
class Outage:
    """What fails together: rows of branches, and (table, row, share) of what injects."""

    name: str
    branches: tuple[int, ...]
    lost: tuple[tuple[str, int, float], ...]


def outages(e: Evidence) -> list[Outage]:
    """Those of table contingency; with security n-1 also each branch that none of them takes out alone."""
    case, table = e.case, e.case.table("contingency")
    first: dict[str, int] = {}
    names: list[str] = []
    for t in BRANCHES:
        first[t] = len(names)
        names += list(case.table(t).index)
    found = []
    for name, rows in table.groupby("contingency", sort=False):
        here = [(k, case.table(k).index.get_loc(i), s) for k, i, s in zip(rows["kind"], rows["element"], rows["share"], strict=True)
                if i in case.table(k).index]  # fmt: skip
        branches = tuple(first[k] + i for k, i, _ in here if k in BRANCHES)
        found.append(Outage(str(name), branches, tuple((k, i, float(s)) for k, i, s in here if k not in BRANCHES)))
    if case.security == "n-1":
        alone, taken = {o.branches for o in found if not o.lost}, {o.name for o in found}
        found += [Outage(f"{n} (n-1)" if n in taken else n, (i,), ()) for i, n in enumerate(names) if (i,) not in alone]
    return found


def emergency(e: Evidence) -> np.ndarray:
    """Emergency rating MW (L, T); infinite: none."""
    parts = [e.case.table(t) for t in BRANCHES]
    rating = [t["rating_emergency_mw"].fillna(t["rating_mw"]).to_numpy(float) for t in parts]
    rating[0] = rating[0] * parts[0]["circuits"].to_numpy(float)
    each = np.concatenate(rating)[:, None]
    return np.where(np.isnan(each), np.inf, each) * e.case.series([n for t in parts for n in t["rating_profile"]], 1.0)


@dataclass(frozen=True)
class After:
    """Flows MW (L, T) after an outage, the branches that are left, what is injected, and where there is a rule, bool (L, T)."""

    flow: np.ndarray
    wire: Wires
    injection: np.ndarray
    rule: np.ndarray


class Scene:
    """The reported state that outages hit."""

    def __init__(self, e: Evidence):
        self.e, self.wire, self.net, self.limit = e, wires(e), e.injection[0], emergency(e)
        self.root = np.zeros(self.net.shape, int)
        for steps in spans(self.wire.live):
            here = self.wire.live[:, steps.start]
            self.root[:, steps] = islands(self.wire.start[here], self.wire.end[here], len(self.net))[:, None]

    def after(self, outage: Outage) -> After:
        """Everything solved for anew."""
        out = list(outage.branches)
        left = self.wire.live.copy()
        left[out] = False
        wire = replace(self.wire, live=left)
        rule = left & np.isfinite(self.limit)
        for steps in spans(self.wire.live):
            here = left[:, steps.start]
            label = islands(wire.start[here], wire.end[here], len(self.net))
            if (label != self.root[:, steps.start]).any():
                rule[:, steps] = False
        injection, settled = self._injected(outage)
        return After(wire.due(injection), wire, injection, rule & settled)

    def _injected(self, outage: Outage) -> tuple[np.ndarray, np.ndarray]:
        """Injections MW (B, T) after an outage, and whether all that is lost is taken over, bool (T,)."""
        e, net, settled = self.e, self.net, np.ones(self.net.shape[1], bool)
        if not outage.lost:
            return net, settled
        net, ready = net.copy(), {"unit": unit_limits(e)[1], "generator": np.maximum(generator_limits(e)[1], 0.0)}
        for kind, row, _ in outage.lost:
            if kind in ready:
                ready[kind] = np.where((np.arange(len(ready[kind])) == row)[:, None], 0.0, ready[kind])
        others = sum(e.at_bus(kind) @ mw for kind, mw in ready.items())
        for kind, row, share in outage.lost:
            ends = (("from_bus", -e["dc_sent"]), ("to_bus", e["dc_received"])) if kind == "dc_link" else (("bus", e[f"{kind}_output"]),)
            for column, given in ends:
                bus = e.case.table("bus").index.get_loc(e.case.table(kind)[column].iloc[row])
                inside = self.root == self.root[bus]
                pool = np.where(inside, others, 0.0)
                total, lost = pool.sum(axis=0), share * given[row]
                settled &= (total > NOBODY) | (inside.sum(axis=0) == 1)
                net[bus] -= lost
                net += pool * (lost / np.where(total > NOBODY, total, np.inf))
        return net, settled

    def single(self, branch: np.ndarray, flow: np.ndarray, steps: slice) -> Iterator[np.ndarray]:
        """Flows MW (L, S) at a span of steps after the outage of each branch, from what a transfer between its ends does; NaN where so
        little flows beside the branch that the outage is to be solved for anew."""
        wire, here = self.wire, np.flatnonzero(self.wire.live[:, steps.start])
        a, b, y = wire.start[here], wire.end[here], wire.strength[here, 0]
        free = np.flatnonzero(self.root[:, steps.start] != np.arange(len(self.net)))
        ends = (np.concatenate([a, b, a, b]), np.concatenate([a, b, b, a]))
        matrix = sp.csc_matrix(sp.coo_array((np.repeat([1.0, -1.0], 2 * len(y)) * np.tile(y, 4), ends), shape=(len(self.net),) * 2))
        factor = splu(matrix[free][:, free])
        for part in np.split(branch, np.arange(CHUNK, len(branch), CHUNK)):
            sent = np.zeros((len(self.net), len(part)))
            sent[wire.start[part], np.arange(len(part))] += 1.0
            sent[wire.end[part], np.arange(len(part))] -= 1.0
            angle = np.zeros(sent.shape)
            angle[free] = factor.solve(sent[free])
            moved = np.zeros((len(flow), len(part)))
            moved[here] = y[:, None] * (angle[a] - angle[b])
            for i, k in enumerate(part):
                beside = 1.0 - moved[k, i]
                yield flow + np.outer(moved[:, i], flow[k] / beside) if beside > WEAK else np.full(flow.shape, np.nan)


def check_contingencies(e: Evidence) -> list[Check]:
    """The check named at the head of this file; none where nothing is to fail."""
    listed = outages(e)
    if not listed or not len(e.branches):
        return []
    scene, excess = Scene(e), np.zeros((len(listed), len(e.case.time)))
    worst, passed = np.zeros(excess.shape, int), e["branch_overload"] + e["branch_overload_after"]

    def judge(k: int, steps: slice, flow: np.ndarray, rule: np.ndarray) -> None:
        over = np.where(rule, np.abs(flow - passed[:, steps]) - np.where(rule, scene.limit[:, steps], 0.0), -np.inf)
        worst[k, steps] = over.argmax(axis=0)
        excess[k, steps] = np.maximum(over.max(axis=0, initial=-np.inf), 0.0)

    short = np.array([len(o.branches) == 1 and not o.lost for o in listed])
    if short.sum() * len(scene.net) ** 2 <= ANEW:
        short[:] = False
    for steps in spans(scene.wire.live) if short.any() else []:
        number = np.array([k for k in np.flatnonzero(short) if scene.wire.live[listed[k].branches[0], steps.start]], int)
        branch = np.array([listed[k].branches[0] for k in number], int)
        flow, live = e["flow"][:, steps], scene.wire.live[:, steps] & np.isfinite(scene.limit[:, steps])
        for k, out, then in zip(number, branch, scene.single(branch, flow, steps), strict=True):
            if np.isnan(then).any():
                short[k] = False
            else:
                rule = live.copy()
                rule[out] = False
                judge(k, steps, then, rule)
    for k in np.flatnonzero(~short):
        found = scene.after(listed[k])
        judge(int(k), slice(None), found.flow, found.rule)
    where = [f"{e.branches[worst[k, excess[k].argmax()]]} after outage of {o.name}" for k, o in enumerate(listed)]
    wide = np.abs(e["branch_overload_after"]) - widths(e, BRANCHES, e.branches, after=True)
    return [
        e.judge("contingency.limit", "MW", excess, POWER + RELATIVE * np.abs(e["flow"]).max(axis=0, initial=0.0), where),
        e.judge("contingency.overload", "MW", wide, POWER, e.branches),
    ]


@dataclass(frozen=True)
class Paid:
    """What shadow prices of contingencies add: names of the outages, distance from their limits MW (n, T) (infinite: there is no such
    limit, or its price is negative), to prices CNY/MWh (B, T), to the rent CNY/h (T,), and their sum CNY/MWh (T,)."""

    names: list[str]
    idle: np.ndarray
    price: np.ndarray
    rent: np.ndarray
    total: np.ndarray


def paid(e: Evidence) -> Paid:
    """From e.contingency_prices: (contingency, branch, step, CNY/MWh >= 0)."""
    given: dict[str, list[tuple[str, int, float]]] = {}
    for name, branch, step, worth in e.contingency_prices:
        given.setdefault(name, []).append((branch, step, worth))
    steps, buses = len(e.case.time), len(e.case.table("bus"))
    found = Paid(list(given), np.zeros((len(given), steps)), np.zeros((buses, steps)), np.zeros(steps), np.zeros(steps))
    if not given:
        return found
    scene, known, place = Scene(e), {o.name: o for o in outages(e)}, {b: i for i, b in enumerate(e.branches)}
    for n, (name, rows) in enumerate(given.items()):
        if name not in known:
            found.idle[n] = np.inf
            continue
        then = scene.after(known[name])
        at = np.array([place[r[0]] for r in rows]), np.array([r[1] for r in rows])
        value = np.array([r[2] for r in rows])
        held = then.flow[at] - e["branch_overload"][at] - e["branch_overload_after"][at]
        away = np.abs(scene.limit[at] - np.abs(held))
        np.maximum.at(found.idle[n], at[1], np.where(then.rule[at] & (value >= 0), away, np.inf))
        push = np.zeros(then.flow.shape)
        np.add.at(push, at, value * np.sign(held))
        strength = np.where(then.wire.live, then.wire.strength, 0.0)
        found.price[:] += angles(then.wire, then.wire.leaving(strength * push, buses))[0]
        # Shifts and what is taken over push flows that no injection pays for.
        found.rent[:] += (push * replace(then.wire, shift=np.zeros_like(push)).due(scene.net)).sum(axis=0)
        np.add.at(found.total, at[1], value)
    return found
