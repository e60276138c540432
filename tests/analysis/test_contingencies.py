"""What outages would do, by hand; how their limits are named where they bind."""

import pytest

from gridopt.analysis import curtailment
from gridopt.analysis.congestion import congestion
from gridopt.analysis.contingencies import contingencies
from gridopt.dispatch.lmp import price
from tests.blocks.test_contingency import outage, secure, triangle
from tests.support.block_cases import buses, line, load
from tests.support.optimum import solve


def named(a, b, rating, **kw):
    return dict(line(a, b, rating, **kw), name=f"Line {a}{b}", name_zh=f"{a}{b}线")


def test_three_buses_by_hand():
    """60 MW from A to B (see test_K1_three_buses_by_hand); D hangs on AD. AC and BC are left with 60 of 60 MW after AB, AB after either."""
    rows = dict(bus=buses("A", "B", "C", "D"), load=[load("B", mean=80.0), load("D", mean=5.0)])
    lines = [named("A", "B", 90.0), named("A", "C", 60.0), named("B", "C", 60.0), named("A", "D", 20.0)]
    d = solve(secure(triangle(line=lines, **rows)))
    found = contingencies(d).set_index("contingency")
    assert found.loc["AB", ["kind", "elements", "islanding", "hours_binding", "hours_checked"]].tolist() == ["line", "AB", False, 1, 1]
    assert found.loc["AB", "worst_loading"] == pytest.approx(1) and found.loc["AB", "where"] in ("AC", "BC")
    assert found.loc["AC", "worst_loading"] == pytest.approx(60 / 90) and found.loc["AC", "where"] == "AB"
    assert found.loc["AD", ["islanding", "buses_cut_off", "worst_loading", "where", "hours_checked"]].tolist() == [True, "D", 0, "", 0]
    assert found.index[0] == "AB"
    rows = congestion(d)
    top = rows.iloc[0]
    assert (top["kind"], top["hours_binding"], top["max_loading"]) == ("contingency", 1, 1)
    assert top["name"] in ("Line AC after outage of Line AB", "Line BC after outage of Line AB")
    assert top["name_zh"] in ("AB线停运后AC线", "AB线停运后BC线")
    assert top["mean_shadow_price"] == pytest.approx(40) and top["rent_cny"] == pytest.approx(40 * 60)


def test_curtailment_names_the_outage():
    """120 MW of wind at A, line limits of 60 MW after an outage: 60 MW are curtailed because of what flows after AB."""
    wind = dict(renewable="w", bus="A", technology="wind", power_max_mw=120.0)
    lines = [named("A", "B", 90.0), named("A", "C", 60.0), named("B", "C", 90.0)]
    d = solve(secure(triangle(line=lines, renewable=[wind])))
    why = curtailment.causes(d, price(d))
    assert (why.names, why.kinds, why.labels) == (["contingency:AC|AB"], ["contingency"], ["Line AC after outage of Line AB"])
    assert sum(curtailment.totals(d, why).values()) == pytest.approx(60)


def test_several_elements_and_none():
    lost = [*outage("AB", name="both"), *outage("B50", name="both", kind="unit")]
    found = contingencies(solve(triangle(contingency=lost)))
    assert found[["kind", "elements"]].values.tolist() == [["line+unit", "AB, B50"]]
    assert contingencies(solve(triangle())).empty
