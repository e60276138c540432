"""Marginal losses: solve, linearise losses at the flows found, solve again, until the losses of the flows are those that were balanced.

    error = sum over areas and steps of h |losses that were balanced - sum of r f^2| / sum of h r f^2     [1]

Losses that are artificial are no error. The first solve knows no losses. Where many flows cost the same, as where load is shed at many
buses, the flows may wander on; then every branch gets tangents of its own (blocks/losses.py), which take one solve. Where within an area
the losses are taken out follows the flows of the solve before the last; these may differ from the last by more than ERROR.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from gridopt.case.case import Case
from gridopt.case.losses import resistance
from gridopt.dispatch.result import Dispatch
from gridopt.program.solution import SolverFailed

ERROR, SOLVES = 1e-3, 30
"""Error that is good enough, and solves to get there."""
STILL, FAST, NEAR = 1e-6, 0.1, 0.1
"""MW by which flows may still move, for prices follow the flows; what one more solve must leave of that to be worth it; and MW within
which new flows take the place of the last: of two rows that the solver cannot tell apart, the older could set the price."""


def settle(case: Case, once: Callable[[Case], Dispatch], progress: Callable[[str], None]) -> Dispatch:
    """Dispatch of `case` with marginal losses, its error below ERROR; with `piecewise` ones where SOLVES solves do not get there, which its
    case then says. Raises SolverFailed where these cannot stand in, because losses are taken out at the receiving end."""
    found, before = once(case), np.inf
    for number in range(1, SOLVES):
        points, known = found.flow[None], found.case.loss_points
        if known is not None:
            near = np.abs(known[-1] - found.flow).max(initial=0.0) < NEAR
            points = np.concatenate([known[:-1] if near else known, points])
        found = once(replace(case, loss_points=points))
        error = loss_error(found)
        progress(f"loss factors, solve {number}: losses are off by {error:.2%}")
        moved = float(np.abs(found.flow - points[-1]).max(initial=0.0))
        if error < ERROR and (moved < STILL or moved > FAST * before):
            return found
        before = moved
    if case.losses_at != "ends":
        raise SolverFailed(f"losses were still off by {error:.2%} after {SOLVES} solves. Set losses to piecewise, which needs one.")
    progress(f"losses were still off by {error:.2%} after {SOLVES} solves: tangents of every branch instead")
    found = once(replace(case, losses="piecewise", loss_points=None))
    found.solution.statistics["losses_off"] = error
    return found


def loss_error(found: Dispatch) -> float:
    """Error of the losses that were balanced, over those of the flows; 0 where there are none."""
    grid, hours = found.case.grid, found.case.time.hours
    lost = found.quantities["branch_loss"].values - found.quantities["branch_artificial_loss"].values
    square = np.maximum(resistance(found.case.tables), 0.0)[:, None] * found.flow**2
    apart = np.zeros((len(grid.root), len(hours)))
    np.add.at(apart, (grid.root[grid.branches.from_bus][:, grid.epoch], np.arange(len(hours))), lost - square)
    whole = float((square @ hours).sum())
    return float((np.abs(apart) @ hours).sum()) / whole if whole > 0 else 0.0
