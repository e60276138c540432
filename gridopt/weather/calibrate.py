"""Root search that sets one scale per row so that a yearly mean meets its target.

`mean(scale)` must rise with `scale` between `low` and `high`; both take and give arrays (B,).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from gridopt.case.check import CaseError


def solve(
    mean: Callable[[np.ndarray], np.ndarray], target: np.ndarray, low: float, high: float, what: str, places: Sequence[str], halvings: int = 40
) -> np.ndarray:
    """Scales (B,) with mean(scale) = target, by bisection; a target out of reach is a fault that names the place."""
    target = np.asarray(target, float)
    lower, upper = np.full(target.shape, float(low)), np.full(target.shape, float(high))
    least, most = mean(lower), mean(upper)
    faults = [
        f"recipe: {what} of {place}: the target {t:.4g} cannot be met, it must be between {a:.4g} and {b:.4g}. Correct the target in the recipe."
        for place, t, a, b in zip(places, target, least, most, strict=True)
        if not a <= t <= b
    ]
    if faults:
        raise CaseError(faults)
    for _ in range(halvings):
        middle = (lower + upper) / 2
        short = mean(middle) < target
        lower, upper = np.where(short, middle, lower), np.where(short, upper, middle)
    return (lower + upper) / 2
