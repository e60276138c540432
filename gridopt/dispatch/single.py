"""One case, one program: formulate, solve exactly, share ties fairly."""

from __future__ import annotations

from collections.abc import Callable

from gridopt.case.case import Case
from gridopt.dispatch.fair import even_out
from gridopt.dispatch.formulate import formulate
from gridopt.dispatch.lazy import Relaxed, solve
from gridopt.dispatch.result import Dispatch


def dispatch(case: Case, *, log: str = "", progress: Callable[[str], None] = lambda text: None) -> Dispatch:
    """Least-cost dispatch of `case`. Raises Infeasible, LimitReached or SolverFailed; never returns unproven numbers."""
    model = formulate(case)
    solution = solve(Relaxed(model.builder.form(), model.builder.lazy_families), log=log, progress=progress)
    return Dispatch(case, model, even_out(model, solution))
