"""Rules of fuel budgets, stocks and emission caps."""

import pytest

from tests.case.test_rules import KIND, UNIT, faults, one

PLANTS = dict(unit_type=[KIND], unit=[UNIT | dict(plant="P"), UNIT | dict(unit="v", plant="Q")])
DATES = dict(start_date="2025-01-01", end_date="2025-12-31")
BUDGET = dict(fuel_budget="b", fuel="coal", amount_max_tce=100, **DATES)
STOCK = dict(fuel_stock="s", fuel="coal", plant="P", stock_start_tce=10)


def test_sound():
    rows = dict(fuel_budget=[BUDGET, BUDGET | dict(fuel_budget="c", plant="Q", amount_min_tce=5, short_cny_per_tce=900)],
                fuel_stock=[STOCK, STOCK | dict(fuel_stock="t", plant="Q")], emission_cap=[dict(emission_cap="e", amount_max_t=5, **DATES)],
                fuel_delivery=[dict(fuel_stock="s", time="2025-01-05", amount_tce=5)])  # fmt: skip
    assert not faults(**PLANTS, **rows)


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        (dict(end_date="2024-01-01"), ["column end_date: '2024-01-01' is before start_date"]),
        (dict(plant="PP"), ["column plant: 'PP' is no station whose units burn 'coal'; did you mean 'P'?"]),
        (dict(amount_max_tce=""), ["column amount_max_tce: '' is empty, and so is amount_min_tce"]),
        (dict(short_cny_per_tce=5), ["column short_cny_per_tce: '5.0' has no use: amount_min_tce is empty"]),
        (dict(amount_min_tce=200), ["column amount_min_tce: '200.0' is larger than amount_max_tce"]),
    ],
)
def test_budgets(budget, words):
    one(["fuel_budget.csv, row 2 (fuel_budget 'b')", *words], **PLANTS, fuel_budget=[BUDGET | budget])


def test_fuel_that_nobody_burns():
    gas = dict(fuel="gas", price_cny_per_tce=900, co2_t_per_tce=1)
    coal = dict(fuel="coal", price_cny_per_tce=800, co2_t_per_tce=2.7)
    one(["column fuel: 'gas' is burnt by no unit"], **PLANTS, fuel=[coal, gas], fuel_stock=[STOCK | dict(fuel="gas", plant="")])


@pytest.mark.parametrize("plant", ["P", ""])
def test_two_stocks_of_one_unit(plant):
    rows = [STOCK, STOCK | dict(fuel_stock="t", plant=plant)]
    one(["fuel_stock.csv, row 3 (fuel_stock 't')", "burn from stock 's' already"], **PLANTS, fuel_stock=rows)


def test_cap_that_ends_before_it_begins():
    cap = dict(emission_cap="e", amount_max_t=5, start_date="2025-02-01", end_date="2025-01-01")
    one(["emission_cap.csv, row 2", "is before start_date"], **PLANTS, emission_cap=[cap])


def test_delivery_to_no_stock():
    delivery = dict(fuel_stock="s", time="2025-01-05", amount_tce=5)
    one(["fuel_delivery.csv, row 2", "is not in table fuel_stock"], **PLANTS, fuel_delivery=[delivery])
