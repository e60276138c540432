"""The corridor map: buses at their places, branches, DC links to their far ends at the map's edge, and the hourly data behind it.

Equirectangular: x = (lon - lon0) cos(middle latitude), y = lat1 - lat, so that distances look alike both ways. Buses that would lie on
each other (a 750 kV bus and its 330 kV side) are moved apart a little; labels go where they cross the fewest other things.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from gridopt.report.curtailment import curtailed_by_bus
from gridopt.report.energy import curtailed, demand, supply
from gridopt.report.folder import Run, cell, names, number, table, values
from gridopt.report.labels import place_labels
from gridopt.report.pack import Page, pack

WIDTH, MARGIN, LEAST_GAP = 1000.0, 64.0, 30.0
SINK_ROLE = "sink"


def corridor(run: Run, page: Page) -> bool:
    """Put the map's geometry and hourly arrays on the page. False where fewer than two buses have coordinates or no flow is known."""
    price, flow, branch = values(run, "price"), values(run, "flow"), table(run, "branch")
    bus = _buses(run)
    if flow is None or price is None or bus.empty or "from_bus" not in branch:
        return False
    placed = bus[bus.x.notna() & (bus.role != SINK_ROLE)]
    if len(placed) < 2:
        return False
    geometry = _geometry(run, page, bus, placed, branch, flow[0])
    missing = bus[bus.x.isna() & (bus.role != SINK_ROLE)]
    geometry["off_map"] = [page.name(n) for n in zip(missing.name, missing.name_zh, strict=True)]
    page.data["map"] = geometry
    _arrays(run, page, price, flow, [b["bus"] for b in geometry["buses"]], [b["branch"] for b in geometry["branches"]])
    page.data["moments"] = _moments(run)
    page.data["panel"] = _panel(run, [b["bus"] for b in geometry["buses"]])
    return True


def spread(x: np.ndarray, y: np.ndarray, least: float = LEAST_GAP) -> tuple[np.ndarray, np.ndarray]:
    """Move points apart until no two are closer than `least`; the same input gives the same output."""
    x, y = x.astype(float).copy(), y.astype(float).copy()
    order = np.arange(len(x))
    for _ in range(300):
        dx, dy = x[:, None] - x[None, :], y[:, None] - y[None, :]
        gap = np.hypot(dx, dy)
        # Points in one place have no direction to part in: take one from their numbers.
        same = (gap < 1e-9) & (order[:, None] != order[None, :])
        sign = np.sign(order[:, None] - order[None, :])
        dx, dy, gap = np.where(same, 0.35 * sign, dx), np.where(same, 0.94 * sign, dy), np.where(same, 1.0, gap)
        near = np.where((gap < least) & (gap > 0), (least - np.where(same, 0.0, gap)) / 2 / np.maximum(gap, 1e-9), 0.0)
        if not near.any():
            break
        x, y = x + 0.5 * (near * dx).sum(1), y + 0.5 * (near * dy).sum(1)
    return x, y


def _buses(run: Run) -> pd.DataFrame:
    """Buses with names and projected places in units of degrees of latitude (x NaN: no coordinates)."""
    frame = table(run, "bus")
    if not {"bus", "latitude_deg", "longitude_deg"} <= set(frame.columns):
        return pd.DataFrame()
    frame = frame.assign(bus=frame.bus.astype(str), role=frame.role if "role" in frame else "internal")
    both = names(run, "bus", list(frame.bus))
    frame = frame.assign(name=[n for n, _ in both], name_zh=[n for _, n in both])
    latitude, longitude = frame.latitude_deg.astype(float), frame.longitude_deg.astype(float)
    inside = (frame.role != SINK_ROLE) & latitude.notna() & longitude.notna()
    if not inside.any():
        return frame.assign(x=np.nan, y=np.nan)
    shrink = math.cos(math.radians(float(latitude[inside].mean())))
    known = longitude.notna() & latitude.notna()
    return frame.assign(x=(longitude * shrink).where(known), y=(-latitude).where(known), shrink=shrink)


