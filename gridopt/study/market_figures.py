"""Tables `explain` and `metrics` of a market study, out of what it has cleared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gridopt.analysis.explain_price import Explanation, explain_table, zone_buses
from gridopt.analysis.market_metrics import MetricRules, metrics
from gridopt.analysis.true_cost import conduct, offers_of, true_cost
from gridopt.case.case import Case
from gridopt.dispatch.market_tables import frame
from gridopt.program.solution import SolverFailed
from gridopt.study.market_again import Again, cannibalisation, failing, impact
from gridopt.study.market_case import bidding, own_names, selection_of, settled_by, to_be_priced

if TYPE_CHECKING:
    from gridopt.study.market import Cleared

NOTHING = {"period": np.zeros(0, "datetime64[s]"), "exact": np.zeros(0, bool)} | {
    n: np.zeros(0, object) for n in ("rule", "bus", "term", "source")
} | {n: np.zeros(0) for n in ("weight", "value", "contribution")}  # fmt: skip


def explanations(found: Cleared) -> pd.DataFrame:
    """Table `explain` of the marginal prices of the day ahead, day by day; a day whose prices have no basis is told among the warnings."""
    where = found.market.explain
    if where == "off":
        return frame("explain", **NOTHING)
    case, parts = found.loaded.case, [frame("explain", **NOTHING)]
    buses = zone_buses(case) if where == "zones" else None
    selection = selection_of(found.loaded.study.pricing, found.market)
    for day in found.days.day_ahead:
        steps = range(day.window.kept - day.window.first)
        try:
            why = Explanation(to_be_priced(day.dispatch, found.market).optimum, selection, slack=found.loaded.study.pricing.slack)
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


def figures(found: Cleared, clear: Again) -> pd.DataFrame:
    """Table `metrics`; the true cost of who bids is that of the tables of the case. clear: clears the day ahead again."""
    market, case, run = found.market, found.loaded.case, found.day_ahead
    limit, asked = market.price, market.figures
    rules = MetricRules(limit.floor_cny_per_mwh, limit.cap_cny_per_mwh, asked.value_of_load_cny_per_mwh, asked.fixed_cost_cny_per_kw_year)
    offers = {} if market.bids == "cost" else offers_of(bidding(case, market))
    test, more = asked.conduct, []
    if test is not None:
        more = conduct(case, offers, test.threshold_cny_per_mwh, test.share)
        if test.impact_cny_per_mwh is not None:
            more = [*more, *impact(found, failing(more), test.impact_cny_per_mwh, clear)]
    if asked.cannibalisation is not None:
        more = [*more, *cannibalisation(found, asked.cannibalisation.technology, asked.cannibalisation.added_mw, clear)]
    return metrics(
        run, found.real_time, case, rules=rules, tables=found.tables, figures=found.figures, true_cost=true_cost(run, case, offers), more=more
    )
