"""`gridopt price` and market cases through the command: exit codes, warnings, what is refused."""

import json
import os
import subprocess
import sys

import pytest

from gridopt.commands import execute

CASE = """
periods: 2
demand_mw: [100, 150]
generators:
  - {id: A, p_min: 120, p_max: 130, marginal_cost: 40, initially_on: true, min_up: 10, initial_status_h: 1}
"""


@pytest.fixture
def case(tmp_path):
    path = tmp_path / "case.yaml"
    path.write_text(CASE, encoding="utf-8")
    return path


def test_load_that_is_shed_and_surplus_are_told(case, capsys):
    """A must stay on at 120 MW or more beside 100 MW, and gives at most 130 of 150."""
    assert execute(["price", str(case), "--rules", "ip", "--json"]) == 0
    said = capsys.readouterr()
    warnings = ["load is shed: 20.0 MWh", "generation finds no use: 20.0 MWh"]
    assert json.loads(said.out)["warnings"] == warnings
    assert [f"warning: {w}" in said.err for w in warnings] == [True, True]
    assert execute(["run", str(case), "-o", str(case.parent / "out"), "--set", "report=false", "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["warnings"] == warnings and f"warning: {warnings[0]}" in said.err


def test_a_clearing_that_did_not_end_has_an_exit_code_of_its_own(case, capsys, monkeypatch):
    from dataclasses import replace

    from gridopt.dispatch import single

    whole = single.dispatch

    def cut(*args, **kwargs):
        found = whole(*args, **kwargs)
        return replace(found, solution=replace(found.solution, finished=False))

    monkeypatch.setattr(single, "dispatch", cut)
    assert execute(["price", str(case), "--rules", "ip", "--json"]) == 4
    found = json.loads(capsys.readouterr().out)
    assert found["status"] == "limit_reached" and not found["exact"]
    assert execute(["price", str(case), "--rules", "ip"]) == 4


@pytest.mark.parametrize(("key", "value"), [("rolling", "{window_h: 1}"), ("solver", "pulp:CBC")])
def test_keys_that_would_be_passed_over_are_refused(case, capsys, key, value):
    assert execute(["price", str(case), "--set", f"{key}={value}"]) == 5
    assert f"key '{key}'" in capsys.readouterr().err


def test_a_folder_with_something_else_is_refused_before_anything_is_solved(case, capsys):
    (case.parent / "mine").mkdir()
    (case.parent / "mine" / "notes.txt").write_text("mine")
    assert execute(["run", str(case), "-o", str(case.parent / "mine")]) == 2
    assert "dispatching" not in capsys.readouterr().err


@pytest.mark.parametrize("hours", ["0:1", "1:2", "1:3"])
def test_hours_that_cut_a_step_are_refused(case, capsys, hours):
    case.write_text(CASE + "period_h: 2\n", encoding="utf-8")
    assert execute(["run", str(case), "--hours", hours, "--dry-run"]) == 5
    assert "cuts a step" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="needs a pipe without a reader")
def test_a_reader_that_goes_away_leaves_no_code_of_a_bug(case):
    out, into = os.pipe()
    os.close(out)
    words = [sys.executable, "-m", "gridopt", "price", str(case), "--rules", "ip", "--json"]
    done = subprocess.run(words, stdout=into, stderr=subprocess.PIPE, text=True, check=False)
    os.close(into)
    assert done.returncode == 0 and "Traceback" not in done.stderr


RESERVED = """
demand_mw: 100
spinning_reserve_fraction: 0.2
spinning_reserve_mw: 10
generators:
  - {id: A, p_max: 120, marginal_cost: 10}
  - {id: B, p_min: 20, p_max: 60, marginal_cost: 30, no_load_cost: 100, initially_on: false}
"""
RAMPING = """
periods: 2
demand_mw: [100, 100]
generators:
  - {id: A, p_max: 100, marginal_cost: 10, ramp_mw_per_h: 30, initial_mw: 20}
  - {id: B, p_max: 100, marginal_cost: 50}
"""


@pytest.mark.parametrize(("text", "cost"), [(RESERVED, 80 * 10 + 20 * 30 + 100), (RAMPING, 130 * 10 + 70 * 50)])
def test_reserve_and_the_output_before_are_not_passed_over(case, capsys, text, cost):
    """A alone holds 20 of 30 MW of reserve beside 100, so B is on at 20 MW; A rises from 20 MW to 50 and 80, B gives 50 and 20."""
    case.write_text(text, encoding="utf-8")
    assert execute(["price", str(case), "--rules", "ip", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["objective"] == pytest.approx(cost)


def test_entries_without_use_are_told(case, capsys):
    text = CASE.replace("marginal_cost: 40", "marginal_cost: 40, hot_start_cost: 5") + "bids: [{id: b, blocks: [[5, 10]], price: 4}]\n"
    case.write_text(text, encoding="utf-8")
    assert execute(["price", str(case)]) == 5
    said = capsys.readouterr().err
    assert "hot_start_cost" in said and "has no use without cold_start_cost" in said and "price" in said
