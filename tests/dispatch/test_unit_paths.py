"""Best schedules of single units: by hand, and against a search for whole values on any unit at any prices."""

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from gridopt.dispatch import answers
from gridopt.dispatch.participants import Participants
from gridopt.dispatch.relaxation import relaxed_duals
from tests.support import market
from tests.support.market import cleared

NUMBER = st.floats(0, 60).map(lambda v: round(v, 1))


@st.composite
def units(draw, steps: int) -> str:
    """A generator of a market case with any of the rules that a path knows."""
    low = draw(st.sampled_from([0, 10, 25]))
    room = draw(st.sampled_from([0, 20, 37.5, 60]))
    cells = [f"p_min: {low}", f"p_max: {low + room + 5}"]
    if draw(st.booleans()) and room:
        first = low + draw(st.sampled_from([5, 12.5]))
        cells.append(f"curve: [[{low}, 300], [{first}, {300 + 20 * (first - low)}], [{low + room + 5}, {300 + 20 * 5 + 35 * room + 700}]]")
    else:
        cells.append(f"marginal_cost: {draw(st.sampled_from([15, 25, 40]))}")
    cells.append(f"no_load_cost: {draw(NUMBER)}")
    if draw(st.booleans()):
        cells.append(f"hot_start_cost: {draw(NUMBER)}, cold_start_cost: {draw(NUMBER) + 60}, cold_start_hours: {draw(st.integers(1, 3))}")
    else:
        cells.append(f"startup_cost: {draw(NUMBER)}")
    cells.append(f"shutdown_cost: {draw(st.sampled_from([0, 7]))}")
    for key in ("min_up", "min_down"):
        cells.append(f"{key}: {draw(st.integers(0, 4))}")
    for key in ("ramp_mw_per_h", "ramp_down_mw_per_h"):
        if draw(st.booleans()):
            cells.append(f"{key}: {draw(st.sampled_from([7, 10, 20]))}")
    for key in ("start_ramp_mw", "stop_ramp_mw"):
        if draw(st.booleans()):
            cells.append(f"{key}: {low + draw(st.sampled_from([0, 5, 30]))}")
    before = draw(st.sampled_from(["", "initial_status_h: 1", "initial_status_h: 5", "initial_status_h: -1", "initial_status_h: -6"]))
    if before:
        cells.append(before)
        if "-" not in before:
            cells.append(f"initial_mw: {low + draw(st.sampled_from([0.0, 0.5])) * room}")
    if draw(st.integers(0, 5)) == 0:
        cells.append("must_run: true")
    return "{" + ", ".join(["id: G", *cells]) + "}"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(st.data())
def test_the_path_is_what_a_search_finds(data):
    """At any prices the best value is that of the search, and the schedule keeps every row of the unit."""
    steps, minutes = data.draw(st.integers(1, 7)), data.draw(st.sampled_from([60, 30]))
    text = f"periods: {steps}\nperiod_h: {minutes / 60}\ndemand_mw: 200\ngenerators:\n  - {data.draw(units(steps))}\n"
    text += "  - {id: free, p_max: 500, marginal_cost: 30}\n"
    try:
        people = Participants.of(cleared(text))
    except Exception as error:
        assert hasattr(error, "faults"), error
        people = None
    assume(people is not None and people.paths is not None)
    prices = np.array(data.draw(st.lists(st.floats(-20, 120), min_size=steps, max_size=steps)))
    y = np.zeros(len(people.form.row_lower))
    y[people.balance[0]] = prices * minutes / 60
    y = y[people.shared]
    found, other = people.answers.at(y), replace(people, paths=None).answers.at(y)
    assert found.bound == pytest.approx(other.bound, rel=1e-9, abs=1e-5)
    rows, form = people.private, people.form
    activity = form.matrix[rows] @ found.x
    assert (activity >= form.row_lower[rows] - 1e-6).all() and (activity <= form.row_upper[rows] + 1e-6).all()
    assert (found.x >= form.lower - 1e-9).all() and (found.x <= form.upper + 1e-9).all()


