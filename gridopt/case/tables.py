"""Every table of a network folder, declared once: column, unit, type, range, default, key, meaning.

Powers MW, energies MWh, money CNY (or the study's currency), flows m3/s, volumes hm3 (million m3), lengths km, angles degrees.
Fractions lie in 0..1; a percentage is a fault, not a guess. An absent file is an empty table.
"""

from gridopt.case.schema import Column, Table, element, plain
from gridopt.case.tables_bids import BID_TABLES
from gridopt.case.tables_contracts import CONTRACT_TABLES
from gridopt.case.tables_demand import DEMAND_TABLES
from gridopt.case.tables_fuel import FUEL_TABLES
from gridopt.case.tables_links import LINK_TABLES
from gridopt.case.tables_reserve import RESERVE_TABLES
from gridopt.case.tables_thermal import CHP, DEEP_BAND
from gridopt.case.tables_trade import TRADE_TABLES


def _fraction(name: str, default, meaning: str, above: float | None = None) -> Column:
    least = 0.0 if above is None else None
    return Column(name, "number", "1", at_least=least, above=above, at_most=1.0, default=default, meaning=meaning)


def _power(name: str, meaning: str, **kw) -> Column:
    return Column(name, "number", "MW", at_least=0.0, meaning=meaning, **kw)


def _bus(meaning: str = "bus it is connected to", name: str = "bus") -> Column:
    return Column(name, key_to="bus", meaning=meaning)


def _profile(unit: str, meaning: str, empty: str = "constant 1") -> Column:
    return Column("profile", unit=unit, default="", meaning=f"series: {meaning}; empty: {empty}")


BUS = element(
    "bus", "nodes of the network",
    Column("role", choices=("internal", "external", "sink"), default="internal",
           meaning="internal: part of the studied system; external: neighbour's AC bus; sink: far end of a DC link"),
    Column("zone", default="", meaning="price zone"),
    Column("surplus_allowed", "flag", default=True, meaning="generation beyond all use may vanish here at the price of lost load"),
    Column("region", default="", meaning="geographic region, for reports"),
    Column("voltage_kv", "number", "kV", above=0.0, at_most=1500.0),
    Column("latitude_deg", "number", "deg", at_least=-90.0, at_most=90.0, default=None),
    Column("longitude_deg", "number", "deg", at_least=-180.0, at_most=180.0, default=None),
    needs_rows=True,
)  # fmt: skip

RATING_PROFILE = Column("rating_profile", unit="1", default="", meaning="series: limits over their value here; empty: constant 1")
EMERGENCY = _power("rating_emergency_mw", "limit after an outage, like rating_mw; empty: rating_mw", default=None)

LINE = element(
    "line", "AC lines, parallel circuits of one corridor in one row",
    _bus("flow is positive from here", "from_bus"), _bus("flow is positive to here", "to_bus"),
    Column("circuits", "whole", "1", at_least=1, at_most=20, default=1),
    Column("length_km", "number", "km", above=0.0, at_most=3000.0),
    Column("resistance_ohm_per_km", "number", "ohm/km", at_least=0.0, at_most=2.0, default=0.0, meaning="per circuit"),
    Column("reactance_ohm_per_km", "number", "ohm/km", above=0.0, at_most=2.0, meaning="per circuit"),
    Column("susceptance_us_per_km", "number", "uS/km", at_least=0.0, at_most=50.0, default=0.0, meaning="per circuit"),
    Column("rating_mw", "number", "MW", above=0.0, default=None, meaning="per circuit; empty: no limit"),
    EMERGENCY, RATING_PROFILE,
)  # fmt: skip

TRANSFORMER = element(
    "transformer", "groups of parallel transformers between two buses",
    _bus("flow is positive from here", "from_bus"), _bus("flow is positive to here", "to_bus"),
    Column("units", "whole", "1", at_least=1, at_most=20, default=1),
    Column("rated_mva", "number", "MVA", above=0.0, at_most=5000.0, meaning="per transformer"),
    Column("reactance_fraction", "number", "1", above=0.0, at_most=1.0,
           meaning="short-circuit reactance on the rated MVA of one transformer"),
    Column("rating_mw", "number", "MW", above=0.0, default=None, meaning="firm limit of the whole group; empty: no limit"),
    EMERGENCY, RATING_PROFILE,
)  # fmt: skip

