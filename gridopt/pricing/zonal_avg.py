"""zonal_avg: plants at their node, users at the mean of their zone.

    price of load in zone z [t] = sum_b w[b,t] price[b,t] / sum_b w[b,t] over the buses of z                              (R1)
    w: generation (B1) of dispatch/bus_weights.py, demand with bids of users, or given;   price: at which plants settle, within floor and cap

By load, users pay just what they would pay node by node. By generation, as in Gansu, the mean is that of the plants: in one zone without
losses G MWh earn G times the mean. Users alone then pay just what plants get; what is sent out or charged takes its part of G, and pays not
the mean but the price at its bus. What users pay beyond (below) the price at their bus is an account of its own (zone spread).
Source: Electricity Spot Market Practice (National Dispatch Centre), ch. 20 Gansu.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridopt.case.case import Case
from gridopt.case.check import CaseError, nearest
from gridopt.case.pricing_options import USUAL, ZonalAvg
from gridopt.dispatch.bus_weights import generation
from gridopt.dispatch.lmp import Prices, from_duals
from gridopt.dispatch.price_range import price_range
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.right_duals import demand, marginal


def price(case: Case, dispatch: Dispatch, options: ZonalAvg = USUAL.zonal_avg) -> Prices:
    """Nodal prices of ip, with the prices (R1) that load pays. Raises CaseError for weights of buses that are not there."""
    people = dispatch.participants
    nodal = from_duals(dispatch, people, marginal(dispatch, options.selection)[people.shared])
    return averaged(case, dispatch, replace(nodal, span=price_range(dispatch)), options)


def averaged(case: Case, dispatch: Dispatch, nodal: Prices, options: ZonalAvg = USUAL.zonal_avg) -> Prices:
    """Nodal prices of any kind with the prices (R1) that load pays. Raises CaseError for weights of buses that are not there."""
    if options.weights == "fixed":
        weight = np.broadcast_to(_fixed(case, options)[:, None], nodal.price.shape)
    else:
        weight = demand(dispatch) if options.weights == "load" else generation(dispatch)
    settled = np.clip(nodal.price, *options.edge)
    _, zone = np.unique(case.table("bus")["zone"].astype(str), return_inverse=True)
    mean = zone_means(settled, weight, zone if options.zones == "zone" else 0 * zone)
    return replace(nodal, load_price=mean, load_weights=options.weights)


def _fixed(case: Case, options: ZonalAvg) -> np.ndarray:
    """Weights by bus (B,)."""
    bus = case.table("bus").index
    wrong = [n for n in options.fixed if n not in bus]
    if wrong:
        raise CaseError([f"key 'pricing.zonal_avg.fixed': '{n}' is not a bus{nearest(n, bus)} Correct it." for n in wrong])
    return np.array([options.fixed.get(str(b), 0.0) for b in bus])


def zone_means(price: np.ndarray, weight: np.ndarray, zone: np.ndarray) -> np.ndarray:
    """Mean price of the zone (B,) of each bus (B, T); a bus without a zone is in one with all such; plain means where no weight is."""
    shape = (zone.max(initial=-1) + 1, price.shape[1])
    total, value, count, plain = (np.zeros(shape) for _ in range(4))
    for into, what in ((total, weight), (value, weight * price), (count, np.ones_like(price)), (plain, price)):
        np.add.at(into, zone, what)
    mean = np.where(total > 0, np.divide(value, total, out=np.zeros(shape), where=total > 0), plain / np.maximum(count, 1.0))
    return mean[zone]
