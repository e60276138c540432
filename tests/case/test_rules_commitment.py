"""What is switched: who is named, what was before the first step, starts, stations."""

from dataclasses import replace

import pytest

from gridopt.case.check import CaseError
from gridopt.case.rules_commitment import check_fleet
from tests.blocks.test_commitment import built, committed, generator
from tests.case.test_rules import KIND, UNIT, faults, one


def rows(*commitment, start_cost=(), **kw):
    """Generators 'g' and 'h' of 10 to 50 MW and unit 'u' of 30 to 100 MW."""
    plant = [dict(generator=n, bus="A", power_min_mw=10, power_max_mw=50) for n in "gh"]
    given = [dict(dict(kind="generator", element="g"), **c) for c in commitment]
    return dict(generator=plant, unit_type=[KIND], unit=[UNIT], commitment=given, start_cost=list(start_cost)) | kw


def test_what_does_no_harm():
    assert not faults(**rows(dict(initial_h=3, initial_mw=50, start_ramp_mw=10, stop_ramp_mw=10)))
    assert not faults(**rows(dict(initial_h=-3, initial_mw=0), dict(element="h", initial_h=2, initial_mw=5)))
    assert not faults(**rows(dict(kind="unit", element="u", start_ramp_mw=30)))


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (dict(element="gg"), ["column element: 'gg' is not in table generator; did you mean 'g'?"]),
        (dict(kind="unit"), ["column element: 'g' is not in table unit"]),
        (dict(initial_h=0), ["column initial_h: '0' says neither on (positive) nor off (negative)", "leave the cell empty"]),
        (dict(initial_h=-2, initial_mw=5), ["column initial_mw: '5'", "by initial_h -2 it is off then"]),
        (dict(initial_mw=20), ["column initial_mw: '20'", "initial_h is empty"]),
        (dict(initial_h=2, initial_mw=60), ["column initial_mw: '60' is above the largest output of generator 'g', 50 MW"]),
        (dict(start_ramp_mw=9), ["column start_ramp_mw: '9' is below the least output of generator 'g', 10 MW: it could never start"]),
        (dict(stop_ramp_mw=9), ["column stop_ramp_mw: '9'", "it could never stop"]),
        (dict(start_notice_min=15, max_starts_per_week=3), ["column start_notice_min: '15' is given, but so is max_starts_per_week"]),
        (dict(start_notice_min=15, station="S", max_changes_per_day=1), ["column start_notice_min: '15'", "max_changes_per_day"]),
        (dict(kind="unit", element="u", start_ramp_mw=29), ["'29' is below the least output of unit 'u', 30 MW"]),
    ],
)
def test_a_row_that_contradicts_itself(row, words):
    one(["commitment.csv, row 2", *words], **rows(row))


def test_a_station_has_one_number():
    both = (dict(station="S", max_changes_per_day=1), dict(element="h", station="S", max_changes_per_day=2))
    one(["commitment.csv, row 3, column max_changes_per_day: '2' differs from 1", "station 'S'"], **rows(*both))


def test_start_costs():
    """They rise with the hours, whatever the order of the rows, and belong to what is switched."""
    warm, cold = dict(kind="generator", element="g", offline_h=0, cost_cny=50), dict(kind="generator", element="g", offline_h=8, cost_cny=40)
    words = ["start_cost.csv, row 2, column cost_cny: '40' is less than the 50 CNY", "(row 3)"]
    one(words, **rows(dict(), start_cost=[cold, warm]))
    one(["start_cost.csv, row 2, column element: 'h' has start costs but no row in commitment.csv"],
        **rows(dict(), start_cost=[warm | dict(element="h")]))  # fmt: skip
    assert not faults(**rows(start_cost=[dict(kind="unit", element="u", offline_h=0, cost_cny=1)]))


def test_start_costs_of_a_type_rise():
    kind = KIND | dict(start_hot_cny=5, start_warm_cny=4, start_cold_cny=9)
    one(["unit_type.csv, row 2 (unit_type 't'), column start_hot_cny: '5.0' is larger than start_warm_cny '4.0'"],
        **rows(unit_type=[kind]))  # fmt: skip


