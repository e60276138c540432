"""Ramps of what is switched on and off, from step to step and from the output before the first one.

Sets        n element of the fleet (N alike units of a row), t step of length h[t] hours
Data        least m, largest M [MW] while on, room R = M - m; ramps RU, RD [MW in the time between two steps' middles]; largest output in
            the step of a start SU and in that before a stop SD [MW]; output p0 before the first step
Ports       draws on fleet_on u, fleet_start v, fleet_stop w, fleet_above a [MW above m u], and on <table>_up_ramp r, <table>_down_ramp s:
            what others hold of the ramp

    a[t] - a[t-1] + r[t] <= RU' u[t] + (SU - m[t] - RU') v[t],         RU' = RU - (m[t] - m[t-1])           (U5)  commitment.ramp_up
    a[t-1] - a[t] + s[t] <= RD' u[t-1] + (SD - m[t-1] - RD') w[t],     RD' = RD + (m[t] - m[t-1])           (U6)  commitment.ramp_down
    a[0] + r[0] <= high u[0],   s[0] - a[0] <= - low u[0]                                                   (U11) their rows of step 0

(U11) keeps p0 - RD <= m + a <= p0 + RU for what stays on; for what starts, high is the room of a start where awards share its ramp.

Assumes     a change of the share of a step that something is in service is no ramp. SU and SD beyond M are M; where an award takes more
            of a ramp than its own MW they are what is given, without a figure as much as the ramp or the room, whichever is more.
            A row that room alone keeps is not written. Of alike units in a row, ramps hold for their sum.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridopt.case.fleet import TABLES, Fleet, labels
from gridopt.case.reserve_offers import takes_more


class Parts(NamedTuple):
    """The fleet; columns on, start, stop, above int (n, T); label text (n,); heavy bool (n,): awards may take more of the ramp than room
    leaves."""

    fleet: Fleet
    on: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    above: np.ndarray
    label: np.ndarray
    heavy: np.ndarray


def declare(case, b):
    """No columns."""


def constrain(case, b, columns):
    """Rows (U5) and (U6)."""
    fleet = case.fleet
    if not len(fleet):
        return
    found = (b.port(f"fleet_{name}").offers()[0][1] for name in ("on", "start", "stop", "above"))
    heavy = {t: takes_more(case, t) for t in TABLES}
    parts = Parts(fleet, *found, labels(fleet), np.array([heavy[t][r] for t, r in zip(fleet.table, fleet.row, strict=True)], bool))
    _ramps(case, b, parts)


def _edge(parts: Parts, edge: np.ndarray, width: np.ndarray, at: slice) -> np.ndarray:
    """Room above m that start or stop ramps `edge` (n,) leave at steps `at`, MW like `width` (n, .), the ramp between them."""
    room, given = parts.fleet.room[:, at], edge[:, None] - parts.fleet.least[:, at]
    free = np.where(np.isfinite(given), np.maximum(given, 0.0), np.maximum(room, width))
    return np.where(parts.heavy[:, None], free, np.clip(given, 0.0, room))


def _ramps(case, b, parts: Parts) -> None:
    """(U5), (U6) between two steps, (U11) in the first."""
    fleet, hours = parts.fleet, case.time.hours
    share = np.concatenate([case.in_service(t)[fleet.row[fleet.table == t]] for t in TABLES])
    steady = np.diff(share, axis=1) == 0
    jump, minutes = np.diff(fleet.least, axis=1), 30.0 * (hours[1:] + hours[:-1])
    rise, fall = _first(case, parts)
    for name, ramp, sign, begin, change, edge, (first, side) in (
        ("up", fleet.ramp_up, 1.0, 1, parts.start, fleet.start_ramp, rise),
        ("down", fleet.ramp_down, -1.0, 0, parts.stop, fleet.stop_ramp, fall),
    ):
        width, at = ramp[:, None] * minutes - sign * jump, slice(begin, begin + len(hours) - 1)
        use = steady & ((width < fleet.room[:, at]) | (parts.heavy[:, None] & np.isfinite(width)))
        some = np.flatnonzero(use.any(axis=1) | first)
        width = np.where(use, width, 0.0)
        last = np.where(use, width - _edge(parts, edge, width, at), 0.0)[some]
        use, width, side = np.concatenate([first[:, None], use], axis=1)[some], width[some], side[some]
        over, upper = {"element": parts.label[some], "time": case.time.index}, np.where(use, 0.0, np.inf)
        row = b.rows(f"commitment.ramp_{name}", unit="MW", over=over, upper=upper)
        b.term(row, parts.above[some], sign * use)
        b.term(row[:, 1:], parts.above[some, :-1], -sign * use[:, 1:])
        b.term(row[:, 0], parts.on[some, 0], -sign * side)
        b.term(row[:, 1:], parts.on[some, at], -width)
        _beside(b, name, fleet, some, row, use)
        b.term(row[:, 1:], change[some, 1:], last)


def _beside(b, name: str, fleet: Fleet, some: np.ndarray, row: np.ndarray, use: np.ndarray) -> None:
    """Adds what others hold in the direction of a ramp, 'up' or 'down', to its rows (k, T) of elements `some` where they are in use."""
    for table in TABLES:
        port, mine = b.ports.get(f"{table}_{name}_ramp"), np.flatnonzero(fleet.table[some] == table)
        if port is None:
            continue
        row_of = np.full(port.size, -1)
        row_of[fleet.row[some[mine]]] = mine
        for at, held, coef in port.offers():
            place = row_of[at]
            there = place >= 0
            b.term(row[place[there]], held[there], coef[there] * use[place[there]])


def _first(case, parts: Parts) -> list[tuple[np.ndarray, np.ndarray]]:
    """(U11) up and down: whether the first step has a row, bool (n,), and its limit high or low MW (n,), 0 without a row. Limits that have
    moved away from p0 go before its ramp: least and largest output are always in reach."""
    fleet, minutes, heavy = parts.fleet, 60.0 * case.time.hours[0], parts.heavy
    before = np.where((fleet.initial_h > 0) & fleet.here[:, 0], fleet.initial_mw, np.nan) - fleet.least[:, 0]
    high, low = np.maximum(before + fleet.ramp_up * minutes, 0.0), np.minimum(before - fleet.ramp_down * minutes, fleet.room[:, 0])
    starts = heavy & (fleet.initial_h < 0)
    edge = _edge(parts, fleet.start_ramp, (fleet.ramp_up * minutes)[:, None], slice(0, 1))[:, 0]
    high, low = np.where(starts, edge, high), np.where(starts, 0.0, low)
    binds = [(high < fleet.room[:, 0]) | (heavy & np.isfinite(high)), (low > 0) | (heavy & np.isfinite(low))]
    return [(some, np.where(some, side, 0.0)) for some, side in zip(binds, (high, low), strict=True)]
