"""DC links: energy and renewable share by contract and over the study.

Contract energy holds for the part of the period that is studied: its limits are scaled by that part (as in blocks/dc_contract.py).

    value_of_energy = dual of dc_contract.energy: cost of one more MWh of contract; negative at the upper end    (F1)
    value_of_share = -dual of dc_contract.share: what one more MWh of unbundled energy would save, >= 0    (F2)
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridopt.blocks import dc_contract
from gridopt.dispatch.formulate import BLOCKS
from gridopt.dispatch.result import Dispatch

DAY = np.timedelta64(86400, "s")
CONTRACT_COLUMNS = [
    "contract", "dc_link", "start_date", "end_date", "sent_mwh", "energy_min_mwh", "energy_max_mwh", "renewable_share",
    "renewable_share_min", "value_of_energy_cny_per_mwh", "value_of_share_cny_per_mwh",
]  # fmt: skip


def dc_contracts(dispatch: Dispatch) -> pd.DataFrame:
    """Table dc_contracts: the contracts that the study touches; energies in MWh of the studied part, NaN where there is no limit.

    renewable_share is NaN where nothing was sent.
    """
    case = dispatch.case
    table = case.table("dc_contract").iloc[dispatch.model.columns[BLOCKS.index(dc_contract)].contracts]
    if not len(table):
        return pd.DataFrame(columns=CONTRACT_COLUMNS)
    first, last = (table[c].to_numpy("datetime64[s]") for c in ("start_date", "end_date"))
    inside = case.time.share_between(first, last + DAY) * case.time.hours
    studied = inside.sum(axis=1) / ((last + DAY - first) / np.timedelta64(3600, "s"))
    link = case.position("dc_link", table["dc_link"])
    found = dispatch.quantities
    power = found.get("dc_power", found["dc_sent"]).values  # of links that reverse: less what is sent back
    sent, bundled = ((inside * values[link]).sum(axis=1) for values in (power, found["dc_bundled"].values))
    low, high = (table[f"energy_{c}_mwh"].to_numpy(float) * studied for c in ("min", "max"))
    value = {n: dispatch.values.dual(f"dc_contract.{n}") + 0.0 for n in ("energy", "share")}  # no -0.0
    values = (
        table.index.to_numpy(object), table["dc_link"].to_numpy(object), first, last, sent, low, high, _ratio(bundled, sent),
        table["renewable_share_min"].to_numpy(float), value["energy"], 0.0 - value["share"],
    )  # fmt: skip
    return pd.DataFrame(dict(zip(CONTRACT_COLUMNS, values, strict=True)))


def dc_links(dispatch: Dispatch) -> pd.DataFrame:
    """dc_link, sent_mwh, received_mwh, renewable_share (bundled / sent; NaN if nothing is sent), hours (sent / largest power)."""
    table, hours = dispatch.case.table("dc_link"), dispatch.case.time.hours
    sent, received, bundled = (dispatch.quantities[f"dc_{n}"].values @ hours for n in ("sent", "received", "bundled"))
    return pd.DataFrame(
        {
            "dc_link": table.index.to_numpy(object),
            "sent_mwh": sent,
            "received_mwh": received,
            "renewable_share": _ratio(bundled, sent),
            "hours": np.nan_to_num(_ratio(sent, table["power_max_mw"].to_numpy(float))),
        }
    )


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
