"""One small case with every kind of element at work, for the certificate: a loop, a transformer, an island, a DC link, a river.

West (W) has more wind and sun than its lines, section and DC link carry, so its price is often zero; T sits behind a transformer
that is too small for its load (shedding); the must-run unit of island I gives more than its load (surplus). Island G1-G2-G3 has
generators by cost curve, a phase shifter, an angle limit and outages that it must withstand.
"""

from __future__ import annotations

from gridopt.case.case import Case
from tests.support.small import case

HOURS = 8
SERIES = {
    "wind": [0.9, 0.8, 0.5, 0.9, 1.0, 0.7, 0.6, 0.9], "sun": [0.0, 0.3, 0.8, 0.9, 0.5, 0.1, 0.0, 0.0],
    "heat": [0.0, 0.4, 0.9, 1.0, 0.6, 0.1, 0.1, 0.1],
    "E": [80, 95, 90, 84, 100, 120, 110, 85], "C": [30, 31, 33, 30, 28, 40, 38, 30], "T": [11, 12, 13, 12, 14, 18, 15, 11],
    "in": [20, 21, 22, 20, 19, 18, 20, 20], "p": [30, 40, 25, 35, 50, 60, 70, 20], "s": [5, 5, -4, 3, 2, -6, 4, 5],
    "G": [30, 36, 42, 38, 30, 48, 44, 36],
    "q": [45, 45, 20, 45, 45, 80, 80, 45], "m": [1, 1, 1, 0.9, 0.9, 1, 1, 1],
}  # fmt: skip

