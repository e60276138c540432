"""A DC-OPF straight from the tables, for tests of readers: angles, outputs and pieces of cost in one LP. Shares nothing with the model.

Linear costs and costs by points (cost >= each line through neighbouring points); a quadratic cost by TANGENTS lines that touch it, so the
objective is at most a tangent's error too low.
"""

import numpy as np
import scipy.sparse as sp
from scipy.optimize import linprog

TANGENTS = 400
ANGLE = 100.0
"""rad; free angles let HiGHS call bounded programs unbounded."""


def optimum(tables):
    """Least cost per hour, price at each bus (dict), output by generator (dict), flow by branch (dict); None where infeasible."""
    bus, gen, branch = tables["bus"], tables["generator"], tables["ac_branch"]
    at = {b: i for i, b in enumerate(bus.index)}
    nb, ng, nl = len(bus), len(gen), len(branch)
    start, end = ([at[b] for b in branch[c]] for c in ("from_bus", "to_bus"))
    b = (branch["base_mva"] / branch["reactance_pu"] / branch["tap_ratio"]).to_numpy()
    row = np.arange(nl)
    incidence = sp.csr_matrix((np.r_[np.ones(nl), -np.ones(nl)], (np.r_[row, row], np.r_[start, end])), (nl, nb))
    flow = sp.diags(b) @ incidence
    fixed = -b * np.deg2rad(branch["shift_deg"].to_numpy())
    # columns: angles, outputs, costs
    place = sp.csr_matrix((np.ones(ng), ([at[x] for x in gen["bus"]], np.arange(ng))), (nb, ng))
    balance = sp.hstack([-incidence.T @ flow, place, sp.csr_matrix((nb, ng))])
    load = np.zeros(nb)
    np.add.at(load, [at[x] for x in tables["load"]["bus"]], tables["load"]["mean_mw"].to_numpy())
    none = sp.csr_matrix((nl, 2 * ng))
    rating = branch["rating_mw"].fillna(np.inf).to_numpy()
    low, high = (np.deg2rad(branch[c].to_numpy()) for c in ("angle_min_deg", "angle_max_deg"))
    rows = [sp.hstack([flow, none]), sp.hstack([-flow, none]), sp.hstack([incidence, none]), sp.hstack([-incidence, none])]
    limits = [rating - fixed, rating + fixed, np.where(np.isnan(high), np.inf, high), np.where(np.isnan(low), np.inf, -low)]
    owner, slope, level = lines(tables)
    count = len(owner)
    cost_rows = sp.csr_matrix(
        (np.r_[slope, -np.ones(count)], (np.tile(np.arange(count), 2), np.r_[nb + owner, nb + ng + owner])), (count, nb + 2 * ng)
    )
    upper, right = sp.vstack([*rows, cost_rows]).tocsr(), np.concatenate([*limits, -level])
    kept = np.isfinite(right)
    result = linprog(
        np.r_[np.zeros(nb + ng), np.ones(ng)], upper[kept], right[kept], balance, load + incidence.T @ fixed,
        [*[(-ANGLE, ANGLE)] * nb, *zip(gen["power_min_mw"], gen["power_max_mw"], strict=True), *[(None, None)] * ng], method="highs",
    )  # fmt: skip
    if result.status == 2:
        return None
    assert result.status == 0, result.message
    x = result.x
    return (
        result.fun + gen["cost_cny_per_h"].sum(),
        dict(zip(bus.index, result.eqlin.marginals, strict=True)),
        dict(zip(gen.index, x[nb : nb + ng], strict=True)),
        dict(zip(branch.index, flow @ x[:nb] + fixed, strict=True)),
    )


def lines(tables):
    """Lines below the cost curves: generator (int), slope, level at output 0; the constant part is added elsewhere."""
    found = []
    points = {g: p.sort_values("power_mw") for g, p in tables["cost_point"].groupby("generator")}
    for i, (name, g) in enumerate(tables["generator"].iterrows()):
        square = g["cost_quadratic_cny_per_mw2h"]
        if name in points:
            power, cost = points[name]["power_mw"].to_numpy(), points[name]["cost_cny_per_h"].to_numpy()
            slope = np.diff(cost) / np.diff(power)
            found += [(i, s, c - s * p) for s, c, p in zip(slope, cost, power, strict=False)]
        elif square > 0:
            touch = np.linspace(g["power_min_mw"], g["power_max_mw"], TANGENTS)
            found += [(i, g["cost_cny_per_mwh"] + 2 * square * p, -square * p * p) for p in touch]
        else:
            found.append((i, g["cost_cny_per_mwh"], 0.0))
    owner, slope, level = map(np.array, zip(*found, strict=True))
    return owner.astype(int), slope, level
