"""Rules of what stores energy or water that look at more than one cell."""

from __future__ import annotations

import numpy as np

from gridopt.case.check import Checked


def check_stores(tables: dict[str, Checked]) -> None:
    """Adds a fault to the table concerned for each broken rule."""
    _storage(tables["storage"])


def _storage(storage: Checked) -> None:
    frame = storage.frame
    for i in np.flatnonzero((frame["cyclic"] & frame["end_value_cny_per_mwh"].notna()).to_numpy()):
        rule = "is given for a cyclic store, which gets back at the start what it holds at the end"
        storage.fault(i, "end_value_cny_per_mwh", f"{frame['end_value_cny_per_mwh'].iloc[i]:g}", rule, "Remove it or set cyclic to false.")
