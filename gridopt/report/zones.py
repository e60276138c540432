"""Buses of the studied system in reading order, and prices by zone."""

from __future__ import annotations

import numpy as np

from gridopt.report.folder import Run, cell, number, table, values
from gridopt.report.pack import Page, token
from gridopt.report.text import WORDS, Both, say

MOST_ZONES = 8


def inside(run: Run, ids: list[str]) -> tuple[list[int], list[str]]:
    """Positions of the internal buses (all where none is) by zone, then west to east, and the zone of every bus of `ids`."""
    bus = table(run, "bus")
    rows = {str(r["bus"]): r for r in bus.to_dict("records")} if "bus" in bus else {}
    zone = [cell(rows.get(i, {}), "zone") for i in ids]
    keep = [n for n, i in enumerate(ids) if (cell(rows.get(i, {}), "role") or "internal") == "internal"] or list(range(len(ids)))
    east = {n: number(rows.get(ids[n], {}), "longitude_deg") for n in keep}
    edge: dict[str, float] = {}
    for n, v in east.items():
        edge[zone[n]] = min(edge.get(zone[n], 999.0), 999.0 if v is None else v)
    keep.sort(key=lambda n: (edge[zone[n]], zone[n], east[n] if east[n] is not None else 999.0, ids[n]))
    return keep, zone


def zone_prices(run: Run) -> dict[str, np.ndarray]:
    """Mean price over the internal buses of each zone that are there (label,), of all where zones are too many to tell apart; {} without
    prices."""
    price = values(run, "price")
    if price is None:
        return {}
    keep, zone = inside(run, price[0])
    keep = built(keep, price[1])
    if len({zone[n] for n in keep}) > MOST_ZONES:
        return {"": _mean(price[1][keep])}
    return {z: _mean(price[1][[n for n in keep if zone[n] == z]]) for z in dict.fromkeys(zone[n] for n in keep)}


def built(keep: list[int], price: np.ndarray) -> list[int]:
    """Those of the buses `keep` that have a price (bus, label) at some time: the others are not built yet."""
    return [n for n in keep if np.isfinite(price[n]).any()]


def _mean(price: np.ndarray) -> np.ndarray:
    """Mean of prices (bus, label) of the buses that are there, NaN where none is."""
    there = np.isfinite(price)
    return np.where(there, price, 0.0).sum(0) / np.where(there.any(0), there.sum(0), np.nan)


def zone_words(zone: str) -> Both:
    """Both names of a price zone."""
    if zone.isdigit():
        return say("zone_number", n=(zone, zone))
    return WORDS.get(f"zone_{zone.lower()}") or (zone, zone) if zone else WORDS["all_buses"]


def zone_name(page: Page, zone: str) -> str:
    return token("all_buses") if not zone else page.name(zone_words(zone))
