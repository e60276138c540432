"""Egret's ModelData: what each part of a file becomes, its conventions of cost, ramps, reserves and fuel, and every fault by name."""

import copy
import json

import numpy as np
import pytest

from gridopt.case.case import Case
from gridopt.case.check import CaseError
from gridopt.case.egret_times import before
from gridopt.case.readers.egret import read
from tests.support.uc_files import EGRET, SERIES


def written(path, change=lambda elements, system: None):
    """A file of the small case of the damage tests, changed."""
    case = copy.deepcopy(EGRET)
    change(case["elements"], case["system"])
    (path / "case.json").write_text(json.dumps(case))
    return path / "case.json"


def tables(path, change=lambda elements, system: None, model="matpower-dc"):
    return read(written(path, change), model).tables


def test_a_square_curve_becomes_two_chords(tmp_path):
    """50 + 20 p + 0.01 p2 at 10, 45 and 80 MW: 251, 970.25, 1714."""
    point = tables(tmp_path)["cost_point"].query("generator == 'g'")
    assert point[["power_mw", "cost_cny_per_h"]].values.tolist() == [[10, 251], [45, 970.25], [80, 1714]]


def test_without_time_keys_it_is_an_optimal_power_flow(tmp_path):
    """The curve stays square, nothing is committed, loads are hard."""

    def change(elements, system):
        for key in ("time_keys", "reserve_requirement", "spinning_reserve_requirement"):
            del system[key]
        elements["load"]["d"]["p_load"] = 60.0
        elements["generator"]["w"]["p_max"] = 30.0

    found = tables(tmp_path, change)
    cells = ["cost_cny_per_h", "cost_cny_per_mwh", "cost_quadratic_cny_per_mw2h"]
    assert found["generator"].loc["g", cells].tolist() == [50, 20, 0.01]
    assert not len(found["commitment"]) and not len(found["shedding_tier"]) and not len(found["reserve"])
    assert not found["load"]["sheddable"].any()


def test_commitment(tmp_path):
    """Room of 30 MW above 10 at a start, in half-hour steps 15; off for 2 h; without a capacity half the ramp of 50 MW/h, 12.5 in 30 min."""

    def change(elements, system):
        system["time_period_length_minutes"] = 30
        del elements["generator"]["g"]["shutdown_capacity"]

    found = tables(tmp_path, change)
    row = found["commitment"].set_index("element").loc["g"]
    columns = ["min_up_h", "min_down_h", "start_ramp_mw", "stop_ramp_mw", "initial_h", "initial_mw"]
    assert row[columns].tolist() == [2, 1, 25, 22.5, -2, 0]
    assert found["start_cost"].query("element == 'g'")[["offline_h", "cost_cny"]].values.tolist() == [[1, 100], [4, 200]]
    assert found["generator"].loc["g", "ramp_fraction_per_min"] * 80 * 60 == pytest.approx(50)


def test_fixed_commitment_and_renewables(tmp_path):
    found = read(written(tmp_path), "matpower-dc")
    row = found.tables["commitment"].set_index("element").loc["h"]
    assert found.source.values[row["status_profile"]].tolist() == [1, 1]
    wind = found.tables["renewable"].loc["w"]
    assert wind["technology"] == "wind" and wind["power_max_mw"] == 70
    assert found.source.values[wind["profile"]] * 70 == pytest.approx([60, 70])


def test_a_renewable_that_is_paid_is_a_generator(tmp_path):
    def change(elements, system):
        elements["generator"]["w"]["p_cost"] = -150.0

    assert tables(tmp_path, change)["generator"].loc["w", "cost_cny_per_mwh"] == -150


def test_network(tmp_path):
    found = tables(tmp_path)
    assert found["dc_link"][["from_bus", "to_bus", "power_max_mw"]].values.tolist() == [["B", "A", 10], ["A", "B", 10]]
    assert found["generator"].loc["ps", ["power_min_mw", "power_max_mw", "cost_cny_per_mwh"]].tolist() == [-10, 0, 55]
    assert found["interface_member"][["kind", "element", "coefficient"]].values.tolist() == [["generator", "g", 1.5], ["generator", "h", -0.5]]
    assert found["limit_penalty"][["kind", "element", "cost_cny_per_mwh"]].values.tolist() == [["interface", "s", 20]]
    assert found["ac_branch"].loc["ab", ["reactance_pu", "rating_mw"]].tolist() == [0.05, 50]
    assert tables(tmp_path, model="copperplate")["ac_branch"]["rating_mw"].isna().all()


