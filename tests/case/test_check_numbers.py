"""Columns that come as floats are checked at once, by the rules for text."""

import numpy as np
import pandas as pd

from gridopt.case.check import convert
from gridopt.case.tables import TABLES


def test_numbers_are_checked_like_texts():
    """A column of floats (NaN: empty) gives the values and the faults that the same cells give as text."""
    for name, column, values in (
        ("ac_branch", "tap_ratio", [0.9, np.nan, 0.0, 11.0, np.inf]),
        ("generator", "power_max_mw", [5.0, np.nan, -np.inf, -3.0]),
        ("load", "mean_mw", [5.0, -1.0, 0.0]),
        ("storage", "charge_efficiency", [0.5, 95.0, 0.0]),
    ):
        table = TABLES[name]
        ids = pd.Series([f"x{i}" for i in range(len(values))], dtype=object)
        typed = convert(table, pd.DataFrame({name: ids, column: values}), "file")
        text = convert(table, pd.DataFrame({name: ids, column: ["" if np.isnan(v) else repr(v) for v in values]}), "file")
        assert typed.faults == text.faults and len(typed.faults) > 1
        assert typed.frame.equals(text.frame)
