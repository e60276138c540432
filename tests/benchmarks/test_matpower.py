"""MATPOWER text as it is written for all programs."""

import numpy as np
import pytest

from benchmarks.cases.mpc import write


def test_numbers_are_written_to_the_last_digit(tmp_path):
    """Two buses, 1/3 MW at 10 and 20 per MWh behind a limit that does not bind: 10/3 per hour."""
    from gridopt.dispatch.single import dispatch
    from gridopt.study.load import load_study

    parts = {
        "bus": np.array([[1, 3, 0, 0, 0, 0, 1, 1, 0, 110, 1, 1.1, 0.9], [2, 1, 1 / 3, 0, 0, 0, 1, 1, 0, 110, 1, 1.1, 0.9]]),
        "gen": np.array([[1, 0, 0, 0, 0, 1, 100, 1, 5, 0], [2, 0, 0, 0, 0, 1, 100, 1, 5, 0]], float),
        "branch": np.array([[1, 2, 0, 0.1, 0, 4, 0, 0, 0, 0, 1, -360, 360]], float),
        "gencost": np.array([[2, 0, 0, 2, 10, 0], [2, 0, 0, 2, 20, 0]], float),
    }
    write(tmp_path / "case.m", 100.0, parts)
    solved = dispatch(load_study(tmp_path / "case.m", {}, None).case)
    assert sum(solved.costs.values()) == pytest.approx(10 / 3, rel=1e-15)
