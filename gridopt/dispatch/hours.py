"""Steps shorter than an hour are decided in hours first: what runs in an hour runs in its quarters, too.

    hours    the same case in steps of an hour; the rows that its relaxation needs                       (S1)
    decided  that case with whole values                                                                 (S2)
    laid     status of units as in (S2), all else free: first values of the short steps                  (S3)

Units are switched for hours; what shorter steps ask for beyond that are ramps and schedules of links, which (S3) decides anew. (S2) and
(S3) run beside the relaxation of the short steps, whose bound alone says how good their values are.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from gridopt.blocks import commitment
from gridopt.case.case import Case
from gridopt.dispatch.attempts import Attempts, Search
from gridopt.dispatch.formulate import BLOCKS, Model, formulate, implied
from gridopt.dispatch.lazy import Program, Relaxed, solve
from gridopt.dispatch.plan import lay_out
from gridopt.dispatch.whole import decide
from gridopt.program.solution import Infeasible, LimitReached, SolverFailed

HOUR = 1.0
"""Length of the longer steps, h."""
LEAST = 2_000
"""Decisions from which this pays."""
COARSE = 2.0
"""Gap of (S2) in units of the one asked for: the short steps change more than the rest of it."""
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Hours:
    """(S1) of `model`: the case in hours, its program with the rows that its relaxation needs, and the hour of each short step (T,).

    own: a program of the short steps for (S3) alone, for others may write rows meanwhile.
    """

    model: Model
    longer: Model
    small: Relaxed
    inside: np.ndarray
    own: Relaxed

    def rows(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """(element, step) of the lazy rows of (S1), each at all short steps of its hour."""
        count = np.bincount(self.inside)
        begin = np.cumsum(count) - count
        found = {}
        lazy = [{z.family.name: z.family.shape[:-1] for z in m.builder.lazy_families} for m in (self.longer, self.model)]
        for name, (element, step, _) in self.small.added.items():
            if lazy[0][name] != lazy[1][name]:
                continue
            each = np.repeat(np.arange(len(step)), count[step])
            within = np.arange(len(each)) - np.repeat(np.cumsum(count[step]) - count[step], count[step])
            found[name] = (element[each], begin[step[each]] + within)
        return found

    def values(self, search: Search, program: Program, progress: Progress, stop: threading.Event) -> np.ndarray | None:
        """(S2), (S3): values (n,) of the short steps that break no row, None where none were found."""
        quick, longer = replace(search, gap=COARSE * search.gap, stop=stop), self.longer
        try:
            found = decide(self.small, quick, program, lambda text: progress(f"in hours: {text}"), partial(implied, longer))
            x = lay_out(found.x, longer.builder.column_families, self.model.builder.column_families, self.inside)
            attempts = Attempts(self.own, program, replace(search, stop=stop), partial(implied, self.model), -np.inf, lambda text: None)
            columns = self.model.columns[BLOCKS.index(commitment)]
            held = np.isin(attempts.ids, np.concatenate([c.ravel() for c in (columns.on, columns.start, columns.stop, columns.firing)]))
            attempts.attempt("hours laid onto shorter steps", held, np.round(x[attempts.ids]), gap=0.5 * search.gap)
        except (Infeasible, LimitReached, SolverFailed) as error:
            progress(f"in hours: {error}")
            return None
        return attempts.x


def in_hours(case: Case, model: Model, relaxed: Relaxed, program: Program, progress: Progress) -> Hours | None:
    """(S1), its rows written into `relaxed`; None where steps are no shorter than an hour, decisions few, or hours are not feasible."""
    hours = case.time.hours
    group = round(HOUR / hours[0])
    if group < 2 or np.ptp(hours) > 0 or len(relaxed.form.integer) < LEAST:
        return None
    progress("approach in steps of 1 h")
    longer = formulate(case.on_time(case.time.coarsen(group)))
    small = Relaxed(longer.builder.form(), longer.builder.lazy_families)
    small.used |= small.form.upper > 0
    try:
        solve(small, program=program)
    except (Infeasible, LimitReached, SolverFailed):
        return None
    own = Relaxed(relaxed.form, relaxed.families)
    own.used |= own.form.upper > 0
    made = Hours(model, longer, small, np.arange(len(hours)) // group, own)
    for program_of in (own, relaxed):
        program_of.write(made.rows())
    return made
