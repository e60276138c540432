"""Hull prices explained: by hand, where nobody sets them, and for random markets with decisions."""

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gridopt.analysis.explain_hull import explain_hull
from gridopt.pricing import chp
from tests.properties.test_prices import solved
from tests.support.market import BLOCK_BEHIND_A_LINE, ONE_PERIOD, THREE_PERIODS, cleared


def rule(dispatch):
    return chp.price(dispatch.case, dispatch)


def explained(text: str, bus: int = 0, t: int = 0) -> dict:
    d = cleared(text)
    return explain_hull(d, rule(d), bus, t, rule)


def test_Y2_a_block_with_no_load_cost_sets_the_price_by_its_mean():
    """B: 200 MW cost 9000 + 60000 = 69000, 345 a MWh; below that it would rather be off. Every MW of load moves its hull by 345."""
    found = explained(ONE_PERIOD)
    assert [(r["source"], r["whole"]) for r in found["hull"]] == [("generator B", True)]
    row = found["hull"][0]
    assert (row["mwh_less"], row["mwh_more"], row["cost"], row["mean"]) == pytest.approx((0, 200, 69000, 345))
    assert found["check"]["agrees"] and found["check"]["saves"] == pytest.approx(345) and found["check"]["costs"] == pytest.approx(345)
    assert "generator B would as well give 0 as 200 MWh here. Its hull sets the price" in found["words"][1]


def test_a_limit_that_is_not_full_has_a_price_and_is_told():
    """Block B 80 MW at 300 behind a line of 100: its hull sets 300 at b, A 200 at a; the line is worth 100 though it carries 70."""
    found = explained(BLOCK_BEHIND_A_LINE, bus=1)
    assert {r["source"]: r["mean"] for r in found["hull"]} == pytest.approx({"generator A": 200, "generator B": 300})
    assert [(r["source"], r["flow"], r["limit"], abs(r["mu"])) for r in found["limits"]] == [("ab", pytest.approx(70), 100, pytest.approx(100))]
    assert any("not full in the schedule (70 of 100 MW)" in w for w in found["words"])
    assert found["congestion"] == pytest.approx(0) and explained(BLOCK_BEHIND_A_LINE)["congestion"] == pytest.approx(-100)


def test_what_other_periods_bring_is_told_apart():
    """In the last of three periods B has 160 MW after a start, ramps and 4000 an hour: the price 303.75 is that of its whole schedule."""
    found = explained(THREE_PERIODS, t=2)
    assert found["lmp"] == pytest.approx(303.75) and found["check"]["agrees"]
    row = next(r for r in found["hull"] if r["source"] == "generator B")
    assert row["mwh_more"] - row["mwh_less"] == pytest.approx(160) and row["mean"] == pytest.approx(303.75)
    assert row["elsewhere"] == pytest.approx(180 * 280)  # 60 and 120 MWh before at 280
    assert row["cost"] == pytest.approx(340 * 250 + 12000 + 2000)


def test_a_wrong_price_does_not_pass():
    """50 more than the hull's slope is no price of it."""
    from dataclasses import replace

    d = cleared(ONE_PERIOD)
    right = rule(d)
    wrong = replace(right, price=right.price + 50.0)
    assert not explain_hull(d, wrong, 0, 0, rule)["check"]["agrees"]


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.generate,))
@given(st.integers(0, 10**6), st.integers(0, 4), st.integers(0, 1))
def test_Y3_hulls_solved_again_bear_out_the_price(seed, bus, t):
    """Random meshes with units that are switched, a battery and wind: the price lies between what a MW less saves and one more costs; who
    sets it does so at the price of its bus."""
    d = solved(seed, lumpy=True)
    prices = rule(d)
    found = explain_hull(d, prices, bus, t, rule)
    assert found["check"]["agrees"], found["words"]
    home = {f"unit {u}": b for u, b in d.case.table("unit")["bus"].items()}
    for r in found["hull"]:
        if r["source"] in home:
            at = list(d.case.table("bus").index).index(home[r["source"]])
            assert r["mean"] == pytest.approx(prices.price[at, t], rel=1e-3, abs=1e-2)
    assert np.isfinite(found["lmp"])
