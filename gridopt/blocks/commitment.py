"""Commitment: thermal units and generators that are switched on and off.

Sets        n element (N alike units of a row; figures in MW are for one), t step of length h[t] hours that begins at S[t], k segment,
            c category of starts
Data        least m, largest M [MW] while on, room R = M - m; largest output in the step of a start SU and in that before a stop SD [MW];
            minimum times UT, DT [h]; cost at m [CNY/h], segments W [MW], s [CNY/MWh]; start costs by hours off line; what was before
            the first step
Columns     commitment.on u, commitment.start v, commitment.stop w, commitment.start_kind y [1]: numbers of units;
            commitment.above a [MW] above m u; commitment.segment x [MW] where there are several; commitment.firing d [1]: units
            below the upper end E [MW] of a deep band that costs something to be in at all

    a[t] <= R u[t] - (M - SU)+ v[t] - (M - SD)+ w[t+1]                                                     (U4)  commitment.most
    where a unit may stop one step after its start, two rows instead, v and w[t+1] with the smaller and the larger difference
    sum_k x[k] = a;  x[k] <= W[k] u - ...  as (U4), but the last                              (U7)  commitment.segments, commitment.width
    a >= (E - m) (u - d),  d <= u                                                                          (U10) commitment.fire, .fired

Cost        thermal.fuel, thermal.variable, generator.energy as of the units and generators that are always on: u h a + x h s;
            thermal.deep, generator.deep: of MWh below normal least output; commitment.firing; commitment.start, commitment.stop
Ports       injection, <table>_output: m u + a;  <table>_available: N M;  emission, thermal_energy;  <table>_on: u, and 1 for what is
            in service and not switched;  fleet_on u, fleet_start v, fleet_stop w, fleet_above a, fleet_kind y (block unit_changes
            says how they follow each other: U1 to U3, U8, U9; block unit_ramps keeps the ramps: U5, U6);
            draws on <table>_up, <table>_down [MW]: headroom that others hold above and below the output: a + up in (U4), a - down >= 0
Assumes     what is out of service is off: a stop at its begin needs no minimum up time, which is over then, and no minimum down time
            after its end. Where the status before the first step is not known, it is what suits the first step best. Status that is
            fixed goes before all else.
Source      Gentile, Morales-España, Ramos, 2017, doi:10.1007/s13675-016-0066-y; start categories: Morales-España, Latorre, Ramos, 2013,
            doi:10.1109/TPWRS.2013.2251373
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridopt.case.fleet import TABLES, Fleet, labels, left_on
from gridopt.case.pools import offer_fuel
from gridopt.case.units import emits
from gridopt.case.windows import INSTANT, begins
from gridopt.program.labels import Quantity

NEAR = 1e-6
"""MW by which an output that a solver left may lie above a limit that it was held to."""


class Columns(NamedTuple):
    """fleet; on, start, stop, above int (n, T); segment int (K, T): columns of the segments, `above` itself where there is one;
    kind int (Y, T): columns of the start categories, `start` itself where there is one; firing int (F, T), of the bands `fired`."""

    fleet: Fleet
    on: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    above: np.ndarray
    segment: np.ndarray
    kind: np.ndarray
    fired: np.ndarray
    firing: np.ndarray


def declare(case, b):
    """All columns, their cost, and what they offer to the ports."""
    for table in TABLES:
        for name in ("output", "available", "on", "up", "down"):
            b.port(f"{table}_{name}", len(case.table(table)))
        rest = left_on(case, table)
        b.port(f"{table}_on").add(rest, constant=case.in_service(table)[rest] > 0)
    fleet = case.fleet
    if not len(fleet):
        return Columns(fleet, *np.zeros((6, 0, len(case.time)), int), np.zeros(0, int), np.zeros((0, len(case.time)), int))
    label = labels(fleet)
    over, count, exact = {"element": label, "time": case.time.index}, fleet.count[:, None], case.commitment == "exact"
    least, most = _status_bounds(case, fleet)
    on = b.columns("commitment.on", unit="1", over=over, lower=least * count, upper=most * count, integer=exact)
    # Of one unit they follow from its status; of several, a start and a stop in one step could be halves.
    whole = exact & (count > 1)
    start, stop = (b.columns(f"commitment.{n}", unit="1", over=over, upper=may * count, integer=whole)
                   for n, may in zip(("start", "stop"), _change_bounds(case, fleet), strict=True))  # fmt: skip
    above = b.columns("commitment.above", unit="MW", over=over, upper=fleet.room * count)
    several = np.flatnonzero(np.bincount(fleet.curve.of, minlength=len(fleet))[fleet.curve.of] > 1)
    names = names_of(label, fleet.curve.of)[several]
    upper = fleet.curve.width[several] * count[fleet.curve.of[several]]
    segment = above[fleet.curve.of]
    segment[several] = b.columns("commitment.segment", unit="MW", over={"segment": names, "time": case.time.index}, upper=upper)
    starts = fleet.starts
    split = np.flatnonzero(np.bincount(starts.of, minlength=len(fleet))[starts.of] > 1)
    names = np.array([f"{label[starts.of[y]]} after {starts.lag[y]:g} h" for y in split], object)
    upper = np.broadcast_to(count[starts.of[split]], (len(split), len(case.time)))
    kind = start[starts.of]
    kind[split] = b.columns("commitment.start_kind", unit="1", over={"kind": names, "time": case.time.index}, upper=upper)
    fired = np.flatnonzero(fleet.deep.firing > 0)
    bands = {"band": names_of(label, fleet.deep.of)[fired], "time": case.time.index}
    firing = b.columns("commitment.firing", unit="1", over=bands, upper=count[fleet.deep.of[fired]] * np.ones(len(case.time)), integer=exact)
    columns = Columns(fleet, on, start, stop, above, segment, kind, fired, firing)
    _costs(case, b, columns)
    _offer(case, b, columns)
    return columns


def names_of(label: np.ndarray, of: np.ndarray) -> np.ndarray:
    """Names of the parts of elements, of int (K,) in order: label and number."""
    number = np.arange(len(of)) - np.searchsorted(of, of)
    return np.array([f"{label[n]}/{k}" for n, k in zip(of, number, strict=True)], object)


def _status_bounds(case, fleet: Fleet) -> tuple[np.ndarray, np.ndarray]:
    """Least and largest status 0 or 1 (n, T): must-run, calendar, and minimum times that are still running at the first step, until
    an outage or a fixed status ends them."""
    begin, hours = begins(case), fleet.initial_h[:, None]
    bound = begin + INSTANT
    still_on = (hours > 0) & (bound < fleet.min_up[:, None] - hours)
    still_off = (hours < 0) & ~fleet.initial_outage[:, None] & (bound < fleet.min_down[:, None] + hours)
    still_on, still_off = (np.logical_and.accumulate(v, axis=1) for v in (still_on & ~fleet.must_off, still_off & ~fleet.fixed_on))
    off = fleet.must_off | still_off
    return (fleet.must_on | still_on) & ~off, ~off


def _change_bounds(case, fleet: Fleet) -> tuple[np.ndarray, np.ndarray]:
    """Whether units may start and stop (n, T): not at the first step where the status before is free, nor from an output, with the awards
    above it, that is more than SD."""
    start, stop = np.ones((2, len(fleet), len(case.time)), bool)
    known = ~np.isnan(fleet.initial_h)
    start[:, :1] = known[:, None]
    stop[:, :1] = (known & ~((fleet.initial_mw + fleet.initial_award > fleet.stop_ramp + NEAR) & fleet.here[:, 0]))[:, None]
    return start, stop


def _costs(case, b, columns: Columns) -> None:
    fleet, hours = columns.fleet, case.time.hours
    for price in fleet.curve.prices:
        mine = np.flatnonzero(fleet.table == price.table)
        segments = np.flatnonzero(fleet.table[fleet.curve.of] == price.table)
        b.cost(price.name, columns.on[mine], price.on * hours)
        b.cost(price.name, columns.segment[segments], price.slope * hours)
    b.square_cost("generator.energy", columns.above, fleet.curve.square[:, None] * hours)
    b.cost("commitment.start", columns.kind, fleet.starts.cost[:, None])
    b.cost("commitment.stop", columns.stop, fleet.stop_cost[:, None])
    if len(columns.fired):
        b.cost("commitment.firing", columns.firing, fleet.deep.firing[columns.fired, None] * hours)


def _offer(case, b, columns: Columns) -> None:
    fleet = columns.fleet
    for name, cols in (("on", columns.on), ("start", columns.start), ("stop", columns.stop), ("above", columns.above)):
        b.port(f"fleet_{name}", len(fleet)).add(np.arange(len(fleet)), cols)
    b.port("fleet_kind", len(fleet.starts.of)).add(np.arange(len(fleet.starts.of)), columns.kind)
    injection, emission, energy = b.port("injection"), b.port("emission", 1), b.port("thermal_energy", 1)
    injection.add(fleet.bus, columns.on, fleet.least)
    injection.add(fleet.bus, columns.above)
    emission.add(0 * fleet.row, columns.on, fleet.curve.emission_on)
    emission.add(0 * fleet.curve.of, columns.segment, fleet.curve.emission)
    units = np.flatnonzero(fleet.table == "unit")
    parts = np.flatnonzero(fleet.table[fleet.curve.of] == "unit")
    offer_fuel(case, b, fleet.row[units], columns.on[units], fleet.curve.burnt_on)
    offer_fuel(case, b, fleet.row[fleet.curve.of[parts]], columns.segment[parts], fleet.curve.burnt)
    for table in TABLES:
        mine = np.flatnonzero(fleet.table == table)
        row, on, above = fleet.row[mine], columns.on[mine], columns.above[mine]
        b.port(f"{table}_output").add(row, on, fleet.least[mine])
        b.port(f"{table}_output").add(row, above)
        b.port(f"{table}_available").add(row, constant=fleet.most[mine] * fleet.count[mine, None])
        b.port(f"{table}_on").add(row, on)
        allowed = emits(case, table)[row, None].astype(float)
        energy.add(0 * row, on, fleet.least[mine] * allowed)
        energy.add(0 * row, above, allowed)


def constrain(case, b, columns):
    """Rows (U4), (U7), (U10)."""
    if not len(columns.fleet):
        return
    label = labels(columns.fleet)
    caps = _caps(case, columns.fleet)
    row = _limit(case, b, "commitment.most", label, columns, np.arange(len(label)), columns.above, (columns.fleet.room, *caps))
    _headroom(case, b, columns, label, row)
    _segments(case, b, columns, label, caps)
    _fires(case, b, columns, label)


def _caps(case, fleet: Fleet) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(M - SU)+ and (M - SD)+ MW, and whether a unit may stop one step after its start, (n, T)."""
    at_start, before_stop = (np.clip(fleet.most - ramp[:, None], 0.0, fleet.room) for ramp in (fleet.start_ramp, fleet.stop_ramp))
    soon = case.time.hours[:-1] + INSTANT >= fleet.min_up[:, None]
    both = soon | ~fleet.here[:, 1:]
    return at_start, before_stop, np.concatenate([both, np.zeros((len(fleet), 1), bool)], axis=1)


