"""pandapower nets: the way back of `writers/pandapower.py`, and nets made elsewhere.

A net with columns named gridopt_* holds a network folder's tables. pandapower's own columns count where they exist, so a line shortened or
a plant moved in pandapower is so in the tables. What pandapower does not know (costs, dates, seasons, contracts) is taken from the columns
and tables named gridopt_*; optional columns that are missing get their defaults, and required ones are asked for, fault by fault.

Any other net is read as `pandapower.rundcopp` would solve it: pandapower converts it, `case/pandapower_ppc.py` and `case/ppc.py` take over.
"""

from __future__ import annotations

import io
import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gridopt.case import pandapower_ppc
from gridopt.case.check import CaseError, show
from gridopt.case.complete import complete
from gridopt.case.imported import Imported
from gridopt.case.pandapower_changes import changes, demand, kinds
from gridopt.case.pandapower_json import safe_text
from gridopt.case.pandapower_layout import BESIDE, ELEMENT, KIND, PREFIX, SIDE, power_mw, susceptance_us
from gridopt.case.ppc import Raw, imported, to_tables
from gridopt.case.ppc_check import check
from gridopt.case.tables import TABLES

FOREIGN = (
    "impedance",
    "trafo3w",
    "ward",
    "xward",
    "motor",
    "asymmetric_load",
    "asymmetric_sgen",
    "svc",
    "tcsc",
    "ssc",
    "vsc",
    "switch",
)


def read(path: Path, branch_model: str) -> Imported:
    """The net saved as JSON, over one step of an hour. `branch_model` counts for nets made elsewhere. Raises CaseError with every fault."""
    net = _open(path)
    if KIND not in net["bus"]:
        return _foreign(net, path, branch_model)
    raw, faults = _own_tables(net)
    result = imported(Raw(raw, [], {}), path, f"pandapower net {path.name} with gridopt's tables", pandapower_ppc.count(net), "CNY", faults)
    return replace(result, report=replace(result.report, totals={"load_mw": float(result.tables["load"]["mean_mw"].sum())}))


def read_file(path: Path) -> dict[str, pd.DataFrame]:
    """Tables of a net with columns gridopt_*, saved as JSON (`pandapower.to_json`)."""
    return read_network(_open(path))


def _open(path: Path) -> Any:
    import pandapower as pp

    if not path.is_file():
        raise CaseError([f"{path}: there is no such file. Correct the path of the net."])
    text = safe_text(path.read_bytes(), str(path))
    try:
        net = pp.from_json(io.StringIO(text))
    except Exception as error:  # whatever a damaged file makes pandapower stumble over
        raise CaseError([f"{path}: pandapower cannot read it ({_short(error)}). Save it with pandapower.to_json."]) from error
    if not hasattr(net, "bus") or not isinstance(net["bus"], pd.DataFrame):
        raise CaseError([f"{path}: is not a pandapower net. Save it with pandapower.to_json."])
    faults = _not_tables(net, pp.create_empty_network(), path.name)
    if faults:
        raise CaseError(faults)
    return net


def _not_tables(net: Any, usual: Any, file: str) -> list[str]:
    """Faults for elements that are no tables, or whose rows or columns are not known apart. `usual`: an empty net."""
    faults = []
    for name in (n for n, table in usual.items() if isinstance(table, pd.DataFrame) and n in net):
        if not isinstance(net[name], pd.DataFrame):
            faults.append(f"{file}: net.{name} is no table but {show(net[name])}. Save the net with pandapower.to_json.")
            continue
        for what, labels in (("row", net[name].index), ("column", net[name].columns)):
            again = labels[labels.duplicated()].unique()
            faults += [f"{file}: net.{name}: {what} {show(i)} is there more than once. Keep one." for i in again]
    return faults or _not_points(net["bus"], file)


def _not_points(bus: pd.DataFrame, file: str) -> list[str]:
    faults = []
    for i, geo in (bus["geo"] if "geo" in bus else pd.Series(dtype=object)).items():
        try:
            _coordinates(geo)
        except (ValueError, LookupError, TypeError):
            faults.append(f"{file}: net.bus {i}, geo: {show(geo)} is not a point in GeoJSON. Correct or empty it.")
    return faults


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip()[:200]}"


def _foreign(net: Any, path: Path, branch_model: str) -> Imported:
    """Tables of a net made elsewhere; changes `net`."""
    found = pandapower_ppc.count(net)
    faults = pandapower_ppc.faults(net, path.name)
    if faults:
        raise CaseError(faults)
    lines = net["dcline"].copy()
    try:
        ppci = _convert(net)
    except Exception as error:  # pandapower refuses nets by exceptions of many types
        raise CaseError([f"{path.name}: pandapower cannot convert it for rundcopp ({_short(error)}). Correct the net."]) from error
    ppc = pandapower_ppc.arrays(net, ppci, len(lines), path.name)
    faults = check(ppc, branch_model)
    if faults:
        raise CaseError(faults)
    raw = to_tables(ppc, branch_model)
    more, ties = pandapower_ppc.fused(net, ppc)
    links, said, faults = pandapower_ppc.dc_links(net, ppci, lines, {*ppc.bus_id, *more["bus"]}, path.name)
    if faults:
        raise CaseError(faults)
    _places(net, raw, more)
    for name, rows in (("ac_branch", ties), ("dc_link", links)):
        if len(rows):
            raw.tables[name] = pd.concat([raw.tables[name], rows], ignore_index=True) if name in raw.tables else rows
    raw.changes.extend([*said, *_sentences(net, len(raw.tables["bus"]), ppc, len(more))])
    return imported(raw, path, f"pandapower net {path.name} as rundcopp sees it, branch model {branch_model}", found, "EUR")


