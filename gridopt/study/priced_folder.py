"""Prices of one clearing under many rules as a folder: tables of the market by rule, names of the network, and their report.

Every rule is settled by itself, as a day-ahead market without real time, by the rules of the study. Names are those of the case by costs,
where it is known: a folder keeps what was cleared, bids in place of costs.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gridopt import __version__
from gridopt.analysis.market_metrics import MetricRules, metrics
from gridopt.case.case import Case
from gridopt.dispatch.as_offered import of_run
from gridopt.dispatch.besides import NETWORK, UPLIFT, by_plant
from gridopt.dispatch.market_run import MarketRun
from gridopt.dispatch.market_tables import PREFIX, frame
from gridopt.settlement.book import settle
from gridopt.study.evidence import network_tables
from gridopt.study.market_case import DAY_AHEAD, REAL_TIME, limited, own_names, paid_once, told
from gridopt.study.market_causes import Own, curtailment_table
from gridopt.study.market_frames import constraint_table, dispatch_table, load_table, plant_details, price_table, zone_table
from gridopt.study.market_rule import settlement_rules
from gridopt.study.market_schema import Market
from gridopt.study.market_uplift import shortfall_table
from gridopt.study.run import check_free, move
from gridopt.study.store import dump

WITHOUT_BOOKS = ("pab_shaded",)
"""Rules that pay neither a price nor the offers that were made."""


def write_folder(target: Path, cleared: Any, found: Sequence[Any]) -> Path:
    """Tables and report of the rules in `found` (study/priced.py: Priced), put into place when they are complete; `target`.

    Raises FileExistsError for a folder that holds something else.
    """
    from gridopt.report.page import write

    check_free(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.parent / f".unfinished-{target.name}"
    shutil.rmtree(unfinished, ignore_errors=True)
    (unfinished / "tables").mkdir(parents=True)
    try:
        tables = {PREFIX + n: t for n, t in market_tables(cleared, found).items()} | network_tables(cleared.solved)
        for name, table in tables.items():
            table.to_parquet(unfinished / "tables" / f"{name}.parquet", index=False)
            if name.startswith(PREFIX):
                table.to_csv(unfinished / "tables" / f"{name}.csv", index=False, encoding="utf-8-sig")
        seconds = {p.rule: round(p.seconds, 3) for p in found}
        summary = {"currency": cleared.currency, "status": "priced"}
        dump(unfinished / "manifest.json", {"study": cleared.name, "gridopt_version": __version__, "summary": summary, "seconds": seconds})
        write(unfinished)
        move(unfinished, target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return target


def market_tables(cleared: Any, found: Sequence[Any]) -> dict[str, pd.DataFrame]:
    """Tables of the market by name; those of rules one rule after the other."""
    stage = REAL_TIME if str(cleared.origin.get("stage", "")).upper().startswith((REAL_TIME, "REAL")) else DAY_AHEAD
    solved, base, costs = cleared.solved, Own.of(cleared.solved), cleared.costs or cleared.solved.case
    kept = len(solved.case.time) if cleared.kept is None else cleared.kept
    runs = {p.rule: told(MarketRun.of(solved, p.found, stage).part(0, kept), costs) for p in found}
    if cleared.market is not None:
        runs = {rule: limited(paid_once(run, costs, cleared.market), cleared.market) for rule, run in runs.items()}
    own = told(MarketRun.of(solved, base.prices, stage).part(0, kept), costs)
    by_rule = {
        name: pd.concat([make(rule, [run]) for rule, run in runs.items()], ignore_index=True)
        for name, make in (("prices", price_table), ("zone_prices", zone_table), ("constraints", constraint_table))
    }
    uplift = pd.concat([_uplift(p, runs[p.rule], own, costs) for p in found], ignore_index=True)
    short = pd.concat([shortfall_table(p.rule, solved, p.prices, p.uplift, own, len(own.start)) for p in found], ignore_index=True)
    causes = curtailment_table(own, [(base.causes, len(own.start))])
    made = by_rule | {"curtailment": causes, "load": load_table([own]), "uplift": uplift, "product_shortfall": short}
    parts: dict[str, list[pd.DataFrame]] = {}
    for p in found:
        run = runs[p.rule]
        tables = {"dispatch": dispatch_table([run], [[plant_details(p.found.paid(solved), costs, len(run.start))]], causes)}
        if p.rule not in WITHOUT_BOOKS:
            own_tables = {n: t[t["rule"] == p.rule] if "rule" in t else t for n, t in made.items()}
            tables |= _books(p.rule, run, costs, cleared.market or Market(), own_tables)
        for name, table in tables.items():
            table.insert(0, "rule", p.rule)
            parts.setdefault(name, []).append(table)
    return made | {name: pd.concat(tables, ignore_index=True) for name, tables in parts.items()}


def _books(rule: str, run: MarketRun, costs: Case, market: Market, made: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Ledger, residuals and metrics of a run by its rule; made: tables of it that are there already."""
    rules = settlement_rules(market.model_copy(update={"rule": rule}))
    run = of_run(run) if rules.plants == "offer" else run
    books = settle(run, None, costs, rules, rule=rule)
    limits = MetricRules(market.price.floor_cny_per_mwh, market.price.cap_cny_per_mwh)
    figures = metrics(run, None, costs, rules=limits, tables=made, figures=books.figures)
    return {"ledger": books.tables["ledger"], "residuals": books.tables["residuals"], "metrics": figures}


def _uplift(priced: Any, paid: MarketRun, run: MarketRun, costs: Case) -> pd.DataFrame:
    """Money of each participant over the whole run, `paid` the one by its rule. Users bear what is paid, by load."""
    left, start = priced.uplift, str(run.start[0])[:16]
    own = [list(dict.fromkeys(own_names(str(text).split(" + "), costs))) for text in left.names]
    place = {n: g for g, parts in enumerate(own) for n in parts}
    names, unit = np.array(list(place), object), np.array([" + ".join(parts) for parts in own], object)
    other = [b for b in paid.besides if b.account not in (UPLIFT, NETWORK)]  # that is `paid`, and no part of the revenue
    besides = np.bincount(list(place.values()), by_plant(other, names, len(paid.start)).sum(axis=1), len(left.names))
    return frame(
        "uplift", rule=priced.rule, run=run.stage, unit=unit, horizon=f"whole run from {start}", revenue=left.revenue,
        besides=besides, cost=left.cost, profit=left.profit, best_profit=left.best, mwp=left.mwp, loc=left.loc,
        paid=left.paid, payer="load", gap=run.gap, exact=run.exact,
    )  # fmt: skip
