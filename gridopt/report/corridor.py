"""The corridor map: buses at their places, branches, DC links to their far ends at the map's edge.

Equirectangular: x = (lon - lon0) cos(middle latitude), y = lat1 - lat, so that distances look alike both ways. Buses that would
lie on each other (a 750 kV bus and its 330 kV side) are moved apart a little; a branch that would run through a third bus is bent
around it; labels go where they cover least. Networks of more than SPARSE buses are drawn finer, and only what carries most is
named; of very large ones the branches that carry most are drawn.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gridopt.report import corridor_data
from gridopt.report.folder import Run, cell, names, number, table, values
from gridopt.report.labels import Box, place_labels
from gridopt.report.pack import Page

WIDTH, TALLEST, MARGIN, LEAST_GAP = 1000.0, 760.0, 56.0, 30.0
SINK_WIDTH, SINK_HEIGHT = 112.0, 38.0
SPARSE = 60
"""Buses that find room on the map with their names."""
MOST_BRANCHES, MOST_VALUES = 3000, 1_500_000
"""Limits of what is drawn and, times the labels in time, of what the page carries for it."""
Point = tuple[float, float]


@dataclass(frozen=True)
class Frame:
    """From degrees to px of the picture."""

    left: float
    top: float
    scale: float
    inset: float
    height: float

    def place(self, x: float, y: float) -> Point:
        return (x - self.left) * self.scale + self.inset, (y - self.top) * self.scale + MARGIN


def corridor(run: Run, page: Page) -> bool:
    """Put the map's geometry and hourly arrays on the page. False with fewer than two places, or without flows or prices."""
    flow, branch, bus = values(run, "flow"), table(run, "branch"), _buses(run)
    if flow is None or values(run, "price") is None or bus.empty or "from_bus" not in branch:
        return False
    placed = bus[bus.x.notna() & (bus.role != "sink")]
    if len(placed) < 2:
        return False
    missing = bus[bus.x.isna() & (bus.role != "sink")]
    rows = _in_use(branch.to_dict("records"), *flow)
    drawn = _strongest(rows, *flow, set(placed.bus))
    if len(drawn) < len(rows):
        ends = {str(r[end]) for r in drawn for end in ("from_bus", "to_bus")}
        placed = placed[placed.bus.isin(ends)]
    geometry = _geometry(run, page, bus, placed, drawn, _importance(run, drawn, *flow))
    off = page.tokens(list(zip(missing.name, missing.name_zh, strict=True)))
    page.data["map"] = geometry | {"left_out": len(rows) - len(drawn), "off_map": off}
    ids = [b["bus"] for b in geometry["buses"]]
    corridor_data.add_arrays(run, page, ids, [b["branch"] for b in geometry["branches"]])
    page.data["moments"] = corridor_data.moments(run)
    page.data["panel"] = corridor_data.panel(run, page, ids)
    return True


def spread(x: np.ndarray, y: np.ndarray, least: float = LEAST_GAP) -> tuple[np.ndarray, np.ndarray]:
    """Move points apart until no two are closer than `least`; the same input gives the same output."""
    from scipy.spatial import cKDTree

    at = np.column_stack([x, y]).astype(float)
    for _ in range(400 if len(at) <= SPARSE else 60):
        first, second = cKDTree(at).query_pairs(least, output_type="ndarray").T
        apart = at[first] - at[second]
        # Points in one place have no direction to part in: take one from their numbers.
        apart[np.hypot(*apart.T) < 1e-9] = (-0.35e-6, -0.94e-6)
        gap = np.hypot(*apart.T)
        push = np.where(gap < least - 1e-6, 0.3 * (least - gap) / np.maximum(gap, 1e-12), 0.0)
        if not push.any():
            break
        move = push[:, None] * apart
        for axis in (0, 1):
            at[:, axis] += np.bincount(first, move[:, axis], len(at)) - np.bincount(second, move[:, axis], len(at))
    return at[:, 0], at[:, 1]


def finer(count: int) -> float:
    """Factor on symbols and gaps: 1 while buses find room, then so that they cover the same share of the map."""
    return min(1.0, math.sqrt(SPARSE / max(count, 1)))


