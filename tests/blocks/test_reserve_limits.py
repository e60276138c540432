"""Limits of awards: ranges of offers, reserves that share a ramp by rate, what units that are off give together."""

from dataclasses import replace

import numpy as np
import pytest

from gridopt.dispatch.single import dispatch
from gridopt.dispatch.whole import Search
from tests.blocks.test_reserve import award, generator, offer, passed, shortage, solved, switch
from tests.support.block_cases import buses, load, power_case


@pytest.mark.parametrize(
    ("missing", "commitment", "cost"), [(1000, "exact", 1350), (50, "exact", 1200), (50, "relaxed", 1150), (50, "off", 1150)]
)
def test_V8_a_unit_that_regulates_keeps_to_a_narrower_range(missing, commitment, cost):
    """Load 95; g 0..100 MW at 10 regulates between 20 and 80; h at 30. 5 MW of regulation up are required.

    In its range g gives 75, h 20: 750 + 600 = 1350. At 50 for a MW missing it is cheaper to regulate nothing: 950 + 5 x 50 = 1200.
    Where decisions may lie between, a fifth of g regulates: 95 + 1 + 20 / 5 <= 100, so that 4 MW are missing: 950 + 200.
    """
    rows = dict(
        bus=buses("A"),
        generator=[generator("g", 100, 10), generator("h", 100, 30)],
        load=[load("A", mean=95.0)],
        reserve=[dict(reserve="agc", product="regulation_up", requirement_mw=5.0)],
        reserve_shortage=shortage("agc", (50, missing)),
        reserve_offer=[offer("agc", "g", award_max_mw=5.0, range_min_mw=20.0, range_max_mw=80.0)],
    )
    for switched in ([], [switch("g")]):
        d = passed(dispatch(replace(power_case(**rows, commitment=switched), commitment=commitment), search=Search(gap=1e-9)))
        assert d.solution.objective == pytest.approx(cost)
    rows["reserve_offer"] = [offer("agc", "g", award_max_mw=5.0)]
    assert solved(power_case(**rows)).solution.objective == pytest.approx(950)


def test_V8_the_bottom_of_a_range():
    """Load 30; h gives it at 5, but 5 MW of regulation down come from g at 10 alone, which regulates above 20 MW: g 25, h 5."""
    rows = dict(
        bus=buses("A"),
        generator=[generator("g", 100, 10), generator("h", 100, 5)],
        load=[load("A", mean=30.0)],
        reserve=[dict(reserve="agc", product="regulation_down", requirement_mw=5.0)],
        reserve_offer=[offer("agc", "g", range_min_mw=20.0)],
    )
    d = solved(power_case(**rows))
    assert d.solution.objective == pytest.approx(25 * 10 + 5 * 5)
    assert d.quantities["generator_output"].values[:, 0] == pytest.approx([25, 5])
    rows["reserve_offer"] = [offer("agc", "g")]
    assert solved(power_case(**rows)).solution.objective == pytest.approx(5 * 10 + 25 * 5)


def test_V8_alike_units_in_their_range():
    """Two alike units 0..100 MW at 10, load 180, h at 30: one regulates its most, 5 MW, below 80: 100 + 75, h 5. 6 MW need both: 154."""
    rows = dict(
        bus=buses("A"),
        generator=[generator("g", 100, 10), generator("h", 100, 30)],
        load=[load("A", mean=180.0)],
        reserve=[dict(reserve="agc", product="regulation_up", requirement_mw=5.0)],
        reserve_offer=[offer("agc", "g", award_max_mw=5.0, range_max_mw=80.0)],
        commitment=[switch("g", count=2)],
    )
    assert solved(power_case(**rows)).solution.objective == pytest.approx(175 * 10 + 5 * 30)
    rows["reserve"][0]["requirement_mw"] = 6.0
    assert solved(power_case(**rows)).solution.objective == pytest.approx(154 * 10 + 26 * 30)


