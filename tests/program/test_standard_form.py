"""dual_bound is a lower bound for any duals, and tight for the best ones."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from gridopt.program.highs import Highs
from gridopt.program.standard_form import Rows, StandardForm, assemble, dual_bound, extend, stack, value

INF = np.inf


@st.composite
def feasible_programs(draw):
    """A form, a point x inside all its bounds and rows, and any row duals y. Bounds are open on random sides."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, m = draw(st.integers(1, 6)), draw(st.integers(0, 6))
    x = rng.normal(size=n) * 10
    matrix = sp.csr_array(rng.normal(size=(m, n)) * (rng.random((m, n)) < 0.7))
    activity = matrix @ x

    def around(v):
        low, high = v - rng.exponential(5, len(v)), v + rng.exponential(5, len(v))
        kind = rng.integers(0, 4, len(v))
        low, high = np.where(kind == 1, -INF, low), np.where(kind == 2, INF, high)
        return np.where(kind == 3, v, low), np.where(kind == 3, v, high)

    (lower, upper), (row_lower, row_upper) = around(x), around(activity)
    if draw(st.booleans()):
        lower, upper = np.maximum(lower, -100), np.minimum(upper, 100)
    steps = (np.zeros(n, int), np.zeros(m, int))
    square = np.where(rng.random(n) < draw(st.sampled_from([0.0, 0.5])), rng.uniform(0.0, 5.0, n), 0.0)
    form = StandardForm(
        rng.normal(size=n), square, float(rng.normal()), lower, upper, np.zeros(n, bool), row_lower, row_upper, matrix, *steps
    )
    y = rng.normal(size=m) * draw(st.sampled_from([0.0, 0.1, 1.0, 100.0]))
    return form, x, y


@settings(max_examples=200, deadline=None, derandomize=True)
@given(feasible_programs())
def test_any_duals_bound_the_cost_of_any_feasible_point(program):
    form, x, y = program
    bound = dual_bound(form, y)
    assert not np.isnan(bound)
    assert bound <= value(form, x) + 1e-8 * (1 + abs(bound) if np.isfinite(bound) else 1)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(feasible_programs())
def test_the_duals_of_the_optimum_prove_it(program):
    form, _, _ = program
    form = replace(form, square=np.zeros_like(form.square))
    boxed = StandardForm(**{**form.__dict__, "lower": np.maximum(form.lower, -1e3), "upper": np.minimum(form.upper, 1e3)})
    highs = Highs()
    highs.load(boxed.cost, boxed.lower, boxed.upper, boxed.matrix, boxed.row_lower, boxed.row_upper)
    highs.solve()
    x, y = highs.solution()
    best = boxed.cost @ x + boxed.offset
    assert dual_bound(boxed, np.where(np.abs(y) < 1e-9, 0.0, y)) == pytest.approx(best, rel=1e-7, abs=1e-4)


def test_dual_bound_by_hand():
    """min 2 x + 7, x >= 0 (row: x >= 3): dual 2 proves 13, dual 1 proves 1*3 + 1*0 + 7 = 10, dual 3 nothing (x unbounded above).

    A dual of the wrong sign counts as 0: the bound is 7.
    """
    form = StandardForm(np.array([2.0]), np.zeros(1), 7.0, np.zeros(1), np.array([INF]), np.zeros(1, bool), np.array([3.0]), np.array([INF]),
                        sp.csr_array([[1.0]]), np.zeros(1, int), np.zeros(1, int))  # fmt: skip
    assert [dual_bound(form, np.array([v])) for v in (2.0, 1.0, 3.0, -5.0)] == [13, 10, -INF, 7]


def test_dual_bound_ignores_a_positive_dual_of_a_row_without_lower_bound():
    """min 2 x + 7, 0 <= x, x <= 3 as a row: any positive dual counts as 0, the bound stays 7."""
    form = StandardForm(np.array([2.0]), np.zeros(1), 7.0, np.zeros(1), np.array([INF]), np.zeros(1, bool), np.array([-INF]), np.array([3.0]),
                        sp.csr_array([[1.0]]), np.zeros(1, int), np.zeros(1, int))  # fmt: skip
    assert dual_bound(form, np.array([5.0])) == 7


def test_assemble_adds_up_repeated_places_and_extend_keeps_what_was_there():
    form = assemble(
        cost=np.zeros(2),
        square=np.zeros(2),
        offset=0,
        lower=np.zeros(2),
        upper=np.ones(2),
        optional=np.zeros(2, bool),
        row_lower=np.zeros(1),
        row_upper=np.ones(1),
        terms=(np.array([0, 0, 0]), np.array([1, 1, 0]), np.array([1.0, 2.0, 4.0])),
        column_step=np.zeros(2, int),
        row_step=np.zeros(1, int),
    )
    assert form.matrix.toarray().tolist() == [[4, 3]]
    more = Rows(np.array([-1.0]), np.array([2.0]), np.array([5]), sp.csr_array([[0.0, 9.0]]))
    longer = extend(form, stack([more, more], 2))
    assert longer.matrix.toarray().tolist() == [[4, 3], [0, 9], [0, 9]]
    assert (
        longer.row_lower.tolist() == [0, -1, -1]
        and longer.row_upper.tolist() == [1, 2, 2]
        and longer.row_step.tolist() == [0, 5, 5]
    )
    assert form.matrix.shape == (1, 2) and len(stack([], 2)) == 0
