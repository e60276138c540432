"""Headline cards in words, the certificate, the sources and the facts of the run."""

from __future__ import annotations

import numpy as np

from gridopt.report.contracts import contracts, least_energy
from gridopt.report.curtailment import causes, curtailed_total
from gridopt.report.energy import exporting
from gridopt.report.folder import Run, cell, names, number, table, values
from gridopt.report.market_cards import market_cards
from gridopt.report.market_data import market_table
from gridopt.report.text import WORDS, Both, amount, currency_words, dotted, energy, join, mass, money, percent, price, say, unit_price
from gridopt.report.zones import zone_prices, zone_words

CONFIDENCE = ("sourced", "recalled", "estimate")


def cards(run: Run) -> list[dict]:
    """The headlines: {key, big (number, both languages), text (sentence, both languages), tone}."""
    market = market_cards(run)
    settled = any(c["key"] == "market_price" for c in market)  # what users pay; beside it, prices before floor and cap would mislead
    made = (
        *market,
        _curtailment(run),
        _energy(run),
        None if settled else _prices(run),
        *_links(run),
        _cost(run),
        _emissions(run),
        _shedding(run),
        _certificate_card(run),
    )
    return [c for c in made if c]


def certificate(run: Run) -> dict | None:
    """Checks of the certificate with numbers as text; None where the run has none."""
    checks = run.certificate.get("checks")
    if not checks:
        return None
    rows = [
        {
            "name": dotted(cell(c, "name")),
            "worst": _small(c, "worst"),
            "unit": cell(c, "unit").replace("CNY", currency_words(run.currency)[0]),
            "tolerance": _small(c, "tolerance"),
            "passed": bool(c.get("passed")),
            "where": _where(c.get("where")),
        }
        for c in checks
    ]
    return {"passed": bool(run.certificate.get("passed")), "rows": rows}


def sources(run: Run) -> list[dict]:
    """Rows of SOURCES.csv as text, and their confidence as one of the known words."""
    frame = table(run, "sources")
    columns = ("id", "what", "value", "unit", "year", "source")
    out = []
    for row in frame.to_dict("records"):
        confidence = cell(row, "confidence").lower()
        out.append(
            {**{c: _plain(cell(row, c)) for c in columns}, "confidence": confidence if confidence in CONFIDENCE else "unknown"}
        )
    return out


def run_facts(run: Run) -> list[tuple[str, list[tuple[Both, Both]]]]:
    """Groups (word key, [(label, value)]) of the manifest, in reading order; empty groups are left out."""
    manifest = run.manifest
    solved = {k: run.summary.get(k) for k in ("status", "objective", "bound", "gap") if run.summary.get(k) is not None}
    # The time of an imported single step is made up: only its length is shown.
    period = manifest.get("period")
    if period and run.imported and len(run.time) == 1:
        period = {k: v for k, v in period.items() if k not in ("start", "end")}
    groups = (
        ("facts_solution", solved),
        ("facts_period", period),
        ("facts_options", _options(manifest.get("options") or {})),
        (
            "facts_size",
            {
                **(manifest.get("size") or {}),
                **({"peak_memory_mb": manifest["peak_memory_mb"]} if "peak_memory_mb" in manifest else {}),
            },
        ),
        ("facts_seconds", manifest.get("seconds")),
        (
            "facts_versions",
            {
                **({"gridopt": manifest["gridopt_version"]} if "gridopt_version" in manifest else {}),
                **(manifest.get("versions") or {}),
            },
        ),
        ("facts_inputs", manifest.get("inputs")),
    )
    return [
        (key, [(WORDS.get(f"fact_{k}", (str(k),) * 2), _fact(v)) for k, v in content.items()])
        for key, content in groups
        if content
    ]


def _options(options: dict) -> dict:
    """What was chosen: without titles, which stand above, and what is empty."""
    return {k: v for k, v in options.items() if v not in (None, "", [], {}) and not k.startswith("title_")}


def costs(run: Run) -> list[dict]:
    """Cost items, largest first, with their share of the largest."""
    rows = [r for r in table(run, "costs").to_dict("records") if number(r, "cost_cny")]
    top = max((abs(r["cost_cny"]) for r in rows), default=1.0)
    return [
        {
            "name": _cost_name(r),
            "cost": float(r["cost_cny"]),
            "share": abs(r["cost_cny"]) / top,
        }
        for r in sorted(rows, key=lambda r: -abs(r["cost_cny"]))
    ]


