"""Why renewable energy of a market run was not used: the causes of each clearing (analysis/curtailment.py), by plant and period."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from gridopt.analysis.curtailment import REPORTED, Causes, causes
from gridopt.case.tables_plants import WEATHER
from gridopt.dispatch.lmp import Prices, price
from gridopt.dispatch.market_run import MarketRun
from gridopt.dispatch.market_tables import frame
from gridopt.dispatch.result import Dispatch


class Own(NamedTuple):
    """Prices that the duals of a clearing make, which prove its schedule, and why renewable energy was not used at them."""

    prices: Prices
    causes: Causes

    @classmethod
    def of(cls, dispatch: Dispatch) -> Own:
        prices = price(dispatch)
        return cls(prices, causes(dispatch, prices))


def curtailed(run: MarketRun) -> np.ndarray:
    """What plants could have given and did not MW (g, T); 0 for those that may choose."""
    return np.isin(run.technology, WEATHER)[:, None] * np.maximum(run.available - run.output, 0.0)


def curtailment_table(run: MarketRun, clearings: Sequence[tuple[Causes, int]]) -> pd.DataFrame:
    """Table `curtailment` of a run put together from clearings, each by its causes and the periods that it kept; causes belong to a bus and
    period, by the duals of the clearing."""
    lost, found, first = curtailed(run), [], 0
    for why, kept in clearings:
        pair = np.full((len(run.bus), max(int(why.step.max(initial=-1)) + 1, kept)), -1)
        pair[why.bus, why.step] = np.arange(len(why.bus))
        g, t = np.nonzero(lost[:, first : first + kept] > REPORTED)
        at = pair[run.plant_bus[g], t]
        g, t, at = g[at >= 0], t[at >= 0], at[at >= 0]
        part = why.share[:, at].tocoo()
        c, k = part.coords
        amount = part.data * lost[g[k], first + t[k]]
        some = np.flatnonzero(amount > REPORTED)
        order = some[np.lexsort((-amount[some], k[some]))]
        cause = np.array(why.names, object)[c[order]]
        found.append(frame("curtailment", run=run.stage, period=run.start[first + t[k[order]]], unit=run.plant[g[k[order]]], cause=cause,
                           curtailed=amount[order], gap=run.gap, exact=run.exact))  # fmt: skip
        first += kept
    return pd.concat(found, ignore_index=True)


def main_causes(table: pd.DataFrame, run: MarketRun) -> np.ndarray:
    """The cause that weighs most for each plant and period (g, T), '' where nothing is curtailed."""
    cause = np.full((len(run.plant), len(run.start)), "", object)
    mine = table[table["run"] == run.stage]
    largest = mine.sort_values("curtailed", kind="stable").drop_duplicates(["unit", "period"], keep="last")
    g, t = pd.Index(run.plant).get_indexer(largest["unit"]), pd.DatetimeIndex(run.start).get_indexer(largest["period"])
    cause[g, t] = largest["cause"].to_numpy(object)
    return cause
