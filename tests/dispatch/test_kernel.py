"""A linear program without the rows that do not bind: by hand, and against the whole program at random."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from gridopt.dispatch.kernel import Kernel
from gridopt.program.highs import Highs
from gridopt.program.solution import SolverFailed
from gridopt.program.standard_form import Rows, StandardForm, extend


def form_of(cost, lower, upper, matrix, row_lower, row_upper) -> StandardForm:
    n, none = len(cost), np.zeros(len(cost))
    as_float = [np.asarray(v, float) for v in (lower, upper, row_lower, row_upper)]
    return StandardForm(
        np.asarray(cost, float), none, 0.0, as_float[0], as_float[1], np.zeros(n, bool), as_float[2], as_float[3],
        sp.csr_array(np.asarray(matrix, float)), none.astype(int), np.zeros(len(row_lower), int),
    )  # fmt: skip


def test_rows_join_as_they_are_broken():
    """min -3a - 2b over a, b in [0, 10], a + b <= 12, a <= 7, a + b <= 100: without rows (10, 10); the first two join: (7, 5), -31."""
    form = form_of([-3, -2], [0, 0], [10, 10], [[1, 1], [1, 0], [1, 1]], [-np.inf] * 3, [12, 7, 100])
    kernel = Kernel(form, None, np.zeros(3, bool))
    x, y = kernel.solve()
    assert x == pytest.approx([7, 5]) and y == pytest.approx([-2, -1, 0])
    assert sorted(kernel.rows) == [0, 1]


def test_what_may_not_move_is_held_until_it_is_set_free():
    """b held at 1 leaves a at 7; free again (in any order of the columns) b is 5. A third column of cost -4 in the first row then takes 12,
    and a new row holds it to 2: (7, 3, 2), -21 - 6 - 8 = -35."""
    form = form_of([-3, -2], [0, 0], [10, 10], [[1, 1], [1, 0]], [-np.inf] * 2, [12, 7])
    kernel = Kernel(form, None, np.zeros(2, bool))
    kernel.bound(np.array([1]), np.array([1.0]), np.array([1.0]))
    assert kernel.solve()[0] == pytest.approx([7, 1])
    kernel.bound(np.array([1, 0]), np.array([0.0, 0.0]), np.array([10.0, 10.0]))
    assert kernel.solve()[0] == pytest.approx([7, 5])
    more = form_of([-3, -2, -4], [0, 0, 0], [10, 10, 20], [[1, 1, 1], [1, 0, 0]], [-np.inf] * 2, [12, 7])
    more = extend(more, Rows(np.array([-np.inf]), np.array([2.0]), np.zeros(1, int), sp.csr_array([[0.0, 0.0, 1.0]])))
    kernel.grow(more)
    x, _ = kernel.solve()
    assert x == pytest.approx([7, 3, 2]) and more.cost @ x == pytest.approx(-35)


def test_a_column_without_an_end_finds_its_row():
    """min -a, a >= 0, a <= 4 by a row that is not loaded at first; without any row there is no optimum."""
    form = form_of([-1], [0], [np.inf], [[1]], [-np.inf], [4])
    assert Kernel(form, None, np.zeros(1, bool)).solve()[0] == pytest.approx([4])
    free = form_of([-1], [0], [np.inf], [[1]], [-np.inf], [np.inf])
    with pytest.raises(SolverFailed):
        Kernel(free, None, np.zeros(1, bool)).solve()


def test_nothing_at_all():
    form = form_of([], [], [], np.zeros((0, 0)), [], [])
    x, y = Kernel(form, None, np.zeros(0, bool)).solve()
    assert len(x) == len(y) == 0


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_the_optimum_is_that_of_the_whole_program(seed):
    """Cost and duals of random programs with fixed columns, and from the basis of the whole; duals prove it: b' y + bounds = cost."""
    rng = np.random.default_rng(seed)
    m, n = 12, 8
    matrix = rng.integers(-2, 4, (m, n)) * (rng.random((m, n)) < 0.5)
    inside = rng.integers(0, 5, n).astype(float)
    slack = rng.integers(0, 4, m).astype(float)
    low = np.where(rng.random(m) < 0.3, matrix @ inside - slack, -np.inf)
    form = form_of(rng.integers(-5, 6, n), np.where(rng.random(n) < 0.2, inside, 0.0), np.full(n, 6.0), matrix, low, matrix @ inside + slack)
    form.upper[:2] = form.lower[:2] = inside[:2]
    whole = Highs()
    whole.load(form.cost, form.lower, form.upper, form.matrix, form.row_lower, form.row_upper)
    whole.solve()
    best = float(form.cost @ whole.solution()[0])
    for basis in (None, whole.basis()):
        x, y = Kernel(form, basis, rng.random(m) < 0.2).solve()
        assert form.cost @ x == pytest.approx(best, abs=1e-6)
        reduced = form.cost - form.matrix.T @ y
        edge = np.where(y > 0, form.row_lower, form.row_upper)
        proven = np.sum(y[y != 0] * edge[y != 0]) + np.sum(np.where(reduced > 0, form.lower, form.upper) * reduced)
        assert proven == pytest.approx(best, abs=1e-6)
