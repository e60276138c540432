"""Searches for whole values, by HiGHS and by solvers of PuLP: the best values, a true bound, limits and interruptions that keep both."""

import itertools
import threading
import time

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from gridopt.program.highs import Highs
from gridopt.program.pulp_solvers import PulpProgram
from gridopt.program.solution import Infeasible

INF = np.inf
NAMES = ("own", "CBC", "HiGHS")


def program(name, cost, upper, matrix, row_lower, row_upper, whole):
    made = Highs() if name == "own" else PulpProgram(name)
    matrix = sp.csr_array(np.array(matrix, float).reshape(len(row_lower), len(cost)))
    made.load(np.array(cost, float), np.zeros(len(cost)), np.array(upper, float), matrix, np.array(row_lower), np.array(row_upper))
    made.whole(np.array(whole))
    return made


@pytest.mark.parametrize("name", NAMES)
def test_knapsack(name):
    """Values 10, 13, 7 of weights 3, 4, 2 and a limit of 5: the first and the third, 17; their own shares of the weight leave no better."""
    made = program(name, [-10, -13, -7], [1, 1, 1], [[3, 4, 2]], [-INF], [5.0], [0, 1, 2])
    found = made.search(gap=0.0)
    assert found.done and found.cost == pytest.approx(-17) and np.round(found.x).tolist() == [1, 0, 1]
    assert -17.01 <= found.bound <= -17 + 1e-6


@pytest.mark.parametrize("name", NAMES)
def test_some_columns_stay_between_whole_numbers(name):
    """min -x - y, x + 2y <= 3.5, x whole up to 1, y up to 5: x = 1, y = 1.25."""
    made = program(name, [-1, -1], [1, 5], [[1, 2]], [-INF], [3.5], [0])
    assert made.search(gap=0.0).x == pytest.approx([1, 1.25])


@pytest.mark.parametrize("name", NAMES)
def test_no_whole_values(name):
    """2x = 1 has a solution, but no whole one."""
    made = program(name, [1.0], [5], [[2]], [1.0], [1.0], [0])
    with pytest.raises(Infeasible):
        made.search(gap=0.0)


@pytest.mark.parametrize("name", NAMES)
def test_columns_held_and_let_go(name):
    made = program(name, [-2, -3], [1, 1], [[1, 1]], [-INF], [1.0], [0, 1])
    made.bound(np.array([1]), np.zeros(1), np.zeros(1))
    assert made.search(gap=0.0).cost == pytest.approx(-2)
    made.bound(np.array([1]), np.zeros(1), np.ones(1))
    assert made.search(gap=0.0).cost == pytest.approx(-3)
    made.whole(np.array([0, 1]), False)
    made.change_bounds(np.zeros(2), np.array([0.5, 0.25]))
    made.solve()
    assert made.solution()[0] == pytest.approx([0.5, 0.25])


def hard(name, columns=40, seed=1):
    """A market split: HiGHS and CBC find values soon and prove nothing for long."""
    rng = np.random.default_rng(seed)
    weight = rng.integers(1, 100, (5, columns))
    slack = np.concatenate([np.zeros(columns), np.ones(10)])
    matrix = np.hstack([weight, np.eye(5), -np.eye(5)])
    half = weight.sum(axis=1) // 2.0
    return program(name, slack, np.concatenate([np.ones(columns), np.full(10, INF)]), matrix, half, half, np.arange(columns))


@pytest.mark.parametrize("name", NAMES)
def test_a_limit_of_time_keeps_values_and_bound(name):
    found = hard(name).search(gap=0.0, seconds=2.0)
    assert not found.done and found.x is not None
    assert found.bound < found.cost < INF


@pytest.mark.parametrize("name", ("own", "CBC"))
def test_an_interruption_keeps_values_and_bound(name):
    stop, begun = threading.Event(), time.perf_counter()
    threading.Timer(2.0, stop.set).start()
    found = hard(name).search(gap=0.0, seconds=60.0, stop=stop)
    assert time.perf_counter() - begun < 30
    assert not found.done and found.x is not None and found.bound < found.cost < INF


def test_a_target_ends_a_search():
    found = hard("own").search(gap=0.0, seconds=60.0, target=1000.0)
    assert found.done and found.cost <= 1000


@pytest.mark.parametrize("name", ("own", "CBC"))
@given(st.data())
@settings(max_examples=15, deadline=None)
def test_against_all_whole_values(name, data):
    """Four columns of 0, 1 or 2 and two rows: the best of all 81 choices, or none."""
    number = st.integers(-9, 9)
    cost = np.array(data.draw(st.lists(number, min_size=4, max_size=4)))
    matrix = np.array(data.draw(st.lists(st.lists(number, min_size=4, max_size=4), min_size=2, max_size=2)))
    top = np.array(data.draw(st.lists(st.integers(-5, 9), min_size=2, max_size=2)))
    every = np.array(list(itertools.product(range(3), repeat=4)))
    fits = every[(every @ matrix.T <= top).all(axis=1)]
    made = program(name, cost, [2] * 4, matrix, [-INF, -INF], top.astype(float), range(4))
    if not len(fits):
        with pytest.raises(Infeasible):
            made.search(gap=0.0)
        return
    found = made.search(gap=0.0)
    best = (fits @ cost).min()
    assert found.cost == pytest.approx(best) and found.bound <= best + 1e-6
