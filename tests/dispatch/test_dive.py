"""Dives, nearest schedules, and lines that windows hand on: what they find keeps every row."""

import itertools
import re
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import scipy.sparse as sp

from gridopt.dispatch.attempts import Attempts, Search
from gridopt.dispatch.dive import dive, dives, in_turns
from gridopt.dispatch.formulate import formulate, implied
from gridopt.dispatch.holding import Held
from gridopt.dispatch.lazy import Loaded, Relaxed, scaled, solve
from gridopt.dispatch.lines import Lines, _same, tight
from gridopt.dispatch.nearest import nearest
from gridopt.dispatch.schedules import levels
from gridopt.dispatch.single import dispatch
from gridopt.dispatch.whole import decide
from gridopt.dispatch.window import Window
from gridopt.program.builder import Builder
from gridopt.program.highs import Highs
from gridopt.program.standard_form import Rows, StandardForm, extend
from tests.dispatch.test_whole import crowd
from tests.support.certified_case import build

PRESOLVED = partial(Highs, presolve="on")


def linear(minutes: int):
    """Every kind of element with its decisions, no costs by the square: tangents know no dives."""
    case = build(minutes)
    generators = case.table("generator").assign(cost_quadratic_cny_per_mw2h=0.0)
    return replace(case, tables={**case.tables, "generator": generators}, commitment="exact")


def test_same_hours_of_the_day_before_and_of_the_window_before():
    """Windows of two hours and two of 3 h; the next begins 2 h later, so its middles 0.5, 1.5, 3.5, 6.5 h lie at 2.5, 3.5, 5.5 and 8.5 h of
    the first, whose steps end at 1, 2, 5 and 8 h: steps 2, 2, 3 and none."""
    time = build(60).time
    old, new = (Window(k, k + 2, 8).steps(time, 3.0) for k in (0, 2))
    assert old.hours.tolist() == [1, 1, 3, 3] and new.hours.tolist() == [1, 1, 3, 1]
    assert _same(old, new, 0.0).tolist() == [2, 2, 3, 3]
    assert _same(old, new, 2.0).tolist() == [0, 1, 2, 3]
    assert _same(old, new, 24.0).tolist() == [-1, -1, -1, -1]


def test_G2_guessed_rows_are_those_of_the_same_hours():
    model = formulate(build(60))
    family = next(z.family for z in model.builder.lazy_families if z.family.size)

    def guess(tight):
        return {n: np.array(v).tolist() for n, v in Lines(tight, model.case.time).guess(model).items()}

    assert guess({family.name: np.array([[0, 0], [1, 4]])}) == {family.name: [[0, 0], [1, 4]]}
    assert guess({}) == guess({family.name: np.array([[10**6], [0]])}) == {}


def test_G1_lines_of_a_solution_save_broken_rows_of_the_same_case():
    case, told = linear(60), ([], [])
    first = dispatch(case, search=Search(1e-9), progress=told[0].append)
    again = dispatch(case, search=Search(1e-9), lines=Lines(tight(first.solution), case.time), progress=told[1].append)
    broken = [sum(int(n) for text in texts for n in re.findall(r"(\d+) broken rows", text)) for texts in told]
    assert 0 <= broken[1] < broken[0]
    assert again.solution.objective == pytest.approx(first.solution.objective, rel=1e-9)


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
    assert dives(loaded)
    dive(Held(attempts, loaded), x)
    assert (attempts.cost, attempts.bound, attempts.x.tolist()) == (pytest.approx(40), pytest.approx(19), [1, 1])


def test_P2_where_neither_side_fits_nothing_is_offered():
    """Exactly 5 MW of one unit of 10 MW."""
    attempts, loaded, x = chosen([10], [1], 5)
    row = attempts.relaxed.form
    loaded.highs.change_row_bounds(0, [5.0], [5.0])
    dive(Held(attempts, loaded), x)
    assert attempts.x is None
    assert row.row_upper[0] == np.inf


