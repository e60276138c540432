"""The same offers in a market that sees another network: none at all, zones with exchanges, or margins of a few branches.

    min  sum_g c_g x_g   over  x_g in X_g  (participants.py),  reserves and losses as they are, and in place of balance and limits

    sum_b W[k,b] P[b,t[k]] + sum_e V[k,e] E[e,t[k]]  in  [low[k], high[k]]                                               (O1)
    -back[e] <= E[e,t] <= most[e]                                                                                        (O2)

P: injections MW, E: exchanges MW that cost nothing. Whole values are decided anew, to the gap that was asked for in the schedule at hand.

    price[b,t] = sum_k y[k] W[k,b] / h[t]  +  part by losses,   y: duals of (O1), by the rule for several right ones     (O3)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import scipy.sparse as sp

from gridopt.dispatch.attempts import Search
from gridopt.dispatch.formulate import implied
from gridopt.dispatch.lazy import Relaxed, solve
from gridopt.dispatch.lmp import LOSSES
from gridopt.dispatch.participants import BALANCE, Participants
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.right_duals import choose, demand, spread
from gridopt.dispatch.whole import decide
from gridopt.program.standard_form import Rows, StandardForm, extend


@dataclass(frozen=True)
class Network:
    """(O1), (O2): weights W (k, B), exchanged V (k, E), step int (k,), low, high MW (k,); names (E,), back, most MW (E, T)."""

    weights: np.ndarray
    exchanged: np.ndarray
    step: np.ndarray
    low: np.ndarray
    high: np.ndarray
    names: list[str]
    back: np.ndarray
    most: np.ndarray


@dataclass(frozen=True)
class Cleared:
    """A schedule on another network: `schedule` with the quantities and flows that it would have, its participants with prices `dual` of
    the shared rows (k,), price CNY/MWh (B, T), exchange MW (E, T), dual of the rows (O1) by row (k,) CNY per MW and step."""

    schedule: Dispatch
    people: Participants
    dual: np.ndarray
    price: np.ndarray
    exchange: np.ndarray
    row_dual: np.ndarray


def zones_of(case) -> tuple[list[str], np.ndarray]:
    """Names of the zones and zone of each bus, int (B,)."""
    names, zone = np.unique(case.table("bus")["zone"].astype(str), return_inverse=True)
    return [str(n) for n in names], zone


def zonal(case, borders: list[tuple[int, int]], back: np.ndarray, most: np.ndarray) -> Network:
    """Every zone balanced with its exchanges over borders (from, to) (E,), limits MW (E, T)."""
    names, zone = zones_of(case)
    steps, count = len(case.time), len(names)
    member = (np.arange(count)[:, None] == zone).astype(float)
    leaves = np.zeros((count, len(borders)))
    for e, (first, second) in enumerate(borders):
        leaves[first, e], leaves[second, e] = leaves[first, e] - 1.0, leaves[second, e] + 1.0
    none, labels = np.zeros(count * steps), [f"{names[a]}-{names[b]}" for a, b in borders]
    step = np.repeat(np.arange(steps), count)
    return Network(np.tile(member, (steps, 1)), np.tile(leaves, (steps, 1)), step, none, none, labels, back, most)


def clear(dispatch: Dispatch, network: Network | None, choice: str = "lower", held: np.ndarray | None = None) -> Cleared:
    """The schedule and prices of the offers of `dispatch` on `network`; None: no limits at all. held (n,): values whose whole ones are kept.

    Raises Infeasible, LimitReached, SolverFailed.
    """
    nothing = np.zeros((0, len(dispatch.case.time)))
    empty = Network(np.zeros((0, len(dispatch.case.table("bus")))), nothing.T[:0], np.zeros(0, int), nothing[:, 0], nothing[:, 0], [],
                    nothing, nothing)  # fmt: skip
    people, network = _people(dispatch, network), network or empty
    form = people.form
    if held is not None:
        lower, upper, whole = form.lower.copy(), form.upper.copy(), form.integer
        lower[whole] = upper[whole] = np.round(held[whole])
        form = replace(form, lower=lower, upper=upper)
    relaxed, model = Relaxed(form, people.families), dispatch.model
    relaxed.added = dict(people.added)
    if len(form.integer):
        solution = decide(relaxed, Search.again(dispatch.solution), implied=partial(implied, model))
    else:
        solution = solve(relaxed)
    written = np.arange(len(people.form.row_lower), len(solution.form.row_lower))
    open_form = replace(solution.form, lower=people.form.lower, upper=people.form.upper)
    shared = np.append(people.shared, written)
    people = replace(people, form=open_form, x=solution.x, added=solution.added, shared=shared)
    first = len(open_form.row_lower) - len(written) - len(network.step)
    rows = np.arange(first, first + len(network.step))
    load, size = demand(Dispatch(dispatch.case, model, solution)), len(open_form.row_lower)
    payment, order = (_payment(people, network, rows, w, size) for w in (load, spread(load.shape)))
    y = choose(solution.form, solution.x, payment, order, choice)
    schedule = Dispatch(dispatch.case, model, replace(solution, y=y))
    price = schedule.port_price("injection")
    np.add.at(price.T, network.step, y[rows][:, None] * network.weights)
    exchange = solution.x[model.builder.column_count :].reshape(len(network.names), load.shape[1])
    return Cleared(schedule, people, y[shared], price / dispatch.case.time.hours, exchange, y[rows])


def _payment(people: Participants, network: Network, rows: np.ndarray, weight: np.ndarray, size: int) -> np.ndarray:
    """What one unit of each row's dual adds to the sum of weight (B, T) x price x hours (m,)."""
    found = np.zeros(size)
    found[people.shared] = people.payment(weight)  # by losses alone: the rows that balance the true network are not shared here
    found[rows] = np.einsum("kb,bk->k", network.weights, weight[:, network.step])
    return found


