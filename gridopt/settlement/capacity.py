"""Capacity: plants are paid for being there, users bear it.

    pay[g,t] = P 1000 / hours of the year · C f d n h,   C: declared MW, f: supply factor times credit of a store              (C1)
    credit of a store = min(1, full-power hours / longest peak);  others 1;  d: part that was there when called                (C2)
    n[t] = min(1, available / (C f)) where non-delivery is not paid, else 1                                                    (C3)

Plants that belong to a DC link are left out.
Sources: Gansu DRC, draft of July 2025 (330 CNY/kW a year; coal and grid-side storage) and parameters of 2026; national rule of 2026.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridopt.case.case import Case
from gridopt.settlement.ledger import Ledger, account
from gridopt.settlement.metered import Metered
from gridopt.settlement.rules import CapacityRules
from gridopt.settlement.terms import Terms, terms

KW_PER_MW = 1000.0
STORES = ("storage", "pumped")


def settle(book: Ledger, m: Metered, case: Case, rules: CapacityRules) -> None:
    """Books (C1), code capacity: quantity MW h of firm capacity, price CNY per MW and h."""
    days = np.where(_leap(case.time.year), 366.0, 365.0)
    for row in terms(case, "capacity"):
        plants = m.plants_of(row["kind"], row["element"], row["technology"])
        position = case.position(row["kind"], [str(p).partition(" ")[2] for p in m.plant[plants]])
        plants, position = plants[position >= 0], position[position >= 0]
        if row["dc_paired"] or not len(plants):
            continue
        table = case.table(row["kind"]).iloc[position]
        own = table["power_max_mw"].to_numpy(float) if "power_max_mw" in table else np.zeros(len(table))
        declared = np.full(len(table), row["declared_mw"]) if row.given("declared_mw") else own
        firm = declared * row["supply_factor"] * credit(row, table, rules.longest_peak_h)
        there = case.commissioned(row["kind"])[position]
        hours = firm[:, None] * row["delivered_share"] * row.inside * there * m.hours
        if rules.non_delivery:
            able = m.rt.available[plants] / m.hours
            hours = hours * np.minimum(1.0, np.divide(able, firm[:, None], out=np.ones_like(able), where=firm[:, None] > 0))
        book.pay("capacity", account("capacity"), m.plant[plants], hours, row["price_cny_per_kw_year"] * KW_PER_MW / (days * 24.0))


def credit(row: Terms, table: pd.DataFrame, longest_peak_h: float) -> np.ndarray:
    """(C2) by plant (n,)."""
    if row.given("storage_factor"):
        return np.full(len(table), row["storage_factor"])
    if row["kind"] not in STORES:
        return np.ones(len(table))
    power = table["power_max_mw"].to_numpy(float)
    full = np.divide(table["energy_max_mwh"].to_numpy(float), power, out=np.zeros(len(table)), where=power > 0)
    return np.minimum(1.0, full / longest_peak_h)


def _leap(year: np.ndarray) -> np.ndarray:
    return (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
