"""Who owns which plant, and what plants can give."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridopt.case.case import Case
from gridopt.dispatch.market_run import MarketRun

SELLING = ("unit", "generator", "renewable", "csp", "reservoir", "storage", "pumped")
"""Tables whose elements compete; trade with the outside and DC links are not theirs."""
SEGMENT = " segment "


@dataclass(frozen=True)
class Owners:
    """name (o,) of owners; of int (g,): owner of each plant of a run, -1 for what does not compete; capacity MW (g,)."""

    name: np.ndarray
    of: np.ndarray
    capacity: np.ndarray

    @classmethod
    def of_run(cls, run: MarketRun, case: Case) -> Owners:
        """Owners of the plants of a run. A plant that table ownership does not list owns itself; a unit belongs to its plant."""
        owner, mine = owners_of(case, run.plant), competing(run)
        name, of = np.unique(owner[mine], return_inverse=True)
        found = np.full(len(run.plant), -1)
        found[mine] = of
        return cls(name, found, capacity(case, run))

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Sum of values (g, …) over the plants of each owner (o, …)."""
        total = np.zeros((len(self.name), *values.shape[1:]))
        some = self.of >= 0
        np.add.at(total, self.of[some], values[some])
        return total


def owners_of(case: Case, plants: np.ndarray) -> np.ndarray:
    """Name of the owner of each plant 'table id', text (g,)."""
    listed = {f"{r.kind} {r.element}": r.owner for r in case.table("ownership").itertuples()}
    unit = case.table("unit")
    station = {f"unit {i}": p for i, p in unit["plant"].items() if p}
    found = []
    for plant in plants:
        whole = str(plant).partition(SEGMENT)[0]
        found.append(str(listed.get(plant, listed.get(whole, station.get(whole, whole.partition(" ")[2])))))
    return np.array(found, object).astype(str)


def competing(run: MarketRun) -> np.ndarray:
    """Plants that may sell and belong to somebody inside, bool (g,)."""
    table = np.array([str(n).partition(" ")[0] for n in run.plant], object)
    return np.isin(table, SELLING) & (run.available.max(axis=1, initial=0.0) > 0)


def capacity(case: Case, run: MarketRun) -> np.ndarray:
    """Largest power of each plant MW (g,), while in service; what was available at most where a table does not say."""
    most = np.maximum(run.available.max(axis=1, initial=0.0), 0.0)
    for table in ("unit", "renewable", "generator", "storage", "csp", "pumped"):
        rows = case.table(table)
        if len(rows) and "power_max_mw" in rows:
            known = dict(zip((f"{table} {i}" for i in rows.index), rows["power_max_mw"].to_numpy(float), strict=True))
            most = np.array([max(known.get(n, 0.0), m) if m > 0 else m for n, m in zip(run.plant, most, strict=True)])
    return most
