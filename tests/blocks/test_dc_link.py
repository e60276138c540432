"""DC links: loss curve, least power, ramp, contracts, bundled share."""

from dataclasses import replace

import numpy as np
import pytest

from gridopt.case.time import TimeGrid
from gridopt.dispatch.lmp import price
from gridopt.dispatch.secured import GIVEN, Limits, bounded
from gridopt.dispatch.single import dispatch
from gridopt.dispatch.whole import Search
from gridopt.program.solution import Infeasible
from tests.support.block_cases import buses, load, power_case, unit
from tests.support.certify import certificate
from tests.support.optimum import solve

BUS = [*buses("A"), *buses("S", role="sink")]
BUYER = dict(exchange="M", bus="S", export_flexible_mw=500.0, price_profile="p")


def link(**kw):
    return dict(dict(dc_link="L", from_bus="A", to_bus="S", power_max_mw=100.0), **kw)


def link_case(hours=1, cost=50, prices=(100.0,), start="2025-01-01", more=None, **kw):
    """Unit at A for `cost`, buyer at S for `prices`, and the link."""
    rows = dict(bus=BUS, unit=[unit("A", cost, 500)], exchange=[BUYER], dc_link=[link(**kw)]) | (more or {})
    series = {"p": list(prices)} | rows.pop("series", {})
    return power_case(hours, start=start, series=series, **rows)


def test_L1_L2_sends_until_the_marginal_loss_eats_the_margin():
    """loss = p^2/1000; knots 20, 40, 60, 80, 100: 0.4, 1.6, 3.6, 6.4, 10; slopes 0.06, 0.10, 0.14, 0.18.

    Bought at 90, sold at 105: pays while 1 - slope >= 90/105 = 0.857: up to 80 MW, 73.6 arrive: 80*90 - 73.6*105 = -528.
    """
    d = solve(link_case(cost=90, prices=(105.0,), power_min_mw=20.0, loss_quadratic_fraction=0.1))
    assert d.solution.objective == pytest.approx(-528)
    assert d.quantities["dc_sent"].values == pytest.approx(80)
    assert d.quantities["dc_received"].values == pytest.approx(73.6)
    assert price(d).price[:, 0] == pytest.approx([90, 105])


@pytest.mark.parametrize("sent", [20, 40, 60, 80, 100])
def test_L2_loss_is_exact_at_the_knots(sent):
    """no-load 1 + 2 % + 0.1 p^2/100; the profile sets the limit, sold at a high price."""
    d = solve(
        link_case(
            prices=(1000.0,),
            more=dict(series={"m": [sent / 100]}),
            power_min_mw=20.0,
            loss_no_load_fraction=0.01,
            loss_linear_fraction=0.02,
            loss_quadratic_fraction=0.1,
            max_profile="m",
        )
    )
    assert d.quantities["dc_sent"].values == pytest.approx(sent)
    assert d.quantities["dc_received"].values == pytest.approx(sent - (1 + 0.02 * sent + 0.001 * sent**2))


def test_L2_limit_below_the_least_power():
    """A profile of 0.1 holds the link to 10 MW, below its least power of 20: loss of 10 MW: 1 + 0.2 + 0.1, not that of 20."""
    d = solve(
        link_case(
            more=dict(series={"m": [0.1]}),
            power_min_mw=20.0,
            loss_no_load_fraction=0.01,
            loss_linear_fraction=0.02,
            loss_quadratic_fraction=0.1,
            max_profile="m",
        )
    )
    assert d.quantities["dc_sent"].values == pytest.approx(10)
    assert d.quantities["dc_received"].values == pytest.approx(8.7)


def test_L1_least_power_is_sent_at_a_loss():
    """Sold at 30, made at 50, at least 20 MW: 20*(50 - 30) = 400."""
    d = solve(link_case(prices=(30.0,), power_min_mw=20.0))
    assert d.solution.objective == pytest.approx(400)


def test_L1_nothing_outside_service():
    """In service from midnight: nothing before, not even the no-load loss; after: 20*50 + 0 - 19*30."""
    d = solve(
        link_case(
            2,
            prices=(30.0, 30.0),
            start="2024-12-31T23:00",
            power_min_mw=20.0,
            loss_no_load_fraction=0.01,
            in_service="2025-01-01",
        )
    )
    assert d.solution.objective == pytest.approx(20 * 50 - 19 * 30)
    assert d.quantities["dc_sent"].values[0] == pytest.approx([0, 20])


