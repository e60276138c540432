"""Every table of a network folder, declared once: column, unit, type, range, default, key, meaning.

Powers MW, energies MWh, money CNY (or the study's currency), flows m3/s, volumes hm3 (million m3), lengths km, angles degrees.
Fractions lie in 0..1; a percentage is a fault, not a guess. An absent file is an empty table.
"""

from gridopt.case.schema import Column, Table, plain
from gridopt.case.tables_bids import BID_TABLES
from gridopt.case.tables_contracts import CONTRACT_TABLES
from gridopt.case.tables_demand import DEMAND_TABLES, LOAD, SHEDDING_TIER
from gridopt.case.tables_fuel import FUEL_TABLES
from gridopt.case.tables_links import DC_BUNDLE, DC_CONTRACT, DC_LINK, EXCHANGE, LINK_TABLES
from gridopt.case.tables_network import (
    AC_BRANCH,
    BUS,
    CONTINGENCY,
    INTERFACE,
    INTERFACE_LIMIT,
    INTERFACE_MEMBER,
    INTERFACE_SUPPORT,
    LIMIT_PENALTY,
    LINE,
    OUTAGE,
    TRANSFORMER,
)
from gridopt.case.tables_plants import COMMITMENT, COST_POINT, FUEL, GENERATOR, RAMPING, RENEWABLE, START_COST, UNIT, UNIT_TYPE
from gridopt.case.tables_reserve import RESERVE_TABLES
from gridopt.case.tables_stores import CSP, HEAD_ZONE, HYDRO_BUDGET, PUMP, PUMP_PAST, PUMPED, RELEASE_BAND, RELEASE_PAST, RESERVOIR, STORAGE
from gridopt.case.tables_thermal import CHP, DEEP_BAND
from gridopt.case.tables_trade import TRADE_TABLES

SEASON = plain(
    "season", "named parts of the year, repeated every year", ("season",),
    Column("season", meaning="identifier"),
    Column("start_day", meaning="MM-DD, first day"),
    Column("end_day", meaning="MM-DD, last day (may be earlier in the year than the first)"),
)  # fmt: skip
YEAR = plain(
    "year", "figures that change from calendar year to calendar year", ("year",),
    Column("year", "whole", at_least=1990, at_most=2100),
    Column("load_scale", "number", "1", above=0.0, at_most=10.0, default=1.0, meaning="demand over that of the base year"),
    Column("fuel_price_scale", "number", "1", above=0.0, at_most=10.0, default=1.0),
    Column("carbon_price_cny_per_t", "number", "CNY/t", at_least=0.0, at_most=5000.0, default=0.0),
    Column("carbon_benchmark_t_per_mwh", "number", "t/MWh", at_least=0.0, at_most=3.0, default=0.0,
           meaning="free allowance per MWh of what emits"),
)  # fmt: skip

TABLES: dict[str, Table] = {
    t.name: t
    for t in (
        BUS, LINE, TRANSFORMER, AC_BRANCH, INTERFACE, INTERFACE_LIMIT, INTERFACE_MEMBER, INTERFACE_SUPPORT, LIMIT_PENALTY, OUTAGE,
        CONTINGENCY, SEASON, FUEL, UNIT_TYPE, UNIT, GENERATOR, COST_POINT, COMMITMENT, START_COST, CHP, DEEP_BAND,
        RENEWABLE, CSP, RESERVOIR, RELEASE_PAST, RELEASE_BAND, STORAGE,
        HEAD_ZONE, HYDRO_BUDGET, PUMP, PUMP_PAST, PUMPED,
        RAMPING,
        LOAD,
        SHEDDING_TIER, EXCHANGE, DC_LINK, DC_CONTRACT, DC_BUNDLE, YEAR,
        *LINK_TABLES, *FUEL_TABLES, *DEMAND_TABLES,
        *RESERVE_TABLES, *BID_TABLES,
        *CONTRACT_TABLES, *TRADE_TABLES,
    )
}  # fmt: skip
