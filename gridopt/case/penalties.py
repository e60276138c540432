"""What may be violated at a price: the balance by shedding, limits of branches and sections by passing them.

A limit that table limit_penalty knows keeps its own steps, any other may be passed at the penalty of the network; load is shed at the
penalty of the balance, whatever its tier. Limits after outages are passed together with those before them (blocks/overload.py).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from gridopt.case.case import Case
from gridopt.case.topology import BRANCH_TABLES


def with_penalties(case: Case, balance: float, line: float) -> Case:
    """The case with penalties CNY/MWh of the balance and of limits of the network."""
    known = case.table("limit_penalty")
    have = set(zip(known["kind"], known["element"], strict=True))
    limited = [(t, n) for t in BRANCH_TABLES for n in case.table(t).index[case.table(t)["rating_mw"].notna().to_numpy()]]
    limited += [("interface", n) for n in case.table("interface_limit")["interface"].unique() if n in case.table("interface").index]
    rows = [{"kind": k, "element": n, "width_mw": np.nan, "cost_cny_per_mwh": line, "source": ""} for k, n in limited if (k, n) not in have]
    steps = pd.concat([known, pd.DataFrame(rows)[known.columns]], ignore_index=True).astype(known.dtypes) if rows else known
    tier = case.table("shedding_tier").assign(cost_cny_per_mwh=balance)
    return replace(case, tables={**case.tables, "limit_penalty": steps, "shedding_tier": tier})


def with_prices_of_penalties(case: Case, balance: float, line: float) -> Case:
    """The same case with other prices of what it violates, on the same steps."""
    steps = case.table("limit_penalty").assign(cost_cny_per_mwh=line)
    tier = case.table("shedding_tier").assign(cost_cny_per_mwh=balance)
    return replace(case, tables={**case.tables, "limit_penalty": steps, "shedding_tier": tier})
