"""Reports of imported cases: one step, few and many buses, with and without coordinates, losses, contingencies."""

import base64
import json
import re
import time

import numpy as np
import pytest

from gridopt.report import branches, bus_prices, corridor, folder, imports, page, plants, security
from gridopt.report.pack import Page
from gridopt.report.technologies import palette, technology_words
from gridopt.report.text import WORDS
from tests.report import fake_import
from tests.report.test_page_browser import Seen


def opened(path):
    return folder.open_run(path)


def document(html):
    return json.loads(re.search(r'id="gridopt-data">(.*?)</script>', html, re.S).group(1))


@pytest.fixture(scope="module")
def ring(tmp_path_factory):
    """Six buses, one step, no coordinates."""
    made = fake_import.make(tmp_path_factory.mktemp("imported") / "ring")
    fake_import.contingencies(made)
    return made


@pytest.fixture(scope="module")
def html(ring):
    return page.write(ring).read_text(encoding="utf-8")


def test_a_single_step_has_no_figure_over_time(html):
    assert set(document(html)["figures"]) == {"output"}
    assert "one step of 1 h" in html and "2025-01-01" not in html.split("<script")[0].split('id="dispatch"')[0]


def test_only_sections_with_something_to_show_are_listed(html):
    listed = re.findall(r'<a href="#(\w+)">', html)
    assert listed == ["headlines", "dispatch", "prices", "congestion", "security", "import", "run"]
    for key in ("no_map", "no_monthly", "no_dc", "no_losses", "no_sources"):
        assert WORDS[key][0] in html and WORDS[key][1] in html


def test_what_the_file_became_is_told(ring, html):
    report = imports.import_report(opened(ring))
    assert report["found"] == [(WORDS["el_bus"], "6"), (WORDS["el_gen"], "6"), (("Gizmo kind", "Gizmo kind"), "3")]
    assert "generators, 1 of 5 MW &lt;in&gt; all." in html
    assert html.index('id="import"') < html.index('id="run"')


def test_money_keeps_the_sign_of_its_currency(html):
    text = html.split("<script")[0]
    assert "$17,480" in text and "$/MWh" in text and "CNY" not in text


def test_plants_stand_in_order_of_their_output(ring):
    """Generators 0, 1, 2 produce 5, 6, 7 MW of 50 at buses 0, 2, 4."""
    found = plants.plants(opened(ring))
    assert [(r["name"][0], r["bus"][0], r["mean"], r["most"]) for r in found["rows"]] == [
        ("2", "4", 7.0, 50.0), ("1", "2", 6.0, 50.0), ("0", "0", 5.0, 50.0),
    ]  # fmt: skip
    assert [r["technology"][1] for r in found["rows"]] == ["Flux converter", "陆上风电", "硬煤"]


def test_few_buses_have_a_table_of_prices(ring):
    """Price 20 + i, congestion i - 2, load 10 + i."""
    found = bus_prices.bus_prices(opened(ring))
    assert [(r["name"][0], r["mean"], r["parts"], r["load"]) for r in found["rows"]] == [
        (str(i), 20.0 + i, [i - 2.0], 10.0 + i) for i in range(6)
    ]
    assert found["parts"] == ["c_price_congestion"]


def test_loads_weigh_the_headline_price(html):
    """sum (10 + i)(20 + i) / sum (10 + i) = 1705 / 75 = 22.73; buses between 20 and 25."""
    assert "22.73 $/MWh" in html
    assert "buses between 20.00 and 25.00" in html


def test_the_most_loaded_branch_comes_first(ring):
    """Branch 5 (5 - 0) at its limit of 100 MW is worth 7; then 5, 4, ... 1 MW on branches 4 to 0."""
    rows = branches.loaded(opened(ring))
    assert rows[0]["name"] == ("5 (5 – 0)", "5（5—0）")
    assert (rows[0]["flow"], rows[0]["limit"], rows[0]["shadow"], rows[0]["hours"]) == (100.0, 100.0, 7.0, 1.0)
    assert [round(r["loading"], 6) for r in rows[1:]] == [0.05, 0.04, 0.03, 0.02, 0.01]


def test_contingencies_that_bind_come_first(ring, html):
    found = security.contingencies(opened(ring))
    assert (found["count"], found["binding"], found["islanding"]) == (6, 1, 1)
    heads = [c["name"][0] for c in found["columns"]]
    assert "What is out" not in heads and "At" not in heads
    row = dict(zip(heads, found["rows"][0], strict=True))
    assert row["Contingency"][0] == "1 (1 – 2)" and row["On"][0] == "4 (4 – 5)"
    assert row["Worst loading after it"][0] == "51.0 %" and row["Cuts buses off"] == WORDS["no"]
    assert "6 contingencies were looked at, 1 of them cut buses off; 1 limit the dispatch." in html


def test_losses_by_branch(tmp_path):
    """A tenth of 1 + 2 + 3 + 4 + 5 + 100 MW over one hour is 11.5 MWh of 75 MWh."""
    made = fake_import.make(tmp_path / "r", losses=True)
    found = branches.losses(opened(made))
    assert found["mwh"] == pytest.approx(11.5) and found["share"] == pytest.approx(11.5 / 75)
    assert [r["name"][0] for r in found["rows"][:2]] == ["5 (5 – 0)", "4 (4 – 5)"]
    assert found["rows"][0]["share"] == pytest.approx(0.1)
    html = page.write(made).read_text(encoding="utf-8")
    assert "The network lost 11.5 MWh, 15.33 % of the load." in html and WORDS["c_price_loss"][0] in html
    assert branches.losses(opened(fake_import.make(tmp_path / "none"))) is None


