"""Generators and loads of a PyPSA network as tables generator, renewable and load.

    generator: output sign p, p in [p_min_pu, p_max_pu] p_nom, cost marginal_cost p + marginal_cost_quadratic p^2                      (Y5)
    load: demand -sign p_set; one that is negative at some time is a generator of fixed output                                         (Y6)

Committable generators are switched by `pypsa_commitment.py`.
Equations: https://docs.pypsa.org/latest/user-guide/optimization/
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from gridopt.case.pypsa_profiles import Limits, Profiles, ramp_rates
from gridopt.case.pypsa_source import Component, Network

LARGEST_CO2 = 3.0
LARGEST_RENEWABLE_COST = 10000.0


def technology(carrier: str) -> str:
    """wind, solar or hydro_ror for carriers of such plants ('offwind-ac', 'Wind Onshore', 'Run of River'), else ''."""
    words = re.findall("[a-z]+", carrier.lower())
    if {"thermal", "csp", "hot", "heat"} & set(words):
        return ""
    if any("wind" in word for word in words):
        return "wind"
    if "ror" in words or "run of river" in " ".join(words):
        return "hydro_ror"
    return "solar" if {"solar", "pv", "photovoltaic", "photovoltaics"} & set(words) else ""


def generators(net: Network, ramp_hours: float | None, profiles: Profiles, changes: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of table generator and of table renewable (Y5); faults go to net.faults."""
    unit, steps = net["generators"], len(net.snapshots)
    nominal, sign = unit.number("p_nom"), unit.number("sign")
    unit.some(sign == 0, "sign", "makes the generator inject nothing", "Give 1 or -1.")
    sign = np.where(sign == 0, 1.0, sign)
    limits = Limits.of(unit, nominal, "p_min_pu", "p_max_pu", steps)
    fixed = _fix(unit, limits, steps)
    unit.some(limits.crossed() & ~fixed & (nominal >= 0), "p_min_pu", "is above p_max_pu at some time", "Swap or correct them.")
    low, high = limits.ends()
    span = np.where(fixed, 0.0, high - low)
    up, down = ramp_rates(unit, span, nominal, ramp_hours)
    _start_ramps(unit, limits, up, down, ramp_hours, steps)
    off = ~unit.flag("committable") & (unit.number("up_time_before") == 0) & (np.isfinite(up) | np.isfinite(down))
    if off.any():
        said = "Generators with ramp limits and up_time_before 0 that are not committable: it is ignored, as new versions of PyPSA do"
        changes.append(f"{said}; older ones begin their ramp at 0 MW: {int(off.sum())}.")
    frame = _costs(unit, sign, profiles)
    names = [(f"generators-p_min_pu/{n}", f"generators-p_max_pu/{n}") for n in unit.names]
    for column, values in limits.scaled(sign).figures(nominal * np.abs(sign), names, profiles).items():
        frame[column] = values
    kind = np.array([technology(c) for c in unit.text("carrier")], object)
    frame["co2_t_per_mwh"] = _co2(net, unit, sign, changes)
    never = span / (60.0 * (ramp_hours or 1.0))
    rise, fall = _ramp_fractions(unit, up, down, sign, frame["power_max_mw"].to_numpy(float), never)
    frame["ramp_fraction_per_min"], frame["ramp_down_fraction_per_min"] = rise, fall
    moving = np.array([i in unit.varying("p_max_pu") for i in range(len(unit))], bool)
    cost = frame["cost_cny_per_mwh"].to_numpy(float)
    plain = (frame["price_profile"] == "").to_numpy() & (frame["cost_quadratic_cny_per_mw2h"] == 0).to_numpy()
    plain &= ~np.isfinite(up) & ~np.isfinite(down) & (cost >= 0) & (cost <= LARGEST_RENEWABLE_COST)
    plain &= (low == 0) & ~fixed & (sign == 1) & (frame["min_profile"] == "").to_numpy() & (frame["power_min_mw"] == 0).to_numpy()
    free = moving & plain & (kind != "") & ~unit.flag("committable")
    frame["technology"] = np.where(unit.text("carrier") == "", "other", unit.text("carrier"))
    columns = ["generator", "name", "bus", "power_max_mw", "profile", "cost_cny_per_mwh"]
    renewable = frame.loc[free, columns].rename(columns={"generator": "renewable"}).assign(technology=kind[free])
    return frame[~free].reset_index(drop=True), renewable.reset_index(drop=True)


def _fix(unit: Component, limits: Limits, steps: int) -> np.ndarray:
    """p_set, where it is given, is both limits. bool (n,): given at some time."""
    static = unit.number("p_set")
    given = np.isfinite(static)
    for i in np.flatnonzero(given).tolist():
        limits.low[i] = limits.high[i] = static[i]
        limits.moving.pop(i, None)
    for i, values in unit.varying("p_set").items():
        here = np.isfinite(values)
        old = limits.moving.get(i, (np.full(steps, limits.low[i]), np.full(steps, limits.high[i])))
        limits.moving[i] = (np.where(here, values, old[0]), np.where(here, values, old[1]))
        given[i] = True
    return given


