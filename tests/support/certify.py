"""A dispatch as the plain arrays that the certificate takes."""

from __future__ import annotations

import numpy as np

from gridopt.dispatch.certificate import certify
from gridopt.pricing.marginal import price


def evidence(dispatch) -> dict:
    """Arguments of `certify`; the arrays are copies that a test may change."""
    case, hours = dispatch.case, dispatch.case.time.hours
    quantities = {name: np.array(q.values, float) for name, q in dispatch.quantities.items()} | {"flow": dispatch.flow.copy()}
    lazy = {f.family.name: f for f in dispatch.model.builder.lazy_families}
    section = lazy.get("interface.limit")
    none = np.zeros((len(case.table("interface")), len(case.time)))
    quantities["interface_flow"] = section.activity(dispatch.solution.x) if section else none
    limited = np.flatnonzero(np.isfinite(case.grid.branches.rating))
    shadow = np.zeros(dispatch.flow.shape)
    shadow[limited] = np.abs(dispatch.values.dual("network.limit")) / hours
    parts = price(dispatch)
    prices = {
        "price": parts.price.copy(), "price_energy": parts.energy.copy(), "price_congestion": parts.congestion.copy(),
        "price_loss": parts.loss.copy(), "branch_shadow_price": shadow,
        "interface_shadow_price": np.abs(dispatch.values.dual("interface.limit")) / hours if section else none.copy(),
    }  # fmt: skip
    bound, objective = dispatch.solution.bound, dispatch.solution.objective
    return dict(case=case, quantities=quantities, prices=prices, objective=objective, bound=bound)


def certificate(dispatch):
    return certify(**evidence(dispatch))
