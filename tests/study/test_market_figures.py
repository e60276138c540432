"""Tables explain and metrics of a market study, through the command."""

import json

import pandas as pd
import pytest

from gridopt.analysis.offer_change import Change
from gridopt.analysis.strategy import strategies
from gridopt.case.offers import with_offers
from gridopt.commands import execute
from gridopt.study.market_case import own_names
from gridopt.study.strategic import offered
from tests.case.test_offers import bid, two_units
from tests.support.market import ONE_PERIOD, RING, cleared


def tables(tmp_path, text, *words):
    path, out = tmp_path / "case.yaml", tmp_path / "out"
    path.write_text(text, encoding="utf-8")
    assert execute(["market", str(path), "-o", str(out), "--set", "report=false", *words]) == 0
    return {n: pd.read_parquet(out / "tables" / f"market_{n}.parquet") for n in ("explain", "metrics", "prices")}


def test_prices_of_a_ring_are_explained_and_measured(tmp_path):
    """Bus 4: half a MW each of C2 at 260 and C3 at 340. Capacity 600, 350, 400, 400: HHI 2620.41. Users pay 16,307.69 beyond their buses."""
    found = tables(tmp_path, RING)
    table = found["explain"]
    mine = table[(table["bus"] == "4") & (table["term"] == "marginal")].set_index("source")
    assert mine["weight"].to_dict() == pytest.approx({"generator C2": 0.5, "generator C3": 0.5})
    assert table[table["term"] == "congestion"]["source"].unique().tolist() == ["branch 13"]
    figures = found["metrics"][found["metrics"]["scope"] == "market"].set_index("name")["value"]
    assert figures["hhi_capacity"] == pytest.approx(2620.408163) and figures["zone_spread"] == pytest.approx(16307.692308)
    assert figures["congestion_rent"] == pytest.approx(48000)


@pytest.mark.parametrize("where, buses", [("zones", {"2", "4"}), ("off", set())])
def test_fewer_prices_are_explained_where_fewer_are_asked_for(tmp_path, where, buses):
    """A bus for each zone, the one with the most load; or none."""
    assert set(tables(tmp_path, RING, "--set", f"market={{explain: {where}}}")["explain"]["bus"]) == buses


def test_terms_of_several_days_add_up_to_prices(tmp_path, capsys):
    """Two days of hours, cleared one after the other with a look ahead: the terms of every hour stand once; the folder keeps both days, and
    a price of the second is explained from it."""
    load = [150 + 10 * (h % 24) for h in range(48)]
    text = f"""
periods: 48
demand_mw: {load}
generators:
  - {{id: A, p_max: 300, marginal_cost: 100}}
  - {{id: B, p_max: 300, marginal_cost: 200, ramp_mw_per_h: 30}}
"""
    found = tables(tmp_path, text)
    terms = found["explain"]
    terms = terms[~terms["term"].isin(("energy", "congestion", "loss", "cap"))]
    total = terms.groupby("period")["contribution"].sum()
    prices = found["prices"].sort_values("period")["lmp"].to_numpy()
    assert len(total) == 48 and total.to_numpy() == pytest.approx(prices)
    capsys.readouterr()
    words = ["explain", str(tmp_path / "out"), "--price", "bus@2025-01-02T20:00", "--price", "bus@2025-01-01T03:00", "--json"]
    assert execute(words) == 0
    told = json.loads(capsys.readouterr().out)["prices"]
    assert [p["time"] for p in told] == ["2025-01-02T20:00", "2025-01-01T03:00"]
    assert [p["lmp"] for p in told] == pytest.approx([prices[44], prices[3]])
    assert all(p["check"]["agrees"] for p in told)
    assert execute(["explain", str(tmp_path / "out"), "--price", "bus@2025-01-05"]) == 5


@pytest.mark.parametrize("rule", ["ip", "zonal_avg", "pab"])
def test_what_users_buy_by_bids_is_worth_their_bids(tmp_path, rule):
    """The forecast of 120 MW is replaced by a bid for 100 MW at 500, cleared at 300: worth 50,000, of which 20,000 are left; the welfare is
    what the clearing has found."""
    text = "demand_mw: 120\ngenerators: [{id: G, p_max: 400, marginal_cost: 300}]\ndemand_bids: [{blocks: [[100, 500]]}]\n"
    found = tables(tmp_path, text, "--set", f"market.rule={rule}")["metrics"]
    figures = found[found["scope"] == "market"].set_index("name")["value"]
    assert figures[["load_mwh", "load_payment", "consumer_surplus", "producer_surplus", "welfare"]].to_list() == pytest.approx(
        [100, 30000, 20000, 0, 20000]
    )


