"""Side by side: bounds of the whole program in one thread, schedules that cost less in another, until the pair meets the gap.

    bounds  cuts of the first relaxation, without the heuristics of the solver, as long as they raise the bound        (B1)
            then with all that the solver has, until the gap is met or the best is proven                              (B2)
    costs   what is given (whole.py)

Schedules found on the way to a bound are offered like all others. The solver may take many seconds until it hears that it is enough, as
long as it is in a search of its own; nobody waits for that but the next pair, and the end of the process.
"""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress

import numpy as np

from gridopt.dispatch.attempts import Attempts, Enough
from gridopt.program.highs import give_back_memory
from gridopt.program.solution import Infeasible, LimitReached, SolverFailed

PATIENCE_S, RISE = 8.0, 0.05
"""Seconds in which cuts must raise the bound by that part of what is missing, or no more of them are tried before other searches."""
SOON_S = 3.0
"""Seconds in which levels of links are mostly found, and no bound is missed: what is begun beside them ends late."""
LISTEN_S = 0.1
LEFT: list[Future] = []
"""What nobody has waited for; the interpreter does."""
LOCK = threading.Lock()
NEAR = 1e-6
"""Share by which bounds of one relaxation may differ, and one of a schedule's costs by which its bound may lie above it, for rounding."""


def side_by_side(attempts: Attempts, costs: Callable[[Attempts], None], cuts: bool) -> None:
    """Runs `costs` with attempts that share the rows of `attempts`, and bounds beside it, until the gap is met or neither finds any more;
    cuts: whether (B1) comes first.

    Raises what `failed` does."""
    attempts.wait_for(wait_for_the_rest)
    alone, pool, before = threading.Event(), ThreadPoolExecutor(2), attempts.relaxed.apart()
    beside = pool.submit(bounds, attempts.apart(), alone, cuts)
    found = pool.submit(costs, copy.copy(attempts))
    pool.shutdown(wait=False)
    for one in (found, beside):
        while not wait([one], LISTEN_S).done and not (attempts.met or attempts.ended):
            pass  # Ctrl-C and time are heard by the solver, which then gives what it has
        if not one.done():
            with LOCK:
                LEFT.extend(f for f in (found, beside) if not f.done())
            break
        alone.set()
        if one.exception() is not None:
            failed(attempts, one.exception())
    alone.set()
    if not found.done():
        attempts.relaxed = before  # the other rows may just be written


def failed(attempts: Attempts, fault: BaseException | None) -> None:
    """Ends all searches and raises the fault, unless it is one of the solver and a schedule is known: that is told, and the other goes on."""
    if attempts.x is not None and isinstance(fault, (Infeasible, LimitReached, SolverFailed)):
        attempts.progress(f"a search ended: {fault}")
        return
    attempts.enough.set()
    if fault is not None:
        raise fault


def wait_for_the_rest() -> None:
    """Waits until the solvers that were left have heard that nobody needs them any more; files that they write are closed then."""
    with LOCK:
        left = LEFT[:]
        LEFT.clear()
    wait(left)
    if left:
        give_back_memory()


def bounds(attempts: Attempts, alone: threading.Event, cuts: bool) -> None:
    """Bounds of the whole program until the gap is met: cuts alone as long as they raise it, begun once it is `alone`, or where that takes
    longer than SOON_S; then with all that the solver has. Raises Infeasible, and ends all searches where none has found anything."""
    if cuts:
        alone.wait(SOON_S)
    if cuts and not attempts.over:
        with suppress(Infeasible):  # values that hold but for rounding
            everything(attempts, root=True)
    try:
        if not attempts.over:
            everything(attempts)
    except Infeasible:
        if attempts.x is None:
            attempts.enough.set()
        raise


def everything(attempts: Attempts, root: bool = False) -> None:
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
