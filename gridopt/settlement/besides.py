"""What is paid beside energy: reserve awarded with energy, decisions with a price of their own, being constrained, redispatch
(dispatch/besides.py).

    pay[n,t] = q^DA p^DA + (q^RT - q^DA) p^RT     account 'reserve', 'commitment', 'uplift' or 'network' to participant, of either sign   (N3)

A payment that real time does not know is settled day-ahead alone: decisions are, for windows of real time decide nothing. Codes name the
account, the run and what is paid for: reserve_da_spin, commitment_da_start.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gridopt.dispatch.besides import Beside, joined
from gridopt.settlement.ledger import Ledger, account
from gridopt.settlement.metered import Metered

NEGLIGIBLE = 1e-9
"""MWh, or part of a decision, below which nothing was awarded."""


def settle(book: Ledger, m: Metered) -> None:
    """Books (N3)."""
    for stage, besides in (("da", m.da.besides), ("rt", changes(m))):
        for b in besides:
            some = np.where(np.abs(b.quantity) > NEGLIGIBLE, b.quantity, 0.0)
            book.pay(f"{b.account}_{stage}_{b.name}", account(b.account), b.who, some, b.price)


def changes(m: Metered) -> tuple[Beside, ...]:
    """What real time awards beyond the day before, at its own prices."""
    return () if m.rt is m.da else tuple(_less(b, m.da.besides, len(m.hours)) for b in m.rt.besides)


def _less(later: Beside, before: Sequence[Beside], periods: int) -> Beside:
    """`later` less what was awarded before. Who offers nothing any more gives it back at the price of now, which is one for a reserve."""
    first = next((b for b in before if (b.account, b.name) == (later.account, later.name)), None)
    if first is None:
        return later
    one = joined([([later], periods), ([first], periods)])[0]
    usual = later.price[0] if len(later.price) else np.zeros(periods)
    price = np.where(np.isin(one.who, later.who)[:, None], one.price[:, :periods], usual)
    return Beside(later.account, later.name, one.who, one.quantity[:, :periods] - one.quantity[:, periods:], price)
