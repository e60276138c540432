"""Fuel budgets, take or pay, stocks and deliveries against calculation by hand."""

import dataclasses

import numpy as np
import pytest

from gridopt.analysis.budgets import budgets
from gridopt.dispatch.certificate import certify
from gridopt.dispatch.lmp import price
from gridopt.dispatch.single import dispatch
from gridopt.program.solution import Infeasible
from tests.support.block_cases import BLOCK_CASES, UNIT_TYPE, buses, load, power_case, unit
from tests.support.certify import certificate, evidence
from tests.support.optimum import solve

DAY = dict(start_date="2025-01-01", end_date="2025-01-01")


def fired(hours=2, mean=50.0, minutes=60, commitment="off", units=None, **rows):
    """50 MW from station P at 10 CNY and 1 tce per MWh, or from others at 30 and 90."""
    units = units or [unit("A", 10, 100, plant="P"), unit("A", 30, 100, plant="Q"), unit("A", 90, 100)]
    made = power_case(hours, minutes, bus=buses("A"), unit=units, load=[load("A", mean=mean)], **rows)
    return dataclasses.replace(made, commitment=commitment)


@pytest.mark.parametrize("commitment", ["off", "relaxed", "exact"])
@pytest.mark.parametrize("minutes", [60, 15])
def test_F1_largest_amount_of_a_period(minutes, commitment):
    """720 tce a day, 60 of them in two hours: 60 MWh at 10, 40 at 30 = 1800; one more tce saves 20."""
    cap = dict(fuel_budget="b", fuel="c10", plant="P", amount_max_tce=720.0, **DAY)
    d = dispatch(fired(minutes=minutes, commitment=commitment, fuel_budget=[cap]))
    assert d.solution.objective == pytest.approx(1800)
    assert d.values.dual("fuel.most") == pytest.approx(-20)
    assert price(d).price == pytest.approx(30)
    assert certificate(d).passed, certificate(d).failed
    row = budgets(d).iloc[0]
    assert (row["used"], row["most"], row["value_cny_per_unit"]) == pytest.approx((60, 60, -20)) and np.isnan(row["least"])


def test_F1_budget_of_all_stations():
    """Two stations with one fuel: 60 tce for both."""
    units = [unit("A", 10, 30, plant="P"), dict(unit("A", 10, 30, plant="Q"), unit="other"), unit("A", 30, 100)]
    d = solve(fired(units=units, fuel_budget=[dict(fuel_budget="b", fuel="c10", amount_max_tce=720.0, **DAY)]))
    assert d.solution.objective == pytest.approx(1800)
    assert d.quantities["unit_output"].values[:2].sum() == pytest.approx(60)
    assert certificate(d).passed


def test_F1_least_amount_must_be_burnt():
    """480/12 = 40 tce at 30 must be burnt in two hours: 40 x 30 + 60 x 10 = 1800; one more costs 20."""
    d = solve(fired(fuel_budget=[dict(fuel_budget="b", fuel="c30", amount_min_tce=480.0, **DAY)]))
    assert d.solution.objective == pytest.approx(1800)
    assert d.values.dual("fuel.least") == pytest.approx(20)
    assert certificate(d).passed


@pytest.mark.parametrize(("rate", "cost", "short"), [(12.0, 1000 + 40 * 12, 40), (25.0, 1800, 0)])
def test_F1_take_or_pay(rate, cost, short):
    """Paying 12 per tce for nothing beats burning at 30 instead of 10; paying 25 does not."""
    d = solve(fired(fuel_budget=[dict(fuel_budget="b", fuel="c30", amount_min_tce=480.0, short_cny_per_tce=rate, **DAY)]))
    assert d.solution.objective == pytest.approx(cost)
    assert d.quantities["fuel_short"].values.sum() == pytest.approx(short)
    assert certificate(d).passed


def test_F1_more_than_can_be_burnt():
    with pytest.raises(Infeasible):
        solve(fired(fuel_budget=[dict(fuel_budget="b", fuel="c30", amount_min_tce=4000.0, **DAY)]))


def pile(start=30.0, end=0.0, *deliveries, **kw):
    rows = [dict(fuel_stock="s", time=t, amount_tce=a) for t, a in deliveries]
    stock = dict(fuel_stock="s", fuel="c10", plant="P", stock_start_tce=start, stock_end_tce=end)
    return fired(3, fuel_stock=[stock], fuel_delivery=rows, **kw)


