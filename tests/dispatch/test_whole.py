"""Search for whole values: against every choice tried one by one, in every part of the search, with limits, interruptions and PuLP."""

import _thread
import itertools
import signal
import threading
import time
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gridopt.dispatch import guided, whole
from gridopt.dispatch.attempts import Attempts, Search
from gridopt.dispatch.attended import attended
from gridopt.dispatch.guided import near
from gridopt.dispatch.lazy import Relaxed, solve
from gridopt.dispatch.neighbourhood import LENGTH, improve, in_time
from gridopt.dispatch.whole import decide
from gridopt.program.builder import Builder
from gridopt.program.highs import Highs
from gridopt.program.pulp_solvers import PulpProgram
from gridopt.program.solution import Infeasible, LimitReached, Solution, SolverFailed

PROGRAMS = {"HiGHS": Highs, "CBC": partial(PulpProgram, "CBC")}


def units(least, most, fixed, slope, load, square=None, lazy=False) -> Relaxed:
    """Units that are on or off in each step, without memory: least u <= p <= most u; fixed u + slope p + square p^2; sum p = load.

    lazy: the rows p <= most u are written only when broken.
    """
    least, most, fixed, slope = (np.array(v, float)[:, None] for v in (least, most, fixed, slope))
    b = Builder(len(load))
    over = {"unit": np.arange(len(least)), "time": np.arange(len(load))}
    u = b.columns("on", unit="1", over=over, upper=1.0, integer=True)
    p = b.columns("output", unit="MW", over=over, upper=most)
    b.cost("fixed", u, fixed)
    b.cost("energy", p, slope)
    if square is not None:
        b.square_cost("square", p, np.array(square, float)[:, None])
    rows = b.rows("least", unit="MW", over=over, lower=0.0)
    b.term(rows, p)
    b.term(rows, u, -least)
    balance = b.rows("balance", unit="MW", over={"time": np.arange(len(load))}, equal=np.array(load, float))
    b.term(balance, p)
    if lazy:

        def expand(element, step):
            row = np.arange(len(element))
            coef = np.concatenate([np.ones(len(row)), -most[element, 0]])
            return np.tile(row, 2), np.concatenate([p[element, step], u[element, step]]), coef, np.zeros(len(row))

        b.lazy("most", unit="MW", over=over, bounds=(-np.inf, 0.0), expand=expand, activity=lambda x, s: x[p[:, s]] - most * x[u[:, s]])
    else:
        top = b.rows("most", unit="MW", over=over, upper=0.0)
        b.term(top, p)
        b.term(top, u, -most)
    return Relaxed(b.form(), b.lazy_families)


def cheapest(least, most, fixed, slope, load, square=None) -> float:
    """Least cost by trying every choice in every step; on what is on the load is split exactly."""
    total = 0.0
    for need in load:
        best = np.inf
        for on in itertools.product((0, 1), repeat=len(least)):
            some = [i for i, o in enumerate(on) if o]
            if not sum(least[i] for i in some) <= need <= sum(most[i] for i in some):
                continue
            best = min(best, sum(fixed[i] for i in some) + split(some, least, most, slope, square, need))
        total += best
    return total


def split(some, least, most, slope, square, need) -> float:
    """Least cost of `need` MW from units that are on: rising marginal cost by bisection of the price."""
    curve = np.zeros(len(least)) if square is None else np.array(square, float)
    low, high = -1e4, 1e4
    for _ in range(200):
        price = 0.5 * (low + high)
        power = [_at(price, slope[i], curve[i], least[i], most[i]) for i in some]
        low, high = (price, high) if sum(power) < need else (low, price)
    under = {i: _at(low, slope[i], curve[i], least[i], most[i]) for i in some}
    rest = need - sum(under.values())
    for i in some:  # what the price itself leaves open
        more = min(rest, _at(high, slope[i], curve[i], least[i], most[i]) - under[i])
        under[i], rest = under[i] + max(more, 0.0), rest - max(more, 0.0)
    return sum(slope[i] * p + curve[i] * p * p for i, p in under.items())


