"""Budgets of periods: fuel that may or must be burnt, CO2 that may be emitted, and what one more unit of each is worth.

Limits hold for the part of a period that is studied. value = dual: cost of one more unit that must be used, > 0 at the lower end; what
one more unit that may be used would save, < 0 at the upper end                                          (B1)
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridopt.case.pools import left, studied
from gridopt.dispatch.result import Dispatch

COLUMNS = ["kind", "budget", "start_date", "end_date", "unit", "used", "least", "most", "value_cny_per_unit"]


def budgets(dispatch: Dispatch) -> pd.DataFrame:
    """Table budgets: one row per fuel budget and emission cap that the study touches; NaN where there is no limit."""
    case, port, x = dispatch.case, dispatch.model.builder.port, dispatch.solution.x
    found = []
    for table, flow, unit in (("fuel_budget", "fuel", "tce"), ("emission_cap", "emission", "t")):
        frame = case.table(table)
        inside, share = studied(case, frame)
        rate = port(flow).value(x)[: len(frame)] if table == "fuel_budget" else np.repeat(port(flow).value(x), len(frame), axis=0)
        used = (inside * case.time.hours * rate).sum(axis=1)
        outside = "burnt_outside_tce" if table == "fuel_budget" else "emitted_outside_t"
        least, most = (left(frame, c, outside, share) if c in frame else np.full(len(frame), np.nan) for c in _limits(table))
        value = _values(dispatch, table)
        for i in np.flatnonzero(share > 0):
            name, row = frame.index[i], frame.iloc[i]
            value_here = value.get(name, 0.0) + 0.0  # no -0.0
            found.append((table, name, row["start_date"], row["end_date"], unit, used[i], least[i], most[i], value_here))
    return pd.DataFrame(found, columns=COLUMNS)


def _limits(table: str) -> tuple[str, str]:
    return ("amount_min_tce", "amount_max_tce") if table == "fuel_budget" else ("", "amount_max_t")


def _values(dispatch: Dispatch, table: str) -> dict[str, float]:
    """(B1) by budget."""
    values: dict[str, float] = {}
    for name in ("fuel.least", "fuel.most") if table == "fuel_budget" else ("carbon.cap",):
        family = next(f for f in dispatch.model.builder.row_families if f.name == name)
        for label, dual in zip(family.over[table], dispatch.values.dual(name), strict=True):
            values[label] = values.get(label, 0.0) + float(dual)
    return values
