"""Any solver that PuLP knows, on the arrays that HiGHS takes: the only door to PuLP.

    min c x,   row_lower <= A x <= row_upper,   lower <= x <= upper          (L1)
    y = d least cost / d bound that holds the row                            (L2)

PuLP rows have one side or are equalities, so a row with two bounds becomes two, and their duals add up to its y. PuLP takes no starting
basis and keeps no solver between two solves: each solve builds the program anew. Numbers leave only if they prove themselves: x
satisfies (L1) and complementary slackness holds with y, which a solver stopped early or a dual of the other sign would not pass.
Without duals there are no prices: a solver that gives none through PuLP (SCIP, the command line of GLPK) is refused once it has solved.

Whole values are checked in the same way: they break no row, and no cost is believed that they do not have. How far they may be from the
best is the solver's word, where it tells a bound (`_bound_of`), and else the gap that it was asked for.
"""

from __future__ import annotations

import difflib
import inspect
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pulp
import scipy.sparse as sp

from gridopt.program.cbc import Cbc
from gridopt.program.highs import BASIC, LOWER, Incumbent
from gridopt.program.solution import Infeasible, LimitReached, SolverFailed, SolverMissing

TRUSTED = 1e-6
"""Share by which a row may be broken, and the cost may lie above the bound that y proves."""
WHOLE = 1e-5
"""By how much a value may miss a whole number."""
SOLVERS = {
    "CBC": (("PULP_CBC_CMD", "COIN_CMD"), "pip install 'pulp<4', which brings it, or conda install -c conda-forge coin-or-cbc"),
    "GUROBI": (("GUROBI", "GUROBI_CMD"), "pip install gurobipy, and a licence"),
    "COPT": (("COPT", "COPT_DLL", "COPT_CMD"), "pip install coptpy, and a licence"),
    "CPLEX": (("CPLEX_PY", "CPLEX_CMD"), "pip install cplex, and a licence for more than 1,000 rows"),
    "MOSEK": (("MOSEK",), "pip install mosek, and a licence"),
    "XPRESS": (("XPRESS_PY", "XPRESS"), "pip install xpress, and a licence"),
    "HiGHS": (("HiGHS",), "pip install highspy"),
    "SCIP": (("SCIP_PY", "SCIP_CMD"), "pip install pyscipopt; but it gives no prices through PuLP"),
    "GLPK": (("PYGLPK", "GLPK_CMD"), "conda install -c conda-forge glpk; but its command line gives no prices through PuLP"),
    "CUOPT": (("CUOPT",), "pip install cuopt-cu12, and an NVIDIA card"),
}
"""Name -> its classes in PuLP, those that give duals first, and how to get it."""


class UnknownSolver(ValueError):
    """A name that neither gridopt nor PuLP knows."""


def solver(name: str, log: str = "", time_limit: float | None = None, gap: float | None = None) -> pulp.LpSolver:
    """The PuLP solver called `name` (any case; also PuLP's own names, such as GUROBI_CMD), ready for linear programs, or with a
    relative `gap` for whole values.

    log: file for its messages, where PuLP offers one; time_limit in seconds. Raises UnknownSolver, SolverMissing.
    """
    kinds: list = [k for k in vars(pulp).values() if isinstance(k, type) and issubclass(k, pulp.LpSolver)]
    own = {k.name: k for k in kinds if "LpSolver" not in k.name}
    known = {n.lower(): n for n in (*own, *SOLVERS)}
    if name.lower() not in known:
        near = difflib.get_close_matches(name.lower(), known, 1)
        meant = f" Did you mean {known[near[0]]}?" if near else ""
        raise UnknownSolver(f"there is no solver '{name}'.{meant} Known are {', '.join(SOLVERS)} and PuLP's own names.")
    name = known[name.lower()]
    classes = SOLVERS[name][0] if name in SOLVERS else (name,)
    cure = next((c for members, c in SOLVERS.values() if set(classes) <= set(members)), "see the documentation of PuLP")
    for kind in (Cbc if c in ("PULP_CBC_CMD", "COIN_CMD") else own[c] for c in classes):
        made = _made(kind, log, time_limit, gap)
        if made is not None and made.available():
            return made
    raise SolverMissing(f"{name} is not installed, or its licence was not found. To get it: {cure}")


