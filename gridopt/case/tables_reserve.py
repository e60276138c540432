"""The tables of reserves: products by zone, which of them may stand in for others, what is paid for shortage, and who may provide."""

from gridopt.case.schema import Column, element, plain

UP = ("regulation", "regulation_up", "spinning_up", "non_spinning")
DOWN = ("regulation", "regulation_down", "spinning_down")
"""Products by the direction in which an award must be able to move."""
PROVIDERS = ("unit", "generator", "renewable", "csp", "reservoir", "storage", "pumped")
"""Tables whose elements may provide reserve."""


def _share(name: str, meaning: str) -> Column:
    return Column(name, "number", "1", at_least=0.0, at_most=1.0, default=0.0, meaning=meaning)


RESERVE = element(
    "reserve", "reserves: one product in one zone each, and how much of it is required (the parts add up)",
    Column("product", choices=tuple(dict.fromkeys(UP + DOWN)),
           meaning="regulation: up and down alike (AGC); non_spinning: up, also from units that are off"),
    Column("zone", default="", meaning="price zone whose elements provide it; empty: all internal buses"),
    Column("response_min", "number", "min", above=0.0, at_most=1440.0, default=None,
           meaning="an award is at most the ramp times so many minutes; empty: ramps are no limit"),
    Column("duration_h", "number", "h", at_least=0.0, at_most=24.0, default=1.0,
           meaning="stores must be able to sustain an award for so long"),
    Column("requirement_mw", "number", "MW", at_least=0.0, default=0.0, meaning="fixed part"),
    Column("profile", unit="MW", default="", meaning="series: part by time; empty: none"),
    _share("load_share", "part of the load, before any is shed"),
    _share("wind_share", "part of wind power"), _share("solar_share", "part of solar power"),
    Column("renewable_basis", choices=("available", "output"), default="available",
           meaning="whether the shares of wind and solar are of available power or of output"),
    Column("largest_unit", "flag", default=False, meaning="output of the largest unit or generator, and the award that is lost with it"),
    Column("largest_pole_share", "number", "1", above=0.0, at_most=1.0, default=None,
           meaning="part of a DC link that is lost at once (0.5: one pole of two) where that is more than the largest unit; empty: none"),
    Column("shares_ramp", "flag", default=False,
           meaning="an award and the change of output from the step before must fit into the ramp together"),
    Column("ramp_min", "number", "min", above=0.0, at_most=1440.0, default=None,
           meaning="an award that shares the ramp takes award / ramp_min of the ramp in every minute; empty: it takes its MW once"),
    Column("ramp_mean", "flag", default=False,
           meaning="what shares the ramp between two steps is the mean of the awards of both, not that of the later one"),
)  # fmt: skip
RESERVE_NESTING = plain(
    "reserve_nesting", "reserves whose awards also count for another one", ("reserve", "counts_for"),
    Column("reserve", key_to="reserve", meaning="the better product or the smaller zone"),
    Column("counts_for", key_to="reserve", meaning="reserve that its awards count for, too; also what that one counts for"),
)  # fmt: skip
RESERVE_SHORTAGE = plain(
    "reserve_shortage", "steps in which a requirement may be missed, and what that costs; a reserve without steps may not be missed",
    ("reserve", "cost_cny_per_mwh"),
    Column("reserve", key_to="reserve"),
    Column("power_mw", "number", "MW", at_least=0.0, default=None, meaning="width of the step; empty with share empty: no limit"),
    Column("share", "number", "1", at_least=0.0, at_most=1.0, default=None, meaning="width over the requirement, instead of power_mw"),
    Column("cost_cny_per_mwh", "number", "CNY/MWh", at_least=0.0, meaning="per MW missing and hour"),
)  # fmt: skip
RESERVE_OFFER = plain(
    "reserve_offer",
    "who may provide a reserve; the row of an element goes before that of its technology, that before that of its kind",
    ("reserve", "kind", "technology", "element"),
    Column("reserve", key_to="reserve"),
    Column("kind", choices=PROVIDERS),
    Column("technology", default="", meaning="only elements of this technology; empty: all"),
    Column("element", default="", meaning="only this element of the table that `kind` names; empty: all in the zone"),
    Column("award_max_mw", "number", "MW", at_least=0.0, default=None, meaning="largest award of an element; empty: no limit of its own"),
    Column("award_max_fraction", "number", "1", at_least=0.0, at_most=1.0, default=None,
           meaning="largest award over power_max_mw (of a machine of pumped), besides award_max_mw"),
    Column("offline_max_mw", "number", "MW", at_least=0.0, default=0.0,
           meaning="largest non-spinning award of a unit or generator while it is off"),
    Column("range_min_mw", "number", "MW", default=None,
           meaning="a unit or generator that holds any of this reserve keeps output less downward awards at or above it"),
    Column("range_max_mw", "number", "MW", default=None, meaning="and output with upward awards at or below it; empty: all its range"),
    Column("cost_cny_per_mwh", "number", "CNY/MWh", default=0.0, meaning="per MW awarded and hour"),
)  # fmt: skip
RESERVE_TABLES = (RESERVE, RESERVE_NESTING, RESERVE_SHORTAGE, RESERVE_OFFER)
