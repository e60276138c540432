"""Elements that cannot be told apart by the mathematics share a column; their results are split back pro rata."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Groups:
    """`of` int (n,): group of each element; `first` int (g,): one element of each group; `name` text (g,): its label."""

    of: np.ndarray
    first: np.ndarray
    name: np.ndarray

    def __len__(self) -> int:
        return len(self.first)

    def sum(self, values: np.ndarray) -> np.ndarray:
        """Sums over the members, (n, T) or (n,) -> (g, T) or (g,)."""
        total = np.zeros((len(self), *values.shape[1:]))
        np.add.at(total, self.of, values)
        return total

    def split(self, totals: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Group values (g, T) shared among the members pro rata to weights (n, T); shares of a group without weight are 0."""
        whole = self.sum(weights)[self.of]
        return totals[self.of] * np.divide(weights, whole, out=np.zeros_like(weights), where=whole > 0)


def group_by(frame: pd.DataFrame, columns: Sequence[str], extra: Sequence[Sequence] = ()) -> Groups:
    """Groups of rows of `frame` that agree in `columns` and in every sequence of `extra`, in order of first appearance."""
    keys = list(zip(*(frame[c] for c in columns), *extra, strict=True))
    number: dict[tuple, int] = {}
    of = np.array([number.setdefault(tuple("" if v != v else v for v in k), len(number)) for k in keys], dtype=int)
    first = np.array([np.flatnonzero(of == g)[0] for g in range(len(number))], dtype=int)
    return Groups(of, first, frame.index.to_numpy()[first] if len(first) else np.array([], dtype=object))
