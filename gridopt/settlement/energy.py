"""Energy in two settlements, and what prices leave with the market.

    pay[i,t] = Q^DA π^DA + (Q^RT - Q^DA) π^RT          market to plant, user to market                       (E1)

What the market then holds belongs to accounts, by each run on its own volumes (day-ahead: all; real time: what differs), inj = plants - users:

    congestion   = - sum over buses of c (inj - lost),   c: congestion part of the LMP;   = sum over limits of mu flow h (E2)
    loss         = - sum over buses of (LMP - c) inj + c lost,   lost: losses and surplus at the bus                     (E3)
    cap_adjust   = sum over buses of (LMP - s) inj,   s: price that plants get (floor, cap)                              (E4)
    zone_spread  = sum over users of (what they pay - s) Q                                                               (E5)

Pay as bid: a plant gets its offer for its day-ahead energy, and cost without energy (code offer_cost), or pays as users do for what it takes;
the difference to s is borne by zone_spread.
Sources: Schweppe et al., Spot Pricing of Electricity, 1988; Hogan, Contract networks, 1992.
"""

from __future__ import annotations

import numpy as np

from gridopt.settlement.ledger import MARKET, Ledger, account
from gridopt.settlement.metered import Metered, Stage


def settle(book: Ledger, m: Metered) -> None:
    """Books (E1): codes energy_da, energy_rt, offer_cost."""
    book.pay("energy_da", MARKET, m.plant, m.da.plant, m.da.plant_price)
    book.pay("energy_da", m.user, MARKET, m.da.user, m.da.user_price)
    book.pay("energy_rt", MARKET, m.plant, m.rt.plant - m.da.plant, m.rt.plant_price)
    book.pay("energy_rt", m.user, MARKET, m.rt.user - m.da.user, m.rt.user_price)
    book.pay("offer_cost", account("zone_spread"), m.plant, np.where(m.da.idle > 0, 1.0, 0.0), m.da.idle)


def hand_over(book: Ledger, m: Metered) -> dict[str, np.ndarray]:
    """Books (E2) to (E5) from the market to the accounts, code 'residual'; returns the congestion of each run by period (T,), CNY."""
    runs = [
        ("da", m.da, m.da.plant, m.da.user, m.da.lost),
        ("rt", m.rt, m.rt.plant - m.da.plant, m.rt.user - m.da.user, m.rt.lost - m.da.lost),
    ]  # fmt: skip
    congestion, turnover = {}, (np.abs(m.da.plant) * np.abs(m.da.lmp[m.plant_bus])).sum(axis=0)
    for name, stage, plant, user, lost in runs:
        found = residuals(m, stage, plant, user, lost)
        congestion[name] = found["congestion"]
        for title, amount in found.items():
            book.lump(f"residual_{name}", MARKET, account(title), amount, turnover)
    return congestion


def residuals(m: Metered, stage: Stage, plant: np.ndarray, user: np.ndarray, lost: np.ndarray) -> dict[str, np.ndarray]:
    """(E2) to (E5) by period (T,) CNY for volumes MWh of plants (g, T) and users (u, T), and what is lost (B, T), at the prices of a run."""
    inj = np.zeros_like(stage.lmp)
    np.add.at(inj, m.plant_bus, plant)
    np.subtract.at(inj, m.user_bus, user)
    # Paid less what the price at the bus would give: 0 unless offers are paid.
    paid = (plant * (stage.plant_price - stage.settled[m.plant_bus])).sum(axis=0)
    return {
        "congestion": -(stage.congestion * (inj - lost)).sum(axis=0),
        "loss": -((stage.lmp - stage.congestion) * inj + stage.congestion * lost).sum(axis=0),
        "cap_adjust": ((stage.lmp - stage.settled) * inj).sum(axis=0),
        "zone_spread": ((stage.user_price - stage.settled[m.user_bus]) * user).sum(axis=0) - paid,
    }
