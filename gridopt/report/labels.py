"""Where labels of a map go: eight places around each point, the one that covers least is taken, crowded points first."""

from __future__ import annotations

import math

import numpy as np

HEIGHT, GAP, POINT = 15.0, 11.0, 9.0
# (direction x, direction y, preference): right, left, above, below, then the corners.
PLACES = ((1, 0, 0.0), (-1, 0, 0.3), (0, -1, 0.2), (0, 1, 0.4), (0.8, -0.8, 0.5), (0.8, 0.8, 0.6), (-0.8, -0.8, 0.7), (-0.8, 0.8, 0.8))


def text_width(text: str) -> float:
    """Width in px at 13 px: a CJK character is as wide as high, others a little over half."""
    return sum(13.0 if ord(c) > 0x2E7F else 7.0 for c in text)


def place_labels(points: list[tuple[float, float, str]], lines: list[tuple[float, float, float, float]], frame: tuple[float, float]) -> list[list]:
    """[x, y, anchor] of the text of each point: baseline middle, anchor 'start', 'middle' or 'end'. Deterministic."""
    if not points:
        return []
    spots = np.array([p[:2] for p in points], dtype=float)
    ink = np.concatenate([_samples(line) for line in lines]) if lines else np.empty((0, 2))
    crowd = (np.hypot(*(spots[:, None] - spots[None, :]).transpose(2, 0, 1)) < 90).sum(1)
    boxes: list[tuple[float, float, float, float]] = []
    out: list[list] = [[] for _ in points]
    for i in sorted(range(len(points)), key=lambda i: (-crowd[i], i)):
        best = min((_cost(_box(points[i], place), place[2], i, spots, ink, boxes, frame), n) for n, place in enumerate(PLACES))
        place = PLACES[best[1]]
        box = _box(points[i], place)
        boxes.append(box)
        anchor = "start" if place[0] > 0 else "end" if place[0] < 0 else "middle"
        x = box[0] if anchor == "start" else box[2] if anchor == "end" else (box[0] + box[2]) / 2
        out[i] = [round(x, 1), round((box[1] + box[3]) / 2, 1), anchor]
    return out


def _box(point: tuple[float, float, str], place: tuple[float, float, float]) -> tuple[float, float, float, float]:
    """left, top, right, bottom of the text at a place."""
    x, y, text = point
    wide = text_width(text)
    left = x + place[0] * GAP - (0 if place[0] > 0 else wide if place[0] < 0 else wide / 2)
    top = y + place[1] * (GAP + HEIGHT / 2) - HEIGHT / 2
    return left, top, left + wide, top + HEIGHT


def _cost(box, preference: float, own: int, spots: np.ndarray, ink: np.ndarray, boxes: list, frame: tuple[float, float]) -> float:
    """What a box covers: other labels 40 each by area, points 12 each, 1 per 8 px of line, 60 outside the frame."""
    left, top, right, bottom = box
    cost = preference
    for a, b, c, d in boxes:
        overlap = max(0.0, min(right, c) - max(left, a) + 3) * max(0.0, min(bottom, d) - max(top, b) + 2)
        cost += 40.0 * overlap / (HEIGHT * 40)
    inside = (spots[:, 0] > left - POINT) & (spots[:, 0] < right + POINT) & (spots[:, 1] > top - POINT) & (spots[:, 1] < bottom + POINT)
    cost += 12.0 * (inside.sum() - inside[own])
    if len(ink):
        cost += float(((ink[:, 0] > left - 2) & (ink[:, 0] < right + 2) & (ink[:, 1] > top - 1) & (ink[:, 1] < bottom + 1)).sum())
    return cost + 60.0 * (left < 4 or right > frame[0] - 4 or top < 4 or bottom > frame[1] - 4)


def _samples(line: tuple[float, float, float, float]) -> np.ndarray:
    x1, y1, x2, y2 = line
    count = max(2, math.ceil(math.hypot(x2 - x1, y2 - y1) / 8))
    return np.column_stack([np.linspace(x1, x2, count), np.linspace(y1, y2, count)])
