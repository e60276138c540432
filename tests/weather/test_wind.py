"""Wind against published hours of Gansu and the engineering estimates of its season, day and correlations."""

import numpy as np
import pytest

from gridopt.weather import wind
from gridopt.weather.calendar import monthly

JIUQUAN = ("DUN", "MOG", "HUA")


def lag(x, hours):
    return np.corrcoef(x[:-hours], x[hours:])[0, 1]


def test_province_runs_1900_hours(province):
    """28.5 TWh made in 2021 is about 1840 h, with 4 % curtailed about 1900 h were available."""
    assert province("wind").sum() == pytest.approx(1900, abs=10)


def test_W3_capacity_factor_of_every_site(rows, recipe):
    """Site factors keep their ratios, scaled by 1900 h / 8760 h over their weighted mean: 0.2169 / 0.2617 = 0.829."""
    site = recipe.column("wind_cf")
    scale = 1900 / 8760 / np.average(site, weights=recipe.column("wind_gw"))
    assert scale == pytest.approx(0.829, abs=0.005)
    assert rows("wind").mean(axis=1) == pytest.approx(scale * site, abs=2e-4)


def test_season_peaks_in_spring_and_late_autumn(province, calendar):
    index = monthly(province("wind"), calendar.month) / province("wind").mean()
    spring, summer, late = index[2:5].mean(), index[6:9].mean(), index[10:12].mean()
    assert spring > 1.10
    assert summer < 0.88
    assert 1.0 < late < spring
    assert index.argmax() in (2, 3, 4)
    assert index.argmin() in (6, 7, 8)


@pytest.mark.parametrize("site", [*JIUQUAN, "GAZ", "BAI", "QUZ"])
def test_wind_peaks_at_night(dataset, site):
    day = dataset[f"wind.{site}"].values.reshape(-1, 24).mean(axis=0)
    day /= day.mean()
    assert day[[22, 23, 0, 1, 2]].mean() > 1.05
    assert day[10:15].mean() < 0.93
    assert day.argmin() in range(8, 16)


def test_correlation_inside_jiuquan_and_with_qingyang(dataset):
    """0.7-0.9 between Guazhou and Yumen, 70 to 180 km apart, 0.2-0.3 to Qingyang 950 km away; a sample of one year varies."""
    pairs = [(a, b) for a in JIUQUAN for b in JIUQUAN if a < b]
    inside = [np.corrcoef(dataset[f"wind.{a}"], dataset[f"wind.{b}"])[0, 1] for a, b in pairs]
    far = [np.corrcoef(dataset[f"wind.{a}"], dataset["wind.QUZ"])[0, 1] for a in JIUQUAN]
    assert 0.65 < min(inside) < max(inside) < 0.93
    assert 0.12 < min(far) < max(far) < 0.38


def test_memory_over_hours_and_days(dataset, province):
    for x in (dataset["wind.MOG"].values, province("wind")):
        assert 0.93 < lag(x, 1) < 0.995
        assert 0.10 < lag(x, 24) < 0.50
        assert abs(lag(x, 24 * 20)) < 0.2


def test_fleet_seldom_runs_all_at_once_and_seldom_stands_still(province):
    """Two thirds of capacity is passed in one hour of a hundred; hours under 2 % occur."""
    output = province("wind")
    assert 0.5 < np.quantile(output, 0.99) < 0.75
    assert output.max() < 0.86
    assert output.min() < 0.02


def test_W3_power_curve(recipe):
    curve = wind.power_curve(recipe.part("wind")["turbine"])
    at = lambda speed: np.interp(speed, wind.SPEED, curve)  # noqa: E731
    assert at(0.5) < 0.01
    assert at(16.0) == pytest.approx(1.0, abs=0.08)
    assert at(40.0) < 0.01
    rising = curve[wind.SPEED < 15]
    assert (np.diff(rising) >= -1e-12).all()
    assert ((curve >= 0) & (curve <= 1 + 1e-12)).all()
