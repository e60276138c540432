"""The file of a year: complete, repeatable, small, and the same numbers as in memory."""

from pathlib import Path

import numpy as np
import pytest
import xarray

from gridopt.case.readers.series import load
from gridopt.weather import recipe as recipes
from gridopt.weather import year as years

RECIPE = Path(__file__).parents[2] / "profiles" / "gansu" / "recipe.yaml"
SHIPPED = sorted(RECIPE.parent.glob("*.nc"))
SITES = [
    *("SHZ", "DUN", "MOG", "QIL", "HUA", "DIX", "JIQ", "JYG", "GAZ", "HEX", "SHY", "LZB"),
    *("WEI", "WUS", "QIN", "BAI", "LDE", "XIZ", "LIU", "MAI", "LGN", "PIN", "QUZ", "QYC"),
]
OTHERS = {
    "load": ["DUN330", "JIQ330", "BAI330", "MAI330", "flat_industry"],
    "inflow": [
        *("LJX", "YGX", "BPX", "HEK", "CJX", "XIX", "DAX", "WJX", "JDX", "BIK", "MJB", "QLS"),
        *("LS2", "BPH", "SDW", "XGS"),
    ],
    "schedule": ["XINJIANG", "QINGHAI", "NINGXIA", "SHAANXI"],
    "price": ["XINJIANG", "QINGHAI", "NINGXIA", "SHAANXI", "HUNAN", "SHANDONG", "ZHEJIANG"],
    "dc_max": ["QISHAO", "LONGDONG", "ZHEJIANG_DC"],
    "csp": ["SHZ", "DUN", "MOG", "HUA", "DIX"],
}


def test_every_series_the_network_needs_is_there(dataset):
    wanted = {f"{kind}.{site}" for kind in ("wind", "solar", "hydro_ror", "load") for site in SITES}
    wanted |= {f"{kind}.{place}" for kind, places in OTHERS.items() for place in places}
    assert not wanted - set(dataset.data_vars)


def test_values_are_finite_and_in_range(dataset):
    for name, series in dataset.data_vars.items():
        values = series.values
        assert values.shape == (8760,)
        assert np.isfinite(values).all(), name
        if name.partition(".")[0] in ("wind", "solar", "hydro_ror", "csp", "dc_max"):
            assert values.min() >= 0.0, name
            assert values.max() <= 1.0, name
        assert series.attrs["units"]
        assert series.attrs["long_name"]
        assert series.attrs["synthetic"] == "true"


def test_same_seed_same_bits_other_seed_other_weather(dataset):
    again, other = years.make(RECIPE, 2025, 1), years.make(RECIPE, 2025, 2)
    assert all(np.array_equal(dataset[n].values, again[n].values) for n in dataset.data_vars)
    drawn = [n for n in dataset.data_vars if not n.startswith("dc_max")]
    assert not any(np.array_equal(dataset[n].values, other[n].values) for n in drawn)
    assert abs(np.corrcoef(dataset["wind.DUN"], other["wind.DUN"])[0, 1]) < 0.25


def test_leap_year(tmp_path):
    year = years.make(RECIPE, 2028, 1)
    assert year.sizes["time"] == 8784
    assert year.time.values[24 * 59] == np.datetime64("2028-02-29T00:00")
    assert year["load.LDE"].values.mean() == pytest.approx(1.0, abs=1e-12)


def test_file_and_memory_hold_the_same_numbers(dataset, tmp_path):
    path = tmp_path / "deep" / "year.nc"
    years.write(dataset, path)
    names = list(dataset.data_vars)
    read = load([path]).on_grid(names, dataset.time.values.astype("datetime64[s]"), np.ones(8760))
    assert all(np.array_equal(read[i], dataset[n].values) for i, n in enumerate(names))
    with xarray.open_dataset(path, engine="h5netcdf") as opened:
        assert np.array_equal(opened["price.SHANDONG"].values, dataset["price.SHANDONG"].values)
        assert np.array_equal(opened.time.values, dataset.time.values)
        assert opened.attrs["seed"] == 1
        assert opened.attrs["year"] == 2025
    assert [p.name for p in path.parent.iterdir()] == ["year.nc"]


def test_a_new_site_leaves_the_others_alone(dataset, recipe, tmp_path):
    """A site of no capacity, at the end of the list, draws from streams of its own."""
    text = RECIPE.read_text(encoding="utf-8")
    line = next(row for row in text.splitlines() if row.startswith("  WEI:"))
    last = next(row for row in text.splitlines() if row.startswith("  QYC: {lat"))
    changed = tmp_path / "recipe.yaml"
    changed.write_text(text.replace(last, last + "\n" + line.replace("WEI", "NEW")), encoding="utf-8")
    larger = years.make(changed, 2025, 1)
    assert "wind.NEW" in larger
    assert all(np.array_equal(dataset[n].values, larger[n].values) for n in dataset.data_vars)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_shipped_year_belongs_to_the_recipe(path, recipe):
    assert path.stat().st_size < 1_400_000
    with xarray.open_dataset(path, engine="h5netcdf") as year:
        assert year.attrs["recipe_sha256"] == recipe.sha256, "the recipe has changed: make the shipped years again"
        assert str(year.attrs["year"]) == path.stem
        assert year.sizes["time"] == (8784 if int(path.stem) % 4 == 0 else 8760)
        assert "synthetic" in year.attrs["note"]


def test_four_years_are_shipped():
    assert [p.stem for p in SHIPPED] == ["2021", "2024", "2025", "2028"]


def test_shipped_year_can_be_made_again(dataset, recipe):
    """Other processors may round a sum differently: a value may differ by one step of the packing, no more, and seldom."""
    with xarray.open_dataset(RECIPE.parent / "2025.nc", engine="h5netcdf") as shipped:
        assert set(shipped.data_vars) == set(dataset.data_vars)
        for name in ("wind.MOG", "solar.HEX", "inflow.LJX", "load.LDE", "schedule.QINGHAI", "price.SHANDONG"):
            difference = np.abs(shipped[name].values - dataset[name].values)
            assert difference.max() <= 1.01 * shipped[name].encoding["scale_factor"], name
            assert (difference > 0).mean() < 0.01, name


def test_recipe_hash_ignores_line_ends(tmp_path, recipe):
    changed = tmp_path / "recipe.yaml"
    changed.write_bytes(RECIPE.read_bytes().replace(b"\n", b"\r\n"))
    assert recipes.load(changed).sha256 == recipe.sha256
