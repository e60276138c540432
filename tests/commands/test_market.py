"""`gridopt market` through the command: what it writes, prints and refuses."""

import json

import numpy as np
import pandas as pd
import pytest

from gridopt.commands import execute
from tests.support.market import RING, THREE_PERIODS


@pytest.fixture
def ring(tmp_path):
    path = tmp_path / "ring.yaml"
    path.write_text(RING, encoding="utf-8")
    return path


def test_a_ring_is_cleared_and_its_tables_lie_in_the_folder(ring, capsys):
    """Four buses in a ring with equal reactances, 300 MW on 1-3: outputs (600, 50, 250, 0), LMP (220, 260, 340, 300), limit price
    160 on 300 MW: rent 48000. By generation the zones pay 223.0769 and 340: 22307.69 + 340 (300 + 500) = 294307.69."""
    out = ring.parent / "out"
    assert execute(["market", str(ring), "-o", str(out), "--set", "report=false", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["market"]["runs"]["DA"]
    assert found["load_payment"] == pytest.approx(294307.69, abs=0.01)
    assert found["congestion_rent"] == pytest.approx(48000)
    prices = pd.read_parquet(out / "tables" / "market_prices.parquet").set_index("bus")
    assert prices.loc[["1", "2", "3", "4"], "lmp"].to_numpy() == pytest.approx([220, 260, 340, 300])
    limits = pd.read_parquet(out / "tables" / "market_constraints.parquet")
    assert limits[["element", "direction", "flow", "mu", "rent"]].to_numpy().tolist() == [
        ["13", "forward", pytest.approx(300), pytest.approx(160), pytest.approx(48000)]
    ]
    load = pd.read_parquet(out / "tables" / "market_load.parquet")
    assert dict(zip(load["bus"], load["mw"], strict=True)) == pytest.approx({"2": 100, "3": 300, "4": 500})
    output = pd.read_parquet(out / "tables" / "market_dispatch.parquet").set_index("unit")["mw"]
    assert output[["generator W1", "generator C2", "generator C3", "generator C4"]].to_numpy() == pytest.approx([600, 50, 250, 0])
    assert json.loads((out / "certificate.json").read_text())["passed"]


TWO_UNITS = """
periods: 3
demand_mw: [420, 600, 590]
generators:
  - {id: G1, p_max: 500, marginal_cost: 25, ramp_mw_per_h: 500, initial_mw: 450}
  - {id: G2, p_max: 500, marginal_cost: 30, ramp_mw_per_h: 50, initial_mw: 50}
market: {rule: ip, real_time: {intervals: 2, forecast_weights: [0, 1], mode: MODE}}
real_time: {demand_mw: [420, 590, 590]}
"""


def market(tmp_path, text, *more):
    path, out = tmp_path / "case.yaml", tmp_path / "out"
    path.write_text(text, encoding="utf-8")
    assert execute(["market", str(path), "-o", str(out), "--set", "report=false", *more]) == 0
    return lambda name: pd.read_parquet(out / "tables" / f"market_{name}.parquet")


@pytest.mark.parametrize(("mode", "earned"), [("first", 6650.0), ("tlmp", 6900.0), ("expost", 25 * 50 + 35 * 90 + 30 * 90)])
def test_real_time_of_a_case_by_hand_is_settled_by_its_mode(tmp_path, mode, earned):
    """G2 gives 50, 90, 90. At 25, 30, 30 it gets 1250 + 2700 + 2700 = 6650, with its ramps at 30 all along 6900, after the fact, at
    25, 35, 30, 7100. Day ahead, at 25, 35, 30, it sold 50, 100, 90; the difference, -10 in period 2, is settled in real time."""
    table = market(tmp_path, TWO_UNITS.replace("MODE", mode))
    ledger = table("ledger")
    mine = ledger[(ledger["payee"] == "generator G2") | (ledger["payer"] == "generator G2")]
    got = mine["amount"].where(mine["payee"] == "generator G2", -mine["amount"])[mine["code"].str.startswith("energy")].sum()
    second = {"first": 30.0, "tlmp": 30.0, "expost": 35.0}[mode]
    assert got == pytest.approx(25 * 50 + 35 * 100 + 30 * 90 - 10 * second)
    run = table("dispatch").query("run == 'RT' and unit == 'generator G2'")
    assert run["mw"].to_numpy() == pytest.approx([50, 90, 90])
    price = {"first": [25, 30, 30], "tlmp": [30, 30, 30], "expost": [25, 35, 30]}[mode]
    assert float(np.dot(run["mw"], price)) == pytest.approx(earned)


def test_a_limit_that_tightens_costs_the_rights_of_the_day_before(tmp_path):
    """Real time carries 260 MW on 1-3 in place of 300: outputs (580, 0, 320, 0), prices (40, 140, 340, 240), limit price 400. Users pay
    zone means by generation day ahead; contracts of 300 MWh at 250 and 200 MWh at 330 settle by quantity. What is left of congestion
    is 48000 + 400 (260 - 300) = 32000; of the zones in both runs and the contracts 12307.69 - 32000."""
    text = RING + """
real_time: {limits: {"13": 260}}
contracts:
  - {id: c1, seller: W1, buyer: 4, energy_mwh: 300, price: 250}
  - {id: c2, seller: C3, buyer: 4, energy_mwh: 200, price: 330}
"""
    table = market(tmp_path, text)
    prices = table("prices").query("run == 'RT'").set_index("bus")["lmp"]
    assert prices[["1", "2", "3", "4"]].to_numpy() == pytest.approx([40, 140, 340, 240])
    left = table("residuals").groupby("account")["amount"].sum()
    assert left["congestion"] == pytest.approx(32000)
    assert left.sum() == pytest.approx(12307.69, abs=0.01)


def test_what_a_cap_cuts_off_is_an_account_of_its_own(tmp_path):
    """The ring with a cap of 300: bus 3 settles at 300 in place of 340. Users pay 26000 + 90000 + 150000 = 266000, plants get 132000 +
    13000 + 75000 = 220000: 46000 are left, of 48000 rent; bus 3 took 50 MW more than it gave: 40 x 50 = 2000 are missing."""
    table = market(tmp_path, RING + "market: {rule: ip, price: {mode: clip, cap_cny_per_mwh: 300}}\n")
    prices = table("prices").set_index("bus")
    assert prices.loc["3", ["lmp", "settled"]].tolist() == pytest.approx([340, 300])
    left = table("residuals").groupby("account")["amount"].sum()
    assert left["congestion"] == pytest.approx(48000) and left["cap_adjust"] == pytest.approx(-2000)


def test_a_pricing_run_keeps_prices_of_shortage_at_the_cap(tmp_path):
    """150 MW wanted, 100 there: 50 MW are shed; in the pricing run at 650, which sets the price in place of 100000."""
    text = "demand_mw: 150\ngenerators: [{id: A, p_max: 100, marginal_cost: 100}]\nmarket: {rule: ip, price: {mode: penalty}}\n"
    prices = market(tmp_path, text)("prices")
    assert prices["lmp"].tolist() == pytest.approx([650])


def test_with_a_pricing_run_losses_are_those_of_the_schedule_that_was_cleared(tmp_path):
    """150 MW wanted, 100 at 100: 50 MW of oil run at 900, which the pricing run sheds at 650: oil lacks 50 x 250 = 12500, is made whole for
    that, and would rather be off: it loses as much."""
    text = """
demand_mw: 150
generators: [{id: A, p_max: 100, marginal_cost: 100}, {id: oil, p_max: 100, marginal_cost: 900}]
market: {rule: ip, price: {mode: penalty}}
"""
    table = market(tmp_path, text)
    assert table("prices")["lmp"].tolist() == pytest.approx([650])
    left = table("uplift").set_index("unit").loc["generator oil"]
    assert left[["revenue", "cost", "mwp", "loc"]].tolist() == pytest.approx([32500, 45000, 12500, 12500])


def test_a_limit_that_is_passed_sets_no_price_as_long_as_others_answer(tmp_path):
    """A offers 40; B needs 200 MW, has 80 at 300 and a line of 100, which carries 120. In the pricing run the line may carry 120: the price at
    B lies between 300 and 650, and the lowest is taken. The line earns 260 on 120 MW."""
    text = """
buses: [{id: a}, {id: b, load_mw: 200}]
lines: [{id: ab, from: a, to: b, limit_mw: 100}]
generators: [{id: A, bus: a, p_max: 300, marginal_cost: 40}, {id: B, bus: b, p_max: 80, marginal_cost: 300}]
market: {rule: ip, price: {mode: penalty}}
"""
    table = market(tmp_path, text)
    prices = table("prices").set_index("bus")
    assert prices["lmp"].tolist() == pytest.approx([40, 300]) and prices["lmp_hi"].tolist() == pytest.approx([40, 650])
    assert table("constraints")[["flow", "mu", "rent"]].to_numpy().tolist() == [pytest.approx([120, 260, 31200])]
    assert table("lost_opportunity")["loc"].abs().sum() == pytest.approx(0, abs=1e-6)
    assert table("residuals").groupby("account")["amount"].sum()["congestion"] == pytest.approx(31200)


TIGHTER = """
buses: [{id: a}, {id: b, load_mw: 300}]
lines: [{id: ab, from: a, to: b, limit_mw: 250}]
generators: [{id: M, bus: a, p_min: 200, p_max: 200, marginal_cost: 40}, {id: G, bus: b, p_max: 300, marginal_cost: 200}]
real_time: {limits: {ab: 100}}
market: {rule: ip, price: {mode: penalty}, real_time: {mode: MODE}}
"""


@pytest.mark.parametrize("mode", ["first", "tlmp", "expost"])
def test_in_real_time_a_limit_that_must_be_passed_costs_no_more_than_its_penalty_of_pricing(tmp_path, mode):
    """M must give 200 MW, of a line of 100 in real time: 100 MW too much, at 60000 in the dispatch and at 3000 in the pricing run. With the
    limit relaxed to 200 the price of M lies between 200 - 3000 and 200, and not below -650, at which a MW would find no use; nothing is lost,
    for M could give no less."""
    table = market(tmp_path, TIGHTER.replace("MODE", mode))
    prices = table("prices").query("run == 'RT'").set_index("bus")
    assert prices.loc["b", "settled"] == pytest.approx(200) and -650 - 1e-6 <= prices.loc["a", "settled"] <= 200
    if mode != "expost":
        assert prices.loc["a", "settled"] == pytest.approx(-650)
    limits = table("constraints").query("run == 'RT'")
    mu = 200 - prices.loc["a", "settled"]
    assert limits[["flow", "limit", "slack", "mu"]].to_numpy().tolist() == [pytest.approx([200, 100, 100, mu])]
    lost = table("lost_opportunity").query("run == 'RT'")
    assert lost["loc"].abs().sum() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("mode", ["first", "expost"])
def test_in_real_time_losses_are_those_of_the_schedule_at_the_prices_of_the_pricing_run(tmp_path, mode):
    """120 MW expected, 150 come, 100 there at 100: 50 MW of oil at 900, at the price of 650 of load that the pricing run sheds: 250 lost a MWh,
    of 20 MWh the day before."""
    text = """
buses: [{id: a, load_mw: 120}]
generators: [{id: A, bus: a, p_max: 100, marginal_cost: 100}, {id: oil, bus: a, p_max: 100, marginal_cost: 900}]
real_time: {demand_mw: {a: 150}}
market: {rule: ip, price: {mode: penalty}, real_time: {mode: MODE}}
"""
    table = market(tmp_path, text.replace("MODE", mode))
    assert table("prices")["settled"].tolist() == pytest.approx([650, 650])
    lost = table("lost_opportunity").set_index(["run", "unit"])["loc"]
    assert lost["DA", "generator oil"] == pytest.approx(20 * 250) and lost["RT", "generator oil"] == pytest.approx(50 * 250)
    assert lost.sum() == pytest.approx(70 * 250)
    out = table("dispatch").query("run == 'RT'").set_index("unit")["mw"]
    assert out["generator oil"] == pytest.approx(50)


def test_an_administered_price_leaves_rents_and_rights_as_they_are(tmp_path):
    """The ring at 280 for all, LMP (220, 260, 340, 300), what buses give (600, -50, -50, -500): users pay 900 x 280, plants get as much; the
    rent of 48000 is owed to the holder of 600 MW from 1 to 4, (300 - 220) x 600, and is what suspension costs: -60 x 600 + 20 x 50 - 60 x 50
    - 20 x 500 = -48000."""
    text = RING + "ftrs: [{id: f, holder: generator W1, source: 1, sink: 4, mw: 600}]\n"
    text += "market: {rule: admin}\npricing: {admin: {source: fixed, price_cny_per_mwh: 280}}\n"
    table = market(tmp_path, text)
    prices = table("prices").set_index("bus").loc[["1", "2", "3", "4"]]
    assert prices["lmp"].tolist() == pytest.approx([220, 260, 340, 300]) and prices["settled"].tolist() == pytest.approx([280] * 4)
    ledger, left = table("ledger"), table("residuals").groupby("account")["amount"].sum()
    assert ledger[ledger["code"] == "ftr"]["amount"].sum() == pytest.approx(48000)
    assert left["cap_adjust"] == pytest.approx(-48000) and ledger.query("payer == 'account congestion'")["amount"].sum() == pytest.approx(48000)
    assert ledger[ledger["code"] == "energy_da"].groupby(ledger["payer"] == "market")["amount"].sum().tolist() == pytest.approx([252000] * 2)


@pytest.mark.parametrize("of", ["penalties_dispatch", "penalties_pricing"])
def test_penalties_of_limits_after_outages_are_below_those_of_limits(ring, capsys, of):
    """In the clearing and in the pricing run: the dearer violation is avoided first."""
    assert execute(["market", str(ring), "-o", str(ring.parent / "out"), "--set", f"market.{of}={{line: 3000, security: 3000}}"]) == 5
    said = capsys.readouterr().err
    assert f"key 'market.{of}'" in said and "(line) must be above that of limits after outages (security)" in said


def test_regulation_after_energy_is_paid_at_one_price_by_generators(tmp_path):
    """80 MW: G2 40 at 5, G1 40 of 60 at 10: the price is 10, both get 400; energy is cleared without it: G1 400, G2 100."""
    table = market(tmp_path, """
demand_mw: 500
generators: [{id: G1, p_max: 400, marginal_cost: 260}, {id: G2, p_max: 300, marginal_cost: 320}]
agc: {mode: sequential, requirement_mw: 80, offers: [{generator: G1, max_mw: 60, price: 10}, {generator: G2, max_mw: 40, price: 5}]}
""")  # fmt: skip
    agc = table("agc").set_index("unit")
    assert agc.loc[["generator G1", "generator G2"], ["award", "price", "pay"]].to_numpy() == pytest.approx(np.array([[40, 10, 400]] * 2))
    output = table("dispatch").set_index("unit")["mw"]
    assert output[["generator G1", "generator G2"]].to_numpy() == pytest.approx([400, 100])
    ledger = table("ledger")
    assert ledger[(ledger["code"] == "agc") & ledger["payee"].str.startswith("generator")]["amount"].sum() == pytest.approx(800)


def test_what_regulation_keeps_from_being_sold_is_paid(tmp_path):
    """G1 offers 100 MW at 200 and 50 at 300; 50 MW kept for regulation leave 100 to sell, where energy costs the 320 of G2. It loses 50 x 20 =
    1000, not the 50 x 120 of its mean offer, and gets 500 for mileage: 500 are left."""
    table = market(tmp_path, """
demand_mw: 200
generators: [{id: G1, p_max: 150, blocks: [[100, 200], [50, 300]]}, {id: G2, p_max: 300, marginal_cost: 320}]
agc: {mode: sequential, requirement_mw: 50, offers: [{generator: G1, max_mw: 50, price: 10}]}
market: {rule: ip, agc: {withhold: true}}
""")  # fmt: skip
    ledger = table("ledger").set_index("code")
    assert ledger.loc["agc", "amount"] == pytest.approx(500) and ledger.loc["agc_opportunity", "amount"] == pytest.approx(500)


TRADE = """
buses: [{id: a, load_mw: [100, 700]}]
periods: 2
generators: [{id: G, bus: a, p_max: 650, marginal_cost: 100}]
trade:
  segments:
    - {id: A-B1, from: A, to: B1, loss: 0.065, tariff: 60, atc_mw: 400}
    - {id: A-B2, from: A, to: B2, loss: 0.07, tariff: 50, atc_mw: 300}
  sell: [{province: A, steps: [[200, 150], [300, 260]]}]
  buy: [{province: B1, steps: [[250, 500]]}, {province: B2, steps: [[300, 420]]}]
  provinces: [{id: A, bus: a}]
market: {rule: ip, pre_clearing: {enabled: true, tick_mw: 0}, real_time: {enabled: true}}
"""


def test_provinces_trade_before_the_day_ahead_market_where_the_study_says_so(tmp_path):
    """Period 1: 200 MW at 150 and 67.3797 at 260 go to B1, 232.6203 at 260 to B2, at 302.05 (netbacks 411.4 and 344.1): 500 MW leave A beside
    its 100 MW of load, day ahead and in real time. Period 2: A cannot serve its own 700 MW, so that it may not sell; 50 MW are shed."""
    table = market(tmp_path, TRADE)
    trade = table("trade").sort_values(["buyer", "sent"])
    assert trade["sent"].to_numpy() == pytest.approx([67.3797, 200, 232.6203], abs=1e-4)
    assert trade["seller_price"].to_numpy() == pytest.approx([302.05] * 3)
    assert trade.groupby("buyer")["buyer_price"].first().to_numpy() == pytest.approx([383.0481, 374.7849], abs=1e-4)
    assert trade["payment"].sum() == pytest.approx(trade["revenue"].sum() + trade["tariff"].sum())
    output = table("dispatch").query("unit == 'generator G'").sort_values(["run", "period"])["mw"]
    assert output.to_numpy() == pytest.approx([600, 650, 600, 650])
    # A buys the 500 MWh at 100 and sells them at 302.05; B1 pays 95,762.03, 60 of it for each of its 250 MWh to the tariff.
    ledger = table("ledger")
    received, paid = (ledger.groupby([who, "code"])["amount"].sum() for who in ("payee", "payer"))
    assert received["exchange trade of A", "trade"] == pytest.approx(500 * 302.05)
    assert paid["exchange trade of A", "energy_da"] == pytest.approx(50000)
    assert paid["province B1"].sum() == pytest.approx(95762.03, abs=0.01) and paid["province B1", "trade_tariff"] == pytest.approx(15000)
    assert paid["province B2"].sum() == pytest.approx(trade.loc[trade["buyer"] == "B2", "payment"].sum())
    assert received["tariff", "trade_tariff"] == pytest.approx(trade["tariff"].sum())
    load = table("load").sort_values(["run", "period"])["mw"].to_numpy()
    assert load == pytest.approx([100, 650, 100, 650])


def test_price_of_the_study_has_provinces_trade_first(tmp_path, capsys):
    """600 and 650 MWh at 100, with trade, 100 and 650 without; 50 MWh are shed at 10,000 in both. Strategies are refused with trade: what is
    agreed must flow without the owner, too."""
    path = tmp_path / "case.yaml"
    for text, cost, code in ((TRADE, 625e3, 5), (TRADE.replace("enabled: true, tick_mw", "enabled: false, tick_mw"), 575e3, 0)):
        path.write_text(text, encoding="utf-8")
        capsys.readouterr()
        assert execute(["price", str(path), "--rules", "ip", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["objective"] == pytest.approx(cost)
        assert execute(["strategy", str(path), "--owner", "G", "--raise", "10", "--json"]) == code
        assert ("what provinces have agreed must flow" in capsys.readouterr().out) == (code == 5)


def test_without_the_key_nothing_is_traded_and_with_it_but_without_trade_the_study_is_refused(tmp_path, ring, capsys):
    table = market(tmp_path, TRADE.replace("pre_clearing: {enabled: true, tick_mw: 0}, ", ""))
    assert table("dispatch").query("run == 'DA' and unit == 'generator G'").sort_values("period")["mw"].to_numpy() == pytest.approx([100, 650])
    assert execute(["market", str(ring), "--set", "market={pre_clearing: {enabled: true}}", "-o", str(tmp_path / "no")]) == 5
    assert "holds no trade between provinces" in capsys.readouterr().err


def test_the_table_of_dispatch_tells_status_starts_and_reserve(tmp_path):
    """B starts in period 1 and stays: outputs 60, 120, 160; A is not switched. A reserve of 20 MW is held by A alone, at no cost."""
    text = THREE_PERIODS + "reserves: [{id: r, product: spinning_up, requirement_mw: 20, offers: [{generator: A}]}]\n"
    table = market(tmp_path, text)("dispatch").sort_values("period")
    a, b = (table[table["unit"] == f"generator {n}"] for n in "AB")
    assert b[["mw", "on", "start", "reserve"]].to_numpy() == pytest.approx(np.array([[60, 1, 1, 0], [120, 1, 0, 0], [160, 1, 0, 0.0]]))
    assert a["on"].isna().all() and a["reserve"].to_numpy() == pytest.approx([20, 20, 20])


def test_users_who_bid_are_load_at_their_bus_and_the_reliability_run_adds_what_they_left_out(tmp_path):
    """Users bid 80 MW at 500 where 120 are expected; A offers 100 at 50, B 100 at 90: day ahead 80 at 50; real time 120 at 90."""
    table = market(tmp_path, """
demand_mw: 120
generators: [{id: A, p_max: 100, marginal_cost: 10}, {id: B, p_max: 100, marginal_cost: 20}]
offers: [{generator: A, blocks: [[100, 50]]}, {generator: B, blocks: [[100, 90]]}]
demand_bids: [{blocks: [[80, 500], [10, 45]]}]
market: {rule: ip, real_time: {enabled: true}}
""")  # fmt: skip
    prices = table("prices").set_index("run")["lmp"]
    assert prices.to_dict() == pytest.approx({"DA": 50, "RT": 90})
    output = table("dispatch").set_index(["run", "unit"])["mw"]
    assert output["DA"].to_dict() == pytest.approx({"generator A": 80, "generator B": 0}, abs=1e-6)
    assert output["RT"].to_dict() == pytest.approx({"generator A": 100, "generator B": 20})


def test_bids_that_break_the_rules_end_with_5_and_nothing_is_written(tmp_path, capsys):
    path, out = tmp_path / "case.yaml", tmp_path / "out"
    path.write_text("""
demand_mw: 120
generators: [{id: A, p_max: 100, marginal_cost: 10}, {id: B, p_max: 100, marginal_cost: 20}]
offers: [{generator: A, blocks: [[50, 90], [50, 60]]}, {generator: B, blocks: [[100, 900]]}, {generator: C, blocks: [[1, 50]]}]
""", encoding="utf-8")  # fmt: skip
    assert execute(["market", str(path), "-o", str(out)]) == 5
    said = capsys.readouterr().err
    for part in ("'A', segment 2: 60 is below", "'B', segment 1: 900 is above the cap", "'C': no participant"):
        assert part in said
    assert not out.exists()


def test_wrong_keys_of_the_market_are_named_and_nothing_is_written(ring, capsys):
    out = ring.parent / "out"
    settings = "market={offers: {flor_cny_per_mwh: 3}, price: {mode: cut}}"
    assert execute(["market", str(ring), "-o", str(out), "--set", settings]) == 5
    said = capsys.readouterr().err
    assert "'flor_cny_per_mwh': is not a key of 'market.offers'" in said and "floor_cny_per_mwh" in said
    assert "market.price.mode" in said
    assert not out.exists()


@pytest.mark.parametrize("command", ["market", "check", "explain"])
@pytest.mark.parametrize("rule", ["best", "ip,chp", "all"])
def test_what_is_not_one_rule_is_refused(ring, capsys, command, rule):
    more = ["--price", "1@1"] if command == "explain" else []
    assert execute([command, str(ring), *more, "--set", f"market={{rule: '{rule}'}}"]) == 5
    said = capsys.readouterr().err
    assert f"key 'market.rule': '{rule}' is refused: it is not known" in said and " Known rules: ip, " in said


SQUARE = "demand_mw: 50\ngenerators:\n  - {id: A, p_max: 100, cost: {c1: 10, c2: 0.1}}\n"


@pytest.mark.parametrize(("rule", "text", "words"), [
    ("chp", SQUARE, "rule 'chp': the case has square costs (generator 'A'), which it does not know"),
    ("admin", RING, "rule admin: has no price. Give key 'pricing.admin.price_cny_per_mwh'"),
])  # fmt: skip
def test_what_a_rule_cannot_price_is_refused_before_anything_is_cleared(tmp_path, capsys, monkeypatch, rule, text, words):
    def clears(*given):
        raise AssertionError("cleared for a rule that cannot price it")

    monkeypatch.setattr("gridopt.study.market.clear_days", clears)
    path, out = tmp_path / "case.yaml", tmp_path / "out"
    path.write_text(text, encoding="utf-8")
    assert execute(["market", str(path), "-o", str(out), "--set", f"market.rule={rule}"]) == 5
    assert words in capsys.readouterr().err and not out.exists()


def test_what_real_time_cannot_follow_is_refused_before_anything_is_cleared(tmp_path, capsys, monkeypatch):
    def clears(*given):
        raise AssertionError("cleared for a real time that cannot follow")

    monkeypatch.setattr("gridopt.study.market.clear_days", clears)
    path, out = tmp_path / "case.yaml", tmp_path / "out"
    path.write_text(SQUARE.replace("demand_mw: 50", "demand_mw: 50\nreal_time: {demand_mw: 60}"), encoding="utf-8")
    assert execute(["market", str(path), "-o", str(out), "--set", "market.rule=ip"]) == 5
    said = capsys.readouterr().err
    assert "table generator, 'A': cost_quadratic_cny_per_mw2h 0.1: real time knows straight cost curves only." in said and not out.exists()


@pytest.mark.parametrize(("words", "gap", "seconds", "money"), [
    ((), 5e-3, np.inf, 0.0),
    (("mip_gap=0.02", "time_limit_s=7", "mip_gap_cny=30"), 0.02, 7.0, 30.0),
    (("mip_gap=0.02", "market.day_ahead.mip_gap=0.01", "market.day_ahead.time_limit_s=9"), 0.01, 9.0, 0.0),
])  # fmt: skip
def test_the_gap_of_the_study_holds_unless_the_market_has_its_own(ring, monkeypatch, words, gap, seconds, money):
    from gridopt.program.solution import LimitReached

    def clears(bid, forecast, rule, *given):
        assert (rule.search.gap, rule.search.seconds, rule.search.money) == (gap, seconds, money)
        raise LimitReached("seen")

    monkeypatch.setattr("gridopt.study.market.clear_days", clears)
    more = [w for word in words for w in ("--set", word)]
    assert execute(["market", str(ring), "-o", str(ring.parent / "out"), *more]) == 4


def test_a_bid_takes_the_place_of_square_costs(tmp_path):
    """What A offers at 60 is what the market clears and prices: its square costs refuse no rule."""
    text = SQUARE + "offers: [{generator: A, blocks: [[100, 60]]}]\n"
    assert market(tmp_path, text, "--set", "market.rule=chp")("prices")["lmp"].tolist() == pytest.approx([60])


def test_prices_that_could_not_be_chosen_are_told(tmp_path, monkeypatch, capsys):
    """Where the solver cannot tell the right duals apart, hull prices stand as they were found, and a warning names the day."""
    from gridopt.program.solution import SolverFailed

    def fails(*given):
        raise SolverFailed("no optimum")

    monkeypatch.setattr("gridopt.dispatch.hull.Master.chosen", fails)
    market(tmp_path, RING, "--set", "market.rule=chp")
    words = "warning: rule chp: several prices are right, and those given were not chosen among them by its selection; others may be as right"
    assert f"{words} (days from 2025-01-01 00:00)" in capsys.readouterr().err
