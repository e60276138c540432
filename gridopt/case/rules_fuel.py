"""Rules of fuel budgets, stocks and emission caps that look at more than one cell."""

from __future__ import annotations

import numpy as np

from gridopt.case.check import Checked, nearest


def check_fuel(tables: dict[str, Checked]) -> None:
    """Adds a fault to the table concerned for each broken rule."""
    unit = tables["unit"].frame
    for name in ("fuel_budget", "emission_cap"):
        _dates(tables[name])
    for name in ("fuel_budget", "fuel_stock"):
        _burners(tables[name], unit)
    _amounts(tables["fuel_budget"])
    _apart(tables["fuel_stock"])


def _dates(checked: Checked) -> None:
    frame = checked.frame
    for i in np.flatnonzero((frame["end_date"] < frame["start_date"]).to_numpy()):
        checked.fault(i, "end_date", frame["end_date"].iloc[i].date(), "is before start_date", "Swap or correct them.")


def _burners(checked: Checked, unit) -> None:
    """Somebody burns the fuel, and at the station."""
    for i, (fuel, plant) in enumerate(zip(checked.frame["fuel"], checked.frame["plant"], strict=True)):
        stations = set(unit.loc[(unit["fuel"] == fuel).to_numpy(), "plant"])
        if fuel and not stations:
            checked.fault(i, "fuel", fuel, "is burnt by no unit", "Correct the fuel, or remove the row.")
        elif plant and plant not in stations:
            rule = f"is no station whose units burn '{fuel}'{nearest(plant, stations)}"
            checked.fault(i, "plant", plant, rule, "Correct the name, or leave it empty for all.")


def _amounts(budget: Checked) -> None:
    frame = budget.frame
    least, most = (frame[f"amount_{c}_tce"].notna().to_numpy() for c in ("min", "max"))
    for i in np.flatnonzero(~least & ~most):
        budget.fault(i, "amount_max_tce", "", "is empty, and so is amount_min_tce: the budget asks for nothing", "Give one, or remove the row.")
    for i in np.flatnonzero(frame["short_cny_per_tce"].notna().to_numpy() & ~least):
        value = frame["short_cny_per_tce"].iloc[i]
        budget.fault(i, "short_cny_per_tce", value, "has no use: amount_min_tce is empty", "Give amount_min_tce, or leave the cell empty.")


def _apart(stock: Checked) -> None:
    """A unit burns from one stock."""
    seen: dict[str, list[tuple[str, str]]] = {}
    for i, (name, fuel, plant) in enumerate(zip(*(stock.frame[c] for c in ("fuel_stock", "fuel", "plant")), strict=True)):
        for other, place in seen.get(fuel, []):
            if plant == place or not plant or not place:
                rule = f"holds fuel of units that burn from stock '{other}' already"
                stock.fault(i, "plant", plant, rule, "Give each stock its own station.")
                break
        seen.setdefault(fuel, []).append((name, plant))
