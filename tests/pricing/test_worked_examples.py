"""Examples worked out by hand, asked through the command: zones, one price, pay as bid, reserve curves, loops, which prices are right."""

import json

import numpy as np
import pytest

from gridopt.case.pricing_options import Ordc
from gridopt.commands import execute
from gridopt.dispatch.price_limits import clipped
from gridopt.pricing import ordc
from gridopt.settlement.uplift import uplift
from gridopt.study.priced import price_by
from tests.support import market
from tests.support.market import cleared
from tests.support.told import Told

BORDER = "pricing.split_atc.borders=[{{from_zone: Hexi, to_zone: Hedong, mw: {}}}]"


def near(value, rel=1e-6):
    return pytest.approx(value, rel=rel, abs=1e-6)


def test_ring_nodal():
    """C2 50 and C3 250 with branch 1-3 full: load pays 100*260 + 300*340 + 500*300 = 278,000, plants get 600*220 + 50*260 + 250*340 =
    230,000, the rest is 160*300 = 48,000, as much as a right to 600 MW from bus 1 to bus 4 is worth: 600*80."""
    found = Told(market.RING, "ip")
    assert found.by_bus()[:, 0] == near([220, 260, 340, 300]) and found.rule["load_payment"] == near(278000)
    assert sum(u["revenue"] for u in found.rule["units"] if u["kind"] == "generator") == near(230000)
    assert 600 * (found.by_bus()[3, 0] - found.by_bus()[0, 0]) == near(278000 - 230000)


@pytest.mark.parametrize(
    ("settings", "prices", "users"),
    [
        # By load each zone pays its nodal total: Hexi 260; Hedong (300*340 + 500*300)/800 = 315.
        ("weights: load", [260, 260, 315, 315], 278000),
        # By generation: Hexi (600*220 + 50*260)/650 = 223.08, Hedong 340: 22,307.69 + 272,000.
        ("weights: generation", [223.0769230769, 223.0769230769, 340, 340], 294307.692308),
        # One price by generation: 230,000/900 = 255.56; users pay just what plants get.
        ("{weights: generation, zones: one}", [255.5555555556] * 4, 230000),
        # Given weights: Hexi (220 + 3*260)/4 = 250, Hedong 300.
        ("{weights: fixed, fixed: {1: 1, 2: 3, 4: 1}}", [250, 250, 300, 300], 25000 + 240000),
    ],
)
def test_zone_means(settings, prices, users):
    text = settings if settings.startswith("{") else "{" + settings + "}"
    found = Told(market.RING, "zonal_avg", f"pricing.zonal_avg={text}")
    assert found.by_bus("load_price")[:, 0] == near(prices) and found.rule["users_pay"] == near(users)


def test_one_price():
    """W1 600, C2 300 at 260; branch 1-3 then carries 425, and C2 gives 250 MW to C3: 250*(340 - 260) = 20,000. Users 900*260 + 20,000."""
    found = Told(market.RING, "smp").rule
    assert found["schedule"]["output_mw"] == {"W1": [600.0], "C2": [300.0], "C3": [0.0], "C4": [0.0]}
    assert found["schedule"]["flow_mw"]["13"] == near([425]) and found["redispatch"]["cost"] == near(20000)
    assert found["redispatch"]["output_mw"]["C2"] == near([50]) and found["redispatch"]["volume_mwh"] == near(250)
    assert found["users_pay"] == near(254000) and found["total_cost"] == near(122000) and found["cost_difference"] == near(0)


CONSTRAINED = market.RING.replace("p_max: 350, marginal_cost: 260", "p_max: 350, marginal_cost: 200").replace(
    "bus: 3, p_max: 400", "bus: 3, p_max: 250"
)


def test_constrained_off_is_paid_where_the_option_says_so():
    """C2 at 200 with 300 MW of its 350 sets the price 200 without network. In the ring it gives 50, C3 250 at 340. One more plant at 200
    would earn nothing: price less cost of C2 is 0. With load 1000 (C2 350, C3 50 at 340 sets 340) C2 earns 140 a MWh on 350; the ring
    leaves it 150 MW (C3 250), 200*140 = 28,000 less."""
    text = CONSTRAINED.replace("load_mw: 500", "load_mw: 600")
    kept, paid = Told(text, "smp"), Told(text, "smp", "pricing.smp.constrained_off=true")
    assert kept.by_bus()[:, 0] == near([340] * 4)
    off = kept.rule["schedule"]["output_mw"]["C2"][0] - paid.rule["redispatch"]["output_mw"]["C2"][0]
    assert kept.units("paid")["C2"] == near(0) and paid.units("paid")["C2"] == near(off * 140) and off > 1


