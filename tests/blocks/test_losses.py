"""Losses of AC branches against hand calculation and a dense reference; tags (L1), (L2) as in the block."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import linprog

from gridopt.analysis import balance, losses
from gridopt.blocks.losses import GRAIN, GRID, POINTS, nearest
from gridopt.case.losses import resistance
from gridopt.dispatch.lmp import price
from gridopt.dispatch.single import dispatch
from tests.support.block_cases import buses, line, load, power_case, unit
from tests.support.certify import certificate, evidence
from tests.support.meshed import meshed, meshed_rows
from tests.support.optimum import assert_optimal, solve
from tests.support.small import case

R = 0.2 * 100 / 330**2
"""1/MW of the line of `two_buses`: 20 ohm at 330 kV."""


def two_buses(demand=100.0, rows=None, minutes=60, **kw):
    """A cheap unit at A, load at B, one line of 20 ohm."""
    tables = dict(
        bus=buses("A", "B"), line=[line("A", "B", km=100.0, resistance_ohm_per_km=0.2, **kw)],
        unit=[unit("A", 20, 200), unit("B", 90, 50)], load=[load("B", mean=demand)],
    )  # fmt: skip
    return replace(power_case(minutes=minutes, **tables | (rows or {})), losses="piecewise")


def test_resistance_by_table():
    """Two circuits of 0.3 ohm/km, 50 km at 330 kV: 7.5 / 330^2; a transformer has none; 0.05 per unit on 50 MVA: 0.001."""
    found = resistance(power_case(
        bus=buses("A", "B"), line=[line("A", "B", km=50.0, resistance_ohm_per_km=0.3, circuits=2)],
        transformer=[dict(transformer="T", from_bus="A", to_bus="B", rated_mva=100.0, reactance_fraction=0.1)],
        ac_branch=[dict(ac_branch="p", from_bus="A", to_bus="B", resistance_pu=0.05, reactance_pu=0.1, base_mva=50.0)],
    ).tables)  # fmt: skip
    assert found == pytest.approx([7.5 / 330**2, 0.0, 0.001])


@pytest.mark.parametrize("flow", [0.0, 0.004, -0.02, 1.0, -37.3, 250.0, 99999.0])
def test_nearest_point_has_the_highest_tangent(flow):
    tangent = POINTS * (2 * flow - POINTS)
    assert tangent[nearest(np.array([flow]))[0]] == pytest.approx(tangent.max(), abs=1e-12)
    assert flow**2 - tangent.max() <= max((GRAIN / 2 * flow) ** 2, GRID[0] ** 2)


def test_L2_two_buses_by_hand():
    """B takes 100 MW: flow f with f - R f^2 / 2 = 100, loss R f^2. One MW more at B is a flow of 1 / (1 - R f) more, which A feeds with
    1 + R f of it: price 20 (1 + R f) / (1 - R f), by lossy halves what 1 / (1 - 2 R f) is for a loss at the far end alone."""
    d = solve(two_buses())
    flow = (1 - np.sqrt(1 - 200 * R)) / R
    assert d.flow == pytest.approx(flow, rel=1e-6)
    assert d.quantities["branch_loss"].values == pytest.approx(R * flow**2, rel=1e-4)
    assert d.quantities["unit_output"].values[:, 0] == pytest.approx([flow + R * flow**2 / 2, 0.0], rel=1e-6)
    ratio = float(d.port_price("injection")[1, 0]) / 20
    assert ratio - 1 == pytest.approx((1 + R * flow) / (1 - R * flow) - 1, rel=0.0055)
    assert ratio == pytest.approx(1 / (1 - 2 * R * flow), rel=1e-3)
    # Exactly, by the tangent that binds at the nearest point.
    slope = R * POINTS[nearest(np.array([flow]))[0]]
    assert ratio == pytest.approx((1 + slope) / (1 - slope), rel=1e-9)


def test_price_parts_and_money():
    """price = energy + congestion + loss; congestion is nothing without a limit. Payments less revenue are the loss surplus:
    price of losses x flow less what the lost energy costs at the ends."""
    d = solve(two_buses())
    p = price(d)
    assert p.price == pytest.approx(p.energy + p.congestion + p.loss, abs=1e-9)
    assert p.congestion == pytest.approx(0.0, abs=1e-9)
    assert p.loss[1] == pytest.approx(0.0, abs=1e-12)
    assert p.loss[0] == pytest.approx(20.0 - p.price[1])
    paid = 100 * p.price[1, 0] - 20 * d.quantities["unit_output"].values[0, 0]
    loss, rate = d.quantities["branch_loss"].values[0, 0], d.quantities["branch_loss_price"].values[0, 0]
    assert paid == pytest.approx(rate * d.flow[0, 0] - loss * p.price.mean(), rel=1e-9)
    assert paid == pytest.approx(loss * p.price.mean(), rel=0.01)


def test_loss_and_congestion_apart():
    """The line carries at most 80 MW: B's own unit is marginal. Congestion explains what losses do not."""
    d = solve(two_buses(rating_mw=80.0))
    p = price(d)
    assert d.flow == pytest.approx(80.0)
    assert p.price[:, 0] == pytest.approx([20, 90])
    rate = d.quantities["branch_loss_price"].values[0, 0]
    assert rate == pytest.approx(2 * R * 80 * 55, rel=0.006)
    assert p.loss[0, 0] == pytest.approx(-rate)
    assert p.congestion[0, 0] == pytest.approx(-(70 - rate))
    assert d.branch_shadow_price[0, 0] == pytest.approx(70 - rate)
    assert certificate(d).passed


