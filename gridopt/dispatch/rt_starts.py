"""Starts in real time: units that can be ordered to start within the window may be switched on besides what the plan has on.

    u[t] >= u(plan)[t]                      what was decided ahead stays on
    u[t] as it is    for t before k + notice: no order comes in time for them                                              (Z1)
    no stop that would keep a unit from a start of the plan within its minimum down time                                    (Z2)

Before each window its program is solved with these statuses as whole numbers; then they are held, and the window prices what they leave
to move. Of what was decided for steps that could still be ordered later, the next window decides again.
"""

from __future__ import annotations

import numpy as np

from gridopt.blocks import commitment
from gridopt.dispatch.formulate import BLOCKS, Model

GAP = 1e-6
"""Relative gap to which statuses are decided."""


class Starts:
    """ids int (k,): columns of statuses that real time may move, sorted; empty where nothing can be started in time."""

    def __init__(self, model: Model, plan: np.ndarray):
        self.columns = model.columns[BLOCKS.index(commitment)]
        self.form, self.time, fleet = model.builder.form(), model.case.time, self.columns.fleet
        whole = model.case.commitment == "exact"
        self.some = np.flatnonzero(~np.isnan(fleet.start_notice)) if whole else np.zeros(0, int)
        self.kinds = np.flatnonzero(np.isin(fleet.starts.of, self.some))
        self.firing = np.flatnonzero(np.isin(fleet.deep.of[self.columns.fired], self.some))
        parts = [self.columns.on[self.some], self.columns.start[self.some], self.columns.stop[self.some]]
        parts += [self.columns.kind[self.kinds], self.columns.firing[self.firing]]
        self.ids = np.unique(np.concatenate([p.ravel() for p in parts]))
        self.planned = np.round(plan[self.columns.on[self.some]])
        self.stays = self._stays()
        self.integer = np.zeros(len(self.form.cost), bool)
        self.integer[self.form.integer] = True

    def __len__(self) -> int:
        return len(self.ids)

    def _stays(self) -> np.ndarray:
        """Whether a stop at a step would last into a start of the plan, bool (s, T) (Z2)."""
        begin = np.append(0.0, np.cumsum(self.time.hours))
        steps, found = len(self.time), np.zeros(self.planned.shape, bool)
        for n, down in enumerate(self.columns.fleet.min_down[self.some]):
            soon = np.searchsorted(begin, begin[:-1] + down - 1e-9) - 1
            on = np.append(0.0, np.cumsum(self.planned[n] > 0.5))
            ahead = on[np.minimum(np.maximum(soon + 1, np.arange(steps)), steps)] > on[:-1]
            found[n] = ahead & (self.planned[n] < 0.5)
        return found

    def bounds(self, first: int, last: int, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(ids, lower, upper) of the status columns of a window while they are decided; x (n,): what is known."""
        lower, upper = x.copy(), x.copy()
        start, fleet, c = self.time.start, self.columns.fleet, self.columns
        notice = (fleet.start_notice[self.some] * 60.0).astype("timedelta64[s]")
        early = start[None, first:last] >= start[first] + notice[:, None]
        window = slice(first, last)
        for ids, least in ((c.on[self.some], self.planned), (c.start[self.some], None), (c.stop[self.some], None)):
            ids = ids[:, window]
            low = self.form.lower[ids] if least is None else np.maximum(self.form.lower[ids], least[:, window])
            high = self.form.upper[ids]
            if least is not None:
                low, high = np.where(early, low, x[ids]), np.where(early, np.maximum(high, low), x[ids])
            lower[ids], upper[ids] = low, high
        stop = c.stop[self.some][:, window]
        upper[stop] = np.where(self.stays[:, window], lower[stop], upper[stop])
        for ids in (c.kind[self.kinds], c.firing[self.firing]):
            ids = ids[:, window]
            lower[ids], upper[ids] = self.form.lower[ids], self.form.upper[ids]
        mine = self.ids[(self.form.column_step[self.ids] >= first) & (self.form.column_step[self.ids] < last)]
        return mine, lower[mine], upper[mine]

    def settle(self, first: int, last: int, x: np.ndarray) -> None:
        """Statuses of a window as whole numbers in x (n,), with the starts and stops that they make."""
        c, window = self.columns, slice(first, last)
        on = c.on[self.some][:, window]
        x[on] = np.round(x[on])
        before = c.on[self.some][:, first - 1] if first else None
        given = np.where(c.fleet.initial_h > 0, c.fleet.count, 0)[self.some]
        given = np.where(np.isnan(c.fleet.initial_h[self.some]), x[on[:, 0]], given) if before is None else np.round(x[before])
        change = np.diff(x[on], axis=1, prepend=given[:, None])
        start, kind = c.start[self.some][:, window], c.kind[self.kinds][:, window]
        place = {n: i for i, n in enumerate(self.some)}
        of = np.array([place[n] for n in c.fleet.starts.of[self.kinds]], int)
        made, wanted = np.zeros(change.shape), np.maximum(change, 0.0)
        np.add.at(made, of, x[kind])
        share = np.divide(wanted, made, out=np.zeros_like(made), where=made > 0)
        x[kind] = x[kind] * share[of]
        x[start], x[c.stop[self.some][:, window]] = wanted, np.maximum(-change, 0.0)
        firing = c.firing[self.firing][:, window]
        x[firing] = np.round(x[firing])
