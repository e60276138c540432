"""Emissions: CO2 of thermal units and generators and what it cost above the free allowance, which those have that emit.

    co2 = sum over steps of what the unit's group offers to the port `emission`, shared like its output     (W1)
    carbon cost = sum of price x (co2 - allowance x energy); adds up to the cost `carbon.allowance`          (W2)

The rates are those of the program itself.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridopt.blocks import commitment, thermal
from gridopt.case.units import emits, limits
from gridopt.dispatch.formulate import BLOCKS
from gridopt.dispatch.result import Dispatch

PLANTS = ("unit", "generator")
COLUMNS = ["energy_mwh", "co2_t", "carbon_cost_cny"]


def emission(dispatch: Dispatch) -> np.ndarray:
    """CO2 by unit t/h (unit, T) (W1): that of must-run output by must-run output, the rest by room above it; of what is switched its own."""
    case, columns = dispatch.case, dispatch.model.columns[BLOCKS.index(thermal)]
    port, x = dispatch.model.builder.port("emission"), dispatch.solution.x
    rate = np.zeros(len(x))
    for _, ids, coef in port.offers():
        rate[ids] = coef
    low = np.where(columns.low >= 0, rate[columns.low] * x[columns.low], 0.0) if len(x) else 0.0
    least, largest = (limit[columns.rows] for limit in limits(case))
    split = columns.groups.split
    found = np.zeros((len(case.table("unit")), len(case.time)))
    found[columns.rows] = split(columns.emitted, least) + split(rate[columns.high] * x[columns.high] + low, largest - least)
    switched = dispatch.model.columns[BLOCKS.index(commitment)]
    fleet = switched.fleet
    mine, segments = np.flatnonzero(fleet.table == "unit"), np.flatnonzero(fleet.table[fleet.curve.of] == "unit")
    np.add.at(found, fleet.row[mine], fleet.curve.emission_on[mine] * x[switched.on[mine]])
    np.add.at(found, fleet.row[fleet.curve.of[segments]], fleet.curve.emission[segments] * x[switched.segment[segments]])
    return found


def by_unit(dispatch: Dispatch) -> pd.DataFrame:
    """unit, energy_mwh, co2_t, carbon_cost_cny (W1), (W2); units, then generators."""
    case = dispatch.case
    hours, output = case.time.hours, [dispatch.quantities[f"{t}_output"].values for t in PLANTS]
    co2 = np.concatenate([emission(dispatch), output[1] * case.table("generator")["co2_t_per_mwh"].to_numpy(float)[:, None]])
    allowed = np.concatenate([v * emits(case, t)[:, None] for t, v in zip(PLANTS, output, strict=True)])
    free = case.of_year("carbon_benchmark_t_per_mwh", 0.0) * allowed
    price = case.of_year("carbon_price_cny_per_t", 0.0) * hours
    values = (np.concatenate(output) @ hours, co2 @ hours, (co2 - free) @ price)
    return pd.DataFrame({"unit": _of_plants(case, None)} | dict(zip(COLUMNS, values, strict=True)))


def by_technology(dispatch: Dispatch) -> pd.DataFrame:
    """technology, energy_mwh, co2_t, carbon_cost_cny, in the order of the tables."""
    technology = _of_plants(dispatch.case, "technology")
    return by_unit(dispatch)[COLUMNS].groupby(technology, sort=False).sum().rename_axis("technology").reset_index()


def _of_plants(case, column: str | None) -> np.ndarray:
    """A column of the tables PLANTS, their ids for None."""
    tables = [case.table(t) for t in PLANTS]
    return np.concatenate([(t.index if column is None else t[column]).to_numpy(object) for t in tables])
