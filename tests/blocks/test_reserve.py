"""Reserve: prices with stepped shortage, symmetric regulation, nesting, zones, response, largest unit and pole, shares, off-line awards."""

from dataclasses import replace

import pytest

from gridopt.dispatch.lmp import price
from gridopt.dispatch.single import dispatch
from gridopt.dispatch.whole import Search
from tests.support.block_cases import UNIT_TYPE, buses, line, load, power_case, unit
from tests.support.certify import certificate
from tests.support.optimum import solve as solve_exactly


def generator(name, power, cost, bus="A", **kw):
    return dict(dict(generator=name, bus=bus, power_max_mw=float(power), cost_cny_per_mwh=float(cost)), **kw)


def offer(reserve, element="", kind="generator", **kw):
    return dict(dict(reserve=reserve, kind=kind, element=element), **kw)


def shortage(reserve, *steps):
    return [dict(reserve=reserve, power_mw=float(w), cost_cny_per_mwh=float(c)) for w, c in steps]


def award(d, reserve, element, kind="generator"):
    """Award of one offer MW (T,)."""
    return d.quantities["reserve_award"].values[d.case.reserve_offers.name.tolist().index(f"{reserve}/{kind}/{element}")]


def switch(element, **kw):
    return dict(dict(kind="generator", element=element), **kw)


def passed(found):
    """The dispatch, once its certificate has passed."""
    checked = certificate(found)
    assert checked.passed, checked.failed
    return found


def solve(case):
    """With the optimum proven and the certificate passed."""
    return passed(solve_exactly(case))


def solved(case, commitment="exact"):
    """With whole decisions; what they leave is a program with a proven optimum."""
    return passed(dispatch(replace(case, commitment=commitment), search=Search(gap=1e-9)))


@pytest.mark.parametrize(
    ("demand", "lmp", "rho", "output", "reserve"),
    [(340, 500, 50, (250, 90), 110), (380, 750, 300, (250, 130), 70), (430, 1450, 1000, (250, 180), 20)],
)
def test_V2_stepped_shortage(demand, lmp, rho, output, reserve):
    """G1 250 MW at 300, G2 200 MW at 450, reserve free; 150 MW required, missing 50 at 50, 50 at 300, 50 at 1000.

    Demand 380: 450 - 380 = 70 MW are left for reserve, so 80 are missing: 50 at 50 and 30 at 300. One more MWh comes from G2
    (450) and takes one MW of reserve (300): 750. At 340 110 are left, 40 missing at 50: 500; at 430 20 are left: 1450.
    """
    d = solve(
        power_case(
            bus=buses("A"),
            generator=[generator("G1", 250, 300), generator("G2", 200, 450)],
            load=[load("A", mean=float(demand))],
            reserve=[dict(reserve="up", product="spinning_up", requirement_mw=150.0)],
            reserve_shortage=shortage("up", (50, 1000), (50, 300), (50, 50)),
            reserve_offer=[offer("up")],
        )
    )
    assert price(d).price[0] == pytest.approx([lmp])
    assert d.reserve_price[0] == pytest.approx([rho])
    assert d.quantities["generator_output"].values[:, 0] == pytest.approx(output)
    assert d.quantities["reserve_award"].values.sum() == pytest.approx(reserve)
    assert d.quantities["reserve_shortage"].values[0] == pytest.approx([150 - reserve])


def test_V2_symmetric_regulation():
    """Demand 500; 80 MW up and down. G1 400 MW at 260, <= 60 at 10; G2 300 MW at 320, <= 40 at 5.

    G2 gives its 40 at 5, G1 the other 40 at 10 and so at most 360: 360*260 + 140*320 + 40*10 + 40*5 = 139000. One more MW of
    regulation costs G1 10 and moves a MWh from G1 to G2: 10 + 60 = 70. Price of energy 320.
    """
    d = solve(
        power_case(
            bus=buses("A"),
            generator=[generator("G1", 400, 260), generator("G2", 300, 320)],
            load=[load("A", mean=500.0)],
            reserve=[dict(reserve="agc", product="regulation", requirement_mw=80.0)],
            reserve_offer=[
                offer("agc", "G1", award_max_mw=60.0, cost_cny_per_mwh=10.0), offer("agc", "G2", award_max_mw=40.0, cost_cny_per_mwh=5.0)
            ],
        )
    )  # fmt: skip
    assert d.solution.objective == pytest.approx(139000)
    assert d.quantities["generator_output"].values[:, 0] == pytest.approx([360, 140])
    assert d.quantities["reserve_award"].values[:, 0] == pytest.approx([40, 40])
    assert price(d).price[0, 0] == pytest.approx(320)
    assert d.reserve_price[0] == pytest.approx([70])
    assert d.costs["reserve.offer"] == pytest.approx(600)


