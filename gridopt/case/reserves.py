"""Reserves as positions: which elements may provide which reserve, on what terms, and what their awards count for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridopt.case import fleet, generators
from gridopt.case.groups import alike_stores
from gridopt.case.tables_reserve import DOWN, PROVIDERS, UP


@dataclass(frozen=True)
class Offers:
    """One offer for every reserve and element that may provide it (n,): name text; reserve, place int: rows of the tables; kind: the
    table; most, offline MW: largest award, and largest one while off; low, high MW: range to which the element keeps while it holds an
    award, -inf, inf where there is none; cost CNY/MWh."""

    name: np.ndarray
    reserve: np.ndarray
    kind: np.ndarray
    place: np.ndarray
    most: np.ndarray
    offline: np.ndarray
    low: np.ndarray
    high: np.ndarray
    cost: np.ndarray

    def __len__(self) -> int:
        return len(self.name)


def directions(case) -> tuple[np.ndarray, np.ndarray]:
    """Whether awards of each reserve move up, and down, bool (Q,) each; regulation moves both ways."""
    product = case.table("reserve")["product"]
    return product.isin(UP).to_numpy(bool), product.isin(DOWN).to_numpy(bool)


def inside(case) -> np.ndarray:
    """Internal buses in the zone of each reserve, bool (Q, B)."""
    zone, bus = case.table("reserve")["zone"].to_numpy(object)[:, None], case.table("bus")
    return ((zone == "") | (zone == bus["zone"].to_numpy(object))) & (bus["role"] == "internal").to_numpy(bool)


def counting(case) -> np.ndarray:
    """Whether an award for reserve j counts for reserve i, bool (Q, Q): its own, and all that nesting leads to."""
    nested = case.table("reserve_nesting")
    count = len(case.table("reserve"))
    found = np.eye(count, dtype=bool)
    found[case.position("reserve", nested["counts_for"]), case.position("reserve", nested["reserve"])] = True
    for _ in range(count):
        found = found.astype(int) @ found.astype(int) > 0
    return found


def offers_of(case) -> Offers:
    """All offers, by reserve, kind and element. The row of an element goes before that of its technology, that before that of its kind.

    A plant without volume gives no upward reserve (its water cannot wait), and does so only downward.
    """
    table, reserve = case.table("reserve_offer"), case.table("reserve")
    place, within, up = case.position("reserve", table["reserve"]), inside(case), directions(case)[0]
    parts = [np.zeros((3, 0), int)]
    for q in range(len(reserve)):
        for k, kind in enumerate(PROVIDERS):
            rows = np.flatnonzero((place == q) & (table["kind"] == kind).to_numpy())
            chosen = _row_of_each(case, table, rows, kind)
            able = (chosen >= 0) & within[q, case.position("bus", case.table(kind)["bus"])]
            if kind == "reservoir" and up[q]:
                able &= (case.table(kind)["volume_max_hm3"] > case.table(kind)["volume_min_hm3"]).to_numpy()
            i = np.flatnonzero(able)
            parts.append(np.array([np.full(len(i), k), i, chosen[i]]))
    k, i, row = np.concatenate(parts, axis=1)
    kind = np.array(PROVIDERS, object)[k]
    number = {c: table[c].to_numpy(float)[row] for c in ("award_max_mw", "award_max_fraction", "offline_max_mw", "cost_cny_per_mwh")}
    low, high = (np.where(np.isnan(v), w, v) for v, w in ((table["range_min_mw"].to_numpy(float)[row], -np.inf),
                                                          (table["range_max_mw"].to_numpy(float)[row], np.inf)))  # fmt: skip
    size = np.array([case.table(a)["power_max_mw"].iloc[b] for a, b in zip(kind, i, strict=True)], float)
    most = np.fmin(number["award_max_mw"], number["award_max_fraction"] * np.abs(size))
    element = [case.table(a).index[b] for a, b in zip(kind, i, strict=True)]
    name = np.array([f"{reserve.index[q]}/{a}/{e}" for q, a, e in zip(place[row], kind, element, strict=True)], object)
    most = np.where(np.isnan(most), np.inf, most)
    return Offers(name, place[row], kind, i, most, number["offline_max_mw"], low, high, number["cost_cny_per_mwh"])


def together(case, offers: Offers) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Stores that move together are awarded together: (award of each offer, int (n,); its share of it (n, T); whether its element
    stands for all of them in a step, bool (n, T)). Any other offer is an award of its own."""
    alike, store = alike_stores(case).of, offers.kind == "storage"
    size = np.array([case.table(k)["power_max_mw"].iloc[i] for k, i in zip(offers.kind, offers.place, strict=True)], float)
    reach = np.divide(offers.most, size, out=np.full(len(offers), np.inf), where=size > 0)
    keys = [(q, alike[i], round(r, 9), c) if s else n for n, (q, i, r, c, s) in
            enumerate(zip(offers.reserve, offers.place, reach, offers.cost, store, strict=True))]  # fmt: skip
    number: dict = {}
    of = np.array([number.setdefault(k, len(number)) for k in keys], int)
    share, speaks = np.ones((2, len(offers), len(case.time)))
    if store.any():
        weight = size[store, None] * case.in_service("storage")[offers.place[store]]
        total = np.zeros((len(number), len(case.time)))
        np.add.at(total, of[store], weight)
        share[store] = np.divide(weight, total[of[store]], out=np.zeros_like(weight), where=total[of[store]] > 0)
        before = np.zeros_like(total)
        for n in np.flatnonzero(store):
            speaks[n] = (share[n] > 0) & (before[of[n]] == 0)
            before[of[n]] += speaks[n]
    return of, share, speaks > 0


