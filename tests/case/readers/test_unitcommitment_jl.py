"""UnitCommitment.jl: what each part of a file becomes, costs per step as costs per hour, and every fault by name."""

import copy
import gzip
import json

import numpy as np
import pytest

from gridopt.case.check import CaseError
from gridopt.case.readers.unitcommitment_jl import read
from tests.support.uc_files import UCJL


def written(path, change=lambda case: None, name="case.json"):
    """A file of the small case of the damage tests, changed."""
    case = copy.deepcopy(UCJL)
    change(case)
    text = json.dumps(case).encode()
    (path / name).write_bytes(gzip.compress(text) if name.endswith("gz") else text)
    return path / name


def tables(path, change=lambda case: None, model="matpower-dc"):
    return read(written(path, change), model).tables


def faults(path, change):
    with pytest.raises(CaseError) as error:
        read(written(path, change), "matpower-dc")
    return error.value.faults


def test_thermal_units(tmp_path):
    """Segments (50-10, 900-200) and so on at hourly steps; a curve of two points is a price; 40 MW per hour of 90 MW,
    also above 10 MW at a start, 50; 60 before a stop, which is the limit and 10 + 50."""
    found = tables(tmp_path)
    generator, point = found["generator"], found["cost_point"]
    assert generator.loc["g1", ["power_min_mw", "power_max_mw", "cost_cny_per_h"]].tolist() == [10, 90, 0]
    assert point[["power_mw", "cost_cny_per_h"]].values.tolist() == [[10, 200], [50, 900], [90, 1800]]
    assert generator.loc["g1", "ramp_fraction_per_min"] * 90 * 60 == pytest.approx(40)
    assert generator.loc["g2", ["cost_cny_per_h", "cost_cny_per_mwh"]].tolist() == [0, 50]
    assert np.isnan(generator.loc["g2", "ramp_fraction_per_min"])
    row = found["commitment"].set_index("element").loc["g1"]
    columns = ["min_up_h", "min_down_h", "start_ramp_mw", "stop_ramp_mw", "initial_h", "initial_mw"]
    assert row[columns].tolist() == [2, 1, 50, 60, 5, 40]
    assert found["start_cost"].query("element == 'g1'")[["offline_h", "cost_cny"]].values.tolist() == [[1, 100], [4, 300]]


def test_starts_and_stops_keep_to_ramps_unless_the_least_output_changes(tmp_path):
    """Least output 10, limits 60: a fall of 20 allows 30 before a stop; a least output of 10 and then 20 leaves the limits as they are."""

    def change(case):
        case["Generators"]["g1"] |= {"Ramp down limit (MW)": 20}
        case["Generators"]["g2"] |= {"Production cost curve (MW)": [[10, 20], 60], "Production cost curve ($)": [[500, 1000], 3000],
                                     "Ramp up limit (MW)": 15, "Startup limit (MW)": 40}  # fmt: skip

    row = tables(tmp_path, change)["commitment"].set_index("element")
    assert row.loc["g1", ["start_ramp_mw", "stop_ramp_mw"]].tolist() == [50, 30]
    assert row.loc["g2", "start_ramp_mw"] == 40 and np.isnan(row.loc["g2", "stop_ramp_mw"])


def test_reserve_and_downward_ramps_are_said(tmp_path):
    def change(case):
        del case["Generators"]["g1"]["Ramp down limit (MW)"]

    said = [any(c.startswith("Upward reserve") for c in read(written(tmp_path, *c), "matpower-dc").report.changes) for c in ((), (change,))]
    assert said == [True, False]


def test_what_says_nothing_of_the_instance_is_said(tmp_path):
    def change(case):
        case["Parameters"] |= {"Scenario weight": 0.5, "Investment cost weight": 2.0, "Reserve shortfall penalty ($/MW)": 7.0}
        case["Transmission lines"]["l1"] |= {"Reactance (ohms)": 0.1, "Max number of parallel circuits": 2, "Investment cost ($)": 0}
        case["Generators"]["g1"]["Provides spinning reserves?"] = True

    said = [c for c in read(written(tmp_path, change), "matpower-dc").report.changes if c.startswith("Left out, as they say nothing")]
    keys = "Scenario weight, Investment cost weight, Reserve shortfall penalty ($/MW), Reactance (ohms), Max number of parallel circuits."
    assert said == [f"Left out, as they say nothing of this instance: {keys}"]
    assert not any(c.startswith("Left out") for c in read(written(tmp_path), "matpower-dc").report.changes)


