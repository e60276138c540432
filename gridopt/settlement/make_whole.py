"""Make-whole payments: plants that lose money at their offers in a horizon (a day) are made whole, real time after day-ahead.

    MWP^DA = max(0, C^DA - R^DA),   MWP^RT = max(0, C^RT - R^RT - R^DA - MWP^DA)                                       [CNY]     (M1)
    R^DA = sum of Q^DA π^DA,   R^RT = sum of (Q^RT - Q^DA) π^RT,   C: energy, no-load and starts at offers
    one stage: max(0, C^RT - R^RT - R^DA)                                                                                        (M2)

Booked in the last period of the horizon. Users bear it: all by load, or those of the plant's zone; by cause those of its zone where
congestion raises the price at the plant, weighed by its output, so that it runs for its zone, and all otherwise.
"""

from __future__ import annotations

import numpy as np

from gridopt.settlement.ledger import Ledger, account, allocate, sums
from gridopt.settlement.metered import Metered
from gridopt.settlement.rules import MakeWhole


def settle(book: Ledger, m: Metered, rules: MakeWhole) -> float:
    """Books (M1) or (M2), codes mwp_da, mwp_rt, and what zones bear, code uplift_zone; returns the latter, CNY."""
    paid = payments(m, rules)
    group = m.horizon(rules.horizon)
    last = np.append(np.diff(group) > 0, True) if len(group) else np.zeros(0, bool)
    total = np.zeros_like(m.da.cost)
    for code, by_horizon in paid.items():
        amount = np.where(last, by_horizon[:, group], 0.0) if len(group) else total
        book.pay(code, account("uplift"), m.plant, np.where(amount > 0, 1.0, 0.0), amount)
        total = total + amount
    return 0.0 if rules.payers == "account" else _by_zone(book, m, total, group, rules)


def payments(m: Metered, rules: MakeWhole) -> dict[str, np.ndarray]:
    """(M1) or (M2) by code: (g, H) CNY, H horizons."""
    group = m.horizon(rules.horizon)
    mine = (np.isin(m.kind, rules.kinds) & rules.enabled)[:, None]
    earned, more = m.da.plant * m.da.plant_price, (m.rt.plant - m.da.plant) * m.rt.plant_price
    cost_da, cost_rt, r_da, r_rt = (sums(v, group) for v in (m.da.cost, m.rt.cost, earned, more))
    first = np.where(mine, np.maximum(0.0, cost_da - r_da), 0.0) if rules.two_stage else np.zeros_like(cost_da)
    return {"mwp_da": first, "mwp_rt": np.where(mine, np.maximum(0.0, cost_rt - r_rt - r_da - first), 0.0)}


def _by_zone(book: Ledger, m: Metered, paid: np.ndarray, group: np.ndarray, rules: MakeWhole) -> float:
    """Users of each zone bear what is paid there (g, T); what no user of the zone can bear stays with the account."""
    zone, load = m.zone[m.plant_bus], np.maximum(m.rt.user, 0.0)
    local = np.ones_like(paid)
    if rules.payers == "cause":
        raised = sums(m.da.congestion[m.plant_bus] * np.maximum(m.da.plant, 0.0), group)
        local = (raised > 0)[:, group].astype(float)
    borne = 0.0
    for name in np.unique(zone):
        users = m.zone[m.user_bus] == name
        fund = (paid * local)[zone == name].sum(axis=0)
        rate, left = allocate(fund, load[users], group)
        book.pay("uplift_zone", m.user[users], account("uplift"), load[users], rate)
        borne += float((fund - left).sum())
    return borne
