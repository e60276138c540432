"""(O1) against a plain loop, for any steps."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gridopt.case.profiles import overlap

EDGES = np.array([0, 3600, 7200, 10800, 14400, 18000, 21600])
VALUES = np.array([[1.0, 2.0, 4.0, 8.0, 16.0, 32.0], [0.3, -0.1, 0.7, 0.2, 0.0, 1.0]])


@given(st.lists(st.tuples(st.integers(0, 21599), st.integers(1, 21600)), min_size=1, max_size=12))
def test_O1_mean_is_the_integral_over_each_step(steps):
    begin = np.array([b for b, _ in steps])
    end = np.minimum(begin + np.array([n for _, n in steps]), 21600)
    found = overlap.mean(VALUES, EDGES, begin, end)
    for t, (b, e) in enumerate(zip(begin, end, strict=True)):
        shares = [max(0, min(e, EDGES[j + 1]) - max(b, EDGES[j])) / (e - b) for j in range(6)]
        assert np.allclose(found[:, t], VALUES @ shares, rtol=1e-13, atol=1e-15)


@given(st.integers(0, 5), st.integers(0, 3599), st.integers(1, 3600))
def test_a_step_inside_one_datum_has_its_very_value(datum, offset, length):
    begin = np.array([EDGES[datum] + offset, 0])
    end = np.array([min(begin[0] + length, EDGES[datum + 1]), 21600])
    assert (overlap.mean(VALUES, EDGES, begin, end)[:, 0] == VALUES[:, datum]).all()
