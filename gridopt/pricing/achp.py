"""achp: approximate convex hull prices, the duals of the program with whole values relaxed.

    y = duals of the shared rows where every decision may take any value between its bounds                     (R1)

As good as the hull is described by the rows: the tight form of blocks/commitment.py (limits that know of starts and stops, minimum times
by turn-on and turn-off rows, ramps, start categories). Its value lies below that of the hulls, which lies below the cleared cost. Both
the value and the names of the rows are told.
Source: Hua and Baldick, A convex primal formulation for convex hull pricing, 2017.
"""

from __future__ import annotations

from dataclasses import replace

from gridopt.case.case import Case
from gridopt.case.pricing_options import USUAL, Selected
from gridopt.dispatch.lmp import Prices, from_duals
from gridopt.dispatch.relaxation import chosen, relaxed, row_families
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.right_duals import demand


def price(case: Case, dispatch: Dispatch, options: Selected = USUAL.achp) -> Prices:
    """Prices (R1), with duals of the shared rows."""
    people = dispatch.participants.again()  # limits that do not bind in the dispatch may be written
    x, y = relaxed(people)
    value = float(people.form.cost @ x) + people.form.offset
    y, selected = chosen(people, x, y, demand(dispatch), options.selection)
    return replace(from_duals(dispatch, people, y), selected=selected, relaxation=(value, row_families(dispatch, people)))