def test_pay_as_bid():
    """122,000 for 900 MWh. With offers below 260 raised to it the dearer C3 is used less: W1 and C2 give 750 MW, branch 1-3 still full."""
    plain, shaded = Told(market.RING, "pab").rule, Told(market.RING, "pab_shaded").rule
    assert plain["users_pay"] == near(122000) and plain["prices"][0]["price"] == near(122000 / 900)
    assert shaded["users_pay"] == near(750 * 260 + 150 * 340) and shaded["cost_difference"] > 0
    assert sum(shaded["schedule"]["output_mw"][n][0] for n in ("W1", "C2")) == near(750)
    half = Told(market.RING, "pab_shaded", "pricing.pab_shaded.share=0").rule
    assert half["users_pay"] == near(122000) and half["cost_difference"] == near(0)


def test_splitting_by_capacity_of_the_border():
    """700 MW: Hexi gives 800 (C2 200 at 260), Hedong 100 at 340, rent 700*80. Branch 1-3 carries 375; 150 MW moved from C2 to C3 cost
    150*80 = 12,000, so all cost 122,000 again. With 550 MW the network carries it."""
    wide, narrow = Told(market.RING, "split_atc", BORDER.format(700)), Told(market.RING, "split_atc", BORDER.format(550))
    for found in (wide, narrow):
        assert found.by_bus()[:, 0] == near([260, 260, 340, 340]) and found.rule["total_cost"] == near(122000)
    assert wide.rule["schedule"]["output_mw"] == {"W1": [600.0], "C2": [200.0], "C3": [100.0], "C4": [0.0]}
    assert wide.rule["rent"] == near(56000) and wide.rule["schedule"]["flow_mw"]["13"] == near([375])
    assert wide.rule["redispatch"]["cost"] == near(12000) and wide.rule["redispatch"]["volume_mwh"] == near(150)
    assert narrow.rule["redispatch"]["volume_mwh"] == 0 and narrow.rule["redispatch"]["cost"] == 0 and narrow.rule["rent"] == near(44000)
    assert wide.rule["loc"] == near(0) and wide.rule["mwp"] == near(0)


def test_redispatch_at_bids_and_by_trade():
    """150 MW at 340 + 10 bought and at 260 - 5 sold back: 150*95 = 14,250. By trade between the zones: again 150 MW, at the offers."""
    bids = "pricing.split_atc.redispatch={mode: bid, up_adder_cny_per_mwh: 10, down_adder_cny_per_mwh: 5}"
    trade = "pricing.split_atc.redispatch.mode=counter_trade"
    assert Told(market.RING, "split_atc", BORDER.format(700), bids).rule["redispatch"]["cost"] == near(14250)
    traded = Told(market.RING, "split_atc", BORDER.format(700), trade).rule["redispatch"]
    assert traded["traded_mw"] == near([150]) and traded["cost"] == near(12000)


def test_trade_between_zones_may_not_help():
    """The full branch 1-2 lies inside the zone: whatever Hexi sells, its price order uses W1 first and overloads it."""
    text = market.RING.replace('"12", from: 1, to: 2, x_pu: 0.1}', '"12", from: 1, to: 2, x_pu: 0.1, limit_mw: 10}')
    found = Told(text, "split_atc", BORDER.format(700), "pricing.split_atc.redispatch.mode=counter_trade").rule["redispatch"]
    assert found["feasible"] is False and found["cost"] is None


THREE_ZONES = """
buses: [{id: x, zone: X}, {id: y, zone: Y}, {id: z, zone: Z, load_mw: 150}]
lines: [{id: xz, from: x, to: z, limit_mw: 30}, {id: yz, from: y, to: z}]
generators:
  - {id: X, bus: x, p_max: 200, marginal_cost: 20}
  - {id: Y, bus: y, p_max: 200, marginal_cost: 10}
  - {id: Z, bus: z, p_max: 200, marginal_cost: 50}
pricing: {split_atc: {borders: [{from_zone: X, to_zone: Z, mw: 50}, {from_zone: Y, to_zone: Z, mw: 100}], redispatch: {mode: counter_trade}}}
"""


