"""Seeded Gaussian processes, correlated in time and between places.

Every process draws from a stream of its own, named by (seed, year, process, place): adding a process or a place changes no other.

    x[b, t] = sum_c L[b, c] y[c, t],    L L' = R,    R[b, c] = common + (1 - common) exp(-d[b, c] / length)      (N1)
    y has mean 0, variance 1 and, with w = 2 pi f, the spectrum
    S(f) ~ (1 + (w tau)^2)^-roughness . (w damp)^2 / (1 + (w damp)^2)                                    (N2)

Roughness 1 is the autoregressive process; higher is smoother from hour to hour. `damp` takes out what is slower than weather
systems (periods beyond 2 pi damp), which would make whole months far too windy or calm; without it the last factor is 1.

The transform is periodic: the end of the year joins its beginning.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

EARTH_RADIUS_KM = 6371.0


def stream(seed: int, year: int, *names: str) -> np.random.Generator:
    """Generator of the process called `names`; independent of all others with the same seed and year."""
    key = (year, *(zlib.crc32(name.encode()) for name in names))
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy=seed, spawn_key=key)))


def distance_km(latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
    """Great-circle distances (B, B) of points in degrees (B,)."""
    lat, lon = np.radians(latitude), np.radians(longitude)
    half = np.sin((lat[:, None] - lat) / 2) ** 2 + np.cos(lat[:, None]) * np.cos(lat) * np.sin((lon[:, None] - lon) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0)))


def spectrum_gain(steps: int, tau: float, roughness: float, damp: float | None = None) -> np.ndarray:
    """Amplitudes (steps // 2 + 1,) of (N2) for `tau` and `damp` in steps; the process has variance 1."""
    angular = 2 * np.pi * np.fft.fftfreq(steps)
    power = (1 + (angular * tau) ** 2) ** -roughness
    if damp is not None:
        power = power * (angular * damp) ** 2 / (1 + (angular * damp) ** 2)
    power[0] = 0.0
    return np.sqrt(power / power.mean())[: steps // 2 + 1]


def series(rng: np.random.Generator, steps: int, tau_h: float, roughness: float = 1.5) -> np.ndarray:
    """One realisation of (N2), shape (steps,), with `tau_h` in steps."""
    white = np.fft.rfft(rng.standard_normal(steps))
    return np.fft.irfft(white * spectrum_gain(steps, tau_h, roughness), steps)


def field(
    seed: int, year: int, process: str, places: Sequence[str], distance: np.ndarray, steps: int, shape: dict[str, float]
) -> np.ndarray:
    """Field (N1) over `places`, shape (B, steps), hourly; `shape`: tau_h, length_km, roughness, common, and damp_h if any.

    The factor of R is lower triangular: a place added at the end leaves the others as they were.
    """
    white = np.stack([stream(seed, year, process, place).standard_normal(steps) for place in places])
    gain = spectrum_gain(steps, shape["tau_h"], shape["roughness"], shape.get("damp_h"))
    alone = np.fft.irfft(np.fft.rfft(white, axis=1) * gain, steps, axis=1)
    common = shape["common"]
    correlation = common + (1 - common) * np.exp(-distance / shape["length_km"])
    return np.linalg.cholesky(correlation + 1e-9 * np.eye(len(places))) @ alone
