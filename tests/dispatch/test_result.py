"""Flows and shadow prices as a dispatch tells them."""

import numpy as np
import pytest

from gridopt.dispatch.single import dispatch
from tests.support.block_cases import BLOCK_CASES, buses, load, power_case, unit
from tests.support.certified_case import build


@pytest.fixture(scope="module")
def found():
    return dispatch(build())


def test_flow_of_sections_is_what_their_rows_say(found):
    """Branches and the DC member (half of link L) alike."""
    rows = next(f for f in found.model.builder.lazy_families if f.family.name == "interface.limit")
    assert found.interface_flow == pytest.approx(rows.activity(found.solution.x))
    lower, upper = found.interface_limits
    assert (lower == rows.lower).all() and (upper == rows.upper).all()


def test_shadow_prices_are_per_hour_and_only_at_limits():
    """The same case in hours and in quarters: equal prices of branches; none where the limit is not reached."""
    hour, quarter = (dispatch(BLOCK_CASES["network"].build(m)) for m in (60, 15))
    assert quarter.branch_shadow_price[:, ::4] == pytest.approx(hour.branch_shadow_price, abs=1e-6)
    free = np.abs(hour.flow) < hour.case.grid.rating - 1e-6
    assert (hour.branch_shadow_price[free] == 0).all() and (hour.branch_shadow_price >= 0).all()
    assert (hour.branch_shadow_price > 1).any()


def test_without_branches_and_sections():
    d = dispatch(power_case(2, bus=buses("A"), unit=[unit("A", 10, 100)], load=[load("A", mean=5.0)]))
    assert d.branch_shadow_price.shape == d.interface_shadow_price.shape == d.interface_flow.shape == (0, 2)
