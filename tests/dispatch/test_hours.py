"""Short steps decided in hours first: the same least cost as without, whatever the hours say; rows of hours at their quarters; the
interior point method ends where the simplex method does."""

import threading
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from gridopt.case.series import GivenSeries
from gridopt.case.time import TimeGrid
from gridopt.dispatch import hours, single
from gridopt.dispatch.attempts import Search
from gridopt.dispatch.formulate import formulate
from gridopt.dispatch.lazy import Relaxed, solve
from gridopt.dispatch.single import dispatch
from gridopt.program.highs import Highs
from gridopt.program.solution import Infeasible
from tests.blocks.test_commitment import LAST, built, committed, generator
from tests.dispatch.test_whole import units
from tests.support.certify import certificate

PROVEN = Search(gap=0.0)
QUARTERS = [20.0, 30.0, 40.0, 50.0, 60.0, 50.0, 40.0, 30.0, 20.0, 10.0, 10.0, 20.0]


def in_quarters(load, *given, status=()):
    """A case of test_commitment whose load MW and status are given by the quarter of an hour."""
    begin = np.datetime64("2025-01-01", "s") + np.arange(len(load)) * np.timedelta64(900, "s")
    time = TimeGrid(begin, np.full(len(load), 0.25))
    return replace(built(load, *given), time=time, source=GivenSeries(time, dict(d=load, s=status or [0.5] * len(load))))


def quarters():
    """Three hours in quarters: a generator of 10 to 50 MW at 10 CNY/MWh that starts for 900 CNY and `last` at 100."""
    return in_quarters(QUARTERS, [generator()], [committed(initial_h=-9.0, start_cny=900.0, min_up_h=1.0)])


@pytest.fixture
def few(monkeypatch):
    """Any number of decisions is enough; what was told."""
    monkeypatch.setattr(hours, "LEAST", 1)


def test_quarters_cost_what_they_cost_without_hours(few, monkeypatch):
    """The generator starts (900) and gives all but 10 MW of one quarter: sum of loads 380 MW less 10 = 370, a quarter hour each:
    370 / 4 x 10 + 10 / 4 x 100 + 900 = 925 + 250 + 900 = 2075."""
    told = []
    found = dispatch(quarters(), search=PROVEN, progress=told.append)
    assert found.solution.objective == pytest.approx(2075.0)
    assert any("in hours" in line for line in told)
    assert certificate(found).passed
    monkeypatch.setattr(hours, "LEAST", 10**9)
    told.clear()
    assert dispatch(quarters(), search=PROVEN, progress=told.append).solution.objective == pytest.approx(2075.0)
    assert not any("in hours" in line for line in told)


def test_hours_that_have_no_schedule_do_not_matter(few):
    """Load and fixed status alternate from quarter to quarter, 40 MW and on, 0 MW and off, with a least output of 40 MW and no surplus. In
    hours that is a load of 20 MW, which a generator that is on cannot serve. Quarters: 8 x 40 MW / 4 x 10 = 800."""
    load = [40.0, 0.0] * 8
    status = [1.0, 0.0] * 8
    case = in_quarters(load, [generator(power_min_mw=40.0)], [committed(status_profile="s")], status=status)
    found = dispatch(case, search=PROVEN)
    assert found.solution.objective == pytest.approx(8 * 40 / 4 * 10)


def test_first_values_that_are_worse_are_bettered(few):
    """Two generators; in hours the mean load of 50 MW is served by one, in quarters 20 and 80 MW in turn need both or `last` (100): the
    second has no minimum time, is on for 1 CNY/h and starts for 1 CNY. Least cost by hand: g 50 MW at 10 in the quarters of 80 and 20 in
    those of 20, h 30 MW at 12 in the quarters of 80, four starts: 280 / 4 x 10 + 120 / 4 x 12 + 4 x 0.25 + 4 = 700 + 360 + 1 + 4 = 1065."""
    load = [20.0, 80.0] * 4
    given = [generator(power_min_mw=0.0), generator("h", power_min_mw=20.0, cost_cny_per_mwh=12.0, cost_cny_per_h=1.0)]
    kept = [committed(initial_h=9.0), committed("h", initial_h=-9.0, start_cny=1.0)]
    found = dispatch(in_quarters(load, given, kept), search=PROVEN)
    assert found.solution.objective == pytest.approx(1065.0)
    assert certificate(found).passed


