"""Convex hull prices against the union of polytopes: every whole schedule of every participant written out, in one linear program."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from gridopt.dispatch import hull as module
from gridopt.dispatch import single
from gridopt.dispatch.hull import GAP, hull
from gridopt.dispatch.participants import Participants
from gridopt.dispatch.relaxation import relaxed, relaxed_duals
from gridopt.dispatch.whole import Search
from tests.dispatch.test_unit_paths import units
from tests.support import market
from tests.support.block_cases import buses, load, power_case
from tests.support.market import cleared


def union_of_polytopes(people: Participants) -> float:
    """Least cost over the convex hulls: x_g = sum of x[i], each in lambda[i] P_i with whole values i, sum of lambda = 1."""
    form, cost, blocks, shared, bounds = people.form, [], [], [], []
    smooth = np.flatnonzero(~np.isin(people.part, people.lumpy))
    pieces = [(smooth, None)]
    for g in people.lumpy:
        mine = np.flatnonzero(people.part == g)
        whole = mine[np.isin(mine, form.integer)]
        choices = product(*(range(int(form.lower[j]), int(form.upper[j]) + 1) for j in whole))
        pieces += [(mine, dict(zip(whole, v, strict=True))) for v in choices]
    owner, width = [], 0
    for columns, values in pieces:
        low, high = form.lower[columns].copy(), form.upper[columns].copy()
        for j, v in (values or {}).items():
            low[columns == j] = high[columns == j] = v
        private = form.matrix[people.private][:, columns].toarray()
        some = np.flatnonzero(np.abs(private).sum(axis=1))
        rows = np.vstack([private[some], np.eye(len(columns))])
        left = np.concatenate([form.row_lower[people.private][some], low])
        right = np.concatenate([form.row_upper[people.private][some], high])
        blocks.append((rows, left, right, values is not None))
        cost += [*form.cost[columns], *([0.0] if values is not None else [])]
        drawn = form.matrix[people.shared][:, columns].toarray()
        shared.append(np.hstack([drawn, np.zeros((len(drawn), 1))]) if values is not None else drawn)
        owner.append((int(people.part[columns[0]]), width + len(columns)) if values is not None else None)
        width += len(columns) + (values is not None)
        bounds += [(None, None)] * len(columns) + ([(0, 1)] if values is not None else [])
    upper, most = [], []
    for sign in (1.0, -1.0):
        for k, (rows, left, right, scaled) in enumerate(blocks):
            limit = right if sign > 0 else -left
            fine = np.isfinite(limit)
            part = [np.zeros((fine.sum(), b.shape[1] + s)) for b, _, _, s in blocks]
            part[k] = np.hstack([sign * rows[fine], -limit[fine, None]]) if scaled else sign * rows[fine]
            upper.append(np.hstack(part))
            most.append(np.zeros(fine.sum()) if scaled else limit[fine])
        limit = form.row_upper[people.shared] if sign > 0 else -form.row_lower[people.shared]
        fine = np.isfinite(limit)
        upper.append(sign * np.hstack(shared)[fine])
        most.append(limit[fine])
    one = np.zeros((len(people.lumpy), width))
    for pair in owner:
        if pair is not None:
            one[np.searchsorted(people.lumpy, pair[0]), pair[1]] = 1.0
    equal = {"A_eq": one, "b_eq": np.ones(len(one))} if len(one) else {}
    found = linprog(cost, A_ub=np.vstack(upper), b_ub=np.concatenate(most), bounds=bounds, **equal)
    assert found.status == 0, found.message
    return float(found.fun) + form.offset


def without_whole_values(people: Participants) -> float:
    """Least cost where any value may be taken between the bounds."""
    form, upper, most = people.form, [], []
    for sign, limit in ((1.0, form.row_upper), (-1.0, -form.row_lower)):
        upper.append(sign * form.matrix.toarray()[np.isfinite(limit)])
        most.append(limit[np.isfinite(limit)])
    bounds = np.column_stack([form.lower, form.upper])
    found = linprog(form.cost, A_ub=np.vstack(upper), b_ub=np.concatenate(most), bounds=bounds)
    assert found.status == 0, found.message
    return float(found.fun) + form.offset


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_the_hull_is_the_union_of_polytopes(data):
    """Two units with any rules, with paths or by a search: cost and bound are those of every schedule written out, and so is q(y) at the
    prices that were chosen. The relaxation is the linear program without whole values, and never costs more."""
    steps = data.draw(st.integers(1, 3))
    demand = data.draw(st.lists(st.sampled_from([20, 47.5, 60, 90]), min_size=steps, max_size=steps))
    text = f"periods: {steps}\ndemand_mw: {demand if steps > 1 else demand[0]}\ngenerators:\n  - {data.draw(units(steps))}\n"
    text += "  - " + data.draw(units(steps)).replace("id: G", "id: H") + "\n  - {id: free, p_max: 100, marginal_cost: 45}\n"
    if data.draw(st.booleans()):
        text += "reserves:\n  - {id: R, product: spinning_up, requirement_mw: 9, shortage: [[50, 70]], offers: "
        text += "[{generator: G, max_mw: 8, price: 1}, {generator: H, max_mw: 6, price: 4}]}\n"
    try:
        dispatch = cleared(text)
    except Exception as error:
        assert hasattr(error, "faults") or "Infeasible" in type(error).__name__, error
        dispatch = None
    assume(dispatch is not None and Participants.of(dispatch).kept)
    people = Participants.of(dispatch)
    right = union_of_polytopes(people)
    for mine in (people, replace(people.again(), paths=None)):
        for choice in ("lower", "upper"):
            found = hull(mine, dispatch.quantities["load"].values, choice)
            room = 2.0 * GAP * max(abs(right), 1.0)
            assert found.cost == pytest.approx(right, abs=room) and found.bound == pytest.approx(right, abs=room)
            assert mine.answers.at(found.y).bound == pytest.approx(right, abs=room)
    x, _ = relaxed(people)
    assert people.form.cost @ x + people.form.offset == pytest.approx(without_whole_values(people), rel=1e-8, abs=1e-5)
    assert people.form.cost @ x + people.form.offset <= right + room


def test_units_with_paths_are_relaxed_like_others():
    """The optimum with whole values costs 21,325 and is the best of its kind at its prices: as a whole no unit gains. In part both do."""
    dispatch = cleared(market.TWO_RAMPED_UNITS)
    people = dispatch.participants.again()
    assert people.paths is not None and dispatch.solution.objective == pytest.approx(21325)
    assert without_whole_values(people) == pytest.approx(21269.44, abs=0.01)
    x, y = relaxed(people)
    assert people.form.cost @ x == pytest.approx(without_whole_values(people))
    assert len(relaxed_duals(people, dispatch.quantities["load"].values)[0]) == len(people.shared)


def test_a_loose_unit_gives_what_its_limits_leave_in_part():
    """E3: A 0-300 MW at 250; B 100-200 MW at 300, 9000 fixed; 350 MW. Cleared 250 + 100: 101,500. In part v off, B gives 100 to 200 MW times
    1 - v: a quarter of it at 200 MW is 50 MW for 17,250 (345 a MWh), and A 300 MW for 75,000: 92,250. B answers at the price of A, 250,
    that it would rather be off: 14,000 better."""
    people = Participants.of(cleared(market.ONE_PERIOD))
    answer = people.answers.at(people.start)
    assert float(people.form.cost @ people.x) - answer.bound == pytest.approx(14000)
    found = hull(people)
    assert (found.cost, found.bound) == (pytest.approx(92250), pytest.approx(92250)) and union_of_polytopes(people) == pytest.approx(92250)
    assert found.y / 1.0 == pytest.approx([345])


def test_a_clearing_without_gains_is_its_own_hull(monkeypatch):
    """E14: nobody gains at marginal prices: no program is solved, and the hull costs what was cleared."""
    monkeypatch.setattr(module.Master, "solve", lambda self: pytest.fail("nothing was to be solved"))
    people = Participants.of(cleared("demand_mw: 500\ngenerators:\n  - {id: A, p_max: 600, marginal_cost: 40}\n"))
    found = hull(people, np.full((1, 1), 500.0))
    assert (found.cost, found.bound, found.schedules) == (pytest.approx(20000), pytest.approx(20000), 0)
    assert found.y == pytest.approx([40])


def test_what_was_open_is_as_the_case_gives_it_and_what_is_broken_stays_open():
    """A row that was open while the schedule was held binds its participant again; one that the schedule breaks would leave it no answer."""
    dispatch = cleared(market.THREE_PERIODS)
    core = len(dispatch.model.builder.form().row_lower)
    free = replace(dispatch.solution.form, row_lower=np.full(core, -np.inf), row_upper=np.full(core, np.inf))
    given = dispatch.model.builder.form()
    people = Participants.of(replace(dispatch, solution=replace(dispatch.solution, form=free)))
    assert (people.form.row_lower == given.row_lower).all() and (people.form.row_upper == given.row_upper).all()
    other = replace(dispatch.solution, form=free, x=0.0 * dispatch.solution.x)
    form = Participants.of(replace(dispatch, solution=other)).form
    broken = (given.row_lower > 1e-6) | (given.row_upper < -1e-6)
    assert broken.any() and np.isinf(form.row_lower[broken]).all() and (form.row_lower == given.row_lower)[~broken].all()


def test_whole_values_that_follow_need_no_search():
    """A store of 5 MW and 4 MWh at prices 10, 30, 20: which side it is on follows from what it does, and nothing is searched. At -20,
    where doing both at once would pay, it is searched for, and does one."""
    store = dict(storage="S", bus="A", power_max_mw=5.0, energy_max_mwh=4.0, charge_efficiency=0.9, discharge_efficiency=0.9)
    source = dict(generator="g", bus="A", power_max_mw=50.0, cost_cny_per_mwh=20.0)
    made = power_case(3, bus=buses("A"), generator=[source], load=[load("A", mean=20.0)], storage=[store])
    people = Participants.of(single.dispatch(replace(made, commitment="exact"), search=Search(gap=0.0)))
    for prices, searches in (([10.0, 30.0, 20.0], 0), ([-20.0, -20.0, -20.0], 1)):
        y = np.zeros(len(people.form.row_lower))
        y[people.balance[0]] = prices
        x, form, own = people.answers.at(y[people.shared]).x, people.form, people.private
        assert len(form.integer) and x[form.integer] == pytest.approx(np.round(x[form.integer]), abs=1e-9)
        assert len(people.programs.searches) == searches
        activity = (form.matrix @ x)[own]
        assert (activity >= form.row_lower[own] - 1e-6).all() and (activity <= form.row_upper[own] + 1e-6).all()