def test_a_copperplate_has_one_balance(tmp_path):
    """C and D are an island of their own, which is joined at C. Sums of outputs still have their limits."""

    def change(elements, system):
        elements["bus"] |= {"C": {}, "D": {}}
        elements["branch"]["ab"]["planned_outage"] = {"data_type": "time_series", "values": [False, True]}
        elements["branch"]["cd"] = {"from_bus": "D", "to_bus": "C", "reactance": 0.05, "rating_long_term": 5, "violation_penalty": 9}
        elements["interface"] = {"i": {"lines": ["ab"], "line_orientation": [1], "maximum_limit": 3, "minimum_limit": -3}}
        elements["contingency"] = {"c": {"branch_contingency": "cd"}}

    found = read(written(tmp_path, change), "copperplate")
    branch = found.tables["ac_branch"]
    assert branch[["from_bus", "to_bus"]].to_dict("split")["data"] == [["A", "B"], ["D", "C"], ["A", "C"]]
    assert branch[["rating_mw", "rating_emergency_mw"]].isna().all(axis=None)
    assert not any(len(found.tables[name]) for name in ("dc_link", "contingency", "outage"))
    assert found.tables["interface"].index.tolist() == ["s"] and found.tables["limit_penalty"]["element"].tolist() == ["s"]
    for words in ("ratings of branches.", "planned outages of branches, 1.", "DC branches, 1.", "interfaces, 1.", "contingencies, 1."):
        assert f"Left out, as the branch model says: {words}" in found.report.changes
    assert any("joined by 1 branches" in c for c in found.report.changes)


def test_a_rating_of_0_lets_nothing_through(tmp_path):
    def change(elements, system):
        elements["branch"]["ab"] |= {"rating_long_term": 0, "rating_emergency": 0.0}
        elements["contingency"] = {"c": {"branch_contingency": "ab"}}

    found = tables(tmp_path, change)
    assert found["ac_branch"].loc["ab", ["rating_mw", "rating_emergency_mw"]].tolist() == [0, 0]
    assert found["limit_penalty"].query("kind == 'ac_branch'")["element"].tolist() == ["ab"]


@pytest.mark.parametrize(("kind", "kept"), [("transformer", [1.05, -3.0]), ("line", [1.0, 0.0])])
def test_taps_and_shifts_are_those_of_transformers(tmp_path, kind, kept):
    def change(elements, system):
        elements["branch"]["ab"] |= {"branch_type": kind, "transformer_tap_ratio": 1.05, "transformer_phase_shift": -3.0}

    found = read(written(tmp_path, change), "matpower-dc")
    assert found.tables["ac_branch"].loc["ab", ["tap_ratio", "shift_deg"]].tolist() == kept
    assert any(c.endswith("that are no transformers, ab.") for c in found.report.changes) == (kind == "line")


def test_what_a_load_with_a_price_gives_stays(tmp_path):
    """10 and -4 MW: consumption of up to 10 MW in the first step, 4 MW fed in in the second."""

    def change(elements, system):
        elements["load"]["ps"]["p_load"] = {"data_type": "time_series", "values": [10.0, -4.0]}

    found = read(written(tmp_path, change), "matpower-dc")
    row, series = found.tables["generator"].loc["injection ps"], found.source.values
    assert (series[row["profile"]] * row["power_max_mw"]).tolist() == (series[row["min_profile"]] * row["power_min_mw"]).tolist() == [0, 4]
    bid = found.tables["generator"].loc["ps"]
    assert (series[bid["min_profile"]] * bid["power_min_mw"]).tolist() == [-10, 0]


