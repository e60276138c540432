"""Curtailment by cause: hand cases with one cause, with several, and adding up on anything."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridopt.analysis import curtailment
from gridopt.dispatch.certificate import certify
from gridopt.dispatch.lmp import price
from gridopt.dispatch.single import dispatch
from tests.support.block_cases import BLOCK_CASES, buses, line, load, power_case, unit
from tests.support.certified_case import build
from tests.support.certify import evidence
from tests.support.meshed import meshed
from tests.support.optimum import solve

TWO = buses("A", "B")
SINK = buses("S", role="sink")


def wind(bus: str, power: float, name: str = "", **kw) -> dict:
    return dict(dict(renewable=name or f"w{bus}", bus=bus, technology="wind", power_max_mw=power), **kw)


def explain(case):
    """Dispatch with its optimum proven, and its causes."""
    d = solve(case)
    return d, curtailment.causes(d, price(d))


def split(case) -> dict[tuple[str, str], float]:
    """(plant, cause) -> MWh."""
    d, causes = explain(case)
    return {(r.renewable, r.cause): r.curtailed_mwh for r in curtailment.by_plant(d, causes).itertuples()}


def link(power: float, **kw) -> dict:
    """A link from A to the market at S, which pays 100."""
    return dict(
        dc_link=[dict(dc_link="L", from_bus="A", to_bus="S", power_max_mw=power)],
        exchange=[dict(exchange="M", bus="S", export_flexible_mw=1000.0, price_profile="p")],
        series={"p": [100.0]},
        **kw,
    )


# One cause


def test_U1_wind_behind_a_line():
    """60 MW of wind at A, 30 MW fit through the line to a load of 50 MW at B: 30 MW are curtailed by the line alone."""
    rows = dict(line=[line("A", "B", 30.0, name="A - B", name_zh="甲乙线")], renewable=[wind("A", 60)], unit=[unit("B", 90, 100)])
    d, causes = explain(power_case(bus=TWO, load=[load("B", mean=50.0)], **rows))
    table = curtailment.by_plant(d, causes)
    assert table.to_dict("records") == [
        dict(
            renewable="wA", bus="A", technology="wind", cause="branch:AB", cause_name="A - B", cause_zh="甲乙线", kind="network",
            curtailed_mwh=pytest.approx(30),
        )
    ]  # fmt: skip


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_U1_wind_behind_a_section_of_either_direction(sign):
    """The same with a section; seen from the other side its backward limit binds."""
    limit = dict(forward_mw=30.0) if sign > 0 else dict(backward_mw=30.0)
    section = dict(
        interface=[dict(interface="W")],
        interface_limit=[dict(interface="W", **limit)],
        interface_member=[dict(interface="W", kind="line", element="AB", coefficient=sign)],
    )
    rows = dict(line=[line("A", "B")], renewable=[wind("A", 60)], unit=[unit("B", 90, 100)], load=[load("B", mean=50.0)])
    assert split(power_case(bus=TWO, **rows, **section)) == {("wA", "interface:W"): pytest.approx(30)}


@pytest.mark.parametrize(
    ("own", "why"),
    [
        (dict(must_run="always"), "other"),
        (dict(must_run="always", self_owned=True), "self_owned"),
        (dict(must_run="heating", heating_season="s"), "heating"),
        (dict(must_run="heating", heating_season="s", self_owned=True), "self_owned"),
    ],
)
def test_Q1_must_run_output(own, why):
    """Load 50, 20 MW must run (at 30, where energy is worth 0), wind 60: 30 MW too much."""
    rows = dict(
        bus=buses("A"), season=[dict(season="s", start_day="11-01", end_day="03-31")], renewable=[wind("A", 60)],
        unit=[unit("A", 30, 40, must_run_fraction=0.5, **own), unit("A", 90, 100)], load=[load("A", mean=50.0)],
    )  # fmt: skip
    assert split(power_case(**rows)) == {("wA", f"min_output:{why}"): pytest.approx(30)}


def test_Q1_must_run_without_any_unit_that_may_stop():
    """The only unit must run at 20 MW: what the wind could save is its own energy."""
    rows = dict(bus=buses("A"), renewable=[wind("A", 60)], unit=[unit("A", 30, 40, must_run="always", must_run_fraction=0.5)])
    assert split(power_case(**rows, load=[load("A", mean=50.0)])) == {("wA", "min_output:other"): pytest.approx(30)}


def test_U4_surplus():
    """Wind 60 on a load of 50, nothing else runs; nobody wants 10 MW."""
    rows = dict(bus=buses("A"), renewable=[wind("A", 60)], unit=[unit("A", 90, 100)], load=[load("A", mean=50.0)])
    assert split(power_case(**rows)) == {("wA", "surplus"): pytest.approx(10)}


def test_U4_wind_dearer_than_coal_is_left_alone():
    """Wind for 100 against coal for 90: no part is positive."""
    rows = dict(bus=buses("A"), renewable=[wind("A", 60, cost_cny_per_mwh=100.0)], unit=[unit("A", 90, 100)])
    assert split(power_case(**rows, load=[load("A", mean=50.0)])) == {("wA", "surplus"): pytest.approx(60)}


def test_Q2_link_at_its_limit():
    """Wind 100: load 50 and a link of 20 MW to a market that pays 100: 30 MW are left."""
    rows = dict(bus=[*buses("A"), *SINK], renewable=[wind("A", 100)], unit=[unit("A", 90, 100)], load=[load("A", mean=50.0)])
    assert split(power_case(**rows, **link(20))) == {("wA", "dc_limit:L"): pytest.approx(30)}


def test_Q10_schedule_in_steps():
    """Wind 95, load 50, a market that pays 50 behind a link in steps of 20 MW: 40 are sent, 5 left over (20 more would need 15 at 90)."""
    rows = dict(bus=[*buses("A"), *SINK], renewable=[wind("A", 95)], unit=[unit("A", 90, 100)], load=[load("A", mean=50.0)])
    made = power_case(**rows, **(link(60) | dict(series={"p": [50.0]})), dc_schedule=[dict(dc_link="L", step_mw=20.0)])
    assert split(replace(made, commitment="exact")) == {("wA", "dc_schedule:L"): pytest.approx(5)}
    assert split(made) == {}


def test_Q10_power_that_is_held():
    """Wind 70 then 95 on a load of 50; power of the link must stay, sold at 30: 20 MW in both, 25 left over then."""
    plant = wind("A", 100, profile="w")
    rows = dict(bus=[*buses("A"), *SINK], renewable=[plant], unit=[unit("A", 90, 100)], load=[load("A", mean=50.0)])
    prices = link(60) | dict(series={"p": [30.0, 30.0], "w": [0.7, 0.95]})
    made = power_case(2, **rows, **prices, dc_schedule=[dict(dc_link="L", changes_per_day=0)])
    assert split(replace(made, commitment="exact")) == {("wA", "dc_schedule:L"): pytest.approx(25)}


def test_Q2_a_link_below_its_limit_is_no_cause():
    """Quadratic loss 50 p^2/100 %: secants 0.0625, 0.1875 .. of 100 MW; all 60 MW of wind left over fit into the 100 MW link."""
    rows = dict(bus=[*buses("A"), *SINK], renewable=[wind("A", 160)], unit=[unit("A", 90, 100)], load=[load("A", mean=50.0)])
    more = link(100)
    more["dc_link"][0]["loss_quadratic_fraction"] = 0.7
    d, causes = explain(power_case(**rows, **more))
    # slopes 0.175, 0.525, 0.875, 1.225: a fourth segment would lose more than it carries
    assert d.quantities["dc_sent"].values == pytest.approx(75)
    assert curtailment.totals(d, causes) == {"surplus": pytest.approx(35)}


def test_Q3_contract_energy_used_up():
    """A contract of 24 x 20 MWh a day, of which one hour is studied, on a link of 200 MW: 20 MW are sent, 30 left."""
    rows = dict(bus=[*buses("A"), *SINK], renewable=[wind("A", 100)], unit=[unit("A", 90, 100)], load=[load("A", mean=50.0)])
    contract = dict(contract="c", dc_link="L", start_date="2025-01-01", end_date="2025-01-01", energy_max_mwh=480.0)
    assert split(power_case(**rows, **link(200), dc_contract=[contract])) == {("wA", "dc_contract:L"): pytest.approx(30)}


def test_Q4_least_renewable_share_of_a_link():
    """10 MW of the bundle allow 20 MW at a share of one half; 90 of 100 MW of other wind stay behind."""
    rows = dict(bus=[*buses("A"), *SINK], renewable=[wind("A", 100), wind("A", 10, "green")], unit=[unit("A", 90, 100)])
    contract = dict(contract="c", dc_link="L", start_date="2025-01-01", end_date="2025-01-01", renewable_share_min=0.5)
    more = dict(dc_contract=[contract], dc_bundle=[dict(plant="green", dc_link="L")])
    assert split(power_case(**rows, **link(200), **more)) == {("wA", "dc_share:L"): pytest.approx(90)}


def test_Q5_tie_at_its_limit():
    """The neighbour takes 10 MW more than agreed at 50 less a tariff of 10."""
    rows = dict(bus=[*buses("A"), *buses("X", role="external", zone="north")], line=[line("A", "X")], renewable=[wind("A", 100)])
    tie = dict(exchange="T", bus="X", export_flexible_mw=10.0, price_profile="p", tariff_cny_per_mwh=10.0)
    more = dict(unit=[unit("A", 90, 100)], load=[load("A", mean=50.0)], exchange=[tie], series={"p": [50.0]})
    assert split(power_case(**rows, **more)) == {("wA", "tie_schedule:north"): pytest.approx(40)}


def test_Q5_market_at_the_far_end():
    """The link could carry 50 MW; the market takes 20."""
    rows = dict(bus=[*buses("A"), *SINK], renewable=[wind("A", 100)], unit=[unit("A", 90, 100)], load=[load("A", mean=50.0)])
    more = link(50)
    more["exchange"][0]["export_flexible_mw"] = 20.0
    assert split(power_case(**rows, **more)) == {("wA", "tie_schedule:S"): pytest.approx(30)}


@pytest.mark.parametrize(("power", "energy"), [(5.0, 100.0), (100.0, 10.0)])
def test_Q6_storage_at_its_limits(power, energy):
    """Load 50; wind 100 in two hours, then none, coal for 90: the store takes 10 MWh in all, by power or by energy.

    All 90 MWh that are left are due to the store, in the hour in which it fills and in the other alike.
    """
    rows = dict(bus=buses("A"), renewable=[wind("A", 100, profile="w")], unit=[unit("A", 90, 100)], load=[load("A", mean=50.0)])
    store = dict(storage="b", bus="A", power_max_mw=power, energy_max_mwh=energy)
    assert split(power_case(5, series={"w": [1, 1, 0, 0, 0]}, **rows, storage=[store])) == {("wA", "storage"): pytest.approx(90)}
    plant = dict(pumped="p", bus="A", units=2, power_max_mw=power / 2, pump_mw=power / 2, upper_max_mwh=energy)
    assert split(power_case(5, series={"w": [1, 1, 0, 0, 0]}, **rows, pumped=[plant])) == {("wA", "storage"): pytest.approx(90)}


def test_Q7_a_unit_that_cannot_fall():
    """0.005/min of 100 MW are 30 MW in an hour: from 100 MW to 70; 70 of 100 MW of wind are curtailed."""
    slow = dict(unit_type="slow", min_load_fraction=0.0, fuel_rate_full_tce_per_mwh=1.0, ramp_fraction_per_min=0.005)
    rows = dict(bus=buses("A"), unit_type=[slow], unit=[unit("A", 90, 100, unit_type="slow")], load=[load("A", mean=100.0)])
    assert split(power_case(2, series={"w": [0, 1]}, **rows, renewable=[wind("A", 100, profile="w")])) == {
        ("wA", "ramp"): pytest.approx(70)
    }


def test_Q7_a_unit_that_must_be_up_in_time():
    """The other way round: 100 MW are needed in the second hour, so 70 MW run in the first."""
    slow = dict(unit_type="slow", min_load_fraction=0.0, fuel_rate_full_tce_per_mwh=1.0, ramp_fraction_per_min=0.005)
    rows = dict(bus=buses("A"), unit_type=[slow], unit=[unit("A", 90, 100, unit_type="slow")], load=[load("A", mean=100.0)])
    assert split(power_case(2, series={"w": [1, 0]}, **rows, renewable=[wind("A", 100, profile="w")])) == {
        ("wA", "ramp"): pytest.approx(70)
    }


def test_Q8_water_that_must_go():
    """20 m3/s must pass a plant of 1 MW per m3/s: 20 MW of a load of 50; 30 of 60 MW of wind (for 5) are left.

    Water kept for the second hour would save coal for 90.
    """
    rows = dict(
        bus=buses("A"), season=[dict(season="s", start_day="11-01", end_day="03-31")],
        renewable=[wind("A", 60, profile="w", cost_cny_per_mwh=5.0)], unit=[unit("A", 90, 100)], load=[load("A", mean=50.0)],
        release_band=[dict(reservoir="r", season="s", release_min_m3s=20.0)],
        reservoir=[dict(reservoir="r", bus="A", power_max_mw=40.0, power_mw_per_m3s=1.0, volume_max_hm3=1.0,
                        volume_start_hm3=0.16)],
    )  # fmt: skip
    found = split(power_case(2, series={"w": [1, 0]}, **rows))
    assert found == {("wA", "hydro_min_release"): pytest.approx(30)}


# Several causes


def test_U1_two_lines_in_a_row():
    """A - B - C with limits of 30 and 50 MW; wind at A for nothing, at B for 20, coal at the load C for 90.

    30 of 60 MW leave A, 20 of 40 MW of B follow. Prices 0, 20, 90: the first line takes 20 off, the second 70.
    A: 30 x 20/90 = 6.667 by AB, 23.333 by BC. B: 20 by BC.
    """
    rows = dict(
        bus=buses("A", "B", "C"), line=[line("A", "B", 30.0), line("B", "C", 50.0)], unit=[unit("C", 90, 200)],
        renewable=[wind("A", 60), wind("B", 40, cost_cny_per_mwh=20.0)], load=[load("C", mean=100.0)],
    )  # fmt: skip
    assert split(power_case(**rows)) == {
        ("wA", "branch:AB"): pytest.approx(30 * 20 / 90),
        ("wA", "branch:BC"): pytest.approx(30 * 70 / 90),
        ("wB", "branch:BC"): pytest.approx(20),
    }


MIXED = dict(
    bus=[*TWO, *SINK], line=[line("A", "B", 30.0)], renewable=[wind("A", 60), wind("B", 40, cost_cny_per_mwh=10.0)],
    unit=[unit("B", 30, 40, must_run="always", must_run_fraction=0.5), unit("B", 90, 100)], load=[load("B", mean=60.0)],
)  # fmt: skip


@pytest.mark.parametrize("minutes", [60, 15])
def test_line_and_must_run_output(minutes):
    """Load 60 at B: 20 must run, 30 come from A, 10 of 40 from B's wind for 10. Prices 0 and 10; coal that may stop costs 90.

    A: 30 MW by the line (10) and the system (90 - 10 = 80). B: 30 MW by the system, that is, by must-run output.
    """
    assert split(power_case(minutes=minutes, **MIXED)) == {
        ("wA", "branch:AB"): pytest.approx(30 * 10 / 90),
        ("wA", "min_output:other"): pytest.approx(30 * 80 / 90),
        ("wB", "min_output:other"): pytest.approx(30),
    }


def test_U3_rents_share_the_system_part():
    """20 MW must run at 30, a link of 10 MW sends to a market that pays 100: rents 20 x 30 = 600 and 10 x 100 = 1000."""
    rows = dict(bus=[*buses("A"), *SINK], renewable=[wind("A", 100)], load=[load("A", mean=50.0)])
    rows["unit"] = [unit("A", 30, 40, must_run="always", must_run_fraction=0.5), unit("A", 90, 100)]
    assert split(power_case(**rows, **link(10))) == {
        ("wA", "min_output:other"): pytest.approx(60 * 600 / 1600),
        ("wA", "dc_limit:L"): pytest.approx(60 * 1000 / 1600),
    }


def test_U3_rents_of_other_areas_do_not_count():
    """Island B has must-run output of 20 MW on a load of 30; A has too much wind and nothing else."""
    rows = dict(
        bus=TWO, renewable=[wind("A", 60), wind("B", 40)], load=[load("A", mean=50.0), load("B", mean=30.0)],
        unit=[unit("A", 90, 100), unit("B", 30, 40, must_run="always", must_run_fraction=0.5)],
    )  # fmt: skip
    assert split(power_case(**rows)) == {("wA", "surplus"): pytest.approx(10), ("wB", "min_output:other"): pytest.approx(30)}


def test_V_includes_carbon():
    """Coal that may stop costs 20 + 1 t x (40 - 0): V = 60, energy 0, so the system part is 60 and the line's 0."""
    rows = dict(
        bus=buses("A"), fuel=[dict(fuel="black", price_cny_per_tce=20.0, co2_t_per_tce=1.0)], renewable=[wind("A", 60)],
        unit=[dict(unit="k", bus="A", unit_type="u", fuel="black", power_max_mw=100.0)], load=[load("A", mean=50.0)],
        year=[dict(year=2025, carbon_price_cny_per_t=40.0)],
    )  # fmt: skip
    assert curtailment.reference(solve(power_case(**rows))) == pytest.approx(60)


