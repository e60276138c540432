"""Which export bids may set the price at the sending end of a DC link whose power follows a schedule.

The schedule is held in a pricing run: steps of the power, holds and changes are whole values. Its rows (J1), (J2) of blocks/dc_schedule.py
then fix the power, and their duals take up any difference between the price at the sending end and what the receiving end pays (netback).
Where a step of table dc_market with the flag `sets_price` is sold in part, prices are chosen with as little of these duals as may be:

    min  sum |y|   over the rows that hold the power of such links in such steps                                        (E1)

so that the price is the netback where that is one of the right prices, and the right price closest to it where it is not.
"""

from __future__ import annotations

import numpy as np

from gridopt.blocks import dc_schedule
from gridopt.dispatch.formulate import BLOCKS
from gridopt.dispatch.result import Dispatch

INSIDE_MW = 1e-6


def schedule_rows(dispatch: Dispatch) -> np.ndarray:
    """Ids of the rows of (E1), (k,)."""
    market = dispatch.case.table("dc_market")
    columns = dispatch.model.columns[BLOCKS.index(dc_schedule)]
    if not market["sets_price"].any() or not len(columns.link):
        return np.zeros(0, int)
    sold = dispatch.quantities["dc_market_sold"].values
    width = market["power_max_mw"].to_numpy(float)[:, None] * dispatch.case.in_service("dc_market")
    part = market["sets_price"].to_numpy(bool)[:, None] & (sold > INSIDE_MW) & (sold < width - INSIDE_MW)
    priced = np.zeros((len(dispatch.case.table("dc_link")), sold.shape[1]), bool)
    np.logical_or.at(priced, dispatch.case.position("dc_link", market["dc_link"]), part)
    mine = priced[columns.link]
    # A change ties the power of a step to that of the step before: both rows hold it.
    tied = mine | np.concatenate([np.zeros((len(mine), 1), bool), mine[:, :-1]], axis=1)
    families = {f.name: f.ids for f in dispatch.model.builder.row_families}
    rows = [families["dc_schedule.step"][mine[columns.stepped]]]
    rows += [families[f"dc_schedule.{n}"][tied] for n in ("rise", "fall")]
    return np.concatenate(rows)
