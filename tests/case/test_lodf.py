"""LODF (T4): flows after outages, outages that cut buses off; against a network that never had the branches."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridopt.case.contingencies import contingencies_of
from gridopt.case.topology import Topology
from tests.case.test_topology import balanced, branches, few, grid_of, random_topology
from tests.support.block_cases import buses, line
from tests.support.small import case

SEEDS = st.integers(0, 10**6)


def without(topology: Topology, out) -> Topology:
    """The same network, made without the branches `out`."""
    inside = topology.inside.copy()
    inside[out] = False
    return Topology(topology.branches, topology.buses, inside)


def after(topology: Topology, flow: np.ndarray, out: np.ndarray) -> np.ndarray:
    found = flow + np.einsum("ml,mt->lt", topology.lodf(out[None])[0], flow[out])
    found[out] = 0.0
    return found


@few
@given(SEEDS)
def test_T4_flows_after_an_outage_are_those_of_the_network_without_the_branch(seed):
    """Nine buses, trees with loops and parallel branches, several areas; the branches that have no LODF are those that cut buses off."""
    rng = np.random.default_rng(seed)
    topology = random_topology(rng)
    p = balanced(topology, rng)
    flow = topology.flows(p)
    for k in np.flatnonzero(topology.inside):
        left = without(topology, k)
        parted = (left.root != topology.root).any()
        assert topology.bridges[k] == parted and topology.cut_off(np.array([k])).any() == parted
        if not parted:
            assert after(topology, flow, np.array([k])) == pytest.approx(left.flows(p), abs=1e-8)
    assert not topology.bridges[~topology.inside].any()


@few
@given(SEEDS, st.integers(2, 3))
def test_T4_several_branches_at_once(seed, size):
    rng = np.random.default_rng(seed)
    topology = random_topology(rng)
    p = balanced(topology, rng)
    for _ in range(5):
        out = rng.choice(np.flatnonzero(topology.inside), size, replace=False)
        left = without(topology, out)
        parted = (left.root != topology.root).any()
        assert topology.cut_off(out).any() == parted
        if not parted:
            assert after(topology, topology.flows(p), out) == pytest.approx(left.flows(p), abs=1e-8)


@few
@given(SEEDS)
def test_T4_shifts_go_with_their_branch(seed):
    """With a shift in every branch the formula still holds: a branch that is out pushes nothing."""
    rng = np.random.default_rng(seed)
    topology = random_topology(rng)
    wires = topology.branches
    shift = rng.normal(size=(len(wires.ids), 1)) * 0.1
    p = balanced(topology, rng, 1)
    flow = topology.flows(p, shift)
    for k in np.flatnonzero(topology.inside & ~topology.bridges):
        assert after(topology, flow, np.array([k])) == pytest.approx(without(topology, k).flows(p, shift), abs=1e-8)


def test_T4_ptdf_gives_the_same():
    """The ratio at the head of topology.py from rows of H."""
    topology = random_topology(np.random.default_rng(4))
    a, b = topology.branches.from_bus, topology.branches.to_bus
    live = np.flatnonzero(topology.inside & ~topology.bridges)
    h = topology.ptdf(live)
    d = h[:, a[live]] - h[:, b[live]]
    found = topology.lodf(live[:, None])[:, 0, live].T
    assert found == pytest.approx(d / (1.0 - np.diag(d)), abs=1e-6)


def test_loop_of_three_by_hand():
    """Equal sides: all that AB carried goes over C: LODF 1 on AC and CB."""
    topology = grid_of([line("A", "B"), line("A", "C"), line("C", "B")], "ABC").each[0]
    assert topology.lodf(np.array([[0]]))[0, 0, 1:] == pytest.approx([1, 1])
    assert not topology.bridges.any()


def test_parallel_lines_share_by_susceptance():
    """Three parallel lines of 1, 1 and 2: without the first the others take a third and two thirds."""
    size = np.array([100.0, 100.0, 200.0])
    topology = Topology(branches(np.zeros(3, int), np.ones(3, int), size), 2, np.ones(3, bool))
    assert topology.lodf(np.array([[0]]))[0, 0, 1:] == pytest.approx([1 / 3, 2 / 3])
    assert topology.lodf(np.array([[0, 1]]))[0, :, 2] == pytest.approx([1, 1])
    assert not topology.bridges.any() and topology.cut_off(np.array([0, 1, 2])).tolist() == [False, True]


def test_what_an_outage_cuts_off_is_the_smaller_part():
    """A - B - C = D, E alone: AB cuts off A; BC parts two pairs, of which the one with the first bus stays."""
    lines = [line("A", "B"), line("B", "C"), line("C", "D"), dict(line("C", "D"), line="CD2")]
    topology = grid_of(lines, "ABCDE").each[0]
    assert topology.bridges.tolist() == [True, True, False, False]
    assert np.flatnonzero(topology.cut_off(np.array([0]))).tolist() == [0]
    assert np.flatnonzero(topology.cut_off(np.array([1]))).tolist() == [2, 3]
    assert np.flatnonzero(topology.cut_off(np.array([2, 3]))).tolist() == [3]


def listed_case(security="listed"):
    """Line AB, transformer BC, ac_branch CA; listed: AB alone, both others with a unit, and one with an element that is not there."""
    kinds = [("alone", "line", "AB"), ("two", "transformer", "BC"), ("two", "ac_branch", "CA"), ("two", "unit", "u"), ("gone", "line", "X")]
    made = case(
        bus=buses("A", "B", "C"), line=[line("A", "B")],
        transformer=[dict(transformer="BC", from_bus="B", to_bus="C", rated_mva=100.0, reactance_fraction=0.1)],
        ac_branch=[dict(ac_branch="CA", from_bus="C", to_bus="A", reactance_pu=0.1)],
        fuel=[dict(fuel="f", price_cny_per_tce=1.0, co2_t_per_tce=0.0)],
        unit_type=[dict(unit_type="t", min_load_fraction=0.0, fuel_rate_full_tce_per_mwh=1.0)],
        unit=[dict(unit=u, bus=b, unit_type="t", fuel="f", power_max_mw=1.0) for u, b in (("v", "A"), ("u", "B"))],
        contingency=[dict(contingency=n, kind=k, element=e, share=0.5 if k == "unit" else 1.0) for n, k, e in kinds],
    )  # fmt: skip
    return dataclasses.replace(made, security=security)


def test_listed_contingencies_by_position():
    found = contingencies_of(listed_case())
    assert found.name.tolist() == ["alone", "two", "gone"]
    assert found.branches.toarray().astype(int).tolist() == [[1, 0, 0], [0, 1, 1], [0, 0, 0]]
    assert (found.of.tolist(), found.kind.tolist(), found.place.tolist(), found.share.tolist()) == ([1], ["unit"], [1], [0.5])


def test_n_1_adds_each_branch_that_is_not_listed_alone():
    found = contingencies_of(listed_case("n-1"))
    assert found.name.tolist() == ["alone", "two", "gone", "BC", "CA"]
    assert found.branches.toarray()[3:].astype(int).tolist() == [[0, 1, 0], [0, 0, 1]]


def test_unknown_security_is_refused():
    with pytest.raises(ValueError, match="security is 'n-2'"):
        contingencies_of(listed_case("n-2"))
