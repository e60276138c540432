"""Run-of-river availability and natural inflow of reservoirs.

    run of river = min(1, s . month . exp(sd x)),  s: root of yearly mean = target                   (H1)
    inflow = mean . month . exp(sd x) / its yearly mean                                  m3/s        (H2)

Ice: the monthly shapes hold it (low water December to March); flood season is July to September.
"""

from __future__ import annotations

import numpy as np

from gridopt.weather import calibrate, noise
from gridopt.weather.calendar import Year
from gridopt.weather.recipe import Recipe


def run_of_river(recipe: Recipe, year: Year, seed: int) -> np.ndarray:
    """Available output over capacity (B, T)."""
    part = recipe.part("hydro")["run_of_river"]
    process = part["process"]
    x = noise.field(seed, year.number, "run of river", recipe.names, recipe.distance, len(year), process)
    shape = year.seasonal(np.array(part["months"])) * np.exp(process["log_sd"] * x)

    def output(scale: np.ndarray) -> np.ndarray:
        return np.clip(shape * scale[:, None], 0.0, 1.0)

    target = np.full(len(recipe.names), part["mean"])
    what = "run-of-river capacity factor"
    return output(calibrate.solve(lambda s: output(s).mean(axis=1), target, (0.1, 10.0), what, recipe.names))


def inflow(recipe: Recipe, year: Year, seed: int) -> tuple[list[str], np.ndarray]:
    """Names of the reservoirs and their inflows (R, T), m3/s. Rivers of one regime share three quarters of their variance."""
    part = recipe.part("hydro")
    flows = []
    for name, river in part["inflow"].items():
        regime = part["regimes"][river["regime"]]
        tau = regime["tau_h"]
        shared = noise.series(noise.stream(seed, year.number, "inflow", river["regime"]), len(year), tau)
        own = noise.series(noise.stream(seed, year.number, "inflow", river["regime"], name), len(year), tau)
        flow = year.seasonal(np.array(regime["months"])) * np.exp(regime["log_sd"] * (np.sqrt(0.75) * shared + 0.5 * own))
        flows.append(river["mean"] * flow / flow.mean())
    return list(part["inflow"]), np.array(flows)
