"""The shipped Gansu study through the public command: a week in the usual run, the whole year behind the marker `slow`."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import xarray as xr


def run(folder, *words):
    """Exit code and JSON document of `gridopt run --json`."""
    done = subprocess.run([sys.executable, "-m", "gridopt", "run", "--json", "-o", str(folder), *words], capture_output=True, text=True,
                          timeout=900, env={**os.environ, "PYTHONPATH": os.getcwd()})  # fmt: skip
    return done.returncode, json.loads(done.stdout), done.stderr


@pytest.fixture(scope="module")
def week(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results") / "week"
    code, document, _ = run(folder, "--hours", "3600:3768")
    assert code == 0
    return folder, document


def test_week_is_proven_certified_and_complete(week):
    folder, document = week
    assert document["status"] == "optimal" and abs(document["gap"]) < 1e-6 and document["certificate"]["passed"]
    for name in ("results.nc", "manifest.json", "certificate.json", "solver.log", "report.html", "summary.xlsx", "tables/costs.parquet"):
        assert (folder / name).stat().st_size > 0
    assert sum(document["costs_cny"].values()) == pytest.approx(document["objective"], rel=1e-9)
    assert sum(document["curtailed_by_cause_mwh"].values()) == pytest.approx(sum(document["curtailed_mwh"].values()), rel=1e-6)
    assert not list(folder.parent.glob(".unfinished-*"))


def test_every_variable_says_unit_and_meaning_in_both_languages(week):
    with xr.open_dataset(week[0] / "results.nc", engine="h5netcdf") as data:
        assert all({"units", "long_name", "long_name_zh"} <= set(v.attrs) for v in data.data_vars.values())
        assert "synthetic" in data.attrs["synthetic"]


def test_the_same_week_twice_gives_the_same_numbers(week, tmp_path):
    _, again, _ = run(tmp_path / "again", "--hours", "3600:3768", "--set", "report=false")
    for key in ("objective", "energy_mwh", "curtailed_mwh", "curtailed_by_cause_mwh", "price_mean"):
        assert again[key] == week[1][key]


def test_misspelled_key_is_named_and_nothing_is_written(tmp_path):
    code, document, _ = run(tmp_path / "none", "--set", "step_minuts=60")
    assert code == 5 and "step_minuts" in document["messages"][0] and "step_minutes" in document["messages"][0]
    assert not (tmp_path / "none").exists()


def test_dry_run_writes_nothing(tmp_path):
    code, document, _ = run(tmp_path / "none", "--hours", "0:24", "--dry-run")
    assert code == 0 and document["status"] == "dry_run" and not (tmp_path / "none").exists()


@pytest.mark.slow
def test_year_is_plausible_against_the_published_figures(tmp_path):
    """Bands from the facts: consumption 185 TWh, wind and solar used 96 TWh within 12 %, coal 95 to 130, hydro 34 to 42 TWh."""
    code, document, _ = run(tmp_path / "year")
    assert code == 0 and document["certificate"]["passed"] and abs(document["gap"]) < 1e-6
    twh = {k: v / 1e6 for k, v in document["energy_mwh"].items()}
    assert document["load_mwh"] / 1e6 == pytest.approx(185, rel=0.01)
    assert twh["wind"] + twh["solar"] + twh["csp"] == pytest.approx(96, rel=0.12)
    assert 95 <= twh["coal"] <= 130 and 34 <= twh["hydro"] + twh["hydro_ror"] <= 42
    for technology in ("wind", "solar"):
        assert 0.03 <= document["curtailed_mwh"][technology] / document["available_mwh"][technology] <= 0.15
    assert document["dc_links"]["LONGDONG"]["renewable_share"] >= 0.5 - 1e-9
    assert document["price_mean"]["hexi"] < document["price_mean"]["hedong"] <= 350
    with xr.open_dataset(tmp_path / "year" / "results.nc", engine="h5netcdf") as data:
        load = data["load"].sel(bus=data.price.bus)
        assert 150 <= float((data.price * load).sum() / load.sum()) <= 350
    assert document["peak_memory_mb"] < 3000
