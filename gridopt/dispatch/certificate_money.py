"""Certificate, money: the cost recomputed from outputs, the proof of the optimum, prices, rent, causes of curtailment.

    sum of all costs recomputed from outputs and raw tables = objective                          cost
    -1e-9 <= (objective - bound) / |objective| <= 1e-6                                            gap
    price = energy + congestion + loss, all finite                                               price.parts
    a limit has a price only where it binds                                                      price.binding
    prices of one island differ only by what priced limits explain (DC power flow of the duals)  price.network
    sum over buses of price x (withdrawal - injection) = sum over limits of shadow price x flow    rent
        losses are withdrawals at their buses, and flows also pay what their losses cost: branch_loss_price x flow
    curtailed energy = sum over causes, by plant and step                                          curtailment.causes
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gridopt.dispatch.certificate_check import BRANCHES, POWER, PRICE, RELATIVE, Check, Evidence
from gridopt.dispatch.certificate_commitment import switched_rows
from gridopt.dispatch.certificate_contingency import paid
from gridopt.dispatch.certificate_links import link_power
from gridopt.dispatch.certificate_network import angles, members, section_limits, sections, wires
from gridopt.dispatch.certificate_plants import burnt, emitted, free, generator_cost, of_type, unit_rate
from gridopt.dispatch.certificate_ramping import ramping_cost
from gridopt.dispatch.certificate_reserve import reserve_cost
from gridopt.dispatch.certificate_rivers import end_cost
from gridopt.dispatch.certificate_running import switched_costs
from gridopt.dispatch.certificate_trade import agreed, late_cost, paid_at_ends

DEFAULT_TIER = (np.array([1.0]), np.array([10000.0]))
"""(share, CNY/MWh) of load shedding where the network names no tier."""
COST, GAP_LOW, GAP_HIGH, CAUSE = 1e-6, -1e-9, 1e-6, 1e-6


def check_money(e: Evidence, objective: float, bound: float) -> list[Check]:
    """The checks named at the head of this file, but for the causes."""
    parts = recomputed(e)
    total, gross = sum(p.sum() for p in parts.values()), sum(np.abs(p).sum() for p in parts.values())
    scale = max(abs(objective), 1.0)
    near = COST * scale + RELATIVE * gross
    cost = e.judge("cost", "CNY", np.array([abs(total - objective)]), near, [f"{total:.2f} recomputed"])
    gap = (objective - bound) / scale
    proven = bool(GAP_LOW <= gap <= GAP_HIGH)
    return [cost, Check("gap", float(gap), "1", GAP_HIGH, proven, ""), *_prices(e)]


def recomputed(e: Evidence) -> dict[str, np.ndarray]:
    """Cost by name, CNY, summed over elements (T,)."""
    hours, case = e.case.time.hours, e.case
    extra = e["exchange_export"] - agreed(e)
    worth, tariff = case.series(case.table("exchange")["price_profile"], 0.0), e.number("exchange", "tariff_cny_per_mwh")
    trade = np.where(extra > 0, (tariff - worth) * extra, (tariff + worth) * -extra)
    rates = {
        "renewable": e.number("renewable", "cost_cny_per_mwh") * e["renewable_output"],
        "curtailment": e.number("renewable", "curtailment_cost_cny_per_mwh") * e["renewable_curtailed"],
        "wear": e.number("storage", "wear_cny_per_mwh") * e["storage_discharge"],
        "charging": e.number("storage", "charging_cost_cny_per_mwh") * e["storage_charge"],
        "csp_left": _left(e, e.number("csp", "end_value_cny_per_mwh") * e["csp_store"]),
        "csp_start": e.number("csp", "start_cny") * e["csp_start"] / hours,
        "pumped": e.number("pumped", "cost_cny_per_mwh") * e["pumped_generate"],
        "pumped_left": _left(e, e.number("pumped", "end_value_cny_per_mwh") * e["pumped_upper"]),
        "end_value": _left(e, e.number("storage", "end_value_cny_per_mwh") * e["storage_energy"]),
        "exchange": trade,
        "dc_link": e.number("dc_link", "cost_cny_per_mwh") * np.abs(link_power(e)),
        "fuel_short": np.nan_to_num(e.number("fuel_budget", "short_cny_per_tce")) * e["fuel_short"] / hours,
        "interrupted": e.number("interruptible", "cost_cny_per_mwh") * e["interruptible_called"],
        "shifted": e.number("shiftable", "cost_cny_per_mwh") * e["shiftable_less"],
        "grown": -e.number("price_response", "price_cny_per_mwh") * e["price_response_more"],
        "dc_market": (e.number("dc_market", "tariff_cny_per_mwh") - paid_at_ends(e)) * e["dc_market_sold"],
        "generator": generator_cost(e) * ~switched_rows(case, "generator")[:, None],
    }
    parts = {"river_end": end_cost(e).sum(axis=0), "contract_late": late_cost(e)}
    rates = rates | _thermal(e) | switched_costs(e) | _unserved(e) | _overloads(e) | reserve_cost(e) | ramping_cost(e)
    return parts | {name: rate.sum(axis=0) * hours for name, rate in rates.items()}


def _overloads(e: Evidence) -> dict[str, np.ndarray]:
    """Steps of each limit that is passed fill from the cheapest."""
    table, found = e.case.table("limit_penalty").sort_values("cost_cny_per_mwh"), {}
    sections = e.case.table("interface").index
    for name, names, section, after in (
        ("branch_overload", e.branches, False, False), ("interface_overload", sections, True, False),
        ("branch_overload_after", e.branches, False, True),
    ):  # fmt: skip
        left, cost = np.abs(e[name]).copy(), np.zeros(e[name].shape)
        place = {n: i for i, n in enumerate(names)}
        for _, row in table[((table["kind"] == "interface") == section) & (table["after_outages"] == after)].iterrows():
            i = place[row["element"]]
            taken = np.fmin(left[i], row["width_mw"])
            cost[i] += row["cost_cny_per_mwh"] * taken
            left[i] -= taken
        found[name] = cost
    return found


def _left(e: Evidence, worth: np.ndarray) -> np.ndarray:
    """CNY/h (n, T) that are, over the last step, less what is left after it is worth; NaN: it has no value."""
    last = np.arange(len(e.case.time)) == len(e.case.time) - 1
    return np.where(last, -np.nan_to_num(worth) / e.case.time.hours, 0.0)


def _thermal(e: Evidence) -> dict[str, np.ndarray]:
    case, output, spent, co2 = e.case, e["unit_output"], burnt(e), emitted(e)
    fuel = case.table("fuel").loc[case.table("unit")["fuel"]]
    carbon = case.of_year("carbon_price_cny_per_t", 0.0) * (co2 - free(case, unit_rate(case)) * output)
    price = fuel["price_cny_per_tce"].to_numpy(float)[:, None] * case.of_year("fuel_price_scale", 1.0)
    found = {"fuel": spent * price, "variable": of_type(case, "vom_cny_per_mwh") * output, "carbon": carbon}
    return {name: rate * ~switched_rows(case, "unit")[:, None] for name, rate in found.items()}


def _unserved(e: Evidence) -> dict[str, np.ndarray]:
    """Shedding fills the tiers of each bus from the cheapest; surplus costs as much as the dearest tier."""
    tier = e.case.table("shedding_tier")
    share, cost = (tier["share"].to_numpy(float), tier["cost_cny_per_mwh"].to_numpy(float)) if len(tier) else DEFAULT_TIER
    left, paid = e["shedding"].copy(), np.zeros_like(e["shedding"])
    for k in np.argsort(cost, kind="stable"):
        taken = np.minimum(left, share[k] * np.maximum(e.load_of("sheddable"), 0.0))
        paid += cost[k] * taken
        left -= taken
    return {"shedding": paid + cost.max() * left, "surplus": cost.max() * e["surplus"]}


def _prices(e: Evidence) -> list[Check]:
    case, price, hours = e.case, e["price"], e.case.time.hours
    bus, mu = case.table("bus").index, e["branch_shadow_price"]
    wire, (ac, other), (low, high) = wires(e), sections(e), section_limits(e)
    flow = np.concatenate([e["flow"] - e["branch_overload"], ac + other - e["interface_overload"]])
    low, high = np.concatenate([wire.low, low]), np.concatenate([wire.high, high])
    dual = np.concatenate([mu, e["interface_shadow_price"]])
    forward = _forward(e, flow, low, high)
    idle = np.where(dual < -PRICE, np.inf, np.where(dual > PRICE, np.where(forward, high - flow, flow - low), 0.0))
    signed = np.where(forward, dual, -dual)
    push, pull = signed[: len(mu)], signed[len(mu) :]
    for i, row, kind, coefficient in members(case):
        if kind in BRANCHES:
            push[row] += coefficient * pull[i]
    push = push + e["branch_loss_price"]
    # Shifts push flows that no injection pays for.
    rent = (push * (e["flow"] - wire.due(np.zeros_like(price)))).sum(axis=0)
    angle, root = angles(wire, wire.leaving(np.where(wire.live, wire.strength * push, 0.0), len(bus)))
    secured = paid(e)
    rest = price + angle + secured.price
    apart = np.abs(rest - np.take_along_axis(rest, root, axis=0))
    net, gross = e.injection
    spent, turnover = -(price * net).sum(axis=0), (np.abs(price) * gross).sum(axis=0)
    near = (COST * turnover + POWER * np.abs(price).max(axis=0)) * hours + PRICE
    parts = np.abs(price - e["price_energy"] - e["price_congestion"] - e["price_loss"])
    limits = [*e.branches, *case.table("interface").index, *secured.names]
    return [
        e.judge("price.parts", "CNY/MWh", parts, PRICE + RELATIVE * np.abs(price), bus),
        e.judge("price.binding", "MW", np.concatenate([idle, secured.idle]), POWER, limits),
        e.judge("price.network", "CNY/MWh", apart, PRICE + 1e-8 * (dual.sum(axis=0) + secured.total), bus),
        e.judge("rent", "CNY", (np.abs(spent - rent - secured.rent) * hours)[None], near[None], [""]),
    ]


def _forward(e: Evidence, flow: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Whether a limit's price is that of its upper end: the nearer one, or what is told where both ends meet."""
    nearer = high - flow <= flow - low
    if "branch_forward" not in e.arrays:
        return nearer
    told = np.concatenate([e["branch_forward"], e["interface_forward"]]) > 0
    return np.where(high - low <= 2 * POWER, told, nearer)


def check_causes(e: Evidence, causes: Mapping[str, np.ndarray]) -> Check:
    """`causes`: curtailed MW by cause, (n, T) each."""
    hours = e.case.time.hours
    left = e["renewable_curtailed"].copy()
    for values in causes.values():
        left -= values
    return e.judge("curtailment.causes", "MWh", np.abs(left) * hours, CAUSE, e.case.table("renewable").index)
