"""Limits and losses of DC links on the steps, and which links decide whether they send at all."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

SEGMENTS = 4
"""Secants of the loss curve."""


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
