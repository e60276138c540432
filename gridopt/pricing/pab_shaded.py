"""pab_shaded: pay as bid, where everyone offers what it believes the price will be.

    o'[j,t] = o[j,t] + s max(0, f[b,t] - o[j,t])      o: true offer of a block of output, f: forecast price, s: share     (R1)
    cleared by o'; of blocks that offer the same, those that truly cost less come first                                  (R2)
    paid[g,t] = sum over its blocks of o' x output;   who takes energy pays the mean of each t (pab.py)                    (R3)

Wind and solar power offers at its true cost, usually nothing, and is raised alike. The forecast is the price of `ip` or `smp` at the
true offers.
Source: Kahn, Cramton, Porter and Tabors, Uniform pricing or pay-as-bid pricing, 2001.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from gridopt.case.case import Case
from gridopt.case.pricing_options import USUAL, PabShaded
from gridopt.dispatch.as_offered import settled
from gridopt.dispatch.attempts import Search
from gridopt.dispatch.formulate import implied
from gridopt.dispatch.lazy import Relaxed
from gridopt.dispatch.lmp import Prices, elsewhere, from_duals
from gridopt.dispatch.market_run import of_plants, plants_of
from gridopt.dispatch.other_network import clear
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.right_duals import marginal
from gridopt.dispatch.whole import decide

PLANTS = ("thermal.", "generator.", "commitment.", "renewable.")
"""Families of columns that are output of plants (or what a wind farm does not use of it)."""
TRUE_FIRST = 1e-5
"""Weight of true costs beside offers (R2)."""


def price(case: Case, dispatch: Dispatch, options: PabShaded = USUAL.pab_shaded) -> Prices:
    """Mean prices (R3) and the schedule of (R2)."""
    model, hours = dispatch.model, case.time.hours
    forecast, form = _forecast(dispatch, options), model.builder.form()
    raised = np.zeros(len(form.cost))
    names = {int(i): f.name for f in model.builder.column_families if f.name.startswith(PLANTS) for i in f.ids.ravel()}
    for at, columns, coef in model.builder.port("injection").offers():
        mine = np.isin(columns, list(names)) & (coef != 0)
        offer = form.cost[columns] / np.where(mine, coef * hours, 1.0)
        np.add.at(raised, columns[mine], (options.share * np.maximum(forecast[at] - offer, 0.0) * coef * hours)[mine])
    offers = replace(form, cost=(form.cost + raised) + TRUE_FIRST * form.cost)
    solution = decide(Relaxed(offers, model.builder.lazy_families), Search.again(dispatch.solution), implied=partial(implied, model))
    gap, true = max(solution.gap, 0.0), replace(solution, form=replace(solution.form, cost=form.cost))
    # Proven at the offers that were made; at true costs the schedule is no optimum, but as near to its own as that.
    schedule = Dispatch(case, model, replace(true, proven=true.objective - gap * max(abs(true.objective), 1.0)))
    people, plants = schedule.participants, plants_of(schedule)
    more = of_plants(schedule, raised * solution.x, plants.output)  # of wind and sun: what they do not get for what is curtailed
    wind = np.array([str(n).startswith("renewable ") for n in plants.name], bool)
    more[wind] += options.share * (forecast[plants.bus] * plants.available * hours)[wind]
    mean, extra = settled(schedule, people, more)
    found = replace(elsewhere(schedule, mean, people, np.zeros(0)), dual=None)
    return replace(found, load_price=mean, extra=extra, schedule=schedule, settled=True)


def _forecast(dispatch: Dispatch, options: PabShaded) -> np.ndarray:
    """CNY/MWh (B, T)."""
    if options.forecast == "smp":
        return clear(dispatch, None, options.selection).price
    people = dispatch.participants
    return from_duals(dispatch, people, marginal(dispatch, options.selection)[people.shared]).price
