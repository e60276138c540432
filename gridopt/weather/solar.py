"""PV availability: AC output over AC capacity of fixed racks.

    poa = g . (beam on the plane + isotropic sky + ground)                                                  W/m2     (V1)
    cell = air + poa (noct - 20) / 800                                                                      degC     (V2)
    availability = min(1, dc_ac . poa / 1000 . (1 + gamma (cell - 25)) . inverter) . (1 - snow)                        (V3)

The scale g of each site (soiling, mismatch, outages, haze) is the root of mean availability = target, as for wind.
"""

from __future__ import annotations

import numpy as np

from gridopt.weather import calibrate
from gridopt.weather.calendar import Year
from gridopt.weather.recipe import Recipe
from gridopt.weather.sky import Sky


def availability(recipe: Recipe, year: Year, sky: Sky) -> np.ndarray:
    """Available output over capacity (B, T)."""
    part = recipe.part("solar")
    plane = irradiance(part, recipe.coordinates[0], sky)
    snow = snow_loss(part["snow"], sky, year)
    rise = (part["noct"] - 20.0) / 800.0

    def output(scale: np.ndarray) -> np.ndarray:
        poa = plane * scale[:, None]
        warm = 1 + part["temperature_coefficient"] * (sky.temperature + rise * poa - 25.0)
        return np.clip(part["dc_ac_ratio"] * part["inverter_efficiency"] * poa / 1000.0 * warm, 0.0, 1.0) * (1 - snow)

    target = recipe.targets("solar", part["fleet_hours"])
    return output(calibrate.solve(lambda s: output(s).mean(axis=1), target, (0.2, 1.6), "solar capacity factor", recipe.names))


def irradiance(part: dict, latitude: np.ndarray, sky: Sky) -> np.ndarray:
    """Irradiance on the tilted plane, hourly mean (B, T), W/m2, (V1) with g = 1."""
    tilt = np.radians(latitude - part["tilt_below_latitude"])[:, None, None]
    turned = sky.sun.azimuth - np.radians(part["azimuth"])
    incidence = np.cos(sky.sun.zenith) * np.cos(tilt) + np.sin(sky.sun.zenith) * np.sin(tilt) * np.cos(turned)
    ghi, dni = sky.ghi, sky.dni
    diffuse = np.clip(ghi - dni * sky.sun.cosine, 0.0, None)
    plane = dni * np.clip(incidence, 0.0, None) + diffuse * (1 + np.cos(tilt)) / 2 + ghi * part["albedo"] * (1 - np.cos(tilt)) / 2
    return plane.mean(axis=2)


def snow_loss(snow: dict[str, float], sky: Sky, year: Year) -> np.ndarray:
    """Share of the output lost to snow (B, T): a cold overcast day covers the panels, the cover shrinks from day to day."""
    days = len(year) // 24
    cloud = sky.cloud.reshape(-1, days, 24).mean(axis=2)
    air = sky.temperature.reshape(-1, days, 24).mean(axis=2)
    falls = (cloud > snow["cloud"]) & (air < snow["temperature"])
    keep = np.where(air < 0.0, snow["keep_cold"], snow["keep_warm"])
    cover = np.zeros_like(air)
    before = np.zeros(len(air))
    for d in range(days):
        before = np.where(falls[:, d], 1.0, before * keep[:, d])
        cover[:, d] = before
    return np.repeat(snow["loss"] * cover, 24, axis=1)
