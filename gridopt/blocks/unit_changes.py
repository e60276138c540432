"""Changes of status: how starts and stops follow each other, how long a status lasts, how often it may change, what kind a start is.

Sets        n element of the fleet (N alike units of a row), t step that begins at S[t], c category of starts
Data        minimum times UT, DT [h]; lags of the categories [h off line]; limits of starts and stops; what was before the first step
Ports       draws on fleet_on u, fleet_start v, fleet_stop w, fleet_kind y

    u[t] - u[t-1] - v[t] + w[t] = 0                                                                        (U1)  commitment.status
    sum of v[s], S[t] - S[s] < UT and in service from s to t, or s = t,  <= u[t]                           (U2)  commitment.min_up
    sum of w[s], S[t] - S[s] < DT or s = t,  <= N - u[t]                                                   (U3)  commitment.min_down
    sum_c y[c] = v;  y[c,t] <= sum of w[s], lag[c] <= S[t] - S[s] < lag[c+1]                 (U8)  commitment.kinds, commitment.kind
    no row where a unit may have been off as long before the first step; y[c,t] = 0 where no stop is so long ago
    starts and stops of a station in a day <= its limit; starts in a calendar week <= their limit          (U9)  commitment.day, .week

Assumes     what is out of service is off: a stop at its begin needs no minimum up time, which is over then, and no minimum down time
            after its end
Source      start categories: Morales-España, Latorre, Ramos, 2013, doi:10.1109/TPWRS.2013.2251373
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridopt.case.fleet import Fleet, labels
from gridopt.case.windows import INSTANT, begins, returned, since, spread, until


class Parts(NamedTuple):
    """The fleet; columns on, start, stop int (n, T), kind int (Y, T) by category; label text (n,)."""

    fleet: Fleet
    on: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    kind: np.ndarray
    label: np.ndarray


def declare(case, b):
    """No columns."""


def constrain(case, b, columns):
    """Rows (U1) to (U3), (U8), (U9). Minimum times reach back over the first step where the status before it is known."""
    fleet = case.fleet
    if not len(fleet):
        return
    parts = Parts(fleet, *(b.port(f"fleet_{name}").offers()[0][1] for name in ("on", "start", "stop", "kind")), labels(fleet))
    _status(case, b, parts)
    _minimum_times(case, b, parts)
    _kinds(case, b, parts)
    _counts(case, b, parts)


def _status(case, b, parts: Parts) -> None:
    """(U1)."""
    fleet, first = parts.fleet, np.zeros(parts.on.shape)
    first[:, 0] = np.where(fleet.initial_h > 0, fleet.count, 0)
    free = np.zeros(parts.on.shape)
    free[:, 0] = np.where(np.isnan(fleet.initial_h), np.inf, 0.0)
    row = b.rows("commitment.status", unit="1", over={"element": parts.label, "time": case.time.index}, lower=first - free, upper=first + free)
    b.term(row, parts.on)
    b.term(row[:, 1:], parts.on[:, :-1], -1.0)
    b.term(row, parts.start, -1.0)
    b.term(row, parts.stop)


def _minimum_times(case, b, parts: Parts) -> None:
    """(U2), (U3). Starts before and stops at an outage do not count.

    With (U1), a row says that the stops (starts) since the first step that it looks back to are no more than the units that were on
    (off) before. So of rows that look back to the same step only the last is written: with minimum times of days that is one of a day.
    """
    fleet, begin, over = parts.fleet, begins(case), {"element": parts.label, "time": case.time.index}
    step = np.broadcast_to(np.arange(len(begin)), parts.on.shape)
    first = np.maximum(since(begin, fleet.min_up), returned(fleet.here))
    use = _last(first)
    row = b.rows("commitment.min_up", unit="1", over=over, upper=np.where(use, 0.0, np.inf))
    of, s = spread(first[use], step[use])
    b.term(row[use][of], parts.start[np.nonzero(use)[0][of], s])
    b.term(row[use], parts.on[use], -1.0)
    first = since(begin, fleet.min_down)
    use = _last(first) | ~fleet.here  # a stop at an outage counts in the row of its own step alone
    row = b.rows("commitment.min_down", unit="1", over=over, upper=np.where(use, fleet.count[:, None], np.inf))
    of, s = spread(first[use], step[use])
    n = np.nonzero(use)[0][of]
    counts = fleet.here[n, s] | (s == step[use][of])
    b.term(row[use][of[counts]], parts.stop[n[counts], s[counts]])
    b.term(row[use], parts.on[use])


def _last(first: np.ndarray) -> np.ndarray:
    """Whether a step is the last that looks back to the step `first` (n, T), bool (n, T)."""
    return np.diff(first, axis=1, append=-1) != 0


def _kinds(case, b, parts: Parts) -> None:
    """(U8). What was off before the first step counts as a stop then."""
    fleet, begin = parts.fleet, begins(case)
    starts, kind = fleet.starts, parts.kind
    split = np.flatnonzero(np.bincount(starts.of, minlength=len(fleet))[starts.of] > 1)
    some, place = np.unique(starts.of[split], return_inverse=True)
    row = b.rows("commitment.kinds", unit="1", over={"element": parts.label[some], "time": case.time.index}, equal=0.0)
    b.term(row, parts.start[some], -1.0)
    b.term(row[place], kind[split])
    short = split[np.isfinite(starts.until[split])]
    of = starts.of[short]
    # No start comes sooner than the minimum down time, unless an outage or a fixed status makes it: so the first category begins there.
    forced = fleet.initial_outage | (~fleet.here | fleet.fixed_on | fleet.must_off).any(axis=1)
    least = np.where(forced, 0.0, fleet.min_down)[of]
    lag = np.where(np.append(True, of[1:] != of[:-1])[: len(of)], least, np.maximum(starts.lag[short], least))[:, None]
    limit = starts.until[short][:, None]
    off = begin + np.where(np.isnan(fleet.initial_h), 0.0, np.maximum(-fleet.initial_h, 0.0))[of, None]
    known = (fleet.initial_h < 0)[of, None] & (lag <= off + INSTANT) & (off + INSTANT < limit)
    free = np.isnan(fleet.initial_h)[of, None] & (np.maximum(off, fleet.min_down[of, None]) + INSTANT < limit)
    names = np.array([f"{parts.label[n]} after {starts.lag[y]:g} h" for y, n in zip(short, of, strict=True)], object)
    at, s = spread(since(begin, limit[:, 0]).ravel(), until(begin, lag[:, 0]).ravel())
    before = known | free
    stops = (np.bincount(at, minlength=before.size) > 0).reshape(before.shape)
    use = stops & ~before
    b.tighten(kind[short][~stops & ~before], upper=0.0)
    over = {"kind": names, "time": case.time.index}
    row = b.rows("commitment.kind", unit="1", over=over, upper=np.where(use, 0.0, np.inf))
    b.term(row, kind[short], 1.0 * use)
    mine = use.ravel()[at]
    b.term(row.ravel()[at[mine]], parts.stop[of[at[mine] // len(begin)], s[mine]], -1.0)


def _counts(case, b, parts: Parts) -> None:
    """(U9); a row without a station is one by itself. Weeks begin on Monday."""
    fleet, day = parts.fleet, case.time.start.astype("datetime64[D]").astype(int)
    station = np.where(fleet.station != "", fleet.station, parts.label)
    names, of = np.unique(station.astype(str), return_inverse=True)
    most = np.full(len(names), np.inf)
    np.fmin.at(most, of, fleet.max_changes)
    made = np.bincount(of, fleet.initial_changes, len(names))
    _at_most(b, "commitment.day", (parts.start, parts.stop), (names, of, most, made), day)
    each = parts.label, np.arange(len(parts.label)), fleet.max_starts, fleet.initial_starts
    _at_most(b, "commitment.week", (parts.start,), each, (day + 3) // 7)


def _at_most(b, name: str, changes, groups, period: np.ndarray) -> None:
    """Changes of the elements of each group in each period, at most so many; in the first less those made before."""
    names, of, most, made = groups
    periods, place = np.unique(period, return_inverse=True)
    some = np.flatnonzero(np.isfinite(most))
    over = {"group": np.asarray(names, object)[some], "period": periods}
    upper = np.repeat(most[some, None], len(periods), axis=1)
    upper[:, :1] = np.maximum(upper[:, :1] - made[some, None], 0.0)
    row = b.rows(name, unit="1", over=over, upper=upper)
    rank = np.full(len(most), -1)
    rank[some] = np.arange(len(some))
    mine = np.flatnonzero(rank[of] >= 0)
    for change in changes:
        b.term(row[rank[of[mine]]][:, place], change[mine])