AC_BRANCH = element(
    "ac_branch", "lines and transformers by per-unit figures, phase shifters",
    _bus("flow is positive from here, the side of the tap", "from_bus"), _bus("flow is positive to here", "to_bus"),
    Column("base_mva", "number", "MVA", above=0.0, default=100.0, meaning="base of the per-unit figures"),
    Column("resistance_pu", "number", "1", default=0.0),
    Column("reactance_pu", "number", "1", meaning="not 0; negative for a series capacitor"),
    Column("charging_pu", "number", "1", default=0.0, meaning="total line charging susceptance"),
    Column("tap_ratio", "number", "1", above=0.0, at_most=10.0, default=1.0),
    Column("shift_deg", "number", "deg", at_least=-360.0, at_most=360.0, default=0.0, meaning="fixed phase shift"),
    Column("shift_min_deg", "number", "deg", at_least=-360.0, at_most=360.0, default=None,
           meaning="with shift_max_deg: the shift is chosen in this range in every step; empty: fixed"),
    Column("shift_max_deg", "number", "deg", at_least=-360.0, at_most=360.0, default=None),
    Column("angle_min_deg", "number", "deg", at_least=-360.0, at_most=360.0, default=None,
           meaning="least angle of from_bus over to_bus; empty: no limit"),
    Column("angle_max_deg", "number", "deg", at_least=-360.0, at_most=360.0, default=None),
    _power("rating_mw", "empty: no limit", default=None), EMERGENCY, RATING_PROFILE,
    orders=(("shift_min_deg", "shift_max_deg"), ("angle_min_deg", "angle_max_deg")),
)  # fmt: skip
OUTAGE = plain(
    "outage", "times at which elements are out of service", ("kind", "element", "start_time"),
    Column("kind", choices=("line", "transformer", "ac_branch", "unit", "generator", "renewable", "storage", "dc_link",
                            "csp", "reservoir", "pump", "pumped")),
    Column("element", meaning="id in the table that `kind` names"),
    Column("start_time", "time", meaning="first instant out of service"),
    Column("end_time", "time", meaning="first instant back in service"),
    Column("share", "number", "1", above=0.0, at_most=1.0, default=1.0,
           meaning="part of a DC link that is out: 0.5 for one pole of two; everything else is out whole"),
)  # fmt: skip
CONTINGENCY = plain(
    "contingency", "outages that the network must withstand (N-1); rows with one name happen together",
    ("contingency", "kind", "element"),
    Column("contingency", meaning="name"),
    Column("kind", choices=("line", "transformer", "ac_branch", "unit", "generator", "renewable", "dc_link")),
    Column("element", meaning="id in the table that `kind` names"),
    Column("share", "number", "1", above=0.0, at_most=1.0, default=1.0,
           meaning="part of the element that is lost, 0.5 for one pole of a DC link; branches are lost whole"),
)  # fmt: skip

INTERFACE = element("interface", "named groups of branches (sections) with a common limit")
INTERFACE_LIMIT = plain(
    "interface_limit", "limits of interfaces and when they hold", ("interface", "in_service"),
    Column("interface", key_to="interface"),
    Column("forward_mw", "number", "MW", default=None, meaning="upper limit of the weighted flow; empty: none"),
    Column("backward_mw", "number", "MW", default=None, meaning="upper limit of the flow the other way; empty: none"),
    dated=True,
)  # fmt: skip
INTERFACE_MEMBER = plain(
    "interface_member", "branches and others that interfaces sum up", ("interface", "element"),
    Column("interface", key_to="interface"),
    Column("kind", choices=("line", "transformer", "ac_branch", "dc_link", "generator"),
           meaning="branches count by their flow, DC links by sent power, generators by output"),
    Column("element", meaning="id in the table that `kind` names"),
    Column("coefficient", "number", "1", at_least=-100.0, at_most=100.0, default=1.0,
           meaning="+1 along the element's direction, -1 against; any weight in a section that stands for stability"),
)  # fmt: skip

LIMIT_PENALTY = plain(
    "limit_penalty", "steps by which limits of branches and interfaces may be passed, and what that costs; a limit without steps is hard",
    ("kind", "element", "cost_cny_per_mwh"),
    Column("kind", choices=("line", "transformer", "ac_branch", "interface")),
    Column("element", meaning="id in the table that `kind` names"),
    Column("width_mw", "number", "MW", above=0.0, default=None, meaning="width of the step; empty: no limit"),
    Column("cost_cny_per_mwh", "number", "CNY/MWh", at_least=0.0, meaning="per MW beyond the limit and hour"),
)  # fmt: skip

SEASON = plain(
    "season", "named parts of the year, repeated every year", ("season",),
    Column("season", meaning="identifier"),
    Column("start_day", meaning="MM-DD, first day"),
    Column("end_day", meaning="MM-DD, last day (may be earlier in the year than the first)"),
)  # fmt: skip

