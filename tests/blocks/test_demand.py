"""Loads, shedding in tiers, and over-generation."""

import pytest

from gridopt.dispatch.lmp import price
from tests.support.block_cases import buses, line, load, power_case, unit
from tests.support.certify import certificate
from tests.support.optimum import solve

TIERS = [dict(tier="soft", share=0.2, cost_cny_per_mwh=500.0), dict(tier="hard", share=0.8, cost_cny_per_mwh=9000.0)]


def test_D1_cheap_tier_is_used_up_first():
    """33 MW of load, 25 MW at 10: soft tier 0.2*33 = 6.6, hard tier 1.4.

    25*10 + 6.6*500 + 1.4*9000 = 250 + 3300 + 12600 = 16150; price 9000.
    """
    d = solve(power_case(bus=buses("A"), unit=[unit("A", 10, 25)], load=[load("A", mean=33.0)], shedding_tier=TIERS))
    assert d.solution.objective == pytest.approx(16150)
    assert d.values["demand.shedding"][:, 0, 0] == pytest.approx([6.6, 1.4])
    assert d.quantities["shedding"].values == pytest.approx(8)
    assert price(d).price == pytest.approx(9000)


def test_D1_one_tier_of_10000_where_none_is_named():
    """3 of 28 MW cannot be served: 25*10 + 3*10000 = 30250."""
    d = solve(power_case(bus=buses("A"), unit=[unit("A", 10, 25)], load=[load("A", mean=28.0)]))
    assert d.solution.objective == pytest.approx(30250)


def test_D1_shedding_where_the_line_ends():
    """A has plenty, the line to B carries 20 of 22 MW: 2 MW shed at B in the soft tier (4.4 MW).

    20*10 + 2*500 = 1200; prices 10, 500.
    """
    d = solve(
        power_case(
            bus=buses("A", "B"),
            line=[line("A", "B", 20.0)],
            unit=[unit("A", 10, 90)],
            load=[load("B", mean=22.0)],
            shedding_tier=TIERS,
        )
    )
    assert d.solution.objective == pytest.approx(1200)
    assert d.quantities["shedding"].values[:, 0] == pytest.approx([0, 2])
    assert price(d).price[:, 0] == pytest.approx([10, 500])


def test_D2_must_run_output_that_nobody_takes():
    """10 MW must run at 10, load 6: 10*10 + 4*9000 = 36100; one more MWh of load saves 9000."""
    d = solve(
        power_case(
            bus=buses("A"),
            unit=[unit("A", 10, 20, must_run="always", must_run_fraction=0.5)],
            load=[load("A", mean=6.0)],
            shedding_tier=TIERS,
        )
    )
    assert d.solution.objective == pytest.approx(36100)
    assert d.quantities["surplus"].values == pytest.approx(4)
    assert price(d).price == pytest.approx(-9000)


def test_load_is_mean_times_series_times_scale_while_in_service():
    """10 MW x (1.2, 0.5) x (1.0 in 2024, 1.1 in 2025) and 2 MW x 1.1 from new year: 12 and 10*0.5*1.1 + 2.2 = 7.7."""
    d = solve(
        power_case(
            2,
            start="2024-12-31T23:00",
            series={"p": [1.2, 0.5]},
            bus=buses("A"),
            unit=[unit("A", 10, 25)],
            load=[load("A", "p", 10.0), load("A", mean=2.0, in_service="2025-01-01") | dict(load="new")],
            year=[dict(year=2024), dict(year=2025, load_scale=1.1)],
        )
    )
    assert d.quantities["load"].values[0] == pytest.approx([12, 7.7])
    assert d.solution.objective == pytest.approx(197)


def test_columns_only_where_they_can_matter():
    """Load at B, power at A, a link from A to the sink S, nothing at C: shedding at B, surplus at A, B and S; results for all."""
    d = solve(
        power_case(
            bus=[*buses("A", "B", "C"), *buses("S", role="sink")],
            line=[line("A", "C", 20.0), line("C", "B")],
            unit=[unit("A", 10, 90)],
            load=[load("B", mean=22.0)],
            dc_link=[dict(dc_link="L", from_bus="A", to_bus="S", power_max_mw=10.0, power_min_mw=5.0)],
            shedding_tier=TIERS,
        )
    )
    families = {f.name: f for f in d.model.builder.column_families}
    assert families["demand.shedding"].over["bus"].tolist() == ["B"]
    assert families["demand.surplus"].over["bus"].tolist() == ["A", "B", "S"]
    assert d.quantities["shedding"].values[:, 0] == pytest.approx([0, 2, 0, 0])
    assert d.quantities["surplus"].values[:, 0] == pytest.approx([0, 0, 0, 5])
    assert certificate(d).passed