def _limit(case, b, name: str, label, columns: Columns, of: np.ndarray, what: np.ndarray, caps) -> list[tuple]:
    """(U4) for columns `what` (k, T) of elements `of` (k,). (elements, ids of rows, which of them hold) of the rows, then of a second
    set for the elements that need two."""
    room, at_start, before_stop, soon = caps
    two = soon & (at_start > 0) & (before_stop > 0)
    on, start, after = columns.on[of], columns.start[of], columns.stop[of][:, 1:]
    made = []
    for suffix, some, on_start, on_stop in (
        ("", np.arange(len(of)), at_start, np.where(two, np.maximum(before_stop - at_start, 0.0), before_stop)),
        ("_soon", np.flatnonzero(two.any(axis=1)), np.maximum(at_start - before_stop, 0.0), before_stop),
    ):
        use = np.ones(what[some].shape, bool) if not suffix else two[some]
        upper = np.where(use, 0.0, np.inf)
        row = b.rows(name + suffix, unit="MW", over={"element": label[some], "time": case.time.index}, upper=upper)
        b.term(row, what[some], 1.0 * use)
        b.term(row, on[some], -room[some] * use)
        b.term(row, start[some], on_start[some] * use)
        b.term(row[:, :-1], after[some], (on_stop[some] * use)[:, :-1])
        made.append((some, row, use))
    return made