def test_times_are_rounded_to_steps(tmp_path):
    """Steps of an hour: 2.5 h are 2, 0.3 h are 1, lags of 1.4 and 3.5 h are 1 and 4. Off for 1.9 h of 2.4: round(0.5) = 0 steps are left."""

    def change(elements, system):
        elements["generator"]["g"] |= {"min_up_time": 2.5, "min_down_time": 2.4, "initial_status": -1.9, "startup_cost": [[2.4, 1], [3.5, 2]]}
        elements["generator"]["h"] |= {"min_down_time": 0.3}

    found = read(written(tmp_path, change), "matpower-dc")
    row = found.tables["commitment"].set_index("element")
    assert row.loc["g", ["min_up_h", "min_down_h", "initial_h"]].tolist() == [2, 2, -2] and row.loc["h", "min_down_h"] == 1
    assert found.tables["start_cost"].query("element == 'g'")["offline_h"].tolist() == [2, 4]
    assert [c for c in found.report.changes if "rounded to whole steps" in c and c.endswith(": g, h.")]
    assert not [c for c in read(written(tmp_path), "matpower-dc").report.changes if "rounded" in c]


@pytest.mark.parametrize(
    ("status", "least", "step", "hours"),
    [(0.2, 2.6, 1.0, 1.0), (-1.9, 2.4, 1.0, -2.0), (5.0, 2.6, 1.0, 5.0), (3.0, 4.0, 1.0, 3.0), (-1.0, 4.0, 0.5, -1.0), (1.0, 2.5, 1.0, 0.5)],
)
def test_what_is_left_of_a_minimum_time(status, least, step, hours):
    """2.6 h are 3 steps of an hour, of which round(2.4) = 2 are left; 2.5 h are 2 steps, of which round(1.5) = 2 are left after 1 h."""
    assert before(status, least, step) == hours


def test_a_start_costs_what_startup_cost_says(tmp_path):
    """Fuel of 20 at 2 each would be 40."""

    def change(elements, system):
        elements["generator"]["g"] |= {"startup_fuel": [[1, 20.0]], "fuel_cost": 2.0}

    found = read(written(tmp_path, change), "matpower-dc")
    assert found.tables["start_cost"].query("element == 'g'")["cost_cny"].tolist() == [100, 200]
    assert [c for c in found.report.changes if c.startswith("Units with startup_fuel beside startup_cost") and c.endswith(": g.")]


def curve(points, **cells):
    """A change: unit h from 0 to 60 MW with a curve by points, and other cells."""
    return lambda e, s: e["generator"]["h"].update(cells, p_cost=e["generator"]["h"]["p_cost"] | {"values": points}, initial_p_output=20)


@pytest.mark.parametrize(
    ("change", "kept", "told"),
    [
        (curve([[0, 0], [30, 900], [30, 900], [60, 2100]]), [[0, 0], [30, 900], [60, 2100]], False),
        (curve([[0, 0], [10, 500], [30, 900], [60, 2100]], p_min=20), [[20, 700], [30, 900], [60, 2100]], False),
        (curve([[0, 0], [60, 2400], [90, 2700]]), [[0, 0], [60, 2400]], False),
        (curve([[10, 300], [40, 1500]]), [[0, -100], [10, 300], [40, 1500], [60, 2300]], True),
    ],
    ids=["twice", "below", "beyond", "short"],
)  # fmt: skip
def test_curves_within_the_limits_of_output(tmp_path, change, kept, told):
    """40 per MWh from 10 to 40 MW goes on: 300 - 400 at 0 MW, 1500 + 800 at 60. Segments beyond the limits need not rise in slope."""
    found = read(written(tmp_path, change), "matpower-dc")
    point = found.tables["cost_point"].query("generator == 'h'")
    assert point[["power_mw", "cost_cny_per_h"]].values.tolist() == kept
    assert any("outer segments go on" in c and c.endswith(": h.") for c in found.report.changes) == told


def test_contingencies_and_the_rating_that_holds_then(tmp_path):
    def change(elements, system):
        elements["branch"]["ab"]["rating_emergency"] = 60
        elements["contingency"] = {"c": {"branch_contingency": "ab"}}

    found = tables(tmp_path, change)
    assert found["ac_branch"].loc["ab", ["rating_mw", "rating_emergency_mw"]].tolist() == [50, 60]
    assert found["contingency"][["contingency", "kind", "element"]].values.tolist() == [["c", "ac_branch", "ab"]]