def _strongest(rows: list[dict], ids: list[str], flow: np.ndarray, places: set[str]) -> list[dict]:
    """The branches with the highest flow, as many as a page carries, in their order; only those between buses on the map count."""
    most = min(MOST_BRANCHES, MOST_VALUES // flow.shape[1])
    if len(rows) <= most:
        return rows
    highest = dict(zip(ids, np.nan_to_num(np.abs(flow)).max(1), strict=True))
    rows = [r for r in rows if {str(r["from_bus"]), str(r["to_bus"])} <= places]
    keep = set(sorted(range(len(rows)), key=lambda i: (-highest[str(rows[i]["branch"])], i))[:most])
    return [r for i, r in enumerate(rows) if i in keep]


def _importance(run: Run, rows: list[dict], ids: list[str], flow: np.ndarray) -> dict[str, float]:
    """Highest flows of the branches at a bus and its highest load, summed [MW]: what makes its name worth the room."""
    highest = dict(zip(ids, np.nan_to_num(np.abs(flow)).max(1), strict=True))
    load = values(run, "load")
    out = {bus: float(v) for bus, v in zip(load[0], load[1].max(1), strict=True)} if load else {}
    for row in rows:
        for end in ("from_bus", "to_bus"):
            out[str(row[end])] = out.get(str(row[end]), 0.0) + float(highest[str(row["branch"])])
    return out


def _in_use(rows: list[dict], ids: list[str], flow: np.ndarray) -> list[dict]:
    """Branches that carry something at some time, and those without which a bus would stand alone.

    What is not in service in the period has a flow of 0 or none; drawn, it would only hide what is.
    """
    with np.errstate(invalid="ignore"):
        carries = dict(zip(ids, (np.nan_to_num(np.abs(flow)) > 1e-3).any(1), strict=True))
    known = [r for r in rows if str(r["branch"]) in carries]
    joined = {str(r[end]) for r in known if carries[str(r["branch"])] for end in ("from_bus", "to_bus")}
    return [r for r in known if carries[str(r["branch"])] or not {str(r["from_bus"]), str(r["to_bus"])} <= joined]


def _buses(run: Run) -> pd.DataFrame:
    """Buses with names and projected places in units of degrees of latitude (x NaN: no coordinates)."""
    frame = table(run, "bus")
    if not {"bus", "latitude_deg", "longitude_deg"} <= set(frame.columns):
        return pd.DataFrame()
    frame = frame.assign(bus=frame.bus.astype(str), role=frame.role if "role" in frame else "internal")
    both = names(run, "bus", list(frame.bus))
    frame = frame.assign(name=[n for n, _ in both], name_zh=[n for _, n in both])
    latitude, longitude = frame.latitude_deg.astype(float), frame.longitude_deg.astype(float)
    known = longitude.notna() & latitude.notna()
    inside = latitude[(frame.role != "sink") & known]
    shrink = math.cos(math.radians(float(inside.mean()))) if len(inside) else 1.0
    return frame.assign(x=(longitude * shrink).where(known), y=(-latitude).where(known), shrink=shrink)


def _geometry(
    run: Run, page: Page, bus: pd.DataFrame, placed: pd.DataFrame, branch: list[dict], importance: dict[str, float]
) -> dict:
    """Everything the page draws once, in px of a 1000 wide picture."""
    edge = values(run, "dc_sent") is not None
    frame, fine = _frame(placed, WIDTH - 2 * MARGIN - (SINK_WIDTH + 24 if edge else 0)), finer(len(placed))
    spots = np.array([frame.place(u, v) for u, v in zip(placed.x, placed.y, strict=True)])
    # In a crowd a town stays a town: dots that touch may, as long as they can be told apart.
    x, y = spread(spots[:, 0], spots[:, 1], LEAST_GAP * (1.0 if fine == 1.0 else 0.6 * fine))
    place = {b: (float(u), float(v)) for b, u, v in zip(placed.bus, x, y, strict=True)}
    far = {b: frame.place(u, v) for b, u, v in zip(bus.bus, bus.x, bus.y, strict=True) if u == u}
    lines = _branches(run, page, [r for r in branch if str(r["from_bus"]) in place and str(r["to_bus"]) in place], place)
    links = _links(run, page, place, far, (WIDTH, frame.height))
    labels = _labels(placed, place, lines, links, importance, (WIDTH, frame.height))
    buses = [
        {"bus": b, "name": page.name((n, z)), "x": round(place[b][0], 1), "y": round(place[b][1], 1), "role": str(r)}
        | {"label": {language: labels[language].get(b) for language in labels}}
        for b, n, z, r in zip(placed.bus, placed.name, placed.name_zh, placed.role, strict=True)
    ]
    picture = {"width": WIDTH, "height": round(frame.height), "fine": round(fine, 3), "grid": _graticule(placed, frame)}
    return picture | {"buses": buses, "branches": lines, "links": links}


def _labels(
    placed: pd.DataFrame, place: dict[str, Point], lines: list[dict], links: list[dict], importance: dict[str, float], size: Point
) -> dict[str, dict[str, list]]:
    """Where the names go, by language and bus: of all buses, or in a large network of the most important that find a free place."""
    ink = [(k["x1"], k["y1"], k["x2"], k["y2"]) for k in links]
    ink += [part for b in lines for part in _halves(b)]
    taken = [_sink_box((k["x2"], k["y2"])) for k in links if k["edge"]]
    named = placed
    if crowded := len(placed) > SPARSE:
        rank = placed.bus.map(importance).fillna(0.0)
        named, ink = placed[rank.rank(method="first", ascending=False) <= SPARSE], []
    out: dict[str, dict[str, list]] = {}
    for language, column in (("en", "name"), ("zh", "name_zh")):
        points = [(*place[b], text) for b, text in zip(named.bus, named[column], strict=True)]
        found = place_labels(points, ink, taken, size, only_free=crowded)
        out[language] = {b: label for b, label in zip(named.bus, found, strict=True) if label}
    return out


def _frame(placed: pd.DataFrame, usable: float) -> Frame:
    left, top = float(placed.x.min()), float(placed.y.min())
    wide, tall = max(float(placed.x.max()) - left, 1e-6), max(float(placed.y.max()) - top, 1e-6)
    scale = min(usable / wide, TALLEST / tall)
    return Frame(left, top, scale, MARGIN + (usable - wide * scale) / 2, max(tall * scale, 160.0) + 2 * MARGIN)


def _branches(run: Run, page: Page, rows: list[dict], place: dict[str, Point]) -> list[dict]:
    """Branches with the control point of their curve; straight where it lies in the middle."""
    both = names(run, "branch", [str(r["branch"]) for r in rows])
    out, seen = [], dict[frozenset, int]()
    fine = finer(len(place))
    for row, name in zip(rows, both, strict=True):
        a, b = str(row["from_bus"]), str(row["to_bus"])
        pair = frozenset((a, b))
        nth = seen[pair] = seen.get(pair, -1) + 1
        # Further rows between the same buses lie beside the first, turn by turn left and right of it.
        bend = _bend(a, b, place) if fine == 1.0 else 0.0
        bend += 16.0 * fine * ((nth + 1) // 2) * (1 if nth % 2 else -1) * (1 if a < b else -1)
        (x1, y1), (x2, y2) = place[a], place[b]
        length = math.hypot(x2 - x1, y2 - y1) or 1.0
        control = ((x1 + x2) / 2 + 2 * bend * (y1 - y2) / length, (y1 + y2) / 2 + 2 * bend * (x2 - x1) / length)
        curve = {"x1": x1, "y1": y1, "x2": x2, "y2": y2, "cx": control[0], "cy": control[1]}
        out.append(
            {
                "branch": str(row["branch"]),
                "name": page.name(name),
                "kind": cell(row, "kind"),
                "circuits": number(row, "circuits"),
            }
            | {k: round(v, 1) for k, v in curve.items()}
        )
    return out


def _bend(a: str, b: str, place: dict[str, Point]) -> float:
    """Offset of the middle [px], positive to the right seen from a to b, that keeps a branch clear of third buses."""
    (x1, y1), (x2, y2) = place[a], place[b]
    length = math.hypot(x2 - x1, y2 - y1) or 1.0
    for other, (x, y) in place.items():
        along = ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / length**2
        side = ((x - x1) * (y1 - y2) + (y - y1) * (x2 - x1)) / length
        if other not in (a, b) and 0.05 < along < 0.95 and abs(side) < 13.0:
            return side - 19.0 if side >= 0 else side + 19.0
    return 0.0


def _halves(b: dict) -> list[tuple[float, float, float, float]]:
    """A curve as two straight pieces."""
    x, y = (b["x1"] + 2 * b["cx"] + b["x2"]) / 4, (b["y1"] + 2 * b["cy"] + b["y2"]) / 4
    return [(b["x1"], b["y1"], x, y), (x, y, b["x2"], b["y2"])]


def _links(run: Run, page: Page, place: dict[str, Point], far: dict[str, Point], size: Point) -> list[dict]:
    """DC links from their sending bus to the far bus, or towards it as far as the edge of the map."""
    sent = values(run, "dc_sent")
    rows = {str(r["dc_link"]): r for r in table(run, "dc_link").to_dict("records") if "dc_link" in r}
    out: list[dict] = []
    for i, key in enumerate(sent[0] if sent else []):
        row = rows.get(key, {})
        start, target = cell(row, "from_bus"), cell(row, "to_bus")
        if start not in place:
            continue
        at_edge = target not in place
        x1, y1 = place[start]
        end = _to_edge((x1, y1), far.get(target, (size[0], y1)), size, out) if at_edge else place[target]
        both = {
            "name": page.name(names(run, "dc_link", [key])[0]),
            "far": page.tokens(names(run, "bus", [target]))[0] if target else "",
        }
        ends = {"x1": round(x1, 1), "y1": round(y1, 1), "x2": round(end[0], 1), "y2": round(end[1], 1)}
        out.append({"row": i, "edge": at_edge, "limit": number(row, "power_max_mw")} | both | ends)
    return out


def _to_edge(start: Point, far: Point, size: Point, taken: list[dict]) -> Point:
    """Where the ray from start to far meets the frame, half a label inside it and clear of the labels of earlier links."""
    low, high = (SINK_WIDTH / 2 + 6, SINK_HEIGHT / 2 + 6), (size[0] - SINK_WIDTH / 2 - 6, size[1] - SINK_HEIGHT / 2 - 6)
    reach = 1e9
    for s, f, near, limit in zip(start, far, low, high, strict=True):
        if abs(f - s) > 1e-9:
            reach = min(reach, max(0.0, ((limit if f > s else near) - s) / (f - s)))
    x, y = (s + min(reach, 1e6) * (f - s) for s, f in zip(start, far, strict=True))
    for other in taken:
        if other["edge"] and abs(x - other["x2"]) < SINK_WIDTH + 8 and abs(y - other["y2"]) < SINK_HEIGHT + 8:
            y = other["y2"] + (SINK_HEIGHT + 10) * (-1 if other["y2"] > size[1] / 2 else 1)
    return x, y


def _sink_box(at: Point) -> Box:
    return at[0] - SINK_WIDTH / 2, at[1] - SINK_HEIGHT / 2, at[0] + SINK_WIDTH / 2, at[1] + SINK_HEIGHT / 2


def _graticule(placed: pd.DataFrame, frame: Frame) -> list[dict]:
    """Whole degrees, fewer where they would crowd."""
    shrink, scale = float(placed.shrink.iloc[0]), frame.scale
    step = 1 if scale > 60 else 2 if scale > 25 else 5 if scale > 10 else 20
    west, east = (frame.left - frame.inset / scale) / shrink, (frame.left + (WIDTH - frame.inset) / scale) / shrink
    north, south = -(frame.top - MARGIN / scale), -(frame.top + (frame.height - MARGIN) / scale)
    out: list[dict] = []
    for degree in range(math.ceil(west / step) * step, math.floor(east) + 1, step):
        out.append({"x": round(frame.place(degree * shrink, 0.0)[0], 1), "text": f"{abs(degree)}°{'E' if degree >= 0 else 'W'}"})
    for degree in range(math.ceil(south / step) * step, math.floor(north) + 1, step):
        out.append({"y": round(frame.place(0.0, -degree)[1], 1), "text": f"{abs(degree)}°{'N' if degree >= 0 else 'S'}"})
    return out
