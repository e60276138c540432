"""Whole values: decisions such as on and off, found with a proven gap, then fixed, so that what remains is a linear program with prices.

    LP      every integer column relaxed; lazy rows as always; its dual bound is the first bound                     (W1)
    search  whole values: straight from the relaxation (dive.py); if the gap is not met, side by side until it is
            bounds: of the whole program, in a thread of its own (bounds.py)
            costs:  around the relaxation (guided.py); where there are numbers above one, these and all else in turns, then straight
            once more, with an eye on the cost; where there are none, windows of steps (neighbourhood.py)
            where decisions are many, first around the relaxation alone, for either takes much memory; cuts are left out, and
            windows of elements are searched for the cost                                                              (W2)
    fixed   integer columns held at the values found; lazy rows as always; values, duals and prices are its own      (W3)

A bound of (W2) holds for the whole program, because every row that is not written yet can only raise the cost. Prices never come
from a search: they are the duals of (W3), and its own bound proves that program alone. A search that is stopped, by a limit of time or
by Ctrl-C, keeps the best values and the best bound.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import numpy as np

from gridopt.dispatch.attempts import Attempts, Enough, Implied, Search
from gridopt.dispatch.attended import attended
from gridopt.dispatch.available import AS_IT_IS, Available
from gridopt.dispatch.bounds import NEAR, everything, failed, side_by_side
from gridopt.dispatch.dive import dive, dives, in_turns
from gridopt.dispatch.guided import guided, undecided_of
from gridopt.dispatch.holding import Held
from gridopt.dispatch.lazy import Loaded, Program, Relaxed, scaled, solve
from gridopt.dispatch.neighbourhood import improve, in_time
from gridopt.dispatch.schedules import levels
from gridopt.program.highs import Highs
from gridopt.program.solution import Infeasible, LimitReached, Solution, SolverFailed

MANY = 8_000
"""Decisions from which neighbourhoods are searched beside the whole program."""
Progress = Callable[[str], None]
Beside = Callable[[threading.Event], np.ndarray | None]
"""Finds values (n,) that break no row, or none; ends early once the event is set."""


def decide(
    relaxed: Relaxed,
    search: Search,
    program: Program = Highs,
    progress: Progress = lambda text: None,
    implied: Implied = lambda x: x,
    relaxation: Program | None = None,
    beside: Beside | None = None,
    available: Available = AS_IT_IS,
) -> Solution:
    """The program with whole values in its integer columns: solution of (W3), `proven` the bound of (W2).

    relaxation: makes the program in which (LP) is solved, where another way is quicker there; beside: finds first values meanwhile.
    Raises Infeasible, SolverFailed, and LimitReached where a limit came before any whole values were found.
    """
    begun = time.monotonic()
    relaxed.used |= relaxed.form.upper > 0  # a search cannot price columns back
    loaded = scaled(Loaded.load(relaxed, program)) if relaxation is None else None
    with _started(beside, search.stop) as given:
        first = solve(relaxed, program=relaxation or program, loaded=loaded, progress=progress)
        rest = replace(search, seconds=search.seconds - (time.monotonic() - begun))
        attempts = Attempts(relaxed, program, rest, implied, first.bound, progress, available)
        undecided = int(undecided_of(attempts, first.x).sum())
        progress(f"linear relaxation {first.objective:,.0f}; {undecided:,} of {len(attempts.ids):,} decisions are open")
        if undecided:
            attended(lambda: _search(attempts, first, given, loaded), attempts.stop)
        else:
            attempts.offer(first.x, "linear relaxation")
    best = attempts.now()
    assert best.x is not None
    # From nothing, not from the relaxation: where duals are not unique, prices then do not depend on the way that the search took.
    solution = replace(solve(attempts.fixed(best.x), program=program, progress=progress), proven=best.bound)
    _check(solution, best.bound)
    return replace(solution, finished=best.ended or search.enough(solution.objective, best.bound), asked=search.asked)


def _check(solution: Solution, bound: float) -> None:
    """Raises SolverFailed where the bound of a search lies above the cost of a schedule: one of the two is wrong."""
    form, x = solution.form, solution.x
    gross = float(np.abs(form.cost * x).sum() + form.square @ x**2) + abs(form.offset)
    if bound - solution.objective > NEAR * max(gross, 1.0):  # more than rounding
        raise SolverFailed(f"the bound {bound:,.2f} of the search lies above the cost {solution.objective:,.2f} of a schedule")


@contextmanager
def _started(beside: Beside | None, stop: threading.Event | None) -> Iterator[Callable[[], np.ndarray | None]]:
    """Runs `beside` in a thread of its own; what is given waits for the values. At the end of the block it is asked to stop."""
    if beside is None:
        yield lambda: None
        return
    ended = Enough(stop or threading.Event())
    with ThreadPoolExecutor(1) as pool:
        values = pool.submit(beside, ended)
        try:
            yield values.result
        finally:
            ended.set()


def _search(attempts: Attempts, first: Solution, given: Callable[[], np.ndarray | None], loaded: Loaded | None) -> None:
    """(W2). loaded: the relaxation, where it can be dived in. Raises Infeasible, and LimitReached where nothing was found."""
    many = len(attempts.ids) >= MANY
    x, held, settled = given(), None, None
    if x is not None:
        attempts.offer(x, "first values")
    elif loaded is not None and dives(loaded):
        held = Held(attempts, loaded)
        settled = dive(held, first.x)
    if many and held is not None and settled is not None and not attempts.over:
        levels(held, settled)
    if (many or held is None) and not attempts.over:
        guided(attempts, first.x, many)
    if (many or held is not None) and not attempts.over:
        side_by_side(attempts, partial(_costs, first=first, held=held, settled=settled, many=many), not many and attempts.x is not None)
    elif not attempts.over:
        try:
            everything(attempts)
        except (Infeasible, SolverFailed) as fault:
            failed(attempts, fault)
    if attempts.x is None:
        raise LimitReached("a limit was reached before any feasible schedule was found")


def _costs(attempts: Attempts, first: Solution, held: Held | None, settled: np.ndarray | None, many: bool) -> None:
    """Schedules that cost less, until the gap is met or nothing finds any more. settled (k,): whole values around which a dive leaves
    levels to be searched."""
    if held is not None:
        held.attempts = attempts
    stepped = held is not None and held.stepped.any()
    if held is not None and settled is not None and not many:
        levels(held, settled)
    if not (many or attempts.over):
        guided(attempts, first.x, wide=False)
    if held is not None and stepped and not attempts.over:
        in_turns(held)
    if held is not None and stepped and not attempts.over:
        settled = dive(held, first.x, again=True)
        if settled is not None and not attempts.over:
            levels(held, settled)
    if many and not attempts.over:
        improve(attempts, first.form.cost[attempts.ids] - (first.form.matrix.T @ first.y)[attempts.ids])
    elif not (stepped or attempts.over):
        in_time(attempts)
