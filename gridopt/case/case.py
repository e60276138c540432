"""Case: everything known before optimising, frozen: tables, time grid, series, and positions by name.

Knows nothing of optimisation. Arrays shaped (element, step) are made here from dates, seasons, years and series, so that
blocks only see numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from gridopt.case.series import SeriesSource
from gridopt.case.time import TimeGrid
from gridopt.case.topology import BRANCH_TABLES, Topologies, branches_of


@dataclass(frozen=True)
class Case:
    """`tables`: name -> DataFrame indexed by identifier, complete (every declared column, defaults filled in).

    security: contingencies are those 'listed' in the table, or also every single branch ('n-1'). losses of AC branches: 'off',
    'piecewise' or 'marginal'.
    """

    tables: Mapping[str, pd.DataFrame]
    time: TimeGrid
    source: SeriesSource
    security: str = "listed"
    losses: str = "off"

    def table(self, name: str) -> pd.DataFrame:
        return self.tables[name]

    def position(self, table: str, ids: Sequence[str]) -> np.ndarray:
        """Row numbers of `ids` in `table`, int; the check has made sure that each id exists."""
        return self.tables[table].index.get_indexer(pd.Index(ids))

    def in_service(self, table: str) -> np.ndarray:
        """Share of each step that each element is in service, float (n, T)."""
        frame = self.tables[table]
        begin, end = (frame[c].to_numpy("datetime64[s]") for c in ("in_service", "retirement"))
        if not len(frame):
            return np.zeros((0, len(self.time)))
        return self.time.share_between(begin, end)

    def series(self, names: Sequence[str], empty: float) -> np.ndarray:
        """Series on the steps, float (len(names), T); an empty name is the constant `empty`."""
        given = sorted({n for n in names if n})
        values = np.full((len(given) + 1, len(self.time)), float(empty))
        values[:-1] = self.source.on_grid(given, self.time.start, self.time.hours)
        place = {n: i for i, n in enumerate(given)}
        return values[[place.get(n, len(given)) for n in names]]

    def of_year(self, column: str, otherwise: float) -> np.ndarray:
        """A column of table `year` on the steps, float (T,); `otherwise` for years that are not listed."""
        known = self.tables["year"][column].to_dict()
        years, inverse = np.unique(self.time.year, return_inverse=True)
        return np.array([known.get(y, otherwise) for y in years])[inverse]

    def in_season(self, seasons: Sequence[str]) -> np.ndarray:
        """1.0 where a step begins in the named season, float (n, T); an empty name is never."""
        frame, today = self.tables["season"], self.time.month_day
        result = np.zeros((len(seasons), len(today)))
        for name in sorted({s for s in seasons if s}):
            first, last = (int(frame.at[name, c].replace("-", "")) for c in ("start_day", "end_day"))
            inside = (today >= first) & (today <= last) if first <= last else (today >= first) | (today <= last)
            result[[i for i, s in enumerate(seasons) if s == name]] = inside
        return result

    @cached_property
    def grid(self) -> Topologies:
        """Branches, epochs, PTDF. A branch is out while one of its buses is."""
        branches = branches_of(self.tables)
        bus = self.in_service("bus") > 0.5
        branch = np.concatenate([self.in_service(t) for t in BRANCH_TABLES]) > 0.5
        factor = self.series([n for t in BRANCH_TABLES for n in self.tables[t]["rating_profile"]], 1.0)
        return Topologies(branches, len(bus), branch & bus[branches.from_bus] & bus[branches.to_bus], factor)

    def present(self) -> Case:
        """Without the elements that are never in service in the period, and without the facts about them."""
        gone = ("line", "transformer", "unit", "renewable", "csp", "storage", "load", "exchange", "dc_link", "interface_limit")
        tables = dict(self.tables)
        for name in gone:
            tables[name] = tables[name][(self.in_service(name) > 0).any(axis=1)]
        links = tables["dc_link"].index
        tables["dc_contract"] = tables["dc_contract"][tables["dc_contract"]["dc_link"].isin(links)]
        bundle = tables["dc_bundle"]
        plants = tables["renewable"].index.union(tables["csp"].index)
        tables["dc_bundle"] = bundle[bundle["dc_link"].isin(links) & bundle.index.isin(plants)]
        member = tables["interface_member"]
        here = tables["line"].index.union(tables["transformer"].index).union(links)
        tables["interface_member"] = member[member["element"].isin(here)]
        return replace(self, tables=tables)

    def on_time(self, grid: TimeGrid) -> Case:
        """The same case on other steps."""
        return replace(self, time=grid)
