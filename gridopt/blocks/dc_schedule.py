"""Schedules of DC links as dispatchers run them: steps, instants, hold, changes per day, reversal.

Sets        d link with a row in dc_schedule, t step that begins at instant b[t]
Data        step D [MW]; instants at which power may change; hold H [h]; changes per day N, of which n0 were made before the first step;
            steps per change R; reversal time V [h]; power before the first step P0 and how long it has been so; the way it sent last
            before, and how long ago
Columns     dc_schedule.level n [1] of links with a step (whole);  dc_schedule.change a [1], 0 where nothing may change

    P = D n                                                               (J1)  dc_schedule.step
    -C a[t] <= P[t] - P[t-1] <= C a[t],  C[t] = R D, or all that the link and its ramp can, in whole steps D
                                                                          (J2)  dc_schedule.rise, dc_schedule.fall
    where nothing may change: P[t] - P[t-1] = 0 (dc_schedule.rise alone), and n[t] is whole because n[t-1] is
    sum of a over b[t]-H < b[s] <= b[t]  <= 1                             (J3)  dc_schedule.hold
    sum of a over a day <= N                                              (J4)  dc_schedule.changes
    u[s] + v[t] <= 1 and v[s] + u[t] <= 1,  b[t] - end of s < V, s < t    (J5)  dc_schedule.reversal

Ports       draws on dc_power P;  dc_on u and dc_on_back v of links that are switched
Assumes     a step at which a link enters or leaves service is no change; where no power before the first step is known, that step is
            none either. To follow a planned outage of a pole is a change like any other: power falls at an allowed instant before it.
            Links that a schedule fixes keep to it alone. Left out without decisions
Source      the mathematics of a unit's minimum times: Rajan and Takriti, 2005, IBM Research Report RC23628
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridopt.case.links import SENDS, allowed, begins_anew, ramp_width, steady

HOUR = np.timedelta64(3600, "s")


class Columns(NamedTuple):
    """`link` int (n,): links with rules; `stepped` places among them and their levels (m, T); `change` (n, T)."""

    link: np.ndarray
    stepped: np.ndarray
    level: np.ndarray
    change: np.ndarray


def declare(case, b):
    """Columns of (J1) and (J2)."""
    table, whole = case.table("dc_schedule"), case.commitment == "exact"
    frame = case.table("dc_link").reindex(table.index)
    kept = (frame["schedule"] == "").to_numpy() & (case.commitment != "off")
    link = case.position("dc_link", table.index[kept])
    table, frame = table.iloc[kept], frame.iloc[kept]
    step = table["step_mw"].to_numpy(float)
    stepped = np.flatnonzero(~np.isnan(step))
    low, high = (np.floor(frame[c].to_numpy(float)[stepped] / step[stepped] + 1e-9) for c in ("power_reverse_max_mw", "power_max_mw"))
    over = {"dc_link": frame.index[stepped], "time": case.time.index}
    free = allowed(case, link)
    moves = begins_anew(case, link)[stepped] & whole
    level = b.columns("dc_schedule.level", unit="1", over=over, lower=-low[:, None], upper=high[:, None], integer=moves)
    over = {"dc_link": frame.index, "time": case.time.index}
    change = b.columns("dc_schedule.change", unit="1", over=over, upper=free.astype(float), integer=whole)
    return Columns(link, stepped, level, change)


def constrain(case, b, columns):
    """Rows (J1) to (J5)."""
    link, time = columns.link, case.time
    if not len(link):
        return
    table, frame = case.table("dc_schedule").loc[case.table("dc_link").index[link]], case.table("dc_link").iloc[link]
    power = b.port("dc_power")
    over = {"dc_link": frame.index, "time": time.index}
    some = columns.stepped
    step = table["step_mw"].to_numpy(float)
    row = b.rows("dc_schedule.step", unit="MW", over={"dc_link": frame.index[some], "time": time.index}, equal=-power.constant[link[some]])
    _add_power(b, power, link[some], row)
    b.term(row, columns.level, -step[some, None])
    before, known = frame["initial_mw"].to_numpy(float), frame["initial_mw"].notna().to_numpy()
    most = _most(case, link, table)
    still, free = steady(case, link), allowed(case, link)
    given = np.concatenate([np.where(known, before, 0.0)[:, None], power.constant[link, :-1]], axis=1) - power.constant[link]
    for name, sign in (("rise", 1.0), ("fall", -1.0)):
        use = still if name == "rise" else still & free
        lower = given if name == "rise" else -np.inf
        row = b.rows(f"dc_schedule.{name}", unit="MW", over=over, lower=np.where(still & ~free, lower, -np.inf),
                     upper=np.where(use, sign * given, np.inf))  # fmt: skip
        _add_power(b, power, link, row, sign)
        _add_power(b, power, link, row[:, 1:], -sign, slice(None, -1))
        b.term(row, columns.change, -most)
    _hold(case, b, columns, table)
    _daily(case, b, columns, table)
    _reversals(case, b, columns, table)


def _most(case, link, table) -> np.ndarray:
    """C of (J2), MW (n, T): what the link can, its step and its ramp allow. Between two levels a ramp allows whole steps alone."""
    frame, step = case.table("dc_link").iloc[link], table["step_mw"].to_numpy(float)[:, None]
    span = (frame["power_max_mw"] + frame["power_reverse_max_mw"]).to_numpy(float)[:, None]
    most = np.fmin(table["steps_per_change"].to_numpy(float)[:, None] * step, np.minimum(span, ramp_width(case)[link]))
    level = ~np.isnan(step) & (case.commitment == "exact")
    before = frame["initial_mw"].to_numpy(float)[:, None]
    level = level & np.append(np.abs(before / step - np.round(before / step)) < 1e-9, np.ones((len(step), len(case.time) - 1), bool), axis=1)
    return np.where(level, np.floor(most / step + 1e-9) * step, most)


def _add_power(b, power, link, row, sign=1.0, steps=slice(None)) -> None:
    """Adds sign x P of `link` at `steps` to rows (n, T)."""
    place = np.full(power.size, -1)
    place[link] = np.arange(len(link))
    for at, cols, coef in power.offers():
        some = place[at] >= 0
        b.term(row[place[at[some]]], cols[some][:, steps], sign * coef[some][:, steps])


def _hold(case, b, columns, table) -> None:
    """Rows (J3) where more than one step lies inside the hold."""
    begin, steps = case.time.start, np.arange(len(case.time))
    hold = (table["hold_h"].to_numpy(float) * 3600.0).round().astype("timedelta64[s]")
    first = np.array([np.searchsorted(begin, begin - h, "right") for h in hold]).reshape(len(hold), len(steps))
    d, t = np.nonzero(first < steps)
    count = t - first[d, t] + 1
    row = b.rows("dc_schedule.hold", unit="1", over={"hold": table.index.to_numpy(object)[d] + begin[t].astype(str)}, upper=1.0)
    each = np.repeat(np.arange(len(t)), count)
    step = first[d, t][each] + np.arange(len(each)) - np.repeat(np.cumsum(count) - count, count)
    b.term(row[each], columns.change[d[each], step])


def _daily(case, b, columns, table) -> None:
    """Rows (J4)."""
    day, of = np.unique(case.time.start.astype("datetime64[D]"), return_inverse=True)
    most = np.repeat(table["changes_per_day"].fillna(np.inf).to_numpy(float)[:, None], len(day), axis=1)
    most[:, 0] = np.maximum(most[:, 0] - table["initial_changes"].to_numpy(float), 0.0)
    row = b.rows("dc_schedule.changes", unit="1", over={"dc_link": table.index, "day": day}, upper=most)
    b.term(row[:, of], columns.change)


def _reversals(case, b, columns, table) -> None:
    """Rows (J5), and no power against the way before the first step while its time lasts."""
    begin, end, on = case.time.start, case.time.end, {}
    for name in ("dc_on", "dc_on_back"):
        on[name] = np.full((len(case.table("dc_link")), len(begin)), -1)
        for at, cols, _ in b.port(name, len(on[name])).offers():
            on[name][at] = cols
    way, ago = _way_before(case, columns.link, table)
    parts = []
    for k, (d, hours) in enumerate(zip(columns.link, table["reversal_h"].to_numpy(float), strict=True)):
        if hours <= 0 or on["dc_on_back"][d, 0] < 0:
            continue
        gap = np.timedelta64(round(hours * 3600), "s")
        early = np.flatnonzero((begin - begin[0]) / HOUR + ago[k] < hours - 1e-9)
        if way[k]:
            b.tighten(on["dc_on_back" if way[k] > 0 else "dc_on"][d, early], upper=0.0)
        s, t = np.nonzero((begin[None, :] - end[:, None] < gap) & (begin[None, :] > begin[:, None]))
        parts += [(on["dc_on"][d, s], on["dc_on_back"][d, t]), (on["dc_on_back"][d, s], on["dc_on"][d, t])]
    one, other = (np.concatenate([np.zeros(0, int), *(p[i] for p in parts)]) for i in (0, 1))
    row = b.rows("dc_schedule.reversal", unit="1", over={"reversal": np.arange(len(one))}, upper=1.0)
    b.term(row, one)
    b.term(row, other)


def _way_before(case, link: np.ndarray, table) -> tuple[np.ndarray, np.ndarray]:
    """Way that each link sent last before the first step, 1, -1 or 0 for none, and hours since, (n,)."""
    power = np.nan_to_num(case.table("dc_link")["initial_mw"].to_numpy(float)[link])
    told = table["way_before"].map({"": 0.0, "forward": 1.0, "back": -1.0}).to_numpy(float)
    sends = np.abs(power) > SENDS
    return np.where(sends, np.sign(power), told), np.where(sends, 0.0, table["way_before_h"].to_numpy(float))