def _made(kind: type[pulp.LpSolver], log: str, time_limit: float | None, gap: float | None) -> pulp.LpSolver | None:
    options: dict = {"mip": gap is not None, "msg": False, "timeLimit": time_limit}
    known = inspect.signature(kind).parameters
    if log and "logPath" in known:
        options["logPath"] = log
    if gap is not None and ("gapRel" in known or "kwargs" in known):
        options["gapRel"] = gap
    if kind is pulp.HiGHS:  # all programs of a process share its threads, and gridopt's own take one
        options["threads"] = 1
    try:
        return kind(**options)
    except Exception:  # libraries without their licence raise errors of their own
        return None


@dataclass(frozen=True)
class _Arrays:
    """The program (L1): cost, lower, upper (n,); matrix CSR (m, n); row_lower, row_upper (m,); whole: columns of whole values (k,)."""

    cost: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    matrix: sp.csr_array
    row_lower: np.ndarray
    row_upper: np.ndarray
    whole: np.ndarray = field(default_factory=lambda: np.zeros(0, int))

    def refuse(self) -> None:
        """Raises SolverFailed for values that are not numbers, Infeasible for what needs no solver: crossed bounds, unmet empty rows."""
        if any(np.isnan(v).any() for v in (self.cost, self.lower, self.upper, self.matrix.data, self.row_lower, self.row_upper)):
            raise SolverFailed("the program holds values that are not numbers")
        empty = np.diff(self.matrix.indptr) == 0
        unmet = empty & ((self.row_lower > TRUSTED) | (self.row_upper < -TRUSTED))
        if (self.lower > self.upper).any() or (self.row_lower > self.row_upper).any() or unmet.any():
            raise Infeasible("no dispatch satisfies all limits")

    def broken(self, x: np.ndarray) -> str:
        """What x breaks: rows, then bounds, then whole values; empty if nothing."""
        for value, lower, upper in ((self.matrix @ x, self.row_lower, self.row_upper), (x, self.lower, self.upper)):
            beyond = np.maximum(lower - value, value - upper) / np.maximum(1.0, np.abs(value))
            if not (beyond <= TRUSTED).all():
                return f"its values break a limit by {np.max(beyond):.2g}"
        part = np.abs(x[self.whole] - np.round(x[self.whole]))
        return "" if (part <= WHOLE).all() else f"its values miss whole numbers by {part.max():.2g}"

    def fault(self, x: np.ndarray, y: np.ndarray) -> str:
        """Why x and y are no optimum of the linear program; empty if they are one."""
        activity, reduced = self.matrix @ x, self.cost - self.matrix.T @ y
        gap, small = 0.0, TRUSTED * max(1.0, float(np.abs(self.cost).max(initial=0.0)))
        fault = self.broken(x)
        if fault:
            return fault
        for value, dual, lower, upper in ((activity, y, self.row_lower, self.row_upper), (x, reduced, self.lower, self.upper)):
            edge = np.where(dual > 0, lower, upper)
            held = np.isfinite(edge)
            if (np.abs(dual[~held]) > small).any():
                return "its duals press on limits that do not exist"
            gap += float(np.abs(dual[held]) @ np.abs(value[held] - edge[held]))
        share = gap / max(1.0, abs(float(self.cost @ x)))
        return "" if share <= TRUSTED else f"its duals leave {share:.2g} of the cost unproven"


