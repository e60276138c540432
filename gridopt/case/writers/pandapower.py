"""A network folder's tables as a pandapower net at one date and one dispatch.

All rows are written; those not in service at the date have `in_service` False. Powers are those of `power`, keyed by table and
identifier. Not held by pandapower and therefore neither in its power flow: reactive demand (taken as compensated where it
arises), the quadratic part of DC losses away from the given power, limits of interfaces, ac_branch, generator and outages (kept
as tables).
pandapower's conventions: https://pandapower.readthedocs.io, "Elements".
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gridopt.case.pandapower_layout import ELEMENT, KIND, NATIVE, POWER_BEFORE, PREFIX, SERVICE_BEFORE, SIDE, capacitance_nf, current_ka

Tables = Mapping[str, pd.DataFrame]
Powers = Mapping[str, Mapping[str, float]]


def write_net(tables: Tables, date: str | np.datetime64, power: Powers | None = None, *, slack: str | None = None,
              compensation: float = 0.85, title: str = "") -> Any:  # fmt: skip
    """pandapower net of `tables` at `date`.

    `power`: MW by table and identifier: output of unit, reservoir, renewable, csp, storage and pumped (discharge positive); demand of load;
    power taken by pump; sent power of dc_link; export of exchange. An element left out has 0, a load its `mean_mw`.
    `slack`: bus of the external grid; by default the internal bus with the largest units and reservoirs in service.
    `compensation`: share (0..1) of the charging of lines that shunt reactors take up; 0.6 to 0.9 is usual at 750 kV;
    without it voltages of long lines leave any band. A pandapower net carries the reactors, the tables do not.
    Sinks of DC links get an external grid of their own, which stands for the receiving system.
    """
    import pandapower as pp

    net = pp.create_empty_network(name=title, f_hz=50.0)
    power = power or {}
    alive = {name: in_service_at(tables[name], date) for name in ELEMENT if name in tables}
    bus = _buses(net, tables, alive)
    _branches(net, tables, alive, bus, compensation)
    for name in ("unit", "reservoir", "renewable", "csp", "storage", "pumped", "pump", "load", "exchange"):
        _injections(net, name, tables.get(name), alive.get(name), bus, power.get(name, {}))
    _dc_links(net, tables.get("dc_link"), alive.get("dc_link"), bus, power.get("dc_link", {}))
    _external_grids(net, tables, alive, bus, slack)
    for name, frame in tables.items():
        if name not in ELEMENT:
            net[PREFIX + name] = _plain(frame.reset_index() if frame.index.name else frame)
    return net


def in_service_at(frame: pd.DataFrame, date: str | np.datetime64) -> np.ndarray:
    """bool (n,): in_service <= date < retirement, an empty date being open."""
    day = np.datetime64(str(date), "s")
    begin, end = (frame[c].to_numpy("datetime64[s]") for c in ("in_service", "retirement"))
    return (np.isnat(begin) | (begin <= day)) & (np.isnat(end) | (day < end))


def _buses(net: Any, tables: Tables, alive: dict[str, np.ndarray]) -> pd.Series:
    """Creates the buses; pandapower's index of each bus, by identifier."""
    import pandapower as pp

    frame = tables["bus"]
    place = np.column_stack([frame["longitude_deg"], frame["latitude_deg"]]).astype(float)
    made = pp.create_buses(net, len(frame), frame["voltage_kv"].to_numpy(float), name=list(frame.index), zone=list(frame["zone"]),
                           in_service=alive["bus"], geodata=[tuple(p) for p in np.nan_to_num(place)])  # fmt: skip
    net.bus.loc[made[np.isnan(place).any(axis=1)], "geo"] = None
    _keep(net, "bus", made, frame)
    return pd.Series(made, index=frame.index)


def _branches(net: Any, tables: Tables, alive: dict[str, np.ndarray], bus: pd.Series, compensation: float) -> None:
    import pandapower as pp

    voltage = tables["bus"]["voltage_kv"]
    line = tables.get("line")
    if line is not None and len(line):
        u = voltage[line["from_bus"]].to_numpy(float)
        made = pp.create_lines_from_parameters(
            net, bus[line["from_bus"]].to_numpy(), bus[line["to_bus"]].to_numpy(), line["length_km"].to_numpy(float),
            line["resistance_ohm_per_km"].to_numpy(float), line["reactance_ohm_per_km"].to_numpy(float),
            capacitance_nf(line["susceptance_us_per_km"].to_numpy(float)), current_ka(line["rating_mw"].to_numpy(float), u),
            name=list(line.index), parallel=line["circuits"].to_numpy(int), in_service=alive["line"],
        )  # fmt: skip
        _keep(net, "line", made, line)
        charging = line["susceptance_us_per_km"] * line["length_km"] * line["circuits"] * u**2 * 1e-6
        for end in ("from_bus", "to_bus") if compensation else ():
            pp.create_shunts(net, bus[line[end]].to_numpy(), (compensation * charging / 2).to_numpy(float), vn_kv=u,
                             name=[f"reactor of {i}" for i in line.index], in_service=alive["line"])  # fmt: skip
    trafo = tables.get("transformer")
    if trafo is not None and len(trafo):
        up = voltage[trafo["from_bus"]].to_numpy() >= voltage[trafo["to_bus"]].to_numpy()
        high, low = np.where(up, trafo["from_bus"], trafo["to_bus"]), np.where(up, trafo["to_bus"], trafo["from_bus"])
        group = (trafo["rated_mva"] * trafo["units"]).to_numpy(float)
        made = pp.create_transformers_from_parameters(
            net, bus[high].to_numpy(), bus[low].to_numpy(), trafo["rated_mva"].to_numpy(float),
            voltage[high].to_numpy(float), voltage[low].to_numpy(float),
            vkr_percent=0.0, vk_percent=100 * trafo["reactance_fraction"].to_numpy(float), pfe_kw=0.0, i0_percent=0.0,
            name=list(trafo.index), parallel=trafo["units"].to_numpy(int), in_service=alive["transformer"],
            max_loading_percent=100 * trafo["rating_mw"].to_numpy(float) / group,
        )  # fmt: skip
        _keep(net, "transformer", made, trafo)
        net.trafo.loc[made, SIDE] = np.where(up, "hv", "lv")


