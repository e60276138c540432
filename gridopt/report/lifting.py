"""What lifts water and what stores heat: pumped storage, pumps of cascades, zones of head, stores of solar thermal plants."""

from __future__ import annotations

import numpy as np

from gridopt.report.figures import LEVEL_SCALE, SERIES, axis, figure, hatched
from gridopt.report.folder import Run, cell, names, number, table, values
from gridopt.report.links import day_hour
from gridopt.report.pack import Page, pack, token
from gridopt.report.text import WORDS, Both

RUNNING = 0.5
"""Machines or MW above which a plant counts as running."""


def pumped(run: Run, page: Page) -> list[dict]:
    """Figures `pumped_day` (average day) and `pumped_level` (upper reservoir), and a row for each plant; [] without pumped storage.

    A row: name, machines, generated_mwh, pumped_mwh, hours_generating, hours_pumping, changes from one to the other, value of stored energy.
    """
    out, taken = values(run, "pumped_generate"), values(run, "pumped_pump")
    if out is None or taken is None:
        return []
    label = names(run, "pumped", out[0])
    if len(run.time) >= 24:
        rows = [("pumped_generates", out[1].sum(0), SERIES[2]), ("pumped_pumps", -taken[1].sum(0), None)]
        page.figures["pumped_day"] = _average_day(run, rows)
    level = values(run, "pumped_upper")
    if level is not None and run.days > 1:
        page.arrays["pumped_upper"] = pack(level[1] / 1e3)
        options = [[i, name] for i, name in enumerate(page.tokens(label))]
        page.figures["pumped_level"] = day_hour(run.days, "pumped_upper", options, "GWh", LEVEL_SCALE)
    worth = values(run, "pumped_energy_value")
    known = {str(r["pumped"]): r for r in table(run, "pumped").to_dict("records") if "pumped" in r}
    found = []
    for i, (key, name) in enumerate(zip(out[0], label, strict=True)):
        up, down = out[1][i] > RUNNING, taken[1][i] > RUNNING
        found.append(
            {
                "name": name, "machines": number(known.get(key, {}), "units"), "generated_mwh": float(out[1][i].astype(float) @ run.hours),
                "pumped_mwh": float(taken[1][i].astype(float) @ run.hours), "hours_generating": float(up @ run.hours),
                "hours_pumping": float(down @ run.hours), "changes": _changes(up, down),
                "value": None if worth is None or not np.isfinite(worth[1][i]).any() else float(np.nanmean(worth[1][i])),
            }
        )  # fmt: skip
    return found


def pumps(run: Run, page: Page) -> list[dict]:
    """Figure `pump_day` and a row for each pump of a cascade: name, from, to, mwh, hours; [] without pumps."""
    found = values(run, "pump_power")
    if found is None:
        return []
    label = names(run, "pump", found[0])
    if len(run.time) >= 24:
        page.figures["pump_day"] = _average_day(run, [("pumping", found[1].sum(0), SERIES[0])])
    known = {str(r["pump"]): r for r in table(run, "pump").to_dict("records") if "pump" in r}
    sides = ("from_reservoir", "to_reservoir")
    ends = [[names(run, "reservoir", [cell(known.get(key, {}), side)])[0] for side in sides] for key in found[0]]
    return [
        {"name": name, "from": a, "to": b, "mwh": float(row.astype(float) @ run.hours), "hours": float((row > RUNNING) @ run.hours)}
        for name, row, (a, b) in zip(label, found[1], ends, strict=True)
    ]


