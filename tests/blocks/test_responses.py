"""Demand that responds against calculation by hand, against enumeration, and faults that the certificate finds."""

import dataclasses
import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridopt.analysis.balance import energy_balance
from gridopt.case.demands import hours_share
from gridopt.case.time import TimeGrid
from gridopt.dispatch.certificate import certify
from gridopt.dispatch.lmp import price
from gridopt.dispatch.single import dispatch
from gridopt.dispatch.whole import Search
from tests.support.block_cases import BLOCK_CASES, buses, load, power_case, unit
from tests.support.certify import certificate, evidence
from tests.support.optimum import solve

NAMES = ("interruptible", "shiftable", "data_centre", "price_response", "response")


def served(demand, minutes=60, start="2025-01-01", commitment="off", units=(30, 20), **rows):
    """`demand` MW by the hour at one bus; units of so many MW at 10 and 30, any at 90."""
    plants = [unit("A", 10, units[0]), unit("A", 30, units[1]), unit("A", 90, 500)]
    rows = dict(bus=buses("A"), unit=plants, load=[load("A", "a")]) | rows
    return replace(power_case(len(demand), minutes, start, {"a": list(demand)}, **rows), commitment=commitment)


def called(**kw):
    return dict(interruptible=[dict(dict(interruptible="i", load="dA", power_max_mw=10.0, cost_cny_per_mwh=50.0), **kw)])


# ------------------------------------------------------------------------------------------------------------ interruptible
def test_N1_interrupted_where_it_is_cheaper_than_energy():
    """40 MW: at 30, not interrupted. 65 MW: 15 lack, 10 are interrupted at 50, 5 come at 90: 300 + 600 + 500 + 450; price 90."""
    d = solve(served((40, 65), **called()))
    assert d.quantities["interruptible_called"].values[0] == pytest.approx([0, 10])
    assert d.solution.objective == pytest.approx(300 + 300 + 300 + 600 + 500 + 450)
    assert price(d).price[0] == pytest.approx([30, 90])
    assert d.costs["interruptible.payment"] == pytest.approx(500)
    items = energy_balance(d).set_index("item")["energy_mwh"]
    assert items["demand_change"] == pytest.approx(10) and items.sum() == pytest.approx(0, abs=1e-9)
    assert certificate(d).passed


@pytest.mark.parametrize(("notice", "hours"), [(0.0, [10, 10, 10]), (1.0, [0, 10, 10]), (1.5, [0, 0, 10])])
def test_N1_notice(notice, hours):
    """What begins within the notice cannot be called any more."""
    d = solve(served((65, 65, 65), **called(notice_h=notice)))
    assert d.quantities["interruptible_called"].values[0] == pytest.approx(hours)
    assert certificate(d).passed


@pytest.mark.parametrize("minutes", [60, 30])
@pytest.mark.parametrize("commitment", ["off", "relaxed", "exact"])
def test_N4_hours_of_a_day(commitment, minutes):
    """One hour a day. Midnight lies after two hours: one of the first two (4 MW lack in hour 1, 8 in hour 2), one of the others.

    Decided: 8 and 7. Without decisions 10 MWh of one day are 4 + 6, of the other 7 + 3.
    """
    made = served((54, 58, 57, 53), minutes, "2024-12-31T22:00", commitment, **called(hours_per_day=1.0))
    d = dispatch(made, search=Search(gap=0.0))
    hourly = d.quantities["interruptible_called"].values[0].reshape(4, -1).mean(axis=1)
    assert hourly.sum() == pytest.approx(15 if commitment == "exact" else 20)
    assert commitment != "exact" or hourly == pytest.approx([0, 8, 7, 0])
    assert certificate(d).passed, certificate(d).failed


def test_N4_hours_of_a_season():
    """Two hours in the wet season, one of them called before: of two wet hours the one that saves more, 8 MW at 40."""
    wet = [dict(season="wet", start_day="06-01", end_day="10-31")]
    rows = called(season="wet", hours_per_season=2.0, called_h=1.0)
    d = dispatch(served((58, 54, 58), start="2025-05-31T23:00", commitment="exact", season=wet, **rows), search=Search(gap=0.0))
    assert d.quantities["interruptible_called"].values[0] == pytest.approx([0, 0, 8])
    assert certificate(d).passed