# Adding up


def assert_adds_up(d):
    causes = curtailment.causes(d, price(d))
    curtailed = d.quantities["renewable_curtailed"].values
    arrays = curtailment.as_arrays(d, causes)
    assert len(arrays) == len(causes.names) == len(set(causes.names))
    assert (causes.share.data > 0).all() and (causes.share.data <= 1 + 1e-12).all()
    total = sum(arrays.values(), np.zeros(curtailed.shape))
    assert np.abs(total - curtailed).max(initial=0.0) <= 1e-6
    table = curtailment.by_plant(d, causes)
    energy = curtailed @ d.case.time.hours
    by_plant = table.groupby("renewable")["curtailed_mwh"].sum().reindex(d.case.table("renewable").index, fill_value=0.0)
    assert by_plant.to_numpy() == pytest.approx(energy, abs=1e-6)
    assert sum(curtailment.totals(d, causes).values()) == pytest.approx(energy.sum(), abs=1e-6)
    hourly = curtailment.hourly(d, causes)
    assert (hourly["mw"] > 1e-6).all()
    assert hourly["mw"].sum() == pytest.approx(curtailed.sum(), abs=1e-6 * (1 + curtailed.size * len(causes.names)))
    return causes


@pytest.mark.parametrize("minutes", [60, 15])
def test_adds_up_with_every_block_at_work(minutes):
    d = dispatch(build(minutes))
    causes = assert_adds_up(d)
    verdict = certify(**evidence(d), causes=curtailment.as_arrays(d, causes))
    assert verdict.passed and "curtailment.causes" in [c.name for c in verdict.checks]
    assert {"interface:west", "surplus"} & set(causes.names)


