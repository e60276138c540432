"""Dispatch: what a solved case holds: quantities by element, costs by name, duals, and the price of a port.

price of a port [place, t] = dual of the row that requires it there + sum over lazy rows of dual x how they draw on it  (R2)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from gridopt.blocks import commitment, interface, network
from gridopt.case.case import Case
from gridopt.case.fleet import TABLES as FLEET
from gridopt.dispatch.formulate import BLOCKS, Model
from gridopt.program.labels import Quantity
from gridopt.program.solution import Solution, Values


@dataclass(frozen=True)
class Priced:
    """Rows of one lazy family that carry a dual: `elements` int (k,), `labels` (k,), `dual` [money per step and MW] (k, T).

    A label of a family over several coordinates is a tuple: (contingency, branch)."""

    family: str
    elements: np.ndarray
    labels: np.ndarray
    dual: np.ndarray


@dataclass(frozen=True)
class Dispatch:
    """A solved case. Arrays are (element, T) in the order of the case's tables."""

    case: Case
    model: Model
    solution: Solution

    @property
    def optimum(self) -> Dispatch:
        """The dispatch for whose values the duals are right: this one, unless prices come from a run of their own."""
        return self

    @property
    def audit(self) -> Mapping[str, pd.DataFrame]:
        """Tables on how it was decided, by name."""
        return {}

    def dual_by_step(self, name: str) -> np.ndarray:
        """Duals of a family of rows over no step, at every step, (rows, T)."""
        dual = self.values.dual(name).reshape(-1, 1)
        return np.broadcast_to(dual, (len(dual), len(self.case.time)))

    @cached_property
    def values(self) -> Values:
        return Values(self.model.builder, self.solution)

    @cached_property
    def quantities(self) -> dict[str, Quantity]:
        """Physical results of all blocks by name."""
        found: dict[str, Quantity] = {}
        for block, columns in zip(BLOCKS, self.model.columns, strict=True):
            if hasattr(block, "results"):
                found |= block.results(self.case, columns, self.values)
        return found

    @cached_property
    def served(self) -> np.ndarray:
        """Served demand MW (B, T): load less shedding, with the response of demand."""
        q, change = self.quantities, self.model.builder.ports.get("demand_change")
        return q["load"].values - q["shedding"].values + (0.0 if change is None else change.value(self.solution.x))

    @property
    def committed(self):
        """What blocks/commitment.py declared (its Columns); None where nothing is switched on and off."""
        found = self.model.columns[BLOCKS.index(commitment)]
        return found if len(found.fleet) else None

    @cached_property
    def participants(self):
        """The dispatch cut along the rows that its participants share (participants.Participants), made once for all pricing rules."""
        from gridopt.dispatch.participants import Participants

        return Participants.of(self)

    @cached_property
    def marginal_duals(self) -> dict[str, np.ndarray]:
        """Duals (m,) by the rule that chose them among several (right_duals.marginal): many pricing rules ask for the same."""
        return {}

    @cached_property
    def injection(self) -> np.ndarray:
        """Net injection by bus MW (B, T)."""
        return self.model.builder.port("injection").value(self.solution.x)

    @cached_property
    def flow(self) -> np.ndarray:
        """Flow by branch MW (L, T), in the order of topology.BRANCH_TABLES."""
        shift = self.model.builder.port("phase_shift").value(self.solution.x)
        return self.case.grid.flows(self.injection, shift)

    @cached_property
    def overload(self) -> np.ndarray:
        """Flow by branch beyond soft limits MW (L, T), positive forward."""
        found = self.quantities.get("branch_overload")
        return np.zeros(self.flow.shape) if found is None else found.values

    @cached_property
    def interface_flow(self) -> np.ndarray:
        """Weighted flow by interface MW (I, T), with all its members."""
        ac, own = interface.members(self.case)
        return sum((weight @ self.quantities[interface.OUTPUTS[kind]].values for kind, weight in own.items()), ac @ self.flow)

    @cached_property
    def interface_limits(self) -> tuple[np.ndarray, np.ndarray]:
        """(-backward, forward) limits MW (I, T) with what units on line add to them, infinite where none is in force."""
        return interface.raised(self.case, {k: self.model.builder.port(f"{k}_on").value(self.solution.x) for k in FLEET})

    @cached_property
    def interface_dual(self) -> np.ndarray:
        """Dual of the limit of each interface, money per MW over the step (I, T): <= 0 at the forward limit, >= 0 at the backward one."""
        found = np.zeros((len(self.case.table("interface")), len(self.case.time)))
        for name, some in interface.families(self.case).items():
            found[some] += self.values.dual(name)
        return found

    @cached_property
    def pushes(self) -> dict[str, np.ndarray]:
        """Whether the upper limit is the one that has a price (not the lower), bool: branch_forward (L, T), interface_forward (I, T).

        Only where both limits meet (a closed branch) does this say more than the flow.
        """
        branch = np.ones(self.flow.shape, bool)
        branch[network.limited(self.case.grid)] = self.values.dual("network.limit") <= 0
        return {"branch_forward": branch, "interface_forward": self.interface_dual <= 0}

    @cached_property
    def branch_shadow_price(self) -> np.ndarray:
        """What one more MW of a branch's limit saves CNY/MWh (L, T), >= 0."""
        found = np.zeros(self.flow.shape)
        found[network.limited(self.case.grid)] = np.abs(self.values.dual("network.limit")) / self.case.time.hours
        return found

    @cached_property
    def interface_shadow_price(self) -> np.ndarray:
        """What one more MW of an interface's limit saves CNY/MWh (I, T), >= 0."""
        return np.abs(self.interface_dual) / self.case.time.hours

    @cached_property
    def reserve_price(self) -> np.ndarray:
        """What one more MW of each requirement costs CNY/MWh (Q, T), >= 0."""
        if not len(self.case.table("reserve")):
            return np.zeros((0, len(self.case.time)))
        return self.values.dual("reserve.requirement") / self.case.time.hours

    @cached_property
    def priced(self) -> list[Priced]:
        """Every lazy family that draws on injection, reduced to the elements (or what their rows draw through) that bind somewhere."""
        found = []
        for lazy in self.model.builder.lazy_families:
            if lazy.port == "injection":
                element, step, y = self.values.drawn_through(lazy.family.name)
                some, place = np.unique(element, return_inverse=True)
                dual = np.zeros((len(some), lazy.family.shape[-1]))
                np.add.at(dual, (place, step), y)
                labels = lazy.family.labels(some) if lazy.draw is None else next(iter(lazy.family.over.values()))[some]
                found.append(Priced(lazy.family.name, some, labels, dual))
        return found

    @cached_property
    def contingency_prices(self) -> list[tuple[str, str, int, float]]:
        """(contingency, branch, step, what one more MW of the branch's emergency rating saves then CNY/MWh), >= 0, where it is not zero."""
        element, step, dual = self.values.written("contingency.limit")
        names = [n for f in self.model.builder.lazy_families if f.family.name == "contingency.limit" for n in f.family.labels(element)]
        worth = np.abs(dual) / self.case.time.hours[step]
        return [(*n, int(t), float(v)) for n, t, v in zip(names, step, worth, strict=True) if v > 0.0]

    def sensitivity(self, priced: Priced, epoch: int) -> np.ndarray:
        """How the rows of `priced` draw on each bus in an epoch, (k, B), as they were written."""
        lazy = next(f for f in self.model.builder.lazy_families if f.family.name == priced.family)
        if lazy.sensitivity is None:
            raise KeyError(f"the rows of '{priced.family}' draw on no port")
        step = int(np.flatnonzero(self.case.grid.epoch == epoch)[0])
        return lazy.sensitivity(priced.elements, step)

    def port_price(self, port: str) -> np.ndarray:
        """(R2) for `port`, money per MW over the step, (size, T)."""
        if port != "injection":
            raise KeyError(f"no price is defined for port '{port}'")
        price = self.solution.y[self.model.builder.balance_rows[port]]
        for part in self.priced:
            self._add(part, price)
        return price

    def part_price(self, blocks: tuple[str, ...]) -> np.ndarray:
        """Part of (R2) by the lazy rows of some blocks, money per MW over the step, (B, T)."""
        price = np.zeros((len(self.case.table("bus")), len(self.case.time)))
        for part in self.priced:
            if part.family.split(".")[0] in blocks:
                self._add(part, price)
        return price

    def _add(self, part: Priced, price: np.ndarray) -> None:
        """Adds what the rows of `part` contribute to a price (B, T)."""
        for e in np.unique(self.case.grid.epoch):
            steps = np.flatnonzero(self.case.grid.epoch == e)
            price[:, steps] += self.sensitivity(part, e).T @ part.dual[:, steps]

    @cached_property
    def costs(self) -> dict[str, float]:
        """Cost by name over the whole study; adds up to the objective."""
        builder, x = self.model.builder, self.solution.x
        total = dict(builder.fixed_costs)
        for name, parts in builder.costs.items():
            total[name] = total.get(name, 0.0) + sum(float(x[c] @ v) for c, v in parts)
        for name, parts in builder.squares.items():
            total[name] = total.get(name, 0.0) + sum(float(x[c] ** 2 @ v) for c, v in parts)
        return total