def test_limits_after_contingencies_are_soft(tmp_path):
    """A branch without rating_emergency has none then. A branch pays once, for its worst contingency; 5000 where nothing is given."""

    def change(elements, system):
        elements["branch"] |= {"two": elements["branch"]["ab"] | {"rating_emergency": 60.0}, "three": elements["branch"]["ab"]}
        elements["contingency"] = {"c": {"branch_contingency": "ab"}}

    def priced(elements, system):
        change(elements, system)
        system["contingency_flow_violation_cost"] = 700.0

    found = read(written(tmp_path, priced), "matpower-dc")
    assert found.tables["ac_branch"]["rating_emergency_mw"].to_dict() == {"ab": 1e6, "two": 60, "three": 1e6}
    step = found.tables["limit_penalty"].query("kind == 'ac_branch'")
    assert step[["element", "after_outages", "cost_cny_per_mwh"]].values.tolist() == [["two", True, 700]]
    assert any("contingency_flow_violation_cost, 700 per MWh" in c for c in found.report.changes)
    assert tables(tmp_path, change)["limit_penalty"].query("kind == 'ac_branch'")["cost_cny_per_mwh"].tolist() == [5000]
    assert "ac_branch" not in tables(tmp_path, change, "copperplate")["limit_penalty"]["kind"].tolist()


def test_planned_outages(tmp_path):
    """Of a DC branch both ways are out."""

    def change(elements, system):
        elements["dc_branch"]["dc"]["planned_outage"] = {"data_type": "time_series", "values": [True, False]}
        elements["branch"]["ab"]["planned_outage"] = {"data_type": "time_series", "values": [False, True]}

    found = read(written(tmp_path, change), "matpower-dc")
    case = Case(found.tables, found.time, found.source)
    assert found.tables["dc_link"].index.tolist() == ["dc", "dc (reverse)"] and case.in_service("dc_link").tolist() == [[0, 1], [0, 1]]
    assert case.in_service("ac_branch").tolist() == [[1, 0]]


def test_limits_that_change_over_time_are_said_where_figures_do_not_follow_them(tmp_path):
    """p_min 10 to 40 with a ramp of 60: a start may give 10 + 30 at first, in Egret 40 + 30 later on."""

    def change(elements, system):
        unit = elements["generator"]["g"]
        unit |= {"p_min": {"data_type": "time_series", "values": [10.0, 40.0]}, "ramp_up_60min": 60}
        del unit["startup_capacity"]

    found = read(written(tmp_path, change), "matpower-dc")
    assert found.tables["commitment"].set_index("element").loc["g", "start_ramp_mw"] == 40
    assert [c for c in found.report.changes if c.endswith(": g.")] == [
        "Units whose p_min changes, in Egret with start-up and shut-down capacity along it, here with that of the first step: g.",
        "Units whose p_min or p_max changes, in Egret with the two chords of their square cost between them, here with those of the first "
        "step: g.",
    ]
    assert not [c for c in read(written(tmp_path), "matpower-dc").report.changes if c.startswith("Units whose")]


def test_what_says_nothing_for_a_dispatch_is_passed(tmp_path):
    """Results of a run, voltages, reactive power, names; limits before the first step that are those of it, or of a unit that is off."""

    def change(elements, system):
        system |= {"reserve_shortfall": 0.0, "total_cost": 9.0, "reference_bus": "A", "q_load_mismatch_cost": 3.0}
        elements["bus"]["A"] |= {"va": 0.1, "v_max": 1.1, "p_balance_violation": SERIES, "id": "1"}
        elements["generator"]["g"] |= {"pg": SERIES, "commitment": SERIES, "ramp_q": 4.0, "initial_p_min": 3.0, "name": "G",
                                       "fixed_regulation": {"data_type": "time_series", "values": [1, 1]}}  # fmt: skip
        elements["generator"]["h"] |= {"initial_p_min": 0.0, "startup_capacity": 60, "shutdown_capacity": 60, "agc_capable": True,
                                       "initial_shutdown_capacity": 60, "fixed_regulation": None}  # fmt: skip
        elements["branch"]["ab"] |= {"pf": SERIES, "branch_type": "line", "lazy": True}
        elements["load"]["d"] |= {"q_load": 1.0, "p_load_shed": 0.0}

    found, plain = tables(tmp_path, change), tables(tmp_path)
    assert all(found[name].equals(plain[name]) for name in plain if name not in ("commitment", "reserve_offer"))


