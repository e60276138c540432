"""Sections of a market run: sums and means by hand, what is not known, doubts about the clearing, names that carry markup."""

import base64
import json
import re

import numpy as np
import pandas as pd
import pytest

from gridopt.dispatch.market_tables import PREFIX, frame
from gridopt.report import page
from gridopt.report.facts import cards
from gridopt.report.folder import open_run
from gridopt.report.market_advisory import advisory
from gridopt.report.market_agc import agc
from gridopt.report.market_cards import market_cards
from gridopt.report.market_change import change
from gridopt.report.market_data import prices
from gridopt.report.market_ledger import code_words, ledger
from gridopt.report.market_metrics import metrics
from gridopt.report.market_names import gap_words, quality
from gridopt.report.market_rules import rules
from gridopt.report.market_stages import stages
from gridopt.report.market_uplift import uplift
from gridopt.report.pack import Page
from gridopt.report.text import WORDS
from tests.report import fake_market, fake_run

HOURS = pd.date_range("2025-03-03", periods=2, freq="h")
PROVEN = {"gap": 0.0, "exact": True}


@pytest.fixture(scope="module")
def html(market):
    return (market / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def document(html):
    return json.loads(re.search(r'<script type="application/json" id="gridopt-data">(.*?)</script>', html, re.S).group(1))


@pytest.fixture
def tables(tmp_path):
    """Opens a folder that holds nothing but given tables: {name: frame}; of the market where the name is one of those."""

    def opened(**given):
        (tmp_path / "tables").mkdir(exist_ok=True)
        for name, made in given.items():
            known = PREFIX if name in ("prices", "zone_prices", "constraints", "dispatch", "load", "uplift", "ledger", "residuals", "explain",
                "agc", "advisory",
                "metrics") else ""
            made.to_parquet(tmp_path / "tables" / f"{known}{name}.parquet", index=False)
        return open_run(tmp_path)

    return opened


def price_rows(rule="ip", run="DA", lmp=((100.0, 300.0), (200.0, 400.0)), bus=("A", "B"), period=HOURS, **more):
    """Prices of buses A and B in two hours, all of it energy."""
    at, when = (v.ravel() for v in np.meshgrid(bus, period, indexing="ij"))
    value = np.ravel(lmp).astype(float)
    given = {"energy": value, "congestion": 0.0, "loss": 0.0, "lmp": value, "lmp_lo": np.nan, "lmp_hi": np.nan, "settled": value,
        "weights": "load"}
    return frame("prices", rule=rule, run=run, period=when, bus=at, **(given | PROVEN | more))


def unpacked(packed):
    kind = "<i2" if packed["scale"] else "<f4"
    return np.frombuffer(base64.b64decode(packed["data"]), kind).reshape(packed["rows"], packed["columns"]) * (packed["scale"] or 1.0)


def decoded(array) -> list[float]:
    """Values of an array as plotly keeps it in a figure."""
    return np.frombuffer(base64.b64decode(array["bdata"]), array["dtype"]).tolist()


def payment(payer, payee, code, quantity, price):
    return {"payer": payer, "payee": payee, "code": code, "period": HOURS[0], "quantity": quantity, "price": price, "amount": quantity * price}


def books(*rows):
    columns = {k: [r[k] for r in rows] for k in rows[0]}
    return frame("ledger", **columns, exact=True)


def test_mean_of_zones_without_loads_counts_buses_alike(tables):
    """A 100, 300 and B 200, 400: the mean of both is 150 and 350, of all hours 250."""
    run = tables(prices=price_rows())
    found = prices(run)
    assert found.series[0, 0, 0].tolist() == [150.0, 350.0]
    row = rules(run, Page())["rows"][0]
    assert (row["mean"], row["low"], row["high"], row["payment"], row["mwp"]) == (250.0, 100.0, 400.0, None, None)


def test_load_pays_its_zone_price_and_the_price_of_the_bus_where_there_is_none(market):
    """Payment of each rule in the made-up run: prices of the zones times load of the results, hour by hour."""
    run = open_run(market)
    found = prices(run)
    load = pd.DataFrame(run.data["load"].values.astype(float), index=run.data["bus"].values).loc[found.bus].to_numpy()
    zone = pd.read_parquet(market / "tables" / "market_zone_prices.parquet")
    zone = zone[(zone.rule == "chp") & (zone.run == "RT")].pivot(index="zone", columns="period", values="price")
    expected = sum((load[[z == name for z in found.zone]].sum(0) * zone.loc[name].to_numpy()).sum() for name in ("Hexi", "Hedong"))
    rows = {r["name"][0]: r for r in rules(run, Page())["rows"]}
    assert rows["Convex hull (chp) · Real time"]["payment"] == pytest.approx(expected, rel=1e-6)
    run.data.close()


def test_load_of_a_run_comes_from_its_table(tables):
    """A takes 10 MW in both hours, B 30 MW in the second: 10 x 100 and (10 x 300 + 30 x 400) = 1000 + 15000; means 100 and 375."""
    load = frame("load", run="DA", period=[*HOURS, HOURS[1]], bus=["A", "A", "B"], mw=[10.0, 10.0, 30.0], **PROVEN)
    run = tables(prices=price_rows(), load=load)
    assert rules(run, Page())["rows"][0]["payment"] == 16000.0
    assert prices(run).series[0, 0, 0].tolist() == [100.0, 375.0]


def test_a_network_without_zones_has_one_price_of_users(tables):
    """The zone without a name: 70 for all, no zone beside the mean."""
    zones = frame("zone_prices", rule="ip", run="DA", period=HOURS, zone="", weights="load", price=70.0, **PROVEN)
    found = prices(tables(prices=price_rows(), zone_prices=zones, bus=pd.DataFrame({"bus": ["A", "B"], "zone": ["", ""]})))
    assert np.allclose(found.user_price, 70.0) and found.zones == [] and found.series.shape == (1, 1, 1, 2)


def test_one_price_of_a_province_is_what_all_users_pay(tables):
    """Zones of buses are Z1 and Z2, the only zone of the table is province: users pay 70 wherever they are."""
    zones = frame("zone_prices", rule="ip", run="DA", period=HOURS, zone="province", weights="gen", price=70.0, **PROVEN)
    run = tables(prices=price_rows(), zone_prices=zones, bus=pd.DataFrame({"bus": ["A", "B"], "zone": ["Z1", "Z2"]}))
    assert np.allclose(prices(run).user_price, 70.0)


def test_hourly_prices_count_for_the_quarters_they_span(tables):
    """Day-ahead by the hour, real time by the quarter: the four quarters of an hour have its price, none beyond the last."""
    quarters = pd.date_range("2025-03-03", periods=12, freq="15min")
    real = price_rows(run="RT", lmp=[range(12)] * 2, period=quarters)
    found = prices(tables(prices=pd.concat([price_rows(), real])))
    ahead = found.cube("lmp")[0, found.runs.index("DA"), 0]
    assert ahead[:8].tolist() == [100.0] * 4 + [300.0] * 4 and np.isnan(ahead[8:]).all()
    assert found.hours.tolist() == [0.25] * 12


def test_books_of_two_users_and_a_plant_end_at_zero(tables):
    """Users pay 600 and 400, the plant gets 900, rent 100 goes to the account and back to the first user: balances -500, -400, 900, 0, 0."""
    rows = [
        payment("load A", "market", "energy_da", 6.0, 100.0), payment("load B", "market", "energy_da", 4.0, 100.0),
        payment("market", "unit U", "energy_da", 10.0, 90.0), payment("market", "account congestion", "residual_da", 1.0, 100.0),
        payment("account congestion", "load A", "allocation_congestion", 1.0, 100.0),
    ]  # fmt: skip
    residuals = frame("residuals", account=["congestion"], amount=[100.0], allocated_to=["load by month"], exact=True)
    made = Page()
    found = ledger(tables(prices=price_rows(), ledger=books(*rows), residuals=residuals), made)
    assert {p["id"]: p["net"] for p in found["parties"]} == {"load A": -500.0, "load B": -400.0, "unit U": 900.0, "market": 0.0,
        "account congestion": 0.0}
    assert found["closes"] == {"total": 0.0, "market": 0.0, "accounts": 0.0, "good": True}
    assert found["accounts"][0]["to"] == ("users by load, each month", "用户按用电量，逐月")
    steps = next(t for t in made.figures["mk_waterfall"]["data"] if t["meta"]["pick"] == "market")
    assert steps["y"] == [1000.0, -900.0, -100.0, 0.0] and steps["measure"][-1] == "total"
    # the rent reaches users under the theme of its account, not as a theme of its own
    assert [r["theme"][0] for r in found["codes"]] == ["Energy", "Congestion rent", "Congestion rent"]


def test_every_column_of_the_books_adds_up_to_zero(market):
    made = Page()
    run = open_run(market)
    ledger(run, made)
    for pick in ("all", "less"):
        bars = [t["y"] for t in made.figures["mk_codes"]["data"] if t["meta"]["pick"] == pick]
        total = np.sum([np.frombuffer(base64.b64decode(y["bdata"]), y["dtype"]) for y in bars], axis=0)
        assert np.abs(total).max() < 1e-9
    run.data.close()


def test_a_payment_that_is_no_number_is_told(tables):
    found = ledger(tables(prices=price_rows(), ledger=books(payment("load A", "market", "energy_da", np.nan, 100.0))), Page())
    assert not found["closes"]["good"]


def test_uplift_is_summed_over_horizons_and_sorted(tables):
    """U: 10 + 30 paid by load; V: nothing is left open, so it has no row."""
    row = {"rule": "ip", "run": "DA", "revenue": 1.0, "cost": 1.0, "profit": 0.0, "best_profit": 0.0, "payer": "load", **PROVEN}
    made = frame("uplift", unit=["unit U", "unit U", "unit V", "unit W"], horizon=["a", "b", "a", "a"], mwp=[10.0, 30.0, 0.0, 5.0],
        loc=[np.nan, 2.0, 0.0, 90.0],
                 paid=[10.0, 30.0, 0.0, 5.0], besides=0.0, **row)  # fmt: skip
    found = uplift(tables(prices=price_rows(), uplift=made), Page())
    assert [(r["name"][0], r["mwp"], r["loc"]) for r in found["rows"]] == [("W (unit)", 5.0, 90.0), ("U (unit)", 40.0, 2.0)]
    assert [(p["name"][0], p["paid"]) for p in found["payers"]] == [("Users, by load", 45.0)]


def test_change_between_rules_is_what_plants_receive_more(tables):
    """Without uplift the plant at A, 10 MW for two hours, gets 10 x (100 + 300) = 4000, under the other rule 10 x (150 + 300) = 4500."""
    both = pd.concat([price_rows(), price_rows(rule="chp", lmp=((150.0, 300.0), (0.0, 0.0)))])
    sent = frame("dispatch", run="DA", period=HOURS, unit="unit U", mw=10.0, reserve=0.0, on=1.0, start=0.0, available=10.0,
        curtailed=0.0, cause="", **PROVEN)
    made = Page()
    change(tables(prices=both, dispatch=sent, unit=pd.DataFrame({"unit": ["U"], "bus": ["A"], "technology": ["coal"]})), made)
    groups = made.data["change"]["groups"]
    assert groups["unit"]["value"] == groups["technology"]["value"] == [[4000.0, 4500.0]] and "zone" not in groups


def test_users_bear_uplift_by_load(tables):
    """10 MW at A and 30 MW at B for two hours: 10 x 400 = 4000 at A, 30 x 600 = 18000 at B; 800 of uplift besides, a quarter at A."""
    both = pd.concat([price_rows(), price_rows(rule="chp")])
    load = frame("load", run="DA", period=[*HOURS, *HOURS], bus=["A", "A", "B", "B"], mw=[10.0, 10.0, 30.0, 30.0], **PROVEN)
    paid = frame("uplift", rule="chp", run="DA", unit="unit U", horizon="a", revenue=0.0, cost=800.0, besides=0.0,
                  profit=-800.0, best_profit=0.0, mwp=800.0,
                 loc=800.0, paid=800.0, payer="load", **PROVEN)  # fmt: skip
    made = Page()
    change(tables(prices=both, load=load, uplift=paid, bus=pd.DataFrame({"bus": ["A", "B"], "zone": ["Y", "Z"]})), made)
    assert made.data["change"]["groups"]["zone"]["value"] == [[-4000.0, -4200.0], [-18000.0, -18600.0]]


def test_one_rule_and_one_run_have_nothing_to_compare(tables):
    run = tables(prices=price_rows())
    assert change(run, Page()) is None and stages(run, Page()) is None and uplift(run, Page()) is None and ledger(run, Page()) is None
    assert metrics(run) is None


def test_real_time_is_dearer_half_of_the_time(tables):
    """A alone: day-ahead 100, 300; real time 110, 280: differences 10 and -20, mean -5, deviation 15."""
    run = tables(prices=pd.concat([price_rows(bus=("A",), lmp=[[100.0, 300.0]]), price_rows(run="RT", bus=("A",), lmp=[[110.0, 280.0]])]))
    row = stages(run, Page())["zones"][0]
    assert (row["ahead"], row["real"], row["apart"], row["deviation"], row["dearer"]) == (200.0, 195.0, -5.0, 15.0, 0.5)


def test_real_time_by_another_rule_is_compared_all_the_same(tables):
    """The day ahead by hulls, real time by its windows: the names tell, and the headline has both means."""
    ahead, real = price_rows("chp", bus=("A",), lmp=[[100.0, 300.0]]), price_rows(run="RT", bus=("A",), lmp=[[110.0, 280.0]])
    run, page = tables(prices=pd.concat([ahead, real])), Page()
    row = stages(run, page)["zones"][0]
    assert (row["ahead"], row["real"]) == (200.0, 195.0)
    (card,) = market_cards(run)
    assert "200" in card["text"][0] and "(ip) 195" in card["text"][0] and "(chp)" in card["text"][0]


def test_volumes_differ_up_and_down(market):
    """Energy of real time is that of day-ahead, plus what is more, less what is less, technology by technology."""
    run = open_run(market)
    for row in stages(run, Page())["volumes"]:
        assert row["real"] == pytest.approx(row["ahead"] + row["up"] - row["down"]) and row["up"] > 0 < row["down"]
    run.data.close()


def test_terms_of_a_price_come_back_from_the_page(document, market):
    """Every price that is explained: energy + loss + congestion, and weight x offer of the two units, both add up to it."""
    data, arrays = document["data"], document["arrays"]
    count = np.rint(unpacked(arrays["why_terms"])[0]).astype(int)
    source = np.rint(unpacked(arrays["why_source"])[0]).astype(int)
    part = unpacked(arrays["why_weight"])[0] * unpacked(arrays["why_value"])[0]
    lmp = unpacked(arrays[f"why_lmp_{data['why']['combos'][0]['key']}"])
    kind = np.array(data["why_terms"]["kind"])[source]
    place = np.repeat(np.arange(len(count)), count)
    for some in (kind == "marginal", np.isin(kind, ("energy", "loss", "congestion"))):
        total = np.bincount(place[some], weights=part[some], minlength=len(count)).reshape(-1, len(data["why"]["bus"]))
        assert np.allclose(total[1:], lmp.T[1:], atol=0.02)
        assert (total[0] == 0).all()


def test_limits_of_a_period_come_back_from_the_page(document, market):
    data, arrays = document["data"], document["arrays"]
    key = data["why"]["combos"][0]["key"]
    limits = pd.read_parquet(market / "tables" / "market_constraints.parquet")
    limits = limits[(limits.rule == "ip") & (limits.run == "DA")]
    assert np.rint(unpacked(arrays[f"why_count_{key}"])[0]).sum() == len(limits)
    assert sorted(unpacked(arrays[f"why_mu_{key}"])[0]) == pytest.approx(sorted(limits.mu), abs=0.01)
    names = [document["names"][t[1:-1]][0] for t in data["why_limits"][key]]
    assert "Heyu" in names and any("after the outage of" in n for n in names)


def test_an_open_gap_is_said_wherever_prices_are_shown(html):
    assert html.count("cleared to a gap of 0.31 %, prices may differ") >= 7 and html.count("出清间隙 0.31%，电价可能不同") >= 7


def test_a_proven_run_has_no_doubt(tmp_path):
    text = page.write(fake_market.make(tmp_path / "r", days=1, rules=("ip",), runs=("DA",))).read_text(encoding="utf-8")
    body = text[: text.index('id="gridopt-data"')]
    assert "prices may differ" not in body and 'id="mk_change"' not in body and 'id="mk_stages"' not in body


def test_the_worst_gap_is_told_with_two_figures_that_count():
    made = [price_rows(gap=0.00031, exact=False), price_rows(gap=0.5, exact=True)]
    assert quality(*made) == ("cleared to a gap of 0.031 %, prices may differ", "出清间隙 0.031%，电价可能不同")
    assert gap_words(0.25) == ("25 %", "25%") and quality(price_rows()) is None


def test_tables_alone_make_a_page(tmp_path):
    """Pricing leaves tables without results.nc: the page shows them and leaves out everything physical."""
    folder = fake_market.make(tmp_path / "r", days=1, results=False)
    text = page.write(folder).read_text(encoding="utf-8")
    assert 'id="mk_rules"' in text and 'id="dispatch"' not in text and ">Loads are not known here" in text


def test_a_physical_run_has_no_market_section(report):
    text = report.read_text(encoding="utf-8")
    assert 'id="mk_' not in text[: text.index('id="gridopt-data"')]


def test_metrics_of_the_market_are_grouped_and_those_of_others_are_tables(market):
    run = open_run(market)
    found = metrics(run)
    run.data.close()
    assert {k: len(v) for k, v in found["market"]} == {"price": 1, "money": 1, "concentration": 1, "curtailment": 1, "other": 1}
    tables = {kind: ([c["key"] for c in columns], rows) for kind, columns, rows in found["tables"]}
    assert tables["technology"] == (["capture_price", "value_factor"], [{"name": ("Wind", "风电"), "values": ["196.40", "0.712"]}])
    assert tables["owner"][1] == [{"name": ("A Power", "A Power"), "values": ["0.940", "3.000"]}]
    assert dict(found["market"])["other"][0]["unit"] == ("", "")
    columns = {c["key"]: c["unit"][0] for _, some, _ in found["tables"] for c in some}
    assert columns == {"capture_price": "CNY/MWh", "value_factor": "", "rsi_min": "", "pivotal_hours": "h", "lerner": "%",
        "share_negative": "%"}
    assert tables["unit"][1] == [{"name": ("U00 (unit)", "U00（机组）"), "values": ["12.0"]}]


def test_every_figure_of_a_run_has_words():
    """Names that the analysis gives on a ring of four buses, both runs alike, with uplift: none is only spelt out."""
    from gridopt.analysis.market_metrics import MetricRules
    from gridopt.analysis.market_metrics import metrics as made
    from gridopt.dispatch.market_run import MarketRun
    from tests.support.market import RING, priced

    found = priced(RING.replace("{id: W1, bus: 1,", "{id: W1, bus: 1, technology: wind,"), "ip")
    runs = [MarketRun.of(found.solved, found.priced.prices, stage) for stage in ("DA", "RT")]
    left = frame("uplift", rule="ip", run="DA", unit="generator C2", horizon="a", revenue=5.0, cost=9.0, besides=0.0,
                  profit=-4.0, best_profit=0.0, mwp=4.0,
                 loc=4.0, paid=4.0, payer="load", **PROVEN)  # fmt: skip
    rules_of = MetricRules(fixed_cost={"wind": 100.0})
    names = {n.partition(" by ")[0] for n in made(*runs, found.solved.case, rules=rules_of, tables={"uplift": left})["name"]}
    assert {"missing_money", "mwp_share", "da_rt_spread_mean"} <= names
    assert sorted(n for n in names if f"mk_metric_{n}" not in WORDS) == []


def test_markup_in_names_stays_text(html):
    assert fake_run.EVIL not in html and fake_run.EVIL_SCRIPT not in html and html.count("</script>") == 5


def test_every_word_of_the_market_is_in_two_languages():
    chinese = re.compile(r"[\u4e00-\u9fff]|HHI|RSI|^[，、]$")
    holes = re.compile(r"\{\w+\}")
    # what stands in for holes may be all there is to say
    words = {k: both for k, both in WORDS.items() if k.startswith(("mk_", "s_mk_"))}
    known = {k: (en, zh) for k, (en, zh) in words.items() if holes.sub("", zh).strip("：，。")}
    wrong = [k for k, (en, zh) in known.items() if not en or not chinese.search(zh)]
    wrong += [k for k, (en, zh) in words.items() if sorted(holes.findall(en)) != sorted(holes.findall(zh))]
    assert wrong == []


def test_a_week_of_quarter_hours_stays_small(tmp_path):
    """41 buses, 672 periods, four rules, two runs, every day-ahead price explained: below 12 MB."""
    folder = fake_market.make(tmp_path / "week", days=7, step_minutes=15, buses=41, rules=("ip", "elmp", "zonal_avg", "chp"))
    assert page.write(folder).stat().st_size < 12e6


def test_one_card_tells_the_price_of_a_market_run(market):
    """Users pay prices within floor and cap; a second card with raw prices of real time would contradict the first."""
    run = open_run(market)
    try:
        labels = [c["label"] for c in cards(run)]
    finally:
        run.data.close()
    assert WORDS["mk_label_price"] in labels and WORDS["label_price"] not in labels


def test_regulation_by_hand(tables):
    """U regulates 10 MW in the first hour and 20 in the second at 6 and 8 a MW of mileage, V 5 MW in the second: 60 + 160 and 40 x 0.5."""
    made = frame("agc", run="RT", period=HOURS[[0, 1, 1]], unit=["unit U", "unit U", "unit V"], award=[10.0, 20.0, 5.0],
                 mileage=[10.0, 20.0, 5.0], price=[6.0, 8.0, 8.0], performance=[1.0, 1.0, 0.5], pay=[60.0, 160.0, 20.0])  # fmt: skip
    page = Page()
    found = agc(tables(prices=price_rows(run="RT"), agc=made), page)
    assert [(r["hours"], r["mean"], r["most"], r["mileage"], r["pay"]) for r in found["rows"]] == [(2, 15, 20, 30, 220), (1, 5, 5, 5, 20)]
    assert "35 MW" in found["sum"][0] and "240" in found["sum"][0] and "里程 35 MW" in found["sum"][1]
    price = page.figures["mk_agc"]["data"][-1]
    assert decoded(price["y"]) == [6.0, 8.0] and price["yaxis"] == "y2"
    assert agc(tables(agc=made.iloc[:0]), Page()) is None


def test_what_windows_said_by_hand(tables):
    """Buses A and B with loads 1 and 3. The second hour came at 200 and 400, mean 350; the window of the first said 210 and 380 of it: 337.5,
    12.5 too little."""
    window, period = HOURS[[0, 0, 0, 0, 1, 1]], HOURS[[0, 0, 1, 1, 1, 1]]
    made = frame("advisory", rule="ip", window=window, period=period, bus=["A", "B"] * 3, lmp=[100.0, 300, 210, 380, 200, 400], exact=True)
    load = frame("load", run="RT", period=HOURS.repeat(2), bus=["A", "B"] * 2, mw=[1.0, 3.0, 1.0, 3.0], **PROVEN)
    page = Page()
    found = advisory(tables(prices=price_rows(run="RT", lmp=((100.0, 200.0), (300.0, 400.0))), advisory=made, load=load), page)
    assert found["rows"] == [{"lead": 60, "mean": -12.5, "size": 12.5, "periods": 1}]
    came, said = page.figures["mk_ahead_lines"]["data"]
    assert decoded(came["y"])[1] == 350.0 and decoded(said["y"])[1] == 337.5


def test_windows_that_look_nowhere_ahead_say_nothing(tables):
    made = frame("advisory", rule="ip", window=HOURS, period=HOURS, bus="A", lmp=[1.0, 2.0], exact=True)
    assert advisory(tables(prices=price_rows(run="RT"), advisory=made), Page()) is None
    assert advisory(tables(prices=price_rows(run="DA"), advisory=made), Page()) is None


@pytest.mark.parametrize(("code", "words"), [
    ("reserve_da_spin", "Reserve spin, day-ahead"), ("reserve_rt_slow_spin", "Reserve slow spin, real time"),
    ("commitment_da_start", "Decisions at their price: starts"),
    ("commitment_da_dc_schedule_level", "Decisions at their price: dc schedule level"),
])  # fmt: skip
def test_payments_beside_energy_have_names(code, words):
    assert code_words(code)[0] == words and code_words(code)[1] != words


def test_decisions_and_reserve_are_borne_by_users_where_two_rules_are_compared(tables):
    """Under ip_full decisions are paid 40 within the revenue: users pay 40 more, the plant gets 40 more."""
    row = {"run": "DA", "unit": "unit U", "horizon": "a", "cost": 90.0, "profit": 0.0, "best_profit": 0.0, "mwp": 0.0, "loc": 0.0, "paid": 0.0,
           "payer": "load"} | PROVEN  # fmt: skip
    left = pd.concat([frame("uplift", rule="ip", revenue=50.0, besides=0.0, **row), frame("uplift", rule="ip_full", revenue=90.0, besides=40.0,
                      **row)])  # fmt: skip
    load = frame("load", run="DA", period=HOURS, bus="A", mw=1.0, **PROVEN)
    both = pd.concat([price_rows(rule=r) for r in ("ip", "ip_full")])
    page = Page()
    change(tables(prices=both, uplift=left, load=load), page)
    groups = page.data["change"]["groups"]
    for name, more in (("zone", -40.0), ("unit", 40.0)):
        first, second = groups[name]["value"][0]
        assert second - first == pytest.approx(more)


def test_what_is_paid_besides_is_told_of_everyone(tables):
    """A store that is never made whole gets 30 for reserve, a unit gives back 5 for its decisions: 25 day-ahead, of which users bear it all;
    real time awards 7 more. What is shared out to users is no payment to participants."""
    row = {"unit": "unit U", "horizon": "a", "revenue": 50.0, "cost": 40.0, "profit": 10.0, "best_profit": 10.0, "mwp": 0.0, "loc": 0.0,
           "paid": 0.0, "payer": "", "besides": -5.0} | PROVEN  # fmt: skip
    left = pd.concat([frame("uplift", rule="ip", run=run, **row) for run in ("DA", "RT")])
    reserve, decisions = "account reserve", "account commitment"
    booked = [(reserve, "storage S", "reserve_da_spin", 30.0), ("unit U", decisions, "commitment_da_on", 5.0),
              (reserve, "storage S", "reserve_rt_spin", 7.0), ("load A", reserve, "allocation_reserve", 37.0)]  # fmt: skip
    payer, payee, code, amount = zip(*booked, strict=True)
    book = frame("ledger", payer=payer, payee=payee, code=code, period=HOURS[0], quantity=amount, price=1.0, amount=amount, exact=True)
    both = pd.concat([price_rows(), price_rows(run="RT")])
    found = {r["name"][0]: r["besides"] for r in rules(tables(prices=both, uplift=left, ledger=book), Page())["rows"]}
    assert list(found.values()) == [25.0, 32.0]
