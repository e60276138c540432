"""Thermal units: when they must run."""

from dataclasses import replace

from gridopt.case.units import must_run, output_range
from tests.support.block_cases import FUEL, buses, unit
from tests.support.small import case

TYPE = [dict(unit_type="u", min_load_fraction=0.4, fuel_rate_full_tce_per_mwh=1.0)]


def units(**kw):
    rows = [unit("A", 10, 100, must_run="always", must_run_fraction=0.25), unit("A", 20, 100, must_run="always", must_run_fraction=0.75)]
    return case(bus=buses("A"), fuel=FUEL, unit_type=TYPE, unit=rows, **kw)


def test_a_listed_unit_must_run_where_the_list_says_so():
    """A10 is listed as free: it may stop, and runs at 0.4 of 100 MW at least; A20 is listed as must-run: at least 0.75 of 100 MW."""
    listed = [dict(kind="unit", element="A10", must_run="false"), dict(kind="unit", element="A20", must_run="true")]
    found = replace(units(commitment=listed), commitment="exact")
    assert must_run(found)[:, 0].tolist() == [False, True]
    assert output_range(found)[0][:, 0].tolist() == [40.0, 75.0]


def test_without_decisions_the_list_does_not_count():
    listed = [dict(kind="unit", element="A10", must_run="false")]
    assert must_run(units(commitment=listed))[:, 0].tolist() == [True, True]


def test_a_unit_that_is_not_listed_keeps_its_rule():
    assert must_run(replace(units(), commitment="exact"))[:, 0].tolist() == [True, True]