def test_penalties_of_missing_reserve_that_the_system_gives(tmp_path):
    """Regulation 400; spinning (400 + 1000) / 2 = 700, non-spinning 850, flexible ramp 90. Without figures missing load costs 10,000."""

    def change(elements, system):
        del system["load_mismatch_cost"]
        system |= {"regulation_penalty_price": 400.0, "flexible_ramp_penalty_price": 90.0, "regulation_up_requirement": 3.0,
                   "non_spinning_reserve_requirement": 1.0, "flexible_ramp_up_requirement": 2.0}  # fmt: skip

    found = tables(tmp_path, change)
    price = found["reserve_shortage"].set_index("reserve")["cost_cny_per_mwh"].to_dict()
    assert price == {"reserve": 1000, "regulation_up": 400, "spinning": 700, "non_spinning": 850, "flexible_ramp_up": 90}
    assert found["shedding_tier"]["cost_cny_per_mwh"].tolist() == [10000]


def test_what_is_out_of_service_is_left_out_and_said(tmp_path):
    def change(elements, system):
        elements["branch"]["ab"]["in_service"] = False

    found = read(written(tmp_path, change), "matpower-dc")
    assert not len(found.tables["ac_branch"]) and found.report.found["branches"] == 1
    assert any("in_service is false: branch, 1" in c for c in found.report.changes)


def test_reserves_cascade_and_their_prices(tmp_path):
    """P = 100, mismatch 1000: regulation 550, spinning 325, non-spinning 212.5, supplemental 156.25, flexible ramp (325 + 212.5) / 2.

    Requirements add up: regulation 3, spinning 2 more. Regulation of g: 5 min x 1 MW/min is less than half its band and its ramp of
    50/12; spinning: ten minutes of 50 MW/h. An area has its own, met by those that name it, whose awards count for the system's too.
    """

    def change(elements, system):
        system |= {"reserve_shortfall_cost": 100.0, "regulation_up_requirement": 3.0, "non_spinning_reserve_requirement": 1.0,
                   "supplemental_reserve_requirement": 4.0, "flexible_ramp_down_requirement": 2.0}  # fmt: skip
        elements["generator"]["g"] |= {"agc_capable": True, "ramp_agc": 0.5, "area": "one", "fast_start": True, "non_spinning_capacity": 9.0}
        elements["area"] = {"one": {"spinning_reserve_requirement": 1.0}}

    found = read(written(tmp_path, change), "matpower-dc")
    reserve, price = found.tables["reserve"], found.tables["reserve_shortage"].set_index("reserve")["cost_cny_per_mwh"]
    needed = {name: found.source.values[p][0] for name, p in reserve["profile"].items()}
    assert needed == {"reserve": 5, "regulation_up": 3, "spinning": 5, "non_spinning": 6, "supplemental": 10, "flexible_ramp_down": 2,
                      "spinning area one": 1}  # fmt: skip
    assert price.to_dict() == {"reserve": 100, "regulation_up": 550, "spinning": 325, "non_spinning": 212.5, "supplemental": 156.25,
                               "flexible_ramp_down": 268.75, "spinning area one": 325}  # fmt: skip
    nested = found.tables["reserve_nesting"][["reserve", "counts_for"]].values.tolist()
    assert nested == [["regulation_up", "spinning"], ["spinning", "non_spinning"], ["non_spinning", "supplemental"],
                      ["spinning area one", "spinning"]]  # fmt: skip
    offer = found.tables["reserve_offer"].set_index(["reserve", "element"])
    assert offer.loc[("regulation_up", "g"), "award_max_mw"] == pytest.approx(2.5)
    assert offer.loc[("spinning area one", "g"), "award_max_mw"] == pytest.approx(50 / 6)
    assert offer.loc[("non_spinning", "g"), ["award_max_mw", "offline_max_mw"]].tolist() == [0, 9]
    assert ("regulation_up", "h") not in offer.index and ("spinning area one", "h") not in offer.index
    assert ("spinning", "g") not in offer.index and ("spinning", "h") in offer.index
    assert offer.loc[("regulation_up", "g"), ["range_min_mw", "range_max_mw"]].tolist() == [10, 80]
    rate = reserve[["response_min", "ramp_min", "ramp_mean"]].astype(float)
    assert rate.loc["reserve"].tolist() == pytest.approx([np.nan, np.nan, 0], nan_ok=True)
    assert rate.loc["spinning area one"].tolist() == [10, 10, 1]
    assert rate.loc["flexible_ramp_down"].tolist() == pytest.approx([np.nan, 20, 0], nan_ok=True)


