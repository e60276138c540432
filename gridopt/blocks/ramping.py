"""Ramping: how fast the output of an element may change, and what a change costs.

Sets        i row of table ramping (an element of some table), t step of length h[t] hours
Data        U, D [MW/min] up and down; cost of a rise and of a fall [CNY/MW]; output before the first step p[-1], where it is known
Columns     ramping.rise u, ramping.fall v [MW]

    p[t] - p[t-1] - u[t] + v[t] = 0                                       (X1)  ramping.change
    0 <= u <= 30 U (h[t]+h[t-1]),   0 <= v <= 30 D (h[t]+h[t-1])          (X2)  60 U h in the first step

No rows where an element enters or leaves service, nor in the first step if the output before it is not known.
Cost        ramping.rise = cost of a rise x u;  ramping.fall = cost of a fall x v
Ports       draws on <table>_output: p
Dual        ramping.change [CNY/MW]. What the ramps of an element add to the price that its own output sees, in h of a step:
            (dual[t] - dual[t+1]) / h = <table>_ramp_price [CNY/MWh]
Source      a price of one's own beside that of the bus (temporal LMP): Guo, Chen, Tong, 2021, doi:10.1109/TPWRS.2021.3055730
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridopt.case.fleet import TABLES
from gridopt.case.reserves import counts, span
from gridopt.program.labels import Quantity


class Columns(NamedTuple):
    """live: whether a change is a ramp, bool (n, T); rise, fall (n, T)."""

    live: np.ndarray
    rise: np.ndarray
    fall: np.ndarray


def _live(case) -> np.ndarray:
    table = case.table("ramping")
    same = np.ones((len(table), len(case.time)), bool)
    same[:, :1] = table["initial_mw"].notna().to_numpy()[:, None]
    for kind in table["kind"].unique():
        mine = np.flatnonzero(table["kind"] == kind)
        share = case.in_service(kind)[case.position(kind, table["element"].iloc[mine])]
        same[mine, 1:] &= np.diff(share, axis=1) == 0
        same[mine, :1] &= share[:, :1] > 0
    return same


def _plenty(case) -> np.ndarray:
    """MW by which no output changes at once (n, 1). A bound from duals needs bounds of columns."""
    table = case.table("ramping")
    found = np.abs(table["initial_mw"].fillna(0.0).to_numpy(float))
    for kind in table["kind"].unique():
        mine = np.flatnonzero(table["kind"] == kind)
        size = np.maximum(span(case, kind).max(axis=1, initial=0.0), case.table(kind)["power_max_mw"].abs().to_numpy(float))
        most = 2.0 * counts(case, kind) * size if kind in TABLES else 2.0 * size
        found[mine] += most[case.position(kind, table["element"].iloc[mine])]
    return found[:, None]


def declare(case, b):
    """Columns (X2) and their cost."""
    table, hours, live = case.table("ramping"), case.time.hours, _live(case)
    minutes, plenty = 30.0 * (hours + np.append(hours[:1], hours[:-1])), _plenty(case)
    names = np.array([f"{k} {e}" for k, e in zip(table["kind"], table["element"], strict=True)], object)
    made = []
    for name, way in (("rise", "up"), ("fall", "down")):
        most = table[f"{way}_mw_per_min"].fillna(np.inf).to_numpy(float)[:, None] * minutes
        over = {"element": names, "time": case.time.index}
        ids = b.columns(f"ramping.{name}", unit="MW", over=over, upper=np.where(live, np.minimum(most, plenty), 0.0))
        if len(table):
            b.cost(f"ramping.{name}", ids, table[f"{way}_cost_cny_per_mw"].to_numpy(float)[:, None])
        made.append(ids)
    return Columns(live, made[0], made[1])


def constrain(case, b, columns):
    """Rows (X1)."""
    table = case.table("ramping")
    for kind in table["kind"].unique():
        mine = np.flatnonzero(table["kind"] == kind)
        place, port = case.position(kind, table["element"].iloc[mine]), b.port(f"{kind}_output")
        known, live = port.constant[place], columns.live[mine]
        before = np.concatenate([table["initial_mw"].fillna(0.0).to_numpy(float)[mine, None], known[:, :-1]], axis=1)
        over, free = {kind: table["element"].to_numpy(object)[mine], "time": case.time.index}, np.where(live, 0.0, np.inf)
        row = b.rows(f"ramping.change_{kind}", unit="MW", over=over, lower=before - known - free, upper=before - known + free)
        b.term(row, columns.rise[mine], -1.0 * live)
        b.term(row, columns.fall[mine], 1.0 * live)
        for at, cols, coef in port.offers():
            r, n = np.nonzero(place[:, None] == at)
            b.term(row[r], cols[n], coef[n] * live[r])
            b.term(row[r, 1:], cols[n, :-1], -coef[n, :-1] * live[r, 1:])


def results(case, columns, values) -> dict[str, Quantity]:
    """What ramps add to the price that an output sees, by table with rows; 0 for elements without one."""
    table, found = case.table("ramping"), {}
    for kind in table["kind"].unique():
        mine = np.flatnonzero(table["kind"] == kind)
        dual = np.where(columns.live[mine], values.dual(f"ramping.change_{kind}"), 0.0)
        price = np.zeros((len(case.table(kind)), len(case.time)))
        own = (dual - np.concatenate([dual[:, 1:], np.zeros((len(mine), 1))], axis=1)) / case.time.hours
        price[case.position(kind, table["element"].iloc[mine])] = own
        about = ("what ramps add to the price that an output sees", "爬坡对自身电价的附加")
        found[f"{kind}_ramp_price"] = Quantity((kind, "time"), price, "CNY/MWh", *about)
    return found
