"""Carbon: thermal plants buy allowances for what they emit beyond their free ones, from outside the market.

    pay[g,t] = P (e - a) Q^RT,   e > 0: t/MWh at full load, a: free t/MWh                                             (Z1)

P and a are those of the calendar year; e - a below 0 is sold, and what emits nothing has no allowance. An outside account takes the other
side.
"""

from __future__ import annotations

import numpy as np

from gridopt.case.case import Case
from gridopt.settlement.ledger import Ledger
from gridopt.settlement.metered import Metered

OUTSIDE = "carbon outside"


def settle(book: Ledger, m: Metered, case: Case) -> None:
    """Books (Z1), code carbon."""
    price, free = (case.of_year(c, 0.0) for c in ("carbon_price_cny_per_t", "carbon_benchmark_t_per_mwh"))
    for kind, factor in factors(case).items():
        mine = np.flatnonzero(m.kind == kind)
        position = case.position(kind, [str(p).partition(" ")[2] for p in m.plant[mine]])
        mine, position = mine[position >= 0], position[position >= 0]  # bids of users are generators that no table lists
        e = factor[position][:, None]
        book.pay("carbon", m.plant[mine], OUTSIDE, np.maximum(m.rt.plant[mine], 0.0), price * np.where(e > 0, e - free, 0.0))


def factors(case: Case) -> dict[str, np.ndarray]:
    """Emission factor t/MWh of units (of their type, else of the fuel burnt at full load) and generators."""
    unit, kind, fuel = (case.table(t) for t in ("unit", "unit_type", "fuel"))
    own = kind.reindex(unit["unit_type"])
    burnt = own["fuel_rate_full_tce_per_mwh"].to_numpy(float) * fuel["co2_t_per_tce"].reindex(unit["fuel"]).to_numpy(float)
    given = own["co2_t_per_mwh"].to_numpy(float)
    units = np.nan_to_num(np.where(np.isnan(given), burnt, given))
    return {"unit": units, "generator": case.table("generator")["co2_t_per_mwh"].to_numpy(float)}