def test_rows_of_hours_stand_at_all_their_quarters():
    """(element 2, hour 1) of a lazy family is (2, 4), (2, 5), (2, 6), (2, 7) in quarters."""
    relaxed = units([0.0] * 3, [10.0] * 3, [0.0] * 3, [1.0] * 3, [5.0, 5.0], lazy=True)
    relaxed.added = {"most": np.array([[2, 0], [1, 0], [0, 1]])}

    class Some:
        builder = type("B", (), {"lazy_families": relaxed.families})

    made = hours.Hours(Some, Some, relaxed, np.arange(8) // 4, relaxed)
    element, step = made.rows()["most"]
    assert element.tolist() == [2] * 4 + [0] * 4
    assert step.tolist() == [4, 5, 6, 7, 0, 1, 2, 3]


@pytest.mark.parametrize("minutes, steps", [(60, 6), (30, 1), (120, 4)])
def test_steps_of_an_hour_and_single_steps_have_no_hours(few, minutes, steps):
    case = built([20.0] * steps, [generator()], [committed(initial_h=-9.0)], minutes=minutes)
    model = formulate(case)
    relaxed = Relaxed(model.builder.form(), model.builder.lazy_families)
    found = hours.in_hours(case, model, relaxed, Highs, lambda text: None)
    assert (found is None) == (minutes >= 60)


def test_hours_end_when_they_are_asked_to(few):
    """With the event set before it begins, a search finds nothing and says so."""
    case = quarters()
    model = formulate(case)
    relaxed = Relaxed(model.builder.form(), model.builder.lazy_families)
    program = partial(Highs, presolve="on")
    made = hours.in_hours(case, model, relaxed, program, lambda text: None)
    stop = threading.Event()
    stop.set()
    told = []
    assert made.values(PROVEN, program, told.append, stop) is None
    assert "before any feasible schedule" in told[-1]


def test_infeasible_quarters_are_infeasible(few):
    """Without `last`, 60 MW are more than the generator has."""
    case = quarters()
    tables = {**case.tables, "generator": case.table("generator").drop(LAST["generator"])}
    with pytest.raises(Infeasible):
        dispatch(replace(case, tables=tables), search=PROVEN)


@pytest.mark.parametrize("lazy", [False, True])
def test_interior_point_and_simplex_end_at_one_optimum(lazy):
    """The relaxation of two units: values, duals' bound and basis of both ways agree; later rounds go on by the simplex method."""
    def program():
        return units([5.0, 10.0], [20.0, 40.0], [3.0, 9.0], [2.0, 1.0], [15.0, 30.0, 55.0], lazy=lazy)

    simplex, interior = solve(program()), solve(program(), program=partial(Highs, interior=True, presolve="on"))
    assert interior.objective == pytest.approx(simplex.objective, abs=1e-7)
    assert interior.bound == pytest.approx(simplex.objective, abs=1e-6)
    column, row = interior.statistics["basis"]
    assert (column == 1).sum() + (row == 1).sum() == len(row)


def test_interior_point_tells_what_has_no_solution():
    with pytest.raises(Infeasible):
        solve(units([5.0], [20.0], [3.0], [2.0], [55.0]), program=partial(Highs, interior=True))


def test_other_solvers_know_no_hours(few, monkeypatch):
    """Through PuLP the short steps are decided as they stand."""
    pulp = pytest.importorskip("gridopt.program.pulp_solvers")
    monkeypatch.setattr(single, "in_hours", lambda *given: pytest.fail("asked"))
    found = dispatch(quarters(), search=PROVEN, program=partial(pulp.PulpProgram, "CBC"))
    assert found.solution.objective == pytest.approx(2075.0, rel=1e-6)