def _at(price, slope, curve, least, most) -> float:
    if curve == 0:
        return most if price > slope else least
    return min(max((price - slope) / (2 * curve), least), most)


MIXED = dict(least=[20, 15, 10, 6], most=[50, 40, 30, 25], fixed=[300, 200, 260, 30], slope=[10, 14, 9, 30], load=[33, 58, 71, 96, 41])


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("lazy", (False, True))
def test_every_choice(name, lazy):
    solution = decide(units(**MIXED, lazy=lazy), Search(0.0), PROGRAMS[name])
    assert solution.objective == pytest.approx(cheapest(**MIXED), rel=1e-9)
    assert solution.finished and solution.gap <= 1e-6 and solution.bound == pytest.approx(solution.objective)


@pytest.mark.parametrize("name", PROGRAMS)
def test_square_costs(name):
    square = [0.3, 0.0, 0.2, 0.05]
    solution = decide(units(**MIXED, square=square), Search(1e-4), PROGRAMS[name])
    best = cheapest(**MIXED, square=square)
    assert best * (1 - 1e-9) <= solution.objective <= best * (1 + 1e-4)
    assert solution.proven <= best * (1 + 1e-9) and solution.finished


number = st.integers


@st.composite
def fleets(draw):
    count = draw(number(1, 4))
    each = lambda low, high: draw(st.lists(number(low, high), min_size=count, max_size=count))  # noqa: E731
    least, room, fixed, slope = each(1, 20), each(0, 30), each(0, 400), each(0, 40)
    most = [a + b for a, b in zip(least, room, strict=True)]
    load = draw(st.lists(number(0, sum(most)), min_size=1, max_size=4))
    return dict(least=least, most=most, fixed=fixed, slope=slope, load=load)


@example(dict(least=[17, 1, 1, 1], most=[32, 1, 1, 17], fixed=[0, 0, 0, 130], slope=[8, 9, 9, 0], load=[33]), True, True, 0.0)
@given(fleets(), st.booleans(), st.booleans(), st.sampled_from([0.0, 1e-3, 0.05]))
@settings(max_examples=60, deadline=None)
def test_random_fleets(fleet, lazy, side_by_side, gap):
    best = cheapest(**fleet)
    before, whole.MANY = whole.MANY, 0 if side_by_side else whole.MANY
    try:
        if np.isinf(best):
            with pytest.raises(Infeasible):
                decide(units(**fleet, lazy=lazy), Search(gap))
            return
        solution = decide(units(**fleet, lazy=lazy), Search(gap))
    finally:
        whole.MANY = before
    assert solution.finished and solution.proven <= best + 1e-6
    assert best - 1e-6 <= solution.objective <= best + gap * abs(solution.objective) + 1e-6


def crowd(count=60, steps=12, seed=3) -> Relaxed:
    """Many units that differ little, so that proofs take long."""
    rng = np.random.default_rng(seed)
    least, room = rng.integers(10, 20, count), rng.integers(5, 30, count)
    most = least + room
    fixed, slope = rng.integers(200, 260, count), rng.integers(18, 22, count)
    load = rng.uniform(0.3, 0.7, steps) * most.sum() + 0.37
    return units(least, most, fixed, slope, load)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_limit_of_time_keeps_the_best(name):
    solution = decide(crowd(150, 24), Search(0.0, seconds=4.0), PROGRAMS[name])
    assert not solution.finished and 0 < solution.gap < 0.05
    assert solution.proven < solution.objective and solution.bound == pytest.approx(solution.objective, rel=1e-9)


def test_no_time_at_all_is_told():
    with pytest.raises(LimitReached, match="before any feasible schedule"):
        decide(crowd(), Search(0.0, seconds=0.0))


