"""Figures of a market run, by hand on the ring of four buses: surpluses, concentration, prices, capture prices, uplift."""

import numpy as np
import pandas as pd
import pytest

from gridopt.analysis.concentration import hhi, rsi
from gridopt.analysis.market_metrics import MetricRules, metrics
from gridopt.analysis.owners import Owners
from gridopt.dispatch.market_run import MarketRun
from gridopt.dispatch.market_tables import frame
from gridopt.report.text import WORDS
from tests.support import market
from tests.support.market import cleared, priced

WIND = market.RING.replace("{id: W1, bus: 1,", "{id: W1, bus: 1, technology: wind,")
PARTS = ("consumer_surplus", "producer_surplus", "congestion_rent", "loss_surplus", "zone_spread", "cap_adjust")


def near(value, rel=1e-7):
    return pytest.approx(value, rel=rel, abs=1e-7)


def run(text=WIND, rule="ip", stage="DA", settled=None):
    found = priced(text, rule)
    return MarketRun.of(found.solved, found.priced.prices, stage, settled)


def figures(table, scope="market"):
    mine = table[table["scope"] == scope]
    return dict(zip(mine["name"], mine["value"], strict=True))


def test_surpluses_of_the_ring():
    """Load pays 100 x 260 + 300 x 340 + 500 x 300 = 278,000; plants get 600 x 220 + 50 x 260 + 250 x 340 = 230,000 for 122,000; the rest is
    the rent of 1-3, 160 x 300. Served load is worth 10,000 a MWh: 9,000,000 - 122,000 in all."""
    found = figures(metrics(run(), None, cleared(WIND).case))
    expected = dict(load_payment=278000, revenue=230000, cost=122000, producer_surplus=108000, congestion_rent=48000,
                    consumer_surplus=9e6 - 278000, loss_surplus=0, zone_spread=0, cap_adjust=0, welfare=9e6 - 122000)  # fmt: skip
    assert {n: found[n] for n in expected} == near(expected) and found["load_mwh"] == near(900)


@pytest.mark.parametrize("rule", ["ip", "zonal_avg", "smp", "elmp", "chp"])
@pytest.mark.parametrize("text", [WIND, market.THREE_PERIODS, market.BLOCK_BEHIND_A_LINE])
def test_surpluses_add_up_to_welfare_under_every_rule(text, rule):
    """Whatever the prices: value of the load less cost of the clearing, which is the objective where all load is served."""
    d = cleared(text)
    capped = np.minimum(priced(text, rule).priced.prices.price, 250.0)
    for settled in (None, capped):
        found = figures(metrics(run(text, rule, settled=settled), None, d.case))
        assert found["welfare"] == near(sum(found[p] for p in PARTS) - found.get("paid_besides", 0.0))
        assert found["welfare"] == near(10000.0 * found["load_mwh"] - d.solution.objective)


def test_users_who_pay_zone_means():
    """By generation users pay 294,307.69, which is 16,307.69 more than at their buses."""
    found = figures(metrics(run(rule="zonal_avg"), None, cleared(WIND).case))
    assert (found["zone_spread"], found["load_payment"]) == near((16307.6923077, 294307.6923077))


def test_wind_captures_less_than_the_mean():
    """Wind sells at 220; load at its buses pays 278,000 / 900 = 308.89: 0.71223. Its zone's mean by load is that of bus 2, 260."""
    table = metrics(run(), None, cleared(WIND).case)
    wind = figures(table, "technology wind")
    assert (wind["capture_price"], wind["value_factor_load"], wind["value_factor_zone"]) == near((220, 220 / (2780 / 9), 220 / 260))
    assert (figures(table)["base_load"], wind.get("curtailed_mwh", 0.0)) == near((2780 / 9, 0))


def test_concentration_of_the_ring():
    """Capacity 600, 350, 400, 400 of 1750: 10^4 (36 + 12.25 + 16 + 16) / 306.25 = 2620.41; cleared 600, 50, 250 of 900: 5246.91.
    Without C3's 400 MW 1350 are left for 900: 1.5. Together C2, C3 and C4 leave 600: they are pivotal."""
    case = cleared(WIND).case
    table = metrics(run(), None, case)
    assert (figures(table)["hhi_capacity"], figures(table)["hhi_cleared"]) == near((2620.408163265, 5246.913580247))
    assert (figures(table, "owner C3")["rsi_min"], figures(table, "owner C3")["pivotal_share"]) == near((1.5, 0))
    text = WIND + "owners: {Big: [C2, C3, C4]}\n"
    joined = metrics(run(text), None, cleared(text).case)
    assert (figures(joined, "owner Big")["rsi_min"], figures(joined, "owner Big")["pivotal_share"]) == near((600 / 900, 1))
    assert figures(joined)["hhi_capacity"] == near(1e4 * ((600 / 1750) ** 2 + (1150 / 1750) ** 2))


def test_nobody_owns_anything():
    assert np.isnan(hhi(np.zeros(0))) and np.isnan(hhi(np.zeros(3)))
    empty = run("demand_mw: 5\ngenerators: []\n")
    found = metrics(empty, None, cleared("demand_mw: 5\ngenerators: []\n").case)
    assert figures(found)["load_mwh"] == near(0) and np.isnan(figures(found)["hhi_capacity"])
    assert rsi(empty, Owners.of_run(empty, cleared(WIND).case)).shape == (0, 1)


TWO_DAYS = """
periods: 8
period_h: 6
demand_mw: [50, 150, 150, 50, 50, 250, 350, 50]
generators:
  - {id: A, p_max: 100, marginal_cost: 40}
  - {id: B, p_max: 100, marginal_cost: 200}
  - {id: C, p_max: 100, marginal_cost: 650}
"""


