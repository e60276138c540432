"""report.html: one file that opens offline, in Chinese and English, from a results folder.

The file holds plotly.js once, the figures as JSON, hourly data as packed integers and every word in both languages. Its content
security policy forbids any request, so that a report opened behind a firewall looks the same as on the author's desk.
"""

from __future__ import annotations

import os
import pathlib
from importlib import resources

from gridopt.report import corridor, curtailment, energy, facts, links, market, stores
from gridopt.report.figures import FONT, plotly_js
from gridopt.report.folder import Run, cell, number, open_run, table
from gridopt.report.pack import Page, json_in_html, pack_times
from gridopt.report.text import WORDS, Both, join, money, percent, say, unit_millions, unit_money, unit_price
from gridopt.report.text import energy as energy_words
from gridopt.report.zones import zone_words

SECTIONS = (
    "headlines",
    "dispatch",
    "monthly",
    "curtailment",
    "map",
    "dc",
    "storage",
    "prices",
    "congestion",
    "balance",
    "sources",
    "certificate",
    "run",
)


def write(run: pathlib.Path) -> pathlib.Path:
    """Write run/report.html and return its path. An older report stays in place until the new one is complete.

    Raises FileNotFoundError where run/results.nc is missing.
    """
    target = pathlib.Path(run) / "report.html"
    opened = open_run(pathlib.Path(run))
    try:
        text = render(opened)
    finally:
        opened.data.close()
    draft = target.with_name(f".report-{os.getpid()}.html")
    draft.write_text(text, encoding="utf-8", newline="\n")
    draft.replace(target)
    return target


def render(run: Run) -> str:
    """The whole page as text."""
    import jinja2
    from markupsafe import Markup

    page, content = Page(), {}
    page.data |= {"times": pack_times(run.time), "hours": float(run.hours[0]), "unit": page.name(unit_price(run.currency))}
    content = _content(run, page)
    page.data["titles"] = content["title"]
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("gridopt.report", "assets"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"whole": _whole, "share": _share, "energy": energy_words}
    assets = resources.files("gridopt.report") / "assets"
    inline = {
        name: Markup((assets / f"{name.replace('_', '.')}").read_text(encoding="utf-8"))
        for name in ("page_css", "page_js", "map_js")
    }
    return environment.get_template("page.html.j2").render(
        words=WORDS,
        sections=SECTIONS,
        figures=page.figures,
        font=Markup(FONT),
        plotly=Markup(plotly_js()),
        **inline,
        **content,
        data=Markup(json_in_html(page.document(WORDS))),
    )


def _content(run: Run, page: Page) -> dict:
    """What the template shows besides figures; figures and arrays gather in `page` on the way."""
    dispatch, worst = energy.dispatch(run, page), energy.monthly(run, page)
    curtailed, balance = curtailment.by_plant_and_cause(run, page), energy.balance(run, page)
    if curtailed:
        curtailment.by_month(run, page)
        curtailment.by_hour(run, page)
    return {
        "title": _titles(run),
        "period": f"{run.time[0]:%Y-%m-%d} – {run.time[-1]:%Y-%m-%d}",
        "synthetic": str(run.data.attrs.get("synthetic") or ""),
        "version": cell(run.manifest, "gridopt_version"),
        "block": run.block,
        "unit": unit_price(run.currency),
        "millions": unit_millions(run.currency),
        "money": unit_money(run.currency),
        "folder": run.folder.resolve().name.removeprefix(".unfinished-"),
        "cards": facts.cards(run),
        "has_dispatch": dispatch,
        "has_curtailment": curtailed,
        "has_map": corridor.corridor(run, page),
        "lead_monthly": _lead_monthly(worst),
        "lead_curtailment": _lead_causes(run) if curtailed else None,
        "contracts": links.dc_links(run, page),
        "has_storage": stores.storage(run, page),
        "has_reservoirs": stores.reservoirs(run, page),
        "has_prices": market.prices(run, page),
        "zones": _zones(run),
        "congestion": market.congestion(run),
        "lead_congestion": _lead_congestion(run),
        "balance": balance,
        "totals": {
            "supply": sum(r["mwh"] for r in balance if r["mwh"] >= 0) / 1e3,
            "use": -sum(r["mwh"] for r in balance if r["mwh"] < 0) / 1e3,
        },
        "costs": facts.costs(run),
        "emissions": _emissions(run),
        "sources": facts.sources(run),
        "certificate": facts.certificate(run),
        "facts": facts.run_facts(run),
        "warnings": [str(w) for w in run.manifest.get("warnings") or []],
    }


def _titles(run: Run) -> Both:
    attrs, manifest = run.data.attrs, run.manifest
    study = str(attrs.get("study") or manifest.get("study") or run.folder.name)
    en, zh = (str(attrs.get(k) or manifest.get(k) or "") for k in ("title_en", "title_zh"))
    return en or zh or study, zh or en or study


def _lead_monthly(worst: dict | None) -> Both | None:
    if not worst or worst["mwh"] < 1:
        return None
    month = WORDS[f"month_{worst['month'][1]}"]
    return say("lead_worst", month=month, mwh=energy_words(worst["mwh"]), share=percent(worst["share"]))


def _lead_causes(run: Run) -> Both:
    found = curtailment.causes(run)
    whole = sum(c["mwh"] for c in found)
    return say(
        "lead_cause",
        share=percent(sum(c["mwh"] for c in found[:3]) / whole, 0),
        list=join([c["name"] for c in found[:3]], (", ", "、")),
    )


def _lead_congestion(run: Run) -> Both | None:
    rows = market.congestion(run)
    if not rows or not rows[0]["rent"]:
        return None
    return say(
        "lead_congestion",
        name=rows[0]["name"],
        rent=money(rows[0]["rent"], run.currency),
        hours=(f"{rows[0]['hours'] or 0:,.0f}",) * 2,
    )


def _zones(run: Run) -> list[dict]:
    columns = ("mean", "load_weighted_mean", "min", "max")
    return [
        {"name": zone_words(str(r["zone"])), **{c: number(r, c) for c in columns}}
        for r in table(run, "price_zones").to_dict("records")
    ]


def _emissions(run: Run) -> list[dict]:
    return [{**r, "name": WORDS.get(f"tech_{r['id']}", r["name"])} for r in facts.emissions(run)]


def _whole(value: float | None, digits: int = 0) -> str:
    """A number with thousands separators; a dash for none."""
    return "–" if value is None else f"{value:,.{digits}f}"


def _share(value: float | None, digits: int = 1) -> str:
    return "–" if value is None else f"{100 * value:.{digits}f} %"
