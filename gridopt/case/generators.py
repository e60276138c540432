"""Generators as arrays: limits on the steps, cost curves in bands, ramps.

cost curve f(p) [CNY/h] = c0 + c p + q p^2, or straight between the points of table cost_point (convex; the first and last slopes go on
beyond them); each part between points may have a price series on top
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridopt.case.heat import narrowed


class Curves(NamedTuple):
    """Bands of all generators: of int (K,), begin, end MW (K,), slope CNY/MWh (K,), profile: name of its price series or '' (K,)."""

    of: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    slope: np.ndarray
    profile: np.ndarray

    def part(self, rows: np.ndarray, size: int) -> Curves:
        """Bands of some of the `size` generators, rows int (n,) rising; `of` counts within them."""
        place = np.full(size, -1)
        place[rows] = np.arange(len(rows))
        keep = place[self.of] >= 0
        return Curves(place[self.of[keep]], self.begin[keep], self.end[keep], self.slope[keep], self.profile[keep])

    def prices(self, case) -> np.ndarray:
        """What a MWh costs in each band CNY/MWh (K, T)."""
        return self.slope[:, None] + case.series(self.profile, 0.0)


def limits(case) -> tuple[np.ndarray, np.ndarray]:
    """Least and largest output MW (G, T), 0 while out of service, as far as the heat load leaves them."""
    table, here = case.table("generator"), case.in_service("generator")
    least = table["power_min_mw"].to_numpy(float)[:, None] * case.series(table["min_profile"], 1.0)
    most = table["power_max_mw"].to_numpy(float)[:, None] * case.series(table["profile"], 1.0)
    return narrowed(case, "generator", least * here, most * here)


def curves(case) -> Curves:
    """Bands by generator, then by output; the outer ones are open."""
    table, point = case.table("generator"), case.table("cost_point")
    owner = case.position("generator", point["generator"])
    power, cost = (point[c].to_numpy(float) for c in ("power_mw", "cost_cny_per_h"))
    order = np.lexsort((power, owner))
    owner, power, cost, profile = owner[order], power[order], cost[order], point["price_profile"].to_numpy(object)[order]
    same = owner[1:] == owner[:-1]
    of, begin, end = owner[1:][same], power[:-1][same], power[1:][same]
    slope = (np.diff(cost) / np.where(same, np.diff(power), 1.0))[same]
    begin = np.where(np.append(True, of[1:] != of[:-1])[: len(of)], -np.inf, begin)
    end = np.where(np.append(of[1:] != of[:-1], True)[-len(of) or None :][: len(of)], np.inf, end)
    plain = np.setdiff1d(np.arange(len(table)), of)
    of = np.concatenate([of, plain])
    begin, end = np.append(begin, np.full(len(plain), -np.inf)), np.append(end, np.full(len(plain), np.inf))
    slope = np.append(slope, table["cost_cny_per_mwh"].to_numpy(float)[plain])
    profile = np.append(profile[:-1][same], np.full(len(plain), "", object))
    order = np.lexsort((begin, of))
    return Curves(of[order], begin[order], end[order], slope[order], profile[order])


def cost_at(case, output: np.ndarray) -> np.ndarray:
    """f(p) CNY/h of outputs MW (G, T), without the price series of whole generators."""
    table, point = case.table("generator"), case.table("cost_point")
    c0, c, q = (table[f"cost_{n}"].to_numpy(float)[:, None] for n in ("cny_per_h", "cny_per_mwh", "quadratic_cny_per_mw2h"))
    value = c * output + q * output**2
    bands, first = curves(case), point.sort_values("power_mw").drop_duplicates("generator").set_index("generator").reindex(table.index)
    start, at_start = (first[n].to_numpy(float)[:, None] for n in ("power_mw", "cost_cny_per_h"))
    curved = np.flatnonzero(~np.isnan(start[bands.of, 0]))
    of, begin, end = bands.of[curved], bands.begin[curved, None], bands.end[curved, None]
    # The lowest band goes on below its first point, with less than nothing there.
    opens = np.isinf(begin)
    inside = np.minimum(output[of], end) - np.where(opens, start[of], begin)
    value = np.where(np.isnan(start), value, at_start)
    np.add.at(value, of, bands.prices(case)[curved] * np.where(opens, inside, np.maximum(inside, 0.0)))
    return (c0 + value) * (case.in_service("generator") > 0)


def ramps(case) -> np.ndarray:
    """Ramps up and down MW/min (2, G), inf where there is no limit."""
    table = case.table("generator")
    up, down = (table[c].to_numpy(float) for c in ("ramp_fraction_per_min", "ramp_down_fraction_per_min"))
    both = np.array([up, np.where(np.isnan(down), up, down)]) * table["power_max_mw"].abs().to_numpy(float)
    return np.where(np.isnan(both), np.inf, both)