def test_awards_of_a_unit_in_an_area_and_a_zone_count_for_both(tmp_path):
    def change(elements, system):
        del system["spinning_reserve_requirement"]
        elements["generator"]["g"] |= {"area": "one", "zone": "two"}
        elements["area"], elements["zone"] = ({n: {"spinning_reserve_requirement": 1.0}} for n in ("one", "two"))

    tables = read(written(tmp_path, change), "matpower-dc").tables
    both = "spinning area one zone two"
    assert tables["reserve"].loc[both, "requirement_mw"] == 0 and tables["reserve"].loc[both, "profile"] == ""
    assert tables["reserve_nesting"][["reserve", "counts_for"]].values.tolist() == [[both, "spinning area one"], [both, "spinning zone two"]]
    offer = tables["reserve_offer"]
    assert offer.loc[offer["element"] == "g", "reserve"].tolist() == ["reserve", both]


def fuelled(elements, available):
    """Unit g burns 100 at 10 MW, 800 at 80; 20 or 30 more in the step of a start."""
    unit = elements["generator"]["g"]
    del unit["p_cost"], unit["startup_cost"]
    unit |= {"fuel_supply": "f", "fuel_cost": 2.0, "p_fuel": {"data_type": "fuel_curve", "values": [[10, 100.0], [80, 800.0]]},
             "startup_fuel": [[1, 20.0], [4, 30.0]], "startup_capacity": 10, "min_up_time": 1}  # fmt: skip
    elements["fuel_supply"] = {"f": {"fuel_supply_type": "instantaneous", "fuel_available": {"data_type": "time_series", "values": available}}}


def test_fuel_bounds_output_and_status(tmp_path):
    """With 600 it gives at most 60 MW; 110 is enough to run, but not to start, and before it was off: it stays off."""
    found = read(written(tmp_path, lambda e, s: fuelled(e, [110.0, 600.0])), "matpower-dc")
    row = found.tables["generator"].loc["g"]
    assert found.source.values[row["profile"]][1] * row["power_max_mw"] == pytest.approx(60)
    status = found.tables["commitment"].set_index("element").loc["g", "status_profile"]
    assert found.source.values[status].tolist() == [0, 0.5]
    point = found.tables["cost_point"].query("generator == 'g'")
    assert point[["power_mw", "cost_cny_per_h"]].values.tolist() == [[10, 200], [80, 1600]]
    assert found.tables["start_cost"].query("element == 'g'")["cost_cny"].tolist() == [40, 60]


def test_fuel_is_that_of_the_least_output(tmp_path):
    """A curve that begins at 0 MW burns 100 at 10 MW: 110 is not enough to start there."""

    def change(elements, system):
        fuelled(elements, [110.0, 600.0])
        elements["generator"]["g"]["p_fuel"]["values"] = [[0, 0.0], [80, 800.0]]

    found = read(written(tmp_path, change), "matpower-dc")
    status = found.tables["commitment"].set_index("element").loc["g", "status_profile"]
    assert found.source.values[status].tolist() == [0, 0.5]


def put(*path, value):
    """A change: the value at a path among the elements; the path may begin with 'system'."""

    def change(elements, system):
        here, rest = (system, path[1:]) if path[0] == "system" else (elements, path)
        for key in rest[:-1]:
            here = here[key]
        if value is None:
            del here[rest[-1]]
        else:
            here[rest[-1]] = value

    return change


