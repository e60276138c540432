"""Curtailment that the optimum cannot tell apart is shared pro rata, and only that."""

import numpy as np
import pytest

from gridopt.dispatch.attempts import Search
from gridopt.dispatch.fair import even_out
from gridopt.dispatch.formulate import formulate
from gridopt.dispatch.lazy import Relaxed, solve
from gridopt.dispatch.secured import Limits, bounded
from tests.support import optimum
from tests.support.block_cases import buses, line, load, power_case, unit
from tests.support.meshed import meshed


def wind(name, bus, power, **kw):
    return dict(renewable=name, bus=bus, technology="wind", power_max_mw=power, **kw)


def curtailed(case):
    return optimum.solve(case).quantities["renewable_curtailed"].values


def before_and_after(case):
    model = formulate(case)
    raw = solve(Relaxed(model.builder.form(), model.builder.lazy_families))
    return raw, even_out(model, raw)


def test_one_bus():
    """60 and 20 MW at one bus, load 40: half of each."""
    assert curtailed(
        power_case(bus=buses("A"), renewable=[wind("p", "A", 60.0), wind("q", "A", 20.0)], load=[load("A", mean=40.0)])
    )[:, 0] == (pytest.approx([30, 10]))


def test_across_buses_where_nothing_binds():
    """60 MW at A, 20 at B, a line with room: half of each again, whatever the solver chose."""
    case = power_case(
        bus=buses("A", "B"),
        line=[line("A", "B", 100.0)],
        renewable=[wind("p", "A", 60.0), wind("q", "B", 20.0)],
        load=[load("B", mean=40.0)],
    )
    assert curtailed(case)[:, 0] == pytest.approx([30, 10])


def test_what_an_earlier_stage_has_promised_is_not_shared_away():
    """60 and 20 MW, load 60: of 20 MW the plant at A would lose 15, but of it no more than 10 may be curtailed: the split stays."""
    case = power_case(
        bus=buses("A", "B"),
        line=[line("A", "B", 100.0)],
        renewable=[wind("p", "A", 60.0), wind("q", "B", 20.0)],
        load=[load("B", mean=60.0)],
    )
    most = np.array([[10.0], [np.inf]])
    lost = bounded(case, Limits({"renewable.curtailment": (np.zeros((2, 1)), most)}), Search()).quantities["renewable_curtailed"].values[:, 0]
    assert lost[0] <= 10.0 + 1e-6 and lost.sum() == pytest.approx(20.0)


def test_not_across_a_binding_line():
    """A1 (60) and A2 (30 MW) lie behind a line of 45 MW to B, which has 10 MW of its own and burns 5 MW at 50.

    A1 and A2 lose half each; B, on the other side, loses nothing.
    """
    case = power_case(
        bus=buses("C", "D", "B"),
        line=[line("C", "D"), line("D", "B", 45.0)],
        unit=[unit("B", 50, 90)],
        renewable=[wind("c", "C", 60.0), wind("d", "D", 30.0), wind("b", "B", 10.0)],
        load=[load("B", mean=60.0)],
    )
    assert curtailed(case)[:, 0] == pytest.approx([30, 15, 0])


def test_not_across_a_binding_section():
    """The same with a section of the two lines that leave C and D, counting half of D's: the buses draw unlike on it."""
    rows = dict(
        bus=buses("C", "D", "B"),
        line=[line("C", "B"), line("D", "B")],
        unit=[unit("B", 50, 90)],
        renewable=[wind("c", "C", 60.0), wind("d", "D", 30.0)],
        load=[load("B", mean=100.0)],
        interface=[dict(interface="S")],
        interface_limit=[dict(interface="S", forward_mw=40.0)],
        interface_member=[
            dict(interface="S", kind="line", element="CB"),
            dict(interface="S", kind="line", element="DB", coefficient=0.5),
        ],
    )
    # D's 30 MW take 15 of the 40, C gets 25: 35 MW lost at C, none at D.
    assert curtailed(power_case(**rows))[:, 0] == pytest.approx([35, 0])


def test_solvers_split_stays_where_a_limit_would_break():
    """A: 60 MW of wind, 5 of load; B: 20 and 25; line of 10 MW. A loses 45, B 5; pro rata (37.5) needs 17.5 MW.

    The price is 0 on both sides, the line carries no dual, so only the look at its flow keeps the split.
    """
    case = power_case(
        bus=buses("A", "B"),
        line=[line("A", "B", 10.0)],
        renewable=[wind("p", "A", 60.0), wind("q", "B", 20.0)],
        load=[load("A", mean=5.0), load("B", mean=25.0)],
    )
    raw, fair = before_and_after(case)
    assert fair.x.tolist() == raw.x.tolist()
    found = optimum.solve(case)
    assert abs(found.flow[0, 0]) <= 10 + 1e-6 and found.quantities["renewable_curtailed"].values.sum() == pytest.approx(50)


def test_step_by_step():
    """Hour 1 as above: the split stays. Hour 2: B needs 45 and burns 15 at 50: the line binds, A loses 45, B nothing.

    Hour 3: loads 50 and 20, 80 MW offered, 10 lost: 7.5 and 2.5, A sends 2.5 of its 52.5: shared.
    """
    case = power_case(
        3,
        series={"a": [5, 5, 50], "b": [25, 45, 20]},
        bus=buses("A", "B"),
        line=[line("A", "B", 10.0)],
        unit=[unit("B", 50, 90)],
        renewable=[wind("p", "A", 60.0), wind("q", "B", 20.0)],
        load=[load("A", "a"), load("B", "b")],
    )
    assert curtailed(case) == pytest.approx(np.array([[45, 45, 7.5], [5, 0, 2.5]]))


def test_not_between_islands():
    case = power_case(
        bus=buses("A", "B"),
        renewable=[wind("p", "A", 60.0), wind("q", "B", 20.0)],
        load=[load("A", mean=50.0), load("B", mean=5.0)],
    )
    assert curtailed(case)[:, 0] == pytest.approx([10, 15])


def test_not_between_costs():
    """Curtailing q costs 1 more: p loses all it can first."""
    case = power_case(
        bus=buses("A", "B"),
        line=[line("A", "B")],
        load=[load("B", mean=40.0)],
        renewable=[wind("p", "A", 60.0), wind("q", "B", 20.0, curtailment_cost_cny_per_mwh=1.0)],
    )
    assert curtailed(case)[:, 0] == pytest.approx([40, 0])


@pytest.mark.parametrize("seed", range(8))
def test_cost_and_balances_stay(seed):
    """Random meshes: same cost, same sum of curtailment in each step, every row of every family still holds."""
    model = formulate(meshed(seed))
    raw = solve(Relaxed(model.builder.form(), model.builder.lazy_families))
    fair = even_out(model, raw)
    assert fair.objective == pytest.approx(raw.objective, rel=1e-9, abs=1e-6)
    column = next(f for f in model.builder.column_families if f.name == "renewable.curtailment").ids
    assert fair.x[column].sum(axis=0) == pytest.approx(raw.x[column].sum(axis=0))
    assert optimum.worst_break(fair.form, fair.x) <= 1e-6 and optimum.worst_lazy_break(model, fair.x) <= 1e-6
    again = even_out(model, fair)
    assert again.x == pytest.approx(fair.x, abs=1e-9), "what is even stays"
