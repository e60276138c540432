"""One rich small case per block, as rows of tables; the contract suite runs the same checks on each.

All data are piecewise constant over hours and every price is unique, so that cutting the hours must not change anything.
A ramp is chosen so that the jump between two hours is allowed within five minutes: only then does constant data at all step
lengths describe one physical case.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from gridopt.case.case import Case
from tests.support.small import case

PRICES = (0, 10, 20, 30, 50, 90)
FUEL = [dict(fuel=f"c{p}", price_cny_per_tce=float(p), co2_t_per_tce=0.0) for p in PRICES]
UNIT_TYPE = [dict(unit_type="u", min_load_fraction=0.0, fuel_rate_full_tce_per_mwh=1.0)]
"""A unit of type u and fuel c30 costs 30 CNY/MWh."""


def buses(*names: str, **kw) -> list[dict]:
    return [dict(bus=n, voltage_kv=330.0, **kw) for n in names]


def line(a: str, b: str, rating: float | None = None, km: float = 10.0, **kw) -> dict:
    """A 330 kV line a-b with 0.3 ohm/km, named ab."""
    return dict(dict(line=a + b, from_bus=a, to_bus=b, length_km=km, reactance_ohm_per_km=0.3, rating_mw=rating), **kw)


def unit(bus: str, price: int, power: float, **kw) -> dict:
    """A unit named after its bus and price that costs `price` CNY/MWh."""
    return dict(dict(unit=f"{bus}{price}", bus=bus, unit_type="u", fuel=f"c{price}", power_max_mw=power), **kw)


def load(bus: str, profile: str = "", mean: float = 1.0, **kw) -> dict:
    return dict(dict(load=f"d{bus}", bus=bus, mean_mw=mean, profile=profile), **kw)


@dataclass(frozen=True)
class BlockCase:
    """`own`: tables that exist only for the block; leaving them out is the block's empty case."""

    rows: dict
    own: tuple[str, ...]
    series: dict = field(default_factory=dict)
    hours: int = 4
    start: str = "2025-01-01"
    losses: str = "off"
    commitment: str = "off"

    def build(self, minutes: int = 60, without: tuple[str, ...] = ()) -> Case:
        rows = dict(fuel=FUEL, unit_type=UNIT_TYPE) | self.rows
        made = case(self.hours, minutes, self.start, self.series, **{k: v for k, v in rows.items() if k not in without})
        return replace(made, losses=self.losses, commitment=self.commitment)


NEW_YEAR = "2024-12-31T22:00"
BLOCK_CASES: dict[str, BlockCase] = {}

# A loop A-B-C with a binding side AB; at midnight AC gives way to a double circuit; E hangs on a transformer; D is an island.
BLOCK_CASES["network"] = BlockCase(
    dict(
        bus=buses("A", "B", "C", "D", "E"),
        line=[line("A", "B", 20.0), line("A", "C", retirement="2025-01-01"), line("B", "C"),
              dict(line("A", "C", 35.0, circuits=2, in_service="2025-01-01"), line="AC2")],
        transformer=[dict(transformer="CE", from_bus="C", to_bus="E", rated_mva=100.0, reactance_fraction=0.1, rating_mw=12.0)],
        unit=[unit("A", 10, 200), unit("B", 50, 200), unit("C", 30, 15), unit("D", 20, 50), unit("E", 90, 50)],
        load=[load("B", "b"), load("C", "c"), load("D", "d"), load("E", "e")],
    ),
    ("line", "transformer"), dict(b=[40, 60, 40, 70], c=[20, 20, 30, 45], d=[5, 6, 7, 8], e=[5, 15, 10, 20]), 4, NEW_YEAR,
)  # fmt: skip

# A section over two lines of a loop and half of a DC link; its limit falls at midnight.
BLOCK_CASES["interface"] = BlockCase(
    dict(
        bus=buses("A", "B", "C"),
        line=[line("A", "B"), line("A", "C"), line("B", "C")],
        dc_link=[dict(dc_link="L", from_bus="A", to_bus="C", power_max_mw=10.0, loss_linear_fraction=0.02)],
        interface=[dict(interface="west"), dict(interface="back")],
        interface_limit=[dict(interface="west", forward_mw=50.0, backward_mw=50.0, retirement="2025-01-01"),
                         dict(interface="west", forward_mw=30.0, in_service="2025-01-01"),
                         dict(interface="back", backward_mw=25.0)],
        interface_member=[dict(interface="west", kind="line", element="AB"), dict(interface="west", kind="line", element="AC"),
                          dict(interface="west", kind="dc_link", element="L", coefficient=0.5),
                          dict(interface="back", kind="line", element="AB", coefficient=-1.0)],
        unit=[unit("A", 10, 200), unit("B", 50, 200), unit("C", 30, 20)],
        load=[load("B", "b"), load("C", "c")],
    ),
    ("interface", "interface_limit", "interface_member"), dict(b=[30, 60, 40, 70], c=[20, 20, 30, 45]), 4, NEW_YEAR,
)  # fmt: skip

# Hour 0 normal, 1 first tier sheds, 2 second tier sheds, 3 must-run output exceeds the load; a load enters at midnight.
BLOCK_CASES["demand"] = BlockCase(
    dict(
        bus=buses("A", "B"),
        line=[line("A", "B", 20.0)],
        unit=[unit("A", 10, 40, must_run="always", must_run_fraction=0.25), unit("B", 30, 10)],
        load=[load("B", "b"), dict(load("A", mean=4.0), load="late", in_service="2025-01-01")],
        shedding_tier=[dict(tier="soft", share=0.2, cost_cny_per_mwh=500.0),
                       dict(tier="hard", share=0.8, cost_cny_per_mwh=9000.0)],
        year=[dict(year=2024, load_scale=1.0), dict(year=2025, load_scale=1.5)],
    ),
    ("load", "shedding_tier"), dict(b=[25, 33, 35, 1]), 4, NEW_YEAR,
)  # fmt: skip

# The heating season ends and a unit retires at midnight; ramps bind nowhere but are near: 0.1/min x 5 min x 40 = 20 MW.
BLOCK_CASES["thermal"] = BlockCase(
    dict(
        bus=buses("A"),
        season=[dict(season="heat", start_day="11-01", end_day="03-31")],
        unit_type=[*UNIT_TYPE, dict(unit_type="chp", min_load_fraction=0.3, heat_min_fraction=0.4, heat_max_fraction=0.9,
                                    ramp_fraction_per_min=0.1, fuel_rate_full_tce_per_mwh=1.0, vom_cny_per_mwh=1.0,
                                    fuel_rate_extra_half_tce_per_mwh=0.1, fuel_rate_extra_low_tce_per_mwh=0.3)],
        unit=[unit("A", 20, 40, unit_type="chp", must_run="heating", heating_season="heat"),
              unit("A", 10, 10, retirement="2025-04-01"), unit("A", 90, 100),
              unit("A", 30, 50, in_service="2025-04-01", available_fraction=0.9)],
        load=[load("A", "a")],
    ),
    ("unit",), dict(a=[28, 40, 60, 75]), 4, "2025-03-31T22:00",
)  # fmt: skip

