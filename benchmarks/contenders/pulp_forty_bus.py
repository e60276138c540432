"""PuLP on the synthetic grid: an object for every variable and constraint, solved by PuLP's default solver (CBC)."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pulp

from benchmarks.cases.forty_bus import COAL, EFFICIENCY, HOURS_OF_STORE, RAMP_PER_H, SHED_COST, STORE_COST
from benchmarks.contenders.outcome import write


def program(data: dict[str, np.ndarray]) -> pulp.LpProblem:
    """(F1) to (F4), step by step."""
    prob = pulp.LpProblem("forty_bus", pulp.LpMinimize)
    cost: list = []
    before: dict = {}
    for t in range(len(data["shape"])):
        before = step(prob, data, t, before, cost)
    prob.setObjective(pulp.lpSum(cost))
    return prob


def step(prob: pulp.LpProblem, data: dict[str, np.ndarray], t: int, before: dict, cost: list) -> dict:
    """Variables and constraints of one step; what the next one needs of them."""
    buses = range(len(data["mean_load"]))
    load = data["mean_load"] * data["shape"][t]
    balance: list[list] = [[-load[b]] for b in buses]
    theta = [pulp.LpVariable(f"theta_{b}_{t}", *((0, 0) if b == 0 else (None, None))) for b in buses]
    for i, (f, e, x, cap) in enumerate(zip(data["line_from"], data["line_to"], data["x"], data["cap"], strict=True)):
        flow = pulp.LpVariable(f"flow_{i}_{t}", -cap, cap)
        prob += flow == (theta[f] - theta[e]) * (1.0 / x)
        balance[f].append(-flow)
        balance[e].append(flow)
    output = {}
    for g, (b, p_max) in enumerate(zip(data["unit_bus"], data["p_max"], strict=True)):
        p = output[g] = pulp.LpVariable(f"p_{g}_{t}", 0, p_max * data["available"][g, t])
        balance[b].append(p)
        cost.append(data["cost"][g] * p)
        if before and data["kind"][g] == COAL:
            prob += p - before["output"][g] <= RAMP_PER_H * p_max
            prob += before["output"][g] - p <= RAMP_PER_H * p_max
    energy = {}
    for s, (b, power) in enumerate(zip(data["store_bus"], data["store_power"], strict=True)):
        charge, discharge = (pulp.LpVariable(f"{n}_{s}_{t}", 0, power) for n in ("charge", "discharge"))
        e = energy[s] = pulp.LpVariable(f"energy_{s}_{t}", 0, HOURS_OF_STORE * power)
        prob += e == (before["energy"][s] if before else 0.0) + EFFICIENCY * charge - discharge * (1.0 / EFFICIENCY)
        balance[b] += [discharge, -charge]
        cost.append(STORE_COST * (charge + discharge))
    for b in buses:
        shed = pulp.LpVariable(f"shed_{b}_{t}", 0, load[b])
        cost.append(SHED_COST * shed)
        prob += pulp.lpSum([*balance[b], shed]) == 0
    return {"output": output, "energy": energy}


def main(folder: str, target: str) -> None:
    begun = time.perf_counter()
    with np.load(Path(folder) / "data.npz") as file:
        prob = program(dict(file))
    built = time.perf_counter()
    prob.solve(pulp.PULP_CBC_CMD(msg=False))
    stages = [(built - begun, "program built"), (time.perf_counter() - begun, "solved")]
    write(Path(target), objective=pulp.value(prob.objective), status=pulp.LpStatus[prob.status].lower(), stages=stages)


if __name__ == "__main__":
    main(*sys.argv[1:])
