"""Emissions: CO2 of thermal units and what it cost above the free allowance.

    co2 = sum over steps of what the unit's group offers to the port `emission`, shared like its output     (W1)
    carbon cost = sum of price x (co2 - allowance x energy); adds up to the cost `carbon.allowance`          (W2)

The rates are those of the program itself: thermal units are the only ones that offer to `emission`, one row per group.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridopt.blocks import thermal
from gridopt.dispatch.formulate import BLOCKS
from gridopt.dispatch.result import Dispatch

COLUMNS = ["energy_mwh", "co2_t", "carbon_cost_cny"]


def emission(dispatch: Dispatch) -> np.ndarray:
    """CO2 by unit t/h (unit, T) (W1): that of must-run output by must-run output, the rest by room above it."""
    columns = dispatch.model.columns[BLOCKS.index(thermal)]
    port, x = dispatch.model.builder.port("emission"), dispatch.solution.x
    rate = np.zeros(len(x))
    for _, ids, coef in port.offers():
        rate[ids] = coef
    fixed = sum((e.constant for e in port.entries if e.constant is not None), np.zeros(columns.capacity.shape))
    low = np.where(columns.low >= 0, rate[columns.low] * x[columns.low], 0.0) if len(x) else 0.0
    least, largest = thermal.limits(dispatch.case)
    split = columns.groups.split
    return split(fixed, least) + split(rate[columns.high] * x[columns.high] + low, largest - least)


def by_unit(dispatch: Dispatch) -> pd.DataFrame:
    """unit, energy_mwh, co2_t, carbon_cost_cny (W1), (W2)."""
    case = dispatch.case
    hours, co2, output = case.time.hours, emission(dispatch), dispatch.quantities["unit_output"].values
    price = case.of_year("carbon_price_cny_per_t", 0.0) * hours
    allowance = case.of_year("carbon_benchmark_t_per_mwh", 0.0)
    values = (output @ hours, co2 @ hours, (co2 - output * allowance) @ price)
    return pd.DataFrame({"unit": case.table("unit").index.to_numpy(object)} | dict(zip(COLUMNS, values, strict=True)))


def by_technology(dispatch: Dispatch) -> pd.DataFrame:
    """technology, energy_mwh, co2_t, carbon_cost_cny, in the order of the table of units."""
    technology = dispatch.case.table("unit")["technology"].to_numpy(object)
    return by_unit(dispatch)[COLUMNS].groupby(technology, sort=False).sum().rename_axis("technology").reset_index()
