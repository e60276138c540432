"""Certificate, demand that responds.

    0 <= interrupted <= power, load; in its season, after the notice or as noticed before;
                                    in whole blocks with exact decisions                                    interruptible.called
    hours of interruption in a day and in a season <= what the contract allows (energy over power where nothing is decided)
                                                                                                             interruptible.hours
    0 <= less <= power, load; 0 <= more <= power                                                             shiftable.moved
    more = rebound x less over each window; less <= energy of a window                                       shiftable.window
    0 <= put off <= flexible part; load less put off plus made up <= largest consumption                     data_centre.put_off
    waiting = before + put off - made up >= 0, none at the end                                               data_centre.waiting
    what waits was put off within the waiting time                                                           data_centre.deferral
    0 <= growth <= share x load in season and hours                                                          price_response.more
    consumption above the load = sum of all of these by bus; never below what is shed                        bus.demand_change
"""

from __future__ import annotations

import numpy as np

from gridopt.dispatch.certificate_check import PERIOD, POWER, RELATIVE, Check, Evidence, flow_since, outside

TIME = 1e-6
"""h"""
HOUR = np.timedelta64(3600, "s")


def check_demand(e: Evidence) -> list[Check]:
    """The checks named at the head of this file that the case has rows for."""
    parts = {"interruptible": _interrupted, "shiftable": _shifted, "data_centre": _data_centres, "price_response": _grown}
    found = [check for table, checks in parts.items() if len(e.case.table(table)) for check in checks(e)]
    return [*found, _together(e)] if found else []


def _load(e: Evidence, table: str) -> np.ndarray:
    """Load MW (n, T) that each row belongs to, while the row is in service."""
    case, load = e.case, e.case.table("load").loc[e.case.table(table)["load"]]
    each = load["mean_mw"].to_numpy(float)[:, None] * case.series(load["profile"], 1.0) * case.of_year("load_scale", 1.0)
    at = case.table("load").index.get_indexer(load.index)
    return np.maximum(each * case.in_service("load")[at], 0.0) * case.in_service(table)


def _season(e: Evidence, table: str) -> np.ndarray:
    names = e.case.table(table)["season"]
    return np.where((names == "").to_numpy()[:, None], 1.0, e.case.in_season(names))


def _noticed(case) -> np.ndarray:
    """MW that notices from before the first step allow to be called (n, T)."""
    names, time = case.table("interruptible").index, case.time
    found = np.zeros((len(names), len(time)))
    for _, row in case.table("interruptible_notice").iterrows():
        first, last = np.datetime64(row["start_time"], "s"), np.datetime64(row["end_time"], "s")
        inside = (np.minimum(time.end, last) - np.maximum(time.start, first)) / HOUR
        found[names.get_loc(row["interruptible"])] += row["power_mw"] * np.maximum(inside, 0.0) / time.hours
    return found


def _interrupted(e: Evidence) -> list[Check]:
    case, table, x, hours = e.case, e.case.table("interruptible"), e["interruptible_called"], e.case.time.hours
    power = e.number("interruptible", "power_max_mw")
    soon = (case.time.start - case.time.start[0]) / HOUR < e.number("interruptible", "notice_h") - TIME
    most = np.minimum(power, _load(e, "interruptible")) * _season(e, "interruptible")
    most = np.where(soon, np.minimum(most, _noticed(case)), most)
    wrong = outside(x, 0.0, most)
    block = e.number("interruptible", "block_mw")
    if case.commitment == "exact":
        wrong = np.fmax(wrong, np.abs(x - np.round(x / block) * block))
        used = (x > POWER) * hours
    else:
        used = x / np.where(power > 0, power, 1.0) * hours
    excess = np.full(len(table), -np.inf)
    for key, column in ((case.time.start.astype("datetime64[D]"), "hours_per_day"), (case.time.year, "hours_per_season")):
        labels, of = np.unique(key, return_inverse=True)
        total = np.zeros((len(table), len(labels)))
        np.add.at(total.T, of, used.T)
        if column == "hours_per_season":
            total[:, 0] += table["called_h"].to_numpy(float)
        excess = np.fmax(excess, (total - e.number("interruptible", column)).max(axis=1))
    # Hours called before may use up more than the season has; then nothing may be called.
    excess = np.where((used.sum(axis=1) <= TIME), 0.0, excess)
    return [e.judge("interruptible.called", "MW", wrong, POWER, table.index),
            e.judge("interruptible.hours", "h", np.maximum(excess, 0.0), 1e-4, table.index)]  # fmt: skip


