"""Concentration of supply: who could move prices by what it owns.

    HHI    = 10^4 sum over owners of (share)^2, of capacity, of cleared and of available energy                      (C1)
    RSI[i,t] = (available of all - available of i) / demand;   i is pivotal where it is below 1                       (C2)

Demand counts exports: what leaves the network is served as well.
Source: residual supply index: California ISO practice; thresholds of HHI as competition authorities use them.
"""

from __future__ import annotations

import numpy as np

from gridopt.analysis.owners import Owners
from gridopt.dispatch.market_run import MarketRun


def hhi(amount: np.ndarray) -> float:
    """(C1) of what each owner has (o,); nan where nobody has anything."""
    amount = np.maximum(amount, 0.0)
    total = amount.sum()
    return float(1e4 * np.sum((amount / total) ** 2)) if total > 0 else np.nan


def demand(run: MarketRun) -> np.ndarray:
    """Load and exports MW (T,)."""
    table = np.array([str(n).partition(" ")[0] for n in run.plant], object)
    out = np.isin(table, ("exchange", "dc_link", "dc_market"))
    return run.load.sum(axis=0) + np.maximum(-run.output[out].sum(axis=0), 0.0)


def rsi(run: MarketRun, owners: Owners) -> np.ndarray:
    """(C2) of each owner (o, T); inf where nothing is demanded."""
    able = np.where((owners.of >= 0)[:, None], np.maximum(run.available, 0.0), 0.0)
    left, need = able.sum(axis=0) - owners.sums(able), demand(run)
    return np.divide(left, need, out=np.full(left.shape, np.inf), where=need > 0)


def concentration(run: MarketRun, owners: Owners) -> list[tuple[str, str, float]]:
    """Figures (scope, name, value)."""
    hours, index = run.hours, rsi(run, owners)
    sold = owners.sums(np.maximum(run.output, 0.0) @ hours)
    able = owners.sums(np.maximum(run.available, 0.0) @ hours)
    held = owners.sums(owners.capacity)
    found = [("market", "hhi_capacity", hhi(held)), ("market", "hhi_cleared", hhi(sold)), ("market", "hhi_available", hhi(able))]
    pivotal = (index < 1.0) @ hours / max(hours.sum(), 1e-12)
    known = np.isfinite(index)
    mean = np.divide(np.where(known, index, 0.0) @ hours, known @ hours, out=np.full(len(index), np.nan), where=known @ hours > 0)
    for o, name in enumerate(owners.name):
        scope = f"owner {name}"
        figures = {"capacity_mw": held[o], "cleared_mwh": sold[o], "rsi_min": index[o].min(initial=np.inf), "rsi_mean": mean[o]}
        figures["pivotal_share"] = pivotal[o]
        found += [(scope, n, float(v)) for n, v in figures.items()]
    return found
