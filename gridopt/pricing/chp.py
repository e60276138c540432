"""chp: exact convex hull prices.

    y = argmax q(y), the prices at which the participants together would gain least by leaving the schedule, rents not collected
    included: they minimise the sum of lost opportunity costs and product revenue shortfalls                    (R1)

Found by column generation, dispatch/hull.py. Limits that do not bind in the dispatch may have a price.
Source: Gribik, Hogan and Pope, Market-clearing electricity prices and energy uplift, 2007.
"""

from __future__ import annotations

from dataclasses import replace

from gridopt.case.case import Case
from gridopt.case.pricing_options import USUAL, Selected
from gridopt.dispatch.hull import hull
from gridopt.dispatch.lmp import Prices, from_duals
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.right_duals import demand


def price(case: Case, dispatch: Dispatch, options: Selected = USUAL.chp) -> Prices:
    """Prices (R1), with duals of the shared rows."""
    people = dispatch.participants.again()  # limits that do not bind in the dispatch may be written
    found = hull(people, demand(dispatch), options.selection)
    return replace(from_duals(dispatch, people, found.y), hull=(found.cost, found.bound), selected=found.selected)
