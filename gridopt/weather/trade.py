"""Agreed exchanges with neighbours, prices outside the province, and limits of DC links.

    schedule = room . limit . tanh((a + hours + months + renewable (r - mean r) + sd x) / (room . limit))   MW            (X1)
    price = max(floor, a + hours + months - valley . sunny + sd x)                                          CNY/MWh       (X2)
    dc_max = ceiling(date) . month . (night level at night)                                                 1             (X3)

`a` is the root of yearly energy, or yearly mean price, = target. r: available wind and solar of the province over its capacity.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from gridopt.weather import calibrate, noise
from gridopt.weather.calendar import Year, from_year_on
from gridopt.weather.recipe import Recipe


def schedules(recipe: Recipe, year: Year, seed: int, renewable: np.ndarray) -> dict[str, np.ndarray]:
    """Net export of the province to each neighbour, MW (T,); `renewable` (T,) is r of (X1)."""
    part = recipe.part("schedule")
    result = {}
    for name in recipe.members("schedule", ("room", "process")):
        tie = part[name]
        limit = part["room"] * from_year_on(tie["limit_mw"], year.number)
        x = noise.series(noise.stream(seed, year.number, "schedule", name), len(year), **part["process"])
        shape = shapes(tie, year) + tie["renewable"] * (renewable - renewable.mean()) + tie["sd"] * x
        mean = from_year_on(tie["energy_twh"], year.number) * 1e6 / len(year)
        result[name] = _level(partial(_within, shape, limit), mean, limit * 3, f"schedule.{name}")
    return result


def prices(recipe: Recipe, year: Year, seed: int) -> dict[str, np.ndarray]:
    """Price at each market outside, CNY/MWh (T,)."""
    part = recipe.part("price")
    result = {}
    for name in recipe.members("price", ("process",)):
        market = part[name]
        x = noise.series(noise.stream(seed, year.number, "price", name), len(year), **part["process"])
        bright = noise.series(noise.stream(seed, year.number, "price sun", name), len(year) // 24, 1.5)
        sunny = solar_valley(year) * np.repeat(np.clip(0.62 + 0.3 * bright, 0.0, 1.0), 24)
        shape = shapes(market, year) - market["valley"] * sunny + market["sd"] * x
        result[name] = _level(partial(_above, shape, market["floor"]), market["mean"], 2000.0, f"price.{name}")
    return result


def dc_limits(recipe: Recipe, year: Year) -> dict[str, np.ndarray]:
    """Upper limit of each DC link over its rated power (T,)."""
    result = {}
    for name, link in recipe.part("dc_max").items():
        days = sorted(link["ceiling"])
        since = np.searchsorted(np.array(days, dtype="datetime64[s]"), year.start, side="right") - 1
        ceiling = np.array([link["ceiling"][d] for d in days])[np.clip(since, 0, None)]
        night = np.where(np.isin(year.hour, link["night_hours"]), link["night"], 1.0)
        result[name] = ceiling * np.array(link["months"])[year.month] * night
    return result


def shapes(part: dict, year: Year) -> np.ndarray:
    """Sum of the daily and the seasonal shape (T,), each about its mean."""
    hours, months = np.array(part["hours"], float), np.array(part["months"], float)
    return (hours - hours.mean())[year.hour] + year.seasonal(months - months.mean())


def solar_valley(year: Year) -> np.ndarray:
    """0..1 (T,): sunshine of the day, wide and deep in spring and summer, shallow in winter."""
    width = 3.0 + 1.2 * year.summer()
    depth = year.seasonal(np.array([0.60, 0.75, 0.95, 1.0, 1.0, 0.90, 0.75, 0.75, 0.85, 0.85, 0.70, 0.60]))
    return depth * np.exp(-0.5 * ((year.hour + 0.5 - 12.6) / (width * 0.72)) ** 2)


def _within(shape: np.ndarray, limit: float, level: float) -> np.ndarray:
    return limit * np.tanh((level + shape) / limit)


def _above(shape: np.ndarray, floor: float, level: float) -> np.ndarray:
    return np.maximum(floor, level + shape)


def _level(curve: Callable[[float], np.ndarray], mean: float, reach: float, what: str) -> np.ndarray:
    """`curve` at the level, between -reach and reach, that gives it this mean."""

    def means(level: np.ndarray) -> np.ndarray:
        return np.array([curve(level[0]).mean()])

    level = calibrate.solve(means, np.array([mean]), (-reach, reach), "mean", [what])
    return curve(float(level[0]))