def _shifted(e: Evidence) -> list[Check]:
    case, table, hours = e.case, e.case.table("shiftable"), e.case.time.hours
    less, more = e["shiftable_less"], e["shiftable_more"]
    low = np.minimum(e.number("shiftable", "power_less_mw"), _load(e, "shiftable"))
    high = e.number("shiftable", "power_more_mw") * case.in_service("shiftable")
    moved = np.maximum(outside(less, 0.0, low), outside(more, 0.0, high))
    wrong = np.zeros(len(table))
    seconds = case.time.start.astype("datetime64[s]").astype(np.int64)
    for i, (_, row) in enumerate(table.iterrows()):
        of = seconds // round(row["window_h"] * 3600)
        for w in np.unique(of):
            off, on = (float((v[i] * hours)[of == w].sum()) for v in (less, more))
            wrong[i] = max(wrong[i], abs(on - row["rebound"] * off), np.fmax(off - row["energy_max_mwh"], 0.0))
    return [e.judge("shiftable.moved", "MW", moved, POWER, table.index), e.judge("shiftable.window", "MWh", wrong, PERIOD, table.index)]


def _data_centres(e: Evidence) -> list[Check]:
    case, table, hours = e.case, e.case.table("data_centre"), e.case.time.hours
    off, up, waits, load = e["data_centre_put_off"], e["data_centre_made_up"], e["data_centre_waiting"], _load(e, "data_centre")
    part = np.minimum(e.number("data_centre", "flexible_fraction"), 1.0 - e.number("data_centre", "least_fraction"))
    room = np.maximum(e.number("data_centre", "power_max_mw") * case.in_service("data_centre") - load, 0.0)
    wrong = np.maximum(np.maximum(outside(off, 0.0, part * load), -up), up - off - room)
    before = table["waiting_mwh"].to_numpy(float)
    level = before[:, None] + np.cumsum((off - up) * hours, axis=1)
    drift = np.maximum(np.abs(waits - level), -level)
    drift[:, -1] = np.maximum(drift[:, -1], np.abs(level[:, -1]))
    late = np.full(level.shape, -np.inf)
    edges = np.append(case.time.start[:1], case.time.end)
    for i, wait in enumerate(table["deferral_h"].to_numpy(float)):
        put = np.append(0.0, np.cumsum(off[i] * hours))
        begin = (case.time.end - edges[0]) / HOUR - wait
        known = np.interp(begin, (edges - edges[0]) / HOUR, put)
        late[i] = level[i] - (put[1:] - known) - _put_off_before(e, table.index[i], before[i], begin)
    near = PERIOD + RELATIVE * np.cumsum(off * hours, axis=1)
    return [
        e.judge("data_centre.put_off", "MW", wrong, POWER, table.index),
        e.judge("data_centre.waiting", "MWh", drift, near, table.index),
        e.judge("data_centre.deferral", "MWh", late, near, table.index),
    ]


def _put_off_before(e: Evidence, name: str, waiting: float, begin: np.ndarray) -> np.ndarray:
    """Energy MWh put off by a data centre from instants `begin` (h, below 0: before the first step) to the first step."""
    past = e.case.table("data_centre_past")
    mine = past[past["data_centre"] == name]
    return flow_since(mine, "put_off_mw", begin) if len(mine) else waiting * (begin < -TIME)


def _grown(e: Evidence) -> list[Check]:
    case, table = e.case, e.case.table("price_response")
    most = e.number("price_response", "share") * _load(e, "price_response") * _season(e, "price_response")
    for i, (first, last) in enumerate(zip(table["start_hour"], table["end_hour"], strict=True)):
        inside = np.zeros(len(case.time))
        spans = [(first, last)] if first <= last else [(0.0, last), (first, 24.0)]
        for day in range(int((case.time.end[-1] - case.time.start[0].astype("datetime64[D]")) / np.timedelta64(1, "D")) + 1):
            midnight = case.time.start[0].astype("datetime64[D]") + np.timedelta64(day, "D")
            for begin, end in spans:
                a, z = ((midnight.astype("datetime64[s]") + np.timedelta64(round(h * 3600), "s")) for h in (begin, end))
                inside += np.maximum((np.minimum(case.time.end, z) - np.maximum(case.time.start, a)) / HOUR, 0.0)
        most[i] *= inside / case.time.hours
    return [e.judge("price_response.more", "MW", outside(e["price_response_more"], 0.0, most), POWER, table.index)]


def _together(e: Evidence) -> Check:
    total = np.zeros_like(e["shedding"])
    for place, name, sign in e.responses:
        total -= sign * (place @ e[name]) if name.split("_")[0] != "dc" else 0.0
    change, load = e["demand_change"], np.zeros_like(total)
    raw = e.number("load", "mean_mw") * e.case.series(e.case.table("load")["profile"], 1.0) * e.case.of_year("load_scale", 1.0)
    load += e.at_bus("load") @ np.maximum(raw * e.case.in_service("load"), 0.0)
    below = np.where(np.abs(total) > 0, e["shedding"] - load - change, 0.0)
    return e.judge("bus.demand_change", "MW", np.maximum(np.abs(change - total), below), POWER, e.case.table("bus").index)
