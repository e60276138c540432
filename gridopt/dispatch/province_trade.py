"""Spot trade between provinces: pairs of offers and bids along paths, the best pair first.

Sets        i seller step, j buyer step, p path of segments 1..n from the seller's province to the buyer's, t period of h hours
Data        offers s[i] and bids b[j] [CNY/MWh], widths [MW] (a bid's is landed), segments with loss l, tariff f per landed MWh and ATC
            of what enters them

    netback     v = b;  v = (v - f[k]) (1 - l[k])  for k = n..1                                                 (Q1)
    match       pairs (i, j, p) by v - s falling, as long as it is not negative: as much as offer, bid (over the product of 1 - l) and
                every ATC on the way still hold, in whole ticks; of paths of one pair the cheaper one first      (Q2)
    price       of a seller's province: mean of s and v of its last accepted pair, for all that it sells         (Q3)
                of what a buyer takes from there: P = P / (1 - l[k]) + f[k]  for k = 1..n                        (Q4)
    payment of the buyers = revenue of the sellers + tariffs: what is lost is in the volume                      (Q5)

    below = sum of (s - price)+ sent,  above = sum of (price - b)+ landed                                       (Q6)
    short = welfare of the linear program with the same limits - sum of (v - s) sent >= 0                         (Q7)

Under (Q2) and (Q3) both parts of (Q6) are zero: a pair with a cheaper step, or a dearer bid, than an accepted one would have been taken
before it as far as it goes, so that the last pair of a province holds its dearest step and its lowest netback. Other prices may be put in.
A province that is short in a period may not sell then, one that curtails renewables may not buy; what is refused is told.
Source: rules of the inter-provincial spot market (National Dispatch Centre).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp

from gridopt.case.case import Case
from gridopt.case.check import CaseError
from gridopt.program.highs import Highs

ROUNDING = 1e-9


@dataclass(frozen=True)
class TradeRule:
    """tick MW (0: any quantity), steps of a curve at most, prices allowed, segments of a path at most, ends of the price mean."""

    tick_mw: float = 1.0
    most_steps: int = 5
    lowest: float = 0.0
    highest: float = 10000.0
    most_segments: int = 3


@dataclass(frozen=True)
class Curves:
    """Steps of one side: name (k,), province int (k,), power MW and price CNY/MWh (k, T)."""

    name: np.ndarray
    province: np.ndarray
    power: np.ndarray
    price: np.ndarray


@dataclass(frozen=True)
class Trade:
    """What may be traded: province (n,) names, hours (T,), sell and buy curves, segments (g,): name, ends, loss, tariff, atc (g, T); refused:
    sentences on offers and bids that may not take part."""

    province: np.ndarray
    hours: np.ndarray
    sell: Curves
    buy: Curves
    segment: np.ndarray
    ends: np.ndarray
    loss: np.ndarray
    tariff: np.ndarray
    atc: np.ndarray
    refused: tuple[str, ...] = ()

    @classmethod
    def of(cls, case: Case, rule: TradeRule = TradeRule()) -> Trade:
        """The trade of a case. Raises CaseError for curves that break the rule, all faults at once."""
        table, segment = case.table("province"), case.table("trade_segment")
        barred = {side: case.series(table[f"{why}_profile"], 0.0) > 0 for side, why in (("sell", "short"), ("buy", "curtailing"))}
        faults: list[str] = []
        curves, refused = {}, []
        for side in ("sell", "buy"):
            curves[side] = _curves(case, side, rule, faults)
            curves[side], told = _allowed(curves[side], barred[side], side, table.index)
            refused += told
        if faults:
            raise CaseError(faults)
        atc = segment["atc_mw"].fillna(np.inf).to_numpy(float)[:, None] * case.series(segment["atc_profile"], 1.0)
        return cls(
            table.index.to_numpy(object), case.time.hours, curves["sell"], curves["buy"], segment.index.to_numpy(object),
            np.stack([case.position("province", segment[f"{end}_province"]) for end in ("from", "to")], axis=1),
            segment["loss_fraction"].to_numpy(float), segment["tariff_cny_per_mwh"].to_numpy(float),
            np.where(case.in_service("trade_segment") > 0, atc, 0.0), tuple(refused),
        )  # fmt: skip


@dataclass(frozen=True)
class Matched:
    """Trade by pair: seller and buyer step, path (k,); sent MW (k, T); limits of what remains are in (Q2)."""

    trade: Trade
    paths: Paths
    seller: np.ndarray
    buyer: np.ndarray
    path: np.ndarray
    sent: np.ndarray
    node_price: np.ndarray
    best: float

    @property
    def landed(self) -> np.ndarray:
        """MW at the buyer (k, T)."""
        return self.sent * self.paths.kept[self.path, None]

    @cached_property
    def netback(self) -> np.ndarray:
        """(Q1) of each pair (k, T)."""
        return self.paths.netback(self.path, self.trade.buy.price[self.buyer])

    @property
    def seller_price(self) -> np.ndarray:
        """(Q3) of each pair CNY/MWh sent (k, T); nan where its province sells nothing."""
        return self.node_price[self.trade.sell.province[self.seller]]

    @property
    def buyer_price(self) -> np.ndarray:
        """(Q4) of each pair CNY/MWh landed (k, T)."""
        return (self.seller_price + self.paths.cost[self.path, None]) / self.paths.kept[self.path, None]

    def _money(self, power: np.ndarray, price: np.ndarray) -> np.ndarray:
        return np.where(power > 0, power * np.nan_to_num(price), 0.0) * self.trade.hours

    @property
    def revenue(self) -> np.ndarray:
        """What sellers receive CNY (k, T)."""
        return self._money(self.sent, self.seller_price)

    @property
    def payment(self) -> np.ndarray:
        """What buyers pay CNY (k, T)."""
        return self._money(self.landed, self.buyer_price)

    @property
    def tariff(self) -> np.ndarray:
        """What the segments receive CNY (k, T)."""
        return self.sent * self.paths.cost[self.path, None] * self.trade.hours

    @property
    def below(self) -> np.ndarray:
        """(Q6) by pair CNY (k, T)."""
        return self._money(self.sent, np.maximum(self.trade.sell.price[self.seller] - self.seller_price, 0.0))

    @property
    def above(self) -> np.ndarray:
        """(Q6) by pair CNY (k, T)."""
        return self._money(self.landed, np.maximum(self.buyer_price - self.trade.buy.price[self.buyer], 0.0))

    @property
    def welfare(self) -> float:
        """sum of (v - s) sent CNY."""
        return float(self._money(self.sent, self.netback - self.trade.sell.price[self.seller]).sum())

    @property
    def short(self) -> float:
        """(Q7) CNY."""
        return self.best - self.welfare

    def export(self) -> np.ndarray:
        """Net export of each province MW (n, T): sent less landed."""
        net = np.zeros((len(self.trade.province), self.sent.shape[1]))
        np.add.at(net, self.trade.sell.province[self.seller], self.sent)
        np.add.at(net, self.trade.buy.province[self.buyer], -self.landed)
        return net


@dataclass(frozen=True)
class Paths:
    """Paths (p,): segments int (p, L), -1 where shorter; part of the sent power that enters each (p, L); kept: part that lands; cost:
    tariffs per sent MWh; ends int (p, 2)."""

    segments: np.ndarray
    enters: np.ndarray
    kept: np.ndarray
    cost: np.ndarray
    ends: np.ndarray

    def netback(self, path: np.ndarray, bid: np.ndarray) -> np.ndarray:
        """(Q1) along paths (k,) for bids (k, T): linear in the bid."""
        return self.kept[path, None] * bid - self.cost[path, None]


def match(trade: Trade, rule: TradeRule = TradeRule()) -> Matched:
    """Matches by (Q2), prices by (Q3)."""
    paths = paths_of(trade, rule.most_segments)
    seller, buyer, path = _pairs(trade, paths)
    steps = len(trade.hours)
    gain = paths.netback(path, trade.buy.price[buyer]) - trade.sell.price[seller]
    # Ties fall to the cheaper path, then to the order of the tables.
    order = np.lexsort((np.broadcast_to(paths.cost[path, None], gain.shape), -gain.round(9)), axis=0) if len(path) else gain.astype(int)
    left = {"sell": trade.sell.power.copy(), "buy": trade.buy.power.copy(), "atc": np.vstack([trade.atc, np.full((1, steps), np.inf)])}
    sent, every = np.zeros(gain.shape), np.arange(steps)
    node_price = np.full((len(trade.province), steps), np.nan)
    for rank in order:
        along, enters = paths.segments[path[rank]], paths.enters[path[rank]]
        room = (left["atc"][along, every[:, None]] / enters).min(axis=1, initial=np.inf)
        most = np.minimum(room, np.minimum(left["sell"][seller[rank], every], left["buy"][buyer[rank], every] / paths.kept[path[rank]]))
        take = np.where(gain[rank, every] >= -ROUNDING, _ticks(np.maximum(most, 0.0), rule.tick_mw), 0.0)
        sent[rank, every] = take
        left["sell"][seller[rank], every] -= take
        left["buy"][buyer[rank], every] -= take * paths.kept[path[rank]]
        np.subtract.at(left["atc"], (along, every[:, None]), take[:, None] * enters)
        some = np.flatnonzero(take > ROUNDING)
        offer = trade.sell.price[seller[rank[some]], some]
        node_price[trade.sell.province[seller[rank[some]]], some] = offer + 0.5 * gain[rank[some], some]
    sent[sent <= ROUNDING] = 0.0
    return Matched(trade, paths, seller, buyer, path, sent, node_price, _best(trade, paths, (seller, buyer, path), gain))


def paths_of(trade: Trade, most: int) -> Paths:
    """Every way from a province that sells to one that buys over at most so many segments, none twice through a province."""
    sells, buys = set(trade.sell.province.tolist()), set(trade.buy.province.tolist())
    found: list[tuple[int, ...]] = []
    front: list[tuple[tuple[int, ...], tuple[int, ...]]] = [((), (n,)) for n in sorted(sells)]
    for _ in range(most):
        front = [((*way, g), (*seen, int(b))) for way, seen in front for g, (a, b) in enumerate(trade.ends) if a == seen[-1] and b not in seen]
        found += [way for way, seen in front if seen[-1] in buys]
    longest = max((len(way) for way in found), default=0)
    segments = np.array([[*way, *[-1] * (longest - len(way))] for way in found], int).reshape(len(found), longest)
    keeps = np.where(segments >= 0, 1.0 - trade.loss[segments], 1.0) if len(trade.loss) else np.ones(segments.shape)
    leaves = np.cumprod(keeps, axis=1)
    tariff = np.where(segments >= 0, trade.tariff[segments], 0.0) if len(trade.loss) else np.zeros(segments.shape)
    kept = leaves[:, -1] if longest else np.ones(len(found))
    ends = np.array([[trade.ends[way[0], 0], trade.ends[way[-1], 1]] for way in found], int).reshape(len(found), 2)
    return Paths(segments, leaves / keeps, kept, (tariff * leaves).sum(axis=1), ends)


def _pairs(trade: Trade, paths: Paths) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Seller step, buyer step and path of every pair, (k,) each."""
    sells = trade.sell.province[:, None, None] == paths.ends[None, None, :, 0]
    buys = trade.buy.province[None, :, None] == paths.ends[None, None, :, 1]
    seller, buyer, path = np.nonzero(sells & buys)
    return seller, buyer, path


