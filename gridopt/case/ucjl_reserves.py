"""Reserves of UnitCommitment.jl as tables reserve, reserve_offer, reserve_shortage and reserve_nesting.

    awards of the eligible units, and with parents those of their children, meet the amount, or miss it at the shortfall penalty    (J7)
    an award is room above the output, and the ramp from the step before must leave it: shares_ramp
"""

from __future__ import annotations

import numpy as np

from gridopt.case.case_rows import CaseRows
from gridopt.case.json_file import Record

RESERVE = {"Type", "Amount (MW)", "Shortfall penalty ($/MW)", "Parent"}
OLD = "Provides spinning reserves?"
PRODUCTS = {"spinning": "spinning_up", "non-spinning": "non_spinning"}


def reserves(section: Record, units: dict[str, Record], parameters: Record, rows: CaseRows) -> int:
    """Rows of (J7); the number of reserves. Version 0.2 has one spinning reserve, 'Spinning (MW)'."""
    found = {} if "Spinning (MW)" in section else section.each("reserve")
    if "Spinning (MW)" in section:
        section.only({"Spinning (MW)"})
        amount = {"Type": "Spinning", "Amount (MW)": section.entries["Spinning (MW)"]}
        if "Reserve shortfall penalty ($/MW)" in parameters:
            amount["Shortfall penalty ($/MW)"] = parameters.entries["Reserve shortfall penalty ($/MW)"]
        found["spinning"] = Record(amount, section.place, section.faults)
    for name, reserve in found.items():
        _reserve(name, reserve, found, rows)
    for name, unit in units.items():
        able = unit.words("Reserve eligibility")
        provides = unit.flag(OLD, False)
        if "Spinning (MW)" in section:
            able = ["spinning"] if provides else able
        elif found and OLD in unit and provides != bool(able):
            rule = "contradicts 'Reserve eligibility', which counts where reserves have names"
            unit.fault(OLD, unit.entries[OLD], rule, "Name there what the unit provides, and remove this.")
        for product in able:
            if product not in found:
                unit.fault("Reserve eligibility", product, "is not the name of a reserve", "Correct or remove it.")
            elif str(found[product].entries.get("Type", "")).lower() == "non-spinning":
                offline = unit.number("Non-spinning reserve capacity (MW)", 0.0, 0.0)
                rows.add("reserve_offer", reserve=product, kind="generator", element=name, award_max_mw=0.0, offline_max_mw=offline)
            else:
                rows.add("reserve_offer", reserve=product, kind="generator", element=name)
    return len(found)


def _reserve(name: str, reserve: Record, found: dict[str, Record], rows: CaseRows) -> None:
    reserve.only(RESERVE)
    kind = reserve.text("Type", among=tuple(PRODUCTS)).lower()
    hours = rows.time.hours
    amount = reserve.series("Amount (MW)", len(hours), least=0.0)
    profile = rows.profiles.add(f"reserve {name}", amount)
    shares = "true" if kind == "spinning" else "false"
    rows.add("reserve", reserve=name, product=PRODUCTS.get(kind, ""), profile=profile, shares_ramp=shares)
    penalty = reserve.series("Shortfall penalty ($/MW)", len(hours), -1.0)
    if not (penalty == penalty[0]).all():
        reserve.fault("Shortfall penalty ($/MW)", "a series", "changes over time, which is not modelled", "Give one value.")
    elif penalty[0] >= 0:
        rows.add("reserve_shortage", reserve=name, cost_cny_per_mwh=float(penalty[0]) / hours[0])
    elif not np.isfinite(penalty[0]):
        return
    if "Parent" in reserve:
        parent = reserve.text("Parent")
        if parent not in found:
            reserve.fault("Parent", parent, "is not the name of a reserve", "Correct or remove it.")
        rows.add("reserve_nesting", reserve=name, counts_for=parent)
