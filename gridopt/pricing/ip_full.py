"""ip_full: marginal prices, and every decision settled at its own price as well.

    y  = duals as of ip;   d[j] = c - A' y - B' z of a column with whole values: what one more of the decision costs at these prices  (R1)
    paid besides energy: sum of d[j] x*[j], of either sign                                                                          (R2)

With both, every participant earns nothing on its decisions and all it could on the rest: no opportunity is lost.
Source: O'Neill et al., Efficient market-clearing prices in markets with nonconvexities, 2005.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridopt.case.case import Case
from gridopt.case.pricing_options import USUAL, Selected
from gridopt.dispatch.lmp import Prices, from_duals
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.right_duals import marginal


def price(case: Case, dispatch: Dispatch, options: Selected = USUAL.ip_full) -> Prices:
    """Prices of (R1) and payments (R2)."""
    people, form, y = dispatch.participants, dispatch.solution.form, marginal(dispatch, options.selection)
    paid = np.zeros(len(form.cost))
    whole = form.integer
    paid[whole] = (form.cost - form.matrix.T @ y)[whole] * people.x[whole]
    return replace(from_duals(dispatch, people, y[people.shared]), extra=people.by_part(paid))
