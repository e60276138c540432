"""Available output: a search sees output and the reserve beside it as one column, for that is what the status of a unit limits.

Sets        j a step of an element that is switched and has one upward award, where that may be more than nothing
Columns     before: a output above the least one, r the award [MW];  in a search b = a + r has the place of r                   (A1)
Rows        every row with r in b, by r = b - a;  r >= 0 and, where the room of the element does not say it, r <= its largest:
            rows on b - a                                                                                                      (A2)
            requirement of the reserve + balance of each area whose elements give it, in the place of the requirement            (A3)

The limits of a status (U4) and the rise (U5) hold b alone then, and (A3) asks for as much of it as load and reserve ask for together: from
such rows covers and roundings cut far more than from sums of two columns. Nothing else changes: what kept the rows before keeps them in
(A1), at the same cost, and (A3) is the requirement again for all that keeps the balances. Only searches use it: duals, and so prices, are
those of the program as it was.

Source      output available at most as a column: Morales-España, Latorre, Ramos, 2013, doi:10.1109/TPWRS.2013.2251373
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from gridopt.blocks import commitment
from gridopt.case.fleet import TABLES
from gridopt.case.reserves import directions
from gridopt.dispatch.formulate import BLOCKS, Model
from gridopt.program.standard_form import Rows, StandardForm, extend


@dataclass(frozen=True)
class Available:
    """above, award int (k,): ids of a and r; requirement, balance int (m,): rows of (A3), one pair for each area."""

    above: np.ndarray
    award: np.ndarray
    requirement: np.ndarray
    balance: np.ndarray

    def laid(self, form: StandardForm) -> StandardForm:
        """The program in (A1), with (A2) at its end; its other rows and its columns keep their ids."""
        if not len(self.award):
            return form
        rows, columns = form.matrix.shape
        one = np.ones(len(self.award))
        before = sp.eye_array(columns, format="csr") - sp.csr_array((one, (self.award, self.above)), shape=(columns, columns))
        matrix = sp.csr_array(form.matrix @ before)
        pairs = np.ones(len(self.balance)), (self.requirement, self.balance)
        matrix = sp.csr_array(matrix + sp.csr_array(pairs, shape=(rows, rows)) @ matrix)
        matrix.eliminate_zeros()
        low, high, room, most = form.row_lower.copy(), form.row_upper.copy(), form.upper[self.above], form.upper[self.award]
        np.add.at(low, self.requirement, form.row_lower[self.balance])
        np.add.at(high, self.requirement, form.row_upper[self.balance])
        lower, upper = form.lower.copy(), form.upper.copy()
        lower[self.award], upper[self.award] = 0.0, room  # (U4) keeps b below the room
        limits = Rows(form.lower[self.award], np.where(most < room, most, np.inf), form.column_step[self.award], before[self.award])
        cost = before.T @ form.cost
        return extend(replace(form, cost=cost, lower=lower, upper=upper, matrix=matrix, row_lower=low, row_upper=high), limits)

    def into(self, x: np.ndarray) -> np.ndarray:
        """Values (n,) of the program as the search has them."""
        x = x.copy()
        x[self.award] += x[self.above]
        return x

    def back(self, x: np.ndarray) -> np.ndarray:
        """Values (n,) of the search as the program has them."""
        x = x.copy()
        x[self.award] -= x[self.above]
        return x


AS_IT_IS = Available(*np.zeros((4, 0), int))
"""Nothing to see as one column."""


def available(model: Model) -> Available:
    """(A1) of a model that is not outlined."""
    case, builder = model.case, model.builder
    fleet, columns, offers = case.fleet, model.columns[BLOCKS.index(commitment)], case.reserve_offers
    if not len(fleet) or not len(offers):
        return AS_IT_IS
    ((_, award, _),) = builder.port("award").offers()
    up = np.flatnonzero(np.isin(offers.kind, TABLES) & directions(case)[0][offers.reserve])
    numbers = {(t, r): n for n, (t, r) in enumerate(zip(fleet.table, fleet.row, strict=True))}
    unit = np.array([numbers.get((k, p), -1) for k, p in zip(offers.kind[up], offers.place[up], strict=True)], int)
    single = (unit >= 0) & (np.bincount(unit[unit >= 0], minlength=len(fleet))[unit] == 1)
    above, award = columns.above[unit[single]].ravel(), award[up[single]].ravel()
    form, rows = builder.form(), {f.name: f.ids.ravel() for f in builder.row_families}
    some = form.upper[award] > 0  # where nothing may be held b would be a, a column that is not in use
    above, award, matrix = above[some], award[some], form.matrix
    required, balance = rows["reserve.requirement"], rows["network.balance"]
    drawn = abs(matrix[required][:, award]) @ abs(matrix[balance][:, above]).T
    q, a = drawn.nonzero()
    return Available(above, award, required[q], balance[a])
