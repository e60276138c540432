"""A starting basis for a long horizon: solve overlapping windows of it, cut them where they overlap, join their bases.

Windows need to know what the rest of the year is worth to them. A coarse pass over the whole horizon (longer steps) gives duals y of
the rows that reach across a window's end (stored energy, water, contracts); they enter a window's cost as

    cost[j] - sum over rows i outside the window of y[i] A[i,j]                                     (W1)

and values of columns before the window enter its right-hand sides. Nothing here decides the result: the joined basis only starts the
lazy loop on the full program, which proves the optimum as always. Two chains of windows run side by side.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from gridopt.dispatch.lazy import FEASIBLE, Relaxed
from gridopt.program.builder import Family
from gridopt.program.highs import BASIC, LOWER, OPTIMAL, Highs
from gridopt.program.standard_form import Rows, stack

STOCKS = ("MWh", "hm3", "t")
"""Units of rows that balance an amount: their duals do not depend on the length of a step. Others balance a rate."""


def lay_out(values: np.ndarray, coarse: list[Family], fine: list[Family], inside: np.ndarray, rate: np.ndarray | float = 1.0) -> np.ndarray:
    """Values by coarse id laid onto the ids of the same families over finer steps; `inside` (T,): coarse step of each fine one.

    Duals of rows that balance a rate (not an amount) are scaled by `rate`, the length of the fine step over that of the coarse one.
    """
    known = {f.name: f for f in coarse}
    result = np.zeros(sum(f.size for f in fine))
    for family in fine:
        other = known[family.name]
        if family.shape[:-1] != other.shape[:-1]:
            raise ValueError(f"family '{family.name}' has other members in the coarse program")
        part = values[other.ids]
        if "time" in family.over:
            part = part[..., inside] * (1.0 if family.unit in STOCKS else rate)
        result[family.ids] = part
    return result


@dataclass
class Plan:
    """The full program in order of time, for slicing. `columns`, `rows`: builder ids in that order, `place`: its inverse for columns;
    `col_at`, `row_at` (T+2,): where step t-1 begins; `reach`: steps back that rows look; `duals`, `link_cost`: terms of (W1);
    `end_price`: reduced costs of the last step's columns."""

    relaxed: Relaxed
    columns: np.ndarray
    place: np.ndarray
    rows: np.ndarray
    matrix: sp.csr_array
    col_at: np.ndarray
    row_at: np.ndarray
    reach: int
    duals: np.ndarray
    link_cost: np.ndarray
    end_price: np.ndarray

    @property
    def steps(self) -> int:
        return len(self.col_at) - 2

    def span(self, at: np.ndarray, first: int, last: int) -> slice:
        return slice(at[first + 1], at[last + 1])


def plan(relaxed: Relaxed, steps: int, duals: np.ndarray) -> Plan:
    """Orders columns and core rows by step; rows that link steps come first and enter the cost by their duals (W1)."""
    form = relaxed.form
    used = np.flatnonzero(relaxed.used)
    columns = used[np.argsort(form.column_step[used], kind="stable")]
    place = np.full(len(form.cost), -1)
    place[columns] = np.arange(len(columns))
    rows = np.argsort(form.row_step, kind="stable")
    matrix = sp.csr_array(form.matrix[rows][:, columns])
    edges = np.arange(-1, steps + 1)
    col_at, row_at = (np.searchsorted(s, edges) for s in (form.column_step[columns], form.row_step[rows]))
    coo = matrix[row_at[1] :].tocoo()
    step = form.row_step[rows][row_at[1] :]
    reach = int((step[coo.coords[0]] - form.column_step[columns][coo.coords[1]]).max(initial=0))
    y = duals[rows]
    link_cost = matrix[: row_at[1]].T @ y[: row_at[1]]
    end = slice(col_at[steps], col_at[steps + 1])
    end_price = form.cost[columns[end]] - matrix[:, end].T @ y
    return Plan(relaxed, columns, place, rows, matrix, col_at, row_at, reach, y, link_cost, end_price)


@dataclass
class Outcome:
    """Values and statuses of the columns and core rows of steps first..last-1 in time order, and the lazy rows that were needed:
    family -> (element, step, status)."""

    first: int
    last: int
    x: np.ndarray
    column_status: np.ndarray
    row_status: np.ndarray
    lazy: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]


