"""Best schedules of single units at given costs of their columns, by dynamic programming; exact, without a search.

For a unit with fixed status times, limits and ramps an optimal output lies on a grid: where costs or limits have a corner, and whole
numbers of ramps away from there. With g on the grid, k steps that the unit must still be on, j steps that it has been off:

    V[t,k,g] = r[t,g] + min( min over g' in reach of g of V[t+1, k-1, g'],   w[t+1] + O[t+1,1] where k = 0, g <= SD )     (D1)
    O[t,j]   = min( O[t+1, j+1],   v[t+1,j] + min over g <= SU of V[t+1, K-1, g] where j >= minimum down time )           (D2)

r: cost of being on and of the segments filled up to g; v, w: cost of a start after j steps off, of a stop. All units are done side by
side, padded to the same sizes. Units with other rules, alike units in one row, limits that change in time, or too fine a grid have no
path here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridopt.blocks.commitment import Columns
from gridopt.program.standard_form import StandardForm

FINEST, NEAR = 300, 1e-9
"""Points of a grid, and MW within which two are one."""
FAR, SHORT = np.inf, 4
COLUMNS = ("commitment.on", "commitment.start", "commitment.stop", "commitment.above", "commitment.segment", "commitment.start_kind")
ROWS = (
    "commitment.status", "commitment.min_up", "commitment.min_down", "commitment.most", "commitment.most_soon", "commitment.ramp_up",
    "commitment.ramp_down", "commitment.segments", "commitment.width", "commitment.width_soon", "commitment.kinds", "commitment.kind",
)  # fmt: skip
"""Families that a unit with a path may have."""


@dataclass(frozen=True)
class Unit:
    """One unit with a path: number in the fleet; grid of outputs above the least MW (G,); lo, hi (G,): first and last point in reach of
    each in the next step; at_start, before_stop, begin: how many points, from the first, may follow a start, precede a stop; first, last
    point of step 0 where the unit was on; up, down: steps; cost of segments: filled (K, G) MW."""

    number: int
    grid: np.ndarray
    lo: np.ndarray
    hi: np.ndarray
    at_start: int
    before_stop: int
    begin: tuple[int, int]
    up: int
    down: int
    filled: np.ndarray


def units_of(committed: Columns, form: StandardForm, hours: np.ndarray, plain: np.ndarray) -> list[Unit]:
    """Units with a path among the elements `plain` (n,), those that have no other rules."""
    fleet = committed.fleet
    if not len(hours) or np.ptp(hours) > NEAR:
        return []
    steady = (np.ptp(fleet.least, axis=1) <= NEAR) & (np.ptp(fleet.room, axis=1) <= NEAR) & fleet.here.all(axis=1)
    able = plain & steady & (fleet.count == 1) & ~fleet.initial_outage
    found = [_unit(committed, form, float(hours[0]), int(n)) for n in np.flatnonzero(able)]
    return [u for u in found if u is not None]


def _unit(committed: Columns, form: StandardForm, hour: float, n: int) -> Unit | None:
    """The unit, None where its grid is too fine or its columns have other bounds than its limits."""
    fleet, room = committed.fleet, float(committed.fleet.room[n, 0])
    segments = np.flatnonzero(fleet.curve.of == n)
    width = fleet.curve.width[segments]
    if np.ptp(width, axis=1).max(initial=0.0) > NEAR or (np.abs(form.upper[committed.above[n]] - room) > NEAR).any():
        return None
    if len(segments) > 1 and (np.abs(form.upper[committed.segment[segments]] - width) > NEAR).any():
        return None
    rise, fall = (float(r[n]) * 60.0 * hour for r in (fleet.ramp_up, fleet.ramp_down))
    rise, fall = (r if r < room else np.inf for r in (rise, fall))
    most = float(fleet.most[n, 0])
    start, stop = (room - float(np.clip(most - r[n], 0.0, room)) for r in (fleet.start_ramp, fleet.stop_ramp))
    ends = np.cumsum(width[:, 0])[:-1] if len(segments) > 1 else np.zeros(0)
    first = (0.0, room)
    if fleet.initial_h[n] > 0 and np.isfinite(fleet.initial_mw[n]):
        before = float(fleet.initial_mw[n] - fleet.least[n, 0])
        first = (max(min(before - fleet.ramp_down[n] * 60.0 * hour, room), 0.0), min(max(before + fleet.ramp_up[n] * 60.0 * hour, 0.0), room))
    grid = _grid(np.array([0.0, room, start, stop, *first, *ends]), room, rise, fall)
    if grid is None:
        return None
    lo = np.searchsorted(grid, grid - fall - NEAR)
    hi = np.searchsorted(grid, grid + rise + NEAR, "right") - 1
    begin = np.append(0.0, ends)
    filled = np.clip(grid[None, :] - begin[:, None], 0.0, np.append(np.diff(np.append(begin, room)), [])[:, None])
    count = [int(np.searchsorted(grid, limit + NEAR, "right")) for limit in (start, stop)]
    at_begin = int(np.searchsorted(grid, first[0] - NEAR)), int(np.searchsorted(grid, first[1] + NEAR, "right")) - 1
    up, down = (max(int(np.ceil(float(m[n]) / hour - 1e-6)), 1) for m in (fleet.min_up, fleet.min_down))
    return Unit(n, grid, lo, hi, count[0], count[1], at_begin, up, down, filled)


def _grid(corners: np.ndarray, room: float, rise: float, fall: float) -> np.ndarray | None:
    """Corners and all that lies whole numbers of ramps from them, in [0, room]; None where that is too many."""
    moves = [m for r in (rise, fall) if np.isfinite(r) and r > NEAR for m in (r, -r)]
    points = fresh = _apart(np.clip(corners, 0.0, room))
    while len(fresh) and moves:
        made = (fresh[:, None] + np.array(moves)).ravel()
        made = _apart(made[(made > -NEAR) & (made < room + NEAR)])
        place = np.searchsorted(points, made)
        close = np.minimum(np.abs(points[np.minimum(place, len(points) - 1)] - made), np.abs(points[np.maximum(place - 1, 0)] - made))
        fresh = made[close > 1e-7]
        points = np.sort(np.concatenate([points, fresh]))
        if len(points) > FINEST:
            return None
    return points


def _apart(values: np.ndarray) -> np.ndarray:
    """Sorted values, those closer than 1e-7 MW once."""
    values = np.sort(values)
    return values[np.append(True, np.diff(values) > 1e-7)] if len(values) else values


class Paths:
    """All units with a path, in batches of like sizes."""

    def __init__(self, committed: Columns, form: StandardForm, hours: np.ndarray, units: list[Unit]):
        size: dict[tuple[int, bool], list[Unit]] = {}
        for u in units:
            size.setdefault((max(len(u.grid).bit_length(), 6), u.up > SHORT), []).append(u)
        self.batches = [Batch(committed, form, float(hours[0]), b) for b in size.values()]

    def columns(self, size: int) -> np.ndarray:
        """Whether each column belongs to one of the units, bool (size,)."""
        found = np.zeros(size, bool)
        for batch in self.batches:
            n, c = batch.number, batch.committed
            segment, kind = c.segment[np.isin(c.fleet.curve.of, n)], c.kind[np.isin(c.fleet.starts.of, n)]
            for ids in (c.on[n], c.start[n], c.stop[n], c.above[n], segment, kind):
                found[ids.ravel()] = True
        return found

    def best(self, cost: np.ndarray, x: np.ndarray) -> None:
        """Writes the best schedules at `cost` (n,) into x (n,)."""
        for batch in self.batches:
            batch.best(cost, x)


class Batch:
    """Units side by side; arrays (U, ...)."""

    def __init__(self, committed: Columns, form: StandardForm, hour: float, units: list[Unit]):
        self.committed, self.units = committed, units
        fleet, n = committed.fleet, np.array([u.number for u in units])
        self.number, steps = n, committed.on.shape[1]
        size, depth = max(len(u.grid) for u in units), max(u.up for u in units)
        self.up, self.down = (np.array([getattr(u, k) for u in units]) for k in ("up", "down"))
        self.grid, self.inside = np.zeros((len(n), size)), np.zeros((len(n), size), bool)
        self.lo, self.hi = np.zeros((len(n), size), int), np.zeros((len(n), size), int)
        for i, u in enumerate(units):
            g = len(u.grid)
            self.grid[i, :g], self.inside[i, :g], self.lo[i, :g], self.hi[i, :g] = u.grid, True, u.lo, u.hi
        place = np.arange(size)
        self.after_start = place < np.array([u.at_start for u in units])[:, None]
        self.may_stop = place < np.array([u.before_stop for u in units])[:, None]
        begin = np.array([u.begin for u in units])
        self.at_begin = (place >= begin[:, :1]) & (place <= begin[:, 1:])
        low, high = form.lower, form.upper
        self.can_on, self.can_off = high[committed.on[n]] > 0.5, low[committed.on[n]] < 0.5
        self.may_start, self.stops = high[committed.start[n]] > 0.5, high[committed.stop[n]] > 0.5
        self.was = np.sign(np.nan_to_num(fleet.initial_h[n]))
        kinds = [np.flatnonzero(fleet.starts.of == m) for m in n]
        longest = max([1, *self.down, *(int(np.ceil(fleet.starts.lag[k].max(initial=0.0) / hour)) + 1 for k in kinds)])
        self.longest, self.depth, self.steps = longest, depth, steps
        self.age = np.minimum(np.round(np.abs(np.nan_to_num(fleet.initial_h[n], nan=1e6)) / hour), longest).astype(int)
        self.kinds, self.windows = kinds, self._windows()
        of = fleet.curve.of
        self.segments = [np.flatnonzero(of == m) for m in n]
        self.several = np.array([len(k) > 1 for k in self.segments])
        self.allowed = [self._allowed(fleet, k, hour) for k in kinds]
        self.free = [self._free(fleet, k, hour) if was == 0 else None for k, was in zip(kinds, self.was, strict=True)]

    def _allowed(self, fleet, kinds: np.ndarray, hour: float) -> np.ndarray:
        """Whether each category may be that of a start after so many steps off, bool (Y, J + 1); the last one always may."""
        age = np.arange(self.longest + 1) * hour + 1e-6
        lag, until = fleet.starts.lag[kinds], fleet.starts.until[kinds]
        first = kinds[np.argsort(lag)][:1]
        may = ((age >= lag[:, None]) | (kinds == first)[:, None]) & (age < until[:, None] + 0.0)
        return may | ~np.isfinite(until)[:, None]

    def _free(self, fleet, kinds: np.ndarray, hour: float) -> np.ndarray:
        """Whether each category may be that of a first start in each step, bool (Y, T): where the status before the first step is not known,
        the unit has been off at least since then, at least for its minimum time, and otherwise as long as suits it."""
        off = np.maximum(np.arange(self.steps) * hour, fleet.min_down[fleet.starts.of[kinds], None]) + 1e-6
        return off < fleet.starts.until[kinds][:, None]

    def best(self, cost: np.ndarray, x: np.ndarray) -> None:
        on = self._on_costs(cost)
        start, kind = self._start_costs(cost)
        stop = np.where(self.stops, cost[self.committed.stop[self.number]], FAR)
        value, off = self._back(on, start, stop)
        self._forth(value, off, start, stop, kind, x)

    def _on_costs(self, cost: np.ndarray) -> np.ndarray:
        """r (T, U, G)."""
        committed = self.committed
        out = np.full((self.steps, len(self.units), self.grid.shape[1]), FAR)
        for i, u in enumerate(self.units):
            segments = committed.segment[self.segments[i]]
            run = cost[segments].T @ u.filled
            if len(segments) > 1:
                run = run + cost[committed.above[u.number]][:, None] * u.grid
            out[:, i, : len(u.grid)] = cost[committed.on[u.number]][:, None] + run
        out[~self.can_on.T] = FAR
        return out

    def _start_costs(self, cost: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        """Cost of a start in each step after j steps off (T, U, J + 1), and the category that it is of (J + 1, T) by unit."""
        committed = self.committed
        found, chosen = np.full((self.steps, len(self.units), self.longest + 1), FAR), []
        for i, u in enumerate(self.units):
            base = np.where(self.may_start[i], cost[committed.start[u.number]], FAR)
            if len(self.kinds[i]) > 1:
                each = np.where(self.allowed[i][:, :, None], cost[committed.kind[self.kinds[i]]][:, None, :], FAR)
                if (free := self.free[i]) is not None:  # so early nobody else has been off for so long
                    each[:, self.longest] = np.where(free, cost[committed.kind[self.kinds[i]]], FAR)
                chosen.append(each.argmin(axis=0))
                found[:, i] = (base + each.min(axis=0)).T
            else:
                chosen.append(np.zeros((self.longest + 1, self.steps), int))
                found[:, i] = base[:, None]
        return found, chosen

    def _back(self, on: np.ndarray, start: np.ndarray, stop: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """V (T, U, K, G) and O (T, U, J + 1)."""
        units = len(self.units)
        value = np.full((self.steps, units, self.depth, self.grid.shape[1]), FAR)
        off = np.full((self.steps, units, self.longest + 1), FAR)
        who, ready = np.arange(units), np.arange(self.longest + 1) >= self.down[:, None]
        older = np.minimum(np.arange(self.longest + 1) + 1, self.longest)
        lasting = np.arange(self.depth) < self.up[:, None]
        for t in range(self.steps - 1, -1, -1):
            rest, idle = np.zeros(value.shape[1:]), np.zeros((units, self.longest + 1))
            if t + 1 < self.steps:
                rest[:, 1:] = self._reach(value[t + 1, :, : max(self.depth - 1, 1)])[:, : self.depth - 1]
                stays = rest[:, 1].copy() if self.depth > 1 else self._reach(value[t + 1, :, :1])[:, 0]
                leaves = np.where(self.may_stop, (stop[:, t + 1] + off[t + 1, :, 1])[:, None], FAR)
                rest[:, 0] = np.minimum(stays, leaves)
                begun = np.where(self.after_start, value[t + 1, who, self.up - 1], FAR).min(axis=1)
                idle = np.minimum(off[t + 1][:, older], np.where(ready, start[t + 1] + begun[:, None], FAR))
            value[t] = np.where(lasting[:, :, None], on[t][:, None, :] + rest, FAR)
            off[t] = np.where(self.can_off[:, t, None], idle, FAR)
        return value, off

    def _windows(self) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """By level n: places in (U, K', G) whose reach is 2^n to 2^(n+1) - 1 points long, and the begins of two runs of 2^n that cover it."""
        depth, (units, size) = max(self.depth - 1, 1), self.grid.shape
        row = (np.arange(units)[:, None] * depth + np.arange(depth))[:, :, None] * size
        level = np.maximum(np.frexp((self.hi - self.lo + 1).astype(float))[1] - 1, 0)
        found = []
        for n in range(int(level.max(initial=0)) + 1):
            u, g = np.nonzero((level == n) & self.inside)
            at, low, last = (row[u, :, 0] + p[:, None] for p in (g, self.lo[u, g], np.maximum(self.hi[u, g] - 2**n + 1, 0)))
            found.append((at, low, last))
        return found

    def _reach(self, value: np.ndarray) -> np.ndarray:
        """Least of value (U, K', G) over the points in reach of each."""
        found, table = np.full(value.shape, FAR), np.ascontiguousarray(value)
        for n, (at, low, last) in enumerate(self.windows):
            if n:
                step = 2 ** (n - 1)
                moved = np.full(table.shape, FAR)
                moved[..., :-step] = table[..., step:]
                table = np.minimum(table, moved)
            if len(at):
                flat = table.ravel()
                found.ravel()[at] = np.minimum(flat[low], flat[last])
        return found

    def _forth(self, value: np.ndarray, off: np.ndarray, start, stop, kind: list[np.ndarray], x: np.ndarray) -> None:
        """The best path, written into x."""
        units, committed = len(self.units), self.committed
        who, place = np.arange(units), np.arange(self.grid.shape[1])
        running, point, left, idle = self._begin(value, off, start, stop, kind, x)
        for t in range(self.steps):
            i = np.flatnonzero(running)
            n = self.number[i]
            x[committed.on[n, t]], x[committed.above[n, t]] = 1.0, self.grid[i, point[i]]
            for a in i[self.several[i]]:
                x[committed.segment[self.segments[a], t]] = self.units[a].filled[:, point[a]]
            if t + 1 == self.steps:
                return
            after = value[t + 1, who, np.maximum(left - 1, 0)]
            low, high = self.lo[who, point], self.hi[who, point]
            after = np.where((place >= low[:, None]) & (place <= high[:, None]), after, FAR)
            stays, leaves = after.min(axis=1), np.where((left == 0) & self.may_stop[who, point], stop[:, t + 1] + off[t + 1, :, 1], FAR)
            first = np.where(self.after_start, value[t + 1, who, self.up - 1], FAR)
            begins = np.where(idle >= self.down, start[t + 1, who, idle] + first.min(axis=1), FAR)
            waits = off[t + 1, who, np.minimum(idle + 1, self.longest)]
            stopping, starting = running & (leaves < stays), ~running & (begins < waits)
            x[committed.stop[self.number[stopping], t + 1]] = 1.0
            for a in np.flatnonzero(starting):
                self._started(int(a), t + 1, kind[a][idle[a], t + 1], x)
            point = np.where(starting, first.argmin(axis=1), after.argmin(axis=1))
            left = np.where(starting, self.up - 1, np.maximum(left - 1, 0))
            idle = np.where(stopping, 1, np.minimum(idle + 1, self.longest))
            running = (running & ~stopping) | starting

    def _begin(self, value, off, start, stop, kind: list[np.ndarray], x: np.ndarray):
        """State in the first step: (running, point, steps left to be on, steps off)."""
        _units, who = len(self.units), np.arange(len(self.units))
        stays = np.where((self.was >= 0)[:, None] & (self.at_begin | (self.was == 0)[:, None]), value[0, :, 0], FAR)
        first = np.where(self.after_start & (self.was < 0)[:, None], value[0, who, self.up - 1], FAR)
        begins = start[0, who, self.age] + first.min(axis=1)
        idle = np.where(self.was > 0, 1, np.minimum(self.age + 1, self.longest))
        rests = off[0, who, idle] + np.where(self.was > 0, stop[:, 0], 0.0)
        starting = begins < np.minimum(rests, stays.min(axis=1))
        running = starting | (stays.min(axis=1) < rests)
        x[self.committed.stop[self.number[~running & (self.was > 0)], 0]] = 1.0
        for a in np.flatnonzero(starting):
            self._started(int(a), 0, kind[a][self.age[a], 0], x)
        point = np.where(starting, first.argmin(axis=1), stays.argmin(axis=1))
        return running, point, np.where(starting, self.up - 1, 0), np.where(running, 0, idle)

    def _started(self, a: int, t: int, which: int, x: np.ndarray) -> None:
        """Columns of a start."""
        x[self.committed.start[self.number[a], t]] = 1.0
        if len(self.kinds[a]) > 1:
            x[self.committed.kind[self.kinds[a][which], t]] = 1.0