# A unit by its fuel curve that was off, one that was on; generators by points, one small, two alike; a station, an outage; what is
# cheap to run is dear to start. Jumps fit into five minutes. Loads leave no tie between two schedules.
BLOCK_CASES["commitment"] = BlockCase(
    dict(
        bus=buses("A"),
        unit_type=[*UNIT_TYPE, dict(unit_type="k", min_load_fraction=0.4, fuel_rate_full_tce_per_mwh=1.0, min_up_h=3.0, min_down_h=2.0,
                                    fuel_rate_extra_half_tce_per_mwh=0.1, fuel_rate_extra_low_tce_per_mwh=0.3, vom_cny_per_mwh=1.0,
                                    start_hot_cny=60.0, start_warm_cny=110.0, start_cold_cny=210.0, warm_after_h=3.0, cold_after_h=6.0)],
        unit=[unit("A", 10, 40, unit_type="k"), unit("A", 20, 30, unit_type="k")],
        generator=[
            dict(generator="points", bus="A", power_min_mw=10.0, power_max_mw=50.0, ramp_fraction_per_min=0.2, co2_t_per_mwh=0.5),
            dict(generator="twins", bus="A", power_min_mw=4.0, power_max_mw=9.0, cost_cny_per_h=11.0, cost_cny_per_mwh=41.0),
            dict(generator="small", bus="A", power_min_mw=2.0, power_max_mw=12.0, cost_cny_per_mwh=33.0),
            dict(generator="always", bus="A", power_max_mw=200.0, cost_cny_per_mwh=90.0),
        ],
        cost_point=[dict(generator="points", power_mw=x, cost_cny_per_h=y) for x, y in ((10.0, 250.0), (30.0, 690.0), (50.0, 1250.0))],
        commitment=[
            dict(kind="unit", element="A10", initial_h=9.0, initial_mw=30.0, stop_cny=5.0),
            dict(kind="unit", element="A20", initial_h=-4.0),
            dict(kind="generator", element="points", min_up_h=2.0, min_down_h=1.0, initial_h=-5.0,
                 start_cny=7.0, stop_cny=3.0, station="S", max_changes_per_day=4),
            dict(kind="generator", element="twins", count=2, min_up_h=1.0, initial_h=-5.0, start_cny=17.0, max_starts_per_week=3),
            dict(kind="generator", element="small", station="S", max_changes_per_day=4),
        ],
        start_cost=[dict(kind="generator", element="points", offline_h=x, cost_cny=y) for x, y in ((1.0, 30.0), (2.0, 90.0))],
        outage=[dict(kind="unit", element="A10", start_time="2025-01-01 03:00", end_time="2025-01-01 04:00")],
        load=[load("A", "a")],
        year=[dict(year=2024, carbon_price_cny_per_t=3.0), dict(year=2025, carbon_price_cny_per_t=4.0)],
    ),
    ("unit", "generator", "cost_point", "commitment", "start_cost", "outage"), dict(a=[45, 91, 121, 63, 83, 31, 16, 77]), 8, NEW_YEAR,
    commitment="exact",
)  # fmt: skip

# g must stay on, and off, for two hours; what a start costs grows with the hours off; it may change four times a day.
BLOCK_CASES["unit_changes"] = BlockCase(
    dict(
        bus=buses("A"),
        generator=[dict(generator="g", bus="A", power_min_mw=20.0, power_max_mw=40.0, cost_cny_per_mwh=20.0),
                   dict(generator="h", bus="A", power_max_mw=100.0, cost_cny_per_mwh=50.0)],
        commitment=[dict(kind="generator", element="g", min_up_h=2.0, min_down_h=2.0, initial_h=-5.0, stop_cny=3.0, max_changes_per_day=4)],
        start_cost=[dict(kind="generator", element="g", offline_h=x, cost_cny=y) for x, y in ((2.0, 70.0), (3.0, 190.0))],
        load=[load("A", "a")],
    ),
    ("generator", "commitment", "start_cost"), dict(a=[44, 51, 9, 12, 53, 45]), 6, commitment="exact",
)  # fmt: skip

# One generator by a straight curve with a square part, one by points, a flexible consumer; one goes out of service for an hour.
BLOCK_CASES["generator"] = BlockCase(
    dict(
        bus=buses("A", "B"),
        line=[line("A", "B", 30.0)],
        generator=[
            dict(generator="g1", bus="A", power_min_mw=4.0, power_max_mw=60.0, cost_cny_per_h=7.0, cost_cny_per_mwh=12.0,
                 cost_quadratic_cny_per_mw2h=0.2, ramp_fraction_per_min=0.1, co2_t_per_mwh=0.5),
            dict(generator="g2", bus="B", power_min_mw=-2.0, power_max_mw=50.0, profile="m", price_profile="p"),
            dict(generator="taker", bus="B", power_min_mw=-20.0, power_max_mw=0.0, cost_cny_per_mwh=33.0),
        ],
        cost_point=[dict(generator="g2", power_mw=x, cost_cny_per_h=y) for x, y in ((0.0, 50.0), (20.0, 450.0), (40.0, 1450.0))],
        outage=[dict(kind="generator", element="g2", start_time="2025-01-01 00:00", end_time="2025-01-01 01:00")],
        unit=[unit("B", 90, 100)],
        load=[load("A", "a"), load("B", "b")],
        year=[dict(year=2024, carbon_price_cny_per_t=3.0), dict(year=2025, carbon_price_cny_per_t=4.0)],
    ),
    ("generator", "cost_point"), dict(a=[10, 12, 20, 30], b=[40, 50, 60, 70], m=[1.0, 0.9, 1.0, 0.8], p=[0.0, 2.0, -3.0, 4.0]), 4, NEW_YEAR,
)  # fmt: skip

