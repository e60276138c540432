"""Stores and reservoirs in windows of real time: what may move, and what is left of it at the end of a window is worth.

    free       power and energy of stores, turbines, release and volume of reservoirs. Who has a limit over days keeps to the plan: stores
               with a limit of cycles, the last energy of cyclic ones, all water where a reservoir has zones of head or a budget
    worth      of a column j of the window [k, e), by the duals y of the plan on rows i of later steps:  - sum over i of y[i] A[i,j]      (W1)
               so that water under way at the end is worth what it will do downstream; of what is left after the last step: what one more
               unit of it was worth in the plan
    margin     such a column is u + v, u <= its value in the plan, v <= the rest; a MWh missing from the plan costs the margin m beyond its
               worth, one above it is worth m less:  cost of u  - m g,  of v  + m g,  g = sum over i of MWh a unit of row i x |A[i,j]|     (W2)
    reach      no level falls so far that the end that the case asks for is out of reach: of stores by charging at full power, of
               reservoirs by their least release, with the water from above as planned                                                (W3)

u is the column itself, v a copy of it in the same rows: a convex cost without further rows. A store so leaves its plan where that gains more
than m per MWh: what was held as reserve is given before load is shed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridopt.blocks import hydro, storage
from gridopt.dispatch.formulate import BLOCKS, Model
from gridopt.dispatch.result import Dispatch

STORES = ("storage.charge", "storage.discharge", "storage.energy", "storage.spill", "storage.written_off")
WATER = ("hydro.turbine", "hydro.release", "hydro.volume", "hydro.end_short", "hydro.end_spare")
WATER_ROWS = ("hydro.water_balance", "hydro.run_of_river")
"""Families of rows of water; that of stores is storage.energy_balance."""


class End(NamedTuple):
    """Of a window: cost (n,) that (W1) and (W2) add to its columns; tied: places of the columns (k,) that have a copy, what these copies
    cost (k,), and the values of the plan (k,)."""

    cost: np.ndarray
    tied: np.ndarray
    copies: np.ndarray
    plan: np.ndarray


class Stores:
    """free (n,): columns that may move."""

    def __init__(self, model: Model, plan: Dispatch, margin: float):
        self.model, self.form, self.margin = model, model.builder.form(), margin
        self.x, self.steps = plan.solution.x, len(model.case.time)
        self.store, self.water = (model.columns[BLOCKS.index(block)] for block in (storage, hydro))
        self.free = self._free()
        self.left = np.concatenate([self.store.energy[:, -1:].ravel(), self.water.volume[:, -1:].ravel()]).astype(int)
        self._entries(plan.solution.y)

    def _free(self) -> np.ndarray:
        case, store = self.model.case, self.store
        free = np.zeros(len(self.form.cost), bool)
        rivers = not len(case.table("hydro_budget")) and (case.commitment == "off" or not len(case.table("head_zone")))
        for family in self.model.builder.column_families:
            if family.name in STORES or (family.name in WATER and rivers):
                free[family.ids.ravel()] = True
        limited = np.flatnonzero(case.table("storage")["cycles_per_day"].notna().to_numpy()[store.groups.first])
        for ids in (store.charge, store.discharge, store.energy):
            free[ids[limited].ravel()] = False
        free[store.energy[store.cyclic, -1:].ravel()] = False
        for ids, of in ((store.spill, store.fed), (store.written_off, store.retiring)):
            free[ids[np.isin(of, limited)].ravel()] = False
        return free

    def _entries(self, y: np.ndarray) -> None:
        """Terms of (W1) and (W2): column, step of the row, y A, MWh x |A|."""
        case, mwh = self.model.case, np.zeros(len(self.form.row_lower))
        flow = case.table("reservoir")["power_mw_per_m3s"].to_numpy(float)[:, None]
        for family in self.model.builder.row_families:
            if family.name == "storage.energy_balance":
                mwh[family.ids] = 1.0
            elif family.name in WATER_ROWS and family.size:
                k = flow[case.position("reservoir", family.over[next(iter(family.over))].tolist())]
                mwh[family.ids] = k / 0.0036 if family.name == "hydro.water_balance" else k * case.time.hours
        rows = np.flatnonzero(mwh)
        part = self.form.matrix[rows].tocoo()
        row, column = rows[part.coords[0]], part.coords[1]
        step = self.form.row_step[row]
        later = self.free[column] & (step > self.form.column_step[column])
        # What is left after the last step stands in the balance of that step, with -1.
        left = self.free[column] & (self.form.column_step[column] == self.steps - 1) & np.isin(column, self.left)
        self.column, self.row_step = np.append(column[later], column[left]), np.append(step[later], np.full(left.sum(), self.steps))
        self.worth = np.append((y[row] * part.data)[later], (-y[row] * part.data)[left])
        self.energy = np.append((mwh[row] * np.abs(part.data))[later], mwh[row][left])

    def reach(self, lower: np.ndarray) -> np.ndarray:
        """Lower bounds (n,) with (W3)."""
        found = lower.copy()
        store = self.store
        if store.energy.size:
            found[store.energy] = np.minimum(np.maximum(lower[store.energy], self._by_charging(lower)), self.x[store.energy])
        if self.water.volume.size:
            found[self.water.volume] = np.maximum(lower[self.water.volume], self._by_holding(lower))
        found = np.where(self.free, found, lower)
        return np.minimum(found, np.maximum(self.x, lower))

    def _by_charging(self, lower: np.ndarray) -> np.ndarray:
        store, hours = self.store, self.model.case.time.hours
        one = self.model.case.table("storage").iloc[store.groups.first]
        keep = (1.0 - one["standing_loss_per_h"].to_numpy(float)[:, None]) ** hours
        gain = hours * (one["charge_efficiency"].to_numpy(float)[:, None] * self.form.upper[store.charge] + store.groups.sum(store.inflow))
        need = lower[store.energy]
        need[store.cyclic, -1] = self.x[store.energy[store.cyclic, -1]]
        for t in range(self.steps - 2, -1, -1):
            need[:, t] = np.maximum(need[:, t], (need[:, t + 1] - gain[:, t + 1]) / keep[:, t + 1])
        return need

    def _by_holding(self, lower: np.ndarray) -> np.ndarray:
        volume, release = self.x[self.water.volume], self.water.release
        less = 0.0036 * self.model.case.time.hours * np.maximum(self.x[release] - self.form.lower[release], 0.0)
        later = less.sum(axis=1, keepdims=True) - np.cumsum(less, axis=1)
        return volume - later - np.maximum(volume[:, -1:] - lower[self.water.volume[:, -1:]], 0.0)

    def sides(self, x: np.ndarray, steps: slice) -> None:
        """Sets whether stores may charge (storage.apart) in x (n,) to the way that they go on the whole."""
        if len(self.store.side):
            charge, discharge = x[self.store.charge[:, steps]], x[self.store.discharge[:, steps]]
            x[self.store.side[:, steps]] = charge > discharge

    def end(self, last: int, ids: np.ndarray, rank: np.ndarray) -> End:
        """Of a window before step `last` with columns `ids`, whose places are `rank` (-1: not there)."""
        at = rank[self.column]
        mine = np.flatnonzero((self.row_step >= last) & (at >= 0))
        worth, energy = (np.bincount(at[mine], v[mine], len(ids)) for v in (self.worth, self.energy))
        tied, margin = np.flatnonzero(energy), self.margin * energy
        copies = (self.form.cost[ids] - worth + margin)[tied]
        return End(-worth - margin, tied, copies, self.x[ids[tied]])
