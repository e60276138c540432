"""What the tables of a market run say of lost opportunities, shortfalls and causes of curtailment, through the command."""

import json

import numpy as np
import pandas as pd
import pytest

from gridopt.commands import execute
from gridopt.dispatch.market_run import MarketRun
from gridopt.dispatch.market_tables import frame
from gridopt.study import market_uplift
from gridopt.study.market_causes import Own, curtailment_table, main_causes
from gridopt.study.market_uplift import with_opportunities
from tests.support.market import BLOCK_BEHIND_A_LINE, ONE_PERIOD, THREE_PERIODS, cleared, priced

RAMPING = """
periods: 3
demand_mw: [420, 600, 590]
generators:
  - {id: G1, p_max: 500, marginal_cost: 25, ramp_mw_per_h: 500, initial_mw: 450}
  - {id: G2, p_max: 500, marginal_cost: 30, ramp_mw_per_h: 50, initial_mw: 50}
real_time: {demand_mw: [420, 590, 590]}
market: {rule: ip, real_time: {intervals: 2, forecast_weights: [0.0, 1.0]}}
"""


def tables(tmp_path, text, *words, name="out"):
    path, out = tmp_path / "case.yaml", tmp_path / name
    path.write_text(text, encoding="utf-8")
    assert execute(["market", str(path), "-o", str(out), "--set", "report=false", "--set", "market.explain=off", *words]) == 0
    names = ("uplift", "lost_opportunity", "product_shortfall", "metrics", "ledger")
    return {n: pd.read_parquet(out / "tables" / f"market_{n}.parquet") for n in names}


def test_T5_what_a_unit_loses_in_each_period(tmp_path):
    """B gives 60, 120, 160 MW at 250 for 280 and bears 4000 an hour: 1800 - 4000, 3600 - 4000, 4800 - 4000; its start 2000 falls into the
    first. It would rather be off: it loses 4200, 400, and in the last period wins 800; 3800 in all, and is made whole by that."""
    found = tables(tmp_path, THREE_PERIODS, "--set", "market.rule=ip")
    lost = found["lost_opportunity"]
    assert lost["unit"].unique().tolist() == ["generator B"] and lost["loc"].to_numpy() == pytest.approx([4200, 400, -800])
    row = found["uplift"].set_index("unit").loc["generator B"]
    assert row[["profit", "best_profit", "mwp", "loc"]].to_list() == pytest.approx([-3800, 0, 3800, 3800])
    figures = found["metrics"][found["metrics"]["scope"] == "market"].set_index("name")["value"]
    assert figures[["mwp", "loc", "prs"]].to_list() == pytest.approx([3800, 3800, 0])


def test_P4_a_limit_with_a_price_that_is_not_full_stands_in_the_table(tmp_path):
    """Hull prices 200 and 300: 100 MW of line are worth 100 each, 70 are used. 30 x 100 = 3000 nobody pays."""
    found = tables(tmp_path, BLOCK_BEHIND_A_LINE, "--set", "market.rule=chp")
    row = found["product_shortfall"].iloc[0]
    assert len(found["product_shortfall"]) == 1 and row["element"] == "network ab" and str(row["period"]) == "2025-01-01 00:00:00"
    assert (abs(row["mu"]), row["unused"], row["prs"]) == pytest.approx((100, 30, 3000)) and not len(found["lost_opportunity"])
    figures = found["metrics"][found["metrics"]["scope"] == "market"].set_index("name")["value"]
    assert figures["prs"] == pytest.approx(3000)


@pytest.mark.parametrize(("mode", "lost"), [("first", 250.0), ("tlmp", 0.0), ("expost", 50.0)])
def test_rolling_prices_leave_opportunities_open_that_those_with_ramps_do_not(tmp_path, mode, lost):
    """G2 is held up to 50 MW at 25 for a price that does not come: it loses 250, and nothing at its own price of 30. After the fact prices
    are 25, 35, 30: its 50, 90, 90 MW earn -250 + 450; with its ramp of 50 MW it could have earned 5 x 50 = 250, whatever it gave first."""
    found = tables(tmp_path, RAMPING, "--set", f"market.real_time.mode={mode}")
    table = found["uplift"]
    real = table[(table["run"] == "RT") & (table["unit"] == "generator G2")]
    assert real["loc"].sum() == pytest.approx(lost, abs=1e-6)
    day = table[(table["run"] == "DA") & table["unit"].isin(["generator G1", "generator G2"])]
    assert day["loc"].to_numpy() == pytest.approx(np.zeros(len(day)), abs=1e-6)


