"""What reserve is worth: blocks of a curve, and a case that asks for them."""

import numpy as np
import pytest

from gridopt.case.ordc import blocks_of_curve, shortage_rows, value_of_reserve


def test_the_value_is_that_of_lost_load_up_to_the_least_and_falls_after_it():
    """X = 100, m = 50, s = 40: at 150 the argument is 0, V = VOLL / 2; at 190 it is 1, V = VOLL (1 - 0.841345); below 100 all of it."""
    found = value_of_reserve(np.array([0.0, 99.9, 150.0, 190.0]), 10000.0, 100.0, 50.0, 40.0)
    assert found == pytest.approx([10000, 10000, 5000, 1586.553], abs=1e-3)


def test_blocks_hold_the_mean_of_the_curve():
    """Each block's value is the mean of many points of it; widths add up to the last edge."""
    edges = np.array([0.0, 80.0, 120.0, 180.0, 300.0])
    found = blocks_of_curve(edges, 10000.0, 100.0, 50.0, 40.0)
    for k, (width, value) in enumerate(found):
        points = edges[k] + (np.arange(200000) + 0.5) / 200000 * width
        assert value == pytest.approx(value_of_reserve(points, 10000.0, 100.0, 50.0, 40.0).mean(), rel=1e-5)
    assert found[:, 0].sum() == 300 and (np.diff(found[:, 1]) <= 0).all()


def test_without_deviation_all_is_needed_up_to_least_and_mean():
    """X = 30, m = 20: [0, 40] is worth all of it, of [40, 80] a quarter is (10 of 40 MW), beyond nothing."""
    found = blocks_of_curve(np.array([0.0, 40.0, 80.0, 120.0]), 800.0, 30.0, 20.0, 0.0)
    assert found == pytest.approx(np.array([[40, 800], [40, 200.0]]))


def test_steps_of_shortage_begin_with_what_is_worth_least_and_join_what_is_worth_the_same():
    assert shortage_rows(np.array([[50, 1000], [30, 300], [20, 300], [50, 50]])) == [(50, 50), (50, 300), (50, 1000)]
