"""A synthetic profile year: every series of a network, from one recipe, one calendar year and one seed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gridopt import __version__
from gridopt.weather import csp, hydro, load, pack, sky, solar, trade, wind
from gridopt.weather import recipe as recipes
from gridopt.weather.calendar import Year
from gridopt.weather.pack import write

if TYPE_CHECKING:
    import xarray

__all__ = ["make", "write", "series"]


def make(recipe: Path, year: int, seed: int) -> xarray.Dataset:
    """All series of calendar year `year`, dimension time (start of the hour, local and naive), rounded as they are stored.

    The same recipe, year and seed give the same numbers, bit by bit.
    """
    import xarray

    known = recipes.load(Path(recipe))
    hours = Year(year)
    values = series(known, hours, seed)
    variables = {name: ("time", _stored(name, row), _attributes(name)) for name, row in values.items()}
    time = ("time", hours.start.astype("datetime64[ns]"), {"long_name": "start of the hour, local civil time", "timezone": known.part("timezone")})
    attributes = {
        "title": f"{known.part('title')}, {year}",
        "note": "synthetic: drawn from a statistical model, not measured; see the README beside the recipe",
        "year": year, "seed": seed, "timezone": known.part("timezone"), "recipe": known.path.name, "recipe_sha256": known.sha256,
        "gridopt_version": __version__,
    }  # fmt: skip
    return xarray.Dataset(variables, coords={"time": time}, attrs=attributes)


def series(recipe: recipes.Recipe, year: Year, seed: int) -> dict[str, np.ndarray]:
    """Name to values (T,) of every series, not yet rounded."""
    names = recipe.names
    weather = sky.make(recipe, year, seed)
    blowing, shining = wind.availability(recipe, year, seed), solar.availability(recipe, year, weather)
    result = dict(zip([f"wind.{n}" for n in names], blowing, strict=True))
    result |= zip([f"solar.{n}" for n in names], shining, strict=True)
    result |= zip([f"hydro_ror.{n}" for n in names], hydro.run_of_river(recipe, year, seed), strict=True)
    for prefix, (places, rows) in {
        "csp": csp.heat(recipe, weather),
        "inflow": hydro.inflow(recipe, year, seed),
        "load": load.demand(recipe, year, seed, weather),
    }.items():
        result |= zip([f"{prefix}.{p}" for p in places], rows, strict=True)
    result["load.flat_industry"] = load.flat_industry(recipe, year, seed)
    capacity = recipe.column("wind_gw"), recipe.column("solar_gw")
    renewable = (capacity[0] @ blowing + capacity[1] @ shining) / (capacity[0].sum() + capacity[1].sum())
    for prefix, rows in {
        "schedule": trade.schedules(recipe, year, seed, renewable),
        "price": trade.prices(recipe, year, seed),
        "dc_max": trade.dc_limits(recipe, year),
    }.items():
        result |= {f"{prefix}.{name}": row for name, row in rows.items()}
    return result


def _stored(name: str, row: np.ndarray) -> np.ndarray:
    kind = name.partition(".")[0]
    return pack.rounded(row, pack.KINDS[kind][0], keep_mean=1.0 if kind == "load" else None)


def _attributes(name: str) -> dict[str, str]:
    kind, _, place = name.partition(".")
    _, unit, meaning = pack.KINDS[kind]
    return {"units": unit, "long_name": f"{meaning}, {place}", "synthetic": "true"}
