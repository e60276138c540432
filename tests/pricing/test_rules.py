"""Pricing rules on small cases whose prices, make-whole payments and lost opportunities can be worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from gridopt.case.check import CaseError
from gridopt.case.pricing_options import USUAL as USUAL_OPTIONS
from gridopt.dispatch import answers, other_network
from gridopt.dispatch.besides import Beside
from gridopt.dispatch.participants import Participants
from gridopt.dispatch.single import dispatch
from gridopt.dispatch.whole import Search
from gridopt.pricing import minmwp, pab_shaded
from gridopt.pricing.smp import _paid
from gridopt.program.solution import SolverFailed
from gridopt.settlement.uplift import _by_participant, uplift
from gridopt.study.priced import USUAL, Cleared, _side_by_side, document, price_by, price_file
from tests.support import market
from tests.support.block_cases import buses, load, power_case
from tests.support.market import cleared, priced
from tests.support.reserved import system
from tests.support.told import Told


def near(value, rel=1e-6):
    return pytest.approx(value, rel=rel, abs=1e-6)


@pytest.mark.parametrize(
    "rule, price, mwp, loc_a, loc_b",
    [
        # Cleared A 250, B 100: 250*250 + 100*300 + 9000 = 101,500. A is at the margin: 250; B loses 9000 + 100*50 = 14,000.
        ("ip", 250, 14000, 0, 14000),
        # B's offer spread over 200 MW: 300 + 45 = 345. A would give 50 MW more: 50*95 = 4750; B earns 45*100 - 9000 = -4500.
        ("elmp", 345, 4500, 4750, 4500), ("achp", 345, 4500, 4750, 4500), ("chp", 345, 4500, 4750, 4500),
        # (30,000 + 9000) / 100 = 390 just pays B; A would give 50*140 = 7000 more, B 100*90 = 9000.
        ("aic", 390, 0, 7000, 9000), ("minmwp", 390, 0, 7000, 9000),
    ],
)  # fmt: skip
def test_one_period(rule, price, mwp, loc_a, loc_b):
    found = priced(market.ONE_PERIOD, rule)
    assert cleared(market.ONE_PERIOD).solution.objective == near(101500)
    assert found.price[0, 0] == near(price)
    assert found.total("mwp") == near(mwp)
    assert (found.of("A", "loc"), found.of("B", "loc")) == (near(loc_a), near(loc_b))


def test_one_period_pay_as_bid():
    """101,500 / 350 MWh = 290."""
    found = priced(market.ONE_PERIOD, "pab")
    assert found.priced.prices.load_price[0, 0] == near(290)
    assert found.of("B", "revenue") == near(39000) and found.total("mwp") == 0.0


def test_one_period_with_commitment_settled():
    """The price of B's being on is the 14,000 that it loses at 250; with it nobody gains by leaving."""
    found = priced(market.ONE_PERIOD, "ip_full")
    assert found.of("B", "revenue") == near(25000 + 14000) and found.of("A", "revenue") == near(62500)
    assert found.total("mwp") == near(0) and found.total("loc") == near(0)


def test_three_periods_with_ramps():
    """Cleared A (160, 200, 280), B (60, 120, 160): 640*280 + 340*250 + 3*4000 + 2000 = 278,200. At 280 B earns 340*30 - 14,000 = -3800.

    Convex hull: B's whole cost per MWh of its best schedule is recovered with 303.75 in the last period, where A would give 20 MW more:
    20*23.75 = 475; the hulls cost 278,200 - 475.
    """
    assert cleared(market.THREE_PERIODS).solution.objective == near(278200)
    ip, chp = priced(market.THREE_PERIODS, "ip"), priced(market.THREE_PERIODS, "chp")
    assert ip.price[0] == near([280, 280, 280]) and ip.of("B", "mwp") == near(3800) and ip.of("B", "loc") == near(3800)
    assert chp.price[0] == near([280, 280, 303.75])
    assert chp.of("A", "loc") == near(475) and chp.total("mwp") == near(0) and chp.of("B", "loc") == near(0)