class PulpProgram:
    """One program with the interface of Highs, solved by the solver of PuLP called `name`. Raises UnknownSolver, SolverMissing.

    log: file for the messages of the solver; time_limit: seconds of one solve.
    """

    iterations = 0
    """PuLP does not tell."""

    def __init__(self, name: str, log: str = "", time_limit: float | None = None):
        self.name, self._log, self._limit = name, log, time_limit
        self._found: tuple[np.ndarray, np.ndarray]
        solver(name, log, time_limit)

    @property
    def columns(self) -> int:
        return len(self._a.cost)

    @property
    def rows(self) -> int:
        return len(self._a.row_lower)

    def load(self, cost, lower, upper, matrix: sp.csr_array, row_lower, row_upper) -> None:
        """Replaces the program. cost, lower, upper (n,); matrix (m, n); row_lower, row_upper (m,)."""
        self._a = _Arrays(_f(cost), _f(lower), _f(upper), _summed(matrix), _f(row_lower), _f(row_upper))

    def add_rows(self, lower, upper, matrix: sp.csr_array) -> None:
        """Appends rows: lower, upper (k,), matrix (k, n)."""
        low, high = np.concatenate([self._a.row_lower, _f(lower)]), np.concatenate([self._a.row_upper, _f(upper)])
        joined = sp.csr_array(sp.vstack([self._a.matrix, _summed(matrix)], format="csr"))
        self._a = replace(self._a, row_lower=low, row_upper=high, matrix=joined)

    def change_bounds(self, lower, upper) -> None:
        """New bounds of all columns."""
        self._a = replace(self._a, lower=_f(lower), upper=_f(upper))

    def bound(self, columns, lower, upper) -> None:
        """New bounds of some columns (k,)."""
        low, high = self._a.lower.copy(), self._a.upper.copy()
        low[columns], high[columns] = lower, upper
        self.change_bounds(low, high)

    def whole(self, columns, demanded: bool = True) -> None:
        """Demands whole values of columns (k,) in `search`, or no longer demands them."""
        keep = np.setdiff1d(self._a.whole, columns)
        self._a = replace(self._a, whole=np.union1d(keep, columns).astype(int) if demanded else keep)

    def begin_from(self, x) -> None:
        """Nothing: starting values have another form in every solver."""

    def change_cost(self, cost) -> None:
        """New costs of all columns."""
        self._a = replace(self._a, cost=_f(cost))

    def change_row_bounds(self, first: int, lower, upper) -> None:
        """New bounds of rows first, first + 1, ..."""
        low, high = self._a.row_lower.copy(), self._a.row_upper.copy()
        low[first : first + len(lower)], high[first : first + len(upper)] = lower, upper
        self._a = replace(self._a, row_lower=low, row_upper=high)

    def basis(self) -> tuple[np.ndarray, np.ndarray]:
        """The basis of slacks, a valid start for anyone: PuLP does not tell the one it ended with."""
        return np.full(self.columns, LOWER, np.int32), np.full(self.rows, BASIC, np.int32)

    def set_basis(self, column_status, row_status) -> bool:
        """False: PuLP takes no basis."""
        return False

    def solution(self) -> tuple[np.ndarray, np.ndarray]:
        """Values of the columns and duals of the rows (L2), after `solve`."""
        return self._found

    def solve(self) -> None:
        """Solves to a proven optimum or raises Infeasible, LimitReached or SolverFailed."""
        self._a.refuse()
        if not self.columns:
            self._found = np.zeros(0), np.zeros(self.rows)
            return
        problem, columns, rows, of = self._run(replace(self._a, whole=np.zeros(0, int)))[:4]
        if problem.sol_status != pulp.LpSolutionOptimal or problem.status != pulp.LpStatusOptimal:
            self._give_up(problem.status)
        if any(r.pi is None for r in rows):
            raise SolverFailed(f"{self.name} gives no duals through PuLP, and prices are duals. CBC, for one, gives them.")
        x = np.array([c.varValue or 0.0 for c in columns])  # a file of results may leave out what is zero
        y = np.bincount(of, [r.pi for r in rows], minlength=self.rows)
        fault = self._a.fault(x, y)
        if fault:
            raise SolverFailed(f"{self.name} calls its result optimal, but {fault}")
        self._found = x, y

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
        """Looks for the best whole values until the solver calls the relative gap proven, or time is up; see Highs.search.

        A search goes on beyond the cost `target` and a gap of `money`, and tells nothing on its way; `stop` is heard by CBC alone.
        Raises Infeasible, SolverFailed.
        """
        self._a.refuse()
        limit = min(seconds, np.inf if self._limit is None else self._limit)
        problem, columns, _, _, tool = self._run(self._a, gap, None if np.isinf(limit) else limit, stop)
        if problem.status == pulp.LpStatusInfeasible:
            raise Infeasible("no dispatch satisfies all limits")
        done = problem.status == pulp.LpStatusOptimal and problem.sol_status == pulp.LpSolutionOptimal
        if not done and problem.sol_status != pulp.LpSolutionIntegerFeasible:
            return Incumbent(None, np.inf, _bound_of(problem, tool), False)
        x = np.array([c.varValue or 0.0 for c in columns])
        fault = self._a.broken(x)
        if fault:
            raise SolverFailed(f"{self.name} calls its result feasible, but {fault}")
        cost = float(self._a.cost @ x)
        told = _bound_of(problem, tool)
        return Incumbent(x, cost, cost - gap * abs(cost) if done and np.isinf(told) else told, done)

    def _give_up(self, status: int) -> None:
        """Raises what the end without an optimum means.

        Many solvers do not tell infeasible from unbounded; without costs nothing is unbounded, so a second solve tells.
        """
        if status == pulp.LpStatusNotSolved or status == pulp.LpStatusOptimal:
            stopped = f"{self.name} stopped before the optimum was proven"
            raise SolverFailed(stopped) if self._limit is None else LimitReached(f"{stopped}; its limit is {self._limit:g} s")
        again = self._run(replace(self._a, cost=np.zeros(self.columns), whole=np.zeros(0, int)))[0].status
        if again == pulp.LpStatusInfeasible:
            raise Infeasible("no dispatch satisfies all limits")
        raise SolverFailed(f"{self.name} ended without an optimum" + (" (unbounded)" if again == pulp.LpStatusOptimal else ""))

    def _run(self, arrays: _Arrays, gap: float | None = None, limit: float | None = None, stop: threading.Event | None = None):
        """The problem after its solve, its columns and rows, the row of `arrays` (k,) that each of its rows belongs to, and the solver."""
        problem, columns, rows, of = _problem(arrays)
        tool = solver(self.name, self._log, self._limit if gap is None else limit, gap)  # anew: some keep the rows of the last solve
        if isinstance(tool, Cbc):
            tool.stop = stop
        with tempfile.TemporaryDirectory(prefix="gridopt-") as folder:
            tool.tmpDir = folder
            try:
                problem.solve(tool)
            except Exception as error:  # each solver has exceptions of its own
                raise SolverFailed(f"{self.name} failed: {error}") from error
        return problem, columns, rows, of, tool


