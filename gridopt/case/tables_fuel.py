"""The tables of fuel and emission budgets: what may or must be burnt in a period, stocks and deliveries, caps on CO2."""

from gridopt.case.schema import Column, plain

PERIOD = (Column("start_date", "date", meaning="first day"), Column("end_date", "date", meaning="last day"))
WHERE = (Column("fuel", key_to="fuel"), Column("plant", default="", meaning="station whose units count; empty: all that burn the fuel"))


def _tce(name: str, meaning: str, default=None) -> Column:
    return Column(name, "number", "tce", at_least=0.0, default=default, meaning=meaning)


FUEL_BUDGET = plain(
    "fuel_budget", "fuel that units may or must burn in a period; of a part that is studied, its share counts", ("fuel_budget",),
    Column("fuel_budget", meaning="identifier"), *WHERE, *PERIOD,
    _tce("amount_min_tce", "least amount (take or pay); empty: none"), _tce("amount_max_tce", "largest amount; empty: none"),
    Column("short_cny_per_tce", "number", "CNY/tce", at_least=0.0, at_most=100000.0, default=None,
           meaning="paid for what is missing of the least amount (take or pay); empty: nothing may be missing"),
    _tce("burnt_outside_tce", "burnt in the part of the period that is not studied; empty: its share of the amounts"),
    orders=(("amount_min_tce", "amount_max_tce"),),
)  # fmt: skip
FUEL_STOCK = plain(
    "fuel_stock", "fuel in store at a station: what is there before the first step, comes by table fuel_delivery and is burnt", ("fuel_stock",),
    Column("fuel_stock", meaning="identifier"), *WHERE,
    _tce("stock_start_tce", "before the first step", 0.0), _tce("stock_end_tce", "least stock after the last step", 0.0),
)  # fmt: skip
FUEL_DELIVERY = plain(
    "fuel_delivery", "deliveries to fuel stocks", ("fuel_stock", "time"),
    Column("fuel_stock", key_to="fuel_stock"),
    Column("time", "time", meaning="instant from which it can be burnt"),
    _tce("amount_tce", "delivered", 0.0),
)  # fmt: skip
EMISSION_CAP = plain(
    "emission_cap", "caps on the CO2 of all units and generators in a period; of a part that is studied, its share counts", ("emission_cap",),
    Column("emission_cap", meaning="identifier"), *PERIOD,
    Column("amount_max_t", "number", "t", at_least=0.0, meaning="largest emission"),
    Column("emitted_outside_t", "number", "t", at_least=0.0, default=None,
           meaning="emitted in the part of the period that is not studied; empty: its share of the cap"),
)  # fmt: skip

FUEL_TABLES = (FUEL_BUDGET, FUEL_STOCK, FUEL_DELIVERY, EMISSION_CAP)