@pytest.mark.parametrize(("shortage", "energy", "reserve"), [(500, 20, 500), (700, 0, 600)])
def test_least_payments_leave_reserve_no_dearer_than_its_shortage(shortage, energy, reserve):
    """50 MWh at 20 and a start of 5000 cost 6000. What reserve pays the load need not: all of it, 600 for 10 MW; 5000 where nobody would
    pay more than 500, and the load the rest, 1000 / 50 MWh."""
    found = Told(RESERVE.format(shortage), "minmwp")
    assert found.by_bus()[0, 0] == near(energy) and found.rule["reserves"][0]["price"] == near(reserve)
    assert found.units("cost")["A"] == near(6000) and found.units("profit")["A"] == near(0)


RESERVE = """
demand_mw: 50
generators:
  - {{id: A, p_max: 100, marginal_cost: 20, startup_cost: 5000, initially_on: false}}
reserves:
  - {{id: up, product: spinning_up, requirement_mw: 10, shortage: [[5, 90], [5, {}]], offers: [{{generator: A, max_mw: 100, price: 0}}]}}
pricing: {{minmwp: {{floor_cny_per_mwh: 0}}}}
"""


def test_least_payments_pay_by_reserve_only_where_that_is_no_dearer():
    """A's 50 MWh at 20 and its start cost 6000: 120 a MWh. Reserve would pay A and B alike, so that the load pays twice what A needs."""
    found = Told(RESERVE_OF_TWO, "minmwp")
    assert found.by_bus()[0, 0] == near(120) and found.rule["reserves"][0]["price"] == near(0)
    assert found.rule["users_pay"] == near(6000) and found.rule["mwp"] == near(0)


RESERVE_OF_TWO = """
demand_mw: 50
generators:
  - {id: A, p_max: 100, marginal_cost: 20, startup_cost: 5000, initially_on: false}
  - {id: B, p_max: 100, marginal_cost: 300}
reserves:
  - id: up
    product: spinning_up
    requirement_mw: 10
    shortage: [[10, 500]]
    offers: [{generator: A, max_mw: 5, price: 0}, {generator: B, max_mw: 5, price: 0}]
pricing: {minmwp: {floor_cny_per_mwh: 0}}
"""


@pytest.mark.parametrize("rule", ["smp", "split_fb", "pab_shaded"])
def test_a_schedule_that_a_rule_clears_anew_is_proven_as_far_as_the_cleared_one(rule, monkeypatch):
    """To no other gap, which could take any time, or be worth nothing beside the cleared one; and its gap is told."""
    solved, asked = dispatch(cleared(market.RING_WITH_A_START).case, search=Search(gap=0.03, seconds=77.0)), []
    for module in (other_network, pab_shaded):
        whole = module.decide
        monkeypatch.setattr(
            module, "decide", lambda form, search, *a, whole=whole, **k: asked.append(search.asked) or whole(form, search, *a, **k)
        )
    found = price_by(rule, solved)
    assert asked and set(asked) == {(0.03, 0.0, 77.0)} == {solved.solution.asked}
    own, change = found.prices.schedule.solution, found.prices.change
    after = 0.0 if change is None else change.after.solution.gap
    assert own.gap >= -1e-9
    assert document(solved, found)["gap"] == max(solved.solution.gap, own.gap, after, 0.0)


def test_a_schedule_of_shaded_offers_that_is_not_proven_is_told_so(monkeypatch):
    """Its gap is that of the offers that were made: 2 % there are 2 % in what is told, and it is not exact."""
    solved, whole = replace(cleared(market.RING_WITH_A_START)), pab_shaded.decide

    def loose(*given, **more):
        found = whole(*given, **more)
        return replace(found, proven=0.98 * found.objective)

    monkeypatch.setattr(pab_shaded, "decide", loose)
    told = document(solved, price_by("pab_shaded", solved))
    assert told["gap"] == near(0.02) and not told["exact"]


@pytest.mark.parametrize("rule", ["smp", "split_fb"])
def test_best_answers_to_prices_of_another_network_in_several_programs(rule, monkeypatch):
    """Rows of the true network, which limit nothing there, are in none of them."""
    whole = price_by(rule, replace(cleared(market.RING)))
    monkeypatch.setattr(answers, "MANY", 1)
    several = price_by(rule, replace(cleared(market.RING)))
    assert several.uplift.loc == near(whole.uplift.loc) and several.uplift.best == near(whole.uplift.best)


