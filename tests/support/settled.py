"""The ring of four buses as day-ahead and real-time run, with what is settled beside energy given as text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from gridopt.case.case import Case
from gridopt.case.complete import complete
from gridopt.case.series import GivenSeries
from gridopt.case.time import TimeGrid
from gridopt.dispatch.market_run import MarketRun
from gridopt.settlement.book import Books
from gridopt.settlement.book import settle as settle_books
from gridopt.settlement.rules import Settlement
from tests.support.market import RING, cleared, priced

WIND = RING.replace("{id: W1, bus: 1,", "{id: W1, bus: 1, technology: wind,")
NONE_MADE_WHOLE = {"make_whole": {"enabled": False}}


@cache
def run(stage: str, rule: str = "zonal_avg", limit: int = 300, text: str = WIND) -> MarketRun:
    """The ring cleared with a limit of 1-3, priced by a rule."""
    outcome = priced(text.replace("limit_mw: 300", f"limit_mw: {limit}"), rule)
    return MarketRun.of(outcome.solved, outcome.priced.prices, stage)


@dataclass(frozen=True)
class Settled:
    """Books, and balances by account."""

    books: Books

    @property
    def balance(self) -> dict[str, float]:
        return self.books.ledger.balances()

    def residual(self, *names: str) -> float:
        """What the accounts (all if none is named) held before they were shared out."""
        table = self.books.tables["residuals"]
        return float(table[table["account"].isin(names)]["amount"].sum() if names else table["amount"].sum())

    def of(self, code: str, party: str) -> float:
        """What a party received less what it paid under a code."""
        table = self.books.tables["ledger"]
        mine = table[table["code"] == code]
        return float(mine[mine["payee"] == party]["amount"].sum() - mine[mine["payer"] == party]["amount"].sum())


def settle(extra: str = "", rules: dict | None = None, rule: str = "zonal_avg", real_limit: int | None = 260) -> Settled:
    """The ring settled: day-ahead with a limit of 300, in real time of `real_limit` (None: no run); `extra`: keys of the case."""
    case = cleared(WIND + extra).case
    real = None if real_limit is None else run("RT", rule, real_limit)
    return Settled(settle_books(run("DA", rule), real, case, Settlement(**(NONE_MADE_WHOLE | (rules or {})))))


def total(values: dict[str, float]) -> float:
    return float(np.sum(list(values.values())))


def one_bus(output, load, price, stage: str = "DA", hours: float = 1.0, start: str = "2025-03-10T00:00", **other) -> MarketRun:
    """A run at bus 'b' of zone 'z': output MW by plant name (T,), load MW (T,), price CNY/MWh (T,); `other`: fields by name."""
    load, price = np.atleast_2d(np.asarray(load, float)), np.atleast_2d(np.asarray(price, float))
    periods, plants = load.shape[1], list(output)
    made = np.array([np.asarray(output[p], float) for p in plants]).reshape(len(plants), periods)
    length = np.timedelta64(round(hours * 3600), "s")
    none = np.zeros((1, periods))
    fields = {
        "stage": stage, "start": np.datetime64(start, "s") + np.arange(periods) * length, "hours": np.full(periods, hours),
        "bus": np.array(["b"]), "zone": np.array(["z"]), "plant": np.array(plants, dtype=object), "plant_bus": np.zeros(len(plants), int),
        "technology": np.array(["coal"] * len(plants), dtype=object), "output": made, "available": made, "cost": np.zeros_like(made),
        "load": load, "lost": none, "lmp": price, "energy": price, "congestion": none, "loss": none, "load_price": price, "settled": price,
        "constraint": np.array([], dtype=object), "flow": none[:0], "limit": none[:0], "mu": none[:0],
    }  # fmt: skip
    return MarketRun(**(fields | other))


def case_of(run: MarketRun, **rows: list[dict]) -> Case:
    """The case of a run at one bus: its buses and generators, and rows of other tables."""
    given = {"bus": [{"bus": str(b), "voltage_kv": "330", "zone": str(z)} for b, z in zip(run.bus, run.zone, strict=True)]}
    names = [str(p).partition(" ")[2] for p in run.plant if str(p).startswith("generator ")]
    given["generator"] = [{"generator": n, "bus": str(run.bus[0]), "technology": "coal", "power_max_mw": "100"} for n in names]
    raw = {n: pd.DataFrame(r).fillna("").astype(str) for n, r in (given | rows).items() if r}
    grid = TimeGrid(run.start, run.hours)
    return Case(complete(raw, lambda name: f"{name}.csv"), grid, GivenSeries(grid, {}))


def settle_run(run: MarketRun, real: MarketRun | None = None, rules: dict | None = None, service=None, **rows: list[dict]) -> Settled:
    """Books of a run at one bus with rows of tables."""
    return Settled(settle_books(run, real, case_of(run, **rows), Settlement(**(NONE_MADE_WHOLE | (rules or {}))), service))
