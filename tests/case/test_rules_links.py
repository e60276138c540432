"""Rules of DC links, their schedules, pole outages, and series they must be able to follow."""

import pytest

from gridopt.case.check import CaseError
from gridopt.case.rules_links import check_agreed
from tests.blocks.test_dc_link import link_case
from tests.case.test_rules import LINK, faults, one

RULE = dict(dc_link="D")


def test_sound_links():
    both = LINK | dict(power_reverse_max_mw=60, power_min_mw=10, initial_mw=-40, initial_hold_h=1)
    rule = RULE | dict(may_stop=True, step_mw=20, change_minutes=15, hold_h=2, steps_per_change=2, reversal_h=4)
    assert not faults(dc_link=[both], dc_schedule=[rule])
    assert not faults(dc_link=[LINK], outage=[pole()])
    # It waits at no power, which costs it nothing; and one that may stop does so.
    turns = LINK | dict(power_reverse_max_mw=60, power_min_mw=0, loss_no_load_fraction=0)
    assert not faults(dc_link=[turns], dc_schedule=[RULE | dict(reversal_h=2)])
    assert not faults(dc_link=[turns | dict(loss_no_load_fraction=0.01)], dc_schedule=[RULE | dict(reversal_h=2, may_stop=True)])


def pole(**kw):
    times = dict(start_time="2025-01-01 00:00", end_time="2025-01-02 00:00")
    return dict(dict(kind="dc_link", element="D", share=0.5, **times), **kw)


@pytest.mark.parametrize(
    ("link", "words"),
    [
        (dict(power_min_mw=10, power_reverse_max_mw=5), ["column power_reverse_max_mw: '5.0' is below power_min_mw 10", "never reversed"]),
        (dict(initial_mw=120), ["column initial_mw: '120.0' lies outside what the link can carry, 0 to 100 MW"]),
        (dict(initial_mw=-20), ["column initial_mw: '-20.0'", "0 to 100 MW", "negative from to_bus"]),
        (dict(initial_hold_h=2), ["column initial_hold_h: '2.0'", "initial_mw is empty"]),
        (dict(initial_hold_h=2, initial_mw=20), ["column initial_hold_h: '2.0' has no use", "no row in dc_schedule"]),
    ],
)
def test_links(link, words):
    one(["dc_link.csv, row 2 (dc_link 'D')", *words], dc_link=[LINK | link])


@pytest.mark.parametrize(
    ("rule", "link", "words"),
    [
        (dict(change_minutes=50), {}, ["column change_minutes: '50' does not divide the day", "15 or 60"]),
        (dict(step_mw=60), dict(power_min_mw=70), ["column step_mw: '60' has no multiple between power_min_mw 70 and power_max_mw 100"]),
        (dict(step_mw=30), dict(initial_mw=50), ["column step_mw: '30' does not divide initial_mw 50 of DC link 'D'"]),
        (dict(steps_per_change=2), {}, ["column steps_per_change: '2.0' counts steps, but step_mw is empty"]),
        (dict(reversal_h=2), {}, ["column reversal_h: '2' has no use", "sends one way only"]),
        (dict(reversal_h=2), dict(power_reverse_max_mw=60, power_min_mw=10), ["column reversal_h: '2' could never pass", "power_min_mw is 10"]),
        (dict(reversal_h=2), dict(power_reverse_max_mw=60, loss_no_load_fraction=0.01), ["may not stop", "loss_no_load_fraction is 0.01"]),
        (dict(hold_h=2), dict(schedule="s"), ["column dc_link: 'D' has rules for a schedule", "fixed by series 's'"]),
    ],
)
def test_schedules(rule, link, words):
    one(["dc_schedule.csv, row 2 (dc_schedule 'D')", *words], dc_link=[LINK | link], dc_schedule=[RULE | rule])


def test_schedule_of_a_link_that_is_not_there():
    one(["dc_schedule.csv, row 2", "column dc_link: 'E' is not in table dc_link"], dc_link=[LINK], dc_schedule=[RULE | dict(dc_link="E")])


def test_link_may_stop_below_its_first_step():
    assert not faults(dc_link=[LINK | dict(power_min_mw=70)], dc_schedule=[RULE | dict(step_mw=60, may_stop=True)])


def test_only_links_are_out_in_part():
    line = dict(line="L1", from_bus="A", to_bus="B", length_km=10, reactance_ohm_per_km=0.3)
    rule = ["outage.csv, row 2, column share: '0.5' is below 1, but a line is out whole"]
    one(rule, line=[line], outage=[pole(kind="line", element="L1")])


def test_agreed_power_beyond_the_link():
    """At most 100 MW, 80 in the second hour: 90 MW are too much then."""
    made = link_case(3, prices=(1.0,) * 3, more=dict(series={"s": [90, 90, 101], "m": [1, 0.8, 1]}), schedule="s", max_profile="m")
    with pytest.raises(CaseError) as found:
        check_agreed(made)
    text = "series 's': 90 MW at 2025-01-01 01:00 is outside what DC link 'L' can carry then, 0 to 80 MW (2 steps in all)"
    assert text in found.value.faults[0]
    check_agreed(link_case(3, prices=(1.0,) * 3, more=dict(series={"s": [90, 0, 20]}), schedule="s"))
