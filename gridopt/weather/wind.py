"""Wind availability of the fleet at each site.

    x = sqrt(p) x_synoptic + sqrt(1 - p) x_meso                    Gaussian, correlated in space and time            (W1)
    v = s . season(month) . day(hour) . W(Phi(x))                  speed at hub height, m/s; W: Weibull, mean 1      (W2)
    availability = available . P(v)                                P: power curve smoothed over the fleet of a bus    (W3)

The scale s of each site is the root of mean availability = target: the site's capacity factor times one factor for the province,
which makes the capacity-weighted mean equal `fleet_hours`.
"""

from __future__ import annotations

import math

import numpy as np

from gridopt.weather import calibrate, noise
from gridopt.weather.calendar import Year
from gridopt.weather.recipe import Recipe

SPEED = np.arange(0.0, 45.0, 0.1)


def availability(recipe: Recipe, year: Year, seed: int) -> np.ndarray:
    """Available output over capacity (B, T)."""
    part, names = recipe.part("wind"), recipe.names
    relative = relative_speed(recipe, year, seed)
    curve = part["turbine"]["available"] * power_curve(part["turbine"])

    def output(scale: np.ndarray) -> np.ndarray:
        return np.interp(relative * scale[:, None], SPEED, curve)

    target = recipe.targets("wind", part["fleet_hours"])
    return output(calibrate.solve(lambda s: output(s).mean(axis=1), target, (1.0, 9.0), "wind capacity factor", names))


def relative_speed(recipe: Recipe, year: Year, seed: int) -> np.ndarray:
    """Speed over its scale (B, T), (W2) with s = 1."""
    from scipy.special import log_ndtr

    part, names = recipe.part("wind"), recipe.names
    gaussian = sum(
        math.sqrt(part[size]["share"])
        * noise.field(seed, year.number, f"wind {size}", names, recipe.distance, len(year), part[size])
        for size in ("synoptic", "meso")
    )
    shape = part["weibull_shape"]
    # -ln(1 - Phi(x)) = -ln Phi(-x): exact in the upper tail
    weibull = (-log_ndtr(-gaussian)) ** (1 / shape) / math.gamma(1 + 1 / shape)
    region = [s["region"] for s in recipe.sites]
    season = year.seasonal(np.array([part["season"][r] for r in region]))
    return weibull * season * np.array([day_shape(part["day"][r], year) for r in region])


def day_shape(day: dict[str, float], year: Year) -> np.ndarray:
    """Relative speed over the day (T,), mean 1; the swing grows from winter to summer."""
    swing = day["winter"] + (day["summer"] - day["winter"]) * year.summer()
    return 1 + swing * np.cos(2 * np.pi * (year.hour + 0.5 - day["peak_hour"]) / 24)


def power_curve(turbine: dict[str, float]) -> np.ndarray:
    """Output over rated at `SPEED`, one turbine's cubic curve averaged over a Gaussian spread of speeds in the fleet."""
    speed = np.arange(-10.0, 60.0, 0.1)
    cut_in, rated = turbine["cut_in"], turbine["rated"]
    single = np.clip((speed**3 - cut_in**3) / (rated**3 - cut_in**3), 0.0, 1.0) * (speed >= cut_in) * (speed < turbine["cut_out"])
    offset = np.arange(-5.0, 5.05, 0.1)
    weight = np.exp(-0.5 * (offset / turbine["smoothing"]) ** 2)
    smooth = np.convolve(single, weight / weight.sum(), mode="same")
    return np.interp(SPEED, speed, smooth)
