"""Nodal prices: a textbook case, prices outside the range of all costs, derivatives of the cost, and their parts."""

import numpy as np
import pytest

from gridopt.case.time import TimeGrid
from gridopt.dispatch.lmp import load_share, price
from gridopt.dispatch.single import dispatch
from tests.support.block_cases import UNIT_TYPE, buses, load, power_case, unit
from tests.support.meshed import meshed, meshed_rows
from tests.support.optimum import solve

CONGESTED = (1, 3, 11)
"""Meshes with several binding limits in their first hour."""


def three_bus(limit_12=126.0, limit_23=130.0, a_costs=7.5, a_power=140.0, b_power=285.0):
    """Three buses, x12 = x13 = 0.2, x23 = 0.1 per unit (100 kV, 100 MVA: 20, 20, 10 ohm); limits 126, 250, 130 MW.

    Plants A 140 MW at 7.5 and B 285 at 6 at bus 1, C 90 at 14 at bus 2, D 85 at 10 at bus 3; loads 50, 60, 300 MW.
    Source: the three-bus example of Kirschen and Strbac, Fundamentals of Power System Economics (2004), chapter 6, from memory;
    the arithmetic in the tests stands by itself.
    """
    names = ("1", "2", "3")
    fuel = [
        dict(fuel=n, price_cny_per_tce=p, co2_t_per_tce=0.0) for n, p in (("A", a_costs), ("B", 6.0), ("C", 14.0), ("D", 10.0))
    ]
    plants = (("A", "1", a_power), ("B", "1", b_power), ("C", "2", 90.0), ("D", "3", 85.0))
    lines = (("1", "2", 10.0, limit_12), ("1", "3", 10.0, 250.0), ("2", "3", 5.0, limit_23))
    return power_case(
        bus=[dict(bus=n, voltage_kv=100.0) for n in names],
        line=[
            dict(line=a + b, from_bus=a, to_bus=b, length_km=km, reactance_ohm_per_km=2.0, rating_mw=f) for a, b, km, f in lines
        ],
        fuel=fuel,
        unit_type=UNIT_TYPE,
        unit=[dict(unit=n, bus=b, unit_type="u", fuel=n, power_max_mw=p) for n, b, p in plants],
        load=[load(n, mean=mw) for n, mw in zip(names, (50.0, 60.0, 300.0), strict=True)],
    )


def test_P1_textbook_without_limits():
    """B 285 and A 125 MW: 285*6 + 125*7.5 = 2647.5; flows 156, 204, 96; 7.5 everywhere."""
    d = solve(three_bus(limit_12=200.0))
    assert d.solution.objective == pytest.approx(2647.5)
    assert d.flow[:, 0] == pytest.approx([156, 204, 96])
    assert price(d).price[:, 0] == pytest.approx([7.5, 7.5, 7.5])


def test_P1_textbook_with_line_1_2_full():
    """From 1 to 3, 0.4 goes over 1-2; from 3 to 2, 0.2 comes over 1-2: flow 0.4 (P1 - 50) + 12 = 126: P1 = 335.

    A 50, B 285, D 75: 375 + 1710 + 750 = 2835. One MW more at 2: A -0.5, D +1.5: -3.75 + 15 = 11.25.
    One MW more of limit: A +2.5, D -2.5: saves 6.25.
    """
    d = solve(three_bus())
    assert d.solution.objective == pytest.approx(2835)
    assert price(d).price[:, 0] == pytest.approx([7.5, 11.25, 10.0])
    assert d.values.dual("network.limit")[:, 0] == pytest.approx([-6.25, 0, 0])


def test_P1_textbook_price_below_every_marginal_plant():
    """Limit of 65 MW on 2-3: a load at 2 relieves it by 0.8: A +2, D -1: 15 - 10 = 5, below 6, the cheapest plant of all."""
    d = solve(three_bus(limit_23=65.0))
    assert price(d).price[:, 0] == pytest.approx([7.5, 5.0, 10.0])


