"""Pumped storage, pumps, zones of head and stores of heat in the report, by hand on two days."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from gridopt.report import page
from gridopt.report.commitment import commitment
from gridopt.report.folder import open_run
from gridopt.report.lifting import heads, heat, pumped, pumps
from gridopt.report.pack import Page

TIME = pd.date_range("2025-03-03", periods=48, freq="h")


@pytest.fixture
def folder(tmp_path):
    """Each day: the plant pumps 100 MW from 1 to 4, generates 60 MW from 18 to 20; a pump lifts 10 MW at 2; the block is on from 19 to 21;
    the reservoir is at 10, 30, 50 hm3 for a third of the time each."""
    hour = TIME.hour.to_numpy()
    taken, given = 100.0 * ((hour >= 1) & (hour < 4)), 60.0 * ((hour >= 18) & (hour < 20))
    on = ((hour >= 19) & (hour < 21)).astype(float)
    level = np.repeat([10.0, 30.0, 50.0], 16)
    found = {
        "pumped_generate": ("pumped", "P", given), "pumped_pump": ("pumped", "P", taken), "pumped_upper": ("pumped", "P",
        np.cumsum(taken - given)),
        "pumped_energy_value": ("pumped", "P", np.full(48, 210.0)), "pump_power": ("pump", "L", 10.0 * (hour == 2)), "csp_on": ("csp", "C", on),
        "csp_start": ("csp", "C", (hour == 19).astype(float)), "csp_output": ("csp", "C", 80.0 * on), "csp_store": ("csp", "C",
        500.0 - 100.0 * on),
        "reservoir_volume": ("reservoir", "R", level),
    }  # fmt: skip
    data = xr.Dataset({n: ((kind, "time"), v[None].astype("float32")) for n, (kind, _, v) in found.items()}, coords={"time": TIME})
    data = data.assign_coords({kind: [key] for kind, key, _ in found.values()})
    data.to_netcdf(tmp_path / "results.nc", engine="h5netcdf")
    (tmp_path / "tables").mkdir()
    tables = {
        "pumped": {"pumped": ["P"], "name": ["Upper"], "name_zh": ["上库"], "units": [4]},
        "pump": {"pump": ["L"], "from_reservoir": ["R"], "to_reservoir": ["R2"]},
        "reservoir": {"reservoir": ["R", "R2"], "name": ["Low lake", "High lake"], "name_zh": ["下湖", "上湖"]},
        "csp": {"csp": ["C"], "name": ["Tower"], "name_zh": ["塔"], "power_max_mw": [100.0], "bus": ["B"]},
        "head_zone": {"reservoir": ["R", "R"], "volume_from_hm3": [40.0, 20.0], "power_mw_per_m3s": [0.9, 0.7]},
    }
    for name, columns in tables.items():
        pd.DataFrame(columns).to_parquet(tmp_path / "tables" / f"{name}.parquet", index=False)
    return tmp_path


@pytest.fixture
def two_days(folder):
    found = open_run(folder)
    yield found
    found.data.close()


def test_pumped_storage_is_counted_in_hours_energy_and_changes(two_days):
    """Two days: 2 x 3 x 100 MWh in, 2 x 2 x 60 out; pump, generate, pump, generate: three changes."""
    made = Page()
    row = pumped(two_days, made)[0]
    assert row == {"name": ("Upper", "上库"), "machines": 4.0, "generated_mwh": 240.0, "pumped_mwh": 600.0, "hours_generating": 4.0,
                   "hours_pumping": 6.0, "changes": 3, "value": 210.0}  # fmt: skip
    assert set(made.figures) == {"pumped_day", "pumped_level"} and made.arrays["pumped_upper"]["rows"] == 1


def test_a_pump_says_where_water_goes(two_days):
    assert pumps(two_days, Page()) == [
        {"name": ("L", "L"), "from": ("Low lake", "下湖"), "to": ("High lake", "上湖"), "mwh": 20.0, "hours": 2.0}
    ]


def test_time_in_zones_of_head_is_that_of_the_volume_at_the_beginning(two_days):
    """Of 47 steps whose beginning is known, 16 + 16 begin at 10 or 30, in the first zone, which reaches down; 15 at 50."""
    low, high = heads(two_days)
    assert (low["begin"], low["end"], low["rate"], low["share"]) == (20.0, 40.0, 0.7, pytest.approx(32 / 47))
    assert high["last"] and (high["rate"], high["share"]) == (0.9, pytest.approx(15 / 47))


def test_power_blocks_are_units_that_start_and_stop(two_days):
    """On for two of 24 hours twice: two starts, and two stops though none are kept; load 80 of 100 MW."""
    row = commitment(two_days, Page())["rows"][0]
    assert (row["name"], row["starts"], row["stops"], row["hours"], row["mean_load"]) == (("Tower", "塔"), 2, 2, 4.0, pytest.approx(0.8))


def test_heat_in_store_has_a_day_and_a_map(two_days):
    made = Page()
    assert heat(two_days, made) and set(made.figures) == {"csp_day", "csp_level"}


def test_all_of_it_is_on_the_page(folder):
    text = page.write(folder).read_text(encoding="utf-8")
    for wanted in ("Pumped storage plants", "Zones of head", "Pumps between reservoirs", "Solar thermal plants", "工况转换次数"):
        assert f">{wanted}<" in text


def test_a_run_without_any_has_none(opened):
    assert pumped(opened, Page()) == [] and pumps(opened, Page()) == [] and heads(opened) == [] and not heat(opened, Page())
