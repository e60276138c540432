"""A long time in equal parts."""

import numpy as np
import pandas as pd
import pytest

from gridopt.report.parts import MOST_POINTS, Parts


def test_a_short_time_stays_as_it_is():
    parts = Parts.of(pd.date_range("2025-01-01", periods=3, freq="h"))
    assert parts.label.tolist() == ["2025-01-01T00:00", "2025-01-01T01:00", "2025-01-01T02:00"] and parts.days == pytest.approx(2 / 24)
    assert parts.mean(np.array([1.0, np.nan, 3.0])) == pytest.approx([1, np.nan, 3], nan_ok=True)


def test_a_long_time_is_told_by_means_of_what_is_known():
    """Two more periods than twice as many as a line has points: parts of three, the last of two."""
    count = 2 * MOST_POINTS + 2
    parts = Parts.of(pd.date_range("2025-01-01", periods=count, freq="h"))
    value = np.arange(count, dtype=float)
    value[[1, 3, 4, 5]] = np.nan
    assert len(parts.label) == 1001 and parts.label[1] == "2025-01-01T03:00"
    assert parts.mean(value)[[0, 1, 2, -1]] == pytest.approx([1, np.nan, 7, count - 1.5], nan_ok=True)
    assert parts.mean(np.ones((2, 3, count))).shape == (2, 3, 1001)
