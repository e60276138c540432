"""Best answers of participants at given prices: what each would rather do (P2).

They are found for all participants at once: by their paths (unit_paths.py), the rest as one linear program; only those that answer with
fractions where whole values are demanded get a search of their own. Whole values that follow from what a participant does (which side a
store is on) are no fractions.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from gridopt.program.highs import Highs

if TYPE_CHECKING:
    from gridopt.dispatch.participants import Participants

WHOLE, KEPT = 1e-6, 4
"""Fraction that counts as none, and answers that are kept for those who ask at the same prices."""


@dataclass(frozen=True)
class Answer:
    """Best values of all columns at some prices (n,), what each participant gets for them (negative: profit) (g,), and q(y)."""

    x: np.ndarray
    best: np.ndarray
    bound: float


class Answers:
    """Best answers of all participants at given prices; the program stays loaded from one set of prices to the next."""

    def __init__(self, people: Participants):
        self.people, form = people, people.form
        self.program = Highs()
        own = np.zeros(len(form.cost), bool) if people.paths is None else people.paths.columns(len(form.cost))
        self.rest = np.flatnonzero(~own)
        part = sp.csr_array(form.matrix[people.private][:, self.rest])
        some = np.flatnonzero(np.diff(part.indptr))
        rows = people.private[some]
        self.program.load(
            form.cost[self.rest], form.lower[self.rest], form.upper[self.rest], part[some], form.row_lower[rows], form.row_upper[rows]
        )  # fmt: skip
        self.whole = np.intersect1d(self.rest, form.integer)
        self.bounds = form.lower[self.rest], form.upper[self.rest]
        self.searches: dict[int, Search] = {}
        self.known: list[tuple[np.ndarray, np.ndarray, Answer]] = []

    def beside(self, people: Participants) -> Answers:
        """The same programs for the same participants with shared rows of their own, or with other bounds of their columns."""
        made, form, before = copy(self), people.form, self.people.form
        made.people, made.known = people, []
        if form.lower is not before.lower or form.upper is not before.upper:
            made.searches, made.bounds = {}, (form.lower[self.rest], form.upper[self.rest])
        return made

    def at(self, y: np.ndarray, beside: np.ndarray | float = 0.0, enough: np.ndarray | None = None) -> Answer:
        """(P2) at prices y (k,), and costs `beside` (n,) of the columns. Raises SolverFailed.

        enough (g,): a participant whose relaxation does not get below this is not searched: its answer is that of the relaxation, with
        fractions, and its best value a bound. So is q(y) then.
        """
        people, y = self.people, self.people.signed(y)
        cost = people.reduced(y) + beside
        for prices, costs, answer in self.known if enough is None else ():  # rules that share their prices ask the same
            if np.array_equal(prices, y) and np.array_equal(costs, cost):
                return answer
        x = self._relaxed(cost)
        off = np.abs(x[self.whole] - np.round(x[self.whole])) > WHOLE
        if enough is not None:
            off &= (people.by_part(cost * x) < enough)[people.part[self.whole]]
        for g in np.unique(people.part[self.whole[off]]):
            search = self._search_of(int(g))
            x[search.columns] = search.best(cost)
        best = people.by_part(cost * x)
        answer = Answer(x, best, float(best.sum()) + people.worth(y) + people.form.offset)
        if enough is None:
            self.known = [(y, cost, answer), *self.known[: KEPT - 1]]
        return answer

    def of(self, y: np.ndarray, x: np.ndarray, who: np.ndarray) -> Answer:
        """Best answers of participants `who` at prices y (k,); of all others their values in x (n,), which count as their best."""
        people, cost, found, y = self.people, self.people.reduced(y), x.copy(), self.people.signed(y)
        by_path = np.zeros(0, int)
        if people.paths is not None and len(who):
            mine = np.isin(people.part, who)
            mine[self.rest] = False
            answer = np.zeros(len(cost))
            people.paths.best(cost, answer)
            found[mine], by_path = answer[mine], np.unique(people.part[mine])
        for g in np.setdiff1d(who, by_path):
            search = self._search_of(int(g))
            found[search.columns] = search.best(cost)
        best = people.by_part(cost * found)
        return Answer(found, best, float(best.sum()) + people.worth(y) + people.form.offset)

    def _search_of(self, g: int) -> Search:
        if g not in self.searches:
            self.searches[g] = Search(self.people, g)
        return self.searches[g]

    def _relaxed(self, cost: np.ndarray) -> np.ndarray:
        """Best values (n,) at costs (n,), with fractions where a search is needed."""
        people, x = self.people, np.zeros(len(cost))
        if people.paths is not None:
            people.paths.best(cost, x)
        if not len(self.rest):
            return x
        self.program.change_bounds(*self.bounds)  # the program may be shared with others whose bounds are not these
        self.program.change_costs(cost[self.rest])
        self.program.solve()
        x[self.rest] = self.program.solution()[0]
        return people.settled(x, cost)


class Search:
    """The best answer of one participant by a search for whole values, loaded."""

    def __init__(self, people: Participants, g: int):
        form = people.form
        self.columns = np.flatnonzero(people.part == g)
        part = sp.csr_array(form.matrix[people.private][:, self.columns])
        some = np.flatnonzero(np.diff(part.indptr))
        rows = people.private[some]
        self.program = Highs()
        self.whole = np.flatnonzero(np.isin(self.columns, form.integer))
        self.bounds = form.lower[self.columns][self.whole], form.upper[self.columns][self.whole]
        self.program.load(
            form.cost[self.columns], form.lower[self.columns], form.upper[self.columns], part[some], form.row_lower[rows], form.row_upper[rows]
        )  # fmt: skip

    def best(self, cost: np.ndarray) -> np.ndarray:
        """Its best values (c,) at costs (n,) of all columns: a search for the whole ones, then what is best with those."""
        program = self.program
        program.change_costs(cost[self.columns])
        program.whole(self.whole)
        found = program.search(gap=0.0)
        assert found.x is not None
        held = np.round(found.x[self.whole])
        program.whole(self.whole, demanded=False)
        program.bound(self.whole, held, held)
        program.solve()
        program.bound(self.whole, *self.bounds)
        return program.solution()[0]