def _headroom(case, b, columns: Columns, label, limits) -> None:
    """What others hold above the output joins (U4); what they hold below it lies above the least output."""
    fleet = columns.fleet
    for table in TABLES:
        place = np.full(len(case.table(table)), -1)
        mine = fleet.table == table
        place[fleet.row[mine]] = np.flatnonzero(mine)
        for at, held, coef in b.port(f"{table}_up").offers():
            for some, row, use in limits:
                found = np.searchsorted(some, place[at])
                there = (place[at] >= 0) & (some[np.minimum(found, len(some) - 1)] == place[at]) if len(some) else np.zeros(len(at), bool)
                k = found[there]
                b.term(row[k], held[there], coef[there] * use[k])
        down = [(place[at], held, coef) for at, held, coef in b.port(f"{table}_down").offers()]
        some = np.unique(np.concatenate([np.zeros(0, int), *(n[n >= 0] for n, _, _ in down)]))
        if len(some):
            row = b.rows(f"commitment.{table}_least", unit="MW", over={"element": label[some], "time": case.time.index}, lower=0.0)
            b.term(row, columns.above[some])
            for n, held, coef in down:
                there = n >= 0
                b.term(row[np.searchsorted(some, n[there])], held[there], -coef[there])


def _segments(case, b, columns: Columns, label, caps) -> None:
    """(U7); of a start or before a stop, only the segments below SU and SD may be used."""
    fleet, (at_start, before_stop, soon) = columns.fleet, caps
    several = np.flatnonzero(np.bincount(fleet.curve.of, minlength=len(fleet))[fleet.curve.of] > 1)
    of = fleet.curve.of[several]
    some, place = np.unique(of, return_inverse=True)
    row = b.rows("commitment.segments", unit="MW", over={"element": label[some], "time": case.time.index}, equal=0.0)
    b.term(row, columns.above[some], -1.0)
    b.term(row[place], columns.segment[several])
    width = fleet.curve.width[several]
    end = np.cumsum(width, axis=0)
    first = np.flatnonzero(np.diff(of, prepend=-1))
    end -= (end - width)[first][np.cumsum(np.diff(of, prepend=-1) != 0) - 1]
    cut = [np.clip(end - (fleet.room - cap)[of], 0.0, width) for cap in (at_start, before_stop)]
    # (U4) says the last one's limit, for the cheaper ones fill first.
    inner = np.flatnonzero(np.append(of[1:] == of[:-1], False)[: len(of)])
    names, caps = names_of(label, fleet.curve.of)[several[inner]], (width[inner], *(c[inner] for c in cut), soon[of[inner]])
    _limit(case, b, "commitment.width", names, columns, of[inner], columns.segment[several[inner]], caps)


