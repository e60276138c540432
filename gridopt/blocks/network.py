"""Network: balance of every synchronous area and limits of AC branches.

Sets        a area, b bus, l branch, t step
Data        rating_mw F[l], PTDF H[l,b] of the branches in service at t
Ports       draws on injection P[b,t] [MW]

    sum_b in a  P[b,t] = 0                                                (N1)  network.balance
    -F <= sum_b H[l,b] P[b,t] <= F      written only when broken          (N2)  network.limit

Dual        network.balance: cost of one more MW of load over the step [CNY/MW]; network.limit: <= 0 at +F, >= 0 at -F
Assumes     DC power flow without losses
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp


def declare(case, b):
    """No columns; opens the port that every bus component offers to."""
    b.port("injection", len(case.table("bus")))


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


def _limits(case, b, grid, port):
    limited = np.flatnonzero(np.isfinite(grid.branches.rating))
    weights = sp.eye_array(len(grid.branches.ids), format="csr")[limited]
    rating = grid.rating[limited]

    def expand(element, step):
        draw = np.zeros((len(element), port.size))
        for e in np.unique(grid.epoch[step]):
            mine = grid.epoch[step] == e
            draw[mine] = grid.sensitivity(weights, element[mine], e)
        return port.weighted(draw, step)

    b.lazy(
        "network.limit", unit="MW", over={"branch": grid.branches.ids[limited], "time": case.time.index},
        bounds=(-rating, rating),
        activity=lambda x, steps=slice(None): grid.flows(port.value(x, steps), steps)[limited], expand=expand,
        port="injection", sensitivity=lambda element, step: grid.sensitivity(weights, element, grid.epoch[step]),
    )  # fmt: skip
