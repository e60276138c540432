"""A dispatch as the plain arrays that the certificate takes."""

from __future__ import annotations

import numpy as np

from gridopt.dispatch.certificate import certify
from gridopt.dispatch.lmp import price


def evidence(dispatch) -> dict:
    """Arguments of `certify`; the arrays are copies that a test may change."""
    quantities = {name: np.array(q.values, float) for name, q in dispatch.quantities.items()}
    quantities |= {"flow": dispatch.flow.copy(), "interface_flow": dispatch.interface_flow.copy()}
    parts = price(dispatch)
    prices = {
        "price": parts.price.copy(), "price_energy": parts.energy.copy(), "price_congestion": parts.congestion.copy(),
        "price_loss": parts.loss.copy(), "branch_shadow_price": dispatch.branch_shadow_price.copy(),
        "interface_shadow_price": dispatch.interface_shadow_price.copy(), **dispatch.pushes,
    }  # fmt: skip
    if len(dispatch.case.table("reserve")):
        prices["reserve_price"] = dispatch.reserve_price.copy()
    bound, objective = dispatch.solution.bound, dispatch.solution.objective
    given = dict(case=dispatch.case, quantities=quantities, prices=prices, objective=objective, bound=bound)
    return given | dict(contingency_prices=dispatch.contingency_prices)


def certificate(dispatch):
    return certify(**evidence(dispatch))
