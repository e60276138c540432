"""Published optimal power flows and multi-period dispatches, run as a user would: `gridopt run FILE --json`, results read from the folder.

Expected values, their tolerances and conventions lie beside the repository; without them these tests are left out.
"""

from __future__ import annotations

import csv
import json
import re
from collections import defaultdict
from pathlib import Path

import pytest
import xarray as xr

from gridopt.commands import execute

CASES = Path(__file__).parents[3] / "shared" / "cases"
MODEL = {
    "powermodels-dcp": "powermodels-dcp", "matpower-dc": "matpower-dc", "pandapower rundcopp": "matpower-dc",
    "copperplate (no network)": "copperplate", "": "matpower-dc",
}  # fmt: skip
READ = (".m", ".json", "/")
FORMATS = ("pglib_opf/", "matpower/", "matpower_tests/", "most/", "rts_gmlc/", "pandapower/", "pypsa/")
PROBLEMS = ("dcopf", "economic_dispatch", "multiperiod_dispatch")
LARGE = 1000
"""Buses from which a case counts as slow."""


def expected() -> dict[tuple[str, str, str], list[dict]]:
    """(file, branch model, problem) -> rows of expected values."""
    found = defaultdict(list)
    path = CASES / "expected.csv"
    for row in csv.DictReader(path.open(encoding="utf-8")) if path.exists() else []:
        if row["problem"] in PROBLEMS and row["file"].startswith(FORMATS) and row["file"].endswith(READ):
            model = "copperplate" if row["problem"] == "economic_dispatch" else MODEL[row["convention"]]
            found[row["file"], model, row["problem"]].append(row)
    return found


EXPECTED = expected()


def parameters():
    for key in EXPECTED:
        digits = re.search(r"case(\d+)", key[0])
        slow = [pytest.mark.slow] if digits and int(digits[1]) >= LARGE else []
        yield pytest.param(key, id=f"{Path(key[0]).stem}-{key[1]}-{key[2]}", marks=slow)


def run(file: str, model: str, folder: Path, capsys) -> tuple[int, dict]:
    words = ["run", str(CASES / file), "--json", "--branch-model", model, "--set", "report=false", "-o", str(folder)]
    code = execute(words)
    return code, json.loads(capsys.readouterr().out)


def found_value(row: dict, document: dict, data: xr.Dataset) -> float:
    """What the run says for a row of expected values."""
    quantity, key = row["quantity"], dict(part.split("=", 1) for part in row["key"].split(";") if part)
    step = int(key.get("t", 0))
    name = next(iter(key.values()), "").split(" (")[0]
    if quantity == "objective":
        return document["objective"]
    if quantity in ("lmp", "price"):
        return float(data["price"].sel(bus=name)[step])
    if quantity in ("pg", "p"):
        where = next(d for d in ("generator", "renewable") if d in data.coords and {name, f"gen {name}"} & set(data[d].values.tolist()))
        return float(data[f"{where}_output"].sel({where: name if name in data[where].values else f"gen {name}"})[step])
    if quantity == "flow":
        return float(data["flow"].sel(branch=name)[step])
    if quantity == "mu_flow":
        return float(data["branch_shadow_price"].sel(branch=name)[step])
    if quantity == "dispatch_sum":
        return float(data[f"{key['table']}_output"].sum())
    raise AssertionError(f"nobody told the test what {quantity} is")


@pytest.mark.skipif(not EXPECTED, reason="the folder with published cases is absent")
@pytest.mark.parametrize("key", list(parameters()))
def test_published(key, tmp_path, capsys):
    file, model, _ = key
    rows = EXPECTED[key]
    code, document = run(file, model, tmp_path / "run", capsys)
    if any(r["value"] == "infeasible" for r in rows):
        assert code == 3 and document["status"] == "infeasible" and not (tmp_path / "run").exists()
        return
    assert code == 0, document
    assert document["certificate"]["passed"] and abs(document["gap"]) <= 1e-9
    wrong = []
    with xr.open_dataset(tmp_path / "run" / "results.nc", engine="h5netcdf") as data:
        for row in rows:
            value, given = float(row["value"]), found_value(row, document, data)
            allowed = float(row["atol"] or 0) + float(row["rtol"] or 0) * abs(value)
            if not abs(given - value) <= allowed:
                wrong.append((row["quantity"], row["key"], value, given, row["note"]))
    assert not wrong


@pytest.mark.skipif(not EXPECTED, reason="the folder with published cases is absent")
def test_counts_are_those_of_the_files(capsys, tmp_path):
    """Buses, branches and generators of every case as published."""
    counts = defaultdict(dict)
    for row in csv.DictReader((CASES / "expected.csv").open(encoding="utf-8")):
        if row["problem"] == "parse" and row["file"].startswith(("pglib_opf/", "matpower/", "pandapower/")):
            counts[row["file"]][row["quantity"].removeprefix("n_")] = int(row["value"])
    wrong = []
    for file, wanted in counts.items():
        code = execute(["run", str(CASES / file), "--json", "--dry-run"])
        document = json.loads(capsys.readouterr().out)
        found = document["import"]["found"] if code == 0 else document
        wrong += [(file, kind, n, found) for kind, n in wanted.items() if found.get(kind) != n]
    assert not wrong
