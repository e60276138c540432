"""DC schedules against calculation by hand: example E13 of the market specification, each rule alone, and enumeration."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridopt.dispatch.single import dispatch
from gridopt.dispatch.whole import Search
from tests.support.block_cases import buses, power_case, unit
from tests.support.certify import certificate

BUS = [*buses("A"), *buses("S", role="sink")]
PROVEN = Search(gap=0.0)


def published(minutes=15, hours=2, commitment="exact", link=None, **rules):
    """E13: 2000 MW at 200 then 300; sold at 300 for an hour, at 480 in the next, less 60 per MWh landed; 6.5 % loss."""
    rows = dict(
        bus=BUS,
        unit=[dict(unit("A", 20, 2000), fuel="c200"), dict(unit("A", 30, 10000), fuel="c300")],
        fuel=[dict(fuel=f"c{p}", price_cny_per_tce=float(p), co2_t_per_tce=0.0) for p in (200, 300)],
        dc_link=[dict(dict(dc_link="L", from_bus="A", to_bus="S", power_min_mw=800.0, power_max_mw=6000.0, initial_mw=2000.0,
                           loss_linear_fraction=0.065), **(link or {}))],
        dc_schedule=[dict(dict(dc_link="L", may_stop=True, step_mw=400.0, change_minutes=15.0, steps_per_change=2), **rules)],
        dc_market=[dict(dc_market="M", dc_link="L", power_max_mw=9999.0, price_profile="p", tariff_cny_per_mwh=60.0)],
    )  # fmt: skip
    return replace(power_case(hours, minutes, series={"p": [300.0, 480.0]}, **rows), commitment=commitment)


def test_J_E13_hold_of_an_hour_and_two_changes_a_day():
    """2800 MW for four quarters, then 3600: (2800 x 224.4 - 640000) + (3600 x 392.7 - 880000) = -11680 + 533720 = 522040."""
    d = dispatch(published(hold_h=1.0, changes_per_day=2), search=PROVEN)
    assert d.quantities["dc_sent"].values[0] == pytest.approx([2800] * 4 + [3600] * 4)
    assert d.solution.objective == pytest.approx(-522040)


def test_J_E13_changes_at_every_quarter():
    """A quarter each at 2000, 2000, 2800, 3600, 4400, 5200, 6000, 6000 MW: 704020."""
    d = dispatch(published(hold_h=0.25, changes_per_day=8), search=PROVEN)
    assert d.quantities["dc_sent"].values[0] == pytest.approx([2000, 2000, 2800, 3600, 4400, 5200, 6000, 6000])
    assert d.solution.objective == pytest.approx(-704020)


@pytest.mark.parametrize("minutes", [60, 30, 15, 5])
def test_J_schedule_at_the_hour_by_the_length_of_the_step(minutes):
    """Changes at the hour: 2800 MW, then 3600, whatever the step."""
    d = dispatch(published(minutes, hold_h=1.0, changes_per_day=2, change_minutes=60.0), search=PROVEN)
    assert d.solution.objective == pytest.approx(-522040)
    assert certificate(d).passed


def test_J_relaxed_bounds_exact_and_off_knows_no_rules():
    exact, relaxed, off = (dispatch(published(commitment=c, hold_h=1.0, changes_per_day=2), search=PROVEN) for c in ("exact", "relaxed", "off"))
    assert off.solution.objective < relaxed.solution.objective - 1 and relaxed.solution.objective <= exact.solution.objective + 1e-3
    assert not len(off.values["dc_schedule.change"])
    assert certificate(relaxed).passed and certificate(off).passed


def test_J3_hold_before_the_first_step():
    """Half an hour of a hold of one was over: 2000 MW for two quarters more, then 2800 for an hour, then 3600 for two quarters.

    (2000 x 2 + 2800 x 2)/4 x 224.4 - (400000 x 2 + 640000 x 2)/4 + (2800 x 2 + 3600 x 2)/4 x 392.7 - (640000 x 2 + 880000 x 2)/4.
    """
    d = dispatch(published(hold_h=1.0, link=dict(initial_hold_h=0.5)), search=PROVEN)
    assert d.quantities["dc_sent"].values[0] == pytest.approx([2000] * 2 + [2800] * 4 + [3600] * 2)
    assert d.solution.objective == pytest.approx(-(2400 * 224.4 - 520000 + 3200 * 392.7 - 760000))
    assert certificate(d).passed


def test_J4_changes_made_before_count():
    """One of two changes a day was made: only 2800 MW are reached, at the first step or later: held for both hours."""
    d = dispatch(published(changes_per_day=2, initial_changes=1), search=PROVEN)
    assert np.count_nonzero(np.abs(np.diff(d.quantities["dc_sent"].values[0], prepend=2000)) > 1) == 1
    assert certificate(d).passed


def test_J1_least_power_when_on_or_nothing():
    """Sold for nothing in the second hour: the link stops then; where it may not, 800 MW stay, made at 200, and 60 paid on 748."""
    rows = dict(step_mw=None, steps_per_change=None)
    made = {stop: published(may_stop=stop, **rows) for stop in (True, False)}
    for case in made.values():
        case.source.values["p"] = np.array([480.0, 0.0])
    found = {stop: dispatch(case, search=PROVEN) for stop, case in made.items()}
    sent = {stop: d.quantities["dc_sent"].values[0] for stop, d in found.items()}
    assert sent[True] == pytest.approx([6000] * 4 + [0] * 4) and sent[False] == pytest.approx([6000] * 4 + [800] * 4)
    assert found[False].solution.objective - found[True].solution.objective == pytest.approx(800 * 200 + 0.935 * 800 * 60)
    assert found[True].quantities["dc_on"].values[0] == pytest.approx([1] * 4 + [0] * 4)
    assert all(certificate(d).passed for d in found.values())


LEVELS = (0, 10, 20, 30)


def small(prices, before, minutes, **rule):
    """15 MW at 20, more at 50; sold at `prices`, 5 % lost; 0 or 10 to 30 MW in steps of 10."""
    rows = dict(
        bus=BUS, unit=[unit("A", 20, 15), unit("A", 50, 100)],
        dc_link=[dict(dc_link="L", from_bus="A", to_bus="S", power_min_mw=10.0, power_max_mw=30.0, loss_linear_fraction=0.05,
                      initial_mw=before)],
        dc_schedule=[dict(dc_link="L", may_stop=True, step_mw=10.0, **rule)],
        exchange=[dict(exchange="M", bus="S", export_flexible_mw=100.0, price_profile="p")],
    )  # fmt: skip
    return replace(power_case(len(prices), minutes, series={"p": prices}, **rows), commitment="exact")


def enumerated(prices, before, minutes, hold_h=0.0, changes_per_day=None, steps_per_change=None, change_minutes=None):
    """Least cost over all sequences of levels, step by step in plain Python."""
    steps, h = len(prices) * 60 // minutes, minutes / 60
    best = np.inf
    for levels in itertools.product(LEVELS, repeat=steps):
        jumps = [(t, b - a) for t, (a, b) in enumerate(itertools.pairwise((before, *levels))) if a != b]
        bad = any(steps_per_change is not None and abs(j) > 10 * steps_per_change for _, j in jumps)
        bad |= changes_per_day is not None and len(jumps) > changes_per_day
        bad |= any((s - t) * h < hold_h for (t, _), (s, _) in itertools.pairwise(jumps))
        bad |= any(change_minutes is not None and t * minutes % change_minutes for t, _ in jumps)
        if not bad:
            cost = (20 * min(p, 15) + 50 * max(p - 15, 0) - prices[t * minutes // 60] * 0.95 * p for t, p in enumerate(levels))
            best = min(best, sum(cost) * h)
    return best


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_J_enumeration(data):
    """Random prices and rules: the search finds what trying every schedule finds."""
    hours, minutes = data.draw(st.sampled_from([(2, 30), (4, 60), (5, 60), (3, 30)]))
    prices = [float(data.draw(st.integers(10, 70))) for _ in range(hours)]
    rule = dict(hold_h=data.draw(st.sampled_from([0.0, 1.0, 1.5, 2.0])))
    for name, values in (("changes_per_day", (1, 2, 3)), ("steps_per_change", (1, 2)), ("change_minutes", (60.0, 120.0))):
        if data.draw(st.booleans()):
            rule[name] = data.draw(st.sampled_from(values))
    before = float(data.draw(st.sampled_from(LEVELS)))
    d = dispatch(small(prices, before, minutes, **rule), search=PROVEN)
    assert d.solution.objective == pytest.approx(enumerated(prices, before, minutes, **rule), abs=1e-6)
    assert certificate(d).passed, certificate(d).failed
