"""Interface: limits on weighted sums of flows ("sections").

Sets        i interface, l AC branch, d DC link, g generator, t step
Data        coefficient w[i,l], w[i,d], w[i,g]; forward_mw F[i,t], backward_mw G[i,t] (by date)
            a step that dates cut takes the tightest of the limits in force in any part of it
Ports       draws on injection P[b,t] (AC part, through PTDF), dc_flow S[d,t] (sent power), generator_output p[g,t] and
            interface_overload o[i,t] [MW]

    -G[i,t] <= sum_l w[i,l] f[l,t] + sum_d w[i,d] S[d,t] + sum_g w[i,g] p[g,t] - o[i,t] <= F[i,t]
                                                                         written only when broken      (I1)  interface.limit

Dual        interface.limit: <= 0 at the forward limit, >= 0 at the backward limit
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from gridopt.program.port import drawn

PORTS = {"dc_link": "dc_flow", "generator": "generator_output"}
"""By kind of member: the port of what it counts by. Branches count by their flow."""
OUTPUTS = {"dc_link": "dc_sent", "generator": "generator_output"}
"""The same among the results."""


def declare(case, b):
    """No columns."""


def constrain(case, b, columns):
    """Lazy family (I1)."""
    names = case.table("interface").index
    if not len(names):
        return
    grid, injection, shift = case.grid, b.port("injection"), b.port("phase_shift")
    ac, own = members(case)
    parts = [(b.port(PORTS[kind]), weight) for kind, weight in own.items()]
    if b.port("interface_overload").entries:
        parts.append((b.port("interface_overload"), -sp.eye_array(len(names), format="csr")))
    lower, upper = limits(case)

    def weighted_flow(x, steps=slice(None)):
        found = ac @ grid.flows(injection.value(x, steps), shift.value(x, steps), steps)
        return sum((weight @ port.value(x, steps) for port, weight in parts), found)

    def expand(element, step):
        at_bus, at_shift, constant = grid.draws(ac, element, step)
        others = [(port, weight[element].toarray()) for port, weight in parts]
        return drawn([(injection, at_bus), (shift, at_shift), *others], step, constant)

    b.lazy(
        "interface.limit", unit="MW", over={"interface": names, "time": case.time.index}, bounds=(lower, upper),
        activity=weighted_flow, expand=expand,
        port="injection", sensitivity=lambda element, step: grid.sensitivity(ac, element, grid.epoch[step]),
    )  # fmt: skip


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


def limits(case) -> tuple[np.ndarray, np.ndarray]:
    """(-backward, forward) limits MW (I, T): the tightest in force in any part of a step, infinite where there is none."""
    table = case.table("interface_limit")
    at = case.position("interface", table["interface"])
    holds = (case.in_service("interface_limit") > 0.0) & (case.in_service("interface") > 0.0)[at]
    lower = np.full((len(case.table("interface")), len(case.time)), -np.inf)
    upper = -lower
    for bound, value, tighter in ((upper, table["forward_mw"], np.fmin), (lower, -table["backward_mw"], np.fmax)):
        tighter.at(bound, at, np.where(holds, value.to_numpy(float)[:, None], np.nan))
    return lower, upper
