"""Attempts: searches for whole values of one program, some decisions held, others free; the best values and the best bound so far.

Several attempts may run side by side. Each loads the program with the bounds of its own. Rows that its values break are written for all
that follow, and the whole values that it has found are held in the linear program that remains: where only output has to move, it does so
at once, and no search begins again. Searches that keep a program loaded, as dives do, know only the rows that they write themselves: what
runs beside them has rows of its own (`apart`). Once the gap is met, all of them end. The cost of values is that of the program itself,
square costs included, whatever the solver's tangents say.
"""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from gridopt.dispatch.available import AS_IT_IS, Available
from gridopt.dispatch.lazy import ROUNDS, Loaded, Program, Relaxed, broken, solve
from gridopt.program.highs import ROOT, Highs, Incumbent
from gridopt.program.solution import Infeasible, LimitReached, Solution, SolverFailed
from gridopt.program.standard_form import value

SAME = 1e-9
"""Share by which two costs of the same values may differ."""
Progress = Callable[[str], None]
Implied = Callable[[np.ndarray], np.ndarray]
"""Values in which integer columns whose rows are not written yet take what the other columns imply."""


@dataclass(frozen=True)
class Search:
    """How long whole values are looked for: until the relative `gap` is proven, or one of so much `money`, or `seconds` have passed, or
    `stop` is set.

    seed: of the random choices of HiGHS; another one takes another way.
    """

    gap: float = 1e-3
    seconds: float = np.inf
    stop: threading.Event | None = None
    seed: int = 0
    money: float = 0.0

    @classmethod
    def again(cls, solution: Solution) -> Search:
        """As whole values were looked for before: what is compared with a schedule is proven no more and no less than that."""
        gap, money, seconds = solution.asked
        return cls(gap, seconds, money=money)

    @property
    def asked(self) -> tuple[float, float, float]:
        """As a Solution keeps it."""
        return self.gap, self.money, self.seconds

    def enough(self, cost: float, bound: float) -> bool:
        """Whether values of this cost are near enough to a bound."""
        return cost - bound <= max((self.gap + SAME) * max(abs(cost), 1.0), self.money)


class Enough(threading.Event):
    """Set by itself, or when another event is."""

    def __init__(self, other: threading.Event):
        super().__init__()
        self._other = other

    def is_set(self) -> bool:
        return super().is_set() or self._other.is_set()


@dataclass
class Best:
    """x (n,): the best values so far by builder id, None before the first; cost: theirs; bound: no values cost less; ended: whether a
    search of everything has come to its end."""

    bound: float
    x: np.ndarray | None = None
    cost: float = np.inf
    ended: bool = False