def test_V2_awards_of_a_better_product_and_a_smaller_zone_count():
    """Two zones. West needs 30 of AGC up, all of it needs 50; g in west offers AGC at 7, w in west 20 at 3, e in east 40 at 2 for `all`.

    AGC: w 20 at 3, g 10 at 7. They count for `all`, which needs 20 more: e at 2. Prices: all 2; AGC 7 - 2 = 5: one more MW of AGC
    from g saves one of e.
    """
    d = solve(
        power_case(
            bus=[*buses("A", zone="west"), *buses("B", zone="east")],
            line=[line("A", "B")],
            generator=[generator("g", 100, 10), generator("w", 100, 20), generator("e", 100, 30, "B")],
            load=[load("B", mean=60.0)],
            reserve=[dict(reserve="agc", product="regulation_up", zone="west", requirement_mw=30.0),
                     dict(reserve="all", product="spinning_up", requirement_mw=50.0)],
            reserve_nesting=[dict(reserve="agc", counts_for="all")],
            reserve_offer=[offer("agc", cost_cny_per_mwh=7.0), offer("agc", "w", award_max_mw=20.0, cost_cny_per_mwh=3.0),
                           offer("all", "e", award_max_mw=40.0, cost_cny_per_mwh=2.0)],
        )
    )  # fmt: skip
    assert award(d, "agc", "w") == pytest.approx(20)
    assert award(d, "agc", "g") == pytest.approx(10)
    assert award(d, "all", "e") == pytest.approx(20)
    assert d.reserve_price[:, 0] == pytest.approx([5, 2])
    assert d.costs["reserve.offer"] == pytest.approx(20 * 3 + 10 * 7 + 20 * 2)


def test_V1_V5_response_and_ramp():
    """g 100 MW ramps 2 MW/min. AGC within 5 min: at most 10; with spinning within 10 min together at most 20; h gives the rest, 9 and 8.

    AGC 12 needed: g 10, h 2. Spinning 15 needed: g 10 (20 in all), h 5.
    """
    d = solve(
        power_case(
            bus=buses("A"),
            generator=[generator("g", 100, 10, ramp_fraction_per_min=0.02), generator("h", 100, 30)],
            load=[load("A", mean=20.0)],
            reserve=[dict(reserve="agc", product="regulation_up", requirement_mw=12.0, response_min=5.0),
                     dict(reserve="spin", product="spinning_up", requirement_mw=15.0, response_min=10.0)],
            reserve_offer=[offer("agc", "g"), offer("spin", "g"), offer("agc", "h", cost_cny_per_mwh=9.0),
                           offer("spin", "h", cost_cny_per_mwh=8.0)],
        )
    )  # fmt: skip
    assert award(d, "agc", "g") == pytest.approx(10)
    assert award(d, "spin", "g") == pytest.approx(10)
    assert d.costs["reserve.offer"] == pytest.approx(9 * 2 + 8 * 5)
    assert d.reserve_price[:, 0] == pytest.approx([9, 8])


def test_V3_largest_unit_and_its_own_award():
    """Load 100: g 60 MW at 10 and h 80 MW at 20 would give 60 and 40; upward reserve covers the larger with its own award.

    Reserve costs 1 from either; what g holds is lost with it, so h must hold p[g]: 60 + 0. h has 80 - 40 = 40 left for 60: each MW
    moved from g to h lowers the need by 1 and the room of h by 1. So g and f share: f 50 MW at 40 holds the other 20.
    """
    d = solve(
        power_case(
            bus=buses("A"),
            generator=[generator("g", 60, 10), generator("h", 80, 20), generator("f", 50, 40)],
            load=[load("A", mean=100.0)],
            reserve=[dict(reserve="up", product="spinning_up", largest_unit=True)],
            reserve_offer=[offer("up", cost_cny_per_mwh=1.0)],
        )
    )
    lost = d.quantities["generator_output"].values[:, 0] + [award(d, "up", n)[0] for n in "ghf"]
    assert d.quantities["generator_output"].values[:, 0] == pytest.approx([60, 40, 0])
    assert d.quantities["reserve_award"].values.sum() == pytest.approx(max(lost))
    assert d.costs["reserve.offer"] == pytest.approx(60)
    assert d.quantities["reserve_requirement"].values[0] == pytest.approx([60])


