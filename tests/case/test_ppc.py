"""Arrays in MATPOWER's layout to tables: service, branch models, costs, demand, reference buses, by hand."""

import numpy as np
import pytest

from gridopt.case.check import CaseError
from gridopt.case.ppc import to_tables
from gridopt.case.ppc_arrays import Ppc
from gridopt.case.ppc_check import check
from gridopt.case.ppc_costs import SEGMENTS, cost_curves

BUS = [
    [1, 3, 0, 0, 0, 0, 1, 1, 0, 110, 1, 1.1, 0.9],
    [2, 1, 80, 0, 5, 0, 1, 1, 0, 0, 1, 1.1, 0.9],
    [3, 1, -7, 0, -2, 0, 2, 1, 4, 110, 3, 1.1, 0.9],
]
GEN = [[1, 0, 0, 0, 0, 1, 100, 1, 90, 10], [3, 0, 0, 0, 0, 1, 100, 1, 0, -25]]
BRANCH = [
    [1, 2, 0.03, 0.04, 0.02, 100, 110, 0, 0, 0, 1, -360, 360],
    [2, 3, 0.00, 0.10, 0.00, 0, 0, 50, 0.95, 3, 1, -100, 20],
    [2, 3, 0.00, 0.10, 0.00, 60, 70, 80, 0, 0, 1, 0, 0],
]
COST = [[2, 0, 0, 3, 0.01, 20, 100], [2, 0, 0, 2, 50, 0, 0]]


def arrays(bus=BUS, gen=GEN, branch=BRANCH, gencost=COST, base=100.0):
    bus, gen, branch, gencost = (np.array(a, float) for a in (bus, gen, branch, gencost))
    ids = [
        np.array([f"{b[0]:g}" for b in bus], object),
        *(np.array([f"{n}{i + 1}" for i in range(len(a))], object) for n, a in (("g", gen), ("l", branch))),
    ]
    return Ppc(base, bus, gen, branch, gencost, lambda matrix, row: f"{matrix} {row + 1}", *ids, [], [], [])


def tables(model="matpower-dc", **given):
    ppc = arrays(**given)
    assert check(ppc, model) == []
    raw = to_tables(ppc, model)
    return {name: t.set_index(t.columns[0]) for name, t in raw.tables.items()}, raw


def changed(rows, row, column, value):
    return [[value if (i, k) == (row, column) else v for k, v in enumerate(r)] for i, r in enumerate(rows)]


def test_matpower_dc_branches():
    branch = tables()[0]["ac_branch"]
    assert branch["reactance_pu"].tolist() == [0.04, 0.1, 0.1] and branch["tap_ratio"].tolist() == [1, 0.95, 1]
    assert branch["shift_deg"].tolist() == [0, 3, 0] and branch["base_mva"].tolist() == [100] * 3
    assert branch["rating_mw"].fillna(-1).tolist() == [100, -1, 60]
    assert branch["rating_emergency_mw"].fillna(-1).tolist() == [110, -1, 80]  # rateB for want of rateC; none without a rating
    assert branch["angle_min_deg"].fillna(-1).tolist() == [-1, -100, -1] and branch["angle_max_deg"].fillna(-1).tolist() == [-1, 20, -1]


def test_an_angle_limit_of_0_beside_another():
    """0 is a limit of 0 degrees beside another limit, as in MATPOWER 7, and crosses a negative one above it; beside none it is none."""
    pairs = [(0, 30), (-30, 0), (0, 360)]
    rows = [[*row[:11], *pair] for row, pair in zip(BRANCH, pairs, strict=True)]
    branch = tables(branch=rows)[0]["ac_branch"]
    assert branch["angle_min_deg"].fillna(-1).tolist() == [0, -30, -1] and branch["angle_max_deg"].fillna(-1).tolist() == [30, 0, -1]
    rows[0][12] = -30
    assert ["angmin: '0' is larger than angmax" in f for f in check(arrays(branch=rows), "matpower-dc")] == [True]


def test_powermodels_branches():
    """Reactance (0.03^2 + 0.04^2) / 0.04 = 0.0625; the unlimited branch: 100 MVA x 1.1 / 0.1 x sqrt(2 x 1.21 (1 - cos 60)) = 1210 MW."""
    branch = tables("powermodels-dcp")[0]["ac_branch"]
    assert branch["reactance_pu"].to_numpy() == pytest.approx([0.0625, 0.1, 0.1])
    assert branch["tap_ratio"].tolist() == [1, 1, 1] and branch["shift_deg"].tolist() == [0, 0, 0]
    assert branch["angle_min_deg"].tolist() == [-60, -60, -60] and branch["angle_max_deg"].tolist() == [60, 20, 60]
    assert branch["rating_mw"].to_numpy() == pytest.approx([100, 1210, 60])


