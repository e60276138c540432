"""Whole values: decisions such as on and off, found with a proven gap, then fixed, so that what remains is a linear program with prices.

    LP      every integer column relaxed; lazy rows as always; its dual bound is the first bound                     (W1)
    search  whole values: straight from the relaxation (dive.py); if the gap is not met, side by side until it is
            bounds: cuts of the whole program as long as they raise the bound, then all that the solver has
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
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import replace

import numpy as np

from gridopt.dispatch.attempts import Attempts, Enough, Implied, Search
from gridopt.dispatch.attended import attended
from gridopt.dispatch.available import AS_IT_IS, Available
from gridopt.dispatch.dive import Held, dive, dives, in_turns, levels
from gridopt.dispatch.guided import guided, undecided_of
from gridopt.dispatch.lazy import Loaded, Program, Relaxed, scaled, solve
from gridopt.dispatch.neighbourhood import improve, in_time
from gridopt.program.highs import Highs
from gridopt.program.solution import Infeasible, LimitReached, Solution, SolverFailed

MANY = 8_000
"""Decisions from which neighbourhoods are searched beside the whole program."""
PATIENCE_S, RISE = 8.0, 0.05
"""Seconds in which cuts must raise the bound by that part of what is missing, or no more of them are tried before other searches."""
SOON_S = 3.0
"""Seconds in which levels of links are mostly found, and no bound is missed: what is begun beside them ends late."""
NEAR = 1e-6
"""Share by which bounds of one relaxation may differ, and one of a schedule's costs by which its bound may lie above it, for rounding."""
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
    # From nothing, not from the relaxation: where duals are not unique, prices then do not depend on the way that the search took.
    assert attempts.x is not None
    solution = replace(solve(attempts.fixed(attempts.x), program=program, progress=progress), proven=attempts.bound)
    _check(solution, attempts.bound)
    finished = attempts.ended or search.enough(solution.objective, attempts.bound)
    return replace(solution, finished=finished, asked=search.asked)


def _check(solution: Solution, bound: float) -> None:
    """Raises SolverFailed where the bound of a search lies above the cost of a schedule: one of the two is wrong."""
    form, x = solution.form, solution.x
    gross = float(np.abs(form.cost * x).sum() + form.square @ x**2) + abs(form.offset)
    if bound - solution.objective > NEAR * max(gross, 1.0):
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
    if not attempts.over:
        pool, alone = ThreadPoolExecutor(1), threading.Event()
        bounds = pool.submit(_bounds, attempts.apart(), alone, cuts=not many and held is not None and attempts.x is not None)
        pool.shutdown(wait=False)
        try:
            _costs(attempts, first, None if many else held, settled)
        except BaseException:
            attempts.enough.set()
            raise
        finally:
            alone.set()
        # The solver may take seconds until it hears that it is enough; nobody has to wait for that.
        wait([bounds], 0.0 if attempts.met else None)
        if bounds.done():
            bounds.result()
    if attempts.x is None:
        raise LimitReached("a limit was reached before any feasible schedule was found")


def _costs(attempts: Attempts, first: Solution, held: Held | None, settled: np.ndarray | None) -> None:
    """Schedules that cost less, until the gap is met or nothing finds any more. settled (k,): whole values around which a dive leaves
    levels to be searched."""
    if held is None:
        improve(attempts, first.form.cost[attempts.ids] - (first.form.matrix.T @ first.y)[attempts.ids])
        return
    if settled is not None:
        levels(held, settled)
    if not attempts.over:
        guided(attempts, first.x, wide=False)
    if not (attempts.over or held.stepped.any()):
        in_time(attempts)
    if held.stepped.any() and not attempts.over:
        in_turns(held)
    if held.stepped.any() and not attempts.over:
        settled = dive(held, first.x, again=True)
        if settled is not None and not attempts.over:
            levels(held, settled)


def _bounds(attempts: Attempts, alone: threading.Event, cuts: bool) -> None:
    """Bounds of the whole program until the gap is met: cuts alone as long as they raise it, begun once it is `alone`, or where that takes
    longer than SOON_S; then with all that the solver has."""
    if cuts:
        alone.wait(SOON_S)
    if cuts and not attempts.over:
        with suppress(Infeasible):  # values that hold but for rounding
            _everything(attempts, root=True)
    if not attempts.over:
        _everything(attempts)


def _everything(attempts: Attempts, root: bool = False) -> None:
    """Nothing held: the bound is that of the whole program, and what ends by itself has met the gap. root: only as far as cuts raise it."""
    enough, first, known, since = Enough(attempts.enough), attempts.bound, attempts.bound, time.monotonic()

    def tell(bound: float) -> None:
        nonlocal known, since
        attempts.prove(bound)
        begun = bound >= first - NEAR * max(abs(first), 1.0)  # its own relaxation is solved
        if not begun or attempts.bound - known >= RISE * (attempts.cost - attempts.target):
            known, since = attempts.bound, time.monotonic()
        if root and time.monotonic() - since > PATIENCE_S:
            enough.set()

    nothing = np.zeros(len(attempts.ids), bool)
    asked = {"gap": attempts.asked, "money": attempts.search.money}
    found = attempts.attempt("whole program", nothing, np.zeros(len(nothing)), **asked, stop=enough, tell=tell, root=root)
    attempts.prove(found.bound)
    if found.done:
        attempts.end()
