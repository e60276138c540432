"""Reserves over the period: what was required, awarded, missing, what it cost, and who provided it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridopt.case.reserves import counting
from gridopt.dispatch.result import Dispatch

NOTICED = 1e-3
"""MWh."""


def reserves(solved: Dispatch) -> pd.DataFrame:
    """One row per reserve: MW over time in MWh, mean price weighted by the requirement, what the requirement is worth at the price."""
    case, hours = solved.case, solved.case.time.hours
    needed, short, award = (solved.quantities[f"reserve_{n}"].values for n in ("requirement", "shortage", "award"))
    counted = counting(case)[:, case.reserve_offers.reserve] @ award
    table = case.table("reserve").reset_index()[["reserve", "name", "name_zh", "product", "zone"]]
    required, worth = needed @ hours, (needed * solved.reserve_price) @ hours
    plain = solved.reserve_price @ hours / hours.sum()
    return table.assign(
        required_mwh=required, awarded_mwh=counted @ hours, shortage_mwh=short @ hours, shortage_h=(short > 1e-6) @ hours,
        price_mean=np.divide(worth, required, out=plain, where=required > 0), worth_cny=worth,
    )  # fmt: skip


def providers(solved: Dispatch) -> pd.DataFrame:
    """One row per offer with awards: MWh, what was offered for them, and what they earn at the prices of all they count for."""
    case, hours, offers = solved.case, solved.case.time.hours, solved.case.reserve_offers
    award = solved.quantities["reserve_award"].values
    earned = (award * (counting(case).T @ solved.reserve_price)[offers.reserve]) @ hours
    table = case.table("reserve")
    element = [case.table(k).index[p] for k, p in zip(offers.kind, offers.place, strict=True)]
    frame = pd.DataFrame(
        dict(reserve=table.index[offers.reserve], kind=offers.kind, element=element, awarded_mwh=award @ hours,
             offered_cny=award @ hours * offers.cost, earned_cny=earned)
    )  # fmt: skip
    return frame[frame["awarded_mwh"] > NOTICED].reset_index(drop=True)


def summary(table: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Figures of `reserves` by reserve."""
    figures = ("required_mwh", "awarded_mwh", "shortage_mwh", "price_mean")
    return {row["reserve"]: {f: float(row[f]) for f in figures} for _, row in table.iterrows()}


def warnings(solved: Dispatch) -> list[str]:
    """A sentence on reserves that are missing."""
    if not len(solved.case.table("reserve")):
        return []
    missing = solved.quantities["reserve_shortage"].values @ solved.case.time.hours
    parts = [f"{q}: {mwh:,.1f} MWh" for q, mwh in zip(solved.case.table("reserve").index, missing, strict=True) if mwh > NOTICED]
    return ["reserve is missing: " + ", ".join(parts)] if parts else []
