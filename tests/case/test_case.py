"""What a case makes of dates and outages: shares of steps in service, and who is left out."""

import numpy as np
import pytest

from tests.support.block_cases import buses, line, load, power_case, unit
from tests.support.certify import certificate
from tests.support.optimum import solve


def out(kind, element, start, end):
    return dict(kind=kind, element=element, start_time=f"2025-01-01 {start}", end_time=f"2025-01-01 {end}")


def four_hours(minutes=60, outage=(), **unit_dates):
    return power_case(4, minutes, bus=buses("A"), unit=[unit("A", 10, 5, **unit_dates), unit("A", 30, 5)], outage=list(outage))


def test_outage_takes_its_share_of_each_step():
    """From 00:30 to 02:15: half of the first hour, all of the second, a quarter of the third."""
    case = four_hours(outage=[out("unit", "A10", "00:30", "02:15")])
    assert case.in_service("unit").tolist() == [[0.5, 0, 0.75, 1], [1, 1, 1, 1]]
    assert (case.commissioned("unit") == 1).all()


@pytest.mark.parametrize("minutes", [60, 30, 15, 5])
def test_hours_in_service_at_any_step(minutes):
    case = four_hours(minutes, [out("unit", "A10", "00:25", "02:15"), out("unit", "A10", "03:50", "04:00")])
    assert (case.in_service("unit") * case.time.hours).sum(axis=1) == pytest.approx([4 - 110 / 60 - 10 / 60, 4])


@pytest.mark.parametrize("reverse", [False, True])
def test_overlapping_outages_count_once(reverse):
    """00:00-02:00, inside it 00:15-00:30, over its end 01:30-02:30 and 01:45-02:30, and apart 03:00-03:30."""
    times = [("00:00", "02:00"), ("00:15", "00:30"), ("01:30", "02:30"), ("01:45", "02:30"), ("03:00", "03:30")]
    case = four_hours(outage=[out("unit", "A10", *t) for t in (times[::-1] if reverse else times)])
    assert case.in_service("unit")[0].tolist() == [0, 0, 0.5, 0.5]


def test_outages_that_meet_leave_nothing():
    """Thirds of an hour: what is left of it is zero, not a rounding of it."""
    case = four_hours(outage=[out("unit", "A10", f"00:{m:02d}", f"00:{m + 20}" if m < 40 else "01:00") for m in (0, 20, 40)])
    assert case.in_service("unit")[0].tolist() == [0, 1, 1, 1]


def test_outage_outside_the_dates_or_the_period_takes_nothing_more():
    """The unit retires at midnight, in the middle of four hours; out from an hour before it until long after, and long before."""
    outage = [dict(kind="unit", element="A10", start_time=a, end_time=b)
              for a, b in (("2024-12-31 23:30", "2025-01-01 01:00"), ("2024-01-01", "2024-12-31 22:00"))]  # fmt: skip
    rows = dict(bus=buses("A"), unit=[unit("A", 10, 5, retirement="2025-01-01")], outage=outage)
    assert power_case(4, start="2024-12-31T22:00", **rows).in_service("unit").tolist() == [[1, 0.5, 0, 0]]
    assert power_case(4, 120, start="2024-12-31T23:00", **rows).in_service("unit").tolist() == [[0.25, 0]]


def test_outage_of_another_kind_of_the_same_name():
    rows = dict(renewable=[dict(renewable="A10", bus="A", technology="wind", power_max_mw=1.0)])
    case = power_case(1, bus=buses("A"), unit=[unit("A", 10, 5)], outage=[out("renewable", "A10", "00:00", "01:00")], **rows)
    assert case.in_service("unit").tolist() == [[1]] and case.in_service("renewable").tolist() == [[0]]


def test_present_leaves_out_what_is_never_there_and_the_facts_about_it():
    """Line BC comes next year, generator late too, unit A10 is out all the time: gone with their rows; A30 is out for an hour only."""
    later = dict(in_service="2026-01-01")
    case = power_case(
        2,
        bus=buses("A", "B", "C"),
        line=[line("A", "B"), line("B", "C", **later)],
        ac_branch=[dict(ac_branch="K", from_bus="A", to_bus="C", reactance_pu=0.1),
                   dict(ac_branch="L", from_bus="A", to_bus="C", reactance_pu=0.1, **later)],
        unit=[unit("A", 10, 5), unit("A", 30, 5)],
        generator=[dict(generator="g", bus="A", power_max_mw=5.0), dict(generator="late", bus="A", power_max_mw=5.0, **later)],
        cost_point=[dict(generator=g, power_mw=x, cost_cny_per_h=x) for g in ("g", "late") for x in (0.0, 1.0)],
        outage=[out("unit", "A10", "00:00", "12:00"), out("unit", "A30", "00:00", "01:00"), out("line", "BC", "00:00", "01:00")],
        contingency=[dict(contingency="N1", kind="line", element="AB"), dict(contingency="N1", kind="line", element="BC"),
                     dict(contingency="N2", kind="generator", element="late")],
        interface=[dict(interface="S")],
        interface_member=[dict(interface="S", kind="ac_branch", element=e) for e in "KL"],
    )  # fmt: skip
    here = case.present()
    assert [list(here.table(t).index) for t in ("line", "ac_branch", "unit", "generator")] == [["AB"], ["K"], ["A30"], ["g"]]
    assert list(here.table("cost_point")["generator"]) == ["g", "g"]
    assert list(here.table("outage")["element"]) == ["A30"]
    assert list(here.table("contingency")["element"]) == ["AB"]
    assert list(here.table("interface_member")["element"]) == ["K"]
    assert np.array_equal(here.in_service("unit"), case.in_service("unit")[1:])


@pytest.mark.parametrize("minutes", [60, 30])
def test_units_in_outage_give_nothing(minutes):
    """10 MW; the unit at 10 CNY/MWh is out for half of the second of two hours, replaced at 90: 100 + 50 + 450 = 600."""
    rows = dict(bus=buses("A"), unit=[unit("A", 10, 10), unit("A", 90, 20)], load=[load("A", mean=10.0)])
    d = solve(power_case(2, minutes, outage=[out("unit", "A10", "01:00", "01:30")], **rows))
    assert d.solution.objective == pytest.approx(600)
    assert certificate(d).passed
