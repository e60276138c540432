"""Certificate, losses of AC branches: physics, what is artificial, what they cost.

    no loss on a branch that is out or has no resistance                                    loss.none
    loss >= r flow^2                                                                       loss.square
    loss - artificial loss = r flow^2, artificial loss >= 0                                loss.artificial
    marginal cost of losses = 2 r flow x mean price of the ends, 0 where that is negative   loss.price

With marginal losses the first of these hold for the sum over each area in each step, within 0.1 % of the whole, and:

    sum of |marginal cost - 2 r flow x price| x |flow| <= 2 price sqrt(missing x sum of r flow^2)     loss.price, by area and step

(by Cauchy and Schwarz, for cost linearised at flows from which the losses look smaller by `missing`), the price being the mean over where
the area's branches take out their losses (both ends, or the receiving one), weighted by them.

r = ohm / kV^2 for lines, per unit / base for ac_branch, none for transformers and where it is negative. Withdrawals by losses are
part of bus.balance, their cost part of price.network and rent.
"""

from __future__ import annotations

import numpy as np

from gridopt.dispatch.certificate_check import BRANCHES, POWER, PRICE, Check, Evidence
from gridopt.dispatch.certificate_network import Wires, angles, wires

SQUARE = 1e-4
"""Part by which a loss may fall short of its square."""
TOTAL = 1e-3
"""The same for the sum over all branches and steps, where losses are marginal."""
SLOPE = 0.0102
"""Part by which a marginal loss may differ from 2 r flow: the distance of the tangents."""
SMALL, SHORT = 0.02, 1e-6
"""MW of flow below which marginal losses are not told apart from none, and MW that a loss may lie below its next tangent: where both
tangents are that close, either may bind."""


def ohmic(e: Evidence) -> np.ndarray:
    """r 1/MW (L, 1) from the raw tables."""
    line, transformer, own = (e.case.table(t) for t in BRANCHES)
    kv = e.case.table("bus")["voltage_kv"].loc[line["from_bus"]].to_numpy(float)
    per_line = (line["length_km"] * line["resistance_ohm_per_km"]).to_numpy(float) / line["circuits"].to_numpy(float) / kv**2
    r = np.concatenate([per_line, np.zeros(len(transformer)), (own["resistance_pu"] / own["base_mva"]).to_numpy(float)])
    return np.maximum(r, 0.0)[:, None]


def check_losses(e: Evidence) -> list[Check]:
    """The checks named at the head of this file; none where losses are off."""
    if e.case.losses == "off":
        return []
    wire, flow, loss, beyond = wires(e), e["flow"], e["branch_loss"], e["branch_artificial_loss"]
    r = np.where(wire.live, ohmic(e), 0.0)
    square = r * flow**2
    near = POWER + SQUARE * square
    apart = np.maximum(np.abs(loss - beyond - square), np.where(beyond < 0, -beyond + POWER, 0.0))
    none = e.judge("loss.none", "MW", np.where(r > 0, 0.0, np.abs(loss)), POWER, e.branches)
    if e.case.losses == "marginal":
        return [none, *_in_areas(e, wire, r, square)]
    worth = np.maximum(_where_taken(e, wire), 0.0)
    off = np.abs(e["branch_loss_price"] - 2 * r * flow * worth)
    allowed = PRICE + 2 * worth * (r * (SLOPE * np.abs(flow) + SMALL) + np.sqrt(SHORT * r))
    return [
        none,
        e.judge("loss.square", "MW", square - loss, near, e.branches),
        e.judge("loss.artificial", "MW", apart, near, e.branches),
        e.judge("loss.price", "CNY/MWh", off, allowed, e.branches),
    ]


def _where_taken(e: Evidence, wire: Wires) -> np.ndarray:
    """Price where the losses of each branch are taken out CNY/MWh (L, T): mean of its ends, or that of the receiving one."""
    return e.loss_at_begin * e["price"][wire.start] + (1.0 - e.loss_at_begin) * e["price"][wire.end]


def _in_areas(e: Evidence, wire: Wires, r: np.ndarray, square: np.ndarray) -> list[Check]:
    """The checks of marginal losses; branches summed at the first bus of their area."""
    flow, loss, beyond, hours = e["flow"], e["branch_loss"], e["branch_artificial_loss"], e.case.time.hours
    _, root = angles(wire, np.zeros_like(e["price"]))
    at, steps = root[wire.start], np.arange(len(hours))

    def summed(values: np.ndarray) -> np.ndarray:
        total = np.zeros(root.shape)
        np.add.at(total, (at, steps), values)
        return total

    whole, lost = summed(square), summed(loss)
    missing = whole - summed(loss - beyond)
    off, near = float((np.abs(missing) @ hours).sum()), TOTAL * float((whole @ hours).sum()) + POWER * hours.sum()
    paid = summed(loss * _where_taken(e, wire))
    worth = np.maximum(np.divide(paid, lost, out=np.zeros_like(paid), where=lost > POWER), 0.0)
    cost = summed(np.abs(e["branch_loss_price"] - 2 * r * flow * np.take_along_axis(worth, at, axis=0)) * np.abs(flow))
    allowed = 2 * worth * np.sqrt((np.maximum(missing, 0.0) + POWER) * whole) + PRICE * (1.0 + summed(np.abs(flow)))
    buses = e.case.table("bus").index
    return [
        e.judge("loss.square", "MWh", np.array([off]), np.array([near]), [""]),
        e.judge("loss.artificial", "MW", np.maximum(-beyond, beyond - loss), POWER, e.branches),
        e.judge("loss.price", "CNY/h", np.where(lost > POWER, cost, 0.0), allowed, buses),
    ]
