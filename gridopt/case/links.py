"""Limits of DC links on the steps, and which links decide whether they send at all."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


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