def span(case, kind: str) -> np.ndarray:
    """From the least to the largest output that the elements of a table, one unit of each, can have while on MW, or more, (n, T)."""
    table = case.table(kind)
    each = table["power_max_mw"].to_numpy(float)[:, None] * np.ones(len(case.time))
    if kind == "generator":
        least, most = generators.limits(case)
        each = most - least
    elif kind == "renewable":
        each = each * np.maximum(case.series(table["profile"], 1.0), 1.0)
    elif kind == "storage":
        pull = table["charge_max_mw"].fillna(table["power_max_mw"]).to_numpy(float)[:, None]
        each = each * case.series(table["discharge_profile"], 1.0) + pull * case.series(table["charge_profile"], 1.0)
    return np.maximum(each, 0.0)


def ramps(case, kind: str) -> np.ndarray:
    """Ramps up and down of units or generators MW/min, of all alike ones in a row together, (2, n); inf where there is none."""
    if kind == "generator":
        return generators.ramps(case) * counts(case, kind)
    unit = case.table("unit")
    rate = case.table("unit_type")["ramp_fraction_per_min"].reindex(unit["unit_type"]).to_numpy(float)
    able = (unit["power_max_mw"] * unit["available_fraction"]).to_numpy(float)
    return np.array([rate, rate]) * able * counts(case, kind)


def counts(case, kind: str) -> np.ndarray:
    """Alike units or generators in each row, (n,): more than one only where they are switched."""
    number, given = np.ones(len(case.table(kind))), case.table("commitment")
    if case.commitment != "off" and kind in fleet.TABLES:
        mine = given[(given["kind"] == kind).to_numpy()]
        number[case.position(kind, mine["element"])] = mine["count"]
    return number


def _row_of_each(case, table, rows: np.ndarray, kind: str) -> np.ndarray:
    """Row of reserve_offer, among `rows`, that holds for each element of table `kind`, int (n,); -1 where none does."""
    frame = case.table(kind)
    found = np.full(len(frame), -1)
    technology = frame["technology"].to_numpy(object) if "technology" in frame else np.full(len(frame), "", object)
    special = table["element"].ne("").to_numpy() * 2 + table["technology"].ne("").to_numpy()
    for row in rows[np.argsort(special[rows], kind="stable")]:
        element, own = table["element"].iloc[row], table["technology"].iloc[row]
        mine = frame.index == element if element else (technology == own if own else np.ones(len(frame), bool))
        found[mine] = row
    return found
