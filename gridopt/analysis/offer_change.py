"""A case with other offers of some plants: dearer, less, or none at all.

    offer' = (1 + x) offer + a,   of energy, no-load and starts (a: CNY/MWh of energy alone)                            (A1)
    cost at offers' = (1 + x) cost + a sold h + r,   so that cost = (cost at offers' - a sold h - r) / (1 + x) + r        (A2)
    r: cost of reserve that is held, whose offers stay
    withheld: y MW less of largest output, over the plants in proportion to it                                           (A3)

Plants are named 'table id'. Offers are those of generators and renewable plants; a thermal unit by fuel has no offer of its own to raise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from gridopt.case.case import Case
from gridopt.case.check import CaseError

RAISED = {
    "generator": ("cost_cny_per_h", "cost_cny_per_mwh", "cost_quadratic_cny_per_mw2h"),
    "renewable": ("cost_cny_per_mwh",),
}
OUT = ("unit", "generator", "renewable", "storage", "csp", "reservoir", "pump", "pumped")


@dataclass(frozen=True)
class Change:
    """raise_share x and raise_cny a of (A1), withhold_mw y of (A3)."""

    raise_share: float = 0.0
    raise_cny: float = 0.0
    withhold_mw: float = 0.0

    def true_cost(self, cost: np.ndarray, sold_mwh: np.ndarray, held: np.ndarray) -> np.ndarray:
        """(A2): cost by the offers of before, CNY, of costs at offers, energy sold and the cost of reserve that is held."""
        return (cost - self.raise_cny * sold_mwh - held) / (1.0 + self.raise_share) + held


def changed(case: Case, plants: Sequence[str], change: Change) -> Case:
    """The case with (A1) and (A3) for `plants`. Raises CaseError for a plant whose offer cannot be raised, or that has less to withhold."""
    rows = _rows(case, plants)
    tables = dict(case.tables)
    faults: list[str] = []
    if change.raise_share or change.raise_cny:
        faults += _raise(case, tables, rows, change)
    if change.withhold_mw:
        faults += _withhold(tables, rows, change.withhold_mw)
    if change.raise_share <= -1.0:
        faults.append(f"a change of offers by {change.raise_share:.0%} leaves nothing of them. Give more than -100 %.")
    if faults:
        raise CaseError(faults)
    return replace(case, tables=tables, loss_points=None)


def without(case: Case, plants: Sequence[str]) -> Case:
    """The case with `plants` out of service all the time. Raises CaseError for what cannot be out."""
    rows = _rows(case, plants)
    wrong = [f"{t} '{n}': cannot be taken out of service. Leave it out of the list." for t, n in rows if t not in OUT]
    if wrong:
        raise CaseError(wrong)
    old = case.table("outage")
    new = pd.DataFrame(
        {"kind": [t for t, _ in rows], "element": [n for _, n in rows], "start_time": pd.Timestamp(case.time.start[0]),
         "end_time": pd.Timestamp(case.time.end[-1]), "share": 1.0}
    )  # fmt: skip
    new = new.reindex(columns=old.columns)
    for column in old.columns:
        if old[column].dtype.kind == "M":
            new[column] = new[column].astype(old[column].dtype)
    joined = pd.concat([old, new], ignore_index=True) if len(old) else new
    return replace(case, tables={**case.tables, "outage": joined}, loss_points=None)


def _rows(case: Case, plants: Sequence[str]) -> list[tuple[str, str]]:
    """(table, id) of plants 'table id'. Raises CaseError for one that is not there."""
    found, faults = [], []
    for plant in plants:
        table, _, name = str(plant).partition(" ")
        if table not in case.tables or name not in case.table(table).index:
            faults.append(f"plant '{plant}': is not in the case. Write its table and id, such as 'generator C3'.")
        found.append((table, name))
    if faults:
        raise CaseError(faults)
    return found


def _raise(case: Case, tables: dict[str, pd.DataFrame], rows: list[tuple[str, str]], change: Change) -> list[str]:
    """(A1); sentences on plants for which it has no meaning."""
    faults, factor = [], 1.0 + change.raise_share
    for table in {t for t, _ in rows}:
        mine = [n for t, n in rows if t == table]
        if table not in RAISED:
            faults += [f"{table} '{n}': has no offer of its own. Give it a bid (table bid), or raise those of others." for n in mine]
            continue
        frame = tables[table].copy()
        moving = [n for n in mine if "price_profile" in frame and frame.at[n, "price_profile"]]
        faults += [f"{table} '{n}': its offer follows a series (price_profile) and cannot be raised here." for n in moving]
        frame.loc[mine, list(RAISED[table])] *= factor
        frame.loc[mine, "cost_cny_per_mwh"] += change.raise_cny
        tables[table] = frame
    generators = [n for t, n in rows if t == "generator"]
    point = tables["cost_point"].copy()
    some = point["generator"].isin(generators).to_numpy()
    daily = point.loc[some & (point["price_profile"] != "").to_numpy(), "generator"].unique()
    faults += [f"generator '{n}': its offer follows a series (bids by day) and cannot be raised here." for n in daily]
    point.loc[some, "cost_cny_per_h"] = point.loc[some, "cost_cny_per_h"] * factor + change.raise_cny * point.loc[some, "power_mw"]
    tables["cost_point"] = point
    for table, columns in (("commitment", ("start_cny", "stop_cny")), ("start_cost", ("cost_cny",))):
        frame = tables[table].copy()
        some = (frame["kind"] == "generator").to_numpy() & frame["element"].isin(generators).to_numpy()
        frame.loc[some, list(columns)] *= factor
        tables[table] = frame
    return faults


def _withhold(tables: dict[str, pd.DataFrame], rows: list[tuple[str, str]], amount: float) -> list[str]:
    """(A3)."""
    wrong = [f"{t} '{n}': nothing of it can be withheld here." for t, n in rows if "power_max_mw" not in tables[t]]
    if wrong:
        return wrong
    most = float(sum(tables[t].at[n, "power_max_mw"] for t, n in rows))
    if not 0.0 <= amount <= most:
        return [f"{amount:g} MW cannot be withheld of {most:g} MW. Give 0 to {most:g}."]
    for table, name in rows:
        frame = tables[table].copy()
        left = frame.at[name, "power_max_mw"] * (1.0 - amount / most)
        least = frame.at[name, "power_min_mw"] if "power_min_mw" in frame else -np.inf
        if left < least:
            return [f"{table} '{name}': {left:g} MW would be left, its least output is {least:g} MW. Withhold less."]
        frame.loc[name, "power_max_mw"] = left
        tables[table] = frame
    return []
