"""Storage and reservoirs: the average day of charging and discharging, levels hour by hour, water over the year."""

from __future__ import annotations

import numpy as np

from gridopt.report.energy import technology_name
from gridopt.report.figures import LEVEL_SCALE, SERIES, axis, figure, hatched, time_axis
from gridopt.report.folder import Run, cell, names, number, table, values
from gridopt.report.links import day_hour
from gridopt.report.pack import Page, pack, token
from gridopt.report.technologies import technology_colour
from gridopt.report.text import unit_money, unit_price


def storage(run: Run, page: Page) -> bool:
    """Figures `storage_day`, `storage_value` (average day) and `storage_level` (day by hour, by class and bus). False without storage."""
    charge, discharge, energy = (values(run, f"storage_{n}") for n in ("charge", "discharge", "energy"))
    if charge is None or discharge is None or len(run.time) < 24:
        return False
    kind = _classes(run, charge[0])
    page.figures["storage_day"] = _average_day(run, page, kind, charge[1], discharge[1])
    worth = values(run, "storage_energy_value")
    if worth is not None:
        page.figures["storage_value"] = _value_by_hour(run, page, kind, worth[1])
    if energy is not None:
        groups = [(technology_name(page, f"{k}_all"), energy[1][[c == k for c in kind]].sum(0)) for k in dict.fromkeys(kind)]
        rows = groups + _at_buses(run, page, kind, *energy)
        page.arrays["storage_energy"] = pack(np.array([row / 1e3 for _, row in rows]))
        options = [[i, name] for i, (name, _) in enumerate(rows)]
        if run.days > 1:
            page.figures["storage_level"] = day_hour(run.days, "storage_energy", options, "GWh", LEVEL_SCALE)
    return True


def reservoirs(run: Run, page: Page) -> bool:
    """Figures `reservoirs`, volume of each reservoir by day as a share of its usable range, and `water_value`, what water in it is
    worth. False where none stores."""
    volume = values(run, "reservoir_volume")
    if volume is None or len(run.time) < 2:
        return False
    rows = {str(r["reservoir"]): r for r in table(run, "reservoir").to_dict("records") if "reservoir" in r}
    day, index = np.unique(run.time.normalize().to_numpy(), return_inverse=True)
    count, x = np.bincount(index), [str(d)[:10] for d in day]
    both, traces, worths = names(run, "reservoir", volume[0]), list[dict](), list[dict]()
    worth = values(run, "reservoir_water_value")
    for i, (key, row) in enumerate(zip(*volume, strict=True)):
        low = number(rows.get(key, {}), "volume_min_hm3") or 0.0
        high = number(rows.get(key, {}), "volume_max_hm3") or float(row.max())
        if high - low < 1e-6 or row.max() < 1e-6:
            continue
        daily = np.bincount(index, weights=row) / count
        look = {
            "type": "scatter",
            "mode": "lines",
            "name": page.name(both[i]),
            "x": x,
            "line": {
                "width": 2,
                "color": SERIES[len(traces) % len(SERIES)],
                "dash": ("solid", "dash")[len(traces) // len(SERIES) % 2],
            },
        }
        shown = "%{y:.0%} (%{customdata:,.0f} hm³)<extra>%{fullData.name}</extra>"
        traces.append(look | {"y": (daily - low) / (high - low), "customdata": daily, "hovertemplate": shown})
        if worth is not None and key in worth[0]:
            mean = np.bincount(index, weights=worth[1][worth[0].index(key)]) / count
            worths.append(look | {"y": mean / 1e3, "hovertemplate": "%{y:,.2f}<extra>%{fullData.name}</extra>"})
    if not traces:
        return False
    page.figures["reservoirs"] = figure(
        traces,
        {
            "hovermode": "closest",
            "xaxis": time_axis(run.days),
            "yaxis": axis(token("usable_share"), tickformat=".0%", rangemode="tozero"),
        },
        height=340,
    )
    if worths:
        en, zh = unit_money(run.currency)
        unit = page.name((f"{en} per 1,000 m³", f"{zh}/千立方米"))
        layout = {"hovermode": "closest", "xaxis": time_axis(run.days), "yaxis": axis(unit, tickformat=",.1f")}
        page.figures["water_value"] = figure(worths, layout, height=300)
    return True


def _value_by_hour(run: Run, page: Page, kind: list[str], worth: np.ndarray) -> dict:
    """What a stored MWh is worth by hour of the day, mean over the stores of each class."""
    hour = run.time.hour.to_numpy()
    count = np.maximum(np.bincount(hour, minlength=24), 1)
    traces = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": technology_name(page, k),
            "x": list(range(24)),
            "y": np.bincount(hour, weights=worth[[c == k for c in kind]].mean(0), minlength=24) / count,
            "line": {"width": 2, "color": SERIES[i % len(SERIES)]},
            "hovertemplate": "%{x}:00<br>%{y:,.1f}<extra>%{fullData.name}</extra>",
        }
        for i, k in enumerate(dict.fromkeys(kind))
    ]
    layout = {
        "yaxis": axis(page.name(unit_price(run.currency)), tickformat=",.0f"),
        "xaxis": axis(token("hour_of_day"), showgrid=False, zeroline=False, dtick=3),
    }
    return figure(traces, layout, height=300)


