"""Contracts of DC links: energy of a period, and the share of it that bundled plants must produce in the same step.

Sets        c contract (a period of one link d), t step of length h[t] hours
Data        energy [Emin, Emax] MWh of the whole period and share z of the sent energy; limits are scaled by the part of the period that
            is studied, unless it is known what is sent (E0) and bundled (B0) in the rest of it: then both are of the whole period;
            price of what is late (case.late), where a window of a rolling study may be
Columns     dc_contract.unbundled n [MW], by link;  of contracts that may be late: dc_contract.under a, dc_contract.over b,
            dc_contract.behind e [MWh]

    Emin <= E0 + sum_t h P + a - b <= Emax                                (O1)  dc_contract.energy
    of links that send by steps (table dc_schedule), limits of the sum are drawn in to the energies that such a schedule can have,
    but for contracts that may be late
    n >= P - sum of the bundle's output                                   (O2)  dc_contract.unbundled
    sum_t h n - e <= (1 - z) sum_t h P + B0 - z E0                        (O3)  dc_contract.share

Cost        dc_contract.late: price x (a + b + e)
Ports       draws on dc_power P (of a link that reverses: less what it sends back) and bundle
Dual        dc_contract.energy: what one more MWh of contract costs; dc_contract.share: what one more MWh of unbundled energy saves
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridopt.case.links import grain, limits


class Columns(NamedTuple):
    """contracts int (k,): those that the study touches; linked int (n,): links with a share, unbundled (n, T); late int (m,): places among
    the contracts of those that may be late; missed int (3, m): a, b, e."""

    contracts: np.ndarray
    linked: np.ndarray
    unbundled: np.ndarray
    late: np.ndarray
    missed: np.ndarray


MISSES = ("under", "over", "behind")


def declare(case, b):
    """The part of sent power that no bundled plant covers."""
    link, contracts = case.table("dc_link"), _shares(case)[1]
    share = case.table("dc_contract")["renewable_share_min"].to_numpy(float)[contracts]
    linked = np.unique(case.position("dc_link", case.table("dc_contract")["dc_link"])[contracts][share > 0])
    over = {"dc_link": link.index[linked], "time": case.time.index}
    unbundled = b.columns("dc_contract.unbundled", unit="MW", over=over, upper=limits(case).forward[linked])
    late, missed = _late(case, b, contracts)
    return Columns(contracts, linked, unbundled, late, missed)


def _late(case, b, contracts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Contracts that may be late, as places among `contracts`, and the columns of what they miss."""
    price = case.late_prices[contracts]
    late = np.flatnonzero(~np.isnan(price))
    table, price = case.table("dc_contract").iloc[contracts[late]], price[late]
    if not len(late):
        return late, np.zeros((3, 0), int)
    link = case.table("dc_link").iloc[case.position("dc_link", table["dc_link"])]
    reach = link[["power_max_mw", "power_reverse_max_mw"]].to_numpy(float).max(axis=1) * case.time.hours.sum()
    # Nothing is missed by more than what lies outside, what the study can send, and the limits together. Bounds from duals need one.
    most = reach + table[["energy_min_mwh", "energy_max_mwh", "sent_outside_mwh", "bundled_outside_mwh"]].fillna(0.0).abs().sum(axis=1)
    missed = [b.columns(f"dc_contract.{n}", unit="MWh", over={"contract": table.index}, upper=most.to_numpy(float)) for n in MISSES]
    for ids in missed:
        b.cost("dc_contract.late", ids, price)
    return late, np.array(missed)


def _shares(case):
    """Share of each step inside each contract's period (C, T), and the contracts that the study touches."""
    contract = case.table("dc_contract")
    if not len(contract):
        return np.zeros((0, len(case.time))), np.zeros(0, int)
    begin, end = (contract[c].to_numpy("datetime64[s]") for c in ("start_date", "end_date"))
    inside = case.time.share_between(begin, end + np.timedelta64(86400, "s"))
    active = case.in_service("dc_link")[case.position("dc_link", contract["dc_link"])]
    return inside, np.flatnonzero((inside * active).any(axis=1))