def test_where_the_largest_zones_cannot_help_all_zones_trade_in_proportion():
    """Y sends 100 and X 50 to Z by their borders, but the line from X carries 30. What Y sells back leaves that line as it is; all in
    proportion: 40 % less of both: 60 MW are bought in Z at 50, 40 sold back in Y at 10 and 20 in X at 20: 3000 - 400 - 400 = 2200."""
    found = Told(THREE_ZONES, "split_atc").rule["redispatch"]
    assert found["feasible"] and found["traded_mw"] == near([60], 1e-5) and found["cost"] == near(2200, 1e-5)


def test_splitting_by_flows():
    """One MW from bus 2 to bus 3 loads 1-3 by 0.5: 275 + ... at most 550 of export, the nodal optimum. Half to bus 4: by 0.375, and of
    175 MW of margin 466.67 MW; W1 566.67 sets 40, C3 333.33: 136,000."""
    exact = Told(market.RING, "split_fb", "pricing.split_fb={gsk: fixed, keys: {2: 1, 3: 1}}")
    assert exact.rule["exchanges"][1]["mw"] == near([550]) and exact.rule["total_cost"] == near(122000)
    wrong = Told(market.RING, "split_fb", "pricing.split_fb={gsk: fixed, keys: {2: 1, 3: 0.5, 4: 0.5}}")
    assert wrong.by_bus()[:, 0] == near([40, 40, 340, 340]) and wrong.rule["cost_of_its_schedule"] == near(136000)
    assert wrong.rule["exchanges"][1]["mw"] == near([466.6666667])
    assert wrong.rule["schedule"]["output_mw"] == {"W1": [566.666666667], "C2": [0.0], "C3": [333.333333333], "C4": [0.0]}
    # 30 MW kept back of 300: (175 - 30)/0.375 = 386.67 MW.
    less = Told(market.RING, "split_fb", "pricing.split_fb={gsk: fixed, keys: {2: 1, 3: 0.5, 4: 0.5}, frm_share: 0.1}")
    assert less.rule["exchanges"][1]["mw"] == near([386.6666667])


LOAD_FAR, BUS_FAR = ", {id: 5, zone: Far, load_mw: 7}", ", {id: 6, zone: Far}"
LINES_FAR = [f'\n  - {{id: "{a}{b}", from: {a}, to: {b}, x_pu: 0.1}}' for a, b in ((4, 5), (5, 6))]


def far(buses: str, lines: list[str]) -> str:
    """The ring with a zone behind bus 4."""
    return market.RING.replace("}]\nlines:", "}" + buses + "]\nlines:" + "".join(lines))


def test_shares_of_a_zone_without_plants():
    """By capacity 600:350 and 400:400; Far has none, and its position is its load whatever is assumed."""
    text = far(LOAD_FAR + BUS_FAR, LINES_FAR)
    found = Told(text, "split_fb")
    given = Told(text, "split_fb", "pricing.split_fb={gsk: fixed, keys: {1: 600, 2: 350, 3: 400, 4: 400, 5: 1, 6: 1}}")
    assert found.by_bus()[:, 0] == near(given.by_bus()[:, 0]) and found.rule["exchanges"][0]["mw"] == near([-7])


def test_a_bus_alone_is_its_zone():
    """By output Far would have no share either."""
    found = Told(far(LOAD_FAR, LINES_FAR[:1]), "split_fb", "pricing.split_fb={gsk: generation, base: cleared}")
    assert found.rule["exchanges"][0]["mw"] == near([-7])


@pytest.mark.parametrize(("demand", "price", "reserve"), [(340, 500, 50), (380, 750, 300), (430, 1450, 1000)])
def test_reserve_curve_cleared_together(demand, price, reserve):
    """G1 250 MW at 300 and G2 200 MW at 450 hold what they do not give as reserve, worth 1000, 300 and 50 in blocks of 50 MW: with
    demand 340 they hold 110 (third block), with 380 70 (second), with 430 20 (first). Energy costs 450 and the reserve it takes."""
    found = Told(RESERVE.format(demand), "ordc")
    assert found.by_bus()[0, 0] == near(price) and found.by_bus("reserve_price")[0, 0] == near(reserve)
    assert found.rule["loc"] == near(0, 1e-5)


