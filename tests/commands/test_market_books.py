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
