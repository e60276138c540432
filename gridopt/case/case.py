"""Case: everything known before optimising, frozen: tables, time grid, series, and positions by name.

Knows nothing of optimisation. Arrays shaped (element, step) are made here from dates, seasons, years and series, so that
blocks only see numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from gridopt.case.fleet import Fleet, fleet_of
from gridopt.case.reserve_offers import largest
from gridopt.case.reserves import Offers, offers_of
from gridopt.case.series import SeriesSource
from gridopt.case.time import TimeGrid
from gridopt.case.topology import BRANCH_TABLES, Topologies, branches_of

ROUNDING = 1e-12
"""Share of a step below which what remains of it is rounding."""
RESPONSES = ("interruptible", "shiftable", "data_centre", "price_response")
"""Tables of demand that responds; each row belongs to a load."""
SETTLED = ("contract", "mechanism", "capacity", "guaranteed", "ownership")
"""Tables of settlement that may name an element."""
PASSING = (
    *BRANCH_TABLES, "unit", "generator", "renewable", "csp", "storage", "pump", "pumped", "load", "exchange",
    "dc_link", "dc_market", "interface_limit", *RESPONSES,
)  # fmt: skip
"""Tables whose elements are left out of periods in which they are never in service."""


@dataclass(frozen=True)
class Case:
    """`tables`: name -> DataFrame indexed by identifier, complete (every declared column, defaults filled in).

    security: contingencies are those 'listed' in the table, or also every single branch ('n-1'). losses of AC branches: 'off',
    'piecewise' or 'marginal'; losses_at: taken out half at both 'ends', or all at the 'receiving' one (marginal alone). commitment:
    decisions such as on and off, or a schedule in steps, are 'exact' (whole values), 'relaxed' (any value between), or 'off' (left out,
    with the rules that need them). loss_points: flows MW (K, L, T) of earlier solves at which marginal losses are linearised; None: none
    yet. late: DC contracts that may miss their limits at the end of a window, by name, and what that costs CNY/MWh.
    """

    tables: Mapping[str, pd.DataFrame]
    time: TimeGrid
    source: SeriesSource
    security: str = "listed"
    losses: str = "off"
    losses_at: str = "ends"
    commitment: str = "off"
    loss_points: np.ndarray | None = None
    late: Mapping[str, float] = field(default_factory=dict)

    def table(self, name: str) -> pd.DataFrame:
        return self.tables[name]

    def position(self, table: str, ids: Sequence[str]) -> np.ndarray:
        """Row numbers of `ids` in `table`, int; the check has made sure that each id exists."""
        return self.tables[table].index.get_indexer(pd.Index(ids))

    @property
    def late_prices(self) -> np.ndarray:
        """What each DC contract's lateness costs CNY/MWh (k,), NaN where it may not be late."""
        return np.array([self.late.get(name, np.nan) for name in self.tables["dc_contract"].index], float)

    def commissioned(self, table: str) -> np.ndarray:
        """Share of each step between each element's first day of service and its retirement, float (n, T); outages count for nothing."""
        frame = self.tables[table]
        if not len(frame):
            return np.zeros((0, len(self.time)))
        begin, end = (frame[c].to_numpy("datetime64[s]") for c in ("in_service", "retirement"))
        return self.time.share_between(begin, end)

    def in_service(self, table: str) -> np.ndarray:
        """Share of each step that each element is in service, float (n, T): commissioned and in no outage."""
        share, outage = self.commissioned(table), self.tables["outage"]
        mine = outage[((outage["kind"] == table) & (outage["share"] >= 1.0)).to_numpy()]
        if not len(mine) or not share.size:
            return share
        frame, at = self.tables[table], self.position(table, mine["element"])
        begin, end = (frame[c].to_numpy("datetime64[s]")[at] for c in ("in_service", "retirement"))
        start, stop = (mine[c].to_numpy("datetime64[s]") for c in ("start_time", "end_time"))
        # What lies outside the dates is no service that an outage could take away; fmax and fmin pass over empty dates.
        start, stop = np.fmax(start, begin), np.fmin(stop, end)
        order = np.lexsort((start, at))
        return _without(share, self.time, at[order], start[order], stop[order])

    def share_left(self, table: str) -> np.ndarray:
        """Part of each element that outages of a part of it (a pole of a DC link) leave, float (n, T); whole outages are not counted."""
        left, outage = np.ones((len(self.tables[table]), len(self.time))), self.tables["outage"]
        mine = outage[((outage["kind"] == table) & (outage["share"] < 1.0)).to_numpy()]
        if len(mine):
            inside = self.time.share_between(*(mine[c].to_numpy("datetime64[s]") for c in ("start_time", "end_time"))) > 0.5
            np.subtract.at(left, self.position(table, mine["element"]), mine["share"].to_numpy(float)[:, None] * inside)
        return np.maximum(left, 0.0)

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
    def fleet(self) -> Fleet:
        """What is switched on and off; empty where nothing is."""
        return fleet_of(self)

    @cached_property
    def reserve_offers(self) -> Offers:
        """Who may provide which reserve, on what terms."""
        return offers_of(self)

    @cached_property
    def largest_awards(self) -> np.ndarray:
        """Largest award of each of these offers MW (n, T)."""
        return largest(self, self.reserve_offers)

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
        tables = dict(self.tables)
        for name in PASSING:
            tables[name] = tables[name][(self.in_service(name) > 0).any(axis=1)]
        links = tables["dc_link"].index
        tables["dc_contract"] = tables["dc_contract"][tables["dc_contract"]["dc_link"].isin(links)]
        for name in RESPONSES:
            tables[name] = tables[name][tables[name]["load"].isin(tables["load"].index)]
        tables["dc_schedule"] = tables["dc_schedule"].loc[tables["dc_schedule"].index.isin(links)]
        tables["dc_market"] = tables["dc_market"][tables["dc_market"]["dc_link"].isin(links)]
        bundle = tables["dc_bundle"]
        plants = tables["renewable"].index.union(tables["csp"].index)
        tables["dc_bundle"] = bundle[bundle["dc_link"].isin(links) & bundle.index.isin(plants)]
        point = tables["cost_point"]
        tables["cost_point"] = point[point["generator"].isin(tables["generator"].index)]
        for name in ("interface_member", "interface_support", "limit_penalty", "outage", "contingency", "commitment", "start_cost", "ramping",
                     "chp"):  # fmt: skip
            tables[name] = tables[name][_names_known(tables[name], tables)]
        for name in SETTLED:
            tables[name] = tables[name][_names_known(tables[name], tables) | (tables[name]["element"] == "").to_numpy(bool)]
        # A bid of what is not there in the period is left out; one of a name that nothing has is told when bids are checked.
        for name in ("bid", "agc_offer", "real_time"):
            gone = _names_known(tables[name], self.tables) & ~_names_known(tables[name], tables)
            tables[name] = tables[name][~gone]
        bids = tables["demand_bid"]
        tables["demand_bid"] = bids[bids["load"].isin(tables["load"].index)]
        return replace(self, tables=tables)

    def on_time(self, grid: TimeGrid) -> Case:
        """The same case on other steps, where no flows are known."""
        return replace(self, time=grid, loss_points=None)


def _names_known(frame: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> np.ndarray:
    """Rows whose `element` is in the table that `kind` names, bool (n,)."""
    return np.array([e in tables[k].index for k, e in zip(frame["kind"], frame["element"], strict=True)], bool)


def _without(share: np.ndarray, time: TimeGrid, at: np.ndarray, start: np.ndarray, stop: np.ndarray) -> np.ndarray:
    """Shares (n, T) less the times [start, stop) of elements `at`, in order of element and start; overlapping times count once."""
    first, last = np.searchsorted(time.end, start, "right"), np.searchsorted(time.start, stop, "left")
    element, done = -1, np.datetime64("NaT")
    for n, begin, end, i, j in zip(at, start, stop, first, last, strict=True):
        begin = np.fmax(begin, done) if n == element else begin
        element, done = n, (np.fmax(done, end) if n == element else end)
        if begin < end and i < j:
            lost = np.minimum(time.end[i:j], end) - np.maximum(time.start[i:j], begin)
            share[n, i:j] -= np.maximum(lost.astype(float), 0.0) / 3600.0 / time.hours[i:j]
    return np.where(share > ROUNDING, share, 0.0)
