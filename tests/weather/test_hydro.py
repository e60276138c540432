"""Rivers: monthly shape, means, cascade and the province's hydro energy."""

import numpy as np
import pytest

from gridopt.weather.calendar import monthly

MONTHS = np.array([0.27, 0.15, 0.18, 0.32, 0.45, 0.61, 0.75, 0.69, 0.59, 0.47, 0.30, 0.37])
RIVER = ("LJX", "YGX", "BPX", "HEK", "CJX", "XIX", "DAX", "WJX")
# MW per m3/s and MW of the Yellow River plants, from heads of 100, 38, 16, 6, 7.5, 16, 23, 9 m at 88 % (g = 9.81)
MW_PER_M3S = np.array([0.863, 0.328, 0.138, 0.055, 0.065, 0.138, 0.200, 0.078])
POWER_MW = np.array([1650, 464, 220, 74, 96, 230, 324.5, 140])


def test_H1_run_of_river_by_month(rows, calendar):
    found = monthly(rows("hydro_ror").mean(axis=0), calendar.month)
    assert found.mean() == pytest.approx(0.44, abs=0.01)
    assert found == pytest.approx(0.44 / MONTHS.mean() * MONTHS, rel=0.15)


def test_ice_low_and_flood_high(dataset, calendar):
    """Natural rivers carry at least three times as much from July to September as from December to March."""
    for name in ("JDX", "BIK", "MJB", "BPH", "BPX"):
        month = monthly(dataset[f"inflow.{name}"].values, calendar.month)
        assert month[6:9].mean() > 2.5 * month[[11, 0, 1, 2]].mean()
    yellow = monthly(dataset["inflow.LJX"].values, calendar.month)
    assert 1.5 < yellow[6:9].mean() / yellow[[0, 1, 2]].mean() < 2.4  # Longyangxia evens it out


def test_H2_yellow_river_at_liujiaxia(dataset):
    """Upstream and Tao together 700 to 900 m3/s: 22 to 28 km3 a year."""
    total = dataset["inflow.LJX"].values.mean() + dataset["inflow.JDX"].values.mean()
    assert 700 < total < 900
    assert all(dataset[n].values.min() > 0 for n in dataset.data_vars if n.startswith("inflow"))


def test_hydro_energy_of_the_province(dataset, rows):
    """Yellow River plants at mean flow, other reservoirs at 0.44 of 1445 MW, 5.06 GW run of river: 38 to 39 TWh before spill."""
    local = np.array([dataset[f"inflow.{n}"].values.mean() for n in RIVER])
    local[0] += dataset["inflow.JDX"].values.mean()
    river = np.minimum(MW_PER_M3S * local.cumsum(), POWER_MW).sum() * 8760 / 1e6
    small = rows("hydro_ror").mean() * 5056.5 * 8760 / 1e6
    others = 0.44 * 1445 * 8760 / 1e6
    assert river == pytest.approx(14.1, abs=0.6)
    assert river + small + others == pytest.approx(38.9, abs=1.2)
