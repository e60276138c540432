"""Windows: a long horizon cut into stretches that are decided one after the other, each with a look ahead.

    window k keeps steps first[k] .. kept[k]-1 and also decides, without keeping them, the steps up to last[k]-1         (W1)
    first[k+1] = kept[k];   no window looks beyond the horizon; the last one keeps all that is left                      (W2)
    steps that are not kept may be longer, those more than a day beyond what is kept FAR times as long: what is far is
    decided again and need not be decided finely                                                                        (W3)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridopt.case.case import Case
from gridopt.case.check import CaseError
from gridopt.case.time import TimeGrid

NEAR, DAY_H, FAR = 1e-9, 24.0, 2.0
"""Hours by which an end may miss the end of a step; hours of a day; (W3)."""


@dataclass(frozen=True)
class Window:
    """Steps first..last-1, of which those before `kept` are kept."""

    first: int
    kept: int
    last: int

    def steps(self, time: TimeGrid, longest_h: float) -> TimeGrid:
        """Its steps: kept ones as they are, those of the look-ahead joined up to `longest_h` hours, or FAR times that (W3)."""
        kept, ahead = time.part(self.first, self.kept), time.part(self.kept, self.last)
        if not len(ahead) or longest_h <= ahead.hours.max():
            return time.part(self.first, self.last)
        begun = np.cumsum(ahead.hours) - ahead.hours
        far = np.ceil(DAY_H / longest_h - NEAR) + np.floor((begun - DAY_H) / (FAR * longest_h) + NEAR)
        number = np.where(begun < DAY_H - NEAR, np.floor(begun / longest_h + NEAR), far)
        first = np.flatnonzero(np.diff(number, prepend=-1))
        return TimeGrid(np.append(kept.start, ahead.start[first]), np.append(kept.hours, np.add.reduceat(ahead.hours, first)))

    def named(self, time: TimeGrid) -> str:
        """When it is, for messages: `2025-01-03 00:00 to 2025-01-05 00:00`."""
        return " to ".join(str(t).replace("T", " ")[:16] for t in (time.start[self.first], time.end[self.last - 1]))


def cut(time: TimeGrid, window_h: float, look_ahead_h: float) -> list[Window]:
    """The windows of a horizon. Raises CaseError where a window does not end with a step."""
    edge = np.append(0.0, np.cumsum(time.hours))
    found, first = [], 0
    while first < len(time):
        kept = _step(edge, edge[first] + window_h, "window_h", window_h)
        found.append(Window(first, kept, _step(edge, edge[kept] + look_ahead_h, "look_ahead_h", look_ahead_h)))
        first = kept
    return found


def _step(edge: np.ndarray, end: float, key: str, value: float) -> int:
    """The step that begins at `end`, the number of steps where that lies beyond the horizon."""
    step = min(int(np.searchsorted(edge, end - NEAR)), len(edge) - 1)
    if edge[step] > end + NEAR and step < len(edge):
        raise CaseError([f"key 'rolling.{key}': {value:g} h does not end with a step. Give a multiple of the length of the steps."])
    return step


def check_sight(case: Case, sight_h: float, key: str = "rolling") -> None:
    """A window shorter than a minimum time cannot see it to its end. key: where windows are asked for. Raises CaseError that names the unit
    with the longest."""
    if case.commitment == "off" or sight_h >= case.time.hours.sum():
        return
    fleet = case.fleet
    hours = np.maximum(fleet.min_up, fleet.min_down)
    longer = np.flatnonzero(hours > sight_h)
    if len(longer):
        n = longer[np.argmax(hours[longer])]
        others = f", and of {len(longer) - 1} more" if len(longer) > 1 else ""
        raise CaseError([
            f"key '{key}': windows see {sight_h:g} h (with look_ahead_h), shorter than the minimum time of {fleet.table[n]} "
            f"'{fleet.name[n]}', {hours[n]:g} h{others}. Give a look_ahead_h longer by {hours[n] - sight_h:g} h."
        ])  # fmt: skip


def check_shifts(case: Case, window_h: float, look_ahead_h: float, key: str = "rolling") -> None:
    """What counts by hours of its own may not be cut by windows: energy that is moved, hours of a day that are called, cycles of a day; nor
    may a notice begin before them. key: where windows are asked for. Raises CaseError with a sentence for each element."""
    if window_h >= case.time.hours.sum() - NEAR:
        return
    own = [(f"table shiftable, '{name}': its energy is moved within {h:g} h", h) for name, h in case.table("shiftable")["window_h"].items()]
    daily = case.table("interruptible")["hours_per_day"].dropna()
    own += [(f"table interruptible, '{name}': it may be called {h:g} h in a day", DAY_H) for name, h in daily.items()]
    cycles = case.table("storage")["cycles_per_day"].dropna()
    own += [(f"table storage, '{name}': it may make {n:g} cycles in a day", DAY_H) for name, n in cycles.items()]
    sight = window_h + look_ahead_h
    late = [
        f"table interruptible, '{name}': its notice of {h:g} h is no shorter than what windows see, {sight:g} h (with look_ahead_h): it "
        "could never be called. Give a longer look_ahead_h, or take it out."
        for name, h in case.table("interruptible")["notice_h"].items() if h >= sight
    ]  # fmt: skip
    begin = float(case.time.start[0].astype("datetime64[s]").astype(float)) / 3600.0
    faults = [
        f"{what}, which windows of {window_h:g} h (key '{key}') would cut. Give windows of a multiple of {h:g} h that begin at a multiple of "
        "it, or leave the table out (key 'leave_out')."
        for what, h in own if any(abs(round(v / h) * h - v) > NEAR for v in (window_h, begin))
    ]  # fmt: skip
    if late + faults:
        raise CaseError([*late, *faults])


def check_rows(case: Case) -> None:
    """Each unit has a whole status to hand on. Raises CaseError for statuses that are relaxed, and for tables of which nothing is handed
    on."""
    if case.commitment == "relaxed":
        raise CaseError(["key 'commitment': windows hand on what is on or off, and relaxed decisions lie between. Write exact or off."])
    lost = ["fuel_budget"] if case.table("fuel_budget")["short_cny_per_tce"].notna().any() else []  # what has been paid for
    lost += ["reserve"] if (case.table("reserve")["shares_ramp"] & case.table("reserve")["ramp_mean"]).any() else []  # awards before
    if lost:
        raise CaseError([
            f"table {name}: has rows whose state windows do not hand on. Leave the table out (key 'leave_out'), or leave out the key 'rolling'."
            for name in lost
        ])  # fmt: skip
