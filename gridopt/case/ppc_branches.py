"""Branches in MATPOWER's layout as rows of ac_branch. The branch model is applied by what is written into the table:

    matpower-dc        flow = (angle_f - angle_t - shift) / (x tap);  angle limits inside +-360 degrees where one is not 0     (M1)
    powermodels-dcp    flow = x / (r^2 + x^2) (angle_f - angle_t);  angle limits beyond +-90 degrees, or both 0, are +-60      (M2)
    copperplate        neither ratings nor angle limits                                                                        (M3)

rateA 0 is no limit under (M1). PowerModels has no such branch, but gives it the flow that voltages and angles allow, and so does (M2):
rating = base v / |z| sqrt(v_f^2 + v_t^2 - 2 v_f v_t cos(largest angle)), v_f, v_t the largest voltages and v the larger of both    (M4)
Several reference buses of one synchronous area keep their angles: branches that join them with this shift and may carry no flow.  (M5)
PowerModels.jl src/core/data.jl for (M2), (M4); MATPOWER makeBdc.m, makeAang.m for (M1), opf_setup.m for (M5).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from gridopt.case.ppc_arrays import BRANCH, BUS, REFERENCE, Alive, Ppc

DEFAULT_ANGLE_DEG, LARGEST_ANGLE_DEG = 60.0, 90.0


def branches(ppc: Ppc, here: Alive, model: str, changes: list[str]) -> pd.DataFrame:
    """Rows of ac_branch in service; adds sentences to `changes`."""
    branch, start, end = ppc.branch[here.branch], here.from_bus[here.branch], here.to_bus[here.branch]
    r, x = branch[:, BRANCH.resistance], branch[:, BRANCH.reactance]
    tap = np.where(branch[:, BRANCH.tap] == 0, 1.0, branch[:, BRANCH.tap])
    shift, rating, emergency = branch[:, BRANCH.shift], _rate(branch[:, BRANCH.rate_a]), _emergency(branch)
    low, high = _angles(branch, model)
    if model == "powermodels-dcp":
        rating = np.where(np.isnan(rating), _allowed(ppc, branch, start, end, np.maximum(abs(low), abs(high)), changes), rating)
        with np.errstate(divide="ignore"):
            x = (r**2 + x**2) / x
        tap, shift = np.ones_like(tap), np.zeros_like(shift)
        _say_ignored(branch, changes)
    elif model == "copperplate":
        rating = emergency = np.full(len(branch), np.nan)
        x = np.where(x == 0, 1e-4, x)  # flows mean nothing without limits, but must be defined
        changes.append("Left out, as the branch model says: ratings and angle limits of branches.")
    bus = ppc.bus_id
    frame = pd.DataFrame(
        {
            "ac_branch": ppc.branch_id[here.branch],
            "from_bus": bus[start],
            "to_bus": bus[end],
            "base_mva": ppc.base_mva,
            "resistance_pu": r,
            "reactance_pu": x,
            "charging_pu": branch[:, BRANCH.charging],
            "tap_ratio": tap,
            "shift_deg": shift,
            "angle_min_deg": low,
            "angle_max_deg": high,
            "rating_mw": rating,
            "rating_emergency_mw": emergency,
        }
    )
    ties = _reference_ties(ppc, here, model, changes)
    return pd.concat([frame, ties], ignore_index=True) if len(ties) else frame


def _rate(rate: np.ndarray) -> np.ndarray:
    """NaN where 0 stands for no limit; so do MATPOWER's and PYPOWER's 1e10 and beyond."""
    return np.where((rate == 0) | (rate >= 1e10), np.nan, rate)


def _emergency(branch: np.ndarray) -> np.ndarray:
    """rateC, else rateB, where it is above rateA; a smaller one is no emergency rating."""
    given = np.where(branch[:, BRANCH.rate_c] > 0, branch[:, BRANCH.rate_c], branch[:, BRANCH.rate_b])
    return np.where((branch[:, BRANCH.rate_a] > 0) & (given >= branch[:, BRANCH.rate_a]), _rate(given), np.nan)


def _angles(branch: np.ndarray, model: str) -> tuple[np.ndarray, np.ndarray]:
    """Limits of the angle difference in degrees, NaN: none (M1), (M2)."""
    low, high = (branch[:, c] if branch.shape[1] > BRANCH.angle_max else np.zeros(len(branch)) for c in (BRANCH.angle_min, BRANCH.angle_max))
    if model == "powermodels-dcp":
        both = (low == 0) & (high == 0)
        low = np.where(both | (low <= -LARGEST_ANGLE_DEG), -DEFAULT_ANGLE_DEG, low)
        return low, np.where(both | (high >= LARGEST_ANGLE_DEG), DEFAULT_ANGLE_DEG, high)
    if model == "copperplate":
        return np.full(len(branch), np.nan), np.full(len(branch), np.nan)
    free = ~((low != 0) & (low > -360) | (high != 0) & (high < 360))  # a limit of 0 holds beside another one only
    return np.where(free | (low <= -360), np.nan, low), np.where(free | (high >= 360), np.nan, high)


def _allowed(ppc: Ppc, branch: np.ndarray, start: np.ndarray, end: np.ndarray, angle: np.ndarray, changes: list[str]) -> np.ndarray:
    """MW that voltages and angles allow (M4)."""
    free = int(np.isnan(_rate(branch[:, BRANCH.rate_a])).sum())
    if free:
        changes.append(f"Branches with rateA 0, limited by what voltage and angle limits allow, as PowerModels does: {free}.")
    first, second = ppc.bus[start, BUS.voltage_max], ppc.bus[end, BUS.voltage_max]
    square = first**2 + second**2 - 2 * first * second * np.cos(np.deg2rad(angle))
    impedance = np.hypot(branch[:, BRANCH.resistance], branch[:, BRANCH.reactance])
    return ppc.base_mva * np.maximum(first, second) * np.sqrt(np.maximum(square, 0.0)) / impedance


def _say_ignored(branch: np.ndarray, changes: list[str]) -> None:
    taps = int(((branch[:, BRANCH.tap] != 0) & (branch[:, BRANCH.tap] != 1)).sum())
    shifts = int((branch[:, BRANCH.shift] != 0).sum())
    if taps or shifts:
        changes.append(f"Left out, as the branch model says: tap ratios, {taps}; phase shifts, {shifts}.")


def _reference_ties(ppc: Ppc, here: Alive, model: str, changes: list[str]) -> pd.DataFrame:
    """Branches without flow that hold the angles between reference buses of one area (M5)."""
    reference = np.flatnonzero(here.bus & (ppc.bus[:, BUS.type] == REFERENCE))
    if len(reference) < 2 or model == "copperplate":
        return pd.DataFrame()
    ends = here.from_bus[here.branch], here.to_bus[here.branch]
    size = len(ppc.bus)
    area = connected_components(sp.csr_array((np.ones(len(ends[0])), ends), shape=(size, size)), directed=False)[1][reference]
    first = reference[[int(np.argmax(area == a)) for a in area]]
    some = first != reference
    if not some.any():
        return pd.DataFrame()
    changes.append(f"Further reference buses of an area, held at their angle by branches named 'reference': {some.sum()}.")
    angle = ppc.bus[:, BUS.angle] * (model == "matpower-dc")
    bus = ppc.bus_id
    return pd.DataFrame(
        {
            "ac_branch": "reference " + bus[reference[some]],
            "from_bus": bus[first[some]],
            "to_bus": bus[reference[some]],
            "base_mva": ppc.base_mva,
            "reactance_pu": 0.1,
            "resistance_pu": 0.0,
            "charging_pu": 0.0,
            "tap_ratio": 1.0,
            "shift_deg": angle[first[some]] - angle[reference[some]],
            "rating_mw": 0.0,
        }
    )
