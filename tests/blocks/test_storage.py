"""Storage: arbitrage, wear, start and end energy, standing loss, grouping."""

import numpy as np
import pytest

from gridopt.case.time import TimeGrid
from gridopt.pricing.marginal import price
from tests.support.block_cases import buses, load, power_case, unit
from tests.support.certify import certificate
from tests.support.optimum import solve

UNITS = [unit("A", 10, 20), unit("A", 90, 100)]


def battery(name="B", power=8.0, energy=100.0, **kw):
    return dict(storage=name, bus="A", power_max_mw=power, energy_max_mwh=energy, **kw)


def test_S2_battery_carries_cheap_energy():
    """One bus, two hours, 10 then 30 MW; 20 MW at 10 and 100 MW at 90; battery 8 MW, charge efficiency 0.9, wear 2 CNY/MWh.

    Charge 8 MW (stores 7.2), discharge 7.2: 18*10 + 20*10 + 2.8*90 + 7.2*2 = 646.40; prices 10 and 90; stored energy 90 - 2 = 88.
    """
    d = solve(
        power_case(
            2,
            series={"d": [10, 30]},
            bus=buses("A"),
            unit=UNITS,
            load=[load("A", "d")],
            storage=[battery(charge_efficiency=0.9, wear_cny_per_mwh=2.0)],
        )
    )
    assert d.solution.objective == pytest.approx(646.40)
    assert price(d).price[0] == pytest.approx([10, 90])
    assert d.values.dual("storage.energy_balance") == pytest.approx(88)
    assert d.quantities["storage_energy"].values[0] == pytest.approx([7.2, 0])


def test_S2_all_losses_and_costs():
    """As above with discharge efficiency 0.8, charging cost 3: 7.2 stored gives 5.76.

    18*10 + 20*10 + (10 - 5.76)*90 + 5.76*2 + 8*3 = 180 + 200 + 381.6 + 11.52 + 24 = 797.12; stored MWh worth 0.8*88 = 70.4.
    """
    d = solve(
        power_case(
            2,
            series={"d": [10, 30]},
            bus=buses("A"),
            unit=UNITS,
            load=[load("A", "d")],
            storage=[
                battery(charge_efficiency=0.9, discharge_efficiency=0.8, wear_cny_per_mwh=2.0, charging_cost_cny_per_mwh=3.0)
            ],
        )
    )
    assert d.solution.objective == pytest.approx(797.12)
    assert d.values.dual("storage.energy_balance") == pytest.approx(70.4)


def test_S1_energy_limit_binds():
    """5 MWh of room: charges 5, discharges 5: 15*10 + 20*10 + 5*90 = 800; a stored MWh is worth 10 first, 90 after."""
    d = solve(
        power_case(2, series={"d": [10, 30]}, bus=buses("A"), unit=UNITS, load=[load("A", "d")], storage=[battery(energy=5.0)])
    )
    assert d.solution.objective == pytest.approx(800)
    assert d.values.dual("storage.energy_balance")[0] == pytest.approx([10, 90])


def test_S1_ends_no_lower_than_it_began():
    """40 of 100 MWh before; dear hour first (30 MW), cheap hour after (10 MW): lends 8 MWh, gets them back.

    20*10 + 2*90 + 18*10 = 560; energy 32, then 40.
    """
    d = solve(
        power_case(
            2,
            series={"d": [30, 10]},
            bus=buses("A"),
            unit=UNITS,
            load=[load("A", "d")],
            storage=[battery(energy_start_fraction=0.4)],
        )
    )
    assert d.solution.objective == pytest.approx(560)
    assert d.quantities["storage_energy"].values[0] == pytest.approx([32, 40])


