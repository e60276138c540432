"""Demand: indices of month and hour, load factor, holidays, irrigation."""

import numpy as np
import pytest

from gridopt.case.check import CaseError
from gridopt.weather import load
from gridopt.weather.calendar import Year, monthly

MONTHS = np.array([1.03, 0.97, 0.95, 0.94, 0.96, 1.02, 1.00, 0.98, 0.95, 1.02, 1.11, 1.09])
HOURS = np.array([0.96, 0.93, 0.93, 0.93, 0.91, 0.90, 0.93, 0.98, 1.00, 1.00, 1.02, 1.03,
                  1.07, 1.03, 1.02, 1.01, 1.01, 1.06, 1.09, 1.07, 1.05, 1.05, 1.01, 1.00])  # fmt: skip


@pytest.fixture(scope="module")
def demand(rows, recipe):
    weight = recipe.column("load_share")
    return weight @ rows("load") / weight.sum()


def test_month_index(demand, calendar):
    assert monthly(demand, calendar.month) == pytest.approx(MONTHS, abs=0.025)


def test_hour_index_with_the_midday_rise(demand):
    """4 % more at 11 to 15 h, then divided by the mean of 1.008."""
    rise = np.where((np.arange(24) >= 11) & (np.arange(24) <= 15), 1.04, 1.0)
    expected = HOURS * rise / (HOURS * rise).mean()
    found = demand.reshape(-1, 24).mean(axis=0)
    assert found == pytest.approx(expected, abs=0.012)
    assert found.argmax() == 12
    assert found.argmin() == 5


def test_no_midday_rise_before_users_followed_prices(recipe):
    hours = load.hour_index(recipe.part("load"), Year(2021))[:24]
    assert hours == pytest.approx(HOURS / HOURS.mean())
    assert hours.argmax() == 18


def test_daily_load_factor(demand):
    """91 % in the published year."""
    day = demand.reshape(-1, 24)
    assert (day.mean(axis=1) / day.max(axis=1)).mean() == pytest.approx(0.91, abs=0.015)


def test_every_mean_is_exactly_one(dataset):
    for name in dataset.data_vars:
        if name.startswith("load."):
            assert dataset[name].values.mean() == pytest.approx(1.0, abs=1e-12), name


def test_flat_industry_is_flat(dataset):
    flat = dataset["load.flat_industry"].values
    assert flat.min() > 0.95
    assert flat.max() < 1.04
    assert flat.std() < 0.015


def test_spring_festival_dip(demand):
    """New Year is 29 January 2025: the week from it takes 6 to 10 % less than the second week of January."""
    day = demand.reshape(-1, 24).mean(axis=1)
    assert 0.88 < day[28:35].mean() / day[7:14].mean() < 0.95


def test_irrigation_runs_april_to_november(dataset, calendar):
    pumped = monthly(dataset["load.GAZ"].values, calendar.month)
    other = monthly(dataset["load.MAI"].values, calendar.month)
    assert (pumped / other)[3:7].mean() > 1.03 * (pumped / other)[[0, 1, 11]].mean()


def test_sides_of_a_station_share_weather_not_chance(dataset):
    a, b = dataset["load.BAI"].values, dataset["load.BAI330"].values
    assert not np.array_equal(a, b)
    assert np.corrcoef(a, b)[0, 1] > 0.95


def test_cities_swing_more_than_smelters(dataset):
    swing = {n: np.ptp(dataset[f"load.{n}"].values.reshape(-1, 24).mean(axis=0)) for n in ("LDE", "MAI", "HEX")}
    assert swing["LDE"] > swing["MAI"] > swing["HEX"]


def test_year_without_festival_date_is_a_fault(recipe):
    with pytest.raises(CaseError, match="spring_festival: has no day for 2090"):
        load.holidays(recipe.part("load"), Year(2090))
