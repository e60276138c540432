"""A starting basis for a long horizon: solve overlapping windows of it, cut them where they overlap, join their bases.

Windows need to know what the rest of the year is worth to them. A coarse pass over the whole horizon (longer steps) gives duals y of
the rows that reach across a window's end (stored energy, water, contracts); they enter a window's cost as

    cost[j] - sum over rows i outside the window of y[i] A[i,j]                                     (W1)

and values of columns before the window enter its right-hand sides. Nothing here decides the result: the joined basis only starts the
lazy loop on the full program, which proves the optimum as always. Chains of windows run side by side.

Rows that link the steps of a month (an energy contract) are only priced in short windows, which then use too much or too little. A second
pass solves whole contract periods with those rows inside, each from the joined basis of its windows: pivots that would each cost a pass
over the year cost a pass over a month.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from gridopt.dispatch.lazy import CLEAR, FEASIBLE, Relaxed
from gridopt.program.builder import Family
from gridopt.program.highs import BASIC, LOWER, OPTIMAL, UPPER, Highs
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
            # Dates inside a long step can give it other members (islands, seasons): nothing is known of this family then.
            continue
        part = values[other.ids]
        if "time" in family.over:
            part = part[..., inside] * (1.0 if family.unit in STOCKS else rate)
        result[family.ids] = part
    return result


BAND = 0.005
"""How far from its guess a slow level may end a held window, as a share of its range."""


@dataclass
class Plan:
    """The full program in order of time, for slicing. `columns`, `rows`: builder ids in that order, `place`: its inverse for columns;
    `col_at`, `row_at` (T+2,): where step t-1 begins; `reach`: steps back that rows look. Rows that link steps come first: `span` (2, k)
    are their first and last steps. `duals`: estimates for all rows; `end_price`: reduced costs of the last step's columns;
    `carry`: columns that rows of later steps look at, and those rows; `guess`: values; `slow`: places of levels that follow the seasons.
    """

    relaxed: Relaxed
    columns: np.ndarray
    place: np.ndarray
    rows: np.ndarray
    matrix: sp.csr_array
    col_at: np.ndarray
    row_at: np.ndarray
    reach: int
    span: np.ndarray
    duals: np.ndarray
    link_cost: np.ndarray
    end_price: np.ndarray
    carry: tuple[np.ndarray, np.ndarray]
    guess: np.ndarray
    slow: np.ndarray

    @property
    def steps(self) -> int:
        return len(self.col_at) - 2

    def part(self, at: np.ndarray, first: int, last: int) -> slice:
        """Place of steps first..last-1 in the order of `at`."""
        return slice(at[first + 1], at[last + 1])


def plan(relaxed: Relaxed, steps: int, duals: np.ndarray, guess: np.ndarray, slow: np.ndarray) -> Plan:
    """Orders columns and core rows by step."""
    form = relaxed.form
    used = np.flatnonzero(relaxed.used)
    columns = used[np.argsort(form.column_step[used], kind="stable")]
    place = np.full(len(form.cost), -1)
    place[columns] = np.arange(len(columns))
    rows = np.argsort(form.row_step, kind="stable")
    matrix = sp.csr_array(form.matrix[rows][:, columns])
    edges = np.arange(-1, steps + 1)
    col_at, row_at = (np.searchsorted(s, edges) for s in (form.column_step[columns], form.row_step[rows]))
    step = form.column_step[columns]
    links = row_at[1]
    body = matrix[links:].tocoo()
    ahead = form.row_step[rows][links:][body.coords[0]] - step[body.coords[1]]
    reach = int(ahead.max(initial=0))
    carry = np.unique(body.coords[1][ahead > 0]), np.unique(body.coords[0][ahead > 0]) + links
    y = duals[rows]
    span = np.array([[f(step[matrix.indices[matrix.indptr[i] : matrix.indptr[i + 1]]], initial=e) for i in range(links)]
                     for f, e in ((np.min, steps), (np.max, -1))]).reshape(2, links)  # fmt: skip
    end = slice(col_at[steps], col_at[steps + 1])
    end_price = form.cost[columns[end]] - matrix[:, end].T @ y
    return Plan(relaxed, columns, place, rows, matrix, col_at, row_at, reach, span, y, matrix[:links].T @ y[:links], end_price, carry, guess[columns], np.sort(place[slow]))


@dataclass
class Seed:
    """A starting basis of a window: statuses in time order, and lazy rows to write with theirs: family -> (element, step, status)."""

    column: np.ndarray
    row: np.ndarray
    lazy: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]


@dataclass
class Outcome(Seed):
    """An optimal window: steps first..last-1, values x of its columns, statuses `link` of the linking rows that lie inside it."""

    first: int
    last: int
    x: np.ndarray
    link: tuple[np.ndarray, np.ndarray]


def solve_window(plan: Plan, first: int, last: int, before: np.ndarray, seed: Seed | None, held: bool = False) -> Outcome | None:
    """One window. `before`: values of all columns in time order, used for steps before `first`. None if it has no optimum.

    A `held` window keeps to the guess's part of the budgets of rows that reach beyond it, and to its slow levels at the end: at exact prices
    alone it would as soon use too much as too little. Where that is out of reach it is solved once more with prices alone.
    """
    form = plan.relaxed.form
    cols, rows = plan.part(plan.col_at, first, last), plan.part(plan.row_at, first, last)
    past, after = plan.part(plan.col_at, max(first - plan.reach, 0), first), plan.part(plan.row_at, last, min(last + plan.reach, plan.steps))
    inner = np.flatnonzero((plan.span[0] >= first) & (plan.span[1] < last) & (plan.span[1] >= plan.span[0]))
    block, links = plan.matrix[rows], plan.matrix[inner][:, cols]
    given = block[:, past] @ before[past]
    ids, row_ids = plan.columns[cols], plan.rows[rows]
    cost = form.cost[ids] - plan.link_cost[cols] + links.T @ plan.duals[inner] - plan.matrix[after][:, cols].T @ plan.duals[after]
    lower = form.lower[ids].copy()
    if last == plan.steps and last - first > 1:
        # Levels asked for at the very end may be out of reach from where the earlier windows went: free them, at their price.
        size = len(plan.end_price)
        lower[-size:] = np.minimum(lower[-size:], lower[-2 * size : -size])
        cost[-size:] -= np.maximum(plan.end_price, 0.0)
    upper = form.upper[ids].copy()
    link_ids = plan.rows[inner]
    low, high = form.row_lower[link_ids], form.row_upper[link_ids]
    if held:
        budget = np.setdiff1d(np.flatnonzero(np.abs(plan.duals[: plan.row_at[1]]) > CLEAR), inner)
        part, price = plan.matrix[budget][:, cols], plan.duals[budget]
        cost, share = cost + part.T @ price, part @ plan.guess[cols]
        links = sp.csr_array(sp.vstack([links, part], format="csr"))
        low, high = np.append(low, np.where(price > 0, share, -np.inf)), np.append(high, np.where(price < 0, share, np.inf))
        final = plan.part(plan.col_at, last - 1, last)
        slow = plan.slow[(plan.slow >= final.start) & (plan.slow < final.stop)]
        if last < plan.steps:
            band = BAND * (upper[slow - cols.start] - lower[slow - cols.start])
            lower[slow - cols.start] = np.maximum(lower[slow - cols.start], plan.guess[slow] - band)
            upper[slow - cols.start] = np.minimum(upper[slow - cols.start], plan.guess[slow] + band)
    highs = Highs(simplex_dual_edge_weight_strategy=1)
    matrix = sp.csr_array(sp.vstack([links, block[:, cols]], format="csr"))
    low, high = (np.concatenate([a, b[row_ids] - given]) for a, b in ((low, form.row_lower), (high, form.row_upper)))
    highs.load(cost, lower, upper, matrix, low, high)
    window = Window(plan, highs, ids, before, first, last)
    if seed is not None:
        window.write({n: v[:2] for n, v in seed.lazy.items()})
        lazy = [seed.lazy[f.family.name][2] for f in plan.relaxed.families if f.family.name in seed.lazy]
        highs.set_basis(seed.column, np.concatenate([np.full(links.shape[0], BASIC, np.int32), seed.row, *lazy]))
    while True:
        if highs.run() != OPTIMAL:
            return solve_window(plan, first, last, before, seed) if held else None
        x, _ = highs.solution()
        chosen = window.broken(x)
        if not chosen:
            break
        window.write(chosen)
    column, row = highs.basis()
    core = links.shape[0]
    lazy = {n: (w[0], w[1], row[w[2]]) for n, w in window.written.items()}
    return Outcome(column, row[core : core + len(row_ids)], lazy, first, last, x, (inner, row[: len(inner)]))


class Window:
    """The lazy rows of one window. `written`: family -> (element, step, row in HiGHS)."""

    def __init__(self, plan: Plan, highs: Highs, ids: np.ndarray, before: np.ndarray, first: int, last: int):
        self.plan, self.highs, self.ids, self.before = plan, highs, ids, before
        self.first, self.last = first, last
        self.rank = np.full(len(plan.place), -1)
        self.rank[ids] = np.arange(len(ids))
        self.full = np.zeros(len(plan.place))
        past = plan.part(plan.col_at, max(first - plan.reach - 1, 0), first)
        self.full[plan.columns[past]] = before[past]
        self.written: dict[str, np.ndarray] = {}

    def broken(self, x: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Lazy rows of the window that x breaks and that are not written in it."""
        self.full[self.ids] = x
        chosen, part = {}, slice(self.first, self.last)
        for f in self.plan.relaxed.families:
            activity = f.activity(self.full, part)
            wrong = (activity > f.upper[:, part] + FEASIBLE) | (activity < f.lower[:, part] - FEASIBLE)
            if f.family.name in self.written:
                element, step, _ = self.written[f.family.name]
                wrong[element, step - self.first] = False
            element, step = np.nonzero(wrong)
            if len(element):
                chosen[f.family.name] = (element, step + self.first)
        return chosen

    def write(self, chosen: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
        """Writes lazy rows into HiGHS; their parts on earlier columns go to the right-hand side."""
        parts: list[Rows] = []
        count = self.highs.rows
        for f in self.plan.relaxed.families:
            if f.family.name not in chosen:
                continue
            element, step = chosen[f.family.name]
            row, col, coef, constant = f.expand(element, step)
            here = self.rank[col] >= 0
            constant = constant + np.bincount(row[~here], (coef * self.full[col])[~here], len(element))
            matrix = sp.csr_array((coef[here], (row[here], self.rank[col[here]])), shape=(len(element), self.highs.columns))
            matrix.sum_duplicates()
            parts.append(Rows(f.lower[element, step] - constant, f.upper[element, step] - constant, step, matrix))
            new = np.array([element, step, np.arange(count, count + len(element))])
            count += len(element)
            self.written[f.family.name] = np.concatenate([self.written.get(f.family.name, np.zeros((3, 0), int)), new], axis=1)
        rows = stack(parts, self.highs.columns)
        self.highs.add_rows(rows.lower, rows.upper, rows.matrix)


def shifted(plan: Plan, start: Outcome, first: int, last: int) -> Seed:
    """Statuses for a window from the one before it: its own where they overlap, else those of the same hour one window earlier."""
    by = first - start.first
    steps = np.arange(first, last)
    source = np.clip(np.where(steps < start.last, steps, steps - by), start.first, start.last - 1) - start.first
    statuses = []
    for at, values in ((plan.col_at, start.column), (plan.row_at, start.row)):
        size = at[first + 2] - at[first + 1]
        table = values.reshape(-1, size) if size else np.zeros((start.last - start.first, 0), np.int32)
        statuses.append(table[source].ravel())
    lazy = {}
    for name, (element, step, status) in start.lazy.items():
        same = np.flatnonzero((step >= first) & (step < start.last))
        tight = np.flatnonzero((status != BASIC) & (step + by >= start.last) & (step + by < last))
        if len(same) + len(tight):
            lazy[name] = tuple(np.concatenate([v[same], w[tight]]) for v, w in ((element, element), (step, step + by), (status, status)))
    return Seed(*statuses, lazy)


def chains(plan: Plan, guess: np.ndarray, *, length: int, stride: int, workers: int) -> list[Outcome]:
    """Windows of `length` steps every `stride`, each started from the one before it; `workers` chains side by side.

    `guess`: values in time order that the first window of each chain takes for the steps before it.
    """
    starts = np.arange(0, max(plan.steps - (length - stride), 1), stride)

    def run(chain) -> list[Outcome]:
        before, last, done = guess.copy(), None, []
        for first in chain:
            first, end = int(first), int(min(first + length, plan.steps))
            last = solve_window(plan, first, end, before, None if last is None else shifted(plan, last, first, end))
            if last is None:
                # The windows before it went where this one cannot go on from; the guess can.
                before = guess.copy()
                last = solve_window(plan, first, end, before, None, held=True) or _nothing(plan, first, end, guess)
            before[plan.part(plan.col_at, last.first, last.last)] = last.x
            done.append(last)
        return done

    with ThreadPoolExecutor(workers) as pool:
        return [o for part in pool.map(run, np.array_split(starts, workers)) for o in part]


@dataclass
class Joined(Seed):
    """Statuses of all columns and core rows in time order, and values x."""

    x: np.ndarray

    def part(self, plan: Plan, first: int, last: int) -> Seed:
        """What belongs to steps first..last-1."""
        lazy = {}
        for name, (element, step, status) in self.lazy.items():
            mine = (step >= first) & (step < last)
            if mine.any():
                lazy[name] = (element[mine], step[mine], status[mine])
        return Seed(self.column[plan.part(plan.col_at, first, last)], self.row[plan.part(plan.row_at, first, last)], lazy)


def _nothing(plan: Plan, first: int, last: int, guess: np.ndarray) -> Outcome:
    """A window about which nothing is known: slacks basic, columns at their lower bounds, values of the guess."""
    cols, rows = plan.part(plan.col_at, first, last), plan.part(plan.row_at, first, last)
    none = (np.zeros(0, int), np.zeros(0, np.int32))
    column, row = np.full(cols.stop - cols.start, LOWER, np.int32), np.full(rows.stop - rows.start, BASIC, np.int32)
    return Outcome(column, row, {}, first, last, guess[cols].copy(), none)


def join(plan: Plan, outcomes: list[Outcome], lead: int) -> Joined:
    """Each step's statuses from the window that begins at least `lead` steps earlier (the first window: from its first step)."""
    column, row = np.full(len(plan.columns), LOWER, np.int32), np.full(len(plan.rows), BASIC, np.int32)
    x = np.zeros(len(plan.columns))
    lazy: dict[str, list] = {}
    for i, o in enumerate(outcomes):
        first = o.first + lead if i else o.first
        last = outcomes[i + 1].first + lead if i + 1 < len(outcomes) else o.last
        for at, pairs in ((plan.col_at, ((o.column, column), (o.x, x))), (plan.row_at, ((o.row, row),))):
            base, part = at[o.first + 1], plan.part(at, first, last)
            for values, target in pairs:
                target[part] = values[part.start - base : part.stop - base]
        row[o.link[0]] = o.link[1]
        extra = sum(int((s[(t >= first) & (t < last)] == BASIC).sum()) - int(((t >= first) & (t < last)).sum()) for _, t, s in o.lazy.values())
        extra += int((o.link[1] == BASIC).sum()) - len(o.link[1])
        _square(plan, column, row, o, first, last, extra)
        for name, (element, step, status) in o.lazy.items():
            mine = (step >= first) & (step < last)
            lazy.setdefault(name, []).append((element[mine], step[mine], status[mine]))
    return Joined(column, row, {n: tuple(np.concatenate([p[k] for p in parts]) for k in range(3)) for n, parts in lazy.items()}, x)


def _square(plan: Plan, column: np.ndarray, row: np.ndarray, o: Outcome, first: int, last: int, extra: int) -> None:
    """As many basic columns as rows in steps first..last-1; `extra`: the surplus among rows that are not in `row`.

    A surplus leaves by levels near the end of the stretch, which move to their nearer bound; a deficit is met by the slacks of rows near its
    beginning that look back.
    """
    cols, rows = plan.part(plan.col_at, first, last), plan.part(plan.row_at, first, last)
    surplus = int((column[cols] == BASIC).sum()) + int((row[rows] == BASIC).sum()) - (rows.stop - rows.start) + extra
    if surplus > 0:
        level = plan.carry[0][(plan.carry[0] >= cols.start) & (plan.carry[0] < cols.stop)]
        level = level[column[level] == BASIC][::-1][:surplus]
        ids = plan.columns[level]
        form, x = plan.relaxed.form, o.x[level - plan.col_at[o.first + 1]]
        column[level] = np.where(x - form.lower[ids] <= form.upper[ids] - x, LOWER, UPPER)
    elif surplus < 0:
        look = plan.carry[1][(plan.carry[1] >= rows.start) & (plan.carry[1] < rows.stop)]
        row[look[row[look] != BASIC][:-surplus]] = BASIC


def periods(plan: Plan, least: int) -> list[int]:
    """Steps at which no short linking row (a contract of a month, say) is cut, at least `least` apart, with 0 and the end."""
    short = plan.span[:, (plan.span[1] - plan.span[0] < plan.steps // 2) & (plan.span[1] >= plan.span[0])]
    crossed = np.zeros(plan.steps + 1, int)
    np.add.at(crossed, short[0] + 1, 1)
    np.add.at(crossed, short[1] + 1, -1)
    free = np.cumsum(crossed) == 0
    cuts = [0]
    for t in np.unique(np.concatenate([short[0], short[1] + 1])):
        if free[t] and t - cuts[-1] >= least and plan.steps - t >= least:
            cuts.append(int(t))
    return [*cuts, plan.steps]


def by_period(plan: Plan, joined: Joined, cuts: list[int], tail: int, workers: int) -> list[Outcome]:
    """Solves whole periods with their linking rows inside, each from its part of `joined`, with `tail` steps of look-ahead.

    A period that cannot be met from where the windows before it went keeps its part of `joined`.
    """

    def run(k: int) -> Outcome:
        first, last = cuts[k], min(cuts[k + 1] + tail, plan.steps)
        seed = joined.part(plan, first, last)
        found = solve_window(plan, first, last, joined.x, seed, held=True)
        if found is not None:
            return found
        none = (np.zeros(0, int), np.zeros(0, np.int32))
        return Outcome(seed.column, seed.row, seed.lazy, first, last, joined.x[plan.part(plan.col_at, first, last)], none)

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(run, range(len(cuts) - 1)))


def start(relaxed: Relaxed, steps: int, duals, guess, slow, *, length: int, stride: int, workers: int):
    """Basis (columns, rows) by builder id; the lazy rows it needs are written into `relaxed`.

    duals (m,), guess (n,): estimates by builder id; slow: ids of levels that follow the seasons. First windows of `length` steps every `stride`, then whole contract periods.
    """
    order = plan(relaxed, steps, duals, guess, slow)
    outcomes = chains(order, guess[order.columns], length=length, stride=stride, workers=workers)
    joined = join(order, outcomes, (length - stride) // 2)
    cuts = periods(order, 2 * length)
    if len(cuts) > 2:
        joined = join(order, by_period(order, joined, cuts, (length - stride) // 2, workers), 0)
    columns, rows = np.full(len(relaxed.form.cost), LOWER, np.int32), np.full(len(order.rows), BASIC, np.int32)
    columns[order.columns], rows[order.rows] = joined.column, joined.row
    names = [f.family.name for f in relaxed.families if f.family.name in joined.lazy]
    relaxed.write({n: joined.lazy[n][:2] for n in names})
    return columns, np.concatenate([rows, *(joined.lazy[n][2] for n in names)])
