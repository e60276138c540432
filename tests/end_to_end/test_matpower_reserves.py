"""Published figures of MATPOWER and MOST with what is switched on besides: zonal reserves, units that may stop, one more constraint.

Cases that MATPOWER's tests change by commands are changed here in the network folder that the case becomes."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from gridopt.case.readers.matpower import read
from gridopt.commands import execute

CASES = Path(__file__).parents[3] / "shared" / "cases"
ROWS = list(csv.DictReader((CASES / "expected.csv").open(encoding="utf-8"))) if CASES.exists() else []
pytestmark = pytest.mark.skipif(not ROWS, reason="the folder with published cases is absent")


def run(words: list[str], folder: Path, capsys) -> dict:
    """Document of a run that has succeeded."""
    code = execute(["run", *words, "--json", "--set", "report=false", "-o", str(folder)])
    document = json.loads(capsys.readouterr().out)
    assert code == 0, document
    assert document["certificate"]["passed"] and abs(document["gap"]) <= 1e-9
    return document


def given(row: dict, document: dict, folder: Path, data: xr.Dataset) -> float:
    """What the run says for a row of expected values."""
    key = dict(part.split("=", 1) for part in row["key"].split(";") if part)
    name, quantity = next(iter(key.values()), ""), row["quantity"]
    generator = f"gen {name}"
    if quantity == "objective":
        return document["objective"]
    if quantity == "lmp":
        return float(data["price"].sel(bus=name)[0])
    if quantity == "mu_flow":
        return float(data["branch_shadow_price"].sel(branch=name)[0])
    if quantity == "pg":
        return float(data["generator_output"].sel(generator=generator)[0])
    if quantity == "u":
        return float(data["generator_on"].sel(generator=generator)[0])
    if quantity == "reserve_total_cost":
        return document["costs_cny"]["reserve.offer"]
    awards = [a for a in data["award"].values.tolist() if a.endswith(f"/generator/{generator}")]
    if quantity == "reserve":
        return float(data["reserve_award"].sel(award=awards).sum())
    served = pd.read_csv(folder / "tables" / "reserve_providers.csv", encoding="utf-8-sig").set_index("element")
    price = sum(float(data["reserve_price"].sel(reserve=q)[0]) for q in zones(awards))
    if quantity == "reserve_price":
        return price
    if quantity == "mu_pmax_reserve":  # of output and reserve together, where the offer itself does not bind
        own = served.loc[generator]
        return price - own["offered_cny"] / own["awarded_mwh"]
    raise AssertionError(f"nobody told the test what {quantity} is")


def zones(awards: list[str]) -> list[str]:
    """Zones that awards count for: 'zone 1+2/generator/gen 5' for zones 1 and 2."""
    return [f"zone {z}" for a in awards for z in a.split("/")[0].removeprefix("zone ").split("+")]


def compare(rows: list[dict], document: dict, folder: Path) -> None:
    wrong = []
    with xr.open_dataset(folder / "results.nc", engine="h5netcdf") as data:
        for row in rows:
            value, found = float(row["value"]), given(row, document, folder, data)
            allowed = float(row["atol"] or 0) + float(row["rtol"] or 0) * abs(value)
            # results.nc holds single precision
            if not abs(found - value) <= allowed + np.spacing(np.float32(abs(value))):
                wrong.append((row["quantity"], row["key"], value, found))
    assert not wrong


@pytest.mark.parametrize("problem", ["dcopf_reserves", "economic_dispatch_reserves"])
def test_zonal_reserves(problem, tmp_path, capsys):
    """toggle_reserves of MATPOWER, with and without a network."""
    rows = [r for r in ROWS if r["problem"] == problem]
    model = "copperplate" if problem.startswith("economic") else "matpower-dc"
    words = [str(CASES / rows[0]["file"]), "--branch-model", model, "--set", "matpower_toggle=[reserves]"]
    document = run(words, tmp_path / "run", capsys)
    compare(rows, document, tmp_path / "run")


def folder_of(file: str, model: str, folder: Path, changes) -> Path:
    """The network folder that a case becomes, changed."""
    tables = {name: frame.reset_index(drop=frame.index.name is None) for name, frame in read(CASES / file, model).tables.items()}
    changes(tables)
    folder.mkdir()
    for name, frame in tables.items():
        if len(frame):
            frame.to_csv(folder / f"{name}.csv", index=False)
    return folder


def add(tables: dict, name: str, **row) -> None:
    tables[name] = pd.concat([tables[name], pd.DataFrame([row])], ignore_index=True)


@pytest.mark.parametrize("problem", ["uc_economic_dispatch", "uc_dcopf"])
def test_units_that_may_stop(problem, tmp_path, capsys):
    """Wind of 100 MW at bus 2, a load of 499 MW at bus 3; generators 1 to 3 may stop."""

    def change(tables):
        frame = tables["generator"]
        frame.loc[frame["generator"] == "gen 4", "power_min_mw"] = -499.0
        add(tables, "generator", generator="gen 5", bus="2", power_min_mw=0.0, power_max_mw=100.0, cost_cny_per_mwh=0.0)
        for g in ("gen 1", "gen 2", "gen 3"):
            add(tables, "commitment", kind="generator", element=g)

    rows = [r for r in ROWS if r["problem"] == problem and r["file"].startswith("most/")]
    model = "copperplate" if problem == "uc_economic_dispatch" else "matpower-dc"
    folder = folder_of(rows[0]["file"], model, tmp_path / "network", change)
    words = [str(folder), "--set", "start=2025-01-01", "--set", "end=2025-01-02", "--hours", "0:1", "--set", "mip_gap=0"]
    document = run(words, tmp_path / "run", capsys)
    compare(rows, document, tmp_path / "run")


def test_one_more_constraint_that_cannot_hold(tmp_path, capsys):
    """At least 600 MW from generators 1 and 2 together: a section of outputs."""

    def change(tables):
        add(tables, "interface", interface="both")
        add(tables, "interface_limit", interface="both", backward_mw=-600.0)
        for g in ("gen 1", "gen 2"):
            add(tables, "interface_member", interface="both", kind="generator", element=g, coefficient=1.0)

    row = next(r for r in ROWS if r["problem"] == "dcopf_with_extra_constraint")
    folder = folder_of(row["file"], "matpower-dc", tmp_path / "network", change)
    words = ["run", str(folder), "--set", "start=2025-01-01", "--set", "end=2025-01-02", "--hours", "0:1"]
    assert execute([*words, "--json", "-o", str(tmp_path / "run")]) == 3
    assert json.loads(capsys.readouterr().out)["status"] == row["value"]
