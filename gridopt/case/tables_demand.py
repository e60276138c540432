"""The tables of demand: loads, what is shed first, and demand that responds (interruptible, shiftable, data centres, growth)."""

from gridopt.case.columns import bus, power, profile
from gridopt.case.schema import Column, element, plain


def _load(meaning: str = "load it is part of") -> Column:
    return Column("load", key_to="load", meaning=meaning)


LOAD = element(
    "load", "demand",
    bus(),
    Column("kind", choices=("general", "industry", "irrigation", "data_centre"), default="general"),
    power("mean_mw", "mean demand in the base year"),
    Column("sheddable", "flag", default=True, meaning="may be shed at the price of lost load"),
    profile("1", "demand over its yearly mean"),
)  # fmt: skip
SHEDDING_TIER = plain(
    "shedding_tier", "steps of load shedding, cheapest first", ("tier",),
    Column("tier", meaning="identifier"),
    Column("share", "number", "1", above=0.0, at_most=1.0, meaning="share of each load"),
    Column("cost_cny_per_mwh", "number", "CNY/MWh", above=0.0, meaning="value of lost load of this step"),
)  # fmt: skip
INTERRUPTIBLE = element(
    "interruptible", "load that may be interrupted under contract",
    _load(),
    Column("power_max_mw", "number", "MW", at_least=0.0, meaning="may be interrupted at once"),
    Column("block_mw", "number", "MW", above=0.0, default=None,
           meaning="interrupted in multiples of this, where decisions are exact; empty: any part"),
    Column("cost_cny_per_mwh", "number", "CNY/MWh", at_least=0.0, at_most=100000.0, meaning="paid per MWh not consumed"),
    Column("notice_h", "number", "h", at_least=0.0, at_most=720.0, default=0.0,
           meaning="told so long before: steps that begin sooner after the first cannot be called any more"),
    Column("hours_per_day", "number", "h", at_least=0.0, at_most=24.0, default=None,
           meaning="largest time of interruption in a day; empty: any"),
    Column("season", key_to="season", default="", meaning="season in which it may be called; empty: all year"),
    Column("hours_per_season", "number", "h", at_least=0.0, at_most=8784.0, default=None,
           meaning="largest time of interruption in the season of a calendar year; empty: any"),
    Column("called_h", "number", "h", at_least=0.0, at_most=8784.0, default=0.0,
           meaning="hours of that already called in the season before the first step"),
)  # fmt: skip
INTERRUPTIBLE_NOTICE = plain(
    "interruptible_notice", "notices given before the first step: what may be called then although notice_h has not passed",
    ("interruptible", "start_time"),
    Column("interruptible", key_to="interruptible"),
    Column("start_time", "time", meaning="first instant of the call"),
    Column("end_time", "time", meaning="first instant after it"),
    Column("power_mw", "number", "MW", at_least=0.0, meaning="may be called so much at most"),
    orders=(("start_time", "end_time"),),
)  # fmt: skip
SHIFTABLE = element(
    "shiftable", "load that may be moved within windows of some hours",
    _load(),
    Column("power_less_mw", "number", "MW", at_least=0.0, meaning="may be consumed less at once"),
    Column("power_more_mw", "number", "MW", at_least=0.0, meaning="may be consumed more at once"),
    Column("window_h", "number", "h", above=0.0, at_most=168.0,
           meaning="energy is moved within windows of so many hours that follow each other from midnight on"),
    Column("rebound", "number", "1", at_least=1.0, at_most=2.0, default=1.0, meaning="energy consumed more per energy consumed less"),
    Column("energy_max_mwh", "number", "MWh", at_least=0.0, default=None, meaning="largest energy moved in a window; empty: any"),
    Column("cost_cny_per_mwh", "number", "CNY/MWh", at_least=0.0, at_most=100000.0, default=0.0, meaning="paid per MWh moved"),
)  # fmt: skip
DATA_CENTRE = element(
    "data_centre", "data centres: a part of their work may wait",
    _load("load of the data centre as it would be without waiting"),
    Column("flexible_fraction", "number", "1", at_least=0.0, at_most=1.0, meaning="part of the load that may wait"),
    Column("deferral_h", "number", "h", above=0.0, at_most=168.0, meaning="work waits no longer than this"),
    Column("least_fraction", "number", "1", at_least=0.0, at_most=1.0, default=0.0, meaning="least consumption over the load"),
    Column("power_max_mw", "number", "MW", above=0.0, meaning="largest consumption"),
    Column("waiting_mwh", "number", "MWh", at_least=0.0, default=0.0, meaning="work that waits before the first step, as energy"),
)  # fmt: skip
DATA_CENTRE_PAST = plain(
    "data_centre_past", "work put off before the first step; without rows all that waits was put off just before it",
    ("data_centre", "begin_h"),
    Column("data_centre", key_to="data_centre"),
    Column("begin_h", "number", "h", above=0.0, at_most=240.0,
           meaning="this power began so many hours before the first step and lasted to the next row's or to the first step; before it: none"),
    power("put_off_mw", "mean power put off"),
)  # fmt: skip
PRICE_RESPONSE = element(
    "price_response", "load that grows where energy is cheap: a step of a falling demand curve per row, by season and hours of the day",
    _load("load that grows"),
    Column("season", key_to="season", default="", meaning="season in which it does; empty: all year"),
    Column("start_hour", "number", "h", at_least=0.0, at_most=24.0, default=0.0, meaning="hour of the day from which it does"),
    Column("end_hour", "number", "h", at_least=0.0, at_most=24.0, default=24.0,
           meaning="hour until which it does; before start_hour: next day"),
    Column("share", "number", "1", at_least=0.0, at_most=10.0, meaning="growth over the load"),
    Column("price_cny_per_mwh", "number", "CNY/MWh", at_least=-10000.0, at_most=100000.0, meaning="what a MWh more is worth to it"),
)  # fmt: skip

DEMAND_TABLES = (INTERRUPTIBLE, INTERRUPTIBLE_NOTICE, SHIFTABLE, DATA_CENTRE, DATA_CENTRE_PAST, PRICE_RESPONSE)
