"""Markets at the receiving end against calculation by hand."""

import numpy as np
import pytest

from gridopt.dispatch.lmp import price
from tests.blocks.test_dc_link import BUS, link
from tests.support.block_cases import power_case, unit
from tests.support.certify import certificate
from tests.support.optimum import solve


def sold(*steps, hours=1, series=None, **kw):
    rows = [dict(dict(dc_market=f"m{i}", dc_link="L"), **step) for i, step in enumerate(steps)]
    return power_case(hours, series=series, bus=BUS, unit=[unit("A", 50, 500)], dc_link=[link(**kw)], dc_market=rows)


def test_V1_sells_down_the_curve_as_far_as_it_pays():
    """5 % lost: one MWh landed costs 50/0.95 = 52.63; steps of 20 at 80, 30 at 64 less 10, 40 at 62 less 10: the last stays.

    50 landed, 52.632 sent: 2631.58 - 1600 - 1620 = -588.42; the price at S is the cost there.
    """
    steps = [dict(power_max_mw=40.0, price_cny_per_mwh=62.0, tariff_cny_per_mwh=10.0), dict(power_max_mw=20.0, price_cny_per_mwh=80.0),
             dict(power_max_mw=30.0, price_cny_per_mwh=64.0, tariff_cny_per_mwh=10.0)]  # fmt: skip
    d = solve(sold(*steps, loss_linear_fraction=0.05))
    assert d.quantities["dc_market_sold"].values[:, 0] == pytest.approx([0, 20, 30])
    assert d.quantities["dc_sent"].values == pytest.approx(50 / 0.95)
    assert d.solution.objective == pytest.approx(50 / 0.95 * 50 - 1600 - 1620)
    assert price(d).price[:, 0] == pytest.approx([50, 50 / 0.95])
    assert certificate(d).passed


def test_V1_tariff_per_landed_and_per_sent():
    """10 per MWh landed of 100 landed at most, or 10 per MWh sent of 100: 5 % lost, sold at 80."""
    landed = solve(sold(dict(power_max_mw=500.0, price_cny_per_mwh=80.0, tariff_cny_per_mwh=10.0), loss_linear_fraction=0.05))
    sent = solve(sold(dict(power_max_mw=500.0, price_cny_per_mwh=80.0), loss_linear_fraction=0.05, cost_cny_per_mwh=10.0))
    assert landed.solution.objective == pytest.approx(100 * 50 - 95 * 70)
    assert sent.solution.objective == pytest.approx(100 * 60 - 95 * 80)
    assert certificate(landed).passed and certificate(sent).passed


def test_V1_price_by_time_and_dates():
    """A price series on top of 10; a second step from midnight on: 20 at 60, then 20 + 30 at 60 and 55."""
    steps = [dict(dc_market="old", dc_link="L", power_max_mw=20.0, price_cny_per_mwh=10.0, price_profile="p"),
             dict(dc_market="new", dc_link="L", power_max_mw=30.0, price_cny_per_mwh=55.0, in_service="2025-01-01")]  # fmt: skip
    rows = dict(bus=BUS, unit=[unit("A", 50, 500)], dc_link=[link()], dc_market=steps)
    made = power_case(2, start="2024-12-31T23:00", series={"p": [50.0, 50.0]}, **rows)
    d = solve(made)
    assert d.quantities["dc_market_sold"].values == pytest.approx(np.array([[20, 20], [0, 30]]))
    assert d.solution.objective == pytest.approx(2 * 20 * -10 + 30 * -5)
    assert d.costs["dc_market.sales"] == pytest.approx(-2 * 20 * 60 - 30 * 55)
    assert certificate(d).passed
