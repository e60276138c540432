"""The linear relaxation of a cleared program: duals of its shared rows, the lowest ones where several are right."""

from __future__ import annotations

import numpy as np

from gridopt.dispatch.participants import Participants
from gridopt.dispatch.right_duals import choose, spread
from gridopt.program.highs import Highs


def relaxed_duals(people: Participants, load: np.ndarray | None = None, choice: str = "lower") -> np.ndarray:
    """Duals (k,) of the shared rows of `people` when nothing has to be whole; rows that the relaxation breaks are written.

    load (B, T) MW: where given, the duals are taken among several by the rule `choice` on the payment of this load.
    """
    program, form = Highs(), people.form
    program.load(form.cost, form.lower, form.upper, form.matrix, form.row_lower, form.row_upper)
    while True:
        program.solve()
        x, y = program.solution()
        rows = people.write_broken(x)
        if not len(rows):
            break
        program.add_rows(rows.lower, rows.upper, rows.matrix)
    if load is not None:
        payment, order = np.zeros(len(y)), np.zeros(len(y))
        payment[people.shared], order[people.shared] = people.payment(load), people.payment(spread(load.shape))
        y = choose(people.form, x, payment, order, choice)
    return y[people.shared]
