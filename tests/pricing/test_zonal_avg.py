"""Zone means: by what plants give and by what users take, whatever else is sent, carried, charged or bought."""

import numpy as np
import pytest

from gridopt.dispatch.bus_weights import generation
from gridopt.dispatch.right_duals import demand
from gridopt.dispatch.single import dispatch
from tests.support import market
from tests.support.block_cases import FUEL, UNIT_TYPE, buses, load, unit
from tests.support.small import case
from tests.support.told import Told

SENT = """
buses: [{id: A, zone: Z}, {id: B, zone: Z, load_mw: 2500}]
lines: [{id: AB, from: A, to: B, limit_mw: 500}]
generators: [{id: GA, bus: A, p_max: 9000, marginal_cost: 100}, {id: GB, bus: B, p_max: 9000, marginal_cost: 300}]
dc_links: [{id: X, bus: A, p_max: 2500, schedule_mw: 2500}]
"""
BOUGHT = market.RING + """
demand_bids: [{bus: 2, blocks: [[100, 600]]}, {bus: 3, blocks: [[300, 600]]}, {bus: 4, blocks: [[500, 600]]}]
"""


def near(value):
    return pytest.approx(value, rel=1e-6, abs=1e-6)


def test_plants_that_send_elsewhere_count_with_all_they_give():
    """A gives 2500 MW that leave and 500 to B by the full line, at 100; B gives 2000 at 300: (3000*100 + 2000*300)/5000 = 180. By load
    B alone counts."""
    assert Told(SENT, "zonal_avg").by_bus("load_price")[:2, 0] == near([180, 180])
    assert Told(SENT, "zonal_avg", "pricing.zonal_avg.weights=load").by_bus("load_price")[:2, 0] == near([300, 300])


@pytest.mark.parametrize(("weights", "prices"), [("generation", [223.0769230769] * 2 + [340] * 2), ("load", [260] * 2 + [315] * 2)])
def test_what_users_buy_by_bids_is_demand_and_no_generation(weights, prices):
    """The ring with all of its load as bids: Hexi (600*220 + 50*260)/650, Hedong C3 alone; by load bus 2, and (300*340 + 500*300)/800."""
    found = Told(BOUGHT, "zonal_avg", f"pricing.zonal_avg.weights={weights}")
    assert found.by_bus()[:, 0] == near([220, 260, 340, 300]) and found.by_bus("load_price")[:, 0] == near(prices)


def test_what_is_carried_charged_or_shed_is_given_by_nobody():
    """A gives 150 MW: 60 go to B by a link of the system's own, 30 into a store, 60 to the load of A. Of the 100 MW at B 40 are shed."""
    link = dict(dc_link="L", from_bus="A", to_bus="B", power_max_mw=60.0)
    store = dict(storage="S", bus="A", power_max_mw=30.0, energy_max_mwh=100.0, end_value_cny_per_mwh=500.0)
    found = dispatch(case(
        1, bus=buses("A", "B"), fuel=FUEL, unit_type=UNIT_TYPE, unit=[unit("A", 20, 500.0)], dc_link=[link], storage=[store],
        load=[load("A", mean=60.0), load("B", mean=100.0)], shedding_tier=[dict(tier="all", share=1.0, cost_cny_per_mwh=10000.0)],
    ))  # fmt: skip
    assert generation(found)[:, 0] == near([150, 0]) and demand(found)[:, 0] == near([60, 60])


def test_users_alone_in_one_zone_pay_what_plants_get():
    """230,000 for 900 MWh; with 100 MW sent from bus 1 the mean is that of all 1000 MWh, and users pay 0.9 of what plants get."""
    one = "pricing.zonal_avg={weights: generation, zones: one}"
    alone, sent = (Told(market.RING + more, "zonal_avg", one) for more in ("", "dc_links: [{id: X, bus: 1, p_max: 100, schedule_mw: 100}]\n"))
    for found, share in ((alone, 1.0), (sent, 0.9)):
        earned = sum(u["revenue"] for u in found.rule["units"] if u["kind"] == "generator")
        assert found.rule["load_payment"] == near(share * earned)
    assert np.ptp(alone.by_bus("load_price")) == near(0)
