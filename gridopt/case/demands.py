"""Demand of loads on the steps, and the parts of the day and year in which loads respond."""

from __future__ import annotations

import numpy as np

HOUR = np.timedelta64(3600, "s")


def loads(case) -> np.ndarray:
    """Demand by load MW (n, T)."""
    table = case.table("load")
    shape = case.series(table["profile"], 1.0) * case.of_year("load_scale", 1.0)
    return table["mean_mw"].to_numpy(float)[:, None] * shape * case.in_service("load")


def load_of(case, table: str) -> np.ndarray:
    """Demand MW (n, T) of the load that each row of a table of responses belongs to, never below 0, while the row is in service."""
    at = case.position("load", case.table(table)["load"])
    return np.maximum(loads(case)[at], 0.0) * case.in_service(table)


def noticed(case) -> np.ndarray:
    """What may be called of each row of table interruptible by a notice given before the first step, MW (n, T): the mean over each step."""
    table, found = case.table("interruptible_notice"), np.zeros((len(case.table("interruptible")), len(case.time)))
    if len(table):
        share = case.time.share_between(*(table[c].to_numpy("datetime64[s]") for c in ("start_time", "end_time")))
        np.add.at(found, case.position("interruptible", table["interruptible"]), share * table["power_mw"].to_numpy(float)[:, None])
    return found


def waited_since(case) -> np.ndarray:
    """Energy MWh (n, T) of the work of each data centre that was put off before the first step, but no longer than it may wait before the
    end of each step: by table data_centre_past, without rows there all that waits."""
    table, past = case.table("data_centre"), case.table("data_centre_past")
    ago = (case.time.end - case.time.start[0]) / HOUR - table["deferral_h"].to_numpy(float)[:, None]
    found = table["waiting_mwh"].to_numpy(float)[:, None] * (ago < -1e-9)
    for i, name in enumerate(table.index):
        mine = past[past["data_centre"] == name].sort_values("begin_h")
        begin, power = mine["begin_h"].to_numpy(float), mine["put_off_mw"].to_numpy(float)
        if len(mine):
            knots = np.append(0.0, begin)
            found[i] = np.interp(np.maximum(-ago[i], 0.0), knots, np.append(0.0, np.cumsum(power * np.diff(knots))))
    return found


def bus_of(case, table: str) -> np.ndarray:
    """Bus of the load that each row belongs to, int (n,)."""
    return case.position("bus", case.table("load")["bus"].reindex(case.table(table)["load"]))


def hours_share(time, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Share of each step between hours `start` and `end` of the day, (n, T); an end before the start is on the next day."""
    def until(instant, hour):  # hours of the day's part [0, hour) up to an instant
        day = instant.astype("datetime64[D]")
        whole = (day - day[0]).astype(float)
        return whole * hour + np.minimum((instant - day) / HOUR, hour)

    start, end = np.asarray(start, float)[:, None], np.asarray(end, float)[:, None]
    edges = np.append(time.start, time.end[-1:])
    inside = np.diff(until(edges, end) - until(edges, start), axis=1)
    inside = inside + np.where(end < start, time.hours, 0.0)
    return np.clip(inside / time.hours, 0.0, 1.0)
