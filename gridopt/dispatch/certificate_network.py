"""Certificate, network: load, balance of every bus, flows that follow from angles, limits of branches and sections.

    load = sum of mean_mw x series x load_scale                                          bus.load
    net injection of a bus = sum of the reported flows that leave it                      bus.balance
    flow = b (angle_from - angle_to - shift), the angles solved from what the reported flows take out of each bus
                                                                                          branch.flow
    |flow| <= rating x profile, and inside what keeps angles in their range               branch.limit
        an overload takes the flow beyond it, no wider than the steps of table limit_penalty        branch.overload, interface.overload
    least <= chosen shift <= largest                                                      branch.shift
    section flow = sum of coefficient x flow, DC links by sent power, generators and renewable plants by output, inside its limits,
    which each unit on line widens by what table interface_support says                   interface.flow, interface.limit

bus.balance and branch.flow together say that the reported flows are the DC power flow of the reported outputs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import splu

from gridopt.case.case import Case
from gridopt.dispatch.certificate_check import ANGLE, BRANCHES, POWER, RELATIVE, Check, Evidence, outside
from gridopt.dispatch.certificate_commitment import switched_rows

DENSE = 1000
"""Buses up to which a dense solve is the faster one for thousands of steps."""


@dataclass(frozen=True)
class Wires:
    """Branches from the raw tables: ends (L,), strength b MW/rad (L, 1), low and high limit MW (L, T), shift rad (L, T), live (L, T)."""

    start: np.ndarray
    end: np.ndarray
    strength: np.ndarray
    low: np.ndarray
    high: np.ndarray
    shift: np.ndarray
    live: np.ndarray

    def leaving(self, values: np.ndarray, buses: int) -> np.ndarray:
        """Sum of branch values (L, T) that leave each bus, (B, T)."""
        count = len(self.start)
        ends = (np.concatenate([self.start, self.end]), np.tile(np.arange(count), 2))
        return sp.csr_array((np.repeat([1.0, -1.0], count), ends), shape=(buses, count)) @ values


    @property
    def pushed(self) -> np.ndarray:
        """What the shifts push through their own branches if the angles stood still, MW (L, T)."""
        return np.where(self.live, self.strength * self.shift, 0.0)

    def due(self, injection: np.ndarray) -> np.ndarray:
        """DC power flow MW (L, T) of injections MW (B, T)."""
        angle, _ = angles(self, injection + self.leaving(self.pushed, len(injection)))
        return np.where(self.live, self.strength * (angle[self.start] - angle[self.end] - self.shift), 0.0)


def wires(e: Evidence) -> Wires:
    """A line has n V2 / (x km) MW/rad, a transformer group n S / x, an ac_branch base / (x tap); out while one of its buses is."""
    case = e.case
    line, group, own = parts = tuple(case.table(t) for t in BRANCHES)
    start, end = (np.concatenate([case.position("bus", t[c]) for t in parts]) for c in ("from_bus", "to_bus"))
    kv = case.table("bus")["voltage_kv"].loc[line["from_bus"]].to_numpy(float)
    per_line = kv**2 * line["circuits"].to_numpy(float) / (line["length_km"] * line["reactance_ohm_per_km"]).to_numpy(float)
    per_group = (group["rated_mva"] * group["units"] / group["reactance_fraction"]).to_numpy(float)
    strength = np.concatenate([per_line, per_group, (own["base_mva"] / own["reactance_pu"] / own["tap_ratio"]).to_numpy(float)])[:, None]
    rating = np.concatenate([(line["circuits"] * line["rating_mw"]).to_numpy(float), *(t["rating_mw"].to_numpy(float) for t in parts[1:])])
    profile = case.series([name for t in parts for name in t["rating_profile"]], 1.0)
    rating = np.where(np.isnan(rating), np.inf, rating)[:, None] * profile
    bus = case.in_service("bus") > 0.5
    live = np.concatenate([case.in_service(t) for t in BRANCHES]) > 0.5
    few = len(line) + len(group)
    fixed = own["shift_deg"].to_numpy(float)[:, None]
    chosen = np.flatnonzero(own["shift_min_deg"].notna().to_numpy())
    shift = np.concatenate([np.zeros((few, len(case.time))), np.broadcast_to(fixed, (len(own), len(case.time)))])
    shift[few + chosen] = e["phase_shift"] if len(chosen) else 0.0
    shift = np.radians(shift)
    ends = np.full((2, len(start), 1), np.nan)
    ends[:, few:, 0] = np.radians([own["angle_min_deg"], own["angle_max_deg"]])
    least, most = np.sort(strength * (np.where(np.isnan(ends), [[[-np.inf]], [[np.inf]]], ends) - shift), axis=0)
    return Wires(start, end, strength, np.maximum(-rating, least), np.minimum(rating, most), shift, live & bus[start] & bus[end])


def spans(live: np.ndarray) -> list[slice]:
    """Stretches of steps in which the same branches are in service."""
    change = np.flatnonzero((live[:, 1:] != live[:, :-1]).any(axis=0)) + 1
    edges = [0, *change.tolist(), live.shape[1]]
    return [slice(a, b) for a, b in zip(edges[:-1], edges[1:], strict=True) if b > a]


def islands(start: np.ndarray, end: np.ndarray, buses: int) -> np.ndarray:
    """Least bus number that each bus is connected with, int (B,)."""
    label = np.arange(buses)
    while True:
        before, least = label.copy(), np.minimum(label[start], label[end])
        np.minimum.at(label, start, least)
        np.minimum.at(label, end, least)
        label = label[label]
        if (label == before).all():
            return label


def angles(wire: Wires, injection: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Angles rad (B, T) of injections MW (B, T), zero at the first bus of each island, and that bus for each bus, int (B, T)."""
    buses = len(injection)
    angle, root = np.zeros(injection.shape), np.zeros(injection.shape, int)
    for steps in spans(wire.live):
        here = np.flatnonzero(wire.live[:, steps.start])
        a, b, y = wire.start[here], wire.end[here], wire.strength[here, 0]
        label = islands(a, b, buses)
        root[:, steps] = label[:, None]
        free = np.flatnonzero(label != np.arange(buses))
        if len(free):
            own = np.bincount(a, y, buses) + np.bincount(b, y, buses)
            ends = (np.concatenate([a, b]), np.concatenate([b, a]))
            mutual = sp.coo_array((np.tile(-y, 2), ends), shape=(buses, buses))
            matrix = sp.csc_matrix(mutual + sp.diags_array(own))[free][:, free]
            given = np.ascontiguousarray(injection[free, steps])
            angle[free, steps] = np.linalg.solve(matrix.toarray(), given) if len(free) <= DENSE else splu(matrix).solve(given)
    return angle, root


