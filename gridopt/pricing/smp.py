"""smp: one price for all, that of a market without a network (system marginal price).

    y = marginal price of the same offers where no branch, section or outage limits anything, commitment anew            (R1)
    lost[g,t] = what g earns in t on the schedule of (R1) less what it earns on the cleared one, at these prices
    on[g]  = sum of lost[g,t] over the t of a day in which g gives no less than in (R1), where that is above zero        (R2)
    off[g] = the same over those in which it gives less

Those constrained on are paid (R2), and, where the option says so, those constrained off. What a start costs counts where it is made. The
schedule of (R1) is not the cleared one; `change` is what the network costs.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridopt.case.case import Case
from gridopt.case.pricing_options import USUAL, Smp
from gridopt.dispatch.besides import UPLIFT, Beside
from gridopt.dispatch.lmp import Prices, from_duals
from gridopt.dispatch.other_network import clear
from gridopt.dispatch.participants import Participants
from gridopt.dispatch.redispatch import redispatched
from gridopt.dispatch.result import Dispatch

SAME_MWH = 1e-6
"""By how much two schedules may differ in a period and be the same."""
DAY_H = 24.0


def price(case: Case, dispatch: Dispatch, options: Smp = USUAL.smp) -> Prices:
    """Prices (R1), the same at every bus of an area, and payments (R2)."""
    free = clear(dispatch, None, options.selection)
    people = Participants.of(dispatch)
    y = people.aligned(free.people, free.dual)
    found, other = from_duals(dispatch, people, y), free.schedule.solution.x[: len(people.x)]
    reduced = people.reduced(np.append(y, np.zeros(len(people.shared) - len(y))))
    lost = people.by_period(reduced * (people.x - other) + people.form.square * (people.x**2 - other**2), case.time.hours)
    lost[~_paid_for(people, dispatch)] = 0.0
    more = _energy(dispatch, people) - _energy(free.schedule, people)
    on, day = more > -SAME_MWH, ((np.cumsum(case.time.hours) - case.time.hours) // DAY_H).astype(int)
    paid = [_paid(people.names, "constrained_on", np.where(on, lost, 0.0), day)] if options.constrained_on else []
    paid += [_paid(people.names, "constrained_off", np.where(on, 0.0, lost), day)] if options.constrained_off else []
    change = redispatched(dispatch, free.schedule, options.redispatch)
    return replace(found, uplift=tuple(paid), schedule=free.schedule, change=change)


def _paid(names: np.ndarray, title: str, lost: np.ndarray, day: np.ndarray) -> Beside:
    """(R2) by participant and period (g, T), of days (T,), in the periods in which it is lost. Several that act together are paid as the
    first of them."""
    total = np.zeros((len(lost), int(day.max(initial=-1)) + 1))
    np.add.at(total.T, day, lost.T)
    some = (total > 0)[:, day]
    who = np.array([str(n).split(" + ")[0] for n in names], object)
    return Beside(UPLIFT, title, who, some.astype(float), np.where(some, lost, 0.0))


def _paid_for(people: Participants, solved: Dispatch) -> np.ndarray:
    """Participants that trade energy, bool (g,): not load that is shed, nor what is missing of limits and reserves."""
    offers = solved.model.builder.port("injection").offers()
    trades = np.isin(np.arange(len(people.names)), np.concatenate([people.part[c].ravel() for _, c, _ in offers]))
    return trades & ~np.array([str(n).startswith("bus ") for n in people.names], bool)


def _energy(solved: Dispatch, people: Participants) -> np.ndarray:
    """What each participant's columns give to the network MWh (g, T)."""
    total, x, hours = np.zeros((len(people.names), len(solved.case.time))), solved.solution.x, solved.case.time.hours
    for _, columns, coef in solved.model.builder.port("injection").offers():
        if columns.size:
            np.add.at(total, people.part[columns[:, 0]], coef * x[columns] * hours)
    return total
