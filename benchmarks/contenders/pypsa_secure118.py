"""PyPSA's security-constrained dispatch of the 118-bus day; HiGHS with PyPSA's default options."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pypsa

from benchmarks.cases.network_folder import START
from benchmarks.contenders.outcome import write


def network(data: dict[str, np.ndarray]) -> pypsa.Network:
    steps = pd.date_range(START, periods=len(data["shape"]), freq="h")
    n = pypsa.Network(snapshots=steps)
    buses = np.array([f"b{b}" for b in range(len(data["load"]))])
    n.add("Bus", buses)
    lines = [f"l{i}" for i in range(len(data["x"]))]
    n.add("Line", lines, bus0=buses[data["line_from"]], bus1=buses[data["line_to"]], x=data["x"], s_nom=data["cap"])
    units = [f"g{g}" for g in range(len(data["unit_bus"]))]
    n.add("Generator", units, bus=buses[data["unit_bus"]], p_nom=data["p_max"], marginal_cost=data["cost"])
    load = pd.DataFrame(np.outer(data["shape"], data["load"]), steps, "d" + buses)
    n.add("Load", "d" + buses, bus=buses, p_set=load)
    return n


def main(folder: str, target: str) -> None:
    begun = time.perf_counter()
    with np.load(Path(folder) / "data.npz") as file:
        data = dict(file)
    n = network(data)
    built = time.perf_counter()
    _, status = n.optimize.optimize_security_constrained(branch_outages=[f"l{k}" for k in data["outage"]], solver_name="highs")
    stages = [(built - begun, "network built"), (time.perf_counter() - begun, "solved")]
    write(Path(target), objective=n.model.objective.value, status=status, stages=stages)


if __name__ == "__main__":
    main(*sys.argv[1:])
