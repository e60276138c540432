"""ip: nodal marginal prices with the commitment as it was cleared (integer programming prices).

    y = duals of the linear program that is left when all whole values are held                                (R1)

Where more than one set of duals is right, the lowest payment of the load is taken, see dispatch/right_duals.py. Convex participants
earn all they could at these prices; others may lose what they spend on being on, and are made whole by uplift.
Source: O'Neill et al., Efficient market-clearing prices in markets with nonconvexities, 2005.
"""

from __future__ import annotations

import numpy as np

from gridopt.case.case import Case
from gridopt.dispatch.lmp import Prices, from_duals
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.right_duals import choose, spread

CHOICE = "lower"


def price(case: Case, dispatch: Dispatch) -> Prices:
    """Prices (R1), with duals of the shared rows."""
    people, solution = dispatch.participants, dispatch.solution
    load = dispatch.quantities["load"].values
    payment, order = np.zeros(len(solution.form.row_lower)), np.zeros(len(solution.form.row_lower))
    payment[people.shared], order[people.shared] = people.payment(load), people.payment(spread(load.shape))
    return from_duals(dispatch, people, choose(solution.form, solution.x, payment, order, CHOICE)[people.shared])
