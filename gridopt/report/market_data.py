"""Tables of a market run as arrays: prices by rule, run, bus and period.

Runs of different period lengths share one axis, the periods of all of them: a longer period counts for each of those that it spans.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from gridopt.dispatch.market_tables import PREFIX
from gridopt.report.folder import Run, cell, table, values
from gridopt.report.text import WORDS, Both
from gridopt.report.zones import inside, zone_words

RUNS = ("DA", "RT", "advisory")
OF_ONE_RULE = ("dispatch", "ledger", "residuals", "metrics")
"""Tables that a market run has of its rule, and a comparison of rules of each, with a column for it."""


def market_table(run: Run, name: str) -> pd.DataFrame:
    """tables/market_<name>, else an empty frame. Not to be changed in place. What a market run has of its one rule is not shown of several."""
    found = table(run, PREFIX + name)
    return found.iloc[:0] if name in OF_ONE_RULE and "rule" in found else found


def paid_besides(run: Run) -> dict[tuple[str, str], float]:
    """What is paid for reserve, decisions and being constrained by rule and run CNY: by the ledger, where real time counts what was paid
    day-ahead, too; without one by the table of uplift, which names everyone then."""
    book, frame = market_table(run, "ledger"), market_table(run, "uplift")
    if not len(book):
        return frame.groupby(["rule", "run"])["besides"].sum().to_dict() if "besides" in frame else {}
    code = book["code"].astype(str)
    amount = book["amount"].where(book["payer"].astype(str).str.startswith("account "), -book["amount"])
    day, real = (float(amount[code.str.match(f"(reserve|commitment|uplift)_{s}_")].sum()) for s in ("da", "rt"))
    rules = market_table(run, "prices")["rule"].astype(str).unique()
    return {(r, stage): paid for r in rules for stage, paid in (("DA", day), ("RT", day + real))}


@dataclass(frozen=True)
class Prices:
    """rules, runs, bus, zone (B,) of each bus, the first `inner` of them of the studied system; period (T,), hours (T,); weight (run, B, T):
    load MW, ones where it is not known (`weighted`)."""

    run: Run
    rules: list[str]
    runs: list[str]
    bus: list[str]
    zone: list[str]
    inner: int
    period: pd.DatetimeIndex
    weighted: bool
    weight: np.ndarray

    @cached_property
    def hours(self) -> np.ndarray:
        """Length of each period [h]; the last, and one before a gap, is as long as the usual one."""
        if len(self.period) < 2:
            return np.full(len(self.period), float(self.run.hours[0]))
        step = np.diff(self.period.to_numpy()) / np.timedelta64(1, "h")
        return np.minimum(np.append(step, np.median(step)), np.median(step))

    @cached_property
    def used(self) -> np.ndarray:
        """Buses of the studied system at which somebody pays, bool (B,): one where nothing is connected has a price that says nothing."""
        inner = np.arange(len(self.bus)) < self.inner
        loaded = self.weight.any(axis=(0, 2)) & inner
        return loaded if loaded.any() else inner

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """(rule, run) that have prices."""
        known = {(str(r), str(s)) for r, s in market_table(self.run, "prices")[["rule", "run"]].drop_duplicates().to_numpy()}
        return [(r, s) for s in self.runs for r in self.rules if (r, s) in known]

    def cube(self, column: str) -> np.ndarray:
        """A column of the prices (rule, run, bus, period); nan where there is none."""
        frame = market_table(self.run, "prices")
        return self.run.once(f"market {column}", lambda: self._cube(frame, "bus", self.bus, column))

    def _cube(self, frame: pd.DataFrame, by: str, among: list[str], column: str) -> np.ndarray:
        found = np.full((len(self.rules), len(self.runs), len(among), len(self.period)), np.nan)
        place = [pd.Index(k).get_indexer(frame[c].astype(str)) for k, c in ((self.rules, "rule"), (self.runs, "run"), (among, by))]
        at = self.period.get_indexer(pd.DatetimeIndex(frame["period"]))
        keep = np.all([p >= 0 for p in (*place, at)], axis=0)
        found[(*(p[keep] for p in place), at[keep])] = frame[column].to_numpy(float)[keep]
        for s in range(len(self.runs)):
            own = pd.DatetimeIndex(frame.loc[frame["run"] == self.runs[s], "period"].unique()).sort_values()
            found[:, s] = spanned(found[:, s], own, self.period)
        return found

    @cached_property
    def zones(self) -> list[str]:
        """Zones with users: those with load, or of the studied system where loads are not known; and listed ones that no bus is in."""
        frame = market_table(self.run, "zone_prices")
        listed = [str(z) for z in frame["zone"].unique()] if len(frame) else []
        own = [z for z, used in zip(self.zone, self.used, strict=True) if z and used]
        return list(dict.fromkeys([*own, *(z for z in listed if z and z not in self.zone)]))

    @cached_property
    def zone_price(self) -> np.ndarray:
        """What users of each zone pay (rule, run, zone, period); the mean of the buses by load where no price of the zone is given."""
        frame, lmp = market_table(self.run, "zone_prices"), self.cube("lmp")
        found = np.full((len(self.rules), len(self.runs), len(self.zones), len(self.period)), np.nan)
        if len(frame):
            found = self._cube(frame, "zone", self.zones, "price")
        for z, zone in enumerate(self.zones):
            mine = [b for b, name in enumerate(self.zone) if name == zone]
            if mine:
                found[:, :, z] = np.where(np.isnan(found[:, :, z]), _mean(lmp[:, :, mine], self.weight[:, mine]), found[:, :, z])
        return found

    @cached_property
    def user_price(self) -> np.ndarray:
        """What users at each bus pay (rule, run, bus, period): the price of their zone, else of the only zone of the rule, else the LMP."""
        frame = market_table(self.run, "zone_prices")
        lmp = self.cube("lmp")
        if not len(frame):
            return lmp
        # Buses of a network without zones are in the zone without a name.
        names = [str(z) for z in frame["zone"].unique()]
        given = self._cube(frame, "zone", names, "price")
        own = np.array([names.index(z) if z in names else -1 for z in self.zone])
        paid = np.where((own >= 0)[:, None], given[:, :, own], np.nan)
        for r, rule in enumerate(self.rules):
            listed = {str(z) for z in frame.loc[frame["rule"] == rule, "zone"].unique()}
            if len(listed) == 1 and not listed & set(self.zone):
                paid[r] = given[r][:, [names.index(listed.pop())]]
        return np.where(np.isnan(paid), lmp, paid)

    @cached_property
    def series(self) -> np.ndarray:
        """Prices to be shown (rule, run, 1 + zone, period): the mean over all users first, then each zone."""
        weight = self.weight if self.weighted else self.weight * (np.arange(len(self.bus)) < self.inner)[:, None]
        return np.concatenate([_mean(self.user_price, weight)[:, :, None], self.zone_price], axis=2)

    @cached_property
    def series_names(self) -> list[Both]:
        return [WORDS["mk_all_zones"], *(zone_words(z) for z in self.zones)]


def prices(run: Run) -> Prices | None:
    """Prices of the market; None where the run has none."""
    return run.once("market prices", lambda: _prices(run))


def _prices(run: Run) -> Prices | None:
    frame = market_table(run, "prices")
    if not len(frame):
        return None
    rules, bus = ([str(v) for v in frame[c].unique()] for c in ("rule", "bus"))
    runs = sorted({str(v) for v in frame["run"].unique()}, key=lambda r: (RUNS.index(r) if r in RUNS else 9, r))
    period = pd.DatetimeIndex(frame["period"].unique()).sort_values()
    known = {str(r["bus"]): cell(r, "zone") for r in table(run, "bus").to_dict("records") if "bus" in r}
    load = _load(run, runs, bus, period)
    weight = np.ones((len(runs), len(bus), len(period))) if load is None else load
    first, _ = inside(run, bus)
    order = [*first, *(b for b in range(len(bus)) if b not in set(first))]
    bus = [bus[b] for b in order]
    return Prices(run, rules, runs, bus, [known.get(b, "") for b in bus], len(first), period, load is not None, weight[:, order])


def _load(run: Run, runs: list[str], bus: list[str], period: pd.DatetimeIndex) -> np.ndarray | None:
    """Served load in each run at each bus in each period MW: by the table of loads, for runs that it does not hold by the results of the
    schedule; None where neither is known for these periods."""
    frame, physical = market_table(run, "load"), _of_schedule(run, bus, period)
    known = {str(r) for r in frame["run"].unique()} if len(frame) else set()
    if physical is None and not set(runs) <= known:
        return None
    out = np.zeros((len(runs), len(bus), len(period))) if physical is None else np.repeat(physical[None], len(runs), axis=0)
    for s, stage in enumerate(runs):
        if stage in known:
            mine = frame[frame["run"] == stage]
            row, at = pd.Index(bus).get_indexer(mine["bus"].astype(str)), period.get_indexer(pd.DatetimeIndex(mine["period"]))
            keep = (row >= 0) & (at >= 0)
            out[s] = 0.0
            out[s][row[keep], at[keep]] = mine["mw"].to_numpy(float)[keep]
            out[s] = np.nan_to_num(spanned(out[s], pd.DatetimeIndex(mine["period"].unique()).sort_values(), period))
    return np.maximum(out, 0.0)


def _of_schedule(run: Run, bus: list[str], period: pd.DatetimeIndex) -> np.ndarray | None:
    """Served load of the results (B, T); None where they hold none for these periods."""
    load, shed = values(run, "load"), values(run, "shedding")
    if load is None or run.block > 1:
        return None
    at, row = held(run.time, period), pd.Index(load[0]).get_indexer(bus)
    if (at < 0).any() or (row < 0).all():
        return None
    served = np.maximum(load[1] - (shed[1] if shed is not None and shed[0] == load[0] else 0.0), 0.0).astype(float)
    return np.where((row >= 0)[:, None], served[row][:, at], 0.0)


def held(own: pd.DatetimeIndex, period: pd.DatetimeIndex) -> np.ndarray:
    """The label of `own` that holds each period, -1 if none: labels are as far apart as most of them."""
    at = np.searchsorted(own.to_numpy(), period.to_numpy(), side="right") - 1
    usual = np.median(np.diff(own.to_numpy()).astype(float)) if len(own) > 1 else np.inf
    late = (period.to_numpy() - own.to_numpy()[np.maximum(at, 0)]).astype(float)
    return np.where(late < usual, at, -1)


def spanned(value: np.ndarray, own: pd.DatetimeIndex, period: pd.DatetimeIndex) -> np.ndarray:
    """Values (..., T) known at the periods `own` of `period`, in all periods that each of those spans; nan elsewhere."""
    if not 0 < len(own) < len(period):
        return value
    at = held(own, period)
    return np.where(at >= 0, value[..., period.get_indexer(own)[at]], np.nan)


def _mean(value: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Mean over the buses (rule, run, B, T) by weight (run, B, T), plain where no bus has any; nan values are left out."""
    some = np.isfinite(value)
    part = np.where(some, np.broadcast_to(weight, value.shape), 0.0)
    part = np.where(part.sum(axis=-2, keepdims=True) > 0, part, some.astype(float))
    total = part.sum(axis=-2)
    return np.divide((part * np.where(some, value, 0.0)).sum(axis=-2), total, out=np.full(total.shape, np.nan), where=total > 0)
