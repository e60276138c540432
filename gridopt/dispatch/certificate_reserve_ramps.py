"""Certificate, reserves and ramps: how much of an element's ramp its awards may take beside the change of its output.

    between two steps, and from a known output before the first one: ramp x time less the change of output
    in the step of a start: what the start ramp leaves above the least output; downward, the rise above it; of a stop likewise
"""

from __future__ import annotations

import numpy as np

from gridopt.dispatch.certificate_check import Evidence
from gridopt.dispatch.certificate_commitment import fleets
from gridopt.dispatch.certificate_reserve_output import limits, units_on

WHOLE = 1.0 - 1e-6
"""Units from which one is on."""
STATUS = 1e-6
"""Units by which a status may miss a whole number."""
NEAR = 1e-9
"""MW by which limits may differ and still be the same."""


def ramp_parts(e: Evidence, reserve) -> tuple[np.ndarray, np.ndarray]:
    """MW of the ramp of each step that a MW of a row of table reserve takes which is awarded in it, and in the step before (T,)."""
    hours = e.case.time.hours
    taken = np.full(len(hours), float(reserve["shares_ramp"]))
    if reserve["ramp_min"] == reserve["ramp_min"]:
        taken *= 30.0 * (hours + np.append(hours[:1], hours[:-1])) / reserve["ramp_min"]
    late = np.append(0.0, 0.5 * taken[1:]) if reserve["ramp_mean"] else 0.0 * taken
    return taken - late, late


def _before(e: Evidence, table: str) -> np.ndarray:
    """Output before the first step MW (n, 1), 0 where it was off, NaN where it is not known."""
    if table not in ("unit", "generator"):
        return np.full((len(e.case.table(table)), 1), np.nan)
    found = e.number(table, "initial_mw").copy()
    for s in fleets(e):
        if s.kind == table:
            found[s.rows] = np.where(s.before > 0, s.number("initial_mw", np.nan), np.where(s.before < 0, 0.0, np.nan))
    return found


def ramp_room(e: Evidence, table: str, ramp: np.ndarray, sign: float) -> np.ndarray:
    """What is left of the ramp in the direction `sign` beside the change of output MW (n, T): of what stays on, and of what starts or
    stops alone in its row. inf where that is no ramp. ramp: MW/min (n,)."""
    hours, share, output = e.case.time.hours, e.case.in_service(table), e[f"{table}_output"] if table in ("unit", "generator") else None
    if output is None:
        return np.full((len(ramp), len(hours)), np.inf)
    before = _before(e, table)
    was = np.concatenate([before, output[:, :-1]], axis=1)
    length = 30.0 * (hours + np.append(hours[:1], hours[:-1]))
    still = np.concatenate([~np.isnan(before) & (share[:, :1] > 0), np.diff(share, axis=1) == 0], axis=1)
    room = ramp[:, None] * length - sign * (output - was)
    number, on, switched = units_on(e, table)
    if table == "unit":
        least, most = limits(e, table)[1:]
        same = [np.abs(np.diff(v, axis=1, prepend=v[:, :1])) < NEAR for v in (least, most)]
        still &= switched[:, None] | (same[0] & same[1])
    for s in fleets(e):
        if s.kind == table:
            n, (low, high) = s.rows, s.limits
            now, earlier = on[n] > WHOLE, np.concatenate([s.before > 0, on[n][:, :-1] > WHOLE], axis=1)
            fell = np.concatenate([low[:, :1], low[:, :-1]], axis=1)
            begun, ended = now & ~earlier, earlier & ~now
            rise, drop = output[n] - low, was[n] - fell
            edge = s.number("start_ramp_mw" if sign > 0 else "stop_ramp_mw", np.inf)
            level, width = (low, high - low) if sign > 0 else (fell, np.concatenate([(high - low)[:, :1], (high - low)[:, :-1]], axis=1))
            reach = ramp[n, None] * length - sign * np.diff(low, axis=1, prepend=low[:, :1])
            edge = np.where(np.isfinite(edge), np.maximum(edge - level, 0.0), np.maximum(width, reach))
            changed = np.where(begun, edge - rise if sign > 0 else rise, np.where(ended, drop if sign > 0 else edge - drop, 0.0))
            room[n] = np.where(now & earlier, room[n], changed)
            whole = (np.abs(on[n] - np.round(on[n])) < STATUS) & (number[n] == 1)
            still[n] &= whole & np.concatenate([np.ones((len(n), 1), bool), whole[:, :-1]], axis=1) & (now | earlier)
    return np.where(still & np.isfinite(ramp)[:, None], room, np.inf)
