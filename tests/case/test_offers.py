"""Bids: what is refused, and that a case with bids clears as the bids say."""

from dataclasses import replace

import numpy as np
import pytest

from gridopt.case.bid_rule import BidRule, marginal_cost, quantile_prices, with_generated_bids
from gridopt.case.check import CaseError
from gridopt.case.offers import with_demand_bids, with_offers
from gridopt.case.rules_bids import BidLimits, check_bids
from gridopt.dispatch.attempts import Search
from gridopt.dispatch.lmp import price
from gridopt.dispatch.single import dispatch
from tests.support.block_cases import FUEL, UNIT_TYPE, buses, load, unit
from tests.support.certify import certificate
from tests.support.small import case, tables

GANSU = BidLimits(40.0, 650.0, 10, 0.1, 5, 15.0, 0.1)


def bid(element, prices, widths, kind="unit", side="sell"):
    return [dict(kind=kind, element=element, side=side, segment=k + 1, power_mw=float(w), price_cny_per_mwh=float(p))
            for k, (p, w) in enumerate(zip(prices, widths, strict=True))]  # fmt: skip


def two_units(bids=(), hours=1, demand=350.0, commitment="off", **rows):
    rows = dict(
        bus=buses("A"), fuel=FUEL, unit_type=UNIT_TYPE, unit=[unit("A", 20, 300.0), unit("A", 50, 200.0)], load=[load("A", mean=demand)],
        bid=list(bids), shedding_tier=[dict(tier="all", share=1.0, cost_cny_per_mwh=10000.0)],
    ) | rows  # fmt: skip
    return replace(case(hours, **rows), commitment=commitment)


@pytest.mark.parametrize("commitment", ["off", "exact"])
def test_offers_stand_in_place_of_costs(commitment):
    """350 MW. A20 costs 20 and offers 100 MW at 100, 200 MW at 400; A50 keeps its cost of 50: A50 gives 200, A20 100 at 100 and 50 at 400:
    10000 + 10000 + 20000 = 40000; the price is 400."""
    found = dispatch(with_offers(two_units(bid("A20", [100, 400], [100, 200]), commitment=commitment)), search=Search(0.0))
    assert found.quantities["generator_output"].values == pytest.approx(np.array([[150.0]]))
    assert found.quantities["unit_output"].values == pytest.approx(np.array([[200.0]]))
    assert found.solution.objective == pytest.approx(40000)
    assert price(found).price == pytest.approx(np.array([[400.0]]))


@pytest.mark.parametrize("commitment", ["off", "exact"])
def test_an_offer_of_the_cost_changes_nothing(commitment):
    plain = two_units(hours=3, commitment=commitment, ramping=[dict(kind="unit", element="A20", up_mw_per_min=1.0)])
    offered = with_offers(replace(plain, tables={**plain.tables, "bid": two_units(bid("A20", [20], [300])).table("bid")}))
    assert list(offered.table("ramping")["kind"]) == ["generator"]
    a, b = (dispatch(c, search=Search(0.0)) for c in (plain, offered))
    assert a.solution.objective == pytest.approx(b.solution.objective)


def on(day, rows):
    return [dict(row, day=day) for row in rows]


@pytest.mark.parametrize("commitment", ["off", "exact"])
def test_a_unit_may_bid_another_curve_each_day(commitment):
    """380 MW, 200 of A50 at 50. A20 offers 100 MW at 100 and 200 at 400 the first day: 10000 + 10000 + 32000 an hour at a price of 400; on
    the second 150 at 60 and 150 at 80: 10000 + 9000 + 2400 at 80. The third day is as the first, by rows without a day."""
    bids = bid("A20", [100, 400], [100, 200]) + on("2025-01-02", bid("A20", [60, 80], [150, 150]))
    given = two_units(bids, hours=72, demand=380.0, commitment=commitment)
    check_bids(given, GANSU)
    found = dispatch(with_offers(given), search=Search(0.0))
    assert found.solution.objective == pytest.approx(24 * (52000 + 21400 + 52000))
    assert price(found).price[0] == pytest.approx(np.repeat([400.0, 80.0, 400.0], 24))
    assert certificate(found).passed


