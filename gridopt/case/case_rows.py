"""Rows of tables and series as a reader of another program's file makes them, one element at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from gridopt.case.pypsa_profiles import Profiles
from gridopt.case.series import GivenSeries
from gridopt.case.time import TimeGrid


class CaseRows:
    """Cells by table, and series by name over the steps of `time`."""

    def __init__(self, time: TimeGrid):
        self.time, self.profiles = time, Profiles()
        self._rows: dict[str, list[dict]] = {}

    def add(self, table: str, **cells: object) -> None:
        """A row; None and NaN are empty cells."""
        self._rows.setdefault(table, []).append(cells)

    def names(self, table: str) -> list[str]:
        """Identifiers in the table so far."""
        return [str(row[table]) for row in self._rows.get(table, [])]

    def ends(self, table: str) -> list[tuple[str, str]]:
        """Both buses of each branch or link in the table so far."""
        return [(str(row["from_bus"]), str(row["to_bus"])) for row in self._rows.get(table, [])]

    def count(self, table: str) -> int:
        return len(self._rows.get(table, []))

    def free(self, table: str, name: str, prefix: str) -> str:
        """`name` as an identifier of `table`, with `prefix` before it where another element has it."""
        taken = set(self.names(table))
        while name in taken:
            name = f"{prefix} {name}"
        return name

    def figure(self, name: str, values: np.ndarray) -> tuple[float, str]:
        """A number and the series of factors on it, '' where values (T,) never change; the number is the one farthest from 0."""
        base = float(values[np.argmax(np.abs(values))])
        if (values == values[0]).all():
            return base, ""
        return base, self.profiles.add(name, values / base)

    def limits(self, name: str, low: np.ndarray, high: np.ndarray) -> dict[str, Any]:
        """Cells of table generator for a least and a largest output over time (T,)."""
        least, below = self.figure(f"{name} least", low)
        most, above = self.figure(f"{name} largest", high)
        return {"power_min_mw": least, "min_profile": below, "power_max_mw": most, "profile": above}

    def price(self, name: str, values: np.ndarray) -> dict[str, Any]:
        """Cells of table generator for a price per MWh over time (T,)."""
        if (values == values[0]).all():
            return {"cost_cny_per_mwh": float(values[0]), "price_profile": ""}
        return {"cost_cny_per_mwh": 0.0, "price_profile": self.profiles.add(f"{name} price", values)}

    def frames(self) -> dict[str, pd.DataFrame]:
        """The tables, before the check; an empty cell of text is ''."""
        return {name: _frame(rows) for name, rows in self._rows.items()}

    def source(self) -> GivenSeries:
        return GivenSeries(self.time, self.profiles.values)


def _frame(rows: list[dict]) -> pd.DataFrame:
    frame = pd.DataFrame(rows)
    texts = [c for c in frame if not pd.api.types.is_numeric_dtype(frame[c])]
    frame[texts] = frame[texts].astype(object).where(frame[texts].notna(), "")
    return frame


def totals(tables, source: GivenSeries, time: TimeGrid) -> dict[str, float]:
    """Sums worth comparing: hours, load, capacities, of complete tables."""
    load, generator = tables["load"], tables["generator"]
    shape = np.array([source.values[n] if n else np.ones(len(time)) for n in load["profile"]]).reshape(len(load), len(time))
    demand = load["mean_mw"].to_numpy(float) @ shape
    return {
        "hours": float(time.hours.sum()),
        "load_mwh": float(demand @ time.hours),
        "load_peak_mw": float(demand.max(initial=0.0)),
        "generator_mw": float(generator["power_max_mw"].clip(lower=0).sum()),
        "price_sensitive_mw": float(-generator["power_min_mw"].clip(upper=0).sum()),
        "renewable_mw": float(tables["renewable"]["power_max_mw"].sum()),
        "storage_mwh": float(tables["storage"]["energy_max_mwh"].sum()),
    }