def test_P2_a_second_dive_takes_the_side_that_costs_less():
    """10 MW at 10, 20 MW at 22, 10 MW at 50 and steps of 1 MW at 9, 13 MW needed: relaxed 1, 0.15, 0, 0 at 13.3. The nearest, without the
    second unit, needs three steps, 37; a dive that looks at the cost finds the second unit alone, 22."""
    attempts, loaded, x = chosen([10, 20, 10], [10, 22, 50], 13, step=9.0)
    assert x.tolist() == pytest.approx([1, 0.15, 0, 0])
    costs = []
    attempts.progress = lambda text: costs.append(text)
    held = Held(attempts, loaded)
    dive(held, x)
    dive(held, x, again=True)
    assert "cost 37" in costs[0] and attempts.x.tolist() == pytest.approx([0, 1, 0, 0]) and attempts.cost == pytest.approx(22)


@pytest.mark.parametrize("scale", [scaled, lambda loaded: loaded])
def test_P2_what_costs_more_than_the_room_is_no_optimum(scale):
    """5 MW of a unit of 10 MW at 10, of another of 20 MW at 22: half of the first, 5. Held at 0 the second gives a quarter, 5.5; held at 1
    it costs 10. Neither side within 5.4: the cheaper one is taken all the same."""
    attempts, loaded, x = chosen([10, 20], [10, 22], 5)
    assert x.tolist() == pytest.approx([0.5, 0])
    loaded.scale = 0
    loaded.highs.set(user_objective_scale=0)
    held, one = Held(attempts, scale(loaded)), np.zeros(1, int)
    for to, cost in ((0.0, 5.5), (1.0, 10.0)):
        assert held.hold(one, np.array([to]), most=cost - 0.05) is None
        assert not held.held.any()
        assert held.hold(one, np.array([to]), most=cost + 0.05) @ [10, 22] == pytest.approx(cost)
        held.release(one)
    assert held.other_side(one, np.array([0.4]), 5.4).tolist() == pytest.approx([0, 0.25])
    held.release(one)
    assert held.other_side(one, np.array([0.6]), 5.4).tolist() == pytest.approx([0, 0.25])
    held.release(one)
    assert held.other_side(one, np.array([0.4]), 20.0).tolist() == pytest.approx([1, 0])


def test_a_dive_knows_the_rows_that_a_search_has_written(monkeypatch):
    """The same for 13.4 MW: four steps, 46. The search of steps finds that the first unit must be on, a row that the loaded program does
    not have: the second unit alone, 22, would break it."""
    attempts, loaded, x = chosen([10, 20, 10], [10, 22, 50], 13.4, step=9.0)

    def attempt(*rest, **more):
        first = sp.csr_array(([1.0], ([0], [0])), shape=(1, 4))
        attempts.relaxed.form = extend(attempts.relaxed.form, Rows(np.ones(1), np.full(1, np.inf), np.zeros(1, int), first))

    monkeypatch.setattr(attempts, "attempt", attempt)
    held = Held(attempts, loaded)
    levels(held, dive(held, x))
    dive(held, x, again=True)
    assert attempts.x[0] == pytest.approx(1) and attempts.cost == pytest.approx(46)


def test_P5_alike_elements_are_searched_around_where_they_take_turns(monkeypatch):
    """Units that differ little: what is left goes from one to the next, and a search around it finds a schedule, once."""
    seen, given = [], Attempts.attempt

    def attempt(self, who, held, *rest, **more):
        seen.append((who, int(held.sum())))
        return given(self, who, held, *rest, **more)

    monkeypatch.setattr(Attempts, "attempt", attempt)
    solution = decide(crowd(count=20, steps=30), Search(1e-3, seconds=20))
    assert [who for who, _ in seen].count("dive") == 1 and seen[0][0] == "dive" and 300 < seen[0][1] < 600
    assert np.isfinite(solution.objective) and solution.finished


def test_P4_numbers_above_one_are_held_at_the_nearest(monkeypatch):
    """10 MW at 10, steps of 1 MW at 2, 13.6 MW needed: relaxed 1 and 3.6; the nearest is 4: 18, found without a search."""
    attempts, loaded, x = chosen([10], [10], 13.6, step=2.0)
    assert x.tolist() == pytest.approx([1, 3.6])
    attempts.search = Search(gap=1.0)
    monkeypatch.setattr(attempts, "attempt", None)
    dive(Held(attempts, loaded), x)
    assert attempts.x.tolist() == pytest.approx([1, 4]) and attempts.cost == pytest.approx(18)


