"""PV and solar heat against published hours and the season of Gansu."""

import numpy as np
import pytest

from gridopt.weather import sky, solar
from gridopt.weather.calendar import Year, monthly
from gridopt.weather.sky import Sky


def test_province_runs_1475_hours(province):
    """14.8 TWh made in 2021 with 1.4 % curtailed: 1450 to 1500 h available."""
    assert province("solar").sum() == pytest.approx(1475, abs=10)


def test_V3_capacity_factor_of_every_site(rows, recipe):
    """Site factors keep their ratios: Dunhuang 0.205 to Longnan 0.135, scaled by 0.1684 / 0.1891 = 0.890."""
    site = recipe.column("solar_cf")
    scale = 1475 / 8760 / np.average(site, weights=recipe.column("solar_gw"))
    assert scale == pytest.approx(0.890, abs=0.005)
    assert rows("solar").mean(axis=1) == pytest.approx(scale * site, abs=2e-4)


def test_best_month_over_worst_month(province, calendar):
    index = monthly(province("solar"), calendar.month)
    assert index.max() / index.min() == pytest.approx(1.6, abs=0.12)
    assert index.argmax() in (3, 4, 5)
    assert index.argmin() == 11


def test_dark_at_night_and_noon_moves_west(rows, recipe):
    """12.7 degrees of longitude between Dunhuang and Qingyang are 51 minutes."""
    output = rows("solar").reshape(len(recipe.names), -1, 24).mean(axis=1)
    assert not output[:, [0, 1, 2, 3, 23]].any()
    centre = (output * (np.arange(24) + 0.5)).sum(axis=1) / output.sum(axis=1)
    assert centre[recipe.position("SHZ")] - centre[recipe.position("QYC")] == pytest.approx(51 / 60, abs=0.2)
    assert output.max() < 0.75


def test_neighbours_share_clouds(dataset):
    noon = np.arange(8760) % 24 == 13
    near, far = (np.corrcoef(dataset["solar.DUN"][noon], dataset[f"solar.{site}"][noon])[0, 1] for site in ("MOG", "QYC"))
    assert near > 0.75
    assert far < 0.5


@pytest.mark.parametrize(("site", "low", "high"), [("SHZ", 1750, 2050), ("GAZ", 1650, 1950), ("LGN", 950, 1300)])
def test_direct_irradiance_of_the_year(recipe, calendar, site, low, high):
    """kWh/m2; Dunhuang has about 1850 to 2000, the south of the province hardly more than half."""
    dni = sky.make(recipe, calendar, 1).dni.mean(axis=2).sum(axis=1) / 1000
    assert low < dni[recipe.position(site)] < high


def test_C1_solar_heat(dataset):
    """Full-load hours of the field; nothing at night."""
    heat = dataset["csp.SHZ"].values
    assert 1400 < heat.sum() < 1900
    assert not heat.reshape(-1, 24)[:, [0, 1, 2, 3, 23]].any()
    assert heat.max() <= 1.0


def test_snow_covers_and_goes(calendar):
    """Overcast and -5 degC on day 10 covers the panels; half the cover is kept from day to day in frost, none in thaw."""
    cloud, air = np.full((1, 8760), 0.2), np.full((1, 8760), -5.0)
    cloud[0, 240:264] = 0.9
    air[0, 24 * 13 :] = 5.0
    flat = Sky(None, cloud, air, air)
    rules = {"cloud": 0.75, "temperature": -1.0, "loss": 0.4, "keep_cold": 0.5, "keep_warm": 0.0}
    daily = solar.snow_loss(rules, flat, calendar)[0].reshape(-1, 24)[:, 12]
    assert daily[9:15] == pytest.approx([0.0, 0.4, 0.2, 0.1, 0.0, 0.0])


def test_K1_mean_cloud_is_the_one_asked_for():
    gaussian = np.random.default_rng(1).standard_normal((1, 400_000))
    for mean in (0.25, 0.5):
        found = sky.clouds(gaussian, np.full((1, 1), mean), 1.7)
        assert found.mean() == pytest.approx(mean, abs=0.003)
        assert ((found < 0.2) | (found > 0.8)).mean() > 0.6  # clear or overcast rather than in between


def test_temperature_follows_season_and_day(recipe):
    normal = sky.normal_temperature(recipe.part("regions")["hexi_west"]["temperature"], Year(2025))
    assert normal.mean() == pytest.approx(9.0, abs=0.05)
    assert monthly(normal, Year(2025).month).argmax() == 6
    assert normal.reshape(-1, 24).mean(axis=0).argmax() in (15, 16)
