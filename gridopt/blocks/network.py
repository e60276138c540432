"""Network: balance of every synchronous area, limits of AC branches, phase shifters.

Sets        a area, b bus, l branch, k branch whose shift is chosen, t step
Data        limits [G, F] of the flow: rating_mw both ways, tightened by what keeps angles in their range; PTDF H[l,b] and shift factors
            S[l,k] of the branches in service at t, flow f0[l] of the fixed shifts
Columns     network.shift phi [deg]
Ports       draws on injection P[b,t] [MW], branch_overload o[l,t] [MW]; phase_shift: phi

    sum_b in a  P[b,t] = 0                                                (N1)  network.balance
    G <= sum_b H[l,b] P[b,t] + sum_k S[l,k] phi[k,t] + f0[l] - o[l,t] <= F      written only when broken      (N2)  network.limit
    shift_min <= phi <= shift_max                                         (N3)

Dual        network.balance: cost of one more MW of load over the step [CNY/MW]; network.limit: <= 0 at F, >= 0 at G
Assumes     DC power flow; losses are withdrawals at the ends of branches (losses.py, loss_factors.py)
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from gridopt.program.labels import Quantity
from gridopt.program.port import drawn


def declare(case, b):
    """Columns (N3); opens the port that every bus component offers to."""
    b.port("injection", len(case.table("bus")))
    branches = case.grid.branches
    chosen, (low, high) = branches.chosen, np.rad2deg(branches.range)[:, :, None]
    over = {"shifter": branches.ids[chosen], "time": case.time.index}
    phi = b.columns("network.shift", unit="deg", over=over, lower=low, upper=high)
    b.port("phase_shift", len(chosen)).add(np.arange(len(chosen)), phi)
    return phi


def constrain(case, b, columns):
    """Rows (N1), right-hand side = what must be supplied; lazy family (N2)."""
    grid, port = case.grid, b.port("injection")
    roots = np.unique(grid.root)
    over = {"area": case.table("bus").index.to_numpy()[roots], "time": case.time.index}
    area = np.searchsorted(roots, grid.root)[:, grid.epoch]
    steps = np.broadcast_to(np.arange(len(case.time)), area.shape)
    need = np.zeros((len(roots), len(case.time)))
    np.add.at(need, (area, steps), -port.constant)
    balance = b.rows("network.balance", unit="MW", over=over, equal=need)
    b.balanced("injection", balance[area, steps])
    for at, cols, coef in port.offers():
        b.term(balance[area[at], steps[at]], cols, coef)
    _limits(case, b, grid, port)


def limited(grid) -> np.ndarray:
    """Positions of the branches with a limit."""
    return np.flatnonzero((np.isfinite(grid.upper) | np.isfinite(grid.lower)).any(axis=1))


def _limits(case, b, grid, injection):
    some, shift, soft = limited(grid), b.port("phase_shift"), b.port("branch_overload")
    weights = sp.eye_array(len(grid.branches.ids), format="csr")[some]

    def expand(element, step):
        at_bus, at_shift, constant = grid.draws(weights, element, step)
        parts = [(injection, at_bus), (shift, at_shift)]
        return drawn([*parts, (soft, -weights[element].toarray())] if soft.entries else parts, step, constant)

    def flow(x, steps=slice(None)):
        found = grid.flows(injection.value(x, steps), shift.value(x, steps), steps)[some]
        return found - soft.value(x, steps)[some] if soft.entries else found

    b.lazy(
        "network.limit", unit="MW", over={"branch": grid.branches.ids[some], "time": case.time.index},
        bounds=(grid.lower[some], grid.upper[some]), activity=flow, expand=expand,
        port="injection", sensitivity=lambda element, step: grid.sensitivity(weights, element, grid.epoch[step]),
    )  # fmt: skip


def results(case, columns, values) -> dict[str, Quantity]:
    """Chosen phase shifts by branch, deg (K, T)."""
    shift = Quantity(("shifter", "time"), values["network.shift"], "deg", "chosen phase shift", "移相角")
    return {"phase_shift": shift} if columns.size else {}
