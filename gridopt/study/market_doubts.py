"""Whether penalties and caps of a market fit together: what is said where they do not, before anybody wonders about prices.

    pi[1] > pi[2] > ...   balance, limits, limits after outages, the dearest shortage of reserve; of these what the case has
    pi[k] > cap + pi[k+1]   one MW takes at most one of what is next, beside offers up to the cap                              (Q1)
    VOLL + penalty of energy <= cap   so that prices which are cut off (clip) seldom are                                      (Q2)

The dearest shortage counts with those of all reserves that the same award counts for: their prices add up. In a pricing run the balance
stands at the cap, and (Q1) begins with limits.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from gridopt.case.case import Case
from gridopt.case.reserves import counting
from gridopt.study.market_case import penalties_of
from gridopt.study.market_schema import Market, Penalties


def doubts(case: Case, market: Market) -> list[str]:
    """Sentences on what does not fit, for the case that a market clears."""
    limit, reserve = market.price, _dearest(case)
    cap = max(limit.cap_cny_per_mwh, market.offers.cap_cny_per_mwh)
    steps, found = case.table("limit_penalty")["after_outages"].to_numpy(bool), []
    least = ("the dearest shortage of reserve", reserve) if reserve > 0 else ("", 0.0)
    pricing = market.penalties_pricing if limit.mode == "penalty" else None
    for key, given in (("penalties_dispatch", penalties_of(market)), ("penalties_pricing", pricing)):
        if given is None:
            continue
        chain = [("balance", given.balance)] if isinstance(given, Penalties) else []
        chain += [("line", given.line)] if (~steps).any() else []
        chain += [("security", given.after_outages)] if steps.any() else []
        for (name, value), (lower, worth) in pairwise([*chain, least]):
            if value <= cap + worth:
                beside = f" and {lower} ({worth:g}) together" if lower else ""
                found.append(f"key 'market.{key}': {name} {value:g} is not above the cap of prices ({cap:g}){beside}: what it stands for may "
                             "be given up first. Raise it.")  # fmt: skip
    energy = float(case.table("shedding_tier")["cost_cny_per_mwh"].max())
    most = energy + reserve
    if limit.mode == "clip" and reserve > 0 and most > limit.cap_cny_per_mwh:
        found.append(f"key 'market.price.cap_cny_per_mwh': shortage of reserve ({reserve:g}) and of energy ({energy:g}) may make prices of "
                     f"{most:g}, which are cut off at {limit.cap_cny_per_mwh:g}. Raise the cap, or lower what shortage costs.")  # fmt: skip
    return found


def _dearest(case: Case) -> float:
    """The most that shortage of all reserves which one award counts for costs together CNY/MWh, 0 where none has a price."""
    step, dearest = case.table("reserve_shortage"), np.zeros(len(case.table("reserve")))
    np.maximum.at(dearest, case.position("reserve", step["reserve"]), step["cost_cny_per_mwh"].to_numpy(float))
    return float((counting(case).T @ dearest).max(initial=0.0))
