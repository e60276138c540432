"""Certificate, commitment: what is switched on and off, from the tables and the reported status.

    status is whole (where decisions are exact), between 0 and the number of units; its change is starts less stops      commitment.status
    on where it must run or is fixed on, off out of service or where fixed off, and as the time before the first step asks   commitment.calendar
    starts in the last UT hours, but those before an outage, <= units on;  stops in the last DT hours, but those at an outage,
    <= units off                                                                        commitment.min_up, commitment.min_down
    m u <= output <= M u, in the step of a start and in that before a stop no more than SU and SD      commitment.output
    change of output of what stays on <= ramp x time between the middles of two steps                 commitment.ramp
    starts and stops of a station in a day, starts in a calendar week <= their limits                 commitment.day, commitment.week

Cost: at least output for each unit on, then the segments of the curve from the cheapest as far as starts and stops let them be used;
starts by the hours since the last stop, or, where several units or shares of units share a row, the cheapest category first that
enough stops fall into (none of them sooner than the minimum down time, unless an outage or a given status ends it); stops.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from gridopt.dispatch.certificate_check import POWER, RELATIVE, SWITCHED, Check, Evidence
from gridopt.dispatch.certificate_heat import bands_of, heated

STATUS = 1e-6
"""Units."""
SECOND = 1.0 / 3600.0
"""Hours within which two instants are one."""


def switched_rows(case, kind: str) -> np.ndarray:
    """Whether each row of a table is switched, bool (n,): every unit, the generators of table commitment; nothing if decisions are off."""
    frame = case.table(kind)
    if case.commitment == "off" or kind == "unit":
        return np.full(len(frame), case.commitment != "off")
    listed = case.table("commitment")
    return np.isin(frame.index.to_numpy(object).astype(str), listed["element"][listed["kind"] == kind].to_numpy(object).astype(str))


@dataclass(frozen=True)
class Switched:
    """The switched rows int (n,) of one table with what table commitment says of them, and the arrays under test (n, T)."""

    evidence: Evidence
    kind: str
    rows: np.ndarray

    @cached_property
    def frame(self) -> pd.DataFrame:
        return self.evidence.case.table(self.kind).iloc[self.rows]

    @cached_property
    def said(self) -> pd.DataFrame:
        """Row of table commitment of each element, empty cells where there is none."""
        table = self.evidence.case.table("commitment")
        mine = table[table["kind"] == self.kind]
        return mine.set_index("element").reindex(self.frame.index)

    def number(self, column: str, otherwise: float | np.ndarray) -> np.ndarray:
        """A column of table commitment as float (n, 1)."""
        value = pd.to_numeric(self.said[column]).to_numpy(float)
        return np.where(np.isnan(value), otherwise, value)[:, None]

    def typed(self, column: str) -> np.ndarray:
        """A column of unit_type of each unit, (n,)."""
        return self.evidence.case.table("unit_type")[column].loc[self.frame["unit_type"]].to_numpy(float)

    def array(self, name: str) -> np.ndarray:
        return self.evidence[f"{self.kind}_{name}"][self.rows]

    @cached_property
    def begin(self) -> np.ndarray:
        """Begin of each step in hours after the first (T,)."""
        start = self.evidence.case.time.start
        return (start - start[0]).astype(float) / 3600.0

    @cached_property
    def count(self) -> np.ndarray:
        return self.number("count", 1.0)

    @cached_property
    def before(self) -> np.ndarray:
        """Hours on, or off where negative, before the first step (n, 1); NaN where nobody knows."""
        return self.number("initial_h", np.nan)

    @cached_property
    def share(self) -> np.ndarray:
        return self.evidence.case.in_service(self.kind)[self.rows]

    @cached_property
    def runs(self) -> np.ndarray:
        """Whether it must run by its tables, bool (n, T)."""
        case, said = self.evidence.case, self.said["must_run"].eq(True).to_numpy(bool)[:, None]
        heat = heated(case, self.kind)[3][self.rows]
        if self.kind != "unit":
            return said | heat
        listed = self.said["kind"].notna().to_numpy()[:, None]
        rule = self.frame["must_run"].to_numpy(object)[:, None]
        heats = case.in_season(self.frame["heating_season"]) == 1.0
        return np.where(listed, said, rule == "always") | ((rule == "heating") & heats) | heat

    @cached_property
    def minimum(self) -> tuple[np.ndarray, np.ndarray]:
        """Minimum up and down times h (n, 1)."""
        both = ("min_up_h", "min_down_h")
        return tuple(self.number(c, self.typed(c) if self.kind == "unit" else 0.0) for c in both)  # type: ignore[return-value]

    @cached_property
    def possible(self) -> np.ndarray:
        """Whether it is in service and its largest output is not below its least, bool (n, T)."""
        return (self.share > 0) & (self.limits[1] >= self.limits[0] * (1.0 - RELATIVE) - RELATIVE)

    @cached_property
    def given(self) -> np.ndarray:
        """Status by a series: 0 off, 1 on, between them free, (n, T)."""
        return self.evidence.case.series(self.said["status_profile"].fillna("").tolist(), 0.5)

    @cached_property
    def absent(self) -> np.ndarray:
        """Whether an outage kept it off before the first step, bool (n, 1)."""
        return self.said["initial_outage"].eq(True).to_numpy(bool)[:, None]

    @cached_property
    def limits(self) -> tuple[np.ndarray, np.ndarray]:
        """Least and largest output of one unit while on MW (n, T), deep bands included."""
        low, high = self.normal
        return np.minimum.reduce([low, *(begin for begin, *_ in self.bands)]), high

    @cached_property
    def normal(self) -> tuple[np.ndarray, np.ndarray]:
        """The same without deep bands."""
        low, high = self.plain
        heat = heated(self.evidence.case, self.kind)
        least, lost, fixed = (v[self.rows] for v in heat[:3])
        return np.where(np.isnan(fixed), np.maximum(low, least), fixed), np.where(np.isnan(fixed), high - lost, fixed)

    @cached_property
    def bands(self) -> list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
        """Deep bands from the highest: lower and upper end MW (n, T), alike where an element has none, CNY/MWh and CNY/h (n, 1)."""
        case, frame, low = self.evidence.case, self.frame, self.normal[0]
        kinds = frame["unit_type"] if self.kind == "unit" else [""] * len(frame)
        each = [bands_of(case, self.kind, n, k) for n, k in zip(frame.index, kinds, strict=True)]
        if self.kind == "unit":
            rated, usual = self.able, self.able * self.typed("min_load_fraction")[:, None]
        else:
            rated, usual = frame["power_max_mw"].to_numpy(float)[:, None] * self.share, self.plain[0]
        holds, found, end = np.abs(low - usual) <= 1e-9 * np.maximum(usual, 1.0), [], low
        for k in range(max(map(len, each), default=0)):
            down, cost, firing = (np.array([b[k][c] if k < len(b) else 0.0 for b in each])[:, None] for c in range(3))
            has = np.array([k < len(b) for b in each])[:, None]
            begin = np.where(has & holds, down * rated, end)
            found.append((begin, end, cost, firing))
            end = begin
        return found

    @cached_property
    def plain(self) -> tuple[np.ndarray, np.ndarray]:
        """The same without heat and deep bands."""
        case, frame = self.evidence.case, self.frame
        if self.kind == "generator":
            low = frame["power_min_mw"].to_numpy(float)[:, None] * case.series(frame["min_profile"], 1.0)
            return low * self.share, frame["power_max_mw"].to_numpy(float)[:, None] * case.series(frame["profile"], 1.0) * self.share
        heats = case.in_season(frame["heating_season"]) == 1.0
        low, low_heat, high_heat = (self.typed(c)[:, None] for c in ("min_load_fraction", "heat_min_fraction", "heat_max_fraction"))
        own = frame["must_run_fraction"].to_numpy(float)[:, None]
        least = np.where(heats, np.maximum(low, low_heat), low)
        least = np.where(self.runs & ~np.isnan(own), own, least)
        return least * self.able, np.maximum(np.where(heats, high_heat, 1.0), least) * self.able

    @cached_property
    def able(self) -> np.ndarray:
        """Available capacity of units MW (n, T)."""
        return (self.frame["power_max_mw"] * self.frame["available_fraction"]).to_numpy(float)[:, None] * self.share

    @cached_property
    def ramps(self) -> tuple[np.ndarray, np.ndarray]:
        """Up and down MW/min (n, 1), inf where there is none."""
        frame = self.frame
        if self.kind == "unit":
            rate = (self.typed("ramp_fraction_per_min") * frame["power_max_mw"] * frame["available_fraction"]).to_numpy(float)[:, None]
            return rate, rate
        up, down = (frame[f"ramp_{n}fraction_per_min"].to_numpy(float) for n in ("", "down_"))
        size = np.abs(frame["power_max_mw"].to_numpy(float))
        return tuple(np.where(np.isnan(r), np.inf, r * size)[:, None] for r in (up, np.where(np.isnan(down), up, down)))  # type: ignore[return-value]

    def recent(self, changes: np.ndarray, hours: np.ndarray) -> np.ndarray:
        """Changes (n, T) in steps that began less than `hours` (n, 1) before each step, the step itself among them, (n, T)."""
        total = np.concatenate([np.zeros((len(changes), 1)), np.cumsum(changes, axis=1)], axis=1)
        first = np.array([np.searchsorted(self.begin, self.begin - h + SECOND, "right") for h in hours[:, 0]]).reshape(changes.shape)
        first = np.minimum(first, np.arange(changes.shape[1]))
        return total[:, 1:] - np.take_along_axis(total, first, axis=1)


def fleets(e: Evidence) -> list[Switched]:
    """What is switched, by table; tables without any are left out."""
    found = [Switched(e, kind, np.flatnonzero(switched_rows(e.case, kind))) for kind in SWITCHED]
    return [s for s in found if len(s.rows)]


def check_commitment(e: Evidence) -> list[Check]:
    """The checks named at the head of this file."""
    found = fleets(e)
    return [*(check for s in found for check in (*_status(e, s), *_times(e, s), *_output(e, s))), *(_counts(e, found) if found else [])]


def _status(e: Evidence, s: Switched) -> list[Check]:
    on, start, stop = (s.array(n) for n in ("on", "start", "stop"))
    before = np.where(np.isnan(s.before), on[:, :1] - start[:, :1] + stop[:, :1], np.where(s.before > 0, s.count, 0.0))
    change = np.abs(np.diff(on, axis=1, prepend=before) - start + stop)
    worst = np.maximum.reduce([change, -on, on - s.count, -start, -stop])
    if e.case.commitment == "exact":
        worst = np.maximum.reduce([worst, *(np.abs(v - np.round(v)) for v in (on, start, stop))])
    status, here, absent = s.given, s.possible, s.absent
    fixed_on = here & (status >= 1.0)
    up, down = s.minimum
    # What was before the first step is over with the first step that is otherwise by an outage or a fixed status.
    able = here & (status > 0.0)
    waits = (s.before < 0) & ~absent & (s.begin + SECOND < down + s.before) & (np.cumsum(fixed_on, axis=1) == 0)
    held = (s.before > 0) & (s.begin + SECOND < up - s.before) & (np.cumsum(~able, axis=1) == 0)
    must = fixed_on | (able & ((s.runs & ~waits) | held))
    calendar = np.maximum(np.where(must, s.count - on, 0.0), np.where(~here | (status <= 0.0) | waits, on, 0.0))
    return [
        e.judge("commitment.status", "1", worst, STATUS, s.frame.index),
        e.judge("commitment.calendar", "1", calendar, STATUS, s.frame.index),
    ]


def _times(e: Evidence, s: Switched) -> list[Check]:
    on, (up, down), here = s.array("on"), s.minimum, s.share > 0
    # What goes out of service takes its starts with it.
    total = np.cumsum(s.array("start"), axis=1)
    since_outage = total - np.maximum.accumulate(np.where(here, 0.0, total), axis=1)
    started = np.where(here, np.minimum(s.recent(s.array("start"), up), since_outage) - on, 0.0)
    stopped = s.recent(np.where(here, s.array("stop"), 0.0), down) - (s.count - on)
    return [
        e.judge("commitment.min_up", "1", started, STATUS * 10, s.frame.index),
        e.judge("commitment.min_down", "1", stopped, STATUS * 10, s.frame.index),
    ]


def _stops_next(s: Switched) -> np.ndarray:
    stop = s.array("stop")
    return np.concatenate([stop[:, 1:], np.zeros((len(stop), 1))], axis=1)


def most_of(s: Switched, width: np.ndarray, above: np.ndarray) -> np.ndarray:
    """Most MW (n, T) that lies in a part of the range of `width` that ends `above` least output: for units on, less what starts and
    stops keep out of it."""
    low, high = s.limits
    cut = []
    for column in ("start_ramp_mw", "stop_ramp_mw"):
        reach = np.clip(s.number(column, np.inf), low, np.maximum(high, low)) - low
        cut.append(np.clip(above - reach, 0.0, width))
    soon = s.evidence.case.time.hours + SECOND >= s.minimum[0]
    soon[:, :-1] |= s.share[:, 1:] <= 0
    on, start, after = s.array("on") * width, s.array("start"), _stops_next(s)
    once = on - cut[0] * start - cut[1] * after
    either = np.minimum(on - cut[0] * start - np.maximum(cut[1] - cut[0], 0.0) * after,
                        on - np.maximum(cut[0] - cut[1], 0.0) * start - cut[1] * after)  # fmt: skip
    return np.where(soon, either, once)


def _output(e: Evidence, s: Switched) -> list[Check]:
    (low, high), on, hours = s.limits, s.array("on"), e.case.time.hours
    above = s.array("output") - low * on
    excess = np.maximum(-above, above - most_of(s, high - low, high - low))
    near = POWER + RELATIVE * np.abs(high)
    up, down = s.ramps
    start, stop = s.array("start"), s.array("stop")
    minutes, jump = 30.0 * (hours[1:] + hours[:-1]), np.diff(low, axis=1)
    reach = [np.clip(s.number(c, np.inf), low, np.maximum(high, low)) - low for c in ("start_ramp_mw", "stop_ramp_mw")]
    # Of what is on before and after: the ramp, but no more than the whole range, so that a huge one makes no figure of rounding in the
    # status; of what has just started or stops: what a start or stop may reach.
    room = np.maximum(high - low, 0.0)
    room = np.maximum(room[:, 1:], room[:, :-1])
    with np.errstate(invalid="ignore"):
        most = [np.minimum(up * minutes - jump, room), np.minimum(down * minutes + jump, room)]
        rise = np.diff(above, axis=1) - most[0] * (on - start)[:, 1:] - reach[0][:, 1:] * start[:, 1:]
        fall = -np.diff(above, axis=1) - most[1] * (on[:, 1:] - start[:, 1:]) - reach[1][:, :-1] * stop[:, 1:]
    ramp = np.maximum(np.where(np.isfinite(up), rise, -np.inf), np.where(np.isfinite(down), fall, -np.inf))
    ramp = np.where(np.diff(s.share, axis=1) == 0, ramp, 0.0)
    at, first = s.number("initial_mw", np.nan), np.zeros((len(low), 1))
    known = ((s.before > 0) & ~np.isnan(at) & (s.share[:, :1] > 0))[:, 0]
    stays = on[known, :1]
    level, given = s.array("output")[known, :1], at[known]
    with np.errstate(invalid="ignore"):
        highest = np.maximum(given + up[known] * 60.0 * hours[0], low[known, :1])
        lowest = np.minimum(given - down[known] * 60.0 * hours[0], high[known, :1])
        reached = np.maximum(level - highest * stays, lowest * stays - level)
    held = given + s.number("initial_award_mw", 0.0)[known]
    too_high = np.where(held > s.number("stop_ramp_mw", np.inf)[known] + POWER, held * stop[known, :1], 0.0)
    first[known] = np.maximum(np.where(stays > 0, reached, 0.0), too_high)
    return [
        e.judge("commitment.output", "MW", excess, near, s.frame.index),
        e.judge("commitment.ramp", "MW", np.concatenate([first, ramp], axis=1), near, s.frame.index),
    ]


def _counts(e: Evidence, found: list[Switched]) -> list[Check]:
    """A station may hold rows of several tables; a row without one is a station by itself."""
    days = e.case.time.start.astype("datetime64[D]").astype(int)
    names = [np.array([f"{s.kind} {n}" for n in s.frame.index], object) for s in found]
    named = [s.said["station"].fillna("").to_numpy(object) for s in found]
    station = np.concatenate([np.where(n == "", own, n) for n, own in zip(named, names, strict=True)])
    start, stop = (np.concatenate([s.array(n) for s in found]) for n in ("start", "stop"))
    checks = []
    for name, group, column, made, changes, period in (
        ("day", station, "max_changes_per_day", "initial_changes", start + stop, days),
        ("week", np.concatenate(names), "max_starts_per_week", "initial_starts", start, (days - 4) // 7),
    ):
        earlier = np.concatenate([s.number(made, 0.0) for s in found])
        changes = np.concatenate([changes[:, :1] + earlier, changes[:, 1:]], axis=1)
        limit = np.concatenate([s.number(column, np.inf)[:, 0] for s in found])
        most = pd.Series(limit).groupby(group.astype(str)).min()
        total = pd.DataFrame(changes).groupby(group.astype(str)).sum().T.groupby(period).sum().T
        over = (total.to_numpy(float) - most.to_numpy(float)[:, None]).max(axis=1, initial=-np.inf)
        checks.append(e.judge(f"commitment.{name}", "1", np.where(np.isfinite(over), over, 0.0), STATUS * 10, list(most.index)))
    return checks
