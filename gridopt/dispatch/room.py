"""Room: what plants that are on could give beyond their output within the minutes of a reserve, and the same as something to be paid for.

Sets        i unit or generator, t step;  u how many of alike ones are on, p output [MW]
Data        A largest output of one, R its ramp [MW/min], m minutes of the reserve

    room[i,t] = min(A u - p, m R u)                                                              (W1)
    0 <= r[i,t] <= A u - p,   r[i,t] <= m R u          a column of the participant i             (W2)
    sum over i of r[i,t] >= sum over i of room[i,t]    shared: its dual is what room is paid     (W3)

Demand that buys has none. What is not switched is on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from gridopt.case.fleet import TABLES, left_on
from gridopt.case.reserves import ramps
from gridopt.dispatch.market_run import acting
from gridopt.dispatch.participants import Participants
from gridopt.dispatch.result import Dispatch
from gridopt.program.port import Port
from gridopt.program.standard_form import Rows, StandardForm, extend


@dataclass(frozen=True)
class Room:
    """Room of the plants of a table: names 'table id' (n,), MW (n, T); output, most (A u) and able (m R u): ports by row, some int (n,):
    rows of the table."""

    names: np.ndarray
    power: np.ndarray
    output: Port
    most: Port
    able: Port
    some: np.ndarray


def rooms(dispatch: Dispatch, minutes: float) -> list[Room]:
    """(W1) of units and generators; minutes may be without limit."""
    return [_room(dispatch, table, minutes) for table in TABLES]


def _room(dispatch: Dispatch, table: str, minutes: float) -> Room:
    case, ports, x = dispatch.case, dispatch.model.builder.ports, dispatch.solution.x
    rows, switched = case.table(table), dispatch.committed
    most, able = (Port(len(rows), len(case.time)) for _ in range(2))
    reach, left = ramps(case, table)[0] * minutes, left_on(case, table)
    largest = ports[f"{table}_available"].constant[left]
    most.add(left, constant=largest)
    able.add(left, constant=np.minimum(reach[left, None], largest))
    if switched is not None:
        fleet, mine = switched.fleet, np.flatnonzero(switched.fleet.table == table)
        at, on = fleet.row[mine], switched.on[mine]
        most.add(at, on, fleet.most[mine])
        able.add(at, on, np.minimum((reach[at] / fleet.count[mine])[:, None], fleet.most[mine]))
    some = np.flatnonzero(rows["power_max_mw"].to_numpy(float) > 0)
    output = ports[f"{table}_output"]
    power = np.clip(np.minimum(most.value(x) - output.value(x), able.value(x)), 0.0, None)[some]
    return Room(np.array([f"{table} {n}" for n in rows.index[some]], object), power, output, most, able, some)


def with_room(dispatch: Dispatch, people: Participants, found: list[Room]) -> Participants:
    """The participants with columns (W2) after all others, and the rows (W3) last among the shared ones, one for each step."""
    acts, place = acting(dispatch), {name: g for g, text in enumerate(people.names) for name in str(text).split(" + ")}
    old, steps = len(people.x), len(dispatch.case.time)
    of = [np.array([place.get(acts[str(n)], -1) for n in room.names], int) for room in found]
    whose, power = np.concatenate(of), np.concatenate([room.power for room in found])
    own = np.where(whose[:, None] >= 0, old + (np.cumsum(whose >= 0) - 1)[:, None] * steps + np.arange(steps), -1)
    whose, power = whose[whose >= 0], power[whose >= 0]
    form = _wider(people.form, *power.shape)
    edges = np.cumsum([0, *(len(room.names) for room in found)])
    for room, first, last in zip(found, edges[:-1], edges[1:], strict=True):
        for limit, less in ((room.most, room.output), (room.able, None)):
            form = extend(form, _within(own[first:last], room.some, limit, less, len(form.cost)))
    step = np.arange(steps)
    shared = sp.csr_array((np.ones(power.size), (np.tile(step, len(power)), old + np.arange(power.size))), shape=(steps, len(form.cost)))
    ids = len(form.row_lower) + step
    form = extend(form, Rows(power.sum(axis=0), np.full(steps, np.inf), step, shared))
    return replace(people, form=form, x=np.append(people.x, power), part=np.append(people.part, np.repeat(whose, steps)),
                   shared=np.append(people.shared, ids), added=dict(people.added), paths=None)  # fmt: skip


def _wider(form: StandardForm, count: int, steps: int) -> StandardForm:
    """The form with `count` columns more for each step."""
    more, matrix = count * steps, form.matrix.copy()
    matrix.resize((matrix.shape[0], matrix.shape[1] + more))
    none = np.zeros(more)
    return replace(
        form, cost=np.append(form.cost, none), square=np.append(form.square, none), lower=np.append(form.lower, none),
        upper=np.append(form.upper, none + np.inf), optional=np.append(form.optional, none > 0), matrix=matrix,
        column_step=np.append(form.column_step, np.tile(np.arange(steps), count)),
    )  # fmt: skip


def _within(own: np.ndarray, some: np.ndarray, limit: Port, less: Port | None, columns: int) -> Rows:
    """Rows r <= limit - less of the columns `own` (n, T), -1 where there are none, at places `some` (n,) of the ports."""
    kept = np.flatnonzero(own[:, 0] >= 0)
    steps, rank = own.shape[1], np.full(limit.size, -1)
    rank[some[kept]] = np.arange(len(kept))
    ids = np.arange(len(kept) * steps).reshape(-1, steps)
    ports = [(limit, -1.0), *([] if less is None else [(less, 1.0)])]
    upper = limit.constant[some[kept]] - (0.0 if less is None else less.constant[some[kept]])
    row, col, coef = [ids], [own[kept]], [np.ones(ids.shape)]
    for port, sign in ports:
        for at, cols, factor in port.offers():
            here = np.flatnonzero(rank[at] >= 0)
            row.append(ids[rank[at[here]]])
            col.append(cols[here])
            coef.append(sign * factor[here])
    rows, cols, values = (np.concatenate([v.ravel() for v in parts]) for parts in (row, col, coef))
    matrix = sp.csr_array((values, (rows, cols)), shape=(ids.size, columns))
    return Rows(np.full(ids.size, -np.inf), upper.ravel(), np.tile(np.arange(steps), len(kept)), matrix)
