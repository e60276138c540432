"""DC links: sent power day by day with the part covered by bundled renewables, energy against contract, monthly shares."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridopt.report.contracts import as_power, contracts, layers, mean_sent
from gridopt.report.energy import long_enough, month_sum, months
from gridopt.report.figures import ALARM, INK, LEVEL_SCALE, SERIES, axis, colour_bar, figure, time_axis
from gridopt.report.folder import Run, cell, names, number, table, values
from gridopt.report.pack import Page, pack, token
from gridopt.report.text import WORDS, Both

BUNDLED, OTHER = "#3fa79a", "#b3bcc6"


def dc_links(run: Run, page: Page) -> list[dict] | None:
    """Figures `dc_use`, `dc_share`, `dc_day`; returns the contract rows. None where the run has no DC link."""
    sent = values(run, "dc_sent")
    if sent is None:
        return None
    bundled = values(run, "dc_bundled")
    bundled = bundled if bundled is not None and bundled[1].max() > 1e-3 else None
    both = names(run, "dc_link", sent[0])
    limit = {str(r["dc_link"]): number(r, "power_max_mw") for r in table(run, "dc_link").to_dict("records") if "dc_link" in r}
    options = [[key, page.name(name)] for key, name in zip(sent[0], both, strict=True)]
    page.data["dc_links"] = options
    if len(run.time) > 1:
        page.figures["dc_use"] = _use(run, page, sent, bundled, limit)
    if bundled is not None and long_enough(run):
        page.figures["dc_share"] = _share(run, page, sent, bundled[1], both)
    if run.days > 1:
        page.arrays["dc_sent"] = pack(sent[1])
        top = max([v for v in limit.values() if v] or [float(sent[1].max())])
        page.figures["dc_day"] = day_hour(
            run.days, "dc_sent", [[i, name] for i, (_, name) in enumerate(options)], "MW", LEVEL_SCALE, (0.0, top)
        )
    return [_contract(row, name) for link, name in zip(sent[0], both, strict=True) for row in contracts(run, link)]


def rules(run: Run) -> list[dict]:
    """What each rule of each DC link is worth, those that save most first; [] where nothing is known of them."""
    found = []
    for row in table(run, "dc_rules").to_dict("records"):
        rule = cell(row, "rule")
        name, _, contract = rule.partition(" of ")
        words = WORDS.get(f"rule_{name}") or (name, name)
        found.append(
            {
                "link": names(run, "dc_link", [cell(row, "dc_link")])[0],
                "rule": tuple(f"{w} ({contract})" if contract else w for w in words),
                "limit": number(row, "limit"),
                "relaxed": number(row, "relaxed_to"),
                "unit": cell(row, "unit"),
                "saving": number(row, "saving_cny"),
                "uncertain": number(row, "uncertain_cny"),
                "method": WORDS["method_dual" if cell(row, "method") == "dual" else "method_resolve"],
            }
        )
    return sorted(found, key=lambda r: -(r["saving"] or 0.0))


def table_of_links(run: Run) -> list[dict]:
    """Mean and highest power sent, limit and energy of each DC link; [] where the run has none or is no imported case."""
    sent = values(run, "dc_sent")
    if sent is None or not run.imported:
        return []
    known = {str(r["dc_link"]): r for r in table(run, "dc_link").to_dict("records") if "dc_link" in r}
    ends = [(cell(known.get(i, {}), "from_bus"), cell(known.get(i, {}), "to_bus")) for i in sent[0]]
    between = zip(names(run, "bus", [a for a, _ in ends]), names(run, "bus", [b for _, b in ends]), strict=True)
    return [
        {
            "name": name,
            "from": start,
            "to": end,
            "mean": float(row @ run.hours / run.hours.sum()),
            "highest": float(row.max()),
            "limit": number(known.get(key, {}), "power_max_mw"),
        }
        for key, name, (start, end), row in zip(sent[0], names(run, "dc_link", sent[0]), between, sent[1].astype(float), strict=True)
    ]


def day_hour(
    days: float, array: str, options: list[list], unit: str, scale: tuple, span: tuple[float, float] | None = None
) -> dict:
    """A heat map day by hour of day of one row of `array`, chosen with a selector; the page fills in z."""
    trace: dict = {
        "type": "heatmap",
        "x": [],
        "y": [],
        "z": [[]],
        "colorscale": scale,
        "meta": {"array": array},
        "colorbar": colour_bar(unit),
        "hovertemplate": f"%{{x}} %{{y}}:00<br>%{{z:,.1f}} {unit}<extra></extra>",
    }
    if span:
        trace |= {"zmin": span[0], "zmax": span[1]}
    layout = {
        "xaxis": time_axis(days, showgrid=False),
        "yaxis": axis(token("hour_of_day"), showgrid=False, zeroline=False, autorange="reversed", dtick=3),
    }
    return figure([trace], layout, height=300, control={"kind": "day_hour", "options": options})


def _use(run: Run, page: Page, sent, bundled, limit: dict) -> dict:
    """Daily mean power (in a run of three days or less by step), bundled and other, under the rating; contracts as power over their
    period. One set of traces per link."""
    daily = run.days > 3
    day, index = np.unique((run.time.normalize() if daily else run.time).to_numpy(), return_inverse=True)
    days, x = pd.DatetimeIndex(day), [str(d)[: 10 if daily else 16] for d in day]
    hours = np.bincount(index, weights=run.hours)
    traces: list[dict] = []
    for i, link in enumerate(sent[0]):
        energy = np.bincount(index, weights=sent[1][i] * run.hours)
        meta = {"pick": link}
        rest = energy
        if bundled is not None:
            part = np.bincount(index, weights=np.minimum(bundled[1][i], sent[1][i]) * run.hours)
            traces.append(_band(token("bundled"), BUNDLED, x, part / hours, meta))
            rest = energy - part
        traces.append(_band(token("sent" if bundled is None else "not_bundled"), OTHER, x, rest / hours, meta))
        if limit.get(link):
            traces.append(
                _steps(token("rating"), [x[0], x[-1]], [limit[link]] * 2, (INK, "dash", 1.2), meta) | {"hoverinfo": "skip"}
            )
        for n, layer in enumerate(layers(contracts(run, link))):
            rows = (
                ("contract_mean", mean_sent(layer, days, energy, hours), (SERIES[0], "solid", 2.4)),
                ("contract_min", as_power(layer, "energy_min_mwh", days), (ALARM, "dot", 1.8)),
                ("contract_max", as_power(layer, "energy_max_mwh", days), (INK, "dashdot", 1.4)),
            )
            # A layer that only asks for a renewable share has no energy to compare.
            if any(v is not None for _, y, _ in rows[1:] for v in y):
                traces += [_steps(token(k), x, y, look, meta) | {"showlegend": n == 0} for k, y, look in rows]
    both = names(run, "dc_link", sent[0])
    layout = {
        "hovermode": "x unified",
        "xaxis": time_axis(run.days),
        "yaxis": axis(token("daily_mean_mw" if daily else "power_mw"), rangemode="tozero"),
    }
    control = {"kind": "pick", "options": [[k, page.name(n)] for k, n in zip(sent[0], both, strict=True)]}
    return figure(traces, layout, height=430, control=control)


def _steps(name: str, x: list[str], y: list, look: tuple[str, str, float], meta: dict) -> dict:
    """A line of steps; `look` is colour, dash and width."""
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": x,
        "y": y,
        "line": {"color": look[0], "dash": look[1], "width": look[2], "shape": "hv"},
        "meta": meta,
        "hovertemplate": "%{y:,.0f} MW",
    }


def _share(run: Run, page: Page, sent, bundled: np.ndarray, both: list) -> dict:
    month, labels = months(run)
    x, traces = list(range(len(labels))), []
    for i, link in enumerate(sent[0]):
        total = month_sum(sent[1][i] * run.hours, month, len(labels))
        part = month_sum(np.minimum(bundled[i], sent[1][i]) * run.hours, month, len(labels))
        share = np.divide(part, total, out=np.full(len(labels), np.nan), where=total > 0)
        name, colour = page.name(both[i]), SERIES[i % len(SERIES)]
        traces.append(
            {
                "type": "bar",
                "name": name,
                "x": x,
                "y": share,
                "marker": {"color": colour},
                "customdata": labels,
                "legendgroup": link,
                "hovertemplate": "%{customdata}<br>%{y:.1%}<extra>%{fullData.name}</extra>",
            }
        )
        least = max([number(c, "renewable_share_min") or 0.0 for c in contracts(run, link)], default=0.0)
        if least > 0:
            traces.append(
                {
                    "type": "scatter",
                    "mode": "lines",
                    "name": token("share_min"),
                    "x": [-0.5, len(labels) - 0.5],
                    "y": [least] * 2,
                    "line": {"color": colour, "width": 1.6, "dash": "dot"},
                    "legendgroup": link,
                    "hovertemplate": "%{y:.0%}<extra></extra>",
                }
            )
    return figure(
        traces,
        {
            "barmode": "group",
            "bargap": 0.3,
            "xaxis": axis(showgrid=False, zeroline=False, tickvals=x, ticktext=labels, range=[-0.5, len(x) - 0.5]),
            "yaxis": axis(token("renewable_share"), tickformat=".0%", rangemode="tozero"),
        },
        height=300,
    )


def _contract(row: dict, link: Both) -> dict:
    """A contract for the table: whether the energy and the share are met (None: nothing asked)."""
    sent, least, most = (number(row, c) for c in ("sent_mwh", "energy_min_mwh", "energy_max_mwh"))
    share, wanted = number(row, "renewable_share"), number(row, "renewable_share_min")
    tolerance = 1e-6 * (sent or 0.0) + 1.0
    energy_met = (
        None
        if sent is None or (least is None and most is None)
        else ((least is None or sent >= least - tolerance) and (most is None or sent <= most + tolerance))
    )
    return {
        "contract": cell(row, "contract"),
        "link": link,
        "period": f"{row['first']:%Y-%m-%d} – {row['last']:%Y-%m-%d}",
        "sent": sent,
        "least": least,
        "most": most,
        "share": share,
        "wanted": wanted or None,
        "energy_met": energy_met,
        "share_met": None if not wanted or share is None else share >= wanted - 1e-4,
        "value_energy": number(row, "value_of_energy_cny_per_mwh"),
        "value_share": number(row, "value_of_share_cny_per_mwh"),
    }


def _band(name: str, colour: str, x: list, y: np.ndarray, meta: dict) -> dict:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": x,
        "y": y,
        "stackgroup": meta["pick"],
        "fillcolor": colour,
        "line": {"width": 0, "color": colour},
        "meta": meta,
        "hovertemplate": "%{y:,.0f} MW",
    }