def _convert(net: Any) -> dict[str, Any]:
    """The arrays that `rundcopp` would solve; `net` gets a pair of generators for each DC line, and lookups from elements to rows."""
    from pandapower.auxiliary import _add_auxiliary_elements, _init_rundcopp_options
    from pandapower.pd2ppc import _pd2ppc

    _init_rundcopp_options(net, check_connectivity=True, switch_rx_ratio=0.5, delta=1e-10, trafo3w_losses="hv")
    log = logging.getLogger("pandapower")
    level = log.level
    log.setLevel(logging.ERROR)  # what it warns of are voltages, which do not count here
    try:
        _add_auxiliary_elements(net)
        return _pd2ppc(net)[1]
    finally:
        log.setLevel(level)


def _places(net: Any, raw: Raw, more: pd.DataFrame) -> None:
    """Buses with those that were fused, in pandapower's order, with zones and coordinates of the net."""
    frame = pd.concat([raw.tables["bus"], more], ignore_index=True) if len(more) else raw.tables["bus"]
    index = pd.to_numeric(frame["bus"], errors="coerce")  # auxiliary buses have no index
    own = net["bus"].reindex(index).reset_index(drop=True)
    zone = own["zone"] if "zone" in own else pd.Series("", index=own.index)
    voltage = own["vn_kv"].astype(float)
    place = [_coordinates(g) for g in own["geo"]] if "geo" in own else [(np.nan, np.nan)] * len(own)
    frame = frame.assign(zone=_plain_zone(zone), region="", voltage_kv=voltage.where(voltage > 0, frame["voltage_kv"]))
    frame["longitude_deg"], frame["latitude_deg"] = np.array(place, float).reshape(-1, 2).T
    raw.tables["bus"] = frame.loc[np.argsort(index.to_numpy(), kind="stable")].reset_index(drop=True)


def _plain_zone(zone: pd.Series) -> list[str]:
    """Zones as texts; whole numbers without '.0'."""
    return ["" if z is None or z != z else f"{z:g}" if isinstance(z, float) else str(z) for z in zone]


def _coordinates(geo: object) -> tuple[float, float]:
    """Longitude and latitude of a GeoJSON point; none where they are not degrees, as in drawings of test cases."""
    if not isinstance(geo, str) or not geo:
        return np.nan, np.nan
    east, north = json.loads(geo)["coordinates"][:2]
    return (east, north) if abs(east) <= 180 and abs(north) <= 90 else (np.nan, np.nan)


def _sentences(net: Any, kept: int, ppc: Any, fused: int) -> list[str]:
    auxiliary = int(sum(str(b).startswith("aux ") for b in ppc.bus_id))
    lost = len(net["bus"]) - (kept - auxiliary)
    given = (
        (lost, "Left out with all that is connected to them: buses out of service or without an external grid"),
        (auxiliary, "Auxiliary buses of pandapower (star points, open ends), named 'aux'"),
        (fused, "Buses fused by closed switches, joined by branches named 'fused'"),
    )
    merged = "Loads, static generators that are not controllable, wards and shunts count together at their bus, as in rundcopp."
    said = [*(f"{what}: {number}." for number, what in given if number), merged]
    if not len(net["poly_cost"]) + len(net["pwl_cost"]):
        said.append("No costs are given; 1 per MWh of every generator is taken, as in rundcopp.")
    return said


def read_network(net: Any) -> dict[str, pd.DataFrame]:
    """Complete, checked tables of `net`, which has columns gridopt_*, by name. Raises CaseError with every fault."""
    raw, faults = _own_tables(net)
    return complete(raw, lambda name: f"net.{ELEMENT.get(name, PREFIX + name)}", faults)


def _own_tables(net: Any) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Cells as text by table, and faults."""
    ids = pd.Series(_names(net["bus"]), index=net["bus"].index)
    raw = {}
    for name, element in ELEMENT.items():
        frame = net[element]
        frame = frame[(kinds(frame, element) == name).to_numpy()]
        if len(frame):
            raw[name] = _texts(pd.DataFrame({name: _names(frame), **_extras(frame), **_native(name, frame, net, ids)}))
    for name in TABLES:
        if name not in ELEMENT and PREFIX + name in net:
            raw[name] = _texts(pd.DataFrame(net[PREFIX + name]))
    return raw, [*_unknown(net), *changes(net, ids)]


def _unknown(net: Any) -> list[str]:
    """Faults for elements that the tables cannot hold."""
    lost = [t for t in FOREIGN if t in net and len(net[t])]
    if KIND not in net["bus"] and len(net["ext_grid"]):
        lost.append("ext_grid")
    return [f"net.{t}: {len(net[t])} elements have no counterpart in gridopt's tables. Replace them by lines, gens or loads." for t in lost]


def _names(frame: pd.DataFrame) -> list[str]:
    """Names of the elements; pandapower's index for one without a name."""
    return [str(i) if n is None or n != n or n == "" else str(n) for i, n in zip(frame.index, frame["name"], strict=True)]


