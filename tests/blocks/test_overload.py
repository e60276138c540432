"""Soft limits by hand: what is passed, at which step of the penalty, and what the limit is then worth."""

import numpy as np
import pytest

from gridopt.dispatch.certificate import certify
from gridopt.dispatch.lmp import price
from tests.support.block_cases import buses, line, load, power_case, unit
from tests.support.certify import evidence
from tests.support.optimum import assert_optimal, solve

TWO = dict(bus=buses("A", "B"), unit=[unit("A", 10, 90), unit("B", 50, 90)], load=[load("B", mean=60.0)])


def penalty(kind: str, element: str, cost: float, width: float | None = None) -> dict:
    return dict(kind=kind, element=element, cost_cny_per_mwh=cost, width_mw=width)


def test_O1_steps_fill_in_order_up_to_what_pays():
    """A (10) to B (50) over 20 MW; overload 5 MW at 15, 8 MW at 30, more at 45. One more MW saves 40: the third step does not pay.

    A sends 33, B makes 27: 330 + 1350 + 5*15 + 8*30 = 1995. The limit is worth 40.
    """
    steps = [penalty("line", "AB", 45), penalty("line", "AB", 30, 8.0), penalty("line", "AB", 15, 5.0)]
    d = solve(power_case(**TWO, line=[line("A", "B", 20.0)], limit_penalty=steps))
    assert d.solution.objective == pytest.approx(1995)
    assert d.costs["overload.penalty"] == pytest.approx(315)
    assert d.overload[0] == pytest.approx(13.0) and d.flow[0] == pytest.approx(33.0)
    assert d.branch_shadow_price[0] == pytest.approx(40)
    assert price(d).price[:, 0] == pytest.approx([10, 50])


def test_O1_without_width_the_penalty_caps_the_price():
    """At 25 per MW any overload pays: A sends all 60: 600 + 40*25 = 1600; B's price is 10 + 25. The line is drawn backward."""
    d = solve(power_case(**TWO, line=[line("B", "A", 20.0)], limit_penalty=[penalty("line", "BA", 25)]))
    assert d.solution.objective == pytest.approx(1600)
    assert d.overload[0] == pytest.approx(-40.0)
    assert price(d).price[:, 0] == pytest.approx([10, 35])


def test_O2_an_overload_holds_after_outages_too():
    """Two lines of 25 MW, 30 after an outage, soft at 12 per MW; 60 MW to carry. If one fails the other carries all of it.

    Hard: 30 MW from A, 300 + 1500 = 1800. Soft: each MW more from A saves 40 and needs one MW of overload on each line: 24.
    All 60 from A: 600 + 30*12*2 = 1320, where each line carries 30 and after an outage 60 = 30 + 30.
    """
    rows = TWO | dict(line=[dict(line("A", "B", 25.0, rating_emergency_mw=30.0), line=n) for n in ("p", "q")],
                      contingency=[dict(contingency=n, kind="line", element=n) for n in ("p", "q")])  # fmt: skip
    assert solve(power_case(**rows)).solution.objective == pytest.approx(1800)
    d = solve(power_case(**rows, limit_penalty=[penalty("line", n, 12) for n in ("p", "q")]))
    assert d.solution.objective == pytest.approx(1320)
    assert d.overload[:, 0] == pytest.approx([30, 30])


def test_O3_limits_after_outages_are_passed_at_a_price_of_their_own():
    """The two lines of 25 MW, 30 after an outage, hard before and soft at 12 after: each MW more from A saves 40 and asks 12 on each line.

    50 from A, which is all that the lines carry: 500 + 500 + 20*12*2 = 1480, and the price of B is 50. At 25 each, no MW is worth it: 1800.
    """
    rows = TWO | dict(line=[dict(line("A", "B", 25.0, rating_emergency_mw=30.0), line=n) for n in ("p", "q")],
                      contingency=[dict(contingency=n, kind="line", element=n) for n in ("p", "q")])  # fmt: skip
    d = solve(power_case(**rows, limit_penalty=[penalty("line", n, 12) | dict(after_outages=True) for n in ("p", "q")]))
    assert d.solution.objective == pytest.approx(1480)
    assert d.overload[:, 0] == pytest.approx([0, 0])
    assert d.quantities["branch_overload_after"].values[:, 0] == pytest.approx([20, 20])
    assert price(d).price[:, 0] == pytest.approx([10, 50])
    assert certify(**evidence(d)).passed
    d = solve(power_case(**rows, limit_penalty=[penalty("line", n, 25) | dict(after_outages=True) for n in ("p", "q")]))
    assert d.solution.objective == pytest.approx(1800)


