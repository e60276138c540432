"""Trade with the outside: agreed schedules, flexible bands, tariffs."""

import pytest

from gridopt.dispatch.lmp import price
from tests.support.block_cases import buses, load, power_case, unit
from tests.support.optimum import solve

TIE = dict(
    exchange="tie",
    bus="A",
    schedule="s",
    scale=0.5,
    export_flexible_mw=12.0,
    import_flexible_mw=9.0,
    price_profile="p",
    tariff_cny_per_mwh=4.0,
)


def tie_case(hours, agreed, prices, start="2025-01-01", **change):
    return power_case(
        hours,
        start=start,
        series={"s": agreed, "p": prices},
        bus=buses("A"),
        unit=[unit("A", 30, 60)],
        load=[load("A", mean=20.0)],
        exchange=[TIE | change],
    )


def test_X1_exports_above_and_imports_below_the_schedule():
    """20 MW of load and 10*0.5 agreed. Price 50: 46 after tariff is above 30: 12 more;
    price 20: 24 with tariff is below 30: 9 less.

    37*30 - 12*46 + 16*30 + 9*24 = 1110 - 552 + 480 + 216 = 1254; exports 17 and -4.
    """
    d = solve(tie_case(2, [10, 10], [50.0, 20.0]))
    assert d.solution.objective == pytest.approx(1254)
    assert d.quantities["exchange_export"].values[0] == pytest.approx([17, -4])
    assert d.costs["exchange.export"] == pytest.approx(-552)
    assert d.costs["exchange.import"] == pytest.approx(216)
    assert price(d).price == pytest.approx(30)


def test_X1_tariff_keeps_trade_apart():
    """Prices 33 and 27: within 4 of 30 nothing moves: 25*30 each."""
    d = solve(tie_case(2, [10, 10], [33.0, 27.0]))
    assert d.solution.objective == pytest.approx(1500)
    assert d.quantities["exchange_export"].values[0] == pytest.approx([5, 5])


def test_X1_agreed_import_and_price_set_by_the_band():
    """Agreed import of 25 against a load of 20: 5 too much, sold in the band at 14 - 4 = 10: -50; price 10."""
    d = solve(tie_case(1, [-50], [14.0]))
    assert d.solution.objective == pytest.approx(-50)
    assert price(d).price == pytest.approx(10)


def test_X1_nothing_outside_service():
    """From midnight on: 20*30 before, then 17 MW exported: 37*30 - 12*46."""
    d = solve(tie_case(2, [10, 10], [50.0, 50.0], start="2024-12-31T23:00", in_service="2025-01-01"))
    assert d.solution.objective == pytest.approx(600 + 1110 - 552)
    assert d.quantities["exchange_export"].values[0] == pytest.approx([0, 17])


def test_X1_neither_schedule_nor_price():
    """Empty series are 0: exports earn -4, imports cost 4 < 30: 9 MW: 11*30 + 9*4 = 366."""
    d = solve(tie_case(1, [0], [0.0], schedule="", price_profile=""))
    assert d.solution.objective == pytest.approx(366)
