"""Whether the network needs an owner: how much of the demand everybody else could serve within its limits.

    RSI[i,t]    = max λ:  sum over plants of p = λ (load + exports + losses) - imports in every area,   0 <= p <= available,
                  p = 0 of i,   -G <= sum over buses of H (p - λ demand) + what is given <= F                                       (C3)
    needed[i,t] = min sum over plants of i of p,   λ = 1                                                                     [MW]   (C4)

Without limits (C3) is the plain index (C2) of concentration.py. i is pivotal in the network where it is below 1: then (C4) is what must come
from it. Limits are those of branches and interfaces without outages, with the support of all units in service, whoever owns them; what
cannot compete (trade with the outside, DC links) is given. Each day is tested in its tightest period, in which least is available for
each MW that is demanded.
Source: the network residual supply index of market monitoring; Newbery, Predicting market power in wholesale electricity markets, 2009.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from gridopt.analysis.concentration import demand
from gridopt.analysis.owners import Owners
from gridopt.blocks import interface
from gridopt.case.case import Case
from gridopt.case.fleet import TABLES
from gridopt.dispatch.market_run import MarketRun
from gridopt.program.highs import Highs
from gridopt.program.solution import Infeasible, SolverFailed

MOST, ALMOST = 1e3, 1e-9
"""Index that counts as without bound; and part below 1 that is rounding."""


@dataclass(frozen=True)
class NetworkRsi:
    """step (k,): tested periods; rsi, needed MW (o, k) by owner, nan where nothing satisfies the limits even so."""

    step: np.ndarray
    rsi: np.ndarray
    needed: np.ndarray


def network_rsi(run: MarketRun, case: Case, owners: Owners, steps: np.ndarray | None = None) -> NetworkRsi:
    """(C3), (C4) at `steps` of a run (None: the tightest of each day)."""
    steps = tightest(run, owners) if steps is None else steps
    rsi, needed = np.full((2, len(owners.name), len(steps)), np.nan)
    for k, t in enumerate(steps):
        program = _Program(run, case, owners, int(t))
        for o in range(len(owners.name)):
            rsi[o, k] = program.index(o)
            needed[o, k] = 0.0 if rsi[o, k] >= 1.0 - ALMOST else program.needed(o)
    return NetworkRsi(steps, rsi, needed)


def tightest(run: MarketRun, owners: Owners) -> np.ndarray:
    """The period of each day with the least available power for each MW that is demanded, of those with demand; int (k,)."""
    able, need = np.where((owners.of >= 0)[:, None], np.maximum(run.available, 0.0), 0.0).sum(axis=0), demand(run)
    ratio = np.divide(able, need, out=np.full(len(need), np.inf), where=need > 0)
    day = np.unique(run.start.astype("datetime64[D]"), return_inverse=True)[1]
    first = [int(np.flatnonzero(day == d)[np.argmin(ratio[day == d])]) for d in range(int(day.max(initial=-1)) + 1)]
    return np.array([t for t in first if np.isfinite(ratio[t])], int)


def figures(found: NetworkRsi, owners: Owners) -> list[tuple[str, str, float]]:
    """Figures (scope, name, value) of owners: least index, most that is needed, share of the tested periods in which it is pivotal.
    What is needed is not known (nan) where it is not in one of these periods."""
    rows: list[tuple[str, str, float]] = []
    for name, rsi, needed in zip(owners.name, found.rsi, found.needed, strict=True):
        known = np.isfinite(rsi)
        if known.any():
            rows += [
                (f"owner {name}", "network_rsi_min", float(rsi[known].min())),
                (f"owner {name}", "network_pivotal_share", float((rsi[known] < 1.0 - ALMOST).mean())),
                (f"owner {name}", "needed_mw", float(needed[known].max())),
            ]
    return rows


class _Program:
    """The linear program of one period: a column for each competing plant, the last is λ."""

    def __init__(self, run: MarketRun, case: Case, owners: Owners, t: int):
        self.owner = owners.of[owners.of >= 0]
        plants, given = np.flatnonzero(owners.of >= 0), np.flatnonzero(owners.of < 0)
        self.most = np.maximum(run.available[plants, t], 0.0)
        draw, low, high, constant = _limits(run, case, t)
        root = case.grid.root[:, case.grid.epoch[t]]
        areas = [a for a in np.unique(root) if self.most[root[run.plant_bus[plants]] == a].any()]
        balance = np.array([(root[run.plant_bus] == a).astype(float) for a in areas]).reshape(len(areas), len(run.plant))
        at_bus = np.array([(root == a).astype(float) for a in areas]).reshape(len(areas), len(run.bus))
        taken, brought = (np.maximum(s * run.output[given, t], 0.0) for s in (-1.0, 1.0))
        needs = run.load[:, t] + run.lost[:, t]
        own, through = draw
        matrix = np.vstack([
            np.hstack([balance[:, plants], -(at_bus @ needs + balance[:, given] @ taken)[:, None]]),
            np.hstack([own[:, plants], -(through @ needs + own[:, given] @ taken)[:, None]]),
        ])  # fmt: skip
        imports, fixed = balance[:, given] @ brought, constant + own[:, given] @ brought
        self.program, self.size = Highs(), len(plants) + 1
        self.program.load(
            np.zeros(self.size), np.zeros(self.size), np.append(self.most, MOST), sp.csr_array(matrix),
            np.concatenate([-imports, low - fixed]), np.concatenate([-imports, high - fixed]),
        )  # fmt: skip
        self.any = bool(areas) and bool(np.abs(matrix[: len(areas), -1]).sum() > 0)

    def index(self, o: int) -> float:
        """(C3) of an owner."""
        found = self._solved(o, 0.0, (0.0, MOST), np.append(np.zeros(self.size - 1), -1.0))
        return np.nan if found is None else np.inf if found[-1] >= MOST * (1.0 - ALMOST) else float(found[-1])

    def needed(self, o: int) -> float:
        """(C4) of an owner."""
        found = self._solved(o, 1.0, (1.0, 1.0), np.append((self.owner == o).astype(float), 0.0))
        return np.nan if found is None else float(found[:-1][self.owner == o].sum())

    def _solved(self, o: int, there: float, scale: tuple[float, float], cost: np.ndarray) -> np.ndarray | None:
        """Values with the plants of an owner at a part of what they could give; None where nothing satisfies the limits."""
        if not self.any:
            return None
        most = np.where(self.owner == o, there, 1.0) * self.most
        self.program.bound(np.arange(self.size), np.append(np.zeros(self.size - 1), scale[0]), np.append(most, scale[1]))
        self.program.change_costs(cost)
        try:
            self.program.solve()
        except (Infeasible, SolverFailed):
            return None
        return self.program.solution()[0]


def _all_on(case: Case) -> dict[str, np.ndarray]:
    """Units on line if all in service are, (n, T) by kind."""
    fleet, found = case.fleet, {kind: (case.in_service(kind) > 0).astype(float) for kind in TABLES}
    for kind, on in found.items():
        mine = fleet.table == kind
        on[fleet.row[mine]] *= fleet.count[mine, None]
    return found


def _limits(run: MarketRun, case: Case, t: int) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray, np.ndarray, np.ndarray]:
    """Branches and interfaces with a limit: what plants and what injections at buses add to their flows, (k, g) and (k, B); lower and upper
    limit, and what is there without either MW (k,)."""
    grid, e = case.grid, int(case.grid.epoch[t])
    some = np.flatnonzero(np.isfinite(grid.lower[:, t]) | np.isfinite(grid.upper[:, t]))
    each = sp.eye_array(len(grid.branches.ids), format="csr")
    low, high, weights, offset = grid.lower[some, t], grid.upper[some, t], each[some], grid.each[e].offset
    more = np.zeros((len(some), len(run.plant)))
    if len(case.table("interface")):
        ac, own = interface.members(case)
        least, most = (v[:, t] for v in interface.raised(case, _all_on(case)))
        weights = sp.csr_array(sp.vstack([weights, ac]))
        low, high = np.concatenate([low, least]), np.concatenate([high, most])
        place, beside = {n: g for g, n in enumerate(run.plant)}, np.zeros((len(least), len(run.plant)))
        for kind, weight in own.items():
            for i, j, value in zip(*weight.tocoo().coords, weight.tocoo().data, strict=True):
                g = place.get(f"{kind} {case.table(kind).index[j]}")
                if g is not None:  # what a DC link sends is output below zero
                    beside[i, g] += -value if kind == "dc_link" else value
        more = np.vstack([more, beside])
    through = grid.sensitivity(weights, np.arange(weights.shape[0]), e)
    return (through[:, run.plant_bus] + more, through), low, high, weights @ offset