def test_V6_what_is_ready_sooner_is_ready_later_too():
    """g, off, is at 30 MW in ten minutes or in half an hour. 20 MW are required of each, at 100 for a MW missing: 10 are. Were it
    on, its 60 MWh would cost 80 in place of 20: 3600 more than 10 x 100."""
    rows = dict(
        bus=buses("A"),
        generator=[generator("g", 100, 80, power_min_mw=60.0), generator("h", 60, 20)],
        load=[load("A", mean=60.0)],
        reserve=[dict(reserve="quick", product="non_spinning", requirement_mw=20.0, response_min=10.0),
                 dict(reserve="slow", product="non_spinning", requirement_mw=20.0, response_min=30.0)],
        reserve_shortage=[*shortage("quick", (50, 100)), *shortage("slow", (50, 100))],
        reserve_offer=[offer(q, "g", offline_max_mw=30.0, award_max_mw=0.0) for q in ("quick", "slow")],
        commitment=[switch("g")],
    )  # fmt: skip
    d = solved(power_case(**rows))
    assert d.solution.objective == pytest.approx(60 * 20 + 10 * 100)
    assert award(d, "quick", "g") + award(d, "slow", "g") == pytest.approx([30])


def test_V5_alike_units_that_are_on_share_their_response():
    """Two alike units of 20..100 MW ramp 1 MW/min each; load 50: one is on, and gives 10 MW in ten minutes, not 20, of both reserves."""
    rows = dict(
        bus=buses("A"),
        generator=[generator("g", 100, 10, power_min_mw=40.0, ramp_fraction_per_min=0.01)],
        load=[load("A", mean=50.0)],
        reserve=[dict(reserve=q, product="spinning_up", requirement_mw=10.0, response_min=m) for q, m in (("quick", 8.0), ("slow", 10.0))],
        reserve_shortage=[*shortage("quick", (50, 2)), *shortage("slow", (50, 1))],
        reserve_offer=[offer("quick"), offer("slow")],
        commitment=[switch("g", count=2)],
    )
    d = solved(power_case(**rows))
    assert award(d, "quick", "g") == pytest.approx([8]) and award(d, "slow", "g") == pytest.approx([2])
    assert d.solution.objective == pytest.approx(500 + 2 * 2 + 8 * 1)


@pytest.mark.parametrize("commitment", ["off", "exact"])
@pytest.mark.parametrize(("mean", "missing"), [(False, 3.0), (True, 4.0)])
def test_U5_Y5_awards_share_the_ramp_by_rate(commitment, mean, missing):
    """g ramps 60 MW an hour; an award for ten minutes takes six times its MW of an hour. Load 50 then 80: a rise of 30 leaves 30 / 6 = 5.

    6 then 8 MW are required, at 2 for a MW missing: 3 are missing in the second hour. By the mean of both hours the awards add up to 10,
    so that 4 are missing. Before the first step g gave 50: 6 x 6 <= 60.
    """
    rows = dict(
        bus=buses("A"),
        generator=[generator("g", 100, 10, ramp_fraction_per_min=0.01, initial_mw=50.0)],
        load=[load("A", "d")],
        series={"d": [50, 80], "n": [6, 8]},
        reserve=[dict(reserve="up", product="spinning_up", profile="n", shares_ramp=True, ramp_min=10.0, ramp_mean=mean)],
        reserve_shortage=shortage("up", (50, 2)),
        reserve_offer=[offer("up")],
    )
    d = solved(power_case(2, **rows, commitment=[switch("g", initial_h=5.0, initial_mw=50.0)]), commitment)
    assert d.solution.objective == pytest.approx(130 * 10 + 2 * missing)


