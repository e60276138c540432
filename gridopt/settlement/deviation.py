"""Deviation: what differs from day-ahead by more than a dead band pays a part of the price in real time.

    pay[i,t] = max(0, |Q^RT - Q^DA| - band |Q^DA|) · share · |π^RT|        party to account 'deviation'                    (N1)

The account is given back pro rata to the set that the study names.
"""

from __future__ import annotations

import numpy as np

from gridopt.settlement.ledger import Ledger, account
from gridopt.settlement.metered import Metered
from gridopt.settlement.rules import DeviationRules


def settle(book: Ledger, m: Metered, rules: DeviationRules) -> None:
    """Books (N1), code deviation."""
    if not rules.enabled:
        return
    sides = {
        "plants": (m.plant, m.da.plant, m.rt.plant, m.rt.plant_price),
        "users": (m.user, m.da.user, m.rt.user, m.rt.user_price),
    }  # fmt: skip
    for side, (names, planned, real, price) in sides.items():
        if rules.of in (side, "all"):
            beyond = np.maximum(np.abs(real - planned) - rules.dead_band * np.abs(planned), 0.0)
            book.pay("deviation", names, account("deviation"), beyond, rules.penalty_share * np.abs(price))
