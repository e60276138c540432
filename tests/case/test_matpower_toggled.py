"""Zonal reserves and interface limits of MATPOWER cases, switched on."""

import numpy as np
import pytest

from gridopt.case.check import CaseError
from gridopt.case.readers.matpower import read

CASE = """function mpc = small
mpc.version = '2';
mpc.baseMVA = 100;
mpc.bus = [
  1 3 0 0 0 0 1 1 0 135 1 1.05 0.95;
  2 1 50 0 0 0 1 1 0 135 1 1.05 0.95;
];
mpc.gen = [
  1 0 0 0 0 1 100 1 80 0 0 0 0 0 0 0 0 12 0 0 0;
  1 0 0 0 0 1 100 1 80 0 0 0 0 0 0 0 0 0 0 0 0;
  2 0 0 0 0 1 100 1 80 0 0 0 0 0 0 0 0 0 0 0 0;
  2 0 0 0 0 1 100 0 80 0 0 0 0 0 0 0 0 0 0 0 0;
];
mpc.branch = [ 1 2 0 0.1 0 100 0 0 0 0 1 -360 360; 1 2 0 0.1 0 100 0 0 0 0 0 -360 360; ];
mpc.gencost = [ 2 0 0 2 10 0; 2 0 0 2 20 0; 2 0 0 2 30 0; 2 0 0 2 40 0; ];
mpc.reserves.zones = [ 1 1 0 1; 0 1 1 1; ];
mpc.reserves.req = [ 20; 10 ];
mpc.reserves.cost = [ 1; 2; 3; 4 ];
mpc.reserves.qty = [ 25; 25; 25; 25 ];
mpc.if.map = [ 1 -1; 1 2 ];
mpc.if.lims = [ 1 -15 25 ];
"""


def tables(tmp_path, text=CASE, toggles=("reserves", "iflims")):
    path = tmp_path / "small.m"
    path.write_text(text)
    return read(path, "matpower-dc", toggles).tables


def test_zones_offers_and_what_counts_where(tmp_path):
    """Generator 1 in zone 1 (at most its 12 MW in ten minutes), 3 in zone 2, 2 in both; 4 is out of service."""
    t = tables(tmp_path)
    assert t["reserve"]["requirement_mw"].to_dict() == {"zone 1": 20.0, "zone 2": 10.0, "zone 1+2": 0.0}
    offers = t["reserve_offer"].set_index("element")
    assert offers["reserve"].to_dict() == {"gen 1": "zone 1", "gen 2": "zone 1+2", "gen 3": "zone 2"}
    assert offers["award_max_mw"].tolist() == [12.0, 25.0, 25.0]
    assert offers["cost_cny_per_mwh"].tolist() == [1.0, 2.0, 3.0]
    assert sorted(zip(t["reserve_nesting"]["reserve"], t["reserve_nesting"]["counts_for"], strict=True)) == [
        ("zone 1+2", "zone 1"), ("zone 1+2", "zone 2"),
    ]  # fmt: skip


def test_interface_against_its_branch(tmp_path):
    t = tables(tmp_path)
    assert t["interface_member"][["element", "coefficient"]].values.tolist() == [["1", -1.0]]
    assert t["interface_limit"][["forward_mw", "backward_mw"]].values.tolist() == [[25.0, 15.0]]


def test_nothing_unless_switched_on(tmp_path):
    t = tables(tmp_path, toggles=())
    assert not len(t["reserve"]) and not len(t["interface"])


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("mpc.reserves.req = [ 20; 10 ];", "", "has no matrix mpc.reserves.req, which toggle 'reserves' needs"),
        ("[ 1 1 0 1; 0 1 1 1; ]", "[ 1 1 0; 0 1 1; ]", "mpc.reserves.zones has 2 x 3 entries, not 2 x 4"),
        ("cost = [ 1; 2; 3; 4 ]", "cost = [ 1; 2 ]", "mpc.reserves.cost has 2 entries, 4 generators, 4 of them in a zone"),
        ("[ 1 -1; 1 2 ]", "[ 1 -1; 1 7 ]", "mpc.if.map names branch 7, the case has 2"),
        ("[ 1 -15 25 ]", "[ 2 -15 25 ]", "mpc.if.lims names interface 2, which mpc.if.map does not have"),
        ("req = [ 20; 10 ]", "req = [ -20; 10 ]", "column requirement_mw: '-20.0' must be at least 0"),
    ],
)
def test_faults(tmp_path, old, new, words):
    assert old in CASE
    with pytest.raises(CaseError) as error:
        tables(tmp_path, CASE.replace(old, new))
    assert len(error.value.faults) == 1 and words in error.value.faults[0], error.value.faults


def test_figures_of_generators_in_zones_only(tmp_path):
    """Without generator 3 in any zone, costs may be given for the other three."""
    text = CASE.replace("[ 1 1 0 1; 0 1 1 1; ]", "[ 1 1 0 1; 0 1 0 1; ]").replace("cost = [ 1; 2; 3; 4 ]", "cost = [ 1; 2; 4 ]")
    offers = tables(tmp_path, text)["reserve_offer"]
    assert offers["cost_cny_per_mwh"].tolist() == [1.0, 2.0]
    assert np.isfinite(offers["award_max_mw"]).all()
