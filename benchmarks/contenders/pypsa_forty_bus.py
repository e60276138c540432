"""PyPSA on the synthetic grid: lines, generators with ramp limits, storage units; HiGHS with PyPSA's default options."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pypsa

from benchmarks.cases.forty_bus import COAL, EFFICIENCY, HOURS_OF_STORE, RAMP_PER_H, SHED_COST, STORE_COST
from benchmarks.cases.network_folder import START
from benchmarks.contenders.outcome import write


def network(data: dict[str, np.ndarray]) -> pypsa.Network:
    """(F1) to (F4) in PyPSA's components, but for the cost of charging, which a storage unit has not."""
    steps = pd.date_range(START, periods=len(data["shape"]), freq="h")
    n = pypsa.Network(snapshots=steps)
    buses = np.array([f"b{b}" for b in range(len(data["mean_load"]))])
    n.add("Bus", buses)
    lines = np.arange(len(data["x"]))
    n.add("Line", [f"l{i}" for i in lines], bus0=buses[data["line_from"]], bus1=buses[data["line_to"]], x=data["x"], s_nom=data["cap"])
    names = np.array([f"g{g}" for g in range(len(data["kind"]))])
    for chosen, more in ((data["kind"] == COAL, {"ramp_limit_up": RAMP_PER_H, "ramp_limit_down": RAMP_PER_H}), (data["kind"] != COAL, {})):
        if not more:
            more = {"p_max_pu": pd.DataFrame(data["available"][chosen].T, steps, names[chosen])}
        at = {"bus": buses[data["unit_bus"][chosen]], "p_nom": data["p_max"][chosen], "marginal_cost": data["cost"][chosen]}
        n.add("Generator", names[chosen], **at, **more)
    load = pd.DataFrame(np.outer(data["shape"], data["mean_load"]), steps, buses)
    n.add("Load", "d" + buses, bus=buses, p_set=load.add_prefix("d"))
    n.add("Generator", "shed" + buses, bus=buses, p_nom=1.0, p_max_pu=load.add_prefix("shed"), marginal_cost=SHED_COST)
    n.add(
        "StorageUnit", [f"s{i}" for i in range(len(data["store_bus"]))], bus=buses[data["store_bus"]], p_nom=data["store_power"],
        max_hours=HOURS_OF_STORE, efficiency_store=EFFICIENCY, efficiency_dispatch=EFFICIENCY, state_of_charge_initial=0.0,
        cyclic_state_of_charge=False, marginal_cost=STORE_COST,
    )  # fmt: skip
    return n


def cost_of_charging(n: pypsa.Network, steps: pd.Index) -> None:
    m = n.model
    m.objective = m.objective.expression + STORE_COST * m["StorageUnit-p_store"].sum()


def main(folder: str, target: str) -> None:
    begun = time.perf_counter()
    with np.load(Path(folder) / "data.npz") as file:
        n = network(dict(file))
    built = time.perf_counter()
    _, status = n.optimize(solver_name="highs", extra_functionality=cost_of_charging)
    stages = [(built - begun, "network built"), (time.perf_counter() - begun, "solved")]
    write(Path(target), objective=n.model.objective.value, status=status, stages=stages)


if __name__ == "__main__":
    main(*sys.argv[1:])
