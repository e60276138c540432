"""Sections: sums of flows with limits by date, with AC and DC members."""

from dataclasses import replace

import numpy as np
import pytest

from gridopt.analysis.congestion import congestion
from gridopt.analysis.curtailment import by_plant, causes
from gridopt.blocks import interface
from gridopt.dispatch.certificate import certify
from gridopt.dispatch.lmp import price
from gridopt.dispatch.single import dispatch
from gridopt.dispatch.whole import Search
from tests.support.block_cases import buses, line, load, power_case, unit
from tests.support.certify import certificate, evidence
from tests.support.optimum import solve

PAIR = dict(bus=buses("A", "B"), unit=[unit("A", 10, 90), unit("B", 50, 90)], load=[load("B", mean=60.0)])


def section(*members, **limit):
    return dict(
        interface=[dict(interface="S")],
        interface_limit=[dict(interface="S", **limit)],
        interface_member=[dict(interface="S", kind=k, element=e, coefficient=c) for k, e, c in members],
    )


def test_I1_forward_limit_on_two_lines():
    """AB and its twin carry 40 MW at most: 40*10 + 20*50 = 1400; prices 10 and 50; dual -40."""
    d = solve(
        power_case(
            **PAIR,
            line=[line("A", "B"), line("A", "B") | dict(line="twin")],
            **section(("line", "AB", 1.0), ("line", "twin", 1.0), forward_mw=40.0),
        )
    )
    assert d.solution.objective == pytest.approx(1400)
    assert price(d).price[:, 0] == pytest.approx([10, 50])
    assert d.values.dual("interface.limit") == pytest.approx(-40)


def test_I1_backward_limit_of_a_member_counted_against_its_direction():
    """-f >= -25: A sends 25: 25*10 + 35*50 = 2000; dual +40."""
    d = solve(power_case(**PAIR, line=[line("A", "B")], **section(("line", "AB", -1.0), backward_mw=25.0)))
    assert d.solution.objective == pytest.approx(2000)
    assert d.values.dual("interface.limit") == pytest.approx(40)


def test_I1_half_of_a_dc_link_counts():
    """AC + DC/2 <= 30 with a lossless DC link of 10 MW: the DC is used in full, AC 25: 35*10 + 25*50 = 1600."""
    d = solve(
        power_case(
            **PAIR,
            line=[line("A", "B")],
            dc_link=[dict(dc_link="L", from_bus="A", to_bus="B", power_max_mw=10.0)],
            **section(("line", "AB", 1.0), ("dc_link", "L", 0.5), forward_mw=30.0),
        )
    )
    assert d.solution.objective == pytest.approx(1600)
    assert d.quantities["dc_sent"].values == pytest.approx(10)
    assert d.flow[0, 0] == pytest.approx(25)


def test_I1_dc_least_power_and_a_dc_alone():
    """A section of a DC link alone, 4 MW at most, of which 3 are its least power: 4*10 + 56*50 = 2840."""
    d = solve(
        power_case(
            **PAIR,
            dc_link=[dict(dc_link="L", from_bus="A", to_bus="B", power_max_mw=10.0, power_min_mw=3.0)],
            **section(("dc_link", "L", 1.0), forward_mw=4.0),
        )
    )
    assert d.solution.objective == pytest.approx(2840)


def test_I1_limits_follow_each_other_by_date():
    """40 MW before midnight, none for a day, 30 from 2 January."""
    case = power_case(
        49,
        start="2024-12-31T23:00",
        **PAIR,
        line=[line("A", "B")],
        interface=[dict(interface="S")],
        interface_limit=[
            dict(interface="S", forward_mw=40.0, retirement="2025-01-01"),
            dict(interface="S", forward_mw=30.0, backward_mw=20.0, in_service="2025-01-02"),
        ],
        interface_member=[dict(interface="S", kind="line", element="AB")],
    )
    lower, upper = interface.limits(case)
    assert upper[0, [0, 1, 24, 25, 48]].tolist() == [40, np.inf, np.inf, 30, 30]
    assert lower[0, [0, 1, 24, 25]].tolist() == [-np.inf, -np.inf, -np.inf, -20]
    assert solve(case).flow[0, [0, 1, 25]] == pytest.approx([40, 60, 30])


def test_I1_member_out_of_service_counts_nothing():
    """The twin retires at midnight; AB then carries the section's 40 alone: A sends 40 in both hours."""
    lines = [line("A", "B"), line("A", "B", retirement="2025-01-01") | dict(line="twin")]
    d = solve(
        power_case(
            2,
            start="2024-12-31T23:00",
            **PAIR,
            line=lines,
            **section(("line", "AB", 1.0), ("line", "twin", 1.0), forward_mw=40.0),
        )
    )
    assert d.flow[0] == pytest.approx([20, 40])
    assert d.quantities["unit_output"].values[0] == pytest.approx([40, 40])


