"""Wind, solar and run-of-river plants: availability, curtailment, its cost, sharing at one bus."""

import pytest

from gridopt.dispatch.lmp import price
from tests.support.block_cases import buses, load, power_case, unit
from tests.support.optimum import solve


def plant(name, power, bus="A", technology="wind", **kw):
    return dict(renewable=name, bus=bus, technology=technology, power_max_mw=power, **kw)


def test_R1_plants_of_one_bus_share_pro_rata():
    """40 and 20 MW available, load 30: half of each is curtailed, price 0."""
    d = solve(
        power_case(
            bus=buses("A"), renewable=[plant("w1", 40.0), plant("w2", 20.0)], unit=[unit("A", 50, 9)], load=[load("A", mean=30.0)]
        )
    )
    assert d.quantities["renewable_curtailed"].values[:, 0] == pytest.approx([20, 10])
    assert d.quantities["renewable_output"].values[:, 0] == pytest.approx([20, 10])
    assert price(d).price == pytest.approx(0)
    assert d.solution.objective == pytest.approx(0)


def test_R1_costs_decide_who_is_curtailed():
    """free 10, one at 2 CNY/MWh 10, one whose curtailment costs 7: 10 MW each, load 18.

    The one at 2 is curtailed first (saves 2), then the free one (0), never the one at 7: curtailed 2, 10, 0: 0*2 = 0. Price 0.
    """
    plants = [
        plant("free", 10.0),
        plant("two", 10.0, cost_cny_per_mwh=2.0),
        plant("seven", 10.0, curtailment_cost_cny_per_mwh=7.0),
    ]
    d = solve(power_case(bus=buses("A"), renewable=plants, load=[load("A", mean=18.0)]))
    assert d.quantities["renewable_curtailed"].values[:, 0] == pytest.approx([2, 10, 0])
    assert d.costs["renewable.variable"] == pytest.approx(0, abs=1e-9)
    assert price(d).price == pytest.approx(0)


@pytest.mark.parametrize(
    ("mean", "cost", "lmp"), [(5.0, 5 * 7.0, -7.0), (15.0, 0.0, 0.0), (25.0, 5 * 2.0, 2.0), (32.0, 20 + 2 * 50, 50.0)]
)
def test_R1_price_is_what_the_marginal_plant_saves(mean, cost, lmp):
    """The same three plants and a unit at 50 against loads of 5, 15, 25 and 32 MW: prices -7, 0, 2 and 50."""
    plants = [
        plant("free", 10.0),
        plant("two", 10.0, cost_cny_per_mwh=2.0),
        plant("seven", 10.0, curtailment_cost_cny_per_mwh=7.0),
    ]
    d = solve(power_case(bus=buses("A"), renewable=plants, unit=[unit("A", 50, 9)], load=[load("A", mean=mean)]))
    assert d.solution.objective == pytest.approx(cost)
    assert price(d).price == pytest.approx(lmp)


def test_available_is_capacity_times_series_while_in_service():
    """40 x (0.5, 0.25), and 20 x 0.25 from midnight: 20 + 0, 10 + 5; the rest of 30 MW at 50: 10*50 + 15*50 = 1250."""
    d = solve(
        power_case(
            2,
            start="2024-12-31T23:00",
            series={"w": [0.5, 0.25]},
            bus=buses("A"),
            unit=[unit("A", 50, 90)],
            renewable=[plant("w1", 40.0, profile="w"), plant("w2", 20.0, profile="w", in_service="2025-01-01")],
            load=[load("A", mean=30.0)],
        )
    )
    assert d.quantities["renewable_available"].values.tolist() == [[20, 10], [0, 5]]
    assert d.solution.objective == pytest.approx(1250)
