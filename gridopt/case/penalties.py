"""What may be violated at a price: the balance by shedding, limits of branches and sections by passing them.

A limit that table limit_penalty knows keeps its own steps, any other may be passed at the penalty of the network, that after outages alone
at the penalty of security, where outages have to be withstood (blocks/overload.py); load is shed at the penalty of the balance, whatever
its tier.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from gridopt.case.case import Case
from gridopt.case.topology import BRANCH_TABLES


def with_penalties(case: Case, balance: float, line: float, security: float) -> Case:
    """The case with penalties CNY/MWh of the balance, of limits of the network, and of those after outages."""
    known = case.table("limit_penalty")
    have = set(zip(known["kind"], known["element"], known["after_outages"], strict=True))
    secured = case.security != "listed" or len(case.table("contingency"))
    limited = [(t, n) for t in BRANCH_TABLES for n in case.table(t).index[case.table(t)["rating_mw"].notna().to_numpy()]]
    limited += [("interface", n) for n in case.table("interface_limit")["interface"].unique() if n in case.table("interface").index]
    watched = [(t, n) for t in BRANCH_TABLES for n in case.table(t).index[_watched(case.table(t))]] if secured else []
    rows = [
        {"kind": k, "element": n, "after_outages": after, "width_mw": np.nan, "cost_cny_per_mwh": cost, "source": ""}
        for pairs, after, cost in ((limited, False, line), (watched, True, security)) for k, n in pairs if (k, n, after) not in have
    ]  # fmt: skip
    steps = pd.concat([known, pd.DataFrame(rows)[known.columns]], ignore_index=True).astype(known.dtypes) if rows else known
    tier = case.table("shedding_tier").assign(cost_cny_per_mwh=balance)
    return replace(case, tables={**case.tables, "limit_penalty": steps, "shedding_tier": tier})


def _watched(branch: pd.DataFrame) -> np.ndarray:
    """Branches with a limit after outages, bool (n,)."""
    return (branch["rating_mw"].notna() | branch["rating_emergency_mw"].notna()).to_numpy()


def with_prices_of_penalties(case: Case, balance: float, line: float, security: float) -> Case:
    """The same case with other prices of what it violates, on the same steps."""
    steps = case.table("limit_penalty")
    steps = steps.assign(cost_cny_per_mwh=np.where(steps["after_outages"], security, line))
    tier = case.table("shedding_tier").assign(cost_cny_per_mwh=balance)
    return replace(case, tables={**case.tables, "limit_penalty": steps, "shedding_tier": tier})
