"""Heat of a solar field over its maximum, from direct irradiance.

heat = available . min(1, dni / design . eta(elevation)),  0 below the starting irradiance         (C1)
eta = 0.62 + 0.38 sin(elevation)^0.8: cosine, shading and spillage of a heliostat field
"""

from __future__ import annotations

import numpy as np

from gridopt.weather.recipe import Recipe
from gridopt.weather.sky import Sky


def heat(recipe: Recipe, sky: Sky) -> tuple[list[str], np.ndarray]:
    """Names of the sites with CSP and their field heat (C, T)."""
    part = recipe.part("csp")
    place = [recipe.position(site) for site in part["sites"]]
    dni, height = sky.dni[place], sky.sun.cosine[place]
    field = np.clip(dni / part["design_dni"] * (0.62 + 0.38 * height**0.8), 0.0, 1.0) * (dni >= part["start_dni"])
    return list(part["sites"]), part["available"] * field.mean(axis=2)
