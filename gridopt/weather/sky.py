"""Clouds, dust and air temperature at the sites, hourly.

cloud = Phi(a (x + m)),  x a Gaussian field, m such that the mean cloud amount is that of the month      (K1)
mean of Phi(a (x + m)) over x ~ N(0, 1) is Phi(a m / sqrt(1 + a^2)), so m = Phi^-1(mean) sqrt(1 + a^2) / a
global = clear sky * (1 - 0.75 cloud^2), beam = clear sky * (1 - cloud)^1.5                              (K2)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridopt.weather import noise, sun
from gridopt.weather.calendar import Year
from gridopt.weather.recipe import Recipe


@dataclass(frozen=True)
class Sky:
    """sun: clear sky and angles (B, T, 3); cloud 0..1, temperature and its normal [degC] (B, T)."""

    sun: sun.Sun
    cloud: np.ndarray
    temperature: np.ndarray
    normal: np.ndarray

    @property
    def ghi(self) -> np.ndarray:
        """Global horizontal irradiance under clouds, W/m2 (B, T, 3)."""
        return self.sun.ghi * (1 - 0.75 * self.cloud**2)[:, :, None]

    @property
    def dni(self) -> np.ndarray:
        """Direct normal irradiance under clouds, W/m2 (B, T, 3)."""
        return self.sun.dni * ((1 - self.cloud) ** 1.5)[:, :, None]


def make(recipe: Recipe, year: Year, seed: int) -> Sky:
    """Sky over all sites of the recipe."""
    names, distance, shape = recipe.names, recipe.distance, recipe.part("sky")
    regions = [recipe.part("regions")[s["region"]] for s in recipe.sites]
    warm = year.summer()
    water = np.array([r["water"]["winter"] + (r["water"]["summer"] - r["water"]["winter"]) * warm for r in regions])
    dust = noise.field(seed, year.number, "dust", names, distance, len(year), shape["dust"])
    sd = shape["dust"]["log_sd"]
    aerosol = year.seasonal(np.array([r["aerosol"] for r in regions])) * np.exp(sd * dust - sd**2 / 2)
    # the clear-sky model holds for optical depths up to 0.45
    clear = sun.clear_sky(*recipe.coordinates, recipe.column("altitude"), np.clip(aerosol, 0.02, 0.44), water, year)
    passing = noise.field(seed, year.number, "cloud", names, distance, len(year), shape["cloud"])
    cloud = clouds(passing, year.seasonal(np.array([r["cloud"] for r in regions])), shape["cloud"]["contrast"])
    normal = np.array([normal_temperature(r["temperature"], year) for r in regions])
    anomaly = noise.field(seed, year.number, "temperature", names, distance, len(year), shape["temperature"])
    return Sky(clear, cloud, normal + shape["temperature"]["sd_k"] * anomaly, normal)


def clouds(gaussian: np.ndarray, mean: np.ndarray, contrast: float) -> np.ndarray:
    """Cloud amount (K1), (B, T), from a standard Gaussian field and mean amounts."""
    from scipy.special import ndtr, ndtri

    shift = ndtri(mean) * np.sqrt(1 + contrast**2) / contrast
    return ndtr(contrast * (gaussian + shift))


def normal_temperature(climate: dict[str, float], year: Year) -> np.ndarray:
    """Normal of each hour, degC (T,): warmest on 20 July and at 16 h."""
    day = np.arange(len(year)) / 24
    season = climate["season"] * np.cos(2 * np.pi * (day - 200) / 365.25)
    return climate["mean"] + season + climate["day"] * np.cos(2 * np.pi * (year.hour + 0.5 - 16) / 24)
