"""Marginal losses: loss factors by hand, agreement with tangents of every branch; tag (L3) as in the block."""

from dataclasses import replace

import numpy as np
import pytest

from gridopt.analysis.losses import branch_losses, warnings
from gridopt.dispatch import losses
from gridopt.dispatch.certificate import certify
from gridopt.dispatch.lmp import price
from gridopt.dispatch.losses import loss_error
from gridopt.dispatch.single import dispatch
from gridopt.program.solution import SolverFailed
from tests.blocks.test_losses import R, two_buses
from tests.support.block_cases import BLOCK_CASES, buses, load, power_case, unit
from tests.support.certify import certificate, evidence
from tests.support.meshed import meshed_rows
from tests.support.optimum import solve
from tests.support.small import case


def lossy_mesh(seed, hours=4):
    """A mesh with resistance; without wind, so that no price falls below zero."""
    rows, series = meshed_rows(seed, hours=hours)
    for each in rows["line"]:
        each |= dict(resistance_ohm_per_km=1.0, rating_mw=None)
    rows |= dict(interface=[], interface_limit=[], interface_member=[], renewable=[])
    return case(hours, series=series, **rows)


def test_L3_two_buses_by_hand():
    """As for tangents f - R f^2 / 2 = 100; linearised again until the flow stands, the price at B is 20 (1 + f R) / (1 - f R)."""
    d = solve(replace(two_buses(), losses="marginal"))
    flow = (1 - np.sqrt(1 - 200 * R)) / R
    assert d.flow == pytest.approx(flow, rel=1e-9)
    assert d.quantities["branch_loss"].values == pytest.approx(R * flow**2, rel=1e-9)
    assert d.port_price("injection")[:, 0] == pytest.approx([20, 20 * (1 + flow * R) / (1 - flow * R)], rel=1e-7)
    assert d.quantities["branch_loss_price"].values == pytest.approx(2 * R * flow * price(d).price.mean(), rel=1e-7)
    assert loss_error(d) < 1e-9


def test_two_plants_that_compete_through_losses_settle():
    """A at 20 against B at 22: with the last loss factors alone all would come from A, then all from B. It is 2 / 42 / R MW from A."""
    rows = dict(fuel=[dict(fuel=f"c{p}", price_cny_per_tce=float(p), co2_t_per_tce=0.0) for p in (20, 22)],
                unit=[unit("A", 20, 900), unit("B", 22, 900)])  # fmt: skip
    d = dispatch(replace(two_buses(400.0, rows), losses="marginal"))
    assert loss_error(d) < 1e-3
    assert d.flow == pytest.approx(2 / 42 / R, rel=0.06)
    assert d.port_price("injection") == pytest.approx(np.array([[20], [22]]))


@pytest.mark.parametrize("seed", [7, 8, 9])
def test_as_tangents_of_every_branch(seed):
    """The two ways agree in cost to 0.01 %, in losses to 0.2 %, in prices to 0.2 %."""
    c = lossy_mesh(seed)
    by_tangents, by_factors = dispatch(replace(c, losses="piecewise")), solve(replace(c, losses="marginal"))
    assert by_factors.solution.objective == pytest.approx(by_tangents.solution.objective, rel=1e-4)
    assert branch_losses(by_factors)["loss_mwh"].sum() == pytest.approx(branch_losses(by_tangents)["loss_mwh"].sum(), rel=2e-3)
    assert price(by_factors).price == pytest.approx(price(by_tangents).price, rel=2e-3)
    assert certificate(by_factors).failed == []


def test_islands_and_artificial_losses_certify():
    d = solve(BLOCK_CASES["loss_factors"].build())
    assert certificate(d).failed == []
    assert branch_losses(d).set_index("branch")["artificial_mwh"]["XW"] == pytest.approx(2.085, rel=1e-2)


def test_certificate_finds_what_is_wrong():
    d = dispatch(replace(two_buses(), losses="marginal"))

    def failed(name, change):
        e = evidence(d)
        e["quantities"][name] = change(e["quantities"][name])
        return {c.name for c in certify(**e).failed}

    assert failed("branch_loss", lambda v: v * 0.99) == {"bus.balance", "loss.square", "rent"}
    assert failed("branch_loss_price", lambda v: v * 1.05) == {"loss.price", "price.network", "rent"}
    assert failed("branch_artificial_loss", lambda v: v - 1.0) == {"loss.square", "loss.artificial"}


def test_what_does_not_settle_gets_tangents_of_every_branch_or_is_refused(monkeypatch):
    """Losses at both ends: as if piecewise had been asked for, and told. At the receiving end there are no tangents."""
    monkeypatch.setattr(losses, "SOLVES", 2)
    monkeypatch.setattr(losses, "ERROR", 0.0)
    found, plain = (dispatch(replace(two_buses(), losses=how)) for how in ("marginal", "piecewise"))
    assert found.case.losses == "piecewise" and found.solution.objective == plain.solution.objective
    assert "piecewise instead" in warnings(found)[0] and not warnings(plain)
    with pytest.raises(SolverFailed, match="piecewise"):
        dispatch(replace(two_buses(), losses="marginal", losses_at="receiving"))


def test_load_that_is_shed_at_every_bus_leaves_flows_free_and_losses_right():
    """Everywhere a MWh is worth 10000: no plane of loss factors holds the flows, tangents of branches do."""
    rows, series = meshed_rows(374, buses_count=5, extra=3)
    for each in rows["line"]:
        each |= dict(resistance_ohm_per_km=2.0)
    rows["load"] = [r | dict(mean_mw=4.0 * r["mean_mw"]) for r in rows["load"]]
    d = solve(replace(case(2, series=series, **rows), losses="marginal"))
    assert d.quantities["shedding"].values.sum() > 100 and loss_error(d) < 1e-3
    assert certificate(d).failed == []


def test_no_branch():
    alone = power_case(bus=buses("A"), unit=[unit("A", 10, 9)], load=[load("A", mean=5.0)])
    assert solve(replace(alone, losses="marginal")).solution.objective == pytest.approx(50)
