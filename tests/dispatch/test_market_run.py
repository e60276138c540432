"""What a run leaves for settlement: outputs, loads, costs and limits, as arrays that add up."""

from dataclasses import replace

import numpy as np
import pytest

from gridopt.dispatch.lmp import price
from gridopt.dispatch.market_run import MarketRun
from gridopt.dispatch.market_tables import MARKET_TABLES, frame
from gridopt.pricing.ip import price as ip
from gridopt.settlement.uplift import uplift
from tests.support.market import BLOCK_BEHIND_A_LINE, RING, THREE_PERIODS, priced


def run_of(text: str, rule: str = "ip") -> MarketRun:
    outcome = priced(text, rule)
    return MarketRun.of(outcome.solved, outcome.priced.prices, "DA")


def test_ring_gives_outputs_prices_and_the_rent_of_its_limit():
    """W1 600, C2 50, C3 250 MW; limit 300 MW on 1-3 is worth 160: rent 48000. Costs 600*40, 50*260, 250*340."""
    run = run_of(RING)
    assert list(run.plant) == ["generator W1", "generator C2", "generator C3", "generator C4"]
    assert run.output[:, 0] == pytest.approx([600, 50, 250, 0])
    assert run.cost[:, 0] == pytest.approx([24000, 13000, 85000, 0])
    assert run.load[:, 0] == pytest.approx([0, 100, 300, 500])
    assert run.lmp[:, 0] == pytest.approx([220, 260, 340, 300])
    assert list(run.constraint) == ["13"]
    assert (run.mu[0, 0], run.flow[0, 0], run.limit[0, 0]) == pytest.approx((160, 300, 300))
    assert run.rent.sum() == pytest.approx(48000)
    assert run.lost == pytest.approx(np.zeros((4, 1)))
    paid = (run.load * run.lmp).sum() - (run.output * run.price_at_plant).sum()
    assert paid == pytest.approx(48000)


def test_starts_and_no_load_costs_belong_to_their_unit():
    """A (160, 200, 280) MW at 280; B (60, 120, 160) at 250, 4000 an hour, a start of 2000: 278200 in all."""
    run = run_of(THREE_PERIODS)
    assert run.cost.sum(axis=1) == pytest.approx([640 * 280, 340 * 250 + 12000 + 2000])
    assert run.cost.sum() == pytest.approx(278200)


def test_a_hull_price_may_sit_on_a_limit_that_is_not_full():
    run = run_of(BLOCK_BEHIND_A_LINE, "chp")
    assert run.mu[0, 0] == pytest.approx(100)
    assert (run.flow[0, 0], run.limit[0, 0]) == pytest.approx((70, 100))


@pytest.mark.parametrize("rule", ["pab", "pab_shaded"])
def test_reserve_that_is_paid_as_offered_is_awarded_at_no_price_of_its_own(rule):
    """10 MW of A, at 3: in what it is paid for its offers. Another run settles what it awards beyond that."""
    reserve = "{id: up, product: spinning_up, requirement_mw: 10, offers: [{generator: A, max_mw: 100, price: 3}]}"
    run = run_of(f"demand_mw: 50\ngenerators: [{{id: A, p_max: 100, marginal_cost: 20}}]\nreserves: [{reserve}]\n", rule)
    assert [(b.name, list(b.who), b.quantity.tolist()) for b in run.besides] == [("up", ["generator A"], [[10]])]
    assert run.paid_besides == pytest.approx(np.zeros((1, 1)))


def test_runs_join_along_time():
    run = run_of(RING)
    both = MarketRun.joined([run, run])
    assert both.output.shape == (4, 2) and both.rent.sum() == pytest.approx(96000)


def test_costs_and_balance_of_the_gansu_network_add_up(gansu_day):
    run = MarketRun.of(gansu_day, price(gansu_day), "DA")
    assert run.lost == pytest.approx(np.zeros(run.load.shape), abs=1e-6)
    others = sum(v for k, v in gansu_day.costs.items() if k.split(".")[0] in ("demand", "carbon", "hydro"))
    assert run.cost.sum() == pytest.approx(sum(gansu_day.costs.values()) - others, rel=1e-6)
    assert (run.available >= run.output - 1e-9).all()


@pytest.fixture(scope="module")
def gansu_day():
    from pathlib import Path

    from gridopt.dispatch.single import dispatch
    from gridopt.study.load import load_study

    return dispatch(load_study(Path("studies/gansu-2025.yaml"), {"carbon_price_cny_per_t": "0"}, (0, 24)).case)


def test_a_table_has_the_columns_it_declares():
    made = frame("residuals", account=["loss", "agc"], amount=[1.0, 2.0], allocated_to="load", exact=True)
    assert list(made) == [c.name for c in MARKET_TABLES["residuals"]] and len(made) == 2
    assert len(frame("metrics", scope=[], name=[], value=[], exact=True)) == 0
    with pytest.raises(ValueError, match="allocated_to"):
        frame("residuals", account=["loss"], amount=[1.0], exact=True)


@pytest.mark.parametrize("kind", ["renewable", "unit", "storage"])
def test_plants_are_paid_for_what_they_give_whatever_their_columns_show(gansu_day, kind):
    """The column of a wind farm is what it curtails, that of a unit its output above the least; revenue is price times output all the same."""
    prices = ip(gansu_day.case, gansu_day)
    run, left = MarketRun.of(gansu_day, prices, "DA"), uplift(gansu_day, prices)
    mine = [str(n).startswith(f"{kind} ") for n in run.plant]
    people = [all(part.startswith(f"{kind} ") for part in str(n).split(" + ")) for n in left.names]
    assert sum(people) > 0
    assert left.revenue[people].sum() == pytest.approx((run.output * run.price_at_plant * run.hours)[mine].sum(), rel=1e-6)
    assert left.cost[people].sum() == pytest.approx(run.cost[mine].sum(), rel=1e-6, abs=1e-3)


def test_what_users_bought_goes_along_with_the_periods():
    run = run_of(THREE_PERIODS)
    own = replace(run, bought=(run.load, 500.0 * run.load))
    assert [v.tolist() for v in own.part(1, 3).bought] == [[[320, 440]], [[160000, 220000]]]
    assert MarketRun.joined([own.part(0, 1), own.part(1, 3)]).bought[1] == pytest.approx(own.bought[1])
    assert MarketRun.joined([own, run]).bought is None
