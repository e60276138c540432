"""Certificate, plants: what each plant may give, ramps, loads that are shed.

    least <= output <= largest by dates, availability, must-run and heating season                 unit.output
    |change of output| <= 60 ramp P (h[t] + h[t-1]) / 2, over units that are alike               unit.ramp
    available = capacity x series x dates x commissioning;  0 <= output <= available;  output + curtailed = available
                                                                        renewable.available, renewable.output, renewable.curtailed
    least <= output of a generator <= largest by limits, series and dates; its ramp      generator.output, generator.ramp
    0 <= shedding <= load that may be shed;  surplus >= 0                                                         bus.shedding, bus.surplus

The model merges units that nothing tells apart and shares their output afterwards, so a single unit may change faster than it
could; the sum over such units may not. A step in which one of them enters, leaves or changes its least output is not a ramp. Nor is
the first step where the output before it is not known; where it is, the step before is as long.
What is switched on and off stands in certificate_commitment.

A unit that must run burns C f(q) at load q = output / C: f runs straight between the points q r(q) at 0.3, 0.5 and 1. One that
may stop pays its rate at full load for every MWh.
"""

from __future__ import annotations

import numpy as np

from gridopt.case.case import Case
from gridopt.dispatch.certificate_check import POWER, RELATIVE, Check, Evidence, gather, outside
from gridopt.dispatch.certificate_commitment import switched_rows
from gridopt.dispatch.certificate_heat import heated, narrowed

ALIKE = ["bus", "technology", "unit_type", "fuel", "must_run", "must_run_fraction", "heating_season", "available_fraction",
         "self_owned"]  # fmt: skip


def _readiness(case: Case) -> np.ndarray:
    """Share of its full output that a plant has reached since its day of service (n, T)."""
    plant, result = case.table("renewable"), np.ones((len(case.table("renewable")), len(case.time)))
    for i, (days, day) in enumerate(zip(plant["commissioning_days"], plant["in_service"], strict=True)):
        if days > 0 and not np.isnat(np.datetime64(day)):
            seconds = (case.time.start - np.datetime64(day, "s")).astype(float)
            result[i] = np.minimum(np.maximum(seconds / (days * 86400.0), 0.0), 1.0)
    return result