def test_L3_rise_between_two_hours():
    """0.5 % of 100 MW per min is 30 MW per hour; sold at 20 (loses 30), then at 100 (earns 50).

    Each MW in hour 1 lets one more go in hour 2, so 70 and 100 are sent: 70*30 - 100*50 = -2900. A wider ramp saves 30: dual -30.
    """
    d = solve(link_case(2, prices=(20.0, 100.0), ramp_fraction_per_min=0.005))
    assert d.quantities["dc_sent"].values[0] == pytest.approx([70, 100])
    assert d.solution.objective == pytest.approx(70 * 30 - 100 * 50)
    assert d.values.dual("dc_link.ramp")[0] == pytest.approx([0, -30])


def contract(name="c", first="2025-01-01", last="2025-01-01", **kw):
    return dict(contract=name, dc_link="L", start_date=first, end_date=last, **kw)


def test_O1_least_energy_for_the_studied_part_of_its_period():
    """480 MWh for the day, two hours studied: 40 MWh, sold at 30 and 45, made at 50: all in hour 2: 40*5 = 200.

    One more MWh costs 5 at its dual.
    """
    d = solve(link_case(2, prices=(30.0, 45.0), more=dict(dc_contract=[contract(energy_min_mwh=480.0)])))
    assert d.solution.objective == pytest.approx(200)
    assert d.values.dual("dc_contract.energy") == pytest.approx(5)
    assert d.quantities["dc_sent"].values[0] == pytest.approx([0, 40])


def test_O1_largest_energy_and_least_power():
    """At most 720/12 = 60 MWh in two hours, at least 20 MW in each; sold at 90 and 70.

    40 and 20 MWh earn 40*40 + 20*20 = 2000; dual -40.
    """
    d = solve(link_case(2, prices=(90.0, 70.0), power_min_mw=20.0, more=dict(dc_contract=[contract(energy_max_mwh=720.0)])))
    assert d.solution.objective == pytest.approx(-2000)
    assert d.values.dual("dc_contract.energy") == pytest.approx(-40)


def test_O1_contracts_may_overlap_and_end_at_midnight():
    """A year's contract and a day's: the day's holds from midnight only (second hour), the year's in both hours.

    Year: 8760*15 MWh, 30 in two hours; day: 24*25, 25 in its hour: 5 in hour 1, 25 in hour 2, sold at 40, made at 50: 300.
    """
    both = [contract("year", "2024-12-31", "2025-12-30", energy_min_mwh=8760.0 * 15), contract("day", energy_min_mwh=600.0)]
    d = solve(link_case(2, prices=(40.0, 35.0), start="2024-12-31T23:00", more=dict(dc_contract=both)))
    assert d.quantities["dc_sent"].values[0] == pytest.approx([5, 25])
    assert d.solution.objective == pytest.approx(5 * 10 + 25 * 15)


def bundle_case(wind, share, **kw):
    """Two hours of `wind` MW bundled with the link; sold at 100, else made at 50."""
    plant = dict(renewable="w", bus="A", technology="wind", power_max_mw=100.0, profile="w")
    return link_case(
        2,
        prices=(100.0, 100.0),
        more=dict(
            series={"w": [v / 100 for v in wind]},
            renewable=[plant],
            dc_bundle=[dict(plant="w", dc_link="L")],
            dc_contract=[contract(renewable_share_min=share, **kw)],
        ),
    )


def test_O2_sent_energy_follows_the_bundle():
    """4 + 2 MWh of wind, half must be bundled: 12 MWh sent, 6 made at 50: 300 - 1200 = -900.

    One MWh more unbundled lets S - 6 - 1 <= S/2: two more MWh sent and made: dual -100.
    """
    d = solve(bundle_case((4, 2), 0.5))
    assert d.solution.objective == pytest.approx(-900)
    assert d.values.dual("dc_contract.share") == pytest.approx(-100)
    assert d.quantities["dc_sent"].values.sum() == pytest.approx(12)