@pytest.mark.parametrize("minutes", [60, 30, 15, 5])
def test_S2_standing_loss_of_idle_energy_at_any_step(minutes):
    """50 MWh idle for 4 h at 2 % per hour: 50*(1 - 0.98^4) = 3.881592 MWh to replace at 10 CNY/MWh, in the last step only.
    Wear of 1000 keeps it from selling early what it would lose anyway.

    4 h x 10 MW x 10 = 400; 438.81592 in all. A MWh stored an hour earlier is worth 0.98 of one.
    """
    d = solve(
        power_case(
            4,
            minutes,
            bus=buses("A"),
            unit=[unit("A", 10, 200)],
            load=[load("A", mean=10.0)],
            storage=[battery(power=100.0, energy_start_fraction=0.5, standing_loss_per_h=0.02, wear_cny_per_mwh=1000.0)],
        )
    )
    assert d.solution.objective == pytest.approx(400 + 10 * 50 * (1 - 0.98**4), rel=1e-9)
    value = d.values.dual("storage.energy_balance")[0, 60 // minutes - 1 :: 60 // minutes]
    assert value[1:] / value[:-1] == pytest.approx(1 / 0.98)


def test_S2_standing_loss_over_steps_of_unequal_length():
    """Charge 8 MW in an hour, idle for 2 h (one step, or one of 90 and one of 30 min), give back 8*0.9^3 in the last hour.

    Hour 1: 10 MW of load; idle hours 20 MW; last 30 MW: (18 + 40 + 20)*10 + (10 - 5.832)*90 = 1155.12.
    """
    case = power_case(
        4,
        series={"d": [10, 20, 20, 30]},
        bus=buses("A"),
        unit=UNITS,
        load=[load("A", "d")],
        storage=[battery(standing_loss_per_h=0.1)],
    )
    for cuts in ([0, 60, 120, 180, 240], [0, 60, 180, 240], [0, 60, 150, 180, 240]):
        start = case.time.start[0] + np.array(cuts[:-1]) * np.timedelta64(60, "s")
        assert solve(case.on_time(TimeGrid(start, np.diff(cuts) / 60.0))).solution.objective == pytest.approx(1155.12)


def test_stores_of_equal_hours_are_one_and_share_by_power():
    """2 and 6 MW of four hours each: together 8 MW; they share 1 : 3 in power and energy."""
    stores = [battery("B1", 2.0, 8.0), battery("B2", 6.0, 24.0), battery("B3", 1.0, 0.0)]
    d = solve(power_case(2, series={"d": [10, 30]}, bus=buses("A"), unit=UNITS, load=[load("A", "d")], storage=stores))
    assert d.solution.objective == pytest.approx(18 * 10 + 20 * 10 + 2 * 90)
    assert d.quantities["storage_charge"].values[:, 0] == pytest.approx([2, 6, 0])
    assert d.quantities["storage_energy"].values[:, 0] == pytest.approx([2, 6, 0])


def test_S1_store_that_retires_is_emptied_before():
    """Retires at midnight of hour 2: what it holds is used in hour 1 (8 MW), not in the dearer hour after."""
    d = solve(
        power_case(
            2,
            start="2024-12-31T23:00",
            series={"d": [25, 60]},
            bus=buses("A"),
            unit=UNITS,
            load=[load("A", "d")],
            storage=[battery(energy=5.0, energy_start_fraction=1.0, retirement="2025-01-01")],
        )
    )
    assert d.quantities["storage_discharge"].values[0] == pytest.approx([5, 0])
    assert d.solution.objective == pytest.approx(20 * 10 + 20 * 10 + 40 * 90)


@pytest.mark.parametrize("minutes", [60, 30, 15])
def test_S3_what_a_retiring_store_cannot_give_leaves_with_it(minutes):
    """60 MWh at 23:00, 8 MW, retires at midnight: gives 8, writes 52 off. 17*10 in hour 1; 20*10 + 40*90 in hour 2 = 3970."""
    d = solve(
        power_case(
            2,
            minutes,
            start="2024-12-31T23:00",
            series={"d": [25, 60]},
            bus=buses("A"),
            unit=UNITS,
            load=[load("A", "d")],
            storage=[battery(energy_start_fraction=0.6, retirement="2025-01-01")],
        )
    )
    assert d.solution.objective == pytest.approx(17 * 10 + 20 * 10 + 40 * 90)
    assert d.quantities["storage_written_off"].values.sum() == pytest.approx(52)
    assert d.quantities["storage_written_off"].values[0, 60 // minutes] == pytest.approx(52)
    assert certificate(d).passed


def test_S3_store_that_retires_within_a_step_and_one_alike_that_stays():
    """Two of 8 MW and 16 MWh, full, no load: one retires at midnight, in the middle of the second of three steps of 2 h.

    Room of the two 32, 24, 16 MWh: 8 leave in the second step, 8 in the third; all from the one that retires.
    """
    stores = [battery("B1", energy=16.0, energy_start_fraction=1.0), battery("B2", energy=16.0, energy_start_fraction=1.0)]
    stores[0]["retirement"] = "2025-01-01"
    d = solve(power_case(6, 120, start="2024-12-31T21:00", bus=buses("A"), unit=UNITS, storage=stores))
    assert d.solution.objective == pytest.approx(0)
    assert d.quantities["storage_written_off"].values == pytest.approx(np.array([[0, 8, 8], [0, 0, 0]]))
    assert d.quantities["storage_energy"].values.sum(axis=0) == pytest.approx([32, 24, 16])
    assert certificate(d).passed


def test_S3_no_energy_leaves_otherwise():
    """A store that stays or enters has no column for it."""
    stores = [battery(), battery("late", in_service="2025-01-02"), battery("long", retirement="2026-01-01")]
    d = solve(power_case(48, bus=buses("A"), unit=UNITS, load=[load("A", mean=5.0)], storage=stores))
    assert d.values["storage.written_off"].size == 0
    assert not d.quantities["storage_written_off"].values.any()


def test_S3_the_room_of_another_store_is_no_way_out():
    """A store of another bus that retires does not let this one lose energy: 50 of 100 MWh, power 0, stay."""
    stores = [battery(power=0.0, energy_start_fraction=0.5), dict(battery("C", energy_start_fraction=1.0), bus="C")]
    stores[1]["retirement"] = "2025-01-01"
    load_c = load("C", mean=8.0)
    d = solve(power_case(2, start="2024-12-31T23:00", bus=buses("A", "C"), unit=UNITS, load=[load_c], storage=stores))
    assert d.quantities["storage_energy"].values == pytest.approx(np.array([[50, 50], [92, 0]]))
    assert d.quantities["storage_written_off"].values == pytest.approx(np.array([[0, 0], [0, 92]]))
    assert certificate(d).passed