def test_status_is_fixed_free_or_must_run(tmp_path):
    def change(case):
        case["Generators"]["g1"]["Must run?"] = [False, True]
        case["Generators"]["g2"]["Must run?"] = True
        del case["Generators"]["g2"]["Commitment status"]

    found = read(written(tmp_path, change), "matpower-dc")
    row = found.tables["commitment"].set_index("element")
    assert row["must_run"].tolist() == [False, True]
    assert found.source.values[row.loc["g1", "status_profile"]].tolist() == [0.5, 1.0]


def test_costs_count_per_step(tmp_path):
    """Half-hour steps: 50 $/MW per step are 100 $/MWh; penalties and revenues alike; a ramp of 40 MW is one of 30 minutes."""

    def change(case):
        case["Parameters"] |= {"Time step (min)": 30, "Time horizon (h)": 1}

    found = read(written(tmp_path, change), "matpower-dc")
    generator = found.tables["generator"]
    assert found.time.hours.tolist() == [0.5, 0.5]
    assert generator.loc["g2", "cost_cny_per_mwh"] == 100
    assert generator.loc["ps", ["cost_cny_per_mwh", "power_min_mw", "power_max_mw"]].tolist() == [120, -15, 0]
    assert generator.loc["g1", "ramp_fraction_per_min"] * 90 * 30 == pytest.approx(40)
    assert found.tables["shedding_tier"]["cost_cny_per_mwh"].tolist() == [1800]
    assert found.tables["reserve_shortage"]["cost_cny_per_mwh"].tolist() == [800]
    assert found.tables["limit_penalty"]["cost_cny_per_mwh"].tolist() == [10000, 10000]


def test_lines_and_contingencies(tmp_path):
    found = read(written(tmp_path), "matpower-dc")
    branch = found.tables["ac_branch"]
    assert (100 * np.pi / 180 / branch["reactance_pu"]).tolist() == pytest.approx([20, 20, 10])
    assert branch["rating_mw"].tolist()[:2] == [80, 60] and np.isnan(branch["rating_mw"].iloc[2])
    assert branch["rating_emergency_mw"].tolist()[0] == 90
    assert found.source.values[branch.loc["l2", "rating_profile"]] * 60 == pytest.approx([60, 50])
    assert found.tables["contingency"][["contingency", "kind", "element"]].values.tolist() == [["c1", "ac_branch", "l3"]]
    plain = read(tmp_path / "case.json", "copperplate").tables
    assert plain["ac_branch"]["rating_mw"].isna().all() and not len(plain["limit_penalty"])


def test_without_lines_all_buses_are_one(tmp_path):
    def change(case):
        del case["Transmission lines"], case["Contingencies"]

    assert tables(tmp_path, change)["ac_branch"][["from_bus", "to_bus"]].values.tolist() == [["b1", "b2"], ["b1", "b3"]]


def test_a_copperplate_has_one_balance(tmp_path):
    """Bus b4 has no line: it is joined. Interfaces and contingencies are told and left out."""

    def change(case):
        case["Buses"]["b4"] = {"Load (MW)": 5}
        case["Interfaces"] = {"i": {"Outbound lines": ["l1"], "Net flow upper limit (MW)": 60}}

    found = read(written(tmp_path, change), "copperplate")
    assert found.tables["ac_branch"].loc["joint b4", ["from_bus", "to_bus"]].tolist() == ["b1", "b4"]
    assert found.tables["ac_branch"].index.tolist() == ["l1", "l2", "l3", "joint b4"]
    assert not any(len(found.tables[name]) for name in ("interface", "interface_limit", "limit_penalty", "contingency"))
    for words in ("flow limits of lines.", "interfaces, 1.", "contingencies, 1."):
        assert f"Left out, as the branch model says: {words}" in found.report.changes
    assert any("joined by 1 branches" in c for c in found.report.changes)
    assert "joint b4" not in read(tmp_path / "case.json", "matpower-dc").tables["ac_branch"].index