FUEL = plain(
    "fuel", "fuels and what they cost delivered", ("fuel",),
    Column("fuel", meaning="identifier"),
    Column("price_cny_per_tce", "number", "CNY/tce", at_least=0.0, at_most=20000.0,
           meaning="per tonne of coal equivalent (29.307 GJ)"),
    Column("co2_t_per_tce", "number", "t/tce", at_least=0.0, at_most=5.0),
)  # fmt: skip

UNIT_TYPE = plain(
    "unit_type", "technical classes of thermal units", ("unit_type",),
    Column("unit_type", meaning="identifier"),
    Column("min_load_fraction", "number", "1", at_least=0.0, at_most=1.0, meaning="least stable output over rated output"),
    Column("heat_min_fraction", "number", "1", at_least=0.0, at_most=1.0, default=0.0,
           meaning="least output in the heating season (CHP)"),
    Column("heat_max_fraction", "number", "1", above=0.0, at_most=1.0, default=1.0,
           meaning="largest output in the heating season (CHP)"),
    Column("ramp_fraction_per_min", "number", "1/min", above=0.0, at_most=1.0, default=1.0),
    Column("fuel_rate_full_tce_per_mwh", "number", "tce/MWh", at_least=0.0, at_most=2.0, meaning="net, at rated output"),
    Column("fuel_rate_extra_half_tce_per_mwh", "number", "tce/MWh", at_least=0.0, at_most=1.0, default=0.0,
           meaning="added at 50 % load"),
    Column("fuel_rate_extra_low_tce_per_mwh", "number", "tce/MWh", at_least=0.0, at_most=1.0, default=0.0,
           meaning="added at 30 % load"),
    Column("co2_t_per_mwh", "number", "t/MWh", at_least=0.0, at_most=3.0, default=None,
           meaning="at rated output; empty: from the fuel"),
    Column("min_up_h", "number", "h", at_least=0.0, at_most=720.0, default=0.0),
    Column("min_down_h", "number", "h", at_least=0.0, at_most=720.0, default=0.0),
    Column("start_hot_cny", "number", "CNY", at_least=0.0, default=0.0),
    Column("start_warm_cny", "number", "CNY", at_least=0.0, default=0.0),
    Column("start_cold_cny", "number", "CNY", at_least=0.0, default=0.0),
    Column("warm_after_h", "number", "h", at_least=0.0, at_most=8760.0, default=10.0, meaning="a start after so long off line is warm"),
    Column("cold_after_h", "number", "h", at_least=0.0, at_most=8760.0, default=72.0, meaning="a start after so long off line is cold"),
    Column("vom_cny_per_mwh", "number", "CNY/MWh", at_least=0.0, at_most=1000.0, default=0.0),
    orders=(("warm_after_h", "cold_after_h"), ("start_hot_cny", "start_warm_cny"), ("start_warm_cny", "start_cold_cny")),
)  # fmt: skip

UNIT = element(
    "unit", "thermal units, one by one",
    Column("plant", default="", meaning="station the unit belongs to"),
    _bus(),
    Column("technology", choices=("coal", "gas", "oil", "biomass", "nuclear"), default="coal"),
    Column("unit_type", key_to="unit_type"),
    Column("fuel", key_to="fuel"),
    _power("power_max_mw", "rated net output"),
    Column("must_run", choices=("no", "heating", "always"), default="no",
           meaning="when the unit must stay at or above its least output"),
    _fraction("must_run_fraction", None, "least output when it must run, over rated; empty: from the type"),
    Column("heating_season", key_to="season", default="", meaning="season of heat supply; empty: none"),
    _fraction("available_fraction", 1.0, "expected availability: rated output times this is the limit", above=0.0),
    _power("initial_mw", "output before the first step, for the ramp to it, of a unit that is not switched; empty: any", default=None),
    Column("self_owned", "flag", default=False, meaning="owned by an industrial user, outside central dispatch"),
)  # fmt: skip

