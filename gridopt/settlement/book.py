"""What is settled, in order: each line books its part into one ledger; accounts gather what is left, and are shared out at the end.

Every payment has a payer and a payee, so that all balances add up to zero, before and after residuals are shared out.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from gridopt.case.case import Case
from gridopt.case.time import TimeGrid
from gridopt.dispatch.besides import COMMITMENT, RESERVE, UPLIFT
from gridopt.dispatch.market_run import MarketRun
from gridopt.dispatch.market_tables import frame
from gridopt.dispatch.province_trade import Matched
from gridopt.settlement import (
    agc,
    besides,
    capacity,
    carbon,
    contracts,
    deep_peak,
    deviation,
    dual_track,
    energy,
    ftr,
    losses,
    make_whole,
    mechanism,
    trade,
)
from gridopt.settlement.ledger import Ledger, account
from gridopt.settlement.metered import Metered, metered
from gridopt.settlement.payers import share_out
from gridopt.settlement.rules import Settlement
from gridopt.settlement.terms import as_of, in_force

HOLDERS, ZONES, NOBODY = "ftr holders", "users of the zone", "nobody"


@dataclass(frozen=True)
class Books:
    """tables: `ledger`, `residuals`, `terms` and `uplift`; figures: revenue adequacy of rights and others, by name; ledger: the payments."""

    ledger: Ledger
    tables: dict[str, pd.DataFrame]
    figures: dict[str, float] = field(default_factory=dict)


def settle(
    day_ahead: MarketRun,
    real_time: MarketRun | None,
    case: Case,
    rules: Settlement,
    service: agc.Service | None = None,
    rule: str = "",
    traded: Matched | None = None,
    real_rule: str = "",
) -> Books:
    """Books of the periods of `day_ahead`, priced by a rule of that name, real time by `real_rule`; traded: between provinces, in the same
    periods.

    Raises CaseError for contracts that cannot be settled."""
    case = as_of(case.on_time(TimeGrid(day_ahead.start, day_ahead.hours)), rules.rules_of)
    m = metered(day_ahead, real_time, case, rules)
    book, sold = Ledger(len(m.hours)), contracts.sold(m, case)

    energy.settle(book, m)
    besides.settle(book, m)
    if traded is not None:
        trade.settle(book, m, traded)
    contracts.settle(book, m, sold, rules.contracts)
    dual_track.settle(book, m, case)
    mechanism.settle(book, m, case, sold, rules.mechanism)
    capacity.settle(book, m, case, rules.capacity)
    if service is not None:
        agc.settle(book, m, service)
    deep_peak.settle(book, m, case, rules.deep_peak)
    deviation.settle(book, m, rules.deviation)
    borne = make_whole.settle(book, m, case, rules.make_whole)
    if rules.carbon:
        carbon.settle(book, m, case)

    congestion = energy.hand_over(book, m)
    losses.settle(book, m)
    figures = ftr.settle(book, m, case, congestion["da"], rules.rights)
    left = [("congestion", figures["ftr_paid_cny"], HOLDERS), ("uplift", -borne, ZONES)]
    residuals = [row for row in left if row[1]] + allocate(book, m, rules)

    exact = day_ahead.exact and (real_time is None or real_time.exact)
    names, amounts, whom = zip(*residuals, strict=True)
    whole = rules.make_whole
    payer = rules.allocations.uplift.payers if whole.payers == "account" else whole.payers
    gap = max(day_ahead.gap, 0.0 if real_time is None else real_time.gap)
    lacking = make_whole.columns(m, case, whole, payer)
    tables = {
        "uplift": frame("uplift", rule=np.where(lacking["run"] == "RT", real_rule, rule), gap=gap, exact=exact, **lacking),
        "ledger": frame("ledger", exact=exact, **book.columns(m.start)),
        "terms": frame("terms", **in_force(case, rules.rules_of)),
        "residuals": frame("residuals", account=list(names), amount=list(amounts), allocated_to=list(whom), exact=exact),
    }
    return Books(book, tables, figures)


def of_rule(m: Metered, case: Case, rules: Settlement) -> Ledger:
    """What a pricing rule pays by itself: energy, what is paid beside it, make-whole payments, and who bears the latter two."""
    book = Ledger(len(m.hours))
    energy.settle(book, m)
    besides.settle(book, m)
    make_whole.settle(book, m, case, rules.make_whole)
    for title in (RESERVE, COMMITMENT, UPLIFT):
        share_out(book, m, title, getattr(rules.allocations, title), rules.peak_hours)
    return book


def allocate(book: Ledger, m: Metered, rules: Settlement) -> list[tuple[str, float, str]]:
    """Shares out every account; what it held, and to whom that goes. What nobody can bear stays and has a row of its own."""
    rows = []
    for title in type(rules.allocations).model_fields:
        rule = getattr(rules.allocations, title)
        held = float(book.balance_of(account(title)).sum())
        left = share_out(book, m, title, rule, rules.peak_hours)
        rows.append((title, held - left, f"{rule.payers} by {rule.horizon}"))
        if left:
            rows.append((title, left, NOBODY))
    outside = float(book.balance_of(carbon.OUTSIDE).sum())
    return [*rows, ("carbon", outside, "outside")] if outside else rows
