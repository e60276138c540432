"""The tables of bids: offers of plants and stores, bids of users, offers of frequency regulation; what real time brings. Without rows,
costs stand, and what comes is what was expected."""

from gridopt.case.schema import Column, plain

BIDDERS = ("unit", "generator", "renewable", "storage")
"""Tables whose elements may bid."""
SELL, BUY = "sell", "buy"

BID = plain(
    "bid", "offers of plants and stores, segment by segment from 0 MW on; where an element has rows they stand in place of its costs",
    ("kind", "element", "side", "day", "segment"),
    Column("kind", choices=BIDDERS),
    Column("element", meaning="id in the table that `kind` names"),
    Column("side", choices=(SELL, BUY), default=SELL, meaning="sell: output; buy: charging of a store"),
    Column("day", "date", default=None, meaning="day on which the row holds, in place of rows without one; empty: every other day"),
    Column("segment", "whole", "1", at_least=1, at_most=1000, meaning="number of the segment, from 1 on"),
    Column("power_mw", "number", "MW", above=0.0, meaning="width of the segment"),
    Column("price_cny_per_mwh", "number", "CNY/MWh", at_least=-100000.0, at_most=1000000.0),
)  # fmt: skip
DEMAND_BID = plain(
    "demand_bid", "bids of users by hour of the day; a load with rows takes what it buys day ahead, any other its forecast",
    ("load", "day", "hour", "segment"),
    Column("load", key_to="load"),
    Column("day", "date", default=None, meaning="day on which the row holds, in place of rows without one; empty: every other day"),
    Column("hour", "whole", "h", at_least=0, at_most=23, meaning="hour of the day; an hour without rows buys nothing"),
    Column("segment", "whole", "1", at_least=1, at_most=1000, meaning="number of the segment, from 1 on"),
    Column("power_mw", "number", "MW", above=0.0, meaning="width of the segment"),
    Column("price_cny_per_mwh", "number", "CNY/MWh", at_least=-100000.0, at_most=1000000.0, meaning="paid at most"),
)  # fmt: skip
AGC_OFFER = plain(
    "agc_offer", "offers of frequency regulation that is cleared after energy", ("kind", "element"),
    Column("kind", choices=(*BIDDERS, "reservoir")),
    Column("element", meaning="id in the table that `kind` names"),
    Column("power_max_mw", "number", "MW", above=0.0, meaning="most that it regulates, up and down alike"),
    Column("price_cny_per_mw", "number", "CNY/MW", at_least=0.0, meaning="price of mileage"),
    Column("performance", "number", "1", above=0.0, at_most=10.0, default=1.0, meaning="k: quality of its regulation"),
    Column("mileage_per_mw", "number", "1", at_least=0.0, default=1.0, meaning="MW moved up and down in an hour per MW that regulates"),
)  # fmt: skip
REAL_TIME = plain(
    "real_time", "what comes in real time otherwise than the day before expected", ("kind", "element"),
    Column("kind", choices=("load", "generator", "renewable", "line", "transformer", "ac_branch")),
    Column("element", meaning="id in the table that `kind` names"),
    Column("value_mw", "number", "MW", at_least=0.0, meaning="demand, available output, or limit of a branch (all circuits)"),
    Column("profile", unit="1", default="", meaning="series: factor on value_mw; empty: constant 1"),
)  # fmt: skip
BID_TABLES = (BID, DEMAND_BID, AGC_OFFER, REAL_TIME)
