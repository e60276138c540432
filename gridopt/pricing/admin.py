"""admin: administered prices while the market is suspended.

    price[b,t] = one price for all, or that of the same bus and time of day on an earlier day                            (R1)
    previous_day: the last day before; similar_day: the last one of its kind (working day, or Saturday and Sunday)
    booked to the account cap_adjust: sum of (nodal price - price) x injection x hours, settlement/energy.py             (R2)

The LMP and its parts stay what they are: rents and rights are settled by them. Earlier prices come from a table of columns period, bus
and lmp (market_prices of a result folder is one).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from gridopt.case.case import Case
from gridopt.case.check import CaseError
from gridopt.case.pricing_options import USUAL, Admin
from gridopt.dispatch.lmp import Prices, from_duals
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.right_duals import marginal

COLUMNS = ("period", "bus", "lmp")


def price(case: Case, dispatch: Dispatch, options: Admin = USUAL.admin) -> Prices:
    """Prices (R1), the schedule as it was cleared. Raises CaseError where prices are missing."""
    people = dispatch.participants
    return administered(case, from_duals(dispatch, people, marginal(dispatch)[people.shared]), options)


def administered(case: Case, nodal: Prices, options: Admin = USUAL.admin) -> Prices:
    """Prices (R1) in place of nodal ones of any kind. Raises CaseError where prices are missing."""
    if faults := options.lacking():
        raise CaseError(faults)
    if options.source == "fixed":
        found = np.full(nodal.price.shape, options.price_cny_per_mwh)
    else:
        found = _earlier(case, Path(options.file), options.source == "similar_day")
    return replace(nodal, price=found, shift=found - nodal.price)


def _earlier(case: Case, path: Path, alike: bool) -> np.ndarray:
    """Prices of the day before, or the last day alike (B, T)."""
    table = _read(path)
    day, clock = (table["period"].to_numpy(k) for k in ("datetime64[D]", "datetime64[s]"))
    clock = (clock - day).astype(int)
    known = {key: value for *key_, value in zip(day, clock, table["bus"].astype(str), table["lmp"], strict=True) for key in [tuple(key_)]}
    days = np.unique(day)
    found = np.full((len(case.table("bus")), len(case.time)), np.nan)
    today = case.time.start.astype("datetime64[D]")
    missing = []
    for t, start in enumerate(case.time.start):
        before = days[days < today[t]]
        before = before[_weekend(before) == _weekend(today[t : t + 1])[0]] if alike else before[before == today[t] - 1]
        second = int((start - today[t]).astype(int))
        for b, bus in enumerate(case.table("bus").index):
            found[b, t] = known.get((before[-1], second, str(bus)), np.nan) if len(before) else np.nan
        if np.isnan(found[:, t]).any():
            missing.append(str(start)[:16].replace("T", " "))
    if missing:
        kind = "an earlier day of its kind" if alike else "the day before"
        more = f" and {len(missing) - 3} more periods" if len(missing) > 3 else ""
        raise CaseError([f"{path}: holds no prices of {kind} for {', '.join(missing[:3])}{more}. Give a table that does."])
    return found


def _weekend(day: np.ndarray) -> np.ndarray:
    """Whether days are Saturday or Sunday, bool (n,)."""
    return (day.astype("datetime64[D]").astype(int) + 3) % 7 >= 5


def _read(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise CaseError([f"key 'pricing.admin.file': {path} is not there. Correct the name."])
    table = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, parse_dates=["period"])
    wrong = [c for c in COLUMNS if c not in table]
    if wrong:
        raise CaseError([f"{path}: has no column {', '.join(wrong)}. A table of prices has period, bus and lmp."])
    return table
