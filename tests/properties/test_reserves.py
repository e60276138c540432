"""Energy and reserve together on one bus, for any data: against a program written by hand, and against every choice of units."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from gridopt.dispatch.single import dispatch
from gridopt.dispatch.whole import Search
from tests.support.block_cases import buses, load, power_case
from tests.support.certify import certificate
from tests.support.optimum import assert_optimal
from tests.support.reserved import system

LOST = 10000.0
whole = st.integers


@st.composite
def systems(draw) -> dict:
    """Generators with least output, ramp and offers for a quick and a slow reserve; awards of the quick one count for the slow one."""
    n = draw(whole(1, 4))
    many = dict(min_size=n, max_size=n)
    return dict(
        least=np.array(draw(st.lists(whole(0, 20), **many)), float),
        room=np.array(draw(st.lists(whole(1, 80), **many)), float),
        cost=np.array(draw(st.lists(whole(1, 60), **many)), float),
        fixed=np.array(draw(st.lists(whole(0, 200), **many)), float),
        ramp=np.array(draw(st.lists(whole(1, 8), **many)), float),
        quick=np.array(draw(st.lists(whole(0, 9), **many)), float),
        slow=np.array(draw(st.lists(whole(0, 9), **many)), float),
        demand=float(draw(whole(0, 200))),
        required=(float(draw(whole(0, 40))), float(draw(whole(0, 80)))),
        minutes=(2.0, 7.0),
        missing=(float(draw(whole(50, 150))), float(draw(whole(10, 90)))),
    )


def build(s: dict, committed: bool):
    """The system as a case."""
    names = [f"g{i}" for i in range(len(s["cost"]))]
    return power_case(
        bus=buses("A"),
        generator=[
            dict(generator=g, bus="A", power_min_mw=a, power_max_mw=a + r, cost_cny_per_mwh=c, cost_cny_per_h=f,
                 ramp_fraction_per_min=float(v / (a + r)))
            for g, a, r, c, f, v in zip(names, s["least"], s["room"], s["cost"], s["fixed"], s["ramp"], strict=True)
        ],
        load=[load("A", mean=s["demand"])],
        reserve=[dict(reserve=q, product="spinning_up", requirement_mw=d, response_min=m)
                 for q, d, m in zip(("quick", "slow"), s["required"], s["minutes"], strict=True)],
        reserve_nesting=[dict(reserve="quick", counts_for="slow")],
        reserve_shortage=[dict(reserve=q, cost_cny_per_mwh=c) for q, c in zip(("quick", "slow"), s["missing"], strict=True)],
        reserve_offer=[dict(reserve=q, kind="generator", element=g, cost_cny_per_mwh=c)
                       for q in ("quick", "slow") for g, c in zip(names, s[q], strict=True)],
        **(dict(commitment=[dict(kind="generator", element=g) for g in names]) if committed else {}),
    )  # fmt: skip


def cost_by_hand(s: dict, on: np.ndarray) -> float:
    """Least cost with the units `on`: columns p above least output, quick and slow awards of each, two shortages, shedding, surplus."""
    n, (quick, slow), (m, k) = len(on), s["required"], s["minutes"]
    cost = np.concatenate([s["cost"], s["quick"], s["slow"], s["missing"], [LOST, LOST]])
    one, zero, eye = np.ones(n), np.zeros(n), np.eye(n)
    above, below = np.concatenate([eye, eye, eye, np.zeros((n, 4))], axis=1), np.concatenate([0 * eye, eye, eye, np.zeros((n, 4))], axis=1)
    rows = np.concatenate([above, below, [-np.concatenate([zero, one, zero, [1, 0, 0, 0]]), -np.concatenate([zero, one, one, [0, 1, 0, 0]])]])
    limit = np.concatenate([s["room"] * on, k * s["ramp"], [-quick, -slow]])
    balance = np.concatenate([one, zero, zero, [0, 0, 1, -1]])[None]
    upper = [*(s["room"] * on), *(m * s["ramp"] * on), *(k * s["ramp"] * on), *([None] * 2), s["demand"], None]
    found = linprog(cost, rows, limit, balance, [s["demand"] - s["least"] @ on], [(0, u) for u in upper])
    return found.fun + (s["fixed"] + s["least"] * s["cost"]) @ on


@settings(max_examples=25, deadline=None, derandomize=True)
@given(systems())
def test_energy_and_reserve_cost_what_a_program_by_hand_says(s):
    d = dispatch(build(s, False))
    assert_optimal(d)
    checked = certificate(d)
    assert checked.passed, checked.failed
    assert d.solution.objective == pytest.approx(cost_by_hand(s, np.ones(len(s["cost"]))), rel=1e-7, abs=1e-5)


@settings(max_examples=12, deadline=None, derandomize=True)
@given(systems())
def test_commitment_with_reserve_is_the_best_of_all_choices(s):
    d = dispatch(replace(build(s, True), commitment="exact"), search=Search(gap=0.0))
    checked = certificate(d)
    assert checked.passed, checked.failed
    best = min(cost_by_hand(s, np.array(on, float)) for on in product((0, 1), repeat=len(s["cost"])))
    assert d.solution.objective == pytest.approx(best, rel=1e-7, abs=1e-5)


@settings(max_examples=8, deadline=None, derandomize=True)
@given(st.integers(0, 10**6))
def test_any_system_with_reserves_is_certified(seed):
    """With decisions between, whole ones, none: no check refuses them; what lies between costs no more than what is whole."""
    costs = []
    for commitment in ("relaxed", "exact", "off"):
        d = dispatch(replace(system(seed), commitment=commitment), search=Search(gap=1e-7))
        checked = certificate(d)
        assert checked.passed, (commitment, checked.failed)
        costs.append(d.solution.objective)
    assert costs[0] <= costs[1] + 1e-6 * max(abs(costs[1]), 1.0)
