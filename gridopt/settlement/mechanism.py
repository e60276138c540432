"""Mechanism price (Document 136): plants get the difference between a mechanism price and what their technology earns, both ways.

    pay[g,t] = q (P - P̄),   q = a share of output, or of an energy what (D3) says, at most what contracts leave of the output        (D1)
    P̄[k, month] = sum of π Q / sum of Q over the plants of technology k in the month, day-ahead or real time            (D2)
    q[g,t] = left min(1, E κ[month] / sum of left over the month),   left: output less contracts and volumes of rows before           (D3)

κ is even over time: what of an energy E falls on a month settles by the output of the month, for a plant may give nothing in most of its
hours, as by night. What a month does not produce is not made up for. Users bear the account 'mechanism'. Energies that contracts and
mechanism volumes plan beyond what a plant can produce overlap and are refused.
Source: NDRC and NEA, Document 136 of 2025; Gansu DRC, draft of July 2025.
"""

from __future__ import annotations

import numpy as np

from gridopt.case.case import Case
from gridopt.case.check import CaseError
from gridopt.settlement.contracts import Sold
from gridopt.settlement.ledger import Ledger, account, sums
from gridopt.settlement.metered import Metered
from gridopt.settlement.rules import MechanismRules
from gridopt.settlement.terms import Terms, terms

ROUNDING = 1e-9


def settle(book: Ledger, m: Metered, case: Case, contracts: list[Sold], rules: MechanismRules) -> None:
    """Books (D1), code mechanism. Raises CaseError for volumes that overlap."""
    under = contracted(m, contracts)
    left, planned = np.maximum(np.maximum(m.rt.plant, 0.0) - under, 0.0), np.zeros(len(m.plant))
    names = np.zeros(len(m.plant), dtype=object)
    for row in terms(case, "mechanism"):
        plants = _built(m, case, row)
        if row.given("energy_mwh"):
            energy = row["energy_mwh"] * row.spread(case)
            planned[plants] += energy.sum()
            names[plants] = row.name
            wanted = _by_output(energy, np.minimum(left[plants], np.maximum(m.rt.plant[plants], 0.0) * row.inside), m.horizon("month"))
        else:
            wanted = row["output_share"] * np.maximum(m.rt.plant[plants], 0.0) * row.inside
        volume = np.minimum(wanted, left[plants])
        left[plants] -= volume
        difference = row["price_cny_per_mwh"] - mean_price(m, row["reference_run"] or rules.reference_run)[plants]
        book.pay("mechanism", account("mechanism"), m.plant[plants], volume, difference)
    _refuse(m, case, under.sum(axis=1), planned, names)


def _by_output(energy: np.ndarray, output: np.ndarray, month: np.ndarray) -> np.ndarray:
    """(D3): energy (T,) MWh, even over time, by output (g, T) MWh of each month (T,), never above it."""
    made = sums(output, month)
    part = np.divide(sums(energy, month), made, out=np.zeros_like(made), where=made > 0)
    return output * np.minimum(part, 1.0)[:, month]


def contracted(m: Metered, contracts: list[Sold]) -> np.ndarray:
    """Energy under contract by plant and period MWh (g, T)."""
    under = np.zeros(m.da.plant.shape)
    for one in contracts:
        np.add.at(under, one.seller, one.sold)
    return under


def mean_price(m: Metered, stage: str) -> np.ndarray:
    """(D2) for each plant, by its technology and the month of the period (g, T); plain mean of the plants where nothing was produced."""
    run, month = m.run(stage), m.horizon("month")
    price, volume = run.settled[m.plant_bus], np.maximum(run.plant, 0.0)
    kinds, of = np.unique(m.technology.astype(str), return_inverse=True)
    total, worth, plain, count = (np.zeros((len(kinds), int(month.max(initial=-1)) + 1)) for _ in range(4))
    for into, values in ((total, volume), (worth, volume * price), (plain, price * m.hours), (count, np.ones_like(price) * m.hours)):
        np.add.at(into, of, sums(values, month))
    mean = np.where(total > 0, np.divide(worth, total, out=np.zeros_like(total), where=total > 0), plain / np.maximum(count, 1e-300))
    return mean[of][:, month]


def _built(m: Metered, case: Case, row: Terms) -> np.ndarray:
    """Plants of a row, by the day on which they were built."""
    plants = m.plants_of(row["kind"], row["element"], row["technology"])
    frame = case.table(row["kind"])
    entry = frame["in_service"].reindex([str(p).partition(" ")[2] for p in m.plant[plants]]).to_numpy("datetime64[s]")
    keep = np.ones(len(plants), bool)
    if row.given("built_from"):
        keep &= entry >= np.datetime64(row["built_from"], "s")
    if row.given("built_before"):
        keep &= np.isnat(entry) | (entry < np.datetime64(row["built_before"], "s"))
    return plants[keep]


def _refuse(m: Metered, case: Case, under: np.ndarray, planned: np.ndarray, names: np.ndarray) -> None:
    """Raises CaseError where energies under contract and of the mechanism exceed what a plant can produce in the studied period."""
    faults, hours = [], m.hours.sum()
    for g in np.flatnonzero(planned > 0):
        table, _, one = str(m.plant[g]).partition(" ")
        able = float(case.table(table)["power_max_mw"].get(one, np.inf)) * hours if "power_max_mw" in case.table(table) else np.inf
        if under[g] + planned[g] > able * (1.0 + ROUNDING):
            faults.append(
                f"mechanism '{names[g]}', column energy_mwh: {planned[g]:g} MWh in the studied period overlap the {under[g]:g} MWh under "
                f"contract of '{m.plant[g]}', which can produce {able:g} MWh. Contract and mechanism volumes may not overlap; lower one."
            )
    if faults:
        raise CaseError(faults)