def _injections(net: Any, name: str, frame: pd.DataFrame | None, alive: Any, bus: pd.Series, power: Mapping[str, float]) -> None:
    """Generators with voltage control (units, hydro plants) as gen, the others as sgen, storage and load; a pumped storage plant is one
    storage of all its machines, a pump a load."""
    import pandapower as pp

    if frame is None or not len(frame):
        return
    at, names = bus[frame["bus"]].to_numpy(), list(frame.index)
    p = np.array([float(power.get(i, frame["mean_mw"][i] if name == "load" else 0.0)) for i in names])
    given: dict[str, Any] = {"name": names, "in_service": alive}
    if name in ("load", "exchange"):
        made = pp.create_loads(net, at, p, **given)
    elif name == "pump":
        made = pp.create_loads(net, at, p, max_p_mw=frame["power_max_mw"].to_numpy(float), min_p_mw=0.0, **given)
    elif name == "pumped":
        units, energy = frame["units"].to_numpy(float), frame["upper_max_mwh"].to_numpy(float)
        most, least = units * frame["pump_mw"].to_numpy(float), -units * frame["power_max_mw"].to_numpy(float)
        made = pp.create_storages(net, at, -p, energy, max_p_mw=most, min_p_mw=least, **given)
    elif name == "storage":
        top = frame["power_max_mw"].to_numpy(float)
        made = pp.create_storages(net, at, -p, frame["energy_max_mwh"].to_numpy(float), max_p_mw=top, min_p_mw=-top, **given)
    else:
        create = pp.create_gens if ELEMENT[name] == "gen" else pp.create_sgens
        made = create(net, at, p, max_p_mw=frame["power_max_mw"].to_numpy(float), min_p_mw=0.0, **given)
    _keep(net, name, made, frame)


def _dc_links(net: Any, frame: pd.DataFrame | None, alive: Any, bus: pd.Series, power: Mapping[str, float]) -> None:
    """DC lines; the quadratic loss enters the linear one at the given power, where the whole loss is then exact."""
    import pandapower as pp

    if frame is None:
        return
    for row, (name, link) in enumerate(frame.iterrows()):
        p, top = float(power.get(str(name), 0.0)), float(link["power_max_mw"])
        share = link["loss_linear_fraction"] + link["loss_quadratic_fraction"] * (p / top if top else 0.0)
        made = pp.create_dcline(
            net, bus[link["from_bus"]], bus[link["to_bus"]], p,
            loss_percent=100 * share, loss_mw=link["loss_no_load_fraction"] * top, vm_from_pu=1.0, vm_to_pu=1.0,
            name=name, max_p_mw=top, in_service=bool(alive[row]),
        )  # fmt: skip
        _keep(net, "dc_link", np.array([made]), frame.iloc[[row]])


def _external_grids(net: Any, tables: Tables, alive: dict[str, np.ndarray], bus: pd.Series, slack: str | None) -> None:
    import pandapower as pp

    frame = tables["bus"]
    size = pd.Series(0.0, index=frame.index[(frame["role"] == "internal") & alive["bus"]])
    for name in ("unit", "reservoir"):
        if name in tables:
            size = size.add(tables[name][alive[name]].groupby("bus")["power_max_mw"].sum().reindex(size.index), fill_value=0.0)
    for name in [slack or str(size.idxmax()), *frame.index[frame["role"] == "sink"]]:
        pp.create_ext_grid(net, bus[name], name=name, in_service=bool(net.bus.in_service[bus[name]]))


def _keep(net: Any, name: str, made: np.ndarray, frame: pd.DataFrame) -> None:
    """Columns pandapower has no place for, beside its own."""
    element = net[ELEMENT[name]]
    rest = _plain(frame.drop(columns=list(NATIVE[name])))
    rest = rest.rename(columns=lambda c: PREFIX + str(c))
    rest[SERVICE_BEFORE] = np.where(element.loc[made, "in_service"].to_numpy(bool), "true", "false").astype(object)
    if ELEMENT[name] == "load":
        rest[POWER_BEFORE] = (element.loc[made, "p_mw"] * element.loc[made, "scaling"]).to_numpy(float)
    for label in rest:
        if label not in element:
            element[label] = pd.Series(np.nan, index=element.index, dtype=float if rest[label].dtype == float else object)
        element.loc[made, label] = rest[label].to_numpy()
    if KIND not in element:
        element[KIND] = None
    element.loc[made, KIND] = name


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Dates and times as ISO text and flags as words, which every file format of pandapower can hold."""
    plain = frame.copy()
    for column in plain:
        if pd.api.types.is_datetime64_any_dtype(plain[column]):
            days = (plain[column].isna() | (plain[column] == plain[column].dt.normalize())).all()
            plain[column] = plain[column].dt.strftime("%Y-%m-%d" if days else "%Y-%m-%d %H:%M:%S").fillna("").astype(object)
        elif plain[column].dtype == bool:
            plain[column] = plain[column].map({True: "true", False: "false"})
    return plain


def save(net: Any, path: Path) -> None:
    """The net as JSON, which `pandapower.from_json` reads."""
    import pandapower as pp

    pp.to_json(net, str(path))
