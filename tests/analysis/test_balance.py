"""Energy balance, output by technology, prices by zone."""

import numpy as np
import pytest

from gridopt.analysis import balance
from gridopt.dispatch.lmp import price
from gridopt.dispatch.single import dispatch
from gridopt.study.evidence import price_quantities
from tests.support.block_cases import BLOCK_CASES, buses, line, load, power_case, unit
from tests.support.certified_case import build
from tests.support.meshed import meshed
from tests.support.optimum import solve


def items(d) -> dict[str, float]:
    found = balance.energy_balance(d)
    assert list(found.columns) == ["item", "item_zh", "energy_mwh"]
    assert (found["item_zh"] != "").all() and found["item"].is_unique
    return dict(zip(found["item"], found["energy_mwh"], strict=True))


CASES = {name: c.build() for name, c in BLOCK_CASES.items()} | {"all": build(), "all15": build(15), "mesh": meshed(3)}


@pytest.mark.parametrize("name", sorted(CASES))
def test_E1_closes(name):
    assert sum(items(dispatch(CASES[name])).values()) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("minutes", [60, 15])
def test_E1_by_hand(minutes):
    """Two hours. Load 10 and 30 MW; wind 40 then 0; coal for 90; a neighbour takes 5 MW as agreed, then gives 3.

    Hour 0: 15 are needed, the store takes 10 (stores 8), the link sends 4 to a market; 11 curtailed.
    Hour 1: the store gives 8, 3 come from outside, 4 are sent: coal 30 + 4 - 8 - 3 = 23.
    The store loses 2 of 10 MWh. The wind gives 29.
    """
    rows = dict(
        bus=[*buses("A"), *buses("X", role="external"), *buses("S", role="sink")], line=[line("A", "X")],
        unit=[unit("A", 90, 100)], renewable=[dict(renewable="w", bus="A", technology="wind", power_max_mw=40.0, profile="w")],
        storage=[dict(storage="b", bus="A", power_max_mw=10.0, energy_max_mwh=50.0, charge_efficiency=0.8)],
        dc_link=[dict(dc_link="L", from_bus="A", to_bus="S", power_max_mw=4.0, loss_linear_fraction=0.1)],
        exchange=[dict(exchange="T", bus="X", schedule="s"),
                  dict(exchange="M", bus="S", export_flexible_mw=100.0, price_profile="p")],
        load=[load("A", "a")], series={"a": [10, 30], "w": [1, 0], "s": [5, -3], "p": [500.0, 500.0]},
    )  # fmt: skip
    d = solve(power_case(2, minutes, **rows))
    assert items(d) == pytest.approx(
        dict(coal=23, wind=29, imports=3, shedding=0, load=-40, ac_export=-5, dc_sent=-8, dc_losses=0, storage_losses=-2,
             storage_filling=0, surplus=0), abs=1e-9,
    )  # fmt: skip
    names, output = balance.technology_output(d)
    assert names == ["coal", "wind", "battery_discharge", "imports"]
    assert output.reshape(4, 2, -1).mean(axis=2) == pytest.approx(np.array([[0, 23], [29, 0], [0, 8], [0, 3]]))


def test_E1_a_link_inside_loses_and_a_store_fills():
    """10 MW over an inside link with 10 % loss; a store that starts at 4 of 8 MWh must end there or higher."""
    rows = dict(
        bus=buses("A", "B"), unit=[unit("A", 10, 100), unit("B", 90, 100)], load=[load("B", mean=20.0)],
        dc_link=[dict(dc_link="L", from_bus="A", to_bus="B", power_max_mw=10.0, loss_linear_fraction=0.1)],
        storage=[dict(storage="b", bus="A", power_max_mw=4.0, energy_max_mwh=8.0, energy_start_fraction=0.5,
                      standing_loss_per_h=0.25)],
    )  # fmt: skip
    found = items(solve(power_case(1, **rows)))
    assert found["dc_losses"] == pytest.approx(-1) and found["dc_sent"] == 0
    assert found["storage_losses"] == pytest.approx(-1) and found["storage_filling"] == pytest.approx(0)
    assert found["coal"] == pytest.approx(10 + 1 + 11)


def test_order_of_technologies_and_sums():
    d = dispatch(build())
    names, output = balance.technology_output(d)
    assert names == [n for n in balance.SUPPLY if n in names] and output.shape == (len(names), len(d.case.time))
    assert output[names.index("battery_discharge")] + output[names.index("pumped_hydro_discharge")] == pytest.approx(
        d.quantities["storage_discharge"].values.sum(axis=0)
    )
    assert output[names.index("coal")] == pytest.approx(d.quantities["unit_output"].values.sum(axis=0))


def test_prices_by_zone():
    """Zone n: prices 10 and 90 at loads of 10 and 30: mean 50, weighted 70. Zone s without load: 10. The sink does not count."""
    rows = dict(
        bus=[*buses("A", zone="n"), *buses("B", zone="s"), *buses("S", role="sink", zone="n")],
        unit=[unit("A", 10, 20), unit("A", 90, 100), unit("B", 10, 5)], load=[load("A", "a")], series={"a": [10, 30]},
    )  # fmt: skip
    d = solve(power_case(2, start="2024-12-31T23:00", **rows))
    prices = price(d)
    prices.price[1] = [10, 20]  # an idle bus has any price between 0 and 10
    found = balance.price_zones(d, prices)
    assert list(found.columns) == ["zone", "mean", "load_weighted_mean", "min", "max"]
    assert found["zone"].tolist() == ["n", "s"]
    assert found.iloc[0, 1:].tolist() == pytest.approx([50, 70, 10, 90])
    assert found.iloc[1, 1:].tolist() == pytest.approx([15, 15, 10, 20])
    months = balance.price_zones_monthly(d, prices)
    assert months["month"].tolist() == ["2024-12", "2024-12", "2025-01", "2025-01"]
    assert months["zone"].tolist() == ["n", "s", "n", "s"]
    assert months["mean"].tolist() == pytest.approx([10, 10, 90, 20])


def test_a_bus_has_no_price_before_it_is_built():
    """Prices 10 and 90 at A; B, of the same zone, begins with the second hour: no mean is drawn down by what is not there."""
    there = dict(in_service="2025-01-01")
    rows = dict(bus=[*buses("A", zone="n"), *buses("B", zone="n", **there), *buses("C", zone="s", in_service="2025-01-02")],
                unit=[unit("A", 10, 20), unit("A", 90, 100)], load=[load("A", "a")], series={"a": [10, 30]})  # fmt: skip
    d = solve(power_case(2, start="2024-12-31T23:00", **rows))
    prices = price(d)
    prices.price[1:] = [[0, 20], [0, 0]]
    found = balance.price_zones(d, prices)
    assert found.iloc[0, 1:].tolist() == pytest.approx([40, 70, 10, 90])  # (10 + 90 + 20) / 3
    assert found.iloc[1, 1:].isna().all()
    told = price_quantities(d, prices)["price"].values
    assert told[0].tolist() == pytest.approx([10, 90]) and np.isnan(told[1, 0]) and told[1, 1] == 20 and np.isnan(told[2]).all()


def test_an_empty_network():
    d = solve(power_case(bus=buses("A"), unit=[], load=[load("A", mean=0.0)]))
    assert balance.technology_output(d)[1].shape == (0, 1)
    assert set(items(d).values()) == {0.0}
