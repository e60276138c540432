"""elmp: extended prices in which what it costs to start and to be on is spread over the energy of a unit.

    adder   a[g] = N / M + S / (M h[g]),   h = max(minimum up time, 1 h)       N no-load cost, S start cost, M largest output     (R1)
    block   of the least output m at the mean cost of reaching it, any part of it; segments above it as they are; all plus a      (R2)
    y       = duals of the shared rows where every unit may use (R2), on line or not, and nothing else holds it                  (R3)

The price covers the spread offer of every unit that the pricing run uses, not always the cost of the schedule that was cleared, and a
unit that is off may set it. Minimum times, ramps and start categories do not hold in the pricing run; the start counts as a cold one.
Source: FERC and MISO practice of extended locational marginal pricing; Wang et al., Extended locational marginal pricing, 2013.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from gridopt.case.case import Case
from gridopt.case.fleet import Fleet
from gridopt.dispatch.lmp import Prices, from_duals
from gridopt.dispatch.participants import Participants
from gridopt.dispatch.relaxation import relaxed_duals
from gridopt.dispatch.result import Dispatch
from gridopt.program.standard_form import StandardForm

KEPT, LIMIT = ("commitment.segments",), "commitment.most"
"""Rows of the commitment that the pricing run keeps; the limit of output, for a unit that is on."""


def price(case: Case, dispatch: Dispatch) -> Prices:
    """Prices (R3), with duals of the shared rows."""
    people, spread = Participants.of(dispatch), Participants.of(dispatch)
    if dispatch.committed is not None:
        spread.form = _spread(dispatch, spread.form)
    y = relaxed_duals(spread, dispatch.quantities["load"].values)
    return from_duals(dispatch, people, people.aligned(spread, y))


def adder(case: Case, fleet: Fleet) -> np.ndarray:
    """(R1) CNY/MWh of each element (n,)."""
    most = fleet.most.max(axis=1, initial=0.0)
    start = np.zeros(len(fleet))
    np.maximum.at(start, fleet.starts.of, fleet.starts.cost)
    hours = np.maximum(fleet.min_up, 1.0)
    cost = no_load(case, fleet) + start / hours
    return np.divide(cost, most, out=np.zeros(len(fleet)), where=most > 0)


def no_load(case: Case, fleet: Fleet) -> np.ndarray:
    """What being on costs, whatever the output, CNY/h (n,); of thermal units it is part of their fuel curve."""
    value = np.zeros(len(fleet))
    mine = fleet.table == "generator"
    value[mine] = case.table("generator")["cost_cny_per_h"].to_numpy(float)[fleet.row[mine]]
    return value


def _spread(dispatch: Dispatch, form: StandardForm) -> StandardForm:
    """The program with (R2) in place of the commitment."""
    case, columns = dispatch.case, dispatch.committed
    fleet, hours = columns.fleet, case.time.hours
    cost, lower, upper = form.cost.copy(), form.lower.copy(), form.upper.copy()
    extra = adder(case, fleet)
    cost[columns.on] += (extra[:, None] * fleet.least - no_load(case, fleet)[:, None]) * hours
    cost[columns.segment] += extra[fleet.curve.of, None] * hours
    lower[columns.on], upper[columns.on] = 0.0, fleet.count[:, None] * fleet.here
    for changes in (columns.start, columns.stop, columns.kind):
        lower[changes] = upper[changes] = 0.0
    return replace(_without(dispatch, form, columns.on), cost=cost, lower=lower, upper=upper)


def _without(dispatch: Dispatch, form: StandardForm, on: np.ndarray) -> StandardForm:
    """The program without the rows that tie output to decisions; in limits of output a unit counts as on."""
    low, high, entries = form.row_lower.copy(), form.row_upper.copy(), form.matrix.tocoo()
    row, col = entries.coords
    families = [f for f in dispatch.model.builder.row_families if f.name.startswith("commitment.") and f.name not in KEPT]
    loose = np.concatenate([f.ids.ravel() for f in families])
    limits = np.concatenate([f.ids.ravel() for f in families if f.name.startswith(LIMIT)])
    low[loose], limited = -np.inf, np.isfinite(high)
    held = np.isin(row, limits) & np.isin(col, on)
    room = np.bincount(row[held], -entries.data[held], len(high))
    high[loose] = np.inf
    high[limits] = np.where(limited[limits], room[limits], np.inf)
    matrix = sp.csr_array((np.where(held, 0.0, entries.data), (row, col)), shape=form.matrix.shape)
    return replace(form, row_lower=low, row_upper=high, matrix=matrix)