@pytest.mark.parametrize(("product", "power", "required"), [("spinning_up", -40.0, 19.0), ("spinning_down", 60.0, 30.0)])
def test_V4_pole_of_a_link_brings_or_takes(product, power, required):
    """A link of 60 MW that loses 5 % sends 60 MW out, or 40 MW in (38 arrive): half of it is lost with a pole, 30 MW or 19 MW."""
    ends = ("A", "S") if power > 0 else ("S", "A")
    d = solve(
        power_case(
            bus=[*buses("A"), *buses("S", role="sink")],
            generator=[generator("g", 200, 10)],
            load=[load("A", mean=50.0)],
            dc_link=[dict(dc_link="L", from_bus=ends[0], to_bus=ends[1], power_max_mw=60.0, loss_linear_fraction=0.05)],
            exchange=[dict(exchange="M", bus="S", schedule="x")],
            series={"x": [57.0 if power > 0 else -40.0]},
            reserve=[dict(reserve="q", product=product, largest_pole_share=0.5)],
            reserve_offer=[offer("q", cost_cny_per_mwh=2.0)],
        )
    )
    assert d.quantities["reserve_requirement"].values[0] == pytest.approx([required])
    assert d.costs["reserve.offer"] == pytest.approx(2 * required)


def test_V2_shares_of_load_and_of_wind_output():
    """10 % of the load of zone west (60 of 100) and 20 % of what its wind gives: 6 + 8. Curtailed wind would need none: wind at 0
    CNY/MWh saves 10 and asks for 0.2 MW of reserve at 4: still worth it."""
    d = solve(
        power_case(
            bus=[*buses("A", zone="west"), *buses("B", zone="east")],
            line=[line("A", "B")],
            generator=[generator("g", 200, 10)],
            renewable=[dict(renewable="w", bus="A", technology="wind", power_max_mw=40.0),
                       dict(renewable="x", bus="B", technology="wind", power_max_mw=10.0)],
            load=[load("A", mean=60.0), load("B", mean=40.0)],
            reserve=[dict(reserve="up", product="spinning_up", zone="west", load_share=0.1, wind_share=0.2, renewable_basis="output")],
            reserve_offer=[offer("up", cost_cny_per_mwh=4.0)],
        )
    )  # fmt: skip
    assert d.quantities["reserve_requirement"].values[0] == pytest.approx([14])
    assert d.solution.objective == pytest.approx(50 * 10 + 14 * 4)
    assert d.quantities["renewable_curtailed"].values == pytest.approx(0)


def test_Y1_curtailed_wind_holds_reserve_up_and_running_wind_down():
    """Wind 50 MW, load 30: what is curtailed can rise (20), what runs can fall (30). Required 25 up, missing 5 at 100; 10 down: free."""
    d = solve(
        power_case(
            bus=buses("A"),
            renewable=[dict(renewable="w", bus="A", technology="wind", power_max_mw=50.0)],
            load=[load("A", mean=30.0)],
            reserve=[dict(reserve="up", product="spinning_up", requirement_mw=25.0),
                     dict(reserve="down", product="spinning_down", requirement_mw=10.0)],
            reserve_shortage=shortage("up", (50, 100)),
            reserve_offer=[offer("up", kind="renewable", technology="wind"), offer("down", kind="renewable")],
        )
    )  # fmt: skip
    assert d.quantities["reserve_shortage"].values[:, 0] == pytest.approx([5, 0])
    assert d.reserve_price[:, 0] == pytest.approx([100, 0])


@pytest.mark.parametrize(
    ("hours", "stored", "up"),
    [(0.0, 0.5, 10.0), (1.0, 0.5, 9.0), (2.0, 0.5, 4.5), (1.0, 0.0, 0.0)],
)
def test_Y3_stored_energy_sustains_an_award(hours, stored, up):
    """A battery of 10 MW and 20 MWh holds a share of it, and gives 0.9 of it to the bus: 10 x 0.9 = 9 MWh last for 2 h at 4.5 MW."""
    d = solve(
        power_case(
            bus=buses("A"),
            generator=[generator("g", 100, 10)],
            storage=[dict(storage="B", bus="A", power_max_mw=10.0, energy_max_mwh=20.0, discharge_efficiency=0.9,
                          energy_start_fraction=stored)],
            load=[load("A", mean=30.0)],
            reserve=[dict(reserve="up", product="spinning_up", requirement_mw=15.0, duration_h=hours)],
            reserve_shortage=shortage("up", (50, 1)),
            reserve_offer=[offer("up", kind="storage")],
        )
    )  # fmt: skip
    assert award(d, "up", "B", "storage") == pytest.approx(up)


