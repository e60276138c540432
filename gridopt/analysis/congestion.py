"""Congestion: what each branch and interface with a limit was worth.

    rent = sum over steps of -(dual x flow) = shadow price x limit x hours        (V1)

A dual is negative at a forward limit and positive at a backward one, so the rent is positive for flow at a limit in either
direction. It is negative only where a limit of an interface is below zero, i.e. asks for a flow. The limit is that with what units on line
add to it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridopt.analysis.contingencies import label
from gridopt.case.topology import BRANCH_TABLES
from gridopt.dispatch.result import Dispatch

BINDING = 1e-6
"""CNY/MWh: a smaller shadow price is rounding of zero."""


def congestion(dispatch: Dispatch) -> pd.DataFrame:
    """Table congestion: every branch and interface that has a limit, and every limit after an outage that binds, largest rent first.

    constraint ('branch|contingency' after an outage), kind ('interface', 'branch' or 'contingency'), name, name_zh, hours_binding,
    mean_shadow_price (CNY/MWh, over the binding hours; 0 without any), rent_cny, max_loading (1; flow over limit in its direction).
    """
    frame = pd.concat([_interfaces(dispatch), _branches(dispatch), *_contingencies(dispatch)], ignore_index=True)
    return frame.sort_values("rent_cny", ascending=False, kind="stable", ignore_index=True)


def _branches(dispatch: Dispatch) -> pd.DataFrame:
    case = dispatch.case
    grid = case.grid
    tables = [case.table(t)[["name", "name_zh"]] for t in BRANCH_TABLES]
    limit = np.where(dispatch.flow >= 0, grid.upper, -grid.lower)
    loading = np.divide(np.abs(dispatch.flow), limit, out=np.zeros(limit.shape), where=limit > 0)
    rent = dispatch.branch_shadow_price * np.abs(dispatch.flow)
    limited = (np.isfinite(grid.upper) | np.isfinite(grid.lower)).any(axis=1)
    return _rows(case, "branch", pd.concat(tables), dispatch.branch_shadow_price, rent, loading)[limited]


def _interfaces(dispatch: Dispatch) -> pd.DataFrame:
    case, flow, (lower, upper) = dispatch.case, dispatch.interface_flow, dispatch.interface_limits
    limit = np.where(flow >= 0, upper, -lower)
    loading = np.divide(np.abs(flow), limit, out=np.zeros_like(flow), where=limit > 0)
    limited = np.isfinite(lower).any(axis=1) | np.isfinite(upper).any(axis=1)
    shadow = dispatch.interface_shadow_price
    rent = -dispatch.interface_dual / case.time.hours * flow
    return _rows(case, "interface", case.table("interface")[["name", "name_zh"]], shadow, rent, loading)[limited]


def _contingencies(dispatch: Dispatch) -> list[pd.DataFrame]:
    """Limits after outages; a row with a price is at its limit, and no row is beyond it."""
    case, found = dispatch.case, []
    place = {b: i for i, b in enumerate(case.grid.branches.ids)}
    for part in dispatch.priced:
        if part.family == "contingency.limit":
            text = np.array([label(dispatch, *name) for name in part.labels]).reshape(-1, 2)
            names = pd.DataFrame(text, [f"{branch}|{outage}" for outage, branch in part.labels], ["name", "name_zh"])
            shadow = np.abs(part.dual) / case.time.hours
            at = [place[branch] for _, branch in part.labels]
            limit, over = case.grid.emergency[at], np.abs(dispatch.overload[at])
            found.append(_rows(case, "contingency", names, shadow, shadow * (limit + over), (shadow > 0).astype(float)))
    return found


def _rows(case, kind: str, names: pd.DataFrame, shadow: np.ndarray, rent: np.ndarray, loading: np.ndarray) -> pd.DataFrame:
    hours = case.time.hours
    bound = shadow > BINDING
    binding = bound @ hours
    weighted = np.where(bound, shadow, 0.0) @ hours
    return pd.DataFrame(
        {
            "constraint": names.index.to_numpy(object),
            "kind": np.full(len(names), kind, dtype=object),
            "name": names["name"].to_numpy(object),
            "name_zh": names["name_zh"].to_numpy(object),
            "hours_binding": binding,
            "mean_shadow_price": np.divide(weighted, binding, out=np.zeros(len(names)), where=binding > 0),
            "rent_cny": rent @ hours,
            "max_loading": loading.max(axis=1, initial=0.0),
        }
    )
