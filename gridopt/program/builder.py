"""Builder: collects columns, rows, coefficients, named costs and ports as arrays.

Ids are plain integers, given out in the order of declaration; coordinates belong to the family, not to the single id. The last
coordinate called 'time' tells which step a column or row belongs to; a family without it links steps.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gridopt.program.family import Family, LazyFamily
from gridopt.program.port import Port
from gridopt.program.standard_form import Outline, StandardForm, assemble

INF = np.inf


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
