"""What comes back from solving, and the ways in which solving can end short of an optimum."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from gridopt.program.builder import Builder
from gridopt.program.family import Family
from gridopt.program.standard_form import StandardForm, value


class Infeasible(Exception):
    """No values of the columns satisfy all rows. `faults`: sentences for the reader, where more is known than that."""

    def __init__(self, *faults: str):
        super().__init__("\n".join(faults))
        self.faults = list(faults)


class LimitReached(Exception):
    """A time or iteration limit stopped the solver before it proved its result."""


class SolverMissing(Exception):
    """The chosen solver cannot be loaded."""


class SolverFailed(Exception):
    """The solver ended in a state from which no numbers may be used."""


@dataclass
class Solution:
    """Optimal values x (n,), duals of the rows that were in the program, and what proves them.

    `form` is the program with all rows that were added; `added` tells for each lazy family the (element, step) of each added row.
    Where integer columns were decided, they are fixed in `form`, `bound` proves that linear program, and `proven` is the bound that no
    other decision beats; `finished` tells whether the gap asked for was proven, as a share of the cost or as money. `asked`: that gap,
    the money, and the seconds that there were for it.
    """

    form: StandardForm
    x: np.ndarray
    y: np.ndarray
    bound: float
    rounds: int
    added: dict[str, np.ndarray] = field(default_factory=dict)
    statistics: dict = field(default_factory=dict)
    proven: float | None = None
    finished: bool = True
    asked: tuple[float, float, float] = (0.0, 0.0, np.inf)

    @property
    def objective(self) -> float:
        return value(self.form, self.x)

    @property
    def least_cost(self) -> float:
        """What no other decisions are cheaper than: the bound of whole values, or of the linear program where there are none."""
        return self.bound if self.proven is None else self.proven

    @property
    def gap(self) -> float:
        """(objective - least cost) / |objective|."""
        return (self.objective - self.least_cost) / max(abs(self.objective), 1.0)


@dataclass
class Values:
    """Primal and dual values by family name, as arrays shaped like the family."""

    builder: Builder
    solution: Solution

    def __getitem__(self, name: str) -> np.ndarray:
        family = _find(self.builder.column_families, name)
        return self.solution.x[family.ids] if family.size else np.zeros(family.shape)

    def dual(self, name: str) -> np.ndarray:
        """Duals of a row family; rows of a lazy family that were never written have dual zero."""
        for lazy in self.builder.lazy_families:
            if lazy.family.name == name:
                return self._lazy_dual(lazy.family)
        family = _find(self.builder.row_families, name)
        return self.solution.y[family.ids] if family.size else np.zeros(family.shape)

    def reduced_cost(self, name: str) -> np.ndarray:
        """Reduced costs of a column family: what one more unit of the column would add to the cost."""
        family = _find(self.builder.column_families, name)
        return self._reduced[family.ids] if family.size else np.zeros(family.shape)

    def has(self, name: str) -> bool:
        return any(f.name == name for f in self.builder.column_families)

    @property
    def _reduced(self) -> np.ndarray:
        if not hasattr(self, "_reduced_cost"):
            form = self.solution.form
            self._reduced_cost = form.cost + 2.0 * form.square * self.solution.x - form.matrix.T @ self.solution.y
        return self._reduced_cost

    def _lazy_dual(self, family: Family) -> np.ndarray:
        dual = np.zeros(family.shape)
        element, step, y = self.written(family.name)
        dual.reshape(-1, family.shape[-1])[element, step] += y
        return dual

    def written(self, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(element, step, dual) of the rows of a lazy family that were written, (k,) each."""
        element, step, row = self.solution.added.get(name, np.zeros((3, 0), int))
        return element, step, self.solution.y[row]

    def drawn_through(self, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(place, step, dual times factor) of what rows of a lazy family with a dual draw through (LazyFamily.draw), (k,) each; the
        rows themselves where they draw on their own."""
        element, step, dual = self.written(name)
        element, step, dual = element[dual != 0], step[dual != 0], dual[dual != 0]
        family = next(f for f in self.builder.lazy_families if f.family.name == name)
        if family.draw is None or not len(element):
            return element, step, dual
        row, place, factor = family.draw(element, step)
        return place, step[row], factor * dual[row]


def _find(families: list[Family], name: str) -> Family:
    for family in families:
        if family.name == name:
            return family
    raise KeyError(f"there is no family '{name}'")
