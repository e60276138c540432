"""Regulation that is kept in the clearing of energy: what it keeps plants from selling, and at which offers.

    held[i,t] = awards of plant i, where a full row holds its output and the award down alike and none holds its output alone, so that output
                could rise in place of the award; 0 elsewhere: then something else keeps it from more              [MW]        (G1)
    room[k,t]   what part k of the offer of a plant leaves above its output [MW], offered at c[k,t]                [CNY/MWh]   (G2)
    withheld = the cheapest min(award, held) of the room, as far as the price is above c;  offer = its mean c      [MWh]       (G3)

Plants that offer by parts are units, generators, wind and solar plants. What stores and water sell is worth what it brings at another time:
of them nothing is withheld.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.right_duals import standing

TABLES = ("unit", "generator", "renewable")


@dataclass(frozen=True)
class Kept:
    """Of one plant: held MW (T,) of (G1), room MW and offer CNY/MWh (K, T) of (G2)."""

    held: np.ndarray
    room: np.ndarray
    offer: np.ndarray

    def withheld(self, award: np.ndarray, price: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(G3): MW (T,) and its offer CNY/MWh (T,), for an award MW and a price CNY/MWh (T,)."""
        order = np.argsort(self.offer, axis=0, kind="stable")
        offer, room = (np.take_along_axis(v, order, axis=0) for v in (self.offer, self.room))
        below = np.cumsum(room, axis=0) - room
        taken = np.where(offer < price, np.clip(np.minimum(award, self.held) - below, 0.0, room), 0.0)
        total, worth = taken.sum(axis=0), (taken * offer).sum(axis=0)
        return total, np.divide(worth, total, out=np.zeros_like(total), where=total > 0)


def kept_by(dispatch: Dispatch, reserve: str, names: Callable[[str], str]) -> dict[str, Kept]:
    """What the awards of a reserve hold, by plant; names: what a plant 'table id' of the dispatch is called."""
    case, found = dispatch.case, {}
    if reserve not in case.table("reserve").index:
        return {}
    offers, steps = case.reserve_offers, len(case.time)
    mine = np.flatnonzero((offers.reserve == case.table("reserve").index.get_loc(reserve)) & np.isin(offers.kind, TABLES))
    blocked, award = _blocked(dispatch, mine), dispatch.quantities["reserve_award"].values
    held: dict[str, np.ndarray] = {}
    for o, stopped in zip(mine, blocked, strict=True):
        plant = names(f"{offers.kind[o]} {case.table(offers.kind[o]).index[offers.place[o]]}")
        held[plant] = held.get(plant, np.zeros(steps)) + np.where(stopped, award[o], 0.0)
    parts: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
    for plant, room, offer in _parts(dispatch):
        parts.setdefault(names(plant), []).append((room, offer))
    none = np.zeros((0, steps))
    for plant, values in held.items():
        room, offer = (np.array(v) for v in zip(*parts[plant], strict=True)) if plant in parts else (none, none)
        found[plant] = Kept(values, room, offer)
    return found


def joined(runs: Sequence[dict[str, Kept]], periods: Sequence[int]) -> dict[str, Kept]:
    """What follows each other as one, of each run its first periods."""
    found = {}
    for plant in dict.fromkeys(p for run in runs for p in run):
        nothing = [Kept(np.zeros(n), *np.zeros((2, 0, n))) for n in periods]
        mine = [run.get(plant, none) for run, none in zip(runs, nothing, strict=True)]
        most = max(len(k.room) for k in mine)

        def wide(values: np.ndarray, n: int, most: int = most) -> np.ndarray:
            return np.pad(values[:, :n], ((0, most - len(values)), (0, 0)))

        room, offer = (np.hstack([wide(v, n) for v, n in zip(part, periods, strict=True)]) for part in
                       ([k.room for k in mine], [k.offer for k in mine]))  # fmt: skip
        found[plant] = Kept(np.concatenate([k.held[:n] for k, n in zip(mine, periods, strict=True)]), room, offer)
    return found


def _parts(dispatch: Dispatch) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """(plant, room (T,), offer (T,)) of every part of every offer (G2)."""
    case, form, x, columns = dispatch.case, dispatch.solution.form, dispatch.solution.x, dispatch.committed
    hours, switched = case.time.hours, np.zeros(0, int)
    if columns is not None:
        fleet, switched = columns.fleet, np.concatenate([columns.on.ravel(), columns.above.ravel()])
        for of, width, part in zip(fleet.curve.of, fleet.curve.width, columns.segment, strict=True):
            room = np.maximum(width * x[columns.on[of]] - x[part], 0.0)
            yield f"{fleet.table[of]} {fleet.name[of]}", room, form.cost[part] / hours
    for table in TABLES:
        names = case.table(table).index
        for at, part, coef in dispatch.model.builder.port(f"{table}_output", len(names)).offers():
            room = np.maximum(np.where(coef > 0, form.upper[part] - x[part], x[part] - form.lower[part]) * np.abs(coef), 0.0)
            for i in np.flatnonzero(~np.isin(part, switched).any(axis=1)):
                yield f"{table} {names[at[i]]}", room[i], np.sign(coef[i]) * form.cost[part[i]] / hours


def _blocked(dispatch: Dispatch, offers: np.ndarray) -> np.ndarray:
    """(G1) for each of `offers`, by rows that nobody shares, bool (o, T)."""
    case, people, builder = dispatch.case, dispatch.participants, dispatch.model.builder
    status = np.zeros(0, int) if dispatch.committed is None else dispatch.committed.on
    kind, place = case.reserve_offers.kind[offers], case.reserve_offers.place[offers]
    ((_, award, _),) = builder.port("award").offers()
    low, high = standing(people.form, people.x)
    loose = people.form.row_lower == people.form.row_upper  # an equation tells what output is made of
    loose[people.shared] = True
    low, high = low & ~loose, high & ~loose
    rise, fall = people.form.matrix.maximum(0.0), (-people.form.matrix).maximum(0.0)
    up, down = (sp.csc_array(sp.diags_array(h.astype(float)) @ a + sp.diags_array(s.astype(float)) @ b)
                for h, a, s, b in ((high, rise, low, fall), (high, fall, low, rise)))  # fmt: skip
    found = np.zeros((len(offers), len(case.time)), bool)
    for table in TABLES:
        for at, part, coef in builder.port(f"{table}_output", len(case.table(table))).offers():
            for i, o in zip(*np.nonzero((kind == table)[None, :] & (at[:, None] == place[None, :])), strict=True):
                if np.isin(part[i], status).any():
                    continue
                own, output = up[:, award[offers[o]]] > 0, (up if coef[i].max() > 0 else down)[:, part[i]] > 0
                both = np.asarray((own * output).sum(axis=0))
                found[o] |= (both > 0) & (both == np.asarray(output.sum(axis=0)))
    return found
