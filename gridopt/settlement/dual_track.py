"""Dual track: generation and users outside the market, at regulated prices, beside those in the market at spot prices.

    plant gives (π - P_g) Q_g back to account 'dual_track';  the account gives (π - P_u) Q_u to a guaranteed user           (U1)

With one spot price and one regulated price the account holds (Q_g - Q_u)(π - P): what the two sides do not match, at the difference.
Codes say whether the generation is of the province (dual_track_intra) or comes over ties and DC links (dual_track_inter).
"""

from __future__ import annotations

from gridopt.case.case import Case
from gridopt.settlement.ledger import Ledger, account
from gridopt.settlement.metered import Metered
from gridopt.settlement.terms import terms

OUTSIDE = ("exchange", "dc_link")


def settle(book: Ledger, m: Metered, case: Case) -> None:
    """Books (U1) on volumes and prices of both settlements, codes dual_track_intra, dual_track_inter, dual_track_users."""
    for row in terms(case, "guaranteed"):
        plants = m.plants_of(row["kind"], row["element"], row["technology"])
        share = row["output_share"] * row.inside
        code = "dual_track_inter" if row["kind"] in OUTSIDE else "dual_track_intra"
        for volume, price in _settlements(m.da.plant, m.rt.plant, m.da.plant_price, m.rt.plant_price):
            book.pay(code, m.plant[plants], account("dual_track"), share * volume[plants], price[plants] - row["price_cny_per_mwh"])
    mine = m.guaranteed
    for volume, price in _settlements(m.da.user, m.rt.user, m.da.user_price, m.rt.user_price):
        book.pay("dual_track_users", account("dual_track"), m.user[mine], volume[mine], price[mine] - m.regulated[mine, None])


def _settlements(planned, real, price_da, price_rt):
    """Volume and price of the day-ahead settlement, then of the deviation."""
    return (planned, price_da), (real - planned, price_rt)
