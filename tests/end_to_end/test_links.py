"""DC schedules, demand that responds and fuel of periods in one network folder, as a user would run it: `gridopt run STUDY --json`."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from gridopt.commands import execute

E13 = dict(
    bus=[dict(bus="A", voltage_kv=330), dict(bus="S", voltage_kv=800, role="sink")],
    generator=[dict(generator="cheap", bus="A", power_max_mw=2000, cost_cny_per_mwh=200),
               dict(generator="dear", bus="A", power_max_mw=9000, cost_cny_per_mwh=300)],
    dc_link=[dict(dc_link="L", from_bus="A", to_bus="S", power_min_mw=800, power_max_mw=6000, loss_linear_fraction=0.065, initial_mw=2000)],
    dc_schedule=[dict(dc_link="L", may_stop=1, step_mw=400, change_minutes=15, hold_h=1, changes_per_day=2, steps_per_change=2)],
    dc_market=[dict(dc_market="M", dc_link="L", power_max_mw=9999, price_profile="p", tariff_cny_per_mwh=60)],
)  # fmt: skip
MANY = E13 | dict(
    fuel=[dict(fuel="coal", price_cny_per_tce=900, co2_t_per_tce=2.7)],
    unit_type=[dict(unit_type="u", min_load_fraction=0.0, fuel_rate_full_tce_per_mwh=0.3)],
    unit=[dict(unit="u", plant="P", bus="A", unit_type="u", fuel="coal", power_max_mw=500)],
    load=[dict(load="town", bus="A", mean_mw=700), dict(load="halls", bus="A", mean_mw=100, kind="data_centre")],
    fuel_stock=[dict(fuel_stock="pile", fuel="coal", plant="P", stock_start_tce=120, stock_end_tce=20)],
    fuel_delivery=[dict(fuel_stock="pile", time="2025-01-01 01:00", amount_tce=50)],
    fuel_budget=[dict(fuel_budget="pay", fuel="coal", start_date="2025-01-01", end_date="2025-01-01", amount_min_tce=1200,
                      short_cny_per_tce=100)],
    emission_cap=[dict(emission_cap="cap", start_date="2025-01-01", end_date="2025-01-01", amount_max_t=9000)],
    interruptible=[dict(interruptible="i", load="town", power_max_mw=90, block_mw=30, cost_cny_per_mwh=250, hours_per_day=1)],
    shiftable=[dict(shiftable="s", load="town", power_less_mw=40, power_more_mw=40, window_h=2, rebound=1.1)],
    data_centre=[dict(data_centre="d", load="halls", flexible_fraction=0.5, deferral_h=1, power_max_mw=160)],
    price_response=[dict(price_response="n", load="town", start_hour=22, end_hour=1, share=0.1, price_cny_per_mwh=330)],
)  # fmt: skip


def study(folder: Path, tables: dict, keys: str = "") -> Path:
    net = folder / "net"
    net.mkdir()
    for name, rows in tables.items():
        with (net / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(dict.fromkeys(k for r in rows for k in r)))
            writer.writeheader()
            writer.writerows(rows)
    lines = ["time,p", *(f"2025-01-01 {h:02d}:00,{480 if h else 300}" for h in range(24)), ""]
    (folder / "series.csv").write_text("\n".join(lines))
    path = folder / "study.yaml"
    path.write_text(
        "network: net\nstart: 2025-01-01\nend: 2025-01-02\nstep_minutes: 15\nprofiles: [series.csv]\nmip_gap: 0\ntitle_en: t\ntitle_zh: t\n"
        f"commitment: exact\n{keys}"
    )
    return path


def run(folder: Path, capsys, tables: dict, keys: str = "") -> dict:
    assert execute(["run", str(study(folder, tables, keys)), "--hours", "0:2", "--output", str(folder / "out"), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["certificate"]["passed"] and (folder / "out" / "report.html").exists()
    return document


def table(folder: Path, name: str) -> list[dict]:
    return list(csv.DictReader((folder / "out" / "tables" / f"{name}.csv").read_text(encoding="utf-8-sig").splitlines()))


def test_published_example_with_what_its_rules_are_worth(tmp_path, capsys):
    """E13: 522040; with a third change a day or larger ones there would be more."""
    assert run(tmp_path, capsys, E13, "dc_rule_values: true\n")["objective"] == pytest.approx(-522040)
    with xr.open_dataset(tmp_path / "out" / "results.nc", engine="h5netcdf") as data:
        assert data["dc_sent"].values[0] == pytest.approx([2800] * 4 + [3600] * 4)
    worth = {row["rule"]: row for row in table(tmp_path, "dc_rules")}
    assert float(worth["steps_per_change"]["saving_cny"]) > 1000 and worth["hold_h"]["method"].startswith("re-solve")


def test_everything_at_once(tmp_path, capsys):
    document = run(tmp_path, capsys, MANY)
    assert document["gap"] <= 1e-6
    with xr.open_dataset(tmp_path / "out" / "results.nc", engine="h5netcdf") as data:
        assert data["fuel_stock_level"].values[0, -1] >= 20 - 1e-6
        called = data["interruptible_called"].sel(interruptible="i").values
        assert list(data["fuel_stock"].values) == ["pile"] and list(data["dc_market"].values) == ["M"]
        assert called == pytest.approx(30 * np.round(called / 30), abs=1e-5)
        assert float(np.abs(data["demand_change"]).max()) > 1
    items = {row["item"]: float(row["energy_mwh"]) for row in table(tmp_path, "energy_balance")}
    assert sum(items.values()) == pytest.approx(0.0, abs=1e-3)
    budgets = {row["budget"]: row for row in table(tmp_path, "budgets")}
    assert set(budgets) == {"pay", "cap"} and float(budgets["cap"]["used"]) <= float(budgets["cap"]["most"]) + 1e-6


def test_faults_of_all_tables_at_once(tmp_path, capsys):
    """One sentence each, exit code 5."""
    wrong = MANY | dict(
        dc_schedule=[MANY["dc_schedule"][0] | dict(step_mw=300)],
        fuel_stock=[MANY["fuel_stock"][0] | dict(plant="Q")],
        shiftable=[MANY["shiftable"][0] | dict(window_h=5)],
    )
    assert execute(["run", str(study(tmp_path, wrong)), "--output", str(tmp_path / "out")]) == 5
    told = capsys.readouterr().err
    for words in ("'300' does not divide initial_mw 2000", "'Q' is no station whose units burn 'coal'", "'5' neither divides a day"):
        assert words in told


def test_agreed_power_that_the_link_cannot_carry(tmp_path, capsys):
    rows = [{k: v for k, v in E13["dc_link"][0].items() if k != "initial_mw"} | dict(schedule="p", power_max_mw=400, power_min_mw=0)]
    tables = {k: v for k, v in E13.items() if k != "dc_schedule"} | dict(dc_link=rows)
    assert execute(["run", str(study(tmp_path, tables)), "--output", str(tmp_path / "out")]) == 5
    assert "480 MW at 2025-01-01 01:00 is outside what DC link 'L' can carry then, 0 to 400 MW" in capsys.readouterr().err