def test_least_payments_look_between_floor_and_cap_of_the_market():
    """B loses 14,000 at 250; 390 would pay it. Where prices are cut off at 300 the best is 300: B loses 9000. A floor of 395 is kept."""
    solved = cleared(market.ONE_PERIOD)
    for floor, cap, price, left in ((0.0, 650.0, 390, 0), (0.0, 300.0, 300, 9000), (395.0, 650.0, 395, 0)):
        options = USUAL_OPTIONS.minmwp.within(floor, cap)
        found = minmwp.price(solved.case, solved, options)
        assert found.price[0, 0] == near(price) and uplift(solved, found).mwp.sum() == near(left)


DAYS = """
periods: 2
period_h: 24
demand_mw: [350, 550]
generators:
  - {id: A, p_max: 300, marginal_cost: 250}
  - {id: B, p_min: 100, p_max: 200, marginal_cost: 300, no_load_cost: 9000, initially_on: true}
  - {id: P, p_max: 500, marginal_cost: 1000}
"""


@pytest.mark.parametrize("rule, first", [("ip", 250), ("aic", 390), ("minmwp", 390)])
def test_a_loss_of_one_day_counts_though_another_makes_up_for_it(rule, first):
    """The first day is that of test_one_period, where 390 just pays B; on the second P sets 1000, at which B earns 24 (200 x 700 - 9000),
    far more than it loses. Only where that does not count is 250 enough."""
    found = priced(DAYS, rule)
    left = 24 * 14000 if rule == "ip" else 0
    assert found.price[0] == near([first, 1000]) and found.total("mwp") == near(left) and found.of("B", "profit") > 0


def test_rules_of_one_dispatch_cut_it_into_participants_once(monkeypatch):
    """Whoever asks first; the rules are those that price the schedule as it was cleared."""
    solved = replace(cleared(market.THREE_PERIODS))
    whole, cuts = Participants.of, []
    monkeypatch.setattr(Participants, "of", lambda dispatch: cuts.append(dispatch) or whole(dispatch))
    for rule in ("ip", "ip_full", "zonal_avg", "pab", "achp", "chp", "aic"):
        price_by(rule, solved)
    assert len(cuts) == 1


def test_revenue_shortfall_of_a_line_that_is_not_full():
    """Cleared 70 over a line of 100, and a block of 80: 38,000. At 200/300 the line is worth 100 a MW but carries 30 less: 3000."""
    ip, chp = priced(market.BLOCK_BEHIND_A_LINE, "ip"), priced(market.BLOCK_BEHIND_A_LINE, "chp")
    assert ip.price[:, 0] == near([200, 200]) and ip.of("B", "mwp") == near(8000) and ip.total("shortfall") == near(0)
    assert chp.price[:, 0] == near([200, 300]) and chp.total("loc") == near(0) and chp.total("shortfall") == near(3000)


def test_published_extended_price():
    """X's second segment 65 and its start spread over 180 MW: 65 + 30,000/180 = 231.67; W and Y are cleared.

    Source: example of UnitCommitment.jl for approximate extended prices.
    """
    assert priced(market.THREE_CURVES, "elmp").price[0, 0] == near(65 + 30000 / 180)
    on = cleared(market.THREE_CURVES).quantities["generator_on"].values[:, 0]
    assert on.round() == near([1, 0, 1])


def test_published_convex_hull_price():
    """35 MW by unit 1: 1750 + 100. Spread over 50 MW unit 2 costs 10 + 2 = 12. Source: Hua and Baldick, 2017, example 1."""
    ip, chp = priced(market.TWO_UNITS_35_MW, "ip"), priced(market.TWO_UNITS_35_MW, "chp")
    assert cleared(market.TWO_UNITS_35_MW).solution.objective == near(1850)
    assert ip.price[0, 0] == near(50) and (ip.of("g1", "loc"), ip.of("g2", "loc")) == (near(100), near(1900))
    assert chp.price[0, 0] == near(12) and (chp.of("g1", "loc"), chp.of("g2", "loc")) == (near(1430), near(0))


def test_ring_of_four_buses():
    """Branch 1-3 is full at 300 MW. W1 600, C2 50, C3 250; 600*40 + 50*260 + 250*340 = 122,000.

    One MW at bus 1 takes 0.5 off the branch by 1.5 C2 - 0.5 C3: 220; at bus 4 half of each: 300; the branch is worth 160 a MW.
    """
    found = priced(market.RING, "ip")
    prices = found.priced.prices
    assert found.solved.solution.objective == near(122000)
    assert prices.price[:, 0] == near([220, 260, 340, 300])
    assert prices.energy[0, 0] == near(308.88888889)
    assert prices.congestion[:, 0] == near([-88.88888889, -48.88888889, 31.11111111, -8.88888889])
    assert found.solved.flow[:, 0] == near([300, 300, 250, 250])