def test_O2_only_wind_of_the_same_step_counts():
    """150 MWh of wind, all in hour 1 where 100 can be sent; share 0.8: 125 MWh sent, 100 bundled: 25*50 - 125*100 = -11250.

    Counting 150 would allow the full 200.
    """
    d = solve(bundle_case((100, 0), 0.8))
    assert d.solution.objective == pytest.approx(25 * 50 - 125 * 100)
    assert d.quantities["dc_bundled"].values.sum() == pytest.approx(100)
    assert d.quantities["dc_sent"].values[0] == pytest.approx([100, 25])


def test_O2_share_and_energy_that_cannot_both_hold():
    """6 MWh of wind cannot be half of 480/12 = 40 MWh: no dispatch exists, and none is returned."""
    with pytest.raises(Infeasible):
        solve(bundle_case((4, 2), 0.5, energy_min_mwh=480.0))


def test_O2_csp_counts_for_the_bundle():
    """5 MWh of solar thermal, share 0.5: 10 MWh sent, 5 at 50: 250 - 1000."""
    tower = dict(
        csp="t", bus="A", power_max_mw=5.0, efficiency=0.5, field_heat_max_mw=10.0, store_heat_max_mwh=0.0, profile="sun"
    )
    d = solve(
        link_case(
            more=dict(
                series={"sun": [1.0]},
                csp=[tower],
                dc_bundle=[dict(plant="t", dc_link="L")],
                dc_contract=[contract(renewable_share_min=0.5)],
            )
        )
    )
    assert d.solution.objective == pytest.approx(-750)


def test_energy_out_is_never_above_energy_in():
    """A price below zero at the sending end and a demand at the receiving end: received <= sent in every hour."""
    rows = dict(
        renewable=[dict(renewable="w", bus="A", technology="wind", power_max_mw=300.0, curtailment_cost_cny_per_mwh=200.0)]
    )
    d = solve(link_case(3, prices=(-50.0, 0.0, 80.0), more=rows, loss_linear_fraction=0.05, loss_quadratic_fraction=0.04))
    assert np.all(d.quantities["dc_received"].values <= d.quantities["dc_sent"].values + 1e-9)


def forced_case(price_mw, **kw):
    """50 MW of wind at A whose curtailment costs 200; sold at S; at 25, 50, 75, 100 MW the link loses 0.625, 2.5, 5.625, 10."""
    wind = dict(renewable="w", bus="A", technology="wind", power_max_mw=50.0, curtailment_cost_cny_per_mwh=200.0)
    return link_case(prices=(price_mw,), more=dict(renewable=[wind]), loss_quadratic_fraction=0.1, **kw)


def test_L2_artificial_loss_where_received_energy_has_a_negative_price():
    """50 MW sent must be paid for at S, 50 CNY/MWh: the program loses what it can.

    Slopes 0.025, 0.075, 0.125, 0.175: the upper two lose 7.5 MW, the lower two, in order, 2.5: 5 MW too much, 42.5*50 paid.
    """
    d = solve(forced_case(-50.0))
    assert d.quantities["dc_received"].values == pytest.approx(42.5)
    assert d.quantities["dc_artificial_loss"].values == pytest.approx(5)
    assert d.solution.objective == pytest.approx(42.5 * 50)
    assert certificate(d).passed


@pytest.mark.parametrize(("price_mw", "kw"), [(10.0, {}), (10.0, dict(power_min_mw=20.0)), (-50.0, dict(power_min_mw=50.0))])
def test_L2_no_artificial_loss_where_energy_is_worth_something_or_least_power_is_all(price_mw, kw):
    d = solve(forced_case(price_mw, **kw))
    assert d.quantities["dc_artificial_loss"].values == pytest.approx(0, abs=1e-9)
    assert certificate(d).passed


