"""Where labels of a map go: places around each point, near and further off; the one that covers least, crowded points first."""

from __future__ import annotations

import math

import numpy as np

Box = tuple[float, float, float, float]
"""left, top, right, bottom [px]"""

HEIGHT, POINT, LONGEST = 15.0, 9.0, 210.0
COVERS = 30.0
"""Least cost of a label that lies on another."""
# (direction x, direction y, preference): right, left, above, below, then the corners.
SIDES = (
    (1, 0, 0.0),
    (-1, 0, 0.3),
    (0, -1, 0.2),
    (0, 1, 0.4),
    (0.8, -0.8, 0.5),
    (0.8, 0.8, 0.6),
    (-0.8, -0.8, 0.7),
    (-0.8, 0.8, 0.8),
)
PLACES = tuple((x, y, gap, wish + (gap - 11.0) / 6) for gap in (11.0, 17.0, 24.0) for x, y, wish in SIDES)


def shortened(text: str) -> str:
    """What fits 210 px, with an ellipsis where something was cut: a label must not run across the map."""
    if _width(text) <= LONGEST:
        return text
    while _width(text) > LONGEST - 13.0:
        text = text[:-1]
    return text + "…"


def text_width(text: str) -> float:
    """Width in px of the shortened text at 13 px."""
    return _width(shortened(text))


def place_labels(
    points: list[tuple[float, float, str]],
    lines: list[Box],
    taken: list[Box],
    frame: tuple[float, float],
    only_free: bool = False,
) -> list[list]:
    """[x, y, anchor, text] of each point: middle of its height, anchor 'start', 'middle' or 'end', text shortened. Deterministic.

    `lines` are straight pieces (x1, y1, x2, y2), `taken` boxes that are not free, `frame` the width and height of the map. With
    `only_free`, a label that would lie on another or out of the frame is left out: [].
    """
    if not points:
        return []
    spots = np.array([p[:2] for p in points], dtype=float)
    ink = np.concatenate([_samples(line) for line in lines]) if lines else np.empty((0, 2))
    crowd = (np.hypot(*(spots[:, None] - spots[None, :]).transpose(2, 0, 1)) < 90).sum(1)
    boxes = list(taken)
    out: list[list] = [[] for _ in points]
    for i in sorted(range(len(points)), key=lambda i: (-crowd[i], i)):
        costs = [_cost(_box(points[i], place), i, spots, ink, boxes, frame) + place[3] for place in PLACES]
        if only_free and min(costs) >= COVERS:
            continue
        place = PLACES[int(np.argmin(costs))]
        box = _box(points[i], place)
        boxes.append(box)
        anchor = "start" if place[0] > 0 else "end" if place[0] < 0 else "middle"
        x = {"start": box[0], "end": box[2], "middle": (box[0] + box[2]) / 2}[anchor]
        out[i] = [round(x, 1), round((box[1] + box[3]) / 2, 1), anchor, shortened(points[i][2])]
    return out


def _width(text: str) -> float:
    """A CJK character is as wide as high, others a little over half."""
    return sum(13.0 if ord(c) > 0x2E7F else 7.2 for c in text)


def _box(point: tuple[float, float, str], place: tuple) -> Box:
    """The text at a place."""
    x, y, text = point
    wide, gap = text_width(text), place[2]
    left = x + place[0] * gap - (0 if place[0] > 0 else wide if place[0] < 0 else wide / 2)
    top = y + place[1] * (gap + HEIGHT / 2) - HEIGHT / 2
    return left, top, left + wide, top + HEIGHT


def _cost(box: Box, own: int, spots: np.ndarray, ink: np.ndarray, boxes: list[Box], frame: tuple[float, float]) -> float:
    """What a box covers: a label 30 and more, a point 12, a point as near as its own 8, 8 px of line 1; 60 out of the frame."""
    left, top, right, bottom = box
    cost = 60.0 * (left < 4 or right > frame[0] - 4 or top < 4 or bottom > frame[1] - 4)
    for a, b, c, d in boxes:
        wide, high = min(right, c) - max(left, a) + 3, min(bottom, d) - max(top, b) + 1
        if wide > 0 and high > 0:
            cost += COVERS + 0.1 * wide * high
    inside = (
        (spots[:, 0] > left - POINT)
        & (spots[:, 0] < right + POINT)
        & (spots[:, 1] > top - POINT)
        & (spots[:, 1] < bottom + POINT)
    )
    cost += 12.0 * (inside.sum() - inside[own])
    # A label that lies nearer to another point than to its own is read as that point's name.
    away = np.hypot(
        np.maximum(0.0, np.maximum(left - spots[:, 0], spots[:, 0] - right)),
        np.maximum(0.0, np.maximum(top - spots[:, 1], spots[:, 1] - bottom)),
    )
    cost += 8.0 * (np.count_nonzero(away < away[own] + 5.0) - 1)
    hit = (ink[:, 0] > left - 2) & (ink[:, 0] < right + 2) & (ink[:, 1] > top - 1) & (ink[:, 1] < bottom + 1)
    return cost + float(hit.sum())


def _samples(line: Box) -> np.ndarray:
    x1, y1, x2, y2 = line
    count = max(2, math.ceil(math.hypot(x2 - x1, y2 - y1) / 8))
    return np.column_stack([np.linspace(x1, x2, count), np.linspace(y1, y2, count)])