def _ticks(power: np.ndarray, tick: float) -> np.ndarray:
    """Power in whole ticks, rounded down."""
    return np.floor(power / tick + ROUNDING) * tick if tick > 0 else power


def _best(trade: Trade, paths: Paths, pair: tuple[np.ndarray, np.ndarray, np.ndarray], gain: np.ndarray) -> float:
    """Largest welfare CNY within offers, bids and ATC: a linear program over all periods, of any quantities."""
    seller, buyer, path = pair
    k, steps = np.nonzero(gain > 0)
    if not len(k):
        return 0.0
    column, size = np.arange(len(k)), len(trade.hours)
    parts = [(seller[k], np.ones(len(k)), column, trade.sell.power), (buyer[k], paths.kept[path[k]], column, trade.buy.power)]
    place, slot = np.nonzero(paths.segments[path[k]] >= 0)
    parts.append((paths.segments[path[k[place]], slot], paths.enters[path[k[place]], slot], place, trade.atc))
    blocks = [
        sp.csr_array((value, (row * size + steps[col], col)), shape=(limit.size, len(k))) for row, value, col, limit in parts
    ]  # fmt: skip
    upper = np.concatenate([limit.ravel() for *_, limit in parts])
    program = Highs(presolve="on")
    cost = -(gain[k, steps] * trade.hours[steps])
    program.load(cost, np.zeros(len(k)), np.full(len(k), np.inf), sp.vstack(blocks, format="csr"), np.full(len(upper), -np.inf), upper)
    program.solve()
    return float(-cost @ program.solution()[0])


