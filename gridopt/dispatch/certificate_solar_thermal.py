"""Certificate, solar thermal plants: output, stored heat, heat of the field.

    Pmin u <= p <= Pmax u, 0 <= store <= S;  heat needed <= heat of the field        csp.output, csp.store, csp.heat
    u as decided (whole where that is exact), 1 while in service where the block is not switched;  starts where u rises     csp.on, csp.start
    on and off for the minimum times, where decisions are exact                      csp.times
    change of output <= ramp x minutes, Pmin at a start and before a stop; where service changes, of starts alone
                                                                                     csp.ramp, where a plant has one

With D = store[t] - (1-l)^h store[t-1] the least field heat that permits output p is p/n + D/(a h) when the store fills (none is drawn)
and p/n + D/h when it empties (none is put in); putting in and drawing at once only loses heat, so the condition is exact. Filling
needs D/(a h) <= field_heat_max, emptying -D/h <= Pmax/n. A start needs its heat besides, from field or store. A plant that is there begins
with the heat that the table says, and keeps it in an outage.
"""

from __future__ import annotations

import numpy as np

from gridopt.dispatch.certificate_check import POWER, RELATIVE, Check, Evidence, outside


def check_solar_thermal(e: Evidence) -> list[Check]:
    """The checks named at the head of this file."""
    case, table, hours = e.case, e.case.table("csp"), e.case.time.hours
    here = case.in_service("csp")
    most, field, room = (e.number("csp", c) for c in ("power_max_mw", "field_heat_max_mw", "store_heat_max_mwh"))
    n, a, loss = (e.number("csp", c) for c in ("efficiency", "store_efficiency", "standing_loss_per_h"))
    power, store = e["csp_output"], e["csp_store"]
    least = np.where(switched_blocks(e), e.number("csp", "power_min_mw"), 0.0)
    there = case.commissioned("csp")
    before = np.concatenate([(e.number("csp", "store_start_mwh") * there)[:, :1], store[:, :-1]], axis=1)
    rate = (store - (1.0 - loss) ** hours * before) / hours
    start = e.number("csp", "start_heat_mwh") * e["csp_start"] / hours
    need = power / n + start + np.where(rate > 0, rate / a, rate)
    short = need - field * case.series(table["profile"], 1.0) * here
    heat = np.maximum(short, np.maximum(rate / a - field * here, -rate - most / n * here - start))
    near = POWER / hours + RELATIVE * room / hours
    return [
        e.judge("csp.output", "MW", outside(power, least * here * e["csp_on"], most * here * e["csp_on"]), POWER, table.index),
        e.judge("csp.store", "MWh", outside(store, 0.0, room * there), POWER + RELATIVE * room, table.index),
        e.judge("csp.heat", "MW", heat, np.broadcast_to(near, heat.shape), table.index),
        *_status(e),
        *_ramp(e),
    ]


def switched_blocks(e: Evidence) -> np.ndarray:
    """Whether a block is switched, bool (n, 1)."""
    rules = ("power_min_mw", "start_heat_mwh", "min_up_h", "min_down_h", "start_cny")
    above = np.concatenate([e.number("csp", c) for c in rules], axis=1) > 0
    return np.asarray(above.any(axis=1)).reshape(-1, 1) & (e.case.commitment != "off")


def _status(e: Evidence) -> list[Check]:
    on, start, names = e["csp_on"], e["csp_start"], e.case.table("csp").index
    exact, switch = e.case.commitment == "exact", switched_blocks(e)
    here = e.case.in_service("csp") > 0
    wrong = np.where(switch, np.maximum(outside(on, 0.0, here), np.abs(on - np.round(on)) if exact else 0.0), np.abs(on - here))
    before = e.number("csp", "initial_h")
    was = np.where(np.isnan(before), on[:, :1], before > 0)
    rise = np.maximum(np.diff(on, axis=1, prepend=was), 0.0)
    more = np.abs(start - rise) if exact else np.maximum(rise - start, -start)
    checks = [
        e.judge("csp.on", "1", wrong, POWER, names),
        e.judge("csp.start", "1", np.where(switch, more, np.abs(start)), POWER, names),
    ]
    if exact and switch.any():
        checks.append(e.judge("csp.times", "h", np.where(switch, _lacking(e, on > 0.5, was[:, 0] > 0.5), 0.0), 1e-6, names))
    return checks


def _lacking(e: Evidence, on: np.ndarray, was: np.ndarray) -> np.ndarray:
    """Hours by which a block changes too early, at the step of the change (n, T)."""
    begin = (e.case.time.start - e.case.time.start[0]).astype(float) / 3600.0
    here, result = e.case.in_service("csp") > 0, np.zeros(on.shape)
    for c, row in enumerate(e.case.table("csp").itertuples()):
        state = bool(was[c])
        since = -abs(row.initial_h) if row.initial_h == row.initial_h else -np.inf
        for t in range(on.shape[1]):
            if on[c, t] != state:
                least = row.min_up_h if state else row.min_down_h
                # Going out of service is no choice, and neither is what was before it.
                result[c, t] = least - (begin[t] - since) if here[c, t] else 0.0
                state, since = bool(on[c, t]), begin[t]
    return result


def _ramp(e: Evidence) -> list[Check]:
    table, hours, power = e.case.table("csp"), e.case.time.hours, e["csp_output"]
    rate = e.number("csp", "ramp_fraction_per_min") * e.number("csp", "power_max_mw")
    if np.isnan(rate).all():
        return []
    width = rate * np.append(60.0 * hours[:1], 30.0 * (hours[1:] + hours[:-1]))
    known = np.where(e.number("csp", "initial_h") < 0, 0.0, e.number("csp", "initial_mw"))
    before = np.concatenate([known, power[:, :-1]], axis=1)
    switch, here = switched_blocks(e), e.case.in_service("csp")
    was = np.concatenate([e.number("csp", "initial_h") > 0, e["csp_on"][:, :-1] > 0.5], axis=1) | ~switch
    on = (e["csp_on"] > 0.5) | ~switch
    most = np.where(was & on, width, np.maximum(width, np.where(switch, e.number("csp", "power_min_mw"), 0.0)))
    told = ~switch | (e.case.commitment == "exact")
    steady = np.diff(here, axis=1, prepend=here[:, :1]) == 0
    steady[:, :1] = ~np.isnan(known) & (here[:, :1] > 0) & (~np.isnan(e.number("csp", "initial_h")) | ~switch)
    begun = switch & on & ~was
    begun[:, :1] = False
    return [e.judge("csp.ramp", "MW", np.where((steady | begun) & told, np.nan_to_num(np.abs(power - before) - most), 0.0), POWER, table.index)]
