"""Contracts side by side and as power."""

import numpy as np
import pandas as pd
import pytest

from gridopt.report.contracts import as_power, layers, least_energy, mean_sent


def row(name, first, last, least=None, most=None):
    first, last = pd.Timestamp(first), pd.Timestamp(last)
    return {"contract": name, "first": first, "last": last, "energy_min_mwh": least, "energy_max_mwh": most}


JANUARY = row("jan", "2025-01-01", "2025-01-31", 744_000.0, 1_488_000.0)
FEBRUARY = row("feb", "2025-02-01", "2025-02-28", 672_000.0)
WINTER = row("winter", "2025-01-01", "2025-02-28", 1_300_000.0)


def test_months_share_a_layer_and_the_season_has_its_own():
    assert [[r["contract"] for r in layer] for layer in layers([WINTER, FEBRUARY, JANUARY])] == [["feb", "jan"], ["winter"]]
    assert layers([]) == []


def test_energy_asked_for_twice_counts_once():
    """744 + 672 = 1416 GWh by month, 1300 GWh for the season: at least 1416 GWh must be sent, not 2716."""
    assert least_energy([JANUARY, FEBRUARY, WINTER]) == 1_416_000.0
    assert least_energy([]) == 0


def test_energy_becomes_mean_power():
    """744000 MWh over 31 days of 24 h are 1000 MW; February asks for no largest energy."""
    days = pd.date_range("2025-01-30", "2025-02-02")
    assert as_power([JANUARY, FEBRUARY], "energy_min_mwh", days) == pytest.approx([1000.0, 1000.0, 1000.0, 1000.0])
    assert as_power([JANUARY, FEBRUARY], "energy_max_mwh", days) == [2000.0, 2000.0, None, None]


def test_sent_power_is_averaged_over_the_days_in_the_run():
    """Two of 31 days lie in the run: (24000 + 72000) MWh / 48 h = 2000 MW."""
    days = pd.date_range("2025-01-30", "2025-02-01")
    sent = mean_sent([JANUARY], days, np.array([24_000.0, 72_000.0, 5.0]), np.full(3, 24.0))
    assert sent == [2000.0, 2000.0, None]