@pytest.mark.parametrize("commitment", ["off", "exact"])
def test_F2_stock_and_delivery(commitment):
    """30 tce for the first two hours, 60 come for the third of which 20 stay: 30 + 40 at 10, 80 at 30; a tce is worth 20 all along.

    One that comes after the study counts for nothing.
    """
    made = pile(30.0, 20.0, ("2025-01-01 02:00", 60.0), ("2025-01-01 03:00", 500.0), commitment=commitment)
    d = dispatch(made)
    assert d.solution.objective == pytest.approx(70 * 10 + 80 * 30)
    assert d.quantities["fuel_stock_level"].values[0, 2] == pytest.approx(20)
    assert d.quantities["fuel_stock_value"].values[0] == pytest.approx([20, 20, 20])
    assert certificate(d).passed, certificate(d).failed


def test_F2_delivery_between_two_instants_counts_from_its_step():
    """50 tce come at 01:30: there for the whole hour in hourly steps, in half hours only from then on."""
    cost = {m: solve(pile(0.0, 0.0, ("2025-01-01 01:30", 100.0), minutes=m)).solution.objective for m in (60, 30)}
    assert cost[60] == pytest.approx(50 * 30 + 100 * 10)
    assert cost[30] == pytest.approx(75 * 30 + 75 * 10)


def test_F2_must_run_output_burns_too():
    """A unit of 40 MW that must run at half load burns 0.5 (1 + 0.2) 40 = 24 tce/h, above that 0.8 tce per MWh: of 60 tce 12 are left."""
    kind = dict(unit_type="k", min_load_fraction=0.5, fuel_rate_full_tce_per_mwh=1.0, fuel_rate_extra_half_tce_per_mwh=0.2)
    units = [unit("A", 10, 40, plant="P", unit_type="k", must_run="always"), unit("A", 30, 100)]
    d = solve(fired(units=units, fuel_stock=[dict(fuel_stock="s", fuel="c10", stock_start_tce=60.0)], unit_type=[kind, *UNIT_TYPE]))
    assert d.quantities["unit_output"].values[0].sum() == pytest.approx(40 + 12 / 0.8)
    assert d.solution.objective == pytest.approx(600 + (100 - 55) * 30)
    assert certificate(d).passed


def test_budget_of_a_station_out_of_service_asks_for_nothing():
    units = [unit("A", 10, 100), unit("A", 30, 100, plant="Q", in_service="2026-01-01")]
    made = fired(units=units, fuel_budget=[dict(fuel_budget="b", fuel="c30", plant="Q", amount_min_tce=480.0, **DAY)]).present()
    assert solve(made).solution.objective == pytest.approx(1000)


def cell(e, table, name, column, value) -> None:
    frame = e["case"].tables[table].copy()
    frame.loc[name, column] = value
    e["case"] = dataclasses.replace(e["case"], tables={**e["case"].tables, table: frame})


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        (("fuel_budget", "cap", "amount_max_tce", 360.0), {"fuel.budget"}),
        (("fuel_budget", "pay", "amount_min_tce", 612.0), {"fuel.budget"}),
        (("fuel_budget", "pay", "short_cny_per_tce", 16.0), {"cost"}),
        (("fuel_stock", "pile", "stock_start_tce", 70.0), {"fuel.stock"}),
        (("fuel_stock", "pile", "stock_end_tce", 11.0), {"fuel.stock"}),
        (("fuel_delivery", 0, "amount_tce", 40.0), {"fuel.stock"}),
    ],
)
def test_certificate_finds_exactly_the_fault(change, broken):
    given = evidence(solve(BLOCK_CASES["fuel"].build()))
    assert not {c.name for c in certify(**given).failed}
    cell(given, *change)
    assert {c.name for c in certify(**given).failed} == broken


@pytest.mark.parametrize("minutes", [60, 30])
def test_units_that_are_switched_burn_along_their_curve(minutes):
    d = dispatch(dataclasses.replace(BLOCK_CASES["fuel"].build(minutes), commitment="exact"))
    assert certificate(d).passed, certificate(d).failed
    given = evidence(d)
    cell(given, "fuel_stock", "pile", "stock_start_tce", 70.0)
    assert {c.name for c in certify(**given).failed} == {"fuel.stock"}