# A loop with a binding side and a transformer without loss; at midnight one line gives way to a better one. On the island W-X a generator
# gives more than anybody can use, and only the losses of the branch between them can take it.
BLOCK_CASES["losses"] = BlockCase(
    dict(
        bus=[*buses("A", "B", "C", "D"), *buses("W", "X", surplus_allowed=False)],
        line=[line("A", "B", 57.0, 90.0, resistance_ohm_per_km=0.3), line("B", "C", None, 60.0, resistance_ohm_per_km=0.5, circuits=2),
              line("A", "C", None, 80.0, resistance_ohm_per_km=0.4, retirement="2025-01-01"),
              dict(line("A", "C", None, 80.0, resistance_ohm_per_km=0.2, in_service="2025-01-01"), line="AC2")],
        transformer=[dict(transformer="CD", from_bus="C", to_bus="D", rated_mva=100.0, reactance_fraction=0.1)],
        ac_branch=[dict(ac_branch="XW", from_bus="X", to_bus="W", resistance_pu=0.05, reactance_pu=0.2)],
        unit=[unit("A", 10, 120), unit("B", 20, 40), unit("C", 30, 60), unit("B", 90, 100)],
        generator=[dict(generator="w", bus="W", power_min_mw=31.0, power_max_mw=34.0, cost_cny_per_mwh=2.0)],
        load=[load("B", "b"), load("C", "c"), load("D", mean=20.0), load("X", "x")],
    ),
    ("line", "transformer", "ac_branch", "generator"),
    dict(x=[30, 33, 29, 31], b=[70, 95, 110, 80], c=[20, 45, 35, 70]), 4, NEW_YEAR, "piecewise",
)  # fmt: skip
BLOCK_CASES["loss_factors"] = replace(BLOCK_CASES["losses"], losses="marginal")

# A loop with a double side, which no outage of one side may overload; at midnight CD leaves. One listed outage takes two lines, one a
# generator, one a unit, one half of a DC link; D hangs on one line, whose outage cuts it off.
BLOCK_CASES["contingency"] = BlockCase(
    dict(
        bus=buses("A", "B", "C", "D"),
        line=[line("A", "B", 40.0, rating_emergency_mw=50.0), line("A", "C", 60.0), line("B", "C", 60.0),
              dict(line("A", "C", 60.0, rating_emergency_mw=45.0), line="AC2"),
              line("C", "D", 30.0), line("B", "D", 30.0, retirement="2025-01-01")],
        dc_link=[dict(dc_link="L", from_bus="A", to_bus="B", power_max_mw=10.0, loss_linear_fraction=0.02)],
        contingency=[*(dict(contingency=name, kind=kind, element=element, share=share) for name, kind, element, share in (
            ("AB", "line", "AB", 1.0), ("AC", "line", "AC", 1.0), ("BC", "line", "BC", 1.0), ("CD", "line", "CD", 1.0),
            ("both", "line", "AC", 1.0), ("both", "line", "BC", 1.0), ("g", "generator", "g", 1.0), ("u", "unit", "C50", 1.0),
            ("pole", "dc_link", "L", 0.5)))],
        generator=[dict(generator="g", bus="B", power_max_mw=25.0, cost_cny_per_mwh=20.0)],
        unit=[unit("A", 10, 200), unit("B", 90, 200), dict(unit("C", 50, 20), unit="C50"), unit("C", 30, 20)],
        load=[load("B", "b"), load("C", "c"), load("D", "d")],
    ),
    ("contingency",), dict(b=[50, 80, 60, 90], c=[40, 40, 50, 65], d=[5, 6, 7, 8]), 4, NEW_YEAR,
)  # fmt: skip

# A loop whose side AB may be overloaded in two steps, whose side AC only without any width limit but dearly, and not after the outage of
# BC either; a soft section over AC and part of a generator. At midnight AB leaves.
BLOCK_CASES["overload"] = BlockCase(
    dict(
        bus=buses("A", "B", "C"),
        line=[line("A", "B", 20.0, retirement="2025-01-01"), line("A", "C", 30.0, rating_emergency_mw=42.0), line("B", "C", 60.0)],
        limit_penalty=[dict(kind="line", element="AB", width_mw=4.0, cost_cny_per_mwh=15.0),
                       dict(kind="line", element="AB", width_mw=3.0, cost_cny_per_mwh=37.0),
                       dict(kind="line", element="AC", cost_cny_per_mwh=23.0),
                       dict(kind="interface", element="west", width_mw=9.0, cost_cny_per_mwh=11.0)],
        interface=[dict(interface="west")],
        interface_member=[dict(interface="west", kind="line", element="AC"),
                          dict(interface="west", kind="generator", element="g", coefficient=1.5)],
        interface_limit=[dict(interface="west", forward_mw=40.0, backward_mw=40.0)],
        contingency=[dict(contingency="BC", kind="line", element="BC")],
        generator=[dict(generator="g", bus="B", power_max_mw=25.0, cost_cny_per_mwh=20.0)],
        unit=[unit("A", 10, 200), unit("B", 90, 200), unit("C", 50, 200)],
        load=[load("B", "b"), load("C", "c")],
    ),
    ("limit_penalty",), dict(b=[40, 60, 45, 70], c=[30, 45, 35, 50]), 4, NEW_YEAR,
)  # fmt: skip

BLOCK_CASES["renewable"] = BlockCase(
    dict(
        bus=buses("A", "B"),
        line=[line("A", "B", 30.0)],
        renewable=[dict(renewable="w1", bus="A", technology="wind", power_max_mw=40.0, profile="w"),
                   dict(renewable="w2", bus="A", technology="wind", power_max_mw=20.0, profile="w", in_service="2025-01-01"),
                   dict(renewable="s", bus="A", technology="solar", power_max_mw=10.0, profile="s",
                        curtailment_cost_cny_per_mwh=7.0),
                   dict(renewable="h", bus="B", technology="hydro_ror", power_max_mw=5.0, cost_cny_per_mwh=2.0)],
        unit=[unit("B", 50, 100)],
        load=[load("B", "b")],
    ),
    ("renewable",), dict(w=[0.2, 0.9, 0.7, 1.0], s=[0.0, 0.5, 1.0, 0.2], b=[40, 50, 60, 45]), 4, NEW_YEAR,
)  # fmt: skip

