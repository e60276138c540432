"""Rules of demand that responds."""

import pytest

from tests.case.test_rules import faults, one

LOADS = dict(load=[dict(load="D", bus="A", mean_mw=5)])
CALLED = dict(interruptible="i", load="D", power_max_mw=4, cost_cny_per_mwh=50)
MOVED = dict(shiftable="s", load="D", power_less_mw=1, power_more_mw=1, window_h=6)
GROWN = dict(price_response="p", load="D", share=0.1, price_cny_per_mwh=20)
HALLS = dict(data_centre="c", load="D", flexible_fraction=0.2, deferral_h=2, power_max_mw=6)


def test_sound():
    rows = dict(interruptible=[CALLED | dict(block_mw=2, season="heat", hours_per_season=20, called_h=3)],
                shiftable=[MOVED, MOVED | dict(shiftable="t", window_h=48)], data_centre=[HALLS],
                price_response=[GROWN, GROWN | dict(price_response="q", start_hour=22, end_hour=6)])  # fmt: skip
    assert not faults(**LOADS, **rows)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (dict(interruptible=[CALLED | dict(block_mw=5)]), ["column block_mw: '5' is above power_max_mw 4"]),
        (dict(interruptible=[CALLED | dict(called_h=5)]), ["column called_h: '5' has no use: hours_per_season is empty"]),
        (dict(interruptible=[CALLED | dict(load="E")]), ["column load: 'E' is not in table load"]),
        (dict(interruptible=[CALLED | dict(season="dry")]), ["column season: 'dry' is not in table season"]),
        (dict(shiftable=[MOVED | dict(window_h=5)]), ["column window_h: '5' neither divides a day", "4, 6, 12, 24 or 48"]),
        (dict(shiftable=[MOVED | dict(rebound=0.9)]), ["column rebound: '0.9' must be at least 1"]),
        (dict(price_response=[GROWN | dict(start_hour=6, end_hour=6)]), ["column end_hour: '6' is start_hour 6 as well"]),
        (dict(data_centre=[HALLS, HALLS | dict(data_centre="d")]), ["row 3", "column load: 'D' is the load of another data centre"]),
    ],
)
def test_faults(rows, words):
    one(words, **LOADS, **rows)
