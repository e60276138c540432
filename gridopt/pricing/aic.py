"""aic: average incremental cost prices.

    Units that would lose money at the prices of ip may, in the pricing run, give no more than they were cleared for, in the periods in
    which they were on, or nothing at all; all others stay as they are.                                          (R1)
    y = convex hull prices of what is left                                                                       (R2)

Such a unit then sets the price at the mean cost of its schedule. The sliver of output above the schedule that the rule needs in order
to be well defined is taken to zero.
Source: O'Neill, Castillo, Eldridge and Hytowitz, Dual pricing algorithm in ISO markets, 2017; PJM proposals on average incremental cost.
"""

from __future__ import annotations

import numpy as np

from gridopt.case.case import Case
from gridopt.dispatch.hull import hull
from gridopt.dispatch.lmp import Prices, from_duals
from gridopt.dispatch.participants import Participants
from gridopt.dispatch.relaxation import relaxed_duals
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.right_duals import marginal

LOSS = 1e-6
"""Loss over cost from which a unit counts as one that loses money."""


def price(case: Case, dispatch: Dispatch) -> Prices:
    """Prices (R2), with duals of the shared rows."""
    people, committed = Participants.of(dispatch), dispatch.committed
    y = marginal(dispatch)[people.shared]
    if committed is not None:
        cost = people.by_part(people.form.cost * people.x)
        losing = people.by_part(people.reduced(y) * people.x) > LOSS * np.maximum(np.abs(cost), 1.0)
        upper = people.form.upper.copy()
        for columns in (committed.on, committed.above, committed.segment):
            mine = columns[losing[people.part[columns]]]
            upper[mine] = np.minimum(upper[mine], np.maximum(people.x[mine], 0.0))
        held = people.changed(people.form.lower, upper)
        y = people.aligned(held, hull(held, relaxed_duals(held)).y)
    return from_duals(dispatch, people, y)
