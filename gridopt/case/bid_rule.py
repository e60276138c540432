"""Bids made from costs: coal offers spread as the market has seen them, wind and solar at the floor.

    a unit offers K segments of equal width; segment k of unit g stands at   s = (k - 1/2) / K + spread (c[g] / mean c - 1)      (X1)
    all segments of all units, sorted by s, are laid over the distribution of offers: the segment at share q of all offered MW (its
    middle) costs  scale x Q(q),  Q straight between (share, price) knots, cut off at floor and cap, in whole steps of price      (X2)

c: cost of one more MWh at full load, fuel and other, and carbon beyond the free allowance. Cheaper units offer cheaper, every unit
offers rising prices, and the offers of all together have the shape that was given. Default knots: February 2022 in Gansu, 14.2 GW of
coal: 10 % below 250, 30 % from 250 to 300, 52 % from 300 to 500, 8 % above 500 CNY/MWh, mean 348 (Electricity Spot Market Practice,
ch. 20 Gansu); their outer ends, 40 and 600, are chosen so that the mean fits. Wind and solar: 98 % of their offers were at the floor.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from gridopt.case import units
from gridopt.case.case import Case
from gridopt.case.tables_bids import SELL

COLUMNS = ("kind", "element", "side", "day", "segment", "power_mw", "price_cny_per_mwh", "source")


@dataclass(frozen=True)
class BidRule:
    """shares, prices: knots of Q; scale: factor on it; spread: how far costs tell units apart; segments, step of price; floor and cap."""

    shares: tuple[float, ...] = (0.0, 0.1, 0.4, 0.92, 1.0)
    prices: tuple[float, ...] = (40.0, 250.0, 300.0, 500.0, 600.0)
    scale: float = 1.0
    spread: float = 1.0
    segments: int = 10
    step: float = 10.0
    floor: float = 40.0
    cap: float = 650.0


def with_generated_bids(case: Case, rule: BidRule) -> Case:
    """The case with bids (X1), (X2) of all units and renewables that bring none of their own."""
    given = case.table("bid")
    own = set(zip(given["kind"], given["element"], strict=True))
    parts = [given, _thermal(case, rule, own), _renewable(case, rule, own)]
    table = pd.concat([p for p in parts if len(p)], ignore_index=True) if any(len(p) for p in parts) else given
    table = table.assign(day=table["day"].astype(given["day"].dtype))
    return replace(case, tables={**case.tables, "bid": table[list(COLUMNS)]})


def _thermal(case: Case, rule: BidRule, own: set[tuple[str, str]]) -> pd.DataFrame:
    names = [n for n in case.table("unit").index if ("unit", n) not in own]
    at = case.position("unit", names)
    able = units.capacity(case)[at].max(axis=1, initial=0.0)
    names, at, able = [n for n, a in zip(names, able, strict=True) if a > 0], at[able > 0], able[able > 0]
    if not names:
        return pd.DataFrame(columns=list(COLUMNS))
    cost = marginal_cost(case, at)
    score = (np.arange(rule.segments) + 0.5) / rule.segments + rule.spread * (cost / cost.mean() - 1.0)[:, None]
    width = np.repeat(able[:, None] / rule.segments, rule.segments, axis=1)
    price = quantile_prices(score.ravel(), width.ravel(), rule).reshape(score.shape)
    return pd.DataFrame({
        "kind": "unit", "element": np.repeat(np.array(names, object), rule.segments), "side": SELL, "day": pd.NaT,
        "segment": np.tile(np.arange(1.0, rule.segments + 1.0), len(names)), "power_mw": width.ravel(), "price_cny_per_mwh": price.ravel(),
        "source": "",
    })  # fmt: skip


def marginal_cost(case: Case, at: np.ndarray) -> np.ndarray:
    """c of units at rows `at`, mean over the steps CNY/MWh (n,)."""
    fire = units.burning(case, at)
    emitted = fire.full * fire.per_tce + fire.per_mwh
    free = np.where(emitted > 0, case.of_year("carbon_benchmark_t_per_mwh", 0.0), 0.0)
    carbon = case.of_year("carbon_price_cny_per_t", 0.0) * (emitted - free)
    return (fire.full * fire.price + fire.variable + carbon).mean(axis=1)


def quantile_prices(score: np.ndarray, width: np.ndarray, rule: BidRule) -> np.ndarray:
    """(X2) for segments of a score and width MW (n,): prices (n,). Equal scores have equal prices."""
    values, of = np.unique(np.round(score, 12), return_inverse=True)
    total = np.bincount(of, width, len(values))
    middle = (np.cumsum(total) - 0.5 * total) / total.sum()
    price = rule.scale * np.interp(middle, rule.shares, rule.prices)
    if rule.step > 0:
        price = np.round(price / rule.step) * rule.step
    return np.clip(price, rule.floor, rule.cap)[of]


def _renewable(case: Case, rule: BidRule, own: set[tuple[str, str]]) -> pd.DataFrame:
    table = case.table("renewable")
    names = [n for n in table.index if ("renewable", n) not in own and table.at[n, "power_max_mw"] > 0 and table.at[n, "profile"]]
    return pd.DataFrame({
        "kind": "renewable", "element": np.array(names, object), "side": SELL, "day": pd.NaT, "segment": 1.0,
        "power_mw": table["power_max_mw"].reindex(names).to_numpy(float), "price_cny_per_mwh": rule.floor, "source": "",
    })  # fmt: skip
