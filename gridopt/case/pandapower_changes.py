"""What was changed in pandapower in a net with columns gridopt_*, and cannot come back: faults, each with element, value, rule and cure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from gridopt.case.check import show
from gridopt.case.pandapower_layout import DEFAULT_KIND, ELEMENT, KIND, POWER_BEFORE, PREFIX, SERVICE_BEFORE


def kinds(frame: pd.DataFrame, element: str) -> pd.Series:
    """Table of each row; the usual one of the element for rows added in pandapower, which do not say it."""
    usual = DEFAULT_KIND.get(element, element)
    if KIND not in frame:
        return pd.Series(usual, index=frame.index)
    return frame[KIND].where(frame[KIND].notna() & (frame[KIND] != ""), usual)


def demand(load: pd.DataFrame) -> pd.Series:
    """MW of each row of net.load."""
    power, scaling = (pd.to_numeric(load[c], errors="coerce") if c in load else pd.Series(1.0, load.index) for c in ("p_mw", "scaling"))
    return power * scaling


def changes(net: Any, ids: pd.Series) -> list[str]:
    """Faults. `ids`: identifiers of the buses by pandapower's index."""
    faults = []
    for element in dict.fromkeys(ELEMENT.values()):
        faults += [*_kinds(net[element], element), *_service(net[element], element)]
    faults += _powers(net["load"])
    for name in ("poly_cost", "pwl_cost"):
        if name in net and len(net[name]):
            rule = f"{len(net[name])} costs, which gridopt does not read: it has its own"
            faults.append(f"net.{name}: {rule}. Remove them and give the costs in the columns and tables named {PREFIX}*.")
    return [*faults, *_shunts(net["shunt"]), *_grids(net["ext_grid"], ids)] if KIND in net["bus"] else faults


def _kinds(frame: pd.DataFrame, element: str) -> list[str]:
    kind, known = kinds(frame, element), [name for name, e in ELEMENT.items() if e == element]
    cure = f"Write {' or '.join(known)}, or leave it empty for {DEFAULT_KIND.get(element, element)}."
    wrong = kind.index[~kind.isin(known)]
    return [f"net.{element} {i}, {KIND}: {show(kind[i])} is no table of such an element. {cure}" for i in wrong]


def _service(frame: pd.DataFrame, element: str) -> list[str]:
    """In gridopt an element is in service between two dates, and no switch says otherwise."""
    if SERVICE_BEFORE not in frame or "in_service" not in frame:
        return []
    before = frame[SERVICE_BEFORE].map(lambda v: "true" if v is None or v != v or v == "" else str(v).lower()) == "true"
    now = frame["in_service"].astype(bool)
    cure = f"Set it back, and give the dates {PREFIX}in_service and {PREFIX}retirement, or remove the element."
    rule = "was changed in pandapower; gridopt knows dates of service only"
    return [f"net.{element} {i}, in_service: {show(bool(now[i]))} {rule}. {cure}" for i in frame.index[now != before]]


def _powers(load: pd.DataFrame) -> list[str]:
    """Demand is the mean and a series; the power of one hour does not change it. Rows added in pandapower have no power before."""
    if POWER_BEFORE not in load:
        return []
    before, now = pd.to_numeric(load[POWER_BEFORE], errors="coerce"), demand(load)
    moved = before.notna() & ~np.isclose(now, before, rtol=1e-9, atol=1e-9)
    faults = []
    for i in load.index[moved]:
        rule = f"differs from the {before[i]:.12g} MW that were written; p_mw and scaling of one hour do not change a demand"
        faults.append(f"net.load {i}, p_mw: '{now[i]:.12g}' {rule}. Set them back, and change {PREFIX}mean_mw or the series of the element.")
    return faults


def _shunts(shunt: pd.DataFrame) -> list[str]:
    some = shunt.index[shunt["in_service"].astype(bool) & (shunt["p_mw"] != 0)]
    rule = "is a demand that gridopt's tables do not hold"
    return [f"net.shunt {i}, p_mw: {show(shunt.at[i, 'p_mw'])} {rule}. Set it to 0 and add a load." for i in some]


def _grids(grid: pd.DataFrame, ids: pd.Series) -> list[str]:
    """The writer's external grids have the names of their buses: they are the slack of a power flow, and give nothing here."""
    own = grid["name"].astype(object).where(grid["name"].notna(), "") == grid["bus"].map(ids)
    rule = "was added in pandapower; gridopt has no external grids"
    return [f"net.ext_grid {i} at bus {show(ids.get(grid.at[i, 'bus']))}: {rule}. Remove it, or put a gen." for i in grid.index[~own]]
