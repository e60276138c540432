"""Market cases written by hand: what is refused, all faults at once."""

import pytest

from gridopt.case.check import CaseError
from gridopt.case.readers.market_case import read


def faults(tmp_path, text: str) -> list[str]:
    path = tmp_path / "case.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CaseError) as refused:
        read(path, "")
    return refused.value.faults


def test_names_that_are_given_twice_stand_beside_other_faults(tmp_path):
    found = faults(tmp_path, """
buses: [{id: 1}, {id: "1", load_mw: 5}, {id: 2}]
lines: [{id: a, from: 1, to: 2}, {id: a, from: 1, to: 2}, {id: a, from: 2, to: 1}]
generators:
  - {id: G, bus: 1, p_max: 10, marginal_cost: 1}
  - {id: G, bus: 1, p_max: ten, marginal_cost: 1}
value_of_lost_load: 0
""")  # fmt: skip
    for words in ("buses: bus '1' is given 2 times", "lines: line 'a' is given 3 times", "generators: generator 'G' is given 2 times",
                  "p_max: 'ten' is not a finite number", "value_of_lost_load: '0.0' must be above 0"):  # fmt: skip
        assert sum(words in f for f in found) == 1, (words, found)
    assert len(found) == 5


@pytest.mark.parametrize("value", ["0", "-5"])
def test_load_that_is_lost_costs_something(tmp_path, value):
    assert len(faults(tmp_path, f"demand_mw: 5\ngenerators: [{{id: G, p_max: 10, marginal_cost: 1}}]\nvalue_of_lost_load: {value}\n")) == 1


def test_a_case_without_such_faults_is_read(tmp_path):
    path = tmp_path / "case.yaml"
    path.write_text("demand_mw: 5\ngenerators: [{id: 1, p_max: 10, marginal_cost: 1}, {id: 2, p_max: 9, marginal_cost: 2}]\n", encoding="utf-8")
    assert read(path, "").tables["generator"].index.tolist() == ["1", "2"]


def found(tmp_path, unit: str):
    path = tmp_path / "case.yaml"
    path.write_text(f"demand_mw: 5\ngenerators: [{{id: G, p_min: 2, p_max: 10, {unit}}}, {{id: H, p_max: 9, marginal_cost: 2}}]\n", "utf-8")
    return read(path, "")


@pytest.mark.parametrize(
    ("cells", "column", "value"),
    [("must_run: true", "must_run", True), ("must_run: false", "must_run", False), ("shutdown_cost: 7", "stop_cny", 7),
     ("start_ramp_mw: 4", "start_ramp_mw", 4), ("stop_ramp_mw: 3", "stop_ramp_mw", 3)],
)  # fmt: skip
def test_what_says_how_a_unit_is_switched_makes_it_switched(tmp_path, cells, column, value):
    case = found(tmp_path, f"marginal_cost: 1, {cells}")
    assert case.tables["commitment"]["element"].tolist() == ["G"] and case.tables["commitment"][column].tolist() == [value]
    assert not any("always on" in c for c in case.report.changes)


def test_a_unit_that_is_always_on_at_its_least_output_is_said(tmp_path):
    """H has no least output: it may give nothing."""
    said = [c for c in found(tmp_path, "marginal_cost: 1").report.changes if "always on" in c]
    assert len(said) == 1 and "switched: G. Write must_run: false or startup_cost: 0" in said[0]


@pytest.mark.parametrize("costs", ["blocks: [[6, 10], [4, 20]]", "curve: [[2, 20], [10, 100]]", "curve: [[0, 0], [12, 100]]"])
def test_curves_that_reach_the_limits_of_output_are_read(tmp_path, costs):
    assert found(tmp_path, costs).tables["cost_point"]["power_mw"].max() >= 10


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ("blocks: [[6, 10], [3, 20]]", "blocks: '0 to 9 MW' must reach from 2 to 10 MW"),
        ("curve: [[2, 20], [9, 100]]", "curve: '2 to 9 MW' must reach from 2 to 10 MW"),
        ("curve: [[3, 20], [10, 100]]", "curve: '3 to 10 MW' must reach from 2 to 10 MW"),
        ("marginal_cost: 1, cold_start_cost: 50, cold_start_hours: 2", "cold_start_cost: '50.0' stands without hot_start_cost"),
        ("marginal_cost: 1, cold_start_hours: 2", "cold_start_hours: '2' has no use without cold_start_cost"),
    ],
)
def test_costs_that_leave_something_open_are_refused(tmp_path, cells, words):
    said = faults(tmp_path, f"demand_mw: 5\ngenerators: [{{id: G, p_min: 2, p_max: 10, {cells}}}]\n")
    assert len(said) == 1 and words in said[0], said
