"""One case, one program: formulate, solve exactly, share ties fairly.

Short horizons go straight to the lazy loop. Long ones climb a ladder: the same case in week-long steps, then in shorter ones, then as
asked for. Each rung gives the next an estimate: values, duals and a basis. Pieces of the next rung are solved side by side, held to it
(piece.py), put together and let go (release.py). Only the last rung is solved exactly, by the lazy loop as always; if anything on the
way fails, that loop starts from nothing and the result is the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np

from gridopt.case.case import Case
from gridopt.dispatch.apart import spared
from gridopt.dispatch.attempts import Search
from gridopt.dispatch.available import available
from gridopt.dispatch.fair import even_out
from gridopt.dispatch.formulate import Model, formulate, implied
from gridopt.dispatch.hours import in_hours
from gridopt.dispatch.lazy import Loaded, Program, Relaxed, solve
from gridopt.dispatch.lines import Lines
from gridopt.dispatch.losses import settle
from gridopt.dispatch.piece import Piece, solve_piece
from gridopt.dispatch.plan import Estimate, Plan, plan, refine
from gridopt.dispatch.release import Whole, together
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.whole import MANY, decide
from gridopt.program.highs import DEVEX, LOWER, Highs, give_back_memory
from gridopt.program.solution import Infeasible, LimitReached, Solution, SolverFailed

LONG_H = 700.0
"""Hours from which the ladder pays."""
RUNGS_H = (168.0, 24.0, 6.0, 3.0)
PIECE_H, LEAST_PIECE = 1095.0, 36
"""Length of the pieces in hours, and at least so many steps."""
WEEK_H, DAY_H = 168.0, 24.0
"""Where nothing follows the seasons, pieces are weeks: cuts cost little then, pivots of small programs less, and a week starts best from
the week before. The estimate is only needed at the cuts, so rungs shorter than a day are left out."""
CHAIN = 26
"""Weeks that follow each other so, about; whatever the number of workers, for the same run shall give the same numbers."""

Progress = Callable[[str], None]
Rung = tuple[Case, Model, Estimate]
Refined = tuple[Estimate, np.ndarray]
"""An estimate and where the steps that it comes from end, in steps of now."""


def dispatch(
    case: Case,
    *,
    log: str = "",
    workers: int = 2,
    program: Program | None = None,
    before: Dispatch | None = None,
    search: Search | None = None,
    lines: Lines | None = None,
    progress: Progress = lambda text: None,
) -> Dispatch:
    """Least-cost dispatch of `case`. Raises Infeasible, LimitReached or SolverFailed; never returns unproven numbers.

    program: another solver than HiGHS (the ladder is HiGHS' alone). before: a dispatch of the same network on the same steps, to start
    from: quick where little has changed. search: how whole values are looked for, where the case has decisions; lines: written in
    their relaxation from the start. Marginal losses take several solves.
    """
    if case.losses == "marginal":
        return settle(case, lambda known: _once(known, log, workers, program, None, search, lines, progress), progress)
    return _once(case, log, workers, program, before, search, lines, progress)


def _once(
    case: Case,
    log: str,
    workers: int,
    program: Program | None,
    before: Dispatch | None,
    search: Search | None,
    lines: Lines | None,
    progress: Progress,
) -> Dispatch:
    """One solve: from an earlier one, by the ladder where it pays, or from nothing."""
    if case.commitment == "exact":
        return _decided(case, log, program, search or Search(), lines, progress)
    below: Rung | None = None
    way = DEVEX if case.commitment == "off" else {"presolve": "on"}
    hours, empty = case.time.hours, program or partial(Highs, log, **way)
    if program is None and before is None and case.commitment == "off" and hours.sum() >= LONG_H and np.ptp(hours) == 0:
        for rung in RUNGS_H:
            group = round(rung / hours[0])
            if group >= 2 and (below is None or rung >= DAY_H or _seasonal(below[1])):
                below = _rung(case.on_time(case.time.coarsen(group)), below, workers, progress)
    begun = time.perf_counter()
    model = formulate(case)
    relaxed = Relaxed(model.builder.form(), model.builder.lazy_families)
    built = time.perf_counter()
    start = None if below is None else _refined(case, model, below)
    del below  # the coarser program takes memory that the whole one needs, and so does what is known from it
    pieces = None if start is None else _pieces(case, model, relaxed, start, workers, progress)
    known = start is not None
    del start
    whole = None if pieces is None else _together(*pieces, log)
    del pieces
    loaded = None if whole is None else whole.loaded()
    del whole
    if known and loaded is None:
        progress("the starting basis did not serve; starting from nothing")
    if before is not None:
        loaded = _again(model, relaxed, before, empty)
    solution = solve(relaxed, program=empty, loaded=loaded, progress=progress)
    del loaded
    give_back_memory()
    solution.statistics["seconds"] = {"build": built - begun, "solve": time.perf_counter() - built}
    return Dispatch(case, model, even_out(model, solution))


def _decided(case: Case, log: str, program: Program | None, search: Search, lines: Lines | None, progress: Progress) -> Dispatch:
    """A case with decisions: whole values first, then the linear program that they leave."""
    begun = time.perf_counter()
    model = formulate(case)
    relaxed = Relaxed(model.builder.form(), model.builder.lazy_families)
    if lines is not None:
        relaxed.write(lines.guess(model))
    built = time.perf_counter()
    # Of many decisions, guided search does as much; of few, branching proves more than another round of cuts.
    options = {"mip_heuristic_run_root_reduced_cost" if len(relaxed.form.integer) >= MANY else "mip_allow_restart": False}
    empty = program or partial(Highs, log, presolve="on", random_seed=search.seed, **DEVEX, **options)
    hours = None if program else in_hours(case, model, relaxed, empty, progress)
    if hours is None:
        solution = decide(relaxed, search, empty, progress, partial(implied, model), available=available(model))
    else:
        way = partial(Highs, log, presolve="on", interior=True)
        beside = partial(hours.values, search, empty, progress)
        solution = decide(relaxed, search, empty, progress, partial(implied, model), way, beside, available(model))
    solution.statistics["storage_spared_mwh"] = spared(model, solution, empty)
    solution.statistics["seconds"] = {"build": built - begun, "solve": time.perf_counter() - built}
    return Dispatch(case, model, even_out(model, solution))


def _again(model: Model, relaxed: Relaxed, before: Dispatch, empty: Program) -> Loaded | None:
    """The program with the rows, columns and basis of an earlier dispatch; None where its families have other members."""
    builders = before.model.builder, model.builder
    shapes = [[(f.name, f.shape) for f in (*b.column_families, *b.row_families, *(z.family for z in b.lazy_families))] for b in builders]
    if shapes[0] != shapes[1] or relaxed.form.square.any():
        return None
    (column, row), added = before.solution.statistics["basis"], before.solution.added
    relaxed.used |= column != LOWER
    relaxed.write({name: (element, step) for name, (element, step, _) in added.items()})
    status = np.append(row[: relaxed.core], np.zeros(relaxed.rows_added, row.dtype))
    for name, (_, _, ids) in added.items():
        status[relaxed.added[name][2]] = row[ids]
    return Loaded.load(relaxed, empty, (column, status))


def _rung(case: Case, below: Rung | None, workers: int, progress: Progress) -> Rung | None:
    """An estimate of the optimum in the steps of `case`; None if there is none."""
    progress(f"approach in steps of {case.time.hours[0]:g} h")
    model = formulate(case)
    if model.builder.squares:
        return None  # pieces know no tangents
    relaxed = Relaxed(model.builder.form(), model.builder.lazy_families)
    try:
        if below is None:
            return case, model, _known(relaxed, solve(relaxed, program=partial(Highs, **DEVEX)))
        pieces = _pieces(case, model, relaxed, _refined(case, model, below), workers, progress)
        whole = None if pieces is None else together(*pieces)
        return None if whole is None else (case, model, whole.estimate())
    except (Infeasible, LimitReached, SolverFailed):
        return None


def _known(relaxed: Relaxed, solution: Solution) -> Estimate:
    column, row = solution.statistics["basis"]
    lazy = {n: (element, step, row[ids]) for n, (element, step, ids) in relaxed.added.items()}
    return Estimate(solution.x, solution.y[: relaxed.core], column, row[: relaxed.core], lazy)


def _together(order: Plan, pieces: list[Piece], log: str) -> Whole | None:
    """The whole program with a basis close to the optimum, None if the way there failed."""
    try:
        return together(order, pieces, log)
    except SolverFailed:
        return None


def _refined(case: Case, model: Model, below: Rung) -> Refined:
    """The estimate of the rung below on these steps, and where its steps end in them."""
    coarse, lower, known = below
    hours, longer = case.time.hours, coarse.time.hours
    inside = np.searchsorted(np.cumsum(longer) - 1e-9, np.cumsum(hours) - hours / 2)
    known = refine(known, lower.builder, model.builder, inside, hours / longer[inside])
    return known, np.searchsorted(inside, np.arange(len(longer) + 1))


def _seasonal(model: Model) -> bool:
    """Whether something reaches over weeks: reservoirs, contracts of months."""
    families = model.builder.row_families
    return len(model.builder.slow_columns) > 0 or any(f.size for f in families if "time" not in f.over)


def _pieces(case: Case, model: Model, relaxed: Relaxed, start: Refined, workers: int, progress: Progress) -> tuple[Plan, list[Piece]] | None:
    """Pieces held to an estimate, to be put together and let go; None if that failed."""
    (known, ends), builder, steps = start, model.builder, len(case.time)
    order = plan(relaxed, builder, known)
    seasonal = _seasonal(model)
    count = max(round(steps / max((PIECE_H if seasonal else WEEK_H) / case.time.hours[0], LEAST_PIECE)), 1)
    # Cuts lie where long steps end, for there the estimate of a level is one of this very instant.
    cuts = np.unique(ends[np.searchsorted(ends, np.linspace(0, steps, count + 1))])
    numbers = np.arange(len(cuts) - 1)
    chains = np.array_split(numbers, len(numbers) if seasonal else max(round(len(numbers) / CHAIN), 2))
    progress(f"{len(cuts) - 1} pieces, {workers} side by side")

    def chain(numbers) -> list[Piece]:
        found: list[Piece] = []
        for k in numbers:
            found.append(solve_piece(order, int(cuts[k]), int(cuts[k + 1]), found[-1] if found else None))
        return found

    try:
        with ThreadPoolExecutor(workers) as pool:
            pieces = [piece for found in pool.map(chain, chains) for piece in found]
    except SolverFailed:
        return None
    progress("pieces put together")
    give_back_memory()
    return order, pieces
