"""Cost curves by points."""

import pytest

from tests.case.test_rules import faults, one


def rows(points, **kw):
    """Generator 'g' with points (MW, CNY/h) in the order given."""
    plant = dict(dict(generator="g", bus="A", power_min_mw=0, power_max_mw=50), **kw)
    return dict(generator=[plant], cost_point=[dict(generator="g", power_mw=x, cost_cny_per_h=y) for x, y in points])


@pytest.mark.parametrize(
    "points",
    [
        [(0, 0), (50, 500)],
        [(10, 100), (20, 200), (30, 300)],  # straight; ends before the largest output: the last slope goes on
        [(20, 300), (0, 0), (10, 100)],  # in any order
        [(0, 0.1), (0.1, 0.13), (0.2, 0.16), (0.3, 0.19)],  # straight but for rounding
        [(-20, -400), (0, 0), (20, 500)],
    ],
)
def test_curves_that_do_not_bend_downwards(points):
    assert not faults(**rows(points))


def test_curve_that_bends_downwards():
    """300 - 0 over 20 MW: 15; 400 - 300 over 20: 5, whatever the order of the rows."""
    words = [
        "cost_point.csv, row 4, column cost_cny_per_h: '300'",
        "generator 'g' bend downwards at 20 MW: 15 CNY/MWh below, only 5 above",
        "slopes rise",
    ]
    one(words, **rows([(40, 400), (0, 0), (20, 300)]))


def test_slopes_may_fall_by_rounding_only():
    """10 and 10 less a billionth of it pass, a millionth does not."""
    assert not faults(**rows([(0, 0), (10, 100), (20, 200 - 5e-8)]))
    assert len(faults(**rows([(0, 0), (10, 100), (20, 200 - 1e-4)]))) == 1


def test_one_point_is_no_curve():
    one(["cost_point.csv, row 2, column power_mw: '10'", "a curve needs two", "Add points"], **rows([(10, 100)]))


def test_point_given_twice():
    one(["cost_point.csv, row 3", "was used before, in row 2"], **rows([(10, 100), (10, 120), (20, 300)]))


@pytest.mark.parametrize("column", ["cost_cny_per_mwh", "cost_quadratic_cny_per_mw2h"])
def test_points_and_another_cost(column):
    found = rows([(0, 0), (50, 500)], **{column: 3.5})
    one([f"generator.csv, row 2 (generator 'g'), column {column}: '3.5'", "cost_point.csv, row 2", "Keep one"], **found)
    assert not faults(**rows([(0, 0), (50, 500)], cost_cny_per_h=7))


def test_unknown_generator_is_one_fault():
    one(
        ["cost_point.csv, row 2, column generator: 'x' is not in table generator"],
        cost_point=[dict(generator="x", power_mw=1, cost_cny_per_h=1)],
    )
