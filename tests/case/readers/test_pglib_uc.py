"""Cases of PGLib-UC: what becomes of each field, counts of the published files, and a sentence for every fault."""

import copy
import csv
import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from gridopt.case.check import CaseError
from gridopt.case.readers.pglib_uc import read
from gridopt.study.imports import format_of

CASES = Path(__file__).parents[4] / "shared" / "cases"
SMALL = {
    "time_periods": 3,
    "demand": [60.0, 90.0, 75.0],
    "reserves": [6.0, 9.0, 7.5],
    "thermal_generators": {
        "slow": {
            "must_run": 1, "power_output_minimum": 20.0, "power_output_maximum": 80.0, "ramp_up_limit": 30.0, "ramp_down_limit": 40.0,
            "ramp_startup_limit": 25.0, "ramp_shutdown_limit": 35.0, "time_up_minimum": 4, "time_down_minimum": 3,
            "power_output_t0": 50.0, "unit_on_t0": 1, "time_up_t0": 7, "time_down_t0": 0,
            "startup": [{"lag": 3, "cost": 100.0}, {"lag": 8, "cost": 150.0}],
            "piecewise_production": [{"mw": 20.0, "cost": 300.0}, {"mw": 50.0, "cost": 750.0}, {"mw": 80.0, "cost": 1350.0}],
            "name": "slow",
        },
        "block": {
            "must_run": 0, "power_output_minimum": 15.0, "power_output_maximum": 15.0, "ramp_up_limit": 15.0, "ramp_down_limit": 15.0,
            "ramp_startup_limit": 15.0, "ramp_shutdown_limit": 15.0, "time_up_minimum": 1, "time_down_minimum": 1,
            "power_output_t0": 0.0, "unit_on_t0": 0, "time_up_t0": 0, "time_down_t0": 5, "startup": [{"lag": 1, "cost": 40.0}],
            "piecewise_production": [{"mw": 15.0, "cost": 600.0}], "name": "block",
        },
    },
    "renewable_generators": {
        "wind": {"power_output_minimum": [0.0, 0.0, 0.0], "power_output_maximum": [10.0, 20.0, 5.0], "name": "wind"},
        "river": {"power_output_minimum": [3.0, 3.0, 1.0], "power_output_maximum": [3.0, 4.0, 1.0], "name": "river"},
    },
}  # fmt: skip


def written(folder: Path, data: dict) -> Path:
    path = folder / "small.json"
    path.write_text(json.dumps(data))
    return path


def changed(*where, value) -> dict:
    """SMALL with one value replaced."""
    data = copy.deepcopy(SMALL)
    inner = data
    for key in where[:-1]:
        inner = inner[key]
    inner[where[-1]] = value
    return data


def test_every_field(tmp_path):
    """Ramps MW/h over 60 min and 80 MW: 30 / 4800 and 40 / 4800 per minute; the block's ramp spans its whole range, no limit."""
    found = read(written(tmp_path, SMALL), "copperplate")
    tables, series = found.tables, found.source.values
    slow, block = tables["generator"].loc["slow"], tables["generator"].loc["block"]
    assert (slow["power_min_mw"], slow["power_max_mw"]) == (20, 80)
    assert slow["ramp_fraction_per_min"] == pytest.approx(30 / 4800) and slow["ramp_down_fraction_per_min"] == pytest.approx(40 / 4800)
    assert np.isnan(block["ramp_fraction_per_min"]) and block["cost_cny_per_h"] == 600
    assert tables["cost_point"][["power_mw", "cost_cny_per_h"]].values.tolist() == [[20, 300], [50, 750], [80, 1350]]
    row = tables["commitment"].set_index("element").loc["slow"]
    assert row[["min_up_h", "min_down_h", "start_ramp_mw", "stop_ramp_mw", "initial_h", "initial_mw"]].tolist() == [4, 3, 25, 35, 7, 50]
    assert row["must_run"] and not tables["commitment"].set_index("element").loc["block"]["must_run"]
    assert tables["commitment"].set_index("element").loc["block"]["initial_h"] == -5
    assert tables["start_cost"][["element", "offline_h", "cost_cny"]].values.tolist() == [["slow", 3, 100], ["slow", 8, 150], ["block", 1, 40]]
    load = tables["load"].iloc[0]
    assert series[load["profile"]] * load["mean_mw"] == pytest.approx([60, 90, 75]) and not load["sheddable"]
    wind, river = tables["generator"].loc["wind"], tables["generator"].loc["river"]
    assert wind["power_min_mw"] == 0 and series[wind["profile"]] * wind["power_max_mw"] == pytest.approx([10, 20, 5])
    assert (series[river["min_profile"]] * river["power_min_mw"]).tolist() == pytest.approx([3, 3, 1])
    assert series[river["min_profile"]][0] * river["power_min_mw"] < series[river["profile"]][1] * river["power_max_mw"]
    assert found.time.hours.tolist() == [1, 1, 1]
    reserve = tables["reserve"].loc["spinning"]
    assert reserve["shares_ramp"] and series[reserve["profile"]].tolist() == [6, 9, 7.5]
    assert tables["reserve_offer"][["kind", "technology"]].values.tolist() == [["generator", "thermal"]]


