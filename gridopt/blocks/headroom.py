"""Headroom: awards of reserve leave the elements room to deliver them: limits of output, and of what stores hold.

Sets        i element with awards, t step of length h[t] hours; R ramp [MW/min]
Data        A, a largest and least output [MW]; e, e' what a store could still give at the bus after the step and before it [MWh];
            v, v' what it could still take; d r: awards times the hours for which they must be sustained [MWh]
Ports       draws on <table>_up r, <table>_down w; <table>_up_energy d r, <table>_down_energy d w; <table>_up_ramp, <table>_down_ramp;
            <table>_output p; <table>_available A; <table>_least a; <table>_stored e, <table>_stored_before e'; <table>_room v,
            <table>_room_before v'

    p + r <= A                                                            (Y1)  headroom.up_<table>
    p - w >= a                                                            (Y2)  headroom.down_<table>
    d r <= e,   d r <= e'                                                 (Y3)  headroom.stored_<table>, headroom.stored_before_<table>
    d w <= v,   d w <= v'                                                 (Y4)  headroom.room_<table>, headroom.room_before_<table>
    p[t] - p[t-1] + r <= 30 R (h[t]+h[t-1]),  p[t-1] - p[t] + w <= the same down, of awards that share the ramp
                                                                          (Y5)  headroom.ramp_up_<table>, headroom.ramp_down_<table>

Dual        <= 0: what one more MW (MWh) of room would save
Assumes     what the block commitment switches on and off it also holds to (Y1), (Y2) and (Y5), by status; a table without the ports of
            a store is limited by power alone
"""

from __future__ import annotations

import numpy as np

from gridopt.case.fleet import TABLES as SWITCHED
from gridopt.case.fleet import switched
from gridopt.case.reserves import ramps
from gridopt.case.tables_reserve import PROVIDERS

STORE = (("stored", "up"), ("stored_before", "up"), ("room", "down"), ("room_before", "down"))
"""Ports of stores and the direction of the awards that they limit."""


def declare(case, b):
    """No columns."""


def constrain(case, b, columns):
    """Rows (Y1) to (Y5)."""
    if not len(case.table("reserve")):
        return
    for kind in PROVIDERS:
        free = ~switched(case, kind) if kind in SWITCHED else np.ones(len(case.table(kind)), bool)
        _rows(case, b, kind, "up", "MW", {"up": 1.0, "output": 1.0, "available": -1.0}, free)
        _rows(case, b, kind, "down", "MW", {"down": 1.0, "output": -1.0, "least": 1.0}, free)
        for store, way in STORE:
            if f"{kind}_{store}" in b.ports:
                _rows(case, b, kind, store, "MWh", {f"{way}_energy": 1.0, store: -1.0}, np.ones_like(free))
    for kind in SWITCHED:
        for name, way, ramp in zip(("up", "down"), (1.0, -1.0), ramps(case, kind), strict=True):
            _ramp(case, b, kind, name, way, ramp)


def _rows(case, b, kind: str, name: str, unit: str, parts: dict[str, float], some: np.ndarray) -> None:
    """Rows: sum of sign x port <= 0, for the elements `some` that the first port is offered to."""
    award = b.ports.get(f"{kind}_{next(iter(parts))}")
    if award is None or not award.offers():
        return
    places = np.unique(np.concatenate([at for at, _, _ in award.offers()]))
    places = places[some[places]]
    ports = [(b.port(f"{kind}_{p}"), sign) for p, sign in parts.items()]
    limit = -sum(sign * port.constant for port, sign in ports)
    over = {kind: case.table(kind).index[places], "time": case.time.index}
    row = b.rows(f"headroom.{name}_{kind}", unit=unit, over=over, upper=limit[places])
    rank = np.full(len(some), -1)
    rank[places] = np.arange(len(places))
    for port, sign in ports:
        for at, cols, coef in port.offers():
            here = np.flatnonzero(rank[at] >= 0)
            b.term(row[rank[at[here]]], cols[here], sign * coef[here])


def _ramp(case, b, kind: str, name: str, way: float, ramp: np.ndarray) -> None:
    """Rows (Y5), at the first step where the output before it is known; where an element enters or leaves service, or a unit changes its
    limits, that is no ramp."""
    award, output, hours = b.ports.get(f"{kind}_{name}_ramp"), b.ports[f"{kind}_output"], case.time.hours
    if award is None:
        return
    shared = [at[(coef > 0).any(axis=1)] for at, _, coef in award.offers()]
    places = np.unique(np.concatenate(shared))
    places = places[np.isfinite(ramp[places]) & ~switched(case, kind)[places]]
    before, share = case.table(kind)["initial_mw"].to_numpy(float)[places, None], case.in_service(kind)
    limits = share, *((b.ports[f"{kind}_{p}"].constant for p in ("least", "available")) if kind == "unit" else ())
    steady = np.all([np.diff(v[places], axis=1) == 0 for v in limits], axis=0)
    steady = np.concatenate([~np.isnan(before) & (share[places, :1] > 0), steady], axis=1)
    width = np.where(steady, ramp[places, None] * 30.0 * (hours + np.append(hours[:1], hours[:-1])), np.inf)
    moved = way * np.diff(output.constant[places], axis=1, prepend=np.nan_to_num(before))
    over = {kind: case.table(kind).index[places], "time": case.time.index}
    row = b.rows(f"headroom.ramp_{name}_{kind}", unit="MW", over=over, upper=width - moved)
    rank = np.full(len(ramp), -1)
    rank[places] = np.arange(len(places))
    for at, cols, coef in award.offers():
        here = np.flatnonzero(rank[at] >= 0)
        b.term(row[rank[at[here]]], cols[here], coef[here])
    for at, cols, coef in output.offers():
        here = np.flatnonzero(rank[at] >= 0)
        b.term(row[rank[at[here]]], cols[here], way * coef[here])
        b.term(row[rank[at[here]], 1:], cols[here, :-1], -way * coef[here, :-1])