def test_the_certificate_finds_a_lost_cause():
    d = dispatch(build())
    arrays = dict(curtailment.as_arrays(d, curtailment.causes(d, price(d))))
    arrays.popitem()
    assert [c.name for c in certify(**evidence(d), causes=arrays).failed] == ["curtailment.causes"]


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.integers(0, 10**6))
def test_adds_up_on_any_grid(seed):
    assert_adds_up(dispatch(meshed(seed)))


@pytest.mark.parametrize("name", sorted(BLOCK_CASES))
def test_adds_up_on_every_block(name):
    assert_adds_up(dispatch(BLOCK_CASES[name].build()))


def test_shorter_steps_change_nothing():
    """Data constant over hours: the same energy by plant and cause in 60 and in 15 minutes."""
    hour, quarter = (split(power_case(minutes=m, **MIXED)) for m in (60, 15))
    assert hour == pytest.approx(quarter)


def test_time_and_names_of_the_hourly_table():
    d, causes = explain(power_case(2, minutes=30, series={"w": [1, 0]}, bus=buses("A"), load=[load("A", mean=50.0)],
                                   unit=[unit("A", 90, 100)], renewable=[wind("A", 60, profile="w")]))  # fmt: skip
    table = curtailment.hourly(d, causes)
    assert list(table.columns) == ["renewable", "time", "cause", "mw"]
    assert table["time"].tolist() == [np.datetime64("2025-01-01T00:00"), np.datetime64("2025-01-01T00:30")]
    assert table["mw"].tolist() == pytest.approx([10, 10])
    assert table[["renewable", "cause"]].astype(str).drop_duplicates().to_numpy().tolist() == [["wA", "surplus"]]


