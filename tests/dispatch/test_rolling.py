"""Rolling horizon: windows that see the end decide as one solve does, what is handed on is complete, a stopped run goes on unnoticed."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from gridopt.case.check import CaseError
from gridopt.case.time import TimeGrid
from gridopt.dispatch.attempts import Search
from gridopt.dispatch.certificate import certify
from gridopt.dispatch.rolling import Rule, _figures, roll
from gridopt.dispatch.single import dispatch
from gridopt.dispatch.window import Window, cut
from gridopt.program.solution import Infeasible, LimitReached
from tests.support.block_cases import BLOCK_CASES, buses, line, load, power_case, unit
from tests.support.certified_case import build
from tests.support.certify import evidence

SURE = Search(gap=0.0)


def switched(minutes=60):
    """The case of block commitment with a row for each unit, and a status before the first step for each."""
    given = BLOCK_CASES["commitment"]
    rows = dict(given.rows)
    rows["commitment"] = [{"initial_h": -9.0} | r | {"count": 1} for r in rows["commitment"]]
    return replace(given, rows=rows).build(minutes)


class Memory(dict):
    """A store that keeps arrays, and fails when it should save `last` more."""

    def __init__(self, last=10**9):
        super().__init__()
        self.left = last

    def load(self, name):
        return self.get(name)

    def save(self, name, arrays):
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1
        self[name] = {k: np.array(v) for k, v in arrays.items()}


def test_W1_W2_windows_keep_every_step_once():
    time = build(60).time
    assert cut(time, 3, 2) == [Window(0, 3, 5), Window(3, 6, 8), Window(6, 8, 8)]
    assert cut(time, 100, 0) == [Window(0, 8, 8)]
    with pytest.raises(CaseError, match=r"rolling.window_h.*1.5 h does not end with a step"):
        cut(time, 1.5, 0)


def test_W3_steps_ahead_are_joined_and_kept_ones_are_not():
    """Eight hours in half hours, two kept, then five in steps of up to 2 h: 2, 2 and 1."""
    time = build(30).time
    window = cut(time, 2, 5)[0]
    assert window == Window(0, 4, 14)
    assert window.steps(time, 2.0).hours.tolist() == [0.5] * 4 + [2.0, 2.0, 1.0]
    assert window.steps(time, 0.0).hours.tolist() == [0.5] * 14
    assert (window.steps(time, 2.0).end[:-1] == window.steps(time, 2.0).start[1:]).all()
    assert cut(time, 8, 5)[0].steps(time, 2.0).hours.tolist() == [0.5] * 16


@pytest.mark.parametrize(("longest", "ahead"), [(3.0, [3.0] * 8 + [6.0] * 4), (5.0, [5.0] * 4 + [4.0, 10.0, 10.0, 4.0]), (30.0, [24.0, 24.0])])
def test_W3_steps_after_a_day_are_twice_as_long(longest, ahead):
    time = TimeGrid.regular("2025-01-01", "2025-01-05")
    assert cut(time, 24, 48)[0].steps(time, longest).hours.tolist() == [1.0] * 24 + ahead


def test_W3_a_look_ahead_in_longer_steps_keeps_every_rule():
    case = switched(30)
    one, rolled = dispatch(case, search=SURE), roll(case, Rule(2.0, 6.0, SURE, look_ahead_step_h=1.5))
    assert rolled.solution.objective >= one.solution.objective - 1e-6 * abs(one.solution.objective)
    assert not certify(**evidence(rolled)).failed


@pytest.mark.parametrize("minutes", [60, 15])
@pytest.mark.parametrize("window_h", [1.0, 3.0, 4.0])
@pytest.mark.parametrize("make", [build, switched])
def test_windows_that_see_the_end_decide_as_one_solve_does(make, minutes, window_h):
    """Every kind of element hands its state on: with everything in sight the cost is that of one solve, and the certificate of the
    whole, which knows no windows, passes."""
    case = make(minutes)
    one = dispatch(case, search=SURE)
    rolled = roll(case, Rule(window_h, 8.0, SURE))
    assert rolled.solution.objective == pytest.approx(one.solution.objective, rel=1e-9)
    assert not certify(**evidence(rolled)).failed
    assert rolled.audit["seams"]["lost_cny"].to_numpy() == pytest.approx(0.0, abs=1e-3)
    assert np.diff(rolled.audit["windows"]["seen_h"]).max() <= 0


@pytest.mark.parametrize(("window_h", "ahead_h"), [(1.0, 1.0), (2.0, 2.0), (4.0, 0.0), (1.0, 5.0)])
@pytest.mark.parametrize("make", [build, switched])
def test_short_windows_cost_more_and_keep_every_rule(make, window_h, ahead_h):
    case = make(60)
    if make is switched and window_h + ahead_h < 3.0:
        pytest.skip("shorter than a minimum time")
    one, rolled = dispatch(case, search=SURE), roll(case, Rule(window_h, ahead_h, SURE))
    assert rolled.solution.objective >= one.solution.objective - 1e-6 * abs(one.solution.objective)
    assert not certify(**evidence(rolled)).failed


def test_T1_a_seam_costs_what_the_window_before_did_not_see():
    """50 MW at 10, 200 MW at 90, and 40 MW at 20 that cost 1500 to start. Loads 60, 60, 70, an hour kept, an hour ahead.

    Hours 0 and 1: a start would save 2*10*70 = 1400, so hour 0 costs 500 + 900 and hour 1 is planned so. Hours 1 and 2: 700 + 20*70 =
    2100 are saved, so hour 1 costs 500 + 200 + 1500 = 2200, 800 more than planned; hour 2 costs 500 + 400, as planned.
    """
    case = power_case(
        3, series={"d": [60, 60, 70]}, bus=buses("A"), load=[load("A", "d")],
        generator=[dict(generator=n, bus="A", power_max_mw=p, cost_cny_per_mwh=c)
                   for n, p, c in (("base", 50.0, 10.0), ("mid", 40.0, 20.0), ("peak", 200.0, 90.0))],
        commitment=[dict(kind="generator", element="mid", initial_h=-9.0, start_cny=1500.0)],
    )  # fmt: skip
    rolled = roll(replace(case, commitment="exact"), Rule(1.0, 1.0, SURE))
    assert rolled.audit["seams"]["planned_cny"].to_numpy() == pytest.approx([1400, 900])
    assert rolled.audit["seams"]["lost_cny"].to_numpy() == pytest.approx([800, 0], abs=1e-6)
    assert rolled.solution.objective == pytest.approx(1400 + 2200 + 900)


def test_a_minimum_time_that_runs_at_a_seam_ends_with_an_outage_that_the_window_before_did_not_see():
    """Six hours on at least, 1000 an hour besides 10 CNY/MWh; others cost 100. On in hours 2 to 5 with 45 MW, out of service in hour 6;
    11 MW after it save 990: it stays off. Three hours kept, three ahead: 4 x 1450 + 3 x 1100, as one solve does."""
    out = [dict(kind="generator", element="g", start_time="2025-01-01 06:00", end_time="2025-01-01 07:00")]
    case = power_case(
        9, series={"d": [0, 0, 45, 45, 45, 45, 11, 11, 11]}, bus=buses("A", surplus_allowed=False), load=[load("A", "d")], outage=out,
        generator=[dict(generator="g", bus="A", power_min_mw=10.0, power_max_mw=50.0, cost_cny_per_mwh=10.0, cost_cny_per_h=1000.0),
                   dict(generator="last", bus="A", power_max_mw=200.0, cost_cny_per_mwh=100.0)],
        commitment=[dict(kind="generator", element="g", initial_h=-9.0, min_up_h=6.0)],
    )  # fmt: skip
    rolled = roll(replace(case, commitment="exact"), Rule(3.0, 3.0, SURE))
    assert rolled.quantities["generator_on"].values[0].tolist() == [0, 0, 1, 1, 1, 1, 0, 0, 0]
    assert rolled.solution.objective == pytest.approx(4 * 1450 + 3 * 1100)
    assert not certify(**evidence(rolled)).failed


@pytest.mark.parametrize(("rules", "after"), [({}, [10, 10, 10]), (dict(power_min_mw=3.0, initial_h=5.0, initial_mw=10.0), [3, 4, 5])])
def test_an_outage_of_a_power_block_that_ends_at_a_seam(rules, after):
    """1 MW an hour, out of service in hour 2, three hours kept: a block that is not switched is back with 10 MW, one that is starts with
    its least output, as in one solve. What it gives saves 90 a MWh beside 30 MW at 10."""
    out = [dict(kind="csp", element="t", start_time="2025-01-01 02:00", end_time="2025-01-01 03:00")]
    tower = dict(csp="t", bus="A", power_max_mw=10.0, efficiency=0.4, field_heat_max_mw=60.0, store_heat_max_mwh=0.0, profile="sun",
                 ramp_fraction_per_min=1 / 600)  # fmt: skip
    rows = dict(bus=buses("A"), unit=[unit("A", 10, 30), unit("A", 90, 100)], load=[load("A", mean=60.0)], outage=out)
    case = replace(power_case(6, series={"sun": [1.0] * 6}, csp=[tower | rules], **rows), commitment="exact")
    for found in (dispatch(case, search=SURE), roll(case, Rule(3.0, 3.0, SURE))):
        assert found.quantities["csp_output"].values[0] == pytest.approx([10, 10, 0, *after])
        assert found.solution.objective == pytest.approx(6 * 3000 - 90 * (20 + sum(after)))
        assert not certify(**evidence(found)).failed


def test_J4_segments_that_a_window_does_not_need_are_those_of_the_horizon():
    """100 MW on, 20 an hour up to 50 MW, 30 above, and 60 MW at least in the second hour, whose window so has one segment.

    Loads 70 and 80: 50*20 + 20*30 and 50*20 + 30*30.
    """
    case = power_case(
        2, series={"d": [70, 80], "least": [0.2, 0.6]}, bus=buses("A"), load=[load("A", "d")],
        generator=[dict(generator="g", bus="A", power_max_mw=100.0, power_min_mw=100.0, min_profile="least")],
        cost_point=[dict(generator="g", power_mw=x, cost_cny_per_h=y) for x, y in ((0.0, 0.0), (50.0, 1000.0), (100.0, 2500.0))],
        commitment=[dict(kind="generator", element="g", initial_h=9.0)],
    )  # fmt: skip
    rolled = roll(replace(case, commitment="exact"), Rule(1.0, 0.0, SURE))
    assert rolled.solution.objective == pytest.approx(1600 + 1900)
    assert rolled.values["commitment.segment"] == pytest.approx(np.array([[30, 0], [20, 20]]))  # above the least output
    assert not certify(**evidence(rolled)).failed


@pytest.mark.parametrize("minutes", [60, 30])
def test_alike_stores_share_what_they_hold_with_one_that_joins_at_a_seam(minutes):
    """Two alike stores of 100 MWh with half of it, the second from the second day on: upward reserve for an hour, 20
    MW at most by each, is 15 and then 30 MW, given by both, as one solve does; the certificate knows it."""
    store = dict(bus="A", power_max_mw=40.0, energy_max_mwh=100.0, energy_start_fraction=0.5)
    case = power_case(
        48, minutes, series={"d": [50] * 48, "r": [15] * 24 + [30] * 24}, bus=buses("A"), load=[load("A", "d")],
        generator=[dict(generator="g", bus="A", power_max_mw=90.0, cost_cny_per_mwh=10.0)],
        storage=[dict(storage="old", **store), dict(storage="new", in_service="2025-01-02", **store)],
        reserve=[dict(reserve="r", product="spinning_up", profile="r", duration_h=1.0)],
        reserve_offer=[dict(reserve="r", kind="storage", element=n, award_max_mw=20.0) for n in ("old", "new")],
    )  # fmt: skip
    case = replace(case, commitment="exact")
    one, rolled = dispatch(case, search=SURE), roll(case, Rule(24.0, 24.0, SURE))
    assert rolled.solution.objective == pytest.approx(one.solution.objective, abs=1e-6)
    assert not certify(**evidence(one)).failed and not certify(**evidence(rolled)).failed


def test_T2_the_gross_gap_is_of_what_was_spent():
    """100 MW at 10 for 1000, of which 90 MW are sold at 11: cost 1000 - 990 = 10. A bound of 5 misses half of the cost, 0.5 % of 1000."""
    form = SimpleNamespace(cost=np.array([10.0, -11.0]), square=np.zeros(2), offset=0.0)
    x, figures = np.array([100.0, 90.0]), dict(objective=10.0, bound=10.0, least_cost=5.0, gap=0.5, rounds=1, finished=True)
    solution = SimpleNamespace(form=form, x=x, **figures)
    figures = _figures(solution, 1.0)
    assert (figures["gap"], figures["gross_gap"], figures["price_gap"]) == (0.5, 0.005, 0.0)


def test_J3_the_gap_of_the_whole_adds_money():
    """Windows of 1 of 3 hours seen that may miss as they please: each counts by a third, the last by a half and as a whole."""
    rolled = roll(switched(), Rule(1.0, 2.0, Search(gap=0.0, money=1e9)))
    table, solution = rolled.audit["windows"], rolled.solution
    missed = (table["cost_cny"] - table["bound_cny"]).to_numpy()
    assert missed.max() > 0 and table["finished"].all() and solution.finished
    share = np.append(np.full(len(table) - 2, 1 / 3), [1 / 2, 1.0])
    assert solution.objective - solution.proven == pytest.approx(float(missed @ share))


def test_G1_full_lines_are_handed_on_and_change_no_cost(monkeypatch):
    """50 MW at 10 and 30 MW that cost 90 and 500 to start, loads 40, 45, 60 behind a line of 40 MW; an hour kept, an hour ahead."""
    case = power_case(
        3, series={"d": [40, 45, 60]}, bus=buses("A", "B"), load=[load("B", "d")], line=[line("A", "B", 40.0)],
        generator=[dict(generator=n, bus=at, power_max_mw=p, cost_cny_per_mwh=c)
                   for n, at, p, c in (("base", "A", 70.0, 10.0), ("dear", "B", 30.0, 90.0))],
        commitment=[dict(kind="generator", element="dear", initial_h=-9.0, start_cny=500.0)],
    )  # fmt: skip
    store = Memory()
    rolled = roll(replace(case, commitment="exact"), Rule(1.0, 1.0, SURE), store)
    lines = [{n: v.tolist() for n, v in store[w].items() if n.startswith("lines/")} for w in sorted(store) if w.startswith("window")]
    assert lines == [{"lines/network.limit": [[0], [1]]}, {"lines/network.limit": [[0, 0], [0, 1]]}, {"lines/network.limit": [[0], [0]]}]
    monkeypatch.setattr("gridopt.dispatch.rolling.tight", lambda solution: {})
    plain = roll(replace(case, commitment="exact"), Rule(1.0, 1.0, SURE))
    assert plain.solution.objective == pytest.approx(rolled.solution.objective, rel=1e-9)


def test_a_window_without_a_schedule_when_its_time_is_up_keeps_a_rough_one():
    """No time at all: one solve finds nothing; a window goes on to a schedule within 5 %, and tells that it has missed the gap."""
    none = Search(0.0, 0.0)
    with pytest.raises(LimitReached, match="before any feasible schedule"):
        dispatch(switched(), search=none)
    best, rolled = dispatch(switched(), search=SURE).solution.objective, roll(switched(), Rule(24.0, 0.0, none))
    assert best - 1e-6 <= rolled.solution.objective <= best * 1.05 + 1e-6
    assert rolled.solution.finished == (rolled.solution.gap <= 1e-9)
    assert not certify(**evidence(rolled)).failed


def test_T1_planned_costs_of_longer_steps_count_by_the_hour():
    """50 MW at 10, 200 MW at 90, loads 60, 60, 70, 70; an hour kept, three ahead as one step of 3 h, whose mean load is 66.67 MW.

    First window: hours 1 to 3 cost 3 * (500 + 90*16.67) = 6000, a third of which is hour 1: 2000 planned, 500 + 900 decided: -600.
    Second: hours 2 and 3 as one step of 70 MW: 2 * 2300, half of it hour 2: nothing lost; the third as well.
    """
    case = power_case(
        4, series={"d": [60, 60, 70, 70]}, bus=buses("A"), load=[load("A", "d")],
        generator=[dict(generator=n, bus="A", power_max_mw=p, cost_cny_per_mwh=c) for n, p, c in (("base", 50.0, 10.0), ("peak", 200.0, 90.0))],
    )  # fmt: skip
    rolled = roll(case, Rule(1.0, 3.0, SURE, look_ahead_step_h=3.0))
    assert rolled.audit["seams"]["lost_cny"].to_numpy() == pytest.approx([-600.0, 0.0, 0.0], abs=1e-6)
    assert rolled.solution.objective == pytest.approx(1400 + 1400 + 2300 + 2300)


def test_the_guide_keeps_a_store_for_what_no_window_sees():
    """50 MW at 10, 50 MW at 90; a store of 20 MWh, empty. Loads 40, 40, 80, an hour kept, none ahead.

    The guide charges 10 in both hours and gives 20 in the last: 500 + 500 + 500 + 10*90 = 2400; so do the windows.
    """
    case = power_case(
        3, series={"d": [40, 40, 80]}, bus=buses("A"), unit=[unit("A", 10, 50), unit("A", 90, 50)], load=[load("A", "d")],
        storage=[dict(storage="s", bus="A", power_max_mw=20.0, energy_max_mwh=20.0, energy_end_fraction=0.0)],
    )  # fmt: skip
    assert roll(case, Rule(1.0, 0.0)).solution.objective == pytest.approx(2400)


def seasonal():
    return replace(called([15, 15, 15, 15], 0.0, hours_per_season=2.0), commitment="exact")


def rows_of_several():
    case = switched()
    table = case.table("commitment")
    return replace(case, tables={**case.tables, "commitment": table.assign(
        count=np.where(table["element"] == "twins", 2.0, table["count"]), max_starts_per_week=np.nan).astype(table.dtypes)})  # fmt: skip


@pytest.mark.parametrize("make", [switched, rows_of_several, seasonal, BLOCK_CASES["pump"].build, BLOCK_CASES["data_centre"].build])
def test_a_stopped_run_goes_on_as_if_it_had_not_stopped(make):
    rule = Rule(1.0, 4.0, SURE)
    whole, stopped = roll(make(), rule), Memory(last=3)
    with pytest.raises(KeyboardInterrupt):
        roll(make(), rule, stopped)
    stopped.left = 10**9
    again = roll(make(), rule, stopped)
    for name in ("x", "y"):
        assert (getattr(again.solution, name) == getattr(whole.solution, name)).all()
    assert (again.reduced == whole.reduced).all()
    assert again.audit["seams"].equals(whole.audit["seams"])


def test_a_window_without_dispatch_is_named():
    """40 MW, all or nothing, and 20 MW that ramp up 5 MW an hour; loads 10, 10, 30 that may not be shed, no surplus.

    In hour 2 the large one gives too much and the small one, at 10 before, no more than 15. The guide may switch a part.
    """
    case = power_case(
        3, series={"d": [10, 10, 30]}, bus=buses("A", surplus_allowed=False), load=[load("A", "d", sheddable=False)],
        generator=[dict(generator="big", bus="A", power_min_mw=40.0, power_max_mw=40.0),
                   dict(generator="small", bus="A", power_max_mw=20.0, ramp_fraction_per_min=5.0 / 1200)],
        commitment=[dict(kind="generator", element="big", initial_h=-9.0)],
    )  # fmt: skip
    store = Memory()
    with pytest.raises(Infeasible, match=r"window 2025-01-01 02:00 to 2025-01-01 03:00:"):
        roll(replace(case, commitment="exact"), Rule(1.0, 0.0, SURE), store)
    assert {"window-00000", "window-00001"} <= set(store)


@pytest.mark.parametrize("mode, words", [("exact", "relaxed"), ("off", "left out")])
def test_a_guide_without_dispatch_says_what_it_does_with_decisions(mode, words):
    """100 MW that may not be shed, 50 to be had. The reasons are those of the linear program that has none: relaxed, units have minimum
    times to be lifted; left out, there are none."""
    case = power_case(
        2, series={"d": [100, 100]}, bus=buses("A", surplus_allowed=False), load=[load("A", "d", sheddable=False)],
        generator=[dict(generator="g", bus="A", power_max_mw=50.0)], commitment=[dict(kind="generator", element="g", initial_h=-9.0)],
    )  # fmt: skip
    with pytest.raises(Infeasible, match=f"whole horizon as a linear program, decisions {words}:") as found:
        roll(replace(case, commitment=mode), Rule(1.0, 0.0, SURE))
    assert ("minimum times" in str(found.value)) == (mode == "exact")
    assert "100.0 MW" in str(found.value) or "50.0 MW are not served" in str(found.value)


def test_a_window_shorter_than_a_minimum_time_is_refused_by_name():
    with pytest.raises(CaseError, match=r"windows see 2 h .* shorter than the minimum time of unit 'A10', 3 h, and of 1 more"):
        roll(switched(), Rule(1.0, 1.0))


def test_what_cannot_be_said_of_single_units_is_refused_by_name():
    with pytest.raises(CaseError, match=r"generator 'twins': count is 2, and what max_starts_per_week says of the row cannot be said"):
        roll(BLOCK_CASES["commitment"].build(), Rule(1.0, 4.0))


@pytest.mark.parametrize("window_h", [1.0, 3.0])
def test_units_of_a_row_hand_on_a_status_each(window_h):
    """Three alike units of 4 to 9 MW, a start cost and two hours on at least beside a dear one: with everything in sight the cost is that of
    one solve of the row, and each unit has a row in what is found."""
    case = power_case(
        6, series={"d": [6, 17, 26, 12, 5, 20], "n": [2, 3, 1, 4, 3, 2]}, bus=buses("A"), load=[load("A", "d")],
        generator=[dict(generator="g", bus="A", power_min_mw=4.0, power_max_mw=9.0, cost_cny_per_h=11.0, cost_cny_per_mwh=20.0),
                   dict(generator="h", bus="A", power_max_mw=50.0, cost_cny_per_mwh=60.0)],
        commitment=[dict(kind="generator", element="g", count=3, min_up_h=2.0, min_down_h=1.0, initial_h=-9.0, max_changes_per_day=5,
                         initial_changes=1)],
        start_cost=[dict(kind="generator", element="g", offline_h=x, cost_cny=y) for x, y in ((1.0, 30.0), (3.0, 90.0))],
        reserve=[dict(reserve="up", product="non_spinning", profile="n")],
        reserve_offer=[dict(reserve="up", kind="generator", element="g", award_max_mw=1.5, offline_max_mw=1.0, cost_cny_per_mwh=2.0),
                       dict(reserve="up", kind="generator", element="h", cost_cny_per_mwh=9.0)],
        outage=[dict(kind="generator", element="g", start_time="2025-01-01 04:00", end_time="2025-01-01 05:00")],
    )  # fmt: skip
    case = replace(case, commitment="exact")
    one, rolled = dispatch(case, search=SURE), roll(case, Rule(window_h, 24.0, SURE))
    assert rolled.solution.objective == pytest.approx(one.solution.objective, rel=1e-9)
    assert rolled.case.table("generator").index.tolist() == ["g 1", "g 2", "g 3", "h"]
    on = rolled.quantities["generator_on"].values
    assert on[:3].sum(axis=0) == pytest.approx(one.quantities["generator_on"].values[0])
    assert not certify(**evidence(rolled)).failed


def test_tables_of_which_windows_hand_on_nothing_are_refused_by_name():
    with pytest.raises(CaseError, match="table fuel_budget: has rows whose state windows do not hand on"):
        roll(BLOCK_CASES["fuel"].build(), Rule(2.0, 1.0))


@pytest.mark.parametrize(("window_h", "ahead_h"), [(1.0, 8.0), (2.0, 8.0), (2.0, 2.0)])
def test_work_that_waits_is_handed_on(window_h, ahead_h):
    """How much waits and when it was put off: with everything in sight the cost is that of one solve; no work waits too long otherwise."""
    case = BLOCK_CASES["data_centre"].build()
    one, rolled = dispatch(case, search=SURE), roll(case, Rule(window_h, ahead_h, SURE))
    assert not certify(**evidence(rolled)).failed
    if ahead_h == 8.0:
        assert rolled.solution.objective == pytest.approx(one.solution.objective, rel=1e-9)
    else:
        assert rolled.solution.objective >= one.solution.objective - 1e-6


@pytest.mark.parametrize("window_h", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("name", ["pumped", "power_block", "head", "hydro_budget", "pump"])
def test_stores_that_decide_hand_on_what_they_did(name, window_h):
    """Levels, modes and the time since, status of power blocks: with everything in sight the cost is that of one solve."""
    case = replace(BLOCK_CASES[name].build(), commitment="exact")
    if name == "pumped":
        case = replace(case, tables={**case.tables, "pumped": case.table("pumped").assign(mode_change_h=1.0)})
    one, rolled = dispatch(case, search=SURE), roll(case, Rule(window_h, 8.0, SURE))
    assert rolled.solution.objective == pytest.approx(one.solution.objective, rel=1e-9)
    assert not certify(**evidence(rolled)).failed


def burning(**rows):
    """Four hours of 60 MW: A10 at 1 tce/MWh and 10 CNY, 2.5 t of CO2 a MWh, and the next at 90 without any."""
    fuel = [dict(fuel="c10", price_cny_per_tce=10.0, co2_t_per_tce=2.5), dict(fuel="c90", price_cny_per_tce=90.0, co2_t_per_tce=0.0)]
    return power_case(4, bus=buses("A"), fuel=fuel, unit=[unit("A", 10, 100, plant="P"), unit("A", 90, 100)],
                      load=[load("A", mean=60.0)], **rows)  # fmt: skip


DAY = dict(start_date="2025-01-01", end_date="2025-01-01")
FUELLED = {
    # 100 tce at first and 50 more at hour 2, of which 30 stay: 120 MWh at 10, the other 120 at 90.
    "stock": (
        dict(
            fuel_stock=[dict(fuel_stock="s", fuel="c10", plant="P", stock_start_tce=100.0, stock_end_tce=30.0)],
            fuel_delivery=[dict(fuel_stock="s", time="2025-01-01T02:00", amount_tce=50.0)],
        ),
        120,
    ),
    # 4 of 24 hours are studied: a sixth of 600 tce.
    "budget": (dict(fuel_budget=[dict(DAY, fuel_budget="b", fuel="c10", amount_max_tce=600.0)]), 100),
    # 600 tce in the day, 450 of it burnt in the hours that are not studied.
    "budget outside": (dict(fuel_budget=[dict(DAY, fuel_budget="b", fuel="c10", amount_max_tce=600.0, burnt_outside_tce=450.0)]), 150),
    # 500 t, 75 emitted elsewhere: 425 t are 170 MWh.
    "cap outside": (dict(emission_cap=[dict(DAY, emission_cap="k", amount_max_t=500.0, emitted_outside_t=75.0)]), 170),
    # A sixth of 2100 t: 350 t are 140 MWh.
    "cap": (dict(emission_cap=[dict(DAY, emission_cap="k", amount_max_t=2100.0)]), 140),
}


@pytest.mark.parametrize("window_h, ahead_h", [(1.0, 1.0), (1.0, 24.0), (3.0, 0.0), (2.0, 1.0)])
@pytest.mark.parametrize("name", FUELLED)
def test_what_is_left_of_fuel_and_caps_is_handed_on(name, window_h, ahead_h):
    """So many MWh at 10, the rest of 240 at 90, in one solve and window by window: whatever a window leaves, the next ones use."""
    rows, cheap = FUELLED[name]
    case = burning(**rows)
    for found in (dispatch(case), roll(case, Rule(window_h, ahead_h, SURE))):
        assert found.quantities["unit_output"].values.sum(axis=1) == pytest.approx([cheap, 240 - cheap])
        assert found.solution.objective == pytest.approx(10 * cheap + 90 * (240 - cheap))
        assert not certify(**evidence(found)).failed


@pytest.mark.parametrize("name", ["stock", "cap"])
def test_fuel_and_caps_of_units_that_are_switched(name):
    """The same where units are on or off: with no least output and no cost of a start nothing changes."""
    rows, cheap = FUELLED[name]
    case = burning(**rows, commitment=[dict(kind="unit", element=n, initial_h=9.0) for n in ("A10", "A90")])
    found = roll(replace(case, commitment="exact"), Rule(2.0, 1.0, SURE))
    assert found.solution.objective == pytest.approx(10 * cheap + 90 * (240 - cheap))
    assert not certify(**evidence(found)).failed


def test_fuel_that_must_be_burnt_is_burnt_window_by_window():
    """At 90 for fuel and 10 for the other, 60 tce must be burnt within four hours, of which none is paid for instead."""
    case = burning(fuel_budget=[dict(DAY, fuel_budget="b", fuel="c90", amount_min_tce=360.0)])
    found = roll(case, Rule(1.0, 1.0, SURE))
    assert found.quantities["unit_output"].values.sum(axis=1) == pytest.approx([180, 60])
    assert not certify(**evidence(found)).failed


@pytest.mark.parametrize("name", ["dc_schedule", "dc_link", "ramping", "reserve", "price_response", "overload"])
def test_what_a_block_remembers_is_handed_on(name):
    """With everything in sight the cost is that of one solve, whatever the block."""
    case = BLOCK_CASES[name].build()
    one, rolled = dispatch(case, search=SURE), roll(case, Rule(1.0, 24.0, SURE))
    assert rolled.solution.objective == pytest.approx(one.solution.objective, rel=1e-9)
    assert not certify(**evidence(rolled)).failed


def called(loads, notice, start="2025-01-01", interruptible_notice=(), **terms):
    """Load in hours; u gives 10 MW at 10, the next at 90; 5 MW may be interrupted for 50 with notice, on further terms."""
    return power_case(
        len(loads), start=start, series={"d": loads}, bus=buses("A"), unit=[unit("A", 10, 10), unit("A", 90, 100)], load=[load("A", "d")],
        interruptible=[dict(interruptible="i", load="dA", power_max_mw=5.0, cost_cny_per_mwh=50.0, notice_h=notice, **terms)],
        interruptible_notice=list(interruptible_notice),
    )  # fmt: skip


@pytest.mark.parametrize("window_h", [1.0, 2.0])
def test_calls_that_a_window_planned_are_noticed_for_the_next(window_h):
    """15 MW in hours 0, 2 and 3 and a notice of 2 h: hour 0 comes too soon, 10 x 10 + 5 x 90 = 550; hours 2 and 3 are called for,
    10 x 10 + 5 x 50 = 350 each; hour 1 with 10 MW costs 100. 1350 in all, as in one solve."""
    case = called([15, 10, 15, 15], 2.0)
    for found in (dispatch(case), roll(case, Rule(window_h, 2.0, SURE))):
        assert found.quantities["interruptible_called"].values[0] == pytest.approx([0, 0, 5, 5])
        assert found.solution.objective == pytest.approx(1350)
    assert not certify(**evidence(roll(case, Rule(window_h, 2.0, SURE)))).failed


def test_calls_that_no_window_could_plan_are_not_made():
    """Notice of 2 h, windows of 1 h that look 1 h ahead: the window of hour 0 does not see hour 2, and that of hour 1 is too late."""
    with pytest.raises(CaseError, match="'i': its notice of 2 h is no shorter than what windows see, 2 h"):
        roll(called([15, 10, 15, 15], 2.0), Rule(1.0, 1.0))


def test_notices_from_before_the_first_step():
    """3 of 5 MW were noticed for half of hour 0, on average 1.5 MW: 10 x 10 + 3.5 x 90 + 1.5 x 50 = 490; then 550 - 200 = 350."""
    notice = dict(interruptible="i", start_time="2025-01-01T00:00", end_time="2025-01-01T00:30", power_mw=3.0)
    found = dispatch(called([15, 15], 1.0, interruptible_notice=[notice]))
    assert found.quantities["interruptible_called"].values[0] == pytest.approx([1.5, 5])
    assert found.solution.objective == pytest.approx(490 + 350)
    assert not certify(**evidence(found)).failed


@pytest.mark.parametrize("commitment", ["off", "exact"])
@pytest.mark.parametrize(("window_h", "ahead_h"), [(1.0, 24.0), (3.0, 1.0), (1.0, 0.0)])
def test_hours_of_a_season_that_were_called_are_handed_on(window_h, ahead_h, commitment):
    """15 MW in four hours, 5 MW of which may be called for two hours of the year: 4 x (10 x 10 + 5 x 90) - 2 x 5 x (90 - 50) = 1800."""
    case = replace(called([15, 15, 15, 15], 0.0, hours_per_season=2.0), commitment=commitment)
    for found in (dispatch(case, search=SURE), roll(case, Rule(window_h, ahead_h, SURE))):
        assert found.quantities["interruptible_called"].values.sum() == pytest.approx(10)
        assert found.solution.objective == pytest.approx(1800)
        assert not certify(**evidence(found)).failed


@pytest.mark.parametrize(("window_h", "ahead_h"), [(1.0, 24.0), (3.0, 1.0), (1.0, 0.0)])
def test_hours_of_a_season_begin_anew_with_the_year(window_h, ahead_h):
    """Two hours of either year, an hour a year: of the first half an hour is left, 2.5 MWh, and 5 MWh in the second: 2200 - 7.5 x 40."""
    case = called([15, 15, 15, 15], 0.0, "2024-12-31T22:00", hours_per_season=1.0, called_h=0.5)
    for found in (dispatch(case), roll(case, Rule(window_h, ahead_h, SURE))):
        assert found.quantities["interruptible_called"].values.reshape(2, 2).sum(axis=1) == pytest.approx([2.5, 5])
        assert found.solution.objective == pytest.approx(1900)
        assert not certify(**evidence(found)).failed


def test_windows_that_cut_those_of_a_shiftable_load_are_refused_by_name():
    case = power_case(3, bus=buses("A"), unit=[unit("A", 10, 50)], load=[load("A", mean=10.0)],
                      shiftable=[dict(shiftable="s", load="dA", power_less_mw=1.0, power_more_mw=1.0, window_h=2.0)])  # fmt: skip
    with pytest.raises(CaseError, match="shiftable, 's': its energy is moved within 2 h, which windows of 1 h .* would cut"):
        roll(case, Rule(1.0, 1.0))


def test_windows_that_cut_the_days_of_cycles_are_refused_by_name():
    """100 MWh once a day: either half of the day would have half a cycle, and one solve has a whole one in either."""
    store = dict(storage="s", bus="A", power_max_mw=100.0, energy_max_mwh=100.0, cycles_per_day=1.0)
    case = power_case(24, bus=buses("A"), unit=[unit("A", 10, 50)], load=[load("A", mean=10.0)], storage=[store])
    with pytest.raises(CaseError, match="storage, 's': it may make 1 cycles in a day, which windows of 12 h .* would cut"):
        roll(case, Rule(12.0, 12.0))
    assert roll(case, Rule(24.0, 0.0)).solution.objective == pytest.approx(2400)


@pytest.mark.parametrize(("window_h", "ahead_h"), [(1.0, 0.0), (1.0, 1.0), (2.0, 1.0)])
def test_budgets_of_water_that_comes_late_follow_the_whole_horizon(window_h, ahead_h):
    """A lake that is empty until hour 2 must give 20 MWh of a day's 120 within the four hours studied; it gives 10 in each of the last two.
    In proportion to the hours it would owe 5 MWh in each."""
    case = power_case(
        4, series={"inflow": [0.0, 0.0, 20.0, 20.0]}, bus=buses("A"), unit=[unit("A", 10, 50)], load=[load("A", mean=20.0)],
        reservoir=[dict(reservoir="lake", bus="A", power_max_mw=10.0, power_mw_per_m3s=0.5, profile="inflow")],
        hydro_budget=[dict(budget="b", reservoir="lake", start_date="2025-01-01", end_date="2025-01-01", energy_min_mwh=120.0)],
    )  # fmt: skip
    rolled = roll(case, Rule(window_h, ahead_h, SURE))
    assert rolled.quantities["hydro_output"].values[0] == pytest.approx([0, 0, 10, 10])
    assert rolled.solution.objective == pytest.approx(10 * (20 + 20 + 10 + 10))
    assert not certify(**evidence(rolled)).failed


def test_awards_before_a_seam_keep_a_unit_from_stopping_after_it():
    """g: 10 to 50 MW at 1, stops from 20 MW, off for 2 h at least; b: 100 MW at 50. Loads 20, 20, 0, 50; reserve of 30 MW in hour 0, by g.

    Seen from hour 1, a stop then would save 50*49 - 20*49; but in hour 0 g held 20 + 30 > 20 MW: 20 + 20 + 0 + 50*50 = 2540.
    """
    case = power_case(
        4, series=dict(d=[20, 20, 0, 50], q=[30, 0, 0, 0]), bus=buses("A"), load=[load("A", "d")],
        generator=[dict(generator="g", bus="A", power_min_mw=10.0, power_max_mw=50.0, cost_cny_per_mwh=1.0),
                   dict(generator="b", bus="A", power_max_mw=100.0, cost_cny_per_mwh=50.0)],
        commitment=[dict(kind="generator", element="g", stop_ramp_mw=20.0, min_down_h=2.0, initial_h=9.0, initial_mw=20.0)],
        reserve=[dict(reserve="s", product="spinning_up", profile="q")], reserve_offer=[dict(reserve="s", kind="generator", element="g")],
    )  # fmt: skip
    case = replace(case, commitment="exact")
    rolled = roll(case, Rule(1.0, 2.0, SURE))
    assert not certify(**evidence(rolled)).failed
    assert rolled.solution.objective == pytest.approx(2540) == dispatch(case, search=SURE).solution.objective


@pytest.mark.parametrize("ahead_h", [0.0, 1.0])
def test_awards_share_the_ramp_over_a_seam(ahead_h):
    """100 MW that ramp 40 MW an hour; loads 20, 40; reserve of 30 MW that shares the ramp in hour 1, 100 for each MW missing.

    From 20 to 40 MW only 20 are left: 60 MWh at 1 and 10 MW missing at 100: 1060, in one solve and in windows.
    """
    case = power_case(
        2, series=dict(d=[20, 40], q=[0, 30]), bus=buses("A"), load=[load("A", "d", sheddable=False)],
        generator=[dict(generator="g", bus="A", power_max_mw=100.0, cost_cny_per_mwh=1.0, ramp_fraction_per_min=0.4 / 60.0)],
        reserve=[dict(reserve="s", product="spinning_up", profile="q", shares_ramp=True)],
        reserve_shortage=[dict(reserve="s", cost_cny_per_mwh=100.0)], reserve_offer=[dict(reserve="s", kind="generator", element="g")],
    )  # fmt: skip
    rolled = roll(case, Rule(1.0, ahead_h))
    assert not certify(**evidence(rolled)).failed
    assert rolled.solution.objective == pytest.approx(1060) == dispatch(case).solution.objective


def test_the_way_that_a_link_sent_is_handed_on():
    """A: 50 MW at 30, load 50; a link of 20 MW to B, where power is worth 100, 0, -100, -100; 3 h between one way and the other.

    Two hours at a time, without a guide to what follows: 20 MW are sent in hour 0 for 2000, and nothing comes back before hour 4, as 40
    MWh for 4000 would have. 1500 * 4 + 600 - 2000 = 4600.
    """
    case = power_case(
        4, series=dict(p=[100, 0, -100, -100]), bus=buses("A", "B"), load=[load("A", mean=50.0)],
        generator=[dict(generator="g", bus="A", power_max_mw=100.0, cost_cny_per_mwh=30.0)],
        dc_link=[dict(dc_link="l", from_bus="A", to_bus="B", power_max_mw=20.0, power_reverse_max_mw=20.0)],
        dc_schedule=[dict(dc_link="l", reversal_h=3.0, may_stop=True)],
        exchange=[dict(exchange="x", bus="B", price_profile="p", import_flexible_mw=50.0, export_flexible_mw=50.0)],
    )  # fmt: skip
    rolled = roll(replace(case, commitment="exact"), Rule(2.0, 0.0, SURE))
    assert not certify(**evidence(rolled)).failed
    assert rolled.solution.objective == pytest.approx(4600)


def test_a_link_that_leaves_and_enters_service_has_changed_nothing():
    """A link of 20 MW that may change once a day, out in hour 1; it is paid 50, 0, 50, -50 for power: on, out, on, and off is the change."""
    case = power_case(
        4, series=dict(p=[50, 0, 50, -50]), bus=buses("A", "B"), load=[load("A", mean=50.0)],
        generator=[dict(generator="g", bus="A", power_max_mw=100.0, cost_cny_per_mwh=30.0)],
        dc_link=[dict(dc_link="l", from_bus="A", to_bus="B", power_max_mw=20.0)], dc_schedule=[dict(dc_link="l", changes_per_day=1)],
        outage=[dict(kind="dc_link", element="l", start_time="2025-01-01 01:00", end_time="2025-01-01 02:00", share=1.0)],
        exchange=[dict(exchange="x", bus="B", price_profile="p", export_flexible_mw=50.0)],
    )  # fmt: skip
    case = replace(case, commitment="exact")
    one, rolled = dispatch(case, search=SURE), roll(case, Rule(3.0, 1.0, SURE))
    assert one.quantities["dc_sent"].values[0] == pytest.approx([20, 0, 20, 0])
    assert rolled.solution.objective == pytest.approx(one.solution.objective)
    assert not certify(**evidence(rolled)).failed


def test_relaxed_decisions_are_refused():
    with pytest.raises(CaseError, match="key 'commitment': .* relaxed decisions lie between"):
        roll(replace(switched(), commitment="relaxed"), Rule(1.0, 8.0))


@pytest.mark.parametrize(("start", "window_h"), [("2025-01-01T06:00", 24.0), ("2025-01-01T00:00", 12.0)])
def test_windows_that_cut_a_day_of_calls_or_shifts_are_refused(start, window_h):
    """From six in the morning windows of a day cut every day, too."""
    case = power_case(
        48, bus=buses("A"), unit=[unit("A", 10, 50)], load=[load("A", mean=10.0)],
        shiftable=[dict(shiftable="s", load="dA", power_less_mw=1.0, power_more_mw=1.0, window_h=24.0)],
        interruptible=[dict(interruptible="i", load="dA", power_max_mw=1.0, cost_cny_per_mwh=9.0, hours_per_day=2.0)],
    )  # fmt: skip
    case = case.on_time(TimeGrid.regular(start, str(np.datetime64(start) + np.timedelta64(48, "h"))))
    with pytest.raises(CaseError) as refused:
        roll(case, Rule(window_h, 0.0))
    assert [("shiftable, 's'" in f, "interruptible, 'i'" in f) for f in refused.value.faults] == [(True, False), (False, True)]


def lagging():
    """A day of 20 MW over a link, made at 50; 30 % must be wind: in the first hour at 65, the third and fifth at 60, after eighteen at 80.

    Steps of two hours see half the wind all the time, and so promise 20 MW of it in both hours.
    """
    hours = np.arange(24)
    when = {"first": hours == 0, "early": (hours == 2) | (hours == 4), "late": hours >= 18}
    series = {n: some.astype(float) for n, some in when.items()} | {"p": np.zeros(24)}
    wind = [dict(renewable=n, bus="A", technology="wind", power_max_mw=100.0, profile=n, cost_cny_per_mwh=c)
            for n, c in zip(when, (65.0, 60.0, 80.0), strict=True)]  # fmt: skip
    asked = dict(contract="c", dc_link="L", start_date="2025-01-01", end_date="2025-01-01", renewable_share_min=0.3)
    link = dict(dc_link="L", from_bus="A", to_bus="B", power_max_mw=20.0, power_min_mw=20.0)
    return power_case(
        24, 60, bus=[*buses("A"), *buses("B", role="sink")], series=series, renewable=wind, unit=[unit("A", 50, 500)], dc_link=[link],
        dc_bundle=[dict(plant=n, dc_link="L") for n in when], dc_contract=[asked],
        exchange=[dict(exchange="X", bus="B", export_flexible_mw=1e4, price_profile="p")],
    )  # fmt: skip


def test_D3_what_windows_promised_too_much_is_caught_up_with():
    """The guide takes all 60 MWh of early wind. Two hours with four ahead leave it to those ahead until too little is left of it, which is
    no reason to stop: the rest of the day's 144 MWh comes with the dear wind."""
    rolled = roll(lagging(), Rule(2.0, 4.0, look_ahead_step_h=2.0))
    green = rolled.quantities["dc_bundled"].values[0]
    assert green[:6].sum() < 60.0 - 1e-6
    assert green.sum() >= 144.0 - 1e-6
    assert not certify(**evidence(rolled)).failed


def test_D3_a_contract_that_cannot_be_kept_any_more_ends_the_run_in_words():
    case = lagging()
    case = replace(case, tables={**case.tables, "dc_contract": case.table("dc_contract").assign(renewable_share_min=0.37)})
    with pytest.raises(Infeasible, match="without contracts of DC links there is one"):
        roll(case, Rule(2.0, 4.0, look_ahead_step_h=2.0))
