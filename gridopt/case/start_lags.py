"""Hours off line from which the categories of a start count, in files of unit commitment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gridopt.case.json_file import Record


def check_first_lag(unit: Record, key: str, lags: Sequence[float] | np.ndarray, down: float, step: float) -> None:
    """A fault where a start may come before the first of its categories; `down`: minimum down time, `step`: length of a step, h."""
    if len(lags) and lags[0] > max(down, step):
        rule = f"begins above the minimum down time of {down:g} h: what an earlier start costs is not known"
        unit.fault(key, float(lags[0]), rule, "Begin at the minimum down time.")
