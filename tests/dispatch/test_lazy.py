"""The lazy loop: last resorts join when they are needed, rows when they are broken, and two runs agree bit by bit."""

import numpy as np
import pytest

from gridopt.dispatch import lazy
from gridopt.dispatch.formulate import formulate
from gridopt.dispatch.lazy import Loaded, Relaxed, solve, squared
from gridopt.program.builder import Builder
from gridopt.program.highs import BASIC, LOWER, Highs
from gridopt.program.solution import Infeasible, SolverFailed, Values
from tests.support.block_cases import BLOCK_CASES, buses, line, load, power_case, unit
from tests.support.meshed import meshed
from tests.support.optimum import duality_gap, worst_break


def run(case):
    model = formulate(case)
    relaxed, said = Relaxed(model.builder.form(), model.builder.lazy_families), []
    solution = solve(relaxed, progress=said.append)
    assert abs(duality_gap(solution.form, solution.x, solution.y)) <= 1e-7 * max(1.0, abs(solution.objective))
    assert worst_break(solution.form, solution.x) <= 1e-6
    return model, relaxed, solution, said


@pytest.fixture
def large(monkeypatch):
    """Every program counts as large: columns that are normally zero are left out until they are asked for."""
    monkeypatch.setattr(lazy, "MANY", 0)


@pytest.mark.usefixtures("large")
def test_last_resorts_stay_out_where_supply_suffices():
    _, relaxed, _, said = run(power_case(bus=buses("A"), unit=[unit("A", 10, 50)], load=[load("A", mean=40.0)]))
    assert not relaxed.used[relaxed.form.optional].any()
    assert not any("join" in text for text in said)


@pytest.mark.usefixtures("large")
def test_shedding_joins_when_supply_is_short():
    """50 MW for 60: 10 MW shed."""
    model, relaxed, solution, said = run(power_case(bus=buses("A"), unit=[unit("A", 10, 50)], load=[load("A", mean=60.0)]))
    assert any("shedding" in text and "join" in text for text in said)
    assert Values(model.builder, solution)["demand.shedding"].sum() == pytest.approx(10)


@pytest.mark.usefixtures("large")
def test_shedding_joins_by_price_where_the_program_is_feasible_without_it():
    """The lazy line of 20 MW would leave B dark: only once the row is written does the program ask for shedding there."""
    case = power_case(bus=buses("A", "B"), line=[line("A", "B", 20.0)], unit=[unit("A", 10, 50)], load=[load("B", mean=30.0)])
    model, _, solution, _ = run(case)
    assert Values(model.builder, solution)["demand.shedding"][0, :, 0] == pytest.approx([10])


@pytest.mark.usefixtures("large")
def test_shedding_cheaper_than_power_joins_by_reduced_cost():
    """Power costs 90, a tier of shedding 40: half the load is shed though supply suffices; priced in, not forced in."""
    tiers = [dict(tier="t", share=0.5, cost_cny_per_mwh=40.0), dict(tier="u", share=0.5, cost_cny_per_mwh=900.0)]
    model, relaxed, solution, said = run(
        power_case(bus=buses("A"), unit=[unit("A", 90, 50)], load=[load("A", mean=30.0)], shedding_tier=tiers)
    )
    assert solution.objective == pytest.approx(15 * 40 + 15 * 90)
    assert not any("join" in text for text in said) and relaxed.used[relaxed.form.optional].sum() == 1


def test_surplus_joins_when_must_run_output_exceeds_the_load():
    """25 MW must run, load 15: 10 MW too much."""
    must = unit("A", 10, 50, must_run="always", must_run_fraction=0.5)
    model, _, solution, _ = run(power_case(bus=buses("A"), unit=[must], load=[load("A", mean=15.0)]))
    assert Values(model.builder, solution)["demand.surplus"].sum() == pytest.approx(10)


def test_nothing_but_load():
    """No ordinary column exists at all."""
    _, _, solution, _ = run(power_case(bus=buses("A"), load=[load("A", mean=3.0)]))
    assert solution.objective == pytest.approx(30000)


@pytest.mark.parametrize("name", ["network", "dc_link", "demand", "hydro"])
def test_a_second_run_is_the_same_bit_by_bit(name):
    one, two = (run(BLOCK_CASES[name].build())[2] for _ in range(2))
    assert one.x.tobytes() == two.x.tobytes() and one.y.tobytes() == two.y.tobytes() and one.rounds == two.rounds


def test_rows_that_were_never_written_have_no_dual_and_few_are_written():
    model, relaxed, solution, _ = run(meshed(5, hours=6))
    values, rows = Values(model.builder, solution), sum(f.lower.size for f in relaxed.families)
    assert 0 < relaxed.rows_added < rows / 2
    for f in relaxed.families:
        element, step, _ = relaxed.added.get(f.family.name, np.zeros((3, 0), int))
        never = np.ones(f.lower.shape, bool)
        never[element, step] = False
        assert (values.dual(f.family.name)[never] == 0).all()
    assert sum(a.shape[1] for a in solution.added.values()) == relaxed.rows_added


