"""pab: pay as bid. Who gives energy is paid what it offered for what it was cleared for; who takes energy pays the mean.

    paid[g,t] = cost of g in t where it gives energy
    price[t] = sum of these / energy that is taken in t, by load, exports, charging and bids                             (R1)

Costs without energy, what is over no step, DC links: dispatch/as_offered.py. Penalties and other costs of nobody are not paid. Nobody who
gives energy needs to be made whole; what is offered will not be cost for long.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridopt.case.case import Case
from gridopt.case.pricing_options import USUAL, Options
from gridopt.dispatch.as_offered import settled
from gridopt.dispatch.lmp import Prices, from_duals
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.right_duals import marginal


def price(case: Case, dispatch: Dispatch, options: Options = USUAL.pab) -> Prices:
    """Mean prices (R1); `extra` makes up for what a participant would get at its cost."""
    people = dispatch.participants
    nodal = from_duals(dispatch, people, marginal(dispatch)[people.shared])
    mean, extra = settled(dispatch, people)
    none = np.zeros_like(mean)
    return replace(nodal, price=mean, energy=mean, congestion=none, loss=none, dual=None, load_price=mean, extra=extra)
