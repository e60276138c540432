"""Starts in real time: what can be ordered in time is switched on where that is cheaper, and only then."""

import numpy as np
import pytest

from gridopt.case.actual import actual
from gridopt.dispatch.attempts import Search
from gridopt.dispatch.real_time import RealTimeRule, run_real_time
from gridopt.dispatch.single import dispatch
from gridopt.study.load import load_study
from tests.support.certify import certificate

CASE = """
periods: {periods}
period_h: {hours}
demand_mw: {expected}
generators:
  - {{id: A, p_max: 100, marginal_cost: 20}}
  - {{id: P, p_min: 10, p_max: 50, marginal_cost: 60, startup_cost: {start}, min_up: {up}, min_down: {down}, initially_on: false{more}}}
real_time: {{demand_mw: {comes}}}
value_of_lost_load: 5000
"""


@pytest.fixture
def ran(tmp_path):
    def made(expected, comes, *, notice=60, start=500, up=0, down=0, hours=1.0, intervals=2, weights=(0.0,)):
        more = "" if notice is None else f", start_notice_min: {notice}"
        text = CASE.format(periods=len(expected), hours=hours, expected=[float(v) for v in expected],
                           comes=[float(v) for v in comes], start=start, up=up, down=down,
                           more=more)  # fmt: skip
        path = tmp_path / "case.yaml"
        path.write_text(text, encoding="utf-8")
        given = load_study(path, {}, None).case
        return run_real_time(dispatch(given, search=Search(0.0)), actual(given), RealTimeRule(intervals, weights))

    return made


def on(done):
    return done.dispatch.quantities["generator_on"].values[1].tolist()


def test_a_unit_that_can_be_ordered_an_hour_ahead_is_started_in_real_time(ran):
    """80 MW expected, 120 come in hours 1 and 2, seen an hour ahead: P is ordered in hour 0 and gives 20 MW in both: it sets 60. It stops in
    hour 3. In all 80 x 20 + 2 (100 x 20 + 20 x 60) + 80 x 20 + 500 = 10100."""
    done = ran([80, 80, 80, 80], [80, 120, 120, 80])
    assert on(done) == [0, 1, 1, 0]
    assert done.dispatch.quantities["generator_output"].values[1] == pytest.approx([0, 20, 20, 0])
    assert done.prices.price[0] == pytest.approx([20, 60, 60, 20])
    assert done.dispatch.solution.objective == pytest.approx(10100)
    assert certificate(done.dispatch).passed


def test_without_a_notice_or_with_one_beyond_the_window_load_is_shed(ran):
    for notice in (None, 120):
        done = ran([80, 80, 80, 80], [80, 120, 120, 80], notice=notice)
        assert on(done) == [0, 0, 0, 0]
        assert done.dispatch.quantities["shedding"].values[0] == pytest.approx([0, 20, 20, 0])
        assert done.prices.price[0] == pytest.approx([20, 5000, 5000, 20])


def test_what_comes_as_a_surprise_is_shed_until_the_order_comes_in_time(ran):
    """Hour 1 is expected to be 80 until it is there: 20 MW are shed in it, hour 2 is served."""
    done = ran([80, 80, 80, 80], [80, 120, 120, 80], weights=(0.0, 1.0), notice=60)
    assert on(done)[1] == 0 and done.dispatch.quantities["shedding"].values[0, 1] == pytest.approx(20)


def test_a_start_dearer_than_what_it_saves_is_left_out(ran):
    """20 MWh at 5000 are 100000: a start for 98801 and 20 x 60 costs more, one for 98799 less."""
    assert on(ran([80, 80, 80], [80, 120, 80], start=98801)) == [0, 0, 0]
    assert on(ran([80, 80, 80], [80, 120, 80], start=98799)) == [0, 1, 0]


def test_what_was_started_stays_on_for_its_minimum_time_at_its_least_output(ran):
    """Minimum time 3 h: hours 1, 2, 3; where 80 MW are wanted P gives its least, 10, and A, 70, sets 20."""
    done = ran([80] * 6, [80, 120, 80, 80, 80, 80], up=3)
    assert on(done) == [0, 1, 1, 1, 0, 0]
    assert done.dispatch.quantities["generator_output"].values[1] == pytest.approx([0, 20, 10, 10, 0, 0])
    assert done.prices.price[0] == pytest.approx([20, 60, 20, 20, 20, 20])
    assert certificate(done.dispatch).passed


def test_what_the_plan_has_on_stays_on_and_a_start_of_it_is_not_barred(ran):
    """The plan has P on in hours 4 and 5 (120 MW expected); real time needs it in hour 1 as well; off for at least 3 h, it cannot stop in
    between, for hours 2 and 3 are too short: it stays on. In hour 4 only 80 come: it is on as planned."""
    done = ran([80, 80, 80, 80, 120, 120, 80, 80], [80, 120, 80, 80, 80, 120, 80, 80], down=3)
    assert on(done) == [0, 1, 1, 1, 1, 1, 0, 0]
    assert certificate(done.dispatch).passed


@pytest.mark.parametrize("hours", [1.0, 0.5, 0.25])
def test_the_length_of_steps_changes_nothing(ran, hours):
    n = round(1 / hours)
    done = ran(np.repeat([80.0] * 4, n), np.repeat([80.0, 120, 120, 80], n), hours=hours, intervals=2 * n)
    assert on(done) == np.repeat([0, 1, 1, 0], n).tolist()
    assert done.prices.price[0] == pytest.approx(np.repeat([20, 60, 60, 20], n))
    assert done.dispatch.solution.objective == pytest.approx(10100)


def test_in_hindsight_no_set_of_statuses_is_cheaper(ran):
    """With windows over all hours the first window finds the best of all 2^4 statuses."""
    comes = [80, 120, 95, 130]
    done = ran([80] * 4, comes, intervals=4, notice=0, start=1500)
    best = np.inf
    for code in range(16):
        status = [(code >> t) & 1 for t in range(4)]
        cost = 1500 * sum(b > a for a, b in zip([0, *status], status, strict=False))
        for u, d in zip(status, comes, strict=True):
            p = min(max(d - 100, 10), 50) if u else 0
            cost += 20 * min(d - p, 100) + 60 * p + 5000 * max(d - p - 100, 0)
        best = min(best, cost)
    assert done.dispatch.solution.objective == pytest.approx(best)