def test_restart_from_the_final_basis_needs_no_iteration():
    model, _, first, _ = run(meshed(5, hours=6))
    relaxed = Relaxed(first.form, model.builder.lazy_families)
    again = solve(relaxed, loaded=Loaded.load(relaxed, Highs, first.statistics["basis"]))
    assert again.objective == pytest.approx(first.objective, rel=1e-12)
    assert again.statistics["iterations"] == 0 and again.rounds == 1


@pytest.mark.parametrize("seed", range(4))
def test_columns_left_out_at_either_bound_join_where_that_is_wrong(seed):
    """A third of all columns kept from the program, each at a bound at random: the optimum is the same."""
    model, _, first, _ = run(meshed(seed, hours=6))
    relaxed, rng = Relaxed(model.builder.form(), model.builder.lazy_families), np.random.default_rng(seed)
    form = relaxed.form
    some = np.flatnonzero(relaxed.used & np.isfinite(form.lower) & np.isfinite(form.upper) & (rng.random(len(form.cost)) < 1 / 3))
    relaxed.leave_out(some, np.where(rng.random(len(some)) < 0.5, form.lower[some], form.upper[some]))
    again = solve(relaxed)
    assert again.objective == pytest.approx(first.objective, rel=1e-9) and abs(again.gap) < 1e-9
    assert worst_break(again.form, again.x) <= 1e-6


def test_what_no_last_resort_can_mend_is_infeasible():
    b = Builder(1)
    x = b.columns("x", unit="MW", over={"time": np.arange(1)}, upper=1.0)
    row = b.rows("r", unit="MW", over={"time": np.arange(1)}, lower=2.0)
    b.term(row, x)
    with pytest.raises(Infeasible):
        solve(Relaxed(b.form(), []))


def test_rounds_that_run_out_give_no_numbers(monkeypatch):
    monkeypatch.setattr(lazy, "ROUNDS", 1)
    model = formulate(meshed(5))
    with pytest.raises(SolverFailed, match="still broken after 1 rounds"):
        solve(Relaxed(model.builder.form(), model.builder.lazy_families))


def test_rows_without_a_limit_are_not_loaded_and_have_no_dual():
    """x + y >= 4 at 1 and 3, x <= 3: 3 + 3 = 6, and a row that asks for nothing between them. One more: x <= 2, so 2 + 6 = 8."""
    b = Builder(1)
    x = b.columns("x", unit="1", over={"item": np.arange(2), "time": np.arange(1)}, upper=9.0)
    b.cost("x", x, np.array([[1.0], [3.0]]))
    row = b.rows("r", unit="1", over={"item": np.arange(3), "time": np.arange(1)}, lower=[[4.0], [-np.inf], [-np.inf]],
                 upper=[[np.inf], [np.inf], [3.0]])  # fmt: skip
    for r, column in ((0, 0), (0, 1), (1, 0), (2, 0)):
        b.term(row[r], x[column])
    over = {"item": np.arange(1), "time": np.arange(1)}
    b.lazy("z", unit="1", over=over, bounds=(-np.inf, 2.0), activity=lambda v, steps: v[x[:1]][:, steps],
           expand=lambda element, step: (np.zeros(1, int), x[0], np.ones(1), np.zeros(1)))  # fmt: skip
    for families, cost, duals in (([], 6.0, [3.0, 0.0, -2.0]), (b.lazy_families, 8.0, [3.0, 0.0, 0.0, -2.0])):
        relaxed = Relaxed(b.form(), families)
        loaded = Loaded.load(relaxed, Highs)
        assert loaded.rows.tolist() == [0, 2] and loaded.highs.rows == 2
        solution = solve(relaxed, loaded=loaded)
        assert solution.objective == pytest.approx(cost) and solution.y == pytest.approx(duals)
        column, status = solution.statistics["basis"]
        assert len(status) == len(duals) and status[1] == BASIC
        again = Relaxed(solution.form, families)
        again.added, again.core = solution.added, relaxed.core
        assert solve(again, loaded=Loaded.load(again, Highs, (column, status))).statistics["iterations"] == 0


def test_statuses_of_another_program_are_made_as_many_as_rows():
    basic, lower = BASIC, LOWER
    column, row = squared(np.array([basic, basic, lower]), np.array([basic, lower]))
    assert column.tolist() == [basic, lower, lower] and row.tolist() == [basic, lower]
    column, row = squared(np.array([lower, basic]), np.array([lower, lower, basic]))
    assert column.tolist() == [lower, basic] and row.tolist() == [basic, lower, basic]
