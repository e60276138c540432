"""DC power flow, PTDF, islands, epochs; and what must not depend on the slack or on the order of rows."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from gridopt.case.topology import Branches, Topology
from tests.support.block_cases import buses, line
from tests.support.meshed import meshed
from tests.support.small import case

SEEDS = st.integers(0, 10**6)
few = settings(max_examples=25, deadline=None, derandomize=True)


def random_topology(rng) -> Topology:
    """A random tree of nine buses with six further branches, some branches out of service: several areas, loops, parallels."""
    ends = [(int(rng.integers(0, i)), i) for i in range(1, 9)] + [tuple(rng.choice(9, 2, replace=False)) for _ in range(6)]
    a, b = (np.array([e[k] for e in ends], dtype=int) for k in (0, 1))
    size = rng.uniform(100, 5000, len(ends))
    return Topology(branches(a, b, size), 9, rng.random(len(ends)) < 0.85)


def branches(a, b, size, shift=0.0) -> Branches:
    """Branches a-b of susceptance `size` without limits."""
    count, none = len(a), np.full(len(a), np.inf)
    free = np.array([-none, none])
    return Branches(np.arange(count), a, b, size, none, none, np.zeros(count) + shift, free, np.zeros(0, int), np.zeros((2, 0)))


def balanced(topology: Topology, rng, steps=3):
    """Random injections that add up to zero in every area."""
    p = rng.normal(size=(topology.buses, steps)) * 50
    for root in np.unique(topology.root):
        mine = topology.root == root
        p[mine] -= p[mine].mean(axis=0)
    return p


def angles_by_dense_algebra(topology, p):
    """flow = b (theta_from - theta_to) with theta from the pseudoinverse of the full Laplacian: no root, no factorisation."""
    br = topology.branches
    a = np.zeros((len(br.ids), topology.buses))
    live = np.flatnonzero(topology.inside)
    a[live, br.from_bus[live]], a[live, br.to_bus[live]] = 1.0, -1.0
    b = np.where(topology.inside, br.susceptance, 0.0)
    theta = np.linalg.pinv(a.T @ (b[:, None] * a)) @ p
    return b[:, None] * (a @ theta), a


@few
@given(SEEDS)
def test_T1_flows_obey_both_laws_of_kirchhoff(seed):
    rng = np.random.default_rng(seed)
    topology = random_topology(rng)
    p = balanced(topology, rng)
    expected, incidence = angles_by_dense_algebra(topology, p)
    flow = topology.flows(p)
    assert flow == pytest.approx(expected, abs=1e-6)
    assert incidence.T @ flow == pytest.approx(p, abs=1e-6)


@few
@given(SEEDS)
def test_T2_ptdf_gives_the_same_flows_and_its_shift_does_not_matter(seed):
    """H P equals the flows of the angles for balanced P; a constant added to a row of H changes nothing."""
    rng = np.random.default_rng(seed)
    topology = random_topology(rng)
    p = balanced(topology, rng)
    some = rng.permutation(len(topology.inside))
    h = topology.ptdf(some)
    assert h @ p == pytest.approx(topology.flows(p)[some], abs=1e-10), "entries dropped as zeros must be zeros"
    assert (h + rng.normal(size=(len(some), 1))) @ p == pytest.approx(topology.flows(p)[some], abs=1e-10)
    assert topology.ptdf(some[:2]) == pytest.approx(h[:2]), "rows asked for again come from the store"


def grid_of(lines, names="ABCD", transformer=(), hours=1, **kw):
    return case(hours, bus=buses(*names), line=lines, transformer=list(transformer), **kw).grid


def test_T2_loop_of_three_by_hand():
    """Equal sides: 2/3 of what A sends to B takes AB, 1/3 goes over C."""
    grid = grid_of([line("A", "B"), line("A", "C"), line("C", "B")], "ABC")
    assert grid.flows(np.array([[30.0], [-30.0], [0.0]]))[:, 0] == pytest.approx([20, 10, 10])
    h = grid.each[0].ptdf(np.array([0]))[0]
    assert h[0] - h[1] == pytest.approx(2 / 3) and h[2] - h[1] == pytest.approx(1 / 3)


def test_T2_far_side_of_a_cut_has_exact_zeros():
    """A - B = C = D: for line A-B everything beyond B is alike, so only A keeps an entry."""
    grid = grid_of([line("A", "B"), line("B", "C"), line("B", "C") | dict(line="BC2"), line("C", "D")])
    assert grid.each[0].ptdf(np.array([0]))[0].tolist() == pytest.approx([1, 0, 0, 0])
    assert np.count_nonzero(grid.each[0].ptdf(np.array([0]))) == 1


def test_parallel_circuits_and_transformers_share_by_susceptance():
    """Line of 2 circuits, 10 km at 0.3 ohm/km and 330 kV: 2*330^2/3 = 72,600 MW/rad; transformer 2 x 100/0.1 = 2000."""
    t = [dict(transformer="T", from_bus="A", to_bus="B", units=2, rated_mva=100.0, reactance_fraction=0.1)]
    grid = grid_of([line("A", "B", 7.0, circuits=2)], "AB", t)
    assert grid.branches.susceptance == pytest.approx([72600, 2000])
    assert grid.branches.rating.tolist() == [14, np.inf]
    assert grid.flows(np.array([[74.6], [-74.6]]))[:, 0] == pytest.approx([72.6, 2.0])


def test_islands_and_a_bus_alone():
    """A-B and C-D apart, E alone: areas named by their first bus; rows of H stay inside their area."""
    grid = grid_of([line("A", "B"), line("C", "D")], "ABCDE")
    assert grid.root[:, 0].tolist() == [0, 0, 2, 2, 4]
    h = grid.each[0].ptdf(np.array([0, 1]))
    assert (h[0, 2:] == 0).all() and (h[1, [0, 1, 4]] == 0).all()
    assert grid.flows(np.array([[5.0], [-5.0], [3.0], [-3.0], [0.0]]))[:, 0] == pytest.approx([5, 3])


def test_no_branches_at_all():
    grid = grid_of([], "AB")
    assert grid.root[:, 0].tolist() == [0, 1] and grid.flows(np.zeros((2, 1))).shape == (0, 1)
    assert grid.sensitivity(sp.csr_array((1, 0)), np.array([0]), 0).tolist() == [[0, 0]]


def test_epochs_by_date():
    """Hours 23, 0, 1 over two midnights: BC enters on the 2nd, AB leaves on the 3rd: three epochs, areas and flows follow."""
    lines = [line("A", "B", retirement="2025-01-03"), line("B", "C", in_service="2025-01-02"), line("A", "C")]
    grid = grid_of(lines, "ABC", hours=72)
    assert len(grid.each) == 3
    assert [np.unique(grid.epoch[d * 24 : d * 24 + 24]).size for d in range(3)] == [1, 1, 1] and len(set(grid.epoch[::24])) == 3
    flow = grid.flows(np.tile([[30.0], [-30.0], [0.0]], 72))[:, ::24]
    assert flow == pytest.approx(np.array([[30, 20, 0], [0, -10, -30], [0, 10, 30]]))
    assert grid.flows(np.tile([[30.0], [-30.0], [0.0]], 24), steps=slice(24, 48))[:, 0] == pytest.approx([20, -10, 10])


def test_branch_is_out_while_one_of_its_buses_is():
    c = case(48, bus=[*buses("A", "B"), *buses("C", in_service="2025-01-02")], line=[line("A", "B"), line("B", "C")])
    assert c.grid.root[2, c.grid.epoch[0]] == 2 and c.grid.root[2, c.grid.epoch[24]] == 0


def test_sensitivity_of_a_section_is_the_weighted_sum_of_its_rows():
    grid = meshed(3).grid
    weights = sp.csr_array(np.random.default_rng(0).normal(size=(2, len(grid.branches.ids))))
    p = balanced(grid.each[0], np.random.default_rng(1), 1)
    assert grid.sensitivity(weights, np.array([1, 0]), 0) @ p == pytest.approx(
        (weights @ grid.flows(np.tile(p, 2)))[[1, 0], :1], abs=1e-6
    )
