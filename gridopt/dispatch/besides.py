"""What participants are paid beside energy: reserve that is awarded with energy, decisions that have a price of their own, and what a
rule pays for schedules that the network changes (pricing/smp.py, dispatch/redispatch.py).

    award of reserve j      r h at rho[j] = sum over reserves i for which it counts of (dual of requirement i) / h      [MWh, CNY/MWh]  (N1)
    decision of a column    x at d = c - A' y - B' z, of either sign (pricing/ip_full.py)                               [1, CNY]        (N2)

A price of nothing makes no payment: reserve of a rule without duals is paid as it is offered, with everything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gridopt.case.reserves import counting
from gridopt.dispatch.elements import element_labels
from gridopt.dispatch.result import Dispatch

RESERVE, COMMITMENT, UPLIFT, NETWORK = "reserve", "commitment", "uplift", "network"
"""Accounts that pay."""
MOVED = "redispatch"
"""What a change of the schedule costs those that make it: paid by the network, and no part of what the schedule itself earns or costs."""


@dataclass(frozen=True)
class Beside:
    """One kind of payment: account that pays, name of what is paid for, who gets it 'table id' (n,), quantity (n, T) and price (n, T)."""

    account: str
    name: str
    who: np.ndarray
    quantity: np.ndarray
    price: np.ndarray

    @property
    def amount(self) -> np.ndarray:
        """CNY (n, T)."""
        return self.quantity * self.price

    def part(self, first: int, last: int) -> Beside:
        """Periods first..last-1."""
        return replace(self, quantity=self.quantity[:, first:last], price=self.price[:, first:last])


def joined(runs: Sequence[tuple[Sequence[Beside], int]]) -> tuple[Beside, ...]:
    """Payments of runs that follow each other, each with its number of periods; a run without one of them pays nothing of it."""
    keys = dict.fromkeys((b.account, b.name) for mine, _ in runs for b in mine)
    found = []
    for key in keys:
        parts = [(next((b for b in mine if (b.account, b.name) == key), None), periods) for mine, periods in runs]
        rows = dict.fromkeys(row for b, _ in parts if b is not None for row in _rows(b))
        place = {row: i for i, row in enumerate(rows)}
        quantity, price = np.zeros((2, len(place), sum(periods for _, periods in parts)))
        first = 0
        for b, periods in parts:
            if b is not None:
                at = [place[row] for row in _rows(b)]
                quantity[at, first : first + periods], price[at, first : first + periods] = b.quantity, b.price
            first += periods
        found.append(Beside(*key, np.array([who for who, _ in place], object), quantity, price))
    return tuple(found)


def _rows(b: Beside) -> list[tuple[str, int]]:
    """A name for each row: who, and which of its rows it is."""
    seen: dict[str, int] = {}
    found = []
    for who in b.who:
        seen[who] = seen.get(who, -1) + 1
        found.append((str(who), seen[who]))
    return found


def of_schedule(besides: Sequence[Beside]) -> list[Beside]:
    """Payments that a schedule earns: all but those that make up for what changes of it cost."""
    return [b for b in besides if (b.account, b.name) != (NETWORK, MOVED)]


def by_plant(besides: Sequence[Beside], plant: np.ndarray, periods: int) -> np.ndarray:
    """Sum of payments by plant CNY (g, T)."""
    place, total = {n: i for i, n in enumerate(plant)}, np.zeros((len(plant), periods))
    for b in besides:
        at = np.array([place.get(str(w), -1) for w in b.who], int)
        np.add.at(total, at[at >= 0], b.amount[at >= 0])
    return total


def awards(dispatch: Dispatch, dual: np.ndarray) -> tuple[Beside, ...]:
    """(N1) by reserve, for duals (m,) of all rows of the dispatch."""
    case = dispatch.case
    if not len(case.table("reserve")):
        return ()
    hours, offers = case.time.hours, case.reserve_offers
    rows = next(f.ids for f in dispatch.model.builder.row_families if f.name == "reserve.requirement")
    price = counting(case).T.astype(float) @ (dual[rows] / hours)
    energy = dispatch.quantities["reserve_award"].values * hours
    who = np.array([f"{kind} {case.table(kind).index[i]}" for kind, i in zip(offers.kind, offers.place, strict=True)], object)
    found = []
    for q, name in enumerate(case.table("reserve").index):
        mine = np.flatnonzero(offers.reserve == q)
        found.append(Beside(RESERVE, str(name), who[mine], energy[mine], np.broadcast_to(price[q], energy[mine].shape)))
    return tuple(found)


def decisions(dispatch: Dispatch, price: np.ndarray) -> tuple[Beside, ...]:
    """(N2) by family of columns with whole values, for prices (n,) CNY of one of each column; what is over no step counts in the last."""
    builder, x = dispatch.model.builder, dispatch.solution.x
    names, label = element_labels(builder)
    whole, found = np.zeros(len(x), bool), []
    whole[dispatch.solution.form.integer] = True
    for family in builder.column_families:
        if not family.size or not whole[family.ids].any():
            continue
        ids = family.ids.reshape(-1, builder.steps if "time" in family.over else 1)
        quantity, cost = np.zeros((2, len(ids), builder.steps))
        quantity[:, -ids.shape[1] :], cost[:, -ids.shape[1] :] = np.where(whole[ids], x[ids], 0.0), price[ids]
        who = np.array(names, object)[label[ids[:, 0]]]
        found.append(Beside(COMMITMENT, family.name.removeprefix("commitment.").replace(".", "_"), who, quantity, cost))
    return tuple(found)
