"""HiGHS: statuses, duals, further rows, bases."""

import numpy as np
import pytest
import scipy.sparse as sp

from gridopt.program.highs import BASIC, DUAL, EITHER, Highs
from gridopt.program.solution import Infeasible, LimitReached, SolverFailed

INF = np.inf


def loaded(cost, lower, upper, rows, row_lower, row_upper, **options) -> Highs:
    highs = Highs(**options)
    highs.load(np.array(cost, float), np.array(lower, float), np.array(upper, float), sp.csr_array(np.array(rows, float)),
               np.array(row_lower, float), np.array(row_upper, float))  # fmt: skip
    return highs


def textbook(**options) -> Highs:
    """min -3x - 5y; x <= 4, 2y <= 12, 3x + 2y <= 18: x = 2, y = 6, cost -36; duals 0, -3/2, -1.

    The Wyndor Glass example of Hillier and Lieberman, Introduction to Operations Research.
    """
    return loaded([-3, -5], [0, 0], [INF, INF], [[1, 0], [0, 2], [3, 2]], [-INF] * 3, [4, 12, 18], **options)


def test_values_and_duals():
    highs = textbook()
    highs.solve()
    x, y = highs.solution()
    assert x == pytest.approx([2, 6]) and y == pytest.approx([0, -1.5, -1])


def test_infeasible_raises():
    with pytest.raises(Infeasible):
        loaded([1], [0], [1], [[1]], [2], [INF]).solve()


def test_infeasible_bounds_of_a_column_raise():
    with pytest.raises((Infeasible, SolverFailed)):
        loaded([1], [2], [1], [[1]], [0], [INF]).solve()


def test_unbounded_raises():
    with pytest.raises(SolverFailed):
        loaded([-1], [0], [INF], [[1]], [0], [INF]).solve()


def test_iteration_limit_raises_and_gives_no_optimum():
    highs = textbook()
    highs.set(simplex_iteration_limit=0)
    with pytest.raises(LimitReached):
        highs.solve()


@pytest.mark.parametrize("place", ["cost", "lower", "upper", "rows", "row_lower", "row_upper"])
def test_not_a_number_is_refused(place):
    """HiGHS alone would call a program with NaN in a cost or a coefficient optimal."""
    given = dict(cost=[1], lower=[0], upper=[1], rows=[[1]], row_lower=[0], row_upper=[INF])
    with pytest.raises(SolverFailed, match="not numbers"):
        loaded(**given | {place: [[np.nan]] if place == "rows" else [np.nan]})
    highs = loaded(**given)
    with pytest.raises(SolverFailed, match="not numbers"):
        highs.add_rows(np.array([0.0]), np.array([1.0]), sp.csr_array([[np.nan]]))


def test_unknown_option_is_refused():
    with pytest.raises(ValueError, match="refuses option no_such_option"):
        Highs(no_such_option=1)


def test_basis_round_trip_needs_no_iteration():
    first = textbook()
    first.solve()
    column, row = first.basis()
    assert (column == BASIC).sum() + (row == BASIC).sum() == 3
    again = textbook()
    assert again.set_basis(column, row)
    again.solve()
    assert again.iterations == 0
    assert again.solution()[0] == pytest.approx([2, 6])
    assert [a.tolist() for a in again.basis()] == [column.tolist(), row.tolist()]


def test_further_rows_join_and_carry_duals():
    """x + y <= 7 cuts 8 to 7: x = 1, y = 6, cost -33; duals of 2y <= 12: -1, of the new row: -3."""
    highs = textbook()
    highs.solve()
    highs.add_rows(np.array([-INF]), np.array([7.0]), sp.csr_array([[1.0, 1.0]]))
    highs.solve()
    x, y = highs.solution()
    assert x == pytest.approx([1, 6]) and y == pytest.approx([0, -1, 0, -3])


def test_no_rows_at_all():
    highs = loaded([1, -1], [-2, 0], [5, 3], np.zeros((0, 2)), [], [])
    highs.solve()
    assert highs.solution()[0] == pytest.approx([-2, 3])


def test_new_bounds():
    highs = textbook()
    highs.solve()
    highs.change_bounds(np.zeros(2), np.array([1.0, 6.0]))
    highs.solve()
    assert highs.solution()[0] == pytest.approx([1, 6])


def test_a_strategy_that_is_set_later_stays():
    """Asking for the duals of a basis takes another one for a moment, and gives the one back that was set."""
    highs = textbook()
    assert highs.strategy == DUAL
    highs.solve()
    highs.set(simplex_strategy=EITHER)
    assert highs.basic_duals(np.array([-3.0, -5.0])) == pytest.approx([0, -1.5, -1])
    assert highs.strategy == EITHER
