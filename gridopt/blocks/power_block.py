"""Power block: the steam turbine of a solar thermal plant that is switched on and off, and its ramp.

Sets        c plant that has a least output, start heat, start cost or minimum times; t step of length h[t] hours
Data        least output m and largest P [MW] (while in service), heat of a start H [MWh], minimum times UT, DT [h], ramp R [MW/min],
            cost of a start, hours on (or off, negative) and output before the first step
Columns     power_block.on u, power_block.start v, power_block.stop w [1]; only in cases with decisions

    u[t] - u[t-1] - v[t] + w[t] = 0                                       (B1)  power_block.status
    sum of v[s], t - s < UT and in service from s to t,  <= u[t]          (B2)  power_block.min_up
    sum of w[s], t - s < DT,  <= 1 - u[t]                                 (B2)  power_block.min_down
    m u <= p <= P u                                                       (B3)  power_block.least, power_block.most
    p[t] - p[t-1] <= R' u[t-1] + max(m, R') v[t],   R' = 30 R (h[t]+h[t-1])         (B4)  power_block.rise
    p[t-1] - p[t] <= R' u[t] + max(m, R') w[t]                            (B5)  power_block.fall
    where service changes P stands for R' u and for max(m, R') w: only a start is a ramp then
    without decisions, or where nothing else makes it switch: |p[t] - p[t-1]| <= R'   written only when broken     (B6)  power_block.ramp

Cost        power_block.start = cost x v
Ports       csp_start_heat: H v / h [MW of heat];  draws on csp_output: p;  where there are reserves or ramping csp_available P u,
            csp_least m u
Assumes     a start takes its heat in the step in which it happens; where the status before the first step is not known, it is what suits
            the first step best; what is out of service is off, and its minimum time on is over then
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridopt.case.power_blocks import switched
from gridopt.case.windows import INSTANT, begins, returned, since, spread
from gridopt.program.labels import Quantity


class Columns(NamedTuple):
    """at int (k,): plants that are switched; on, start, stop int (k, T)."""

    at: np.ndarray
    on: np.ndarray
    start: np.ndarray
    stop: np.ndarray


def declare(case, b):
    """Columns with what was before the first step, their cost, the heat of starts."""
    table, hours = case.table("csp"), case.time.hours
    at = np.flatnonzero(switched(case))
    some, here, begin = table.iloc[at], case.in_service("csp")[at], begins(case) + INSTANT
    before, up, down = (some[c].to_numpy(float)[:, None] for c in ("initial_h", "min_up_h", "min_down_h"))
    over = {"csp": some.index, "time": case.time.index}
    most = (here > 0) & ~((before < 0) & (begin < down + before))
    still_on = np.logical_and.accumulate((before > 0) & (begin < up - before) & most, axis=1)
    exact = case.commitment == "exact"
    on = b.columns("power_block.on", unit="1", over=over, lower=still_on, upper=most, integer=exact)
    may = np.ones((len(at), len(hours)))
    may[:, :1] = ~np.isnan(before)
    start = b.columns("power_block.start", unit="1", over=over, upper=may)
    stop = b.columns("power_block.stop", unit="1", over=over, upper=may)
    if len(at):
        b.cost("power_block.start", start, some["start_cny"].to_numpy(float)[:, None])
    b.port("csp_start_heat", len(table)).add(at, start, some["start_heat_mwh"].to_numpy(float)[:, None] / hours)
    if len(case.table("reserve")) or len(case.table("ramping")):
        for name, column in (("available", "power_max_mw"), ("least", "power_min_mw")):
            b.port(f"csp_{name}", len(table)).add(at, on, some[column].to_numpy(float)[:, None] * here)
    return Columns(at, on, start, stop)


def constrain(case, b, columns):
    """Rows (B1) to (B5), lazy family (B6)."""
    if not len(case.table("csp")):
        return
    output = np.zeros((len(case.table("csp")), len(case.time)), int)
    for at, cols, _ in b.port("csp_output").offers():
        output[at] = cols
    if len(columns.at):
        _status(case, b, columns)
        _limits(case, b, columns, output[columns.at])
        _switched_ramps(case, b, columns, output[columns.at])
    _plain_ramps(case, b, np.setdiff1d(np.arange(len(output)), columns.at), output)


def _status(case, b, columns) -> None:
    """(B1), (B2)."""
    some, begin = case.table("csp").iloc[columns.at], begins(case)
    over, before = {"csp": some.index, "time": case.time.index}, some["initial_h"].to_numpy(float)
    first, free = np.zeros(columns.on.shape), np.zeros(columns.on.shape)
    first[:, 0], free[:, 0] = before > 0, np.where(np.isnan(before), np.inf, 0.0)
    row = b.rows("power_block.status", unit="1", over=over, lower=first - free, upper=first + free)
    b.term(row, columns.on)
    b.term(row[:, 1:], columns.on[:, :-1], -1.0)
    b.term(row, columns.start, -1.0)
    b.term(row, columns.stop)
    step = np.broadcast_to(np.arange(len(begin)), columns.on.shape).ravel()
    up, down = (since(begin, some[f"min_{name}_h"].to_numpy(float)) for name in ("up", "down"))
    up = np.maximum(up, returned(case.in_service("csp")[columns.at] > 0))
    for name, first, change, sign, most in (("up", up, columns.start, -1.0, 0.0), ("down", down, columns.stop, 1.0, 1.0)):
        row = b.rows(f"power_block.min_{name}", unit="1", over=over, upper=most)
        of, s = spread(first.ravel(), step)
        b.term(row.ravel()[of], change[of // len(begin), s])
        b.term(row, columns.on, sign)


def _limits(case, b, columns, output: np.ndarray) -> None:
    """(B3)."""
    some, here = case.table("csp").iloc[columns.at], case.in_service("csp")[columns.at]
    over = {"csp": some.index, "time": case.time.index}
    for name, column, bound in (("least", "power_min_mw", "lower"), ("most", "power_max_mw", "upper")):
        row = b.rows(f"power_block.{name}", unit="MW", over=over, **{bound: 0.0})
        b.term(row, output)
        b.term(row, columns.on, -some[column].to_numpy(float)[:, None] * here)


def _before(table) -> np.ndarray:
    """Output before the first step MW (n,), 0 of a block that was off, NaN where it is not known."""
    return np.where(table["initial_h"] < 0, 0.0, table["initial_mw"])


def _width(case, table) -> tuple[np.ndarray, np.ndarray]:
    """R' (n, T), inf where there is no ramp, and whether service is as in the step before; the first step changes from the output before
    it, if that is known."""
    hours = case.time.hours
    rate = (table["ramp_fraction_per_min"] * table["power_max_mw"]).to_numpy(float)[:, None]
    minutes = np.append(60.0 * hours[:1], 30.0 * (hours[1:] + hours[:-1]))
    here = case.in_service("csp")[case.position("csp", table.index)]
    steady = np.diff(here, axis=1, prepend=here[:, :1]) == 0
    steady[:, 0] = ~np.isnan(_before(table)) & (here[:, 0] > 0)
    return np.where(np.isnan(rate), np.inf, rate * minutes), steady


def _switched_ramps(case, b, columns, output: np.ndarray) -> None:
    """(B4), (B5); before the first step the block was on if its hours say so."""
    table = case.table("csp").iloc[columns.at]
    some = np.flatnonzero(table["ramp_fraction_per_min"].notna())
    table, output = table.iloc[some], output[some]
    on, start, stop = columns.on[some], columns.start[some], columns.stop[some]
    reach, steady = _width(case, table)
    use = np.ones(reach.shape, bool)
    use[:, 0] = steady[:, 0] & table["initial_h"].notna()
    least, most = (table[f"power_{c}_mw"].to_numpy(float)[:, None] for c in ("min", "max"))
    width = np.where(steady, reach, most) * use
    at_start, at_stop = np.maximum(least, reach) * use, np.maximum(least, width) * use
    was_on = (table["initial_h"] > 0).to_numpy(float)
    was = np.nan_to_num(_before(table))
    over = {"csp": table.index, "time": case.time.index}
    limit = np.where(use, 0.0, np.inf)
    rise, fall = limit.copy(), limit.copy()
    rise[:, 0] += was + width[:, 0] * was_on
    fall[:, 0] -= was
    row = b.rows("power_block.rise", unit="MW", over=over, upper=rise)
    b.term(row, output, use)
    b.term(row[:, 1:], output[:, :-1], -1.0 * use[:, 1:])
    b.term(row[:, 1:], on[:, :-1], -width[:, 1:])
    b.term(row, start, -at_start)
    row = b.rows("power_block.fall", unit="MW", over=over, upper=fall)
    b.term(row, output, -1.0 * use)
    b.term(row[:, 1:], output[:, :-1], use[:, 1:])
    b.term(row, on, -width)
    b.term(row, stop, -at_stop)


def _plain_ramps(case, b, at: np.ndarray, output: np.ndarray) -> None:
    """(B6)."""
    reach, steady = _width(case, case.table("csp").iloc[at])
    width = np.where(steady, reach, np.inf)
    some = np.flatnonzero(np.isfinite(width).any(axis=1))
    if not len(some):
        return
    at, width = at[some], width[some]
    table, output = case.table("csp").iloc[at], output[at]
    before = np.nan_to_num(_before(table))[:, None]

    def change(x, steps=slice(None)):
        begin = steps.start or 0
        now = x[output[:, steps]]
        earlier = x[output[:, begin - 1, None]] if begin else before
        return np.diff(now, axis=1, prepend=earlier)

    def expand(element, step):
        n, later = np.arange(len(element)), np.flatnonzero(step > 0)
        cols = np.concatenate([output[element, step], output[element[later], step[later] - 1]])
        coef = np.concatenate([np.ones(len(n)), -np.ones(len(later))])
        return np.concatenate([n, later]), cols, coef, np.where(step > 0, 0.0, -before[element, 0])

    over = {"csp": table.index.to_numpy(object), "time": case.time.index}
    b.lazy("power_block.ramp", unit="MW", over=over, bounds=(-width, width), activity=change, expand=expand, looks_back=True)


def results(case, columns, values) -> dict[str, Quantity]:
    """Whether each block is on, and starts; one that is not switched is on while in service."""
    on = (case.in_service("csp") > 0).astype(float)
    start = np.zeros(on.shape)
    if len(columns.at):
        on[columns.at], start[columns.at] = values["power_block.on"], values["power_block.start"]
    dims = ("csp", "time")
    return {
        "csp_on": Quantity(dims, on, "1", "power blocks that are on", "光热机组开机"),
        "csp_start": Quantity(dims, start, "1", "power blocks that start", "光热机组启动"),
    }
