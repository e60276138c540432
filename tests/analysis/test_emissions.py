"""Emissions by unit and technology, by hand, and the cost of carbon that they add up to."""

import numpy as np
import pytest

from gridopt.analysis import emissions
from gridopt.dispatch.single import dispatch
from tests.support.block_cases import BLOCK_CASES, buses, load, power_case
from tests.support.certified_case import build
from tests.support.optimum import solve

BLACK = [
    dict(fuel="black", price_cny_per_tce=20.0, co2_t_per_tce=2.0),
    dict(fuel="blue", price_cny_per_tce=50.0, co2_t_per_tce=1.0),
]
YEAR = [dict(year=2025, carbon_price_cny_per_t=5.0, carbon_benchmark_t_per_mwh=0.8)]


def black(name: str, power: float, **kw) -> dict:
    return dict(dict(unit=name, bus="A", unit_type="u", fuel="black", power_max_mw=power), **kw)


@pytest.mark.parametrize("minutes", [60, 15])
def test_W1_W2_full_and_part_load(minutes):
    """Type u burns 1 tce/MWh, 1.2 at half load. Two hours, load 110.

    k of 100 MW must run at half: 50 x 1.2 = 60 tce/h, and goes on to full: 100 tce/h = 200 t/h; 5 x (200 - 80) = 600 CNY/h.
    g gives 10 MW: 10 t/h; 5 x (10 - 8) = 10 CNY/h.
    """
    kind = dict(unit_type="u", min_load_fraction=0.0, fuel_rate_full_tce_per_mwh=1.0, fuel_rate_extra_half_tce_per_mwh=0.2)
    gas = dict(black("g", 50), fuel="blue", technology="gas")
    rows = dict(bus=buses("A"), fuel=BLACK, unit_type=[kind], year=YEAR, load=[load("A", mean=110.0)])
    coal = black("k", 100, must_run="always", must_run_fraction=0.5)
    d = solve(power_case(2, minutes, unit=[coal, gas], **rows))
    found = emissions.by_unit(d)
    assert list(found.columns) == ["unit", "energy_mwh", "co2_t", "carbon_cost_cny"]
    assert found.set_index("unit").loc["k"].tolist() == pytest.approx([200, 400, 1200])
    assert found.set_index("unit").loc["g"].tolist() == pytest.approx([20, 20, 20])
    assert emissions.by_technology(d)["technology"].tolist() == ["coal", "gas"]
    assert emissions.by_technology(d)["co2_t"].tolist() == pytest.approx([400, 20])
    low = solve(power_case(1, unit=[coal], **rows | dict(load=[load("A", mean=50.0)])))
    assert emissions.by_unit(low)["co2_t"].tolist() == pytest.approx([120])


def test_W1_equal_units_share_as_they_produce():
    """30 and 20 MW of one kind, load 25: 15 and 10 MW, 2 t/MWh."""
    rows = dict(bus=buses("A"), fuel=BLACK, unit=[black("a", 30), black("b", 20)], load=[load("A", mean=25.0)])
    assert emissions.by_unit(solve(power_case(**rows)))[["energy_mwh", "co2_t"]].to_numpy().tolist() == [
        pytest.approx([15, 30]),
        pytest.approx([10, 20]),
    ]


@pytest.mark.parametrize("case", [BLOCK_CASES["carbon"].build(), BLOCK_CASES["thermal"].build(15), BLOCK_CASES["generator"].build(), build()])
def test_W2_adds_up_to_the_cost_of_carbon_and_to_the_port(case):
    d = dispatch(case)
    found, hours = emissions.by_unit(d), case.time.hours
    assert found["carbon_cost_cny"].sum() == pytest.approx(d.costs["carbon.allowance"], abs=1e-6)
    assert found["co2_t"].sum() == pytest.approx(float(d.model.builder.port("emission").value(d.solution.x)[0] @ hours), abs=1e-6)
    output = [d.quantities[f"{t}_output"].values @ hours for t in ("unit", "generator")]
    assert found["energy_mwh"].to_numpy() == pytest.approx(np.concatenate(output))
    kinds = emissions.by_technology(d)
    assert np.isclose(kinds["carbon_cost_cny"].sum(), found["carbon_cost_cny"].sum())


def test_no_units():
    d = solve(power_case(bus=buses("A"), unit=[], load=[load("A", mean=0.0)]))
    assert emissions.by_unit(d).shape == (0, 4) and emissions.by_technology(d).shape == (0, 4)