def test_ramps_hold_in_the_steps_of_a_start_and_a_stop(tmp_path):
    """Minimum 20, startup 80, ramp 30: 50 MW in the step of a start; shutdown 70, ramp 40: 60 before a stop, reserve included."""
    data = changed("thermal_generators", "slow", "ramp_startup_limit", value=80.0)
    data["thermal_generators"]["slow"]["ramp_shutdown_limit"] = 70.0
    found = read(written(tmp_path, data), "")
    row = found.tables["commitment"].set_index("element")
    assert row.loc["slow", ["start_ramp_mw", "stop_ramp_mw"]].tolist() == [50, 60]
    assert row.loc["block", ["start_ramp_mw", "stop_ramp_mw"]].tolist() == [15, 15]
    assert len(found.report.changes) == 2 and found.report.changes[1].endswith("holds output alone to: slow.")


def test_output_before_the_first_step_of_what_is_off_is_said_to_say_nothing(tmp_path):
    found = read(written(tmp_path, changed("thermal_generators", "block", "power_output_t0", value=15.0)), "")
    assert found.tables["commitment"].set_index("element").loc["block", "initial_mw"] == 0
    assert found.report.changes[1].endswith("power_output_t0 says nothing, as in the reference model: block.")


def test_compressed(tmp_path):
    path = tmp_path / "small.json.gz"
    path.write_bytes(gzip.compress(json.dumps(SMALL).encode()))
    assert format_of(path) == "pglib_uc" and len(read(path, "").tables["commitment"]) == 2


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (changed("demand", value=[1.0, 2.0]), "demand: 'a list of 2' must have one value for each of the 3 steps"),
        (changed("demand", value=[1.0, -2.0, 3.0]), "demand: '-2.0' must be at least 0"),
        (changed("time_periods", value=None), "time_periods: is missing"),
        (changed("storage", value={}), "the entry 'storage' is not known"),
        (changed("thermal_generators", "slow", "ramp_up_limit", value="fast"), "ramp_up_limit: 'fast' is not a finite number"),
        (changed("thermal_generators", "slow", "time_up_t0", value=0), "time_up_t0: '0' must be above 0 where unit_on_t0 is 1"),
        (changed("thermal_generators", "slow", "power_output_maximum", value=90.0), "'20 to 80 MW' must reach from 20 to 90 MW"),
        (changed("thermal_generators", "slow", "startup", value=[]), "startup: '[]' is not a list of objects with lag and cost"),
        (
            changed("thermal_generators", "slow", "startup", value=[{"lag": 8, "cost": 1}, {"lag": 3, "cost": 2}]),
            "startup: '[8.0, 3.0]' must rise in lag",
        ),
        (
            changed("thermal_generators", "slow", "startup", value=[{"lag": 4, "cost": 1}, {"lag": 8, "cost": 2}]),
            "startup: '4.0' begins above the minimum down time of 3 h",
        ),
        (
            changed("thermal_generators", "slow", "piecewise_production", 1, "cost", value=1000.0),
            "cost_point",
        ),
        (
            changed("renewable_generators", "wind", "power_output_minimum", value=[0.0, 30.0, 0.0]),
            "'30 in step 2' must be at most power_output_maximum, 20",
        ),
    ],
)
def test_faults(data, said, tmp_path):
    with pytest.raises(CaseError) as refused:
        read(written(tmp_path, data), "")
    assert said in str(refused.value) and "small.json" in str(refused.value)


def published() -> list[tuple[str, dict[str, int]]]:
    """Counts that the published files hold, by file."""
    path, found = CASES / "expected.csv", {}
    for row in csv.DictReader(path.open(encoding="utf-8")) if path.exists() else []:
        if row["problem"] == "parse" and row["file"].startswith("pglib_uc/"):
            found.setdefault(row["file"], {})[row["quantity"]] = int(row["value"])
    return list(found.items())


@pytest.mark.skipif(not published(), reason="the folder with published cases is absent")
@pytest.mark.parametrize(("file", "counts"), published(), ids=[Path(f).stem for f, _ in published()])
def test_published_files(file, counts):
    assert format_of(CASES / file) == "pglib_uc"
    found = read(CASES / file, "")
    assert len(found.time) == counts["n_periods"] and len(found.tables["commitment"]) == counts["n_thermal"]
    assert found.report.found["renewable generators"] == counts["n_renewable"]
    assert len(found.tables["generator"]) == counts["n_thermal"] + counts["n_renewable"]
