"""From tables as text to the complete, checked tables of a network; the same for every reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from gridopt.case.check import CaseError, check_keys, convert
from gridopt.case.rules import check_rules
from gridopt.case.tables import TABLES


def complete(raw: Mapping[str, pd.DataFrame], label: Callable[[str], str], faults: Sequence[str] = ()) -> dict[str, pd.DataFrame]:
    """Typed tables by name, each indexed by its identifier where it has one; a table that is not in `raw` is empty.

    `raw`: cells as text; `label`: what a fault calls a table (its file); `faults`: those found while reading.
    Raises CaseError with all faults.
    """
    checked = {name: convert(table, raw.get(name, pd.DataFrame()), label(name)) for name, table in TABLES.items()}
    check_keys(checked)
    check_rules(checked)
    found = [*faults, *(fault for table in checked.values() for fault in table.faults)]
    if found:
        raise CaseError(found)
    return {name: indexed(table.frame, table.table.identifier) for name, table in checked.items()}


def indexed(frame: pd.DataFrame, identifier: str) -> pd.DataFrame:
    """The frame with its identifier as index; whole-number identifiers (years) as int."""
    if not identifier:
        return frame
    index = frame[identifier]
    return frame.drop(columns=identifier).set_index(index.astype(int) if index.dtype == float else index)
