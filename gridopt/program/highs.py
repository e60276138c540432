"""HiGHS as arrays in, arrays out: load, re-solve from a basis, status, primal, dual.

Speaks to the C interface of the library that comes with highspy, because its arrays are copied once and never become lists.
HiGHS statuses: Galabova & Hall; https://highs.dev. Nothing but an optimum returns numbers.
"""

from __future__ import annotations

import ctypes as ct
import importlib.util
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from gridopt.program.solution import Infeasible, LimitReached, SolverFailed, SolverMissing

OPTIMAL, INFEASIBLE, UNBOUNDED_OR_INFEASIBLE, UNBOUNDED, TARGET_MET = 7, 8, 9, 10, 12
ERROR, UNKNOWN = 4, 15
EITHER, DUAL, PRIMAL = 0, 1, 4
"""Simplex strategies; either: primal from a feasible basis, else dual."""
DEVEX: dict[str, Any] = {"simplex_dual_edge_weight_strategy": 1}
"""Weights of the dual simplex method that cost less for each pivot than the exact ones, which are the default."""
ROOT: dict[str, Any] = {
    "mip_max_nodes": 1, "mip_heuristic_effort": 0.0, "mip_heuristic_run_feasibility_jump": False, "mip_heuristic_run_root_reduced_cost": False,
}  # fmt: skip
"""A search for whole values that ends with the cuts of its first relaxation: a bound, no more."""
LIMITS = (11, 12, 13, 14, 16, 17, 18)
LOWER, BASIC, UPPER, FREE, NONBASIC = 0, 1, 2, 3, 4

_double = np.ctypeslib.ndpointer(np.float64, flags="C_CONTIGUOUS")
_int = np.ctypeslib.ndpointer(np.int32, flags="C_CONTIGUOUS")
_SIGNATURES = {
    "Highs_create": (ct.c_void_p, []),
    "Highs_destroy": (None, [ct.c_void_p]),
    "Highs_run": (ct.c_int, [ct.c_void_p]),
    "Highs_version": (ct.c_char_p, []),
    "Highs_getModelStatus": (ct.c_int, [ct.c_void_p]),
    "Highs_setBoolOptionValue": (ct.c_int, [ct.c_void_p, ct.c_char_p, ct.c_int]),
    "Highs_setIntOptionValue": (ct.c_int, [ct.c_void_p, ct.c_char_p, ct.c_int]),
    "Highs_setDoubleOptionValue": (ct.c_int, [ct.c_void_p, ct.c_char_p, ct.c_double]),
    "Highs_setStringOptionValue": (ct.c_int, [ct.c_void_p, ct.c_char_p, ct.c_char_p]),
    "Highs_passLp": (
        ct.c_int,
        [ct.c_void_p, ct.c_int, ct.c_int, ct.c_int, ct.c_int, ct.c_int, ct.c_double, *[_double] * 5, _int, _int, _double],
    ),
    "Highs_addRows": (ct.c_int, [ct.c_void_p, ct.c_int, _double, _double, ct.c_int, _int, _int, _double]),
    "Highs_addCols": (ct.c_int, [ct.c_void_p, ct.c_int, _double, _double, _double, ct.c_int, _int, _int, _double]),
    "Highs_changeColsBoundsByRange": (ct.c_int, [ct.c_void_p, ct.c_int, ct.c_int, _double, _double]),
    "Highs_changeRowsBoundsByRange": (ct.c_int, [ct.c_void_p, ct.c_int, ct.c_int, _double, _double]),
    "Highs_deleteRowsByRange": (ct.c_int, [ct.c_void_p, ct.c_int, ct.c_int]),
    "Highs_changeColsCostByRange": (ct.c_int, [ct.c_void_p, ct.c_int, ct.c_int, _double]),
    "Highs_getSolution": (ct.c_int, [ct.c_void_p, *[_double] * 4]),
    "Highs_getBasis": (ct.c_int, [ct.c_void_p, _int, _int]),
    "Highs_setBasis": (ct.c_int, [ct.c_void_p, _int, _int]),
    "Highs_getIntInfoValue": (ct.c_int, [ct.c_void_p, ct.c_char_p, ct.POINTER(ct.c_int)]),
    "Highs_getBasicVariables": (ct.c_int, [ct.c_void_p, _int]),
    "Highs_getBasisTransposeSolve": (ct.c_int, [ct.c_void_p, _double, _double, ct.c_void_p, ct.c_void_p]),
    "Highs_setLogicalBasis": (ct.c_int, [ct.c_void_p]),
    "Highs_getSizeofHighsInt": (ct.c_int, [ct.c_void_p]),
    "Highs_changeColsIntegralityBySet": (ct.c_int, [ct.c_void_p, ct.c_int, _int, _int]),
    "Highs_changeColsBoundsBySet": (ct.c_int, [ct.c_void_p, ct.c_int, _int, _double, _double]),
    "Highs_setSolution": (ct.c_int, [ct.c_void_p, _double, ct.c_void_p, ct.c_void_p, ct.c_void_p]),
    "Highs_getDoubleInfoValue": (ct.c_int, [ct.c_void_p, ct.c_char_p, ct.POINTER(ct.c_double)]),
    "Highs_setCallback": (ct.c_int, [ct.c_void_p, ct.c_void_p, ct.c_void_p]),
    "Highs_startCallback": (ct.c_int, [ct.c_void_p, ct.c_int]),
    "Highs_stopCallback": (ct.c_int, [ct.c_void_p, ct.c_int]),
    "Highs_getCallbackDataOutItem": (ct.POINTER(ct.c_double), [ct.c_void_p, ct.c_char_p]),
}
MIP_INTERRUPT = 6
_callback = ct.CFUNCTYPE(None, ct.c_int, ct.c_char_p, ct.c_void_p, ct.POINTER(ct.c_int), ct.c_void_p)


