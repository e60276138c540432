"""The tables of settlement: users, contracts and their curves, mechanism volumes, financial rights, capacity, guaranteed volumes, owners.

A row may name one plant (`kind` and `element`), all plants of a kind and technology, or all of a kind. Dates are local, both included;
an empty date is open. Energy of a row without dates is that of the studied period.
"""

from gridopt.case.schema import Column, plain

SELLERS = ("unit", "generator", "renewable", "csp", "reservoir", "storage", "pumped", "exchange", "dc_link")
"""Tables whose elements sell energy or are paid for capacity."""
USES = ("commercial", "guaranteed")
PRICE_RULES = ("qd", "cfd")
REFERENCES = ("seller", "buyer", "bus", "zone", "system")
STAGES = ("DA", "RT")
HOURS = 24
CURVES = {
    "flat": (1.0,) * HOURS,
    "peak": tuple(1.0 if 7 <= h < 9 or 17 <= h < 23 else 0.0 for h in range(HOURS)),
    "valley": tuple(1.0 if 9 <= h < 17 else 0.0 for h in range(HOURS)),
    "pv": (0.0,) * 7 + (0.2, 0.6, 1.1, 1.5, 1.8, 1.9, 1.9, 1.8, 1.5, 1.1, 0.6, 0.2) + (0.0,) * 5,
}
"""Energy by hour of day of the curves that are always there, over any sum; hours of peak and valley as in Gansu's tariff."""

PLANTS = (
    Column("kind", choices=SELLERS, meaning="table of the plant"),
    Column("element", default="", meaning="id in the table that `kind` names; empty: all of its plants"),
    Column("technology", default="", meaning="only plants of this technology; empty: all"),
)
PERIOD = (
    Column("start_date", "date", default="", meaning="first day; empty: open"),
    Column("end_date", "date", default="", meaning="last day; empty: open"),
)


def _energy(meaning: str) -> Column:
    return Column("energy_mwh", "number", "MWh", at_least=0.0, default=None, meaning=meaning)


def _share(name: str, default: float | None, meaning: str) -> Column:
    return Column(name, "number", "1", at_least=0.0, at_most=1.0, default=default, meaning=meaning)


def _price(meaning: str, default=...) -> Column:
    given = {} if default is ... else {"default": default}
    return Column("price_cny_per_mwh", "number", "CNY/MWh", at_least=-10000.0, at_most=10000.0, meaning=meaning, **given)


def _name(meaning: str, name: str) -> Column:
    return Column(name, meaning=meaning)