ROWS = dict(
    bus=[*(dict(bus=b, voltage_kv=330.0) for b in ("W", "C", "E", "T", "I", "Z", "G1", "G2", "G3")),
         dict(bus="S", voltage_kv=800.0, role="sink")],
    line=[
        dict(line="WC", from_bus="W", to_bus="C", circuits=2, length_km=10.0, reactance_ohm_per_km=0.3, rating_mw=20.0),
        dict(line="CE", from_bus="C", to_bus="E", length_km=12.0, reactance_ohm_per_km=0.3),
        dict(line="EW", from_bus="E", to_bus="W", length_km=30.0, reactance_ohm_per_km=0.3, rating_mw=20.0),
        dict(line="EZ", from_bus="E", to_bus="Z", length_km=30.0, reactance_ohm_per_km=0.3, retirement="2025-01-01"),
        dict(line="CZ", from_bus="C", to_bus="Z", length_km=30.0, reactance_ohm_per_km=0.3),
    ],
    transformer=[dict(transformer="ET", from_bus="E", to_bus="T", rated_mva=20.0, reactance_fraction=0.1, rating_mw=9.0)],
    ac_branch=[
        dict(ac_branch="G12", from_bus="G1", to_bus="G2", reactance_pu=0.1, rating_mw=30.0, shift_min_deg=-0.6, shift_max_deg=0.6),
        dict(ac_branch="G23", from_bus="G2", to_bus="G3", reactance_pu=0.1, tap_ratio=1.05, angle_max_deg=1.6, rating_mw=40.0),
        dict(ac_branch="G13", from_bus="G1", to_bus="G3", reactance_pu=0.2, rating_mw=16.0, rating_emergency_mw=34.0),
    ],
    generator=[
        dict(generator="curve", technology="gas", bus="G1", power_max_mw=45.0, ramp_fraction_per_min=0.0015),
        dict(generator="square", technology="gas", bus="G2", power_min_mw=2.0, power_max_mw=40.0, cost_cny_per_mwh=20.0,
             cost_quadratic_cny_per_mw2h=0.4),
        dict(generator="dear", technology="gas", bus="G3", power_max_mw=40.0, cost_cny_per_mwh=60.0),
    ],
    cost_point=[dict(generator="curve", power_mw=x, cost_cny_per_h=y) for x, y in ((0.0, 10.0), (15.0, 160.0), (45.0, 1060.0))],
    contingency=[dict(contingency="G23", kind="ac_branch", element="G23"),
                 dict(contingency="square", kind="generator", element="square", share=0.5)],
    interface=[dict(interface="west"), dict(interface="north")],
    interface_limit=[
        dict(interface="west", forward_mw=68.0, backward_mw=40.0, retirement="2025-01-01"),
        dict(interface="west", forward_mw=64.0, backward_mw=40.0, in_service="2025-01-01"),
        dict(interface="north", forward_mw=200.0),
    ],
    interface_member=[
        dict(interface="west", kind="line", element="WC"),
        dict(interface="west", kind="line", element="EW", coefficient=-1.0),
        dict(interface="west", kind="dc_link", element="L", coefficient=0.5),
        dict(interface="north", kind="transformer", element="ET"),
    ],
    season=[dict(season="heat", start_day="11-01", end_day="03-31")],
    fuel=[dict(fuel="coal", price_cny_per_tce=30.0, co2_t_per_tce=2.0),
          dict(fuel="gas", price_cny_per_tce=90.0, co2_t_per_tce=1.0)],
    unit_type=[
        dict(unit_type="coal", min_load_fraction=0.3, ramp_fraction_per_min=0.004, fuel_rate_full_tce_per_mwh=1.0,
             fuel_rate_extra_half_tce_per_mwh=0.1, fuel_rate_extra_low_tce_per_mwh=0.25, co2_t_per_mwh=0.9, vom_cny_per_mwh=1.0),
        dict(unit_type="chp", min_load_fraction=0.3, heat_min_fraction=0.5, heat_max_fraction=0.8, ramp_fraction_per_min=0.05,
             fuel_rate_full_tce_per_mwh=1.1),
        dict(unit_type="gas", min_load_fraction=0.0, fuel_rate_full_tce_per_mwh=1.0),
    ],
    unit=[
        dict(unit="k1", bus="E", unit_type="coal", fuel="coal", power_max_mw=30.0, must_run="always"),
        dict(unit="k2", bus="E", unit_type="coal", fuel="coal", power_max_mw=20.0, must_run="always"),
        dict(unit="chp", bus="C", unit_type="chp", fuel="coal", power_max_mw=15.0, must_run="heating", heating_season="heat"),
        dict(unit="gas", bus="E", unit_type="gas", fuel="gas", power_max_mw=80.0),
        dict(unit="tg", bus="T", unit_type="gas", fuel="gas", power_max_mw=4.0, available_fraction=0.9),
        dict(unit="i", bus="I", unit_type="coal", fuel="coal", power_max_mw=10.0, must_run="always", must_run_fraction=0.5),
    ],
    renewable=[
        dict(renewable="w1", bus="W", technology="wind", power_max_mw=50.0, profile="wind"),
        dict(renewable="w2", bus="W", technology="wind", power_max_mw=25.0, profile="wind", in_service="2025-01-01"),
        dict(renewable="sun", bus="W", technology="solar", power_max_mw=40.0, profile="sun", curtailment_cost_cny_per_mwh=1.0),
        dict(renewable="green", bus="W", technology="wind", power_max_mw=15.0, profile="wind"),
    ],
    csp=[dict(csp="tower", bus="C", power_max_mw=10.0, efficiency=0.4, field_heat_max_mw=40.0, store_heat_max_mwh=35.0, store_start_mwh=1.0,
              store_efficiency=0.95, standing_loss_per_h=0.01, profile="heat")],
    storage=[
        *(dict(storage=f"b{n}", bus="W", power_max_mw=p, energy_max_mwh=2 * p, charge_efficiency=0.9, discharge_efficiency=0.95,
               standing_loss_per_h=0.001, energy_start_fraction=0.25) for n, p in ((1, 4.0), (2, 6.0))),
        dict(storage="pump", bus="E", technology="pumped_hydro", power_max_mw=8.0, energy_max_mwh=40.0, charge_efficiency=0.8,
             wear_cny_per_mwh=2.0, charging_cost_cny_per_mwh=1.0),
    ],
    reservoir=[
        dict(reservoir="top", bus="C", power_max_mw=12.0, power_mw_per_m3s=0.4, volume_min_hm3=1.0, volume_max_hm3=3.0,
             volume_start_hm3=2.0, volume_end_hm3=2.0, downstream="foot", delay_h=1.6, release_before_m3s=15.0, profile="in"),
        dict(reservoir="side", bus="C", power_max_mw=3.0, power_mw_per_m3s=0.1, downstream="foot", delay_h=0.4, profile="in"),
        dict(reservoir="foot", bus="C", power_max_mw=9.0, power_mw_per_m3s=0.2),
    ],
    release_past=[dict(reservoir="top", begin_h=h, release_m3s=f) for h, f in ((1.3, 25.0), (0.5, 18.0))],
    release_band=[dict(reservoir="top", season="heat", release_min_m3s=12.0, release_max_m3s=32.0)],
    load=[dict(load=f"d{b}", bus=b, mean_mw=1.0, profile=b) for b in ("E", "C", "T")] + [dict(load="dG", bus="G3", mean_mw=1.0, profile="G"),
                                                                              dict(load="dI", bus="I", mean_mw=3.0)],
    shedding_tier=[dict(tier="soft", share=0.1, cost_cny_per_mwh=500.0), dict(tier="hard", share=0.9, cost_cny_per_mwh=8000.0)],
    exchange=[
        dict(exchange="M", bus="S", export_flexible_mw=100.0, price_profile="p"),
        dict(exchange="X", bus="E", schedule="s", scale=0.5, export_flexible_mw=4.0, import_flexible_mw=6.0, price_profile="q",
             tariff_cny_per_mwh=3.0),
    ],
    dc_link=[dict(dc_link="L", from_bus="W", to_bus="S", power_max_mw=30.0, power_min_mw=6.0, ramp_fraction_per_min=0.005,
                  loss_no_load_fraction=0.005, loss_linear_fraction=0.01, loss_quadratic_fraction=0.04, max_profile="m")],
    dc_contract=[dict(contract=n, dc_link="L", start_date=d, end_date=d, energy_min_mwh=300.0, energy_max_mwh=480.0,
                      renewable_share_min=z) for n, d, z in (("old", "2024-12-31", 0.4), ("new", "2025-01-01", 0.5))],
    dc_bundle=[dict(plant="green", dc_link="L")],
    year=[dict(year=2024, carbon_price_cny_per_t=5.0, carbon_benchmark_t_per_mwh=0.8),
          dict(year=2025, carbon_price_cny_per_t=8.0, carbon_benchmark_t_per_mwh=0.7, fuel_price_scale=1.1)],
)  # fmt: skip


def build(minutes: int = 60) -> Case:
    """Four hours before the new year and four after; line EZ and a limit go, plant w2 and a limit come at midnight."""
    return case(HOURS, minutes, "2024-12-31T20:00", SERIES, **ROWS)
