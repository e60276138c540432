"""report.html: one file that opens offline, in Chinese and English, from a results folder.

The file holds plotly.js once, the figures as JSON, hourly data as packed integers and every word in both languages. Its content
security policy forbids any request, so that a report opened behind a firewall looks the same as on the author's desk.
"""

from __future__ import annotations

import os
import pathlib
from importlib import resources

from gridopt.report import (
    branches,
    bus_prices,
    commitment,
    corridor,
    curtailment,
    energy,
    facts,
    imports,
    lifting,
    links,
    market,
    market_advisory,
    market_agc,
    market_change,
    market_ledger,
    market_metrics,
    market_rules,
    market_stages,
    market_uplift,
    market_why,
    plants,
    reserves,
    security,
    stores,
)
from gridopt.report.figures import FONT, plotly_js
from gridopt.report.folder import Run, cell, number, open_run, table
from gridopt.report.pack import Page, json_in_html, pack_times
from gridopt.report.technologies import technology_words
from gridopt.report.text import WORDS, Both, join, money, money_unit, percent, say, unit_money, unit_price
from gridopt.report.text import energy as energy_words
from gridopt.report.zones import zone_words

MARKET_SECTIONS = ("mk_rules", "mk_why", "mk_stages", "mk_ahead", "mk_agc", "mk_ledger", "mk_uplift", "mk_change", "mk_metrics")
"""Of a market run; left out without a word where their tables are not there."""
SECTIONS = (
    "headlines",
    *MARKET_SECTIONS,
    "dispatch",
    "commitment",
    "monthly",
    "curtailment",
    "map",
    "reserves",
    "dc",
    "storage",
    "prices",
    "congestion",
    "losses",
    "security",
    "balance",
    "sources",
    "certificate",
    "import",
    "run",
)

