"""Demand over its yearly mean.

    d = (1 + season (M[month] - 1)) (1 + swing (H[hour] - 1)) weekday (1 - dip holiday)
        (1 + irrigation) (1 + weather) (1 + noise)                                                 (L1)

M, H: indices of the province; season, swing, ...: by kind of load. Divided by its yearly mean, so the mean is exactly 1.
"""

from __future__ import annotations

import numpy as np

from gridopt.case.check import CaseError
from gridopt.weather import noise
from gridopt.weather.calendar import Year, from_year_on
from gridopt.weather.recipe import Recipe
from gridopt.weather.sky import Sky


def demand(recipe: Recipe, year: Year, seed: int, sky: Sky) -> tuple[list[str], np.ndarray]:
    """Names of the buses and their demand (L, T), mean 1."""
    part = recipe.part("load")
    place = {**{name: name for name in part["bus"]}, **part["also"]}
    names = list(place)
    at = [recipe.position(place[name]) for name in names]
    kinds = [part["kinds"][part["bus"][place[name]]] for name in names]
    chance = noise.field(seed, year.number, "load", names, recipe.distance[np.ix_(at, at)], len(year), part["noise"])
    months, hours = year.seasonal(np.array(part["months"])), hour_index(part, year)
    days, pumps = holidays(part, year), irrigation(part, year)
    weekday = np.array(part["weekday"])[year.weekday]
    rows = []
    for kind, site, x in zip(kinds, at, chance, strict=True):
        row = (1 + kind["season"] * (months - 1)) * (1 + kind["swing"] * (hours - 1)) * weekday * (1 - kind["dip"] * days)
        row *= 1 + kind["irrigation"] * pumps
        row *= 1 + weather_effect(kind, sky.temperature[site] - sky.normal[site], sky.normal[site])
        row *= 1 + part["noise"]["sd"] * x
        rows.append(row / row.mean())
    return names, np.array(rows)


def flat_industry(recipe: Recipe, year: Year, seed: int) -> np.ndarray:
    """Smelters and other continuous processes (T,), mean 1, nearly flat."""
    part = recipe.part("load")
    flat = part["flat_industry"]
    x = noise.series(noise.stream(seed, year.number, "flat industry"), len(year), flat["tau_h"])
    dip = flat["dip"] / part["holiday_dip"]["spring_festival"]
    row = (1 + flat["sd"] * x) * (1 - dip * holidays(part, year))
    return row / row.mean()


def hour_index(part: dict, year: Year) -> np.ndarray:
    """Hourly index (T,), mean 1, with the midday rise of the year (11 to 15 h)."""
    rise = from_year_on(part["midday"], year.number, before=0.0)
    hours = np.array(part["hours"]) * np.where((np.arange(24) >= 11) & (np.arange(24) <= 15), 1 + rise, 1.0)
    return (hours / hours.mean())[year.hour]


def holidays(part: dict, year: Year) -> np.ndarray:
    """Share of demand that stops (T,) around Spring Festival, May Day and National Day for a load of dip 1."""
    if year.number not in part["spring_festival"]:
        raise CaseError([f"recipe, load.spring_festival: has no day for {year.number}. Add it, written MM-DD."])
    dips = part["holiday_dip"]
    first = np.datetime64(f"{year.number}-{part['spring_festival'][year.number]}") - np.datetime64(f"{year.number}-01-01")
    day = np.arange(len(year)) / 24 - first.astype(int)
    # works shut down over a week before the day, stay off a week and come back until the Lantern Festival
    festival = np.interp(day, [-9.0, -1.0, 6.0, 16.0], [0.0, 1.0, 1.0, 0.0])
    date = (year.month + 1) * 100 + _day_of_month(year)
    rest = dips["national_day"] * ((date >= 1001) & (date <= 1007)) + dips["may_day"] * ((date >= 501) & (date <= 505))
    return dips["spring_festival"] * festival + rest


def irrigation(part: dict, year: Year) -> np.ndarray:
    """High-lift pumping about its yearly mean (T,), flat within the day."""
    pumps = year.seasonal(np.array(part["irrigation_months"]))
    return pumps - pumps.mean()


def weather_effect(kind: dict[str, float], anomaly: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Relative rise of demand (T,): colder than normal in the heating season, warmer than normal in hot hours."""
    heating = np.clip((12.0 - normal) / 12.0, 0.0, 1.0)
    cooling = np.clip((normal - 18.0) / 8.0, 0.0, 1.0)
    return kind["cold"] * heating * -anomaly + kind["hot"] * cooling * anomaly


def _day_of_month(year: Year) -> np.ndarray:
    return (year.start.astype("datetime64[D]") - year.start.astype("datetime64[M]").astype("datetime64[D]")).astype(int) + 1