def test_P1_negative_price_made_by_a_loop():
    """The same with A alone at bus 1, at 4.5: a MW of load at 2 lets A make 2 more and D 1 less: 9 - 10 = -1.

    0.4 (P1 - 50) + 12 - 60 = 65: P1 = 332.5, D 77.5: 1496.25 + 775 = 2271.25. No plant bids below 4.5.
    """
    d = solve(three_bus(limit_23=65.0, a_costs=4.5, a_power=400.0, b_power=0.0))
    assert d.solution.objective == pytest.approx(2271.25)
    assert price(d).price[:, 0] == pytest.approx([4.5, -1.0, 10.0])


@pytest.mark.parametrize("seed", CONGESTED)
def test_P1_price_is_the_derivative_of_the_cost(seed):
    """Random meshes, each bus: (cost(load + 1 kW) - cost(load - 1 kW)) / 2 kW."""
    rows, series = meshed_rows(seed, hours=1)
    lmp = price(solve(meshed(seed, hours=1))).price[:, 0]
    assert np.ptp(lmp) > 1, "nothing binds: the test would prove little"
    for k, there in enumerate(rows["bus"]):

        def cost(change_mw, bus=there["bus"]):
            loads = [r | dict(mean_mw=r["mean_mw"] + change_mw / series["d"][0]) if r["bus"] == bus else r for r in rows["load"]]
            return dispatch(meshed(seed, hours=1, load=loads)).solution.objective

        assert (cost(1e-3) - cost(-1e-3)) / 2e-3 == pytest.approx(lmp[k], rel=1e-4, abs=1e-3)


def test_P1_does_not_depend_on_the_step_length():
    """Two hours as 2 x 60, 8 x 15 and 45 + 15 + 10 + 50 minutes."""
    whole = solve(meshed(2))
    hourly = price(whole).price
    for cuts in (np.arange(0, 121, 15), np.array([0, 45, 60, 70, 120])):
        grid = TimeGrid(whole.case.time.start[0] + cuts[:-1] * np.timedelta64(60, "s"), np.diff(cuts) / 60.0)
        cut = solve(whole.case.on_time(grid))
        assert cut.solution.objective == pytest.approx(whole.solution.objective, rel=1e-9)
        assert price(cut).price == pytest.approx(hourly[:, (cuts[:-1] >= 60).astype(int)], rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_P2_parts_add_up_and_rent_is_what_the_limits_earn(seed):
    """price = energy + congestion + loss; energy alike within an area; weights add up to 1 and congestion to 0 under them.

    What loads pay less what plants get equals the sum of |dual| x limit over lines and sections.
    """
    d = solve(meshed(seed))
    p = price(d)
    assert p.energy + p.congestion + p.loss == pytest.approx(p.price)
    assert np.ptp(p.energy, axis=0) == pytest.approx(0) and p.weight.sum(axis=0) == pytest.approx(1)
    assert (p.weight * p.congestion).sum(axis=0) == pytest.approx(0, abs=1e-9)
    rent = 0.0
    for f in d.model.builder.lazy_families:
        if f.port == "injection":
            dual = d.values.dual(f.family.name)
            rent += np.sum(
                np.where(dual < 0, -dual * np.where(dual < 0, f.upper, 0.0), 0.0) + np.where(dual > 0, dual * -f.lower, 0.0)
            )
    assert -(p.price * d.injection).sum() == pytest.approx(rent, rel=1e-6, abs=1e-6)


def test_P2_islands_have_their_own_energy_part():
    d = solve(
        power_case(
            bus=buses("A", "B", "C"), unit=[unit("A", 10, 90), unit("B", 50, 90)], load=[load("A", mean=1.0), load("B", mean=1.0)]
        )
    )
    p = price(d)
    assert p.energy[:2, 0] == pytest.approx([10, 50]) and p.congestion[:2] == pytest.approx(0)


def test_load_share_of_an_area_without_load_is_equal():
    """Buses 0 and 1 form an area with loads 3 and 1, buses 2 and 3 one without."""
    area = np.array([[0], [0], [2], [2]])
    assert load_share(np.array([[3.0], [1.0], [0.0], [0.0]]), area)[:, 0].tolist() == [0.75, 0.25, 0.5, 0.5]
