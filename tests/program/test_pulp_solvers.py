"""Solvers of PuLP: the same optimum and duals as HiGHS, every kind of row and column, statuses, names."""

from dataclasses import replace

import numpy as np
import pulp
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from gridopt.dispatch.formulate import formulate
from gridopt.dispatch.lazy import Relaxed
from gridopt.program import pulp_solvers
from gridopt.program.builder import Builder
from gridopt.program.highs import Highs
from gridopt.program.pulp_solvers import PulpProgram, UnknownSolver, solver
from gridopt.program.solution import Infeasible, LimitReached, SolverFailed, SolverMissing
from gridopt.program.standard_form import StandardForm, dual_bound
from tests.support.block_cases import BLOCK_CASES
from tests.support.optimum import duality_gap, worst_break, worst_slack

INF = np.inf
SOLVERS = ("CBC", "HiGHS")


def load(program, form):
    program.load(form.cost, form.lower, form.upper, form.matrix, form.row_lower, form.row_upper)
    return program


def form_of(cost, lower, upper, rows, row_lower, row_upper) -> StandardForm:
    b, rows = Builder(1), np.array(rows, float).reshape(len(row_lower), len(cost))
    x = b.columns("x", unit="1", over={"column": np.arange(len(cost))}, lower=np.array(lower, float), upper=np.array(upper, float))
    r = b.rows("r", unit="1", over={"row": np.arange(len(row_lower))}, lower=np.array(row_lower, float), upper=np.array(row_upper, float))
    b.term(r[:, None], x, rows)
    b.cost("cost", x, np.array(cost, float))
    return b.form()


def solved(form, name, **options):
    program = load(PulpProgram(name, **options), form)
    program.solve()
    return program.solution()


TEXTBOOK = form_of([-3, -5], [0, 0], [INF, INF], [[1, 0], [0, 2], [3, 2]], [-INF] * 3, [4, 12, 18])
"""The Wyndor Glass example of tests/program/test_highs.py: x = 2, y = 6; duals 0, -3/2, -1."""


@pytest.mark.parametrize("name", SOLVERS)
def test_values_and_duals(name):
    x, y = solved(TEXTBOOK, name)
    assert x == pytest.approx([2, 6]) and y == pytest.approx([0, -1.5, -1])


