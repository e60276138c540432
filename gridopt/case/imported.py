"""Imported: what a reader makes of one file that holds a whole case: network, time, series, and a report of what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from gridopt.case.series import GivenSeries
from gridopt.case.time import TimeGrid

BRANCH_MODELS = ("matpower-dc", "powermodels-dcp", "copperplate")


@dataclass(frozen=True)
class ImportReport:
    """`found`: elements in the file by kind; `kept`: rows by table; `totals`: sums worth comparing; `changes`: sentences on what was
    dropped, changed or assumed."""

    format: str
    found: Mapping[str, int]
    kept: Mapping[str, int]
    totals: Mapping[str, float]
    changes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict:
        """For JSON."""
        return {k: dict(v) if isinstance(v, Mapping) else v for k, v in vars(self).items()}

    def lines(self) -> list[str]:
        """For the reader of the terminal."""
        counts = ", ".join(f"{n} {kind}" for kind, n in self.found.items() if n)
        kept = ", ".join(f"{n} {table}" for table, n in self.kept.items() if n)
        totals = ", ".join(f"{name.replace('_', ' ')} {value:,.6g}" for name, value in self.totals.items())
        return [f"{self.format}: {counts}", f"  became {kept}", f"  {totals}", *(f"  {c}" for c in self.changes)]


@dataclass(frozen=True)
class Imported:
    """tables: complete and checked, by name; time: the steps of the file; source: its series; currency: as costs are given; study: keys
    of a study that the file brings."""

    tables: Mapping[str, pd.DataFrame]
    time: TimeGrid
    source: GivenSeries
    currency: str
    report: ImportReport
    study: Mapping[str, Any] = field(default_factory=dict)