# Two alike stores, a pumped one that charges slowly, a cyclic one, a dam with inflow that must keep some, and an outage; one whose
# limits vary, may be cycled once a day and sells what is left.
BLOCK_CASES["storage"] = BlockCase(
    dict(
        bus=buses("A"),
        unit=[unit("A", 10, 20), unit("A", 30, 15), unit("A", 90, 100)],
        storage=[dict(storage="B1", bus="A", power_max_mw=4.0, energy_max_mwh=9.0, charge_efficiency=0.9,
                      discharge_efficiency=0.95, wear_cny_per_mwh=2.0, charging_cost_cny_per_mwh=1.0,
                      energy_start_fraction=0.2),
                 dict(storage="B2", bus="A", power_max_mw=8.0, energy_max_mwh=18.0, charge_efficiency=0.9,
                      discharge_efficiency=0.95, wear_cny_per_mwh=2.0, charging_cost_cny_per_mwh=1.0,
                      energy_start_fraction=0.2),
                 dict(storage="P", bus="A", technology="pumped_hydro", power_max_mw=3.0, energy_max_mwh=100.0,
                      charge_efficiency=0.8, charge_max_mw=2.0),
                 dict(storage="C", bus="A", power_max_mw=1.0, energy_max_mwh=1.5, charge_efficiency=0.85, cyclic=True),
                 dict(storage="D", bus="A", technology="pumped_hydro", power_max_mw=2.0, energy_max_mwh=3.0, charge_max_mw=0.0,
                      inflow_profile="w", energy_start_fraction=0.5, energy_end_fraction=0.2, wear_cny_per_mwh=0.5),
                 dict(storage="V", bus="A", power_max_mw=2.0, energy_max_mwh=8.0, charge_efficiency=0.92, energy_start_fraction=0.3,
                      end_value_cny_per_mwh=37.0, cycles_per_day=1.4, charge_profile="k", discharge_profile="m",
                      energy_max_profile="most", energy_min_profile="least")],
        outage=[dict(kind="storage", element="D", start_time="2025-01-01 02:00", end_time="2025-01-01 03:00")],
        load=[load("A", "a")],
    ),
    ("storage", "outage"), dict(a=[4, 30, 50, 6, 55, 22], w=[3.0, 1.0, 1.5, 0.0, 0.5, 1.0], k=[1.0, 1.0, 0.0, 0.5, 0.0, 0.7],
                                m=[1.0, 1.0, 0.8, 1.0, 0.6, 0.0], most=[0.6, 0.6, 1.0, 1.0, 0.9, 0.9], least=[0.0, 0.1, 0.1, 0.1, 0.1, 0.1]), 6,
)  # fmt: skip

# A free reservoir two hours above a plant without one; a plant half an hour above it whose water is all given.
BLOCK_CASES["hydro"] = BlockCase(
    dict(
        bus=buses("A"),
        season=[dict(season="ice", start_day="12-01", end_day="12-31")],
        unit=[unit("A", 10, 22), unit("A", 30, 40), unit("A", 90, 200)],
        reservoir=[dict(reservoir="top", bus="A", power_max_mw=20.0, power_mw_per_m3s=0.5, volume_min_hm3=1.0,
                        volume_max_hm3=9.0, volume_start_hm3=5.0, volume_end_hm3=4.9, end_short_cny_per_hm3=9000.0,
                        end_value_cny_per_hm3=3000.0, downstream="foot", delay_h=2.0, release_before_m3s=12.0, profile="i"),
                   dict(reservoir="side", bus="A", power_max_mw=9.0, power_mw_per_m3s=0.1, downstream="foot", delay_h=0.5,
                        release_before_m3s=10.0, profile="j"),
                   dict(reservoir="foot", bus="A", power_max_mw=30.0, power_mw_per_m3s=0.2)],
        release_band=[dict(reservoir="top", season="ice", release_min_m3s=5.0, release_max_m3s=30.0)],
        release_past=[dict(reservoir="top", begin_h=b, release_m3s=f) for b, f in ((1.5, 20.0), (1.0, 6.0))],
        load=[load("A", "a")],
    ),
    ("reservoir", "release_band", "release_past"),
    dict(i=[10, 20, 15, 10, 5, 5], j=[8, 12, 6, 9, 9, 10], a=[50, 40, 93, 60, 110, 45]), 6, "2024-12-31T21:00",
)  # fmt: skip

# Two machines pump in cheap hours and generate in dear ones; the lower reservoir is too small for all. A second plant sells what is left.
BLOCK_CASES["pumped"] = BlockCase(
    dict(
        bus=buses("A"),
        unit=[unit("A", 10, 30), unit("A", 30, 15), unit("A", 90, 100)],
        pumped=[dict(pumped="P", bus="A", units=2, power_max_mw=6.0, power_min_mw=2.0, pump_mw=5.0, pump_efficiency=0.88,
                     generate_efficiency=0.9, upper_max_mwh=30.0, upper_start_mwh=12.0, lower_max_mwh=14.0, lower_start_mwh=13.0,
                     cost_cny_per_mwh=1.0),
                dict(pumped="Q", bus="A", units=1, power_max_mw=3.0, pump_mw=2.5, pump_efficiency=0.8, upper_max_mwh=9.0,
                     upper_start_mwh=4.0, end_value_cny_per_mwh=33.0, in_service="2025-01-01", mode_before="pump", mode_change_h=1.0)],
        load=[load("A", "a")],
    ),
    ("pumped",), dict(a=[14, 33, 52, 10, 70]), 5, "2024-12-31T23:00",
)  # fmt: skip

# Each lake stays within one zone of head, whatever it gives, one of them better than the figure for all, one worse; a third has none.
BLOCK_CASES["head"] = BlockCase(
    dict(
        bus=buses("A"),
        unit=[unit("A", 10, 22), unit("A", 30, 40), unit("A", 90, 200)],
        reservoir=[dict(reservoir=n, bus="A", power_max_mw=20.0, power_mw_per_m3s=0.5, volume_min_hm3=low, volume_max_hm3=high,
                        volume_start_hm3=0.5 * (low + high), volume_end_hm3=0.45 * (low + high))
                   for n, low, high in (("a", 1.0, 2.0), ("b", 3.0, 5.0), ("c", 0.0, 3.0))],
        head_zone=[dict(reservoir=r, volume_from_hm3=v, power_mw_per_m3s=k)
                   for r, v, k in (("a", 0.0, 0.42), ("a", 1.8, 0.6), ("b", 1.0, 0.4), ("b", 2.5, 0.55))],
        load=[load("A", "a")],
    ),
    ("head_zone",), dict(a=[25, 45, 70, 40]), 4, NEW_YEAR, commitment="exact",
)  # fmt: skip

# Cheap hours lift water from the lower lake to the upper one, half an hour up; one pump enters at midnight.
BLOCK_CASES["pump"] = BlockCase(
    dict(
        bus=buses("A", "B"),
        line=[line("A", "B", 30.0)],
        unit=[unit("A", 10, 40), unit("A", 30, 10), unit("A", 90, 200)],
        reservoir=[dict(reservoir="up", bus="A", power_max_mw=20.0, power_mw_per_m3s=0.5, volume_max_hm3=4.0, volume_start_hm3=1.0,
                        volume_end_hm3=1.0, downstream="low", delay_h=0.5),
                   dict(reservoir="low", bus="A", power_max_mw=0.0, power_mw_per_m3s=0.1, volume_max_hm3=5.0, volume_start_hm3=2.0)],
        pump=[dict(pump="p1", bus="A", from_reservoir="low", to_reservoir="up", power_max_mw=6.0, flow_m3s_per_mw=1.5, delay_h=0.5),
              dict(pump="p2", bus="B", from_reservoir="low", to_reservoir="up", power_max_mw=5.0, flow_m3s_per_mw=1.4, units=2,
                   in_service="2025-01-01")],
        load=[load("A", "a")],
    ),
    ("pump",), dict(a=[20, 45, 30, 75]), 4, NEW_YEAR,
)  # fmt: skip

