"""Certificate, what narrows and widens the range of thermal plants: heat loads (table chp) and deep bands (table deep_band).

    extraction    power_per_heat_min x heat <= output <= largest output - power_lost_per_heat x heat
    back pressure output = power_per_heat x heat
    a plant with a heat load runs, unless the heat may come from elsewhere
    below the normal least output of a type, or of a generator's limits, output may lie in the bands: each MWh below the upper end of a
    band costs its price, and so does each hour spent below it
"""

from __future__ import annotations

import numpy as np

from gridopt.case.case import Case


def heated(case: Case, kind: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """By row of the table (n, T): least output for heat (none: -inf) and what it takes off the largest one MW, output of back-pressure plants
    (NaN for others), and whether the heat keeps the plant on."""
    table, shape = case.table(kind), (len(case.table(kind)), len(case.time))
    least, lost, fixed, runs = np.full(shape, -np.inf), np.zeros(shape), np.full(shape, np.nan), np.zeros(shape, bool)
    share, place = case.in_service(kind), {name: i for i, name in enumerate(table.index)}
    chp = case.table("chp")
    shapes, seasons = case.series(chp["profile"], 1.0), case.in_season(chp["season"])
    for k, row in enumerate(chp.to_dict("records")):
        if row["kind"] != kind or row["element"] not in place:
            continue
        i = place[row["element"]]
        heat = row["heat_max_mw"] * shapes[k] * share[i] * (seasons[k] if row["season"] else 1.0)
        runs[i] = (heat > 0) & (not row["other_heat"])
        if row["mode"] == "back_pressure":
            fixed[i] = row["power_per_heat"] * heat
        else:
            least[i], lost[i] = row["power_per_heat_min"] * heat, row["power_lost_per_heat"] * heat
    return least, lost, fixed, runs


def narrowed(case: Case, kind: str, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least and largest output MW (n, T) that heat leaves."""
    least, lost, fixed, _ = heated(case, kind)
    return np.where(np.isnan(fixed), np.maximum(low, least), fixed), np.where(np.isnan(fixed), high - lost, fixed)


def bands_of(case: Case, kind: str, name: str, unit_type: str) -> list[tuple[float, float, float]]:
    """(lower end over largest output, CNY/MWh, CNY/h) of the bands of an element from the highest."""
    table = case.table("deep_band")
    if not len(table):
        return []
    mine = table[(table["kind"] == kind) & (table["element"] == name)]
    if not len(mine) and kind == "unit":
        mine = table[(table["kind"] == "unit_type") & (table["element"] == unit_type)]
    found = mine[["down_to_fraction", "cost_cny_per_mwh", "firing_cny_per_h"]].astype(float).to_numpy().tolist()
    return sorted((tuple(row) for row in found), reverse=True)  # type: ignore[misc]