@pytest.mark.parametrize("commitment", ["off", "exact"])
def test_what_a_unit_does_not_offer_on_a_day_is_not_there_then(commitment):
    """The second day A20 offers 100 MW alone beside the 200 of A50: 80 MW of 380 are shed, the first day none."""
    bids = bid("A20", [100, 400], [100, 200]) + on("2025-01-02", bid("A20", [60], [100]))
    found = dispatch(with_offers(two_units(bids, hours=48, demand=380.0, commitment=commitment)), search=Search(0.0))
    assert found.quantities["shedding"].values[0] == pytest.approx(np.repeat([0.0, 80.0], 24))
    assert certificate(found).passed


def test_a_generator_with_a_curve_and_a_least_output_may_bid_by_day():
    """A generator of 50 to 200 MW, on. 120 MW: 100 at 30 and 20 at 60 the first day, 60 at 40 and 60 at 90 the second: 4200 and 7800 an hour;
    prices 60 and 90."""
    given = [dict(kind="generator", element="g", must_run=True)]
    rows = dict(unit=[], generator=[dict(generator="g", bus="A", power_min_mw=50.0, power_max_mw=200.0)])
    bids = on("2025-01-01", bid("g", [30, 60], [100, 100], "generator")) + on("2025-01-02", bid("g", [40, 90], [60, 140], "generator"))
    for commitment in ("exact", "off"):
        one = two_units(bids, hours=48, demand=120.0, commitment=commitment, **rows)
        one = replace(one, tables={**one.tables, "commitment": tables(commitment=given)["commitment"]})
        found = dispatch(with_offers(one), search=Search(0.0))
        assert found.solution.objective == pytest.approx(24 * (4200 + 7800))
        assert price(found).price[0] == pytest.approx(np.repeat([60.0, 90.0], 24))
        assert certificate(found).passed


def test_a_wind_plant_and_users_may_bid_by_day():
    """Wind of 100 MW, all of it at 40 the first day, 60 at 40 and 40 at 200 the second. Users buy 80 MW at 500 the first day, 90 at 100 the
    second, 70 on any other: 80 of wind at 40; on the second 60, for the next MW would cost 200 where users pay 100; then 70 at 40."""
    wind = bid("w", [40], [100], "renewable") + on("2025-01-02", bid("w", [40, 200], [60, 40], "renewable"))
    users = [dict(load="dA", hour=h, day=d, segment=1, power_mw=p, price_cny_per_mwh=v)
             for h in range(24) for d, p, v in ((None, 70.0, 300.0), ("2025-01-01", 80.0, 500.0), ("2025-01-02", 90.0, 100.0))]  # fmt: skip
    given = two_units(wind, hours=72, unit=[], renewable=[dict(renewable="w", bus="A", technology="wind", power_max_mw=100.0, profile="p")],
                      demand_bid=users, series={"p": np.ones(72)})  # fmt: skip
    check_bids(given, GANSU)
    found = dispatch(with_demand_bids(with_offers(given))[0])
    assert found.quantities["renewable_output"].values.sum(axis=0) == pytest.approx(np.repeat([80.0, 60.0, 70.0], 24))
    assert price(found).price[0] == pytest.approx(np.repeat([40.0, 100.0, 40.0], 24))
    assert certificate(found).passed


def test_days_without_a_bid_and_stores_that_bid_by_day_are_refused_by_name():
    bids = on("2025-01-02", bid("A20", [100], [300])) + on("2025-01-01", bid("s", [100], [10], "storage"))
    store = [dict(storage="s", bus="A", power_max_mw=10.0, energy_max_mwh=20.0)]
    with pytest.raises(CaseError) as caught:
        check_bids(two_units(bids, hours=72, storage=store), GANSU)
    said = "; ".join(caught.value.faults)
    assert "unit 'A20': bids by day, but not on 2025-01-01, 2025-01-03. Give rows" in said
    assert "storage 's': a store bids one price a side for the whole period" in said