def _people(dispatch: Dispatch, network: Network | None) -> Participants:
    """The participants with (O1) as their shared rows; rows of the true network are left in place without limits. Without a network
    its balance stays."""
    own = Participants.of(dispatch)
    lossy = [f for f in own.families if f.family.name.split(".")[0] in LOSSES]
    balance = [own.steady[BALANCE]] if network is not None else []
    gone = [np.zeros(0, int), *balance, *(ids[2] for name, ids in own.added.items() if name not in {f.family.name for f in lossy})]
    free = np.concatenate(gone).astype(int)
    low, high = own.form.row_lower.copy(), own.form.row_upper.copy()
    low[free], high[free] = -np.inf, np.inf
    added = {f.family.name: own.added[f.family.name] for f in lossy if f.family.name in own.added}
    form, kept = replace(own.form, row_lower=low, row_upper=high), np.setdiff1d(own.shared, free)
    if network is None:
        return replace(own, form=form, shared=kept, families=lossy, added=added)
    form = _wider(form, network)
    rows = _rows(dispatch, network, own.form.matrix.shape[1])
    first = len(form.row_lower)
    shared = np.append(kept, np.arange(first, first + len(rows)))
    count, steps = network.most.shape
    part = np.append(own.part, len(own.names) + np.repeat(np.arange(count), steps))
    names = np.append(own.names, np.array([f"exchange {n}" for n in network.names], object))
    x = np.append(own.x, np.zeros(count * steps))
    steady = {name: ids for name, ids in own.steady.items() if name != BALANCE}
    return Participants(extend(form, rows), shared, part, names, x, lossy, added, own.balance, steady, own.follow, own.known)


def _wider(form: StandardForm, network: Network) -> StandardForm:
    """The form with columns (O2)."""
    more, steps = network.most.size, network.most.shape[1]
    matrix = form.matrix.copy()
    matrix.resize((matrix.shape[0], matrix.shape[1] + more))
    none = np.zeros(more)
    return replace(
        form, cost=np.append(form.cost, none), square=np.append(form.square, none), lower=np.append(form.lower, -network.back.ravel()),
        upper=np.append(form.upper, network.most.ravel()), optional=np.append(form.optional, none.astype(bool)), matrix=matrix,
        column_step=np.append(form.column_step, np.tile(np.arange(steps), len(network.most))),
    )  # fmt: skip


def _rows(dispatch: Dispatch, network: Network, columns: int) -> Rows:
    """(O1), what is given of injections on the other side."""
    row, col, coef, constant = dispatch.model.builder.port("injection").weighted(network.weights, network.step)
    k, e = np.nonzero(network.exchanged)
    steps = network.most.shape[1]
    row, coef = np.append(row, k), np.append(coef, network.exchanged[k, e])
    col = np.append(col, columns + e * steps + network.step[k])
    matrix = sp.csr_array((coef, (row, col)), shape=(len(network.step), columns + network.most.size))
    matrix.sum_duplicates()
    return Rows(network.low - constant, network.high - constant, network.step, matrix)
