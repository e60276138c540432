"""Limits and losses of DC links on the steps, and which links decide whether they send at all."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

SEGMENTS = 4
"""Secants of the loss curve."""
SENDS = 1e-6
"""MW beyond which a link sends: what a solver has left of nothing goes no way and is no change."""


class Limits(NamedTuple):
    """active 1.0 while in service, left: part of the poles in service, (n, T); floor MW (n,): least power of a whole link that sends;
    forward (n, T) and back (r, T): largest power MW that way, back of the `reversible` links alone; scheduled bool (n,): whether a
    schedule fixes the power; places int: `reversible`, `switched` (they are on, off or reversed by decision), `may_stop`."""

    active: np.ndarray
    left: np.ndarray
    floor: np.ndarray
    forward: np.ndarray
    back: np.ndarray
    scheduled: np.ndarray
    reversible: np.ndarray
    switched: np.ndarray
    may_stop: np.ndarray


def limits(case) -> Limits:
    """Limits of the case's links; without decisions a link that may stop stays on, and a reversible one has no least power."""
    link = case.table("dc_link")
    active = (case.in_service("dc_link") > 0.5).astype(float)
    left = case.share_left("dc_link")
    rated, reverse = (link[c].to_numpy(float)[:, None] for c in ("power_max_mw", "power_reverse_max_mw"))
    largest = case.series(link["max_profile"], 1.0) * active
    forward, back = np.minimum(rated * largest, rated * left), np.minimum(reverse * largest, reverse * left)
    scheduled = (link["schedule"] != "").to_numpy()
    agreed = case.series(link["schedule"], 0.0)
    forward = np.where(scheduled[:, None], np.minimum(forward, np.maximum(agreed, 0.0)), forward)
    back = np.where(scheduled[:, None], np.minimum(back, np.maximum(-agreed, 0.0)), back)
    turns = (reverse > 0)[:, 0]
    stops = case.table("dc_schedule")["may_stop"].reindex(link.index, fill_value=False).to_numpy(bool)
    decides = (turns | stops) & ~scheduled & (case.commitment != "off")
    floor = np.where(turns & ~scheduled & ~decides, 0.0, link["power_min_mw"].to_numpy(float))
    reversible, may_stop = np.flatnonzero(turns), np.flatnonzero(stops & decides)
    return Limits(active, left, floor, forward, back[reversible], scheduled, reversible, np.flatnonzero(decides), may_stop)


class Curve(NamedTuple):
    """One way of n links: least power and its loss MW (n, T), slopes of the segments above it (n, K), their widths and what is in use of
    them MW (n, K, T)."""

    least: np.ndarray
    least_loss: np.ndarray
    slope: np.ndarray
    width: np.ndarray
    room: np.ndarray


def curve(case, bound: Limits, turned: bool) -> Curve:
    """Forward of all links, or back of the reversible ones. The loss at no load is one of the link, not of a way: back it counts only
    for links that are switched on for it."""
    some = bound.reversible if turned else np.arange(len(bound.floor))
    most, rated_name = (bound.back, "power_reverse_max_mw") if turned else (bound.forward, "power_max_mw")
    link, floor, left, active = case.table("dc_link").iloc[some], bound.floor[some][:, None], bound.left[some], bound.active[some]
    rated = link[rated_name].to_numpy(float)[:, None]
    idle = np.isin(some, bound.switched)[:, None] | (not turned)
    knots = floor + np.maximum(rated - floor, 0.0) * np.arange(SEGMENTS + 1) / SEGMENTS
    run = np.diff(knots, axis=1)
    slope = np.divide(np.diff(_loss(link, idle, knots), axis=1), run, out=np.zeros_like(run), where=run > 0)
    width = run[:, :, None] * left[:, None, :]
    least = np.minimum(floor * left * active, most)
    whole = np.where(left > 0, left, 1.0)
    least_loss = whole * _loss(link, idle, least / whole) * active
    room = np.clip(most[:, None, :] - knots[:, :-1, None] * left[:, None, :], 0.0, width)
    return Curve(least, least_loss, slope, width, room)


def _loss(link, idle, power):
    """Loss MW at power (n, K); idle (n, 1): whether the part at no load counts."""
    names = ("power_max_mw", "loss_no_load_fraction", "loss_linear_fraction", "loss_quadratic_fraction")
    rated, l0, l1, l2 = (link[c].to_numpy(float)[:, None] for c in names)
    return idle * l0 * rated + l1 * power + l2 * power**2 / np.where(rated > 0, rated, 1.0)


def allowed(case, link: np.ndarray) -> np.ndarray:
    """Where the power of links may change: at their instants, once the hold from before the first step is over; bool (n, T)."""
    frame = case.table("dc_link").iloc[link]
    table = case.table("dc_schedule").loc[frame.index]
    minute = (case.time.start - case.time.start.astype("datetime64[D]")) / np.timedelta64(60, "s")
    every = table["change_minutes"].to_numpy(float)[:, None]
    now = np.where(np.isnan(every), True, minute % np.where(np.isnan(every), 1.0, every) == 0)
    held = frame["initial_hold_h"].fillna(np.inf).to_numpy(float)[:, None]
    since = (case.time.start - case.time.start[:1]) / np.timedelta64(3600, "s")
    over = held + since >= table["hold_h"].to_numpy(float)[:, None] - 1e-9
    known = np.concatenate([frame["initial_mw"].notna().to_numpy()[:, None], np.ones((len(link), len(since) - 1), bool)], axis=1)
    return now & over & known


def steady(case, link: np.ndarray) -> np.ndarray:
    """Steps at which links are in service as they were before, their power then known, bool (n, T)."""
    active = case.in_service("dc_link")[link] > 0.5
    known = case.table("dc_link")["initial_mw"].notna().to_numpy()[link]
    return active & np.concatenate([known[:, None], active[:, :-1]], axis=1)


def begins_anew(case, link: np.ndarray) -> np.ndarray:
    """Steps at which the power of links need not be what it was, the first one included, bool (n, T)."""
    return allowed(case, link) | ~steady(case, link) | (np.arange(len(case.time)) == 0)


def ramp_width(case) -> np.ndarray:
    """By how much the power of each link may differ from that of the step before, MW (n, T); inf where there is no ramp to keep to.

    Before the first step the length of a step is taken to be that of the first.
    """
    link, hours = case.table("dc_link"), case.time.hours
    rate = (link["ramp_fraction_per_min"] * link["power_max_mw"]).to_numpy(float)[:, None]
    width = rate * 60.0 * 0.5 * (hours + np.append(hours[:1], hours[:-1]))
    return np.where(steady(case, np.arange(len(link))), width, np.inf)


def grain(case, inside: np.ndarray, link: np.ndarray) -> np.ndarray:
    """MWh of which the energy that links (k,) send in a period is a whole multiple, 0 where it may be anything, (k,).

    inside (k, T): share of each step in the period. Power is a multiple of the step of table dc_schedule, and constant until it may change.
    """
    table, found = case.table("dc_schedule").reindex(case.table("dc_link").index), np.zeros(len(link))
    step = np.where(limits(case).scheduled | (case.commitment != "exact"), np.nan, table["step_mw"].to_numpy(float))
    for k in np.flatnonzero(~np.isnan(step[link])):
        first = np.flatnonzero(begins_anew(case, link[[k]])[0])
        seconds = np.add.reduceat(inside[k] * case.time.hours * 3600.0, first)
        if (np.abs(seconds - np.round(seconds)) < 1e-6).all():
            found[k] = step[link[k]] * np.gcd.reduce(np.round(seconds).astype(int)) / 3600.0
    return found