@pytest.mark.parametrize("minutes", [60, 15])
def test_L5_exact_decisions_lose_what_the_link_loses(minutes):
    """As above with whole values: 47.5 of 50 MW arrive and are paid for; with values between, some loss is still made up."""
    made = forced_case(-50.0)
    grid = TimeGrid.regular("2025-01-01", "2025-01-01T01:00", minutes)
    found = {c: dispatch(replace(made.on_time(grid), commitment=c), search=Search(gap=0.0)) for c in ("exact", "relaxed", "off")}
    d = found["exact"]
    assert d.quantities["dc_received"].values == pytest.approx(47.5)
    assert d.quantities["dc_artificial_loss"].values == pytest.approx(0, abs=1e-9)
    assert d.solution.objective == pytest.approx(47.5 * 50)
    assert found["off"].solution.objective == found["relaxed"].solution.objective == pytest.approx(42.5 * 50)
    assert all(certificate(d).passed for d in found.values())


@pytest.mark.parametrize("price_mw", [10.0, 0.0])
def test_L5_rows_are_written_only_where_losses_would_pay(price_mw):
    d = dispatch(replace(forced_case(price_mw), commitment="exact"), search=Search(gap=0.0))
    assert price_mw == 0.0 or "dc_link.segment_order" not in d.solution.added
    assert d.quantities["dc_received"].values == pytest.approx(47.5)
    assert certificate(d).passed


def test_L2_artificial_loss_at_price_zero_is_what_is_missing():
    """Any order of the segments is optimal; received and artificial loss together are what arrives in order, 47.5 MW."""
    d = solve(forced_case(0.0))
    assert d.quantities["dc_received"].values + d.quantities["dc_artificial_loss"].values == pytest.approx(47.5)
    assert certificate(d).passed


def test_cost_per_megawatt_hour_sent():
    """Made at 50, sold at 60, 8 per MWh sent, of which at least 20 MW: 100*(50 + 8 - 60) = -200; at 12 only the least: 20*2 = 40."""
    d = solve(link_case(prices=(60.0,), power_min_mw=20.0, cost_cny_per_mwh=8.0))
    assert (d.solution.objective, d.costs["dc_link.cost"]) == pytest.approx((-200, 800))
    assert certificate(d).passed
    d = solve(link_case(prices=(60.0,), power_min_mw=20.0, cost_cny_per_mwh=12.0))
    assert (d.solution.objective, d.costs["dc_link.cost"]) == pytest.approx((40, 240))
    assert certificate(d).passed


@pytest.mark.parametrize("minutes", [60, 30, 15])
def test_cost_of_a_link_by_the_length_of_the_step(minutes):
    """Two hours, 100 MW each, less than nothing per MWh: 200*(50 - 5 - 60) = -3000."""
    rows = dict(bus=BUS, unit=[unit("A", 50, 500)], exchange=[BUYER], dc_link=[link(cost_cny_per_mwh=-5.0)])
    d = solve(power_case(2, minutes, series={"p": [60.0, 60.0]}, **rows))
    assert (d.solution.objective, d.costs["dc_link.cost"]) == pytest.approx((-3000, -1000))
    assert certificate(d).passed


def test_a_link_without_cost_has_none():
    assert "dc_link.cost" not in solve(link_case()).costs


@pytest.mark.parametrize("minutes", [60, 15])
def test_O1_O3_what_is_sent_outside_the_study_counts(minutes):
    """Two hours of a day whose contract asks for 1000 MWh, 860 of them sent elsewhere: 140 here, 70 MW in each hour or as it comes.

    Made at 50, worth nothing: 140*50 = 7000. Half of the 1000 must be bundled, 480 were: 20 from the wind here, which costs 80.
    """
    rows = dict(bus=BUS, unit=[unit("A", 50, 500)], exchange=[BUYER], dc_link=[link()],
                renewable=[dict(renewable="w", bus="A", technology="wind", power_max_mw=100.0, cost_cny_per_mwh=80.0)],
                dc_bundle=[dict(plant="w", dc_link="L")],
                dc_contract=[dict(contract="c", dc_link="L", start_date="2025-01-01", end_date="2025-01-01", energy_min_mwh=1000.0,
                                  renewable_share_min=0.5, sent_outside_mwh=860.0, bundled_outside_mwh=480.0)])  # fmt: skip
    d = solve(power_case(2, minutes, series={"p": [0.0, 0.0]}, **rows))
    assert d.quantities["dc_sent"].values.sum() * minutes / 60 == pytest.approx(140)
    assert d.solution.objective == pytest.approx(120 * 50 + 20 * 80)
    assert certificate(d).passed


