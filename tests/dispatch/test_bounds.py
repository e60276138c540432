"""Searches side by side: what they share, bounds of the whole program, what a search finds and the program's lazy rows refuse."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from gridopt.dispatch import bounds
from gridopt.dispatch.attempts import Attempts, Search
from gridopt.dispatch.bounds import LEFT, side_by_side, wait_for_the_rest
from gridopt.dispatch.lazy import Relaxed, solve
from gridopt.program.builder import Builder
from gridopt.program.highs import Highs, Incumbent
from gridopt.program.solution import Infeasible, SolverFailed
from tests.dispatch.test_whole import MIXED, crowd, units


def test_a_gap_that_is_met_leaves_the_event_of_the_caller_alone():
    """It may be that of the process, and searches follow; but when it is set, all searches hear of it. What is met ends those beside."""
    relaxed, stop = crowd(count=5, steps=1), threading.Event()
    attempts = Attempts(relaxed, Highs, Search(0.1, stop=stop), lambda x: x, -1000.0, lambda text: None)
    other = attempts.apart()
    attempts.best.x, attempts.best.cost = np.zeros(len(relaxed.form.cost)), -800.0
    other.prove(-900.0)
    assert not attempts.met and not other.enough.is_set()
    other.prove(-850.0)
    assert attempts.met and attempts.enough.is_set() and other.over and not stop.is_set()
    again = Attempts(relaxed, Highs, Search(0.1, stop=stop), lambda x: x, -1000.0, lambda text: None)
    assert not again.enough.is_set()
    stop.set()
    assert again.enough.is_set() and again.over


def test_what_runs_apart_writes_rows_of_its_own():
    """A program that stays loaded knows only the rows that it has written itself; what is found belongs to all."""
    relaxed = units(**MIXED, lazy=True)
    attempts = Attempts(relaxed, Highs, Search(0.1), lambda x: x, -1000.0, lambda text: None)
    other, rows = attempts.apart(), len(relaxed.form.row_lower)
    other.relaxed.write({relaxed.families[0].family.name: (np.zeros(1, int), np.zeros(1, int))})
    assert len(other.relaxed.form.row_lower) == rows + 1 and len(relaxed.form.row_lower) == rows and not relaxed.added
    other.offer(np.zeros(len(relaxed.form.cost)), "beside")
    assert attempts.x is not None and attempts.cost == other.cost


def test_the_root_raises_the_bound_and_ends():
    """Cuts alone: a bound above that of the relaxation, and no end of the search; all of it proves the best."""
    relaxed = crowd(count=40, steps=12)
    first = solve(relaxed)

    def searched(root: bool) -> Attempts:
        attempts = Attempts(relaxed, Highs, Search(0.0), lambda x: x, first.bound, lambda text: None)
        bounds.everything(attempts, root)
        return attempts

    rooted, every = searched(True), searched(False)
    assert every.ended and every.bound == pytest.approx(every.cost, rel=1e-9)
    assert not rooted.ended and first.bound < rooted.bound < every.bound


def test_cuts_that_raise_nothing_are_left(monkeypatch):
    """A bound that no longer rises ends the root, and only the root."""
    monkeypatch.setattr(bounds, "PATIENCE_S", -1.0)
    seen = []

    class Flat:
        asked, ids, over, search, bound, cost, target = 0.1, np.zeros(2, int), False, Search(), 5.0, 9.0, 6.0
        enough = threading.Event()

        def prove(self, bound):
            pass

        def attempt(self, who, held, values, *, gap, money, stop, tell, root):
            tell(5.0)
            seen.append((root, stop.is_set()))
            return Incumbent(None, np.inf, 5.0, False)

    for root in (True, False):
        bounds.everything(Flat(), root)
    assert seen == [(True, True), (False, False)]


def behind_a_line() -> Relaxed:
    """a at 10 and b at 20, 5 each to be on, c at 30; 10 MW needed. a alone costs 105; only 6 MW of it arrive, which is a row that is written
    once it is broken: then it costs 185 with c, 150 with b."""
    b, over = Builder(1), {"unit": np.arange(2), "time": np.arange(1)}
    on = b.columns("on", unit="1", over=over, upper=1.0, integer=True)
    p = b.columns("output", unit="MW", over=over, upper=10.0)
    c = b.columns("other", unit="MW", over={"time": np.arange(1)}, upper=100.0)
    b.cost("fixed", on, 5.0)
    b.cost("energy", p, np.array([[10.0], [20.0]]))
    b.cost("other", c, 30.0)
    top = b.rows("most", unit="MW", over=over, upper=0.0)
    b.term(top, p)
    b.term(top, on, -10.0)
    balance = b.rows("balance", unit="MW", over={"time": np.arange(1)}, equal=np.array([10.0]))
    b.term(balance, p)
    b.term(balance, c)

    def expand(element, step):
        row = np.arange(len(element))
        return row, p[np.zeros(len(row), int), step], np.ones(len(row)), np.zeros(len(row))

    line = {"line": np.arange(1), "time": np.arange(1)}
    b.lazy("line", unit="MW", over=line, bounds=(-np.inf, 6.0), expand=expand, activity=lambda x, s: x[p[:1, s]])
    return Relaxed(b.form(), b.lazy_families)


@pytest.mark.parametrize(("gap", "searches", "cost"), [(0.0, 2, 150.0), (0.5, 1, 185.0)])
def test_values_that_break_rows_are_completed(monkeypatch, gap, searches, cost):
    """The whole values of the first search cost 185 once the row is kept: near enough to its 105 or searched again with the row."""
    seen, given, found = [], Highs.search, []

    def search(self, **more):
        seen.append(1)
        return given(self, **more)

    monkeypatch.setattr(Highs, "search", search)
    attempts = tried(behind_a_line())
    attempts.progress = found.append
    end = attempts.attempt("all", np.zeros(2, bool), np.zeros(2), gap=gap)
    assert len(seen) == searches and "cost 185" in found[0]
    assert end.done and end.cost == pytest.approx(cost) and attempts.cost == pytest.approx(cost)
    assert not attempts.relaxed.broken(attempts.x) and attempts.relaxed.added["line"].shape == (3, 1)


def test_what_misses_its_gap_when_time_is_up_is_not_done(monkeypatch):
    attempts, given = tried(behind_a_line()), Attempts.completed

    def completed(self, x):
        self.stop.set()
        return given(self, x)

    monkeypatch.setattr(Attempts, "completed", completed)
    end = attempts.attempt("all", np.zeros(2, bool), np.zeros(2), gap=0.0)
    assert not end.done and end.cost == pytest.approx(185) and end.bound == pytest.approx(105)


def test_what_costs_more_than_the_best_is_not_completed(monkeypatch):
    """105 is no better than 100, and with the row it would cost more."""
    monkeypatch.setattr(Attempts, "completed", None)
    attempts = tried(behind_a_line())
    attempts.best.x, attempts.best.cost = np.zeros(len(attempts.relaxed.form.cost)), 100.0
    end = attempts.attempt("all", np.array([False, True]), np.zeros(2), gap=0.0)
    assert end.x is None and attempts.cost == 100.0


def tried(relaxed: Relaxed, stop: threading.Event | None = None) -> Attempts:
    """Attempts with a bound far below all costs."""
    return Attempts(relaxed, Highs, Search(0.1, stop=stop), lambda x: x, -1000.0, lambda text: None)


def test_a_failure_beside_is_raised_only_where_something_is_missing(monkeypatch):
    """What has met its gap needs no bound any more, and tells; without any schedule it is raised."""

    def fails(attempts, root=False):
        raise SolverFailed("an error in its own arithmetic")

    def slowly(attempts):
        time.sleep(0.5)
        found_it(attempts)

    monkeypatch.setattr(bounds, "everything", fails)
    with pytest.raises(SolverFailed, match="arithmetic"):
        side_by_side(tried(crowd(count=5, steps=1)), lambda attempts: None, cuts=False)
    attempts, said = tried(crowd(count=5, steps=1)), []
    attempts.best.bound, attempts.progress = -0.05, said.append
    monkeypatch.setattr(bounds, "LISTEN_S", 5.0)
    side_by_side(attempts, slowly, cuts=False)
    assert attempts.met and "arithmetic" in said[-1]


def found_it(attempts: Attempts) -> None:
    attempts.offer(np.zeros(len(attempts.relaxed.form.cost)), "first")


def test_what_went_wrong_with_a_schedule_known_is_told(monkeypatch):
    """The other search goes on to its end, and the schedule is kept: a fault of the solver takes nothing away. One of the code is raised."""
    said, attempts = [], tried(crowd(count=5, steps=1))

    def slowly(attempts, root=False):
        time.sleep(0.3)
        attempts.prove(-900.0)

    def fails(attempts):
        raise Infeasible("values that hold but for rounding")

    monkeypatch.setattr(bounds, "everything", slowly)
    found_it(attempts)
    attempts.progress = said.append
    side_by_side(attempts, fails, cuts=False)
    assert said == ["a search ended: values that hold but for rounding"] and attempts.bound == -900.0 and not attempts.met
    with pytest.raises(ZeroDivisionError):
        side_by_side(attempts, lambda attempts: 1 / 0, cuts=False)


def test_an_interruption_waits_for_what_the_solver_has(monkeypatch):
    """It gives its values once it hears; they are not lost."""
    attempts, end = tried(crowd(count=5, steps=1)), threading.Event()
    attempts.best.x, attempts.best.cost = np.ones(len(attempts.relaxed.form.cost)), 1e9

    def hears_late(attempts, root=False):
        while not attempts.stop.is_set():
            time.sleep(0.01)
        time.sleep(0.5)
        found_it(attempts)

    monkeypatch.setattr(bounds, "everything", hears_late)
    threading.Timer(0.2, attempts.stop.set).start()
    side_by_side(attempts, lambda attempts: end.wait(0.1), cuts=False)
    assert attempts.cost == 0.0 and not attempts.met


def test_what_others_left_takes_no_time_of_a_search(monkeypatch):
    monkeypatch.setattr(bounds, "everything", lambda attempts, root=False: None)
    attempts = Attempts(crowd(count=5, steps=1), Highs, Search(0.1, seconds=100.0), lambda x: x, -1000.0, lambda text: None)
    with ThreadPoolExecutor(1) as pool:
        LEFT.append(pool.submit(time.sleep, 2.0))
        side_by_side(attempts, lambda attempts: None, cuts=False)
    assert 98.5 < attempts.left <= 100.0 and not LEFT


def test_a_failure_of_the_search_ends_what_runs_beside(monkeypatch):
    ended = threading.Event()

    def goes_on(attempts, root=False):
        while not attempts.enough.is_set():
            time.sleep(0.01)
        ended.set()

    def fails(attempts):
        raise SolverFailed("rows were still broken")

    monkeypatch.setattr(bounds, "everything", goes_on)
    with pytest.raises(SolverFailed, match="still broken"):
        side_by_side(tried(crowd(count=5, steps=1)), fails, cuts=False)
    assert ended.wait(20)


def test_no_schedule_at_all_ends_what_runs_beside(monkeypatch):
    """The search for schedules hears that there is none, and so does who asked."""

    def fails(attempts, root=False):
        raise Infeasible("no dispatch satisfies all limits")

    def looks_on(attempts):
        while not attempts.over:
            time.sleep(0.01)

    monkeypatch.setattr(bounds, "everything", fails)
    attempts = tried(crowd(count=5, steps=1))
    with pytest.raises(Infeasible):
        side_by_side(attempts, looks_on, cuts=False)
    assert not attempts.stop.is_set()


@pytest.mark.parametrize("deaf", ["bounds", "costs"])
def test_nobody_waits_for_a_solver_that_has_not_heard_yet(monkeypatch, deaf):
    """Only the next pair does. What is still searched may write rows; who goes on has those of before."""
    heard, attempts = threading.Event(), tried(crowd(count=5, steps=1))
    attempts.best.bound, rows = -0.05, attempts.relaxed
    waits, finds = (lambda attempts, root=False: heard.wait(20)), (lambda attempts, root=False: found_it(attempts))
    monkeypatch.setattr(bounds, "everything", waits if deaf == "bounds" else finds)
    begun = time.monotonic()
    side_by_side(attempts, finds if deaf == "bounds" else waits, cuts=False)
    assert attempts.met and time.monotonic() - begun < 5 and (attempts.relaxed is rows) == (deaf == "bounds")
    left = list(LEFT)
    assert not all(f.done() for f in left)
    threading.Timer(0.2, heard.set).start()
    wait_for_the_rest()
    assert all(f.done() for f in left) and not LEFT
