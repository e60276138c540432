"""Deep peak-shaving: thermal plants that run below a part of their power are paid for what they do not produce there, tier by tier.

    pay[g,t] = sum over tiers k of price[k] h max(0, b[k] P - max(p, b[k+1] P))   while p > 0                             [CNY]     (Y1)

b falls from tier to tier, the last tier ends at 0; P: power_max_mw of the plant, p: its output in real time. Off unless the study enables it.
Source: ancillary-service rules of north-western China; shares and prices of the tiers are not checked again.
"""

from __future__ import annotations

import numpy as np

from gridopt.case.case import Case
from gridopt.settlement.ledger import Ledger, account
from gridopt.settlement.metered import Metered
from gridopt.settlement.rules import DeepPeak


def settle(book: Ledger, m: Metered, case: Case, rules: DeepPeak) -> None:
    """Books (Y1), code deep_peak."""
    if not rules.enabled:
        return
    below = [t.below_share for t in rules.tiers] + [0.0]
    for kind in ("unit", "generator"):
        mine = np.flatnonzero((m.kind == kind) & np.isin(m.technology, rules.technologies))
        position = case.position(kind, [str(p).partition(" ")[2] for p in m.plant[mine]])
        mine, position = mine[position >= 0], position[position >= 0]
        rated = case.table(kind)["power_max_mw"].to_numpy(float)[position][:, None] * m.hours
        made = m.rt.plant[mine]
        for tier, high, low in zip(rules.tiers, below[:-1], below[1:], strict=True):
            less = np.where(made > 0, np.maximum(high * rated - np.maximum(made, low * rated), 0.0), 0.0)
            book.pay("deep_peak", account("deep_peak"), m.plant[mine], less, tier.price_cny_per_mwh)
