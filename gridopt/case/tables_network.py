"""The tables of the grid: buses, branches, what they may carry, outages, and named groups of branches."""

from gridopt.case.columns import bus, power
from gridopt.case.schema import Column, element, plain

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

EMERGENCY = power("rating_emergency_mw", "limit after an outage, like rating_mw; empty: rating_mw", default=None)

LINE = element(
    "line", "AC lines, parallel circuits of one corridor in one row",
    bus("flow is positive from here", "from_bus"), bus("flow is positive to here", "to_bus"),
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
    bus("flow is positive from here", "from_bus"), bus("flow is positive to here", "to_bus"),
    Column("units", "whole", "1", at_least=1, at_most=20, default=1),
    Column("rated_mva", "number", "MVA", above=0.0, at_most=5000.0, meaning="per transformer"),
    Column("reactance_fraction", "number", "1", above=0.0, at_most=1.0,
           meaning="short-circuit reactance on the rated MVA of one transformer"),
    Column("rating_mw", "number", "MW", above=0.0, default=None, meaning="firm limit of the whole group; empty: no limit"),
    EMERGENCY, RATING_PROFILE,
)  # fmt: skip
AC_BRANCH = element(
    "ac_branch", "lines and transformers by per-unit figures, phase shifters",
    bus("flow is positive from here, the side of the tap", "from_bus"), bus("flow is positive to here", "to_bus"),
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
    power("rating_mw", "empty: no limit", default=None), EMERGENCY, RATING_PROFILE,
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
    Column("limit_profile", unit="1", default="", meaning="series: both limits over their value here; empty: constant 1"),
    dated=True,
)  # fmt: skip
INTERFACE_SUPPORT = plain(
    "interface_support", "units that raise a limit of an interface while they are on line (stability)",
    ("interface", "limit", "kind", "element"),
    Column("interface", key_to="interface"),
    Column("limit", choices=("forward", "backward"), default="forward", meaning="which limit of table interface_limit"),
    Column("kind", choices=("unit", "generator")),
    Column("element", meaning="id in the table that `kind` names"),
    Column("mw_per_unit", "number", "MW", meaning="by which one unit on line raises the limit (lowers it, if negative); "
           "without decisions what is in service is on line"),
)  # fmt: skip
INTERFACE_MEMBER = plain(
    "interface_member", "branches and others that interfaces sum up", ("interface", "element"),
    Column("interface", key_to="interface"),
    Column("kind", choices=("line", "transformer", "ac_branch", "dc_link", "generator", "renewable"),
           meaning="branches count by their flow, DC links by sent power, generators and renewable plants by output"),
    Column("element", meaning="id in the table that `kind` names"),
    Column("coefficient", "number", "1", at_least=-100.0, at_most=100.0, default=1.0,
           meaning="+1 along the element's direction, -1 against; any weight in a section that stands for stability"),
)  # fmt: skip
LIMIT_PENALTY = plain(
    "limit_penalty", "steps by which limits of branches and interfaces may be passed, and what that costs; a limit without steps is hard",
    ("kind", "element", "after_outages", "cost_cny_per_mwh"),
    Column("kind", choices=("line", "transformer", "ac_branch", "interface")),
    Column("element", meaning="id in the table that `kind` names"),
    Column("after_outages", "flag", default=False,
           meaning="true: the limit of a branch after outages alone is passed, by the most that any outage asks for"),
    Column("width_mw", "number", "MW", above=0.0, default=None, meaning="width of the step; empty: no limit"),
    Column("cost_cny_per_mwh", "number", "CNY/MWh", at_least=0.0, meaning="per MW beyond the limit and hour"),
)  # fmt: skip