@pytest.mark.parametrize("mode", ["penalty", "clip"])
def test_opportunities_of_real_time_are_those_at_the_price_that_is_paid(tmp_path, mode):
    """620 MW come in the second hour, G1 500 and G2 100 are there: 20 are shed, at 100000 or more, and paid 650, the cap. Had G2 given 100 in
    place of 50 in the first hour, at 25 for 30, it could have given 50 more at 650 for 30: 50 x 620 - 50 x 5 = 30750."""
    text = RAMPING.replace("[420, 590, 590]", "[420, 620, 590]")
    found = tables(tmp_path, text, "--set", f"market.price={{mode: {mode}, floor_cny_per_mwh: 0}}")
    assert found["uplift"].set_index(["run", "unit"]).loc[("RT", "generator G2"), "loc"] == pytest.approx(30750)


def test_what_answered_for_a_clearing_is_given_back(tmp_path, monkeypatch):
    """The programs of its participants: of a week they would be many times what all else holds."""
    seen, given = [], []
    whole = market_uplift.uplift
    monkeypatch.setattr(market_uplift, "uplift", lambda *a: seen.append(a[1].people) or whole(*a))
    monkeypatch.setattr(market_uplift, "give_back_memory", lambda: given.append([p.__dict__.keys() & {"programs", "own"} for p in seen]))
    tables(tmp_path, RAMPING)
    assert len(seen) == 2 and given == [[set()], [set(), set()]]


def test_prices_as_offered_say_nothing_of_opportunities(tmp_path):
    found = tables(tmp_path, ONE_PERIOD, "--set", "market.rule=pab")
    assert found["uplift"]["loc"].isna().all() and not len(found["lost_opportunity"])
    figures = found["metrics"][found["metrics"]["scope"] == "market"].set_index("name")["value"]
    assert np.isnan(figures["loc"])


def test_opportunities_are_left_out_where_nobody_asks(tmp_path):
    path, out = tmp_path / "case.yaml", tmp_path / "out"
    path.write_text(ONE_PERIOD, encoding="utf-8")
    words = ["--set", "report=false", "--set", "market={rule: ip, explain: off, lost_opportunity: false}"]
    assert execute(["market", str(path), "-o", str(out), *words]) == 0
    assert not (out / "tables" / "market_lost_opportunity.parquet").exists()
    assert pd.read_parquet(out / "tables" / "market_uplift.parquet")["loc"].isna().all()