GENERATOR = element(
    "generator", "generators and flexible consumers known by limits and a cost curve",
    _bus(),
    Column("technology", default="other", meaning="any word; reports sum by it"),
    Column("power_min_mw", "number", "MW", default=0.0, meaning="least output while in service; negative: consumption"),
    Column("power_max_mw", "number", "MW", meaning="largest output"),
    Column("min_profile", unit="1", default="", meaning="series: factor on power_min_mw; empty: constant 1"),
    _profile("1", "factor on power_max_mw"),
    Column("ramp_fraction_per_min", "number", "1/min", above=0.0, default=None,
           meaning="rise of output over power_max_mw; empty: no limit"),
    Column("ramp_down_fraction_per_min", "number", "1/min", above=0.0, default=None,
           meaning="fall of output over power_max_mw; empty: as the rise"),
    Column("cost_cny_per_h", "number", "CNY/h", default=0.0, meaning="while in service, whatever the output"),
    Column("cost_cny_per_mwh", "number", "CNY/MWh", default=0.0),
    Column("cost_quadratic_cny_per_mw2h", "number", "CNY/MW2h", at_least=0.0, default=0.0, meaning="times output squared"),
    Column("price_profile", unit="CNY/MWh", default="", meaning="series: added to cost_cny_per_mwh; empty: none"),
    Column("co2_t_per_mwh", "number", "t/MWh", at_least=0.0, at_most=3.0, default=0.0),
    Column("initial_mw", "number", "MW", default=None,
           meaning="output before the first step, for the ramp to it, of a generator that is not switched; empty: any"),
    orders=(("power_min_mw", "power_max_mw"),),
)  # fmt: skip
COST_POINT = plain(
    "cost_point", "piecewise linear cost curves of generators, at least two points each", ("generator", "power_mw"),
    Column("generator", key_to="generator"),
    Column("power_mw", "number", "MW"),
    Column("cost_cny_per_h", "number", "CNY/h", meaning="cost at this output"),
)  # fmt: skip

COMMITMENT = plain(
    "commitment", "units and generators that are switched on and off, one row each", ("kind", "element"),
    Column("kind", choices=("unit", "generator")),
    Column("element", meaning="id in the table that `kind` names"),
    Column("min_up_h", "number", "h", at_least=0.0, at_most=8760.0, default=None, meaning="empty: of the unit type, else 0"),
    Column("min_down_h", "number", "h", at_least=0.0, at_most=8760.0, default=None, meaning="empty: of the unit type, else 0"),
    _power("start_ramp_mw", "largest output in the step of a start; empty: no limit", default=None),
    _power("stop_ramp_mw", "largest output in the step before a stop; empty: no limit", default=None),
    Column("start_cny", "number", "CNY", default=0.0, meaning="per start, besides what table start_cost says"),
    Column("stop_cny", "number", "CNY", default=0.0, meaning="per stop"),
    Column("initial_h", "number", "h", at_least=-87600.0, at_most=87600.0, default=None,
           meaning="before the first step: on for so many hours, or off for so many (negative); empty: either, and free to choose"),
    _power("initial_mw", "output before the first step; empty: any", default=None),
    _power("initial_award_mw", "upward reserve awarded before the first step, beside initial_mw: both have to allow a stop", default=0.0),
    Column("must_run", "flag", default=False,
           meaning="on whenever in service; of a unit listed here it stands for must_run 'always' of table unit, which then counts no more"),
    Column("status_profile", unit="1", default="", meaning="series: 1 on, 0 off, anything between: free; empty: free"),
    Column("station", default="", meaning="units of one station start and stop one at a time where max_changes_per_day is given"),
    Column("max_changes_per_day", "whole", "1", at_least=0, at_most=1000, default=None, meaning="starts and stops of its station in a day"),
    Column("max_starts_per_week", "whole", "1", at_least=0, at_most=1000, default=None),
    Column("initial_outage", "flag", default=False,
           meaning="off before the first step because it was out of service: its minimum down time does not count"),
    Column("initial_changes", "whole", "1", at_least=0, at_most=1000, default=0,
           meaning="starts and stops on the day of the first step before it"),
    Column("initial_starts", "whole", "1", at_least=0, at_most=1000, default=0, meaning="starts in the week of the first step before it"),
    Column("count", "whole", "1", at_least=1, at_most=1000, default=1, meaning="identical units in this row; figures in MW are for one"),
)  # fmt: skip
START_COST = plain(
    "start_cost", "what a start costs by the hours off line (hot, warm, cold)", ("kind", "element", "offline_h"),
    Column("kind", choices=("unit", "generator")),
    Column("element", meaning="id in the table that `kind` names"),
    Column("offline_h", "number", "h", at_least=0.0, at_most=8760.0, meaning="off for at least so long"),
    Column("cost_cny", "number", "CNY", at_least=0.0),
)  # fmt: skip

RAMPING = plain(
    "ramping", "how fast outputs may change, and what changes cost, besides what the tables of the elements say", ("kind", "element"),
    Column("kind", choices=("unit", "generator", "renewable", "csp", "reservoir", "storage")),
    Column("element", meaning="id in the table that `kind` names"),
    Column("up_mw_per_min", "number", "MW/min", at_least=0.0, default=None, meaning="rise of output; empty: no limit"),
    Column("down_mw_per_min", "number", "MW/min", at_least=0.0, default=None, meaning="fall of output; empty: no limit"),
    Column("up_cost_cny_per_mw", "number", "CNY/MW", at_least=0.0, default=0.0, meaning="per MW that output rises"),
    Column("down_cost_cny_per_mw", "number", "CNY/MW", at_least=0.0, default=0.0, meaning="per MW that output falls"),
    Column("initial_mw", "number", "MW", default=None, meaning="output before the first step; empty: any"),
)  # fmt: skip

