"""Starts of windows and dives: what is handed on fits or is left, costs pivots and never the optimum."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from gridopt.dispatch.ahead import Start, _same, guess, start_of
from gridopt.dispatch.attempts import Attempts, Search
from gridopt.dispatch.dive import dive, dives
from gridopt.dispatch.formulate import formulate, implied
from gridopt.dispatch.lazy import Loaded, Relaxed, scaled, solve
from gridopt.dispatch.window import Window
from gridopt.program.builder import Builder
from gridopt.program.highs import Highs
from tests.support.certified_case import build

PRESOLVED = partial(Highs, presolve="on")


def linear(minutes: int):
    """Every kind of element with its decisions, no costs by the square: tangents know no starts."""
    case = build(minutes)
    generators = case.table("generator").assign(cost_quadratic_cny_per_mw2h=0.0)
    return replace(case, tables={**case.tables, "generator": generators}, commitment="exact")


def program(case) -> Relaxed:
    builder = formulate(case).builder
    relaxed = Relaxed(builder.form(), builder.lazy_families)
    relaxed.used |= relaxed.form.upper > 0
    return relaxed


def test_G2_a_start_of_the_same_case_is_optimal_at_once():
    case = linear(30)
    plain = solve(program(case), program=PRESOLVED)
    start = start_of(lambda: case, None, case.time)
    again = program(case)
    found = solve(again, program=PRESOLVED, loaded=scaled(Loaded.load(again, PRESOLVED, Start.read(start.arrays()).laid(again))))
    assert found.objective == pytest.approx(plain.objective, rel=1e-9)
    assert found.statistics["iterations"] == 0 and found.rounds == 1
    assert plain.statistics["iterations"] > 0


def test_G2_a_start_of_another_size_is_left():
    start = start_of(lambda: linear(30), None, linear(30).time)
    other = program(linear(60))
    assert start.laid(other) is None
    assert other.rows_added == 0
    assert Start.read({}) is None


def test_same_hours_of_the_day_before_and_of_the_window_before():
    """Windows of two hours and two of 3 h; the next begins 2 h later, so its middles 0.5, 1.5, 3.5, 6.5 h lie at 2.5, 3.5, 5.5 and 8.5 h of
    the first, whose steps end at 1, 2, 5 and 8 h: steps 2, 2, 3 and none."""
    time = build(60).time
    old, new = (Window(k, k + 2, 8).steps(time, 3.0) for k in (0, 2))
    assert old.hours.tolist() == [1, 1, 3, 3] and new.hours.tolist() == [1, 1, 3, 1]
    assert _same(old, new, 0.0).tolist() == [2, 2, 3, 3]
    assert _same(old, new, 2.0).tolist() == [0, 1, 2, 3]
    assert _same(old, new, 24.0).tolist() == [-1, -1, -1, -1]


def test_guessed_rows_are_those_of_the_same_hours():
    model = formulate(build(60))
    family = next(z.family for z in model.builder.lazy_families if z.family.size)
    assert {n: np.array(v).tolist() for n, v in guess(model, {family.name: np.array([[0, 0], [1, 4]])}, model.case.time).items()} == {
        family.name: [[0, 0], [1, 4]]
    }
    assert guess(model, {}, model.case.time) == {}
    assert guess(model, {family.name: np.array([[10**6], [0]])}, model.case.time) == {}


def chosen(least, cost, need, step=None) -> tuple[Attempts, Loaded, np.ndarray]:
    """Units of `least` MW or nothing at `cost` for need MW or more; step: a last one of any number of steps of 1 MW, up to 9, at this cost."""
    b = Builder(1)
    u = b.columns("on", unit="1", over={"unit": np.arange(len(least)), "time": np.arange(1)}, upper=1.0, integer=True)
    b.cost("on", u, np.array(cost, float)[:, None])
    row = b.rows("need", unit="MW", over={"time": np.arange(1)}, lower=float(need))
    b.term(row, u, np.array(least, float)[:, None])
    if step is not None:
        n = b.columns("level", unit="1", over={"time": np.arange(1)}, upper=9.0, integer=True)
        b.cost("level", n, step)
        b.term(row, n)
    relaxed = Relaxed(b.form(), b.lazy_families)
    loaded = scaled(Loaded.load(relaxed, PRESOLVED))
    first = solve(relaxed, program=PRESOLVED, loaded=loaded)
    return Attempts(relaxed, PRESOLVED, Search(gap=0.0), lambda x: x, first.bound, lambda text: None), loaded, first.x


def test_P1_P2_what_does_not_fit_goes_to_the_other_side():
    """10 MW at 10 and 10 MW at 30, 13 MW needed: relaxed 1 and 0.3. Held at 0 there are only 10 MW; so it is 1: 40 for a bound of 19."""
    attempts, loaded, x = chosen([10, 10], [10, 30], 13)
    assert x.tolist() == pytest.approx([1, 0.3])
    assert dives(loaded) and dive(attempts, loaded, x)
    assert (attempts.cost, attempts.bound, attempts.x.tolist()) == (pytest.approx(40), pytest.approx(19), [1, 1])


def test_P2_where_neither_side_fits_nothing_is_offered():
    """Exactly 5 MW of one unit of 10 MW."""
    attempts, loaded, x = chosen([10], [1], 5)
    row = attempts.relaxed.form
    loaded.highs.change_row_bounds(0, [5.0], [5.0])
    assert not dive(attempts, loaded, x) and attempts.x is None
    assert row.row_upper[0] == np.inf


def test_P4_numbers_above_one_are_searched_with_all_else_held():
    """10 MW at 10, steps of 1 MW at 2, 13.4 MW needed: relaxed 1 and 3.4, so 4 steps: 18."""
    attempts, loaded, x = chosen([10], [10], 13.4, step=2.0)
    assert x.tolist() == pytest.approx([1, 3.4])
    assert dive(attempts, loaded, x)
    assert attempts.x.tolist() == pytest.approx([1, 4]) and attempts.cost == pytest.approx(18)


def test_a_dive_of_a_case_with_every_kind_of_element_keeps_every_row():
    case = linear(30)
    model = formulate(case)
    relaxed = Relaxed(model.builder.form(), model.builder.lazy_families)
    relaxed.used |= relaxed.form.upper > 0
    loaded = scaled(Loaded.load(relaxed, PRESOLVED))
    first = solve(relaxed, program=PRESOLVED, loaded=loaded)
    attempts = Attempts(relaxed, PRESOLVED, Search(), partial(implied, model), first.bound, lambda text: None)
    assert dives(loaded) and dive(attempts, loaded, first.x)
    form, x = relaxed.form, attempts.x
    activity = form.matrix @ x
    assert not relaxed.broken(x)
    assert (activity >= form.row_lower - 1e-5).all() and (activity <= form.row_upper + 1e-5).all()
    assert np.abs(x[form.integer] - np.round(x[form.integer])).max() < 1e-5
    assert attempts.bound <= attempts.cost + 1e-6