G = ("generator", "g")
SHORT = {"data_type": "time_series", "values": [1.0]}
FAULTS = [
    (put("system", "time_keys", value=5), "time_keys: '5' is not a list"),
    (put("windmill", value={}), "the entry 'windmill' is not known"),
    (put("load", "d", "p_load", value=SHORT), "must have one value for each of the 2 steps"),
    (put(*G, "bus", value="Z"), "'Z' is not in table bus"),
    (put(*G, "p_min", value=90), "is above p_max at some time"),
    (put(*G, "generator_type", value="nuclear"), "'nuclear' is not one of thermal, renewable"),
    (put(*G, "p_cost", "values", value={"3": 1.0}), "the entry '3' is not known"),
    (put(*G, "p_cost", value={"data_type": "cost_curve", "cost_curve_type": "cubic"}), "'cubic' is not one of piecewise, polynomial"),
    (put("generator", "h", "p_cost", "values", value=[[0, 0], [0, 1]]), "does not rise from point to point"),
    (put("generator", "h", "p_cost", "values", value=[[30, 900]]), "at 30 MW is the only point of a unit with outputs from 0 to 60 MW"),
    (put(*G, "startup_cost", value=[[4, 1], [1, 2]]), "do not rise from pair to pair"),
    (put(*G, "startup_cost", value=[[3, 1], [4, 2]]), "begins above the minimum down time of 1 h"),
    (put(*G, "startup_cost", value=[[1, 1], [1.2, 2]]), "round to the same number of steps of 1 h"),
    (put(*G, "startup_capacity", value=5), "is below p_min, 10 MW"),
    (put(*G, "initial_status", value=0), "is neither on nor off"),
    (put(*G, "ramp_up_60min", value=0), "would hold the output for ever"),
    (put("generator", "h", "fixed_commitment", value=2), "must be 0, 1 or nothing"),
    (put("branch", "ab", "reactance", value=0), "must not be 0"),
    (put("dc_branch", "dc", "rating_long_term", value=None), "a DC branch needs a limit"),
    (put("security_constraint", "s", "coefs", "values", "generator", value={"x": 1}), "is not the name of a generator"),
    (put("security_constraint", "s", "security_constraint_type", value="flow"), "'flow' is not one of pg"),
    (put(*G, "startup_curve", value=[5.0]), "startup_curve: '[5.0]' is not modelled"),
    (put(*G, "ramp_up_60mins", value=5), "the entry 'ramp_up_60mins' is not known; did you mean 'ramp_up_60min'"),
    (put("system", "load_mismatch_costs", value=5), "the entry 'load_mismatch_costs' is not known"),
    (put("generator", "h", "initial_p_min", value=5), "initial_p_min: '5' differs from the 0 MW of the first step"),
    (
        lambda e, s: e["generator"]["h"].update(shutdown_capacity=40, initial_shutdown_capacity=60),
        "initial_shutdown_capacity: '60' differs from the 40 MW of the first step",
    ),
    (put(*G, "initial_p_output", value=20), "initial_p_output: '20.0' is above 0, but the unit is off"),
    (
        lambda e, s: e["generator"]["g"].update(agc_capable=True, fixed_regulation={"data_type": "time_series", "values": [0, None]}),
        "fixed_regulation: '[0, None]' is not modelled",
    ),
    (put("shunt", value={"s": {"bus": "A", "gs": 1.0, "shunt_type": "switched"}}), "'switched' is not one of fixed"),
    (put("contingency", value={"c": {"branch_contingency": "ab", "violation_penalty": 5}}), "the entry 'violation_penalty' is not known"),
    (put("contingency", value={"c": {"branch_contingency": "x"}}), "'x' is not in table ac_branch"),
    (put(*G, "fuel_supply", value="f"), "'f' is not among the fuel supplies"),
    (lambda e, s: fuelled(e, [125.0, 600.0]), "bounds what a start in step 1 may give"),
    (lambda e, s: (fuelled(e, [600.0, 50.0]), e["generator"]["g"].update(fixed_commitment=1)), "contradicts the fuel supply in step 2"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "words"), FAULTS, ids=[words[:40] for _, words in FAULTS])
def test_faults_by_name(tmp_path, change, words):
    with pytest.raises(CaseError) as error:
        read(written(tmp_path, change), "matpower-dc")
    assert any(words in f and "case.json" in f for f in error.value.faults), error.value.faults


def test_numbers_are_finite(tmp_path):
    assert all(np.isfinite(v) for v in read(written(tmp_path), "matpower-dc").report.totals.values())
