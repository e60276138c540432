"""Pay as bid by hand: who takes energy pays the mean of its period, whoever it is."""

import numpy as np
import pytest

from gridopt.dispatch.market_run import MarketRun
from gridopt.dispatch.single import dispatch
from gridopt.settlement.rules import Settlement
from gridopt.study.priced import document, price_by
from tests.support.market import priced
from tests.support.settled import Settled, one_bus, settle_books, settle_run
from tests.support.small import case

BUS = dict(bus="a", voltage_kv=330)


def near(value):
    return pytest.approx(value, rel=1e-7, abs=1e-6)


def plant(name, most, price, **more):
    return dict(generator=name, bus="a", power_max_mw=most, cost_cny_per_mwh=price, **more)


def system(load, generators, hours=1, **rows):
    """One bus with a load by hour MW."""
    need = [dict(load="D", bus="a", mean_mw=1.0, profile="load")]
    return case(hours, series={"load": np.asarray(load, float), **rows.pop("series", {})}, bus=[BUS], load=need, generator=generators, **rows)


def means(found, rule="pab"):
    """(prices of load by period, the dispatch, what the rule says)."""
    solved = dispatch(found)
    by = price_by(rule, solved)
    return by.prices.load_price[0], solved, by


def figures(by, name):
    """(revenue, cost, profit) of a participant."""
    left = by.uplift
    g = list(left.names).index(name)
    return left.revenue[g], left.cost[g], left.profit[g]


def booked(solved, by):
    run = MarketRun.of(solved, by.prices, "DA")
    return Settled(settle_books(run, None, solved.case, Settlement(plants="offer"), rule="pab"))


def test_exports_pay_what_load_pays():
    """Load 600 and an agreed export of 400, all of G at 300: 300,000 over 1000 MWh. The export pays 120,000, load 180,000."""
    out = dict(exchange="X", bus="a", schedule="out", scale=1.0)
    price, solved, by = means(system([600], [plant("G", 1000, 300)], exchange=[out], series={"out": np.array([400.0])}))
    assert price == near([300])
    done = booked(solved, by)
    assert [done.balance[n] for n in ("generator G", "exchange X", "load a")] == near([300000, -120000, -180000])
    assert done.residual() == near(0)


def test_an_export_by_price_brings_no_revenue_into_the_mean():
    """The same, 400 MW sold for 500: what the buyer would pay is no part of what is offered here; it gains 400 x (500 - 300)."""
    out = dict(exchange="X", bus="a", export_flexible_mw=400, price_profile="p")
    price, solved, by = means(system([600], [plant("G", 1000, 300)], exchange=[out], series={"p": np.array([500.0])}))
    assert price == near([300]) and figures(by, "exchange X") == near((-120000, -200000, 80000))
    assert booked(solved, by).balance["exchange X"] == near(-120000)


def test_users_that_bid_pay_what_load_pays():
    """Load 100, a bid for 100 MW at 500, G at 300: 60,000 over 200 MWh; the bid gains 100 x (500 - 300)."""
    price, solved, by = means(system([100], [plant("G", 300, 300), plant("bid", 0, 500, power_min_mw=-100)]))
    assert price == near([300]) and figures(by, "generator bid") == near((-30000, -50000, 20000))
    assert figures(by, "generator G") == near((60000, 60000, 0)) and document(solved, by)["load_payment"] == near(30000)


def test_penalties_are_paid_to_nobody():
    """100 of 150 MW are served at 100; the other 50, at 10,000 a MWh in the cost of the clearing, nobody sells."""
    assert means(system([150], [plant("G", 100, 100)]))[0] == near([100])


def test_each_period_has_its_mean():
    """100 MWh at 100; then 100 at 100 and 100 at 300."""
    assert means(system([100, 200], [plant("A", 100, 100), plant("B", 100, 300)], hours=2))[0] == near([100, 200])


def test_charging_pays_and_what_is_discharged_is_paid_as_offered():
    """A gives 120 at 100, of which the store takes 20; then A gives 80 of the 100 MWh, the store 20 at its wear of 5, in place of B at 500:
    (8000 + 100) / 100. The store pays 2000 and gets 100."""
    store = dict(storage="S", bus="a", power_max_mw=20, energy_max_mwh=20, charge_efficiency=1, discharge_efficiency=1,
                 energy_start_fraction=0, wear_cny_per_mwh=5)  # fmt: skip
    rows = [plant("A", 150, 100, profile="able"), plant("B", 100, 500)]
    price, solved, by = means(system([100, 100], rows, hours=2, storage=[store], series={"able": np.array([1.0, 80 / 150])}))
    assert price == near([100, 81]) and figures(by, "storage S")[0] == near(-1900)
    done = booked(solved, by)
    assert [done.balance[n] for n in ("generator A", "storage S", "load a")] == near([20000, -1900, -18100]) and done.residual() == near(0)


LINK = """
buses: [{id: a, load_mw: 600}]
generators: [{id: G, bus: a, p_max: 1000, marginal_cost: 300}]
dc_links: [{id: L, bus: a, p_max: 400, loss: 0.065, tariff_sent: 10, steps: [[1000, 500]]}]
"""


def test_a_link_pays_for_what_it_loses():
    """400 MW are sent, 374 arrive: 300,000 over 600 + 374 + 26 MWh. The market at its end pays 374 x 300, the link 26 x 300; its tariff is
    its own."""
    found = priced(LINK, "pab")
    prices = found.priced.prices
    assert prices.load_price[0] == near([300])
    done = Settled(settle_books(MarketRun.of(found.solved, prices, "DA"), None, found.solved.case, Settlement(plants="offer"), rule="pab"))
    link = done.balance["dc_link L"] + done.balance["dc_link L far end"]
    assert (done.balance["dc_market L step 1"], link, done.balance["load a"]) == near((-374 * 300, -26 * 300, -180000))


def test_a_firm_schedule_is_a_load():
    """600 MW of load and 400 that are sent to where the case knows no market: 300 for both."""
    text = LINK.replace("tariff_sent: 10, steps: [[1000, 500]]", "schedule_mw: 400")
    found = priced(text, "pab")
    assert found.priced.prices.load_price[0] == near([300])
    run = MarketRun.of(found.solved, found.priced.prices, "DA")
    done = Settled(settle_books(run, None, found.solved.case, Settlement(plants="offer"), rule="pab"))
    assert [done.balance.get(n, 0.0) for n in ("dc_link L", "dc_link L far end", "generator G")] == near([-120000, 0, 300000])


def test_shaded_offers_share_alike():
    """A at 200 asks for 300, the price of B: 1000 MWh at 300, of which the export takes 400."""
    out = dict(exchange="X", bus="a", export_flexible_mw=400, price_profile="p")
    rows = [plant("A", 500, 200), plant("B", 600, 300)]
    price, _, by = means(system([600], rows, exchange=[out], series={"p": np.array([900.0])}), "pab_shaded")
    assert price == near([300]) and figures(by, "generator A") == near((150000, 100000, 50000))
    assert figures(by, "exchange X") == near((-120000, -360000, 240000))


def test_cost_without_energy_is_paid_once():
    """Started for 50 while nobody takes anything, then 100 MWh for 20,000: load pays 20,050, and nobody is made whole besides."""
    run = one_bus({"generator A": [0.0, 100.0]}, [0.0, 100.0], [200.5, 200.5], cost=np.array([[50.0, 20000.0]]))
    done = settle_run(run, rules={"plants": "offer", "make_whole": {"enabled": True}})
    assert done.balance["generator A"] == near(20050) and done.residual() == near(0)
    assert done.books.tables["uplift"]["mwp"].sum() == near(0)