def late(made, price):
    return solve(replace(made, late={"c": price}))


@pytest.mark.parametrize("minutes", [60, 15])
@pytest.mark.parametrize(("price", "sent", "cost"), [(60.0, 140, 140 * 50), (30.0, 0, 140 * 30)])
def test_O1_a_contract_that_may_be_late_is_at_its_price(minutes, price, sent, cost):
    """Two hours of a day whose contract asks for 1000 MWh, 860 of them sent elsewhere: 140 made at 50, or missed at the price."""
    asked = dict(contract="c", dc_link="L", start_date="2025-01-01", end_date="2025-01-01", energy_min_mwh=1000.0, sent_outside_mwh=860.0)
    rows = dict(bus=BUS, unit=[unit("A", 50, 500)], exchange=[BUYER], dc_link=[link()], dc_contract=[asked])
    d = late(power_case(2, minutes, series={"p": [0.0, 0.0]}, **rows), price)
    assert d.quantities["dc_sent"].values.sum() * minutes / 60 == pytest.approx(sent)
    assert d.solution.objective == pytest.approx(cost)
    assert certificate(d).passed


@pytest.mark.parametrize(("outside", "over"), [(0.0, 140.0), (100.0, 240.0)])
def test_O1_energy_beyond_the_most_is_late_too(outside, over):
    """Sold at 90, made at 50: 200 MWh are worth 8000; the contract takes 60 in all, each of the others costs 30, those sent before as well."""
    d = late(link_case(2, prices=(90.0, 90.0), more=dict(dc_contract=[contract(energy_max_mwh=60.0, sent_outside_mwh=outside)])), 30.0)
    assert (d.solution.objective, d.costs["dc_contract.late"]) == pytest.approx((over * 30 - 200 * 40, over * 30))
    assert certificate(d).passed


def test_O3_a_share_may_be_late():
    """Sold at 100, made at 50: all 200 MWh are sent, 6 of them wind; half should be: 94 behind, at 20."""
    d = late(bundle_case((4, 2), 0.5), 20.0)
    assert (d.solution.objective, d.costs["dc_contract.late"]) == pytest.approx((194 * 50 - 200 * 100 + 94 * 20, 94 * 20))
    assert certificate(d).passed


def test_O3_what_is_sent_back_counts_as_missing_where_a_share_may_be_late():
    """100 MW out at 100, 10 of them wind, 50 MW in at 100; 60 MW of load, made at 50. Half of 50 MWh on balance should be bundled, 10 are,
    and 50 came back: 15 + 50 behind, at 20."""
    trade = dict(exchange="M", bus="S", export_flexible_mw=500.0, import_flexible_mw=500.0, price_profile="p")
    rows = dict(bus=BUS, unit=[unit("A", 50, 500)], load=[load("A", mean=60.0)], exchange=[trade],
                dc_link=[link(power_reverse_max_mw=50.0, schedule="s")],
                renewable=[dict(renewable="w", bus="A", technology="wind", power_max_mw=100.0, profile="w")],
                dc_bundle=[dict(plant="w", dc_link="L")], dc_contract=[contract(renewable_share_min=0.5)])  # fmt: skip
    d = late(power_case(2, series={"p": [100.0, 100.0], "s": [100.0, -50.0], "w": [0.1, 0.0]}, **rows), 20.0)
    assert d.costs["dc_contract.late"] == pytest.approx(65 * 20)
    assert d.solution.objective == pytest.approx(150 * 50 - 100 * 100 + 10 * 50 + 50 * 100 + 65 * 20)
    assert certificate(d).passed


@pytest.mark.parametrize("held", [True, False])
def test_schedules_that_are_held_pay_for_being_late(held):
    """What is given need not keep a contract again, but for one that may be late: that costs what it did when it was decided."""
    made = bundle_case((4, 2), 0.5)
    made = replace(made, late={"c": 20.0} if held else {})
    sent = Limits({"dc_link.segment": (np.full((1, 4, 2), 25.0), np.full((1, 4, 2), 25.0))})
    d = bounded(made, sent, Search(), open_rows=GIVEN)
    assert d.solution.objective == pytest.approx(194 * 50 - 200 * 100 + (94 * 20 if held else 0))
    assert not held or certificate(d).passed