# Two lakes, one with too much energy for its budget, one that must release more than it likes; half of the second's days is studied.
BLOCK_CASES["hydro_budget"] = BlockCase(
    dict(
        bus=buses("A"),
        unit=[unit("A", 10, 22), unit("A", 30, 40), unit("A", 90, 200)],
        reservoir=[dict(reservoir=n, bus="A", power_max_mw=20.0, power_mw_per_m3s=0.5, volume_max_hm3=9.0, volume_start_hm3=5.0,
                        end_value_cny_per_hm3=w) for n, w in (("a", 1000.0), ("b", 20000.0))],
        hydro_budget=[dict(budget="most", reservoir="a", start_date="2025-01-01", end_date="2025-01-02", energy_max_mwh=300.0),
                      dict(budget="water", reservoir="b", start_date="2024-12-31", end_date="2024-12-31", release_min_hm3=0.7),
                      dict(budget="gone", reservoir="b", start_date="2024-01-31", end_date="2024-02-28", energy_min_mwh=0.7)],
        load=[load("A", "a")],
    ),
    ("hydro_budget",), dict(a=[25, 45, 70, 40]), 4, NEW_YEAR,
)  # fmt: skip

# Ramps of blocks, one from the output before; the rest of what is switched shows in cases with decisions alone.
BLOCK_CASES["power_block"] = BlockCase(
    dict(
        bus=buses("A"),
        unit=[unit("A", 10, 20), unit("A", 30, 15), unit("A", 90, 100)],
        csp=[dict(csp="tower", bus="A", power_max_mw=10.0, efficiency=0.4, field_heat_max_mw=60.0, store_heat_max_mwh=40.0,
                  store_efficiency=0.95, profile="sun", ramp_fraction_per_min=0.16, initial_mw=1.0, power_min_mw=1.0,
                  start_heat_mwh=4.0, end_value_cny_per_mwh=5.0, initial_h=3.0, min_up_h=1.0),
             dict(csp="dish", bus="A", power_max_mw=4.0, efficiency=0.3, field_heat_max_mw=20.0, store_heat_max_mwh=9.0,
                  profile="sun", ramp_fraction_per_min=0.2, in_service="2025-01-01")],
        load=[load("A", "a")],
    ),
    ("csp",), dict(sun=[0.2, 0.9, 0.5, 0.1, 0.0], a=[15, 18, 33, 42, 52]), 5, NEW_YEAR,
)  # fmt: skip

BLOCK_CASES["csp"] = BlockCase(
    dict(
        bus=buses("A"),
        unit=[unit("A", 10, 20), unit("A", 30, 15), unit("A", 90, 100)],
        csp=[dict(csp="tower", bus="A", power_max_mw=10.0, efficiency=0.4, field_heat_max_mw=60.0, store_heat_max_mwh=40.0,
                  store_efficiency=0.95, store_start_mwh=10.0, profile="sun")],
        load=[load("A", "a")],
    ),
    ("csp",), dict(sun=[0.2, 0.9, 0.5, 0.1, 0.0], a=[15, 18, 33, 42, 52]), 5,
)  # fmt: skip

# Half of two days' contract lies in the study; the ramp allows 0.2/min x 5 min x 20 = 20 MW.
BLOCK_CASES["dc_link"] = BlockCase(
    dict(
        bus=[*buses("A", "B"), *buses("S", role="sink")],
        line=[line("A", "B", 30.0)],
        unit=[unit("A", 50, 100), unit("B", 20, 60)],
        renewable=[dict(renewable="w", bus="A", technology="wind", power_max_mw=20.0, profile="w")],
        load=[load("B", "b")],
        dc_link=[dict(dc_link="L", from_bus="A", to_bus="S", power_max_mw=20.0, power_min_mw=2.0, ramp_fraction_per_min=0.2,
                      loss_no_load_fraction=0.01, loss_linear_fraction=0.02, loss_quadratic_fraction=0.03, max_profile="m")],
        dc_contract=[dict(contract="c1", dc_link="L", start_date="2024-12-31", end_date="2024-12-31", energy_min_mwh=192.0,
                          renewable_share_min=0.6),
                     dict(contract="c2", dc_link="L", start_date="2025-01-01", end_date="2025-01-01", energy_min_mwh=228.0,
                          energy_max_mwh=240.0, renewable_share_min=0.5)],
        dc_bundle=[dict(plant="w", dc_link="L")],
        exchange=[dict(exchange="M", bus="S", export_flexible_mw=100.0, price_profile="p")],
    ),
    ("dc_link", "dc_contract", "dc_bundle"),
    dict(w=[0.3, 0.6, 0.2, 0.9], b=[40, 35, 30, 33], m=[1.0, 0.9, 0.8, 1.0], p=[31.0, 60.0, 45.0, 70.0]), 4, NEW_YEAR,
)  # fmt: skip

# A station burns from a stock that a delivery fills at midnight; one must burn, or pay for, half of two days' least amount; one may not burn
# more than a budget lets it.
BLOCK_CASES["fuel"] = BlockCase(
    dict(
        bus=buses("A"),
        unit_type=[*UNIT_TYPE, dict(unit_type="v", min_load_fraction=0.3, fuel_rate_full_tce_per_mwh=0.9,
                                    fuel_rate_extra_half_tce_per_mwh=0.1, fuel_rate_extra_low_tce_per_mwh=0.3)],
        unit=[unit("A", 10, 60, plant="P", unit_type="v", must_run="always"), dict(unit("A", 10, 8), unit="twin"),
              unit("A", 50, 15), unit("A", 30, 100), unit("A", 90, 100)],
        fuel_stock=[dict(fuel_stock="pile", fuel="c10", plant="P", stock_start_tce=70.5, stock_end_tce=10.0)],
        fuel_delivery=[dict(fuel_stock="pile", time="2025-01-01 00:00", amount_tce=41.0),
                       dict(fuel_stock="pile", time="2025-02-01", amount_tce=9.0)],
        fuel_budget=[dict(fuel_budget="pay", fuel="c50", start_date="2024-12-31", end_date="2025-01-01", amount_min_tce=600.0,
                          short_cny_per_tce=15.0),
                     dict(fuel_budget="cap", fuel="c30", start_date="2025-01-01", end_date="2025-01-01", amount_max_tce=372.0)],
        load=[load("A", "a")],
    ),
    ("fuel_stock", "fuel_delivery", "fuel_budget"), dict(a=[61, 72, 66, 83]), 4, NEW_YEAR,
)  # fmt: skip