RESERVE = """
demand_mw: {}
generators:
  - {{id: G1, p_max: 250, marginal_cost: 300}}
  - {{id: G2, p_max: 200, marginal_cost: 450}}
pricing: {{ordc: {{mode: cooptimised, blocks: [[50, 1000], [50, 300], [50, 50]]}}}}
"""


def test_a_cap_on_energy_alone_makes_reserve_worth_more():
    """Demand 380, price 750 cut to 650, reserve at 300: G2 earns 130*(650 - 450) + 70*300 = 47,000; all as reserve 200*300 = 60,000. G1
    earns 350 a MWh with energy, more than 300."""
    blocks = Ordc(mode="cooptimised", blocks=[(50, 1000), (50, 300), (50, 50)])
    prices = clipped(price_by("ordc", cleared(RESERVE.format(380).partition("pricing")[0]), blocks).prices, 0.0, 650.0)
    left = uplift(prices.schedule, prices)
    of = {str(n).partition(" ")[2]: g for g, n in enumerate(left.names)}
    assert prices.price[0, 0] == near(650)
    assert left.profit[of["G2"]] == near(47000) and left.best[of["G2"]] == near(60000) and left.loc[of["G2"]] == near(13000)
    assert left.loc[of["G1"]] == near(0) and left.profit[of["G1"]] == near(250 * 350)


def test_reserve_adder():
    """Room 110 MW beside demand 340; X 10, s 100: chance 1 - Phi(1) = 0.158655; (10,000 - 450)*0.158655 = 1515.16 on energy and reserve.

    G2: 90 MW at 1965.16 - 450 and 110 MW at 1515.16; G1 250 MW. Nobody could do better: energy and reserve earn the same beyond 450.
    """
    setting = "pricing.ordc={mode: adder, voll_cny_per_mwh: 10000, minimum_mw: 10, deviation_mw: 100}"
    found = Told(RESERVE.format(340).partition("pricing")[0], "ordc", setting)
    added = 9550 * 0.15865525393
    assert found.by_bus()[0, 0] == near(450 + added) and found.by_bus("reserve_price")[0, 0] == near(added)
    assert found.units("profit")["G2"] == near(200 * added) and max(found.units("loc").values()) == near(0)
    assert found.units("profit")["G1"] == near(250 * (150 + added))


SCARCE = """
demand_mw: 200
generators:
  - {id: A, p_max: 300, marginal_cost: 300}
  - {id: U, p_max: 100, marginal_cost: 400, startup_cost: 1000, initially_on: false%s}
pricing: {ordc: {mode: adder, voll_cny_per_mwh: 800, minimum_mw: 150}}
"""


@pytest.mark.parametrize(("limits", "lost"), [(", p_min: 100", 39000), ("", 49000), (", ramp_mw_per_h: 120", 41000)])
def test_who_is_off_loses_what_the_adder_would_bring(limits, lost):
    """100 MW of room, less than 150: the adder is 800 - 300 = 500. U as a block: 100 x (800 - 400) - 1000 = 39000. If it may give anything:
    all as reserve, 100 x 500 - 1000. With 2 MW a minute no more than 20 of it is reserve, and 80 are energy: 80 x 400 + 20 x 500 - 1000."""
    found = Told(SCARCE % limits, "ordc")
    assert found.by_bus()[0, 0] == near(800) and found.by_bus("reserve_price")[0, 0] == near(500)
    assert found.units("loc")["U"] == near(lost) and found.units("loc")["A"] == near(0) and found.rule["prs"] == near(0)
    assert found.units("profit")["A"] == near(300 * 500)


