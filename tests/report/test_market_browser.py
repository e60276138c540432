"""Market sections in a browser: everything drawn in both languages, a click that explains, two rules, searches, narrow screens."""

import pytest

from gridopt.report import page as report_page
from tests.report import fake_market, fake_run
from tests.report.test_page_browser import Seen, texts

FIGURES = ("mk_day", "mk_over_time", "mk_duration", "mk_payment", "mk_open", "mk_why", "mk_stages", "mk_spread", "mk_volumes")
FIGURES += ("mk_codes", "mk_waterfall", "mk_units", "mk_change_zone", "mk_change_technology", "mk_change_owner", "mk_change_unit")


@pytest.fixture(scope="module")
def market_report(market):
    return market / "report.html"


@pytest.fixture(scope="module")
def seen(browser, market_report):
    return Seen(browser, market_report)


@pytest.mark.parametrize(("query", "word"), [("?lang=en", "Why is the price this?"), ("#zh", "电价为何如此")])
def test_every_figure_is_drawn_in_both_languages(browser, market_report, query, word):
    seen = Seen(browser, market_report, query)
    counts = dict(seen.page.eval_on_selector_all(
        ".figure[data-figure^=mk_]", "all => all.map(e => [e.dataset.figure, e.querySelectorAll('svg.main-svg').length && e._fullData.length])"
    ))  # fmt: skip
    assert set(counts) == set(FIGURES) and all(counts.values()), counts
    assert word in texts(seen, f"#mk_why h2 .{'en' if query == '?lang=en' else 'zh'}")
    text = seen.page.inner_text("main")
    assert not [wrong for wrong in ("undefined", "NaN", "⟦") if wrong in text]
    assert seen.clean(), (seen.requests, seen.complaints)


def told(seen):
    return seen.page.inner_text("#why-text")


def test_a_click_on_a_price_tells_what_makes_it_up(seen):
    """Jiuquan at noon: price, its parts and both units in words."""
    world = fake_market.World(2, 60, ["ip", "zonal_avg", "chp"], ["DA", "RT"], 26, "2025-03-03", False)
    energy, congestion, loss, lmp = (v[..., 12] for v in world.prices("ip", "DA"))
    bus, row = world.bus.index("JIQ"), texts(seen, "#why-controls select >> nth=1 >> option").index("Jiuquan")
    seen.page.eval_on_selector("#figure-mk_why", f"e => e.emit('plotly_click', {{points: [{{pointNumber: [{row}, 12]}}]}})")
    text = told(seen)
    assert f"The price here is {lmp[bus]:.2f} CNY/MWh." in text
    assert f"{energy:.2f} is the price of energy for all" in text and f"{congestion[bus]:+.2f} comes from limits" in text
    assert "One MW of load more at" in text and "U00 (unit)" in text and "Heyu" in text
    assert "3 Mar 2025, 12:00" in text and "cleared to a gap of 0.31 %" in text
    rows = texts(seen, "#why-text table >> nth=0 >> tbody td:last-child")
    assert sum(float(r.replace(",", "")) for r in rows) == pytest.approx(lmp[bus], abs=0.02)


def test_a_real_click_on_the_picture_chooses_a_price(seen):
    before = told(seen)
    seen.page.eval_on_selector("#figure-mk_why", "e => e.scrollIntoView({behavior: 'instant', block: 'center'})")
    place = "e => { const b = e.getBoundingClientRect(); return [b.x, b.y, b.width, b.height]; }"
    box = seen.page.eval_on_selector("#figure-mk_why .nsewdrag", place)
    seen.page.mouse.click(box[0] + box[2] * 0.8, box[1] + box[3] * 0.8)
    seen.page.wait_for_timeout(300)
    assert told(seen) != before


def test_where_no_terms_are_known_parts_and_limits_are_told(seen):
    """Hour 0 is not explained in the tables: the page falls back to prices and limits, and says so."""
    seen.page.eval_on_selector("#figure-mk_why", "e => e.emit('plotly_click', {points: [{pointNumber: [2, 0]}]})")
    assert "are not in the tables of this run" in told(seen) and "One MW of load more" not in told(seen)
    # another rule is not explained either, but its limits are known
    seen.page.eval_on_selector("#figure-mk_why", "e => e.emit('plotly_click', {points: [{pointNumber: [2, 13]}]})")
    seen.page.select_option("#why-controls select >> nth=0", "2")
    assert "Limits of the network that bind in this period" in told(seen) and "8,500.0" in told(seen)
    seen.page.select_option("#why-controls select >> nth=0", "0")


def test_buttons_find_the_highest_price(seen):
    world = fake_market.World(2, 60, ["ip", "zonal_avg", "chp"], ["DA", "RT"], 26, "2025-03-03", False)
    seen.page.click("#why-controls button >> text=Highest price")
    assert f"The price here is {world.prices('ip', 'DA')[3].max():.2f} " in told(seen)


def test_language_changes_the_explanation(browser, market_report):
    seen = Seen(browser, market_report)
    seen.page.click("#language")
    seen.wait()
    assert "此处电价为" in told(seen) and "The price here" not in told(seen)


def test_two_rules_are_compared(seen):
    """Sums by zone, and the bars of another pair."""
    seen.page.select_option("#change-controls select >> nth=1", "1")
    first = seen.page.eval_on_selector("#figure-mk_change_zone", "e => Array.from(e._fullData[0].x)")
    lead = seen.page.inner_text("#change-lead")
    assert "users pay" in lead and "plants receive" in lead and lead.endswith(".")
    seen.page.select_option("#change-controls select >> nth=1", "2")
    seen.page.wait_for_timeout(200)
    assert seen.page.eval_on_selector("#figure-mk_change_zone", "e => Array.from(e._fullData[0].x)") != first
    seen.page.select_option("#change-controls select >> nth=1", "0")
    seen.page.wait_for_timeout(200)
    assert seen.page.eval_on_selector("#figure-mk_change_zone", "e => Array.from(e._fullData[0].x)") == [0, 0]


def test_parties_can_be_searched(seen):
    shown = "all => all.filter(r => !r.hidden).length"
    seen.page.fill("[data-search=party-table] input", "unit U03")
    assert seen.page.eval_on_selector_all("#party-table tbody tr", shown) == 1
    seen.page.fill("[data-search=party-table] input", "")
    assert seen.page.eval_on_selector_all("#party-table tbody tr", shown) > 40


def test_markup_in_names_is_shown_as_text(seen):
    assert any(fake_run.EVIL in t for t in texts(seen, "#party-table td"))
    assert seen.page.evaluate("document.querySelectorAll('img').length") == 0
    assert any(fake_run.EVIL_SCRIPT in t for t in texts(seen, "#why-controls option"))
    assert seen.clean(), (seen.requests, seen.complaints)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_narrow_screens_do_not_scroll_sideways(browser, market_report, lang):
    seen = Seen(browser, market_report, f"?lang={lang}", viewport={"width": 390, "height": 800})
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert seen.clean(), (seen.requests, seen.complaints)


def test_tables_alone_make_a_page_that_works(browser, tmp_path):
    seen = Seen(browser, report_page.write(fake_market.make(tmp_path / "r", days=1, results=False)))
    assert "The price here is" in told(seen)
    assert seen.clean(), (seen.requests, seen.complaints)
