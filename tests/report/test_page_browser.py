"""The page in a browser: nothing fetched, nothing complained about, everything drawn, controls that do something."""

import pytest

from gridopt.report import page as report_page
from tests.report import fake_run


class Seen:
    """A page opened from its file, with what it requested and what it complained about."""

    def __init__(self, browser, path, query="?lang=en", **options):
        self.page = browser.new_page(**{"viewport": {"width": 1440, "height": 1000}, **options})
        self.requests, self.complaints = [], []
        self.page.on("request", lambda r: self.requests.append(r.url))
        self.page.on("console", lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda e: self.complaints.append(str(e)))
        self.page.on("dialog", lambda d: (self.complaints.append(f"dialog: {d.message}"), d.dismiss()))
        self.address = path.as_uri()
        self.page.goto(self.address + query)
        self.wait()

    def wait(self):
        self.page.evaluate("window.gridoptReady")
        assert self.page.evaluate("document.documentElement.dataset.ready") == "yes"

    def clean(self) -> bool:
        foreign = [u for u in self.requests if not u.startswith((self.address, "data:", "blob:"))]
        return foreign == [] and self.complaints == []


@pytest.fixture(scope="module")
def seen(browser, report):
    return Seen(browser, report)


def texts(seen, selector):
    return seen.page.eval_on_selector_all(selector, "all => all.map(e => e.textContent)")


@pytest.mark.parametrize(("query", "lang", "word"), [("?lang=en", "en", "Curtailment rate"), ("#zh", "zh-CN", "弃电率")])
def test_every_figure_is_drawn_in_both_languages(browser, report, query, lang, word):
    seen = Seen(browser, report, query)
    assert seen.page.evaluate("document.documentElement.lang") == lang
    counts = seen.page.eval_on_selector_all(
        ".figure",
        "all => all.map(e => [e.dataset.figure, e.querySelectorAll('svg.main-svg').length && e._fullData.length])",
    )
    assert len(counts) == 20 and all(traces for _, traces in counts), counts
    assert seen.page.eval_on_selector("#figure-map svg", "e => e.querySelectorAll('path').length") > 60
    assert word in texts(seen, "#figure-monthly_curtailment .ytitle, #figure-monthly_curtailment .y2title")
    assert seen.clean(), (seen.requests, seen.complaints)


def test_language_switches_without_loading_again(browser, report):
    seen = Seen(browser, report)
    seen.page.evaluate("window.mark = 1")
    assert seen.page.inner_text("h1") == "Gansu 2025, base case"
    seen.page.click("#language")
    seen.wait()
    assert seen.page.evaluate("window.mark") == 1
    assert seen.page.inner_text("h1") == "甘肃 2025 年基准"
    assert seen.page.inner_text("#language") == "English"
    assert "功率（MW）" in texts(seen, "#figure-dispatch .ytitle")
    assert {"风电", "弃风"} <= set(texts(seen, "#figure-dispatch .legendtext"))
    assert "莫高" in texts(seen, "#figure-map text")
    visible = seen.page.inner_text("main")
    assert "Curtailment and its causes" not in visible and "弃电及其原因" in visible
    assert seen.clean(), (seen.requests, seen.complaints)


def test_another_week_shows_other_data(seen):
    first = "e => [e._fullData[0].x[0], Array.from(e._fullData[0].y).slice(0, 5), e._fullData[0].y.length]"
    seen.page.select_option("#dispatch select", "0")
    one = seen.page.eval_on_selector("#figure-dispatch", first)
    seen.page.click("#dispatch .controls button >> nth=1")
    two = seen.page.eval_on_selector("#figure-dispatch", first)
    assert one[0] != two[0] and one[1] != two[1] and one[2] == two[2] == 168
    seen.page.select_option("#dispatch select", "-1")
    assert seen.page.eval_on_selector("#figure-dispatch", first)[2] == 21


def test_stack_holds_the_numbers_of_the_run(seen, run):
    import xarray as xr

    seen.page.select_option("#dispatch select", "1")
    shown = seen.page.eval_on_selector("#figure-dispatch", "e => Array.from(e._fullData[0].y)")
    with xr.open_dataset(run / "results.nc", engine="h5netcdf") as data:
        coal = data.technology_output.sel(technology="coal").values[168:336]
    assert shown == pytest.approx(coal, abs=1.0)


def test_another_hour_changes_the_map(seen):
    widths = "[...e.querySelectorAll('path[stroke-linecap]')].map(p => p.getAttribute('stroke-width')).join()"
    look = f"e => [e.dataset.hour, {widths}]"
    seen.page.fill("#map-slider", "5")
    one = seen.page.eval_on_selector("#figure-map svg", look)
    assert one[0] == "5" and "05:00" in seen.page.inner_text("#map-hour .clock")
    seen.page.fill("#map-slider", "37")
    two = seen.page.eval_on_selector("#figure-map svg", look)
    assert two[0] == "37" and one[1] != two[1]
    seen.page.fill("#map-controls input[type=date]", "2025-03-10")
    assert seen.page.eval_on_selector("#figure-map svg", look)[0] == str(7 * 24 + 37 % 24)


