"""Steps, calendars, and what share of a step lies between two dates."""

import numpy as np
import pytest

from gridopt.case.series import GivenSeries, resample
from gridopt.case.time import TimeGrid
from tests.support.block_cases import buses
from tests.support.small import case


def days(*texts):
    return np.array(texts, "datetime64[s]")


@pytest.mark.parametrize(("minutes", "count"), [(60, 24), (30, 48), (15, 96), (5, 288), (180, 8)])
def test_regular_grid(minutes, count):
    grid = TimeGrid.regular("2025-03-30", "2025-03-31", minutes)
    assert len(grid) == count and grid.hours.sum() == pytest.approx(24)
    assert grid.end[-1] == np.datetime64("2025-03-31T00:00:00") and (grid.end[:-1] == grid.start[1:]).all()


def test_leap_year_has_8784_hours():
    assert len(TimeGrid.regular("2024-01-01", "2025-01-01")) == 8784
    assert len(TimeGrid.regular("2025-01-01", "2026-01-01")) == 8760


def test_calendar_of_steps():
    grid = TimeGrid.regular("2024-02-28T22:00", "2024-03-01T02:00", 60)
    assert grid.month_day[[0, 1, 2, 25, 26]].tolist() == [228, 228, 229, 229, 301]
    assert np.unique(grid.year).tolist() == [2024]
    assert np.diff(grid.month)[[24, 25]].tolist() == [0, 1]
    turn = TimeGrid.regular("2024-12-31T23:00", "2025-01-01T01:00")
    assert turn.year.tolist() == [2024, 2025] and turn.month_day.tolist() == [1231, 101]


def test_share_between_dates():
    """Steps of 6 h over two days; open ends, a day, noon to the end, empty and reversed spans."""
    grid = TimeGrid.regular("2025-01-01", "2025-01-03", 360)
    begin = days("NaT", "2025-01-02", "2025-01-01T09:00", "2025-01-02", "2025-01-02")
    end = days("NaT", "NaT", "2025-01-01T15:00", "2025-01-02", "2025-01-01")
    share = grid.share_between(begin, end)
    assert share[0].tolist() == [1] * 8
    assert share[1].tolist() == [0] * 4 + [1] * 4
    assert share[2].tolist() == [0, 0.5, 0.5, 0, 0, 0, 0, 0]
    assert share[3:].sum() == 0


def test_share_outside_the_grid():
    grid = TimeGrid.regular("2025-01-01", "2025-01-02")
    assert grid.share_between(days("2030-01-01", "1990-01-01"), days("NaT", "1991-01-01")).sum() == 0
    assert grid.share_between(days("1990-01-01"), days("2030-01-01")).sum() == 24


@pytest.mark.parametrize("minutes", [5, 10, 20])
def test_a_step_that_lies_inside_has_the_share_of_one(minutes):
    """48 steps of 5 minutes make 4.000000000000001 h: a share below 1 would be a change of service, over which no ramp holds."""
    joined = TimeGrid.regular("2025-01-01", "2025-01-11", minutes).coarsen(48)
    assert (joined.share_between(days("NaT", "2024-12-31"), days("NaT", "NaT")) == 1.0).all()


def test_coarsen_and_part_keep_the_hours():
    grid = TimeGrid.regular("2025-01-01", "2025-01-01T07:00")
    coarse = grid.coarsen(3)
    assert coarse.hours.tolist() == [3, 3, 1] and coarse.start.tolist() == grid.start[::3].tolist()
    assert grid.part(2, 5).hours.sum() == 3 and (coarse.end == [grid.end[2], grid.end[5], grid.end[6]]).all()


def test_series_on_finer_and_coarser_steps():
    """1, 2, 4 by hour: halves repeat; 90 min steps average: (1 + 1) + ... = (1*1 + 2*0.5)/1.5 and (2*0.5 + 4*1)/1.5."""
    hourly = TimeGrid.regular("2025-01-01", "2025-01-01T03:00")
    values = np.array([[1.0, 2.0, 4.0]])
    assert resample(values, hourly, TimeGrid.regular("2025-01-01", "2025-01-01T03:00", 30))[0].tolist() == [1, 1, 2, 2, 4, 4]
    assert resample(values, hourly, TimeGrid.regular("2025-01-01", "2025-01-01T03:00", 90))[0] == pytest.approx([4 / 3, 10 / 3])
    part = TimeGrid.regular("2025-01-01T01:00", "2025-01-01T02:00", 15)
    assert resample(values, hourly, part)[0] == pytest.approx([2] * 4)
    assert GivenSeries(hourly, {"a": [1, 2, 4]}).on_grid([], part.start, part.hours).shape == (0, 4)


