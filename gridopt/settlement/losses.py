"""Losses: the grid company buys what the network loses and keeps what marginal loss prices bring.

    loss energy  = sum over buses of e (plants - users),   e: energy part of the price      grid company to account 'loss'     (L1)
    loss surplus = what account 'loss' holds then; with losses of the square of flows about twice (L1)                     (L2)

The market hands to account 'loss' what loss prices bring less the lost energy; with (L1) it holds the surplus, which goes to the tariff.
"""

from __future__ import annotations

import numpy as np

from gridopt.settlement.ledger import Ledger, account
from gridopt.settlement.metered import Metered

GRID = "grid company"


def settle(book: Ledger, m: Metered, energy: dict[str, np.ndarray]) -> None:
    """Books (L1), code loss_energy, and the surplus back to the grid company, code loss_surplus; what is left is its net, borne by tariff.

    energy: by run 'da', 'rt', energy part of the price CNY/MWh (B, T)."""
    for name, plant, user in (("da", m.da.plant, m.da.user), ("rt", m.rt.plant - m.da.plant, m.rt.user - m.da.user)):
        lost = np.zeros_like(energy[name])
        np.add.at(lost, m.plant_bus, plant)
        np.subtract.at(lost, m.user_bus, user)
        book.pay("loss_energy", GRID, account("loss"), np.ones(len(m.hours)), (energy[name] * lost).sum(axis=0))
