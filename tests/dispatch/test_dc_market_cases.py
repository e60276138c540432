"""DC links in market cases by hand: firm, price-responsive, in steps of power; and export bids that set the price at the sending end."""

import numpy as np
import pytest

from gridopt.analysis.explain_price import Explanation, explain_table
from gridopt.case.check import CaseError
from gridopt.dispatch.market_run import MarketRun
from gridopt.dispatch.right_duals import marginal
from tests.support.market import cleared, priced

PUBLISHED = """
periods: 8
period_h: 0.25
demand_mw: 0
generators: [{id: cheap, p_max: 2000, marginal_cost: 200}, {id: dear, p_max: 10000, marginal_cost: 300}]
dc_links:
  - {id: L, bus: bus, p_max: 6000, p_min: 800, loss: 0.065, initial_mw: 2000, may_stop: true, step_mw: 400, steps_per_change: 2, tariff: 60,
     steps: [[9999, [300, 300, 300, 300, 480, 480, 480, 480]]], RULES}
"""
SLOW = PUBLISHED.replace("RULES", "hold_h: 1, changes_per_day: 2")
QUICK = PUBLISHED.replace("RULES", "hold_h: 0.25, changes_per_day: 8")
FREE = """
demand_mw: 100
generators: [{id: A, p_max: 250, marginal_cost: 200}, {id: B, p_max: 500, marginal_cost: 300}]
dc_links: [{id: L, bus: bus, p_max: 400, loss: 0.05, tariff: 10, steps: [[95, 400], [200, 250]]}]
"""


def near(value, rel=1e-7):
    return pytest.approx(value, rel=rel, abs=1e-6)


def sent(text):
    return cleared(text).quantities["dc_sent"].values[0]


def test_steps_held_for_an_hour():
    """Netbacks (300 - 60) 0.935 = 224.4 and (480 - 60) 0.935 = 392.7. 2800 MW for an hour (628,320 - 640,000), then 3600 (1,413,720 - 880,000):
    522,040."""
    assert sent(SLOW) == near([2800] * 4 + [3600] * 4)
    assert cleared(SLOW).solution.objective == near(-522040)


def test_steps_at_every_quarter():
    assert sent(QUICK) == near([2000, 2000, 2800, 3600, 4400, 5200, 6000, 6000])
    assert cleared(QUICK).solution.objective == near(-704020)


def test_a_firm_schedule_is_a_load_at_any_price():
    """150 MW are sent whatever they cost: 250 MW at the end of A's offer; a fourth period of 151 MW is served by B."""
    text = FREE.replace("steps: [[95, 400], [200, 250]]", "schedule_mw: [150, 151]").replace("demand_mw: 100", "periods: 2\ndemand_mw: 100")
    found = priced(text, "ip")
    assert sent(text) == near([150, 151])
    # Down to what a MW less saves: 200; and 300.
    assert found.price[0] == near([200, 300])


def test_a_bid_without_a_schedule_sets_the_price():
    """The first step lands 95 of 100 MW sent (390 x 0.95 = 370.5), the second is worth (250 - 10) 0.95 = 228: it takes A's last 50 MW and no
    more, for B costs 300. The price is 228, between 200 and 300, for load and sending end alike; A gains 28 a MWh."""
    found = priced(FREE, "ip")
    assert sent(FREE) == near([150]) and found.price[0, 0] == near(228)
    assert cleared(FREE).quantities["dc_market_sold"].values[:, 0] == near([95, 47.5])
    table = explain_table(Explanation(cleared(FREE)), np.array([0]))
    mine = table[table["term"] == "marginal"].set_index("source")
    # One MW more of load is one MW less sent: 0.95 MW less are sold at 240, and 0.05 MW less lost.
    assert mine["weight"].to_dict() == near({"dc_market L step 2": 0.95, "dc_link L": 0.05})
    assert mine["value"].to_dict() == near({"dc_market L step 2": 240, "dc_link L": 0})


@pytest.mark.parametrize("sets, expected", [("false", 200.0), ("true", 224.4)])
def test_an_export_bid_sets_the_price_only_where_it_may(sets, expected):
    """In steps of power the first two quarters send 2000 MW, all of the cheap offer: any price from 200 to 300 is right. The bid is worth
    224.4 there. Later the dear unit is inside its offer: 300, though the bid is worth 392.7."""
    text = QUICK.replace("changes_per_day: 8}", f"changes_per_day: 8, sets_price: {sets}}}")
    d = cleared(text)
    price = marginal(d)[d.participants.balance[0]] / d.case.time.hours
    assert price == near([expected] * 2 + [300] * 6)
    found = Explanation(d)
    assert found.prices.price[0] == near(price)
    total = explain_table(found, np.array([0]))
    total = total[total["term"].isin(("marginal", "cost", "ramp", "store", "budget", "time", "choice"))]
    assert total.groupby("period")["contribution"].sum().to_numpy() == near(price)


def test_a_bid_beyond_the_right_prices_comes_as_close_as_may_be():
    """At 480 the netback 392.7 lies above 200 to 300: 300 where 2000 MW are sent."""
    text = QUICK.replace("300, 300, 300, 300, 480", "480, 300, 300, 300, 480")
    text = text.replace("changes_per_day: 8}", "changes_per_day: 0, sets_price: true}")
    d = cleared(text)
    assert d.quantities["dc_sent"].values[0] == near([2000] * 8)
    assert marginal(d)[d.participants.balance[0]] / d.case.time.hours == near([300, 224.4, 224.4, 224.4, 300, 300, 300, 300])


def test_what_the_market_sees_of_a_link():
    """The link takes 150 MW at its bus, gives 142.5 at the far end, where the market takes them; nobody there keeps anything."""
    run = MarketRun.of(cleared(FREE), priced(FREE, "ip").priced.prices, "DA")
    power = dict(zip(run.plant, run.output[:, 0], strict=True))
    assert power["dc_link L"] == near(-150) and power["dc_link L far end"] == near(142.5)
    assert sum(v for n, v in power.items() if n.startswith("dc_market")) == near(-142.5)


@pytest.mark.parametrize(
    "change, told",
    [
        (("steps: [[95, 400], [200, 250]]", "tariff_sent: 1"), "neither schedule_mw nor steps"),
        (("[200, 250]", "[200]"), "is not a list of MW and price"), (("loss: 0.05", "loss: 5"), "must be at most 1"),
        (("loss: 0.05", "los: 0.05"), "'los' is not known"),
    ],
)  # fmt: skip
def test_faults(change, told):
    with pytest.raises(CaseError) as error:
        cleared(FREE.replace(*change))
    assert told in str(error.value)
