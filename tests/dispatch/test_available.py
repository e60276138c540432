"""Available output as one column of a search: the same best values at the same cost, and rows that a search can cut from."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridopt.dispatch.attempts import Attempts
from gridopt.dispatch.available import AS_IT_IS, available
from gridopt.dispatch.formulate import formulate, implied
from gridopt.dispatch.lazy import Relaxed, solve
from gridopt.dispatch.single import dispatch
from gridopt.dispatch.whole import Search, decide
from gridopt.program.highs import Highs
from gridopt.program.solution import Infeasible
from tests.support.block_cases import buses, line, load, power_case
from tests.support.reserved import system

whole = st.integers


def fleet(units, demand, need, steps=1, **kw):
    """Units (least, most, cost at least, slope) with `need` MW of upward reserve, on or off for `steps` hours."""
    rows = dict(
        bus=buses("A"),
        generator=[dict(generator=f"g{i}", bus="A", power_min_mw=float(low), power_max_mw=float(high), cost_cny_per_h=float(fixed),
                        cost_cny_per_mwh=float(slope), ramp_fraction_per_min=ramp)
                   for i, (low, high, fixed, slope, ramp) in enumerate(units)],
        commitment=[dict(kind="generator", element=f"g{i}") for i in range(len(units))],
        load=[load("A", mean=float(demand))],
        reserve=[dict(reserve="up", product="spinning_up", requirement_mw=float(need))],
        reserve_shortage=[dict(reserve="up", power_mw=500.0, cost_cny_per_mwh=700.0)],
        reserve_offer=[dict(reserve="up", kind="generator", element="")],
    )  # fmt: skip
    return replace(power_case(steps, **rows | kw), commitment="exact")


TWO = [(20, 60, 100, 10, None), (10, 40, 300, 20, None)]


def test_A1_A3_rows_of_two_units_by_hand():
    """g0 20 to 60 MW, g1 10 to 40 MW; 50 MW of load, 15 of reserve. Limits hold b = a + r alone, (U4) b <= (M - m) u, and the requirement
    asks for 20 u0 + b0 + 10 u1 + b1 + shortage + shed load >= 65."""
    model = formulate(fleet(TWO, 50, 15))
    form, seen = model.builder.form(), available(model)
    laid = seen.laid(form)
    assert len(seen.award) == 2 and len(laid.row_lower) == len(form.row_lower) + 2
    ids = {f.name: f.ids for f in (*model.builder.row_families, *model.builder.column_families)}
    above, award, on = (ids[n].ravel() for n in ("commitment.above", "reserve.award", "commitment.on"))
    dense = laid.matrix.toarray()
    for most, room, b, u in zip(ids["commitment.most"].ravel(), (40.0, 30.0), award, on, strict=True):
        assert np.flatnonzero(dense[most]).tolist() == sorted([b, u]) and dense[most, u] == -room
    need = dense[ids["reserve.requirement"].ravel()[0]]
    assert need[award].tolist() == [1, 1] and need[above].tolist() == [0, 0] and need[on].tolist() == [20, 10]
    assert laid.row_lower[ids["reserve.requirement"].ravel()[0]] == pytest.approx(65.0)
    assert dense[-2:, award].tolist() == [[1, 0], [0, 1]] and dense[-2:, above].tolist() == [[-1, 0], [0, -1]]
    assert np.allclose(form.matrix.toarray(), model.builder.form().matrix.toarray())  # the program itself stays as it was


def test_what_a_unit_may_hold_at_most_stays_a_limit():
    """Awards of at most 5 MW: b - a <= 5 is written, and the reserve that the search finds keeps it."""
    offers = [dict(reserve="up", kind="generator", element="", award_max_mw=5.0)]
    case = fleet(TWO, 50, 30, reserve_offer=offers)
    model = formulate(case)
    laid = available(model).laid(model.builder.form())
    assert laid.row_upper[-2:].tolist() == [5.0, 5.0]
    best = np.array([searched(case, way) for way in (False, True)])
    assert best[0] == pytest.approx(best[1]) and best[1, 0] == pytest.approx(best[1, 1])


def searched(case, seen: bool) -> tuple[float, float]:
    """Cost and proven bound of the whole program searched, no dive and no other search before; seen: in (A1)."""
    model = formulate(case)
    relaxed = Relaxed(model.builder.form(), model.builder.lazy_families)
    relaxed.used |= relaxed.form.upper > 0
    way = available(model) if seen else AS_IT_IS
    attempts = Attempts(relaxed, Highs, Search(0.0), partial(implied, model), -np.inf, lambda text: None, way)
    nothing = np.zeros(len(attempts.ids), bool)
    found = attempts.attempt("whole program", nothing, np.zeros(len(nothing)), gap=0.0)
    return attempts.cost, found.bound


@pytest.mark.parametrize("offer", (dict(award_max_mw=0.0), dict(award_max_mw=0.0, offline_max_mw=20.0)))
def test_a_unit_that_may_hold_nothing_keeps_its_output(offer):
    """Offers of nothing, or only while off: no column to change, and the same best schedule with the same bound."""
    case = fleet(TWO, 50, 10, reserve_offer=[dict(reserve="up", kind="generator", element="", **offer)])
    assert not len(available(formulate(case)).award)
    assert dispatch(case, search=Search(0.0)).solution.objective == pytest.approx(searched(case, False)[0])


def test_a_reserve_that_is_asked_for_in_some_steps_only():
    """Retired after the first of three hours: where nothing may be held the output stays a column by itself."""
    case = fleet(TWO, 50, 15, 3)
    retires = case.table("reserve").assign(retirement=case.time.start[1].astype("datetime64[s]"))
    case = replace(case, tables=dict(case.tables) | {"reserve": retires})
    assert len(available(formulate(case)).award) == 2
    (cost, bound), (other, above) = (searched(case, way) for way in (False, True))
    assert other == pytest.approx(cost) and above == pytest.approx(bound) and bound == pytest.approx(cost)


def test_two_reserves_upward_leave_a_unit_as_it_was():
    reserve = [dict(reserve=n, product=p, requirement_mw=5.0) for n, p in (("up", "spinning_up"), ("agc", "regulation"))]
    offers = [dict(reserve="up", kind="generator", element=""), dict(reserve="agc", kind="generator", element="g1")]
    model = formulate(fleet(TWO, 50, 0, reserve=reserve, reserve_offer=offers))
    seen = available(model)
    place = model.case.reserve_offers.name.tolist().index("up/generator/g0")
    ((_, award, _),) = model.builder.port("award").offers()
    assert seen.award.tolist() == award[place].tolist()


def test_nothing_to_hold_beside_the_output():
    model = formulate(fleet(TWO, 50, 0, reserve=[], reserve_shortage=[], reserve_offer=[]))
    form = model.builder.form()
    assert available(model) is AS_IT_IS and AS_IT_IS.laid(form) is form
    x = np.arange(len(form.cost), dtype=float)
    assert (AS_IT_IS.into(x) == x).all() and (AS_IT_IS.back(x) == x).all()


def test_A3_a_zone_of_two_areas_takes_the_balance_of_both():
    """Two areas without a line between them, one reserve for both: two pairs."""
    rows = dict(bus=buses("A", "B"), load=[load("A", mean=30.0), load("B", mean=20.0)])
    case = fleet(TWO, 0, 10, **rows)
    case = replace(case, tables=dict(case.tables) | {"generator": case.table("generator").assign(bus=["A", "B"])})
    model = formulate(case)
    seen = available(model)
    assert len(seen.requirement) == 2 and len(np.unique(seen.balance)) == 2 and len(np.unique(seen.requirement)) == 1
    joined = formulate(fleet(TWO, 0, 10, line=[line("A", "B")], **rows))
    assert len(available(joined).requirement) == 1


unit = st.tuples(whole(1, 20), whole(0, 30), whole(0, 400), whole(1, 40), st.sampled_from([None, 0.01, 0.02])).map(
    lambda u: (u[0], u[0] + u[1], *u[2:])
)


@settings(max_examples=20, deadline=None)
@given(units=st.lists(unit, min_size=1, max_size=4), demand=whole(0, 80), need=whole(0, 40), steps=whole(1, 3))
def test_the_same_optimum_relaxed_and_whole(units, demand, need, steps):
    """The linear program has the same optimum either way, values go over and back, and so do whole values searched in either."""
    model = formulate(fleet(units, demand, need, steps))
    relaxed, seen = Relaxed(model.builder.form(), model.builder.lazy_families), available(model)
    try:
        first = solve(relaxed)
    except Infeasible:
        return
    form = relaxed.form
    laid, x = seen.laid(form), seen.into(first.x)
    activity = laid.matrix @ x
    assert (activity >= laid.row_lower - 1e-6).all() and (activity <= laid.row_upper + 1e-6).all()
    assert (x >= laid.lower - 1e-6).all() and (x <= laid.upper + 1e-6).all()
    assert seen.back(x) == pytest.approx(first.x) and laid.cost @ x == pytest.approx(form.cost @ first.x, rel=1e-9, abs=1e-6)
    again = solve(Relaxed(laid, []))
    assert again.objective == pytest.approx(first.objective, rel=1e-9, abs=1e-6)
    plain, other = (
        decide(Relaxed(model.builder.form(), model.builder.lazy_families), Search(0.0), implied=partial(implied, model), available=way)
        for way in (AS_IT_IS, seen)
    )
    assert other.objective == pytest.approx(plain.objective, rel=1e-9, abs=1e-6)


def single(seed: int):
    """A random system in which every element keeps its first upward award alone."""
    case = replace(system(seed), commitment="exact")
    table, product = case.table("reserve_offer"), case.table("reserve")["product"]
    up = table["reserve"].map(product).isin(["regulation", "regulation_up", "spinning_up"])
    first = table["reserve"][up].iloc[:1]
    kept = table[~up | table["reserve"].isin(first)]
    return replace(case, tables=dict(case.tables) | {"reserve_offer": kept})


@pytest.mark.parametrize("seed", range(16))
def test_the_same_best_schedule_with_everything_that_reserves_know(seed):
    """Nested, shared, in rows of several units, with stores, shortage and awards of nothing: cost and bound of the whole search stay."""
    case = single(seed)
    try:
        cost, bound = searched(case, False)
    except Infeasible:
        with pytest.raises(Infeasible):
            searched(case, True)
        return
    other, above = searched(case, True)
    assert other == pytest.approx(cost, rel=1e-6, abs=1e-4) and above == pytest.approx(bound, rel=1e-6, abs=1e-4)


def test_the_random_systems_have_awards_to_see():
    """Without them the test above compares programs with themselves."""
    assert sum(len(available(formulate(single(seed))).award) > 0 for seed in range(16)) >= 5