def _geometry(run: Run, page: Page, bus: pd.DataFrame, placed: pd.DataFrame, branch: pd.DataFrame, flows: list[str]) -> dict:
    """Everything the page draws once: places in pixels of a 1000 wide picture."""
    left, top = placed.x.min(), placed.y.min()
    wide, tall = max(placed.x.max() - left, 1e-6), max(placed.y.max() - top, 1e-6)
    scale = min((WIDTH - 2 * MARGIN) / wide, 760.0 / tall)
    height = max(tall * scale, 160.0) + 2 * MARGIN
    inset = (WIDTH - wide * scale) / 2
    x, y = spread(((placed.x - left) * scale + inset).to_numpy(), ((placed.y - top) * scale + MARGIN).to_numpy())
    place = {b: (float(u), float(v)) for b, u, v in zip(placed.bus, x, y, strict=True)}
    row = {f: i for i, f in enumerate(flows)}
    kept = [r for r in branch.to_dict("records") if str(r["from_bus"]) in place and str(r["to_bus"]) in place and str(r["branch"]) in row]
    lines = _branches(run, page, kept, place)
    ends = {b: ((bx - left) * scale + inset, (by - top) * scale + MARGIN) for b, bx, by in zip(bus.bus, bus.x, bus.y, strict=True)}
    links = _links(run, page, place, ends, (WIDTH, height))
    labels = {language: place_labels(
        [(*place[b], text) for b, text in zip(placed.bus, placed[column], strict=True)],
        [(ln["x1"], ln["y1"], ln["x2"], ln["y2"]) for ln in [*lines, *links]], (WIDTH, height))
        for language, column in (("en", "name"), ("zh", "name_zh"))}  # fmt: skip
    buses = [
        {"bus": b, "name": page.name((n, z)), "x": round(place[b][0], 1), "y": round(place[b][1], 1), "role": str(r),
         "label": {"en": labels["en"][i], "zh": labels["zh"][i]}}
        for i, (b, n, z, r) in enumerate(zip(placed.bus, placed.name, placed.name_zh, placed.role, strict=True))
    ]  # fmt: skip
    return {"width": WIDTH, "height": round(height), "buses": buses, "branches": lines, "links": links,
            "grid": _graticule(placed, left, top, scale, inset, height)}  # fmt: skip


def _branches(run: Run, page: Page, kept: list[dict], place: dict) -> list[dict]:
    both = dict(zip((str(r["branch"]) for r in kept), names(run, "branch", [str(r["branch"]) for r in kept]), strict=True))
    out, seen = [], {}
    for row in kept:
        key, a, b = str(row["branch"]), str(row["from_bus"]), str(row["to_bus"])
        (x1, y1), (x2, y2) = place[a], place[b]
        nth = seen[frozenset((a, b))] = seen.get(frozenset((a, b)), -1) + 1
        if nth:  # A second row between the same buses runs beside the first.
            length, side = math.hypot(x2 - x1, y2 - y1) or 1.0, (7.0 if a < b else -7.0) * nth
            x1, y1, x2, y2 = (v + side * w / length for v, w in ((x1, y2 - y1), (y1, x1 - x2), (x2, y2 - y1), (y2, x1 - x2)))
        out.append({"branch": key, "name": page.name(both[key]), "kind": cell(row, "kind"), "x1": round(x1, 1), "y1": round(y1, 1),
                    "x2": round(x2, 1), "y2": round(y2, 1), "circuits": number(row, "circuits")})  # fmt: skip
    return out


def _links(run: Run, page: Page, place: dict, ends: dict, frame: tuple[float, float]) -> list[dict]:
    """DC links from their sending bus to the far bus, or towards it as far as the edge of the map."""
    sent, table_of = values(run, "dc_sent"), {str(r["dc_link"]): r for r in table(run, "dc_link").to_dict("records") if "dc_link" in r}
    out: list[dict] = []
    for i, key in enumerate(sent[0] if sent else []):
        row = table_of.get(key, {})
        start, far = cell(row, "from_bus"), cell(row, "to_bus")
        if start not in place:
            continue
        x1, y1 = place[start]
        x2, y2 = ends.get(far, (math.nan, math.nan))
        if far in place:
            x2, y2 = place[far]
        elif math.isnan(x2):
            x2, y2 = frame[0], y1
        at_edge = far not in place
        if at_edge:
            x2, y2 = _to_edge(x1, y1, x2, y2, frame, [(k["x2"], k["y2"]) for k in out])
        out.append({"row": i, "name": page.name(names(run, "dc_link", [key])[0]), "far": page.name(names(run, "bus", [far])[0]) if far else "",
                    "x1": round(x1, 1), "y1": round(y1, 1), "x2": round(x2, 1), "y2": round(y2, 1), "edge": at_edge,
                    "limit": number(row, "power_max_mw")})  # fmt: skip
    return out


def _to_edge(x1: float, y1: float, x2: float, y2: float, frame: tuple[float, float], taken: list[tuple[float, float]]) -> tuple[float, float]:
    """Where the ray from 1 to 2 leaves the frame (28 px inside), kept 44 px from the ends of other links."""
    width, height = frame
    dx, dy = x2 - x1, y2 - y1
    steps = [t for t in (((width - 62 if dx > 0 else 62) - x1) / dx if dx else math.inf, ((height - 30 if dy > 0 else 30) - y1) / dy if dy else math.inf)
             if t > 0]  # fmt: skip
    reach = min([*steps, 1.0] if math.hypot(dx, dy) and 62 < x2 < width - 62 and 30 < y2 < height - 30 else steps, default=0.0)
    x, y = x1 + reach * dx, y1 + reach * dy
    for other_x, other_y in taken:
        if abs(x - other_x) < 110 and abs(y - other_y) < 44:
            y = other_y - 44 if other_y > height / 2 else other_y + 44
    return x, y


