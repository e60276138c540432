"""The linear relaxation of a cleared program: duals of its shared rows, the lowest ones where several are right.

    held     whole values of participants at the cleared ones: the optimum is known                                        (X1)
    gain[g]  = (c_g - A_g' y) x_g - least over the relaxation of X_g of the same, at duals y of the optimum                (X2)
    freed    participants that gain; the program is solved once more, until none does: then its optimum is the relaxation's    (X3)

Most participants gain nothing by fractions, and the program with a few of them freed is quickly solved from the optimum that is known.
"""

from __future__ import annotations

import numpy as np

from gridopt.dispatch.participants import Participants
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.right_duals import choose, spread
from gridopt.program.highs import EITHER, Highs
from gridopt.program.solution import SolverFailed

GAIN, ROUNDS = 1e-9, 100
"""Share of what a participant earns and spends that is no gain, and solves in which all that gain should be free."""


def relaxed_duals(people: Participants, load: np.ndarray, choice: str = "lower") -> tuple[np.ndarray, bool]:
    """Duals (k,) of the shared rows of `people` when nothing has to be whole, and True; rows that the relaxation breaks are written.

    load (B, T) MW: the duals are taken among several by the rule `choice` on the payment of this load. Where the solver cannot tell them
    apart, those of the optimum, which are right as well, and False.
    """
    return chosen(people, *relaxed(people), load, choice)


def chosen(people: Participants, x: np.ndarray, y: np.ndarray, load: np.ndarray, choice: str) -> tuple[np.ndarray, bool]:
    """The same for values (n,) and duals (m,) of the relaxation."""
    payment, order = np.zeros(len(y)), np.zeros(len(y))
    payment[people.shared], order[people.shared] = people.payment(load), people.payment(spread(load.shape))
    try:
        return choose(people.form, x, payment, order, choice)[people.shared], True
    except SolverFailed:
        return y[people.shared], False


def relaxed(people: Participants) -> tuple[np.ndarray, np.ndarray]:
    """Values (n,) and duals (m,) of the relaxation (X3). Raises SolverFailed."""
    form, program, held = people.form, None, people.lumpy
    free = people.like(paths=None)  # paths know whole schedules alone
    x, y = people.x, np.zeros(len(form.row_lower))
    y[people.shared] = people.start
    for _ in range(ROUNDS):
        if program is not None and not len(held):
            return x, y
        gains = np.arange(len(people.names)) if not len(held) else _gaining(people, free, x, y[people.shared])
        freed = np.intersect1d(held, gains)
        if not len(freed) and (program is not None or (not len(gains) and people.kept)):
            return x, y
        held = np.setdiff1d(held, freed)
        if program is None:
            program = Highs(presolve="on")
            program.load(form.cost, *people.held(held), form.matrix, form.row_lower, form.row_upper)
        else:
            whole = form.integer[np.isin(people.part[form.integer], freed)]
            program.bound(whole, form.lower[whole], form.upper[whole])
        x, y = _optimum(people, program)
        form = people.form
    raise SolverFailed(f"participants still gained by fractions after {ROUNDS} rounds")


def row_families(dispatch: Dispatch, people: Participants) -> tuple[str, ...]:
    """Names of the rows that tell of the decisions of participants: on them depends how near the relaxation comes to the hulls."""
    rows = people.private[np.isin(people.own[1], people.lumpy)]
    return tuple(f.name for f in dispatch.model.builder.row_families if np.isin(f.ids, rows).any())


def _gaining(people: Participants, free: Participants, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Participants whose relaxation has something better than x (n,) at prices y (k,); free: the same, before rows were written."""
    value, cost = people.reduced(y) * x, people.reduced(people.signed(y))
    best = people.by_part(cost * free.programs.best(free, cost))
    return np.flatnonzero(people.by_part(value) - best > GAIN * np.maximum(people.by_part(np.abs(value)), 1.0))


def _optimum(people: Participants, program: Highs) -> tuple[np.ndarray, np.ndarray]:
    """Values and duals of the program of `people`; shared rows that it breaks are written."""
    while True:
        program.solve()
        program.set(simplex_strategy=EITHER)  # from here on there is a basis, mostly a feasible one
        x, y = program.solution()
        rows = people.write_broken(x)
        if not len(rows):
            return x, y
        program.add_rows(rows.lower, rows.upper, rows.matrix)
