"""Losses: the grid company buys what the network loses and receives what marginal loss prices bring.

    loss energy   = sum over buses of e (plants - users),   e: energy part of the price      grid company to account 'loss'    (L1)
    loss surplus  = what account 'loss' holds with it                                        back to the grid company          (L2)
    residual      = (L2) - (L1)                                   the grid company passes it on through account 'loss'         (L3)

With losses of the square of flows the surplus (L2) is about twice the loss energy (L1); the residual goes to the tariff.
"""

from __future__ import annotations

import numpy as np

from gridopt.settlement.ledger import Ledger, account
from gridopt.settlement.metered import Metered

GRID = "grid company"
ROUNDING = 1e-10
"""Part of the output below which a difference between plants and users is rounding, not a loss."""


def settle(book: Ledger, m: Metered) -> None:
    """Books (L1) to (L3), codes loss_energy (quantity MWh, price the mean energy part), loss_surplus, loss_residual."""
    loss = account("loss")
    residual = book.balance_of(loss)
    for stage, plant, user in ((m.da, m.da.plant, m.da.user), (m.rt, m.rt.plant - m.da.plant, m.rt.user - m.da.user)):
        lost = np.zeros_like(stage.lmp)
        np.add.at(lost, m.plant_bus, plant)
        np.subtract.at(lost, m.user_bus, user)
        energy, worth = lost.sum(axis=0), (stage.energy * lost).sum(axis=0)
        real = np.abs(energy) > ROUNDING * np.abs(m.da.plant).sum(axis=0)
        price = np.divide(worth, energy, out=np.zeros_like(worth), where=real)
        book.pay("loss_energy", GRID, loss, np.where(real, energy, 0.0), price)
    surplus = book.balance_of(loss)
    lossy = surplus != residual
    book.pay("loss_surplus", loss, GRID, lossy.astype(float), surplus)
    book.pay("loss_residual", GRID, loss, lossy.astype(float), residual)
