"""Frequency regulation cleared after energy: a merit order of mileage.

    score[a] = price of mileage / performance k;  offers are taken by score until the requirement D[t] is met, equal scores pro rata   (J1)
    price[t] = score of the last one taken;  pay = mileage x price x k                                                      (J2)

Who gives nothing to the network and is no store does not regulate. No headroom is kept for it in the clearing of energy unless the
study says so; then the reserve stays there at no cost, and what it keeps a plant from selling is withheld (withheld.py).
Source: Electricity Spot Market Practice (National Dispatch Centre), ch. 20 Gansu.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from gridopt.blocks import renewable, reserve
from gridopt.case.case import Case
from gridopt.dispatch.market_run import MarketRun
from gridopt.dispatch.withheld import Kept

ON = 1e-6
"""MW from which a plant is on line."""


@dataclass(frozen=True)
class Regulation:
    """plant 'table id' (a,); award MW (a, T); price CNY/MW (T,), 0 where nothing is taken; performance, mileage per MW and hour (a,);
    withheld MWh and its offer CNY/MWh (a, T); missing MW (T,)."""

    plant: np.ndarray
    award: np.ndarray
    price: np.ndarray
    performance: np.ndarray
    mileage_per_mw: np.ndarray
    withheld: np.ndarray
    offer: np.ndarray
    missing: np.ndarray


def requirement(case: Case, name: str) -> np.ndarray:
    """D of a reserve MW (T,): its figures, shares of load and of available wind and sun."""
    ports = {"renewable_available": SimpleNamespace(constant=renewable.available(case))}
    return reserve.requirement(case, ports)[case.table("reserve").index.get_loc(name)]


def cleared_after(run: MarketRun, offers, needed: np.ndarray, kept: Mapping[str, Kept] | None = None) -> Regulation:
    """(J1), (J2) for rows of table agc_offer and a requirement MW (T,); kept: what the clearing of energy holds for it, by plant."""
    name = np.array([f"{k} {e}" for k, e in zip(offers["kind"], offers["element"], strict=True)], object)
    place = {n: i for i, n in enumerate(run.plant)}
    known = np.array([n in place for n in name], bool)
    offers, name = offers[known], name[known]
    at = np.array([place[n] for n in name], int)
    price, k, most = (offers[c].to_numpy(float) for c in ("price_cny_per_mw", "performance", "power_max_mw"))
    able = most[:, None] * ((run.output[at] > ON) | (offers["kind"] == "storage").to_numpy()[:, None])
    score, of = np.unique(np.round(price / k, 12), return_inverse=True)
    total = np.zeros((len(score), len(needed)))
    np.add.at(total, of, able)
    below = np.cumsum(total, axis=0) - total
    taken = np.clip(needed - below, 0.0, total)
    share = np.divide(taken, total, out=np.zeros_like(total), where=total > 0)
    award = share[of] * able
    last = np.where(taken > 0, score[:, None], 0.0).max(axis=0, initial=0.0)
    withheld, offer = np.zeros((2, *award.shape))
    for a in np.flatnonzero(np.isin(name, list(kept or {}))):
        withheld[a], offer[a] = (kept or {})[name[a]].withheld(award[a], run.price_at_plant[at[a]])
    withheld *= run.hours
    return Regulation(name, award, last, k, offers["mileage_per_mw"].to_numpy(float), withheld, offer, needed - award.sum(axis=0))