@dataclass(frozen=True)
class Incumbent:
    """What a search for whole values ended with: values of the columns (n,) or None, their cost, and a bound that no such values beat.

    `done`: the search ended by itself (gap or target met), not by a limit or by being stopped.
    """

    x: np.ndarray | None
    cost: float
    bound: float
    done: bool


@cache
def library() -> ct.CDLL:
    """The HiGHS shared library, with its signatures declared. Raises SolverMissing."""
    spec = importlib.util.find_spec("highspy")
    if spec is None or not spec.submodule_search_locations:
        raise SolverMissing("HiGHS is not installed. Install it with: pip install highspy")
    folder = Path(spec.submodule_search_locations[0])
    patterns = {"darwin": "libhighs*.dylib", "win32": "highs*.dll"}.get(sys.platform, "libhighs.so*")
    places = [folder, folder.parent / "highspy.libs", folder / "lib", folder / "bin"]
    files = sorted(f for p in places if p.is_dir() for f in p.glob(patterns))
    if not files:
        cure = "Reinstall it: pip install --force-reinstall highspy"
        raise SolverMissing(f"the HiGHS library was not found beside highspy ({patterns}). {cure}")
    lib = ct.CDLL(str(files[0]))
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(lib, name)
        function.restype, function.argtypes = result, arguments
    return lib