def solve_window(plan: Plan, first: int, last: int, before: np.ndarray, start: Outcome | None) -> Outcome | None:
    """One window. `before`: values of all columns in time order, used for steps before `first`. None if it has no optimum."""
    form = plan.relaxed.form
    cols, rows = plan.span(plan.col_at, first, last), plan.span(plan.row_at, first, last)
    past, after = plan.span(plan.col_at, max(first - plan.reach, 0), first), plan.span(plan.row_at, last, min(last + plan.reach, plan.steps))
    block = plan.matrix[rows]
    given = block[:, past] @ before[past]
    ids, row_ids = plan.columns[cols], plan.rows[rows]
    cost = form.cost[ids] - plan.link_cost[cols] - plan.matrix[after][:, cols].T @ plan.duals[after]
    lower = form.lower[ids].copy()
    if last == plan.steps and last - first > 1:
        # Levels asked for at the very end may be out of reach from where the earlier windows went: free them, at their price.
        final = plan.span(plan.col_at, last - 1, last)
        size = final.stop - final.start
        lower[-size:] = np.minimum(lower[-size:], lower[-2 * size : -size])
        cost[-size:] -= np.maximum(plan.end_price, 0.0)
    highs = Highs(simplex_dual_edge_weight_strategy=1)
    highs.load(cost, lower, form.upper[ids], sp.csr_array(block[:, cols]), form.row_lower[row_ids] - given, form.row_upper[row_ids] - given)
    rank = np.full(len(form.cost), -1)
    rank[ids] = np.arange(len(ids))
    written: dict[str, list[np.ndarray]] = {}
    seed = _shifted(plan, start, first, last) if start is not None else None
    if seed is not None:
        columns, core, lazy = seed
        statuses = [core]
        for name, (element, step, status) in lazy.items():
            _append(plan, highs, rank, before, {name: (element, step)}, written)
            statuses.append(status)
        highs.set_basis(columns, np.concatenate(statuses))
    full = np.zeros(len(form.cost))
    full[plan.columns[past]] = before[past]
    while True:
        if highs.run() != OPTIMAL:
            return None
        x, _ = highs.solution()
        full[ids] = x
        chosen = _broken(plan.relaxed, full, first, last, written)
        if not chosen:
            break
        _append(plan, highs, rank, before, chosen, written)
    column_status, row_status = highs.basis()
    return Outcome(first, last, x, column_status, row_status[: len(row_ids)], _needed(written, row_status[len(row_ids) :]))


def _broken(relaxed: Relaxed, x, first, last, written):
    """Lazy rows of the window that x breaks and that are not written in it."""
    chosen = {}
    part = slice(first, last)
    for f in relaxed.families:
        activity = f.activity(x, part)
        wrong = (activity > f.upper[:, part] + FEASIBLE) | (activity < f.lower[:, part] - FEASIBLE)
        if f.family.name in written:
            element, step = written[f.family.name][0], written[f.family.name][1]
            wrong[element, step - first] = False
        element, step = np.nonzero(wrong)
        if len(element):
            chosen[f.family.name] = (element, step + first)
    return chosen


def _append(plan, highs, rank, before, chosen, written):
    """Writes lazy rows into the window; their parts on earlier columns go to the right-hand side."""
    parts = []
    for f in plan.relaxed.families:
        if f.family.name not in chosen:
            continue
        element, step = chosen[f.family.name]
        row, col, coef, constant = f.expand(element, step)
        here = rank[col] >= 0
        earlier = np.where(plan.place[col] >= 0, before[plan.place[col]], 0.0)
        constant = constant + np.bincount(row[~here], (coef * earlier)[~here], len(element))
        matrix = sp.csr_array((coef[here], (row[here], rank[col[here]])), shape=(len(element), highs.columns))
        matrix.sum_duplicates()
        parts.append(Rows(f.lower[element, step] - constant, f.upper[element, step] - constant, step, matrix))
        first = highs.rows + sum(len(p) for p in parts[:-1])
        new = np.array([element, step, np.arange(first, first + len(element))])
        written[f.family.name] = np.concatenate([written.get(f.family.name, np.zeros((3, 0), int)), new], axis=1)
    rows = stack(parts, highs.columns)
    highs.add_rows(rows.lower, rows.upper, rows.matrix)


def _needed(written, status):
    """Written rows with their statuses, by family."""
    if not written:
        return {}
    base = min(w[2].min() for w in written.values())
    return {name: (w[0], w[1], status[w[2] - base]) for name, w in written.items()}


