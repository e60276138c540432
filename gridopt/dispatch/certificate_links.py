"""Certificate, DC links: power, losses, ramp, what their schedules allow, bundled power.

    power P of reversible links: sent at from_bus if >= 0, at to_bus if < 0; both ends agree      dc_link.power
    a status is 0 or 1 (with decisions between them as far as they are relaxed), 0 out of service  dc_link.on
    least <= |P| <= largest x profile x poles left while on, else 0; P = schedule if it has one    dc_link.sent
    sent - received = loss by chords + artificial loss, never below 0                             dc_link.received
    0 <= artificial loss <= (steepest - flattest chord) x (P - least), or both ways at once        dc_link.artificial_loss
    |change of P| <= 60 ramp Pn (h[t] + h[t-1]) / 2                                              dc_link.ramp
    bundled = min(P, output of the link's own plants in the step), each plant once                dc_link.bundled
    with decisions:
    P is a multiple of the step                                                                  dc_schedule.step
    P changes at allowed instants only, by so many steps at most                                 dc_schedule.instant, dc_schedule.size
    hours between two changes >= hold; changes in a day <= their number                          dc_schedule.hold, dc_schedule.changes
    hours between sending one way and the other >= reversal time                                 dc_schedule.reversal

The loss curve is l0 Pn + l1 s + l2 s2 / Pn; above least power it is replaced by CHORDS chords up to the largest power of the way; with
part a of the poles left a link loses a x curve(s / a). Where received energy is worth nothing, a program with a column per chord may
use steep ones first: what is lost more has to be reported. Where statuses lie between 0 and 1, losses do so in proportion.
"""

from __future__ import annotations

import numpy as np

from gridopt.dispatch.certificate_check import POWER, Check, Evidence, outside

CHORDS = 4
WHOLE = 1e-6
HOUR = np.timedelta64(3600, "s")


def link_power(e: Evidence) -> np.ndarray:
    """Power at the sending end MW (n, T), negative from to_bus."""
    return e.arrays.get("dc_power", e["dc_sent"])


def bundle(e: Evidence) -> np.ndarray:
    """Output of the plants that count for each DC link MW (n, T), each plant once."""
    case, total = e.case, np.zeros(e["dc_sent"].shape)
    member = case.table("dc_bundle")["dc_link"]
    member = member[~member.index.duplicated()]
    for table, name in (("renewable", "renewable_output"), ("csp", "csp_output")):
        rows = case.table(table).index.get_indexer(member.index)
        for row, d in zip(rows, case.position("dc_link", member), strict=True):
            if row >= 0 and d >= 0:
                total[d] += e[name][row]
    return total


def decides(e: Evidence) -> np.ndarray:
    """Whether a link may stop or turn by decision, bool (n, 1)."""
    table, rules = e.case.table("dc_link"), e.case.table("dc_schedule")
    stops = table.index.isin(rules.index[rules["may_stop"].to_numpy(bool)])
    free = (table["schedule"] == "").to_numpy() & (e.case.commitment != "off")
    return ((stops | (table["power_reverse_max_mw"] > 0).to_numpy()) & free)[:, None]


def left(e: Evidence) -> np.ndarray:
    """Part of the poles that no outage takes away (n, T)."""
    outage, found = e.case.table("outage"), np.ones(e["dc_sent"].shape)
    start, end = e.case.time.start, e.case.time.end
    for _, row in outage[(outage["kind"] == "dc_link") & (outage["share"] < 1.0)].iterrows():
        first, last = (np.datetime64(row[c], "s") for c in ("start_time", "end_time"))
        overlap = np.minimum(end, last) - np.maximum(start, first)
        out = overlap.astype(float) > 0.5 * (end - start).astype(float)
        found[e.case.table("dc_link").index.get_loc(row["element"])] -= row["share"] * out
    return np.maximum(found, 0.0)


