"""Contracts: energy sold before the market, settled by the difference of quantities (qd) or of prices (cfd).

    q[t] = Q κ[t],   sum over the contract's period of κ = 1                                                        [MWh]     (K1)
    qd:   buyer pays q P to seller;  seller gives q π^DA of its node back to the market, which gives q π^DA to the buyer   (K2)
    cfd:  buyer pays q (P - π_ref) to seller                                                                                (K3)
    basis: what (K2) costs the market, B = sum of q (π^DA buyer - π^DA seller), as a free right from seller to buyer        (K4)

κ is even over the days and follows a curve over the hours of a day. With (K2) the market settles Q^DA - q on each side. A contract with one
seller and one buyer is paid directly; others through one account, into which users pay for their parts by day-ahead load; π_ref of several
is their mean by volume.
Source: Electricity Spot Market Practice (National Dispatch Centre), ch. 20 Gansu.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridopt.case.case import Case
from gridopt.case.check import CaseError
from gridopt.settlement.ledger import MARKET, Ledger, account
from gridopt.settlement.metered import Metered
from gridopt.settlement.rules import Contracts
from gridopt.settlement.terms import Terms, terms

POOL = account("contracts")
"""Passes on what several users pay to sellers; empty in every period."""


@dataclass(frozen=True)
class Sold:
    """One contract as settled: positions of sellers (s,) and buyers (u,), energies MWh (s, T) and (u, T), the same sum in each period."""

    row: Terms
    seller: np.ndarray
    buyer: np.ndarray
    sold: np.ndarray
    bought: np.ndarray


def settle(book: Ledger, m: Metered, contracts: list[Sold], rules: Contracts) -> None:
    """Books (K2) or (K3) of every contract, codes contract, contract_offset, contract_difference; (K4) to account basis."""
    periods = len(m.hours)
    give, take = np.zeros(m.da.plant.shape), np.zeros(m.da.user.shape)
    for code in ("contract", "contract_difference"):
        volume, worth = np.zeros((2, *m.da.user.shape))
        for one in contracts:
            by_price = (one.row["settlement"] or rules.settlement) == "cfd"
            if by_price != (code == "contract_difference"):
                continue
            price = np.full(periods, one.row["price_cny_per_mwh"])
            if by_price:
                price = price - _reference(m, one, rules)
            else:
                np.add.at(give, one.seller, one.sold)
                np.add.at(take, one.buyer, one.bought)
            if len(one.seller) == 1 and len(one.buyer) == 1:
                book.pay(code, m.user[one.buyer], m.plant[one.seller], one.sold, price)
            else:
                book.pay(code, POOL, m.plant[one.seller], one.sold, price)
                volume[one.buyer] += one.bought
                worth[one.buyer] += one.bought * price
        mean = np.divide(worth, volume, out=np.zeros_like(worth), where=volume > 0)
        book.pay(code, m.user, POOL, volume, mean)
    book.pay("contract_offset", m.plant, MARKET, give, m.da.plant_price)
    book.pay("contract_offset", MARKET, m.user, take, m.da.user_price)
    bought, sold = take * m.da.user_price, give * m.da.plant_price
    turnover = np.abs(bought).sum(axis=0) + np.abs(sold).sum(axis=0)
    book.lump("residual_basis", account("basis"), MARKET, bought.sum(axis=0) - sold.sum(axis=0), turnover)


def _reference(m: Metered, one: Sold, rules: Contracts) -> np.ndarray:
    """π_ref by period (T,)."""
    where, at = one.row["reference"] or rules.reference, one.row["reference_at"]
    run = m.run(one.row["reference_run"] or rules.reference_run)
    if where == "seller":
        return _mean(run.settled[m.plant_bus[one.seller]], one.sold)
    if where == "buyer":
        return _mean(run.user_price[one.buyer], one.bought)
    if where == "bus":
        return run.settled[np.flatnonzero(m.bus == at)[0]]
    mine = np.ones(len(m.user), bool) if where == "system" else m.zone[m.user_bus] == at
    return _mean(run.user_price[mine], run.user[mine])


def _mean(price: np.ndarray, volume: np.ndarray) -> np.ndarray:
    """Mean over rows by volume (T,); plain where there is no volume, 0 of no rows."""
    if not len(price):
        return np.zeros(price.shape[1])
    total = volume.sum(axis=0)
    return np.where(total > 0, np.divide((price * volume).sum(axis=0), total, out=np.zeros_like(total), where=total > 0), price.mean(axis=0))


def sold(m: Metered, case: Case) -> list[Sold]:
    """Every contract (K1); where no user has load, nothing is sold to all of them. Raises CaseError for a curve without energy."""
    found, faults = [], []
    for row in terms(case, "contract"):
        seller, buyer = m.plants_of(row["kind"], row["element"], row["technology"]), m.users_of(row["buyer"])
        if row.given("energy_mwh"):
            part = row.spread(case, row["curve"])
            energy = row["energy_mwh"] * part[None, :]
            if np.isnan(part).any():
                rule = f"'{row['curve']}' has no energy in the hours from {row.first} to {row.last}. Give another curve, or whole days."
                faults.append(f"contract '{row.name}', column curve: {rule}")
        elif row.given("day_ahead_share"):
            energy = row["day_ahead_share"] * np.maximum(m.da.plant[seller], 0.0) * row.inside
        else:
            energy = case.series([row["profile"]], 0.0) * m.hours * row.inside
        if not len(seller):
            continue
        if len(buyer) > 1:
            load = np.maximum(m.da.user[buyer], 0.0)
            total = load.sum(axis=0)
            share, energy = np.divide(load, total, out=np.zeros_like(load), where=total > 0), np.where(total > 0, energy, 0.0)
        else:
            share = np.ones((len(buyer), len(m.hours)))
        found.append(Sold(row, seller, buyer, energy, share * energy.sum(axis=0)))
    if faults:
        raise CaseError(faults)
    return found
