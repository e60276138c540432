"""Plants one by one: what each produces against what it could, and for a single step output by technology as bars."""

from __future__ import annotations

import numpy as np

from gridopt.report.energy import supply, technology_name
from gridopt.report.figures import axis, figure
from gridopt.report.folder import Run, cell, names, number, table, values
from gridopt.report.pack import Page, token
from gridopt.report.technologies import technology_colour, technology_words

MOST_PLANTS = 60
KINDS = ("generator", "unit", "renewable")


def plants(run: Run) -> dict | None:
    """{rows, count}: plants by mean output, largest first, at most MOST_PLANTS of `count`; None for a network folder's long runs."""
    if not run.imported and len(run.time) > 1:
        return None
    rows = [row for kind in KINDS for row in _of_kind(run, kind)]
    rows.sort(key=lambda r: (-r["mean"], r["order"]))
    return {"rows": rows[:MOST_PLANTS], "count": len(rows)} if rows else None


def _of_kind(run: Run, kind: str) -> list[dict]:
    found = values(run, f"{kind}_output")
    if found is None:
        return []
    known = {str(r[kind]): r for r in table(run, kind).to_dict("records") if kind in r}
    mean = found[1].astype(float) @ run.hours / run.hours.sum()
    at = [cell(known.get(i, {}), "bus") for i in found[0]]
    labels = zip(found[0], names(run, kind, found[0]), at, names(run, "bus", at), mean, strict=True)
    return [
        {
            "order": n,
            "name": both,
            "technology": technology_words(cell(known.get(key, {}), "technology") or kind),
            "colour": technology_colour(run, cell(known.get(key, {}), "technology") or kind),
            "bus": bus_name,
            "mean": float(output),
            "least": number(known.get(key, {}), "power_min_mw"),
            "most": number(known.get(key, {}), "power_max_mw"),
        }
        for n, (key, both, _, bus_name, output) in enumerate(labels)
    ]


def output(run: Run, page: Page) -> bool:
    """Figure `output`: a bar for each technology of a run of one step. False for longer runs and a single technology."""
    by = supply(run)
    if len(run.time) > 1 or len(by) < 2:
        return False
    order = sorted(by, key=lambda t: float(by[t][0]))
    power = np.array([float(by[t][0]) for t in order])
    trace = {
        "type": "bar",
        "orientation": "h",
        "x": power,
        "y": list(range(len(order))),
        "marker": {"color": [technology_colour(run, t) for t in order]},
        "text": [f"{p:,.0f} MW ({p / power.sum():.0%})" if power.sum() > 0 else f"{p:,.0f} MW" for p in power],
        "textposition": "outside",
        "cliponaxis": False,
        "hoverinfo": "skip",
    }
    span = [min(0.0, 1.1 * float(power.min())), 1.25 * float(power.max())]
    layout = {
        "bargap": 0.3,
        "xaxis": axis(token("power_mw"), range=span),
        "yaxis": axis(tickvals=trace["y"], ticktext=[technology_name(page, t) for t in order], showgrid=False, zeroline=False),
    }
    page.figures["output"] = figure([trace], layout, height=80 + 34 * len(order))
    return True
