"""MATPOWER files for PyPSA: its importer takes PYPOWER arrays, but neither costs nor least outputs nor what is out of service."""

from __future__ import annotations

import numpy as np
import pypsa
from matpowercaseframes import CaseFrames

BUS_GS, BUS_ID, GEN_STATUS, GEN_MAX, GEN_MIN, BRANCH_STATUS, BRANCH_RATE, ANGLES = 4, 0, 7, 8, 9, 10, 5, slice(11, 13)
NO_LIMIT_MW = 1e6
GEN_COLUMNS = 21
"""As many as PyPSA's importer names; the last ones may be absent from a file."""


def read(path: str) -> dict:
    """PYPOWER arrays of what is in service, each `gencost` row (k,) cost coefficients c2, c1, c0."""
    frames = CaseFrames(path)
    bus, gen, branch, cost = (getattr(frames, name).to_numpy(float) for name in ("bus", "gen", "branch", "gencost"))
    cost = cost[: len(gen)][gen[:, GEN_STATUS] > 0]
    gen, branch = gen[gen[:, GEN_STATUS] > 0], branch[branch[:, BRANCH_STATUS] > 0]
    if (cost[:, 0] != 2).any() or (cost[:, 3] > 3).any():
        raise SystemExit("costs other than polynomials up to the square are not put into PyPSA here")
    terms = np.array([np.concatenate([np.zeros(3 - int(row[3])), row[4 : 4 + int(row[3])]]) for row in cost])
    gen = np.pad(gen, ((0, 0), (0, max(GEN_COLUMNS - gen.shape[1], 0))))[:, :GEN_COLUMNS]
    angles = branch[:, ANGLES]
    none = (angles == 0).all(axis=1, keepdims=True) | (np.abs(angles) >= 360)
    branch[:, ANGLES] = np.where(none, np.array([-np.inf, np.inf]), angles)
    return {"version": "2", "baseMVA": float(frames.baseMVA), "bus": bus, "gen": gen, "branch": branch, "gencost": terms}


def network(ppc: dict) -> tuple[pypsa.Network, float]:
    """The network and the cost per hour that does not depend on outputs."""
    n = pypsa.Network()
    n.import_from_pypower_ppc(ppc, overwrite_zero_s_nom=NO_LIMIT_MW)
    low, high = ppc["gen"][:, GEN_MIN], ppc["gen"][:, GEN_MAX]
    size = np.maximum(np.maximum(np.abs(low), np.abs(high)), 1e-6)
    table = n.generators
    table["p_nom"], table["p_min_pu"], table["p_max_pu"] = size, low / size, high / size
    table["p_set"] = np.nan  # what the file says of outputs is a starting point, not a schedule
    table["marginal_cost_quadratic"], table["marginal_cost"] = ppc["gencost"][:, 0], ppc["gencost"][:, 1]
    shunt = ppc["bus"][:, BUS_GS]
    at = np.flatnonzero(shunt)
    if len(at):
        n.add("Load", [f"Gs{i}" for i in at], bus=n.buses.index[at], p_set=shunt[at])
    return n, float(ppc["gencost"][:, 2].sum())