def test_copperplate_has_no_limits():
    branch = tables("copperplate", branch=changed(BRANCH, 0, 3, 0))[0]["ac_branch"]
    assert branch[["rating_mw", "rating_emergency_mw", "angle_min_deg", "angle_max_deg"]].isna().all(axis=None)
    assert (branch["reactance_pu"] != 0).all()


def test_demand_of_either_sign():
    found, raw = tables()
    assert found["load"]["mean_mw"].to_dict() == {"2": 80, "shunt 2": 5}
    fixed = found["generator"].loc[["injection 3", "shunt 3"]]
    assert fixed["power_min_mw"].tolist() == fixed["power_max_mw"].tolist() == [7, 2]
    assert raw.totals["load_mw"] == 85 and raw.totals["fixed_injection_mw"] == 9 and raw.totals["dispatchable_load_mw"] == 25
    assert found["generator"].at["g2", "technology"] == "dispatchable load"
    assert found["bus"]["voltage_kv"].tolist() == [110, 1, 110] and found["bus"]["region"].tolist() == ["1", "1", "2"]


def test_out_of_service_and_isolated():
    """Bus 3 isolated: its generator, its demand and both of its branches go with it."""
    found, raw = tables(bus=changed(BUS, 2, 1, 4))
    assert list(found["bus"].index) == ["1", "2"] and list(found["generator"].index) == ["g1"] and list(found["ac_branch"].index) == ["l1"]
    assert any("isolated buses (type 4), 1 with -9 MW" in c for c in raw.changes)
    found, raw = tables(branch=changed(BRANCH, 1, 10, 0), gen=changed(GEN, 1, 7, 0))
    assert list(found["ac_branch"].index) == ["l1", "l3"] and "g2" not in found["generator"].index
    assert sum("out of service" in c for c in raw.changes) == 2


def test_what_is_out_of_service_may_be_odd():
    assert check(arrays(branch=changed(changed(BRANCH, 1, 10, 0), 1, 3, 0)), "matpower-dc") == []
    assert check(arrays(gen=changed(changed(GEN, 1, 7, 0), 1, 9, 50)), "matpower-dc") == []


def test_second_reference_bus_holds_its_angle():
    """Bus 3 is 4 degrees ahead of bus 1: from 1 to 3 the angle falls by -4, and the tie carries nothing."""
    found, raw = tables(bus=changed(BUS, 2, 1, 3))
    tie = found["ac_branch"].loc["reference 3"]
    assert tie[["from_bus", "to_bus", "shift_deg", "rating_mw"]].tolist() == ["1", "3", -4, 0]
    assert tables("powermodels-dcp", bus=changed(BUS, 2, 1, 3))[0]["ac_branch"].at["reference 3", "shift_deg"] == 0
    islands = changed(changed(BRANCH, 1, 10, 0), 2, 10, 0)
    assert "reference 3" not in tables(bus=changed(BUS, 2, 1, 3), branch=islands)[0]["ac_branch"].index


def test_output_without_limit():
    """Bound: limits 10 + 25 + 0, demands 80 + 5 + 7 + 2, ratings 160, and 1."""
    found, raw = tables(gen=changed(GEN, 0, 8, 1e9))
    assert found["generator"].at["g1", "power_max_mw"] == 10 + 25 + 94 + 160 + 1
    assert any("without limit" in c for c in raw.changes)


def test_no_branches():
    found, _ = tables(bus=BUS[:1], gen=GEN[:1], branch=np.zeros((0, 13)), gencost=COST[:1])
    assert "ac_branch" not in found and len(found["generator"]) == 1


@pytest.mark.parametrize("model", ["matpower-dc", "powermodels-dcp"])
def test_zero_reactance(model):
    said = check(arrays(branch=changed(BRANCH, 0, 3, 0)), model)
    assert len(said) == 1 and "branch 1, column x" in said[0]


def test_isolated_reference():
    said = check(arrays(branch=changed(BRANCH, 0, 10, 0)), "matpower-dc")
    assert said == ["bus 1, column bus_i: '1' is the reference but no branch in service reaches it. Connect it or choose another."]


@pytest.mark.parametrize("name", ["bus", "gen", "branch", "gencost"])
def test_wrong_number_of_columns(name):
    given = {"bus": BUS, "gen": [[*g, 1.0] for g in GEN], "branch": BRANCH, "gencost": COST}[name]
    cut = 12 if name == "branch" else 4 if name == "gencost" else 11 if name == "gen" else 12
    said = check(arrays(**{name: [row[:cut] for row in given]}), "matpower-dc")
    assert len(said) == 1 and f"matrix {name} has {cut} columns" in said[0]