def test_flow_against_the_branch():
    """The same line written the other way round."""
    there = solve(two_buses())
    back = solve(two_buses(rows=dict(line=[dict(line("B", "A", km=100.0, resistance_ohm_per_km=0.2), line="AB")])))
    assert back.flow == pytest.approx(-there.flow)
    for name, sign in (("branch_loss", 1), ("branch_loss_price", -1)):
        assert back.quantities[name].values == pytest.approx(sign * there.quantities[name].values)
    assert price(back).price == pytest.approx(price(there).price)


def test_cheap_far_unit_shares_with_a_near_one():
    """A at 20 against B at 22: A sends until 20 (1 + R f) / (1 - R f) = 22, f = 2 / 42 / R = 259 MW of 400; the rest comes from B."""
    rows = dict(fuel=[dict(fuel=f"c{p}", price_cny_per_tce=float(p), co2_t_per_tce=0.0) for p in (20, 22)],
                unit=[unit("A", 20, 900), unit("B", 22, 900)])  # fmt: skip
    d = solve(two_buses(400.0, rows))
    assert d.flow == pytest.approx(2 / 42 / R, rel=0.011)
    assert d.port_price("injection") == pytest.approx(np.array([[20], [22]]))


def test_artificial_loss_is_found_and_bounded():
    """Must-run 105 MW against 100 MW of load and nowhere to put the rest: the line loses 5 MW where R f^2 is 1.93; price 0."""
    rows = dict(bus=buses("A", "B", surplus_allowed=False),
                unit=[unit("A", 20, 105, must_run="always", must_run_fraction=1.0)])  # fmt: skip
    d = solve(two_buses(rows=rows))
    assert d.quantities["branch_loss"].values == pytest.approx(5.0)
    assert d.flow == pytest.approx(102.5)
    assert d.quantities["branch_artificial_loss"].values == pytest.approx(5 - R * 102.5**2)
    assert d.port_price("injection") == pytest.approx(0, abs=1e-9)
    assert certificate(d).passed
    (text,) = losses.warnings(d)
    assert "lose 3.1 MWh" in text and "'AB'" in text
    assert losses.warnings(solve(two_buses())) == []


def test_L1_a_rated_line_cannot_burn_more_than_its_limit():
    """Taking 1 MWh at B earns 5 and costs nothing at A, but a line of 101 MW loses at most R 101^2 beside 100 MW of load."""
    rows = dict(bus=buses("A", "B", surplus_allowed=False), unit=[],
                generator=[dict(generator="g", bus="A", power_max_mw=200.0, cost_cny_per_mwh=-5.0)])  # fmt: skip
    d = solve(two_buses(rows=rows, rating_mw=101.0))
    assert d.quantities["branch_loss"].values[0, 0] <= R * (101 + GRID[0]) ** 2 + 1e-9
    assert d.flow[0, 0] <= 101 + 1e-6
    assert certificate(d).passed


