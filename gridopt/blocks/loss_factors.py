"""Losses of AC branches by loss factors, linearised at flows known from earlier solves (`losses: marginal`).

Sets        l AC branch with resistance, a synchronous area (named by its first such branch), b bus, k earlier solve, t step of h hours
Data        r[l] [1/MW]: resistance over the square of the voltage; g[k,l,t] [MW]: flows of earlier solves (case.loss_points)
            w[b,t]: share of the area's losses taken out at b: of r g^2 of the last solve half at each end of a branch, or (losses_at:
            receiving) all at the end that its flow arrived at
Columns     loss_factors.total Z[a,t] [MW], >= 0
Ports       injection: -w Z; draws on injection and phase_shift through the flows f [MW]

    Z[a,t] >= sum_l in a  2 r[l] g[k,l,t] f[l,t] - r[l] g[k,l,t]^2      written only when broken      (L3)  loss_factors.factor

Dual        loss_factors.factor: y >= 0; sum_k y 2 r g is what the losses of one more MW of flow cost over the step [CNY/MW]
Assumes     as losses.py. One row per area, solve and step instead of one per branch: the loss factor of bus b is sum_l 2 r g H[l,b].
            The total is exact where flows are those of an earlier solve; dispatch/losses.py repeats until they are. All earlier flows are
            kept: with the last alone, two plants that compete through losses would take turns for ever.
Artificial  where a MWh is worth less than nothing, losing it pays: Z rises above the sum of r f^2. Reported by branch as Z is shared.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from gridopt.case.losses import REPORTED, resistance
from gridopt.program.labels import Quantity
from gridopt.program.port import drawn


@dataclass(frozen=True)
class Columns:
    """some: branches with losses int (k,); r 1/MW (k, 1); first: number among them of the one that names a branch's area, int (k, T);
    share (k, T): of the area's losses; total: ids (k, T), of use where a branch names its area."""

    some: np.ndarray
    r: np.ndarray
    first: np.ndarray
    share: np.ndarray
    total: np.ndarray


def declare(case, b):
    """Columns Z and what they take out of the buses."""
    grid, steps = case.grid, np.arange(len(case.time))
    r = resistance(case.tables)
    some = np.flatnonzero(r > 0) if case.losses == "marginal" else np.zeros(0, int)
    r = r[some, None]
    if not len(some):
        nothing = np.zeros((0, len(steps)))
        return Columns(some, r, nothing.astype(int), nothing, nothing.astype(int))
    live = np.array([epoch.inside[some] for epoch in grid.each]).T[:, grid.epoch]
    root = grid.root[grid.branches.from_bus[some]][:, grid.epoch]
    first = np.full((len(grid.root), len(steps)), len(some))
    np.minimum.at(first, (root, steps), np.where(live, np.arange(len(some))[:, None], len(some)))
    first = np.where(live, first[root, steps], np.arange(len(some))[:, None])
    share = _shares(case, some, r, first, live)
    names = (first == np.arange(len(some))[:, None]) & live
    over = {"branch": grid.branches.ids[some], "time": case.time.index}
    total = b.columns("loss_factors.total", unit="MW", over=over, upper=np.where(names, np.inf, 0.0))
    begin = _at_begin(case, some)
    for ends, part in ((grid.branches.from_bus, begin), (grid.branches.to_bus, 1.0 - begin)):
        b.port("injection").add(ends[some], total[first, steps], coef=-part * share)
    return Columns(some, r, first, share, total)


def _at_begin(case, some) -> np.ndarray:
    """Part of the losses of each branch that is taken out where it begins, (k, T)."""
    if case.losses_at == "ends" or case.loss_points is None:
        return np.full((len(some), len(case.time)), 0.5)
    return np.where(case.loss_points[-1][some] < 0, 1.0, 0.0)


