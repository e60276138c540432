"""Pools of fuel: the units that burn from each budget and stock. And periods: what of them is studied."""

from __future__ import annotations

import numpy as np
import pandas as pd

DAY = np.timedelta64(86400, "s")


def pools(case) -> np.ndarray:
    """Whether each unit counts for each row of fuel_budget, then of fuel_stock, bool (R, n)."""
    unit = case.table("unit")
    rows = [case.table(t)[["fuel", "plant"]] for t in ("fuel_budget", "fuel_stock")]
    fuel, plant = (np.concatenate([r[c].to_numpy(object) for r in rows])[:, None] for c in ("fuel", "plant"))
    return (unit["fuel"].to_numpy(object) == fuel) & ((plant == "") | (unit["plant"].to_numpy(object) == plant))


def pool_names(case) -> list[tuple[str, ...]]:
    """The pools of each unit, by which units differ besides their own figures; empty where there are none."""
    member = pools(case)
    return [tuple(map(str, np.flatnonzero(member[:, i]))) for i in range(member.shape[1])] if len(member) else []


def offer_fuel(case, b, units: np.ndarray, columns, rate, constant=None) -> None:
    """Offers fuel burnt by `units` (rows of the table, (k,)) to the port `fuel`: rate tce/h per unit of columns (k, T), and a constant."""
    member = pools(case)
    port = b.port("fuel", len(member))
    pool, place = np.nonzero(member[:, units])
    if len(pool):
        shape = (len(units), len(case.time))
        fixed = None if constant is None else np.broadcast_to(constant, shape)[place]
        port.add(pool, None if columns is None else columns[place], np.broadcast_to(rate, shape)[place], fixed)


def studied(case, table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Share of each step inside each row's period (k, T), and the share of the period that is studied (k,)."""
    if not len(table):
        return np.zeros((0, len(case.time))), np.zeros(0)
    begin, end = (table[c].to_numpy("datetime64[s]") for c in ("start_date", "end_date"))
    inside = case.time.share_between(begin, end + DAY)
    return inside, (inside * case.time.hours).sum(axis=1) * 3600.0 / (end + DAY - begin).astype(float)


def left(table: pd.DataFrame, column: str, outside: str, share: np.ndarray) -> np.ndarray:
    """What of an amount (k,) is left for the part of each period that is studied: what was not used outside it, at least 0, where that is
    known, else its share; NaN where there is no limit."""
    amount, used = table[column].to_numpy(float), table[outside].to_numpy(float)
    return np.where(np.isnan(used), amount * share, np.maximum(amount - np.nan_to_num(used), 0.0))
