"""aic: average incremental cost prices.

    Units that would lose money at the prices of ip in a calendar day may, in the pricing run, give no more on that day than they were
    cleared for, in the periods in which they were on, or nothing at all; all else stays as it is.               (R1)
    y = convex hull prices of what is left                                                                       (R2)

With the option `cleared` a unit that loses money in some day may do nothing but a part of its schedule, the same in all periods, in place
of (R1). It is by days because make-whole payments are: what the rule is to spare are those of a day that another one does not make up for.

Such a unit then sets the price at the mean cost of its schedule. The sliver of output above the schedule that the rule needs in order
to be well defined is taken to zero.
Source: O'Neill, Castillo, Eldridge and Hytowitz, Dual pricing algorithm in ISO markets, 2017; PJM proposals on average incremental cost.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from gridopt.case.case import Case
from gridopt.case.pricing_options import USUAL, Aic
from gridopt.dispatch.hull import hull
from gridopt.dispatch.lmp import Prices, from_duals
from gridopt.dispatch.participants import Participants
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.right_duals import demand, marginal
from gridopt.program.standard_form import Rows, extend

LOSS = 1e-6
"""Loss over cost from which a unit counts as one that loses money."""


def price(case: Case, dispatch: Dispatch, options: Aic = USUAL.aic) -> Prices:
    """Prices (R2), with duals of the shared rows."""
    people, committed = dispatch.participants.again(), dispatch.committed
    y, selected = marginal(dispatch, options.selection)[people.shared], True
    if committed is not None:
        cost, loss = (case.time.daily(people.by_period(c * people.x, case.time.hours)) for c in (people.form.cost, people.reduced(y)))
        losing = loss > LOSS * np.maximum(np.abs(cost), 1.0)
        losing &= np.isin(np.arange(len(cost)), people.part[committed.on])[:, None]
        held = people
        if losing.any():
            below = options.held == "below"
            held = _below(dispatch, people, losing[:, case.time.day]) if below else _in_part(people, np.flatnonzero(losing.any(axis=1)))
        found = hull(held, demand(dispatch), options.selection)
        y, selected = people.aligned(held, found.y), found.selected
    return replace(from_duals(dispatch, people, y), selected=selected)


def _below(dispatch: Dispatch, people: Participants, losing: np.ndarray) -> Participants:
    """(R1) for participants in the periods of the days in which they are `losing`, a mask (g, T)."""
    upper, committed = people.form.upper.copy(), dispatch.committed
    for columns in (committed.on, committed.above, committed.segment):
        mine = columns[losing[people.part[columns], np.arange(losing.shape[1])]]
        upper[mine] = np.minimum(upper[mine], np.maximum(people.x[mine], 0.0))
    return people.changed(people.form.lower, upper)


def _in_part(people: Participants, losing: np.ndarray) -> Participants:
    """Columns of participants `losing` (l,) are a share of their schedule; no other row of their own holds."""
    form, n = people.form, len(people.x)
    mine = np.flatnonzero(np.isin(people.part, losing))
    share = n + np.searchsorted(losing, people.part[mine])
    low, high, lower, upper = form.row_lower.copy(), form.row_upper.copy(), form.lower.copy(), form.upper.copy()
    own = people.private[np.diff(sp.csr_array(form.matrix[people.private][:, mine]).indptr) > 0]
    low[own], high[own], lower[mine], upper[mine] = -np.inf, np.inf, -np.inf, np.inf
    wide, none, one = form.matrix.copy(), np.zeros(len(losing)), np.ones(len(losing))
    wide.resize((wide.shape[0], n + len(losing)))
    form = replace(
        form, cost=np.append(form.cost, none), square=np.append(form.square, none), optional=np.append(form.optional, none.astype(bool)),
        lower=np.append(lower, none), upper=np.append(upper, one), row_lower=low, row_upper=high, matrix=wide,
        column_step=np.append(form.column_step, np.full(len(losing), -1)), integer=np.setdiff1d(form.integer, mine),
    )  # fmt: skip
    rows = np.arange(len(mine))
    coef, place = np.append(np.ones(len(mine)), -people.x[mine]), (np.append(rows, rows), np.append(mine, share))
    tied = Rows(0.0 * rows, 0.0 * rows, 0 * rows, sp.csr_array((coef, place), shape=(len(mine), n + len(losing))))
    x, part = np.append(people.x, one), np.append(people.part, losing)
    return replace(people, form=extend(form, tied), x=x, part=part, added=dict(people.added), paths=None)
