"""The tables of spot trade between provinces: provinces, segments between them, steps of what is offered and bid for."""

from gridopt.case.schema import Column, element

PROVINCE = element(
    "province", "provinces that trade with each other",
    Column("bus", default="", meaning="bus of the network where its trade leaves or enters; empty: beyond the network"),
    Column("short_profile", unit="MW", default="", meaning="series: above 0 where the province is short, then it may not sell; empty: never"),
    Column("curtailing_profile", unit="MW", default="",
           meaning="series: above 0 where it curtails renewables, then it may not buy; empty: never"),
)  # fmt: skip

TRADE_SEGMENT = element(
    "trade_segment", "one way from a province to another, part of paths",
    Column("from_province", key_to="province"),
    Column("to_province", key_to="province"),
    Column("loss_fraction", "number", "1", at_least=0.0, at_most=0.99, default=0.0, meaning="lost of what enters the segment"),
    Column("tariff_cny_per_mwh", "number", "CNY/MWh", at_least=0.0, at_most=1000.0, default=0.0, meaning="per MWh that leaves the segment"),
    Column("atc_mw", "number", "MW", at_least=0.0, default=None, meaning="capacity for trade, of what enters the segment; empty: no limit"),
    Column("atc_profile", unit="1", default="", meaning="series: factor on atc_mw; empty: constant 1"),
)  # fmt: skip

TRADE_STEP = element(
    "trade_step", "steps of the curves that provinces offer and bid with, one row each",
    Column("province", key_to="province"),
    Column("side", choices=("sell", "buy")),
    Column("power_max_mw", "number", "MW", at_least=0.0, meaning="width of the step; of a seller sent power, of a buyer landed power"),
    Column("power_profile", unit="1", default="", meaning="series: factor on power_max_mw; empty: constant 1"),
    Column("price_cny_per_mwh", "number", "CNY/MWh", default=0.0, meaning="at the province itself"),
    Column("price_profile", unit="CNY/MWh", default="", meaning="series: added to price_cny_per_mwh; empty: none"),
)  # fmt: skip

TRADE_TABLES = (PROVINCE, TRADE_SEGMENT, TRADE_STEP)
