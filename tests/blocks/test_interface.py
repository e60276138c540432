"""Sections: sums of flows with limits by date, with AC and DC members."""

import numpy as np
import pytest

from gridopt.blocks import interface
from gridopt.dispatch.lmp import price
from tests.support.block_cases import buses, line, load, power_case, unit
from tests.support.certify import certificate
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
