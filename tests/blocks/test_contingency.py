"""Contingencies: hand cases, every row against the lazy ones, what is no rule, and what must hold for any grid."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridopt.analysis.rents import declared
from gridopt.blocks import contingency
from gridopt.case import aftermath
from gridopt.dispatch import single
from gridopt.dispatch.formulate import formulate
from gridopt.dispatch.lazy import Relaxed
from gridopt.dispatch.lazy import solve as loop
from gridopt.dispatch.lmp import price
from gridopt.dispatch.single import dispatch
from tests.support.block_cases import BLOCK_CASES, buses, line, load, power_case, unit
from tests.support.certify import certificate
from tests.support.meshed import meshed_rows
from tests.support.optimum import assert_optimal, solve
from tests.support.small import case

SEEDS = st.integers(0, 10**6)
few = settings(max_examples=8, deadline=None, derandomize=True)


def secure(made):
    return dataclasses.replace(made, security="n-1")


def outage(*elements, name="k", kind="line", share=1.0):
    return [dict(contingency=name, kind=kind, element=e, share=share) for e in elements]


def triangle(rating=60.0, **rows):
    """Equal sides AB, AC, BC of one rating; A at 10, B at 50 CNY/MWh; 80 MW of load at B."""
    usual = dict(
        bus=buses("A", "B", "C"), line=[line("A", "B", rating), line("A", "C", rating), line("B", "C", rating)],
        unit=[unit("A", 10, 200), unit("B", 50, 200)], load=[load("B", mean=80.0)],
    )  # fmt: skip
    return power_case(**usual | rows)


def test_K1_three_buses_by_hand():
    """Two thirds of what A sends to B take AB: without outages 80 MW would fit (53.3 on AB), at 10 x 80 = 800.

    Without AB all goes over C, so A sends 60 and B makes 20: 60*10 + 20*50 = 1600. One more MW after that outage saves 40.
    """
    d = solve(secure(triangle()))
    assert d.solution.objective == pytest.approx(1600)
    assert d.flow[:, 0] == pytest.approx([40, 20, -20])
    assert price(d).price[:2, 0] == pytest.approx([10, 50])
    assert sum(worth for *_, worth in d.contingency_prices) == pytest.approx(40)
    assert solve(triangle()).solution.objective == pytest.approx(800)


def test_K1_emergency_rating_is_what_counts_after_an_outage():
    """With 70 MW for a while after the outage A sends 70: 70*10 + 10*50 = 1200; with 90 MW or no limit all 80 MW: 800."""
    lines = [line(a, b, 60.0, rating_emergency_mw=70.0) for a, b in ("AB", "AC", "BC")]
    assert solve(secure(triangle(line=lines))).solution.objective == pytest.approx(1200)
    free = [line("A", "B", 60.0, rating_emergency_mw=90.0), line("A", "C"), line("B", "C")]
    assert solve(secure(triangle(line=free))).solution.objective == pytest.approx(800)


def test_K1_only_what_is_listed():
    """Without BC all that A sends takes AB, 60 MW at most: 1600; with AB of 90 MW that is no limit, and the outage of AB is not listed."""
    assert solve(triangle(contingency=outage("BC"))).solution.objective == pytest.approx(1600)
    strong = [line("A", "B", 90.0), line("A", "C", 60.0), line("B", "C", 60.0)]
    assert solve(triangle(contingency=outage("BC"), line=strong)).solution.objective == pytest.approx(800)
    assert solve(secure(triangle(line=strong))).solution.objective == pytest.approx(1600)


def test_K1_several_branches_at_once():
    """Four equal lines of 30 MW between A and B: 80 MW fit after one outage (26.7 each); after two at once 60: 60*10 + 20*50 = 1600."""
    lines = [dict(line("A", "B", 30.0), line=f"L{i}") for i in range(4)]
    rows = dict(bus=buses("A", "B"), line=lines)
    assert solve(secure(triangle(**rows))).solution.objective == pytest.approx(800)
    d = solve(triangle(**rows, contingency=outage("L0", "L3")))
    assert d.solution.objective == pytest.approx(1600)
    assert [(n, b) for n, b, *_ in d.contingency_prices] in ([("k", "L1")], [("k", "L2")])


def test_an_outage_that_cuts_buses_off_is_no_rule():
    """A - B alone: losing the line would leave B dark; the load is served over it all the same."""
    d = solve(secure(triangle(bus=buses("A", "B"), line=[line("A", "B", 90.0)])))
    assert d.solution.objective == pytest.approx(800)
    assert declared(d, contingency).aftermath.plan(0)[1].tolist() == [True]


def test_K2_lost_generator_is_taken_over_by_what_is_available():
    """Line A - B of 60 MW. B has 50 MW at 30 and 50 at 90, A 100 at 10. Load at B 80.

    A sends x, the cheap unit at B makes y = 50 - w, the dear one z. Losing y, A takes over 100/150 of it: x + 2/3 y <= 60. With
    x = 30 + w - z that is z >= 10/3 + w/3; cost 10 x + 30 y + 90 z = 1800 - 20 w + 80 z rises with w, so w = 0, z = 10/3, x = 80/3.
    Losing half: x + y/3 <= 60 and x + y = 80: y = 30, x = 50: 500 + 900 = 1400.
    """
    made = triangle(
        bus=buses("A", "B"), line=[line("A", "B", 60.0)], unit=[unit("A", 10, 100), unit("B", 30, 50), unit("B", 90, 50)],
        contingency=outage("B30", kind="unit"),
    )  # fmt: skip
    d = solve(made)
    assert d.solution.objective == pytest.approx(80 / 3 * 10 + 1500 + 300)
    assert d.flow[0, 0] == pytest.approx(80 / 3)
    assert certificate(d).passed
    made.tables["contingency"]["share"] = 0.5
    assert solve(made).solution.objective == pytest.approx(1400)


def test_K2_a_unit_of_a_group_is_lost_alone():
    """Two like units of 25 MW at B give y together, each half of it. Line of 40 MW.

    What one loses is shared by A (100 MW), its twin (25) and the dear unit (50): x + 4/7 y/2 <= 40. y = 50: x = 180/7, z = 30/7.
    """
    twins = [dict(unit("B", 30, 25), unit=f"t{i}") for i in (0, 1)]
    made = triangle(
        bus=buses("A", "B"), line=[line("A", "B", 40.0)], unit=[unit("A", 10, 100), *twins, unit("B", 90, 50)],
        contingency=outage("t1", kind="unit"),
    )  # fmt: skip
    d = solve(made)
    assert d.solution.objective == pytest.approx(180 / 7 * 10 + 1500 + 30 / 7 * 90)
    assert certificate(d).passed


def test_K2_a_whole_wind_base():
    """60 MW of load at B: two wind plants of 25 and 15 MW there fail together, and unit A (100 MW) takes two thirds, B (50 MW) the rest.

    Without security A sends 20; after the outage 20 + 40 x 2/3 = 46.7 are too much for 40: B makes 6.67 at 50 instead of A at 10.
    """
    rows = dict(
        bus=buses("A", "B"), line=[line("A", "B", 30.0, rating_emergency_mw=40.0)], unit=[unit("A", 10, 100), unit("B", 50, 50)],
        renewable=[dict(renewable=n, bus="B", technology="wind", power_max_mw=p) for n, p in (("w", 25.0), ("x", 15.0))],
        load=[load("B", mean=60.0)],
    )  # fmt: skip
    assert solve(power_case(**rows)).solution.objective == pytest.approx(200)
    d = solve(power_case(**rows, contingency=outage("w", "x", kind="renewable", name="base")))
    assert d.quantities["unit_output"].values[:, 0] == pytest.approx([40 / 3, 20 / 3])
    assert d.solution.objective == pytest.approx(10 * 40 / 3 + 50 * 20 / 3)
    assert certificate(d).passed
    half = solve(power_case(**rows, contingency=outage("w", "x", kind="renewable", name="base", share=0.5)))
    assert half.solution.objective == pytest.approx(200)


def test_K2_half_a_dc_link():
    """A sends 40 MW by a link without losses beside the line of 30 MW; half of it lost must go over the line: what is sent comes back to
    A's units by their share.

    Units: A 200, B 200. Losing s/2 at A leaves A with s/2 too much, B with s/2 too little; each side takes half of both: net the flow
    rises by s/2: f + s/2 <= 30 with f + s = what B gets. s = 40: f = 10, 50 MW: 50*10 + 30*50 = 2000.
    """
    link = dict(dc_link="L", from_bus="A", to_bus="B", power_max_mw=40.0)
    made = triangle(bus=buses("A", "B"), line=[line("A", "B", 30.0)], dc_link=[link], contingency=outage("L", kind="dc_link", share=0.5))
    d = solve(made)
    assert d.solution.objective == pytest.approx(2000)
    assert d.flow[0, 0] == pytest.approx(10)
    assert certificate(d).passed


def test_K2_a_loss_that_nothing_takes_over_is_no_rule():
    """The only unit that there is."""
    made = triangle(unit=[unit("A", 10, 200)], contingency=outage("A10", kind="unit"))
    d = solve(made)
    assert d.solution.objective == pytest.approx(800) and certificate(d).passed


def test_branches_that_are_out_cannot_fail():
    """In the second hour AC is out: the outage of AB would part A and B then, of BC cut off C; in the first hour 1600 as above."""
    away = dict(kind="line", element="AC", start_time="2025-01-01 01:00", end_time="2025-01-01 02:00")
    made = dataclasses.replace(triangle(outage=[away]), time=case(2).time)
    d = solve(secure(made))
    assert d.flow[:, 1] == pytest.approx([60, 0, 0])
    assert d.solution.objective == pytest.approx(1600 + 60 * 10 + 20 * 50)
    assert certificate(d).passed


def plain(made):
    """Without outages."""
    return dataclasses.replace(made, security="listed", tables={**made.tables, "contingency": made.table("contingency").iloc[:0]})


def limits(d):
    return next(f for f in d.model.builder.lazy_families if f.family.name == "contingency.limit")


def hard(seed, hours=2):
    """A meshed grid with listed outages of two lines, of a unit with a line, and of all single lines."""
    rows, series = meshed_rows(seed, hours=hours)
    rows["line"] = [dict(r, rating_emergency_mw=r["rating_mw"] and 1.2 * r["rating_mw"]) for r in rows["line"]]
    rows["contingency"] = [*outage("L1", "L8", name="two"), *outage("g2", name="mixed", kind="unit"), *outage("L9", name="mixed"),
                           *outage("g4", name="part", kind="unit", share=0.5)]  # fmt: skip
    return secure(case(hours, series=series, **rows))


@few
@given(SEEDS)
def test_lazy_rows_give_what_all_rows_give(seed):
    found = dispatch(hard(seed))
    assert_optimal(found)
    model = formulate(found.case)
    relaxed = Relaxed(model.builder.form(), model.builder.lazy_families)
    relaxed.write({f.family.name: f.every() for f in relaxed.families})
    full = loop(relaxed)
    assert full.objective == pytest.approx(found.solution.objective, rel=1e-9, abs=1e-6)
    verdict = certificate(found)
    assert verdict.passed, verdict.failed


@few
@given(SEEDS)
def test_written_rows_say_what_the_scan_says(seed):
    """Every row written out has the flow that the scan finds, at the optimum and at that of the grid without outages, which breaks some."""
    made = hard(seed)
    d, free = dispatch(made), dispatch(plain(made))
    family, security, lines = limits(d), declared(d, contingency), len(d.case.grid.branches.ids)
    for x in (d.solution.x, free.solution.x):
        for which, step, _, flow in security.after(x):
            c, n, s = (v.ravel() for v in np.indices(flow.shape))
            row, column, value, constant = family.expand(which[c] * lines + security.some[n], step[s])
            assert np.bincount(row, value * x[column], len(c)) + constant == pytest.approx(flow.ravel(), abs=1e-6)


@few
@given(SEEDS)
def test_small_blocks_change_nothing(seed):
    """Scans in blocks of a few numbers, LODF solved for anew each time."""
    usual = dispatch(hard(seed))
    kept = contingency.BLOCK, aftermath.BLOCK, aftermath.KEPT
    try:
        contingency.BLOCK = aftermath.BLOCK = 20
        aftermath.KEPT = 0
        other = dispatch(hard(seed))
    finally:
        contingency.BLOCK, aftermath.BLOCK, aftermath.KEPT = kept
    assert other.solution.objective == pytest.approx(usual.solution.objective, rel=1e-9, abs=1e-6)
    assert other.solution.rounds == usual.solution.rounds


@few
@given(SEEDS, st.floats(1.0, 2.0))
def test_security_costs_and_emergency_ratings_save(seed, factor):
    made = hard(seed)
    line = made.table("line")
    more = dataclasses.replace(made, tables={**made.tables, "line": line.assign(rating_emergency_mw=line["rating_emergency_mw"] * factor)})
    costs = [dispatch(c).solution.objective for c in (plain(made), more, made)]
    assert costs[0] <= costs[1] * (1 + 1e-9) + 1e-6 and costs[1] <= costs[2] * (1 + 1e-9) + 1e-6


def test_long_horizons_in_pieces(monkeypatch):
    """Two days up the ladder, in two pieces, cost what they cost at once; the scan is asked for slices of the steps."""
    monkeypatch.setattr(single, "LONG_H", 24.0)
    monkeypatch.setattr(single, "RUNGS_H", (6.0,))
    monkeypatch.setattr(single, "PIECE_H", 24.0)
    monkeypatch.setattr(single, "LEAST_PIECE", 4)
    asked, own = [], aftermath.Aftermath.flows
    monkeypatch.setattr(aftermath.Aftermath, "flows", lambda *given: asked.append(len(given[-1])) or own(*given))
    found = dispatch(hard(3, hours=48))
    assert_optimal(found)
    assert len(set(asked)) > 1
    monkeypatch.setattr(single, "LONG_H", 1500.0)
    assert found.solution.objective == pytest.approx(dispatch(hard(3, hours=48)).solution.objective, rel=1e-9)


def test_the_contract_case_binds_after_several_outages():
    d = dispatch(BLOCK_CASES["contingency"].build())
    assert len({name for name, *_ in d.contingency_prices}) >= 2 and certificate(d).passed
