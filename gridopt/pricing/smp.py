"""smp: one price for all, that of a market without a network (system marginal price).

    y = marginal price of the same offers where no branch, section or outage limits anything, commitment anew            (R1)
    lost[g,t] = what plant g earns in t on the schedule of (R1) less what it earns on the cleared one, at settled prices
    on[g], off[g] = sum of lost over the t of a day in which g gives no less, or less, than in (R1), where above zero     (R2)
    each times min(1, sum of lost over the day / (on + off)), for nobody is paid more than it loses                       (R3)

Plants constrained on are paid for `on`, and, where the option says so, those constrained off for `off`; DC links are not. What a start costs
counts where it is made. The schedule of (R1) is not the cleared one; `change` is what the network costs.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridopt.case.case import Case
from gridopt.case.pricing_options import USUAL, Smp
from gridopt.dispatch.besides import UPLIFT, Beside
from gridopt.dispatch.lmp import Prices, from_duals
from gridopt.dispatch.market_run import of_plants, plants_of
from gridopt.dispatch.other_network import clear
from gridopt.dispatch.participants import Participants
from gridopt.dispatch.redispatch import redispatched
from gridopt.dispatch.result import Dispatch

SAME_MWH, LEAST = 1e-6, 1e-6
"""By how much two schedules may differ in a period and be the same; CNY below which nothing is lost."""


def price(case: Case, dispatch: Dispatch, options: Smp = USUAL.smp) -> Prices:
    """Prices (R1), the same at every bus of an area, and payments (R2), (R3)."""
    free = clear(dispatch, None, options.selection)
    people = Participants.of(dispatch)
    y = people.aligned(free.people, free.dual)
    found = from_duals(dispatch, people, y)
    lost, more = _lost(dispatch, free.schedule, people.reduced(people.long(y)), np.clip(found.price, *options.edge) - found.price)
    change = redispatched(dispatch, free.schedule, options.redispatch)
    sides = _paid(plants_of(dispatch).name, lost, more > -SAME_MWH, case.time.start.astype("datetime64[D]"))
    paid = tuple(s for s, wanted in zip(sides, (options.constrained_on, options.constrained_off), strict=True) if wanted)
    return replace(found, uplift=paid, schedule=free.schedule, change=change)


def _lost(dispatch: Dispatch, free: Dispatch, reduced: np.ndarray, shift: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lost CNY and MWh given more than in `free` by plant and period (g, T). reduced (n,): costs less prices of the shared rows; shift
    (B, T): what the settled price is above these."""
    x, other, square = dispatch.solution.x, free.solution.x[: len(dispatch.solution.x)], dispatch.solution.form.square
    mine, theirs = plants_of(dispatch), plants_of(free)
    more = (mine.output - theirs.output) * dispatch.case.time.hours
    lost = of_plants(dispatch, reduced * (x - other) + square * (x**2 - other**2), np.abs(mine.output) + np.abs(theirs.output))
    link = np.array([str(n).startswith("dc_link ") for n in mine.name], bool)
    return np.where(link[:, None], 0.0, lost - shift[mine.bus] * more), more


def _paid(names: np.ndarray, lost: np.ndarray, on: np.ndarray, day: np.ndarray) -> tuple[Beside, Beside]:
    """(R2), (R3) for what is lost (g, T) where plants are constrained on, a mask (g, T), and off, on days (T,), in the periods in which it
    is lost."""
    _, of = np.unique(day, return_inverse=True)

    def by_day(values: np.ndarray) -> np.ndarray:
        total = np.zeros((len(values), int(of.max(initial=-1)) + 1))
        np.add.at(total.T, of, values.T)
        return total

    sides = [np.where(on, lost, 0.0), np.where(on, 0.0, lost)]
    totals = [np.where(t > LEAST, t, 0.0) for t in map(by_day, sides)]
    claim = totals[0] + totals[1]
    share = np.divide(np.maximum(by_day(lost), 0.0), claim, out=np.zeros(claim.shape), where=claim > 0)
    found = []
    for title, side, total in zip(("constrained_on", "constrained_off"), sides, totals, strict=True):
        some = ((total > 0) & (share > 0))[:, of] & (np.abs(side) > LEAST)
        found.append(Beside(UPLIFT, title, names, some.astype(float), np.where(some, side * np.minimum(share, 1.0)[:, of], 0.0)))
    return found[0], found[1]