def test_a_rule_broken_on_one_day_is_told_with_it():
    bids = bid("A20", [100], [300]) + on("2025-01-02", bid("A20", [100, 90], [150, 150]))
    with pytest.raises(CaseError) as caught:
        check_bids(two_units(bids, hours=48), GANSU)
    assert caught.value.faults[0].startswith("table bid, unit 'A20', 2025-01-02, segment 2: 90 is below the price of the segment before, 100")
    assert len(caught.value.faults) == 1


def test_the_same_curve_every_day_is_the_curve_without_days():
    plain, daily = bid("A20", [100, 400], [100, 200]), []
    for d in ("2025-01-01", "2025-01-02"):
        daily += on(d, plain)
    one, two = (with_offers(two_units(b, hours=48)) for b in (plain, daily))
    assert one.table("cost_point").equals(two.table("cost_point")) and one.table("generator").equals(two.table("generator"))


def test_what_is_not_offered_is_not_there():
    """A20 offers 100 of its 300 MW: 350 MW are met by 100 + 200, and 50 MW are shed."""
    found = dispatch(with_offers(two_units(bid("A20", [100], [100]))))
    assert found.quantities["shedding"].values == pytest.approx(np.array([[50.0]]))


def test_a_unit_that_bids_keeps_its_starts_and_times():
    """One type with least output 60 %, 24 h on at least and a start for 700: the same case with a bid of 20 starts as it does without."""
    kind = dict(unit_type="u", min_load_fraction=0.6, fuel_rate_full_tce_per_mwh=1.0, min_up_h=3.0, min_down_h=2.0,
                start_hot_cny=300.0, start_warm_cny=500.0, start_cold_cny=700.0)  # fmt: skip
    series = {"d": np.array([0.2, 1.0, 0.2, 0.2, 1.0, 0.2])}
    given = dict(hours=6, commitment="exact", unit_type=[kind], load=[load("A", "d", 400.0)],
                 commitment_rows=[dict(kind="unit", element="A20", initial_h=-5.0)])  # fmt: skip
    rows = given.pop("commitment_rows")
    hours, how = given.pop("hours"), given.pop("commitment")

    def made(bids):
        base = two_units(bids, **given)
        return replace(case(hours, series=series, **dict(
            bus=buses("A"), fuel=FUEL, unit=[unit("A", 20, 300.0), unit("A", 50, 200.0)], bid=list(bids), commitment=rows,
            shedding_tier=[dict(tier="all", share=1.0, cost_cny_per_mwh=10000.0)], unit_type=[kind], load=[load("A", "d", 400.0)],
        )), commitment=how) if base is not None else base  # fmt: skip

    plain = dispatch(made([]), search=Search(0.0))
    offered = dispatch(with_offers(made(bid("A20", [20], [300]) + bid("A50", [50], [200]))), search=Search(0.0))
    assert offered.solution.objective == pytest.approx(plain.solution.objective)
    assert len(offered.case.table("unit")) == 0 and len(offered.case.table("start_cost")) >= 2


def test_segments_of_a_wind_plant_are_used_in_their_order():
    """100 MW of wind offered as 60 at 40 and 40 at 90; 50, then 80 MW are there beside a unit of 300 MW at 50 and a load of 350 MW:
    50 at 40, then 60 at 40 and the other 20 not at 90, for A50 gives 290."""
    wind = dict(renewable="w", bus="A", technology="wind", power_max_mw=100.0, profile="w")
    given = case(
        2, series={"w": np.array([0.5, 0.8])}, bus=buses("A"), fuel=FUEL, unit_type=UNIT_TYPE, unit=[unit("A", 50, 300.0)],
        load=[load("A", mean=350.0)], renewable=[wind], bid=bid("w", [40, 90], [60, 40], "renewable"),
    )  # fmt: skip
    found = dispatch(with_offers(given))
    assert found.quantities["renewable_output"].values == pytest.approx(np.array([[50.0, 60.0], [0.0, 0.0]]))
    assert found.quantities["unit_output"].values == pytest.approx(np.array([[300.0, 290.0]]))


