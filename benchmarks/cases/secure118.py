"""A day of the 118-bus test system with limits that N-1 makes bind. Runs in pandapower's environment.

Buses, loads, generators and branches are those of pandapower's collection, tap ratios taken into the reactances; every generator costs
what its quadratic curve costs on average at full output, and may go down to zero. The collection knows no limits. Here each branch gets the
largest flow it would carry after any single outage, in any hour, if all generators gave the same share of their output, times MARGIN:
that dispatch is then secure, and a cheaper one meets the limits. An outage that would cut the network in two is not considered.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from pandapower.converter.pypower.to_ppc import to_ppc
from pandapower.networks import case118

from benchmarks.cases import network_folder

HOURS, MARGIN, BRIDGE = 24, 1.02, 1e-6


def factors(begin: np.ndarray, end: np.ndarray, x: np.ndarray, buses: int) -> tuple[np.ndarray, np.ndarray]:
    """PTDF (L, B) against bus 0, and LODF (L, L), NaN in the columns of branches whose outage cuts the network."""
    lines = np.arange(len(x))
    incidence = np.zeros((len(x), buses))
    incidence[lines, begin], incidence[lines, end] = 1.0, -1.0
    weighted = incidence / x[:, None]
    ptdf = np.zeros_like(incidence)
    ptdf[:, 1:] = np.linalg.solve((incidence.T @ weighted)[1:, 1:], weighted[:, 1:].T).T
    across = ptdf @ incidence.T
    alone = 1.0 - np.diag(across)
    with np.errstate(divide="ignore", invalid="ignore"):
        lodf = np.where(np.abs(alone) > BRIDGE, across / alone, np.nan)
    lodf[lines, lines] = np.where(np.isnan(lodf[lines, lines]), np.nan, -1.0)
    return ptdf, lodf


def limits(ptdf: np.ndarray, lodf: np.ndarray, injection: np.ndarray) -> np.ndarray:
    """MARGIN times the largest flow (L,) before and after any outage, of injections (B, T)."""
    flow = ptdf @ injection
    worst = np.abs(flow).max(axis=1)
    for k in np.flatnonzero(~np.isnan(lodf).any(axis=0)):
        worst = np.maximum(worst, np.abs(flow + lodf[:, [k]] * flow[k]).max(axis=1))
    return MARGIN * np.maximum(worst, 1.0)


def draw() -> dict[str, np.ndarray]:
    """Arrays: lines (L,) with x per unit on 100 MVA, `outage` the branches that may fail; generators (G,); loads (B,) and shape (T,)."""
    ppc = to_ppc(case118(), init="flat", mode="opf")
    bus, gen, branch, cost = (np.real(ppc[k]) for k in ("bus", "gen", "branch", "gencost"))
    tap = np.where(branch[:, 8] == 0, 1.0, branch[:, 8])
    begin, end, x = branch[:, 0].astype(int), branch[:, 1].astype(int), branch[:, 3] * tap * 100.0 / ppc["baseMVA"]
    at, p_max = gen[:, 0].astype(int), gen[:, 8]
    shape = 0.8 + 0.2 * np.sin((np.arange(HOURS) - 9) / 24 * 2 * np.pi)
    ptdf, lodf = factors(begin, end, x, len(bus))
    even = np.bincount(at, p_max / p_max.sum() * bus[:, 2].sum(), len(bus)) - bus[:, 2]
    return {
        "line_from": begin, "line_to": end, "x": x, "cap": limits(ptdf, lodf, np.outer(even, shape)),
        "outage": np.flatnonzero(~np.isnan(lodf).any(axis=0)), "unit_bus": at, "p_max": p_max,
        "cost": cost[:, 4] * p_max + cost[:, 5], "load": bus[:, 2], "shape": shape,
    }  # fmt: skip


def tables(data: dict[str, np.ndarray]) -> tuple[dict[str, list[dict]], dict[str, np.ndarray]]:
    """Rows of gridopt's tables and the series that they name."""
    rows = {
        "bus": [{"bus": f"b{b}", "voltage_kv": 138, "surplus_allowed": "false"} for b in range(len(data["load"]))],
        "ac_branch": [
            {"ac_branch": f"l{i}", "from_bus": f"b{f}", "to_bus": f"b{t}", "reactance_pu": x, "rating_mw": cap}
            for i, (f, t, x, cap) in enumerate(zip(data["line_from"], data["line_to"], data["x"], data["cap"], strict=True))
        ],
        "generator": [
            {"generator": f"g{g}", "bus": f"b{b}", "power_max_mw": p, "cost_cny_per_mwh": c}
            for g, (b, p, c) in enumerate(zip(data["unit_bus"], data["p_max"], data["cost"], strict=True))
        ],
        "load": [
            {"load": f"d{b}", "bus": f"b{b}", "mean_mw": data["load"][b], "profile": "load.all", "sheddable": "false"}
            for b in np.flatnonzero(data["load"])
        ],
    }  # fmt: skip
    return rows, {"load.all": data["shape"]}


def main(folder: str) -> None:
    data = draw()
    np.savez(Path(folder) / "data.npz", **data)
    network_folder.write(Path(folder), "118 buses, secure against any outage", *tables(data))


if __name__ == "__main__":
    main(*sys.argv[1:])