def test_users_pay_the_mean_of_their_zone():
    """By generation: Hexi (600*220 + 50*260)/650 = 223.08; Hedong 340, for only C3 runs. Users 100*223.08 + 800*340 = 294,307.69."""
    found = priced(market.RING, "zonal_avg")
    load_price = found.priced.prices.load_price[:, 0]
    assert load_price == near([223.07692308, 223.07692308, 340, 340])
    assert load_price @ [0, 100, 300, 500] == near(294307.69230769)


def test_one_price_without_the_network():
    """W1 600 and C2 300 at 260; C2 is cleared for 50 only, C3 for 250 at 80 below its offer: 250*80 = 20,000 to make it whole."""
    found = priced(market.RING, "smp")
    assert found.price[:, 0] == near([260] * 4) and found.total("mwp") == near(20000)
    assert found.priced.prices.schedule.solution.objective == near(600 * 40 + 300 * 260)


def test_being_constrained_is_paid_by_period():
    """Without the line A gives everything at 200. Behind it B gives 80 at 300 in the first hour, after a start of 1000, and, for it has to
    stay on, in the second; nobody is constrained in the third. A, constrained off, would earn nothing more, and the 10 MW that are shed are
    paid nothing."""
    start = "startup_cost: 1000, min_up: 2, initially_on"
    text = market.BLOCK_BEHIND_A_LINE.replace("load_mw: 150", "load_mw: [190, 90, 20]").replace("initially_on", start)
    found = priced("periods: 3" + text, "smp").priced
    (on,) = found.prices.uplift
    assert (on.account, on.name) == ("uplift", "constrained_on") and on.who.tolist() == ["generator A", "generator B"]
    assert on.amount[0] == near([0, 0, 0]) and on.amount[1] == near([9000, 8000, 0])
    assert found.uplift.paid.sum() == near(17000)


def test_nobody_is_paid_more_than_it_loses_in_a_day():
    """Lost 10 in periods with less and 27 gained in those with more: nothing. Lost 30 and 10 gained back: 20, in the hours of the 30. The
    other day stands alone."""
    lost = np.array([[10.0, -27.0, 5.0], [30.0, -10.0, 0.0]])
    on, day = np.array([[False, True, True], [True, False, True]]), np.array(["2025-01-01", "2025-01-01", "2025-01-02"], "datetime64[D]")
    paid_on, paid_off = _paid(np.array(["a", "b"], object), lost, on, day)
    assert paid_on.amount.tolist() == [[0, 0, 5], [20, 0, 0]] and np.abs(paid_off.amount).max() == 0


def test_those_that_act_together_are_one_in_the_sum():
    """A and B of one station, D alike to C and decided with it."""
    who = np.array(["unit A", "unit B", "unit C", "unit D"], object)
    one = Beside("uplift", "on", who, np.ones((4, 1)), np.array([[1000.0], [2000.0], [5.0], [7.0]]))
    names, acts = np.array(["unit A + unit B", "unit C"], object), {n: n for n in who[:3]} | {"unit D": "unit C"}
    assert _by_participant([one], names, acts).tolist() == [3000.0, 12.0]


def test_the_lowest_of_many_right_prices():
    """All of A and nothing of B: any price from 40 to 260 is right."""
    from gridopt.dispatch.right_duals import marginal

    d = cleared(market.ALL_OF_A)
    row = d.participants.balance[0, 0]
    assert [marginal(d, choice)[row] for choice in ("lower", "mid", "upper")] == near([40, 150, 260])


@pytest.mark.parametrize("rule", USUAL)
@pytest.mark.parametrize("text", [market.ONE_PERIOD, market.THREE_PERIODS, market.BLOCK_BEHIND_A_LINE, market.RING])
def test_a_rule_never_alters_the_clearing(text, rule):
    d = cleared(text)
    before = d.solution.x.copy(), d.solution.y.copy(), d.solution.objective
    priced(text, rule)
    assert (d.solution.x == before[0]).all() and (d.solution.y == before[1]).all() and d.solution.objective == before[2]


