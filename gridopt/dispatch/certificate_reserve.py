"""Certificate, reserves: every requirement is met, or its shortage is told and paid. Whether awards can be delivered: _delivery.

    requirement = fixed + series + shares of load, wind, solar + largest unit with its awards, or pole     reserve.requirement
    awards that count + shortage >= requirement                                                           reserve.balance
    0 <= shortage <= sum of its steps                                                                     reserve.shortage
    price >= 0;  0 where more than required is there;  not below the dearest step in use,
    not above the cheapest step with room                                                                 reserve.price

An offer is named reserve/table/element and follows the order of the tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from gridopt.dispatch.certificate_check import POWER, PRICE, RELATIVE, Check, Evidence

TABLES = ("unit", "generator", "renewable", "csp", "reservoir", "storage", "pumped")
UP = ("regulation", "regulation_up", "spinning_up", "non_spinning")
DOWN = ("regulation", "regulation_down", "spinning_down")


class Offer(NamedTuple):
    """An element that may provide a reserve, by name and row of its table, and the row of reserve_offer that says so."""

    reserve: str
    table: str
    element: str
    place: int
    row: Any


def offers(e: Evidence) -> list[Offer]:
    """Every offer, in order: the row of an element before that of its technology, that before that of its kind."""
    case, found = e.case, []
    rows = list(case.table("reserve_offer").itertuples())
    for name, reserve in case.table("reserve").iterrows():
        for table in TABLES:
            mine, frame = [r for r in rows if r.reserve == name and r.kind == table], case.table(table)
            own = {r.element: r for r in mine if r.element}
            alike = {r.technology: r for r in mine if not r.element and r.technology}
            wide = next((r for r in mine if not r.element and not r.technology), None)
            words = frame["technology"] if "technology" in frame else [""] * len(frame)
            able = _within(e, table, reserve)
            if table == "reservoir" and reserve["product"] in UP:
                able &= (frame["volume_max_hm3"] > frame["volume_min_hm3"]).to_numpy(bool)
            for i, (element, technology) in enumerate(zip(frame.index, words, strict=True)):
                row = own.get(element, alike.get(technology, wide))
                if row is not None and able[i]:
                    found.append(Offer(str(name), table, element, i, row))
    return found


def check_reserves(e: Evidence) -> list[Check]:
    """The checks named at the head of this file; none without reserves."""
    if not len(e.case.table("reserve")):
        return []
    found = offers(e)
    if len(found) != len(e["reserve_award"]):
        return [Check("reserve.offers", float(len(e["reserve_award"])), "1", float(len(found)), False, "awards")]
    return _requirements(e, found)


def reserve_cost(e: Evidence) -> dict[str, np.ndarray]:
    """Cost of awards and of shortage, filled from the cheapest step, CNY/h (1, T)."""
    if not len(e.case.table("reserve")):
        return {}
    cost = np.array([o.row.cost_cny_per_mwh for o in offers(e)])
    short = np.zeros(e["reserve_shortage"].shape)
    for i, _, price, taken, _ in _steps(e):
        short[i] += price * taken
    count = min(len(cost), len(e["reserve_award"]))
    return {"reserve_offer": cost[:count, None] * e["reserve_award"][:count], "reserve_shortage": short}


def resting(e: Evidence) -> np.ndarray:
    """Part of the awards that units give that are off MW (offers, T)."""
    return e.arrays.get("reserve_offline", np.zeros(e["reserve_award"].shape))


def _needed(e: Evidence, found: list[Offer]) -> np.ndarray:
    """Requirements MW (Q, T), from the tables and the reported quantities."""
    case, reserve = e.case, e.case.table("reserve")
    needed, load = np.zeros((len(reserve), len(case.time))), case.table("load")
    demand = e.number("load", "mean_mw") * case.series(load["profile"], 1.0) * case.of_year("load_scale", 1.0) * case.in_service("load")
    series = case.series(reserve["profile"], 0.0)
    for n, (name, row) in enumerate(reserve.iterrows()):
        needed[n] = row["requirement_mw"] + series[n] + row["load_share"] * demand[_within(e, "load", row)].sum(axis=0)
        power = e[f"renewable_{row['renewable_basis']}"]
        for kind in ("wind", "solar"):
            some = _within(e, "renewable", row) & (case.table("renewable")["technology"] == kind).to_numpy()
            needed[n] += row[f"{kind}_share"] * power[some].sum(axis=0)
        needed[n] += _largest(e, found, name, row)
    return needed * case.in_service("reserve")


def _within(e: Evidence, table: str, reserve, column: str = "bus") -> np.ndarray:
    """Elements of a table at internal buses of the reserve's zone, bool (n,)."""
    bus = e.case.table("bus").loc[e.case.table(table)[column]]
    return ((bus["role"] == "internal") & ((bus["zone"] == reserve["zone"]) | (reserve["zone"] == ""))).to_numpy(bool)


