"""Demand for reserve from the value of lost load: what a further MW of reserve is worth, in blocks.

    V(R) = VOLL                             R < X                                                                     (C1)
         = VOLL [1 - Phi((R - X - m) / s)]  R >= X
    value of a block [a, b] = mean of V over it = (integral of V from a to b) / (b - a)                               (C2)
    integral of 1 - Phi(z) dz = z (1 - Phi(z)) - phi(z)                                                               (C3)

X: reserve without which a contingency cannot be met; m, s: mean and standard deviation of what net forecast errors and outages take
away over the horizon of the reserve. s = 0: all of it is needed up to X + m, nothing beyond.
Source: W. Hogan, On an energy only electricity market design for resource adequacy, 2005; ERCOT's operating reserve demand curve.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.special import erf

from gridopt.case.case import Case


def value_of_reserve(power: np.ndarray, lost_load: float, least: float, mean: float, deviation: float) -> np.ndarray:
    """(C1) CNY/MWh at reserves MW (n,)."""
    z = _standard(power, least, mean, deviation)
    return lost_load * np.where(power < least, 1.0, 1.0 - _normal(z))


def blocks_of_curve(edges: np.ndarray, lost_load: float, least: float, mean: float, deviation: float) -> np.ndarray:
    """Blocks between rising edges MW (n+1,), from 0 on: width MW and value (C2) CNY/MWh, (n, 2); blocks worth nothing are left out."""
    whole = np.clip(edges, None, least)
    above = np.maximum(edges, least)
    if deviation > 0:
        z = _standard(above, least, mean, deviation)
        area = deviation * (z * (1.0 - _normal(z)) - np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi))
    else:
        area = np.minimum(above, least + mean)
    width = np.diff(edges)
    value = lost_load * (np.diff(whole) + np.diff(area)) / width
    return np.column_stack([width, value])[value > 1e-9 * lost_load]


def _standard(power: np.ndarray, least: float, mean: float, deviation: float) -> np.ndarray:
    if deviation > 0:
        return (power - least - mean) / deviation
    return np.where(power < least + mean, -np.inf, np.inf)


def _normal(z: np.ndarray) -> np.ndarray:
    """Phi(z)."""
    return 0.5 * (1.0 + erf(z / np.sqrt(2.0)))


def shortage_rows(blocks: np.ndarray) -> list[tuple[float, float]]:
    """Blocks MW, CNY/MWh as steps of shortage, cheapest first: what is worth least is missed first. Equal values are one step."""
    found: dict[float, float] = {}
    for width, value in sorted(map(tuple, np.asarray(blocks, float)), key=lambda b: b[1]):
        found[float(value)] = found.get(float(value), 0.0) + float(width)
    return [(width, value) for value, width in found.items()]


def with_reserve_demand(case: Case, reserve: str, blocks: np.ndarray) -> Case:
    """The case in which a reserve is asked for by blocks: their sum is required, and missed at their values."""
    table, step = case.table("reserve").copy(), case.table("reserve_shortage")
    for column in ("load_share", "wind_share", "solar_share"):
        table.at[reserve, column] = 0.0
    table.at[reserve, "profile"] = ""
    table.at[reserve, "requirement_mw"] = float(np.asarray(blocks)[:, 0].sum())
    rows = [{"reserve": reserve, "power_mw": w, "share": np.nan, "cost_cny_per_mwh": v, "source": ""} for w, v in shortage_rows(blocks)]
    steps = pd.concat([step[step["reserve"] != reserve], pd.DataFrame(rows)[step.columns]], ignore_index=True)
    return replace(case, tables={**case.tables, "reserve": table, "reserve_shortage": steps.astype(step.dtypes)})
