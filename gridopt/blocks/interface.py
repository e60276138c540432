"""Interface: limits on weighted sums of flows ("sections").

Sets        i interface, l AC branch, d DC link, t step
Data        coefficient w[i,l], w[i,d]; forward_mw F[i,t], backward_mw G[i,t] (by date)
            a step that dates cut takes the tightest of the limits in force in any part of it
Ports       draws on injection P[b,t] (AC part, through PTDF) and on dc_flow S[d,t] (sent power) [MW]

    -G[i,t] <= sum_l w[i,l] f[l,t] + sum_d w[i,d] S[d,t] <= F[i,t]       written only when broken      (I1)  interface.limit

Dual        interface.limit: <= 0 at the forward limit, >= 0 at the backward limit
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from gridopt.program.builder import drawn


def declare(case, b):
    """No columns."""


def constrain(case, b, columns):
    """Lazy family (I1)."""
    names = case.table("interface").index
    if not len(names):
        return
    grid, injection, shift, dc_flow = case.grid, b.port("injection"), b.port("phase_shift"), b.port("dc_flow")
    ac, dc = members(case)
    lower, upper = limits(case)

    def weighted_flow(x, steps=slice(None)):
        return ac @ grid.flows(injection.value(x, steps), shift.value(x, steps), steps) + dc @ dc_flow.value(x, steps)

    def expand(element, step):
        at_bus, at_shift, constant = grid.draws(ac, element, step)
        return drawn([(injection, at_bus), (shift, at_shift), (dc_flow, dc[element].toarray())], step, constant)

    b.lazy(
        "interface.limit", unit="MW", over={"interface": names, "time": case.time.index}, bounds=(lower, upper),
        activity=weighted_flow, expand=expand,
        port="injection", sensitivity=lambda element, step: grid.sensitivity(ac, element, grid.epoch[step]),
    )  # fmt: skip


def members(case) -> tuple[sp.csr_array, sp.csr_array]:
    """Coefficients of AC branches (I, L) and of DC links (I, D)."""
    member, branches = case.table("interface_member"), case.grid.branches.ids
    row = case.position("interface", member["interface"])
    coef = member["coefficient"].to_numpy(float)
    is_dc = (member["kind"] == "dc_link").to_numpy()
    place = {name: i for i, name in enumerate(branches)}
    ac_col = np.array([place.get(e, 0) for e in member["element"]], dtype=int)
    dc_col = case.position("dc_link", member["element"])
    count = len(case.table("interface"))
    ac = sp.csr_array((coef[~is_dc], (row[~is_dc], ac_col[~is_dc])), shape=(count, len(branches)))
    dc = sp.csr_array((coef[is_dc], (row[is_dc], dc_col[is_dc])), shape=(count, len(case.table("dc_link"))))
    return ac, dc


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
