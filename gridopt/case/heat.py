"""Heat load of units and generators (CHP), and what it leaves of their output: table chp.

    extraction       p >= c_b h,  p <= P - c_v h,  P largest output without heat
    back pressure    p = c_m h
"""

from __future__ import annotations

import numpy as np


def rows_of(case, table: str) -> tuple[np.ndarray, np.ndarray]:
    """(rows of `table` with a heat load, their rows in table chp), int (k,)."""
    chp = case.table("chp")
    mine = np.flatnonzero((chp["kind"] == table).to_numpy())
    return case.position(table, chp["element"].iloc[mine]), mine


def heat_of(case, table: str) -> np.ndarray:
    """Heat load MW (n, T); 0 where there is none, out of its season or out of service."""
    at, mine = rows_of(case, table)
    chp, found = case.table("chp").iloc[mine], np.zeros((len(case.table(table)), len(case.time)))
    season = np.where((chp["season"] == "").to_numpy()[:, None], 1.0, case.in_season(chp["season"]))
    heat = chp["heat_max_mw"].to_numpy(float)[:, None] * case.series(chp["profile"], 1.0) * season
    found[at] = heat * case.in_service(table)[at]
    return found


def must_heat(case, table: str) -> np.ndarray:
    """Whether the heat load keeps an element on, bool (n, T): not where the heat may come from elsewhere."""
    at, mine = rows_of(case, table)
    keeps = np.zeros(len(case.table(table)), bool)
    keeps[at] = ~case.table("chp")["other_heat"].to_numpy(bool)[mine]
    return keeps[:, None] & (heat_of(case, table) > 0)


def narrowed(case, table: str, least: np.ndarray, most: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(least, largest) output MW (n, T) that the heat load leaves of a range."""
    at, mine = rows_of(case, table)
    if not len(at):
        return least, most
    chp, heat = case.table("chp").iloc[mine], heat_of(case, table)[at]
    least, most = least.copy(), most.copy()
    low, lost, fixed = (chp[c].to_numpy(float)[:, None] for c in ("power_per_heat_min", "power_lost_per_heat", "power_per_heat"))
    extraction = (chp["mode"] == "extraction").to_numpy()[:, None]
    least[at] = np.where(extraction, np.maximum(least[at], low * heat), fixed * heat)
    most[at] = np.where(extraction, most[at] - lost * heat, fixed * heat)
    return least, most
