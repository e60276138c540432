"""Ports: where blocks meet. One block opens a port, others offer columns and constants to it, and rows draw on the sum."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp


@dataclass
class Entry:
    """What one block offers to a port: at (n,), columns (n, T) or None, coef and constant broadcast to (n, T); gather (size, n) sums it
    by place."""

    at: np.ndarray
    columns: np.ndarray | None
    coef: np.ndarray
    constant: np.ndarray | None
    gather: sp.csr_array


@dataclass
class Port:
    """Where blocks meet: a quantity at places and steps, summed from columns and constants. `size` places, `steps` steps."""

    size: int
    steps: int
    entries: list[Entry] = field(default_factory=list)
    _constant: np.ndarray | None = None

    def add(self, at, columns=None, coef=1.0, constant=None) -> None:
        self._constant = None
        at = np.asarray(at, dtype=int)
        shape = (len(at), self.steps)
        self.entries.append(
            Entry(
                at,
                None if columns is None else np.broadcast_to(columns, shape),
                np.broadcast_to(np.asarray(coef, float), shape),
                None if constant is None else np.broadcast_to(np.asarray(constant, float), shape),
                sp.csr_array((np.ones(len(at)), (at, np.arange(len(at)))), shape=(self.size, len(at))),
            )
        )

    @property
    def constant(self) -> np.ndarray:
        """Sum of the constants, (size, T)."""
        if self._constant is None:
            total = np.zeros((self.size, self.steps))
            for e in self.entries:
                if e.constant is not None:
                    np.add.at(total, e.at, e.constant)
            self._constant = total  # at once: others may read beside this
        return self._constant

    def value(self, x: np.ndarray, steps: slice = slice(None)) -> np.ndarray:
        """The quantity at column values x, (size, T) or its part at a slice of the steps."""
        total = self.constant[:, steps].copy()
        for e in self.entries:
            if e.columns is not None:
                total += e.gather @ (e.coef[:, steps] * x[e.columns[:, steps]])
        return total

    def offers(self):
        """(at, columns, coef) of every entry with columns."""
        return [(e.at, e.columns, e.coef) for e in self.entries if e.columns is not None]

    def weighted(self, weights: np.ndarray, steps: np.ndarray):
        """Rows sum_at weights[k, at] * quantity[at, steps[k]] written out.

        weights (k, size), steps (k,). Returns triplets (row, column, coefficient) and the constant part (k,).
        """
        row, col, val = [np.zeros(0, int)], [np.zeros(0, int)], [np.zeros(0)]
        for at, columns, coef in self.offers():
            some = np.flatnonzero(np.abs(weights[:, at]).max(axis=0, initial=0.0) > 0)
            if not len(some):
                continue
            value = weights[:, at[some]] * coef[np.ix_(some, steps)].T
            k, n = np.nonzero(value)
            row.append(k)
            col.append(columns[some[n], steps[k]])
            val.append(value[k, n])
        constant = np.einsum("kb,bk->k", weights, self.constant[:, steps])
        return np.concatenate(row), np.concatenate(col), np.concatenate(val), constant


def drawn(parts: list[tuple[Port, np.ndarray]], steps: np.ndarray, constant=0.0):
    """Several ports' weighted sums as one: triplets (row, column, coefficient) and the constant part (k,); see Port.weighted."""
    found = [port.weighted(weights, steps) for port, weights in parts]
    row, col, coef = (np.concatenate([f[i] for f in found]) for i in range(3))
    return row, col, coef, sum(f[3] for f in found) + constant