def sections(e: Evidence) -> tuple[np.ndarray, np.ndarray]:
    """AC part and the rest of the flow of each interface MW (I, T), from the reported flows, sent powers and outputs."""
    case, shape = e.case, e["interface_flow"].shape
    ac, other = np.zeros(shape), np.zeros(shape)
    for i, row, kind, coefficient in members(case):
        if kind in BRANCHES:
            ac[i] += coefficient * e["flow"][row]
        else:
            other[i] += coefficient * e["dc_sent" if kind == "dc_link" else f"{kind}_output"][row]
    return ac, other


def members(case: Case) -> list[tuple[int, int, str, float]]:
    """(interface, row of its member among the branches or in its table, kind, coefficient)."""
    member, count = case.table("interface_member"), [len(case.table(t)) for t in BRANCHES]
    first = {"dc_link": 0, "generator": 0, "renewable": 0} | {t: sum(count[:i]) for i, t in enumerate(BRANCHES)}
    place = case.position("interface", member["interface"])
    return [(int(i), first[k] + case.table(k).index.get_loc(n), k, float(c))
            for i, k, n, c in zip(place, member["kind"], member["element"], member["coefficient"], strict=True)]  # fmt: skip


def section_limits(e: Evidence) -> tuple[np.ndarray, np.ndarray]:
    """(backward, forward) limits MW (I, T) as bounds of the flow: the tightest of those in force for any part of the step, wider by what
    units on line add."""
    case = e.case
    table, shape = case.table("interface_limit"), (len(case.table("interface")), len(case.time))
    low, high = np.full(shape, -np.inf), np.full(shape, np.inf)
    force, exists = case.in_service("interface_limit") > 0.0, case.in_service("interface") > 0.0
    for row, i in enumerate(case.position("interface", table["interface"])):
        holds, scale = force[row] & exists[i], case.series([table["limit_profile"].iloc[row]], 1.0)[0]
        forward, backward = (float(table[c].iloc[row]) for c in ("forward_mw", "backward_mw"))
        high[i] = np.fmin(high[i], np.where(holds, forward * scale, np.nan))
        low[i] = np.fmax(low[i], np.where(holds, -backward * scale, np.nan))
    for name, side, kind, element, more in case.table("interface_support")[
        ["interface", "limit", "kind", "element", "mw_per_unit"]
    ].itertuples(index=False):
        i, n = case.table("interface").index.get_loc(name), case.table(kind).index.get_loc(element)
        # What is not switched is on while in service.
        on = e[f"{kind}_on"][n] if switched_rows(case, kind)[n] else (case.in_service(kind)[n] > 0.0).astype(float)
        if side == "forward":
            high[i] += more * on
        else:
            low[i] -= more * on
    return low, high


