"""Frequency regulation and other services: mileage paid at one price, times performance; opportunity cost.

    pay[a,t]   = mileage · price · k                                                       [CNY]  mileage MW, price CNY/MW        (A1)
    extra[a,t] = max(0, withheld MWh (LMP - offer) k - pay)                                                                       (A2)

Accounts 'agc' and 'agc_opportunity' are borne by the sets that the study names (generation, load, renewables, deviation).
Source: Electricity Spot Market Practice (National Dispatch Centre), ch. 20 Gansu; opportunity cost to users as in Shandong.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridopt.settlement.ledger import Ledger, account
from gridopt.settlement.metered import Metered


@dataclass(frozen=True)
class Service:
    """What plants did besides energy: plant 'table id' (a,); mileage MW, its price CNY/MW (a, T) or (T,); performance k (a,); energy that was
    withheld for it MWh (a, T) and its offer CNY/MWh (a, T)."""

    plant: np.ndarray
    mileage: np.ndarray
    price: np.ndarray
    performance: np.ndarray
    withheld: np.ndarray
    offer: np.ndarray


def settle(book: Ledger, m: Metered, service: Service) -> None:
    """Books (A1), (A2), codes agc, agc_opportunity. Raises ValueError for a plant that is not in the run."""
    unknown = [str(p) for p in service.plant if p not in set(m.plant)]
    if unknown:
        raise ValueError(f"plants {', '.join(unknown)} regulate but are not in the run")
    place = {p: i for i, p in enumerate(m.plant)}
    at = np.array([place[p] for p in service.plant], int)
    price = service.price * service.performance[:, None]
    book.pay("agc", account("agc"), service.plant, service.mileage, price)
    lost = service.withheld * (m.rt.plant_price[at] - service.offer) * service.performance[:, None]
    extra = np.maximum(0.0, lost - service.mileage * price)
    book.pay("agc_opportunity", account("agc_opportunity"), service.plant, np.where(extra > 0, 1.0, 0.0), extra)
