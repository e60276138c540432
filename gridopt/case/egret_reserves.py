"""Reserves of Egret's ModelData as tables reserve, reserve_offer, reserve_shortage and reserve_nesting.

    reserve_requirement: room above the output of all thermal units, ramp from the step before included                              (G8)
    regulation up and down, 5 min, of agc_capable units: at most 5 ramp_agc and half the band p_min_agc to p_max_agc                (G9)
    spinning, 10 min; non-spinning, of fast_start units that are off; supplemental, 30 min, of all units, and of supplemental_start units
    that are off; flexible ramp up and down, 20 min                                                                                (G10)
    regulation up counts for spinning, that for non-spinning, that for supplemental: their requirements add up                     (G11)
    an award for a reserve of m minutes takes 60 min / m times its MW of the ramp of an hour; of regulation, spinning and supplemental it
    is the mean of two steps' awards that does so. A unit that regulates keeps between p_min_agc and p_max_agc                   (G14)
    missing MW cost P = reserve_shortfall_cost; regulation (load mismatch + P) / 2, spinning (regulation + P) / 2, and so on down, where
    the system gives no penalty price of its own                                                                                  (G12)

An area or zone has requirements of its own, met by the units that name it. Egret: model_library/unit_commitment/services.py
"""

from __future__ import annotations

import numpy as np

from gridopt.case.case_rows import CaseRows
from gridopt.case.json_file import Record

CASCADE = ("regulation_up", "spinning", "non_spinning", "supplemental")
"""From the best to the plainest (G11)."""
KEYS = {
    "reserve": "reserve_requirement", "regulation_up": "regulation_up_requirement", "regulation_down": "regulation_down_requirement",
    "spinning": "spinning_reserve_requirement", "non_spinning": "non_spinning_reserve_requirement",
    "supplemental": "supplemental_reserve_requirement", "flexible_ramp_up": "flexible_ramp_up_requirement",
    "flexible_ramp_down": "flexible_ramp_down_requirement",
}  # fmt: skip
PRODUCTS = {
    "reserve": "spinning_up", "regulation_up": "regulation_up", "regulation_down": "regulation_down", "spinning": "spinning_up",
    "non_spinning": "non_spinning", "supplemental": "non_spinning", "flexible_ramp_up": "spinning_up", "flexible_ramp_down": "spinning_down",
}  # fmt: skip
MINUTES = {"regulation_up": 5.0, "regulation_down": 5.0, "spinning": 10.0, "non_spinning": 10.0, "supplemental": 30.0}
FLEXIBLE_MIN = 20.0
PRICES = {
    "regulation_up": "regulation_penalty_price", "spinning": "spinning_reserve_penalty_price",
    "non_spinning": "non_spinning_reserve_penalty_price", "supplemental": "supplemental_reserve_penalty_price",
    "flexible_ramp_up": "flexible_ramp_penalty_price",
}  # fmt: skip
"""Penalties of the system, alike up and down."""
PENALTIES = {"load_mismatch_cost": 1e4, "reserve_shortfall_cost": 1e3, "contingency_flow_violation_cost": 5e3}
"""$/MWh where the file gives none; Egret's code has them per unit, times baseMVA."""


def reserves(system: Record, places: dict[str, dict[str, Record]], units: dict[str, Record], rows: CaseRows, changes: list[str]) -> None:
    """Rows of (G8) to (G14). `places`: areas and zones by kind; `units`: generators in service."""
    prices = _penalties(system)
    thermal = {n: u for n, u in units.items() if str(u.entries.get("generator_type", "thermal")).lower() == "thermal"}
    required, inside = {"": _of_place("", system, prices, rows)}, {"": set(thermal)}
    for kind, records in places.items():
        for name, record in records.items():
            suffix = f" {kind} {name}"
            required[suffix] = _of_place(suffix, record, prices, rows)
            inside[suffix] = {n for n, u in thermal.items() if u.entries.get(kind) == name}
            for product in [p for p in required[suffix] if p in required[""]]:
                rows.add("reserve_nesting", reserve=f"{product}{suffix}", counts_for=product)
    for product in KEYS:
        asks = [suffix for suffix, products in required.items() if product in products]
        for name, unit in thermal.items():
            _offered(product, name, unit, [s for s in asks if name in inside[s]], rows)
    if rows.count("reserve"):
        changes.append("Left out: that Egret lets regulation beyond its requirement stand in for spinning, but not for supplemental reserve.")