def _largest(e: Evidence, found: list[Offer], name: str, reserve) -> np.ndarray:
    """What is lost with the largest unit or pole MW (T,)."""
    worst, given = np.zeros(len(e.case.time)), e["reserve_award"] - resting(e)
    serves = {q: _counts_for(e, q) for q in e.case.table("reserve").index}
    for table in ("unit", "generator") if reserve["largest_unit"] else ():
        lost = e[f"{table}_output"].copy()
        for k in [k for k, o in enumerate(found) if o.table == table and name in serves[o.reserve]]:
            lost[found[k].place] += given[k]
        worst = np.maximum(worst, lost[_within(e, table, reserve)].max(axis=0, initial=0.0))
    if reserve["largest_pole_share"] == reserve["largest_pole_share"]:
        begins, ends = (_within(e, "dc_link", reserve, c) for c in ("from_bus", "to_bus"))
        for sign, way in ((1.0, UP), (-1.0, DOWN)):
            into = np.concatenate([e["dc_received"][ends & ~begins], -e["dc_sent"][begins & ~ends]])
            if reserve["product"] in way:
                worst = np.maximum(worst, reserve["largest_pole_share"] * (sign * into).max(axis=0, initial=0.0))
    return worst


def _counts_for(e: Evidence, name: str) -> set[str]:
    """The reserves that awards of a reserve count for, itself among them."""
    nested, found, edge = e.case.table("reserve_nesting"), set(), {name}
    while edge:
        found |= edge
        edge = set(nested.loc[nested["reserve"].isin(list(edge)), "counts_for"]) - found
    return found


def _steps(e: Evidence) -> Iterator[tuple[int, str, float, np.ndarray, np.ndarray]]:
    """(reserve, name, price, MW in use, MW left) of every step of shortage, cheapest first, (T,)."""
    step, reserve = e.case.table("reserve_shortage"), e.case.table("reserve")
    for i, name in enumerate(reserve.index):
        left = e["reserve_shortage"][i].copy()
        for row in step[step["reserve"] == name].sort_values("cost_cny_per_mwh").itertuples():
            width = np.full(left.shape, row.power_mw) if row.power_mw == row.power_mw else row.share * e["reserve_requirement"][i]
            width = np.where(np.isnan(width), np.inf, width)
            taken = np.minimum(left, width)
            left = left - taken
            yield i, name, row.cost_cny_per_mwh, taken, width - taken
        yield i, name, 0.0, left, np.zeros_like(left)


def _requirements(e: Evidence, found: list[Offer]) -> list[Check]:
    reserve, short, price = e.case.table("reserve"), e["reserve_shortage"], e["reserve_price"]
    needed, counted = _needed(e, found), np.zeros(short.shape)
    serves = {q: [reserve.index.get_loc(c) for c in _counts_for(e, q)] for q in reserve.index}
    for k, o in enumerate(found):
        counted[serves[o.reserve]] += e["reserve_award"][k]
    slack = counted + short - needed
    near, left = POWER + RELATIVE * needed, np.zeros(short.shape)
    wrong = np.maximum(-price, np.where(slack > near, np.abs(price), 0.0))
    for i, _, cost, taken, room in _steps(e):
        wrong[i] = np.maximum(wrong[i], np.where(taken > POWER, cost - price[i], 0.0))
        wrong[i] = np.maximum(wrong[i], np.where(room > POWER, price[i] - cost, 0.0))
        left[i] = taken
    return [
        e.judge("reserve.requirement", "MW", np.abs(e["reserve_requirement"] - needed), near, reserve.index),
        e.judge("reserve.balance", "MW", -slack, near, reserve.index),
        e.judge("reserve.shortage", "MW", np.maximum(left, -short), POWER, reserve.index),
        e.judge("reserve.price", "CNY/MWh", wrong, PRICE + RELATIVE * np.abs(price), reserve.index),
    ]
