"""Fair ties of offers: segments at one bus that cost the same share what is taken of them pro rata to what they offer.

    x[k,t] = W[k,t] sum of x / sum of W    over the segments k of one bus and price, W: what is offered of k while its plant is on      (F1)

It is moved after the solve. Cost, injections and flows stay, so that every right price stays right; where a ramp, a reserve or any other
limit would not hold, the ties that stand in it keep the solver's split in the steps that it is about. Segments of plants by fuel are not
offers: they stay. So does output with a square cost: what one more MWh of it costs changes with every MWh.
Source: Electricity Spot Market Practice (National Dispatch Centre): equal offers are taken in proportion.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from gridopt.blocks import commitment, generator
from gridopt.dispatch.formulate import BLOCKS, Model
from gridopt.dispatch.result import Dispatch
from gridopt.program.standard_form import StandardForm

FEASIBLE, CLOSE = 1e-6, 1e-6
"""MW by which limits may be passed; CNY/MWh by which equal prices may differ."""
TRIES = 20


class Tied(NamedTuple):
    """Segments that share, by step, (k,): column; above: column of the output of the plant above its least, -1 where it is not switched;
    tie: number of the bus, price and step; shared: MW by (F1)."""

    column: np.ndarray
    above: np.ndarray
    tie: np.ndarray
    shared: np.ndarray


class Offers:
    """Segments of generators, those that are switched first. at int (K,): bus, that of users who bid counted apart."""

    def __init__(self, model: Model):
        case = self.case = model.case
        self.switched, self.plain = model.columns[BLOCKS.index(commitment)], model.columns[BLOCKS.index(generator)]
        fleet, plain = self.switched.fleet, self.plain
        self.mine = np.flatnonzero(fleet.table[fleet.curve.of] == "generator")
        self.of = fleet.curve.of[self.mine]
        bus = case.position("bus", case.table("generator")["bus"].iloc[plain.rows])
        bus = bus + len(case.table("bus")) * (plain.least.min(axis=1) < 0)
        self.at = np.append(fleet.bus[self.of], bus[plain.of]).astype(int)

    def tied(self, form: StandardForm, x: np.ndarray, steps: slice, known: np.ndarray, place: np.ndarray) -> Tied:
        """(F1) for values x of a program whose columns stand at `place` (n,) of all columns, of which `known` are the values (n,)."""
        fleet, band = self.switched.fleet, self.plain.band[:, steps]
        segment, above, on = (v[:, steps][i] for v, i in (
            (self.switched.segment, self.mine), (self.switched.above, self.of), (self.switched.on, self.of)))  # fmt: skip
        column = place[np.concatenate([segment, band]).astype(int)]
        above = np.concatenate([place[above.astype(int)], np.full(band.shape, -1)])
        share = np.concatenate([np.round(known[on.astype(int)]) / fleet.count[self.of, None], np.ones(band.shape)])
        offered = form.upper[column] * share
        some = np.nonzero((offered > 0) & (form.square[column] == 0))
        price = np.round((form.cost[column] / self.case.time.hours[steps])[some] / CLOSE).astype(np.int64)
        _, level = np.unique(price, return_inverse=True)
        code = (some[1] * 2 * len(self.case.table("bus")) + self.at[some[0]]) * (level.max(initial=0) + 1) + level
        _, tie = np.unique(code, return_inverse=True)
        column, above, offered = column[some], above[some], offered[some]
        taken, whole = (np.bincount(tie, v) for v in (x[column], offered))
        several = np.bincount(tie)[tie] > 1
        return Tied(*(v[several] for v in (column, above, tie, offered * np.minimum(taken / whole, 1.0)[tie])))


def share_ties(dispatch: Dispatch) -> Dispatch:
    """The dispatch with (F1)."""
    model, solution = dispatch.model, dispatch.solution
    form, x = solution.form, solution.x

    def beside(made: np.ndarray) -> np.ndarray:
        found = [np.zeros(0, int)]
        for lazy in model.builder.lazy_families:
            if lazy.family.size:
                found.append(lazy.expand(*lazy.broken(made, FEASIBLE * lazy.sharp))[1])
        return np.concatenate(found)

    tied = Offers(model).tied(form, x, slice(None), x, np.arange(len(x)))
    return replace(dispatch, solution=replace(solution, x=spread(form, x, tied, beside)))


def spread(form: StandardForm, x: np.ndarray, tied: Tied, beside: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """x (n,) with (F1) where all limits hold. beside: columns that stand in limits which `form` has not and given values break."""
    own = tied.above == tied.column
    several, shares = (tied.above >= 0) & ~own, np.ones(len(tied.tie), bool)
    for _ in range(TRIES):
        made = x.copy()
        made[tied.column[shares]] = tied.shared[shares]
        np.add.at(made, tied.above[several], (made - x)[tied.column[several]])
        wrong = _broken(form, x, made, beside)
        if not len(wrong):
            return made
        stands = np.isin(tied.column, wrong) | np.isin(tied.above, wrong)
        shares &= ~np.isin(tied.tie, tied.tie[stands])
    return x


def _broken(form: StandardForm, x: np.ndarray, made: np.ndarray, beside: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Columns that were moved and stand in a limit that no longer holds, int (k,)."""
    moved = np.flatnonzero(np.abs(made - x) > 0)
    if not len(moved):
        return moved
    out = moved[np.maximum(made - form.upper, form.lower - made)[moved] > FEASIBLE]
    activity, before = form.matrix @ made, form.matrix @ x
    over = np.maximum(activity - form.row_upper, form.row_lower - activity)
    known = np.maximum(before - form.row_upper, form.row_lower - before)
    rows = np.flatnonzero(over > np.maximum(known, 0.0) + FEASIBLE)
    return np.intersect1d(np.concatenate([out, form.matrix[rows].indices, beside(made)]), moved)
