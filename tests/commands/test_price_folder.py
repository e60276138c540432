"""`gridopt price … --output`: the tables of several rules and their report, by cases whose prices are known by hand."""

import json
from dataclasses import replace

import pandas as pd
import pytest

from gridopt.case.pricing_options import Pricing
from gridopt.commands import execute
from gridopt.dispatch.single import dispatch
from gridopt.study.priced import Cleared, price_by
from gridopt.study.priced_folder import market_tables
from tests.support import market
from tests.support.block_cases import FUEL, UNIT_TYPE, buses, load, unit
from tests.support.small import case


def priced(folder, text, rules):
    """Folder of a case under some rules."""
    (folder / "case.yaml").write_text(text, encoding="utf-8")
    assert execute(["price", str(folder / "case.yaml"), "--rules", rules, "-o", str(folder / "out")]) == 0
    return folder / "out"


def table(folder, name):
    return pd.read_parquet(folder / "tables" / f"market_{name}.parquet")


def test_every_rule_has_its_prices_payment_and_uplift(tmp_path, capsys):
    """Three periods, cleared A (160, 200, 280), B (60, 120, 160): 280 in all periods leaves B 3800 short; hull prices (280, 280, 303.75)
    leave A 475 of lost opportunity. Load (220, 320, 440) pays 274,400 and 284,850."""
    out = priced(tmp_path, market.THREE_PERIODS, "ip,chp")
    prices = table(out, "prices").set_index("rule")["lmp"]
    assert prices["ip"].tolist() == pytest.approx([280, 280, 280]) and prices["chp"].tolist() == pytest.approx([280, 280, 303.75])
    left = table(out, "uplift").groupby("rule")[["mwp", "loc", "paid"]].sum()
    assert left.loc["ip"].tolist() == pytest.approx([3800, 3800, 3800]) and left.loc["chp"].tolist() == pytest.approx([0, 475, 0], abs=1e-6)
    assert table(out, "load")["mw"].tolist() == pytest.approx([220, 320, 440])
    text = (out / "report.html").read_text(encoding="utf-8")
    assert "274,400.00" in text and "284,850.00" in text and 'id="mk_change"' in text
    assert json.loads((out / "manifest.json").read_text(encoding="utf-8"))["summary"]["currency"] == "CNY"


def test_every_rule_has_its_dispatch_books_and_figures(tmp_path, capsys):
    """Ring: nodal outputs (600, 50, 250) leave 48000 of rent; zones that trade 700 MW (600, 200, 100), 56000 and 12000 of redispatch; as
    offered nothing is left, and load pays 122000. Offers that are shaded are no case of the books."""
    border = "pricing: {split_atc: {borders: [{from_zone: Hexi, to_zone: Hedong, mw: 700}]}}\n"
    out = priced(tmp_path, market.RING + border, "ip,split_atc,pab,pab_shaded")
    output = table(out, "dispatch").set_index(["rule", "unit"])["mw"]
    for rule, wanted in (("ip", [600, 50, 250, 0]), ("split_atc", [600, 200, 100, 0]), ("pab", [600, 50, 250, 0])):
        assert [output[rule, f"generator {g}"] for g in ("W1", "C2", "C3", "C4")] == pytest.approx(wanted, abs=1e-6)
    assert output["pab_shaded", "generator C3"] == pytest.approx(150)
    held = table(out, "residuals").groupby(["rule", "account"])["amount"].sum()
    assert held["ip", "congestion"] == pytest.approx(48000) and held["split_atc", "congestion"] == pytest.approx(56000)
    assert held["split_atc", "network"] == pytest.approx(-12000) and held["pab", "congestion"] == pytest.approx(0, abs=1e-6)
    ledger = table(out, "ledger")
    assert list(ledger.columns)[0] == "rule" and set(ledger["rule"]) == {"ip", "split_atc", "pab"}
    paid = ledger[(ledger["code"] == "energy_da") & ledger["payer"].str.startswith("load")].groupby("rule")["amount"].sum()
    assert paid.to_dict() == pytest.approx({"ip": 278000, "split_atc": 298000, "pab": 122000})
    figures = table(out, "metrics")
    welfare = figures[(figures["scope"] == "market") & (figures["name"] == "welfare")].set_index("rule")["value"]
    assert welfare.to_dict() == pytest.approx(dict.fromkeys(("ip", "split_atc", "pab"), 9e6 - 122000))
    assert 'id="mk_ledger"' not in (out / "report.html").read_text(encoding="utf-8")