def _fires(case, b, columns: Columns, label) -> None:
    """(U10)."""
    deep, some = columns.fleet.deep, columns.fired
    of = deep.of[some]
    over = {"band": names_of(label, deep.of)[some], "time": case.time.index}
    depth = np.where(deep.begin < deep.end, deep.end, -np.inf)[some] - columns.fleet.least[of]
    depth = np.maximum(depth, 0.0)
    row = b.rows("commitment.fire", unit="MW", over=over, lower=0.0)
    b.term(row, columns.above[of])
    b.term(row, columns.on[of], -depth)
    b.term(row, columns.firing, depth)
    row = b.rows("commitment.fired", unit="1", over=over, upper=0.0)
    b.term(row, columns.firing)
    b.term(row, columns.on[of], -1.0)


def results(case, columns, values) -> dict[str, Quantity]:
    """Status, starts and stops by table, where anything in it is switched."""
    fleet, found = columns.fleet, {}
    words = {"on": ("units that are on", "开机台数", columns.on), "start": ("units that start", "启动台数", columns.start),
             "stop": ("units that stop", "停机台数", columns.stop)}  # fmt: skip
    for table in TABLES:
        mine = np.flatnonzero(fleet.table == table)
        for name, (meaning, meaning_zh, ids) in words.items() if len(mine) else ():
            given = np.zeros((len(case.table(table)), len(case.time)))
            if name == "on":
                given = values.builder.port(f"{table}_on").value(values.solution.x)
            given[fleet.row[mine]] = values.solution.x[ids[mine]]
            found[f"{table}_{name}"] = Quantity((table, "time"), given, "1", meaning, meaning_zh, "")
    return found
