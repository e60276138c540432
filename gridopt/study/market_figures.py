"""Tables `explain` and `metrics` of a market study, out of what it has cleared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gridopt.analysis.explain_price import Explanation, explain_table, zone_buses
from gridopt.analysis.market_metrics import MetricRules, metrics
from gridopt.case.case import Case
from gridopt.dispatch.market_tables import frame
from gridopt.program.solution import SolverFailed
from gridopt.study.market_case import own_names, selection_of, settled_by, to_be_priced

if TYPE_CHECKING:
    from gridopt.study.market import Cleared

NOTHING = {"period": np.zeros(0, "datetime64[s]"), "exact": np.zeros(0, bool)} | {
    n: np.zeros(0, object) for n in ("bus", "term", "source")
} | {n: np.zeros(0) for n in ("weight", "value", "contribution")}  # fmt: skip


def explanations(found: Cleared) -> pd.DataFrame:
    """Table `explain` of the day-ahead prices, day by day; a day whose prices have no basis is told among the warnings."""
    where = found.market.explain
    if where == "off":
        return frame("explain", **NOTHING)
    case, parts = found.loaded.case, [frame("explain", **NOTHING)]
    buses = zone_buses(case) if where == "zones" else None
    selection = selection_of(found.loaded.study.pricing, found.market)
    for day in found.days.day_ahead:
        steps = range(day.window.kept - day.window.first)
        try:
            why = Explanation(to_be_priced(day.dispatch, found.market), selection, slack=found.loaded.study.pricing.slack)
            parts.append(explain_table(why, buses, settled_by(why.prices.price, found.market), steps))
        except SolverFailed as fault:
            found.warnings.append(f"prices from {day.dispatch.case.time.start[0]} on are not explained: {fault}")
    return _renamed(pd.concat(parts, ignore_index=True), case)


def _renamed(table: pd.DataFrame, case: Case) -> pd.DataFrame:
    """The table with plants by the names of the case by costs."""
    mine = table["term"].isin(("marginal", "cost")).to_numpy()
    known = pd.unique(table.loc[mine, "source"])
    own = dict(zip(known, own_names(known, case), strict=True))
    table.loc[mine, "source"] = table.loc[mine, "source"].map(own)
    return table


def figures(found: Cleared) -> pd.DataFrame:
    """Table `metrics`."""
    limit = found.market.price
    rules = MetricRules(limit.floor_cny_per_mwh, limit.cap_cny_per_mwh)
    return metrics(found.day_ahead, found.real_time, found.loaded.case, rules=rules, tables=found.tables, figures=found.figures)
