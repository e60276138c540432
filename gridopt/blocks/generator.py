"""Generator: units and flexible consumers known by limits and a cost curve.

Sets        g generator, k band of its cost curve, t step of length h[t] hours
Data        least and largest output m, M [MW] (limits x series, while in service); cost curve f(p) [CNY/h] = c0 + c p + q p^2, or
            straight between the points of table cost_point (convex; the first and last slopes go on beyond them), with price series
            of its parts;
            price series r [CNY/MWh]; ramps up R, down F [MW/min]; e [t/MWh]
Columns     generator.band x [MW]: a curve by points has a band per segment, any other one band

    0 <= x[k] <= width of the part of band k that lies between m and M,   output p = m + sum_k x[k]         (E1)
    -60 F (h[t]+h[t-1])/2 <= p[t] - p[t-1] <= 60 R (h[t]+h[t-1])/2       written only when broken            (E2)  generator.ramp

Cost        generator.energy = h (f(p) + r p);  convex, so bands fill in order
Ports       injection: p;  generator_output: p;  generator_available, generator_least: M, m;  emission: e p;  thermal_energy: p where e > 0
Dual        generator.ramp: <= 0 when the rise binds, >= 0 when the fall binds [CNY/MW]
Assumes     generators of table commitment are left to the block of that name, where decisions are modelled; a generator in service
            gives at least m, and starts cost nothing
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from gridopt.case.fleet import left_on
from gridopt.case.generators import cost_at, curves, limits, ramps
from gridopt.program.labels import Quantity


class Columns(NamedTuple):
    """rows int (G,): the generators that are not switched; least, most MW (G, T); `of` int (K,): generator of each band, in order;
    band (K, T)."""

    rows: np.ndarray
    least: np.ndarray
    most: np.ndarray
    of: np.ndarray
    band: np.ndarray


def declare(case, b):
    """Columns (E1), their cost, injections, emissions."""
    rows, size = left_on(case, "generator"), len(case.table("generator"))
    table, hours = case.table("generator").iloc[rows], case.time.hours
    least, most = (limit[rows] for limit in limits(case))
    bands = curves(case).part(rows, size)
    of = bands.of
    low, high = np.maximum(bands.begin[:, None], least[of]), np.minimum(bands.end[:, None], most[of])
    single = np.bincount(of, minlength=len(table))[of, None] == 1
    width = np.where(single, high - low, np.maximum(high - low, 0.0))
    names = np.array([f"{table.index[g]}/{k}" for g, k in zip(of, _number(of), strict=True)], dtype=object)
    band = b.columns("generator.band", unit="MW", over={"band": names, "time": case.time.index}, upper=width)
    price = case.series(table["price_profile"], 0.0)
    square = table["cost_quadratic_cny_per_mw2h"].to_numpy(float)[:, None]
    b.cost("generator.energy", band, (bands.prices(case) + price[of] + 2.0 * square[of] * least[of]) * hours)
    b.square_cost("generator.energy", band, square[of] * hours)
    b.fixed_cost("generator.energy", (cost_at(case, limits(case)[0])[rows] + price * least) * hours, {"generator": table.index})
    bus, emits = case.position("bus", table["bus"]), table["co2_t_per_mwh"].to_numpy(float)[:, None]
    for port, at, rate in (("injection", bus, 1.0), ("generator_output", rows, 1.0), ("emission", 0 * bus, emits),
                           ("thermal_energy", 0 * bus, (emits > 0).astype(float))):  # fmt: skip
        b.port(port, size if port == "generator_output" else 1).add(at, constant=rate * least)
        b.port(port).add(at[of], band, rate if np.isscalar(rate) else rate[of])
    b.port("generator_available", size).add(rows, constant=most)
    b.port("generator_least", size).add(rows, constant=least)
    return Columns(rows, least, most, of, band)


def _number(of: np.ndarray) -> np.ndarray:
    """Number of each band within its generator."""
    return np.arange(len(of)) - np.searchsorted(of, of)


def constrain(case, b, columns):
    """Lazy family (E2), at the first step where the output before it is known (of a step as long) and the generator in service; a step at
    which it enters or leaves service is not a ramp."""
    table, hours = case.table("generator").iloc[columns.rows], case.time.hours
    ramp = ramps(case)[:, columns.rows]
    some = np.flatnonzero(np.isfinite(ramp).any(axis=0))
    before = table["initial_mw"].to_numpy(float)[some, None]
    if not len(some) or (len(hours) < 2 and np.isnan(before).all()):
        return
    here = case.in_service("generator")[columns.rows[some]]
    steady = np.concatenate([~np.isnan(before) & (here[:, :1] > 0), np.diff(here, axis=1) == 0], axis=1)
    minutes = np.where(steady, 60.0 * 0.5 * (hours + np.append(hours[:1], hours[:-1])), np.inf)
    up, down = ramp[:, some, None] * minutes
    of, least = columns.of, columns.least
    gather = sp.csr_array((np.ones(len(of)), (of, np.arange(len(of)))), shape=least.shape[:1] + (len(of),))[some]
    before = np.where(np.isnan(before), least[some, :1], before)
    jump = np.diff(least[some], axis=1, prepend=before)

    def rise(x, steps=slice(None)):
        part = slice(max((steps.start or 0) - 1, 0), steps.stop)
        output = least[some, part] + gather @ x[columns.band[:, part]]
        return np.diff(output, axis=1) if steps.start else np.diff(output, axis=1, prepend=before)

    def expand(element, step):
        mine = gather[element].tocoo()
        row, k = mine.coords
        later = np.flatnonzero(step[row] > 0)
        now, then = columns.band[k, step[row]], columns.band[k[later], step[row[later]] - 1]
        one = np.ones(len(row) + len(later))
        one[len(row) :] = -1.0
        return np.append(row, row[later]), np.append(now, then), one, jump[element, step]

    over = {"generator": table.index.to_numpy(object)[some], "time": case.time.index}
    b.lazy("generator.ramp", unit="MW", over=over, bounds=(-down, up), activity=rise, expand=expand, looks_back=True)


def results(case, columns, values) -> dict[str, Quantity]:
    """Output by generator, whichever block gives it."""
    output = values.builder.port("generator_output").value(values.solution.x)
    dims, sign = ("generator", "time"), "positive: generation"
    return {"generator_output": Quantity(dims, output, "MW", "output of generators", "发电机组出力", sign)}
