"""The tables of DC links as dispatchers run and sell them: rules of the schedule, and markets at the receiving end."""

from gridopt.case.schema import Column, element, plain

DC_SCHEDULE = plain(
    "dc_schedule", "how the power of a DC link may be scheduled, one row per link; only where decisions are modelled", ("dc_link",),
    Column("dc_link", key_to="dc_link"),
    Column("may_stop", "flag", default=False, meaning="power may also be 0, not only at least power_min_mw"),
    Column("step_mw", "number", "MW", above=0.0, default=None, meaning="power is a multiple of this; empty: any power"),
    Column("change_minutes", "number", "min", above=0.0, at_most=1440.0, default=None,
           meaning="power changes only at multiples of so many minutes after midnight; empty: at every step"),
    Column("hold_h", "number", "h", at_least=0.0, at_most=8760.0, default=0.0, meaning="power stays constant for at least so long"),
    Column("changes_per_day", "whole", "1", at_least=0, at_most=1440, default=None, meaning="largest number of changes in a day; empty: any"),
    Column("steps_per_change", "whole", "1", at_least=1, at_most=1000, default=None,
           meaning="largest change at once, in multiples of step_mw; empty: any"),
    Column("reversal_h", "number", "h", at_least=0.0, at_most=87600.0, default=0.0,
           meaning="least time between sending one way and sending the other way"),
    Column("initial_changes", "whole", "1", at_least=0, at_most=1440, default=0,
           meaning="changes made on the day of the first step before it"),
    Column("way_before", choices=("", "forward", "back"), default="",
           meaning="way that it sent last before the first step, where its initial_mw does not say so; empty: none that matters"),
    Column("way_before_h", "number", "h", at_least=0.0, at_most=87600.0, default=0.0, meaning="hours since it sent that way"),
)  # fmt: skip

DC_MARKET = element(
    "dc_market", "what the receiving end of a DC link buys and pays, a falling demand curve in steps of one row each",
    Column("dc_link", key_to="dc_link"),
    Column("power_max_mw", "number", "MW", at_least=0.0, meaning="width of the step, received power"),
    Column("price_cny_per_mwh", "number", "CNY/MWh", default=0.0, meaning="price of received energy"),
    Column("price_profile", unit="CNY/MWh", default="", meaning="series: added to price_cny_per_mwh; empty: none"),
    Column("tariff_cny_per_mwh", "number", "CNY/MWh", at_least=0.0, at_most=1000.0, default=0.0,
           meaning="taken off the price, per MWh received; what is paid per MWh sent is dc_link.cost_cny_per_mwh"),
    Column("sets_price", "flag", default=False,
           meaning="sold in part, the step may set the price at the sending end though a schedule holds the power; without one it does anyway"),
)  # fmt: skip

LINK_TABLES = (DC_SCHEDULE, DC_MARKET)
