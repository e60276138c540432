"""Interface: limits on weighted sums of flows ("sections").

Sets        i interface, l AC branch, d DC link, g generator or renewable plant, n unit or generator, t step
Data        coefficient w[i,l], w[i,d], w[i,g]; forward_mw F[i,t], backward_mw G[i,t] (by date, times a series)
            a step that dates cut takes the tightest of the limits in force in any part of it
            support a[i,n] forward, c[i,n] backward [MW per unit on line], of sections whose limit stands for stability
Ports       draws on injection P[b,t] (AC part, through PTDF), dc_flow S[d,t] (sent power), generator_output, renewable_output p[g,t],
            interface_overload o[i,t] [MW] and <table>_on u[n,t] (units on line; without decisions all that are in service)

    f[i,t] = sum_l w[i,l] f[l,t] + sum_d w[i,d] S[d,t] + sum_g w[i,g] p[g,t] - o[i,t]
    -G[i,t] <= f[i,t] <= F[i,t], a side without support                  written only when broken      (I1)  interface.limit
    f[i,t] - sum_n a[i,n] u[n,t] <= F[i,t]                               written only when broken      (I2)  interface.forward
    f[i,t] + sum_n c[i,n] u[n,t] >= -G[i,t]                              written only when broken      (I3)  interface.backward

Dual        <= 0 at the forward limit, >= 0 at the backward limit; of (I2) and (I3) the limit that has a price is that with its support.
            No price of energy pays for support
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import scipy.sparse as sp

from gridopt.case.fleet import TABLES
from gridopt.program.port import drawn

PORTS = {"dc_link": "dc_flow", "generator": "generator_output", "renewable": "renewable_output"}
"""By kind of member: the port of what it counts by. Branches count by their flow."""
OUTPUTS = PORTS | {"dc_link": "dc_sent"}
"""The same among the results."""
SIDES = {"forward": 1.0, "backward": -1.0}
"""Limits that units on line may raise, and the sign of the bound."""
Supports = dict[str, dict[str, sp.csr_array]]
"""MW per unit on line by side and kind (I, n), those alone that there are."""


def declare(case, b):
    """No columns."""


def constrain(case, b, columns):
    """Lazy families (I1) to (I3)."""
    count = len(case.table("interface"))
    if not count:
        return
    ac, own = members(case)
    parts = [(b.port(PORTS[kind]), weight) for kind, weight in own.items()]
    if b.port("interface_overload").entries:
        parts.append((b.port("interface_overload"), -sp.eye_array(count, format="csr")))
    (lower, upper), support = limits(case), supports(case)
    for name, some in families(case).items():
        if name == "interface.limit":
            held = [np.isin(some, supported(support, side))[:, None] for side in SIDES]
            _limit(case, b, name, some, ac, parts, (np.where(held[1], -np.inf, lower), np.where(held[0], np.inf, upper)))
        else:
            side = name.split(".")[1]
            more = [(b.port(f"{kind}_on"), -SIDES[side] * weight) for kind, weight in support[side].items()]
            bounds = (-np.inf, upper[some]) if side == "forward" else (lower[some], np.inf)
            _limit(case, b, name, some, ac, parts + more, bounds)


def _limit(case, b, name: str, some: np.ndarray, ac: sp.csr_array, parts: list, bounds: tuple) -> None:
    """A lazy family of the limits of some interfaces."""
    grid, injection, shift = case.grid, b.port("injection"), b.port("phase_shift")
    ac, parts = ac[some], [(port, weight[some]) for port, weight in parts]

    def weighted_flow(x, steps=slice(None)):
        found = ac @ grid.flows(injection.value(x, steps), shift.value(x, steps), steps)
        return sum((weight @ port.value(x, steps) for port, weight in parts), found)

    def expand(element, step):
        at_bus, at_shift, constant = grid.draws(ac, element, step)
        others = [(port, weight[element].toarray()) for port, weight in parts]
        return drawn([(injection, at_bus), (shift, at_shift), *others], step, constant)

    b.lazy(
        name, unit="MW", over={"interface": case.table("interface").index[some], "time": case.time.index}, bounds=bounds,
        activity=weighted_flow, expand=expand,
        port="injection", sensitivity=lambda element, step: grid.sensitivity(ac, element, grid.epoch[step]),
    )  # fmt: skip


def families(case) -> dict[str, np.ndarray]:
    """Names of the families of rows that there are, and their interfaces int (k,)."""
    count, support = len(case.table("interface")), supports(case)
    found = {"interface.limit": np.arange(count)} if count else {}
    return found | {f"interface.{side}": some for side in SIDES if len(some := supported(support, side))}


def members(case) -> tuple[sp.csr_array, dict[str, sp.csr_array]]:
    """Coefficients of AC branches (I, L), and of the others by kind (I, n), those kinds alone that have members."""
    member, branches = case.table("interface_member"), case.grid.branches.ids
    row = case.position("interface", member["interface"])
    coef = member["coefficient"].to_numpy(float)
    place = {name: i for i, name in enumerate(branches)}
    count, own = len(case.table("interface")), {}
    for kind in PORTS:
        mine = (member["kind"] == kind).to_numpy()
        if mine.any():
            at = case.position(kind, member["element"][mine])
            own[kind] = sp.csr_array((coef[mine], (row[mine], at)), shape=(count, len(case.table(kind))))
    ac = ~member["kind"].isin(PORTS).to_numpy()
    col = np.array([place[e] for e in member["element"][ac]], dtype=int)
    return sp.csr_array((coef[ac], (row[ac], col)), shape=(count, len(branches))), own


def supports(case) -> Supports:
    """Table interface_support."""
    table = case.table("interface_support")
    found: Supports = {side: {} for side in SIDES}
    for side, kind in ((s, k) for s in SIDES for k in TABLES):
        mine = ((table["limit"] == side) & (table["kind"] == kind)).to_numpy(bool)
        if mine.any():
            at = case.position("interface", table["interface"][mine]), case.position(kind, table["element"][mine])
            size = len(case.table("interface")), len(case.table(kind))
            found[side][kind] = sp.csr_array((table["mw_per_unit"].to_numpy(float)[mine], at), shape=size)
    return found


def supported(support: Supports, side: str) -> np.ndarray:
    """Interfaces of which units raise a side's limit, int (k,)."""
    return np.unique(np.concatenate([np.zeros(0, int), *(weight.nonzero()[0] for weight in support[side].values())]))


def limits(case) -> tuple[np.ndarray, np.ndarray]:
    """(-backward, forward) limits MW (I, T) without support: the tightest in force in any part of a step, infinite where there is none."""
    table = case.table("interface_limit")
    at = case.position("interface", table["interface"])
    holds = (case.in_service("interface_limit") > 0.0) & (case.in_service("interface") > 0.0)[at]
    lower = np.full((len(case.table("interface")), len(case.time)), -np.inf)
    upper, profile = -lower, case.series(table["limit_profile"].tolist(), 1.0)
    for bound, value, tighter in ((upper, table["forward_mw"], np.fmin), (lower, -table["backward_mw"], np.fmax)):
        tighter.at(bound, at, np.where(holds, value.to_numpy(float)[:, None] * profile, np.nan))
    return lower, upper


def raised(case, on: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """(-backward, forward) limits MW (I, T) with the support of units on line, (n, T) by kind."""
    support, (lower, upper) = supports(case), limits(case)
    forward, backward = (sum((weight @ on[kind] for kind, weight in support[side].items()), np.zeros(upper.shape)) for side in SIDES)
    return lower - backward, upper + forward