def test_room_counts_as_far_as_it_can_be_reached():
    """A gives 200 of 300 MW and moves 5 MW a minute: 50 MW in ten minutes are reserve. X 10, s 100: chance 1 - Phi(0.4) = 0.344578. At 250 MW
    A would be paid for 50 more, and keep its reserve."""
    text = "demand_mw: 200\ngenerators: [{id: A, p_max: 300, marginal_cost: 300, ramp_mw_per_h: 300}]\n"
    setting = "pricing.ordc={mode: adder, minimum_mw: 10, deviation_mw: 100%s}"
    added = 9700 * 0.3445782584
    found = Told(text, "ordc", setting % "")
    assert found.by_bus("reserve_price")[0, 0] == near(added) and found.rule["paid_besides"] == near(50 * added)
    assert found.units("profit")["A"] == near(250 * added) and found.units("loc")["A"] == near(50 * added)
    assert Told(text, "ordc", setting % ", response_min: null").by_bus("reserve_price")[0, 0] == near(9700 * 0.1840601253)


def test_blocks_of_the_normal_law():
    """X 100 MW, s 50: below X the value of lost load; from 100 to 150 its mean chance (phi(0) - phi(1) - 1 + Phi(1) + ...) by quadrature."""
    blocks = ordc.curve(Ordc(minimum_mw=100, deviation_mw=50, voll_cny_per_mwh=1000, block_mw=50, reach_mw=200))
    z = np.linspace(0, 1, 200001)
    chance = 1 - np.array([ordc._phi(v) for v in z])
    assert [b[0] for b in blocks] == [50, 50, 50, 50] and [b[1] for b in blocks[:2]] == near([1000, 1000])
    assert blocks[2][1] == near(1000 * np.trapezoid(chance, z), 1e-6) and blocks[3][1] < blocks[2][1]


LOOP = """
buses: [{{id: A}}, {{id: B, load_mw: 50}}, {{id: C, load_mw: 100}}]
lines:
  - {{id: AB, from: A, to: B, limit_mw: {}}}
  - {{id: BC, from: B, to: C, limit_mw: {}}}
  - {{id: AC, from: A, to: C, limit_mw: {}}}
generators:
  - {{id: a, bus: A, p_max: 1000, marginal_cost: 50}}
  - {{id: b, bus: B, p_max: 1000, marginal_cost: 70}}
  - {{id: c, bus: C, p_max: 1000, marginal_cost: 100}}
"""


@pytest.mark.parametrize(("limits", "prices"), [((25, 25, 25), [50, 70, 100]), ((25, 50, 60), [50, 70, 90])])
def test_triangle(limits, prices):
    """Equal reactances. With 25 everywhere all three plants run, each at its own price. With AB and 60 on AC: AB full; b and a share C's
    demand: one MW at C by d of a and 1 - d of b loads AB by (2d - (1 - d) - ... )/3 = 0 with d = -1: 2*70 - 50 = 90.

    Source: textbook triangle of loop flows.
    """
    assert Told(LOOP.format(*limits), "ip").by_bus()[:, 0] == near(prices)


@pytest.mark.parametrize(("rule", "choice", "price"), [(r, c, p) for r in ("ip", "chp", "achp", "elmp") for c, p in
                                                       (("lower", 40), ("mid", 150), ("upper", 260))])  # fmt: skip
def test_every_price_between_two_offers_is_right(rule, choice, price):
    """600 MW at 40 for 600 MW of demand, the next at 260."""
    assert Told(market.ALL_OF_A, rule, f"pricing.{rule}.selection={choice}").by_bus()[0, 0] == near(price, 1e-7 * 260)


@pytest.mark.parametrize(("choice", "price"), [("lower", 40), ("mid", 150), ("upper", 260)])
@pytest.mark.parametrize("rule", ["ip", "smp", "chp", "achp", "elmp"])
def test_what_users_buy_by_bids_counts_as_their_payment(rule, choice, price):
    """The same demand as a bid of 600 MW at 900, which clears in full."""
    text = market.ALL_OF_A.replace("demand_mw: 600", "demand_mw: 0") + "bids: [{id: U, blocks: [[600, 900]]}]\n"
    assert Told(text, rule, f"pricing.{rule}.selection={choice}").by_bus()[0, 0] == near(price, 1e-7 * 260)


