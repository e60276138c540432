"""Paid as offered: who gives energy is paid what it offers for that, and who takes energy pays the mean.

    offer[g,t] = cost[g,t] where g gives energy; where it gives and takes none, what it costs all the same (starts, awards)   [CNY]   (F1)
    taken[t] = sum of load h + what all others take + what DC links lose                                                      [MWh]   (F2)
    mean[t] = sum of offer[g,t] / taken[t];  offers while nobody takes anything are shared over all that is taken         [CNY/MWh]   (F3)
    paid[g,t] = offer[g,t] - mean[t] x what g takes in t                                                                      [CNY]   (F4)

Exports, charging, pumping and bids of users take energy; what that costs them or is worth to them is their own. A DC link buys at one end
and sells at the other at the same price, and bears its own cost; a firm schedule to where nobody takes it sells nothing, and takes it all.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridopt.dispatch.market_run import MarketRun, acting, costs_of, plants_of
from gridopt.dispatch.participants import Participants
from gridopt.dispatch.result import Dispatch

LEAST_MW = 1e-6
LEAST_MWH = 1e-9
"""Power by which what arrives may differ from what is lost, and energy below which nothing is given or taken."""


def traded(plant: np.ndarray, bus: np.ndarray, output: np.ndarray, lost: np.ndarray) -> np.ndarray:
    """Output MW (g, T) of plants at buses int (g,), but of ends of DC links where all that arrives is lost; lost MW (B, T)."""
    wasted = (output > 0) & (lost[bus] >= output - LEAST_MW)
    return np.where(_links(plant)[:, None] & wasted, 0.0, output)


def offers(plant: np.ndarray, energy: np.ndarray, cost: np.ndarray) -> np.ndarray:
    """(F1) for plants 'table id' (g,), energy MWh given and cost CNY (g, T)."""
    buys = _links(plant)[:, None] | (energy < -LEAST_MWH)
    return np.where(buys, 0.0, np.where(energy > LEAST_MWH, cost, np.maximum(cost, 0.0)))


def mean(plant: np.ndarray, energy: np.ndarray, offer: np.ndarray, load: np.ndarray) -> np.ndarray:
    """(F2), (F3) for energy MWh and offers CNY of plants (g, T), load MWh (T,)."""
    taken = load - np.where(_links(plant)[:, None], energy, np.minimum(energy, 0.0)).sum(axis=0)
    asked, some = offer.sum(axis=0), taken > LEAST_MWH
    found = np.divide(asked, taken, out=np.zeros(len(asked)), where=some)
    return found + (asked[~some].sum() / taken[some].sum() if some.any() else 0.0)


def paid(plant: np.ndarray, energy: np.ndarray, offer: np.ndarray, price: np.ndarray) -> np.ndarray:
    """(F4) with the price that those who take energy pay where each plant is CNY/MWh (g, T)."""
    buys = _links(plant)[:, None] | (energy < -LEAST_MWH)
    return np.where(buys, energy * price, offer)


def of_run(run: MarketRun) -> MarketRun:
    """A run in which plants get (F4) for their energy; what they are paid without any is not in it."""
    energy, at_bus = traded(run.plant, run.plant_bus, run.output, run.lost) * run.hours, run.load_price[run.plant_bus]
    amount, given = paid(run.plant, energy, offers(run.plant, energy, run.cost), at_bus), run.output * run.hours
    return replace(run, plant_price=np.divide(amount, given, out=run.price_at_plant.copy(), where=np.abs(given) > LEAST_MWH))


def settled(dispatch: Dispatch, people: Participants, more: np.ndarray | float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Mean price CNY/MWh (B, T), the same at all buses, and what participants are paid beyond their cost CNY (g, T); more (g, T): what plants
    ask for beyond their cost where they give energy."""
    plants, hours = plants_of(dispatch), dispatch.case.time.hours
    cost, lost = costs_of(dispatch, plants), -dispatch.served - dispatch.injection
    np.add.at(lost, plants.bus, plants.output)
    energy = traded(plants.name, plants.bus, plants.output, lost) * hours
    offer = offers(plants.name, energy, cost + more)
    price = mean(plants.name, energy, offer, dispatch.served.sum(axis=0) * hours)
    gain, extra = paid(plants.name, energy, offer, price) - cost, np.zeros((len(people.names), len(hours)))
    acts, place = acting(dispatch), {n: g for g, text in enumerate(people.names) for n in str(text).split(" + ")}
    of = np.array([place.get(acts[str(n)], -1) for n in plants.name], int)
    np.add.at(extra, of[of >= 0], gain[of >= 0])
    return np.broadcast_to(price, dispatch.served.shape).copy(), extra


def _links(plant: np.ndarray) -> np.ndarray:
    """Which plants are ends of DC links, bool (g,)."""
    return np.array([str(p).startswith("dc_link ") for p in plant], bool)
