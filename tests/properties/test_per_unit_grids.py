"""What must hold for any grid of AC branches and generators with cost curves: random taps, shifts, negative reactances, square costs."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridopt.dispatch.formulate import formulate
from gridopt.dispatch.lazy import Relaxed, solve
from gridopt.dispatch.lmp import price
from gridopt.dispatch.single import dispatch
from gridopt.program.pulp_solvers import PulpProgram
from gridopt.program.solution import Infeasible
from tests.case.dc_opf import optimum
from tests.support.block_cases import FUEL, UNIT_TYPE, buses, load, unit
from tests.support.certify import certificate
from tests.support.meshed import per_unit_rows
from tests.support.optimum import assert_optimal, duality_gap
from tests.support.small import case

SEEDS = st.integers(0, 10**6)
few = settings(max_examples=8, deadline=None, derandomize=True)


def straight(rows: dict) -> dict:
    """Square costs left out: one linear program."""
    return rows | dict(generator=[g | dict(cost_quadratic_cny_per_mw2h=0.0) for g in rows["generator"]])


def output(found) -> np.ndarray:
    return found.quantities["generator_output"].values


@few
@given(SEEDS)
def test_flows_are_those_of_a_dense_pseudo_inverse(seed):
    """angle = B^+ (injection + A' shift b), flow = b (A angle - shift): no slack bus, no PTDF, no sparse factor."""
    found = dispatch(case(**per_unit_rows(seed)))
    branch, bus = found.case.table("ac_branch"), found.case.table("bus").index
    strength = (branch["base_mva"] / branch["reactance_pu"] / branch["tap_ratio"]).to_numpy()
    start, end = (bus.to_numpy() == branch[c].to_numpy()[:, None] for c in ("from_bus", "to_bus"))
    incidence = start.astype(float) - end
    shift = np.deg2rad(branch["shift_deg"].to_numpy())[:, None]
    weighted = incidence * strength[:, None]
    angle = np.linalg.pinv(incidence.T @ weighted) @ (found.injection + weighted.T @ shift)
    assert found.flow == pytest.approx(strength[:, None] * (incidence @ angle - shift), abs=1e-6)
    assert found.injection.sum() == pytest.approx(0.0, abs=1e-7)


@few
@given(SEEDS)
def test_cost_prices_and_outputs_are_those_of_angles_and_tangents(seed):
    """Against a program of its own in angles, whose square costs are tangents until they touch. With square costs outputs are unique."""
    found = dispatch(case(**per_unit_rows(seed)))
    assert_optimal(found)
    failed = certificate(found).failed
    assert not failed, failed
    cost, prices, outputs, flows = optimum(found.case.tables)
    assert found.solution.objective == pytest.approx(cost, rel=1e-8)
    assert price(found).price[:, 0] == pytest.approx([prices[b] for b in found.case.table("bus").index], rel=1e-4, abs=1e-4)
    assert output(found)[:3, 0] == pytest.approx([outputs[g] for g in found.case.table("generator").index[:3]], abs=1e-3)
    assert found.flow[:, 0] == pytest.approx([flows[b] for b in found.case.table("ac_branch").index], abs=1e-2)


@few
@given(SEEDS)
def test_the_price_is_the_marginal_cost_of_a_square_curve(seed):
    """b + 2 a p = price where the limits of p are slack, above it at the least output, below it at the largest."""
    found = dispatch(case(**per_unit_rows(seed)))
    own = found.case.table("generator").iloc[:3]
    p = output(found)[:3, 0]
    marginal = (own["cost_cny_per_mwh"] + 2 * own["cost_quadratic_cny_per_mw2h"] * p).to_numpy()
    paid = price(found).price[found.case.position("bus", own["bus"]), 0]
    least, most = p < own["power_min_mw"].to_numpy() + 1e-6, p > own["power_max_mw"].to_numpy() - 1e-6
    assert (marginal - paid)[~least & ~most] == pytest.approx(0.0, abs=1e-5)
    assert ((marginal - paid)[least] >= -1e-5).all()
    assert ((marginal - paid)[most] <= 1e-5).all()


@few
@given(SEEDS)
def test_lazy_rows_give_what_all_rows_give(seed):
    """The optimum of all rows and the duals of the rows that were written prove each other."""
    found = dispatch(case(**straight(per_unit_rows(seed))))
    model = formulate(found.case)
    relaxed = Relaxed(model.builder.form(), model.builder.lazy_families)
    relaxed.write({f.family.name: f.every() for f in relaxed.families})
    full = solve(relaxed)
    assert full.objective == pytest.approx(found.solution.objective, rel=1e-9)
    assert len(full.form.row_lower) >= len(found.solution.form.row_lower)
    assert abs(duality_gap(found.solution.form, full.x, found.solution.y)) <= 1e-7 * abs(full.objective)


@few
@given(SEEDS)
def test_order_direction_and_base_do_not_matter(seed):
    """Rows permuted, branches turned round (tap and shift as the far end sees them), figures on a base of 37 MVA."""
    rows = per_unit_rows(seed)
    rng = np.random.default_rng(seed)

    def other(branch):
        turned = branch
        if rng.random() < 0.5:
            turned = branch | dict(from_bus=branch["to_bus"], to_bus=branch["from_bus"], shift_deg=-branch["shift_deg"])
        return turned | dict(base_mva=37.0, reactance_pu=branch["reactance_pu"] * 0.37)

    mixed = {name: [table[i] for i in rng.permutation(len(table))] for name, table in rows.items()}
    mixed["ac_branch"] = [other(b) for b in mixed["ac_branch"]]
    one, two = dispatch(case(**rows)), dispatch(case(**mixed))
    assert two.solution.objective == pytest.approx(one.solution.objective, rel=1e-9)
    at = two.case.position("bus", one.case.table("bus").index)
    assert price(two).price[at] == pytest.approx(price(one).price, rel=1e-5, abs=1e-5)
    squares = one.case.table("generator").index[:3]
    assert output(two)[two.case.position("generator", squares)] == pytest.approx(output(one)[:3], abs=1e-4)


@few
@given(SEEDS, st.sampled_from(["rating_mw", "power_max_mw"]))
def test_more_capacity_never_costs_more(seed, column):
    rows = per_unit_rows(seed)
    rng = np.random.default_rng(seed)
    table = "ac_branch" if column == "rating_mw" else "generator"
    # Curves by points end where the generator does.
    grown = [r | {column: r[column] * rng.uniform(1.0, 3.0)} if r.get(column) and not r.get("generator", "q").startswith(("p", "last")) else r
             for r in rows[table]]  # fmt: skip
    assert grown != rows[table]
    before, after = (dispatch(case(**rows | {table: t})).solution.objective for t in (rows[table], grown))
    assert after <= before + 1e-7 * abs(before)


@few
@given(SEEDS, st.floats(-5.0, 5.0))
def test_a_shift_that_is_chosen_costs_no_more_than_a_fixed_one(seed, fixed):
    """Any shift within the range, and the range narrowed to it gives its cost. A shift that no flow within ratings allows costs inf."""
    rows = per_unit_rows(seed)
    rows["ac_branch"][0] |= dict(shift_deg=0.0)

    def cost(**change):
        branch = [rows["ac_branch"][0] | change, *rows["ac_branch"][1:]]
        built = case(**rows | dict(ac_branch=branch))
        try:
            found = dispatch(built)
        except Infeasible:
            assert optimum(built.tables) is None
            return np.inf
        assert_optimal(found)
        assert certificate(found).passed, certificate(found).failed
        return found.solution.objective

    alone = cost(shift_deg=fixed)
    chosen = cost(shift_min_deg=-5.0, shift_max_deg=5.0)
    assert np.isfinite(chosen) and chosen <= alone + 1e-7 * abs(chosen)
    if np.isfinite(alone):
        assert cost(shift_min_deg=fixed, shift_max_deg=fixed) == pytest.approx(alone, rel=1e-8)


@settings(max_examples=4, deadline=None, derandomize=True)
@given(SEEDS)
def test_solvers_agree(seed):
    """HiGHS and CBC: same cost; same prices, which random data make unique."""
    one = dispatch(case(**straight(per_unit_rows(seed))))
    two = dispatch(one.case, program=partial(PulpProgram, "CBC"))
    assert two.solution.objective == pytest.approx(one.solution.objective, rel=1e-8)
    assert price(two).price == pytest.approx(price(one).price, rel=1e-6, abs=1e-6)
    assert certificate(two).passed


@pytest.mark.parametrize("by", ["branch", "interface"])
def test_a_closed_line_passes_the_certificate(by):
    """A triangle of equal sides, closed from B to A; units at 10, 90 and 30 CNY/MWh in A, B, C, load 70 MW in B and 30 MW in C.

    Equal angles at A and B: nothing flows from A, and what B lacks would come through C with as much from A. So each serves its own:
    70 * 90 + 30 * 30 = 7200. One more MW at A comes from C with one less from B: 2 * 30 - 90 = -30.
    """
    side = dict(reactance_pu=0.1)
    rows = dict(
        bus=buses("A", "B", "C"), fuel=FUEL, unit_type=UNIT_TYPE,
        ac_branch=[dict(side, ac_branch=a + b, from_bus=a, to_bus=b) for a, b in ("BA", "BC", "AC")],
        unit=[unit("A", 10, 200), unit("B", 90, 200), unit("C", 30, 200)], load=[load("B", mean=70.0), load("C", mean=30.0)],
    )  # fmt: skip
    if by == "branch":
        rows["ac_branch"][0]["rating_mw"] = 0.0
    else:
        rows["interface"] = [dict(interface="S")]
        rows["interface_limit"] = [dict(interface="S", forward_mw=0.0, backward_mw=0.0)]
        rows["interface_member"] = [dict(interface="S", kind="ac_branch", element="BA")]
    found = dispatch(case(**rows))
    assert_optimal(found)
    assert found.solution.objective == pytest.approx(7200.0)
    assert price(found).price[:, 0] == pytest.approx([-30.0, 90.0, 30.0])
    failed = certificate(found).failed
    assert not failed, failed
