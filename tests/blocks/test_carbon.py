"""Emissions above a free allowance per MWh of thermal output."""

from dataclasses import replace

import pytest

from gridopt.analysis import emissions
from gridopt.analysis.budgets import budgets
from gridopt.dispatch.certificate import certify
from gridopt.dispatch.lmp import price
from gridopt.dispatch.single import dispatch
from tests.support.block_cases import UNIT_TYPE, buses, load, power_case
from tests.support.certify import certificate, evidence
from tests.support.optimum import solve

FUEL = [
    dict(fuel="black", price_cny_per_tce=20.0, co2_t_per_tce=1.0),
    dict(fuel="gas", price_cny_per_tce=30.0, co2_t_per_tce=0.4),
]
YEARS = [dict(year=2024), dict(year=2025, carbon_price_cny_per_t=40.0, carbon_benchmark_t_per_mwh=0.6)]


def plant(name, **kw):
    return dict(dict(unit=name, bus="A", unit_type="u", fuel=name, power_max_mw=50.0), **kw)


def test_K1_turns_the_merit_order():
    """70 MW. 2024: 50*20 + 20*30 = 1600. 2025: black 20 + 40 - 24 = 36, gas 30 + 16 - 24 = 22: 50*30 + 20*20 = 1900 of fuel,
    40*(20 + 20 - 0.6*70) = -80 of carbon; price 36.
    """
    d = solve(
        power_case(
            2,
            start="2024-12-31T23:00",
            bus=buses("A"),
            fuel=FUEL,
            unit=[plant("black"), plant("gas")],
            load=[load("A", mean=70.0)],
            year=YEARS,
        )
    )
    assert d.costs["thermal.fuel"] == pytest.approx(1600 + 1900)
    assert d.costs["carbon.allowance"] == pytest.approx(-80)
    assert price(d).price[0] == pytest.approx([30, 36])
    assert d.quantities["unit_output"].values[:, 1] == pytest.approx([20, 50])


def test_K1_must_run_output_emits_what_it_burns():
    """Half load at 1 + 0.2 tce/MWh, must run: 25*1.2 = 30 t, allowance 0.6*25 = 15: 40*15 = 600; fuel 30*20 = 600."""
    kind = UNIT_TYPE[0] | dict(fuel_rate_extra_half_tce_per_mwh=0.2)
    d = solve(
        power_case(
            bus=buses("A"),
            fuel=FUEL,
            unit_type=[kind],
            unit=[plant("black", must_run="always", must_run_fraction=0.5)],
            load=[load("A", mean=25.0)],
            year=YEARS,
        )
    )
    assert d.costs["carbon.allowance"] == pytest.approx(600)
    assert d.costs["thermal.fuel"] == pytest.approx(600)


def test_K1_rate_of_the_unit_type_goes_before_that_of_the_fuel():
    """0.9 t/MWh at full load instead of 1.0: 40*(0.9 - 0.6)*10 = 120."""
    kind = UNIT_TYPE[0] | dict(co2_t_per_mwh=0.9)
    d = solve(
        power_case(bus=buses("A"), fuel=FUEL, unit_type=[kind], unit=[plant("black")], load=[load("A", mean=10.0)], year=YEARS)
    )
    assert d.costs["carbon.allowance"] == pytest.approx(120)


@pytest.mark.parametrize("must_run", ["no", "always"])
def test_K1_rate_of_a_unit_type_that_burns_nothing(must_run):
    """No fuel, 0.9 t/MWh: 40*(0.9 - 0.6)*10 = 120, whether half of the 10 MWh are must-run output (0.1 of 50 MW) or not."""
    kind = UNIT_TYPE[0] | dict(fuel_rate_full_tce_per_mwh=0.0, co2_t_per_mwh=0.9)
    unit = plant("black", must_run=must_run, must_run_fraction=0.1)
    d = solve(power_case(bus=buses("A"), fuel=FUEL, unit_type=[kind], unit=[unit], load=[load("A", mean=10.0)], year=YEARS))
    assert d.costs["thermal.fuel"] == 0.0
    assert d.costs["carbon.allowance"] == pytest.approx(120)
    assert certificate(d).passed


@pytest.mark.parametrize("commitment", ["off", "exact"])
@pytest.mark.parametrize(("rate", "carbon"), [(0.85, 50.0), (0.0, 0.0)])
@pytest.mark.parametrize("least", [0.0, 5.0])
def test_K1_units_and_generators_that_emit_have_the_allowance_and_others_none(commitment, rate, carbon, least):
    """10 MW of 0.85 t/MWh at 100 CNY/t, 0.80 free: 100*(0.85 - 0.80)*10 = 50, as unit and as generator. What emits nothing pays nothing and
    has nothing to sell."""
    kind = UNIT_TYPE[0] | dict(co2_t_per_mwh=rate, min_load_fraction=0.1)
    unit = plant("black", must_run="always" if least else "no", must_run_fraction=0.1)
    own = dict(generator="g", bus="A", power_min_mw=least, power_max_mw=50.0, cost_cny_per_mwh=20.0, co2_t_per_mwh=rate)
    years = [dict(year=2025, carbon_price_cny_per_t=100.0, carbon_benchmark_t_per_mwh=0.8)]
    for rows in (dict(unit=[unit], unit_type=[kind]), dict(generator=[own], commitment=[dict(kind="generator", element="g")])):
        case = power_case(bus=buses("A"), fuel=FUEL, load=[load("A", mean=10.0)], year=years, **rows)
        d = dispatch(replace(case, commitment=commitment))
        assert d.costs["carbon.allowance"] == pytest.approx(carbon)
        assert d.solution.objective == pytest.approx(200 + carbon)
        assert price(d).price[0] == pytest.approx(20 + carbon / 10)
        assert emissions.by_unit(d)["carbon_cost_cny"].tolist() == pytest.approx([carbon])
        assert certificate(d).passed


@pytest.mark.parametrize("minutes", [60, 15])
def test_K2_cap_of_a_period(minutes):
    """70 MW for two hours of a day whose cap is 720 t: 60 t. Black 1 t/MWh at 20, gas 0.4 at 30, 50 MW each at most.

    Without the cap 100 + 40 MWh emit 116 t; all gas that can be had, 100 MWh, 40 t and 20 black, 20 t; 20 MWh at 90 emit nothing.
    One t more: 1 MWh black instead of 1 at 90: 70 saved.
    """
    cap = dict(emission_cap="day", start_date="2025-01-01", end_date="2025-01-01", amount_max_t=720.0)
    clean = dict(unit="clean", bus="A", unit_type="u", fuel="none", power_max_mw=50.0)
    fuel = [*FUEL, dict(fuel="none", price_cny_per_tce=90.0, co2_t_per_tce=0.0)]
    rows = dict(bus=buses("A"), fuel=fuel, unit=[plant("black"), plant("gas"), clean], load=[load("A", mean=70.0)], emission_cap=[cap])
    d = solve(power_case(2, minutes, **rows))
    assert d.solution.objective == pytest.approx(100 * 30 + 20 * 20 + 20 * 90)
    assert d.values.dual("carbon.cap") == pytest.approx(-70)
    assert price(d).price == pytest.approx(90)
    assert certificate(d).passed
    row = budgets(d).iloc[0]
    assert (row["used"], row["most"], row["value_cny_per_unit"]) == pytest.approx((60, 60, -70))
    given = evidence(d)
    frame = given["case"].tables["emission_cap"].assign(amount_max_t=708.0)
    given["case"] = replace(given["case"], tables={**given["case"].tables, "emission_cap": frame})
    assert {c.name for c in certify(**given).failed} == {"carbon.cap"}