def test_days_with_a_look_ahead_add_up_to_their_rows(tmp_path, capsys):
    """A block of 60 to 90 MW for 30 hours: what it loses hour by hour adds up to the row of each day; and the kept clearing of the first
    day, with six hours of look-ahead, is priced to the same row, for the look-ahead does not count."""
    load = [100 + 40 * (h % 24 // 12) for h in range(30)]
    text = f"""
periods: 30
demand_mw: {load}
generators:
  - {{id: A, p_max: 110, marginal_cost: 100}}
  - {{id: B, p_min: 60, p_max: 90, marginal_cost: 150, no_load_cost: 500, startup_cost: 900, initially_on: false}}
market: {{rule: ip, day_ahead: {{look_ahead_h: 6, look_ahead_step_h: 3, mip_gap: 0.0}}}}
"""
    found = tables(tmp_path, text)
    lost = found["lost_opportunity"]
    by_day = lost.groupby([lost["unit"], lost["period"].dt.date.astype(str)])["loc"].sum()
    rows = found["uplift"][found["uplift"]["loc"].abs() > 1e-9]
    assert len(rows) >= 1
    for r in rows.itertuples():
        assert by_day[r.unit, r.horizon[:10]] == pytest.approx(r.loc)
    capsys.readouterr()
    assert execute(["price", str(tmp_path / "out"), "--rules", "ip", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["stage"] == "DA1" and told["kept_periods"] == 24 and len(told["rules"]["ip"]["prices"]) > 24
    first = found["uplift"][found["uplift"]["horizon"] == "2025-01-01T00:00:00"].set_index("unit")
    columns = ["revenue", "cost", "profit", "best_profit", "mwp", "loc"]
    for unit in told["rules"]["ip"]["units"]:
        if (name := f"{unit['kind']} {unit['unit']}") in first.index:
            assert [unit[c] for c in columns] == pytest.approx(first.loc[name, columns].to_list(), abs=1e-6), name
    assert told["rules"]["ip"]["mwp"] == pytest.approx(first["mwp"].sum()) and first["mwp"].sum() > 0


TWO_DAYS = "periods: 2\nperiod_h: 24\ndemand_mw: [10, 20]\ngenerators: [{id: W, p_max: 50, marginal_cost: 7}]\n"


def test_what_the_best_answer_spends_in_one_horizon_to_earn_in_another_is_counted():
    """A plant that is never made whole would spend 300 more on the first day and earn 800 more on the second: it loses 500 in all."""
    run = MarketRun.of(cleared(TWO_DAYS), priced(TWO_DAYS, "ip").priced.prices, "DA")
    quality = {"gap": 0.0, "exact": True}
    lost = frame("lost_opportunity", rule="ip", run="DA", period=run.start, unit="generator W", loc=[-300.0, 800.0], **quality)
    nobody = frame("uplift", rule="ip", run=[], unit=[], horizon=[], revenue=[], besides=[], cost=[], profit=[], best_profit=[], mwp=[],
                   loc=[], paid=[], payer=[], **quality)  # fmt: skip
    found = with_opportunities(nobody, lost, [run], "day")
    assert found["loc"].tolist() == pytest.approx([-300, 800]) and found["best_profit"].tolist() == pytest.approx([-300, 800])


def test_causes_of_renewable_plants_stand_beside_their_output():
    """Wind of 150, then 90 MW behind a line of 100: 50 MW are left in the first hour, for the line alone."""
    from gridopt.dispatch.single import dispatch
    from gridopt.pricing.ip import price
    from tests.support.block_cases import FUEL, UNIT_TYPE, buses, line, load, unit
    from tests.support.small import case

    made = case(
        2, fuel=FUEL, unit_type=UNIT_TYPE, bus=buses("A", "B"), line=[line("A", "B", 100.0)], unit=[unit("B", 30, 300.0)],
        load=[load("B", mean=150.0)],
        renewable=[dict(renewable="W", bus="A", technology="wind", power_max_mw=150.0, profile="w")],
        series={"w": np.array([1.0, 0.6])},
    )  # fmt: skip
    d = dispatch(made)
    run = MarketRun.of(d, price(made, d), "DA")
    why = Own.of(d).causes
    table = curtailment_table(run, [(why, 2)])
    assert table[["unit", "cause"]].to_numpy().tolist() == [["renewable W", "branch:AB"]]
    assert table["curtailed"].to_numpy() == pytest.approx([50])
    assert main_causes(table, run)[list(run.plant).index("renewable W")].tolist() == ["branch:AB", ""]
    joined = MarketRun.joined([run, replace_start(run)])
    assert curtailment_table(joined, [(why, 2), (why, 2)])["curtailed"].to_numpy() == pytest.approx([50, 50])


def test_causes_are_worked_out_once_for_each_clearing(tmp_path, monkeypatch):
    """Day ahead and real time: one clearing each, and every table and check reads the same causes."""
    from gridopt.analysis import curtailment

    asked, pairs = [], curtailment._pairs

    def counted(dispatch):
        asked.append(dispatch)
        return pairs(dispatch)

    monkeypatch.setattr(curtailment, "_pairs", counted)
    tables(tmp_path, RAMPING)
    assert len(asked) == 2


def replace_start(run: MarketRun) -> MarketRun:
    """The run a day later."""
    from dataclasses import replace

    return replace(run, start=run.start + np.timedelta64(86400, "s"))


def test_the_highest_of_several_right_prices_passes_the_check(tmp_path):
    """Demand 180 at b: 100 over a full line and all 80 of B. From 300, the offer of B, to the value of lost load every price is right."""
    text = """
buses: [{id: a}, {id: b, load_mw: 180}]
lines: [{id: ab, from: a, to: b, limit_mw: 100}]
generators:
  - {id: A, bus: a, p_max: 300, marginal_cost: 200}
  - {id: B, bus: b, p_max: 80, marginal_cost: 300}
"""
    found = tables(tmp_path, text, "--set", "market.rule=ip", "--set", "pricing.ip.selection=upper")
    figures = found["metrics"][found["metrics"]["scope"] == "market"].set_index("name")["value"]
    assert figures["congestion_rent"] == pytest.approx(980000)


def test_answers_that_fail_leave_the_rest_of_the_run(tmp_path, monkeypatch):
    """What is not known is told, and no run is lost for it."""
    from gridopt.program.solution import SolverFailed
    from gridopt.study import market_uplift

    def fails(*given):
        raise SolverFailed("no best answer")

    monkeypatch.setattr(market_uplift, "uplift", fails)
    found = tables(tmp_path, ONE_PERIOD, "--set", "market.rule=ip")
    assert found["uplift"]["loc"].isna().all() and not len(found["lost_opportunity"]) and not len(found["product_shortfall"])
    assert len(found["ledger"])
