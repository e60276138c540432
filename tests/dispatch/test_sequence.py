"""Days cleared one after the other: SCUC by the hour and SCED by the quarter, the reliability run, the state of the next day."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from gridopt.case.check import CaseError
from gridopt.case.offers import with_demand_bids, with_offers
from gridopt.dispatch import sequence
from gridopt.dispatch.attempts import Search
from gridopt.dispatch.lmp import price
from gridopt.dispatch.market_run import MarketRun
from gridopt.dispatch.secured import joined_steps, sced, scuc
from gridopt.dispatch.sequence import DayRule, clear_days
from gridopt.dispatch.single import dispatch
from gridopt.program.solution import Infeasible, LimitReached
from tests.support.block_cases import FUEL, buses, load, unit
from tests.support.certify import certificate
from tests.support.small import case

TYPE = [dict(unit_type="u", min_load_fraction=0.5, fuel_rate_full_tce_per_mwh=1.0, min_up_h=4.0, min_down_h=2.0, start_hot_cny=400.0,
             start_warm_cny=400.0, start_cold_cny=400.0)]  # fmt: skip
SHED = [dict(tier="all", share=1.0, cost_cny_per_mwh=10000.0)]


def day(hours=24, minutes=60, demand=None, **rows):
    wave = 200.0 + 80.0 * np.sin(np.arange(hours) / 24.0 * 2.0 * np.pi) if demand is None else np.asarray(demand, float)
    base = dict(bus=buses("A"), fuel=FUEL, unit_type=TYPE, unit=[unit("A", 20, 160.0), unit("A", 50, 120.0), unit("A", 90, 100.0)],
                load=[load("A", "d", 1.0)], shedding_tier=SHED)  # fmt: skip
    return replace(case(hours, minutes, series={"d": wave}, **(base | rows)), commitment="exact")


def rule(**kw):
    return DayRule(**dict(look_ahead_h=0.0, look_ahead_step_h=0.0, search=Search(0.0)) | kw)


def test_one_day_is_one_dispatch():
    given = day()
    days = clear_days(given, given, rule(), price)
    assert len(days.day_ahead) == 1 and days.day_ahead[0] is days.physical[0]
    assert days.plan.solution.objective == pytest.approx(dispatch(given, search=Search(0.0)).solution.objective)


def test_two_days_with_sight_of_the_end_cost_what_one_program_does_and_pass_the_check():
    """Each day sees the next whole, so that nothing is lost at the seam; statuses, times and outputs are handed on."""
    given = day(48)
    days = clear_days(given, given, rule(look_ahead_h=24.0), price)
    assert [c.window.first for c in days.day_ahead] == [0, 24] and days.plan.model.builder.outlined
    assert days.plan.solution.objective == pytest.approx(dispatch(given, search=Search(0.0)).solution.objective, rel=1e-6)
    run = MarketRun.joined([c.run() for c in days.day_ahead])
    assert len(run.start) == 48 and (run.output.sum(axis=0)) == pytest.approx(run.load.sum(axis=0))
    assert all(certificate(c.dispatch).passed for c in days.day_ahead)


def test_energy_that_is_moved_over_more_than_a_day_is_refused_by_name():
    """Each day balances what it moves by itself: what the first would take from the second would be lost."""
    given = day(48, shiftable=[dict(shiftable="s", load="dA", power_less_mw=9.0, power_more_mw=9.0, window_h=48.0)])
    with pytest.raises(CaseError, match=r"shiftable, 's': .* within 48 h, which windows of 24 h \(key 'market.day_ahead'\) would cut"):
        clear_days(given, given, rule(look_ahead_h=24.0), price)


def test_steps_are_joined_near_and_left_as_they_are_later():
    grid = day(6, 15).time
    joined = joined_steps(grid, 16, 1.0)
    assert joined.hours.tolist() == [1.0] * 4 + [0.25] * 8
    assert joined_steps(grid, 24, 0.1).hours.tolist() == grid.hours.tolist()


def test_what_is_on_is_decided_by_the_hour_and_output_by_the_quarter():
    """Quarters whose demand swings by 20 MW around that of the hour: statuses are those of the hours, outputs follow as far as what is on
    can; the cost is not below that of deciding by the quarter, and every rule holds."""
    given = day(24, 15)
    swing = np.tile([20.0, -20.0, 20.0, -20.0], 24)
    quarter = 200.0 + 60.0 * np.repeat(np.sin(np.arange(24) / 24.0 * 2.0 * np.pi), 4) + swing
    given = replace(given, source=type(given.source)(given.time, {"d": quarter}))
    decided = scuc(given, 96, 1.0, Search(0.0))
    found = sced(given, decided, Search(0.0))
    on = found.solution.x[found.committed.on]
    assert len(decided.case.time) == 24
    assert on == pytest.approx(np.repeat(decided.solution.x[decided.committed.on], 4, axis=1))
    short = found.quantities["shedding"].values.sum(axis=0)
    assert found.quantities["unit_output"].values.sum(axis=0) + short == pytest.approx(quarter)
    able = (on * np.array([[160.0], [120.0], [100.0]])).sum(axis=0)
    assert short == pytest.approx(np.maximum(quarter - able, 0.0), abs=1e-6)
    assert found.solution.objective >= dispatch(given, search=Search(0.0)).solution.objective - 1e-6
    assert certificate(found).passed


@pytest.mark.parametrize("commitment", ["off", "exact"])
def test_the_energy_of_a_contract_is_kept_where_a_link_sends_no_steps(commitment):
    """A link of 50 MW with a contract of 240 MWh a day (10 MW on average) of January, decided by the hour: the quarters keep what the hours
    send, whose cost swings within them."""
    swing = np.tile([60.0, -60.0, 30.0, -30.0], 24)
    given = day(24, 15, bus=buses("A", "M"), dc_link=[dict(dc_link="L", from_bus="A", to_bus="M", power_max_mw=50.0)],
                dc_contract=[dict(contract="c", dc_link="L", start_date="2025-01-01", end_date="2025-01-31", energy_min_mwh=31 * 240.0)],
                load=[load("A", "d", 1.0), load("M", mean=1.0)])  # fmt: skip
    given = replace(given, source=type(given.source)(given.time, {"d": 200.0 + swing}), commitment=commitment)
    found = clear_days(given, given, rule(commitment_h=1.0), price).physical[0].dispatch
    sent = found.quantities["dc_sent"].values[0]
    assert float(sent @ given.time.hours) >= 240.0 - 1e-6
    assert (np.ptp(sent.reshape(24, 4), axis=1) < 1e-9).all()
    assert certificate(found).passed


def bidding(bought):
    """Users who bid `bought` MW at 500 in every hour where 260 MW are expected."""
    rows = [dict(load="dA", hour=h, segment=1, power_mw=float(b), price_cny_per_mwh=500.0) for h, b in enumerate(bought)]
    return with_demand_bids(day(demand=np.full(24, 260.0), demand_bid=rows))


def test_the_reliability_run_keeps_what_the_day_ahead_run_has_on_and_adds_to_it():
    """Users buy 150 MW where 260 are expected: A20 alone day ahead, A50 or A90 besides in the physical schedule; the financial volumes stay."""
    days = clear_days(*bidding(np.full(24, 150.0)), rule(), price)
    first, second = days.day_ahead[0], days.physical[0]
    one, two = (np.round(c.dispatch.solution.x[c.dispatch.committed.on]) for c in (first, second))
    assert (two >= one).all() and two.sum() > one.sum()
    assert second.dispatch.quantities["unit_output"].values.sum(axis=0) == pytest.approx(np.full(24, 260.0))
    assert first.run().output.sum(axis=0) == pytest.approx(np.zeros(24))  # what is sold is what is bought
    given, then = (c.dispatch.quantities["unit_output"].values for c in (first, second))
    assert (then >= given - 1e-6).all()


def test_nobody_is_paid_by_the_reliability_run():
    """Prices are made of the day-ahead run alone."""
    priced = []
    days = clear_days(*bidding(np.full(24, 150.0)), rule(), lambda dispatch: priced.append(dispatch) or price(dispatch))
    assert days.physical[0].dispatch is not days.day_ahead[0].dispatch and priced == [days.day_ahead[0].dispatch]


def test_outputs_of_the_day_ahead_run_need_not_be_kept_where_less_is_expected_than_was_bought():
    """Users buy 270 MW for hours 0 to 11 where 260 are expected: there outputs may fall below those day ahead, on stays on."""
    bought = np.r_[np.full(12, 270.0), np.full(12, 150.0)]
    days = clear_days(*bidding(bought), rule(), price)
    given, then = (c.dispatch.quantities["unit_output"].values for c in (days.day_ahead[0], days.physical[0]))
    assert then[:, :12].sum(axis=0) == pytest.approx(np.full(12, 260.0))
    assert (then[:, 12:] >= given[:, 12:] - 1e-6).all()
    assert not days.notes


def ahead(kind, minutes):
    """Users buy 150 MW where 160 are expected. A offers 150 at 300, as `kind` of plant; B at least 50 at 310, off; C at most 20 at 500."""
    bought = [dict(load="dA", hour=h, segment=1, power_mw=150.0, price_cny_per_mwh=500.0) for h in range(24)]
    a = dict(bus="A", power_max_mw=150.0, cost_cny_per_mwh=300.0)
    plants = [dict(generator="B", bus="A", power_min_mw=50.0, power_max_mw=100.0, cost_cny_per_mwh=310.0),
              dict(generator="C", bus="A", power_max_mw=20.0, cost_cny_per_mwh=500.0)]  # fmt: skip
    status = [dict(kind="generator", element="B", initial_h=-24.0)]
    if kind == "switched":
        status.append(dict(kind="generator", element="A", initial_h=24.0))
    wind = [dict(a, renewable="A", technology="wind", curtailment_cost_cny_per_mwh=0.0)] if kind == "renewable" else []
    given = day(24, minutes, demand=np.full(24, 160.0), demand_bid=bought, unit=[], commitment=status, renewable=wind,
                generator=plants if wind else [*plants, dict(a, generator="A")])  # fmt: skip
    return with_demand_bids(given)


def of_plants(found):
    """Output MW (T,) of A, B, C."""
    run = MarketRun.of(found, price(found), "RUC")
    return [run.output[[str(n).rpartition(" ")[2] for n in run.plant].index(n)] for n in "ABC"]


@pytest.mark.parametrize("kind", ["switched", "plain", "renewable"])
@pytest.mark.parametrize("minutes, hour", [(60, 0.0), (15, 0.0), (15, 1.0)])
def test_the_reliability_run_takes_the_cheapest_schedule_that_keeps_what_was_sold(kind, minutes, hour):
    """150 x 300 + 10 x 500 = 50000 an hour. 110 x 300 + 50 x 310 = 48500 would be cheaper, but A has sold 150; B beside that would be 40 MW
    too much."""
    days = clear_days(*ahead(kind, minutes), rule(commitment_h=hour), price)
    found, steps = days.physical[0].dispatch, 24 * 60 // minutes
    assert np.array(of_plants(found)) == pytest.approx(np.array([[150.0], [0.0], [10.0]]) * np.ones(steps), abs=1e-6)
    assert found.solution.objective == pytest.approx(24 * 50000.0)
    assert not days.notes and certificate(found).passed


@pytest.mark.parametrize("minutes, hour", [(60, 0.0), (15, 1.0)])
def test_where_the_outputs_of_the_day_ahead_run_cannot_be_kept_those_without_them_are_the_schedule(monkeypatch, minutes, hour):
    """A search that finds nothing with least outputs: A 110 and B 50 in the periods of the market, and a note."""
    whole = sequence.scuc

    def without_outputs(case, near, length_h, search, workers, limits):
        if limits is not None and "commitment.above" in limits.of:
            raise Infeasible("outputs")
        return whole(case, near, length_h, search, workers, limits)

    monkeypatch.setattr(sequence, "scuc", without_outputs)
    days = clear_days(*ahead("switched", minutes), rule(commitment_h=hour), price)
    found = days.physical[0].dispatch
    assert len(found.case.time) == 24 * 60 // minutes and "cannot be kept" in days.notes[0]
    assert np.array(of_plants(found))[:, 0] == pytest.approx([110.0, 50.0, 0.0])
    assert certificate(found).passed


def test_without_a_reliability_run_the_day_ahead_schedule_is_the_physical_one():
    days = clear_days(*bidding(np.full(24, 150.0)), rule(reliability=False), price)
    assert days.physical[0] is days.day_ahead[0]


def test_offers_decide_who_runs():
    """A90 offers at 40, below A50: it runs before it."""
    bid = [dict(kind="unit", element="A90", segment=1, power_mw=100.0, price_cny_per_mwh=40.0)]
    days = clear_days(*[with_offers(day(bid=bid))] * 2, rule(), price)
    run = days.day_ahead[0].run()
    energy = dict(zip(run.plant, run.output.sum(axis=1), strict=True))
    assert energy["generator A90"] > energy["unit A50"]


def test_a_day_that_cannot_be_is_named(monkeypatch):
    given = day(demand=np.full(24, 500.0), load=[load("A", "d", 1.0, sheddable=False)])
    with pytest.raises(Infeasible) as caught:
        clear_days(given, given, rule(), price)
    assert "2025-01-01 00:00 to 2025-01-02 00:00" in str(caught.value)


def test_a_day_whose_search_is_stopped_is_not_searched_again(monkeypatch):
    given, stop, begun = day(), threading.Event(), []
    whole = sequence.scuc
    monkeypatch.setattr(sequence, "scuc", lambda *a: begun.append(a) or whole(*a))
    stop.set()
    with pytest.raises(LimitReached):
        clear_days(given, given, rule(search=Search(0.0, np.inf, stop)), price)
    assert len(begun) == 1


def test_a_day_without_a_schedule_when_its_time_is_up_is_decided_roughly_and_told():
    """No time at all: nothing is found, and then a schedule within 5 %."""
    given = day()
    days = clear_days(given, given, rule(search=Search(0.0, 0.0)), price)
    assert "no schedule within 0 s" in days.notes[0]
    best = dispatch(given, search=Search(0.0)).solution.objective
    assert best - 1e-6 <= days.plan.solution.objective <= best * 1.05 + 1e-6
