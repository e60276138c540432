"""A DC-OPF straight from the tables, for tests of readers: angles, outputs and pieces of cost in one LP. Shares nothing with the model.

A cost curve is the largest of lines below it: those through neighbouring points, or tangents of a square, added where the last optimum
lies until they touch the curve there.
"""

import numpy as np
import scipy.sparse as sp
from scipy.optimize import linprog

ANGLE = 100.0
"""rad; free angles let HiGHS call bounded programs unbounded."""
TOUCH = 1e-12


def optimum(tables):
    """Least cost per hour, price at each bus (dict), output by generator (dict), flow by branch (dict); None where infeasible."""
    generator = tables["generator"]
    square = generator["cost_quadratic_cny_per_mw2h"].to_numpy()
    curves = lines(tables)
    for _ in range(100):
        found = solve(tables, curves)
        if found is None:
            return None
        cost, output = found[0], np.array(list(found[2].values()))
        owner, slope, level = curves
        bound = np.full(len(generator), -np.inf)
        np.maximum.at(bound, owner, slope * output[owner] + level)
        short = (generator["cost_cny_per_mwh"] * output + square * output**2).to_numpy() - bound
        more = np.flatnonzero((square > 0) & (short > TOUCH * abs(cost) / len(generator)))
        if not len(more):
            return found
        tangents = more, generator["cost_cny_per_mwh"].to_numpy()[more] + 2 * square[more] * output[more], -square[more] * output[more] ** 2
        curves = tuple(np.concatenate(pair) for pair in zip(curves, tangents, strict=True))
    raise AssertionError("the tangents do not touch")


def solve(tables, curves):
    """As `optimum`, for lines (generator, slope, level) below the cost curves."""
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
    owner, slope, level = curves
    size, line = (len(owner), nb + 2 * ng), np.arange(len(owner))
    below = sp.csr_matrix((np.r_[slope, -np.ones(len(owner))], (np.r_[line, line], np.r_[nb + owner, nb + ng + owner])), size)
    upper, right = sp.vstack([*rows, below]).tocsr(), np.concatenate([*limits, -level])
    kept = np.isfinite(right)
    bounds = [*[(-ANGLE, ANGLE)] * nb, *zip(gen["power_min_mw"], gen["power_max_mw"], strict=True), *[(None, None)] * ng]
    price = np.r_[np.zeros(nb + ng), np.ones(ng)]
    result = linprog(price, upper[kept], right[kept], balance, load + incidence.T @ fixed, bounds, method="highs")
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
    """First lines below the cost curves: generator (int), slope, level at output 0; the constant part is added elsewhere."""
    found = []
    points = {g: p.sort_values("power_mw") for g, p in tables["cost_point"].groupby("generator")}
    for i, (name, g) in enumerate(tables["generator"].iterrows()):
        square = g["cost_quadratic_cny_per_mw2h"]
        if name in points:
            power, cost = points[name]["power_mw"].to_numpy(), points[name]["cost_cny_per_h"].to_numpy()
            slope = np.diff(cost) / np.diff(power)
            found += [(i, s, c - s * p) for s, c, p in zip(slope, cost, power, strict=False)]
        else:
            touch = np.linspace(g["power_min_mw"], g["power_max_mw"], 10) if square > 0 else [0.0]
            found += [(i, g["cost_cny_per_mwh"] + 2 * square * p, -square * p * p) for p in touch]
    owner, slope, level = map(np.array, zip(*found, strict=True))
    return owner.astype(int), slope, level
