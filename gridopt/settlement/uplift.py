"""Uplift: what prices leave open for each participant: profit, make-whole payment, lost opportunity cost, revenue shortfall.

    revenue[g] = y' A_g x*_g + given[g] + extra[g],   profit = revenue - cost                                    (T1)
    MWP[g] = max(0, -profit[g])                                                                                  (T2)
    LOC[g], PRS[row]: (P3), (P4) of dispatch/participants.py                                                     (T3)

given: for output and cost that no column changes, dispatch/market_run.py. It is no part of a lost opportunity.

Source: Gribik, Hogan and Pope, Market-clearing electricity prices and energy uplift, 2007.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridopt.dispatch.lmp import Prices
from gridopt.dispatch.market_run import beyond_columns
from gridopt.dispatch.result import Dispatch


@dataclass(frozen=True)
class Uplift:
    """By participant (g,), CNY: revenue, cost, profit, best profit at these prices (nan where no prices of rows are known), MWP, LOC.
    shortfall: PRS of each shared row (k,). names (g,)."""

    names: np.ndarray
    revenue: np.ndarray
    cost: np.ndarray
    best: np.ndarray
    mwp: np.ndarray
    loc: np.ndarray
    shortfall: np.ndarray

    @property
    def profit(self) -> np.ndarray:
        return self.revenue - self.cost


def uplift(dispatch: Dispatch, prices: Prices) -> Uplift:
    """(T1) to (T3) of a cleared dispatch at the prices of a rule."""
    people, y = prices.people or dispatch.participants, prices.dual
    given, spent = beyond_columns(dispatch, people, prices.price)
    shown = people.by_part(people.form.cost * people.x)
    cost = shown + spent
    extra = np.zeros(len(cost)) if prices.extra is None else prices.extra
    if y is None:  # paid as offered
        none = np.full(len(cost), np.nan)
        return Uplift(people.names, cost + extra, cost, none, np.zeros(len(cost)), none, np.zeros(0))
    gain = -people.by_part(people.reduced(y) * people.x)  # profit on what the columns show
    loc = np.maximum(-people.answers.at(y).best - gain, 0.0) if prices.extra is None else np.zeros(len(cost))
    revenue = cost + gain + given - spent + extra
    best = revenue - cost + loc
    return Uplift(people.names, revenue, cost, best, np.maximum(cost - revenue, 0.0), loc, people.shortfall(y))