def refused(made) -> list[str]:
    with pytest.raises(CaseError) as error:
        check_fleet(made)
    return error.value.faults


def test_once_the_steps_are_known():
    """A schedule shorter than a minimum time, an output that must and cannot be, a curve that bends downwards; each in one sentence."""
    made = built([20] * 4, [generator()], [committed(min_down_h=2.0, status_profile="s")], status=[1, 0, 1, 1])
    assert refused(made) == [
        "generator 'g': its status_profile holds it off for 1 h from 2025-01-01 01:00, less than its minimum down time, 2 h. "
        "Correct the series or the time."
    ]
    made = built([20] * 4, [generator(profile="s")], [committed(must_run=True)], status=[1, 0.1, 0.1, 1])
    assert refused(made)[0].startswith("generator 'g': must be on at 2025-01-01 01:00, but its largest output then, 5 MW, is below its least")
    kind = dict(unit_type="k", min_load_fraction=0.3, fuel_rate_full_tce_per_mwh=1.0, fuel_rate_extra_half_tce_per_mwh=0.1)
    plant = dict(unit="u", bus="A", unit_type="k", fuel="c10", power_max_mw=100.0)
    made = built([20], [], [], unit_type=[kind], unit=[plant])
    assert refused(made)[0].startswith("unit_type 'k': its fuel curve bends downwards at half load, and 1 units that are switched")
    check_fleet(replace(made, commitment="off"))
    check_fleet(built([20] * 4, [generator(profile="s")], [committed()], status=[1, 0.1, 0.1, 1]))


def heat(**kw):
    return rows(chp=[dict(dict(kind="generator", element="g", heat_max_mw=20), **kw)])


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (dict(element="x", power_lost_per_heat=1), ["column element: 'x' is not in table generator"]),
        (dict(mode="back_pressure"), ["column power_per_heat: '' is empty"]),
        (dict(power_per_heat=0.4, power_lost_per_heat=1), ["column power_per_heat: '0.4' is of back-pressure plants"]),
        (dict(mode="back_pressure", power_per_heat=0.4, power_lost_per_heat=1), ["column power_lost_per_heat: '1' is of extraction plants"]),
        (dict(), ["column power_per_heat_min: '0' is 0 like power_lost_per_heat"]),
    ],
)
def test_heat_loads(row, words):
    assert not faults(**heat(power_per_heat_min=1.0))
    one(["chp.csv, row 2", *words], **heat(**row))


def test_heat_that_leaves_no_output():
    chp = dict(kind="generator", element="g", heat_max_mw=40.0, power_per_heat_min=1.0, power_lost_per_heat=0.5)
    for mode in ("exact", "off"):
        assert refused(built([20], [generator()], [committed()], chp=[chp], mode=mode)) == [
            "generator 'g': its heat load at 2025-01-01 00:00, 40 MW, leaves no output: at least 40 MW, at most 30 MW (1 steps in all). "
            "Correct the heat load or the coefficients in table chp."
        ]


def test_deep_bands():
    def bands(*pairs, kind="unit_type", element="t"):
        return rows(deep_band=[dict(kind=kind, element=element, down_to_fraction=f, cost_cny_per_mwh=c) for f, c in pairs])

    assert not faults(**bands((0.2, 5), (0.1, 5)))
    one(["deep_band.csv, row 2, column down_to_fraction: '0.3' is not below", "unit_type 't', 0.3 of its largest"], **bands((0.3, 5)))
    one(["deep_band.csv, row 3", "column cost_cny_per_mwh: '4' is less than 5", "(row 2)"], **bands((0.2, 5), (0.1, 4)))
    one(["column down_to_fraction: '0.2' is not below", "generator 'g', 0.2"], **bands((0.2, 5), kind="generator", element="g"))
    one(["column element: 'x' is not in table unit_type"], **bands((0.2, 5), element="x"))
