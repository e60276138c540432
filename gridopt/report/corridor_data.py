"""The hourly data behind the corridor map: arrays in the order of its geometry, sections, figures beside it, moments to go to."""

from __future__ import annotations

import numpy as np

from gridopt.report.curtailment import by_bus
from gridopt.report.energy import curtailed, demand, supply
from gridopt.report.folder import Run, brief, cell, names, table, values
from gridopt.report.pack import Page, pack
from gridopt.report.text import unit_price

Found = tuple[list[str], np.ndarray]


def add_arrays(run: Run, page: Page, buses: list[str], branches: list[str]) -> None:
    """Prices, flows, limits and sums at buses (element, label), named `map_…`; the DC links; the sections."""
    for key, name, wanted in (
        ("map_price", "price", buses),
        ("map_load", "load", buses),
        ("map_flow", "flow", branches),
        ("map_shadow", "branch_shadow_price", branches),
    ):
        found = values(run, name)
        if found is not None and (key != "map_shadow" or np.nanmax(found[1]) > 0):
            page.arrays[key] = pack(pick(found, wanted))
    limit = values(run, "flow_limit")
    if limit is not None:
        page.arrays["map_limit"] = pack(_constant(pick(limit, branches)))
    for key, name in (("map_output", "renewable_output"), ("map_curtailed", "renewable_curtailed")):
        rows = by_bus(run, buses, name)
        if rows is not None:
            page.arrays[key] = pack(rows)
    sent = values(run, "dc_sent")
    if sent is not None:
        page.arrays["dc_sent"] = pack(sent[1])
    taken = demand(run)
    # The dispatch over time brings the demand along; a single step has none.
    if taken is not None and "demand" not in page.arrays:
        page.arrays["demand"] = pack(np.array(taken))
    _add_interfaces(run, page)


def panel(run: Run, page: Page, buses: list[str]) -> list[list]:
    """[word key, array, rows, unit] of the figures beside the map: rows are summed, those of a price averaged."""
    by, sent, bus = list(supply(run)), values(run, "dc_sent"), table(run, "bus")
    role = dict(zip(bus.bus.astype(str), bus.role.astype(str), strict=True)) if "role" in bus else {}
    lost = list(range(sum(row.max() > 1e-3 for row in curtailed(run)[0].values())))
    inside = [i for i, b in enumerate(buses) if role.get(b, "internal") == "internal"]
    rows = [
        ["load", "demand", [0], "MW"],
        ["wind_solar", "technology", [by.index(t) for t in ("wind", "solar") if t in by], "MW"],
        ["curtailed", "curtailed", lost, "MW"],
        ["dc_sent", "dc_sent", list(range(len(sent[0]) if sent else 0)), "MW"],
        ["price", "map_price", inside, page.name(unit_price(run.currency))],
    ]
    return [r for r in rows if r[2]]


def moments(run: Run) -> list[list]:
    """[word key, label] of the labels worth a look."""
    out: list[list] = []
    load, (lost, _) = demand(run), curtailed(run)
    flow, limit = values(run, "flow"), values(run, "flow_limit")
    if load is not None:
        out.append(["moment_load", int(np.argmax(load[0]))])
    if lost:
        out.append(["moment_curtailed", int(np.argmax(sum(lost.values())))])
    if flow is not None and limit is not None:
        with np.errstate(invalid="ignore", divide="ignore"):
            out.append(["moment_congested", int(np.argmax((np.abs(flow[1]) >= 0.995 * limit[1]).sum(0)))])
    return out


def pick(found: Found, wanted: list[str]) -> np.ndarray:
    """Rows of `found` in the order of `wanted`; NaN for an element the run does not know."""
    position = {name: i for i, name in enumerate(found[0])}
    empty = np.full(found[1].shape[1], np.nan, dtype=np.float32)
    return np.array([found[1][position[w]] if w in position else empty for w in wanted])


def _constant(rows: np.ndarray) -> np.ndarray:
    """One column where every row keeps its value all the time: most limits do, and the page is smaller."""
    same = np.array_equal(rows, np.repeat(rows[:, :1], rows.shape[1], axis=1), equal_nan=True)
    return rows[:, :1] if same else rows


def _add_interfaces(run: Run, page: Page) -> None:
    flow = values(run, "interface_flow")
    if flow is None:
        return
    page.arrays["interface_flow"] = pack(flow[1])
    for side in ("forward", "backward"):
        limit = values(run, f"interface_{side}_limit")
        page.arrays[f"interface_{side}"] = pack(_constant(limit[1] if limit else np.full(flow[1].shape, np.nan)))
    known = {str(r.get("constraint")): r for r in table(run, "congestion").to_dict("records")}
    both = []
    for key, (en, zh) in zip(flow[0], names(run, "interface", flow[0]), strict=True):
        row = known.get(key, {}) if en == zh == key else {}
        both.append((cell(row, "name") or en, cell(row, "name_zh") or zh))
    page.data["interfaces"] = page.tokens([brief(b) for b in both])
