"""What owners can do to prices, by hand on the ring of four buses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridopt.analysis.offer_change import Change, changed, without
from gridopt.analysis.strategy import Market, absence, cannibalisation, conduct, impact, needed, plants_of, strategies
from gridopt.case.check import CaseError
from gridopt.dispatch.single import dispatch
from tests.settlement.test_besides import ENERGY_AND_AGC
from tests.support import market
from tests.support.market import cleared
from tests.support.meshed import per_unit_rows
from tests.support.small import case as small

RING = market.RING


def near(value, rel=1e-7):
    return pytest.approx(value, rel=rel, abs=1e-7)


def ring():
    return cleared(RING).case


def test_a_plant_that_sets_the_price_gains_by_raising_it():
    """C3 at 374, 408, 510 instead of 340: the dispatch stays (C4 costs 480, and C2 cannot get through), so C3 earns 34, 68, 170 on 250 MWh.
    Prices of load: 260 at bus 2, c at 3, half of 260 + c at 4: 100 x 260 + 300 c + 250 (260 + c) = 91,000 + 550 c."""
    table = strategies(ring(), ["generator C3"], [Change(x) for x in (0.0, 0.1, 0.2, 0.5)])
    assert table["profit"].tolist() == near([0, 8500, 17000, 42500])
    assert table["own_price"].tolist() == near([340, 374, 408, 510])
    assert table["load_payment"].tolist() == near([278000, 296700, 315400, 371500])
    assert table["best"].tolist() == [False, False, False, True] and table["sold_mwh"].tolist() == near([250] * 4)
    assert table["d_payment"].tolist() == near([0, 18700, 37400, 93500])


def test_a_plant_that_is_not_needed_gains_nothing():
    """Two more plants of C3's kind at bus 3: C3 at 340 is one of three equals; raised, it sells nothing."""
    text = RING + "  - {id: C5, bus: 3, p_max: 400, marginal_cost: 340}\n"
    table = strategies(cleared(text).case, ["generator C3"], [Change(x) for x in (0.0, 0.05, 0.3)])
    assert table["profit"].tolist() == near([0, 0, 0]) and table["sold_mwh"].tolist()[1:] == near([0, 0])
    assert table["best"].tolist() == [True, False, False]


def test_withholding_what_is_needed():
    """Of C3's 400 MW 250 run; with 200 withheld 200 are left, and C4 gives the rest. Then 1-3 and C3 are full, C2 and C4 move: bus 3 costs
    a + b = 1 MW from 2 and 4 with 0.25 a = -0.25: a = -1, b = 2: 2 x 480 - 260 = 700. C3 earns 360 x 200."""
    table = strategies(ring(), ["generator C3"], [Change(withhold_mw=y) for y in (0.0, 100.0, 200.0)])
    assert table["own_price"].tolist() == near([340, 340, 700])
    assert table["profit"].tolist() == near([0, 0, 72000])


def test_without_it_prices_reach_the_cap():
    """W1 500 MW and C4 400 serve it, at 212,000; or less of both and twice that of C2, for W1 - 2 C2 + C4 costs 40 - 520 + 480 = 0. Bus 3 costs
    2 x 480 - 260 = 700: C3 is pivotal under a cap of 650, not under one of 800, though 1350 MW are left for 900."""
    found = absence(ring(), ["generator C3"], 650.0)
    assert found.run.cost.sum() == near(212000) and found.run.output[2, 0] == 0 and found.shed_mwh == near(0)
    assert found.highest == near([700]) and found.pivotal.tolist() == [True]
    assert not absence(ring(), ["generator C3"], 800.0).pivotal.any()


def test_without_all_of_an_owner_load_is_shed():
    """W1 alone gives 600 of 900 MW at most."""
    text = RING + "owners: {Big: [C2, C3, C4]}\n"
    case = cleared(text).case
    plants = plants_of(case, "Big")
    assert plants == ["generator C2", "generator C3", "generator C4"] and plants_of(case, "W1") == ["generator W1"]
    assert absence(case, plants, np.inf).shed_mwh >= 300 and absence(case, plants, np.inf).pivotal.all()


def test_megawatts_that_are_needed():
    """Without C3 the others serve everything: none of it is needed. Of C3 and C4 together: W1 and C2 feed through 1-3 (0.5 w + 0.25 c - 75 ...
    as flows allow): with injections p1, p2 and g at 3 or 4 the flow of 1-3 is 0.5 p1 + 0.25 (p2 - 100) - 0.25 (g3 - 300) <= 300. With g at 3
    and p1 + p2 + g = 900: 0.5 p1 + 0.25 p2 - 0.25 g <= 250; p1 = 900 - g - p2, p2 = 350: 450 - 0.5 g - 87.5 - 0.25 g <= 250, g >= 150."""
    assert needed(ring(), ["generator C3"]) == near([0])
    assert needed(ring(), ["generator C3", "generator C4"]) == near([150])


