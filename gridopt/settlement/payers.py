"""Who bears a fund, and by what weight: sets of parties with their MWh by period.

    load, commercial, peak: users by load in real time (all; not guaranteed; in peak hours)      generation, renewables: plants by output
    deviation: everyone by |Q^RT - Q^DA|      tariff: one account, whatever happened                                              (W1)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gridopt.case.tables_plants import WEATHER
from gridopt.settlement.ledger import ROUNDING, Ledger, account, allocate
from gridopt.settlement.metered import Metered
from gridopt.settlement.rules import Allocation

TARIFF = "tariff"


def weights(m: Metered, payers: str, peak_hours: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Names (n,) and weights MWh (n, T), none below 0, of a set of (W1)."""
    load, output = np.maximum(m.rt.user, 0.0), np.maximum(m.rt.plant, 0.0)
    if payers == "commercial":
        return m.user[~m.guaranteed], load[~m.guaranteed]
    if payers == "peak":
        return m.user, load * in_hours(m, peak_hours)
    if payers == "generation":
        return m.plant, output
    if payers == "renewables":
        mine = (m.kind == "csp") | ((m.kind == "renewable") | np.isin(m.technology, WEATHER))
        return m.plant[mine], output[mine]
    if payers == "deviation":
        change = np.abs(np.concatenate([m.rt.user - m.da.user, m.rt.plant - m.da.plant]))
        return np.concatenate([m.user, m.plant]), change
    if payers == "tariff":
        return np.array([TARIFF], dtype=object), m.hours[None, :]
    return m.user, load


def in_hours(m: Metered, hours: Sequence[int]) -> np.ndarray:
    """Part of each period inside these hours of day (T,)."""
    begin = (m.start - m.start.astype("datetime64[D]")).astype(float) / 3600.0
    inside = np.zeros(len(m.hours))
    for hour in sorted(set(hours)):
        for day in (0.0, 24.0):  # a period may go on after midnight
            inside += np.clip(np.minimum(begin + m.hours, hour + 1.0 + day) - np.maximum(begin, hour + day), 0.0, None)
    return inside / m.hours


def share_out(book: Ledger, m: Metered, title: str, rule: Allocation, peak_hours: Sequence[int]) -> float:
    """Books what account `title` holds to its set of parties, or what it lacks from them, code 'allocation_<title>'; what is left, CNY,
    because nobody of the set has a weight."""
    fund = book.balance_of(account(title))
    names, weight = weights(m, rule.payers, peak_hours)
    rate, left = allocate(fund, weight, m.horizon(rule.horizon), ROUNDING * book.turnover_of(account(title)))
    book.pay(f"allocation_{title}", names, account(title), weight, -rate)
    return float(left.sum())

