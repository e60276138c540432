"""Floor and cap of prices: cut off after the clearing, or kept by penalties of a pricing run.

    clip      settled[b,t] = min(cap, max(floor, LMP[b,t]));  shift = settled - LMP, what users pay likewise                  (L1)
    penalty   the SCED once more with whole values held and violations at the penalties of pricing pi; a limit l that is violated is
              relaxed to what was cleared: its overload is at least that,  u[l] >= u*[l],  so that  0 <= mu[l] <= pi[l]        (L2)

The account cap_adjust holds (received less paid) the sum of - shift x injection. Lost opportunity is measured at settled prices. Prices of
(L2) are those of its own optimum; what is paid, lost and made whole is that of the schedule x* that was cleared. Only load may be shed anew:
its price is the cap.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from gridopt.case.case import Case
from gridopt.dispatch.attempts import Search
from gridopt.dispatch.lmp import Prices
from gridopt.dispatch.participants import Participants
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.secured import GIVEN, Limits, bounded

OVERLOAD = "overload."
"""What the names of families of columns begin with by which limits are passed."""


@dataclass(frozen=True)
class Repriced(Dispatch):
    """The schedule that was cleared, with the penalties and the duals of pricing."""

    @cached_property
    def participants(self) -> Participants:
        """What passes a limit as far as it is relaxed is no choice of anybody."""
        people = Participants.of(self)
        lower, bounds = people.form.lower.copy(), relaxed_limits(self)
        for family in self.model.builder.column_families:
            if family.name in bounds:
                lower[family.ids] = bounds[family.name][0]
        return people.like(form=replace(people.form, lower=lower))


@dataclass(frozen=True)
class PricingRun(Repriced):
    """run: the optimum of (L2), for whose values the duals are right."""

    run: Dispatch

    @property
    def optimum(self) -> Dispatch:
        return self.run


def clipped(prices: Prices, floor: float, cap: float) -> Prices:
    """(L1): prices at which everyone settles; parts of the price stay those of the LMP."""
    settled = np.clip(prices.price, floor, cap)
    shift = settled - prices.price
    if not shift.any():
        return prices
    paid = None if prices.load_price is None else np.clip(prices.load_price, floor, cap)
    return replace(prices, price=settled, shift=shift if prices.shift is None else prices.shift + shift, load_price=paid)


def relaxed_limits(dispatch: Dispatch) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Bounds by family of columns by which limits are relaxed as far as a schedule passes them."""
    over = [f for f in dispatch.model.builder.column_families if f.name.startswith(OVERLOAD)]
    return {f.name: (dispatch.solution.x[f.ids], np.full(f.shape, np.inf)) for f in over}


def pricing_run(dispatch: Dispatch, case: Case) -> PricingRun:
    """(L2): `case` is that of the dispatch with the penalties of pricing. Raises SolverFailed."""
    form, x, limits = dispatch.solution.form, dispatch.solution.x, relaxed_limits(dispatch)
    whole = np.zeros(len(form.cost), bool)
    whole[form.integer] = True
    for family in dispatch.model.builder.column_families:
        value, held = x[family.ids], whole[family.ids]
        if held.any():
            limits[family.name] = np.where(held, np.round(value), -np.inf), np.where(held, np.round(value), np.inf)
    run = bounded(case, Limits(limits), Search(), open_rows=GIVEN)
    return PricingRun(case, run.model, replace(run.solution, x=x), run)