def test_conduct_and_impact():
    """An offer of 374 against a reference of 340: above by more than 30, not by more than 50, nor by more than 20 %."""
    offer, reference = np.array([374.0]), np.array([340.0])
    assert [bool(conduct(offer, reference, *t)[0]) for t in ((30.0,), (50.0,), (50.0, 0.2), (50.0, 0.05))] == [True, False, False, True]
    raised = changed(ring(), ["generator C3"], Change(0.1))
    assert impact(raised, ring())[:, 0] == near([-17, 0, 34, 17])


def test_starts_and_no_load_are_raised_and_true_costs_found_again():
    """B's energy 300, no-load 9000: by 10 % 330 and 9900; it stays at its least output of 100. Its true cost is 39,000 in all, and it is made
    whole of what it offers: 3900 and 500 more."""
    case = cleared(market.ONE_PERIOD).case
    dear = changed(case, ["generator B"], Change(0.1))
    assert dispatch(dear).solution.objective == near(250 * 250 + 33000 + 9900)
    table = strategies(case, ["generator B"], [Change(), Change(0.1), Change(raise_cny=5.0)])
    assert table["profit"].tolist() == near([0, 3900, 500])


def test_more_wind_sells_for_less():
    """Wind of 100 MW, half of it blows, load 100: the dear unit (300) fills up. With 100 MW more all 100 MW are wind and a MWh is worth 0."""
    rows = dict(
        bus=[dict(bus="A", voltage_kv=330.0)], load=[dict(load="d", bus="A", mean_mw=100.0)],
        generator=[dict(generator="g", bus="A", power_max_mw=200.0, cost_cny_per_mwh=300.0)],
        renewable=[dict(renewable="w", bus="A", technology="wind", power_max_mw=100.0, profile="w")],
        shedding_tier=[dict(tier="all", share=1.0, cost_cny_per_mwh=5000.0)],
    )  # fmt: skip
    case = small(2, series={"w": np.array([0.5, 0.25])}, **rows)
    capture, slope = cannibalisation(case, "wind", [0.0, 120.0])
    # 220 MW: 110 (curtailed to 100 at 0) and 55 at 300: 55 x 300 / 155.
    assert capture == near([300, 55 * 300 / 155]) and slope == near((55 * 300 / 155 - 300) / 120)


@pytest.mark.parametrize(
    "plants, change, told",
    [
        (["generator X"], Change(0.1), "is not in the case"), (["generator C3"], Change(withhold_mw=500.0), "cannot be withheld"),
        (["generator C3"], Change(-1.0), "leaves nothing"),
    ],
)  # fmt: skip
def test_faults(plants, change, told):
    with pytest.raises(CaseError) as error:
        changed(ring(), plants, change)
    assert told in str(error.value)


def test_unknown_owner():
    with pytest.raises(CaseError) as error:
        plants_of(ring(), "C33")
    assert "did you mean 'C3" in str(error.value)


def test_reserve_is_part_of_what_is_gained():
    """G1 gives 360 + 40 of 400 MW, G2 140 and its 40: energy at 320, regulation at 10 + 60. G2 earns 40 x 65. At 352 energy is as dear, and
    regulation costs 10 + 92: G2 earns 140 x 32 + 40 x 97, for regulation it offers at 5 as before. Load pays both."""
    table = strategies(cleared(ENERGY_AND_AGC).case, ["generator G2"], [Change(), Change(0.1)])
    assert table["profit"].tolist() == near([2600, 8360])
    assert table["load_payment"].tolist() == near([500 * 320 + 80 * 70, 500 * 352 + 80 * 102])


def test_a_cap_on_what_is_settled():
    """Capped at 300, C3 gets 300 at any offer, and is made whole of the 40, then 74 a MWh by which it offers more. Users pay 260 at bus 2, 300
    at 3 and 4, and that."""
    table = strategies(ring(), ["generator C3"], [Change(), Change(0.1)], Market(cap=300.0))
    assert table["own_price"].tolist() == near([300, 300]) and table["profit"].tolist() == near([0, 8500])
    assert table["load_payment"].tolist() == near([26000 + 240000 + 10000, 26000 + 240000 + 18500])


def test_nothing_to_try_and_nothing_taken_away():
    assert not len(strategies(ring(), ["generator C3"], []))
    assert dispatch(without(ring(), [])).solution.objective == near(122000)


@settings(max_examples=6, deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.floats(0.0, 1.0), st.floats(0.0, 0.9))
def test_dearer_or_less_never_costs_less(seed, share, withheld):
    """Random grids of generators with all kinds of curves: raising any offer, or withholding, never lowers the least cost; a raise of all
    offers by 100 x % raises the part of the cost that they make by as much."""
    case = small(1, **per_unit_rows(seed))
    before = dispatch(case).solution.objective
    one = [f"generator {case.table('generator').index[0]}"]
    room = 1e-7 * abs(before) + 1e-6
    assert dispatch(changed(case, one, Change(share))).solution.objective >= before - room
    most = float(case.table("generator")["power_max_mw"].iloc[0] - case.table("generator")["power_min_mw"].iloc[0])
    assert dispatch(changed(case, one, Change(withhold_mw=withheld * most))).solution.objective >= before - room
    every = [f"generator {n}" for n in case.table("generator").index]
    assert dispatch(changed(case, every, Change(share))).solution.objective == near((1 + share) * before, rel=1e-5)
