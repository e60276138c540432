"""What `gridopt market` writes of its settlement, and what it refuses of it."""

import json

import pandas as pd
import pytest

from gridopt.commands import execute
from tests.support.market import RING
from tests.test_launcher import ROOT

CONTRACTS = """
contracts:
  - {id: c1, seller: W1, buyer: 4, energy_mwh: 300, price: 250}
  - {id: c3, seller: C3, buyer: 4, energy_mwh: 200, price: 330}
"""


def near(value):
    return pytest.approx(value, abs=1e-6)


def study(tmp_path, extra: str):
    path = tmp_path / "ring.yaml"
    path.write_text(RING + extra, encoding="utf-8")
    return path


def test_books_lie_in_the_folder(tmp_path, capsys):
    """Zones by generation hold 16307.69 beside the rent of 48000; contracts by quantity cost 300 (340 - 220) = 36000: 28307.69 are left."""
    out = tmp_path / "out"
    assert execute(["market", str(study(tmp_path, CONTRACTS)), "-o", str(out), "--set", "report=false", "--json"]) == 0
    held = json.loads(capsys.readouterr().out)["market"]["residuals"]
    assert (held["congestion"], held["zone_spread"], held["basis"]) == pytest.approx((48000, 16307.6923, -36000))
    ledger = pd.read_parquet(out / "tables" / "market_ledger.parquet")
    assert list(ledger.columns) == ["payer", "payee", "code", "period", "quantity", "price", "amount", "exact"]
    received, paid = (ledger.groupby(side)["amount"].sum() for side in ("payee", "payer"))
    assert received["generator W1"] - paid["generator W1"] == pytest.approx(600 * 220 + 300 * (250 - 220))
    assert received["load 4"] - paid["load 4"] == pytest.approx(-141000 + 28307.6923 * 500 / 900)
    residuals = pd.read_parquet(out / "tables" / "market_residuals.parquet").set_index("account")
    assert residuals.loc["congestion", "allocated_to"] == "load by month" and residuals.loc["loss", "allocated_to"] == "tariff by month"


def test_two_settlements_of_a_file_by_hand(tmp_path, capsys):
    """Limit 260 in real time: outputs (580, 0, 320, 0), prices (40, 140, 340, 240). W1 140200, C2 6000, C3 106800; users -22307.69, -102000,
    -141000; 64307.69 - 16000 - 36000 = 12307.69 are left. 200 MWh of wind at 307.8 against 40 in real time: 53560, 59.5111 each MWh."""
    text = RING.replace("{id: W1, bus: 1,", "{id: W1, bus: 1, technology: wind,") + CONTRACTS
    text += 'real_time: {limits: {"13": 260}}\nmechanism: [{id: m, plant: W1, energy_mwh: 200, price: 307.8}]\n'
    path, out = tmp_path / "ring.yaml", tmp_path / "out"
    path.write_text(text, encoding="utf-8")
    assert execute(["market", str(path), "-o", str(out), "--set", "report=false", "--json"]) == 0
    held = json.loads(capsys.readouterr().out)["market"]["residuals"]
    assert held["congestion"] + held["zone_spread"] + held["basis"] == pytest.approx(12307.6923) and held["mechanism"] == pytest.approx(-53560)
    ledger = pd.read_parquet(out / "tables" / "market_ledger.parquet")
    some = ledger[~ledger["code"].str.contains("allocation_|mechanism")]
    net = some.groupby("payee")["amount"].sum().sub(some.groupby("payer")["amount"].sum(), fill_value=0.0)
    expected = {f"generator {g}": v for g, v in (("W1", 140200), ("C2", 6000), ("C3", 106800))}
    expected |= {"load 2": -22307.6923, "load 3": -102000, "load 4": -141000}
    assert net[list(expected)].to_dict() == pytest.approx(expected)
    assert ledger[ledger["code"] == "allocation_mechanism"]["price"].to_numpy() == pytest.approx([59.5111] * 3, abs=1e-4)


