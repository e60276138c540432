"""The ring of four buses as day-ahead and real-time run, with what is settled beside energy given as text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

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
