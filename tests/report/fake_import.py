"""A made-up run of an imported case: a ring of buses, one generator at every other bus, numbers that can be checked by hand.

Bus i has a load of 10 + i MW and a price of 20 + i; branch i runs from bus i to bus i + 1, has a limit of 100 MW and carries
-(i + 1) MW, the last one 100 MW with a shadow price of 7.
"""

from __future__ import annotations

import json
import pathlib

import numpy as np
import pandas as pd
import xarray as xr

TECHNOLOGIES = ("Hard Coal", "onwind", "flux_converter")


def make(
    folder: pathlib.Path, buses: int = 6, steps: int = 1, coordinates: bool = False, losses: bool = False, currency: str = "$"
) -> pathlib.Path:
    """Write a results folder; `coordinates` puts the buses on a circle around 50 N, 10 E."""
    folder = pathlib.Path(folder)
    (folder / "tables").mkdir(parents=True)
    time = pd.date_range("2025-01-01", periods=steps, freq="h")
    bus, generator, branch = ([str(i) for i in range(n)] for n in (buses, (buses + 1) // 2, buses))
    technology = [TECHNOLOGIES[i % 3] for i in range(len(generator))]
    number = np.arange(buses, dtype=float)[:, None] * np.ones(steps)
    flow, shadow = -(number + 1), 0 * number
    flow[-1], shadow[-1] = 100.0, 7.0
    output = (5 + np.arange(len(generator), dtype=float))[:, None] * np.ones(steps)
    by = {t: output[[i for i, u in enumerate(technology) if u == t]].sum(0) for t in dict.fromkeys(technology)}
    names, stack = list(by), np.array(list(by.values()))
    made = {
        "load": ("bus", 10 + number), "price": ("bus", 20 + number), "price_congestion": ("bus", number - 2),
        "shedding": ("bus", 0 * number), "flow": ("branch", flow), "flow_limit": ("branch", 100.0 + 0 * number),
        "branch_shadow_price": ("branch", shadow), "generator_output": ("generator", output), "technology_output": ("technology", stack),
    }  # fmt: skip
    if losses:
        made |= {"branch_loss": ("branch", 0.1 * np.abs(flow)), "price_loss": ("bus", 0.5 + 0 * number)}
    over = {"bus": bus, "branch": branch, "generator": generator, "technology": names}
    data = {n: xr.DataArray(v.astype("float32"), {d: over[d], "time": time}, (d, "time")) for n, (d, v) in made.items()}
    data["step_hours"] = xr.DataArray(np.ones(steps), {"time": time}, ("time",))
    xr.Dataset(data, attrs={"study": "ring", "currency": currency}).to_netcdf(folder / "results.nc", engine="h5netcdf")
    for name, frame in _tables(bus, generator, technology, coordinates).items():
        frame.to_parquet(folder / "tables" / f"{name}.parquet", index=False)
    (folder / "manifest.json").write_text(json.dumps(_manifest(buses, steps, names, stack, currency)), encoding="utf-8")
    (folder / "certificate.json").write_text(json.dumps({"passed": True, "checks": []}), encoding="utf-8")
    return folder


def contingencies(folder: pathlib.Path, buses: int = 6) -> None:
    """Add the table of contingencies: the outage of every branch, the second binds, the first cuts buses off."""
    ids = [str(i) for i in range(buses)]
    frame = pd.DataFrame({
        "contingency": ids, "kind": "ac_branch", "elements": ids, "islanding": [i == 0 for i in range(buses)],
        "buses_cut_off": ["4, 5"] + [""] * (buses - 1), "worst_loading": [0.5 + i / 100 for i in range(buses)],
        "where": ids[::-1], "time": "2025-01-01 00:00:00", "hours_binding": [float(i == 1) for i in range(buses)],
    })  # fmt: skip
    frame.to_parquet(folder / "tables" / "contingencies.parquet", index=False)


def _tables(bus: list[str], generator: list[str], technology: list[str], coordinates: bool) -> dict[str, pd.DataFrame]:
    angle = 2 * np.pi * np.arange(len(bus)) / len(bus)
    where = {"latitude_deg": 50 + 3 * np.sin(angle), "longitude_deg": 10 + 4 * np.cos(angle)}
    empty = {"latitude_deg": np.nan, "longitude_deg": np.nan}
    names = {"name": "", "name_zh": ""}
    return {
        "bus": pd.DataFrame({"bus": bus, **names, "role": "internal", "zone": "1", **(where if coordinates else empty)}),
        "branch": pd.DataFrame(
            {"branch": bus, "kind": "ac_branch", **names, "from_bus": bus, "to_bus": [*bus[1:], bus[0]], "circuits": 1}
        ),
        "generator": pd.DataFrame(
            {"generator": generator, **names, "bus": bus[::2], "technology": technology, "power_min_mw": 0.0, "power_max_mw": 50.0}
        ),
        "emissions": pd.DataFrame({"technology": technology[:1], "energy_mwh": 5.0, "co2_t": 0.0, "carbon_cost_cny": 0.0}),
    }


def _manifest(buses: int, steps: int, names: list[str], stack: np.ndarray, currency: str) -> dict:
    energy = dict(zip(names, stack.sum(1).tolist(), strict=True))
    summary = {"status": "optimal", "objective": 17480.0, "bound": 17480.0, "gap": 0.0, "currency": currency, "energy_mwh": energy}
    report = {
        "format": "MATPOWER case ring.m, branch model matpower-dc",
        "found": {"bus": buses, "gen": buses, "gizmo_kind": 3, "dcline": 0},
        "kept": {"bus": buses, "ac_branch": buses},
        "totals": {"load_mw": 75.0},
        "changes": ["Left out as out of service: generators, 1 of 5 MW <in> all."],
    }
    return {
        "study": "ring", "import": report, "summary": summary, "period": {"start": "2025-01-01", "steps": steps},
        "options": {"title_en": "ring", "network": "ring.m", "year": None, "losses": "off"},
    }  # fmt: skip