def test_rules_of_the_study_are_kept(tmp_path, capsys):
    """By price at the buyer's zone: no basis; W1 gets 132000 + 300 (250 - 340) = 105000, and generators share what is left by output."""
    rules = "market={settlement: {contracts: {settlement: cfd}, allocations: {congestion: {payers: generation, horizon: day}}}}"
    out = tmp_path / "out"
    path = study(tmp_path, CONTRACTS)
    assert execute(["market", str(path), "-o", str(out), "--set", "report=false", "--set", rules, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["market"]["residuals"]["basis"] == 0
    ledger = pd.read_parquet(out / "tables" / "market_ledger.parquet")
    received, paid = (ledger.groupby(side)["amount"].sum() for side in ("payee", "payer"))
    assert received["generator W1"] - paid["generator W1"] == pytest.approx(105000 + 48000 * 600 / 900)


@pytest.mark.parametrize(
    ("rule", "settings", "lifted", "of_plants", "users"),
    [
        ("pab", "", "", (24000, 13000, 85000), 122000),
        ("smp", "", "uplift_da_constrained_on", (156000, 13000, 85000), 254000),
        ("smp", "{constrained_on: false}", "mwp_da", (156000, 13000, 85000), 254000),
        ("smp", "{constrained_off: true}", "uplift_da_constrained_on", (156000, 13000, 85000), 254000),
    ],
)
def test_rules_that_do_not_pay_by_node(tmp_path, capsys, rule, settings, lifted, of_plants, users):
    """Outputs (600, 50, 250). As offered: 600 x 40, 50 x 260, 250 x 340. At one price of 260 C3 gets 65000 and 20000 for being constrained on,
    or as much to make it whole; C2, constrained off, would earn nothing either. Load pays 234000 and that."""
    out = tmp_path / "out"
    options = ["--set", "report=false", "--set", f"market={{rule: {rule}}}", "--json"]
    options += ["--set", f"pricing.{rule}={settings}"] if settings else []
    assert execute(["market", str(study(tmp_path, "")), "-o", str(out), *options]) == 0
    assert json.loads(capsys.readouterr().out)["market"]["residuals"]["congestion"] == pytest.approx(0, abs=1e-6)
    ledger = pd.read_parquet(out / "tables" / "market_ledger.parquet")
    net = ledger.groupby("payee")["amount"].sum().sub(ledger.groupby("payer")["amount"].sum(), fill_value=0.0)
    assert net[["generator W1", "generator C2", "generator C3"]].tolist() == pytest.approx(of_plants)
    assert net[["load 2", "load 3", "load 4"]].sum() == pytest.approx(-users)
    uplift = ledger[ledger["code"].str.match("uplift_da_|mwp_")]
    assert uplift["code"].tolist() == [lifted] * bool(lifted) and uplift["amount"].sum() == pytest.approx(20000 if lifted else 0)


@pytest.mark.parametrize(("price", "owed"), [("{}", 80), ("{mode: clip, cap_cny_per_mwh: 300}", 40)])
def test_plants_are_paid_for_being_constrained(tmp_path, capsys, price, owed):
    """With 300 MW at bus 2 instead of 100 no network uses C2 for 350 and C3 for 150, which sets 340; the ring uses C2 less. It is owed
    340 - 260 for each of these MWh, 300 - 260 where prices are cut off there; C3, which gives them, what it costs above the price."""
    path = tmp_path / "ring.yaml"
    path.write_text(RING.replace("load_mw: 100", "load_mw: 300"), encoding="utf-8")
    out, off = tmp_path / "out", "pricing.smp.constrained_off=true"
    options = ["--set", "report=false", "--set", f"market={{rule: smp, price: {price}}}", "--set", off, "--json"]
    assert execute(["market", str(path), "-o", str(out), *options]) == 0
    capsys.readouterr()
    ledger, plants, uplift = (pd.read_parquet(out / "tables" / f"market_{t}.parquet") for t in ("ledger", "dispatch", "uplift"))
    given = plants[plants["run"] == "DA"].set_index("unit")["mw"]
    assert given["generator C2"] < 349
    paid = ledger[ledger["code"] == "uplift_da_constrained_off"]
    assert paid["payee"].tolist() == ["generator C2"] and paid["amount"].sum() == pytest.approx((350 - given["generator C2"]) * owed)
    best = uplift.set_index("unit").loc["generator C2"]
    assert best["profit"] == pytest.approx(350 * owed) and best["best_profit"] == pytest.approx(350 * owed)


BORDER = "{borders: [{from_zone: Hexi, to_zone: Hedong, mw: 700}], redispatch: REDISPATCH}"
FLOWS = "{gsk: fixed, keys: {2: 1, 3: 1}}"
CURVE = "{mode: cooptimised, blocks: [[50, 1000], [50, 300], [50, 50]]}"


def own_schedule(tmp_path, capsys, text, rule, settings, *more):
    """Tables of a case under a rule with a schedule of its own, balances by party, and what accounts hold."""
    path, out = tmp_path / "case.yaml", tmp_path / "out"
    path.write_text(text, encoding="utf-8")
    options = ["--set", "report=false", "--set", f"market.rule={rule}", "--set", f"pricing.{rule}={settings}", *more, "--json"]
    assert execute(["market", str(path), "-o", str(out), *options]) == 0
    held = json.loads(capsys.readouterr().out)["market"]["residuals"]
    table = {n: pd.read_parquet(out / "tables" / f"market_{n}.parquet") for n in ("ledger", "dispatch", "constraints", "uplift", "metrics")}
    ledger = table["ledger"]
    net = ledger.groupby("payee")["amount"].sum().sub(ledger.groupby("payer")["amount"].sum(), fill_value=0.0)
    return table, net, held


@pytest.mark.parametrize(
    ("redispatch", "more"), [("{}", (0, 0)), ("{mode: bid, up_adder_cny_per_mwh: 10, down_adder_cny_per_mwh: 5}", (750, 1500))]
)
def test_zones_that_trade_settle_their_schedule_and_redispatch_is_paid_by_the_network(tmp_path, capsys, redispatch, more):
    """Outputs (600, 200, 100) at 260 and 340: load pays 26000 + 800 x 340 = 298000, plants get 242000, the border 700 x 80 = 56000. C2 gives
    150 MWh less and pays back 39000, C3 gives them for 51000: 12000, and at bids 5 and 10 a MWh more. Welfare is that of all 122000."""
    table, net, held = own_schedule(tmp_path, capsys, RING, "split_atc", BORDER.replace("REDISPATCH", redispatch))
    assert table["dispatch"].set_index("unit")["mw"][[f"generator {g}" for g in ("W1", "C2", "C3", "C4")]].tolist() == near([600, 200, 100, 0])
    assert held["congestion"] == near(56000) and held["network"] == near(-12000 - sum(more))
    assert net[["generator W1", "generator C2", "generator C3"]].tolist() == near([156000, 13000 + more[0], 85000 + more[1]])
    assert net["tariff"] == near(-12000 - sum(more)) and net[["load 2", "load 3", "load 4"]].sum() == near(-298000 + 56000)
    assert net.sum() == near(0) and net["market"] == near(0)
    moved = table["ledger"][table["ledger"]["code"] == "network_da_redispatch"]
    sides = {(r.payer, r.payee): (r.quantity, r.price) for r in moved.itertuples()}
    assert sides == {("account network", "generator C3"): near((150, 340)), ("generator C2", "account network"): near((150, 260))}
    border = table["constraints"].set_index("element").loc["Hexi-Hedong"]
    assert border[["flow", "limit", "mu", "rent"]].tolist() == near([700, 700, 80, 56000])
    figures = table["metrics"][table["metrics"]["scope"] == "market"].set_index("name")["value"]
    assert figures[["congestion_rent", "loss_surplus", "redispatch_cost", "welfare"]].tolist() == near([56000, 0, 12000, 9e6 - 122000])
    profit = table["uplift"].set_index("unit")["profit"]
    assert profit[["generator C2", "generator C3"]].tolist() == near(more) and (table["uplift"]["mwp"] == 0).all()
    assert table["uplift"].set_index("unit")["best_profit"][["generator C2", "generator C3"]].tolist() == near([0, 0])


def test_zones_that_trade_by_flows_pay_the_price_of_margins(tmp_path, capsys):
    """One MW of trade takes 0.5 of the 275 MW that are left on 1-3 (300 less 25 that is there without): 550 MW, 80 each, 160 for the margin.
    Flows hold, so that nobody is moved."""
    table, net, held = own_schedule(tmp_path, capsys, RING, "split_fb", FLOWS)
    assert held["congestion"] == near(44000) and held["network"] == 0
    assert net[["generator W1", "generator C2", "generator C3"]].tolist() == near([156000, 13000, 85000])
    margin = table["constraints"].set_index("element").loc["13 margin"]
    assert margin[["mu", "rent"]].tolist() == near([160, 44000]) and margin["flow"] == near(margin["limit"])


def test_reserve_cleared_with_energy_by_the_rule_is_paid(tmp_path, capsys):
    """380 MW: G1 250, G2 130 at 750 and 70 MW of reserve at 300: 97500 + 21000 for G2. Load pays 285000 and the reserve."""
    text = "demand_mw: 380\ngenerators: [{id: G1, p_max: 250, marginal_cost: 300}, {id: G2, p_max: 200, marginal_cost: 450}]\n"
    table, net, held = own_schedule(tmp_path, capsys, text, "ordc", CURVE)
    assert net[["generator G1", "generator G2", "load bus"]].tolist() == near([187500, 118500, -306000]) and held["reserve"] == near(-21000)
    plants, uplift = (table[n].set_index("unit") for n in ("dispatch", "uplift"))
    assert plants.loc["generator G2", ["mw", "reserve"]].tolist() == near([130, 70])
    assert uplift.loc["generator G2", ["revenue", "besides", "cost", "loc"]].tolist() == near([118500, 21000, 58500, 0])


@pytest.mark.parametrize(("rule", "settings"), [("split_atc", BORDER.replace("REDISPATCH", "{}")), ("split_fb", FLOWS), ("ordc", CURVE)])
def test_real_time_does_not_follow_rules_with_a_schedule_of_their_own(tmp_path, capsys, rule, settings):
    out, path = tmp_path / "out", study(tmp_path, 'real_time: {limits: {"13": 260}}\n')
    rules = ["--set", f"market.rule={rule}", "--set", f"pricing.{rule}={settings}"]
    for words in (["check", str(path)], ["market", str(path), "-o", str(out)]):
        assert execute([*words, *rules]) == 5
        said = capsys.readouterr()
        assert f"'{rule}' pays a schedule of its own" in said.err + said.out and not out.exists()
        assert "market.real_time.enabled: false" in said.err + said.out


def test_a_schedule_that_no_redispatch_makes_hold_is_not_settled(tmp_path, capsys):
    """The full branch 1-2 lies inside the zone: trade between zones cannot help."""
    text = RING.replace('"12", from: 1, to: 2, x_pu: 0.1}', '"12", from: 1, to: 2, x_pu: 0.1, limit_mw: 10}')
    path, out = tmp_path / "ring.yaml", tmp_path / "out"
    path.write_text(text, encoding="utf-8")
    words = ["--set", "market.rule=split_atc", "--set", f"pricing.split_atc={BORDER.replace('REDISPATCH', '{mode: counter_trade}')}"]
    assert execute(["market", str(path), "-o", str(out), *words]) == 3
    assert "no redispatch makes the network carry the schedule of rule split_atc" in capsys.readouterr().err and not out.exists()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("{settlement: {make_whole: {payer: zone}}}", ["payer", "is not a key", "payers"]),
        ("{settlement: {allocations: {loss: {payers: owners}}}}", ["market.settlement.allocations.loss.payers", "'owners' is refused"]),
        ("{settlement: {peak_hours: [25]}}", ["market.settlement.peak_hours"]),
        ("{rule: pab_shaded}", ["market.rule", "'pab_shaded' is refused", "does not clear", "Write pab"]),
    ],
)
def test_wrong_rules_are_named(tmp_path, capsys, settings, words):
    out = tmp_path / "out"
    assert execute(["market", str(study(tmp_path, "")), "-o", str(out), "--set", f"market={settings}"]) == 5
    said = capsys.readouterr().err
    assert all(word in said for word in words) and not out.exists(), said


