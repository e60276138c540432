"""What bids may look like: curves, segments, limits of price, and who may bid. Every fault is one sentence, all are told at once.

    offers      prices do not fall from segment to segment; number and least width of segments; floor <= price <= cap
    stores      one segment a side; buy <= efficiency x sell, or it would be paid to buy and sell at once                     (B1)
    users       prices do not rise from segment to segment in an hour; number of segments; price <= cap
    regulation  price <= cap, in whole ticks

Source: Electricity Spot Market Practice (National Dispatch Centre), ch. 20 Gansu; rules V3.2 of the province.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gridopt.case import units
from gridopt.case.case import Case
from gridopt.case.check import CaseError, nearest
from gridopt.case.tables_bids import BUY

CLOSE = 1e-9


@dataclass(frozen=True)
class BidLimits:
    """Floor and cap CNY/MWh; segments of an offer, their least share of capacity; segments of a user in an hour; cap and tick of
    regulation CNY/MW. Infinite limits and a share or tick of 0 ask for nothing."""

    floor: float = -np.inf
    cap: float = np.inf
    segments: int = 1000
    least_share: float = 0.0
    demand_segments: int = 1000
    agc_cap: float = np.inf
    agc_tick: float = 0.0


def check_bids(case: Case, limits: BidLimits) -> None:
    """Raises CaseError with every bid that breaks a rule."""
    faults = [*_offers(case, limits), *_users(case, limits), *_regulation(case, limits)]
    if faults:
        raise CaseError(faults)


def _offers(case: Case, limits: BidLimits) -> list[str]:
    faults = []
    faults += _days(case)
    keys = ["kind", "element", "side", "day"]
    for (kind, element, side, day), rows in case.table("bid").groupby(keys, sort=False, dropna=False):
        where = f"table bid, {kind} '{element}'" + (" (buy)" if side == BUY else "") + _on(day)
        if element not in case.table(kind).index:
            faults.append(_unknown(where, kind, element, case))
            continue
        rows = rows.sort_values("segment")
        faults += _numbered(where, rows)
        price, width = rows["price_cny_per_mwh"].to_numpy(float), rows["power_mw"].to_numpy(float)
        faults += _ordered(where, rows, 1.0)
        faults += _between(where, rows, limits)
        if len(rows) > limits.segments:
            faults.append(f"{where}: {len(rows)} segments are more than {limits.segments} (market.offers.segments). Join some.")
        if kind == "storage":
            faults += _store(case, where, element, side, price)
            continue
        if side == BUY:
            faults.append(f"{where}: only stores buy by this table. Write side sell, or table demand_bid for a load.")
            continue
        able = _capacity(case, kind, element)
        for segment in rows["segment"].to_numpy()[width < limits.least_share * able * (1.0 - CLOSE)]:
            faults.append(
                f"{where}, segment {segment:g}: is narrower than {limits.least_share:.0%} of the capacity, {able:g} MW "
                "(market.offers.least_share). Join it with its neighbour."
            )
        if width.sum() > able * (1.0 + CLOSE) + CLOSE:
            faults.append(f"{where}: offers {width.sum():g} MW, more than its capacity, {able:g} MW. Shorten the last segment.")
        if kind == "renewable" and not case.table(kind).at[element, "profile"]:
            faults.append(f"{where}: bids without a forecast of what is available (column profile of table renewable). Name a series.")
    return faults


def _on(day) -> str:
    """Names the day of rows that hold on one."""
    return "" if pd.isna(day) else f", {str(day)[:10]}"


def _days(case: Case) -> list[str]:
    """Who bids by day does so for every day of the period; stores bid one price."""
    table, found = case.table("bid"), []
    days = np.unique(case.time.start.astype("datetime64[D]"))
    for (kind, element, side), rows in table[table["day"].notna()].groupby(["kind", "element", "side"], sort=False):
        where = f"table bid, {kind} '{element}'" + (" (buy)" if side == BUY else "")
        if kind == "storage":
            found.append(f"{where}: a store bids one price a side for the whole period, not by day. Leave column day empty.")
            continue
        same = (table["kind"] == kind) & (table["element"] == element) & (table["side"] == side)
        left = days[~np.isin(days, rows["day"].to_numpy("datetime64[D]"))]
        if len(left) and not table.loc[same, "day"].isna().any():
            named = ", ".join(str(d) for d in left[:3]) + (f" and {len(left) - 3} more" if len(left) > 3 else "")
            found.append(f"{where}: bids by day, but not on {named}. Give rows for these days, or rows without a day for all others.")
    return found


def _unknown(where: str, kind: str, element: str, case: Case) -> str:
    return f"{where}: no participant of this name is in table {kind} in the period{nearest(element, case.table(kind).index)}. Correct it."


def _capacity(case: Case, kind: str, element: str) -> float:
    """Largest output of an element MW: available capacity of a unit."""
    at = case.table(kind).index.get_loc(element)
    if kind == "unit":
        return float(units.capacity(case)[at].max(initial=0.0))
    return float(case.table(kind)["power_max_mw"].iloc[at])


def _numbered(where: str, rows: pd.DataFrame) -> list[str]:
    number = rows["segment"].to_numpy(int)
    if not np.array_equal(number, np.arange(1, len(number) + 1)):
        return [f"{where}: segments {', '.join(map(str, number))} are not numbered 1, 2, 3 …. Number them from the first MW on."]
    return []


def _ordered(where: str, rows: pd.DataFrame, way: float) -> list[str]:
    """way 1: prices may not fall; -1: may not rise."""
    price, number = rows["price_cny_per_mwh"].to_numpy(float), rows["segment"].to_numpy(int)
    word, rule = ("below", "rise or stay") if way > 0 else ("above", "fall or stay")
    return [
        f"{where}, segment {number[k + 1]}: {price[k + 1]:g} is {word} the price of the segment before, {price[k]:g}; prices {rule}. Sort them."
        for k in np.flatnonzero(way * np.diff(price) < -CLOSE)
    ]


def _between(where: str, rows: pd.DataFrame, limits: BidLimits) -> list[str]:
    found = []
    for number, price in zip(rows["segment"], rows["price_cny_per_mwh"], strict=True):
        if price < limits.floor - CLOSE:
            found.append(f"{where}, segment {number:g}: {price:g} is below the floor of offers, {limits.floor:g} "
                         "(market.offers.floor_cny_per_mwh). Raise it.")  # fmt: skip
        if price > limits.cap + CLOSE:
            found.append(f"{where}, segment {number:g}: {price:g} is above the cap of offers, {limits.cap:g} "
                         "(market.offers.cap_cny_per_mwh). Lower it.")  # fmt: skip
    return found


def _store(case: Case, where: str, element: str, side: str, price: np.ndarray) -> list[str]:
    """Rules of stores, (B1) told with the offer to sell."""
    found = [f"{where}: a store bids one price a side, not {len(price)} segments. Join them."] if len(price) > 1 else []
    if side == BUY:
        return found
    store, bids = case.table("storage").loc[element], case.table("bid")
    mine = bids[(bids["kind"] == "storage") & (bids["element"] == element) & (bids["side"] == BUY)]
    share = float(store["charge_efficiency"] * store["discharge_efficiency"])
    for buy in mine["price_cny_per_mwh"]:
        if buy > share * price[0] + CLOSE:
            found.append(
                f"{where}: would buy at {buy:g}, more than {share:.3f} (its efficiency) x {price[0]:g}, at which it sells: it would be paid "
                "to do both at once. Lower the price to buy."
            )
    return found


def _users(case: Case, limits: BidLimits) -> list[str]:
    found = []
    for (load, day, hour), rows in case.table("demand_bid").groupby(["load", "day", "hour"], sort=False, dropna=False):
        where = f"table demand_bid, load '{load}'{_on(day)}, hour {hour:g}"
        if load not in case.table("load").index:
            found.append(_unknown(where, "load", load, case))
            continue
        rows = rows.sort_values("segment")
        found += [*_numbered(where, rows), *_ordered(where, rows, -1.0)]
        if len(rows) > limits.demand_segments:
            rule = f"more than {limits.demand_segments} (market.offers.demand_segments)"
            found.append(f"{where}: {len(rows)} segments are {rule}. Join some.")
        high = rows["price_cny_per_mwh"] > limits.cap + CLOSE
        found += [
            f"{where}, segment {n:g}: {p:g} is above the cap of offers, {limits.cap:g} (market.offers.cap_cny_per_mwh). Lower it."
            for n, p in zip(rows["segment"][high], rows["price_cny_per_mwh"][high], strict=True)
        ]
    return found


def _regulation(case: Case, limits: BidLimits) -> list[str]:
    found = []
    for kind, element, price in case.table("agc_offer")[["kind", "element", "price_cny_per_mw"]].itertuples(index=False):
        where = f"table agc_offer, {kind} '{element}'"
        if element not in case.table(kind).index:
            found.append(_unknown(where, kind, element, case))
        if price > limits.agc_cap + CLOSE:
            found.append(f"{where}: {price:g} is above the cap, {limits.agc_cap:g} (market.offers.agc_cap_cny_per_mw). Lower it.")
        if limits.agc_tick > 0 and abs(price / limits.agc_tick - round(price / limits.agc_tick)) > 1e-6:
            found.append(f"{where}: {price:g} is no multiple of {limits.agc_tick:g} (market.offers.agc_tick_cny_per_mw). Round it.")
    return found
