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