def curve(*row, ends=(0.0, 100.0)):
    return cost_curves(np.array([row], float), *(np.array([e]) for e in ends), np.array([True]), lambda m, i: f"{m} {i + 1}")


def test_polynomials():
    c = curve(2, 0, 0, 3, 0.02, 14, 5)
    assert (c.constant[0], c.linear[0], c.quadratic[0]) == (5, 14, 0.02)
    c = curve(2, 0, 0, 1, 7, 0, 0)
    assert (c.constant[0], c.linear[0], c.quadratic[0]) == (7, 0, 0)
    c = curve(2, 0, 0, 4, 0, 0.02, 14, 5)  # a leading zero does not make it cubic
    assert (c.constant[0], c.linear[0], c.quadratic[0]) == (5, 14, 0.02) and not len(c.owner)


def test_cubic_becomes_pieces():
    """p^3 / 1000 on 0..100: f'' = 0.006 p is at most 0.6, the pieces are 2 MW: 0.6 x 4 / 8 = 0.3 per hour at most."""
    c = curve(2, 0, 0, 4, 0.001, 0, 1, 0)
    assert len(c.owner) == SEGMENTS + 1 and c.power[[0, -1]].tolist() == [0, 100]
    assert c.cost == pytest.approx(c.power**3 / 1000 + c.power)
    assert (c.constant[0], c.linear[0], c.quadratic[0]) == (0, 0, 0)
    middle = (c.power[:-1] + c.power[1:]) / 2
    assert np.max(np.interp(middle, c.power, c.cost) - middle**3 / 1000 - middle) < 0.3
    assert "at most 0.3 per hour" in c.changes[0]


def test_convexity_counts_where_the_generator_works():
    """(p - 30)^3 bends downwards below 30 MW."""
    row = (2, 0, 0, 4, 1, -90, 2700, -27000)
    assert "bends downwards between 0 and 100 MW" in curve(*row).faults[0]
    assert not curve(*row, ends=(30.0, 100.0)).faults
    assert "bends" in curve(2, 0, 0, 3, -0.1, 5, 0).faults[0]
    fixed = curve(2, 0, 0, 3, -0.1, 5, 0, ends=(10.0, 10.0))
    assert not fixed.faults and fixed.constant[0] == 40


def test_points():
    c = curve(1, 0, 0, 3, 0, 0, 40, 400, 100, 1600, 0, 0)
    assert c.power.tolist() == [0, 40, 100] and c.cost.tolist() == [0, 400, 1600]
    c = curve(1, 0, 0, 2, 10, 150, 30, 350)
    assert (c.constant[0], c.linear[0]) == (50, 10) and not len(c.owner)
    assert "slope falls from 20 to 10" in curve(1, 0, 0, 3, 0, 0, 40, 800, 100, 1400).faults[0]
    assert "not above point 2" in curve(1, 0, 0, 3, 0, 0, 40, 800, 40, 1400).faults[0]
    c = curve(1, 0, 0, 3, 0, 0, 40, 800, 100, 1400, ends=(50.0, 90.0))  # the bend lies where the generator never is
    assert (c.constant[0], c.linear[0]) == (400, 10)


def test_points_beyond_the_ends_go_on():
    """Outputs 0 to 300 with points from 100 to 250: all pieces count, the outer two go on."""
    c = curve(1, 0, 0, 3, 100, 1000, 200, 2500, 250, 4000, ends=(0.0, 300.0))
    assert c.power.tolist() == [100, 200, 250]


def test_rounding_of_slopes_is_no_bend():
    """10 then 9.9999: the point between is left out, the chord has 9.99995."""
    c = curve(1, 0, 0, 3, 0, 0, 50, 500, 100, 999.995)
    assert not c.faults and c.linear[0] == pytest.approx(9.99995) and "by less than 0.01 %" in c.changes[0]


def test_unusable_rows():
    assert "neither 1" in curve(3, 0, 0, 2, 1, 0).faults[0]
    assert "room for 2" in curve(2, 0, 0, 3, 1, 0).faults[0]
    assert "room for 4" in curve(1, 0, 0, 3, 0, 0, 1, 1).faults[0]
    with pytest.raises(CaseError, match="gencost 1"):
        to_tables(arrays(gencost=changed(COST, 0, 4, -1)), "matpower-dc")


def test_reactive_costs_are_ignored_and_starts_are_said():
    found, raw = tables(gencost=[*changed(COST, 0, 1, 500), [2, 0, 0, 3, -5, 1, 1], [7, 0, 0, 3, 0, 0, 0]])
    assert found["generator"].at["g1", "cost_quadratic_cny_per_mw2h"] == 0.01
    assert any("starting and stopping" in c and c.endswith("1 generators.") for c in raw.changes)
