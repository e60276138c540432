"""A synthetic profile year: every series of a network, from one recipe, one calendar year and one seed."""

from __future__ import annotations

from collections.abc import Sequence
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
    about = {"long_name": "start of the hour, local civil time", "timezone": known.part("timezone")}
    time = ("time", hours.start.astype("datetime64[ns]"), about)
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
    capacity = recipe.column("wind_gw"), recipe.column("solar_gw")
    renewable = (capacity[0] @ blowing + capacity[1] @ shining) / (capacity[0].sum() + capacity[1].sum())
    kinds = {
        "wind": _named(names, blowing),
        "solar": _named(names, shining),
        "hydro_ror": _named(names, hydro.run_of_river(recipe, year, seed)),
        "csp": _named(*csp.heat(recipe, weather)),
        "inflow": _named(*hydro.inflow(recipe, year, seed)),
        "load": _named(*load.demand(recipe, year, seed, weather)) | {"flat_industry": load.flat_industry(recipe, year, seed)},
        "schedule": trade.schedules(recipe, year, seed, renewable),
        "price": trade.prices(recipe, year, seed),
        "dc_max": trade.dc_limits(recipe, year),
    }
    return {f"{kind}.{place}": row for kind, rows in kinds.items() for place, row in rows.items()}


def _named(places: Sequence[str], rows: np.ndarray) -> dict[str, np.ndarray]:
    return dict(zip(places, rows, strict=True))


def _stored(name: str, row: np.ndarray) -> np.ndarray:
    kind = name.partition(".")[0]
    return pack.rounded(row, pack.KINDS[kind][0], keep_mean=1.0 if kind == "load" else None)


def _attributes(name: str) -> dict[str, str]:
    kind, _, place = name.partition(".")
    _, unit, meaning = pack.KINDS[kind]
    return {"units": unit, "long_name": f"{meaning}, {place}", "synthetic": "true"}
