"""Builder: collects columns, rows, coefficients, named costs and ports as arrays.

Ids are plain integers, given out in the order of declaration; coordinates belong to the family, not to the single id. The last
coordinate called 'time' tells which step a column or row belongs to; a family without it links steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp

from gridopt.program.standard_form import Outline, StandardForm, assemble

INF = np.inf
WORST = 25
"""Rows of a lazy family that are written in one step and round, at least; a 25th of the family if that is more."""


@dataclass(frozen=True)
class Family:
    """A set of columns or rows of one kind: name, unit, coordinates (dimension -> labels) and first id."""

    name: str
    unit: str
    over: Mapping[str, np.ndarray]
    start: int

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(len(v) for v in self.over.values())

    @property
    def size(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def ids(self) -> np.ndarray:
        return np.arange(self.start, self.start + self.size).reshape(self.shape)

    def labels(self, elements: np.ndarray) -> np.ndarray:
        """Labels of elements, places in all coordinates but the last, counted through: a label, a tuple where there are several; (k,)."""
        at = np.unravel_index(elements, self.shape[:-1])
        parts = [labels[i] for labels, i in zip(self.over.values(), at, strict=False)]
        if len(parts) == 1:
            return parts[0]
        found = np.empty(len(elements), object)
        found[:] = list(zip(*parts, strict=True))
        return found

    def step(self, steps: int) -> np.ndarray:
        """Step of each id, int (size,); -1 where the family is not over time."""
        if "time" not in self.over:
            return np.full(self.size, -1)
        return np.tile(np.arange(steps), self.size // steps) if steps else np.zeros(0, int)


Found = tuple[np.ndarray, np.ndarray]
"""(element, step) of rows, int (k,) each."""


@dataclass(frozen=True)
class LazyFamily:
    """Rows that are written only when broken. lower, upper, activity: shaped like the family, time last; views where they repeat.

    An element is a place in all coordinates but time, counted through. `activity(x, steps)` evaluates every row at a slice of the
    steps; `expand(element, step)` writes the chosen ones: triplets (row number, column, coefficient) and the constant part of each.
    `sensitivity(elements, step)` (k, places): how the rows draw on `port` at a step, for prices. `looks_back`: whether a row also
    draws on columns of the step before.

    A family too large to be evaluated row by row brings `find(x, tolerance, steps)`, which names broken rows itself. Rows that draw
    through few things bring `draw(element, step)`: triplets (row number, place, factor), a row draws as the sum of factor x
    sensitivity of places of its first coordinate. `sharp`: part of the tolerance at which the loop writes a row.
    """

    family: Family
    lower: np.ndarray
    upper: np.ndarray
    activity: Callable[..., np.ndarray] | None
    expand: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]
    port: str = ""
    sensitivity: Callable[[np.ndarray, int], np.ndarray] | None = None
    looks_back: bool = False
    find: Callable[[np.ndarray, float, slice], Found] | None = None
    draw: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]] | None = None
    sharp: float = 1.0

    def broken(self, x: np.ndarray, tolerance: float, steps: slice = slice(None)) -> Found:
        """Rows that x breaks by more than `tolerance`, at a slice of the steps: of many in one step, the worst by their limit.

        On a wide mesh a first optimum breaks a quarter of all limits, and most of them hold by themselves once the worst do.
        """
        if self.find is not None:
            return self.find(x, tolerance, steps)
        assert self.activity is not None, "a family evaluates its rows or finds the broken ones itself"
        activity, low, high = (v.reshape(-1, v.shape[-1]) for v in (self.activity(x, steps), self.lower[..., steps], self.upper[..., steps]))
        over = np.maximum(activity - high, low - activity)
        wrong = over > tolerance
        most = max(WORST, len(over) // 25)
        full = np.flatnonzero(wrong.sum(axis=0) > most)
        if len(full):
            scale = np.where(activity[:, full] > high[:, full], high[:, full], low[:, full])
            rank = np.where(wrong[:, full], over[:, full] / np.maximum(np.abs(scale), 1.0), 0.0)
            wrong[:, full] &= rank >= np.partition(rank, -most, axis=0)[-most]
        element, step = np.nonzero(wrong)
        return element, step + (steps.start or 0)

    def limits(self, element: np.ndarray, step: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(lower, upper) of chosen rows, (k,) each."""
        at = (*np.unravel_index(element, self.family.shape[:-1]), step)
        return self.lower[at], self.upper[at]

    def every(self) -> Found:
        """All rows that have a limit."""
        limited = np.isfinite(self.lower) | np.isfinite(self.upper)
        element, step = np.nonzero(limited.reshape(-1, limited.shape[-1]))
        return element, step


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
            self._constant = np.zeros((self.size, self.steps))
            for e in self.entries:
                if e.constant is not None:
                    np.add.at(self._constant, e.at, e.constant)
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


