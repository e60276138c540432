"""A pandapower net as a network folder's tables: the way back of `writers/pandapower.py`.

pandapower's own columns count where they exist, so a line shortened or a plant moved in pandapower is so in the tables. What
pandapower does not know (costs, dates, seasons, contracts) is taken from the columns and tables named gridopt_*. A net that was
made elsewhere has none of these: optional columns get their defaults, and required ones are asked for, fault by fault.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gridopt.case.check import CaseError
from gridopt.case.complete import complete
from gridopt.case.pandapower_layout import ELEMENT, KIND, PREFIX, power_mw, susceptance_us
from gridopt.case.tables import TABLES

DEFAULT_KIND = {"gen": "unit", "sgen": "renewable", "load": "load"}
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


def read_file(path: Path) -> dict[str, pd.DataFrame]:
    """Tables of a net saved as JSON (`pandapower.to_json`)."""
    import pandapower as pp

    net = pp.from_json(str(path))
    if not hasattr(net, "bus"):
        raise CaseError([f"{path}: is not a pandapower net. Save it with pandapower.to_json."])
    return read_network(net)


def read_network(net: Any) -> dict[str, pd.DataFrame]:
    """Complete, checked tables of `net`, by name. Raises CaseError with every fault."""
    ids = pd.Series(_names(net["bus"]), index=net["bus"].index)
    raw = {}
    for name, element in ELEMENT.items():
        frame = net[element]
        kind = frame[KIND] if KIND in frame else pd.Series(DEFAULT_KIND.get(element, name), index=frame.index)
        frame = frame[(kind == name).to_numpy()]
        if len(frame):
            raw[name] = _texts(pd.DataFrame({name: _names(frame), **_extras(frame), **_native(name, frame, net, ids)}))
    for name in TABLES:
        if name not in ELEMENT and PREFIX + name in net:
            raw[name] = _texts(pd.DataFrame(net[PREFIX + name]))
    return complete(raw, lambda name: f"net.{ELEMENT.get(name, PREFIX + name)}", _unknown(net))


def _unknown(net: Any) -> list[str]:
    """Faults for elements that the tables cannot hold."""
    lost = [t for t in FOREIGN if t in net and len(net[t])]
    if KIND not in net["bus"] and len(net["ext_grid"]):
        lost.append("ext_grid")
    return [
        f"net.{t}: {len(net[t])} elements have no counterpart in gridopt's tables. Replace them by lines, gens or loads."
        for t in lost
    ]


def _names(frame: pd.DataFrame) -> list[str]:
    """Names of the elements; pandapower's index for one without a name."""
    return [str(i) if n is None or n != n or n == "" else str(n) for i, n in zip(frame.index, frame["name"], strict=True)]


def _extras(frame: pd.DataFrame) -> dict[str, pd.Series]:
    """Columns gridopt_* without the prefix, those that are empty throughout left out."""
    kept = [c for c in frame if str(c).startswith(PREFIX) and c not in (KIND, PREFIX + "from_side") and frame[c].notna().any()]
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
    if name == "load" and PREFIX + "mean_mw" not in frame:
        columns["mean_mw"] = frame["p_mw"] * frame["scaling"]
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
    side = frame[PREFIX + "from_side"] if PREFIX + "from_side" in frame else pd.Series("hv", index=frame.index)
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
    quadratic = frame.get(PREFIX + "loss_quadratic_fraction", 0.0)
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
