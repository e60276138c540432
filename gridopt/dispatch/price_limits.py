"""Floor and cap of prices: cut off after the clearing, or kept by penalties of a pricing run.

    clip      settled[b,t] = min(cap, max(floor, LMP[b,t]));  shift = settled - LMP, what users pay likewise                  (L1)
    penalty   the SCED once more with whole values held and violations at the penalties of pricing: what is violated has that price,
              no limit has one above it                                                                                     (L2)

The account cap_adjust holds (received less paid) the sum of - shift x injection. Lost opportunity is measured at settled prices.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridopt.case.case import Case
from gridopt.dispatch.attempts import Search
from gridopt.dispatch.lmp import Prices
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.secured import GIVEN, Limits, bounded


def clipped(prices: Prices, floor: float, cap: float) -> Prices:
    """(L1): prices at which everyone settles; parts of the price stay those of the LMP."""
    settled = np.clip(prices.price, floor, cap)
    shift = settled - prices.price
    if not shift.any():
        return prices
    paid = None if prices.load_price is None else np.clip(prices.load_price, floor, cap)
    return replace(prices, price=settled, shift=shift if prices.shift is None else prices.shift + shift, load_price=paid)


def pricing_run(dispatch: Dispatch, case: Case) -> Dispatch:
    """(L2): `case` is that of the dispatch with the penalties of pricing. Raises SolverFailed."""
    form, limits = dispatch.solution.form, {}
    whole = np.zeros(len(form.cost), bool)
    whole[form.integer] = True
    for family in dispatch.model.builder.column_families:
        if not family.size:
            continue
        value, held = dispatch.solution.x[family.ids], whole[family.ids]
        if held.any():
            limits[family.name] = (np.where(held, np.round(value), -np.inf), np.where(held, np.round(value), np.inf))
    return bounded(case, Limits(limits), Search(), open_rows=GIVEN)
