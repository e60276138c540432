"""Thermal units in LP form: segments, must-run output, ramps.

Sets        g group of identical units at one bus, t step of length h[t] hours
Data        available capacity P[g,t] MW; must-run output m[g,t] MW (0 where the unit may stop); largest output M[g,t] MW (CHP in
            the heating season below P); fuel rate r(q) tce/MWh at load q = 1, 0.5, 0.3; ramp R MW/min
Columns     thermal.low a, thermal.high p [MW] above the must-run output

    0 <= a <= max(0, P/2 - m) where the unit must run, else 0             (G1)
    0 <= p <= M - m - upper(a)                                            (G2)
    |(a+p)[t] - (a+p)[t-1] + m[t] - m[t-1]| <= 60 R (h[t]+h[t-1])/2       written only when broken    (G3)  thermal.ramp

Cost        thermal.fuel, thermal.variable: a unit that must run pays its no-load part once and then slopes between the points of
            q r(q); one that may stop pays its rate at full load for every MWh, which is the convex hull of "off" and "on"
Emission    of the fuel burnt: co2_t_per_tce of the fuel, or what makes co2_t_per_mwh at rated output where the type says it; a
            type that burns no fuel at rated output emits co2_t_per_mwh for every MWh
Ports       injection: m + a + p;  emission, thermal_energy (for the carbon block);  unit_available: M by unit;
            unit_output of units in contingencies: their must-run output and their share by room (M - m) of the rest of the group
Dual        thermal.ramp: <= 0 when the rise binds, >= 0 when the fall binds [CNY/MW]
Assumes     no start-up costs and no minimum output for units that may stop (commitment is relaxed)
Source      convex hull of a unit with falling average cost: e.g. Hua and Baldick, 2017, doi:10.1109/TPWRS.2016.2637718
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridopt.case.groups import Groups, group_by
from gridopt.program.labels import Quantity

SAME = ("bus", "technology", "unit_type", "fuel", "must_run", "must_run_fraction", "heating_season", "available_fraction",
        "self_owned")  # fmt: skip


class Columns(NamedTuple):
    groups: Groups
    capacity: np.ndarray
    must_run: np.ndarray
    low: np.ndarray
    high: np.ndarray
    emitted: np.ndarray
    """CO2 of must-run output t/h (g, T)."""


def limits(case) -> tuple[np.ndarray, np.ndarray]:
    """(least, largest) output by unit MW (n, T): least is 0 unless the unit must run; largest falls for CHP in its season."""
    unit = case.table("unit")
    kind = case.table("unit_type").loc[unit["unit_type"]]
    capacity = (unit["power_max_mw"] * unit["available_fraction"]).to_numpy(float)[:, None] * case.in_service("unit")
    heating = case.in_season(unit["heating_season"]) > 0.5
    forced = (unit["must_run"] == "always").to_numpy()[:, None] | ((unit["must_run"] == "heating").to_numpy()[:, None] & heating)
    own = unit["must_run_fraction"].to_numpy(float)[:, None]
    floor = np.where(heating, np.maximum(kind["heat_min_fraction"], kind["min_load_fraction"]).to_numpy(float)[:, None],
                     kind["min_load_fraction"].to_numpy(float)[:, None])  # fmt: skip
    least = np.where(forced, np.where(np.isnan(own), floor, own), 0.0)
    largest = np.where(heating, kind["heat_max_fraction"].to_numpy(float)[:, None], 1.0)
    return least * capacity, np.maximum(largest, least) * capacity


def declare(case, b):
    """Columns (G1), (G2), their cost, emissions and injections."""
    unit = case.table("unit")
    groups = group_by(unit, SAME)
    least, largest = limits(case)
    capacity = groups.sum((unit["power_max_mw"] * unit["available_fraction"]).to_numpy(float)[:, None] * case.in_service("unit"))
    must, most = groups.sum(least), groups.sum(largest)
    low_width = np.where(must > 0, np.maximum(np.minimum(0.5 * capacity, most) - must, 0.0), 0.0)
    some = np.flatnonzero(low_width.max(axis=1, initial=0.0) > 0)
    time = case.time.index
    low = b.columns("thermal.low", unit="MW", over={"group": groups.name[some], "time": time}, upper=low_width[some])
    high = b.columns("thermal.high", unit="MW", over={"group": groups.name, "time": time}, upper=most - must - low_width)
    emitted = _offer(case, b, groups, capacity, must, (some, low), high)
    _offer_by_unit(case, b, groups, (least, largest), (some, low), high)
    whole = np.full((len(groups), len(case.time)), -1)
    whole[some] = low
    return Columns(groups, capacity, must, whole, high, emitted)


def _offer(case, b, groups, capacity, must, low, high):
    """Costs and ports; CO2 of must-run output t/h (g, T). rate(q): tce/MWh; slopes of q rate(q) between 0.3, 0.5 and 1."""
    unit = case.table("unit").iloc[groups.first]
    kind, fuel = case.table("unit_type").loc[unit["unit_type"]], case.table("fuel").loc[unit["fuel"]]
    full = kind["fuel_rate_full_tce_per_mwh"].to_numpy(float)[:, None]
    half, least = (full + kind[f"fuel_rate_extra_{c}_tce_per_mwh"].to_numpy(float)[:, None] for c in ("half", "low"))
    slope_low, slope_high = (0.5 * half - 0.3 * least) / 0.2, (full - 0.5 * half) / 0.5
    on = must > 0
    load = np.divide(must, capacity, out=np.zeros_like(must), where=capacity > 0)
    at_must = np.where(load < 0.5, 0.3 * least + slope_low * (load - 0.3), 0.5 * half + slope_high * (load - 0.5)) * capacity
    price = fuel["price_cny_per_tce"].to_numpy(float)[:, None] * case.of_year("fuel_price_scale", 1.0)
    variable = kind["vom_cny_per_mwh"].to_numpy(float)[:, None]
    per_tce, per_mwh = _emission(kind, fuel)
    hours, bus = case.time.hours, case.position("bus", unit["bus"])
    injection, emission, energy = b.port("injection"), b.port("emission", 1), b.port("thermal_energy", 1)
    some, columns = low
    for cols, rows, rate in ((columns, some, slope_low[some]), (high, slice(None), np.where(on, slope_high, full))):
        b.cost("thermal.fuel", cols, rate * price[rows] * hours)
        b.cost("thermal.variable", cols, variable[rows] * hours)
        injection.add(bus[rows], cols)
        emission.add(np.zeros(len(cols), int), cols, rate * per_tce[rows] + per_mwh[rows])
        energy.add(np.zeros(len(cols), int), cols)
    burnt = np.where(on, at_must, 0.0)
    b.fixed_cost("thermal.fuel", np.sum(burnt * price * hours))
    b.fixed_cost("thermal.variable", np.sum(must * variable * hours))
    injection.add(bus, constant=must)
    emitted = burnt * per_tce + must * per_mwh
    emission.add(np.zeros(len(must), int), constant=emitted)
    energy.add(np.zeros(len(must), int), constant=must)
    return emitted


def _offer_by_unit(case, b, groups, limits, low, high):
    """What contingencies lose with a unit, and what each unit may give."""
    least, largest = limits
    unit, lost = case.table("unit"), case.table("contingency")
    output, available = (b.port(f"unit_{name}", len(unit)) for name in ("output", "available"))
    available.add(np.arange(len(unit)), constant=largest)
    some = np.unique(case.position("unit", lost.loc[lost["kind"] == "unit", "element"]))
    share = groups.split(np.ones(high.shape), largest - least)[some]
    output.add(some, high[groups.of[some]], share, least[some])
    row, columns = low
    two = np.isin(groups.of[some], row)
    output.add(some[two], columns[np.searchsorted(row, groups.of[some][two])], share[two])


def _emission(kind, fuel) -> tuple[np.ndarray, np.ndarray]:
    """(t per tce burnt, t per MWh) of each group, (g, 1): one of the two is 0."""
    full, rated = (kind[c].to_numpy(float)[:, None] for c in ("fuel_rate_full_tce_per_mwh", "co2_t_per_mwh"))
    given, burns = ~np.isnan(rated), full > 0
    of_fuel = np.where(given, rated / np.where(burns, full, 1.0), fuel["co2_t_per_tce"].to_numpy(float)[:, None])
    without = given & ~burns
    return np.where(without, 0.0, of_fuel), np.where(without, rated, 0.0)


def constrain(case, b, columns):
    """Lazy family (G3) over the steps after the first; a change of capacity or must-run output by date is no ramp."""
    groups, capacity, must, low, high, _ = columns
    if not len(groups) or len(case.time) < 2:
        return
    hours = case.time.hours
    unit = case.table("unit").iloc[groups.first]
    rate = case.table("unit_type").loc[unit["unit_type"], "ramp_fraction_per_min"].to_numpy(float)[:, None]
    width = rate * 60.0 * 0.5 * (hours[1:] + hours[:-1]) * capacity[:, 1:]
    steady = (np.diff(capacity, axis=1) == 0) & (np.diff(must, axis=1) == 0)
    width = np.concatenate([np.full((len(groups), 1), np.inf), np.where(steady, width, np.inf)], axis=1)

    def rise(x, steps=slice(None)):
        part = slice(max((steps.start or 0) - 1, 0), steps.stop)
        output = x[high[:, part]] + np.where(low[:, part] >= 0, x[low[:, part]], 0.0)
        return np.diff(output, axis=1, prepend=output[:, :1])[:, (steps.start or 0) - part.start :]

    def expand(element, step):
        row, col, val = [], [], []
        for cols in (high, low):
            for back, sign in ((0, 1.0), (1, -1.0)):
                chosen = cols[element, step - back]
                there = np.flatnonzero(chosen >= 0)
                row.append(there)
                col.append(chosen[there])
                val.append(np.full(len(there), sign))
        return np.concatenate(row), np.concatenate(col), np.concatenate(val), np.zeros(len(element))

    b.lazy(
        "thermal.ramp", unit="MW", over={"group": groups.name, "time": case.time.index}, bounds=(-width, width),
        activity=rise, expand=expand, looks_back=True,
    )  # fmt: skip


def results(case, columns, values) -> dict[str, Quantity]:
    """Output by unit: the must-run output of each and its share of the group's rest by room."""
    groups, low = columns.groups, columns.low
    least, largest = limits(case)
    extra = values["thermal.high"] + np.where(low >= 0, values.solution.x[low], 0.0)
    output = least + groups.split(extra, largest - least)
    dims, sign = ("unit", "time"), "positive: generation"
    return {"unit_output": Quantity(dims, output, "MW", "net output of thermal units", "火电机组出力", sign)}
