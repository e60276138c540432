"""Root search that sets one scale per row so that a yearly mean meets its target.

`mean(scale)` must rise with `scale` in the interval searched; it takes and gives arrays (B,).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from gridopt.case.check import CaseError

HALVINGS = 50


def solve(
    mean: Callable[[np.ndarray], np.ndarray], target: np.ndarray, between: tuple[float, float], what: str, places: Sequence[str]
) -> np.ndarray:
    """Scales (B,) with mean(scale) = target, by bisection; a target out of reach is a fault that names the place."""
    target = np.asarray(target, float)
    lower, upper = np.full(target.shape, between[0]), np.full(target.shape, between[1])
    least, most = mean(lower), mean(upper)
    faults = [
        f"recipe: {what} of {place}: {t:.4g} cannot be met, it must be between {a:.4g} and {b:.4g}. Correct it in the recipe."
        for place, t, a, b in zip(places, target, least, most, strict=True)
        if not a <= t <= b
    ]
    if faults:
        raise CaseError(faults)
    for _ in range(HALVINGS):
        middle = (lower + upper) / 2
        short = mean(middle) < target
        lower, upper = np.where(short, middle, lower), np.where(short, upper, middle)
    return (lower + upper) / 2