@pytest.mark.parametrize("name", SOLVERS)
def test_every_kind_of_row_and_column(name):
    """min x + 2y - z + 0w + 3v,  w free in no row, v fixed at 2, z <= 5 without a lower bound, y free.

    (r0) 1 <= x + y <= 4 binds below; (r1) -3 <= x <= 2 binds above as z + x <= 7 does not matter; (r2) y = -1 makes x = 2;
    (r3) no bound; (r4) an empty row -1 <= 0 <= 1; (r5) 0 <= z <= 3 binds above.
    Cost 2 - 2 - 3 + 6 = 3. Duals: r5 -1 (cost falls by 1 per unit of room), r0 1, r2 2 - 1 = 1, all others 0.
    """
    rows = [[1, 1, 0, 0, 0], [1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [1, 1, 1, 0, 1], [0, 0, 0, 0, 0], [0, 0, 1, 0, 0]]
    lower, upper = [1, -3, -1, -INF, -1, 0], [4, 9, -1, INF, 1, 3]
    form = form_of([1, 2, -1, 0, 3], [0, -INF, -INF, -INF, 2], [INF, INF, 5, INF, 2], rows, lower, upper)
    x, y = solved(form, name)
    assert x[[0, 1, 2, 4]] == pytest.approx([2, -1, 3, 2]) and np.isfinite(x[3])
    assert y == pytest.approx([1, 0, 1, 0, 0, -1])


@pytest.mark.parametrize("name", SOLVERS)
@pytest.mark.parametrize(("cost", "value", "dual"), [(1.0, 2.0, 1.0), (-1.0, 6.0, -1.0)])
def test_both_sides_of_a_ranged_row_give_its_dual(name, cost, value, dual):
    """min c x with 4 <= 2x <= 12 written as one row: x = 2 or 6, dual c / 2."""
    x, y = solved(form_of([cost], [-INF], [INF], [[2]], [4], [12]), name)
    assert x == pytest.approx([value]) and y == pytest.approx([dual / 2])


@pytest.mark.parametrize("name", SOLVERS)
def test_a_place_named_twice_counts_twice(name):
    """x + x >= 6 as two coefficients of one place: x = 3, dual 1/2."""
    program = PulpProgram(name)
    matrix = sp.csr_array((np.ones(2), np.array([0, 0]), np.array([0, 2])), shape=(1, 1))
    program.load([1.0], [0.0], [INF], matrix, [6.0], [INF])
    program.solve()
    x, y = program.solution()
    assert x == pytest.approx([3]) and y == pytest.approx([0.5]) and matrix.nnz == 2, "the matrix of the caller stays"


@pytest.mark.parametrize("name", SOLVERS)
def test_no_rows_and_no_columns(name):
    x, y = solved(form_of([1, -1, 0], [-2, 0, 1], [5, 3, 4], [], [], []), name)
    assert x[:2] == pytest.approx([-2, 3]) and 1 <= x[2] <= 4 and y.shape == (0,)
    x, y = solved(form_of([], [], [], [], [-1], [1]), name)
    assert x.shape == (0,) and y.tolist() == [0]


@pytest.mark.parametrize("name", SOLVERS)
def test_changes_between_solves(name):
    """x + y <= 7 cuts 8 to 7: cost -33; y <= 5: x = 2, y = 5: -31; cost (-1, -1) instead: any of x + y = 7; the row at 3: -3."""
    program = load(PulpProgram(name), TEXTBOOK)
    program.solve()
    program.add_rows(np.array([-INF]), np.array([7.0]), sp.csr_array([[1.0, 1.0]]))
    assert (program.rows, program.columns, program.iterations) == (4, 2, 0)
    program.solve()
    x, y = program.solution()
    assert x == pytest.approx([1, 6]) and y == pytest.approx([0, -1, 0, -3])
    program.change_bounds(np.zeros(2), np.array([INF, 5.0]))
    program.solve()
    assert program.solution()[0] == pytest.approx([2, 5])
    program.change_cost(np.array([-1.0, -1.0]))
    program.change_row_bounds(3, np.array([-INF]), np.array([3.0]))
    program.solve()
    x, y = program.solution()
    assert x.sum() == pytest.approx(3) and y == pytest.approx([0, 0, 0, -1])


@pytest.mark.parametrize("name", SOLVERS)
@pytest.mark.parametrize(
    ("form", "error"),
    [
        (form_of([1, 1], [0, 0], [1, 1], [[1, 1]], [3], [INF]), Infeasible),
        (form_of([-1, -1], [0, 0], [INF, 1], [[1, 1]], [0], [INF]), SolverFailed),
        # infeasible, and a ray would lower the cost without end: what presolve may call unbounded
        (form_of([-1, 1], [0, 0], [INF, INF], [[1, 1], [0, 1], [0, 1]], [0, 2, -INF], [INF, INF, 1]), Infeasible),
        (form_of([1], [2], [1], [[1]], [0], [INF]), Infeasible),
        (form_of([1], [0], [1], [[1]], [1], [0.5]), Infeasible),
        (form_of([1], [0], [1], [[0]], [1], [2]), Infeasible),
    ],
    ids=["rows", "unbounded", "infeasible ray", "crossed column", "crossed row", "empty row"],
)
def test_no_optimum_no_numbers(name, form, error):
    program = load(PulpProgram(name), form)
    with pytest.raises(error) as raised:
        program.solve()
    assert ("unbounded" in str(raised.value)) == (error is SolverFailed)


@pytest.mark.parametrize("name", SOLVERS)
@pytest.mark.parametrize("place", ["cost", "lower", "upper", "rows", "row_lower", "row_upper"])
def test_not_a_number_is_refused(name, place):
    given = dict(cost=[1], lower=[0], upper=[1], rows=[[1]], row_lower=[0], row_upper=[INF])
    with pytest.raises(SolverFailed, match="not numbers"):
        solved(form_of(**given | {place: [np.nan]}), name)


@pytest.mark.parametrize("name", SOLVERS)
def test_a_time_limit_is_no_optimum(name):
    """A dense program of 200 rows needs many pivots, and CBC looks at the clock now and then only."""
    rng = np.random.default_rng(1)
    form = form_of(-rng.random(300), np.zeros(300), np.full(300, INF), rng.random((200, 300)), np.full(200, -INF), np.ones(200))
    with pytest.raises(LimitReached, match="its limit is"):
        solved(form, name, time_limit=1e-9)


# Random programs ----------------------------------------------------------------------------------------------------------------


@st.composite
def programs(draw) -> StandardForm:
    """Feasible and bounded by construction: rows are laid around the activity of a point inside the box."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, m = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    rows = np.round(rng.normal(size=(m, n)) * 10 ** rng.uniform(-2, 2, (m, 1)), 6) * (rng.random((m, n)) < 0.5)
    lower, width = rng.uniform(-100, 100, n), rng.uniform(0, 1000, n) * (rng.random(n) < 0.9)
    point = lower + width * rng.random(n)
    activity, low, high = rows @ point, rng.exponential(10, m), rng.exponential(10, m)
    kind = rng.integers(0, 5, m)  # equal, at least, at most, ranged, without bound
    row_lower = np.where(kind == 0, activity, np.where((kind == 1) | (kind == 3), activity - low, -INF))
    row_upper = np.where(kind == 0, activity, np.where((kind == 2) | (kind == 3), activity + high, INF))
    return form_of(rng.normal(size=n) * 10 ** rng.uniform(-1, 3), lower, lower + width, rows, row_lower, row_upper)


@given(programs())
@settings(max_examples=60, deadline=None)
def test_cbc_finds_what_highs_finds(form):
    """Same cost; x feasible; y proves it, to the digits of doubles; same duals, which random data make unique."""
    highs = load(Highs(), form)
    highs.solve()
    (x, y), (other, prices) = solved(form, "CBC"), highs.solution()
    cost, scale = form.cost @ x, max(1.0, float(np.abs(form.cost) @ np.abs(x)))
    assert cost == pytest.approx(form.cost @ other, rel=1e-8, abs=1e-8 * scale)
    assert worst_break(form, x) <= 1e-6
    assert worst_slack(form, x, y) <= 1e-6
    assert abs(duality_gap(form, x, y)) <= 1e-8 * scale
    assert dual_bound(form, y) == pytest.approx(cost, abs=1e-8 * scale)
    if unique(form, other, prices):
        assert y == pytest.approx(prices, rel=1e-6, abs=1e-7 * max(1.0, float(np.abs(prices).max())))


def unique(form, x, y) -> bool:
    """The optimum is no degenerate vertex: as many free columns as rows that hold, so that one y fits."""
    activity = form.matrix @ x
    holds = (np.abs(activity - form.row_lower) < 1e-6) | (np.abs(activity - form.row_upper) < 1e-6)
    free = (x > form.lower + 1e-6) & (x < form.upper - 1e-6)
    return int(holds.sum()) == int(free.sum()) == int(np.linalg.matrix_rank(form.matrix.toarray()[holds][:, free]))


@pytest.mark.parametrize("name", sorted(BLOCK_CASES))
def test_formulated_cases(name):
    """The linear program of a case, every lazy row written: CBC and HiGHS find one cost, and the duals of CBC prove it."""
    builder = formulate(BLOCK_CASES[name].build()).builder
    relaxed = Relaxed(builder.form(), builder.lazy_families)
    relaxed.write({f.family.name: f.every() for f in builder.lazy_families})
    form = replace(relaxed.form, square=np.zeros(len(relaxed.form.cost)))
    highs = load(Highs(), form)
    highs.solve()
    x, y = solved(form, "CBC")
    assert form.cost @ x == pytest.approx(form.cost @ highs.solution()[0], rel=1e-8)
    assert worst_break(form, x) <= 1e-6 and worst_slack(form, x, y) <= 1e-6
    assert abs(duality_gap(form, x, y)) <= 1e-8 * max(1.0, abs(form.cost @ x))


# Names, and solvers that are not there or not to be trusted ---------------------------------------------------------------------


def test_names_in_any_case():
    assert solver("cbc").name == "COIN_CMD" and solver("highs").name == "HiGHS" == solver("HIGHS").name
    assert solver("pulp_cbc_cmd").path == solver("CBC").path


@pytest.mark.parametrize(("name", "meant"), [("gurobbi", "GUROBI"), ("CPLX", "CPLEX"), ("cb", "CBC")])
def test_an_unknown_name_is_answered_with_the_nearest(name, meant):
    with pytest.raises(UnknownSolver, match=f"no solver '{name}'. Did you mean {meant}"):
        PulpProgram(name)


def test_an_unknown_name_without_a_neighbour_lists_the_known():
    with pytest.raises(UnknownSolver, match=r"no solver 'zzz'\. Known are CBC, GUROBI, COPT"):
        PulpProgram("zzz")


@pytest.mark.parametrize(("name", "cure"), [("GUROBI", "pip install gurobipy"), ("gurobi_cmd", "gurobipy"), ("cbc", "pulp<4")])
def test_a_missing_solver_says_how_to_get_it(name, cure, monkeypatch):
    for kind in (pulp.GUROBI, pulp.GUROBI_CMD, pulp_solvers.Cbc):
        monkeypatch.setattr(kind, "available", lambda self: False)
    with pytest.raises(SolverMissing, match=cure):
        PulpProgram(name)


class Doctored(pulp_solvers.Cbc):
    """CBC whose result is changed by `change(problem)` before it is read."""

    change = staticmethod(lambda problem: None)

    def actualSolve(self, lp, **more):
        status = super().actualSolve(lp, **more)
        self.change(lp)
        return status


def turn(problem):
    for row in problem.constraints():
        row.pi = -row.pi


def forget(problem):
    for row in problem.constraints():
        row.pi = None


def move(problem):
    problem.variables()[0].varValue += 0.001


def worsen(problem):
    problem.variables()[0].varValue = 1.0


def stop(problem):
    problem.assignStatus(pulp.LpStatusOptimal, pulp.LpSolutionIntegerFeasible)


def crash(problem):
    raise RuntimeError("licence server is away")


@pytest.mark.parametrize(
    ("change", "said"),
    [(turn, "duals press"), (forget, "gives no duals through PuLP"), (move, "break a limit"), (worsen, "of the cost unproven"),
     (stop, "stopped before the optimum"), (crash, "failed: licence server is away")],
)  # fmt: skip
def test_results_that_prove_nothing_give_no_numbers(change, said, monkeypatch):
    """Duals of the other sign, no duals, a broken row, a feasible point that is not the best, a stop that PuLP calls optimal."""
    monkeypatch.setattr(Doctored, "change", staticmethod(change))
    monkeypatch.setattr(pulp_solvers, "Cbc", Doctored)
    with pytest.raises(SolverFailed, match=said):
        solved(TEXTBOOK, "CBC")


def test_files_are_cleared_away_and_spaces_do_no_harm(tmp_path, monkeypatch):
    folder = tmp_path / "a user's files"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.chdir(folder)
    assert solved(TEXTBOOK, "CBC")[0] == pytest.approx([2, 6])
    assert not list(folder.iterdir())


def test_messages_go_to_the_log_alone(tmp_path, capfd):
    log = tmp_path / "cbc.log"
    solved(TEXTBOOK, "CBC", log=str(log))
    assert "Optimal objective -36" in log.read_text(encoding="utf-8")
    assert capfd.readouterr().out == ""


def test_the_basis_is_that_of_slacks():
    """HiGHS takes it as a start."""
    program = load(PulpProgram("CBC"), TEXTBOOK)
    assert not program.set_basis(*program.basis())
    highs = load(Highs(), TEXTBOOK)
    assert highs.set_basis(*program.basis())
    highs.solve()
    assert highs.solution()[0] == pytest.approx([2, 6])