def widths(e: Evidence, kinds: tuple[str, ...], names, after: bool = False) -> np.ndarray:
    """MW (n, 1) by which each of `names` may be overloaded; after: after outages alone."""
    table = e.case.table("limit_penalty")
    total, table = dict.fromkeys(names, 0.0), table[table["after_outages"].to_numpy(bool) == after]
    for kind, name, width in zip(table["kind"], table["element"], table["width_mw"].fillna(np.inf), strict=True):
        if kind in kinds:
            total[name] += width
    return np.array([total[n] for n in names]).reshape(-1, 1)


def _shifts(e: Evidence) -> Check:
    own = e.case.table("ac_branch")
    own = own[own["shift_min_deg"].notna()]
    low, high = (own[c].to_numpy(float)[:, None] for c in ("shift_min_deg", "shift_max_deg"))
    wrong = outside(e["phase_shift"], low, high) if len(own) else np.zeros((0, 1))
    return e.judge("branch.shift", "deg", wrong, ANGLE, own.index)


def check_network(e: Evidence) -> list[Check]:
    """The checks named at the head of this file."""
    case, wire, flow = e.case, wires(e), e["flow"]
    bus, need = case.table("bus").index, e.load_of()
    net, gross = e.injection
    taken = wire.leaving(flow, len(bus))
    due = wire.due(taken)
    ac, other = sections(e)
    low, high = section_limits(e)
    names = case.table("interface").index
    return [
        e.judge("bus.load", "MW", np.abs(e["load"] - need), POWER + RELATIVE * np.abs(e["load"]), bus),
        e.judge("bus.balance", "MW", np.abs(net - taken), POWER + RELATIVE * gross, bus),
        e.judge("branch.flow", "MW", np.abs(flow - due), POWER + RELATIVE * np.abs(flow), e.branches),
        e.judge("branch.limit", "MW", outside(flow - e["branch_overload"], wire.low, wire.high), POWER, e.branches),
        e.judge("branch.overload", "MW", np.abs(e["branch_overload"]) - widths(e, BRANCHES, e.branches), POWER, e.branches),
        _shifts(e),
        e.judge("interface.flow", "MW", np.abs(e["interface_flow"] - ac - other), POWER, names),
        e.judge("interface.limit", "MW", outside(ac + other - e["interface_overload"], low, high), POWER, names),
        e.judge("interface.overload", "MW", np.abs(e["interface_overload"]) - widths(e, ("interface",), names), POWER, names),
    ]