def unit_limits(e: Evidence) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Least output, largest output and available capacity by unit MW (n, T)."""
    case, unit = e.case, e.case.table("unit")
    capacity = e.number("unit", "power_max_mw") * e.number("unit", "available_fraction") * case.in_service("unit")
    heats = case.in_season(unit["heating_season"]) == 1.0
    low, low_heat, high_heat = (of_type(case, c) for c in ("min_load_fraction", "heat_min_fraction", "heat_max_fraction"))
    stable = np.where(heats, np.maximum(low, low_heat), low)
    own = e.number("unit", "must_run_fraction")
    rule = unit["must_run"].to_numpy(object)[:, None]
    runs = (rule == "always") | ((rule == "heating") & heats)
    heat_runs = heated(case, "unit")[3]
    runs = runs | heat_runs
    least = np.where(runs, np.where(np.isnan(own), stable, own), 0.0)
    low, high = narrowed(case, "unit", least * capacity, np.maximum(np.where(heats, high_heat, 1.0), least) * capacity)
    low = np.where(runs, low, 0.0)
    return low, np.maximum(high, low), capacity


def of_type(case: Case, column: str) -> np.ndarray:
    """A column of unit_type for each unit, (n, 1)."""
    return case.table("unit_type")[column].loc[case.table("unit")["unit_type"]].to_numpy(float)[:, None]


def burnt(e: Evidence) -> np.ndarray:
    """Fuel burnt by unit tce/h (n, T)."""
    output = e["unit_output"]
    least, _, capacity = unit_limits(e)
    full, half, low = (of_type(e.case, f"fuel_rate_{c}_tce_per_mwh") for c in ("full", "extra_half", "extra_low"))
    half, low = full + half, full + low
    load = np.divide(output, capacity, out=np.zeros_like(output), where=capacity > 0)
    under = 0.3 * low + (load - 0.3) * (0.5 * half - 0.3 * low) / 0.2
    over = 0.5 * half + (load - 0.5) * (full - 0.5 * half) / 0.5
    return np.where(least > 0, np.where(load < 0.5, under, over) * capacity, full * output)


def emitted(e: Evidence) -> np.ndarray:
    """CO2 by unit t/h (n, T)."""
    full, at_full, spent = of_type(e.case, "fuel_rate_full_tce_per_mwh"), of_type(e.case, "co2_t_per_mwh"), burnt(e)
    per_tce = e.case.table("fuel").loc[e.case.table("unit")["fuel"], "co2_t_per_tce"].to_numpy(float)[:, None]
    by_type = at_full * np.where(full > 0, spent / np.where(full > 0, full, 1.0), e["unit_output"])
    return np.where(np.isnan(at_full), per_tce * spent, by_type)


def free(case: Case, rate: np.ndarray) -> np.ndarray:
    """Free allowance t/MWh (n, T) of what emits at a rate (n, 1); what emits nothing has none."""
    return np.where(rate > 0, case.of_year("carbon_benchmark_t_per_mwh", 0.0), 0.0)


def unit_rate(case: Case) -> np.ndarray:
    """CO2 of units at full load t/MWh (n, 1): of their type, else of the fuel."""
    of_fuel = case.table("fuel").loc[case.table("unit")["fuel"], "co2_t_per_tce"].to_numpy(float)[:, None]
    rated = of_type(case, "co2_t_per_mwh")
    return np.where(np.isnan(rated), of_type(case, "fuel_rate_full_tce_per_mwh") * of_fuel, rated)


def _ramp(e: Evidence, least: np.ndarray, capacity: np.ndarray) -> Check:
    unit, hours, output = e.case.table("unit"), e.case.time.hours, e["unit_output"]
    kind = unit.groupby(ALIKE, dropna=False, sort=False).ngroup().to_numpy()
    count = int(kind.max(initial=-1)) + 1
    merge = gather(kind, count)
    first = unit.index.to_numpy(object)[np.unique(kind, return_index=True)[1]]
    minutes, before = 30.0 * (hours + np.append(hours[:1], hours[:-1])), e.number("unit", "initial_mw")
    able = merge @ (of_type(e.case, "ramp_fraction_per_min") * capacity) * minutes
    moved = (np.abs(np.diff(capacity, axis=1)) > 1e-9) | (np.abs(np.diff(least, axis=1)) > 1e-9)
    moved = np.concatenate([np.isnan(before) | (capacity[:, :1] <= 0), moved], axis=1)
    excess = np.abs(np.diff(merge @ output, axis=1, prepend=merge @ np.nan_to_num(before))) - able
    excess = np.where(merge @ moved > 0, 0.0, excess)
    excess[np.unique(kind[switched_rows(e.case, "unit")])] = 0.0
    return e.judge("unit.ramp", "MW", excess, POWER + RELATIVE * (merge @ capacity), first)


def generator_limits(e: Evidence) -> tuple[np.ndarray, np.ndarray]:
    """Least and largest output by generator MW (G, T)."""
    case, table = e.case, e.case.table("generator")
    here = case.in_service("generator")
    least = e.number("generator", "power_min_mw") * case.series(table["min_profile"], 1.0) * here
    return narrowed(case, "generator", least, e.number("generator", "power_max_mw") * case.series(table["profile"], 1.0) * here)


def _generators(e: Evidence) -> list[Check]:
    case, table, output, hours = e.case, e.case.table("generator"), e["generator_output"], e.case.time.hours
    here, (least, most) = case.in_service("generator"), generator_limits(e)
    size, minutes = np.abs(e.number("generator", "power_max_mw")), 30.0 * (hours + np.append(hours[:1], hours[:-1]))
    up, down = (e.number("generator", f"ramp_{n}fraction_per_min") for n in ("", "down_"))
    able = np.array([up, np.where(np.isnan(down), up, down)]) * size * minutes
    before = e.number("generator", "initial_mw")
    moved = np.concatenate([np.isnan(before) | (here[:, :1] <= 0), np.diff(here, axis=1) != 0], axis=1)
    able = np.where(np.isnan(able) | moved, np.inf, able)
    whole = outside(np.diff(output, axis=1, prepend=np.nan_to_num(before)), -able[1], able[0])
    switched = switched_rows(case, "generator")[:, None]
    whole = np.where(switched, 0.0, whole)
    return [
        e.judge("generator.output", "MW", np.where(switched, 0.0, outside(output, least, most)), POWER + RELATIVE * np.abs(most), table.index),
        e.judge("generator.ramp", "MW", whole, POWER + RELATIVE * np.abs(most), table.index),
    ]


def generator_cost(e: Evidence) -> np.ndarray:
    """Cost CNY/h (G, T) by the polynomial or by the points of the curve, which goes on straight beyond them."""
    case, table, p = e.case, e.case.table("generator"), e["generator_output"]
    cost = e.number("generator", "cost_cny_per_mwh") * p + e.number("generator", "cost_quadratic_cny_per_mw2h") * p**2
    for name, points in case.table("cost_point").groupby("generator"):
        g, points = table.index.get_loc(name), points.sort_values("power_mw")
        x, y = points["power_mw"].to_numpy(float), points["cost_cny_per_h"].to_numpy(float)
        k = np.clip(np.searchsorted(x, p[g]) - 1, 0, len(x) - 2)
        cost[g] = y[k] + (p[g] - x[k]) * (y[k + 1] - y[k]) / (x[k + 1] - x[k])
        more = case.series(points["price_profile"], 0.0)
        for i in range(len(x) - 1):
            begin, end = x[i] if i else -np.inf, x[i + 1] if i < len(x) - 2 else np.inf
            cost[g] += more[i] * (np.minimum(p[g], end) - x[i]) * (p[g] > begin)
    cost += e.number("generator", "cost_cny_per_h") * (case.in_service("generator") > 0)
    rate = e.number("generator", "co2_t_per_mwh")
    carbon = case.of_year("carbon_price_cny_per_t", 0.0) * (rate - free(case, rate))
    return cost + (case.series(table["price_profile"], 0.0) + carbon) * p


def check_plants(e: Evidence) -> list[Check]:
    """The checks named at the head of this file."""
    case = e.case
    unit, plant, bus = (case.table(t).index for t in ("unit", "renewable", "bus"))
    least, largest, capacity = unit_limits(e)
    shape = case.series(case.table("renewable")["profile"], 1.0) * case.in_service("renewable")
    given = e.number("renewable", "power_max_mw") * shape * _readiness(case)
    output, curtailed, offered = e["renewable_output"], e["renewable_curtailed"], e["renewable_available"]
    near, switched = POWER + RELATIVE * np.abs(given), switched_rows(case, "unit")[:, None]
    return [
        e.judge("unit.output", "MW", np.where(switched, 0.0, outside(e["unit_output"], least, largest)), POWER, unit),
        _ramp(e, least, capacity),
        *_generators(e),
        e.judge("renewable.available", "MW", np.abs(offered - given), near, plant),
        e.judge("renewable.output", "MW", outside(output, 0.0, given), near, plant),
        e.judge("renewable.curtailed", "MW", np.maximum(np.abs(output + curtailed - offered), -curtailed), near, plant),
        e.judge("bus.shedding", "MW", outside(e["shedding"], 0.0, np.maximum(e.load_of("sheddable"), 0.0)), POWER, bus),
        e.judge("bus.surplus", "MW", -e["surplus"], POWER, bus),
    ]