def emissions(run: Run) -> list[dict]:
    """Rows by technology or unit, largest first; at most 30, the rest summed under a name of its own."""
    frame = table(run, "emissions")
    key = next((c for c in ("technology", "unit") if c in frame), None)
    if key is None or "co2_t" not in frame:
        return []
    both = names(run, key, [str(v) for v in frame[key]])
    rows: list[dict] = [
        {
            "id": str(r[key]),
            "name": n,
            "mwh": number(r, "energy_mwh"),
            "co2": number(r, "co2_t") or 0.0,
            "cost": number(r, "carbon_cost_cny"),
        }
        for r, n in zip(frame.to_dict("records"), both, strict=True)
    ]
    rows = sorted((r for r in rows if r["co2"]), key=lambda r: -r["co2"])
    top = rows[0]["co2"] if rows else 1.0
    if len(rows) > 30:
        rest = rows[29:]
        rows = [
            *rows[:29],
            {"id": "", "name": say("others"), **{k: sum(r[k] or 0.0 for r in rest) for k in ("mwh", "co2", "cost")}},
        ]
    return [{**r, "share": r["co2"] / top} for r in rows]


def _curtailment(run: Run) -> dict | None:
    lost, could = curtailed_total(run)
    if could <= 0:
        return None
    rate = percent(lost / could)
    found = causes(run)
    whole = sum(c["mwh"] for c in found)
    if lost < 1 or not found:
        return _card("curtailment", energy(lost), say("card_curtailment", rate=rate))
    main = found[0]
    return _card(
        "curtailment",
        energy(lost),
        say("card_curtailment_cause", rate=rate, cause=main["name"], share=percent(main["mwh"] / whole, 0)),
    )


def _prices(run: Run) -> dict | None:
    unit = unit_price(run.currency)
    if run.imported:
        return _price_of_buses(run, unit)
    rows = [r for r in table(run, "price_zones").to_dict("records") if number(r, "mean") is not None]
    if not rows:
        rows = [{"zone": z, "mean": v} for z, v in (run.summary.get("price_mean") or {}).items()]
    if not rows:
        return None
    # The price of a neighbour or of a link's far end is an input, not a result.
    own = list(zone_prices(run))
    rows = sorted((r for r in rows if str(r["zone"]) in own), key=lambda r: own.index(str(r["zone"])))[:4] or rows[:4]
    big = join([say("number", n=(f"{r['mean']:,.0f}",) * 2) for r in rows[:2]], (" / ", " / "))
    parts = [say("zone_price", zone=zone_words(str(r["zone"])), n=(f"{r['mean']:,.0f}",) * 2) for r in rows]
    return _card("price", (f"{big[0]} {unit[0]}", f"{big[1]} {unit[1]}"), _price_text(rows, join(parts)))


def _price_of_buses(run: Run, unit: Both) -> dict | None:
    """Prices of a network whose zones are numbers of a file: the mean weighted by load, and the span over buses and steps."""
    price, load = values(run, "price"), values(run, "load")
    if price is None:
        return None
    rows = price[1].astype(float)
    taken = load[1] * run.hours if load is not None and load[1].shape == rows.shape else np.ones(rows.shape)
    known = np.isfinite(rows)
    if not known.any():
        return None
    whole = float(taken[known].sum())
    mean = float((rows * taken)[known].sum() / whole) if whole > 0 else float(rows[known].mean())
    low, high = float(rows[known].min()), float(rows[known].max())
    key = "card_price_one" if high - low < 5e-3 else "card_price_buses" if len(run.time) == 1 else "card_price_all"
    spans = {"low": (f"{low:,.2f}",) * 2, "high": (f"{high:,.2f}",) * 2} if key != "card_price_one" else {}
    return _card("price", (f"{mean:,.2f} {unit[0]}", f"{mean:,.2f} {unit[1]}"), say(key, **spans))


def _price_text(rows: list[dict], parts: Both) -> Both:
    low, high = ([v for r in rows if (v := number(r, c)) is not None] for c in ("min", "max"))
    if not low or not high:
        return say("card_price", parts=parts)
    return say("card_price_span", parts=parts, low=(f"{round(min(low)):,}",) * 2, high=(f"{round(max(high)):,}",) * 2)


def _energy(run: Run) -> dict | None:
    load_rows = values(run, "load")
    if load_rows is None:
        return None
    load, lost = (_total(run, name) for name in ("load", "shedding"))
    links = values(run, "dc_sent")
    sent = float(links[1][exporting(run, links[0])].sum(0, dtype=float) @ run.hours) if links else 0.0
    by, made = run.summary.get("energy_mwh") or {}, produced(run)
    share = percent(sum(float(by.get(t, 0.0)) for t in ("wind", "solar")) / made if made > 0 else 0.0, 0)
    text = say("card_energy_sent", sent=energy(sent), share=share) if sent > 0 else say("card_energy", share=share)
    if not any(by.get(t) for t in ("wind", "solar")):
        peak = (f"{float(load_rows[1].sum(0).max()):,.0f} MW",) * 2
        text = say("card_load", peak=peak) if len(run.time) > 1 else say("card_load_step", peak=peak)
    return _card("energy", energy(load - lost), text)


