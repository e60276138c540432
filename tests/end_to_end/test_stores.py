"""Every kind of store in one network folder, run as a user would: `gridopt run STUDY --json`, with decisions and without."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from gridopt.commands import execute

TABLES = dict(
    bus=[dict(bus="B", voltage_kv=330)],
    load=[dict(load="D", bus="B", mean_mw=1, profile="demand")],
    generator=[
        dict(generator="wind", bus="B", technology="wind", power_max_mw=60, price_profile="bonus"),
        dict(generator="coal", bus="B", technology="coal", power_max_mw=40, cost_cny_per_mwh=30),
        dict(generator="gas", bus="B", technology="gas", power_max_mw=100, cost_cny_per_mwh=90),
    ],
    storage=[
        dict(storage="lossy", bus="B", power_max_mw=8, energy_max_mwh=6, charge_efficiency=0.8, discharge_efficiency=0.8),
        dict(storage="valued", bus="B", power_max_mw=4, energy_max_mwh=9, charge_efficiency=0.9, end_value_cny_per_mwh=25, cycles_per_day=1),
    ],
    pumped=[
        dict(pumped="P", bus="B", units=2, power_max_mw=5, power_min_mw=2, pump_mw=5, pump_efficiency=0.85, generate_efficiency=0.9,
             upper_max_mwh=40, upper_start_mwh=10, mode_change_h=1)
    ],
    reservoir=[
        dict(reservoir="up", bus="B", power_max_mw=20, power_mw_per_m3s=0.5, volume_max_hm3=4, volume_start_hm3=1.1, volume_end_hm3=0.9,
             downstream="low", delay_h=1),
        dict(reservoir="low", bus="B", power_max_mw=8, power_mw_per_m3s=0.2, volume_max_hm3=6, volume_start_hm3=3, volume_end_hm3=2.9),
    ],
    head_zone=[dict(reservoir="up", volume_from_hm3=v, power_mw_per_m3s=k) for v, k in ((0, 0.4), (1, 0.5))],
    pump=[dict(pump="back", bus="B", from_reservoir="low", to_reservoir="up", power_max_mw=6, flow_m3s_per_mw=1.6, units=2)],
    hydro_budget=[dict(budget="b", reservoir="low", start_date="2025-01-01", end_date="2025-01-01", energy_max_mwh=60)],
    csp=[
        dict(csp="tower", bus="B", power_max_mw=8, efficiency=0.4, field_heat_max_mw=40, store_heat_max_mwh=60, profile="sun", power_min_mw=2,
             start_heat_mwh=6, min_up_h=2, initial_h=-9)
    ],
)  # fmt: skip
DEMAND = [30, 25, 20, 45, 70, 110, 95, 60, 30, 40, 90, 120]
SERIES = dict(demand=DEMAND, bonus=[-5, -40, -40, 0, 0, 0, 0, 0, -30, 0, 0, 0], sun=[0, 0.2, 0.6, 0.9, 0.5, 0.1, 0, 0, 0, 0, 0, 0])
STORED = ("storage_energy_value", "pumped_energy_value", "reservoir_water_value", "csp_heat_value")


def study(folder: Path, commitment: str) -> Path:
    net = folder / "net"
    net.mkdir()
    for name, rows in TABLES.items():
        with (net / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(dict.fromkeys(k for r in rows for k in r)))
            writer.writeheader()
            writer.writerows(rows)
    day = [",".join(str(v[h % 12]) for v in SERIES.values()) for h in range(24)]
    lines = [f"time,{','.join(SERIES)}", *(f"2025-01-01 {h:02d}:00,{text}" for h, text in enumerate(day)), ""]
    (folder / "series.csv").write_text("\n".join(lines))
    path = folder / "study.yaml"
    path.write_text(
        f"network: net\nstart: 2025-01-01\nend: 2025-01-02\nprofiles: [series.csv]\nmip_gap: 1e-4\ntitle_en: t\ntitle_zh: t\n"
        f"commitment: {commitment!r}\n"
    )
    return path


@pytest.mark.parametrize("commitment", ["off", "exact"])
def test_stores_of_every_kind(commitment, tmp_path, capsys):
    words = ["run", str(study(tmp_path, commitment)), "--hours", "0:12", "--output", str(tmp_path / "out"), "--json"]
    assert execute(words) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["certificate"]["passed"]
    with xr.open_dataset(tmp_path / "out" / "results.nc", engine="h5netcdf") as data:
        both = np.minimum(data["storage_charge"], data["storage_discharge"]).max()
        assert all(np.isfinite(data[name]).all() for name in STORED)
        machines = data["pumped_pumping"].values
        power = data["pump_power"].values
    if commitment == "exact":
        assert both < 1e-5
        assert document["storage_apart_h"] > 0
        assert document["storage_spared_mwh"] > 0
        assert machines == pytest.approx(np.round(machines), abs=1e-6)
        assert power == pytest.approx(3.0 * np.round(power / 3.0), abs=1e-5)
    else:
        assert document["storage_both_mwh"] > 0
    balance = (tmp_path / "out" / "tables" / "energy_balance.csv").read_text(encoding="utf-8-sig")
    items = {row["item"]: float(row["energy_mwh"]) for row in csv.DictReader(balance.splitlines())}
    assert sum(items.values()) == pytest.approx(0.0, abs=1e-3)
    assert (tmp_path / "out" / "report.html").exists()