USER = plain(
    "user", "users with a part of the load of a bus; what is left of it belongs to one commercial user named like the bus", ("user",),
    _name("identifier", "user"),
    Column("bus", key_to="bus", meaning="bus of the load"),
    _share("share", 1.0, "part of the load of the bus"),
    Column("use", choices=USES, default="commercial",
           meaning="commercial (and industrial): in the market; guaranteed (homes, farms): at a regulated price"),
    _price("regulated price of a guaranteed user", None),
)  # fmt: skip
CONTRACT = plain(
    "contract", "energy sold before the market, which settles as a difference", ("contract",),
    _name("identifier", "contract"), *PLANTS,
    Column("buyer", default="", meaning="id of a user, or of a bus for the rest of its load; empty: all users by their load"),
    *PERIOD,
    _energy("energy from start_date to end_date; empty: see day_ahead_share and profile"),
    _share("day_ahead_share", None, "part of what each plant sells day-ahead, instead of energy_mwh"),
    Column("profile", unit="MW", default="", meaning="series: power, instead of energy_mwh; empty: none"),
    _price("contract price"),
    Column("curve", default="flat", meaning="spreads energy_mwh over the hours of a day: flat, peak, valley, pv, or one of contract_curve"),
    Column("settlement", choices=("", *PRICE_RULES), default="",
           meaning="qd: the market settles what differs from the contract; cfd: the difference of prices; empty: as the study says"),
    Column("reference", choices=("", *REFERENCES), default="", meaning="where the price of a cfd is taken; empty: as the study says"),
    Column("reference_at", default="", meaning="the bus or zone that reference names"),
    Column("reference_run", choices=("", *STAGES), default="", meaning="day-ahead or real-time price; empty: as the study says"),
    orders=(("start_date", "end_date"),),
)  # fmt: skip
CONTRACT_CURVE = plain(
    "contract_curve", "curves of contracts: part of a day's energy in each hour; the hours of a curve add up to 1", ("curve", "hour"),
    Column("curve", meaning="name"),
    Column("hour", "whole", "h", at_least=0, at_most=23, meaning="hour of day from 0 to 23; an hour that is not listed has none"),
    _share("share", 0.0, "part of the energy of a day"),
)  # fmt: skip
MECHANISM = plain(
    "mechanism", "volumes whose price is made up to a mechanism price, two-way (Document 136)", ("mechanism",),
    _name("identifier", "mechanism"), *PLANTS,
    Column("built_from", "date", default="", meaning="only plants in service from this day on; empty: any"),
    Column("built_before", "date", default="", meaning="only plants in service before this day; empty: any"),
    *PERIOD,
    _energy("energy from start_date to end_date of one plant, settled by its output of each month; empty: see output_share"),
    _share("output_share", None, "part of the output of each plant, instead of energy_mwh"),
    _price("mechanism price"),
    Column("reference_run", choices=("", *STAGES), default="", meaning="day-ahead or real-time price; empty: as the study says"),
    orders=(("start_date", "end_date"), ("built_from", "built_before")),
)  # fmt: skip
FTR = plain(
    "ftr", "financial transmission rights: their holders get the difference of the congestion parts of two prices", ("ftr",),
    _name("identifier", "ftr"),
    Column("holder", meaning="account of the holder: 'unit ...', 'user ...', 'load ...', or any other name"),
    Column("source_bus", key_to="bus"), Column("sink_bus", key_to="bus"),
    Column("power_mw", "number", "MW", at_least=0.0),
    Column("option", "flag", default=False, meaning="only paid where the difference is above 0; otherwise the holder pays below 0"),
    *PERIOD,
    orders=(("start_date", "end_date"),),
)  # fmt: skip
CAPACITY = plain(
    "capacity", "plants that are paid for capacity", ("capacity",),
    _name("identifier", "capacity"), *PLANTS, *PERIOD,
    Column("price_cny_per_kw_year", "number", "CNY/kW", at_least=0.0, at_most=10000.0),
    Column("declared_mw", "number", "MW", at_least=0.0, default=None, meaning="declared capacity of the plant; empty: its power_max_mw"),
    _share("supply_factor", 1.0, "supply and demand of capacity, own use"),
    _share("storage_factor", None, "credit of a store; empty: full-power hours over the longest peak that the study gives; others: 1"),
    _share("delivered_share", 1.0, "part that was there when called"),
    Column("dc_paired", "flag", default=False, meaning="a plant that belongs to a DC link is not paid"),
    orders=(("start_date", "end_date"),),
)  # fmt: skip
GUARANTEED = plain(
    "guaranteed", "generation that is bought at a regulated price outside the market", ("guaranteed",),
    _name("identifier", "guaranteed"), *PLANTS, *PERIOD,
    _share("output_share", 1.0, "part of the output"),
    _price("regulated price"),
    orders=(("start_date", "end_date"),),
)  # fmt: skip
OWNERSHIP = plain(
    "ownership", "owners of plants; a plant that is not listed owns itself, a unit belongs to its plant", ("kind", "element"),
    Column("kind", choices=SELLERS), Column("element", meaning="id in the table that `kind` names"),
    Column("owner", meaning="name of the owner"),
)  # fmt: skip
CONTRACT_TABLES = (USER, CONTRACT, CONTRACT_CURVE, MECHANISM, FTR, CAPACITY, GUARANTEED, OWNERSHIP)