# Nothing to explain


@pytest.mark.parametrize("plants", [[], [wind("A", 10)]])
def test_nothing_curtailed(plants):
    d, causes = explain(power_case(bus=buses("A"), unit=[unit("A", 90, 100)], load=[load("A", mean=50.0)], renewable=plants))
    assert causes.names == [] and causes.share.shape == (0, 0)
    table, hourly = curtailment.by_plant(d, causes), curtailment.hourly(d, causes)
    assert list(table.columns) == ["renewable", "bus", "technology", "cause", "cause_name", "cause_zh", "kind", "curtailed_mwh"]
    assert list(hourly.columns) == ["renewable", "time", "cause", "mw"]
    assert len(table) == len(hourly) == 0
    assert dict(curtailment.as_arrays(d, causes)) == curtailment.totals(d, causes) == {}


def test_only_wind_and_load():
    """No thermal unit, section, link or store at all."""
    assert split(power_case(bus=buses("A"), renewable=[wind("A", 60)], load=[load("A", mean=50.0)])) == {
        ("wA", "surplus"): pytest.approx(10)
    }


# Reserves


def test_U5_wind_that_holds_reserve_itself():
    """Wind 50 MW beside a unit at 10, load 60. 20 MW of upward reserve at 100 per MW missing, from wind alone: it gives 30."""
    found = split(
        power_case(
            bus=buses("A"), renewable=[wind("A", 50)], unit=[unit("A", 10, 100)], load=[load("A", mean=60.0)],
            reserve=[dict(reserve="up", product="spinning_up", requirement_mw=20.0)],
            reserve_shortage=[dict(reserve="up", cost_cny_per_mwh=100.0)], reserve_offer=[dict(reserve="up", kind="renewable")],
        )
    )  # fmt: skip
    assert found == {("wA", "reserve_held"): pytest.approx(20)}


def test_Q9_a_unit_that_runs_to_hold_downward_reserve():
    """Wind 60 MW covers the load of 60. 20 MW of downward reserve from a unit at 10, which must give 20 to hold it: 20 curtailed."""
    found = split(
        power_case(
            bus=buses("A"), renewable=[wind("A", 60)], unit=[unit("A", 10, 100)], load=[load("A", mean=60.0)],
            reserve=[dict(reserve="down", product="spinning_down", requirement_mw=20.0)],
            reserve_shortage=[dict(reserve="down", cost_cny_per_mwh=100.0)], reserve_offer=[dict(reserve="down", kind="unit")],
        )
    )  # fmt: skip
    assert found == {("wA", "reserve:down"): pytest.approx(20)}
