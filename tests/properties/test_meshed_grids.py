"""What must hold for any grid: random meshes with load, wind, limits and sections."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridopt.case.topology import Topology
from gridopt.dispatch.formulate import formulate
from gridopt.dispatch.lazy import Relaxed, solve
from gridopt.dispatch.lmp import price
from gridopt.dispatch.single import dispatch
from tests.support.meshed import meshed, meshed_rows
from tests.support.optimum import assert_optimal

SEEDS = st.integers(0, 10**6)
few = settings(max_examples=8, deadline=None, derandomize=True)


def write_everything(model):
    """The program with every finite row of every lazy family written before the first solve."""
    relaxed = Relaxed(model.builder.form(), model.builder.lazy_families)
    relaxed.write({f.family.name: f.every() for f in relaxed.families})
    return solve(relaxed)


def assert_same_prices(one, other):
    """Equal prices; a grid on the edge between two optimal bases would fail here, random data are not on it."""
    assert price(one).price == pytest.approx(price(other).price, rel=1e-6, abs=1e-6)


@few
@given(SEEDS)
def test_lazy_rows_give_what_all_rows_give(seed):
    found = dispatch(meshed(seed))
    assert_optimal(found)
    full = write_everything(formulate(found.case))
    assert full.objective == pytest.approx(found.solution.objective, rel=1e-9, abs=1e-6)
    assert len(full.form.row_lower) >= len(found.solution.form.row_lower)


@few
@given(SEEDS)
def test_the_slack_does_not_matter(seed):
    """Rows of H without a shift, or shifted at random, instead of by their most frequent entry: same cost, prices, flows."""
    usual = dispatch(meshed(seed))
    rng = np.random.default_rng(seed)
    own = Topology.__dict__["_shift"]
    try:
        for shift in (lambda row, mine: row, lambda row, mine: np.where(mine, row + rng.normal(), 0.0)):
            Topology._shift = staticmethod(shift)
            other = dispatch(meshed(seed))
            assert other.solution.objective == pytest.approx(usual.solution.objective, rel=1e-9, abs=1e-6)
            assert_same_prices(other, usual)
    finally:
        Topology._shift = own


@few
@given(SEEDS)
def test_the_order_of_rows_does_not_matter(seed):
    """Buses, lines, units, plants, loads and members permuted: same cost, same price at each bus, same output of each unit."""
    rows, series = meshed_rows(seed)
    rng = np.random.default_rng(seed)
    mixed = {name: [table[i] for i in rng.permutation(len(table))] for name, table in rows.items()}
    usual, other = (dispatch(meshed(seed)), dispatch(meshed(seed, **mixed)))
    assert other.solution.objective == pytest.approx(usual.solution.objective, rel=1e-9, abs=1e-6)
    for table, values in (("bus", lambda d: price(d).price), ("unit", lambda d: d.quantities["unit_output"].values)):
        at = other.case.position(table, usual.case.table(table).index)
        assert values(other)[at] == pytest.approx(values(usual), rel=1e-6, abs=1e-5)
    at = other.case.position("renewable", usual.case.table("renewable").index)
    curtailed = [d.quantities["renewable_curtailed"].values for d in (usual, other)]
    assert curtailed[1][at] == pytest.approx(curtailed[0], rel=1e-6, abs=1e-5)


@few
@given(SEEDS, st.floats(1.0, 3.0), st.sampled_from(["line", "unit", "interface_limit"]))
def test_more_capacity_never_costs_more(seed, factor, table):
    """Random ratings, plants or section limits times at least 1. Shorter lines would be another matter (Braess)."""
    rows, _ = meshed_rows(seed)
    rng = np.random.default_rng(seed)
    columns = {"line": ("rating_mw",), "unit": ("power_max_mw",), "interface_limit": ("forward_mw", "backward_mw")}[table]

    def grown(row):
        by = factor if rng.random() < 0.5 else 1.0
        return row | {c: row[c] * by for c in columns if row[c] is not None}

    before = dispatch(meshed(seed)).solution.objective
    after = dispatch(meshed(seed, **{table: [grown(r) for r in rows[table]]})).solution.objective
    assert after <= before + 1e-6 * max(1.0, abs(before))


@few
@given(SEEDS)
def test_twice_the_money_twice_the_cost_and_prices(seed):
    """Fuel prices and the value of lost load doubled."""
    rows, _ = meshed_rows(seed)
    fuel = [f | dict(price_cny_per_tce=2 * f["price_cny_per_tce"]) for f in rows["fuel"]]
    tiers = [dict(tier="all", share=1.0, cost_cny_per_mwh=20000.0)]
    usual, other = dispatch(meshed(seed)), dispatch(meshed(seed, fuel=fuel, shedding_tier=tiers))
    assert other.solution.objective == pytest.approx(2 * usual.solution.objective, rel=1e-9)
    assert price(other).price == pytest.approx(2 * price(usual).price, rel=1e-6, abs=1e-6)
