"""Certificate, plants: what each plant may give, ramps, loads that are shed.

    least <= output <= largest by dates, availability, must-run and heating season                 unit.output
    |change of output| <= 60 ramp P (h[t] + h[t-1]) / 2, over units that are alike               unit.ramp
    available = capacity x series x dates x commissioning;  0 <= output <= available;  output + curtailed = available
                                                                        renewable.available, renewable.output, renewable.curtailed
    0 <= shedding <= load;  surplus >= 0                                                         bus.shedding, bus.surplus

The model merges units that nothing tells apart and shares their output afterwards, so a single unit may change faster than it
could; the sum over such units may not. A step in which one of them enters, leaves or changes its least output is not a ramp.
"""

from __future__ import annotations

import numpy as np

from gridopt.case.case import Case
from gridopt.dispatch.certificate_check import POWER, RELATIVE, Check, Evidence, gather, outside

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
    least = np.where(runs, np.where(np.isnan(own), stable, own), 0.0)
    return least * capacity, np.maximum(np.where(heats, high_heat, 1.0), least) * capacity, capacity


def of_type(case: Case, column: str) -> np.ndarray:
    """A column of unit_type for each unit, (n, 1)."""
    return case.table("unit_type")[column].loc[case.table("unit")["unit_type"]].to_numpy(float)[:, None]


def _ramp(e: Evidence, least: np.ndarray, capacity: np.ndarray) -> Check:
    unit, hours, output = e.case.table("unit"), e.case.time.hours, e["unit_output"]
    kind = unit.groupby(ALIKE, dropna=False, sort=False).ngroup().to_numpy()
    count = int(kind.max(initial=-1)) + 1
    merge = gather(kind, count)
    first = unit.index.to_numpy(object)[np.unique(kind, return_index=True)[1]]
    minutes = 30.0 * (hours[1:] + hours[:-1])
    able = merge @ (of_type(e.case, "ramp_fraction_per_min") * capacity[:, 1:]) * minutes
    moved = (np.abs(np.diff(capacity, axis=1)) > 1e-9) | (np.abs(np.diff(least, axis=1)) > 1e-9)
    excess = np.abs(np.diff(merge @ output, axis=1)) - able
    excess = np.where(merge @ moved > 0, 0.0, excess)
    whole = np.concatenate([np.zeros((count, 1)), excess], axis=1)
    return e.judge("unit.ramp", "MW", whole, POWER + RELATIVE * (merge @ capacity), first)


def check_plants(e: Evidence) -> list[Check]:
    """The checks named at the head of this file."""
    case, load = e.case, e["load"]
    unit, plant, bus = (case.table(t).index for t in ("unit", "renewable", "bus"))
    least, largest, capacity = unit_limits(e)
    shape = case.series(case.table("renewable")["profile"], 1.0) * case.in_service("renewable")
    given = e.number("renewable", "power_max_mw") * shape * _readiness(case)
    output, curtailed, offered = e["renewable_output"], e["renewable_curtailed"], e["renewable_available"]
    near = POWER + RELATIVE * np.abs(given)
    return [
        e.judge("unit.output", "MW", outside(e["unit_output"], least, largest), POWER, unit),
        _ramp(e, least, capacity),
        e.judge("renewable.available", "MW", np.abs(offered - given), near, plant),
        e.judge("renewable.output", "MW", outside(output, 0.0, given), near, plant),
        e.judge("renewable.curtailed", "MW", np.maximum(np.abs(output + curtailed - offered), -curtailed), near, plant),
        e.judge("bus.shedding", "MW", outside(e["shedding"], 0.0, np.maximum(load, 0.0)), POWER, bus),
        e.judge("bus.surplus", "MW", -e["surplus"], POWER, bus),
    ]
