"""(N1), (N2): variance, memory, spatial correlation, and streams that do not disturb each other."""

import numpy as np
import pytest

from gridopt.weather import noise

SHAPE = {"tau_h": 12.0, "length_km": 500.0, "roughness": 1.5, "common": 0.2}


def lag(x, hours):
    return np.corrcoef(x[:-hours], x[hours:])[0, 1]


def test_N2_autoregressive_memory():
    """Roughness 1 is the autoregressive process: correlation exp(-k / tau) at lag k, exp(-20/50) = 0.670, exp(-1) = 0.368."""
    x = noise.series(noise.stream(1, 2025, "memory"), 1_000_000, 50.0, roughness=1.0)
    assert lag(x, 20) == pytest.approx(0.670, abs=0.02)
    assert lag(x, 50) == pytest.approx(0.368, abs=0.03)
    assert x.std() == pytest.approx(1.0, abs=0.03)
    assert abs(x.mean()) < 1e-12


def test_N2_damping_keeps_variance_and_takes_out_slow_swings():
    plain, damped = (
        np.fft.irfft(
            np.fft.rfft(noise.stream(1, 2025, "damp").standard_normal(144_000)) * noise.spectrum_gain(144_000, 10.0, 1.5, d)
        )
        for d in (None, 40.0)
    )
    monthly = [x.reshape(-1, 720).mean(axis=1).std() for x in (plain, damped)]
    assert damped.std() == pytest.approx(1.0, abs=0.03)
    assert monthly[1] < 0.5 * monthly[0]


def test_N1_correlation_falls_with_distance():
    """Expected 0.2 + 0.8 exp(-d / 500): 0.855 at 100 km, 0.308 at 1000 km."""
    position = np.array([0.0, 100.0, 1000.0])
    x = noise.field(3, 2025, "field", ["a", "b", "c"], np.abs(position[:, None] - position), 200_000, SHAPE)
    found = np.corrcoef(x)
    assert found[0, 1] == pytest.approx(0.855, abs=0.03)
    assert found[0, 2] == pytest.approx(0.308, abs=0.06)
    assert x.std(axis=1) == pytest.approx(np.ones(3), abs=0.05)


def test_a_new_place_leaves_the_others_as_they_were():
    position = np.array([0.0, 100.0, 300.0])
    distance = np.abs(position[:, None] - position)
    two = noise.field(3, 2025, "field", ["a", "b"], distance[:2, :2], 8760, SHAPE)
    three = noise.field(3, 2025, "field", ["a", "b", "c"], distance, 8760, SHAPE)
    assert np.array_equal(two, three[:2])


@pytest.mark.parametrize("other", [(2, 2025, "wind"), (1, 2024, "wind"), (1, 2025, "sun"), (1, 2025, "wind", "DUN")])
def test_streams_are_independent(other):
    x, y = noise.stream(1, 2025, "wind").standard_normal(20_000), noise.stream(*other).standard_normal(20_000)
    assert abs(np.corrcoef(x, y)[0, 1]) < 0.03


def test_distance_of_known_towns():
    """Dunhuang (40.14 N, 94.66 E) to Qingyang (35.73 N, 107.64 E): about 1237 km on the great circle."""
    found = noise.distance_km(np.array([40.14, 35.73]), np.array([94.66, 107.64]))
    assert found[0, 1] == pytest.approx(1237, abs=10)
    assert found[0, 0] == 0.0
