"""Balance and branch limits on networks whose flows can be worked out by hand."""

import pytest

from gridopt.dispatch.lmp import price
from tests.support.block_cases import buses, line, load, power_case, unit
from tests.support.optimum import solve


def test_N1_every_island_balances_by_itself():
    """A with 10 CNY/MWh feeds 20 MW, B with 50 feeds 30 MW, no line: 20*10 + 30*50 = 1700; prices 10 and 50."""
    d = solve(
        power_case(
            bus=buses("A", "B"), unit=[unit("A", 10, 90), unit("B", 50, 90)], load=[load("A", mean=20.0), load("B", mean=30.0)]
        )
    )
    assert d.solution.objective == pytest.approx(1700)
    assert price(d).price[:, 0] == pytest.approx([10, 50])
    assert price(d).congestion == pytest.approx(0)


def test_N2_loop_with_one_limited_side():
    """Loop A-B-C of equal sides, cheap A (10), dear B (50), 60 MW at B, AB limited to 20.

    From A to B two thirds take AB: A sends 30, B makes 30: 30*10 + 30*50 = 1800. One MW less in AB frees 1.5 MW of A against B:
    dual -40/(2/3) = -60. Load at C sends 1/3 the other way round AB, so half comes from A, half from B: price 30.
    Flows A-B 20, A-C 10, B-C -10.
    """
    d = solve(
        power_case(
            bus=buses("A", "B", "C"),
            line=[line("A", "B", 20.0), line("A", "C"), line("B", "C")],
            unit=[unit("A", 10, 90), unit("B", 50, 90)],
            load=[load("B", mean=60.0)],
        )
    )
    assert d.solution.objective == pytest.approx(1800)
    assert price(d).price[:, 0] == pytest.approx([10, 50, 30])
    assert d.flow[:, 0] == pytest.approx([20, 10, -10])
    assert d.values.dual("network.limit") == pytest.approx(-60)


def test_N2_limit_against_the_direction_of_the_branch():
    """Same two buses, the line drawn from the dear end: flow -20, dual +40."""
    d = solve(
        power_case(
            bus=buses("A", "B"),
            line=[line("B", "A", 20.0)],
            unit=[unit("A", 10, 90), unit("B", 50, 90)],
            load=[load("B", mean=60.0)],
        )
    )
    assert d.flow[0, 0] == pytest.approx(-20)
    assert d.values.dual("network.limit") == pytest.approx(40)


def test_N2_circuits_multiply_rating_and_susceptance():
    """Two circuits of 10 MW beside one line of the same length without limit: 2/3 of the flow may be 20, so A sends 30 of 50 MW.

    30*10 + 20*50 = 1300.
    """
    d = solve(
        power_case(
            bus=buses("A", "B"),
            line=[line("A", "B", 10.0, circuits=2), line("A", "B") | dict(line="free")],
            unit=[unit("A", 10, 90), unit("B", 50, 90)],
            load=[load("B", mean=50.0)],
        )
    )
    assert d.solution.objective == pytest.approx(1300)
    assert d.flow[:, 0] == pytest.approx([20, 10])


def test_N2_longer_line_takes_less():
    """10 km limited to 30 MW beside 20 km: shares 2/3 and 1/3, together 45 of 50 MW: 45*10 + 5*50 = 700."""
    d = solve(
        power_case(
            bus=buses("A", "B"),
            line=[line("A", "B", 30.0), line("A", "B", km=20.0) | dict(line="long")],
            unit=[unit("A", 10, 90), unit("B", 50, 90)],
            load=[load("B", mean=50.0)],
        )
    )
    assert d.solution.objective == pytest.approx(700)
    assert d.flow[:, 0] == pytest.approx([30, 15])


def test_N2_transformer_groups_share_by_rated_power_over_reactance():
    """One of 100 MVA at 0.1 beside two at 0.2: 1000 and 1000 MW/rad, halves; a group limit of 12 MW holds both to 24 of 30.

    24*10 + 6*50 = 540.
    """
    pair = [
        dict(transformer="one", from_bus="A", to_bus="B", rated_mva=100.0, reactance_fraction=0.1),
        dict(transformer="two", from_bus="A", to_bus="B", units=2, rated_mva=100.0, reactance_fraction=0.2, rating_mw=12.0),
    ]
    d = solve(
        power_case(
            bus=buses("A", "B"), transformer=pair, unit=[unit("A", 10, 90), unit("B", 50, 90)], load=[load("B", mean=30.0)]
        )
    )
    assert d.solution.objective == pytest.approx(540)
    assert d.flow[:, 0] == pytest.approx([12, 12])


def test_N1_line_out_of_service_until_midnight():
    """B has no plant before the line comes: 5 MW shed at 10,000 in the first hour, 5*10 in the second."""
    d = solve(
        power_case(
            2,
            start="2024-12-31T23:00",
            bus=buses("A", "B"),
            line=[line("A", "B", in_service="2025-01-01")],
            unit=[unit("A", 10, 90)],
            load=[load("B", mean=5.0)],
        )
    )
    assert d.solution.objective == pytest.approx(50000 + 50)
    assert price(d).price[1] == pytest.approx([10000, 10])


def test_N2_branches_of_a_bus_that_is_not_there_yet():
    """C joins the loop at midnight; before, all of A's power takes AB (limit 20), after, two thirds: A sends 20, then 30."""
    bus = [*buses("A", "B"), *buses("C", in_service="2025-01-01")]
    d = solve(
        power_case(
            2,
            start="2024-12-31T23:00",
            bus=bus,
            line=[line("A", "B", 20.0), line("A", "C"), line("B", "C")],
            unit=[unit("A", 10, 90), unit("B", 50, 90)],
            load=[load("B", mean=60.0)],
        )
    )
    assert d.quantities["unit_output"].values[0] == pytest.approx([20, 30])
    assert d.flow[0] == pytest.approx([20, 20])
