"""Multi-period cases of MOST's own tests (restated as JSON) through the public command: unit commitment with and without a network,
start and stop costs, costs of ramping, storage, prices with ramps. Left out where the published values are absent."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from gridopt.commands import execute
from tests.end_to_end.most import write_network

CASES = Path(__file__).parents[3] / "shared" / "cases"


def expected() -> dict[str, list[dict]]:
    """File -> rows of expected values."""
    found, path = defaultdict(list), CASES / "expected.csv"
    for row in csv.DictReader(path.open(encoding="utf-8")) if path.exists() else []:
        if row["file"].startswith("most/") and row["file"].endswith(".json"):
            found[row["file"]].append(row)
    return found


EXPECTED = expected()


def found_value(row: dict, document: dict, data: xr.Dataset) -> float:
    """What the run says for a row of expected values."""
    key = dict(part.split("=", 1) for part in row["key"].split(";") if part)
    step, name = int(key.get("t", 1)) - 1, key.get("unit", key.get("gen", ""))
    if row["quantity"] == "objective":
        return document["objective"]
    if row["quantity"] == "lmp":
        return float(data["price"].sel(bus=key["bus"])[step] if "bus" in key else data["price"].values[0, step])
    if row["quantity"] == "u":
        return float(data["generator_on"].sel(generator=name)[step])
    if row["quantity"] == "tlmp":
        return float(data["price"].values[0, step] + data["generator_ramp_price"].sel(generator=name)[step])
    if row["quantity"] == "p" and "storage" in data.coords and name in data["storage"].values:
        return float((data["storage_discharge"] - data["storage_charge"]).sel(storage=name)[step])
    if row["quantity"] == "p":
        return float(data["generator_output"].sel(generator=name)[step])
    raise AssertionError(f"nobody told the test what {row['quantity']} is")


@pytest.mark.skipif(not EXPECTED, reason="the folder with published cases is absent")
@pytest.mark.parametrize("file", list(EXPECTED))
def test_published(file, tmp_path, capsys):
    study = write_network(CASES / file, tmp_path / "network")
    periods = json.loads((CASES / file).read_text())["periods"]
    code = execute(["run", str(study), "--hours", f"0:{periods}", "--json", "-o", str(tmp_path / "run")])
    document = json.loads(capsys.readouterr().out)
    assert code == 0, document
    assert document["certificate"]["passed"] and abs(document["gap"]) <= 1e-9
    wrong = []
    with xr.open_dataset(tmp_path / "run" / "results.nc", engine="h5netcdf") as data:
        for row in EXPECTED[file]:
            value, given = float(row["value"]), found_value(row, document, data)
            allowed = float(row["atol"] or 0) + float(row["rtol"] or 0) * abs(value)
            # results.nc holds single precision
            if not abs(given - value) <= allowed + np.spacing(np.float32(abs(value))):
                wrong.append((row["quantity"], row["key"], value, given))
    assert not wrong