def heads(run: Run) -> list[dict]:
    """A row for each zone of head of a reservoir: name, begin and end hm3, whether it is the last, output per flow, share of time in it.

    The zone of a step is that of the volume at its beginning, that is of the end of the step before.
    """
    zones, volume = table(run, "head_zone"), values(run, "reservoir_volume")
    if volume is None or not {"reservoir", "volume_from_hm3", "power_mw_per_m3s"} <= set(zones.columns):
        return []
    before = np.concatenate([np.full((len(volume[0]), 1), np.nan), volume[1][:, :-1]], axis=1)
    rows = []
    for key, part in zones.groupby(zones["reservoir"].astype(str), sort=False):
        if key not in volume[0]:
            continue
        part = part.sort_values("volume_from_hm3")
        edge = np.append(part["volume_from_hm3"].to_numpy(float), np.inf)
        level = before[volume[0].index(key)]
        some = np.isfinite(level)
        for n, (begin, end, rate) in enumerate(zip(edge[:-1], edge[1:], part["power_mw_per_m3s"], strict=True)):
            # The first zone reaches down to the least volume.
            inside = some & ((level >= begin) | (n == 0)) & (level < end)
            share = float(run.hours[inside].sum() / run.hours[some].sum()) if some.any() else None
            name = names(run, "reservoir", [key])[0]
            last = not np.isfinite(end)
            rows.append({"name": name, "begin": float(begin), "end": float(end), "last": last, "rate": float(rate), "share": share})
    return rows


def heat(run: Run, page: Page) -> bool:
    """Figures `csp_day` (output and stored heat of the average day) and `csp_level`; False without solar thermal plants that store heat."""
    out, store = values(run, "csp_output"), values(run, "csp_store")
    if out is None or store is None or len(run.time) < 24:
        return False
    day = _by_hour(run, out[1].sum(0))
    traces = [
        {
            "type": "bar", "name": token("csp_output"), "x": list(range(24)), "y": day, "marker": {"color": SERIES[1]},
            "hovertemplate": "%{x}:00<br>%{y:,.0f} MW<extra>%{fullData.name}</extra>",
        },
        {
            "type": "scatter", "mode": "lines", "name": token("csp_heat"), "x": list(range(24)), "yaxis": "y2",
            "y": _by_hour(run, store[1].sum(0)),
            "line": {"width": 2.4, "color": "#a3321f"}, "hovertemplate": "%{x}:00<br>%{y:,.0f} MWh<extra>%{fullData.name}</extra>",
        },
    ]  # fmt: skip
    layout = {
        "bargap": 0.12, "xaxis": axis(token("hour_of_day"), showgrid=False, zeroline=False, dtick=3),
        "yaxis": axis(token("power_mw"), tickformat=",.0f", rangemode="tozero"),
        "yaxis2": axis(token("csp_heat_mwh"), overlaying="y", side="right", showgrid=False, rangemode="tozero", tickformat=",.0f"),
    }  # fmt: skip
    page.figures["csp_day"] = figure(traces, layout, height=320)
    if run.days > 1:
        page.arrays["csp_store"] = pack(np.vstack([store[1].sum(0), store[1]]) / 1e3)
        label: list[Both] = [WORDS["all_csp"], *names(run, "csp", store[0])]
        page.figures["csp_level"] = day_hour(run.days, "csp_store", [[i, n] for i, n in enumerate(page.tokens(label))], "GWh", LEVEL_SCALE)
    return True


def _changes(up: np.ndarray, down: np.ndarray) -> int:
    """How often a plant goes over from generating to pumping or back, pauses left out."""
    mode = np.where(up, 1, np.where(down, -1, 0))
    mode = mode[mode != 0]
    return int((np.diff(mode) != 0).sum())


def _by_hour(run: Run, row: np.ndarray) -> np.ndarray:
    """Mean by hour of day (24,)."""
    hour = run.time.hour.to_numpy()
    return np.bincount(hour, weights=row, minlength=24) / np.maximum(np.bincount(hour, minlength=24), 1)


def _average_day(run: Run, rows: list[tuple[str, np.ndarray, str | None]]) -> dict:
    """Bars by hour of day; a row without a colour of its own is hatched in that of the first."""
    first = rows[0][2] or SERIES[0]
    traces = [
        {
            "type": "bar", "name": token(key), "x": list(range(24)), "y": _by_hour(run, row), "showlegend": len(rows) > 1,
            "marker": hatched(first) if colour is None else {"color": colour},
            "hovertemplate": "%{x}:00<br>%{y:,.0f} MW<extra>%{fullData.name}</extra>",
        }
        for key, row, colour in rows
    ]  # fmt: skip
    layout = {
        "barmode": "relative", "bargap": 0.12, "yaxis": axis(token("power_mw"), tickformat=",.0f"),
        "xaxis": axis(token("hour_of_day"), showgrid=False, zeroline=False, dtick=3),
    }  # fmt: skip
    return figure(traces, layout, height=300)