class Attempts:
    """best: what has been found so far; enough: set once the gap is met, or when `stop` is.

    ids: integer columns (k,), element by element and step by step; element, step int (k,): what each decides upon, and when (-1: for
    all steps); lone bool (k,): no row holds it yet.
    """

    def __init__(
        self, relaxed: Relaxed, program: Program, search: Search, implied: Implied, bound: float, progress: Progress,
        available: Available = AS_IT_IS,
    ):  # fmt: skip
        self.relaxed, self.program, self.search, self.implied, self.progress = relaxed, program, search, implied, progress
        self.available = available
        self.best = Best(bound)
        self.stop = search.stop or threading.Event()
        self.enough = Enough(self.stop)  # not `stop` itself, which may be that of the process: what follows must go on
        self._end = time.monotonic() + search.seconds
        self._lock = threading.RLock()
        form = relaxed.form
        # A family over time counts its ids step by step, so that id - step is the same for all of an element.
        step = form.column_step[form.integer]
        element = form.integer - np.maximum(step, 0)
        order = np.lexsort((step, element))
        self.ids, self.step = form.integer[order], step[order]
        self.element = np.unique(element[order], return_inverse=True)[1]
        self.lone = np.bincount(form.matrix.indices, minlength=len(form.cost))[self.ids] == 0

    def apart(self) -> Attempts:
        """The same attempts with rows of their own, all else in common."""
        made = copy.copy(self)
        made.relaxed = self.relaxed.apart()
        return made

    @property
    def x(self) -> np.ndarray | None:
        return self.best.x

    @property
    def cost(self) -> float:
        return self.best.cost

    @property
    def bound(self) -> float:
        return self.best.bound

    @property
    def ended(self) -> bool:
        return self.best.ended

    @property
    def gap(self) -> float:
        """(cost - bound) / |cost|."""
        return (self.cost - self.bound) / max(abs(self.cost), 1.0) if np.isfinite(self.cost) else np.inf

    @property
    def met(self) -> bool:
        return self.x is not None and self.search.enough(self.cost, self.bound)

    @property
    def over(self) -> bool:
        """Whether there is nothing left to do, or no time."""
        return self.met or self.ended or self.enough.is_set() or self.left <= 0

    @property
    def left(self) -> float:
        """Seconds."""
        return self._end - time.monotonic()

    def wait_for(self, work: Callable[[], None]) -> None:
        """Does what is not of this search and takes none of its time."""
        begun = time.monotonic()
        work()
        self._end += time.monotonic() - begun

    @property
    def asked(self) -> float:
        """Relative gap to ask of a solver, which knows nothing of fixed costs: no more money than the gap of the whole cost."""
        known, offset = np.array([v for v in (self.bound, self.cost) if np.isfinite(v)]), self.relaxed.form.offset
        without = np.abs(known - offset).max(initial=0.0)
        return self.search.gap * min(1.0, float(np.maximum(np.abs(known), 1.0).min(initial=np.inf) / without) if without > 0 else 1.0)

    @property
    def target(self) -> float:
        """A cost that meets the gap, if only just."""
        share = abs(self.bound) / (1.0 + self.search.gap if self.bound < 0 else 1.0)  # the gap is one of the cost
        return self.bound + 0.98 * max(self.search.gap * share, self.search.money)

    def gained(self, before: float, part: float) -> bool:
        """Whether that part of what was missing at a cost `before` has been found since; true where there was none before."""
        return before == np.inf or before - self.cost > part * max(before - self.target, 0.0)

    def whole(self, x: np.ndarray) -> np.ndarray:
        """Whole values of the decisions (k,) at or nearest to values x (n,)."""
        return np.round(self.implied(x)[self.ids])

    def prove(self, bound: float) -> None:
        """A bound of the whole program."""
        with self._lock:
            self.best.bound = max(self.bound, bound)
            self._told()

    def now(self) -> Best:
        """What has been found so far, all of one moment."""
        with self._lock:
            return copy.copy(self.best)

    def end(self) -> None:
        """A search of everything has come to its end."""
        with self._lock:
            self.best.ended = True
        self.enough.set()

    def offer(self, x: np.ndarray, who: str) -> None:
        """Values that break no row."""
        cost = value(self.relaxed.form, x)
        with self._lock:
            if cost < self.cost:
                self.best.cost, self.best.x = cost, x  # in this order: whoever looks between must not find values that cost nothing yet
                self.progress(f"{who}: cost {cost:,.0f}, gap {100 * max(self.gap, 0.0):.3f} %")
                self._told()

    def _told(self) -> None:
        if self.met:
            self.enough.set()

    def attempt(
        self,
        who: str,
        held: np.ndarray,
        values: np.ndarray,
        *,
        gap: float,
        money: float = 0.0,
        seconds: float = np.inf,
        stop: threading.Event | None = None,
        tell: Callable[[float], None] | None = None,
        root: bool = False,
    ) -> Incumbent:
        """One search with decisions `held` bool (k,) at `values` (k,); offers what it finds. Bounds are those of this attempt alone.

        root: no further than the cuts of the first relaxation, where the solver is HiGHS.

        Raises Infeasible where nothing fits what is held.
        """
        offset = self.relaxed.form.offset
        for _ in range(ROUNDS):
            with self._lock:
                form, start, known = self.relaxed.form, self.x, dict(self.relaxed.added)
                lower, upper = form.lower.copy(), form.upper.copy()
                lower[self.ids[held]] = upper[self.ids[held]] = values[held]
                part = Relaxed(self.available.laid(replace(form, lower=lower, upper=upper)), self.relaxed.families)
                part.used = self.relaxed.used
                loaded = Loaded.load(part, self.program)
            if root and isinstance(loaded.highs, Highs):
                loaded.highs.set(**ROOT)
            place = loaded.rank[self.ids]
            loaded.highs.whole(place[place >= 0])
            if start is not None and (np.abs(start[self.ids[held]] - values[held]) < 0.5).all() and loaded.tangents is None:
                loaded.highs.begin_from(self.available.into(start)[loaded.columns])
            found = loaded.highs.search(
                gap=gap, money=money, target=self.target - offset, seconds=min(seconds, self.left), stop=stop or self.enough,
                tell=None if tell is None else lambda bound: tell(bound + offset),
            )  # fmt: skip
            if found.x is None:
                return Incumbent(None, np.inf, found.bound + offset, found.done)
            x = np.zeros(loaded.size)
            x[loaded.columns] = found.x[: len(loaded.columns)]
            x = self.available.back(x)
            with self._lock:
                # Rows that another thread has written meanwhile are not in this program: what breaks them is no schedule.
                chosen = broken(self.relaxed.families, x, known)
                self.relaxed.write(self.relaxed.broken(x))
            if chosen and value(form, x) >= self.cost:  # to keep the rows costs more yet
                return Incumbent(None, np.inf, found.bound + offset, found.done)
            kept = self.completed(x) if chosen else x
            cost = np.inf if kept is None else value(form, kept)
            if kept is not None:
                self.offer(kept, who)
            near = not chosen or (kept is not None and cost - found.bound - offset <= max(gap * abs(cost - offset), money))
            if near or not found.done or self.over:
                return Incumbent(kept, cost, found.bound + offset, found.done and near)
        raise SolverFailed(f"rows were still broken after {ROUNDS} rounds")

    def completed(self, x: np.ndarray) -> np.ndarray | None:
        """Values (n,) with the whole ones of x (n,) that break no row, at least cost; None where there are none."""
        part, found = self.fixed(x), None
        with suppress(Infeasible, LimitReached, SolverFailed):
            found = solve(part, program=self.program).x
        with self._lock:
            self.relaxed.take(part)
        return found

    def fixed(self, x: np.ndarray) -> Relaxed:
        """The program with its integer columns held at the whole values of x (n,), and the rows written so far."""
        with self._lock:
            form, core, added = self.relaxed.form, self.relaxed.core, dict(self.relaxed.added)
        lower, upper = form.lower.copy(), form.upper.copy()
        lower[self.ids] = upper[self.ids] = self.whole(x)
        part = Relaxed(replace(form, lower=lower, upper=upper), self.relaxed.families)
        part.core, part.added = core, added
        return part