RENEWABLE = element(
    "renewable", "wind, solar and run-of-river plants (rows of one base may enter on different days)",
    _bus(),
    Column("technology", choices=("wind", "solar", "hydro_ror")),
    Column("base", default="", meaning="base or programme it belongs to"),
    _power("power_max_mw", "installed capacity"),
    _profile("1", "available output over capacity"),
    Column("commissioning_days", "number", "d", at_least=0.0, at_most=1000.0, default=0.0,
           meaning="from the day of service, output rises evenly to the full series over so many days"),
    Column("cost_cny_per_mwh", "number", "CNY/MWh", at_least=0.0, at_most=10000.0, default=0.0),
    Column("curtailment_cost_cny_per_mwh", "number", "CNY/MWh", at_least=0.0, at_most=10000.0, default=0.0),
)  # fmt: skip

CSP = element(
    "csp", "solar thermal plants with a heat store",
    _bus(),
    _power("power_max_mw", "electrical output"),
    Column("efficiency", "number", "1", above=0.0, at_most=1.0, meaning="electricity per heat of the power block"),
    Column("field_heat_max_mw", "number", "MW", above=0.0, meaning="heat of the field at series value 1"),
    Column("store_heat_max_mwh", "number", "MWh", at_least=0.0, meaning="heat the store holds"),
    Column("store_start_mwh", "number", "MWh", at_least=0.0, default=0.0, meaning="heat stored before the first step"),
    _fraction("store_efficiency", 1.0, "heat out per heat in", above=0.0),
    _fraction("standing_loss_per_h", 0.0, "share of the stored heat lost in an hour"),
    _profile("1", "heat of the field over its maximum"),
    Column("end_value_cny_per_mwh", "number", "CNY/MWh", at_least=-10000.0, at_most=10000.0, default=None,
           meaning="worth of heat stored after the last step; empty: none"),
    _power("power_min_mw", "least output while on", default=0.0),
    Column("ramp_fraction_per_min", "number", "1/min", above=0.0, default=None, meaning="change of output over power_max_mw; empty: any"),
    Column("start_heat_mwh", "number", "MWh", at_least=0.0, default=0.0, meaning="heat that a start of the power block takes"),
    Column("start_cny", "number", "CNY", at_least=0.0, default=0.0, meaning="cost of a start, besides its heat"),
    Column("min_up_h", "number", "h", at_least=0.0, at_most=720.0, default=0.0, meaning="least time on"),
    Column("min_down_h", "number", "h", at_least=0.0, at_most=720.0, default=0.0, meaning="least time off"),
    Column("initial_h", "number", "h", at_least=-87600.0, at_most=87600.0, default=None,
           meaning="before the first step: on for so many hours, or off for so many (negative); empty: either, and free to choose"),
    _power("initial_mw", "output before the first step; empty: any", default=None),
    orders=(("store_start_mwh", "store_heat_max_mwh"), ("power_min_mw", "power_max_mw"), ("initial_mw", "power_max_mw")),
)  # fmt: skip

