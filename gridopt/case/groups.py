"""Elements that cannot be told apart by the mathematics share a column; their results are split back pro rata."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

SAME_STORE = ("bus", "technology", "charge_efficiency", "discharge_efficiency", "standing_loss_per_h", "energy_start_fraction",
        "energy_end_fraction", "cyclic", "wear_cny_per_mwh", "charging_cost_cny_per_mwh", "end_value_cny_per_mwh", "cycles_per_day",
        "charge_profile", "discharge_profile", "energy_max_profile", "energy_min_profile")  # fmt: skip


@dataclass(frozen=True)
class Groups:
    """`of` int (n,): group of each element; `first` int (g,): one element of each group; `name` text (g,): its label."""

    of: np.ndarray
    first: np.ndarray
    name: np.ndarray

    def __len__(self) -> int:
        return len(self.first)

    def sum(self, values: np.ndarray) -> np.ndarray:
        """Sums over the members, (n, T) or (n,) -> (g, T) or (g,)."""
        total = np.zeros((len(self), *values.shape[1:]))
        np.add.at(total, self.of, values)
        return total

    def split(self, totals: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Group values (g, T) shared among the members pro rata to weights (n, T); shares of a group without weight are 0."""
        whole = self.sum(weights)[self.of]
        return totals[self.of] * np.divide(weights, whole, out=np.zeros_like(weights), where=whole > 0)


def group_by(frame: pd.DataFrame, columns: Sequence[str], extra: Sequence[Sequence] = ()) -> Groups:
    """Groups of rows of `frame` that agree in `columns` and in every sequence of `extra`, in order of first appearance."""
    keys = list(zip(*(frame[c] for c in columns), *extra, strict=True))
    number: dict[tuple, int] = {}
    of = np.array([number.setdefault(tuple("" if v != v else v for v in k), len(number)) for k in keys], dtype=int)
    first = np.array([np.flatnonzero(of == g)[0] for g in range(len(number))], dtype=int)
    return Groups(of, first, frame.index.to_numpy()[first] if len(first) else np.array([], dtype=object))


def alike_stores(case) -> Groups:
    """Stores that move together: those of SAME_STORE that also charge and store alike over their power, and have no time of their own."""
    unit, outage = case.table("storage"), case.table("outage")
    power = unit["power_max_mw"].where(unit["power_max_mw"] > 0, 1.0)
    depth = (unit["energy_max_mwh"] / power).round(9)
    pull = (unit["charge_max_mw"].fillna(unit["power_max_mw"]) / power).round(9)
    out = unit.index.isin(outage["element"][outage["kind"] == "storage"])
    own = np.where(out | (unit["inflow_profile"] != "").to_numpy(), unit.index.to_numpy(object), "")
    return group_by(unit, SAME_STORE, [depth.tolist(), pull.tolist(), own.tolist()])
