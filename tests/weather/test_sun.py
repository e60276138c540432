"""Sun position against the solar position algorithm of NREL, and the clear sky against what is known of Dunhuang."""

import numpy as np
import pandas as pd
import pytest

from gridopt.weather import sun
from gridopt.weather.calendar import Year

DUNHUANG = (np.array([40.25]), np.array([94.85]))


@pytest.mark.parametrize("month", [1, 4, 7, 10])
def test_position_agrees_with_the_precise_algorithm(month):
    """Within half a degree, a tenth of what would matter for an hourly mean."""
    from pvlib import solarposition

    zenith, azimuth = sun.position(*DUNHUANG, Year(2025))
    times = pd.date_range("2025-01-01 00:30", periods=8760, freq="h", tz="Asia/Shanghai")
    pick = (times.month == month) & (times.day == 15)
    precise = solarposition.get_solarposition(times[pick], 40.25, 94.85)
    up = precise.zenith.to_numpy() < 88
    assert np.degrees(zenith[0, pick, 1])[up] == pytest.approx(precise.zenith.to_numpy()[up], abs=0.5)
    assert np.degrees(azimuth[0, pick, 1])[up] == pytest.approx(precise.azimuth.to_numpy()[up], abs=1.0)


def test_noon_in_dunhuang_is_late_by_beijing_time():
    """(120 - 94.85) deg * 4 min = 101 min after 12:00, equation of time -7 min at the equinox: 13:48, height 90 - latitude."""
    zenith, _ = sun.position(*DUNHUANG, Year(2025))
    day = zenith[0].reshape(-1, 24 * 3)[78]
    minutes = 10 + 20 * day.argmin()
    assert minutes == pytest.approx(13 * 60 + 48, abs=11)
    assert 90 - np.degrees(day.min()) == pytest.approx(90 - 40.25, abs=0.6)


def test_clear_sky_is_dark_at_night_and_bright_at_noon():
    year = Year(2025)
    flat = np.full((1, len(year)), 0.1)
    sky = sun.clear_sky(*DUNHUANG, np.array([1140.0]), flat, flat * 10, year)
    night = np.degrees(sky.zenith) > 91
    assert not sky.dni[night].any()
    assert not sky.ghi[night].any()
    assert 950 < sky.ghi.max() < 1120  # W/m2, dry site at 1140 m in June
    diffuse = sky.ghi - sky.dni * sky.cosine
    assert diffuse.min() > -15  # the model is loose just above the horizon
    assert 40 < diffuse[sky.ghi > 800].mean() < 140