def constrain(case, b, columns):
    """Rows (O1) to (O3)."""
    contract, hours = case.table("dc_contract").iloc[columns.contracts], case.time.hours
    if not len(contract):
        return
    inside = _shares(case)[0][columns.contracts]
    link, sent = case.position("dc_link", contract["dc_link"]), b.port("dc_power")
    days = (contract["end_date"] - contract["start_date"]).dt.days.to_numpy(float) + 1.0
    outside, covered = (contract[f"{c}_outside_mwh"].to_numpy(float) for c in ("sent", "bundled"))
    studied = np.where(np.isnan(outside), (inside * hours).sum(axis=1) / (24.0 * days), 1.0)
    outside, base = np.nan_to_num(outside), np.einsum("ct,ct->c", inside * hours, sent.constant[link])
    low, high = (contract[f"energy_{c}_mwh"].to_numpy(float) * studied - outside for c in ("min", "max"))
    over = {"contract": contract.index}
    # A link that never reverses sends at least nothing; one that does may be on balance the one that receives.
    least = np.where(case.table("dc_link")["power_reverse_max_mw"].to_numpy(float)[link] > 0, -np.inf, 0.0)
    least[columns.late] = -np.inf
    coarse = grain(case, inside, link)
    coarse[columns.late] = 0.0
    low, high = _whole(np.where(np.isnan(low), least, low), np.nan_to_num(high, nan=np.inf), coarse)
    low, high = low - base, high - base
    energy = b.rows("dc_contract.energy", unit="MWh", over=over, lower=low, upper=high)
    share = contract["renewable_share_min"].to_numpy(float)
    most = (1.0 - share) * base + covered - share * outside
    bound = b.rows("dc_contract.share", unit="MWh", over=over, upper=np.where(share > 0, most, np.inf))
    for ids, row, coef in zip(columns.missed, (energy, energy, bound), (1.0, -1.0, -1.0), strict=True):
        b.term(row[columns.late], ids, coef)
    row_of = _uncovered(case, b, columns)
    for c, d in enumerate(link):
        t = np.flatnonzero(inside[c] > 0)
        weight = inside[c, t] * hours[t]
        for at, cols, coef in sent.offers():
            mine = np.flatnonzero(at == d)
            b.term(energy[c], cols[np.ix_(mine, t)], coef[np.ix_(mine, t)] * weight)
            if share[c] > 0:
                b.term(bound[c], cols[np.ix_(mine, t)], -(1.0 - share[c]) * coef[np.ix_(mine, t)] * weight)
        if share[c] > 0:
            b.term(bound[c], columns.unbundled[row_of[d]][t], weight)


def _whole(low: np.ndarray, high: np.ndarray, grain: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Limits MWh (k,) drawn in to multiples of `grain`, where it is not 0 and a multiple lies between them: no schedule is lost so, and a
    relaxation may not use what lies between two multiples."""
    unit = np.where(grain > 0, grain, 1.0)
    inner = np.ceil(low / unit - 1e-7) * unit, np.floor(high / unit + 1e-7) * unit
    use = (grain > 0) & (inner[0] <= inner[1])
    return np.where(use, np.maximum(inner[0], low), low), np.where(use, np.minimum(inner[1], high), high)


def _uncovered(case, b, columns) -> np.ndarray:
    """Rows (O2); place of each link among those that have them, -1 for the others."""
    bundle, sent = b.port("bundle", len(case.table("dc_link"))), b.port("dc_power")
    over = {"dc_link": case.table("dc_link").index[columns.linked], "time": case.time.index}
    uncovered = b.rows("dc_contract.unbundled", unit="MW", over=over, lower=(sent.constant - bundle.constant)[columns.linked])
    row_of = np.full(len(case.table("dc_link")), -1)
    row_of[columns.linked] = np.arange(len(columns.linked))
    for port, sign in ((bundle, 1.0), (sent, -1.0)):
        for at, cols, coef in port.offers():
            some = row_of[at] >= 0
            b.term(uncovered[row_of[at[some]]], cols[some], sign * coef[some])
    b.term(uncovered, columns.unbundled)
    return row_of
