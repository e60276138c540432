"""The page as text: self-contained, harmless, complete; sections without data are left out with a sentence."""

import json
import re
import time

import pytest

from gridopt.report import page
from gridopt.report.text import WORDS
from tests.report import fake_run


@pytest.fixture(scope="module")
def html(report):
    return report.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def document(html):
    return json.loads(re.search(r'<script type="application/json" id="gridopt-data">(.*?)</script>', html, re.S).group(1))


def own(html: str) -> str:
    """The page without the source of plotly, which contains addresses as text."""
    start = html.index("/**\n* plotly.js")
    return html[:start] + html[html.index("</script>", start) :]


def test_plotly_is_there_once_and_nothing_is_fetched(html):
    assert html.count("* plotly.js v") == 1
    assert not re.search(r'(src|href)\s*=\s*["\']?(https?:)?//', own(html))
    assert not re.search(r"@import|url\(\s*['\"]?(https?:)?//", own(html))
    assert "default-src 'none'" in html


def test_names_of_the_data_stay_text(html):
    assert fake_run.EVIL not in html and fake_run.EVIL_SCRIPT not in html
    assert "&lt;/script&gt;" in html
    # data, plotly, page, map, market: no element more
    assert html.count("</script>") == 5


def test_every_token_of_every_figure_has_a_word(document):
    known = set(document["words"]) | set(document["names"])
    used = set(re.findall(r"⟦([^⟧]+)⟧", json.dumps([document["figures"], document["data"]], ensure_ascii=False)))
    assert used and used <= known


def test_all_figures_of_the_specification_are_there(document):
    wanted = (
        "dispatch monthly monthly_curtailment causes cause_months when plants dc_use dc_share dc_day storage_day storage_level "
    )
    wanted += "gantt reserve storage_value water_value reservoirs price_days price_hours price_duration"
    assert set(document["figures"]) == set(wanted.split())
    assert {"map_price", "map_flow", "map_limit", "interface_flow", "dc_sent", "technology", "curtailed"} <= set(
        document["arrays"]
    )


def test_headline_says_how_much_and_why(html):
    """Causes carry 44 % Heyu by construction; the share curtailed is the sum of plants."""
    assert re.search(r"\d\.\d % of what wind and solar could have produced. Main cause: Section Heyu \(44 %\)", html)
    assert re.search(r"占风光可发电量的 \d\.\d%。首要原因：河玉断面（44%）", html)


def test_an_older_report_survives_a_failure(tmp_path, run, monkeypatch):
    target = fake_run.trim(run, tmp_path / "r")
    (target / "report.html").write_text("older")
    monkeypatch.setattr(page, "render", lambda run: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        page.write(target)
    assert (target / "report.html").read_text() == "older"
    assert [p.name for p in target.iterdir() if "report" in p.name] == ["report.html"]


def test_missing_results_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="results.nc"):
        page.write(tmp_path)


LESS = {
    "no_dc no_reservoirs no_storage no_curtailment no_congestion no_balance no_emissions no_costs no_sources": {
        "variables": ["dc_sent", "dc_received", "dc_bundled", "hydro_output", "reservoir_volume"]
        + ["storage_charge", "storage_discharge", "storage_energy"],
        "tables": ["dc_contracts", "dc_link", "reservoir", "storage", "curtailment_by_cause", "curtailment_cause_hourly"]
        + ["congestion", "energy_balance", "emissions", "costs", "sources"],
    },
    "no_prices no_map": {"variables": ["price", "price_energy"], "tables": ["price_zones"]},
    "no_monthly no_dispatch": {"variables": ["technology_output"]},
    "no_monthly no_storage no_reservoirs": {"steps": 1},
    "no_map": {"variables": ["flow"]},
}


@pytest.mark.parametrize("keys", LESS)
def test_a_section_without_data_is_left_out_with_a_sentence(keys, tmp_path, run):
    html = page.write(fake_run.trim(run, tmp_path / "r", **LESS[keys])).read_text(encoding="utf-8")
    sentences = {key: f">{both[0]}</span>" for key, both in WORDS.items() if key.startswith("no_")}
    always = {"no_losses", "no_security"}
    assert {key for key, sentence in sentences.items() if sentence in html} == set(keys.split()) | always


def test_a_bare_run_still_has_a_report(tmp_path, run):
    """Only time and load, no table at all."""
    import xarray as xr

    (tmp_path / "r").mkdir()
    with xr.open_dataset(run / "results.nc", engine="h5netcdf") as data:
        data[["load"]].to_netcdf(tmp_path / "r" / "results.nc", engine="h5netcdf")
    html = page.write(tmp_path / "r").read_text(encoding="utf-8")
    assert WORDS["no_certificate"][0] in html and WORDS["no_map"][1] in html


def test_a_bus_without_coordinates_is_named_beside_the_map(tmp_path, run):
    def change(name, frame):
        if name == "bus":
            frame.loc[frame.bus == "GAZ", ["latitude_deg", "longitude_deg"]] = None
        return frame

    html = page.write(fake_run.trim(run, tmp_path / "r", change=change)).read_text(encoding="utf-8")
    document = json.loads(re.search(r'id="gridopt-data">(.*?)</script>', html, re.S).group(1))
    assert [document["names"][t[1:-1]][0] for t in document["data"]["map"]["off_map"]] == ["Ganzhou"]
    assert "GAZ" not in {b["bus"] for b in document["data"]["map"]["buses"]}
    assert not any("GAZ" in b["branch"].split("~") for b in document["data"]["map"]["branches"])


@pytest.mark.slow
def test_a_year_is_written_fast_and_small(tmp_path):
    """8760 h, 34 buses, 250 plants: below 12 s on two cores with nothing else running, below 25 MB."""
    folder = fake_run.make(tmp_path / "year", days=365, plants=250, start="2025-01-01")
    start = time.process_time()
    made = page.write(folder)
    assert time.process_time() - start < 12.0
    assert made.stat().st_size < 25e6