def _classes(run: Run, ids: list[str]) -> list[str]:
    technology = {str(r["storage"]): cell(r, "technology") for r in table(run, "storage").to_dict("records") if "storage" in r}
    return [technology.get(i) or "storage" for i in ids]


def _at_buses(run: Run, page: Page, kind: list[str], ids: list[str], energy: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """Name and stored energy (label,) [MWh] of the storage of one class at one bus; of every unit where buses are not known."""
    at = {str(r["storage"]): cell(r, "bus") for r in table(run, "storage").to_dict("records") if "storage" in r}
    if not any(at.values()):
        return list(zip(page.tokens(names(run, "storage", ids)), energy, strict=True)) if len(ids) > 1 else []
    groups = dict.fromkeys((k, at.get(i, "")) for k, i in zip(kind, ids, strict=True))
    bus = dict(zip([b for _, b in groups], names(run, "bus", [b for _, b in groups]), strict=True))
    return [
        (
            f"{page.name(bus[b])}: {technology_name(page, k)}",
            energy[[c == k and at.get(i) == b for c, i in zip(kind, ids, strict=True)]].sum(0),
        )
        for k, b in groups
    ]


def _average_day(run: Run, page: Page, kind: list[str], charge: np.ndarray, discharge: np.ndarray) -> dict:
    hour = run.time.hour.to_numpy()
    count = np.maximum(np.bincount(hour, minlength=24), 1)
    traces: list[dict] = []
    for k in dict.fromkeys(kind):
        rows = [c == k for c in kind]
        net = np.bincount(hour, weights=discharge[rows].sum(0), minlength=24) / count
        taken = -np.bincount(hour, weights=charge[rows].sum(0), minlength=24) / count
        colour = technology_colour(
            run, {"battery": "battery_discharge", "pumped_hydro": "pumped_hydro_discharge"}.get(k, "storage_discharge")
        )
        for key, y, look in (("discharging", net, {"color": colour}), ("charging", taken, hatched(colour))):
            traces.append(
                {
                    "type": "bar",
                    "name": f"{technology_name(page, k)}: {token(key)}",
                    "x": list(range(24)),
                    "y": y,
                    "marker": look,
                    "hovertemplate": "%{x}:00<br>%{y:,.0f} MW<extra>%{fullData.name}</extra>",
                }
            )
    return figure(
        traces,
        {
            "barmode": "relative",
            "bargap": 0.12,
            "yaxis": axis(token("power_mw"), tickformat=",.0f"),
            "xaxis": axis(token("hour_of_day"), showgrid=False, zeroline=False, dtick=3),
        },
        height=340,
    )