def test_who_may_set_extended_prices():
    """All units: X's second segment and start, 65 + 30,000/180. On line only (W, Y): Y's third segment 241 + 5000/150 = 274.33.

    Y's start and minimum time of 8 h do not count where only units that start fast are eligible: on line as it is, with its third segment
    241 for the last 5 MW; X starts fast and costs 60 + 30,000/180 = 226.67 up to its least output, which is less.
    """
    assert Told(market.THREE_CURVES, "elmp", "pricing.elmp.eligible=online").by_bus()[0, 0] == near(241 + 5000 / 150)
    slow = market.THREE_CURVES.replace("startup_cost: 5000", "startup_cost: 5000, min_up: 8")
    assert Told(slow, "elmp", "pricing.elmp={eligible: fast, fast_start_h: 1}").by_bus()[0, 0] == near(60 + 30000 / 180)
    both = slow.replace("startup_cost: 30000", "startup_cost: 30000, min_up: 8")
    assert Told(both, "elmp", "pricing.elmp={eligible: fast, fast_start_h: 1}").by_bus()[0, 0] == near(241)


@pytest.mark.parametrize(("notice_min", "min_up", "price"), [(10, 4, 60 + 30000 / 180 / 4), (60, 1, 60 + 30000 / 180), (720, 1, 241)])
def test_who_starts_fast_by_its_notice(notice_min, min_up, price):
    """Y does not start fast; X does where its notice is at most an hour, whatever its minimum up time, over which its start is spread: four
    hours make 60 + 30,000 / 720 = 101.67. Else Y sets the price with its third segment, 241."""
    text = market.THREE_CURVES.replace("startup_cost: 5000", "startup_cost: 5000, min_up: 8")
    text = text.replace("startup_cost: 30000", f"startup_cost: 30000, min_up: {min_up}, start_notice_min: {notice_min}")
    assert Told(text, "elmp", "pricing.elmp={eligible: fast, fast_start_h: 1}").by_bus()[0, 0] == near(price)


def test_the_relaxation_of_approximate_hulls_is_told():
    """One period: the hull of B's offer is 345 a MWh up to 200 MW: 300 x 250 + 50 x 345 = 92,250, which the relaxation reaches."""
    found = Told(market.ONE_PERIOD, "achp").rule
    assert found["relaxation_cost"] == near(92250) and "commitment.most" in found["rows"]
    assert Told(market.ONE_PERIOD, "chp").rule["hull_cost"] == near(92250) and "rows" not in Told(market.ONE_PERIOD, "chp").rule


def test_a_unit_that_loses_is_held_to_its_schedule_in_part():
    """B's 100 MW cost 39,000: any part of it costs 390 a MWh, with the cleared schedule alone or all that lies below it."""
    for held in ("below", "cleared"):
        assert Told(market.ONE_PERIOD, "aic", f"pricing.aic.held={held}").by_bus()[0, 0] == near(390)


def test_least_make_whole_payments_within_a_cap():
    """390 would leave nothing to pay; at the cap 350 B lacks 100*40."""
    capped = Told(market.ONE_PERIOD, "minmwp", "pricing.minmwp.cap_cny_per_mwh=350")
    assert capped.by_bus()[0, 0] == near(350) and capped.rule["mwp"] == near(4000) and capped.rule["users_pay"] == near(122500 + 4000)


def test_administered_prices_book_what_they_change():
    """300 at every bus: injections add up to nothing, so the account lacks what congestion is worth, 48,000. C3 lacks 250*40."""
    found = Told(market.RING, "admin", "pricing.admin.price_cny_per_mwh=300").rule
    assert found["cap_adjust"] == near(-48000) and found["mwp"] == near(10000) and found["load_payment"] == near(270000)


@pytest.mark.parametrize(("source", "price"), [("previous_day", 111), ("similar_day", 222)])
def test_prices_of_earlier_days(source, price, tmp_path):
    """The period is Wednesday 2025-01-01, 00:00: the day before is Tuesday. Prices of Sunday are no working day's."""
    days = {"previous_day": [("2024-12-31", 111), ("2024-12-30", 5)], "similar_day": [("2024-12-29", 9), ("2024-12-27", 222)]}[source]
    file = tmp_path / "prices.csv"
    rows = [f"{day} 00:00,{bus},{p}" for day, p in days for bus in (1, 2, 3, 4)]
    file.write_text("period,bus,lmp\n" + "\n".join(rows), encoding="utf-8")
    found = Told(market.RING, "admin", f"pricing.admin={{source: {source}, file: '{file}'}}")
    assert found.by_bus()[:, 0] == near([price] * 4)


