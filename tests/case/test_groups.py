"""Elements that are alike share a column; results come back pro rata."""

import numpy as np
import pandas as pd
import pytest

from gridopt.case.groups import group_by

FRAME = pd.DataFrame({"bus": ["A", "B", "A", "A"], "cost": [1.0, 1.0, 1.0, np.nan]}, index=["p", "q", "r", "s"])


def test_groups_in_order_of_first_appearance():
    g = group_by(FRAME, ("bus", "cost"))
    assert g.of.tolist() == [0, 1, 0, 2] and g.first.tolist() == [0, 1, 3] and g.name.tolist() == ["p", "q", "s"] and len(g) == 3


def test_cells_without_a_number_are_alike():
    frame = pd.DataFrame({"x": [np.nan, np.nan, 1.0]}, index=list("abc"))
    assert group_by(frame, ("x",)).of.tolist() == [0, 0, 1]


def test_further_keys_split_groups():
    assert group_by(FRAME, ("bus",), (["u", "u", "v", "u"],)).of.tolist() == [0, 1, 2, 0]


def test_sum_and_split_are_inverse_where_there_is_weight():
    """Group 0 holds 30 shared 1 : 2 in step 0; in step 1 it has no weight and gives nothing."""
    g = group_by(FRAME, ("bus", "cost"))
    weights = np.array([[1.0, 0.0], [5.0, 5.0], [2.0, 0.0], [1.0, 1.0]])
    totals = np.array([[30.0, 30.0], [8.0, 9.0], [3.0, 4.0]])
    shares = g.split(totals, weights)
    assert shares.tolist() == [[10, 0], [8, 9], [20, 0], [3, 4]]
    assert g.sum(shares)[:, 0] == pytest.approx(totals[:, 0])
    assert g.sum(weights[:, 0]).tolist() == [3, 5, 1]


def test_no_elements():
    g = group_by(FRAME.iloc[:0], ("bus",))
    assert len(g) == 0 and g.sum(np.zeros((0, 3))).shape == (0, 3) and g.split(np.zeros((0, 3)), np.zeros((0, 3))).shape == (0, 3)