def _graticule(placed: pd.DataFrame, left: float, top: float, scale: float, inset: float, height: float) -> list[dict]:
    """Whole degrees, every second one where they would crowd."""
    shrink = float(placed.shrink.iloc[0])
    step = 1 if scale > 60 else 2 if scale > 25 else 5 if scale > 10 else 20
    west, east = (left - inset / scale) / shrink, (left + (WIDTH - inset) / scale) / shrink
    north, south = -(top - MARGIN / scale), -(top + (height - MARGIN) / scale)
    out = []
    for degree in range(math.ceil(west / step) * step, math.floor(east) + 1, step):
        out.append({"x": round((degree * shrink - left) * scale + inset, 1), "text": f"{abs(degree)}°{'E' if degree >= 0 else 'W'}"})
    for degree in range(math.ceil(south / step) * step, math.floor(north) + 1, step):
        out.append({"y": round((-degree - top) * scale + MARGIN, 1), "text": f"{abs(degree)}°{'N' if degree >= 0 else 'S'}"})
    return out


def _arrays(run: Run, page: Page, price, flow, buses: list[str], branches: list[str]) -> None:
    """Hourly arrays in the order of the geometry, under names that begin with `map_`."""
    page.arrays["map_price"] = pack(_pick(price, buses))
    page.arrays["map_flow"] = pack(_pick(flow, branches))
    limit, shadow = values(run, "flow_limit"), values(run, "branch_shadow_price")
    if limit is not None:
        rows = _pick(limit, branches)
        # Most limits hold all year: one column is enough for those, and the page is smaller.
        constant = bool(np.array_equal(rows, np.repeat(rows[:, :1], rows.shape[1], axis=1), equal_nan=True))
        page.arrays["map_limit"] = pack(rows[:, :1] if constant else rows)
    if shadow is not None and np.nanmax(shadow[1]) > 0:
        page.arrays["map_shadow"] = pack(_pick(shadow, branches))
    load = values(run, "load")
    if load is not None:
        page.arrays["map_load"] = pack(_pick(load, buses))
    for key, variable in (("map_output", "renewable_output"), ("map_curtailed", "renewable_curtailed")):
        rows = curtailed_by_bus(run, buses, variable)
        if rows is not None:
            page.arrays[key] = pack(rows)
    sent = values(run, "dc_sent")
    if sent is not None:
        page.arrays["dc_sent"] = pack(sent[1])
    _interfaces(run, page)


def _interfaces(run: Run, page: Page) -> None:
    flow, forward, backward = (values(run, f"interface_{n}") for n in ("flow", "forward_limit", "backward_limit"))
    if flow is None:
        return
    none = np.full(flow[1].shape, np.nan)
    page.arrays["interface_flow"] = pack(flow[1])
    page.arrays["interface_forward"] = pack(forward[1] if forward else none)
    page.arrays["interface_backward"] = pack(backward[1] if backward else none)
    both = names(run, "interface", flow[0])
    known = {str(r.get("constraint")): r for r in table(run, "congestion").to_dict("records")}
    page.data["interfaces"] = [
        page.name((cell(known[i], "name") or en, cell(known[i], "name_zh") or zh) if en == zh == i and i in known else (en, zh))
        for i, (en, zh) in zip(flow[0], both, strict=True)
    ]


def _panel(run: Run, buses: list[str]) -> list[list]:
    """[word key, array, rows summed, unit] of the figures beside the map (a price is a mean)."""
    by, sent = list(supply(run)), values(run, "dc_sent")
    role = dict(zip(table(run, "bus").bus.astype(str), table(run, "bus").role.astype(str), strict=True)) if "role" in table(run, "bus") else {}
    lost = list(range(sum(row.max() > 1e-3 for row in curtailed(run)[0].values())))
    rows = [["load", "demand", [0], "MW"], ["wind_solar", "technology", [by.index(t) for t in ("wind", "solar") if t in by], "MW"],
            ["curtailed", "curtailed", lost, "MW"], ["dc_sent", "dc_sent", list(range(len(sent[0]) if sent else 0)), "MW"],
            ["price", "map_price", [i for i, b in enumerate(buses) if role.get(b, "internal") == "internal"], f"{run.currency}/MWh"]]  # fmt: skip
    return [r for r in rows if r[2]]


def _moments(run: Run) -> list[list]:
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


def _pick(found: tuple[list[str], np.ndarray], wanted: list[str]) -> np.ndarray:
    position = {name: i for i, name in enumerate(found[0])}
    empty = np.full(found[1].shape[1], np.nan, dtype=np.float32)
    return np.array([found[1][position[w]] if w in position else empty for w in wanted])
