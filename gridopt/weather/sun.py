"""Sun position and clear sky at the sites, averaged inside the hour.

Position from the analytical formulas of pvlib (declination and equation of time of Spencer 1971), clear sky from the simplified
Solis model (Ineichen 2008, doi:10.1016/j.solener.2007.08.003). Labels are starts of hours in local time UTC+8.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridopt.weather.calendar import Year

UTC_OFFSET_H = 8.0
MINUTES = (10.0, 30.0, 50.0)
"""Instants inside the hour; three are enough for sunrise hours."""


@dataclass(frozen=True)
class Sun:
    """Arrays (B, T, len(MINUTES)): zenith and azimuth [rad; azimuth from north, clockwise], clear-sky direct normal and global
    horizontal irradiance [W/m2]."""

    zenith: np.ndarray
    azimuth: np.ndarray
    dni: np.ndarray
    ghi: np.ndarray

    @property
    def cosine(self) -> np.ndarray:
        """Cosine of the zenith angle, 0 below the horizon."""
        return np.clip(np.cos(self.zenith), 0.0, None)


def position(latitude: np.ndarray, longitude: np.ndarray, year: Year) -> tuple[np.ndarray, np.ndarray]:
    """Zenith and azimuth [rad], (B, T, len(MINUTES)), of sites (B,) in degrees."""
    from pvlib import solarposition

    minutes = (year.hour * 60.0)[:, None] + np.array(MINUTES)
    day_of_year = year.day[:, None] + 1 + (minutes / 60 - UTC_OFFSET_H) / 24
    declination = solarposition.declination_spencer71(day_of_year)
    equation = solarposition.equation_of_time_spencer71(day_of_year)
    lat = np.radians(latitude)[:, None, None]
    solar_minutes = minutes + equation + 4.0 * (longitude[:, None, None] - 15.0 * UTC_OFFSET_H)
    hour_angle = np.radians(solar_minutes / 4.0 - 180.0)
    zenith = solarposition.solar_zenith_analytical(lat, hour_angle, declination)
    azimuth = solarposition.solar_azimuth_analytical(lat, hour_angle, declination, zenith)
    return zenith, azimuth


def clear_sky(
    latitude: np.ndarray, longitude: np.ndarray, altitude: np.ndarray, aerosol: np.ndarray, water: np.ndarray, year: Year
) -> Sun:
    """Clear sky over sites (B,) with aerosol optical depth and precipitable water [cm] by hour (B, T)."""
    from pvlib import atmosphere, clearsky

    zenith, azimuth = position(latitude, longitude, year)
    elevation = 90.0 - np.degrees(zenith)
    apparent = np.where(elevation > 0, elevation, 0.0)
    pressure = np.broadcast_to(atmosphere.alt2pres(altitude)[:, None, None], zenith.shape)
    sky = clearsky.simplified_solis(apparent, aerosol[:, :, None], water[:, :, None], pressure)
    up = elevation > 0
    dni, ghi = (np.where(up, np.nan_to_num(sky[name]), 0.0) for name in ("dni", "ghi"))
    return Sun(zenith, azimuth, dni, ghi)