def produced(run: Run) -> float:
    """Energy produced inside the system [MWh]: without storage, which gives back, and without imports."""
    by = run.summary.get("energy_mwh") or {}
    return sum(float(v) for k, v in by.items() if not k.endswith("_discharge") and k not in ("imports", "import", "shedding"))


def _total(run: Run, name: str) -> float:
    """Sum of a power over elements and time [MWh]; 0 where the run has none."""
    found = values(run, name)
    return float((found[1].sum(0, dtype=float) * run.hours).sum()) if found else 0.0


def _links(run: Run) -> list[dict | None]:
    found = run.summary.get("dc_links") or {}
    # Links between areas of one network are branches like others; a card each is for those that export.
    if not found or run.imported:
        return [None]
    both = dict(zip(found, names(run, "dc_link", list(found)), strict=True))
    out: list[dict | None] = []
    for key, link in found.items():
        of = contracts(run, key)
        least = least_energy(of)
        wanted = max((number(c, "renewable_share_min") or 0.0 for c in of), default=0.0)
        parts = [say("link_contract", least=energy(least)) if least else say("link_no_contract")]
        if link.get("renewable_share") is not None:
            share = percent(link["renewable_share"], 0)
            parts.append(
                say("link_share_wanted", share=share, wanted=percent(wanted, 0)) if wanted else say("link_share", share=share)
            )
        short = (least and link["sent_mwh"] < least - 1) or (wanted and (link.get("renewable_share") or 0.0) < wanted - 1e-4)
        out.append(
            _card("link", energy(link["sent_mwh"]), say("card_link", parts=join(parts)), "warn" if short else "", label=both[key])
        )
    return out


def _cost(run: Run) -> dict | None:
    total = number(run.summary, "objective")
    if total is None:
        return None
    made = produced(run)
    each = price(total / made, run.currency) if made > 0 else None
    gap = number(run.summary, "gap")
    parts = [say("cost_each", each=each)] if each else []
    parts.append(say("cost_gap", gap=percent(gap, 2)) if gap is not None else say("cost_plain"))
    return _card("cost", money(total, run.currency), say("card_cost", parts=join(parts)))


def _emissions(run: Run) -> dict | None:
    frame = table(run, "emissions")
    if "co2_t" not in frame or frame.empty:
        return None
    tonnes = float(frame.co2_t.sum())
    # A network without emission factors, or units known by their offers, emit nothing known: no headline.
    if tonnes == 0 and (run.imported or len(market_table(run, "prices"))):
        return None
    made = produced(run)
    each = amount(1000 * tonnes / made, "kg/MWh") if made > 0 else None
    return _card("emissions", mass(tonnes), say("card_emissions", each=each) if each else say("card_emissions_plain"))


def _shedding(run: Run) -> dict | None:
    mwh = _total(run, "shedding")
    return _card("shedding", energy(mwh), say("card_shedding"), "warn") if mwh > 1.0 else None


def _certificate_card(run: Run) -> dict | None:
    found = certificate(run)
    if not found:
        return None
    good = sum(r["passed"] for r in found["rows"])
    key = "card_certificate" if found["passed"] else "card_certificate_failed"
    big = say("passed") if found["passed"] else say("failed")
    return _card(
        "certificate",
        big,
        say(key, good=(str(good),) * 2, count=(str(len(found["rows"])),) * 2),
        "good" if found["passed"] else "bad",
    )


def _card(key: str, big: Both, text: Both, tone: str = "", label: Both | None = None) -> dict:
    return {"label": label or say(f"label_{key}"), "big": big, "text": text, "tone": tone}


def _cost_name(row: dict) -> Both:
    en, zh = dotted(cell(row, "name"))
    return en, cell(row, "name_zh") or zh


def _where(value: object) -> str:
    return "" if value is None else ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else str(value)


def _small(row: dict, column: str) -> str:
    """A number that may be very small or very large, in few characters."""
    value = number(row, column)
    if value is None:
        return "–"
    if value == 0:
        return "0"
    return f"{value:.1e}" if abs(value) < 1e-3 or abs(value) >= 1e6 else f"{value:,.4g}"


def _plain(text: str) -> str:
    """A year or a count that a table reader turned into 2025.0."""
    return text[:-2] if text.endswith(".0") and text[:-2].lstrip("-").isdigit() else text


def _fact(value: object) -> Both:
    if isinstance(value, bool):
        return WORDS["yes" if value else "no"]
    text = _fact_text(value)
    return WORDS.get(f"value_{text}") or (text, text)


def _fact_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"
    if isinstance(value, dict | list):
        return ", ".join(f"{k}: {v}" for k, v in value.items()) if isinstance(value, dict) else ", ".join(map(str, value))
    return str(value)
