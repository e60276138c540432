"""One stretch of the market cleared: SCUC decides what is on, SCED what each gives, a pricing run what the duals are.

    SCUC    the stretch with whole values; its near steps may be joined to longer ones: what is on for an hour is decided by the hour    (K1)
    SCED    the steps of the market; statuses and schedules of DC links held at (K1), and whatever the stage asks for besides            (K2)

Energies of DC contracts are kept by (K1); in (K2) the schedule is given, as levels or, of links that do not send by steps, as power; their
rows are open. Where SCUC has the steps of the market,
its own fixed program is the SCED. The gap of a clearing is that of (K1).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from gridopt.case.case import Case
from gridopt.case.check import CaseError
from gridopt.case.time import TimeGrid
from gridopt.dispatch.attempts import Search
from gridopt.dispatch.fair import even_out
from gridopt.dispatch.formulate import Model, formulate, implied
from gridopt.dispatch.guided import OPEN
from gridopt.dispatch.lazy import Relaxed, solve
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.single import dispatch
from gridopt.dispatch.whole import decide
from gridopt.program.family import Family
from gridopt.program.highs import Highs
from gridopt.program.solution import Solution
from gridopt.program.standard_form import dual_bound

Progress = Callable[[str], None]
STATUS = ("commitment.on", "power_block.on", "dc_link.on", "dc_link.on_back", "dc_schedule.level")
"""Whole values that last for a step."""
SENT = ("dc_link.segment", "dc_link.back")
"""Power of links, which lasts for a step."""
EVENT = ("dc_schedule.change",)
"""Whole values that stand for an instant, the beginning of a step."""
GIVEN = ("dc_contract.energy", "dc_contract.share")
"""Rows that a schedule, once given, need not keep in every step again."""


@dataclass(frozen=True)
class Limits:
    """Bounds by family of columns, added to those of the case: name -> (lower, upper), shaped like the family."""

    of: Mapping[str, tuple[np.ndarray, np.ndarray]]

    def narrow(self, model: Model, lower: np.ndarray, upper: np.ndarray) -> None:
        """Narrows bounds (n,) in place; a bound that the case does not allow is left at the nearest that it does."""
        for family in model.builder.column_families:
            if family.name in self.of and family.size:
                low, high = self.of[family.name]
                ids = family.ids
                low, high = (np.clip(v, lower[ids], upper[ids]) for v in (low, high))
                lower[ids], upper[ids] = low, np.maximum(low, high)


def joined_steps(time: TimeGrid, near: int, length_h: float) -> TimeGrid:
    """The steps with the first `near` of them joined to steps of `length_h` hours; what comes later stays."""
    group = max(round(length_h / float(time.hours[:near].max())), 1) if near else 1
    first, rest = time.part(0, near).coarsen(group), time.part(near, len(time))
    return TimeGrid(np.append(first.start, rest.start), np.append(first.hours, rest.hours))


def scuc(case: Case, near: int, length_h: float, search: Search, workers: int = 2, limits: Limits | None = None) -> Dispatch:
    """(K1): `case` with its first `near` steps joined to `length_h` hours (0: as they are). Raises Infeasible, LimitReached, SolverFailed."""
    if length_h > 0:
        case = _joined(case, near, length_h)
    return dispatch(case, workers=workers, search=search) if limits is None else bounded(case, limits, search)


def _joined(case: Case, near: int, length_h: float) -> Case:
    """The case in the steps of SCUC. A DC link changes at once from one long step to the next, by no more than it can in a short one."""
    time = joined_steps(case.time, near, length_h)
    short = float(case.time.hours[:near].max()) / float(time.hours[0])
    link = case.table("dc_link")
    link = link.assign(ramp_fraction_per_min=link["ramp_fraction_per_min"] * short)
    return replace(case, tables={**case.tables, "dc_link": link}, time=time, loss_points=None)


def sced(case: Case, decided: Dispatch, search: Search, limits: Limits | None = None) -> Dispatch:
    """(K2): `case` with the whole values of `decided`, and further limits. Raises as scuc."""
    if limits is None and len(case.time) == len(decided.case.time):
        return decided
    held = _held(case, decided)
    found = bounded(case, Limits(held if limits is None else _both(held, limits)), search, open_rows=GIVEN)
    gap, cost = max(decided.solution.gap, found.solution.gap), found.solution.objective
    finished = decided.solution.finished and found.solution.finished
    return replace(found, solution=replace(found.solution, proven=cost - gap * max(abs(cost), 1.0), finished=finished))


def bounded(case: Case, limits: Limits, search: Search, open_rows: tuple[str, ...] = ()) -> Dispatch:
    """`case` within further limits; rows of families whose names begin with one of `open_rows` ask for nothing, but for contracts that may
    be late: what they miss has its cost all the same."""
    check_losses(case)
    model = formulate(case)
    form = model.builder.form()
    lower, upper, low, high = (v.copy() for v in (form.lower, form.upper, form.row_lower, form.row_upper))
    limits.narrow(model, lower, upper)
    for family in model.builder.row_families:
        if open_rows and family.name.startswith(open_rows):
            ids = family.ids[_strict(case, family)]
            low[ids], high[ids] = -np.inf, np.inf
    relaxed = Relaxed(replace(form, lower=lower, upper=upper, row_lower=low, row_upper=high), model.builder.lazy_families)
    program = partial(Highs, presolve="on", random_seed=search.seed)
    relaxed.used |= relaxed.form.upper > 0
    solution = _settled(model, solve(relaxed, program=program)) or decide(relaxed, search, program, implied=partial(implied, model))
    solution.statistics["seconds"] = {"build": 0.0, "solve": 0.0}
    return Dispatch(case, model, even_out(model, replace(solution, asked=search.asked)))


def _strict(case: Case, family: Family) -> np.ndarray:
    """Rows of a family over contracts of those that may not be late, bool (k,)."""
    return np.array([c not in case.late for c in family.over["contract"]], bool)


def _settled(model: Model, first: Solution) -> Solution | None:
    """The relaxation as a solution with whole values held, where it has such values by itself: nothing is left to search."""
    x, ids = implied(model, first.x), first.form.integer
    whole = np.round(x[ids])
    if (np.abs(x[ids] - whole) > OPEN).any():
        return None
    x[ids] = whole
    lower, upper = first.form.lower.copy(), first.form.upper.copy()
    lower[ids] = upper[ids] = whole
    form = replace(first.form, lower=lower, upper=upper)
    bound = dual_bound(form, first.y)
    return replace(first, form=form, x=x, bound=bound, proven=bound)


def _held(case: Case, decided: Dispatch) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Statuses and schedules of a dispatch in other steps on the steps of `case`, as bounds that meet."""
    long, whole = decided.case.time, decided.case.commitment == "exact"
    inside = np.searchsorted(long.end, case.time.start, side="right")
    first = case.time.start == long.start[inside]
    found = {}
    for family in decided.model.builder.column_families:
        if not family.size or family.name not in (*STATUS, *EVENT, *SENT):
            continue
        value = decided.solution.x[family.ids][..., inside]
        if family.name in SENT:
            free = np.isin(family.over["dc_link"], _by_steps(decided))[:, None, None] & np.ones(value.shape, bool)
            found[family.name] = (np.where(free, -np.inf, value), np.where(free, np.inf, value))
        else:
            value = np.round(value) if whole else value
            value = value if family.name in STATUS else value * first
            found[family.name] = (value, value)
    return found


def _by_steps(decided: Dispatch) -> np.ndarray:
    """Links whose levels say what they send, text (n,)."""
    level = family_of(decided.model, "dc_schedule.level")
    return np.array([], object) if level is None else level.over["dc_link"]


def _both(held: dict[str, tuple[np.ndarray, np.ndarray]], limits: Limits) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Both sets of bounds, the narrower where they speak of one family."""
    found = dict(held)
    for name, (low, high) in limits.of.items():
        known = found.get(name)
        found[name] = (low, high) if known is None else (np.maximum(low, known[0]), np.minimum(high, known[1]))
    return found


def check_losses(case: Case) -> None:
    """Raises CaseError for losses that take several solves."""
    if case.losses == "marginal":
        raise CaseError(["key 'losses': what is held from an earlier clearing knows no marginal losses. Write piecewise or off."])


def family_of(model: Model, name: str) -> Family | None:
    """A family of columns by its name, None where the model has none."""
    return next((f for f in model.builder.column_families if f.name == name and f.size), None)
