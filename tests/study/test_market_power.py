"""Figures of market power of a study: true costs of who bids, conduct, impact, missing money, capture prices with more of a technology."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from gridopt.analysis.true_cost import offers_of, true_cost
from gridopt.case.offers import with_offers
from gridopt.commands import execute
from gridopt.dispatch.attempts import Search
from gridopt.dispatch.market_run import MarketRun
from gridopt.dispatch.single import dispatch
from gridopt.pricing import ip
from gridopt.study.market_again import cannibalisation
from gridopt.study.market_case import told
from gridopt.study.market_schema import Market
from tests.case.test_offers import bid, two_units
from tests.support.settled import case_of, one_bus
from tests.support.small import case

BIDS = """
demand_mw: 350
generators: [{id: A, p_max: 300, marginal_cost: 100}, {id: B, p_max: 200, marginal_cost: 200}]
offers: [{generator: B, blocks: [[100, 250], [100, 400]]}]
market: {rule: ip, explain: "off", figures: FIGURES}
"""


def figures(tmp_path, asked):
    path, out = tmp_path / "case.yaml", tmp_path / "out"
    path.write_text(BIDS.replace("FIGURES", asked), encoding="utf-8")
    assert execute(["market", str(path), "-o", str(out), "--set", "report=false"]) == 0
    table = pd.read_parquet(out / "tables" / "market_metrics.parquet").set_index(["scope", "name"])["value"]
    return {scope: table[scope].to_dict() for scope in ("market", "unit generator A", "unit generator B")}


def test_who_bids_is_measured_by_its_true_cost(tmp_path):
    """B gives 50 MW at 250, which cost it 200: mark-up 50, Lerner index 50 / 250. A bids nothing: 150 / 250."""
    found = figures(tmp_path, "{}")
    a, b = found["unit generator A"], found["unit generator B"]
    assert (b["cost"], b["profit"], b["markup"], b["lerner"]) == pytest.approx((10000, 2500, 50, 0.2))
    assert (a["markup"], a["lerner"]) == pytest.approx((0, 0.6)) and "conduct_failed_mw" not in found["market"]


def test_value_of_load_and_fixed_costs_are_keys(tmp_path):
    """350 MWh worth 1000 at 250. 876 CNY a year and kW are 100 CNY an hour and MW: 200 MW cost 20,000, B earns 2500."""
    found = figures(tmp_path, "{value_of_load_cny_per_mwh: 1000, fixed_cost_cny_per_kw_year: {thermal: 876}}")
    assert found["market"]["consumer_surplus"] == pytest.approx(350 * 750)
    assert found["unit generator B"]["missing_money"] == pytest.approx(17500)


@pytest.mark.parametrize(
    ("asked", "failed"),
    [("{threshold_cny_per_mwh: 60}", 100), ("{threshold_cny_per_mwh: 40}", 200), ("{threshold_cny_per_mwh: 60, share: 0.2}", 200),
     ("{threshold_cny_per_mwh: 200}", 0)],
)  # fmt: skip
def test_offers_that_fail_the_conduct_test(tmp_path, asked, failed):
    """250 and 400 for what costs 200: 50 and 200 above; a fifth of the cost is 40."""
    found = figures(tmp_path, f"{{conduct: {asked}}}")
    assert found["market"]["conduct_failed_mw"] == pytest.approx(failed)
    assert found["unit generator B"].get("conduct_failed_mw", 0) == pytest.approx(failed) and "impact_mean" not in found["market"]


@pytest.mark.parametrize(("threshold", "fall"), [(60, 50), (200, 0)])
def test_the_impact_of_offers_that_fail(tmp_path, threshold, fall):
    """With B at its cost the price is 200 in place of 250; where nothing fails, nothing is cleared again."""
    found = figures(tmp_path, f"{{conduct: {{threshold_cny_per_mwh: {threshold}, impact_cny_per_mwh: 30}}}}")["market"]
    assert (found["impact_mean"], found["impact_max"], found["impact_share"]) == pytest.approx((fall, fall, float(fall > 30)))


@pytest.mark.parametrize("command", ["market", "check"])
@pytest.mark.parametrize(
    ("asked", "key"),
    [("{fixed_cost_cny_per_kw_year: {termal: 876}}", "fixed_cost_cny_per_kw_year"),
     ("{cannibalisation: {technology: wind, added_mw: [100]}}", "cannibalisation.technology")],
)  # fmt: skip
def test_technologies_that_nobody_has_are_named_before_anything_is_cleared(tmp_path, capsys, command, asked, key):
    path = tmp_path / "case.yaml"
    path.write_text(BIDS.replace("FIGURES", asked), encoding="utf-8")
    assert execute([command, str(path), *(["-o", str(tmp_path / "out")] if command == "market" else [])]) == 5
    assert f"key 'market.figures.{key}': no plant is of the technology" in capsys.readouterr().err


@pytest.mark.parametrize("commitment", ["off", "exact"])
def test_true_cost_of_a_unit_is_its_fuel(commitment):
    """A20 gives 150 MW for 20 each, offered at 100 and 400: 10,000 + 20,000."""
    plain = two_units(bid("A20", [100, 400], [100, 200]), commitment=commitment)
    solved = dispatch(with_offers(plain), search=Search(0.0))
    run = told(MarketRun.of(solved, ip.price(solved.case, solved), "DA"), plain)
    place = list(run.plant).index("unit A20")
    assert run.cost[place] == pytest.approx([30000]) and true_cost(run, plain, offers_of(plain))[place] == pytest.approx([3000])


def test_true_cost_of_a_store_is_its_wear():
    """Bought 20 MWh for 100, sold them for 300; wear 5 for each MWh sold, 2 for each that is charged."""
    run = one_bus({"storage S": [-20.0, 20.0]}, [0.0, 0.0], [100.0, 300.0], cost=np.array([[-2000.0, 6000.0]]))
    store = dict(storage="S", bus="b", power_max_mw=20, energy_max_mwh=20, wear_cny_per_mwh=5, charging_cost_cny_per_mwh=2)
    rows = [*bid("S", [300], [20], "storage"), *bid("S", [100], [20], "storage", "buy")]
    mine = case_of(run, storage=[store], bid=rows)
    assert true_cost(run, mine, offers_of(mine)) == pytest.approx(np.array([[40, 100]]))


def test_more_of_a_technology_lowers_what_it_captures():
    """Load 99, wind of 50 MW at a price of 300, then of 100 MW, 99 of them used, at 0: 15,000 over 149 MWh. With 100 MW more it blows 100 MW at
    least, and the price is 0 in both hours."""
    series = {"wind": np.array([0.5, 1.0])}
    rows = dict(bus=[dict(bus="a", voltage_kv=330)], load=[dict(load="D", bus="a", mean_mw=99.0)],
                renewable=[dict(renewable="W", bus="a", technology="wind", power_max_mw=100.0, profile="wind")],
                generator=[dict(generator="G", bus="a", power_max_mw=100, cost_cny_per_mwh=300)])  # fmt: skip
    plain = case(2, series=series, **rows)

    def clear(other):
        solved = dispatch(other, search=Search(0.0))
        return MarketRun.of(solved, ip.price(other, solved), "DA")

    found = SimpleNamespace(loaded=SimpleNamespace(case=plain), market=Market(), day_ahead=clear(plain))
    got = cannibalisation(found, "wind", [100.0], clear)
    assert got == [("technology wind", "capture_slope", pytest.approx(-15000 / 149 / 100))]