@pytest.mark.parametrize(
    ("rule", "name", "paid", "load"), [("smp", "constrained_paid", 20000, 234000), ("ip_full", "decisions_paid", 14000, 87500)]
)
def test_payments_for_being_constrained_and_for_decisions_are_uplift(tmp_path, rule, name, paid, load):
    """The ring at one price of 260: C3 gets 20,000 for being constrained on, load pays 234,000. B's being on is paid with 14,000."""
    found = tables(tmp_path, RING if rule == "smp" else ONE_PERIOD, "--set", f"market.rule={rule}")["metrics"]
    figures = found[found["scope"] == "market"].set_index("name")["value"]
    assert (figures[name], figures["load_payment"], figures["uplift_share"]) == pytest.approx((paid, load, paid / load))


@pytest.mark.parametrize(("rule", "price"), [("ip", 250), ("chp", 345)])
def test_a_table_says_whose_price_it_explains(tmp_path, rule, price):
    """The marginal price is that of A, 250, also where the market pays 345."""
    found = tables(tmp_path, ONE_PERIOD, "--set", f"market.rule={rule}")
    terms = found["explain"][~found["explain"]["term"].isin(("energy", "congestion", "loss"))]
    assert found["prices"]["lmp"].tolist() == pytest.approx([price])
    assert terms["contribution"].sum() == pytest.approx(250) and set(terms["rule"]) == {"ip"}


def test_names_of_plants_that_bid():
    case = cleared(RING).case
    assert own_names(["generator C2", "renewable x segment 1", "storage s"], case) == ["generator C2", "renewable x segment 1", "storage s"]


EXPORT = """
periods: 2
demand_mw: 0
generators: [{id: cheap, p_max: 2000, marginal_cost: 200}, {id: dear, p_max: 10000, marginal_cost: 300}]
dc_links:
  - {id: L, bus: bus, p_max: 6000, p_min: 800, loss: 0.065, initial_mw: 2000, step_mw: 400, steps_per_change: 2, changes_per_day: 0,
     tariff: 60, steps: [[9999, [300, 480]]]}
"""


@pytest.mark.parametrize("may, prices", [("false", [200, 200]), ("true", [224.4, 300])])
def test_export_bids_of_a_study_may_set_prices(tmp_path, may, prices):
    """2000 MW, the end of the cheap offer: 200 to 300 is right. The bid is worth (300 - 60) 0.935 = 224.4, then 392.7, beyond 300."""
    found = tables(tmp_path, EXPORT, "--set", f"market={{dc_sets_price: {may}}}")["prices"]
    assert found[found["bus"] == "bus"].sort_values("period")["lmp"].tolist() == pytest.approx(prices)


def test_names_under_which_plants_of_an_owner_bid():
    """A unit with a bid is a generator of the same name; a plant without one keeps its own."""
    case = with_offers(two_units(bid("A20", [100], [300])))
    assert offered(["unit A20", "unit A50"], case) == ["generator A20", "unit A50"]
    found = strategies(case, offered(["unit A20"], case), [Change(), Change(0.5)])
    # A50 gives 200 at its cost, A20 150 at 100, then at 150.
    assert found["own_price"].tolist() == pytest.approx([100, 150]) and found["profit"].tolist() == pytest.approx([0, 7500])


def test_floor_and_cap_are_told(tmp_path, capsys):
    """Prices 220, 260, 340, 300 cut off at 250: 10, 90 and 50 less; `explain` says so of the folder as well."""
    found = tables(tmp_path, RING, "--set", "market={price: {mode: clip, floor_cny_per_mwh: 0, cap_cny_per_mwh: 250}}")["explain"]
    cut = found[found["term"] == "cap"].set_index("bus")["contribution"]
    assert cut.to_dict() == pytest.approx({"2": -10, "3": -90, "4": -50})
    capsys.readouterr()
    assert execute(["explain", str(tmp_path / "out"), "--price", "4@1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["prices"][0]
    assert (told["lmp"], told["settled"]) == (pytest.approx(300), pytest.approx(250))