def _start_ramps(unit: Component, limits: Limits, up: np.ndarray, down: np.ndarray, hours: float | None, steps: int) -> None:
    """A ramp from p_init bounds the first step."""
    before = unit.number("p_init")
    length = 60.0 * (hours or 1.0)
    for i in np.flatnonzero(np.isfinite(before) & (np.isfinite(up) | np.isfinite(down)) & ~unit.flag("committable")).tolist():
        least, most = limits.moving.get(i, (np.full(steps, limits.low[i]), np.full(steps, limits.high[i])))
        least, most = least.copy(), most.copy()
        least[0], most[0] = max(least[0], before[i] - length * down[i]), min(most[0], before[i] + length * up[i])
        limits.moving[i] = (least, most)
        wrong = np.arange(len(unit)) == i
        if least[0] > most[0]:
            unit.some(wrong, "p_init", "is too far from the limits of the first snapshot for the ramp limits", "Correct it.")


def _ramp_fractions(unit: Component, up: np.ndarray, down: np.ndarray, sign: np.ndarray, most: np.ndarray, span: np.ndarray) -> np.ndarray:
    """Rise and fall of the output over power_max_mw per minute (2, n), NaN: none. Where only the rise is limited, the fall is a figure
    that never binds (`span` MW/min crosses the range in a step), since an empty one would stand for that of the rise."""
    limited = np.isfinite(up) | np.isfinite(down)
    unit.some(limited & (most <= 0), "ramp_limit_up", "limits the ramp of a generator that only consumes", "Leave it out.")
    rise, fall = np.where(sign < 0, (down, up), (up, down))
    fall = np.where(np.isfinite(rise) & ~np.isfinite(fall), span, fall)
    rates = np.array([rise, fall]) * np.abs(sign) / np.where(most > 0, most, 1.0)
    return np.where(np.isfinite(rates), rates, np.nan)


def _costs(unit: Component, sign: np.ndarray, profiles: Profiles) -> pd.DataFrame:
    """Cost per MWh injected: p = output / sign."""
    price, cost = np.full(len(unit), "", object), unit.number("marginal_cost") / sign
    for i, values in unit.varying("marginal_cost").items():
        price[i], cost[i] = profiles.add(f"generators-marginal_cost/{unit.names[i]}", values / sign[i]), 0.0
    return pd.DataFrame(
        {
            "generator": unit.names,
            "name": unit.names,
            "bus": unit.text("bus"),
            "cost_cny_per_h": np.where(unit.flag("committable"), unit.number("stand_by_cost"), 0.0),
            "cost_cny_per_mwh": cost,
            "cost_quadratic_cny_per_mw2h": unit.number("marginal_cost_quadratic") / sign**2,
            "price_profile": price,
        }
    )


def _co2(net: Network, unit: Component, sign: np.ndarray, changes: list[str]) -> np.ndarray:
    """t per MWh of electricity (n,): co2_emissions of the carrier, per MWh of primary energy, over the efficiency."""
    rate = dict(zip(net["carriers"].names, net["carriers"].number("co2_emissions"), strict=True))
    efficiency = unit.number("efficiency").copy()
    for i, values in unit.varying("efficiency").items():
        efficiency[i] = values.mean()
    primary = np.array([rate.get(c, 0.0) for c in unit.text("carrier")]).reshape(len(unit))
    result = primary / np.where(efficiency > 0, efficiency, 1.0) / np.abs(sign)
    odd = (result < 0) | (result > LARGEST_CO2) | ((efficiency <= 0) & (primary != 0))
    if odd.any():
        changes.append(f"Generators whose emissions are not in 0 to {LARGEST_CO2:g} t/MWh, counted without emissions: {int(odd.sum())}.")
    return np.where(odd, 0.0, result)


def loads(net: Network, profiles: Profiles, changes: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of table load and generators of fixed output (Y6)."""
    load = net["loads"]
    sign = load.number("sign")
    demand = -sign * load.number("p_set")
    low, names = demand.copy(), np.full(len(load), "", object)
    moving = {i: -sign[i] * values for i, values in load.varying("p_set").items()}
    for i, values in moving.items():
        low[i], demand[i] = values.min(), values.mean()
    back = low < 0
    figure = np.where(back, -demand, demand)
    for i, values in moving.items():
        base = max(1.0, float(np.abs(values).max())) if back[i] else demand[i]
        names[i], figure[i] = profiles.add(f"loads-p_set/{load.names[i]}", (-values if back[i] else values) / base), base
    if back.any():
        changes.append(f"Loads that feed in at some time, taken as generators of fixed output: {int(back.sum())}.")
    frame = pd.DataFrame({"load": load.names, "name": load.names, "bus": load.text("bus"), "mean_mw": figure, "profile": names})
    taken = set(net["generators"].names)
    fixed = frame[back].rename(columns={"load": "generator", "mean_mw": "power_max_mw"})
    fixed["generator"] = [f"load {n}" if n in taken else n for n in fixed["generator"]]
    fixed = fixed.assign(technology="fixed injection", power_min_mw=fixed["power_max_mw"], min_profile=fixed["profile"])
    return frame[~back].assign(sheddable="false").reset_index(drop=True), fixed.reset_index(drop=True)