def test_levels_and_ranges_of_two_days():
    """Prices 40, 200, 200, 40 and 40, 650, 10,000 (50 MW are shed), 40. Mean (4 x 40 + 2 x 200 + 650 + 10,000) / 8; ranges 160 and 9960; half
    the time at a floor of 40, 2 of 8 periods at or above a cap of 650."""
    case = cleared(TWO_DAYS).case
    found = figures(metrics(run(TWO_DAYS), None, case, rules=MetricRules(floor=40, cap=650)))
    prices = np.array([40, 200, 200, 40, 40, 650, 10000, 40.0])
    served = np.array([50, 150, 150, 50, 50, 250, 300, 50.0])
    expected = dict(price_mean=prices.mean(), price_sd=prices.std(), daily_range=(160 + 9960) / 2, share_at_floor=0.5, share_at_cap=0.25,
                    share_negative=0, price_load_mean=prices @ served / served.sum(), price_min=40, price_max=10000)  # fmt: skip
    assert {n: found[n] for n in expected} == near(expected)


def test_real_time_against_day_ahead():
    """In real time the limit is 260: prices 40, 140, 340, 240, mean by load (100 x 140 + 300 x 340 + 500 x 240) / 900. Hexi (bus 2): 120."""
    late = run(WIND.replace("limit_mw: 300", "limit_mw: 260"), stage="RT")
    table = metrics(run(), late, cleared(WIND).case)
    assert figures(table, "zone Hexi")["da_rt_spread_mean"] == near(120)
    assert figures(table)["da_rt_spread_mean"] == near(2780 / 9 - 236000 / 900)
    # Hedong's mean by load: (300 x 340 + 500 x 300) / 800 = 315 over Hexi's 260.
    assert figures(table, "zones Hedong to Hexi")["spread_mean"] == near(260 - 315)


def test_lerner_and_missing_money():
    """C3 sells at its cost: nothing above it. W1: (220 - 40) / 220. With a fixed cost of 876 CNY/kW and year, an hour of 600 MW costs 60,000;
    W1 earns 600 x 180 = 108,000 beyond its cost."""
    table = metrics(run(), None, cleared(WIND).case, rules=MetricRules(fixed_cost={"wind": 876.0}))
    wind, coal = figures(table, "unit generator W1"), figures(table, "unit generator C3")
    assert (wind["lerner"], coal["lerner"], wind["profit"], coal["profit"]) == near((180 / 220, 0, 108000, 0))
    assert wind["missing_money"] == near(60000 - 108000) and "missing_money" not in coal


def test_uplift_over_what_load_pays():
    """One period of 350 MW at 250: load pays 87,500; B is made whole with 14,000 for a revenue of 25,000."""
    text = market.ONE_PERIOD
    left = priced(text, "ip").priced.uplift
    table = frame("uplift", rule="ip", run="DA", unit=left.names, horizon="day", revenue=left.revenue, cost=left.cost, besides=0.0,
                  profit=left.profit,
                  best_profit=left.best, mwp=left.mwp, loc=left.loc, paid=left.mwp, payer="load", gap=0.0, exact=True)  # fmt: skip
    found = metrics(run(text), None, cleared(text).case, tables={"uplift": table})
    assert (figures(found)["mwp"], figures(found)["uplift_share"]) == near((14000, 14000 / 87500))
    assert figures(found, "unit generator B")["mwp_share"] == near(14000 / 25000)


def test_curtailment_by_cause():
    start = np.array(["2025-01-01T00:00"], "datetime64[s]")
    table = frame("curtailment", run="DA", period=start, unit=["renewable a"], cause=["branch 13"], curtailed=4.0, gap=0.0, exact=True)
    found = metrics(run(), None, cleared(WIND).case, tables={"curtailment": pd.concat([table, table])}, figures={"ftr_adequacy": 0.9})
    assert (figures(found)["curtailed_mwh by branch 13"], figures(found)["ftr_adequacy"]) == near((8, 0.9))


def test_offers_above_true_costs():
    """C3 offers 340 and costs 300: mark-up 40; it sells at 340, so (340 - 300) / 340 is its Lerner index."""
    one = run()
    true = one.cost.copy()
    true[one.plant == "generator C3"] = 300.0 * 250.0
    coal = figures(metrics(one, None, cleared(WIND).case, true_cost=true), "unit generator C3")
    assert (coal["markup"], coal["lerner"], coal["profit"]) == near((40, 40 / 340, 10000))


def test_every_figure_has_words():
    """Of every name that the tables of these cases hold, in the report."""
    two = TWO_DAYS + "owners: {Big: [A, B]}\n"
    left = priced(market.ONE_PERIOD, "ip").priced.uplift
    uplift = frame("uplift", rule="ip", run="DA", unit=left.names, horizon="day", revenue=left.revenue, cost=left.cost, besides=0.0,
                  profit=left.profit,
                   best_profit=left.best, mwp=left.mwp, loc=left.loc, paid=left.mwp, payer="load", gap=0.0, exact=True)  # fmt: skip
    late = run(stage="RT")
    rules = MetricRules(fixed_cost={"thermal": 100.0})
    made = [metrics(run(), late, cleared(WIND).case, rules=rules, tables={"uplift": uplift}, true_cost=late.cost),
            metrics(run(two), None, cleared(two).case)]  # fmt: skip
    assert not [n for n in set(pd.concat(made)["name"]) if f"mk_metric_{n}" not in WORDS]
