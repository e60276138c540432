"""Certificate, pumped storage unit by unit.

    0 <= generate <= N M, 0 <= pump <= N Q while in service                              pumped.power
    upper[t] = upper[t-1] + h (a pump - generate / b);  lower = all - upper              pumped.balance
    0 <= upper <= U, 0 <= lower <= W, after the last step at least what is asked for     pumped.levels
    where decisions are exact: pump = whole machines x Q; generate in the range of whole machines, as many as told     pumped.units
    never both ways in one step, nor one way less than H after the other                 pumped.modes
"""

from __future__ import annotations

import numpy as np

from gridopt.dispatch.certificate_check import POWER, RELATIVE, Check, Evidence, outside


def check_pumped(e: Evidence) -> list[Check]:
    """The checks named at the head of this file; none without such plants."""
    table = e.case.table("pumped")
    if not len(table):
        return []
    hours, here, names = e.case.time.hours, e.case.in_service("pumped"), table.index
    count, most, one = (e.number("pumped", c) for c in ("units", "power_max_mw", "pump_mw"))
    generate, pump, upper = (e[f"pumped_{n}"] for n in ("generate", "pump", "upper"))
    power = np.maximum(outside(generate, 0.0, count * most * here), outside(pump, 0.0, count * one * here))
    start, top, room = (e.number("pumped", c) for c in ("upper_start_mwh", "upper_max_mwh", "lower_max_mwh"))
    room = np.where(np.isnan(room), top, room)
    below = e.number("pumped", "lower_start_mwh")
    below = np.where(np.isnan(below), np.maximum(room - start, 0.0), below)
    before = np.concatenate([start, upper[:, :-1]], axis=1)
    due = before + hours * (e.number("pumped", "pump_efficiency") * pump - generate / e.number("pumped", "generate_efficiency"))
    wrong = np.maximum(np.abs(upper - due), np.abs(e["pumped_lower"] - (start + below - upper)))
    end = e.number("pumped", "upper_end_mwh")
    end = np.where(np.isnan(end), np.where(np.isnan(e.number("pumped", "end_value_cny_per_mwh")), start, 0.0), end)
    level = np.maximum(outside(upper, 0.0, top), outside(e["pumped_lower"], 0.0, room))
    level[:, -1:] = np.maximum(level[:, -1:], end - upper[:, -1:])
    near = POWER + RELATIVE * top
    return [
        e.judge("pumped.power", "MW", power, POWER, names),
        e.judge("pumped.balance", "MWh", wrong, near, names),
        e.judge("pumped.levels", "MWh", level, near, names),
        e.judge("pumped.units", "MW", _units(e), POWER, names),
        *([e.judge("pumped.modes", "h", _modes(e), 1e-6, names)] if e.case.commitment == "exact" else []),
    ]


def _units(e: Evidence) -> np.ndarray:
    """MW by which powers miss those of the machines told, which are whole where decisions are exact; without decisions only told."""
    x, y = e["pumped_generating"], e["pumped_pumping"]
    least, most, one = (e.number("pumped", f"{c}_mw") for c in ("power_min", "power_max", "pump"))
    if e.case.commitment == "off":
        return np.maximum(np.abs(e["pumped_generate"] - most * x), np.abs(e["pumped_pump"] - one * y))
    apart = np.maximum(outside(e["pumped_generate"], least * x, most * x), np.abs(e["pumped_pump"] - one * y))
    if e.case.commitment == "exact":
        apart = np.maximum(apart, np.maximum(most * np.abs(x - np.round(x)), one * np.abs(y - np.round(y))))
    return apart


def _modes(e: Evidence) -> np.ndarray:
    """Hours that lack between the end of one mode and the begin of the other, (n, T); in one step both: all of the wait and more."""
    begin = (e.case.time.start - e.case.time.start[0]).astype(float) / 3600.0
    end, wait = begin + e.case.time.hours, e.number("pumped", "mode_change_h")
    way = {"generate": e["pumped_generate"] > POWER, "pump": e["pumped_pump"] > POWER}
    lacking = np.where(way["generate"] & way["pump"], wait + e.case.time.hours, 0.0)
    for name, other in (("generate", "pump"), ("pump", "generate")):
        known = (e.case.table("pumped")["mode_before"] == other).to_numpy()[:, None]
        since = np.where(known, -e.number("pumped", "mode_before_h"), -np.inf)
        ended = np.maximum.accumulate(np.concatenate([since, np.where(way[other], end, -np.inf)], axis=1), axis=1)[:, :-1]
        lacking = np.maximum(lacking, np.where(way[name], wait - (begin - ended), 0.0))
    return lacking
