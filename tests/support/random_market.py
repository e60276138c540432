"""Random markets as plain arrays: a connected network with its PTDF, balanced injections, prices that its limits make, and what is settled."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pandas as pd

from gridopt.case.case import Case
from gridopt.case.check import convert
from gridopt.case.complete import complete, indexed
from gridopt.case.series import GivenSeries
from gridopt.case.tables import TABLES
from gridopt.case.time import TimeGrid
from gridopt.dispatch.market_run import MarketRun

TECHNOLOGIES = ("coal", "wind", "solar")


@dataclass(frozen=True)
class Market:
    """Two runs on one network, its PTDF (l, B), and the case."""

    day: MarketRun
    real: MarketRun
    ptdf: np.ndarray
    case: Case


@cache
def _empty() -> dict[str, pd.DataFrame]:
    """All tables of a network of one bus."""
    return complete({"bus": pd.DataFrame([{"bus": "b0", "voltage_kv": "330"}])}, lambda name: f"{name}.csv")


@cache
def _table(name: str, rows: str) -> pd.DataFrame:
    """One table by its declaration from rows as JSON; the rules between tables are not what is tested here."""
    checked = convert(TABLES[name], pd.DataFrame(json.loads(rows)).fillna("").astype(str), name)
    assert not checked.faults
    return indexed(checked.frame, checked.table.identifier)


def ptdf_of(rng: np.random.Generator, buses: int) -> np.ndarray:
    """PTDF (l, B) of a random connected network, slack spread evenly."""
    ends = [(int(rng.integers(i)), i) for i in range(1, buses)]
    ends += [tuple(rng.choice(buses, 2, replace=False)) for _ in range(int(rng.integers(0, buses + 1)))] if buses > 1 else []
    incidence = np.zeros((len(ends), buses))
    for row, (a, b) in enumerate(ends):
        incidence[row, a], incidence[row, b] = 1.0, -1.0
    strength = rng.uniform(1.0, 10.0, len(ends))
    return strength[:, None] * incidence @ np.linalg.pinv(incidence.T @ (strength[:, None] * incidence))


def make(seed: int, periods: int = 6, single_zone: bool = False, extra: dict[str, list[dict]] | None = None) -> Market:
    """A market of `periods` hours; `extra`: rows of tables of settlement."""
    rng = np.random.default_rng(seed)
    buses, plants = int(rng.integers(2, 6)), int(rng.integers(2, 7))
    ptdf = ptdf_of(rng, buses)
    bus, zone = np.array([f"b{i}" for i in range(buses)]), np.array([f"z{i % 2 if not single_zone else 0}" for i in range(buses)])
    plant = np.array([f"generator g{i}" for i in range(plants)], dtype=object)
    place = rng.integers(buses, size=plants)
    technology = np.array([TECHNOLOGIES[i % 3] for i in range(plants)], dtype=object)
    start = np.datetime64("2025-01-31T18:00", "s") + np.arange(periods) * np.timedelta64(3600, "s")
    common = {"start": start, "hours": np.ones(periods), "bus": bus, "zone": zone, "plant": plant, "plant_bus": place, "technology": technology}
    load = rng.uniform(0.0, 100.0, (buses, periods)) * (rng.random((buses, 1)) < 0.8)
    day = _run(rng, "DA", common, load, ptdf)
    real = _run(rng, "RT", common, load * rng.uniform(0.9, 1.1, load.shape), ptdf)
    rows = {
        "bus": [{"bus": str(b), "voltage_kv": "330", "zone": str(z)} for b, z in zip(bus, zone, strict=True)],
        "generator": [
            {"generator": f"g{i}", "bus": str(bus[place[i]]), "technology": technology[i], "power_max_mw": "2000"} for i in range(plants)
        ],
    } | (extra or {})  # fmt: skip
    tables = dict(_empty()) | {n: _table(n, json.dumps(r)) for n, r in rows.items()}
    grid = TimeGrid(start, np.ones(periods))
    return Market(day, real, ptdf, Case(tables, grid, GivenSeries(grid, {})))


def _run(rng, stage: str, common: dict, load: np.ndarray, ptdf: np.ndarray) -> MarketRun:
    """Output of plants that covers the load, and prices of limits of which some are full."""
    plants, periods = len(common["plant"]), load.shape[1]
    part = rng.uniform(0.0, 1.0, (plants, periods)) + 1e-3
    output = part / part.sum(axis=0) * load.sum(axis=0)
    inj = -load.copy()
    np.add.at(inj, common["plant_bus"], output)
    flow = ptdf @ inj
    full = rng.random(flow.shape) < 0.4
    mu = np.where(full, np.sign(flow) * rng.uniform(0.0, 300.0, flow.shape), 0.0)
    energy = np.broadcast_to(rng.uniform(-50.0, 400.0, periods), load.shape)
    congestion = -ptdf.T @ mu
    lmp = energy + congestion
    limit = np.where(full, np.abs(flow), np.abs(flow) + rng.uniform(0.0, 50.0, flow.shape))
    return MarketRun(
        stage=stage, **common, output=output, available=output * 1.2, cost=output * rng.uniform(0.0, 400.0, (plants, 1)), load=load,
        lost=np.zeros_like(load), lmp=lmp,
        energy=energy, congestion=congestion, loss=np.zeros_like(lmp), load_price=lmp, settled=lmp,
        constraint=np.array([f"l{i}" for i in range(len(ptdf))], dtype=object), flow=flow, limit=limit, mu=mu,
    )  # fmt: skip


def zonal(run: MarketRun, by: str) -> MarketRun:
    """Users pay the mean price of their zone, by load or generation."""
    weight = run.load.copy() if by == "load" else np.zeros_like(run.load)
    if by == "generation":
        np.add.at(weight, run.plant_bus, run.output)
    price = run.lmp.copy()
    for z in np.unique(run.zone):
        mine = run.zone == z
        total = weight[mine].sum(axis=0)
        mean = np.divide((weight * run.lmp)[mine].sum(axis=0), total, out=run.lmp[mine].mean(axis=0), where=total > 0)
        price[mine] = mean
    return replace(run, load_price=price)


def scaled(run: MarketRun, factor: float) -> MarketRun:
    """All prices and costs times a factor."""
    names = ("lmp", "energy", "congestion", "loss", "load_price", "settled", "mu", "cost")
    return replace(run, **{n: factor * getattr(run, n) for n in names})


def split(run: MarketRun, parts: int) -> MarketRun:
    """Every period cut into equal parts."""
    length = (run.hours[0] / parts * 3600.0).round().astype("timedelta64[s]")
    start = (run.start[:, None] + np.arange(parts) * length).ravel()
    by_time = ("output", "available", "load", "lost", "lmp", "energy", "congestion", "loss", "load_price", "settled", "flow", "limit", "mu")
    repeated = {n: np.repeat(getattr(run, n), parts, axis=-1) for n in by_time}
    return replace(
        run, start=start, hours=np.repeat(run.hours / parts, parts), cost=np.repeat(run.cost / parts, parts, axis=-1),
        **repeated,
    )  # fmt: skip
