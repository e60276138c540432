"""Whole values: decisions such as on and off, found with a proven gap, then fixed, so that what remains is a linear program with prices.

    LP      every integer column relaxed; lazy rows as always; its dual bound is the first bound                     (W1)
    search  the same program with whole values; rows that its best values break are written, and it goes on          (W2)
    fixed   integer columns held at the values found; lazy rows as always; values, duals and prices are its own      (W3)

A bound of (W2) holds for the whole program, because every row that is not written yet can only raise the cost. Prices never come
from a search: they are the duals of (W3), and its own bound proves that program alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from gridopt.dispatch.lazy import ROUNDS, Loaded, Program, Relaxed, solve
from gridopt.program.highs import Highs, Incumbent
from gridopt.program.solution import LimitReached, Solution, SolverFailed

WHOLE = 1e-6
"""By how much a value may miss a whole number."""

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Search:
    """How long whole values are looked for: until the relative `gap` is proven, or `seconds` have passed, or `stop` is set."""

    gap: float = 1e-3
    seconds: float = np.inf
    stop: threading.Event | None = None


def decide(
    relaxed: Relaxed,
    search: Search,
    program: Program = Highs,
    progress: Progress = lambda text: None,
    implied: Callable[[np.ndarray], np.ndarray] = lambda x: x,
) -> Solution:
    """The program with whole values in its integer columns: solution of (W3), `proven` the bound of (W2).

    implied: values in which integer columns whose rows are not written yet take what the other columns imply, so that (W3) may write them.
    Raises Infeasible, SolverFailed, and LimitReached where a limit came before any whole values were found.
    """
    loaded = Loaded.load(relaxed, program)
    first = solve(relaxed, program=program, loaded=loaded, progress=progress)
    ids = relaxed.form.integer
    part = first.x[ids] - np.round(first.x[ids])
    if np.abs(part).max(initial=0.0) <= WHOLE:
        found = Incumbent(first.x, first.objective, first.bound, True)
    else:
        progress(f"linear relaxation {first.objective:,.0f}; {int((np.abs(part) > WHOLE).sum()):,} of {len(ids):,} decisions are open")
        found = _search(relaxed, Loaded.load(relaxed, program), search, progress)
    assert found.x is not None
    fixed = _fixed(relaxed, np.round(implied(found.x)[ids]))
    solution = solve(fixed, program=program, progress=progress)
    return replace(solution, proven=max(found.bound, first.bound), finished=found.done)


def _search(relaxed: Relaxed, loaded: Loaded, search: Search, progress: Progress) -> Incumbent:
    """(W2): the best whole values found, by builder id, which break no row."""
    rank = loaded.rank[relaxed.form.integer]
    loaded.highs.whole(rank[rank >= 0])  # what is held at 0 is not in the program
    bound = -np.inf
    for _ in range(ROUNDS):
        found = loaded.highs.search(gap=search.gap, seconds=search.seconds, stop=search.stop)
        bound = max(bound, found.bound + relaxed.form.offset)
        if found.x is None:
            raise LimitReached("a limit was reached before any feasible schedule was found")
        x = np.zeros(loaded.size)
        x[loaded.columns] = found.x
        chosen = relaxed.broken(x)
        progress(f"schedule of cost {found.cost + relaxed.form.offset:,.0f}, bound {bound:,.0f}")
        if not chosen:
            return Incumbent(x, found.cost + relaxed.form.offset, bound, found.done)
        if not found.done:
            raise LimitReached("a limit was reached before a schedule was found that breaks no limit")
        loaded.add(relaxed.write(chosen))
    raise SolverFailed(f"rows were still broken after {ROUNDS} rounds")


def _fixed(relaxed: Relaxed, values: np.ndarray) -> Relaxed:
    """The same program with its integer columns held at values (k,), and the rows written so far."""
    lower, upper = relaxed.form.lower.copy(), relaxed.form.upper.copy()
    lower[relaxed.form.integer] = upper[relaxed.form.integer] = values
    made = Relaxed(replace(relaxed.form, lower=lower, upper=upper), relaxed.families)
    made.core, made.added = relaxed.core, dict(relaxed.added)
    return made