@pytest.mark.parametrize("text", [market.ONE_PERIOD, market.THREE_PERIODS, market.BLOCK_BEHIND_A_LINE, market.TWO_UNITS_35_MW])
def test_hull_prices_leave_least(text):
    """Lost opportunities and shortfalls add up to cost less Lagrangian bound, and no rule has less of them than chp."""
    least = priced(text, "chp")
    for rule in ("ip", "achp", "elmp", "chp", "aic", "minmwp"):
        found = priced(text, rule)
        people, y = found.priced.prices.people, found.priced.prices.dual
        left = found.total("loc") + found.total("shortfall")
        assert left == near(found.solved.solution.objective - people.answers.at(y).bound, rel=1e-8)
        assert left >= least.total("loc") + least.total("shortfall") - 1e-6 * found.solved.solution.objective


def test_convex_cases_agree():
    """Without decisions all marginal rules give the same prices and leave nothing."""
    for rule in ("ip", "achp", "elmp", "chp", "aic"):
        found = priced(market.RING, rule)
        assert found.price == near(priced(market.RING, "ip").price) and found.total("loc") == near(0) and found.total("mwp") == near(0)
    assert np.isfinite(priced(market.RING, "minmwp").price).all()


def test_a_bus_with_nothing_on_it_has_no_price_and_spoils_none():
    """Bus b hangs on nothing and holds nothing: 0 = 0 has any dual. Its price is 0; that at a is the 50 of the unit there."""
    found = priced("buses: [{id: a, load_mw: 10}, {id: b}]\ngenerators: [{id: A, bus: a, p_max: 20, marginal_cost: 50}]\n", "ip")
    assert found.price[:, 0] == near([50.0, 0.0])


def test_losses_at_the_receiving_end(tmp_path):
    """One line, loss 1e-4 g^2 at its end (r = 0.01 / 100 MVA), offer 300 at its begin, load 400: g - 1e-4 g^2 = 400, so g = 417.4243 and
    17.4243 are lost. One more MW there takes 1 / (1 - 2e-4 g) more: 327.3268. The surplus is 400 * 327.3268 - 300 g = 5703.44."""
    file = tmp_path / "line.yaml"
    file.write_text("buses: [{id: S}, {id: R, load_mw: 400}]\nlines: [{id: SR, from: S, to: R, x_pu: 0.1, r_pu: 0.01}]\n"
                    "generators: [{id: G, bus: S, p_max: 600, marginal_cost: 300}]\n")  # fmt: skip
    found = price_file(file, ["ip"], {"losses": "marginal", "losses_at": "receiving"}, lambda text: None)
    ip = found["rules"]["ip"]
    assert found["objective"] == near(300 * 417.42430504416)
    assert [p["price"] for p in ip["prices"]] == near([300.0, 327.3268354])
    assert ip["load_payment"] - found["objective"] == pytest.approx(5703.44, abs=0.005)


def test_losses_at_one_end_need_marginal_losses(tmp_path):
    file = tmp_path / "bus.yaml"
    file.write_text("demand_mw: 1\ngenerators: [{id: G, p_max: 2, marginal_cost: 3}]\n")
    with pytest.raises(CaseError, match="losses_at receiving needs losses: marginal"):
        price_file(file, ["ip"], {"losses": "piecewise", "losses_at": "receiving"}, lambda text: None)


def test_range_of_prices_that_are_right():
    """All 600 MW of A at 40 serve the demand of 600, B at 260 stands by: every price from 40 to 260 is right. Without a spare price there
    is one: at 599 MW, A alone sets 40."""
    low, high = priced(market.ALL_OF_A, "ip").priced.prices.span
    assert (low[0, 0], high[0, 0]) == near((40.0, 260.0))
    low, high = priced(market.ALL_OF_A.replace("600\n", "599\n", 1), "zonal_avg").priced.prices.span
    assert (low[0, 0], high[0, 0]) == near((40.0, 40.0))