BLOCK_CASES["dc_contract"] = replace(BLOCK_CASES["dc_link"], own=("dc_contract", "dc_bundle"))

# Two hours a day may be interrupted in blocks of 4 MW, one in the heating season, which ends at midnight, after an hour's notice.
BLOCK_CASES["interruptible"] = BlockCase(
    dict(
        bus=buses("A"),
        season=[dict(season="heat", start_day="11-01", end_day="03-31")],
        unit=[unit("A", 10, 30), unit("A", 30, 20), unit("A", 90, 100)],
        load=[load("A", "a")],
        interruptible=[dict(interruptible="smelter", load="dA", power_max_mw=13.0, block_mw=4.0, cost_cny_per_mwh=50.0, hours_per_day=2.0),
                       dict(interruptible="kiln", load="dA", power_max_mw=5.0, cost_cny_per_mwh=40.0, season="heat", hours_per_season=2.0,
                            called_h=1.0, notice_h=1.0)],
    ),
    ("interruptible",), dict(a=[61, 75, 66, 83, 45, 52]), 6, "2025-03-31T21:00", commitment="exact",
)  # fmt: skip

# A load moved within three hours with a rebound, less than it could be.
BLOCK_CASES["shiftable"] = BlockCase(
    dict(
        bus=buses("A"),
        unit=[unit("A", 10, 30), unit("A", 30, 20), unit("A", 90, 100)],
        load=[load("A", "a")],
        shiftable=[dict(shiftable="pumps", load="dA", power_less_mw=6.0, power_more_mw=9.0, window_h=3.0, rebound=1.1, cost_cny_per_mwh=2.0),
                   dict(shiftable="cold", load="dA", power_less_mw=4.0, power_more_mw=4.0, window_h=24.0, energy_max_mwh=3.0)],
    ),
    ("shiftable",), dict(a=[22, 61, 44, 57, 25, 71]), 6, "2024-12-31T21:00",
)  # fmt: skip

# Work waits for at most two hours; some of it waited before the first step.
BLOCK_CASES["data_centre"] = BlockCase(
    dict(
        bus=buses("A"),
        unit=[unit("A", 10, 30), unit("A", 30, 20), unit("A", 90, 100)],
        load=[load("A", "a"), dict(load("A", "c"), load="halls", kind="data_centre")],
        data_centre=[dict(data_centre="halls", load="halls", flexible_fraction=0.6, least_fraction=0.5, deferral_h=2.0, power_max_mw=23.0,
                          waiting_mwh=1.5)],
    ),
    ("data_centre",), dict(a=[40, 61, 35, 57, 15, 18], c=[12, 14, 15, 16, 11, 12]), 6, "2024-12-31T21:00",
)  # fmt: skip

# Households take more from ten in the evening to two in the morning in the wet season, which begins at midnight; a plant all day long.
BLOCK_CASES["price_response"] = BlockCase(
    dict(
        bus=buses("A"),
        season=[dict(season="wet", start_day="06-01", end_day="10-31")],
        unit=[unit("A", 10, 40), unit("A", 30, 20), unit("A", 90, 100)],
        load=[load("A", "a")],
        price_response=[dict(price_response="night", load="dA", season="wet", start_hour=22.0, end_hour=2.0, share=0.2, price_cny_per_mwh=35.0),
                        dict(price_response="more", load="dA", season="wet", start_hour=22.0, end_hour=2.0, share=0.3, price_cny_per_mwh=20.0),
                        dict(price_response="plant", load="dA", share=0.1, price_cny_per_mwh=15.0)],
    ),
    ("price_response",), dict(a=[31, 33, 52, 24, 21, 35]), 6, "2025-05-31T22:00",
)  # fmt: skip

# Interruption and shedding together may take no more than the load of their bus.
BLOCK_CASES["response"] = BlockCase(
    dict(
        bus=buses("A", "B"),
        line=[line("A", "B", 20.0)],
        unit=[unit("A", 10, 100), unit("B", 30, 8)],
        load=[load("A", "a"), load("B", "b"), dict(load("B", mean=5.0), load="e")],
        interruptible=[dict(interruptible="x", load="dB", power_max_mw=30.0, cost_cny_per_mwh=60.0),
                       dict(interruptible="y", load="dB", power_max_mw=30.0, cost_cny_per_mwh=70.0)],
        shedding_tier=[dict(tier="all", share=1.0, cost_cny_per_mwh=100.0)],
    ),
    ("interruptible",), dict(a=[11, 12, 13, 14], b=[20, 30, 35, 26]), 4,
)  # fmt: skip

# A demand curve of two steps, the dearer one in the second row; one step is bought from midnight only.
BLOCK_CASES["dc_market"] = BlockCase(
    dict(
        bus=[*buses("A"), *buses("S", role="sink")],
        unit=[unit("A", 20, 30), unit("A", 50, 100)],
        load=[load("A", "a")],
        dc_link=[dict(dc_link="L", from_bus="A", to_bus="S", power_max_mw=60.0, loss_linear_fraction=0.04, loss_quadratic_fraction=0.05)],
        dc_market=[dict(dc_market="low", dc_link="L", power_max_mw=21.0, price_cny_per_mwh=5.0, price_profile="p", tariff_cny_per_mwh=8.0),
                   dict(dc_market="high", dc_link="L", power_max_mw=12.0, price_cny_per_mwh=70.0, in_service="2025-01-01")],
    ),
    ("dc_market",), dict(a=[10, 25, 20, 31], p=[40.0, 90.0, 35.0, 61.0]), 4, NEW_YEAR,
)  # fmt: skip

