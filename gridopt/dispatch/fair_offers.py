"""Fair ties of offers: segments at one bus that cost the same share what is taken of them pro rata to what they offer.

    x[k,t] = W[k,t] sum of x / sum of W    over the segments k of one bus and price, W: what is offered of k while its plant is on      (F1)

It is moved after the solve. Cost, injections and flows stay, so that every right price stays right; where a ramp, a reserve or any other
limit would not hold, the steps that it ties together keep the solver's split. Segments of plants by fuel are not offers: they stay. So
does output with a square cost: what one more MWh of it costs changes with every MWh.
Source: Electricity Spot Market Practice (National Dispatch Centre): equal offers are taken in proportion.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from gridopt.blocks import commitment, generator
from gridopt.dispatch.formulate import BLOCKS, Model
from gridopt.dispatch.result import Dispatch
from gridopt.program.solution import Solution

FEASIBLE, CLOSE = 1e-6, 1e-6
"""MW by which limits may be passed; CNY/MWh by which equal prices may differ."""
TRIES = 20


class Segments(NamedTuple):
    """column int (K, T); at int (K,): bus, that of users who bid counted apart; offered MW (K, T)."""

    column: np.ndarray
    at: np.ndarray
    offered: np.ndarray


def share_ties(dispatch: Dispatch) -> Dispatch:
    """The dispatch with (F1)."""
    model, solution = dispatch.model, dispatch.solution
    segments = _segments(model, solution)
    if not segments.column.size:
        return dispatch
    x = solution.x.copy()
    x[segments.column] = _pooled(dispatch, segments)
    _totals(model, x)
    for _ in range(TRIES):
        steps = _broken(model, solution, x)
        if not len(steps):
            return replace(dispatch, solution=replace(solution, x=x))
        for ids in (segments.column, model.columns[BLOCKS.index(commitment)].above):
            x[ids[:, steps]] = solution.x[ids[:, steps]]
    return dispatch


def _segments(model: Model, solution: Solution) -> Segments:
    """Of generators, switched or not, that cost the same whatever they give."""
    case, fleet = model.case, model.columns[BLOCKS.index(commitment)].fleet
    switched, plain = model.columns[BLOCKS.index(commitment)], model.columns[BLOCKS.index(generator)]
    mine = np.flatnonzero(fleet.table[fleet.curve.of] == "generator")
    of = fleet.curve.of[mine]
    bus = case.position("bus", case.table("generator")["bus"].iloc[plain.rows]) + len(case.table("bus")) * (plain.least.min(axis=1) < 0)
    column = np.concatenate([switched.segment[mine].reshape(-1, model.builder.steps), plain.band.reshape(-1, model.builder.steps)]).astype(int)
    on = np.concatenate([np.round(solution.x[switched.on[of]]) / fleet.count[of, None], np.ones(plain.band.shape)])
    straight = ~(solution.form.square[column] > 0).any(axis=1)
    column, at = column[straight], np.append(fleet.bus[of], bus[plain.of])[straight].astype(int)
    return Segments(column, at, solution.form.upper[column] * on[straight])


def _pooled(dispatch: Dispatch, segments: Segments) -> np.ndarray:
    """(F1) MW (K, T)."""
    x, hours = dispatch.solution.x[segments.column], dispatch.case.time.hours
    price = np.round(dispatch.solution.form.cost[segments.column] / hours / CLOSE).astype(np.int64)
    _, level = np.unique(price, return_inverse=True)
    step = np.broadcast_to(np.arange(x.shape[1]), x.shape)
    places, levels = 2 * len(dispatch.case.table("bus")), int(level.max()) + 1
    code = (step * places + segments.at[:, None]) * levels + level.reshape(x.shape)
    _, tie = np.unique(code, return_inverse=True)
    taken, offered = (np.bincount(tie.ravel(), v.ravel()) for v in (x, segments.offered))
    rate = np.divide(taken, offered, out=np.zeros_like(taken), where=offered > 0)[tie.reshape(x.shape)]
    alone = np.bincount(tie.ravel())[tie.reshape(x.shape)] == 1
    return np.where(alone | (segments.offered <= 0), x, segments.offered * np.minimum(rate, 1.0))


def _totals(model: Model, x: np.ndarray) -> None:
    """Output above the least of what has several segments, in x (n,)."""
    columns = model.columns[BLOCKS.index(commitment)]
    of = columns.fleet.curve.of
    total = np.zeros(columns.above.shape)
    np.add.at(total, of, x[columns.segment])
    several = np.bincount(of, minlength=len(columns.fleet)) > 1
    x[columns.above[several]] = total[several]


def _broken(model: Model, solution: Solution, x: np.ndarray) -> np.ndarray:
    """Steps of what was moved and stands in a limit that no longer holds, int (s,)."""
    form, moved = solution.form, np.flatnonzero(np.abs(x - solution.x) > 0)
    bad = np.zeros(model.builder.steps, bool)
    out = np.maximum(x - form.upper, form.lower - x)[moved] > FEASIBLE
    bad[form.column_step[moved[out]]] = True
    activity, before = form.matrix @ x, form.matrix @ solution.x
    over = np.maximum(activity - form.row_upper, form.row_lower - activity)
    known = np.maximum(before - form.row_upper, form.row_lower - before)
    rows = np.flatnonzero(over > np.maximum(known, 0.0) + FEASIBLE)
    touched = np.unique(form.matrix[rows].indices)
    bad[form.column_step[np.intersect1d(touched, moved)]] = True
    for lazy in model.builder.lazy_families:
        step = lazy.broken(x, FEASIBLE * lazy.sharp)[1] if lazy.family.size else np.zeros(0, int)
        bad[step] = True
        bad[np.maximum(step - 1, 0)] = True
    here = np.zeros(len(bad), bool)
    here[form.column_step[moved]] = True
    return np.flatnonzero(bad & here)