def test_U5_the_first_step_shares_the_ramp_from_the_output_before():
    """g gave 20, may rise by 60 in the hour; load 70: 50, and (60 - 50) / 6 for ten minutes. h, at 200, is dearer than a MW missing."""
    rows = dict(
        bus=buses("A"),
        generator=[generator("g", 100, 10, ramp_fraction_per_min=0.01, initial_mw=20.0), generator("h", 100, 200)],
        load=[load("A", mean=70.0)],
        reserve=[dict(reserve="up", product="spinning_up", requirement_mw=8.0, shares_ramp=True, ramp_min=10.0, ramp_mean=True)],
        reserve_shortage=shortage("up", (50, 2)),
        reserve_offer=[offer("up", "g")],
    )
    for commitment in ("off", "exact"):
        d = solved(power_case(**rows, commitment=[switch("g", initial_h=5.0, initial_mw=20.0)]), commitment)
        assert award(d, "up", "g") == pytest.approx([10 / 6])


@pytest.mark.parametrize("steps", [1, 2])
def test_U5_in_the_step_of_a_start_awards_share_the_start_ramp(steps):
    """g, off before, starts in the last step with at most 30 MW, 20 the least: 10 above it, of which a MW of reserve takes 6: 24 MW. h, at
    30, gives the other 26 of 50. Where an award takes its MW once, g gives 29."""
    rows = dict(
        bus=buses("A"),
        generator=[generator("g", 100, 10, power_min_mw=20.0, ramp_fraction_per_min=0.01), generator("h", 100, 30)],
        load=[load("A", mean=50.0)],
        series={"on": [0.0, 1.0][-steps:], "n": [0.0, 1.0][-steps:]},
        reserve=[dict(reserve="up", product="spinning_up", profile="n", shares_ramp=True, ramp_min=10.0)],
        reserve_offer=[offer("up", "g")],
        commitment=[switch("g", initial_h=-5.0, start_ramp_mw=30.0, status_profile="on")],
    )
    d = solved(power_case(steps, **rows))
    assert d.quantities["generator_output"].values[0, -1] == pytest.approx(24)
    rows["reserve"][0]["ramp_min"] = None
    assert solved(power_case(steps, **rows)).quantities["generator_output"].values[0, -1] == pytest.approx(29)


def test_U6_before_a_stop_the_mean_of_awards_shares_the_stop_ramp():
    """g, 20 MW at least, stops after an hour in which it may give 30: 10 above the least. Of 8 MW downward for half an hour it holds 5: an
    award s needs s above the least, and its mean with nothing, twice over, takes s of the 10."""
    rows = dict(
        bus=buses("A"),
        generator=[generator("g", 100, 10, power_min_mw=20.0, ramp_fraction_per_min=0.01), generator("h", 100, 30)],
        load=[load("A", mean=50.0)],
        series={"on": [1.0, 0.0], "n": [8.0, 0.0]},
        reserve=[dict(reserve="down", product="spinning_down", profile="n", shares_ramp=True, ramp_min=30.0, ramp_mean=True)],
        reserve_shortage=shortage("down", (50, 1000)),
        reserve_offer=[offer("down", "g")],
        commitment=[switch("g", stop_ramp_mw=30.0, status_profile="on")],
    )
    d = solved(power_case(2, **rows))
    assert award(d, "down", "g") == pytest.approx([5, 0])
    assert d.quantities["generator_output"].values[0] == pytest.approx([25, 0])


def test_awards_by_rate_are_the_same_in_shorter_steps():
    """While the output stays, an award for ten minutes is at most 10 R, whatever the length of the steps."""
    rows = dict(
        bus=buses("A"),
        generator=[generator("g", 100, 10, ramp_fraction_per_min=0.005, initial_mw=40.0)],
        load=[load("A", mean=40.0)],
        reserve=[dict(reserve="up", product="spinning_up", requirement_mw=9.0, shares_ramp=True, ramp_min=10.0)],
        reserve_shortage=shortage("up", (50, 2)),
        reserve_offer=[offer("up")],
    )
    for minutes in (60, 15, 5):
        for commitment in ("off", "exact"):
            made = power_case(1, minutes=minutes, **rows, commitment=[switch("g", initial_h=5.0, initial_mw=40.0)])
            d = solved(made, commitment)
            assert award(d, "up", "g") == pytest.approx(np.full(60 // minutes, 5.0))
