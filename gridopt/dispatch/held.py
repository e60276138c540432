"""A changed case solved once more while decisions of some blocks stay what an earlier dispatch found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from gridopt.case.case import Case
from gridopt.dispatch.attempts import Search
from gridopt.dispatch.formulate import formulate, implied
from gridopt.dispatch.lazy import Relaxed
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.whole import decide
from gridopt.program.solution import Solution


def solve_held(solved: Dispatch, case: Case, blocks: Sequence[str], search: Search) -> Solution:
    """`case`, on the elements and steps of `solved`, with the whole values of the named blocks' columns held as they are there.

    Raises Infeasible, LimitReached or SolverFailed.
    """
    model = formulate(case)
    form = model.builder.form()
    lower, upper, known = form.lower.copy(), form.upper.copy(), {f.name: f for f in solved.model.builder.column_families}
    for family in model.builder.column_families:
        old = known.get(family.name)
        if family.name.split(".")[0] in blocks and old is not None and old.shape == family.shape:
            whole = np.isin(family.ids, form.integer)
            held = np.clip(np.round(solved.solution.x[old.ids]), lower[family.ids], upper[family.ids])[whole]
            lower[family.ids[whole]] = upper[family.ids[whole]] = held
    relaxed = Relaxed(replace(form, lower=lower, upper=upper), model.builder.lazy_families)
    return decide(relaxed, search, implied=partial(implied, model))
