"""Uplift: what prices leave open for each participant: profit, make-whole payment, lost opportunity cost, revenue shortfall.

    revenue[g,t] = y' A_g x*_g + shift' P_g + given[g,t] + extra[g,t],   profit = revenue - cost                 (T1)
    MWP[g] = sum over calendar days d of max(0, - sum over t in d of profit[g,t])                                (T2)
    LOC[g], PRS[row]: (P3), (P4) of dispatch/participants.py, at prices with their shift                         (T3)
    paid[g] = what the rule pays of these: MWP, unless it says otherwise                                         (T4)
    lost[g,t] = sum over the columns j of g in t of (c - A' y)[j] (x* - best)[j];   sum over t of lost = LOC     (T5)

(T5) may be below zero in a period in which the best answer spends what it earns in another. What is over no period, such as a start before
the first step or a budget, is shared by hours. Of a day that was cleared with a look-ahead only the periods that it keeps count: sums are
over these, while best answers are those of the whole clearing. Whoever looks at a clearing for itself counts every period of it.

given: for output and cost that no column changes, dispatch/market_run.py. It is no part of a lost opportunity. A square cost counts by
its tangent at the schedule in (T3), which is exact where prices are marginal.

Source: Gribik, Hogan and Pope, Market-clearing electricity prices and energy uplift, 2007.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gridopt.dispatch.besides import Beside
from gridopt.dispatch.lmp import Prices
from gridopt.dispatch.market_run import acting, given
from gridopt.dispatch.participants import Participants
from gridopt.dispatch.result import Dispatch
from gridopt.program.solution import SolverFailed

ROUNDING = 1e-5
"""Share of what a participant earns and spends by which its schedule may seem better than its best answer."""


@dataclass(frozen=True)
class Uplift:
    """By participant (g,), CNY: revenue, cost, profit, best profit at these prices (nan where no prices of rows are known), MWP, LOC, paid.
    shortfall: PRS of each shared row (k,). names (g,). lost: LOC by period (g, T), T the periods that count."""

    names: np.ndarray
    revenue: np.ndarray
    cost: np.ndarray
    best: np.ndarray
    mwp: np.ndarray
    loc: np.ndarray
    shortfall: np.ndarray
    paid: np.ndarray
    lost: np.ndarray

    @property
    def profit(self) -> np.ndarray:
        return self.revenue - self.cost


def uplift(dispatch: Dispatch, prices: Prices, own: np.ndarray | float = 0.0, kept: int | None = None) -> Uplift:
    """(T1) to (T5) at the prices of a rule: of the cleared dispatch, or of the schedule that the rule pays for; own (n,) CNY: what one unit
    of each column is paid beside them, as by prices of one plant; kept: number of periods that count, from the first (None: all)."""
    solved = prices.paid(dispatch)
    people, y = prices.answering or (prices.people or solved.participants, prices.dual)
    form, x = people.form, people.x
    beyond = given(solved, people)
    hours, last = solved.case.time.hours, len(solved.case.time) if kept is None else kept
    spent = people.by_period(form.cost * x + form.square * x**2, hours) + beyond.cost
    cost, extra = spent[:, :last].sum(axis=1), np.zeros_like(spent) if prices.extra is None else prices.extra
    none, nothing, by_period = np.full(len(cost), np.nan), np.zeros(len(cost)), np.zeros_like(spent)
    if y is None:  # paid as offered
        more = extra[:, :last].sum(axis=1)
        return Uplift(people.names, cost + more, cost, none, nothing, none, np.zeros(0), nothing, by_period[:, :last] * np.nan)
    beside = 2.0 * form.square * x - _shifted(solved, people, prices) - own
    margin, loc = people.reduced(y) + beside, nothing
    if prices.extra is None:
        answer = people.answers.at(y, beside)
        by_period, loc = people.by_period(margin * (x - answer.x), hours), _lost(people, margin, answer.best)
        loc = loc if last == len(hours) else by_period[:, :last].sum(axis=1)
    gain = people.by_period(form.square * x**2 - margin * x, hours)  # profit on what the columns show
    gain += beyond.revenue(prices.price, hours) - beyond.cost + extra
    profit, mwp = gain[:, :last].sum(axis=1), np.maximum(-solved.case.time.part(0, last).daily(gain[:, :last]), 0.0).sum(axis=1)
    paid = mwp
    if prices.uplift is not None:
        paid = _by_participant([b.part(0, last) for b in prices.uplift], people.names, acting(solved))
    short = np.where(form.row_step[people.shared] < last, people.shortfall(y), 0.0)
    return Uplift(people.names, cost + profit, cost, profit + loc, mwp, loc, short, paid, by_period[:, :last])


def _by_participant(uplift: Sequence[Beside], names: np.ndarray, acts: Mapping[str, str]) -> np.ndarray:
    """What a rule pays of losses, by participant (g,) of these names, each of one or more elements; acts: who decides for each plant."""
    place, found = {n: g for g, text in enumerate(names) for n in str(text).split(" + ")}, np.zeros(len(names))
    for b in uplift:
        of = np.array([place.get(acts.get(str(w), str(w)), -1) for w in b.who], int)
        np.add.at(found, of[of >= 0], b.amount.sum(axis=1)[of >= 0])
    return found


def _lost(people: Participants, cost: np.ndarray, best: np.ndarray) -> np.ndarray:
    """(P3): what each participant (g,) could save of its cost (n,) at prices, by its best answer. Raises SolverFailed where that is worse
    than what it does by more than rounding: then it is no best answer, or what it does breaks a limit."""
    lost = people.by_part(cost * people.x) - best
    scale = np.maximum(people.by_part(np.abs(cost * people.x) + np.abs(people.form.cost * people.x)), 1.0)
    worst = int(np.argmin(lost / scale))
    if lost[worst] < -ROUNDING * scale[worst]:
        raise SolverFailed(f"{people.names[worst]}: its schedule earns {-lost[worst]:,.2f} CNY more than the best answer found to these prices")
    return np.maximum(lost, 0.0)


def _shifted(solved: Dispatch, people: Participants, prices: Prices) -> np.ndarray | float:
    """What the shift of prices adds to the revenue of one unit of each column (n,)."""
    if prices.shift is None:
        return 0.0
    found = np.zeros(len(people.form.cost))
    for at, columns, coef in solved.model.builder.port("injection").offers():
        np.add.at(found, columns, coef * prices.shift[at] * solved.case.time.hours)
    return found
