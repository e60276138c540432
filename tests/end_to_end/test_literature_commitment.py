"""Unit commitment of the literature, written as a network folder and run as a user would: `gridopt run STUDY --json`.

Expected values lie beside the repository; without them these tests are left out.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import xarray as xr

from gridopt.commands import execute

CASES = Path(__file__).parents[3] / "shared" / "cases"
FILES = ["pricing_lit/hua_baldick_ex1.json", pytest.param("pricing_lit/kazarlis_10unit_uc.json", marks=pytest.mark.slow)]


def table(folder: Path, name: str, rows: list[dict]) -> None:
    with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(k for r in rows for k in r)))
        writer.writeheader()
        writer.writerows(rows)


def starts(unit: dict) -> list[tuple[float, float]]:
    """Hours off and cost. A start is hot up to min_down + cold_start_hours hours after the stop, cold from the next hour on."""
    if "startup_cost" in unit:
        return [(0, unit["startup_cost"])]
    return [(0, unit["hot_start_cost"]), (unit["min_down"] + unit["cold_start_hours"] + 1, unit["cold_start_cost"])]


def write(folder: Path, case: dict) -> Path:
    """A study of the case; the path of its file."""
    net, units = folder / "net", case["generators"]
    net.mkdir(parents=True)
    table(net, "bus", [dict(bus="B", voltage_kv=330)])
    table(net, "load", [dict(load="D", bus="B", mean_mw=1, profile="demand")])
    costs = [u.get("cost", {"c0": u.get("no_load_cost"), "c1": u.get("marginal_cost"), "c2": 0}) for u in units]
    table(net, "generator", [
        dict(generator=u["id"], bus="B", power_min_mw=u["p_min"], power_max_mw=u["p_max"], cost_cny_per_h=c["c0"], cost_cny_per_mwh=c["c1"],
             cost_quadratic_cny_per_mw2h=c["c2"]) for u, c in zip(units, costs, strict=True)
    ])  # fmt: skip
    table(net, "commitment", [
        dict(kind="generator", element=u["id"], min_up_h=u.get("min_up", 1), min_down_h=u.get("min_down", 1),
             initial_h=u.get("initial_status_h", -1)) for u in units
    ])  # fmt: skip
    rows = [dict(kind="generator", element=u["id"], offline_h=max(h, u.get("min_down", 1) if n else 0), cost_cny=c)
            for u in units for n, (h, c) in enumerate(starts(u))]  # fmt: skip
    table(net, "start_cost", rows)
    if "spinning_reserve_fraction" in case:
        table(net, "reserve", [dict(reserve="spin", product="spinning_up", load_share=case["spinning_reserve_fraction"])])
        table(net, "reserve_offer", [dict(reserve="spin", kind="generator")])
    demand = case["demand_mw"] + case["demand_mw"][-1:] * (24 - len(case["demand_mw"]))
    lines = [f"2025-01-01 {h:02d}:00,{value}" for h, value in enumerate(demand)]
    (folder / "demand.csv").write_text("\n".join(["time,demand", *lines, ""]))
    study = folder / "study.yaml"
    study.write_text("network: net\nstart: 2025-01-01\nend: 2025-01-02\nprofiles: [demand.csv]\nmip_gap: 1e-7\ntitle_en: t\ntitle_zh: t\n")
    return study


@pytest.mark.skipif(not CASES.exists(), reason="the folder with published cases is absent")
@pytest.mark.parametrize("file", FILES)
def test_published(file, tmp_path, capsys):
    case = json.loads((CASES / file).read_text())
    study = write(tmp_path, case)
    part = ["--hours", f"0:{len(case['demand_mw'])}", "--set", "report=false"]
    code = execute(["run", str(study), "--json", *part, "-o", str(tmp_path / "out")])
    document = json.loads(capsys.readouterr().out)
    assert code == 0 and document["certificate"]["passed"], document
    wrong = []
    with xr.open_dataset(tmp_path / "out" / "results.nc", engine="h5netcdf") as data:
        for row in csv.DictReader((CASES / "expected.csv").open(encoding="utf-8")):
            if row["file"] != file or row["problem"] != "uc" or "may not be unique" in row["note"]:
                continue
            name = row["key"].removeprefix("gen=").split(";")[0]
            given = document["objective"] if row["quantity"] == "objective" else float(data["generator_output"].sel(generator=name)[0])
            if abs(given - float(row["value"])) > float(row["atol"] or 0) + float(row["rtol"] or 0) * abs(float(row["value"])):
                wrong.append((row["quantity"], row["key"], row["value"], given))
    assert not wrong
