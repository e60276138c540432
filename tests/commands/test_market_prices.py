"""Prices of a market as its tables tell them: which rule made them, what is cut off, by what they are means, and by what they are split."""

import json

import numpy as np
import pandas as pd
import pytest

from gridopt.commands import execute
from tests.support.market import RING
from tests.support.told import Told

LIMIT_FALLS = 'real_time: {limits: {"13": 260}}\n'


def near(value):
    return pytest.approx(value, rel=1e-6, abs=1e-6)


@pytest.fixture
def done(tmp_path, capsys):
    """Runs a command on a case; (document, reader of tables)."""

    def run(command, text, *more):
        path, out = tmp_path / "case.yaml", tmp_path / "out"
        path.write_text(text, encoding="utf-8")
        capsys.readouterr()
        assert execute([command, str(path), "-o", str(out), "--json", *more]) == 0
        return json.loads(capsys.readouterr().out), lambda name: pd.read_parquet(out / "tables" / f"market_{name}.parquet")

    return run


FAR_DEARER = """
buses: [{id: A, zone: Z}, {id: B, zone: Z, load_mw: 1000}]
lines: [{id: AB, from: A, to: B, limit_mw: 900}]
generators: [{id: G, bus: A, p_max: 2000, marginal_cost: 300}, {id: H, bus: B, p_max: 500, marginal_cost: 9000}]
market: {rule: zonal_avg, price: {mode: clip}, real_time: {enabled: true}}
"""


def test_means_of_zones_are_those_of_prices_that_are_settled(done):
    """900 MW at 300 and 100 at 9000, cut off at 650: 0.9*300 + 0.1*650 = 335, in both runs; not the mean 1170, cut off at 650."""
    _, table = done("market", FAR_DEARER, "--set", "report=false")
    found = table("zone_prices")
    assert dict(zip(found["run"], found["price"], strict=True)) == near({"DA": 335, "RT": 335}) and set(found["weights"]) == {"generation"}
    assert Told(FAR_DEARER, "zonal_avg").by_bus("load_price")[:, 0] == near([335, 335])


NO_LOAD_WEST = RING.replace(", load_mw: 100", "")


@pytest.mark.parametrize(("rule", "weights", "prices"), [("zonal_avg", "generation", [340, 40]), ("ip", "load", [277.5, 90])])
def test_a_zone_without_users_shows_what_they_would_pay(done, rule, weights, prices):
    """0.5 W1 - 0.25 C3 + 75 = 300 with W1 + C3 = 800: W1 566.67 sets 40 at bus 1, C3 340 at bus 3, the limit 400 MW: 140 at bus 2, 240 at
    bus 4. By generation Hexi 40, Hedong 340; else Hexi (40 + 140)/2, Hedong (300*340 + 500*240)/800."""
    _, table = done("market", NO_LOAD_WEST, "--set", "report=false", "--set", f"market.rule={rule}")
    found = table("zone_prices").set_index("zone")
    assert found.loc[["Hedong", "Hexi"], "price"].tolist() == near(prices) and set(found["weights"]) == {weights}


def test_real_time_tells_by_which_rule_it_is_priced(done):
    """The day ahead at one price 260; in real time the limit of 260 MW gives 40, 140, 340, 240, by `ip`."""
    told, table = done("market", RING + LIMIT_FALLS + "market: {rule: smp}\n")
    prices = table("prices").set_index(["run", "bus"])["lmp"]
    assert prices["DA"].tolist() == near([260] * 4) and prices["RT"].tolist() == near([40, 140, 340, 240])
    for name in ("prices", "zone_prices", "constraints", "uplift", "lost_opportunity", "product_shortfall"):
        found = table(name)
        assert set(found[["run", "rule"]].itertuples(index=False, name=None)) <= {("DA", "smp"), ("RT", "ip")}, name
    assert set(table("advisory")["rule"]) == {"ip"}
    words = "rule smp prices the day ahead; real time settles at marginal prices of its windows (rule ip)"
    assert told["warnings"].count(words) == 1


@pytest.mark.parametrize("rule", ["ip", "zonal_avg"])
def test_real_time_of_marginal_prices_is_of_the_same_rule(done, rule):
    told, table = done("market", RING + LIMIT_FALLS + f"market: {{rule: {rule}}}\n", "--set", "report=false")
    assert set(table("prices")["rule"]) == {rule} and not [w for w in told["warnings"] if "real time" in w]