@pytest.fixture
def listening():
    """A shell lets what it starts in the background ignore SIGINT; these tests listen to it all the same."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interruption_keeps_the_best(listening):
    said = []

    def progress(text):
        said.append(text)
        if "cost" in text and len([t for t in said if "cost" in t]) == 1:
            threading.Timer(1.0, _thread.interrupt_main).start()

    begun = time.monotonic()
    solution = decide(crowd(150, 24), Search(0.0, seconds=120.0), progress=progress)
    assert time.monotonic() - begun < 60 and not solution.finished and 0 < solution.gap < 0.05


def test_an_interruption_before_anything_was_found_is_one(listening):
    def work():
        time.sleep(1.0)
        raise LimitReached("nothing")

    threading.Timer(0.2, _thread.interrupt_main).start()
    with pytest.raises(KeyboardInterrupt):
        attended(work, threading.Event())


def test_faults_of_the_work_arrive():
    with pytest.raises(ZeroDivisionError):
        attended(lambda: 1 / 0, threading.Event())


def rounded_up(relaxed: Relaxed) -> tuple[Attempts, Solution]:
    """A search to half a percent that begins with all that the relaxation uses at all; and the relaxation."""
    first = solve(relaxed)
    attempts = Attempts(relaxed, Highs, Search(0.005), lambda x: x, first.bound, lambda text: None)
    attempts.attempt("rounded up", np.ones(len(attempts.ids), bool), np.ceil(first.x[attempts.ids] - 1e-9), gap=0.0)
    return attempts, first


def test_windows_of_elements_find_what_the_relaxation_missed():
    """Beginning with what the relaxation uses at all, windows alone reach half a percent."""
    attempts, first = rounded_up(crowd(count=30, steps=4))
    reduced = first.form.cost[attempts.ids] - (first.form.matrix.T @ first.y)[attempts.ids]
    before = attempts.gap
    improve(attempts, reduced)
    assert attempts.met and attempts.gap < before


def test_windows_of_steps_find_what_the_relaxation_missed():
    """Beginning with what the relaxation uses at all, windows of eight steps alone reach half a percent, and hold all other steps."""
    attempts, _ = rounded_up(crowd(count=30, steps=12))
    before, seen, given_attempt = attempts.gap, [], attempts.attempt

    def attempt(who, held, *rest, **more):
        seen.append(np.unique(attempts.step[~held]))
        return given_attempt(who, held, *rest, **more)

    attempts.attempt = attempt
    in_time(attempts)
    assert attempts.met and attempts.gap < before
    assert all(len(free) <= LENGTH and np.ptp(free) == len(free) - 1 for free in seen)


def test_a_bound_above_the_cost_of_a_schedule_is_no_proof(monkeypatch):
    """Whatever went wrong in a search, its numbers are not given away."""
    monkeypatch.setattr(Attempts, "prove", lambda self, bound: setattr(self.best, "bound", 1e6))
    with pytest.raises(SolverFailed, match="lies above the cost"):
        decide(units(**MIXED), Search(0.0))


def test_what_was_gained_where_costs_are_below_zero():
    """Bound -1000, gap 10 %: a cost of -903 misses it by 97, more than 90.3; nothing found since is no gain, whatever the sign."""
    relaxed = crowd(count=5, steps=1)
    attempts = Attempts(relaxed, Highs, Search(0.1), lambda x: x, -1000.0, lambda text: None)
    attempts.best.x, attempts.best.cost = np.zeros(len(relaxed.form.cost)), -903.0
    assert not attempts.met and attempts.target < -903.0
    assert attempts.gained(np.inf, 0.1) and not attempts.gained(-903.0, 0.1)
    assert attempts.gained(-880.0, 0.1) and not attempts.gained(-902.5, 0.1)


def test_near():
    """Two elements of five steps: what is marked reaches two steps, but never into the other element."""
    marked = np.array([0, 0, 0, 0, 1, 0, 0, 0, 1, 0], bool)
    element = np.repeat([0, 1], 5)
    assert near(marked, element, 2).astype(int).tolist() == [0, 0, 1, 1, 1, 0, 1, 1, 1, 1]
    assert near(marked, element, 100).all() and near(marked, element, 0).tolist() == marked.tolist()


def test_the_reach_grows_while_the_gap_is_not_met():
    """From two steps around what is open to three times as much, and on; narrow, the first that finds anything is the last."""
    relaxed = crowd(count=20, steps=30)
    first = solve(relaxed)

    def held(wide: bool) -> list[int]:
        attempts, seen = Attempts(relaxed, Highs, Search(0.0, seconds=20), lambda x: x, first.bound, lambda text: None), []
        given_attempt = attempts.attempt

        def attempt(who, held, *rest, **more):
            seen.append(int(held.sum()))
            return given_attempt(who, held, *rest, **more | {"gap": 0.02})

        attempts.attempt = attempt
        guided.guided(attempts, first.x, wide)
        return seen

    narrow, wide = held(False), held(True)
    assert len(narrow) == 1 and wide[0] == narrow[0] and len(wide) >= 2
    assert wide == sorted(set(wide), reverse=True)


def test_a_gap_is_one_of_the_whole_cost(monkeypatch):
    """Fixed costs that take away 98 % of the rest: a solver's gap of 1 % of what it sees would be 50 % of the cost."""
    monkeypatch.setattr(whole, "guided", lambda *_, **__: None)
    r = np.random.default_rng(0)
    least = r.integers(5, 30, 14)
    most = least + r.integers(1, 20, 14)
    relaxed = units(least, most, r.integers(50, 900, 14), r.integers(5, 40, 14), r.integers(60, int(most.sum() * 0.7), 3))
    best = decide(relaxed, Search(gap=0.0)).objective
    found = decide(Relaxed(replace(relaxed.form, offset=-0.98 * best), []), Search(gap=0.01))
    assert found.finished and found.objective - found.proven <= 0.01 * abs(found.objective) + 1e-6


