"""Limits of awards: in what state an element can give a reserve, and what it can give to several of them at once.

Sets        o offer of element i[o] for a reserve, i a row of n[i] alike units of which u are on, t step
Data        largest award M[o] of all units [MW]; response m [min]; ramp R of all units [MW/min]; largest award while off F[o] of one unit
            [MW]; range L[o] to H[o] to which a unit keeps that holds an award; a, A least and largest output of one unit [MW]
Columns     reserve.in_range z [1]: units of an element that keep to a range; offers of an element with the same range share it

    sum of r of one element and direction whose response is m or shorter <= m R u / n, where there are several  (V5)  reserve.response_*
    f <= F (n - u);  sum of f of one element whose response is m or shorter <= the largest F of those with m, times (n - u), where
    there are several (what is ready sooner is ready later too)                                    (V6)  reserve.off, reserve.together_off
    r <= u M / n where n > 1 (else the room of a unit that is off says it)                         (V7)  reserve.on
    r <= z M / n,  z <= u                                                                          (V8)  reserve.range, reserve.range_on

Ports       draws on award r, award_offline f, <table>_on u; <table>_available, <table>_least;  offers to <table>_up: (A - H)+ z, to
            <table>_down: (L - a)+ z: room that the range takes out of use
Dual        <= 0: what one more MW would save
Assumes     u is 1 for what is in service and not switched
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from gridopt.case.fleet import TABLES as FALLING
from gridopt.case.reserve_offers import alike, decided, slopes
from gridopt.case.reserves import Offers, counts, directions


class Columns(NamedTuple):
    """ranged int (k,): offers with a range, of ranges `of` int (k,); within (K, T): columns of the ranges."""

    offers: Offers
    ranged: np.ndarray
    of: np.ndarray
    within: np.ndarray


def declare(case, b):
    """Columns z of (V8) and the room that they take; nothing where there are no reserves."""
    if not len(case.table("reserve")):
        return None
    offers, time = case.reserve_offers, case.time.index
    ranged = np.flatnonzero((np.isfinite(offers.low) | np.isfinite(offers.high)) & np.isin(offers.kind, FALLING))
    keys = [(offers.kind[o], offers.place[o], offers.low[o], offers.high[o]) for o in ranged]
    number = {k: n for n, k in enumerate(dict.fromkeys(keys))}
    of = np.array([number[k] for k in keys], int)
    first = ranged[np.unique(of, return_index=True)[1]]
    names = np.array([f"{offers.kind[o]} {case.table(offers.kind[o]).index[offers.place[o]]}/{offers.low[o]:g}-{offers.high[o]:g}"
                      for o in first], object)  # fmt: skip
    count = alike(case, offers)[first]
    whole = case.commitment == "exact"
    within = b.columns("reserve.in_range", unit="1", over={"range": names, "time": time}, upper=count[:, None], integer=whole)
    for kind in FALLING:
        mine = np.flatnonzero(offers.kind[first] == kind)
        if len(mine):
            at = offers.place[first[mine]]
            least, most = (v[at] for v in _limits(case, b, kind))
            low, high = (v[first[mine], None] for v in (offers.low, offers.high))
            b.port(f"{kind}_up", len(case.table(kind))).add(at, within[mine], np.clip(most - high, 0.0, None))
            b.port(f"{kind}_down", len(case.table(kind))).add(at, within[mine], np.clip(low - least, 0.0, None))
    return Columns(offers, ranged, of, within)


def _limits(case, b, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Least and largest output of one unit of each row MW (n, T), while on."""
    least, most = (b.port(f"{kind}_{name}").constant.copy() for name in ("least", "available"))
    most = most / counts(case, kind)[:, None]
    fleet = case.fleet
    mine = fleet.table == kind
    least[fleet.row[mine]] = fleet.least[mine]
    return least, most


def constrain(case, b, columns):
    """Rows (V5) to (V8)."""
    if columns is None:
        return
    ((_, award, _),) = b.port("award").offers()
    _response(case, b, columns.offers, award)
    _off(case, b, columns.offers)
    _on(case, b, columns, award)


