"""Cases written as most/*.json (the MOST set-ups restated) as gridopt network folders."""

from __future__ import annotations

import csv
import json
from pathlib import Path

LONG_H = 1000.0
"""Hours that units have been on or off before the first period, where that is not to bind."""


def write_network(source: Path, folder: Path) -> Path:
    """Tables, series and a study of the case; path of the study file. Hours of the study that matter: 0 to `periods`."""
    case = json.loads(source.read_text())
    folder.mkdir(parents=True)
    tables = {
        "bus": [dict(bus=b, voltage_kv=230) for b in case["buses"]],
        "ac_branch": [
            dict(ac_branch=x["id"], from_bus=x["frm"], to_bus=x["to"], base_mva=case.get("base_mva", 100), reactance_pu=x["x_pu"],
                 rating_mw="" if x["limit_mw"] is None else x["limit_mw"])
            for x in case["lines"] or tied(case["buses"])
        ],
        "generator": [], "commitment": [], "ramping": [], "storage": [],
    }  # fmt: skip
    series: dict[str, list[float]] = {}
    for unit in (*case["generators"], *case.get("renewables", []), *case.get("dispatchable_loads", [])):
        tables["generator"].append(generator(unit, series))
        if unit.get("committable"):
            tables["commitment"].append(commitment(unit))
        tables["ramping"] += ramping("generator", unit, case["step_hours"])
    for unit in case.get("storage", []):
        tables["storage"].append(storage(unit))
        tables["ramping"] += ramping("storage", unit, case["step_hours"])
    for name, rows in tables.items():
        write(folder / f"{name}.csv", rows)
    profiles = folder.parent / "series.csv"
    hours = [dict(time=f"2025-01-01 {t:02d}:00", **{n: v[min(t, len(v) - 1)] for n, v in series.items()}) for t in range(24)]
    write(profiles, hours)
    study = folder.parent / "study.yaml"
    study.write_text(
        f"network: {folder}\nprofiles: [{profiles}]\nstart: 2025-01-01\nend: 2025-01-02\nmip_gap: 0\nreport: false\ncurrency: USD\n"
    )
    return study


def tied(buses: list) -> list[dict]:
    """Lines without limit from the first bus to the others: no network."""
    return [dict(id=f"tie{b}", frm=buses[0], to=b, x_pu=0.01, limit_mw=None) for b in buses[1:]]


def generator(unit: dict, series: dict[str, list[float]]) -> dict:
    """A unit, a plant with an available output by period, or a load that may be served in part (a negative generator)."""
    if "max_mw" in unit:
        series[f"least.{unit['id']}"] = unit["max_mw"]
        return dict(generator=unit["id"], bus=unit["bus"], power_min_mw=-1, power_max_mw=0, cost_cny_per_mwh=unit["value_per_mwh"],
                    min_profile=f"least.{unit['id']}", profile="")  # fmt: skip
    row = dict(generator=unit["id"], bus=unit["bus"], power_min_mw=unit["p_min"], power_max_mw=unit["p_max"],
               cost_cny_per_mwh=unit["marginal_cost"], min_profile="", profile="")  # fmt: skip
    if isinstance(unit["p_max"], list):
        series[f"most.{unit['id']}"] = unit["p_max"]
        row |= dict(power_max_mw=1, profile=f"most.{unit['id']}")
    return row


def commitment(unit: dict) -> dict:
    on = unit["initial"]["on"]
    return dict(kind="generator", element=unit["id"], min_up_h=unit["min_up"], min_down_h=unit["min_down"], start_cny=unit["startup_cost"],
                stop_cny=unit["shutdown_cost"], initial_h=LONG_H if on else -LONG_H)  # fmt: skip


def ramping(kind: str, unit: dict, hours: float) -> list[dict]:
    """Ramp reserves are what a change of output costs and how large it may be; a ramp limit holds besides."""
    up, down = (unit.get(f"ramp_reserve_{w}", dict(max=float("inf"), price=0.0)) for w in ("up", "down"))
    limit = unit.get("ramp_mw_per_period", unit.get("ramp", float("inf")))
    most = [min(w["max"], limit) / 60.0 / hours for w in (up, down)]
    before = unit.get("initial", {})
    before = before["p"] if "p" in before else -before["p_consumed"] if "p_consumed" in before else None
    if before is None and min(most) == float("inf") and not up["price"] + down["price"]:
        return []
    return [dict(kind=kind, element=unit["id"], up_mw_per_min="" if most[0] == float("inf") else repr(most[0]),
                 down_mw_per_min="" if most[1] == float("inf") else repr(most[1]), up_cost_cny_per_mw=up["price"],
                 down_cost_cny_per_mw=down["price"], initial_mw="" if before is None else before)]  # fmt: skip


def storage(unit: dict) -> dict:
    """s[t] (1 + l/2) = s[t-1] (1 - l/2) - p[t]: with e = s (1 + l/2) a store without losses but for a share that is lost in a period."""
    half = unit["loss_factor_per_period"] / 2
    return dict(storage=unit["id"], bus=unit["bus"], power_max_mw=unit["p_discharge_max"], charge_max_mw=unit["p_charge_max"],
                energy_max_mwh=repr(unit["energy_max"] * (1 + half)), standing_loss_per_h=repr(1 - (1 - half) / (1 + half)),
                cyclic=str(unit["cyclic"]).lower())  # fmt: skip


def write(path: Path, rows: list[dict]) -> None:
    if rows:
        with path.open("w", newline="", encoding="utf-8") as file:
            out = csv.DictWriter(file, fieldnames=list(rows[0]))
            out.writeheader()
            out.writerows(rows)
