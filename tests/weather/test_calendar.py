import numpy as np
import pytest

from gridopt.weather.calendar import Year, from_year_on, monthly


@pytest.mark.parametrize(("year", "hours"), [(2025, 8760), (2024, 8784), (2028, 8784)])
def test_hours_of_the_calendar_year(year, hours):
    assert len(Year(year)) == hours
    assert Year(year).start[0] == np.datetime64(f"{year}-01-01T00:00")
    assert Year(year).start[-1] == np.datetime64(f"{year}-12-31T23:00")


def test_parts_of_a_known_date():
    """1 March 2028, 05:00: day 60 (0-based, leap year), a Wednesday."""
    year, at = Year(2028), 60 * 24 + 5
    assert (year.month[at], year.day[at], year.hour[at], year.weekday[at]) == (2, 60, 5, 2)


@pytest.mark.parametrize("year", [2025, 2028])
def test_seasonal_curve_keeps_every_monthly_mean(year):
    values = np.array([[0.27, 0.15, 0.18, 0.32, 0.45, 0.61, 0.75, 0.69, 0.59, 0.47, 0.30, 0.37], np.ones(12)])
    curve = Year(year).seasonal(values)
    assert monthly(curve, Year(year).month) == pytest.approx(values)
    assert curve[1] == pytest.approx(np.ones(len(Year(year))))
    assert np.abs(np.diff(curve[0])).max() < 0.002  # no step at the ends of months, nor where the year closes
    assert abs(curve[0, 0] - curve[0, -1]) < 0.002


def test_value_of_the_latest_year():
    assert from_year_on({2022: "a", 2024: "b"}, 2023) == "a"
    assert from_year_on({2022: "a", 2024: "b"}, 2030) == "b"
    assert from_year_on({2022: "a"}, 2010) == "a"
    assert from_year_on({2022: "a"}, 2010, before="none") == "none"
