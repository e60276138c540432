"""Statistics of prices: level, spread, floor and cap, zones, day-ahead against real time; what technologies earn a MWh.

    price of a zone [t]  = mean of its buses' prices by load, plain where it has none                                  (S1)
    daily range          = mean over days of (highest - lowest)                                                        (S2)
    capture price        = sum of price x energy sold / energy sold of a technology;   value factor = capture price / base  (S3)
    bases: time (mean of the market's price over hours), load (mean by load), zone (time means of the zones by where it sells)

Plants are paid `settled` at their bus, which is what (S3) uses on both sides; means are over hours, whatever the length of periods.
"""

from __future__ import annotations

import numpy as np

from gridopt.dispatch.market_run import MarketRun

Figures = list[tuple[str, str, float]]
AT = 5e-3
"""CNY/MWh by which a price may miss floor or cap and still count as at it."""


def loaded_zones(run: MarketRun) -> np.ndarray:
    """Names of the zones in which something is consumed; others are far ends and neighbours."""
    zone = run.zone.astype(str)
    return np.array([z for z in np.unique(zone) if run.load[zone == z].any()], str)


def zone_prices(run: MarketRun, price: np.ndarray, names: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Names of zones (all if None) and (S1), (z, T), of prices (B, T); the market as a whole, named '', comes first."""
    names = np.unique(run.zone.astype(str)) if names is None else names
    inside = np.vstack([np.ones((1, len(run.zone))), names[:, None] == run.zone.astype(str)]).astype(float)
    load, paid, count, plain = inside @ run.load, inside @ (run.load * price), inside.sum(axis=1), inside @ price
    mean = np.divide(paid, load, out=np.divide(plain, np.maximum(count, 1.0)[:, None]), where=load > 0)
    return np.append("", names), mean


def scope_of(zone: str) -> str:
    return f"zone {zone}" if zone else "market"


def statistics(run: MarketRun, floor: float, cap: float) -> Figures:
    """Level and spread of what users pay, for the market and each zone."""
    hours, found = run.hours, []
    names, price = zone_prices(run, run.load_price, loaded_zones(run))
    load = np.vstack([run.load.sum(axis=0), *(run.load[run.zone.astype(str) == z].sum(axis=0) for z in names[1:])])
    total = max(hours.sum(), 1e-12)
    day = np.unique(run.start.astype("datetime64[D]"), return_inverse=True)[1]
    edges = np.flatnonzero(np.diff(day, prepend=-1)) if len(day) else np.zeros(0, int)
    for z, p, q in zip(names, price, load, strict=True):
        mean, energy = float(p @ hours / total), float(q @ hours)
        span = np.maximum.reduceat(p, edges) - np.minimum.reduceat(p, edges) if len(edges) else np.zeros(1)
        figures = {
            "price_mean": mean, "price_load_mean": float((p * q) @ hours / energy) if energy > 0 else np.nan,
            "price_sd": float(np.sqrt(np.maximum((p - mean) ** 2 @ hours / total, 0.0))), "price_min": float(p.min(initial=np.inf)),
            "price_max": float(p.max(initial=-np.inf)), "daily_range": float(span.mean()),
            "share_at_floor": float((p <= floor + AT) @ hours / total), "share_at_cap": float((p >= cap - AT) @ hours / total),
            "share_negative": float((p < -AT) @ hours / total),
        }  # fmt: skip
        found += [(scope_of(z), n, v) for n, v in figures.items()]
    return found


def zone_spreads(run: MarketRun) -> Figures:
    """Differences of plants' prices between zones: mean, mean of the size, share of hours in which there is one."""
    names, price = zone_prices(run, run.settled, loaded_zones(run))
    total, found = max(run.hours.sum(), 1e-12), []
    for a in range(1, len(names)):
        for b in range(a + 1, len(names)):
            gap = price[b] - price[a]
            scope = f"zones {names[a]} to {names[b]}"
            found.append((scope, "spread_mean", float(gap @ run.hours / total)))
            found.append((scope, "spread_size", float(np.abs(gap) @ run.hours / total)))
            found.append((scope, "spread_share", float((np.abs(gap) > AT) @ run.hours / total)))
    return found


def day_ahead_spreads(day_ahead: MarketRun, real_time: MarketRun) -> Figures:
    """Day-ahead less real-time price of plants, by zone: mean and mean of the size. Real-time periods are laid onto those of the day before."""
    names, ahead = zone_prices(day_ahead, day_ahead.settled, loaded_zones(day_ahead))
    _, real = zone_prices(real_time, real_time.settled, names[1:])
    at = np.searchsorted(day_ahead.start, real_time.start, side="right") - 1
    inside = at >= 0
    gap, hours = ahead[:, at[inside]] - real[:, inside], real_time.hours[inside]
    total = max(hours.sum(), 1e-12)
    found = [(scope_of(z), "da_rt_spread_mean", float(g @ hours / total)) for z, g in zip(names, gap, strict=True)]
    return found + [(scope_of(z), "da_rt_spread_size", float(np.abs(g) @ hours / total)) for z, g in zip(names, gap, strict=True)]


def captured(run: MarketRun) -> Figures:
    """(S3) of each technology; and what those that buy pay."""
    hours, price = run.hours, run.price_at_plant
    names, zones = zone_prices(run, run.settled)
    total = max(hours.sum(), 1e-12)
    time_mean, load = zones @ hours / total, run.load.sum(axis=0)
    served = float(load @ hours)
    by_load = float((run.load * run.settled).sum(axis=0) @ hours / served) if served > 0 else np.nan
    zone_of = np.searchsorted(names[1:], run.zone.astype(str)[run.plant_bus]) + 1
    found: Figures = [("market", "base_time", float(time_mean[0])), ("market", "base_load", by_load)]
    for technology in np.unique(run.technology.astype(str)):
        mine = run.technology.astype(str) == technology
        sold, bought = np.maximum(run.output[mine], 0.0), np.maximum(-run.output[mine], 0.0)
        scope, energy, taken = f"technology {technology}", float((sold @ hours).sum()), float((bought @ hours).sum())
        found.append((scope, "sold_mwh", energy))
        if taken > 0:
            found += [(scope, "bought_mwh", taken), (scope, "purchase_price", float(((bought * price[mine]) @ hours).sum() / taken))]
        if energy > 0:
            capture = float(((sold * price[mine]) @ hours).sum() / energy)
            by_zone = float((sold @ hours) @ time_mean[zone_of[mine]] / energy)
            found.append((scope, "capture_price", capture))
            for name, base in (("time", float(time_mean[0])), ("load", by_load), ("zone", by_zone)):
                found.append((scope, f"value_factor_{name}", capture / base if base else np.nan))
    return found