def test_N3_whole_blocks():
    """6 MW lack, blocks of 5: one at 50 and 1 MW at 90 (340), or two that save 4 MW at 30 too (380): one. 9 lack: 610 or 470: two."""
    d = dispatch(served((56, 59), commitment="exact", **called(block_mw=5.0)), search=Search(gap=0.0))
    assert d.quantities["interruptible_called"].values[0] == pytest.approx([5, 10])
    assert d.solution.objective == pytest.approx(2 * 900 + 340 + 470)
    assert certificate(d).passed


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_N_enumeration(data):
    """Random loads, blocks and hours: the search finds what trying every set of hours and blocks finds."""
    demand = [data.draw(st.integers(35, 75)) for _ in range(4)]
    block, hours = data.draw(st.sampled_from([3.0, 4.0, 5.0])), data.draw(st.sampled_from([1.0, 2.0, 3.0]))
    rate = float(data.draw(st.sampled_from([5, 20, 50, 80])))
    terms = called(block_mw=block, hours_per_day=hours, cost_cny_per_mwh=rate)
    d = dispatch(served(demand, commitment="exact", **terms), search=Search(gap=0.0))
    cost = lambda p: 10 * min(p, 30) + 30 * np.clip(p - 30, 0, 20) + 90 * max(p - 50, 0)  # noqa: E731
    counts = range(int(10 // block) + 1)
    best = min(sum(cost(p - k * block) + rate * k * block for p, k in zip(demand, ks, strict=True))
               for ks in itertools.product(counts, repeat=4) if sum(k > 0 for k in ks) <= hours)  # fmt: skip
    assert d.solution.objective == pytest.approx(best)
    assert certificate(d).passed


# ------------------------------------------------------------------------------------------------------------ shiftable
def test_F5_energy_moves_to_the_cheap_hour():
    """5 MWh moved with 20 % more: from 55 MW (at 90) to 20 MW (at 10): 5 x 90 - 6 x 10 - 5 x 3 saved."""
    moved = [dict(shiftable="s", load="dA", power_less_mw=5.0, power_more_mw=9.0, window_h=2.0, rebound=1.2, cost_cny_per_mwh=3.0)]
    plain, d = solve(served((55, 20))), solve(served((55, 20), shiftable=moved))
    assert plain.solution.objective - d.solution.objective == pytest.approx(450 - 60 - 15)
    assert d.quantities["shiftable_less"].values[0] == pytest.approx([5, 0])
    assert d.quantities["shiftable_more"].values[0] == pytest.approx([0, 6])
    assert certificate(d).passed


@pytest.mark.parametrize("minutes", [60, 15])
def test_F5_not_beyond_its_window(minutes):
    """Windows of two hours from midnight: 55 and 55, then 20 and 20 MW: nothing can be gained; in windows of four 2 x 5 x 80."""
    saved = []
    for hours in (2.0, 4.0):
        moved = [dict(shiftable="s", load="dA", power_less_mw=5.0, power_more_mw=9.0, window_h=hours)]
        d = solve(served((55, 55, 20, 20), minutes, shiftable=moved))
        saved.append(solve(served((55, 55, 20, 20), minutes)).solution.objective - d.solution.objective)
        assert certificate(d).passed
    assert saved == pytest.approx([0, 800])


def test_F6_energy_of_a_window():
    moved = [dict(shiftable="s", load="dA", power_less_mw=5.0, power_more_mw=9.0, window_h=4.0, energy_max_mwh=7.0)]
    d = solve(served((55, 55, 20, 20), shiftable=moved))
    assert d.quantities["shiftable_less"].values.sum() == pytest.approx(7)
    assert certificate(d).passed


# ------------------------------------------------------------------------------------------------------------ data centres
def halls(**kw):
    rows = dict(data_centre="h", load="dA", flexible_fraction=0.1, deferral_h=1.0, power_max_mw=100.0)
    return dict(data_centre=[dict(rows, **kw)])


@pytest.mark.parametrize("minutes", [60, 15])
@pytest.mark.parametrize(("wait", "saved"), [(1.0, 5.5 * 60 + 4 * 20), (2.0, 465 - 165 + 465 - 55 + 4 * 20)])
def test_C6_work_waits_so_long(wait, saved, minutes):
    """55, 55, 40, 20 MW, margins 90, 90, 30, 10; a tenth may wait: 5.5, 5.5, 4 MW.

    An hour: of hours 1 and 2 together 5.5 MWh reach hour 3 (30 instead of 90), 4 of hour 3 reach hour 4 (10 instead of 30). Two hours:
    hour 1's 5.5 (5 at 90, 0.5 at 30) are done in hour 3 at 30, hour 2's and hour 3's in hour 4 at 10.
    """
    plain, d = solve(served((55, 55, 40, 20), minutes)), solve(served((55, 55, 40, 20), minutes, **halls(deferral_h=wait)))
    gain = plain.solution.objective - d.solution.objective
    assert gain == pytest.approx(saved) if minutes == 60 else gain >= saved - 1e-6
    assert d.quantities["data_centre_waiting"].values[0, -1] == pytest.approx(0)
    assert certificate(d).passed, certificate(d).failed


def test_C4_least_and_largest_consumption():
    """Half may wait, but 80 % must be consumed: 11 of 55 MW wait. Of 20 MW 10 may wait, but beside 19 only 3 fit under 22."""
    d = solve(served((55, 18), **halls(flexible_fraction=0.5, least_fraction=0.8, power_max_mw=55.0)))
    assert d.quantities["data_centre_put_off"].values[0] == pytest.approx([11, 0])
    assert d.solution.objective == pytest.approx(300 + 14 * 30 + 29 * 10)
    loads = [load("A", "a"), dict(load("A", "c"), load="h", kind="data_centre")]
    made = served((30, 0), load=loads, **halls(load="h", flexible_fraction=0.5, power_max_mw=22.0))
    made.source.values["c"] = np.array([20.0, 19.0])
    d = solve(made)
    assert d.quantities["data_centre_made_up"].values[0] - d.quantities["data_centre_put_off"].values[0] == pytest.approx([-3, 3])
    assert certificate(d).passed


def test_C6_work_from_before_is_done_within_its_time():
    """4 MWh wait; within one hour they must be done, though later energy is cheaper: all in hour 1."""
    d = solve(served((40, 20), **halls(flexible_fraction=0.0, waiting_mwh=4.0)))
    assert d.quantities["data_centre_made_up"].values[0] == pytest.approx([4, 0])
    d = solve(served((40, 20), **halls(flexible_fraction=0.0, waiting_mwh=4.0, deferral_h=2.0)))
    assert d.quantities["data_centre_made_up"].values[0] == pytest.approx([0, 4])
    assert certificate(d).passed


def test_C6_work_from_before_by_when_it_was_put_off():
    """4 MWh wait, put off two hours ago at 3 MW and an hour ago at 1: within two hours all but 1 must be done in hour 1."""
    past = [dict(data_centre="h", begin_h=h, put_off_mw=p) for h, p in ((2.0, 3.0), (1.0, 1.0))]
    made = served((40, 20), **halls(flexible_fraction=0.0, waiting_mwh=4.0, deferral_h=2.0), data_centre_past=past)
    d = solve(made)
    assert d.quantities["data_centre_made_up"].values[0] == pytest.approx([3, 1])
    assert certificate(d).passed


# ------------------------------------------------------------------------------------------------------------ price response
def test_T1_wet_season_tariff():
    """Tariff 500 lowered to 400 and 300 with elasticity -0.5: 10 % more at each step; 370 of the tariff are not energy: worth 30, -70.

    Night hours of the wet season only. 20 MW at 10: 2 MW more are worth 30, the second step is worth less than nothing.
    """
    wet = [dict(season="wet", start_day="06-01", end_day="10-31")]
    common = dict(load="dA", season="wet", start_hour=23.0, end_hour=7.0)
    steps = [dict(common, price_response=f"k{p}", share=0.5 * 100 / 500, price_cny_per_mwh=p - 370.0) for p in (400, 300)]
    d = solve(served((20, 20, 20), start="2025-05-31T23:00", season=wet, price_response=steps))
    assert d.quantities["price_response_more"].values[0] == pytest.approx([0, 2, 2])
    assert d.quantities["price_response_more"].values[1] == pytest.approx([0, 0, 0])
    assert d.solution.objective == pytest.approx(20 * 10 + 2 * (220 - 60))
    assert certificate(d).passed


@pytest.mark.parametrize(
    ("hours", "share"),
    [((0, 24), [1] * 6), ((22, 2), [0, 1, 1, 1, 1, 0]), ((23.5, 0.5), [0, 0, 0.5, 0.5, 0, 0]), ((1, 22), [1, 0, 0, 0, 1, 1])],
)
def test_hours_of_the_day(hours, share):
    """From 21:00 to 03:00."""
    grid = TimeGrid.regular("2024-12-31T21:00", "2025-01-01T03:00", 60)
    assert hours_share(grid, [hours[0]], [hours[1]])[0] == pytest.approx(share)
    assert hours_share(grid.coarsen(6), [hours[0]], [hours[1]])[0] == pytest.approx(np.mean(share))


# ------------------------------------------------------------------------------------------------------------ together
def test_Z1_no_more_than_the_load():
    """10 MW of load without energy, two contracts of 8 MW: 8 at 40, 2 at 50, nothing to shed."""
    rows = [dict(interruptible=n, load="dA", power_max_mw=8.0, cost_cny_per_mwh=c) for n, c in (("a", 40.0), ("b", 50.0))]
    d = solve(power_case(1, series={"a": [10]}, bus=buses("A"), load=[load("A", "a")], interruptible=rows))
    assert d.quantities["interruptible_called"].values[:, 0] == pytest.approx([8, 2])
    assert d.quantities["demand_change"].values == pytest.approx(-10) and d.quantities["shedding"].values == pytest.approx(0)
    assert certificate(d).passed


def test_a_row_whose_load_is_gone_is_left_out():
    loads = [load("A", "a"), dict(load("A", "a"), load="old", retirement="2020-01-01")]
    made = served((65,), load=loads, **called(load="old")).present()
    assert not len(made.table("interruptible")) and "demand_change" not in solve(made).quantities


def cell(e, table, column, value) -> None:
    frame = e["case"].tables[table].copy()
    frame.loc[frame.index[0], column] = value
    e["case"] = dataclasses.replace(e["case"], tables={**e["case"].tables, table: frame})


@pytest.fixture(scope="module")
def sound():
    return {n: evidence(dispatch(BLOCK_CASES[n].build(), search=Search(gap=0.0))) for n in NAMES}


@pytest.mark.parametrize(
    ("name", "column", "value", "broken"),
    [
        ("interruptible", "power_max_mw", 7.0, {"interruptible.called"}),
        ("interruptible", "block_mw", 5.0, {"interruptible.called"}),
        ("interruptible", "notice_h", 3.5, {"interruptible.called"}),
        ("interruptible", "hours_per_day", 1.0, {"interruptible.hours"}),
        ("interruptible", "cost_cny_per_mwh", 51.0, {"cost"}),
        ("shiftable", "power_less_mw", 5.0, {"shiftable.moved"}),
        ("shiftable", "rebound", 1.2, {"shiftable.window"}),
        ("shiftable", "energy_max_mwh", 1.0, {"shiftable.window"}),
        ("data_centre", "flexible_fraction", 0.3, {"data_centre.put_off"}),
        ("data_centre", "power_max_mw", 20.0, {"data_centre.put_off"}),
        ("data_centre", "waiting_mwh", 2.5, {"data_centre.waiting", "data_centre.deferral"}),
        ("data_centre", "deferral_h", 1.0, {"data_centre.deferral"}),
        ("price_response", "share", 0.1, {"price_response.more"}),
        ("price_response", "end_hour", 1.0, {"price_response.more"}),
        ("price_response", "price_cny_per_mwh", 34.0, {"cost"}),
    ],
)
def test_certificate_finds_exactly_the_fault(sound, name, column, value, broken):
    assert not {c.name for c in certify(**sound[name]).failed}
    given_ = dict(sound[name])
    cell(given_, name, column, value)
    assert {c.name for c in certify(**given_).failed} == broken


@pytest.mark.parametrize("name", NAMES)
def test_certificate_finds_a_wrong_sum(sound, name):
    quantities = dict(sound[name]["quantities"])
    quantities["demand_change"] = quantities["demand_change"] + 0.01
    assert {c.name for c in certify(**(sound[name] | dict(quantities=quantities))).failed} == {"bus.demand_change"}