def test_Y4_room_of_a_store_for_downward_reserve():
    """20 MWh with 18 in store: 2 MWh of room, 2.5 at the bus with an efficiency of 0.8; over half an hour 5 MW, less than its 10."""
    d = solve(
        power_case(
            bus=buses("A"),
            generator=[generator("g", 100, 10)],
            storage=[dict(storage="B", bus="A", power_max_mw=10.0, energy_max_mwh=20.0, charge_efficiency=0.8, energy_start_fraction=0.9)],
            load=[load("A", mean=30.0)],
            reserve=[dict(reserve="down", product="spinning_down", requirement_mw=15.0, duration_h=0.5)],
            reserve_shortage=shortage("down", (50, 1)),
            reserve_offer=[offer("down", kind="storage")],
        )
    )
    assert award(d, "down", "B", "storage") == pytest.approx(5)


def test_Y3_water_and_heat_sustain_awards():
    """A reservoir 0.018 hm3 above its least volume: 0.018 / 0.0036 x 0.5 MW = 2.5 MWh; a tower with 10 MWh of heat at 0.4: 4 MWh."""
    d = solve(
        power_case(
            bus=buses("A"),
            generator=[generator("g", 100, 10)],
            reservoir=[dict(reservoir="r", bus="A", power_max_mw=20.0, power_mw_per_m3s=0.5, volume_min_hm3=1.0, volume_max_hm3=2.0,
                            volume_start_hm3=1.018, volume_end_hm3=1.018)],
            csp=[dict(csp="c", bus="A", power_max_mw=20.0, efficiency=0.4, field_heat_max_mw=1.0, store_heat_max_mwh=40.0,
                      store_start_mwh=10.0)],
            load=[load("A", mean=30.0)],
            reserve=[dict(reserve="up", product="spinning_up", requirement_mw=40.0, duration_h=2.0)],
            reserve_shortage=shortage("up", (50, 100)),
            reserve_offer=[offer("up", kind="reservoir"), offer("up", kind="csp")],
        )
    )  # fmt: skip
    assert award(d, "up", "r", "reservoir") == pytest.approx(1.25)
    assert award(d, "up", "c", "csp") == pytest.approx(2.0)


def test_Y5_rise_and_award_share_the_ramp():
    """g at 10 ramps 30 MW in an hour; load 50 then 70 MW: a rise of 20 leaves 10 for reserve; 15 needed: h (at 30) takes over 5 MWh."""
    rows = dict(
        bus=buses("A"),
        generator=[generator("g", 100, 10, ramp_fraction_per_min=0.005), generator("h", 100, 30)],
        load=[load("A", "d")],
        series={"d": [50, 70], "n": [0, 15]},
        reserve=[dict(reserve="up", product="spinning_up", profile="n", shares_ramp=True)],
        reserve_offer=[offer("up", "g")],
    )
    for commitment in ("off", "exact"):
        d = solved(power_case(2, **rows, commitment=[switch("g"), switch("h")]), commitment)
        assert d.solution.objective == pytest.approx(50 * 10 + 65 * 10 + 5 * 30)
        assert d.reserve_price[0] == pytest.approx([0, 20])


def test_Y5_rise_and_award_of_a_unit_share_the_ramp_from_the_output_before():
    """Unit at 10 ramps 30 MW an hour from 10 MW, 15 MW of reserve in both hours: it gives 25 MW of the load of 30, then 40 of 50, an hour
    of it at 1 MW = 0.5 MW/min; h (at 30) the rest: 65 x 10 + 15 x 30 = 1100. A MW less of reserve in hour 1 saves 20 then and, as the
    unit then may give one more in hour 2 too, 20 again: 40; in hour 2 it saves 20. Without a known output before, hour 1 has no ramp:
    30 x 10, then 45 of 50: 300 + 450 + 5 x 30 = 900, and the first reserve costs nothing."""
    slow = UNIT_TYPE[0] | dict(unit_type="slow", ramp_fraction_per_min=0.005)
    rows = dict(
        bus=buses("A"), unit_type=[*UNIT_TYPE, slow], generator=[generator("h", 100, 30)],
        load=[load("A", "d")], series={"d": [30, 50], "n": [15, 15]},
        reserve=[dict(reserve="up", product="spinning_up", profile="n", shares_ramp=True)],
        reserve_offer=[offer("up", "A10", "unit")],
    )  # fmt: skip
    for before, cost, output, worth in ((10.0, 1100, [25, 40], [40, 20]), (None, 900, [30, 45], [0, 20])):
        made = power_case(2, **rows, unit=[unit("A", 10, 100, unit_type="slow", initial_mw=before)])
        d = solved(made, "off")
        assert d.solution.objective == pytest.approx(cost)
        assert d.quantities["unit_output"].values[0] == pytest.approx(output)
        assert d.reserve_price[0] == pytest.approx(worth)


