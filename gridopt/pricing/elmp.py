"""elmp: extended prices in which what it costs to start and to be on is spread over the energy of a unit.

    adder   a[g] = N / M + S / (M h[g]),   h = max(minimum up time, 1 h)       N no-load cost, S start cost, M largest output     (R1)
    block   of the least output m at the mean cost of reaching it, any part of it; segments above it as they are; all plus a      (R2)
    y       = duals of the shared rows where every unit may use (R2), on line or not, and nothing else holds it                  (R3)

Units that are not eligible (the option names all, those that start fast, or in each step those that are on) keep the status that was
cleared. A unit starts fast if its first output comes within the limit after the order, however long it then has to run; where no notice is
given, its minimum up time stands for it, for what may stop again soon is built to start soon. The price covers the spread offer of every
unit that the pricing run uses, not always the cost of the cleared schedule, and a unit that is off may set it. Minimum times, ramps and
start categories do not hold for what is eligible; a start counts as a cold one.
Source: FERC and MISO practice of extended locational marginal pricing; Wang et al., Extended locational marginal pricing, 2013.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from gridopt.case.case import Case
from gridopt.case.fleet import Fleet
from gridopt.case.pricing_options import USUAL, Elmp
from gridopt.dispatch.lmp import Prices, from_duals
from gridopt.dispatch.participants import Participants
from gridopt.dispatch.relaxation import relaxed_duals
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.right_duals import demand
from gridopt.program.standard_form import StandardForm

KEPT, LIMIT = ("commitment.segments",), "commitment.most"
"""Rows of the commitment that the pricing run keeps; the limit of output, for a unit that is on."""


def price(case: Case, dispatch: Dispatch, options: Elmp = USUAL.elmp) -> Prices:
    """Prices (R3), with duals of the shared rows."""
    people = dispatch.participants.again()  # limits that do not bind in the dispatch may be written
    form = people.form if dispatch.committed is None else _spread(dispatch, people, options)
    # Nothing is whole here, and little is as it was cleared: no optimum to begin from.
    spread = replace(people, form=replace(form, integer=np.zeros(0, int)), added=dict(people.added), paths=None)
    y, selected = relaxed_duals(spread, demand(dispatch), options.selection)
    return replace(from_duals(dispatch, people, people.aligned(spread, y)), selected=selected)


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


def _eligible(fleet: Fleet, options: Elmp) -> np.ndarray:
    """Elements whose fixed costs count, bool (n,)."""
    if options.eligible != "fast":
        return np.ones(len(fleet), bool)
    return np.where(np.isnan(fleet.start_notice), fleet.min_up, fleet.start_notice / 60.0) <= options.fast_start_h


def _spread(dispatch: Dispatch, people: Participants, options: Elmp) -> StandardForm:
    """The program with (R2) in place of the commitment of what is eligible, and the cleared status of all else."""
    case, columns, form = dispatch.case, dispatch.committed, people.form
    fleet, hours = columns.fleet, case.time.hours
    some = _eligible(fleet, options)
    cost, lower, upper = form.cost.copy(), form.lower.copy(), form.upper.copy()
    extra, of = adder(case, fleet), fleet.curve.of
    mine = np.flatnonzero(some)
    cost[columns.on[mine]] += (extra[mine, None] * fleet.least[mine] - no_load(case, fleet)[mine, None]) * hours
    # A start is in the adder: in the pricing run it costs nothing.
    segments = np.flatnonzero(some[of])
    cost[columns.segment[segments]] += extra[of[segments], None] * hours
    most = fleet.count[:, None] * fleet.here
    if options.eligible == "online":
        most = np.minimum(most, np.ceil(dispatch.solution.x[columns.on] - 0.5))
        off = np.round(most) == 0
        for output, whose in ((columns.above, np.arange(len(fleet))), (columns.segment, of)):
            upper[output[off[whose]]] = 0.0
    lower[columns.on[mine]], upper[columns.on[mine]] = 0.0, most[mine]
    for changes, whose in ((columns.start, some), (columns.stop, some), (columns.kind, some[fleet.starts.of])):
        lower[changes[whose]] = upper[changes[whose]] = 0.0
    cleared = np.round(people.x) if case.commitment == "exact" else people.x
    for held, whose in ((columns.on, some), (columns.start, some), (columns.stop, some), (columns.kind, some[fleet.starts.of])):
        lower[held[~whose]] = upper[held[~whose]] = cleared[held[~whose]]
    form = _without(dispatch, people, columns.on[mine], np.unique(people.part[columns.on[mine]]))
    return replace(form, cost=cost, lower=lower, upper=upper)


def _without(dispatch: Dispatch, people: Participants, on: np.ndarray, who: np.ndarray) -> StandardForm:
    """The program without the rows that tie output of `who` to decisions; in limits of output a unit counts as on."""
    form = people.form
    low, high, entries = form.row_lower.copy(), form.row_upper.copy(), form.matrix.tocoo()
    row, col = entries.coords
    families = [f for f in dispatch.model.builder.row_families if f.name.startswith("commitment.") and f.name not in KEPT]
    theirs = np.zeros(len(low), bool)
    theirs[row[np.isin(people.part[col], who)]] = True
    loose, limits = (
        np.concatenate([f.ids.ravel() for f in families if f.name.startswith(name)]).astype(int) for name in ("commitment.", LIMIT)
    )  # fmt: skip
    loose, limits = loose[theirs[loose]], limits[theirs[limits]]
    low[loose], limited = -np.inf, np.isfinite(high)
    held = np.isin(row, limits) & np.isin(col, on)
    room = np.bincount(row[held], -entries.data[held], len(high))
    high[loose] = np.inf
    high[limits] = np.where(limited[limits], room[limits], np.inf)
    matrix = sp.csr_array((np.where(held, 0.0, entries.data), (row, col)), shape=form.matrix.shape)
    return replace(form, row_lower=low, row_upper=high, matrix=matrix)
