"""Thermal units as arrays: limits on the steps, fuel over output, emission of the fuel.

fuel rate r(q) tce/MWh at load q = 1, 0.5, 0.3 of the available capacity C; burnt F(p) = C f(q), f straight between the points q r(q)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridopt.case.heat import must_heat, narrowed


def capacity(case) -> np.ndarray:
    """Available capacity by unit MW (n, T), 0 while out of service."""
    unit = case.table("unit")
    return (unit["power_max_mw"] * unit["available_fraction"]).to_numpy(float)[:, None] * case.in_service("unit")


def must_run(case) -> np.ndarray:
    """Whether the unit must run, bool (n, T). Where decisions are modelled, table commitment says of the units that it lists whether
    they always must: what keeps a unit on in a linear program may be no more than a stand-in for the decisions."""
    unit = case.table("unit")
    heating = case.in_season(unit["heating_season"]) > 0.5
    always = (unit["must_run"] == "always").to_numpy()
    if case.commitment != "off":
        given = case.table("commitment")
        given = given[given["kind"] == "unit"].set_index("element")["must_run"]
        always = given.reindex(unit.index).astype(object).where(unit.index.isin(given.index), always).to_numpy(bool)
    return always[:, None] | ((unit["must_run"] == "heating").to_numpy()[:, None] & heating) | must_heat(case, "unit")


def output_range(case) -> tuple[np.ndarray, np.ndarray]:
    """(least, largest) output by unit MW while it is on (n, T); the least is must_run_fraction while it must run, where that is given."""
    unit = case.table("unit")
    kind = case.table("unit_type").loc[unit["unit_type"]]
    heating = case.in_season(unit["heating_season"]) > 0.5
    own = unit["must_run_fraction"].to_numpy(float)[:, None]
    floor = np.where(heating, np.maximum(kind["heat_min_fraction"], kind["min_load_fraction"]).to_numpy(float)[:, None],
                     kind["min_load_fraction"].to_numpy(float)[:, None])  # fmt: skip
    least = np.where(must_run(case) & ~np.isnan(own), own, floor)
    largest = np.where(heating, kind["heat_max_fraction"].to_numpy(float)[:, None], 1.0)
    able = capacity(case)
    return narrowed(case, "unit", least * able, np.maximum(largest, least) * able)


def limits(case) -> tuple[np.ndarray, np.ndarray]:
    """(least, largest) output by unit MW (n, T) where nothing is switched: least is 0 unless the unit must run."""
    unit = case.table("unit")
    kind = case.table("unit_type").loc[unit["unit_type"]]
    least = np.where(must_run(case), output_range(case)[0], 0.0)
    largest = np.where(case.in_season(unit["heating_season"]) > 0.5, kind["heat_max_fraction"].to_numpy(float)[:, None], 1.0)
    return least, np.maximum(narrowed(case, "unit", least, largest * capacity(case))[1], least)


class Burning(NamedTuple):
    """What units burn and emit, by unit: slopes of F below and above half load, rate at full load, f at 0.3 and 0.5, tce/MWh (n, 1);
    CO2 t per tce burnt and t per MWh, one of which is 0 (n, 1); fuel price CNY/tce (n, T); other cost CNY/MWh (n, 1)."""

    slope_low: np.ndarray
    slope_high: np.ndarray
    full: np.ndarray
    at_third: np.ndarray
    at_half: np.ndarray
    per_tce: np.ndarray
    per_mwh: np.ndarray
    price: np.ndarray
    variable: np.ndarray

    def burnt(self, output: np.ndarray, able: np.ndarray) -> np.ndarray:
        """F tce/h of outputs MW (n, T) at available capacities MW."""
        load = np.divide(output, able, out=np.zeros_like(output), where=able > 0)
        return np.where(load < 0.5, self.at_third + self.slope_low * (load - 0.3), self.at_half + self.slope_high * (load - 0.5)) * able


def burning(case, rows: np.ndarray) -> Burning:
    """Of the units at rows int (n,) of the table."""
    unit = case.table("unit").iloc[rows]
    kind, fuel = case.table("unit_type").loc[unit["unit_type"]], case.table("fuel").loc[unit["fuel"]]
    full = kind["fuel_rate_full_tce_per_mwh"].to_numpy(float)[:, None]
    half, least = (full + kind[f"fuel_rate_extra_{c}_tce_per_mwh"].to_numpy(float)[:, None] for c in ("half", "low"))
    return Burning(
        (0.5 * half - 0.3 * least) / 0.2, (full - 0.5 * half) / 0.5, full, 0.3 * least, 0.5 * half, *_emission(kind, fuel),
        fuel["price_cny_per_tce"].to_numpy(float)[:, None] * case.of_year("fuel_price_scale", 1.0),
        kind["vom_cny_per_mwh"].to_numpy(float)[:, None],
    )  # fmt: skip


def emits(case, table: str) -> np.ndarray:
    """Whether each row of 'unit' or 'generator' emits CO2, bool (n,): what does not has no free allowance."""
    if table == "generator":
        return case.table("generator")["co2_t_per_mwh"].to_numpy(float) > 0
    fire = burning(case, np.arange(len(case.table("unit"))))
    return (fire.full * fire.per_tce + fire.per_mwh)[:, 0] > 0


def _emission(kind, fuel) -> tuple[np.ndarray, np.ndarray]:
    """(t per tce burnt, t per MWh), (n, 1): one of the two is 0."""
    full, rated = (kind[c].to_numpy(float)[:, None] for c in ("fuel_rate_full_tce_per_mwh", "co2_t_per_mwh"))
    given, burns = ~np.isnan(rated), full > 0
    of_fuel = np.where(given, rated / np.where(burns, full, 1.0), fuel["co2_t_per_tce"].to_numpy(float)[:, None])
    without = given & ~burns
    return np.where(without, 0.0, of_fuel), np.where(without, rated, 0.0)
