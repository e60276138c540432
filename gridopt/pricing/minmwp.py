"""minmwp: prices with the least make-whole payments.

    min  sum_g m_g + e sum of load payments    m_g >= cost_g - revenue_g(y),  m >= 0,
         y of a limit > 0 or < 0 only where the cleared flow stands at it, prices between floor and cap                 (R1)

e is small enough that payments of the load only decide among prices with the same make-whole payments. No revenue falls short (PRS = 0),
for only limits that bind have a price; lost opportunities are not looked at.
Source: Ruiz, Conejo and Gabriel, Pricing non-convexities in an electricity pool, 2012.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from gridopt.case.case import Case
from gridopt.dispatch.lmp import Prices, from_duals
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.right_duals import standing
from gridopt.program.highs import Highs

SMALL = 1e-6


def price(case: Case, dispatch: Dispatch) -> Prices:
    """Prices (R1), with duals of the shared rows."""
    people = dispatch.participants
    form, k = people.form, len(people.shared)
    at_low, at_high = (v[people.shared] for v in standing(form, people.x))
    low, high = np.where(at_high, -np.inf, 0.0), np.where(at_low, np.inf, 0.0)
    # Revenue of a group is linear in y: what its schedule draws on each shared row.
    schedule = sp.csc_array((people.x, (np.arange(len(people.x)), people.part)), shape=(len(people.x), len(people.names)))
    drawn = sp.csr_array(form.matrix[people.shared] @ schedule)
    cost = people.by_part(form.cost * people.x)
    payment = people.payment(dispatch.quantities["load"].values)
    scale = SMALL / max(float(np.abs(payment).max(initial=0.0)), 1.0)
    program = Highs()
    matrix = sp.hstack([drawn.T, sp.eye_array(len(cost), format="csr")], format="csr")
    program.load(
        np.concatenate([scale * payment, np.ones(len(cost))]), np.concatenate([low, np.zeros(len(cost))]),
        np.concatenate([high, np.full(len(cost), np.inf)]), sp.csr_array(matrix), cost, np.full(len(cost), np.inf),
    )  # fmt: skip
    program.solve()
    return from_duals(dispatch, people, program.solution()[0][:k])
