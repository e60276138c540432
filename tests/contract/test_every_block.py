"""What every block must do, whatever it models. A new module in gridopt/blocks without a case here fails the first test."""

import pkgutil
from functools import cache

import numpy as np
import pytest

import gridopt.blocks
from gridopt.dispatch.formulate import BLOCKS
from gridopt.dispatch.lmp import price
from gridopt.dispatch.single import dispatch
from gridopt.dispatch.whole import Search
from tests.support.block_cases import BLOCK_CASES, buses
from tests.support.optimum import assert_optimal
from tests.support.small import case

NAMES = sorted(m.name for m in pkgutil.iter_modules(gridopt.blocks.__path__))


@cache
def solved(name, minutes=60):
    return dispatch(BLOCK_CASES[name].build(minutes), search=Search(gap=0.0))


def test_every_module_is_registered_and_has_a_case():
    assert sorted(b.__name__.rsplit(".", 1)[1] for b in BLOCKS) == NAMES
    assert sorted(BLOCK_CASES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_optimum_is_proven(name):
    """Feasible for every row of every family, duality gap below 1e-7, complementary slackness."""
    for minutes in (60, 15):
        assert_optimal(solved(name, minutes))


@pytest.mark.parametrize("name", NAMES)
def test_the_case_exercises_the_block(name):
    """Leaving the block's tables out changes the cost; otherwise the case would prove nothing about the block."""
    case = BLOCK_CASES[name]
    assert dispatch(case.build(without=case.own)).solution.objective != pytest.approx(solved(name).solution.objective, rel=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_empty_tables(name):
    """The network solves with the block's tables empty, and the proof holds."""
    case = BLOCK_CASES[name]
    assert_optimal(dispatch(case.build(without=case.own)))


@pytest.mark.parametrize("minutes", [30, 15, 5])
@pytest.mark.parametrize("name", NAMES)
def test_cutting_the_hours_changes_nothing(name, minutes):
    """Hourly data on 30, 15 and 5 min steps: same cost (1e-6 relative), same costs by name, same prices."""
    whole, cut = solved(name), solved(name, minutes)
    assert cut.solution.objective == pytest.approx(whole.solution.objective, rel=1e-6)
    assert cut.costs == pytest.approx(whole.costs, rel=1e-6, abs=1e-6)
    hourly = np.repeat(price(whole).price, 60 // minutes, axis=1)
    assert price(cut).price == pytest.approx(hourly, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_names_of_results_and_families(name):
    """Quantities are finite, shaped like their dimensions, with unit and both languages; families have a unit and block.names."""
    d = solved(name)
    size = {"time": len(d.case.time), "branch": len(d.case.grid.branches.ids)} | {t: len(f) for t, f in d.case.tables.items()}
    size["award"] = len(d.case.reserve_offers)
    for key, q in d.quantities.items():
        assert q.values.shape == tuple(size[x] for x in q.dims), key
        assert np.isfinite(q.values).all() and q.unit and q.meaning and q.meaning_zh, key
    builder = d.model.builder
    for family in (*builder.column_families, *builder.row_families, *(f.family for f in builder.lazy_families)):
        assert family.unit and family.name.split(".")[0] in NAMES, family.name


def test_a_bus_alone():
    """One bus, nothing on it, one step: costs nothing."""
    d = dispatch(case(bus=buses("A")))
    assert d.solution.objective == 0.0
    assert_optimal(d)
