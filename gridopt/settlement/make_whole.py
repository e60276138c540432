"""Make-whole payments: plants that lose money at their offers in a horizon (a day) are made whole, real time after day-ahead.

    MWP^DA = max(0, C^DA - R^DA),   MWP^RT = max(0, C^RT - R^RT - R^DA - MWP^DA)                                       [CNY]     (M1)
    R^DA = sum of Q^DA π^DA,   R^RT = sum of (Q^RT - Q^DA) π^RT, each with what is paid beside energy: reserve, decisions, being constrained,
    R^DA also with offers that are paid without energy; redispatch at its cost is neither in C nor in R
    C: energy, no-load, starts and reserve at offers
    one stage: max(0, C^RT - R^RT - R^DA)                                                                                        (M2)

Self-owned units run for their own load and are left out. Booked in the last period of the horizon. Users bear it: all by load, or those
of the plant's zone; by cause those of its zone where congestion raises the price at the plant, weighed by its output, so that it runs for
its zone, and all otherwise.
"""

from __future__ import annotations

import numpy as np

from gridopt.case.case import Case
from gridopt.dispatch.besides import by_plant, of_schedule
from gridopt.settlement.besides import changes
from gridopt.settlement.ledger import Ledger, account, allocate, sums
from gridopt.settlement.metered import Metered
from gridopt.settlement.rules import MakeWhole


def settle(book: Ledger, m: Metered, case: Case, rules: MakeWhole) -> float:
    """Books (M1) or (M2), codes mwp_da, mwp_rt, and what zones bear, code uplift_zone; returns the latter, CNY."""
    if not rules.enabled:
        return 0.0
    paid = payments(m, case, rules)
    group = m.horizon(rules.horizon)
    last = np.append(np.diff(group) > 0, True) if len(group) else np.zeros(0, bool)
    total = np.zeros_like(m.da.cost)
    for code, by_horizon in paid.items():
        amount = np.where(last, by_horizon[:, group], 0.0) if len(group) else total
        book.pay(code, account("uplift"), m.plant, np.where(amount > 0, 1.0, 0.0), amount)
        total = total + amount
    return 0.0 if rules.payers == "account" else _by_zone(book, m, total, group, rules)


def accounts(m: Metered, rules: MakeWhole) -> tuple[np.ndarray, ...]:
    """C^DA, C^RT, R^DA, R^RT, and what of R^DA and R^RT is paid beside energy, by plant and horizon (g, H) CNY."""
    besides = [by_plant(of_schedule(b), m.plant, len(m.hours)) for b in (m.da.besides, changes(m))]
    earned, more = m.da.plant * m.da.plant_price + m.da.idle + besides[0], (m.rt.plant - m.da.plant) * m.rt.plant_price + besides[1]
    return tuple(sums(v, m.horizon(rules.horizon)) for v in (m.da.cost, m.rt.cost, earned, more, *besides))


def eligible(m: Metered, case: Case, rules: MakeWhole) -> np.ndarray:
    """Plants that can be made whole, bool (g,): of the kinds named, and not self-owned, for these run for their own load."""
    unit = case.table("unit")
    own = [f"unit {u}" for u in unit.index[unit["self_owned"].to_numpy(bool)]]
    return np.isin(m.kind, rules.kinds) & ~np.isin(m.plant.astype(str), own)


def payments(m: Metered, case: Case, rules: MakeWhole) -> dict[str, np.ndarray]:
    """(M1) or (M2) by code: (g, H) CNY, H horizons."""
    mine = eligible(m, case, rules)[:, None]
    cost_da, cost_rt, r_da, r_rt, *_ = accounts(m, rules)
    first = np.where(mine, np.maximum(0.0, cost_da - r_da), 0.0) if rules.two_stage else np.zeros_like(cost_da)
    return {"mwp_da": first, "mwp_rt": np.where(mine, np.maximum(0.0, cost_rt - r_rt - r_da - first), 0.0)}


def columns(m: Metered, case: Case, rules: MakeWhole, payer: str) -> dict:
    """Columns of table `uplift` but for rule, gap and exact: plants that can be made whole, by run and horizon (named by its first period).
    Best profits need the clearing itself and are not known here (nan)."""
    lacking, mine = payments(m, case, rules), eligible(m, case, rules)[:, None]
    cost_da, cost_rt, r_da, r_rt, b_da, b_rt = accounts(m, rules)
    first = m.start[np.unique(m.horizon(rules.horizon), return_index=True)[1]]
    parts: list[tuple[np.ndarray, ...]] = []
    runs = [("DA", r_da, b_da, cost_da, "mwp_da")]
    runs += [("RT", r_da + r_rt, b_da + b_rt, cost_rt, "mwp_rt")] if m.rt is not m.da else []
    for stage, revenue, beside, cost, code in runs:
        g, h = np.nonzero(((revenue != 0) | (cost != 0)) & mine)
        parts.append((np.full(len(g), stage), m.plant[g], first[h].astype(str), revenue[g, h], beside[g, h], cost[g, h], lacking[code][g, h]))
    run, unit, when, revenue, beside, cost, mwp = (np.concatenate(p) for p in zip(*parts, strict=True))
    made = mwp * rules.enabled
    return {
        "run": run, "unit": unit, "horizon": when, "revenue": revenue, "besides": beside, "cost": cost, "profit": revenue - cost,
        "best_profit": np.nan, "mwp": mwp, "loc": np.nan, "paid": made, "payer": np.where(made > 0, payer, ""),
    }  # fmt: skip


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