def test_least_make_whole_prices_know_what_wind_earns():
    """G runs at its least 60 MW at 20, 6000 an hour for being on; wind at 5 gives 30 of 200 MW to a load of 90. At 60 p = 7200, p = 120, all
    are whole. The column of the farm is the 170 MW that it curtails; taken for all it earns, it would seem to lose 170 (p - 5)."""
    case = power_case(
        bus=buses("A"), load=[load("A", mean=90.0)],
        generator=[dict(generator="G", bus="A", power_min_mw=60.0, power_max_mw=100.0, cost_cny_per_mwh=20.0, cost_cny_per_h=6000.0)],
        commitment=[dict(kind="generator", element="G", must_run=True)],
        renewable=[dict(renewable="w", bus="A", technology="wind", power_max_mw=200.0, cost_cny_per_mwh=5.0)],
    )  # fmt: skip
    solved = dispatch(replace(case, commitment="exact"))
    prices = minmwp.price(solved.case, solved)
    left = uplift(solved, prices)
    wind = [g for g, n in enumerate(left.names) if str(n) == "renewable w"]
    assert prices.price[0, 0] == near(120.0)
    assert left.mwp.sum() == near(0.0)
    assert left.revenue[wind] == near([30 * 120.0])
    assert left.cost[wind] == near([150.0])


def test_prices_that_could_not_be_chosen_are_told(tmp_path, monkeypatch):
    """Where the solver cannot tell the right duals apart, hull prices stand as they were found, and a warning says so."""
    file = tmp_path / "case.yaml"
    file.write_text(market.ONE_PERIOD, encoding="utf-8")

    def told() -> list[str]:
        found = price_file(file, ["ip", "chp"], {}, lambda text: None)
        assert found["rules"]["chp"]["prices"][0]["price"] == near(345.0)
        return [w for w in found["warnings"] if "not chosen" in w]

    def fails(*_):
        raise SolverFailed("no optimum")

    assert told() == []
    monkeypatch.setattr("gridopt.dispatch.hull.Master.chosen", fails)
    assert len(told()) == 1 and told()[0].startswith("rule chp: several prices are right")


@pytest.mark.parametrize("seed", (17, 39))
def test_rules_side_by_side_say_what_they_say_one_by_one(seed):
    """Systems with a participant whose best answer takes a search: each chain of rules has its own programs."""
    solved = dispatch(replace(system(seed), commitment="exact"), search=Search(gap=0.0))
    rules = ["ip", "ip_full", "achp", "chp", "aic", "elmp", "minmwp", "zonal_avg"]
    found = _side_by_side(Cleared("", "CNY", solved, USUAL_OPTIONS, {}), rules)
    assert [p.rule for p in found] == rules
    for p in found:
        alone = price_by(p.rule, solved)
        for what in (lambda one: one.prices.price, lambda one: one.uplift.loc, lambda one: one.uplift.paid):
            assert what(p) == pytest.approx(what(alone), rel=1e-6, abs=1e-5, nan_ok=True), p.rule


@pytest.mark.parametrize("rule", ("achp", "elmp"))
def test_a_relaxation_whose_duals_cannot_be_told_apart_keeps_its_own(rule, monkeypatch):
    """Prices that a selection would not take but that are right all the same: users pay for the load what the optimum says, and are told."""
    solved = cleared(market.ONE_PERIOD)
    chosen = price_by(rule, solved).prices

    def fails(*_):
        raise SolverFailed("no duals suit these values")

    monkeypatch.setattr("gridopt.dispatch.relaxation.choose", fails)
    found = price_by(rule, solved).prices
    assert chosen.selected and not found.selected
    assert found.price == near(chosen.price)  # one price alone is right here


MUST_RUN = """
demand_mw: 150
generators:
  - {id: M, p_min: 100, p_max: 200, OFFER, must_run: true, initially_on: true}
  - {id: F, p_min: 20, p_max: 20, marginal_cost: 900}
  - {id: A, p_max: 300, marginal_cost: 100}
"""


@pytest.mark.parametrize("offer", ["marginal_cost: 500", "blocks: [[100, 400], [100, 600]]"])
def test_what_must_run_sets_no_price_and_is_made_whole(offer):
    """150 MW: M gives its least output, 100, F its fixed 20, A 30 at 100: the price is 100, whatever M and F offer. M gets 10000 for what
    it offers at 50000, or 40000; F 2000 for 18000."""
    found = priced(MUST_RUN.replace("OFFER", offer), "ip")
    assert found.price == pytest.approx(np.array([[100.0]]))
    assert found.of("M", "mwp") == pytest.approx(40000 if offer.startswith("marginal") else 30000)
    assert found.of("F", "mwp") == pytest.approx(16000)