def test_interfaces_count_outward(tmp_path):
    def change(case):
        case["Interfaces"] = {"i": {"Outbound lines": ["l1"], "Inbound lines": ["l3"], "Net flow upper limit (MW)": 60,
                                    "Net flow lower limit (MW)": -40, "Flow limit penalty ($/MW)": 77}}  # fmt: skip

    found = tables(tmp_path, change)
    assert found["interface_member"][["element", "coefficient"]].values.tolist() == [["l1", 1], ["l3", -1]]
    assert found["interface_limit"][["forward_mw", "backward_mw"]].values.tolist() == [[60, 40]]
    assert found["limit_penalty"].iloc[-1][["kind", "element", "cost_cny_per_mwh"]].tolist() == ["interface", "i", 77]


def test_reserves_and_those_of_version_0_2(tmp_path):
    def old(case):
        case["Reserves"] = {"Spinning (MW)": 12}
        case["Parameters"]["Reserve shortfall penalty ($/MW)"] = 333
        del case["Generators"]["g1"]["Reserve eligibility"]
        case["Generators"]["g2"]["Provides spinning reserves?"] = True

    found = read(written(tmp_path), "matpower-dc")
    assert found.source.values[found.tables["reserve"].loc["r1", "profile"]].tolist() == [5, 6]
    assert found.tables["reserve_offer"][["reserve", "element"]].values.tolist() == [["r1", "g1"]]
    before = tables(tmp_path, old)
    assert before["reserve_offer"][["reserve", "element"]].values.tolist() == [["spinning", "g2"]]
    assert before["reserve_shortage"]["cost_cny_per_mwh"].tolist() == [333]


def test_storage(tmp_path):
    def change(case):
        case["Storage units"]["s"] |= {"Minimum level (MWh)": [0, 2], "Last period maximum level (MWh)": 15, "Loss factor": [0.0, 0.02],
                                       "Allow simultaneous charging and discharging": False}  # fmt: skip

    found = read(written(tmp_path, change), "matpower-dc")
    row = found.tables["storage"].loc["s"]
    columns = ["energy_max_mwh", "energy_start_fraction", "charge_max_mw", "power_max_mw", "standing_loss_per_h"]
    assert row[columns].tolist() == pytest.approx([20, 0.5, 5, 5, 0.01])
    assert found.source.values[row["energy_min_profile"]].tolist() == [0, 0.1]
    assert found.source.values[row["energy_max_profile"]].tolist() == [1, 0.75]
    assert any("loss factor changes over time" in c for c in found.report.changes)


@pytest.mark.parametrize(("flags", "told"), [(True, True), (False, False), ([False, True], True), ([False, False], False)])
def test_charging_and_discharging_at_once_may_change_over_time(tmp_path, flags, told):
    found = read(written(tmp_path, put("Storage units", "s", "Allow simultaneous charging and discharging", value=flags)), "matpower-dc")
    assert any("never charge and discharge at once" in c for c in found.report.changes) == told


@pytest.mark.parametrize("key, value", [("Time horizon (min)", 120), ("Time (h)", 2)])
def test_horizon_in_minutes_and_in_words_of_version_0_2(tmp_path, key, value):
    def change(case):
        del case["Parameters"]["Time horizon (h)"]
        case["Parameters"][key] = value

    assert len(read(written(tmp_path, change), "matpower-dc").time) == 2


def test_plain_and_compressed_say_the_same(tmp_path):
    plain, packed = read(written(tmp_path), "matpower-dc"), read(written(tmp_path, name="case.json.gz"), "matpower-dc")
    assert plain.report.found == packed.report.found == {
        "periods": 2, "buses": 3, "lines": 3, "thermal_units": 2, "profiled_units": 1, "storage_units": 1, "price_sensitive_loads": 1,
        "interfaces": 0, "reserves": 1, "contingencies": 1,
    }  # fmt: skip
    assert plain.report.totals == pytest.approx(packed.report.totals)
    assert plain.report.totals["load_mwh"] == 170


def put(*path, value):
    """A change: the value at a path."""

    def change(case):
        for key in path[:-1]:
            case = case[key]
        if value is None:
            del case[path[-1]]
        else:
            case[path[-1]] = value

    return change


