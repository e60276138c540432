"""Rules of branches, of the rows that name them, of outages and contingencies."""

import pytest

from tests.case.test_rules import LINE, LINK, UNIT, faults, one

KIND = dict(unit_type="t", min_load_fraction=0.3, fuel_rate_full_tce_per_mwh=0.3)
BRANCH = dict(ac_branch="K", from_bus="A", to_bus="B", reactance_pu=0.1)
GENERATOR = dict(generator="g", bus="A", power_max_mw=10)


def test_sound_branches():
    shifter = dict(ac_branch="P", from_bus="A", to_bus="B", reactance_pu=-0.1, shift_min_deg=-30, shift_max_deg=30)
    limited = dict(ac_branch="Q", from_bus="A", to_bus="B", reactance_pu=0.1, angle_max_deg=30, shift_deg=5)
    assert not faults(ac_branch=[BRANCH, shifter, limited])


def test_branch_without_reactance():
    one(
        ["ac_branch.csv, row 2 (ac_branch 'K'), column reactance_pu: '0'", "nothing determines", "Give its reactance"],
        ac_branch=[BRANCH | dict(reactance_pu=0)],
    )


def test_branch_with_one_end():
    one(["ac_branch.csv, row 2 (ac_branch 'K'), column to_bus: 'A' is also from_bus"], ac_branch=[BRANCH | dict(to_bus="A")])


@pytest.mark.parametrize(("given", "lacking"), [("shift_min_deg", "shift_max_deg"), ("shift_max_deg", "shift_min_deg")])
def test_half_a_range_of_shifts(given, lacking):
    one([f"(ac_branch 'K'), column {lacking}: ''", f"{given} is 10", f"Give {lacking}"], ac_branch=[BRANCH | {given: 10}])


def test_shift_range_and_angle_limits_together():
    branch = BRANCH | dict(shift_min_deg=-10, shift_max_deg=20, angle_min_deg=-30, angle_max_deg=30)
    found = faults(ac_branch=[branch])
    assert len(found) == 2
    assert "column angle_min_deg: '-30.0' limits the angle" in found[0] and "between -10 and 20 degrees" in found[0]
    assert "column angle_max_deg: '30.0'" in found[1] and "as the range of the shift" in found[1]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (dict(line=[LINE]), dict(ac_branch=[BRANCH | dict(ac_branch="L1")])),
        (dict(ac_branch=[BRANCH]), dict(dc_link=[LINK | dict(dc_link="K")])),
    ],
)
def test_id_of_two_kinds_of_branches(first, second):
    (name,), (other,) = first, second
    one([f"{other}.csv, row 2", f"is also the id of a {name}"], **first, **second)


def test_ac_branch_in_an_interface():
    rows = dict(interface=[dict(interface="S")], ac_branch=[BRANCH])
    assert not faults(**rows, interface_member=[dict(interface="S", kind="ac_branch", element="K")])
    member = dict(interface="S", kind="ac_branch", element="L")
    one(["interface_member.csv, row 2, column element: 'L' is not in table ac_branch"], **rows, interface_member=[member])


# ----------------------------------------------------------------------------------------------------------------- outages
def outage(**kw):
    return dict(dict(kind="line", element="L1", start_time="2025-01-01 06:00", end_time="2025-01-02"), **kw)


def test_outage_of_something_unknown():
    long = [LINE | dict(line="Anxi-Yumen")]
    words = ["outage.csv, row 2, column element: 'Anxi_Yumen' is not in table line; did you mean 'Anxi-Yumen'?"]
    one(words, line=long, outage=[outage(element="Anxi_Yumen")])
    one(["outage.csv, row 2, column element: 'L1' is not in table storage"], line=[LINE], outage=[outage(kind="storage")])
    assert not faults(line=[LINE], outage=[outage()])


@pytest.mark.parametrize("end", ["2025-01-01 06:00", "2025-01-01"])
def test_outage_that_ends_before_it_starts(end):
    words = ["outage.csv, row 2, column end_time: '2025-01-01 0", "is not after start_time '2025-01-01 06:00'", "Swap"]
    one(words, line=[LINE], outage=[outage(end_time=end)])


# ----------------------------------------------------------------------------------------------------------- contingencies
def test_contingency_of_something_unknown():
    lost = dict(contingency="N1", kind="generator", element="G")
    one(["contingency.csv, row 2, column element: 'G' is not in table generator"], generator=[GENERATOR], contingency=[lost])


@pytest.mark.parametrize(("kind", "element"), [("unit", "u"), ("generator", "g"), ("dc_link", "D")])
def test_part_of_a_plant_or_dc_link_is_lost(kind, element):
    lost = dict(contingency="N1", kind=kind, element=element, share=0.5)
    assert not faults(unit_type=[KIND], unit=[UNIT], generator=[GENERATOR], dc_link=[LINK], contingency=[lost])


@pytest.mark.parametrize(("kind", "element"), [("line", "L1"), ("ac_branch", "K")])
def test_branches_are_lost_whole(kind, element):
    lost = dict(contingency="N1", kind=kind, element=element, share=0.5)
    words = [f"contingency.csv, row 2, column share: '0.5' is below 1, but a {kind} is lost whole", "unit, generator, renewable, dc_link"]
    one(words, line=[LINE], ac_branch=[BRANCH], contingency=[lost])
    assert not faults(line=[LINE], ac_branch=[BRANCH], contingency=[lost | dict(share=1)])


def test_all_faults_at_once():
    found = faults(
        line=[LINE],
        ac_branch=[BRANCH | dict(reactance_pu=0, to_bus="A", shift_min_deg=1)],
        outage=[outage(element="x"), outage(end_time="2024-01-01")],
        contingency=[dict(contingency="c", kind="line", element="L1", share=0.1)],
    )
    assert len(found) == 6