def test_I1_step_cut_in_half_by_dates_keeps_the_tightest_limit():
    """Two hours around midnight in one step: 40 MW before, 30 after, so 30 for the whole step: 2 h x (30*10 + 30*50) = 3600."""
    case = power_case(
        2,
        120,
        start="2024-12-31T23:00",
        **PAIR,
        line=[line("A", "B")],
        interface=[dict(interface="S")],
        interface_limit=[
            dict(interface="S", forward_mw=40.0, retirement="2025-01-01"),
            dict(interface="S", forward_mw=30.0, in_service="2025-01-01"),
        ],
        interface_member=[dict(interface="S", kind="line", element="AB")],
    )
    d = solve(case)
    assert d.flow[0] == pytest.approx(30)
    assert d.solution.objective == pytest.approx(3600)
    assert certificate(d).passed


@pytest.mark.parametrize(("dates", "flow"), [({"retirement": "2025-01-01"}, 40), ({"in_service": "2025-01-02"}, 60)])
def test_I1_a_limit_holds_a_step_that_it_touches(dates, flow):
    """Three hours from 23:00: a limit that ends at midnight holds for the step though only for a third of it."""
    limit = section(("line", "AB", 1.0), forward_mw=40.0, **dates)
    d = solve(power_case(3, 180, start="2024-12-31T23:00", **PAIR, line=[line("A", "B")], **limit))
    assert d.flow[0] == pytest.approx(flow)
    assert certificate(d).passed


def test_I1_interface_in_service_for_half_a_step_is_limited():
    limit = section(("line", "AB", 1.0), forward_mw=40.0)
    case = power_case(2, 120, start="2024-12-31T23:00", **PAIR, line=[line("A", "B")], **limit)
    case.tables["interface"]["in_service"] = np.datetime64("2025-01-01", "s")
    d = solve(case)
    assert d.flow[0] == pytest.approx(40)
    assert certificate(d).passed


def test_I1_limits_follow_a_series():
    """40 MW, half of it in the second hour."""
    limit = section(("line", "AB", 1.0), forward_mw=40.0, backward_mw=10.0, limit_profile="s")
    case = power_case(2, series={"s": [1.0, 0.5]}, **PAIR, line=[line("A", "B")], **limit)
    assert interface.limits(case)[0].tolist() == [[-10, -5]]
    d = solve(case)
    assert d.flow[0] == pytest.approx([40, 20])
    assert certificate(d).passed


