"""What an owner of plants could gain by other offers: the case cleared again for each of them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gridopt.case.case import Case
from gridopt.case.check import CaseError


def strategy_file(
    path: Path, owner: str, changes: Sequence[tuple[float, float]], overrides: dict[str, str], hours: tuple[int, int] | None = None,
    cap: float | None = None, stop: threading.Event | None = None,
) -> dict:
    """Outcomes of changes (raise of offers as a share, MW withheld) of an owner's plants, and whether it is pivotal; the document for JSON.

    Rule, settlement and bids, which stand for costs, are those of the market of the study; without one prices are nodal. cap: CNY/MWh at
    which a price makes an owner pivotal (None: that of the study). Raises CaseError, Infeasible, LimitReached.
    """
    from gridopt.analysis.offer_change import Change
    from gridopt.analysis.strategy import Market as Clearing
    from gridopt.analysis.strategy import absence, needed, plants_of, strategies
    from gridopt.dispatch.attempts import Search
    from gridopt.study.load import load_study
    from gridopt.study.market_case import ends, market_cases, market_of, paid_once
    from gridopt.study.market_rule import pricing, settlement_rules
    from gridopt.study.market_schema import Market
    from gridopt.study.priced import check_rules

    loaded = load_study(path, overrides, hours)
    if loaded.study.rolling is not None:
        raise CaseError(["key 'rolling': an owner's offers are tried in one solve each. Remove the key, and use --hours for a shorter time."])
    given = market_of(loaded.study, loaded.case)
    if given is not None and given.pre_clearing.enabled:
        cure = "Give --set market.pre_clearing.enabled=false"
        raise CaseError([f"key 'market.pre_clearing.enabled': what provinces have agreed must flow, with the owner or without. {cure}."])
    market, case = given or Market(rule="ip"), loaded.case if given is None else market_cases(loaded.case, given)[0]
    check_rules([market.rule], case, loaded.study.pricing)
    plants = offered(plants_of(loaded.case, owner), case)
    limit = market.price.cap_cny_per_mwh if cap is None else cap
    gap = loaded.study.mip_gap if "mip_gap" in overrides else 0.0
    money = loaded.study.mip_gap_cny if "mip_gap_cny" in overrides else 0.0
    search = Search(gap, loaded.study.time_limit_s or np.inf, stop, loaded.study.seed, money)
    floor, most = ends(market) or (-np.inf, np.inf)
    price, rules = pricing(loaded, market), settlement_rules(market)
    clearing = Clearing(lambda _, solved: price(solved), search, floor, most, rules, lambda run: paid_once(run, loaded.case, market))
    table = strategies(case, plants, [Change(raise_share=x, withhold_mw=y) for x, y in changes], clearing)
    away = absence(case, plants, limit, clearing)
    wanted = needed(case, plants, clearing) if all(p.startswith(("generator", "renewable")) for p in plants) else None
    return {
        "status": "tried", "case": loaded.name, "currency": loaded.study.currency, "owner": owner, "plants": plants,
        "outcomes": [{k: _plain(v) for k, v in row.items()} for row in table.to_dict("records")],
        "without": {
            "shed_mwh": away.shed_mwh, "highest_price": float(away.highest.max()), "cap": limit,
            "pivotal_share": float(away.pivotal @ case.time.hours / case.time.hours.sum()),
        },
        "needed_mw": None if wanted is None else float(wanted.max()),
    }  # fmt: skip


def offered(plants: Sequence[str], case: Case) -> list[str]:
    """Names of plants in a case in which bids stand for costs: a unit that bids is a generator, a renewable plant one for each segment."""
    found = []
    for plant in plants:
        table, _, name = plant.partition(" ")
        parts = [f"{table} {i}" for i in case.table(table).index if str(i) == name or str(i).startswith(f"{name} segment ")]
        found += parts or ([f"generator {name}"] if name in case.table("generator").index else [])
    return found


def _plain(value):
    """A value for JSON; None where a number is not finite."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    return float(value) if np.isfinite(value) else None
