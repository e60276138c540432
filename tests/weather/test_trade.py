"""Exchanges with neighbours, prices outside, limits of DC links."""

import numpy as np
import pytest

from gridopt.weather import trade
from gridopt.weather.calendar import Year, monthly

# 80 % of the section limits, MW
ROOM = {"SHAANXI": 5600, "NINGXIA": 5600, "QINGHAI": 5760, "XINJIANG": 3200}
PRICES = {"HUNAN": 400, "SHANDONG": 350, "ZHEJIANG": 420, "SHAANXI": 300, "NINGXIA": 260, "QINGHAI": 230, "XINJIANG": 220}


@pytest.fixture(scope="module")
def export(dataset):
    return {name: dataset[f"schedule.{name}"].values for name in ROOM}


def test_X1_energy_of_the_year(export):
    """55.88 TWh left in 2024, 25.9 of them by Qishao: about 30 TWh over AC ties, and alike in 2025."""
    twh = {name: values.sum() / 1e6 for name, values in export.items()}
    assert 28 < sum(twh.values()) < 30.5
    assert twh["SHAANXI"] == pytest.approx(15.2, abs=0.02)
    assert twh["NINGXIA"] == pytest.approx(6.3, abs=0.02)
    assert twh["QINGHAI"] == pytest.approx(8.5, abs=0.02)
    assert abs(twh["XINJIANG"]) < 1


def test_X1_section_limits_keep_a_fifth_free(export):
    for name, values in export.items():
        assert np.abs(values).max() < ROOM[name]
    assert sum(export.values()).max() < 8500


def test_qinghai_sends_at_midday_in_summer_and_takes_in_winter_nights(export, calendar):
    qinghai = export["QINGHAI"]
    summer, winter = np.isin(calendar.month, (5, 6, 7)), np.isin(calendar.month, (11, 0, 1))
    assert qinghai[summer & np.isin(calendar.hour, (11, 12, 13, 14))].mean() < -500
    assert qinghai[winter & np.isin(calendar.hour, (0, 1, 2, 3))].mean() > 1500


def test_exports_rise_with_wind_and_sun(export, province, recipe):
    weight = recipe.column("wind_gw").sum(), recipe.column("solar_gw").sum()
    renewable = (weight[0] * province("wind") + weight[1] * province("solar")) / sum(weight)
    assert np.corrcoef(export["SHAANXI"], renewable)[0, 1] > 0.5


@pytest.mark.parametrize("name", PRICES)
def test_X2_mean_price(dataset, name):
    assert dataset[f"price.{name}"].values.mean() == pytest.approx(PRICES[name], abs=0.5)


def test_solar_valley_of_shandong(dataset, calendar):
    """Spring noons fall below 100 CNY/MWh and sometimes below zero, evenings stay above 450; Hunan has almost no valley."""
    shandong, hunan = dataset["price.SHANDONG"].values, dataset["price.HUNAN"].values
    spring = np.isin(calendar.month, (2, 3, 4))
    noon, evening = np.isin(calendar.hour, (11, 12, 13)), np.isin(calendar.hour, (18, 19, 20))
    assert shandong[spring & noon].mean() < 100
    assert shandong[evening].mean() > 450
    assert 0.005 < (shandong < 0).mean() < 0.10
    assert shandong.min() >= -80
    assert hunan[spring & noon].mean() > 250
    assert min(dataset[f"price.{n}"].values.min() for n in PRICES if n != "SHANDONG") >= 0


def test_X3_qishao_has_two_levels_a_day(dataset):
    """January: 1.0 by day (7 to 22 h) and 0.6 at night; April 0.8 and 0.48."""
    days = dataset["dc_max.QISHAO"].values.reshape(-1, 24)
    assert days[10] == pytest.approx(np.where((np.arange(24) >= 7) & (np.arange(24) <= 22), 1.0, 0.6))
    assert days[100, 12] == pytest.approx(0.8)
    assert days[100, 2] == pytest.approx(0.48)


def test_X3_commissioning_of_longdong(dataset, recipe):
    """0.20 from 8 May 2025, in steps to 1.0 in December; full in later years; Qishao 6500 of 8000 MW in 2021."""
    limit = dataset["dc_max.LONGDONG"].sel(time=["2025-05-08T00", "2025-06-08T00", "2025-12-31T23"]).values
    assert limit == pytest.approx([0.2, 0.4, 1.0])
    assert (np.diff(dataset["dc_max.LONGDONG"].values) >= 0).all()
    later = trade.dc_limits(recipe, Year(2028))
    assert later["LONGDONG"].min() == later["ZHEJIANG_DC"].min() == 1.0
    assert trade.dc_limits(recipe, Year(2021))["QISHAO"].max() == pytest.approx(6500 / 8000)


def test_shapes_have_no_mean(recipe, calendar):
    shape = trade.shapes(recipe.part("schedule")["QINGHAI"], calendar)
    assert shape.mean() == pytest.approx(0.0, abs=8.0)
    assert monthly(shape, calendar.month)[0] > 0
