"""A synthetic grid with random lines, coal, wind, sun and stores, drawn from a seed: arrays that any program can take.

    min  sum cost p + 0.1 (charge + discharge) + 9000 shed                 over steps of 1 h                    (F1)
    DC power flow on every line (F2): flow = (theta_from - theta_to) / x, |flow| <= cap
    0 <= p <= available * p_max; coal changes by 0.3 p_max an hour at most; 0 <= shed <= load                   (F3)
    e[t] = e[t-1] + 0.95 charge[t] - discharge[t] / 0.95, empty before the first hour, free after the last,
    0 <= e <= 4 h * power, 0 <= charge, discharge <= power                                                      (F4)

The random numbers are drawn in this order from numpy's default generator (seed 0): further lines, x, cap, buses and kinds of units,
p_max, costs, profiles unit by unit, shares of the load, buses and powers of stores. A chain of lines joins all buses; further lines
reach at most six buses away. Proven least cost: 343,962,190.761 for 168 h, 17,799,857,394 for 8,760 h (40 buses).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from benchmarks.cases import network_folder

COAL, WIND, SUN = range(3)
EFFICIENCY, HOURS_OF_STORE, RAMP_PER_H = 0.95, 4.0, 0.3
SHED_COST, STORE_COST = 9000.0, 0.1


def draw(hours: int, buses: int = 40, seed: int = 0) -> dict[str, np.ndarray]:
    """Arrays of (F1) to (F4): lines (L,), units (G,), `available` (G, T), `load` (B, T), stores (S,). Elements grow with the buses."""
    lines, units, stores = 8 * buses // 5, 3 * buses, buses // 5
    random = np.random.default_rng(seed)
    begin, end = list(range(buses - 1)), list(range(1, buses))
    while len(begin) < lines:
        a = int(random.integers(0, buses))
        b = int(np.clip(a + random.integers(-6, 7), 0, buses - 1))
        if b != a:
            begin.append(a)
            end.append(b)
    x, cap = random.uniform(0.01, 0.05, lines), random.uniform(800.0, 2500.0, lines)
    unit_bus = random.integers(0, buses, units)
    kind = random.choice(3, units, p=[0.35, 0.35, 0.3])
    p_max = random.uniform(200.0, 1200.0, units)
    dear, cheap = random.uniform(200.0, 380.0, units), random.uniform(0.0, 5.0, units)
    available = profiles(random, kind, hours)
    share = random.uniform(0.2, 1.8, buses)
    mean = 0.55 * p_max[kind == COAL].sum() + 0.15 * p_max.sum()
    shape = 1.0 + 0.2 * np.sin((np.arange(hours) % 24 - 8) / 24 * 2 * np.pi)
    store_bus = random.integers(0, buses, stores)
    return {
        "line_from": np.array(begin), "line_to": np.array(end), "x": x, "cap": cap,
        "unit_bus": unit_bus, "kind": kind, "p_max": p_max, "cost": np.where(kind == COAL, dear, cheap), "available": available,
        "mean_load": mean * share / share.sum(), "shape": shape,
        "store_bus": store_bus, "store_power": random.uniform(200.0, 600.0, stores),
    }  # fmt: skip


def profiles(random: np.random.Generator, kind: np.ndarray, hours: int) -> np.ndarray:
    """Available share of each unit (G, T): wind with slow waves and noise, sun by the hour of day, coal always 1."""
    now = np.arange(hours)
    sun = np.clip(np.sin((now % 24 - 6) / 12 * np.pi), 0.0, None)
    share = np.ones((len(kind), hours))
    for g, k in enumerate(kind):
        if k == WIND:
            phase = random.uniform(0.0, 6.0)
            share[g] = np.clip(0.35 + 0.25 * np.sin(now / 30 + phase) + 0.1 * random.standard_normal(hours), 0.0, 1.0)
        elif k == SUN:
            share[g] = sun * random.uniform(0.6, 1.0, hours)
    return share


def tables(data: dict[str, np.ndarray]) -> tuple[dict[str, list[dict]], dict[str, np.ndarray]]:
    """Rows of gridopt's tables and the series that they name."""
    kind, buses = data["kind"], range(len(data["mean_load"]))
    green, coal = np.flatnonzero(kind != COAL), np.flatnonzero(kind == COAL)
    technology = {WIND: "wind", SUN: "solar"}
    rows = {
        "bus": [{"bus": f"b{b}", "voltage_kv": 500, "surplus_allowed": "false"} for b in buses],
        "ac_branch": [
            {"ac_branch": f"l{i}", "from_bus": f"b{f}", "to_bus": f"b{t}", "reactance_pu": x, "rating_mw": cap}
            for i, (f, t, x, cap) in enumerate(zip(data["line_from"], data["line_to"], data["x"], data["cap"], strict=True))
        ],
        "generator": [
            {"generator": f"g{g}", "bus": f"b{data['unit_bus'][g]}", "technology": "coal", "power_max_mw": data["p_max"][g],
             "cost_cny_per_mwh": data["cost"][g], "ramp_fraction_per_min": RAMP_PER_H / 60}
            for g in coal
        ],
        "renewable": [
            {"renewable": f"g{g}", "bus": f"b{data['unit_bus'][g]}", "technology": technology[int(kind[g])], "power_max_mw": data["p_max"][g],
             "cost_cny_per_mwh": data["cost"][g], "profile": f"{technology[int(kind[g])]}.g{g}"}
            for g in green
        ],
        "storage": [
            {"storage": f"s{i}", "bus": f"b{b}", "power_max_mw": p, "energy_max_mwh": HOURS_OF_STORE * p, "charge_efficiency": EFFICIENCY,
             "discharge_efficiency": EFFICIENCY, "energy_start_fraction": 0, "energy_end_fraction": 0, "wear_cny_per_mwh": STORE_COST,
             "charging_cost_cny_per_mwh": STORE_COST}
            for i, (b, p) in enumerate(zip(data["store_bus"], data["store_power"], strict=True))
        ],
        "load": [{"load": f"d{b}", "bus": f"b{b}", "mean_mw": data["mean_load"][b], "profile": "load.all"} for b in buses],
        "shedding_tier": [{"tier": "all", "share": 1, "cost_cny_per_mwh": SHED_COST}],
    }  # fmt: skip
    series = {f"{technology[int(kind[g])]}.g{g}": data["available"][g] for g in green}
    return rows, series | {"load.all": data["shape"]}


def write(folder: Path, hours: int, buses: int, raised: int | None) -> None:
    """data.npz for every contender; network, series and study for `gridopt run`. On day `raised` the load is 3 % higher."""
    data = draw(hours, buses)
    if raised is not None:
        data["shape"][24 * raised : 24 * (raised + 1)] *= 1.03
    np.savez(folder / "data.npz", **data)
    network_folder.write(folder, f"Synthetic grid of {buses} buses", *tables(data))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--hours", type=int, required=True)
    parser.add_argument("--buses", type=int, default=40)
    parser.add_argument("--raise-day", type=int, default=None)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    write(given.folder, given.hours, given.buses, given.raise_day)


if __name__ == "__main__":
    main()