@pytest.mark.parametrize("mode", ["first", "tlmp"])
def test_a_suspended_market_is_so_in_real_time(done, mode):
    """280 for all in both runs, beside LMPs as they are: rent 48,000 less 400*40 for the limit that fell; all of it is what the set prices
    leave out: inj x LMP is -48,000 day ahead, and of what differs (-20, -50, 70, 0) at (40, 140, 340, 240) 16,000."""
    text = RING + LIMIT_FALLS + f"market: {{rule: admin, real_time: {{mode: {mode}}}}}\npricing: {{admin: {{price_cny_per_mwh: 280}}}}\n"
    _, table = done("market", text, "--set", "report=false")
    prices = table("prices")
    assert prices["settled"].tolist() == near([280] * 8) and set(prices["rule"]) == {"admin"}
    assert prices["lmp"].tolist() == near([220, 260, 340, 300, 40, 140, 340, 240])
    assert (prices["energy"] + prices["congestion"] + prices["loss"]).tolist() == near(prices["lmp"].tolist())
    left = table("residuals").groupby("account")["amount"].sum()
    assert left["congestion"] == near(32000) and left["cap_adjust"] == near(-32000)
    ledger = table("ledger")
    energy = ledger[ledger["code"].isin(["energy_da", "energy_rt"])]
    assert energy["price"].tolist() == near([280] * len(energy))


def test_what_is_cut_off_has_one_sign_and_leaves_the_lmp_as_it_is(done):
    """The ring with a cap of 300: bus 3 at 340 settles at 300, and takes 50 MW more than it gives: the account lacks 2000, in the books and
    by `gridopt price`."""
    text = RING + "market: {rule: ip, price: {mode: clip, cap_cny_per_mwh: 300}}\n"
    told, table = done("price", text, "--rules", "ip")
    assert told["rules"]["ip"]["cap_adjust"] == near(-2000)
    prices = table("prices").set_index("bus")
    assert prices["lmp"].tolist() == near([220, 260, 340, 300]) and prices["settled"].tolist() == near([220, 260, 300, 300])
    assert (prices["energy"] + prices["congestion"] + prices["loss"]).tolist() == near(prices["lmp"].tolist())


REFERENCES = [
    ("1", [0, 40, 120, 80], 220),
    ("4", [-80, -40, 40, 0], 300),
    ("load", [-88.8888889, -48.8888889, 31.1111111, -8.8888889], 308.8888889),
    ("generation", [-35.5555556, 4.4444444, 84.4444444, 44.4444444], 255.5555556),
]


@pytest.mark.parametrize(("slack", "congestion", "energy"), REFERENCES)
def test_parts_of_prices_by_another_reference(slack, congestion, energy):
    """Energy is the price at the one bus, or the mean by load (278,000/900), or by generation (230,000/900); the rest is congestion."""
    found = Told(RING, "ip", f"pricing.slack={slack}")
    assert found.by_bus()[:, 0] == near([220, 260, 340, 300]) and found.rule["slack"] == slack
    assert found.by_bus("congestion")[:, 0] == near(congestion) and found.by_bus("energy")[:, 0] == near([energy] * 4)


def test_what_users_buy_by_bids_is_load_of_the_reference():
    bids = "demand_bids: [{bus: 2, blocks: [[100, 600]]}, {bus: 3, blocks: [[300, 600]]}, {bus: 4, blocks: [[500, 600]]}]\n"
    assert Told(RING + bids, "ip").by_bus("energy")[:, 0] == near([308.8888889] * 4)


def test_the_reference_of_a_market_stands_beside_the_parts(done, capsys):
    """Bus 1 in both runs; rent and rights are the same by any reference."""
    _, table = done("market", RING + LIMIT_FALLS + "market: {rule: ip}\n", "--set", "report=false", "--set", "pricing.slack=1")
    prices = table("prices")
    assert set(prices["weights"]) == {"1"}
    assert prices["energy"].tolist() == near([220] * 4 + [40] * 4)
    assert prices["congestion"].tolist() == near([0, 40, 120, 80, 0, 100, 300, 200])
    assert table("residuals").groupby("account")["amount"].sum()["congestion"] == near(32000)
    explained = table("explain").query("term == 'energy'")  # of the day ahead, split alike
    assert len(explained) and explained["value"].tolist() == near([220] * len(explained))


def test_losses_are_split_by_the_reference_as_well():
    """One line with losses: at the one bus of reference nothing is lost, and the parts add up."""
    text = """
buses: [{id: a}, {id: b, load_mw: 400}]
lines: [{id: ab, from: a, to: b, x_pu: 0.1, r_pu: 0.01}]
generators: [{id: G, bus: a, p_max: 1000, marginal_cost: 300}]
"""
    found = Told(text, "ip", "losses=marginal", "pricing.slack=a")
    price, energy, loss, congestion = (found.by_bus(k)[:, 0] for k in ("price", "energy", "loss", "congestion"))
    assert energy == near([300, 300]) and loss == near([0, price[1] - 300]) and congestion == near([0, 0]) and np.all(np.diff(price) > 1)


def test_a_reference_that_is_not_there_is_named(tmp_path, capsys):
    path = tmp_path / "case.yaml"
    path.write_text(RING, encoding="utf-8")
    for command in (["price", str(path), "--rules", "ip"], ["market", str(path), "-o", str(tmp_path / "out")], ["explain", str(path)]):
        assert execute([*command, *(["--price", "1@1"] if command[0] == "explain" else []), "--set", "pricing.slack=9"]) == 5
        assert "key 'pricing.slack': '9' is not a bus. Give load, generation or a bus." in capsys.readouterr().err