RESERVOIR = element(
    "reservoir", "hydro plants; a plant without volume passes on what it receives",
    _bus(),
    _power("power_max_mw", "installed capacity"),
    Column("power_mw_per_m3s", "number", "MW/(m3/s)", above=0.0, at_most=20.0, meaning="output per turbine flow at fixed head"),
    Column("volume_min_hm3", "number", "hm3", at_least=0.0, default=0.0),
    Column("volume_max_hm3", "number", "hm3", at_least=0.0, default=0.0),
    Column("volume_start_hm3", "number", "hm3", at_least=0.0, default=0.0),
    Column("volume_end_hm3", "number", "hm3", at_least=0.0, default=0.0,
           meaning="least volume at the end of the year or of the study"),
    Column("end_short_cny_per_hm3", "number", "CNY/hm3", at_least=0.0, default=None,
           meaning="cost of each hm3 missing from volume_end_hm3; empty: none may be missing"),
    Column("end_value_cny_per_hm3", "number", "CNY/hm3", at_least=0.0, default=0.0,
           meaning="worth of each hm3 above volume_end_hm3 after the last step"),
    Column("downstream", key_to="reservoir", default="", meaning="next plant on the river"),
    Column("delay_h", "number", "h", at_least=0.0, at_most=240.0, default=0.0, meaning="travel time of water to it"),
    Column("release_before_m3s", "number", "m3/s", at_least=0.0, default=0.0,
           meaning="release before the study begins, still under way, and before what release_past says"),
    _profile("m3/s", "natural inflow between the upstream plant and this one", "none"),
    orders=(("volume_min_hm3", "volume_max_hm3"), ("volume_start_hm3", "volume_max_hm3"), ("volume_end_hm3", "volume_max_hm3"),
            ("end_value_cny_per_hm3", "end_short_cny_per_hm3")),
)  # fmt: skip
RELEASE_PAST = plain(
    "release_past", "releases before the first step that are still under way, where they changed", ("reservoir", "begin_h"),
    Column("reservoir", key_to="reservoir"),
    Column("begin_h", "number", "h", above=0.0, at_most=240.0,
           meaning="the release began so many hours before the first step and lasted to the next row's or to the first step"),
    Column("release_m3s", "number", "m3/s", at_least=0.0),
)  # fmt: skip
RELEASE_BAND = plain(
    "release_band", "least and largest release of a reservoir by season (ecology, ice, irrigation)", ("reservoir", "season"),
    Column("reservoir", key_to="reservoir"),
    Column("season", key_to="season"),
    Column("release_min_m3s", "number", "m3/s", at_least=0.0, default=0.0),
    Column("release_max_m3s", "number", "m3/s", at_least=0.0, default=None, meaning="empty: none"),
    orders=(("release_min_m3s", "release_max_m3s"),),
)  # fmt: skip

HEAD_ZONE = plain(
    "head_zone", "output per turbine flow by volume at the beginning of a step, in studies with decisions; instead of one figure for all",
    ("reservoir", "volume_from_hm3"),
    Column("reservoir", key_to="reservoir"),
    Column("volume_from_hm3", "number", "hm3", at_least=0.0, meaning="the zone reaches from here to the next one, or to the largest volume"),
    Column("power_mw_per_m3s", "number", "MW/(m3/s)", above=0.0, at_most=20.0, meaning="output per turbine flow in the zone"),
)  # fmt: skip
HYDRO_BUDGET = plain(
    "hydro_budget", "energy and release of hydro plants in a period, in proportion to the hours of it that are studied", ("budget",),
    Column("budget", meaning="identifier"),
    Column("reservoir", key_to="reservoir"),
    Column("start_date", "date", meaning="first day"),
    Column("end_date", "date", meaning="last day"),
    Column("energy_min_mwh", "number", "MWh", at_least=0.0, default=None, meaning="empty: none"),
    Column("energy_max_mwh", "number", "MWh", at_least=0.0, default=None, meaning="empty: none"),
    Column("release_min_hm3", "number", "hm3", at_least=0.0, default=None, meaning="turbines and spill; empty: none"),
    Column("release_max_hm3", "number", "hm3", at_least=0.0, default=None, meaning="empty: none"),
    Column("energy_outside_mwh", "number", "MWh", at_least=0.0, default=None,
           meaning="energy given in the period outside the study: then the study must meet the rest of the whole; empty: in proportion"),
    Column("release_outside_hm3", "number", "hm3", at_least=0.0, default=None, meaning="release outside it, alike; empty: in proportion"),
    orders=(("start_date", "end_date"), ("energy_min_mwh", "energy_max_mwh"), ("release_min_hm3", "release_max_hm3")),
)  # fmt: skip
PUMP = element(
    "pump", "pumps that lift water from one reservoir into another (pump-back in a cascade)",
    _bus(),
    Column("from_reservoir", key_to="reservoir", meaning="water is taken from here"),
    Column("to_reservoir", key_to="reservoir", meaning="and comes here"),
    _power("power_max_mw", "largest power taken from the bus"),
    Column("flow_m3s_per_mw", "number", "(m3/s)/MW", above=0.0, at_most=1000.0, meaning="water lifted per power"),
    Column("delay_h", "number", "h", at_least=0.0, at_most=240.0, default=0.0, meaning="travel time of the water"),
    Column("units", "whole", "1", at_least=1, at_most=1000, default=None,
           meaning="equal pumps that run at full power or not at all; empty: any power"),
)  # fmt: skip

