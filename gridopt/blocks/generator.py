"""Generator: units and flexible consumers known by limits and a cost curve.

Sets        g generator, k band of its cost curve, t step of length h[t] hours
Data        least and largest output m, M [MW] (limits x series, while in service); cost curve f(p) [CNY/h] = c0 + c p + q p^2, or
            straight between the points of table cost_point (convex; the first and last slopes go on beyond them);
            price series r [CNY/MWh]; ramps up R, down F [MW/min]; e [t/MWh]
Columns     generator.band x [MW]: a curve by points has a band per segment, any other one band

    0 <= x[k] <= width of the part of band k that lies between m and M,   output p = m + sum_k x[k]         (E1)
    -60 F (h[t]+h[t-1])/2 <= p[t] - p[t-1] <= 60 R (h[t]+h[t-1])/2       written only when broken            (E2)  generator.ramp

Cost        generator.energy = h (f(p) + r p);  convex, so bands fill in order
Ports       injection: p;  generator_output: p;  generator_available: M;  emission: e p
Dual        generator.ramp: <= 0 when the rise binds, >= 0 when the fall binds [CNY/MW]
Assumes     no start-up costs; a generator in service gives at least m (commitment is relaxed)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from gridopt.program.labels import Quantity


class Columns(NamedTuple):
    """least, most MW (G, T); `of` int (K,): generator of each band, in order; band (K, T)."""

    least: np.ndarray
    most: np.ndarray
    of: np.ndarray
    band: np.ndarray


class Curves(NamedTuple):
    """Bands of all generators: of int (K,), begin, end MW (K,), slope CNY/MWh (K,)."""

    of: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    slope: np.ndarray


def limits(case) -> tuple[np.ndarray, np.ndarray]:
    """Least and largest output MW (G, T), 0 while out of service."""
    table, here = case.table("generator"), case.in_service("generator")
    least = table["power_min_mw"].to_numpy(float)[:, None] * case.series(table["min_profile"], 1.0)
    most = table["power_max_mw"].to_numpy(float)[:, None] * case.series(table["profile"], 1.0)
    return least * here, most * here


def curves(case) -> Curves:
    """Bands by generator, then by output; the outer ones are open."""
    table, point = case.table("generator"), case.table("cost_point")
    owner = case.position("generator", point["generator"])
    power, cost = (point[c].to_numpy(float) for c in ("power_mw", "cost_cny_per_h"))
    order = np.lexsort((power, owner))
    owner, power, cost = owner[order], power[order], cost[order]
    same = owner[1:] == owner[:-1]
    of, begin, end = owner[1:][same], power[:-1][same], power[1:][same]
    slope = (np.diff(cost) / np.where(same, np.diff(power), 1.0))[same]
    begin = np.where(np.append(True, of[1:] != of[:-1])[: len(of)], -np.inf, begin)
    end = np.where(np.append(of[1:] != of[:-1], True)[-len(of) or None :][: len(of)], np.inf, end)
    plain = np.setdiff1d(np.arange(len(table)), of)
    of = np.concatenate([of, plain])
    begin, end = np.append(begin, np.full(len(plain), -np.inf)), np.append(end, np.full(len(plain), np.inf))
    slope = np.append(slope, table["cost_cny_per_mwh"].to_numpy(float)[plain])
    order = np.lexsort((begin, of))
    return Curves(of[order], begin[order], end[order], slope[order])


def cost_at(case, output: np.ndarray) -> np.ndarray:
    """f(p) CNY/h of outputs MW (G, T), without the price series."""
    table, point = case.table("generator"), case.table("cost_point")
    c0, c, q = (table[f"cost_{n}"].to_numpy(float)[:, None] for n in ("cny_per_h", "cny_per_mwh", "quadratic_cny_per_mw2h"))
    value = c * output + q * output**2
    bands = curves(case)
    for name, part in point.groupby("generator", sort=False):
        g = table.index.get_loc(name)
        part, mine = part.sort_values("power_mw"), np.flatnonzero(bands.of == g)
        knots, height = (part[n].to_numpy(float) for n in ("power_mw", "cost_cny_per_h"))
        inside = np.interp(output[g], knots, height)
        value[g] = inside + bands.slope[mine[0]] * np.minimum(output[g] - knots[0], 0.0)
        value[g] += bands.slope[mine[-1]] * np.maximum(output[g] - knots[-1], 0.0)
    return (c0 + value) * (case.in_service("generator") > 0)


def declare(case, b):
    """Columns (E1), their cost, injections, emissions."""
    table, hours = case.table("generator"), case.time.hours
    least, most = limits(case)
    bands = curves(case)
    of = bands.of
    low, high = np.maximum(bands.begin[:, None], least[of]), np.minimum(bands.end[:, None], most[of])
    single = np.bincount(of, minlength=len(table))[of, None] == 1
    width = np.where(single, high - low, np.maximum(high - low, 0.0))
    names = np.array([f"{table.index[g]}/{k}" for g, k in zip(of, _number(of), strict=True)], dtype=object)
    band = b.columns("generator.band", unit="MW", over={"band": names, "time": case.time.index}, upper=width)
    price = case.series(table["price_profile"], 0.0)
    square = table["cost_quadratic_cny_per_mw2h"].to_numpy(float)[:, None]
    b.cost("generator.energy", band, (bands.slope[:, None] + price[of] + 2.0 * square[of] * least[of]) * hours)
    b.square_cost("generator.energy", band, square[of] * hours)
    b.fixed_cost("generator.energy", float(np.sum((cost_at(case, least) + price * least) * hours)))
    bus, emits = case.position("bus", table["bus"]), table["co2_t_per_mwh"].to_numpy(float)[:, None]
    for port, at, rate in (("injection", bus, 1.0), ("generator_output", np.arange(len(table)), 1.0), ("emission", 0 * bus, emits)):
        size = len(table) if port == "generator_output" else 1
        b.port(port, size).add(at, constant=rate * least)
        b.port(port).add(at[of], band, rate if np.isscalar(rate) else rate[of])
    b.port("generator_available", len(table)).add(np.arange(len(table)), constant=most)
    return Columns(least, most, of, band)


def ramps(case) -> np.ndarray:
    """Ramps up and down MW/min (2, G), inf where there is no limit."""
    table = case.table("generator")
    up, down = (table[c].to_numpy(float) for c in ("ramp_fraction_per_min", "ramp_down_fraction_per_min"))
    both = np.array([up, np.where(np.isnan(down), up, down)]) * table["power_max_mw"].abs().to_numpy(float)
    return np.where(np.isnan(both), np.inf, both)


def _number(of: np.ndarray) -> np.ndarray:
    """Number of each band within its generator."""
    return np.arange(len(of)) - np.searchsorted(of, of)


def constrain(case, b, columns):
    """Lazy family (E2); a step at which the generator enters or leaves service is not a ramp."""
    table, hours = case.table("generator"), case.time.hours
    ramp = ramps(case)
    some = np.flatnonzero(np.isfinite(ramp).any(axis=0))
    if not len(some) or len(hours) < 2:
        return
    here = case.in_service("generator")[some]
    minutes = np.where(np.diff(here, axis=1) == 0, 60.0 * 0.5 * (hours[1:] + hours[:-1]), np.inf)
    minutes = np.concatenate([np.full((len(some), 1), np.inf), minutes], axis=1)
    up, down = ramp[:, some, None] * minutes
    of, least = columns.of, columns.least
    gather = sp.csr_array((np.ones(len(of)), (of, np.arange(len(of)))), shape=least.shape[:1] + (len(of),))[some]
    jump = np.diff(least[some], axis=1, prepend=least[some, :1])

    def rise(x, steps=slice(None)):
        part = slice(max((steps.start or 0) - 1, 0), steps.stop)
        output = least[some, part] + gather @ x[columns.band[:, part]]
        return np.diff(output, axis=1, prepend=output[:, :1])[:, (steps.start or 0) - part.start :]

    def expand(element, step):
        mine = gather[element].tocoo()
        row, k = mine.coords
        now, before = columns.band[k, step[row]], columns.band[k, step[row] - 1]
        one = np.ones(len(row))
        return np.tile(row, 2), np.concatenate([now, before]), np.concatenate([one, -one]), jump[element, step]

    over = {"generator": table.index.to_numpy(object)[some], "time": case.time.index}
    b.lazy("generator.ramp", unit="MW", over=over, bounds=(-down, up), activity=rise, expand=expand, looks_back=True)


def results(case, columns, values) -> dict[str, Quantity]:
    """Output by generator."""
    output = columns.least.copy()
    np.add.at(output, columns.of, values["generator.band"])
    dims, sign = ("generator", "time"), "positive: generation"
    return {"generator_output": Quantity(dims, output, "MW", "output of generators", "发电机组出力", sign)}
