"""Rows that stand for several alike units, taken apart: a row for each unit, which then has a status of its own.

What a table says of such a row holds for each of its units (start costs, curves, outages, offers of reserve, coefficients of sections);
limits of changes in a day hold for all of them together, as one station. What cannot be said of single units is a fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from gridopt.case.case import Case
from gridopt.case.check import CaseError

KINDS = ("unit", "generator")
OF_EACH = ("start_cost", "cost_point", "outage", "reserve_offer", "interface_member", "interface_support", "deep_band")
"""Tables whose rows hold for each unit of a row."""
Names = Mapping[tuple[str, str], list[str]]


def several(case: Case) -> Names:
    """(kind, element) -> names of its units, of all rows of table commitment for more than one unit; none where nothing is switched."""
    table, found = case.table("commitment"), {}
    for kind, element, count in zip(*(table[c] for c in ("kind", "element", "count")), strict=True):
        if count > 1 and case.commitment != "off":
            taken = case.table(kind).index
            between = next(sign for sign in (" ", " #", " no. ") if f"{element}{sign}1" not in taken)
            found[kind, element] = [f"{element}{between}{k + 1}" for k in range(int(count))]
    return found


def single_units(case: Case) -> Case:
    """The case with a row for each unit; the case itself where every row is one. Raises CaseError with what cannot be taken apart."""
    names = several(case)
    if not names:
        return case
    tables = dict(case.tables)
    _refuse(case, names)
    for kind in KINDS:
        tables[kind] = _units(case.table(kind), {e: n for (k, e), n in names.items() if k == kind})
    tables["commitment"] = _commitment(case.table("commitment"), names)
    for table in OF_EACH:
        tables[table] = _of_each(case.table(table), names)
    return replace(case, tables=tables)


def _refuse(case: Case, names: Names) -> None:
    faults, table = [], case.table("commitment").set_index(["kind", "element"])
    for kind, element in names:
        what = [f"table {name}" for name, frame in case.tables.items()
                if name not in (*KINDS, "commitment", *OF_EACH) and _mine(frame, kind, element).any()]  # fmt: skip
        what += ["max_starts_per_week"] if pd.notna(table.at[(kind, element), "max_starts_per_week"]) else []
        what += ["largest_unit of table reserve"] if case.table("reserve")["largest_unit"].any() else []
        row = f"table commitment, {kind} '{element}': count is {len(names[kind, element])}, and what"
        rule = "says of the row cannot be said of single units, of which windows hand on the status."
        faults += [f"{row} {w} {rule} Give each unit a row of its own, or leave out the key 'rolling'." for w in what]
    if faults:
        raise CaseError(faults)


def _mine(frame: pd.DataFrame, kind: str, element: str) -> np.ndarray:
    """Whether each row of a table speaks of an element, bool (n,): other tables name units and generators by columns kind and element."""
    if "kind" not in frame or "element" not in frame:
        return np.zeros(len(frame), bool)
    return ((frame["kind"] == kind) & (frame["element"] == element)).to_numpy(bool)


def _repeated(frame: pd.DataFrame, parts: list[list[str]]) -> tuple[pd.DataFrame, np.ndarray, list[str]]:
    """Each row as often as it has parts, the number of a row's part from 0, and the parts in that order."""
    count = [len(p) for p in parts]
    number = np.concatenate([np.arange(n) for n in count]) if count else np.zeros(0, int)
    return frame.iloc[np.repeat(np.arange(len(frame)), count)].copy(), number, [p for part in parts for p in part]


def _units(frame: pd.DataFrame, names: Mapping[str, list[str]]) -> pd.DataFrame:
    """Table unit or generator."""
    found, _, label = _repeated(frame, [names.get(e, [e]) for e in frame.index])
    return found.set_axis(pd.Index(label, name=frame.index.name, dtype=frame.index.dtype))


def _commitment(frame: pd.DataFrame, names: Names) -> pd.DataFrame:
    keys = list(zip(frame["kind"], frame["element"], strict=True))
    found, number, label = _repeated(frame, [names.get(k, [k[1]]) for k in keys])
    own = found["kind"] + " " + found["element"]
    alone = found["max_changes_per_day"].notna() & (found["station"] == "") & (found["count"] > 1)
    return found.assign(
        element=label, count=1, station=found["station"].where(~alone, own), initial_changes=found["initial_changes"].where(number == 0, 0)
    ).astype(frame.dtypes).reset_index(drop=True)  # fmt: skip


def _of_each(frame: pd.DataFrame, names: Names) -> pd.DataFrame:
    """A table whose rows name elements, by kind or as generators."""
    column = "element" if "element" in frame else "generator"
    kinds = frame["kind"] if "kind" in frame else ["generator"] * len(frame)
    found, _, label = _repeated(frame, [names.get((k, e), [e]) for k, e in zip(kinds, frame[column], strict=True)])
    return found.assign(**{column: label}).reset_index(drop=True)
