"""pab: pay as bid. Every participant is paid what it offered for what it was cleared for; load pays the mean.

    paid[g] = cost of its schedule;   price of load[t] = sum of costs / load of its area                         (R1)

Costs that belong to no step (starts) are spread over the steps by load. Nobody needs to be made whole; what is offered will not be cost
for long.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridopt.case.case import Case
from gridopt.case.pricing_options import USUAL, Options
from gridopt.dispatch.lmp import Prices, from_duals
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.right_duals import marginal


def price(case: Case, dispatch: Dispatch, options: Options = USUAL.pab) -> Prices:
    """Mean prices (R1); `extra` makes up for what a participant would get at these."""
    people, hours = dispatch.participants, case.time.hours
    nodal = from_duals(dispatch, people, marginal(dispatch)[people.shared])
    load = dispatch.quantities["load"].values - dispatch.quantities["shedding"].values
    energy = float((load @ hours).sum())
    total = float(people.form.cost @ people.x) + people.form.offset
    mean = np.full(load.shape, total / energy if energy > 0 else 0.0)
    none = np.zeros_like(mean)
    return replace(nodal, price=mean, energy=mean, congestion=none, loss=none, dual=None, load_price=mean)