def test_Y5_down_awards_share_the_fall_of_a_unit():
    """Unit at 90 and h at 10, both from 0; loads 100 then 60: the unit, at 50 with h at 50 (its most), falls 30 MW an hour at most. With 20
    MW of reserve down it falls 10 and, least output 0, h gives the rest: unit 50 and 40, h 50 and 20:
    (50 + 40) x 90 + (50 + 20) x 10 = 8800. Without the reserve 50 and 20, h 50 and 40: 70 x 90 + 90 x 10 = 7200."""
    slow = UNIT_TYPE[0] | dict(unit_type="slow", ramp_fraction_per_min=0.005)
    rows = dict(
        bus=buses("A"), unit_type=[*UNIT_TYPE, slow], generator=[generator("h", 50, 10)], unit=[unit("A", 90, 100, unit_type="slow")],
        load=[load("A", "d")], series={"d": [100, 60], "n": [0, 20]}, reserve_offer=[offer("down", "A90", "unit")],
    )  # fmt: skip
    for shares, cost in ((True, 8800), (False, 7200)):
        reserve = [dict(reserve="down", product="spinning_down", profile="n", shares_ramp=shares)]
        assert solved(power_case(2, **rows, reserve=reserve), "off").solution.objective == pytest.approx(cost)


def test_V6_units_that_are_off_offer_non_spinning_reserve():
    """Load 50: g 60..100 MW is not needed beside h 0..100 at 20, but 70 of non-spinning reserve are: h holds 50, g while off 20 at 3.

    Were g on, it would give 60 at 30: dearer. Cost 50 x 20 + 20 x 3.
    """
    rows = dict(
        bus=buses("A"),
        generator=[generator("g", 100, 30, power_min_mw=60.0), generator("h", 100, 20)],
        load=[load("A", mean=50.0)],
        reserve=[dict(reserve="all", product="non_spinning", requirement_mw=70.0)],
        reserve_offer=[offer("all", "g", offline_max_mw=40.0, cost_cny_per_mwh=3.0), offer("all", "h")],
        commitment=[switch("g")],
    )
    d = solved(power_case(**rows))
    assert d.quantities["generator_on"].values[0] == pytest.approx([0])
    assert award(d, "all", "g") == pytest.approx([20])
    assert d.quantities["reserve_offline"].values.sum() == pytest.approx(20)
    assert d.solution.objective == pytest.approx(50 * 20 + 20 * 3)
    rows["reserve_offer"][0]["offline_max_mw"] = 10.0
    d = solved(power_case(**rows, reserve_shortage=shortage("all", (50, 100))))
    assert award(d, "all", "g") == pytest.approx([10])


def test_awards_of_what_is_on_only_and_by_number_of_units():
    """Three alike units of 20..50 MW at 10, load 60: two are on (60 = 2 x 30) and hold 2 x 20, of which 2 x 15 may be awarded.

    45 needed at 1000 per MW missing, minus what a third unit on (3 x 20) costs: nothing, so all three run and hold 3 x 15.
    """
    rows = dict(
        bus=buses("A"),
        generator=[generator("g", 50, 10, power_min_mw=20.0, cost_cny_per_h=5.0)],
        load=[load("A", mean=60.0)],
        reserve=[dict(reserve="up", product="spinning_up", requirement_mw=30.0)],
        reserve_shortage=shortage("up", (50, 1000)),
        reserve_offer=[offer("up", "g", award_max_mw=15.0)],
        commitment=[switch("g", count=3)],
    )
    d = solved(power_case(**rows))
    assert d.quantities["generator_on"].values[0] == pytest.approx([2])
    assert award(d, "up", "g") == pytest.approx([30])
    rows["reserve"][0]["requirement_mw"] = 45.0
    d = solved(power_case(**rows))
    assert d.quantities["generator_on"].values[0] == pytest.approx([3])
    assert award(d, "up", "g") == pytest.approx([45])


