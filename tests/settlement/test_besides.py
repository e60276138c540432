"""What is paid beside energy: reserve cleared with it, decisions with a price; books of every rule, mode and contract close."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from gridopt.case.actual import actual
from gridopt.dispatch.besides import Beside, joined
from gridopt.dispatch.market_run import MarketRun
from gridopt.dispatch.real_time import RealTimeRule, run_real_time
from gridopt.settlement.book import settle
from gridopt.settlement.ledger import account
from gridopt.settlement.rules import Allocations, Settlement
from gridopt.study.priced import RULES, price_by
from tests.support.market import ONE_PERIOD, THREE_PERIODS, cleared
from tests.support.settled import Settled, one_bus, settle_run

NONE_MADE_WHOLE = {"make_whole": {"enabled": False}}
ENERGY_AND_AGC = """
demand_mw: 500
generators:
  - {id: G1, p_max: 400, marginal_cost: 260}
  - {id: G2, p_max: 300, marginal_cost: 320}
agc:
  mode: co-optimised
  requirement_mw: 80
  offers:
    - {generator: G1, max_mw: 60, price: 10}
    - {generator: G2, max_mw: 40, price: 5}
"""
EVERYTHING = """
periods: 4
period_h: 6
buses: [{id: a, zone: west}, {id: b, zone: east, load_mw: [260, 330, 300, 180]}]
lines: [{id: ab, from: a, to: b, limit_mw: 200}]
generators:
  - {id: W, bus: a, p_max: [220, 150, 90, 240], marginal_cost: 40, technology: wind}
  - {id: A, bus: a, p_max: 150, marginal_cost: 210, technology: coal}
  - {id: B, bus: b, p_min: 60, p_max: 200, marginal_cost: 260, no_load_cost: 3000, startup_cost: 2000, min_up: 2, initially_on: false,
     technology: coal}
  - {id: C, bus: b, p_max: 200, marginal_cost: 410, technology: coal}
users: [{id: mill, bus: b, share: 0.4}, {id: homes, bus: b, share: 0.2, use: guaranteed, price: 310}]
reserves:
  - {id: spin, product: spinning_up, requirement_mw: 40, shortage: [[40, 900]],
     offers: [{generator: A, max_mw: 30, price: 4}, {generator: B, max_mw: 40, price: 6}, {generator: C, max_mw: 25, price: 9}]}
mechanism: [{id: m, plant: W, share: 0.3, price: 307.8}]
guaranteed: [{id: g, plant: W, share: 0.2, price: 300}]
capacity: [{id: k, plant: B, price_per_kw_year: 330}]
ftrs: [{id: f, holder: trader, source: a, sink: b, mw: 150}]
pricing:
  split_atc: {borders: [{from_zone: west, to_zone: east, mw: 200}]}
  ordc: {voll_cny_per_mwh: 5000, minimum_mw: 20, mean_mw: 10, deviation_mw: 60, block_mw: 50, reach_mw: 200}
  admin: {source: fixed, price_cny_per_mwh: 280}
