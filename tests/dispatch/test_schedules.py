"""Schedules that a dive tries: nearest first, then by what those before have cost; against all there are."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridopt.dispatch.attempts import Attempts, Search
from gridopt.dispatch.holding import Held
from gridopt.dispatch.lazy import Loaded, Relaxed, scaled, solve
from gridopt.dispatch.schedules import scheduled
from gridopt.program.builder import Builder
from tests.dispatch.test_dive import PRESOLVED


def levels_of(load, price, most, money) -> tuple[Attempts, Held, np.ndarray]:
    """Whole levels n[t], `most` in all, each 1 MW for nothing; what they leave of the load MW costs price CNY/MW. The gap is one of money."""
    steps = len(load)
    b = Builder(steps)
    over = {"time": np.arange(steps)}
    n = b.columns("level", unit="1", over=over, upper=9.0, integer=True)
    other = b.columns("other", unit="MW", over=over, upper=99.0)
    b.cost("other", other, np.array(price, float))
    served = b.rows("served", unit="MW", over=over, lower=np.array(load, float))
    b.term(served, n)
    b.term(served, other)
    b.term(b.rows("energy", unit="1", over={"all": np.arange(1)}, upper=float(most)), n[None])
    relaxed = Relaxed(b.form(), b.lazy_families)
    loaded = scaled(Loaded.load(relaxed, PRESOLVED))
    first = solve(relaxed, program=PRESOLVED, loaded=loaded)
    attempts = Attempts(relaxed, PRESOLVED, Search(gap=0.0, money=money), lambda x: x, first.bound, lambda text: None)
    return attempts, Held(attempts, loaded), first.x


def tries(attempts, held, x):
    """Whether levels may be searched afterwards, and the levels of each schedule that was settled."""
    seen = []

    def settle(found):
        seen.append(found[: len(attempts.ids)].round(6).tolist())
        attempts.offer(found, "schedule")
        return attempts.cost

    return scheduled(held, x, settle), seen


def test_S3_what_a_schedule_has_cost_leads_to_the_next():
    """2.45 and 2.55 MW, 5 levels: the nearest is 2 and 3, and 0.45 MW at 100 are 45. One level more in the first step saves 100 each, so
    45 - 100 (n - 2) <= 1 asks for 3 there: 3 and 2, 0.55 MW at 1."""
    attempts, held, x = levels_of([2.45, 2.55], [100, 1], 5, money=1.0)
    assert x[:2].tolist() == pytest.approx([2.45, 2.55]) and attempts.bound == pytest.approx(0.0)
    assert tries(attempts, held, x) == (True, [[2, 3], [3, 2]])
    assert attempts.cost == pytest.approx(0.55) and attempts.met


def test_S3_where_no_levels_meet_the_gap_there_is_nothing_to_search():
    """The same with 4 levels, where the relaxation leaves 1 MW at 1: 2 and 2 cost 45.55, 3 and 1 cost 1.55. For less than 0.1 more than the
    bound there is none, and the cheapest that was tried is settled."""
    attempts, held, x = levels_of([2.45, 2.55], [100, 1], 4, money=0.1)
    assert attempts.bound == pytest.approx(1.0)
    assert tries(attempts, held, x)[0] is False
    assert attempts.cost == pytest.approx(1.55) and not attempts.met


def test_S3_a_cost_that_no_level_changes_leaves_nothing_to_try():
    """Half a MW beyond what nine levels give."""
    attempts, held, x = levels_of([9.5], [100], 9, money=1.0)
    attempts.best.bound = 10.0
    assert tries(attempts, held, x) == (False, [[9]]) and attempts.cost == pytest.approx(50)


@pytest.mark.parametrize("settling", [0.4, 0.5])
def test_S4_what_settling_costs_is_left_out_of_the_aim(settling):
    """3 and 2 cost 0.55: with 0.4 for what they open they are within 1, with 0.5 they are not, and less than 0.48 before that cost none."""
    attempts, held, x = levels_of([2.45, 2.55], [100, 1], 5, money=1.0)
    offered = []

    def settle(found):
        offered.append(found[:2].round(6).tolist())
        attempts.best.x, attempts.best.cost = found, float(found[2:] @ [100, 1]) + settling
        return attempts.cost

    assert scheduled(held, x, settle) is attempts.met is (settling == 0.4)
    assert offered == [[2, 3], [3, 2]]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(0.1, 4.0), st.integers(1, 50)), min_size=2, max_size=4), st.integers(2, 9), st.floats(0.0, 20.0))
def test_S1_what_is_not_left_does_not_exist(given_steps, most, money):
    """Against every schedule: where none is left, none meets the gap; what is offered is one, and its cost its own."""
    load, price = (np.array(v, float) for v in zip(*given_steps, strict=True))
    attempts, held, x = levels_of(load, price, most, money)
    if np.abs(x[: len(load)] - np.round(x[: len(load)])).max() < 1e-6:
        return
    every = [np.array(n) for n in itertools.product(range(5), repeat=len(load)) if sum(n) <= most]
    best = min(float(price @ np.maximum(load - n, 0.0)) for n in every)
    may, seen = tries(attempts, held, x)
    assert attempts.cost >= best - 1e-6 and len(seen) >= 1
    if not may:
        assert best > attempts.target - 1e-6
    if attempts.met:
        assert attempts.cost <= attempts.bound + money + 1e-6