def test_the_map_plays_and_stops(seen):
    seen.page.fill("#map-slider", "0")
    seen.page.click("#map-play")
    # The page's policy forbids evaluating text, so no waiting for a condition inside the page.
    hour = "e => Number(e.dataset.hour)"
    for _ in range(100):
        seen.page.wait_for_timeout(100)
        if seen.page.eval_on_selector("#figure-map svg", hour) > 1:
            break
    seen.page.click("#map-play")
    stopped = seen.page.eval_on_selector("#figure-map svg", hour)
    assert stopped > 1
    seen.page.wait_for_timeout(500)
    assert seen.page.eval_on_selector("#figure-map svg", hour) == stopped


def test_hover_tells_flow_limit_and_loading(seen):
    seen.page.fill("#map-slider", "12")
    seen.page.eval_on_selector("#corridor", "e => e.scrollIntoView({behavior: 'instant'})")
    box = seen.page.eval_on_selector_all(
        "#figure-map path[stroke=transparent]",
        "all => { const b = all[4].getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; }",
    )
    seen.page.mouse.move(*box)
    tip = seen.page.inner_text("#tip")
    assert "Flow" in tip and "MW" in tip


def test_selectors_of_heat_maps_and_links_change_data(seen):
    z = "e => JSON.stringify(e._fullData[0].z[12].slice(0, 8))"
    one = seen.page.eval_on_selector("#figure-price_hours", z)
    seen.page.select_option("[data-controls=price_hours] select", "5")
    assert seen.page.eval_on_selector("#figure-price_hours", z) != one
    y = "e => e._fullData.map(t => t.meta.pick)"
    seen.page.select_option("[data-controls=dc_use] select", "LONGDONG")
    assert set(seen.page.eval_on_selector("#figure-dc_use", y)) == {"LONGDONG"}


def test_sources_can_be_filtered_and_tables_sorted(seen):
    shown = "all => all.filter(r => !r.hidden).length"
    rows = "#source-table tbody tr"
    assert seen.page.eval_on_selector_all(rows, shown) == 40
    seen.page.click("#source-controls button >> nth=1")  # sourced: 14 of 40, every third
    assert seen.page.eval_on_selector_all(rows, shown) == 14
    seen.page.fill("#source-controls input", "bus 39")
    assert seen.page.eval_on_selector_all(rows, shown) == 1
    seen.page.click("#congestion div:first-of-type th >> nth=2")
    hours = [float(t.replace(",", "")) for t in texts(seen, "#congestion div:first-of-type tbody td:nth-child(3)")]
    assert hours == sorted(hours, reverse=True)


def test_markup_in_names_is_shown_as_text(seen):
    assert any(fake_run.EVIL in t for t in texts(seen, "#figure-plants .ytick text"))
    assert seen.page.evaluate("document.querySelectorAll('img').length") == 0
    seen.page.eval_on_selector("#figure-plants", "e => e.scrollIntoView({behavior: 'instant'})")
    seen.page.evaluate(
        "const e = document.getElementById('figure-plants');"
        "const n = e._fullData[0].customdata.findIndex(t => t.includes('onerror'));"
        "Plotly.Fx.hover(e, [{curveNumber: 0, pointNumber: n}])"
    )
    seen.page.wait_for_timeout(200)
    assert any(fake_run.EVIL in t for t in texts(seen, "#figure-plants .hoverlayer text"))
    assert seen.clean(), (seen.requests, seen.complaints)


def test_narrow_screens_do_not_scroll_sideways(browser, report):
    seen = Seen(browser, report, viewport={"width": 390, "height": 800})
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert seen.clean(), (seen.requests, seen.complaints)


@pytest.mark.parametrize("steps", [1, 24])
def test_a_very_short_run_opens(browser, run, tmp_path, steps):
    seen = Seen(browser, report_page.write(fake_run.trim(run, tmp_path / "r", steps=steps)))
    assert seen.clean(), (seen.requests, seen.complaints)
    assert seen.page.eval_on_selector("#figure-map svg", "e => e.dataset.hour") is not None


def test_quarter_hours_fill_96_rows_a_day(browser, run, tmp_path):
    """504 steps of 15 minutes are 5.25 days: 96 rows, 6 columns, the last column a quarter full."""
    import json

    import pandas as pd
    import xarray as xr

    target = fake_run.trim(run, tmp_path / "r", tables=["curtailment_cause_hourly"])
    with xr.open_dataset(target / "results.nc", engine="h5netcdf") as data:
        finer = data.load().assign_coords(time=pd.date_range("2025-03-03", periods=504, freq="15min"))
    finer.to_netcdf(target / "results.nc", engine="h5netcdf", mode="w")
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    manifest["period"]["step_minutes"] = 15
    (target / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    seen = Seen(browser, report_page.write(target))
    shape = "e => [e._fullData[0].z.length, e._fullData[0].x.length, e._fullData[0].z.filter(r => r[5] !== null).length]"
    assert seen.page.eval_on_selector("#figure-price_hours", shape) == [96, 6, 24]
    assert seen.clean(), (seen.requests, seen.complaints)
