"""Trade between provinces as exchange of the network: pre-clearing, trade, clearing."""

import numpy as np
import pytest

from gridopt.dispatch.province_trade import Trade, TradeRule, match
from gridopt.dispatch.single import dispatch
from gridopt.dispatch.trade_schedule import barred, with_trade
from tests.support.small import case


def near(value):
    return pytest.approx(value, rel=1e-7, abs=1e-7)


def two_provinces(load=100.0, **rows):
    """A (bus a) with plants at 100 and 250, which sells 60 MW at 150; B beyond the network, which buys 80 landed MW at 400 over a way that
    loses 0.1."""
    rows = dict(
        bus=[dict(bus="a", voltage_kv=330.0)], load=[dict(load="d", bus="a", mean_mw=load)],
        generator=[dict(generator="cheap", bus="a", power_max_mw=120.0, cost_cny_per_mwh=100.0),
                   dict(generator="dear", bus="a", power_max_mw=100.0, cost_cny_per_mwh=250.0)],
        shedding_tier=[dict(tier="all", share=1.0, cost_cny_per_mwh=5000.0)],
        province=[dict(province="A", bus="a"), dict(province="B")],
        trade_segment=[dict(trade_segment="AB", from_province="A", to_province="B", loss_fraction=0.1)],
        trade_step=[dict(trade_step="s", province="A", side="sell", power_max_mw=60.0, price_cny_per_mwh=150.0),
                    dict(trade_step="b", province="B", side="buy", power_max_mw=80.0, price_cny_per_mwh=400.0)],
    ) | rows  # fmt: skip
    return case(2, **rows)


def test_what_is_traded_is_exported_whatever_it_costs():
    """60 MW leave A at its bus: 120 of the cheap plant and 40 of the dear one for 100 + 60. Price of the trade (150 + 360)/2 = 255."""
    one = two_provinces()
    found = match(Trade.of(one), TradeRule())
    assert found.node_price[0] == near([255, 255])
    cleared = dispatch(with_trade(one, found))
    assert cleared.quantities["exchange_export"].values == near(np.full((1, 2), 60.0))
    assert cleared.solution.objective == near(2 * (120 * 100 + 40 * 250))


def test_a_province_that_sheds_may_not_sell():
    """250 MW of load beside 220 MW of plants: 30 MW are shed in the pre-clearing, so that nothing is sold."""
    one = barred(dispatch(two_provinces(load=250.0)))
    trade = Trade.of(one)
    assert match(trade).sent.sum() == 0 and len(trade.refused) == 1
    assert with_trade(one, match(trade)) is one


def test_a_province_that_curtails_may_not_buy():
    """A has 200 MW of wind for 100 MW of load and bids 500 for 50 MW of B's offer at 10 as well: refused, for it leaves 100 MW unused."""
    steps = [dict(trade_step="s", province="B", side="sell", power_max_mw=60.0, price_cny_per_mwh=10.0),
             dict(trade_step="b", province="A", side="buy", power_max_mw=50.0, price_cny_per_mwh=500.0)]  # fmt: skip
    segment = [dict(trade_segment="BA", from_province="B", to_province="A")]
    windy = dict(trade_step=steps, trade_segment=segment)
    wind = [dict(renewable="w", bus="a", technology="wind", power_max_mw=200.0)]
    calm, spilling = (two_provinces(**windy, **more) for more in ({}, {"renewable": wind}))
    assert match(Trade.of(barred(dispatch(calm)))).sent.sum() == near(100)
    refused = Trade.of(barred(dispatch(spilling)))
    assert match(refused).sent.sum() == 0 and "curtails renewables in 2 periods" in refused.refused[0]
    # What is bought arrives at A's bus: 50 MW less of the cheap plant.
    bought = dispatch(with_trade(calm, match(Trade.of(calm))))
    assert bought.solution.objective == near(2 * 50 * 100)
