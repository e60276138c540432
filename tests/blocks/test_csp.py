"""Solar thermal plants: field, store, power block."""

import numpy as np
import pytest

from gridopt.case.time import TimeGrid
from gridopt.dispatch.lmp import price
from tests.support.block_cases import buses, load, power_case, unit
from tests.support.optimum import solve

TOWER = dict(
    csp="t",
    bus="A",
    power_max_mw=10.0,
    efficiency=0.4,
    field_heat_max_mw=60.0,
    store_heat_max_mwh=100.0,
    store_efficiency=0.95,
    standing_loss_per_h=0.1,
    profile="sun",
)


def tower_case(hours, sun, loads, **change):
    return power_case(
        hours,
        series={"sun": sun, "d": loads},
        bus=buses("A"),
        unit=[unit("A", 10, 30), unit("A", 90, 100)],
        load=[load("A", "d")],
        csp=[TOWER | change],
    )


def test_C1_C2_heat_waits_for_the_dear_hour():
    """Field heat 60 * 2/3 = 40 MW, then none; loads 30 (all at 10) and 60 (30 at 90).

    10 MW in hour 2 need 25 MWh of heat, 25/0.9 = 27.7778 an hour before, 29.2398 from the field at 0.95; the other 10.7602 make
    4.30409 MW in hour 1: 25.69591*10 + 30*10 + 20*90 = 2356.9591.
    A MWh of heat in hour 1 saves 4, stored it is worth 4/0.95, an hour later 4/0.95/0.9.
    """
    d = solve(tower_case(2, [2 / 3, 0.0], [30, 60]))
    assert d.solution.objective == pytest.approx(2356.9591, rel=1e-7)
    assert d.quantities["csp_output"].values[0] == pytest.approx([0.4 * (40 - 25 / 0.9 / 0.95), 10])
    assert d.quantities["csp_store"].values[0] == pytest.approx([25 / 0.9, 0])
    assert d.values.dual("csp.heat_balance")[0] == pytest.approx([4 / 0.95, 4 / 0.95 / 0.9])


def test_C2_heat_beyond_block_and_store_is_dumped():
    """60 MW of heat, no store: 10 MW take 25, the rest is dumped: 20*10."""
    d = solve(tower_case(1, [1.0], [30], store_heat_max_mwh=0.0))
    assert d.solution.objective == pytest.approx(200)
    assert price(d).price == pytest.approx(10)


def test_C3_store_is_full():
    """Store of 10 MWh: hour 2 gets 10*0.9*0.4 = 3.6 MW; hour 1 all it can (10 MW): 20*10 + 30*10 + 26.4*90 = 2876."""
    d = solve(tower_case(2, [1.0, 0.0], [30, 60], store_heat_max_mwh=10.0))
    assert d.solution.objective == pytest.approx(2876)


def test_C1_standing_loss_over_steps_of_unequal_length():
    """Heat of hour 1 waits two hours (one step of 2 h, or 1.5 h and 0.5 h) and loses 0.9^3 by the last hour: the same cost."""
    case = tower_case(4, [0.3, 0.0, 0.0, 0.0], [30, 5, 5, 60])
    for cuts in ([0, 60, 120, 180, 240], [0, 60, 180, 240], [0, 60, 150, 180, 240]):
        start = case.time.start[0] + np.array(cuts[:-1]) * np.timedelta64(60, "s")
        cost = solve(case.on_time(TimeGrid(start, np.diff(cuts) / 60.0))).solution.objective
        assert cost == pytest.approx((30 + 5 + 5 + 30) * 10 + (30 - 18 * 0.95 * 0.9**3 * 0.4) * 90)


def test_profile_left_empty_is_the_constant_that_the_table_declares():
    """'empty: constant 1': the field gives 60 MW, the block 10 MW: 20*10 = 200."""
    d = solve(tower_case(1, [0.0], [30], profile=""))
    assert d.solution.objective == pytest.approx(200)


def test_C3_enters_service_at_midnight():
    """Nothing before, 10 MW after: (30 + 20)*10 = 500."""
    d = solve(
        power_case(
            2,
            start="2024-12-31T23:00",
            series={"sun": [1.0, 1.0]},
            bus=buses("A"),
            unit=[unit("A", 10, 30)],
            load=[load("A", mean=30.0)],
            csp=[TOWER | dict(in_service="2025-01-01")],
        )
    )
    assert d.solution.objective == pytest.approx(500)


def test_C1_heat_stored_before_the_first_step_is_used():
    """No sun; 20 MWh of heat before an hour that loses a tenth: 18 drawn, 7.2 MW; load 50: 30*10 + 12.8*90 = 1452."""
    d = solve(tower_case(1, [0.0], [50], store_start_mwh=20.0))
    assert d.solution.objective == pytest.approx(1452)
    assert d.quantities["csp_store"].values == pytest.approx(0.0)