def test_a_unit_starts_early_to_be_there_in_the_evening():
    """B (60-160 MW at 250, 4000 an hour, start 2000, ramps 60) at prices 200, 300, 400: from the first hour -60*50 - 6000 = -9000, then
    120*50 - 4000 = 2000 and 160*150 - 4000 = 20,000: 13,000. From the second 60*50 - 6000 and 120*150 - 4000: 11,000; the third 3000."""
    people = Participants.of(cleared(market.THREE_PERIODS))
    assert people.paths is not None
    y = np.zeros(len(people.form.row_lower))
    y[people.balance[0]] = [200, 300, 400]
    answer = people.answers.at(y[people.shared])
    b = [str(n) for n in people.names].index("generator B")
    assert answer.best[b] == pytest.approx(-13000)
    assert answer.x[cleared(market.THREE_PERIODS).committed.on[0]] == pytest.approx([1, 1, 1])


@pytest.mark.parametrize(
    ("before", "idle", "cost"), [("", 1, 10), ("", 4, 60), ("initial_status_h: -6", 1, 60), ("initial_status_h: -1", 1, 10)]
)
def test_a_start_is_as_hot_as_what_was_before_allows(before, idle, cost):
    """Worth 20 * 50 MWh in the last hour alone. A unit of which nothing is known may have stopped just before the first."""
    unit = "id: G, p_min: 20, p_max: 20, marginal_cost: 40, hot_start_cost: 10, cold_start_cost: 60, cold_start_hours: 3"
    text = f"periods: {idle + 1}\ndemand_mw: 200\ngenerators:\n  - {{{unit}, {before or 'ramp_mw_per_h: 20'}}}\n"
    people = Participants.of(cleared(text + "  - {id: free, p_max: 500, marginal_cost: 30}\n"))
    assert people.paths is not None
    y = np.zeros(len(people.form.row_lower))
    y[people.balance[0]] = [-1000] * idle + [90]
    of = [str(n) for n in people.names].index("generator G")
    for found in (people, replace(people, paths=None)):
        assert found.answers.at(y[people.shared]).best[of] == pytest.approx(cost - 1000)


def test_participants_answer_alike_in_one_program_or_in_many(monkeypatch):
    """Paths set aside, at prices that make some run and some not: the second time from the basis of the first."""
    people = Participants.of(cleared(market.TWO_RAMPED_UNITS))
    y = np.zeros(len(people.form.row_lower))
    y[people.balance[0]] = [20, 90, 70, 40, 60, 10]
    alone = [replace(people, paths=None) for _ in range(2)]
    found = [alone[0].answers.at(y[people.shared])]
    monkeypatch.setattr(answers, "MANY", 1)
    found += [alone[1].answers.at(y[people.shared] + d) for d in (5.0, 0.0)]
    assert (len(alone[0].programs.blocks), len(alone[1].programs.blocks)) == (1, len(people.names))
    assert found[0].best == pytest.approx(found[2].best) and found[0].bound == pytest.approx(found[2].bound)
    assert (found[0].best < 0).any() and found[1].bound != pytest.approx(found[0].bound)


def test_participants_that_answered_are_given_back_at_once():
    """They hold programs of many times their size: nothing may be left for the collector of circles."""
    gc.disable()
    try:
        people = Participants.of(cleared(market.ONE_PERIOD))
        people.answers.at(people.start)
        held = weakref.ref(people), weakref.ref(people.programs)
        del people
        assert [h() for h in held] == [None, None]
    finally:
        gc.enable()


def test_units_with_other_rules_have_no_path():
    """A unit whose limits change in time is left to the search."""
    text = market.THREE_PERIODS.replace("p_max: 160", "p_max: [160, 150, 160]")
    solved = cleared(text)
    people = Participants.of(solved)
    assert people.paths is None
    y, selected = relaxed_duals(people, solved.quantities["load"].values)
    assert np.isfinite(y).all() and selected