@pytest.mark.parametrize("seed", range(4))
def test_against_a_dense_reference(seed):
    """A random mesh by angles, with a fine grid of tangents on every branch and no row left out."""
    rows, series = meshed_rows(seed, hours=1)
    for each in rows["line"]:
        each |= dict(resistance_ohm_per_km=2.0, rating_mw=None)
    rows |= dict(interface=[], interface_limit=[], interface_member=[], renewable=[])
    c = replace(case(1, series=series, **rows), losses="piecewise")
    d = solve(c)
    assert d.solution.objective == pytest.approx(reference(c, d), rel=2e-6)
    assert d.quantities["branch_loss"].values == pytest.approx(resistance(c.tables)[:, None] * d.flow**2, rel=1e-4, abs=1e-5)


def reference(c, d) -> float:
    """Least cost with columns [output, angle, loss]; 2,001 tangents of each square over +-60 MW. Shedding never pays here."""
    branches, units, r = c.grid.branches, c.table("unit"), resistance(c.tables)
    count, lines, nodes = len(units), len(branches.ids), len(c.table("bus"))
    cost = c.table("fuel")["price_cny_per_tce"].loc[units["fuel"]].to_numpy(float)
    ends = np.zeros((nodes, lines))
    ends[branches.from_bus, range(lines)], ends[branches.to_bus, range(lines)] = 1, -1
    at = np.zeros((nodes, count))
    at[c.position("bus", units["bus"]), range(count)] = 1
    flow = branches.susceptance[:, None] * ends.T
    balance_rows = np.hstack([at, -ends @ flow, -0.5 * np.abs(ends)])
    points = np.linspace(-60, 60, 2001)
    slope = 2 * np.kron(r, points)
    tangents = np.hstack([np.zeros((len(slope), count)), slope[:, None] * np.repeat(flow, len(points), axis=0),
                          -np.repeat(np.eye(lines), len(points), axis=0)])  # fmt: skip
    bounds = [(0, p) for p in units["power_max_mw"]] + [(0, 0)] + [(None, None)] * (nodes - 1) + [(0, None)] * lines
    found = linprog(
        np.concatenate([cost, np.zeros(nodes + lines)]), tangents, np.kron(r, points**2), balance_rows, d.quantities["load"].values[:, 0],
        bounds, method="highs",
    )  # fmt: skip
    assert found.status == 0
    return found.fun


@pytest.mark.parametrize("seed", range(4))
def test_meshes_certify(seed):
    """With limits, sections and wind, whose surplus may also be lost on lines for nothing."""
    rows, series = meshed_rows(seed, 10, 8, hours=6)
    for each in rows["line"]:
        each["resistance_ohm_per_km"] = 2.0
    d = dispatch(replace(case(6, series=series, **rows), losses="piecewise"))
    assert_optimal(d)
    assert certificate(d).failed == []
    found = balance.energy_balance(d).set_index("item")["energy_mwh"]
    assert found["ac_losses"] == pytest.approx(-d.quantities["branch_loss"].values.sum())
    assert found.sum() == pytest.approx(0, abs=1e-6)


def test_off_is_what_it_was():
    """Off, and without any resistance, nothing is added; with losses modelled but none there, the optimum is the same."""
    plain = dispatch(meshed(5))
    assert not any(f.name.startswith("losses") for f in plain.model.builder.column_families)
    assert not {"branch_loss", "branch_artificial_loss", "branch_loss_price"} & set(plain.quantities)
    assert "ac_losses" not in set(balance.energy_balance(plain)["item"])
    assert (price(plain).loss == 0).all() and losses.branch_losses(plain).empty
    without = dispatch(replace(meshed(5), losses="piecewise"))
    assert without.solution.x.tolist() == plain.solution.x.tolist()
    assert (without.quantities["branch_loss"].values == 0).all()
    assert certificate(without).passed


def test_no_branch_and_negative_resistance():
    """One bus; and a series equivalent of negative resistance, which has no loss."""
    alone = replace(power_case(bus=buses("A"), unit=[unit("A", 10, 9)], load=[load("A", mean=5.0)]), losses="piecewise")
    assert solve(alone).solution.objective == pytest.approx(50)
    own = [dict(ac_branch="n", from_bus="A", to_bus="B", resistance_pu=-0.01, reactance_pu=0.1)]
    d = solve(two_buses(rows=dict(line=[], ac_branch=own)))
    assert d.quantities["branch_loss"].values == pytest.approx(0)
    assert evidence(d)["quantities"]["flow"] == pytest.approx(100)
    assert certificate(d).passed
