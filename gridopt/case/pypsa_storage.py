"""Storage units and stores of a PyPSA network as table storage.

    storage unit: discharge <= p_max_pu p_nom, charge <= -p_min_pu p_nom, energy <= max_hours p_nom, inflow that may be spilled;
    the end is free unless cyclic                                                                                                      (Y7)
    store: e_min_pu e_nom <= energy <= e_max_pu e_nom; power e_nom over the shortest step, which empties or fills it and never binds   (Y8)

Equations: https://docs.pypsa.org/latest/user-guide/optimization/storage/
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from gridopt.case.pypsa_profiles import Profiles
from gridopt.case.pypsa_source import Component, Network
from gridopt.case.time import TimeGrid


def storage(net: Network, time: TimeGrid, profiles: Profiles, changes: list[str]) -> pd.DataFrame:
    """Rows of table storage: storage units (Y7), then stores (Y8)."""
    units, stores = _units(net["storage_units"], time, profiles, changes), _stores(net["stores"], time, profiles, changes)
    taken = set(units["storage"])
    stores["storage"] = [f"store {n}" if n in taken else n for n in stores["storage"]]
    return pd.concat([units, stores], ignore_index=True)


def _units(unit: Component, time: TimeGrid, profiles: Profiles, changes: list[str]) -> pd.DataFrame:
    nominal = unit.number("p_nom")
    energy = nominal * unit.number("max_hours")
    unit.some(unit.extremes("inflow")[0] < 0, "inflow", "is below 0 at some time", "Model the withdrawal as a load.")
    unit.some(unit.extremes("p_min_pu")[1] > 0, "p_min_pu", "must be at most 0: it is the charging power", "Write -1 for charging at p_nom.")
    unit.some(unit.number("efficiency_dispatch") < 1e-3, "efficiency_dispatch", "must be at least 0.001", "Give a fraction, such as 0.9.")
    unit.some(unit.extremes("p_max_pu")[0] < 0, "p_max_pu", "must be at least 0", "Write 1 for discharging at p_nom.")
    given, discharge = _largest(unit, "p_max_pu", profiles)
    taken, charge = _largest(unit, "p_min_pu", profiles)
    inflow = np.full(len(unit), "", object)
    for i in np.flatnonzero(unit.number("inflow") != 0).tolist():
        inflow[i] = profiles.add(f"storage_units-inflow/{unit.names[i]}", np.full(len(time), unit.number("inflow")[i]))
    for i, values in unit.varying("inflow").items():
        inflow[i] = profiles.add(f"storage_units-inflow/{unit.names[i]}", values)
    first = _first(unit, "state_of_charge_initial", energy, unit.flag("cyclic_state_of_charge"), time, changes)
    pumped = [bool(re.search("phs|pump|hydro", c.lower())) for c in unit.text("carrier")]
    return pd.DataFrame(
        {
            "storage": unit.names,
            "name": unit.names,
            "bus": unit.text("bus"),
            "technology": np.where(pumped, "pumped_hydro", "battery").astype(object),
            "power_max_mw": nominal * given,
            "charge_max_mw": -nominal * taken,
            "discharge_profile": discharge,
            "charge_profile": charge,
            "energy_max_mwh": energy,
            "charge_efficiency": unit.number("efficiency_store"),
            "discharge_efficiency": unit.number("efficiency_dispatch"),
            "standing_loss_per_h": unit.number("standing_loss"),
            "energy_start_fraction": first,
            "energy_end_fraction": np.zeros(len(unit)),
            "cyclic": np.where(unit.flag("cyclic_state_of_charge"), "true", "false").astype(object),
            "inflow_profile": inflow,
            "wear_cny_per_mwh": unit.number("marginal_cost"),
        }
    )


def _largest(component: Component, attribute: str, profiles: Profiles) -> tuple[np.ndarray, np.ndarray]:
    """The value of `attribute` farthest from 0 over time (n,), and the names of series over it (n,), '' where it does not change."""
    figure, names = component.number(attribute).copy(), np.full(len(component), "", object)
    for i, values in component.varying(attribute).items():
        figure[i] = values[np.argmax(np.abs(values))]
        names[i] = profiles.add(f"{component.kind}-{attribute}/{component.names[i]}", values / figure[i])
    return figure, names


def _stores(store: Component, time: TimeGrid, profiles: Profiles, changes: list[str]) -> pd.DataFrame:
    store.some(store.extremes("e_max_pu")[0] < 0, "e_max_pu", "must be at least 0", "Write 1 for e_nom.")
    share, most = _largest(store, "e_max_pu", profiles)
    least = _least(store, share, len(time), profiles)
    energy = store.number("e_nom") * share
    power = energy / time.hours.min()
    if len(store):
        changes.append(f"Stores, whose power has no limit: {len(store)}; power_max_mw is e_nom over the shortest step, which never binds.")
    return pd.DataFrame(
        {
            "storage": store.names,
            "name": store.names,
            "bus": store.text("bus"),
            "technology": np.full(len(store), "battery", object),
            "power_max_mw": power,
            "charge_max_mw": power,
            "energy_max_mwh": energy,
            "energy_max_profile": most,
            "energy_min_profile": least,
            "standing_loss_per_h": store.number("standing_loss"),
            "energy_start_fraction": _first(store, "e_initial", energy, store.flag("e_cyclic"), time, changes),
            "energy_end_fraction": np.zeros(len(store)),
            "cyclic": np.where(store.flag("e_cyclic"), "true", "false").astype(object),
        }
    )


def _least(store: Component, share: np.ndarray, steps: int, profiles: Profiles) -> np.ndarray:
    """Names of the series of least energy over `share` of e_nom (n,), '' where it is 0; faults where it is no such energy."""
    names, low, high = np.full(len(store), "", object), store.number("e_min_pu"), store.number("e_max_pu")
    store.some(store.extremes("e_min_pu")[0] < 0, "e_min_pu", "is a least energy level below 0, which a store cannot owe", "Set it to 0.")
    crossed = np.zeros(len(store), bool)
    for i in np.flatnonzero((low != 0) | np.isin(np.arange(len(store)), list(store.varying("e_min_pu")))).tolist():
        values = store.varying("e_min_pu").get(i, np.full(steps, low[i]))
        crossed[i] = bool((values > store.varying("e_max_pu").get(i, high[i]) + 1e-9).any())
        if share[i] > 0:
            names[i] = profiles.add(f"stores-e_min_pu/{store.names[i]}", values / share[i])
    store.some(crossed, "e_min_pu", "is above e_max_pu at some time", "Swap or correct them.")
    return names


def _first(component: Component, attribute: str, energy: np.ndarray, cyclic: np.ndarray, time: TimeGrid, changes: list[str]) -> np.ndarray:
    """Energy before the first step over the largest (n,), 0 where cyclic. PyPSA takes no standing loss off it in the first step: it is
    raised by that loss."""
    given = np.where(cyclic, 0.0, component.number(attribute))
    component.some(given < 0, attribute, "must be at least 0", "Give the stored energy in MWh.")
    component.some(given > energy * (1 + 1e-9), attribute, "is above the energy the storage holds", "Lower it or raise the capacity.")
    share = np.where(energy > 0, given / np.where(energy > 0, energy, 1.0), 0.0).clip(0, 1)
    raised = share / np.maximum(1.0 - component.number("standing_loss").clip(0, 1), 1e-9) ** time.hours[0]
    if (raised > 1 + 1e-9).any():
        said = "so full before the first step that its standing loss counts there, unlike in PyPSA"
        changes.append(f"{component.kind.replace('_', ' ').capitalize()} {said}: {int((raised > 1 + 1e-9).sum())}.")
    return np.minimum(raised, 1.0)
