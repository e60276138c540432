"""Rows of several alike units taken apart: which tables speak of such a row, and which only share its name."""

from dataclasses import replace

import pytest

from gridopt.case.check import CaseError
from gridopt.case.singles import single_units
from tests.support.block_cases import buses, load
from tests.support.small import case


def row_of_two(**tables):
    """Two alike generators in one row, of the same name as their bus, and a wind farm there."""
    made = case(
        1, bus=buses("A"), load=[load("A", mean=10.0)], generator=[dict(generator="A", bus="A", power_max_mw=9.0)],
        commitment=[dict(kind="generator", element="A", count=2)], series={"w": [1.0]},
        renewable=[dict(renewable="W", bus="A", technology="wind", power_max_mw=5.0, profile="w")], **tables,
    )  # fmt: skip
    return replace(made, commitment="exact")


def test_a_row_may_have_the_name_of_a_bus_at_which_there_is_something():
    assert single_units(row_of_two()).table("generator").index.tolist() == ["A 1", "A 2"]


def test_what_a_table_says_of_the_row_is_refused():
    with pytest.raises(CaseError, match=r"generator 'A': count is 2, and what table ownership says of the row cannot be said of single units"):
        single_units(row_of_two(ownership=[dict(kind="generator", element="A", owner="O")]))
