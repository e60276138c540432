"""One synthetic year, made once for all tests that look at its numbers."""

from pathlib import Path

import numpy as np
import pytest

from gridopt.weather import recipe as recipes
from gridopt.weather import year as years
from gridopt.weather.calendar import Year

RECIPE = Path(__file__).parents[2] / "profiles" / "gansu" / "recipe.yaml"


@pytest.fixture(scope="session")
def recipe():
    return recipes.load(RECIPE)


@pytest.fixture(scope="session")
def calendar():
    return Year(2025)


@pytest.fixture(scope="session")
def dataset():
    return years.make(RECIPE, 2025, 1)


@pytest.fixture(scope="session")
def rows(dataset, recipe):
    """Function: values (B, T) of one kind of series at all sites of the recipe."""
    return lambda kind: np.array([dataset[f"{kind}.{name}"].values for name in recipe.names])


@pytest.fixture(scope="session")
def province(rows, recipe):
    """Function: output over capacity of the province (T,), weighted by the capacities of end-2025."""

    def weighted(kind):
        weight = recipe.column(f"{kind}_gw")
        return weight @ rows(kind) / weight.sum()

    return weighted