def _losses(e: Evidence, power: np.ndarray, on: np.ndarray, part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Loss MW (n, T) at power by the chords (below least power: the curve), and what using them out of order may add."""
    rated, floor = e.number("dc_link", "power_max_mw"), _floor(e)
    turned = power < 0
    top = np.where(turned, e.number("dc_link", "power_reverse_max_mw"), rated)
    l0, l1, l2 = (e.number("dc_link", f"loss_{c}_fraction") for c in ("no_load", "linear", "quadratic"))
    whole = np.where(part * on > 0, part * on, 1.0)
    scaled = np.abs(power) / whole

    def curve(p):
        return l0 * rated + l1 * p + l2 * p**2 / np.where(rated > 0, rated, 1.0)

    run = np.maximum(top - floor, 0.0) / CHORDS
    place = np.clip(np.floor(np.divide(scaled - floor, run, out=np.zeros_like(scaled), where=run > 0)), 0, CHORDS - 1)
    begin = floor + place * run
    slope = np.divide(curve(begin + run) - curve(begin), run, out=np.zeros_like(scaled), where=run > 0)
    loss = np.where(scaled < floor, curve(scaled), curve(begin) + slope * (scaled - begin)) * whole
    bend = 2.0 * l2 * np.maximum(top - floor, 0.0) * (1.0 - 1.0 / CHORDS) / np.where(rated > 0, rated, 1.0)
    return np.where(on > 0, loss, 0.0), np.where(on > 0, bend * np.maximum(np.abs(power) - floor * whole, 0.0), 0.0)


def _floor(e: Evidence) -> np.ndarray:
    """Least power of a whole link MW (n, 1): none for one that may reverse while nothing decides which way."""
    free = (e.number("dc_link", "power_reverse_max_mw") > 0) & ~decides(e) & (e.case.table("dc_link")["schedule"] == "").to_numpy()[:, None]
    return np.where(free, 0.0, e.number("dc_link", "power_min_mw"))


def check_links(e: Evidence) -> list[Check]:
    """The checks named at the head of this file."""
    case, table, names = e.case, e.case.table("dc_link"), e.case.table("dc_link").index
    sent, received, power, artificial = e["dc_sent"], e["dc_received"], link_power(e), e["dc_artificial_loss"]
    live = case.in_service("dc_link") > 0.5
    on, part, switched = e.arrays.get("dc_on", live.astype(float)) * live, left(e), decides(e)
    rated, reverse = (e.number("dc_link", c) for c in ("power_max_mw", "power_reverse_max_mw"))
    share = np.minimum(case.series(table["max_profile"], 1.0), part) * live
    most, back = rated * share, reverse * share
    agreed = np.clip(case.series(table["schedule"], 0.0), -back, most)
    planned = (table["schedule"] != "").to_numpy()[:, None]
    most, back = np.where(planned, np.maximum(agreed, 0.0), most), np.where(planned, np.maximum(-agreed, 0.0), back)
    least = np.minimum(_floor(e) * part, np.where(power < 0, back, most)) * on
    wrong = np.maximum(outside(power, -back * on, most * on), least - np.abs(power))
    wrong = np.maximum(wrong, np.where(planned, np.abs(power - agreed * live), 0.0))
    loss, more = _losses(e, power, on, part)
    idle = np.where(switched | (reverse <= 0), 0.0, e.number("dc_link", "loss_no_load_fraction") * rated * part) * live
    ends = np.where(power < 0, power - received - idle, sent - power)
    between = (case.commitment == "relaxed") & switched & (reverse > 0)
    lost = np.where(between, 0.0, np.abs(sent - received - loss - artificial))
    both = np.where(reverse > 0, np.abs(sent) + np.abs(received) + np.abs(artificial), 0.0)
    more = more + np.where(switched & ~between, 0.0, both)
    own = np.minimum(np.maximum(power, 0.0), bundle(e))
    chosen = []
    if "dc_power" in e.arrays:
        apart = np.where(between, 0.0, outside(ends, 0.0, np.maximum(artificial, 0.0)))
        chosen.append(e.judge("dc_link.power", "MW", apart, POWER, names))
    if "dc_on" in e.arrays:
        part_on = np.abs(on - np.where(switched, np.round(on), 1.0) * live) if case.commitment == "exact" else outside(on, 0.0, 1.0)
        chosen.append(e.judge("dc_link.on", "1", np.maximum(part_on, np.abs(e["dc_on"] - on)), WHOLE, names))
    return [
        *chosen,
        e.judge("dc_link.sent", "MW", wrong, POWER, names),
        e.judge("dc_link.received", "MW", np.maximum(lost, received - sent), POWER, names),
        e.judge("dc_link.artificial_loss", "MW", outside(artificial, 0.0, more), POWER, names),
        e.judge("dc_link.ramp", "MW", _ramp(e, power, live), POWER, names),
        e.judge("dc_link.bundled", "MW", np.abs(e["dc_bundled"] - own), POWER, names),
        *_schedules(e, power, live),
    ]


def _changes(e: Evidence, power: np.ndarray, live: np.ndarray) -> np.ndarray:
    """Change of power at each step MW (n, T); 0 where a link enters or leaves service or what was before is not known."""
    before = e.number("dc_link", "initial_mw")
    earlier = np.concatenate([np.where(np.isnan(before), power[:, :1], before), power[:, :-1]], axis=1)
    both = live & np.concatenate([np.ones_like(live[:, :1]), live[:, :-1]], axis=1)
    return np.where(both, power - earlier, 0.0)


def _ramp(e: Evidence, power: np.ndarray, live: np.ndarray) -> np.ndarray:
    hours = e.case.time.hours
    able = e.number("dc_link", "ramp_fraction_per_min") * e.number("dc_link", "power_max_mw") * 30.0
    return np.abs(_changes(e, power, live)) - able * (hours + np.concatenate([hours[:1], hours[:-1]]))


def _schedules(e: Evidence, power: np.ndarray, live: np.ndarray) -> list[Check]:
    """The rules of table dc_schedule, link by link."""
    case, rules, begin, end = e.case, e.case.table("dc_schedule"), e.case.time.start, e.case.time.end
    table, units = case.table("dc_link"), {"step": "MW", "instant": "MW", "size": "MW", "hold": "h", "changes": "1", "reversal": "h"}
    kept = [n for n in rules.index if case.commitment == "exact" and n in table.index and not table.at[n, "schedule"]]
    worst = {name: np.zeros(len(kept)) for name in units}
    change = _changes(e, power, live)
    for i, name in enumerate(kept):
        rule, row = rules.loc[name], table.index.get_loc(name)
        p, jump = power[row], change[row]
        moved = np.flatnonzero(np.abs(jump) > POWER)
        if rule["step_mw"] > 0:
            worst["step"][i] = np.abs(p - np.round(p / rule["step_mw"]) * rule["step_mw"]).max(initial=0.0)
            if rule["steps_per_change"] > 0:
                worst["size"][i] = max(0.0, np.abs(jump).max(initial=0.0) - rule["steps_per_change"] * rule["step_mw"])
        if rule["change_minutes"] > 0:
            seconds = (begin[moved] - begin[moved].astype("datetime64[D]")).astype("timedelta64[s]").astype(float)
            worst["instant"][i] = np.abs(jump[moved][seconds % (60.0 * rule["change_minutes"]) != 0]).max(initial=0.0)
        times = (begin[moved] - begin[0]) / HOUR
        held = table.at[name, "initial_hold_h"]
        times = np.append(-held, times) if held == held else times
        worst["hold"][i] = max(0.0, rule["hold_h"] - np.diff(times).min(initial=np.inf))
        days, count = np.unique(begin[moved].astype("datetime64[D]"), return_counts=True)
        count = count + np.where(days == begin[0].astype("datetime64[D]"), rule["initial_changes"], 0)
        if rule["changes_per_day"] == rule["changes_per_day"]:
            worst["changes"][i] = max(0.0, (count - rule["changes_per_day"]).max(initial=0.0))
        earlier = table.at[name, "initial_mw"]
        last = {s: begin[0] - rule["way_before_h"] * HOUR for w, s in (("forward", 1.0), ("back", -1.0)) if rule["way_before"] == w}
        last |= {np.sign(earlier): begin[0]} if abs(earlier) > POWER else {}
        worst["reversal"][i] = _short_of_reversal(p, begin, end, last, rule["reversal_h"])
    if not kept:
        return []
    return [e.judge(f"dc_schedule.{n}", u, worst[n], POWER if u == "MW" else 1e-6, kept) for n, u in units.items()]


def _short_of_reversal(power, begin, end, last: dict, least_h: float) -> float:
    """Hours by which the shortest time between the two ways falls short of `least_h`. last: when it sent each way, before the first step."""
    way = np.where(np.abs(power) > POWER, np.sign(power), 0.0)
    last, short = dict(last), 0.0
    for t in np.flatnonzero(way):
        if -way[t] in last:
            short = max(short, least_h - (begin[t] - last[-way[t]]) / HOUR)
        last[way[t]] = end[t]
    return short
