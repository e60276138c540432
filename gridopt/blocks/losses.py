"""Losses of AC branches, held up by tangents of their square (`losses: piecewise`).

Sets        l AC branch with resistance, p tangent, t step of h hours
Data        r[l] [1/MW]: resistance over the square of the voltage; x[p] [MW]: points of a geometric grid, both signs
Columns     losses.loss z [MW]
Ports       injection: -z/2 at both ends; draws on injection and phase_shift through the flow f [MW]

    0 <= z[l,t] <= r[l] max(|G[l,t]|, |F[l,t]|)^2     G, F: limits of the flow; 0 while the branch is out               (L1)
    z[l,t] <= all that can be injected                so that it is bounded where the flow is not
    z[l,t] >= 2 r[l] x[p] f[l,t] - r[l] x[p]^2        written only where the flow calls for it                          (L2)  losses.tangent

Dual        losses.tangent: y >= 0; sum_p y 2 r x is what the losses of one more MW of flow cost over the step [CNY/MW]
Assumes     DC power flow, voltages of 1; a resistance of 0 or below has no loss; losses do not count as flow at the ends
Accuracy    points lie 1 % apart. At the optimum the tangent of the point next to the flow holds, so z >= 0.99997 r f^2 from 0.01 MW up to
            100,000 MW, and the marginal loss is 2 r f within 0.5 %, within 1 % where two tangents meet
Artificial  where a MWh is worth less than nothing, losing it pays: z rises above r f^2, up to (L1). Reported by branch and step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from gridopt.case.losses import REPORTED, resistance
from gridopt.program.labels import Quantity
from gridopt.program.port import drawn

GRAIN, LEAST, MOST = 0.01, 0.01, 1e5
"""Ratio of neighbouring points less 1; the least and the largest point, MW."""
GRID = LEAST * (1 + GRAIN) ** np.arange(np.ceil(np.log(MOST / LEAST) / np.log(1 + GRAIN)) + 1)
POINTS = np.concatenate([GRID, -GRID])


@dataclass(frozen=True)
class Columns:
    """some: branches with losses int (k,); r 1/MW (k,); loss: ids (k, T)."""

    some: np.ndarray
    r: np.ndarray
    loss: np.ndarray


def declare(case, b):
    """Columns (L1) and what they take out of the buses."""
    r, grid = resistance(case.tables), case.grid
    some = np.flatnonzero(r > 0) if case.losses == "piecewise" else np.zeros(0, int)
    if not len(some):
        return Columns(some, r[some], np.zeros((0, len(case.time)), int))
    largest = np.maximum(np.abs(grid.lower[some]), np.abs(grid.upper[some])) + LEAST
    live = np.array([epoch.inside[some] for epoch in grid.each]).T[:, grid.epoch]
    over = {"branch": grid.branches.ids[some], "time": case.time.index}
    loss = b.columns("losses.loss", unit="MW", over=over, upper=np.where(live, r[some, None] * largest**2, 0.0))
    for ends in (grid.branches.from_bus, grid.branches.to_bus):
        b.port("injection").add(ends[some], loss, coef=-0.5)
    return Columns(some, r[some], loss)


def constrain(case, b, columns):
    """Lazy family (L2). An element is a branch and a point, never laid out: the point next to a flow is the one to ask."""
    some, r, loss = columns.some, columns.r, columns.loss
    if not len(some):
        return
    grid, injection, shift = case.grid, b.port("injection"), b.port("phase_shift")
    weights = sp.eye_array(len(grid.branches.ids), format="csr")[some]
    b.tighten(loss, upper=b.most("injection"))

    def short(x, tolerance, steps):
        flow = grid.flows(injection.value(x, steps), shift.value(x, steps), steps)[some]
        point = nearest(flow)
        missing = r[:, None] * POINTS[point] * (2 * flow - POINTS[point]) - x[loss[:, steps]]
        branch, step = np.nonzero(missing > tolerance)
        return branch * len(POINTS) + point[branch, step], step + (steps.start or 0)

    def draw(element, step):
        branch, point = np.divmod(element, len(POINTS))
        return np.arange(len(element)), branch, -2 * r[branch] * POINTS[point]

    def expand(element, step):
        number, branch, slope = draw(element, step)
        at_bus, at_shift, constant = grid.draws(weights, branch, step)
        constant = slope * constant + slope**2 / (4 * r[branch])
        row, col, coef, constant = drawn([(injection, slope[:, None] * at_bus), (shift, slope[:, None] * at_shift)], step, constant)
        return np.append(row, number), np.append(col, loss[branch, step]), np.append(coef, np.ones(len(number))), constant

    # Sharper than other rows, so that the tangent next to the flow is always there: prices then do not depend on the solver's path.
    b.lazy(
        "losses.tangent", unit="MW", over={"branch": grid.branches.ids[some], "point": POINTS, "time": case.time.index},
        bounds=(0.0, np.inf), expand=expand, find=short, draw=draw, sharp=1e-3,
        port="injection", sensitivity=lambda place, step: grid.sensitivity(weights, place, grid.epoch[step]),
    )  # fmt: skip


def nearest(flow: np.ndarray) -> np.ndarray:
    """Number of the point whose tangent is the highest at a flow MW, int, shaped like `flow`."""
    return np.searchsorted((GRID[1:] + GRID[:-1]) / 2, np.abs(flow)) + np.where(flow < 0, len(GRID), 0)


def results(case, columns, values) -> dict[str, Quantity]:
    """Loss by branch, its artificial part, and what the losses of one more MW of flow cost, (L, T)."""
    if case.losses != "piecewise":
        return {}
    some, port = columns.some, values.builder.port
    x, r = values.solution.x, columns.r[:, None]
    loss, beyond, rate = np.zeros((3, len(case.grid.branches.ids), len(case.time)))
    if len(some):
        flow = case.grid.flows(port("injection").value(x), port("phase_shift").value(x))[some]
        loss[some] = x[columns.loss]
        beyond[some] = np.maximum(loss[some] - r * flow**2, 0.0)
        branch, step, dual = values.drawn_through("losses.tangent")
        np.subtract.at(rate, (some[branch], step), dual / case.time.hours[step])
    found = {"branch_loss": loss, "branch_artificial_loss": beyond, "branch_loss_price": rate}
    return {name: Quantity(("branch", "time"), array, *REPORTED[name]) for name, array in found.items()}
