"""Weights of buses by which prices are averaged: what plants give there, and what users take; and parts of prices by other weights.

    generation[b,t] = sum over the plants at b of what each gives, where that is above zero: generation, discharge, imports    [MW]     (B1)
    energy' = sum of w LMP over an area, loss' = loss - sum of w loss, congestion' = LMP - energy' - loss',
    w: shares of load, shares of generation, or one bus                                                                        (B2)

A DC link gives nothing: what it lands was given, or imported, where it begins. What charges or is sent out is no user's; what is shed is
given by nobody. Areas in which the one bus is not are split by load.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridopt.case.offers import segments_of_users
from gridopt.dispatch.lmp import Prices, by_area, load_share
from gridopt.dispatch.market_run import plants_of
from gridopt.dispatch.result import Dispatch

LOAD, GENERATION = "load", "generation"
"""Weights that are no bus."""


def generation(dispatch: Dispatch) -> np.ndarray:
    """(B1), (B, T)."""
    plants, found = plants_of(dispatch), np.zeros(dispatch.injection.shape)
    link = np.array([str(n).startswith("dc_link ") for n in plants.name], bool)
    np.add.at(found, plants.bus[~link], np.maximum(plants.output[~link], 0.0))
    return found


def referred(prices: Prices, dispatch: Dispatch, slack: str) -> Prices:
    """Prices with their parts by (B2); slack: load, generation, or the name of a bus."""
    bought, case = _bought(dispatch), dispatch.case
    if slack == LOAD and not bought.any():
        return prices
    area = case.grid.root[:, case.grid.epoch]
    weight = load_share(generation(dispatch) if slack == GENERATION else dispatch.quantities["load"].values + bought, area)
    if slack not in (LOAD, GENERATION):
        (bus,) = case.position("bus", [slack])
        weight = np.where(area == area[bus], (np.arange(len(area)) == bus)[:, None].astype(float), weight)
    energy, loss = by_area(weight * prices.lmp, area), prices.loss - by_area(weight * prices.loss, area)
    return replace(prices, energy=energy, loss=loss, congestion=prices.lmp - energy - loss, weight=weight, slack=slack)


def _bought(dispatch: Dispatch) -> np.ndarray:
    """What users buy by bids MW (B, T)."""
    found, names = np.zeros(dispatch.injection.shape), [f"generator {n}" for n in segments_of_users(dispatch.case)]
    if names:
        plants = plants_of(dispatch)
        mine = np.isin(plants.name.astype(str), names)
        np.add.at(found, plants.bus[mine], -plants.output[mine])
    return found
