"""Least cost of small commitment cases by trying every schedule: rules written out one by one, sharing nothing with the block.

One bus; generators with one band each, load that must be served. What each row of table commitment says is checked on the chosen
status by plain loops; the dispatch of a schedule is a small linear program.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from scipy.optimize import linprog


def cheapest(units: list[dict], load: np.ndarray, hours: np.ndarray) -> float:
    """Least cost; inf where no schedule serves the load. units: least, most, fixed, slope, up, down, start, stop, initial_h, min_up,
    min_down, start_ramp, stop_ramp, kinds [(lag, cost)], initial_mw; out: steps out of service."""
    begin = np.append(0.0, np.cumsum(hours)[:-1])
    feasible = [[(s, c) for s in product((0, 1), repeat=len(load)) if (c := switching(u, s, begin)) is not None] for u in units]
    best = np.inf
    for chosen in product(*feasible):
        status = np.array([s for s, _ in chosen])
        fixed = sum(c for _, c in chosen) + sum(u["fixed"] * float(s @ hours) for u, s in zip(units, status, strict=True))
        top = sum(u["most"] * s for u, s in zip(units, status, strict=True))
        if fixed < best and (top >= load).all():
            best = min(best, fixed + running(units, status, load, hours))
    return best


def switching(u: dict, status: tuple[int, ...], begin: np.ndarray) -> float | None:
    """Cost of starts and stops of a schedule; None where it breaks a minimum time or is on while out of service."""
    before, out = u["initial_h"], u.get("out", ())
    on, since, cost = (None, 0.0, 0.0) if before is None else (before > 0, -abs(before), 0.0)
    lost = False  # off because of an outage
    for t, (now, at) in enumerate(zip(status, begin, strict=True)):
        if now and t in out:
            return None
        if on is None:  # off for no longer than the minimum time asks, which suits a start best
            on, since = bool(now), -np.inf if now else -u["min_down"]
        elif bool(now) != on:
            lasted = at - since
            free = t in out if on else lost
            if not free and lasted < (u["min_up"] if on else u["min_down"]) - 1e-9:
                return None
            lost = t in out
            if now:
                lasted = max(at, u["min_down"]) if before is None and since < 0 else lasted
                cost += [price for lag, price in u["kinds"] if lag <= lasted + 1e-9 or lag == u["kinds"][0][0]][-1]
            else:
                cost += u["stop_cost"]
                if at == 0.0 and not free and u["initial_mw"] is not None and u["initial_mw"] > u["stop_ramp"]:
                    return None
            on, since = bool(now), at
    return cost


def running(units: list[dict], status: np.ndarray, load: np.ndarray, hours: np.ndarray) -> float:
    """Least cost of the output of a schedule, or inf."""
    n, steps = status.shape
    low, high, a, bound = np.zeros((n, steps)), np.zeros((n, steps)), [], []
    for i, u in enumerate(units):
        for t in range(steps):
            low[i, t], high[i, t] = u["least"] * status[i, t], u["most"] * status[i, t]
            known = u["initial_h"] is not None
            was = status[i, t - 1] if t else (u["initial_h"] > 0 if known else status[i, t])
            if status[i, t] and not was:
                high[i, t] = min(high[i, t], u["start_ramp"])
            if status[i, t] and t + 1 < steps and not status[i, t + 1]:
                high[i, t] = min(high[i, t], u["stop_ramp"])
            if t and status[i, t] and was:
                minutes = 30.0 * (hours[t] + hours[t - 1])
                for sign, ramp in [(s, r) for s, r in ((1.0, u["up"]), (-1.0, u["down"])) if np.isfinite(r)]:
                    row = np.zeros((n, steps))
                    row[i, t], row[i, t - 1] = sign, -sign
                    a.append(row.ravel())
                    bound.append(ramp * minutes)
            if not t and status[i, t] and was and known and u["initial_mw"] is not None:
                low[i, t] = max(low[i, t], u["initial_mw"] - 60.0 * hours[0] * u["down"])
                high[i, t] = min(high[i, t], u["initial_mw"] + 60.0 * hours[0] * u["up"])
    if (low > high + 1e-12).any():
        return np.inf
    slope = np.array([u["slope"] for u in units])[:, None] * hours
    limits = np.stack([low.ravel(), high.ravel()], axis=1)
    serve = np.tile(np.eye(steps), n)
    found = linprog(slope.ravel(), A_ub=a or None, b_ub=bound or None, A_eq=serve, b_eq=load, bounds=limits)
    return float(found.fun) if found.status == 0 else np.inf