def test_a_reserve_out_of_service_asks_for_nothing():
    """From 2 January on: before that no requirement, no awards."""
    d = solve(
        power_case(
            bus=buses("A"),
            generator=[generator("g", 100, 10)],
            load=[load("A", mean=30.0)],
            reserve=[dict(reserve="up", product="spinning_up", requirement_mw=500.0, in_service="2025-01-02")],
            reserve_offer=[offer("up", cost_cny_per_mwh=-1.0)],
        )
    )
    assert d.solution.objective == pytest.approx(300)
    assert d.quantities["reserve_requirement"].values == pytest.approx(0)


def test_even_curtailment_leaves_room_for_awards():
    """Two wind plants of 50 MW share 20 MW of curtailment, 10 each, unless one of them holds 20 MW of upward reserve with it."""
    rows = dict(
        bus=buses("A", "B"),
        line=[line("A", "B")],
        renewable=[dict(renewable=f"w{b}", bus=b, technology="wind", power_max_mw=50.0) for b in "AB"],
        load=[load("A", mean=80.0)],
    )
    assert solve(power_case(**rows)).quantities["renewable_curtailed"].values[:, 0] == pytest.approx([10, 10])
    d = solve(
        power_case(
            **rows,
            reserve=[dict(reserve="up", product="spinning_up", requirement_mw=20.0)],
            reserve_offer=[offer("up", "wB", "renewable")],
        )
    )
    assert d.quantities["renewable_curtailed"].values[:, 0] == pytest.approx([0, 20])


def test_V1_room_follows_the_series():
    """A generator of 1 MW times a series of 80, and a load that may be served in part: 1 MW times 60. Each can be awarded far more than 1.

    Load served 60 by g; 15 up from g's 20, 50 up from the load, which may use less.
    """
    d = solve(
        power_case(
            bus=buses("A"),
            generator=[generator("g", 1, 10, profile="p"), dict(generator="d", bus="A", power_min_mw=-1.0, power_max_mw=0.0, min_profile="q",
                                                                cost_cny_per_mwh=100.0)],
            load=[],
            series={"p": [80.0], "q": [60.0]},
            reserve=[dict(reserve="up", product="spinning_up", requirement_mw=65.0)],
            reserve_offer=[offer("up", "g", award_max_mw=15.0), offer("up", "d", cost_cny_per_mwh=1.0)],
        )
    )  # fmt: skip
    assert award(d, "up", "g") == pytest.approx(15)
    assert award(d, "up", "d") == pytest.approx(50)


def test_alike_stores_hold_reserve_together():
    """Two stores of 10 and 20 MW that differ in nothing else share 24 MW of awards by power."""
    store = dict(bus="A", charge_efficiency=0.9, energy_start_fraction=0.5)
    d = solve(
        power_case(
            bus=buses("A"),
            generator=[generator("g", 100, 10)],
            storage=[dict(store, storage="a", power_max_mw=10.0, energy_max_mwh=40.0),
                     dict(store, storage="b", power_max_mw=20.0, energy_max_mwh=80.0)],
            load=[load("A", mean=30.0)],
            reserve=[dict(reserve="up", product="spinning_up", requirement_mw=24.0)],
            reserve_offer=[offer("up", kind="storage"), offer("up", "g", cost_cny_per_mwh=1.0)],
        )
    )  # fmt: skip
    assert award(d, "up", "a", "storage") == pytest.approx(8)
    assert award(d, "up", "b", "storage") == pytest.approx(16)


@pytest.mark.parametrize("other", ["A", "B"])
def test_even_curtailment_does_not_ask_for_more_reserve(other):
    """50 MW of wind and 50 of solar for a load of 50; half of what wind gives must be held by g at 8: solar serves the load alone."""
    case = power_case(
        1, bus=buses("A", "B"), line=[line("A", "B", 999.0)], load=[load("A", mean=50.0)], generator=[generator("g", 100, 30)],
        renewable=[dict(renewable=n, bus=b, technology=n, power_max_mw=50.0) for n, b in (("wind", "A"), ("solar", other))],
        reserve=[dict(reserve="up", product="spinning_up", wind_share=0.5, renewable_basis="output")],
        reserve_offer=[offer("up", "g", cost_cny_per_mwh=8.0)],
    )  # fmt: skip
    d = dispatch(case)
    assert d.quantities["renewable_output"].values[:, 0] == pytest.approx([0, 50])
    assert not certificate(d).failed
