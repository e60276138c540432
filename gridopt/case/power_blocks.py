"""Power blocks of solar thermal plants: which of them are switched on and off, and when they are in service."""

from __future__ import annotations

import numpy as np

from gridopt.case.case import Case

RULES = ("power_min_mw", "start_heat_mwh", "min_up_h", "min_down_h", "start_cny")
"""Columns of which one above 0 makes a block one that is switched."""


def switched(case: Case) -> np.ndarray:
    """Plants whose block is switched, bool (n,); none in a case without decisions."""
    table = case.table("csp")
    return (table[list(RULES)] > 0).any(axis=1).to_numpy() & (case.commitment != "off")