def test_books_of_prices_that_are_cut_off_say_what_was_cut(tmp_path, capsys):
    """Bus 3 settles at 300 in place of 340, where 50 MW more are taken than given: 2000 are missing beside the rent of 48000."""
    out = priced(tmp_path, market.RING + "market: {rule: ip, price: {mode: clip, cap_cny_per_mwh: 300}}\n", "ip")
    held = table(out, "residuals").groupby("account")["amount"].sum()
    assert held["congestion"] == pytest.approx(48000) and held["cap_adjust"] == pytest.approx(-2000)
    assert table(out, "prices").set_index("bus").loc["3", ["lmp", "settled"]].tolist() == pytest.approx([340, 300])


def test_books_name_plants_by_the_case_by_costs(tmp_path, capsys):
    """C2 offers at 100 what costs it 260; users of bus 2 buy 60 of their 100 MW, and are load, not a plant."""
    text = market.RING + "offers: [{generator: C2, blocks: [[350, 100]]}]\ndemand_bids: [{bus: 2, blocks: [[60, 600], [40, 50]]}]\n"
    out = priced(tmp_path, text, "ip")
    names = set(table(out, "dispatch")["unit"])
    assert names == {f"generator {g}" for g in ("W1", "C2", "C3", "C4")}
    assert table(out, "load").set_index("bus")["mw"]["2"] == pytest.approx(60)
    ledger = table(out, "ledger")
    assert set(ledger["payee"]) | set(ledger["payer"]) <= names | {"load 2", "load 3", "load 4", "market", "account congestion"}


def test_a_limit_that_promises_rent_is_named(tmp_path, capsys):
    """A block behind a line: the hull prices 100 on a limit that is 30 MW from binding: 3000."""
    short = table(priced(tmp_path, market.BLOCK_BEHIND_A_LINE, "ip,chp"), "product_shortfall")
    assert short[["rule", "element"]].to_numpy().tolist() == [["chp", "network ab"]]
    assert short[["unused", "prs"]].to_numpy().tolist() == [pytest.approx([30, 3000])]


def test_a_folder_of_something_else_is_left_alone(tmp_path, capsys):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("kept")
    (tmp_path / "case.yaml").write_text(market.THREE_PERIODS, encoding="utf-8")
    assert execute(["price", str(tmp_path / "case.yaml"), "--rules", "ip", "-o", str(tmp_path / "out")]) != 0
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_what_users_are_paid_for_their_decisions_stands_in_the_table():
    """20 MW in both hours, 15 of them from a plant at 20; a block of 10 MW of load is switched off at 50. The plant sets 20: the decision is
    paid the other 30 for 10 MWh, twice."""
    user = [dict(interruptible="i", load="dA", power_max_mw=10.0, block_mw=10.0, cost_cny_per_mwh=50.0)]
    made = case(2, fuel=FUEL, unit_type=UNIT_TYPE, bus=buses("A"), unit=[unit("A", 20, 15.0)], load=[load("A", mean=20.0)], interruptible=user,
                shedding_tier=[dict(tier="all", share=1.0, cost_cny_per_mwh=10000.0)])  # fmt: skip
    solved = dispatch(replace(made, commitment="exact"))
    tables = market_tables(Cleared("made", "CNY", solved, Pricing(), {}), [price_by("ip_full", solved)])
    assert tables["uplift"].set_index("unit")["besides"].to_dict() == pytest.approx({"bus A + interruptible i": 600, "unit A20": 0}, abs=1e-9)
