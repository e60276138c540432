"""Dispatch by technology hour by hour, energy and curtailment rate by month, the balance of the year."""

from __future__ import annotations

import numpy as np

from gridopt.case.tables_plants import WEATHER
from gridopt.report.figures import ALARM, INK, SERIES, axis, figure, hatched, week_axis
from gridopt.report.folder import Run, cell, number, table, values
from gridopt.report.pack import Page, pack, token
from gridopt.report.technologies import canonical, technology_colour, technology_order, technology_words
from gridopt.report.text import WORDS, energy_unit, unit_price
from gridopt.report.zones import zone_name, zone_prices


def technology_name(page: Page, technology: str) -> str:
    """Token of a technology's name."""
    return page.name(technology_words(technology))


def supply(run: Run) -> dict[str, np.ndarray]:
    """Output by technology (label,) [MW], from the bottom of a stack to its top; technologies without output are left out."""
    found = values(run, "technology_output")
    if found is None:
        return {}
    by = {name: row for name, row in zip(*found, strict=True) if np.nanmax(np.abs(row)) > 1e-3}
    return {name: by[name] for name in technology_order(list(by))}


def curtailed(run: Run) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Curtailed and available power of wind, solar and run-of-river plants by technology (label,) [MW]."""
    return run.once("curtailed", lambda: _curtailed(run))


def wind_and_solar(by: dict[str, np.ndarray]) -> np.ndarray:
    """Sum of the rows of wind and solar, the technologies whose curtailment is headline news; 0 without them."""
    return np.sum([row for t, row in by.items() if t in ("wind", "solar")] or [np.zeros(1)], axis=0)


def _curtailed(run: Run) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    lost, available = values(run, "renewable_curtailed"), values(run, "renewable_available")
    plants = table(run, "renewable")
    if lost is None or available is None or "technology" not in plants:
        return {}, {}
    technology = dict(zip(plants.renewable.astype(str), plants.technology.astype(str), strict=True))
    kind = np.array([technology.get(i, "") for i in lost[0]])
    present = [t for t in WEATHER if (kind == t).any()]
    return {t: lost[1][kind == t].sum(0) for t in present}, {t: available[1][kind == t].sum(0) for t in present}


def demand(run: Run) -> tuple[np.ndarray, np.ndarray] | None:
    """Load, and load with exports and charging (label,) [MW]. None where the run has no load."""
    load = values(run, "load")
    if load is None:
        return None
    own = load[1].sum(0)
    taken = own.copy()
    for name in ("dc_sent", "exchange_export", "storage_charge", "surplus"):
        found = values(run, name)
        if found is not None:
            rows = found[1][_is_ac(run, found[0])] if name == "exchange_export" else found[1]
            rows = rows[exporting(run, found[0])] if name == "dc_sent" else rows
            taken += np.clip(rows, 0, None).sum(0)
    return own, taken


def exporting(run: Run, links: list[str]) -> np.ndarray:
    """Whether each DC link leaves the system: one between two of its buses sends nothing out."""
    frame, bus = table(run, "dc_link"), table(run, "bus")
    if not {"dc_link", "to_bus"} <= set(frame.columns) or "role" not in bus:
        return np.ones(len(links), dtype=bool)
    inside = set(bus.bus[bus.role == "internal"].astype(str))
    to = dict(zip(frame.dc_link.astype(str), frame.to_bus.astype(str), strict=True))
    return np.array([to.get(i, "") not in inside for i in links], dtype=bool)


def dispatch(run: Run, page: Page) -> bool:
    """The stack step by step with its controls. False for a single step: a point is no series."""
    by, load = supply(run), demand(run)
    if not by or load is None or len(run.time) < 2:
        return False
    lost, _ = curtailed(run)
    lost = {t: row for t, row in lost.items() if row.max() > 1e-3}
    traces = [_area(technology_name(page, t), technology_colour(run, t), "technology", i) for i, t in enumerate(by)]
    for i, t in enumerate(lost):
        trace = _area(token(f"curtailed_{t}"), technology_colour(run, t), "curtailed", i)
        trace |= {
            "fillcolor": "rgba(255,255,255,0)",
            "fillpattern": {"shape": "/", "fgcolor": technology_colour(run, t), "size": 5, "solidity": 0.35},
        }
        traces.append(trace)
    traces += [
        _line(token("load"), INK, "solid", "demand", 0),
        _line(token("load_and_exports"), INK, "dot", "demand", 1),
    ]
    page.arrays["technology"] = pack(np.array(list(by.values())))
    if lost:
        page.arrays["curtailed"] = pack(np.array(list(lost.values())))
    page.arrays["demand"] = pack(np.array(load))
    prices = zone_prices(run)
    if prices:
        page.arrays["zone_price"] = pack(np.array(list(prices.values())))
    unit = page.name(unit_price(run.currency))
    traces += [
        _line(zone_name(page, z), SERIES[i % len(SERIES)], "solid", "zone_price", i)
        | {"yaxis": "y2", "legend": "legend2", "hovertemplate": f"%{{y:,.0f}} {unit}"}
        for i, z in enumerate(prices)
    ]
    page.figures["dispatch"] = figure(
        traces,
        {
            "hovermode": "x unified",
            "hoversubplots": "axis",
            "xaxis": week_axis(run.days, anchor="y2" if prices else "y"),
            "yaxis": axis(token("power_mw"), rangemode="tozero", tickformat=",.0f", domain=[0.3 if prices else 0.0, 1.0]),
            "yaxis2": axis(unit, domain=[0.0, 0.2]),
            "legend": {"traceorder": "reversed"},
            "legend2": {"orientation": "h", "x": 0, "y": 0.2, "xanchor": "left", "yanchor": "bottom", "font": {"size": 12}},
        },
        height=600,
        control={"kind": "week"},
    )
    page.data["weeks"] = found = weeks(run)
    page.data["week"] = _week_shown(found, lost, load[0])
    return True


def weeks(run: Run) -> list[list[int]]:
    """[first label, label after the last] of every calendar week (Monday to Sunday) of the run."""
    monday = (run.time.normalize() - np.timedelta64(1, "D") * run.time.dayofweek.to_numpy()).to_numpy()
    start = np.flatnonzero(np.append(True, monday[1:] != monday[:-1]))
    stop = np.append(start[1:], len(run.time))
    return [[int(a), int(b)] for a, b in zip(start, stop, strict=True)]


def _week_shown(found: list[list[int]], lost: dict[str, np.ndarray], load: np.ndarray) -> int:
    """The week the page opens with: the one with most curtailment, without any the one with the highest load."""
    weight = np.sum(list(lost.values()), axis=0) if lost else load
    return int(np.argmax([weight[a:b].sum() for a, b in found]))


def long_enough(run: Run) -> bool:
    """Whether months say more than totals do: a week or more."""
    return run.days >= 6.5


def monthly(run: Run, page: Page) -> dict | None:
    """Energy and curtailment by month. Returns the worst month {month: (year, month), mwh, share}, None without output or a week."""
    by, load = supply(run), demand(run)
    if not by or not long_enough(run):
        return None
    month, labels = months(run)
    energy = {t: month_sum(row * run.hours, month, len(labels)) for t, row in by.items()}
    size, unit = energy_unit(max(float(row.max()) for row in energy.values()))
    x = list(range(len(labels)))
    traces: list[dict] = [
        {
            "type": "bar",
            "name": technology_name(page, t),
            "x": x,
            "y": row / size,
            "customdata": labels,
            "marker": {"color": technology_colour(run, t)},
            "hovertemplate": f"%{{customdata}}<br>%{{y:.2f}} {unit}<extra>%{{fullData.name}}</extra>",
        }
        for t, row in energy.items()
    ]
    if load is not None:
        lines = zip(("load", "load_and_exports"), load, ("circle", "diamond"), strict=True)
        traces += [
            {
                "type": "scatter",
                "mode": "markers+lines",
                "name": token(key),
                "x": x,
                "y": month_sum(row * run.hours, month, len(labels)) / size,
                "customdata": labels,
                "line": {"color": INK, "width": 1.4, "dash": "solid" if key == "load" else "dot"},
                "marker": {"symbol": symbol, "size": 6, "color": INK},
                "hovertemplate": f"%{{customdata}}<br>%{{y:.2f}} {unit}<extra>%{{fullData.name}}</extra>",
            }
            for key, row, symbol in lines
        ]
    page.figures["monthly"] = figure(
        traces,
        {
            "barmode": "relative",
            "bargap": 0.28,
            "xaxis": axis(showgrid=False, zeroline=False, tickvals=x, ticktext=labels),
            "yaxis": axis(f"{token('c_energy')}, {unit}"),
        },
        height=430,
    )
    return _monthly_curtailment(run, page, month, labels)


def _monthly_curtailment(run: Run, page: Page, month: np.ndarray, labels: list[str]) -> dict | None:
    lost, available = curtailed(run)
    if not lost:
        return None
    count, x = len(labels), list(range(len(labels)))
    gone = {t: month_sum(row * run.hours, month, count) for t, row in lost.items()}
    could = {t: month_sum(row * run.hours, month, count) for t, row in available.items()}
    traces: list[dict] = [
        {
            "type": "bar",
            "name": token(f"curtailed_{t}"),
            "x": x,
            "y": row / 1e3,
            "yaxis": "y",
            "customdata": labels,
            "marker": hatched(technology_colour(run, t)),
            "hovertemplate": "%{customdata}<br>%{y:,.0f} GWh<extra>%{fullData.name}</extra>",
        }
        for t, row in gone.items()
    ]
    for t in [*gone, *(["all"] if {"wind", "solar"} <= set(gone) else [])]:
        up, down = (wind_and_solar(by) if t == "all" else by[t] for by in (gone, could))
        rate = np.divide(up, down, out=np.full(count, np.nan), where=down > 0)
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": token(f"rate_{t}"),
                "x": x,
                "y": rate,
                "yaxis": "y2",
                "customdata": labels,
                "line": {"color": INK if t == "all" else technology_colour(run, t), "width": 3 if t == "all" else 2},
                "marker": {"size": 6},
                "hovertemplate": "%{customdata}<br>%{y:.1%}<extra>%{fullData.name}</extra>",
            }
        )
    page.figures["monthly_curtailment"] = figure(
        traces,
        {
            "barmode": "stack",
            "bargap": 0.35,
            "xaxis": axis(showgrid=False, zeroline=False, anchor="y", tickvals=x, ticktext=labels),
            "yaxis": axis(token("curtailed_gwh"), domain=[0, 0.46], rangemode="tozero"),
            "yaxis2": axis(token("rate"), domain=[0.54, 1], rangemode="tozero", tickformat=".0%"),
        },
        height=430,
    )
    if not {"wind", "solar"} & set(gone):
        return None
    total, most = wind_and_solar(gone), wind_and_solar(could)
    worst = int(np.argmax(total))
    share = float(total[worst] / most[worst]) if most[worst] > 0 else 0.0
    return {
        "month": (run.time[month == worst][0].year, run.time[month == worst][0].month),
        "mwh": float(total[worst]),
        "share": share,
    }


def months(run: Run) -> tuple[np.ndarray, list[str]]:
    """Position of each label's month, and the months' tokens (with the year where there is more than one)."""
    stamp = run.time.year.to_numpy() * 12 + run.time.month.to_numpy() - 1
    found, position = np.unique(stamp, return_inverse=True)
    several = len(set(found // 12)) > 1
    return position, [token(f"month_{m % 12 + 1}") + (f" {m // 12}" if several else "") for m in found]


def month_sum(row: np.ndarray, month: np.ndarray, count: int) -> np.ndarray:
    """Sum of `row` (label,) over each month (month,)."""
    return np.bincount(month, weights=row, minlength=count)


def balance(run: Run, page: Page) -> list[dict]:
    """Rows of the energy balance: name, MWh (negative: used), share of the larger side, colour."""
    frame = table(run, "energy_balance")
    if not {"item", "energy_mwh"} <= set(frame.columns):
        return []
    rows = [r for r in frame.to_dict("records") if abs(number(r, "energy_mwh") or 0.0) > 0.5]
    largest = max((abs(r["energy_mwh"]) for r in rows), default=1.0)
    out = []
    for row in rows:
        item, mwh = str(row["item"]), float(row["energy_mwh"])
        produced = f"tech_{canonical(item)}" in WORDS or f"balance_{item}" not in WORDS and mwh >= 0
        if produced:
            both, colour = technology_words(item), technology_colour(run, item)
        else:
            zh = cell(row, "item_zh")
            both = WORDS.get(f"balance_{item}") or technology_words(item)
            both = (both[0], zh) if zh and zh != item and f"balance_{item}" not in WORDS else both
            colour = SERIES[0] if mwh >= 0 else ALARM if "shed" in item else "#8d98a4"
        out.append({"name": both, "mwh": mwh, "share": abs(mwh) / largest, "colour": colour})
    return sorted(out, key=lambda r: (r["mwh"] < 0, -abs(r["mwh"])))


def _is_ac(run: Run, exchanges: list[str]) -> np.ndarray:
    """Whether each exchange is at an AC neighbour: trade at the far end of a DC link is counted where the link is sent."""
    frame, bus = table(run, "exchange"), table(run, "bus")
    if not {"exchange", "bus"} <= set(frame.columns) or "role" not in bus:
        return np.array([not e.startswith("M_") for e in exchanges])
    sink = set(bus.bus[bus.role == "sink"].astype(str))
    at = dict(zip(frame.exchange.astype(str), frame.bus.astype(str), strict=True))
    return np.array([at.get(e, "") not in sink for e in exchanges])


def _area(name: str, colour: str, array: str, row: int) -> dict:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "stackgroup": "supply",
        "fillcolor": colour,
        "x": [],
        "y": [],
        "line": {"width": 0, "color": colour},
        "meta": {"array": array, "row": row},
        "hovertemplate": "%{y:,.0f} MW",
    }


def _line(name: str, colour: str, dash: str, array: str, row: int) -> dict:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": [],
        "y": [],
        "line": {"width": 1.8, "color": colour, "dash": dash},
        "meta": {"array": array, "row": row},
        "hovertemplate": "%{y:,.0f} MW",
    }