def _offered(product: str, name: str, unit: Record, asks: list[str], rows: CaseRows) -> None:
    """Row of reserve_offer of a unit that lies in the places `asks` (suffixes). Where an area and a zone ask for the product, there is one
    reserve more, whose awards count for both."""
    offer = _offer(product, unit) if asks else None
    if offer is None:
        return
    own = [suffix for suffix in asks if suffix] or asks
    reserve = product + "".join(own)
    if len(own) > 1 and reserve not in rows.names("reserve"):
        _add(reserve, product, rows)
        for suffix in own:
            rows.add("reserve_nesting", reserve=reserve, counts_for=f"{product}{suffix}")
    rows.add("reserve_offer", reserve=reserve, kind="generator", element=name, **offer)


def _add(name: str, product: str, rows: CaseRows, profile: str | None = None) -> None:
    """Row of reserve. Flexible ramp shares the ramp by its own minutes, but has a limit of its own in place of a response (G10)."""
    minutes = MINUTES.get(product, FLEXIBLE_MIN if product.startswith("flexible") else None)
    cells = {} if profile is None else {"profile": profile}
    rows.add("reserve", reserve=name, product=PRODUCTS[product], response_min=MINUTES.get(product), shares_ramp="true", ramp_min=minutes,
             ramp_mean="true" if product in MINUTES else "false", **cells)  # fmt: skip


def penalty(system: Record, key: str) -> float:
    """$/MWh of what is missed or passed."""
    return system.number(key, PENALTIES[key], 0.0)


def _penalties(system: Record) -> dict[str, float]:
    """Price of a missing MWh by product (G12)."""
    short, better = penalty(system, "reserve_shortfall_cost"), penalty(system, "load_mismatch_cost")
    found = {"reserve": short}
    for product in CASCADE:
        found[product] = better = system.number(PRICES[product], (better + short) / 2, 0.0)
    flexible = system.number(PRICES["flexible_ramp_up"], (found["spinning"] + found["non_spinning"]) / 2, 0.0)
    return found | {"regulation_down": found["regulation_up"], "flexible_ramp_up": flexible, "flexible_ramp_down": flexible}


def _of_place(suffix: str, place: Record, prices: dict[str, float], rows: CaseRows) -> list[str]:
    """Reserves of the system ('') or of an area or zone; the products that it asks for."""
    steps, below, last = len(rows.time), np.zeros(len(rows.time)), ""
    required = {product: place.series(key, steps, least=0.0) for product, key in KEYS.items() if key in place}
    for product, amount in required.items():
        name = f"{product}{suffix}"
        if product in CASCADE:
            below = below + amount
            amount = below
            if last:
                rows.add("reserve_nesting", reserve=last, counts_for=name)
            last = name
        _add(name, product, rows, rows.profiles.add(f"reserve {name}", amount))
        rows.add("reserve_shortage", reserve=name, share=1.0, cost_cny_per_mwh=prices[product])
    return list(required)


def _offer(product: str, unit: Record) -> dict[str, float] | None:
    """Cells of reserve_offer, None where the unit has none."""
    low, high = unit.entries.get("p_min"), unit.entries.get("p_max")
    low, high = (float(np.max(v)) if isinstance(v, int | float | list) else np.nan for v in (low, high))
    up, down = (unit.number(f"ramp_{way}_60min", np.inf, 0.0) / 60.0 for way in ("up", "down"))
    if product == "reserve":
        return {}
    if product.startswith("regulation"):
        if not unit.flag("agc_capable", False):
            return None
        bottom, top = unit.number("p_min_agc", low), unit.number("p_max_agc", high)
        ramp = min(unit.number("ramp_agc", np.inf, 0.0), up if product.endswith("up") else down)
        return {"award_max_mw": min(5.0 * ramp, (top - bottom) / 2.0), "cost_cny_per_mwh": unit.number("agc_marginal_cost", 0.0),
                "range_min_mw": bottom, "range_max_mw": top}  # fmt: skip
    if product == "spinning":
        room = min(unit.number("spinning_capacity", high - low, 0.0), 10.0 * up)
        return {"award_max_mw": room, "cost_cny_per_mwh": unit.number("spinning_cost", 0.0)}
    if product == "non_spinning":
        if not unit.flag("fast_start", False):
            return None
        offline = unit.number("non_spinning_capacity", 0.0, 0.0)
        return {"award_max_mw": 0.0, "offline_max_mw": offline, "cost_cny_per_mwh": unit.number("non_spinning_cost", 0.0)}
    if product == "supplemental":
        room = min(unit.number("supplemental_spinning_capacity", high - low, 0.0), 30.0 * up)
        offline = unit.number("supplemental_non_spinning_capacity", 0.0, 0.0) if unit.flag("supplemental_start", False) else 0.0
        return {"award_max_mw": room, "offline_max_mw": offline, "cost_cny_per_mwh": unit.number("supplemental_cost", 0.0)}
    most = 20.0 * (up if product.endswith("up") else down)
    return {"award_max_mw": most} if np.isfinite(most) else {}
