"""Best answers of participants at given prices: what each would rather do (P2).

Those with paths (unit_paths.py) answer by these, the rest by linear programs of some participants each; only those that answer with
fractions where whole values are demanded get a search of their own. Whole values that follow from what a participant does (which side a
store is on) are no fractions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from gridopt.program.highs import Highs

if TYPE_CHECKING:
    from gridopt.dispatch.participants import Participants

WHOLE, KEPT, MANY = 1e-6, 4, 20_000
"""Fraction that counts as none, answers that are kept for those who ask at the same prices, and columns of a linear program, but for one
participant with more."""


@dataclass(frozen=True)
class Answer:
    """Best values of all columns at some prices (n,), what each participant gets for them (negative: profit) (g,), and q(y)."""

    x: np.ndarray
    best: np.ndarray
    bound: float


@dataclass(frozen=True)
class Answers:
    """Best answers of all participants at given prices. asked: the last ones, with their prices (k,) and costs (n,)."""

    people: Participants
    programs: Programs
    asked: list[tuple[np.ndarray, np.ndarray, Answer]]

    def at(self, y: np.ndarray, beside: np.ndarray | float = 0.0, enough: np.ndarray | None = None) -> Answer:
        """(P2) at prices y (k,), and costs `beside` (n,) of the columns. Raises SolverFailed.

        enough (g,): a participant whose relaxation does not get below this is not searched: its answer is that of the relaxation, with
        fractions, and its best value a bound. So is q(y) then.
        """
        people, programs, y = self.people, self.programs, self.people.signed(y)
        cost = people.reduced(y) + beside
        for prices, costs, answer in self.asked if enough is None else ():  # rules that share their prices ask the same
            if np.array_equal(prices, y) and np.array_equal(costs, cost):
                return answer
        x = people.settled(programs.best(people, cost), cost)
        off = np.abs(x[programs.whole] - np.round(x[programs.whole])) > WHOLE
        if enough is not None:
            off &= (people.by_part(cost * x) < enough)[people.part[programs.whole]]
        for g in np.unique(people.part[programs.whole[off]]):
            search = programs.search(people, int(g))
            x[search.columns] = search.best(cost)
        answer = self._answer(x, cost, y)
        if enough is None:
            self.asked[:] = [(y, cost, answer), *self.asked[: KEPT - 1]]
        return answer

    def of(self, y: np.ndarray, x: np.ndarray, who: np.ndarray) -> Answer:
        """Best answers of participants `who` at prices y (k,); of all others their values in x (n,), which count as their best."""
        people, cost, found, y = self.people, self.people.reduced(y), x.copy(), self.people.signed(y)
        by_path = np.zeros(0, int)
        if people.paths is not None and len(who):
            mine = np.isin(people.part, who) & self.programs.by_path
            answer = np.zeros(len(cost))
            people.paths.best(cost, answer)
            found[mine], by_path = answer[mine], np.unique(people.part[mine])
        for g in np.setdiff1d(who, by_path):
            search = self.programs.search(people, int(g))
            found[search.columns] = search.best(cost)
        return self._answer(found, cost, y)

    def _answer(self, x: np.ndarray, cost: np.ndarray, y: np.ndarray) -> Answer:
        best = self.people.by_part(cost * x)
        return Answer(x, best, float(best.sum()) + self.people.worth(y) + self.people.form.offset)


@dataclass
class Block:
    """Participants that answer by one program: its columns (c,), its rows (r,) by their place among the private ones, and the basis that it
    ended with."""

    columns: np.ndarray
    rows: np.ndarray
    basis: tuple[np.ndarray, np.ndarray] | None = None


class Programs:
    """What best answers are found by, for participants that differ in their shared rows alone. by_path bool (n,): columns of those with a
    path; whole: columns of the others that take whole values.

    The programs are loaded one after the other: of a long time they hold many times what their matrices do.
    """

    def __init__(self, people: Participants):
        form = people.form
        self.by_path = np.zeros(len(form.cost), bool) if people.paths is None else people.paths.columns(len(form.cost))
        self.whole = form.integer[~self.by_path[form.integer]]
        self.blocks = self._blocks(people)
        self.searches: dict[int, Search] = {}

    def _blocks(self, people: Participants) -> list[Block]:
        size = people.by_part(~self.by_path)
        block = np.where(size > 0, (np.cumsum(size) - size) // MANY, -1)
        matrix, part = people.own
        column, row = block[people.part], np.where(np.diff(matrix.indptr) > 0, block[part], -1)
        return [Block(np.flatnonzero(column == b), np.flatnonzero(row == b)) for b in np.unique(block[block >= 0])]

    def best(self, people: Participants, cost: np.ndarray) -> np.ndarray:
        """Best values (n,) at costs (n,), with fractions where a search is needed."""
        x = np.zeros(len(cost))
        if people.paths is not None:
            people.paths.best(cost, x)
        for block in self.blocks:
            program = loaded(people, block.columns, block.rows, cost)
            if block.basis is not None:
                program.set_basis(*block.basis)
            program.solve()
            x[block.columns], block.basis = program.solution()[0], program.basis()
        return x

    def search(self, people: Participants, g: int) -> Search:
        """That of participant g, kept loaded."""
        if g not in self.searches:
            self.searches[g] = Search(people, g)
        return self.searches[g]


def loaded(people: Participants, columns: np.ndarray, rows: np.ndarray, cost: np.ndarray) -> Highs:
    """The program of columns (c,) and of the private rows at places (r,), which have no others, at costs (n,)."""
    form, part, ids = people.form, people.own[0][rows], people.private[rows]
    place = np.zeros(len(form.cost), np.int32)
    place[columns] = np.arange(len(columns))
    matrix = sp.csr_array((part.data, place[part.indices], part.indptr), shape=(len(rows), len(columns)))
    program = Highs()
    program.load(cost[columns], form.lower[columns], form.upper[columns], matrix, form.row_lower[ids], form.row_upper[ids])
    return program


class Search:
    """The best answer of one participant by a search for whole values, loaded."""

    def __init__(self, people: Participants, g: int):
        form, (matrix, part) = people.form, people.own
        self.columns = np.flatnonzero(people.part == g)
        self.whole = np.flatnonzero(np.isin(self.columns, form.integer))
        self.bounds = form.lower[self.columns][self.whole], form.upper[self.columns][self.whole]
        self.program = loaded(people, self.columns, np.flatnonzero((part == g) & (np.diff(matrix.indptr) > 0)), form.cost)

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
