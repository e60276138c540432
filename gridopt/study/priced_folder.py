"""Prices of one clearing under many rules as a folder: tables of the market by rule, names of the network, and their report."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gridopt import __version__
from gridopt.dispatch.besides import UPLIFT, by_plant
from gridopt.dispatch.market_run import MarketRun
from gridopt.dispatch.market_tables import PREFIX, frame
from gridopt.study.evidence import network_tables
from gridopt.study.market_case import DAY_AHEAD, REAL_TIME
from gridopt.study.market_causes import Own, curtailment_table
from gridopt.study.market_frames import constraint_table, dispatch_table, load_table, plant_details, price_table, zone_table
from gridopt.study.market_uplift import shortfall_table
from gridopt.study.run import check_free, move
from gridopt.study.store import dump


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
    kept = len(cleared.solved.case.time) if cleared.kept is None else cleared.kept
    runs = {p.rule: MarketRun.of(p.prices.schedule if p.prices.settled else cleared.solved, p.prices, stage).part(0, kept) for p in found}
    own = MarketRun.of(cleared.solved, found[0].prices, stage).part(0, kept)
    by_rule = {
        name: pd.concat([make(rule, [run]) for rule, run in runs.items()], ignore_index=True)
        for name, make in (("prices", price_table), ("zone_prices", zone_table), ("constraints", constraint_table))
    }
    uplift = pd.concat([_uplift(p, runs[p.rule], own) for p in found], ignore_index=True)
    short = pd.concat(
        [shortfall_table(p.rule, cleared.solved, p.prices, p.uplift, own, len(own.start)) for p in found], ignore_index=True
    )  # fmt: skip
    causes = curtailment_table(own, [(Own.of(cleared.solved).causes, len(own.start))])
    details = plant_details(cleared.solved, cleared.solved.case, len(own.start))
    return by_rule | {
        "dispatch": dispatch_table([own], [[details]], causes), "curtailment": causes, "load": load_table([own]), "uplift": uplift,
        "product_shortfall": short,
    }  # fmt: skip


def _uplift(priced: Any, paid: MarketRun, run: MarketRun) -> pd.DataFrame:
    """Money of each participant over the whole run, `paid` the one by its rule. Users bear what is paid, by load."""
    left, start, place = priced.uplift, str(run.start[0])[:16], {n: g for g, text in enumerate(priced.uplift.names) for n in text.split(" + ")}
    names = np.array(list(place), object)
    other = [b for b in paid.besides if b.account != UPLIFT]  # that is `paid`
    besides = np.bincount(list(place.values()), by_plant(other, names, len(paid.start)).sum(axis=1), len(left.names))
    return frame(
        "uplift", rule=priced.rule, run=run.stage, unit=left.names, horizon=f"whole run from {start}", revenue=left.revenue,
        besides=besides, cost=left.cost, profit=left.profit, best_profit=left.best, mwp=left.mwp, loc=left.loc,
        paid=left.paid, payer="load", gap=run.gap, exact=run.exact,
    )  # fmt: skip