STORAGE = element(
    "storage", "batteries and pumped hydro at one bus",
    _bus(),
    Column("technology", choices=("battery", "pumped_hydro"), default="battery"),
    _power("power_max_mw", "limit of discharging"),
    Column("energy_max_mwh", "number", "MWh", at_least=0.0, meaning="usable energy"),
    _fraction("charge_efficiency", 1.0, "stored energy per energy taken from the bus", above=0.0),
    _fraction("discharge_efficiency", 1.0, "energy given to the bus per energy drawn from store", above=0.0),
    _fraction("standing_loss_per_h", 0.0, "share of the stored energy lost in an hour"),
    _fraction("energy_start_fraction", 0.0, "stored energy before the first step over usable energy"),
    _fraction("energy_end_fraction", None, "least stored energy after the last step over usable energy; empty: as at the start"),
    Column("cyclic", "flag", default=False, meaning="starts with what the last step ends with, whatever it is"),
    Column("end_value_cny_per_mwh", "number", "CNY/MWh", at_least=-10000.0, at_most=10000.0, default=None,
           meaning="worth of energy stored after the last step; without energy_end_fraction none need then be left; empty: none"),
    Column("cycles_per_day", "number", "1", at_least=0.0, at_most=100.0, default=None,
           meaning="largest energy discharged in a day over usable energy; empty: no limit"),
    Column("charge_profile", unit="1", default="", meaning="series: factor on the limit of charging; empty: constant 1"),
    Column("discharge_profile", unit="1", default="", meaning="series: factor on the limit of discharging; empty: constant 1"),
    Column("energy_max_profile", unit="1", default="", meaning="series: most energy that may be held over usable energy; empty: constant 1"),
    Column("energy_min_profile", unit="1", default="", meaning="series: energy that must be held over usable energy; empty: constant 0"),
    Column("inflow_profile", unit="MW", default="", meaning="series: energy that flows in by itself; empty: none"),
    _power("charge_max_mw", "limit of charging; empty: power_max_mw", default=None),
    Column("wear_cny_per_mwh", "number", "CNY/MWh", at_least=0.0, at_most=10000.0, default=0.0, meaning="per MWh discharged"),
    Column("charging_cost_cny_per_mwh", "number", "CNY/MWh", at_least=0.0, at_most=10000.0, default=0.0,
           meaning="per MWh charged, besides the energy"),
)  # fmt: skip

PUMPED = element(
    "pumped", "pumped storage plants unit by unit; figures in MW are for one machine",
    _bus(),
    Column("units", "whole", "1", at_least=1, at_most=100, meaning="equal machines"),
    Column("power_max_mw", "number", "MW", above=0.0, meaning="largest output of a machine"),
    _power("power_min_mw", "least output of a machine that generates", default=0.0),
    Column("pump_mw", "number", "MW", above=0.0, meaning="power that a machine takes when it pumps: no more, no less"),
    _fraction("pump_efficiency", 1.0, "energy in the upper reservoir per energy taken from the bus", above=0.0),
    _fraction("generate_efficiency", 1.0, "energy given to the bus per energy out of the upper reservoir", above=0.0),
    Column("upper_max_mwh", "number", "MWh", at_least=0.0, meaning="energy that the upper reservoir holds"),
    Column("upper_start_mwh", "number", "MWh", at_least=0.0, default=0.0, meaning="energy in it before the first step"),
    Column("upper_end_mwh", "number", "MWh", at_least=0.0, default=None,
           meaning="least energy in it after the last step; empty: as at the start, or any where it has an end value"),
    Column("lower_max_mwh", "number", "MWh", at_least=0.0, default=None,
           meaning="room of the lower reservoir, as energy of its water when above; empty: as the upper one"),
    Column("lower_start_mwh", "number", "MWh", at_least=0.0, default=None,
           meaning="what it holds before the first step, measured alike; empty: its room less what is above"),
    Column("mode_change_h", "number", "h", at_least=0.0, at_most=24.0, default=0.0, meaning="least time between pumping and generating"),
    Column("mode_before", choices=("", "generate", "pump"), default="", meaning="mode before the first step; empty: none that matters"),
    Column("mode_before_h", "number", "h", at_least=0.0, at_most=87600.0, default=0.0, meaning="hours since it ended"),
    Column("cost_cny_per_mwh", "number", "CNY/MWh", at_least=0.0, at_most=10000.0, default=0.0, meaning="per MWh generated"),
    Column("end_value_cny_per_mwh", "number", "CNY/MWh", at_least=-10000.0, at_most=10000.0, default=None,
           meaning="worth of energy in the upper reservoir after the last step; empty: none"),
    orders=(("power_min_mw", "power_max_mw"), ("upper_start_mwh", "upper_max_mwh"), ("upper_end_mwh", "upper_max_mwh"),
            ("lower_start_mwh", "lower_max_mwh")),
)  # fmt: skip