def _extras(frame: pd.DataFrame) -> dict[str, pd.Series]:
    """Columns gridopt_* without the prefix, those that are empty throughout left out."""
    kept = [c for c in frame if str(c).startswith(PREFIX) and c not in BESIDE and frame[c].notna().any()]
    return {c.removeprefix(PREFIX): frame[c] for c in kept}


def _native(name: str, frame: pd.DataFrame, net: Any, ids: pd.Series) -> dict[str, Any]:
    """Columns that pandapower holds itself, in gridopt's units."""
    if name == "bus":
        place = [json.loads(g)["coordinates"] if isinstance(g, str) and g else (np.nan, np.nan) for g in frame["geo"]]
        east, north = np.array(place, float).reshape(-1, 2).T
        return {"zone": frame["zone"], "voltage_kv": frame["vn_kv"], "latitude_deg": north, "longitude_deg": east}
    if name == "line":
        return _line(frame, net, ids)
    if name == "transformer":
        return _transformer(frame, ids)
    if name == "dc_link":
        return _dc_link(frame, ids)
    columns: dict[str, Any] = {"bus": frame["bus"].map(ids)}
    if name == "load":  # one added in pandapower has no mean of its own
        power = demand(frame)
        columns["mean_mw"] = frame[PREFIX + "mean_mw"].fillna(power) if PREFIX + "mean_mw" in frame else power
    if name == "pumped":  # a storage of pandapower is all machines together; what it takes is positive
        units = frame[PREFIX + "units"].astype(float)
        return columns | {"power_max_mw": -frame["min_p_mw"] / units, "pump_mw": frame["max_p_mw"] / units, "upper_max_mwh": frame["max_e_mwh"]}
    if name not in ("load", "exchange"):
        columns["power_max_mw"] = frame["max_p_mw"]
    if name == "storage":
        columns["energy_max_mwh"] = frame["max_e_mwh"]
    return columns


def _line(frame: pd.DataFrame, net: Any, ids: pd.Series) -> dict[str, Any]:
    voltage = frame["from_bus"].map(net["bus"]["vn_kv"])
    return {
        "from_bus": frame["from_bus"].map(ids),
        "to_bus": frame["to_bus"].map(ids),
        "circuits": frame["parallel"],
        "length_km": frame["length_km"],
        "resistance_ohm_per_km": frame["r_ohm_per_km"],
        "reactance_ohm_per_km": frame["x_ohm_per_km"],
        "susceptance_us_per_km": susceptance_us(frame["c_nf_per_km"], net["f_hz"]),
        "rating_mw": power_mw(frame["max_i_ka"] * frame["df"], voltage),
    }


def _transformer(frame: pd.DataFrame, ids: pd.Series) -> dict[str, Any]:
    """Reactance x = sqrt(vk^2 - vkr^2); the from side is the one that was kept, else the high side."""
    side = frame[SIDE] if SIDE in frame else pd.Series("hv", index=frame.index)
    high, low = frame["hv_bus"].map(ids), frame["lv_bus"].map(ids)
    return {
        "from_bus": high.where(side != "lv", low),
        "to_bus": low.where(side != "lv", high),
        "units": frame["parallel"],
        "rated_mva": frame["sn_mva"],
        "reactance_fraction": np.sqrt(frame["vk_percent"] ** 2 - frame["vkr_percent"] ** 2) / 100,
        "rating_mw": frame.get("max_loading_percent", np.nan) * frame["sn_mva"] * frame["parallel"] / 100,
    }


def _dc_link(frame: pd.DataFrame, ids: pd.Series) -> dict[str, Any]:
    """Losses: the writer put the quadratic one at the given power into the linear one; it is taken out again."""
    top = frame["max_p_mw"]
    quadratic = frame[PREFIX + "loss_quadratic_fraction"].fillna(0.0) if PREFIX + "loss_quadratic_fraction" in frame else 0.0
    return {
        "from_bus": frame["from_bus"].map(ids),
        "to_bus": frame["to_bus"].map(ids),
        "power_max_mw": top,
        "loss_no_load_fraction": (frame["loss_mw"] / top).where(top > 0, 0.0),
        "loss_linear_fraction": (frame["loss_percent"] / 100 - quadratic * (frame["p_mw"] / top).where(top > 0, 0.0)).round(12),
    }


def _texts(frame: pd.DataFrame) -> pd.DataFrame:
    """Cells as a CSV file would hold them: empty for nothing, 12 digits, which undoes the rounding of unit conversions."""
    return frame.map(_text).astype(object).reset_index(drop=True)


def _text(value: object) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    return f"{float(value):.12g}" if isinstance(value, int | float | np.number) else str(value)
