"""The ladder of a long horizon: it changes the time of a solution and nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridopt.dispatch import release, single
from gridopt.dispatch.formulate import formulate
from gridopt.dispatch.lazy import Relaxed, solve
from gridopt.dispatch.plan import Estimate, plan, refine
from gridopt.dispatch.single import dispatch
from gridopt.program.highs import BASIC, LOWER
from tests.support.block_cases import buses, line, load, power_case, unit
from tests.support.meshed import meshed, meshed_rows
from tests.support.optimum import assert_optimal
from tests.support.small import case

HOURS = 96


def stored(seed: int, volume: float = 20.0, **kw):
    """Four days on two buses: a battery, a reservoir (seasonal if its volume hm3 is large), wind; data at random."""
    rng = np.random.default_rng(seed)
    rows = dict(
        bus=buses("A", "B"),
        line=[line("A", "B", 60.0)],
        unit=[unit("A", 20, 60.0), unit("B", 50, 80.0), unit("B", 90, 200.0)],
        renewable=[dict(renewable="w", bus="A", technology="wind", profile="w", power_max_mw=90.0)],
        storage=[dict(storage="s", bus="B", technology="battery", power_max_mw=15.0, energy_max_mwh=45.0, charge_efficiency=0.9,
                      discharge_efficiency=0.9, energy_start_fraction=0.4)],
        reservoir=[dict(reservoir="r", bus="B", power_max_mw=40.0, power_mw_per_m3s=1.0, volume_max_hm3=volume, volume_start_hm3=9.0,
                        volume_end_hm3=7.0, profile="i")],
        load=[load("A", "d", 30.0), load("B", "d", 90.0)],
    )  # fmt: skip
    series = {"w": rng.uniform(0, 1, HOURS), "i": rng.uniform(5, 30, HOURS), "d": rng.uniform(0.6, 1.4, HOURS)}
    return power_case(HOURS, series=series, **(rows | kw))


@pytest.fixture
def short_ladder(monkeypatch):
    lengths = (("RUNGS_H", (12.0, 4.0, 2.0)), ("PIECE_H", 24.0), ("WEEK_H", 12.0), ("DAY_H", 2.0), ("CHAIN", 3))
    for name, value in (("LONG_H", 24.0), ("LEAST_PIECE", 3), *lengths):
        monkeypatch.setattr(single, name, value)


def plain(case) -> float:
    model = formulate(case)
    return solve(Relaxed(model.builder.form(), model.builder.lazy_families)).objective


@pytest.mark.parametrize("volume", [20.0, 200.0])
@pytest.mark.parametrize("seed", range(6))
def test_the_ladder_reaches_the_optimum(seed, volume, short_ladder):
    case = stored(seed, volume)
    solution = dispatch(case).solution
    assert solution.objective == pytest.approx(plain(case), rel=1e-9) and abs(solution.gap) < 1e-9


@pytest.mark.parametrize("change", [0.0, 0.02])
@pytest.mark.parametrize("volume", [20.0, 200.0])
def test_columns_left_out_too_boldly_come_back(volume, change, short_ladder, monkeypatch):
    monkeypatch.setattr(release, "CHANGE", change)
    monkeypatch.setattr(release, "SEAM", 1)
    case = stored(3, volume)
    solution = dispatch(case).solution
    assert solution.objective == pytest.approx(plain(case), rel=1e-9) and abs(solution.gap) < 1e-9


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), power=st.floats(20.0, 120.0))
def test_also_where_load_must_be_shed_in_some_hours(seed, power):
    case = stored(seed, unit=[unit("A", 20, 20.0), unit("B", 90, power)])
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("LONG_H", 24.0), ("RUNGS_H", (12.0, 4.0)), ("WEEK_H", 24.0), ("DAY_H", 2.0), ("LEAST_PIECE", 3)):
            patch.setattr(single, name, value)
        solution = dispatch(case).solution
    assert solution.objective == pytest.approx(plain(case), rel=1e-9) and abs(solution.gap) < 1e-9


def test_the_way_up_is_used(short_ladder):
    said = []
    dispatch(stored(1), progress=said.append)
    assert "approach in steps of 2 h" in said and not any("starting from nothing" in s for s in said)
    assert next(s for s in said if s.startswith("round 1")).endswith(" 0 iterations")


def test_two_runs_are_the_same_bit_by_bit(short_ladder):
    one, two = (dispatch(stored(2), workers=w).solution for w in (1, 2))
    assert one.x.tobytes() == two.x.tobytes() and one.y.tobytes() == two.y.tobytes()


def test_an_estimate_is_laid_onto_finer_steps():
    case = stored(0)
    coarse, fine = (formulate(case.on_time(case.time.coarsen(g))).builder for g in (4, 2))
    form = coarse.form()
    known = Estimate(np.arange(len(form.cost), dtype=float), np.ones(len(form.row_lower)), np.full(len(form.cost), LOWER, np.int32),
                     np.full(len(form.row_lower), BASIC, np.int32), {"f": (np.array([3]), np.array([5]), np.array([LOWER]))})  # fmt: skip
    inside = np.repeat(np.arange(coarse.steps), 2)
    found = refine(known, coarse, fine, inside, np.full(fine.steps, 0.5))
    for a, b in zip(coarse.column_families, fine.column_families, strict=True):
        assert (found.x[b.ids] == known.x[a.ids][..., inside]).all()
    for f in fine.row_families:
        assert (found.y[f.ids] == (1.0 if f.unit in ("MWh", "hm3") else 0.5)).all()
    element, step, status = found.lazy["f"]
    assert element.tolist() == [3, 3] and step.tolist() == [10, 11] and status.tolist() == [LOWER, LOWER]


def test_levels_at_a_cut_are_those_of_the_step_before_it():
    model = formulate(stored(0))
    relaxed, builder = Relaxed(model.builder.form(), model.builder.lazy_families), model.builder
    known = Estimate(np.zeros(len(relaxed.form.cost)), np.zeros(relaxed.core), np.zeros(len(relaxed.form.cost), np.int32),
                     np.zeros(relaxed.core, np.int32), {})  # fmt: skip
    order = plan(relaxed, builder, known)
    at = order.columns[order.levels_before(24)]
    wanted = [f.ids[..., 23].ravel() for f in builder.column_families if f.name in ("storage.energy", "hydro.volume")]
    assert sorted(at) == sorted(np.concatenate(wanted))


def test_a_second_dispatch_starts_from_the_first():
    """One hour's load 3 % higher: the same optimum as from nothing, in fewer iterations; unchanged data need none."""
    rows, series = meshed_rows(5, hours=24)
    usual = case(24, series=series, **rows)
    first = dispatch(usual)
    again = dispatch(usual, before=first)
    assert again.solution.statistics["iterations"] == 0 and again.solution.objective == pytest.approx(first.solution.objective, rel=1e-12)
    changed = {k: v.copy() for k, v in series.items()}
    changed["d"][7] *= 1.03
    more = case(24, series=changed, **rows)
    fresh, warm = dispatch(more), dispatch(more, before=first)
    assert_optimal(warm)
    assert warm.solution.objective == pytest.approx(fresh.solution.objective, rel=1e-12)
    assert warm.solution.statistics["iterations"] < fresh.solution.statistics["iterations"] / 2


def test_a_start_from_another_network_is_no_start():
    """Families with other members tell the program nothing: it starts from nothing and finds its own optimum."""
    rows, series = meshed_rows(5, hours=24)
    first, other = dispatch(case(24, series=series, **rows)), meshed(6, hours=24)
    assert dispatch(other, before=first).solution.objective == pytest.approx(dispatch(other).solution.objective, rel=1e-12)