def give_back_memory() -> None:
    """Returns what finished programs held to the system, where the C library can: it keeps freed memory of other threads for itself."""
    trim = getattr(ct.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


def version() -> str:
    return library().Highs_version().decode()


def _c(values, kind=np.float64) -> np.ndarray:
    return np.ascontiguousarray(values, dtype=kind)


def _refuse_nan(*arrays) -> None:
    """HiGHS itself refuses NaN in bounds, but solves on with NaN in costs and coefficients and calls the result optimal."""
    if any(np.isnan(v).any() for v in arrays):
        raise SolverFailed("the program holds values that are not numbers")


class Highs:
    """One loaded LP. Not shared between threads; several instances may run side by side (calls release the interpreter lock)."""

    def __init__(self, log: str = "", interior: bool = False, **options):
        """interior: the first solve is by the interior point method and ends at a vertex; what follows starts from there."""
        self.interior = interior
        self._lib = library()
        self._h = self._lib.Highs_create()
        if self._lib.Highs_getSizeofHighsInt(self._h) != 4:
            raise SolverMissing("this HiGHS has 64-bit indices, which gridopt does not speak. Install the usual highspy.")
        self.columns = self.rows = 0
        self.strategy = DUAL
        usual = {"output_flag": bool(log), "log_to_console": False, "presolve": "off", "solver": "simplex", "threads": 1,
                 "simplex_strategy": DUAL}  # fmt: skip
        self.set(**(usual | options))
        if log:
            self.set(log_file=log)

    def __del__(self):
        if getattr(self, "_h", None):
            self._lib.Highs_destroy(self._h)
            self._h = None

    def set(self, **options) -> None:
        """Sets options by name; the Python type decides which setter is used."""
        self.strategy = options.get("simplex_strategy", self.strategy)
        for name, value in options.items():
            key = name.encode()
            if isinstance(value, bool):
                status = self._lib.Highs_setBoolOptionValue(self._h, key, int(value))
            elif isinstance(value, int):
                status = self._lib.Highs_setIntOptionValue(self._h, key, value)
            elif isinstance(value, float):
                status = self._lib.Highs_setDoubleOptionValue(self._h, key, value)
            else:
                status = self._lib.Highs_setStringOptionValue(self._h, key, str(value).encode())
            if status < 0:
                raise ValueError(f"HiGHS refuses option {name} = {value!r}")

    def load(self, cost, lower, upper, matrix: sp.csr_array, row_lower, row_upper) -> None:
        """Replaces the program. cost, lower, upper (n,); matrix (m, n); row_lower, row_upper (m,)."""
        _refuse_nan(cost, matrix.data)
        self.rows, self.columns = matrix.shape
        status = self._lib.Highs_passLp(
            self._h, self.columns, self.rows, matrix.nnz, 2, 1, 0.0, _c(cost), _c(lower), _c(upper), _c(row_lower), _c(row_upper),
            _c(matrix.indptr, np.int32), _c(matrix.indices, np.int32), _c(matrix.data),
        )  # fmt: skip
        if status < 0:
            raise SolverFailed("HiGHS refused the program: it holds values that are not numbers, or too large")

    def add_rows(self, lower, upper, matrix: sp.csr_array) -> None:
        if not matrix.shape[0]:
            return
        _refuse_nan(matrix.data)
        start, index = _c(matrix.indptr, np.int32), _c(matrix.indices, np.int32)
        count = matrix.shape[0]
        status = self._lib.Highs_addRows(self._h, count, _c(lower), _c(upper), matrix.nnz, start, index, _c(matrix.data))
        if status < 0:
            raise SolverFailed("HiGHS refused further rows")
        self.rows += matrix.shape[0]

    def change_bounds(self, lower, upper) -> None:
        """New bounds of all columns."""
        self._lib.Highs_changeColsBoundsByRange(self._h, 0, self.columns - 1, _c(lower), _c(upper))

    def change_costs(self, cost) -> None:
        """New costs of all columns."""
        _refuse_nan(cost)
        self._lib.Highs_changeColsCostByRange(self._h, 0, self.columns - 1, _c(cost))

    def add_columns(self, cost, lower, upper, matrix: sp.csc_array) -> None:
        """Appends columns (k,) with coefficients matrix (m, k)."""
        if not matrix.shape[1]:
            return
        _refuse_nan(cost, matrix.data)
        start, index = _c(matrix.indptr, np.int32), _c(matrix.indices, np.int32)
        status = self._lib.Highs_addCols(
            self._h, matrix.shape[1], _c(cost), _c(lower), _c(upper), matrix.nnz, start, index, _c(matrix.data)
        )  # fmt: skip
        if status < 0:
            raise SolverFailed("HiGHS refused further columns")
        self.columns += matrix.shape[1]

    def change_row_bounds(self, first: int, lower, upper) -> None:
        """New bounds of rows first, first + 1, ..."""
        if len(lower):
            self._lib.Highs_changeRowsBoundsByRange(self._h, first, first + len(lower) - 1, _c(lower), _c(upper))

    def delete_rows(self, first: int, last: int) -> None:
        """Takes rows first..last-1 away."""
        if last > first:
            self._lib.Highs_deleteRowsByRange(self._h, first, last - 1)
            self.rows -= last - first

    def set_basis(self, column_status, row_status) -> bool:
        """Sets a starting basis; False if HiGHS does not take it."""
        return self._lib.Highs_setBasis(self._h, _c(column_status, np.int32), _c(row_status, np.int32)) >= 0

    def basis(self) -> tuple[np.ndarray, np.ndarray]:
        column, row = np.empty(self.columns, np.int32), np.empty(self.rows, np.int32)
        self._lib.Highs_getBasis(self._h, column, row)
        return column, row

    def basic_duals(self, cost) -> np.ndarray:
        """Row duals of the present basis: y with B' y = cost of the basic columns. Zero iterations; the basis is factorised."""
        usual = self.strategy
        self.set(simplex_strategy=PRIMAL, simplex_iteration_limit=0)
        self.run()
        self.set(simplex_strategy=usual, simplex_iteration_limit=2147483647)
        basic, y = np.empty(self.rows, np.int32), np.empty(self.rows)
        self._lib.Highs_getBasicVariables(self._h, basic)
        right = np.where(basic >= 0, cost[np.maximum(basic, 0)], 0.0)
        if self._lib.Highs_getBasisTransposeSolve(self._h, right, y, None, None) < 0:
            raise SolverFailed("HiGHS has no factor of the starting basis")
        return y

    def run(self) -> int:
        """Solves; returns the model status of HiGHS."""
        self._lib.Highs_run(self._h)
        return self._lib.Highs_getModelStatus(self._h)

    def begin_again(self) -> None:
        """Forgets the basis, and what is known of the program with it: the next solve begins at the basis of all rows."""
        self._lib.Highs_setLogicalBasis(self._h)

    def solve(self) -> None:
        """Solves to optimality or raises Infeasible, LimitReached or SolverFailed."""
        if self.interior:
            self.set(solver="ipm")
            self.run()
            self.set(solver="simplex")
            self.interior = False
        status = self.run()
        if status == ERROR:  # the basis could not be factorised: it begins again from one that can
            self.begin_again()
            status = self.run()
        if status == UNKNOWN:  # one simplex method ended with infeasibilities it could not clear; the other one starts from there
            usual = self.strategy
            self.set(simplex_strategy=PRIMAL if usual == DUAL else DUAL)
            status = self.run()
            self.set(simplex_strategy=usual)
        if status == OPTIMAL:
            return
        if status in (INFEASIBLE, UNBOUNDED_OR_INFEASIBLE):
            raise Infeasible("no dispatch satisfies all limits")
        if status in LIMITS:
            raise LimitReached("the solver's limit was reached before the optimum was proven")
        words = {UNBOUNDED: " (unbounded)", ERROR: " (an error in its own arithmetic)"}.get(status, "")
        raise SolverFailed(f"HiGHS ended with model status {status}{words}")

    def solution(self) -> tuple[np.ndarray, np.ndarray]:
        """Values of the columns and duals of the rows."""
        x, d = np.empty(self.columns), np.empty(self.columns)
        r, y = np.empty(self.rows), np.empty(self.rows)
        self._lib.Highs_getSolution(self._h, x, d, r, y)
        return x, y

    def reduced_costs(self) -> np.ndarray:
        """Reduced costs of the columns."""
        x, d, r, y = (np.empty(n) for n in (self.columns, self.columns, self.rows, self.rows))
        self._lib.Highs_getSolution(self._h, x, d, r, y)
        return d

    @property
    def iterations(self) -> int:
        return self._int_info("simplex_iteration_count")

    def whole(self, columns, demanded: bool = True) -> None:
        """Demands whole values of columns (k,), or no longer demands them."""
        ids = _c(columns, np.int32)
        if len(ids) and self._lib.Highs_changeColsIntegralityBySet(self._h, len(ids), ids, np.full(len(ids), int(demanded), np.int32)) < 0:
            raise SolverFailed("HiGHS refused the demand for whole values")

    def bound(self, columns, lower, upper) -> None:
        """New bounds of some columns (k,), in any order."""
        order = np.argsort(columns)
        ids, low, high = _c(np.asarray(columns)[order], np.int32), _c(np.asarray(lower)[order]), _c(np.asarray(upper)[order])
        if len(ids) and self._lib.Highs_changeColsBoundsBySet(self._h, len(ids), ids, low, high) < 0:
            raise SolverFailed("HiGHS refused bounds")

    def begin_from(self, x) -> None:
        """Values (n,) from which a search for whole values may start."""
        self._lib.Highs_setSolution(self._h, _c(x), None, None, None)

    def search(
        self,
        *,
        gap: float,
        money: float = 0.0,
        target: float = -np.inf,
        seconds: float = np.inf,
        stop: threading.Event | None = None,
        tell: Callable[[float], None] | None = None,
    ) -> Incumbent:
        """Looks for the best whole values until the relative gap or one of `money` is proven, the cost `target` is met, or time is up.

        Setting `stop` from another thread, or in `tell`, ends the search and keeps what was found. tell: is told the bound proven so
        far, again and again. Raises Infeasible, SolverFailed.
        """
        self.set(presolve="on", mip_rel_gap=gap, mip_abs_gap=float(money), objective_target=target, time_limit=float(max(seconds, 0.0)))
        if stop is not None:
            self._listen(stop, tell)
        status = self.run()
        if stop is not None:
            self._lib.Highs_stopCallback(self._h, MIP_INTERRUPT)
        if status == INFEASIBLE:
            raise Infeasible("no dispatch satisfies all limits")
        if status not in (OPTIMAL, *LIMITS):
            raise SolverFailed(f"HiGHS ended with model status {status}")
        found = self._int_info("primal_solution_status") == 2
        cost = self._double_info("objective_function_value") if found else np.inf
        bound = self._double_info("mip_dual_bound")
        return Incumbent(self.solution()[0] if found else None, cost, bound, status in (OPTIMAL, TARGET_MET))

    def _listen(self, stop: threading.Event, tell: Callable[[float], None] | None) -> None:
        library = self._lib  # not self: in a circle of references the program would end whenever, and in whatever thread, it is found

        def interrupt(kind, message, out, into, data):
            if tell is not None and out:
                tell(library.Highs_getCallbackDataOutItem(out, b"mip_dual_bound")[0])
            if stop.is_set() and into:
                into[0] = 1  # user_interrupt, the first field of what HiGHS reads back

        self._heard = _callback(interrupt)  # kept: HiGHS holds only its address
        self._lib.Highs_setCallback(self._h, ct.cast(self._heard, ct.c_void_p), None)
        self._lib.Highs_startCallback(self._h, MIP_INTERRUPT)

    def _int_info(self, name: str) -> int:
        value = ct.c_int()
        self._lib.Highs_getIntInfoValue(self._h, name.encode(), ct.byref(value))
        return value.value

    def _double_info(self, name: str) -> float:
        value = ct.c_double()
        self._lib.Highs_getDoubleInfoValue(self._h, name.encode(), ct.byref(value))
        return value.value
