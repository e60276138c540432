"""Spot trade between provinces of a case: match it, and say it as a document."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gridopt.case.check import CaseError


def trade_file(path: Path, overrides: dict[str, str], hours: tuple[int, int] | None = None, tick_mw: float = 1.0) -> dict:
    """Matches the trade of a case or study; the document for JSON. Raises CaseError."""
    from gridopt.dispatch.province_trade import Trade, TradeRule, match
    from gridopt.study.load import load_study

    loaded = load_study(path, overrides, hours)
    if not len(loaded.case.table("trade_step")):
        raise CaseError([f"{path}: holds no trade between provinces. Give table trade_step, or key 'trade' of a market case."])
    rule = TradeRule(tick_mw=tick_mw)
    trade = Trade.of(loaded.case, rule)
    found = match(trade, rule)
    n, t = np.nonzero(np.isfinite(found.node_price))
    start = loaded.case.time.start
    return {
        "status": "traded", "case": loaded.name, "currency": loaded.study.currency, "refused": list(trade.refused),
        "pairs": _pairs(found, start),
        "prices": [
            {"province": str(trade.province[i]), "time": str(start[s])[:16], "price": float(found.node_price[i, s])}
            for i, s in zip(n, t, strict=True)
        ],
        "welfare": found.welfare, "best_welfare": found.best, "short_of_best": found.short, "seller_below_offer": float(found.below.sum()),
        "buyer_above_bid": float(found.above.sum()), "payment": float(found.payment.sum()), "revenue": float(found.revenue.sum()),
        "tariff": float(found.tariff.sum()),
    }  # fmt: skip


def _pairs(found, start: np.ndarray) -> list[dict]:
    """Pairs that trade, by period."""
    trade, paths = found.trade, found.paths
    values = {
        "sent_mw": found.sent, "landed_mw": found.landed, "offer": trade.sell.price[found.seller], "bid": trade.buy.price[found.buyer],
        "netback": found.netback, "seller_price": found.seller_price, "buyer_price": found.buyer_price, "revenue": found.revenue,
        "payment": found.payment, "tariff": found.tariff,
    }  # fmt: skip
    t, k = np.nonzero(found.sent.T > 0)
    return [
        {
            "time": str(start[s])[:16], "seller": str(trade.province[trade.sell.province[found.seller[p]]]),
            "buyer": str(trade.province[trade.buy.province[found.buyer[p]]]),
            "path": [str(trade.segment[g]) for g in paths.segments[found.path[p]] if g >= 0], **{n: float(v[p, s]) for n, v in values.items()},
        }
        for s, p in zip(t, k, strict=True)
    ]  # fmt: skip