def test_P4_where_the_nearest_misses_the_gap_all_are_searched(monkeypatch):
    """10 MW at 10, steps of 1 MW at 2, 13.4 MW needed: relaxed 1 and 3.4. The nearest that serves is 4, 18 for a bound of 16.8."""
    for found in (None, (np.array([1]), np.array([9.0]))):
        monkeypatch.setattr("gridopt.dispatch.schedules.nearest", lambda *given, found=found: found)
        attempts, loaded, x = chosen([10], [10], 13.4, step=2.0)
        assert x.tolist() == pytest.approx([1, 3.4])
        held = Held(attempts, loaded)
        levels(held, dive(held, x))
        assert attempts.x.tolist() == pytest.approx([1, 4]) and attempts.cost == pytest.approx(18)


@pytest.mark.parametrize("begin", ([1, 1, 4], [1, 0, 9]))
def test_P6_levels_and_status_in_turns(begin):
    """10 MW at 10, 4 MW at 6, steps of 1 MW at 2, 13.4 MW needed. 10 and 4 steps cost 18: reached from 4 steps by way of the units, from 9 by
    way of the steps. Both units without a step would cost 16, but from there on no turn alone gains anything."""
    attempts, loaded, _ = chosen([10, 4], [10, 6], 13.4, step=2.0)
    attempts.offer(np.array(begin, float), "first")
    in_turns(Held(attempts, loaded))
    assert attempts.x.tolist() == pytest.approx([1, 0, 4]) and attempts.cost == pytest.approx(18)


def test_P6_without_any_values_there_are_no_turns():
    attempts, loaded, _ = chosen([10], [10], 13.4, step=2.0)
    in_turns(Held(attempts, loaded))
    assert attempts.x is None


def test_N1_keeps_what_is_held_already():
    """2.4 three times, changes of at most 1, 0 held in the middle: 1, 0, 1 is the nearest; free it would be 2, 2, 2."""
    form, n = schedule(9.0, 1.0, 3)
    x = np.zeros(len(form.cost))
    x[n] = [2.4, 2.4, 2.4]
    assert nearest(form, x, n, PRESOLVED)[1].tolist() == [2, 2, 2]
    held = replace(form, lower=form.lower.copy(), upper=form.upper.copy())
    held.lower[n[1]] = held.upper[n[1]] = 0.0
    columns, values = nearest(held, x, n, PRESOLVED)
    assert columns.tolist() == n[[0, 2]].tolist() and values.tolist() == [1, 1]
    assert nearest(form, x, n[:0], PRESOLVED) is None


def schedule(most: float, ramp: float, levels: int = 4) -> tuple[StandardForm, np.ndarray]:
    """Whole levels, changes of at most `ramp` between them, `most` in all; another column serves what they do not."""
    b = Builder(levels)
    over = {"time": np.arange(levels)}
    n = b.columns("level", unit="1", over=over, upper=9.0, integer=True)
    other = b.columns("other", unit="MW", over=over, upper=99.0)
    served = b.rows("served", unit="MW", over=over, equal=5.0)
    b.term(served, n)
    b.term(served, other)
    change = b.rows("ramp", unit="1", over={"time": np.arange(levels - 1)}, lower=-ramp, upper=ramp)
    b.term(change, n[1:])
    b.term(change, n[:-1], -1.0)
    b.term(b.rows("energy", unit="1", over={"all": np.arange(1)}, upper=most), n[None])
    return b.form(), n


def test_N1_the_nearest_schedule_keeps_its_own_rows_and_no_others():
    """2.6, 2.6, 0.2, 0.2, changes up to 2, 5 in all: 3, 3 would leave nothing for the second half, and fall by 3. Nearest is a sum of
    distances of 0.4 + 0.6 + 0.2 + 0.2 with 3, 2, 0, 0; the rows that serve hold another column, and ask nothing."""
    form, n = schedule(5.0, 2.0)
    x = np.zeros(len(form.cost))
    x[n] = [2.6, 2.6, 0.2, 0.2]
    columns, values = nearest(form, x, n, PRESOLVED)
    assert columns.tolist() == n.tolist()
    away = np.abs(values - x[n]).sum()
    every = [np.array(v) for v in itertools.product(range(4), repeat=4) if sum(v) <= 5 and np.abs(np.diff(v)).max() <= 2]
    assert values.sum() <= 5 and np.abs(np.diff(values)).max() <= 2
    assert away == pytest.approx(min(np.abs(v - x[n]).sum() for v in every)) == pytest.approx(1.4)


