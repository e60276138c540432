"""Dive: whole values straight from the linear relaxation, a few decisions at a time, each time by a few pivots from the last optimum.

    open decisions (guided.py) in the order of how near they are to a whole number; the nearest SHARE of them are held at it; the
    linear program is solved again from its basis; and so on until none is open                                    (P1)
    no optimum: the last ones are let go and a quarter as many are held; one alone goes to the side that costs less. A second dive,
    where the first and the search around the relaxation miss the gap, takes what raises the cost by more than a PART of what the gap
    allows for none, too                                                                                            (P2)
    last, every decision is held at its whole number: only values that fit it count                                 (P3)
    whole numbers above one (steps of a schedule) are not dived in: the relaxation changes them by a part of a step each hour, and the
    nearest whole numbers change too often. Once nothing else is open, schedules of them are tried (schedules.py), and what that
    opens is dived in                                                                                                 (P4)
    where there are none of those, and the open ones no longer become fewer, for alike elements take what is left from each other:
    those around the open ones are searched, all else held; if that misses the gap, the dive goes on, and what is whole may not fall
    any more                                                                                                        (P5)

    where numbers above one miss the gap: held as the best values have them, all else is dived in anew, and then they are searched with
    all else held, in turns while that takes away a part of what is missing                                         (P6)

What moves because others are held is not held itself, so minimum times and ramps find their way. A dive proves nothing: the bound is
that of the relaxation, and what misses the gap is where the searches begin.
"""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from gridopt.dispatch.attempts import Attempts
from gridopt.dispatch.guided import near
from gridopt.dispatch.holding import OPEN, Held
from gridopt.dispatch.lazy import Loaded
from gridopt.dispatch.schedules import levels, scheduled
from gridopt.program.highs import Highs
from gridopt.program.solution import Infeasible
from gridopt.program.standard_form import value

SHARE, PART = 0.4, 0.1
"""Part of the open decisions that is held at once, and of the cost that the gap allows, by which that may raise the optimum."""
SOLVES, SECONDS = 120, 20.0
"""Linear programs of one dive, at most, and time of the searches of (P5)."""
ENOUGH = 0.05
"""Part of what is missing that a round of (P6) must take away for another one."""
PATIENCE, REACH = 4, 2
"""Linear programs in which the open decisions may fail to become fewer before (P5); steps around them that it searches."""


def dives(loaded: Loaded) -> bool:
    """Whether a program can be dived in: hot starts are HiGHS' alone, and tangents of square costs would be left behind."""
    relaxed = loaded.relaxed
    complete = len(loaded.rows) == relaxed.limited.sum() and len(loaded.columns) == relaxed.used.sum()
    return isinstance(loaded.highs, Highs) and loaded.tangents is None and bool(complete)


def dive(held: Held, x: np.ndarray, again: bool = False) -> np.ndarray | None:
    """Offers what a dive finds, from the optimum x (n,) of the relaxation that was loaded first; again: a second one (P2). The whole
    values (k,) with which levels may then be searched; None where there are no levels, where none would do, or where nothing was found."""
    held.begin_again()
    attempts, stepped = held.attempts, held.stepped
    room = PART * (attempts.target - attempts.bound) if again else np.inf
    settled = _settled(held, x, stepped, room)
    if settled is None:
        return None
    whole = attempts.implied(settled)[attempts.ids]
    if not (np.abs(whole - np.round(whole))[stepped] > OPEN).any():
        _last(held, settled)
        return None

    def settle(x: np.ndarray) -> float:
        done = _settled(held, x, np.zeros(len(stepped), bool), room)
        return np.inf if done is None else _last(held, done)

    return np.round(whole) if scheduled(held, settled, settle) else None


def in_turns(held: Held) -> None:
    """(P6), from the best values that there are."""
    attempts, stepped, before = held.attempts, np.flatnonzero(held.stepped), np.inf
    while attempts.x is not None and not attempts.over and attempts.gained(before, ENOUGH):
        before = attempts.cost
        held.begin_again()
        x = held.hold(stepped, attempts.whole(attempts.x)[stepped])
        settled = None if x is None else _settled(held, x, np.zeros(len(held.stepped), bool), np.inf)
        if settled is not None:
            _last(held, settled)
        if attempts.over:
            return
        levels(held, attempts.whole(attempts.x))


def _settled(held: Held, x: np.ndarray, but: np.ndarray, room: float) -> np.ndarray | None:
    """(P1), (P2), (P5): an optimum (n,) in which no decision is open, save those of the mask `but` (k,); None if it finds none.

    x: the optimum that is loaded; room: CNY (P2)."""
    attempts, count, waited, fewest = held.attempts, 0, 0, len(held.held) + 1
    stage = 2 if held.stepped.any() else 0  # of (P5): not yet, in it, never (again)
    given = attempts.left
    for _ in range(SOLVES):
        if attempts.enough.is_set() or attempts.left < 0.5 * given:  # half of the time is for what finds a schedule more surely
            return None
        form, whole = attempts.relaxed.form, attempts.implied(x)[attempts.ids]
        miss = np.abs(whole - np.round(whole))
        opened = (miss > OPEN) & ~held.held & ~but
        free = np.flatnonzero(opened)
        if not len(free):
            return x
        waited, fewest = (0, len(free)) if len(free) < fewest else (waited + (count == 0), fewest)
        if waited >= PATIENCE and stage < 2:
            if stage == 0:
                _around(attempts, x, opened)
            if stage == 1 or attempts.met:
                return None
            held.loaded.catch_up()
            waited, fewest, stage = 0, len(free), 1
        count = count or max(int(SHARE * len(free)), 1)
        some = free[np.argsort(miss[free], kind="stable")[:count]]
        floor = np.where(opened | but, -np.inf, np.round(whole)) if stage == 1 else None
        most = value(form, x) + room if attempts.left >= 0.6 * given else np.inf
        found = held.hold(some, np.round(whole[some]), floor, most)
        if found is None and len(some) == 1:
            stage, waited = 2 if stage == 1 else stage, 0
            found = None if floor is None else held.hold(some, np.round(whole[some]), most=most)
            found = held.other_side(some, whole[some], most) if found is None else found
            if found is None:
                return None
        # A batch that does not fit is tried again in quarters; the next one after a success has its usual size.
        count = 0 if found is not None else max(len(some) // 4, 1)
        x = x if found is None else found
    return None


def _around(attempts: Attempts, x: np.ndarray, opened: np.ndarray) -> None:
    """The search of (P5) at an optimum x (n,); opened: mask (k,) of the open decisions."""
    free = near(opened, attempts.element, REACH) | attempts.lone
    with suppress(Infeasible):
        attempts.attempt("dive", ~free, attempts.whole(x), gap=0.25 * attempts.search.gap, seconds=SECONDS)


def _last(held: Held, x: np.ndarray) -> float:
    """(P3); the cost of what is offered, inf where nothing is."""
    attempts, rest = held.attempts, np.flatnonzero(~held.held)
    found = held.hold(rest, np.round(attempts.implied(x)[attempts.ids[rest]]))
    if found is None:
        return np.inf
    attempts.offer(attempts.implied(found), "dive")
    return value(attempts.relaxed.form, found)
