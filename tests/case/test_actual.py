"""What is expected and what comes: forecast errors, and what table real_time brings."""

import numpy as np
import pytest

from gridopt.case.actual import ForecastError, actual, expected
from gridopt.case.check import CaseError
from tests.support.block_cases import FUEL, UNIT_TYPE, buses, load, unit
from tests.support.small import case


def given(hours=400, minutes=60, **rows):
    series = {"w": np.full(hours, 0.4), "s": np.tile([0.0, 0.5], hours // 2), "d": np.full(hours, 1.0)}
    base = dict(
        bus=buses("A"), fuel=FUEL, unit_type=UNIT_TYPE, unit=[unit("A", 20, 100.0)], load=[load("A", "d", 50.0)],
        renewable=[dict(renewable="w", bus="A", technology="wind", power_max_mw=10.0, profile="w"),
                   dict(renewable="s", bus="A", technology="solar", power_max_mw=10.0, profile="s")],
    )  # fmt: skip
    return case(hours, minutes, series=series, **(base | rows))


def test_errors_have_the_spread_and_the_memory_that_were_asked_for():
    """Relative errors of 10 % that fade over 5 h: neighbours an hour apart correlate by exp(-1/5) = 0.819."""
    made = expected(given(4000), ForecastError(wind=0.1, hours=5.0, seed=3))
    error = made.series(["w"], 1.0)[0] / 0.4 - 1.0
    assert error.std() == pytest.approx(0.1, rel=0.1)
    assert np.corrcoef(error[1:], error[:-1])[0, 1] == pytest.approx(np.exp(-0.2), abs=0.05)


def test_where_nothing_comes_nothing_is_expected_and_capacity_is_kept():
    made = expected(given(), ForecastError(solar=3.0, seed=1))
    sun = made.series(["s"], 1.0)[0]
    assert (sun[::2] == 0).all() and sun.min() >= 0 and sun.max() <= 1
    assert (made.series(["w"], 1.0) == 0.4).all()


def test_the_same_seed_expects_the_same_and_none_expects_what_comes():
    plain = given()
    a, b = (expected(plain, ForecastError(wind=0.1, load=0.02, seed=7)).series(["w", "d"], 1.0) for _ in range(2))
    assert (a == b).all()
    assert expected(plain, ForecastError(seed=7)) is plain


def test_what_comes_stands_in_place_of_what_was_expected():
    """Load of 60, then 40 MW in place of 50; wind of 3 MW of 10."""
    rows = [dict(kind="load", element="dA", value_mw=60.0, profile="r"), dict(kind="renewable", element="w", value_mw=3.0)]
    plain = case(2, series={"r": np.array([1.0, 2 / 3]), "w": np.full(2, 0.4)}, bus=buses("A"), load=[load("A", mean=50.0)], real_time=rows,
                 renewable=[dict(renewable="w", bus="A", technology="wind", power_max_mw=10.0, profile="w")])  # fmt: skip
    made = actual(plain)
    demand = made.table("load")["mean_mw"].to_numpy() * made.series(made.table("load")["profile"], 1.0)[0]
    assert demand == pytest.approx([60, 40])
    assert 10 * made.series(made.table("renewable")["profile"], 1.0)[0] == pytest.approx([3, 3])
    assert actual(given()).tables is not None and len(given().table("real_time")) == 0


def test_rows_that_cannot_be_are_named_at_once():
    rows = [dict(kind="renewable", element="w", value_mw=30.0), dict(kind="load", element="x", value_mw=1.0)]
    with pytest.raises(CaseError) as caught:
        actual(given(2, real_time=rows))
    text = "\n".join(caught.value.faults)
    assert "renewable 'w': 30 MW are more than power_max_mw, 10" in text and "load 'x': is not in table load" in text