def _curves(case: Case, side: str, rule: TradeRule, faults: list[str]) -> Curves:
    """Steps of one side, with a fault for each that the rule does not allow."""
    rows = np.flatnonzero((case.table("trade_step")["side"] == side).to_numpy())
    table = case.table("trade_step").iloc[rows]
    price = table["price_cny_per_mwh"].to_numpy(float)[:, None] + case.series(table["price_profile"], 0.0)
    power = table["power_max_mw"].to_numpy(float)[:, None] * case.series(table["power_profile"], 1.0) * case.in_service("trade_step")[rows]
    for k, name in enumerate(table.index):
        outside = np.flatnonzero((price[k] < rule.lowest) | (price[k] > rule.highest))
        if len(outside):
            when, value = str(case.time.start[outside[0]])[:16], price[k, outside[0]]
            faults.append(f"trade_step '{name}': price {value:g} at {when} is outside {rule.lowest:g} to {rule.highest:g} CNY/MWh. Correct it.")
    province, count = np.unique(table["province"].to_numpy(str), return_counts=True)
    for name, n in zip(province[count > rule.most_steps], count[count > rule.most_steps], strict=True):
        faults.append(f"trade_step: province '{name}' has {n} steps to {side}, at most {rule.most_steps} are allowed. Join some.")
    return Curves(table.index.to_numpy(object), case.position("province", table["province"]), power, price)


def _allowed(curves: Curves, barred: np.ndarray, side: str, names) -> tuple[Curves, list[str]]:
    """Curves without what may not take part, and a sentence for each province concerned."""
    out = barred[curves.province] & (curves.power > 0)
    reason = "is short of power" if side == "sell" else "curtails renewables"
    told = []
    for n in np.unique(curves.province[out.any(axis=1)]):
        mine = out & (curves.province == n)[:, None]
        told.append(f"province '{names[n]}' {reason} in {int(mine.any(axis=0).sum())} periods: what it would {side} then is refused")
    return Curves(curves.name, curves.province, np.where(out, 0.0, curves.power), curves.price), told
