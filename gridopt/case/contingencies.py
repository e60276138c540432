"""Contingencies: what may fail, as positions: table `contingency`, and every single branch where the case asks for N-1.

Rows of one name fail together. A branch is lost whole, with all its circuits; of other elements the share that the table gives.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from gridopt.case.topology import BRANCH_TABLES

SECURITY = ("listed", "n-1")


@dataclass(frozen=True)
class Contingencies:
    """name text (K,); branches bool sparse (K, L): which are out; elements lost in part or whole (M,): of, the contingency; kind;
    place, row in table `kind`; share."""

    name: np.ndarray
    branches: sp.csr_array
    of: np.ndarray
    kind: np.ndarray
    place: np.ndarray
    share: np.ndarray

    def __len__(self) -> int:
        return len(self.name)


def contingencies_of(case) -> Contingencies:
    """All contingencies of a case: the listed ones in the order of their first rows, then single branches that are not listed."""
    if case.security not in SECURITY:
        raise ValueError(f"security is '{case.security}', must be one of {SECURITY}")
    table, ids = case.table("contingency"), case.grid.branches.ids
    kind, element = (table[c].to_numpy(object) for c in ("kind", "element"))
    names = list(dict.fromkeys(table["contingency"]))
    number = {name: k for k, name in enumerate(names)}
    of = np.array([number[n] for n in table["contingency"]], int)
    first = dict(zip(BRANCH_TABLES, np.cumsum([0, *(len(case.table(t)) for t in BRANCH_TABLES)]), strict=False))
    place = np.array([case.tables[k].index.get_indexer([e])[0] for k, e in zip(kind, element, strict=True)], int)
    known, wire = place >= 0, np.isin(kind, BRANCH_TABLES)
    row, column = of[wire & known], np.array([first[k] for k in kind[wire & known]], int) + place[wire & known]
    listed = sp.csr_array((np.ones(len(row), bool), (row, column)), shape=(len(names), len(ids)))
    if case.security == "n-1":
        alone = np.bincount(of[known], minlength=len(names)) == 1
        single = np.setdiff1d(np.arange(len(ids)), column[alone[row]])
        names += [i if i not in number else f"{i} (n-1)" for i in ids[single]]
        every = sp.csr_array((np.ones(len(single), bool), (np.arange(len(single)), single)), shape=(len(single), len(ids)))
        listed = sp.csr_array(sp.vstack([listed, every], format="csr"))
    lost = known & ~wire
    share = table["share"].to_numpy(float)[lost]
    return Contingencies(np.array(names, object), listed, of[lost], kind[lost], place[lost], share)