LOAD = element(
    "load", "demand",
    _bus(),
    Column("kind", choices=("general", "industry", "irrigation", "data_centre"), default="general"),
    _power("mean_mw", "mean demand in the base year"),
    Column("sheddable", "flag", default=True, meaning="may be shed at the price of lost load"),
    _profile("1", "demand over its yearly mean"),
)  # fmt: skip
SHEDDING_TIER = plain(
    "shedding_tier", "steps of load shedding, cheapest first", ("tier",),
    Column("tier", meaning="identifier"),
    Column("share", "number", "1", above=0.0, at_most=1.0, meaning="share of each load"),
    Column("cost_cny_per_mwh", "number", "CNY/MWh", above=0.0, meaning="value of lost load of this step"),
)  # fmt: skip

EXCHANGE = element(
    "exchange", "trade with what lies outside the model, at an external bus or at the far end of a DC link",
    _bus(),
    Column("schedule", unit="MW", default="", meaning="series: agreed export (negative: import); empty: 0"),
    Column("scale", "number", "1", at_least=0.0, at_most=10.0, default=1.0, meaning="factor on the schedule"),
    _power("export_flexible_mw", "may be exported above the schedule", default=0.0),
    _power("import_flexible_mw", "may be imported below the schedule", default=0.0),
    Column("price_profile", unit="CNY/MWh", default="",
           meaning="series: price of the flexible part, earned or paid at the bus; empty: 0"),
    Column("tariff_cny_per_mwh", "number", "CNY/MWh", at_least=0.0, at_most=1000.0, default=0.0,
           meaning="transmission tariff taken off the price of exports and added to that of imports"),
)  # fmt: skip

DC_LINK = element(
    "dc_link", "DC links, sent from one bus and received at another",
    _bus("sending end", "from_bus"), _bus("receiving end", "to_bus"),
    Column("technology", choices=("LCC", "VSC", "back_to_back"), default="LCC"),
    Column("length_km", "number", "km", at_least=0.0, at_most=5000.0, default=0.0),
    Column("voltage_kv", "number", "kV", above=0.0, at_most=1500.0, default=800.0),
    _power("power_max_mw", "largest sent power"),
    _power("power_min_mw", "least sent power while in service", default=0.0),
    Column("ramp_fraction_per_min", "number", "1/min", above=0.0, at_most=1.0, default=1.0,
           meaning="change of sent power over rated"),
    _fraction("loss_no_load_fraction", 0.0, "loss while in service over rated power"),
    _fraction("loss_linear_fraction", 0.0, "loss per sent power"),
    _fraction("loss_quadratic_fraction", 0.0, "quadratic loss at rated power over rated power"),
    Column("max_profile", unit="1", default="", meaning="series: upper limit over largest power; empty: 1"),
    Column("cost_cny_per_mwh", "number", "CNY/MWh", default=0.0, meaning="per MWh sent"),
    _power("power_reverse_max_mw", "largest power sent from to_bus to from_bus; 0: never reversed", default=0.0),
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
    _fraction("renewable_share_min", 0.0, "least share of the sent energy from bundled plants in the same step"),
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

YEAR = plain(
    "year", "figures that change from calendar year to calendar year", ("year",),
    Column("year", "whole", at_least=1990, at_most=2100),
    Column("load_scale", "number", "1", above=0.0, at_most=10.0, default=1.0, meaning="demand over that of the base year"),
    Column("fuel_price_scale", "number", "1", above=0.0, at_most=10.0, default=1.0),
    Column("carbon_price_cny_per_t", "number", "CNY/t", at_least=0.0, at_most=5000.0, default=0.0),
    Column("carbon_benchmark_t_per_mwh", "number", "t/MWh", at_least=0.0, at_most=3.0, default=0.0,
           meaning="free allowance per MWh produced"),
)  # fmt: skip

TABLES: dict[str, Table] = {
    t.name: t
    for t in (
        BUS, LINE, TRANSFORMER, AC_BRANCH, INTERFACE, INTERFACE_LIMIT, INTERFACE_MEMBER, LIMIT_PENALTY, OUTAGE, CONTINGENCY, SEASON, FUEL,
        UNIT_TYPE, UNIT, GENERATOR, COST_POINT, COMMITMENT, START_COST, CHP, DEEP_BAND,
        RENEWABLE, CSP, RESERVOIR, RELEASE_PAST, RELEASE_BAND, STORAGE,
        HEAD_ZONE, HYDRO_BUDGET, PUMP, PUMPED,
        RAMPING,
        LOAD,
        SHEDDING_TIER, EXCHANGE, DC_LINK, DC_CONTRACT, DC_BUNDLE, YEAR,
        *LINK_TABLES, *FUEL_TABLES, *DEMAND_TABLES,
        *RESERVE_TABLES, *BID_TABLES,
        *CONTRACT_TABLES, *TRADE_TABLES,
    )
}  # fmt: skip