# Sentences for a section that is left out, where there are several or another than no_<section>.
ABSENT: dict[str, tuple[str, ...]] = {
    "storage": ("no_storage", "no_reservoirs"),
    "balance": ("no_balance", "no_costs", "no_emissions"),
    "import": (),
    "commitment": (),
    "reserves": (),
    **dict.fromkeys(MARKET_SECTIONS, ()),
}


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
    page.data |= {"weeks": energy.weeks(run), "week": 0}
    content = _content(run, page)
    absent = _absent(content, page)
    shown = [s for s in SECTIONS if s not in absent]
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
        for name in ("page_css", "page_js", "map_js", "market_js")
    }
    return environment.get_template("page.html.j2").render(
        words=WORDS,
        sections=shown,
        title_of={s: _section_title(run, s) for s in shown},
        counted=lambda key, *n: say(key, **{name: (f"{v:,}",) * 2 for name, v in zip(("shown", "count"), n, strict=True)}),
        counted_text=lambda key, **n: say(key, **{name: (v, v) for name, v in n.items()}),
        absent_sections=[key for s in SECTIONS if s in absent for key in ABSENT.get(s, (f"no_{s}",)) if key in WORDS],
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
    congestion, costs = market.congestion(run), facts.costs(run)
    largest = max((abs(r["mwh"]) for r in balance), default=0.0)
    return {
        "title": _titles(run),
        "period": _period(run),
        "one_step": len(run.time) == 1,
        "imported": bool(run.imported),
        "synthetic": str(run.data.attrs.get("synthetic") or ""),
        "version": cell(run.manifest, "gridopt_version"),
        "block": run.block,
        "unit": unit_price(run.currency),
        "money": unit_money(run.currency),
        "folder": run.folder.resolve().name.removeprefix(".unfinished-"),
        "cards": facts.cards(run),
        "has_dispatch": dispatch,
        "has_curtailment": curtailed,
        "has_map": corridor.corridor(run, page),
        "lead_monthly": _lead_monthly(worst),
        "lead_curtailment": _lead_causes(run) if curtailed else None,
        "commitment": commitment.commitment(run, page),
        "has_output": plants.output(run, page),
        "plants": plants.plants(run),
        "bus_prices": bus_prices.bus_prices(run),
        "loaded": branches.loaded(run),
        "losses": branches.losses(run),
        "security": security.contingencies(run),
        "import_report": imports.import_report(run),
        "reserves": reserves.reserves(run, page),
        "dc_rules": links.rules(run),
        "dc_table": links.table_of_links(run),
        "contracts": links.dc_links(run, page),
        "has_storage": stores.storage(run, page),
        "has_reservoirs": stores.reservoirs(run, page),
        "pumped": lifting.pumped(run, page),
        "pumps": lifting.pumps(run, page),
        "heads": lifting.heads(run),
        "has_heat": lifting.heat(run, page),
        "has_prices": market.prices(run, page),
        "zones": _zones(run),
        "congestion": congestion,
        "rent_unit": money_unit(max((abs(r["rent"] or 0.0) for r in congestion), default=0.0), run.currency),
        "lead_congestion": _lead_congestion(run),
        "lead_losses": _lead_losses(run),
        "lead_security": _lead_security(run),
        "balance": balance,
        "totals": {
            "supply": sum(r["mwh"] for r in balance if r["mwh"] >= 0),
            "use": -sum(r["mwh"] for r in balance if r["mwh"] < 0),
        },
        "energy_unit": (1e3, "GWh") if largest >= 1e4 else (1.0, "MWh"),
        "costs": costs,
        "cost_unit": money_unit(max((abs(r["cost"]) for r in costs), default=0.0), run.currency),
        "emissions": _emissions(run),
        "sources": facts.sources(run),
        "certificate": facts.certificate(run),
        "facts": facts.run_facts(run),
        "warnings": [str(w) for w in run.manifest.get("warnings") or []],
        **_market(run, page),
    }


def _market(run: Run, page: Page) -> dict:
    """What the sections of a market run show; None for those without tables."""
    return {
        "mk_rules": market_rules.rules(run, page),
        "mk_why": market_why.why(run, page),
        "mk_stages": market_stages.stages(run, page),
        "mk_ahead": market_advisory.advisory(run, page),
        "mk_agc": market_agc.agc(run, page),
        "mk_ledger": market_ledger.ledger(run, page),
        "mk_uplift": market_uplift.uplift(run, page),
        "mk_change": market_change.change(run, page),
        "mk_metrics": market_metrics.metrics(run),
    }


def _absent(content: dict, page: Page) -> set[str]:
    """Sections that have nothing to show in this run; a sentence at the end says why."""
    has = {
        "dispatch": content["has_dispatch"] or content["has_output"] or content["plants"],
        "commitment": content["commitment"],
        "monthly": "monthly" in page.figures,
        "curtailment": content["has_curtailment"],
        "map": content["has_map"],
        "reserves": content["reserves"],
        "dc": content["contracts"] is not None,
        "storage": any(content[k] for k in ("has_storage", "has_reservoirs", "pumped", "pumps", "has_heat")),
        "prices": content["has_prices"],
        "congestion": content["congestion"] or content["loaded"],
        "losses": content["losses"],
        "security": content["security"],
        "balance": content["balance"] or content["costs"] or content["emissions"],
        "sources": content["sources"],
        "certificate": content["certificate"],
        "import": content["import_report"],
        **{section: content[section] for section in MARKET_SECTIONS},
    }
    return {section for section, something in has.items() if not something}


def _section_title(run: Run, section: str) -> Both:
    """Title of a section; a single step has no hours, and an imported network no corridor."""
    if section == "dispatch" and len(run.time) == 1:
        return WORDS["s_dispatch_one"]
    if section == "map" and (run.imported or len(run.time) == 1):
        return WORDS["s_map_one"] if len(run.time) == 1 else WORDS["s_map_network"]
    return WORDS[f"s_{section}"]


def _period(run: Run) -> Both:
    """First and last day; of a short run the number of steps as well, of a single imported step only its length."""
    hours = f"{run.hours[0]:g}"
    if len(run.time) == 1 and run.imported:
        return say("one_step", hours=(hours, hours))
    first, last = f"{run.time[0]:%Y-%m-%d}", f"{run.time[-1]:%Y-%m-%d}"
    if len(run.time) < 48:
        steps = str(len(run.time))
        return say("some_steps", day=(first if first == last else f"{first} – {last}",) * 2, n=(steps, steps))
    return (f"{first} – {last}",) * 2


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
    if len(found) <= 3:
        return say("lead_causes_all", list=join([c["name"] for c in found], (", ", "、")))
    return say(
        "lead_cause",
        share=percent(sum(c["mwh"] for c in found[:3]) / whole, 0),
        list=join([c["name"] for c in found[:3]], (", ", "、")),
    )


def _lead_congestion(run: Run) -> Both | None:
    rows = market.congestion(run)
    if not rows or not rows[0]["rent"] or len(run.time) == 1:
        return None
    return say(
        "lead_congestion",
        name=rows[0]["name"],
        rent=money(rows[0]["rent"], run.currency),
        hours=(f"{rows[0]['hours'] or 0:,.0f}",) * 2,
    )


def _lead_losses(run: Run) -> Both | None:
    lost = branches.losses(run)
    if not lost:
        return None
    lead = say("lead_losses", mwh=energy_words(lost["mwh"]), share=percent(lost["share"] or 0.0, 2))
    if lost["artificial"] > 1e-3:
        lead = join([lead, say("lead_artificial", mwh=energy_words(lost["artificial"]))], (" ", ""))
    return lead


def _lead_security(run: Run) -> Both | None:
    found = security.contingencies(run)
    if not found:
        return None
    counts = {k: (f"{found[k]:,}",) * 2 for k in ("count", "binding", "islanding")}
    return say("lead_security", shown=(str(len(found["rows"])),) * 2, **counts)


def _zones(run: Run) -> list[dict]:
    columns, frame = ("mean", "load_weighted_mean", "min", "max"), table(run, "price_zones")
    # Numbered areas of one price are no zones.
    if run.imported and len(frame) and float(frame["max"].max() - frame["min"].min()) < bus_prices.SAME:
        return []
    return [
        {"name": zone_words(str(r["zone"])), **{c: number(r, c) for c in columns}}
        for r in frame.to_dict("records")
    ]


def _emissions(run: Run) -> list[dict]:
    known = set(table(run, "emissions").get("technology", ()))
    return [{**r, "name": technology_words(r["id"]) if r["id"] in known else r["name"]} for r in facts.emissions(run)]


def _whole(value: float | None, digits: int = 0) -> str:
    """A number with thousands separators; a dash for none."""
    return "–" if value is None else f"{round(value, digits) + 0.0:,.{digits}f}"


def _share(value: float | None, digits: int = 1) -> str:
    return "–" if value is None else f"{100 * value:.{digits}f} %"
