"""Rounding to whole steps, and files that are written whole or not at all."""

import numpy as np
import pytest

from gridopt.weather import pack


def test_values_are_whole_steps():
    assert pack.rounded(np.array([0.12345, 0.9999]), 0.001) == pytest.approx([0.123, 1.0])


def test_mean_is_kept_by_moving_the_nearest_ties():
    """0.26, 0.26, 0.26, 1.22 in steps of 0.1 round to 0.3, 0.3, 0.3, 1.2, sum 2.1; mean 0.5 wants 2.0: one gives way."""
    found = pack.rounded(np.array([0.26, 0.26, 0.26, 1.22]), 0.1, keep_mean=0.5)
    assert found == pytest.approx([0.2, 0.3, 0.3, 1.2])


@pytest.mark.parametrize("seed", range(5))
def test_mean_of_many_values_is_exact(seed):
    values = np.random.default_rng(seed).normal(1.0, 0.2, 8784)
    found = pack.rounded(values / values.mean(), 0.0005, keep_mean=1.0)
    assert np.rint(found / 0.0005).sum() == 8784 * 2000
    assert np.abs(found - values / values.mean()).max() <= 0.0005


def test_value_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="does not fit 16 bits"):
        pack.rounded(np.array([40.0]), 0.001)


def test_failed_write_leaves_the_old_file_and_nothing_else(dataset, tmp_path):
    path = tmp_path / "year.nc"
    path.write_bytes(b"old")
    broken = dataset[["wind.DUN"]].rename({"wind.DUN": "unknown.DUN"})
    with pytest.raises(KeyError):
        pack.write(broken, path)
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["year.nc"]