def _response(case, b, offers: Offers, award: np.ndarray) -> None:
    """Rows (V5), by direction and length of response."""
    minutes, count = case.table("reserve")["response_min"].to_numpy(float)[offers.reserve], alike(case, offers)
    for name, moves, steep in zip(("up", "down"), directions(case), slopes(case, offers), strict=True):
        limited = np.flatnonzero(moves[offers.reserve] & np.isfinite(steep) & ~np.isnan(minutes))
        for m, own, of, first in _sooner(offers, limited, minutes):
            row = _status_rows(case, b, (f"reserve.response_{name}_{m:g}", "element"), offers, first, -(steep * m / count)[first, None])
            b.term(row[of], award[own])


def _sooner(offers: Offers, some: np.ndarray, minutes: np.ndarray) -> Iterator[tuple[float, np.ndarray, np.ndarray, np.ndarray]]:
    """(m, offers (j,), element of each (j,), first offer of each element (k,)) for every response m of the offers `some`: elements with
    several offers whose response is m or shorter, one of them with m."""
    element = np.array([FALLING.index(k) for k in offers.kind[some]], int) * (offers.place.max(initial=0) + 1) + offers.place[some]
    for m in np.unique(minutes[some]):
        soon = minutes[some] <= m
        who, number, number_of = np.unique(element[soon], return_inverse=True, return_counts=True)
        kept = np.flatnonzero((number_of > 1) & (np.bincount(number, minutes[some][soon] == m, len(who)) > 0))
        rank = np.full(len(who), -1)
        rank[kept] = np.arange(len(kept))
        own, of = some[soon][rank[number] >= 0], rank[number][rank[number] >= 0]
        yield m, own, of, own[np.unique(of, return_index=True)[1]]


def _status_rows(case, b, name: tuple[str, str], offers: Offers, some: np.ndarray, coef: np.ndarray, limit=0.0) -> np.ndarray:
    """Rows `name`, by award or by element, of the offers `some`: what is added to them + coef u <= limit."""
    label = offers.name[some] if name[1] == "award" else np.array([n.split("/", 1)[1] for n in offers.name[some]], object)
    constant = np.zeros((len(some), len(case.time)))
    for kind in FALLING:
        mine = offers.kind[some] == kind
        constant[mine] = b.port(f"{kind}_on").constant[offers.place[some[mine]]]
    row = b.rows(name[0], unit="MW", over={name[1]: label, "time": case.time.index}, upper=limit - coef * constant)
    for kind in FALLING:
        for at, cols, factor in b.port(f"{kind}_on").offers():
            r, n = np.nonzero((offers.kind[some] == kind)[:, None] & (offers.place[some][:, None] == at))
            b.term(row[r], cols[n], np.broadcast_to(coef, constant.shape)[r] * factor[n])
    return row


def _off(case, b, offers: Offers) -> None:
    """Rows (V6)."""
    ((rests, offline, _),) = b.port("award_offline").offers()
    count, cap = alike(case, offers), offers.offline
    row = _status_rows(case, b, ("reserve.off", "award"), offers, rests, cap[rests, None], (cap * count)[rests, None])
    b.term(row, offline)
    minutes = case.table("reserve")["response_min"].fillna(np.inf).to_numpy(float)[offers.reserve]
    for m, own, of, first in _sooner(offers, rests, minutes):
        top = np.zeros(len(first))
        np.maximum.at(top, of, np.where(minutes[own] == m, cap[own], 0.0))
        name = (f"reserve.together_off_{m:g}", "element")
        row = _status_rows(case, b, name, offers, first, top[:, None], (top * count[first])[:, None])
        b.term(row[of], offline[np.searchsorted(rests, own)])


def _on(case, b, columns: Columns, award: np.ndarray) -> None:
    """Rows (V7), (V8)."""
    offers, ranged, of = columns.offers, columns.ranged, columns.of
    most, count, time = case.largest_awards, alike(case, offers), case.time.index
    many = np.flatnonzero((count > 1) & decided(case, offers) & np.isfinite(most).all(axis=1))
    row = _status_rows(case, b, ("reserve.on", "award"), offers, many, -most[many] / count[many, None])
    b.term(row, award[many])
    row = b.rows("reserve.range", unit="MW", over={"award": offers.name[ranged], "time": time}, upper=0.0)
    b.term(row, award[ranged])
    b.term(row, columns.within[of], -most[ranged] / count[ranged, None])
    first = ranged[np.unique(of, return_index=True)[1]]
    row = _status_rows(case, b, ("reserve.range_on", "award"), offers, first, np.full((len(first), 1), -1.0))
    b.term(row, columns.within)