def test_N1_decisions_in_rows_of_their_own_join():
    """Powers 2 n that change by 4 a at most; one change in all; 1 before the first step; 3, 3, 0 wanted. One change leaves 3, 3, 3 (3 off),
    1, 1, 0 (4 off) or less near; were changes no decisions of their own, they would be parts, and 3, 3, 0 would fit."""
    b = Builder(3)
    over = {"time": np.arange(3)}
    n = b.columns("level", unit="1", over=over, upper=9.0, integer=True)
    a = b.columns("change", unit="1", over=over, upper=1.0, integer=True)
    p = b.columns("power", unit="MW", over=over, upper=18.0)
    step = b.rows("step", unit="MW", over=over, equal=0.0)
    b.term(step, p)
    b.term(step, n, -2.0)
    for name, sign in (("rise", 1.0), ("fall", -1.0)):
        row = b.rows(name, unit="MW", over=over, upper=sign * np.array([2.0, 0.0, 0.0]))
        b.term(row, p, sign)
        b.term(row[1:], p[:-1], -sign)
        b.term(row, a, -4.0)
    b.term(b.rows("changes", unit="1", over={"all": np.arange(1)}, upper=1.0), a[None])
    form = b.form()
    x = np.zeros(len(form.cost))
    x[n] = [3.0, 3.0, 0.0]
    columns, values = nearest(form, x, n, PRESOLVED)
    found = dict(zip(columns.tolist(), values.tolist(), strict=True))
    assert [found[i] for i in a].count(1.0) == 1
    assert [found[i] for i in n] == [3.0, 3.0, 3.0]


def test_N1_what_may_be_missed_at_a_price_stays_as_the_relaxation_left_it():
    """2.4 three times, at least 7 in all or missed at a price: the relaxation misses nothing. Free of charge here, missing 1 would leave
    2, 2, 2; as it is, one of the three goes up."""
    b = Builder(3)
    over = {"time": np.arange(3)}
    n = b.columns("level", unit="1", over=over, upper=9.0, integer=True)
    missed = b.columns("missed", unit="1", over={"all": np.arange(1)}, upper=9.0)
    b.cost("missed", missed, 1000.0)
    row = b.rows("energy", unit="1", over={"all": np.arange(1)}, lower=7.0)
    b.term(row, n[None])
    b.term(row, missed)
    form = b.form()
    x = np.zeros(len(form.cost))
    x[n] = [2.4, 2.4, 2.4]
    columns, values = nearest(form, x, n, PRESOLVED)
    assert columns.tolist() == n.tolist() and sorted(values) == [2, 2, 3]
    x[missed] = 1.0
    assert nearest(form, x, n, PRESOLVED)[1].tolist() == [2, 2, 2]


def test_N1_where_no_schedule_fits_there_is_none():
    form, n = schedule(-1.0, 2.0)
    assert nearest(form, np.zeros(len(form.cost)), n, PRESOLVED) is None


def test_a_dive_of_a_case_with_every_kind_of_element_keeps_every_row():
    case = linear(30)
    model = formulate(case)
    relaxed = Relaxed(model.builder.form(), model.builder.lazy_families)
    relaxed.used |= relaxed.form.upper > 0
    loaded = scaled(Loaded.load(relaxed, PRESOLVED))
    first = solve(relaxed, program=PRESOLVED, loaded=loaded)
    attempts = Attempts(relaxed, PRESOLVED, Search(), partial(implied, model), first.bound, lambda text: None)
    assert dives(loaded)
    dive(Held(attempts, loaded), first.x)
    form, x = relaxed.form, attempts.x
    activity = form.matrix @ x
    assert not relaxed.broken(x)
    assert (activity >= form.row_lower - 1e-5).all() and (activity <= form.row_upper + 1e-5).all()
    assert np.abs(x[form.integer] - np.round(x[form.integer])).max() < 1e-5
    assert attempts.bound <= attempts.cost + 1e-6
