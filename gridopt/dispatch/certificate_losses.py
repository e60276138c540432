"""Certificate, losses of AC branches: physics, what is artificial, what they cost.

    no loss on a branch that is out or has no resistance                                    loss.none
    loss >= r flow^2                                                                       loss.square
    loss - artificial loss = r flow^2, artificial loss >= 0                                loss.artificial
    marginal cost of losses = 2 r flow x mean price of the ends, 0 where that is negative   loss.price

r = ohm / kV^2 for lines, per unit / base for ac_branch, none for transformers and where it is negative. Withdrawals by losses are
part of bus.balance, their cost part of price.network and rent.
"""

from __future__ import annotations

import numpy as np

from gridopt.dispatch.certificate_check import BRANCHES, POWER, PRICE, Check, Evidence
from gridopt.dispatch.certificate_network import wires

SQUARE = 1e-4
"""Part by which a loss may fall short of its square."""
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
    worth = np.maximum(0.5 * (e["price"][wire.start] + e["price"][wire.end]), 0.0)
    off = np.abs(e["branch_loss_price"] - 2 * r * flow * worth)
    allowed = PRICE + 2 * worth * (r * (SLOPE * np.abs(flow) + SMALL) + np.sqrt(SHORT * r))
    return [
        e.judge("loss.none", "MW", np.where(r > 0, 0.0, np.abs(loss)), POWER, e.branches),
        e.judge("loss.square", "MW", square - loss, near, e.branches),
        e.judge("loss.artificial", "MW", apart, near, e.branches),
        e.judge("loss.price", "CNY/MWh", off, allowed, e.branches),
    ]