def _shares(case, some, r, first, live) -> np.ndarray:
    """Share of each branch in the losses of its area at the last flows; equal shares where there were none."""
    last = case.loss_points[-1][some] if case.loss_points is not None else np.zeros(live.shape)
    steps = np.broadcast_to(np.arange(live.shape[1]), live.shape)
    share = np.zeros(live.shape)
    for part in (live.astype(float), np.where(live, r * last**2, 0.0)):
        whole = np.zeros(live.shape)
        np.add.at(whole, (first, steps), part)
        whole = whole[first, steps]
        share = np.where(whole > 0, np.divide(part, whole, out=np.zeros_like(part), where=whole > 0), share)
    return share


def constrain(case, b, columns):
    """Lazy family (L3). An element is the branch that names an area, and an earlier solve."""
    some, r, first = columns.some, columns.r, columns.first
    if not len(some):
        return
    b.tighten(columns.total, upper=b.most("injection"))
    if case.loss_points is None:
        return
    grid, injection, shift = case.grid, b.port("injection"), b.port("phase_shift")
    known = case.loss_points[:, some]
    count, own = len(known), np.arange(len(some))[:, None]
    unit = sp.eye_array(len(grid.branches.ids), format="csr")[some]

    def short(x, tolerance, steps):
        flow = grid.flows(injection.value(x, steps), shift.value(x, steps), steps)[some]
        at, here = first[:, steps], x[columns.total[:, steps]]
        step = np.broadcast_to(np.arange(flow.shape[1]), flow.shape)
        found = []
        for k in range(count):
            point, sums = known[k][:, steps], np.zeros(flow.shape)
            np.add.at(sums, (at, step), r * point * (2 * flow - point))
            area, when = np.nonzero((sums - here > tolerance) & (at == own))
            found.append((area * count + k, when + (steps.start or 0)))
        return np.concatenate([f[0] for f in found]), np.concatenate([f[1] for f in found])

    def draw(element, step):
        area, k = np.divmod(element, count)
        row, branch = np.nonzero(area[:, None] == first[:, step].T)
        return row, branch, -2 * r[branch, 0] * known[k[row], branch, step[row]]

    def expand(element, step):
        row, branch, slope = draw(element, step)
        shape = (len(element), len(grid.branches.ids))
        weights = sp.csr_array((slope, (row, some[branch])), shape=shape)
        at_bus, at_shift, constant = grid.draws(weights, np.arange(len(element)), step)
        constant = constant + np.bincount(row, slope**2 / (4 * r[branch, 0]), len(element))
        row, col, coef, constant = drawn([(injection, at_bus), (shift, at_shift)], step, constant)
        own_column = columns.total[element // count, step]
        return np.append(row, np.arange(len(element))), np.append(col, own_column), np.append(coef, np.ones(len(element))), constant

    b.lazy(
        "loss_factors.factor", unit="MW", over={"branch": grid.branches.ids[some], "solve": np.arange(count), "time": case.time.index},
        bounds=(0.0, np.inf), expand=expand, find=short, draw=draw, sharp=1e-3,
        port="injection", sensitivity=lambda place, step: grid.sensitivity(unit, place, grid.epoch[step]),
    )  # fmt: skip


def results(case, columns, values) -> dict[str, Quantity]:
    """Loss by branch, its artificial part, and what the losses of one more MW of flow cost, (L, T)."""
    if case.losses != "marginal":
        return {}
    some, first, port, x = columns.some, columns.first, values.builder.port, values.solution.x
    steps = np.arange(len(case.time))
    loss, beyond, rate = np.zeros((3, len(case.grid.branches.ids), len(steps)))
    if len(some):
        flow = case.grid.flows(port("injection").value(x), port("phase_shift").value(x))[some]
        total, square = x[columns.total][first, steps], np.zeros(flow.shape)
        np.add.at(square, (first, np.broadcast_to(steps, flow.shape)), columns.r * flow**2)
        loss[some] = columns.share * total
        beyond[some] = columns.share * np.maximum(total - square[first, steps], 0.0)
        if case.loss_points is not None:
            branch, step, dual = values.drawn_through("loss_factors.factor")
            np.subtract.at(rate, (some[branch], step), dual / case.time.hours[step])
    found = {"branch_loss": loss, "branch_artificial_loss": beyond, "branch_loss_price": rate}
    return {name: Quantity(("branch", "time"), array, *REPORTED[name]) for name, array in found.items()}