class Builder:
    """Collects a program over `steps` steps. Everything is arrays; nothing is solved here.

    outlined: limits and coefficients of rows are only counted (`outline`), for a year the larger part of the memory by far. Values and
    duals that are known from elsewhere can be read by it as by any other; there is no `form` to solve.
    """

    def __init__(self, steps: int, outlined: bool = False):
        self.steps, self.outlined = steps, outlined
        self.column_families: list[Family] = []
        self.row_families: list[Family] = []
        self.lazy_families: list[LazyFamily] = []
        self.costs: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
        self.squares: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
        self.fixed_costs: dict[str, float] = {}
        self.fixed_parts: list[tuple[str, str, np.ndarray, np.ndarray]] = []
        self.ports: dict[str, Port] = {}
        self.balance_rows: dict[str, np.ndarray] = {}
        self.shared_rows: set[str] = set()
        self._lower: list[np.ndarray] = []
        self._upper: list[np.ndarray] = []
        self._optional: list[np.ndarray] = []
        self._integer: list[np.ndarray] = []
        self._slow: list[np.ndarray] = []
        self._row_lower: list[np.ndarray] = []
        self._row_upper: list[np.ndarray] = []
        self._tighter: list[tuple[np.ndarray, np.ndarray]] = []
        self._terms: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self._form: StandardForm | None = None
        self._grown = False
        self._count = {"column": 0, "row": 0, "coefficient": 0}

    def columns(
        self, name: str, *, unit: str, over: Mapping, lower=0.0, upper=INF, optional: bool = False, integer: bool | np.ndarray = False
    ) -> np.ndarray:
        """Ids shaped like `over`. `optional` columns (normally 0) stay out of the solver until their reduced cost is negative;
        `integer` ones (all, or a mask that is stretched to the shape) take whole values only."""
        family = self._family(name, unit, over, "column", self.column_families)
        self._lower.append(np.broadcast_to(np.asarray(lower, float), family.shape).ravel())
        self._upper.append(np.broadcast_to(np.asarray(upper, float), family.shape).ravel())
        self._optional.append(np.full(family.size, optional))
        if np.any(integer):
            self._integer.append(family.ids[np.broadcast_to(integer, family.shape)])
        return family.ids

    def slow(self, cols) -> None:
        """Names levels that change over weeks, not days: a search for a good start may take their course from a coarser case."""
        self._slow.append(np.asarray(cols).ravel())

    @property
    def slow_columns(self) -> np.ndarray:
        return _join(self._slow, np.int64)

    def tighten(self, cols, *, upper) -> None:
        """Lowers upper bounds of columns that are declared already."""
        self._grown = True
        c, u = np.broadcast_arrays(cols, np.asarray(upper, float))
        self._tighter.append((c.ravel(), u.ravel().copy()))

    def rows(self, name: str, *, unit: str, over: Mapping, lower=-INF, upper=INF, equal=None) -> np.ndarray:
        """Ids shaped like `over` of rows lower <= sum of terms <= upper, or = equal."""
        family = self._family(name, unit, over, "row", self.row_families)
        low, high = (lower, upper) if equal is None else (equal, equal)
        if not self.outlined:
            self._row_lower.append(np.broadcast_to(np.asarray(low, float), family.shape).ravel())
            self._row_upper.append(np.broadcast_to(np.asarray(high, float), family.shape).ravel())
        return family.ids

    def lazy(
        self, name: str, *, unit: str, over: Mapping, bounds: tuple, expand, activity=None, port="", sensitivity=None, looks_back=False,
        find=None, draw=None, sharp=1.0,
    ) -> None:  # fmt: skip
        """A family of rows written only when broken (see LazyFamily). bounds: (lower, upper), stretched to the shape of the family."""
        family = Family(name, unit, {k: np.asarray(v) for k, v in over.items()}, -1)
        low, high = (np.broadcast_to(np.asarray(v, float), family.shape) for v in bounds)
        self.lazy_families.append(LazyFamily(family, low, high, activity, expand, port, sensitivity, looks_back, find, draw, sharp))

    def term(self, rows, cols, coef=1.0) -> None:
        """Adds coef * column to rows; the three broadcast against each other. Zero coefficients are left out."""
        self._grown = True
        r, c, v = np.broadcast_arrays(rows, cols, np.asarray(coef, float))
        keep = v != 0.0
        self._count["coefficient"] += int(np.count_nonzero(keep))
        if not self.outlined:
            self._terms.append((r[keep].astype(np.int32), c[keep].astype(np.int32), v[keep]))

    def cost(self, name: str, cols, coef) -> None:
        """Adds coef * column to the objective under `name` (money per unit of the column, over the whole step)."""
        self._grown = True
        c, v = np.broadcast_arrays(cols, np.asarray(coef, float))
        self.costs.setdefault(name, []).append((c.ravel(), v.ravel().copy()))

    def square_cost(self, name: str, cols, coef) -> None:
        """Adds coef * column^2 to the objective under `name`; coef >= 0. The column needs finite bounds."""
        self._grown = True
        c, v = np.broadcast_arrays(cols, np.asarray(coef, float))
        keep = v.ravel() != 0
        if keep.any():
            self.squares.setdefault(name, []).append((c.ravel()[keep], v.ravel()[keep]))

    def fixed_cost(self, name: str, amount, over: Mapping | None = None) -> None:
        """Adds a cost that no column changes: a number, or one for each element and step (k, T) `over` one coordinate, which keeps whose
        it is."""
        self._grown = True
        amount = np.asarray(amount, float)
        self.fixed_costs[name] = self.fixed_costs.get(name, 0.0) + float(amount.sum())
        if over is not None:
            (dim, labels), = over.items()
            self.fixed_parts.append((name, dim, labels, amount))

    def balanced(self, port: str, rows: np.ndarray) -> None:
        """Tells which row requires the port's quantity at each place and step, (size, T); its dual is the port's base price."""
        self.balance_rows[port] = rows

    @property
    def column_count(self) -> int:
        return self._count["column"]

    def share(self, name: str) -> None:
        """Tells that the rows of family `name` are a requirement that several participants meet together."""
        self.shared_rows.add(name)

    def port(self, name: str, size: int | None = None) -> Port:
        """The port `name`; `size` places on first use."""
        if name not in self.ports:
            if size is None:
                raise KeyError(f"port '{name}' is drawn on before any block opened it")
            self.ports[name] = Port(size, self.steps)
        return self.ports[name]

    def most(self, port: str) -> np.ndarray:
        """More than all places of a port together can be offered in a step, (T,): the sum of what is offered above zero."""
        lower, upper = _join(self._lower), _join(self._upper)
        total = np.maximum(self.ports[port].constant, 0.0).sum(axis=0)
        for _, cols, coef in self.ports[port].offers():
            total = total + np.maximum(coef * np.where(coef > 0, upper[cols], lower[cols]), 0.0).sum(axis=0)
        return total

    def form(self) -> StandardForm:
        """The whole program as arrays: the same ones until more is collected. What was joined stays joined, shared with the form: for a year
        the parts are as large as it."""
        if self.outlined:
            raise TypeError("a program that is outlined has no coefficients to be solved with")
        if self._form is not None and not self._grown:
            return self._form
        cost, square, lower, upper = self._columns()
        terms = tuple(_join([t[k] for t in self._terms], kind) for k, kind in ((0, np.int32), (1, np.int32), (2, float)))
        self._terms = []
        self._form = assemble(
            cost=cost,
            square=square,
            offset=sum(self.fixed_costs.values()),
            lower=lower,
            upper=upper,
            optional=self._once("_optional", bool),
            row_lower=self._once("_row_lower"),
            row_upper=self._once("_row_upper"),
            terms=terms,
            before=None if self._form is None else self._form.matrix,
            column_step=_join([f.step(self.steps) for f in self.column_families], np.int64),
            row_step=_join([f.step(self.steps) for f in self.row_families], np.int64),
            integer=_join(self._integer, np.int64),
        )
        self._grown = False
        return self._form

    def outline(self) -> Outline:
        """The program without its rows."""
        cost, square, lower, upper = self._columns()
        return Outline(cost, square, sum(self.fixed_costs.values()), lower, upper, self._count["row"], self._count["coefficient"])

    def _columns(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """(cost, square, lower, upper) of the columns, (n,) each."""
        cost, square, upper = np.zeros(self._count["column"]), np.zeros(self._count["column"]), self._once("_upper")
        if self._tighter:
            upper = upper.copy()
            for c, u in self._tighter:
                np.minimum.at(upper, c, u)
            self._upper, self._tighter = [upper], []
        for total, costs in ((cost, self.costs), (square, self.squares)):
            for c, v in (part for parts in costs.values() for part in parts):
                np.add.at(total, c, v)
        return cost, square, self._once("_lower"), upper

    def _once(self, name: str, kind=float) -> np.ndarray:
        """The parts of one kind as one array, kept in place of the parts."""
        joined = _join(getattr(self, name), kind)
        setattr(self, name, [joined])
        return joined

    def _family(self, name, unit, over, kind, families) -> Family:
        if any(f.name == name for f in families):
            raise ValueError(f"{kind} family '{name}' is declared twice")
        family = Family(name, unit, {k: np.asarray(v) for k, v in over.items()}, self._count[kind])
        families.append(family)
        self._count[kind] += family.size
        self._grown = True
        return family


def _join(parts: list[np.ndarray], kind=float) -> np.ndarray:
    return np.concatenate(parts) if parts else np.zeros(0, kind)
