"""Thermal units in LP form: segments, must-run output, ramps.

Sets        g group of identical units at one bus, t step of length h[t] hours
Data        available capacity P[g,t] MW; must-run output m[g,t] MW (0 where the unit may stop); largest output M[g,t] MW (CHP in
            the heating season below P; both as far as a heat load leaves them); fuel rate r(q) tce/MWh at load q = 1, 0.5, 0.3; ramp R MW/min;
            output before the first step, where it is known (then h[-1] = h[0])
Columns     thermal.low a, thermal.high p [MW] above the must-run output

    0 <= a <= max(0, P/2 - m) where the unit must run, else 0             (G1)
    0 <= p <= M - m - upper(a)                                            (G2)
    |(a+p)[t] - (a+p)[t-1] + m[t] - m[t-1]| <= 60 R (h[t]+h[t-1])/2       written only when broken    (G3)  thermal.ramp

Cost        thermal.fuel, thermal.variable: a unit that must run pays its no-load part once and then slopes between the points of
            q r(q); one that may stop pays its rate at full load for every MWh, which is the convex hull of "off" and "on"
Emission    of the fuel burnt: co2_t_per_tce of the fuel, or what makes co2_t_per_mwh at rated output where the type says it; a
            type that burns no fuel at rated output emits co2_t_per_mwh for every MWh
Ports       injection: m + a + p;  emission, thermal_energy (for the carbon block);  fuel: burnt from budgets and stocks;
            unit_available, unit_least: M, m by unit;
            unit_output of a unit: its must-run output and its share by room (M - m) of the rest of its group
Dual        thermal.ramp: <= 0 when the rise binds, >= 0 when the fall binds [CNY/MW]
Assumes     units are left to block commitment where decisions are modelled; no start costs here, and no minimum output for units
            that may stop
Source      convex hull of a unit with falling average cost: e.g. Hua and Baldick, 2017, doi:10.1109/TPWRS.2016.2637718
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from gridopt.case.fleet import left_on
from gridopt.case.groups import Groups, group_by
from gridopt.case.heat import rows_of
from gridopt.case.pools import offer_fuel, pool_names
from gridopt.case.units import burning, capacity, emits, limits
from gridopt.program.labels import Quantity

SAME = ("bus", "technology", "unit_type", "fuel", "must_run", "must_run_fraction", "heating_season", "available_fraction",
        "self_owned")  # fmt: skip


class Columns(NamedTuple):
    """rows int (n,): the units that are not switched; `groups` of them, `first` of each as row of the table; the rest (g, T)."""

    rows: np.ndarray
    groups: Groups
    capacity: np.ndarray
    must_run: np.ndarray
    low: np.ndarray
    high: np.ndarray
    emitted: np.ndarray
    """CO2 of must-run output t/h (g, T)."""


def declare(case, b):
    """Columns (G1), (G2), their cost, emissions and injections."""
    rows = left_on(case, "unit")
    pool = pool_names(case)
    groups = group_by(case.table("unit").iloc[rows], SAME, [[pool[i] for i in rows]] if pool else ())
    groups = replace(groups, first=rows[groups.first])
    least, largest = (limit[rows] for limit in limits(case))
    able, must, most = groups.sum(capacity(case)[rows]), groups.sum(least), groups.sum(largest)
    low_width = np.where(must > 0, np.maximum(np.minimum(0.5 * able, most) - must, 0.0), 0.0)
    some = np.flatnonzero(low_width.max(axis=1, initial=0.0) > 0)
    time = case.time.index
    low = b.columns("thermal.low", unit="MW", over={"group": groups.name[some], "time": time}, upper=low_width[some])
    high = b.columns("thermal.high", unit="MW", over={"group": groups.name, "time": time}, upper=most - must - low_width)
    emitted = _offer(case, b, groups, able, must, (some, low), high)
    _offer_by_unit(case, b, rows, groups, (least, largest), (some, low), high)
    whole = np.full((len(groups), len(case.time)), -1)
    whole[some] = low
    return Columns(rows, groups, able, must, whole, high, emitted)


def _heat(case) -> np.ndarray:
    """Number of the heat load of each unit in table chp, -1 where there is none, int (n,)."""
    found = np.full(len(case.table("unit")), -1)
    at, mine = rows_of(case, "unit")
    found[at] = mine
    return found


def _offer(case, b, groups, able, must, low, high):
    """Costs and ports; CO2 of must-run output t/h (g, T)."""
    fire, on = burning(case, groups.first), must > 0
    price, variable, per_tce, per_mwh = fire.price, fire.variable, fire.per_tce, fire.per_mwh
    hours, bus = case.time.hours, case.position("bus", case.table("unit")["bus"].iloc[groups.first])
    injection, emission, energy = b.port("injection"), b.port("emission", 1), b.port("thermal_energy", 1)
    allowed = emits(case, "unit")[groups.first, None].astype(float)
    some, columns = low
    for cols, rows, rate in ((columns, some, fire.slope_low[some]), (high, slice(None), np.where(on, fire.slope_high, fire.full))):
        b.cost("thermal.fuel", cols, rate * price[rows] * hours)
        b.cost("thermal.variable", cols, variable[rows] * hours)
        injection.add(bus[rows], cols)
        emission.add(np.zeros(len(cols), int), cols, rate * per_tce[rows] + per_mwh[rows])
        offer_fuel(case, b, groups.first[rows], cols, rate)
        energy.add(np.zeros(len(cols), int), cols, allowed[rows])
    burnt = np.where(on, fire.burnt(must, able), 0.0)
    offer_fuel(case, b, groups.first, None, 0.0, burnt)
    b.fixed_cost("thermal.fuel", burnt * price * hours, {"group": groups.name})
    b.fixed_cost("thermal.variable", must * variable * hours, {"group": groups.name})
    injection.add(bus, constant=must)
    emitted = burnt * per_tce + must * per_mwh
    emission.add(np.zeros(len(must), int), constant=emitted)
    energy.add(np.zeros(len(must), int), constant=must * allowed)
    return emitted


def _offer_by_unit(case, b, rows, groups, limits, low, high):
    """What each unit gives and may give."""
    (least, largest), size = limits, len(case.table("unit"))
    output, available = (b.port(f"unit_{name}", size) for name in ("output", "available"))
    available.add(rows, constant=largest)
    b.port("unit_least", size).add(rows, constant=least)
    share = groups.split(np.ones(high.shape), largest - least)
    output.add(rows, high[groups.of], share, least)
    row, columns = low
    two = np.isin(groups.of, row)
    output.add(rows[two], columns[np.searchsorted(row, groups.of[two])], share[two])


def constrain(case, b, columns):
    """Lazy family (G3), at the first step where the output before it is known and nothing is out of service; a change of capacity or
    must-run output by date is no ramp."""
    rows, groups, able, must, low, high, _ = columns
    hours = case.time.hours
    before = groups.sum(case.table("unit")["initial_mw"].to_numpy(float)[rows, None]) - must[:, :1]
    if not len(groups) or (len(hours) < 2 and np.isnan(before).all()):
        return
    unit = case.table("unit").iloc[groups.first]
    rate = case.table("unit_type").loc[unit["unit_type"], "ramp_fraction_per_min"].to_numpy(float)[:, None]
    width = rate * 60.0 * 0.5 * (hours + np.append(hours[:1], hours[:-1])) * able
    steady = (np.diff(able, axis=1) == 0) & (np.diff(must, axis=1) == 0)
    away = groups.sum((capacity(case)[rows, :1] <= 0).astype(float)) > 0
    width = np.where(np.concatenate([~np.isnan(before) & ~away, steady], axis=1), width, np.inf)

    def rise(x, steps=slice(None)):
        part = slice(max((steps.start or 0) - 1, 0), steps.stop)
        output = x[high[:, part]] + np.where(low[:, part] >= 0, x[low[:, part]], 0.0)
        if not steps.start:
            return np.diff(output, axis=1, prepend=np.where(np.isnan(before), output[:, :1], before))
        return np.diff(output, axis=1)

    def expand(element, step):
        row, col, val = [], [], []
        for cols in (high, low):
            for back, sign in ((0, 1.0), (1, -1.0)):
                chosen = cols[element, step - back]
                there = np.flatnonzero((chosen >= 0) & (step >= back))
                row.append(there)
                col.append(chosen[there])
                val.append(np.full(len(there), sign))
        return np.concatenate(row), np.concatenate(col), np.concatenate(val), np.where(step == 0, -before[element, 0], 0.0)

    b.lazy(
        "thermal.ramp", unit="MW", over={"group": groups.name, "time": case.time.index}, bounds=(-width, width),
        activity=rise, expand=expand, looks_back=True,
    )  # fmt: skip


def results(case, columns, values) -> dict[str, Quantity]:
    """Output by unit, whichever block gives it."""
    output = values.builder.port("unit_output").value(values.solution.x)
    dims, sign = ("unit", "time"), "positive: generation"
    return {"unit_output": Quantity(dims, output, "MW", "net output of thermal units", "火电机组出力", sign)}