def test_enough_is_a_share_of_the_cost_or_so_much_money():
    """Cost 200, bound 190: 5 %, and 10 in money. Cost -10, bound -11: a tenth, and 1."""
    assert Search(gap=0.05).enough(200.0, 190.0) and not Search(gap=0.049).enough(200.0, 190.0)
    assert Search(gap=0.0, money=10.0).enough(200.0, 190.0) and not Search(gap=0.0, money=9.9).enough(200.0, 190.0)
    assert Search(gap=0.05, money=1.0).enough(-10.0, -11.0) and not Search(gap=0.05).enough(-10.0, -11.0)


def test_a_search_ends_where_what_is_missed_is_little_money():
    """Units of 10 MW at 100, 101 and so on, each on or off, 34 MW needed: the relaxation buys 3.4 of the cheapest, at 344.2; four cost 406."""
    b = Builder(1)
    n = 12
    u = b.columns("on", unit="1", over={"unit": np.arange(n), "time": np.arange(1)}, upper=1.0, integer=True)
    b.cost("on", u, 100.0 + np.arange(n)[:, None])
    b.term(b.rows("need", unit="MW", over={"time": np.arange(1)}, lower=34.0), u, 10.0)
    rough, exact = (decide(Relaxed(b.form(), b.lazy_families), Search(gap=0.0, money=m)) for m in (100.0, 0.0))
    assert exact.objective == pytest.approx(406.0) and exact.proven == pytest.approx(406.0)
    assert rough.finished and rough.objective - rough.proven <= 100.0
    assert rough.proven == pytest.approx(344.2)


def test_money_ends_the_search_of_the_whole_program():
    """What the relaxation's bound does not reach: a search of everything goes on until its own bound and schedule are near enough."""
    rng = np.random.default_rng(1)
    b = Builder(1)
    u = b.columns("on", unit="1", over={"unit": np.arange(40), "time": np.arange(1)}, upper=1.0, integer=True)
    b.cost("on", u, rng.integers(5, 60, (40, 1)) * 1e3)
    for k in range(20):
        row = b.rows(f"need{k}", unit="MW", over={"time": np.arange(1)}, lower=30.0)
        b.term(row, u, rng.integers(1, 20, (40, 1)) * (rng.random((40, 1)) < 0.3))
    exact = decide(Relaxed(b.form(), b.lazy_families), Search(gap=0.0))
    least = solve(Relaxed(b.form(), b.lazy_families)).objective
    money = 0.4 * (exact.objective - least)
    found = decide(Relaxed(b.form(), b.lazy_families), Search(gap=0.0, money=money))
    assert 0 < found.objective - found.proven <= money and found.finished
    assert least < found.proven < exact.objective <= found.objective