def test_what_emits_nothing_has_no_allowance_in_its_cost():
    """At 100 CNY/t and 0.8 t/MWh free A20 costs 20, and a unit of 0.9 t/MWh at the same price 20 + 100 (0.9 - 0.8)."""
    kinds = [*UNIT_TYPE, UNIT_TYPE[0] | dict(unit_type="black", co2_t_per_mwh=0.9)]
    both = [unit("A", 20, 300.0), unit("A", 20, 300.0) | dict(unit="black", unit_type="black")]
    given = two_units(unit=both, unit_type=kinds, year=[dict(year=2025, carbon_price_cny_per_t=100.0, carbon_benchmark_t_per_mwh=0.8)])
    assert marginal_cost(given, np.arange(2)) == pytest.approx([20, 30])


def test_sections_know_plants_and_units_that_bid():
    """A section of 70 MW of a wind plant that offers 60 MW at 10 and 40 at 15, and 5 MW more for A20, which bids 20 and is on: 75 MW of wind
    and 275 of A20: 600 + 225 + 5500."""
    wind = dict(renewable="w", bus="A", technology="wind", power_max_mw=100.0, profile="p")
    given = two_units(
        bid("A20", [20], [300]) + bid("w", [10, 15], [60, 40], "renewable"), renewable=[wind], series={"p": np.ones(1)},
        interface=[dict(interface="S")], interface_limit=[dict(interface="S", forward_mw=70.0)],
        interface_member=[dict(interface="S", kind="renewable", element="w")],
        interface_support=[dict(interface="S", kind="unit", element="A20", mw_per_unit=5.0)],
    )  # fmt: skip
    found = dispatch(with_offers(given))
    assert found.quantities["renewable_output"].values.sum() == pytest.approx(75)
    assert found.solution.objective == pytest.approx(600 + 225 + 5500)
    assert certificate(found).passed


@pytest.mark.parametrize(("sell", "charge", "discharge"), [(60, 5.0, 10.0), (85, 0.0, 5.0)])
def test_a_store_trades_between_its_prices(sell, charge, discharge):
    """A store of 10 MWh, half full, buys at 10; energy costs 20, then 90. A MWh carried over gains 90 - sell + 10 - 20: 20 at a price to
    sell of 60, so that the store fills up first; -5 at one of 85, at which only what it has is sold, for 90 > 85."""
    given = case(
        2, series={"d": np.array([1.0, 4.0])}, bus=buses("A"), fuel=FUEL, unit_type=UNIT_TYPE,
        unit=[unit("A", 20, 100.0), unit("A", 90, 500.0)], load=[load("A", "d", 90.0)],
        storage=[dict(storage="s", bus="A", power_max_mw=10.0, energy_max_mwh=10.0, energy_start_fraction=0.5, energy_end_fraction=0.0)],
        bid=bid("s", [sell], [10], "storage") + bid("s", [10], [10], "storage", "buy"),
    )  # fmt: skip
    found = dispatch(with_offers(given))
    assert found.quantities["storage_charge"].values == pytest.approx(np.array([[charge, 0.0]]))
    assert found.quantities["storage_discharge"].values == pytest.approx(np.array([[0.0, discharge]]))


def test_users_buy_down_their_bids():
    """Hour 0: 100 MW up to 500, 50 up to 30; hour 1: 80 up to 15. A20 gives 300 at 20: 100 + 50, and nothing at 15."""
    rows = [dict(load="dA", hour=h, segment=k, power_mw=float(w), price_cny_per_mwh=float(p))
            for h, k, w, p in ((0, 1, 100, 500), (0, 2, 50, 30), (1, 1, 80, 15))]  # fmt: skip
    bought, forecast = with_demand_bids(two_units(hours=2, demand=120.0, demand_bid=rows))
    found = dispatch(bought)
    assert found.quantities["load"].values.sum() == 0
    assert found.quantities["unit_output"].values.sum(axis=0) == pytest.approx([150.0, 0.0])
    assert dispatch(forecast).quantities["unit_output"].values.sum(axis=0) == pytest.approx([120.0, 120.0])


