"""Rolling horizon: a long horizon decided window by window, as dispatchers decide it day by day.

    guide                           the whole horizon as one linear program, once (guide.py)
    window k: case from the state   ordinary tables (laid.py), dispatched like any case (single.py)
    lines that were full            written in the next window from the start (lines.py)
    what it keeps                   goes to its place in the horizon's program (rolled.py); its end is the next state (state.py)

All that a window leaves is a set of arrays. A run that stops goes on from the arrays of the windows before, and cannot tell the
difference: nothing else is handed on.

    lost at a seam = cost of the steps after it as its window decided them - as the window before had planned them     (T1)

    gross gap = (cost - bound) / sum of all costs that are more than zero                                                (T2)

A gap is what a window misses, by its cost; where exports earn nearly what generation costs, that is a large part of little, and the gross
gap tells it by what was spent. A search ends by the gap, or by money (attempts.Search).
Where the look-ahead has longer steps, what was planned for part of such a step is its share of the hours.

A window that has no schedule when its time is up keeps a rough one (rough.py). Table `windows` tells its gap.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from gridopt.case.case import Case
from gridopt.case.singles import single_units
from gridopt.dispatch.attempts import Search
from gridopt.dispatch.formulate import outline
from gridopt.dispatch.guide import Guide, make_guide, plain_case
from gridopt.dispatch.infeasible import reasons
from gridopt.dispatch.laid import Horizon
from gridopt.dispatch.lazy import Program
from gridopt.dispatch.lines import Lines, tight
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.rolled import Record, Rolled, kept_part
from gridopt.dispatch.rough import some_schedule
from gridopt.dispatch.single import dispatch
from gridopt.dispatch.state import State, begun, handed
from gridopt.dispatch.window import Window, check_rows, check_shifts, check_sight, cut
from gridopt.program.highs import give_back_memory
from gridopt.program.solution import Infeasible, LimitReached, Solution, SolverFailed

Arrays = Mapping[str, np.ndarray]
ENDS = ("hydro.end_short", "hydro.end_spare")
"""Columns that price what lies beyond a window: no cost of its steps."""
MODES = {"off": "left out", "relaxed": "relaxed"}
"""Words for what the guide does with decisions."""
FIGURES = ("cost", "bound", "gap", "gross_gap", "price_gap", "seconds", "rounds", "finished")


class Store(Protocol):
    """Where arrays outlast the run, by name."""

    def load(self, name: str) -> Arrays | None: ...

    def save(self, name: str, arrays: Arrays) -> None: ...


class Nowhere:
    """Keeps nothing."""

    def load(self, name: str) -> Arrays | None:
        return None

    def save(self, name: str, arrays: Arrays) -> None:
        pass


@dataclass(frozen=True)
class Rule:
    """How each window is solved."""

    window_h: float
    look_ahead_h: float
    search: Search | None = None
    program: Program | None = None
    workers: int = 2
    log: str = ""
    look_ahead_step_h: float = 0.0


def roll(case: Case, rule: Rule, store: Store | None = None, progress: Callable[[str], None] = lambda text: None) -> Rolled:
    """Dispatch of `case` window by window; units of which several share a row have rows of their own in it (case/singles.py).

    Raises CaseError for windows that do not suit the case, and Infeasible, LimitReached or SolverFailed with the window in words; the
    windows before it are in `store` then.
    """
    store, begin = Nowhere() if store is None else store, time.perf_counter()
    case = single_units(case)
    check_sight(case, rule.window_h + rule.look_ahead_h)
    check_rows(case)
    check_shifts(case, rule.window_h, rule.look_ahead_h)
    windows = cut(case.time, rule.window_h, rule.look_ahead_h)
    guide = _guide(case, windows, rule, store, progress)  # before the program of the horizon: its own takes as much memory
    give_back_memory()
    model = outline(case)
    horizon = Horizon(case, model, model.builder.outline(), guide, rule.look_ahead_step_h)
    built = time.perf_counter() - begin
    record, state = Record(model, horizon.form), begun(case, model)
    lines: Lines | None = None
    rows: list[dict[str, Any]] = []
    steps: list[np.ndarray] = []
    for k, window in enumerate(windows):
        found = store.load(f"window-{k:05d}")
        if found is None:
            found = _window(horizon, window, state, rule, lines)
            store.save(f"window-{k:05d}", found)
            progress(_line(case, windows, k, found, [r["seconds"] for r in rows]))
        record.take(found, window)
        state, lines = State.read(_named(found, "state/")), Lines(_named(found, "lines/"), window.steps(case.time, rule.look_ahead_step_h))
        rows.append({n: found[f"figure/{n}"].item() for n in FIGURES})
        steps.append(found["steps"])
    give_back_memory()  # of the searches: what is laid together and told afterwards takes as much
    seconds = {"build": built, "solve": time.perf_counter() - begin - built}
    return record.rolled(_table(case, windows, rows), _seams(case, windows, steps, rule.look_ahead_step_h), seconds)


def _named(found: Arrays, kind: str) -> dict[str, np.ndarray]:
    return {n.removeprefix(kind): v for n, v in found.items() if n.startswith(kind)}


def _guide(case: Case, windows: list[Window], rule: Rule, store: Store, progress: Callable[[str], None]) -> Guide | None:
    """The guide where some window does not see the end, or a store ends as it begins."""
    if len(windows) == 1 or (windows[0].last == len(case.time) and not case.table("storage")["cyclic"].any()):
        return None
    known = store.load("guide")
    if known is None:
        progress("guide: the whole horizon as a linear program")
        try:
            known = make_guide(case, rule.workers, progress, aim=windows[0].last < len(case.time)).arrays()
        except Infeasible:
            plain = plain_case(case)
            raise Infeasible(f"the whole horizon as a linear program, decisions {MODES[plain.commitment]}:", *reasons(plain)) from None
        store.save("guide", known)
    return Guide.read(known)


def _window(horizon: Horizon, window: Window, state: State, rule: Rule, lines: Lines | None) -> dict[str, np.ndarray]:
    """All that `window`, which begins in `state`, leaves: what it keeps, the state at its end, its tight lines, its figures, and the cost
    of each of its steps. lines: of the window before."""
    begin, kept = time.perf_counter(), window.kept - window.first
    case = horizon.window_case(window, state)
    found = _found(case, f"window {window.named(horizon.case.time)}", rule, lines)
    if rule.search is not None and rule.search.stop is not None and rule.search.stop.is_set():
        raise KeyboardInterrupt  # what an interrupted search leaves is no plan to go on from
    part = kept_part(found, horizon.model, horizon.form.upper, window)
    part |= {f"state/{n}": v for n, v in handed(state, found, kept).arrays().items()}
    part |= {f"lines/{n}": v for n, v in tight(found.solution).items()}
    part |= {f"figure/{n}": np.asarray(v) for n, v in _figures(found.solution, time.perf_counter() - begin).items()}
    return part | {"steps": step_costs(found)}


def _found(case: Case, name: str, rule: Rule, lines: Lines | None) -> Dispatch:
    """The dispatch of a window. Raises Infeasible, LimitReached or SolverFailed with the window in words."""

    def solve(search: Search | None) -> Dispatch:
        return dispatch(case, log=rule.log, workers=rule.workers, program=rule.program, lines=lines, search=search)

    try:
        return some_schedule(solve, rule.search)
    except Infeasible:
        raise Infeasible(f"{name}:", *reasons(case)) from None
    except (LimitReached, SolverFailed) as error:
        raise type(error)(f"{name}: {error}") from None


def _figures(solution: Solution, seconds: float) -> dict[str, float]:
    """FIGURES of a window."""
    form, x = solution.form, solution.x
    price_gap = (solution.objective - solution.bound) / max(abs(solution.objective), 1.0)
    proven = solution.least_cost
    gross = float(np.clip(form.cost * x + form.square * x**2, 0.0, None).sum()) + max(form.offset, 0.0)
    gross_gap = max(solution.objective - proven, 0.0) / max(gross, 1.0)
    figures = (solution.objective, proven, max(solution.gap, 0.0), gross_gap, price_gap, seconds, solution.rounds, solution.finished)
    return dict(zip(FIGURES, figures, strict=True))


def step_costs(found: Dispatch) -> np.ndarray:
    """Cost of each step that decisions change CNY (T,), without what prices the end."""
    form, x = found.solution.form, found.solution.x.copy()
    for family in found.model.builder.column_families:
        if family.name in ENDS:
            x[family.ids] = 0.0
    timed = form.column_step >= 0
    return np.bincount(form.column_step[timed], (form.cost * x + form.square * x**2)[timed], len(found.case.time))


def _line(case: Case, windows: list[Window], k: int, found: Arrays, before: list[float]) -> str:
    """Progress of one window."""
    seconds = [*before, found["figure/seconds"].item()][-20:]
    left = (len(windows) - k - 1) * float(np.mean(seconds))
    done = str(case.time.end[windows[k].kept - 1]).replace("T", " ")[:16]
    finished = "" if found["figure/finished"].item() else ", limit reached"
    missed = max(found["figure/cost"].item() - found["figure/bound"].item(), 0.0)
    return (
        f"window {k + 1} of {len(windows)}, to {done}: gap {found['figure/gap'].item():.2%} ({missed:,.0f}){finished}, {seconds[-1]:.1f} s; "
        f"about {left / 60:.0f} min left"
    )


def _table(case: Case, windows: list[Window], rows: list[dict]) -> pd.DataFrame:
    """Table windows: window, start, end, kept_h, seen_h, cost_cny and bound_cny of all that it saw, gap, gross_gap
    (T2), price_gap (of the prices' linear program), seconds, rounds, finished."""
    hours = np.append(0.0, np.cumsum(case.time.hours))
    frame = pd.DataFrame(rows).rename(columns={"cost": "cost_cny", "bound": "bound_cny"})
    start, end = case.time.start[[w.first for w in windows]], case.time.end[[w.kept - 1 for w in windows]]
    kept, seen = (np.array([hours[getattr(w, n)] - hours[w.first] for w in windows]) for n in ("kept", "last"))
    frame.insert(0, "window", np.arange(1, len(windows) + 1))
    for place, (name, values) in enumerate((("start", start), ("end", end), ("kept_h", kept), ("seen_h", seen)), 1):
        frame.insert(place, name, values)
    return frame.astype({"finished": bool, "rounds": int})


def _seams(case: Case, windows: list[Window], steps: list[np.ndarray], longest_h: float) -> pd.DataFrame:
    """Table seams (T1): time, hours that both windows decided, planned_cny, decided_cny, lost_cny."""
    rows = []
    for before, after, old, new in zip(windows, windows[1:], steps, steps[1:], strict=False):
        both = min(before.last, after.kept) - after.first
        hours = float(case.time.hours[after.first : after.first + both].sum())
        ahead = before.steps(case.time, longest_h).hours[before.kept - before.first :]
        share = np.clip((hours - (np.cumsum(ahead) - ahead)) / ahead, 0.0, 1.0)
        planned, decided = float(share @ old[before.kept - before.first :]), float(new[:both].sum())
        rows.append((case.time.start[after.first], hours, planned, decided, decided - planned))
    return pd.DataFrame(rows, columns=["time", "hours", "planned_cny", "decided_cny", "lost_cny"])