# A link that may stop, moves in steps of 5 MW at the hour, two hours apart, twice a day, and one that reverses after an hour at rest.
BLOCK_CASES["dc_schedule"] = BlockCase(
    dict(
        bus=[*buses("A", "B"), *buses("S", role="sink")],
        unit=[unit("A", 20, 60), unit("A", 50, 100), unit("B", 30, 25), unit("B", 90, 100)],
        load=[load("A", "a"), load("B", "b")],
        dc_link=[dict(dc_link="L", from_bus="A", to_bus="S", power_max_mw=30.0, power_min_mw=10.0, initial_mw=15.0, initial_hold_h=1.0,
                      ramp_fraction_per_min=0.2, loss_no_load_fraction=0.01, loss_linear_fraction=0.02),
                 dict(dc_link="R", from_bus="A", to_bus="B", power_max_mw=20.0, power_reverse_max_mw=16.0, power_min_mw=4.0,
                      ramp_fraction_per_min=0.4, loss_no_load_fraction=0.01, loss_linear_fraction=0.02, loss_quadratic_fraction=0.04)],
        dc_schedule=[dict(dc_link="L", may_stop=True, step_mw=5.0, change_minutes=60.0, hold_h=2.0, changes_per_day=2, steps_per_change=3),
                     dict(dc_link="R", may_stop=True, reversal_h=1.0)],
        exchange=[dict(exchange="M", bus="S", export_flexible_mw=100.0, price_profile="p")],
    ),
    ("dc_schedule",),
    dict(a=[30.3, 70.7, 90.1, 41.1, 20.6, 45.2], b=[20.4, 33.1, 10.7, 40.3, 22.9, 37.2], p=[55.0, 60.0, 24.0, 10.0, 70.0, 65.0]), 6,
    "2024-12-31T21:00", commitment="exact",
)  # fmt: skip

BLOCK_CASES["exchange"] = BlockCase(
    dict(
        bus=[*buses("A"), *buses("X", role="external")],
        line=[line("A", "X", 25.0)],
        unit=[unit("A", 30, 60), unit("A", 90, 100)],
        load=[load("A", "a")],
        exchange=[dict(exchange="tie", bus="X", schedule="s", scale=0.5, export_flexible_mw=12.0, import_flexible_mw=9.0,
                       price_profile="p", tariff_cny_per_mwh=4.0),
                  dict(exchange="late", bus="X", import_flexible_mw=3.0, price_profile="q", in_service="2025-01-01")],
    ),
    ("exchange",),
    dict(s=[10, -20, 30, -6], p=[50.0, 20.0, 40.0, 95.0], q=[1.0, 1.0, 2.0, 200.0], a=[30, 40, 35, 66]), 4, NEW_YEAR,
)  # fmt: skip

# The carbon price turns the merit order at new year: black 20 + 1.0 x 5 against gas 30 + 0.4 x 5, then 20 + 40 against 30 + 16.
BLOCK_CASES["carbon"] = BlockCase(
    dict(
        bus=buses("A"),
        fuel=[*FUEL, dict(fuel="black", price_cny_per_tce=20.0, co2_t_per_tce=1.0),
              dict(fuel="gas", price_cny_per_tce=30.0, co2_t_per_tce=0.4)],
        unit=[dict(unit="black", bus="A", unit_type="u", fuel="black", power_max_mw=50.0,
                   must_run="always", must_run_fraction=0.1),
              dict(unit="gas", bus="A", unit_type="u", fuel="gas", power_max_mw=50.0), unit("A", 90, 100)],
        load=[load("A", "a")],
        year=[dict(year=2024, carbon_price_cny_per_t=5.0, carbon_benchmark_t_per_mwh=0.5),
              dict(year=2025, carbon_price_cny_per_t=40.0, carbon_benchmark_t_per_mwh=0.6, fuel_price_scale=1.1)],
    ),
    ("year",), dict(a=[40, 70, 40, 70]), 4, NEW_YEAR,
)  # fmt: skip


# Two zones: symmetric regulation and spinning reserve in one, which count for a system-wide one; wind asks for its share of output, a DC
# link for its pole, the largest unit for its output; everything that may provide does somewhere; shortage at night.
BLOCK_CASES["reserve"] = BlockCase(
    dict(
        bus=[*buses("A", zone="west"), *buses("B", zone="east"), *buses("S", role="sink")],
        line=[line("A", "B", 45.0)],
        unit=[unit("A", 10, 30), unit("B", 50, 60), dict(unit("B", 90, 60), unit="peak")],
        generator=[dict(generator="g", bus="A", power_min_mw=2.0, power_max_mw=40.0, cost_cny_per_mwh=21.0, ramp_fraction_per_min=0.2),
                   dict(generator="h", bus="A", power_max_mw=25.0, cost_cny_per_mwh=33.0)],
        renewable=[dict(renewable="w", bus="A", technology="wind", power_max_mw=30.0, profile="w", cost_cny_per_mwh=1.0)],
        dc_link=[dict(dc_link="L", from_bus="A", to_bus="S", power_max_mw=12.0)],
        exchange=[dict(exchange="M", bus="S", schedule="x")],
        reserve=[dict(reserve="agc", product="regulation", zone="west", requirement_mw=4.0, response_min=0.5, profile="n"),
                 dict(reserve="west", product="spinning_up", zone="west", wind_share=0.3, renewable_basis="output", response_min=10.0),
                 dict(reserve="all", product="non_spinning", load_share=0.05, largest_unit=True),
                 dict(reserve="down", product="spinning_down", largest_pole_share=0.5)],
        reserve_nesting=[dict(reserve="agc", counts_for="west"), dict(reserve="west", counts_for="all")],
        reserve_shortage=[dict(reserve="all", power_mw=5.0, cost_cny_per_mwh=200.0), dict(reserve="all", cost_cny_per_mwh=900.0),
                          dict(reserve="agc", share=0.5, cost_cny_per_mwh=150.0)],
        reserve_offer=[dict(reserve="agc", kind="generator", cost_cny_per_mwh=3.0),
                       dict(reserve="agc", kind="generator", element="h", award_max_mw=3.0, cost_cny_per_mwh=5.0),
                       dict(reserve="west", kind="generator", cost_cny_per_mwh=2.0), dict(reserve="west", kind="renewable", technology="wind"),
                       dict(reserve="all", kind="unit", technology="coal", award_max_fraction=0.6, cost_cny_per_mwh=1.0),
                       dict(reserve="down", kind="unit"), dict(reserve="down", kind="renewable", cost_cny_per_mwh=4.0)],
        load=[load("A", "a"), load("B", "b")],
    ),
    ("reserve", "reserve_nesting", "reserve_shortage", "reserve_offer"),
    dict(w=[0.9, 0.4, 0.1, 1.0], a=[20, 31, 25, 22], b=[60, 83, 130, 71], x=[8.0, 12.0, 5.0, 12.0], n=[0.0, 1.0, 3.0, 0.5]), 4,
)  # fmt: skip

