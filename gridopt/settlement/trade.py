"""Trade between provinces before the market: what buyers pay sellers, and for the way.

    trade[k,t] = sent h x price of the seller's province             buyer to seller                                 (I1)
    trade_tariff[k,t] = sent h x tariffs of the path per sent MWh    buyer to the grid tariff                        (I2)

(I1) and (I2) together are landed h times what the buyer's province pays: what is lost is in the volume. The party of a province with a
bus is its exchange there, which buys or sells in this market what is traded; that of another is the province itself.
Source: rules of the inter-provincial spot market (National Dispatch Centre).
"""

from __future__ import annotations

import numpy as np

from gridopt.dispatch.province_trade import Matched
from gridopt.dispatch.trade_schedule import NAME
from gridopt.settlement.ledger import Ledger
from gridopt.settlement.metered import Metered
from gridopt.settlement.payers import TARIFF


def settle(book: Ledger, m: Metered, found: Matched) -> None:
    """Books (I1) and (I2), codes trade and trade_tariff."""
    trade, sent = found.trade, found.sent * m.hours
    exchange = [f"exchange {NAME}{n}" for n in trade.province]
    party = np.where(np.isin(exchange, m.plant.astype(str)), exchange, [f"province {n}" for n in trade.province])
    seller, buyer = party[trade.sell.province[found.seller]], party[trade.buy.province[found.buyer]]
    book.pay("trade", buyer, seller, sent, np.nan_to_num(found.seller_price))
    book.pay("trade_tariff", buyer, TARIFF, sent, found.paths.cost[found.path, None])
