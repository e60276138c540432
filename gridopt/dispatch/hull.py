"""Convex hull prices by column generation: the prices that leave the least lost opportunity cost and revenue shortfall.

    master    min  sum_g c_g x_g   over  L <= sum_g A_g x_g <= U  (dual y),  and for every participant g
              x_g in P_g, what its rows leave with whole values as cleared                                              (H1)
              x_g in (1 - v_g) P_g + sum_i theta[i] x[i],  v_g = sum_i theta[i],  theta >= 0, v_g <= 1,  once it gains          (H2)
    answer    best_g(y) of every participant; its schedule joins where that is less than x_g costs at y                (H3)
    bound     q(y) <= hull <= cost of the master;  done when nothing joins and the two are within GAP of each other     (H4)
    box       |y - b| <= d on every shared row, b: the prices with the best bound so far. In the master the row may be helped at b + d a
              unit and relieved at b - d; what it then costs is no bound of the hull, unless no help is taken           (H5)
    choice    among the prices that reach the hull, those by the rule of right_duals.py on the master's duals, cut by every schedule
              that such prices would make better than x_g                                                               (H6)

Begun at the prices of the cleared schedule. Where nobody gains there, as in a clearing near its relaxation, these are hull prices and no
program is solved. (1 - v) P_g is P_g with its limits times 1 - v: output stays free where a participant keeps to its schedule in part.
Between two rounds only participants of (H2) answer: of all others the master knows the best there is with their whole values; a last
answer of everyone proves (H4). Prices early on are wild, so the box begins narrow; it doubles where a step at its edge gave what the
master had hoped for, and halves where a step gave little. Shared rows that the mean schedule breaks are written.
Source: Gribik, Hogan and Pope, 2007; Andrianesis et al., Dantzig-Wolfe decomposition for convex hull prices, 2022; box: Marsten,
Hogan and Blankenship, The boxstep method, 1975.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gridopt.dispatch.answers import Answer
from gridopt.dispatch.hull_master import Master
from gridopt.dispatch.participants import Participants
from gridopt.dispatch.relaxation import relaxed
from gridopt.program.solution import SolverFailed

GAP, ROUNDS, CHOICES, FAR = 1e-7, 500, 40, 1e-3
"""Share of the cost that may be left between cost and bound; most rounds, and choices of prices; and what is left at the prices of the
cleared schedule beyond which those of the relaxation are asked as well."""
NARROW, GOOD, UNUSED, PART = 0.01, 0.25, 1e-7, 0.1
"""Width of the first box over the mean price, part of what was hoped for that makes a step good, MW of help that is none, and part of what
may be left of the gap of all below which a schedule need not join."""


@dataclass(frozen=True)
class Hull:
    """Prices y of the shared rows (k,), the least cost over the convex hulls, its proven bound, how many schedules it took, and whether y
    was chosen by the rule where several are right."""

    y: np.ndarray
    cost: float
    bound: float
    schedules: int
    selected: bool = True


class Best(NamedTuple):
    """A bound, its prices (k,), and the best answers (n,) to them."""

    bound: float
    y: np.ndarray
    x: np.ndarray


def hull(people: Participants, load: np.ndarray | None = None, choice: str = "lower") -> Hull:
    """Convex hull prices of the shared rows; where several are right, by the rule `choice` on the payment of load MW (B, T), if it is given.
    Raises SolverFailed where ROUNDS are not enough."""
    cost = float(people.form.cost @ people.x) + people.form.offset
    allowed, bound = GAP * max(abs(cost), 1.0), people.answers.at(people.start).bound
    if cost - bound <= allowed and people.kept:
        return _found(Master(people), people.start, people.x, cost, bound, load, choice)
    people.alone()
    begins = [_begin(people, people.start)]
    if cost - bound > FAR * max(abs(cost), 1.0):
        begins.append(_begin(people, relaxed(people)[1][people.shared]))
    master = Master(people)
    for begin in begins:
        master.join(begin.x, _gaining(people, people.x, begin, begin.y, allowed))
    return _descend(master, max(begins, key=lambda b: b.bound), load, choice)


def _begin(people: Participants, y: np.ndarray) -> Best:
    answer = people.answers.at(y)
    return Best(answer.bound, y, answer.x)


def _descend(master: Master, proven: Best, load: np.ndarray | None, choice: str) -> Hull:
    """Rounds of (H1) to (H5) from prices with a proven bound."""
    people, best = master.people, proven
    width = NARROW * max(float(np.abs(best.y[best.y != 0]).mean()) if best.y.any() else 0.0, 1.0)
    for _ in range(ROUNDS):
        master.box(best.y, width)
        y, x, cost, helped = master.solve()
        allowed = GAP * max(abs(cost), 1.0)
        best, proven = (b._replace(y=people.long(b.y)) for b in (best, proven))
        answer = people.answers.of(y, x, master.loose)
        who = _gaining(people, x, answer, y, allowed)
        hoped, gained = cost - best.bound, answer.bound - best.bound
        if gained > 0:
            best = Best(answer.bound, y, answer.x)
        if helped > UNUSED and (gained >= GOOD * hoped or hoped <= allowed or not len(who)):
            width *= 2.0
        elif gained < 0:
            width *= 0.5
        if helped <= UNUSED and (not len(who) or cost - answer.bound <= allowed):
            whole = people.answers.at(y, enough=_enough(people, x, y, allowed))
            proven = max(proven, Best(whole.bound, y, whole.x), key=lambda b: b.bound)
            if cost - proven.bound <= allowed:
                return _found(master, y, x, cost, proven.bound, load, choice)
            answer, best = whole, proven
            who = _gaining(people, x, answer, y, allowed)
            if not len(who):
                break
        master.join(answer.x, who)
    raise SolverFailed(f"convex hull prices were not proven: {cost - proven.bound:g} of {cost:g} are left between cost and bound")


def _found(master: Master, y: np.ndarray, x: np.ndarray, cost: float, bound: float, load: np.ndarray | None, choice: str) -> Hull:
    """The result, its prices chosen among those that are right."""
    if load is None:
        return Hull(y, cost, bound, master.schedules, selected=False)
    y, selected = _choose(master, y, x, cost, GAP * max(abs(cost), 1.0), load, choice)
    return Hull(y, cost, bound, master.schedules, selected)


def _enough(people: Participants, x: np.ndarray, y: np.ndarray, allowed: float) -> np.ndarray:
    """Values (g,) below which an answer of a participant would join: what x costs at y, less what may be left."""
    found = np.full(len(people.names), np.inf)
    found[people.lumpy] = people.by_part(people.reduced(y) * x)[people.lumpy] - PART * allowed / max(len(people.lumpy), 1)
    return found


def _gaining(people: Participants, x: np.ndarray, answer: Answer | Best, y: np.ndarray, allowed: float) -> np.ndarray:
    """Participants with whole values whose schedules in `answer` cost less than x at prices y."""
    gain = people.by_part(people.reduced(people.long(y)) * (x - answer.x))[people.lumpy]
    return people.lumpy[gain > PART * allowed / max(len(people.lumpy), 1)]


def _choose(
    master: Master, y: np.ndarray, x: np.ndarray, cost: float, allowed: float, load: np.ndarray, choice: str
) -> tuple[np.ndarray, bool]:
    """(H6) and True; y itself, which is right as well, and False where that does not come to an end or the solver cannot tell the duals
    apart."""
    people, tried = master.people, False
    try:
        duals = master.duals(x)
        for _ in range(CHOICES):
            asked = master.chosen(duals, load, choice)
            answer = people.answers.at(asked, enough=_enough(people, x, asked, allowed))
            if cost - answer.bound <= allowed:
                return asked, True
            if not master.schedules and not tried:
                people.alone()
                answer = people.answers.at(asked, enough=_enough(people, x, asked, allowed))
            tried = True
            who = _gaining(people, x, answer, asked, allowed)
            if not len(who):
                break
            master.cut(duals, answer.x, x, who)
    except SolverFailed:
        return y, False
    return y, False
