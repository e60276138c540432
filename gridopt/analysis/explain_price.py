"""Why a price is what it is: marginal plants and their weights, limits of the network, and what reaches in from other periods.

With the columns that move behind the prices (dispatch/marginal_basis.py), dx = B^-1 e for one more MW of load at bus n in period t of h hours:

    alpha[g] = sum over columns j of plant g in t of (injection of j) dx[j]                        [MW/MW]    (X1)
    offer[g] = sum of c[j] dx[j] / (h alpha[g])                                                    [CNY/MWh]  (X2)
    reach[i] = - y[i] (A[i,t] dx[t]) / h    rows i that tie t to other periods: ramps, stores, budgets        (X3)

    LMP = sum_g alpha[g] offer[g] + sum_i reach[i] + choice;   sum_g alpha[g] = 1 without losses              (X4)
    LMP = energy + loss + sum_r mu[r] w[r],   w = what one more MW of load at the bus adds to the flow of r: minus the shift factor,
          less its mean by the weights of the split                                                           (X5)

A price that reaches in is the worth of a stored MWh or of a ramp at the margin of another period, which `elsewhere` names plant by
plant: c dx of the columns outside t. `choice` is what the rule adds where the prices are no vertex of the right ones; zero as a rule.
These are prices of the rule `ip`, whatever the rule of the market makes of the schedule; a table says so in its column `rule`.
Terms of a table: marginal, cost (of a plant that moves without output), ramp, store, budget, time, choice add up to the LMP; energy, loss
and congestion do once more; cap is settled price less LMP.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import scipy.sparse as sp

from gridopt.dispatch.bus_weights import LOAD, referred
from gridopt.dispatch.elements import element_labels
from gridopt.dispatch.lmp import LOSSES, Prices, from_duals
from gridopt.dispatch.marginal_basis import MarginalBasis
from gridopt.dispatch.market_tables import frame
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.right_duals import marginal
from gridopt.dispatch.row_names import row_names

MARGINAL = "ip"
"""The rule whose prices are explained."""
STORES = ("storage", "pumped", "hydro", "head", "csp", "shiftable", "data_centre", "hydro_budget", "fuel")
SEEN_MW, SEEN = 1e-7, 1e-6
"""MW per MW, and CNY/MWh, from which a part is named."""


@dataclass(frozen=True)
class Terms:
    """Parts of the prices of one period: bus int, term, source, weight, value, contribution, (k,) each."""

    bus: np.ndarray
    term: np.ndarray
    source: np.ndarray
    weight: np.ndarray
    value: np.ndarray
    contribution: np.ndarray

    @classmethod
    def joined(cls, parts: list[Terms]) -> Terms:
        return cls(*(np.concatenate([getattr(p, f) for p in parts]) for f in cls.__dataclass_fields__))


class Explanation:
    """A dispatch with whole values held, ready to say why its marginal prices are what they are.

    choice: which prices where several are right (right_duals.CHOICES); y: its duals (m,) where they are known, as those of a window of real
    time; slack: by what prices are split (dispatch/bus_weights.py). Raises SolverFailed where the dispatch is no optimum.
    """

    def __init__(self, dispatch: Dispatch, choice: str = "lower", y: np.ndarray | None = None, slack: str = LOAD):
        self.slack, self.dispatch, self.form, self.x = slack, dispatch, dispatch.solution.form, dispatch.solution.x
        self.choice, self.y = choice, marginal(dispatch, choice) if y is None else y
        self.basis = MarginalBasis.of(self.form, self.x, self.y)
        self.cost = self.form.cost + 2.0 * self.form.square * self.x
        self.names, self.label = element_labels(dispatch.model.builder)
        self.hours = dispatch.case.time.hours

    @cached_property
    def prices(self) -> Prices:
        people = self.dispatch.participants
        return referred(from_duals(self.dispatch, people, self.y[people.shared]), self.dispatch, self.slack)

    @cached_property
    def injection(self) -> np.ndarray:
        """What one unit of each column gives to all buses together MW (n,); what is lost in the network is no plant's."""
        builder = self.dispatch.model.builder
        total = np.zeros(len(self.form.cost))
        for _, columns, coef in builder.port("injection").offers():
            np.add.at(total, columns.ravel(), coef.ravel())
        for family in builder.column_families:
            if family.name.split(".")[0] in LOSSES:
                total[family.ids] = 0.0
        return total

    @cached_property
    def coupled(self) -> np.ndarray:
        """Rows with a price that tie columns of several steps to each other, (k,)."""
        rows = self.basis.rows[np.abs(self.y[self.basis.rows]) > 0]
        part = sp.csr_array(self.form.matrix[rows])
        step = self.form.column_step[part.indices]
        some = np.flatnonzero(np.diff(part.indptr) > 0)
        edge = part.indptr[some]
        if not len(some):
            return rows[:0]
        return rows[some[np.minimum.reduceat(step, edge) < np.maximum.reduceat(step, edge)]]

    @cached_property
    def ties(self):
        """(names of the coupled rows, their matrix over the basic columns (k, j))."""
        return row_names(self.dispatch, self.coupled), sp.csc_array(self.form.matrix[self.coupled][:, self.basis.columns])

    def move(self, t: int, buses: np.ndarray) -> np.ndarray:
        """Change of the basic columns for one more MW of load at each of `buses` in step t, (j, q)."""
        return self.basis.move(self.dispatch.participants.drawing(t)[:, buses])

    def at(self, t: int, buses: np.ndarray, settled: np.ndarray | None = None) -> Terms:
        """All terms of the prices of step t at `buses` (q,); settled (B, T): prices after floor and cap."""
        moved = self.move(t, buses)
        lmp = self.prices.price[buses, t]
        parts = [*self._marginal(t, moved), self._reach(t, moved)]
        known = np.zeros(len(buses))
        for part in parts:
            np.add.at(known, part.bus, part.contribution)
        parts += [_rest("choice", "choice among prices that are right", lmp - known), self._network(t, buses)]
        if settled is not None:
            parts.append(_rest("cap", "floor or cap of settled prices", settled[buses, t] - lmp))
        found = Terms.joined(parts)
        return Terms(buses[found.bus], *(getattr(found, f) for f in list(Terms.__dataclass_fields__)[1:]))

    def by_element(self, of: np.ndarray, moved: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Elements int (e,) of basic columns `of` (places), what they give more MW and what it costs CNY (e, q)."""
        columns = self.basis.columns[of]
        element, place = np.unique(self.label[columns], return_inverse=True)
        gather = sp.csr_array((np.ones(len(of)), (place, np.arange(len(of)))), shape=(len(element), len(of)))
        return element, gather @ (self.injection[columns][:, None] * moved[of]), gather @ (self.cost[columns][:, None] * moved[of])

    def _marginal(self, t: int, moved: np.ndarray) -> list[Terms]:
        """(X1), (X2), and costs of elements that give nothing more."""
        here = np.flatnonzero(self.form.column_step[self.basis.columns] == t)
        element, alpha, cost = self.by_element(here, moved)
        cost, names, found = cost / self.hours[t], np.array(self.names, object)[element], []
        for term, (e, q) in (
            ("marginal", np.nonzero(np.abs(alpha) > SEEN_MW)),
            ("cost", np.nonzero((np.abs(alpha) <= SEEN_MW) & (np.abs(cost) > SEEN))),
        ):
            weight = alpha[e, q] if term == "marginal" else np.ones(len(e))
            found.append(Terms(q, np.full(len(e), term, object), names[e], weight, cost[e, q] / weight, cost[e, q]))
        return found

    def _reach(self, t: int, moved: np.ndarray) -> Terms:
        """(X3)."""
        names, matrix = self.ties
        here = np.flatnonzero(self.form.column_step[self.basis.columns] == t)
        drawn = -(matrix[:, here] @ moved[here])
        energy = np.array([r.unit != "MW" for r in names], bool)[:, None]
        weight = np.where(energy, drawn / self.hours[t], drawn)
        value = np.where(energy, self.y[self.coupled][:, None], self.y[self.coupled][:, None] / self.hours[t])
        i, q = np.nonzero(np.abs(weight * value) > SEEN)
        term = np.array([_kind(r) for r in names], object)[i]
        source = np.array([self._when(r) for r in names], object)[i]
        return Terms(q, term, source, weight[i, q], value[i, 0], (weight * value)[i, q])

    def _when(self, row) -> str:
        """Name of a row that ties periods."""
        at = f" @ {str(self.dispatch.case.time.start[row.step])[:16]}" if row.step >= 0 else ""
        return f"{row.family} {row.label}{at}"

    def _network(self, t: int, buses: np.ndarray) -> Terms:
        """(X5)."""
        people, prices = self.dispatch.participants, self.prices
        drawing = sp.csr_array(people.drawing(t))
        balance = np.unique(people.balance[:, t])
        rows = np.setdiff1d(np.flatnonzero(np.diff(drawing.indptr)), balance)
        rows = rows[np.abs(self.y[rows]) > 0]
        names = row_names(self.dispatch, rows)
        keep = np.array([r.family.split(".")[0] not in LOSSES for r in names], bool)
        rows, names = rows[keep], [r for r, k in zip(names, keep, strict=True) if k]
        part = drawing[rows].toarray()
        area = self.dispatch.case.grid.root[:, self.dispatch.case.grid.epoch[t]]
        mean = part @ (prices.weight[:, t, None] * (area[:, None] == area[buses]))
        # Limits are of the flow of injections: a positive dual holds it up, a negative one down.
        weight, mu = mean - part[:, buses], -self.y[rows][:, None] / self.hours[t]
        r, q = np.nonzero(np.abs(weight * mu) > SEEN)
        found = [_rest(n, n, getattr(prices, n)[buses, t], SEEN if n == "loss" else -1.0) for n in ("energy", "loss")]
        label = np.array([_limit(n) for n in names], object)
        found.append(Terms(q, np.full(len(r), "congestion", object), label[r], weight[r, q], mu[r, 0], (weight * mu)[r, q]))
        return Terms.joined(found)


def explain_table(
    found: Explanation, buses: np.ndarray | None = None, settled: np.ndarray | None = None, steps: range | None = None
) -> pd.DataFrame:
    """Table `explain` of a whole run, every period or some `steps`, at `buses` (all if None)."""
    case, solution = found.dispatch.case, found.dispatch.solution
    buses = np.arange(len(case.table("bus"))) if buses is None else np.asarray(buses, int)
    steps = range(len(case.time)) if steps is None else steps
    parts = [found.at(t, buses, settled) for t in steps]
    nothing = Terms(np.zeros(0, int), *(np.zeros(0, object),) * 2, *(np.zeros(0),) * 3)
    all_terms = Terms.joined([nothing, *parts])
    period = np.repeat(case.time.start[steps.start : steps.stop], [len(p.bus) for p in parts])
    name = case.table("bus").index.to_numpy(object)[all_terms.bus]
    return frame(
        "explain", rule=MARGINAL, period=period, bus=name, term=all_terms.term, source=all_terms.source, weight=all_terms.weight,
        value=all_terms.value, contribution=all_terms.contribution, exact=np.full(len(name), bool(solution.finished and solution.gap <= 1e-9)),
    )  # fmt: skip


def zone_buses(case) -> np.ndarray:
    """One bus for each zone: the one with the most load, the first among equals; (z,)."""
    table = case.table("bus")
    load = case.table("load").groupby("bus")["mean_mw"].sum().reindex(table.index).fillna(0.0).to_numpy(float)
    zone = table["zone"].to_numpy(str)
    return np.array([np.flatnonzero(zone == z)[np.argmax(load[zone == z])] for z in dict.fromkeys(zone)], int)


def _rest(term: str, source: str, amount: np.ndarray, least: float = SEEN) -> Terms:
    """One part for each bus where it is more than `least`."""
    q = np.flatnonzero(np.abs(amount) > least)
    return Terms(q, np.full(len(q), term, object), np.full(len(q), source, object), np.ones(len(q)), amount[q], amount[q])


def _limit(row) -> str:
    """Name of a limit of the network: 'branch L', 'interface S', 'branch L|outage'."""
    parts = row.label.split(" | ")
    if len(parts) > 1:  # outage, branch
        return f"branch {parts[-1]}|{parts[0]}"
    kind = row.family.split(".")[0]
    return f"{'branch' if kind == 'network' else kind} {row.label}"


def _kind(row) -> str:
    """Kind of a row that ties periods."""
    block, _, name = row.family.partition(".")
    if "ramp" in name or name in ("rise", "fall"):
        return "ramp"
    if row.step < 0:
        return "budget"
    return "store" if block in STORES else "time"
