"""Prices by bus and step from duals (LMP), and their parts.

    price[b,t] = (d cost / d load[b,t]) / h[t]                            [CNY/MWh]    (P1)
    price = energy + congestion + loss; energy[a,t] = sum of price weighted by load over area a  (P2)

    loss[b,t] = part of the price by the rows that hold up losses, less its mean by the same weights      (P3)

The split depends on the weights, the price does not; weights are load shares (plain shares where an area has no load), or others by
dispatch/bus_weights.py. What is left is congestion: limits of branches and interfaces. Without losses in the network model the loss part is
zero.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gridopt.dispatch.besides import Beside
from gridopt.dispatch.participants import Participants
from gridopt.dispatch.result import Dispatch

LOSSES = ("losses", "loss_factors")
"""Blocks whose rows make the loss part."""


@dataclass(frozen=True)
class Prices:
    """price, energy, congestion, loss in CNY/MWh, (B, T); weight (B, T): the reference of the split, adding up to 1 per area.

    dual (k,): of the rows that `people` share, where the prices are made of such; None for prices that are not.
    slack: by what that is (load, generation, a bus). load_price (B, T): what load pays where that is not the price at its bus; load_weights:
    by what it is a mean (load, generation, fixed). extra (g, T): what participants are paid besides, for their decisions; uplift: what the
    rule pays of losses by period (None: make-whole payments). answering: participants with more columns than `people`, and prices of their
    shared rows, where more is paid for than was cleared.
    schedule: another dispatch that the rule is based on, where it is not the cleared one; settled: participants are paid for that one.
    change: how such a schedule becomes one that the network carries. exchanges: (name, MW (T,), price difference (T,)) between zones;
    margins: limits of that trade: (name, what it takes of the limit MW (T,), limit MW (T,), price CNY/MWh (T,), signed like the flow).
    shift (B, T): what the price is above that of the duals, where it is set and not found. reserve (Q, T): price of the reserves
    CNY/MWh where the rule makes one of its own. hull: least cost over the convex hulls and the bound that proves it. span: lowest and
    highest price (B, T) each, where several are right and they are few enough to be found. selected: whether the prices were chosen among
    those that are right as the rule asks. besides: payments for decisions and the like by period, part of extra, or of what is answered to.
    relaxation: least cost with whole values relaxed, and the names of the rows that describe decisions.
    """

    price: np.ndarray
    energy: np.ndarray
    congestion: np.ndarray
    loss: np.ndarray
    weight: np.ndarray
    dual: np.ndarray | None = None
    people: Participants | None = None
    load_price: np.ndarray | None = None
    extra: np.ndarray | None = None
    schedule: Dispatch | None = None
    answering: tuple[Participants, np.ndarray] | None = None
    uplift: tuple[Beside, ...] | None = None
    settled: bool = False
    change: Any = None
    exchanges: tuple = ()
    margins: tuple = ()
    reserve: np.ndarray | None = None
    shift: np.ndarray | None = None
    hull: tuple[float, float] | None = None
    relaxation: tuple[float, tuple[str, ...]] | None = None
    span: tuple[np.ndarray, np.ndarray] | None = None
    selected: bool = True
    besides: tuple[Beside, ...] = ()
    slack: str = "load"
    load_weights: str = "load"

    @property
    def lmp(self) -> np.ndarray:
        """Price of the duals (B, T), the sum of the parts, also where another one is set."""
        return self.price if self.shift is None else self.price - self.shift

    def paid(self, dispatch: Dispatch) -> Dispatch:
        """The schedule that participants are paid for: that of the rule where it settles one of its own, else the cleared one."""
        return self.schedule if self.settled and self.schedule is not None else dispatch


def price(dispatch: Dispatch) -> Prices:
    """Prices by bus and step with their parts (P1), (P2)."""
    lmp = dispatch.port_price("injection") / dispatch.case.time.hours
    area = dispatch.case.grid.root[:, dispatch.case.grid.epoch]
    weight = load_share(dispatch.quantities["load"].values, area)
    energy = by_area(weight * lmp, area)
    loss = dispatch.part_price(LOSSES) / dispatch.case.time.hours
    loss -= by_area(weight * loss, area)
    return Prices(lmp, energy, lmp - energy - loss, loss, weight)


def from_duals(dispatch: Dispatch, people: Participants, y: np.ndarray) -> Prices:
    """Prices that duals y (k,) of the shared rows of `people` make, with their parts."""
    y = people.long(y)
    return replace(price(priced_by(dispatch, people, y)), dual=y, people=people)


def priced_by(dispatch: Dispatch, people: Participants, y: np.ndarray) -> Dispatch:
    """The dispatch with duals y (k,) of the shared rows of `people`, those that came later without one, and none of any other row."""
    duals = np.zeros(len(people.form.row_lower))
    duals[people.shared] = people.long(y)
    solution = replace(dispatch.solution, form=people.form, y=duals, added=people.added)
    return Dispatch(dispatch.case, dispatch.model, solution)


def elsewhere(dispatch: Dispatch, price: np.ndarray, people: Participants, y: np.ndarray) -> Prices:
    """Prices (B, T) that are not those of the network: their mean by load, and what is left as congestion."""
    load = dispatch.quantities["load"].values
    area = dispatch.case.grid.root[:, dispatch.case.grid.epoch]
    weight = load_share(load, area)
    energy = by_area(weight * price, area)
    return Prices(price, energy, price - energy, np.zeros_like(price), weight, y, people)


def load_share(load: np.ndarray, area: np.ndarray) -> np.ndarray:
    """Share of each bus in its area's load (B, T); equal shares where there is no load."""
    total, count = by_area(load, area), by_area(np.ones_like(load), area)
    return np.where(total > 0, np.divide(load, total, out=np.zeros_like(load), where=total > 0), 1.0 / count)


def by_area(values: np.ndarray, area: np.ndarray) -> np.ndarray:
    """Sum over the buses of each bus's area, (B, T)."""
    steps = np.broadcast_to(np.arange(values.shape[1]), values.shape)
    total = np.zeros_like(values, dtype=float)
    np.add.at(total, (area, steps), values)
    return total[area, steps]
