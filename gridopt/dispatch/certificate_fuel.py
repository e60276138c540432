"""Certificate, fuel and CO2 of periods: what units burnt and emitted, recomputed from their outputs, against budgets, stocks and caps.

    share x least <= fuel burnt in the period + what was paid for instead; burnt <= share x largest        fuel.budget
    stock = stock before + deliveries - burnt, up to each step; never below 0, at the end the least stock   fuel.stock
    emission of units and generators in the period <= share x cap                                          carbon.cap

share: hours of the period that are studied over its hours; where it is known what the rest of it used, that is taken off instead. A
unit burns what certificate_plants says, one that is switched what certificate_running says.
"""

from __future__ import annotations

import numpy as np

from gridopt.dispatch.certificate_check import PERIOD, RELATIVE, Check, Evidence
from gridopt.dispatch.certificate_commitment import fleets
from gridopt.dispatch.certificate_plants import burnt, emitted
from gridopt.dispatch.certificate_running import spent

DAY = np.timedelta64(86400, "s")


def check_fuel(e: Evidence) -> list[Check]:
    """The checks named at the head of this file that the case has rows for."""
    parts = (("fuel_budget", _budgets), ("fuel_stock", _stocks), ("emission_cap", _caps))
    return [check(e) for table, check in parts if len(e.case.table(table))]


def _spent(e: Evidence) -> tuple[np.ndarray, np.ndarray]:
    """Fuel burnt tce/h and CO2 t/h by unit (n, T), of what is switched and what is not."""
    fuel, co2 = burnt(e), emitted(e)
    for s in fleets(e):
        if s.kind == "unit":
            rows = e.case.table("unit").index.get_indexer(s.frame.index)
            fuel[rows], co2[rows] = spent(e, s)
    return fuel, co2


def _pool(e: Evidence, table: str) -> np.ndarray:
    """Fuel burnt from each row tce/h (k, T)."""
    unit, rate = e.case.table("unit"), _spent(e)[0]
    found = np.zeros((len(e.case.table(table)), len(e.case.time)))
    for k, (fuel, plant) in enumerate(zip(e.case.table(table)["fuel"], e.case.table(table)["plant"], strict=True)):
        mine = (unit["fuel"] == fuel) & ((unit["plant"] == plant) | (plant == ""))
        found[k] = rate[mine.to_numpy()].sum(axis=0) if mine.any() else np.nan
    return found


def _period(e: Evidence, table: str) -> tuple[np.ndarray, np.ndarray]:
    """Hours of each step inside each period (k, T), and the share of the period that is studied (k,)."""
    first, last = (e.case.table(table)[c].to_numpy("datetime64[s]") for c in ("start_date", "end_date"))
    hours = np.zeros((len(first), len(e.case.time)))
    for k in range(len(first)):
        overlap = np.minimum(e.case.time.end, last[k] + DAY) - np.maximum(e.case.time.start, first[k])
        hours[k] = np.maximum(overlap.astype("timedelta64[s]").astype(float), 0.0) / 3600.0
    return hours, hours.sum(axis=1) * 3600.0 / (last + DAY - first).astype(float)


def _rest(amount, outside, share: np.ndarray) -> np.ndarray:
    """What is left of an amount for what is studied (k,)."""
    whole, used = amount.to_numpy(float), outside.to_numpy(float)
    return np.where(np.isnan(used), whole * share, np.where(whole < used, 0.0, whole - used))


def _budgets(e: Evidence) -> Check:
    table, rate = e.case.table("fuel_budget"), _pool(e, "fuel_budget")
    hours, share = _period(e, "fuel_budget")
    used, paid = (hours * rate).sum(axis=1), e["fuel_short"].sum(axis=1)
    low, high = (_rest(table[f"amount_{c}_tce"], table["burnt_outside_tce"], share) for c in ("min", "max"))
    free = np.isnan(table["short_cny_per_tce"].to_numpy(float)) & (np.abs(paid) > 0)
    wrong = np.fmax(np.fmax(low - used - paid, used - high), np.where(free, np.abs(paid), np.maximum(-paid, 0.0)))
    asked = (share > 0) & ~np.isnan(used)
    return e.judge("fuel.budget", "tce", np.where(asked, wrong, np.abs(paid)), PERIOD + RELATIVE * np.nan_to_num(used), table.index)


def _stocks(e: Evidence) -> Check:
    table, hours = e.case.table("fuel_stock"), e.case.time.hours
    change = -np.nan_to_num(_pool(e, "fuel_stock")) * hours
    for _, row in e.case.table("fuel_delivery").iterrows():
        when = np.datetime64(row["time"], "s")
        for t in np.flatnonzero((e.case.time.start <= when) & (when < e.case.time.end)):
            change[table.index.get_loc(row["fuel_stock"]), t] += row["amount_tce"]
    level = table["stock_start_tce"].to_numpy(float)[:, None] + np.cumsum(change, axis=1)
    least = np.zeros(level.shape)
    least[:, -1] = table["stock_end_tce"].to_numpy(float)
    wrong = np.maximum(np.abs(e["fuel_stock_level"] - level), least - level)
    return e.judge("fuel.stock", "tce", wrong, PERIOD + RELATIVE * np.cumsum(np.abs(change), axis=1), table.index)


def _caps(e: Evidence) -> Check:
    table = e.case.table("emission_cap")
    hours, share = _period(e, "emission_cap")
    others = e.number("generator", "co2_t_per_mwh") * e["generator_output"]
    total = hours @ (_spent(e)[1].sum(axis=0) + others.sum(axis=0))
    most = _rest(table["amount_max_t"], table["emitted_outside_t"], share)
    return e.judge("carbon.cap", "t", total - most, PERIOD + RELATIVE * total, table.index)
