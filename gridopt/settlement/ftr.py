"""Financial transmission rights: congestion rent goes to their holders first.

    claim[r,t] = MW h (c_sink - c_source),   c: congestion part of the day-ahead LMP; of an option at least 0             (F1)
    paid = s claim where claim > 0, claim where below,   s = min(1, (rent - sum of claims below 0) / sum of claims above)  (F2)

s is one number for each horizon, and not below 0; without pro rata it is 1 and the account may lack money. What is left of the rent stays
in account 'congestion'.
Source: Hogan, Contract networks for electric power transmission, 1992.
"""

from __future__ import annotations

import numpy as np

from gridopt.case.case import Case
from gridopt.settlement.ledger import Ledger, account, sums
from gridopt.settlement.metered import Metered
from gridopt.settlement.rules import RightsRules
from gridopt.settlement.terms import terms


def settle(book: Ledger, m: Metered, case: Case, rent: np.ndarray, rules: RightsRules) -> dict[str, float]:
    """Books (F2), code ftr; `rent` (T,) CNY of the day-ahead run. Returns what is claimed and paid, and revenue adequacy: rent over claims
    (nan without claims)."""
    table = case.table("ftr")
    place = {b: i for i, b in enumerate(m.bus)}
    source, sink = (np.array([place[b] for b in table[c]], int) for c in ("source_bus", "sink_bus"))
    inside = np.array([row.inside for row in terms(case, "ftr")]).reshape(len(table), len(m.hours))
    energy = table["power_mw"].to_numpy(float)[:, None] * m.hours * inside
    value = m.da.congestion[sink] - m.da.congestion[source]
    value = np.where(table["option"].to_numpy(bool)[:, None], np.maximum(value, 0.0), value)
    claim, group = energy * value, m.horizon(rules.horizon)
    above, below = (sums(np.maximum(sign * claim, 0.0).sum(axis=0), group) for sign in (1.0, -1.0))
    fund = np.maximum(sums(rent, group) + below, 0.0)
    scale = np.minimum(1.0, np.divide(fund, above, out=np.ones_like(fund), where=above > 0)) if rules.pro_rata else np.ones_like(above)
    paid = np.where(claim > 0, scale[group], 1.0) * value
    book.pay("ftr", account("congestion"), table["holder"].to_numpy(object), energy, paid)
    total = float(claim.sum())
    return {"ftr_claim_cny": total, "ftr_paid_cny": float((energy * paid).sum()), "ftr_adequacy": rent.sum() / total if total > 0 else np.nan}
