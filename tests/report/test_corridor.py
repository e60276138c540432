"""Geometry of the corridor map and the places of its labels."""

import itertools

import numpy as np
import pytest

from gridopt.report import corridor, folder
from gridopt.report.labels import HEIGHT, place_labels, shortened, text_width
from gridopt.report.pack import Page


@pytest.fixture(scope="module")
def drawn(run):
    page = Page()
    assert corridor.corridor(folder.open_run(run), page)
    return page


def test_buses_in_one_place_are_moved_apart():
    x, y = corridor.spread(np.array([100.0, 100.0, 100.0, 400.0]), np.array([50.0, 50.0, 50.0, 50.0]), least=30.0)
    gaps = [np.hypot(x[i] - x[j], y[i] - y[j]) for i, j in itertools.combinations(range(4), 2)]
    assert min(gaps) >= 29.9
    assert (x[3], y[3]) == (400.0, 50.0)


def test_north_is_up_and_a_degree_is_as_wide_as_it_is(drawn):
    """Mogao (40.50 N, 96.45 E) and Maijishan (34.85, 105.30): dx / dy = 8.85 cos(mean latitude) / 5.65."""
    bus = {b["bus"]: b for b in drawn.data["map"]["buses"]}
    dx, dy = bus["MAI"]["x"] - bus["GAZ"]["x"], bus["MAI"]["y"] - bus["GAZ"]["y"]
    latitudes = [40.25, 40.45, 40.45, 40.5, 40.45, 40.3, 40.05, 39.7, 39.8, 39.05, 38.35, 38.45, 38.15, 38.6, 36.75, 36.65]
    latitudes += [36.65, 36.65, 35.9, 35.6, 35.93, 34.85, 33.4, 35.55, 36.4, 35.75, 42.75, 42.0, 37.95, 36.7, 34.45]
    assert dy > 0
    assert dx / dy == pytest.approx((105.30 - 100.35) * np.cos(np.radians(np.mean(latitudes))) / (39.05 - 34.85), rel=0.02)


def test_far_ends_lie_at_the_edge_and_clear_of_each_other(drawn):
    links, size = drawn.data["map"]["links"], (drawn.data["map"]["width"], drawn.data["map"]["height"])
    assert [drawn.names[k["far"][1:-1]][0] for k in links] == ["Hunan", "Shandong"]
    for link in links:
        assert link["edge"]
        margins = (link["x2"], link["y2"], size[0] - link["x2"], size[1] - link["y2"])
        assert min(margins) >= 19 and (min(margins[0], margins[2]) < 70 or min(margins[1], margins[3]) < 30)


def test_no_two_labels_overlap(drawn):
    for language in ("en", "zh"):
        boxes = []
        for bus in drawn.data["map"]["buses"]:
            x, y, anchor, text = bus["label"][language]
            wide = text_width(text)
            left = x - {"start": 0, "middle": wide / 2, "end": wide}[anchor]
            boxes.append((left, y - HEIGHT / 2, left + wide, y + HEIGHT / 2))
        assert not any(
            min(a[2], b[2]) > max(a[0], b[0]) and min(a[3], b[3]) > max(a[1], b[1]) for a, b in itertools.combinations(boxes, 2)
        )


def test_a_branch_is_bent_around_a_third_bus():
    """From (0, 0) to (200, 0), a bus at (100, 4), below the line in the picture: the middle goes 19 - 4 = 15 px above."""
    place = {"A": (0.0, 0.0), "B": (200.0, 0.0), "C": (100.0, 4.0), "D": (500.0, 0.0)}
    assert corridor._bend("A", "B", place) == pytest.approx(-15.0)
    assert corridor._bend("A", "B", {k: v for k, v in place.items() if k != "C"}) == 0.0


def test_a_label_avoids_what_is_taken():
    """Right of the point is free by default; with a box there, the label goes elsewhere."""
    free = place_labels([(200.0, 200.0, "Mogao")], [], [], (400.0, 400.0))
    assert free[0][2] == "start"
    moved = place_labels([(200.0, 200.0, "Mogao")], [], [(205.0, 180.0, 300.0, 220.0)], (400.0, 400.0))
    assert moved[0][2] != "start"
    assert place_labels([], [], [], (1.0, 1.0)) == []


def test_a_long_name_is_cut():
    assert shortened("Mogao") == "Mogao"
    assert shortened("x" * 80).endswith("…") and text_width("x" * 80) <= 210.0
    assert len(shortened("莫" * 80)) == 16  # 15 characters of 13 px fit 197 px, and the ellipsis


def test_limits_that_never_change_take_one_column(drawn):
    assert drawn.arrays["map_limit"]["columns"] == 1
    assert drawn.arrays["map_flow"]["columns"] == 21 * 24


def test_what_is_not_in_service_is_not_drawn():
    """B-C carries nothing, but C has no other branch: it stays. The second A-B carries nothing: it goes, like the unknown."""
    rows = [{"branch": k, "from_bus": a, "to_bus": b} for k, a, b in ("1AB", "2AB", "3BC", "4AB")]
    kept = corridor._in_use(rows, ["1", "2", "3"], np.array([[0.0, 5.0], [0.0, np.nan], [0.0, 0.0]]))
    assert [r["branch"] for r in kept] == ["1", "3"]