def _bound_of(problem: pulp.LpProblem, tool: pulp.LpSolver) -> float:
    """The bound that a search ended with; -inf where the solver tells none through PuLP."""
    if isinstance(tool, Cbc):
        return tool.bound
    model = problem.solverModel
    if tool.name == "HiGHS":
        return float(model.getInfo().mip_dual_bound)
    return float(model.ObjBound) if tool.name == "GUROBI" else -np.inf


def _problem(a: _Arrays) -> tuple[pulp.LpProblem, list, list, np.ndarray]:
    """Program as PuLP's objects, columns and rows in order; empty rows are left out, rows with two bounds come twice."""
    problem = pulp.LpProblem("gridopt")
    bounds = zip(_finite(a.lower), _finite(a.upper), strict=True)
    # PuLP sorts columns by name; the zeros keep their order.
    kind = np.full(len(a.cost), pulp.LpContinuous, object)
    kind[a.whole] = pulp.LpInteger
    columns = [problem.add_variable(f"x{j:09d}", low, high, kind[j]) for j, (low, high) in enumerate(bounds)]
    problem.setObjective(pulp.LpAffineExpression(zip(columns, a.cost.tolist(), strict=True)))  # with zero costs, to know every column
    start, index, value = a.matrix.indptr.tolist(), a.matrix.indices.tolist(), a.matrix.data.tolist()
    filled, equal = np.diff(a.matrix.indptr) > 0, a.row_lower == a.row_upper
    sides = (
        (pulp.LpConstraintEQ, filled & equal, a.row_lower),
        (pulp.LpConstraintGE, filled & ~equal & np.isfinite(a.row_lower), a.row_lower),
        (pulp.LpConstraintLE, filled & ~equal & np.isfinite(a.row_upper), a.row_upper),
    )
    rows: list[pulp.LpConstraint] = []
    of: list[int] = []
    for sense, chosen, bound in sides:
        for i in np.flatnonzero(chosen).tolist():
            terms = [(columns[j], v) for j, v in zip(index[start[i] : start[i + 1]], value[start[i] : start[i + 1]], strict=True)]
            rows.append(pulp.LpConstraint(pulp.LpAffineExpression(terms), sense, f"r{len(rows):09d}", float(bound[i])))
            problem.addConstraint(rows[-1])
            of.append(i)
    return problem, columns, rows, np.array(of, int)


def _f(values) -> np.ndarray:
    return np.array(values, dtype=np.float64)


def _summed(matrix: sp.csr_array) -> sp.csr_array:
    """A copy in which every place comes once and holds no zero; PuLP would keep the last of two."""
    own = sp.csr_array(matrix, dtype=np.float64, copy=True)
    own.sum_duplicates()
    own.eliminate_zeros()
    return own


def _finite(values: np.ndarray) -> list[float | None]:
    return [v if np.isfinite(v) else None for v in values.tolist()]
