"""smp: one price for all, that of a market without a network (system marginal price).

    y = marginal price of the same offers where no branch, section or outage limits anything, commitment anew            (R1)
    paid[g] = what g earns on the schedule of (R1) less what it earns on the cleared one, at these prices                (R2)

(R2) goes to those that give more than in (R1) (constrained on), and, where the option says so, to those that give less (constrained
off). The schedule of (R1) is not the cleared one; `change` is what the network costs.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridopt.case.case import Case
from gridopt.case.pricing_options import USUAL, Smp
from gridopt.dispatch.lmp import Prices, from_duals
from gridopt.dispatch.other_network import clear
from gridopt.dispatch.participants import Participants
from gridopt.dispatch.redispatch import redispatched
from gridopt.dispatch.result import Dispatch


def price(case: Case, dispatch: Dispatch, options: Smp = USUAL.smp) -> Prices:
    """Prices (R1), the same at every bus of an area, and payments (R2)."""
    free = clear(dispatch, None, options.selection)
    people = Participants.of(dispatch)
    y = people.aligned(free.people, free.dual)
    found, size = from_duals(dispatch, people, y), len(people.x)
    reduced = people.reduced(np.append(y, np.zeros(len(people.shared) - len(y))))
    lost = people.by_part(reduced * (people.x - free.schedule.solution.x[:size]))
    more = _energy(dispatch, people) - _energy(free.schedule, people)
    paid = (options.constrained_on * (more > 0) + options.constrained_off * (more <= 0)) * np.maximum(lost, 0.0)
    change = redispatched(dispatch, free.schedule, options.redispatch)
    return replace(found, uplift=paid, schedule=free.schedule, change=change)


def _energy(solved: Dispatch, people: Participants) -> np.ndarray:
    """What each participant's columns give to the network MWh (g,)."""
    total, x, hours = np.zeros(len(people.names)), solved.solution.x, solved.case.time.hours
    for _, columns, coef in solved.model.builder.port("injection").offers():
        np.add.at(total, people.part[columns].ravel(), (coef * x[columns] * hours).ravel())
    return total
