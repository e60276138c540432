"""The N-1 case: factors by hand, and limits that the even dispatch keeps."""

import numpy as np
import pytest

from benchmarks.cases.secure118 import MARGIN, factors, limits


def triangle():
    """Buses 0, 1, 2 joined in a ring of reactance 0.1 each, bus 3 hangs on bus 2."""
    return np.array([0, 1, 0, 2]), np.array([1, 2, 2, 3]), np.array([0.1, 0.1, 0.1, 0.1])


def test_factors_of_a_triangle():
    """1 MW from bus 1 to bus 0: 2/3 on the direct line (against 0 -> 1), 1/3 around by 2. After line 0-1 fails all of it goes around."""
    ptdf, lodf = factors(*triangle(), 4)
    assert ptdf[:, 1] == pytest.approx([-2 / 3, 1 / 3, -1 / 3, 0])
    assert lodf[:3, 0] == pytest.approx([-1, -1, 1])
    flow = ptdf @ np.array([-1.0, 1.0, 0.0, 0.0])
    assert (flow + lodf[:, 0] * flow[0])[:3] == pytest.approx([0, 1, -1])


def test_an_outage_that_cuts_the_network_is_left_out():
    _, lodf = factors(*triangle(), 4)
    assert np.isnan(lodf[:, 3]).all() and not np.isnan(lodf[:, :3]).any()


def test_limits_hold_after_the_worst_outage():
    """90 MW from 0 to 1: before, 60 directly and 30 around; after the direct line is lost 90 around; after another, 90 directly."""
    ptdf, lodf = factors(*triangle(), 4)
    found = limits(ptdf, lodf, np.array([[90.0], [-90.0], [0.0], [0.0]]))
    assert found == pytest.approx(MARGIN * np.array([90, 90, 90, 1]))