@pytest.mark.parametrize(
    ("rule", "setting", "words"),
    [
        ("zonal_avg", "pricing.zonal_avg.weights=lod", ["pricing.zonal_avg.weights", "lod"]),
        ("zonal_avg", "pricing.zonal_avg.weight=load", ["key 'weight'", "'pricing.zonal_avg'", "did you mean 'weights'"]),
        ("zonal_avg", "pricing.zonal_avg={weights: fixed, fixed: {9: 1}}", ["'9' is not a bus"]),
        ("zonal_avg", "pricing.zonal_avg.weights=fixed", ["belongs to 'weights: fixed'"]),
        ("ip", "pricing.ip.selection.more=1", ["--set"]),
        ("ip", "pricing.chap.selection=mid", ["key 'chap'", "did you mean"]),
        ("split_atc", "pricing.split_atc.borders=[{from_zone: Hexi, to_zone: Hedon, mw: 700}]", ["'Hedon' is not a zone", "Hedong"]),
        ("split_atc", "pricing.split_atc.borders=[]", ["no zone trades"]),
        ("split_atc", "pricing.split_atc.borders=[{from_zone: Hexi, to_zone: Hedong, mw: -1}]", ["mw", "-1"]),
        ("split_fb", "pricing.split_fb={gsk: fixed, keys: {2: 1}}", ["zone 'Hedong' has no share"]),
        ("split_fb", "pricing.split_fb={gsk: generation, base: smp}", ["zone 'Hedong' has no share by 'generation'"]),
        ("split_fb", "pricing.split_fb.elements=['31']", ["'31' is no branch"]),
        ("minmwp", "pricing.minmwp={floor_cny_per_mwh: 9, cap_cny_per_mwh: 1}", ["floor_cny_per_mwh 9 is above"]),
        ("admin", "pricing.admin.source=fixed", ["has no price"]),
        ("admin", "pricing.admin={source: previous_day, file: nowhere.csv}", ["nowhere.csv is not there"]),
        ("ordc", "pricing.ordc.deviation_mw=0", ["deviation_mw"]),
    ],
)
def test_bad_parameters_are_one_clear_sentence(rule, setting, words, tmp_path, capsys):
    path = tmp_path / "case.yaml"
    path.write_text(market.RING, encoding="utf-8")
    assert execute(["price", str(path), "--rules", rule, "--json", "--set", setting]) == 5
    messages = json.loads(capsys.readouterr().out)["messages"]
    assert len(messages) == 1 and all(w in messages[0] for w in words), messages


def test_parameters_in_the_case_itself(tmp_path, capsys):
    """Under `pricing` of a market case; a fault there is told like one of a study."""
    own = Told(market.RING + "pricing: {zonal_avg: {weights: load}}\n", "zonal_avg")
    assert own.by_bus("load_price")[:, 0] == near([260, 260, 315, 315])
    other = Told(market.RING + "pricing: {zonal_avg: {weights: load}}\n", "zonal_avg", "pricing.zonal_avg.weights=generation")
    assert other.by_bus("load_price")[2, 0] == near(340)
    path = tmp_path / "case.yaml"
    path.write_text(market.RING + "pricing: {zonal_avg: {weights: lod}}\n", encoding="utf-8")
    assert execute(["price", str(path), "--rules", "zonal_avg"]) == 5
    assert "case.yaml, key 'pricing.zonal_avg.weights'" in capsys.readouterr().err


def test_square_costs_are_refused_by_rules_that_do_not_know_them(tmp_path, capsys):
    text = "demand_mw: 50\ngenerators:\n  - {id: A, p_max: 100, cost: {c1: 10, c2: 0.1}}\n"
    path = tmp_path / "case.yaml"
    path.write_text(text, encoding="utf-8")
    assert execute(["price", str(path), "--rules", "chp"]) == 5 and "square costs" in capsys.readouterr().err
    # 10 + 2*0.1*50 = 20; profit 50*20 - 500 - 250 = 250.
    found = Told(text, "ip")
    assert found.by_bus()[0, 0] == near(20) and found.units("profit")["A"] == near(250) and found.units("loc")["A"] == near(0)
