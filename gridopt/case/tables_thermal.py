"""Tables of what limits thermal plants beside their type: heat loads, and outputs below the normal least."""

from gridopt.case.schema import Column, plain

CHP = plain(
    "chp", "heat that units and generators supply, and how it limits their output", ("kind", "element"),
    Column("kind", choices=("unit", "generator")),
    Column("element", meaning="id in the table that `kind` names"),
    Column("mode", choices=("extraction", "back_pressure"), default="extraction"),
    Column("heat_max_mw", "number", "MW", at_least=0.0, meaning="heat load at series value 1"),
    Column("profile", unit="1", default="", meaning="series: heat load over heat_max_mw; empty: constant 1"),
    Column("season", key_to="season", default="", meaning="season in which there is a heat load; empty: always"),
    Column("power_per_heat_min", "number", "1", at_least=0.0, at_most=10.0, default=0.0,
           meaning="extraction: least output per heat (c_b)"),
    Column("power_lost_per_heat", "number", "1", at_least=0.0, at_most=10.0, default=0.0,
           meaning="extraction: what one MW of heat takes off the largest output (c_v)"),
    Column("power_per_heat", "number", "1", above=0.0, at_most=10.0, default=None, meaning="back pressure: output per heat (c_m)"),
    Column("other_heat", "flag", default=False, meaning="the heat may come from elsewhere: the plant may stop"),
)  # fmt: skip
DEEP_BAND = plain(
    "deep_band", "outputs below the normal least one (deep peak shaving), band by band, where decisions are modelled",
    ("kind", "element", "down_to_fraction"),
    Column("kind", choices=("unit_type", "unit", "generator")),
    Column("element", meaning="id in the table that `kind` names; rows of a unit stand for those of its type"),
    Column("down_to_fraction", "number", "1", at_least=0.0, at_most=1.0,
           meaning="lower end of the band over largest output; its upper end is that of the next higher band, or the normal least output"),
    Column("cost_cny_per_mwh", "number", "CNY/MWh", at_least=0.0, default=0.0,
           meaning="for each MWh by which the output stays below the upper end, within the band"),
    Column("firing_cny_per_h", "number", "CNY/h", at_least=0.0, default=0.0,
           meaning="while the output is below the upper end, whatever it is (oil to keep the fire)"),
)  # fmt: skip