def supported(demand, no_load=0.0, minutes=60, commitment="exact", side="forward", count=1, hours=1, **rows):
    """A sends at 10, what is missing at B costs 90; a section of 30 MW from A to B, 3 MW more for each of four machines of 1 MW on line at B,
    which cost 100 and `no_load` an hour. One of them saves 3 x 80 - 10 - no_load."""
    names = [f"g{k}" for k in range(4 // count)]
    machine = dict(bus="B", power_min_mw=1.0, power_max_mw=1.0, cost_cny_per_mwh=100.0, cost_cny_per_h=no_load)
    case = power_case(
        hours, minutes, bus=buses("A", "B"), line=[line("A", "B")], load=[load("B", mean=demand)],
        generator=[dict(generator=n, **machine) for n in names] + [
            dict(generator="a", bus="A", power_max_mw=200.0, cost_cny_per_mwh=10.0),
            dict(generator="last", bus="B", power_max_mw=200.0, cost_cny_per_mwh=90.0)],
        commitment=[dict(kind="generator", element=n, count=count) for n in names],
        interface_support=[dict(interface="S", limit=side, kind="generator", element=n, mw_per_unit=3.0) for n in names],
        **section(("line", "AB", 1.0 if side == "forward" else -1.0), **{f"{side}_mw": 30.0}), **rows,
    )  # fmt: skip
    d = dispatch(replace(case, commitment=commitment), search=Search(gap=0.0))
    verdict = certificate(d)
    assert verdict.passed, verdict.failed
    return d


@pytest.mark.parametrize("minutes", [60, 15])
@pytest.mark.parametrize("side", ["forward", "backward"])
@pytest.mark.parametrize("count", [1, 4])
def test_I2_I3_units_on_line_raise_a_limit(minutes, side, count):
    """60 MW: four on: A sends 42, last 14: 420 + 400 + 1260. With 300 an hour each none is worth it: 300 + 30*90. 36 MW: two on, A 34."""
    d = supported(60.0, 0.0, minutes, side=side, count=count)
    assert d.solution.objective == pytest.approx(2080)
    assert d.flow[0] == pytest.approx(42)
    assert price(d).price[:, 0] == pytest.approx([10, 90])
    assert d.interface_shadow_price[0] == pytest.approx(80)
    assert d.interface_limits[side == "forward"][0] == pytest.approx(42 if side == "forward" else -42)
    rent = congestion(d).set_index("constraint").loc["S"]
    assert (rent["rent_cny"], rent["max_loading"]) == (pytest.approx(80 * 42), pytest.approx(1))
    idle = supported(60.0, 300.0, minutes, side=side, count=count)
    assert idle.solution.objective == pytest.approx(3000)
    assert idle.flow[0] == pytest.approx(30)
    two = supported(36.0, 0.0, minutes, side=side, count=count)
    assert two.quantities["generator_on"].values[: 4 // count].sum(axis=0) == pytest.approx(2)
    assert two.solution.objective == pytest.approx(340 + 200)


def test_I2_without_decisions_what_is_in_service_is_on_line():
    """Four machines, three in the second hour: 2080 as above, and A 39, last 18: 390 + 300 + 1620. Relaxed as exact: 2 x 2080."""
    out = [dict(kind="generator", element="g1", start_time="2025-01-01 01:00", end_time="2025-01-01 02:00")]
    d = supported(60.0, commitment="off", hours=2, outage=out)
    assert d.flow[0] == pytest.approx([42, 39])
    assert d.solution.objective == pytest.approx(2080 + 2310)
    assert supported(60.0, commitment="relaxed", hours=2).solution.objective == pytest.approx(2 * 2080)


def test_I2_both_sides_and_a_side_without_support():
    """Units raise the forward limit alone: the backward one of 5 MW holds 20 MW at A to what is made there but for 5."""
    limit = section(("line", "AB", 1.0), forward_mw=40.0, backward_mw=5.0)
    support = [dict(interface="S", kind="unit", element="A50", mw_per_unit=100.0)]
    rows = dict(bus=buses("A", "B"), line=[line("A", "B")], unit=[unit("A", 50, 90), unit("B", 10, 90)], interface_support=support)
    d = solve(power_case(load=[load("A", mean=20.0), load("B", mean=10.0)], **rows, **limit))
    assert d.flow[0] == pytest.approx(-5)
    assert d.interface_dual[0] == pytest.approx(40)
    assert interface.raised(d.case, {"unit": np.ones((2, 1)), "generator": np.zeros((0, 1))})[1].tolist() == [[140]]
    assert certificate(d).passed


def test_I2_the_certificate_counts_units_on_line_itself():
    """With 2 MW by each unit 42 MW are 4 too many."""
    given = evidence(supported(60.0))
    support = given["case"].table("interface_support").assign(mw_per_unit=2.0)
    given["case"] = replace(given["case"], tables=given["case"].tables | {"interface_support": support})
    assert "interface.limit" in {c.name for c in certify(**given).failed}


BASE = dict(power_max_mw=500.0, technology="wind")


@pytest.mark.parametrize("minutes", [60, 30])
def test_I1_a_base_of_plants_behind_one_substation(minutes):
    """Three plants of 500 MW, 1000 together, and one beside the base: 2000 MW, what is missing costs 90. The three lose 500 alike, by their
    base; with 5 CNY/MWh on what one of them loses the others lose it. 1200 MW: nothing of the base binds, all four lose 200."""
    plants = [dict(BASE, renewable=f"w{k}", bus="C" if k == 2 else "A") for k in range(4)]
    rows = dict(bus=buses("A", "B", "C"), line=[line("A", "B"), line("C", "B")], unit=[unit("B", 90, 2000)],
                **section(*(("renewable", f"w{k}", 1.0) for k in range(3)), forward_mw=1000.0))  # fmt: skip

    def found(demand, plants=plants):
        d = solve(power_case(1, minutes, renewable=plants, load=[load("B", mean=demand)], **rows))
        assert certificate(d).passed, certificate(d).failed
        return d, d.quantities["renewable_curtailed"].values[:, 0]

    d, lost = found(2000.0)
    assert lost == pytest.approx([500 / 3] * 3 + [0])
    assert d.solution.objective == pytest.approx(500 * 90)
    assert d.interface_shadow_price[0] == pytest.approx(90) and price(d).price[:, 0] == pytest.approx([90] * 3)
    table = by_plant(d, causes(d, price(d)))
    assert set(table["cause"]) == {"interface:S"} and table["curtailed_mwh"].sum() == pytest.approx(500)
    assert found(2000.0, [p | dict(curtailment_cost_cny_per_mwh=5.0 * (p["renewable"] == "w0")) for p in plants])[1] == pytest.approx(
        [0, 250, 250, 0]
    )
    assert found(1200.0)[1] == pytest.approx([200] * 4)