def test_ten_hours_are_a_series_but_no_month(tmp_path):
    figures = document(page.write(fake_import.make(tmp_path / "r", steps=10)).read_text(encoding="utf-8"))["figures"]
    assert set(figures) == {"dispatch", "price_days", "price_duration"}


def test_many_buses_show_their_spread_and_extremes(tmp_path):
    """200 buses at 20 to 219: the histogram counts each once; the table holds the ten at either end."""
    run = opened(fake_import.make(tmp_path / "r", buses=200))
    found = bus_prices.bus_prices(run)
    assert [r["mean"] for r in found["rows"]] == [219.0 - i for i in range(10)] + [29.0 - i for i in range(10)]
    drawn = Page()
    bus_prices.spread_figures(run, drawn, folder.values(run, "price")[1])
    counted = drawn.figures["price_spread"]["data"][0]["y"]
    assert np.frombuffer(base64.b64decode(counted["bdata"]), counted["dtype"]).sum() == 200
    assert "price_band" not in drawn.figures


def test_one_price_everywhere_needs_no_extremes(tmp_path):
    def flat(run):
        run.data["price"].values[:] = 30.0
        return run

    run = flat(opened(fake_import.make(tmp_path / "r", buses=100)))
    drawn = Page()
    bus_prices.spread_figures(run, drawn, folder.values(run, "price")[1])
    assert bus_prices.bus_prices(run) is None and not drawn.figures


@pytest.mark.parametrize(
    ("spelling", "both"),
    [
        ("Wind Onshore", ("Onshore wind", "陆上风电")),
        ("offwind-ac", ("Offshore wind", "海上风电")),
        ("CCGT", ("Gas, combined cycle", "燃气联合循环")),
        ("Pumped Hydro_discharge", ("Pumped hydro discharge", "抽蓄发电")),
        ("flux_discharge", ("Flux, discharge", "Flux放电")),
        ("fusion_reactor", ("Fusion reactor", "Fusion reactor")),
    ],
)
def test_technologies_of_any_spelling_have_readable_names(spelling, both):
    assert technology_words(spelling) == both


def test_no_two_technologies_have_one_colour():
    found = palette(["coal", "thermal", "Coal", "wind", "onwind", "wnd", *(f"unheard {i}" for i in range(20))])
    assert len(set(found.values())) == len(found) == 26
    assert found["wind"] == "#3fa79a" and found["coal"] == palette(["coal"])["coal"]


def test_a_large_map_names_what_carries_most_and_is_drawn_finer(tmp_path):
    """400 buses on a circle; the branch into bus 0 carries most, and loads grow with the number."""
    run = opened(fake_import.make(tmp_path / "r", buses=400, coordinates=True))
    drawn = Page()
    assert corridor.corridor(run, drawn)
    shown = drawn.data["map"]
    named = {b["bus"] for b in shown["buses"] if b["label"]["en"]}
    assert 5 < len(named) <= corridor.SPARSE and min(map(int, named - {"0"})) >= 400 - 2 * corridor.SPARSE
    assert shown["fine"] == pytest.approx(np.sqrt(60 / 400), abs=1e-3) and len(shown["branches"]) == 400 and shown["left_out"] == 0


def test_a_single_step_tells_its_load_beside_the_map(browser, tmp_path):
    """Loads of 10 to 15 MW are 75 MW; the date of a single step is made up and not shown."""
    seen = Seen(browser, page.write(fake_import.make(tmp_path / "r", coordinates=True)))
    beside = seen.page.inner_text("#map-hour")
    assert "75 MW" in beside and "2025" not in beside


def test_of_very_many_branches_the_strongest_are_drawn(tmp_path, monkeypatch):
    monkeypatch.setattr(corridor, "MOST_BRANCHES", 20)
    run = opened(fake_import.make(tmp_path / "r", buses=100, coordinates=True))
    drawn = Page()
    assert corridor.corridor(run, drawn)
    assert [b["branch"] for b in drawn.data["map"]["branches"]] == [str(i) for i in range(80, 100)]
    assert drawn.data["map"]["left_out"] == 80 and drawn.arrays["map_flow"]["rows"] == 20


def test_ten_thousand_buses_are_written_fast_and_small(tmp_path):
    """With coordinates: distances between all pairs would take minutes and gigabytes."""
    made = fake_import.make(tmp_path / "r", buses=10_000, coordinates=True)
    start = time.process_time()
    written = page.write(made)
    assert time.process_time() - start < 10.0
    assert written.stat().st_size < 15e6


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("shape", [{"steps": 1}, {"steps": 10, "coordinates": True}, {"buses": 300, "steps": 30, "coordinates": True}])
def test_a_browser_has_nothing_to_complain_about(browser, tmp_path, shape, language):
    seen = Seen(browser, page.write(fake_import.make(tmp_path / "r", losses=True, **shape)), f"?lang={language}")
    assert seen.clean(), (seen.requests, seen.complaints)
    assert "⟦" not in seen.page.inner_text("main") and "NaN" not in seen.page.inner_text("main")
