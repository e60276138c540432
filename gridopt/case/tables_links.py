"""The tables of what leaves the model: trade at its edge, DC links, their contracts, schedules and markets."""

from gridopt.case.columns import bus, fraction, power
from gridopt.case.schema import Column, element, plain

EXCHANGE = element(
    "exchange", "trade with what lies outside the model, at an external bus or at the far end of a DC link",
    bus(),
    Column("schedule", unit="MW", default="", meaning="series: agreed export (negative: import); empty: 0"),
    Column("scale", "number", "1", at_least=0.0, at_most=10.0, default=1.0, meaning="factor on the schedule"),
    power("export_flexible_mw", "may be exported above the schedule", default=0.0),
    power("import_flexible_mw", "may be imported below the schedule", default=0.0),
    Column("price_profile", unit="CNY/MWh", default="",
           meaning="series: price of the flexible part, earned or paid at the bus; empty: 0"),
    Column("tariff_cny_per_mwh", "number", "CNY/MWh", at_least=0.0, at_most=1000.0, default=0.0,
           meaning="transmission tariff taken off the price of exports and added to that of imports"),
)  # fmt: skip
DC_LINK = element(
    "dc_link", "DC links, sent from one bus and received at another",
    bus("sending end", "from_bus"), bus("receiving end", "to_bus"),
    Column("technology", choices=("LCC", "VSC", "back_to_back"), default="LCC"),
    Column("length_km", "number", "km", at_least=0.0, at_most=5000.0, default=0.0),
    Column("voltage_kv", "number", "kV", above=0.0, at_most=1500.0, default=800.0),
    power("power_max_mw", "largest sent power"),
    power("power_min_mw", "least sent power while in service", default=0.0),
    Column("ramp_fraction_per_min", "number", "1/min", above=0.0, at_most=1.0, default=1.0,
           meaning="change of sent power over rated"),
    fraction("loss_no_load_fraction", 0.0, "loss while in service over rated power"),
    fraction("loss_linear_fraction", 0.0, "loss per sent power"),
    fraction("loss_quadratic_fraction", 0.0, "quadratic loss at rated power over rated power"),
    Column("max_profile", unit="1", default="", meaning="series: upper limit over largest power; empty: 1"),
    Column("cost_cny_per_mwh", "number", "CNY/MWh", default=0.0, meaning="per MWh sent"),
    power("power_reverse_max_mw", "largest power sent from to_bus to from_bus; 0: never reversed", default=0.0),
    Column("schedule", unit="MW", default="",
           meaning="series: agreed power at the sending end, fixed (negative: from to_bus); empty: power is chosen"),
    Column("initial_mw", "number", "MW", default=None, meaning="power before the first step; empty: any"),
    Column("initial_hold_h", "number", "h", at_least=0.0, at_most=8760.0, default=None,
           meaning="power has been constant for so many hours before the first step; empty: longer than any rule asks for"),
    orders=(("power_min_mw", "power_max_mw"),),
)  # fmt: skip
DC_CONTRACT = plain(
    "dc_contract", "energy contracts and bundled renewable shares of DC links, by period", ("contract",),
    Column("contract", meaning="identifier"),
    Column("dc_link", key_to="dc_link"),
    Column("start_date", "date", meaning="first day"),
    Column("end_date", "date", meaning="last day"),
    Column("energy_min_mwh", "number", "MWh", at_least=0.0, default=None, meaning="least sent energy; empty: none"),
    Column("energy_max_mwh", "number", "MWh", at_least=0.0, default=None, meaning="largest sent energy; empty: none"),
    fraction("renewable_share_min", 0.0, "least share of the sent energy from bundled plants in the same step"),
    Column("sent_outside_mwh", "number", "MWh", default=None,
           meaning="energy sent in the part of the period that is not studied; empty: as much of the contract as that part is of the period"),
    Column("bundled_outside_mwh", "number", "MWh", at_least=0.0, default=0.0, meaning="what of sent_outside_mwh came from bundled plants"),
    orders=(("energy_min_mwh", "energy_max_mwh"),),
)  # fmt: skip
DC_BUNDLE = plain(
    "dc_bundle", "renewable plants whose energy counts towards a DC link's share (each counted once)", ("plant",),
    Column("plant", meaning="id in renewable or csp"),
    Column("dc_link", key_to="dc_link"),
)  # fmt: skip
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
