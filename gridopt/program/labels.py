"""Labelled quantities: what a block reports about its elements, with unit, meaning in two languages and sign."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Quantity:
    """values shaped like dims; `sign` says what a positive number means."""

    dims: tuple[str, ...]
    values: np.ndarray
    unit: str
    meaning: str
    meaning_zh: str
    sign: str = ""
