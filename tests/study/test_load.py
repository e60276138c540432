"""What a study makes of its network before it is dispatched."""

import copy
import json

import pytest

from gridopt.case.check import CaseError
from gridopt.commands import execute
from gridopt.study.load import load_study, undecided
from tests.support.uc_files import UCJL

BUS = "bus,voltage_kv\nA,330\n"
RESERVE = "reserve,product,requirement_mw\nr,spinning_up,10\n"
STEP = "reserve,cost_cny_per_mwh\nr,100\n"


@pytest.fixture
def network(tmp_path):
    for name, text in (("bus", BUS), ("reserve", RESERVE), ("reserve_shortage", STEP)):
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    return tmp_path


def test_a_table_that_is_left_out_takes_along_what_names_its_rows(network):
    period = {"start": "2025-01-01", "end": "2025-01-02"}
    whole = load_study(network, period, None).case
    less = load_study(network, period | {"leave_out": "[reserve]"}, None).case
    assert len(whole.table("reserve")) == len(whole.table("reserve_shortage")) == 1
    assert len(less.table("reserve")) == len(less.table("reserve_shortage")) == 0 and len(less.table("bus")) == 1


def test_an_unknown_table_is_named(network):
    with pytest.raises(CaseError, match="'reserv' is not a table of a network; did you mean 'reserve'"):
        load_study(network, {"start": "2025-01-01", "end": "2025-01-02", "leave_out": "[reserv]"}, None)


def test_rules_that_need_decisions_are_named_where_none_are_made(network):
    (network / "bus.csv").write_text(BUS + "B,330\n", encoding="utf-8")
    (network / "dc_link.csv").write_text("dc_link,from_bus,to_bus,power_max_mw\nl,A,B,20\n", encoding="utf-8")
    (network / "dc_schedule.csv").write_text("dc_link,hold_h\nl,2\n", encoding="utf-8")
    period = {"start": "2025-01-01", "end": "2025-01-02"}
    assert "rules of dc_schedule are left out" in undecided(load_study(network, period, None))[0]
    assert [undecided(load_study(network, period | {"commitment": c}, None)) for c in ("off", "exact")] == [[], []]


def test_a_curve_that_a_price_series_bends_is_refused(network):
    """Slopes 10 and 20; from noon on the first part is 15 dearer."""
    (network / "generator.csv").write_text("generator,bus,power_min_mw,power_max_mw\ng,A,0,20\n", encoding="utf-8")
    points = "generator,power_mw,cost_cny_per_h,price_profile\ng,0,0,low\ng,10,100,\ng,20,300,\n"
    (network / "cost_point.csv").write_text(points, encoding="utf-8")
    hours = "".join(f"2025-01-01T{h:02}:00,{15 * (h >= 12)}\n" for h in range(24))
    series = network / "series" / "low.csv"
    series.parent.mkdir()
    series.write_text("time,low\n" + hours, encoding="utf-8")
    study = network / "study.yaml"
    study.write_text(f"network: {network}\nstart: 2025-01-01\nend: 2025-01-02\nprofiles: [{series}]\n", encoding="utf-8")
    with pytest.raises(CaseError, match="'g' bends downwards at 10 MW at 2025-01-01 12:00: 25 CNY/MWh below, only 20 above .12 steps"):
        load_study(study, {}, None)


@pytest.fixture
def quarters(tmp_path):
    """A file of UnitCommitment.jl with two steps of 15 minutes."""
    case = copy.deepcopy(UCJL)
    del case["Parameters"]["Time horizon (h)"]
    case["Parameters"] |= {"Time horizon (min)": 30, "Time step (min)": 15}
    (tmp_path / "case.json").write_text(json.dumps(case))
    return tmp_path / "case.json"


def test_the_period_of_a_file_is_its_own(quarters):
    given = {"step_minutes": "60", "start": "2026-03-01", "end": "2026-03-02", "year": "2025"}
    with pytest.raises(CaseError) as error:
        load_study(quarters, given, None)
    own = "case.json brings its own 2 steps of 15 min from 2025-01-01 00:00 to 2025-01-01 00:30"
    values = (("year", "2025"), ("start", "2026-03-01"), ("end", "2026-03-02"), ("step_minutes", "60"))
    assert error.value.faults == [f"key '{key}': '{value}' has no use, as {own}. Remove it from the study." for key, value in values]
    assert len(load_study(quarters, {"step_minutes": "15", "start": "2025-01-01"}, None).case.time) == 2


def test_results_tell_the_steps_of_a_file(quarters, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert execute(["run", str(quarters), "-o", "out", "--json"]) == 0
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["period"]["step_minutes"] == 15 and manifest["period"]["steps"] == 2
    assert "step_minutes" not in manifest["options"]
