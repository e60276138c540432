"""PyPSA networks, exported to a folder of CSV files or to netCDF, as linear optimal dispatch of given capacities (n.optimize).

Beside it in `case/`: files `pypsa_files.py`, `pypsa_source.py`; attributes read and refused `pypsa_attributes.py`; snapshots
`pypsa_time.py`; what the components become `pypsa_branches.py`, `pypsa_commitment.py`, `pypsa_links.py`, `pypsa_plants.py`,
`pypsa_storage.py`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from gridopt.case.check import CaseError, nearest
from gridopt.case.complete import complete
from gridopt.case.imported import BRANCH_MODELS, Imported, ImportReport
from gridopt.case.pypsa_attributes import CONSTANT, DEFAULTS, NOMINAL, REFUSED
from gridopt.case.pypsa_branches import branches
from gridopt.case.pypsa_commitment import commitment
from gridopt.case.pypsa_files import read_network
from gridopt.case.pypsa_links import links
from gridopt.case.pypsa_plants import generators, loads
from gridopt.case.pypsa_profiles import Profiles
from gridopt.case.pypsa_source import Component, Network
from gridopt.case.pypsa_storage import storage
from gridopt.case.pypsa_time import time_grid
from gridopt.case.series import GivenSeries
from gridopt.case.time import TimeGrid

CURRENCY = "currency"
"""PyPSA has no currency; this is its word in units (currency/MWh)."""
MODELS = tuple(m for m in BRANCH_MODELS if m != "powermodels-dcp")
EXPANSION_ONLY = ("transmission_volume_expansion_limit", "transmission_expansion_cost_limit", "tech_capacity_expansion_limit")


def read(path: Path, branch_model: str) -> Imported:
    """Tables, steps and series of the network. Raises CaseError with every fault."""
    if branch_model not in MODELS:
        raise CaseError([f"branch model '{branch_model}': is not one of PyPSA networks. Choose one of {', '.join(MODELS)}."])
    net = read_network(path)
    _refuse_buses(net)
    found = {kind: len(component) for kind, component in net.components.items() if kind in (*NOMINAL, "buses", "loads")}
    changes: list[str] = list(net.unread)
    time = _time(net, changes)
    _only_active(net, changes)
    _refuse(net)
    _ends(net)
    _extendable(net, changes)
    _global_constraints(net, changes)
    profiles = Profiles()
    raw = _tables(net, branch_model, time, profiles, changes)
    if net.faults:
        raise CaseError(net.faults)
    tables = complete(raw, lambda name: f"{path.name} as table {name}")
    kept = {name: len(table) for name, table in tables.items() if len(table)}
    source = GivenSeries(time, profiles.values)
    report = ImportReport(f"PyPSA network {path.name}, branch model {branch_model}", found, kept, _totals(tables, source, time), changes)
    return Imported(tables, time, source, net.attributes.get("currency", CURRENCY), report)


def _refuse_buses(net: Network) -> None:
    """Nothing else can be looked at without buses that are known apart."""
    buses = net["buses"].names
    if not len(buses):
        net.faults.append(f"{net.file}: the network has no buses. Export it again.")
    if len(set(buses)) < max(len(buses), 1):
        raise CaseError(net.faults)


def _time(net: Network, changes: list[str]) -> TimeGrid:
    """The steps; where there are none to be had, hours, so that the other faults are found as well."""
    try:
        return time_grid(net, changes)
    except CaseError as error:
        net.faults.extend(error.faults)
        count = max(len(net.snapshots), 1)
        return TimeGrid(np.datetime64("2025-01-01T00", "s") + np.arange(count) * np.timedelta64(3600, "s"), np.ones(count))


def _only_active(net: Network, changes: list[str]) -> None:
    for kind, component in net.components.items():
        if "active" in DEFAULTS[kind]:
            active = component.flag("active")
            if not active.all():
                changes.append(f"Left out, since active is False: {int((~active).sum())} {kind.replace('_', ' ')}.")
                net.components[kind] = component.keep(active)


def _refuse(net: Network) -> None:
    """Faults for attributes that the tables cannot say (REFUSED, CONSTANT)."""
    for kind, refusals in REFUSED.items():
        component = net[kind]
        for attribute, what, cure in refusals:
            default = DEFAULTS[kind][attribute]
            if isinstance(default, bool):
                used = component.flag(attribute)
            elif isinstance(default, str):
                used = component.text(attribute) != default
            else:
                used = ~np.isnan(component.number(attribute)) if np.isnan(default) else component.number(attribute) != default
            used[list(component.varying(attribute))] = True
            component.some(used, attribute, f"sets {what}, which is not modelled", cure)
    for kind, attributes in CONSTANT.items():
        for attribute in attributes:
            moving = np.isin(np.arange(len(net[kind])), list(net[kind].varying(attribute)))
            net[kind].some(moving, attribute, "changes over time, which is not modelled", "Give a single value.")
    if len(net["processes"]):
        net.faults.append(f"{net.file}: has {len(net['processes'])} processes, which are not modelled. Use links or generators.")
    if len(net["scenarios"]):
        net.faults.append(f"{net.file}: has scenarios; stochastic problems are not modelled. Export one scenario.")


def _ends(net: Network) -> None:
    """Faults for buses that do not exist, and branches that begin where they end."""
    known = set(net["buses"].names)
    if not known:
        net.faults.append(f"{net.file}: has no buses. A network needs at least one.")
    for kind, component in net.components.items():
        columns = [c for c in ("bus", "bus0", "bus1") if c in DEFAULTS[kind]]
        for column in columns:
            for i, name in enumerate(component.text(column)):
                if name not in known:
                    component.fault(i, column, name, f"is not in buses{nearest(name, known)}", "Add the bus or correct the name.")
        if "bus0" in columns:
            same = (component.text("bus0") == component.text("bus1")) & np.isin(component.text("bus0"), list(known))
            component.some(same, "bus1", "is also bus0", "A branch joins two different buses; correct one end.")


def _extendable(net: Network, changes: list[str]) -> None:
    """Capacities that PyPSA would choose are taken as given; a fault where none is."""
    for kind, nominal in NOMINAL.items():
        component = net[kind]
        some, given = component.flag(f"{nominal}_extendable"), component.number(nominal)
        component.some((given < 0) & np.isfinite(given), nominal, "must be at least 0", "Give the capacity.")
        if not some.any():
            continue
        word, none = kind.replace("_", " "), int((some & (given == 0)).sum())
        fix = "n.optimize.fix_optimal_capacities() before the export fixes optimised ones"
        if none == some.sum():
            rule = f"the {none} extendable {word} have {nominal} 0; capacity expansion is not modelled, so they would give nothing"
            net.faults.append(f"{component.file}: {rule}. Give capacities; {fix}.")
        else:
            optimised = " (not at the optimised capacity in the file)" if (component.number(f"{nominal}_opt")[some] != 0).any() else ""
            said = f"Extendable {word}: {int(some.sum())}. Capacity expansion is not modelled: each is taken at its {nominal}{optimised}"
            changes.append(f"{said}{f', which is 0 for {none} of them' if none else ''}; {fix}.")


def _global_constraints(net: Network, changes: list[str]) -> None:
    constraint = net["global_constraints"]
    for i, kind in enumerate(constraint.text("type")):
        if kind in EXPANSION_ONLY:
            changes.append(f"Global constraint '{constraint.names[i]}' ({kind}) limits expansion and plays no part in dispatch.")
        else:
            rule = "limits energy or emissions over all snapshots, which is not modelled: the dispatch would come out too cheap"
            constraint.fault(i, "type", kind, rule, "Remove it, and price emissions through marginal_cost if it binds.")
    if len(net["shunt_impedances"]):
        changes.append(f"Shunt impedances, which play no part in the linear flow: {len(net['shunt_impedances'])}.")


def _ramp_hours(time: TimeGrid) -> float | None:
    """Length of every step, None where they differ."""
    return float(time.hours[0]) if np.allclose(time.hours, time.hours[0], rtol=1e-9, atol=0) else None


def _tables(net: Network, model: str, time: TimeGrid, profiles: Profiles, changes: list[str]) -> dict[str, pd.DataFrame]:
    hours = _ramp_hours(time)
    generator, renewable = generators(net, hours, profiles, changes)
    load, fixed = loads(net, profiles, changes)
    tables = {
        "bus": _buses(net["buses"], changes),
        "ac_branch": branches(net, model, profiles, changes),
        "generator": pd.concat([generator, fixed], ignore_index=True),
        "renewable": renewable,
        "load": load,
        "storage": storage(net, time, profiles, changes),
        "dc_link": links(net, hours, profiles, changes),
        "commitment": commitment(net["generators"], hours, changes),
    }
    both = int((net["storage_units"].extremes("p_min_pu")[0] < 0).sum())
    if len(tables["commitment"]) and both:
        changes.append(f"Storage units that may not charge and discharge at once where generators are committable, unlike in PyPSA: {both}.")
    return {name: _filled(table) for name, table in tables.items() if len(table) or name == "bus"}


def _filled(table: pd.DataFrame) -> pd.DataFrame:
    """Texts that one part of a table has and another has not are empty there."""
    return table.fillna({c: "" for c in table.columns if not pd.api.types.is_numeric_dtype(table[c])})


def _buses(bus: Component, changes: list[str]) -> pd.DataFrame:
    carrier = bus.text("carrier")
    other = ~np.isin(carrier, ("AC", "DC"))
    if other.any():
        names = ", ".join(sorted(set(carrier[other]))[:5])
        changes.append(f"Buses of other carriers than AC and DC ({names}), whose energy is counted like electricity: {int(other.sum())}.")
    longitude, latitude = bus.number("x"), bus.number("y")
    on_earth = (np.abs(longitude) <= 180) & (np.abs(latitude) <= 90)
    return pd.DataFrame(
        {
            "bus": bus.names,
            "name": bus.names,
            "region": np.where(bus.text("country") == "", bus.text("location"), bus.text("country")),
            "voltage_kv": bus.number("v_nom"),
            "latitude_deg": np.where(on_earth, latitude, np.nan),
            "longitude_deg": np.where(on_earth, longitude, np.nan),
            "surplus_allowed": np.full(len(bus), "false", object),
        }
    )


def _totals(tables, source: GivenSeries, time: TimeGrid) -> dict[str, float]:
    load = tables["load"]
    shape = np.array([source.values[n] if n else np.ones(len(time)) for n in load["profile"]]).reshape(len(load), len(time))
    demand = load["mean_mw"].to_numpy(float) @ shape
    return {
        "hours": float(time.hours.sum()),
        "load_mwh": float(demand @ time.hours),
        "load_peak_mw": float(demand.max(initial=0.0)),
        "generator_mw": float(tables["generator"]["power_max_mw"].clip(lower=0).sum()),
        "renewable_mw": float(tables["renewable"]["power_max_mw"].sum()),
        "storage_mwh": float(tables["storage"]["energy_max_mwh"].sum()),
        "dc_link_mw": float(tables["dc_link"]["power_max_mw"].sum()),
    }