@pytest.mark.parametrize("minutes", [5, 10, 20, 45, 420])
def test_a_value_that_stays_is_kept_bit_by_bit(minutes):
    """A status of 1 must stay 1 and 0.7 must stay 0.7 on steps of any length, short or long; 1 h of 2 in a step of 7 h is a mean of 8/7."""
    hourly, fine = (TimeGrid.regular("2025-01-01", "2025-01-08", m) for m in (60, 5))
    steps = TimeGrid.regular("2025-01-02", "2025-01-07T20:00", minutes).part(3, 17)
    for value in (1.0, 0.7, 0.1, 1e6 / 3):
        for source in (hourly, fine):
            assert (resample(np.full((1, len(source)), value), source, steps) == value).all()
    one = np.where(np.arange(168) == 30, 2.0, 1.0)[None, :]
    assert resample(one, hourly, TimeGrid.regular("2025-01-02", "2025-01-02T07:00", 420))[0] == pytest.approx([8 / 7], rel=1e-15)


def test_seasons_that_wrap_the_year_and_29_february():
    season = [dict(season="winter", start_day="11-01", end_day="03-31"), dict(season="leap", start_day="02-29", end_day="02-29")]
    c = case(24 * 366, start="2024-01-01", bus=buses("A"), season=season)
    inside = c.in_season(["winter", "leap", ""]).sum(axis=1) / 24
    assert inside.tolist() == [31 + 29 + 31 + 30 + 31, 1, 0]


def test_of_year_and_positions():
    c = case(2, start="2024-12-31T23:00", bus=buses("A", "B", "C"), year=[dict(year=2025, load_scale=1.5)])
    assert c.of_year("load_scale", 9.0).tolist() == [9.0, 1.5]
    assert c.position("bus", ["C", "A", "C"]).tolist() == [2, 0, 2]


def test_present_leaves_out_what_is_never_there():
    """A line retired in 2024, a member of a section and a contract of a link that come in 2030 are gone; the rest stays."""
    line = dict(from_bus="A", to_bus="B", length_km=1.0, reactance_ohm_per_km=0.3)
    c = case(2, bus=buses("A", "B"), line=[dict(line, line="now"), dict(line, line="old", retirement="2024-01-01")],
             interface=[dict(interface="S")],
             interface_member=[dict(interface="S", kind="line", element="now"), dict(interface="S", kind="line", element="old")],
             dc_link=[dict(dc_link="L", from_bus="A", to_bus="B", power_max_mw=1.0, in_service="2030-01-01")],
             dc_contract=[dict(contract="c", dc_link="L", start_date="2030-01-01", end_date="2030-12-31")],
             renewable=[dict(renewable="w", bus="A", technology="wind", power_max_mw=1.0)],
             dc_bundle=[dict(plant="w", dc_link="L")])  # fmt: skip
    here = c.present()
    assert here.table("line").index.tolist() == ["now"] and here.table("interface_member")["element"].tolist() == ["now"]
    assert [len(here.table(t)) for t in ("dc_link", "dc_contract", "dc_bundle", "renewable")] == [0, 0, 0, 1]
    assert len(c.table("line")) == 2


def test_hours_of_steps_by_calendar_day():
    """Steps of 3, 2 and 30 h from 22:00: 2 + 1 h, 2 h, then 21 of the same day and 9 of the next."""
    grid = TimeGrid(np.array(["2025-01-01T22:00", "2025-01-02T01:00", "2025-01-02T03:00"], "datetime64[s]"), np.array([3.0, 2.0, 30.0]))
    days, hours = grid.by_day()
    assert days.tolist() == np.arange("2025-01-01", "2025-01-04", dtype="datetime64[D]").tolist()
    assert hours.toarray().tolist() == [[2.0, 0.0, 0.0], [1.0, 2.0, 21.0], [0.0, 0.0, 9.0]]