def _shifted(plan: Plan, start: Outcome, first: int, last: int):
    """Statuses for a window from the one before it: its own where they overlap, else those of the same hour one window earlier."""
    shift = np.arange(first, last)
    source = np.where(shift < start.last, shift, shift - (first - start.first))
    source = np.clip(source, start.first, start.last - 1)
    statuses = []
    for at, values in ((plan.col_at, start.column_status), (plan.row_at, start.row_status)):
        size = at[first + 2] - at[first + 1]
        table = values.reshape(-1, size) if size else np.zeros((start.last - start.first, 0), np.int32)
        statuses.append(table[source - start.first].ravel())
    lazy = {}
    for name, (element, step, status) in start.lazy.items():
        pairs = [(np.flatnonzero((step >= first) & (step < start.last)), 0)]
        tight = np.flatnonzero((status != BASIC) & (step + (first - start.first) >= start.last) & (step + (first - start.first) < last))
        pairs.append((tight, first - start.first))
        keep = [(element[i], step[i] + by, status[i]) for i, by in pairs]
        lazy[name] = tuple(np.concatenate([k[n] for k in keep]) for n in range(3))
    return statuses[0], statuses[1], {n: v for n, v in lazy.items() if len(v[0])}


def starting_basis(plan: Plan, guess: np.ndarray, *, length: int, stride: int, workers: int):
    """(column statuses, core-row statuses by builder id, lazy rows: family -> (element, step, status)), or None if a window fails.

    `guess` (n,): values by builder id that the first window of each chain takes for the steps before it.
    """
    starts = np.arange(0, max(plan.steps - (length - stride), 1), stride)
    chains = np.array_split(starts, workers)
    with ThreadPoolExecutor(workers) as pool:
        results = list(pool.map(lambda chain: _chain(plan, guess[plan.columns], chain, length), chains))
    outcomes = [o for chain in results if chain is not None for o in chain]
    if len(outcomes) < len(starts):
        return None
    return _join(plan, outcomes, (length - stride) // 2)


def _chain(plan: Plan, before: np.ndarray, starts, length: int) -> list[Outcome] | None:
    before, last, done = before.copy(), None, []
    for first in starts:
        last = solve_window(plan, int(first), int(min(first + length, plan.steps)), before, last)
        if last is None:
            return None
        before[plan.span(plan.col_at, last.first, last.last)] = last.x
        done.append(last)
    return done


def _join(plan: Plan, outcomes: list[Outcome], lead: int):
    """Each step's statuses from the window that has it well inside."""
    form = plan.relaxed.form
    column = np.full(len(form.cost), LOWER, np.int32)
    row = np.full(len(plan.rows), BASIC, np.int32)
    lazy: dict[str, list] = {}
    for i, o in enumerate(outcomes):
        first = o.first + lead if i else o.first
        last = outcomes[i + 1].first + lead if i + 1 < len(outcomes) else o.last
        for at, ids, values, target in ((plan.col_at, plan.columns, o.column_status, column), (plan.row_at, plan.rows, o.row_status, row)):
            base = at[o.first + 1]
            part = plan.span(at, first, last)
            target[ids[part]] = values[part.start - base : part.stop - base]
        for name, (element, step, status) in o.lazy.items():
            mine = (step >= first) & (step < last)
            lazy.setdefault(name, []).append((element[mine], step[mine], status[mine]))
    joined = {n: tuple(np.concatenate([p[k] for p in parts]) for k in range(3)) for n, parts in lazy.items()}
    return column, row, joined


def start(coarse_solution, coarse_builder, relaxed: Relaxed, builder, inside: np.ndarray, rate: np.ndarray, *, length, stride, workers):
    """Basis (columns, rows) by builder id from windows of `length` steps every `stride`; the lazy rows they needed are written into
    `relaxed`. None if a window found no optimum."""
    duals = lay_out(coarse_solution.y, coarse_builder.row_families, builder.row_families, inside, rate)
    guess = lay_out(coarse_solution.x, coarse_builder.column_families, builder.column_families, inside)
    found = starting_basis(plan(relaxed, len(inside), duals), guess, length=length, stride=stride, workers=workers)
    if found is None:
        return None
    column, row, lazy = found
    order = [f.family.name for f in relaxed.families if f.family.name in lazy]
    relaxed.write({n: lazy[n][:2] for n in order})
    return column, np.concatenate([row, *(lazy[n][2] for n in order)])