def test_O3_the_worst_outage_is_paid_once_and_steps_end_where_they_are_wide():
    """As above, at 12 up to 5 MW and hard beyond: 35 from A: 350 + 1250 + 5*12*2 = 1720."""
    rows = TWO | dict(line=[dict(line("A", "B", 25.0, rating_emergency_mw=30.0), line=n) for n in ("p", "q")],
                      contingency=[dict(contingency=n, kind="line", element=n) for n in ("p", "q")])  # fmt: skip
    d = solve(power_case(**rows, limit_penalty=[penalty("line", n, 12, 5.0) | dict(after_outages=True) for n in ("p", "q")]))
    assert d.solution.objective == pytest.approx(1720)
    found = evidence(d)
    assert certify(**found).passed
    found["quantities"]["branch_overload_after"] = found["quantities"]["branch_overload_after"] * 1.1
    assert "contingency.overload" in [c.name for c in certify(**found).failed]


def test_I1_a_section_of_outputs_with_weights():
    """Stability: 0.5 g1 - 1.5 g2 <= 10. g1 costs 20, g2 30, load 60: g1 = 60 - g2, 30 - 2 g2 <= 10: g2 = 10: 1000 + 300 = 1300.

    Soft at 1 per MW instead: one MW of g2 costs 10 and spares 2: all from g1: 1200 + 20 = 1220.
    """
    rows = dict(
        bus=buses("A"),
        generator=[dict(generator=n, bus="A", power_max_mw=90.0, cost_cny_per_mwh=c) for n, c in (("g1", 20.0), ("g2", 30.0))],
        interface=[dict(interface="s")], interface_limit=[dict(interface="s", forward_mw=10.0)],
        interface_member=[dict(interface="s", kind="generator", element=n, coefficient=w) for n, w in (("g1", 0.5), ("g2", -1.5))],
        load=[load("A", mean=60.0)],
    )  # fmt: skip
    d = solve(power_case(**rows))
    assert d.solution.objective == pytest.approx(1300)
    assert d.interface_flow[0] == pytest.approx(10) and d.interface_shadow_price[0] == pytest.approx(5)
    soft = solve(power_case(**rows, limit_penalty=[penalty("interface", "s", 1)]))
    assert soft.solution.objective == pytest.approx(1220)
    assert soft.quantities["interface_overload"].values[0] == pytest.approx(20)


def test_the_proof_holds_for_overloads_of_any_size():
    """The bound of an overload without width is no constraint: nothing changes when it is ten times as far."""
    rows = TWO | dict(line=[line("A", "B", 20.0)], limit_penalty=[penalty("line", "AB", 0.0)])
    d = solve(power_case(**rows))
    assert_optimal(d)
    assert d.solution.objective == pytest.approx(600)


@pytest.mark.parametrize("array, change, check", [
    ("branch_overload", 3.0, {"branch.limit", "branch.overload", "cost", "price.binding"}),
    ("interface_overload", 1.0, {"interface.overload", "cost"}),
])  # fmt: skip
def test_the_certificate_finds_a_wrong_overload(array, change, check):
    from gridopt.dispatch.certificate import certify

    d = solve(power_case(**TWO, line=[line("A", "B", 20.0)], limit_penalty=[penalty("line", "AB", 15, 5.0)],
                         interface=[dict(interface="s")], interface_member=[dict(interface="s", kind="line", element="AB")],
                         interface_limit=[dict(interface="s", forward_mw=80.0)]))  # fmt: skip
    sound = evidence(d)
    assert certify(**sound).passed
    spoilt = np.array(sound["quantities"][array], float)
    spoilt[0] += change
    failed = {c.name for c in certify(**(sound | {"quantities": sound["quantities"] | {array: spoilt}})).failed}
    assert failed and failed <= check
