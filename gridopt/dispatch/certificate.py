"""Certificate: an independent check of a solved dispatch.

Nothing here knows how the dispatch was found. Every rule is evaluated with plain arrays on the reported results and the raw
tables of the case (which only lends series on the steps, shares of service and seasons); blocks, program, the lazy loop and the
model's topology are not used, so a fault in one of them cannot hide itself. The rules stand at the heads of certificate_network,
_contingency, _losses, _plants, _commitment, _running, _stores, _pumped, _rivers, _solar_thermal, _links, _trade, _reserve, _delivery, _ramping
and _money; tolerances in certificate_check.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gridopt.case.case import Case
from gridopt.dispatch.certificate_check import Check, collect
from gridopt.dispatch.certificate_commitment import check_commitment
from gridopt.dispatch.certificate_contingency import check_contingencies
from gridopt.dispatch.certificate_delivery import check_delivery
from gridopt.dispatch.certificate_demand import check_demand
from gridopt.dispatch.certificate_fuel import check_fuel
from gridopt.dispatch.certificate_links import check_links
from gridopt.dispatch.certificate_losses import check_losses
from gridopt.dispatch.certificate_money import check_causes, check_money
from gridopt.dispatch.certificate_network import check_network
from gridopt.dispatch.certificate_plants import check_plants
from gridopt.dispatch.certificate_pumped import check_pumped
from gridopt.dispatch.certificate_ramping import check_ramping
from gridopt.dispatch.certificate_reserve import check_reserves
from gridopt.dispatch.certificate_rivers import check_rivers
from gridopt.dispatch.certificate_solar_thermal import check_solar_thermal
from gridopt.dispatch.certificate_stores import check_stores
from gridopt.dispatch.certificate_trade import check_trade


@dataclass(frozen=True)
class Certificate:
    """The verdict and every check behind it."""

    passed: bool
    checks: list[Check]

    @property
    def failed(self) -> list[Check]:
        return [c for c in self.checks if not c.passed]

    def to_dict(self) -> dict:
        """For certificate.json."""
        return {"passed": self.passed, "checks": [c.to_dict() for c in self.checks]}


def certify(
    case: Case,
    quantities: Mapping[str, np.ndarray],
    prices: Mapping[str, np.ndarray],
    objective: float,
    bound: float,
    causes: Mapping[str, np.ndarray] | None = None,
    contingency_prices: Sequence[tuple[str, str, int, float]] = (),
) -> Certificate:
    """Checks a solved dispatch of `case`.

    quantities: arrays by the names of results.nc, (element, T) float64 in table order, from load to flow and interface_flow;
    with losses of AC branches also branch_loss, branch_artificial_loss MW and branch_loss_price CNY/MWh, (L, T).
    with reserves also reserve_award (offer, T), reserve_requirement, reserve_shortage (reserve, T) MW.
    prices: price, price_congestion, price_loss (B, T), price_energy (T,) or (B, T) in CNY/MWh; branch_shadow_price (L, T) and
    interface_shadow_price (I, T), >= 0; branch_forward, interface_forward: whether that is the price of the upper limit, for limits that
    meet; reserve_price (reserve, T) CNY/MWh. objective, bound: least cost and its proven lower bound, CNY.
    causes: curtailed MW by cause, (renewable, T) each; without it their sum is not checked.
    contingency_prices: (contingency, branch, step, shadow price CNY/MWh >= 0) of the limits after outages that have one.
    Raises ValueError that names every array that is missing or has a wrong shape.
    """
    evidence = replace(collect(case, quantities, prices), contingency_prices=contingency_prices)
    checks = [
        *check_network(evidence),
        *check_contingencies(evidence),
        *check_losses(evidence),
        *check_plants(evidence),
        *check_commitment(evidence),
        *check_stores(evidence),
        *check_pumped(evidence),
        *check_rivers(evidence),
        *check_solar_thermal(evidence),
        *check_links(evidence),
        *check_trade(evidence),
        *check_fuel(evidence),
        *check_demand(evidence),
        *check_reserves(evidence),
        *check_delivery(evidence),
        *check_ramping(evidence),
        *check_money(evidence, objective, bound),
    ]
    if causes is not None:
        checks.append(check_causes(evidence, causes))
    return Certificate(all(c.passed for c in checks), checks)
