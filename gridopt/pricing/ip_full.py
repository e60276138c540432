"""ip_full: marginal prices, and every decision settled at its own price as well.

    y  = duals as of ip;   d[j] = c - A' y - B' z of a column with whole values: what one more of the decision costs at these prices  (R1)
    paid besides energy: sum of d[j] x*[j], of either sign                                                                          (R2)

With both, every participant earns nothing on its decisions and all it could on the rest: no opportunity is lost. Room that a unit has
only because it is on has no price apart from that of being on: bounds of columns that rows with the decision imply are left out.
Source: O'Neill et al., Efficient market-clearing prices in markets with nonconvexities, 2005.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridopt.case.case import Case
from gridopt.case.pricing_options import USUAL, Selected
from gridopt.dispatch.besides import decisions
from gridopt.dispatch.lmp import Prices, from_duals
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.right_duals import within
from gridopt.program.standard_form import StandardForm

ROOM = ("commitment.above", "commitment.segment")
"""Families of columns whose upper bounds are written twice, as a bound and as a row."""


def price(case: Case, dispatch: Dispatch, options: Selected = USUAL.ip_full) -> Prices:
    """Prices of (R1) and payments (R2)."""
    people, form, y = dispatch.participants, dispatch.solution.form, within(dispatch, _by_rows(dispatch), options.selection)
    worth = np.zeros(len(form.cost))
    worth[form.integer] = (form.cost - form.matrix.T @ y)[form.integer]
    paid = people.by_period(worth * people.x, case.time.hours)
    return replace(from_duals(dispatch, people, y[people.shared]), extra=paid, besides=decisions(dispatch, worth))


def _by_rows(dispatch: Dispatch) -> StandardForm:
    """The program without upper bounds of the output of units that are switched: rows say the same with the decision in them."""
    form = dispatch.solution.form
    upper = form.upper.copy()
    for family in dispatch.model.builder.column_families:
        if family.name in ROOM:
            upper[family.ids] = np.inf
    return replace(form, upper=upper)
