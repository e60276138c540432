"""Pre-clearing: what provinces trade with each other before the day-ahead market, as exchange that the market then takes as given.

    whole period by bids and the load forecast, as a linear program without decisions, nothing traded yet                     (P1)
    a province that sheds load there may not sell then, one that curtails renewables may not buy; offers and bids are matched  (P2)
    what is traded is fixed exchange in day-ahead, reliability and real time, whatever prices become                          (P3)

Source: Electricity Spot Market Practice (National Dispatch Centre), ch. 20 Gansu: the boundary of the provincial market is given first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from gridopt.case.actual import ForecastError, expected
from gridopt.case.case import Case
from gridopt.case.check import CaseError
from gridopt.dispatch.market_tables import frame
from gridopt.dispatch.province_trade import Matched, Trade, TradeRule, match
from gridopt.dispatch.single import dispatch
from gridopt.dispatch.trade_schedule import barred, with_trade
from gridopt.study.market_case import market_cases
from gridopt.study.market_schema import Market


def pre_cleared(case: Case, market: Market, progress: Callable[[str], None]) -> tuple[Case, Matched]:
    """The case with what was traded, and that. Raises CaseError without anything to trade, Infeasible."""
    if not len(case.table("trade_step")):
        cure = "Give tables province, trade_segment and trade_step (key trade of a market case), or leave the key out."
        raise CaseError([f"key 'market.pre_clearing.enabled': the network holds no trade between provinces. {cure}"])
    free = replace(case, commitment="off")
    forecast = market_cases(expected(free, ForecastError(**market.forecast.model_dump())), market)[1]
    rule = TradeRule(tick_mw=market.pre_clearing.tick_mw)
    trade = Trade.of(barred(dispatch(forecast)), rule)
    for sentence in trade.refused:
        progress(sentence)
    found = match(trade, rule)
    progress(f"{float((found.sent * trade.hours).sum()):.0f} MWh are sent, {float((found.landed * trade.hours).sum()):.0f} MWh arrive")
    return with_trade(case, found), found


def traded(case: Case, market: Market, progress: Callable[[str], None]) -> Case:
    """The case with what was traded, where the market has provinces trade first. Raises as pre_cleared does."""
    return pre_cleared(case, market, progress)[0] if market.pre_clearing.enabled else case


def trade_table(found: Matched, start: np.ndarray) -> pd.DataFrame:
    """What each pair trades, by period."""
    trade, paths = found.trade, found.paths
    t, k = np.nonzero(found.sent.T > 0)
    path = np.array([" > ".join(str(trade.segment[g]) for g in row if g >= 0) for row in paths.segments], object)
    return frame(
        "trade", period=start[t], seller=trade.province[trade.sell.province[found.seller[k]]],
        buyer=trade.province[trade.buy.province[found.buyer[k]]], path=path[found.path[k]], sent=found.sent[k, t], landed=found.landed[k, t],
        seller_price=found.seller_price[k, t], buyer_price=found.buyer_price[k, t], revenue=found.revenue[k, t], tariff=found.tariff[k, t],
        payment=found.payment[k, t],
    )  # fmt: skip
