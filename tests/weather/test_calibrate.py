import numpy as np
import pytest

from gridopt.case.check import CaseError
from gridopt.weather import calibrate


def test_root_of_a_known_curve():
    """s^2 = 4 and s^2 = 9."""
    assert calibrate.solve(np.square, np.array([4.0, 9.0]), (0.0, 10.0), "square", ["a", "b"]) == pytest.approx([2.0, 3.0])


def test_every_target_out_of_reach_is_named():
    with pytest.raises(CaseError) as error:
        calibrate.solve(np.square, np.array([4.0, 900.0, -1.0]), (0.0, 10.0), "wind capacity factor", ["DUN", "MOG", "HUA"])
    assert len(error.value.faults) == 2
    assert "wind capacity factor of MOG: 900 cannot be met, it must be between 0 and 100" in error.value.faults[0]
    assert "HUA" in error.value.faults[1]