def test_every_bid_that_breaks_a_rule_is_named_at_once():
    """One sentence for each: a falling price, above the cap, below the floor, a segment too narrow, too many segments, more than there is,
    a name that nothing has, wind without a forecast, a store that would be paid to do both, users, regulation."""
    given = case(
        1, bus=buses("A"), fuel=FUEL, unit_type=UNIT_TYPE, unit=[unit("A", 20, 300.0), unit("A", 50, 200.0), unit("A", 90, 100.0)],
        load=[load("A", mean=350.0)], renewable=[dict(renewable="w", bus="A", technology="wind", power_max_mw=10.0)],
        storage=[dict(storage="s", bus="A", power_max_mw=10.0, energy_max_mwh=10.0, charge_efficiency=0.9, discharge_efficiency=0.9)],
        bid=[
            *bid("A20", [100, 90, 700], [100, 100, 200]), *bid("A50", [30, 40], [10, 190]), *bid("A90", range(50, 61), [10] * 10 + [0.1]),
            *bid("A21", [100], [10]), *bid("w", [40], [10], "renewable"), *bid("s", [100], [10], "storage"),
            *bid("s", [90], [10], "storage", "buy"),
        ],
        demand_bid=[dict(load="dA", hour=3, segment=k + 1, power_mw=1.0, price_cny_per_mwh=float(p)) for k, p in
                    enumerate((100, 90, 95, 80, 70, 60))],
        agc_offer=[dict(kind="unit", element="A20", power_max_mw=10.0, price_cny_per_mw=15.04)],
    )  # fmt: skip
    with pytest.raises(CaseError) as caught:
        check_bids(given, GANSU)
    text = "\n".join(caught.value.faults)
    for part in (
        "unit 'A20', segment 2: 90 is below the price of the segment before, 100", "'A20', segment 3: 700 is above the cap of offers, 650",
        "'A20': offers 400 MW, more than its capacity, 300 MW", "'A50', segment 1: 30 is below the floor of offers, 40",
        "'A50', segment 1: is narrower than 10% of the capacity, 200 MW", "'A90': 11 segments are more than 10",
        "unit 'A21': no participant of this name", "renewable 'w': bids without a forecast",
        "storage 's': would buy at 90, more than 0.810", "load 'dA', hour 3, segment 3: 95 is above the price of the segment before, 90",
        "load 'dA', hour 3: 6 segments are more than 5", "agc_offer, unit 'A20': 15.04 is above the cap, 15", "15.04 is no multiple of 0.1",
    ):  # fmt: skip
        assert part in text, text


def test_bids_without_a_fault_pass_and_a_case_without_bids_is_left_as_it_is():
    plain = two_units()
    check_bids(plain, GANSU)
    assert with_offers(plain) is plain and with_demand_bids(plain) == (plain, plain)
    check_bids(two_units(bid("A20", [40, 650], [100, 200])), GANSU)


def test_generated_offers_have_the_shape_that_was_given():
    """1000 equal segments over the default knots: 10 % below 250, 40 % up to 300, 92 % up to 500; the mean is
    .1 (40 + 250)/2 + .3 (250 + 300)/2 + .52 (300 + 500)/2 + .08 (500 + 600)/2 = 14.5 + 82.5 + 208 + 44 = 349."""
    found = quantile_prices(np.arange(1000.0), np.full(1000, 14.2), BidRule(step=0.0))
    assert [(found < limit).mean() for limit in (250, 300, 500)] == pytest.approx([0.1, 0.4, 0.92])
    assert found.mean() == pytest.approx(349.0, abs=0.01)
    assert (np.diff(found) >= 0).all()


def test_generated_offers_follow_costs_and_keep_the_rules_of_bids():
    """Two units of equal size: the dearer one never offers a segment for less, and every offer passes the check."""
    made = with_generated_bids(two_units(unit=[unit("A", 20, 300.0), unit("A", 50, 300.0)]), BidRule())
    check_bids(made, GANSU)
    price = made.table("bid").pivot(index="segment", columns="element", values="price_cny_per_mwh")
    assert (price["A50"] >= price["A20"]).all() and (price["A50"] > price["A20"]).any()
    assert made.table("bid").groupby("element")["power_mw"].sum().to_dict() == pytest.approx({"A20": 300.0, "A50": 300.0})


def test_own_bids_go_before_generated_ones():
    made = with_generated_bids(two_units(bid("A20", [333], [300])), BidRule())
    assert made.table("bid").query("element == 'A20'")["price_cny_per_mwh"].tolist() == [333.0]
