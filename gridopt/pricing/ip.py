"""ip: nodal marginal prices with the commitment as it was cleared (integer programming prices).

    y = duals of the linear program that is left when all whole values are held                                (R1)

Where more than one set of duals is right, the lowest payment of the load is taken unless the option says otherwise, see
dispatch/right_duals.py. Convex participants earn all they could at these prices; others may lose what they spend on being on, and are
made whole by uplift.
Source: O'Neill et al., Efficient market-clearing prices in markets with nonconvexities, 2005.
"""

from __future__ import annotations

from dataclasses import replace

from gridopt.case.case import Case
from gridopt.case.pricing_options import USUAL, Selected
from gridopt.dispatch.lmp import Prices, from_duals
from gridopt.dispatch.price_range import price_range
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.right_duals import marginal


def price(case: Case, dispatch: Dispatch, options: Selected = USUAL.ip) -> Prices:
    """Prices (R1), with duals of the shared rows."""
    people = dispatch.participants
    nodal = from_duals(dispatch, people, marginal(dispatch, options.selection)[people.shared])
    return replace(nodal, span=price_range(dispatch))
