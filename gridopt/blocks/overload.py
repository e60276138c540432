"""Overload: limits of branches and interfaces that may be passed at a price (soft limits); a limit without steps stays hard.

Sets        l branch or interface, k step of its penalty, t time step of length h[t] hours
Data        width W[k] [MW] (none: no limit), cost c[k] [CNY/MWh]
Columns     overload.forward u [MW], overload.backward v [MW]

    0 <= u[k,t], v[k,t] <= W[k]                                           (O1)
    overload o[l,t] = sum over k of l (u[k,t] - v[k,t]): the limits hold for flow - o, before and after outages    (O2)
    q[l,t], alike over the steps of after_outages: limits after outages hold for flow - o - q                    (O3)

Cost        overload.penalty = c h (u + v);  convex, so that steps fill in order
Ports       branch_overload, interface_overload: o  (network, contingency and interface draw on them);  branch_overload_after: q
            (contingency draws on it)
Assumes     a branch is overloaded in one direction at a time: an overload forward narrows the limit backward, also after outages
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridopt.program.labels import Quantity

ALL_TIMES = 10.0
"""An overload without limit may be so many times all that can be injected, which never binds."""


class Columns(NamedTuple):
    """forward, backward (K, T) of the rows of table limit_penalty."""

    forward: np.ndarray
    backward: np.ndarray


def declare(case, b):
    """Columns (O1), their cost, and what they let flows pass their limits by."""
    table, hours = case.table("limit_penalty"), case.time.hours
    branches = case.grid.branches.ids
    port = {"branch": b.port("branch_overload", len(branches)), "interface": b.port("interface_overload", len(case.table("interface"))),
            "after": b.port("branch_overload_after", len(branches))}  # fmt: skip
    if not len(table):
        return None
    parts = zip(table["element"], table["cost_cny_per_mwh"], table["after_outages"], strict=True)
    names = np.array([f"{e}/{c:g}{' after outages' if after else ''}" for e, c, after in parts], object)
    width = table["width_mw"].fillna(np.inf).to_numpy(float)[:, None]
    ways = [
        b.columns(f"overload.{way}", unit="MW", over={"penalty": names, "time": case.time.index}, upper=width, optional=True)
        for way in ("forward", "backward")
    ]
    place = {name: i for i, name in enumerate(branches)}
    for kind, mine in _rows(table).items():
        element = table["element"].iloc[mine]
        at = case.position("interface", element) if kind == "interface" else np.array([place[e] for e in element], int)
        for columns, sign in zip(ways, (1.0, -1.0), strict=True):
            port[kind].add(at, columns[mine], sign)
    for columns in ways:
        b.cost("overload.penalty", columns, table["cost_cny_per_mwh"].to_numpy(float)[:, None] * hours)
    return Columns(*ways)


def _rows(table) -> dict[str, np.ndarray]:
    """Rows of the steps by what they pass, int (k,)."""
    section, after = (table["kind"] == "interface").to_numpy(), table["after_outages"].to_numpy(bool)
    kinds = {"branch": ~section & ~after, "interface": section, "after": ~section & after}
    return {kind: np.flatnonzero(mine) for kind, mine in kinds.items()}


def constrain(case, b, columns):
    """No rows: (O2) is part of the limits. Bounds where a step has no width."""
    if columns is not None:
        for ids in columns:
            b.tighten(ids, upper=ALL_TIMES * b.most("injection"))


def results(case, columns, values) -> dict[str, Quantity]:
    """Overload by branch and by interface, positive forward, that after outages where it has steps; none without table limit_penalty."""
    if columns is None:
        return {}
    table, sign = case.table("limit_penalty"), "positive: beyond the forward limit"
    net = values["overload.forward"] - values["overload.backward"]
    found, rows, sections = {}, _rows(table), case.table("interface").index.to_numpy(object)
    for kind, ids in (("branch", case.grid.branches.ids), ("interface", sections), ("after", case.grid.branches.ids)):
        total, place = np.zeros((len(ids), len(case.time))), {name: i for i, name in enumerate(ids)}
        np.add.at(total, np.array([place[e] for e in table["element"].iloc[rows[kind]]], int), net[rows[kind]])
        if kind != "after":
            found[f"{kind}_overload"] = Quantity((kind, "time"), total, "MW", "flow beyond a soft limit", "越限功率", sign)
        elif len(rows[kind]):
            words = "flow after an outage beyond a soft limit", "故障后越限功率"
            found["branch_overload_after"] = Quantity(("branch", "time"), total, "MW", *words, sign)
    return found
