"""Cost curves by points."""

import pytest

from gridopt.case.check import CaseError
from gridopt.case.rules_plants import check_curves
from tests.case.test_rules import faults, one
from tests.support.block_cases import buses
from tests.support.small import case


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


def by_series(**more):
    """Blocks of 10 MW at 100 and 200; in the second and third hour the first one is 150 dearer, in the third the second one 60."""
    rising = [dict(generator="g", power_mw=x, cost_cny_per_h=y) for x, y in ((0.0, 0.0), (10.0, 1000.0), (20.0, 3000.0))]
    rising[0]["price_profile"], rising[1]["price_profile"] = "low", "high"
    return case(3, series={"low": [0.0, 150.0, 150.0], "high": [0.0, 0.0, 60.0]}, bus=buses("A"),
                generator=[dict(generator="g", bus="A", power_max_mw=20.0, **more)], cost_point=rising)  # fmt: skip


def test_price_series_of_parts_of_a_curve_may_not_bend_it():
    with pytest.raises(CaseError) as found:
        check_curves(by_series())
    assert found.value.faults == [
        "table cost_point, column price_profile: with its price series ('low', 'high') the cost curve of generator 'g' bends downwards at "
        "10 MW at 2025-01-01 01:00: 250 CNY/MWh below, only 200 above (1 steps in all). Dispatch needs a curve whose slopes rise; correct the "
        "series or the points."
    ]


def test_what_series_say_of_a_generator_out_of_service_bends_nothing():
    check_curves(by_series(retirement="2025-01-01"))
