"""Fair ties: plants that the optimum cannot tell apart share curtailment pro rata to what they have available.

Two groups of plants are tied in a step when they cost the same, lie in one synchronous area, draw alike on every limit that binds
in the step, and count for the same DC share. The least cost does not change when curtailment moves between them. It is moved
after the solve, step by step, wherever all limits still hold; elsewhere the solver's split stays. The rule depends on the data
alone, not on the solver's path among equal optima inside a tie.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridopt.blocks import interface, renewable
from gridopt.dispatch.formulate import BLOCKS, Model
from gridopt.dispatch.result import Dispatch
from gridopt.program.solution import Solution
from gridopt.program.standard_form import StandardForm

FEASIBLE = 1e-6
CURTAILED = 1e-9


def even_out(model: Model, solution: Solution) -> Solution:
    """The solution with curtailment shared fairly; cost and balances stay."""
    columns = model.columns[BLOCKS.index(renewable)]
    x = solution.x[columns.curtailment]
    available = columns.groups.sum(columns.available)
    busy = np.flatnonzero((x > CURTAILED).any(axis=0))
    if not len(busy):
        return solution
    tie = _ties(model, solution, columns, busy)
    shared = x.copy()
    shared[:, busy] = _pool(x[:, busy], available[:, busy], tie)
    moved = solution.x.copy()
    moved[columns.curtailment] = shared
    least, most = (b[columns.curtailment] for b in (solution.form.lower, solution.form.upper))
    beyond = (np.maximum(shared - most, least - shared) > FEASIBLE).any(axis=0)
    bad = np.union1d(_broken_steps(model, solution.form, moved), np.flatnonzero(beyond))
    moved[columns.curtailment[:, bad]] = x[:, bad]
    return replace(solution, x=moved)


def _ties(model, solution, columns, busy) -> np.ndarray:
    """Number of the tie of each group in each busy step, int (G, len(busy)), unique over steps."""
    case = model.case
    one = case.table("renewable").iloc[columns.groups.first]
    bus = case.position("bus", one["bus"])
    link = case.table("dc_bundle")["dc_link"].reindex(one.index).fillna("")
    costs = zip(one["cost_cny_per_mwh"], one["curtailment_cost_cny_per_mwh"], link, strict=True)
    _, fixed = np.unique([f"{a}|{b}|{c}" for a, b, c in costs], return_inverse=True)
    found = Dispatch(case, model, solution)
    signature = (_signature(found)[bus] + _members(found)[columns.groups.first])[:, busy]
    area = case.grid.root[:, case.grid.epoch][bus][:, busy]
    step = np.broadcast_to(np.arange(len(busy)), signature.shape)
    # One number for the four of them: sorting numbers is ten times faster than sorting rows.
    kinds, draw = np.unique(signature.round(6), return_inverse=True)
    code = ((step * len(case.table("bus")) + area) * (fixed.max(initial=0) + 1) + fixed[:, None]) * len(kinds) + draw.reshape(step.shape)
    _, tie = np.unique(code, return_inverse=True)
    return tie.reshape(signature.shape)


def _signature(dispatch: Dispatch) -> np.ndarray:
    """A number per bus and step that is equal where buses draw alike on all binding limits, (B, T): a fixed random projection."""
    grid = dispatch.case.grid
    total = np.zeros((grid.root.shape[0], len(dispatch.case.time)))
    draw = np.random.default_rng(20250101)
    for part in dispatch.priced:
        weight = draw.uniform(1.0, 2.0, len(part.elements))[:, None] * (part.dual != 0)
        for e in np.unique(grid.epoch):
            steps = np.flatnonzero(grid.epoch == e)
            total[:, steps] += dispatch.sensitivity(part, e).T @ weight[:, steps]
    return total


def _members(dispatch: Dispatch) -> np.ndarray:
    """The same of plants, that is equal where they are members alike of all binding interfaces, (n, T)."""
    weight = interface.members(dispatch.case)[1].get("renewable")
    if weight is None:
        return np.zeros((len(dispatch.case.table("renewable")), len(dispatch.case.time)))
    draw = np.random.default_rng(20250102).uniform(1.0, 2.0, (weight.shape[0], 1))
    return weight.T @ (draw * (dispatch.interface_dual != 0))


def _pool(x, available, tie) -> np.ndarray:
    count = tie.max() + 1
    curtailed, offered = (np.bincount(tie.ravel(), v.ravel(), count) for v in (x, available))
    rate = np.divide(curtailed, offered, out=np.zeros(count), where=offered > 0)
    return np.minimum(available * rate[tie], available)


def _broken_steps(model: Model, form: StandardForm, x: np.ndarray) -> np.ndarray:
    """Steps in which some limit on injections, a requirement or the room for an award of reserve, or what ramping costs, would not hold."""
    bad = np.zeros(model.builder.steps, bool)
    for lazy in model.builder.lazy_families:
        if lazy.port == "injection":
            bad[lazy.broken(x, FEASIBLE)[1]] = True
    for family in model.builder.row_families:
        drawn = family.name.startswith(("headroom.", "ramping.")) and family.name.endswith("_renewable")
        if family.size and (drawn or family.name == "reserve.requirement"):
            ids = family.ids.ravel()
            value = form.matrix[ids] @ x
            over = np.maximum(value - form.row_upper[ids], form.row_lower[ids] - value) > FEASIBLE
            bad |= over.reshape(family.shape).any(axis=0)
    return np.flatnonzero(bad)