real_time: {demand_mw: {b: [280, 320, 310, 200]}, limits: {ab: 180}, available: {W: [200, 160, 60, 230]}}
"""
CONTRACTS = [
    f"{{id: {s}{r or 'own'}, seller: {g}, buyer: mill, energy_mwh: 90, price: 255, curve: {c}, settlement: {s}"
    + (f", reference: {r}}}" if r else "}")
    for s, r, g, c in (("qd", "", "A", "flat"), ("cfd", "seller", "A", "peak"), ("cfd", "buyer", "B", "flat"), ("cfd", "system", "A", "pv"))
] + ["{id: everybody, seller: W, share: 0.4, price: 200}"]


def settled(text: str, rule: str, **rules) -> Settled:
    solved = cleared(text)
    run = MarketRun.of(solved, price_by(rule, solved).prices, "DA")
    return Settled(settle(run, None, solved.case, Settlement(**rules)))


def test_N1_awards_of_regulation_are_paid_at_its_price():
    """G1 gives 360 + 40 of 400 MW, G2 140 and its 40 at most. Another MW of regulation takes one from G1, 10, which G2 sells instead, 320
    less 260: 70. 2800 each; G1 gets 360 x 320 = 115200 with it 118000, against 360 x 260 + 40 x 10 = 94000. Users pay 160000 and 5600."""
    done = settled(ENERGY_AND_AGC, "ip")
    assert done.of("reserve_da_agc", "generator G1") == pytest.approx(2800) and done.of("reserve_da_agc", "generator G2") == pytest.approx(2800)
    assert done.residual("reserve") == pytest.approx(-5600) and done.balance[account("reserve")] == pytest.approx(0, abs=1e-9)
    assert done.balance["generator G1"] == pytest.approx(118000) and sum(v for k, v in done.balance.items() if k.startswith("load")) == -165600
    table = done.books.tables["uplift"].set_index("unit")
    assert table.loc["generator G1", ["revenue", "cost", "mwp"]].to_list() == pytest.approx([118000, 94000, 0])
    assert table.loc["generator G2", ["revenue", "cost", "mwp"]].to_list() == pytest.approx([140 * 320 + 2800, 140 * 320 + 200, 0])


def test_N1_costs_of_awards_are_costs_of_their_plants():
    """360 x 260 + 40 x 10 + 140 x 320 + 40 x 5 = 139000, the whole cost."""
    solved = cleared(ENERGY_AND_AGC)
    run = MarketRun.of(solved, price_by("ip", solved).prices, "DA")
    assert run.cost[:, 0] == pytest.approx([94000, 45000]) and solved.solution.objective == pytest.approx(139000)


def test_N2_decisions_are_settled_at_their_prices():
    """At 250 unit B loses 100 x 50 + 9000 by being on: it is paid 14000 for that, and nobody is made whole besides. Users pay 350 x 250 and
    the 14000, the cost of everything."""
    done = settled(ONE_PERIOD, "ip_full")
    assert done.of("commitment_da_on", "generator B") == pytest.approx(14000)
    assert done.residual("commitment") == pytest.approx(-14000) and done.residual("uplift") == pytest.approx(0, abs=1e-6)
    assert done.balance["generator B"] == pytest.approx(39000) and done.balance["generator A"] == pytest.approx(62500)
    assert sum(v for k, v in done.balance.items() if k.startswith("load")) == pytest.approx(-101500)


def test_N2_starts_and_hours_on_together_leave_a_unit_neither_loss_nor_gain():
    """B gives 60, 120, 160 MW at 250 and is paid 280: 340 x 30 = 10200 less 12000 for three hours on and 2000 for its start: -3800, which is
    what its decisions are paid in all: what room, ramps and starting output are worth belongs to being on and to the start."""
    done = settled(THREE_PERIODS, "ip_full")
    paid = sum(done.of(f"commitment_da_{name}", "generator B") for name in ("on", "start", "stop"))
    assert paid == pytest.approx(3800) and done.residual("uplift") == pytest.approx(0, abs=1e-6)
    assert done.balance["generator B"] == pytest.approx(340 * 250 + 12000 + 2000)


def test_N3_real_time_pays_for_what_it_awards_beyond_the_day_before():
    """30 MWh at 10 day-ahead; 20 MWh in real time at 25: 300 - 250. Who gives nothing any more gives all of it back at 25. Decisions are
    settled day-ahead alone."""
    reserve = Beside("reserve", "spin", np.array(["generator A", "generator B"], object), np.array([[30.0], [8.0]]), np.full((2, 1), 10.0))
    start = Beside("commitment", "start", np.array(["generator A"], object), np.ones((1, 1)), np.full((1, 1), -70.0))
    later = replace(reserve, who=reserve.who[:1], quantity=np.array([[20.0]]), price=np.full((1, 1), 25.0))
    day = one_bus({"generator A": [50.0], "generator B": [0.0]}, [50.0], [300.0], besides=(reserve, start))
    done = settle_run(day, one_bus({"generator A": [50.0], "generator B": [0.0]}, [50.0], [300.0], stage="RT", besides=(later,)))
    assert done.of("reserve_da_spin", "generator A") == pytest.approx(300) and done.of("reserve_rt_spin", "generator A") == pytest.approx(-250)
    assert done.of("reserve_da_spin", "generator B") == pytest.approx(80) and done.of("reserve_rt_spin", "generator B") == pytest.approx(-200)
    assert done.of("commitment_da_start", "generator A") == pytest.approx(-70)
    assert done.balance["generator A"] == pytest.approx(15000 + 300 - 250 - 70)
    assert done.residual("reserve") == pytest.approx(-380 + 450) and done.residual("commitment") == pytest.approx(70)


def test_payments_of_days_are_joined_and_cut():
    """A gets 1 and 2, then, in a day in which only B is paid, nothing; a part is what was joined."""
    one = Beside("reserve", "spin", np.array(["A"], object), np.array([[1.0, 2.0]]), np.full((1, 2), 5.0))
    two = Beside("reserve", "spin", np.array(["B"], object), np.array([[3.0]]), np.full((1, 1), 7.0))
    whole = joined([((one,), 2), ((two,), 1), ((), 1)])
    assert len(whole) == 1 and list(whole[0].who) == ["A", "B"]
    assert whole[0].amount == pytest.approx(np.array([[5, 10, 0, 0], [0, 0, 21, 0.0]]))
    assert whole[0].part(1, 3).amount == pytest.approx(np.array([[10, 0], [0, 21.0]]))


@cache
def real(mode: str) -> MarketRun:
    plan = cleared(EVERYTHING)
    return run_real_time(plan, actual(plan.case), RealTimeRule(2, (0.0, 0.5), mode)).run()


@pytest.mark.parametrize("rule", RULES)
def test_I12_books_close_under_every_rule_in_every_mode_with_every_contract(rule):
    """All balances are zero together in every period, the clearing house keeps nothing, and accounts are empty once they are shared out."""
    solved = cleared(EVERYTHING + "contracts:\n" + "".join(f"  - {c}\n" for c in CONTRACTS))
    options = getattr(solved_pricing(), rule)
    day = MarketRun.of(solved, price_by(rule, solved, options).prices, "DA")
    clipped = replace(day, settled=np.clip(day.settled, 100, 300), load_price=np.clip(day.load_price, 100, 300))
    for later in (None, *(real(mode) for mode in ("first", "tlmp", "expost"))):
        for first in (day, clipped):
            for plants, payers, two in (("node", "account", True), ("offer", "zone", True), ("node", "cause", False)):
                rules = Settlement(plants=plants, make_whole={"payers": payers, "two_stage": two}, deviation={"enabled": True},
                                   deep_peak={"enabled": True})  # fmt: skip
                book = settle(first, later, solved.case, rules).ledger
                size = float(book.entries.amount.sum())
                assert np.abs(book.by_period().sum(axis=0)).max() <= 1e-9 * size
                assert np.abs(book.balance_of("market")).max() <= 1e-9 * size
                for title in Allocations.model_fields:
                    assert abs(book.balance_of(account(title)).sum()) <= 1e-9 * size, (title, plants, payers)


@cache
def solved_pricing():
    """Parameters of the rules, as the case gives them."""
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from gridopt.study.load import load_study

    with TemporaryDirectory() as folder:
        path = Path(folder) / "case.yaml"
        path.write_text(EVERYTHING, encoding="utf-8")
        return load_study(path, {}, None).study.pricing


def test_some_of_everything_is_paid_in_that_case():
    """The test above does not pass for want of payments."""
    solved = cleared(EVERYTHING + "contracts:\n" + "".join(f"  - {c}\n" for c in CONTRACTS))
    day = MarketRun.of(solved, price_by("ip_full", solved).prices, "DA")
    codes = set(settle(day, real("first"), solved.case, Settlement()).tables["ledger"]["code"])
    wanted = {"contract", "contract_difference", "contract_offset", "reserve_da_spin", "commitment_da_on", "mechanism", "capacity", "ftr",
              "dual_track_intra", "dual_track_users", "energy_da", "energy_rt"}  # fmt: skip
    assert wanted <= codes, wanted - codes


def test_regulation_that_is_paid_by_mileage_is_not_paid_as_a_reserve_as_well(tmp_path):
    """Cleared after energy: of two reserves that the clearing prices, that of regulation is left out of the books; with energy, none is."""
    from gridopt.study.load import load_study
    from gridopt.study.market_case import market_of, paid_once
    from gridopt.study.market_schema import Market

    who, one = np.array(["generator G1"], object), np.ones((1, 1))
    run = one_bus({"generator G1": [50.0]}, [50.0], [300.0], besides=tuple(Beside("reserve", n, who, one, 9.0 * one) for n in ("agc", "spin")))
    for mode, kept in (("sequential", ["spin"]), ("co-optimised", ["agc", "spin"])):
        path = tmp_path / f"{mode}.yaml"
        path.write_text(ENERGY_AND_AGC.replace("co-optimised", mode), encoding="utf-8")
        loaded = load_study(path, {}, None)
        market = market_of(loaded.study, loaded.case) or Market()
        assert [b.name for b in paid_once(run, loaded.case, market).besides] == kept