def test_contract_and_mechanism_that_overlap_are_refused(tmp_path, capsys):
    """W1 can produce 600 MWh: 500 under contract leave room for 100 of the mechanism."""
    text = "contracts: [{id: c1, seller: W1, buyer: 4, energy_mwh: 500, price: 250}]\n"
    text += "mechanism: [{id: m, plant: W1, energy_mwh: 200, price: 300}]\n"
    out = tmp_path / "out"
    assert execute(["market", str(study(tmp_path, text)), "-o", str(out)]) == 5
    assert "mechanism 'm'" in capsys.readouterr().err and not out.exists()


def test_the_gansu_tables_cover_the_calendars_of_the_market():
    """84 % of what is sold day-ahead, 16 % of wind and solar guaranteed until 2025 and under the mechanism from 2026."""
    from gridopt.case.readers.network_csv import read_network

    tables = read_network(ROOT / "networks" / "gansu")
    contract, owner = tables["contract"], tables["ownership"]
    assert contract["day_ahead_share"].between(0.7, 0.84).all() and contract["price_cny_per_mwh"].between(255, 262).all()
    own = tables["unit"][tables["unit"]["self_owned"]].index
    assert not set(own) & set(contract["element"]) and not set(own) & set(tables["capacity"]["element"])
    assert set(owner["element"]) == set(tables["unit"].index)
    stock, before = tables["mechanism"], tables["guaranteed"]
    assert (stock["start_date"] > before.loc[["stock_wind", "stock_solar"], "end_date"].max()).all()
    load = tables["load"].groupby("bus")["mean_mw"].sum()
    user = tables["user"]
    assert (user["share"] * load.reindex(user["bus"]).to_numpy()).sum() / load.sum() == pytest.approx(0.09, abs=1e-3)
