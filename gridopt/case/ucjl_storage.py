"""Storage units of UnitCommitment.jl as table storage (J6)."""

from __future__ import annotations

import numpy as np

from gridopt.case.case_rows import CaseRows
from gridopt.case.json_file import Record
from gridopt.case.ucjl_network import refuse_expansion

AT_ONCE = "Allow simultaneous charging and discharging"
STORAGE = {
    "Bus", "Minimum level (MWh)", "Maximum level (MWh)", AT_ONCE, "Charge cost ($/MW)",
    "Discharge cost ($/MW)", "Charge efficiency", "Discharge efficiency", "Loss factor", "Minimum charge rate (MW)",
    "Maximum charge rate (MW)", "Minimum discharge rate (MW)", "Maximum discharge rate (MW)", "Initial level (MWh)",
    "Last period minimum level (MWh)", "Last period maximum level (MWh)", "Investment cost ($)",
}  # fmt: skip
MEANS = ("Charge cost ($/MW)", "Discharge cost ($/MW)", "Charge efficiency", "Discharge efficiency", "Loss factor")
"""Figures that have one value here, of which the mean over time is taken."""


def storage(found: dict[str, Record], rows: CaseRows, changes: list[str]) -> None:
    """Rows of storage; sentences on what is not modelled go to `changes`."""
    said: dict[str, list[str]] = {}
    for name, unit in found.items():
        unit.only(STORAGE)
        refuse_expansion(unit)
        _unit(name, unit, rows, said)
    changes += [f"{what}: {', '.join(names)}." for what, names in said.items()]


def _unit(name: str, unit: Record, rows: CaseRows, said: dict[str, list[str]]) -> None:
    hours, steps = rows.time.hours, len(rows.time)
    one = {key: _mean(key, name, unit, steps, said) for key in MEANS}
    least, most = unit.series("Minimum level (MWh)", steps, 0.0, 0.0), unit.series("Maximum level (MWh)", steps, least=0.0)
    # Both hold at the end: the level of the last step and that of the last period.
    least[-1] = max(least[-1], unit.number("Last period minimum level (MWh)", least[-1], 0.0))
    most[-1] = min(most[-1], unit.number("Last period maximum level (MWh)", most[-1], 0.0))
    room = max(float(np.nanmax(most)), 1e-9) if np.isfinite(most).any() else np.nan
    rates: dict[str, object] = {}
    for key in ("charge", "discharge"):
        rate, profile = rows.figure(f"storage {name} {key}", unit.series(f"Maximum {key} rate (MW)", steps, least=0.0))
        rates |= {f"{key}_profile": profile, "charge_max_mw" if key == "charge" else "power_max_mw": rate}
        if unit.series(f"Minimum {key} rate (MW)", steps, 0.0).any():
            said.setdefault(f"Storage units whose least rate of {key.removesuffix('e')}ing is left out", []).append(name)
    if _at_once(unit, steps):
        said.setdefault("Storage units that never charge and discharge at once, although the file allows it", []).append(name)
    first = unit.number("Initial level (MWh)", 0.0, 0.0)
    if first > room:
        unit.fault("Initial level (MWh)", first, f"is above the largest level of {room:g} MWh", "Correct one of them.")
    shares = {
        "energy_min_profile": _share(f"storage {name} least level", least / room, 0.0, rows),
        "energy_max_profile": _share(f"storage {name} largest level", most / room, 1.0, rows),
    }
    limits = {column: cell for column, cell in (rates | shares).items() if cell != ""}
    rows.add(
        "storage", storage=name, bus=unit.text("Bus"), technology="battery", energy_max_mwh=room, **limits,
        charge_efficiency=one["Charge efficiency"], discharge_efficiency=one["Discharge efficiency"],
        standing_loss_per_h=1.0 - (1.0 - one["Loss factor"]) ** (1.0 / hours[0]),
        energy_start_fraction=min(first / room, 1.0) if np.isfinite(room) else None, energy_end_fraction=0.0,
        wear_cny_per_mwh=one["Discharge cost ($/MW)"] / hours[0], charging_cost_cny_per_mwh=one["Charge cost ($/MW)"] / hours[0],
    )  # fmt: skip


def _at_once(unit: Record, steps: int) -> bool:
    """Whether the unit may charge and discharge at once in some step; that is one flag, or one for each step."""
    given = unit.get(AT_ONCE, True)
    flags = given if isinstance(given, list) else [given] * steps
    if len(flags) != steps or not all(isinstance(f, bool) for f in flags):
        unit.fault(AT_ONCE, given, f"must be true or false, for all steps or each of the {steps}", "Correct it.")
        return False
    return any(flags)


def _mean(key: str, name: str, unit: Record, steps: int, said: dict[str, list[str]]) -> float:
    """One value of what may be a series; efficiencies and the loss lie in 0..1."""
    fraction = "$" not in key
    default = {"Charge efficiency": 1.0, "Discharge efficiency": 1.0, "Loss factor": 0.0}
    values = unit.series(key, steps, default[key], 0.0, 1.0) if fraction else unit.series(key, steps)
    if not (values == values[0]).all():
        figure = key.lower().removesuffix(" ($/mw)")
        said.setdefault(f"Storage units whose {figure} changes over time, of which the mean is taken", []).append(name)
    return float(values.mean())


def _share(name: str, values: np.ndarray, usual: float, rows: CaseRows) -> str:
    """Name of a series of shares, '' where it says nothing more than the default."""
    return "" if (values == usual).all() else rows.profiles.add(name, values)