G1 = ("Generators", "g1")
FAULTS = [
    (put("Parameters", "Time horizon (h)", value=None), "Time horizon (min) and Time horizon (h) are both missing"),
    (put("Parameters", "Time step (min)", value=7), "are no whole number"),
    (put("Parameters", "Horizon", value=7), "the entry 'Horizon' is not known"),
    (put("Buses", "b1", "Load (MW)", value=[1, 2, 3]), "bus 'b1', Load (MW): 'a list of 3' must have one value for each of the 2 steps"),
    (put("Buses", "b1", value=5), "bus 'b1': '5' is a number, not an object with named entries"),
    (put(*G1, "Bus", value="b9"), "'b9' is not in table bus"),
    (put(*G1, "Type", value="Nuclear"), "'Nuclear' is not one of Thermal, Profiled"),
    (put(*G1, "Ramp up limt", value=5), "the entry 'Ramp up limt' is not known; did you mean 'Ramp up limit (MW)'?"),
    (put(*G1, "Production cost curve (MW)", value=[10, 5, 90]), "falls from one point to the next"),
    (put(*G1, "Production cost curve ($)", value=[10, 5]), "has 3 points, but 'Production cost curve ($)' has 2"),
    (put(*G1, "Production cost curve ($)", value=[[200, 210], 900, 1800]), "changes over time in a way that is not modelled"),
    (put(*G1, "Startup delays (h)", value=[4, 1]), "must rise and be as many as the startup costs"),
    (put(*G1, "Startup delays (h)", value=[3, 4]), "begins above the minimum down time of 1 h"),
    (put(*G1, "Initial status (h)", value=0), "is neither on nor off"),
    (put(*G1, "Initial status (h)", value=-5), "is above 0, but the unit is off"),
    (put(*G1, "Initial power (MW)", value=None), "generator 'g1', Initial power (MW): is missing"),
    (put(*G1, "Investment cost ($)", value=1e6), "asks for capacity expansion"),
    (put(*G1, "Maximum daily starts", value=2), "limits a day, which is not modelled"),
    (put(*G1, "Commitment status", value=[True]), "must be true or false for each of the 2 steps"),
    (put(*G1, "Reserve eligibility", value=["r9"]), "'r9' is not the name of a reserve"),
    (put("Reserves", "r1", "Type", value="Flexiramp"), "'Flexiramp' is not one of spinning, non-spinning"),
    (put("Transmission lines", "l1", "Susceptance (S)", value=0), "must not be 0"),
    (put("Transmission lines", "l1", "Flow limit penalty ($/MW)", value=[1, 2]), "changes over time, which is not modelled"),
    (put("Contingencies", "c1", "Affected lines", value=["l9"]), "'l9' is not in table ac_branch"),
    (put("Storage units", "s", "Initial level (MWh)", value=30), "is above the largest level of 20 MWh"),
    (put("Storage units", "s", "Allow simultaneous charging and discharging", value=[True]), "for all steps or each of the 2"),
    (put("Storage units", "s", "Allow simultaneous charging and discharging", value="no"), "for all steps or each of the 2"),
    (put("Virtual bids", value={}), "the entry 'Virtual bids' is not known"),
    (put(*G1, "Provides spinning reserves?", value=False), "contradicts 'Reserve eligibility'"),
    (put("Generators", "g2", "Provides spinning reserves?", value=True), "contradicts 'Reserve eligibility'"),
    (put("Storage units", "s", "Investment cost ($)", value=5), "storage unit 's', Investment cost ($): '5' asks for capacity expansion"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "words"), FAULTS, ids=[words[:40] for _, words in FAULTS])
def test_faults_by_name(tmp_path, change, words):
    found = faults(tmp_path, change)
    assert any(words in f and "case.json" in f for f in found), found


def test_all_faults_at_once(tmp_path):
    def change(case):
        for one in (FAULTS[2][0], FAULTS[8][0], FAULTS[21][0]):
            one(case)

    assert len(faults(tmp_path, change)) == 3


def test_a_key_given_twice_is_a_fault(tmp_path):
    (tmp_path / "case.json").write_text(json.dumps(UCJL)[:-1] + ', "Buses": {"b1": {"Load (MW)": 1}}}')
    with pytest.raises(CaseError, match="the key 'Buses' is given twice"):
        read(tmp_path / "case.json", "matpower-dc")


def test_a_branch_model_that_the_format_does_not_know(tmp_path):
    with pytest.raises(CaseError, match="Choose one of matpower-dc, copperplate"):
        read(written(tmp_path), "powermodels-dcp")