# Regulation keeps a generator below 50 of its 60 MW, and shares with spinning reserve what it can do within a minute.
BLOCK_CASES["reserve_limits"] = BlockCase(
    dict(
        bus=buses("A"),
        generator=[dict(generator="g", bus="A", power_max_mw=60.0, cost_cny_per_mwh=10.0, ramp_fraction_per_min=0.2),
                   dict(generator="h", bus="A", power_max_mw=60.0, cost_cny_per_mwh=33.0)],
        reserve=[dict(reserve="agc", product="regulation_up", requirement_mw=4.0, response_min=0.5),
                 dict(reserve="spin", product="spinning_up", requirement_mw=9.0, response_min=1.0)],
        reserve_shortage=[dict(reserve="agc", cost_cny_per_mwh=40.0), dict(reserve="spin", cost_cny_per_mwh=17.0)],
        reserve_offer=[dict(reserve="agc", kind="generator", element="g", cost_cny_per_mwh=1.0, range_min_mw=8.0, range_max_mw=50.0),
                       dict(reserve="spin", kind="generator", element="g", cost_cny_per_mwh=0.5),
                       dict(reserve="spin", kind="generator", element="h", cost_cny_per_mwh=6.0, award_max_mw=2.0)],
        load=[load("A", "a")],
    ),
    ("reserve", "reserve_shortage", "reserve_offer"), dict(a=[58, 41, 55, 47]), 4,
)  # fmt: skip

# What must run at its least output holds reserve for ten minutes by rate: no more than ten minutes of its ramp. Another one is the price.
BLOCK_CASES["unit_ramps"] = BlockCase(
    dict(
        bus=buses("A"),
        generator=[dict(generator="g", bus="A", power_min_mw=40.0, power_max_mw=80.0, cost_cny_per_mwh=50.0, ramp_fraction_per_min=0.01),
                   dict(generator="h", bus="A", power_max_mw=60.0, cost_cny_per_mwh=13.0)],
        commitment=[dict(kind="generator", element="g", initial_h=5.0, initial_mw=40.0, must_run=True)],
        reserve=[dict(reserve="up", product="spinning_up", profile="n", shares_ramp=True, ramp_min=10.0)],
        reserve_offer=[dict(reserve="up", kind="generator", element="g", cost_cny_per_mwh=1.0),
                       dict(reserve="up", kind="generator", element="h", cost_cny_per_mwh=4.0)],
        load=[load("A", "a")],
    ),
    ("reserve", "reserve_offer"), dict(a=[70, 81, 65, 77], n=[5.0, 10.0, 9.0, 12.0]), 4, commitment="exact",
)  # fmt: skip

# What stores hold decides: batteries that stay as they are and must sustain awards up and down. (An award that follows a level which
# moves within the hour would follow it more closely in shorter steps.) A reservoir gives its power, a solar tower reserve downward.
BLOCK_CASES["headroom"] = BlockCase(
    dict(
        bus=buses("A"),
        unit=[unit("A", 10, 40), unit("A", 50, 60), unit("A", 90, 100)],
        storage=[dict(storage="B", bus="A", power_max_mw=10.0, energy_max_mwh=20.0, charge_efficiency=0.9, discharge_efficiency=0.95,
                      energy_start_fraction=0.4, wear_cny_per_mwh=100.0),
                 dict(storage="C", bus="A", power_max_mw=5.0, energy_max_mwh=9.0, charge_efficiency=0.8, energy_start_fraction=0.7,
                      wear_cny_per_mwh=100.0)],
        reservoir=[dict(reservoir="r", bus="A", power_max_mw=8.0, power_mw_per_m3s=0.5, volume_min_hm3=1.0, volume_max_hm3=3.0,
                        volume_start_hm3=2.0, volume_end_hm3=1.9, profile="i")],
        csp=[dict(csp="tower", bus="A", power_max_mw=6.0, efficiency=0.4, field_heat_max_mw=40.0, store_heat_max_mwh=40.0, profile="s")],
        reserve=[dict(reserve="up", product="spinning_up", requirement_mw=26.0, duration_h=2.0),
                 dict(reserve="down", product="regulation_down", requirement_mw=9.0, duration_h=4.0)],
        reserve_offer=[*(dict(reserve="up", kind=k, cost_cny_per_mwh=c) for k, c in
                         (("storage", 1.0), ("reservoir", 1.5), ("unit", 2.5))), dict(reserve="down", kind="csp", cost_cny_per_mwh=0.5),
                       dict(reserve="down", kind="storage"), dict(reserve="down", kind="unit", cost_cny_per_mwh=1.0)],
        load=[load("A", "a")],
    ),
    ("reserve", "reserve_shortage", "reserve_offer"),
    dict(a=[30, 85, 52, 98, 47, 38], i=[14.0, 10.0, 4.0, 12.0, 9.0, 8.0], s=[0.3, 0.4, 0.5, 0.5, 0.3, 0.3]), 6,
)  # fmt: skip


# A change costs: a unit rises from what it gave before, wind falls, a battery stays still, a generator has a limit that does not bind.
# The unit whose cost is the price may change freely: else a price would depend on how short the step is.
BLOCK_CASES["ramping"] = BlockCase(
    dict(
        bus=buses("A", "B"),
        line=[line("A", "B", 90.0)],
        unit=[unit("A", 10, 60), unit("A", 30, 50), unit("B", 50, 60)],
        generator=[dict(generator="g", bus="B", power_min_mw=3.0, power_max_mw=40.0, cost_cny_per_mwh=33.0)],
        renewable=[dict(renewable="w", bus="A", technology="wind", power_max_mw=30.0, profile="w")],
        storage=[dict(storage="S", bus="A", power_max_mw=9.0, energy_max_mwh=18.0, charge_efficiency=0.9, energy_start_fraction=0.5)],
        ramping=[dict(kind="unit", element="A10", up_cost_cny_per_mw=9.0, down_cost_cny_per_mw=4.0, initial_mw=42.0),
                 dict(kind="generator", element="g", up_mw_per_min=8.0, down_mw_per_min=8.0, up_cost_cny_per_mw=2.0, initial_mw=8.0),
                 dict(kind="renewable", element="w", down_cost_cny_per_mw=1.5),
                 dict(kind="storage", element="S", up_cost_cny_per_mw=30.0, down_cost_cny_per_mw=30.0, initial_mw=-1.0)],
        load=[load("A", "a"), load("B", "b")],
    ),
    ("ramping",), dict(w=[0.9, 0.2, 0.7, 1.0], a=[20, 31, 25, 22], b=[83, 63, 88, 80]), 4,
)  # fmt: skip


def power_case(hours: int = 1, minutes: int = 60, start: str = "2025-01-01", series: dict | None = None, **rows) -> Case:
    """A case that knows the fuels c0, c10 .. and the unit type u."""
    rows.setdefault("fuel", FUEL)
    rows.setdefault("unit_type", UNIT_TYPE)
    return case(hours, minutes, start, series, **rows)
