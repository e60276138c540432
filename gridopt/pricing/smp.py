"""smp: one price for all, that of a market without a network (system marginal price).

    y = marginal price of the dispatch of the same offers where no branch, section or outage limits anything, commitment anew      (R1)

The schedule that (R1) is based on is not the cleared one; what the network costs is paid by constrained-on and constrained-off payments.
"""

from __future__ import annotations

from dataclasses import replace

from gridopt.case.case import Case
from gridopt.dispatch.infeasible import unlimited
from gridopt.dispatch.lmp import Prices, from_duals
from gridopt.dispatch.participants import Participants
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.right_duals import marginal
from gridopt.dispatch.single import dispatch as solve


def price(case: Case, dispatch: Dispatch) -> Prices:
    """Prices (R1), the same at every bus of an area."""
    tables = unlimited(case.tables)
    free = solve(replace(case, security="listed", tables={**tables, "contingency": tables["contingency"].iloc[:0]}))
    people, other = Participants.of(dispatch), free.participants
    y = people.aligned(other, marginal(free)[other.shared])
    return replace(from_duals(dispatch, people, y), schedule=free)
